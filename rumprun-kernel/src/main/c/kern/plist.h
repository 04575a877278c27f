/* SPDX-License-Identifier: BSD-2-Clause */
/* Property lists inside the kernel: the public functions, and memory of a kernel for them. */
#ifndef KERN_PLIST_H
#define KERN_PLIST_H

#include <rumprun/plist.h>
#include "kern/kernel.h"

/* Where a tree has its memory from. */
struct plist_mem *plist_memory(const struct plist *);
/* Accounted to the kernel. */
void plist_mem_init(struct plist_mem *, struct rump_kernel *);
/* Reads what a request refers to: at most `max` bytes. No lock may be held. -E2BIG, -EFAULT, and plist_read's. */
int plist_copyin(struct lwp *, struct plist_mem *, const struct plistref *,
    size_t max, struct plist **) MUST_CHECK;
/* Puts the external form into new memory of the caller's process and sets *ref. No lock may be held. -ENOMEM, -EFAULT. */
int plist_copyout(
    struct lwp *, const struct plist *, struct plistref *) MUST_CHECK;

#endif
