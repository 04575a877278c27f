/* SPDX-License-Identifier: BSD-2-Clause */
/* <rump/netconfig.h> on the program's own kernel, and the DHCP client against servers that do and do not behave. */
#include <netbsd/in.h>
#include "net/if_wire.h"
#include "net_toy.h"
#include "netinet/inet.h"
#include "rump/dhcp.h"
#include "rump/implicit.h"
#include "sock_calls.h"
#include <rump/netconfig.h>

int rump_init(void);
int rump_pub_shmif_create(const char *, int *);

TEST(calls_without_a_kernel_fail)
{
	CHECK_EQ(rump_pub_netconfig_ifcreate("lo1"), ENXIO);
	CHECK_EQ(rump_pub_netconfig_ipv4_gw("10.0.0.1"), ENXIO);
	CHECK_EQ(rump_pub_shmif_create(NULL, NULL), ENXIO);
}

static long
route_count(struct rump_kernel *k)
{
	return NS(k)->ns_route->rs_count;
}

TEST(interfaces_are_configured_by_calls)
{
	struct rump_kernel *k;
	int64_t leak;
	int index = 0;
	long routes;

	CHECK_EQ(rump_init(), 0);
	k = implicit_kernel();
	CHECK_EQ(rump_pub_netconfig_ifcreate("lo7"), 0);
	CHECK_EQ(rump_pub_netconfig_ifcreate("lo7"), EEXIST);
	CHECK_EQ(rump_pub_netconfig_ifcreate("nosuch0"), EINVAL);
	CHECK_EQ(
	    rump_pub_netconfig_ifcreate("a-name-that-is-far-too-long"), EINVAL);
	CHECK_EQ(rump_pub_netconfig_ifcreate(NULL), EINVAL);
	CHECK_EQ(rump_pub_netconfig_ifcreateindex("lo", &index), 0);
	CHECK_EQ(index, 3);
	CHECK_EQ(rump_pub_netconfig_ifcreate("shmif0"), 0);
	CHECK_EQ(rump_pub_netconfig_ifup("shmif0"), ENXIO);
	CHECK_EQ(rump_pub_netconfig_ifdown("shmif0"), 0);
	CHECK_EQ(
	    rump_pub_netconfig_ifsetlinkstr("shmif0", "no/such/dir"), ENOENT);
	CHECK_EQ(rump_pub_netconfig_ifunsetlinkstr("shmif0"), 0);
	CHECK_EQ(rump_pub_shmif_create("no/such/dir", &index), ENOENT);
	CHECK_EQ(rump_pub_shmif_create(NULL, &index), 0);
	CHECK_EQ(index, 1);
	CHECK_EQ(rump_pub_netconfig_ifdestroy("shmif1"), 0);
	CHECK_EQ(rump_pub_netconfig_ifsetlinkstr("lo0", "x"), ENOTTY);
	CHECK_EQ(rump_pub_netconfig_ifup("shmif1"), ENXIO);
	routes = route_count(k);
	CHECK_EQ(
	    rump_pub_netconfig_ipv4_ifaddr("lo7", "10.7.0.1", "255.255.255.0"),
	    0);
	CHECK(route_count(k) > routes);
	CHECK_EQ(rump_pub_netconfig_ipv4_ifaddr_cidr("lo7", "10.8.0.1", 16), 0);
	CHECK_EQ(
	    rump_pub_netconfig_ipv4_ifaddr_cidr("lo7", "10.8.0.1", 33), EINVAL);
	CHECK_EQ(rump_pub_netconfig_ipv4_ifaddr("lo7", "10.7.0", "255.0.0.0"),
	    EINVAL);
	CHECK_EQ(rump_pub_netconfig_ipv6_ifaddr("lo7", "2001:db8::1", 64), 0);
	CHECK_EQ(
	    rump_pub_netconfig_ipv6_ifaddr("lo7", "2001:db8::g", 64), EINVAL);
	CHECK_EQ(rump_pub_netconfig_ipv4_gw("10.7.0.1"), 0);
	CHECK_EQ(rump_pub_netconfig_ipv4_gw("10.7.0.1"), EEXIST);
	CHECK_EQ(rump_pub_netconfig_ipv4_gw("banana"), EINVAL);
	CHECK_EQ(rump_pub_netconfig_ipv6_gw("2001:db8::1"), 0);
	CHECK_EQ(rump_pub_netconfig_auto_ipv6("lo7"), 0);
	CHECK_EQ(rump_pub_netconfig_ifdestroy("lo7"), 0);
	CHECK_EQ(rump_pub_netconfig_ifdestroy("lo7"), ENXIO);
	CHECK(implicit_take_kernel() == k);
	kern_halt(k, false, &leak);
	CHECK_EQ(leak, 0);
}

/* --- DHCP --- */

enum behaviour { PROPER, NAKS, GARBAGE, SILENT };

struct server {
	struct fixture f, client;
	struct wire *wire;
	enum behaviour how;
	char name[IFNAMSIZ], clientname[IFNAMSIZ];
	long s;
	_Atomic bool stop;
	int discovers, requests;
	struct host_thread *t;
};

/* The type of a message and the wanted address. */
static int
parse_request(const uint8_t *p, size_t n, uint32_t *wanted)
{
	int type = 0;

	for (size_t i = 240; i + 1 < n && p[i] != 255; i += 2u + p[i + 1]) {
		if (p[i] == 53)
			type = p[i + 2];
		if (p[i] == 50)
			*wanted = be32_get(p + i + 2);
	}
	return type;
}

static size_t
compose_answer(struct server *sv, uint8_t *p, int type)
{
	static const uint8_t options[] = { 1, 4, 255, 255, 255, 0, 3, 4, 10, 0,
		0, 1, 51, 4, 0, 0, 0x0e, 0x10, 54, 4, 10, 0, 0, 1, 0, 0, 255 };
	uint8_t *o = p + 240;

	p[0] = 2;
	be32_put(p + 16, 0x0a000063);
	o[0] = 53;
	o[1] = 1;
	o[2] = (uint8_t)type;
	memcpy(o + 3, options, sizeof(options));
	if (sv->how == GARBAGE) {
		/* An option that ends outside, in every other answer; a wrong number in the rest. */
		if (sv->discovers % 2)
			o[4] = 250;
		else
			p[4] ^= 1;
	}
	return 240 + 3 + sizeof(options);
}

static void
serve(void *arg)
{
	struct server *sv = arg;
	struct lwp *l = sv->f.l;
	uint8_t buf[1500];

	while (!atomic_load(&sv->stop)) {
		struct sockaddr_in to = sin_of(0xffffffff);
		uint32_t wanted = 0;
		long n = l_recv(l, sv->s, buf, sizeof(buf), MSG_DONTWAIT);
		int type, answer;

		if (n < 240) {
			host_sleep_ns(MS);
			continue;
		}
		type = parse_request(buf, (size_t)n, &wanted);
		CHECK_THREAD(type == 1 || (type == 3 && wanted == 0x0a000063));
		CHECK_THREAD(n >= 300);
		if (type == 1)
			sv->discovers++;
		else
			sv->requests++;
		if (sv->how == SILENT)
			continue;
		answer = type == 1 ? 2 : sv->how == NAKS ? 6 : 5;
		to.sin_port = htons(68);
		n = (long)compose_answer(sv, buf, answer);
		CHECK_THREAD(l_sendto(l, sv->s, buf, (size_t)n, 0, &to,
				 sizeof(to)) == n);
	}
}

static void
start_server(struct server *sv, enum behaviour how)
{
	struct sockaddr_in any = sin_of(0), gw = sin_of(0x0a000001);

	memset(sv, 0, sizeof(*sv));
	sv->how = how;
	up(&sv->f);
	up(&sv->client);
	CHECK_EQ(wire_create(1, &sv->wire), 0);
	/* For others to look at: scripts/test-tshark.sh. */
	if (getenv("DHCP_CAPTURE") != NULL)
		CHECK_EQ(wire_capture_file(sv->wire, getenv("DHCP_CAPTURE")), 0);
	CHECK_EQ(wire_connect(sv->f.k, sv->wire, sv->name), 0);
	CHECK_EQ(wire_connect(sv->client.k, sv->wire, sv->clientname), 0);
	net_wrlock(sv->f.k);
	NS(sv->f.k)->ns_inet->ip_dad_count = 0;
	CHECK_EQ(in_setaddr(if_byname(sv->f.k, sv->name), htonl(0x0a000001),
		     htonl(0xffffff00), 0),
	    0);
	/* By which broadcasts to everybody leave. */
	CHECK_EQ(rtrequest_sa(sv->f.k, RTM_ADD, (void *)&any, (void *)&gw,
		     (void *)&any, 0, NULL, NULL),
	    0);
	net_unlock(sv->f.k);
	CHECK((sv->s = l_socket(sv->f.l, AF_INET, SOCK_DGRAM, 0)) >= 0);
	CHECK_EQ(l_setint(sv->f.l, sv->s, SOL_SOCKET, SO_BROADCAST, 1), 0);
	any.sin_port = htons(67);
	CHECK_EQ(l_bind(sv->f.l, sv->s, &any, sizeof(any)), 0);
	CHECK_EQ(host_thread_create("dhcpd", serve, sv, &sv->t), 0);
}

static void
stop_server(struct server *sv)
{
	sv->stop = true;
	host_thread_join(sv->t);
	CHECK_EQ(l_close(sv->f.l, sv->s), 0);
	down(&sv->client);
	down(&sv->f);
	wire_put(sv->wire);
}

TEST(dhcp_gets_an_address)
{
	struct server sv;
	struct dhcp_lease lease;

	start_server(&sv, PROPER);
	CHECK_EQ(dhcp_ask(sv.client.k, sv.clientname, &lease), 0);
	CHECK_EQ(lease.addr, htonl(0x0a000063));
	CHECK_EQ(lease.mask, htonl(0xffffff00));
	CHECK_EQ(lease.router, htonl(0x0a000001));
	CHECK_EQ(lease.seconds, 3600);
	CHECK_EQ(dhcp_ask(sv.client.k, "nosuch0", &lease), -ENXIO);
	CHECK_EQ(dhcp_ask(sv.client.k, "lo0", &lease), -EINVAL);
	stop_server(&sv);
}

TEST(dhcp_is_refused)
{
	struct server sv;
	struct dhcp_lease lease;

	start_server(&sv, NAKS);
	CHECK_EQ(dhcp_ask(sv.client.k, sv.clientname, &lease), -EADDRNOTAVAIL);
	CHECK_EQ(sv.requests, 1);
	stop_server(&sv);
}

TEST(dhcp_takes_no_garbage_and_gives_up)
{
	struct server sv;
	struct dhcp_lease lease;

	start_server(&sv, GARBAGE);
	CHECK_EQ(dhcp_ask(sv.client.k, sv.clientname, &lease), -ETIMEDOUT);
	CHECK_EQ(sv.requests, 0);
	CHECK_EQ(sv.discovers, 4);
	stop_server(&sv);
}

int
main(void)
{
	RUN(calls_without_a_kernel_fail);
	RUN(interfaces_are_configured_by_calls);
	RUN(dhcp_gets_an_address);
	RUN(dhcp_is_refused);
	RUN(dhcp_takes_no_garbage_and_gives_up);
	return check_done();
}
