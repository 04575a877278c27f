/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMPv6: echoes, errors and when there are none, path MTUs, redirects, node information, raw sockets (RFC 4443, 8201, 4861, 4620, 3542). */
#include "inet6_toy.h"

#define PEER "2001:db8::2"
#define ME "2001:db8::1"
#define FAR "2001:db8:9::9"

/* PEER is known; what is sent to him goes out at once. */
static void
begin(void)
{
	t6_begin();
	ns_in(0, PEER, "ff02::1:ff00:1", ME, toy_peer);
	na_in(0, PEER, ME, PEER, toy_peer,
	    ND_NA_FLAG_SOLICITED | ND_NA_FLAG_OVERRIDE);
	toy_forget(&t);
}

static void
add_route(const char *dst, unsigned plen, const char *gateway, int flags)
{
	struct sockaddr_in6 d = t6_sin(dst, 0), g = t6_sin(gateway, 0), m;

	sin6_mask(&m, plen);
	net_wrlock(t.f.k);
	if (a6_linklocal(&g.sin6_addr))
		(void)in6_setscope(&g.sin6_addr, t.ifp[0]);
	CHECK_EQ(rtrequest_sa(t.f.k, RTM_ADD, (struct sockaddr *)&d,
		     (struct sockaddr *)&g, (struct sockaddr *)&m,
		     RTF_UP | RTF_GATEWAY | flags, NULL, NULL),
	    0);
	net_unlock(t.f.k);
}

static uint32_t
mtu_to(const char *dst)
{
	struct sockaddr_in6 d = t6_sin(dst, 0);
	struct rtentry *rt;
	uint32_t mtu;

	net_rdlock(t.f.k);
	rt = rtalloc1(t.f.k, (struct sockaddr *)&d);
	CHECK(rt != NULL);
	mtu = ip6_pathmtu(rt->rt_ifp, rt);
	net_unlock(t.f.k);
	return mtu;
}

TEST(icmp6_echo_is_answered)
{
	uint8_t data[1000];
	const uint8_t *p, *ip;
	struct pkt q;

	begin();
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	q = p6_icmp(PEER, ME, 64, ICMP6_ECHO_REQUEST, 0, 0x12345678, data, 999);
	p6_send(0, &q);
	p = out_icmp(0, ICMP6_ECHO_REPLY, 0, &ip);
	CHECK(p != NULL && is6(ip + 8, ME) && is6(ip + 24, PEER));
	CHECK_EQ(ip[7], 64);
	CHECK_EQ(be32_get(p + 4), 0x12345678);
	CHECK_EQ(memcmp(p + 8, data, 999), 0);
	/* To a group: from an address of ours. */
	toy_forget(&t);
	q = p6_icmp("fe80::2", "ff02::1", 64, ICMP6_ECHO_REQUEST, 0, 1, data, 1);
	p6_send(0, &q);
	na_in(0, "fe80::2", "fe80::ff:fe00:1", "fe80::2", toy_peer,
	    ND_NA_FLAG_SOLICITED | ND_NA_FLAG_OVERRIDE);
	p = out_icmp(0, ICMP6_ECHO_REPLY, 0, &ip);
	CHECK(p != NULL && is6(ip + 8, "fe80::ff:fe00:1"));
	toy_halt(&t);
}

TEST(icmp6_bad_sums_and_short_ones_are_dropped)
{
	struct pkt q;

	begin();
	q = p6_icmp(PEER, ME, 64, ICMP6_ECHO_REQUEST, 0, 1, "abc", 3);
	q.b[48] ^= 1;
	p6_send(0, &q);
	q = p6(PEER, ME, IPPROTO_ICMPV6, 64);
	p6_add(&q, "\x80\0\0\0\0\0\0", 7);
	p6_sum(&q, 40);
	p6_send(0, &q);
	CHECK_EQ(t.nout[0], 0);
	CHECK_EQ(INET6(t.f.k)->icmp6stat[ICMP6_STAT_CHECKSUM], 1);
	CHECK_EQ(INET6(t.f.k)->icmp6stat[ICMP6_STAT_TOOSHORT], 1);
	toy_halt(&t);
}

static struct pkt
udp_to(const char *src, const char *dst, size_t len)
{
	struct pkt q = p6(src, dst, IPPROTO_UDP, 64);
	uint8_t u[1400] = { 0x12, 0x34, 0x27, 0x0f };
	uint16_t sum;

	be16_put(u + 4, (uint16_t)(len + 8));
	p6_add(&q, u, len + 8);
	sum = sum6(q.b, IPPROTO_UDP, q.b + 40, len + 8);
	memcpy(q.b + 46, &sum, 2);
	return q;
}

TEST(icmp6_port_unreachable_quotes_what_fits)
{
	const uint8_t *p, *ip;
	struct pkt q;

	begin();
	q = udp_to(PEER, ME, 20);
	p6_send(0, &q);
	p = out_icmp(0, ICMP6_DST_UNREACH, 0, &ip);
	CHECK(p != NULL && p[1] == ICMP6_DST_UNREACH_NOPORT);
	CHECK(is6(ip + 8, ME) && be16_get(ip + 4) == 8 + 68);
	CHECK_EQ(memcmp(p + 8, q.b, 68), 0);
	toy_forget(&t);
	q = udp_to(PEER, ME, 1390);
	p6_send(0, &q);
	p = out_icmp(0, ICMP6_DST_UNREACH, 0, &ip);
	CHECK(p != NULL && be16_get(ip + 4) == IPV6_MMTU - 40);
	toy_halt(&t);
}

/* RFC 4443 2.4 e */
TEST(icmp6_no_errors_about_these)
{
	uint8_t inner[48] = { 0x60, [6] = 58 };
	struct pkt q;

	begin();
	/* Errors and redirects. */
	q = p6(PEER, ME, 99, 64);
	q.b[6] = IPPROTO_DSTOPTS;
	p6_add(&q, "\x3a\0\x80\x04\0\0\0\0\x01\0\0\0\0\0\0\0", 16);
	p6_sum(&q, 48);
	p6_send(0, &q);
	/* To groups, from groups, from nobody. */
	q = p6(PEER, "ff02::1", 99, 64);
	p6_add(&q, inner, 8);
	p6_send(0, &q);
	q = p6("ff02::1", ME, 99, 64);
	p6_add(&q, inner, 8);
	p6_send(0, &q);
	q = p6("::", ME, 99, 64);
	p6_add(&q, inner, 8);
	p6_send(0, &q);
	CHECK_EQ(t.nout[0], 0);
	/* This one is one. */
	q = p6(PEER, ME, 99, 64);
	p6_add(&q, inner, 8);
	p6_send(0, &q);
	CHECK_EQ(t.nout[0], 1);
	toy_halt(&t);
}

TEST(icmp6_errors_are_limited)
{
	struct pkt q;

	begin();
	for (int i = 0; i < 200; i++) {
		q = udp_to(PEER, ME, 20);
		p6_send(0, &q);
	}
	CHECK_EQ(count_icmp(0, ICMP6_DST_UNREACH), 100);
	CHECK_EQ(INET6(t.f.k)->icmp6stat[ICMP6_STAT_TOOFREQ], 100);
	toy_halt(&t);
}

static void
too_big(const char *from, const char *src, const char *dst, uint32_t mtu)
{
	struct pkt q = udp_to(src, dst, 100), e;

	be16_put(q.b + 4, 108);
	e = p6_icmp(from, ME, 64, ICMP6_PACKET_TOO_BIG, 0, mtu, q.b, q.len);
	p6_send(0, &e);
}

TEST(icmp6_path_mtu_becomes_smaller_and_grows_again)
{
	begin();
	add_route("2001:db8:9::", 48, PEER, 0);
	CHECK_EQ(mtu_to(FAR), 1500);
	too_big("2001:db8:7::1", ME, FAR, 1400);
	CHECK_EQ(mtu_to(FAR), 1400);
	/* Never larger, never below 1280; about others' packets nothing. */
	too_big("2001:db8:7::1", ME, FAR, 1450);
	CHECK_EQ(mtu_to(FAR), 1400);
	too_big("2001:db8:7::1", ME, FAR, 600);
	CHECK_EQ(mtu_to(FAR), 1280);
	too_big("2001:db8:7::1", "2001:db8::44", "2001:db8:9::10", 1300);
	CHECK_EQ(mtu_to("2001:db8:9::10"), 1500);
	toy_pass(&t, 700 * TOY_SECOND);
	CHECK_EQ(mtu_to(FAR), 1500);
	toy_halt(&t);
}

static bool
gateway_is(const char *dst, const char *want)
{
	struct sockaddr_in6 d = t6_sin(dst, 0);
	struct in6_addr a;
	struct rtentry *rt;
	bool is;

	net_rdlock(t.f.k);
	rt = rtalloc1(t.f.k, (struct sockaddr *)&d);
	CHECK(rt != NULL && rt->rt_gateway->sa_family == AF_INET6);
	a = sin6_of(rt->rt_gateway)->sin6_addr;
	in6_clearscope(&a);
	is = is6(&a, want);
	net_unlock(t.f.k);
	return is;
}

static void
redirect_in(const char *from, const char *target, const char *dst, int hlim)
{
	uint8_t body[32];
	struct in6_addr a = a6(target), b = a6(dst);
	struct pkt p;

	memcpy(body, &a, 16);
	memcpy(body + 16, &b, 16);
	p = p6_icmp(from, ME, hlim, ND_REDIRECT, 0, 0, body, 32);
	p6_send(0, &p);
}

TEST(icmp6_redirect_is_taken_from_the_gateway_alone)
{
	begin();
	add_route("::", 0, "fe80::99", 0);
	CHECK(gateway_is(FAR, "fe80::99"));
	redirect_in("fe80::98", "fe80::50", FAR, 255);
	redirect_in("fe80::99", "fe80::50", FAR, 254);
	redirect_in("fe80::99", "2001:db8::50", FAR, 255);
	CHECK(gateway_is(FAR, "fe80::99"));
	redirect_in("fe80::99", "fe80::50", FAR, 255);
	CHECK(gateway_is(FAR, "fe80::50"));
	CHECK(gateway_is("2001:db8:9::a", "fe80::99"));
	toy_halt(&t);
}

static unsigned
learnt(int by)
{
	return NS(t.f.k)->ns_route->rs_learnt[1][by];
}

/* Whoever makes up errors fills what is meant for that, and nobody's connection suffers: mtudisc_lowat, mtudisc_hiwat. */
TEST(icmp6_false_path_mtus_are_bounded)
{
	struct sockaddr_in6 from = t6_sin(ME, 0x1234), to = t6_sin(FAR, 9999);
	char s[40];
	long fd;

	begin();
	add_route("2001:db8:9::", 48, PEER, 0);
	for (int i = 1; i < 2000; i++) {
		snprintf(s, sizeof(s), "2001:db8:9:1::%x", i);
		too_big("2001:db8:7::1", ME, s, 1300);
		toy_forget(&t);
	}
	CHECK_EQ(INET6(t.f.k)->icmp6_mtudisc_lowat, 256);
	CHECK_EQ(learnt(RT_BY_MTU), 256);
	too_big("2001:db8:7::1", ME, FAR, 1300);
	CHECK_EQ(mtu_to(FAR), 1500);
	fd = l_socket(t.f.l, AF_INET6, SOCK_DGRAM, 0);
	CHECK_EQ(l_bind(t.f.l, fd, &from, sizeof(from)), 0);
	CHECK_EQ(l_connect(t.f.l, fd, &to, sizeof(to)), 0);
	too_big("2001:db8:7::1", ME, FAR, 1300);
	CHECK_EQ(mtu_to(FAR), 1300);
	CHECK_EQ(learnt(RT_BY_MTU), 257);
	toy_pass(&t, 700 * TOY_SECOND);
	CHECK_EQ(learnt(RT_BY_MTU), 0);
	toy_halt(&t);
}

TEST(icmp6_redirects_are_bounded)
{
	const uint8_t *ip;
	char s[40];
	struct pkt q;

	begin();
	add_route("::", 0, "fe80::99", 0);
	INET6(t.f.k)->ip6_maxdynroutes = 100;
	for (int i = 1; i < 500; i++) {
		snprintf(s, sizeof(s), "2001:db8:9:1::%x", i);
		redirect_in("fe80::99", "fe80::50", s, 255);
		toy_forget(&t);
	}
	CHECK_EQ(learnt(RT_BY_REDIRECT), 100);
	CHECK(gateway_is("2001:db8:9:1::1", "fe80::50"));
	CHECK(gateway_is("2001:db8:9:1::1f0", "fe80::99"));
	/* Those that are known are still changed, and others are answered. */
	redirect_in("fe80::50", "fe80::51", "2001:db8:9:1::1", 255);
	CHECK(gateway_is("2001:db8:9:1::1", "fe80::51"));
	q = p6_icmp(PEER, ME, 64, ICMP6_ECHO_REQUEST, 0, 1, "abcd", 4);
	p6_send(0, &q);
	CHECK(out_icmp(0, ICMP6_ECHO_REPLY, 0, &ip) != NULL);
	toy_halt(&t);
}

static const uint8_t *
ni_query(int qtype, unsigned flags)
{
	uint8_t body[24] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct in6_addr a = a6(ME);
	struct pkt p;

	memcpy(body + 8, &a, 16);
	toy_forget(&t);
	p = p6_icmp(PEER, ME, 64, ICMP6_NI_QUERY, ICMP6_NI_SUBJ_IPV6,
	    (uint32_t)qtype << 16 | flags, body, 24);
	p6_send(0, &p);
	return out_icmp(0, ICMP6_NI_REPLY, 0, NULL);
}

TEST(icmp6_node_information_as_far_as_allowed)
{
	const uint8_t *p;

	begin();
	p = ni_query(NI_QTYPE_FQDN, 0);
	CHECK(p != NULL && p[1] == ICMP6_NI_SUCCESS);
	CHECK_EQ(memcmp(p + 8, "\1\2\3\4\5\6\7\10", 8), 0);
	CHECK_EQ(p[20], strcspn(t.f.k->k_hostname, "."));
	/* As recorded: addresses are not told. */
	CHECK(ni_query(NI_QTYPE_NODEADDR, 0x20) == NULL);
	INET6(t.f.k)->icmp6_nodeinfo = 3;
	p = ni_query(NI_QTYPE_NODEADDR, 0x20);
	CHECK(p != NULL && is6(p + 20, ME));
	p = ni_query(77, 0);
	CHECK(p != NULL && p[1] == ICMP6_NI_UNKNOWN);
	INET6(t.f.k)->icmp6_nodeinfo = 0;
	CHECK(ni_query(NI_QTYPE_FQDN, 0) == NULL);
	toy_halt(&t);
}

/* --- raw sockets --- */

TEST(raw6_sums_filters_and_tells_from_whom)
{
	struct icmp6_filter f;
	struct sockaddr_in6 sin6 = t6_sin(PEER, 0), from;
	uint8_t echo[12] = { ICMP6_ECHO_REQUEST, 0, 0, 0, 0, 1, 0, 2, 'a' };
	uint8_t buf[100];
	socklen_t len = sizeof(from);
	const uint8_t *p;
	struct pkt q;
	long s;

	begin();
	s = l_socket(t.f.l, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	CHECK(s >= 0);
	memset(&f, 0, sizeof(f));
	f.icmp6_filt[ICMP6_ECHO_REPLY / 32] = 1u << (ICMP6_ECHO_REPLY % 32);
	CHECK_EQ(SYS(t.f.l, SYS_setsockopt, setsockopt, P(int, s),
		     P(int, IPPROTO_ICMPV6), P(int, ICMP6_FILTER),
		     P(const void *, &f), P(socklen_t, sizeof(f))),
	    0);
	CHECK_EQ(l_sendto(t.f.l, s, echo, 12, 0, &sin6, sizeof(sin6)), 12);
	p = out_icmp(0, ICMP6_ECHO_REQUEST, 0, NULL);
	CHECK(p != NULL && p[8] == 'a');
	q = p6_icmp(PEER, ME, 64, ICMP6_ECHO_REQUEST, 0, 1, "x", 1);
	p6_send(0, &q);
	q = p6_icmp(PEER, ME, 61, ICMP6_ECHO_REPLY, 0, 0x10002, "abcd", 4);
	p6_send(0, &q);
	CHECK_EQ(
	    l_recvfrom(t.f.l, s, buf, sizeof(buf), MSG_DONTWAIT, &from, &len),
	    12);
	CHECK(buf[0] == ICMP6_ECHO_REPLY && is6(&from.sin6_addr, PEER));
	CHECK_EQ(
	    l_recvfrom(t.f.l, s, buf, sizeof(buf), MSG_DONTWAIT, NULL, NULL),
	    -EAGAIN);
	CHECK_EQ(l_close(t.f.l, s), 0);
	toy_halt(&t);
}

TEST(raw6_options_are_checked)
{
	int on = 1;
	long s;

	begin();
	s = l_socket(t.f.l, AF_INET6, SOCK_RAW, 99);
	CHECK(s >= 0);
	CHECK_EQ(t6_setint(s, IPV6_CHECKSUM, 3), -EINVAL);
	CHECK_EQ(t6_setint(s, IPV6_CHECKSUM, 2), 0);
	CHECK_EQ(t6_setint(s, IPV6_UNICAST_HOPS, 256), -EINVAL);
	CHECK_EQ(t6_setint(s, IPV6_UNICAST_HOPS, 255), 0);
	CHECK_EQ(t6_setint(s, IPV6_MULTICAST_IF, 77), -ENXIO);
	CHECK_EQ(t6_setint(s, IPV6_MULTICAST_HOPS, -2), -EINVAL);
	CHECK_EQ(t6_setint(s, IPV6_RECVPKTINFO, on), 0);
	CHECK_EQ(t6_setint(s, IPV6_TCLASS, 256), -EINVAL);
	CHECK_EQ(t6_setint(s, 1234, on), -ENOPROTOOPT);
	/* Half a header. */
	CHECK_EQ(SYS(t.f.l, SYS_setsockopt, setsockopt, P(int, s),
		     P(int, IPPROTO_IPV6), P(int, IPV6_HOPOPTS),
		     P(const void *, "\0\1\0\0\0\0\0"), P(socklen_t, 8)),
	    -EINVAL);
	CHECK_EQ(l_close(t.f.l, s), 0);
	toy_halt(&t);
}

static long
membership(long s, const char *group, unsigned ifindex, int name)
{
	struct ipv6_mreq mreq = { .ipv6mr_multiaddr = a6(group),
		.ipv6mr_interface = ifindex };

	return SYS(t.f.l, SYS_setsockopt, setsockopt, P(int, s),
	    P(int, IPPROTO_IPV6), P(int, name), P(const void *, &mreq),
	    P(socklen_t, sizeof(mreq)));
}

TEST(udp6_memberships_come_and_go_with_the_socket)
{
	unsigned index;
	char group[40];
	struct in6_addr g = a6("ff05::5");
	long s;

	begin();
	index = t.ifp[0]->if_index;
	s = l_socket(t.f.l, AF_INET6, SOCK_DGRAM, 0);
	CHECK_EQ(membership(s, "2001:db8::1", index, IPV6_JOIN_GROUP), -EINVAL);
	CHECK_EQ(membership(s, "ff05::5", 99, IPV6_JOIN_GROUP), -ENXIO);
	CHECK_EQ(
	    membership(s, "ff05::5", index, IPV6_LEAVE_GROUP), -EADDRNOTAVAIL);
	CHECK_EQ(membership(s, "ff05::5", index, IPV6_JOIN_GROUP), 0);
	CHECK_EQ(membership(s, "ff05::5", index, IPV6_JOIN_GROUP), -EADDRINUSE);
	for (int i = 0; i < 100; i++) {
		snprintf(group, sizeof(group), "ff05::7:%x", i + 1);
		CHECK_EQ(membership(s, group, index, IPV6_JOIN_GROUP), 0);
	}
	CHECK(in6_ismember(t.ifp[0], &g));
	CHECK_EQ(l_close(t.f.l, s), 0);
	net_run(t.f.k);
	CHECK(!in6_ismember(t.ifp[0], &g));
	toy_halt(&t);
}

int
main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	RUN(icmp6_echo_is_answered);
	RUN(icmp6_bad_sums_and_short_ones_are_dropped);
	RUN(icmp6_port_unreachable_quotes_what_fits);
	RUN(icmp6_no_errors_about_these);
	RUN(icmp6_errors_are_limited);
	RUN(icmp6_path_mtu_becomes_smaller_and_grows_again);
	RUN(icmp6_redirect_is_taken_from_the_gateway_alone);
	RUN(icmp6_false_path_mtus_are_bounded);
	RUN(icmp6_redirects_are_bounded);
	RUN(icmp6_node_information_as_far_as_allowed);
	RUN(raw6_sums_filters_and_tells_from_whom);
	RUN(raw6_options_are_checked);
	RUN(udp6_memberships_come_and_go_with_the_socket);
	return check_done();
}
