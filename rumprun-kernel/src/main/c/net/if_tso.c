/* SPDX-License-Identifier: BSD-2-Clause */
/* Large TCP segments in software. Contract: net/if_tso.h. */
#include <netbsd/ip.h>
#include <netbsd/ip6.h>
#include <netbsd/tcp.h>
#include "net/if_tso.h"

#define HEADERS_MAX (18 + 60 + 60)
#define LEAD 16

/* Where the headers of a frame are. */
struct headers {
	uint8_t h_bytes[HEADERS_MAX];
	uint32_t h_ip, h_tcp, h_len; /* offsets; length of all */
	bool h_v4;
};

static bool
parse(const struct mbuf *m, struct headers *h)
{
	uint32_t have = m->m_pkthdr.len < HEADERS_MAX ? m->m_pkthdr.len :
							HEADERS_MAX;
	uint8_t *p = h->h_bytes;
	uint16_t type;

	if (have < ETHER_HDR_LEN + 40)
		return false;
	m_copydata(m, 0, have, p);
	h->h_ip = ETHER_HDR_LEN;
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
		if (type != ETHERTYPE_IPV6 || p[0] >> 4 != 6 ||
		    p[6] != IPPROTO_TCP)
			return false;
		h->h_tcp = h->h_ip + 40;
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
		be16_put(ip + 4, (uint16_t)(h->h_len - h->h_tcp + len));
	be32_put(tcp + 4, be32_get(tcp + 4) + off);
	if (!last)
		tcp[13] &= ~(TH_FIN | TH_PUSH);
	if (n > 0)
		tcp[13] &= ~TH_CWR;
}

static struct mbuf *
segment(const struct mbuf *m, const struct headers *h, uint32_t n, uint32_t off,
    uint32_t len, bool last)
{
	struct mbuf *s, *data;

	s = h->h_len + LEAD <= MHLEN ? m_gethdr(m->m_k, MT_DATA) :
				       m_getcl(m->m_k, MT_DATA, 0, true);
	if (s == NULL)
		return NULL;
	s->m_pkthdr = m->m_pkthdr;
	s->m_pkthdr.tags = NULL;
	s->m_flags |= m->m_flags &
	    (M_BCAST | M_MCAST | M_VLANTAG | M_BRIDGE | M_NPF);
	s->m_data = m_start(s) + LEAD;
	s->m_len = h->h_len;
	set_headers(s->m_data, h, n, off, len, last);
	s->m_pkthdr.len = h->h_len + len;
	s->m_pkthdr.segsz = 0;
	s->m_pkthdr.csum_flags &= ~(uint32_t)M_CSUM_TSO;
	s->m_pkthdr.csum_flags |= h->h_v4 ? M_CSUM_TCPv4 | M_CSUM_IPv4 :
					    M_CSUM_TCPv6;
	s->m_pkthdr.csum_data = 16;
	if (len > 0 && (data = m_copym(m, h->h_len + off, len)) == NULL) {
		m_freem(s);
		return NULL;
	}
	if (len > 0)
		m_cat(s, data);
	return s;
}

struct mbuf *
tso_split(struct mbuf *m)
{
	struct mbuf *head = NULL, **tail = &head;
	uint32_t segsz = m->m_pkthdr.segsz, off = 0, payload;
	struct headers h;

	if (segsz == 0 || !parse(m, &h))
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
