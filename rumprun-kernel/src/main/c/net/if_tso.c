/* SPDX-License-Identifier: BSD-2-Clause */
/* Large TCP segments in software. Contract: net/if_tso.h. */
#include <netbsd/ip.h>
#include <netbsd/ip6.h>
#include <netbsd/tcp.h>
#include "net/if_tso.h"

#define HEADERS_MAX (18 + 40 + 128 + 60)
#define LEAD 16

/* Where the headers of a frame are. */
struct headers {
	uint8_t h_bytes[HEADERS_MAX];
	uint32_t h_ip, h_tcp, h_len; /* offsets; length of all */
	bool h_v4;
};

/* Bytes of an IPv6 header and of options behind it; 0: there is no TCP behind them, or too far. */
static uint32_t
behind_ip6(const uint8_t *ip, uint32_t have)
{
	uint32_t off = 40;
	uint8_t nxt = ip[6];

	while (nxt == IPPROTO_HOPOPTS || nxt == IPPROTO_DSTOPTS) {
		if (off + 8 > have)
			return 0;
		nxt = ip[off];
		off += (ip[off + 1] + 1u) * 8;
	}
	return nxt == IPPROTO_TCP ? off : 0;
}

/* l2: bytes of the link header, 0 or Ethernet's. */
static bool
parse(const struct mbuf *m, struct headers *h, uint32_t l2)
{
	uint32_t have = m->m_pkthdr.len < HEADERS_MAX ? m->m_pkthdr.len :
							HEADERS_MAX;
	uint8_t *p = h->h_bytes;
	uint16_t type;

	if (have < l2 + 40)
		return false;
	m_copydata(m, 0, have, p);
	h->h_ip = l2;
	if (l2 == 0)
		type = p[0] >> 4 == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP;
	else
		type = be16_get(p + 12);
	if (type == ETHERTYPE_VLAN) {
		type = be16_get(p + 16);
		h->h_ip += ETHER_VLAN_ENCAP_LEN;
	}
	p += h->h_ip;
	h->h_v4 = type == ETHERTYPE_IP;
	if (h->h_v4) {
		if (p[0] >> 4 != 4 || (p[0] & 15) < 5 || p[9] != IPPROTO_TCP)
			return false;
		h->h_tcp = h->h_ip + (p[0] & 15u) * 4;
	} else {
		if (type != ETHERTYPE_IPV6 || p[0] >> 4 != 6)
			return false;
		h->h_tcp = h->h_ip + behind_ip6(p, have - h->h_ip);
		if (h->h_tcp == h->h_ip)
			return false;
	}
	if (h->h_tcp + 20 > have)
		return false;
	p = h->h_bytes + h->h_tcp;
	h->h_len = h->h_tcp + (p[12] >> 4) * 4u;
	return (p[12] >> 4) >= 5 && h->h_len <= have;
}

/* Segment number n: `off` bytes of payload before it, `len` in it. */
static void
set_headers(uint8_t *p, const struct headers *h, uint32_t n, uint32_t off,
    uint32_t len, bool last)
{
	uint8_t *ip = p + h->h_ip, *tcp = p + h->h_tcp;
	uint16_t id;

	memcpy(p, h->h_bytes, h->h_len);
	if (h->h_v4) {
		be16_put(ip + 2, (uint16_t)(h->h_len - h->h_ip + len));
		/* A packet that may not be fragmented and has no number keeps that. */
		if ((id = be16_get(ip + 4)) != 0 ||
		    (be16_get(ip + 6) & IP_DF) == 0)
			be16_put(ip + 4, (uint16_t)(id + n));
	} else
		be16_put(ip + 4, (uint16_t)(h->h_len - h->h_ip - 40 + len));
	be32_put(tcp + 4, be32_get(tcp + 4) + off);
	if (!last)
		tcp[13] &= ~(TH_FIN | TH_PUSH);
	if (n > 0)
		tcp[13] &= ~TH_CWR;
}

/*
 * A packet of its own, data and all: many that referred to one large storage would each count as much as all of it, wherever they wait.
 */
static struct mbuf *
segment(const struct mbuf *m, const struct headers *h, uint32_t n, uint32_t off,
    uint32_t len, bool last)
{
	struct mbuf *s = m_getcl(m->m_k, MT_DATA, LEAD + h->h_len + len, true);

	if (s == NULL)
		return NULL;
	s->m_pkthdr = m->m_pkthdr;
	s->m_pkthdr.tags = NULL;
	s->m_flags |= m->m_flags &
	    (M_BCAST | M_MCAST | M_VLANTAG | M_BRIDGE | M_NPF);
	s->m_data += LEAD;
	s->m_len = s->m_pkthdr.len = h->h_len + len;
	set_headers(s->m_data, h, n, off, len, last);
	m_copydata(m, h->h_len + off, len, s->m_data + h->h_len);
	s->m_pkthdr.segsz = 0;
	s->m_pkthdr.csum_flags &= ~(uint32_t)M_CSUM_TSO;
	s->m_pkthdr.csum_flags |= h->h_v4 ? M_CSUM_TCPv4 | M_CSUM_IPv4 :
					    M_CSUM_TCPv6;
	s->m_pkthdr.csum_data = 16;
	return s;
}

static struct mbuf *
split(struct mbuf *m, uint32_t l2)
{
	struct mbuf *head = NULL, **tail = &head;
	uint32_t segsz = m->m_pkthdr.segsz, off = 0, payload;
	struct headers h;

	if (segsz == 0 || !parse(m, &h, l2))
		goto out;
	payload = m->m_pkthdr.len - h.h_len;
	for (uint32_t n = 0; n == 0 || off < payload; n++) {
		uint32_t len = payload - off < segsz ? payload - off : segsz;

		*tail = segment(m, &h, n, off, len, off + len == payload);
		if (*tail == NULL) {
			m_freepkts(head);
			head = NULL;
			break;
		}
		tail = &(*tail)->m_nextpkt;
		off += len;
	}
out:
	m_freem(m);
	return head;
}

struct mbuf *
tso_split(struct mbuf *m)
{
	return split(m, ETHER_HDR_LEN);
}

struct mbuf *
tso_split_ip(struct mbuf *m)
{
	return split(m, 0);
}

/* --- segments without mbufs --- */

/* The sum of the pseudo header. */
static uint32_t
pseudo_sum(const uint8_t *ip, bool v4, uint32_t len)
{
	uint32_t sum = htons(IPPROTO_TCP) + htons((uint16_t)len);

	return v4 ? in_cksum_add(sum, ip + 12, 8) :
		    in_cksum_add(sum, ip + 8, 32);
}

static void
put_sum(uint8_t *where, uint32_t sum)
{
	uint16_t v = (uint16_t)~in_cksum_fold(sum);

	memcpy(where, &v, sizeof(v));
}

static void
finish_headers(uint8_t *p, const struct headers *h, const struct mbuf *m,
    uint32_t off, uint32_t len)
{
	uint8_t *ip = p + h->h_ip, *tcp = p + h->h_tcp;
	uint32_t tcplen = h->h_len - h->h_tcp, sum;

	if (h->h_v4) {
		memset(ip + 10, 0, 2);
		put_sum(ip + 10, in_cksum_add(0, ip, h->h_tcp - h->h_ip));
	}
	memset(tcp + 16, 0, 2);
	sum = pseudo_sum(ip, h->h_v4, tcplen + len);
	sum = in_cksum_add(sum, tcp, tcplen);
	put_sum(tcp + 16, in_cksum_chain(sum, m, h->h_len + off, len));
}

bool
tso_each(const struct mbuf *m, void (*fn)(void *, const struct tso_segment *),
    void *ctx)
{
	uint8_t header[HEADERS_MAX];
	struct tso_segment s = { header, 0, m, 0, 0 };
	uint32_t segsz, off = 0, payload;
	struct headers h;

	if (!parse(m, &h, ETHER_HDR_LEN))
		return false;
	payload = m->m_pkthdr.len - h.h_len;
	segsz = (m->m_pkthdr.csum_flags & M_CSUM_TSO) != 0 ? m->m_pkthdr.segsz :
							     payload;
	if (segsz == 0 && payload > 0)
		return false;
	s.ts_hlen = h.h_len;
	for (uint32_t n = 0; n == 0 || off < payload; n++) {
		uint32_t len = payload - off < segsz ? payload - off : segsz;

		set_headers(header, &h, n, off, len, off + len == payload);
		finish_headers(header, &h, m, off, len);
		s.ts_off = h.h_len + off;
		s.ts_len = len;
		fn(ctx, &s);
		off += len;
	}
	return true;
}

/* --- putting together --- */

#define LRO_MAX 65000

/*
 * Is this a segment with data that could be a part of something larger, and right? All headers lie in the first mbuf. Then h says where they are; h_bytes is not
 * used.
 */
static bool
candidate(const struct mbuf *m, struct headers *h)
{
	const uint8_t *p = m->m_data, *ip = p + ETHER_HDR_LEN, *tcp;
	uint32_t len = m->m_pkthdr.len, iplen;
	uint16_t type;

	if (m->m_len != len || len < ETHER_HDR_LEN + 40)
		return false;
	type = be16_get(p + 12);
	h->h_v4 = type == ETHERTYPE_IP;
	h->h_ip = ETHER_HDR_LEN;
	if (h->h_v4) {
		if (ip[0] != 0x45 || ip[9] != IPPROTO_TCP ||
		    (be16_get(ip + 6) & ~IP_DF) != 0 ||
		    in_cksum_fold(in_cksum_add(0, ip, 20)) != 0xffff)
			return false;
		iplen = be16_get(ip + 2);
		h->h_tcp = ETHER_HDR_LEN + 20;
	} else {
		if (type != ETHERTYPE_IPV6 || ip[0] >> 4 != 6 ||
		    ip[6] != IPPROTO_TCP)
			return false;
		iplen = be16_get(ip + 4) + 40u;
		h->h_tcp = ETHER_HDR_LEN + 40;
	}
	if (iplen != len - ETHER_HDR_LEN || h->h_tcp + 20 > len)
		return false;
	tcp = p + h->h_tcp;
	h->h_len = h->h_tcp + (tcp[12] >> 4) * 4u;
	if (tcp[12] >> 4 < 5 || h->h_len >= len ||
	    (tcp[13] & ~(TH_PUSH | TH_FIN)) != TH_ACK)
		return false;
	return in_cksum_fold(
		   in_cksum_add(pseudo_sum(ip, h->h_v4, len - h->h_tcp), tcp,
		       len - h->h_tcp)) == 0xffff;
}

/* Do the headers differ in nothing but what differs from one segment to the next? */
static bool
same_flow(const uint8_t *a, const uint8_t *b, const struct headers *h)
{
	const uint8_t *ipa = a + h->h_ip, *ipb = b + h->h_ip;
	const uint8_t *ta = a + h->h_tcp, *tb = b + h->h_tcp;

	if (memcmp(a, b, ETHER_HDR_LEN) != 0)
		return false;
	if (h->h_v4) {
		/* Not: length, identification, checksum. */
		if (memcmp(ipa, ipb, 2) != 0 ||
		    memcmp(ipa + 6, ipb + 6, 4) != 0 ||
		    memcmp(ipa + 12, ipb + 12, 8) != 0)
			return false;
	} else if (memcmp(ipa, ipb, 4) != 0 || memcmp(ipa + 6, ipb + 6, 34) != 0)
		return false;
	/* Not: sequence number, flags, checksum. */
	return memcmp(ta, tb, 4) == 0 && memcmp(ta + 8, tb + 8, 5) == 0 &&
	    memcmp(ta + 14, tb + 14, 2) == 0 &&
	    memcmp(ta + 18, tb + 18, h->h_len - h->h_tcp - 18) == 0;
}

static bool
goes_on(const struct lro *l, const struct mbuf *m, const struct headers *h)
{
	uint32_t len = m->m_pkthdr.len - h->h_len;

	return l->l_m != NULL && !l->l_closed && l->l_hlen == h->h_len &&
	    l->l_tcp == h->h_tcp &&
	    be32_get(m->m_data + h->h_tcp + 4) == l->l_next &&
	    len <= l->l_m->m_pkthdr.segsz &&
	    l->l_m->m_pkthdr.len + len <= LRO_MAX &&
	    same_flow(l->l_m->m_data, m->m_data, h);
}

void
lro_flush(struct lro *l, void (*emit)(struct ifnet *, struct mbuf *),
    struct ifnet *ifp)
{
	struct mbuf *m = l->l_m;
	uint8_t *ip;

	if (m == NULL)
		return;
	l->l_m = NULL;
	if (l->l_tail != m) {
		ip = m->m_data + ETHER_HDR_LEN;
		if (ip[0] >> 4 == 4) {
			be16_put(ip + 2,
			    (uint16_t)(m->m_pkthdr.len - ETHER_HDR_LEN));
			memset(ip + 10, 0, 2);
			put_sum(ip + 10, in_cksum_add(0, ip, 20));
			m->m_pkthdr.csum_flags |= M_CSUM_TSOv4;
		} else {
			be16_put(ip + 4,
			    (uint16_t)(m->m_pkthdr.len - ETHER_HDR_LEN - 40));
			m->m_pkthdr.csum_flags |= M_CSUM_TSOv6;
		}
	} else
		m->m_pkthdr.segsz = 0;
	emit(ifp, m);
}

void
lro_input(struct lro *l, struct mbuf *m,
    void (*emit)(struct ifnet *, struct mbuf *), struct ifnet *ifp)
{
	struct headers h;
	uint32_t len;

	if (!candidate(m, &h)) {
		lro_flush(l, emit, ifp);
		emit(ifp, m);
		return;
	}
	len = m->m_pkthdr.len - h.h_len;
	l->l_closed = l->l_closed && l->l_m != NULL;
	if (goes_on(l, m, &h)) {
		l->l_m->m_data[h.h_tcp + 13] |= m->m_data[h.h_tcp + 13];
		l->l_m->m_pkthdr.len += len;
		l->l_closed = len < l->l_m->m_pkthdr.segsz ||
		    (m->m_data[h.h_tcp + 13] & TH_FIN) != 0;
		m->m_data += h.h_len;
		m->m_len -= h.h_len;
		m->m_flags &= ~M_PKTHDR;
		l->l_tail->m_next = m;
		l->l_tail = m;
		l->l_next += len;
		return;
	}
	lro_flush(l, emit, ifp);
	m->m_pkthdr.csum_flags = h.h_v4 ? M_CSUM_TCPv4 : M_CSUM_TCPv6;
	m->m_pkthdr.csum_data = 16;
	m->m_pkthdr.segsz = (uint16_t)len;
	l->l_m = l->l_tail = m;
	l->l_tcp = h.h_tcp;
	l->l_hlen = h.h_len;
	l->l_next = be32_get(m->m_data + h.h_tcp + 4) + len;
	l->l_closed = (m->m_data[h.h_tcp + 13] & TH_FIN) != 0;
}
