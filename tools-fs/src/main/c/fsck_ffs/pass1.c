/* SPDX-License-Identifier: BSD-2-Clause */
/* fsck_ffs, phases 1 and 1b: every inode, and which of them claims which fragments. */
#include "fsck_ffs/fsck_ffs.h"
#include <inttypes.h>
#include <netbsd/stat.h>
#include <string.h>

#define MAXBAD 10
#define MAXDUP 10

bool
fsck_is_quota(const struct fsck *f, uint32_t ino)
{
	const struct fs *fs = &f->fs;
	int i;

	if (f->old || (fs->fs_flags & FS_DOQUOTA2) == 0)
		return false;
	for (i = 0; i < MAXQUOTAS; i++)
		if (fs->fs_quotafile[i] == ino)
			return true;
	return false;
}

bool
fsck_is_own(const struct fsck *f, uint32_t ino)
{
	const struct fs *fs = &f->fs;

	/* The journal, also one that lies idle, and the quotas have no names. */
	if (!f->old &&
	    fs->fs_journal_location == UFS_WAPBL_JOURNALLOC_IN_FILESYSTEM &&
	    fs->fs_journallocs[UFS_WAPBL_INFS_INO] == ino)
		return true;
	return fsck_is_quota(f, ino);
}

static void
mark_bad(struct fsck *f, uint32_t ino)
{
	struct inode_info *i = info(f, ino);

	if (i->state == DSTATE || i->state == DCLEAR)
		i->state = DCLEAR;
	else if (i->state != USTATE)
		i->state = FCLEAR;
}

static int
claim(struct walk *w, int64_t frag, int frags)
{
	struct fsck *f = w->f;
	int i, r = 0;

	w->frags += frags;
	if (fsck_outside(f, frag, frags)) {
		pfatal(f, "%" PRId64 " BAD I=%" PRIu32, frag, w->ino);
		t_putc(f->t, '\n');
		mark_bad(f, w->ino);
		if (++w->nbad < MAXBAD)
			return WALK_SKIP;
		pwarn(f, "EXCESSIVE BAD BLKS I=%" PRIu32, w->ino);
		if (f->preen)
			t_printf(f->t, " (SKIPPING)\n");
		else if (!reply(f, "CONTINUE"))
			giveup(f, EEXIT);
		return WALK_STOP;
	}
	for (i = 0; i < frags; i++, frag++) {
		if (!blk_isset(f->blkmap, frag)) {
			blk_set(f->blkmap, frag);
			f->blks++;
			continue;
		}
		pfatal(f, "%" PRId64 " DUP I=%" PRIu32, frag, w->ino);
		t_putc(f->t, '\n');
		mark_bad(f, w->ino);
		dup_add(f, frag);
		r = WALK_SKIP;
		if (++w->ndup < MAXDUP)
			continue;
		pwarn(f, "EXCESSIVE DUP BLKS I=%" PRIu32, w->ino);
		if (f->preen)
			t_printf(f->t, " (SKIPPING)\n");
		else if (!reply(f, "CONTINUE"))
			giveup(f, EEXIT);
		return WALK_STOP;
	}
	return r;
}

static bool
type_known(uint16_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
	case S_IFREG:
	case S_IFBLK:
	case S_IFCHR:
	case S_IFLNK:
	case S_IFSOCK:
	case S_IFIFO:
		return true;
	default:
		return false;
	}
}

/* Does it have pointers beyond its size, or a size that no file has? */
static bool
sizes_agree(struct fsck *f, const struct dinode *di)
{
	uint64_t n = (di->di_size + (uint32_t)f->fs.fs_bsize - 1) /
	    (uint32_t)f->fs.fs_bsize,
		 each = 1;
	uint16_t type = di->di_mode & S_IFMT;
	int i;

	if (di->di_size > (uint64_t)INT64_MAX - FFS_MAXBSIZE ||
	    di->di_size + (uint32_t)f->fs.fs_bsize - 1 < di->di_size ||
	    (type == S_IFDIR && di->di_size > UFS_MAXDIRSIZE))
		return false;
	if ((di->di_flags & 0x00200000u) == 0 &&
	    di->di_size > f->fs.fs_maxfilesize && f->fs.fs_maxfilesize > 0)
		return false;
	if (di->di_inline)
		return true;
	if (type == S_IFBLK || type == S_IFCHR)
		n = ffs_isufs2(&f->fs) ? 1 : 2;
	for (i = (int)(n < UFS_NDADDR ? n : UFS_NDADDR); i < UFS_NDADDR; i++)
		if (di->di_db[i] != 0)
			return false;
	n = n > UFS_NDADDR ? n - UFS_NDADDR : 0;
	for (i = 0; i < UFS_NIADDR; i++) {
		if (n == 0 && di->di_ib[i] != 0)
			return false;
		each *= ffs_nindir(&f->fs);
		n = n > each ? n - each : 0;
	}
	return true;
}

static bool
is_blank(const struct dinode *di)
{
	int i;

	if (di->di_mode != 0 || di->di_size != 0)
		return false;
	for (i = 0; i < UFS_NDADDR; i++)
		if (di->di_db[i] != 0)
			return false;
	for (i = 0; i < UFS_NIADDR; i++)
		if (di->di_ib[i] != 0)
			return false;
	return true;
}

static void
unknown(struct fsck *f, uint32_t ino)
{
	pfatal(f, "UNKNOWN FILE TYPE I=%" PRIu32, ino);
	info(f, ino)->state = FCLEAR;
	if (reply(f, "CLEAR")) {
		info(f, ino)->state = USTATE;
		inode_clear(f, ino);
	}
}

static void
count_blocks(struct fsck *f, uint32_t ino, struct dinode *di, int64_t frags)
{
	uint64_t want = (uint64_t)frags * ((uint32_t)f->fs.fs_fsize / 512);

	if (want == di->di_blocks)
		return;
	pwarn(f,
	    "INCORRECT BLOCK COUNT I=%" PRIu32 " (%" PRId64
	    " should be %" PRIu64 ")",
	    ino, (int64_t)di->di_blocks, want);
	if (f->preen)
		t_printf(f->t, " (CORRECTED)\n");
	else if (!reply(f, "CORRECT"))
		return;
	di->di_blocks = want;
	inode_put(f, ino, di);
}

static void
check_inode(struct fsck *f, uint32_t ino)
{
	struct walk w = { .block = claim, .f = f, .ino = ino };
	struct inode_info *i = info(f, ino);
	struct dinode di;
	struct dir_info *d = NULL;

	inode_get(f, ino, &di);
	if ((di.di_mode & S_IFMT) == 0) {
		if (is_blank(&di))
			return;
		pfatal(f, "PARTIALLY ALLOCATED INODE I=%" PRIu32, ino);
		if (reply(f, "CLEAR"))
			inode_clear(f, ino);
		return;
	}
	i->links = di.di_nlink;
	if (!type_known(di.di_mode) || !sizes_agree(f, &di)) {
		unknown(f, ino);
		return;
	}
	f->files++;
	if (fsck_is_own(f, ino))
		i->links = 0;
	else if (di.di_nlink <= 0) {
		if (f->nzero == f->azero) {
			f->azero = f->azero > 0 ? f->azero * 2 : 64;
			f->zero = t_realloc(
			    f->t, f->zero, f->azero * sizeof(*f->zero));
		}
		f->zero[f->nzero++] = ino;
	}
	i->type = (uint8_t)((di.di_mode & S_IFMT) >> 12);
	i->state = FSTATE;
	if ((di.di_mode & S_IFMT) == S_IFDIR) {
		i->state = di.di_size == 0 ? DCLEAR : DSTATE;
		d = dir_add(f, ino, &di);
	}
	inode_walk(&w, &di);
	if (d != NULL) {
		uint64_t most = blkroundup(
		    &f->fs, (int64_t)(w.frags + 8) * f->fs.fs_fsize);

		d->size = di.di_size < most ? di.di_size : most;
	}
	count_blocks(f, ino, &di, w.frags);
}

/* Blocks of the file system itself. */
static void
mark_own(struct fsck *f)
{
	const struct fs *fs = &f->fs;
	uint32_t c;
	int64_t i, from, to;

	for (c = 0; c < (uint32_t)fs->fs_ncg; c++) {
		from = c == 0 ? cgbase(fs, c) : cgsblock(fs, c);
		to = cgdmin(fs, c);
		if (c == 0)
			to += numfrags(fs, fragroundup(fs, fs->fs_cssize));
		if (from < 0)
			from = 0;
		for (i = from; i < to && i < fs->fs_size; i++)
			blk_set(f->blkmap, i);
	}
	/* The summary is not always at group 0's data. */
	for (i = 0; i < numfrags(fs, fragroundup(fs, fs->fs_cssize)); i++)
		blk_set(f->blkmap, fs->fs_csaddr + i);
}

/* How many inodes of a group were ever written: UFS2 makes them as they are needed. */
static uint32_t
inodes_of(struct fsck *f, uint32_t c)
{
	uint32_t ipg = (uint32_t)f->fs.fs_ipg, inopb = (uint32_t)f->fs.fs_inopb;
	struct buf *b;
	struct cg cg;
	uint32_t n;

	if (!ffs_isufs2(&f->fs) || !cg_get(f, c, &b, &cg))
		return ipg;
	n = (uint32_t)cg.cg_initediblk;
	n = (n + inopb - 1) / inopb * inopb;
	return n < ipg ? n : ipg;
}

void
pass1(struct fsck *f)
{
	uint32_t c, i, n, ipg = (uint32_t)f->fs.fs_ipg;

	fsck_phase(f, "Phase 1 - Check Blocks and Sizes");
	mark_own(f);
	for (c = 0; c < (uint32_t)f->fs.fs_ncg; c++) {
		n = inodes_of(f, c);
		f->info[c] = t_calloc(f->t, n > 0 ? n : 1, sizeof(**f->info));
		f->ninfo[c] = n;
		for (i = c == 0 ? UFS_ROOTINO : 0; i < n; i++)
			check_inode(f, c * ipg + i);
		fsck_progress(f, 1, "cylinder group", c + 1,
		    (uint64_t)(uint32_t)f->fs.fs_ncg);
	}
}

/* --- 1b: who claimed first ---------------------------------------------------------------------------------------- */

static int
claim_first(struct walk *w, int64_t frag, int frags)
{
	struct fsck *f = w->f;
	int i, r = 0;

	if (fsck_outside(f, frag, frags))
		return ++w->nbad < MAXBAD ? WALK_SKIP : WALK_STOP;
	for (i = 0; i < frags; i++, frag++) {
		if (!dup_has(f, frag))
			continue;
		/* The bit says that nobody came before. */
		if (!blk_isset(f->blkmap, frag)) {
			r = WALK_SKIP;
			if (++w->ndup >= MAXDUP)
				return WALK_STOP;
			continue;
		}
		blk_clr(f->blkmap, frag);
		pfatal(f, "%" PRId64 " DUP I=%" PRIu32, frag, w->ino);
		t_putc(f->t, '\n');
		mark_bad(f, w->ino);
	}
	return r;
}

static void
each_inode(struct fsck *f, int (*block)(struct walk *, int64_t, int))
{
	uint32_t c, i;

	for (c = 0; c < (uint32_t)f->fs.fs_ncg; c++)
		for (i = 0; i < f->ninfo[c]; i++) {
			struct walk w = { .block = block,
				.f = f,
				.ino = c * (uint32_t)f->fs.fs_ipg + i };
			struct dinode di;

			if (f->info[c][i].state == USTATE ||
			    f->info[c][i].type == 0)
				continue;
			inode_get(f, w.ino, &di);
			inode_walk(&w, &di);
		}
}

void
pass1b(struct fsck *f)
{
	size_t i;

	if (f->ndups == 0)
		return;
	fsck_phase(f, "Phase 1b - Rescan For More DUPS");
	each_inode(f, claim_first);
	for (i = 0; i < f->adups; i++)
		if (f->dups[i] != 0)
			blk_set(f->blkmap, f->dups[i]);
}

static int
claim_again(struct walk *w, int64_t frag, int frags)
{
	struct fsck *f = w->f;
	int i, r = 0;

	if (fsck_outside(f, frag, frags))
		return ++w->nbad < MAXBAD ? WALK_SKIP : WALK_STOP;
	for (i = 0; i < frags; i++, frag++) {
		if (!blk_isset(f->blkmap, frag)) {
			blk_set(f->blkmap, frag);
			f->blks++;
			continue;
		}
		r = WALK_SKIP;
		if (++w->ndup >= MAXDUP)
			return WALK_STOP;
	}
	return r;
}

void
pass1_again(struct fsck *f)
{
	memset(f->blkmap, 0, (size_t)(f->fs.fs_size + 15) / 8);
	f->blks = 0;
	mark_own(f);
	each_inode(f, claim_again);
}
