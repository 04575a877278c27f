/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP of both families between two kernels on a wire, by their sockets: names, options, control messages, groups, errors. */
#include <netbsd/in6.h>
#include "net/if_wire.h"
#include "netinet/in_pcb.h"
#include "netinet6/inet6.h"
#include "sock_calls.h"

#define A4 htonl(0x0a000001u)
#define B4 htonl(0x0a000002u)

static struct fixture a, b;
static struct wire *w;
static uint32_t index_a;
static struct in6_addr lla[2]; /* link-local, without zone */

static const char *const parts[] = { "net", "net_net", "net_local",
	"net_netinet", "net_netinet6", "net_wire", NULL };

static struct ifnet *
attach(struct fixture *f, uint32_t addr, struct in6_addr *ll)
{
	struct kern_config c = { .kc_components = parts };
	struct in6_ifaddr *ia6;
	char name[IFNAMSIZ];
	struct ifnet *ifp;

	up_config(f, &c);
	INET6(f->k)->ip6_dad_count = 0;
	CHECK_EQ(wire_connect(f->k, w, name), 0);
	net_wrlock(f->k);
	ifp = if_byname(f->k, name);
	CHECK(ifp != NULL);
	CHECK_EQ(in_setaddr(ifp, addr, htonl(0xffffff00u), 0), 0);
	ia6 = in6ifa_ifpforlinklocal(ifp, 0);
	net_unlock(f->k);
	CHECK(ia6 != NULL);
	*ll = ia6->ia_addr.sin6_addr;
	in6_clearscope(ll);
	net_run(f->k);
	return ifp;
}

static void
begin(void)
{
	CHECK_EQ(wire_create(1, &w), 0);
	index_a = attach(&a, A4, &lla[0])->if_index;
	attach(&b, B4, &lla[1]);
}

static void
end(void)
{
	down(&a);
	down(&b);
	wire_put(w);
}

static struct sockaddr_in
sin4(uint32_t addr, uint16_t port)
{
	struct sockaddr_in sin;

	sockaddr_in_init(&sin, addr, htons(port));
	return sin;
}

static struct sockaddr_in6
sin6(const struct in6_addr *addr, uint16_t port, uint32_t scope)
{
	struct sockaddr_in6 s = { .sin6_len = sizeof(s),
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_scope_id = scope };

	if (addr != NULL)
		s.sin6_addr = *addr;
	return s;
}

static long
udp(struct fixture *f, int family)
{
	long s = l_socket(f->l, family, SOCK_DGRAM, 0);

	CHECK(s >= 0);
	return s;
}

static long
bound(struct fixture *f, uint16_t port)
{
	struct sockaddr_in sin = sin4(0, port);
	long s = udp(f, AF_INET);

	CHECK_EQ(l_bind(f->l, s, &sin, sizeof(sin)), 0);
	return s;
}

/* Receives, with some patience. */
static long
get(struct fixture *f, long s, void *buf, size_t n, void *from, socklen_t *len)
{
	if (l_poll(f->l, s, POLLIN, 2000) <= 0)
		return -EAGAIN;
	return l_recvfrom(f->l, s, buf, n, MSG_DONTWAIT, from, len);
}

TEST(udp_datagrams_of_all_sizes_arrive_whole)
{
	static uint8_t out[65507], in[65536];
	struct sockaddr_in to = sin4(B4, 7), from;
	socklen_t len = sizeof(from);
	long s, r, big = 80000;

	begin();
	r = bound(&b, 7);
	s = bound(&a, 8);
	CHECK_EQ(l_setint(a.l, s, SOL_SOCKET, SO_SNDBUF, (int)big), 0);
	CHECK_EQ(l_setint(b.l, r, SOL_SOCKET, SO_RCVBUF, (int)big * 2), 0);
	for (unsigned i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i ^ i >> 8);
	/* The first to a neighbour that must be asked loses all but its last fragment. */
	CHECK_EQ(l_sendto(a.l, s, out, 1, 0, &to, sizeof(to)), 1);
	CHECK_EQ(get(&b, r, in, sizeof(in), &from, &len), 1);
	CHECK_EQ(from.sin_addr.s_addr, A4);
	CHECK_EQ(from.sin_port, htons(8));
	static const unsigned sizes[] = { 0, 1, 7, 1471, 1472, 1473, 2960, 9000,
		40000, 65507 };
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned n = sizes[i];

		CHECK_EQ(l_sendto(a.l, s, out, n, 0, &to, sizeof(to)), n);
		memset(in, 0, n);
		CHECK_EQ(get(&b, r, in, sizeof(in), NULL, NULL), n);
		CHECK_EQ(memcmp(in, out, n), 0);
	}
	CHECK_EQ(l_sendto(a.l, s, in, 65508, 0, &to, sizeof(to)), -EMSGSIZE);
	CHECK_EQ(l_close(a.l, s), 0);
	CHECK_EQ(l_close(b.l, r), 0);
	end();
}

TEST(udp_loopback_reaches_the_same_kernel)
{
	struct sockaddr_in to = sin4(htonl(INADDR_LOOPBACK), 7), mine;
	socklen_t len = sizeof(mine);
	char buf[10];
	long r, s;

	begin();
	r = bound(&a, 7);
	s = udp(&a, AF_INET);
	CHECK_EQ(l_sendto(a.l, s, "hi", 2, 0, &to, sizeof(to)), 2);
	CHECK_EQ(get(&a, r, buf, sizeof(buf), NULL, NULL), 2);
	to = sin4(A4, 7);
	CHECK_EQ(l_sendto(a.l, s, "you", 3, 0, &to, sizeof(to)), 3);
	CHECK_EQ(get(&a, r, buf, sizeof(buf), &mine, &len), 3);
	CHECK_EQ(mine.sin_addr.s_addr, A4);
	CHECK_EQ(l_close(a.l, s), 0);
	CHECK_EQ(l_close(a.l, r), 0);
	end();
}

TEST(udp_closed_port_refuses_a_connected_sender)
{
	struct sockaddr_in to = sin4(B4, 99), mine;
	socklen_t len = sizeof(mine);
	long s;
	int tries = 0;

	begin();
	s = udp(&a, AF_INET);
	CHECK_EQ(l_connect(a.l, s, &to, sizeof(to)), 0);
	CHECK_EQ(l_getsockname(a.l, s, &mine, &len), 0);
	CHECK_EQ(mine.sin_addr.s_addr, A4);
	CHECK(ntohs(mine.sin_port) >= 49152);
	CHECK_EQ(l_send(a.l, s, "x", 1, 0), 1);
	while (l_getint(a.l, s, SOL_SOCKET, SO_ERROR) != ECONNREFUSED) {
		CHECK(++tries < 100);
		host_sleep_ns(10 * MS);
	}
	CHECK_EQ(l_sendto(a.l, s, "x", 1, 0, &to, sizeof(to)), -EISCONN);
	/* Disconnected by an unspecified name. */
	to.sin_family = AF_UNSPEC;
	(void)l_connect(a.l, s, &to, sizeof(to));
	CHECK_EQ(l_close(a.l, s), 0);
	end();
}

TEST(udp_connected_socket_hears_its_peer_only)
{
	struct sockaddr_in to = sin4(A4, 7), peer = sin4(B4, 8);
	long s, good, bad;
	char buf[8];

	begin();
	s = bound(&a, 7);
	good = bound(&b, 8);
	bad = bound(&b, 9);
	CHECK_EQ(l_connect(a.l, s, &peer, sizeof(peer)), 0);
	CHECK_EQ(l_sendto(b.l, bad, "bad", 3, 0, &to, sizeof(to)), 3);
	CHECK_EQ(l_sendto(b.l, good, "ok", 2, 0, &to, sizeof(to)), 2);
	CHECK_EQ(get(&a, s, buf, sizeof(buf), NULL, NULL), 2);
	CHECK_EQ(l_recv(a.l, s, buf, sizeof(buf), MSG_DONTWAIT), -EAGAIN);
	CHECK_EQ(l_close(a.l, s), 0);
	CHECK_EQ(l_close(b.l, good), 0);
	CHECK_EQ(l_close(b.l, bad), 0);
	end();
}

TEST(udp_names_are_checked)
{
	struct sockaddr_in sin = sin4(0, 7), other = sin4(B4, 7);
	long s, s2;

	begin();
	s = bound(&a, 7);
	CHECK_EQ(l_bind(a.l, s, &sin, sizeof(sin)), -EINVAL);
	s2 = udp(&a, AF_INET);
	CHECK_EQ(l_bind(a.l, s2, &sin, sizeof(sin)), -EADDRINUSE);
	sin.sin_addr.s_addr = A4;
	CHECK_EQ(l_bind(a.l, s2, &sin, sizeof(sin)), -EADDRINUSE);
	CHECK_EQ(l_bind(a.l, s2, &other, sizeof(other)), -EADDRNOTAVAIL);
	CHECK_EQ(l_setint(a.l, s2, SOL_SOCKET, SO_REUSEADDR, 1), 0);
	CHECK_EQ(l_bind(a.l, s2, &sin, sizeof(sin)), 0);
	CHECK_EQ(l_close(a.l, s2), 0);
	s2 = udp(&a, AF_INET);
	sin.sin_port = htons(9);
	sin.sin_family = AF_INET6;
	CHECK_EQ(l_bind(a.l, s2, &sin, sizeof(sin)), -EAFNOSUPPORT);
	CHECK_EQ(l_send(a.l, s2, "x", 1, 0), -EDESTADDRREQ);
	other.sin_port = 0;
	CHECK_EQ(l_sendto(a.l, s2, "x", 1, 0, &other, sizeof(other)),
	    -EADDRNOTAVAIL);
	CHECK_EQ(l_connect(a.l, s2, &other, sizeof(other)), -EADDRNOTAVAIL);
	other = sin4(htonl(0xac100001u), 7);
	CHECK_EQ(
	    l_sendto(a.l, s2, "x", 1, 0, &other, sizeof(other)), -EHOSTUNREACH);
	CHECK_EQ(l_close(a.l, s2), 0);
	CHECK_EQ(l_close(a.l, s), 0);
	end();
}

TEST(udp_reuseport_needs_all_to_agree)
{
	struct sockaddr_in sin = sin4(0, 7);
	long s, s2;

	begin();
	s = udp(&a, AF_INET);
	s2 = udp(&a, AF_INET);
	CHECK_EQ(l_setint(a.l, s, SOL_SOCKET, SO_REUSEPORT, 1), 0);
	CHECK_EQ(l_bind(a.l, s, &sin, sizeof(sin)), 0);
	CHECK_EQ(l_bind(a.l, s2, &sin, sizeof(sin)), -EADDRINUSE);
	CHECK_EQ(l_setint(a.l, s2, SOL_SOCKET, SO_REUSEPORT, 1), 0);
	CHECK_EQ(l_bind(a.l, s2, &sin, sizeof(sin)), 0);
	CHECK_EQ(l_close(a.l, s), 0);
	CHECK_EQ(l_close(a.l, s2), 0);
	end();
}

TEST(udp_broadcast_needs_leave_and_reaches_all)
{
	struct sockaddr_in to = sin4(htonl(0x0a0000ffu), 7);
	long s, ra, rb;
	char buf[8];

	begin();
	s = udp(&a, AF_INET);
	ra = bound(&a, 7);
	rb = bound(&b, 7);
	CHECK_EQ(l_sendto(a.l, s, "x", 1, 0, &to, sizeof(to)), -EACCES);
	CHECK_EQ(l_setint(a.l, s, SOL_SOCKET, SO_BROADCAST, 1), 0);
	CHECK_EQ(l_sendto(a.l, s, "all", 3, 0, &to, sizeof(to)), 3);
	CHECK_EQ(get(&b, rb, buf, sizeof(buf), NULL, NULL), 3);
	CHECK_EQ(get(&a, ra, buf, sizeof(buf), NULL, NULL), 3);
	CHECK_EQ(l_close(a.l, s), 0);
	CHECK_EQ(l_close(a.l, ra), 0);
	CHECK_EQ(l_close(b.l, rb), 0);
	end();
}

TEST(udp_group_reaches_every_member)
{
	struct ip_mreq mreq = { { htonl(0xe0010203u) }, { B4 } };
	struct in_addr ifa = { A4 };
	struct sockaddr_in to = sin4(htonl(0xe0010203u), 7);
	uint8_t ttl = 5, loop = 0;
	long s, r[2], other;
	char buf[8];

	begin();
	s = udp(&a, AF_INET);
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in sin = sin4(0, 7);

		r[i] = udp(&b, AF_INET);
		CHECK_EQ(l_setint(b.l, r[i], SOL_SOCKET, SO_REUSEPORT, 1), 0);
		CHECK_EQ(l_bind(b.l, r[i], &sin, sizeof(sin)), 0);
		CHECK_EQ(l_setsockopt(b.l, r[i], IPPROTO_IP, IP_ADD_MEMBERSHIP,
			     &mreq, sizeof(mreq)),
		    0);
		CHECK_EQ(l_setsockopt(b.l, r[i], IPPROTO_IP, IP_ADD_MEMBERSHIP,
			     &mreq, sizeof(mreq)),
		    -EADDRINUSE);
	}
	other = bound(&a, 7);
	CHECK_EQ(l_sendto(a.l, s, "x", 1, 0, &to, sizeof(to)), -EHOSTUNREACH);
	CHECK_EQ(l_setsockopt(
		     a.l, s, IPPROTO_IP, IP_MULTICAST_IF, &ifa, sizeof(ifa)),
	    0);
	CHECK_EQ(l_setsockopt(a.l, s, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, 1), 0);
	CHECK_EQ(
	    l_setsockopt(a.l, s, IPPROTO_IP, IP_MULTICAST_LOOP, &loop, 1), 0);
	CHECK_EQ(l_sendto(a.l, s, "grp", 3, 0, &to, sizeof(to)), 3);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(get(&b, r[i], buf, sizeof(buf), NULL, NULL), 3);
	CHECK_EQ(l_recv(a.l, other, buf, sizeof(buf), MSG_DONTWAIT), -EAGAIN);
	CHECK_EQ(l_setsockopt(b.l, r[0], IPPROTO_IP, IP_DROP_MEMBERSHIP, &mreq,
		     sizeof(mreq)),
	    0);
	CHECK_EQ(l_close(b.l, r[1]), 0);
	/* No member is left. */
	CHECK_EQ(l_sendto(a.l, s, "grp", 3, 0, &to, sizeof(to)), 3);
	host_sleep_ns(20 * MS);
	CHECK_EQ(l_recv(b.l, r[0], buf, sizeof(buf), MSG_DONTWAIT), -EAGAIN);
	CHECK_EQ(l_close(a.l, s), 0);
	CHECK_EQ(l_close(a.l, other), 0);
	CHECK_EQ(l_close(b.l, r[0]), 0);
	end();
}

/* A control message of a received datagram, or NULL. */
static const uint8_t *
control(const struct msghdr *mh, int level, int type, size_t len)
{
	const uint8_t *p = mh->msg_control;
	size_t left = mh->msg_controllen;
	struct cmsghdr cm;

	while (left >= sizeof(cm)) {
		memcpy(&cm, p, sizeof(cm));
		if (cm.cmsg_level == level && cm.cmsg_type == type &&
		    cm.cmsg_len == CMSG_HEAD + len)
			return p + CMSG_HEAD;
		if (CMSG_ALIGN(cm.cmsg_len) > left)
			break;
		p += CMSG_ALIGN(cm.cmsg_len);
		left -= CMSG_ALIGN(cm.cmsg_len);
	}
	return NULL;
}

TEST(udp_control_messages_tell_how_it_came)
{
	static const int options[] = { IP_RECVDSTADDR, IP_RECVIF, IP_RECVTTL,
		IP_RECVPKTINFO };
	struct sockaddr_in to = sin4(A4, 7);
	uint64_t cbuf[64];
	char buf[8];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = cbuf,
		.msg_controllen = sizeof(cbuf) };
	const uint8_t *p;
	uint32_t v;
	long r, s;

	begin();
	r = bound(&a, 7);
	s = udp(&b, AF_INET);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(l_setint(a.l, r, IPPROTO_IP, options[i], 1), 0);
	CHECK_EQ(l_setint(a.l, r, SOL_SOCKET, SO_TIMESTAMP, 1), 0);
	CHECK_EQ(l_setint(b.l, s, IPPROTO_IP, IP_TTL, 17), 0);
	CHECK_EQ(l_getint(b.l, s, IPPROTO_IP, IP_TTL), 17);
	CHECK_EQ(l_sendto(b.l, s, "x", 1, 0, &to, sizeof(to)), 1);
	CHECK(l_poll(a.l, r, POLLIN, 2000) > 0);
	CHECK_EQ(l_recvmsg(a.l, r, &mh, 0), 1);
	p = control(&mh, IPPROTO_IP, IP_RECVDSTADDR, 4);
	CHECK(p != NULL);
	memcpy(&v, p, 4);
	CHECK_EQ(v, A4);
	p = control(&mh, IPPROTO_IP, IP_RECVTTL, 1);
	CHECK(p != NULL && *p == 17);
	p = control(&mh, IPPROTO_IP, IP_PKTINFO, sizeof(struct in_pktinfo));
	CHECK(p != NULL);
	memcpy(&v, p + 4, 4);
	CHECK_EQ(v, index_a);
	CHECK(control(&mh, IPPROTO_IP, IP_RECVIF, sizeof(struct sockaddr_dl)) !=
	    NULL);
	CHECK(control(&mh, SOL_SOCKET, SCM_TIMESTAMP, sizeof(struct timeval)) !=
	    NULL);
	CHECK_EQ(l_setint(a.l, r, IPPROTO_IP, 12345, 1), -ENOPROTOOPT);
	CHECK_EQ(l_setint(a.l, r, IPPROTO_IP, IP_MINTTL, 256), -EINVAL);
	CHECK_EQ(l_close(a.l, r), 0);
	CHECK_EQ(l_close(b.l, s), 0);
	end();
}

TEST(udp_ports_by_every_algorithm_differ)
{
	begin();
	for (int algo = PORTALGO_BSD; algo <= PORTALGO_RANDINC; algo++) {
		struct sockaddr_in sin = sin4(0, 0), got[20];
		long s[20];

		for (int i = 0; i < 20; i++) {
			socklen_t len = sizeof(got[i]);

			s[i] = udp(&a, AF_INET);
			CHECK_EQ(
			    l_setint(a.l, s[i], IPPROTO_IP, IP_PORTALGO, algo),
			    0);
			CHECK_EQ(l_bind(a.l, s[i], &sin, sizeof(sin)), 0);
			CHECK_EQ(l_getsockname(a.l, s[i], &got[i], &len), 0);
			CHECK(ntohs(got[i].sin_port) >= 49152);
			for (int j = 0; j < i; j++)
				CHECK(got[i].sin_port != got[j].sin_port);
		}
		for (int i = 0; i < 20; i++)
			CHECK_EQ(l_close(a.l, s[i]), 0);
	}
	long s = udp(&a, AF_INET);
	struct sockaddr_in sin = sin4(0, 0);
	socklen_t len = sizeof(sin);
	CHECK_EQ(
	    l_setint(a.l, s, IPPROTO_IP, IP_PORTRANGE, IP_PORTRANGE_LOW), 0);
	CHECK_EQ(l_bind(a.l, s, &sin, sizeof(sin)), 0);
	CHECK_EQ(l_getsockname(a.l, s, &sin, &len), 0);
	CHECK(ntohs(sin.sin_port) >= 600 && ntohs(sin.sin_port) < 1024);
	CHECK_EQ(l_close(a.l, s), 0);
	end();
}

TEST(udp6_link_local_both_ways)
{
	struct sockaddr_in6 any = sin6(NULL, 7, 0), to, from, mine;
	socklen_t len = sizeof(from);
	static uint8_t out[9000], in[9001];
	long r, s;

	begin();
	r = udp(&b, AF_INET6);
	CHECK_EQ(l_bind(b.l, r, &any, sizeof(any)), 0);
	s = udp(&a, AF_INET6);
	to = sin6(&lla[1], 7, index_a);
	CHECK_EQ(l_sendto(a.l, s, "x", 1, 0, &to, sizeof(to)), 1);
	CHECK_EQ(get(&b, r, in, sizeof(in), &from, &len), 1);
	CHECK_EQ(memcmp(&from.sin6_addr, &lla[0], 16), 0);
	CHECK(from.sin6_scope_id != 0);
	memset(out, 0x5a, sizeof(out));
	CHECK_EQ(l_sendto(b.l, r, out, 9000, 0, &from, len), 9000);
	CHECK_EQ(get(&a, s, in, sizeof(in), &from, &len), 9000);
	CHECK_EQ(memcmp(in, out, 9000), 0);
	CHECK_EQ(from.sin6_scope_id, index_a);
	CHECK_EQ(l_connect(a.l, s, &to, sizeof(to)), 0);
	len = sizeof(mine);
	CHECK_EQ(l_getsockname(a.l, s, &mine, &len), 0);
	CHECK_EQ(memcmp(&mine.sin6_addr, &lla[0], 16), 0);
	CHECK_EQ(l_send(a.l, s, "ab", 2, 0), 2);
	CHECK_EQ(get(&b, r, in, sizeof(in), NULL, NULL), 2);
	CHECK_EQ(l_close(a.l, s), 0);
	CHECK_EQ(l_close(b.l, r), 0);
	end();
}

TEST(udp6_takes_ipv4_when_asked)
{
	struct sockaddr_in6 any = sin6(NULL, 7, 0), from;
	struct sockaddr_in to = sin4(B4, 7);
	socklen_t len = sizeof(from);
	const uint8_t *p = (const uint8_t *)&from.sin6_addr;
	char buf[8];
	long r, s;

	begin();
	r = udp(&b, AF_INET6);
	CHECK_EQ(l_setint(b.l, r, IPPROTO_IPV6, IPV6_V6ONLY, 0), 0);
	CHECK_EQ(l_bind(b.l, r, &any, sizeof(any)), 0);
	s = udp(&a, AF_INET);
	CHECK_EQ(l_sendto(a.l, s, "four", 4, 0, &to, sizeof(to)), 4);
	CHECK_EQ(get(&b, r, buf, sizeof(buf), &from, &len), 4);
	CHECK_EQ(p[10], 0xff);
	CHECK_EQ(p[15], 1);
	CHECK_EQ(l_sendto(b.l, r, "back", 4, 0, &from, len), 4);
	CHECK_EQ(get(&a, s, buf, sizeof(buf), NULL, NULL), 4);
	/* The port is taken for IPv4 too. */
	CHECK_EQ(l_close(a.l, s), 0);
	s = udp(&b, AF_INET);
	to.sin_addr.s_addr = 0;
	CHECK_EQ(l_bind(b.l, s, &to, sizeof(to)), -EADDRINUSE);
	CHECK_EQ(l_close(b.l, s), 0);
	CHECK_EQ(l_close(b.l, r), 0);
	end();
}

static void
hammer(struct lwp *l, void *arg)
{
	struct sockaddr_in to = sin4(B4, 7);
	_Atomic bool *stop = arg;

	while (!*stop) {
		long s = l_socket(l, AF_INET, SOCK_DGRAM, 0);

		CHECK_THREAD(s >= 0);
		(void)l_sendto(l, s, "x", 1, 0, &to, sizeof(to));
		(void)l_connect(l, s, &to, sizeof(to));
		(void)l_send(l, s, "y", 1, 0);
		CHECK_THREAD(l_close(l, s) == 0);
	}
}

TEST(udp_sockets_come_and_go_under_traffic)
{
	struct helper h[3];
	_Atomic bool stop = false;

	begin();
	for (int i = 0; i < 3; i++)
		helper_start(&h[i], i == 2 ? b.p : a.p, hammer, &stop);
	for (int i = 0; i < 200; i++) {
		long r = bound(&b, 7);
		char buf[8];

		for (int j = 0; j < 20; j++)
			(void)l_recv(b.l, r, buf, sizeof(buf), MSG_DONTWAIT);
		CHECK_EQ(l_close(b.l, r), 0);
	}
	stop = true;
	for (int i = 0; i < 3; i++)
		helper_join(&h[i]);
	end();
}

int
main(void)
{
	RUN(udp_datagrams_of_all_sizes_arrive_whole);
	RUN(udp_loopback_reaches_the_same_kernel);
	RUN(udp_closed_port_refuses_a_connected_sender);
	RUN(udp_connected_socket_hears_its_peer_only);
	RUN(udp_names_are_checked);
	RUN(udp_reuseport_needs_all_to_agree);
	RUN(udp_broadcast_needs_leave_and_reaches_all);
	RUN(udp_group_reaches_every_member);
	RUN(udp_control_messages_tell_how_it_came);
	RUN(udp_ports_by_every_algorithm_differ);
	RUN(udp6_link_local_both_ways);
	RUN(udp6_takes_ipv4_when_asked);
	RUN(udp_sockets_come_and_go_under_traffic);
	return check_done();
}
