/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the tests of TCP: two kernels on a wire, on one clock that the test moves
 * on when nothing else happens, so that minutes of retransmissions take no time.
 */
#ifndef TCP_NET_H
#define TCP_NET_H

#include <netbsd/in.h>
#include <netbsd/ioctl.h>
#include <netbsd/tcp.h>
#include "kern/callout.h"
#include "net/if_wire.h"
#include "netinet/inet.h"
#include "netinet/tcp_var.h"
#include "sock_calls.h"

static _Atomic int64_t now_ns;

static inline int64_t
fake_monotonic(void)
{
	return atomic_load(&now_ns);
}

static inline int64_t
fake_realtime(void)
{
	return atomic_load(&now_ns) + 1700000000 * INT64_C(1000000000);
}

struct net {
	struct fixture a, b;
	struct host_ops ops;
	struct wire *wire;
	bool real; /* time passes by itself */
};

static inline void
host_up(struct net *n, struct fixture *f, uint32_t addr)
{
	static const char *const names[] = { "net", "net_net", "net_netinet",
		NULL };
	struct kern_config c = { .kc_host = &n->ops,
		.kc_components = names,
		.kc_manualtime = !n->real };
	char name[16];
	struct ifnet *ifp;

	up_config(f, &c);
	f->p->p_rlimit[8].cur = f->p->p_rlimit[8].max = 3000; /* files */
	atomic_store(&INET(f->k)->ip_dad_count, 0);
	if (n->wire == NULL)
		return;
	CHECK_EQ(wire_connect(f->k, n->wire, name), 0);
	net_wrlock(f->k);
	ifp = if_byname(f->k, name);
	CHECK(ifp != NULL);
	CHECK_EQ(in_setaddr(ifp, htonl(addr), htonl(0xffffff00), 0), 0);
	CHECK_EQ(if_up(ifp), 0);
	net_unlock(f->k);
	net_run(f->k);
}

static inline void
net_up(struct net *n, uint64_t seed, const struct wire_params *wp)
{
	memset(n, 0, sizeof(*n));
	n->ops = host_linux;
	n->ops.monotonic = fake_monotonic;
	n->ops.realtime = fake_realtime;
	atomic_store(&now_ns, 1000 * INT64_C(1000000000));
	CHECK_EQ(wire_create(seed, &n->wire), 0);
	host_up(n, &n->a, 0x0a000001);
	host_up(n, &n->b, 0x0a000002);
	CHECK_EQ(wire_set(n->wire, wp), 0);
}

static inline void
net_down(struct net *n)
{
	int64_t leak;

	for (int i = 0; i < 2; i++) {
		struct fixture *f = i == 0 ? &n->a : &n->b;

		lwp_destroy(f->l);
		proc_exit(f->p, NULL, 0);
		kern_halt(f->k, false, &leak);
		CHECK_EQ(leak, 0);
	}
	wire_put(n->wire);
}

/* To the next timer of either; false: there is none for an hour. */
static inline bool
pass_time(struct net *n)
{
	int64_t a = callout_next(n->a.k), b = callout_next(n->b.k);
	int64_t next = a < b ? a : b;

	if (next > now_ns + 3600 * INT64_C(1000000000))
		return false;
	if (next > now_ns)
		atomic_store(&now_ns, next);
	(void)callout_run(n->a.k, now_ns);
	net_run(n->a.k);
	(void)callout_run(n->b.k, now_ns);
	net_run(n->b.k);
	net_run(n->a.k);
	return true;
}

static inline long
nonblocking(struct lwp *l, long s)
{
	CHECK(s >= 0);
	CHECK_EQ(SYS(l, SYS_fcntl, fcntl, P(int, s), P(int, F_SETFL),
		     P(void *, O_RDWR | O_NONBLOCK)),
	    0);
	return s;
}

static inline struct sockaddr_in
name_of(uint32_t addr, uint16_t port)
{
	return (struct sockaddr_in){ .sin_len = sizeof(struct sockaddr_in),
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { htonl(addr) } };
}

static inline long
listener(struct fixture *f, uint16_t port, int backlog)
{
	struct sockaddr_in sin = name_of(INADDR_ANY, port);
	long s = nonblocking(f->l, l_socket(f->l, AF_INET, SOCK_STREAM, 0));

	CHECK_EQ(l_bind(f->l, s, &sin, sizeof(sin)), 0);
	CHECK_EQ(l_listen(f->l, s, backlog), 0);
	return s;
}

static inline long
start_connect(struct fixture *f, uint32_t addr, uint16_t port)
{
	struct sockaddr_in sin = name_of(addr, port);
	long s = nonblocking(f->l, l_socket(f->l, AF_INET, SOCK_STREAM, 0));
	long e = l_connect(f->l, s, &sin, sizeof(sin));

	CHECK(e == 0 || e == -EINPROGRESS);
	return s;
}

static inline long
wait_accept(struct net *n, struct fixture *f, long ls)
{
	long s;

	while ((s = l_accept(f->l, ls, NULL, NULL)) == -EAGAIN)
		CHECK(pass_time(n));
	return nonblocking(f->l, s);
}

#endif
