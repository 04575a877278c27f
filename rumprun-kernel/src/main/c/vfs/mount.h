/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mounts and file system types.
 */
#ifndef VFS_MOUNT_H
#define VFS_MOUNT_H

#include <netbsd/mount.h>
#include <netbsd/types.h>
#include "vfs/vnode.h"

struct vfsops;
struct quotactl_args;

struct mount {
	struct krwlock
	    mnt_busylock; /* shared by every call that works in it; exclusive: unmount, update */
	struct kmutex mnt_renamelock;
	struct rump_kernel *mnt_k;
	const struct vfsops *mnt_op;
	void *mnt_data;	      /* ufsmount, ... */
	_Atomic int mnt_flag; /* MNT_* */
	_Atomic bool
	    mnt_gone; /* unmounted; who still finds it gets -ENOENT / dead vnodes */
	_Atomic uint32_t mnt_refs;
	struct vnode *mnt_vnodecovered;	   /* NULL: the root */
	struct mount *mnt_next, *mnt_prev; /* k_vfs's list, in mount order */
	struct statvfs
	    mnt_stat; /* names, owner, fsid; the rest is filled by vfs_statvfs */
	uint64_t mnt_fsid;
	unsigned mnt_namemax;	  /* 255 */
	struct vnode *mnt_vnodes; /* list head, under the vcache's lock */
	struct vnode *
	    mnt_root; /* referenced while mounted; NULL in the middle of mount and unmount */
	_Atomic bool
	    mnt_unmounting; /* somebody tries: whoever comes across it waits for mnt_busylock */
	/*
	 * The gate (vfs/vnode.c): how many vnodes of it are locked. While one thread has it frozen, for an update, only that
	 * one locks any.
	 */
	struct kbrcount mnt_active[KBR_STRIPES];
	_Atomic uint32_t mnt_freezer; /* host_thread_self, 0: none */
	_Atomic bool mnt_frozen;      /* it has nobody to wait for any more */
	struct kmutex mnt_gatelock;
	struct kcond mnt_gatecond;
};

struct vfsops {
	const char *vfs_name;	   /* "ffs": what mount(2) takes */
	size_t vfs_min_mount_data; /* args shorter than this: EINVAL */
	/*
	 * Mounts (or with MNT_UPDATE changes, or with MNT_GETARGS reads back the arguments into data, *len set). `data` is a kernel copy of *len bytes of
	 * the user's argument structure (zero-extended up to 4096); pointers in it are user's: copyinstr through l. mnt_flag is set already (new value, on update too).
	 * Sets mnt_stat.f_mntfromname, f_fsidx, namemax, iosize, mnt_data. On failure of an update everything is as before.
	 */
	int (*vfs_mount)(struct lwp *, struct mount *, const char *path,
	    void *data, size_t *len);
	/* Root file systems made at boot need no arguments: NULL otherwise. */
	/* All vnodes but the root are inactive unless MNT_FORCE (then vfs has flushed and killed them). Syncs, gives back mnt_data. */
	int (*vfs_unmount)(struct lwp *, struct mount *, int flags);
	int (*vfs_root)(struct lwp *, struct mount *, struct vnode **vpp);
	/* f_bsize ... f_ffree, f_namemax, syncreads etc. into sbp (names are copied by vfs). */
	int (*vfs_statvfs)(struct lwp *, struct mount *, struct statvfs *sbp);
	/* Pushes everything; wait: until it is on the host's disk. */
	int (*vfs_sync)(struct lwp *, struct mount *, bool wait);
	int (*vfs_loadvnode)(
	    struct lwp *, struct mount *, struct vnode *, ino_t);
	/* NFS handles (fhopen, getfh): NULL: EOPNOTSUPP. */
	int (*vfs_vptofh)(struct vnode *, void *fid, size_t *len);
	int (*vfs_fhtovp)(struct lwp *, struct mount *, const void *fid,
	    size_t len, struct vnode **vpp);
	/*
	 * quotactl(2): what the arguments point at is the kernel's, and the caller may. NULL: EOPNOTSUPP. The mount is busy; qc_maxnum is small.
	 */
	int (*vfs_quotactl)(
	    struct lwp *, struct mount *, struct quotactl_args *);
	/* sysctl vfs.<name>.*, or NULL */
	int (*vfs_attach)(struct rump_kernel *);
	void (*vfs_detach)(struct rump_kernel *);
};

/* For a file system's mount: the block device behind a user's path `fspec`. -ENOTBLK, -ENXIO, lookup's errors; *devvp referenced. */
int vfs_lookup_device(struct lwp *, const void *user_fspec, char *name,
    size_t namesize, struct vnode **devvp) MUST_CHECK;
struct blkdev;
/* Opens it for `holder`, a mount or a driver (one at a time: -EBUSY); readonly: no writes. The blkdev is valid until vfs_close_device. */
int vfs_open_device(struct lwp *, struct vnode *devvp, const void *holder,
    bool readonly, struct blkdev **) MUST_CHECK;
int vfs_reopen_device(struct lwp *, struct vnode *devvp,
    bool readonly) MUST_CHECK; /* ro <-> rw */
void vfs_close_device(struct lwp *, struct vnode *devvp);

/* The root file system made at boot (rumpfs), whatever is mounted over it. Borrowed: it lives as long as the kernel. */
struct mount *vfs_rootmount(struct rump_kernel *);
/* Makes /dev, /tmp and the nodes of the booted components in the root file system (vfs/devnodes.c); at the end of librumpvfs's attach. */
int vfs_make_devnodes(struct lwp *) MUST_CHECK;
/* Shared use of a mount for the duration of a call: -ENOENT when it is being unmounted. */
int vfs_busy(struct mount *) MUST_CHECK;
void vfs_unbusy(struct mount *);
/* In-kernel mount and unmount (rumprun_mount, boot); path is a kernel string. */
int vfs_mount_kern(struct lwp *, const char *fstype, const char *path,
    int flags, void *args, size_t len) MUST_CHECK;
/*
 * Unmounts everything, newest first (halt). Messages on the console when verbose. sync false: nothing is written, not even what a file system writes
 * when it is unmounted; it need not know, its writes are dropped below it (blkdev.h, b_drop), so that images stay as a crash would leave them.
 */
void vfs_shutdown(struct lwp *, bool sync, bool force);

#endif
