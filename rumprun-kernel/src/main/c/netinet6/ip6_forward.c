/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets for others (RFC 8200, 4291 2.5.6, 4007 9). */
#include "net/pfil.h"
#include "netinet6/in6_private.h"

static void
cannot(struct mbuf *m, int type, int code, uint32_t param)
{
	IP6STAT_INC(m->m_k, CANTFORWARD);
	if (type == 0)
		m_freem(m);
	else
		icmp6_error(m, type, code, param);
}

/* Large segments that came from a neighbour in this process, for a medium that doesn't take them: TCP's header in front of each piece. */
static struct mbuf *
one_segment(struct mbuf *m, size_t hdr, size_t tcp, size_t at, size_t len)
{
	struct mbuf *s = m_getcl(m->m_k, MT_DATA, hdr + IP6_MAXLINKHDR, true);
	struct mbuf *data = m_copym(m, hdr + at, len);
	uint8_t *p;

	if (s == NULL || data == NULL) {
		m_freem(s);
		m_freem(data);
		return NULL;
	}
	s->m_data += IP6_MAXLINKHDR;
	p = s->m_data;
	m_copydata(m, 0, hdr, p);
	be16_put(p + IP6_PLEN, (uint16_t)(hdr - IP6_HDRLEN + len));
	be32_put(p + tcp + 4, be32_get(p + tcp + 4) + (uint32_t)at);
	/* FIN and PSH belong to the last piece, CWR to the first. */
	if (hdr + at + len < m->m_pkthdr.len)
		p[tcp + 13] &= (uint8_t)~0x09;
	if (at > 0)
		p[tcp + 13] &= (uint8_t)~0x80;
	s->m_len = (uint32_t)hdr;
	s->m_pkthdr.len = (uint32_t)(hdr + len);
	s->m_pkthdr.csum_flags = M_CSUM_TCPv6;
	s->m_pkthdr.csum_data = 16;
	s->m_next = data;
	return s;
}

static int
send_segments(struct ifnet *ifp, struct mbuf *m, const struct sockaddr_in6 *dst,
    struct rtentry *rt)
{
	size_t step = m->m_pkthdr.segsz, hdr, tcp, len = m->m_pkthdr.len, n;
	uint8_t doff;
	int nxt = 0, error = 0;

	tcp = ip6_lasthdr(m, &nxt);
	if (tcp == 0 || nxt != IPPROTO_TCP || len < tcp + 20 || step == 0)
		goto out;
	m_copydata(m, tcp + 12, 1, &doff);
	hdr = tcp + (doff >> 4) * 4u;
	if (hdr < tcp + 20 || hdr > len)
		goto out;
	for (size_t at = 0; hdr + at < len && error == 0; at += n) {
		struct mbuf *s;

		n = len - hdr - at < step ? len - hdr - at : step;
		s = one_segment(m, hdr, tcp, at, n);
		error = s == NULL ? -ENOBUFS : ip6_transmit(ifp, s, dst, rt);
	}
out:
	m_freem(m);
	return error;
}

/* How long the longest piece will be. */
static uint32_t
wire_length(const struct mbuf *m)
{
	uint32_t len = m->m_pkthdr.len;

	if ((m->m_pkthdr.csum_flags & M_CSUM_TSOv6) == 0)
		return len;
	/* Headers are some 60 bytes, and count for their most. */
	return m->m_pkthdr.segsz + 60u < len ? m->m_pkthdr.segsz + 60u : len;
}

/* RFC 4861 8.2: he could have sent it there himself. */
static bool
redirects(
    const struct mbuf *m, const struct rtentry *rt, const struct in6_addr *src)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = m->m_pkthdr.rcvif;

	return rt->rt_ifp == ifp && INET6(k)->ip6_sendredirects != 0 &&
	    (rt->rt_flags & (RTF_DYNAMIC | RTF_MODIFIED)) == 0 &&
	    (ifp->if_flags & IFF_POINTOPOINT) == 0 && nd6_is_neighbor(ifp, src);
}

static struct rtentry *
find_route(struct mbuf *m, const struct sockaddr_in6 *dst)
{
	struct rtentry *rt = rtalloc1(m->m_k, (const struct sockaddr *)dst);

	if (rt == NULL) {
		IP6STAT_INC(m->m_k, NOROUTE);
		in6_ifstat_inc(m->m_pkthdr.rcvif, IFS6(in_noroute));
		cannot(m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE, 0);
		return NULL;
	}
	if ((rt->rt_flags & RTF_BLACKHOLE) != 0) {
		cannot(m, 0, 0, 0);
		return NULL;
	}
	if ((rt->rt_flags & RTF_REJECT) != 0) {
		cannot(m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_REJROUTE, 0);
		return NULL;
	}
	return rt;
}

static void
send(struct mbuf *m, struct sockaddr_in6 *dst, struct rtentry *rt)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = rt->rt_ifp, *in = m->m_pkthdr.rcvif;
	struct in6_addr a = a6_get(m->m_data + IP6_SRC);

	m->m_data[IP6_HLIM]--;
	in6_clearscope(&a);
	a6_put(m->m_data + IP6_SRC, &a);
	a = a6_get(m->m_data + IP6_DST);
	in6_clearscope(&a);
	a6_put(m->m_data + IP6_DST, &a);
	if (pfil_run(k, &m, ifp, AF_INET6, PFIL_DIR_OUT) != 0 || m == NULL)
		return;
	if ((rt->rt_flags & RTF_GATEWAY) != 0 &&
	    rt->rt_gateway->sa_family == AF_INET6)
		sin6_init(dst, &sin6_of(rt->rt_gateway)->sin6_addr);
	IP6STAT_INC(k, FORWARD);
	in6_ifstat_inc(in, IFS6(out_forward));
	if ((m->m_pkthdr.csum_flags & M_CSUM_TSOv6) != 0 &&
	    (ifp->if_csum_flags_tx & M_CSUM_TSOv6) == 0)
		(void)send_segments(ifp, m, dst, rt);
	else
		(void)ip6_transmit(ifp, m, dst, rt);
}

void
ip6_forward(struct mbuf *m)
{
	struct in6_addr src = a6_get(m->m_data + IP6_SRC),
			to = a6_get(m->m_data + IP6_DST);
	struct ifnet *in = m->m_pkthdr.rcvif;
	struct sockaddr_in6 dst;
	struct rtentry *rt;
	struct mbuf *copy;
	uint32_t mtu;

	if (a6_unspecified(&src) || a6_loopback(&to) || a6_loopback(&src)) {
		cannot(m, 0, 0, 0);
		return;
	}
	if (m->m_data[IP6_HLIM] <= IPV6_HLIMDEC) {
		cannot(m, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, 0);
		return;
	}
	sin6_init(&dst, &to);
	if ((rt = find_route(m, &dst)) == NULL)
		return;
	if ((a6_zone(&src) != 0 && rt->rt_ifp != in) ||
	    (a6_zone(&to) != 0 && rt->rt_ifp != in)) {
		IP6STAT_INC(m->m_k, BADSCOPE);
		cannot(m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_BEYONDSCOPE, 0);
		return;
	}
	mtu = ip6_pathmtu(rt->rt_ifp, rt);
	if (wire_length(m) > mtu) {
		in6_ifstat_inc(in, IFS6(in_toobig));
		cannot(m, ICMP6_PACKET_TOO_BIG, 0, mtu);
		return;
	}
	if (redirects(m, rt, &src) && (copy = m_copym(m, 0, M_COPYALL)) != NULL)
		icmp6_redirect_output(copy, rt);
	send(m, &dst, rt);
}
