/* SPDX-License-Identifier: BSD-2-Clause */
/* The process tree, for kern/ itself: making the first processes, walking all of them. */
#ifndef KERN_PROC_H
#define KERN_PROC_H

#include "kern/kernel.h"

/* The kernel's own process (pid 0) with k_lwp0; the first user process (pid 1), once the components are there. */
int proc_boot(struct rump_kernel *) MUST_CHECK;
int proc_boot_init(struct rump_kernel *) MUST_CHECK;
/* Frees what proc_boot made. All other processes are gone. */
void proc_fini(struct rump_kernel *);
/*
 * Calls fn for every process, zombies too, k_proclock held; stops at the first nonzero result and returns it.
 */
int proc_foreach(struct rump_kernel *, int (*fn)(struct proc *, void *), void *);
/* For halt: ends every process but pid 0, whatever lwps they still have (none is in a call). */
void proc_exitall(struct rump_kernel *);

#endif
