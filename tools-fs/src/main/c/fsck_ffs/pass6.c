/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fsck_ffs, phase 6: the quota files, which have no names: their header, chains of entries and list of free entries.
 *
 * What an entry counts is not judged: quotas are brought up to date where they are kept. A file that makes no sense is
 * made an empty one; without a file, the quotas of its type are turned off.
 */
#include "fsck_ffs/fsck_ffs.h"
#include "newfs/newfs.h"
#include <inttypes.h>
#include <netbsd/stat.h>
#include <string.h>

struct quota {
	struct fsck *f;
	struct dinode di;
	uint64_t left; /* entries not seen yet */
};

/* The bytes at `off`, which may not cross a block; NULL: outside, or not there. */
static const uint8_t *
quota_at(struct quota *q, uint64_t off, uint32_t n)
{
	struct fsck *f = q->f;
	uint32_t bsize = (uint32_t)f->fs.fs_bsize;
	int64_t frag;

	if (off > q->di.di_size || n > q->di.di_size - off ||
	    off % bsize > bsize - n ||
	    !inode_bmap(f, &q->di, off / bsize, &frag) ||
	    fsck_outside(f, frag, f->fs.fs_frag))
		return NULL;
	return getblk(f, frag, bsize)->data + off % bsize;
}

/* No entry is met twice: there are no more than the file has room for. */
static bool
chain_ok(struct quota *q, uint64_t off)
{
	const uint8_t *p;

	while (off != 0) {
		p = quota_at(q, off, Q2E_DISK_SIZE);
		if (p == NULL || off < Q2H_DISK_SIZE || off % 8 != 0 ||
		    q->left-- == 0)
			return false;
		off = ffs_get64(p + Q2E_OFF(q2e_next), q->f->swapped);
	}
	return true;
}

static bool
file_ok(struct quota *q, int type)
{
	uint32_t i, n, bsize = (uint32_t)q->f->fs.fs_bsize;
	const uint8_t *p = quota_at(q, 0, Q2H_DISK_SIZE);
	bool s = q->f->swapped;

	if (p == NULL ||
	    ffs_get32(p + Q2H_OFF(q2h_magic_number), s) != Q2_HEAD_MAGIC ||
	    p[Q2H_OFF(q2h_type)] != type || p[Q2H_OFF(q2h_hash_shift)] > 15)
		return false;
	n = ffs_get16(p + Q2H_OFF(q2h_hash_size), s);
	if (n != 1u << p[Q2H_OFF(q2h_hash_shift)] ||
	    Q2H_DISK_SIZE + n * 8 > bsize)
		return false;
	q->left = q->di.di_size / Q2E_DISK_SIZE;
	if (!chain_ok(q, ffs_get64(p + Q2H_OFF(q2h_free), s)))
		return false;
	for (i = 0; i < n; i++) {
		p = quota_at(q, Q2H_DISK_SIZE + i * 8, 8);
		if (p == NULL || !chain_ok(q, ffs_get64(p, s)))
			return false;
	}
	return true;
}

/* The inode that keeps them, if it is a file and nothing else. */
static bool
file_get(struct quota *q, int type)
{
	const struct fs *fs = &q->f->fs;
	uint64_t ino = fs->fs_quotafile[type];

	if (!fsck_ino_ok(q->f, ino) ||
	    info(q->f, (uint32_t)ino)->state != FSTATE ||
	    (type != USRQUOTA && ino == fs->fs_quotafile[USRQUOTA]) ||
	    (fs->fs_journal_location == UFS_WAPBL_JOURNALLOC_IN_FILESYSTEM &&
		ino == fs->fs_journallocs[UFS_WAPBL_INFS_INO]))
		return false;
	inode_get(q->f, (uint32_t)ino, &q->di);
	return (q->di.di_mode & S_IFMT) == S_IFREG &&
	    quota_at(q, 0, (uint32_t)fs->fs_bsize) != NULL;
}

static void
check_quota(struct fsck *f, int type)
{
	const char *kind = type == USRQUOTA ? "USER" : "GROUP";
	uint64_t ino = f->fs.fs_quotafile[type];
	struct quota q = { .f = f };
	struct buf *b;
	int64_t frag;

	if (!file_get(&q, type)) {
		pwarn(f, "%s QUOTA FILE MISSING", kind);
		if (f->preen)
			t_printf(f->t, " (TURNED OFF)\n");
		else if (!reply(f, "TURN OFF"))
			return;
		f->fs.fs_quotafile[type] = 0;
		f->fs.fs_quota_flags &= (uint8_t) ~(1u << type);
		if (f->fs.fs_quota_flags == 0)
			f->fs.fs_flags &= ~(uint32_t)FS_DOQUOTA2;
		f->sbdirty = true;
		/* What it was is a file without a name now. */
		f->rerun |= ino != 0;
		return;
	}
	if (file_ok(&q, type))
		return;
	pwarn(f, "%s QUOTA FILE DAMAGED", kind);
	if (f->preen)
		t_printf(f->t, " (EMPTIED)\n");
	else if (!reply(f, "EMPTY"))
		return;
	(void)inode_bmap(f, &q.di, 0, &frag);
	b = getblk(f, frag, (uint32_t)f->fs.fs_bsize);
	memset(b->data, 0, b->size);
	newfs_quota_block(b->data, b->size, type, f->swapped);
	dirty(f, b);
}

void
pass6(struct fsck *f)
{
	int type;

	fsck_phase(f, "Phase 6 - Check Quotas");
	for (type = 0; type < MAXQUOTAS; type++)
		if ((f->fs.fs_quota_flags & 1u << type) != 0)
			check_quota(f, type);
}
