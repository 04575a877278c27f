/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP and IGMP: answers, limits, what is believed of errors; raw sockets (RFC 792, 1122, 1191, 2236, 3376). */
#include "inet_toy.h"

#define ME IP4(10, 0, 0, 1)
#define PEER IP4(10, 0, 0, 2)
#define FAR IP4(192, 168, 7, 7)
#define MASK IP4(255, 255, 255, 0)
#define GROUP IP4(224, 1, 2, 3)

static struct toy t;
static const _Atomic uint64_t *stat;

static void
begin(void)
{
	struct sockaddr_in dst = toy_sin(0, 0), mask = toy_sin(0, 0),
			   gw = toy_sin(PEER, 0);

	toy_boot(&t);
	toy_addr(&t, 0, ME, MASK);
	toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer, PEER, ME);
	toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer, IP4(10, 0, 0, 3), ME);
	net_wrlock(t.f.k);
	CHECK_EQ(rtrequest_sa(t.f.k, RTM_ADD, (struct sockaddr *)&dst,
		     (struct sockaddr *)&gw, (struct sockaddr *)&mask,
		     RTF_UP | RTF_GATEWAY | RTF_STATIC, NULL, NULL),
	    0);
	net_unlock(t.f.k);
	toy_forget(&t);
	stat = INET(t.f.k)->icmpstat;
}

static void
ask(uint8_t type, uint32_t src, uint32_t dst, const void *data, unsigned len)
{
	struct toy_ip h = { .src = src, .dst = dst, .proto = IPPROTO_ICMP };
	uint8_t icmp[600];
	unsigned n = toy_icmp(icmp, type, 0, 0x12345678, data, len);

	toy_in_ip(&t, 0, &h, icmp, n);
}

/* RFC 1122 3.2.2.6: the answer takes the source route the other way round. */
TEST(icmp_echo_goes_back_the_way_it_came)
{
	uint8_t icmp[64],
	    opts[16] = { IPOPT_NOP, IPOPT_LSRR, 11, 12, 10, 0, 0, 3, 10, 0, 0,
		    2, IPOPT_EOL };
	struct toy_ip h = { .src = FAR,
		.dst = ME,
		.proto = IPPROTO_ICMP,
		.opts = opts,
		.optlen = 16 };
	unsigned n = toy_icmp(icmp, ICMP_ECHO, 0, 1, "abcd", 4);
	const uint8_t *ip;

	begin();
	toy_in_ip(&t, 0, &h, icmp, n);
	ip = toy_out_ip(&t, 0, 0);
	CHECK(ip != NULL);
	CHECK_EQ(ip[0], 0x48);
	CHECK_EQ(toy_word(ip + 16), PEER);
	CHECK_EQ(ip[20], IPOPT_LSRR);
	CHECK_EQ(ip[21], 11);
	CHECK_EQ(ip[22], 4);
	CHECK_EQ(toy_word(ip + 23), IP4(10, 0, 0, 3));
	CHECK_EQ(toy_word(ip + 27), FAR);
	CHECK_EQ(ip[31], IPOPT_EOL);
	CHECK_EQ(ip[32], ICMP_ECHOREPLY);
	/* One hop: only the sender is left in it. None: as if it were not there. */
	toy_forget(&t);
	opts[2] = 7;
	opts[3] = 8;
	opts[8] = IPOPT_EOL;
	h.optlen = 12;
	toy_in_ip(&t, 0, &h, icmp, n);
	ip = toy_out_ip(&t, 0, 0);
	CHECK(ip != NULL);
	CHECK_EQ(toy_word(ip + 16), IP4(10, 0, 0, 3));
	CHECK_EQ(toy_word(ip + 23), FAR);
	toy_forget(&t);
	opts[2] = 3;
	opts[3] = 4;
	opts[4] = IPOPT_EOL;
	h.optlen = 8;
	toy_in_ip(&t, 0, &h, icmp, n);
	ip = toy_out_ip(&t, 0, 0);
	CHECK(ip != NULL);
	CHECK_EQ(ip[0], 0x45);
	CHECK_EQ(toy_word(ip + 16), FAR);
	toy_halt(&t);
}

TEST(icmp_echo_is_answered_as_it_came)
{
	uint8_t data[300];
	const uint8_t *ip;

	begin();
	memset(data, 7, sizeof(data));
	ask(ICMP_ECHO, PEER, ME, data, 300);
	ip = toy_out_ip(&t, 0, 0);
	CHECK(ip != NULL);
	CHECK_EQ(ip[20], ICMP_ECHOREPLY);
	CHECK_EQ(ip[8], 255);
	CHECK_EQ(be32_get(ip + 24), 0x12345678);
	CHECK_EQ(be16_get(ip + 2), 328);
	CHECK_EQ(memcmp(ip + 28, data, 300), 0);
	CHECK_EQ(toy_sum(ip + 20, 308), 0);
	CHECK_EQ(stat[ICMP_STAT_REFLECT], 1);
	toy_halt(&t);
}

TEST(icmp_echo_to_all_is_answered_only_when_asked_for)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	struct toy_ip h = {
		.src = PEER, .dst = IP4(10, 0, 0, 255), .proto = IPPROTO_ICMP
	};
	uint8_t icmp[8], p[64];
	const uint8_t *ip;
	unsigned n;

	begin();
	toy_icmp(icmp, ICMP_ECHO, 0, 1, "", 0);
	n = toy_packet(p, &h, icmp, 8);
	toy_in(&t, 0, all, ETHERTYPE_IP, p, n);
	CHECK_EQ(t.nout[0], 0);
	CHECK_EQ(stat[ICMP_STAT_BMCASTECHO], 1);
	INET(t.f.k)->icmp_bmcastecho = 1;
	toy_in(&t, 0, all, ETHERTYPE_IP, p, n);
	ip = toy_out_ip(&t, 0, 0);
	CHECK(ip != NULL);
	CHECK_EQ(toy_word(ip + 12), ME);
	toy_halt(&t);
}

TEST(icmp_timestamp_and_mask)
{
	uint8_t data[12] = { 0 };
	const uint8_t *ip;

	begin();
	ask(ICMP_TSTAMP, PEER, ME, data, 12);
	ip = toy_out_ip(&t, 0, 0);
	CHECK(ip != NULL);
	CHECK_EQ(ip[20], ICMP_TSTAMPREPLY);
	CHECK(be32_get(ip + 32) < 86400000);
	CHECK_EQ(toy_word(ip + 32), toy_word(ip + 36));
	ask(ICMP_TSTAMP, PEER, ME, data, 4);
	CHECK_EQ(stat[ICMP_STAT_BADLEN], 1);
	toy_forget(&t);
	ask(ICMP_MASKREQ, PEER, ME, data, 4);
	CHECK_EQ(t.nout[0], 0);
	INET(t.f.k)->icmp_maskrepl = 1;
	ask(ICMP_MASKREQ, PEER, ME, data, 4);
	ip = toy_out_ip(&t, 0, 0);
	CHECK(ip != NULL);
	CHECK_EQ(ip[20], ICMP_MASKREPLY);
	CHECK_EQ(toy_word(ip + 28), MASK);
	toy_halt(&t);
}

TEST(icmp_bad_packets_are_counted)
{
	struct toy_ip h = { .src = PEER, .dst = ME, .proto = IPPROTO_ICMP };
	uint8_t icmp[64];

	begin();
	toy_icmp(icmp, ICMP_ECHO, 0, 1, "", 0);
	for (unsigned n = 0; n < 8; n++)
		toy_in_ip(&t, 0, &h, icmp, n);
	CHECK_EQ(stat[ICMP_STAT_TOOSHORT], 8);
	icmp[4] ^= 1;
	toy_in_ip(&t, 0, &h, icmp, 8);
	CHECK_EQ(stat[ICMP_STAT_CHECKSUM], 1);
	/* Errors that quote too little, or nonsense. */
	for (unsigned n = 0; n < 36; n++) {
		uint8_t q[36] = { 0x4f };

		ask(ICMP_UNREACH, PEER, ME, q, n);
		ask(ICMP_REDIRECT, PEER, ME, q, n);
	}
	CHECK_EQ(t.nout[0], 0);
	toy_halt(&t);
}

TEST(icmp_errors_are_limited)
{
	struct toy_ip h = { .src = PEER, .dst = ME, .proto = 199 };

	begin();
	INET(t.f.k)->icmp_errppslimit = 10;
	for (int i = 0; i < 50; i++)
		toy_in_ip(&t, 0, &h, "12345678", 8);
	CHECK_EQ(t.nout[0], 10);
	toy_pass(&t, 2 * TOY_SECOND);
	toy_in_ip(&t, 0, &h, "12345678", 8);
	CHECK_EQ(t.nout[0], 11);
	INET(t.f.k)->icmp_errppslimit = 0;
	toy_pass(&t, 2 * TOY_SECOND);
	toy_in_ip(&t, 0, &h, "12345678", 8);
	CHECK_EQ(t.nout[0], 11);
	toy_halt(&t);
}

/* An error about a UDP datagram of ours from port 4000 to FAR:9. */
static void
error_about(uint8_t type, uint8_t code, uint32_t word, uint32_t from,
    uint32_t quoted_src, uint16_t quoted_len)
{
	struct toy_ip h = {
		.src = quoted_src, .dst = FAR, .proto = IPPROTO_UDP, .id = 1
	};
	struct toy_ip outer = { .src = from, .dst = ME, .proto = IPPROTO_ICMP };
	uint8_t u[16], q[64], icmp[128];
	unsigned n = toy_udp(u, 4000, 9, "", 0);

	n = toy_packet(q, &h, u, n);
	be16_put(q + 2, quoted_len);
	n = toy_icmp(icmp, type, code, word, q, n);
	toy_in_ip(&t, 0, &outer, icmp, n);
}

static uint64_t
mtu_to(uint32_t dst)
{
	struct sockaddr_in sin = toy_sin(dst, 0);
	struct rtentry *rt;
	uint64_t mtu;

	net_rdlock(t.f.k);
	rt = rtalloc1(t.f.k, (struct sockaddr *)&sin);
	mtu = rt == NULL ? 0 : rt->rt_rmx.rmx_mtu;
	net_unlock(t.f.k);
	return mtu;
}

TEST(icmp_path_mtu_is_learned_within_reason)
{
	struct sockaddr_in me = toy_sin(0, 4000);
	long sock;

	begin();
	/* Nobody here can have sent it. */
	error_about(ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, 1400, PEER, ME, 1500);
	CHECK_EQ(mtu_to(FAR), 0);
	sock = l_socket(t.f.l, AF_INET, SOCK_DGRAM, 0);
	CHECK(sock >= 0);
	CHECK_EQ(l_bind(t.f.l, sock, &me, sizeof(me)), 0);
	/* Not ours, not smaller: not believed. */
	error_about(ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, 600, PEER,
	    IP4(10, 0, 0, 99), 1500);
	CHECK_EQ(mtu_to(FAR), 0);
	error_about(ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, 1500, PEER, ME, 1500);
	CHECK_EQ(mtu_to(FAR), 0);
	error_about(ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, 1400, PEER, ME, 1500);
	CHECK_EQ(mtu_to(FAR), 1400);
	/* Old routers say nothing: the next plateau. */
	error_about(ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, 0, PEER, ME, 1400);
	CHECK_EQ(mtu_to(FAR), 1006);
	error_about(ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, 1, PEER, ME, 1006);
	CHECK(mtu_to(FAR) >= 68);
	CHECK_EQ(mtu_to(IP4(192, 168, 7, 8)), 0);
	CHECK_EQ(l_close(t.f.l, sock), 0);
	toy_halt(&t);
}

static uint32_t
gateway_to(uint32_t dst)
{
	struct sockaddr_in sin = toy_sin(dst, 0);
	uint32_t gw = 0;
	struct rtentry *rt;

	net_rdlock(t.f.k);
	rt = rtalloc1(t.f.k, (struct sockaddr *)&sin);
	if (rt != NULL)
		memcpy(&gw, rt->rt_gateway->sa_data + 2, 4);
	net_unlock(t.f.k);
	return gw;
}

TEST(icmp_redirect_is_taken_from_the_gateway_only)
{
	begin();
	error_about(ICMP_REDIRECT, ICMP_REDIRECT_HOST, 0x0a000003,
	    IP4(10, 0, 0, 3), ME, 100);
	CHECK_EQ(gateway_to(FAR), PEER);
	error_about(
	    ICMP_REDIRECT, ICMP_REDIRECT_HOST, 0xc0a80901, PEER, ME, 100);
	CHECK_EQ(gateway_to(FAR), PEER);
	INET(t.f.k)->icmp_rediraccept = 0;
	error_about(
	    ICMP_REDIRECT, ICMP_REDIRECT_HOST, 0x0a000003, PEER, ME, 100);
	CHECK_EQ(gateway_to(FAR), PEER);
	INET(t.f.k)->icmp_rediraccept = 1;
	error_about(
	    ICMP_REDIRECT, ICMP_REDIRECT_HOST, 0x0a000003, PEER, ME, 100);
	CHECK_EQ(gateway_to(FAR), IP4(10, 0, 0, 3));
	toy_halt(&t);
}

TEST(icmp_error_reaches_the_connected_socket)
{
	struct sockaddr_in me = toy_sin(0, 4000), far = toy_sin(FAR, 9),
			   other = toy_sin(FAR, 10);
	long s[2];

	begin();
	for (int i = 0; i < 2; i++) {
		s[i] = l_socket(t.f.l, AF_INET, SOCK_DGRAM, 0);
		CHECK(s[i] >= 0);
		CHECK_EQ(l_setint(t.f.l, s[i], SOL_SOCKET, SO_REUSEPORT, 1), 0);
		CHECK_EQ(l_bind(t.f.l, s[i], &me, sizeof(me)), 0);
	}
	CHECK_EQ(l_connect(t.f.l, s[0], &far, sizeof(far)), 0);
	CHECK_EQ(l_connect(t.f.l, s[1], &other, sizeof(other)), 0);
	error_about(ICMP_UNREACH, ICMP_UNREACH_PORT, 0, FAR, ME, 28);
	CHECK_EQ(l_send(t.f.l, s[1], "x", 1, 0), 1);
	CHECK_EQ(l_send(t.f.l, s[0], "x", 1, 0), -ECONNREFUSED);
	CHECK_EQ(l_send(t.f.l, s[0], "x", 1, 0), 1);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(l_close(t.f.l, s[i]), 0);
	toy_halt(&t);
}

TEST(raw_socket_gets_header_and_data)
{
	struct sockaddr_in to = toy_sin(PEER, 0), from;
	socklen_t len = sizeof(from);
	uint8_t buf[200], icmp[12];
	const uint8_t *ip;
	uint16_t v;
	long s;

	begin();
	s = l_socket(t.f.l, AF_INET, SOCK_RAW, IPPROTO_ICMP);
	CHECK(s >= 0);
	toy_icmp(icmp, ICMP_ECHO, 0, 1, "abcd", 4);
	CHECK_EQ(l_sendto(t.f.l, s, icmp, 12, 0, &to, sizeof(to)), 12);
	ip = toy_out_ip(&t, 0, 0);
	CHECK(ip != NULL);
	CHECK_EQ(ip[9], IPPROTO_ICMP);
	CHECK_EQ(toy_word(ip + 12), ME);
	CHECK_EQ(be16_get(ip + 4), 1);
	ask(ICMP_ECHOREPLY, PEER, ME, "hello", 5);
	CHECK_EQ(l_recvfrom(t.f.l, s, buf, sizeof(buf), 0, &from, &len), 33);
	CHECK_EQ(buf[0], 0x45);
	memcpy(&v, buf + 2, 2);
	CHECK_EQ(v, 13);
	CHECK_EQ(memcmp(buf + 28, "hello", 5), 0);
	CHECK_EQ(from.sin_addr.s_addr, PEER);
	/* Its own header, length in the host's order. */
	CHECK_EQ(l_setint(t.f.l, s, IPPROTO_IP, IP_HDRINCL, 1), 0);
	memset(buf, 0, 28);
	buf[0] = 0x45;
	v = 28;
	memcpy(buf + 2, &v, 2);
	v = IP_DF;
	memcpy(buf + 6, &v, 2);
	buf[8] = 3;
	buf[9] = 200;
	memcpy(buf + 16, &to.sin_addr, 4);
	toy_forget(&t);
	CHECK_EQ(l_sendto(t.f.l, s, buf, 28, 0, &to, sizeof(to)), 28);
	ip = toy_out_ip(&t, 0, 0);
	CHECK(ip != NULL);
	CHECK_EQ(be16_get(ip + 2), 28);
	CHECK_EQ(be16_get(ip + 6), IP_DF);
	CHECK_EQ(ip[9], 200);
	CHECK_EQ(toy_word(ip + 12), ME);
	/* Lengths that are no good. */
	for (unsigned n = 0; n < 20; n++)
		CHECK_EQ(
		    l_sendto(t.f.l, s, buf, n, 0, &to, sizeof(to)), -EINVAL);
	buf[0] = 0x4f;
	CHECK_EQ(l_sendto(t.f.l, s, buf, 28, 0, &to, sizeof(to)), -EINVAL);
	buf[0] = 0x45;
	buf[2] = 200;
	CHECK_EQ(l_sendto(t.f.l, s, buf, 28, 0, &to, sizeof(to)), -EINVAL);
	CHECK_EQ(l_close(t.f.l, s), 0);
	toy_halt(&t);
}

/* --- IGMP --- */

static long
join(uint32_t group)
{
	struct ip_mreq mreq = { { group }, { ME } };
	long s = l_socket(t.f.l, AF_INET, SOCK_DGRAM, 0);

	CHECK(s >= 0);
	CHECK_EQ(l_setsockopt(t.f.l, s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq,
		     sizeof(mreq)),
	    0);
	return s;
}

/* The payload of the IGMP packet that went out ith. */
static const uint8_t *
igmp_out(unsigned i, unsigned hlen)
{
	const uint8_t *ip = toy_out_ip(&t, 0, i);

	CHECK(ip != NULL);
	CHECK_EQ(ip[9], IPPROTO_IGMP);
	CHECK_EQ(ip[8], 1);
	CHECK_EQ((ip[0] & 15) * 4, hlen);
	CHECK_EQ(t.out[0][i].data[0], 1);
	CHECK_EQ(toy_sum(ip + hlen, be16_get(ip + 2) - hlen), 0);
	return ip + hlen;
}

static void
query(uint8_t code, uint32_t group, unsigned len)
{
	struct toy_ip h = { .src = PEER,
		.dst = IP4(224, 0, 0, 1),
		.ttl = 1,
		.proto = IPPROTO_IGMP };
	uint8_t q[12] = { IGMP_HOST_MEMBERSHIP_QUERY, code };
	uint16_t sum;

	if (group != 0)
		h.dst = group;
	memcpy(q + 4, &group, 4);
	sum = toy_sum(q, len);
	memcpy(q + 2, &sum, 2);
	toy_in_ip(&t, 0, &h, q, len);
}

TEST(igmp_v2_reports_twice_and_leaves)
{
	const uint8_t *p;
	long s;

	begin();
	s = join(GROUP);
	CHECK_EQ(t.nout[0], 1);
	p = igmp_out(0, 20);
	CHECK_EQ(p[0], IGMP_v2_HOST_MEMBERSHIP_REPORT);
	CHECK_EQ(toy_word(p + 4), GROUP);
	toy_pass(&t, 11 * TOY_SECOND);
	CHECK_EQ(t.nout[0], 2);
	toy_pass(&t, 30 * TOY_SECOND);
	CHECK_EQ(t.nout[0], 2);
	CHECK_EQ(l_close(t.f.l, s), 0);
	CHECK_EQ(t.nout[0], 3);
	p = igmp_out(2, 20);
	CHECK_EQ(p[0], IGMP_HOST_LEAVE_MESSAGE);
	toy_halt(&t);
}

TEST(igmp_queries_are_answered_in_their_version)
{
	long s;

	begin();
	s = join(GROUP);
	toy_pass(&t, 11 * TOY_SECOND);
	toy_forget(&t);
	query(10, 0, 8); /* version 2, within a second */
	toy_pass(&t, 2 * TOY_SECOND);
	CHECK_EQ(t.nout[0], 1);
	CHECK_EQ(igmp_out(0, 20)[0], IGMP_v2_HOST_MEMBERSHIP_REPORT);
	toy_forget(&t);
	query(0, 0, 8); /* version 1 */
	toy_pass(&t, 11 * TOY_SECOND);
	CHECK_EQ(t.nout[0], 1);
	CHECK_EQ(igmp_out(0, 20)[0], IGMP_v1_HOST_MEMBERSHIP_REPORT);
	/* In 400 seconds the old routers are forgotten; version 3. */
	toy_pass(&t, 410 * TOY_SECOND);
	toy_forget(&t);
	query(10, 0, 12);
	toy_pass(&t, 2 * TOY_SECOND);
	CHECK_EQ(t.nout[0], 1);
	CHECK_EQ(igmp_out(0, 24)[0], 0x22);
	CHECK_EQ(toy_word(igmp_out(0, 24) + 12), GROUP);
	CHECK_EQ(igmp_out(0, 24)[8], 2);
	CHECK_EQ(l_close(t.f.l, s), 0);
	CHECK_EQ(igmp_out(1, 24)[8], 3);
	toy_halt(&t);
}

TEST(igmp_report_of_another_saves_ours)
{
	struct toy_ip h = {
		.src = PEER, .dst = GROUP, .ttl = 1, .proto = IPPROTO_IGMP
	};
	uint8_t r[8] = { IGMP_v2_HOST_MEMBERSHIP_REPORT };
	uint32_t group = GROUP;
	uint16_t sum;
	long s;

	begin();
	s = join(GROUP);
	memcpy(r + 4, &group, 4);
	sum = toy_sum(r, 8);
	memcpy(r + 2, &sum, 2);
	toy_in_ip(&t, 0, &h, r, 8);
	toy_pass(&t, 11 * TOY_SECOND);
	CHECK_EQ(t.nout[0], 1);
	CHECK_EQ(l_close(t.f.l, s), 0);
	toy_halt(&t);
}

int
main(void)
{
	RUN(icmp_echo_is_answered_as_it_came);
	RUN(icmp_echo_goes_back_the_way_it_came);
	RUN(icmp_echo_to_all_is_answered_only_when_asked_for);
	RUN(icmp_timestamp_and_mask);
	RUN(icmp_bad_packets_are_counted);
	RUN(icmp_errors_are_limited);
	RUN(icmp_path_mtu_is_learned_within_reason);
	RUN(icmp_redirect_is_taken_from_the_gateway_only);
	RUN(icmp_error_reaches_the_connected_socket);
	RUN(raw_socket_gets_header_and_data);
	RUN(igmp_v2_reports_twice_and_leaves);
	RUN(igmp_queries_are_answered_in_their_version);
	RUN(igmp_report_of_another_saves_ours);
	return check_done();
}
