/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disk core: what vnd, cgd, raid and the wedges have in common. A driver makes units and moves bytes of a whole medium; units, minors, partitions, labels, raw
 * and block access, the disk ioctls, write protection and statistics are here, once.
 *
 * A unit comes into being when it is first opened, without a medium ("not configured": only its raw partition opens, for ioctls). disk_configure gives it one,
 * disk_unconfigure takes it. minor = unit * MAXPARTITIONS + partition (wedges: minor = unit).
 *
 * Locks: ds_lock (list of units), dk_lock of a unit (opens, label, configuration; held over a driver's configuring, so it is a sleeping lock, above
 * vnodes in kern/locks.h: who configures opens files and devices under it). Transfers take neither: an open partition holds its unit's medium.
 */
#ifndef DEV_DISK_H
#define DEV_DISK_H

#include <netbsd/disk.h>
#include <netbsd/disklabel.h>
#include "dev/blkdev.h"
#include "dev/dev.h"

struct disk;

struct disk_driver {
	const char *dd_name; /* "vnd": units vnd0, vnd1 ... */
	unsigned dd_nunits; /* at most so many (below 100000); beyond: -ENXIO */
	uint16_t dd_type;   /* DKTYPE_* of made-up labels */
	bool dd_wedge;	    /* the minor is the unit, there are no partitions */
	size_t dd_privsize; /* dk_priv, zeroed */
	/* Whole-medium transfers: b_priv is the struct disk, offsets in bytes, inside the medium, aligned to b_align. bd_ioctl is not called. */
	const struct blkdev_ops *dd_ops;
	/*
	 * Requests of the driver's own, before the core looks at them: 1: none of them. dk_lock is held exclusively, so nobody opens, closes or configures meanwhile;
	 * what must wait (a rebuild) is done by the driver's threads.
	 */
	int (*dd_ioctl)(struct lwp *, struct disk *, unsigned part,
	    unsigned long cmd, void *data, int flags);
	/* The same for requests that must not hold the lock (long waits, queries while something configures). NULL: none. 1: none of them. */
	int (*dd_ioctl_unlocked)(struct lwp *, struct disk *, unsigned part,
	    unsigned long cmd, void *data, int flags);
	/* A unit without a medium is being opened: it may find one by itself. dk_lock held. NULL: it doesn't. */
	void (*dd_open)(struct lwp *, struct disk *);
	/* The kernel goes down: give back the medium (dk_priv is the core's). `l` is lwp0; files and devices are still there. */
	void (*dd_shutdown)(struct lwp *, struct disk *);
	/* A made-up label's type name, rpm and flags beyond the geometry's; NULL: name of the driver. */
	void (*dd_label)(const struct disk *, struct disklabel *);
};

struct disk_part {
	struct blkdev
	    dp_dev; /* what file systems and raw access use; b_priv is this */
	struct disk *dp_disk;
	uint64_t dp_begin;  /* bytes */
	uint64_t dp_serial; /* dk_serial of the medium that it is a part of */
	unsigned dp_bopens, dp_copens;
};

/* Counters as hw.iostats has them. */
struct disk_stat {
	_Atomic uint64_t rxfer, rbytes, wxfer, wbytes;
	_Atomic int32_t busy;
	_Atomic int64_t time_ns; /* busy, so far */
	_Atomic int64_t since_ns;
};

struct disk {
	struct disk *dk_next;
	const struct disk_driver *dk_driver;
	struct rump_kernel *dk_k;
	unsigned dk_unit;
	char dk_name[16]; /* "vnd0" */
	void *dk_priv;
	struct krwlock dk_lock;
	unsigned dk_refs;	  /* opens, and who configures; ds_lock */
	_Atomic bool dk_changing; /* somebody is in dd_ioctl */
	_Atomic bool dk_configured;
	/* Who takes the medium away waits here for transfers. */
	struct kmutex dk_idlelock;
	struct kcond dk_idle;
	struct blkdev dk_dev; /* the medium */
	struct disk_geom dk_geom;
	/* The label in force; dk_labelled: it comes from the medium, or was set. */
	struct disklabel dk_label;
	bool dk_haslabel, dk_labelled, dk_swapped, dk_wlabel, dk_klabel;
	uint64_t dk_labelsector; /* where one was found, or would be written */
	size_t dk_labeloff;
	struct disk_part dk_part[MAXPARTITIONS];
	struct disk_wedge *dk_wedges; /* disk_wedge.c; under dk_lock */
	struct disk_stat dk_stat;
	int64_t dk_attached_ns;
	uint64_t dk_serial;   /* of configurations */
	char dk_strategy[32]; /* DIOCSSTRATEGY; nothing waits in a queue here */
};

int disk_attach(struct rump_kernel *) MUST_CHECK; /* component librumpdev_disk */
void disk_detach(struct rump_kernel *);

/* The members of a driver's devsw. The driver is found by d_disk, and its name there: to be taken from it is no constant to every compiler. */
int disk_dopen(struct lwp *, dev_t, bool blk, int flags) MUST_CHECK;
int disk_dclose(struct lwp *, dev_t, bool blk, int flags);
int disk_dread(struct lwp *, dev_t, struct uio *, int flags) MUST_CHECK;
int disk_dwrite(struct lwp *, dev_t, struct uio *, int flags) MUST_CHECK;
int disk_dioctl(struct lwp *, dev_t, bool blk, unsigned long cmd, void *data,
    int flags) MUST_CHECK;
int disk_dblkdev(struct lwp *, dev_t, struct blkdev **) MUST_CHECK;
#define DISK_DEVSW(driver, bmajor, cmajor)                                    \
	{                                                                     \
		.d_name = "disk", .d_bmajor = (bmajor), .d_cmajor = (cmajor), \
		.d_flags = D_DISK, .d_disk = &(driver), .d_open = disk_dopen, \
		.d_close = disk_dclose, .d_read = disk_dread,                 \
		.d_write = disk_dwrite, .d_ioctl = disk_dioctl,               \
		.d_blkdev = disk_dblkdev,                                     \
	}

/*
 * The unit has a medium of `size` bytes (cut to whole sectors) and `secsize` (512 to 4096, a power of two); `geom` may be NULL or partly zero: the rest is made up.
 * For dd_ioctl (dk_lock held). Its label is read at the next open, its wedges are looked for. -EBUSY: it has one already; -EINVAL.
 */
int disk_configure(struct lwp *, struct disk *, uint64_t size, uint32_t secsize,
    const struct disk_geom *, bool readonly) MUST_CHECK;
/*
 * May the medium go? For dd_ioctl. 0: its label, wedges and partitions are forgotten, transfers under way have ended, and nobody will transfer any more (-ENXIO); -EBUSY: another partition than `part`, `part`'s other
 * kind, or a wedge is open, and not `force`; -ENXIO: not configured.
 */
int disk_unconfigure(
    struct lwp *, struct disk *, unsigned part, bool force) MUST_CHECK;
/* The medium has another size now (a RAID set, a file that grew); dk_lock held. */
void disk_resized(struct disk *, uint64_t size);
/* A unit by driver and number, without opening it (for CGDIOCGET and the like of another unit): created if need be, held until disk_put. -ENXIO beyond dd_nunits. */
int disk_get(struct rump_kernel *, const struct disk_driver *, unsigned unit,
    struct disk **) MUST_CHECK;
void disk_put(struct disk *);

/*
 * What a driver stands on: opens a block device by the name in a kernel string (`flags` FREAD, FWRITE). *vpp is referenced and open until disk_close_under. -ENOTBLK, -ENXIO, -EBUSY
 * (a mounted one), what open gives. Under a unit's dk_lock.
 */
int disk_open_under(struct lwp *, const char *path, int flags,
    struct vnode **vpp, struct blkdev **) MUST_CHECK;
void disk_close_under(struct lwp *, struct vnode *, int flags);

/* hw.disknames and hw.iostatnames, hw.iostats: units that have a medium. */
struct sysctl_call;
int disk_sysctl_names(struct sysctl_call *) MUST_CHECK;
int disk_sysctl_stats(struct sysctl_call *) MUST_CHECK;

/* disk_wedge.c: wedges of a unit (DIOCAWEDGE and its kind: 1: none of them), and looking for them at configuration. */
int disk_wedge_ioctl(struct lwp *, struct disk *, unsigned long cmd, void *data,
    int flags) MUST_CHECK;
/* At configuration, when the kernel is told to (RUMP_WEDGES); else it is asked for (DIOCMWEDGES). */
void disk_wedge_discover(struct lwp *, struct disk *);
/* -EBUSY: one is open, and not force. */
int disk_wedge_forget(struct lwp *, struct disk *, bool force) MUST_CHECK;

#endif
