/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three kernels on two wires whose frames are written to files: DIR/near.pcap between a and b, DIR/far.pcap between b and c. They listen at unix://DIR/a
 * and so on, for tools; what tools do not do is done for each line of the input:
 *	tcp	both ways by IPv4 and IPv6 on a wire with faults
 *	udp	datagrams of many sizes, some to a port where nobody is
 *	groups	a joins and leaves, with and without sources
 * usage: traffic DIR
 * Each line is answered by "done". The end of the input is the end.
 */
#include "../../bench/bench.h"

#define COMPONENTS                                                           \
	"rumpnet,rumpnet_net,rumpnet_netinet,rumpnet_netinet6,rumpnet_wire," \
	"rumpnet_vlan,rumpnet_gif,rumpnet_bridge"
#define NB_SO_SNDBUF 0x1001
#define NB_IPPROTO_IPV6 41
#define BYTES (256 << 10)

static struct rumprun_kernel *kernels[3];
static struct rumprun_proc *procs[3];
static struct rumprun_wire *near, *far;

/* sockaddr_in or sockaddr_in6 of NetBSD. */
static int
name_of(uint8_t sa[28], const char *ip, int port)
{
	int v6 = strchr(ip, ':') != NULL, len = v6 ? 28 : 16;

	memset(sa, 0, 28);
	sa[0] = (uint8_t)len;
	sa[1] = v6 ? NB_AF_INET6 : AF_INET;
	sa[2] = (uint8_t)(port >> 8);
	sa[3] = (uint8_t)port;
	inet_pton(v6 ? AF_INET6 : AF_INET, ip, sa + (v6 ? 8 : 4));
	return len;
}

static int
sock(struct rumprun_proc *p, const char *ip, int type)
{
	int fd = call(p, NB_SOCKET, 3,
	    L(strchr(ip, ':') != NULL ? NB_AF_INET6 : AF_INET), L(type), L(0));

	need(fd >= 0, "socket");
	return fd;
}

/* --- TCP --- */

struct sender {
	struct rumprun_proc *p;
	const char *ip;
	int port;
};

static void *
tcp_send(void *arg)
{
	struct sender *s = arg;
	struct end e = { s->p, sock(s->p, s->ip, SOCK_STREAM) };
	char *b = calloc(1, BYTES);
	uint8_t sa[28];

	need(call(s->p, NB_CONNECT, 3, L(e.fd), P(sa),
		 L(name_of(sa, s->ip, s->port))) == 0,
	    "connect");
	put_all(&e, b, BYTES, 7000);
	end_close(&e);
	free(b);
	return NULL;
}

static void
tcp_once(int from, int to, const char *ip)
{
	static int port = 6000;
	struct sender s = { procs[from], ip, ++port };
	struct end l = { procs[to], sock(procs[to], ip, SOCK_STREAM) }, e;
	char *b = malloc(BYTES);
	uint8_t sa[28];
	pthread_t th;

	need(call(l.p, NB_BIND, 3, L(l.fd), P(sa), L(name_of(sa, ip, port))) ==
		0,
	    "bind");
	need(call(l.p, NB_LISTEN, 2, L(l.fd), L(5)) == 0, "listen");
	pthread_create(&th, NULL, tcp_send, &s);
	end_accept(&l, &e);
	get_all(&e, b, BYTES, BYTES);
	pthread_join(th, NULL);
	end_close(&e);
	end_close(&l);
	free(b);
}

static void
tcp(void)
{
	need(rumprun_wire_set(near, 20000, 5000, 0, 20000, 100000, 100000, 0) ==
		0,
	    "faults");
	tcp_once(0, 1, "10.0.0.2");
	tcp_once(1, 0, "10.0.0.1");
	tcp_once(0, 1, "fd00::2");
	tcp_once(1, 0, "fd00::1");
	need(rumprun_wire_set(near, 0, 0, 0, 0, 0, 0, 0) == 0, "faults");
	tcp_once(0, 2, "10.2.0.2"); /* through b */
}

/* --- UDP --- */

static void
udp(void)
{
	static const int sizes[] = { 0, 1, 2, 3, 100, 1451, 1473, 4000, 65000 };
	static const char *const ips[] = { "10.0.0.2", "fd00::2", "10.2.0.2" };
	static char b[65536];
	int room = 100000;
	uint8_t sa[28];

	for (int i = 0; i < 3; i++) {
		struct end e = { procs[0], sock(procs[0], ips[i], SOCK_DGRAM) };

		call(e.p, NB_SETSOCKOPT, 5, L(e.fd), L(NB_SOL_SOCKET),
		    L(NB_SO_SNDBUF), P(&room), L(4));
		for (unsigned n = 0; n < sizeof(sizes) / sizeof(*sizes); n++) {
			call(e.p, NB_SENDTO, 6, L(e.fd), P(b), L(sizes[n]),
			    L(0), P(sa), L(name_of(sa, ips[i], 9)));
			usleep(2000);
		}
		end_close(&e);
	}
}

/* --- groups --- */

static void
groups(void)
{
	struct end e = { procs[0], sock(procs[0], "10.0.0.1", SOCK_DGRAM) };
	struct end e6 = { procs[0], sock(procs[0], "::", SOCK_DGRAM) };
	uint8_t mreq[8], mreq6[20] = { 0 };
	unsigned index = 0;

	inet_pton(AF_INET, "239.1.2.3", mreq);
	inet_pton(AF_INET, "10.0.0.1", mreq + 4);
	inet_pton(AF_INET6, "ff02::1234", mreq6);
	/* The first interface behind lo0. */
	for (index = 1; index < 5; index++) {
		memcpy(mreq6 + 16, &index, 4);
		if (call(e6.p, NB_SETSOCKOPT, 5, L(e6.fd), L(NB_IPPROTO_IPV6),
			L(12), P(mreq6), L(20)) == 0)
			usleep(100000);
	}
	need(call(e.p, NB_SETSOCKOPT, 5, L(e.fd), L(0), L(12), P(mreq), L(8)) ==
		0,
	    "join");
	sleep(1);
	end_close(&e);
	end_close(&e6);
	usleep(300000);
}

static void
listen_at(int i, const char *dir)
{
	char url[300], why[256];

	snprintf(url, sizeof(url), "unix://%s/%c", dir, 'a' + i);
	if (rumprun_kernel_listen(kernels[i], url, why, sizeof(why)) == 0)
		return;
	fprintf(stderr, "traffic: %s: %s\n", url, why);
	exit(1);
}

int
main(int argc, char **argv)
{
	static const char *const ips[][2] = { { "10.0.0.1", NULL },
		{ "10.0.0.2", "10.2.0.1" }, { NULL, "10.2.0.2" } };
	char path[300], line[64];

	if (argc != 2) {
		fprintf(stderr, "usage: traffic DIR\n");
		return 2;
	}
	need(rumprun_wire_create(7, &near) == 0, "wire");
	need(rumprun_wire_create(8, &far) == 0, "wire");
	snprintf(path, sizeof(path), "%s/near.pcap", argv[1]);
	need(rumprun_wire_capture(near, path) == 0, "capture");
	snprintf(path, sizeof(path), "%s/far.pcap", argv[1]);
	need(rumprun_wire_capture(far, path) == 0, "capture");
	for (int i = 0; i < 3; i++) {
		procs[i] = boot(COMPONENTS, &kernels[i]);
		if (ips[i][0] != NULL)
			plug(kernels[i], procs[i], near, ips[i][0], 1500, NULL);
		if (ips[i][1] != NULL)
			plug(kernels[i], procs[i], far, ips[i][1], 1300, NULL);
		listen_at(i, argv[1]);
	}
	printf("done\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (strcmp(line, "tcp\n") == 0)
			tcp();
		else if (strcmp(line, "udp\n") == 0)
			udp();
		else if (strcmp(line, "groups\n") == 0)
			groups();
		printf("done\n");
		fflush(stdout);
	}
	need(rumprun_wire_capture(near, NULL) == 0, "end of capture");
	need(rumprun_wire_capture(far, NULL) == 0, "end of capture");
	for (int i = 0; i < 3; i++) {
		rumprun_proc_destroy(procs[i]);
		need(rumprun_kernel_halt(kernels[i], 0) == 0, "halt");
	}
	return 0;
}
