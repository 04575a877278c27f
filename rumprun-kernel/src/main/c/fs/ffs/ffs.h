/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside FFS: a mounted file system, an inode in memory, and what its files use of each other.
 *
 * Locks: an inode's fields belong to its vnode's v_lock (shared: looked at; exclusive: changed), but the times and i_flag's bits, which
 * readers change under i_lock. A group belongs to who has its buffer busy. um_lock guards the summary. Order: v_lock, transaction, group's buffer,
 * inode's buffer, indirect buffers; um_lock and i_lock are leaves.
 */
#ifndef FS_FFS_FFS_H
#define FS_FFS_FFS_H

#include <netbsd/errno.h>
#include <netbsd/mount.h>
#include <netbsd/stat.h>
#include "dev/blkdev.h"
#include "kern/kernel.h"
#include "rumprun/ffs_format.h"
#include "vfs/bcache.h"
#include "vfs/mount.h"
#include "vfs/vnode.h"
#include "vfs/wapbl.h"

struct ffs_quota;
struct ffsmount {
	struct rump_kernel *um_k;
	struct mount *um_mp;
	struct vnode *um_devvp;
	struct blkdev *um_dev;
	struct bcache *um_bc;
	struct wapbl *um_wl; /* NULL: no log */
	struct wapbl_replay
	    *um_replay; /* read-only mount with a log: what is newer in it */
	struct wapbl_ops um_wlops;
	struct fs um_fs;       /* counts under um_lock */
	int64_t um_sbloc;      /* byte */
	uint32_t um_dirblksiz; /* of a directory's blocks */
	bool um_swap, um_ronly;
	bool um_oldsb;	       /* superblock without the newer fields */
	struct kmutex um_lock; /* summary: */
	struct csum *um_cs;    /* of each group */
	bool *um_csdirty;      /* by block of the summary area */
	bool um_fmod;	       /* the superblock has to be written */
	bool um_lost;  /* the log was given up: nothing may be written */
	bool um_check; /* wants fsck: never said to be clean */
	uint8_t *um_contigdirs; /* directories made in a row in a group */
	uint32_t um_ncsblk;
	struct ffs_quota *um_quota; /* NULL: none are kept */
	_Atomic int um_error; /* not 0: what ffs_begin returns, for good */
};

#define FFS_CLUSTER 65536 /* bytes of data that had better lie together */

/* i_flag */
#define IN_ACCESS 0x1 /* the times have to be set */
#define IN_CHANGE 0x2
#define IN_UPDATE 0x4
#define IN_MODIFIED 0x8 /* differs from the inode's block */

struct dirhash;
struct runs;
struct inode {
	struct vnode *i_vnode;
	struct ffsmount *i_ump;
	ino_t i_number;
	struct dinode i_d;
	_Atomic unsigned i_flag;
	struct kmutex i_lock; /* times; making i_dirhash */
	struct dirhash *_Atomic i_dirhash;
	struct runs *_Atomic i_runs; /* ffs_runs.c */
	uint32_t i_mapgen; /* of its pointers: changed when one goes */
	int64_t i_lastfrag; /* behind the last block allocated: the next one's place */
	bool i_noquota; /* v_lock exclusive: its disk is not charged to anybody (now) */
};

#define VTOI(vp) ((struct inode *)(vp)->v_data)
#define MPTOUM(mp) ((struct ffsmount *)(mp)->mnt_data)

extern const struct vnodeops ffs_vnodeops;
extern const struct vfsops ffs_vfsops;

/* --- transactions: nothing without a log --- */
static inline int
ffs_begin(struct ffsmount *ump, struct lwp *l)
{
	int error = atomic_load_explicit(&ump->um_error, memory_order_relaxed);

	if (error != 0)
		return error;
	return ump->um_wl != NULL ? wapbl_begin(ump->um_wl, l) : 0;
}

static inline void
ffs_end(struct ffsmount *ump, struct lwp *l)
{
	if (ump->um_wl != NULL)
		wapbl_end(ump->um_wl, l);
}

/* --- ffs_inode.c --- */
int ffs_loadvnode(struct lwp *, struct mount *, struct vnode *, ino_t);
/* For vcache_new: an inode that was just made; arg is its struct dinode. */
int ffs_loadnew(struct lwp *, struct mount *, struct vnode *, void *arg);
void ffs_reclaim(struct lwp *, struct vnode *);
/* Busy buffer of n fragments at frag, checked against the file system's bounds: -EIO. read: with contents. */
int ffs_getbuf(struct ffsmount *, int64_t frag, uint32_t size, bool read,
    struct buf **) MUST_CHECK;
/* Turns IN_ACCESS, IN_CHANGE, IN_UPDATE into times. */
void ffs_itimes(struct inode *);
/* Puts the inode into its block's buffer, if it differs. */
int ffs_update(struct inode *) MUST_CHECK;
/* For the middle of an operation that goes on: after an error it stays to be done, by the next sync (which tells) or the last use (which asks for a check). */
void ffs_update_later(struct inode *);
/* ffs_update, and without a log the inode is on the device when it returns (no host sync): what is done next relies on it. */
int ffs_update_now(struct inode *) MUST_CHECK;
/*
 * Without a log: puts the inode into its buffer with the size that it will have. Indirect blocks depend on it: a size without pointers is a hole, pointers without the size
 * would be blocks that fsck does not count.
 */
int ffs_announce_size(struct inode *, uint64_t size) MUST_CHECK;
int ffs_update_block(
    struct ffsmount *, ino_t, const struct dinode *, bool now) MUST_CHECK;
/*
 * Logical block lbn and those behind it (at most max): the fragment of the first (0: a hole) and how many lie one behind the other (are holes). The
 * last of a file may be fragments only: dblksize tells.
 */
int ffs_bmap(struct inode *, int64_t lbn, int64_t max, int64_t *fragp,
    int64_t *runp) MUST_CHECK;
/* The path to an indirect block pointer: levels of indirection (0: direct) and the index at each. -EFBIG. */
int ffs_getlbns(const struct fs *, int64_t lbn, int *levels,
    uint32_t idx[UFS_NIADDR]) MUST_CHECK;
static inline void
ffs_mark(struct inode *ip, unsigned bits)
{
	if ((atomic_load_explicit(&ip->i_flag, memory_order_relaxed) & bits) !=
	    bits)
		atomic_fetch_or(&ip->i_flag, bits);
}

/* --- ffs_runs.c --- */
/* The run at lbn as it was noted; else *max may become what had better be asked for. */
bool ffs_runs_find(
    struct inode *, int64_t lbn, int64_t *max, int64_t *fragp, int64_t *runp);
void ffs_runs_note(struct inode *, int64_t lbn, int64_t frag, int64_t run);
void ffs_runs_free(struct inode *);
/* A pointer of a file's block became another, or none. */
static inline void
ffs_runs_forget(struct inode *ip)
{
	ip->i_mapgen++;
}

/* --- ffs_io.c --- */
int ffs_read(struct lwp *, struct vnode *, struct uio *, int ioflag);
int ffs_write(struct lwp *, struct vnode *, struct uio *, int ioflag);
int ffs_readlink(struct lwp *, struct vnode *, struct uio *);
/* Busy buffer with file block lbn of a directory or long symbolic link; -EIO for a hole. */
int ffs_blkatoff(struct inode *, uint64_t off, struct buf **) MUST_CHECK;

/* --- ffs_balloc.c --- */
/* Blocks in a row that a write goes to. */
struct ffs_run {
	int64_t r_frag; /* the first one's fragment */
	int64_t r_blks;
	uint32_t r_bytes; /* of the last one: the disk it has */
	bool r_new;	  /* they hold nothing of the file's */
	bool r_grown;	  /* the one block had r_oldbytes, and has more now */
	uint32_t r_oldbytes;
	int64_t r_oldfrag; /* a directory's end moved: free these r_oldn when its contents have moved too */
	int32_t r_oldn;
};
/*
 * Gives block lbn, and of those behind it (maxblks in all) as many as lie in a row, disk for a file of `newsize` bytes. An end in fragments grows in
 * place or moves (then a file's data is copied; of a directory only the place changes). In a transaction.
 */
int ffs_balloc(struct lwp *, struct inode *, int64_t lbn, int64_t maxblks,
    uint64_t newsize, struct ffs_run *) MUST_CHECK;
/* Fragments that the file's last block has must become a whole block, because the file grows past it. Zeroes what is new. In a transaction. */
int ffs_fill_last(struct lwp *, struct inode *, uint64_t newsize) MUST_CHECK;
/* Appends n bytes, in one block, to a directory or a long link's target: they are on the device before the size is. In a transaction. */
int ffs_growmeta(
    struct lwp *, struct inode *, const void *, uint32_t n) MUST_CHECK;
int ffs_zero(struct ffsmount *, uint64_t devoff, uint64_t n) MUST_CHECK;

/* --- ffs_trunc.c --- */
/* Cuts or extends (a hole) to `size`. No transaction is open: it makes its own, as many as needed. */
int ffs_truncate(struct lwp *, struct inode *, uint64_t size) MUST_CHECK;
int ffs_inactive(struct lwp *, struct vnode *);
/* Has no link, and is not free yet. Frees it. */
bool ffs_isorphan(const struct inode *);
int ffs_free_inode(struct lwp *, struct inode *) MUST_CHECK;
/* Pointers of an indirect block. */
int64_t ffs_getptr(const struct ffsmount *, const void *blk, uint32_t i);
void ffs_setptr(const struct ffsmount *, void *blk, uint32_t i, int64_t frag);

/* --- ffs_space.c --- */
int ffs_fallocate(struct lwp *, struct vnode *, off_t, off_t);
int ffs_fdiscard(struct lwp *, struct vnode *, off_t, off_t);

/* --- ffs_alloc.c --- */
/* Up to `want` blocks in a row at or near pref (0: anywhere good for the inode): *fragp, *gotp >= 1. -ENOSPC. */
int ffs_alloc(struct lwp *, struct inode *, int64_t pref, int64_t want,
    int64_t *fragp, int64_t *gotp) MUST_CHECK;
/* The same for block lbn of a file's data and those behind it, where they are read and written fast. */
int ffs_alloc_data(struct lwp *, struct inode *, int64_t lbn, int64_t want,
    int64_t *fragp, int64_t *gotp) MUST_CHECK;
/* n < fs_frag fragments in one block. */
int ffs_allocfrags(struct lwp *, struct inode *, int64_t pref, int32_t n,
    int64_t *fragp) MUST_CHECK;
/* oldn fragments at frag become newn in place, if what is behind them is free: 0, or -ENOSPC. */
int ffs_fragextend(struct lwp *, struct inode *, int64_t frag, int32_t oldn,
    int32_t newn) MUST_CHECK;
/*
 * Gives back n fragments (any number). With a log only after the commit. meta: the cache may hold them. After an error (some of) them are lost, and it
 * has asked for a check.
 */
int ffs_free(struct ffsmount *, int64_t frag, int64_t n, bool meta) MUST_CHECK;
/* The same, at once (the log's commit). */
int ffs_free_now(struct ffsmount *, int64_t frag, int64_t n) MUST_CHECK;
int64_t ffs_blkpref(struct inode *, int64_t lbn);
/* Near the file's data, but not where that goes on. */
int64_t ffs_indirpref(struct inode *);
/* A free inode, marked used, near the directory dip; mode decides. Its gen is in *genp. */
int ffs_ialloc(struct lwp *, struct inode *dip, mode_t mode, ino_t *inop,
    int32_t *genp) MUST_CHECK;
int ffs_ifree(struct ffsmount *, ino_t, mode_t) MUST_CHECK;

/* --- ffs_dir.c --- */
struct dirslot {
	uint64_t ds_off;    /* of the entry */
	struct direct ds_d; /* name not valid */
};
int ffs_dirlookup(struct inode *, const char *name, size_t len,
    struct dirslot *) MUST_CHECK; /* -ENOENT */
/* Adds a name that is not there. In a transaction, dip exclusive. now: on the device when it returns. */
int ffs_direnter(struct lwp *, struct inode *dip, const char *name, size_t len,
    ino_t, mode_t, bool now) MUST_CHECK;
/* The name is off the device when it returns; after an error it is there. */
int ffs_dirremove(struct inode *dip, const char *name, size_t len) MUST_CHECK;
/* Points an existing name somewhere else, on the device when it returns; after an error it is as it was. */
int ffs_dirrewrite(
    struct inode *dip, const char *name, size_t len, ino_t, mode_t) MUST_CHECK;
/* 1 empty (but . and ..), 0 not, or -errno. */
int ffs_dirempty(struct inode *, ino_t parent) MUST_CHECK;
/* The first block of a new directory. */
int ffs_dirinit(struct lwp *, struct inode *dip, ino_t parent) MUST_CHECK;
int ffs_readdir(struct lwp *, struct vnode *, struct uio *, bool *eof);
void ffs_dirhash_free(struct inode *);
int ffs_lookup(struct lwp *, struct vnode *, const struct componentname *,
    struct vnode **);

/* --- ffs_quota2.c, ffs_quotactl.c: charges in a transaction, no buffer busy --- */
struct quotactl_args;
/* Before a mount is written: reads the quota files, if there are any. -EINVAL, -EIO: they make no sense, and fsck is told. */
int ffs_quota_start(struct ffsmount *, struct lwp *) MUST_CHECK;
void ffs_quota_stop(struct ffsmount *);
/* A quota file: nobody opens it. */
bool ffs_quota_isfile(const struct ffsmount *, ino_t);
/* That, or the journal: not charged. */
bool ffs_quota_exempt(const struct ffsmount *, ino_t);
int ffs_quota_take_blocks(struct lwp *, struct inode *, int64_t want,
    int64_t unit, int64_t *gotp) MUST_CHECK;
void ffs_quota_give_blocks(struct inode *, uint64_t n);
int ffs_quota_take_inode(
    struct lwp *, struct ffsmount *, uint32_t uid, uint32_t gid) MUST_CHECK;
void ffs_quota_give_inode(struct ffsmount *, uint32_t uid, uint32_t gid);
int ffs_quota_chown(
    struct lwp *, struct inode *, uint32_t uid, uint32_t gid) MUST_CHECK;
int ffs_quotactl(struct lwp *, struct mount *, struct quotactl_args *);

static inline bool
ffs_charged(const struct inode *ip)
{
	return ip->i_ump->um_quota != NULL && !ip->i_noquota;
}

/* The owner's quotas allow *gotp >= 1 of `want` pieces of `frags` fragments, and are charged with them: -EDQUOT. */
static inline int
ffs_charge(
    struct lwp *l, struct inode *ip, int64_t want, int64_t frags, int64_t *gotp)
{
	*gotp = want;
	if (!ffs_charged(ip))
		return 0;
	return ffs_quota_take_blocks(
	    l, ip, want, frags * (ip->i_ump->um_fs.fs_fsize / 512), gotp);
}

/* n blocks of 512 bytes are the owner's no longer. */
static inline void
ffs_uncharge(struct inode *ip, uint64_t n)
{
	if (n > 0 && ffs_charged(ip))
		ffs_quota_give_blocks(ip, n);
}

/* --- ffs_super.c --- */
/* The superblock, from the first place that has one that makes sense: -EINVAL. */
int ffs_sbread(struct ffsmount *) MUST_CHECK;
/* The summary of a superblock that was read. */
int ffs_csread(struct ffsmount *) MUST_CHECK;
void ffs_csfree(struct ffsmount *);
/* fs_clean, if no check was asked for. */
void ffs_setclean(struct ffsmount *, int8_t clean);
/*
 * Something could not be put right after an error: blocks or an inode are lost, a count is wrong. The superblock does not say any more that the file system is
 * clean, or was before the mount, until fsck has been there. With a log it goes into the same commit as what is wrong.
 */
void ffs_must_check(struct ffsmount *);
/* For what undoes something: an error of its own asks for a check. */
static inline void
ffs_undone(struct ffsmount *ump, int error)
{
	if (error != 0)
		ffs_must_check(ump);
}
/* Summary and superblock into their buffers. */
int ffs_sbupdate(struct ffsmount *) MUST_CHECK;
/*
 * The superblock, which is not pinned, on the medium: true: as of one that was not clean before the mount; false: as it is. For what a journal does not protect.
 */
int ffs_expose(struct ffsmount *, bool) MUST_CHECK;

/* --- ffs_wapbl.c --- */
/* Looks at the journal that the superblock names: replays it (or lays it over a read-only mount). *replayed: read the superblock again. */
int ffs_wapbl_replay(struct ffsmount *, struct lwp *, bool *replayed) MUST_CHECK;
/* After replay: inodes without names are cleared, then the log is. The summary is there. */
int ffs_wapbl_clear_inodes(struct ffsmount *, struct lwp *) MUST_CHECK;
/* Makes a journal if there is none. After an error nothing of it is left, or a check is asked for. */
int ffs_wapbl_start(struct ffsmount *, struct lwp *) MUST_CHECK;
/* force: what cannot be committed is given up, um_lost. */
int ffs_wapbl_stop(struct ffsmount *, bool force) MUST_CHECK;

/* --- ffs_rename.c, ffs_create.c --- */
int ffs_rename(struct lwp *, struct vnode *, const struct componentname *,
    struct vnode *, struct vnode *, const struct componentname *,
    struct vnode *);
int ffs_create(struct lwp *, struct vnode *, const struct componentname *,
    struct vattr *, struct vnode **);
int ffs_mkdir(struct lwp *, struct vnode *, const struct componentname *,
    struct vattr *, struct vnode **);
int ffs_symlink(struct lwp *, struct vnode *, const struct componentname *,
    struct vattr *, const char *, struct vnode **);
int ffs_link(
    struct lwp *, struct vnode *, const struct componentname *, struct vnode *);
int ffs_remove(
    struct lwp *, struct vnode *, const struct componentname *, struct vnode *);
int ffs_rmdir(
    struct lwp *, struct vnode *, const struct componentname *, struct vnode *);

/* The last link is gone, or comes back: the log's list of unlinked inodes. */
static inline void
ffs_orphan(struct inode *ip)
{
	if (ip->i_ump->um_wl != NULL)
		wapbl_register_inode(
		    ip->i_ump->um_wl, ip->i_number, ip->i_d.di_mode);
}

static inline void
ffs_unorphan(struct inode *ip)
{
	if (ip->i_ump->um_wl != NULL)
		wapbl_unregister_inode(
		    ip->i_ump->um_wl, ip->i_number, ip->i_d.di_mode);
}

#endif
