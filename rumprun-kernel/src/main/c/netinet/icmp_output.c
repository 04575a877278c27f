/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP that leaves: errors about packets (RFC 1122 3.2.2, 1812 4.3.2), and answers. */
#include "netinet/ip_private.h"

/* RFC 1122 3.2.2: about what nobody is told. */
static bool
may_tell(const struct mbuf *m, int type)
{
	const uint8_t *ip = m->m_data;
	uint32_t src = ip_src(ip), h = ntohl(src);
	unsigned hlen = ip_hlen(ip);
	uint8_t inner;

	if ((m->m_flags & (M_BCAST | M_MCAST)) != 0 ||
	    in_multicast(ip_dst(ip)) || ip_dst(ip) == INADDR_BROADCAST ||
	    (be16_get(ip + IPH_OFF) & IP_OFFMASK) != 0)
		return false;
	if (src == INADDR_ANY || in_multicast(src) ||
	    (h & 0xf0000000u) == 0xf0000000u)
		return false;
	if (m->m_pkthdr.rcvif != NULL &&
	    in_broadcast(ip_dst(ip), m->m_pkthdr.rcvif))
		return false;
	if (ip[IPH_P] != IPPROTO_ICMP || type == ICMP_REDIRECT)
		return true;
	if (m->m_pkthdr.len < hlen + 1)
		return false;
	m_copydata(m, hlen, 1, &inner);
	switch (inner) {
	case ICMP_ECHO:
	case ICMP_ECHOREPLY:
	case ICMP_ROUTERADVERT:
	case ICMP_ROUTERSOLICIT:
	case ICMP_TSTAMP:
	case ICMP_TSTAMPREPLY:
	case ICMP_IREQ:
	case ICMP_IREQREPLY:
	case ICMP_MASKREQ:
	case ICMP_MASKREPLY:
		return true;
	default:
		return false;
	}
}

void
icmp_error(struct mbuf *n, int type, int code, uint32_t dest, uint32_t mtu)
{
	struct rump_kernel *k = n->m_k;
	struct inet_state *is = INET(k);
	unsigned hlen = ip_hlen(n->m_data), quote;
	int32_t extra = is->icmp_returndatabytes;
	struct mbuf *m = NULL;
	uint8_t *p, *ip = n->m_data;

	if (type != ICMP_REDIRECT)
		stat_inc(is->icmpstat, ICMP_STAT_ERROR);
	if (!may_tell(n, type) || is->icmp_errppslimit == 0 ||
	    (is->icmp_errppslimit > 0 &&
		!ppsratecheck(k, &is->is_icmprate, is->icmp_errppslimit)))
		goto out;
	if (extra < 8)
		extra = 8;
	if (extra > 512)
		extra = 512;
	quote = hlen + (unsigned)extra;
	if (quote > n->m_pkthdr.len)
		quote = n->m_pkthdr.len;
	m = quote + ICMP_MINLEN + IPH_SIZE + 32 > MHLEN ?
	    m_getcl(k, MT_HEADER, 0, true) :
	    m_gethdr(k, MT_HEADER);
	if (m == NULL)
		goto out;
	m->m_data += 16;
	m->m_len = m->m_pkthdr.len = IPH_SIZE + ICMP_MINLEN + quote;
	m->m_pkthdr.rcvif = n->m_pkthdr.rcvif;
	m->m_pkthdr.rcvif_index = n->m_pkthdr.rcvif_index;
	p = m->m_data + IPH_SIZE;
	memset(m->m_data, 0, IPH_SIZE + ICMP_MINLEN);
	p[ICMP_H_TYPE] = (uint8_t)type;
	if (type == ICMP_PARAMPROB)
		p[ICMP_H_PPTR] = (uint8_t)code;
	else
		p[ICMP_H_CODE] = (uint8_t)code;
	if (type == ICMP_REDIRECT)
		memcpy(p + ICMP_H_GATEWAY, &dest, 4);
	if (type == ICMP_UNREACH && code == ICMP_UNREACH_NEEDFRAG)
		be16_put(p + ICMP_H_NEXTMTU, (uint16_t)mtu);
	m_copydata(n, 0, quote, p + ICMP_H_IP);
	if ((unsigned)type < ICMP_NTYPES)
		stat_inc(is->icmpstat, ICMP_STAT_OUTHIST + (unsigned)type);
	/* As if the packet that is answered had this header. */
	ip = m->m_data;
	ip[IPH_VHL] = IPVERSION << 4 | IPH_SIZE / 4;
	ip[IPH_P] = IPPROTO_ICMP;
	memcpy(ip + IPH_SRC, n->m_data + IPH_SRC, 8);
	/* M_NPF: the filter itself answers. */
	m->m_flags |= n->m_flags & (M_LOOP | M_NPF);
out:
	m_freem(n);
	if (m != NULL)
		icmp_reflect(m);
}

/* Options that go back with an answer (RFC 1122 3.2.2.6): record route and time stamps, and the source route the other way round; as ip_output takes them. */
static struct mbuf *
reply_options(const uint8_t *ip, struct rump_kernel *k)
{
	uint8_t buf[IPH_MAX - IPH_SIZE + 4] = { 0 }, route[IPH_MAX - IPH_SIZE];
	unsigned hlen = ip_hlen(ip), n = 4, back;
	struct mbuf *opt;
	uint32_t first;

	/* It comes first: what is recorded is where it leads, not that it passed by. */
	if ((back = ip_srcroute(ip, &first, route)) != 0) {
		memcpy(buf, &first, 4);
		memcpy(buf + n, route, back);
		n += back;
	}
	for (unsigned i = IPH_SIZE; i < hlen;) {
		unsigned type = ip[i], len;

		if (type == IPOPT_EOL)
			break;
		if (type == IPOPT_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= hlen || (len = ip[i + 1]) < 2 || i + len > hlen)
			break;
		if (type == IPOPT_RR || type == IPOPT_TS ||
		    type == IPOPT_SECURITY) {
			memcpy(buf + n, ip + i, len);
			n += len;
		}
		i += len;
	}
	if (n == 4 || (opt = m_get(k, MT_DATA)) == NULL)
		return NULL;
	while (n % 4 != 0)
		buf[n++] = IPOPT_EOL;
	memcpy(opt->m_data, buf, n);
	opt->m_len = n;
	return opt;
}

/* The address to answer from: the one that was asked, else one of the interface the question came by, else by the route back. */
static uint32_t
answer_from(
    struct rump_kernel *k, const struct mbuf *m, uint32_t to, uint32_t asked)
{
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	struct in_ifaddr *ia = in_ifaddr_lookup(k, asked);
	struct ifaddr *ifa;

	if (ia != NULL)
		return asked;
	if (ifp != NULL)
		IFADDR_FOREACH(ifa, ifp)
	if (ifa->ifa_addr->sa_family == AF_INET &&
	    (ntohl(to) & ifatoia(ifa)->ia_subnetmask) == ifatoia(ifa)->ia_subnet)
		return ifatoia(ifa)->ia_addr.sin_addr.s_addr;
	if (in_selectsrc(k, to, NULL, 0, NULL, &ia) == 0 &&
	    (ia->ia_ifa.ifa_ifp->if_flags & IFF_LOOPBACK) == 0)
		return ia->ia_addr.sin_addr.s_addr;
	if (ifp != NULL && (ia = in_firstaddr(ifp)) != NULL)
		return ia->ia_addr.sin_addr.s_addr;
	return INADDR_ANY;
}

void
icmp_reflect(struct mbuf *m)
{
	struct rump_kernel *k = m->m_k;
	unsigned hlen = ip_hlen(m->m_data);
	uint8_t *ip = m->m_data;
	uint32_t to = ip_src(ip), from;
	struct mbuf *opt = NULL;
	uint16_t sum = 0;

	from = answer_from(k, m, to, ip_dst(ip));
	if (to == INADDR_ANY || in_multicast(to) || from == INADDR_ANY) {
		m_freem(m);
		return;
	}
	if (hlen > IPH_SIZE) {
		opt = reply_options(ip, k);
		/* The header moves up to its data. */
		memmove(ip + hlen - IPH_SIZE, ip, IPH_SIZE);
		m_adj(m, (int)(hlen - IPH_SIZE));
		ip = m->m_data;
	}
	ip_setaddr(ip + IPH_DST, to);
	ip_setaddr(ip + IPH_SRC, from);
	ip[IPH_VHL] = IPVERSION << 4 | IPH_SIZE / 4;
	ip[IPH_TTL] = MAXTTL;
	be16_put(ip + IPH_OFF, 0);
	m_tag_delete_all(m);
	m->m_flags &= ~(M_BCAST | M_MCAST | M_PROMISC | M_LOOP);
	m->m_pkthdr.csum_flags = 0;
	m->m_pkthdr.vlan = 0;
	memcpy(ip + IPH_SIZE + ICMP_H_SUM, &sum, 2);
	sum = in_cksum(m, IPH_SIZE, m->m_pkthdr.len - IPH_SIZE);
	memcpy(ip + IPH_SIZE + ICMP_H_SUM, &sum, 2);
	(void)ip_output(k, m, opt, NULL, 0, NULL, NULL);
	m_freem(opt);
}
