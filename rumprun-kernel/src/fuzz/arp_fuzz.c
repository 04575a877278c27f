/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: ARP for a host that looks for neighbours, is asked, and has an address that others may claim.
 *
 * An input: records of a byte (what is right about it), a byte of length, and a message. Between them the host sends, and time goes on.
 */
#include "packet_fuzz.h"

static void
mend(uint8_t *p, uint8_t how)
{
	if ((how & 1) == 0)
		memcpy(p, "\0\1\10\0\6\4\0", 7);
	if ((how & 2) == 0)
		memcpy(p + 14, "\12\0\0", 3);
	if ((how & 4) == 0)
		memcpy(p + 24, "\12\0\0\1", 4);
	if ((how & 8) == 0)
		memcpy(p + 8, "\2\0\0\0\x9", 5);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	struct sockaddr_storage to;
	struct net_fuzz nf;
	struct ifnet *ifp = pf_start(&nf);
	uint8_t how, buf[256 + 28];
	size_t len;
	int s = pf_bound(&nf, AF_INET, SOCK_DGRAM, 9);

	memset(buf, 0, sizeof(buf));
	while (pf_record(&in, &n, &how, buf, &len)) {
		mend(buf, how);
		if (len > 0 && (how & 16) != 0) {
			(void)pf_name(&to, AF_INET, buf[0] & 7, 9);
			(void)pf_sendto(&nf, s, buf, len, &to);
		}
		/* Another address is looked for: who says it is his? */
		if ((how & 0x60) == 0x60) {
			INET(nf.k)->ip_dad_count = 2;
			net_wrlock(nf.k);
			(void)in_setaddr(ifp, pf_addr4(how & 3),
			    htonl(0xffffff00u), IN_IFF_TRYTENTATIVE);
			net_unlock(nf.k);
			net_run(nf.k);
		}
		pf_frame(&nf, ifp, (how & 32) ? all : ifp->if_lladdr,
		    ETHERTYPE_ARP, buf, len < 28 && (how & 1) == 0 ? 28 : len);
		if (how & 128)
			pf_pass(&nf, SEC_NS * (1 + (how & 15)));
	}
	pf_stop(&nf);
	return 0;
}
