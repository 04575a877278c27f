/* SPDX-License-Identifier: BSD-2-Clause */
/* For fuzz targets of the network's configuration: a kernel with interfaces of every kind that touches nothing of the host. */
#ifndef NET_FUZZ_H
#define NET_FUZZ_H

#include <netbsd/errno.h>
#include <netbsd/in.h>
#include <netbsd/syscallargs.h>
#include <stdio.h>
#include <stdlib.h>
#include "net/if_var.h"
#include "net/route_var.h"
#include "netinet/inet.h"

#define P(T, x)                 \
	{                       \
		.datum = (T)(x) \
	}
#define SYS(l, number, type, ...)                               \
	__extension__({                                         \
		struct sys_##type##_args sa_ = { __VA_ARGS__ }; \
		register_t rv_[2];                              \
		int e_ = kern_syscall(l, number, &sa_, rv_);    \
		e_ != 0 ? e_ : (int)rv_[0];                     \
	})

static const char *const net_fuzz_names[] = { "lo0", "lo1", "bridge0", "gif0",
	"vlan0", "tap0", "nosuch0", "" };

struct net_fuzz {
	struct rump_kernel *k;
	struct proc *p;
	struct lwp *l;
};

static inline void
net_fuzz_start(struct net_fuzz *nf)
{
	static const char *const components[] = { "net", "net_net",
		"net_netinet", "net_netinet6", "net_bridge", "net_gif",
		"net_vlan", "net_tap", "net_wire", NULL };
	struct kern_config config = { .kc_ncpu = 1,
		.kc_components = components,
		.kc_memlimit = 64 << 20 };
	struct ifnet *ifp;

	if (kern_boot(&config, &nf->k) != 0 ||
	    proc_fork(nf->k, NULL, RFCFDG, "fuzz", &nf->p) != 0 ||
	    lwp_create(nf->p, &nf->l) != 0)
		abort();
	net_wrlock(nf->k);
	for (int i = 1; i < 6; i++)
		(void)if_clone_create(nf->k, net_fuzz_names[i], NULL);
	if ((ifp = if_byname(nf->k, "lo1")) != NULL)
		(void)in_setaddr(ifp, htonl(0x0a000001), htonl(0xffffff00), 0);
	net_unlock(nf->k);
}

static inline void
net_fuzz_stop(struct net_fuzz *nf)
{
	int64_t leak;

	lwp_destroy(nf->l);
	proc_exit(nf->p, NULL, 0);
	kern_halt(nf->k, true, &leak);
	if (leak != 0) {
		fprintf(stderr, "%lld bytes leaked\n", (long long)leak);
		abort();
	}
}

#endif
