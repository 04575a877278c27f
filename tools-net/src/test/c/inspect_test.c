/* SPDX-License-Identifier: BSD-2-Clause */
/* The tools that look and ask: route, ping, ping6, netstat and sockstat, in a kernel of this process and with answers of anybody. */
#include "lib/check.h"
#include "lib/fake_net.h"
#include "lib/net_kernel.h"
#include <netbsd/bpf.h>
#include <netbsd/fcntl.h>
#include <netbsd/in.h>
#include <netbsd/in6.h>
#include <netbsd/poll.h>
#include <netbsd/route.h>
#include <netbsd/syscallargs.h>
#include <netbsd/sysctl.h>
#include <netbsd/un.h>
#include "tools.h"

static struct net_kernel nk;
static struct lwp *lwp;
static struct proc *proc;

static void
start(void)
{
	net_kernel_start(&nk);
	CHECK_EQ(net_kernel_run(&nk, "ifconfig lo0 127.0.0.1"), 0);
	CHECK_EQ(proc_fork(nk.k, NULL, RFCFDG, "holder", &proc), 0);
	CHECK_EQ(lwp_create(proc, &lwp), 0);
}

static void
stop(void)
{
	lwp_destroy(lwp);
	proc_exit(proc, NULL, 0);
	net_kernel_stop(&nk);
}

static bool
said(const char *s)
{
	return strstr(nk.out, s) != NULL;
}

/* A socket that stays open, bound if there is an address. */
static int
open_socket(int domain, int type, const void *addr)
{
	struct sys___socket30_args s = { .domain = { .datum = domain },
		.type = { .datum = type } };
	struct sys_bind_args b = { .name = { .datum = addr },
		.namelen = {
		    .datum = addr != NULL ? *(const uint8_t *)addr : 0 } };
	register_t rv[2], none[2];

	CHECK_EQ(kern_syscall(lwp, SYS___socket30, &s, rv), 0);
	b.s.datum = (int)rv[0];
	if (addr != NULL)
		CHECK_EQ(kern_syscall(lwp, SYS_bind, &b, none), 0);
	return (int)rv[0];
}

static void
with(int num, int fd, const void *addr)
{
	struct sys_listen_args l = { .s = { .datum = fd },
		.backlog = { .datum = 5 } };
	struct sys_connect_args c = { .s = { .datum = fd },
		.name = { .datum = addr } };
	register_t rv[2];

	if (addr != NULL)
		c.namelen.datum = *(const uint8_t *)addr;
	CHECK_EQ(kern_syscall(
		     lwp, num, num == SYS_listen ? (void *)&l : (void *)&c, rv),
	    0);
}

static struct sockaddr_in
in4(const char *s, int port)
{
	struct sockaddr_in sin = { .sin_len = sizeof(sin),
		.sin_family = AF_INET };
	uint8_t p[2] = { (uint8_t)(port >> 8), (uint8_t)port };

	memcpy(&sin.sin_port, p, 2);
	CHECK(t_inet_aton(s, &sin.sin_addr.s_addr));
	return sin;
}

/* One of each kind, the stream ones connected. */
static void
sockets(void)
{
	struct sockaddr_in any = in4("0.0.0.0", 8080),
			   lo = in4("127.0.0.1", 8080),
			   udp = in4("127.0.0.1", 5353);
	struct sockaddr_in6 six = { .sin6_len = sizeof(six),
		.sin6_family = AF_INET6 };
	struct sockaddr_un un = { .sun_family = AF_LOCAL, .sun_path = "/sock" };
	int s;

	s = open_socket(PF_INET, SOCK_STREAM, &any);
	with(SYS_listen, s, NULL);
	with(SYS_connect, open_socket(PF_INET, SOCK_STREAM, NULL), &lo);
	open_socket(PF_INET, SOCK_DGRAM, &udp);
	memcpy(&six.sin6_port, &any.sin_port, 2);
	with(SYS_listen, open_socket(PF_INET6, SOCK_STREAM, &six), NULL);
	un.sun_len = (uint8_t)(offsetof(struct sockaddr_un, sun_path) + 5);
	s = open_socket(PF_LOCAL, SOCK_STREAM, &un);
	with(SYS_listen, s, NULL);
	with(SYS_connect, open_socket(PF_LOCAL, SOCK_STREAM, NULL), &un);
}

TEST(netstat_shows_sockets)
{
	start();
	sockets();
	CHECK_EQ(net_kernel_run(&nk, "netstat -an"), 0);
	CHECK(said("Active Internet connections (including servers)\n"
		   "Proto Recv-Q Send-Q  Local Address          "
		   "Foreign Address        State\n"));
	CHECK(said("tcp        0      0  *.8080                 "
		   "*.*                    LISTEN\n"));
	CHECK(said("  127.0.0.1.8080        ESTABLISHED\n") ||
	    said("  127.0.0.1.8080         ESTABLISHED\n"));
	CHECK(said("udp        0      0  127.0.0.1.5353         *.*"));
	CHECK(said("tcp6       0      0  *.8080"));
	CHECK(said("Active UNIX domain sockets\n"));
	CHECK(said(" stream      0      0 "));
	CHECK(said(" /sock\n"));
	/* Without -a no servers. */
	CHECK_EQ(net_kernel_run(&nk, "netstat -n -f inet"), 0);
	CHECK(said("Active Internet connections\n"));
	CHECK(!said("LISTEN") && said("ESTABLISHED") && !said("UNIX"));
	CHECK_EQ(net_kernel_run(&nk, "netstat -u"), 0);
	CHECK(!said("Internet") && said("/sock"));
	CHECK_EQ(net_kernel_run(&nk, "netstat -Aanf inet"), 0);
	CHECK(strncmp(nk.out + strcspn(nk.out, "\n") + 1, "PCB      Proto",
		  14) == 0);
	stop();
}

TEST(netstat_shows_one_control_block)
{
	char line[64], pcb[24];
	const char *s;

	start();
	sockets();
	CHECK_EQ(net_kernel_run(&nk, "netstat -Aan -f inet"), 0);
	s = strstr(nk.out, "State\n");
	CHECK(s != NULL);
	CHECK_EQ(sscanf(s + 6, "%23s", pcb), 1);
	snprintf(line, sizeof(line), "netstat -P %s", pcb);
	CHECK_EQ(net_kernel_run(&nk, line), 0);
	CHECK(said("PCB 0x") && said("tcp"));
	CHECK_EQ(net_kernel_run(&nk, "netstat -P 0"), 1);
	CHECK_EQ(net_kernel_run(&nk, "netstat -P x"), 1);
	stop();
}

TEST(netstat_counters_have_plurals)
{
	start();
	CHECK_EQ(net_kernel_run(&nk, "ping -c1 -n 127.0.0.1"), 0);
	CHECK_EQ(net_kernel_run(&nk, "netstat -s"), 0);
	CHECK(said("ip:\n\t2 total packets received\n"));
	CHECK(said("\n\t1 message response generated\n\t0 path MTU changes\n"));
	CHECK(said("\t\techo reply: 1\n"));
	CHECK(said("\n\t0 membership queries received\n"));
	CHECK(said("\nicmp6:\n") && said("\narp:\n") && said("\nudp6:\n"));
	CHECK_EQ(net_kernel_run(&nk, "netstat -ss -p ip"), 0);
	CHECK_STR(nk.out,
	    "ip:\n\t2 total packets received\n\t2 packets for this host\n"
	    "\t2 packets sent from this host\n");
	CHECK_EQ(net_kernel_run(&nk, "netstat -s -f inet6"), 0);
	CHECK(!said("icmp:\n") && said("icmp6:\n"));
	CHECK_EQ(net_kernel_run(&nk, "netstat -p nothing"), 1);
	CHECK_STR(
	    nk.out, "netstat: nothing: unknown or uninstrumented protocol\n");
	CHECK_EQ(net_kernel_run(&nk, "netstat -is -p ip6 -I lo0"), 0);
	CHECK(said("ip6 on lo0:\n\t"));
	CHECK_EQ(net_kernel_run(&nk, "netstat -is -p tcp"), 0);
	CHECK_STR(nk.out, "tcp: no per-interface stats routine\n");
	stop();
}

TEST(netstat_has_its_other_displays)
{
	start();
	CHECK_EQ(net_kernel_run(&nk, "netstat -in"), 0);
	CHECK(said("Name  Mtu   Network       Address              Ipkts "
		   "Ierrs    Opkts Oerrs Colls\n"
		   "lo0   33624 <Link>       "));
	CHECK(said("lo0   33624 127/8         127.0.0.1  "));
	CHECK_EQ(net_kernel_run(&nk, "netstat -bdtn -I lo0"), 0);
	CHECK(said("    Ibytes     Obytes Time Drops\n"));
	CHECK_EQ(net_kernel_run(&nk, "netstat -rnf inet"), 0);
	CHECK(said("Routing tables\n\nInternet:\nDestination "));
	CHECK(said("127.0.0.1 ") && !said("Internet6"));
	CHECK_EQ(net_kernel_run(&nk, "netstat -rs"), 0);
	CHECK(said("routing:\n\t0 bad routing redirects\n"));
	CHECK_EQ(net_kernel_run(&nk, "netstat -m"), 0);
	CHECK(said(" mbufs in use:\n"));
	CHECK_EQ(net_kernel_run(&nk, "netstat -q"), 0);
	CHECK(said("ipintrq:\n\tqueue length: "));
	CHECK_EQ(net_kernel_run(&nk, "netstat -B"), 0);
	CHECK(said("Active BPF peers\nPID     Int     Recv  "));
	CHECK_EQ(net_kernel_run(&nk, "netstat -Bs"), 0);
	CHECK(said("bpf:\n\t0 total packets received\n"));
	CHECK_EQ(net_kernel_run(&nk, "netstat -g"), 0);
	CHECK_EQ(net_kernel_run(&nk, "netstat -M core"), 1);
	CHECK_EQ(net_kernel_run(&nk, "netstat -f inet,none"), 1);
	CHECK_STR(nk.out, "netstat: none: unknown address family\n");
	CHECK_EQ(net_kernel_run(&nk, "netstat -w 0"), 1);
	CHECK_EQ(net_kernel_run(&nk, "netstat -I nix0 -w 1"), 1);
	CHECK_EQ(net_kernel_run(&nk, "netstat word"), 1);
	CHECK(said("usage: netstat [-Aan]"));
	stop();
}

TEST(netstat_shows_who_listens_by_bpf)
{
	struct sys_open_args o = { .path = { .datum = "/dev/bpf" },
		.flags = { .datum = O_RDWR } };
	struct ifreq req = { .ifr_name = "lo0" };
	struct sys_ioctl_args i = { .com = { .datum = BIOCSETIF },
		.data = { .datum = &req } };
	register_t rv[2];
	char line[80];

	start();
	CHECK_EQ(kern_syscall(lwp, SYS_open, &o, rv), 0);
	i.fd.datum = (int)rv[0];
	CHECK_EQ(kern_syscall(lwp, SYS_ioctl, &i, rv), 0);
	CHECK_EQ(net_kernel_run(&nk, "netstat -B"), 0);
	snprintf(line, sizeof(line), "\n%-7d lo0     0        0        0 ",
	    (int)proc->p_pid);
	CHECK(said(line));
	CHECK(said("holder\n"));
	CHECK_EQ(net_kernel_run(&nk, "netstat -B -I shmif0"), 0);
	CHECK(!said("lo0"));
	stop();
}

TEST(sockstat_tells_who_has_which_socket)
{
	start();
	sockets();
	CHECK_EQ(net_kernel_run(&nk, "sockstat -n"), 0);
	CHECK(strncmp(nk.out,
		  "USER     COMMAND    PID   FD PROTO  LOCAL ADDRESS         "
		  "FOREIGN ADDRESS\n",
		  73) == 0);
	CHECK(said(" tcp    *.8080                *.*\n"));
	CHECK(said(" udp    127.0.0.1.5353        *.*\n"));
	CHECK(said(" tcp6   *.8080                *.*\n"));
	CHECK(said(" stream /sock                 -\n"));
	CHECK(said(" stream -                     /sock\n"));
	CHECK(said("root     holder     "));
	CHECK_EQ(net_kernel_run(&nk, "sockstat -n4l"), 0);
	CHECK(said("*.8080") && said("5353") && !said("127.0.0.1.8080"));
	CHECK(!said("tcp6") && !said("stream"));
	CHECK_EQ(net_kernel_run(&nk, "sockstat -nc -f inet"), 0);
	CHECK(said("127.0.0.1.8080") && !said("*.8080"));
	CHECK_EQ(net_kernel_run(&nk, "sockstat -ul"), 0);
	CHECK(said("/sock                 -\n") && !said("- "));
	CHECK_EQ(net_kernel_run(&nk, "sockstat -n -p 5300-5400,1"), 0);
	CHECK(said("udp ") && !said("tcp") && !said("stream"));
	CHECK_EQ(net_kernel_run(&nk, "sockstat -p 70000"), 1);
	CHECK_EQ(net_kernel_run(&nk, "sockstat -p 9-3"), 1);
	CHECK_EQ(net_kernel_run(&nk, "sockstat -f ipx"), 1);
	CHECK_EQ(net_kernel_run(&nk, "sockstat more"), 1);
	CHECK_STR(nk.out,
	    "usage: sockstat [-46clnu] [-f address_family] [-p ports]\n");
	stop();
}

TEST(route_adds_shows_and_deletes)
{
	start();
	CHECK_EQ(net_kernel_run(&nk, "route -n add -net 10/8 127.0.0.1"), 0);
	CHECK_STR(nk.out, "add net 10: gateway 127.0.0.1\n");
	CHECK_EQ(net_kernel_run(&nk, "route -n get 10.1.2.3"), 0);
	CHECK(said("destination: 10.0.0.0\n") &&
	    said("    gateway: 127.0.0.1\n") && said("  interface: lo0\n"));
	CHECK_EQ(net_kernel_run(&nk, "route -n show -inet"), 0);
	CHECK(said("\n10/8               127.0.0.1          UG"));
	CHECK_EQ(net_kernel_run(&nk,
		     "route -n change -net 10/8 127.0.0.1 "
		     "-lock -hopcount 7"),
	    0);
	CHECK_EQ(net_kernel_run(&nk, "netstat -rnv -f inet"), 0);
	CHECK(said("\n\texpire            0   recvpipe          0   "
		   "sendpipe          0 \n"));
	CHECK(said("\n\thopcount          7L\n"));
	CHECK_EQ(net_kernel_run(&nk, "route add -net 10/8 127.0.0.1"), 1);
	CHECK(said("File exists"));
	CHECK_EQ(net_kernel_run(&nk, "route -q delete -net 10/8"), 0);
	CHECK_STR(nk.out, "");
	CHECK_EQ(net_kernel_run(&nk, "route -n get 10.1.2.3"), 1);
	CHECK_EQ(net_kernel_run(&nk, "route add"), 1);
	CHECK_EQ(net_kernel_run(&nk, "route nonsense"), 1);
	stop();
}

TEST(ping_asks_and_tells)
{
	start();
	CHECK_EQ(
	    net_kernel_run(&nk, "ping -n -c 2 -i 0.01 -s 100 127.0.0.1"), 0);
	CHECK(said("PING 127.0.0.1 (127.0.0.1): 100 data bytes\n"
		   "108 bytes from 127.0.0.1: icmp_seq=0 ttl=255 time="));
	CHECK(said("2 packets transmitted, 2 packets received, 0.0%"));
	CHECK_EQ(net_kernel_run(&nk, "ping -q -f -c 20 127.0.0.1"), 0);
	CHECK(said("20 packets transmitted, 20 packets received"));
	CHECK_EQ(net_kernel_run(&nk, "ping -o -n 127.0.0.1"), 0);
	CHECK(said("1 packets transmitted"));
	CHECK_EQ(net_kernel_run(&nk, "ping -c 0x 127.0.0.1"), 1);
	CHECK_EQ(net_kernel_run(&nk, "ping"), 1);
	CHECK_EQ(net_kernel_run(&nk, "ping6 -n -c 2 -i 1 ::1"), 0);
	CHECK(said("PING6(56=40+8+8 bytes) ::1 --> ::1\n"
		   "16 bytes from ::1, icmp_seq=0 hlim=64 time="));
	CHECK_EQ(net_kernel_run(&nk, "ping6 -w -c 1 ::1"), 0);
	CHECK_EQ(net_kernel_run(&nk, "ping6"), 1);
	stop();
}

/* --- answers of anybody --- */

static struct fake_net f;
static uint32_t seed;
static int64_t clock_ns;
static int sent;

static uint32_t
rnd(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static void
garbage(void *buf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)buf)[i] = (uint8_t)rnd();
}

/* A network that is never silent: sends are counted, whatever is asked for comes at once, a look at the clock takes 50 ms. */
static int
noise(struct fake_net *fake, int num, const void *args, register_t rv[2])
{
	(void)fake;
	switch (num) {
	case SYS_setsockopt:
	case SYS_bind:
	case SYS_connect:
		return 0;
	case SYS_getsockname: {
		const struct sys_getsockname_args *a = args;
		struct sockaddr_in6 six = { .sin6_len = sizeof(six),
			.sin6_family = AF_INET6 };

		memcpy(a->asa.datum, &six,
		    *a->alen.datum < sizeof(six) ? *a->alen.datum : sizeof(six));
		return 0;
	}
	case SYS_sendto:
		rv[0] = (register_t)((const struct sys_sendto_args *)args)
			    ->len.datum;
		sent++;
		return 0;
	case SYS_poll:
		rv[0] = 1;
		return 0;
	case SYS_recvfrom: {
		const struct sys_recvfrom_args *a = args;
		size_t n = rnd() % 200;
		uint8_t *b = a->buf.datum;

		if (n > a->len.datum)
			n = a->len.datum;
		garbage(b, n);
		if (n > 0 && (rnd() & 3) != 0)
			b[0] = (uint8_t)(0x45 + (rnd() & 7));
		if (n > 20)
			b[20] = (uint8_t)(rnd() % 19);
		rv[0] = (register_t)n;
		return 0;
	}
	case SYS_recvmsg: {
		const struct sys_recvmsg_args *a = args;
		struct msghdr *m = a->msg.datum;
		size_t n = rnd() % 200;

		garbage(m->msg_iov->iov_base, n);
		((uint8_t *)m->msg_iov->iov_base)[0] = (uint8_t)(rnd() % 150);
		garbage(m->msg_control, m->msg_controllen);
		m->msg_controllen = rnd() % (m->msg_controllen + 1);
		rv[0] = (register_t)n;
		return 0;
	}
	case SYS___clock_gettime50: {
		const struct sys___clock_gettime50_args *a = args;

		clock_ns += 50000000;
		a->tp.datum->tv_sec = clock_ns / 1000000000;
		a->tp.datum->tv_nsec = clock_ns % 1000000000;
		return 0;
	}
	default:
		return -ENOSYS;
	}
}

TEST(ping_goes_on_sending_in_a_noisy_net)
{
	memset(&f, 0, sizeof(f));
	f.call = noise;
	f.list[NET_RT_IFLIST].data = "";
	sent = 0;
	/* It ends at all, with all of its requests. */
	fake_net_run(&f, ping_main, "ping -n -v -c 3 -w 1 10.0.0.1");
	CHECK_EQ(sent, 3);
	CHECK(strstr(f.out, "3 packets transmitted, ") != NULL);
	sent = 0;
	fake_net_run(&f, ping6_main, "ping6 -n -v -c 3 2001:db8::1");
	CHECK_EQ(sent, 3);
	CHECK(strstr(f.out, "3 packets transmitted, ") != NULL);
	fake_net_run(&f, ping6_main, "ping6 -t -v -c 3 2001:db8::1");
}

/* Makes a list of messages of the routing socket of it, with any addresses. */
static void
messages(uint8_t *b, size_t len, int op)
{
	for (size_t at = 0, n; len - at >= 8; at += n) {
		n = 8 + rnd() % 400;
		n = n > len - at ? len - at : n;
		b[at] = (uint8_t)n;
		b[at + 1] = (uint8_t)(n >> 8);
		b[at + 2] = RTM_VERSION;
		if (op == NET_RT_DUMP)
			b[at + 3] = RTM_GET;
		else
			b[at + 3] = (rnd() & 1) != 0 ? RTM_IFINFO : RTM_NEWADDR;
		/* Few addresses, so that they fit now and then. */
		for (size_t i = at + sizeof(struct rt_msghdr); i + 8 <= at + n;
		     i += 8) {
			b[i] = (uint8_t)(rnd() % 32);
			b[i + 1] = (uint8_t)((const uint8_t[]){
			    AF_INET, AF_INET6, AF_LINK, 0 }[rnd() & 3]);
		}
	}
}

/* Sysctl answers anything of any length that there is room for. */
static int
wild_sysctl(struct fake_net *fake, int num, const void *args, register_t rv[2])
{
	const struct sys___sysctl_args *a = args;
	size_t *len, n = rnd() % 2000;

	(void)fake, (void)rv;
	if (num != SYS___sysctl)
		return -ENOSYS;
	len = a->oldlenp.datum;
	if (a->oldv.datum != NULL) {
		if (n > *len)
			n = *len;
		garbage(a->oldv.datum, n);
		if (a->namelen.datum == 6 && a->name.datum[1] == PF_ROUTE)
			messages(a->oldv.datum, n, a->name.datum[4]);
		/* Names of the tree are found, so that lists are asked for. */
		if (a->namelen.datum > 0 &&
		    a->name.datum[a->namelen.datum - 1] == CTL_QUERY) {
			static const char *const names[] = { "net", "inet",
				"inet6", "local", "tcp", "udp", "tcp6", "udp6",
				"ip", "ip6", "icmp", "icmp6", "stream", "dgram",
				"pcblist", "stats", "bpf", "peers", "route",
				"kern", "mbuf", "ifq", "len", "maxlen",
				"drops" };
			struct sysctlnode *node = a->oldv.datum;
			size_t i;

			for (i = 0; i < sizeof(names) / sizeof(*names) &&
			     (i + 1) * sizeof(*node) <= *len;
			     i++)
				snprintf(node[i].sysctl_name,
				    sizeof(node[i].sysctl_name), "%s", names[i]);
			n = i * sizeof(*node);
		}
	} else if (a->namelen.datum > 0 &&
	    a->name.datum[a->namelen.datum - 1] == CTL_QUERY)
		n = 32 * sizeof(struct sysctlnode);
	*len = n;
	return 0;
}

TEST(netstat_and_sockstat_believe_no_kernel)
{
	static const char *const lines[] = { "netstat -a", "netstat -anv",
		"netstat -Aan", "netstat -s", "netstat -ss", "netstat -m",
		"netstat -q", "netstat -rs", "netstat -B", "netstat -Bs",
		"netstat -P 1", "netstat -rv", "netstat -i", "netstat -is" };
	size_t i;

	memset(&f, 0, sizeof(f));
	f.call = wild_sysctl;
	for (int round = 0; round < 40; round++) {
		seed = (uint32_t)round;
		for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
			fake_net_run(&f, netstat_main, lines[i]);
		fake_net_run(&f, sockstat_main, "sockstat");
		fake_net_run(&f, sockstat_main, "sockstat -nlc");
		fake_net_run(&f, route_main, "route show");
		fake_net_run(&f, route_main, "route -n -t flush");
	}
}

/* A routing socket that gives messages of any kind, some too short for their kind. */
static int
wild_messages(struct fake_net *fake, int num, const void *args, register_t rv[2])
{
	const struct sys_read_args *a = args;
	static const size_t lengths[] = { 3, 4, 8, 24, 100, 167, 400 };
	uint8_t *b = a->buf.datum;
	size_t n = lengths[(unsigned)sent % 7];

	(void)fake;
	if (num != SYS_read)
		return -ENOSYS;
	if (sent == 7 * 256)
		return -EIO;
	garbage(b, n);
	b[0] = (uint8_t)n;
	b[1] = (uint8_t)(n >> 8);
	if (n > 3) {
		b[2] = RTM_VERSION;
		b[3] = (uint8_t)(sent / 7);
	}
	sent++;
	rv[0] = (register_t)n;
	return 0;
}

TEST(route_monitor_takes_any_message)
{
	memset(&f, 0, sizeof(f));
	f.call = wild_messages;
	f.list[NET_RT_IFLIST].data = "";
	sent = 0;
	CHECK_EQ(fake_net_run(&f, route_main, "route -n monitor"), 1);
	CHECK_EQ(sent, 7 * 256);
}

int
main(void)
{
	RUN(netstat_shows_sockets);
	RUN(netstat_shows_one_control_block);
	RUN(netstat_counters_have_plurals);
	RUN(netstat_has_its_other_displays);
	RUN(netstat_shows_who_listens_by_bpf);
	RUN(sockstat_tells_who_has_which_socket);
	RUN(route_adds_shows_and_deletes);
	RUN(ping_asks_and_tells);
	RUN(ping_goes_on_sending_in_a_noisy_net);
	RUN(netstat_and_sockstat_believe_no_kernel);
	RUN(route_monitor_takes_any_message);
	return check_done();
}
