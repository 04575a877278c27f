/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many kernels on one wire: they boot, take addresses from a router's advertisement (RFC 4862), and each pings its neighbour.
 * usage: manybench KERNELS
 */
#include "bench.h"

#define COMPONENTS \
	"rumpnet,rumpnet_net,rumpnet_netinet,rumpnet_netinet6,rumpnet_wire"
#define ASKED 10.0 /* "in seconds" */
#define GIVE_UP 120
#define NB_GETSOCKNAME 32

struct nb_sockaddr_in6 {
	uint8_t len, family;
	uint16_t port;
	uint32_t flowinfo;
	uint8_t addr[16];
	uint32_t scope;
};

struct node {
	struct rumprun_kernel *k;
	struct rumprun_proc *p;
	struct nb_sockaddr_in6 addr;
	int s;
	bool ready, answered;
};

static const uint8_t prefix[8] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1 };
static struct rumprun_wire *wire;
static struct node *nodes;
static int count;

static void
start(struct node *n)
{
	static const int accept[] = { 4, 24, 41, 12 };

	n->p = boot(COMPONENTS, &n->k);
	set_sysctl(n->p, 1, 4, accept);
	plug(n->k, n->p, wire, NULL, 1500, NULL);
}

static struct nb_sockaddr_in6
in6(const void *addr, size_t len, uint32_t scope)
{
	struct nb_sockaddr_in6 sa = { 28, NB_AF_INET6, 0, 0, { 0 }, scope };

	memcpy(sa.addr, addr, len);
	return sa;
}

/* What the router tells all: the prefix is on the link, make addresses of it. */
static void
advertise(struct rumprun_proc *router, int s)
{
	static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };
	struct nb_sockaddr_in6 to = in6(all_nodes, 16, 2);
	uint8_t ra[16 + 32] = { 134, [4] = 64, [6] = 7, [7] = 8, [16] = 3,
		[17] = 4, [18] = 64, [19] = 0xc0 };
	int hops = 255;

	memset(ra + 20, 0x0f, 8);
	memcpy(ra + 32, prefix, 8);
	call(router, NB_SETSOCKOPT, 5, L(s), L(41), L(10), P(&hops), L(4));
	(void)call(router, NB_SENDTO, 6, L(s), P(ra), L(sizeof(ra)), L(0),
	    P(&to), L(28));
}

/* The address that a host would talk to the router from, once it has one. */
static bool
has_address(struct node *n)
{
	uint8_t router[16] = { [15] = 1 };
	struct nb_sockaddr_in6 to;
	int len = 28, s;

	memcpy(router, prefix, 8);
	to = in6(router, 16, 0);
	to.port = 9;
	s = call(n->p, NB_SOCKET, 3, L(NB_AF_INET6), L(SOCK_DGRAM), L(0));
	n->ready = s >= 0 &&
	    call(n->p, NB_CONNECT, 3, L(s), P(&to), L(28)) == 0 &&
	    call(n->p, NB_GETSOCKNAME, 3, L(s), P(&n->addr), P(&len)) == 0 &&
	    memcmp(n->addr.addr, prefix, 8) == 0;
	rumprun_close(n->p, s);
	return n->ready;
}

static int
autoconfigure(struct rumprun_proc *router, int s)
{
	int ready = 0;
	double started = now();

	for (int round = 0; ready < count && now() - started < GIVE_UP;
	     round++) {
		if (round % 100 == 0)
			advertise(router, s);
		for (int i = 0; i < count; i++)
			if (!nodes[i].ready && has_address(&nodes[i]))
				ready++;
		usleep(10000);
	}
	return ready;
}

static bool
has_answer(struct node *n)
{
	uint8_t b[128];

	while (call(n->p, NB_RECVFROM, 6, L(n->s), P(b), L(sizeof(b)), L(0x80),
		   L(0), L(0)) > 0)
		if (b[0] == 129)
			return true;
	return false;
}

/* Each its neighbour; and once a second again, as long as there is no answer. */
static int
ping(void)
{
	uint8_t echo[64] = { 128 };
	int answered = 0;
	double started = now();

	for (int i = 0; i < count; i++) {
		nodes[i].s = call(nodes[i].p, NB_SOCKET, 3, L(NB_AF_INET6),
		    L(SOCK_RAW), L(58));
		need(nodes[i].s >= 0, "raw socket");
	}
	for (int round = 0; answered < count && now() - started < GIVE_UP;
	     round++) {
		for (int i = 0; i < count; i++) {
			struct node *n = &nodes[i],
				    *to = &nodes[(i + 1) % count];
			struct nb_sockaddr_in6 sa = in6(to->addr.addr, 16, 0);

			if (!n->answered && round % 100 == 0)
				(void)call(n->p, NB_SENDTO, 6, L(n->s), P(echo),
				    L(sizeof(echo)), L(0), P(&sa), L(28));
		}
		for (int i = 0; i < count; i++)
			if (!nodes[i].answered && has_answer(&nodes[i])) {
				nodes[i].answered = true;
				answered++;
			}
		if (answered < count)
			usleep(10000);
	}
	return answered;
}

int
main(int argc, char **argv)
{
	static const int forwarding[] = { 4, 24, 41, 1 };
	struct rumprun_kernel *k;
	struct rumprun_proc *router;
	double t[4], before;
	int s, ready, answered;

	if (argc != 2 || (count = atoi(argv[1])) < 2) {
		fprintf(stderr, "usage: manybench KERNELS\n");
		return 2;
	}
	nodes = calloc((size_t)count, sizeof(*nodes));
	need(rumprun_wire_create(1, &wire) == 0, "wire");
	router = boot(COMPONENTS, &k);
	set_sysctl(router, 1, 4, forwarding);
	plug(k, router, wire, NULL, 1500, NULL);
	s = call(router, NB_SOCKET, 3, L(NB_AF_INET6), L(SOCK_RAW), L(58));
	before = resident();
	t[0] = now();
	for (int i = 0; i < count; i++)
		start(&nodes[i]);
	t[1] = now();
	ready = autoconfigure(router, s);
	t[2] = now();
	answered = ping();
	t[3] = now();
	printf("%-26s boot %.2f s, addresses %.2f s, pings %.2f s, %.0f KiB "
	       "each; %d configured, %d answered of %d\n",
	    "many_kernels", t[1] - t[0], t[2] - t[1], t[3] - t[2],
	    (resident() - before) / count / 1024, ready, answered, count);
	report("many_kernels_s", t[3] - t[0], "asked for    ", ASKED);
	return ready == count && answered == count ? 0 : 1;
}
