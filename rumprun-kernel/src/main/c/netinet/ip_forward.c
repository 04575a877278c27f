/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets for others (RFC 1812 5.2): time to live, redirects, what is told to the sender when it can't go on. */
#include "netinet/ip_private.h"

/* RFC 1812 5.3.7: addresses that are never on the other side of a router. */
static bool
can_forward(uint32_t dst)
{
	uint32_t h = ntohl(dst), net = h >> 24;

	return (h & 0xf0000000u) != 0xf0000000u && !in_multicast(dst) &&
	    net != 0 && net != IN_LOOPBACKNET;
}

/* RFC 1812 5.2.7.2: the sender could go there directly. Host order gateway in *gw. */
static bool
redirects(struct rump_kernel *k, const struct mbuf *m, const struct rtentry *rt,
    bool srcrt, uint32_t *gw)
{
	const struct sockaddr_in *key = (const void *)rt->rt_key;
	const struct in_ifaddr *ia;
	uint32_t src = ip_src(m->m_data);

	if (rt->rt_ifp != m->m_pkthdr.rcvif || srcrt ||
	    INET(k)->ip_redirect == 0 ||
	    (rt->rt_flags & (RTF_DYNAMIC | RTF_MODIFIED | RTF_REJECT)) != 0 ||
	    key->sin_addr.s_addr == INADDR_ANY || rt->rt_ifa == NULL ||
	    rt->rt_ifa->ifa_addr->sa_family != AF_INET)
		return false;
	ia = ifatoia(rt->rt_ifa);
	if ((ntohl(src) & ia->ia_subnetmask) != ia->ia_subnet)
		return false;
	*gw = (rt->rt_flags & RTF_GATEWAY) != 0 &&
		rt->rt_gateway->sa_family == AF_INET ?
	    ((const struct sockaddr_in *)(const void *)rt->rt_gateway)
		->sin_addr.s_addr :
	    ip_dst(m->m_data);
	return true;
}

/* As much as an ICMP error quotes, kept on the stack: the packet itself goes on. */
struct quote {
	uint8_t q_data[IPH_MAX + 8];
	unsigned q_len;
	struct ifnet *q_ifp;
};

static void
keep(struct quote *q, const struct mbuf *m)
{
	unsigned n = ip_hlen(m->m_data) + 8;

	q->q_len = n < m->m_pkthdr.len ? n : m->m_pkthdr.len;
	m_copydata(m, 0, q->q_len, q->q_data);
	q->q_ifp = m->m_pkthdr.rcvif;
}

static void
tell(struct rump_kernel *k, const struct quote *q, int type, int code,
    uint32_t dest, uint32_t mtu)
{
	struct mbuf *m = m_devget(k, q->q_data, q->q_len, q->q_ifp);

	if (m != NULL) {
		m->m_pkthdr.rcvif_index = q->q_ifp->if_index;
		icmp_error(m, type, code, dest, mtu);
	}
}

static void
failed(struct rump_kernel *k, const struct quote *q, int error, uint32_t mtu)
{
	switch (error) {
	case -EMSGSIZE:
		tell(k, q, ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, 0, mtu);
		break;
	case -ENETUNREACH:
	case -EHOSTUNREACH:
	case -ENETDOWN:
	case -EHOSTDOWN:
		tell(k, q, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, 0);
		break;
	}
}

void
ip_forward(struct mbuf *m, bool srcrt)
{
	struct rump_kernel *k = m->m_k;
	struct inet_state *is = INET(k);
	struct ifnet *rcvif = m->m_pkthdr.rcvif;
	struct route ro = { 0 };
	struct sockaddr_in sin;
	struct rtentry *rt;
	struct quote q;
	uint32_t gw = 0, mtu = 0;
	bool redirect;
	int error;

	if ((m->m_flags & (M_BCAST | M_MCAST)) != 0 ||
	    !can_forward(ip_dst(m->m_data))) {
		stat_inc(is->ipstat, IP_STAT_CANTFORWARD);
		m_freem(m);
		return;
	}
	if (m->m_data[IPH_TTL] <= IPTTLDEC) {
		icmp_error(m, ICMP_TIMXCEED, ICMP_TIMXCEED_INTRANS, 0, 0);
		return;
	}
	sockaddr_in_init(&sin, ip_dst(m->m_data), 0);
	rt = route_lookup(k, &ro, (struct sockaddr *)&sin);
	if (rt == NULL) {
		stat_inc(is->ipstat, IP_STAT_NOROUTE);
		icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_NET, 0, 0);
		return;
	}
	keep(&q, m);
	redirect = redirects(k, m, rt, srcrt, &gw);
	if ((m = m_makewritable(m, ip_hlen(m->m_data))) == NULL)
		return;
	m->m_data[IPH_TTL] -= IPTTLDEC;
	error = ip_output(k, m, NULL, &ro,
	    IP_FORWARDING | (is->ip_directedbcast != 0 ? IP_ALLOWBROADCAST : 0),
	    NULL, &mtu);
	if (error != 0) {
		stat_inc(is->ipstat, IP_STAT_CANTFORWARD);
		failed(k, &q, error, mtu);
		return;
	}
	stat_inc(is->ipstat, IP_STAT_FORWARD);
	if (redirect && (rcvif->if_flags & IFF_UP) != 0) {
		stat_inc(is->ipstat, IP_STAT_REDIRECTSENT);
		tell(k, &q, ICMP_REDIRECT, ICMP_REDIRECT_HOST, gw, 0);
	}
}
