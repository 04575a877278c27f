/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * newfs's decisions: the superblock from the options and the size.
 *
 * A group holds, from its first fragment: room for boot blocks and the superblock (used in group 0 only, else data), an
 * alternate superblock, the group's header with its maps, inodes, data. The number of groups is the least with which
 * (1) the maps of a group fit into one block; it is raised to four where (2) every group still has a block of inodes and
 * (3) no group is more than half bookkeeping. Inodes: as many blocks of them as leave `density` bytes to each.
 */
#include "newfs/newfs.h"
#include "tools.h"
#include <inttypes.h>

#define MB ((int64_t)1 << 20)
/* What precedes the maps in a group's block: the header, and UFS1's two tables for one cylinder. */
#define CG_FIXED (CG_DISK_SIZE + 4 + 2)
#define MAXPHYS 65536
/* Groups are whole bytes of their maps of fragments. */
#define FPG_UNIT 8

static bool
ispower2(int64_t v)
{
	return v > 0 && (v & (v - 1)) == 0;
}

static int
log2of(uint32_t v)
{
	int n = 0;

	while (v > 1) {
		v >>= 1;
		n++;
	}
	return n;
}

static int64_t
howmany(int64_t a, int64_t b)
{
	return a / b + (a % b != 0);
}

static int64_t
roundup(int64_t a, int64_t b)
{
	return howmany(a, b) * b;
}

static _Noreturn void T_PRINTF(3, 4)
    impossible(struct newfs *n, int status, const char *fmt, ...)
{
	va_list ap;

	t_flush(n->t->t_out);
	va_start(ap, fmt);
	t_vfprintf(n->t->t_err, fmt, ap);
	va_end(ap);
	t_exit(n->t, status);
}

/* --- block and fragment size ---------------------------------------------------------------------------------------- */

static int32_t
default_fsize(int64_t bytes)
{
	return bytes < 20 * MB	    ? 512 :
	    bytes < 1000 * MB	    ? 1024 :
	    bytes < 128 * 1024 * MB ? 2048 :
				      4096;
}

static void
settle_sizes(struct newfs *n)
{
	int64_t bytes = n->sectors * n->sectorsize, bsize = n->bsize,
		fsize = n->fsize;

	if (n->volname != NULL && bsize == 0 && fsize == 0) {
		bsize = 4096;
		fsize = 1024;
	}
	if (bsize == 0) {
		if (fsize == 0) {
			fsize = default_fsize(bytes);
			if (fsize < n->sectorsize)
				fsize = n->sectorsize;
		}
		bsize = fsize * MAXFRAG;
	} else if (fsize == 0) {
		fsize = bsize / MAXFRAG;
		if (fsize < n->sectorsize)
			fsize = n->sectorsize;
	}
	if (!ispower2(bsize))
		impossible(n, NEWFS_BSIZE_POWER,
		    "block size must be a power "
		    "of 2, not %" PRId64 "\n",
		    bsize);
	if (!ispower2(fsize))
		impossible(n, NEWFS_FSIZE_POWER,
		    "fragment size must be a "
		    "power of 2, not %" PRId64 "\n",
		    fsize);
	if (fsize < n->sectorsize)
		impossible(n, NEWFS_FSIZE_SMALL,
		    "fragment size %" PRId64
		    " is too small, minimum is %" PRIu32 "\n",
		    fsize, n->sectorsize);
	if (bsize > FFS_MAXBSIZE)
		impossible(n, NEWFS_BSIZE_LARGE,
		    "block size %" PRId64 " is too large, maximum is %d\n",
		    bsize, FFS_MAXBSIZE);
	if (bsize < fsize)
		impossible(n, NEWFS_BSIZE_FSIZE,
		    "block size (%" PRId64
		    ") cannot be smaller than fragment size (%" PRId64 ")\n",
		    bsize, fsize);
	if (fsize * MAXFRAG < bsize)
		impossible(n, NEWFS_FSIZE_FRAG,
		    "fragment size %" PRId64
		    " is too small, minimum with block size %" PRId64
		    " is %" PRId64 "\n",
		    fsize, bsize, bsize / MAXFRAG);
	n->bsize = (int32_t)bsize;
	n->fsize = (int32_t)fsize;
}

/* What follows from block and fragment size alone. */
static void
fill_sizes(struct newfs *n)
{
	struct fs *fs = &n->fs;

	fs->fs_bsize = n->bsize;
	fs->fs_fsize = n->fsize;
	fs->fs_frag = n->bsize / n->fsize;
	fs->fs_bmask = ~(n->bsize - 1);
	fs->fs_fmask = ~(n->fsize - 1);
	fs->fs_qbmask = n->bsize - 1;
	fs->fs_qfmask = n->fsize - 1;
	fs->fs_bshift = log2of((uint32_t)n->bsize);
	fs->fs_fshift = log2of((uint32_t)n->fsize);
	fs->fs_fragshift = log2of((uint32_t)fs->fs_frag);
	fs->fs_fsbtodb = log2of((uint32_t)n->fsize / n->sectorsize);
	fs->fs_inopb = n->bsize / (int32_t)ffs_dinode_size(fs);
	fs->fs_nindir = (int32_t)ffs_nindir(fs);
	fs->fs_maxbpg = n->maxbpg != 0 ? n->maxbpg : fs->fs_nindir;
	fs->fs_maxcontig = n->maxcontig != 0 ? n->maxcontig :
	    n->bsize < MAXPHYS		     ? MAXPHYS / n->bsize :
					       1;
	if (fs->fs_maxcontig > 1)
		fs->fs_contigsumsize = fs->fs_maxcontig < FS_MAXCONTIG ?
		    fs->fs_maxcontig :
		    FS_MAXCONTIG;
	fs->fs_maxbsize = n->maxbsize;
	if (fs->fs_maxbsize < n->bsize || !ispower2(fs->fs_maxbsize))
		fs->fs_maxbsize = n->bsize;
	else if (fs->fs_maxbsize > FS_MAXCONTIG * n->bsize)
		fs->fs_maxbsize = FS_MAXCONTIG * n->bsize;
	if (n->maxbsize != 0 && fs->fs_maxbsize != n->maxbsize &&
	    n->verbosity > 0)
		t_printf(
		    n->t, "Extent size set to %" PRId32 "\n", fs->fs_maxbsize);
	fs->fs_sbsize = (int32_t)roundup(FS_DISK_SIZE, n->fsize);
	if (fs->fs_sbsize > SBLOCKSIZE)
		fs->fs_sbsize = SBLOCKSIZE;
}

/* The places within a group that do not depend on the number of inodes. */
static void
fill_places(struct newfs *n)
{
	struct fs *fs = &n->fs;
	uint64_t blocks = UFS_NDADDR, level = 1;
	int i;

	fs->fs_sblockloc = n->format == 2 ? SBLOCK_UFS2 : SBLOCK_UFS1;
	fs->fs_sblkno = (int32_t)(roundup(
				      fs->fs_sblockloc + SBLOCKSIZE, n->bsize) /
	    n->fsize);
	fs->fs_cblkno = fs->fs_sblkno +
	    (int32_t)roundup(howmany(SBLOCKSIZE, n->fsize), fs->fs_frag);
	fs->fs_iblkno = fs->fs_cblkno + fs->fs_frag;
	for (i = 0; i < UFS_NIADDR; i++) {
		level *= (uint64_t)fs->fs_nindir;
		blocks += level;
	}
	fs->fs_maxfilesize = blocks * (uint64_t)n->bsize - 1;
}

/* --- groups --------------------------------------------------------------------------------------------------------- */

/* Bytes of a group's header block. */
static int64_t
cg_bytes(const struct fs *fs, int64_t ipg, int64_t fpg)
{
	int64_t bytes = CG_FIXED + howmany(ipg, 8) + howmany(fpg, 8);

	if (fs->fs_contigsumsize > 0)
		bytes += fs->fs_contigsumsize * 4 +
		    howmany(fpg / fs->fs_frag, 8);
	return bytes;
}

/* The most fragments of a group whose header fits a block, `inodes` for all `size` fragments. */
static int64_t
largest_group(const struct fs *fs, int64_t size, int64_t inodes)
{
	int64_t clusters = fs->fs_contigsumsize, bits, blocks, fpg;
	/* bits of maps that a whole block takes, in units of 1 / size */
	uint64_t perblock;

	/* A ratio is wanted: smaller numbers do not overflow. */
	for (; size >= (int64_t)1 << 40; size /= 2)
		inodes /= 2;
	bits = (fs->fs_bsize - CG_FIXED - clusters * 4) * 8;
	perblock = (uint64_t)size * (uint64_t)(fs->fs_frag + (clusters > 0)) +
	    (uint64_t)inodes * (uint64_t)fs->fs_frag;
	blocks = (int64_t)((uint64_t)bits * (uint64_t)size / perblock);
	fpg = blocks * fs->fs_frag / FPG_UNIT * FPG_UNIT;
	return fpg > 0 ? fpg : FPG_UNIT;
}

/* Blocks of inodes, as if there were one group. */
static int64_t
inode_blocks(struct newfs *n, int64_t size)
{
	struct fs *fs = &n->fs;
	int64_t room = size - fs->fs_iblkno, data, blocks;

	if (n->inodes != 0)
		blocks = howmany(n->inodes, fs->fs_inopb);
	else {
		/* fragments of data to a block of inodes */
		data = (n->density != 0 ? n->density : 4 * n->fsize) *
		    fs->fs_inopb / n->fsize;
		blocks = room / (fs->fs_frag + (data > 0 ? data : 1));
	}
	/* at least two blocks are left for data */
	if (blocks > (room - 2 * fs->fs_frag) / fs->fs_frag)
		blocks = (room - 2 * fs->fs_frag) / fs->fs_frag;
	/* inode numbers have 32 bits */
	if (blocks > INT32_MAX / fs->fs_inopb)
		blocks = INT32_MAX / fs->fs_inopb;
	return blocks > 0 ? blocks : 1;
}

/*
 * The number of groups for `size` fragments with `blocks` of inodes; *fpg: their size, the last may be less. A rest of a
 * small part of a group, after many, is not worth one more group: *size then shrinks.
 */
static int64_t
count_groups(const struct fs *fs, int64_t *size, int64_t blocks, int64_t *fpg)
{
	int64_t most, ncg, wish = MINCYLGRPS;
	int64_t meta = fs->fs_iblkno + blocks * fs->fs_frag;

	most = largest_group(fs, *size, blocks * fs->fs_inopb);
	ncg = *size / most;
	if (ncg >= 32 && *size % most < most / 32) {
		*fpg = most;
		*size = ncg * most;
		return ncg;
	}
	ncg = howmany(*size, most);
	if (wish > blocks)
		wish = blocks;
	if (wish > *size / (2 * meta))
		wish = *size / (2 * meta);
	if (ncg < wish)
		ncg = wish;
	*fpg = roundup(howmany(*size, ncg), FPG_UNIT);
	return howmany(*size, *fpg);
}

/* Groups, inodes of each, and what is behind them. */
static void
settle_groups(struct newfs *n, int64_t size)
{
	struct fs *fs = &n->fs;
	int64_t blocks = inode_blocks(n, size), fpg, ncg, ipg;

	ncg = count_groups(fs, &size, blocks, &fpg);
	ipg = roundup(howmany(blocks * fs->fs_inopb, ncg), fs->fs_inopb);
	while (ipg > fs->fs_inopb && cg_bytes(fs, ipg, fpg) > fs->fs_bsize)
		ipg -= fs->fs_inopb;
	fs->fs_dblkno = fs->fs_iblkno +
	    (int32_t)(ipg / fs->fs_inopb * fs->fs_frag);
	/* A last group without room for data is cut off. */
	if (ncg > 1 && size - (ncg - 1) * fpg < fs->fs_dblkno + fs->fs_frag)
		size = --ncg * fpg;
	/* Inode numbers have 32 bits, and so has the size of the summary. */
	if (ncg > INT32_MAX / FFS_CSUM_SIZE - n->fsize || ncg * ipg > UINT32_MAX)
		impossible(n, NEWFS_GROUPS, "Too many cylinder groups\n");
	fs->fs_ncg = (int32_t)ncg;
	fs->fs_fpg = (int32_t)fpg;
	fs->fs_ipg = (int32_t)ipg;
	fs->fs_size = size;
	fs->fs_cgsize = (int32_t)roundup(cg_bytes(fs, ipg, fpg), fs->fs_fsize);
	fs->fs_cssize = (int32_t)roundup(ncg * FFS_CSUM_SIZE, fs->fs_fsize);
	fs->fs_csaddr = fs->fs_dblkno;
	fs->fs_dsize = size - fs->fs_sblkno -
	    ncg * (fs->fs_dblkno - fs->fs_sblkno) - fs->fs_cssize / fs->fs_fsize;
}

/* The fields that only UFS1 has, most of them of no use since disks lie about their cylinders. */
static void
fill_old(struct newfs *n)
{
	struct fs *fs = &n->fs;

	fs->fs_old_cgmask = -1;
	fs->fs_old_rps = 60;
	fs->fs_old_nspf = n->fsize / (int32_t)n->sectorsize;
	fs->fs_old_npsect = (int32_t)((int64_t)fs->fs_fpg * fs->fs_old_nspf);
	fs->fs_old_nsect = fs->fs_old_spc = fs->fs_old_npsect;
	fs->fs_old_interleave = 1;
	fs->fs_old_ncyl = fs->fs_ncg;
	fs->fs_old_cpg = 1;
	fs->fs_old_postblformat = FS_DYNAMICPOSTBLFMT;
	fs->fs_old_nrpos = 1;
}

static int64_t
most_frags(const struct newfs *n)
{
	return n->format == 2 ? INT64_MAX / FFS_MAXBSIZE : INT32_MAX;
}

void
newfs_geometry(struct newfs *n)
{
	struct fs *fs = &n->fs;
	uint64_t ino = UFS_ROOTINO + 1;
	int64_t size, least;
	int type;

	settle_sizes(n);
	size = n->sectors / (n->fsize / (int32_t)n->sectorsize);
	if (size > most_frags(n) && !n->have_format && n->volname == NULL)
		n->format = 2;
	if (size > most_frags(n))
		impossible(n, NEWFS_SIZE_LARGE,
		    "Filesystem size %" PRId64 " > maximum size of %" PRId64
		    " fragments of format %d\n",
		    size, most_frags(n), n->format);
	fs->fs_magic = n->format == 2 ? FS_UFS2_MAGIC : FS_UFS1_MAGIC;
	fill_sizes(n);
	fill_places(n);
	least = fs->fs_iblkno + 3 * fs->fs_frag;
	if (size < least)
		impossible(n, NEWFS_SIZE_SMALL,
		    "Filesystem size %" PRId64 " < minimum size of %" PRId64
		    "\n",
		    size, least);
	settle_groups(n, size);
	fs->fs_minfree = n->minfree;
	fs->fs_optim = n->optim;
	fs->fs_avgfilesize = n->avgfilesize;
	fs->fs_avgfpdir = n->avgfpdir;
	fs->fs_clean = FS_ISCLEAN;
	fs->fs_old_inodefmt = n->format == 0 ? FS_42INODEFMT : FS_44INODEFMT;
	fs->fs_maxsymlinklen = n->format == 0 ? 0 :
	    n->format == 1		      ? (int32_t)UFS1_MAXSYMLINKLEN :
						(int32_t)UFS2_MAXSYMLINKLEN;
	if (n->format != 0 && n->volname == NULL)
		fs->fs_old_flags = FS_FLAGS_UPDATED;
	if (n->format != 2)
		fill_old(n);
	if (n->quotas != 0) {
		fs->fs_flags |= FS_DOQUOTA2;
		fs->fs_quota_magic = Q2_HEAD_MAGIC;
		fs->fs_quota_flags = (uint8_t)n->quotas;
		/* Behind the root, in the order of their types; newfs_quotas makes them. */
		for (type = 0; type < MAXQUOTAS; type++)
			if ((n->quotas & 1u << type) != 0)
				fs->fs_quotafile[type] = ino++;
	}
	fs->fs_time = n->now;
	fs->fs_id[0] = (int32_t)n->now;
	fs->fs_id[1] = (int32_t)(newfs_random(n) & INT32_MAX);
}
