/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzing: routing messages, one after another, written to PF_ROUTE sockets, and what becomes of the table listed. */
#include <netbsd/sysctl.h>
#include "net_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
drain(struct net_fuzz *nf, int s)
{
	uint8_t buf[4096];

	while (SYS(nf->l, SYS_recvfrom, recvfrom, P(int, s), P(void *, buf),
		   P(size_t, sizeof(buf)), P(int, MSG_DONTWAIT),
		   P(struct sockaddr *, NULL), P(socklen_t *, NULL)) > 0)
		continue;
}

static void
list(struct net_fuzz *nf, int af, int what, int arg)
{
	int mib[6] = { CTL_NET, PF_ROUTE, 0, af, what, arg };
	uint8_t buf[4096];
	size_t len = sizeof(buf);

	(void)SYS(nf->l, SYS___sysctl, __sysctl, P(const int *, mib),
	    P(unsigned, 6), P(void *, buf), P(size_t *, &len),
	    P(const void *, NULL), P(size_t, 0));
}

/* A record: how long it is, how much of the header is put right, and the message. */
int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	struct net_fuzz nf;
	int s, mon;

	net_fuzz_start(&nf);
	s = SYS(nf.l, SYS___socket30, __socket30, P(int, PF_ROUTE),
	    P(int, SOCK_RAW), P(int, 0));
	mon = SYS(nf.l, SYS___socket30, __socket30, P(int, PF_ROUTE),
	    P(int, SOCK_RAW), P(int, AF_INET));
	while (n > 2) {
		union {
			struct rt_msghdr h;
			uint8_t raw[768];
		} m;
		size_t len = in[0] + (in[1] & 1 ? 256u : 0), take;
		uint8_t how = in[1];

		in += 2;
		n -= 2;
		take = len < n ? len : n;
		memset(&m, 0, sizeof(m));
		/* A short record has its header's first words only. */
		if (how & 2 && take > 20) {
			memcpy(&m, in, 16);
			memcpy(m.raw + sizeof(m.h), in + 16, take - 16);
			len = sizeof(m.h) + take - 16;
		} else {
			memcpy(&m, in, take);
		}
		if (len > sizeof(m))
			len = sizeof(m);
		if ((how & 4) == 0) {
			m.h.rtm_version = RTM_VERSION;
			m.h.rtm_msglen = (unsigned short)len;
		}
		if ((how & 8) == 0)
			m.h.rtm_addrs &= 0x1ff;
		(void)SYS(nf.l, SYS_write, write, P(int, s),
		    P(const void *, &m), P(size_t, len));
		if (how & 16)
			drain(&nf, s);
		if (how & 32)
			list(&nf, m.raw[6] & 31, m.raw[7] & 7, m.raw[5]);
		if (how & 64)
			(void)if_clone_destroy(nf.k, net_fuzz_names[1]);
		in += take;
		n -= take;
	}
	list(&nf, 0, NET_RT_DUMP, 0);
	list(&nf, 0, NET_RT_IFLIST, 0);
	drain(&nf, s);
	drain(&nf, mon);
	net_fuzz_stop(&nf);
	return 0;
}
