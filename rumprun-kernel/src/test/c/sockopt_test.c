/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every option of sockets that the constants name, of each kind of socket:
 * what setting it answers, what asking for it answers, and the value then
 * (getsockopt(2), ip(4), ip6(4), tcp(4), unix(4)).
 */
#include <netbsd/in6.h>
#include <netbsd/resource.h>
#include <netbsd/tcp.h>
#include "net/if_var.h"
#include "netinet/inet.h"
#include "sock_calls.h"

enum { T4 = 1, U4 = 2, R4 = 4, T6 = 8, U6 = 16, R6 = 32, LS = 64, LD = 128 };
#define V4 (T4 | U4 | R4)
#define V6 (T6 | U6 | R6)
#define INTERNET (V4 | V6)
#define STREAMS (T4 | T6)
#define LOCAL (LS | LD)
#define ALL (INTERNET | LOCAL)

static const struct kind {
	int bit, domain, type;
} kinds[] = {
	{ T4, AF_INET, SOCK_STREAM },
	{ U4, AF_INET, SOCK_DGRAM },
	{ R4, AF_INET, SOCK_RAW },
	{ T6, AF_INET6, SOCK_STREAM },
	{ U6, AF_INET6, SOCK_DGRAM },
	{ R6, AF_INET6, SOCK_RAW },
	{ LS, AF_LOCAL, SOCK_STREAM },
	{ LD, AF_LOCAL, SOCK_DGRAM },
};

#define NOT (-ENOPROTOOPT)
#define INVAL (-EINVAL)
#define ROW(kinds, level, name, value, set, get, want)           \
	{                                                        \
		kinds, level, name, #name, value, set, get, want \
	}
#define SWITCH(kinds, level, name) ROW(kinds, level, name, 1, 0, 0, 1)
#define NONE(kinds, level, name) ROW(kinds, level, name, 1, NOT, NOT, 0)

/* What an int can say. In this order on one socket of each kind. */
static const struct row {
	int kinds, level, name;
	const char *what;
	int value, set, get, want;
} rows[] = {
	SWITCH(ALL, SOL_SOCKET, SO_DEBUG),
	SWITCH(ALL, SOL_SOCKET, SO_REUSEADDR),
	SWITCH(ALL, SOL_SOCKET, SO_KEEPALIVE),
	SWITCH(ALL, SOL_SOCKET, SO_DONTROUTE),
	SWITCH(ALL, SOL_SOCKET, SO_BROADCAST),
	SWITCH(ALL, SOL_SOCKET, SO_USELOOPBACK),
	SWITCH(ALL, SOL_SOCKET, SO_OOBINLINE),
	SWITCH(ALL, SOL_SOCKET, SO_REUSEPORT),
	SWITCH(ALL, SOL_SOCKET, SO_NOSIGPIPE),
	SWITCH(ALL, SOL_SOCKET, SO_TIMESTAMP),
	SWITCH(ALL, SOL_SOCKET, SO_OTIMESTAMP),
	ROW(ALL, SOL_SOCKET, SO_DONTROUTE, 0, 0, 0, 0),
	ROW(ALL, SOL_SOCKET, SO_ACCEPTCONN, 1, NOT, 0, 0),
	ROW(ALL, SOL_SOCKET, SO_ERROR, 1, NOT, 0, 0),
	ROW(ALL, SOL_SOCKET, SO_OVERFLOWED, 1, NOT, 0, 0),
	ROW(T4 | T6 | LS, SOL_SOCKET, SO_TYPE, 1, NOT, 0, SOCK_STREAM),
	ROW(U4 | U6 | LD, SOL_SOCKET, SO_TYPE, 1, NOT, 0, SOCK_DGRAM),
	ROW(R4 | R6, SOL_SOCKET, SO_TYPE, 1, NOT, 0, SOCK_RAW),
	ROW(ALL, SOL_SOCKET, SO_SNDBUF, 20000, 0, 0, 20000),
	ROW(ALL, SOL_SOCKET, SO_RCVBUF, 20001, 0, 0, 20001),
	ROW(ALL, SOL_SOCKET, SO_SNDBUF, 0, INVAL, 0, 20000),
	ROW(ALL, SOL_SOCKET, SO_RCVBUF, 1 << 30, -ENOBUFS, 0, 20001),
	ROW(ALL, SOL_SOCKET, SO_SNDLOWAT, 300, 0, 0, 300),
	ROW(ALL, SOL_SOCKET, SO_RCVLOWAT, 1 << 20, 0, 0, 20001),
	ROW(ALL, SOL_SOCKET, SO_ACCEPTFILTER, 1, INVAL, INVAL, 0),
	SWITCH(R4, SOL_SOCKET, SO_NOHEADER),
	NONE(T4 | U4 | V6, SOL_SOCKET, SO_NOHEADER),
	ROW(ALL, SOL_SOCKET, 0x4000, 1, NOT, NOT, 0),
	ROW(INTERNET, SOL_SOCKET, 0x10ff, 1, NOT, NOT, 0),

	ROW(V4, IPPROTO_IP, IP_TOS, 0x10, 0, 0, 0x10),
	ROW(V4, IPPROTO_IP, IP_TTL, 33, 0, 0, 33),
	ROW(V4, IPPROTO_IP, IP_MINTTL, 5, 0, 0, 5),
	ROW(V4, IPPROTO_IP, IP_MINTTL, 256, INVAL, 0, 5),
	SWITCH(V4, IPPROTO_IP, IP_RECVOPTS),
	SWITCH(V4, IPPROTO_IP, IP_RECVRETOPTS),
	SWITCH(V4, IPPROTO_IP, IP_RECVDSTADDR),
	SWITCH(V4, IPPROTO_IP, IP_RECVIF),
	SWITCH(V4, IPPROTO_IP, IP_RECVTTL),
	SWITCH(V4, IPPROTO_IP, IP_RECVPKTINFO),
	SWITCH(V4, IPPROTO_IP, IP_PKTINFO),
	SWITCH(R4, IPPROTO_IP, IP_HDRINCL),
	NONE(T4 | U4, IPPROTO_IP, IP_HDRINCL),
	ROW(V4, IPPROTO_IP, IP_ERRORMTU, 1, NOT, 0, 0),
	NONE(V4, IPPROTO_IP, IP_IPSEC_POLICY),
	ROW(V4, IPPROTO_IP, IP_PORTRANGE, IP_PORTRANGE_LOW, 0, 0,
	    IP_PORTRANGE_LOW),
	ROW(V4, IPPROTO_IP, IP_PORTRANGE, 3, INVAL, 0, IP_PORTRANGE_LOW),
	ROW(V4, IPPROTO_IP, IP_PORTALGO, 1, 0, 0, 1),
	ROW(V4, IPPROTO_IP, IP_PORTALGO, 99, INVAL, 0, 1),
	NONE(V4, IPPROTO_IP, 77),

	ROW(V6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9, 0, 0, 9),
	ROW(V6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 256, INVAL, 0, 9),
	ROW(T6 | U6, IPPROTO_IPV6, IPV6_V6ONLY, 0, 0, 0, 0),
	ROW(R6, IPPROTO_IPV6, IPV6_V6ONLY, 0, INVAL, 0, 1),
	ROW(V6, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 7, 0, 0, 7),
	ROW(V6, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, 0, 0, 0),
	ROW(V6, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 2, INVAL, 0, 0),
	ROW(V6, IPPROTO_IPV6, IPV6_MULTICAST_IF, 0, 0, 0, 0),
	ROW(V6, IPPROTO_IPV6, IPV6_MULTICAST_IF, 999, -ENXIO, 0, 0),
	ROW(V6, IPPROTO_IPV6, IPV6_PORTRANGE, IPV6_PORTRANGE_LOW, 0, 0,
	    IPV6_PORTRANGE_LOW),
	ROW(V6, IPPROTO_IPV6, IPV6_PORTALGO, 1, 0, 0, 1),
	SWITCH(V6, IPPROTO_IPV6, IPV6_RECVPKTINFO),
	SWITCH(V6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT),
	SWITCH(V6, IPPROTO_IPV6, IPV6_RECVHOPOPTS),
	SWITCH(V6, IPPROTO_IPV6, IPV6_RECVDSTOPTS),
	SWITCH(V6, IPPROTO_IPV6, IPV6_RECVRTHDRDSTOPTS),
	SWITCH(V6, IPPROTO_IPV6, IPV6_RECVRTHDR),
	SWITCH(V6, IPPROTO_IPV6, IPV6_RECVPATHMTU),
	SWITCH(V6, IPPROTO_IPV6, IPV6_RECVTCLASS),
	SWITCH(V6, IPPROTO_IPV6, IPV6_FAITH),
	ROW(V6, IPPROTO_IPV6, IPV6_TCLASS, 12, 0, 0, 12),
	ROW(V6, IPPROTO_IPV6, IPV6_USE_MIN_MTU, 1, 0, 0, 1),
	ROW(V6, IPPROTO_IPV6, IPV6_DONTFRAG, 1, 0, 0, 1),
	ROW(V6, IPPROTO_IPV6, IPV6_PREFER_TEMPADDR, 1, 0, 0, 1),
	ROW(R6, IPPROTO_IPV6, IPV6_CHECKSUM, 2, 0, 0, 2),
	ROW(R6, IPPROTO_IPV6, IPV6_CHECKSUM, 3, INVAL, 0, 2),
	NONE(T6 | U6, IPPROTO_IPV6, IPV6_CHECKSUM),
	NONE(V6, IPPROTO_IPV6, IPV6_IPSEC_POLICY),
	ROW(V6, IPPROTO_IPV6, IPV6_PATHMTU, 1, NOT, -ENOTCONN, 0),
	NONE(V6, IPPROTO_IPV6, IPV6_SOCKOPT_RESERVED1),
	NONE(V6, IPPROTO_IPV6, 99),

	SWITCH(STREAMS, IPPROTO_TCP, TCP_NODELAY),
	ROW(STREAMS, IPPROTO_TCP, TCP_MAXSEG, 400, 0, 0, 400),
	ROW(STREAMS, IPPROTO_TCP, TCP_MAXSEG, 0, INVAL, 0, 400),
	ROW(STREAMS, IPPROTO_TCP, TCP_KEEPIDLE, 10, 0, 0, 10),
	ROW(STREAMS, IPPROTO_TCP, TCP_KEEPINTVL, 11, 0, 0, 11),
	ROW(STREAMS, IPPROTO_TCP, TCP_KEEPCNT, 12, 0, 0, 12),
	ROW(STREAMS, IPPROTO_TCP, TCP_KEEPINIT, 13, 0, 0, 13),
	ROW(STREAMS, IPPROTO_TCP, TCP_KEEPIDLE, 0, INVAL, 0, 10),
	NONE(STREAMS, IPPROTO_TCP, TCP_MD5SIG),
	NONE(STREAMS, IPPROTO_TCP, TCP_MAXBURST),
	NONE(STREAMS, IPPROTO_TCP, 88),

	ROW(LOCAL, 0, LOCAL_CREDS, 1, 0, 0, 1),
	ROW(LOCAL, 0, LOCAL_CONNWAIT, 1, 0, 0, 1),
	ROW(LOCAL, 0, 0x99, 1, NOT, NOT, 0),
};

static void
host_up(struct fixture *f)
{
	static const char *const names[] = { "librumpvfs", "librumpfs_tmpfs",
		"net", "net_net", "net_local", "net_netinet", "net_netinet6",
		NULL };
	struct kern_config c = { .kc_components = names };
	struct ifnet *lo;

	up_config(f, &c);
	net_wrlock(f->k);
	lo = if_byname(f->k, "lo0");
	CHECK(lo != NULL);
	CHECK_EQ(in_setaddr(lo, htonl(0x7f000001), htonl(0xff000000), 0), 0);
	CHECK_EQ(if_up(lo), 0);
	net_unlock(f->k);
	net_run(f->k);
}

static long
sock(struct fixture *f, const struct kind *kd)
{
	long s = l_socket(f->l, kd->domain, kd->type, 0);

	CHECK(s >= 0);
	return s;
}

static bool
one_row(struct fixture *f, long s, const struct row *r, int kind)
{
	int v = r->value, got = -1;
	socklen_t len = sizeof(got);
	long set = l_setsockopt(f->l, s, r->level, r->name, &v, sizeof(v)),
	     get = l_getsockopt(f->l, s, r->level, r->name, &got, &len);

	if (set == r->set && get == r->get &&
	    (get != 0 || (len == sizeof(got) && got == r->want) ||
		(len == 1 && *(uint8_t *)&got == r->want)))
		return true;
	printf(
	    "       %s of kind %#x: set to %d: %ld, get: %ld, %d (%d bytes)\n",
	    r->what, kind, v, set, get, got, (int)len);
	return false;
}

TEST(sockopt_every_int)
{
	struct fixture f;
	bool right = true;

	host_up(&f);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		long s = sock(&f, &kinds[i]);

		for (size_t j = 0; j < sizeof(rows) / sizeof(rows[0]); j++)
			if ((rows[j].kinds & kinds[i].bit) != 0)
				right &= one_row(&f, s, &rows[j], kinds[i].bit);
		CHECK_EQ(l_close(f.l, s), 0);
	}
	CHECK(right);
	down(&f);
}

/* Sets and asks again: the same bytes. */
static void
same(struct fixture *f, long s, int level, int name, const void *v, size_t n)
{
	uint8_t got[256];
	socklen_t len = sizeof(got);

	CHECK_EQ(l_setsockopt(f->l, s, level, name, v, (socklen_t)n), 0);
	CHECK_EQ(l_getsockopt(f->l, s, level, name, got, &len), 0);
	CHECK_EQ(len, n);
	CHECK_EQ(memcmp(got, v, n), 0);
	CHECK(l_setsockopt(f->l, s, level, name, v, 1) != 0);
}

TEST(sockopt_structures)
{
	struct linger li = { 1, 5 }, bad = { 1, -1 };
	struct timeval tv, badtv;
	struct timeval50 old = { 3, 4000 };
	struct fixture f;

	host_up(&f);
	memset(&tv, 0, sizeof(tv));
	tv.tv_sec = 1;
	tv.tv_usec = 2000;
	badtv = tv;
	badtv.tv_usec = 1000000;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		long s = sock(&f, &kinds[i]);

		same(&f, s, SOL_SOCKET, SO_LINGER, &li, sizeof(li));
		same(&f, s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
		same(&f, s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
		same(&f, s, SOL_SOCKET, SO_OSNDTIMEO, &old, sizeof(old));
		same(&f, s, SOL_SOCKET, SO_ORCVTIMEO, &old, sizeof(old));
		CHECK_EQ(l_setsockopt(
			     f.l, s, SOL_SOCKET, SO_LINGER, &bad, sizeof(bad)),
		    -EDOM);
		CHECK_EQ(l_setsockopt(f.l, s, SOL_SOCKET, SO_SNDTIMEO, &badtv,
			     sizeof(badtv)),
		    -EDOM);
		CHECK_EQ(l_close(f.l, s), 0);
	}
	down(&f);
}

/* Groups, by any socket of the family; the second join, and the second leave, fail. */
TEST(sockopt_groups)
{
	struct ip_mreq mreq = { { htonl(0xe0000132) }, { htonl(0x7f000001) } };
	struct ipv6_mreq mreq6;
	struct fixture f;

	host_up(&f);
	memset(&mreq6, 0, sizeof(mreq6));
	memcpy(&mreq6.ipv6mr_multiaddr, "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\1\1\1",
	    16);
	mreq6.ipv6mr_interface = if_byname(f.k, "lo0")->if_index;
	for (size_t i = 0; i < 6; i++) {
		bool v4 = kinds[i].domain == AF_INET;
		int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
		int join = v4 ? IP_ADD_MEMBERSHIP : IPV6_JOIN_GROUP;
		int leave = v4 ? IP_DROP_MEMBERSHIP : IPV6_LEAVE_GROUP;
		const void *m = v4 ? (const void *)&mreq : &mreq6;
		socklen_t len = v4 ? sizeof(mreq) : sizeof(mreq6);
		long s = sock(&f, &kinds[i]);

		CHECK_EQ(l_setsockopt(f.l, s, level, join, m, len - 1), INVAL);
		CHECK_EQ(l_setsockopt(f.l, s, level, join, m, len), 0);
		CHECK_EQ(l_setsockopt(f.l, s, level, join, m, len), -EADDRINUSE);
		CHECK_EQ(l_setsockopt(f.l, s, level, leave, m, len), 0);
		CHECK_EQ(
		    l_setsockopt(f.l, s, level, leave, m, len), -EADDRNOTAVAIL);
		CHECK_EQ(l_setsockopt(f.l, s, level, join, m, len), 0);
		CHECK_EQ(l_close(f.l, s), 0);
	}
	down(&f);
}

TEST(sockopt_tcp_names)
{
	struct fixture f;
	struct tcp_info ti;
	socklen_t len = sizeof(ti);
	char name[32];
	long s;

	host_up(&f);
	s = sock(&f, &kinds[0]);
	CHECK_EQ(l_setsockopt(f.l, s, IPPROTO_TCP, TCP_CONGCTL, "cubic", 5), 0);
	len = sizeof(name);
	CHECK_EQ(l_getsockopt(f.l, s, IPPROTO_TCP, TCP_CONGCTL, name, &len), 0);
	CHECK_STR(name, "cubic");
	CHECK_EQ(
	    l_setsockopt(f.l, s, IPPROTO_TCP, TCP_CONGCTL, "none", 4), INVAL);
	len = sizeof(ti);
	CHECK_EQ(l_getsockopt(f.l, s, IPPROTO_TCP, TCP_INFO, &ti, &len), 0);
	CHECK_EQ(len, sizeof(ti));
	CHECK_EQ(
	    l_setsockopt(f.l, s, IPPROTO_TCP, TCP_INFO, &ti, sizeof(ti)), NOT);
	CHECK_EQ(l_close(f.l, s), 0);
	down(&f);
}

/* RLIMIT_SBSIZE: all buffers of a user together. */
TEST(sockopt_buffers_within_the_limit)
{
	struct fixture f;
	int v = 100000;
	long s, t;

	host_up(&f);
	s = sock(&f, &kinds[0]);
	f.p->p_rlimit[RLIMIT_SBSIZE].cur = 250000;
	CHECK_EQ(l_setsockopt(f.l, s, SOL_SOCKET, SO_SNDBUF, &v, sizeof(v)), 0);
	CHECK_EQ(l_setsockopt(f.l, s, SOL_SOCKET, SO_RCVBUF, &v, sizeof(v)), 0);
	v = 200000;
	CHECK_EQ(l_setsockopt(f.l, s, SOL_SOCKET, SO_RCVBUF, &v, sizeof(v)),
	    -ENOBUFS);
	CHECK_EQ(l_socket(f.l, AF_INET, SOCK_STREAM, 0), -ENOBUFS);
	v = 1000;
	CHECK_EQ(l_setsockopt(f.l, s, SOL_SOCKET, SO_RCVBUF, &v, sizeof(v)), 0);
	t = l_socket(f.l, AF_INET, SOCK_STREAM, 0);
	CHECK(t >= 0);
	CHECK_EQ(l_close(f.l, s), 0);
	CHECK_EQ(l_close(f.l, t), 0);
	down(&f);
}

int
main(void)
{
	RUN(sockopt_every_int);
	RUN(sockopt_structures);
	RUN(sockopt_groups);
	RUN(sockopt_tcp_names);
	RUN(sockopt_buffers_within_the_limit);
	return check_done();
}
