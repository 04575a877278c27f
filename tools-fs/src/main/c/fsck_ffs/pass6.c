/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fsck_ffs, phase 6: the quota files, which have no names: their header, chains of entries and list of free entries, and what the entries count.
 *
 * A file without a header that makes sense is made an empty one; one with chains that make none is made anew from the entries that
 * could be reached; one that is missing is made. Then every user's and group's disk and files are counted again (quotacount.c).
 */
#include "fsck_ffs/fsck_quota.h"
#include "newfs/newfs.h"
#include <inttypes.h>
#include <netbsd/stat.h>
#include <string.h>

#define VALS 80 /* bytes of an entry that are limits and counts */
#define VAL (VALS / N_QL)

/* The bytes at `off`, which may not cross a block; NULL: outside, or not there. */
static uint8_t *
quota_at(struct quota *q, uint64_t off, uint32_t n, struct buf **bp)
{
	struct fsck *f = q->f;
	uint32_t bsize = (uint32_t)f->fs.fs_bsize;
	int64_t frag;

	if (off > q->di.di_size || n > q->di.di_size - off ||
	    off % bsize > bsize - n ||
	    !inode_bmap(f, &q->di, off / bsize, &frag) ||
	    fsck_outside(f, frag, f->fs.fs_frag))
		return NULL;
	*bp = getblk(f, frag, bsize);
	return (*bp)->data + off % bsize;
}

static uint64_t
get64(struct quota *q, uint64_t off)
{
	struct buf *b;
	uint8_t *p = quota_at(q, off, 8, &b);

	return p == NULL ? 0 : ffs_get64(p, q->f->swapped);
}

static void
put64(struct quota *q, uint64_t off, uint64_t v)
{
	struct buf *b;
	uint8_t *p = quota_at(q, off, 8, &b);

	if (p == NULL)
		return;
	ffs_put64(p, v, q->f->swapped);
	dirty(q->f, b);
}

static uint64_t
chain_off(const struct quota *q, uint32_t id)
{
	return Q2H_DISK_SIZE + (uint64_t)(id & (q->nhash - 1)) * 8;
}

/* --- what is there --- */

static void
keep_entry(struct quota *q, uint32_t id, const uint8_t *vals)
{
	struct kept *more;

	if (q->nkept == q->akept) {
		q->akept = q->akept * 2 + 64;
		more = t_calloc(q->f->t, q->akept, sizeof(*more));
		if (q->nkept > 0) {
			memcpy(more, q->kept, q->nkept * sizeof(*more));
			t_free(q->f->t, q->kept);
		}
		q->kept = more;
	}
	q->kept[q->nkept].id = id;
	memcpy(q->kept[q->nkept++].vals, vals, VALS);
}

/* The entry's bytes are nobody else's. */
static bool
claim(struct quota *q, uint64_t off)
{
	uint64_t i;

	for (i = off / 8; i < (off + Q2E_DISK_SIZE) / 8; i++) {
		if (blk_isset(q->claimed, (int64_t)i))
			return false;
		blk_set(q->claimed, (int64_t)i);
	}
	return true;
}

/* hash: of a chain of entries in use; -1: of the free ones. */
static bool
chain_ok(struct quota *q, uint64_t off, int64_t hash)
{
	bool s = q->f->swapped;
	struct buf *b;
	uint8_t *p;
	uint32_t id;

	while (off != 0) {
		p = quota_at(q, off, Q2E_DISK_SIZE, &b);
		if (p == NULL || off < Q2H_DISK_SIZE + (uint64_t)q->nhash * 8 ||
		    off % 8 != 0 || !claim(q, off))
			return false;
		if (hash >= 0) {
			id = ffs_get32(p + Q2E_OFF(q2e_uid), s);
			if ((id & (q->nhash - 1)) != (uint64_t)hash)
				return false;
			keep_entry(q, id, p);
		}
		off = ffs_get64(p + Q2E_OFF(q2e_next), s);
	}
	return true;
}

static bool
header_ok(struct quota *q, int type)
{
	uint32_t bsize = (uint32_t)q->f->fs.fs_bsize;
	bool s = q->f->swapped;
	struct buf *b;
	const uint8_t *p = quota_at(q, 0, Q2H_DISK_SIZE, &b);

	if (p == NULL ||
	    ffs_get32(p + Q2H_OFF(q2h_magic_number), s) != Q2_HEAD_MAGIC ||
	    p[Q2H_OFF(q2h_type)] != type || p[Q2H_OFF(q2h_hash_shift)] > 15)
		return false;
	q->nhash = ffs_get16(p + Q2H_OFF(q2h_hash_size), s);
	return q->nhash == 1u << p[Q2H_OFF(q2h_hash_shift)] &&
	    Q2H_DISK_SIZE + q->nhash * 8 <= bsize;
}

/* Sorts what was kept by id. False: an id has two entries; of them one stays. */
static bool
sort_kept(struct quota *q)
{
	size_t i, n = 0;

	fsck_sort(q->kept, q->nkept, sizeof(*q->kept));
	for (i = 0; i < q->nkept; i++)
		if (i == 0 || q->kept[i].id != q->kept[n - 1].id)
			q->kept[n++] = q->kept[i];
	if (n == q->nkept)
		return true;
	q->nkept = n;
	return false;
}

static bool
chains_ok(struct quota *q)
{
	bool ok = true;
	uint32_t i;

	q->claimed = t_calloc(q->f->t, 1, (size_t)(q->di.di_size / 64 + 1));
	for (i = 0; i < q->nhash; i++)
		if (!chain_ok(q, get64(q, Q2H_DISK_SIZE + i * 8), i))
			ok = false;
	if (!chain_ok(q, get64(q, Q2H_OFF(q2h_free)), -1))
		ok = false;
	t_free(q->f->t, q->claimed);
	return sort_kept(q) && ok;
}

/* The inode that keeps them, if it is a file and nothing else. */
static bool
file_get(struct quota *q, int type)
{
	const struct fs *fs = &q->f->fs;
	uint64_t ino = fs->fs_quotafile[type];
	struct buf *b;

	if (!fsck_ino_ok(q->f, ino) ||
	    info(q->f, (uint32_t)ino)->state != FSTATE ||
	    (type != USRQUOTA && ino == fs->fs_quotafile[USRQUOTA]) ||
	    (fs->fs_journal_location == UFS_WAPBL_JOURNALLOC_IN_FILESYSTEM &&
		ino == fs->fs_journallocs[UFS_WAPBL_INFS_INO]))
		return false;
	q->ino = (uint32_t)ino;
	inode_get(q->f, q->ino, &q->di);
	return (q->di.di_mode & S_IFMT) == S_IFREG &&
	    q->di.di_size % (uint32_t)fs->fs_bsize == 0 &&
	    q->di.di_size / 512 <= q->di.di_blocks &&
	    q->di.di_size / (uint32_t)fs->fs_fsize <= (uint64_t)fs->fs_size &&
	    quota_at(q, 0, (uint32_t)fs->fs_bsize, &b) != NULL;
}

/* --- entries that come --- */

/* The entries of block `off` are free ones, before those that there are. */
static void
free_block_at(struct quota *q, uint64_t off)
{
	uint32_t bsize = (uint32_t)q->f->fs.fs_bsize, at;
	uint64_t next = get64(q, Q2H_OFF(q2h_free));

	for (at = 0; at + Q2E_DISK_SIZE <= bsize; at += Q2E_DISK_SIZE)
		put64(q, off + at + Q2E_OFF(q2e_next),
		    at + 2 * Q2E_DISK_SIZE <= bsize ? off + at + Q2E_DISK_SIZE :
						      next);
	put64(q, Q2H_OFF(q2h_free), off);
}

/* One more block: at one of the inode's own pointers, or in the first indirect block. */
static bool
grow(struct quota *q)
{
	struct fsck *f = q->f;
	uint32_t bsize = (uint32_t)f->fs.fs_bsize;
	uint64_t lbn = q->di.di_size / bsize;
	int64_t frag, ind = 0;
	struct buf *b;

	if (lbn >= UFS_NDADDR + (uint64_t)ffs_nindir(&f->fs) ||
	    (frag = block_alloc(f, f->fs.fs_frag)) == 0)
		return false;
	if (lbn >= UFS_NDADDR && q->di.di_ib[0] == 0) {
		if ((ind = block_alloc(f, f->fs.fs_frag)) == 0) {
			block_free(f, frag, f->fs.fs_frag);
			return false;
		}
		b = getblk(f, ind, bsize);
		memset(b->data, 0, bsize);
		dirty(f, b);
		q->di.di_ib[0] = ind;
		q->di.di_blocks += bsize / 512;
	}
	if (lbn < UFS_NDADDR) {
		q->di.di_db[lbn] = frag;
	} else {
		b = getblk(f, q->di.di_ib[0], bsize);
		lbn -= UFS_NDADDR;
		if (ffs_isufs2(&f->fs))
			ffs_put64(b->data + lbn * 8, (uint64_t)frag, f->swapped);
		else
			ffs_put32(b->data + lbn * 4, (uint32_t)frag, f->swapped);
		dirty(f, b);
	}
	b = getblk(f, frag, bsize);
	memset(b->data, 0, bsize);
	dirty(f, b);
	q->di.di_blocks += bsize / 512;
	q->di.di_size += bsize;
	inode_put(f, q->ino, &q->di);
	free_block_at(q, q->di.di_size - bsize);
	q->grown = true;
	return true;
}

/* A new entry, with these limits and counts; NULL: with the default's. */
static bool
insert(struct quota *q, uint32_t id, const uint8_t *vals)
{
	uint8_t def[VALS], *p;
	uint64_t off = get64(q, Q2H_OFF(q2h_free)), next;
	struct buf *b;

	if (off == 0) {
		if (!grow(q))
			return false;
		off = get64(q, Q2H_OFF(q2h_free));
	}
	if (vals == NULL) {
		p = quota_at(q, Q2H_OFF(q2h_defentry_val_hardlimit), VALS, &b);
		if (p == NULL)
			return false;
		memcpy(def, p, VALS);
		for (int i = 0; i < N_QL; i++) {
			memset(def + i * VAL + Q2E_OFF(q2e_val_cur), 0, 8);
			memset(def + i * VAL + Q2E_OFF(q2e_val_time), 0, 8);
		}
		vals = def;
	}
	next = get64(q, off + Q2E_OFF(q2e_next));
	if ((p = quota_at(q, off, Q2E_DISK_SIZE, &b)) == NULL)
		return false;
	memset(p, 0, Q2E_DISK_SIZE);
	memcpy(p, vals, VALS);
	ffs_put32(p + Q2E_OFF(q2e_uid), id, q->f->swapped);
	dirty(q->f, b);
	put64(q, off + Q2E_OFF(q2e_next), get64(q, chain_off(q, id)));
	put64(q, chain_off(q, id), off);
	put64(q, Q2H_OFF(q2h_free), next);
	return true;
}

static uint64_t
find(struct quota *q, uint32_t id)
{
	uint64_t off = get64(q, chain_off(q, id)),
		 left = q->di.di_size / Q2E_DISK_SIZE;
	struct buf *b;
	uint8_t *p;

	while (off != 0 && left-- > 0) {
		if ((p = quota_at(q, off, Q2E_DISK_SIZE, &b)) == NULL)
			break;
		if (ffs_get32(p + Q2E_OFF(q2e_uid), q->f->swapped) == id)
			return off;
		off = ffs_get64(p + Q2E_OFF(q2e_next), q->f->swapped);
	}
	return 0;
}

/* An empty file; defaults and the entries that were kept go into it. */
static void
make_anew(struct quota *q, int type, bool header)
{
	uint32_t bsize = (uint32_t)q->f->fs.fs_bsize;
	uint8_t def[VALS], *p;
	uint64_t off;
	struct buf *b;
	size_t i;

	if ((p = quota_at(q, 0, bsize, &b)) == NULL)
		return;
	memcpy(def, p + Q2H_OFF(q2h_defentry_val_hardlimit), VALS);
	memset(p, 0, bsize);
	newfs_quota_block(p, bsize, type, q->f->swapped);
	if (header)
		memcpy(p + Q2H_OFF(q2h_defentry_val_hardlimit), def, VALS);
	else
		q->nkept = 0;
	dirty(q->f, b);
	(void)header_ok(q, type);
	for (off = bsize; off < q->di.di_size; off += bsize)
		if (quota_at(q, off, bsize, &b) != NULL)
			free_block_at(q, off);
	for (i = 0; i < q->nkept; i++)
		if (!insert(q, q->kept[i].id, q->kept[i].vals))
			q->f->rerun = true;
}

/* --- what they count --- */

static bool
ask(struct fsck *f, const char *done, const char *question)
{
	if (f->preen) {
		t_printf(f->t, " (%s)\n", done);
		return true;
	}
	return reply(f, question) != 0;
}

/* `was` is the entry as it is, NULL: there is none. */
static void
check_count(struct quota *q, int type, uint32_t id, const uint8_t *was,
    uint64_t blocks, uint64_t files)
{
	uint32_t cur = Q2E_OFF(q2e_val_cur);
	bool s = q->f->swapped;
	uint64_t oldblocks = was == NULL ? 0 : ffs_get64(was + cur, s),
		 oldfiles = was == NULL ? 0 : ffs_get64(was + VAL + cur, s),
		 off;

	if (oldblocks == blocks && oldfiles == files)
		return;
	pwarn(q->f,
	    "%s QUOTA MISMATCH FOR ID %" PRIu32 ": %" PRIu64 "/%" PRIu64
	    " SHOULD BE %" PRIu64 "/%" PRIu64,
	    type == USRQUOTA ? "USER" : "GROUP", id, oldblocks, oldfiles,
	    blocks, files);
	if (!ask(q->f, "FIXED", "FIX"))
		return;
	if (was == NULL && !insert(q, id, NULL)) {
		pfatal(q->f, "NO ROOM IN QUOTA FILE\n");
		q->f->unresolved = true;
		return;
	}
	if ((off = find(q, id)) == 0)
		return;
	put64(q, off + QL_BLOCK * VAL + cur, blocks);
	put64(q, off + QL_FILE * VAL + cur, files);
}

/* Both lists are in the order of their ids. */
static void
check_counts(struct quota *q, int type, const struct uses *u)
{
	size_t i = 0, k = 0;

	while (i < u->n || k < q->nkept) {
		const struct use *use = i < u->n ? &u->v[i] : NULL;
		const struct kept *kept = k < q->nkept ? &q->kept[k] : NULL;
		int order = use == NULL ? 1 :
		    kept == NULL	? -1 :
		    use->id < kept->id	? -1 :
					  use->id > kept->id;

		if (order < 0)
			check_count(
			    q, type, use->id, NULL, use->blocks, use->files);
		else if (order > 0)
			check_count(q, type, kept->id, kept->vals, 0, 0);
		else
			check_count(q, type, use->id, kept->vals, use->blocks,
			    use->files);
		i += order <= 0;
		k += order >= 0;
	}
}

/* A new file: its one block has no entries yet. */
static bool
create(struct quota *q, int type)
{
	struct fsck *f = q->f;
	uint32_t bsize = (uint32_t)f->fs.fs_bsize;
	int64_t frag = block_alloc(f, f->fs.fs_frag);
	struct buf *b;

	if (frag == 0)
		return false;
	if ((q->ino = inode_alloc(f, 0, S_IFREG)) == 0) {
		block_free(f, frag, f->fs.fs_frag);
		return false;
	}
	b = getblk(f, frag, bsize);
	memset(b->data, 0, bsize);
	newfs_quota_block(b->data, bsize, type, f->swapped);
	dirty(f, b);
	inode_get(f, q->ino, &q->di);
	q->di.di_nlink = 1;
	q->di.di_size = bsize;
	q->di.di_blocks = bsize / 512;
	q->di.di_db[0] = frag;
	inode_put(f, q->ino, &q->di);
	f->fs.fs_quotafile[type] = q->ino;
	f->sbdirty = true;
	q->grown = true;
	return true;
}

/* Quotas were turned on and have no file yet, or it was lost. */
static bool
missing(struct quota *q, int type)
{
	struct fsck *f = q->f;
	uint64_t ino = f->fs.fs_quotafile[type];

	pwarn(f, "NO %s QUOTA INODE", type == USRQUOTA ? "USER" : "GROUP");
	if (!ask(f, "CREATED", "CREATE"))
		return false;
	/* What it was is a file without a name now. */
	f->rerun |= fsck_ino_ok(f, ino) &&
	    info(f, (uint32_t)ino)->state != USTATE &&
	    (type == USRQUOTA || ino != f->fs.fs_quotafile[USRQUOTA]);
	if (create(q, type))
		return true;
	pfatal(f, "NO ROOM FOR QUOTA FILE\n");
	f->unresolved = true;
	return false;
}

static void
check_quota(struct fsck *f, int type, const struct uses *u)
{
	struct quota q = { .f = f };
	bool header;

	if (!file_get(&q, type) && !missing(&q, type))
		return;
	header = header_ok(&q, type);
	if (!header || !chains_ok(&q)) {
		pwarn(f, "%s QUOTA FILE DAMAGED",
		    type == USRQUOTA ? "USER" : "GROUP");
		if (!ask(f, header ? "REBUILT" : "EMPTIED",
			header ? "REBUILD" : "EMPTY"))
			goto out;
		make_anew(&q, type, header);
	}
	check_counts(&q, type, u);
out:
	if (q.grown)
		pass5_again(f);
	if (q.akept > 0)
		t_free(f->t, q.kept);
}

void
pass6(struct fsck *f)
{
	struct uses u[MAXQUOTAS];
	int type;

	fsck_phase(f, "Phase 6 - Check Quotas");
	if (f->fs.fs_quota_magic != Q2_HEAD_MAGIC) {
		pwarn(f, "QUOTA MAGIC NUMBER WRONG IN SUPERBLK");
		if (ask(f, "FIXED", "FIX")) {
			f->fs.fs_quota_magic = Q2_HEAD_MAGIC;
			f->sbdirty = true;
		}
	}
	fsck_count_uses(f, u);
	for (type = 0; type < MAXQUOTAS; type++) {
		if ((f->fs.fs_quota_flags & 1u << type) != 0)
			check_quota(f, type, &u[type]);
		if (u[type].size > 0)
			t_free(f->t, u[type].v);
	}
}
