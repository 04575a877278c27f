/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel of this process, and the tools as its processes. */
#ifndef LIB_NET_KERNEL_H
#define LIB_NET_KERNEL_H

#include "kern/kernel.h"

struct net_kernel {
	struct rump_kernel *k;
	char out[65536]; /* what the last tool printed, both streams */
	size_t outlen;
};

/* All components. Stopping it checks that nothing leaks. */
void net_kernel_start(struct net_kernel *);
void net_kernel_stop(struct net_kernel *);
/* Runs a command line (blanks separate words) to its end; the status. */
int net_kernel_run(struct net_kernel *, const char *line);

#endif
