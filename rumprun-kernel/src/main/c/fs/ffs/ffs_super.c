/* SPDX-License-Identifier: BSD-2-Clause */
/* The superblock and the summary: found, checked, kept in memory, written; what they say of the file system's health. */
#include "fs/ffs/ffs.h"

/*
 * A group that is the only one may end within a block: it can be read (begin_writing refuses it), unless there is a journal to replay.
 */
static int
sb_check(const struct fs *fs)
{
	struct fs whole;

	if (fs->fs_ncg != 1 || fs->fs_frag <= 0 || fs->fs_fpg <= 0 ||
	    fs->fs_fpg > INT32_MAX - fs->fs_frag ||
	    fs->fs_fpg % fs->fs_frag == 0 || (fs->fs_flags & FS_DOWAPBL) != 0)
		return ffs_sb_check(fs);
	whole = *fs;
	whole.fs_fpg += fs->fs_frag - fs->fs_fpg % fs->fs_frag;
	return ffs_sb_check(&whole);
}

/* Reads what stands at byte `loc`; 0 if that is the file system's superblock. */
static int
sb_try(struct ffsmount *ump, int64_t loc, uint8_t *raw)
{
	struct fs *fs = &ump->um_fs;
	bool updated;

	if ((uint64_t)loc + SBLOCKSIZE > ump->um_dev->b_size)
		return -EINVAL;
	if (blkdev_read(ump->um_dev, raw, SBLOCKSIZE, (uint64_t)loc) != 0)
		return -EINVAL;
	if (ump->um_replay != NULL &&
	    wapbl_replay_read(ump->um_replay, raw, SBLOCKSIZE, (uint64_t)loc) <
		0)
		return -EINVAL;
	if (ffs_sb_decode(raw, SBLOCKSIZE, fs, &ump->um_swap) != 0)
		return -EINVAL;
	updated = ffs_isufs2(fs) || (fs->fs_old_flags & FS_FLAGS_UPDATED) != 0;
	/* A copy of the superblock may stand at a place that is searched. */
	if (updated ? fs->fs_sblockloc != loc : loc == SBLOCK_UFS2)
		return -EINVAL;
	ump->um_oldsb = !updated;
	ffs_sb_from_old(fs);
	return sb_check(fs);
}

int
ffs_sbread(struct ffsmount *ump)
{
	uint8_t *raw = kmem_alloc(ump->um_k, SBLOCKSIZE);
	int error = -EINVAL;

	if (raw == NULL)
		return -ENOMEM;
	/* The first place that is looked at has to be there. */
	if (ump->um_dev->b_size < SBLOCK_UFS2) {
		kmem_free(ump->um_k, raw, SBLOCKSIZE);
		return -EINVAL;
	}
	for (int i = 0; ffs_sblocksearch[i] >= 0; i++) {
		if ((error = sb_try(ump, ffs_sblocksearch[i], raw)) == 0) {
			ump->um_sbloc = ffs_sblocksearch[i];
			break;
		}
	}
	kmem_free(ump->um_k, raw, SBLOCKSIZE);
	return error;
}

/* Bytes of the summary's i-th block. */
static uint32_t
cs_blksize(const struct fs *fs, uint32_t i)
{
	int64_t left = fragroundup(fs, fs->fs_cssize) -
	    (int64_t)i * fs->fs_bsize;

	return left < fs->fs_bsize ? (uint32_t)left : (uint32_t)fs->fs_bsize;
}

static void
sum_up(struct ffsmount *ump)
{
	struct csum_total *t = &ump->um_fs.fs_cstotal;

	t->cs_ndir = t->cs_nbfree = t->cs_nifree = t->cs_nffree = 0;
	for (int32_t c = 0; c < ump->um_fs.fs_ncg; c++) {
		t->cs_ndir += ump->um_cs[c].cs_ndir;
		t->cs_nbfree += ump->um_cs[c].cs_nbfree;
		t->cs_nifree += ump->um_cs[c].cs_nifree;
		t->cs_nffree += ump->um_cs[c].cs_nffree;
	}
}

static bool
totals_ok(const struct fs *fs)
{
	const struct csum_total *t = &fs->fs_cstotal;
	int64_t inodes = (int64_t)fs->fs_ncg * fs->fs_ipg;

	return t->cs_nbfree >= 0 && t->cs_nbfree <= fs->fs_size &&
	    t->cs_nffree >= 0 && t->cs_nffree <= fs->fs_size &&
	    t->cs_nifree >= 0 && t->cs_nifree <= inodes && t->cs_ndir >= 0 &&
	    t->cs_ndir <= inodes && fs->fs_dsize >= 0 &&
	    fs->fs_dsize <= fs->fs_size;
}

void
ffs_csfree(struct ffsmount *ump)
{
	size_t ncg = (size_t)ump->um_fs.fs_ncg;

	if (ump->um_cs != NULL)
		kmem_free(ump->um_k, ump->um_cs, ncg * sizeof(*ump->um_cs));
	if (ump->um_csdirty != NULL)
		kmem_free(ump->um_k, ump->um_csdirty, ump->um_ncsblk);
	if (ump->um_contigdirs != NULL)
		kmem_free(ump->um_k, ump->um_contigdirs, ncg);
	ump->um_cs = NULL;
	ump->um_csdirty = NULL;
	ump->um_contigdirs = NULL;
}

int
ffs_csread(struct ffsmount *ump)
{
	const struct fs *fs = &ump->um_fs;
	size_t ncg = (size_t)fs->fs_ncg;
	uint32_t per = (uint32_t)fs->fs_bsize / FFS_CSUM_SIZE;
	struct buf *b;
	int error;

	ump->um_ncsblk = (uint32_t)((fs->fs_cssize + fs->fs_bsize - 1) /
	    fs->fs_bsize);
	ump->um_cs = kmem_calloc(ump->um_k, ncg, sizeof(*ump->um_cs));
	ump->um_csdirty = kmem_zalloc(ump->um_k, ump->um_ncsblk);
	ump->um_contigdirs = kmem_zalloc(ump->um_k, ncg);
	if (ump->um_cs == NULL || ump->um_csdirty == NULL ||
	    ump->um_contigdirs == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < ump->um_ncsblk; i++) {
		error = ffs_getbuf(ump, fs->fs_csaddr + (int64_t)i * fs->fs_frag,
		    cs_blksize(fs, i), true, &b);
		if (error != 0)
			return error;
		for (size_t c = (size_t)i * per;
		     c < ncg && c < (size_t)(i + 1) * per; c++) {
			size_t at = (c - (size_t)i * per) * FFS_CSUM_SIZE;

			if (at + FFS_CSUM_SIZE <= b->b_size)
				ffs_csum_decode((uint8_t *)b->b_data + at,
				    &ump->um_cs[c], ump->um_swap);
		}
		buf_release(b);
	}
	if (!totals_ok(fs))
		sum_up(ump);
	return totals_ok(fs) ? 0 : -EINVAL;
}

static int
cs_write_block(struct ffsmount *ump, uint32_t i)
{
	const struct fs *fs = &ump->um_fs;
	size_t per = (uint32_t)fs->fs_bsize / FFS_CSUM_SIZE;
	struct buf *b;
	int error;

	error = ffs_getbuf(ump, fs->fs_csaddr + (int64_t)i * fs->fs_frag,
	    cs_blksize(fs, i), true, &b);
	if (error != 0)
		return error;
	kmutex_enter(&ump->um_lock);
	for (size_t j = 0; j < per; j++) {
		size_t c = i * per + j;

		if (c >= (size_t)fs->fs_ncg ||
		    (j + 1) * FFS_CSUM_SIZE > b->b_size)
			break;
		ffs_csum_encode(&ump->um_cs[c],
		    (uint8_t *)b->b_data + j * FFS_CSUM_SIZE, ump->um_swap);
	}
	ump->um_csdirty[i] = false;
	kmutex_exit(&ump->um_lock);
	buf_dirty(b);
	return 0;
}

/* The superblock as it goes to the disk: one from before the newer fields keeps what stood in their place. */
static void
sb_store(struct ffsmount *ump, uint8_t *raw, size_t len)
{
	struct fs out, was;
	bool swap;

	out = ump->um_fs;
	out.fs_fmod = 0;
	out.fs_ronly = 0;
	ffs_sb_to_old(&out);
	if (ump->um_oldsb && ffs_sb_decode(raw, len, &was, &swap) == 0) {
		was.fs_old_time = out.fs_old_time;
		was.fs_old_cstotal = out.fs_old_cstotal;
		was.fs_clean = out.fs_clean;
		was.fs_fmod = was.fs_ronly = 0;
		memcpy(was.fs_fsmnt, out.fs_fsmnt, sizeof(was.fs_fsmnt));
		out = was;
	}
	ffs_sb_encode(&out, raw, len, ump->um_swap);
}

void
ffs_must_check(struct ffsmount *ump)
{
	bool first;

	kmutex_enter(&ump->um_lock);
	first = !ump->um_check;
	ump->um_check = true;
	ump->um_fs.fs_clean = 0;
	ump->um_fmod = true;
	kmutex_exit(&ump->um_lock);
	if (first)
		kern_printf(ump->um_k, "%s: unexpected error, run fsck\n",
		    (const char *)ump->um_fs.fs_fsmnt);
}

/* The clean flag, if no check was asked for. */
void
ffs_setclean(struct ffsmount *ump, int8_t clean)
{
	kmutex_enter(&ump->um_lock);
	if (!ump->um_check)
		ump->um_fs.fs_clean = clean;
	kmutex_exit(&ump->um_lock);
}

int
ffs_expose(struct ffsmount *ump, bool exposed)
{
	struct buf *b;
	int8_t was;
	int error;

	error = buf_read(ump->um_bc, (uint64_t)ump->um_sbloc,
	    (uint32_t)ump->um_fs.fs_sbsize, &b);
	if (error != 0)
		return error;
	kmutex_enter(&ump->um_lock);
	was = ump->um_fs.fs_clean;
	if (exposed)
		ump->um_fs.fs_clean = 0;
	sb_store(ump, b->b_data, b->b_size);
	ump->um_fs.fs_clean = was;
	kmutex_exit(&ump->um_lock);
	error = buf_write(b);
	return error != 0 ? error : blkdev_sync(ump->um_dev);
}

int
ffs_sbupdate(struct ffsmount *ump)
{
	struct buf *b;
	bool dirty;
	int error;

	for (uint32_t i = 0; i < ump->um_ncsblk; i++) {
		kmutex_enter(&ump->um_lock);
		dirty = ump->um_csdirty[i];
		kmutex_exit(&ump->um_lock);
		if (dirty && (error = cs_write_block(ump, i)) != 0)
			return error;
	}
	error = buf_read(ump->um_bc, (uint64_t)ump->um_sbloc,
	    (uint32_t)ump->um_fs.fs_sbsize, &b);
	if (error != 0)
		return error;
	kmutex_enter(&ump->um_lock);
	ump->um_fs.fs_time = kern_time_second(ump->um_k);
	ump->um_fmod = false;
	sb_store(ump, b->b_data, b->b_size);
	kmutex_exit(&ump->um_lock);
	buf_dirty(b);
	return 0;
}
