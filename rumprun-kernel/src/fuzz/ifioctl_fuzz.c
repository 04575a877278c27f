/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzing: requests about interfaces and their addresses, in whatever order, with what the input has behind them. */
#include <netbsd/if_media.h>
#include <netbsd/in6_var.h>
#include "net_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const unsigned long commands[] = { SIOCSIFCAP, SIOCAIFADDR,
	SIOCSIFPHYADDR, SIOCSIFADDR, SIOCSIFDSTADDR, SIOCSIFFLAGS,
	SIOCSIFBRDADDR, SIOCSIFNETMASK, SIOCSIFMETRIC, SIOCDIFADDR,
	SIOCADDMULTI, SIOCDELMULTI, SIOCSETVLAN, SIOCDIFPHYADDR, SIOCIFDESTROY,
	SIOCIFCREATE, SIOCSIFMTU, SIOCSIFADDRPREF, SIOCALIFADDR, SIOCDLIFADDR,
	SIOCSLIFPHYADDR, SIOCGETHERCAP, SIOCGIFCAP, SIOCGIFALIAS,
	SIOCINITIFADDR, SIOCGIFFLAGS, SIOCGIFMETRIC, SIOCGIFADDR,
	SIOCGIFDSTADDR, SIOCGIFBRDADDR, SIOCGIFNETMASK, SIOCSIFMEDIA,
	SIOCGETVLAN, SIOCGIFPSRCADDR, SIOCGIFPDSTADDR, SIOCGIFDLT, SIOCGIFMTU,
	SIOCSVH, SIOCGVH, SIOCGIFINDEX, SIOCGIFADDRPREF, SIOCGIFDATA,
	SIOCZIFDATA, SIOCGLIFADDR, SIOCGLIFPHYADDR, SIOCGIFAFLAG_IN,
	OSIOCSIFADDR, OSIOCSIFFLAGS, OSIOCADDMULTI, OOSIOCGIFADDR,
	OOSIOCGIFNETMASK, OSIOCGIFMTU, OSIOCGIFDATA, OSIOCZIFDATA,
	SIOCAIFADDR_IN6, SIOCDIFADDR_IN6, SIOCGIFADDR_IN6, SIOCGIFDSTADDR_IN6,
	SIOCGIFNETMASK_IN6, SIOCGIFAFLAG_IN6, SIOCGIFALIFETIME_IN6,
	SIOCGIFSTAT_IN6, SIOCGIFSTAT_ICMP6, SIOCGIFINFO_IN6, SIOCSIFINFO_FLAGS,
	SIOCSNDFLUSH_IN6, SIOCGNBRINFO_IN6, SIOCSPFXFLUSH_IN6,
	SIOCSRTRFLUSH_IN6, SIOCSDEFIFACE_IN6, SIOCGDEFIFACE_IN6,
	SIOCSIFPHYADDR_IN6, SIOCAADDRCTL_POLICY, SIOCDADDRCTL_POLICY };
static const unsigned long lists[] = { SIOCGIFCONF, OSIOCGIFCONF, OOSIOCGIFCONF,
	SIOCIFGCLONERS };
static const unsigned long specific[] = { SIOCSDRVSPEC, SIOCGDRVSPEC,
	SIOCSLINKSTR, SIOCGLINKSTR };

#define PICK(table, b) table[(b) % (sizeof(table) / sizeof(table[0]))]

static void
put_name(uint8_t *data, uint8_t b)
{
	const char *name = PICK(net_fuzz_names, b);

	memset(data, 0, IFNAMSIZ);
	memcpy(data, name, strlen(name));
}

static void
one(struct net_fuzz *nf, const int *s, uint8_t what, uint8_t which, uint8_t fd,
    uint8_t *data)
{
	uint8_t more[256];
	unsigned long cmd = PICK(commands, which);

	memcpy(more, data + 64, sizeof(more));
	if ((what & 7) == 6) {
		struct ifconf ifc = { .ifc_len = (int8_t)data[0] };

		cmd = PICK(lists, which);
		ifc.ifc_ifcu.ifcu_buf = data[1] & 1 ? more : NULL;
		if (cmd == SIOCIFGCLONERS) {
			struct if_clonereq cr = {
				.ifcr_count = (int8_t)data[0] % 16,
				.ifcr_buffer = data[1] & 1 ? (char *)more : NULL
			};

			memcpy(data, &cr, sizeof(cr));
		} else
			memcpy(data, &ifc, sizeof(ifc));
	} else if ((what & 7) == 7) {
		struct ifdrv ifd = { .ifd_cmd = data[20],
			.ifd_len = data[21],
			.ifd_data = more };

		cmd = PICK(specific, which);
		memcpy(data, &ifd, sizeof(ifd));
	}
	if (cmd == SIOCSETVLAN || cmd == SIOCGETVLAN) {
		void *where = more;

		put_name(more, which);
		memcpy(data + IFNAMSIZ, &where, sizeof(where));
	}
	if ((what & 7) != 6 && (what & 8) == 0)
		put_name(data, what >> 4);
	(void)SYS(nf->l, SYS_ioctl, ioctl, P(int, s[fd % 4]),
	    P(unsigned long, cmd), P(void *, data));
}

/* A record: what, which command, which socket, how many bytes; the bytes. */
int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	static const int kinds[4][2] = { { PF_ROUTE, SOCK_RAW },
		{ AF_INET, SOCK_DGRAM }, { AF_INET6, SOCK_DGRAM },
		{ AF_LINK, SOCK_DGRAM } };
	struct net_fuzz nf;
	int s[4];

	net_fuzz_start(&nf);
	for (int i = 0; i < 4; i++)
		s[i] = SYS(nf.l, SYS___socket30, __socket30,
		    P(int, kinds[i][0]), P(int, kinds[i][1]), P(int, 0));
	while (n > 4) {
		uint8_t data[1024];
		size_t take = in[3] < n - 4 ? in[3] : n - 4;

		memset(data, 0, sizeof(data));
		memcpy(data + (in[0] & 8 ? 0 : IFNAMSIZ), in + 4, take);
		one(&nf, s, in[0], in[1], in[2], data);
		in += 4 + take;
		n -= 4 + take;
	}
	net_fuzz_stop(&nf);
	return 0;
}
