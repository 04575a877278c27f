/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of IPv6: inet_toy.h's kernel with IPv6 as well, and packets made and taken apart. */
#ifndef INET6_TOY_H
#define INET6_TOY_H

#include "inet_toy.h"
#include "netinet6/in6_private.h"

static struct toy t;

static inline void
t6_boot(void)
{
	static const char *const names[] = { "net", "net_net", "net_netinet",
		"net_netinet6", NULL };
	struct kern_config c = { .kc_components = names,
		.kc_host = &toy_host,
		.kc_manualtime = true,
		.kc_consout = toy_console,
		.kc_consctx = &t };

	memset(&t, 0, sizeof(t));
	toy_host = host_linux;
	toy_host.monotonic = toy_clock;
	toy_now = 1000 * TOY_SECOND;
	up_config(&t.f, &c);
	toy_attach(&t, 0);
	toy_attach(&t, 1);
}

/* "2001:db8::1" */
static inline struct in6_addr
a6(const char *s)
{
	uint16_t head[8], tail[8];
	int nh = 0, nt = 0;
	bool gap = false;
	struct in6_addr a = { { { 0 } } };

	while (*s != '\0') {
		char *end;
		unsigned long v;

		if (s[0] == ':' && s[1] == ':') {
			gap = true;
			s += 2;
			continue;
		}
		if (*s == ':')
			s++;
		v = strtoul(s, &end, 16);
		CHECK(end != s && v < 65536);
		if (gap)
			tail[nt++] = (uint16_t)v;
		else
			head[nh++] = (uint16_t)v;
		s = end;
	}
	CHECK(nh + nt <= 8);
	for (int i = 0; i < nh; i++)
		be16_put(A6(&a) + i * 2, head[i]);
	for (int i = 0; i < nt; i++)
		be16_put(A6(&a) + 16 - (nt - i) * 2, tail[i]);
	return a;
}

static inline bool
is6(const void *p, const char *s)
{
	struct in6_addr a = a6(s);

	return memcmp(p, &a, 16) == 0;
}

static inline void
t6_addr(int unit, const char *addr, unsigned plen, int flags)
{
	struct in6_addr a = a6(addr);

	net_wrlock(t.f.k);
	CHECK_EQ(in6_setaddr(t.ifp[unit], &a, plen, flags), 0);
	net_unlock(t.f.k);
	net_run(t.f.k);
}

/* An interface up, with 2001:db8::1/64 and no duplicate detection to come. */
static inline void
t6_begin(void)
{
	t6_boot();
	INET6(t.f.k)->ip6_dad_count = 0;
	t6_addr(0, "2001:db8::1", 64, 0);
	toy_pass(&t, 12 * TOY_SECOND);
	toy_forget(&t);
}

static inline uint16_t
sum6(const uint8_t *ip, uint8_t proto, const void *p, size_t len)
{
	uint8_t pseudo[8] = { 0 };
	uint32_t sum;

	be32_put(pseudo, (uint32_t)len);
	pseudo[7] = proto;
	sum = in_cksum_add(0, ip + 8, 32);
	sum = in_cksum_add(sum, pseudo, 8);
	sum = in_cksum_add(sum, p, len & ~(size_t)1);
	if (len & 1) {
		uint8_t last[2] = { ((const uint8_t *)p)[len - 1], 0 };

		sum = in_cksum_add(sum, last, 2);
	}
	return (uint16_t)~in_cksum_fold(sum);
}

struct pkt {
	uint8_t b[2100];
	size_t len;
};

/* A header; payload length is set by p6_send. */
static inline struct pkt
p6(const char *src, const char *dst, int nxt, int hlim)
{
	struct pkt p = { .len = 40 };
	struct in6_addr a = a6(src);

	p.b[0] = 0x60;
	p.b[6] = (uint8_t)nxt;
	p.b[7] = (uint8_t)hlim;
	memcpy(p.b + 8, &a, 16);
	a = a6(dst);
	memcpy(p.b + 24, &a, 16);
	return p;
}

static inline void
p6_add(struct pkt *p, const void *data, size_t len)
{
	CHECK(p->len + len <= sizeof(p->b));
	memcpy(p->b + p->len, data, len);
	p->len += len;
}

/* ICMPv6 from off on gets its checksum. */
static inline void
p6_sum(struct pkt *p, size_t off)
{
	uint16_t sum;

	memset(p->b + off + 2, 0, 2);
	sum = sum6(p->b, IPPROTO_ICMPV6, p->b + off, p->len - off);
	memcpy(p->b + off + 2, &sum, 2);
}

static inline struct pkt
p6_icmp(const char *src, const char *dst, int hlim, int type, int code,
    uint32_t word, const void *data, size_t len)
{
	struct pkt p = p6(src, dst, IPPROTO_ICMPV6, hlim);
	uint8_t h[8] = { (uint8_t)type, (uint8_t)code };

	be32_put(h + 4, word);
	p6_add(&p, h, 8);
	if (len > 0)
		p6_add(&p, data, len);
	p6_sum(&p, 40);
	return p;
}

static inline void
p6_send(int unit, struct pkt *p)
{
	uint8_t group[6] = { 0x33, 0x33 };
	bool multicast = p->b[24] == 0xff;

	memcpy(group + 2, p->b + 36, 4);
	be16_put(p->b + 4, (uint16_t)(p->len - 40));
	toy_in(&t, unit, multicast ? group : t.ifp[unit]->if_lladdr,
	    ETHERTYPE_IPV6, p->b, (unsigned)p->len);
}

/* The IPv6 packet of a frame that was sent; its sums are right. */
static inline const uint8_t *
out6(int unit, unsigned i)
{
	const struct toy_frame *fr = &t.out[unit][i];
	const uint8_t *ip = fr->data + 14;
	size_t len, off = 40;
	int nxt;

	if (i >= t.nout[unit] || fr->len < 54 ||
	    be16_get(fr->data + 12) != ETHERTYPE_IPV6)
		return NULL;
	len = 40u + be16_get(ip + 4);
	CHECK_EQ(fr->len, len + 14);
	nxt = ip[6];
	while (nxt == 0 || nxt == 43 || nxt == 60) {
		nxt = ip[off];
		off += (ip[off + 1] + 1u) * 8;
	}
	if (nxt == IPPROTO_ICMPV6)
		CHECK_EQ(sum6(ip, IPPROTO_ICMPV6, ip + off, len - off), 0);
	return ip;
}

/* The n-th ICMPv6 message of that type that was sent; NULL. */
static inline const uint8_t *
out_icmp(int unit, int type, unsigned n, const uint8_t **ipp)
{
	for (unsigned i = 0; i < t.nout[unit]; i++) {
		const uint8_t *ip = out6(unit, i), *p;

		if (ip == NULL)
			continue;
		p = ip + 40;
		if (ip[6] == IPPROTO_HOPOPTS && p[0] == IPPROTO_ICMPV6)
			p += 8;
		else if (ip[6] != IPPROTO_ICMPV6)
			continue;
		if (p[0] == type && n-- == 0) {
			if (ipp != NULL)
				*ipp = ip;
			return p;
		}
	}
	return NULL;
}

static inline unsigned
count_icmp(int unit, int type)
{
	unsigned n = 0;

	while (out_icmp(unit, type, n, NULL) != NULL)
		n++;
	return n;
}

static inline void
ns_in(int unit, const char *src, const char *dst, const char *target,
    const uint8_t *lladdr)
{
	uint8_t body[24];
	struct in6_addr a = a6(target);
	struct pkt p;

	memcpy(body, &a, 16);
	body[16] = ND_OPT_SOURCE_LINKADDR;
	body[17] = 1;
	if (lladdr != NULL)
		memcpy(body + 18, lladdr, 6);
	p = p6_icmp(src, dst, 255, ND_NEIGHBOR_SOLICIT, 0, 0, body,
	    lladdr != NULL ? 24 : 16);
	p6_send(unit, &p);
}

static inline void
na_in(int unit, const char *src, const char *dst, const char *target,
    const uint8_t *lladdr, unsigned flags)
{
	uint8_t body[24];
	struct in6_addr a = a6(target);
	struct pkt p;

	memcpy(body, &a, 16);
	body[16] = ND_OPT_TARGET_LINKADDR;
	body[17] = 1;
	if (lladdr != NULL)
		memcpy(body + 18, lladdr, 6);
	p = p6_icmp(src, dst, 255, ND_NEIGHBOR_ADVERT, 0, flags << 24, body,
	    lladdr != NULL ? 24 : 16);
	p6_send(unit, &p);
}

static inline struct sockaddr_in6
t6_sin(const char *s, uint16_t port)
{
	struct sockaddr_in6 sin6;
	struct in6_addr a = a6(s);

	sin6_init(&sin6, &a);
	sin6.sin6_port = htons(port);
	return sin6;
}

/* A datagram to there; what sendto gave. */
static inline long
t6_udp(const char *dst, size_t len)
{
	static char buf[2048];
	struct sockaddr_in6 sin6 = t6_sin(dst, 9);
	long s = l_socket(t.f.l, AF_INET6, SOCK_DGRAM, 0), n;

	CHECK(s >= 0);
	n = l_sendto(t.f.l, s, buf, len, 0, &sin6, sizeof(sin6));
	CHECK_EQ(l_close(t.f.l, s), 0);
	return n;
}

static inline long
t6_setint(long s, int name, int v)
{
	return SYS(t.f.l, SYS_setsockopt, setsockopt, P(int, s),
	    P(int, IPPROTO_IPV6), P(int, name), P(const void *, &v),
	    P(socklen_t, sizeof(v)));
}

/* State of a neighbour; -99: there is none. */
static inline int
nbr_state(int unit, const char *addr)
{
	struct in6_addr a = a6(addr);
	struct llentry *lle;
	int state = -99;

	net_rdlock(t.f.k);
	(void)in6_setscope(&a, t.ifp[unit]);
	kmutex_enter(&ND_TABLE(t.ifp[unit])->llt_lock);
	lle = lle_find(ND_TABLE(t.ifp[unit]), &a);
	if (lle != NULL)
		state = lle->lle_state;
	kmutex_exit(&ND_TABLE(t.ifp[unit])->llt_lock);
	net_unlock(t.f.k);
	return state;
}

/* Flags of an address of ours; -99: it is none. */
static inline int
addr_flags(int unit, const char *addr)
{
	struct in6_addr a = a6(addr);
	struct in6_ifaddr *ia;
	int flags = -99;

	net_rdlock(t.f.k);
	(void)in6_setscope(&a, t.ifp[unit]);
	if ((ia = in6ifa_ifpwithaddr(t.ifp[unit], &a)) != NULL)
		flags = ia->ia6_flags & ~IN6_IFF_NODAD;
	net_unlock(t.f.k);
	return flags;
}

#endif
