/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 packets that go out (RFC 8200): headers that are put in, the way, fragments.
 *
 * Addresses in the header have their zones inside until ip6_transmit's callers take them out, right before the packet filter; what waits for a neighbour
 * is as it will be on the wire.
 */
#include "net/pfil.h"
#include "netinet6/in6_private.h"

/* --- headers --- */

static size_t
ext_len(const uint8_t *h)
{
	return h == NULL ? 0 : (h[1] + 1u) * 8;
}

/*
 * Puts the option's headers behind the IPv6 header, in the order of RFC 8200 4.1. Gives the packet, or NULL (freed). *finalp: where it goes in the end
 * when a routing header makes the header's destination the first stop.
 */
static struct mbuf *
insert_headers(struct mbuf *m, const struct ip6_pktopts *opt, size_t *unfrag)
{
	const uint8_t *h[4] = { opt->ip6po_hbh,
		opt->ip6po_rthdr != NULL ? opt->ip6po_dest1 : NULL,
		opt->ip6po_rthdr, opt->ip6po_dest2 };
	static const uint8_t number[4] = { IPPROTO_HOPOPTS, IPPROTO_DSTOPTS,
		IPPROTO_ROUTING, IPPROTO_DSTOPTS };
	size_t total = 0, at = IP6_HDRLEN;
	uint8_t *next, upper, header[IP6_HDRLEN];

	for (int i = 0; i < 4; i++)
		total += ext_len(h[i]);
	*unfrag = IP6_HDRLEN + total - ext_len(h[3]);
	if (total == 0)
		return m;
	memcpy(header, m->m_data, IP6_HDRLEN);
	if ((m = m_prepend(m, total)) == NULL ||
	    (m = m_pullup(m, IP6_HDRLEN + total)) == NULL)
		return NULL;
	memcpy(m->m_data, header, IP6_HDRLEN);
	upper = header[IP6_NXT];
	next = m->m_data + IP6_NXT;
	for (int i = 0; i < 4; i++) {
		if (h[i] == NULL)
			continue;
		*next = number[i];
		memcpy(m->m_data + at, h[i], ext_len(h[i]));
		next = m->m_data + at;
		at += ext_len(h[i]);
	}
	*next = upper;
	return m;
}

/* A routing header of type 0: the first stop is the destination, the destination the last stop. */
static void
route_through(struct mbuf *m, const struct ip6_pktopts *opt)
{
	size_t off = IP6_HDRLEN + ext_len(opt->ip6po_hbh) +
	    ext_len(opt->ip6po_dest1);
	uint8_t *p = m->m_data + off, *dst = m->m_data + IP6_DST;
	struct in6_addr final = a6_get(dst);
	unsigned n = p[1] / 2;

	if (p[2] != IPV6_RTHDR_TYPE_0 || n == 0)
		return;
	memcpy(dst, p + 8, 16);
	memmove(p + 8, p + 24, (n - 1) * 16);
	in6_clearscope(&final);
	a6_put(p + 8 + (n - 1) * 16, &final);
	p[3] = (uint8_t)n;
}

/* How much of the packet every fragment gets: up to a routing header, or hop-by-hop options. m is whole so far. */
static size_t
unfragmentable(const struct mbuf *m)
{
	size_t off = IP6_HDRLEN, unfrag = IP6_HDRLEN, len = m->m_pkthdr.len;
	uint8_t h[2], n;

	m_copydata(m, IP6_NXT, 1, &n);
	while ((n == IPPROTO_HOPOPTS || n == IPPROTO_ROUTING ||
		   n == IPPROTO_DSTOPTS) &&
	    off + 8 <= len) {
		m_copydata(m, off, 2, h);
		off += (h[1] + 1u) * 8;
		if (off > len)
			break;
		if (n != IPPROTO_DSTOPTS)
			unfrag = off;
		n = h[0];
	}
	return unfrag;
}

/* --- checksums that were left --- */

struct mbuf *
in6_delayed_cksum(struct mbuf *m)
{
	uint32_t flags = m->m_pkthdr.csum_flags;
	int nxt = 0;
	size_t off, len;
	uint16_t sum;
	size_t at;

	if ((flags & (M_CSUM_TCPv6 | M_CSUM_UDPv6)) == 0)
		return m;
	m->m_pkthdr.csum_flags &= ~(uint32_t)(M_CSUM_TCPv6 | M_CSUM_UDPv6);
	off = ip6_lasthdr(m, &nxt);
	if (nxt == IPPROTO_TCP)
		at = off + 16;
	else if (nxt == IPPROTO_UDP)
		at = off + 6;
	else
		return m;
	if (off == 0 || m->m_pkthdr.len < at + 2)
		return m;
	len = m->m_pkthdr.len - off;
	if ((m = m_makewritable(m, at + 2)) == NULL)
		return NULL;
	sum = 0;
	if (m_copyback(m, at, 2, &sum) != 0) {
		m_freem(m);
		return NULL;
	}
	sum = in6_cksum(m, (uint8_t)nxt, m->m_data + IP6_SRC,
	    m->m_data + IP6_DST, off, len);
	/* RFC 768: a sum of 0 would say that there is none. */
	if (sum == 0 && nxt == IPPROTO_UDP)
		sum = 0xffff;
	if (m_copyback(m, at, 2, &sum) != 0) {
		m_freem(m);
		return NULL;
	}
	return m;
}

static struct mbuf *
finish_sums(struct ifnet *ifp, struct mbuf *m)
{
	uint32_t left = m->m_pkthdr.csum_flags & (M_CSUM_TCPv6 | M_CSUM_UDPv6);

	return (left & ~ifp->if_csum_flags_tx) == 0 ? m : in6_delayed_cksum(m);
}

/* --- fragments (RFC 8200 4.5) --- */

static struct mbuf *
one_fragment(struct mbuf *m, size_t unfrag, size_t lastnxt, size_t at,
    size_t len, bool more, uint32_t id)
{
	struct rump_kernel *k = m->m_k;
	struct mbuf *f, *data;
	uint8_t *p;

	f = unfrag + 8 + IP6_MAXLINKHDR <= MHLEN ?
	    m_gethdr(k, MT_DATA) :
	    m_getcl(k, MT_DATA, unfrag + 8 + IP6_MAXLINKHDR, true);
	if (f == NULL || (data = m_copym(m, at, len)) == NULL) {
		m_freem(f);
		return NULL;
	}
	f->m_data += IP6_MAXLINKHDR;
	p = f->m_data;
	m_copydata(m, 0, unfrag, p);
	be16_put(p + IP6_PLEN, (uint16_t)(unfrag - IP6_HDRLEN + 8 + len));
	p[unfrag] = p[lastnxt];
	p[lastnxt] = IPPROTO_FRAGMENT;
	p[unfrag + 1] = 0;
	be16_put(p + unfrag + 2, (uint16_t)((at - unfrag) | (more ? 1 : 0)));
	be32_put(p + unfrag + 4, id);
	f->m_len = (uint32_t)(unfrag + 8);
	f->m_pkthdr.len = (uint32_t)(unfrag + 8 + len);
	f->m_pkthdr.rcvif = m->m_pkthdr.rcvif;
	f->m_pkthdr.rcvif_index = m->m_pkthdr.rcvif_index;
	f->m_flags |= m->m_flags & (M_BCAST | M_MCAST | M_NPF | M_LOOP);
	f->m_next = data;
	return f;
}

int
ip6_fragment(struct mbuf *m, uint32_t mtu, struct mbuf **list)
{
	struct rump_kernel *k = m->m_k;
	size_t unfrag = unfragmentable(m), len = m->m_pkthdr.len, at, n;
	size_t step, off = IP6_HDRLEN, lastnxt = IP6_NXT;
	struct mbuf **tail = list, *f;
	uint32_t id;
	uint8_t h[2];

	*list = NULL;
	if (mtu < unfrag + 16 || unfrag > 2048) {
		m_freem(m);
		return -EMSGSIZE;
	}
	while (off < unfrag) {
		m_copydata(m, off, 2, h);
		lastnxt = off;
		off += (h[1] + 1u) * 8;
	}
	step = (mtu - unfrag - 8) & ~(size_t)7;
	id = in6_random(k, 0);
	for (at = unfrag; at < len; at += n) {
		n = len - at < step ? len - at : step;
		f = one_fragment(m, unfrag, lastnxt, at, n, at + n < len, id);
		if (f == NULL) {
			m_freepkts(*list);
			*list = NULL;
			m_freem(m);
			IP6STAT_INC(k, ODROPPED);
			return -ENOBUFS;
		}
		*tail = f;
		tail = &f->m_nextpkt;
		IP6STAT_INC(k, OFRAGMENTS);
	}
	m_freem(m);
	return 0;
}

/* --- the way --- */

uint32_t
ip6_pathmtu(struct ifnet *ifp, const struct rtentry *rt)
{
	uint32_t mtu = nd6_linkmtu(ifp);

	if (rt != NULL && rt->rt_rmx.rmx_mtu != 0 && rt->rt_rmx.rmx_mtu < mtu)
		mtu = (uint32_t)rt->rt_rmx.rmx_mtu;
	return mtu < IPV6_MMTU && nd6_linkmtu(ifp) >= IPV6_MMTU ? IPV6_MMTU :
								  mtu;
}

static struct ifnet *
multicast_ifp(struct rump_kernel *k, const struct in6_addr *dst,
    const struct ip6_pktopts *opt, const struct ip6_moptions *im6o)
{
	struct ifnet *ifp = NULL;

	if (opt != NULL && opt->ip6po_havepktinfo &&
	    opt->ip6po_pktinfo.ipi6_ifindex != 0)
		return if_byindex(k, opt->ip6po_pktinfo.ipi6_ifindex);
	if (a6_zone(dst) != 0)
		return if_byindex(k, a6_zone(dst));
	if (im6o != NULL && im6o->im6o_multicast_ifindex != 0)
		ifp = if_byindex(k, im6o->im6o_multicast_ifindex);
	return ifp;
}

/* A link-local destination of a routing socket's making, or none in a table: the link itself. */
static int
by_pktinfo(struct rump_kernel *k, const struct ip6_pktopts *opt,
    struct ifnet **ifpp, struct rtentry **rtp)
{
	struct ifnet *ifp = if_byindex(k, opt->ip6po_pktinfo.ipi6_ifindex);

	if (ifp == NULL)
		return -ENXIO;
	/* What leads elsewhere is not asked for. */
	if (*rtp != NULL && (*rtp)->rt_ifp != ifp &&
	    ((*rtp)->rt_flags & RTF_LOCAL) == 0)
		*rtp = NULL;
	else if (*rtp != NULL)
		ifp = (*rtp)->rt_ifp;
	*ifpp = ifp;
	return 0;
}

int
in6_selectroute(struct rump_kernel *k, const struct sockaddr_in6 *dst,
    const struct ip6_pktopts *opt, const struct ip6_moptions *im6o,
    struct route *ro, struct ifnet **ifpp, struct rtentry **rtp)
{
	const struct sockaddr_in6 *to = dst;
	bool multicast = a6_multicast(&dst->sin6_addr);

	*rtp = NULL;
	*ifpp = NULL;
	if (multicast) {
		*ifpp = multicast_ifp(k, &dst->sin6_addr, opt, im6o);
		if (*ifpp != NULL)
			return 0;
	} else if (opt != NULL && opt->ip6po_nexthop.sin6_len != 0)
		to = &opt->ip6po_nexthop;
	*rtp = ro != NULL ? route_lookup(k, ro, (const struct sockaddr *)to) :
			    rtalloc1(k, (const struct sockaddr *)to);
	if (!multicast && opt != NULL && opt->ip6po_havepktinfo &&
	    opt->ip6po_pktinfo.ipi6_ifindex != 0)
		return by_pktinfo(k, opt, ifpp, rtp);
	if (*rtp == NULL && multicast && ND6(k)->nd_defif != NULL) {
		*ifpp = ND6(k)->nd_defif;
		return 0;
	}
	if (*rtp == NULL)
		return -EHOSTUNREACH;
	*ifpp = (*rtp)->rt_ifp;
	return 0;
}

/* The interface that a packet by lo0 is from, when an address says so. */
static struct ifnet *
scoped_ifp(
    struct ifnet *lo, const struct in6_addr *src, const struct in6_addr *dst)
{
	unsigned zone = a6_zone(dst) != 0 ? a6_zone(dst) : a6_zone(src);
	struct ifnet *ifp = zone == 0 ? NULL : if_byindex(lo->if_k, zone);

	return ifp != NULL ? ifp : lo;
}

int
ip6_transmit(struct ifnet *ifp, struct mbuf *m, const struct sockaddr_in6 *dst,
    struct rtentry *rt)
{
	if (rt != NULL)
		atomic_fetch_add_explicit(&rt->rt_use, 1, memory_order_relaxed);
	if ((m = finish_sums(ifp, m)) == NULL)
		return -ENOBUFS;
	return ifp->if_ops->ifo_output(ifp, m, (const struct sockaddr *)dst, rt);
}

/* --- a packet of ours --- */

struct out6 {
	struct rump_kernel *k;
	struct ifnet *ifp;
	struct rtentry *rt;
	struct sockaddr_in6 dst; /* zone inside: next stop on the link */
	struct in6_addr to;	 /* the header's */
	struct ip6_pktopts *opt;
	struct ip6_moptions *im6o;
	struct inpcb *inp;
	int flags;
	uint32_t mtu;
};

static void
clear_scopes(struct mbuf *m)
{
	struct in6_addr a = a6_get(m->m_data + IP6_SRC);

	in6_clearscope(&a);
	a6_put(m->m_data + IP6_SRC, &a);
	a = a6_get(m->m_data + IP6_DST);
	in6_clearscope(&a);
	a6_put(m->m_data + IP6_DST, &a);
}

/* RFC 4007 9: an address leaves its zone by no other interface. */
static int
check_zones(const struct out6 *o, const struct in6_addr *src)
{
	const struct ifnet *ifp = o->ifp;
	bool loop = (ifp->if_flags & IFF_LOOPBACK) != 0;

	if (a6_loopback(src) && !loop)
		return -EADDRNOTAVAIL;
	if (!loop && a6_zone(src) != 0 && a6_zone(src) != ifp->if_index)
		return -EHOSTUNREACH;
	if (!loop && a6_zone(&o->to) != 0 && a6_zone(&o->to) != ifp->if_index)
		return -EHOSTUNREACH;
	return 0;
}

/* Who sends to a group that he is in hears it. True: nobody else is to. */
static bool
multicast_local(struct out6 *o, struct mbuf *m)
{
	bool loop = o->im6o == NULL || o->im6o->im6o_multicast_loop != 0;
	struct mbuf *copy;
	struct sockaddr_in6 sin6;

	if ((o->ifp->if_flags & IFF_LOOPBACK) == 0 &&
	    (o->flags & IPV6_FORWARDING) == 0 && loop &&
	    in6_ismember(o->ifp, &o->to) &&
	    (copy = m_copym(m, 0, M_COPYALL)) != NULL) {
		sin6_init(&sin6, &o->to);
		copy->m_flags |= M_MCAST;
		if (copy->m_pkthdr.csum_flags & M_CSUM_TSOv6)
			copy->m_pkthdr.csum_flags &= ~(uint32_t)M_CSUM_TSOv6;
		(void)looutput(o->ifp, copy, (struct sockaddr *)&sin6, NULL);
	}
	return m->m_data[IP6_HLIM] == 0 ||
	    (a6_mcscope(&o->to) == IPV6_ADDR_SCOPE_INTFACELOCAL &&
		(o->ifp->if_flags & IFF_LOOPBACK) == 0);
}

static int
choose_mtu(struct out6 *o)
{
	bool multicast = a6_multicast(&o->to);
	int min = o->opt != NULL ? o->opt->ip6po_minmtu : IP6PO_MINMTU_MCASTONLY;

	o->mtu = ip6_pathmtu(o->ifp, o->rt);
	if (o->mtu > IPV6_MMTU &&
	    ((o->flags & IPV6_MINMTU) != 0 || min == IP6PO_MINMTU_ALL ||
		(multicast && min == IP6PO_MINMTU_MCASTONLY &&
		    (o->ifp->if_flags & IFF_LOOPBACK) == 0 &&
		    INET6(o->k)->ip6_mcast_pmtu == 0)))
		o->mtu = IPV6_MMTU;
	return 0;
}

static int
send_fragments(struct out6 *o, struct mbuf *m)
{
	struct mbuf *list, *next;
	int error;

	if ((m = in6_delayed_cksum(m)) == NULL)
		return -ENOBUFS;
	error = ip6_fragment(m, o->mtu, &list);
	if (error != 0) {
		IP6STAT_INC(o->k, CANTFRAG);
		in6_ifstat_inc(o->ifp, IFS6(out_fragfail));
		return error;
	}
	for (m = list; m != NULL; m = next) {
		int e;

		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		in6_ifstat_inc(o->ifp, IFS6(out_fragcreat));
		e = ip6_transmit(o->ifp, m, &o->dst, o->rt);
		if (error == 0)
			error = e;
	}
	IP6STAT_INC(o->k, FRAGMENTED);
	in6_ifstat_inc(o->ifp, IFS6(out_fragok));
	return error;
}

/* RFC 3542 11.4: who wants to know hears of a path that is too narrow. so_lock is the sender's. */
static void
notify_pmtu(struct out6 *o)
{
	struct socket *so = o->inp == NULL ? NULL : o->inp->inp_socket;
	struct ip6_mtuinfo info = { .ip6m_mtu = o->mtu };
	struct mbuf *control;

	if (so == NULL || (o->inp->inp_flags6 & IN6P_MTU) == 0)
		return;
	sin6_init(&info.ip6m_addr, &o->to);
	(void)sa6_recoverscope(&info.ip6m_addr);
	control = sbcreatecontrol(
	    o->k, &info, sizeof(info), IPV6_PATHMTU, IPPROTO_IPV6);
	if (control == NULL)
		return;
	if (sbappendaddr(
		&so->so_rcv, (struct sockaddr *)&info.ip6m_addr, NULL, control))
		sorwakeup(so);
	else
		m_freem(control);
}

/* The packet, filtered, has no zones any more. */
static int
send_sized(struct out6 *o, struct mbuf *m, uint32_t *mtup)
{
	bool dontfrag = o->opt != NULL &&
	    (o->opt->ip6po_flags & IP6PO_DONTFRAG) != 0;
	uint32_t tso = m->m_pkthdr.csum_flags & M_CSUM_TSOv6;

	if (mtup != NULL)
		*mtup = o->mtu;
	if (m->m_pkthdr.len <= o->mtu ||
	    (tso != 0 && (o->ifp->if_csum_flags_tx & M_CSUM_TSOv6) != 0)) {
		if (m->m_pkthdr.len <= o->mtu)
			m->m_pkthdr.csum_flags &= ~(uint32_t)M_CSUM_TSOv6;
		return ip6_transmit(o->ifp, m, &o->dst, o->rt);
	}
	if (dontfrag || tso != 0) {
		if (dontfrag)
			notify_pmtu(o);
		in6_ifstat_inc(o->ifp, IFS6(out_fragfail));
		m_freem(m);
		return -EMSGSIZE;
	}
	return send_fragments(o, m);
}

static int
find_way(struct out6 *o, struct route *ro, const struct in6_addr *src)
{
	int error;

	sin6_init(&o->dst, &o->to);
	error = in6_selectroute(
	    o->k, &o->dst, o->opt, o->im6o, ro, &o->ifp, &o->rt);
	if (error != 0) {
		IP6STAT_INC(o->k, NOROUTE);
		return error;
	}
	if ((error = rt_rejects(o->rt)) != 0)
		return error;
	if ((error = check_zones(o, src)) != 0) {
		IP6STAT_INC(o->k, BADSCOPE);
		return error;
	}
	if (o->opt != NULL && o->opt->ip6po_nexthop.sin6_len != 0 &&
	    !a6_multicast(&o->to))
		o->dst = o->opt->ip6po_nexthop;
	if (o->rt != NULL && (o->rt->rt_flags & RTF_GATEWAY) != 0 &&
	    o->rt->rt_gateway->sa_family == AF_INET6)
		sin6_init(&o->dst, &sin6_of(o->rt->rt_gateway)->sin6_addr);
	return choose_mtu(o);
}

/* Hop limit and class of options; of groups the socket's own, and 1 where nobody has said anything (RFC 3493 5.2). */
static void
set_fields(struct out6 *o, struct mbuf *m)
{
	uint8_t *p = m->m_data;
	bool raw = o->inp == NULL || o->inp->inp_socket == NULL ||
	    o->inp->inp_socket->so_type == SOCK_RAW;

	p[0] = (uint8_t)(0x60 | (p[0] & 0xf));
	be16_put(p + IP6_PLEN, (uint16_t)(m->m_pkthdr.len - IP6_HDRLEN));
	if (o->opt != NULL && o->opt->ip6po_tclass >= 0) {
		p[0] = (uint8_t)(0x60 | (o->opt->ip6po_tclass >> 4 & 0xf));
		p[1] = (uint8_t)((o->opt->ip6po_tclass & 0xf) << 4 |
		    (p[1] & 0xf));
	}
	if (o->opt != NULL && o->opt->ip6po_hlim >= 0)
		p[IP6_HLIM] = (uint8_t)o->opt->ip6po_hlim;
	else if (a6_multicast(&o->to) && o->im6o != NULL)
		p[IP6_HLIM] = (uint8_t)o->im6o->im6o_multicast_hlim;
	else if (a6_multicast(&o->to) && !raw)
		p[IP6_HLIM] = (uint8_t)INET6(o->k)->ip6_defmcasthlim;
}

static int
set_source(struct out6 *o, struct mbuf *m, struct route *ro)
{
	struct in6_addr src = a6_get(m->m_data + IP6_SRC);
	struct sockaddr_in6 dst;
	struct ifnet *ifp = NULL;
	int error;

	if (!a6_unspecified(&src) || (o->flags & IPV6_UNSPECSRC) != 0)
		return 0;
	sin6_init(&dst, &o->to);
	error = in6_selectsrc(o->k, &dst, o->opt, o->im6o, ro, &ifp, &src);
	if (error == 0)
		a6_put(m->m_data + IP6_SRC, &src);
	return error;
}

/* Goes through the filter and onto its way. */
static int
dispatch(struct out6 *o, struct mbuf *m, uint32_t *mtup)
{
	struct in6_addr src = a6_get(m->m_data + IP6_SRC);
	struct ifnet *ifp = o->ifp;
	int error;

	clear_scopes(m);
	m->m_flags &= (uint16_t) ~(M_MCAST | M_BCAST);
	if (a6_multicast(&o->to)) {
		m->m_flags |= M_MCAST;
		in6_ifstat_inc(ifp, IFS6(out_mcast));
	}
	error = pfil_run(o->k, &m, ifp, AF_INET6, PFIL_DIR_OUT);
	if (error != 0 || m == NULL)
		return error;
	if (a6_multicast(&o->to) && multicast_local(o, m)) {
		m_freem(m);
		return 0;
	}
	/* To ourselves: the interface that an address belongs to has got it. */
	if ((ifp->if_flags & IFF_LOOPBACK) != 0 &&
	    (ifp = scoped_ifp(ifp, &src, &o->to)) != o->ifp) {
		if (o->rt != NULL)
			atomic_fetch_add_explicit(
			    &o->rt->rt_use, 1, memory_order_relaxed);
		return looutput(ifp, m, (struct sockaddr *)&o->dst, o->rt);
	}
	return send_sized(o, m, mtup);
}

int
ip6_output(struct rump_kernel *k, struct mbuf *m, struct ip6_pktopts *opt,
    struct route *ro, int flags, struct ip6_moptions *im6o, struct inpcb *inp,
    uint32_t *mtup)
{
	struct out6 o = {
		.k = k, .opt = opt, .im6o = im6o, .inp = inp, .flags = flags
	};
	struct route local = { .ro_rt = NULL };
	struct in6_addr src;
	size_t unfrag;
	int error = -EMSGSIZE;

	if (opt != NULL && (m = insert_headers(m, opt, &unfrag)) == NULL)
		return -ENOBUFS;
	if (m->m_pkthdr.len > IP6_HDRLEN + IPV6_MAXPACKET)
		goto bad;
	if (opt != NULL && opt->ip6po_rthdr != NULL)
		route_through(m, opt);
	o.to = a6_get(m->m_data + IP6_DST);
	if (ro == NULL)
		ro = &local;
	set_fields(&o, m);
	error = -EHOSTUNREACH;
	if (a6_unspecified(&o.to))
		goto bad;
	if ((error = set_source(&o, m, ro)) != 0)
		goto bad;
	src = a6_get(m->m_data + IP6_SRC);
	if ((error = find_way(&o, ro, &src)) != 0)
		goto bad;
	if ((flags & IPV6_FORWARDING) == 0)
		IP6STAT_INC(k, LOCALOUT);
	in6_ifstat_inc(o.ifp, IFS6(out_request));
	return dispatch(&o, m, mtup);
bad:
	IP6STAT_INC(k, ODROPPED);
	m_freem(m);
	return error;
}

int
in6_selecthlim(const struct inpcb *inp, struct ifnet *ifp)
{
	if (inp != NULL && inp->inp_hops6 >= 0)
		return inp->inp_hops6;
	if (ifp != NULL && IN6_IFEXTRA(ifp) != NULL)
		return IN6_IFEXTRA(ifp)->ie_ndi.chlim;
	return inp != NULL ? INET6(inp->inp_socket->so_k)->ip6_defhlim :
			     IPV6_DEFHLIM;
}
