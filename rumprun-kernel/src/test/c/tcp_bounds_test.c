/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What peers can make TCP hold is bounded, and while they try connections go
 * on: floods of SYNs, of segments out of order, of SACKs, of blind segments;
 * and what idle and closed connections cost, by the kernel's own accounts.
 */
#include <netbsd/sysctl.h>
#include "net/bytes.h"
#include "net/mbuf.h"
#include "tcp_net.h"

#define A 0x0a000001u
#define B 0x0a000002u
#define KIB INT64_C(1024)

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* A segment as if it had come from the wire; addresses and ports in host order. */
struct forged {
	uint32_t src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t win;
	uint32_t len;	  /* bytes of data */
	uint32_t storage; /* of the memory that they come in */
	uint32_t sack[2]; /* one block, if not 0, 0 */
};

static void
inject(struct rump_kernel *k, const struct forged *g)
{
	uint32_t optlen = g->sack[1] != 0 ? 12 : 0, n = 40 + optlen + g->len;
	uint32_t room = n < g->storage ? g->storage : n;
	struct mbuf *m = m_getcl(k, MT_DATA, room, true);
	uint8_t *p;

	CHECK(m != NULL);
	p = m->m_data;
	memset(p, 0, n);
	p[0] = 0x45;
	be16_put(p + 2, (uint16_t)n);
	p[8] = 64;
	p[9] = IPPROTO_TCP;
	be32_put(p + 12, g->src);
	be32_put(p + 16, g->dst);
	be16_put(p + 20, g->sport);
	be16_put(p + 22, g->dport);
	be32_put(p + 24, g->seq);
	be32_put(p + 28, g->ack);
	p[32] = (uint8_t)((20 + optlen) / 4 << 4);
	p[33] = g->flags;
	be16_put(p + 34, g->win);
	if (optlen != 0) {
		p[40] = p[41] = TCPOPT_NOP;
		p[42] = TCPOPT_SACK;
		p[43] = 10;
		be32_put(p + 44, g->sack[0]);
		be32_put(p + 48, g->sack[1]);
	}
	m->m_len = m->m_pkthdr.len = n;
	m->m_pkthdr.csum_flags = M_CSUM_TCPv4;
	net_rdlock(k);
	tcp_input4(m, 20, IPPROTO_TCP);
	net_unlock(k);
	net_run(k);
}

/* A connection from a to b: both sockets, and a copy of a's or b's block. */
struct pair {
	long c, s;
	uint16_t port; /* a's */
};

static struct pair
pair_open(struct net *n, long ls)
{
	struct pair p = { .c = start_connect(&n->a, B, 5000) };
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	p.s = wait_accept(n, &n->b, ls);
	CHECK_EQ(l_getsockname(n->a.l, p.c, &sin, &len), 0);
	p.port = ntohs(sin.sin_port);
	return p;
}

static struct tcpcb
block_of(struct rump_kernel *k, uint32_t laddr, uint16_t lport, uint32_t faddr,
    uint16_t fport)
{
	struct in_any l, f;
	struct socket *so;
	struct tcpcb tp;

	in_any_set4(&l, htonl(laddr));
	in_any_set4(&f, htonl(faddr));
	so = in_pcblookup_connect(
	    TCP(k)->tc_table, &f, htons(fport), &l, htons(lport), 0);
	CHECK(so != NULL);
	tp = *sototcpcb(so);
	so_put(so);
	return tp;
}

/* Both ways some bytes: it lives. */
static void
alive(struct net *n, const struct pair *p, int i)
{
	char out[1000], in[1000];
	size_t got = 0;

	memset(out, i, sizeof(out));
	CHECK_EQ(l_write(n->a.l, p->c, out, sizeof(out)), sizeof(out));
	while (got < sizeof(out)) {
		long r = l_read(n->b.l, p->s, in + got, sizeof(in) - got);

		if (r == -EAGAIN) {
			CHECK(pass_time(n));
			continue;
		}
		CHECK(r > 0);
		got += (size_t)r;
	}
	CHECK_EQ(memcmp(in, out, sizeof(out)), 0);
}

TEST(bounds_syn_flood)
{
	struct net n;
	struct pair p, q;
	uint64_t x = 88172645463325252u;
	int64_t before;
	long ls;

	net_up(&n, 1, &(struct wire_params){ .wp_loss = 0 });
	ls = listener(&n.b, 5000, 20);
	p = pair_open(&n, ls);
	before = n.b.k->k_memused;
	for (int i = 0; i < 30000; i++) {
		uint64_t r = next_random(&x);
		struct forged g = { .src = (uint32_t)r | 0x40000000u,
			.dst = B,
			.sport = (uint16_t)(r >> 32 | 1),
			.dport = 5000,
			.seq = (uint32_t)(r >> 13),
			.flags = TH_SYN,
			.win = 5000 };

		inject(n.b.k, &g);
		if (i % 3000 == 0)
			alive(&n, &p, i);
	}
	CHECK(n.b.k->k_memused - before <= 2048 * KIB);
	/* Who comes now is served by a cookie. */
	q = pair_open(&n, ls);
	alive(&n, &q, 7);
	alive(&n, &p, 8);
	CHECK(TCP(n.b.k)->tc_stat[TCP_STAT_SC_OVERFLOWED] > 0);
	/* They go by themselves. */
	for (int i = 0; i < 200 && n.b.k->k_memused - before > 64 * KIB; i++)
		CHECK(pass_time(&n));
	CHECK(n.b.k->k_memused - before <= 64 * KIB);
	alive(&n, &p, 9);
	net_down(&n);
}

TEST(bounds_segments_out_of_order)
{
	enum { N = 40, SEGS = 300 };
	struct wire_params wp = { .wp_loss = 0, .wp_delay_ns = 1000000 };
	struct tcp_state *tc;
	struct pair p[N], q;
	struct net n;
	long ls;

	net_up(&n, 1, &wp);
	tc = TCP(n.b.k);
	tc->tc_reassmax = 2048 * KIB;
	ls = listener(&n.b, 5000, 20);
	q = pair_open(&n, ls);
	for (int i = 0; i < N; i++) {
		struct tcpcb tp;

		p[i] = pair_open(&n, ls);
		tp = block_of(n.b.k, B, 5000, A, p[i].port);
		for (int j = 0; j < SEGS; j++) {
			struct forged g = { .src = A,
				.dst = B,
				.sport = p[i].port,
				.dport = 5000,
				.seq = tp.rcv_nxt + 10u + 20u * (unsigned)j,
				.ack = tp.snd_max,
				.flags = TH_ACK,
				.win = 5000,
				.len = 10,
				.storage = 2048 };

			inject(n.b.k, &g);
		}
		CHECK(atomic_load(&tc->tc_reassmem) <= tc->tc_reassmax);
	}
	CHECK(atomic_load(&tc->tc_reassmem) >= tc->tc_reassmax / 2);
	CHECK(tc->tc_stat[TCP_STAT_RCVMEMDROP] > 0);
	/* Others lose some, and go on. */
	wp.wp_loss = 50000;
	CHECK_EQ(wire_set(n.wire, &wp), 0);
	for (int i = 0; i < 50; i++)
		alive(&n, &q, i);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(l_close(n.b.l, p[i].s), 0);
		CHECK_EQ(l_close(n.a.l, p[i].c), 0);
	}
	while (atomic_load(&tc->tc_reassmem) != 0)
		CHECK(pass_time(&n));
	net_down(&n);
}

TEST(bounds_sack_ranges)
{
	enum { N = 60 };
	struct wire_params wp = { .wp_loss = 1000000 };
	static char data[200];
	struct tcp_state *tc;
	struct pair p[N];
	struct net n;
	long ls;

	net_up(&n, 1, &(struct wire_params){ .wp_loss = 0 });
	tc = TCP(n.a.k);
	ls = listener(&n.b, 5000, 20);
	for (int i = 0; i < N; i++) {
		p[i] = pair_open(&n, ls);
		CHECK_EQ(
		    l_setint(n.a.l, p[i].c, IPPROTO_TCP, TCP_NODELAY, 1), 0);
	}
	/* What they send is lost; somebody tells of every second piece of it. */
	CHECK_EQ(wire_set(n.wire, &wp), 0);
	for (int i = 0; i < N; i++) {
		struct tcpcb tp;

		for (int j = 0; j < 10; j++)
			CHECK_EQ(l_write(n.a.l, p[i].c, data, sizeof(data)),
			    sizeof(data));
		tp = block_of(n.a.k, A, p[i].port, B, 5000);
		for (uint32_t at = 2; at + 1 < tp.snd_max - tp.snd_una;
		     at += 2) {
			struct forged g = { .src = B,
				.dst = A,
				.sport = 5000,
				.dport = p[i].port,
				.seq = tp.rcv_nxt,
				.ack = tp.snd_una,
				.flags = TH_ACK,
				.win = 5000,
				.sack = {
				    tp.snd_una + at, tp.snd_una + at + 1 } };

			inject(n.a.k, &g);
		}
		tp = block_of(n.a.k, A, p[i].port, B, 5000);
		CHECK(tp.t_nsacked <= 32);
		CHECK(atomic_load(&tc->sack_globalholes) <= 1024);
	}
	CHECK(atomic_load(&tc->sack_globalholes) > 900);
	/* Lies they were: all arrives when the wire works. */
	wp.wp_loss = 0;
	CHECK_EQ(wire_set(n.wire, &wp), 0);
	for (int i = 0; i < N; i++) {
		char buf[2000];
		size_t got = 0;

		while (got < 10 * sizeof(data)) {
			long r = l_read(n.b.l, p[i].s, buf, sizeof(buf));

			if (r == -EAGAIN)
				CHECK(pass_time(&n));
			else {
				CHECK(r > 0);
				got += (size_t)r;
			}
		}
	}
	while (atomic_load(&tc->sack_globalholes) != 0)
		CHECK(pass_time(&n));
	net_down(&n);
}

TEST(bounds_blind_segments)
{
	static const uint8_t flags[] = { TH_RST, TH_RST | TH_ACK, TH_SYN,
		TH_ACK, TH_FIN | TH_ACK, TH_SYN | TH_ACK };
	uint64_t x = 362436069362436069u, acks;
	struct tcpcb tp;
	struct pair p;
	struct net n;
	long ls;

	net_up(&n, 1, &(struct wire_params){ .wp_loss = 0 });
	ls = listener(&n.b, 5000, 20);
	p = pair_open(&n, ls);
	for (int i = 0; i < 60000; i++) {
		struct forged g = { .src = A,
			.dst = B,
			.sport = p.port,
			.dport = 5000,
			.seq = (uint32_t)next_random(&x),
			.ack = (uint32_t)next_random(&x),
			.flags = flags[i % 6],
			.win = 100,
			.len = i % 6 == 3 ? 1 : 0 };

		inject(n.b.k, &g);
		if (i % 10000 == 0)
			alive(&n, &p, i);
	}
	alive(&n, &p, 1);
	/* In the window, but not exact: a few answers, and no harm. */
	tp = block_of(n.b.k, B, 5000, A, p.port);
	acks = TCP(n.b.k)->tc_stat[TCP_STAT_SNDACKS];
	for (uint32_t i = 1; i < 1000; i++) {
		struct forged g = { .src = A,
			.dst = B,
			.sport = p.port,
			.dport = 5000,
			.seq = tp.rcv_nxt + i,
			.flags = TH_RST };

		inject(n.b.k, &g);
	}
	CHECK(TCP(n.b.k)->tc_stat[TCP_STAT_SNDACKS] - acks <= 10);
	alive(&n, &p, 2);
	net_down(&n);
}

/* --- what is kept --- */

static long
ask_sysctl(struct lwp *l, const int *name, unsigned namelen, void *oldv,
    size_t *len, const void *newv, size_t newlen)
{
	struct sys___sysctl_args a;
	register_t rv[2];

	memset(&a, 0, sizeof(a));
	SCARG(&a, name) = name;
	SCARG(&a, namelen) = namelen;
	SCARG(&a, oldv) = oldv;
	SCARG(&a, oldlenp) = len;
	SCARG(&a, newv) = newv;
	SCARG(&a, newlen) = newlen;
	return kern_syscall(l, SYS___sysctl, &a, rv);
}

/* How many of TCP's blocks the kernel shows in a state. */
static int
listed(struct fixture *f, int state)
{
	int name[8] = { CTL_NET, AF_INET, IPPROTO_TCP, 0, PCB_ALL, 0,
		sizeof(struct kinfo_pcb), INT32_MAX };
	static struct kinfo_pcb ki[3000];
	size_t len = sizeof(ki);
	int found = 0, node[4] = { CTL_NET, AF_INET, IPPROTO_TCP, 0 };
	struct sysctlnode *list = calloc(128, sizeof(*list));
	struct sysctlnode query;
	size_t size = 128 * sizeof(*list);

	memset(&query, 0, sizeof(query));
	query.sysctl_flags = SYSCTL_VERSION;
	node[3] = CTL_QUERY;
	CHECK_EQ(
	    ask_sysctl(f->l, node, 4, list, &size, &query, sizeof(query)), 0);
	for (size_t i = 0; i < size / sizeof(*list); i++)
		if (strcmp(list[i].sysctl_name, "pcblist") == 0)
			name[3] = list[i].sysctl_num;
	free(list);
	CHECK(name[3] != 0);
	CHECK_EQ(ask_sysctl(f->l, name, 8, ki, &len, NULL, 0), 0);
	for (size_t i = 0; i < len / sizeof(ki[0]); i++)
		found += ki[i].ki_tstate == state;
	return found;
}

TEST(bounds_closed_connections_are_small)
{
	enum { N = 1000 };
	struct sockaddr_in sin = name_of(INADDR_ANY, 0), peer = name_of(B, 5000);
	socklen_t len = sizeof(sin);
	struct net n;
	struct pair p;
	int64_t before;
	long ls, s;

	net_up(&n, 1, &(struct wire_params){ .wp_loss = 0 });
	ls = listener(&n.b, 5000, 20);
	p = pair_open(&n, ls);
	before = n.a.k->k_memused;
	for (int i = 0; i < N; i++) {
		p = pair_open(&n, ls);
		CHECK_EQ(l_getsockname(n.a.l, p.c, &sin, &len), 0);
		CHECK_EQ(l_close(n.a.l, p.c), 0);
		CHECK_EQ(l_close(n.b.l, p.s), 0);
	}
	CHECK_EQ(tcp_tw_count(TCP(n.a.k)), N);
	CHECK_EQ(listed(&n.a, TCPS_TIME_WAIT), N);
	printf("       %lld bytes each\n",
	    (long long)(n.a.k->k_memused - before) / N);
	CHECK((n.a.k->k_memused - before) / N <= 256);
	/* The last one's name is not free yet. */
	s = l_socket(n.a.l, AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(l_bind(n.a.l, s, &sin, sizeof(sin)), -EADDRINUSE);
	CHECK_EQ(l_setint(n.a.l, s, SOL_SOCKET, SO_REUSEADDR, 1), 0);
	CHECK_EQ(l_bind(n.a.l, s, &sin, sizeof(sin)), 0);
	CHECK_EQ(l_connect(n.a.l, s, &peer, sizeof(peer)), -EADDRINUSE);
	CHECK_EQ(l_close(n.a.l, s), 0);
	/* No more than so many: the oldest go. */
	TCP(n.a.k)->tc_twmax = 100;
	p = pair_open(&n, ls);
	CHECK_EQ(l_close(n.a.l, p.c), 0);
	CHECK_EQ(l_close(n.b.l, p.s), 0);
	CHECK_EQ(tcp_tw_count(TCP(n.a.k)), 100);
	/* And all in time: 2 x 5 s, for a neighbour. */
	for (int64_t end = now_ns + 11 * INT64_C(1000000000);
	     now_ns < end && tcp_tw_count(TCP(n.a.k)) > 0;)
		CHECK(pass_time(&n));
	CHECK_EQ(tcp_tw_count(TCP(n.a.k)), 0);
	CHECK_EQ(listed(&n.a, TCPS_TIME_WAIT), 0);
	net_down(&n);
}

/* The file, the socket, its blocks, its places in tables: at both ends. */
TEST(bounds_idle_connections_are_small)
{
	enum { N = 2000 };
	struct net n;
	int64_t a, b;
	long ls;

	net_up(&n, 1, &(struct wire_params){ .wp_loss = 0 });
	n.a.k->k_maxfiles = 4000;
	n.b.k->k_maxfiles = 4000;
	ls = listener(&n.b, 5000, 20);
	(void)pair_open(&n, ls);
	a = n.a.k->k_memused;
	b = n.b.k->k_memused;
	for (int i = 0; i < N; i++)
		(void)pair_open(&n, ls);
	a = (n.a.k->k_memused - a) / N;
	b = (n.b.k->k_memused - b) / N;
	printf("       %lld and %lld bytes\n", (long long)a, (long long)b);
	CHECK(a <= 2048);
	CHECK(b <= 2048);
	net_down(&n);
}

int
main(void)
{
	RUN(bounds_syn_flood);
	RUN(bounds_segments_out_of_order);
	RUN(bounds_sack_ranges);
	RUN(bounds_blind_segments);
	RUN(bounds_closed_connections_are_small);
	RUN(bounds_idle_connections_are_small);
	return check_done();
}
