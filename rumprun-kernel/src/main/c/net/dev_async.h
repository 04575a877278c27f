/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets SIGIO from a device of the network (bpf, tun, tap). */
#ifndef NET_DEV_ASYNC_H
#define NET_DEV_ASYNC_H

#include "kern/kernel.h"

struct dev_async {
	_Atomic int da_owner; /* a process, or minus its group; 0: nobody */
	_Atomic bool da_on;
};

/* FIONBIO, FIOASYNC, and the requests for the owner; -ENOTTY: another one. */
int dev_async_ioctl(
    struct lwp *, struct dev_async *, unsigned long cmd, void *data) MUST_CHECK;
/* Any lock above the process tree's may be held. */
void dev_async_signal(struct rump_kernel *, const struct dev_async *);

#endif
