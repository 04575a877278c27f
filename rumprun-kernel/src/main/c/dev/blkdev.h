/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Block devices as file systems and other drivers see them: byte addressed, one level of indirection, safe from many
 * threads at once. Offsets and lengths in bytes. Host-file backed devices take any alignment; b_align says what a
 * device wants (1, or its sector size), and the block cache honours it.
 */
#ifndef DEV_BLKDEV_H
#define DEV_BLKDEV_H

#include "kern/kernel.h"

struct blkdev;
struct blkdev_ops {
	/*
	 * Transfer through vectors of this address space. 0 or -errno: -EIO for a host error or a short transfer (image truncated
	 * under us), -ENOSPC, -EROFS, -EINVAL outside the device. All or error.
	 */
	int (*bd_readv)(
	    struct blkdev *, const struct iovec *, int cnt, uint64_t off);
	int (*bd_writev)(
	    struct blkdev *, const struct iovec *, int cnt, uint64_t off);
	int (*bd_sync)(
	    struct blkdev *); /* what was written is on the medium after it */
	/* The range reads as zeros from now on, and takes no room on the host. -EOPNOTSUPP when the host cannot. May be NULL. */
	int (*bd_discard)(struct blkdev *, uint64_t off, uint64_t n);
	int (*bd_ioctl)(struct blkdev *, struct lwp *, unsigned long cmd,
	    void *data, int fflag);
};
struct blkdev {
	const struct blkdev_ops *b_ops;
	struct rump_kernel *b_k;
	void *b_priv;
	uint32_t b_secsize; /* 512 .. 4096 */
	uint32_t b_align;
	uint32_t b_piece; /* long transfers are cut at multiples of this; 0: wherever */
	uint64_t b_size; /* bytes */
	bool b_readonly;
	/* The kernel goes down without a sync: what is written from now on is dropped, and said to be done. */
	_Atomic bool b_drop;
	dev_t b_dev;
};

int blkdev_read(struct blkdev *, void *, size_t, uint64_t off) MUST_CHECK;
int blkdev_write(struct blkdev *, const void *, size_t, uint64_t off) MUST_CHECK;
/*
 * Moves n bytes at off straight between the device and the user's memory: one copy when the process is local; for a remote one through its
 * bounce buffer in pieces of up to 1 MiB. Advances the uio (its own offset too).
 */
int blkdev_uiomove(
    struct blkdev *, uint64_t off, size_t n, struct uio *) MUST_CHECK;
static inline int
blkdev_sync(struct blkdev *d)
{
	return d->b_ops->bd_sync(d);
}

#endif
