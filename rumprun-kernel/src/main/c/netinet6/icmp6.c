/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMPv6 (RFC 4443): what comes in goes to its part, errors to those that they are about, all of it to raw sockets; errors and echoes of ours. */
#include "net/pfil.h"
#include "netinet6/in6_private.h"

#define ICMP6_HDRLEN 8u

static const unsigned plen_of_errors = IPV6_MMTU - IP6_HDRLEN - ICMP6_HDRLEN;

/* --- making and sending --- */

struct mbuf *
icmp6_message(
    struct rump_kernel *k, struct ifnet *ifp, size_t len, int type, int code)
{
	/* Room for a link header, and a router alert. */
	size_t lead = IP6_MAXLINKHDR + 8;
	struct mbuf *m = lead + IP6_HDRLEN + len <= MHLEN ?
	    m_gethdr(k, MT_HEADER) :
	    m_getcl(k, MT_HEADER, lead + IP6_HDRLEN + len, true);

	(void)ifp;
	if (m == NULL)
		return NULL;
	m->m_data += lead;
	m->m_len = m->m_pkthdr.len = (uint32_t)(IP6_HDRLEN + len);
	memset(m->m_data, 0, m->m_len);
	m->m_data[0] = 0x60;
	m->m_data[IP6_NXT] = IPPROTO_ICMPV6;
	m->m_data[IP6_HDRLEN] = (uint8_t)type;
	m->m_data[IP6_HDRLEN + 1] = (uint8_t)code;
	return m;
}

static void
count_out(struct rump_kernel *k, struct ifnet *ifp, int type)
{
	stat_inc(INET6(k)->icmp6stat, ICMP6_STAT_OUTHIST + (unsigned)type);
	icmp6_ifstat_inc(ifp, ICMP6IFS(out_msg));
}

/* RFC 2711: hop-by-hop options with a router alert that says MLD. */
static struct mbuf *
add_alert(struct mbuf *m)
{
	static const uint8_t options[6] = { IP6OPT_ROUTER_ALERT, 2, 0, 0,
		IP6OPT_PADN, 0 };
	uint8_t header[IP6_HDRLEN];

	memcpy(header, m->m_data, IP6_HDRLEN);
	if ((m = m_prepend(m, 8)) == NULL ||
	    (m = m_pullup(m, IP6_HDRLEN + 8)) == NULL)
		return NULL;
	memcpy(m->m_data, header, IP6_HDRLEN);
	m->m_data[IP6_HDRLEN] = m->m_data[IP6_NXT];
	m->m_data[IP6_HDRLEN + 1] = 0;
	memcpy(m->m_data + IP6_HDRLEN + 2, options, sizeof(options));
	m->m_data[IP6_NXT] = IPPROTO_HOPOPTS;
	return m;
}

void
icmp6_send(struct ifnet *ifp, struct mbuf *m, const struct in6_addr *src,
    const struct in6_addr *dst, int hlim, bool alert)
{
	struct rump_kernel *k = m->m_k;
	struct in6_addr a = *src;
	struct sockaddr_in6 sin6;
	uint16_t sum;

	if ((ifp->if_flags & IFF_UP) == 0 || IN6_IFEXTRA(ifp) == NULL ||
	    (IN6_IFEXTRA(ifp)->ie_ndi.flags & ND6_IFF_IFDISABLED) != 0) {
		m_freem(m);
		return;
	}
	count_out(k, ifp, m->m_data[IP6_HDRLEN]);
	in6_clearscope(&a);
	a6_put(m->m_data + IP6_SRC, &a);
	a = *dst;
	in6_clearscope(&a);
	a6_put(m->m_data + IP6_DST, &a);
	m->m_data[IP6_HLIM] = (uint8_t)hlim;
	sum = in6_cksum(m, IPPROTO_ICMPV6, m->m_data + IP6_SRC,
	    m->m_data + IP6_DST, IP6_HDRLEN, m->m_pkthdr.len - IP6_HDRLEN);
	memcpy(m->m_data + IP6_HDRLEN + 2, &sum, 2);
	if (alert && (m = add_alert(m)) == NULL)
		return;
	be16_put(m->m_data + IP6_PLEN, (uint16_t)(m->m_pkthdr.len - IP6_HDRLEN));
	if (a6_multicast(dst)) {
		m->m_flags |= M_MCAST;
		in6_ifstat_inc(ifp, IFS6(out_mcast));
	}
	IP6STAT_INC(k, LOCALOUT);
	in6_ifstat_inc(ifp, IFS6(out_request));
	if (pfil_run(k, &m, ifp, AF_INET6, PFIL_DIR_OUT) != 0 || m == NULL)
		return;
	sin6_init(&sin6, dst);
	(void)ifp->if_ops->ifo_output(ifp, m, (struct sockaddr *)&sin6, NULL);
}

/* --- errors of ours (RFC 4443 2.4) --- */

static unsigned
error_stat(int type, int code)
{
	static const uint8_t dst[] = { 0, 1, 2, 3, 4 };

	switch (type) {
	case ICMP6_DST_UNREACH:
		return code < (int)sizeof(dst) ?
		    ICMP6_ERRSTAT_DST_UNREACH_NOROUTE + dst[code] :
		    ICMP6_ERRSTAT_UNKNOWN;
	case ICMP6_PACKET_TOO_BIG:
		return ICMP6_ERRSTAT_PACKET_TOO_BIG;
	case ICMP6_TIME_EXCEEDED:
		return code > 1 ?
		    ICMP6_ERRSTAT_UNKNOWN :
		    ICMP6_ERRSTAT_TIME_EXCEED_TRANSIT + (unsigned)code;
	case ICMP6_PARAM_PROB:
		return code > 2 ?
		    ICMP6_ERRSTAT_UNKNOWN :
		    ICMP6_ERRSTAT_PARAMPROB_HEADER + (unsigned)code;
	case ND_REDIRECT:
		return ICMP6_ERRSTAT_REDIRECT;
	}
	return ICMP6_ERRSTAT_UNKNOWN;
}

static void
count_error_out(struct ifnet *ifp, int type, int code)
{
	icmp6_ifstat_inc(ifp, ICMP6IFS(out_error));
	switch (type) {
	case ICMP6_DST_UNREACH:
		icmp6_ifstat_inc(ifp,
		    code == ICMP6_DST_UNREACH_ADMIN ? ICMP6IFS(out_adminprohib) :
						      ICMP6IFS(out_dstunreach));
		break;
	case ICMP6_PACKET_TOO_BIG:
		icmp6_ifstat_inc(ifp, ICMP6IFS(out_pkttoobig));
		break;
	case ICMP6_TIME_EXCEEDED:
		icmp6_ifstat_inc(ifp, ICMP6IFS(out_timeexceed));
		break;
	case ICMP6_PARAM_PROB:
		icmp6_ifstat_inc(ifp, ICMP6IFS(out_paramprob));
		break;
	}
}

static bool
may_complain(const struct mbuf *m, int type, int code)
{
	struct in6_addr src = a6_get(m->m_data + IP6_SRC),
			dst = a6_get(m->m_data + IP6_DST);
	bool open = type == ICMP6_PACKET_TOO_BIG ||
	    (type == ICMP6_PARAM_PROB && code == ICMP6_PARAMPROB_OPTION);
	uint8_t about;
	size_t off;
	int nxt = 0;

	if (!open &&
	    ((m->m_flags & (M_BCAST | M_MCAST)) != 0 || a6_multicast(&dst)))
		return false;
	if (a6_unspecified(&src) || a6_multicast(&src) ||
	    (m->m_flags & M_ANYCAST6) != 0)
		return false;
	off = ip6_lasthdr(m, &nxt);
	if (off == 0 || nxt != IPPROTO_ICMPV6 || off >= m->m_pkthdr.len)
		return true;
	m_copydata(m, off, 1, &about);
	return (about & ICMP6_INFOMSG_MASK) != 0 && about != ND_REDIRECT;
}

/* What is quoted is as it was on the wire. */
static struct mbuf *
quote(struct mbuf *m)
{
	struct in6_addr a;

	if (m->m_pkthdr.len > plen_of_errors)
		m_adj(m, -(int)(m->m_pkthdr.len - plen_of_errors));
	if ((m = m_makewritable(m, IP6_HDRLEN)) == NULL)
		return NULL;
	a = a6_get(m->m_data + IP6_SRC);
	in6_clearscope(&a);
	a6_put(m->m_data + IP6_SRC, &a);
	a = a6_get(m->m_data + IP6_DST);
	in6_clearscope(&a);
	a6_put(m->m_data + IP6_DST, &a);
	m->m_pkthdr.csum_flags = 0;
	m_tag_delete_all(m);
	m->m_flags &= (uint16_t) ~(M_BCAST | M_MCAST | M_LOOP | M_ANYCAST6 |
	    M_PROMISC | M_VLANTAG | M_BRIDGE);
	return m_prepend(m, IP6_HDRLEN + ICMP6_HDRLEN);
}

void
icmp6_error(struct mbuf *m, int type, int code, uint32_t param)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	struct in6_addr src, dst;
	struct in6_ifaddr *ia;
	uint16_t sum;
	uint8_t *p;

	ICMP6STAT_INC(k, ERROR);
	stat_inc(INET6(k)->icmp6stat,
	    ICMP6_STAT_OUTERRHIST + error_stat(type, code));
	if (m->m_pkthdr.len < IP6_HDRLEN || m->m_len < IP6_HDRLEN ||
	    !may_complain(m, type, code)) {
		ICMP6STAT_INC(k, CANTERROR);
		m_freem(m);
		return;
	}
	if (INET6(k)->icmp6_errppslimit >= 0 &&
	    !ppsratecheck(
		k, &INET6(k)->i6_icmprate, INET6(k)->icmp6_errppslimit)) {
		ICMP6STAT_INC(k, TOOFREQ);
		m_freem(m);
		return;
	}
	src = a6_get(m->m_data + IP6_SRC);
	dst = a6_get(m->m_data + IP6_DST);
	if ((m = quote(m)) == NULL ||
	    (m = m_pullup(m, IP6_HDRLEN + ICMP6_HDRLEN)) == NULL)
		return;
	p = m->m_data;
	memset(p, 0, IP6_HDRLEN + ICMP6_HDRLEN);
	p[0] = 0x60;
	p[IP6_NXT] = IPPROTO_ICMPV6;
	p[IP6_HLIM] = (uint8_t)in6_selecthlim(NULL, ifp);
	a6_put(p + IP6_DST, &src);
	ia = in6_ifaddr_lookup(k, &dst);
	if (ia != NULL &&
	    (ia->ia6_flags & (IN6_IFF_ANYCAST | IN6_IFF_NOTREADY)) == 0)
		a6_put(p + IP6_SRC, &dst);
	else {
		struct sockaddr_in6 to;
		struct ifnet *out = NULL;
		struct in6_addr from;

		sin6_init(&to, &src);
		if (in6_selectsrc(k, &to, NULL, NULL, NULL, &out, &from) != 0) {
			m_freem(m);
			return;
		}
		a6_put(p + IP6_SRC, &from);
	}
	p[IP6_HDRLEN] = (uint8_t)type;
	p[IP6_HDRLEN + 1] = (uint8_t)code;
	be32_put(p + IP6_HDRLEN + 4, param);
	sum = in6_cksum(m, IPPROTO_ICMPV6, p + IP6_SRC, p + IP6_DST, IP6_HDRLEN,
	    m->m_pkthdr.len - IP6_HDRLEN);
	memcpy(p + IP6_HDRLEN + 2, &sum, 2);
	count_out(k, ifp, type);
	count_error_out(ifp, type, code);
	m->m_pkthdr.rcvif = NULL;
	(void)ip6_output(k, m, NULL, NULL, IPV6_MINMTU, NULL, NULL, NULL);
}

/* --- echo --- */

/* Takes extension headers out, turns the packet around. */
static void
echo_reply(struct mbuf *m, int off)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	struct in6_addr src = a6_get(m->m_data + IP6_SRC),
			dst = a6_get(m->m_data + IP6_DST);
	size_t extra = (size_t)off - IP6_HDRLEN;
	struct in6_ifaddr *ia;
	uint16_t sum = 0;
	uint8_t *p;

	if ((m = m_makewritable(m, (size_t)off + ICMP6_HDRLEN)) == NULL)
		return;
	if (extra > 0) {
		memmove(m->m_data + extra, m->m_data, IP6_HDRLEN);
		m_adj(m, (int)extra);
	}
	p = m->m_data;
	ia = a6_multicast(&dst) ? NULL : in6_ifaddr_lookup(k, &dst);
	if (ia == NULL || (ia->ia6_flags & IN6_IFF_ANYCAST) != 0) {
		struct sockaddr_in6 to;
		struct ifnet *out = NULL;

		sin6_init(&to, &src);
		if (in6_selectsrc(k, &to, NULL, NULL, NULL, &out, &dst) != 0) {
			m_freem(m);
			return;
		}
	}
	p[0] = 0x60;
	p[1] = p[2] = p[3] = 0;
	p[IP6_NXT] = IPPROTO_ICMPV6;
	p[IP6_HLIM] = (uint8_t)in6_selecthlim(NULL, ifp);
	a6_put(p + IP6_SRC, &dst);
	a6_put(p + IP6_DST, &src);
	p[IP6_HDRLEN] = ICMP6_ECHO_REPLY;
	memcpy(p + IP6_HDRLEN + 2, &sum, 2);
	sum = in6_cksum(m, IPPROTO_ICMPV6, p + IP6_SRC, p + IP6_DST, IP6_HDRLEN,
	    m->m_pkthdr.len - IP6_HDRLEN);
	memcpy(p + IP6_HDRLEN + 2, &sum, 2);
	m->m_flags &= (uint16_t) ~(M_BCAST | M_MCAST | M_LOOP | M_NPF);
	m->m_pkthdr.csum_flags = 0;
	m->m_pkthdr.rcvif = NULL;
	ICMP6STAT_INC(k, REFLECT);
	count_out(k, ifp, ICMP6_ECHO_REPLY);
	icmp6_ifstat_inc(ifp, ICMP6IFS(out_echoreply));
	(void)ip6_output(k, m, NULL, NULL, 0, NULL, NULL, NULL);
}

/* --- errors of others --- */

/* PRC_* of an error; -1: of no use. */
static int
error_command(int type, int code)
{
	switch (type) {
	case ICMP6_DST_UNREACH:
		switch (code) {
		case ICMP6_DST_UNREACH_NOROUTE:
		case ICMP6_DST_UNREACH_BEYONDSCOPE:
			return PRC_UNREACH_NET;
		case ICMP6_DST_UNREACH_ADMIN:
		case ICMP6_DST_UNREACH_POLICY:
		case ICMP6_DST_UNREACH_REJROUTE:
			return PRC_UNREACH_ADMIN;
		case ICMP6_DST_UNREACH_ADDR:
			return PRC_UNREACH_HOST;
		case ICMP6_DST_UNREACH_NOPORT:
			return PRC_UNREACH_PORT;
		}
		return -1;
	case ICMP6_PACKET_TOO_BIG:
		return code == 0 ? PRC_MSGSIZE : -1;
	case ICMP6_TIME_EXCEEDED:
		return code == ICMP6_TIME_EXCEED_TRANSIT ?
		    PRC_TIMXCEED_INTRANS :
		    code == ICMP6_TIME_EXCEED_REASSEMBLY ? PRC_TIMXCEED_REASS :
							   -1;
	case ICMP6_PARAM_PROB:
		return code == ICMP6_PARAMPROB_NEXTHEADER ?
		    PRC_UNREACH_PROTOCOL :
		    code == ICMP6_PARAMPROB_HEADER ||
			code == ICMP6_PARAMPROB_OPTION ?
		    PRC_PARAMPROB :
		    -1;
	}
	return -1;
}

struct toobig {
	struct sockaddr_in6 dst;
	uint32_t mtu;
	bool verified; /* by a socket that has sent there */
};

/* W */
static void
path_mtu(struct rump_kernel *k, void *data, struct mbuf *m)
{
	struct toobig *t = data;
	struct rtentry *rt = rtalloc1(k, (struct sockaddr *)&t->dst);

	m_freem(m);
	/* It only becomes smaller; ten minutes later it is tried again (RFC 8201 4, 5.3). */
	if (rt == NULL || t->mtu >= ip6_pathmtu(rt->rt_ifp, rt))
		return;
	ICMP6STAT_INC(k, PMTUCHG);
	rt_setmtu(k, (struct sockaddr *)&t->dst, t->mtu,
	    INET(k) != NULL ? INET(k)->ip_mtudisctimeout : 600,
	    t->verified ? INET6(k)->icmp6_mtudisc_hiwat :
			  INET6(k)->icmp6_mtudisc_lowat);
}

/* The quoted packet begins at q, in one piece. Gives its upper header. */
static size_t
quoted_upper(const uint8_t *q, size_t len, int *nxt)
{
	size_t off = IP6_HDRLEN;
	int n = q[IP6_NXT];

	for (int i = 0; i < 16; i++) {
		if (n != IPPROTO_HOPOPTS && n != IPPROTO_ROUTING &&
		    n != IPPROTO_DSTOPTS && n != IPPROTO_FRAGMENT) {
			*nxt = n;
			return off;
		}
		if (off + 8 > len ||
		    (n == IPPROTO_FRAGMENT &&
			(be16_get(q + off + 2) & 0xfff8) != 0))
			return 0;
		if (n == IPPROTO_FRAGMENT) {
			n = q[off];
			off += 8;
		} else {
			size_t more = (q[off + 1] + 1u) * 8;

			n = q[off];
			off += more;
		}
	}
	return 0;
}

/* Is there a connection that the quoted packet belongs to? */
static bool
connected(struct rump_kernel *k, const struct in6_addr *src,
    const struct in6_addr *dst, int nxt, const uint8_t *ports)
{
	struct in6_addr s = *src, d = *dst;
	struct in_any faddr, laddr;
	struct socket *so = NULL;
	uint16_t lport, fport;

	if ((nxt != IPPROTO_TCP && nxt != IPPROTO_UDP) || INET(k) == NULL)
		return false;
	memcpy(&lport, ports, 2);
	memcpy(&fport, ports + 2, 2);
	in6_clearscope(&s);
	in6_clearscope(&d);
	memcpy(faddr.a8, A6(&d), 16);
	memcpy(laddr.a8, A6(&s), 16);
	for (struct inpcbtable *t = INET(k)->is_tables; t != NULL && so == NULL;
	     t = t->it_next)
		so = in_pcblookup_connect(t, &faddr, fport, &laddr, lport, 0);
	if (so == NULL)
		return false;
	so_put(so);
	return true;
}

void
icmp6_notify(struct mbuf *m, int off, int type, int code, uint32_t param)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	const uint8_t *q = m->m_data + off + ICMP6_HDRLEN;
	size_t len = m->m_pkthdr.len - (size_t)off - ICMP6_HDRLEN, upper;
	int cmd = error_command(type, code), nxt = 0;
	struct in6_addr src, dst;
	struct toobig t;
	struct sockaddr_in6 from;
	const struct ip6protosw *pr;

	if (cmd < 0) {
		ICMP6STAT_INC(k, BADCODE);
		return;
	}
	if (len < IP6_HDRLEN) {
		ICMP6STAT_INC(k, TOOSHORT);
		return;
	}
	src = a6_get(q + IP6_SRC);
	dst = a6_get(q + IP6_DST);
	(void)in6_setscope(&src, ifp);
	(void)in6_setscope(&dst, ifp);
	/* About what we have sent. */
	if (in6_ifaddr_lookup(k, &src) == NULL || a6_unspecified(&dst) ||
	    (upper = quoted_upper(q, len, &nxt)) == 0 || upper > len)
		return;
	sin6_init(&t.dst, &dst);
	sin6_init(&from, &src);
	/* RFC 8201 4: never below what every link carries. */
	t.mtu = param < IPV6_MMTU ? IPV6_MMTU : param;
	t.verified = len - upper >= 4 &&
	    connected(k, &src, &dst, nxt, q + upper);
	if (type == ICMP6_PACKET_TOO_BIG && !a6_multicast(&dst))
		(void)net_defer(k, path_mtu, &t, sizeof(t), NULL);
	pr = INET6(k)->i6_proto[nxt];
	if (pr->ip6_ctlinput != NULL)
		pr->ip6_ctlinput(
		    k, cmd, &t.dst, &from, q + upper, len - upper, t.mtu);
}

/* --- input --- */

static void
count_in(struct ifnet *ifp, int type, int code)
{
	static const struct {
		uint8_t type, which;
	} counters[] = {
		{ ICMP6_PACKET_TOO_BIG, ICMP6IFS(in_pkttoobig) },
		{ ICMP6_TIME_EXCEEDED, ICMP6IFS(in_timeexceed) },
		{ ICMP6_PARAM_PROB, ICMP6IFS(in_paramprob) },
		{ ICMP6_ECHO_REQUEST, ICMP6IFS(in_echo) },
		{ ICMP6_ECHO_REPLY, ICMP6IFS(in_echoreply) },
		{ MLD_LISTENER_QUERY, ICMP6IFS(in_mldquery) },
		{ MLD_LISTENER_REPORT, ICMP6IFS(in_mldreport) },
		{ MLD_LISTENER_DONE, ICMP6IFS(in_mlddone) },
		{ ND_ROUTER_SOLICIT, ICMP6IFS(in_routersolicit) },
		{ ND_ROUTER_ADVERT, ICMP6IFS(in_routeradvert) },
		{ ND_NEIGHBOR_SOLICIT, ICMP6IFS(in_neighborsolicit) },
		{ ND_NEIGHBOR_ADVERT, ICMP6IFS(in_neighboradvert) },
		{ ND_REDIRECT, ICMP6IFS(in_redirect) },
	};

	icmp6_ifstat_inc(ifp, ICMP6IFS(in_msg));
	if (type < ICMP6_INFOMSG_MASK)
		icmp6_ifstat_inc(ifp, ICMP6IFS(in_error));
	if (type == ICMP6_DST_UNREACH)
		icmp6_ifstat_inc(ifp,
		    code == ICMP6_DST_UNREACH_ADMIN ? ICMP6IFS(in_adminprohib) :
						      ICMP6IFS(in_dstunreach));
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		if (counters[i].type == type)
			icmp6_ifstat_inc(ifp, counters[i].which);
}

/* Who handles a message of that type; NULL: raw sockets only. All take it, in one piece. */
static void (*handler(int type))(struct mbuf *, int)
{
	switch (type) {
	case ICMP6_ECHO_REQUEST:
		return echo_reply;
	case MLD_LISTENER_QUERY:
	case MLD_LISTENER_REPORT:
	case MLD_LISTENER_DONE:
		return mld6_input;
	case ND_ROUTER_SOLICIT:
		return nd6_rs_input;
	case ND_ROUTER_ADVERT:
		return nd6_ra_input;
	case ND_NEIGHBOR_SOLICIT:
		return nd6_ns_input;
	case ND_NEIGHBOR_ADVERT:
		return nd6_na_input;
	case ND_REDIRECT:
		return icmp6_redirect_input;
	case ICMP6_NI_QUERY:
		return icmp6_ni_input;
	}
	return NULL;
}

/* Headers in one piece, the sum right; of what is handled here all is. NULL: gone. */
static struct mbuf *
check(struct mbuf *m, size_t off)
{
	struct rump_kernel *k = m->m_k;
	size_t len = m->m_pkthdr.len, want = off + ICMP6_HDRLEN;

	if (len < want) {
		ICMP6STAT_INC(k, TOOSHORT);
		m_freem(m);
		return NULL;
	}
	if (m->m_len < want && (m = m_pullup(m, want)) == NULL)
		return NULL;
	if (in6_cksum(m, IPPROTO_ICMPV6, m->m_data + IP6_SRC,
		m->m_data + IP6_DST, off, len - off) != 0) {
		ICMP6STAT_INC(k, CHECKSUM);
		icmp6_ifstat_inc(m->m_pkthdr.rcvif, ICMP6IFS(in_error));
		m_freem(m);
		return NULL;
	}
	if (m->m_data[off] != ICMP6_ECHO_REQUEST &&
	    m->m_data[off] != ICMP6_ECHO_REPLY && m->m_len < len &&
	    (m = m_pullup(m, len)) == NULL)
		return NULL;
	return m;
}

int
icmp6_input(struct mbuf **mp, int *offp, int proto)
{
	struct mbuf *m = *mp, *copy;
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	void (*fn)(struct mbuf *, int);
	int off = *offp, type, code;
	const uint8_t *p;

	if ((m = check(m, (size_t)off)) == NULL)
		return IPPROTO_DONE;
	p = m->m_data + off;
	type = p[0];
	code = p[1];
	stat_inc(INET6(k)->icmp6stat, ICMP6_STAT_INHIST + (unsigned)type);
	count_in(ifp, type, code);
	if (type >= ICMP6_DST_UNREACH && type <= ICMP6_PARAM_PROB)
		icmp6_notify(m, off, type, code, be32_get(p + 4));
	fn = handler(type);
	if (fn == NULL)
		return rip6_input(&m, offp, proto);
	copy = INET6(k)->i6_rawtable->it_count > 0 ? m_copym(m, 0, M_COPYALL) :
						     NULL;
	fn(m, off);
	if (copy != NULL &&
	    (copy = m_pullup(copy, (size_t)off + ICMP6_HDRLEN)) != NULL)
		(void)rip6_input(&copy, offp, proto);
	return IPPROTO_DONE;
}

const struct ip6protosw icmp6_protosw = { .ip6_input = icmp6_input };
