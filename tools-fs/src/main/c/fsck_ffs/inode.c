/* SPDX-License-Identifier: BSD-2-Clause */
/* fsck_ffs's inodes: read and written, their blocks walked, allocated and freed. */
#include "fsck_ffs/fsck_ffs.h"
#include <inttypes.h>
#include <netbsd/stat.h>
#include <netbsd/time.h>
#include <string.h>

#define SNAPSHOT_FLAG 0x00200000u /* SF_SNAPSHOT */

int64_t
fsck_now(struct fsck *f)
{
	struct timespec ts;

	memset(&ts, 0, sizeof(ts));
	(void)sys_clock_gettime(f->t, 0, &ts);
	return ts.tv_sec;
}

/* Is any of [frag, frag + n) outside? The groups' own blocks are in use from the start: claims on them are duplicates. */
bool
fsck_outside(const struct fsck *f, int64_t frag, int64_t n)
{
	return !ffs_frag_ok(&f->fs, frag, n);
}

struct inode_info *
info(struct fsck *f, uint32_t ino)
{
	uint32_t c = ino_to_cg(&f->fs, ino), i = ino % (uint32_t)f->fs.fs_ipg;

	if (c >= (uint32_t)f->fs.fs_ncg || i >= f->ninfo[c]) {
		memset(&f->none, 0, sizeof(f->none));
		return &f->none;
	}
	return &f->info[c][i];
}

static struct buf *
inode_buf(struct fsck *f, uint32_t ino, uint8_t **p)
{
	struct buf *b = getblk(
	    f, ino_to_fsba(&f->fs, ino), (uint32_t)f->fs.fs_bsize);

	*p = b->data +
	    (size_t)ino_to_fsbo(&f->fs, ino) * ffs_dinode_size(&f->fs);
	return b;
}

void
inode_get(struct fsck *f, uint32_t ino, struct dinode *di)
{
	uint8_t *p;

	memset(di, 0, sizeof(*di));
	inode_buf(f, ino, &p);
	ffs_dinode_decode(&f->fs, p, di, f->swapped);
}

void
inode_put(struct fsck *f, uint32_t ino, const struct dinode *di)
{
	struct buf *b;
	uint8_t *p;

	b = inode_buf(f, ino, &p);
	ffs_dinode_encode(&f->fs, di, p, f->swapped);
	dirty(f, b);
}

void
inode_clear(struct fsck *f, uint32_t ino)
{
	struct buf *b;
	uint8_t *p;

	b = inode_buf(f, ino, &p);
	memset(p, 0, ffs_dinode_size(&f->fs));
	dirty(f, b);
}

static int64_t
get_ptr(struct fsck *f, const uint8_t *block, uint32_t i)
{
	if (ffs_isufs2(&f->fs))
		return (int64_t)ffs_get64(block + (size_t)i * 8, f->swapped);
	return (int32_t)ffs_get32(block + (size_t)i * 4, f->swapped);
}

/*
 * A block of pointers, `level` above the data; *left: blocks that the file has from here on. The copy is on the tool's
 * heap, since what is below may push the block out of the cache.
 */
static int
walk_indirect(struct walk *w, int64_t frag, int level, uint64_t *left)
{
	struct fsck *f = w->f;
	uint32_t i, n = ffs_nindir(&f->fs);
	uint64_t each = 1;
	uint8_t *copy;
	int r, k;

	for (k = 1; k < level; k++)
		each *= n;
	w->level = level;
	r = w->block(w, frag, f->fs.fs_frag);
	w->level = 0;
	if ((r & WALK_STOP) != 0)
		return r;
	if ((r & WALK_SKIP) != 0 || fsck_outside(f, frag, f->fs.fs_frag)) {
		*left -= *left < each * n ? *left : each * n;
		return 0;
	}
	copy = t_malloc(f->t, (size_t)f->fs.fs_bsize);
	memcpy(copy, getblk(f, frag, (uint32_t)f->fs.fs_bsize)->data,
	    (size_t)f->fs.fs_bsize);
	r = 0;
	for (i = 0; i<n && * left> 0 && (r & WALK_STOP) == 0; i++) {
		int64_t p = get_ptr(f, copy, i);

		if (w->snapshot && (p == BLK_NOCOPY || p == BLK_SNAP))
			p = 0;
		if (p != 0 && level > 1) {
			r = walk_indirect(w, p, level - 1, left);
			continue;
		}
		if (p != 0)
			r = w->block(w, p, f->fs.fs_frag);
		*left -= *left < each ? *left : each;
	}
	t_free(f->t, copy);
	return r & WALK_STOP;
}

/* Pointers of a snapshot that are marks, not blocks. */
static bool
is_mark(const struct dinode *di, int64_t frag)
{
	return (di->di_flags & SNAPSHOT_FLAG) != 0 &&
	    (frag == BLK_NOCOPY || frag == BLK_SNAP);
}

static int
walk_extattr(struct walk *w, const struct dinode *di)
{
	struct fsck *f = w->f;
	int i, r = 0;

	if (!ffs_isufs2(&f->fs) || di->di_extsize <= 0)
		return 0;
	for (i = 0; i < UFS_NXADDR && (r & WALK_STOP) == 0; i++) {
		int64_t left = di->di_extsize - (int64_t)i * f->fs.fs_bsize;

		if (left <= 0 || di->di_extb[i] == 0)
			continue;
		if (left > f->fs.fs_bsize)
			left = f->fs.fs_bsize;
		r = w->block(w, di->di_extb[i],
		    (int)numfrags(&f->fs, fragroundup(&f->fs, left)));
	}
	return r;
}

int
inode_walk(struct walk *w, const struct dinode *di)
{
	struct fsck *f = w->f;
	uint64_t left, nblk;
	int i, r;

	if (di->di_inline || (di->di_mode & S_IFMT) == S_IFBLK ||
	    (di->di_mode & S_IFMT) == S_IFCHR)
		return walk_extattr(w, di);
	if (di->di_size > (uint64_t)INT64_MAX - FFS_MAXBSIZE)
		return 0;
	nblk = (di->di_size + (uint32_t)f->fs.fs_bsize - 1) /
	    (uint32_t)f->fs.fs_bsize;
	w->snapshot = (di->di_flags & SNAPSHOT_FLAG) != 0;
	r = walk_extattr(w, di);
	for (i = 0; i < UFS_NDADDR && (uint64_t)i < nblk; i++) {
		if ((r & WALK_STOP) != 0)
			return r;
		if (di->di_db[i] == 0 || is_mark(di, di->di_db[i]))
			continue;
		r = w->block(w, di->di_db[i],
		    (int)numfrags(&f->fs, dblksize(&f->fs, di->di_size, i)));
	}
	left = nblk > UFS_NDADDR ? nblk - UFS_NDADDR : 0;
	for (i = 0; i < UFS_NIADDR && left > 0 && (r & WALK_STOP) == 0; i++) {
		uint64_t each = 1;
		int k;

		for (k = 0; k <= i; k++)
			each *= ffs_nindir(&f->fs);
		if (di->di_ib[i] == 0 || is_mark(di, di->di_ib[i]))
			left -= left < each ? left : each;
		else
			r = walk_indirect(w, di->di_ib[i], i + 1, &left);
	}
	return r;
}

bool
inode_bmap(struct fsck *f, const struct dinode *di, uint64_t lbn, int64_t *frag)
{
	uint64_t n = ffs_nindir(&f->fs), span = n;
	int level;

	if (lbn < UFS_NDADDR) {
		*frag = di->di_db[lbn];
		return *frag != 0 && !fsck_outside(f, *frag, 1);
	}
	lbn -= UFS_NDADDR;
	for (level = 0; level < UFS_NIADDR && lbn >= span; level++) {
		lbn -= span;
		span *= n;
	}
	if (level == UFS_NIADDR)
		return false;
	*frag = di->di_ib[level];
	for (; level >= 0; level--) {
		if (*frag == 0 || fsck_outside(f, *frag, f->fs.fs_frag))
			return false;
		span /= n;
		*frag = get_ptr(f,
		    getblk(f, *frag, (uint32_t)f->fs.fs_bsize)->data,
		    (uint32_t)(lbn / span));
		lbn %= span;
	}
	return *frag != 0 && !fsck_outside(f, *frag, 1);
}

/* --- fragments claimed more than once ----------------------------------------------------------------------------- */

static size_t
dup_slot(const struct fsck *f, int64_t frag)
{
	size_t i = (size_t)((uint64_t)frag * 0x9e3779b97f4a7c15u >> 20) %
	    f->adups;

	while (f->dups[i] != 0 && f->dups[i] != frag)
		i = (i + 1) % f->adups;
	return i;
}

bool
dup_has(const struct fsck *f, int64_t frag)
{
	return f->ndups > 0 && f->dups[dup_slot(f, frag)] == frag;
}

void
dup_add(struct fsck *f, int64_t frag)
{
	int64_t *old = f->dups;
	size_t i, n = f->adups;

	if (f->ndups * 2 >= n) {
		f->adups = n > 0 ? n * 2 : 256;
		f->dups = t_calloc(f->t, f->adups, sizeof(*f->dups));
		for (i = 0; i < n; i++)
			if (old[i] != 0)
				f->dups[dup_slot(f, old[i])] = old[i];
		t_free(f->t, old);
	}
	i = dup_slot(f, frag);
	if (f->dups[i] == 0)
		f->ndups++;
	f->dups[i] = frag;
}

/* --- allocation --------------------------------------------------------------------------------------------------- */

bool
cg_get(struct fsck *f, uint32_t c, struct buf **bp, struct cg *cg)
{
	*bp = getblk(f, cgtod(&f->fs, c), (uint32_t)f->fs.fs_cgsize);
	ffs_cg_decode((*bp)->data, cg, f->swapped);
	return ffs_cg_check(&f->fs, cg, c) == 0;
}

/* The group's map follows at once; its counts are put right in pass 5. */
static void
mark_frags(struct fsck *f, int64_t frag, int32_t n, bool used)
{
	struct buf *b;
	struct cg cg;
	int32_t i;

	for (i = 0; i < n; i++) {
		if (used)
			blk_set(f->blkmap, frag + i);
		else
			blk_clr(f->blkmap, frag + i);
	}
	if (!used || !cg_get(f, dtog(&f->fs, frag), &b, &cg))
		return;
	for (i = 0; i < n; i++) {
		uint32_t d = dtogd(&f->fs, frag) + (uint32_t)i,
			 h = d / (uint32_t)f->fs.fs_frag;

		if (d >= (uint32_t)cg.cg_ndblk)
			continue;
		if (f->fs.fs_contigsumsize > 0 &&
		    ffs_isblock(&f->fs, ffs_cg_blksfree(&cg, b->data), h))
			ffs_cg_clusteracct(
			    &f->fs, &cg, b->data, h, -1, f->swapped);
		ffs_clrbit(ffs_cg_blksfree(&cg, b->data), d);
	}
	dirty(f, b);
}

/* A run of fragments inside one block; 0 when there is none. */
int64_t
block_alloc(struct fsck *f, int32_t frags)
{
	int32_t frag = f->fs.fs_frag, j, k;
	int64_t i;

	if (frags <= 0 || frags > frag)
		return 0;
	for (i = 0; i <= f->fs.fs_size - frag; i += frag) {
		if (frag == 8 && f->blkmap[i >> 3] == 0xff)
			continue;
		for (j = 0; j <= frag - frags; j++) {
			for (k = 0; k < frags; k++)
				if (blk_isset(f->blkmap, i + j + k))
					break;
			if (k < frags) {
				j += k;
				continue;
			}
			mark_frags(f, i + j, frags, true);
			f->blks += frags;
			return i + j;
		}
	}
	return 0;
}

void
block_free(struct fsck *f, int64_t frag, int32_t n)
{
	if (f->ndups > 0) {
		/* Others may claim it: found out by counting again. */
		f->rebuild = true;
		return;
	}
	f->blks -= n;
	mark_frags(f, frag, n, false);
}

uint32_t
inode_alloc(struct fsck *f, uint32_t wanted, uint16_t mode)
{
	uint32_t c = 0, i = 0, ipg = (uint32_t)f->fs.fs_ipg, ino;
	struct dinode di;
	struct buf *b;
	struct cg cg;

	for (ino = wanted; wanted == 0 && c < (uint32_t)f->fs.fs_ncg; c++) {
		for (i = c == 0 ? UFS_ROOTINO + 1 : 0; i < f->ninfo[c]; i++)
			if (f->info[c][i].state == USTATE)
				break;
		if (i < f->ninfo[c]) {
			ino = c * ipg + i;
			break;
		}
	}
	if (ino == 0 || info(f, ino) == &f->none ||
	    info(f, ino)->state != USTATE)
		return 0;
	if (cg_get(f, ino_to_cg(&f->fs, ino), &b, &cg)) {
		ffs_setbit(ffs_cg_inosused(&cg, b->data), ino % ipg);
		dirty(f, b);
	}
	inode_get(f, ino, &di);
	{
		int32_t gen = di.di_gen;

		memset(&di, 0, sizeof(di));
		di.di_gen = gen;
	}
	di.di_mode = mode;
	di.di_atime = di.di_mtime = di.di_ctime = fsck_now(f);
	di.di_birthtime = di.di_ctime;
	inode_put(f, ino, &di);
	f->files++;
	info(f, ino)->state = (mode & S_IFMT) == S_IFDIR ? DSTATE : FSTATE;
	info(f, ino)->type = (uint8_t)((mode & S_IFMT) >> 12);
	return ino;
}

/* Frees what the block map still has; what it has not was freed already, so no cycle of pointers is followed twice. */
static int
free_block(struct walk *w, int64_t frag, int frags)
{
	struct fsck *f = w->f;
	int i, n = 0;

	if (f->ndups > 0) {
		f->rebuild = true;
		return WALK_STOP;
	}
	if (fsck_outside(f, frag, frags))
		return WALK_SKIP;
	for (i = 0; i < frags; i++)
		if (blk_isset(f->blkmap, frag + i)) {
			block_free(f, frag + i, 1);
			n++;
		}
	return n > 0 ? 0 : WALK_SKIP;
}

void
inode_free(struct fsck *f, uint32_t ino)
{
	struct walk w = { .block = free_block, .f = f, .ino = ino };
	struct dinode di;

	inode_get(f, ino, &di);
	inode_walk(&w, &di);
	inode_clear(f, ino);
	info(f, ino)->state = USTATE;
	f->files--;
}

void
clri(struct fsck *f, uint32_t ino, const char *type, bool say)
{
	struct dinode di;

	inode_get(f, ino, &di);
	if (say) {
		pwarn(f, "%s %s", type,
		    (di.di_mode & S_IFMT) == S_IFDIR ? "DIR" : "FILE");
		pinode(f, ino);
	}
	if (f->preen)
		t_printf(f->t, " (CLEARED)\n");
	else if (!reply(f, "CLEAR"))
		return;
	inode_free(f, ino);
}
