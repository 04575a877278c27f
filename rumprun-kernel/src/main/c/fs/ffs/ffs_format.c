/* SPDX-License-Identifier: BSD-2-Clause */
/* The codec of FFS's on-disk structures: tables of fields, and what can be checked without a device. */
#include <netbsd/errno.h>
#include <netbsd/stat.h>
#include <limits.h>
#include "rumprun/ffs_format.h"

struct field {
	uint16_t f_mem, f_disk; /* offsets */
	uint8_t f_width;
	uint8_t f_unused;
	uint16_t f_count;
};
#define FIELD(s, name, off, width, count)                      \
	{                                                      \
		offsetof(struct s, name), off, width, 0, count \
	}
#define FS_DISKSIZE 1376

#define F(name, off, width, count) FIELD(fs, name, off, width, count)
static const struct field fs_fields[] = {
	F(fs_firstfield, 0, 4, 1),
	F(fs_unused_1, 4, 4, 1),
	F(fs_sblkno, 8, 4, 1),
	F(fs_cblkno, 12, 4, 1),
	F(fs_iblkno, 16, 4, 1),
	F(fs_dblkno, 20, 4, 1),
	F(fs_old_cgoffset, 24, 4, 1),
	F(fs_old_cgmask, 28, 4, 1),
	F(fs_old_time, 32, 4, 1),
	F(fs_old_size, 36, 4, 1),
	F(fs_old_dsize, 40, 4, 1),
	F(fs_ncg, 44, 4, 1),
	F(fs_bsize, 48, 4, 1),
	F(fs_fsize, 52, 4, 1),
	F(fs_frag, 56, 4, 1),
	F(fs_minfree, 60, 4, 1),
	F(fs_old_rotdelay, 64, 4, 1),
	F(fs_old_rps, 68, 4, 1),
	F(fs_bmask, 72, 4, 1),
	F(fs_fmask, 76, 4, 1),
	F(fs_bshift, 80, 4, 1),
	F(fs_fshift, 84, 4, 1),
	F(fs_maxcontig, 88, 4, 1),
	F(fs_maxbpg, 92, 4, 1),
	F(fs_fragshift, 96, 4, 1),
	F(fs_fsbtodb, 100, 4, 1),
	F(fs_sbsize, 104, 4, 1),
	F(fs_spare1, 108, 4, 2),
	F(fs_nindir, 116, 4, 1),
	F(fs_inopb, 120, 4, 1),
	F(fs_old_nspf, 124, 4, 1),
	F(fs_optim, 128, 4, 1),
	F(fs_old_npsect, 132, 4, 1),
	F(fs_old_interleave, 136, 4, 1),
	F(fs_old_trackskew, 140, 4, 1),
	F(fs_id, 144, 4, 2),
	F(fs_old_csaddr, 152, 4, 1),
	F(fs_cssize, 156, 4, 1),
	F(fs_cgsize, 160, 4, 1),
	F(fs_spare2, 164, 4, 1),
	F(fs_old_nsect, 168, 4, 1),
	F(fs_old_spc, 172, 4, 1),
	F(fs_old_ncyl, 176, 4, 1),
	F(fs_old_cpg, 180, 4, 1),
	F(fs_ipg, 184, 4, 1),
	F(fs_fpg, 188, 4, 1),
	F(fs_fmod, 208, 1, 1),
	F(fs_clean, 209, 1, 1),
	F(fs_ronly, 210, 1, 1),
	F(fs_old_flags, 211, 1, 1),
	F(fs_fsmnt, 212, 1, MAXMNTLEN),
	F(fs_volname, 680, 1, 32),
	F(fs_swuid, 712, 8, 1),
	F(fs_pad, 720, 4, 1),
	F(fs_cgrotor, 724, 4, 1),
	F(fs_old_cpc, 856, 4, 1),
	F(fs_maxbsize, 860, 4, 1),
	F(fs_journal_version, 864, 1, 1),
	F(fs_journal_location, 865, 1, 1),
	F(fs_journal_reserved, 866, 1, 2),
	F(fs_journal_flags, 868, 4, 1),
	F(fs_journallocs, 872, 8, 4),
	F(fs_quota_magic, 904, 4, 1),
	F(fs_quota_flags, 908, 1, 1),
	F(fs_quota_reserved, 909, 1, 3),
	F(fs_quotafile, 912, 8, 2),
	F(fs_sparecon64, 928, 8, 9),
	F(fs_sblockloc, 1000, 8, 1),
	F(fs_time, 1072, 8, 1),
	F(fs_size, 1080, 8, 1),
	F(fs_dsize, 1088, 8, 1),
	F(fs_csaddr, 1096, 8, 1),
	F(fs_pendingblocks, 1104, 8, 1),
	F(fs_pendinginodes, 1112, 4, 1),
	F(fs_snapinum, 1116, 4, 20),
	F(fs_avgfilesize, 1196, 4, 1),
	F(fs_avgfpdir, 1200, 4, 1),
	F(fs_save_cgsize, 1204, 4, 1),
	F(fs_sparecon32, 1208, 4, 26),
	F(fs_flags, 1312, 4, 1),
	F(fs_contigsumsize, 1316, 4, 1),
	F(fs_maxsymlinklen, 1320, 4, 1),
	F(fs_old_inodefmt, 1324, 4, 1),
	F(fs_maxfilesize, 1328, 8, 1),
	F(fs_qbmask, 1336, 8, 1),
	F(fs_qfmask, 1344, 8, 1),
	F(fs_state, 1352, 4, 1),
	F(fs_old_postblformat, 1356, 4, 1),
	F(fs_old_nrpos, 1360, 4, 1),
	F(fs_spare5, 1364, 4, 2),
	F(fs_magic, 1372, 4, 1),
	F(fs_old_cstotal, 192, 4, 4),
	F(fs_cstotal, 1008, 8, 8),
};
#undef F
#define F(name, off, width, count) FIELD(cg, name, off, width, count)
static const struct field cg_fields[] = {
	F(cg_firstfield, 0, 4, 1),
	F(cg_magic, 4, 4, 1),
	F(cg_old_time, 8, 4, 1),
	F(cg_cgx, 12, 4, 1),
	F(cg_old_ncyl, 16, 2, 1),
	F(cg_old_niblk, 18, 2, 1),
	F(cg_ndblk, 20, 4, 1),
	F(cg_rotor, 40, 4, 1),
	F(cg_frotor, 44, 4, 1),
	F(cg_irotor, 48, 4, 1),
	F(cg_frsum, 52, 4, 8),
	F(cg_old_btotoff, 84, 4, 1),
	F(cg_old_boff, 88, 4, 1),
	F(cg_iusedoff, 92, 4, 1),
	F(cg_freeoff, 96, 4, 1),
	F(cg_nextfreeoff, 100, 4, 1),
	F(cg_clustersumoff, 104, 4, 1),
	F(cg_clusteroff, 108, 4, 1),
	F(cg_nclusterblks, 112, 4, 1),
	F(cg_niblk, 116, 4, 1),
	F(cg_initediblk, 120, 4, 1),
	F(cg_sparecon32, 124, 4, 3),
	F(cg_time, 136, 8, 1),
	F(cg_sparecon64, 144, 8, 3),
	F(cg_cs, 24, 4, 4),
};
#undef F
#define F(name, off, width, count) FIELD(csum, name, off, width, count)
static const struct field csum_fields[] = {
	F(cs_ndir, 0, 4, 1),
	F(cs_nbfree, 4, 4, 1),
	F(cs_nifree, 8, 4, 1),
	F(cs_nffree, 12, 4, 1),
};
#undef F
#define NFIELDS(t) (sizeof(t) / sizeof((t)[0]))

const int64_t ffs_sblocksearch[5] = { SBLOCK_UFS2, SBLOCK_UFS1, SBLOCK_FLOPPY,
	SBLOCK_PIGGY, -1 };

static void
decode(const struct field *f, size_t n, const uint8_t *disk, uint8_t *mem,
    bool swapped)
{
	for (; n-- > 0; f++) {
		const uint8_t *d = disk + f->f_disk;
		uint8_t *m = mem + f->f_mem;

		if (f->f_width == 1 || !swapped) {
			memcpy(m, d, (size_t)f->f_count * f->f_width);
			continue;
		}
		for (unsigned i = 0; i < f->f_count; i++)
			for (unsigned j = 0; j < f->f_width; j++)
				m[i * f->f_width + j] = d[(i + 1) * f->f_width -
				    1 - j];
	}
}

static void
encode(const struct field *f, size_t n, uint8_t *disk, const uint8_t *mem,
    bool swapped)
{
	for (; n-- > 0; f++) {
		uint8_t *d = disk + f->f_disk;
		const uint8_t *m = mem + f->f_mem;

		if (f->f_width == 1 || !swapped) {
			memcpy(d, m, (size_t)f->f_count * f->f_width);
			continue;
		}
		for (unsigned i = 0; i < f->f_count; i++)
			for (unsigned j = 0; j < f->f_width; j++)
				d[i * f->f_width + j] = m[(i + 1) * f->f_width -
				    1 - j];
	}
}

/* --- superblock ----------------------------------------------------------------------------------------------------- */

int
ffs_sb_decode(const void *buf, size_t len, struct fs *fs, bool *swapped)
{
	uint32_t magic;

	memset(fs, 0, sizeof(*fs));
	*swapped = false;
	if (len < FS_DISKSIZE)
		return -EINVAL;
	magic = ffs_get32((const uint8_t *)buf + FS_DISKSIZE - 4, false);
	if (magic == FS_UFS1_MAGIC_SWAPPED || magic == FS_UFS2_MAGIC_SWAPPED)
		*swapped = true;
	else if (magic != FS_UFS1_MAGIC && magic != FS_UFS2_MAGIC)
		return -EINVAL;
	decode(fs_fields, NFIELDS(fs_fields), buf, (uint8_t *)fs, *swapped);
	return 0;
}

void
ffs_sb_encode(const struct fs *fs, void *buf, size_t len, bool swapped)
{
	if (len < FS_DISKSIZE)
		return;
	encode(fs_fields, NFIELDS(fs_fields), buf, (const uint8_t *)fs, swapped);
}

void
ffs_sb_from_old(struct fs *fs)
{
	if (fs->fs_magic != FS_UFS1_MAGIC ||
	    (fs->fs_old_flags & FS_FLAGS_UPDATED) != 0)
		return;
	fs->fs_flags = fs->fs_old_flags;
	fs->fs_sblockloc = SBLOCK_UFS1;
	fs->fs_maxbsize = fs->fs_bsize;
	fs->fs_time = fs->fs_old_time;
	fs->fs_size = fs->fs_old_size;
	fs->fs_dsize = fs->fs_old_dsize;
	fs->fs_csaddr = fs->fs_old_csaddr;
	memset(&fs->fs_cstotal, 0, sizeof(fs->fs_cstotal));
	fs->fs_cstotal.cs_ndir = fs->fs_old_cstotal.cs_ndir;
	fs->fs_cstotal.cs_nbfree = fs->fs_old_cstotal.cs_nbfree;
	fs->fs_cstotal.cs_nifree = fs->fs_old_cstotal.cs_nifree;
	fs->fs_cstotal.cs_nffree = fs->fs_old_cstotal.cs_nffree;
	fs->fs_pendingblocks = 0;
	fs->fs_pendinginodes = 0;
	fs->fs_journal_version = 0;
	fs->fs_journal_location = UFS_WAPBL_JOURNALLOC_NONE;
	fs->fs_journal_flags = 0;
	memset(fs->fs_journallocs, 0, sizeof(fs->fs_journallocs));
	fs->fs_quota_magic = 0;
	fs->fs_quota_flags = 0;
	memset(fs->fs_quotafile, 0, sizeof(fs->fs_quotafile));
	memset(fs->fs_snapinum, 0, sizeof(fs->fs_snapinum));
	fs->fs_avgfilesize = AVFILESIZ;
	fs->fs_avgfpdir = AFPDIR;
	if (fs->fs_old_inodefmt < FS_44INODEFMT) {
		fs->fs_maxfilesize = ((uint64_t)1 << 39) - 1;
		fs->fs_qbmask = ~(int64_t)fs->fs_bmask;
		fs->fs_qfmask = ~(int64_t)fs->fs_fmask;
	}
}

static int32_t
clamp32(int64_t v)
{
	return v > INT32_MAX ? INT32_MAX :
	    v < INT32_MIN    ? INT32_MIN :
			       (int32_t)v;
}

void
ffs_sb_to_old(struct fs *fs)
{
	if (fs->fs_magic != FS_UFS1_MAGIC)
		return;
	fs->fs_old_time = (int32_t)fs->fs_time;
	fs->fs_old_size = clamp32(fs->fs_size);
	fs->fs_old_dsize = clamp32(fs->fs_dsize);
	fs->fs_old_csaddr = clamp32(fs->fs_csaddr);
	fs->fs_old_cstotal.cs_ndir = clamp32(fs->fs_cstotal.cs_ndir);
	fs->fs_old_cstotal.cs_nbfree = clamp32(fs->fs_cstotal.cs_nbfree);
	fs->fs_old_cstotal.cs_nifree = clamp32(fs->fs_cstotal.cs_nifree);
	fs->fs_old_cstotal.cs_nffree = clamp32(fs->fs_cstotal.cs_nffree);
}

static bool
ispower2(int32_t v)
{
	return v > 0 && (v & (v - 1)) == 0;
}

/* Sizes and what follows from them. */
static bool
sizes_ok(const struct fs *fs)
{
	if (!ispower2(fs->fs_bsize) || fs->fs_bsize < MINBSIZE ||
	    fs->fs_bsize > FFS_MAXBSIZE)
		return false;
	if (!ispower2(fs->fs_fsize) || fs->fs_fsize < FFS_MINFSIZE ||
	    fs->fs_fsize > fs->fs_bsize)
		return false;
	if (fs->fs_bsize / fs->fs_fsize > MAXFRAG ||
	    fs->fs_frag != fs->fs_bsize / fs->fs_fsize)
		return false;
	if (fs->fs_bshift < 0 || fs->fs_bshift > 16 ||
	    1 << fs->fs_bshift != fs->fs_bsize || fs->fs_fshift < 0 ||
	    fs->fs_fshift > 16 || 1 << fs->fs_fshift != fs->fs_fsize ||
	    fs->fs_fragshift < 0 || fs->fs_fragshift > 3 ||
	    1 << fs->fs_fragshift != fs->fs_frag)
		return false;
	if (fs->fs_bmask != ~(fs->fs_bsize - 1) ||
	    fs->fs_fmask != ~(fs->fs_fsize - 1))
		return false;
	if (fs->fs_inopb != fs->fs_bsize / (int32_t)ffs_dinode_size(fs))
		return false;
	return fs->fs_sbsize >= FS_DISKSIZE && fs->fs_sbsize <= SBLOCKSIZE &&
	    fs->fs_sbsize <= fs->fs_bsize;
}

/* The groups and the parts of each. */
static bool
groups_ok(const struct fs *fs)
{
	int64_t cssize;

	if (fs->fs_ncg <= 0 || fs->fs_fpg < fs->fs_frag ||
	    fs->fs_fpg % fs->fs_frag != 0 || fs->fs_ipg <= 0 ||
	    fs->fs_ipg % fs->fs_inopb != 0)
		return false;
	/* Inode numbers have 32 bits in directories. */
	if ((int64_t)fs->fs_ipg * fs->fs_ncg > UINT32_MAX)
		return false;
	if (fs->fs_sblkno < 0 || fs->fs_cblkno < 0 || fs->fs_iblkno < 0 ||
	    fs->fs_dblkno < 0 || fs->fs_iblkno > fs->fs_dblkno)
		return false;
	if (fs->fs_cgsize < (int32_t)FFS_CG_HEADER ||
	    fs->fs_cgsize > fs->fs_bsize)
		return false;
	if (fs->fs_size <= 0 || fs->fs_size > INT64_MAX / FFS_MAXBSIZE ||
	    (!ffs_isufs2(fs) && fs->fs_size > INT32_MAX))
		return false;
	if (cgbase(fs, (uint32_t)fs->fs_ncg - 1) >= fs->fs_size)
		return false;
	/* A group's header and its inodes are two places. */
	if (fs->fs_cblkno + fragroundup(fs, fs->fs_cgsize) / fs->fs_fsize >
	    fs->fs_iblkno)
		return false;
	/* More groups than a summary of reasonable size: 2 GiB would be needed. */
	cssize = (int64_t)fs->fs_ncg * FFS_CSUM_SIZE;
	if (fs->fs_cssize < cssize || fs->fs_cssize > cssize + FFS_MAXBSIZE)
		return false;
	if (!ffs_frag_ok(fs, fs->fs_csaddr,
		fragroundup(fs, fs->fs_cssize) / fs->fs_fsize))
		return false;
	return fs->fs_contigsumsize >= 0 && fs->fs_contigsumsize <= 1024 &&
	    fs->fs_minfree >= 0 && fs->fs_minfree <= 99 &&
	    fs->fs_maxsymlinklen <=
	    (int32_t)(ffs_isufs2(fs) ? UFS2_MAXSYMLINKLEN : UFS1_MAXSYMLINKLEN);
}

int
ffs_sb_check(const struct fs *fs)
{
	if (fs->fs_magic != FS_UFS1_MAGIC && fs->fs_magic != FS_UFS2_MAGIC)
		return -EINVAL;
	return sizes_ok(fs) && groups_ok(fs) ? 0 : -EINVAL;
}

void
ffs_csum_decode(const void *disk, struct csum *cs, bool swapped)
{
	decode(csum_fields, NFIELDS(csum_fields), disk, (uint8_t *)cs, swapped);
}

void
ffs_csum_encode(const struct csum *cs, void *disk, bool swapped)
{
	encode(csum_fields, NFIELDS(csum_fields), disk, (const uint8_t *)cs,
	    swapped);
}

/* --- cylinder groups ------------------------------------------------------------------------------------------------ */

void
ffs_cg_decode(const void *buf, struct cg *cg, bool swapped)
{
	decode(cg_fields, NFIELDS(cg_fields), buf, (uint8_t *)cg, swapped);
}

void
ffs_cg_encode(const struct cg *cg, void *buf, bool swapped)
{
	encode(cg_fields, NFIELDS(cg_fields), buf, (const uint8_t *)cg, swapped);
}

/* A map of `bits` bits at byte `off` of the group. */
static bool
map_ok(const struct fs *fs, int32_t off, int64_t bits)
{
	return off >= (int32_t)FFS_CG_HEADER && off <= fs->fs_cgsize &&
	    (bits + 7) / 8 <= fs->fs_cgsize - off;
}

int
ffs_cg_check(const struct fs *fs, const struct cg *cg, uint32_t cgx)
{
	int64_t ndblk = ffs_cg_ndblk(fs, cgx);

	if (cg->cg_magic != CG_MAGIC || (uint32_t)cg->cg_cgx != cgx)
		return -EINVAL;
	if (cg->cg_ndblk < 0 || cg->cg_ndblk > ndblk)
		return -EINVAL;
	if (!map_ok(fs, cg->cg_iusedoff, fs->fs_ipg) ||
	    !map_ok(fs, cg->cg_freeoff, ndblk))
		return -EINVAL;
	if (fs->fs_contigsumsize > 0 &&
	    (!map_ok(fs, cg->cg_clusteroff, fragstoblks(fs, ndblk)) ||
		cg->cg_nclusterblks < 0 ||
		cg->cg_nclusterblks > fragstoblks(fs, ndblk) ||
		!map_ok(fs, cg->cg_clustersumoff,
		    (fs->fs_contigsumsize + 1) * (int64_t)32)))
		return -EINVAL;
	if (ffs_isufs2(fs) &&
	    (cg->cg_initediblk < 0 || cg->cg_initediblk > fs->fs_ipg))
		return -EINVAL;
	return 0;
}

bool
ffs_isblock(const struct fs *fs, const uint8_t *map, uint32_t h)
{
	return ffs_blkmap(fs->fs_frag, map, h) == (1u << fs->fs_frag) - 1;
}

bool
ffs_isfreeblock(const struct fs *fs, const uint8_t *map, uint32_t h)
{
	return ffs_blkmap(fs->fs_frag, map, h) == 0;
}

void
ffs_setblock(const struct fs *fs, uint8_t *map, uint32_t h)
{
	uint32_t f = h * (uint32_t)fs->fs_frag;

	map[f >> 3] |= (uint8_t)(((1u << fs->fs_frag) - 1) << (f & 7));
}

void
ffs_clrblock(const struct fs *fs, uint8_t *map, uint32_t h)
{
	uint32_t f = h * (uint32_t)fs->fs_frag;

	map[f >> 3] &= (uint8_t) ~(((1u << fs->fs_frag) - 1) << (f & 7));
}

void
ffs_fragacct(const struct fs *fs, uint32_t blkmap, int32_t frsum[], int cnt)
{
	int run = 0;

	if (blkmap == (1u << fs->fs_frag) - 1)
		return;
	for (int i = 0; i <= fs->fs_frag; i++) {
		if (i < fs->fs_frag && (blkmap & (1u << i)) != 0) {
			run++;
			continue;
		}
		if (run > 0)
			frsum[run] += cnt;
		run = 0;
	}
}

/* Length of the run of free blocks next to h in direction dir, at most max. */
static int32_t
cluster_run(const uint8_t *map, int64_t h, int dir, int64_t nblk, int32_t max)
{
	int32_t n = 0;

	for (h += dir; h >= 0 && h < nblk && n < max; h += dir) {
		if (!ffs_isset(map, (uint32_t)h))
			break;
		n++;
	}
	return n;
}

static void
clustersum_add(uint8_t *sum, int32_t n, int cnt, bool swapped)
{
	ffs_put32(sum + n * 4, ffs_get32(sum + n * 4, swapped) + (uint32_t)cnt,
	    swapped);
}

void
ffs_cg_clusteracct(const struct fs *fs, const struct cg *cg, void *buf,
    uint32_t h, int cnt, bool swapped)
{
	int32_t max = fs->fs_contigsumsize, forw, back, all;
	uint8_t *map, *sum;

	if (max <= 0 || h >= (uint32_t)cg->cg_nclusterblks)
		return;
	map = ffs_cg_clustersfree(cg, buf);
	sum = ffs_cg_clustersum(cg, buf);
	if (cnt > 0)
		ffs_setbit(map, h);
	else
		ffs_clrbit(map, h);
	forw = cluster_run(map, h, 1, cg->cg_nclusterblks, max);
	back = cluster_run(map, h, -1, cg->cg_nclusterblks, max);
	all = forw + back + 1;
	if (all > max)
		all = max;
	if (forw > 0)
		clustersum_add(sum, forw, -cnt, swapped);
	if (back > 0)
		clustersum_add(sum, back, -cnt, swapped);
	clustersum_add(sum, all, cnt, swapped);
}

/* --- inodes ----------------------------------------------------------------------------------------------------------- */

static bool
is_shortlink(const struct fs *fs, const struct dinode *di)
{
	if ((di->di_mode & S_IFMT) != S_IFLNK)
		return false;
	return fs->fs_maxsymlinklen > 0 &&
	    di->di_size < (uint32_t)fs->fs_maxsymlinklen;
}

static void
dinode1_decode(const struct fs *fs, const uint8_t *d, struct dinode *di, bool sw)
{
	bool oldids = fs->fs_old_inodefmt < FS_44INODEFMT;

	di->di_mode = ffs_get16(d, sw);
	di->di_nlink = (int16_t)ffs_get16(d + 2, sw);
	di->di_uid = oldids ? ffs_get16(d + 4, sw) : ffs_get32(d + 112, sw);
	di->di_gid = oldids ? ffs_get16(d + 6, sw) : ffs_get32(d + 116, sw);
	di->di_size = ffs_get64(d + 8, sw);
	di->di_atime = (int32_t)ffs_get32(d + 16, sw);
	di->di_atimensec = (int32_t)ffs_get32(d + 20, sw);
	di->di_mtime = (int32_t)ffs_get32(d + 24, sw);
	di->di_mtimensec = (int32_t)ffs_get32(d + 28, sw);
	di->di_ctime = (int32_t)ffs_get32(d + 32, sw);
	di->di_ctimensec = (int32_t)ffs_get32(d + 36, sw);
	di->di_flags = ffs_get32(d + 100, sw);
	di->di_blocks = ffs_get32(d + 104, sw);
	di->di_gen = (int32_t)ffs_get32(d + 108, sw);
	di->di_modrev = ffs_get64(d + 120, sw);
	if (is_shortlink(fs, di)) {
		di->di_inline = true;
		memcpy(di->di_short, d + 40, UFS1_MAXSYMLINKLEN);
		return;
	}
	for (int i = 0; i < UFS_NDADDR; i++)
		di->di_db[i] = (int32_t)ffs_get32(d + 40 + 4 * i, sw);
	for (int i = 0; i < UFS_NIADDR; i++)
		di->di_ib[i] = (int32_t)ffs_get32(d + 88 + 4 * i, sw);
	/* A device's number has all 32 bits. */
	if ((di->di_mode & S_IFMT) == S_IFCHR ||
	    (di->di_mode & S_IFMT) == S_IFBLK)
		di->di_db[0] = (uint32_t)di->di_db[0];
}

static void
dinode2_decode(const struct fs *fs, const uint8_t *d, struct dinode *di, bool sw)
{
	di->di_mode = ffs_get16(d, sw);
	di->di_nlink = (int16_t)ffs_get16(d + 2, sw);
	di->di_uid = ffs_get32(d + 4, sw);
	di->di_gid = ffs_get32(d + 8, sw);
	di->di_blksize = ffs_get32(d + 12, sw);
	di->di_size = ffs_get64(d + 16, sw);
	di->di_blocks = ffs_get64(d + 24, sw);
	di->di_atime = (int64_t)ffs_get64(d + 32, sw);
	di->di_mtime = (int64_t)ffs_get64(d + 40, sw);
	di->di_ctime = (int64_t)ffs_get64(d + 48, sw);
	di->di_birthtime = (int64_t)ffs_get64(d + 56, sw);
	di->di_mtimensec = (int32_t)ffs_get32(d + 64, sw);
	di->di_atimensec = (int32_t)ffs_get32(d + 68, sw);
	di->di_ctimensec = (int32_t)ffs_get32(d + 72, sw);
	di->di_birthnsec = (int32_t)ffs_get32(d + 76, sw);
	di->di_gen = (int32_t)ffs_get32(d + 80, sw);
	di->di_kernflags = ffs_get32(d + 84, sw);
	di->di_flags = ffs_get32(d + 88, sw);
	di->di_extsize = (int32_t)ffs_get32(d + 92, sw);
	for (int i = 0; i < UFS_NXADDR; i++)
		di->di_extb[i] = (int64_t)ffs_get64(d + 96 + 8 * i, sw);
	di->di_modrev = ffs_get64(d + 232, sw);
	for (int i = 0; i < 2; i++)
		di->di_spare[i] = (int64_t)ffs_get64(d + 240 + 8 * i, sw);
	if (is_shortlink(fs, di)) {
		di->di_inline = true;
		memcpy(di->di_short, d + 112, UFS2_MAXSYMLINKLEN);
		return;
	}
	for (int i = 0; i < UFS_NDADDR; i++)
		di->di_db[i] = (int64_t)ffs_get64(d + 112 + 8 * i, sw);
	for (int i = 0; i < UFS_NIADDR; i++)
		di->di_ib[i] = (int64_t)ffs_get64(d + 208 + 8 * i, sw);
}

void
ffs_dinode_decode(
    const struct fs *fs, const void *buf, struct dinode *di, bool swapped)
{
	memset(di, 0, sizeof(*di));
	if (ffs_isufs2(fs))
		dinode2_decode(fs, buf, di, swapped);
	else
		dinode1_decode(fs, buf, di, swapped);
}

static void
dinode1_encode(const struct fs *fs, const struct dinode *di, uint8_t *d, bool sw)
{
	bool oldids = fs->fs_old_inodefmt < FS_44INODEFMT;

	ffs_put16(d, di->di_mode, sw);
	ffs_put16(d + 2, (uint16_t)di->di_nlink, sw);
	/* The old format's ids are cut to 16 bits; the whole ones go along. */
	if (oldids) {
		ffs_put16(d + 4, (uint16_t)di->di_uid, sw);
		ffs_put16(d + 6, (uint16_t)di->di_gid, sw);
	}
	ffs_put32(d + 112, di->di_uid, sw);
	ffs_put32(d + 116, di->di_gid, sw);
	ffs_put64(d + 8, di->di_size, sw);
	ffs_put32(d + 16, (uint32_t)di->di_atime, sw);
	ffs_put32(d + 20, (uint32_t)di->di_atimensec, sw);
	ffs_put32(d + 24, (uint32_t)di->di_mtime, sw);
	ffs_put32(d + 28, (uint32_t)di->di_mtimensec, sw);
	ffs_put32(d + 32, (uint32_t)di->di_ctime, sw);
	ffs_put32(d + 36, (uint32_t)di->di_ctimensec, sw);
	ffs_put32(d + 100, di->di_flags, sw);
	ffs_put32(d + 104, (uint32_t)di->di_blocks, sw);
	ffs_put32(d + 108, (uint32_t)di->di_gen, sw);
	ffs_put64(d + 120, di->di_modrev, sw);
	if (di->di_inline) {
		memcpy(d + 40, di->di_short, UFS1_MAXSYMLINKLEN);
		return;
	}
	for (int i = 0; i < UFS_NDADDR; i++)
		ffs_put32(d + 40 + 4 * i, (uint32_t)di->di_db[i], sw);
	for (int i = 0; i < UFS_NIADDR; i++)
		ffs_put32(d + 88 + 4 * i, (uint32_t)di->di_ib[i], sw);
}

static void
dinode2_encode(const struct dinode *di, uint8_t *d, bool sw)
{
	ffs_put16(d, di->di_mode, sw);
	ffs_put16(d + 2, (uint16_t)di->di_nlink, sw);
	ffs_put32(d + 4, di->di_uid, sw);
	ffs_put32(d + 8, di->di_gid, sw);
	ffs_put32(d + 12, di->di_blksize, sw);
	ffs_put64(d + 16, di->di_size, sw);
	ffs_put64(d + 24, di->di_blocks, sw);
	ffs_put64(d + 32, (uint64_t)di->di_atime, sw);
	ffs_put64(d + 40, (uint64_t)di->di_mtime, sw);
	ffs_put64(d + 48, (uint64_t)di->di_ctime, sw);
	ffs_put64(d + 56, (uint64_t)di->di_birthtime, sw);
	ffs_put32(d + 64, (uint32_t)di->di_mtimensec, sw);
	ffs_put32(d + 68, (uint32_t)di->di_atimensec, sw);
	ffs_put32(d + 72, (uint32_t)di->di_ctimensec, sw);
	ffs_put32(d + 76, (uint32_t)di->di_birthnsec, sw);
	ffs_put32(d + 80, (uint32_t)di->di_gen, sw);
	ffs_put32(d + 84, di->di_kernflags, sw);
	ffs_put32(d + 88, di->di_flags, sw);
	ffs_put32(d + 92, (uint32_t)di->di_extsize, sw);
	for (int i = 0; i < UFS_NXADDR; i++)
		ffs_put64(d + 96 + 8 * i, (uint64_t)di->di_extb[i], sw);
	ffs_put64(d + 232, di->di_modrev, sw);
	for (int i = 0; i < 2; i++)
		ffs_put64(d + 240 + 8 * i, (uint64_t)di->di_spare[i], sw);
	if (di->di_inline) {
		memcpy(d + 112, di->di_short, UFS2_MAXSYMLINKLEN);
		return;
	}
	for (int i = 0; i < UFS_NDADDR; i++)
		ffs_put64(d + 112 + 8 * i, (uint64_t)di->di_db[i], sw);
	for (int i = 0; i < UFS_NIADDR; i++)
		ffs_put64(d + 208 + 8 * i, (uint64_t)di->di_ib[i], sw);
}

void
ffs_dinode_encode(
    const struct fs *fs, const struct dinode *di, void *buf, bool swapped)
{
	if (ffs_isufs2(fs))
		dinode2_encode(di, buf, swapped);
	else
		dinode1_encode(fs, di, buf, swapped);
}

/* --- directory entries -------------------------------------------------------------------------------------------------- */

int
ffs_dirent_get(const void *blk, size_t len, size_t off, bool oldfmt,
    bool swapped, struct direct *d)
{
	const uint8_t *p = (const uint8_t *)blk + off;
	unsigned namlen;

	memset(d, 0, sizeof(*d));
	if ((off & 3) != 0 || off > len || len - off < FFS_DIRHEADER)
		return -EINVAL;
	d->d_fileno = ffs_get32(p, swapped);
	d->d_reclen = ffs_get16(p + 4, swapped);
	if (oldfmt) {
		namlen = ffs_get16(p + 6, swapped);
	} else {
		d->d_type = p[6];
		namlen = p[7];
	}
	d->d_name = (const char *)p + FFS_DIRHEADER;
	if (d->d_reclen < FFS_DIRHEADER || (d->d_reclen & 3) != 0 ||
	    d->d_reclen > len - off || namlen > FFS_MAXNAMLEN)
		return -EINVAL;
	if (d->d_fileno != 0 && FFS_DIRSIZ(namlen) > d->d_reclen)
		return -EINVAL;
	if (namlen > d->d_reclen - (unsigned)FFS_DIRHEADER)
		namlen = 0;
	d->d_namlen = (uint8_t)namlen;
	return 0;
}

void
ffs_dirent_put(void *buf, const struct direct *d, bool oldfmt, bool swapped)
{
	uint8_t *p = buf;

	ffs_put32(p, d->d_fileno, swapped);
	ffs_put16(p + 4, d->d_reclen, swapped);
	if (oldfmt) {
		ffs_put16(p + 6, d->d_namlen, swapped);
	} else {
		p[6] = d->d_type;
		p[7] = d->d_namlen;
	}
	memset(p + FFS_DIRHEADER, 0, FFS_DIRSIZ(d->d_namlen) - FFS_DIRHEADER);
	if (d->d_namlen > 0)
		memcpy(p + FFS_DIRHEADER, d->d_name, d->d_namlen);
}

bool
ffs_apple_label(const void *label)
{
	const uint8_t *p = label;
	uint32_t sum = 0;
	size_t i;

	/* Big-endian always; the one's complement sum of all is all ones. */
	for (i = 0; i < APPLEUFS_LABEL_SIZE; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	p += APPLEUFS_OFF(ul_magic);
	return (sum & 0xffff) == 0xffff &&
	    ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
		p[3]) == APPLEUFS_LABEL_MAGIC;
}
