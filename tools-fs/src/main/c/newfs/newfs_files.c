/* SPDX-License-Identifier: BSD-2-Clause */
/* The files that a new file system begins with: its root directory, and quota files where asked for. */
#include "newfs/newfs.h"
#include "tools.h"
#include <string.h>

int64_t
newfs_alloc(struct newfs *n, struct newfs_group *g, uint32_t bytes)
{
	const struct fs *fs = &n->fs;
	uint8_t *map = ffs_cg_blksfree(&g->cg, g->buf);
	uint32_t blk = (uint32_t)(fs->fs_dblkno / fs->fs_frag), i,
		 frags = (uint32_t)(fragroundup(fs, bytes) / fs->fs_fsize);

	/* There is one: it was made sure of before anything was written. */
	while (!ffs_isblock(fs, map, blk))
		blk++;
	/* The sums of clusters stay those of the empty group, as NetBSD leaves them: allocation takes them for a guess. */
	if (fs->fs_contigsumsize > 0)
		ffs_clrbit(ffs_cg_clustersfree(&g->cg, g->buf), blk);
	g->cg.cg_cs.cs_nbfree--;
	g->cg.cg_cs.cs_nffree += fs->fs_frag;
	for (i = 0; i < frags; i++)
		ffs_clrbit(map, blk * (uint32_t)fs->fs_frag + i);
	g->cg.cg_cs.cs_nffree -= (int32_t)frags;
	ffs_fragacct(fs, ffs_blkmap(fs->fs_frag, map, blk), g->cg.cg_frsum, 1);
	return (int64_t)blk * fs->fs_frag;
}

/* Takes inode `ino` of group 0 and writes it; its generation is there already. */
static void
put_inode(
    struct newfs *n, struct newfs_group *g, uint32_t ino, struct dinode *di)
{
	uint32_t size = ffs_dinode_size(&n->fs);
	uint8_t *p = g->inodes + (size_t)ino * size;
	struct dinode *old = t_malloc(n->t, sizeof(*old));

	ffs_dinode_decode(&n->fs, p, old, n->swapped);
	di->di_gen = old->di_gen;
	t_free(n->t, old);
	/* UFS1's are made without times, as they have always been. */
	if (n->format == 2) {
		di->di_atime = di->di_mtime = di->di_ctime = di->di_birthtime = n->now;
		di->di_atimensec = di->di_mtimensec = di->di_ctimensec =
		    di->di_birthnsec = n->now_nsec;
	}
	ffs_dinode_encode(&n->fs, di, p, n->swapped);
	ffs_setbit(ffs_cg_inosused(&g->cg, g->buf), ino);
	g->cg.cg_cs.cs_nifree--;
}

void
newfs_root(struct newfs *n, struct newfs_group *g)
{
	const struct fs *fs = &n->fs;
	bool oldfmt = ffs_olddirfmt(fs);
	uint32_t dirblk = n->volname != NULL ? APPLEUFS_DIRBLKSIZ :
					       UFS_DIRBLKSIZ,
		 bytes = (uint32_t)fragroundup(fs, dirblk);
	struct dinode *di = t_calloc(n->t, 1, sizeof(*di));
	struct direct dot = { .d_fileno = (uint32_t)UFS_ROOTINO,
		.d_type = DT_DIR,
		.d_namlen = 1,
		.d_name = "." },
		      dotdot = { .d_fileno = (uint32_t)UFS_ROOTINO,
			      .d_type = DT_DIR,
			      .d_namlen = 2,
			      .d_name = ".." };
	uint8_t *data = t_calloc(n->t, 1, bytes);

	dot.d_reclen = (uint16_t)FFS_DIRSIZ(1);
	dotdot.d_reclen = (uint16_t)(dirblk - dot.d_reclen);
	ffs_dirent_put(data, &dot, oldfmt, n->swapped);
	ffs_dirent_put(data + dot.d_reclen, &dotdot, oldfmt, n->swapped);
	di->di_mode = S_IFDIR | 0755;
	di->di_nlink = 2;
	di->di_size = dirblk;
	di->di_blocks = bytes / 512;
	di->di_db[0] = newfs_alloc(n, g, bytes);
	put_inode(n, g, (uint32_t)UFS_ROOTINO, di);
	g->cg.cg_cs.cs_ndir++;
	newfs_write(n, data, bytes, di->di_db[0] * fs->fs_fsize);
	t_free(n->t, data);
	t_free(n->t, di);
}

/* --- quotas: ufs/quota2.h ----------------------------------------------------------------------------------------------- */

/* No limits, a week of grace. */
static void
put_vals(uint8_t *p, bool swapped)
{
	size_t step = Q2E_OFF(q2e_val_softlimit) - Q2E_OFF(q2e_val_hardlimit),
	       entry = 5 * step;
	int i;

	for (i = 0; i < N_QL; i++) {
		uint8_t *val = p + (size_t)i * entry;

		ffs_put64(val, UINT64_MAX, swapped);
		ffs_put64(val + step, UINT64_MAX, swapped);
		ffs_put64(val + 4 * step,
		    i == QL_BLOCK ? MAX_DQ_TIME : MAX_IQ_TIME, swapped);
	}
}

/* A header, a table of hash chains (half of the block at most), and a list of free entries in the rest. */
void
newfs_quota_block(uint8_t *p, uint32_t bsize, int type, bool swapped)
{
	uint32_t off, next;
	unsigned shift = 0;

	while (Q2H_DISK_SIZE + (8u << (shift + 1)) <= bsize / 2)
		shift++;
	off = Q2H_DISK_SIZE + (8u << shift);
	ffs_put32(p + Q2H_OFF(q2h_magic_number), Q2_HEAD_MAGIC, swapped);
	p[Q2H_OFF(q2h_type)] = (uint8_t)type;
	p[Q2H_OFF(q2h_hash_shift)] = (uint8_t)shift;
	ffs_put16(p + Q2H_OFF(q2h_hash_size), (uint16_t)(1u << shift), swapped);
	put_vals(p + Q2H_OFF(q2h_defentry_val_hardlimit), swapped);
	ffs_put64(p + Q2H_OFF(q2h_free), off, swapped);
	for (; off + Q2E_DISK_SIZE <= bsize; off = next) {
		next = off + Q2E_DISK_SIZE;
		ffs_put64(p + off + Q2E_OFF(q2e_next),
		    next + Q2E_DISK_SIZE <= bsize ? next : 0, swapped);
	}
}

void
newfs_quota_entry(
    uint8_t *p, uint32_t id, uint64_t blocks, uint64_t files, bool swapped)
{
	uint64_t off = ffs_get64(p + Q2H_OFF(q2h_free), swapped);
	uint32_t mask = ffs_get16(p + Q2H_OFF(q2h_hash_size), swapped) - 1u;
	uint8_t *head = p + Q2H_DISK_SIZE + (size_t)(id & mask) * 8;
	uint8_t *e = p + off, *files_at = e + 40 + Q2E_OFF(q2e_val_cur);

	ffs_put64(p + Q2H_OFF(q2h_free),
	    ffs_get64(e + Q2E_OFF(q2e_next), swapped), swapped);
	put_vals(e, swapped);
	ffs_put64(e + Q2E_OFF(q2e_val_cur), blocks, swapped);
	ffs_put64(files_at, files, swapped);
	ffs_put32(e + Q2E_OFF(q2e_uid), id, swapped);
	ffs_put64(e + Q2E_OFF(q2e_next), ffs_get64(head, swapped), swapped);
	ffs_put64(head, off, swapped);
}

void
newfs_quotas(struct newfs *n, struct newfs_group *g)
{
	uint32_t bsize = (uint32_t)n->fs.fs_bsize;
	struct dinode *di;
	uint8_t *data;
	int type;

	if (n->quotas == 0)
		return;
	data = t_malloc(n->t, bsize);
	di = t_malloc(n->t, sizeof(*di));
	for (type = 0; type < MAXQUOTAS; type++) {
		if ((n->quotas & 1u << type) == 0)
			continue;
		memset(data, 0, bsize);
		memset(di, 0, sizeof(*di));
		newfs_quota_block(data, bsize, type, n->swapped);
		/* The root directory is root's; these files are nobody's. */
		newfs_quota_entry(data, 0,
		    (uint64_t)fragroundup(&n->fs, UFS_DIRBLKSIZ) / 512, 1,
		    n->swapped);
		di->di_mode = S_IFREG;
		di->di_nlink = 1;
		di->di_size = bsize;
		di->di_blocks = bsize / 512;
		di->di_db[0] = newfs_alloc(n, g, bsize);
		put_inode(n, g, (uint32_t)n->fs.fs_quotafile[type], di);
		newfs_write(n, data, bsize, di->di_db[0] * n->fs.fs_fsize);
	}
	t_free(n->t, data);
	t_free(n->t, di);
}
