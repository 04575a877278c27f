/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 packets that leave: route, source, broadcast and multicast rules, pieces (RFC 791, 1122 3.3, 1191). */
#include "net/pfil.h"
#include "net/if_tso.h"
#include "netinet/ip_private.h"

uint16_t
ip_newid(struct rump_kernel *k)
{
	struct inet_state *is = INET(k);
	uint16_t id;

	if (is->ip_randomid != 0) {
		do
			kern_random(k, &id, sizeof(id));
		while (id == 0);
		return id;
	}
	do
		id = (uint16_t)(atomic_fetch_add_explicit(
				    &is->is_ipid, 1, memory_order_relaxed) +
		    1);
	while (id == 0);
	return id;
}

struct mbuf *
in_delayed_cksum(struct mbuf *m)
{
	unsigned hlen, off;
	uint32_t flags = m->m_pkthdr.csum_flags;
	const uint8_t *ip;
	uint16_t sum = 0;
	uint8_t proto;

	if ((flags & (M_CSUM_TCPv4 | M_CSUM_UDPv4)) != 0) {
		if (m->m_len < IPH_SIZE && (m = m_pullup(m, IPH_SIZE)) == NULL)
			return NULL;
		hlen = ip_hlen(m->m_data);
		off = hlen + m->m_pkthdr.csum_data;
		if (hlen < IPH_SIZE || off + 2 > m->m_pkthdr.len)
			goto done;
		if (m_copyback(m, off, 2, &sum) != 0)
			goto fail;
		ip = m->m_data;
		proto = ip[IPH_P];
		sum = in4_cksum(m, proto, ip_src(ip), ip_dst(ip), hlen,
		    m->m_pkthdr.len - hlen);
		if (sum == 0 && (flags & M_CSUM_UDPv4) != 0)
			sum = 0xffff;
		if (m_copyback(m, off, 2, &sum) != 0)
			goto fail;
	}
done:
	if ((flags & M_CSUM_IPv4) != 0) {
		if (m->m_len < IPH_SIZE && (m = m_pullup(m, IPH_SIZE)) == NULL)
			return NULL;
		hlen = ip_hlen(m->m_data);
		if (hlen >= IPH_SIZE && hlen <= m->m_pkthdr.len) {
			if ((m = m_makewritable(m, hlen)) == NULL)
				return NULL;
			ip_setcksum(m->m_data, hlen);
		}
	}
	m->m_pkthdr.csum_flags &= ~(
	    uint32_t)(M_CSUM_TCPv4 | M_CSUM_UDPv4 | M_CSUM_IPv4);
	return m;
fail:
	m_freem(m);
	return NULL;
}

/* --- pieces --- */

/* One piece after the first: its own header before a reference to the data. */
static struct mbuf *
piece(struct mbuf *m, unsigned off, unsigned len, const uint8_t *opts,
    unsigned optlen)
{
	struct mbuf *h = m_gethdr(m->m_k, MT_HEADER);
	unsigned hlen = IPH_SIZE + optlen;

	if (h == NULL)
		return NULL;
	h->m_data += 16;
	h->m_len = hlen;
	memcpy(h->m_data, m->m_data, IPH_SIZE);
	memcpy(h->m_data + IPH_SIZE, opts, optlen);
	h->m_data[IPH_VHL] = (uint8_t)(IPVERSION << 4 | hlen / 4);
	h->m_next = m_copym(m, off, len);
	if (h->m_next == NULL) {
		m_freem(h);
		return NULL;
	}
	h->m_pkthdr.len = hlen + len;
	h->m_pkthdr.rcvif = m->m_pkthdr.rcvif;
	h->m_flags |= m->m_flags & (M_BCAST | M_MCAST | M_NPF | M_LOOP);
	return h;
}

int
ip_fragment(struct mbuf *m, uint32_t mtu, struct mbuf **list)
{
	_Atomic uint64_t *stat = INET(m->m_k)->ipstat;
	unsigned hlen = ip_hlen(m->m_data), len, total = m->m_pkthdr.len,
		 optlen, off;
	uint16_t ipoff = be16_get(m->m_data + IPH_OFF);
	uint8_t opts[IPH_MAX - IPH_SIZE];
	struct mbuf **tail = &m->m_nextpkt;
	unsigned n = 1;

	*list = NULL;
	len = mtu <= hlen ? 0 : (mtu - hlen) & ~7u;
	if (len < 8) {
		m_freem(m);
		return -EMSGSIZE;
	}
	m->m_nextpkt = NULL;
	optlen = ip_optcopy(m->m_data, opts);
	for (off = hlen + len; off < total; n++) {
		unsigned room = (mtu - IPH_SIZE - optlen) & ~7u;
		uint16_t fo = (uint16_t)(ipoff + ((off - hlen) >> 3));
		struct mbuf *p;

		if (room > total - off)
			room = total - off;
		else if (room < total - off)
			fo |= IP_MF;
		if (off + room < total)
			fo |= IP_MF;
		p = piece(m, off, room, opts, optlen);
		if (p == NULL) {
			m_freepkts(m);
			stat_inc(stat, IP_STAT_ODROPPED);
			return -ENOBUFS;
		}
		be16_put(p->m_data + IPH_LEN, (uint16_t)p->m_pkthdr.len);
		be16_put(p->m_data + IPH_OFF, fo);
		*tail = p;
		tail = &p->m_nextpkt;
		off += room;
	}
	m_adj(m, -(int)(total - hlen - len));
	be16_put(m->m_data + IPH_LEN, (uint16_t)m->m_pkthdr.len);
	be16_put(m->m_data + IPH_OFF, ipoff | IP_MF);
	stat_inc(stat, IP_STAT_FRAGMENTED);
	stat_add(stat, IP_STAT_OFRAGMENTS, n);
	*list = m;
	return 0;
}

/* --- the way out --- */

struct out {
	struct rump_kernel *k;
	struct ifnet *ifp;
	struct in_ifaddr *ia; /* source, if there is none yet */
	struct rtentry *rt;
	struct sockaddr_in dst; /* next hop */
	int flags;
};

static int
find_way(struct out *o, struct route *ro, uint32_t dst,
    const struct ip_moptions *imo)
{
	struct rump_kernel *k = o->k;
	struct sockaddr *sa = (struct sockaddr *)&o->dst;
	struct ifaddr *ifa;
	int error;

	sockaddr_in_init(&o->dst, dst, 0);
	if ((o->flags & IP_ROUTETOIF) != 0) {
		if ((ifa = ifa_ifwithdstaddr(k, sa)) == NULL &&
		    (ifa = ifa_ifwithnet(k, sa)) == NULL) {
			stat_inc(INET(k)->ipstat, IP_STAT_NOROUTE);
			return -ENETUNREACH;
		}
		o->ia = ifatoia(ifa);
		o->ifp = ifa->ifa_ifp;
		return 0;
	}
	if (imo != NULL && imo->imo_multicast_ifindex != 0 &&
	    (in_multicast(dst) || dst == INADDR_BROADCAST)) {
		if ((o->ifp = if_byindex(k, imo->imo_multicast_ifindex)) == NULL)
			return -EADDRNOTAVAIL;
		o->ia = in_firstaddr(o->ifp);
		return 0;
	}
	o->rt = ro != NULL ? route_lookup(k, ro, sa) : rtalloc1(k, sa);
	if (o->rt == NULL) {
		stat_inc(INET(k)->ipstat, IP_STAT_NOROUTE);
		return -EHOSTUNREACH;
	}
	if ((error = rt_rejects(o->rt)) != 0)
		return error;
	o->ifp = o->rt->rt_ifp;
	if (o->rt->rt_ifa != NULL &&
	    o->rt->rt_ifa->ifa_addr->sa_family == AF_INET)
		o->ia = ifatoia(o->rt->rt_ifa);
	if ((o->rt->rt_flags & RTF_GATEWAY) != 0 &&
	    o->rt->rt_gateway->sa_family == AF_INET)
		o->dst.sin_addr = ((const struct sockaddr_in *)(const void *)
				       o->rt->rt_gateway)
				      ->sin_addr;
	return 0;
}

/* A member of the group hears what is sent here; looutput takes a copy that shares the data. */
static void
loop_back(struct out *o, struct mbuf *m)
{
	unsigned hlen = ip_hlen(m->m_data);
	struct mbuf *copy = m_copym(m, 0, M_COPYALL);

	if (copy != NULL && (copy = m_makewritable(copy, hlen)) != NULL &&
	    (copy = in_delayed_cksum(copy)) != NULL) {
		ip_setcksum(copy->m_data, hlen);
		(void)looutput(o->ifp, copy, (struct sockaddr *)&o->dst, NULL);
	}
}

/* 0: goes on. 1: was for us alone, and is gone; negative: refused (m stays). */
static int
multicast(struct out *o, struct mbuf *m, const struct ip_moptions *imo)
{
	uint8_t *ip = m->m_data;
	uint32_t dst = ip_dst(ip);

	if ((o->flags & (IP_FORWARDING | IP_RAWOUTPUT)) == 0)
		ip[IPH_TTL] = imo != NULL ? imo->imo_multicast_ttl :
					    IP_DEFAULT_MULTICAST_TTL;
	if ((o->ifp->if_flags & (IFF_MULTICAST | IFF_LOOPBACK)) == 0)
		return -ENETUNREACH;
	m->m_flags |= M_MCAST;
	if ((o->flags & IP_FORWARDING) == 0 && in_ismember(o->ifp, dst) &&
	    (imo == NULL || imo->imo_multicast_loop != 0) &&
	    (o->ifp->if_flags & IFF_LOOPBACK) == 0)
		loop_back(o, m);
	/* A TTL of 0 stays on this host (RFC 1112 6.1). */
	return ip[IPH_TTL] == 0 ? 1 : 0;
}

static int
broadcast(struct out *o, struct mbuf *m)
{
	if ((o->ifp->if_flags & IFF_BROADCAST) == 0)
		return -EADDRNOTAVAIL;
	if ((o->flags & IP_ALLOWBROADCAST) == 0)
		return -EACCES;
	if (m->m_pkthdr.len > o->ifp->if_mtu)
		return -EMSGSIZE;
	m->m_flags |= M_BCAST;
	return 0;
}

static int
put_out(struct out *o, struct mbuf *m)
{
	unsigned hlen = ip_hlen(m->m_data);

	if ((o->ifp->if_csum_flags_tx & M_CSUM_IPv4) != 0)
		m->m_pkthdr.csum_flags |= M_CSUM_IPv4;
	else {
		m->m_pkthdr.csum_flags &= ~(uint32_t)M_CSUM_IPv4;
		ip_setcksum(m->m_data, hlen);
	}
	return o->ifp->if_ops->ifo_output(
	    o->ifp, m, (struct sockaddr *)&o->dst, o->rt);
}

static int
put_pieces(struct out *o, struct mbuf *m, uint32_t mtu)
{
	struct mbuf *next;
	int error;

	if ((m = in_delayed_cksum(m)) == NULL)
		return -ENOBUFS;
	if ((error = ip_fragment(m, mtu, &m)) != 0)
		return error;
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		if (error == 0)
			error = put_out(o, m);
		else
			m_freem(m);
	}
	return error;
}

/* The header's fields that are ours to set. */
static void
finish_header(struct out *o, struct mbuf *m, unsigned hlen)
{
	uint8_t *ip = m->m_data;
	uint16_t off = be16_get(ip + IPH_OFF) & IP_DF;

	if ((o->flags & (IP_FORWARDING | IP_RAWOUTPUT)) != 0)
		return;
	ip[IPH_VHL] = (uint8_t)(IPVERSION << 4 | hlen / 4);
	be16_put(ip + IPH_OFF, off);
	/* One that is never cut needs no number (RFC 6864 4.1). */
	be16_put(ip + IPH_ID, off != 0 ? 0 : ip_newid(o->k));
	be16_put(ip + IPH_LEN, (uint16_t)m->m_pkthdr.len);
	stat_inc(INET(o->k)->ipstat, IP_STAT_LOCALOUT);
}

/* A source that is no good (yet). */
static int
check_source(struct out *o, uint8_t *ip)
{
	const struct in_ifaddr *ia;

	if (ip_src(ip) == INADDR_ANY && o->ia != NULL &&
	    (o->flags & IP_FORWARDING) == 0) {
		if ((o->ia->ia_flags & IN_IFF_NOTREADY) != 0)
			return -EADDRNOTAVAIL;
		ip_setaddr(ip + IPH_SRC, o->ia->ia_addr.sin_addr.s_addr);
		return 0;
	}
	if ((o->flags & IP_FORWARDING) != 0)
		return 0;
	ia = in_ifaddr_lookup(o->k, ip_src(ip));
	return ia != NULL && (ia->ia_flags & IN_IFF_NOTREADY) != 0 ?
	    -EADDRNOTAVAIL :
	    0;
}

/* Bytes of one piece of a large TCP segment; 0: it is none. */
static uint32_t
piece_len(const struct mbuf *m)
{
	uint32_t hlen = ip_hlen(m->m_data);
	uint8_t off;

	if ((m->m_pkthdr.csum_flags & M_CSUM_TSOv4) == 0 ||
	    m->m_pkthdr.len < hlen + 20)
		return 0;
	m_copydata(m, hlen + 12, 1, &off);
	return hlen + (off >> 4) * 4u + m->m_pkthdr.segsz;
}

/*
 * A large segment whose pieces fit, from one who could send it as it is, to an interface that doesn't take it: Ethernet cuts it for itself, for others it
 * is done here.
 */
static int
put_large(struct out *o, struct mbuf *m)
{
	struct mbuf *next;
	int error = 0;

	if (o->ifp->if_type == IFT_ETHER)
		return put_out(o, m);
	if ((m = tso_split_ip(m)) == NULL)
		return -ENOBUFS;
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		if ((m = in_delayed_cksum(m)) == NULL)
			error = -ENOBUFS;
		else if (error == 0)
			error = put_out(o, m);
		else
			m_freem(m);
	}
	return error;
}

static int
send_it(struct out *o, struct mbuf *m, uint32_t *mtup)
{
	uint32_t mtu = o->rt != NULL && o->rt->rt_rmx.rmx_mtu != 0 ?
	    (uint32_t)o->rt->rt_rmx.rmx_mtu :
	    (uint32_t)o->ifp->if_mtu;
	uint32_t left = m->m_pkthdr.csum_flags & ~o->ifp->if_csum_flags_tx;
	uint32_t piece = piece_len(m);
	bool large = piece != 0 && piece <= mtu;

	if (m->m_pkthdr.len > mtu && large &&
	    ((left & M_CSUM_TSOv4) != 0 || m->m_pkthdr.len > o->ifp->if_tso_max))
		return put_large(o, m);
	if (m->m_pkthdr.len <= mtu || large) {
		if ((left & (M_CSUM_TCPv4 | M_CSUM_UDPv4)) != 0 &&
		    (m = in_delayed_cksum(m)) == NULL)
			return -ENOBUFS;
		return put_out(o, m);
	}
	if (mtup != NULL)
		*mtup = mtu;
	if ((be16_get(m->m_data + IPH_OFF) & IP_DF) != 0) {
		stat_inc(INET(o->k)->ipstat, IP_STAT_CANTFRAG);
		m_freem(m);
		return -EMSGSIZE;
	}
	return put_pieces(o, m, mtu);
}

int
ip_output(struct rump_kernel *k, struct mbuf *m, struct mbuf *opt,
    struct route *ro, int flags, struct ip_moptions *imo, uint32_t *mtup)
{
	struct out o = { .k = k, .flags = flags };
	unsigned hlen = IPH_SIZE;
	uint8_t *ip;
	int error;

	if (opt != NULL && (m = ip_insertoptions(m, opt, &hlen)) == NULL)
		return -ENOBUFS;
	if (m->m_pkthdr.len > IP_MAXPACKET) {
		m_freem(m);
		return -EMSGSIZE;
	}
	ip = m->m_data;
	finish_header(&o, m, hlen);
	error = find_way(&o, ro, ip_dst(ip), imo);
	if (error != 0)
		goto bad;
	if ((flags & IP_ROUTETOIF) != 0)
		ip[IPH_TTL] = 1;
	if ((error = check_source(&o, ip)) != 0)
		goto bad;
	if (in_multicast(o.dst.sin_addr.s_addr))
		error = multicast(&o, m, imo);
	else if ((o.rt == NULL || (o.rt->rt_flags & RTF_GATEWAY) == 0) &&
	    in_broadcast(o.dst.sin_addr.s_addr, o.ifp))
		error = broadcast(&o, m);
	else
		m->m_flags &= ~(M_BCAST | M_MCAST);
	if (error != 0)
		goto bad;
	if (o.rt != NULL && (o.rt->rt_flags & RTF_BLACKHOLE) != 0)
		goto bad;
	error = pfil_run(k, &m, o.ifp, AF_INET, PFIL_DIR_OUT);
	if (error != 0 || m == NULL)
		return error;
	return send_it(&o, m, mtup);
bad:
	if (error < 0)
		stat_inc(INET(k)->ipstat, IP_STAT_ODROPPED);
	m_freem(m);
	return error < 0 ? error : 0;
}
