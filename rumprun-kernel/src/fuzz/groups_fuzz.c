/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: IGMP and MLD, with groups that sockets join and leave.
 *
 * An input: records of a byte (which protocol, what is right about it), a byte of length, and a message from its type on.
 */
#include "packet_fuzz.h"

static void
join(struct net_fuzz *nf, int s4, int s6, uint8_t group, bool on)
{
	struct ip_mreq r4 = { { htonl(0xe0010200u | group) }, { pf_addr4(1) } };
	struct ipv6_mreq r6 = { .ipv6mr_interface = 0 };

	memcpy(&r6.ipv6mr_multiaddr, "\xff\x02", 2);
	A6(&r6.ipv6mr_multiaddr)[15] = group;
	r6.ipv6mr_interface = 2;
	(void)SYS(nf->l, SYS_setsockopt, setsockopt, P(int, s4),
	    P(int, IPPROTO_IP),
	    P(int, on ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP),
	    P(const void *, &r4), P(socklen_t, sizeof(r4)));
	(void)SYS(nf->l, SYS_setsockopt, setsockopt, P(int, s6),
	    P(int, IPPROTO_IPV6),
	    P(int, on ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP),
	    P(const void *, &r6), P(socklen_t, sizeof(r6)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	struct in6_addr src = pf_addr6(2, true), dst;
	struct net_fuzz nf;
	struct ifnet *ifp = pf_start(&nf);
	uint8_t how, buf[256];
	size_t len;
	int s4 = pf_bound(&nf, AF_INET, SOCK_DGRAM, 9),
	    s6 = pf_bound(&nf, AF_INET6, SOCK_DGRAM, 9);

	memset(buf, 0, sizeof(buf));
	while (pf_record(&in, &n, &how, buf, &len)) {
		if (how & 2)
			join(&nf, s4, s6, how >> 4 & 3, (how & 4) != 0);
		dst = in6_allnodes;
		if (how & 8) {
			A6(&dst)[15] = how >> 4 & 3;
			if (len >= 24)
				a6_put(buf + 8, &dst);
		}
		if (how & 1)
			pf_ip6(&nf, ifp, &src, &dst, IPPROTO_ICMPV6, 1, buf,
			    len, 2);
		else
			pf_ip4(&nf, ifp, pf_addr4(2),
			    htonl(how & 8 ? 0xe0010200u | (how >> 4 & 3) :
					    0xe0000001u),
			    IPPROTO_IGMP, buf, len, 2);
		if (how & 128)
			pf_pass(&nf, SEC_NS * (1 + (how & 15)));
	}
	pf_stop(&nf);
	return 0;
}
