/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual time through the public API: sleeps, timeouts, wires and TCP's timers, exact to the nanosecond, and the same again. */
#include <netbsd/errno.h>
#include <netbsd/event.h>
#include <netbsd/if.h>
#include <netbsd/in.h>
#include <netbsd/poll.h>
#include <netbsd/socket.h>
#include <netbsd/sockio.h>
#include <netbsd/syscall.h>
#include <netbsd/tcp.h>
#include <netbsd/time.h>
#include <rumprun/net.h>
#include "host/host.h"
#include "lib/check.h"

#define MS INT64_C(1000000)
#define SEC (1000 * MS)
#define START (1500000000 * SEC)
#define BOOT (1000 * SEC) /* CLOCK_MONOTONIC's first */
#define DELAY (400 * MS)

static struct rumprun_clock *ck;
static struct rumprun_wire *w;

struct node {
	struct rumprun_kernel *k;
	struct rumprun_proc *p;
	char name[16];
	int64_t s;
};
static struct node a, b;

static int64_t
call(struct node *n, int num, intptr_t x, intptr_t y, intptr_t z, intptr_t v,
    intptr_t e, intptr_t f)
{
	intptr_t args[8] = { x, y, z, v, e, f, 0, 0 };
	int64_t rv[2];
	int error = rumprun_proc_syscall(n->p, num, args, sizeof(args), rv);

	return error != 0 ? error : rv[0];
}
#define P(x) ((intptr_t)(x))

static void
boot(struct node *n)
{
	CHECK_EQ(rumprun_clock_boot(ck, "net,net_net,net_netinet", NULL, NULL,
		     NULL, &n->k, NULL, 0),
	    0);
	CHECK_EQ(rumprun_proc_create(n->k, "test", &n->p), 0);
}

static void
halt(struct node *n)
{
	CHECK_EQ(rumprun_proc_destroy(n->p), 0);
	CHECK_EQ(rumprun_kernel_halt(n->k, 1), 0);
}

static struct sockaddr_in
inet(unsigned host, unsigned port)
{
	struct sockaddr_in sin;

	memset(&sin, 0, sizeof(sin));
	sin.sin_len = sizeof(sin);
	sin.sin_family = AF_INET;
	sin.sin_port = __builtin_bswap16((uint16_t)port);
	sin.sin_addr.s_addr = __builtin_bswap32(0x0a000000 + host);
	return sin;
}

static void
join(struct node *n, unsigned host)
{
	struct sockaddr_in sin = inet(host, 0);
	struct ifaliasreq ifra;
	int64_t s;

	CHECK_EQ(rumprun_wire_attach(n->k, w, n->name, sizeof(n->name)), 0);
	memset(&ifra, 0, sizeof(ifra));
	memcpy(ifra.ifra_name, n->name, sizeof(n->name));
	memcpy(&ifra.ifra_addr, &sin, sizeof(sin));
	sin.sin_addr.s_addr = __builtin_bswap32(0xffffff00);
	memcpy(&ifra.ifra_mask, &sin, sizeof(sin));
	s = call(n, SYS___socket30, AF_INET, SOCK_DGRAM, 0, 0, 0, 0);
	CHECK(s >= 0);
	CHECK_EQ(call(n, SYS_ioctl, P(s), P(SIOCAIFADDR), P(&ifra), 0, 0, 0), 0);
	CHECK_EQ(call(n, SYS_close, P(s), 0, 0, 0, 0, 0), 0);
}

static void
begin(int64_t seed)
{
	CHECK_EQ(rumprun_clock_create(START, seed, &ck), 0);
	boot(&a);
	boot(&b);
}

static void
begin_wire(int64_t seed, int64_t delay)
{
	begin(seed);
	CHECK_EQ(rumprun_wire_create(seed, &w), 0);
	join(&a, 1);
	join(&b, 2);
	/* Whoever defends the addresses has been heard by now. */
	CHECK_EQ(rumprun_clock_advance(ck, 10 * SEC), 0);
	CHECK_EQ(rumprun_wire_set(w, 0, 0, 0, 0, delay, 0, 0), 0);
}

static void
end(void)
{
	halt(&a);
	halt(&b);
	CHECK_EQ(rumprun_clock_free(ck), 0);
}

static void
end_wire(void)
{
	CHECK_EQ(rumprun_wire_listen(w, NULL, NULL), 0);
	end();
	CHECK_EQ(rumprun_wire_destroy(w), 0);
}

static int64_t
passed(void)
{
	return rumprun_clock_now(ck) - START;
}

static int64_t
gettime(struct node *n, int id)
{
	struct timespec ts;

	CHECK_EQ(call(n, SYS___clock_gettime50, id, P(&ts), 0, 0, 0, 0), 0);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static int64_t
nap(struct node *n, int64_t ns)
{
	struct timespec ts = { ns / SEC, (long)(ns % SEC) };

	return call(n, SYS___nanosleep50, P(&ts), 0, 0, 0, 0, 0);
}

/* --- time --- */

TEST(clock_stands_still_until_it_is_moved)
{
	begin(1);
	CHECK_EQ(gettime(&a, CLOCK_REALTIME), START);
	CHECK_EQ(gettime(&a, CLOCK_MONOTONIC), BOOT);
	CHECK_EQ(rumprun_clock_advance(ck, 90 * SEC + 1), 0);
	CHECK_EQ(gettime(&b, CLOCK_REALTIME), START + 90 * SEC + 1);
	CHECK_EQ(gettime(&b, CLOCK_MONOTONIC), BOOT + 90 * SEC + 1);
	CHECK_EQ(rumprun_clock_advance(ck, 0), 0);
	CHECK_EQ(rumprun_clock_advance(ck, -1), -EINVAL);
	CHECK_EQ(rumprun_clock_advance(ck, INT64_MAX), -EINVAL);
	CHECK_EQ(rumprun_clock_release(ck), -EINVAL);
	CHECK_EQ(passed(), 90 * SEC + 1);
	end();
	CHECK_EQ(rumprun_clock_create(-1, 1, &ck), -EINVAL);
	CHECK_EQ(rumprun_clock_free(NULL), 0);
}

TEST(clock_outlives_its_handle)
{
	begin(1);
	CHECK_EQ(rumprun_clock_free(ck), 0);
	CHECK_EQ(nap(&a, 5 * SEC), 0);
	CHECK_EQ(gettime(&b, CLOCK_REALTIME), START + 5 * SEC);
	halt(&a);
	halt(&b);
}

TEST(sleeps_jump_to_their_end)
{
	struct timespec until = { (START + 20000 * SEC) / SEC, 5 };
	struct pollfd none = { -1, 0, 0 };

	begin(1);
	CHECK_EQ(nap(&a, 7200 * SEC + 3), 0);
	CHECK_EQ(passed(), 7200 * SEC + 3);
	CHECK_EQ(call(&b, SYS_poll, P(&none), 1, 1500, 0, 0, 0), 0);
	CHECK_EQ(passed(), 7201 * SEC + 500 * MS + 3);
	CHECK_EQ(call(&b, SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME,
		     P(&until), 0, 0, 0),
	    0);
	CHECK_EQ(passed(), 20000 * SEC + 5);
	end();
}

TEST(timeouts_jump_to_their_end)
{
	struct timeval tv = { 90, 7 };
	struct timespec ts = { 3, 11 };
	struct kevent ev;
	int64_t from, kq;

	begin(1);
	CHECK_EQ(call(&a, SYS___select50, 0, 0, 0, 0, P(&tv), 0), 0);
	CHECK_EQ(passed(), 90 * SEC + 7000);
	from = passed();
	CHECK((kq = call(&b, SYS_kqueue, 0, 0, 0, 0, 0, 0)) >= 0);
	CHECK_EQ(call(&b, SYS___kevent50, P(kq), 0, 0, P(&ev), 1, P(&ts)), 0);
	CHECK_EQ(passed() - from, 3 * SEC + 11);
	/* A timer of its own, every 250 ms. */
	from = passed();
	memset(&ev, 0, sizeof(ev));
	ev.ident = 1;
	ev.filter = EVFILT_TIMER;
	ev.flags = EV_ADD;
	ev.data = 250;
	CHECK_EQ(call(&b, SYS___kevent50, P(kq), P(&ev), 1, 0, 0, 0), 0);
	for (int i = 1; i <= 4; i++) {
		CHECK_EQ(call(&b, SYS___kevent50, P(kq), 0, 0, P(&ev), 1, 0), 1);
		CHECK_EQ(ev.data, 1);
		CHECK_EQ(passed() - from, i * 250 * MS);
	}
	end();
}

/* --- threads --- */

struct sleeper {
	struct node *n;
	int64_t ns[3]; /* it sleeps so often */
	_Atomic int64_t woke[3];
	struct host_thread *thread;
};

static void
sleeper_main(void *arg)
{
	struct sleeper *s = arg;

	for (int i = 0; i < 3; i++) {
		CHECK_THREAD(nap(s->n, s->ns[i]) == 0);
		s->woke[i] = passed();
	}
}

static _Atomic int inside;

static void
start(struct sleeper *s)
{
	CHECK_EQ(host_thread_create("sleeper", sleeper_main, s, &s->thread), 0);
}

TEST(sleeps_of_threads_end_in_order)
{
	struct sleeper x = { &a, { 3 * SEC, 5 * SEC, 7 * SEC }, { 0 }, NULL };
	struct sleeper y = { &b, { 4 * SEC, 4 * SEC, SEC }, { 0 }, NULL };

	begin(1);
	/* Until both are there. */
	CHECK_EQ(rumprun_clock_hold(ck), 0);
	start(&x);
	start(&y);
	while (rumprun_clock_asleep(ck) < 2)
		host_sleep_ns(1000000);
	CHECK_EQ(passed(), 0);
	CHECK_EQ(rumprun_clock_release(ck), 0);
	host_thread_join(x.thread);
	host_thread_join(y.thread);
	CHECK_EQ(x.woke[0], 3 * SEC);
	CHECK_EQ(y.woke[0], 4 * SEC);
	CHECK_EQ(x.woke[1], 8 * SEC);
	CHECK_EQ(y.woke[1], 8 * SEC);
	CHECK_EQ(y.woke[2], 9 * SEC);
	CHECK_EQ(x.woke[2], 15 * SEC);
	end();
}

TEST(advance_waits_for_what_threads_do)
{
	struct sleeper x = { &a, { 3 * SEC, 5 * SEC, 7 * SEC }, { 0 }, NULL };

	begin(1);
	CHECK_EQ(rumprun_clock_automatic(ck, 0), 0);
	start(&x);
	while (rumprun_clock_asleep(ck) < 1)
		host_sleep_ns(1000000);
	CHECK_EQ(rumprun_clock_advance(ck, 3 * SEC - 1), 0);
	CHECK_EQ(x.woke[0], 0);
	CHECK_EQ(rumprun_clock_advance(ck, 6 * SEC), 0);
	CHECK_EQ(x.woke[0], 3 * SEC);
	CHECK_EQ(x.woke[1], 8 * SEC);
	CHECK_EQ(rumprun_clock_advance(ck, 100 * SEC), 0);
	CHECK_EQ(x.woke[2], 15 * SEC);
	host_thread_join(x.thread);
	CHECK_EQ(passed(), 109 * SEC - 1);
	end();
}

static void
naps_for_ever(void *arg)
{
	(void)arg;
	inside = 1;
	CHECK_THREAD(nap(&a, 1000000 * SEC) == -ESHUTDOWN);
}

TEST(halt_ends_a_sleep)
{
	struct host_thread *t;

	begin(1);
	CHECK_EQ(rumprun_clock_automatic(ck, 0), 0);
	CHECK_EQ(host_thread_create("nap", naps_for_ever, NULL, &t), 0);
	while (rumprun_clock_asleep(ck) < 1)
		host_sleep_ns(1000000);
	CHECK_EQ(rumprun_kernel_halt(a.k, 1), 0);
	host_thread_join(t);
	CHECK_EQ(rumprun_proc_destroy(a.p), 0);
	CHECK_EQ(rumprun_clock_advance(ck, SEC), 0);
	halt(&b);
	CHECK_EQ(rumprun_clock_free(ck), 0);
}

/* --- wires --- */

static int64_t
udp(struct node *n, unsigned host)
{
	struct sockaddr_in sin = inet(host, 7);
	int64_t s = call(n, SYS___socket30, AF_INET, SOCK_DGRAM, 0, 0, 0, 0);

	CHECK(s >= 0);
	CHECK_EQ(call(n, SYS_bind, P(s), P(&sin), sizeof(sin), 0, 0, 0), 0);
	return n->s = s;
}

TEST(frames_take_the_wires_delay)
{
	struct sockaddr_in to = inet(2, 7);
	struct timeval tv = { 3, 250000 };
	int64_t from;
	char buf[16];

	begin_wire(1, DELAY);
	udp(&a, 1);
	udp(&b, 2);
	/* Who has it; it is at; the datagram. */
	from = passed();
	CHECK_EQ(
	    call(&a, SYS_sendto, P(a.s), P("hello"), 5, 0, P(&to), sizeof(to)),
	    5);
	CHECK_EQ(passed(), from);
	CHECK_EQ(
	    call(&b, SYS_recvfrom, P(b.s), P(buf), sizeof(buf), 0, 0, 0), 5);
	CHECK_EQ(passed() - from, 3 * DELAY);
	/* Nothing comes. */
	CHECK_EQ(call(&b, SYS_setsockopt, P(b.s), SOL_SOCKET, SO_RCVTIMEO,
		     P(&tv), sizeof(tv), 0),
	    0);
	from = passed();
	CHECK_EQ(call(&b, SYS_recvfrom, P(b.s), P(buf), sizeof(buf), 0, 0, 0),
	    -EAGAIN);
	CHECK_EQ(passed() - from, 3 * SEC + 250 * MS);
	/* Not before the wire brings it. */
	CHECK_EQ(
	    call(&a, SYS_sendto, P(a.s), P("again"), 5, 0, P(&to), sizeof(to)),
	    5);
	CHECK_EQ(rumprun_clock_advance(ck, DELAY - 1), 0);
	CHECK_EQ(call(&b, SYS_recvfrom, P(b.s), P(buf), sizeof(buf),
		     0x80 /* MSG_DONTWAIT */, 0, 0),
	    -EAGAIN);
	CHECK_EQ(rumprun_clock_advance(ck, 1), 0);
	CHECK_EQ(
	    call(&b, SYS_recvfrom, P(b.s), P(buf), sizeof(buf), 0x80, 0, 0), 5);
	end_wire();
}

/* --- TCP --- */

static int64_t sent[64]; /* when frames went with the data */
static unsigned nsent;

static void
note_data(void *ctx, int64_t time_ns, const void *frame, size_t size)
{
	const uint8_t *f = frame;
	size_t header;

	(void)ctx;
	if (size < 54 || f[12] != 8 || f[13] != 0 || f[23] != 6)
		return;
	header = 14 + 20 + (size_t)(f[46] >> 4) * 4;
	if ((unsigned)(f[16] << 8 | f[17]) + 14 > header && nsent < 64)
		sent[nsent++] = time_ns;
}

/* A connection from a to b; listener, client, server. */
static void
tcp_pair(int64_t s[3])
{
	struct sockaddr_in to = inet(2, 80);

	s[0] = call(&b, SYS___socket30, AF_INET, SOCK_STREAM, 0, 0, 0, 0);
	CHECK(s[0] >= 0);
	CHECK_EQ(call(&b, SYS_bind, P(s[0]), P(&to), sizeof(to), 0, 0, 0), 0);
	CHECK_EQ(call(&b, SYS_listen, P(s[0]), 5, 0, 0, 0, 0), 0);
	s[1] = call(&a, SYS___socket30, AF_INET, SOCK_STREAM, 0, 0, 0, 0);
	CHECK(s[1] >= 0);
	CHECK_EQ(call(&a, SYS_connect, P(s[1]), P(&to), sizeof(to), 0, 0, 0), 0);
	s[2] = call(&b, SYS_accept, P(s[0]), 0, 0, 0, 0, 0);
	CHECK(s[2] >= 0);
}

TEST(tcp_sends_again_when_rfc_6298_says_so)
{
	int64_t s[3], from, rto;
	struct timeval tv = { 250, 0 };
	char buf[8];

	begin_wire(3, DELAY);
	from = passed();
	tcp_pair(s);
	/* ARP's question and answer, the handshake's two and its third frame. */
	CHECK_EQ(passed() - from, 5 * DELAY);
	nsent = 0;
	CHECK_EQ(rumprun_wire_listen(w, note_data, NULL), 0);
	CHECK_EQ(rumprun_wire_set(w, 1000000, 0, 0, 0, DELAY, 0, 0), 0);
	CHECK_EQ(call(&a, SYS_write, P(s[1]), P("lost"), 4, 0, 0, 0), 4);
	CHECK_EQ(call(&b, SYS_setsockopt, P(s[2]), SOL_SOCKET, SO_RCVTIMEO,
		     P(&tv), sizeof(tv), 0),
	    0);
	CHECK_EQ(
	    call(&b, SYS_read, P(s[2]), P(buf), sizeof(buf), 0, 0, 0), -EAGAIN);
	/* 2.2, of one sample R, which waited for ARP: SRTT = R, RTTVAR = R / 2; 5.5: twice as long each time. */
	rto = 4 * DELAY + 4 * (4 * DELAY / 2);
	CHECK(nsent >= 6);
	for (unsigned i = 1; i < 6; i++, rto *= 2)
		CHECK_EQ(sent[i] - sent[i - 1], rto < 64 * SEC ? rto : 64 * SEC);
	/* And what was lost comes, with the next one of them. */
	CHECK_EQ(rumprun_wire_set(w, 0, 0, 0, 0, DELAY, 0, 0), 0);
	CHECK_EQ(call(&b, SYS_read, P(s[2]), P(buf), sizeof(buf), 0, 0, 0), 4);
	CHECK_EQ(START + passed() - sent[nsent - 1], DELAY);
	end_wire();
}

/* More than a kernel does in one go comes at one time. */
TEST(bursts_arrive_at_one_time)
{
	struct sockaddr_in to = inet(2, 7);
	int size = 200000;
	int64_t from;
	char buf[4];

	begin_wire(5, 0);
	udp(&a, 1);
	udp(&b, 2);
	CHECK_EQ(call(&b, SYS_setsockopt, P(b.s), SOL_SOCKET, SO_RCVBUF,
		     P(&size), sizeof(size), 0),
	    0);
	for (int i = 0; i < 500; i++) {
		CHECK_EQ(call(&a, SYS_sendto, P(a.s), P(&i), sizeof(i), 0,
			     P(&to), sizeof(to)),
		    sizeof(i));
		/* The first has found the neighbour. */
		if (i == 0)
			CHECK_EQ(
			    rumprun_wire_set(w, 0, 0, 0, 0, DELAY, 0, 0), 0);
	}
	from = passed();
	for (int i = 0; i < 500; i++) {
		CHECK_EQ(call(&b, SYS_recvfrom, P(b.s), P(buf), sizeof(buf), 0,
			     0, 0),
		    sizeof(i));
		CHECK(memcmp(buf, &i, sizeof(i)) == 0);
		CHECK_EQ(passed() - from, i == 0 ? 0 : DELAY);
	}
	end_wire();
}

/* More than one round of a kernel's work, all of it in no time. */
TEST(bulk_takes_no_time)
{
	static char buf[65536];
	int64_t s[3], n, from, got = 0, sent_bytes = 0;

	begin_wire(4, 0);
	tcp_pair(s);
	from = passed();
	while (got < 16 << 20) {
		n = call(
		    &a, SYS_sendto, P(s[1]), P(buf), sizeof(buf), 0x80, 0, 0);
		CHECK(n > 0 || n == -EAGAIN);
		sent_bytes += n > 0 ? n : 0;
		n = call(
		    &b, SYS_recvfrom, P(s[2]), P(buf), sizeof(buf), 0x80, 0, 0);
		CHECK(n > 0 || n == -EAGAIN);
		got += n > 0 ? n : 0;
	}
	CHECK(sent_bytes >= got);
	CHECK_EQ(passed(), from);
	end_wire();
}

/* --- the same again --- */

struct record {
	uint64_t hash;
	unsigned frames;
	int64_t end;
};

static void
hash_frame(void *ctx, int64_t time_ns, const void *frame, size_t size)
{
	struct record *r = ctx;
	const uint8_t *p = frame;

	r->hash = (r->hash ^ (uint64_t)time_ns) * 0x100000001b3ULL;
	for (size_t i = 0; i < size; i++)
		r->hash = (r->hash ^ p[i]) * 0x100000001b3ULL;
	r->frames++;
}

/* 64 KiB over a wire that does everything that wires do. */
static struct record
recorded(int64_t seed)
{
	static char out[65536], in[65536];
	struct record r = { 0, 0, 0 };
	int64_t s[3], n;
	size_t done = 0, got = 0;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 7 + i / 251);
	begin_wire(seed, 0);
	CHECK_EQ(rumprun_wire_listen(w, hash_frame, &r), 0);
	CHECK_EQ(rumprun_wire_set(
		     w, 50000, 20000, 20000, 50000, 20 * MS, 5 * MS, 10000000),
	    0);
	tcp_pair(s);
	while (got < sizeof(in)) {
		if (done < sizeof(out)) {
			n = call(&a, SYS_sendto, P(s[1]), P(out + done),
			    P(sizeof(out) - done), 0x80, 0, 0);
			CHECK(n > 0 || n == -EAGAIN);
			done += n > 0 ? (size_t)n : 0;
		}
		n = call(&b, SYS_read, P(s[2]), P(in + got),
		    P(sizeof(in) - got), 0, 0, 0);
		CHECK(n > 0);
		got += (size_t)n;
	}
	CHECK(memcmp(in, out, sizeof(in)) == 0);
	r.end = passed();
	end_wire();
	return r;
}

TEST(same_seed_gives_the_same_frames)
{
	struct record x = recorded(7), y = recorded(7), z = recorded(8);

	CHECK(x.frames > 60 && x.end > SEC);
	CHECK_EQ(x.frames, y.frames);
	CHECK_EQ(x.end, y.end);
	CHECK(x.hash == y.hash);
	CHECK(x.hash != z.hash);
}

int
main(void)
{
	RUN(clock_stands_still_until_it_is_moved);
	RUN(clock_outlives_its_handle);
	RUN(sleeps_jump_to_their_end);
	RUN(timeouts_jump_to_their_end);
	RUN(sleeps_of_threads_end_in_order);
	RUN(advance_waits_for_what_threads_do);
	RUN(halt_ends_a_sleep);
	RUN(frames_take_the_wires_delay);
	RUN(tcp_sends_again_when_rfc_6298_says_so);
	RUN(bursts_arrive_at_one_time);
	RUN(bulk_takes_no_time);
	RUN(same_seed_gives_the_same_frames);
	return check_done();
}
