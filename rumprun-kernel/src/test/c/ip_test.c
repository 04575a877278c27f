/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 packet by packet: what is dropped, put together, cut, forwarded, routed by its sender (RFC 791, 1122, 1812, 1858). */
#include <netbsd/ip.h>
#include "inet_toy.h"

#define ME IP4(10, 0, 0, 1)
#define PEER IP4(10, 0, 0, 2)
#define MASK IP4(255, 255, 255, 0)
#define ME2 IP4(10, 0, 1, 1)
#define FAR IP4(10, 0, 1, 9)

static struct toy t;
static long sock;
static const _Atomic uint64_t *stat;

static void
begin(void)
{
	struct sockaddr_in sin = toy_sin(0, 7000);

	toy_boot(&t);
	toy_addr(&t, 0, ME, MASK);
	toy_addr(&t, 1, ME2, MASK);
	toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer, PEER, ME);
	toy_in_arp(&t, 1, ARPOP_REQUEST, toy_peer, FAR, ME2);
	toy_forget(&t);
	stat = INET(t.f.k)->ipstat;
	sock = l_socket(t.f.l, AF_INET, SOCK_DGRAM, 0);
	CHECK(sock >= 0);
	CHECK_EQ(l_bind(t.f.l, sock, &sin, sizeof(sin)), 0);
}

static void
end(void)
{
	CHECK_EQ(l_close(t.f.l, sock), 0);
	toy_halt(&t);
}

static long
recv_len(void)
{
	static char buf[65536];

	return l_recv(t.f.l, sock, buf, sizeof(buf), MSG_DONTWAIT);
}

/* Fragments of one datagram of n bytes (UDP header counted) for our socket. */
static uint8_t datagram[9000];
static struct toy_ip fh;

static void
make(unsigned n)
{
	uint8_t data[9000];

	for (unsigned i = 0; i < n; i++)
		data[i] = (uint8_t)(i * 7);
	toy_udp(datagram, 5, 7000, data, n - 8);
	fh = (struct toy_ip){
		.src = PEER, .dst = ME, .proto = IPPROTO_UDP, .id = 77
	};
}

static void
piece(unsigned from, unsigned to, bool more)
{
	fh.off = (uint16_t)(from / 8 | (more ? IP_MF : 0));
	toy_in_ip(&t, 0, &fh, datagram + from, to - from);
}

TEST(ip_bad_headers_are_counted)
{
	struct toy_ip h = { .src = PEER, .dst = ME, .proto = IPPROTO_UDP };
	uint8_t p[100], good[100], u[20];
	unsigned n;

	begin();
	toy_udp(u, 5, 7000, "hello", 5);
	n = toy_packet(good, &h, u, 13);
	for (unsigned i = 0; i < 20; i++)
		toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_IP, good, i);
	CHECK_EQ(stat[IP_STAT_TOOSMALL], 20);
	memcpy(p, good, n);
	p[0] = 0x65;
	toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_IP, p, n);
	CHECK_EQ(stat[IP_STAT_BADVERS], 1);
	p[0] = 0x44;
	toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_IP, p, n);
	p[0] = 0x4f;
	toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_IP, p, n);
	CHECK_EQ(stat[IP_STAT_BADHLEN], 2);
	memcpy(p, good, n);
	p[11] ^= 1;
	toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_IP, p, n);
	CHECK_EQ(stat[IP_STAT_BADSUM], 1);
	toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_IP, good, n - 1);
	CHECK_EQ(stat[IP_STAT_TOOSHORT], 1);
	CHECK_EQ(recv_len(), -EAGAIN);
	/* Padding behind it is cut off. */
	memset(p, 0xee, sizeof(p));
	memcpy(p, good, n);
	toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_IP, p, 60);
	CHECK_EQ(recv_len(), 5);
	h.src = IP4(127, 0, 0, 1);
	toy_in_ip(&t, 0, &h, u, 13);
	h.src = IP4(224, 0, 0, 1);
	toy_in_ip(&t, 0, &h, u, 13);
	CHECK_EQ(stat[IP_STAT_BADADDR], 2);
	CHECK_EQ(recv_len(), -EAGAIN);
	end();
}

TEST(ip_fragments_in_any_order_make_the_datagram)
{
	static const int order[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 0, 2, 1 }, { 2, 0, 1 } };

	begin();
	make(3000);
	for (unsigned i = 0; i < 6; i++) {
		fh.id++;
		for (int j = 0; j < 3; j++) {
			CHECK_EQ(recv_len(), -EAGAIN);
			if (order[i][j] == 0)
				piece(0, 1000, true);
			else if (order[i][j] == 1)
				piece(1000, 2000, true);
			else
				piece(2000, 3000, false);
		}
		CHECK_EQ(recv_len(), 2992);
	}
	CHECK_EQ(stat[IP_STAT_REASSEMBLED], 6);
	CHECK_EQ(stat[IP_STAT_FRAGMENTS], 18);
	end();
}

TEST(ip_repeated_fragment_does_no_harm)
{
	begin();
	make(2000);
	piece(0, 1000, true);
	piece(0, 1000, true);
	piece(1000, 2000, false);
	CHECK_EQ(recv_len(), 1992);
	CHECK_EQ(stat[IP_STAT_FRAGDROPPED], 1);
	end();
}

TEST(ip_overlaps_drop_the_datagram)
{
	static const struct {
		unsigned from, to;
		bool more;
	} bad[] = {
		{ 992, 1000, true }, /* inside */
		{ 0, 2000, true },   /* around */
		{ 504, 1504, true }, /* over the edge */
		{ 24, 100, false },  /* teardrop: an end inside */
		{ 8, 504, false },
	};

	begin();
	make(3000);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fh.id++;
		piece(0, 1000, true);
		if (bad[i].to - bad[i].from <= 1480)
			piece(bad[i].from, bad[i].to, bad[i].more);
		else
			piece(8, 1400, true);
		piece(1000, 2000, true);
		piece(2000, 3000, false);
		CHECK_EQ(recv_len(), -EAGAIN);
	}
	CHECK_EQ(stat[IP_STAT_REASSEMBLED], 0);
	/* Two ends. */
	fh.id++;
	piece(1000, 2000, false);
	piece(1000, 1500, false);
	piece(0, 1000, true);
	CHECK_EQ(recv_len(), -EAGAIN);
	/* More behind the end. */
	fh.id++;
	piece(1000, 2000, false);
	piece(2000, 2008, true);
	piece(0, 1000, true);
	CHECK_EQ(recv_len(), -EAGAIN);
	end();
}

TEST(ip_unsound_fragments_are_dropped)
{
	uint8_t x[100] = { 0 };

	begin();
	make(3000);
	piece(0, 1001, true); /* not a multiple of 8 */
	CHECK_EQ(stat[IP_STAT_BADFRAGS], 1);
	fh.off = IP_MF | 4;
	toy_in_ip(&t, 0, &fh, x, 0); /* empty */
	CHECK_EQ(stat[IP_STAT_BADFRAGS], 2);
	fh.off = 0x1fff; /* ping of death */
	toy_in_ip(&t, 0, &fh, x, 100);
	CHECK_EQ(stat[IP_STAT_BADFRAGS], 2);
	CHECK_EQ(stat[IP_STAT_TOOLONG], 1);
	fh.proto = IPPROTO_TCP;
	fh.off = 1; /* the flags of a TCP header in a second fragment */
	toy_in_ip(&t, 0, &fh, x, 100);
	CHECK_EQ(stat[IP_STAT_BADFRAGS], 3);
	end();
}

TEST(ip_tiny_fragments_make_the_datagram)
{
	begin();
	make(800);
	for (unsigned i = 0; i < 800; i += 8)
		piece(i, i + 8, i + 8 < 800);
	CHECK_EQ(recv_len(), 792);
	end();
}

TEST(ip_error_quotes_a_sound_header_of_what_was_in_pieces)
{
	const uint8_t *ip;

	begin();
	make(3000);
	datagram[3]++; /* a port where nobody is */
	piece(0, 1000, true);
	piece(1000, 3000, false);
	CHECK_EQ(t.nout[0], 1);
	ip = toy_out_ip(&t, 0, 0);
	CHECK(ip != NULL);
	CHECK_EQ(ip[20], ICMP_UNREACH);
	CHECK_EQ(in_cksum_fold(in_cksum_add(0, ip + 28, 20)), 0xffff);
	end();
}

TEST(ip_fragments_time_out_and_the_sender_is_told)
{
	const uint8_t *ip;

	begin();
	make(3000);
	piece(0, 1000, true);
	fh.id++;
	piece(1000, 2000, true); /* without the first nobody is told */
	toy_pass(&t, 58 * TOY_SECOND);
	CHECK_EQ(t.nout[0], 0);
	toy_pass(&t, 4 * TOY_SECOND);
	CHECK_EQ(t.nout[0], 1);
	ip = toy_out_ip(&t, 0, 0);
	CHECK(ip != NULL);
	CHECK_EQ(ip[20], ICMP_TIMXCEED);
	CHECK_EQ(ip[21], ICMP_TIMXCEED_REASS);
	CHECK_EQ(stat[IP_STAT_FRAGTIMEOUT], 2);
	end();
}

TEST(ip_fragment_queues_are_bounded)
{
	begin();
	make(3000);
	for (unsigned i = 0; i < 5000; i++) {
		fh.id = (uint16_t)i;
		fh.src = htonl(0x0a000002u + i % 200);
		piece(0, 8, true);
	}
	/* An honest sender goes on. */
	fh.src = PEER;
	fh.id = 9999;
	piece(0, 1000, true);
	for (unsigned i = 0; i < 500; i++) {
		fh.src = IP4(10, 0, 0, 66);
		fh.id = (uint16_t)i;
		piece(0, 8, true);
	}
	fh.src = PEER;
	fh.id = 9999;
	piece(1000, 2000, true);
	piece(2000, 3000, false);
	CHECK_EQ(recv_len(), 2992);
	end();
}

TEST(ip_output_is_cut_to_the_mtu)
{
	struct sockaddr_in sin = toy_sin(PEER, 9);
	uint8_t buf[4000], back[4100];
	unsigned got = 0;

	begin();
	for (unsigned i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 3);
	CHECK_EQ(l_sendto(t.f.l, sock, buf, 4000, 0, &sin, sizeof(sin)), 4000);
	CHECK_EQ(t.nout[0], 3);
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t *ip = toy_out_ip(&t, 0, i);
		unsigned off, len;

		CHECK(ip != NULL);
		off = (be16_get(ip + 6) & IP_OFFMASK) * 8u;
		len = be16_get(ip + 2) - 20u;
		CHECK_EQ(off, got);
		CHECK_EQ((be16_get(ip + 6) & IP_MF) != 0, i < 2);
		CHECK(i == 2 || len == 1480);
		memcpy(back + off, ip + 20, len);
		got += len;
	}
	CHECK_EQ(got, 4008);
	CHECK_EQ(memcmp(back + 8, buf, 4000), 0);
	/* They are their own datagram. */
	CHECK_EQ(stat[IP_STAT_OFRAGMENTS], 3);
	end();
}

TEST(ip_forwards_with_a_smaller_ttl)
{
	struct toy_ip h = {
		.src = PEER, .dst = FAR, .proto = 99, .ttl = 9, .id = 5
	};
	const uint8_t *ip;

	begin();
	toy_in_ip(&t, 0, &h, "data", 4);
	CHECK_EQ(t.nout[1], 1);
	ip = toy_out_ip(&t, 1, 0);
	CHECK(ip != NULL);
	CHECK_EQ(ip[8], 8);
	CHECK_EQ(be16_get(ip + 4), 5);
	CHECK_EQ(toy_word(ip + 12), PEER);
	CHECK_EQ(stat[IP_STAT_FORWARD], 1);
	INET(t.f.k)->ip_forwarding = 0;
	toy_in_ip(&t, 0, &h, "data", 4);
	CHECK_EQ(t.nout[1], 1);
	CHECK_EQ(stat[IP_STAT_CANTFORWARD], 1);
	end();
}

/* The only packet that went out at unit 0 is an error of this kind about h. */
static const uint8_t *
expect_error(unsigned type, unsigned code)
{
	const uint8_t *ip = toy_out_ip(&t, 0, 0);

	CHECK_EQ(t.nout[0], 1);
	CHECK(ip != NULL);
	CHECK_EQ(ip[9], IPPROTO_ICMP);
	CHECK_EQ(ip[8], 255);
	CHECK_EQ(ip[20], type);
	CHECK_EQ(ip[21], code);
	CHECK_EQ(toy_sum(ip + 20, be16_get(ip + 2) - 20u), 0);
	CHECK_EQ(toy_word(ip + 12), ME);
	CHECK_EQ(toy_word(ip + 16), PEER);
	toy_forget(&t);
	return ip;
}

TEST(ip_forward_tells_why_not)
{
	struct toy_ip h = { .src = PEER, .dst = FAR, .proto = 99, .ttl = 1 };
	uint8_t data[1000] = { 0 };
	const uint8_t *ip;

	begin();
	toy_in_ip(&t, 0, &h, data, 100);
	ip = expect_error(ICMP_TIMXCEED, ICMP_TIMXCEED_INTRANS);
	CHECK_EQ(be16_get(ip + 2), 56); /* header and 8 bytes are quoted */
	CHECK_EQ(ip[28 + 8], 1);
	h.ttl = 9;
	h.dst = IP4(172, 16, 0, 1);
	toy_in_ip(&t, 0, &h, data, 100);
	expect_error(ICMP_UNREACH, ICMP_UNREACH_NET);
	h.dst = FAR;
	net_wrlock(t.f.k);
	t.ifp[1]->if_mtu = 600;
	net_unlock(t.f.k);
	h.off = IP_DF;
	toy_in_ip(&t, 0, &h, data, 1000);
	ip = expect_error(ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG);
	CHECK_EQ(be16_get(ip + 26), 600);
	CHECK_EQ(ip[28 + 8], 9); /* as it came */
	h.off = 0;
	toy_in_ip(&t, 0, &h, data, 1000);
	CHECK_EQ(t.nout[1], 2);
	end();
}

TEST(ip_never_answers_with_errors_what_it_must_not)
{
	struct toy_ip h = { .src = PEER, .dst = IP4(172, 16, 0, 1), .proto = 99 };
	uint8_t p[100], icmp[8];
	unsigned n;

	begin();
	h.src = IP4(0, 0, 0, 0);
	toy_in_ip(&t, 0, &h, "12345678", 8);
	h.src = IP4(240, 0, 0, 1);
	toy_in_ip(&t, 0, &h, "12345678", 8);
	h.src = PEER;
	h.off = 5; /* not the first fragment */
	toy_in_ip(&t, 0, &h, "12345678", 8);
	h.off = 0;
	/* to all on the link */
	n = toy_packet(p, &h, "12345678", 8);
	toy_in(&t, 0, (const uint8_t *)"\377\377\377\377\377\377", ETHERTYPE_IP,
	    p, n);
	/* about an error */
	h.proto = IPPROTO_ICMP;
	toy_icmp(icmp, ICMP_UNREACH, 0, 0, "", 0);
	toy_in_ip(&t, 0, &h, icmp, 8);
	CHECK_EQ(t.nout[0], 0);
	/* about a question it may */
	toy_icmp(icmp, ICMP_ECHO, 0, 0, "", 0);
	toy_in_ip(&t, 0, &h, icmp, 8);
	expect_error(ICMP_UNREACH, ICMP_UNREACH_NET);
	end();
}

TEST(ip_redirects_who_could_go_straight)
{
	struct toy_ip h = {
		.src = PEER, .dst = IP4(10, 7, 0, 1), .proto = 99, .ttl = 64
	};
	struct sockaddr_in dst = toy_sin(IP4(10, 7, 0, 0), 0),
			   mask = toy_sin(IP4(255, 255, 0, 0), 0),
			   gw = toy_sin(IP4(10, 0, 0, 3), 0);
	const uint8_t *ip = NULL;

	begin();
	toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer, IP4(10, 0, 0, 3), ME);
	toy_forget(&t);
	net_wrlock(t.f.k);
	CHECK_EQ(rtrequest_sa(t.f.k, RTM_ADD, (struct sockaddr *)&dst,
		     (struct sockaddr *)&gw, (struct sockaddr *)&mask,
		     RTF_UP | RTF_GATEWAY | RTF_STATIC, NULL, NULL),
	    0);
	net_unlock(t.f.k);
	toy_in_ip(&t, 0, &h, "12345678", 8);
	CHECK_EQ(t.nout[0], 2);
	for (unsigned i = 0; i < 2; i++) {
		ip = toy_out_ip(&t, 0, i);
		CHECK(ip != NULL);
		if (ip[9] == IPPROTO_ICMP)
			break;
	}
	CHECK_EQ(ip[20], ICMP_REDIRECT);
	CHECK_EQ(ip[21], ICMP_REDIRECT_HOST);
	CHECK_EQ(toy_word(ip + 24), IP4(10, 0, 0, 3));
	CHECK_EQ(ip[28 + 8], 64);
	CHECK_EQ(stat[IP_STAT_REDIRECTSENT], 1);
	end();
}

TEST(ip_options_record_route_and_time)
{
	uint8_t rr[12] = { IPOPT_RR, 11, 4 }, ts[12] = { IPOPT_TS, 12, 5, 1 },
		full[8] = { IPOPT_TS, 4, 5, 0xf0 };
	struct toy_ip h = {
		.src = PEER, .dst = FAR, .proto = 99, .opts = rr, .optlen = 12
	};
	const uint8_t *ip;

	begin();
	toy_in_ip(&t, 0, &h, "12345678", 8);
	ip = toy_out_ip(&t, 1, 0);
	CHECK(ip != NULL);
	CHECK_EQ(ip[0], 0x48);
	CHECK_EQ(ip[22], 8);
	CHECK_EQ(toy_word(ip + 23), ME2);
	h.opts = ts;
	toy_in_ip(&t, 0, &h, "12345678", 8);
	ip = toy_out_ip(&t, 1, 1);
	CHECK(ip != NULL);
	CHECK_EQ(ip[22], 13);
	CHECK_EQ(toy_word(ip + 24), ME);
	CHECK(be32_get(ip + 28) < 86400000);
	/* No room, and no room to count it either. */
	toy_forget(&t);
	h.opts = full;
	h.optlen = 8;
	toy_in_ip(&t, 0, &h, "12345678", 8);
	ip = toy_out_ip(&t, 0, 0);
	CHECK(ip != NULL);
	CHECK_EQ(ip[20], ICMP_PARAMPROB);
	CHECK_EQ(ip[24], 23);
	end();
}

TEST(ip_option_lengths_are_checked)
{
	static const uint8_t bad[][4] = {
		{ IPOPT_RR, 0, 4, 0 },
		{ IPOPT_RR, 1, 4, 0 },
		{ IPOPT_RR, 5, 4, 0 }, /* longer than the header */
		{ IPOPT_RR, 3, 3, 0 }, /* points into itself */
		{ IPOPT_LSRR, 2, 0, 0 },
		{ IPOPT_TS, 3, 5, 0 },
		{ IPOPT_NOP, IPOPT_NOP, IPOPT_NOP, IPOPT_RR },
		{ 200, 9, 0, 0 },
	};

	begin();
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct toy_ip h = { .src = PEER,
			.dst = ME,
			.proto = 99,
			.opts = bad[i],
			.optlen = 4 };
		const uint8_t *ip;

		toy_in_ip(&t, 0, &h, "12345678", 8);
		ip = toy_out_ip(&t, 0, 0);
		CHECK(ip != NULL);
		CHECK_EQ(ip[20], ICMP_PARAMPROB);
		toy_forget(&t);
	}
	CHECK_EQ(stat[IP_STAT_BADOPTIONS], sizeof(bad) / sizeof(bad[0]));
	end();
}

TEST(ip_source_route_is_followed_or_refused)
{
	uint8_t lsrr[8] = { IPOPT_LSRR, 7, 4, 10, 0, 1, 9 };
	struct toy_ip h = {
		.src = PEER, .dst = ME, .proto = 99, .opts = lsrr, .optlen = 8
	};
	const uint8_t *ip;

	begin();
	toy_in_ip(&t, 0, &h, "12345678", 8);
	ip = toy_out_ip(&t, 1, 0);
	CHECK(ip != NULL);
	CHECK_EQ(toy_word(ip + 16), FAR);
	CHECK_EQ(ip[22], 8);
	CHECK_EQ(toy_word(ip + 23), ME2);
	INET(t.f.k)->ip_forwsrcrt = 0;
	toy_in_ip(&t, 0, &h, "12345678", 8);
	expect_error(ICMP_UNREACH, ICMP_UNREACH_SRCFAIL);
	INET(t.f.k)->ip_forwsrcrt = 1;
	INET(t.f.k)->ip_allowsrcrt = 0;
	toy_in_ip(&t, 0, &h, "12345678", 8);
	expect_error(ICMP_UNREACH, ICMP_UNREACH_NET_PROHIB);
	INET(t.f.k)->ip_allowsrcrt = 1;
	lsrr[0] = IPOPT_SSRR;
	lsrr[3] = 172;
	toy_in_ip(&t, 0, &h, "12345678", 8);
	expect_error(ICMP_UNREACH, ICMP_UNREACH_SRCFAIL);
	end();
}

/* A control message's data, of that type. */
static const uint8_t *
control_of(const struct msghdr *mh, int type, size_t *len)
{
	const uint8_t *p = mh->msg_control;
	struct cmsghdr cm;

	for (size_t left = mh->msg_controllen; left >= sizeof(cm);) {
		memcpy(&cm, p, sizeof(cm));
		*len = cm.cmsg_len - CMSG_ALIGN(sizeof(cm));
		if (cm.cmsg_level == IPPROTO_IP && cm.cmsg_type == type)
			return p + CMSG_ALIGN(sizeof(cm));
		if (CMSG_ALIGN(cm.cmsg_len) >= left)
			break;
		p += CMSG_ALIGN(cm.cmsg_len);
		left -= CMSG_ALIGN(cm.cmsg_len);
	}
	return NULL;
}

/* Who receives gets the options as they came, and what to set for the answer. */
TEST(ip_source_route_is_turned_for_who_asks)
{
	static const uint8_t back[16] = { IPOPT_LSRR, 15, 4, 10, 0, 1, 9, 10, 0,
		0, 7, 10, 0, 0, 2, 0 };
	uint8_t opts[12] = { IPOPT_LSRR, 11, 12, 10, 0, 0, 7, 10, 0, 1, 9, 0 };
	struct toy_ip h = { .src = PEER,
		.dst = ME,
		.proto = IPPROTO_UDP,
		.opts = opts,
		.optlen = 12 };
	uint8_t u[20], buf[16], cbuf[128];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = cbuf,
		.msg_controllen = sizeof(cbuf) };
	struct sockaddr_in to = toy_sin(PEER, 9);
	const uint8_t *p, *ip;
	size_t len = 0;

	begin();
	CHECK_EQ(l_setint(t.f.l, sock, IPPROTO_IP, IP_RECVOPTS, 1), 0);
	CHECK_EQ(l_setint(t.f.l, sock, IPPROTO_IP, IP_RECVRETOPTS, 1), 0);
	toy_udp(u, 5, 7000, "hello", 5);
	toy_in_ip(&t, 0, &h, u, 13);
	CHECK_EQ(l_recvmsg(t.f.l, sock, &mh, MSG_DONTWAIT), 5);
	p = control_of(&mh, IP_RECVOPTS, &len);
	CHECK(p != NULL && len == 12 && memcmp(p, opts, 12) == 0);
	p = control_of(&mh, IP_RECVRETOPTS, &len);
	CHECK(p != NULL && len == 16 && memcmp(p, back, 16) == 0);
	/* And so it is taken. */
	CHECK_EQ(l_setsockopt(t.f.l, sock, IPPROTO_IP, IP_OPTIONS, p, 16), 0);
	toy_forget(&t);
	CHECK_EQ(l_sendto(t.f.l, sock, "hello", 5, 0, &to, sizeof(to)), 5);
	ip = toy_out_ip(&t, 1, 0);
	CHECK(ip != NULL);
	CHECK_EQ(toy_word(ip + 16), FAR);
	CHECK_EQ(ip[21], 11);
	CHECK_EQ(memcmp(ip + 23, back + 7, 8), 0);
	end();
}

TEST(ip_unknown_protocol_is_unreachable)
{
	struct toy_ip h = { .src = PEER, .dst = ME, .proto = 199 };

	begin();
	toy_in_ip(&t, 0, &h, "12345678", 8);
	expect_error(ICMP_UNREACH, ICMP_UNREACH_PROTOCOL);
	CHECK_EQ(stat[IP_STAT_NOPROTO], 1);
	end();
}

TEST(ip_checkinterface_wants_the_right_interface)
{
	struct toy_ip h = { .src = PEER, .dst = ME2, .proto = IPPROTO_UDP };
	uint8_t u[20];

	begin();
	toy_udp(u, 5, 7000, "hello", 5);
	toy_in_ip(&t, 0, &h, u, 13);
	CHECK_EQ(recv_len(), 5);
	INET(t.f.k)->ip_checkinterface = 1;
	toy_in_ip(&t, 0, &h, u, 13);
	CHECK_EQ(recv_len(), -EAGAIN);
	end();
}

/* Every byte of a packet with options damaged in every way that one byte can be, with the checksum made right again. */
TEST(ip_survives_any_header)
{
	uint8_t opts[20] = { IPOPT_LSRR, 7, 4, 10, 0, 1, 9, IPOPT_RR, 7, 4, 0,
		0, 0, 0, IPOPT_TS, 6, 5, 0, 0, 0 };
	struct toy_ip h = { .src = PEER,
		.dst = ME,
		.proto = IPPROTO_UDP,
		.opts = opts,
		.optlen = 20 };
	uint8_t good[100], p[100], u[20];
	unsigned n;

	begin();
	toy_udp(u, 5, 7000, "hello", 5);
	n = toy_packet(good, &h, u, 13);
	for (unsigned i = 0; i < 40; i++)
		for (unsigned v = 0; v < 256; v++) {
			unsigned hlen;
			uint16_t sum;

			memcpy(p, good, n);
			p[i] = (uint8_t)v;
			hlen = (p[0] & 15u) * 4;
			p[10] = p[11] = 0;
			sum = toy_sum(p, hlen);
			memcpy(p + 10, &sum, 2);
			toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_IP, p, n);
			toy_forget(&t);
			(void)recv_len();
		}
	end();
}

TEST(ip_boot_without_memory_leaves_nothing)
{
	static const char *const names[] = { "net", "net_net", "net_netinet",
		NULL };
	struct kern_config c = { .kc_components = names };
	struct rump_kernel *k;
	int64_t leak;
	int error = -ENOMEM;

	for (c.kc_failalloc = 1; error != 0 && c.kc_failalloc < 5000;
	     c.kc_failalloc++) {
		error = kern_boot(&c, &k);
		if (error == 0) {
			bool left = atomic_load(&k->k_failalloc) > 0;

			kern_halt(k, false, &leak);
			CHECK_EQ(leak, 0);
			if (!left)
				error = -ENOMEM;
		}
	}
	CHECK_EQ(error, 0);
}

/* Whatever allocation of some traffic fails: packets may be lost, no more. */
TEST(ip_traffic_without_memory_is_lost_and_no_more)
{
	struct sockaddr_in sin = toy_sin(PEER, 9), far = toy_sin(FAR, 9);
	struct toy_ip echo = { .src = PEER, .dst = ME, .proto = IPPROTO_ICMP };
	struct toy_ip fwd = { .src = PEER, .dst = FAR, .proto = 99, .ttl = 1 };
	uint8_t icmp[64], buf[3000] = { 0 };

	begin();
	make(3000);
	toy_icmp(icmp, ICMP_ECHO, 0, 1, "12345678", 8);
	for (int n = 1; n < 60; n++) {
		fh.id++;
		atomic_store(&t.f.k->k_failalloc, n);
		/* Frames are made before the memory is short. */
		(void)l_sendto(t.f.l, sock, buf, 3000, 0, &sin, sizeof(sin));
		(void)l_sendto(t.f.l, sock, buf, 10, 0, &far, sizeof(far));
		atomic_store(&t.f.k->k_failalloc, 0);
		piece(2000, 3000, false);
		piece(0, 1000, true);
		toy_fail = n;
		piece(1000, 2000, true);
		toy_in_ip(&t, 0, &echo, icmp, 16);
		toy_in_ip(&t, 0, &fwd, icmp, 16);
		toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer,
		    htonl(0x0a000003u + (uint32_t)n), ME);
		toy_fail = 0;
		atomic_store(&t.f.k->k_failalloc, 0);
		(void)recv_len();
		toy_forget(&t);
	}
	/* With memory again everything works. */
	fh.id++;
	piece(0, 1000, true);
	piece(1000, 2000, true);
	piece(2000, 3000, false);
	CHECK_EQ(recv_len(), 2992);
	end();
}

int
main(void)
{
	RUN(ip_bad_headers_are_counted);
	RUN(ip_fragments_in_any_order_make_the_datagram);
	RUN(ip_repeated_fragment_does_no_harm);
	RUN(ip_overlaps_drop_the_datagram);
	RUN(ip_unsound_fragments_are_dropped);
	RUN(ip_tiny_fragments_make_the_datagram);
	RUN(ip_error_quotes_a_sound_header_of_what_was_in_pieces);
	RUN(ip_fragments_time_out_and_the_sender_is_told);
	RUN(ip_fragment_queues_are_bounded);
	RUN(ip_output_is_cut_to_the_mtu);
	RUN(ip_forwards_with_a_smaller_ttl);
	RUN(ip_forward_tells_why_not);
	RUN(ip_never_answers_with_errors_what_it_must_not);
	RUN(ip_redirects_who_could_go_straight);
	RUN(ip_options_record_route_and_time);
	RUN(ip_option_lengths_are_checked);
	RUN(ip_source_route_is_followed_or_refused);
	RUN(ip_source_route_is_turned_for_who_asks);
	RUN(ip_unknown_protocol_is_unreachable);
	RUN(ip_checkinterface_wants_the_right_interface);
	RUN(ip_survives_any_header);
	RUN(ip_boot_without_memory_leaves_nothing);
	RUN(ip_traffic_without_memory_is_lost_and_no_more);
	return check_done();
}
