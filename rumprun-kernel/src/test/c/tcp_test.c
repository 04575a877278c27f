/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP between two kernels: every byte arrives, once and in order, whatever the
 * wire does. Both kernels run on one clock that the test moves on when nothing
 * else happens, so that minutes of retransmissions take no time.
 */
#include "tcp_net.h"

/* --- a stream of bytes that depend on their place --- */

struct stream {
	struct fixture *from, *to;
	long out, in;
	uint64_t total, sent, got;
	uint32_t key;
	bool shut, ended, failed;
};

static uint8_t
byte_at(const struct stream *st, uint64_t at)
{
	uint64_t h = (at + st->key) * 0x9e3779b97f4a7c15u;

	return (uint8_t)(h >> 40 ^ at);
}

static bool
pump_out(struct stream *st)
{
	uint8_t buf[8192];
	uint64_t left = st->total - st->sent;
	size_t n = left < sizeof(buf) ? (size_t)left : sizeof(buf);
	long r;

	if (n == 0) {
		if (st->shut)
			return false;
		CHECK_EQ(l_shutdown(st->from->l, st->out, SHUT_WR), 0);
		return st->shut = true;
	}
	for (size_t i = 0; i < n; i++)
		buf[i] = byte_at(st, st->sent + i);
	r = l_write(st->from->l, st->out, buf, n);
	if (r == -EAGAIN || (r == -ENOTCONN && st->in < 0) || r == -ENOBUFS ||
	    r == -ENOMEM)
		return false;
	/* The handshake has failed: 75 s of losses happen at 20 %. */
	if (r < 0 && st->in < 0) {
		st->failed = true;
		return false;
	}
	CHECK(r > 0);
	st->sent += (uint64_t)r;
	return true;
}

static bool
take_in(struct stream *st, uint8_t *buf, size_t size)
{
	long r;

	if (st->ended || st->in < 0)
		return false;
	r = l_read(st->to->l, st->in, buf, size);
	if (r == -EAGAIN || r == -ENOBUFS || r == -ENOMEM)
		return false;
	CHECK(r >= 0);
	if (r == 0) {
		CHECK_EQ(st->got, st->total);
		return st->ended = true;
	}
	for (long i = 0; i < r; i++)
		if (buf[i] != byte_at(st, st->got + (uint64_t)i))
			CHECK(false);
	st->got += (uint64_t)r;
	return true;
}

static bool
pump_in(struct stream *st)
{
	uint8_t buf[8192];

	return take_in(st, buf, sizeof(buf));
}

static void
pump(struct net *n, struct stream *st, int count)
{
	for (;;) {
		bool moved = false, all = true;

		for (int i = 0; i < count; i++) {
			moved |= pump_out(&st[i]);
			moved |= pump_in(&st[i]);
			all &= st[i].ended;
		}
		if (all)
			return;
		if (!moved)
			CHECK(pass_time(n));
	}
}

/* One connection with `total` bytes each way. */
static void
transfer(struct net *n, uint64_t total, const char *what)
{
	long ls = listener(&n->b, 5000, 5);
	long c = start_connect(&n->a, 0x0a000002, 5000);
	long s = wait_accept(n, &n->b, ls);
	struct stream st[2] = { { .from = &n->a,
				    .to = &n->b,
				    .out = c,
				    .in = s,
				    .total = total,
				    .key = 1 },
		{ .from = &n->b,
		    .to = &n->a,
		    .out = s,
		    .in = c,
		    .total = total / 4,
		    .key = 2 } };
	int64_t begin = now_ns;

	pump(n, st, 2);
	printf("       %s: %llu KiB in %.3f s, %llu again, %llu timeouts\n",
	    what, (unsigned long long)total / 1024,
	    (double)(now_ns - begin) / 1e9,
	    (unsigned long long)TCP(n->a.k)->tc_stat[TCP_STAT_SNDREXMITPACK],
	    (unsigned long long)TCP(n->a.k)->tc_stat[TCP_STAT_REXMTTIMEO]);
	CHECK_EQ(l_close(n->a.l, c), 0);
	CHECK_EQ(l_close(n->b.l, s), 0);
	CHECK_EQ(l_close(n->b.l, ls), 0);
}

static void
transfer_over(const struct wire_params *wp, uint64_t total, const char *cc,
    const char *what)
{
	struct net n;

	net_up(&n, 42, wp);
	atomic_store(&TCP(n.a.k)->tc_congctl, tcp_congctl_find(cc, strlen(cc)));
	transfer(&n, total, what);
	net_down(&n);
}

TEST(tcp_transfer_clean)
{
	transfer_over(&(struct wire_params){ .wp_delay_ns = 1000000 }, 8 << 20,
	    "newreno", "clean, 1 ms");
	transfer_over(&(struct wire_params){ .wp_delay_ns = 0 }, 8 << 20,
	    "cubic", "clean");
}

TEST(tcp_transfer_loss)
{
	static const uint32_t loss[] = { 1000, 10000, 50000, 200000 };

	for (int i = 0; i < 4; i++) {
		struct wire_params wp = { .wp_loss = loss[i],
			.wp_delay_ns = 2000000 };
		char what[60];

		snprintf(what, sizeof(what), "newreno, loss %u of a million",
		    (unsigned)loss[i]);
		transfer_over(
		    &wp, i == 3 ? 256 << 10 : 4 << 20, "newreno", what);
		snprintf(what, sizeof(what), "cubic, loss %u of a million",
		    (unsigned)loss[i]);
		transfer_over(&wp, i == 3 ? 256 << 10 : 4 << 20, "cubic", what);
	}
}

/* One way, so that no data carry what an ACK or an update of the window says. */
static int64_t
one_way(const struct wire_params *wp, uint64_t seed, const char *cc)
{
	static uint8_t all[262144];
	struct stream st = { .total = 4 << 20, .key = 1 };
	struct net n;
	int64_t begin;
	long ls;

	net_up(&n, seed, &(struct wire_params){ .wp_loss = 0 });
	atomic_store(&TCP(n.a.k)->tc_congctl, tcp_congctl_find(cc, strlen(cc)));
	ls = listener(&n.b, 5000, 5);
	st.from = &n.a;
	st.to = &n.b;
	st.out = start_connect(&n.a, 0x0a000002, 5000);
	st.in = wait_accept(&n, &n.b, ls);
	CHECK_EQ(wire_set(n.wire, wp), 0);
	begin = now_ns;
	while (st.got < st.total) {
		bool moved = false;

		/* By turns, and all at once: the window is shut, and opened by one update, again and again. */
		while (pump_out(&st))
			moved = true;
		while (take_in(&st, all, sizeof(all)))
			moved = true;
		if (!moved)
			CHECK(pass_time(&n));
	}
	begin = now_ns - begin;
	CHECK_EQ(l_close(n.a.l, st.out), 0);
	CHECK_EQ(l_close(n.b.l, st.in), 0);
	CHECK_EQ(l_close(n.b.l, ls), 0);
	net_down(&n);
	return begin;
}

/* A wire without delay: what passes on the tests' clock is what somebody waited for a timer. A lost ACK or update of the window was half a second or more. */
TEST(tcp_losses_cost_no_timeout)
{
	static const struct wire_params kinds[] = { { .wp_loss = 10000 },
		{ .wp_reorder = 10000 },
		{ .wp_loss = 10000, .wp_reorder = 10000 } };
	int64_t all = 0;

	for (uint64_t seed = 1; seed <= 5; seed++)
		for (int i = 0; i < 3; i++) {
			all += one_way(&kinds[i], seed, "newreno");
			all += one_way(&kinds[i], seed, "cubic");
		}
	printf(
	    "       30 transfers of 4 MiB waited %.3f s\n", (double)all / 1e9);
	CHECK(all < INT64_C(1000000000));
}

TEST(tcp_transfer_disorder)
{
	struct wire_params wp = { .wp_loss = 10000,
		.wp_duplicate = 20000,
		.wp_corrupt = 5000,
		.wp_reorder = 50000,
		.wp_delay_ns = 1000000,
		.wp_jitter_ns = 500000 };

	transfer_over(
	    &wp, 2 << 20, "newreno", "loss, reorder, duplicates, damage");
	wp.wp_loss = wp.wp_corrupt = 0;
	transfer_over(&wp, 2 << 20, "newreno", "reorder, duplicates");
}

TEST(tcp_transfer_without_options)
{
	struct wire_params wp = { .wp_loss = 20000, .wp_delay_ns = 1000000 };
	struct net n;

	net_up(&n, 7, &wp);
	atomic_store(&TCP(n.a.k)->rfc1323, 0);
	atomic_store(&TCP(n.a.k)->sack_enable, 0);
	transfer(&n, 1 << 20, "without SACK, scaling, timestamps");
	net_down(&n);
}

/* --- many connections --- */

struct many {
	long c, s;
	struct stream st[2];
	int step; /* 0 connecting, 1 both, 2 done */
};

static long
match_accept(struct net *n, long ls, struct many *m, int count)
{
	struct sockaddr_in peer, mine;
	socklen_t len = sizeof(peer);
	long s = l_accept(n->b.l, ls, &peer, &len);

	if (s < 0)
		return s;
	for (int i = 0; i < count; i++) {
		socklen_t mlen = sizeof(mine);

		if (m[i].s >= 0 ||
		    l_getsockname(n->a.l, m[i].c, &mine, &mlen) != 0 ||
		    mine.sin_port != peer.sin_port)
			continue;
		m[i].s = nonblocking(n->b.l, s);
		m[i].step = 1;
		m[i].st[0].in = s;
		m[i].st[1] = (struct stream){ .from = &n->b,
			.to = &n->a,
			.out = s,
			.in = m[i].c,
			.total = 600u + 97u * (unsigned)i,
			.key = (uint32_t)i * 2 + 1 };
		return 0;
	}
	/* Of one that its other end has given up. */
	CHECK_EQ(l_close(n->b.l, s), 0);
	return 0;
}

/* Its end writes first: a lost last ACK of the handshake would never be missed else. */
static void
open_one(struct net *n, struct many *m, int i)
{
	long c = start_connect(&n->a, 0x0a000002, 5000);

	*m = (struct many){ .c = c,
		.s = -1,
		.st[0] = { .from = &n->a,
		    .to = &n->b,
		    .out = c,
		    .in = -1,
		    .total = 500u + 97u * (unsigned)i,
		    .key = (uint32_t)i * 2 } };
}

static void
batch(struct net *n, long ls, struct many *m, int count)
{
	int done = 0;

	for (int i = 0; i < count; i++)
		open_one(n, &m[i], i);
	while (done < count) {
		bool moved = false;

		while (match_accept(n, ls, m, count) == 0)
			moved = true;
		for (int i = 0; i < count; i++) {
			if (m[i].step == 0)
				moved |= pump_out(&m[i].st[0]);
			if (m[i].st[0].failed) {
				CHECK_EQ(l_close(n->a.l, m[i].c), 0);
				open_one(n, &m[i], i);
				moved = true;
			}
			if (m[i].step != 1)
				continue;
			for (int d = 0; d < 2; d++) {
				moved |= pump_out(&m[i].st[d]);
				moved |= pump_in(&m[i].st[d]);
			}
			if (!m[i].st[0].ended || !m[i].st[1].ended)
				continue;
			CHECK_EQ(l_close(n->a.l, m[i].c), 0);
			CHECK_EQ(l_close(n->b.l, m[i].s), 0);
			m[i].step = 2;
			done++;
		}
		if (!moved)
			CHECK(pass_time(n));
	}
}

TEST(tcp_many_connections)
{
	static struct many m[50];
	struct wire_params wp = { .wp_delay_ns = 500000 };
	struct net n;
	long ls;

	net_up(&n, 3, &wp);
	ls = listener(&n.b, 5000, 128);
	/* 10,000 connections, from no loss to 20 %, some of it disorder. */
	for (int i = 0; i < 200; i++) {
		wp.wp_loss = (uint32_t)i * 1000;
		wp.wp_reorder = (uint32_t)(i % 4) * 30000;
		wp.wp_duplicate = (uint32_t)(i % 3) * 20000;
		wp.wp_jitter_ns = 200000;
		CHECK_EQ(wire_set(n.wire, &wp), 0);
		batch(&n, ls, m, 50);
	}
	net_down(&n);
}

/* --- the rest --- */

/* Memory fails, once at each place in turn: the stream goes on. */
TEST(tcp_transfer_without_memory)
{
	struct wire_params wp = { .wp_delay_ns = 100000, .wp_loss = 5000 };
	struct net n;
	struct stream st;
	long ls, c, s;

	net_up(&n, 11, &wp);
	ls = listener(&n.b, 5000, 5);
	c = start_connect(&n.a, 0x0a000002, 5000);
	s = wait_accept(&n, &n.b, ls);
	st = (struct stream){
		.from = &n.a, .to = &n.b, .out = c, .in = s, .total = 4 << 20
	};
	for (int i = 0; !st.ended; i++) {
		bool moved = pump_out(&st);

		moved |= pump_in(&st);
		n.a.k->k_failalloc = i % 37 + 1;
		n.b.k->k_failalloc = i % 41 + 1;
		if (!moved && !pass_time(&n)) {
			/* What failed may have been the timer itself: the next call sets it. */
			n.a.k->k_failalloc = n.b.k->k_failalloc = 0;
			CHECK(pump_out(&st) || pump_in(&st) || pass_time(&n));
		}
	}
	n.a.k->k_failalloc = n.b.k->k_failalloc = 0;
	net_down(&n);
}

/* To itself over lo0. */
TEST(tcp_loopback)
{
	struct net n;
	long ls, c, s;
	struct stream st;

	net_up(&n, 1, &(struct wire_params){ .wp_loss = 0 });
	ls = listener(&n.a, 6000, 5);
	c = start_connect(&n.a, INADDR_LOOPBACK, 6000);
	s = wait_accept(&n, &n.a, ls);
	st = (struct stream){
		.from = &n.a, .to = &n.a, .out = c, .in = s, .total = 16 << 20
	};
	pump(&n, &st, 1);
	net_down(&n);
}

/* Idle connections are small. */
TEST(tcp_idle_connections_small)
{
	struct net n;
	int64_t before, after;
	long ls;

	net_up(&n, 1, &(struct wire_params){ .wp_loss = 0 });
	ls = listener(&n.b, 5000, 128);
	for (int i = 0; i < 100; i++) {
		(void)start_connect(&n.a, 0x0a000002, 5000);
		(void)wait_accept(&n, &n.b, ls);
	}
	before = n.b.k->k_memused;
	for (int i = 0; i < 500; i++) {
		(void)start_connect(&n.a, 0x0a000002, 5000);
		(void)wait_accept(&n, &n.b, ls);
	}
	after = n.b.k->k_memused;
	printf("       %lld bytes a connection\n",
	    (long long)(after - before) / 500);
	CHECK((after - before) / 500 <= 2048);
	net_down(&n);
}

/* --- with threads, and time that passes by itself --- */

#define NTHREADS 3
#define NECHOES 40

struct echo {
	long ls;
	uint32_t addr;
	int id;
};

static void
echo_server(struct lwp *l, void *arg)
{
	struct echo *e = arg;
	char buf[5000];

	for (int i = 0; i < NECHOES; i++) {
		long s = l_accept(l, e->ls, NULL, NULL), r;

		CHECK_THREAD(s >= 0);
		while ((r = l_read(l, s, buf, sizeof(buf))) > 0)
			CHECK_THREAD(l_write(l, s, buf, (size_t)r) == r);
		CHECK_THREAD(r == 0);
		CHECK_THREAD(l_close(l, s) == 0);
	}
}

static void
echo_client(struct lwp *l, void *arg)
{
	struct echo *e = arg;
	struct sockaddr_in sin = name_of(e->addr, 5000);
	static const size_t total = 20000;
	uint8_t *out = malloc(total), *in = malloc(total + 1);

	for (int i = 0; i < NECHOES; i++) {
		long s = l_socket(l, AF_INET, SOCK_STREAM, 0), r = 0;
		size_t got = 0;

		for (size_t j = 0; j < total; j++)
			out[j] = (uint8_t)(j * 7 + (size_t)i + (size_t)e->id);
		CHECK_THREAD(l_connect(l, s, &sin, sizeof(sin)) == 0);
		CHECK_THREAD(l_write(l, s, out, total) == (long)total);
		CHECK_THREAD(l_shutdown(l, s, SHUT_WR) == 0);
		while (got <= total &&
		    (r = l_read(l, s, in + got, total + 1 - got)) > 0)
			got += (size_t)r;
		CHECK_THREAD(r == 0 && got == total);
		CHECK_THREAD(memcmp(in, out, total) == 0);
		CHECK_THREAD(l_close(l, s) == 0);
	}
	free(out);
	free(in);
}

TEST(tcp_threads_echo)
{
	struct helper servers[NTHREADS], clients[NTHREADS];
	struct echo e[NTHREADS];
	struct sockaddr_in sin = name_of(INADDR_ANY, 5000);
	struct net n;
	long ls;

	memset(&n, 0, sizeof(n));
	n.ops = host_linux;
	n.real = true;
	CHECK_EQ(wire_create(5, &n.wire), 0);
	host_up(&n, &n.a, 0x0a000001);
	host_up(&n, &n.b, 0x0a000002);
	ls = l_socket(n.b.l, AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(l_bind(n.b.l, ls, &sin, sizeof(sin)), 0);
	CHECK_EQ(l_listen(n.b.l, ls, 10), 0);
	for (int i = 0; i < NTHREADS; i++) {
		e[i] = (struct echo){ .ls = ls, .addr = 0x0a000002, .id = i };
		helper_start(&servers[i], n.b.p, echo_server, &e[i]);
		helper_start(&clients[i], n.a.p, echo_client, &e[i]);
	}
	for (int i = 0; i < NTHREADS; i++) {
		helper_join(&clients[i]);
		helper_join(&servers[i]);
	}
	net_down(&n);
}

int
main(void)
{
	RUN(tcp_threads_echo);
	RUN(tcp_loopback);
	RUN(tcp_transfer_clean);
	RUN(tcp_transfer_loss);
	RUN(tcp_losses_cost_no_timeout);
	RUN(tcp_transfer_disorder);
	RUN(tcp_transfer_without_options);
	RUN(tcp_transfer_without_memory);
	RUN(tcp_idle_connections_small);
	RUN(tcp_many_connections);
	return check_done();
}
