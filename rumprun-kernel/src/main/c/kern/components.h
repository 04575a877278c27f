/* SPDX-License-Identifier: BSD-2-Clause */
/* Which components a kernel has, and their coming and going. For kern/boot.c. */
#ifndef KERN_COMPONENTS_H
#define KERN_COMPONENTS_H

#include "kern/kernel.h"

/* vfs/vfs_init.c: librumpvfs, with the root file system */
extern const struct component component_vfs;

/*
 * Marks in k_have what the configuration names, the base of every kernel
 * included. A component whose faction (vfs, net, dev), or
 * what else it needs, isn't named is left out.
 * -ENOENT for an unknown name.
 */
int components_select(struct rump_kernel *) MUST_CHECK;
int components_attach(struct rump_kernel *, int *attached) MUST_CHECK;
/* Detaches the first `attached` rows of the table, last one first. */
void components_detach(struct rump_kernel *, int attached);
/* The row of a name in any of its forms: "librumpfs_ffs", "rumpfs_ffs", "fs_ffs"; or -1. */
int component_find(const char *name);

#endif
