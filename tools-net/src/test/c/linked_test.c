/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuring tools in a kernel of this process, and neighbours that anybody may ask it to keep. */
#include "lib/check.h"
#include "lib/net_kernel.h"
#include "iflist.h"
#include <netbsd/in6.h>
#include <netbsd/route.h>
#include <netbsd/syscallargs.h>
#include "host/host.h"

static struct net_kernel nk;
static char bus[64];

static void
start(void)
{
	char line[128];

	net_kernel_start(&nk);
	snprintf(bus, sizeof(bus), "/tmp/linked_test.%d", host_getpid());
	CHECK_EQ(net_kernel_run(&nk, "sysctl -qw net.inet.ip.dad_count=0"), 0);
	CHECK_EQ(net_kernel_run(&nk, "sysctl -qw net.inet6.ip6.dad_count=0"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig shmif0 create"), 0);
	snprintf(line, sizeof(line), "ifconfig shmif0 linkstr %s", bus);
	CHECK_EQ(net_kernel_run(&nk, line), 0);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig shmif0 10.0.0.1/24"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig shmif0 inet6 2001:db8::1"), 0);
}

static void
stop(void)
{
	net_kernel_stop(&nk);
	host_linux.unlink(bus);
}

TEST(linked_ifconfig_shows_what_it_set)
{
	const char *said;

	start();
	CHECK_EQ(net_kernel_run(&nk, "ifconfig shmif0"), 0);
	CHECK(strstr(nk.out,
		  "\tinet 10.0.0.1 netmask 0xffffff00 "
		  "broadcast 10.0.0.255\n") != NULL);
	CHECK(strstr(nk.out, "\tinet6 2001:db8::1 prefixlen 64\n") != NULL);
	CHECK(strstr(nk.out, "%shmif0 prefixlen 64 scopeid 0x") != NULL);
	CHECK_EQ(net_kernel_run(&nk, "ndp -i shmif0"), 0);
	/* RFC 4861: half of the base time to one and a half. */
	said = strstr(nk.out, " reachable=");
	CHECK(said != NULL);
	CHECK(atoi(said + 11) >= 15 && atoi(said + 11) <= 45);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig shmif0 destroy"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig shmif0"), 1);
	stop();
}

TEST(linked_neighbours_come_and_go)
{
	start();
	CHECK_EQ(net_kernel_run(&nk, "arp -s 10.0.0.9 2:0:0:0:0:9"), 0);
	CHECK_EQ(net_kernel_run(&nk, "arp -n 10.0.0.9"), 0);
	CHECK_STR(
	    nk.out, "? (10.0.0.9) at 02:00:00:00:00:09 on shmif0 permanent\n");
	CHECK_EQ(net_kernel_run(&nk, "ndp -s 2001:db8::9 2:0:0:0:0:9"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ndp -n 2001:db8::9"), 0);
	CHECK(strstr(nk.out, "02:00:00:00:00:09 shmif0 permanent") != NULL);
	CHECK_EQ(net_kernel_run(&nk, "arp -d -a"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ndp -c"), 0);
	CHECK_EQ(net_kernel_run(&nk, "arp -an"), 0);
	CHECK_STR(nk.out, "");
	stop();
}

TEST(linked_vlan_and_bridge_are_configured)
{
	start();
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0 create"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0 vlan 5"), 1);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0 vlan 5 vlanif shmif0"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0"), 0);
	CHECK(strstr(nk.out, "\tvlan: 5 parent: shmif0\n") != NULL);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0 -vlanif"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0"), 0);
	CHECK(strstr(nk.out, "parent") == NULL);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig bridge0 create"), 0);
	CHECK_EQ(
	    net_kernel_run(&nk, "brconfig bridge0 add shmif0 -learn shmif0 up"),
	    0);
	CHECK_EQ(net_kernel_run(&nk, "brconfig -a"), 0);
	CHECK(strstr(nk.out, "bridge0: flags=41<UP,RUNNING>\n") == nk.out);
	CHECK(strstr(nk.out, "\t\tshmif0 flags=2<DISCOVER>\n") != NULL);
	CHECK_EQ(net_kernel_run(&nk, "brconfig bridge0 add shmif0"), 1);
	CHECK_STR(nk.out, "brconfig: add shmif0: File exists\n");
	stop();
}

static bool
says(const char *command, const char *words)
{
	return net_kernel_run(&nk, command) == 0 &&
	    strstr(nk.out, words) != NULL;
}

TEST(linked_routes_change_their_flags)
{
	start();
	CHECK_EQ(net_kernel_run(&nk, "route add 10.9.0.1 127.0.0.1 -reject"), 0);
	CHECK(says("netstat -rn", "127.0.0.1          UGHRS "));
	CHECK(says("route -n show", "127.0.0.1          UGHR "));
	CHECK_EQ(
	    net_kernel_run(&nk, "route change 10.9.0.1 127.0.0.1 -blackhole"),
	    0);
	CHECK(says("netstat -rn", "127.0.0.1          UGHBS "));
	CHECK(says("netstat -rn", "10.0.0/24          link#2             UC "));
	CHECK_EQ(
	    net_kernel_run(&nk, "route change -net 10.0.0.0/24 -reject"), 0);
	CHECK(
	    says("netstat -rn", "10.0.0/24          link#2             URCS "));
	CHECK_EQ(
	    net_kernel_run(&nk, "route change -net 10.0.0.0/24 -noreject"), 0);
	CHECK(says("netstat -rn", "10.0.0/24          link#2             UCS "));
	CHECK_EQ(
	    net_kernel_run(&nk,
		"route add -net 10.3.0.0/24 -connected -link -iface shmif0"),
	    0);
	CHECK_EQ(net_kernel_run(&nk, "route add -net 10.4.0.0/24 10.3.0.1"), 0);
	CHECK_EQ(net_kernel_run(&nk, "route monitor -c 0"), 1);
	CHECK(strstr(nk.out, "botched keyword: -c") != NULL);
	stop();
}

TEST(linked_refusal_tells_how_the_route_leads)
{
	start();
	CHECK_EQ(
	    net_kernel_run(&nk, "route add -net 10.5.0.0/16 10.0.0.2 -reject"),
	    0);
	CHECK_EQ(net_kernel_run(&nk, "ping -n -c 1 -w 1 10.5.0.1"), 2);
	CHECK(strstr(nk.out, "No route to host") != NULL);
	CHECK_EQ(
	    net_kernel_run(&nk, "route add -net 10.6.0.0/16 127.0.0.1 -reject"),
	    0);
	CHECK_EQ(net_kernel_run(&nk, "ping -n -c 1 -w 1 10.6.0.1"), 2);
	CHECK(strstr(nk.out, "Network is unreachable") != NULL);
	CHECK_EQ(
	    net_kernel_run(&nk,
		"route add -inet6 -net 2001:db8:5::/48 2001:db8::2 -reject"),
	    0);
	CHECK_EQ(net_kernel_run(&nk, "ping6 -n -c 1 -X 1 2001:db8:5::1"), 1);
	CHECK(strstr(nk.out, "No route to host") != NULL);
	stop();
}

TEST(linked_neighbours_go_with_what_they_are_on)
{
	static const char temp[] = "arp -s 10.0.0.8 2:0:0:0:0:8 temp";

	start();
	CHECK_EQ(net_kernel_run(&nk, temp), 0);
	CHECK_EQ(net_kernel_run(&nk, "arp -s 10.0.0.8 2:0:0:0:0:9"), 0);
	CHECK(says("arp -n 10.0.0.8", "02:00:00:00:00:09 on shmif0 permanent"));
	CHECK_EQ(net_kernel_run(&nk, temp), 1);
	CHECK(strstr(nk.out, "File exists") != NULL);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig shmif0 down"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig shmif0 up"), 0);
	CHECK(says("arp -n 10.0.0.8", "permanent"));
	CHECK_EQ(net_kernel_run(&nk, "arp -d 10.0.0.8"), 0);
	CHECK_EQ(net_kernel_run(&nk, temp), 0);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig shmif0 down"), 0);
	CHECK_EQ(net_kernel_run(&nk, "arp -n 10.0.0.8"), 1);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig shmif0 up"), 0);
	CHECK_EQ(net_kernel_run(&nk, temp), 0);
	CHECK_EQ(net_kernel_run(&nk, "route delete -net 10.0.0.0/24"), 0);
	CHECK_EQ(net_kernel_run(&nk, "arp -n 10.0.0.8"), 1);
	stop();
}

TEST(linked_new_link_address_is_that_of_all_addresses)
{
	start();
	CHECK_EQ(
	    net_kernel_run(&nk, "ifconfig shmif0 link b2:a1:0:0:0:2 active"), 0);
	CHECK(says("arp -n 10.0.0.1", "at b2:a1:00:00:00:02 on"));
	CHECK(says("ndp -n 2001:db8::1", "b2:a1:00:00:00:02 shmif0"));
	stop();
}

TEST(linked_published_is_what_others_ask_for)
{
	start();
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0 create"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0 vlan 5 vlanif shmif0"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0 10.0.0.7/24"), 0);
	CHECK_EQ(net_kernel_run(&nk, "arp -s 10.0.0.7 2:0:0:0:0:1 pub"), 0);
	CHECK(says("arp -n 10.0.0.7",
	    "02:00:00:00:00:01 on shmif0 permanent published (proxy only)"));
	stop();
}

TEST(linked_ifconfig_names_what_has_one)
{
	start();
	CHECK(says("ifconfig -N lo0", "\tinet localhost netmask 0xff000000\n"));
	CHECK(says("ifconfig -N shmif0", "\tinet 10.0.0.1 netmask"));
	CHECK_EQ(net_kernel_run(&nk, "ifconfig lo0 atalk"), 1);
	CHECK(strstr(nk.out, "not supported") != NULL);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0 create"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0 vlan 0 vlanif shmif0"), 1);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0 vlan 7 vlanif shmif0"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0 vlan 7 vlanif shmif9"), 1);
	CHECK(strstr(nk.out, "Device busy") != NULL);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig vlan0 mtu 42"), 0);
	CHECK_STR(nk.out, "");
	CHECK_EQ(net_kernel_run(&nk, "ndp -s 2001:db8::1 2:0:0:0:0:1"), 1);
	CHECK(strstr(nk.out, "File exists") != NULL);
	stop();
}

/* --- neighbours from any sockaddr_dl --- */

static struct lwp *lwp;

static long
routing_message(const void *buf, size_t n)
{
	struct sys___socket30_args s = { .domain = { .datum = PF_ROUTE },
		.type = { .datum = SOCK_RAW } };
	struct sys_write_args w = { .buf = { .datum = buf },
		.nbyte = { .datum = n } };
	struct sys_close_args c = { 0 };
	register_t rv[2], dummy[2];
	int error;

	CHECK_EQ(kern_syscall(lwp, SYS___socket30, &s, rv), 0);
	w.fd.datum = c.fd.datum = (int)rv[0];
	error = kern_syscall(lwp, SYS_write, &w, rv);
	CHECK_EQ(kern_syscall(lwp, SYS_close, &c, dummy), 0);
	return error != 0 ? error : (long)rv[0];
}

/* Every length of name and address, in a sockaddr as short as may be: nothing behind the message is read. */
static void
link_addresses(const void *dst)
{
	size_t dstlen = *(const uint8_t *)dst, step = (dstlen + 7) & ~(size_t)7;
	unsigned nlen, alen, len;
	struct rt_msghdr h;

	for (len = 8; len <= 24; len += 8)
		for (nlen = 0; nlen < 256; nlen += 5)
			for (alen = 0; alen < 9; alen++) {
				size_t n = sizeof(h) + step + len;
				/* On the heap, so that a sanitizer sees its end. */
				uint8_t *buf = calloc(1, n), *dl;

				memset(&h, 0, sizeof(h));
				h.rtm_msglen = (unsigned short)n;
				h.rtm_version = RTM_VERSION;
				h.rtm_type = RTM_ADD;
				h.rtm_flags = RTF_HOST | RTF_STATIC | RTF_LLDATA;
				h.rtm_addrs = RTA_DST | RTA_GATEWAY;
				memcpy(buf, &h, sizeof(h));
				memcpy(buf + sizeof(h), dst, dstlen);
				dl = buf + sizeof(h) + step;
				dl[0] = (uint8_t)len;
				dl[1] = AF_LINK;
				dl[5] = (uint8_t)nlen;
				dl[6] = (uint8_t)alen;
				if (8 + nlen + alen > len)
					CHECK_EQ(
					    routing_message(buf, n), -EINVAL);
				else
					routing_message(buf, n);
				free(buf);
			}
}

TEST(linked_link_address_beyond_its_message_is_refused)
{
	struct sockaddr_in in = { .sin_len = sizeof(in), .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_len = sizeof(in6),
		.sin6_family = AF_INET6 };
	struct proc *p;

	start();
	CHECK_EQ(proc_fork(nk.k, NULL, RFCFDG, "test", &p), 0);
	CHECK_EQ(lwp_create(p, &lwp), 0);
	CHECK(t_inet_aton("10.0.0.77", &in.sin_addr.s_addr));
	link_addresses(&in);
	CHECK(t_inet_pton6("2001:db8::77", in6.sin6_addr.__u6_addr.__u6_addr8));
	link_addresses(&in6);
	lwp_destroy(lwp);
	proc_exit(p, NULL, 0);
	stop();
}

int
main(void)
{
	RUN(linked_ifconfig_shows_what_it_set);
	RUN(linked_neighbours_come_and_go);
	RUN(linked_vlan_and_bridge_are_configured);
	RUN(linked_routes_change_their_flags);
	RUN(linked_refusal_tells_how_the_route_leads);
	RUN(linked_neighbours_go_with_what_they_are_on);
	RUN(linked_new_link_address_is_that_of_all_addresses);
	RUN(linked_published_is_what_others_ask_for);
	RUN(linked_ifconfig_names_what_has_one);
	RUN(linked_link_address_beyond_its_message_is_refused);
	return check_done();
}
