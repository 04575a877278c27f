/* SPDX-License-Identifier: BSD-2-Clause */
/* Router advertisements: routers, prefixes, addresses made of them, lifetimes (RFC 4861 6.3, 4862 5.5, 8981, 4191). */
#include "inet6_toy.h"

#define ROUTER "fe80::99"
#define MINE "2001:db8:1:0:0:ff:fe00:1"

static void
begin(void)
{
	t6_boot();
	INET6(t.f.k)->ip6_dad_count = 0;
	INET6(t.f.k)->ip6_accept_rtadv = 1;
	net_wrlock(t.f.k);
	CHECK_EQ(if_up(t.ifp[0]), 0);
	net_unlock(t.f.k);
}

static void
put_prefix(uint8_t o[32], const char *prefix, unsigned plen, unsigned flags,
    uint32_t vltime, uint32_t pltime)
{
	struct in6_addr a = a6(prefix);

	memset(o, 0, 32);
	o[0] = ND_OPT_PREFIX_INFORMATION;
	o[1] = 4;
	o[2] = (uint8_t)plen;
	o[3] = (uint8_t)flags;
	be32_put(o + 4, vltime);
	be32_put(o + 8, pltime);
	memcpy(o + 16, &a, 16);
}

static void
ra_in(const char *from, unsigned flags, unsigned lifetime, const void *opts,
    size_t len)
{
	uint8_t body[600] = { 0 };
	struct pkt p;

	body[8] = ND_OPT_SOURCE_LINKADDR;
	body[9] = 1;
	memcpy(body + 10, toy_peer, 6);
	if (len > 0)
		memcpy(body + 16, opts, len);
	p = p6_icmp(from, "ff02::1", 255, ND_ROUTER_ADVERT, 0,
	    64u << 24 | flags << 16 | lifetime, body, 16 + len);
	p6_send(0, &p);
}

#define LA (ND_OPT_PI_FLAG_ONLINK | ND_OPT_PI_FLAG_AUTO)

static void
advertise(uint32_t vltime, uint32_t pltime)
{
	uint8_t o[32];

	put_prefix(o, "2001:db8:1::", 64, LA, vltime, pltime);
	ra_in(ROUTER, 0, 1800, o, sizeof(o));
}

/* The router that a packet elsewhere would go by; "" none. */
static bool
gateway_is(const char *want)
{
	struct sockaddr_in6 dst = t6_sin("2001:db8:ffff::1", 0);
	struct in6_addr a;
	struct rtentry *rt;
	bool is;

	net_rdlock(t.f.k);
	rt = rtalloc1(t.f.k, (struct sockaddr *)&dst);
	if (rt == NULL || (rt->rt_flags & RTF_GATEWAY) == 0)
		is = want[0] == '\0';
	else {
		a = sin6_of(rt->rt_gateway)->sin6_addr;
		in6_clearscope(&a);
		is = want[0] != '\0' && is6(&a, want);
	}
	net_unlock(t.f.k);
	return is;
}

static int64_t
valid_left(const char *addr)
{
	struct in6_addr a = a6(addr);
	struct in6_ifaddr *ia = in6ifa_ifpwithaddr(t.ifp[0], &a);

	CHECK(ia != NULL);
	return ia->ia6_updatetime + ia->ia6_lifetime.ia6t_vltime -
	    in6_now(t.f.k);
}

TEST(slaac_asks_for_routers)
{
	const uint8_t *p, *ip;

	begin();
	toy_pass(&t, 20 * TOY_SECOND);
	CHECK_EQ(count_icmp(0, ND_ROUTER_SOLICIT), 3);
	p = out_icmp(0, ND_ROUTER_SOLICIT, 0, &ip);
	CHECK(is6(ip + 24, "ff02::2") && ip[7] == 255);
	CHECK(p[8] == ND_OPT_SOURCE_LINKADDR);
	toy_halt(&t);
}

TEST(slaac_makes_an_address_and_a_default_route)
{
	begin();
	advertise(3600, 1800);
	CHECK_EQ(addr_flags(0, MINE), IN6_IFF_AUTOCONF);
	CHECK(gateway_is(ROUTER));
	CHECK_EQ(valid_left(MINE), 3600);
	/* The router's link address came with it. */
	CHECK_EQ(nbr_state(0, ROUTER), ND6_LLINFO_STALE);
	/* And is on the link. */
	toy_forget(&t);
	CHECK_EQ(t6_udp("2001:db8:1::77", 1), 1);
	CHECK(out_icmp(0, ND_NEIGHBOR_SOLICIT, 0, NULL) != NULL);
	toy_halt(&t);
}

TEST(slaac_is_off_unless_accepted)
{
	begin();
	INET6(t.f.k)->ip6_accept_rtadv = 0;
	advertise(3600, 1800);
	CHECK_EQ(addr_flags(0, MINE), -99);
	INET6(t.f.k)->ip6_accept_rtadv = 1;
	INET6(t.f.k)->ip6_forwarding = 1;
	advertise(3600, 1800);
	CHECK_EQ(addr_flags(0, MINE), -99);
	CHECK(gateway_is(""));
	toy_halt(&t);
}

TEST(slaac_lifetimes_end)
{
	begin();
	advertise(3600, 1800);
	toy_pass(&t, 1799 * TOY_SECOND);
	CHECK_EQ(addr_flags(0, MINE), IN6_IFF_AUTOCONF);
	CHECK(gateway_is(ROUTER));
	toy_pass(&t, 3 * TOY_SECOND);
	CHECK_EQ(addr_flags(0, MINE), IN6_IFF_AUTOCONF | IN6_IFF_DEPRECATED);
	CHECK(gateway_is(""));
	toy_pass(&t, 1800 * TOY_SECOND);
	CHECK_EQ(addr_flags(0, MINE), -99);
	CHECK(ND6(t.f.k)->nd_routers == NULL);
	toy_halt(&t);
}

/* RFC 4862 5.5.3 e */
TEST(slaac_two_hours_rule)
{
	begin();
	advertise(100000, 100000);
	advertise(10, 10);
	CHECK_EQ(valid_left(MINE), 7200);
	advertise(20000, 20000);
	CHECK_EQ(valid_left(MINE), 20000);
	advertise(7201, 7201);
	CHECK_EQ(valid_left(MINE), 7201);
	toy_pass(&t, 101 * TOY_SECOND);
	advertise(10, 10);
	CHECK_EQ(valid_left(MINE), 7100);
	/* Deprecated at once is allowed. */
	advertise(7200, 0);
	toy_pass(&t, TOY_SECOND);
	CHECK_EQ(addr_flags(0, MINE), IN6_IFF_AUTOCONF | IN6_IFF_DEPRECATED);
	toy_halt(&t);
}

TEST(slaac_bad_prefixes_and_advertisements)
{
	uint8_t o[64];

	begin();
	put_prefix(o, "2001:db8:1::", 48, LA, 100, 100);
	ra_in(ROUTER, 0, 0, o, 32);
	put_prefix(o, "fe80::", 64, LA, 100, 100);
	ra_in(ROUTER, 0, 0, o, 32);
	put_prefix(o, "2001:db8:1::", 64, LA, 100, 101);
	ra_in(ROUTER, 0, 0, o, 32);
	put_prefix(o, "2001:db8:1::", 129, LA, 100, 100);
	ra_in(ROUTER, 0, 0, o, 32);
	put_prefix(o, "ff02::", 64, LA, 100, 100);
	ra_in(ROUTER, 0, 0, o, 32);
	put_prefix(o, "2001:db8:1::", 64, LA, 0, 0);
	ra_in(ROUTER, 0, 0, o, 32);
	/* Not from a link-local address. */
	put_prefix(o, "2001:db8:1::", 64, LA, 100, 100);
	ra_in("2001:db8:1::1", 0, 100, o, 32);
	/* Options that do not fit. */
	o[1] = 5;
	ra_in(ROUTER, 0, 100, o, 32);
	CHECK_EQ(addr_flags(0, MINE), -99);
	CHECK(gateway_is(""));
	toy_halt(&t);
}

TEST(slaac_preferred_router_wins)
{
	begin();
	ra_in("fe80::1", 0, 1800, NULL, 0);
	CHECK(gateway_is("fe80::1"));
	ra_in("fe80::2", ND_RA_FLAG_RTPREF_HIGH, 1800, NULL, 0);
	CHECK(gateway_is("fe80::2"));
	ra_in("fe80::3", ND_RA_FLAG_RTPREF_LOW, 1800, NULL, 0);
	CHECK(gateway_is("fe80::2"));
	ra_in("fe80::2", 0, 0, NULL, 0);
	CHECK(gateway_is("fe80::1"));
	/* A router that says it is none any more. */
	na_in(0, "fe80::1", "ff02::1", "fe80::1", toy_peer, ND_NA_FLAG_OVERRIDE);
	CHECK(gateway_is("fe80::3"));
	toy_halt(&t);
}

TEST(slaac_limits_hold)
{
	uint8_t o[32];
	char s[40];
	unsigned n = 0;

	begin();
	for (unsigned i = 0; i < 100; i++) {
		snprintf(s, sizeof(s), "2001:db8:%x::", i + 1);
		put_prefix(o, s, 64, LA, 3600, 3600);
		snprintf(s, sizeof(s), "fe80::5:%x", i + 1);
		ra_in(s, 0, 1800, o, 32);
	}
	for (struct nd_defrouter *dr = ND6(t.f.k)->nd_routers; dr != NULL;
	     dr = dr->next)
		n++;
	CHECK_EQ(n, 16);
	n = 0;
	for (struct nd_prefix *pr = ND6(t.f.k)->nd_prefixes; pr != NULL;
	     pr = pr->ndpr_next)
		n += pr->ndpr_ifp == t.ifp[0];
	CHECK_EQ(n, 16);
	toy_halt(&t);
}

TEST(slaac_parameters_of_the_link)
{
	uint8_t o[8] = { ND_OPT_MTU, 1, 0, 0, 0, 0, 5, 0x14 };

	begin();
	ra_in(ROUTER, 0, 1800, o, 8);
	CHECK_EQ(nd6_linkmtu(t.ifp[0]), 1300);
	be32_put(o + 4, 1279);
	ra_in(ROUTER, 0, 1800, o, 8);
	be32_put(o + 4, 1501);
	ra_in(ROUTER, 0, 1800, o, 8);
	CHECK_EQ(nd6_linkmtu(t.ifp[0]), 1300);
	toy_halt(&t);
}

static unsigned
temporaries(bool preferred)
{
	unsigned n = 0;

	for (struct in6_ifaddr *ia = INET6(t.f.k)->i6_ifaddrs; ia != NULL;
	     ia = ia->ia_next)
		n += (ia->ia6_flags & IN6_IFF_TEMPORARY) != 0 &&
		    (!preferred || !in6_deprecated(ia));
	return n;
}

/* RFC 8981: a new one before the old one is deprecated. */
TEST(slaac_temporary_addresses_are_replaced)
{
	begin();
	INET6(t.f.k)->ip6_use_tempaddr = 1;
	INET6(t.f.k)->ip6_tempvltime = 4000;
	INET6(t.f.k)->ip6_temppltime = 2000;
	advertise(100000, 100000);
	CHECK_EQ(temporaries(true), 1);
	for (int i = 0; i < 60; i++) {
		toy_pass(&t, 100 * TOY_SECOND);
		if (i % 10 == 0)
			advertise(100000, 100000);
		CHECK(temporaries(true) >= 1 && temporaries(false) <= 4);
	}
	toy_halt(&t);
}

int
main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	RUN(slaac_asks_for_routers);
	RUN(slaac_makes_an_address_and_a_default_route);
	RUN(slaac_is_off_unless_accepted);
	RUN(slaac_lifetimes_end);
	RUN(slaac_two_hours_rule);
	RUN(slaac_bad_prefixes_and_advertisements);
	RUN(slaac_preferred_router_wins);
	RUN(slaac_limits_hold);
	RUN(slaac_parameters_of_the_link);
	RUN(slaac_temporary_addresses_are_replaced);
	return check_done();
}
