/* SPDX-License-Identifier: BSD-2-Clause */
/* The journal of an FFS: where it is, making one, replaying it, starting and stopping it. */
#include "fs/ffs/ffs.h"
#include "vfs/vfs_impl.h"

/* The journal that the superblock names, in bytes. -EINVAL: nonsense; 1: there is none. */
static int
journal_place(const struct ffsmount *ump, uint64_t *off, uint64_t *size,
    uint32_t *blksize)
{
	const struct fs *fs = &ump->um_fs;
	uint64_t addr, count, bs;

	if (fs->fs_journal_version != UFS_WAPBL_VERSION)
		return 1;
	switch (fs->fs_journal_location) {
	case UFS_WAPBL_JOURNALLOC_END_PARTITION:
		addr = fs->fs_journallocs[UFS_WAPBL_EPART_ADDR];
		count = fs->fs_journallocs[UFS_WAPBL_EPART_COUNT];
		bs = fs->fs_journallocs[UFS_WAPBL_EPART_BLKSZ];
		break;
	case UFS_WAPBL_JOURNALLOC_IN_FILESYSTEM:
		addr = fs->fs_journallocs[UFS_WAPBL_INFS_ADDR];
		count = fs->fs_journallocs[UFS_WAPBL_INFS_COUNT];
		bs = fs->fs_journallocs[UFS_WAPBL_INFS_BLKSZ];
		break;
	default:
		return 1;
	}
	if (count == 0)
		return 1;
	if (bs < 512 || bs > 65536 || (bs & (bs - 1)) != 0 ||
	    __builtin_mul_overflow(addr, bs, off) ||
	    __builtin_mul_overflow(count, bs, size) ||
	    *off > ump->um_dev->b_size || *size > ump->um_dev->b_size - *off)
		return -EINVAL;
	*blksize = (uint32_t)bs;
	return 0;
}

/* --- replay --------------------------------------------------------------------------------------------------------------- */

static int
dev_read(void *ctx, void *buf, size_t n, uint64_t off)
{
	return blkdev_read(ctx, buf, n, off);
}

static int
dev_write(void *ctx, const void *buf, size_t n, uint64_t off)
{
	return blkdev_write(ctx, buf, n, off);
}

int
ffs_wapbl_replay(struct ffsmount *ump, struct lwp *l, bool *replayed)
{
	struct wapbl_io io = { .read = dev_read,
		.write = dev_write,
		.ctx = ump->um_dev,
		.device_size = ump->um_dev->b_size };
	uint64_t off, size;
	uint32_t bs;
	int error;

	(void)l;
	*replayed = false;
	if ((ump->um_fs.fs_flags & FS_DOWAPBL) == 0 ||
	    ump->um_fs.fs_clean == FS_ISCLEAN)
		return 0;
	if ((error = journal_place(ump, &off, &size, &bs)) != 0)
		return error > 0 ? 0 : error;
	error = wapbl_replay_open(
	    ump->um_k, &io, off, size, bs, &ump->um_replay);
	/* Nothing was under way. */
	if (error == -ENOENT) {
		*replayed = true;
		return 0;
	}
	if (error != 0)
		return error;
	*replayed = true;
	if (ump->um_dev->b_readonly ||
	    (atomic_load(&ump->um_mp->mnt_flag) & MNT_RDONLY) != 0)
		return 0;
	if ((error = wapbl_replay_write(ump->um_replay, false)) == 0)
		error = blkdev_sync(ump->um_dev);
	return error;
}

/* An inode whose last name was gone, or whose first name had not come, when the log ended. */
static int
clear_inode(void *ctx, ino_t ino, mode_t mode)
{
	void **arg = ctx;
	struct ffsmount *ump = arg[0];
	struct lwp *l = arg[1];
	struct vnode *vp;
	int error;

	(void)mode;
	if (!ffs_ino_ok(&ump->um_fs, ino) || ino <= (ino_t)UFS_ROOTINO)
		return 0;
	/* One that is free already, or damaged, is nothing to clear. */
	if ((error = vcache_get(l, ump->um_mp, ino, &vp)) != 0)
		return error == -ENOMEM ? error : 0;
	/* The last reference frees it. */
	if (VTOI(vp)->i_d.di_nlink <= 0)
		atomic_fetch_or(&vp->v_flag, VV_INACTIVE);
	vnode_put(l, vp);
	return 0;
}

static int
any_inode(void *ctx, ino_t ino, mode_t mode)
{
	(void)ino, (void)mode;
	*(bool *)ctx = true;
	return 0;
}

int
ffs_wapbl_clear_inodes(struct ffsmount *ump, struct lwp *l)
{
	void *arg[2] = { ump, l };
	bool any = false;
	int error;

	if (ump->um_replay == NULL)
		return 0;
	bcache_set_overlay(ump->um_bc, NULL, NULL);
	error = wapbl_replay_inodes(ump->um_replay, any_inode, &any);
	/* No journal protects this, and another replay would not do it again in full. */
	if (error == 0 && any)
		error = ffs_expose(ump, true);
	if (error == 0 && any)
		error = wapbl_replay_inodes(ump->um_replay, clear_inode, arg);
	/* Those that stay for want of memory are not found again. */
	if (error == 0 && any)
		error = vcache_flush_mount(l, ump->um_mp, true);
	if (error == 0)
		error = bcache_flush(ump->um_bc, true);
	if (error == 0 && (error = wapbl_replay_clear(ump->um_replay)) == 0)
		error = blkdev_sync(ump->um_dev);
	if (error != 0)
		return error;
	wapbl_replay_close(ump->um_replay);
	ump->um_replay = NULL;
	return 0;
}

/* --- making one ------------------------------------------------------------------------------------------------------------- */

/* Runs of free blocks are asked of the groups from the middle of the file system on. */
static int
journal_blocks(struct ffsmount *ump, struct lwp *l, struct inode *ip,
    int64_t want, int64_t *fragp, int64_t *gotp)
{
	const struct fs *fs = &ump->um_fs;
	uint32_t ncg = (uint32_t)fs->fs_ncg;
	int64_t frag, got, best = 0, bestfrag = 0;
	int error;

	for (uint32_t i = 0; i < ncg; i++) {
		uint32_t c = (ncg / 2 + i) % ncg;

		if (ump->um_cs[c].cs_nbfree <= 0)
			continue;
		error = ffs_alloc(
		    l, ip, cgbase(fs, c) + fs->fs_dblkno, want, &frag, &got);
		if (error != 0)
			return error;
		if (got >= want) {
			if (best > 0)
				error = ffs_free_now(
				    ump, bestfrag, blkstofrags(fs, best));
			*fragp = frag;
			*gotp = got;
			return error;
		}
		/* Not long enough: the longest so far is kept. */
		if (got > best) {
			if (best > 0 &&
			    (error = ffs_free_now(
				 ump, bestfrag, blkstofrags(fs, best))) != 0)
				return error;
			best = got;
			bestfrag = frag;
		} else if ((error = ffs_free_now(
				ump, frag, blkstofrags(fs, got))) != 0) {
			return error;
		}
	}
	if (best == 0)
		return -ENOSPC;
	*fragp = bestfrag;
	*gotp = best;
	return 0;
}

/* A new indirect block of pointers to n blocks from frag on. */
static int
journal_leaf(struct ffsmount *ump, struct lwp *l, struct inode *ip,
    int64_t frag, int64_t n, int64_t *indp)
{
	const struct fs *fs = &ump->um_fs;
	struct buf *b;
	int64_t got;
	int error;

	if ((error = ffs_alloc(l, ip, 0, 1, indp, &got)) != 0)
		return error;
	error = ffs_getbuf(ump, *indp, (uint32_t)fs->fs_bsize, false, &b);
	if (error != 0) {
		ffs_undone(ump, ffs_free_now(ump, *indp, fs->fs_frag));
		return error;
	}
	memset(b->b_data, 0, b->b_size);
	for (int64_t i = 0; i < n; i++)
		ffs_setptr(
		    ump, b->b_data, (uint32_t)i, frag + blkstofrags(fs, i));
	buf_dirty(b);
	return 0;
}

/*
 * The tree of pointers to n blocks that lie in a row; *setp of them have theirs after an error, and the tree is whole as far as it goes. 64 MiB at most: one
 * double indirect block is enough.
 */
static int
journal_pointers(struct ffsmount *ump, struct lwp *l, struct inode *ip,
    int64_t frag, int64_t n, int64_t *setp)
{
	const struct fs *fs = &ump->um_fs;
	int64_t nindir = ffs_nindir(fs), lbn, ind, part;
	struct buf *b;
	int error;

	for (lbn = 0; lbn < n && lbn < UFS_NDADDR; lbn++)
		ip->i_d.di_db[lbn] = frag + blkstofrags(fs, lbn);
	for (*setp = lbn; lbn < n; *setp = lbn += part) {
		if (lbn == UFS_NDADDR + nindir &&
		    (error = journal_leaf(
			 ump, l, ip, 0, 0, &ip->i_d.di_ib[1])) != 0) {
			ip->i_d.di_ib[1] = 0;
			return error;
		}
		part = n - lbn < nindir ? n - lbn : nindir;
		error = journal_leaf(
		    ump, l, ip, frag + blkstofrags(fs, lbn), part, &ind);
		if (error != 0)
			return error;
		if (lbn == UFS_NDADDR) {
			ip->i_d.di_ib[0] = ind;
			continue;
		}
		error = ffs_getbuf(
		    ump, ip->i_d.di_ib[1], (uint32_t)fs->fs_bsize, true, &b);
		if (error != 0) {
			ffs_undone(ump, ffs_free(ump, ind, fs->fs_frag, true));
			return error;
		}
		ffs_setptr(ump, b->b_data,
		    (uint32_t)((lbn - UFS_NDADDR - nindir) / nindir), ind);
		buf_dirty(b);
	}
	return 0;
}

/* The file that keeps the journal's blocks: it has a link count, and no name. */
static int
journal_file(struct ffsmount *ump, struct lwp *l, uint64_t size, ino_t *inop,
    int64_t *fragp, uint64_t *gotsize)
{
	const struct fs *fs = &ump->um_fs;
	struct vnode *rvp, *vp = NULL;
	struct dinode di;
	struct timespec now;
	struct inode *ip;
	int64_t got, set = 0;
	int32_t gen;
	int error;

	if ((error = vcache_get(l, ump->um_mp, (ino_t)UFS_ROOTINO, &rvp)) != 0)
		return error;
	error = ffs_ialloc(l, VTOI(rvp), S_IFREG, inop, &gen);
	vnode_put(l, rvp);
	if (error != 0)
		return error;
	memset(&di, 0, sizeof(di));
	kern_nanotime(ump->um_k, &now);
	di.di_mode = S_IFREG;
	di.di_nlink = 1;
	di.di_flags = SF_LOG;
	di.di_gen = gen;
	di.di_atime = di.di_mtime = di.di_ctime = now.tv_sec;
	di.di_atimensec = di.di_mtimensec = di.di_ctimensec = (int32_t)
								  now.tv_nsec;
	if (ffs_isufs2(fs)) {
		di.di_birthtime = now.tv_sec;
		di.di_birthnsec = (int32_t)now.tv_nsec;
	}
	error = vcache_new(l, ump->um_mp, *inop, ffs_loadnew, &di, &vp);
	if (error != 0) {
		ffs_undone(ump, ffs_ifree(ump, *inop, S_IFREG));
		return error;
	}
	ip = VTOI(vp);
	ip->i_noquota = true;
	error = journal_blocks(
	    ump, l, ip, (int64_t)(size / (uint32_t)fs->fs_bsize), fragp, &got);
	if (error == 0) {
		/* What was tried and given back does not count. */
		ip->i_d.di_blocks = (uint64_t)got *
		    ((uint32_t)fs->fs_bsize / 512);
		*gotsize = (uint64_t)got * (uint32_t)fs->fs_bsize;
		ip->i_d.di_size = *gotsize;
		error = journal_pointers(ump, l, ip, *fragp, got, &set);
		/* Those that nothing points at. */
		if (error != 0 && set < got) {
			ip->i_d.di_size = (uint64_t)lblktosize(fs, set);
			ffs_undone(ump,
			    ffs_free_now(ump, *fragp + blkstofrags(fs, set),
				blkstofrags(fs, got - set)));
		}
	}
	if (error == 0 && *gotsize < UFS_WAPBL_MIN_JOURNAL_SIZE / 4)
		error = -ENOSPC;
	if (error != 0) {
		ip->i_d.di_nlink = 0;
		atomic_fetch_or(&vp->v_flag, VV_INACTIVE);
	}
	ffs_mark(ip, IN_MODIFIED);
	if (error == 0)
		error = ffs_update(ip);
	vnode_put(l, vp);
	return error;
}

static int
journal_create(struct ffsmount *ump, struct lwp *l)
{
	struct fs *fs = &ump->um_fs;
	uint64_t size, got;
	int64_t frag;
	ino_t ino;
	int error;

	size = (uint64_t)fs->fs_size * (uint32_t)fs->fs_fsize /
	    UFS_WAPBL_JOURNAL_SCALE;
	if (size < UFS_WAPBL_MIN_JOURNAL_SIZE)
		size = UFS_WAPBL_MIN_JOURNAL_SIZE;
	if (size > UFS_WAPBL_MAX_JOURNAL_SIZE)
		size = UFS_WAPBL_MAX_JOURNAL_SIZE;
	size = (uint64_t)blkroundup(fs, (int64_t)size);
	error = journal_file(ump, l, size, &ino, &frag, &got);
	if (error != 0)
		return error;
	fs->fs_journal_version = UFS_WAPBL_VERSION;
	fs->fs_journal_location = UFS_WAPBL_JOURNALLOC_IN_FILESYSTEM;
	fs->fs_journal_flags = 0;
	fs->fs_journallocs[UFS_WAPBL_INFS_ADDR] = fsbtobyte(fs, frag) / 512;
	fs->fs_journallocs[UFS_WAPBL_INFS_COUNT] = got / 512;
	fs->fs_journallocs[UFS_WAPBL_INFS_BLKSZ] = 512;
	fs->fs_journallocs[UFS_WAPBL_INFS_INO] = ino;
	return 0;
}

/* --- start and stop ------------------------------------------------------------------------------------------------------------ */

static void
op_dealloc(void *ctx, uint64_t blkno, uint32_t len)
{
	struct ffsmount *ump = ctx;
	uint32_t fsize = (uint32_t)ump->um_fs.fs_fsize;

	ffs_undone(ump,
	    ffs_free_now(ump, (int64_t)(blkno * 512 / fsize), len / fsize));
}

static int
op_commit(void *ctx)
{
	return ffs_sbupdate(ctx);
}

static int
op_exposed(void *ctx, bool exposed)
{
	return ffs_expose(ctx, exposed);
}

static void
fill_ops(struct ffsmount *ump)
{
	const struct fs *fs = &ump->um_fs;
	struct wapbl_ops *wo = &ump->um_wlops;

	wo->wo_dealloc = op_dealloc;
	wo->wo_commit = op_commit;
	wo->wo_exposed = op_exposed;
	wo->wo_ctx = ump;
	/* A group, and blocks of an inode, a directory, pointers. */
	wo->wo_tx_bytes = 4 * (uint32_t)fs->fs_bsize;
	wo->wo_dealloc_bytes = (uint32_t)fs->fs_cgsize;
	wo->wo_dealloc_max = (uint64_t)fs->fs_ncg * (uint32_t)fs->fs_cgsize +
	    (uint64_t)fs->fs_cssize;
}

/* Takes away the journal that journal_create made a moment ago. */
static void
journal_remove(struct ffsmount *ump, struct lwp *l)
{
	struct fs *fs = &ump->um_fs;
	ino_t ino = (ino_t)fs->fs_journallocs[UFS_WAPBL_INFS_INO];
	struct vnode *vp;

	fs->fs_journal_version = 0;
	fs->fs_journal_location = UFS_WAPBL_JOURNALLOC_NONE;
	memset(fs->fs_journallocs, 0, sizeof(fs->fs_journallocs));
	if (vcache_get(l, ump->um_mp, ino, &vp) != 0) {
		ffs_must_check(ump);
		return;
	}
	VTOI(vp)->i_d.di_nlink = 0;
	ffs_mark(VTOI(vp), IN_MODIFIED);
	atomic_fetch_or(&vp->v_flag, VV_INACTIVE);
	vnode_put(l, vp);
}

int
ffs_wapbl_start(struct ffsmount *ump, struct lwp *l)
{
	const uint32_t fsid[2] = { 0, 0 };
	struct fs *fs = &ump->um_fs;
	bool made, had;
	uint64_t off, size;
	uint32_t bs;
	int error;

	/* The old superblock has no place for it. */
	if (ump->um_oldsb)
		return -EINVAL;
	/* What is not clean must be checked first: the journal would hide it. */
	if (fs->fs_clean == 0)
		return -EPERM;
	error = journal_place(ump, &off, &size, &bs);
	made = error > 0;
	if (made) {
		if ((error = journal_create(ump, l)) != 0)
			return error;
		error = journal_place(ump, &off, &size, &bs);
		/* Its file too is on the medium before the superblock names it. */
		if (error == 0)
			error = bcache_flush(ump->um_bc, true);
	}
	if (error != 0) {
		error = error > 0 ? -EINVAL : error;
		goto fail_made;
	}
	fill_ops(ump);
	/* Valid and empty before the superblock names it. */
	error = wapbl_start(ump->um_k, ump->um_bc, ump->um_dev, off, size, bs,
	    fsid, &ump->um_wlops, &ump->um_wl);
	if (error != 0)
		goto fail_made;
	error = wapbl_stop(ump->um_wl, false);
	/* Nothing was in it yet. */
	if (error != 0)
		ffs_undone(ump, wapbl_stop(ump->um_wl, true));
	ump->um_wl = NULL;
	if (error != 0)
		goto fail_made;
	had = (fs->fs_flags & FS_DOWAPBL) != 0;
	fs->fs_flags |= FS_DOWAPBL;
	if ((error = ffs_sbupdate(ump)) == 0 &&
	    (error = bcache_flush(ump->um_bc, true)) == 0)
		error = wapbl_start(ump->um_k, ump->um_bc, ump->um_dev, off,
		    size, bs, fsid, &ump->um_wlops, &ump->um_wl);
	if (error == 0)
		return 0;
	/* The superblock may name it, on the medium: no more, before anything else is written. */
	if (!had)
		fs->fs_flags &= ~(uint32_t)FS_DOWAPBL;
	if (ffs_sbupdate(ump) != 0 || bcache_flush(ump->um_bc, true) != 0) {
		ffs_must_check(ump);
		atomic_store(&ump->um_error, -EIO);
		return error;
	}
fail_made:
	if (made) {
		journal_remove(ump, l);
		ffs_undone(ump, ffs_sbupdate(ump));
		if (bcache_flush(ump->um_bc, true) != 0)
			ffs_must_check(ump);
	}
	return error;
}

int
ffs_wapbl_stop(struct ffsmount *ump, bool force)
{
	int error;

	error = wapbl_stop(ump->um_wl, false);
	if (error != 0 && force) {
		error = wapbl_stop(ump->um_wl, true);
		ump->um_lost = true;
	}
	if (error != 0)
		return error;
	ump->um_wl = NULL;
	return 0;
}
