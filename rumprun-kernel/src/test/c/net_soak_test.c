/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Eight kernels on a bad wire, each used by several threads at once: TCP, UDP and pings among them by both families, while addresses, routes,
 * interfaces, groups and listeners come and go, and kernels halt with all of that in progress. Nothing breaks or is left, and under TSan nothing
 * races. SOAK_SECONDS: how long (2).
 */
#include <netbsd/bpf.h>
#include <netbsd/errno.h>
#include <netbsd/fcntl.h>
#include <netbsd/if.h>
#include <netbsd/in.h>
#include <netbsd/in6.h>
#include <netbsd/in_var.h>
#include <netbsd/ioctl.h>
#include <netbsd/poll.h>
#include <netbsd/route.h>
#include <netbsd/socket.h>
#include <netbsd/sockio.h>
#include <netbsd/syscallargs.h>
#include <rumprun/net.h>
#include <rumprun/rumprun.h>
#include "host/host.h"
#include "lib/check.h"
#include "net/bytes.h"

#define KERNELS 8
#define MS INT64_C(1000000)
#define P(T, x)                 \
	{                       \
		.datum = (T)(x) \
	}
#define CALL(p, number, type, ...)                              \
	__extension__({                                         \
		struct sys_##type##_args sa_ = { __VA_ARGS__ }; \
		int64_t rv_[2];                                 \
		int e_ = rumprun_proc_syscall(                  \
		    p, number, &sa_, sizeof(sa_), rv_);         \
		e_ != 0 ? (long)e_ : (long)rv_[0];              \
	})

struct host;
struct actor {
	struct host *h;
	bool (*step)(struct actor *); /* false: the kernel has gone */
	struct host_thread *t;
	uint64_t seed, count;
	long s, s6;
};
enum { SERVER, CLIENT, DATAGRAMS, PINGS, CONFIG, ROUTES, ACTORS };
struct host {
	int n;
	struct rumprun_kernel *k;
	struct rumprun_proc *p;
	struct actor a[ACTORS];
};

static struct rumprun_wire *wire;
static struct host hosts[KERNELS];
static _Atomic uint64_t done[ACTORS], bytes;

static unsigned
dice(struct actor *a, unsigned n)
{
	a->seed = a->seed * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (unsigned)(a->seed >> 33) % n;
}

/* --- calls --- */

static long
s_socket(struct actor *a, int af, int type, int proto)
{
	return CALL(a->h->p, SYS___socket30, __socket30, P(int, af),
	    P(int, type), P(int, proto));
}

static void
s_close(struct actor *a, long fd)
{
	if (fd >= 0)
		(void)rumprun_close(a->h->p, (int)fd);
}

static long
s_ioctl(struct actor *a, long fd, unsigned long cmd, void *data)
{
	return CALL(a->h->p, SYS_ioctl, ioctl, P(int, fd),
	    P(unsigned long, cmd), P(void *, data));
}

static long
s_sockopt(struct actor *a, long fd, int level, int name, const void *v, int len)
{
	return CALL(a->h->p, SYS_setsockopt, setsockopt, P(int, fd),
	    P(int, level), P(int, name), P(const void *, v), P(socklen_t, len));
}

static long
s_send(struct actor *a, long fd, const void *b, size_t n, const void *to,
    socklen_t len)
{
	return CALL(a->h->p, SYS_sendto, sendto, P(int, fd), P(const void *, b),
	    P(size_t, n), P(int, MSG_DONTWAIT), P(const void *, to),
	    P(socklen_t, len));
}

static long
s_recv(struct actor *a, long fd, void *b, size_t n)
{
	return CALL(a->h->p, SYS_recvfrom, recvfrom, P(int, fd), P(void *, b),
	    P(size_t, n), P(int, MSG_DONTWAIT), P(void *, NULL),
	    P(socklen_t *, NULL));
}

static long
s_poll(struct actor *a, long fd, short events, int ms)
{
	struct pollfd pf = { .fd = (int)fd, .events = events };

	return CALL(a->h->p, SYS_poll, poll, P(struct pollfd *, &pf),
	    P(unsigned, 1), P(int, ms));
}

static struct sockaddr_in
name_of(int host, uint16_t port)
{
	struct sockaddr_in sin = { .sin_len = sizeof(sin),
		.sin_family = AF_INET };

	be16_put(&sin.sin_port, port);
	be32_put(&sin.sin_addr, 0x0a000001u + (uint32_t)host);
	return sin;
}

static bool
over(long e)
{
	return e == -ESHUTDOWN || e == -ENXIO;
}

/* --- TCP: each connection gets back what it sends --- */

static bool
serve(struct actor *a)
{
	static _Thread_local char b[8192];
	long c, n;

	c = s_poll(a, a->s, POLLIN, 20);
	if (c <= 0)
		return !over(c);
	c = CALL(a->h->p, SYS_accept, accept, P(int, a->s),
	    P(struct sockaddr *, NULL), P(socklen_t *, NULL));
	if (c < 0)
		return !over(c);
	while ((n = s_poll(a, c, POLLIN, 100)) > 0 &&
	    (n = s_recv(a, c, b, sizeof(b))) > 0)
		if ((n = s_send(a, c, b, (size_t)n, NULL, 0)) < 0)
			break;
	s_close(a, c);
	return !over(n);
}

static bool
converse(struct actor *a, long s)
{
	static _Thread_local char b[20000], back[20000];
	size_t n = 1 + dice(a, dice(a, 4) ? 300 : sizeof(b)), have = 0;
	long r = s_poll(a, s, POLLOUT, 100);

	for (size_t i = 0; i < n; i++)
		b[i] = (char)(i * 7 + n);
	if (r <= 0 || (r = s_send(a, s, b, n, NULL, 0)) <= 0)
		return !over(r);
	n = (size_t)r;
	while (have < n && (r = s_poll(a, s, POLLIN, 100)) > 0 &&
	    (r = s_recv(a, s, back + have, n - have)) > 0)
		have += (size_t)r;
	CHECK_THREAD(memcmp(b, back, have) == 0);
	atomic_fetch_add(&bytes, have);
	return !over(r);
}

static bool
connect_one(struct actor *a)
{
	struct sockaddr_in sin = name_of((int)dice(a, KERNELS), 7);
	long s = s_socket(a, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), e;
	bool on = true;

	if (s < 0)
		return !over(s);
	e = CALL(a->h->p, SYS_connect, connect, P(int, s),
	    P(const void *, &sin), P(socklen_t, sizeof(sin)));
	if (e == 0 || e == -EINPROGRESS)
		on = converse(a, s);
	s_close(a, s);
	return on && !over(e);
}

/* --- UDP, and groups --- */

static bool
datagrams(struct actor *a)
{
	static _Thread_local char b[9000];
	struct sockaddr_in sin = name_of((int)dice(a, KERNELS), 9);
	struct ip_mreq mreq;
	long e;

	be32_put(&mreq.imr_multiaddr, 0xef010200u + dice(a, 4));
	be32_put(&mreq.imr_interface, 0x0a000001u + (uint32_t)a->h->n);
	switch (dice(a, 6)) {
	case 0:
		e = s_sockopt(a, a->s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq,
		    sizeof(mreq));
		break;
	case 1:
		e = s_sockopt(a, a->s, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mreq,
		    sizeof(mreq));
		break;
	case 2:
		memcpy(&sin.sin_addr, &mreq.imr_multiaddr, 4);
		e = s_send(a, a->s, b, 100, &sin, sizeof(sin));
		break;
	default:
		e = s_send(
		    a, a->s, b, 1 + dice(a, sizeof(b)), &sin, sizeof(sin));
	}
	while (!over(e) && s_recv(a, a->s, b, sizeof(b)) > 0)
		continue;
	return !over(e);
}

/* --- pings --- */

static bool
pings(struct actor *a)
{
	/* An echo request; the sum of ICMPv6's is the kernel's work. */
	uint8_t icmp[8] = { 8, 0, 0xf7, 0xff }, icmp6[8] = { 128 };
	struct sockaddr_in sin = name_of((int)dice(a, KERNELS), 0);
	struct sockaddr_in6 sin6 = { .sin6_len = sizeof(sin6),
		.sin6_family = AF_INET6,
		.sin6_scope_id = 2 };
	uint8_t b[2000];
	long e;

	((uint8_t *)&sin6.sin6_addr)[0] = 0xff;
	((uint8_t *)&sin6.sin6_addr)[1] = 2;
	((uint8_t *)&sin6.sin6_addr)[15] = 1;
	e = s_send(a, a->s, icmp, 8, &sin, sizeof(sin));
	if (!over(e) && dice(a, 4) == 0)
		e = s_send(a, a->s6, icmp6, 8, &sin6, sizeof(sin6));
	host_sleep_ns(MS / 2);
	while (!over(e) && s_recv(a, a->s, b, sizeof(b)) > 0)
		continue;
	while (!over(e) && s_recv(a, a->s6, b, sizeof(b)) > 0)
		continue;
	return !over(e);
}

/* --- interfaces, addresses, listeners --- */

static long
clone(struct actor *a, unsigned long cmd, const char *name)
{
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return s_ioctl(a, a->s, cmd, &ifr);
}

/* What is deleted is named by an ifreq, which is larger. */
static long
alias(struct actor *a, unsigned long cmd, const char *name, uint32_t addr)
{
	union {
		struct in_aliasreq add;
		struct ifreq del;
	} r;

	memset(&r, 0, sizeof(r));
	snprintf(r.add.ifra_name, sizeof(r.add.ifra_name), "%s", name);
	r.add.ifra_addr.sin_len = sizeof(r.add.ifra_addr);
	r.add.ifra_addr.sin_family = AF_INET;
	be32_put(&r.add.ifra_addr.sin_addr, addr);
	if (cmd == SIOCAIFADDR) {
		r.add.ifra_mask.sin_len = sizeof(r.add.ifra_mask);
		r.add.ifra_mask.sin_family = AF_INET;
		be32_put(&r.add.ifra_mask.sin_addr, 0xffffff00);
	}
	return s_ioctl(a, a->s, cmd, &r);
}

static void
tag(struct actor *a)
{
	struct ifreq ifr = { .ifr_name = "vlan0" };
	struct vlanreq r = { .vlr_parent = "wire0", .vlr_tag = 5 };

	ifr.ifr_ifru.ifru_data = &r;
	(void)s_ioctl(a, a->s, SIOCSETVLAN, &ifr);
}

static void
listen_in(struct actor *a)
{
	struct ifreq ifr = { .ifr_name = "wire0" };
	unsigned size = 4096;
	uint8_t b[4096];
	long fd = rumprun_open(a->h->p, "/dev/bpf", O_RDWR | O_NONBLOCK, 0);

	(void)s_ioctl(a, fd, BIOCSBLEN, &size);
	(void)s_ioctl(a, fd, BIOCSETIF, &ifr);
	host_sleep_ns(MS);
	(void)rumprun_read(a->h->p, (int)fd, b, sizeof(b));
	s_close(a, fd);
}

static bool
configure(struct actor *a)
{
	static const char *const names[] = { "vlan0", "gif0", "lo1", "bridge0",
		"tap3" };
	const char *name = names[dice(a, 5)];
	uint32_t own = 0x0a010001u + (uint32_t)a->h->n;
	long e = clone(a, SIOCIFCREATE, name);

	if (over(e) && e == -ESHUTDOWN)
		return false;
	if (strcmp(name, "vlan0") == 0)
		tag(a);
	(void)alias(a, SIOCAIFADDR, name, own);
	if (dice(a, 2) == 0) {
		(void)alias(a, SIOCAIFADDR, "wire0", own + 0x10000);
		(void)alias(a, SIOCDIFADDR, "wire0", own + 0x10000);
	}
	if (dice(a, 4) == 0)
		listen_in(a);
	host_sleep_ns(MS);
	return clone(a, SIOCIFDESTROY, name) != -ESHUTDOWN;
}

static bool
routes(struct actor *a)
{
	struct {
		struct rt_msghdr h;
		struct sockaddr_in sa[3];
	} m;
	uint8_t b[2000];
	long n;

	memset(&m, 0, sizeof(m));
	m.h.rtm_msglen = sizeof(m);
	m.h.rtm_version = RTM_VERSION;
	m.h.rtm_type = dice(a, 3) == 0 ? RTM_GET :
	    dice(a, 2) == 0	       ? RTM_ADD :
					 RTM_DELETE;
	m.h.rtm_flags = RTF_UP | RTF_GATEWAY | RTF_STATIC;
	m.h.rtm_addrs = RTA_DST | RTA_GATEWAY | RTA_NETMASK;
	m.sa[0] = name_of(0, 0);
	be32_put(&m.sa[0].sin_addr, 0x0a200000u + (dice(a, 8) << 8));
	m.sa[1] = name_of((int)dice(a, KERNELS), 0);
	m.sa[2] = name_of(0, 0);
	be32_put(&m.sa[2].sin_addr, 0xffffff00);
	n = (long)rumprun_write(a->h->p, (int)a->s, &m, sizeof(m));
	while (!over(n) && s_recv(a, a->s, b, sizeof(b)) > 0)
		continue;
	host_sleep_ns(MS / 4);
	return n != -ESHUTDOWN;
}

/* --- kernels --- */

static void
act(void *arg)
{
	struct actor *a = arg;

	while (a->step(a))
		a->count++;
	atomic_fetch_add(&done[a - a->h->a], a->count);
}

static void
settle(struct host *h)
{
	static const int names[2][4] = { { 4, 2, 0, 25 }, { 4, 24, 41, 16 } };
	int none = 0;

	for (int i = 0; i < 2; i++)
		CHECK_EQ(
		    CALL(h->p, SYS___sysctl, __sysctl, P(const int *, names[i]),
			P(unsigned, 4), P(void *, NULL), P(size_t *, NULL),
			P(const void *, &none), P(size_t, sizeof(none))),
		    0);
}

static long
bound(struct actor *a, int type, uint16_t port)
{
	struct sockaddr_in sin = name_of(0, port);
	long s = s_socket(a, AF_INET, type | SOCK_NONBLOCK, 0);

	be32_put(&sin.sin_addr, 0);
	CHECK(s >= 0);
	CHECK_EQ(CALL(a->h->p, SYS_bind, bind, P(int, s), P(const void *, &sin),
		     P(socklen_t, sizeof(sin))),
	    0);
	return s;
}

static void
start(struct host *h)
{
	static bool (*const steps[ACTORS])(struct actor *) = { serve,
		connect_one, datagrams, pings, configure, routes };
	static uint64_t seed;
	struct actor *a = h->a;
	char name[16], why[256];

	CHECK_EQ(rumprun_kernel_boot(
		     NULL, NULL, NULL, NULL, &h->k, why, sizeof(why)),
	    0);
	CHECK_EQ(rumprun_proc_create(h->k, "soak", &h->p), 0);
	CHECK_EQ(rumprun_wire_attach(h->k, wire, name, sizeof(name)), 0);
	CHECK_STR(name, "wire0");
	for (int i = 0; i < ACTORS; i++)
		a[i] = (struct actor){
			.h = h, .step = steps[i], .seed = ++seed, .s6 = -1
		};
	settle(h);
	a[CONFIG].s = s_socket(&a[CONFIG], AF_INET, SOCK_DGRAM, 0);
	CHECK_EQ(alias(&a[CONFIG], SIOCAIFADDR, "wire0",
		     0x0a000001u + (uint32_t)h->n),
	    0);
	a[SERVER].s = bound(&a[SERVER], SOCK_STREAM, 7);
	CHECK_EQ(
	    CALL(h->p, SYS_listen, listen, P(int, a[SERVER].s), P(int, 20)), 0);
	a[DATAGRAMS].s = bound(&a[DATAGRAMS], SOCK_DGRAM, 9);
	a[PINGS].s = s_socket(&a[PINGS], AF_INET, SOCK_RAW, IPPROTO_ICMP);
	a[PINGS].s6 = s_socket(&a[PINGS], AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	a[ROUTES].s = s_socket(&a[ROUTES], PF_ROUTE, SOCK_RAW, 0);
	for (int i = 0; i < ACTORS; i++)
		CHECK_EQ(host_thread_create("actor", act, &a[i], &a[i].t), 0);
}

/* With all that is in progress. */
static void
stop(struct host *h)
{
	CHECK_EQ(rumprun_kernel_halt(h->k, 1), 0);
	for (int i = 0; i < ACTORS; i++)
		host_thread_join(h->a[i].t);
	CHECK_EQ(rumprun_proc_destroy(h->p), 0);
}

TEST(kernels_live_and_die_on_one_wire)
{
	static const char *const names[] = { "servings", "connections",
		"datagrams", "pings", "interfaces", "routes" };
	const char *seconds = getenv("SOAK_SECONDS");
	int64_t end = host_linux.monotonic() +
	    (seconds != NULL ? atoi(seconds) : 2) * 1000 * MS;
	unsigned halts = 0;

	CHECK_EQ(rumprun_wire_create(4711, &wire), 0);
	CHECK_EQ(
	    rumprun_wire_set(wire, 5000, 2000, 1000, 5000, 50000, 50000, 0), 0);
	for (int i = 0; i < KERNELS; i++) {
		hosts[i].n = i;
		start(&hosts[i]);
	}
	while (host_linux.monotonic() < end) {
		struct host *h = &hosts[halts++ % KERNELS];

		host_sleep_ns(200 * MS);
		stop(h);
		start(h);
	}
	for (int i = 0; i < KERNELS; i++)
		stop(&hosts[i]);
	CHECK_EQ(rumprun_wire_destroy(wire), 0);
	printf("       %u halts", halts + KERNELS);
	for (int i = 0; i < ACTORS; i++)
		printf(", %" PRIu64 " %s", done[i], names[i]);
	printf(", %" PRIu64 " bytes back\n", bytes);
	CHECK(bytes > 0);
}

int
main(void)
{
	RUN(kernels_live_and_die_on_one_wire);
	return check_done();
}
