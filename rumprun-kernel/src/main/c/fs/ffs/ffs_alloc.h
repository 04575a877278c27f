/* SPDX-License-Identifier: BSD-2-Clause */
/* What the allocators of blocks and of inodes have in common: a cylinder group in the hands of one of them. */
#ifndef FS_FFS_FFS_ALLOC_H
#define FS_FFS_FFS_ALLOC_H

#include "fs/ffs/ffs.h"

/* A group that is being changed. */
struct cgbuf {
	struct buf *c_buf;
	struct cg c_cg;
	uint32_t c_cgx;
	uint8_t *c_free;     /* fragments */
	uint32_t c_nblk;     /* whole blocks */
	struct csum c_delta; /* what changed */
	bool c_now;	     /* fsck has to know it before it is used */
};

/* The group's counts as they are at this moment: for who has not got its buffer. */
struct csum ffs_group_hint(struct ffsmount *, uint32_t cgx);
/* The group, checked, with its buffer busy: -EIO. */
int ffs_group_open(struct ffsmount *, uint32_t cgx, struct cgbuf *) MUST_CHECK;
/* Gives it back; changed: with c_delta in its counts and the summary's. */
void ffs_group_close(struct ffsmount *, struct cgbuf *, bool changed);
/* Asks group `first`, some at growing distance, then all: the first 0, -ENOMEM, or -ENOSPC. A group that is damaged is left out. */
int ffs_ask_groups(struct ffsmount *, uint32_t first,
    int (*)(struct ffsmount *, uint32_t, void *), void *) MUST_CHECK;

#endif
