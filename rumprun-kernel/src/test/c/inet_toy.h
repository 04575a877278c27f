/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of IPv4: a kernel with interfaces whose frames a test sees and makes, on a clock that the test moves.
 */
#ifndef INET_TOY_H
#define INET_TOY_H

#include <netbsd/in6.h>
#include "kern/callout.h"
#include "netinet/inet.h"
#include "sock_calls.h"

#define TOY_FRAMES 256
#define TOY_SECOND INT64_C(1000000000)

struct toy_frame {
	unsigned len;
	uint8_t data[2048];
};

struct toy {
	struct fixture f;
	struct ifnet *ifp[2];
	struct toy_frame out[2][TOY_FRAMES];
	unsigned nout[2];
	char console[4096];
	size_t nconsole;
};

static struct host_ops toy_host;
/* Which allocation fails while a frame is handled; 0: none. */
static int toy_fail;
static _Atomic int64_t toy_now;

static int64_t
toy_clock(void)
{
	return toy_now;
}

static void
toy_console(void *ctx, const char *s, size_t n)
{
	struct toy *t = ctx;

	if (t->nconsole + n < sizeof(t->console)) {
		memcpy(t->console + t->nconsole, s, n);
		t->nconsole += n;
		t->console[t->nconsole] = '\0';
	}
}

static int
toy_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct toy *t = ifp->if_softc;
	unsigned unit = (unsigned)ifp->if_dunit;
	struct toy_frame *fr;

	CHECK_THREAD(m->m_pkthdr.len == m_length(m));
	if (t->nout[unit] < TOY_FRAMES && m->m_pkthdr.len <= 2048) {
		fr = &t->out[unit][t->nout[unit]++];
		fr->len = m->m_pkthdr.len;
		m_copydata(m, 0, fr->len, fr->data);
	}
	m_freem(m);
	return 0;
}

static int
toy_updown(struct ifnet *ifp, bool up)
{
	if (up)
		atomic_fetch_or(&ifp->if_flags, IFF_RUNNING);
	else
		atomic_fetch_and(&ifp->if_flags, ~IFF_RUNNING);
	return 0;
}

static int
toy_setmtu(struct ifnet *ifp, uint64_t mtu)
{
	(void)ifp;
	return mtu < 68 || mtu > 1500 ? -EINVAL : 0;
}

static void
toy_destroy(struct ifnet *ifp)
{
	kmem_free(ifp->if_k, ifp, sizeof(*ifp));
}

static const struct ifnet_ops toy_ops = {
	.ifo_output = ether_output,
	.ifo_transmit = toy_transmit,
	.ifo_updown = toy_updown,
	.ifo_setmtu = toy_setmtu,
	.ifo_destroy = toy_destroy,
};

static const uint8_t toy_peer[6] = { 2, 0, 0, 0, 9, 9 };

static void
toy_attach_as(struct toy *t, int unit, const uint8_t *ll)
{
	struct ifnet *ifp = kmem_zalloc(t->f.k, sizeof(*ifp));

	CHECK(ifp != NULL);
	ifp->if_k = t->f.k;
	if_initname(ifp, "toy", unit);
	ifp->if_flags = IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
	ifp->if_ops = &toy_ops;
	ifp->if_softc = t;
	ether_ifattach(ifp, ll);
	net_wrlock(t->f.k);
	CHECK_EQ(if_attach(ifp), 0);
	net_unlock(t->f.k);
	t->ifp[unit] = ifp;
}

static void
toy_attach(struct toy *t, int unit)
{
	const uint8_t ll[6] = { 2, 0, 0, 0, 0, (uint8_t)(unit + 1) };

	toy_attach_as(t, unit, ll);
}

/* lladdr: of unit 0, or NULL. */
static inline void
toy_boot_as(struct toy *t, const uint8_t *lladdr)
{
	static const char *const names[] = { "net", "net_net", "net_netinet",
		NULL };
	struct kern_config c = { .kc_components = names,
		.kc_host = &toy_host,
		.kc_manualtime = true,
		.kc_consout = toy_console,
		.kc_consctx = t };

	memset(t, 0, sizeof(*t));
	toy_host = host_linux;
	toy_host.monotonic = toy_clock;
	toy_now = 1000 * TOY_SECOND;
	up_config(&t->f, &c);
	if (lladdr != NULL)
		toy_attach_as(t, 0, lladdr);
	else
		toy_attach(t, 0);
	toy_attach(t, 1);
}

static inline void
toy_boot(struct toy *t)
{
	toy_boot_as(t, NULL);
}

static inline void
toy_halt(struct toy *t)
{
	down(&t->f);
}

/* Time goes on, in small steps. */
static inline void
toy_pass(struct toy *t, int64_t ns)
{
	int64_t end = toy_now + ns;

	while (toy_now < end) {
		toy_now += TOY_SECOND / 20;
		callout_run(t->f.k, toy_now);
	}
}

#define IP4(a, b, c, d) htonl((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static inline void
toy_addr(struct toy *t, int unit, uint32_t addr, uint32_t mask)
{
	net_wrlock(t->f.k);
	CHECK_EQ(in_setaddr(t->ifp[unit], addr, mask, 0), 0);
	net_unlock(t->f.k);
	net_run(t->f.k);
}

static inline void
toy_forget(struct toy *t)
{
	t->nout[0] = t->nout[1] = 0;
}

/* A frame arrives. */
static inline void
toy_in(struct toy *t, int unit, const uint8_t *dst, uint16_t type,
    const void *data, unsigned len)
{
	uint8_t buf[2048];
	struct mbuf *m;

	memcpy(buf, dst, 6);
	memcpy(buf + 6, toy_peer, 6);
	be16_put(buf + 12, type);
	memcpy(buf + 14, data, len);
	m = m_devget(t->f.k, buf, len + 14, t->ifp[unit]);
	CHECK(m != NULL);
	if (toy_fail != 0)
		atomic_store(&t->f.k->k_failalloc, toy_fail);
	net_rdlock(t->f.k);
	if_input(t->ifp[unit], m);
	net_unlock(t->f.k);
	net_run(t->f.k);
	if (toy_fail != 0)
		atomic_store(&t->f.k->k_failalloc, 0);
}

static inline uint16_t
toy_sum(const void *p, size_t n)
{
	return (uint16_t)~in_cksum_fold(in_cksum_add(0, p, n));
}

struct toy_ip {
	uint32_t src, dst;
	uint8_t proto, ttl, tos;
	uint16_t id, off;
	const uint8_t *opts;
	unsigned optlen;
};

/* A packet for toy_in; gives its length. */
static inline unsigned
toy_packet(uint8_t *p, const struct toy_ip *ip, const void *data, unsigned len)
{
	unsigned hlen = 20 + ip->optlen;
	uint16_t sum;

	memset(p, 0, 20);
	p[0] = (uint8_t)(0x40 | hlen / 4);
	p[1] = ip->tos;
	be16_put(p + 2, (uint16_t)(hlen + len));
	be16_put(p + 4, ip->id);
	be16_put(p + 6, ip->off);
	p[8] = ip->ttl != 0 ? ip->ttl : 64;
	p[9] = ip->proto;
	memcpy(p + 12, &ip->src, 4);
	memcpy(p + 16, &ip->dst, 4);
	if (ip->optlen > 0)
		memcpy(p + 20, ip->opts, ip->optlen);
	sum = toy_sum(p, hlen);
	memcpy(p + 10, &sum, 2);
	memcpy(p + hlen, data, len);
	return hlen + len;
}

static inline void
toy_in_ip(struct toy *t, int unit, const struct toy_ip *ip, const void *data,
    unsigned len)
{
	uint8_t buf[2048];
	unsigned n = toy_packet(buf, ip, data, len);

	toy_in(t, unit, t->ifp[unit]->if_lladdr, ETHERTYPE_IP, buf, n);
}

/* ICMP with its checksum; gives its length. */
static inline unsigned
toy_icmp(uint8_t *p, uint8_t type, uint8_t code, uint32_t word,
    const void *data, unsigned len)
{
	uint16_t sum;

	memset(p, 0, 8);
	p[0] = type;
	p[1] = code;
	be32_put(p + 4, word);
	memcpy(p + 8, data, len);
	sum = toy_sum(p, 8 + len);
	memcpy(p + 2, &sum, 2);
	return 8 + len;
}

/* UDP without a checksum. */
static inline unsigned
toy_udp(
    uint8_t *p, uint16_t sport, uint16_t dport, const void *data, unsigned len)
{
	be16_put(p, sport);
	be16_put(p + 2, dport);
	be16_put(p + 4, (uint16_t)(8 + len));
	be16_put(p + 6, 0);
	memcpy(p + 8, data, len);
	return 8 + len;
}

/* An ARP packet of toy_peer's (or of sha's). */
static inline void
toy_in_arp(struct toy *t, int unit, uint16_t op, const uint8_t *sha,
    uint32_t spa, uint32_t tpa)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	uint8_t p[28] = { 0, 1, 8, 0, 6, 4 };

	be16_put(p + 6, op);
	memcpy(p + 8, sha, 6);
	memcpy(p + 14, &spa, 4);
	if (op == ARPOP_REPLY)
		memcpy(p + 18, t->ifp[unit]->if_lladdr, 6);
	memcpy(p + 24, &tpa, 4);
	toy_in(t, unit, op == ARPOP_REPLY ? t->ifp[unit]->if_lladdr : all,
	    ETHERTYPE_ARP, p, sizeof(p));
}

/* The IP packet of a frame that was sent, or NULL. */
static inline const uint8_t *
toy_out_ip(struct toy *t, int unit, unsigned i)
{
	const struct toy_frame *fr = &t->out[unit][i];

	if (i >= t->nout[unit] || fr->len < 34 ||
	    be16_get(fr->data + 12) != ETHERTYPE_IP)
		return NULL;
	CHECK_EQ(toy_sum(fr->data + 14, (fr->data[14] & 15) * 4), 0);
	return fr->data + 14;
}

static inline const uint8_t *
toy_out_arp(struct toy *t, int unit, unsigned i)
{
	const struct toy_frame *fr = &t->out[unit][i];

	if (i >= t->nout[unit] || be16_get(fr->data + 12) != ETHERTYPE_ARP)
		return NULL;
	CHECK_EQ(fr->len, 42);
	return fr->data + 14;
}

static inline uint32_t
toy_word(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static inline struct sockaddr_in
toy_sin(uint32_t addr, uint16_t port)
{
	struct sockaddr_in sin;

	sockaddr_in_init(&sin, addr, htons(port));
	return sin;
}

#endif
