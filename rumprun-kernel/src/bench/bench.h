/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the benchmarks share: ends that are sockets of a kernel in this process or of the host (p == NULL), kernels on wires, the clock. Each
 * program includes it once.
 */
#ifndef BENCH_H
#define BENCH_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <rumprun/net.h>
#include <rumprun/rumprun.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* NetBSD's numbers, and argument blocks of amd64: a register each. */
enum {
	NB_CLOSE = 6,
	NB_ACCEPT = 30,
	NB_IOCTL = 54,
	NB_CONNECT = 98,
	NB_BIND = 104,
	NB_SETSOCKOPT = 105,
	NB_LISTEN = 106,
	NB_RECVFROM = 29,
	NB_SENDTO = 133,
	NB_SETRLIMIT = 195,
	NB_SYSCTL = 202,
	NB_SOCKET = 394,
	NB_RECVMMSG = 475,
	NB_SENDMMSG = 476
};
#define NB_SIOCAIFADDR 0x8040691aUL
#define NB_SIOCSIFFLAGS 0x80906910UL
#define NB_SIOCSIFMTU 0x8090697fUL
#define NB_RLIMIT_NOFILE 8
#define NB_AF_INET6 24
#define NB_IFF_UP 0x1
#define NB_SOL_SOCKET 0xffff
#define NB_SO_RCVBUF 0x1002
#define NB_TCP_CONGCTL 32

struct end {
	struct rumprun_proc *p; /* NULL: the host's */
	int fd;
};

static inline double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void
need(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench: %s failed\n", what);
		exit(1);
	}
}

/* A system call of a kernel: its first result, or a negative NetBSD errno. */
static inline int
call(struct rumprun_proc *p, int number, int n, ...)
{
	int64_t args[8] = { 0 }, results[2];
	va_list ap;
	int error;

	va_start(ap, n);
	for (int i = 0; i < n; i++)
		args[i] = va_arg(ap, int64_t);
	va_end(ap);
	error = rumprun_proc_syscall(p, number, args, (size_t)n * 8, results);
	return error != 0 ? error : (int)results[0];
}
#define L(v) ((int64_t)(v))
#define P(p) ((int64_t)(intptr_t)(p))

/* One line of a figure beside its reference; ratio: ours to the reference. */
static inline void
report(const char *name, double ours, const char *ref, double reference)
{
	printf("%-26s %12.1f   %s %12.1f   ratio %.3f\n", name, ours, ref,
	    reference, ours / reference);
	fflush(stdout);
}
#define LOOPBACK "host loopback"

/* What this process has in memory. */
static inline double
resident(void)
{
	unsigned long all, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	need(f != NULL && fscanf(f, "%lu %lu", &all, &pages) == 2, "statm");
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* --- sockets of either kind --- */

static inline void
address(const struct end *e, uint8_t sa[16], const char *ip, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { inet_addr(ip) } };

	memcpy(sa, &in, 16);
	if (e->p != NULL) {
		sa[0] = 16;
		sa[1] = AF_INET;
	}
}

static inline void
end_open(struct end *e, struct rumprun_proc *p, int type)
{
	e->p = p;
	e->fd = p != NULL ? call(p, NB_SOCKET, 3, L(2), L(type), L(0)) :
			    socket(AF_INET, type, 0);
	need(e->fd >= 0, "socket");
}

static inline void
end_bind(struct end *e, const char *ip, int port)
{
	uint8_t sa[16];
	int one = 1;

	address(e, sa, ip, port);
	if (e->p == NULL)
		setsockopt(e->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	need((e->p != NULL ? call(e->p, NB_BIND, 3, L(e->fd), P(sa), L(16)) :
			     bind(e->fd, (void *)sa, 16)) == 0,
	    "bind");
}

static inline void
end_listen(struct end *e, const char *ip, int port, int backlog)
{
	end_bind(e, ip, port);
	need((e->p != NULL ? call(e->p, NB_LISTEN, 2, L(e->fd), L(backlog)) :
			     listen(e->fd, backlog)) == 0,
	    "listen");
}

static inline void
end_accept(const struct end *listener, struct end *e)
{
	e->p = listener->p;
	e->fd = e->p != NULL ?
	    call(e->p, NB_ACCEPT, 3, L(listener->fd), L(0), L(0)) :
	    accept(listener->fd, NULL, NULL);
	need(e->fd >= 0, "accept");
}

static inline void
end_connect(struct end *e, const char *ip, int port)
{
	uint8_t sa[16];

	address(e, sa, ip, port);
	need((e->p != NULL ? call(e->p, NB_CONNECT, 3, L(e->fd), P(sa), L(16)) :
			     connect(e->fd, (void *)sa, 16)) == 0,
	    "connect");
}

static inline void
end_close(struct end *e)
{
	if (e->p != NULL)
		rumprun_close(e->p, e->fd);
	else
		close(e->fd);
}

static inline ssize_t
get(const struct end *e, void *b, size_t n)
{
	return e->p != NULL ? (ssize_t)rumprun_read(e->p, e->fd, b, n) :
			      read(e->fd, b, n);
}

static inline ssize_t
put(const struct end *e, const void *b, size_t n)
{
	return e->p != NULL ? (ssize_t)rumprun_write(e->p, e->fd, b, n) :
			      write(e->fd, b, n);
}

static inline void
get_all(const struct end *e, char *b, size_t n, size_t chunk)
{
	while (n > 0) {
		ssize_t r = get(e, b, n < chunk ? n : chunk);

		need(r > 0, "read");
		n -= (size_t)r;
	}
}

static inline void
put_all(const struct end *e, const char *b, size_t n, size_t chunk)
{
	while (n > 0) {
		ssize_t w = put(e, b, n < chunk ? n : chunk);

		need(w > 0, "write");
		n -= (size_t)w;
	}
}

static inline void
end_nodelay(struct end *e)
{
	int one = 1;

	if (e->p != NULL)
		call(e->p, NB_SETSOCKOPT, 5, L(e->fd), L(6), L(1), P(&one),
		    L(4));
	else
		setsockopt(e->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static inline void
end_rcvbuf(struct end *e, int size)
{
	if (e->p != NULL)
		call(e->p, NB_SETSOCKOPT, 5, L(e->fd), L(NB_SOL_SOCKET),
		    L(NB_SO_RCVBUF), P(&size), L(4));
	else
		setsockopt(e->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* --- kernels --- */

static inline void
set_sysctl(struct rumprun_proc *p, int value, unsigned n, const int *name)
{
	need(call(p, NB_SYSCTL, 6, P(name), L(n), L(0), L(0), P(&value),
		 L(4)) == 0,
	    "sysctl");
}

static inline struct rumprun_proc *
boot(const char *components, struct rumprun_kernel **kp)
{
	struct rumprun_proc *p;
	char why[256];

	if (rumprun_kernel_boot(components, "nfiles=200000", NULL, NULL, kp,
		why, sizeof(why)) != 0) {
		fprintf(stderr, "bench: boot: %s\n", why);
		exit(1);
	}
	need(rumprun_proc_create(*kp, "bench", &p) == 0, "process");
	return p;
}

/* A new interface of a kernel on the wire, up; ip (of a /24): NULL for none. name: 16 bytes or NULL. */
static inline void
plug(struct rumprun_kernel *k, struct rumprun_proc *p,
    struct rumprun_wire *wire, const char *ip, int mtu, char *name)
{
	struct {
		char name[16];
		uint8_t sa[3][16];
	} alias = { .name = "" };
	struct {
		char name[16];
		union {
			int mtu;
			short flags;
		} u;
		char rest[124];
	} req = { .u.mtu = mtu };
	char own[16];
	int s;

	if (name == NULL)
		name = own;
	need(rumprun_wire_attach(k, wire, name, 16) == 0, "attach");
	s = call(p, NB_SOCKET, 3, L(2), L(SOCK_DGRAM), L(0));
	if (s < 0)
		s = call(p, NB_SOCKET, 3, L(NB_AF_INET6), L(SOCK_DGRAM), L(0));
	memcpy(req.name, name, 16);
	need(call(p, NB_IOCTL, 3, L(s), L(NB_SIOCSIFMTU), P(&req)) == 0, "MTU");
	if (ip == NULL) {
		req.u.flags = NB_IFF_UP;
		need(call(p, NB_IOCTL, 3, L(s), L(NB_SIOCSIFFLAGS), P(&req)) ==
			0,
		    "up");
	} else {
		uint32_t addr = inet_addr(ip), mask = inet_addr("255.255.255.0");

		memcpy(alias.name, name, 16);
		alias.sa[0][0] = alias.sa[2][0] = 16;
		alias.sa[0][1] = alias.sa[2][1] = 2;
		memcpy(alias.sa[0] + 4, &addr, 4);
		memcpy(alias.sa[2] + 4, &mask, 4);
		need(call(p, NB_IOCTL, 3, L(s), L(NB_SIOCAIFADDR), P(&alias)) ==
			0,
		    "address");
	}
	rumprun_close(p, s);
}

#define INET_HOST "rumpnet,rumpnet_net,rumpnet_netinet,rumpnet_wire"

/* A kernel with one interface. */
static inline struct rumprun_proc *
host(struct rumprun_wire *wire, const char *ip, int mtu,
    struct rumprun_kernel **kp)
{
	struct rumprun_kernel *k;
	struct rumprun_proc *p = boot(INET_HOST, &k);

	plug(k, p, wire, ip, mtu, NULL);
	if (kp != NULL)
		*kp = k;
	return p;
}

#endif
