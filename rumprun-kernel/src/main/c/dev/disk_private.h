/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk core, inside: between subr_disk.c, disk_label.c, disk_wedge.c and disk_info.c. */
#ifndef DEV_DISK_PRIVATE_H
#define DEV_DISK_PRIVATE_H

#include "dev/disk.h"
#include "dev/parttab.h"

struct disk_state {
	struct kmutex ds_lock;
	struct disk *ds_disks;
	uint64_t ds_serial;
	struct krwlock ds_wedges; /* disk_wedge.c */
};

/* Monotonic, of the kernel. */
int64_t disk_now(struct rump_kernel *);
/* Calls fn for each configured unit, ds_lock held, until one gives nonzero, which is returned. */
int disk_foreach(
    struct rump_kernel *, int (*fn)(struct disk *, void *), void *arg);
/* Partitions that are open have the windows of the label in force. dk_lock held, as below. */
void disk_set_windows(struct disk *);

/* The medium, counted in statistics; disk_unconfigure waits for them, after it -ENXIO. -EINVAL outside the medium. No lock needed. */
int disk_medium_io(struct disk *, const struct iovec *, int cnt, uint64_t off,
    bool write) MUST_CHECK;
int disk_medium_sync(struct disk *) MUST_CHECK;
int disk_medium_discard(struct disk *, uint64_t off, uint64_t n) MUST_CHECK;
/* The medium for parttab.h. */
struct parttab_reader disk_reader(struct disk *);

/* disk_label.c */
void disk_made_up_label(const struct disk *, struct disklabel *);
/* The label in force becomes the medium's, or a made-up one. */
void disk_read_label(struct disk *);
/* Would a write of these bytes of a partition change the label, which is protected? Without the lock. */
bool disk_hits_label(const struct disk_part *, uint64_t off, uint64_t n);
/* The requests of disk(4) but wedges. -ENOTTY: none of them. */
int disk_label_ioctl(struct lwp *, struct disk *, unsigned part,
    unsigned long cmd, void *data, int flags) MUST_CHECK;

/* disk_wedge.c */
extern const struct disk_driver disk_wedge_driver;
/* FS_* of a wedge. */
uint8_t disk_wedge_fstype(const struct disk *);
/* DIOCLWEDGES; no lock held. */
int disk_wedge_list(struct lwp *, struct disk *, void *data) MUST_CHECK;

/* disk_info.c: DIOCGDISKINFO; no lock held. */
int disk_info(struct lwp *, struct disk *, void *data) MUST_CHECK;

#endif
