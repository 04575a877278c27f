/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shortening files, and the end of inodes.
 *
 * A file is cut from its end in pieces, each of which is one transaction and leaves a file that is sound and shorter: a journal does not have to hold all of it.
 * Pointers go from the inode (or the indirect block), on the disk, before the blocks become free.
 */
#include "fs/ffs/ffs.h"

#define PIECE_BLKS 4096 /* blocks freed in a transaction */

#define NRUNS 1024 /* runs of them */
#define NSPARE 32  /* of those, for what the budget does not count */

/* Blocks that are freed when nothing points at them any more. */
struct freerun {
	int64_t fr_frag, fr_n;
	bool fr_meta;
};
struct freelist {
	struct ffsmount *f_ump;
	bool f_meta;		     /* the file's data is metadata */
	bool f_clear;		     /* the inode is free with its last block */
	bool f_stop;		     /* a pointer block could not be written */
	uint32_t f_nruns, f_maxruns; /* full */
	struct freerun f_run[NRUNS];
};

/*
 * How many runs may go in a transaction: each may be in a group of its own, and a journal takes in all of them at once.
 */
static uint32_t
max_runs(const struct ffsmount *ump)
{
	const struct fs *fs = &ump->um_fs;
	uint64_t room, cgsize = (uint32_t)fs->fs_cgsize;

	if (ump->um_wl == NULL)
		return NRUNS - NSPARE;
	room = wapbl_room(ump->um_wl) / 2;
	if ((uint32_t)fs->fs_ncg * cgsize <= room ||
	    room / cgsize >= NRUNS - NSPARE)
		return NRUNS - NSPARE;
	return room / cgsize < 2 ? 2 : (uint32_t)(room / cgsize);
}

static bool
full(const struct freelist *f)
{
	return f->f_nruns >= f->f_maxruns;
}

static void
give_back(struct freelist *f, int64_t frag, int64_t n, bool meta)
{
	struct freerun *last = f->f_nruns > 0 ? &f->f_run[f->f_nruns - 1] : NULL;

	/* Freed from the end: runs grow downwards. */
	if (last != NULL && frag + n == last->fr_frag &&
	    meta == last->fr_meta && last->fr_n < ((int64_t)1 << 20)) {
		last->fr_frag = frag;
		last->fr_n += n;
		return;
	}
	/* `full' was asked. */
	if (f->f_nruns < NRUNS)
		f->f_run[f->f_nruns++] = (struct freerun){ frag, n, meta };
	else
		ffs_must_check(f->f_ump);
}

static int64_t
count_frags(const struct freelist *f)
{
	int64_t n = 0;

	for (uint32_t i = 0; i < f->f_nruns; i++)
		n += f->f_run[i].fr_n;
	return n;
}

static void
free_runs(struct freelist *f)
{
	for (uint32_t i = 0; i < f->f_nruns; i++)
		ffs_undone(f->f_ump,
		    ffs_free(f->f_ump, f->f_run[i].fr_frag, f->f_run[i].fr_n,
			f->f_run[i].fr_meta));
}

static bool
ptr_ok(const struct fs *fs, int64_t frag)
{
	return ffs_frag_ok(fs, frag, fs->fs_frag);
}

/* Of an indirect block that is gone as a whole, but cannot be read, what is below it is lost until fsck. */
static bool
let_go(const struct freelist *f, int error, uint64_t keep)
{
	if (error != -EIO || f->f_stop || keep != 0)
		return false;
	ffs_must_check(f->f_ump);
	return true;
}

/*
 * Cuts the tree below indirect block `frag` (levels 1..3) so that its first `keep` data blocks stay; at most about *budget blocks are freed, from the end. *emptyp: nothing
 * is left in it; *donep: all that was asked is done. Behind the first `have` blocks, the file's end, pointers are not the file's: they only go. -EIO: it cannot be read; if nothing of it is to stay, who points at it lets go of
 * it. After an error nothing of it was gathered.
 */
static int
cut_indirect(struct freelist *f, int64_t frag, int level, uint64_t keep,
    uint64_t have, int64_t *budget, bool *emptyp, bool *donep)
{
	struct ffsmount *ump = f->f_ump;
	const struct fs *fs = &ump->um_fs;
	uint64_t span = 1;
	uint32_t nindir = ffs_nindir(fs), i, first;
	uint8_t *copy;
	uint32_t mark = f->f_nruns;
	struct freerun last = { 0, 0, false };
	struct buf *b;
	bool changed = false;
	int error;

	*emptyp = *donep = false;
	(*budget)--;
	if (mark > 0)
		last = f->f_run[mark - 1];
	for (int j = 1; j < level; j++)
		span *= nindir;
	error = ffs_getbuf(ump, frag, (uint32_t)fs->fs_bsize, true, &b);
	if (error != 0)
		return error;
	/* Worked on as a copy: below it other buffers are taken. */
	if ((copy = kmem_alloc(ump->um_k, b->b_size)) == NULL) {
		buf_release(b);
		return -ENOMEM;
	}
	memcpy(copy, b->b_data, b->b_size);
	buf_release(b);
	first = (uint32_t)(keep / span);
	for (i = nindir; i > first && *budget > 0 && !full(f); i--) {
		int64_t p = ffs_getptr(ump, copy, i - 1);
		bool empty = true, done = true;

		if (p == 0)
			continue;
		if ((i - 1) * span >= have) {
			(*budget)--;
		} else if (level == 1) {
			if (ptr_ok(fs, p))
				give_back(f, p, fs->fs_frag, f->f_meta);
			(*budget)--;
		} else if (!ptr_ok(fs, p)) {
			(*budget)--;
		} else {
			uint64_t sub = keep > (i - 1) * span ?
			    keep - (i - 1) * span :
			    0;

			error = cut_indirect(f, p, level - 1, sub,
			    have - (i - 1) * span, budget, &empty, &done);
			if (let_go(f, error, sub)) {
				error = 0;
				empty = done = true;
			}
			if (error != 0 || !done)
				break;
			if (empty)
				give_back(f, p, fs->fs_frag, true);
		}
		if (empty) {
			ffs_setptr(ump, copy, i - 1, 0);
			changed = true;
		} else {
			/* The border runs through it: all before stays. */
			i--;
			break;
		}
	}
	*donep = i <= first && error == 0;
	*emptyp = *donep && keep == 0;
	/* An empty one goes as a whole. */
	if (changed && error == 0 && !*emptyp &&
	    (error = ffs_getbuf(ump, frag, (uint32_t)fs->fs_bsize, true, &b)) ==
		0) {
		memcpy(b->b_data, copy, b->b_size);
		/* On the disk the pointers may be there still: what they led to is lost. */
		if ((error = buf_write_part(b, 0, b->b_size)) != 0) {
			f->f_stop = true;
			ffs_must_check(ump);
		}
	}
	if (error != 0) {
		f->f_nruns = mark;
		if (mark > 0)
			f->f_run[mark - 1] = last;
	}
	kmem_free(ump->um_k, copy, (size_t)fs->fs_bsize);
	return error;
}

/* Frees blocks from the end down to block `keep`, as many as the budget allows. *donep: all. */
static int
cut_blocks(struct inode *ip, struct freelist *f, int64_t keep, uint64_t oldsize,
    bool *donep)
{
	const struct fs *fs = &ip->i_ump->um_fs;
	int64_t budget = PIECE_BLKS, start[UFS_NIADDR + 1];
	int64_t blks = oldsize == 0 ? 0 : lblkno(fs, (int64_t)oldsize - 1) + 1;
	uint64_t span = 1;
	bool empty, done;
	int error;

	*donep = false;
	start[0] = UFS_NDADDR;
	for (int i = 0; i < UFS_NIADDR; i++) {
		span *= ffs_nindir(fs);
		start[i + 1] = start[i] + (int64_t)span;
	}
	for (int i = UFS_NIADDR - 1; i >= 0; i--) {
		int64_t frag = ip->i_d.di_ib[i];

		if (frag == 0 || keep >= start[i + 1])
			continue;
		if (!ptr_ok(fs, frag)) {
			ip->i_d.di_ib[i] = 0;
			continue;
		}
		error = cut_indirect(f, frag, i + 1,
		    keep > start[i] ? (uint64_t)(keep - start[i]) : 0,
		    blks > start[i] ? (uint64_t)(blks - start[i]) : 0, &budget,
		    &empty, &done);
		if (let_go(f, error,
			keep > start[i] ? (uint64_t)(keep - start[i]) : 0)) {
			empty = done = true;
			error = 0;
		}
		if (error != 0)
			return error;
		if (empty) {
			give_back(f, frag, fs->fs_frag, true);
			ip->i_d.di_ib[i] = 0;
		}
		if (!done)
			return 0;
	}
	for (int64_t lbn = UFS_NDADDR - 1; lbn >= keep; lbn--) {
		int64_t frag = ip->i_d.di_db[lbn];
		uint32_t size = dblksize(fs, oldsize, lbn);

		if (frag == 0)
			continue;
		/* Fragments only of the last block; beyond the end whole blocks, should there be any. */
		if (size == 0 || lblktosize(fs, lbn) >= oldsize)
			size = (uint32_t)fs->fs_bsize;
		ip->i_d.di_db[lbn] = 0;
		if (ffs_frag_ok(fs, frag, size / (uint32_t)fs->fs_fsize))
			give_back(
			    f, frag, size / (uint32_t)fs->fs_fsize, f->f_meta);
	}
	*donep = true;
	return 0;
}

/* The block that the new end is in keeps as many fragments as it needs. */
static void
cut_last(struct inode *ip, struct freelist *f, uint64_t oldsize, uint64_t size)
{
	const struct fs *fs = &ip->i_ump->um_fs;
	int64_t lbn, frag;
	uint32_t have, want;

	if (size == 0)
		return;
	lbn = lblkno(fs, (int64_t)size - 1);
	if (lbn >= UFS_NDADDR || (frag = ip->i_d.di_db[lbn]) == 0)
		return;
	have = dblksize(fs, oldsize, lbn);
	want = dblksize(fs, size, lbn);
	if (want == 0 || have == 0)
		return;
	if (have > want)
		give_back(f, frag + want / (uint32_t)fs->fs_fsize,
		    (have - want) / (uint32_t)fs->fs_fsize, f->f_meta);
}

/* The bytes of the last block behind the new end: zero, for when the file grows again. */
static int
zero_tail(struct inode *ip, uint64_t size)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	uint32_t at = blkoff(fs, (int64_t)size), have;
	int64_t lbn = lblkno(fs, (int64_t)size), frag, n;
	int error;

	if (at == 0 || ip->i_vnode->v_type != VREG)
		return 0;
	if ((error = ffs_bmap(ip, lbn, 1, &frag, &n)) != 0 || frag == 0)
		return error;
	have = dblksize(fs, size, lbn);
	if (!ffs_frag_ok(fs, frag, have / (uint32_t)fs->fs_fsize))
		return -EIO;
	return ffs_zero(ump, fsbtobyte(fs, frag) + at, have - at);
}

/* The last block that has disk, of a file with indirect blocks; -1: not known. */
static int64_t
last_block(struct inode *ip)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	int64_t nindir = ffs_nindir(fs), lbn = UFS_NDADDR, span = nindir, frag;
	struct buf *b;
	int level = UFS_NIADDR, i;

	while (level > 0 && ip->i_d.di_ib[level - 1] == 0)
		level--;
	if (level == 0)
		return -1;
	for (i = 1; i < level; i++) {
		lbn += span;
		span *= nindir;
	}
	frag = ip->i_d.di_ib[level - 1];
	for (; level > 0; level--) {
		if (!ptr_ok(fs, frag) ||
		    ffs_getbuf(ump, frag, (uint32_t)fs->fs_bsize, true, &b) != 0)
			return -1;
		span /= nindir;
		frag = 0;
		for (i = (int)nindir; i > 0 && frag == 0; i--)
			frag = ffs_getptr(ump, b->b_data, (uint32_t)i - 1);
		buf_release(b);
		if (frag == 0)
			return -1;
		lbn += i * span;
	}
	return lbn;
}

/* A piece that is not the last leaves a file that is as long as what it still has. */
static void
shorten(struct inode *ip, uint64_t size)
{
	int64_t last = ip->i_vnode->v_type == VREG ? last_block(ip) : -1;
	uint64_t end = last < 0 ? ip->i_d.di_size :
				  lblktosize(&ip->i_ump->um_fs, last + 1);

	if (end < ip->i_d.di_size && end >= size)
		ip->i_d.di_size = end;
}

/* One transaction's worth. */
static int
shrink_piece(struct lwp *l, struct inode *ip, struct freelist *f, uint64_t size,
    bool *donep)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	uint64_t oldsize = ip->i_d.di_size, gone;
	int64_t keep = (int64_t)((size + (uint32_t)fs->fs_bsize - 1) /
	    (uint32_t)fs->fs_bsize);
	int error, result;

	if ((error = ffs_begin(ump, l)) != 0)
		return error;
	f->f_ump = ump;
	f->f_meta = ip->i_vnode->v_type != VREG;
	f->f_nruns = 0;
	f->f_stop = false;
	result = cut_blocks(ip, f, keep, oldsize, donep);
	if (result == 0 && *donep) {
		cut_last(ip, f, oldsize, size);
		ip->i_d.di_size = size;
		if (f->f_clear)
			ip->i_d.di_mode = 0;
	} else if (result == 0) {
		shorten(ip, size);
	}
	gone = (uint64_t)count_frags(f) * ((uint32_t)fs->fs_fsize / 512);
	if (gone > ip->i_d.di_blocks)
		gone = ip->i_d.di_blocks;
	ip->i_d.di_blocks -= gone;
	ffs_uncharge(ip, gone);
	ffs_mark(ip, IN_CHANGE | IN_UPDATE);
	/* On the disk the inode's pointers may be there still: then nobody gets the blocks until fsck has looked. */
	if ((error = ffs_update_now(ip)) == 0)
		free_runs(f);
	else if (f->f_nruns > 0)
		ffs_must_check(ump);
	ffs_end(ump, l);
	return result != 0 ? result : error;
}

/* The last byte of a file that was extended has disk, as it has in NetBSD; what lies between is a hole. */
static int
extend_last(struct lwp *l, struct inode *ip, uint64_t size)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	int64_t lbn = lblkno(fs, (int64_t)size - 1);
	uint64_t old = ip->i_d.di_size, start;
	struct ffs_run run;
	uint32_t from = 0;
	int error;

	if ((error = ffs_balloc(l, ip, lbn, 1, size, &run)) != 0)
		return error;
	/* Zero from the old end on, if that is in this block. */
	start = lblktosize(fs, lbn);
	if (!run.r_new && old > start)
		from = (uint32_t)(old - start);
	if (from >= run.r_bytes)
		return 0;
	return ffs_zero(
	    ump, fsbtobyte(fs, run.r_frag) + from, run.r_bytes - from);
}

static int
extend(struct lwp *l, struct inode *ip, uint64_t size)
{
	struct ffsmount *ump = ip->i_ump;
	uint64_t old = ip->i_d.di_size;
	bool filled;
	int error;

	if (size > ump->um_fs.fs_maxfilesize)
		return -EFBIG;
	if ((error = ffs_begin(ump, l)) != 0)
		return error;
	error = ffs_fill_last(l, ip, size);
	filled = error == 0;
	if (error == 0)
		error = extend_last(l, ip, size);
	if (error == 0)
		ip->i_d.di_size = size;
	ffs_mark(ip, IN_CHANGE | IN_UPDATE);
	if (error == 0)
		error = ffs_update(ip);
	ffs_end(ump, l);
	/* Indirect blocks may have come, before there was no room for the block; the end may have become a whole block. */
	if (error != 0 &&
	    (ip->i_d.di_size > old ||
		(filled &&
		    (old == 0 ||
			lblkno(&ump->um_fs, (int64_t)size - 1) !=
			    lblkno(&ump->um_fs, (int64_t)old - 1))))) {
		ip->i_d.di_size = size;
		ffs_undone(ump, ffs_truncate(l, ip, old));
	}
	return error;
}

static int
change_size(struct lwp *l, struct inode *ip, uint64_t size, bool clear)
{
	const struct fs *fs = &ip->i_ump->um_fs;
	struct freelist *f;
	bool done = false;
	int error = 0;
	int64_t pieces;

	if (ip->i_ump->um_ronly)
		return -EROFS;
	if (size > INT64_MAX)
		return -EINVAL;
	if ((ip->i_d.di_flags & SF_SNAPSHOT) != 0)
		return -EPERM;
	ip->i_lastfrag = 0;
	if (ip->i_d.di_inline || size == ip->i_d.di_size) {
		/* Nothing to move; the times change all the same. */
		if (ip->i_d.di_inline)
			ip->i_d.di_size = size;
		ffs_mark(ip, IN_CHANGE | IN_UPDATE);
		return 0;
	}
	if (size > ip->i_d.di_size)
		return extend(l, ip, size);
	if ((f = kmem_alloc(ip->i_ump->um_k, sizeof(*f))) == NULL)
		return -ENOMEM;
	f->f_clear = clear;
	f->f_maxruns = max_runs(ip->i_ump);
	/* A file cannot have more than the file system: then its blocks go around in a circle, and are let go. */
	pieces = fragstoblks(fs, fs->fs_size) / f->f_maxruns + 8;
	while (!done && error == 0) {
		if (pieces-- == 0) {
			memset(ip->i_d.di_ib, 0, sizeof(ip->i_d.di_ib));
			ffs_must_check(ip->i_ump);
		}
		error = shrink_piece(l, ip, f, size, &done);
		ffs_runs_forget(ip);
	}
	kmem_free(ip->i_ump->um_k, f, sizeof(*f));
	if (error == 0)
		error = zero_tail(ip, size);
	if (ip->i_vnode->v_type == VDIR)
		ffs_dirhash_free(ip);
	return error;
}

int
ffs_truncate(struct lwp *l, struct inode *ip, uint64_t size)
{
	return change_size(l, ip, size, false);
}

/* UFS2: the blocks of extended attributes. */
static void
free_extattr(struct inode *ip)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	int64_t extb[UFS_NXADDR], size = (int64_t)ip->i_d.di_extsize;
	bool any = false;

	for (int i = 0; i < UFS_NXADDR; i++) {
		extb[i] = ip->i_d.di_extb[i];
		any = any || extb[i] != 0;
		ip->i_d.di_extb[i] = 0;
	}
	ip->i_d.di_extsize = 0;
	if (!any)
		return;
	ffs_mark(ip, IN_CHANGE);
	if (ffs_update_now(ip) != 0) {
		ffs_must_check(ump);
		return;
	}
	for (int i = 0; i < UFS_NXADDR; i++) {
		int64_t left = size - (int64_t)i * fs->fs_bsize;
		int64_t n = left >= fs->fs_bsize || left <= 0 ?
		    fs->fs_frag :
		    fragroundup(fs, left) / fs->fs_fsize;

		if (extb[i] != 0 && ffs_frag_ok(fs, extb[i], n))
			ffs_undone(ump, ffs_free(ump, extb[i], n, false));
	}
}

bool
ffs_isorphan(const struct inode *ip)
{
	return ip != NULL && ip->i_d.di_nlink <= 0 && !ip->i_ump->um_ronly &&
	    ip->i_d.di_mode != 0;
}

int
ffs_free_inode(struct lwp *l, struct inode *ip)
{
	struct vnode *vp = ip->i_vnode;
	struct ffsmount *ump = ip->i_ump;
	mode_t mode = ip->i_d.di_mode;
	int error = 0, lost = 0;

	if (vp->v_type == VREG || vp->v_type == VDIR ||
	    (vp->v_type == VLNK && !ip->i_d.di_inline)) {
		/* What cannot be read cannot be freed: the inode goes all the same. */
		if (ip->i_d.di_size == 0 && ip->i_d.di_blocks != 0)
			ip->i_d.di_size = 1;
		/* A directory without contents would be damage on the disk. The log's list of unlinked inodes wants them with their mode. */
		error = change_size(l, ip, 0, ump->um_wl == NULL);
		if (error == -ENOMEM)
			return error;
		lost = error;
	}
	if ((error = ffs_begin(ump, l)) != 0)
		return error;
	ffs_undone(ump, lost);
	free_extattr(ip);
	ffs_unorphan(ip);
	ffs_uncharge(ip, ip->i_d.di_blocks);
	if (ffs_charged(ip))
		ffs_quota_give_inode(ump, ip->i_d.di_uid, ip->i_d.di_gid);
	ip->i_d.di_mode = 0;
	ip->i_d.di_size = 0;
	ip->i_d.di_blocks = 0;
	ip->i_d.di_nlink = 0;
	ip->i_d.di_inline = false;
	memset(ip->i_d.di_db, 0, sizeof(ip->i_d.di_db));
	memset(ip->i_d.di_ib, 0, sizeof(ip->i_d.di_ib));
	ffs_mark(ip, IN_CHANGE | IN_MODIFIED);
	error = ffs_update(ip);
	if (error == 0)
		error = ffs_ifree(ump, ip->i_number, mode);
	ffs_undone(ump, error);
	ffs_end(ump, l);
	return error;
}

int
ffs_inactive(struct lwp *l, struct vnode *vp)
{
	struct inode *ip = VTOI(vp);

	if (!ffs_isorphan(ip))
		return 0;
	/* The number may be somebody else's as soon as the inode is free. */
	vcache_forget(vp);
	return ffs_free_inode(l, ip);
}
