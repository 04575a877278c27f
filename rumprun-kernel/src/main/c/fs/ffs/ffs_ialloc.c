/* SPDX-License-Identifier: BSD-2-Clause */
/* The allocator of inodes: the group for a new directory, free inodes of a group. */
#include "fs/ffs/ffs_alloc.h"

/* The group for a new directory: more free inodes and blocks than the average, and the fewest directories. */
static uint32_t
dirpref(struct ffsmount *ump, uint32_t parent)
{
	const struct fs *fs = &ump->um_fs;
	uint32_t ncg = (uint32_t)fs->fs_ncg, best = parent;
	int64_t avgi, avgb;
	int32_t mindir = INT32_MAX;

	/* Near the parent while there is plenty: trees stay together. */
	kmutex_enter(&ump->um_lock);
	avgi = fs->fs_cstotal.cs_nifree / ncg;
	avgb = fs->fs_cstotal.cs_nbfree / ncg;
	if (ump->um_contigdirs[parent] < 32 &&
	    ump->um_cs[parent].cs_nifree >= avgi - avgi / 4 &&
	    ump->um_cs[parent].cs_nbfree >= avgb - avgb / 4) {
		ump->um_contigdirs[parent]++;
		kmutex_exit(&ump->um_lock);
		return parent;
	}
	for (uint32_t i = 0; i < ncg; i++) {
		uint32_t c = (uint32_t)(((uint64_t)parent + i) % ncg);
		const struct csum *cs = &ump->um_cs[c];

		if (cs->cs_nifree >= avgi && cs->cs_nbfree >= avgb &&
		    cs->cs_ndir < mindir) {
			mindir = cs->cs_ndir;
			best = c;
		}
	}
	ump->um_contigdirs[best] = 1;
	kmutex_exit(&ump->um_lock);
	return best;
}

/* Each inode of a new block gets a generation that nobody guesses; the host is asked for many at a time. */
static void
set_generations(struct ffsmount *ump, uint8_t *inodes, uint32_t n)
{
	uint32_t gens[64], k;

	for (uint32_t i = 0; i < n; i++) {
		k = i % 64;
		if (k == 0)
			kern_random(ump->um_k, gens, sizeof(gens));
		ffs_put32(inodes + i * DINODE2_SIZE + 80, gens[k] >> 1 | 1,
		    ump->um_swap);
	}
}

/* UFS2 makes inodes of a group when they are first needed. */
static int
init_inodes(struct ffsmount *ump, struct cgbuf *c, uint32_t i)
{
	const struct fs *fs = &ump->um_fs;
	uint32_t inopb = (uint32_t)fs->fs_inopb;
	struct buf *b;
	int error;

	while (i >= (uint32_t)c->c_cg.cg_initediblk) {
		uint64_t ino = (uint64_t)c->c_cgx * (uint32_t)fs->fs_ipg +
		    (uint32_t)c->c_cg.cg_initediblk;

		error = ffs_getbuf(ump, ino_to_fsba(fs, ino),
		    (uint32_t)fs->fs_bsize, false, &b);
		if (error != 0)
			return error;
		memset(b->b_data, 0, b->b_size);
		set_generations(ump, b->b_data, inopb);
		if ((error = buf_write_part(b, 0, b->b_size)) != 0)
			return error;
		c->c_cg.cg_initediblk += (int32_t)inopb;
		c->c_now = true;
	}
	return 0;
}

struct iwish {
	mode_t i_mode;
	ino_t i_ino;
	int32_t i_gen;
};

/* The inode must not be somebody's who only the map has forgotten. */
static int
inode_is_free(struct ffsmount *ump, ino_t ino, int32_t *genp)
{
	const struct fs *fs = &ump->um_fs;
	struct dinode di;
	struct buf *b;
	int error;

	error = ffs_getbuf(
	    ump, ino_to_fsba(fs, ino), (uint32_t)fs->fs_bsize, true, &b);
	if (error != 0)
		return error;
	ffs_dinode_decode(fs,
	    (uint8_t *)b->b_data + ino_to_fsbo(fs, ino) * ffs_dinode_size(fs),
	    &di, ump->um_swap);
	buf_release(b);
	*genp = di.di_gen;
	return di.di_mode == 0 ? 0 : -EEXIST;
}

static uint32_t
next_inode(const struct fs *fs, const uint8_t *used, uint32_t start)
{
	uint32_t n = (uint32_t)fs->fs_ipg, i = start < n ? start : 0;

	for (uint32_t seen = 0; seen < n;) {
		if ((i & 7) == 0 && i + 8 <= n && used[i >> 3] == 0xff) {
			i += 8;
			seen += 8;
		} else if (ffs_isset(used, i)) {
			i++;
			seen++;
		} else {
			return i;
		}
		if (i >= n)
			i = 0;
	}
	return n;
}

static int
cg_inode(struct ffsmount *ump, uint32_t cgx, void *arg)
{
	const struct fs *fs = &ump->um_fs;
	struct iwish *w = arg;
	bool changed = false;
	struct cgbuf c;
	uint8_t *used;
	uint32_t i;
	int error;

	if (ffs_group_hint(ump, cgx).cs_nifree <= 0)
		return -ENOSPC;
	if ((error = ffs_group_open(ump, cgx, &c)) != 0)
		return error;
	used = ffs_cg_inosused(&c.c_cg, c.c_buf->b_data);
	for (;;) {
		i = next_inode(fs, used,
		    c.c_cg.cg_irotor < 0 ? 0 : (uint32_t)c.c_cg.cg_irotor);
		error = -ENOSPC;
		if (i >= (uint32_t)fs->fs_ipg)
			break;
		if (ffs_isufs2(fs) && (error = init_inodes(ump, &c, i)) != 0)
			break;
		w->i_ino = (ino_t)cgx * (uint32_t)fs->fs_ipg + i;
		error = w->i_ino <= (ino_t)UFS_ROOTINO ?
		    -EEXIST :
		    inode_is_free(ump, w->i_ino, &w->i_gen);
		if (error != 0 && error != -EEXIST)
			break;
		ffs_setbit(used, i);
		c.c_cg.cg_irotor = (int32_t)i;
		c.c_delta.cs_nifree--;
		changed = true;
		if (error == 0)
			break;
	}
	if (error == 0 && (w->i_mode & S_IFMT) == S_IFDIR)
		c.c_delta.cs_ndir++;
	ffs_group_close(ump, &c, changed);
	return error;
}

int
ffs_ialloc(
    struct lwp *l, struct inode *dip, mode_t mode, ino_t *inop, int32_t *genp)
{
	struct ffsmount *ump = dip->i_ump;
	uint32_t cgx = ino_to_cg(&ump->um_fs, dip->i_number);
	struct iwish w = { .i_mode = mode };
	int error;

	(void)l;
	if ((mode & S_IFMT) == S_IFDIR) {
		cgx = dirpref(ump, cgx);
	} else {
		kmutex_enter(&ump->um_lock);
		if (ump->um_contigdirs[cgx] > 0)
			ump->um_contigdirs[cgx]--;
		kmutex_exit(&ump->um_lock);
	}
	if ((error = ffs_ask_groups(ump, cgx, cg_inode, &w)) != 0)
		return error;
	*inop = w.i_ino;
	*genp = (int32_t)(((uint32_t)w.i_gen + 1) & 0x7fffffff);
	if (*genp == 0)
		*genp = 1;
	return 0;
}

int
ffs_ifree(struct ffsmount *ump, ino_t ino, mode_t mode)
{
	const struct fs *fs = &ump->um_fs;
	struct cgbuf c;
	uint8_t *used;
	uint32_t i;
	int error;

	if ((error = ffs_group_open(ump, ino_to_cg(fs, ino), &c)) != 0)
		return error;
	i = (uint32_t)(ino % (uint32_t)fs->fs_ipg);
	used = ffs_cg_inosused(&c.c_cg, c.c_buf->b_data);
	if (!ffs_isset(used, i)) {
		ffs_group_close(ump, &c, false);
		return -EIO;
	}
	ffs_clrbit(used, i);
	if (c.c_cg.cg_irotor > (int32_t)i)
		c.c_cg.cg_irotor = (int32_t)i;
	c.c_delta.cs_nifree++;
	if ((mode & S_IFMT) == S_IFDIR)
		c.c_delta.cs_ndir--;
	ffs_group_close(ump, &c, true);
	return 0;
}
