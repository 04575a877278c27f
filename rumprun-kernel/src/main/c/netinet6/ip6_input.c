/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 packets that come in (RFC 8200): checks, whose they are, extension headers.
 *
 * From here on a packet's addresses have their zones inside (written into the header, which is made writable for that); ip6_transmit takes them out. A
 * header chain is followed one header at a time, each brought into one piece with all before it.
 */
#include "net/pfil.h"
#include "netinet6/in6_private.h"

/* RFC 4291 2.4, 2.5.3, 2.7; what no packet on a wire can have. */
static bool
addresses_valid(const struct mbuf *m, const struct in6_addr *src,
    const struct in6_addr *dst)
{
	const struct ifnet *ifp = m->m_pkthdr.rcvif;
	bool loop = (ifp->if_flags & IFF_LOOPBACK) != 0 ||
	    (m->m_flags & M_LOOP) != 0;

	if (a6_multicast(src) || a6_unspecified(dst))
		return false;
	if (a6_multicast(dst)) {
		if (a6_mcscope(dst) == 0 || (a6_mcscope(dst) == 1 && !loop))
			return false;
	}
	if (!loop && (a6_loopback(src) || a6_loopback(dst)))
		return false;
	if (a6_v4mapped(src) || a6_v4mapped(dst))
		return false;
	/* Where zones go there is nothing on the wire. */
	return (!a6_zoned(src) || a6_zone(src) == 0) &&
	    (!a6_zoned(dst) || a6_zone(dst) == 0);
}

/* Length, version; cuts what is behind. NULL: gone. */
static struct mbuf *
check_header(struct mbuf *m)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	uint32_t len;

	if (m->m_pkthdr.len < IP6_HDRLEN) {
		IP6STAT_INC(k, TOOSHORT);
		in6_ifstat_inc(ifp, IFS6(in_truncated));
		m_freem(m);
		return NULL;
	}
	if ((m = m_makewritable(m, IP6_HDRLEN)) == NULL ||
	    (m->m_len < IP6_HDRLEN && (m = m_pullup(m, IP6_HDRLEN)) == NULL)) {
		IP6STAT_INC(k, TOOSMALL);
		in6_ifstat_inc(ifp, IFS6(in_hdrerr));
		return NULL;
	}
	if (m->m_data[0] >> 4 != 6) {
		IP6STAT_INC(k, BADVERS);
		in6_ifstat_inc(ifp, IFS6(in_hdrerr));
		m_freem(m);
		return NULL;
	}
	len = IP6_HDRLEN + be16_get(m->m_data + IP6_PLEN);
	if (m->m_pkthdr.len < len) {
		IP6STAT_INC(k, TOOSHORT);
		in6_ifstat_inc(ifp, IFS6(in_truncated));
		m_freem(m);
		return NULL;
	}
	if (m->m_pkthdr.len > len)
		m_adj(m, -(int)(m->m_pkthdr.len - len));
	stat_inc(
	    INET6(k)->ip6stat, IP6_STAT_NXTHIST + (unsigned)m->m_data[IP6_NXT]);
	return m;
}

/* Ours? 1; to be forwarded: 0; neither: -1. */
static int
whose(struct mbuf *m, const struct in6_addr *dst)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	struct in6_ifaddr *ia;

	if (a6_multicast(dst)) {
		if (in6_ismember(ifp, dst))
			return 1;
		IP6STAT_INC(k, NOTMEMBER);
		in6_ifstat_inc(ifp, IFS6(in_discard));
		return -1;
	}
	ia = in6_ifaddr_lookup(k, dst);
	if (ia != NULL) {
		/* Not while it is being tried out, nor when it is another's. */
		if ((ia->ia6_flags & IN6_IFF_NOTREADY) != 0) {
			in6_ifstat_inc(ifp, IFS6(in_addrerr));
			return -1;
		}
		if ((ia->ia6_flags & IN6_IFF_ANYCAST) != 0)
			m->m_flags |= M_ANYCAST6;
		return 1;
	}
	if (INET6(k)->ip6_forwarding == 0 ||
	    (m->m_flags & (M_BCAST | M_MCAST)) != 0) {
		IP6STAT_INC(k, CANTFORWARD);
		in6_ifstat_inc(ifp, IFS6(in_addrerr));
		return -1;
	}
	return 0;
}

/* Hop-by-hop options: gives the next header with *offp behind them; -1: m is gone. */
static int
hopbyhop(struct mbuf **mp, int *offp, int *alert)
{
	struct mbuf *m = *mp;
	struct rump_kernel *k = m->m_k;
	size_t len;

	if (m->m_pkthdr.len < IP6_HDRLEN + 8)
		goto tooshort;
	if (m->m_len < IP6_HDRLEN + 8 &&
	    (m = *mp = m_pullup(m, IP6_HDRLEN + 8)) == NULL)
		return -1;
	len = (m->m_data[IP6_HDRLEN + 1] + 1u) * 8;
	if (m->m_pkthdr.len < IP6_HDRLEN + len)
		goto tooshort;
	if (m->m_len < IP6_HDRLEN + len &&
	    (m = *mp = m_pullup(m, IP6_HDRLEN + len)) == NULL)
		return -1;
	if (ip6_process_opts(m, IP6_HDRLEN + 2, len - 2, alert) != 0)
		return -1;
	*offp = (int)(IP6_HDRLEN + len);
	return m->m_data[IP6_HDRLEN];
tooshort:
	IP6STAT_INC(k, TOOSHORT);
	in6_ifstat_inc(m->m_pkthdr.rcvif, IFS6(in_truncated));
	m_freem(m);
	return -1;
}

static void
deliver(struct mbuf *m, int off, int nxt)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	const struct ip6protosw *pr;
	int nest = 0, limit = INET6(k)->ip6_hdrnestlimit;

	IP6STAT_INC(k, DELIVERED);
	in6_ifstat_inc(ifp, IFS6(in_deliver));
	while (nxt != IPPROTO_DONE) {
		if (limit != 0 && ++nest > limit) {
			IP6STAT_INC(k, TOOMANYHDR);
			m_freem(m);
			return;
		}
		if (m->m_pkthdr.len < (uint32_t)off) {
			IP6STAT_INC(k, TOOSHORT);
			in6_ifstat_inc(ifp, IFS6(in_truncated));
			m_freem(m);
			return;
		}
		if (m->m_len < (uint32_t)off &&
		    (m = m_pullup(m, (size_t)off)) == NULL)
			return;
		/* Only the first header may be hop-by-hop options. */
		if (nxt == IPPROTO_HOPOPTS) {
			icmp6_error(m, ICMP6_PARAM_PROB,
			    ICMP6_PARAMPROB_NEXTHEADER, IP6_NXT);
			return;
		}
		pr = INET6(k)->i6_proto[nxt];
		nxt = pr->ip6_input(&m, &off, nxt);
	}
}

void
ip6_input(struct mbuf *m)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	struct in6_ifextra *ie = IN6_IFEXTRA(ifp);
	struct in6_addr src, dst;
	int off = IP6_HDRLEN, nxt, alert = -1, mine;

	IP6STAT_INC(k, TOTAL);
	in6_ifstat_inc(ifp, IFS6(in_receive));
	if (ie != NULL && (ie->ie_ndi.flags & ND6_IFF_IFDISABLED) != 0) {
		in6_ifstat_inc(ifp, IFS6(in_discard));
		m_freem(m);
		return;
	}
	m->m_flags &= (uint16_t)~M_ANYCAST6;
	if ((m = check_header(m)) == NULL)
		return;
	src = a6_get(m->m_data + IP6_SRC);
	dst = a6_get(m->m_data + IP6_DST);
	if (!addresses_valid(m, &src, &dst)) {
		IP6STAT_INC(k, BADSCOPE);
		in6_ifstat_inc(ifp, IFS6(in_addrerr));
		m_freem(m);
		return;
	}
	if (pfil_run(k, &m, ifp, AF_INET6, PFIL_DIR_IN) != 0 || m == NULL)
		return;
	src = a6_get(m->m_data + IP6_SRC);
	dst = a6_get(m->m_data + IP6_DST);
	(void)in6_setscope(&src, ifp);
	(void)in6_setscope(&dst, ifp);
	a6_put(m->m_data + IP6_SRC, &src);
	a6_put(m->m_data + IP6_DST, &dst);
	if (a6_multicast(&dst))
		in6_ifstat_inc(ifp, IFS6(in_mcast));
	mine = whose(m, &dst);
	if (mine < 0) {
		m_freem(m);
		return;
	}
	nxt = m->m_data[IP6_NXT];
	if (nxt == IPPROTO_HOPOPTS && (nxt = hopbyhop(&m, &off, &alert)) < 0)
		return;
	if (mine > 0)
		deliver(m, off, nxt);
	else
		ip6_forward(m);
}

/* --- headers that are handled here --- */

/* Brings an extension header in (8 bytes, or as long as it says): its length; 0: m is gone. */
static size_t
pull_header(struct mbuf **mp, size_t off, bool fixed)
{
	struct mbuf *m = *mp;
	size_t len = 8;

	for (int i = 0; i < 2; i++) {
		if (m->m_pkthdr.len < off + len) {
			IP6STAT_INC(m->m_k, TOOSHORT);
			in6_ifstat_inc(m->m_pkthdr.rcvif, IFS6(in_truncated));
			m_freem(m);
			return 0;
		}
		if (m->m_len < off + len &&
		    (m = *mp = m_pullup(m, off + len)) == NULL)
			return 0;
		if (!fixed)
			len = (m->m_data[off + 1] + 1u) * 8;
	}
	return len;
}

static int
dest6_input(struct mbuf **mp, int *offp, int proto)
{
	size_t off = (size_t)*offp, len = pull_header(mp, off, false);
	int alert;

	(void)proto;
	if (len == 0 || ip6_process_opts(*mp, off + 2, len - 2, &alert) != 0)
		return IPPROTO_DONE;
	*offp += (int)len;
	return (*mp)->m_data[off];
}

/* RFC 5095: type 0 is refused like one that is unknown; what has nothing left to visit is passed over. */
static int
route6_input(struct mbuf **mp, int *offp, int proto)
{
	size_t off = (size_t)*offp, len = pull_header(mp, off, false);
	const uint8_t *p;

	(void)proto;
	if (len == 0)
		return IPPROTO_DONE;
	p = (*mp)->m_data + off;
	if (p[3] != 0) {
		IP6STAT_INC((*mp)->m_k, BADOPTIONS);
		in6_ifstat_inc((*mp)->m_pkthdr.rcvif, IFS6(in_hdrerr));
		icmp6_error(*mp, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER,
		    (uint32_t)off + 2);
		return IPPROTO_DONE;
	}
	*offp += (int)len;
	return p[0];
}

static int
none6_input(struct mbuf **mp, int *offp, int proto)
{
	(void)offp;
	(void)proto;
	m_freem(*mp);
	return IPPROTO_DONE;
}

const struct ip6protosw dest6_protosw = { .ip6_input = dest6_input };
const struct ip6protosw route6_protosw = { .ip6_input = route6_input };
const struct ip6protosw none6_protosw = { .ip6_input = none6_input };

void
ip6_setproto(struct rump_kernel *k, int proto, const struct ip6protosw *sw)
{
	INET6(k)->i6_proto[proto & 0xff] = sw;
}

/* --- options --- */

/* An option that is not known says by its two highest bits what is to be done (RFC 8200 4.2). */
static int
unknown_option(struct mbuf *m, size_t at)
{
	struct in6_addr dst = a6_get(m->m_data + IP6_DST);

	IP6STAT_INC(m->m_k, BADOPTIONS);
	switch (m->m_data[at] & 0xc0) {
	case IP6OPT_TYPE_SKIP:
		return 0;
	case IP6OPT_TYPE_FORCEICMP:
		break;
	case IP6OPT_TYPE_ICMP:
		if (!a6_multicast(&dst))
			break;
		/* FALLTHROUGH */
	default:
		m_freem(m);
		return -1;
	}
	icmp6_error(m, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_OPTION, (uint32_t)at);
	return -1;
}

static int
bad_option(struct mbuf *m, size_t at)
{
	IP6STAT_INC(m->m_k, BADOPTIONS);
	icmp6_error(m, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER, (uint32_t)at);
	return -1;
}

int
ip6_process_opts(struct mbuf *m, size_t off, size_t len, int *alert)
{
	const uint8_t *p = m->m_data;
	size_t end = off + len, n;

	while (off < end) {
		if (p[off] == IP6OPT_PAD1) {
			off++;
			continue;
		}
		if (end - off < 2 || end - off < (n = p[off + 1] + 2u)) {
			IP6STAT_INC(m->m_k, TOOSMALL);
			m_freem(m);
			return -1;
		}
		switch (p[off]) {
		case IP6OPT_PADN:
			break;
		case IP6OPT_ROUTER_ALERT:
			if (n != IP6OPT_RTALERT_LEN)
				return bad_option(m, off + 1);
			*alert = be16_get(p + off + 2);
			break;
		default:
			/* Jumbograms too: no link here has them. */
			if (unknown_option(m, off) != 0)
				return -1;
			break;
		}
		off += n;
	}
	return 0;
}

/* --- where the upper header is --- */

size_t
ip6_lasthdr(const struct mbuf *m, int *nxt)
{
	size_t off = IP6_HDRLEN, len = m->m_pkthdr.len;
	uint8_t h[8];
	int n;

	if (len < IP6_HDRLEN)
		return 0;
	m_copydata(m, IP6_NXT, 1, h);
	n = h[0];
	for (int i = 0; i < 64; i++) {
		if (n != IPPROTO_HOPOPTS && n != IPPROTO_ROUTING &&
		    n != IPPROTO_DSTOPTS && n != IPPROTO_FRAGMENT) {
			*nxt = n;
			return off;
		}
		if (len < off + 8)
			return 0;
		m_copydata(m, off, 8, h);
		if (n == IPPROTO_FRAGMENT) {
			if ((be16_get(h + 2) & 0xfff8) != 0)
				return 0;
			off += 8;
		} else
			off += (h[1] + 1u) * 8;
		n = h[0];
	}
	return 0;
}
