/* SPDX-License-Identifier: BSD-2-Clause */
/* Disk for a file that grows: runs of blocks, the fragments at its end, indirect blocks. */
#include "fs/ffs/ffs.h"

#define ZERO_CHUNK 4096

int
ffs_zero(struct ffsmount *ump, uint64_t devoff, uint64_t n)
{
	static const uint8_t zeros[ZERO_CHUNK];
	int error = 0;

	while (n > 0 && error == 0) {
		size_t part = n < ZERO_CHUNK ? (size_t)n : ZERO_CHUNK;

		error = blkdev_write(ump->um_dev, zeros, part, devoff);
		devoff += part;
		n -= part;
	}
	return error == -EINVAL ? -EIO : error;
}

/* Gives back what was taken for this inode a moment ago, and nothing points at. */
static void
undo(struct inode *ip, int64_t frag, int64_t frags)
{
	struct ffsmount *ump = ip->i_ump;

	ffs_undone(ump, ffs_free_now(ump, frag, frags));
	ip->i_d.di_blocks -= (uint64_t)frags *
	    ((uint32_t)ump->um_fs.fs_fsize / 512);
	ffs_uncharge(
	    ip, (uint64_t)frags * ((uint32_t)ump->um_fs.fs_fsize / 512));
}

/* --- indirect blocks ---------------------------------------------------------------------------------------------------- */

/* A new indirect block, all holes. */
static int
new_indirect(struct lwp *l, struct inode *ip, int64_t *fragp)
{
	struct ffsmount *ump = ip->i_ump;
	int64_t got;
	struct buf *b;
	int error;

	error = ffs_alloc(l, ip, ffs_indirpref(ip), 1, fragp, &got);
	if (error != 0)
		return error;
	error = ffs_getbuf(
	    ump, *fragp, (uint32_t)ump->um_fs.fs_bsize, false, &b);
	if (error != 0) {
		undo(ip, *fragp, ump->um_fs.fs_frag);
		return error;
	}
	memset(b->b_data, 0, b->b_size);
	/* Before anything points at it. */
	if ((error = buf_write_part(b, 0, b->b_size)) != 0) {
		bcache_invalidate(ump->um_bc, fsbtobyte(&ump->um_fs, *fragp),
		    (uint32_t)ump->um_fs.fs_bsize);
		undo(ip, *fragp, ump->um_fs.fs_frag);
		return error;
	}
	return 0;
}

/*
 * Pointers [i, i + n) of an indirect block were changed. A directory's are written before its size says that there is something: a hole in it is damage.
 */
static int
put_pointers(const struct inode *ip, struct buf *b, uint32_t i, int64_t n)
{
	uint32_t size = ffs_isufs2(&ip->i_ump->um_fs) ? 8 : 4;

	if (ip->i_vnode->v_type == VDIR)
		return buf_write_part(b, i * size, (uint32_t)n * size);
	buf_depend_on(b,
	    fsbtobyte(&ip->i_ump->um_fs,
		ino_to_fsba(&ip->i_ump->um_fs, ip->i_number)));
	buf_dirty(b);
	return 0;
}

/* Pointer i of indirect block `frag`: what it is; a hole is filled by a new indirect block. */
static int
child(struct lwp *l, struct inode *ip, int64_t frag, uint32_t i, int64_t *fragp)
{
	struct ffsmount *ump = ip->i_ump;
	uint32_t size = (uint32_t)ump->um_fs.fs_bsize;
	struct buf *b;
	int error;

	if ((error = ffs_getbuf(ump, frag, size, true, &b)) != 0)
		return error;
	*fragp = ffs_getptr(ump, b->b_data, i);
	buf_release(b);
	if (*fragp != 0)
		return 0;
	if ((error = new_indirect(l, ip, fragp)) != 0)
		return error;
	if ((error = ffs_getbuf(ump, frag, size, true, &b)) != 0) {
		bcache_invalidate(
		    ump->um_bc, fsbtobyte(&ump->um_fs, *fragp), size);
		undo(ip, *fragp, ump->um_fs.fs_frag);
		return error;
	}
	ffs_setptr(ump, b->b_data, i, *fragp);
	return put_pointers(ip, b, i, 1);
}

/* The indirect block that has lbn's pointer, made with all that lead to it. */
static int
leaf(struct lwp *l, struct inode *ip, int levels, const uint32_t *idx,
    int64_t *leafp)
{
	int64_t *root = &ip->i_d.di_ib[levels - 1];
	int error = 0;

	if (*root == 0 && (error = new_indirect(l, ip, root)) != 0) {
		*root = 0;
		return error;
	}
	*leafp = *root;
	for (int i = 0; i < levels - 1 && error == 0; i++)
		error = child(l, ip, *leafp, idx[i], leafp);
	ffs_mark(ip, IN_CHANGE | IN_UPDATE);
	return error;
}

/* Points n blocks from index `at` of an indirect block on to frag and what follows it; gives them back if it cannot. */
static int
fill_leaf(
    struct inode *ip, int64_t leaffrag, uint32_t at, int64_t n, int64_t frag)
{
	struct ffsmount *ump = ip->i_ump;
	struct buf *b;
	int error;

	error = ffs_getbuf(
	    ump, leaffrag, (uint32_t)ump->um_fs.fs_bsize, true, &b);
	if (error != 0)
		goto fail;
	for (int64_t i = 0; i < n; i++)
		ffs_setptr(ump, b->b_data, at + (uint32_t)i,
		    frag + blkstofrags(&ump->um_fs, i));
	if ((error = put_pointers(ip, b, at, n)) == 0)
		return 0;
	/* In the cache they are there. */
	if (ffs_getbuf(
		ump, leaffrag, (uint32_t)ump->um_fs.fs_bsize, true, &b) != 0) {
		ffs_must_check(ump);
		return error;
	}
	for (int64_t i = 0; i < n; i++)
		ffs_setptr(ump, b->b_data, at + (uint32_t)i, 0);
	buf_dirty(b);
fail:
	undo(ip, frag, blkstofrags(&ump->um_fs, n));
	return error;
}

/* --- blocks ------------------------------------------------------------------------------------------------------------------ */

/* A hole of up to n blocks at lbn becomes whole blocks. */
static int
fill_hole(struct lwp *l, struct inode *ip, int64_t lbn, int64_t n,
    uint64_t newsize, struct ffs_run *run)
{
	const struct fs *fs = &ip->i_ump->um_fs;
	uint32_t idx[UFS_NIADDR];
	int levels, error;
	int64_t leaffrag = 0, room;

	if ((error = ffs_getlbns(fs, lbn, &levels, idx)) != 0)
		return error;
	if (levels == 0) {
		room = UFS_NDADDR - lbn;
	} else {
		room = (int64_t)ffs_nindir(fs) - idx[levels - 1];
		if ((error = ffs_announce_size(ip, newsize)) == 0)
			error = leaf(l, ip, levels, idx, &leaffrag);
		if (error != 0)
			return error;
	}
	if (n > room)
		n = room;
	error = ffs_alloc_data(l, ip, lbn, n, &run->r_frag, &run->r_blks);
	if (error != 0)
		return error;
	if (levels == 0) {
		for (int64_t i = 0; i < run->r_blks; i++)
			ip->i_d.di_db[lbn + i] = run->r_frag +
			    blkstofrags(fs, i);
	} else {
		error = fill_leaf(
		    ip, leaffrag, idx[levels - 1], run->r_blks, run->r_frag);
		if (error != 0)
			return error;
	}
	ip->i_lastfrag = run->r_frag + blkstofrags(fs, run->r_blks);
	run->r_new = true;
	run->r_bytes = (uint32_t)fs->fs_bsize;
	return 0;
}

static int
copy_data(struct ffsmount *ump, int64_t from, int64_t to, uint32_t n)
{
	uint8_t *p = kmem_alloc(ump->um_k, n);
	int error;

	if (p == NULL)
		return -ENOMEM;
	error = blkdev_read(ump->um_dev, p, n, fsbtobyte(&ump->um_fs, from));
	if (error == 0)
		error = blkdev_write(
		    ump->um_dev, p, n, fsbtobyte(&ump->um_fs, to));
	kmem_free(ump->um_k, p, n);
	return error == -EINVAL ? -EIO : error;
}

/* The file's end has moved: the inode says so on the disk before its old place is anybody's. */
static int
free_old(struct inode *ip, const struct ffs_run *run)
{
	int error;

	if (run->r_oldn == 0)
		return 0;
	ffs_mark(ip, IN_CHANGE | IN_UPDATE);
	if ((error = ffs_update_now(ip)) != 0) {
		ffs_must_check(ip->i_ump);
		return error;
	}
	return ffs_free(ip->i_ump, run->r_oldfrag, run->r_oldn,
	    ip->i_vnode->v_type != VREG);
}

/*
 * A new place for an end of newn fragments. A file that grows like this goes on growing: optimized for time, it gets a whole block, and gives back what
 * it does not need yet, so that it need not move again.
 */
static int
new_end(
    struct lwp *l, struct inode *ip, int64_t lbn, int32_t newn, int64_t *fragp)
{
	const struct fs *fs = &ip->i_ump->um_fs;
	int64_t got;
	int error;

	if (newn < fs->fs_frag && fs->fs_optim != FS_OPTTIME)
		return ffs_allocfrags(l, ip, ffs_blkpref(ip, lbn), newn, fragp);
	error = ffs_alloc(l, ip, ffs_blkpref(ip, lbn), 1, fragp, &got);
	if (error == 0 && newn < fs->fs_frag)
		undo(ip, *fragp + newn, fs->fs_frag - newn);
	else if (error == -ENOSPC && newn < fs->fs_frag)
		error = ffs_allocfrags(l, ip, ffs_blkpref(ip, lbn), newn, fragp);
	return error;
}

/* The file's last block, fragments of `have` bytes, gets `want` bytes. Its owner is charged. */
static int
grow_charged(struct lwp *l, struct inode *ip, int64_t lbn, uint32_t have,
    uint32_t want, struct ffs_run *run)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	int32_t oldn = (int32_t)(have / (uint32_t)fs->fs_fsize);
	int32_t newn = (int32_t)(want / (uint32_t)fs->fs_fsize);
	int64_t old = ip->i_d.di_db[lbn], frag = old;
	bool meta = ip->i_vnode->v_type != VREG;
	int error;

	if (!ffs_frag_ok(fs, old, oldn))
		return -EIO;
	error = ffs_fragextend(l, ip, old, oldn, newn);
	if (error == -ENOSPC) {
		error = new_end(l, ip, lbn, newn, &frag);
		if (error == 0 && !meta &&
		    (error = copy_data(ump, old, frag, have)) != 0)
			undo(ip, frag, newn);
		if (error != 0)
			return error;
		ip->i_d.di_db[lbn] = frag;
		ip->i_d.di_blocks -= have / 512;
		if (newn == fs->fs_frag)
			ip->i_lastfrag = frag + fs->fs_frag;
		run->r_oldfrag = old;
		run->r_oldn = oldn;
		if (!meta)
			error = free_old(ip, run);
	} else if (error == 0 && meta) {
		bcache_invalidate(ump->um_bc, fsbtobyte(fs, old), have);
	}
	run->r_frag = frag;
	run->r_blks = 1;
	run->r_bytes = want;
	run->r_grown = true;
	run->r_oldbytes = have;
	return error;
}

/* The owner is charged with what the end grows by, wherever it goes. */
static int
grow_frags(struct lwp *l, struct inode *ip, int64_t lbn, uint32_t have,
    uint32_t want, struct ffs_run *run)
{
	bool nobodys = ip->i_noquota;
	int64_t had;
	int error;

	error = ffs_charge(l, ip, 1,
	    (want - have) / (uint32_t)ip->i_ump->um_fs.fs_fsize, &had);
	if (error != 0)
		return error;
	ip->i_noquota = true;
	error = grow_charged(l, ip, lbn, have, want, run);
	ip->i_noquota = nobodys;
	if (error != 0 && !run->r_grown)
		ffs_uncharge(ip, (want - have) / 512);
	return error;
}

int
ffs_balloc(struct lwp *l, struct inode *ip, int64_t lbn, int64_t maxblks,
    uint64_t newsize, struct ffs_run *run)
{
	const struct fs *fs = &ip->i_ump->um_fs;
	uint64_t size = ip->i_d.di_size;
	int64_t oldlast = size == 0 ? -1 : lblkno(fs, (int64_t)size - 1);
	int64_t newlast = lblkno(fs, (int64_t)newsize - 1), frag, n;
	uint32_t have, want;
	int error;

	memset(run, 0, sizeof(*run));
	if ((error = ffs_bmap(ip, lbn, maxblks, &frag, &n)) != 0)
		return error;
	want = dblksize(fs, newsize, lbn);
	if (want == 0)
		want = (uint32_t)fs->fs_bsize;
	/* A pointer behind the end is what a stop between two writes left: the block is not the file's. */
	if (frag != 0 && lbn > oldlast && lbn >= UFS_NDADDR) {
		ffs_runs_forget(ip);
		frag = 0;
		n = 1;
	}
	if (frag != 0) {
		have = lbn == oldlast ? dblksize(fs, size, lbn) :
					(uint32_t)fs->fs_bsize;
		if (have == 0)
			have = (uint32_t)fs->fs_bsize;
		if (have < want)
			return grow_frags(l, ip, lbn, have, want, run);
		/* The last block is alone when it may have to grow. */
		if (oldlast > lbn && oldlast < lbn + n &&
		    dblksize(fs, size, oldlast) < (uint32_t)fs->fs_bsize)
			n = oldlast - lbn;
		run->r_frag = frag;
		run->r_blks = n;
		run->r_bytes = n == 1 ? have : (uint32_t)fs->fs_bsize;
		return 0;
	}
	if (want < (uint32_t)fs->fs_bsize) {
		error = ffs_allocfrags(l, ip, ffs_blkpref(ip, lbn),
		    (int32_t)(want / (uint32_t)fs->fs_fsize), &run->r_frag);
		if (error != 0)
			return error;
		ip->i_d.di_db[lbn] = run->r_frag;
		run->r_blks = 1;
		run->r_bytes = want;
		run->r_new = true;
		return 0;
	}
	/* The end of a small file is fragments: not part of this run. */
	if (newlast > lbn && newlast < lbn + n &&
	    dblksize(fs, newsize, newlast) != 0 &&
	    dblksize(fs, newsize, newlast) < (uint32_t)fs->fs_bsize)
		n = newlast - lbn;
	return fill_hole(l, ip, lbn, n, newsize, run);
}

int
ffs_fill_last(struct lwp *l, struct inode *ip, uint64_t newsize)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	uint64_t size = ip->i_d.di_size, full;
	struct ffs_run run;
	int64_t last, frag, n;
	uint32_t have;
	int error;

	if (size == 0)
		return 0;
	last = lblkno(fs, (int64_t)size - 1);
	have = dblksize(fs, size, last);
	if (last >= UFS_NDADDR || have == 0 || have == (uint32_t)fs->fs_bsize ||
	    lblkno(fs, (int64_t)newsize - 1) <= last)
		return 0;
	if ((error = ffs_bmap(ip, last, 1, &frag, &n)) != 0 || frag == 0)
		return error;
	full = lblktosize(fs, last + 1);
	if ((error = ffs_balloc(l, ip, last, 1, full, &run)) != 0)
		return error;
	/* Behind the old end there may be anything. */
	error = ffs_zero(ump,
	    fsbtobyte(fs, run.r_frag) + blkoff(fs, (int64_t)size),
	    run.r_bytes - blkoff(fs, (int64_t)size));
	/* The block is whole now, so must be the size that says so. */
	if (ip->i_d.di_size < full) {
		ip->i_d.di_size = full;
		ffs_mark(ip, IN_CHANGE | IN_UPDATE);
	}
	return error;
}

/* What is in the block that byte size - 1 is in, up to there: to `old`; *keep bytes. */
static int
keep_tail(struct inode *ip, uint64_t size, uint8_t *old, uint32_t *keep)
{
	struct buf *b;
	int error;

	*keep = blkoff(&ip->i_ump->um_fs, (int64_t)size);
	if (*keep == 0)
		return 0;
	if ((error = ffs_blkatoff(ip, size - 1, &b)) != 0)
		return error;
	if (*keep > b->b_size)
		*keep = b->b_size;
	memcpy(old, b->b_data, *keep);
	buf_release(b);
	return 0;
}

/*
 * A directory (or link) of `size` bytes whose end got disk for `newsize`, but not its contents: the end is what it was. `old` are the keep bytes of its last
 * block.
 */
static void
undo_growmeta(struct lwp *l, struct inode *ip, const struct ffs_run *run,
    uint64_t size, uint64_t newsize, const uint8_t *old, uint32_t keep)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	int64_t lbn = lblkno(fs, (int64_t)newsize - 1);
	uint32_t fsize = (uint32_t)fs->fs_fsize;
	int32_t oldn = (int32_t)(run->r_oldbytes / fsize);
	bool nobodys = ip->i_noquota;
	struct buf *b;

	if (!run->r_grown) {
		/* Indirect blocks too. */
		ip->i_d.di_size = newsize;
		ffs_undone(ump, ffs_truncate(l, ip, size));
		return;
	}
	bcache_invalidate(ump->um_bc, fsbtobyte(fs, run->r_frag), run->r_bytes);
	if (run->r_oldn != 0) {
		ip->i_d.di_db[lbn] = run->r_oldfrag;
		ip->i_d.di_blocks += run->r_oldbytes / 512;
		/* The owner was charged with the difference. */
		ip->i_noquota = true;
		undo(ip, run->r_frag, run->r_bytes / fsize);
		ip->i_noquota = nobodys;
		ffs_uncharge(ip, (run->r_bytes - run->r_oldbytes) / 512);
		return;
	}
	undo(ip, run->r_frag + oldn, run->r_bytes / fsize - (uint32_t)oldn);
	/* What the cache had of it may not have been written. */
	if (ffs_getbuf(ump, run->r_frag, run->r_oldbytes, false, &b) != 0) {
		ffs_must_check(ump);
		return;
	}
	memset(b->b_data, 0, b->b_size);
	memcpy(b->b_data, old, keep < b->b_size ? keep : b->b_size);
	buf_dirty(b);
}

int
ffs_growmeta(struct lwp *l, struct inode *ip, const void *tail, uint32_t n)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	uint64_t size = ip->i_d.di_size, newsize = size + n;
	struct ffs_run run;
	uint32_t keep;
	uint8_t *old;
	struct buf *b;
	bool whole, got = false;
	int error;

	if ((old = kmem_zalloc(ump->um_k, (size_t)fs->fs_bsize)) == NULL)
		return -ENOMEM;
	memset(&run, 0, sizeof(run));
	if ((error = keep_tail(ip, size, old, &keep)) == 0) {
		error = ffs_balloc(
		    l, ip, lblkno(fs, (int64_t)newsize - 1), 1, newsize, &run);
		got = error == 0 ||
		    lblkno(fs, (int64_t)newsize - 1) >= UFS_NDADDR;
	}
	if (error == 0) {
		whole = run.r_new || run.r_grown;
		error = ffs_getbuf(ump, run.r_frag, run.r_bytes, !whole, &b);
	}
	if (error == 0 && (b->b_size < keep || n > b->b_size - keep)) {
		buf_release(b);
		error = -EIO;
	}
	if (error == 0) {
		if (whole) {
			memcpy(b->b_data, old, keep);
			memset((uint8_t *)b->b_data + keep, 0, b->b_size - keep);
		}
		memcpy((uint8_t *)b->b_data + keep, tail, n);
		error = whole ? buf_write_part(b, 0, b->b_size) :
				buf_write_part(b, keep, n);
	}
	if (error == 0) {
		ip->i_d.di_size = newsize;
		ffs_mark(ip, IN_CHANGE | IN_UPDATE);
		error = free_old(ip, &run);
	} else if (got) {
		undo_growmeta(l, ip, &run, size, newsize, old, keep);
	}
	kmem_free(ump->um_k, old, (size_t)fs->fs_bsize);
	return error;
}
