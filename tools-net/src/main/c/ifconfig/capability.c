/* SPDX-License-Identifier: BSD-2-Clause */
/* ifconfig's words for what an interface's hardware does: checksums and segmentation. */
#include "ifconfig.h"

static void
run_capability(struct ifconfig *ic, const struct action *a)
{
	bool clear = a->word->name[0] == '-';
	struct ifcapreq req;
	int error;

	memset(&req, 0, sizeof(req));
	ifconfig_name(ic, req.ifcr_name);
	error = ifconfig_ioctl(ic, SIOCGIFCAP, &req);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCGIFCAP");
	if (clear)
		req.ifcr_capenable &= ~(uint64_t)a->word->arg;
	else
		req.ifcr_capenable |= (uint64_t)a->word->arg;
	error = ifconfig_ioctl(ic, SIOCSIFCAP, &req);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCSIFCAP");
}

#define WORDS(name, bits)                              \
	{ name, run_capability, NULL, (bits) },        \
	{                                              \
		"-" name, run_capability, NULL, (bits) \
	}
#define BOTH(name, cap)                                             \
	WORDS(name, IFCAP_CSUM_##cap##_Tx | IFCAP_CSUM_##cap##_Rx), \
	    WORDS(name "-tx", IFCAP_CSUM_##cap##_Tx),               \
	    WORDS(name "-rx", IFCAP_CSUM_##cap##_Rx)

const struct word capability_words[] = { BOTH("ip4csum", IPv4),
	BOTH("tcp4csum", TCPv4), BOTH("udp4csum", UDPv4),
	BOTH("tcp6csum", TCPv6), BOTH("udp6csum", UDPv6),
	WORDS("tso4", IFCAP_TSOv4), WORDS("tso6", IFCAP_TSOv6),
	WORDS("lro", IFCAP_LRO), { NULL, NULL, NULL, 0 } };
