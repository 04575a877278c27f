/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets taken apart for rules and connections, and put together again with other addresses (RFC 791, 8200, 1624). */
#include "netinet/ip_private.h"
#include "netinet6/inet6.h"
#include "npf/npf.h"

#define IP6H_SIZE 40u
#define IP6H_NXT 6
#define IP6H_SRC 8
#define IP6H_DST 24
#define EXT_MAX 12 /* extension headers that are looked through */

/* Bytes of the packet, be it a chain or memory. */
struct source {
	const struct mbuf *m;
	const uint8_t *p;
	size_t len;
};

static bool
bytes(const struct source *s, size_t off, size_t n, void *to)
{
	if (off > s->len || n > s->len - off)
		return false;
	if (s->m == NULL)
		memcpy(to, s->p + off, n);
	else if (off + n <= s->m->m_len)
		memcpy(to, s->m->m_data + off, n);
	else
		m_copydata(s->m, off, n, to);
	return true;
}

static bool
parse4(struct npf_packet *np, const struct source *s)
{
	uint8_t ip[IPH_SIZE];

	if (!bytes(s, 0, sizeof(ip), ip) || ip[IPH_VHL] >> 4 != IPVERSION)
		return false;
	np->np_hlen = ip_hlen(ip);
	if (np->np_hlen < IPH_SIZE || np->np_hlen > s->len)
		return false;
	np->np_info = NPC_IP4;
	np->np_alen = 4;
	np->np_proto = ip[IPH_P];
	memcpy(np->np_addr[NPF_SRC], ip + IPH_SRC, 4);
	memcpy(np->np_addr[NPF_DST], ip + IPH_DST, 4);
	if ((be16_get(ip + IPH_OFF) & (IP_MF | IP_OFFMASK)) != 0)
		np->np_info |= NPC_IPFRAG;
	return true;
}

static bool
parse6(struct npf_packet *np, const struct source *s)
{
	uint8_t ip6[IP6H_SIZE], ext[8];
	size_t off = IP6H_SIZE;
	int n = 0;

	if (!bytes(s, 0, sizeof(ip6), ip6) || ip6[0] >> 4 != 6)
		return false;
	np->np_info = NPC_IP6;
	np->np_alen = 16;
	memcpy(np->np_addr[NPF_SRC], ip6 + IP6H_SRC, 16);
	memcpy(np->np_addr[NPF_DST], ip6 + IP6H_DST, 16);
	for (np->np_proto = ip6[IP6H_NXT];; np->np_proto = ext[0]) {
		switch (np->np_proto) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_DSTOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_AH:
		case IPPROTO_FRAGMENT:
			break;
		default:
			np->np_hlen = (uint32_t)off;
			return off <= s->len;
		}
		/* More headers than anybody needs are nobody's to look behind. */
		if (++n > EXT_MAX || !bytes(s, off, sizeof(ext), ext))
			return false;
		if (np->np_proto == IPPROTO_FRAGMENT) {
			np->np_info |= NPC_IPFRAG;
			np->np_fragoff = np->np_hlen = (uint32_t)off;
			/* Behind a later piece's there is no header any more. */
			if ((be16_get(ext + 2) & 0xfff8u) != 0) {
				np->np_proto = ext[0];
				return true;
			}
			off += 8;
		} else if (np->np_proto == IPPROTO_AH)
			off += (ext[1] + 2u) * 4;
		else
			off += (ext[1] + 1u) * 8;
	}
}

static void
parse_l4(struct npf_packet *np, const struct source *s)
{
	size_t left = s->len - np->np_hlen;
	const uint8_t *l4 = np->np_l4;

	np->np_l4len = left < sizeof(np->np_l4) ? (unsigned)left :
						  sizeof(np->np_l4);
	if (!bytes(s, np->np_hlen, np->np_l4len, np->np_l4))
		np->np_l4len = 0;
	switch (np->np_proto) {
	case IPPROTO_TCP:
		if (np->np_l4len < 20)
			return;
		np->np_info |= NPC_LAYER4 | NPC_TCP;
		np->np_tcpflags = l4[13];
		break;
	case IPPROTO_UDP:
		if (np->np_l4len < 8)
			return;
		np->np_info |= NPC_LAYER4 | NPC_UDP;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (np->np_l4len < 8 ||
		    (np->np_proto == IPPROTO_ICMP) != (np->np_alen == 4))
			return;
		np->np_info |= NPC_LAYER4 | NPC_ICMP;
		np->np_icmptype = l4[0];
		np->np_icmpcode = l4[1];
		if (np->np_alen == 4 ?
			l4[0] == ICMP_ECHO || l4[0] == ICMP_ECHOREPLY ||
			    l4[0] == ICMP_TSTAMP || l4[0] == ICMP_TSTAMPREPLY :
			l4[0] == ICMP6_ECHO_REQUEST ||
			    l4[0] == ICMP6_ECHO_REPLY) {
			np->np_info |= NPC_ICMP_ID;
			memcpy(&np->np_port[0], l4 + 4, 2);
			memcpy(&np->np_port[1], l4 + 4, 2);
		}
		return;
	default:
		return;
	}
	memcpy(&np->np_port[NPF_SRC], l4, 2);
	memcpy(&np->np_port[NPF_DST], l4 + 2, 2);
}

static uint32_t
word(const uint8_t *p)
{
	return be32_get(p);
}

static void
make_key(struct npf_packet *np)
{
	uint8_t l4[4] = { 0 };

	memcpy(l4, np->np_l4, np->np_l4len < 4 ? np->np_l4len : 4);
	np->np_key.k_lane[0] = word(np->np_addr[NPF_SRC]) |
	    (uint64_t)word(np->np_addr[NPF_DST]) << 32;
	np->np_key.k_lane[1] = NPF_LANE1(word(l4), np->np_proto,
	    np->np_alen == 4 ? 4 : 6, np->np_in ? NPF_DIR_IN : NPF_DIR_OUT,
	    np->np_ifid);
	np->np_key.k_lane[2] = np->np_alen == 4 ?
	    0 :
	    word(np->np_addr[NPF_SRC] + 12) |
		(uint64_t)word(np->np_addr[NPF_DST] + 12) << 32;
}

static bool
parse(struct npf_packet *np, const struct source *s, uint8_t alen)
{
	np->np_port[0] = np->np_port[1] = 0;
	np->np_tcpflags = np->np_icmptype = np->np_icmpcode = 0;
	np->np_l4len = 0;
	np->np_len = (uint32_t)s->len;
	memset(np->np_addr, 0, sizeof(np->np_addr));
	if (!(alen == 4 ? parse4(np, s) : parse6(np, s)))
		return false;
	if ((np->np_info & NPC_IPFRAG) == 0)
		parse_l4(np, s);
	make_key(np);
	return true;
}

bool
npf_packet_parse(struct npf_packet *np, int af)
{
	struct source s = { np->np_m, NULL, np->np_m->m_pkthdr.len };

	return parse(np, &s, af == AF_INET ? 4 : 16);
}

bool
npf_packet_quoted(
    struct npf_packet *np, const uint8_t *p, size_t len, uint8_t alen)
{
	struct source s = { NULL, p, len };

	if (!parse(np, &s, alen))
		return false;
	/* Of TCP no more than the ports and the number are quoted. */
	if (np->np_proto == IPPROTO_TCP && np->np_l4len >= 8 &&
	    (np->np_info & (NPC_IPFRAG | NPC_TCP)) == 0) {
		np->np_info |= NPC_LAYER4 | NPC_TCP;
		memcpy(&np->np_port[NPF_SRC], np->np_l4, 2);
		memcpy(&np->np_port[NPF_DST], np->np_l4 + 2, 2);
	}
	return true;
}

/* --- changing --- */

bool
npf_packet_writable(struct npf_packet *np, size_t len)
{
	struct mbuf *m = np->np_m;

	if (len > m->m_pkthdr.len)
		len = m->m_pkthdr.len;
	if (m->m_len < len)
		m = m_pullup(m, len);
	if (m != NULL && !m_writable(m) &&
	    (m = m_makewritable(m, len)) != NULL && m->m_len < len)
		m = m_pullup(m, len);
	np->np_m = m;
	return m != NULL;
}

uint16_t
npf_cksum_fix(uint16_t sum, const void *was, const void *is, size_t len)
{
	uint32_t s = in_cksum_add((uint16_t)~sum, is, len);
	uint16_t old = in_cksum_fold(in_cksum_add(0, was, len));

	return (uint16_t)~in_cksum_fold(
	    in_cksum_fold(s) + (uint32_t)(uint16_t)~old);
}

/* Where the transport's sum is, or 0: there is none that addresses are in. */
static unsigned
sum_offset(const struct npf_packet *np)
{
	uint32_t left = np->np_m->m_pkthdr.csum_flags;

	switch (np->np_proto) {
	case IPPROTO_TCP:
		/* Not made yet, or never looked at. */
		return (np->np_info & NPC_TCP) == 0 ||
			(left & (M_CSUM_TCPv4 | M_CSUM_TCPv6)) != 0 ?
		    0 :
		    16;
	case IPPROTO_UDP:
		return (np->np_info & NPC_UDP) == 0 ||
			(left & (M_CSUM_UDPv4 | M_CSUM_UDPv6)) != 0 ?
		    0 :
		    6;
	case IPPROTO_ICMPV6:
		return (np->np_info & NPC_ICMP) == 0 ? 0 : 2;
	default:
		return 0;
	}
}

static void
fix(uint8_t *sum, const void *was, const void *is, size_t len)
{
	uint16_t v;

	memcpy(&v, sum, 2);
	v = npf_cksum_fix(v, was, is, len);
	memcpy(sum, &v, 2);
}

/* A port, or ICMP's id, with the sum that it is in (0: none). */
static void
set_port(
    struct npf_packet *np, uint8_t *l4, int which, uint16_t port, unsigned sum)
{
	bool icmp = (np->np_info & NPC_ICMP_ID) != 0;
	uint8_t *p = l4 + (icmp ? 4 : which == NPF_SRC ? 0 : 2);

	if (icmp)
		sum = 2;
	if (sum != 0)
		fix(l4 + sum, p, &port, 2);
	memcpy(p, &port, 2);
	np->np_port[which] = port;
	if (icmp)
		np->np_port[!which] = port;
}

bool
npf_packet_rewrite(
    struct npf_packet *np, int which, const uint8_t *addr, uint16_t port)
{
	unsigned off = sum_offset(np);
	uint8_t *p, *l4, *at;
	bool udp = (np->np_info & NPC_UDP) != 0;

	if (!npf_packet_writable(np, np->np_hlen + np->np_l4len))
		return false;
	p = np->np_m->m_data;
	l4 = p + np->np_hlen;
	if (udp && off != 0 && np->np_alen == 4 && l4[6] == 0 && l4[7] == 0)
		off = 0; /* RFC 768: without one */
	if (np->np_alen == 4) {
		at = p + (which == NPF_SRC ? IPH_SRC : IPH_DST);
		fix(p + IPH_SUM, at, addr, 4);
	} else
		at = p + (which == NPF_SRC ? IP6H_SRC : IP6H_DST);
	if (off != 0)
		fix(l4 + off, at, addr, np->np_alen);
	memcpy(at, addr, np->np_alen);
	memcpy(np->np_addr[which], addr, np->np_alen);
	if (port != 0 && port != np->np_port[which] &&
	    (np->np_info & (NPC_TCP | NPC_UDP | NPC_ICMP_ID)) != 0)
		set_port(np, l4, which, port, off);
	if (udp && off != 0 && l4[6] == 0 && l4[7] == 0)
		l4[6] = l4[7] = 0xff;
	return true;
}
