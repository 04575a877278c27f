/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device switch: which driver serves a device number. Drivers come with components (c_devsw); those of the base
 * kernel (memory, console) are always there. A driver exists for a kernel when its component is booted.
 */
#ifndef DEV_DEV_H
#define DEV_DEV_H

#include "kern/file.h"

struct blkdev;
struct disk_driver;

struct devsw {
	const char *d_name;
	int d_bmajor, d_cmajor; /* -1: none */
	unsigned d_flags;	/* D_* */
	/* flags: FREAD, FWRITE, O_NONBLOCK. A member that is NULL succeeds (open, close) or gives -ENXIO; ioctl -ENOTTY. */
	int (*d_open)(struct lwp *, dev_t, bool blk, int flags);
	int (*d_close)(struct lwp *, dev_t, bool blk, int flags);
	/*
	 * After d_open: gives the open a file of its own (sets f_type, f_ops, f_data), which has nothing to do with the node any more (d_close follows). 1: not
	 * for this number. NULL: for none.
	 */
	int (*d_clone)(struct lwp *, dev_t, int flags, struct file *);
	int (*d_read)(struct lwp *, dev_t, struct uio *, int flags);
	int (*d_write)(struct lwp *, dev_t, struct uio *, int flags);
	int (*d_ioctl)(struct lwp *, dev_t, bool blk, unsigned long cmd,
	    void *data, int flags);
	int (*d_poll)(struct lwp *, dev_t, int events); /* NULL: always ready */
	int (*d_kqfilter)(
	    struct lwp *, dev_t, struct knote *); /* NULL: -EINVAL */
	/* Block drivers: the device for reading and writing blocks, open as long as the number is. */
	int (*d_blkdev)(struct lwp *, dev_t, struct blkdev **);
	const struct disk_driver *d_disk; /* dev/disk.h: it is a disk's */
};
#define D_DISK 0x1
#define D_TTY 0x2
#define D_TAPE 0x4

/* The driver of a device number, or NULL. */
const struct devsw *dev_find(struct rump_kernel *, dev_t, bool blk);

/* The calls, with what stands above done for missing members; -ENXIO without a driver. */
int dev_open(struct lwp *, dev_t, bool blk, int flags);
int dev_close(struct lwp *, dev_t, bool blk, int flags);
int dev_clone(struct lwp *, dev_t, int flags, struct file *);
int dev_read(struct lwp *, dev_t, struct uio *, int flags);
int dev_write(struct lwp *, dev_t, struct uio *, int flags);
int dev_ioctl(
    struct lwp *, dev_t, bool blk, unsigned long cmd, void *data, int flags);
int dev_poll(struct lwp *, dev_t, int events);
int dev_kqfilter(struct lwp *, dev_t, struct knote *);
int dev_blkdev(struct lwp *, dev_t, struct blkdev **);

/* Nodes that a root file system starts with, in order, parents first; made if the component is booted (NULL: always). */
struct devnode {
	const char *dn_path;
	char dn_type; /* 'd' directory, 'c', 'b', 'l' link */
	uint32_t dn_mode, dn_uid, dn_gid;
	uint32_t dn_major, dn_minor;
	const char *dn_target; /* of a link */
	const char *dn_component; /* or several, with commas between: all of them */
};
extern const struct devnode dev_nodes[]; /* ends with dn_path NULL */

extern const struct devsw dev_mem, dev_console;

#endif
