/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: ICMP for a host, or router, with sockets that the quoted packets may belong to.
 *
 * An input: records of a byte (what is right about it), a byte of length, and a message from its type on.
 */
#include "packet_fuzz.h"

/* What is quoted is ours: by our address, for a port that is used. */
static void
quote(uint8_t *p, size_t len, uint8_t how)
{
	uint8_t *q = p + 8;

	if (len < 8 + IPH_SIZE + 8)
		return;
	q[0] = 0x45;
	be16_put(q + IPH_LEN, (uint16_t)(1000 + how));
	be16_put(q + IPH_OFF, IP_DF);
	q[IPH_P] = how & 8 ? IPPROTO_TCP : IPPROTO_UDP;
	ip_setaddr(q + IPH_SRC, pf_addr4(1));
	ip_setaddr(q + IPH_DST, pf_addr4(2 + (how & 1)));
	be16_put(q + IPH_SIZE, 7000);
	be16_put(q + IPH_SIZE + 2, 9);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	struct net_fuzz nf;
	struct ifnet *ifp = pf_start(&nf);
	uint8_t how, buf[256];
	size_t len;
	int u = pf_bound(&nf, AF_INET, SOCK_DGRAM, 7000),
	    t = pf_bound(&nf, AF_INET, SOCK_STREAM, 7000),
	    raw = pf_socket(&nf, AF_INET, SOCK_RAW, IPPROTO_ICMP);

	if (n > 0) {
		INET(nf.k)->ip_forwarding = in[0] & 1;
		INET(nf.k)->icmp_maskrepl = in[0] >> 1 & 1;
		INET(nf.k)->icmp_bmcastecho = in[0] >> 2 & 1;
	}
	(void)pf_connect(&nf, u, AF_INET, 2, 9);
	(void)pf_connect(&nf, t, AF_INET, 3, 9);
	while (pf_record(&in, &n, &how, buf, &len)) {
		if ((how & 4) == 0)
			quote(buf, len, how);
		pf_ip4(&nf, ifp, pf_addr4(2 + (how >> 4 & 1)),
		    (how & 64) ? htonl(0x0a0000ffu) : pf_addr4(1), IPPROTO_ICMP,
		    buf, len, (how & 2) ? -1 : 2);
		(void)pf_recv(&nf, raw);
		(void)pf_recv(&nf, u);
		(void)pf_sendto(&nf, u, buf, len, NULL);
		if (how & 128)
			pf_pass(&nf, SEC_NS * (1 + len));
	}
	pf_stop(&nf);
	return 0;
}
