/* SPDX-License-Identifier: BSD-2-Clause */
/* The in-process wire, Ethernet, and large segments: kernels without protocols that send each other frames. */
#include "kern/callout.h"
#include "net/if_tso.h"
#include "net/if_wire.h"
#include "net/pcap.h"
#include "lib/check.h"

#define MAXHOSTS 128

static struct host {
	struct rump_kernel *_Atomic k; /* first: the others are looked for */
	struct ifnet *ifp;
	char name[IFNAMSIZ];
	_Atomic unsigned got;
	_Atomic uint64_t sum; /* of what came, in order */
	uint8_t last[2048];
	uint32_t lastlen;
	size_t lastheld; /* bytes of storages */
	uint16_t lastflags;
} hosts[MAXHOSTS];

static const char *const parts[] = { "net", "net_net", NULL };

/* A clock that tests move. */
static struct host_ops ops;
static _Atomic int64_t now;

static int64_t
monotonic(void)
{
	return now;
}

static struct host *
host_of(const struct rump_kernel *k)
{
	for (int i = 0; i < MAXHOSTS; i++)
		if (hosts[i].k == k)
			return &hosts[i];
	return NULL;
}

static void
input(struct mbuf *m)
{
	struct host *h = host_of(m->m_k);
	uint8_t buf[64] = { 0 };
	size_t n = m->m_pkthdr.len < 64 ? m->m_pkthdr.len : 64;

	m_copydata(m, 0, n, buf);
	h->got++;
	for (size_t i = 0; i < n; i++)
		h->sum = h->sum * 31 + buf[i];
	h->lastlen = m->m_pkthdr.len;
	h->lastheld = 0;
	for (const struct mbuf *p = m; p != NULL; p = p->m_next)
		h->lastheld += p->m_ext != NULL ? p->m_ext->me_size : 0;
	h->lastflags = m->m_flags;
	m_copydata(m, 0, h->lastlen < 2048 ? h->lastlen : 2048, h->last);
	m_freem(m);
}

static void
up(struct host *h, bool on)
{
	net_wrlock(h->k);
	if (on)
		CHECK_THREAD(if_up(h->ifp) == 0);
	else
		if_down(h->ifp);
	net_unlock(h->k);
}

static void
join(struct host *h, struct wire *w)
{
	CHECK_EQ(wire_connect(h->k, w, h->name), 0);
	net_rdlock(h->k);
	h->ifp = if_byname(h->k, h->name);
	net_unlock(h->k);
	CHECK(h->ifp != NULL);
	up(h, true);
}

static void
boot_one(struct host *h, struct wire *w, bool manual)
{
	struct kern_config config = { .kc_components = parts };
	struct rump_kernel *k;

	if (manual) {
		ops = host_linux;
		ops.monotonic = monotonic;
		config.kc_host = &ops;
		config.kc_manualtime = true;
	}
	memset((char *)h + sizeof(h->k), 0, sizeof(*h) - sizeof(h->k));
	CHECK_EQ(kern_boot(&config, &k), 0);
	h->k = k;
	net_setinput(h->k, NETPROTO_IP, input);
	join(h, w);
}

static void
halt_one(struct host *h)
{
	int64_t leak = -1;

	kern_halt(h->k, true, &leak);
	CHECK_EQ(leak, 0);
	h->k = NULL;
}

static struct wire *
begin(int n, uint64_t seed, bool manual)
{
	struct wire *w;

	now = 1000000000;
	CHECK_EQ(wire_create(seed, &w), 0);
	for (int i = 0; i < n; i++)
		boot_one(&hosts[i], w, manual);
	return w;
}

static void
end(int n, struct wire *w)
{
	for (int i = 0; i < n; i++)
		halt_one(&hosts[i]);
	wire_put(w);
}

/* As ether_output does. */
static int
send_frame(struct host *h, const uint8_t *dest, const void *data, size_t len)
{
	uint8_t header[14];
	struct mbuf *m;
	int error;

	memcpy(header, dest, 6);
	memcpy(header + 6, h->ifp->if_lladdr, 6);
	be16_put(header + 12, ETHERTYPE_IP);
	if ((m = m_devget(h->k, header, sizeof(header), NULL)) == NULL)
		return -ENOMEM;
	if ((error = m_append(m, len, data)) != 0) {
		m_freem(m);
		return error;
	}
	m->m_pkthdr.len = (uint32_t)(14 + len);
	net_rdlock(h->k);
	error = if_transmit(h->ifp, m);
	net_unlock(h->k);
	net_run(h->k);
	return error;
}

static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
static const uint8_t group[6] = { 1, 0, 0x5e, 0, 0, 9 };

TEST(wire_frames_reach_whom_they_are_for)
{
	struct wire *w = begin(4, 1, false);
	uint8_t nobody[6] = { 2, 9, 9, 9, 9, 9 };

	CHECK(memcmp(hosts[0].ifp->if_lladdr, hosts[1].ifp->if_lladdr, 6) != 0);
	CHECK_EQ(send_frame(&hosts[0], hosts[1].ifp->if_lladdr, "hello", 5), 0);
	CHECK_EQ(hosts[1].got, 1);
	CHECK_EQ(hosts[1].lastlen, 5);
	CHECK(memcmp(hosts[1].last, "hello", 5) == 0);
	CHECK_EQ(hosts[0].got + hosts[2].got + hosts[3].got, 0);
	CHECK_EQ(send_frame(&hosts[0], all, "all", 3), 0);
	CHECK_EQ(hosts[0].got, 0);
	for (int i = 1; i < 4; i++) {
		CHECK(memcmp(hosts[i].last, "all", 3) == 0);
		CHECK((hosts[i].lastflags & M_BCAST) != 0);
	}
	CHECK_EQ(send_frame(&hosts[0], nobody, "x", 1), 0);
	CHECK_EQ(hosts[1].got, 2);
	/* A group: only who listens. */
	CHECK_EQ(send_frame(&hosts[0], group, "g", 1), 0);
	CHECK_EQ(hosts[2].got, 1);
	net_wrlock(hosts[2].k);
	CHECK_EQ(ether_addmulti(hosts[2].ifp, group, group), 0);
	CHECK_EQ(ether_addmulti(hosts[2].ifp, group, group), 0);
	net_unlock(hosts[2].k);
	CHECK_EQ(send_frame(&hosts[0], group, "g", 1), 0);
	CHECK_EQ(hosts[2].got, 2);
	CHECK((hosts[2].lastflags & M_MCAST) != 0);
	CHECK_EQ(hosts[1].got, 2);
	net_wrlock(hosts[2].k);
	CHECK_EQ(ether_delmulti(hosts[2].ifp, group, group), 0);
	CHECK_EQ(ether_delmulti(hosts[2].ifp, group, group), 0);
	CHECK_EQ(ether_delmulti(hosts[2].ifp, group, group), -ENXIO);
	net_unlock(hosts[2].k);
	CHECK_EQ(send_frame(&hosts[0], group, "g", 1), 0);
	CHECK_EQ(hosts[2].got, 2);
	/* One that is promiscuous sees all, but takes only what is its own. */
	net_wrlock(hosts[3].k);
	CHECK_EQ(ifpromisc(hosts[3].ifp, true), 0);
	net_unlock(hosts[3].k);
	uint64_t seen = hosts[3].ifp->if_ipackets;
	CHECK_EQ(send_frame(&hosts[0], hosts[1].ifp->if_lladdr, "h", 1), 0);
	CHECK_EQ(hosts[3].ifp->if_ipackets, seen + 1);
	CHECK_EQ(hosts[3].got, 1);
	/* Down: nothing comes. */
	up(&hosts[1], false);
	CHECK_EQ(send_frame(&hosts[0], all, "d", 1), 0);
	CHECK_EQ(hosts[1].got, 3);
	CHECK_EQ(send_frame(&hosts[1], all, "d", 1), -ENETDOWN);
	end(4, w);
}

TEST(ether_what_is_no_frame_is_dropped)
{
	struct wire *w = begin(2, 1, false);
	struct ifnet *ifp = hosts[1].ifp;
	struct mbuf *m;
	uint8_t frame[64] = { 0 };

	/* Too short. */
	for (uint32_t len = 1; len < 14; len++) {
		m = m_devget(hosts[1].k, frame, len, ifp);
		if_input(ifp, m);
	}
	net_run(hosts[1].k);
	CHECK_EQ(ifp->if_ierrors, 13);
	CHECK_EQ(ifp->if_ipackets, 0);
	/* A length (802.3), a protocol that isn't there, a tag without a vlan. */
	memcpy(frame, ifp->if_lladdr, 6);
	for (int i = 0; i < 3; i++) {
		static const uint16_t type[] = { 46, ETHERTYPE_IPV6,
			ETHERTYPE_VLAN };

		be16_put(frame + 12, type[i]);
		if_input(ifp, m_devget(hosts[1].k, frame, 60, ifp));
	}
	net_run(hosts[1].k);
	CHECK_EQ(ifp->if_noproto, 3);
	CHECK_EQ(ifp->if_ipackets, 3);
	CHECK_EQ(ifp->if_ibytes, 180);
	CHECK_EQ(hosts[1].got, 0);
	end(2, w);
}

/* A kernel's own thread may be at what is too much for a caller. */
static void
settle(struct host *h)
{
	while (NS(h->k)->ns_inqlen > 0)
		host_sleep_ns(100000);
	net_barrier(h->k);
}

/* What a receiver gets of 2000 frames, and in which order. */
static uint64_t
harm(uint64_t seed, const struct wire_params *wp, unsigned *got,
    uint64_t stats[WIRE_NSTATS])
{
	struct wire *w = begin(2, seed, true);
	uint64_t sum;

	CHECK_EQ(wire_set(w, wp), 0);
	for (uint32_t i = 0; i < 2000; i++) {
		now += 10000;
		(void)callout_run(hosts[1].k, now);
		CHECK_EQ(
		    send_frame(&hosts[0], hosts[1].ifp->if_lladdr, &i, 4), 0);
	}
	now += 1000000000;
	while (callout_run(hosts[1].k, now) > 0)
		continue;
	settle(&hosts[1]);
	wire_stats(w, stats);
	*got = hosts[1].got;
	sum = hosts[1].sum;
	end(2, w);
	return sum;
}

TEST(wire_harm_is_reproducible)
{
	struct wire_params wp = { .wp_loss = 100000,
		.wp_duplicate = 50000,
		.wp_reorder = 100000,
		.wp_delay_ns = 100000,
		.wp_jitter_ns = 30000 };
	uint64_t st[WIRE_NSTATS], clean;
	unsigned a, b, c;
	struct wire_params none = { 0 };

	clean = harm(1, &none, &a, st);
	CHECK_EQ(a, 2000);
	CHECK_EQ(st[WIRE_FRAMES], 2000);
	CHECK_EQ(st[WIRE_DELIVERED], 2000);
	uint64_t one = harm(1, &wp, &a, st);
	CHECK(st[WIRE_LOST] > 130 && st[WIRE_LOST] < 270);
	CHECK(st[WIRE_DUPLICATED] > 50 && st[WIRE_DUPLICATED] < 150);
	CHECK(st[WIRE_REORDERED] > 100 && st[WIRE_REORDERED] < 300);
	CHECK_EQ(a, 2000 - st[WIRE_LOST] + st[WIRE_DUPLICATED]);
	CHECK(one == harm(1, &wp, &b, st));
	CHECK_EQ(a, b);
	CHECK(one != clean);
	CHECK(one != harm(2, &wp, &c, st));
	/* A delay alone changes no order. */
	wp = (struct wire_params){ .wp_delay_ns = 12345678 };
	CHECK(clean == harm(1, &wp, &a, st));
	/* Each frame has one wrong bit. */
	wp = (struct wire_params){ .wp_corrupt = 1000000 };
	CHECK(clean != harm(1, &wp, &a, st));
	CHECK_EQ(st[WIRE_CORRUPTED], 2000);
	/* 18-byte frames at 14400 bit/ms: one per 10 us is just what passes. */
	wp = (struct wire_params){ .wp_rate_bps = 14400000 };
	CHECK(clean == harm(1, &wp, &a, st));
	wp.wp_loss = 1000001;
	struct wire *w;
	CHECK_EQ(wire_create(0, &w), 0);
	CHECK_EQ(wire_set(w, &wp), -EINVAL);
	wire_put(w);
}

TEST(wire_delay_takes_its_time)
{
	struct wire_params wp = { .wp_delay_ns = 5000000 };
	struct wire *w = begin(2, 3, true);

	CHECK_EQ(wire_set(w, &wp), 0);
	CHECK_EQ(send_frame(&hosts[0], all, "x", 1), 0);
	now += 4999999;
	(void)callout_run(hosts[1].k, now);
	CHECK_EQ(hosts[1].got, 0);
	now++;
	(void)callout_run(hosts[1].k, now);
	CHECK_EQ(hosts[1].got, 1);
	/* Too many are dropped, and what is on its way at the end goes with the kernel. */
	for (int i = 0; i < 40000; i++)
		CHECK_EQ(send_frame(&hosts[0], all, "x", 1), 0);
	uint64_t st[WIRE_NSTATS];
	wire_stats(w, st);
	CHECK(st[WIRE_OVERFLOWS] > 10000);
	end(2, w);
}

TEST(wire_hundred_kernels)
{
	struct wire *w = begin(100, 5, false);
	unsigned n = 0;

	for (int i = 0; i < 100; i++)
		CHECK_EQ(send_frame(&hosts[i], all, &i, 4), 0);
	for (int i = 0; i < 100; i++)
		n += hosts[i].got;
	CHECK_EQ(n, 9900);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(send_frame(&hosts[i],
			     hosts[(i + 1) % 100].ifp->if_lladdr, &i, 4),
		    0);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(hosts[i].got, 100);
	end(100, w);
}

/* --- many threads --- */

static _Atomic bool stop;

static void
chatter(void *arg)
{
	struct host *h = arg;
	uint32_t i = 0;

	while (!stop) {
		CHECK_THREAD(send_frame(h, all, &i, 4) == 0);
		for (int k = 0; k < 4; k++)
			CHECK_THREAD(
			    send_frame(h, hosts[k].ifp->if_lladdr, &i, 4) == 0);
		i++;
	}
}

TEST(wire_kernels_come_and_go_while_others_send)
{
	struct wire *w = begin(4, 7, false);
	struct host_thread *t[4];
	struct wire_params wp = { .wp_delay_ns = 100000, .wp_loss = 1000 };

	stop = false;
	for (int i = 0; i < 4; i++)
		CHECK_EQ(
		    host_thread_create("chatter", chatter, &hosts[i], &t[i]), 0);
	for (int round = 0; round < 20; round++) {
		for (int i = 4; i < 8; i++)
			boot_one(&hosts[i], w, false);
		host_sleep_ns(2000000);
		CHECK_THREAD(send_frame(&hosts[5], all, "y", 1) == 0);
		CHECK_EQ(wire_disconnect(hosts[4].k, "wire0"), 0);
		CHECK_EQ(wire_disconnect(hosts[4].k, "wire0"), -ENXIO);
		up(&hosts[5], false);
		up(&hosts[5], true);
		if (round == 10)
			CHECK_EQ(wire_set(w, &wp), 0);
		for (int i = 4; i < 8; i++)
			halt_one(&hosts[i]);
	}
	stop = true;
	for (int i = 0; i < 4; i++)
		host_thread_join(t[i]);
	end(4, w);
}

/* --- large segments, captures --- */

#define PAYLOAD 10000

static struct mbuf *
large(struct host *h, struct host *to, bool v6, uint8_t *payload)
{
	uint8_t f[14 + 40 + 32] = { 0 };
	uint32_t l4 = v6 ? 54 : 34, hlen = l4 + 32;
	struct mbuf *m;

	memcpy(f, to->ifp->if_lladdr, 6);
	memcpy(f + 6, h->ifp->if_lladdr, 6);
	be16_put(f + 12, v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	if (v6) {
		f[14] = 0x60;
		be16_put(f + 18, 32 + PAYLOAD);
		f[20] = 6;
		f[22] = 0xfd;
		f[38] = 0xfd;
	} else {
		f[14] = 0x45;
		be16_put(f + 16, 20 + 32 + PAYLOAD);
		be16_put(f + 18, 100);
		f[22] = 64;
		f[23] = 6;
		be32_put(f + 26, 0x0a000001);
		be32_put(f + 30, 0x0a000002);
	}
	be16_put(f + l4, 1000);
	be32_put(f + l4 + 4, 0xfffff000);
	f[l4 + 12] = 0x80;
	f[l4 + 13] = 0x99; /* CWR, ACK, PSH, FIN */
	m = m_devget(h->k, f, hlen, NULL);
	CHECK(m != NULL);
	for (int i = 0; i < PAYLOAD; i++)
		payload[i] = (uint8_t)(i * 7);
	CHECK_EQ(m_append(m, PAYLOAD, payload), 0);
	m->m_pkthdr.len = hlen + PAYLOAD;
	m->m_pkthdr.csum_flags = v6 ? M_CSUM_TCPv6 | M_CSUM_TSOv6 :
				      M_CSUM_TCPv4 | M_CSUM_TSOv4;
	m->m_pkthdr.csum_data = 16;
	m->m_pkthdr.segsz = 1448;
	return m;
}

TEST(tso_split_makes_frames)
{
	static uint8_t payload[PAYLOAD], got[PAYLOAD];
	struct wire *w = begin(2, 1, false);

	for (int v6 = 0; v6 < 2; v6++) {
		struct mbuf *m = large(&hosts[0], &hosts[1], v6, payload), *s,
			    *next;
		uint32_t l4 = v6 ? 54 : 34, off = 0, n = 0;
		uint8_t f[86];

		for (s = tso_split(m); s != NULL; s = next) {
			uint32_t len;

			next = s->m_nextpkt;
			s->m_nextpkt = NULL;
			CHECK_EQ(m_length(s), s->m_pkthdr.len);
			CHECK(s->m_ext->me_size <= MCLBYTES);
			len = s->m_pkthdr.len - l4 - 32;
			CHECK(len == 1448 || next == NULL);
			m_copydata(s, 0, l4 + 32, f);
			CHECK_EQ(be32_get(f + l4 + 4), 0xfffff000 + off);
			CHECK_EQ(f[l4 + 13],
			    0x10 | (n == 0 ? 0x80 : 0) |
				(next == NULL ? 0x09 : 0));
			if (v6)
				CHECK_EQ(be16_get(f + 18), 32 + len);
			else {
				CHECK_EQ(be16_get(f + 16), 52 + len);
				CHECK_EQ(be16_get(f + 18), 100 + n);
			}
			CHECK_EQ(s->m_pkthdr.csum_flags,
			    v6 ? M_CSUM_TCPv6 : M_CSUM_TCPv4 | M_CSUM_IPv4);
			m_copydata(s, l4 + 32, len, got + off);
			off += len;
			n++;
			m_freem(s);
		}
		CHECK_EQ(off, PAYLOAD);
		CHECK_EQ(n, 7);
		CHECK(memcmp(got, payload, PAYLOAD) == 0);
		/* What is no TCP after all is dropped. */
		m = large(&hosts[0], &hosts[1], v6, payload);
		m->m_data[v6 ? 20 : 23] = 17;
		CHECK(tso_split(m) == NULL);
		m = large(&hosts[0], &hosts[1], v6, payload);
		m->m_pkthdr.segsz = 0;
		CHECK(tso_split(m) == NULL);
		m = large(&hosts[0], &hosts[1], v6, payload);
		m->m_data[l4 + 12] = 0xf0;
		m_adj(m, -(PAYLOAD + 4));
		CHECK(tso_split(m) == NULL);
	}
	end(2, w);
}

/* A piece of a large storage comes without the rest of it, and so do the segments of a large one. */
TEST(wire_small_frames_hold_no_large_storage)
{
	struct wire *w = begin(2, 1, false);
	struct mbuf *large, *m;
	uint8_t header[14];

	memcpy(header, hosts[1].ifp->if_lladdr, 6);
	memcpy(header + 6, hosts[0].ifp->if_lladdr, 6);
	be16_put(header + 12, ETHERTYPE_IP);
	large = m_getcl(hosts[0].k, MT_DATA, MBIGCLBYTES, true);
	CHECK(large != NULL);
	memset(large->m_data, 7, 4096);
	large->m_len = large->m_pkthdr.len = 4096;
	m = m_copym(large, 0, 1000);
	CHECK(m != NULL && (m = m_prepend(m, sizeof(header))) != NULL);
	memcpy(m->m_data, header, sizeof(header));
	net_rdlock(hosts[0].k);
	CHECK_EQ(if_transmit(hosts[0].ifp, m), 0);
	net_unlock(hosts[0].k);
	net_run(hosts[0].k);
	CHECK_EQ(hosts[1].got, 1);
	CHECK_EQ(hosts[1].lastlen, 1000);
	CHECK(hosts[1].last[0] == 7 && hosts[1].last[999] == 7);
	CHECK(hosts[1].lastheld <= MCLBYTES);
	m_freem(large);
	end(2, w);
}

static struct mbuf *cut[64], *joined[64];
static unsigned ncut, njoined;

static void
collect(void *ctx, const struct tso_segment *s)
{
	struct mbuf *m = m_getcl(ctx, MT_DATA, 0, true);

	memcpy(m->m_data, s->ts_header, s->ts_hlen);
	m_copydata(s->ts_m, s->ts_off, s->ts_len, m->m_data + s->ts_hlen);
	m->m_len = m->m_pkthdr.len = s->ts_hlen + s->ts_len;
	cut[ncut++] = m;
}

static void
emit(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	joined[njoined++] = m;
}

static void
cut_large(bool v6, uint8_t *payload)
{
	struct mbuf *m = large(&hosts[0], &hosts[1], v6, payload);

	m->m_data[(v6 ? 54 : 34) + 13] = 0x18; /* no FIN, no CWR */
	ncut = njoined = 0;
	CHECK(tso_each(m, collect, hosts[0].k));
	m_freem(m);
	CHECK_EQ(ncut, 7);
}

static void
drop_joined(void)
{
	while (njoined > 0)
		m_freem(joined[--njoined]);
}

static void
join_all(void)
{
	struct lro l = { NULL, NULL, 0, 0, 0, false };

	for (unsigned i = 0; i < ncut; i++)
		lro_input(&l, cut[i], emit, NULL);
	lro_flush(&l, emit, NULL);
	CHECK(l.l_m == NULL);
}

TEST(lro_puts_together_what_was_cut)
{
	static uint8_t payload[PAYLOAD], got[PAYLOAD];
	struct wire *w = begin(2, 1, false);

	for (int v6 = 0; v6 < 2; v6++) {
		uint32_t l4 = v6 ? 54 : 34, l3len;
		uint8_t f[86];

		cut_large(v6, payload);
		for (unsigned i = 0; i < ncut; i++) {
			struct mbuf *m = cut[i];
			uint32_t n = m->m_pkthdr.len - l4;

			if (v6)
				CHECK_EQ(in6_cksum(m, 6, m->m_data + 22,
					     m->m_data + 38, l4, n),
				    0);
			else {
				uint32_t src, dst;

				memcpy(&src, m->m_data + 26, 4);
				memcpy(&dst, m->m_data + 30, 4);
				CHECK_EQ(in4_cksum(m, 6, src, dst, l4, n), 0);
				CHECK_EQ(in_cksum(m, 14, 20), 0);
			}
		}
		join_all();
		CHECK_EQ(njoined, 1);
		CHECK_EQ(joined[0]->m_pkthdr.len, l4 + 32 + PAYLOAD);
		CHECK_EQ(m_length(joined[0]), l4 + 32 + PAYLOAD);
		m_copydata(joined[0], 0, l4 + 32, f);
		m_copydata(joined[0], l4 + 32, PAYLOAD, got);
		CHECK(memcmp(got, payload, PAYLOAD) == 0);
		CHECK_EQ(f[l4 + 13], 0x18);
		CHECK_EQ(be32_get(f + l4 + 4), 0xfffff000);
		l3len = v6 ? be16_get(f + 18) + 40u : be16_get(f + 16);
		CHECK_EQ(l3len, l4 - 14 + 32 + PAYLOAD);
		if (!v6)
			CHECK_EQ(in_cksum(joined[0], 14, 20), 0);
		CHECK_EQ(joined[0]->m_pkthdr.segsz, 1448);
		CHECK_EQ(joined[0]->m_pkthdr.csum_flags,
		    v6 ? M_CSUM_TCPv6 | M_CSUM_TSOv6 :
			 M_CSUM_TCPv4 | M_CSUM_TSOv4);
		/* And cut again. */
		struct mbuf *again = tso_split(joined[0]);
		unsigned n = 0;

		njoined = 0;
		for (struct mbuf *m = again; m != NULL; m = m->m_nextpkt)
			n++;
		CHECK_EQ(n, 7);
		m_freepkts(again);
	}
	end(2, w);
}

TEST(tso_goes_behind_ipv6_options)
{
	static const uint8_t pad[8] = { 6, 0, 1, 4 };
	static uint8_t payload[PAYLOAD], flat[PAYLOAD + 200];
	struct wire *w = begin(2, 1, false);
	struct mbuf *m = large(&hosts[0], &hosts[1], true, payload);
	uint32_t len = m->m_pkthdr.len;

	m_copydata(m, 0, 54, flat);
	flat[20] = 0; /* hop-by-hop options */
	be16_put(flat + 18, (uint16_t)(len - 54 + 8));
	memcpy(flat + 54, pad, 8);
	m_copydata(m, 54, len - 54, flat + 62);
	m_freem(m);
	m = m_devget(hosts[0].k, flat, len + 8, NULL);
	CHECK(m != NULL);
	m->m_pkthdr.csum_flags = M_CSUM_TCPv6 | M_CSUM_TSOv6;
	m->m_pkthdr.csum_data = 16;
	m->m_pkthdr.segsz = 1440;
	ncut = 0;
	CHECK(tso_each(m, collect, hosts[0].k));
	CHECK_EQ(ncut, 7);
	for (unsigned i = 0; i < ncut; i++) {
		struct mbuf *c = cut[i];

		CHECK_EQ(be16_get(c->m_data + 18), c->m_pkthdr.len - 54);
		CHECK(memcmp(c->m_data + 54, pad, 8) == 0);
		CHECK_EQ(in6_cksum(c, 6, c->m_data + 22, c->m_data + 38, 62,
			     c->m_pkthdr.len - 62),
		    0);
		m_freem(c);
	}
	/* A chain of options without an end. */
	for (size_t off = 54; off < 1000; off += 8)
		m->m_data[off] = 0;
	CHECK(!tso_each(m, collect, hosts[0].k));
	CHECK(tso_split(m) == NULL);
	end(2, w);
}

TEST(lro_leaves_alone_what_does_not_fit)
{
	static uint8_t payload[PAYLOAD];
	struct wire *w = begin(2, 1, false);
	struct mbuf *m;

	/* Another order: as it came. */
	cut_large(false, payload);
	m = cut[3];
	cut[3] = cut[4];
	cut[4] = m;
	join_all();
	CHECK_EQ(njoined, 4);
	CHECK_EQ(joined[0]->m_pkthdr.len, 66 + 3 * 1448);
	CHECK_EQ(joined[1]->m_pkthdr.len, 66 + 1448);
	CHECK_EQ(joined[1]->m_pkthdr.segsz, 0);
	CHECK_EQ(joined[1]->m_pkthdr.csum_flags, M_CSUM_TCPv4);
	CHECK_EQ(joined[3]->m_pkthdr.len, 66 + PAYLOAD - 5 * 1448);
	drop_joined();
	/* A wrong byte, with its wrong checksum. */
	cut_large(false, payload);
	cut[2]->m_data[200] ^= 1;
	join_all();
	CHECK_EQ(njoined, 3);
	CHECK_EQ(joined[1]->m_pkthdr.csum_flags, 0);
	drop_joined();
	/* Another connection; an answer without data; something else. */
	cut_large(false, payload);
	be16_put(cut[1]->m_data + 34, 1001);
	join_all();
	CHECK(njoined >= 3);
	drop_joined();
	cut_large(false, payload);
	m_adj(cut[1], -1448);
	be16_put(cut[3]->m_data + 12, ETHERTYPE_ARP);
	m_adj(cut[5], -(int)(cut[5]->m_pkthdr.len - 20));
	join_all();
	CHECK_EQ(njoined, 7);
	drop_joined();
	/* After a short one, or a FIN, nothing is put. */
	cut_large(false, payload);
	m = cut[6];
	cut[6] = cut[0];
	cut[0] = m;
	join_all();
	CHECK_EQ(njoined, 3);
	drop_joined();
	end(2, w);
}

static unsigned shown;

static void
show(void *ctx, int64_t time_ns, const void *frame, size_t len)
{
	CHECK_THREAD(ctx == &shown);
	CHECK_THREAD(time_ns > 1600000000000000000);
	CHECK_THREAD(len >= 14 && len <= 1514);
	(void)frame;
	shown++;
}

TEST(wire_capture_shows_real_frames)
{
	static uint8_t payload[PAYLOAD];
	struct wire *w = begin(2, 1, false);

	wire_capture(w, show, &shown);
	net_rdlock(hosts[0].k);
	CHECK_EQ(if_transmit(
		     hosts[0].ifp, large(&hosts[0], &hosts[1], false, payload)),
	    0);
	net_unlock(hosts[0].k);
	net_run(hosts[0].k);
	CHECK_EQ(shown, 7);
	CHECK_EQ(hosts[1].got, 7);
	wire_capture(w, NULL, NULL);
	/* Without it the segment crosses as it is. */
	net_rdlock(hosts[0].k);
	CHECK_EQ(if_transmit(
		     hosts[0].ifp, large(&hosts[0], &hosts[1], false, payload)),
	    0);
	net_unlock(hosts[0].k);
	net_run(hosts[0].k);
	CHECK_EQ(shown, 7);
	CHECK_EQ(hosts[1].got, 8);
	CHECK_EQ(hosts[1].lastlen, 52 + PAYLOAD);
	end(2, w);
}

TEST(wire_capture_file_is_pcap)
{
	struct wire *w = begin(2, 1, false);
	char path[] = "/tmp/wire_test.XXXXXX", *dir;
	uint8_t file[256];
	uint32_t v;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/tmp/wire_test.%d", host_getpid());
	dir = path;
	CHECK_EQ(wire_capture_file(w, "/nonexistent/x"), -ENOENT);
	CHECK_EQ(wire_capture_file(w, dir), 0);
	CHECK_EQ(send_frame(&hosts[0], all, "abcdef", 6), 0);
	CHECK_EQ(wire_capture_file(w, NULL), 0);
	CHECK_EQ(send_frame(&hosts[0], all, "abcdef", 6), 0);
	f = fopen(path, "r");
	CHECK(f != NULL);
	n = fread(file, 1, sizeof(file), f);
	fclose(f);
	remove(path);
	CHECK_EQ(n, 24 + 16 + 20);
	memcpy(&v, file, 4);
	CHECK_EQ(v, PCAP_MAGIC_NS);
	memcpy(&v, file + 20, 4);
	CHECK_EQ(v, 1);
	memcpy(&v, file + 32, 4);
	CHECK_EQ(v, 20);
	CHECK(memcmp(file + 40 + 14, "abcdef", 6) == 0);
	end(2, w);
}

int
main(void)
{
	RUN(wire_frames_reach_whom_they_are_for);
	RUN(ether_what_is_no_frame_is_dropped);
	RUN(wire_harm_is_reproducible);
	RUN(wire_delay_takes_its_time);
	RUN(wire_hundred_kernels);
	RUN(wire_kernels_come_and_go_while_others_send);
	RUN(tso_split_makes_frames);
	RUN(wire_small_frames_hold_no_large_storage);
	RUN(lro_puts_together_what_was_cut);
	RUN(tso_goes_behind_ipv6_options);
	RUN(lro_leaves_alone_what_does_not_fit);
	RUN(wire_capture_shows_real_frames);
	RUN(wire_capture_file_is_pcap);
	return check_done();
}
