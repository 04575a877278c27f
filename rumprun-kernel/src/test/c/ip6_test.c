/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 packets: extension headers, options, fragments, forwarding, zones, and much that is wrong with them (RFC 8200, 5095, 5722, 6946, 4007). */
#include "inet6_toy.h"

#define PEER "2001:db8::2"
#define ME "2001:db8::1"

static void
begin(void)
{
	t6_begin();
	ns_in(0, PEER, "ff02::1:ff00:1", ME, toy_peer);
	na_in(0, PEER, ME, PEER, toy_peer,
	    ND_NA_FLAG_SOLICITED | ND_NA_FLAG_OVERRIDE);
	toy_forget(&t);
}

/* An echo request behind these headers; was it answered? */
static bool
echo_behind(int nxt, const void *headers, size_t len)
{
	struct pkt p = p6(PEER, ME, nxt, 64);
	uint8_t echo[8] = { ICMP6_ECHO_REQUEST, [5] = 1 };

	toy_forget(&t);
	p6_add(&p, headers, len);
	p6_add(&p, echo, 8);
	p6_sum(&p, 40 + len);
	p6_send(0, &p);
	return count_icmp(0, ICMP6_ECHO_REPLY) == 1;
}

/* Code and pointer of the parameter problem that came back; -1: none. */
static int64_t
problem(void)
{
	const uint8_t *p = out_icmp(0, ICMP6_PARAM_PROB, 0, NULL);

	return p == NULL ? -1 : (int64_t)p[1] << 32 | be32_get(p + 4);
}
#define PROBLEM(code, at) ((int64_t)(code) << 32 | (at))

TEST(ip6_extension_headers_are_followed)
{
	begin();
	CHECK(echo_behind(58, "", 0));
	CHECK(echo_behind(0, "\x3a\0\x01\x04\0\0\0\0", 8));
	CHECK(echo_behind(60, "\x3a\0\0\0\0\0\0\0", 8));
	CHECK(
	    echo_behind(0, "\x3c\0\x01\x04\0\0\0\0\x3a\0\x01\x04\0\0\0\0", 16));
	/* A routing header that has nothing to visit; router alert. */
	CHECK(echo_behind(43, "\x3a\0\0\0\0\0\0\0", 8));
	CHECK(echo_behind(0, "\x3a\0\x05\x02\0\0\x01\0", 8));
	/* Not known, to be skipped. */
	CHECK(echo_behind(60, "\x3a\0\x3e\x04\0\0\0\0", 8));
	toy_halt(&t);
}

TEST(ip6_bad_extension_headers_are_answered_as_they_say)
{
	begin();
	/* RFC 5095: type 0 with something left. */
	CHECK(!echo_behind(43,
	    "\x3a\x02\0\x01\0\0\0\0\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07",
	    24));
	CHECK_EQ(problem(), PROBLEM(ICMP6_PARAMPROB_HEADER, 42));
	/* Options that must be known. */
	CHECK(!echo_behind(60, "\x3a\0\x40\x04\0\0\0\0", 8));
	CHECK_EQ(problem(), -1);
	CHECK(!echo_behind(60, "\x3a\0\x80\x04\0\0\0\0", 8));
	CHECK_EQ(problem(), PROBLEM(ICMP6_PARAMPROB_OPTION, 42));
	CHECK(!echo_behind(0, "\x3a\0\xc2\x04\0\1\0\0", 8));
	CHECK_EQ(problem(), PROBLEM(ICMP6_PARAMPROB_OPTION, 42));
	/* Hop-by-hop options that are not first. */
	CHECK(
	    !echo_behind(60, "\0\0\x01\x04\0\0\0\0\x3a\0\x01\x04\0\0\0\0", 16));
	CHECK_EQ(problem(), PROBLEM(ICMP6_PARAMPROB_NEXTHEADER, 6));
	/* An option that ends behind its header; a header behind the packet. */
	CHECK(!echo_behind(60, "\x3a\0\x01\x05\0\0\0\0", 8));
	CHECK(!echo_behind(60, "\x3a\x09\x01\x04\0\0\0\0", 8));
	CHECK(!echo_behind(0, "\x3a\xff\x01\x04\0\0\0\0", 8));
	/* A router alert of a wrong length. */
	CHECK(!echo_behind(0, "\x3a\0\x05\x03\0\0\0\0", 8));
	/* Nothing follows: nothing happens. */
	CHECK(!echo_behind(59, "", 0));
	CHECK_EQ(t.nout[0], 0);
	/* Somebody else's protocol. */
	CHECK(!echo_behind(60, "\x63\0\x01\x04\0\0\0\0", 8));
	CHECK_EQ(problem(), PROBLEM(ICMP6_PARAMPROB_NEXTHEADER, 40));
	toy_halt(&t);
}

TEST(ip6_header_chains_are_limited)
{
	uint8_t h[60 * 8];

	begin();
	memset(h, 0, sizeof(h));
	for (int i = 0; i < 60; i++)
		h[i * 8] = 60;
	h[40 * 8] = 58;
	CHECK(echo_behind(60, h, 41 * 8));
	h[40 * 8] = 60;
	h[59 * 8] = 58;
	CHECK(!echo_behind(60, h, 60 * 8));
	CHECK_EQ(INET6(t.f.k)->ip6stat[IP6_STAT_TOOMANYHDR], 1);
	toy_halt(&t);
}

TEST(ip6_bad_headers_are_dropped)
{
	static const struct {
		const char *src, *dst;
	} bad[] = { { "ff02::1", ME }, { PEER, "::" }, { "::1", ME },
		{ PEER, "::1" }, { "::ffff:102:304", ME }, { "fe80:3::1", ME },
		{ PEER, "ff01::1" }, { PEER, "ff00::1" },
		{ PEER, "2001:db8::9" } };
	struct pkt p;

	begin();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		p = p6_icmp(bad[i].src, bad[i].dst, 64, ICMP6_ECHO_REQUEST, 0,
		    1, "x", 1);
		p6_send(0, &p);
	}
	/* Another version; longer than it is; no header at all. */
	p = p6_icmp(PEER, ME, 64, ICMP6_ECHO_REQUEST, 0, 1, "x", 1);
	p.b[0] = 0x50;
	p6_send(0, &p);
	p.b[0] = 0x60;
	be16_put(p.b + 4, 100);
	toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_IPV6, p.b, (unsigned)p.len);
	toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_IPV6, p.b, 39);
	CHECK_EQ(t.nout[0], 0);
	/* Padding behind it does not matter. */
	be16_put(p.b + 4, 9);
	toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_IPV6, p.b,
	    (unsigned)p.len + 30);
	CHECK_EQ(count_icmp(0, ICMP6_ECHO_REPLY), 1);
	toy_halt(&t);
}

/* --- fragments --- */

static uint8_t whole[3000];
static size_t wholelen;

static void
make_whole(size_t len)
{
	struct pkt p = p6(PEER, ME, 58, 64);
	uint16_t sum;

	wholelen = len;
	for (size_t i = 0; i < len; i++)
		whole[i] = (uint8_t)(i * 13 + i / 256);
	memset(whole, 0, 8);
	whole[0] = ICMP6_ECHO_REQUEST;
	sum = sum6(p.b, 58, whole, len);
	memcpy(whole + 2, &sum, 2);
}

static void
fragment(uint32_t id, size_t off, size_t len, bool more)
{
	struct pkt p = p6(PEER, ME, IPPROTO_FRAGMENT, 64);
	uint8_t h[8] = { 58 };

	be16_put(h + 2, (uint16_t)(off | more));
	be32_put(h + 4, id);
	p6_add(&p, h, 8);
	p6_add(&p, whole + off, len);
	p6_send(0, &p);
}

/* The answer to the whole of it came, in fragments of its own. */
static bool
answered(void)
{
	uint8_t got[3000];
	size_t n = 0;
	uint16_t sum;

	for (unsigned i = 0; i < t.nout[0]; i++) {
		const uint8_t *ip = out6(0, i);
		size_t off = 0, len;

		if (ip == NULL)
			continue;
		if (ip[6] == 58) {
			len = be16_get(ip + 4);
			memcpy(got, ip + 40, len);
		} else if (ip[6] == IPPROTO_FRAGMENT) {
			len = be16_get(ip + 4) - 8u;
			off = be16_get(ip + 42) & 0xfff8u;
			CHECK(off + len <= sizeof(got));
			memcpy(got + off, ip + 48, len);
		} else
			continue;
		n += len;
	}
	if (n != wholelen || got[0] != ICMP6_ECHO_REPLY)
		return false;
	memcpy(&sum, got + 2, 2);
	return memcmp(got + 4, whole + 4, n - 4) == 0;
}

TEST(frag6_any_order)
{
	begin();
	make_whole(2800);
	fragment(1, 0, 1000, true);
	fragment(1, 1000, 1000, true);
	fragment(1, 2000, 800, false);
	CHECK(answered());
	toy_forget(&t);
	fragment(2, 2000, 800, false);
	fragment(2, 1000, 1000, true);
	/* One that is there twice is the network's doing. */
	fragment(2, 1000, 1000, true);
	fragment(2, 0, 1000, true);
	CHECK(answered());
	/* The only fragment (RFC 6946). */
	toy_forget(&t);
	make_whole(500);
	fragment(3, 0, 500, false);
	CHECK(answered());
	toy_halt(&t);
}

TEST(frag6_overlaps_end_the_packet)
{
	begin();
	make_whole(2000);
	fragment(1, 0, 1000, true);
	fragment(1, 992, 1008, false);
	fragment(1, 1000, 1000, false);
	CHECK(!answered());
	/* Teardrop: one inside another. */
	fragment(2, 0, 1000, true);
	fragment(2, 496, 8, true);
	fragment(2, 1000, 1000, false);
	/* Two ends; something behind the end. */
	fragment(3, 1000, 1000, false);
	fragment(3, 1000, 504, false);
	fragment(3, 0, 1000, true);
	fragment(4, 0, 1000, false);
	toy_forget(&t);
	fragment(5, 504, 496, false);
	fragment(5, 1000, 1000, true);
	fragment(5, 0, 504, true);
	CHECK_EQ(count_icmp(0, ICMP6_ECHO_REPLY), 0);
	CHECK(!answered());
	toy_halt(&t);
}

TEST(frag6_bad_lengths)
{
	begin();
	make_whole(2000);
	/* Not the last, and no multiple of 8. */
	fragment(1, 0, 1001, true);
	CHECK_EQ(problem(), PROBLEM(ICMP6_PARAMPROB_HEADER, 4));
	toy_forget(&t);
	fragment(1, 0, 0, true);
	CHECK_EQ(problem(), PROBLEM(ICMP6_PARAMPROB_HEADER, 4));
	toy_forget(&t);
	/* Ends behind 65535. */
	{
		struct pkt p = p6(PEER, ME, IPPROTO_FRAGMENT, 64);

		p6_add(&p, "\x3a\0\xff\xf8\0\0\0\1", 8);
		p6_add(&p, whole, 100);
		p6_send(0, &p);
	}
	CHECK_EQ(problem(), PROBLEM(ICMP6_PARAMPROB_HEADER, 42));
	toy_halt(&t);
}

TEST(frag6_times_out_and_tells)
{
	const uint8_t *p;

	begin();
	make_whole(2000);
	fragment(1, 0, 1000, true);
	fragment(2, 1000, 1000, false);
	toy_pass(&t, 59 * TOY_SECOND);
	CHECK_EQ(count_icmp(0, ICMP6_TIME_EXCEEDED), 0);
	toy_pass(&t, 3 * TOY_SECOND);
	/* Only of that whose beginning has come. */
	CHECK_EQ(count_icmp(0, ICMP6_TIME_EXCEEDED), 1);
	p = out_icmp(0, ICMP6_TIME_EXCEEDED, 0, NULL);
	CHECK_EQ(p[1], ICMP6_TIME_EXCEED_REASSEMBLY);
	fragment(1, 1000, 1000, false);
	CHECK(!answered());
	toy_halt(&t);
}

TEST(frag6_memory_is_bounded)
{
	int64_t before;

	begin();
	make_whole(2000);
	fragment(0, 0, 1000, true);
	before = t.f.k->k_memused;
	for (uint32_t i = 1; i < 5000; i++)
		fragment(i, 0, 1000, true);
	CHECK(t.f.k->k_memused - before < 4 * 1024 * 1024);
	for (uint32_t i = 0; i < 5000; i++)
		fragment(99999, i * 8 % 1024, 8, true);
	toy_pass(&t, 70 * TOY_SECOND);
	/* And afterwards all is well. */
	ns_in(0, PEER, "ff02::1:ff00:1", ME, toy_peer);
	toy_forget(&t);
	fragment(7, 0, 1000, true);
	fragment(7, 1000, 1000, false);
	CHECK(answered());
	toy_halt(&t);
}

/* --- forwarding --- */

static void
router(void)
{
	t6_begin();
	t6_addr(1, "2001:db8:1::1", 64, 0);
	toy_pass(&t, 12 * TOY_SECOND);
	INET6(t.f.k)->ip6_forwarding = 1;
	for (int i = 0; i < 2; i++) {
		const char *a = i == 0 ? PEER : "2001:db8:1::2",
			   *m = i == 0 ? ME : "2001:db8:1::1";

		ns_in(i, a, "ff02::1:ff00:1", m, toy_peer);
		na_in(i, a, m, a, toy_peer,
		    ND_NA_FLAG_SOLICITED | ND_NA_FLAG_OVERRIDE);
	}
	toy_forget(&t);
}

TEST(ip6_forwards_and_tells_why_not)
{
	const uint8_t *ip, *p;
	struct pkt q;

	router();
	q = p6_icmp(PEER, "2001:db8:1::2", 64, ICMP6_ECHO_REQUEST, 0, 1, "x", 1);
	p6_send(0, &q);
	CHECK_EQ(t.nout[1], 1);
	ip = out6(1, 0);
	CHECK(ip[7] == 63 && is6(ip + 24, "2001:db8:1::2"));
	toy_forget(&t);
	q = p6_icmp(PEER, "2001:db8:1::2", 1, ICMP6_ECHO_REQUEST, 0, 1, "x", 1);
	p6_send(0, &q);
	p = out_icmp(0, ICMP6_TIME_EXCEEDED, 0, NULL);
	CHECK(p != NULL && p[1] == ICMP6_TIME_EXCEED_TRANSIT);
	q = p6_icmp(PEER, "2001:db8:7::2", 64, ICMP6_ECHO_REQUEST, 0, 1, "x", 1);
	p6_send(0, &q);
	p = out_icmp(0, ICMP6_DST_UNREACH, 0, NULL);
	CHECK(p != NULL && p[1] == ICMP6_DST_UNREACH_NOROUTE);
	/* Link-local addresses don't leave their link. */
	toy_forget(&t);
	q = p6_icmp(
	    "fe80::2", "2001:db8:1::2", 64, ICMP6_ECHO_REQUEST, 0, 1, "x", 1);
	ns_in(0, "fe80::2", "ff02::1:ff00:1", ME, toy_peer);
	toy_forget(&t);
	p6_send(0, &q);
	p = out_icmp(0, ICMP6_DST_UNREACH, 0, NULL);
	CHECK(p != NULL && p[1] == ICMP6_DST_UNREACH_BEYONDSCOPE);
	CHECK_EQ(t.nout[1], 0);
	q = p6_icmp(PEER, "fe80::77", 64, ICMP6_ECHO_REQUEST, 0, 1, "x", 1);
	p6_send(1, &q);
	CHECK_EQ(out_icmp(0, ICMP6_ECHO_REQUEST, 0, NULL) == NULL, true);
	toy_halt(&t);
}

TEST(ip6_router_says_too_big)
{
	uint8_t data[1400] = { 0 };
	const uint8_t *p;
	struct pkt q;

	router();
	net_wrlock(t.f.k);
	t.ifp[1]->if_mtu = 1300;
	net_unlock(t.f.k);
	q = p6_icmp(
	    PEER, "2001:db8:1::2", 64, ICMP6_ECHO_REQUEST, 0, 1, data, 1300);
	p6_send(0, &q);
	p = out_icmp(0, ICMP6_PACKET_TOO_BIG, 0, NULL);
	CHECK(p != NULL && be32_get(p + 4) == 1300);
	CHECK_EQ(t.nout[1], 0);
	toy_halt(&t);
}

TEST(ip6_router_redirects_on_the_same_link)
{
	const uint8_t *p, *ip;
	struct pkt q;

	router();
	ns_in(0, "2001:db8::3", "ff02::1:ff00:1", ME, toy_peer);
	ns_in(0, "fe80::2", "ff02::1:ff00:1", ME, toy_peer);
	toy_forget(&t);
	q = p6_icmp(PEER, "2001:db8::3", 64, ICMP6_ECHO_REQUEST, 0, 1, "x", 1);
	p6_send(0, &q);
	p = out_icmp(0, ND_REDIRECT, 0, &ip);
	CHECK(p != NULL && ip[7] == 255 && is6(ip + 24, PEER));
	CHECK(is6(p + 8, "2001:db8::3") && is6(p + 24, "2001:db8::3"));
	CHECK(is6(ip + 8, "fe80::ff:fe00:1"));
	CHECK(out_icmp(0, ICMP6_ECHO_REQUEST, 0, NULL) != NULL);
	toy_halt(&t);
}

/* --- out --- */

TEST(ip6_large_datagrams_are_fragmented)
{
	struct sockaddr_in6 sin6 = t6_sin(PEER, 9);
	static uint8_t buf[4000];
	size_t total = 0;
	long s;

	begin();
	s = l_socket(t.f.l, AF_INET6, SOCK_DGRAM, 0);
	CHECK_EQ(l_sendto(t.f.l, s, buf, 4000, 0, &sin6, sizeof(sin6)), 4000);
	CHECK_EQ(t.nout[0], 3);
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t *ip = out6(0, i);
		uint16_t off = be16_get(ip + 42);

		CHECK(ip != NULL && ip[6] == IPPROTO_FRAGMENT && ip[40] == 17);
		CHECK(be16_get(ip + 4) <= 1460 && (off & 1) == (i < 2));
		CHECK_EQ(off & 0xfff8, total);
		total += be16_get(ip + 4) - 8u;
	}
	CHECK_EQ(total, 4008);
	toy_forget(&t);
	CHECK_EQ(t6_setint(s, IPV6_DONTFRAG, 1), 0);
	CHECK_EQ(
	    l_sendto(t.f.l, s, buf, 4000, 0, &sin6, sizeof(sin6)), -EMSGSIZE);
	CHECK_EQ(t6_setint(s, IPV6_DONTFRAG, 0), 0);
	CHECK_EQ(t6_setint(s, IPV6_USE_MIN_MTU, 1), 0);
	CHECK_EQ(l_sendto(t.f.l, s, buf, 1400, 0, &sin6, sizeof(sin6)), 1400);
	CHECK_EQ(t.nout[0], 2);
	CHECK_EQ(l_close(t.f.l, s), 0);
	toy_halt(&t);
}

/* --- ancillary data (RFC 3542) --- */

static size_t
put_cmsg(uint8_t *buf, size_t at, int type, const void *data, size_t len)
{
	struct cmsghdr cm = { .cmsg_len = (socklen_t)(CMSG_ALIGN(sizeof(cm)) +
				  len),
		.cmsg_level = IPPROTO_IPV6,
		.cmsg_type = type };

	memcpy(buf + at, &cm, sizeof(cm));
	memcpy(buf + at + CMSG_ALIGN(sizeof(cm)), data, len);
	return at + CMSG_ALIGN(cm.cmsg_len);
}

/* The data of a control message; NULL. */
static const uint8_t *
find_cmsg(const uint8_t *buf, size_t len, int type)
{
	struct cmsghdr cm;

	for (size_t at = 0; at + sizeof(cm) <= len;
	     at += CMSG_ALIGN(cm.cmsg_len)) {
		memcpy(&cm, buf + at, sizeof(cm));
		CHECK(cm.cmsg_len >= sizeof(cm));
		if (cm.cmsg_level == IPPROTO_IPV6 && cm.cmsg_type == type)
			return buf + at + CMSG_ALIGN(sizeof(cm));
	}
	return NULL;
}

static void
udp_in(const char *dst, int hlim, int tclass)
{
	struct pkt q = p6(PEER, dst, IPPROTO_UDP, hlim);
	uint8_t u[9] = { 0x12, 0x34, 0, 9, 0, 9, 0, 0, 'x' };
	uint16_t sum;

	q.b[0] = (uint8_t)(0x60 | tclass >> 4);
	q.b[1] = (uint8_t)(tclass << 4);
	p6_add(&q, u, 9);
	sum = sum6(q.b, IPPROTO_UDP, q.b + 40, 9);
	memcpy(q.b + 46, &sum, 2);
	p6_send(0, &q);
}

TEST(ip6_packets_tell_what_is_asked_of_them)
{
	struct sockaddr_in6 any = t6_sin("::", 9);
	uint8_t data[10], control[512];
	struct iovec iov = { data, sizeof(data) };
	struct msghdr mh = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	const uint8_t *p;
	unsigned ifindex;
	long s;
	int v;

	begin();
	s = l_socket(t.f.l, AF_INET6, SOCK_DGRAM, 0);
	CHECK_EQ(l_bind(t.f.l, s, &any, sizeof(any)), 0);
	CHECK_EQ(t6_setint(s, IPV6_RECVPKTINFO, 1), 0);
	CHECK_EQ(t6_setint(s, IPV6_RECVHOPLIMIT, 1), 0);
	CHECK_EQ(t6_setint(s, IPV6_RECVTCLASS, 1), 0);
	udp_in(ME, 77, 0x28);
	CHECK_EQ(l_recvmsg(t.f.l, s, &mh, MSG_DONTWAIT), 1);
	p = find_cmsg(control, mh.msg_controllen, IPV6_PKTINFO);
	CHECK(p != NULL && is6(p, ME));
	memcpy(&ifindex, p + 16, 4);
	CHECK_EQ(ifindex, t.ifp[0]->if_index);
	p = find_cmsg(control, mh.msg_controllen, IPV6_HOPLIMIT);
	CHECK(p != NULL);
	memcpy(&v, p, 4);
	CHECK_EQ(v, 77);
	p = find_cmsg(control, mh.msg_controllen, IPV6_TCLASS);
	CHECK(p != NULL);
	memcpy(&v, p, 4);
	CHECK_EQ(v, 0x28);
	CHECK_EQ(l_close(t.f.l, s), 0);
	toy_halt(&t);
}

TEST(ip6_packets_are_sent_as_their_messages_say)
{
	struct sockaddr_in6 dst = t6_sin(PEER, 9);
	uint8_t control[512] = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr mh = { .msg_name = &dst,
		.msg_namelen = sizeof(dst),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control };
	struct in6_pktinfo pi = { .ipi6_addr = a6("2001:db8::7") };
	const uint8_t *ip;
	size_t n;
	long s;
	int v = 7;

	begin();
	t6_addr(0, "2001:db8::7", 64, 0);
	toy_forget(&t);
	s = l_socket(t.f.l, AF_INET6, SOCK_DGRAM, 0);
	n = put_cmsg(control, 0, IPV6_HOPLIMIT, &v, sizeof(v));
	v = 0xb8;
	n = put_cmsg(control, n, IPV6_TCLASS, &v, sizeof(v));
	n = put_cmsg(control, n, IPV6_PKTINFO, &pi, sizeof(pi));
	n = put_cmsg(control, n, IPV6_HOPOPTS, "\0\0\1\4\0\0\0\0", 8);
	n = put_cmsg(control, n, IPV6_DSTOPTS, "\0\0\1\4\0\0\0\0", 8);
	mh.msg_controllen = (socklen_t)n;
	CHECK_EQ(l_sendmsg(t.f.l, s, &mh, 0), 1);
	ip = out6(0, t.nout[0] - 1);
	CHECK(ip != NULL && is6(ip + 8, "2001:db8::7") && ip[7] == 7);
	CHECK_EQ(be32_get(ip) >> 20, 0x6b8);
	CHECK(ip[6] == 0 && ip[40] == 60 && ip[48] == IPPROTO_UDP);
	CHECK_EQ(sum6(ip, IPPROTO_UDP, ip + 56, 9), 0);
	/* An address that is not ours; a hop limit that is none; half a header. */
	pi.ipi6_addr = a6("2001:db8::8");
	mh.msg_controllen = (socklen_t)put_cmsg(
	    control, 0, IPV6_PKTINFO, &pi, sizeof(pi));
	CHECK_EQ(l_sendmsg(t.f.l, s, &mh, 0), -EADDRNOTAVAIL);
	v = 256;
	mh.msg_controllen = (socklen_t)put_cmsg(
	    control, 0, IPV6_HOPLIMIT, &v, sizeof(v));
	CHECK_EQ(l_sendmsg(t.f.l, s, &mh, 0), -EINVAL);
	mh.msg_controllen = (socklen_t)put_cmsg(
	    control, 0, IPV6_HOPOPTS, "\0\1\1\4\0\0\0\0", 8);
	CHECK_EQ(l_sendmsg(t.f.l, s, &mh, 0), -EINVAL);
	/* Types of routing headers that nobody knows. */
	mh.msg_controllen = (socklen_t)put_cmsg(
	    control, 0, IPV6_RTHDR, "\0\0\3\0\0\0\0\0", 8);
	CHECK_EQ(l_sendmsg(t.f.l, s, &mh, 0), -EINVAL);
	CHECK_EQ(l_close(t.f.l, s), 0);
	toy_halt(&t);
}

TEST(ip6_groups_are_heard_by_who_sends_to_them)
{
	struct sockaddr_in6 any = t6_sin("::", 9), dst = t6_sin("ff05::5", 9);
	struct ipv6_mreq mreq = { .ipv6mr_multiaddr = a6("ff05::5") };
	const uint8_t *ip;
	uint8_t data[4];
	long s;

	begin();
	s = l_socket(t.f.l, AF_INET6, SOCK_DGRAM, 0);
	CHECK_EQ(l_bind(t.f.l, s, &any, sizeof(any)), 0);
	mreq.ipv6mr_interface = t.ifp[0]->if_index;
	CHECK_EQ(SYS(t.f.l, SYS_setsockopt, setsockopt, P(int, s),
		     P(int, IPPROTO_IPV6), P(int, IPV6_JOIN_GROUP),
		     P(const void *, &mreq), P(socklen_t, sizeof(mreq))),
	    0);
	CHECK_EQ(t6_setint(s, IPV6_MULTICAST_IF, t.ifp[0]->if_index), 0);
	toy_forget(&t);
	CHECK_EQ(l_sendto(t.f.l, s, "abc", 3, 0, &dst, sizeof(dst)), 3);
	ip = out6(0, 0);
	CHECK(ip != NULL && ip[7] == 1 && is6(ip + 24, "ff05::5"));
	CHECK_EQ(l_recv(t.f.l, s, data, 4, MSG_DONTWAIT), 3);
	CHECK_EQ(t6_setint(s, IPV6_MULTICAST_LOOP, 0), 0);
	CHECK_EQ(t6_setint(s, IPV6_MULTICAST_HOPS, 9), 0);
	toy_forget(&t);
	CHECK_EQ(l_sendto(t.f.l, s, "abc", 3, 0, &dst, sizeof(dst)), 3);
	ip = out6(0, 0);
	CHECK(ip != NULL && ip[7] == 9);
	CHECK_EQ(l_recv(t.f.l, s, data, 4, MSG_DONTWAIT), -EAGAIN);
	CHECK_EQ(l_close(t.f.l, s), 0);
	toy_halt(&t);
}

/* Bytes at random, most of which look like headers: nothing but drops and errors. */
TEST(ip6_random_packets_do_no_harm)
{
	static const uint8_t numbers[] = { 0, 43, 44, 60, 58, 17, 6, 59, 41,
		99 };
	uint32_t seed = 20260101;
	struct pkt p;

	router();
	for (int i = 0; i < 30000; i++) {
		size_t len;

		seed = seed * 1103515245 + 12345;
		p = p6(i % 3 != 0 ? PEER : "fe80::2",
		    i % 5 != 0 ? ME :
			i % 2  ? "ff02::1" :
				 "2001:db8:1::2",
		    numbers[seed >> 16 & 7], 255);
		len = seed >> 20 & 255;
		for (size_t j = 0; j < len; j++) {
			seed = seed * 1103515245 + 12345;
			p.b[40 + j] = j % 8 == 0 ?
			    numbers[(seed >> 16) % sizeof(numbers)] :
			    j % 8 == 1 ? (uint8_t)(seed >> 30) :
					 (uint8_t)(seed >> 16);
		}
		p.len = 40 + len;
		if (p.b[6] == 58 && len >= 8) {
			p.b[40] = (uint8_t)(128 + (seed >> 24) % 20);
			p6_sum(&p, 40);
		}
		p6_send(0, &p);
		t.nout[0] = t.nout[1] = 0;
		if (i % 1000 == 0)
			toy_pass(&t, TOY_SECOND);
	}
	toy_pass(&t, 100 * TOY_SECOND);
	toy_halt(&t);
}

int
main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	RUN(ip6_extension_headers_are_followed);
	RUN(ip6_bad_extension_headers_are_answered_as_they_say);
	RUN(ip6_header_chains_are_limited);
	RUN(ip6_bad_headers_are_dropped);
	RUN(frag6_any_order);
	RUN(frag6_overlaps_end_the_packet);
	RUN(frag6_bad_lengths);
	RUN(frag6_times_out_and_tells);
	RUN(frag6_memory_is_bounded);
	RUN(ip6_forwards_and_tells_why_not);
	RUN(ip6_router_says_too_big);
	RUN(ip6_router_redirects_on_the_same_link);
	RUN(ip6_large_datagrams_are_fragmented);
	RUN(ip6_packets_tell_what_is_asked_of_them);
	RUN(ip6_packets_are_sent_as_their_messages_say);
	RUN(ip6_groups_are_heard_by_who_sends_to_them);
	RUN(ip6_random_packets_do_no_harm);
	return check_done();
}
