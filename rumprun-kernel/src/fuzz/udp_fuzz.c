/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: UDP of both families, for sockets that want to know all about what came, and answer.
 *
 * An input: records of a byte (which family, what is right about it), a byte of length, and a datagram from its header on.
 */
#include "packet_fuzz.h"

static int
curious(struct net_fuzz *nf, int af)
{
	static const int o4[] = { IP_RECVDSTADDR, IP_RECVIF, IP_RECVTTL,
		IP_RECVOPTS, IP_RECVRETOPTS, IP_RECVPKTINFO },
			 o6[] = { IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT,
				 IPV6_RECVTCLASS, IPV6_RECVHOPOPTS,
				 IPV6_RECVDSTOPTS, IPV6_RECVRTHDR };
	int s = pf_bound(nf, af, SOCK_DGRAM, 7000);

	for (int i = 0; i < 6; i++)
		pf_set(nf, s, af == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
		    af == AF_INET ? o4[i] : o6[i], 1);
	pf_set(nf, s, SOL_SOCKET, SO_TIMESTAMP, 1);
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	struct in6_addr src = pf_addr6(2, false), dst = pf_addr6(1, false);
	struct sockaddr_storage to;
	struct net_fuzz nf;
	struct ifnet *ifp = pf_start(&nf);
	uint8_t how, buf[256];
	size_t len;
	int s[2] = { curious(&nf, AF_INET), curious(&nf, AF_INET6) };

	memset(buf, 0, sizeof(buf));
	while (pf_record(&in, &n, &how, buf, &len)) {
		bool v6 = how & 1;

		if ((how & 2) == 0)
			be16_put(buf + 2, 7000);
		if ((how & 4) == 0)
			be16_put(buf + 4, (uint16_t)len);
		if (v6)
			pf_ip6(&nf, ifp, &src, &dst, IPPROTO_UDP, 64, buf, len,
			    (how & 8) ? -1 : 6);
		else {
			if ((how & 8) == 0)
				memset(buf + 6, 0, 2);
			pf_ip4(&nf, ifp, pf_addr4(2), pf_addr4(1), IPPROTO_UDP,
			    buf, len, -1);
		}
		if (how & 16)
			(void)pf_recv(&nf, s[v6]);
		if (how & 32)
			(void)pf_connect(
			    &nf, s[v6], v6 ? AF_INET6 : AF_INET, 2, len);
		(void)pf_name(&to, v6 ? AF_INET6 : AF_INET, 2, len | 1);
		(void)pf_sendto(&nf, s[v6], buf, len, (how & 64) ? &to : NULL);
		if (how & 128)
			pf_pass(&nf, SEC_NS);
	}
	pf_stop(&nf);
	return 0;
}
