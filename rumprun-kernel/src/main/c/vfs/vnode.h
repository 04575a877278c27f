/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vnodes: the objects that the file system layer and the file systems share.
 *
 * References: a vnode lives while v_usecount > 0, or cached (usecount 0, on the LRU list) until its place is wanted.
 *   vnode_get / vnode_put; the last put calls vop_inactive when the file system said so (VV_INACTIVE: unlinked), else caches it.
 * Identity: vcache_get(mp, ino) finds or loads the one vnode of a (mount, inode number); the loader fills v_type, v_ops, v_data.
 * Lock: v_lock. Each operation below says what is held: S shared, X exclusive, - nothing. The vfs layer locks, the file system never
 *   locks the vnodes passed to it; what it returns in *vpp is referenced and NOT locked.
 * After forced unmount or revoke a vnode is dead: VV_DEAD is set, v_ops becomes dead_vnodeops, v_data NULL; calls give EIO or EBADF.
 *   v_mount stays (each vnode keeps its mount's memory); the file system never hears of the vnode again.
 */
#ifndef VFS_VNODE_H
#define VFS_VNODE_H

#include "kern/file.h"
#include "kern/kernel.h"

enum vtype { VNON, VREG, VDIR, VBLK, VCHR, VLNK, VSOCK, VFIFO, VBAD };

#define VNOVAL (-1)

/* Attributes. In setattr a field that is VNOVAL (all ones) is left alone. */
struct vattr {
	enum vtype va_type;
	mode_t va_mode; /* permission, set-id and sticky bits */
	nlink_t va_nlink;
	uid_t va_uid;
	gid_t va_gid;
	dev_t va_fsid;
	ino_t va_fileid;
	uint64_t va_size;
	uint32_t va_blocksize;
	struct timespec va_atime, va_mtime, va_ctime, va_birthtime;
	uint32_t va_gen;
	uint32_t va_flags; /* UF_*, SF_* */
	dev_t va_rdev;
	uint64_t va_bytes;   /* bytes of disk held */
	unsigned va_vaflags; /* VA_* */
};
#define VA_UTIMES_NULL 0x1 /* utimes(path, NULL): write permission is enough */
void vattr_null(struct vattr *); /* every settable field VNOVAL */

/* One component of a path. Not NUL-terminated. */
struct componentname {
	const char *cn_name;
	size_t cn_len;
	unsigned cn_flags; /* CN_* */
	int cn_op;	   /* why: LOOKUP CREATE DELETE RENAME */
};
#define LOOKUP 0
#define CREATE 1
#define DELETE 2
#define RENAME 3
#define CN_DOTDOT 0x1
#define CN_LAST 0x2
#define CN_NOCACHE 0x4
#define CN_WILLBEDIR 0x8

/* ioflag of read and write */
#define IO_APPEND 0x1
#define IO_SYNC \
	0x2 /* data and what is needed to reach it are on the host's disk on return */
#define IO_DSYNC 0x4
#define IO_NDELAY 0x8

/* flags of fsync */
#define FSYNC_WAIT 0x1 /* and host fsync */
#define FSYNC_DATAONLY 0x2
#define FSYNC_RECLAIM 0x4
#define FSYNC_LAZY 0x8 /* push without waiting for the host's disk */

/* access modes */
#define VEXEC 0100
#define VWRITE 0200
#define VREAD 0400

struct vnode;
struct flock;

/*
 * Operations. All get the lwp that acts (permissions: l->l_cred; user memory; sleeping). 0 or -errno. NULL entries mean:
 * -EOPNOTSUPP for directory changes and readlink; genfs defaults for the rest (vfs/genfs.h).
 * The vfs layer has already checked: read-only mount (EROFS), permissions of directory changes (write+exec, sticky, immutable/append flags),
 * name length <= 255 and the mount's f_namemax, types (ENOTDIR, EISDIR), cross-device, mount points (EBUSY), O_EXCL existence.
 */
struct vnodeops {
	/*
	 * dvp S or X. Finds one name; never "."; ".." only below the file system's root. -ENOENT when it isn't there. Must not enter
	 * the name cache (the vfs layer does, negative entries too).
	 */
	int (*vop_lookup)(struct lwp *, struct vnode *dvp,
	    const struct componentname *, struct vnode **vpp);
	/* dvp X. The name is not there. va has type, mode (umask applied), uid, gid (decided by vfs), rdev. */
	int (*vop_create)(struct lwp *, struct vnode *dvp,
	    const struct componentname *, struct vattr *, struct vnode **vpp);
	int (*vop_mknod)(struct lwp *, struct vnode *dvp,
	    const struct componentname *, struct vattr *, struct vnode **vpp);
	int (*vop_mkdir)(struct lwp *, struct vnode *dvp,
	    const struct componentname *, struct vattr *, struct vnode **vpp);
	int (*vop_symlink)(struct lwp *, struct vnode *dvp,
	    const struct componentname *, struct vattr *, const char *target,
	    struct vnode **vpp);
	/* dvp X, vp X. */
	int (*vop_link)(struct lwp *, struct vnode *dvp,
	    const struct componentname *, struct vnode *vp);
	int (*vop_remove)(struct lwp *, struct vnode *dvp,
	    const struct componentname *, struct vnode *vp);
	int (*vop_rmdir)(struct lwp *, struct vnode *dvp,
	    const struct componentname *,
	    struct vnode *vp); /* ENOTEMPTY is the file system's to find */
	/*
	 * Directories X (once if the same), fvp X, tvp X or NULL. vfs made sure: same mount, no directory into its own subtree, type rules; the
	 * names still stand for fvp and tvp. The file system replaces tvp (a directory must be empty: -ENOTEMPTY), rewrites ".." when a directory moves.
	 */
	int (*vop_rename)(struct lwp *, struct vnode *fdvp,
	    const struct componentname *fcnp, struct vnode *fvp,
	    struct vnode *tdvp, const struct componentname *tcnp,
	    struct vnode *tvp);
	/* X. mode: FREAD|FWRITE.... open may be NULL. */
	int (*vop_open)(struct lwp *, struct vnode *, int mode);
	int (*vop_close)(struct lwp *, struct vnode *, int fflag);
	/* S. mode: VREAD|VWRITE|VEXEC. NULL: genfs_access on getattr's values. */
	int (*vop_access)(struct lwp *, struct vnode *, int mode);
	int (*vop_getattr)(struct lwp *, struct vnode *, struct vattr *); /* S */
	/* X. vfs has checked ownership and securelevel rules (genfs_can_*): the file system only changes. va_size: truncate or extend. */
	int (*vop_setattr)(struct lwp *, struct vnode *, struct vattr *);
	int (*vop_read)(
	    struct lwp *, struct vnode *, struct uio *, int ioflag); /* S */
	/* X. RLIMIT_FSIZE and IO_APPEND's offset are done by vfs before. A failed write leaves what was moved in uio_resid. */
	int (*vop_write)(struct lwp *, struct vnode *, struct uio *, int ioflag);
	/* S. struct dirent records through uio; uio_offset is a cookie the file system gave before (0: start); *eof. */
	int (*vop_readdir)(
	    struct lwp *, struct vnode *, struct uio *, bool *eof);
	int (*vop_readlink)(struct lwp *, struct vnode *, struct uio *); /* S */
	int (*vop_fsync)(struct lwp *, struct vnode *, int flags, off_t lo,
	    off_t hi); /* X; hi 0: whole file */
	int (*vop_ioctl)(struct lwp *, struct vnode *, unsigned long cmd,
	    void *data, int fflag);				   /* - */
	int (*vop_poll)(struct lwp *, struct vnode *, int events); /* - */
	int (*vop_kqfilter)(struct lwp *, struct vnode *, struct knote *);
	int (*vop_pathconf)(
	    struct lwp *, struct vnode *, int name, register_t *retval);
	/* Allocates [off, off+len) (posix_fallocate); punch: fdiscard. X */
	int (*vop_fallocate)(struct lwp *, struct vnode *, off_t, off_t len);
	int (*vop_fdiscard)(struct lwp *, struct vnode *, off_t, off_t len);
	/* Last reference of a file that has no link (X): free its blocks and inode. */
	int (*vop_inactive)(struct lwp *, struct vnode *);
	/* The vnode goes: give back v_data. Nothing else can reach it. Dirty state is the file system's to have written by mount sync or here. */
	void (*vop_reclaim)(struct lwp *, struct vnode *);
};

struct vnode {
	struct kbrlock v_lock;
	_Atomic uint32_t v_usecount;
	_Atomic uint32_t v_writecount; /* opens for writing */
	_Atomic unsigned v_flag;       /* VV_* */
	enum vtype v_type;
	const struct vnodeops *v_ops;
	struct mount *v_mount;
	void *v_data; /* inode */
	struct rump_kernel *v_k;
	struct kmutex v_interlock; /* the fields below */
	struct mount *_Atomic
	    v_mountedhere; /* directory: what is mounted on it (changes under v_interlock) */
	dev_t v_rdev; /* VBLK, VCHR */
	struct specnode *
	    v_spec; /* open device state, shared by every vnode of one device */
	struct fifoinfo *v_fifo;
	struct socket *v_socket; /* VSOCK: bound to it (net/uipc_usrreq.c) */
	struct lockf *_Atomic v_lockf; /* byte-range locks (vfs/lockf.c) */
	struct selinfo v_sel;	       /* poll and EVFILT_VNODE */
	/* vcache */
	ino_t v_ino;
	struct vnode *v_hashnext;
	struct vnode *v_lrunext,
	    *v_lruprev; /* every vnode; the clock that looks for old ones */
	_Atomic bool v_recent;		     /* used since the clock came by */
	struct vnode *v_mntnext, *v_mntprev; /* of the mount's list */
	/* name cache: entries in this directory, and names of this vnode (under the cache's locks) */
	struct ncache_entry *v_nclist, *v_dncache;
};
#define VV_ROOT 0x01 /* root of its file system */
#define VV_INACTIVE \
	0x02 /* call vop_inactive at the last put (link count zero) */
#define VV_DEAD 0x04
#define VV_DYING 0x08
#define VV_SYSTEM 0x10	/* never shown, not counted as busy */
#define VV_NOCACHE 0x20 /* no name cache below it */
#define VV_LOADING 0x40 /* the file system is filling it in */
#define VV_NEW \
	0x80 /* from vcache_new, in the hands of the operation that makes the file: vcache_foreach leaves it out */

void vnode_get(struct vnode *); /* one more reference; the caller has one */
void vnode_put(struct lwp *, struct vnode *); /* not locked */
/* Waits while the mount is frozen for an update: no other vnode of that mount is locked by the caller (but see vfs_impl.h). */
void vnode_lock(struct vnode *, bool exclusive);
void vnode_unlock(struct vnode *);
/* lock, or -ENOENT when the vnode died meanwhile */
int vnode_lock_alive(struct vnode *, bool exclusive) MUST_CHECK;

/* The vnode of inode `ino`: a reference. Calls mnt_op->vfs_loadvnode under a loading mark (others wait). Errors are loadvnode's. */
int vcache_get(struct lwp *, struct mount *, ino_t, struct vnode **) MUST_CHECK;
/* Only if cached: referenced, or NULL. */
struct vnode *vcache_peek(struct mount *, ino_t);
/*
 * For a new inode: `vcache_get` after the inode is initialized works; this saves the read: makes the vnode and calls load with the given argument.
 */
int vcache_new(struct lwp *, struct mount *, ino_t,
    int (*load)(struct lwp *, struct mount *, struct vnode *, void *), void *,
    struct vnode **) MUST_CHECK;
/* The inode is gone (inactive freed it): the vnode must not be found under its number again. Called from vop_inactive. */
void vcache_forget(struct vnode *);
/* For revoke and forced unmount: makes a referenced, unlocked vnode dead. */
void vnode_kill(struct lwp *, struct vnode *);
/* Walks a mount's vnodes (referenced one at a time). fn returning nonzero stops and is returned. */
int vcache_foreach(struct lwp *, struct mount *,
    int (*fn)(struct lwp *, struct vnode *, void *), void *);

/* Set by a file system in loadvnode for devices and fifos: operations that come from vfs/spec.c and vfs/fifo.c; the file system's own ops
 * stay for getattr, setattr, access, fsync, inactive, reclaim. The vfs layer dispatches read/write/ioctl/open/close of VCHR, VBLK, VFIFO itself. */

/* --- name cache (vfs/ncache.c) ---------------------------------------------------------------------------------- */
/* 1: *vpp referenced; 0: not known; -ENOENT: known not to exist. dvp S or X held. */
int ncache_lookup(
    struct vnode *dvp, const char *name, size_t len, struct vnode **vpp);
void ncache_enter(struct vnode *dvp, const char *name, size_t len,
    struct vnode *vp /* NULL: negative */);
void ncache_purge_name(struct vnode *dvp, const char *name, size_t len);
void ncache_purge(struct vnode *); /* everything in it and to it */
void ncache_purge_mount(struct mount *);
/* The name of a directory in its parent, for getcwd: 1 and fills, or 0. */
int ncache_revlookup(
    struct vnode *vp, struct vnode **dvpp, char *name, size_t size);

#endif
