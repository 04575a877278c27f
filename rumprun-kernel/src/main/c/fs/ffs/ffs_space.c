/* SPDX-License-Identifier: BSD-2-Clause */
/* Disk for a range of a file ahead of writing (posix_fallocate), and holes in a file (fdiscard). */
#include "fs/ffs/ffs.h"

#define PIECE_BLKS ((int64_t)256) /* in a transaction */

/* --- posix_fallocate ------------------------------------------------------------------------------------------------- */

/* One transaction's worth from *offp on, which moves. */
static int
fill_piece(struct lwp *l, struct inode *ip, uint64_t *offp, uint64_t end)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	int64_t lbn = lblkno(fs, (int64_t)*offp);
	int64_t blks = lblkno(fs, (int64_t)end - 1) - lbn + 1;
	uint64_t size, disk, fresh;
	struct ffs_run run;
	int error;

	if (blks > PIECE_BLKS) {
		blks = PIECE_BLKS;
		end = lblktosize(fs, lbn + blks);
	}
	if (end < ip->i_d.di_size)
		size = ip->i_d.di_size;
	else
		size = end;
	if ((error = ffs_fill_last(l, ip, size)) != 0 ||
	    (error = ffs_balloc(l, ip, lbn, blks, size, &run)) != 0)
		return error;
	disk = (uint64_t)(run.r_blks - 1) * (uint32_t)fs->fs_bsize + run.r_bytes;
	fresh = run.r_new ? 0 : run.r_grown ? run.r_oldbytes : disk;
	error = ffs_zero(ump, fsbtobyte(fs, run.r_frag) + fresh, disk - fresh);
	*offp = lblktosize(fs, lbn) + disk;
	if (*offp > end)
		*offp = end;
	if (*offp > ip->i_d.di_size)
		ip->i_d.di_size = *offp;
	ffs_mark(ip, IN_CHANGE | IN_UPDATE);
	return error;
}

int
ffs_fallocate(struct lwp *l, struct vnode *vp, off_t off, off_t len)
{
	struct inode *ip = VTOI(vp);
	struct ffsmount *ump = ip->i_ump;
	uint64_t at = (uint64_t)off, end = at + (uint64_t)len, before;
	uint64_t size = ip->i_d.di_size;
	int error = 0;

	if (ump->um_ronly)
		return -EROFS;
	if (end > ump->um_fs.fs_maxfilesize)
		return -EFBIG;
	if ((ip->i_d.di_flags & SF_SNAPSHOT) != 0)
		return -EPERM;
	while (at < end && error == 0) {
		before = ip->i_d.di_size;
		if ((error = ffs_begin(ump, l)) != 0)
			break;
		error = fill_piece(l, ip, &at, end);
		if (error == 0)
			error = ffs_update(ip);
		/* Indirect blocks may have come. */
		else if (end > before &&
		    lblkno(&ump->um_fs, (int64_t)at) >
			lblkno(&ump->um_fs, (int64_t)before))
			ip->i_d.di_size = end;
		ffs_end(ump, l);
	}
	if (error != 0 && ip->i_d.di_size > size)
		ffs_undone(ump, ffs_truncate(l, ip, size));
	return error;
}

/* --- fdiscard --------------------------------------------------------------------------------------------------------- */

/* The pointers of n whole blocks from lbn on become holes, on the disk, in the inode or one indirect block. */
static int
clear_pointers(struct inode *ip, int64_t lbn, int64_t n)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	uint32_t idx[UFS_NIADDR], width = ffs_isufs2(fs) ? 8 : 4;
	struct buf *b;
	int64_t frag;
	int levels, error;

	ffs_runs_forget(ip);
	if ((error = ffs_getlbns(fs, lbn, &levels, idx)) != 0)
		return error;
	if (levels == 0) {
		for (int64_t i = 0; i < n; i++)
			ip->i_d.di_db[lbn + i] = 0;
		return 0;
	}
	frag = ip->i_d.di_ib[levels - 1];
	for (int i = 0;; i++) {
		error = ffs_getbuf(ump, frag, (uint32_t)fs->fs_bsize, true, &b);
		if (error != 0)
			return error;
		if (i == levels - 1)
			break;
		frag = ffs_getptr(ump, b->b_data, idx[i]);
		buf_release(b);
	}
	for (int64_t i = 0; i < n; i++)
		ffs_setptr(ump, b->b_data, idx[levels - 1] + (uint32_t)i, 0);
	error = buf_write_part(b, idx[levels - 1] * width, (uint32_t)n * width);
	/* They are gone in the cache, and perhaps on the disk. */
	ffs_undone(ump, error);
	return error;
}

/* A run of whole blocks at lbn, at most max: *np are done. */
static int
punch_run(struct lwp *l, struct inode *ip, int64_t lbn, int64_t max, int64_t *np)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	int64_t frag, frags;
	uint64_t gone;
	int error;

	if ((error = ffs_bmap(ip, lbn, max, &frag, np)) != 0 || frag == 0)
		return error;
	if (*np > PIECE_BLKS)
		*np = PIECE_BLKS;
	frags = blkstofrags(fs, *np);
	if (!ffs_frag_ok(fs, frag, frags))
		return -EIO;
	if ((error = ffs_begin(ump, l)) != 0)
		return error;
	if ((error = clear_pointers(ip, lbn, *np)) == 0) {
		gone = (uint64_t)frags * ((uint32_t)fs->fs_fsize / 512);
		if (gone > ip->i_d.di_blocks)
			gone = ip->i_d.di_blocks;
		ip->i_d.di_blocks -= gone;
		ffs_uncharge(ip, gone);
		ffs_mark(ip, IN_CHANGE | IN_UPDATE);
		if ((error = ffs_update_now(ip)) == 0)
			error = ffs_free(ump, frag, frags, false);
		else
			ffs_must_check(ump);
	}
	ffs_end(ump, l);
	return error;
}

/* Bytes of one block become zero. */
static int
zero_part(struct inode *ip, uint64_t off, uint64_t n)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	uint32_t at = blkoff(fs, (int64_t)off);
	int64_t frag, run;
	int error;

	error = ffs_bmap(ip, lblkno(fs, (int64_t)off), 1, &frag, &run);
	if (error != 0 || frag == 0)
		return error;
	if (!ffs_frag_ok(
		fs, frag, fragroundup(fs, (int64_t)(at + n)) / fs->fs_fsize))
		return -EIO;
	ffs_mark(ip, IN_CHANGE | IN_UPDATE);
	return ffs_zero(ump, fsbtobyte(fs, frag) + at, n);
}

int
ffs_fdiscard(struct lwp *l, struct vnode *vp, off_t off, off_t len)
{
	struct inode *ip = VTOI(vp);
	const struct fs *fs = &ip->i_ump->um_fs;
	uint64_t at = (uint64_t)off, end = at + (uint64_t)len, n;
	uint64_t bsize = (uint32_t)fs->fs_bsize, size = ip->i_d.di_size;
	/* The block with the last byte keeps its disk. */
	int64_t last = size == 0 ? 0 : lblkno(fs, (int64_t)size - 1), blks;
	int error = 0;

	if (ip->i_ump->um_ronly)
		return -EROFS;
	if ((ip->i_d.di_flags & SF_SNAPSHOT) != 0)
		return -EPERM;
	if (end > size)
		end = size;
	ip->i_lastfrag = 0;
	while (at < end && error == 0) {
		int64_t lbn = lblkno(fs, (int64_t)at);

		n = bsize - at % bsize < end - at ? bsize - at % bsize :
						    end - at;
		if (n < bsize || lbn == last) {
			error = zero_part(ip, at, n);
			at += n;
			continue;
		}
		blks = (int64_t)((end - at) / bsize);
		if (blks > last - lbn)
			blks = last - lbn;
		error = punch_run(l, ip, lbn, blks, &blks);
		at += (uint64_t)blks * bsize;
	}
	return error;
}
