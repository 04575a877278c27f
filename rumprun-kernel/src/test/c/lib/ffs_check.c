/* SPDX-License-Identifier: BSD-2-Clause */
/* Every inode's blocks against the groups' maps, every name against the link counts, every count against the maps. */
#include <netbsd/stat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/ffs_check.h"
#include "rumprun/ffs_format.h"

struct check {
	uint8_t *img;
	size_t size;
	struct fs fs;
	bool sw;
	uint8_t *used;	/* by fragment */
	int32_t *links; /* by inode: names found */
	int16_t *nlink;
	uint16_t *mode;
	bool torn; /* written in part: what fsck_ffs -p mends is no fault */
	int bad;
};

__attribute__((format(printf, 2, 3))) static void
wrong(struct check *c, const char *fmt, ...)
{
	va_list ap;

	if (c->bad++ >= 12)
		return;
	va_start(ap, fmt);
	printf("    check: ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
}

static uint8_t *
at(struct check *c, int64_t frag)
{
	return c->img + fsbtobyte(&c->fs, frag);
}

static void
claim(struct check *c, uint32_t ino, int64_t frag, int64_t n)
{
	if (!ffs_frag_ok(&c->fs, frag, n)) {
		wrong(c, "inode %u: fragment %lld out of range", ino,
		    (long long)frag);
		return;
	}
	for (; n > 0; n--, frag++)
		if (c->used[frag]++ != 0)
			wrong(c, "inode %u: fragment %lld used twice", ino,
			    (long long)frag);
}

struct file {
	struct check *c;
	uint32_t ino;
	struct dinode di;
	int64_t frags;
};

static void
data_block(struct file *f, int64_t lbn, int64_t frag)
{
	struct check *c = f->c;
	uint32_t n = dblksize(&c->fs, f->di.di_size, lbn);

	if (frag == 0)
		return;
	/* A directory's pointer goes before its size: the kernel passes over it, fsck too. */
	if ((f->di.di_mode & S_IFMT) == S_IFDIR && lbn >= UFS_NDADDR &&
	    lblktosize(&c->fs, lbn) >= f->di.di_size)
		return;
	if (lblktosize(&c->fs, lbn) >= f->di.di_size) {
		wrong(c, "inode %u: block %lld beyond the end", f->ino,
		    (long long)lbn);
		n = (uint32_t)c->fs.fs_bsize;
	}
	if (n == 0)
		n = (uint32_t)c->fs.fs_bsize;
	claim(c, f->ino, frag, n / (uint32_t)c->fs.fs_fsize);
	f->frags += n / (uint32_t)c->fs.fs_fsize;
}

static int64_t
pointer(struct check *c, const uint8_t *p, uint32_t i)
{
	return ffs_isufs2(&c->fs) ? (int64_t)ffs_get64(p + i * 8, c->sw) :
				    (int32_t)ffs_get32(p + i * 4, c->sw);
}

static void
indirect(struct file *f, int64_t frag, int level, int64_t lbn, int64_t span)
{
	struct check *c = f->c;
	uint32_t n = ffs_nindir(&c->fs);

	if (frag == 0)
		return;
	claim(c, f->ino, frag, c->fs.fs_frag);
	if (!ffs_frag_ok(&c->fs, frag, c->fs.fs_frag))
		return;
	f->frags += c->fs.fs_frag;
	for (uint32_t i = 0; i < n; i++) {
		int64_t p = pointer(c, at(c, frag), i);

		if (level == 1)
			data_block(f, lbn + i, p);
		else
			indirect(
			    f, p, level - 1, lbn + i * (span / n), span / n);
	}
}

static void
dir_block(struct file *f, uint8_t *p, uint32_t n)
{
	struct check *c = f->c;
	struct direct d;

	for (uint32_t b = 0; b < n; b += UFS_DIRBLKSIZ) {
		for (uint32_t o = 0; o < UFS_DIRBLKSIZ; o += d.d_reclen) {
			if (ffs_dirent_get(p + b, UFS_DIRBLKSIZ, o,
				ffs_olddirfmt(&c->fs), c->sw, &d) != 0) {
				wrong(c, "directory %u: bad entry", f->ino);
				break;
			}
			if (d.d_fileno == 0)
				continue;
			if (!ffs_ino_ok(&c->fs, d.d_fileno)) {
				wrong(c, "directory %u: bad inode %u", f->ino,
				    d.d_fileno);
				continue;
			}
			c->links[d.d_fileno]++;
			if (!ffs_olddirfmt(&c->fs) && d.d_type != 0 &&
			    c->mode[d.d_fileno] >> 12 != d.d_type)
				wrong(c, "directory %u: type of %.*s", f->ino,
				    d.d_namlen, d.d_name);
		}
	}
}

static int64_t
find_block(struct file *f, int64_t lbn)
{
	struct check *c = f->c;
	uint32_t n = ffs_nindir(&c->fs);

	if (lbn < UFS_NDADDR)
		return f->di.di_db[lbn];
	lbn -= UFS_NDADDR;
	if (lbn < n)
		return pointer(c, at(c, f->di.di_ib[0]), (uint32_t)lbn);
	lbn -= n;
	return pointer(c,
	    at(c, pointer(c, at(c, f->di.di_ib[1]), (uint32_t)(lbn / n))),
	    (uint32_t)(lbn % n));
}

static void
load_inode(struct check *c, uint32_t ino, struct dinode *di)
{
	ffs_dinode_decode(&c->fs,
	    at(c, ino_to_fsba(&c->fs, ino)) +
		ino_to_fsbo(&c->fs, ino) * ffs_dinode_size(&c->fs),
	    di, c->sw);
}

static void
check_inode(struct check *c, uint32_t ino)
{
	struct file f = { .c = c, .ino = ino };
	int64_t span = ffs_nindir(&c->fs), lbn = UFS_NDADDR;
	uint16_t type;

	load_inode(c, ino, &f.di);
	type = f.di.di_mode & S_IFMT;
	if (f.di.di_mode == 0)
		return;
	if (f.di.di_nlink <= 0 && !c->torn)
		wrong(c, "inode %u: mode %o, no link", ino, f.di.di_mode);
	if (f.di.di_inline ||
	    (type != S_IFREG && type != S_IFDIR && type != S_IFLNK))
		return;
	for (int i = 0; i < UFS_NDADDR; i++)
		data_block(&f, i, f.di.di_db[i]);
	for (int i = 0; i < UFS_NIADDR; i++) {
		indirect(&f, f.di.di_ib[i], i + 1, lbn, span);
		lbn += span;
		span *= ffs_nindir(&c->fs);
	}
	if ((uint64_t)f.frags * (uint32_t)(c->fs.fs_fsize / 512) !=
		f.di.di_blocks &&
	    !c->torn)
		wrong(c, "inode %u: %lld fragments, di_blocks %llu", ino,
		    (long long)f.frags, (unsigned long long)f.di.di_blocks);
	if (type != S_IFDIR)
		return;
	/* A removed directory's own entries do not count. */
	if (f.di.di_nlink <= 0 && c->torn)
		return;
	if (f.di.di_size == 0)
		wrong(c, "directory %u: empty", ino);
	for (uint64_t o = 0; o < f.di.di_size; o += (uint32_t)c->fs.fs_bsize) {
		int64_t l = lblkno(&c->fs, (int64_t)o), p = find_block(&f, l);

		uint64_t n = f.di.di_size - o;

		if (n > (uint32_t)c->fs.fs_bsize)
			n = (uint32_t)c->fs.fs_bsize;
		if (p != 0)
			dir_block(&f, at(c, p), (uint32_t)n);
		else
			wrong(c, "directory %u: hole", ino);
	}
}

static void
count_blocks(
    struct check *c, uint32_t g, struct cg *cg, uint8_t *raw, struct csum *sum)
{
	const struct fs *fs = &c->fs;
	uint8_t *map = ffs_cg_blksfree(cg, raw);
	int32_t frsum[MAXFRAG + 1] = { 0 };
	int64_t base = cgbase(fs, g), n = ffs_cg_ndblk(fs, g);

	for (int64_t f = 0; f < n; f++)
		if (ffs_isset(map, (uint32_t)f) == (c->used[base + f] != 0))
			wrong(c, "fragment %lld: map %d, used %d",
			    (long long)(base + f), ffs_isset(map, (uint32_t)f),
			    c->used[base + f]);
	for (uint32_t h = 0; h < n / fs->fs_frag; h++) {
		bool whole = ffs_isblock(fs, map, h);

		if (fs->fs_contigsumsize > 0 &&
		    h < (uint32_t)cg->cg_nclusterblks &&
		    whole != ffs_isset(ffs_cg_clustersfree(cg, raw), h))
			wrong(c, "group %u: cluster map at %u", g, h);
		if (whole) {
			sum->cs_nbfree++;
			continue;
		}
		ffs_fragacct(fs, ffs_blkmap(fs->fs_frag, map, h), frsum, 1);
		sum->cs_nffree += __builtin_popcount(
		    ffs_blkmap(fs->fs_frag, map, h));
	}
	/* What is left of the last group, less than a block. */
	for (int64_t f = n / fs->fs_frag * fs->fs_frag; f < n; f++)
		sum->cs_nffree += ffs_isset(map, (uint32_t)f);
	for (int i = 1; i < fs->fs_frag; i++)
		if (n % fs->fs_frag == 0 && frsum[i] != cg->cg_frsum[i])
			wrong(c, "group %u: frsum[%d] %d, found %d", g, i,
			    cg->cg_frsum[i], frsum[i]);
}

static void
check_clustersum(struct check *c, uint32_t g, struct cg *cg, uint8_t *raw)
{
	int32_t max = c->fs.fs_contigsumsize, sum[1025] = { 0 }, run = 0;

	if (max <= 0 || max > 1024)
		return;
	for (int32_t h = 0; h <= cg->cg_nclusterblks; h++) {
		if (h < cg->cg_nclusterblks &&
		    ffs_isset(ffs_cg_clustersfree(cg, raw), (uint32_t)h)) {
			run++;
			continue;
		}
		if (run > 0)
			sum[run < max ? run : max]++;
		run = 0;
	}
	for (int i = 1; i <= max; i++)
		if ((int32_t)ffs_get32(
			ffs_cg_clustersum(cg, raw) + 4 * i, c->sw) != sum[i])
			wrong(c, "group %u: clustersum[%d]", g, i);
}

static void
check_group(struct check *c, uint32_t g, struct csum_total *total)
{
	const struct fs *fs = &c->fs;
	uint8_t *raw = at(c, cgtod(fs, g));
	struct csum sum = { 0, 0, 0, 0 }, inarea;
	struct cg cg;

	ffs_cg_decode(raw, &cg, c->sw);
	if (ffs_cg_check(fs, &cg, g) != 0) {
		wrong(c, "group %u: bad header", g);
		return;
	}
	if (c->torn)
		return;
	for (uint32_t i = 0; i < (uint32_t)fs->fs_ipg; i++) {
		uint32_t ino = g * (uint32_t)fs->fs_ipg + i;
		bool used = c->mode[ino] != 0 || ino < UFS_ROOTINO;

		if (used != ffs_isset(ffs_cg_inosused(&cg, raw), i))
			wrong(c, "inode %u: map", ino);
		sum.cs_nifree += !used;
		sum.cs_ndir += (c->mode[ino] & S_IFMT) == S_IFDIR;
	}
	count_blocks(c, g, &cg, raw, &sum);
	check_clustersum(c, g, &cg, raw);
	ffs_csum_decode(
	    at(c, fs->fs_csaddr) + g * FFS_CSUM_SIZE, &inarea, c->sw);
	if (memcmp(&sum, &cg.cg_cs, sizeof(sum)) != 0)
		wrong(c, "group %u: counts %d %d %d %d, found %d %d %d %d", g,
		    cg.cg_cs.cs_ndir, cg.cg_cs.cs_nbfree, cg.cg_cs.cs_nifree,
		    cg.cg_cs.cs_nffree, sum.cs_ndir, sum.cs_nbfree,
		    sum.cs_nifree, sum.cs_nffree);
	if (memcmp(&sum, &inarea, sizeof(sum)) != 0)
		wrong(c, "group %u: summary area", g);
	total->cs_ndir += sum.cs_ndir;
	total->cs_nbfree += sum.cs_nbfree;
	total->cs_nifree += sum.cs_nifree;
	total->cs_nffree += sum.cs_nffree;
}

static void
claim_metadata(struct check *c)
{
	const struct fs *fs = &c->fs;

	for (uint32_t g = 0; g < (uint32_t)fs->fs_ncg; g++) {
		int64_t from = g == 0 ? cgbase(fs, g) : cgsblock(fs, g);

		for (int64_t f = from; f < cgdmin(fs, g) && f < fs->fs_size; f++)
			c->used[f] = 1;
	}
	for (int64_t i = 0; i < fragroundup(fs, fs->fs_cssize) / fs->fs_fsize;
	     i++)
		c->used[fs->fs_csaddr + i] = 1;
}

static void
check_all(struct check *c)
{
	uint32_t ninodes = (uint32_t)c->fs.fs_ncg * (uint32_t)c->fs.fs_ipg;
	struct csum_total total = { 0, 0, 0, 0, { 0, 0, 0, 0 } };

	claim_metadata(c);
	for (uint32_t ino = 0; ino < ninodes; ino++) {
		uint32_t g = ino / (uint32_t)c->fs.fs_ipg;
		struct dinode di;
		struct cg cg;

		ffs_cg_decode(at(c, cgtod(&c->fs, g)), &cg, c->sw);
		if (ffs_isufs2(&c->fs) &&
		    ino % (uint32_t)c->fs.fs_ipg >= (uint32_t)cg.cg_initediblk)
			continue;
		load_inode(c, ino, &di);
		c->mode[ino] = di.di_mode;
		c->nlink[ino] = di.di_nlink;
	}
	for (uint32_t ino = 1; ino < ninodes; ino++)
		if (c->mode[ino] != 0)
			check_inode(c, ino);
	for (uint32_t ino = UFS_ROOTINO; ino < ninodes; ino++) {
		bool journal = c->mode[ino] == S_IFREG && c->links[ino] == 0 &&
		    c->nlink[ino] == 1 &&
		    c->fs.fs_journallocs[UFS_WAPBL_INFS_INO] == ino;

		if (c->mode[ino] != 0 && c->links[ino] != c->nlink[ino] &&
		    !journal && (!c->torn || c->links[ino] > c->nlink[ino]))
			wrong(c, "inode %u: nlink %d, %d names", ino,
			    c->nlink[ino], c->links[ino]);
		if (c->mode[ino] == 0 && c->links[ino] != 0)
			wrong(c, "inode %u: free, and has a name", ino);
	}
	for (uint32_t g = 0; g < (uint32_t)c->fs.fs_ncg; g++)
		check_group(c, g, &total);
	if (!c->torn &&
	    memcmp(&total, &c->fs.fs_cstotal, 4 * sizeof(int64_t)) != 0)
		wrong(c, "totals in the superblock");
}

static int
check_bytes(struct check *c)
{
	bool found = false;
	size_t ninodes;

	for (int i = 0; ffs_sblocksearch[i] >= 0 && !found; i++) {
		int64_t loc = ffs_sblocksearch[i];

		if ((size_t)loc + SBLOCKSIZE > c->size ||
		    ffs_sb_decode(c->img + loc, SBLOCKSIZE, &c->fs, &c->sw) != 0)
			continue;
		ffs_sb_from_old(&c->fs);
		found = ffs_sb_check(&c->fs) == 0 && c->fs.fs_sblockloc == loc;
	}
	if (!found ||
	    (uint64_t)c->fs.fs_size * (uint32_t)c->fs.fs_fsize > c->size)
		return ++c->bad;
	ninodes = (size_t)c->fs.fs_ncg * (size_t)c->fs.fs_ipg;
	c->used = calloc((size_t)c->fs.fs_size + 8, 1);
	c->links = calloc(ninodes, sizeof(*c->links));
	c->nlink = calloc(ninodes, sizeof(*c->nlink));
	c->mode = calloc(ninodes, sizeof(*c->mode));
	check_all(c);
	free(c->used);
	free(c->links);
	free(c->nlink);
	free(c->mode);
	return c->bad;
}

int
ffs_check_torn(uint8_t *img, size_t size)
{
	struct check c = { .img = img, .size = size, .torn = true };

	return check_bytes(&c);
}

int
ffs_check_image(const char *path)
{
	struct check c = { .bad = 0 };
	FILE *fp = fopen(path, "rb");

	if (fp == NULL)
		return 1;
	fseek(fp, 0, SEEK_END);
	c.size = (size_t)ftell(fp);
	rewind(fp);
	c.img = malloc(c.size);
	if (fread(c.img, 1, c.size, fp) != c.size)
		c.bad++;
	fclose(fp);
	check_bytes(&c);
	free(c.img);
	return c.bad;
}
