/* SPDX-License-Identifier: BSD-2-Clause */
/* Wires through the public API: two kernels that talk UDP, and handles that go in every order. */
#include <netbsd/errno.h>
#include <netbsd/if.h>
#include <netbsd/in.h>
#include <netbsd/socket.h>
#include <netbsd/sockio.h>
#include <netbsd/syscall.h>
#include <rumprun/net.h>
#include "lib/check.h"

struct node {
	struct rumprun_kernel *k;
	struct rumprun_proc *p;
	char name[16];
	int64_t s;
};

static int64_t
call(struct node *n, int num, intptr_t a, intptr_t b, intptr_t c, intptr_t d,
    intptr_t e, intptr_t f)
{
	intptr_t args[8] = { a, b, c, d, e, f, 0, 0 };
	int64_t rv[2];
	int error = rumprun_proc_syscall(n->p, num, args, sizeof(args), rv);

	return error != 0 ? error : rv[0];
}

static void
boot(struct node *n, struct rumprun_wire *w)
{
	CHECK_EQ(rumprun_kernel_boot("net,net_net,net_netinet", NULL, NULL,
		     NULL, &n->k, NULL, 0),
	    0);
	CHECK_EQ(rumprun_proc_create(n->k, "test", &n->p), 0);
	CHECK_EQ(rumprun_wire_attach(n->k, w, n->name, sizeof(n->name)), 0);
	CHECK_STR(n->name, "wire0");
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
configure(struct node *n, unsigned host)
{
	struct sockaddr_in sin = inet(host, 0);
	struct ifaliasreq ifra;

	memset(&ifra, 0, sizeof(ifra));
	memcpy(ifra.ifra_name, n->name, sizeof(n->name));
	memcpy(&ifra.ifra_addr, &sin, sizeof(sin));
	sin.sin_addr.s_addr = __builtin_bswap32(0xffffff00);
	memcpy(&ifra.ifra_mask, &sin, sizeof(sin));
	n->s = call(n, SYS___socket30, AF_INET, SOCK_DGRAM, 0, 0, 0, 0);
	CHECK(n->s >= 0);
	CHECK_EQ(call(n, SYS_ioctl, (intptr_t)n->s, (intptr_t)SIOCAIFADDR,
		     (intptr_t)&ifra, 0, 0, 0),
	    0);
	sin = inet(host, 7);
	CHECK_EQ(call(n, SYS_bind, (intptr_t)n->s, (intptr_t)&sin, sizeof(sin),
		     0, 0, 0),
	    0);
}

static _Atomic int frames;

static void
frame(void *ctx, int64_t time_ns, const void *data, size_t size)
{
	(void)data;
	CHECK_THREAD(ctx == &frames && time_ns > 0 && size >= 42);
	frames++;
}

TEST(wires_carry_datagrams)
{
	struct node a, b;
	struct rumprun_wire *w;
	struct sockaddr_in to = inet(2, 7);
	int64_t stats[RUMPRUN_WIRE_COUNT];
	char buf[16];

	frames = 0;
	CHECK_EQ(rumprun_wire_create(1, &w), 0);
	CHECK_EQ(rumprun_wire_listen(w, frame, &frames), 0);
	boot(&a, w);
	boot(&b, w);
	configure(&a, 1);
	configure(&b, 2);
	CHECK_EQ(call(&a, SYS_sendto, (intptr_t)a.s, (intptr_t) "hello", 5, 0,
		     (intptr_t)&to, sizeof(to)),
	    5);
	/* It is there when the sender's call has returned. */
	CHECK_EQ(call(&b, SYS_recvfrom, (intptr_t)b.s, (intptr_t)buf,
		     sizeof(buf), 0x80 /* MSG_DONTWAIT */, 0, 0),
	    5);
	CHECK(memcmp(buf, "hello", 5) == 0);
	rumprun_wire_stats(w, stats);
	CHECK(stats[RUMPRUN_WIRE_FRAMES] >= 3); /* who-has, is-at, data */
	CHECK_EQ(stats[RUMPRUN_WIRE_FRAMES], frames);
	CHECK_EQ(stats[RUMPRUN_WIRE_LOST], 0);
	/* Everything is lost from now on. */
	CHECK_EQ(rumprun_wire_set(w, 1000000, 0, 0, 0, 0, 0, 0), 0);
	CHECK_EQ(call(&a, SYS_sendto, (intptr_t)a.s, (intptr_t) "gone", 4, 0,
		     (intptr_t)&to, sizeof(to)),
	    4);
	CHECK_EQ(call(&b, SYS_recvfrom, (intptr_t)b.s, (intptr_t)buf,
		     sizeof(buf), 0x80, 0, 0),
	    -EAGAIN);
	rumprun_wire_stats(w, stats);
	CHECK_EQ(stats[RUMPRUN_WIRE_LOST], 1);
	halt(&a);
	halt(&b);
	CHECK_EQ(rumprun_wire_destroy(w), 0);
}

TEST(wires_refuse_nonsense)
{
	struct rumprun_wire *w;
	struct rumprun_kernel *k;
	char name[16];

	CHECK_EQ(rumprun_wire_create(0, &w), 0);
	CHECK_EQ(rumprun_wire_set(w, -1, 0, 0, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(rumprun_wire_set(w, 0, 1000001, 0, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(rumprun_wire_set(w, 0, 0, 0, 0, -1, 0, 0), -EINVAL);
	CHECK_EQ(rumprun_wire_set(w, 0, 0, 0, 0, 0, INT64_MAX, 0), -EINVAL);
	CHECK_EQ(rumprun_wire_set(w, 0, 0, 0, 0, 0, 0, -5), -EINVAL);
	CHECK_EQ(rumprun_wire_capture(w, "/nonexistent/x.pcap"), -ENOENT);
	CHECK_EQ(rumprun_wire_capture(w, NULL), 0);
	/* A kernel without interfaces. */
	CHECK_EQ(rumprun_kernel_boot("vfs", NULL, NULL, NULL, &k, NULL, 0), 0);
	CHECK_EQ(rumprun_wire_attach(k, w, name, sizeof(name)), -ENXIO);
	CHECK_EQ(rumprun_wire_attach(k, w, name, 4), -EINVAL);
	CHECK_EQ(rumprun_wire_detach(k, "wire0"), -ENXIO);
	CHECK_EQ(rumprun_kernel_halt(k, 1), 0);
	CHECK_EQ(rumprun_wire_destroy(w), 0);
	CHECK_EQ(rumprun_wire_destroy(NULL), 0);
}

TEST(wires_handles_go_in_any_order)
{
	struct node a, b;
	struct rumprun_wire *w, *v;
	char name[16];

	CHECK_EQ(rumprun_wire_create(1, &w), 0);
	CHECK_EQ(rumprun_wire_create(2, &v), 0);
	boot(&a, w);
	boot(&b, w);
	CHECK_EQ(rumprun_wire_attach(a.k, v, name, sizeof(name)), 0);
	CHECK_STR(name, "wire1");
	configure(&a, 1);
	configure(&b, 2);
	/* The handle goes first, then one of the interfaces, then the kernels. */
	CHECK_EQ(rumprun_wire_destroy(w), 0);
	CHECK_EQ(rumprun_wire_detach(a.k, "wire1"), 0);
	CHECK_EQ(rumprun_wire_detach(a.k, "wire1"), -ENXIO);
	CHECK_EQ(rumprun_wire_detach(a.k, "lo0"), -ENXIO);
	CHECK_EQ(rumprun_wire_destroy(v), 0);
	halt(&b);
	halt(&a);
}

int
main(void)
{
	RUN(wires_carry_datagrams);
	RUN(wires_refuse_nonsense);
	RUN(wires_handles_go_in_any_order);
	return check_done();
}
