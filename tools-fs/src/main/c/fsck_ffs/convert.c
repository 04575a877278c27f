/* SPDX-License-Identifier: BSD-2-Clause */
/* fsck_ffs -B and -c: the other byte order; a newer format. */
#include "fsck_ffs/fsck_ffs.h"
#include <netbsd/stat.h>
#include <string.h>

struct turn {
	struct fsck *f;
	bool from, to; /* swapped */
	uint8_t *seen; /* fragments of blocks that were noted or turned */
	int64_t *indirect;
	size_t n, max;
	bool isdir, done;
	int64_t quota; /* of a quota file: its first block, else 0 */
};

static bool
first_time(struct turn *v, int64_t frag, int frags)
{
	int i;

	if (fsck_outside(v->f, frag, frags) || blk_isset(v->seen, frag))
		return false;
	for (i = 0; i < frags; i++)
		blk_set(v->seen, frag + i);
	return true;
}

/* Entries of directories of one order and format in those of another. */
static void
turn_dir(struct fsck *f, uint8_t *p, uint32_t n, bool from, bool to,
    bool oldfmt, bool newfmt)
{
	uint32_t c, off;
	struct direct d;
	char name[256];

	for (c = 0; c + f->dirblksiz <= n; c += f->dirblksiz)
		for (off = 0; off < f->dirblksiz; off += d.d_reclen) {
			if (ffs_dirent_get(p + c, f->dirblksiz, off, oldfmt,
				from, &d) != 0)
				break;
			memcpy(name, d.d_name, d.d_namlen);
			d.d_name = name;
			if (oldfmt && !newfmt && d.d_fileno != 0 &&
			    fsck_ino_ok(f, d.d_fileno)) {
				struct dinode di;

				inode_get(f, d.d_fileno, &di);
				d.d_type = (uint8_t)((di.di_mode & S_IFMT) >>
				    12);
			}
			if (d.d_fileno == 0 ||
			    d.d_reclen < FFS_DIRSIZ(d.d_namlen))
				d.d_namlen = 0;
			ffs_dirent_put(p + c + off, &d, newfmt, to);
		}
}

static void
turn_words(uint8_t *p, size_t n, uint32_t width)
{
	size_t i;

	for (i = 0; i + width <= n; i += width)
		if (width == 8)
			ffs_put64(p + i, ffs_get64(p + i, false), true);
		else
			ffs_put32(p + i, ffs_get32(p + i, false), true);
}

/* A block of a quota file; the first one begins with the header and the table. */
static void
turn_quota(const struct turn *v, uint8_t *p, size_t size, bool first)
{
	size_t at = 0, n;

	if (first && size >= Q2H_DISK_SIZE) {
		n = ffs_get16(p + Q2H_OFF(q2h_hash_size), v->from);
		turn_words(p, 4, 4);
		ffs_put16(p + Q2H_OFF(q2h_hash_size), (uint16_t)n, v->to);
		at = Q2H_OFF(q2h_defentry_val_hardlimit);
		turn_words(p + at, Q2E_OFF(q2e_uid), 8);
		turn_words(p + at + Q2E_OFF(q2e_uid), 8, 4);
		at = Q2H_OFF(q2h_free);
		if (n > (size - Q2H_DISK_SIZE) / 8)
			n = (size - Q2H_DISK_SIZE) / 8;
		turn_words(p + at, (n + 1) * 8, 8);
		at += (n + 1) * 8;
	}
	for (; at + Q2E_DISK_SIZE <= size; at += Q2E_DISK_SIZE) {
		turn_words(p + at, Q2E_OFF(q2e_uid), 8);
		turn_words(p + at + Q2E_OFF(q2e_uid), 8, 4);
	}
}

static int
turn_block(struct walk *w, int64_t frag, int frags)
{
	struct turn *v = w->ctx;
	struct fsck *f = v->f;
	uint8_t *p;
	size_t size = (size_t)frags * (uint32_t)f->fs.fs_fsize;

	if (fsck_outside(f, frag, frags) ||
	    (w->level == 0 && !v->isdir && v->quota == 0))
		return 0;
	if (!first_time(v, frag, frags))
		return WALK_SKIP;
	if (w->level > 0) {
		if (v->n == v->max) {
			v->max = v->max > 0 ? v->max * 2 : 64;
			v->indirect = t_realloc(
			    f->t, v->indirect, v->max * sizeof(*v->indirect));
		}
		v->indirect[v->n++] = frag;
		return 0;
	}
	p = t_malloc(f->t, size);
	if (fsck_read(f, p, size, (int64_t)fsbtobyte(&f->fs, frag))) {
		if (v->quota != 0)
			turn_quota(v, p, size, frag == v->quota);
		else
			turn_dir(f, p, (uint32_t)size, v->from, v->to,
			    dir_oldfmt(f), dir_oldfmt(f));
		fsck_write(f, p, size, (int64_t)fsbtobyte(&f->fs, frag));
	}
	t_free(f->t, p);
	return 0;
}

static uint32_t
group_inodes(struct fsck *f, uint32_t c)
{
	struct buf *b;
	struct cg cg;

	if (!ffs_isufs2(&f->fs) || !cg_get(f, c, &b, &cg))
		return (uint32_t)f->fs.fs_ipg;
	return (uint32_t)cg.cg_initediblk;
}

static void
turn_files(struct turn *v)
{
	struct fsck *f = v->f;
	uint32_t c, i, n;

	for (c = 0; c < (uint32_t)f->fs.fs_ncg; c++) {
		n = group_inodes(f, c);
		for (i = c == 0 ? UFS_ROOTINO : 0; i < n; i++) {
			struct walk w = { .block = turn_block, .f = f, .ctx = v };
			struct dinode di;

			w.ino = c * (uint32_t)f->fs.fs_ipg + i;
			inode_get(f, w.ino, &di);
			v->isdir = (di.di_mode & S_IFMT) == S_IFDIR;
			v->quota = fsck_is_quota(f, w.ino) &&
				(di.di_mode & S_IFMT) == S_IFREG ?
			    di.di_db[0] :
			    0;
			if ((di.di_mode & S_IFMT) != 0)
				inode_walk(&w, &di);
		}
	}
}

static void
turn_group(struct turn *v, uint32_t c, uint8_t *p)
{
	struct fsck *f = v->f;
	size_t isize = ffs_dinode_size(&f->fs);
	int64_t off;
	struct cg cg;
	uint32_t i, n = group_inodes(f, c);

	for (i = 0; i < n; i += (uint32_t)f->fs.fs_inopb) {
		uint32_t k;

		off = (int64_t)fsbtobyte(&f->fs,
		    ino_to_fsba(
			&f->fs, (uint64_t)c * (uint32_t)f->fs.fs_ipg + i));
		if (!fsck_read(f, p, (size_t)f->fs.fs_bsize, off))
			continue;
		for (k = 0; k < (uint32_t)f->fs.fs_inopb; k++) {
			struct dinode di;

			ffs_dinode_decode(&f->fs, p + k * isize, &di, v->from);
			ffs_dinode_encode(&f->fs, &di, p + k * isize, v->to);
		}
		fsck_write(f, p, (size_t)f->fs.fs_bsize, off);
	}
	off = (int64_t)fsbtobyte(&f->fs, cgtod(&f->fs, c));
	if (fsck_read(f, p, (size_t)f->fs.fs_cgsize, off)) {
		ffs_cg_decode(p, &cg, v->from);
		if (ffs_cg_check(&f->fs, &cg, c) == 0 &&
		    f->fs.fs_contigsumsize > 0)
			turn_words(ffs_cg_clustersum(&cg, p) + 4,
			    (size_t)f->fs.fs_contigsumsize * 4, 4);
		ffs_cg_encode(&cg, p, v->to);
		fsck_write(f, p, (size_t)f->fs.fs_cgsize, off);
	}
	off = (int64_t)fsbtobyte(&f->fs, cgsblock(&f->fs, c));
	if (fsck_read(f, p, SBLOCKSIZE, off)) {
		struct fs fs;
		bool was;

		if (ffs_sb_decode(p, SBLOCKSIZE, &fs, &was) == 0 &&
		    was == v->from) {
			ffs_sb_encode(&fs, p, SBLOCKSIZE, v->to);
			fsck_write(f, p, SBLOCKSIZE, off);
		}
	}
}

static void
turn_all(struct turn *v)
{
	struct fsck *f = v->f;
	size_t size = (size_t)fragroundup(&f->fs, f->fs.fs_cssize), i;
	uint8_t *p = t_malloc(f->t, size > FFS_MAXBSIZE ? size : FFS_MAXBSIZE);
	uint32_t c;

	v->seen = t_calloc(f->t, 1, (size_t)(f->fs.fs_size + 15) / 8);
	turn_files(v);
	for (i = 0; i < v->n; i++) {
		int64_t off = (int64_t)fsbtobyte(&f->fs, v->indirect[i]);

		if (!fsck_read(f, p, (size_t)f->fs.fs_bsize, off))
			continue;
		turn_words(p, (size_t)f->fs.fs_bsize, ffs_ptrsize(&f->fs));
		fsck_write(f, p, (size_t)f->fs.fs_bsize, off);
	}
	for (c = 0; c < (uint32_t)f->fs.fs_ncg; c++)
		turn_group(v, c, p);
	if (fsck_read(f, p, size, (int64_t)fsbtobyte(&f->fs, f->fs.fs_csaddr))) {
		turn_words(p, size, 4);
		fsck_write(
		    f, p, size, (int64_t)fsbtobyte(&f->fs, f->fs.fs_csaddr));
	}
	t_free(f->t, p);
	cache_drop(f);
	f->swapped = v->to;
	ffs_sb_encode(&f->raw, f->sbraw, SBLOCKSIZE, f->swapped);
	fsck_write(f, f->sbraw, SBLOCKSIZE, f->sbloc);
}

bool
fsck_byteorder(struct fsck *f)
{
	const uint16_t one = 1;
	bool little = *(const uint8_t *)&one == 1;
	struct turn v;

	memset(&v, 0, sizeof(v));
	v.f = f;
	v.from = f->swapped;
	v.to = (f->endian == 1) != little;
	if (f->endian == 0 || v.from == v.to || f->preen)
		return false;
	if (!reply(f,
		f->endian == 2 ? "CONVERT TO BIG ENDIAN" :
				 "CONVERT TO LITTLE ENDIAN"))
		return false;
	turn_all(&v);
	return true;
}

/* --- levels ------------------------------------------------------------------------------------------------------- */

static int
renew_dir(struct walk *w, int64_t frag, int frags)
{
	struct turn *v = w->ctx;
	struct fsck *f = v->f;
	struct buf *b;

	if (w->level > 0)
		return fsck_outside(f, frag, frags) ? WALK_SKIP : 0;
	if (!first_time(v, frag, frags))
		return WALK_SKIP;
	b = getblk(f, frag, (uint32_t)frags * (uint32_t)f->fs.fs_fsize);
	turn_dir(f, b->data, b->size, f->swapped, f->swapped, true, false);
	dirty(f, b);
	return 0;
}

/* A short link's target moves from its block into the inode; phase 5 finds the block free. */
static void
renew_link(struct fsck *f, struct dinode *di)
{
	uint8_t target[UFS1_MAXSYMLINKLEN];
	int64_t frag = di->di_db[0];

	if (di->di_size >= UFS1_MAXSYMLINKLEN || frag == 0 ||
	    fsck_outside(f, frag, 1))
		return;
	memset(target, 0, sizeof(target));
	memcpy(target, getblk(f, frag, (uint32_t)f->fs.fs_fsize)->data,
	    (size_t)di->di_size);
	memset(di->di_db, 0, sizeof(di->di_db));
	memset(di->di_ib, 0, sizeof(di->di_ib));
	memset(di->di_short, 0, sizeof(di->di_short));
	memcpy(di->di_short, target, sizeof(target));
	di->di_inline = true;
	di->di_blocks = 0;
}

static void
new_inode_format(struct fsck *f)
{
	uint64_t ino,
	    n = (uint64_t)(uint32_t)f->fs.fs_ncg * (uint32_t)f->fs.fs_ipg;
	struct fs before = f->fs, after;
	struct turn v;

	memset(&v, 0, sizeof(v));
	v.f = f;
	v.seen = t_calloc(f->t, 1, (size_t)(f->fs.fs_size + 15) / 8);
	after = before;
	after.fs_old_inodefmt = FS_44INODEFMT;
	after.fs_maxsymlinklen = UFS1_MAXSYMLINKLEN;
	for (ino = UFS_ROOTINO; ino < n; ino++) {
		struct walk w = { .block = renew_dir, .f = f, .ctx = &v };
		struct dinode di;

		inode_get(f, (uint32_t)ino, &di);
		if ((di.di_mode & S_IFMT) == 0)
			continue;
		w.ino = (uint32_t)ino;
		if ((di.di_mode & S_IFMT) == S_IFDIR &&
		    di.di_size <= UFS_MAXDIRSIZE)
			inode_walk(&w, &di);
		if ((di.di_mode & S_IFMT) == S_IFLNK)
			renew_link(f, &di);
		f->fs = after;
		inode_put(f, (uint32_t)ino, &di);
		f->fs = before;
	}
	t_free(f->t, v.seen);
	f->fs = after;
	f->raw.fs_old_inodefmt = after.fs_old_inodefmt;
	f->raw.fs_maxsymlinklen = after.fs_maxsymlinklen;
	f->sbdirty = true;
}

/* The fields of today's superblock from the old ones; what an old one has no meaning for stays as it is. */
static void
new_superblock(struct fsck *f)
{
	struct fs fs = f->raw;

	fs.fs_flags = f->fs.fs_flags;
	fs.fs_old_flags |= FS_FLAGS_UPDATED;
	fs.fs_sblockloc = f->fs.fs_sblockloc;
	fs.fs_maxbsize = f->fs.fs_bsize;
	fs.fs_time = f->fs.fs_time;
	fs.fs_size = f->fs.fs_size;
	fs.fs_dsize = f->fs.fs_dsize;
	fs.fs_csaddr = f->fs.fs_csaddr;
	fs.fs_cstotal = f->fs.fs_cstotal;
	fs.fs_pendingblocks = 0;
	fs.fs_pendinginodes = 0;
	fs.fs_clean = f->fs.fs_clean;
	fs.fs_maxsymlinklen = f->fs.fs_maxsymlinklen;
	fs.fs_old_inodefmt = f->fs.fs_old_inodefmt;
	fs.fs_maxfilesize = f->fs.fs_maxfilesize;
	fs.fs_bmask = f->fs.fs_bmask;
	fs.fs_fmask = f->fs.fs_fmask;
	fs.fs_bshift = f->fs.fs_bshift;
	fs.fs_fshift = f->fs.fs_fshift;
	fs.fs_frag = f->fs.fs_frag;
	fs.fs_fragshift = f->fs.fs_fragshift;
	fs.fs_inopb = f->fs.fs_inopb;
	memset(fs.fs_volname, 0, sizeof(fs.fs_volname));
	fs.fs_swuid = 0;
	f->raw = fs;
	f->fs = fs;
	f->old = false;
	f->converted = true;
	f->sbdirty = true;
}

void
fsck_levels(struct fsck *f)
{
	if (f->level >= 2 && !ffs_isufs2(&f->fs) &&
	    f->fs.fs_old_inodefmt < FS_44INODEFMT) {
		if (f->preen)
			pwarn(f, "CONVERTING TO NEW INODE FORMAT\n");
		if (f->preen || reply(f, "CONVERT TO NEW INODE FORMAT"))
			new_inode_format(f);
	}
	if (f->level >= 4 && f->old) {
		if (f->preen)
			pwarn(f, "CONVERTING TO NEW SUPERBLOCK LAYOUT\n");
		if (f->preen || reply(f, "CONVERT TO NEW SUPERBLOCK LAYOUT"))
			new_superblock(f);
	}
}
