/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The on-disk format of FFS: superblock, cylinder groups, inodes, directory entries; UFS1 and UFS2, either byte order.
 *
 * Pure functions on byte buffers, for the kernel and the tools alike. The structures are in host order and have the documented
 * names of the fields; a codec moves them from and to the bytes of the disk (no structure is ever laid over a buffer). `swapped` says
 * that the disk has the byte order that the host has not.
 *
 * Literature: McKusick, Joy, Leffler, Fabry: A Fast File System for UNIX (1984); fs(5).
 */
#ifndef RUMPRUN_FFS_FORMAT_H
#define RUMPRUN_FFS_FORMAT_H

#include <netbsd/ffs.h>
#include <netbsd/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FFS_API __attribute__((visibility("default")))

/* --- numbers ------------------------------------------------------------------------------------------------------ */

/* The rest stands in <netbsd/ffs.h>. */
#define FFS_MAXBSIZE 65536
#define FFS_MINFSIZE 512
#define UFS_LINK_MAX 32767

/* --- structures, host order --------------------------------------------------------------------------------------- */

struct csum {
	int32_t cs_ndir, cs_nbfree, cs_nifree, cs_nffree;
};
struct csum_total {
	int64_t cs_ndir, cs_nbfree, cs_nifree, cs_nffree, cs_spare[4];
};
#define FFS_CSUM_SIZE 16

/* The superblock, without the pointers that some kernels keep in it. */
struct fs {
	int32_t fs_firstfield, fs_unused_1, fs_sblkno, fs_cblkno, fs_iblkno,
	    fs_dblkno, fs_old_cgoffset, fs_old_cgmask, fs_old_time, fs_old_size,
	    fs_old_dsize, fs_ncg, fs_bsize, fs_fsize, fs_frag, fs_minfree,
	    fs_old_rotdelay, fs_old_rps, fs_bmask, fs_fmask, fs_bshift,
	    fs_fshift, fs_maxcontig, fs_maxbpg, fs_fragshift, fs_fsbtodb,
	    fs_sbsize, fs_spare1[2], fs_nindir, fs_inopb, fs_old_nspf, fs_optim,
	    fs_old_npsect, fs_old_interleave, fs_old_trackskew, fs_id[2],
	    fs_old_csaddr, fs_cssize, fs_cgsize, fs_spare2, fs_old_nsect,
	    fs_old_spc, fs_old_ncyl, fs_old_cpg, fs_ipg, fs_fpg;
	int8_t fs_fmod;
	uint8_t fs_clean;
	int8_t fs_ronly;
	uint8_t fs_old_flags, fs_fsmnt[468], fs_volname[32];
	uint64_t fs_swuid;
	int32_t fs_pad, fs_cgrotor, fs_old_cpc, fs_maxbsize;
	uint8_t fs_journal_version, fs_journal_location, fs_journal_reserved[2];
	uint32_t fs_journal_flags;
	uint64_t fs_journallocs[4];
	uint32_t fs_quota_magic;
	uint8_t fs_quota_flags, fs_quota_reserved[3];
	uint64_t fs_quotafile[2];
	int64_t fs_sparecon64[9], fs_sblockloc, fs_time, fs_size, fs_dsize,
	    fs_csaddr, fs_pendingblocks;
	int32_t fs_pendinginodes, fs_snapinum[20], fs_avgfilesize, fs_avgfpdir,
	    fs_save_cgsize, fs_sparecon32[26];
	uint32_t fs_flags;
	int32_t fs_contigsumsize, fs_maxsymlinklen, fs_old_inodefmt;
	uint64_t fs_maxfilesize;
	int64_t fs_qbmask, fs_qfmask;
	int32_t fs_state, fs_old_postblformat, fs_old_nrpos, fs_spare5[2],
	    fs_magic;
	struct csum fs_old_cstotal;
	struct csum_total fs_cstotal;
};

/* A cylinder group's header. */
struct cg {
	int32_t cg_firstfield, cg_magic, cg_old_time, cg_cgx;
	int16_t cg_old_ncyl, cg_old_niblk;
	int32_t cg_ndblk, cg_rotor, cg_frotor, cg_irotor, cg_frsum[8],
	    cg_old_btotoff, cg_old_boff, cg_iusedoff, cg_freeoff,
	    cg_nextfreeoff, cg_clustersumoff, cg_clusteroff, cg_nclusterblks,
	    cg_niblk, cg_initediblk, cg_sparecon32[3];
	int64_t cg_time, cg_sparecon64[3];
	struct csum cg_cs;
};
#define FFS_CG_HEADER 168 /* bytes before the maps */

/* An inode of either version. */
struct dinode {
	uint16_t di_mode;
	int16_t di_nlink;
	uint32_t di_uid, di_gid;
	uint32_t di_blksize; /* UFS2 */
	uint64_t di_size;
	uint64_t di_blocks;				    /* of 512 bytes */
	int64_t di_atime, di_mtime, di_ctime, di_birthtime; /* birth: UFS2 */
	int32_t di_atimensec, di_mtimensec, di_ctimensec, di_birthnsec;
	int32_t di_gen;
	uint32_t di_flags, di_kernflags;
	int32_t di_extsize; /* UFS2, as the next */
	int64_t di_extb[UFS_NXADDR];
	int64_t di_db[UFS_NDADDR]; /* fragments; [0] of a device: its number */
	int64_t di_ib[UFS_NIADDR];
	uint64_t di_modrev;
	int64_t di_spare[2];
	/* A symbolic link whose target stands in the place of the block pointers, which are all 0 then. */
	bool di_inline;
	uint8_t di_short[UFS2_MAXSYMLINKLEN];
};

/* A directory entry; the name is where it was, not NUL-terminated. */
struct direct {
	uint32_t d_fileno;
	uint16_t d_reclen;
	uint8_t d_type; /* DT_*; 0 in old directories */
	uint8_t d_namlen;
	const char *d_name;
};
#define FFS_DIRHEADER 8
/* Bytes that an entry needs for a name of n bytes (with its NUL). */
#define FFS_DIRSIZ(n) ((FFS_DIRHEADER + (uint32_t)(n) + 1 + 3) & ~3u)

/* --- numbers of either byte order --------------------------------------------------------------------------------- */

static inline uint16_t
ffs_get16(const void *p, bool swapped)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap16(v) : v;
}

static inline uint32_t
ffs_get32(const void *p, bool swapped)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap32(v) : v;
}

static inline uint64_t
ffs_get64(const void *p, bool swapped)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap64(v) : v;
}

static inline void
ffs_put16(void *p, uint16_t v, bool swapped)
{
	if (swapped)
		v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
ffs_put32(void *p, uint32_t v, bool swapped)
{
	if (swapped)
		v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
ffs_put64(void *p, uint64_t v, bool swapped)
{
	if (swapped)
		v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

/* --- codec -------------------------------------------------------------------------------------------------------- */

#define ffs_sblocksearch rumprun_ffs_sblocksearch
#define ffs_sb_decode rumprun_ffs_sb_decode
#define ffs_sb_encode rumprun_ffs_sb_encode
#define ffs_sb_check rumprun_ffs_sb_check
#define ffs_sb_from_old rumprun_ffs_sb_from_old
#define ffs_sb_to_old rumprun_ffs_sb_to_old
#define ffs_csum_decode rumprun_ffs_csum_decode
#define ffs_csum_encode rumprun_ffs_csum_encode
#define ffs_cg_decode rumprun_ffs_cg_decode
#define ffs_cg_encode rumprun_ffs_cg_encode
#define ffs_cg_check rumprun_ffs_cg_check
#define ffs_cg_clusteracct rumprun_ffs_cg_clusteracct
#define ffs_fragacct rumprun_ffs_fragacct
#define ffs_isblock rumprun_ffs_isblock
#define ffs_isfreeblock rumprun_ffs_isfreeblock
#define ffs_setblock rumprun_ffs_setblock
#define ffs_clrblock rumprun_ffs_clrblock
#define ffs_dinode_decode rumprun_ffs_dinode_decode
#define ffs_dinode_encode rumprun_ffs_dinode_encode
#define ffs_dirent_get rumprun_ffs_dirent_get
#define ffs_dirent_put rumprun_ffs_dirent_put
#define ffs_apple_label rumprun_ffs_apple_label

/* Where superblocks are looked for, in order; ends with -1. */
FFS_API extern const int64_t ffs_sblocksearch[5];

/*
 * Takes a superblock apart; only the magic number is looked at: -EINVAL when it is none (or len < 1376), and *fs is zero. Fields are raw: see
 * ffs_sb_from_old and ffs_sb_check.
 */
FFS_API int ffs_sb_decode(
    const void *buf, size_t len, struct fs *, bool *swapped);
/* Writes every field of *fs to its place; the other bytes of buf (len >= 1376) stay as they are. */
FFS_API void ffs_sb_encode(
    const struct fs *, void *buf, size_t len, bool swapped);
/*
 * A UFS1 superblock from before FS_FLAGS_UPDATED: fills the 64-bit and newer fields from the old ones (fs_size, fs_dsize, fs_csaddr, fs_cstotal,
 * fs_time, fs_maxbsize, fs_flags, fs_sblockloc, fs_maxfilesize, journal and quota fields 0 ...). Others: nothing. The result is for use in memory.
 */
FFS_API void ffs_sb_from_old(struct fs *);
/* UFS1: the old fields from the new ones, before it is written. */
FFS_API void ffs_sb_to_old(struct fs *);
/*
 * Whether the file system can be worked with: sizes powers of two within bounds, shifts and masks and numbers that agree, groups
 * that have room for their parts, everything within 64-bit arithmetic. -EINVAL. nindir and optim are not looked at: ffs_nindir() counts.
 */
FFS_API int ffs_sb_check(const struct fs *);

FFS_API void ffs_csum_decode(const void *, struct csum *, bool swapped);
FFS_API void ffs_csum_encode(const struct csum *, void *, bool swapped);

/* Raw. buf has at least FFS_CG_HEADER bytes. */
FFS_API void ffs_cg_decode(const void *buf, struct cg *, bool swapped);
FFS_API void ffs_cg_encode(const struct cg *, void *buf, bool swapped);
/* Whether a group's header is that of group cgx, and its maps lie within fs_cgsize: then the accessors below are safe. -EINVAL. */
FFS_API int ffs_cg_check(const struct fs *, const struct cg *, uint32_t cgx);

/* Maps: inodes (1: used), fragments (1: free), clusters (1: whole block free), in the group's buffer. */
static inline uint8_t *
ffs_cg_inosused(const struct cg *cg, void *buf)
{
	return (uint8_t *)buf + cg->cg_iusedoff;
}

static inline uint8_t *
ffs_cg_blksfree(const struct cg *cg, void *buf)
{
	return (uint8_t *)buf + cg->cg_freeoff;
}

static inline uint8_t *
ffs_cg_clustersfree(const struct cg *cg, void *buf)
{
	return (uint8_t *)buf + cg->cg_clusteroff;
}

/* The counts of free clusters by length: 32-bit numbers [1 .. fs_contigsumsize]. */
static inline uint8_t *
ffs_cg_clustersum(const struct cg *cg, void *buf)
{
	return (uint8_t *)buf + cg->cg_clustersumoff;
}

static inline bool
ffs_isset(const uint8_t *map, uint32_t i)
{
	return (map[i >> 3] >> (i & 7)) & 1;
}

static inline void
ffs_setbit(uint8_t *map, uint32_t i)
{
	map[i >> 3] |= (uint8_t)(1u << (i & 7));
}

static inline void
ffs_clrbit(uint8_t *map, uint32_t i)
{
	map[i >> 3] &= (uint8_t) ~(1u << (i & 7));
}

/* Block h (of fs_frag fragments) of a fragment map: all bits set; none set; set all; clear all. */
FFS_API bool ffs_isblock(const struct fs *, const uint8_t *map, uint32_t h);
FFS_API bool ffs_isfreeblock(const struct fs *, const uint8_t *map, uint32_t h);
FFS_API void ffs_setblock(const struct fs *, uint8_t *map, uint32_t h);
FFS_API void ffs_clrblock(const struct fs *, uint8_t *map, uint32_t h);
/* The fragment bits of block h, bit 0 first. */
static inline uint32_t
ffs_blkmap(int32_t frag, const uint8_t *map, uint32_t h)
{
	uint32_t f = h * (uint32_t)frag;

	return (map[f >> 3] >> (f & 7)) & ((1u << frag) - 1);
}
/* Adds cnt to frsum[n] for each run of n free fragments in a block that is not wholly free. */
FFS_API void ffs_fragacct(
    const struct fs *, uint32_t blkmap, int32_t frsum[], int cnt);
/* Block h became free (cnt 1) or used (-1): the cluster map and the sums in the group's buffer. Nothing when there are none. */
FFS_API void ffs_cg_clusteracct(const struct fs *, const struct cg *, void *buf,
    uint32_t h, int cnt, bool swapped);

/* buf: DINODE1_SIZE or DINODE2_SIZE bytes. Needs fs_magic, fs_maxsymlinklen, fs_old_inodefmt. */
FFS_API void ffs_dinode_decode(
    const struct fs *, const void *buf, struct dinode *, bool swapped);
FFS_API void ffs_dinode_encode(
    const struct fs *, const struct dinode *, void *buf, bool swapped);

/* Directories of the old format (16-bit name length, no type)? */
static inline bool
ffs_olddirfmt(const struct fs *fs)
{
	return fs->fs_maxsymlinklen <= 0;
}
/*
 * The entry at byte `off` of a directory block of `len` bytes (UFS_DIRBLKSIZ, less at the end): -EINVAL unless the record is aligned, inside the block, and
 * has room for its name. d_fileno 0 is a free record. Names are not judged. Next one: off + d_reclen.
 */
FFS_API int ffs_dirent_get(const void *blk, size_t len, size_t off, bool oldfmt,
    bool swapped, struct direct *);
/* Writes header and name (NUL-padded to 4); d_reclen >= FFS_DIRSIZ(d_namlen) bytes are there. */
FFS_API void ffs_dirent_put(
    void *p, const struct direct *, bool oldfmt, bool swapped);

/* Is this the label of an Apple UFS volume: APPLEUFS_LABEL_SIZE bytes at APPLEUFS_LABEL_OFFSET? Its directories' blocks have APPLEUFS_DIRBLKSIZ bytes. */
FFS_API bool ffs_apple_label(const void *label);

/* --- places and sizes: macros of fs(5) as functions ---------------------------------------------------------------- */

static inline bool
ffs_isufs2(const struct fs *fs)
{
	return fs->fs_magic == FS_UFS2_MAGIC;
}

static inline uint32_t
ffs_dinode_size(const struct fs *fs)
{
	return (uint32_t)(ffs_isufs2(fs) ? DINODE2_SIZE : DINODE1_SIZE);
}

/* Bytes of a block pointer. */
static inline uint32_t
ffs_ptrsize(const struct fs *fs)
{
	return ffs_isufs2(fs) ? 8 : 4;
}

/* Pointers in an indirect block, whatever fs_nindir says. */
static inline uint32_t
ffs_nindir(const struct fs *fs)
{
	return (uint32_t)fs->fs_bsize / ffs_ptrsize(fs);
}

/* A cylinder group's first fragment; the start of its bookkeeping (staggered in old UFS1); its parts. */
static inline int64_t
cgbase(const struct fs *fs, uint32_t c)
{
	return (int64_t)fs->fs_fpg * c;
}

static inline int64_t
cgstart(const struct fs *fs, uint32_t c)
{
	if (ffs_isufs2(fs))
		return cgbase(fs, c);
	return cgbase(fs, c) +
	    (int64_t)fs->fs_old_cgoffset *
	    (int32_t)(c & ~(uint32_t)fs->fs_old_cgmask);
}

static inline int64_t
cgsblock(const struct fs *fs, uint32_t c)
{
	return cgstart(fs, c) + fs->fs_sblkno;
}

static inline int64_t
cgtod(const struct fs *fs, uint32_t c)
{
	return cgstart(fs, c) + fs->fs_cblkno;
}

static inline int64_t
cgimin(const struct fs *fs, uint32_t c)
{
	return cgstart(fs, c) + fs->fs_iblkno;
}

static inline int64_t
cgdmin(const struct fs *fs, uint32_t c)
{
	return cgstart(fs, c) + fs->fs_dblkno;
}

/* Fragments of group c: the last one may be short. */
static inline int64_t
ffs_cg_ndblk(const struct fs *fs, uint32_t c)
{
	int64_t left = fs->fs_size - cgbase(fs, c);

	return left < fs->fs_fpg ? left : fs->fs_fpg;
}

/* An inode's group; the fragment of the block it is in; its place in that block. ino < fs_ncg * fs_ipg. */
static inline uint32_t
ino_to_cg(const struct fs *fs, uint64_t ino)
{
	return (uint32_t)(ino / (uint32_t)fs->fs_ipg);
}

static inline int64_t
ino_to_fsba(const struct fs *fs, uint64_t ino)
{
	uint32_t inopb = (uint32_t)fs->fs_bsize / ffs_dinode_size(fs);

	return cgimin(fs, ino_to_cg(fs, ino)) +
	    (int64_t)(ino % (uint32_t)fs->fs_ipg / inopb) * fs->fs_frag;
}

static inline uint32_t
ino_to_fsbo(const struct fs *fs, uint64_t ino)
{
	return (uint32_t)(ino % (uint32_t)fs->fs_ipg) %
	    ((uint32_t)fs->fs_bsize / ffs_dinode_size(fs));
}

/* A fragment's group, and its number in it. */
static inline uint32_t
dtog(const struct fs *fs, int64_t d)
{
	return (uint32_t)(d / fs->fs_fpg);
}

static inline uint32_t
dtogd(const struct fs *fs, int64_t d)
{
	return (uint32_t)(d % fs->fs_fpg);
}

static inline int64_t
fragstoblks(const struct fs *fs, int64_t frags)
{
	return frags / fs->fs_frag;
}

static inline int64_t
blkstofrags(const struct fs *fs, int64_t blks)
{
	return blks * fs->fs_frag;
}

static inline int64_t
numfrags(const struct fs *fs, int64_t bytes)
{
	return bytes / fs->fs_fsize;
}

static inline int64_t
fragroundup(const struct fs *fs, int64_t bytes)
{
	return (bytes + fs->fs_fsize - 1) & ~((int64_t)fs->fs_fsize - 1);
}

static inline int64_t
blkroundup(const struct fs *fs, int64_t bytes)
{
	return (bytes + fs->fs_bsize - 1) & ~((int64_t)fs->fs_bsize - 1);
}

/* A file offset's logical block and the place in it. */
static inline int64_t
lblkno(const struct fs *fs, int64_t off)
{
	return off / fs->fs_bsize;
}

static inline uint32_t
blkoff(const struct fs *fs, int64_t off)
{
	return (uint32_t)(off & (fs->fs_bsize - 1));
}

static inline uint64_t
lblktosize(const struct fs *fs, int64_t lbn)
{
	return (uint64_t)lbn * (uint32_t)fs->fs_bsize;
}

/* A fragment's byte on the device. */
static inline uint64_t
fsbtobyte(const struct fs *fs, int64_t frag)
{
	return (uint64_t)frag * (uint32_t)fs->fs_fsize;
}

/* Bytes of disk that logical block lbn of a file of `size` bytes has. */
static inline uint32_t
dblksize(const struct fs *fs, uint64_t size, int64_t lbn)
{
	if (lbn >= UFS_NDADDR || size >= lblktosize(fs, lbn + 1))
		return (uint32_t)fs->fs_bsize;
	return (uint32_t)fragroundup(fs, blkoff(fs, (int64_t)size));
}

/* Fragments free for users without the reserve: negative when they are in it. */
static inline int64_t
freespace(const struct fs *fs, int64_t minfree_percent)
{
	return fs->fs_cstotal.cs_nbfree * fs->fs_frag +
	    fs->fs_cstotal.cs_nffree - fs->fs_dsize / 100 * minfree_percent -
	    fs->fs_dsize % 100 * minfree_percent / 100;
}

/* Is [frag, frag + n) inside the file system? */
static inline bool
ffs_frag_ok(const struct fs *fs, int64_t frag, int64_t n)
{
	return frag > 0 && n > 0 && n <= fs->fs_size && frag <= fs->fs_size - n;
}

static inline bool
ffs_ino_ok(const struct fs *fs, uint64_t ino)
{
	return ino >= (uint64_t)UFS_WINO &&
	    ino < (uint64_t)(uint32_t)fs->fs_ncg * (uint32_t)fs->fs_ipg;
}

#endif
