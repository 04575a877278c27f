/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: neighbour discovery and ICMPv6 (router and neighbour messages, redirects, errors, node information) for a host that takes its addresses from routers.
 *
 * An input: a byte of settings, then records of a byte (what is right about it), a byte of length, and a message from its type on.
 */
#include "packet_fuzz.h"

/* Types that do the most, the length of options not zero, a quoted packet that is ours. */
static void
mend(uint8_t *p, size_t len, uint8_t how)
{
	static const uint8_t types[] = { ND_ROUTER_ADVERT, ND_NEIGHBOR_SOLICIT,
		ND_NEIGHBOR_ADVERT, ND_REDIRECT, ICMP6_PACKET_TOO_BIG,
		ICMP6_NI_QUERY, ND_ROUTER_SOLICIT, ICMP6_ECHO_REQUEST };
	struct in6_addr a = pf_addr6(p[len > 23 ? 23 : 0] & 3, how & 2);

	if (len < 8)
		return;
	p[0] = types[how & 7];
	if (p[0] != ICMP6_NI_QUERY)
		p[1] = 0;
	if ((p[0] == ND_NEIGHBOR_SOLICIT || p[0] == ND_NEIGHBOR_ADVERT) &&
	    len >= 24)
		a6_put(p + 8, &a);
	if (p[0] == ND_REDIRECT && len >= 40) {
		a = pf_addr6(p[23], true);
		a6_put(p + 8, &a);
	}
	if (p[0] == ICMP6_PACKET_TOO_BIG && len >= 8 + 48) {
		p[8] = 0x60;
		p[8 + 6] = IPPROTO_UDP;
		a = pf_addr6(1, false);
		a6_put(p + 8 + IP6_SRC, &a);
		a = pf_addr6(2, false);
		A6(&a)[5] = p[8 + 39];
		a6_put(p + 8 + IP6_DST, &a);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	struct in6_addr src, dst;
	struct sockaddr_storage to;
	struct net_fuzz nf;
	struct ifnet *ifp = pf_start(&nf);
	uint8_t how, buf[256];
	size_t len;
	int s = pf_bound(&nf, AF_INET6, SOCK_DGRAM, 9);

	if (n > 0) {
		INET6(nf.k)->ip6_accept_rtadv = 1;
		INET6(nf.k)->ip6_dad_count = in[0] & 1;
		INET6(nf.k)->ip6_use_tempaddr = in[0] >> 1 & 1;
		INET6(nf.k)->icmp6_nodeinfo = in[0] >> 2 & 7;
		in++;
		n--;
	}
	memset(buf, 0, sizeof(buf));
	while (pf_record(&in, &n, &how, buf, &len)) {
		if ((how & 8) == 0)
			mend(buf, len, how);
		src = pf_addr6(2 + (how >> 4 & 1), buf[0] != ICMP6_NI_QUERY);
		if ((how & 0x60) == 0x60)
			memset(&src, 0, sizeof(src));
		dst = how & 0x20 ? in6_allnodes : pf_addr6(1, false);
		if ((how & 0x60) == 0x60) {
			memcpy(&dst, "\xff\2\0\0\0\0\0\0\0\0\0\1\xff\0\0", 15);
			A6(&dst)[15] = 1;
		}
		pf_ip6(&nf, ifp, &src, &dst, IPPROTO_ICMPV6, 255, buf, len, 2);
		(void)pf_name(&to, AF_INET6, buf[0] & 7, 9);
		(void)pf_sendto(&nf, s, buf, len, &to);
		if (how & 128)
			pf_pass(&nf, SEC_NS * (1 + len / 4));
	}
	pf_stop(&nf);
	return 0;
}
