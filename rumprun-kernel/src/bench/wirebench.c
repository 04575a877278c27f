/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP and UDP between two kernels in this process, on an in-process wire, through the public C API.
 * usage: wirebench MEGABYTES ROUNDS
 * The floor is the host's own loopback on the same work, in the same run.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <rumprun/net.h>
#include <rumprun/rumprun.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 5001
#define CHUNK 65536

/* NetBSD's numbers, and argument blocks of amd64: a register each. */
enum {
	NB_SOCKET = 394,
	NB_BIND = 104,
	NB_LISTEN = 106,
	NB_ACCEPT = 30,
	NB_CONNECT = 98,
	NB_SETSOCKOPT = 105,
	NB_IOCTL = 54
};
#define NB_SIOCAIFADDR 0x8040691aUL
#define NB_SIOCSIFMTU 0x8090697fUL

struct end {
	struct rumprun_proc *p; /* NULL: the host's */
	int fd;
};
static size_t total;
static int rounds;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
need(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "wirebench: %s failed\n", what);
		exit(1);
	}
}

static int
call(struct rumprun_proc *p, int number, int n, ...)
{
	int64_t args[8] = { 0 }, results[2];
	va_list ap;

	va_start(ap, n);
	for (int i = 0; i < n; i++)
		args[i] = va_arg(ap, int64_t);
	va_end(ap);
	if (rumprun_proc_syscall(p, number, args, (size_t)n * 8, results) != 0)
		return -1;
	return (int)results[0];
}
#define L(v) ((int64_t)(v))
#define P(p) ((int64_t)(intptr_t)(p))

static void
address(struct end *e, void *sa, const char *ip)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr = { inet_addr(ip) } };

	memcpy(sa, &in, 16);
	if (e->p != NULL) {
		((uint8_t *)sa)[0] = 16;
		((uint8_t *)sa)[1] = 2;
	}
}

static int
open_socket(struct end *e, int type)
{
	return e->p != NULL ? call(e->p, NB_SOCKET, 3, L(2), L(type), L(0)) :
			      socket(AF_INET, type, 0);
}

static ssize_t
get(struct end *e, void *b, size_t n)
{
	return e->p != NULL ? (ssize_t)rumprun_read(e->p, e->fd, b, n) :
			      read(e->fd, b, n);
}

static ssize_t
put(struct end *e, const void *b, size_t n)
{
	return e->p != NULL ? (ssize_t)rumprun_write(e->p, e->fd, b, n) :
			      write(e->fd, b, n);
}

static void
get_all(struct end *e, char *b, size_t n)
{
	while (n > 0) {
		ssize_t r = get(e, b, n < CHUNK ? n : CHUNK);

		need(r > 0, "read");
		n -= (size_t)r;
	}
}

static void
nodelay(struct end *e)
{
	int one = 1;

	if (e->p != NULL)
		call(e->p, NB_SETSOCKOPT, 5, L(e->fd), L(6), L(1), P(&one),
		    L(4));
	else
		setsockopt(e->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

struct peer {
	struct end listener;
	const char *ip;
};

static void *
serve(void *arg)
{
	struct peer *peer = arg;
	struct end e = peer->listener;
	char *b = malloc(CHUNK);

	e.fd = e.p != NULL ? call(e.p, NB_ACCEPT, 3, L(e.fd), L(0), L(0)) :
			     accept(e.fd, NULL, NULL);
	need(e.fd >= 0, "accept");
	nodelay(&e);
	for (int i = 0; i < rounds; i++) {
		get_all(&e, b, 64);
		need(put(&e, b, 64) == 64, "write");
	}
	get_all(&e, b, total);
	need(put(&e, b, 1) == 1, "write");
	free(b);
	return NULL;
}

static void
stream(struct rumprun_proc *server, struct rumprun_proc *client, const char *ip,
    double *rr_us, double *mb_s)
{
	struct peer peer = { .listener = { .p = server }, .ip = ip };
	struct end e = { .p = client };
	char sa[16], *b = calloc(1, CHUNK);
	pthread_t th;
	double t;

	peer.listener.fd = open_socket(&peer.listener, SOCK_STREAM);
	address(&peer.listener, sa, ip);
	if (server != NULL)
		need(call(server, NB_BIND, 3, L(peer.listener.fd), P(sa),
			 L(16)) == 0 &&
			call(server, NB_LISTEN, 2, L(peer.listener.fd), L(5)) ==
			    0,
		    "listen");
	else {
		int one = 1;

		setsockopt(peer.listener.fd, SOL_SOCKET, SO_REUSEADDR, &one, 4);
		need(bind(peer.listener.fd, (void *)sa, 16) == 0 &&
			listen(peer.listener.fd, 5) == 0,
		    "listen");
	}
	pthread_create(&th, NULL, serve, &peer);
	e.fd = open_socket(&e, SOCK_STREAM);
	address(&e, sa, ip);
	need((client != NULL ?
		     call(client, NB_CONNECT, 3, L(e.fd), P(sa), L(16)) :
		     connect(e.fd, (void *)sa, 16)) == 0,
	    "connect");
	nodelay(&e);
	t = now();
	for (int i = 0; i < rounds; i++) {
		need(put(&e, b, 64) == 64, "write");
		get_all(&e, b, 64);
	}
	*rr_us = (now() - t) * 1e6 / rounds;
	t = now();
	for (size_t n = total; n > 0;) {
		ssize_t w = put(&e, b, n < CHUNK ? n : CHUNK);

		need(w > 0, "write");
		n -= (size_t)w;
	}
	get_all(&e, b, 1);
	*mb_s = (double)(total >> 20) / (now() - t);
	pthread_join(th, NULL);
	free(b);
}

static struct rumprun_proc *
host(struct rumprun_wire *wire, const char *ip, int mtu)
{
	struct rumprun_kernel *k;
	struct rumprun_proc *p;
	char why[256], name[16] = "";
	struct {
		char name[16];
		uint8_t sa[3][16];
	} alias = { .name = "" };
	struct {
		char name[16];
		int mtu;
		char rest[124];
	} req = { .mtu = mtu };
	uint32_t addr = inet_addr(ip), mask = inet_addr("255.255.255.0");
	int s;

	need(rumprun_kernel_boot(
		 "rumpnet,rumpnet_net,rumpnet_netinet,rumpnet_wire", NULL, NULL,
		 NULL, &k, why, sizeof(why)) == 0,
	    "boot");
	need(rumprun_wire_attach(k, wire, name, sizeof(name)) == 0, "attach");
	need(rumprun_proc_create(k, "bench", &p) == 0, "process");
	s = call(p, NB_SOCKET, 3, L(2), L(SOCK_DGRAM), L(0));
	memcpy(req.name, name, 16);
	need(call(p, NB_IOCTL, 3, L(s), L(NB_SIOCSIFMTU), P(&req)) == 0, "MTU");
	memcpy(alias.name, name, 16);
	alias.sa[0][0] = alias.sa[2][0] = 16;
	alias.sa[0][1] = alias.sa[2][1] = 2;
	memcpy(alias.sa[0] + 4, &addr, 4);
	memcpy(alias.sa[2] + 4, &mask, 4);
	need(call(p, NB_IOCTL, 3, L(s), L(NB_SIOCAIFADDR), P(&alias)) == 0,
	    "address");
	return p;
}

int
main(int argc, char **argv)
{
	static const int mtus[] = { 1500, 65535 };
	double hrr, hmb, rr, mb;

	if (argc != 3) {
		fprintf(stderr, "usage: wirebench MEGABYTES ROUNDS\n");
		return 2;
	}
	total = strtoul(argv[1], NULL, 10) << 20;
	rounds = atoi(argv[2]);
	stream(NULL, NULL, "127.0.0.1", &hrr, &hmb);
	for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		struct rumprun_wire *wire;
		struct rumprun_proc *a, *b;

		need(rumprun_wire_create(1, &wire) == 0, "wire");
		a = host(wire, "10.0.0.1", mtus[i]);
		b = host(wire, "10.0.0.2", mtus[i]);
		stream(a, b, "10.0.0.1", &rr, &mb);
		printf("wire_rr_us  mtu %-6d %10.1f   host loopback %10.1f   "
		       "ratio %.2f\n",
		    mtus[i], rr, hrr, rr / hrr);
		printf("wire_mb_s   mtu %-6d %10.1f   host loopback %10.1f   "
		       "ratio %.3f\n",
		    mtus[i], mb, hmb, mb / hmb);
	}
	return 0;
}
