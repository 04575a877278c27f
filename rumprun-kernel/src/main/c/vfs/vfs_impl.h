/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the file system layer: its state in a kernel, and what its files use of each other. */
#ifndef VFS_VFS_IMPL_H
#define VFS_VFS_IMPL_H

#include <netbsd/fcntl.h>
#include <netbsd/mount.h>
#include <netbsd/stat.h>
#include <netbsd/syscallargs.h>
#include "kern/syscalls.h"
#include "vfs/genfs.h"
#include "vfs/mount.h"
#include "vfs/namei.h"
#include "vfs/vnode.h"

#define VFS_NAMEMAX 255 /* of one component, whatever the file system */
#define VFS_MAXSYMLINKS 32

struct vcache_bucket {
	struct kmutex vb_lock;
	struct kcond vb_cond; /* a vnode of this bucket was loaded, or went */
	struct vnode *vb_first;
};

struct ncache_bucket {
	struct kmutex nb_lock;
	struct ncache_entry *nb_first; /* most recently used first */
	/* What was looked up here: found, known not to be, dead, not known. */
	uint64_t nb_good, nb_negative, nb_bad, nb_miss;
};

struct lockf_state;

struct vfs_state {
	struct kmutex vs_mountlock; /* one mount, unmount or update at a time */
	struct kmutex
	    vs_listlock; /* mount list, mnt_vnodecovered, mnt_flag's changes: a leaf */
	struct mount *vs_first, *vs_last;
	struct mount *vs_rootmount;
	struct vnode *vs_root; /* the root's root, referenced */
	uint32_t vs_nextfsid;

	struct kmutex vs_vnlock; /* the clock and the mounts' vnode lists: a leaf */
	struct vnode *vs_clock; /* circular, by v_lrunext */
	_Atomic unsigned vs_nvnodes;
	unsigned vs_maxvnodes;
	struct vcache_bucket *vs_vcache;
	struct ncache_bucket *vs_ncache;
	_Atomic uint64_t vs_revhits, vs_revmiss; /* of getcwd */
	unsigned vs_hashmask;			 /* of both tables */

	struct kmutex vs_lockflock; /* every byte-range lock and its waiters */
	struct lockf_wait *vs_lockfwaits;
};

/* In v_flag: somebody has set its size since dev/vnd.c, which stands on it, looked. Changes with the vnode locked exclusively. */
#define VV_CUT 0x100

/* vnode.c */
int vcache_init(struct vfs_state *, struct rump_kernel *) MUST_CHECK;
void vcache_fini(struct vfs_state *, struct rump_kernel *);
/* A reference to a vnode that the caller knows to be in memory; false: it is going. */
bool vnode_tryget(struct vnode *);
/* A vnode's lock for who holds one of the same mount already, and gives this one back first. */
int vnode_lock_nested(struct vnode *) MUST_CHECK;
static inline void
vnode_unlock_nested(struct vnode *vp)
{
	kbrlock_unlock(&vp->v_lock);
}
/* Waits until no vnode of the mount is locked, and keeps it so but for this thread; -EBUSY: that takes too long. */
int mount_freeze(struct mount *) MUST_CHECK;
void mount_thaw(struct mount *);
/* Gives up cached vnodes while there are too many. No lock is held. */
void vcache_trim(struct lwp *);
/*
 * Empties a mount: every vnode without reference goes; with force the others are made dead. The mount is closed to new
 * lookups (mnt_busylock exclusive, not reachable). -EBUSY: something is in use (then nothing was changed for it).
 */
int vcache_flush_mount(struct lwp *, struct mount *, bool force) MUST_CHECK;
/* Is a vnode other than the root in use, or the root by others than the mount itself? */
bool vcache_mount_inuse(struct mount *);

/* mount.c */
void mount_get(struct mount *);
void mount_put(struct mount *);
/*
 * vp is a referenced directory: while something is mounted on it, replaces it by that one's root. Waits out an unmount
 * that is under way. No vnode of that mount is locked.
 */
int mount_cross(struct lwp *, struct vnode **vpp) MUST_CHECK;
/* The directory that a root covers, referenced, or NULL. */
struct vnode *mount_covered(struct vnode *root);
int mount_fsync_all(struct lwp *, bool wait);
/* Calls fn for every mount, oldest first, each busy meanwhile; stops at the first error and returns it. */
int mount_foreach(struct lwp *, int (*fn)(struct lwp *, struct mount *, void *),
    void *) MUST_CHECK;
/*
 * The whole of mount(2) but its arguments' way in. vp: a referenced directory (taken), NULL for the root file system. data:
 * *len bytes of VFS_MAX_MOUNT_DATA / 2.
 */
int vfs_domount(struct lwp *, const struct vfsops *, struct vnode *vp,
    const char *path, int flags, void *data, size_t *len) MUST_CHECK;
/* vs_mountlock is held. */
int vfs_dounmount(struct lwp *, struct mount *, int flags) MUST_CHECK;
/* A file system type by name; NULL: this kernel has none. */
const struct vfsops *vfs_find(struct rump_kernel *, const char *name);
/* The mount with that file system id, busy; -ESTALE. */
int vfs_getvfs(struct rump_kernel *, const fsid_t *, struct mount **) MUST_CHECK;

/* namei.c */
/* As namei_init, from a directory descriptor (AT_FDCWD: the current one); -EBADF, -ENOTDIR. namei_done gives it back. */
int namei_at(struct nameidata *, struct lwp *, int fd, int op, unsigned flags,
    const void *path) MUST_CHECK;

/* cwd.c: both referenced */
int cwd_getcwd(struct lwp *, struct vnode **) MUST_CHECK;
int cwd_getroot(struct lwp *, struct vnode **) MUST_CHECK;
/*
 * Where a mount is, as a process with another root sees it: shortens the name. -EPERM: it is outside of that root.
 */
int cwd_mountname(
    struct lwp *, struct mount *, char *name, size_t size) MUST_CHECK;

/* ncache.c */
int ncache_init(struct vfs_state *, struct rump_kernel *) MUST_CHECK;
void ncache_fini(struct vfs_state *, struct rump_kernel *);

/* dead.c */
extern const struct vnodeops dead_vnodeops;

/* lockf.c */
struct flock;
/*
 * F_GETLK, F_SETLK, F_SETLKW by `owner` (a process for POSIX locks, a file for flock). l_start is absolute already, l_len 0: to
 * the end. -EAGAIN, -EDEADLK, -EINTR, -ENOMEM.
 */
int lockf_advlock(struct lwp *, struct vnode *, const void *owner, pid_t pid,
    int cmd, struct flock *, bool posix) MUST_CHECK;
void lockf_release(struct vnode *, const void *owner);
void lockf_forget(struct vnode *);

/* vn.c */
extern const struct fileops vn_fileops;
/* Puts an open vnode (the reference is taken) into a new file and that into its reserved descriptor. */
void vn_install(struct lwp *, struct file *, int fd, struct vnode *, int oflags);
/*
 * Opens: type rules and permissions (none for one that was just made), device and fifo; truncation. mode: FFLAGS form. vp
 * is referenced, not locked.
 */
int vn_open(struct lwp *, struct vnode *, int mode, bool fresh) MUST_CHECK;
int vn_close(struct lwp *, struct vnode *, int mode);
/* The vnode of a descriptor, with a reference to the file: -EBADF, -EINVAL (no vnode). */
int fd_getvnode(
    struct lwp *, int fd, struct file **, struct vnode **) MUST_CHECK;
int vn_stat(struct lwp *, struct vnode *, struct stat *) MUST_CHECK;
/* Does vop_setattr under the lock, with the note. Permissions have been checked. */
int vn_setattr(struct lwp *, struct vnode *, struct vattr *) MUST_CHECK;
int vn_truncate(struct lwp *, struct vnode *, off_t) MUST_CHECK;
/* A link's target, not NUL-terminated; the vnode is locked. */
int vn_readlink(struct lwp *, struct vnode *, char *buf, size_t size,
    size_t *lenp) MUST_CHECK;
/* vfs_names.c: the file mode mask of the process; owner and group of what is made in a (locked) directory */
mode_t vn_umask(struct lwp *);
int vn_newattr(struct lwp *, struct vnode *dvp, struct vattr *) MUST_CHECK;
static inline void
vn_note(struct vnode *vp, long hint)
{
	selnotify(vp->v_k, &vp->v_sel, 0, hint);
}
static inline struct vfs_state *
vfs_of(struct lwp *l)
{
	return l->l_k->k_vfs;
}
/* The operation that made it is done: others may have it. */
static inline void
vnode_made(struct vnode *vp)
{
	atomic_fetch_and(&vp->v_flag, ~(unsigned)VV_NEW);
}
static inline bool
vnode_isdead(struct vnode *vp)
{
	return (atomic_load(&vp->v_flag) & VV_DEAD) != 0;
}

#endif
