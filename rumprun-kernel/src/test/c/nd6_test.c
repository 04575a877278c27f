/* SPDX-License-Identifier: BSD-2-Clause */
/* Neighbours step by step, on a clock of the test's: states, times, duplicates, groups (RFC 4861, 4862, 2710, 3810). */
#include "inet6_toy.h"

#define PEER "2001:db8::2"
#define ME "2001:db8::1"
#define MY_LL "fe80::ff:fe00:1"

static const uint8_t other[6] = { 2, 0, 0, 0, 8, 8 };

/* Sends once and has the answer come. */
static void
make_reachable(void)
{
	CHECK_EQ(t6_udp(PEER, 1), 1);
	na_in(0, PEER, ME, PEER, toy_peer,
	    ND_NA_FLAG_SOLICITED | ND_NA_FLAG_OVERRIDE);
	CHECK_EQ(nbr_state(0, PEER), ND6_LLINFO_REACHABLE);
	toy_forget(&t);
}

TEST(nd6_unknown_neighbor_is_asked_for_and_given_up)
{
	const uint8_t *p, *ip;
	unsigned i;

	t6_begin();
	CHECK_EQ(t6_udp(PEER, 1), 1);
	p = out_icmp(0, ND_NEIGHBOR_SOLICIT, 0, &ip);
	CHECK(p != NULL && t.nout[0] == 1);
	CHECK(is6(ip + 8, ME) && is6(ip + 24, "ff02::1:ff00:2"));
	CHECK(is6(p + 8, PEER) && p[24] == ND_OPT_SOURCE_LINKADDR);
	CHECK_EQ(ip[7], 255);
	CHECK_EQ(be16_get(ip + 4), 32);
	CHECK_EQ(memcmp(t.out[0][0].data, "\x33\x33\xff\x00\x00\x02", 6), 0);
	CHECK_EQ(nbr_state(0, PEER), ND6_LLINFO_INCOMPLETE);
	/* Two more, a second apart; then it is gone. */
	for (i = 0; i < 5; i++)
		toy_pass(&t, TOY_SECOND);
	CHECK_EQ(count_icmp(0, ND_NEIGHBOR_SOLICIT), 3);
	CHECK_EQ(nbr_state(0, PEER), -99);
	toy_halt(&t);
}

TEST(nd6_answer_lets_the_last_packet_go)
{
	const uint8_t *ip;

	t6_begin();
	CHECK_EQ(t6_udp(PEER, 1), 1);
	CHECK_EQ(t6_udp(PEER, 2), 2);
	CHECK_EQ(count_icmp(0, ND_NEIGHBOR_SOLICIT), 1);
	toy_forget(&t);
	na_in(0, PEER, ME, PEER, toy_peer,
	    ND_NA_FLAG_SOLICITED | ND_NA_FLAG_OVERRIDE);
	CHECK_EQ(t.nout[0], 1);
	ip = out6(0, 0);
	CHECK(ip != NULL && ip[6] == IPPROTO_UDP && be16_get(ip + 4) == 10);
	CHECK_EQ(memcmp(t.out[0][0].data, toy_peer, 6), 0);
	toy_halt(&t);
}

TEST(nd6_reachable_becomes_stale_delay_probe_and_goes)
{
	const uint8_t *p, *ip;

	t6_begin();
	make_reachable();
	/* At most one and a half times 30 s. */
	toy_pass(&t, 46 * TOY_SECOND);
	CHECK_EQ(t.nout[0], 0);
	CHECK_EQ(t6_udp(PEER, 1), 1);
	CHECK_EQ(nbr_state(0, PEER), ND6_LLINFO_DELAY);
	CHECK_EQ(count_icmp(0, ND_NEIGHBOR_SOLICIT), 0);
	toy_pass(&t, 4 * TOY_SECOND);
	CHECK_EQ(nbr_state(0, PEER), ND6_LLINFO_DELAY);
	toy_pass(&t, 3 * TOY_SECOND / 2);
	CHECK_EQ(nbr_state(0, PEER), ND6_LLINFO_PROBE);
	p = out_icmp(0, ND_NEIGHBOR_SOLICIT, 0, &ip);
	CHECK(p != NULL && is6(ip + 24, PEER) && is6(p + 8, PEER));
	toy_pass(&t, 5 * TOY_SECOND);
	CHECK_EQ(count_icmp(0, ND_NEIGHBOR_SOLICIT), 3);
	CHECK_EQ(nbr_state(0, PEER), -99);
	toy_halt(&t);
}

TEST(nd6_probe_that_is_answered_makes_reachable)
{
	t6_begin();
	make_reachable();
	toy_pass(&t, 46 * TOY_SECOND);
	CHECK_EQ(t6_udp(PEER, 1), 1);
	toy_pass(&t, 11 * TOY_SECOND / 2);
	CHECK_EQ(nbr_state(0, PEER), ND6_LLINFO_PROBE);
	na_in(0, PEER, ME, PEER, NULL, ND_NA_FLAG_SOLICITED);
	CHECK_EQ(nbr_state(0, PEER), ND6_LLINFO_REACHABLE);
	toy_forget(&t);
	toy_pass(&t, 10 * TOY_SECOND);
	CHECK_EQ(t.nout[0], 0);
	toy_halt(&t);
}

/* RFC 4861 7.2.5 */
TEST(nd6_advertisement_rules)
{
	t6_begin();
	make_reachable();
	/* Another address without override: stale, the old one stays. */
	na_in(0, PEER, "ff02::1", PEER, other, 0);
	CHECK_EQ(nbr_state(0, PEER), ND6_LLINFO_STALE);
	CHECK_EQ(t6_udp(PEER, 1), 1);
	CHECK_EQ(memcmp(t.out[0][0].data, toy_peer, 6), 0);
	/* With override: the new one, not confirmed. */
	na_in(0, PEER, "ff02::1", PEER, other, ND_NA_FLAG_OVERRIDE);
	CHECK_EQ(nbr_state(0, PEER), ND6_LLINFO_STALE);
	toy_forget(&t);
	CHECK_EQ(t6_udp(PEER, 1), 1);
	CHECK_EQ(memcmp(t.out[0][0].data, other, 6), 0);
	/* Nobody learns of who was not asked for. */
	na_in(0, "2001:db8::33", "ff02::1", "2001:db8::33", other,
	    ND_NA_FLAG_OVERRIDE);
	CHECK_EQ(nbr_state(0, "2001:db8::33"), -99);
	toy_halt(&t);
}

TEST(nd6_solicitation_is_answered_and_its_sender_confirmed)
{
	const uint8_t *p, *ip;

	t6_begin();
	ns_in(0, PEER, "ff02::1:ff00:1", ME, toy_peer);
	p = out_icmp(0, ND_NEIGHBOR_ADVERT, 0, &ip);
	CHECK(p != NULL && is6(ip + 8, ME) && is6(ip + 24, PEER));
	CHECK_EQ(p[4], ND_NA_FLAG_SOLICITED | ND_NA_FLAG_OVERRIDE);
	CHECK(is6(p + 8, ME) && p[24] == ND_OPT_TARGET_LINKADDR);
	/* The answer was a use: five seconds later we ask him. */
	toy_forget(&t);
	toy_pass(&t, 6 * TOY_SECOND);
	p = out_icmp(0, ND_NEIGHBOR_SOLICIT, 0, &ip);
	CHECK(p != NULL && is6(ip + 24, PEER));
	/* By unicast: no link address is needed (as recorded). */
	toy_forget(&t);
	ns_in(0, PEER, ME, ME, toy_peer);
	p = out_icmp(0, ND_NEIGHBOR_ADVERT, 0, &ip);
	CHECK(p != NULL && p[4] == ND_NA_FLAG_SOLICITED);
	CHECK_EQ(be16_get(ip + 4), 24);
	toy_halt(&t);
}

TEST(nd6_bad_messages_are_not_looked_at)
{
	struct in6_addr a = a6(ME);
	uint8_t body[40] = { 0 };
	struct pkt p;

	t6_begin();
	memcpy(body, &a, 16);
	/* From behind a router. */
	p = p6_icmp(PEER, ME, 254, ND_NEIGHBOR_SOLICIT, 0, 0, body, 16);
	p6_send(0, &p);
	/* A code. */
	p = p6_icmp(PEER, ME, 255, ND_NEIGHBOR_SOLICIT, 1, 0, body, 16);
	p6_send(0, &p);
	/* An option without a length, one that is too long, half of one. */
	body[16] = 1;
	p = p6_icmp(PEER, ME, 255, ND_NEIGHBOR_SOLICIT, 0, 0, body, 24);
	p6_send(0, &p);
	body[17] = 9;
	p = p6_icmp(PEER, ME, 255, ND_NEIGHBOR_SOLICIT, 0, 0, body, 24);
	p6_send(0, &p);
	body[17] = 1;
	p = p6_icmp(PEER, ME, 255, ND_NEIGHBOR_SOLICIT, 0, 0, body, 17);
	p6_send(0, &p);
	/* Too short. */
	p = p6_icmp(PEER, ME, 255, ND_NEIGHBOR_SOLICIT, 0, 0, body, 15);
	p6_send(0, &p);
	/* From nobody, but not to the group; from off the link. */
	p = p6_icmp("::", ME, 255, ND_NEIGHBOR_SOLICIT, 0, 0, body, 16);
	p6_send(0, &p);
	ns_in(0, "2001:db9::5", "ff02::1:ff00:1", ME, toy_peer);
	CHECK_EQ(t.nout[0], 0);
	CHECK_EQ(nbr_state(0, PEER), -99);
	toy_halt(&t);
}

/* As SIOCGIFAFLAG_IN6 tells. */
static int
t6_flags(int unit, const struct in6_ifreq *asked)
{
	struct in6_ifreq ifr = *asked;
	int error;

	net_wrlock(t.f.k);
	error = in6_control(NULL, NULL, SIOCGIFAFLAG_IN6, &ifr, t.ifp[unit]);
	net_unlock(t.f.k);
	return error != 0 ? error : ifr.ifr_ifru.ifru_flags6;
}

/* As recorded: the address that brings the interface up is not looked for, the link-local one is. */
TEST(nd6_dad_of_the_first_addresses)
{
	t6_boot();
	t6_addr(0, ME, 64, 0);
	CHECK_EQ(addr_flags(0, ME), 0);
	CHECK_EQ(addr_flags(0, MY_LL), IN6_IFF_TENTATIVE);
	CHECK_EQ(count_icmp(0, ND_NEIGHBOR_SOLICIT), 1);
	toy_pass(&t, 3 * TOY_SECOND / 2);
	CHECK_EQ(addr_flags(0, MY_LL), 0);
	CHECK_EQ(count_icmp(0, ND_NEIGHBOR_SOLICIT), 1);
	toy_halt(&t);
}

TEST(nd6_dad_counts_its_solicitations)
{
	const uint8_t *p, *ip;

	t6_begin();
	INET6(t.f.k)->ip6_dad_count = 3;
	t6_addr(0, "2001:db8::5", 64, 0);
	CHECK_EQ(addr_flags(0, "2001:db8::5"), IN6_IFF_TENTATIVE);
	p = out_icmp(0, ND_NEIGHBOR_SOLICIT, 0, &ip);
	CHECK(p != NULL && is6(ip + 8, "::"));
	CHECK(is6(ip + 24, "ff02::1:ff00:5") && be16_get(ip + 4) == 24);
	toy_pass(&t, 5 * TOY_SECOND / 2);
	CHECK_EQ(count_icmp(0, ND_NEIGHBOR_SOLICIT), 3);
	CHECK_EQ(addr_flags(0, "2001:db8::5"), IN6_IFF_TENTATIVE);
	toy_pass(&t, TOY_SECOND);
	CHECK_EQ(addr_flags(0, "2001:db8::5"), 0);
	toy_halt(&t);
}

/* The timers' thread may have to wait long for a processor: who asks is not told what was true a second ago. */
TEST(nd6_dad_is_over_for_who_asks)
{
	struct in6_ifreq ifr = { .ifr_name = "toy0" };
	struct in6_ifaddr *ia;

	t6_begin();
	INET6(t.f.k)->ip6_dad_count = 2;
	t6_addr(0, "2001:db8::5", 64, 0);
	ifr.ifr_ifru.ifru_addr = t6_sin("2001:db8::5", 0);
	toy_now += 3 * TOY_SECOND / 2;
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(t6_flags(0, &ifr), IN6_IFF_TENTATIVE);
		CHECK_EQ(count_icmp(0, ND_NEIGHBOR_SOLICIT), 2);
	}
	toy_now += TOY_SECOND;
	CHECK_EQ(t6_flags(0, &ifr), 0);
	net_wrlock(t.f.k);
	ia = in6ifa_ifpwithaddr(t.ifp[0], &ifr.ifr_ifru.ifru_addr.sin6_addr);
	CHECK(ia != NULL && ia->ia_dadwhen_ns == 0);
	net_unlock(t.f.k);
	toy_pass(&t, TOY_SECOND);
	CHECK_EQ(count_icmp(0, ND_NEIGHBOR_SOLICIT), 2);
	toy_halt(&t);
}

TEST(nd6_dad_finds_who_has_it_and_who_wants_it)
{
	t6_begin();
	INET6(t.f.k)->ip6_dad_count = 1;
	t6_addr(0, "2001:db8::5", 64, 0);
	na_in(0, "fe80::9", "ff02::1", "2001:db8::5", toy_peer,
	    ND_NA_FLAG_OVERRIDE);
	CHECK_EQ(addr_flags(0, "2001:db8::5"), IN6_IFF_DUPLICATED);
	t6_addr(0, "2001:db8::6", 64, 0);
	ns_in(0, "::", "ff02::1:ff00:6", "2001:db8::6", NULL);
	CHECK_EQ(addr_flags(0, "2001:db8::6"), IN6_IFF_DUPLICATED);
	CHECK(strstr(t.console, "2001:db8::6") != NULL);
	/* Neither is answered for; set again, it is looked for again. */
	toy_forget(&t);
	ns_in(0, PEER, "ff02::1:ff00:6", "2001:db8::6", toy_peer);
	CHECK_EQ(count_icmp(0, ND_NEIGHBOR_ADVERT), 0);
	t6_addr(0, "2001:db8::6", 64, 0);
	CHECK_EQ(addr_flags(0, "2001:db8::6"), IN6_IFF_TENTATIVE);
	toy_pass(&t, 2 * TOY_SECOND);
	CHECK_EQ(addr_flags(0, "2001:db8::6"), 0);
	toy_halt(&t);
}

TEST(nd6_defence_goes_to_all_nodes)
{
	const uint8_t *p, *ip;

	t6_begin();
	ns_in(0, "::", "ff02::1:ff00:1", ME, NULL);
	p = out_icmp(0, ND_NEIGHBOR_ADVERT, 0, &ip);
	CHECK(p != NULL && is6(ip + 24, "ff02::1") && is6(ip + 8, MY_LL));
	CHECK_EQ(p[4], ND_NA_FLAG_OVERRIDE);
	CHECK_EQ(addr_flags(0, ME), 0);
	toy_halt(&t);
}

TEST(nd6_down_detaches_and_up_looks_again)
{
	t6_begin();
	INET6(t.f.k)->ip6_dad_count = 1;
	net_wrlock(t.f.k);
	if_down(t.ifp[0]);
	net_unlock(t.f.k);
	CHECK_EQ(addr_flags(0, ME), IN6_IFF_DETACHED);
	net_wrlock(t.f.k);
	CHECK_EQ(if_up(t.ifp[0]), 0);
	net_unlock(t.f.k);
	CHECK_EQ(addr_flags(0, ME), IN6_IFF_TENTATIVE);
	toy_pass(&t, 2 * TOY_SECOND);
	CHECK_EQ(addr_flags(0, ME), 0);
	toy_halt(&t);
}

/* An attacker's many neighbours push out one another, and end. */
TEST(nd6_table_is_bounded)
{
	char s[64];

	t6_boot();
	INET6(t.f.k)->ip6_dad_count = 0;
	t6_addr(0, ME, 64, 0);
	ns_in(0, PEER, "ff02::1:ff00:1", ME, toy_peer);
	na_in(0, PEER, ME, PEER, toy_peer,
	    ND_NA_FLAG_SOLICITED | ND_NA_FLAG_OVERRIDE);
	CHECK_EQ(nbr_state(0, PEER), ND6_LLINFO_REACHABLE);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(s, sizeof(s), "2001:db8::9:%x", i + 1);
		ns_in(0, s, "ff02::1:ff00:1", ME, toy_peer);
		t.nout[0] = 0;
	}
	CHECK(ND_TABLE(t.ifp[0])->llt_count <= 2048);
	CHECK(nbr_state(0, ME) == ND6_LLINFO_REACHABLE);
	/* Who is spoken with stays. */
	CHECK_EQ(nbr_state(0, PEER), ND6_LLINFO_REACHABLE);
	toy_pass(&t, 20 * TOY_SECOND);
	toy_halt(&t);
}

TEST(nd6_table_shrinks_to_what_is_allowed)
{
	char s[64];

	t6_boot();
	INET6(t.f.k)->ip6_dad_count = 0;
	t6_addr(0, ME, 64, 0);
	for (unsigned i = 0; i < 20; i++) {
		if (i == 19)
			INET6(t.f.k)->ip6_neighborgcthresh = 6;
		snprintf(s, sizeof(s), "2001:db8::9:%x", i + 1);
		ns_in(0, s, "ff02::1:ff00:1", ME, toy_peer);
	}
	CHECK_EQ(ND_TABLE(t.ifp[0])->llt_count, 6);
	CHECK(nbr_state(0, "2001:db8::9:14") == ND6_LLINFO_STALE ||
	    nbr_state(0, "2001:db8::9:14") == ND6_LLINFO_DELAY);
	toy_pass(&t, 20 * TOY_SECOND);
	toy_halt(&t);
}

TEST(nd6_addresses_survive_a_lack_of_memory)
{
	struct in6_addr a = a6("2001:db8:5::5"), g = a6("ff02::1:ff00:1");
	struct sockaddr_in6 to = t6_sin(PEER, 9);
	struct in6_ifaddr *ia;
	unsigned made = 0;
	long s;

	t6_begin();
	(void)in6_setscope(&g, t.ifp[0]);
	for (int i = 1; i < 60; i++) {
		net_wrlock(t.f.k);
		A6(&a)[15] = i % 2 ? 1 : 5; /* shares a group, or doesn't */
		t.f.k->k_failalloc = i;
		made += in6_setaddr(t.ifp[0], &a, 64, 0) == 0;
		t.f.k->k_failalloc = 0;
		if ((ia = in6ifa_ifpwithaddr(t.ifp[0], &a)) != NULL)
			in6_purgeaddr(ia);
		CHECK(in6_ismember(t.ifp[0], &g));
		net_unlock(t.f.k);
		net_run(t.f.k);
		toy_forget(&t);
	}
	CHECK(made > 0 && made < 59);
	/* And neighbours. */
	s = l_socket(t.f.l, AF_INET6, SOCK_DGRAM, 0);
	for (int i = 1; i < 30; i++) {
		t.f.k->k_failalloc = i;
		(void)l_sendto(t.f.l, s, "x", 1, 0, &to, sizeof(to));
		ns_in(0, "2001:db8::7", "ff02::1:ff00:1", ME, toy_peer);
		t.f.k->k_failalloc = 0;
		toy_forget(&t);
	}
	CHECK_EQ(l_close(t.f.l, s), 0);
	toy_halt(&t);
}

/* Leaks of boots that failed are the sanitizers' to find. */
TEST(inet6_boot_survives_a_lack_of_memory)
{
	static const char *const names[] = { "net", "net_net", "net_netinet",
		"net_netinet6", NULL };
	struct kern_config c = { .kc_components = names };
	struct rump_kernel *k;
	bool over = false;
	int64_t leak;

	for (int64_t n = 1; !over && n < 5000; n++) {
		c.kc_failalloc = n;
		if (kern_boot(&c, &k) != 0)
			continue;
		over = k->k_failalloc > 0;
		kern_halt(k, true, &leak);
		CHECK_EQ(leak, 0);
	}
	CHECK(over);
}

/* --- groups --- */

TEST(mld_reports_twice_and_says_done)
{
	const uint8_t *p, *ip;
	struct in6_addr g = a6("ff05::99");

	t6_begin();
	net_wrlock(t.f.k);
	CHECK_EQ(in6_addmulti(t.ifp[0], &g), 0);
	net_unlock(t.f.k);
	p = out_icmp(0, MLD_LISTENER_REPORT, 0, &ip);
	CHECK(p != NULL && is6(ip + 24, "ff05::99") && is6(p + 8, "ff05::99"));
	CHECK(is6(ip + 8, MY_LL) && ip[7] == 1 && ip[6] == IPPROTO_HOPOPTS);
	CHECK_EQ(memcmp(ip + 40, "\x3a\0\x05\x02\0\0\x01\0", 8), 0);
	toy_pass(&t, 11 * TOY_SECOND);
	CHECK_EQ(count_icmp(0, MLD_LISTENER_REPORT), 2);
	net_wrlock(t.f.k);
	CHECK_EQ(in6_delmulti(t.ifp[0], &g), 0);
	net_unlock(t.f.k);
	p = out_icmp(0, MLD_LISTENER_DONE, 0, &ip);
	CHECK(p != NULL && is6(ip + 24, "ff02::2") && is6(p + 8, "ff05::99"));
	toy_halt(&t);
}

static void
query(const char *group, uint32_t code, size_t more)
{
	uint8_t body[24] = { 0 };
	struct in6_addr a = a6(group);
	struct pkt p;

	memcpy(body, &a, 16);
	p = p6_icmp("fe80::9", group[0] == ':' ? "ff02::1" : group, 1,
	    MLD_LISTENER_QUERY, 0, code << 16, body, 16 + more);
	p6_send(0, &p);
}

TEST(mld_queries_are_answered_in_their_version)
{
	const uint8_t *p, *ip;
	struct in6_addr g = a6("ff05::99");

	t6_begin();
	net_wrlock(t.f.k);
	CHECK_EQ(in6_addmulti(t.ifp[0], &g), 0);
	net_unlock(t.f.k);
	toy_pass(&t, 12 * TOY_SECOND);
	toy_forget(&t);
	query("ff05::99", 1000, 0);
	toy_pass(&t, 2 * TOY_SECOND);
	CHECK_EQ(count_icmp(0, MLD_LISTENER_REPORT), 1);
	/* The solicited-node one of both addresses, node information's, this one. */
	toy_forget(&t);
	query("::", 1000, 0);
	toy_pass(&t, 2 * TOY_SECOND);
	CHECK_EQ(count_icmp(0, MLD_LISTENER_REPORT), 3);
	/* Version 2, once version 1 has not been heard for a while. */
	toy_pass(&t, 300 * TOY_SECOND);
	toy_forget(&t);
	query("::", 1000, 4);
	toy_pass(&t, 2 * TOY_SECOND);
	CHECK_EQ(count_icmp(0, MLD_LISTENER_REPORT), 0);
	p = out_icmp(0, MLDV2_LISTENER_REPORT, 0, &ip);
	CHECK(p != NULL && is6(ip + 24, "ff02::16"));
	CHECK_EQ(be16_get(p + 6), 3);
	CHECK_EQ(p[8], 2);
	toy_halt(&t);
}

/* However many ask: a report a group in the time that they give, and neighbours are answered. */
TEST(mld_storm_of_queries_makes_few_reports)
{
	unsigned reports = 0;

	t6_begin();
	toy_pass(&t, 12 * TOY_SECOND);
	toy_forget(&t);
	for (int i = 0; i < 2000; i++)
		query("::", 1000, 0);
	ns_in(0, PEER, "ff02::1:ff00:1", ME, toy_peer);
	CHECK_EQ(count_icmp(0, ND_NEIGHBOR_ADVERT), 1);
	for (int i = 0; i < 50; i++) {
		toy_forget(&t);
		toy_pass(&t, TOY_SECOND / 10);
		reports += count_icmp(0, MLD_LISTENER_REPORT);
	}
	CHECK(reports > 0 && reports <= 4);
	toy_halt(&t);
}

TEST(mld_report_of_another_is_enough)
{
	uint8_t body[16];
	struct in6_addr g = a6("ff05::99");
	struct pkt p;

	t6_begin();
	net_wrlock(t.f.k);
	CHECK_EQ(in6_addmulti(t.ifp[0], &g), 0);
	net_unlock(t.f.k);
	memcpy(body, &g, 16);
	p = p6_icmp(
	    "fe80::9", "ff05::99", 1, MLD_LISTENER_REPORT, 0, 0, body, 16);
	p6_send(0, &p);
	toy_pass(&t, 12 * TOY_SECOND);
	CHECK_EQ(count_icmp(0, MLD_LISTENER_REPORT), 1);
	net_wrlock(t.f.k);
	CHECK_EQ(in6_delmulti(t.ifp[0], &g), 0);
	net_unlock(t.f.k);
	CHECK_EQ(count_icmp(0, MLD_LISTENER_DONE), 0);
	toy_halt(&t);
}

int
main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	RUN(nd6_unknown_neighbor_is_asked_for_and_given_up);
	RUN(nd6_answer_lets_the_last_packet_go);
	RUN(nd6_reachable_becomes_stale_delay_probe_and_goes);
	RUN(nd6_probe_that_is_answered_makes_reachable);
	RUN(nd6_advertisement_rules);
	RUN(nd6_solicitation_is_answered_and_its_sender_confirmed);
	RUN(nd6_bad_messages_are_not_looked_at);
	RUN(nd6_dad_of_the_first_addresses);
	RUN(nd6_dad_counts_its_solicitations);
	RUN(nd6_dad_is_over_for_who_asks);
	RUN(nd6_dad_finds_who_has_it_and_who_wants_it);
	RUN(nd6_defence_goes_to_all_nodes);
	RUN(nd6_down_detaches_and_up_looks_again);
	RUN(nd6_table_is_bounded);
	RUN(nd6_table_shrinks_to_what_is_allowed);
	RUN(nd6_addresses_survive_a_lack_of_memory);
	RUN(inet6_boot_survives_a_lack_of_memory);
	RUN(mld_reports_twice_and_says_done);
	RUN(mld_queries_are_answered_in_their_version);
	RUN(mld_storm_of_queries_makes_few_reports);
	RUN(mld_report_of_another_is_enough);
	return check_done();
}
