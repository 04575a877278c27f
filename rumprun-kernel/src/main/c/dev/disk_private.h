/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk core, inside: between subr_disk.c, disk_label.c and disk_wedge.c. */
#ifndef DEV_DISK_PRIVATE_H
#define DEV_DISK_PRIVATE_H

#include "dev/disk.h"

/* Monotonic, of the kernel. */
int64_t disk_now(struct rump_kernel *);
/* Calls fn for each configured unit, ds_lock held, until one gives nonzero, which is returned. */
int disk_foreach(
    struct rump_kernel *, int (*fn)(struct disk *, void *), void *arg);
/* Partitions that are open have the windows of the label in force. dk_lock held, as below. */
void disk_set_windows(struct disk *);

/* disk_label.c */
void disk_made_up_label(const struct disk *, struct disklabel *);
/* The label in force becomes the medium's, or a made-up one. */
void disk_read_label(struct disk *);
/* Would a write of these bytes of a partition change the label, which is protected? Without the lock. */
bool disk_hits_label(const struct disk_part *, uint64_t off, uint64_t n);
/* The requests of disk(4) but wedges. -ENOTTY: none of them. */
int disk_label_ioctl(struct lwp *, struct disk *, unsigned part,
    unsigned long cmd, void *data, int flags) MUST_CHECK;

#endif
