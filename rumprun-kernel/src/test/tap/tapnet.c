/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's network stack against a kernel's, on a tap device: TCP each way with every byte checked, at once in both directions, many short connections, UDP
 * of every size, by IPv4 and IPv6. Only the public C API is used.
 * usage: tapnet TAP MEGABYTES [tcp]
 * TAP has the addresses 10.9.0.1/24 and fd00:9::1/64 of the host; the kernel takes those that end in 2.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <rump/netconfig.h>
#include <rump/rump.h>
#include <rump/rump_syscalls.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 65536
#define NB_AF_INET6 24
#define NB_SOL_SOCKET 0xffff
#define NB_SO_REUSEADDR 0x4
#define NB_SO_SNDBUF 0x1001
#define NB_SO_RCVTIMEO 0x100c
#define NB_SO_RCVBUF 0x1002
#define SECONDS 20 /* longer than any wait of a stack that works */

/* One of the two stacks. */
struct stack {
	const char *name;
	int (*socket)(int, int, int);
	int (*connect)(int, const struct sockaddr *, socklen_t);
	int (*bind)(int, const struct sockaddr *, socklen_t);
	int (*listen)(int, int);
	int (*accept)(int, struct sockaddr *, socklen_t *);
	int (*setsockopt)(int, int, int, const void *, socklen_t);
	ssize_t (*read)(int, void *, size_t);
	ssize_t (*write)(int, const void *, size_t);
	ssize_t (*recvfrom)(
	    int, void *, size_t, int, struct sockaddr *, socklen_t *);
	ssize_t (*sendto)(
	    int, const void *, size_t, int, const struct sockaddr *, socklen_t);
	int (*shutdown)(int, int);
	int (*close)(int);
	const char *ip[2]; /* of either family */
	bool bsd;
};

static const struct stack host = { "host", socket, connect, bind, listen,
	accept, setsockopt, read, write, recvfrom, sendto, shutdown, close,
	{ "10.9.0.1", "fd00:9::1" }, false };
static const struct stack ours = { "kernel", rump_sys_socket, rump_sys_connect,
	rump_sys_bind, rump_sys_listen, rump_sys_accept, rump_sys_setsockopt,
	rump_sys_read, rump_sys_write, rump_sys_recvfrom, rump_sys_sendto,
	rump_sys_shutdown, rump_sys_close, { "10.9.0.2", "fd00:9::2" }, true };

static int passed, failed;
static _Atomic int port = 5000;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
result(bool good, const char *what, int v6, const char *from, const char *to,
    double mb_s)
{
	printf("%s %s %s %s to %s", good ? "ok  " : "FAIL",
	    v6 ? "IPv6" : "IPv4", what, from, to);
	if (mb_s > 0)
		printf(": %.0f MB/s", mb_s);
	printf("\n");
	fflush(stdout);
	passed += good;
	failed += !good;
}

/* Without a socket nothing else makes sense. */
static void
need(bool good, const char *what, const struct stack *s)
{
	if (good)
		return;
	printf("FAIL %s of the %s: %s\n%d passed, %d failed\n", what, s->name,
	    strerror(errno), passed, failed + 1);
	exit(1);
}

/* --- sockets --- */

static socklen_t
address(const struct stack *s, void *to, const char *ip, int v6, int p)
{
	struct sockaddr_in in = { .sin_port = htons((uint16_t)p) };
	struct sockaddr_in6 in6 = { .sin6_port = htons((uint16_t)p) };
	socklen_t len = v6 ? sizeof(in6) : sizeof(in);
	uint8_t *sa = to;

	inet_pton(AF_INET, ip, &in.sin_addr);
	inet_pton(AF_INET6, ip, &in6.sin6_addr);
	in.sin_family = AF_INET;
	in6.sin6_family = AF_INET6;
	memcpy(to, v6 ? (void *)&in6 : (void *)&in, len);
	if (s->bsd) {
		sa[0] = (uint8_t)len;
		sa[1] = v6 ? NB_AF_INET6 : AF_INET;
	}
	return len;
}

static int
open_socket(const struct stack *s, int v6, int type)
{
	int af = !v6 ? AF_INET : s->bsd ? NB_AF_INET6 : AF_INET6;
	int fd = s->socket(af, type, 0);

	need(fd >= 0, "socket", s);
	return fd;
}

/* Reads fail after SECONDS. NetBSD's timeval is that of a 64-bit host. */
static void
limit(const struct stack *s, int fd)
{
	struct timeval tv = { SECONDS, 0 };

	if (s->bsd)
		(void)s->setsockopt(
		    fd, NB_SOL_SOCKET, NB_SO_RCVTIMEO, &tv, sizeof(tv));
	else
		(void)s->setsockopt(
		    fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

static void
bind_to(const struct stack *s, int fd, int v6, int p)
{
	uint8_t sa[32];
	socklen_t len = address(s, sa, s->ip[v6], v6, p);
	int one = 1;

	/* The run before may have left connections there. */
	(void)s->setsockopt(fd, s->bsd ? NB_SOL_SOCKET : SOL_SOCKET,
	    s->bsd ? NB_SO_REUSEADDR : SO_REUSEADDR, &one, sizeof(one));
	need(s->bind(fd, (void *)sa, len) == 0, "bind", s);
	limit(s, fd);
}

static int
connect_to(const struct stack *s, const struct stack *peer, int v6, int p)
{
	uint8_t sa[32];
	socklen_t len = address(s, sa, peer->ip[v6], v6, p);
	int fd = open_socket(s, v6, SOCK_STREAM);

	need(s->connect(fd, (void *)sa, len) == 0, "connect", s);
	limit(s, fd);
	return fd;
}

static int
listen_at(const struct stack *s, int v6, int p)
{
	int fd = open_socket(s, v6, SOCK_STREAM);

	bind_to(s, fd, v6, p);
	need(s->listen(fd, 64) == 0, "listen", s);
	return fd;
}

static int
accept_from(const struct stack *s, int listener)
{
	uint8_t sa[32];
	socklen_t len = sizeof(sa);
	int fd = s->accept(listener, (void *)sa, &len);

	need(fd >= 0, "accept", s);
	limit(s, fd);
	return fd;
}

/* --- a stream in which every word tells its place --- */

static void
fill(uint64_t *words, size_t n, uint64_t first)
{
	for (size_t i = 0; i < n; i++)
		words[i] = (first + i) * UINT64_C(0x9e3779b97f4a7c15);
}

struct flow {
	const struct stack *s;
	int fd; /* -1: connect, or accept, first */
	int listener;
	size_t size;
	bool good;
};

static void
send_stream(struct flow *f)
{
	static _Thread_local uint64_t words[CHUNK / 8];
	size_t off = 0, n, done;

	f->good = true;
	while (off < f->size && f->good) {
		fill(words, CHUNK / 8, off / 8);
		n = f->size - off < CHUNK ? f->size - off : CHUNK;
		for (done = 0; done < n && f->good;) {
			ssize_t w = f->s->write(
			    f->fd, (const char *)words + done, n - done);

			f->good = w > 0;
			done += f->good ? (size_t)w : 0;
		}
		off += n;
	}
	if (f->s->shutdown(f->fd, SHUT_WR) != 0)
		f->good = false;
}

/* To the end of the stream. */
static void
receive_stream(struct flow *f)
{
	static _Thread_local uint64_t words[CHUNK / 8], want[CHUNK / 8];
	size_t off = 0, have = 0;
	ssize_t r;

	f->good = true;
	while ((r = f->s->read(f->fd, (char *)words + have, CHUNK - have)) > 0) {
		have += (size_t)r;
		if (have < CHUNK && off + have < f->size)
			continue;
		fill(want, CHUNK / 8, off / 8);
		if (memcmp(words, want, have) != 0)
			f->good = false;
		off += have;
		have = 0;
	}
	if (r != 0 || off + have != f->size)
		f->good = false;
}

static void *
receiver(void *arg)
{
	struct flow *f = arg;

	if (f->fd == -1)
		f->fd = accept_from(f->s, f->listener);
	receive_stream(f);
	return NULL;
}

static void *
sender(void *arg)
{
	send_stream(arg);
	return NULL;
}

static void
one_way(const struct stack *from, const struct stack *to, int v6, size_t size)
{
	struct flow rx = { .s = to, .fd = -1, .size = size }, tx;
	int p = port++;
	pthread_t th;
	double t;

	rx.listener = listen_at(to, v6, p);
	pthread_create(&th, NULL, receiver, &rx);
	tx = (struct flow){ .s = from, .size = size };
	tx.fd = connect_to(from, to, v6, p);
	t = now();
	send_stream(&tx);
	pthread_join(th, NULL);
	result(rx.good && tx.good, "TCP", v6, from->name, to->name,
	    (double)size / 1e6 / (now() - t));
	from->close(tx.fd);
	to->close(rx.fd);
	to->close(rx.listener);
}

/* Both directions of one connection at once. */
static void
duplex(
    const struct stack *client, const struct stack *server, int v6, size_t size)
{
	int p = port++, listener = listen_at(server, v6, p);
	int c = connect_to(client, server, v6, p);
	int s = accept_from(server, listener);
	struct flow f[4] = { { client, c, -1, size, false },
		{ server, s, -1, size, false }, { client, c, -1, size, false },
		{ server, s, -1, size, false } };
	pthread_t th[4];
	double t = now();

	for (int i = 0; i < 4; i++)
		pthread_create(&th[i], NULL, i < 2 ? sender : receiver, &f[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(th[i], NULL);
	result(f[0].good && f[1].good && f[2].good && f[3].good,
	    "TCP in both directions", v6, client->name, server->name,
	    (double)size * 2 / 1e6 / (now() - t));
	client->close(c);
	server->close(s);
	server->close(listener);
}

/* --- many connections --- */

struct crowd {
	const struct stack *s;
	int listener, count;
};

/* Says back what comes on each, to its end. */
static void *
echoes(void *arg)
{
	struct crowd *c = arg;
	char b[4096];
	ssize_t n;

	for (int i = 0; i < c->count; i++) {
		int fd = accept_from(c->s, c->listener);

		while ((n = c->s->read(fd, b, sizeof(b))) > 0)
			if (c->s->write(fd, b, (size_t)n) != n)
				break;
		c->s->close(fd);
	}
	return NULL;
}

static void
many(const struct stack *client, const struct stack *server, int v6, int count)
{
	int p = port++;
	struct crowd c = { server, listen_at(server, v6, p), count };
	char b[300], back[300];
	bool good = true;
	pthread_t th;

	pthread_create(&th, NULL, echoes, &c);
	for (int i = 0; i < count; i++) {
		int fd = connect_to(client, server, v6, p);
		size_t have = 0;
		ssize_t n;

		memset(b, i + 1, sizeof(b));
		good &= client->write(fd, b, sizeof(b)) == sizeof(b);
		client->shutdown(fd, SHUT_WR);
		while (
		    (n = client->read(fd, back + have, sizeof(back) - have)) > 0)
			have += (size_t)n;
		good &= have == sizeof(back) && memcmp(b, back, have) == 0;
		client->close(fd);
	}
	pthread_join(th, NULL);
	server->close(c.listener);
	result(good, "many connections", v6, client->name, server->name, 0);
}

/* --- datagrams --- */

static void *
echo_datagrams(void *arg)
{
	struct crowd *c = arg;
	char *b = malloc(CHUNK);
	uint8_t sa[32];

	for (int i = 0; i < c->count; i++) {
		socklen_t len = sizeof(sa);
		ssize_t n = c->s->recvfrom(
		    c->listener, b, CHUNK, 0, (void *)sa, &len);

		if (n >= 0)
			(void)c->s->sendto(
			    c->listener, b, (size_t)n, 0, (void *)sa, len);
	}
	free(b);
	return NULL;
}

/* Buffers for datagrams of any size. */
static void
roomy(const struct stack *s, int fd)
{
	static const int names[2][2] = { { SO_SNDBUF, SO_RCVBUF },
		{ NB_SO_SNDBUF, NB_SO_RCVBUF } };
	int size = 200000;

	for (int i = 0; i < 2; i++)
		need(s->setsockopt(fd, s->bsd ? NB_SOL_SOCKET : SOL_SOCKET,
			 names[s->bsd][i], &size, sizeof(size)) == 0,
		    "buffer", s);
}

static void
datagrams(const struct stack *client, const struct stack *server, int v6)
{
	static const int sizes[] = { 0, 1, 17, 512, 1452, 1453, 1472, 1473,
		2944, 8192, 33000, 65487, 65507 };
	const int count = (int)(sizeof(sizes) / sizeof(sizes[0]));
	int p = port++, fd;
	struct crowd c = { server, open_socket(server, v6, SOCK_DGRAM), count };
	static uint64_t words[CHUNK / 8], back[CHUNK / 8];
	uint8_t sa[32];
	socklen_t len;
	bool good = true;
	pthread_t th;

	bind_to(server, c.listener, v6, p);
	fd = open_socket(client, v6, SOCK_DGRAM);
	limit(client, fd);
	len = address(client, sa, server->ip[v6], v6, p);
	roomy(server, c.listener);
	roomy(client, fd);
	pthread_create(&th, NULL, echo_datagrams, &c);
	for (int i = 0; i < count; i++) {
		ssize_t n;

		fill(words, CHUNK / 8, (uint64_t)i << 32);
		if (client->sendto(fd, words, (size_t)sizes[i], 0, (void *)sa,
			len) != sizes[i])
			printf("     %d bytes are not sent: %s\n", sizes[i],
			    strerror(errno));
		n = client->recvfrom(fd, back, sizeof(back), 0, NULL, NULL);
		if (n != sizes[i] || memcmp(words, back, (size_t)n) != 0) {
			printf("     %d bytes: %zd came back\n", sizes[i], n);
			good = false;
		}
	}
	pthread_join(th, NULL);
	client->close(fd);
	server->close(c.listener);
	result(good, "UDP up to 65507 bytes", v6, client->name, server->name, 0);
}

/* Nobody else is there: addresses need not be tried for duplicates. */
static void
no_duplicates(void)
{
	static const int names[2][4] = { { 4, 2, 0, 25 }, { 4, 24, 41, 16 } };
	int none = 0;

	for (int i = 0; i < 2; i++)
		need(rump_sys___sysctl(
			 names[i], 4, NULL, NULL, &none, sizeof(none)) == 0,
		    "sysctl dad_count", &ours);
}

int
main(int argc, char **argv)
{
	size_t size;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: tapnet TAP MEGABYTES [tcp]\n");
		return 2;
	}
	size = strtoul(argv[2], NULL, 10) << 20;
	need(rump_init() == 0, "start", &ours);
	no_duplicates();
	need(rump_pub_netconfig_ifcreate("virt0") == 0 &&
		rump_pub_netconfig_ifsetlinkstr("virt0", argv[1]) == 0 &&
		rump_pub_netconfig_ifup("virt0") == 0 &&
		rump_pub_netconfig_ipv4_ifaddr_cidr("virt0", ours.ip[0], 24) ==
		    0 &&
		rump_pub_netconfig_ipv6_ifaddr("virt0", ours.ip[1], 64) == 0,
	    "interface", &ours);
	for (int v6 = 0; v6 < 2; v6++) {
		one_way(&host, &ours, v6, size);
		one_way(&ours, &host, v6, size);
		duplex(&host, &ours, v6, size / 4);
		duplex(&ours, &host, v6, size / 4);
		many(&host, &ours, v6, argc == 4 ? 20 : 200);
		many(&ours, &host, v6, argc == 4 ? 20 : 200);
		if (argc == 4) /* datagrams get lost, and that takes time */
			continue;
		datagrams(&host, &ours, v6);
		datagrams(&ours, &host, v6);
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
