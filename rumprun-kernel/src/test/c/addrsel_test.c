/* SPDX-License-Identifier: BSD-2-Clause */
/* Source address selection: the rules and the examples of RFC 6724, and the table of policies. */
#include "inet6_toy.h"

static struct in6_addr
source_of(const char *dst, int unit)
{
	struct sockaddr_in6 sin6 = t6_sin(dst, 0);
	struct ifnet *ifp = t.ifp[unit];
	struct in6_addr src = { { { 0 } } };

	net_rdlock(t.f.k);
	if (a6_zoned(&sin6.sin6_addr))
		(void)in6_setscope(&sin6.sin6_addr, ifp);
	if (in6_selectsrc(t.f.k, &sin6, NULL, NULL, NULL, &ifp, &src) != 0)
		src = a6("::");
	net_unlock(t.f.k);
	in6_clearscope(&src);
	return src;
}

#define SOURCE(dst, want)                                 \
	do {                                              \
		struct in6_addr src_ = source_of(dst, 0); \
		CHECK(is6(&src_, want));                  \
	} while (0)

static void
begin(void)
{
	t6_boot();
	INET6(t.f.k)->ip6_dad_count = 0;
	net_wrlock(t.f.k);
	CHECK_EQ(if_up(t.ifp[0]), 0);
	CHECK_EQ(if_up(t.ifp[1]), 0);
	net_unlock(t.f.k);
}

static void
remove_linklocal(void)
{
	struct in6_ifaddr *ia;

	net_wrlock(t.f.k);
	ia = in6ifa_ifpforlinklocal(t.ifp[0], 0);
	CHECK(ia != NULL);
	in6_purgeaddr(ia);
	net_unlock(t.f.k);
}

/* RFC 6724 10.1 */
TEST(addrsel_appropriate_scope)
{
	begin();
	t6_addr(0, "2001:db8:3::1", 64, 0);
	SOURCE("2001:db8:1::1", "2001:db8:3::1");
	SOURCE("ff05::1", "2001:db8:3::1");
	SOURCE("fe80::1", "fe80::ff:fe00:1");
	SOURCE("ff02::1", "fe80::ff:fe00:1");
	toy_halt(&t);
}

TEST(addrsel_same_address)
{
	begin();
	t6_addr(0, "2001:db8:1::2", 64, 0);
	t6_addr(0, "2001:db8:1::1", 64, IN6_IFF_DEPRECATED);
	SOURCE("2001:db8:1::1", "2001:db8:1::1");
	/* Rule 3 */
	SOURCE("2001:db8:1::3", "2001:db8:1::2");
	toy_halt(&t);
}

TEST(addrsel_longest_match)
{
	begin();
	t6_addr(0, "2001:db8:1::2", 64, 0);
	t6_addr(0, "2001:db8:3::2", 64, 0);
	SOURCE("2001:db8:1::1", "2001:db8:1::2");
	SOURCE("2001:db8:3::1", "2001:db8:3::2");
	toy_halt(&t);
}

TEST(addrsel_outgoing_interface)
{
	begin();
	t6_addr(0, "2001:db8:7::1", 64, 0);
	t6_addr(1, "2001:db8:1::9", 64, 0);
	/* Rule 5 comes before the longest match. */
	SOURCE("2001:db8:1::1", "2001:db8:7::1");
	toy_halt(&t);
}

TEST(addrsel_temporary_when_asked_for)
{
	begin();
	t6_addr(0, "2001:db8:1::2", 64, 0);
	t6_addr(0, "2001:db8:1::d5e3:0:0:1", 64, IN6_IFF_TEMPORARY);
	SOURCE("2001:db8:1::d5e3:0:0:2", "2001:db8:1::2");
	INET6(t.f.k)->ip6_prefer_tempaddr = 1;
	SOURCE("2001:db8:1::3", "2001:db8:1::d5e3:0:0:1");
	toy_halt(&t);
}

TEST(addrsel_anycast_tentative_and_duplicated_are_no_sources)
{
	begin();
	t6_addr(0, "2001:db8:1::a", 64, IN6_IFF_ANYCAST);
	t6_addr(0, "ff02::5", 64, 0);
	remove_linklocal();
	SOURCE("2001:db8:1::1", "::");
	INET6(t.f.k)->ip6_dad_count = 1;
	t6_addr(0, "2001:db8:1::2", 64, 0);
	SOURCE("2001:db8:1::1", "::");
	toy_pass(&t, 2 * TOY_SECOND);
	SOURCE("2001:db8:1::1", "2001:db8:1::2");
	toy_halt(&t);
}

TEST(addrsel_deprecated_can_be_forbidden)
{
	begin();
	remove_linklocal();
	t6_addr(0, "2001:db8:1::2", 64, IN6_IFF_DEPRECATED);
	SOURCE("2001:db8:1::1", "2001:db8:1::2");
	INET6(t.f.k)->ip6_use_deprecated = 0;
	SOURCE("2001:db8:1::1", "::");
	toy_halt(&t);
}

static int
policy(unsigned long cmd, const char *prefix, unsigned plen, int label)
{
	struct in6_addrpolicy pol = { .label = label, .preced = 10 };
	int error;

	pol.addr = t6_sin(prefix, 0);
	sin6_mask(&pol.addrmask, plen);
	net_wrlock(t.f.k);
	error = in6_addrsel_policy(t.f.k, cmd, &pol);
	net_unlock(t.f.k);
	return error;
}

/* RFC 6724 10.1: 2002: with 2002: by the labels of the default table. */
TEST(addrsel_matching_label)
{
	struct in6_addrpolicy list[8];

	begin();
	t6_addr(0, "2002:c633:6401::d5e3:7953:13eb:22e8", 64, 0);
	t6_addr(0, "2001:db8:1::2", 64, 0);
	CHECK_EQ(policy(SIOCAADDRCTL_POLICY, "::", 0, 1), 0);
	CHECK_EQ(policy(SIOCAADDRCTL_POLICY, "2002::", 16, 2), 0);
	CHECK_EQ(policy(SIOCAADDRCTL_POLICY, "2002::", 16, 2), -EEXIST);
	SOURCE("2002:c633:6401::1", "2002:c633:6401::d5e3:7953:13eb:22e8");
	SOURCE("2001:db8:1::1", "2001:db8:1::2");
	net_rdlock(t.f.k);
	CHECK_EQ(in6_addrsel_list(t.f.k, list, 8), 2);
	net_unlock(t.f.k);
	CHECK_EQ(list[0].label, 2);
	CHECK(list[0].use > 0);
	CHECK_EQ(policy(SIOCDADDRCTL_POLICY, "2002::", 16, 2), 0);
	CHECK_EQ(policy(SIOCDADDRCTL_POLICY, "2002::", 16, 2), -ESRCH);
	toy_halt(&t);
}

int
main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	RUN(addrsel_appropriate_scope);
	RUN(addrsel_same_address);
	RUN(addrsel_longest_match);
	RUN(addrsel_outgoing_interface);
	RUN(addrsel_temporary_when_asked_for);
	RUN(addrsel_anycast_tentative_and_duplicated_are_no_sources);
	RUN(addrsel_deprecated_can_be_forbidden);
	RUN(addrsel_matching_label);
	return check_done();
}
