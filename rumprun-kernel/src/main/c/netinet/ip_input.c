/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 packets that arrive: are they sound, are they for us, whose are they (RFC 791, 1122 3.2.1). */
#include "net/pfil.h"
#include "netinet/ip_private.h"

/* Header whole and sound, packet cut to its length; NULL: gone, counted. */
static struct mbuf *
check(struct mbuf *m)
{
	_Atomic uint64_t *stat = INET(m->m_k)->ipstat;
	unsigned hlen, len;
	const uint8_t *ip;

	if (m->m_pkthdr.len < IPH_SIZE) {
		stat_inc(stat, IP_STAT_TOOSMALL);
		goto bad;
	}
	if (m->m_len < IPH_SIZE && (m = m_pullup(m, IPH_SIZE)) == NULL)
		return NULL;
	ip = m->m_data;
	if (ip[IPH_VHL] >> 4 != IPVERSION) {
		stat_inc(stat, IP_STAT_BADVERS);
		goto bad;
	}
	hlen = ip_hlen(ip);
	if (hlen < IPH_SIZE || hlen > m->m_pkthdr.len) {
		stat_inc(stat, IP_STAT_BADHLEN);
		goto bad;
	}
	if (hlen > m->m_len) {
		if ((m = m_pullup(m, hlen)) == NULL)
			return NULL;
		ip = m->m_data;
	}
	if (in_multicast(ip_src(ip)) || ip_src(ip) == INADDR_BROADCAST) {
		stat_inc(stat, IP_STAT_BADADDR);
		goto bad;
	}
	/* 127/8 on a wire (RFC 1122 3.2.1.3 (g)) */
	if ((ip[IPH_DST] == IN_LOOPBACKNET || ip[IPH_SRC] == IN_LOOPBACKNET) &&
	    (m->m_pkthdr.rcvif->if_flags & IFF_LOOPBACK) == 0) {
		stat_inc(stat, IP_STAT_BADADDR);
		goto bad;
	}
	if ((m->m_pkthdr.csum_flags & (M_CSUM_IPv4 | M_CSUM_IPv4_BAD)) !=
		M_CSUM_IPv4 &&
	    ip_cksum(ip, hlen) != 0) {
		stat_inc(stat, IP_STAT_BADSUM);
		goto bad;
	}
	len = be16_get(ip + IPH_LEN);
	if (len < hlen) {
		stat_inc(stat, IP_STAT_BADLEN);
		goto bad;
	}
	if (m->m_pkthdr.len < len) {
		stat_inc(stat, IP_STAT_TOOSHORT);
		goto bad;
	}
	if (m->m_pkthdr.len > len)
		m_adj(m, -(int)(m->m_pkthdr.len - len));
	return m;
bad:
	m_freem(m);
	return NULL;
}

enum whose { OURS, NOT_OURS, NOBODYS };

static enum whose
whose(struct rump_kernel *k, struct mbuf *m)
{
	struct inet_state *is = INET(k);
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	uint32_t dst = ip_dst(m->m_data);
	struct in_ifaddr *ia = in_ifaddr_lookup(k, dst);

	if (ia != NULL) {
		struct ifnet *aifp = ia->ia_ifa.ifa_ifp;

		if ((ia->ia_flags & IN_IFF_NOTREADY) != 0 ||
		    (aifp->if_flags & IFF_UP) == 0)
			return NOBODYS;
		if (is->ip_checkinterface == 0 || aifp == ifp ||
		    (ifp->if_flags & IFF_LOOPBACK) != 0)
			return OURS;
		return NOBODYS;
	}
	if (in_multicast(dst))
		return in_ismember(ifp, dst) ? OURS : NOBODYS;
	if (in_broadcast(dst, ifp))
		return OURS;
	return NOT_OURS;
}

static void
deliver(struct mbuf *m)
{
	struct inet_state *is = INET(m->m_k);
	const uint8_t *ip = m->m_data;
	const struct ipprotosw *pr;

	if ((be16_get(ip + IPH_OFF) & (IP_MF | IP_OFFMASK)) != 0) {
		stat_inc(is->ipstat, IP_STAT_FRAGMENTS);
		if ((m = ip_reassemble(m)) == NULL)
			return;
		ip = m->m_data;
	}
	stat_inc(is->ipstat, IP_STAT_DELIVERED);
	pr = is->is_proto[ip[IPH_P]];
	if (pr != NULL && pr->ip_input != NULL)
		pr->ip_input(m, (int)ip_hlen(ip), ip[IPH_P]);
	else
		rip_input(m, (int)ip_hlen(ip), ip[IPH_P]);
}

void
ip_input(struct mbuf *m)
{
	struct rump_kernel *k = m->m_k;
	struct inet_state *is = INET(k);
	struct ifnet *ifp = m->m_pkthdr.rcvif;

	stat_inc(is->ipstat, IP_STAT_TOTAL);
	/* Without any address nothing but broadcasts (DHCP) can be for us. */
	if (ifp == NULL) {
		m_freem(m);
		return;
	}
	if ((m = check(m)) == NULL)
		return;
	if (pfil_run(k, &m, ifp, AF_INET, PFIL_DIR_IN) != 0 || m == NULL)
		return;
	if (ip_hlen(m->m_data) > IPH_SIZE && !ip_dooptions(&m))
		return;
	switch (whose(k, m)) {
	case OURS:
		deliver(m);
		return;
	case NOT_OURS:
		if (is->ip_forwarding != 0) {
			ip_forward(m, false);
			return;
		}
		/* FALLTHROUGH */
	default:
		stat_inc(is->ipstat, IP_STAT_CANTFORWARD);
		m_freem(m);
	}
}

void
ip_setproto(struct rump_kernel *k, int proto, const struct ipprotosw *pr)
{
	INET(k)->is_proto[proto & 255] = pr;
}
