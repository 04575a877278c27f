/* SPDX-License-Identifier: BSD-2-Clause */
/* dumpfs -m, -c and -i: the groups' summary, the groups and their inodes. */
#include "dumpfs/dumpfs.h"
#include "tools.h"
#include <inttypes.h>

#define RANGES_PER_LINE 6

void
dumpfs_summary(struct dumpfs *d)
{
	const struct fs *fs = &d->fs;
	size_t len = (size_t)fs->fs_ncg * FFS_CSUM_SIZE, whole;
	uint8_t *buf;
	struct csum cs;
	int32_t c;

	/* Whole fragments, since raw devices read nothing less. */
	whole = (size_t)fragroundup(fs, (int64_t)len);
	buf = t_malloc(d->t, whole);
	if (!dumpfs_read(d, buf, whole, fs->fs_csaddr * fs->fs_fsize)) {
		dumpfs_bad(d, "cylinder group summary cannot be read");
		t_free(d->t, buf);
		return;
	}
	t_printf(d->t, "cs[].cs_(nbfree,ndir,nifree,nffree):\n\t");
	for (c = 0; c < fs->fs_ncg; c++) {
		ffs_csum_decode(
		    buf + (size_t)c * FFS_CSUM_SIZE, &cs, d->swapped);
		if (c > 0 && c % 4 == 0)
			t_printf(d->t, "\n\t");
		t_printf(d->t,
		    "(%" PRId32 ",%" PRId32 ",%" PRId32 ",%" PRId32 ") ",
		    cs.cs_nbfree, cs.cs_ndir, cs.cs_nifree, cs.cs_nffree);
	}
	t_putc(d->t, '\n');
	t_free(d->t, buf);
}

/* The set bits of a map as ranges: "0-3, 22-255". */
static void
print_bits(struct tool *t, const char *name, const uint8_t *map, uint32_t n)
{
	uint32_t i, begin, count = 0;

	t_printf(t, "%s:\t", name);
	for (i = 0; i < n; i++) {
		if (!ffs_isset(map, i))
			continue;
		if (count > 0)
			t_printf(t, ",%s",
			    count % RANGES_PER_LINE != 0 ? " " : "\n\t");
		count++;
		begin = i;
		while (i + 1 < n && ffs_isset(map, i + 1))
			i++;
		if (begin == i)
			t_printf(t, "%" PRIu32, begin);
		else
			t_printf(t, "%" PRIu32 "-%" PRIu32, begin, i);
	}
	t_putc(t, '\n');
}

static void
print_clusters(struct dumpfs *d, const struct cg *cg, uint8_t *buf)
{
	int32_t max = d->fs.fs_contigsumsize, i,
		first = max - 1 < 8 ? max - 1 : 8;
	const uint8_t *sum = ffs_cg_clustersum(cg, buf);
	struct tool *t = d->t;

	t_printf(t, "clusters 1-%" PRId32 ":", first);
	for (i = 1; i <= first; i++)
		t_printf(t, "\t%" PRId32,
		    (int32_t)ffs_get32(sum + 4 * i, d->swapped));
	if (max > 9) {
		t_printf(t, "\nclusters 9-%" PRId32 ":", max - 1);
		for (i = 9; i < max; i++)
			t_printf(t, "\t%" PRId32,
			    (int32_t)ffs_get32(sum + 4 * i, d->swapped));
	}
	t_printf(t, "\nclusters size %" PRId32 " and over: %" PRId32 "\n", max,
	    (int32_t)ffs_get32(sum + 4 * max, d->swapped));
	print_bits(t, "clusters free", ffs_cg_clustersfree(cg, buf),
	    (uint32_t)cg->cg_nclusterblks);
}

static void
print_group(struct dumpfs *d, int32_t c, const struct cg *cg, uint8_t *buf)
{
	const struct fs *fs = &d->fs;
	struct tool *t = d->t;
	int64_t sum = 0;
	char when[32];
	int32_t i;

	t_printf(t, "magic\t%" PRIx32 "\ttell\t%" PRIx64 "\ttime\t%s",
	    (uint32_t)cg->cg_magic,
	    (uint64_t)(cgtod(fs, (uint32_t)c) * fs->fs_fsize),
	    t_ctime(t,
		ffs_isufs2(fs) || (fs->fs_old_flags & FS_FLAGS_UPDATED) != 0 ?
		    cg->cg_time :
		    cg->cg_old_time,
		when));
	t_printf(t, "cgx\t%" PRId32 "\tniblk\t%" PRId32 "\tndblk\t%" PRId32 "\n",
	    cg->cg_cgx, cg->cg_niblk, cg->cg_ndblk);
	t_printf(t,
	    "nbfree\t%" PRId32 "\tndir\t%" PRId32 "\tnifree\t%" PRId32
	    "\tnffree\t%" PRId32 "\n",
	    cg->cg_cs.cs_nbfree, cg->cg_cs.cs_ndir, cg->cg_cs.cs_nifree,
	    cg->cg_cs.cs_nffree);
	t_printf(t,
	    "rotor\t%" PRId32 "\tirotor\t%" PRId32 "\tfrotor\t%" PRId32
	    "\nfrsum",
	    cg->cg_rotor, cg->cg_irotor, cg->cg_frotor);
	for (i = 1; i < fs->fs_frag; i++) {
		t_printf(t, "\t%" PRId32, cg->cg_frsum[i]);
		sum += (int64_t)i * cg->cg_frsum[i];
	}
	t_printf(t, "\nsum of frsum: %" PRId64 "\n", sum);
	if (ffs_cg_check(fs, cg, (uint32_t)c) != 0) {
		dumpfs_bad(d, "cylinder group %" PRId32 " is damaged", c);
		return;
	}
	if (fs->fs_contigsumsize > 1)
		print_clusters(d, cg, buf);
	print_bits(t, "iused", ffs_cg_inosused(cg, buf), (uint32_t)fs->fs_ipg);
	print_bits(t, "free", ffs_cg_blksfree(cg, buf), (uint32_t)fs->fs_fpg);
}

static bool
read_group(struct dumpfs *d, int32_t c, struct cg *cg)
{
	const struct fs *fs = &d->fs;

	if (!dumpfs_read(d, d->block, (size_t)fs->fs_bsize,
		cgtod(fs, (uint32_t)c) * fs->fs_fsize)) {
		dumpfs_bad(d, "cylinder group %" PRId32 " cannot be read", c);
		return false;
	}
	ffs_cg_decode(d->block, cg, d->swapped);
	return true;
}

void
dumpfs_groups(struct dumpfs *d)
{
	struct cg *cg = t_malloc(d->t, sizeof(*cg));
	int32_t c;

	t_putc(d->t, '\n');
	for (c = 0; c < d->fs.fs_ncg; c++) {
		t_printf(d->t, "\ncg %" PRId32 ":\n", c);
		if (read_group(d, c, cg))
			print_group(d, c, cg, d->block);
	}
	t_free(d->t, cg);
}

/* --- inodes ----------------------------------------------------------------------------------------------------------- */

static void
print_pointers(struct tool *t, const char *name, const int64_t *p, int n)
{
	int i;

	t_printf(t, "          %s", name);
	for (i = 0; i < n; i++)
		t_printf(t, " %" PRId64, p[i]);
	t_putc(t, '\n');
}

static void
print_inode(struct dumpfs *d, uint64_t ino, const struct dinode *di)
{
	struct tool *t = d->t;

	t_printf(t,
	    "%8" PRIu64 ": %6o %6d %20" PRIu64 " %10" PRId64 ".%09" PRId32
	    " %8" PRIx32 " %10" PRIu64 " %8" PRIx32 " %10" PRIu32 " %10" PRIu32
	    "\n",
	    ino, di->di_mode, di->di_nlink, di->di_size, di->di_ctime,
	    di->di_ctimensec, di->di_flags, di->di_blocks, (uint32_t)di->di_gen,
	    di->di_uid, di->di_gid);
	if (!d->verbose || di->di_inline)
		return;
	print_pointers(t, "direct", di->di_db, UFS_NDADDR);
	print_pointers(t, "indirect", di->di_ib, UFS_NIADDR);
}

/* Inodes that are ready in group c: of UFS2 maybe not all. */
static uint32_t
ready_inodes(struct dumpfs *d, int32_t c, struct cg *cg)
{
	uint32_t all = (uint32_t)d->fs.fs_ipg;

	if (!ffs_isufs2(&d->fs) || !read_group(d, c, cg) ||
	    ffs_cg_check(&d->fs, cg, (uint32_t)c) != 0)
		return all;
	return cg->cg_initediblk >= 0 && (uint32_t)cg->cg_initediblk < all ?
	    (uint32_t)cg->cg_initediblk :
	    all;
}

static void
group_inodes(struct dumpfs *d, int32_t c, struct cg *cg, struct dinode *di)
{
	const struct fs *fs = &d->fs;
	uint32_t size = ffs_dinode_size(fs), inopb = (uint32_t)fs->fs_inopb,
		 n = ready_inodes(d, c, cg), i;
	uint64_t first = (uint64_t)c * (uint32_t)fs->fs_ipg;

	t_printf(d->t,
	    "   inode:   mode  nlink                 size      "
	    "ctime.nsec         flags     blocks generation      uid        "
	    "gid\n");
	for (i = 0; i < n; i++) {
		if (i % inopb == 0 &&
		    !dumpfs_read(d, d->block, (size_t)fs->fs_bsize,
			ino_to_fsba(fs, first + i) * fs->fs_fsize)) {
			dumpfs_bad(d,
			    "inodes from %" PRIu64 " on cannot be read",
			    first + i);
			return;
		}
		ffs_dinode_decode(
		    fs, d->block + (size_t)(i % inopb) * size, di, d->swapped);
		if (di->di_mode != 0)
			print_inode(d, first + i, di);
	}
}

void
dumpfs_inodes(struct dumpfs *d)
{
	struct cg *cg = t_malloc(d->t, sizeof(*cg));
	struct dinode *di = t_malloc(d->t, sizeof(*di));
	int32_t c;

	for (c = 0; c < d->fs.fs_ncg; c++) {
		group_inodes(d, c, cg, di);
		t_progress(
		    d->t, "dumpfs", (uint64_t)c + 1, (uint64_t)d->fs.fs_ncg);
	}
	t_free(d->t, cg);
	t_free(d->t, di);
}
