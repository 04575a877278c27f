/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FFS: the Berkeley fast file system, UFS1 and UFS2, in either byte order, with or without the WAPBL journal.
 *
 * What is where: ffs_format.c takes the disk's structures apart; ffs_inode.c loads, updates and maps inodes; ffs_io.c and ffs_balloc.c move file
 * data; ffs_alloc.c hands out blocks, fragments and inodes; ffs_dir.c keeps directories; ffs_create.c and ffs_rename.c change names; ffs_wapbl.c
 * drives the journal; this file mounts.
 *
 * Invariants:
 *  1. Metadata (superblock, groups, inodes, indirect blocks, directories, long symbolic links) is read and written through the block cache, file
 *     data never is. A metadata block that becomes free is dropped from the cache before it can be handed out again.
 *  2. Without a log what something else relies on is written (the sectors of it, by buf_write_part) before that is changed: an inode before its
 *     name, a link count before the name that needs it, a directory's or an indirect block's contents before what points at them; a name goes before the
 *     link count, and pointers go before their blocks are free. So what waits in the cache may be written in any order, and what is on the disk at
 *     any time is what fsck_ffs -p mends: maps, counts, inodes without names.
 *  3. With a log all metadata changes of one operation are in one transaction.
 *  4. Nothing read from the disk is used as a place or size before it was checked against the file system's bounds.
 *  5. What went wrong and could not be undone is remembered (ffs_must_check): fs_clean is 0 from then on.
 *  6. fs_clean: 1 when unmounted in order; while it is mounted for writing 2 if it was clean, 0 if it was not, and then it stays 0.
 *
 * Sources: McKusick et al. 1984; fs(5), newfs(8), mount_ffs(8), wapbl(4), dumpfs(8).
 */
#include "fs/ffs/ffs.h"
#include "vfs/vfs_impl.h"

#define LABEL_READ 8192 /* as the superblock is read */
#define CACHE_MIN ((size_t)4 << 20)
#define CACHE_MAX ((size_t)64 << 20)

/* --- sync ------------------------------------------------------------------------------------------------------------- */

static int
sync_vnode(struct lwp *l, struct vnode *vp, void *arg)
{
	struct ffsmount *ump = arg;
	struct inode *ip;
	int error = 0;

	/* Looked at without the lock: most are clean. */
	if (vnode_lock_alive(vp, true) != 0)
		return 0;
	ip = VTOI(vp);
	if (ip != NULL && ip->i_d.di_mode != 0 && ip->i_flag != 0 &&
	    (error = ffs_begin(ump, l)) == 0) {
		error = ffs_update(ip);
		ffs_end(ump, l);
	}
	vnode_unlock(vp);
	return error;
}

static int
ffs_sync(struct lwp *l, struct mount *mp, bool wait)
{
	struct ffsmount *ump = MPTOUM(mp);
	int error, first;
	bool dirty;

	if (ump->um_ronly)
		return 0;
	first = vcache_foreach(l, mp, sync_vnode, ump);
	kmutex_enter(&ump->um_lock);
	dirty = ump->um_fmod;
	kmutex_exit(&ump->um_lock);
	if (dirty) {
		if ((error = ffs_begin(ump, l)) == 0) {
			error = ffs_sbupdate(ump);
			ffs_end(ump, l);
		}
		if (first == 0)
			first = error;
	}
	/* A log's commit is for the medium, or nobody would ask for it. */
	error = ump->um_wl != NULL ? wapbl_flush(ump->um_wl, l, true) :
				     bcache_flush(ump->um_bc, wait);
	return first != 0 ? first : error;
}

/* Copies a string into a field of n bytes, cut if it must be, the rest zero. */
static void
copy_string(void *to, size_t n, const char *from)
{
	const char *end = memchr(from, '\0', n - 1);
	size_t len = end != NULL ? (size_t)(end - from) : n - 1;

	memset(to, 0, n);
	memcpy(to, from, len);
}

/* --- mount ------------------------------------------------------------------------------------------------------------- */

static size_t
cache_size(const struct ffsmount *ump)
{
	uint64_t n = ump->um_dev->b_size / 32;

	return n < CACHE_MIN ? CACHE_MIN :
	    n > CACHE_MAX    ? CACHE_MAX :
			       (size_t)n;
}

/* From now on it is written: marks it as not unmounted in order. */
static int
begin_writing(struct ffsmount *ump, struct lwp *l, const char *path)
{
	struct fs *fs = &ump->um_fs;
	bool log = (atomic_load(&ump->um_mp->mnt_flag) & MNT_LOG) != 0;
	int8_t was;
	uint32_t flags;
	int error;

	if (ump->um_dev->b_readonly)
		return -EROFS;
	/* Groups that overlap can be read at most. */
	if (fs->fs_dblkno > fs->fs_fpg || fs->fs_fpg % fs->fs_frag != 0)
		return -EINVAL;
	/* Writing beside a snapshot would change what it shows. */
	if (fs->fs_snapinum[0] != 0)
		return -EOPNOTSUPP;
	was = fs->fs_clean;
	flags = fs->fs_flags;
	ffs_setclean(ump, was == FS_ISCLEAN ? FS_WASCLEAN : 0);
	copy_string(fs->fs_fsmnt, sizeof(fs->fs_fsmnt), path);
	ump->um_ronly = false;
	/* Without a log a journal that is there stays, empty; nobody writes it, and nothing may be made of it after a crash. */
	if (!log)
		fs->fs_flags &= ~(uint32_t)FS_DOWAPBL;
	if ((error = ffs_sbupdate(ump)) == 0)
		error = bcache_flush(ump->um_bc, log || flags != fs->fs_flags);
	if (error == 0 && log)
		error = ffs_wapbl_start(ump, l);
	if (error == 0)
		return 0;
	/* As it was, if it can be written; else it is not clean. */
	fs->fs_flags = flags;
	if (bcache_flush(ump->um_bc, true) == 0) {
		ffs_setclean(ump, was);
		if (ffs_sbupdate(ump) != 0 ||
		    bcache_flush(ump->um_bc, true) != 0)
			ffs_setclean(ump, 0);
	}
	ump->um_ronly = true;
	return error;
}

/* An unmount that failed may have said that it is clean, and has stopped the log: it was not clean, and the log goes on, before anything else is written. */
static void
resume_writing(struct ffsmount *ump, struct lwp *l, int8_t clean, bool log)
{
	int error;

	ffs_setclean(ump, clean);
	error = ffs_sbupdate(ump);
	if (error == 0)
		error = bcache_flush(ump->um_bc, true);
	if (error == 0 && log)
		error = ffs_wapbl_start(ump, l);
	if (error != 0)
		atomic_store(&ump->um_error, error == -ENOMEM ? -EIO : error);
}

static bool
tail_is_there(struct ffsmount *ump)
{
	const struct fs *fs = &ump->um_fs;
	uint8_t last[512];

	return blkdev_read(ump->um_dev, last, sizeof(last),
		   fsbtobyte(fs, fs->fs_size) - sizeof(last)) == 0;
}

static int
end_writing(struct ffsmount *ump, struct lwp *l, bool force)
{
	int8_t was = ump->um_fs.fs_clean;
	bool log = ump->um_wl != NULL;
	int error;

	if (ump->um_ronly)
		return 0;
	/* An unmount has failed, and left what the medium says unknown. */
	if ((error = atomic_load(&ump->um_error)) != 0)
		return force ? 0 : error;
	if (log && (error = ffs_wapbl_stop(ump, force)) != 0)
		return error;
	/* What was not committed is nothing; the journal is replayed. */
	if (log && force && ump->um_lost)
		return 0;
	/* An image that was cut short meanwhile has lost what nobody looked at since. */
	if (!tail_is_there(ump))
		ffs_must_check(ump);
	/* All of it, before it is said to be clean. */
	if ((error = bcache_flush(ump->um_bc, true)) != 0)
		goto fail;
	if ((was & FS_WASCLEAN) != 0)
		ffs_setclean(ump, FS_ISCLEAN);
	/* Preening leaves alone what has a log. */
	if (ump->um_check)
		ump->um_fs.fs_flags &= ~(uint32_t)FS_DOWAPBL;
	if ((error = ffs_sbupdate(ump)) == 0 &&
	    (error = bcache_flush(ump->um_bc, true)) == 0)
		return 0;
fail:
	if (force)
		return 0;
	resume_writing(ump, l, was, log);
	return error;
}

static void
destroy(struct ffsmount *ump)
{
	ffs_quota_stop(ump);
	if (ump->um_bc != NULL)
		bcache_destroy(ump->um_bc);
	if (ump->um_replay != NULL)
		wapbl_replay_close(ump->um_replay);
	ffs_csfree(ump);
	kmem_free(ump->um_k, ump, sizeof(*ump));
}

static int
overlay(void *ctx, void *data, uint32_t size, uint64_t off)
{
	int error = wapbl_replay_read(ctx, data, size, off);

	return error < 0 ? error : 0;
}

/* An Apple label tells that the directories' blocks are longer. */
static int
find_label(struct ffsmount *ump)
{
	uint8_t *raw = kmem_alloc(ump->um_k, LABEL_READ);
	int error;

	if (raw == NULL)
		return -ENOMEM;
	error = blkdev_read(ump->um_dev, raw, LABEL_READ,
	    APPLEUFS_LABEL_OFFSET / LABEL_READ * LABEL_READ);
	ump->um_dirblksiz = error == 0 &&
		ffs_apple_label(raw + APPLEUFS_LABEL_OFFSET % LABEL_READ) ?
	    APPLEUFS_DIRBLKSIZ :
	    UFS_DIRBLKSIZ;
	kmem_free(ump->um_k, raw, LABEL_READ);
	return error == -EINVAL ? -EIO : error;
}

/* Superblock, journal, summary: everything to read with. */
static int
load(struct ffsmount *ump, struct lwp *l)
{
	bool replayed = false;
	int error;

	if ((error = ffs_sbread(ump)) != 0)
		return error;
	if ((error = find_label(ump)) != 0)
		return error;
	if ((error = ffs_wapbl_replay(ump, l, &replayed)) != 0)
		return error;
	if (replayed && (error = ffs_sbread(ump)) != 0)
		return error;
	/* Sized once: until here nothing went through the cache. */
	error = bcache_create(
	    ump->um_k, ump->um_dev, cache_size(ump), &ump->um_bc);
	if (error != 0)
		return error;
	if (ump->um_replay != NULL)
		bcache_set_overlay(ump->um_bc, overlay, ump->um_replay);
	/* What was wrong before is wrong still. */
	if (replayed && (ump->um_fs.fs_clean & FS_WASCLEAN) != 0)
		ump->um_fs.fs_clean = FS_ISCLEAN;
	return ffs_csread(ump);
}

static void
fill_mount(struct mount *mp, struct ffsmount *ump, const char *from)
{
	mp->mnt_data = ump;
	mp->mnt_namemax = FFS_MAXNAMLEN;
	mp->mnt_stat.f_namemax = FFS_MAXNAMLEN;
	mp->mnt_stat.f_iosize = (unsigned long)ump->um_fs.fs_bsize;
	/* FFS has no numbers of its own that are unique: the device, and its type's place in the list of file systems. */
	mp->mnt_stat.f_fsidx.__fsid_val[0] = (int32_t)ump->um_devvp->v_rdev;
	mp->mnt_stat.f_fsidx.__fsid_val[1] = 1;
	mp->mnt_stat.f_fsid = (unsigned long)ump->um_devvp->v_rdev;
	copy_string(mp->mnt_stat.f_mntfromname,
	    sizeof(mp->mnt_stat.f_mntfromname), from);
}

static int
mount_new(struct lwp *l, struct mount *mp, const char *path,
    struct vnode *devvp, const char *from)
{
	bool ronly = (atomic_load(&mp->mnt_flag) & MNT_RDONLY) != 0;
	struct ffsmount *ump = kmem_zalloc(mp->mnt_k, sizeof(*ump));
	int error;

	if (ump == NULL)
		return -ENOMEM;
	ump->um_k = mp->mnt_k;
	ump->um_mp = mp;
	ump->um_devvp = devvp;
	ump->um_ronly = true;
	error = vfs_open_device(l, devvp, mp, ronly, &ump->um_dev);
	if (error != 0) {
		destroy(ump);
		return error;
	}
	mp->mnt_data = ump;
	ump->um_fs.fs_ncg = 0;
	if ((error = load(ump, l)) != 0)
		goto fail;
	if (!ronly) {
		/* Inodes are cleared with the summary at hand. */
		ump->um_ronly = false;
		error = ffs_quota_start(ump, l);
		if (error == 0)
			error = ffs_wapbl_clear_inodes(ump, l);
		if (error == 0)
			error = begin_writing(ump, l, path);
		if (error != 0)
			goto fail;
	}
	fill_mount(mp, ump, from);
	return 0;
fail:
	/* What the journal's start or replay looked at. */
	(void)!vcache_flush_mount(l, mp, true);
	mp->mnt_data = NULL;
	destroy(ump);
	vfs_close_device(l, devvp);
	return error;
}

/* A read-only mount becomes writable. */
static int
make_writable(struct lwp *l, struct ffsmount *ump, const char *path)
{
	int error;

	/* A reload failed half-way. */
	if (ump->um_cs == NULL)
		return -EIO;
	if ((error = vfs_reopen_device(l, ump->um_devvp, false)) != 0)
		return error;
	if (ump->um_replay != NULL) {
		/* What was laid over goes to its places now. */
		if ((error = wapbl_replay_write(ump->um_replay, false)) != 0 ||
		    (error = blkdev_sync(ump->um_dev)) != 0)
			goto fail;
		ump->um_ronly = false;
	}
	if ((error = ffs_quota_start(ump, l)) != 0)
		goto fail;
	if ((error = ffs_wapbl_clear_inodes(ump, l)) != 0)
		goto fail;
	if ((error = begin_writing(ump, l, path)) == 0)
		return 0;
fail:
	ump->um_ronly = true;
	ffs_quota_stop(ump);
	(void)!vfs_reopen_device(l, ump->um_devvp, true);
	return error;
}

/*
 * A check mended what is mounted read-only: superblock and summary are read again. Its geometry must be what it was, for the inodes in memory.
 */
static int
reload(struct ffsmount *ump)
{
	struct fs was = ump->um_fs;
	const struct fs *fs = &ump->um_fs;
	int error;

	bcache_invalidate(ump->um_bc, fsbtobyte(&was, was.fs_csaddr),
	    (uint64_t)fragroundup(&was, was.fs_cssize));
	bcache_invalidate(
	    ump->um_bc, (uint64_t)ump->um_sbloc, (uint64_t)was.fs_sbsize);
	error = ffs_sbread(ump);
	if (error == 0 &&
	    (fs->fs_ncg != was.fs_ncg || fs->fs_bsize != was.fs_bsize ||
		fs->fs_fsize != was.fs_fsize || fs->fs_ipg != was.fs_ipg ||
		fs->fs_fpg != was.fs_fpg || fs->fs_magic != was.fs_magic ||
		fs->fs_cssize != was.fs_cssize))
		error = -EINVAL;
	if (error != 0) {
		ump->um_fs = was;
		return error;
	}
	ffs_csfree(ump);
	if ((error = ffs_csread(ump)) != 0)
		ffs_csfree(ump);
	return error;
}

/* The journal stays, empty. The superblock says so on the medium before anything is written without it. */
static int
stop_log(struct ffsmount *ump, struct lwp *l)
{
	int error;

	if ((error = ffs_wapbl_stop(ump, false)) != 0)
		return error;
	ump->um_fs.fs_flags &= ~(uint32_t)FS_DOWAPBL;
	if ((error = ffs_sbupdate(ump)) == 0)
		error = bcache_flush(ump->um_bc, true);
	if (error != 0)
		resume_writing(ump, l, ump->um_fs.fs_clean, true);
	return error;
}

static int
mount_update(
    struct lwp *l, struct mount *mp, const char *path, struct vnode *devvp)
{
	struct ffsmount *ump = MPTOUM(mp);
	int flag = atomic_load(&mp->mnt_flag);
	int error = 0;

	if (devvp != NULL && devvp->v_rdev != ump->um_devvp->v_rdev)
		return -EINVAL;
	if ((flag & MNT_RELOAD) != 0)
		return ump->um_ronly ? reload(ump) : -EINVAL;
	/* What is written now and open for writing cannot be told apart: recorded behaviour. */
	if ((flag & MNT_RDONLY) != 0)
		return ump->um_ronly ? 0 : -EOPNOTSUPP;
	if (ump->um_ronly)
		return make_writable(l, ump, path);
	if ((flag & MNT_LOG) != 0 && ump->um_wl == NULL) {
		if ((error = ffs_sync(l, mp, true)) == 0)
			error = ffs_wapbl_start(ump, l);
	} else if ((flag & MNT_LOG) == 0 && ump->um_wl != NULL) {
		error = stop_log(ump, l);
	}
	return error;
}

static int
ffs_mount(
    struct lwp *l, struct mount *mp, const char *path, void *data, size_t *len)
{
	struct ufs_args *args = data;
	int flag = atomic_load(&mp->mnt_flag);
	char from[sizeof(mp->mnt_stat.f_mntfromname)];
	struct vnode *devvp = NULL;
	int error;

	if ((flag & MNT_GETARGS) != 0) {
		args->fspec = NULL;
		*len = sizeof(*args);
		return 0;
	}
	if (args->fspec != NULL) {
		error = vfs_lookup_device(
		    l, args->fspec, from, sizeof(from), &devvp);
		if (error != 0)
			return error;
	} else if ((flag & MNT_UPDATE) == 0) {
		return -EINVAL;
	}
	if ((flag & MNT_UPDATE) != 0) {
		error = mount_update(l, mp, path, devvp);
	} else {
		error = mount_new(l, mp, path, devvp, from);
		if (error == 0)
			return 0;
	}
	if (devvp != NULL)
		vnode_put(l, devvp);
	return error;
}

static int
ffs_unmount(struct lwp *l, struct mount *mp, int flags)
{
	struct ffsmount *ump = MPTOUM(mp);
	struct vnode *devvp = ump->um_devvp;
	int error;

	error = end_writing(ump, l, (flags & MNT_FORCE) != 0);
	if (error != 0)
		return error;
	destroy(ump);
	mp->mnt_data = NULL;
	vfs_close_device(l, devvp);
	vnode_put(l, devvp);
	return 0;
}

static int
ffs_root(struct lwp *l, struct mount *mp, struct vnode **vpp)
{
	int error = vcache_get(l, mp, (ino_t)UFS_ROOTINO, vpp);

	if (error == 0 && (*vpp)->v_type != VDIR) {
		vnode_put(l, *vpp);
		*vpp = NULL;
		error = -EIO;
	}
	return error;
}

static int
ffs_statvfs(struct lwp *l, struct mount *mp, struct statvfs *sb)
{
	struct ffsmount *ump = MPTOUM(mp);
	const struct fs *fs = &ump->um_fs;
	int64_t free, reserved;

	(void)l;
	kmutex_enter(&ump->um_lock);
	free = fs->fs_cstotal.cs_nbfree * fs->fs_frag + fs->fs_cstotal.cs_nffree;
	sb->f_ffree = (fsfilcnt_t)fs->fs_cstotal.cs_nifree;
	kmutex_exit(&ump->um_lock);
	reserved = fs->fs_dsize / 100 * fs->fs_minfree +
	    fs->fs_dsize % 100 * fs->fs_minfree / 100;
	sb->f_bsize = (unsigned long)fs->fs_bsize;
	sb->f_frsize = (unsigned long)fs->fs_fsize;
	sb->f_iosize = (unsigned long)fs->fs_bsize;
	sb->f_blocks = (fsblkcnt_t)fs->fs_dsize;
	sb->f_bfree = (fsblkcnt_t)free;
	sb->f_bresvd = (fsblkcnt_t)reserved;
	sb->f_bavail = free > reserved ? (fsblkcnt_t)(free - reserved) : 0;
	sb->f_files = (fsfilcnt_t)((int64_t)fs->fs_ncg * fs->fs_ipg -
	    UFS_ROOTINO);
	sb->f_favail = sb->f_ffree;
	sb->f_fresvd = 0;
	sb->f_namemax = FFS_MAXNAMLEN;
	return 0;
}

/* What stands for a file in a handle, as other systems keep it too. */
struct ffs_fid {
	uint16_t ff_len, ff_pad;
	uint32_t ff_ino;
	int32_t ff_gen;
};

static int
ffs_vptofh(struct vnode *vp, void *fid, size_t *len)
{
	struct inode *ip = VTOI(vp);
	struct ffs_fid ff = { sizeof(ff), 0, (uint32_t)ip->i_number,
		ip->i_d.di_gen };
	bool fits = *len >= sizeof(ff);

	*len = sizeof(ff);
	if (!fits)
		return -E2BIG;
	memcpy(fid, &ff, sizeof(ff));
	return 0;
}

static int
ffs_fhtovp(struct lwp *l, struct mount *mp, const void *fid, size_t len,
    struct vnode **vpp)
{
	struct ffs_fid ff;

	*vpp = NULL;
	if (len != sizeof(ff))
		return -EINVAL;
	memcpy(&ff, fid, sizeof(ff));
	if (ff.ff_ino < UFS_ROOTINO || vcache_get(l, mp, ff.ff_ino, vpp) != 0)
		return -ESTALE;
	if (VTOI(*vpp)->i_d.di_gen != ff.ff_gen ||
	    VTOI(*vpp)->i_d.di_nlink <= 0) {
		vnode_put(l, *vpp);
		*vpp = NULL;
		return -ESTALE;
	}
	return 0;
}

const struct vfsops ffs_vfsops = {
	.vfs_name = "ffs",
	.vfs_min_mount_data = sizeof(struct ufs_args),
	.vfs_mount = ffs_mount,
	.vfs_unmount = ffs_unmount,
	.vfs_root = ffs_root,
	.vfs_statvfs = ffs_statvfs,
	.vfs_sync = ffs_sync,
	.vfs_loadvnode = ffs_loadvnode,
	.vfs_vptofh = ffs_vptofh,
	.vfs_fhtovp = ffs_fhtovp,
	.vfs_quotactl = ffs_quotactl,
};
