/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * newfs's work: one pass over the groups, then the superblock.
 *
 * A group is written with one call: its alternate superblock, its header and its first inode blocks are neighbours. The
 * rest of the inodes must read as zero, so UFS1's are only looked at, which keeps holes of an image holes; UFS2 tells in
 * its header how many inodes are ready (cg_initediblk), and the others are never read. Old superblocks at other standard
 * places are wiped first, the new one is written last.
 */
#include "newfs/newfs.h"
#include "tools.h"
#include <inttypes.h>
#include <netbsd/sysctl.h>
#include <stdio.h>
#include <string.h>

#define INIT_BLOCKS 2 /* blocks of inodes with random generations */
#define DOT_COLUMNS 1 /* of the line, not used */

/* --- numbers to surprise ---------------------------------------------------------------------------------------------- */

/* xorshift128+ (Vigna), seeded by the kernel's generator, or by the clock where there is none. */
uint32_t
newfs_random(struct newfs *n)
{
	uint64_t a = n->random[0], b = n->random[1];
	static const int mib[] = { CTL_KERN, KERN_ARND };
	size_t len = sizeof(n->random);

	if ((a | b) == 0) {
		if (sys_sysctl(n->t, mib, 2, n->random, &len, NULL, 0) < 0 ||
		    (n->random[0] | n->random[1]) == 0) {
			n->random[0] = (uint64_t)n->now * 0x9e3779b97f4a7c15;
			n->random[1] = (uint64_t)n->now_nsec + 1;
		}
		a = n->random[0];
		b = n->random[1];
	}
	n->random[0] = b;
	a ^= a << 23;
	n->random[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
	return (uint32_t)((n->random[1] + b) >> 32);
}

/* --- the report ------------------------------------------------------------------------------------------------------- */

static int
columns(struct newfs *n)
{
	int c = t_isatty(n->t, 1) ? t_columns(n->t, 1) : 0;

	return c >= 20 ? c : 80;
}

static int64_t
backup_sector(const struct newfs *n, int64_t c)
{
	return cgsblock(&n->fs, (uint32_t)c) << n->fs.fs_fsbtodb;
}

static void
report_geometry(struct newfs *n)
{
	const struct fs *fs = &n->fs;
	const double mb = 1024.0 * 1024.0;

	if (n->verbosity == 0)
		return;
	t_printf(n->t,
	    "%s: %.1fMB (%" PRId64 " sectors) block size %" PRId32
	    ", fragment size %" PRId32 "\n",
	    n->name, (double)fs->fs_size * fs->fs_fsize / mb,
	    fs->fs_size << fs->fs_fsbtodb, fs->fs_bsize, fs->fs_fsize);
	t_printf(n->t,
	    "\tusing %" PRId32 " cylinder groups of %.2fMB, %" PRId32
	    " blks, %" PRId32 " inodes.\n",
	    fs->fs_ncg, (double)fs->fs_fpg * fs->fs_fsize / mb,
	    fs->fs_fpg / fs->fs_frag, fs->fs_ipg);
}

/* Dots across the line in proportion to the groups done, of `total`. */
static void
report_dots(struct newfs *n, int64_t done, int64_t total)
{
	int want = (int)(done * (columns(n) - DOT_COLUMNS) / total);
	bool some = n->dots < want;

	for (; n->dots < want; n->dots++)
		t_putc(n->t, '.');
	if (some && t_isatty(n->t, 1))
		t_flush(n->t->t_out);
	if (done == total)
		t_putc(n->t, '\n');
}

/* The place of group c's superblock, in columns as wide as the last one's. */
static void
report_column(struct newfs *n, int64_t c)
{
	char last[24];
	int width;

	width = snprintf(
	    last, sizeof(last), "%" PRId64, backup_sector(n, n->fs.fs_ncg - 1));
	if (n->column != 0 && n->column + width + 2 >= columns(n)) {
		t_putc(n->t, '\n');
		n->column = 0;
	}
	n->column += t_printf(n->t, "%s%*" PRId64 ",",
	    n->column == 0 ? "" : " ", width, backup_sector(n, c));
	if (c == n->fs.fs_ncg - 1)
		t_putc(n->t, '\n');
}

/* As many places as fit a line; the rest is an ellipsis, or dots while it is written. */
static void
report_line(struct newfs *n, int64_t c)
{
	char s[32];
	int len;

	if (!n->numbers_done) {
		len = snprintf(s, sizeof(s), "%s%" PRId64 ",",
		    n->column == 0 ? "" : " ", backup_sector(n, c));
		if (n->column + len <= columns(n) - 5) {
			t_puts(n->t, s);
			if (t_isatty(n->t, 1))
				t_flush(n->t->t_out);
			n->column += len;
			if (c == n->fs.fs_ncg - 1)
				t_putc(n->t, '\n');
			return;
		}
		n->numbers_done = true;
		t_puts(n->t, n->dry ? " ...\n" : "\n");
	}
	if (!n->dry)
		report_dots(n, c + 1, n->fs.fs_ncg);
}

static void
report_group(struct newfs *n, int64_t c)
{
	if (n->verbosity == 2 && !n->dry)
		report_dots(n, c + 1, n->fs.fs_ncg);
	else if (n->verbosity == 3)
		report_line(n, c);
	else if (n->verbosity == 4)
		report_column(n, c);
	if (!n->dry)
		t_progress(
		    n->t, "newfs", (uint64_t)c + 1, (uint64_t)n->fs.fs_ncg);
}

/* --- groups ----------------------------------------------------------------------------------------------------------- */

/* A group's header with places of the maps. */
static void
cg_layout(struct newfs *n, struct cg *cg, int64_t c)
{
	const struct fs *fs = &n->fs;
	int32_t off = FFS_CG_HEADER;

	memset(cg, 0, sizeof(*cg));
	cg->cg_magic = CG_MAGIC;
	cg->cg_cgx = (int32_t)c;
	cg->cg_ndblk = (int32_t)ffs_cg_ndblk(fs, (uint32_t)c);
	if (n->format == 2 || fs->fs_old_flags != 0)
		cg->cg_time = n->now;
	if (n->format == 2) {
		cg->cg_niblk = fs->fs_ipg;
		cg->cg_initediblk = fs->fs_ipg < INIT_BLOCKS * fs->fs_inopb ?
		    fs->fs_ipg :
		    INIT_BLOCKS * fs->fs_inopb;
	} else {
		cg->cg_old_time = (int32_t)n->now;
		cg->cg_old_niblk = (int16_t)fs->fs_ipg;
		cg->cg_old_ncyl = 1;
		/* 4.3BSD's last group has the cylinders left over: none */
		if (n->format == 0 && c == fs->fs_ncg - 1)
			cg->cg_old_ncyl = 0;
		cg->cg_old_btotoff = off;
		cg->cg_old_boff = cg->cg_old_btotoff + 4;
		off = cg->cg_old_boff + 2;
	}
	cg->cg_iusedoff = off;
	cg->cg_freeoff = off + (fs->fs_ipg + 7) / 8;
	cg->cg_nextfreeoff = cg->cg_freeoff + (fs->fs_fpg + 7) / 8;
	if (fs->fs_contigsumsize > 0) {
		/* The sums are counted from 1. */
		cg->cg_clustersumoff = (cg->cg_nextfreeoff + 3) / 4 * 4 - 4;
		cg->cg_clusteroff = cg->cg_clustersumoff +
		    (fs->fs_contigsumsize + 1) * 4;
		cg->cg_nclusterblks = cg->cg_ndblk / fs->fs_frag;
		cg->cg_nextfreeoff = cg->cg_clusteroff +
		    (fs->fs_fpg / fs->fs_frag + 7) / 8;
	}
}

/* Marks fragments [from, to) as free and counts them. */
static void
free_range(struct newfs *n, struct newfs_group *g, int64_t from, int64_t to)
{
	const struct fs *fs = &n->fs;
	uint8_t *map = ffs_cg_blksfree(&g->cg, g->buf);
	int32_t frag = fs->fs_frag;
	int64_t i;

	for (i = from; i < to;) {
		if (i % frag == 0 && i + frag <= to) {
			ffs_setblock(fs, map, (uint32_t)(i / frag));
			ffs_cg_clusteracct(fs, &g->cg, g->buf,
			    (uint32_t)(i / frag), 1, n->swapped);
			g->cg.cg_cs.cs_nbfree++;
			i += frag;
		} else {
			ffs_setbit(map, (uint32_t)i++);
			g->cg.cg_cs.cs_nffree++;
		}
	}
	/* The runs in blocks that are free in part only: at either end. */
	if (from % frag != 0)
		ffs_fragacct(fs, ffs_blkmap(frag, map, (uint32_t)(from / frag)),
		    g->cg.cg_frsum, 1);
	if (to % frag != 0 && (from % frag == 0 || from / frag != to / frag))
		ffs_fragacct(fs, ffs_blkmap(frag, map, (uint32_t)(to / frag)),
		    g->cg.cg_frsum, 1);
}

static void
cg_fill(struct newfs *n, struct newfs_group *g, int64_t c)
{
	const struct fs *fs = &n->fs;
	int64_t data = fs->fs_dblkno;

	cg_layout(n, &g->cg, c);
	g->cg.cg_cs.cs_nifree = fs->fs_ipg;
	if (c == 0) {
		uint8_t *used = ffs_cg_inosused(&g->cg, g->buf);
		int i;

		for (i = 0; i < (int)UFS_ROOTINO; i++)
			ffs_setbit(used, (uint32_t)i);
		g->cg.cg_cs.cs_nifree -= (int32_t)UFS_ROOTINO;
		data += fs->fs_cssize / fs->fs_fsize;
	} else
		free_range(n, g, 0, fs->fs_sblkno);
	free_range(n, g, data, g->cg.cg_ndblk);
}

/* UFS1's two tables of free blocks, by cylinder and by position: one of each. */
static void
cg_finish(struct newfs *n, struct newfs_group *g)
{
	if (n->format != 2) {
		ffs_put32(g->buf + g->cg.cg_old_btotoff,
		    (uint32_t)g->cg.cg_cs.cs_nbfree, n->swapped);
		ffs_put16(g->buf + g->cg.cg_old_boff,
		    (uint16_t)g->cg.cg_cs.cs_nbfree, n->swapped);
	}
	ffs_cg_encode(&g->cg, g->buf, n->swapped);
}

static void
fill_generations(struct newfs *n, struct newfs_group *g)
{
	uint32_t size = ffs_dinode_size(&n->fs), i;
	size_t off = n->format == 2 ? UFS2_OFF(di_gen) : UFS1_OFF(di_gen);

	for (i = 0; i < g->ninodes; i++)
		ffs_put32(g->inodes + (size_t)i * size + off,
		    newfs_random(n) & INT32_MAX, n->swapped);
}

/* --- the superblock --------------------------------------------------------------------------------------------------- */

/* The totals; in UFS1 also in the old fields, and of the oldest format only those: the newer part is all ones. */
static void
encode_superblock(struct newfs *n, uint8_t *buf)
{
	struct fs fs = n->fs;

	if (n->format != 2)
		ffs_sb_to_old(&fs);
	memset(buf, 0, SBLOCKSIZE);
	ffs_sb_encode(&fs, buf, SBLOCKSIZE, n->swapped);
	if (n->format != 2 && fs.fs_old_flags == 0)
		memset(buf + FS_OFF(fs_maxbsize), 0xff,
		    FS_OFF(fs_snapinum) - FS_OFF(fs_maxbsize));
}

static void
wipe_old_superblocks(struct newfs *n)
{
	int64_t end = n->fs.fs_size * n->fs.fs_fsize;
	uint8_t *buf = t_malloc(n->t, SBLOCKSIZE);
	struct fs *old = t_malloc(n->t, sizeof(*old));
	bool swapped;
	int i;

	for (i = 0; ffs_sblocksearch[i] >= 0; i++) {
		if (ffs_sblocksearch[i] > end - SBLOCKSIZE)
			continue;
		newfs_read(n, buf, SBLOCKSIZE, ffs_sblocksearch[i]);
		if (ffs_sb_decode(buf, SBLOCKSIZE, old, &swapped) != 0)
			continue;
		memset(buf, 0, SBLOCKSIZE);
		newfs_write(n, buf, SBLOCKSIZE, ffs_sblocksearch[i]);
	}
	t_free(n->t, buf);
	t_free(n->t, old);
}

/* --- all of it -------------------------------------------------------------------------------------------------------- */

/* Totals of all groups as they are before anything is allocated: alternates keep them for good. */
static void
first_totals(struct newfs *n, struct newfs_group *g)
{
	struct csum_total *sum = &n->fs.fs_cstotal;
	int64_t c, last = n->fs.fs_ncg - 1;

	memset(sum, 0, sizeof(*sum));
	for (c = 0; c <= last; c++) {
		/* The groups between the first, the second and the last are like the second. */
		if (c < 2 || c == last) {
			memset(g->buf, 0, (size_t)n->fs.fs_bsize);
			cg_fill(n, g, c);
		}
		n->cs[c] = g->cg.cg_cs;
		sum->cs_nbfree += g->cg.cg_cs.cs_nbfree;
		sum->cs_nffree += g->cg.cg_cs.cs_nffree;
		sum->cs_nifree += g->cg.cg_cs.cs_nifree;
	}
}

static void
write_group(struct newfs *n, struct newfs_group *g, const uint8_t *piece,
    size_t len, int64_t c)
{
	const struct fs *fs = &n->fs;
	int64_t first = cgimin(fs, (uint32_t)c) * fs->fs_fsize,
		ready = (int64_t)g->ninodes * ffs_dinode_size(fs);

	newfs_write(n, piece, len, cgsblock(fs, (uint32_t)c) * fs->fs_fsize);
	if (n->format != 2)
		newfs_zero(n, first + ready,
		    (int64_t)fs->fs_ipg * ffs_dinode_size(fs) - ready);
}

static void
write_summary(struct newfs *n)
{
	size_t len = (size_t)n->fs.fs_cssize;
	uint8_t *buf = t_calloc(n->t, 1, len);
	int64_t c;

	for (c = 0; c < n->fs.fs_ncg; c++)
		ffs_csum_encode(&n->cs[c], buf + c * FFS_CSUM_SIZE, n->swapped);
	newfs_write(n, buf, len, n->fs.fs_csaddr * n->fs.fs_fsize);
	t_free(n->t, buf);
}

static void
check_summary_fits(struct newfs *n)
{
	const struct fs *fs = &n->fs;
	/* behind it: a block for the root, and for each quota file */
	int64_t blocks = 1 + (n->quotas & 1) + (n->quotas >> 1 & 1),
		end = (fs->fs_csaddr + fs->fs_cssize / fs->fs_fsize +
			  fs->fs_frag - 1) /
	    fs->fs_frag * fs->fs_frag;

	if (end + blocks * fs->fs_frag <= ffs_cg_ndblk(fs, 0))
		return;
	t_eprintf(n->t,
	    "\rToo many cylinder groups to fit summary information "
	    "into first cylinder group\n");
	t_exit(n->t, NEWFS_GROUPS);
}

static void
write_groups(struct newfs *n)
{
	const struct fs *fs = &n->fs;
	struct newfs_group *g = t_calloc(n->t, 1, sizeof(*g));
	size_t head = (size_t)(fs->fs_cblkno - fs->fs_sblkno) *
	    (size_t)fs->fs_fsize,
	       bsize = (size_t)fs->fs_bsize, len;
	uint8_t *piece;
	int64_t c;

	g->ninodes = (uint32_t)(fs->fs_ipg < INIT_BLOCKS * fs->fs_inopb ?
		fs->fs_ipg :
		INIT_BLOCKS * fs->fs_inopb);
	len = head + bsize + (size_t)g->ninodes * ffs_dinode_size(fs);
	piece = t_calloc(n->t, 1, len);
	g->buf = piece + head;
	g->inodes = g->buf + bsize;
	n->cs = t_calloc(n->t, (size_t)fs->fs_ncg, sizeof(n->cs[0]));
	first_totals(n, g);
	encode_superblock(n, piece);
	for (c = 0; c < fs->fs_ncg; c++) {
		if (c < 2 || c == fs->fs_ncg - 1) {
			memset(g->buf, 0, bsize);
			cg_fill(n, g, c);
		}
		g->cg.cg_cgx = (int32_t)c;
		memset(g->inodes, 0, len - head - bsize);
		fill_generations(n, g);
		if (c == 0) {
			newfs_root(n, g);
			newfs_quotas(n, g);
		}
		cg_finish(n, g);
		n->cs[c] = g->cg.cg_cs;
		write_group(n, g, piece, len, c);
		report_group(n, c);
	}
	t_free(n->t, piece);
	t_free(n->t, g);
}

static void
write_all(struct newfs *n)
{
	uint8_t *buf = t_calloc(n->t, 1, FFS_MAXBSIZE);
	const struct fs *fs = &n->fs;
	struct csum_total *sum = &n->fs.fs_cstotal;
	int64_t c;

	write_groups(n);
	write_summary(n);
	memset(sum, 0, sizeof(*sum));
	for (c = 0; c < fs->fs_ncg; c++) {
		sum->cs_ndir += n->cs[c].cs_ndir;
		sum->cs_nbfree += n->cs[c].cs_nbfree;
		sum->cs_nffree += n->cs[c].cs_nffree;
		sum->cs_nifree += n->cs[c].cs_nifree;
	}
	if (n->volname != NULL)
		newfs_apple_label(n);
	encode_superblock(n, buf);
	newfs_write(
	    n, buf, SBLOCKSIZE, n->format == 2 ? SBLOCK_UFS2 : SBLOCK_UFS1);
	sys_fsync(n->t, n->fd);
	t_free(n->t, buf);
}

void
newfs_build(struct newfs *n)
{
	const struct fs *fs = &n->fs;
	uint8_t *sector;
	int64_t c;

	if (n->zero && n->file && !n->dry) {
		newfs_prezero(n);
		n->fresh = 0;
	}
	report_geometry(n);
	if (!n->dry) {
		/* Is the device as long as it was said to be? */
		sector = t_calloc(n->t, 1, n->sectorsize);
		newfs_write(n, sector, n->sectorsize,
		    ((fs->fs_size << fs->fs_fsbtodb) - 1) * n->sectorsize);
		t_free(n->t, sector);
	}
	if (n->verbosity >= 3)
		t_printf(n->t,
		    "super-block backups (for fsck_ffs -b #) "
		    "at:\n");
	check_summary_fits(n);
	if (!n->dry) {
		wipe_old_superblocks(n);
		write_all(n);
		return;
	}
	for (c = 0; c < fs->fs_ncg; c++)
		report_group(n, c);
}
