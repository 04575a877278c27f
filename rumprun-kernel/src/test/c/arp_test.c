/* SPDX-License-Identifier: BSD-2-Clause */
/* ARP step by step, on a clock of the test's: questions, answers, times, duplicates (RFC 826, 5227). */
#include "inet_toy.h"
#include "net/if_llatbl.h"

#define ME IP4(10, 0, 0, 1)
#define PEER IP4(10, 0, 0, 2)
#define MASK IP4(255, 255, 255, 0)

static struct toy t;

static void
begin(void)
{
	toy_boot(&t);
	toy_addr(&t, 0, ME, MASK);
}

static long
send_to(uint32_t dst)
{
	struct sockaddr_in sin = toy_sin(dst, 9);
	static long s = -1;
	long n;

	s = l_socket(t.f.l, AF_INET, SOCK_DGRAM, 0);
	CHECK(s >= 0);
	n = l_sendto(t.f.l, s, "x", 1, 0, &sin, sizeof(sin));
	CHECK_EQ(l_close(t.f.l, s), 0);
	return n;
}

static unsigned
requests(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t.nout[0]; i++) {
		const uint8_t *p = toy_out_arp(&t, 0, i);

		n += p != NULL && be16_get(p + 6) == ARPOP_REQUEST;
	}
	return n;
}

TEST(arp_first_address_is_announced_once)
{
	const uint8_t *p;

	begin();
	CHECK_EQ(t.nout[0], 1);
	p = toy_out_arp(&t, 0, 0);
	CHECK(p != NULL);
	CHECK_EQ(be16_get(p + 6), ARPOP_REQUEST);
	CHECK_EQ(toy_word(p + 14), ME);
	CHECK_EQ(toy_word(p + 24), ME);
	CHECK_EQ(t.out[0][0].data[0], 0xff);
	toy_pass(&t, 20 * TOY_SECOND);
	CHECK_EQ(t.nout[0], 1);
	toy_halt(&t);
}

TEST(arp_later_address_is_probed_then_announced)
{
	struct in_ifaddr *ia;
	unsigned i;

	begin();
	toy_forget(&t);
	toy_addr(&t, 0, IP4(10, 0, 0, 5), MASK);
	net_rdlock(t.f.k);
	ia = in_ifaddr_lookup(t.f.k, IP4(10, 0, 0, 5));
	net_unlock(t.f.k);
	CHECK(ia != NULL);
	CHECK_EQ(ia->ia_flags, IN_IFF_TENTATIVE);
	toy_pass(&t, 12 * TOY_SECOND);
	CHECK_EQ(t.nout[0], 5);
	for (i = 0; i < 5; i++) {
		const uint8_t *p = toy_out_arp(&t, 0, i);

		CHECK(p != NULL);
		CHECK_EQ(toy_word(p + 14), i < 3 ? 0 : IP4(10, 0, 0, 5));
		CHECK_EQ(toy_word(p + 24), IP4(10, 0, 0, 5));
	}
	CHECK_EQ(ia->ia_flags, 0);
	toy_halt(&t);
}

TEST(arp_address_is_probed_again_after_down)
{
	struct in_ifaddr *ia;

	begin();
	net_wrlock(t.f.k);
	ia = in_ifaddr_lookup(t.f.k, ME);
	if_down(t.ifp[0]);
	CHECK_EQ(ia->ia_flags, IN_IFF_DETACHED);
	toy_forget(&t);
	CHECK_EQ(if_up(t.ifp[0]), 0);
	CHECK_EQ(ia->ia_flags, IN_IFF_TENTATIVE);
	net_unlock(t.f.k);
	toy_pass(&t, 12 * TOY_SECOND);
	CHECK_EQ(ia->ia_flags, 0);
	CHECK_EQ(requests(), 5);
	toy_halt(&t);
}

TEST(arp_answered_probe_makes_a_duplicate)
{
	struct in_ifaddr *ia;

	begin();
	toy_addr(&t, 0, IP4(10, 0, 0, 5), MASK);
	toy_pass(&t, 2 * TOY_SECOND);
	toy_forget(&t);
	/* As a host answers a probe: to the address 0. */
	toy_in_arp(&t, 0, ARPOP_REPLY, toy_peer, IP4(10, 0, 0, 5), 0);
	net_rdlock(t.f.k);
	ia = in_ifaddr_lookup(t.f.k, IP4(10, 0, 0, 5));
	net_unlock(t.f.k);
	CHECK_EQ(ia->ia_flags, IN_IFF_DUPLICATED);
	CHECK(strstr(t.console, "10.0.0.5") != NULL);
	toy_pass(&t, 12 * TOY_SECOND);
	CHECK_EQ(t.nout[0], 0);
	/* And is not answered for. */
	toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer, PEER, IP4(10, 0, 0, 5));
	CHECK_EQ(t.nout[0], 0);
	toy_halt(&t);
}

TEST(arp_others_probe_for_what_we_probe_is_a_duplicate)
{
	struct in_ifaddr *ia;

	begin();
	toy_addr(&t, 0, IP4(10, 0, 0, 5), MASK);
	toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer, 0, IP4(10, 0, 0, 5));
	net_rdlock(t.f.k);
	ia = in_ifaddr_lookup(t.f.k, IP4(10, 0, 0, 5));
	net_unlock(t.f.k);
	CHECK_EQ(ia->ia_flags, IN_IFF_DUPLICATED);
	toy_halt(&t);
}

TEST(arp_request_for_us_is_answered_and_remembered)
{
	const uint8_t *p;

	begin();
	toy_forget(&t);
	toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer, PEER, ME);
	CHECK_EQ(t.nout[0], 1);
	p = toy_out_arp(&t, 0, 0);
	CHECK(p != NULL);
	CHECK_EQ(be16_get(p + 6), ARPOP_REPLY);
	CHECK_EQ(memcmp(t.out[0][0].data, toy_peer, 6), 0);
	CHECK_EQ(memcmp(p + 8, t.ifp[0]->if_lladdr, 6), 0);
	CHECK_EQ(toy_word(p + 14), ME);
	CHECK_EQ(toy_word(p + 24), PEER);
	/* So nothing is asked. */
	CHECK_EQ(send_to(PEER), 1);
	CHECK_EQ(t.nout[0], 2);
	CHECK(toy_out_ip(&t, 0, 1) != NULL);
	/* For another it is not answered, and nothing is learned. */
	toy_in_arp(
	    &t, 0, ARPOP_REQUEST, toy_peer, IP4(10, 0, 0, 3), IP4(10, 0, 0, 4));
	CHECK_EQ(t.nout[0], 2);
	CHECK_EQ(send_to(IP4(10, 0, 0, 3)), 1);
	CHECK(toy_out_arp(&t, 0, 2) != NULL);
	toy_halt(&t);
}

TEST(arp_holds_the_last_packet_until_the_answer)
{
	const uint8_t *ip;

	begin();
	toy_forget(&t);
	CHECK_EQ(send_to(PEER), 1);
	CHECK_EQ(send_to(PEER), 1);
	CHECK_EQ(t.nout[0], 1);
	toy_in_arp(&t, 0, ARPOP_REPLY, toy_peer, PEER, ME);
	CHECK_EQ(t.nout[0], 2);
	ip = toy_out_ip(&t, 0, 1);
	CHECK(ip != NULL);
	CHECK_EQ(be16_get(ip + 4), 2);
	toy_halt(&t);
}

TEST(arp_asks_once_a_second_then_the_host_is_down)
{
	begin();
	toy_forget(&t);
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(send_to(PEER), 1);
		CHECK_EQ(send_to(PEER), 1);
		toy_pass(&t, 11 * TOY_SECOND / 10);
	}
	CHECK_EQ(requests(), 5);
	CHECK_EQ(send_to(PEER), -EHOSTDOWN);
	toy_pass(&t, 10 * TOY_SECOND);
	CHECK_EQ(send_to(PEER), -EHOSTDOWN);
	CHECK_EQ(requests(), 5);
	toy_pass(&t, 12 * TOY_SECOND);
	CHECK_EQ(send_to(PEER), 1);
	CHECK_EQ(requests(), 6);
	toy_halt(&t);
}

TEST(arp_entry_ends_after_keep)
{
	begin();
	toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer, PEER, ME);
	toy_now += 1199 * TOY_SECOND;
	toy_pass(&t, TOY_SECOND / 2);
	toy_forget(&t);
	CHECK_EQ(send_to(PEER), 1);
	CHECK(toy_out_ip(&t, 0, 0) != NULL);
	toy_pass(&t, 2 * TOY_SECOND);
	toy_forget(&t);
	CHECK_EQ(send_to(PEER), 1);
	CHECK(toy_out_arp(&t, 0, 0) != NULL);
	toy_halt(&t);
}

TEST(arp_moved_neighbour_is_reported)
{
	const uint8_t other[6] = { 2, 0, 0, 0, 7, 7 };

	begin();
	toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer, PEER, ME);
	toy_in_arp(&t, 0, ARPOP_REQUEST, other, PEER, ME);
	CHECK(strstr(t.console, "overwritten for 10.0.0.2") != NULL);
	toy_forget(&t);
	CHECK_EQ(send_to(PEER), 1);
	CHECK_EQ(memcmp(t.out[0][0].data, other, 6), 0);
	toy_halt(&t);
}

TEST(arp_conflict_with_our_address_is_reported_and_defended)
{
	begin();
	toy_forget(&t);
	toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer, ME, ME);
	CHECK(strstr(t.console, "duplicate IP address 10.0.0.1") != NULL);
	CHECK_EQ(requests(), 1);
	toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer, ME, ME);
	CHECK_EQ(requests(), 1);
	toy_halt(&t);
}

TEST(arp_bad_packets_are_counted_and_dropped)
{
	uint8_t p[28] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	const _Atomic uint64_t *stat;

	begin();
	stat = INET(t.f.k)->arpstat;
	toy_forget(&t);
	for (unsigned n = 0; n < 28; n++)
		toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_ARP, p, n);
	CHECK_EQ(stat[ARP_STAT_RCVBADLEN], 28);
	p[4] = 7;
	toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_ARP, p, 28);
	CHECK_EQ(stat[ARP_STAT_RCVBADLEN], 29);
	p[4] = 6;
	p[2] = 9;
	toy_in(&t, 0, t.ifp[0]->if_lladdr, ETHERTYPE_ARP, p, 28);
	CHECK_EQ(stat[ARP_STAT_RCVBADPROTO], 1);
	CHECK_EQ(t.nout[0], 0);
	toy_halt(&t);
}

TEST(arp_entries_go_with_the_address)
{
	struct ifreq ifr = { .ifr_name = "toy0" };
	struct sockaddr_in sin = toy_sin(ME, 0);

	begin();
	toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer, PEER, ME);
	memcpy(&ifr.ifr_ifru, &sin, sizeof(sin));
	net_wrlock(t.f.k);
	CHECK_EQ(t.ifp[0]->if_lltable[LLTABLE_ARP]->llt_count, 2);
	CHECK_EQ(in_control(t.f.l, NULL, SIOCDIFADDR, &ifr, t.ifp[0]), 0);
	CHECK_EQ(t.ifp[0]->if_lltable[LLTABLE_ARP]->llt_count, 0);
	net_unlock(t.f.k);
	toy_halt(&t);
}

TEST(arp_table_is_bounded)
{
	begin();
	for (unsigned i = 2; i < 40000; i++) {
		uint32_t spa = htonl(0x0a000000u | i);

		if ((i & 255) > 1)
			toy_in_arp(&t, 0, ARPOP_REQUEST, toy_peer, spa, ME);
	}
	toy_halt(&t);
}

int
main(void)
{
	RUN(arp_first_address_is_announced_once);
	RUN(arp_later_address_is_probed_then_announced);
	RUN(arp_address_is_probed_again_after_down);
	RUN(arp_answered_probe_makes_a_duplicate);
	RUN(arp_others_probe_for_what_we_probe_is_a_duplicate);
	RUN(arp_request_for_us_is_answered_and_remembered);
	RUN(arp_holds_the_last_packet_until_the_answer);
	RUN(arp_asks_once_a_second_then_the_host_is_down);
	RUN(arp_entry_ends_after_keep);
	RUN(arp_moved_neighbour_is_reported);
	RUN(arp_conflict_with_our_address_is_reported_and_defended);
	RUN(arp_bad_packets_are_counted_and_dropped);
	RUN(arp_entries_go_with_the_address);
	RUN(arp_table_is_bounded);
	return check_done();
}
