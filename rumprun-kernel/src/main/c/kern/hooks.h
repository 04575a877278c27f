/* SPDX-License-Identifier: BSD-2-Clause */
/* The few functions of the folders above that the core calls: what a process holds of them, and their part of a halt. */
#ifndef KERN_HOOKS_H
#define KERN_HOOKS_H

#include "kern/kernel.h"

/* vfs/namei.h, vfs/mount.h */
int cwd_create(struct rump_kernel *, struct cwdinfo **);
int cwd_copy(struct cwdinfo *, struct cwdinfo **);
void cwd_put(struct lwp *, struct cwdinfo *);
void vfs_shutdown(struct lwp *, bool sync, bool force);
void spec_drop_writes(struct lwp *);
/* A component of the table comes or goes in a running kernel: its file system, its nodes in /dev. -EBUSY: something of it is mounted. */
int vfs_component_load(struct lwp *, int index);
int vfs_component_unload(struct rump_kernel *, int index);
/* What lookups have found, in struct nchstats' order; zeros without a vfs. */
#define NCHSTATS 10
void ncache_stats(struct rump_kernel *, uint64_t v[NCHSTATS]);
/* net/net.h */
void net_shutdown(struct rump_kernel *);
/* proxy/proxy.h */
void proxy_stop(struct rump_kernel *);

#endif
