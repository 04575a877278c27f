/* SPDX-License-Identifier: BSD-2-Clause */
/* dumpfs -s and -a: superblocks. */
#include "dumpfs/dumpfs.h"
#include "tools.h"
#include <inttypes.h>

/* How far the format has come: dynamic position tables, types in directories and long links, clusters, newer fields, UFS2. */
static int
level(const struct fs *fs, bool updated)
{
	int max = fs->fs_maxcontig, sum = fs->fs_contigsumsize;

	if (ffs_isufs2(fs))
		return 5;
	if (fs->fs_old_postblformat == FS_42POSTBLFMT)
		return 0;
	if (fs->fs_old_inodefmt < FS_44INODEFMT)
		return 1;
	if ((max < 2 && sum != 0) ||
	    (max > 1 && sum < (max < FS_MAXCONTIG ? max : FS_MAXCONTIG)))
		return 2;
	return updated ? 4 : 3;
}

static void
print_flags(struct dumpfs *d, const struct fs *fs)
{
	static const struct {
		uint32_t bit;
		char name[24];
	} names[] = {
		{ FS_UNCLEAN, "unclean" },
		{ FS_DOSOFTDEP, "soft-updates" },
		{ FS_NEEDSFSCK, "needs fsck run" },
		{ FS_SUJ, "journaled soft-updates" },
		{ FS_ACLS, "acls" },
		{ FS_MULTILABEL, "multilabel" },
		{ FS_GJOURNAL, "gjournal" },
		{ FS_FLAGS_UPDATED, "fs_flags expanded" },
		{ FS_DOWAPBL, "wapbl" },
		{ FS_DOQUOTA2, "quotas" },
		{ FS_TRIM, "trim" },
	};
	uint32_t left = fs->fs_flags;
	size_t i;

	t_printf(d->t, "flags\t");
	if (left == 0)
		t_printf(d->t, "none");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((left & names[i].bit) != 0) {
			t_printf(d->t, "%s ", names[i].name);
			left &= ~names[i].bit;
		}
	if (left != 0)
		t_printf(d->t, "unknown flags (0x%" PRIx32 ")", left);
	t_putc(d->t, '\n');
}

static void
print_head(
    struct dumpfs *d, const struct fs *fs, bool updated, bool big, int64_t loc)
{
	struct tool *t = d->t;
	char when[32];

	t_printf(t, "format\tFFSv%d\n", ffs_isufs2(fs) ? 2 : 1);
	t_printf(t, "endian\t%s-endian\n", big ? "big" : "little");
	if (loc != SBLOCK_UFS1)
		t_printf(t, "location %" PRId64 "\t(-b %" PRId64 ")\n", loc,
		    loc / 512);
	t_printf(t, "magic\t%-8" PRIx32 "\ttime\t%s", (uint32_t)fs->fs_magic,
	    t_ctime(t, fs->fs_time, when));
	t_printf(t,
	    "superblock location\t%" PRId64 "\tid\t[ %" PRIx32 " %" PRIx32
	    " ]\n",
	    fs->fs_sblockloc, (uint32_t)fs->fs_id[0], (uint32_t)fs->fs_id[1]);
	t_printf(t, "cylgrp\t%s\tinodes\t%s\tsblock\tFFSv%d\tfslevel %d\n",
	    !ffs_isufs2(fs) && fs->fs_old_postblformat == FS_42POSTBLFMT ?
		"static" :
		"dynamic",
	    ffs_isufs2(fs)			    ? "FFSv2" :
		fs->fs_old_inodefmt < FS_44INODEFMT ? "4.2/4.3BSD" :
						      "4.4BSD",
	    updated ? 2 : 1, level(fs, updated));
	t_printf(t,
	    "nbfree\t%" PRId64 "\tndir\t%" PRId64 "\tnifree\t%" PRId64
	    "\tnffree\t%" PRId64 "\n",
	    fs->fs_cstotal.cs_nbfree, fs->fs_cstotal.cs_ndir,
	    fs->fs_cstotal.cs_nifree, fs->fs_cstotal.cs_nffree);
}

static void
print_sizes(
    struct dumpfs *d, const struct fs *raw, const struct fs *fs, bool updated)
{
	struct tool *t = d->t;

	t_printf(t, "ncg\t%" PRId32, fs->fs_ncg);
	if (!updated)
		t_printf(t, "\tncyl\t%" PRId32, fs->fs_old_ncyl);
	t_printf(t, "\tsize\t%" PRId64 "\tblocks\t%" PRId64 "\n", fs->fs_size,
	    fs->fs_dsize);
	t_printf(t,
	    "bsize\t%" PRId32 "\tshift\t%" PRId32 "\tmask\t0x%08" PRIx32 "\n",
	    fs->fs_bsize, fs->fs_bshift, (uint32_t)fs->fs_bmask);
	t_printf(t,
	    "fsize\t%" PRId32 "\tshift\t%" PRId32 "\tmask\t0x%08" PRIx32 "\n",
	    fs->fs_fsize, fs->fs_fshift, (uint32_t)fs->fs_fmask);
	t_printf(t,
	    "frag\t%" PRId32 "\tshift\t%" PRId32 "\tfsbtodb\t%" PRId32 "\n",
	    fs->fs_frag, fs->fs_fragshift, fs->fs_fsbtodb);
	if (!updated)
		t_printf(t, "cpg\t%" PRId32 "\t", fs->fs_old_cpg);
	t_printf(t, "bpg\t%" PRId32 "\tfpg\t%" PRId32 "\tipg\t%" PRId32 "\n",
	    fs->fs_frag > 0 ? fs->fs_fpg / fs->fs_frag : 0, fs->fs_fpg,
	    fs->fs_ipg);
	t_printf(t,
	    "minfree\t%" PRId32 "%%\toptim\t%s\tmaxcontig %" PRId32
	    "\tmaxbpg\t%" PRId32 "\n",
	    fs->fs_minfree, fs->fs_optim == FS_OPTSPACE ? "space" : "time",
	    fs->fs_maxcontig, fs->fs_maxbpg);
	if (updated)
		t_printf(t,
		    "symlinklen %" PRId32 "\tcontigsumsize %" PRId32 "\n",
		    fs->fs_maxsymlinklen, fs->fs_contigsumsize);
	else {
		/* The places of two times of the drive are the file system's id now. */
		t_printf(t,
		    "rotdelay %" PRId32 "ms\theadswitch %" PRId32
		    "us\ttrackseek %" PRId32 "us\trps\t%" PRId32 "\n",
		    fs->fs_old_rotdelay, fs->fs_id[0], fs->fs_id[1],
		    fs->fs_old_rps);
		t_printf(t,
		    "ntrak\t%" PRId32 "\tnsect\t%" PRId32 "\tnpsect\t%" PRId32
		    "\tspc\t%" PRId32 "\n",
		    fs->fs_spare2, fs->fs_old_nsect, fs->fs_old_npsect,
		    fs->fs_old_spc);
		t_printf(t,
		    "symlinklen %" PRId32 "\ttrackskew %" PRId32
		    "\tinterleave %" PRId32 "\tcontigsumsize %" PRId32 "\n",
		    fs->fs_maxsymlinklen, fs->fs_old_trackskew,
		    fs->fs_old_interleave, fs->fs_contigsumsize);
	}
	t_printf(t, "maxfilesize 0x%016" PRIx64 "\n", raw->fs_maxfilesize);
}

static void
print_places(
    struct dumpfs *d, const struct fs *raw, const struct fs *fs, bool updated)
{
	struct tool *t = d->t;

	t_printf(t, "nindir\t%" PRId32 "\tinopb\t%" PRId32, fs->fs_nindir,
	    fs->fs_inopb);
	if (!updated)
		t_printf(t, "\tnspf\t%" PRId32, fs->fs_old_nspf);
	t_printf(t, "\navgfilesize %" PRId32 "\tavgfpdir %" PRId32 "\n",
	    raw->fs_avgfilesize, raw->fs_avgfpdir);
	t_printf(t,
	    "sblkno\t%" PRId32 "\tcblkno\t%" PRId32 "\tiblkno\t%" PRId32
	    "\tdblkno\t%" PRId32 "\n",
	    fs->fs_sblkno, fs->fs_cblkno, fs->fs_iblkno, fs->fs_dblkno);
	t_printf(t, "sbsize\t%" PRId32 "\tcgsize\t%" PRId32, fs->fs_sbsize,
	    fs->fs_cgsize);
	if (!updated)
		t_printf(t, "\toffset\t%" PRId32 "\tmask\t0x%08" PRIx32,
		    fs->fs_old_cgoffset, (uint32_t)fs->fs_old_cgmask);
	t_printf(t, "\ncsaddr\t%" PRId64 "\tcssize\t%" PRId32, fs->fs_csaddr,
	    fs->fs_cssize);
	if (!updated)
		t_printf(t, "\tshift\t%" PRId32 "\tmask\t0x%08" PRIx32,
		    fs->fs_spare1[1], (uint32_t)fs->fs_spare1[0]);
	t_printf(t,
	    "\ncgrotor\t%" PRId32 "\tfmod\t%d\tronly\t%d\tclean\t0x"
	    "%02x\n",
	    fs->fs_cgrotor, fs->fs_fmod, fs->fs_ronly, fs->fs_clean);
}

void
dumpfs_super(struct dumpfs *d, const struct fs *raw, const struct fs *fs,
    bool swapped, int64_t loc)
{
	bool updated = ffs_isufs2(fs) ||
	    (fs->fs_old_flags & FS_FLAGS_UPDATED) != 0;
	const uint16_t one = 1;
	struct tool *t = d->t;
	const uint64_t *at = raw->fs_journallocs;

	print_head(
	    d, fs, updated, swapped != (*(const uint8_t *)&one == 0), loc);
	print_sizes(d, raw, fs, updated);
	print_places(d, raw, fs, updated);
	t_printf(t, "wapbl version 0x%x\tlocation %u\tflags 0x%" PRIx32 "\n",
	    raw->fs_journal_version, raw->fs_journal_location,
	    raw->fs_journal_flags);
	t_printf(t,
	    "wapbl loc0 %" PRIu64 "\tloc1 %" PRIu64 "\tloc2 %" PRIu64
	    "\tloc3 %" PRIu64 "\n",
	    at[0], at[1], at[2], at[3]);
	print_flags(d, fs);
	t_printf(t, "fsmnt\t%.*s\n", (int)sizeof(fs->fs_fsmnt),
	    (const char *)fs->fs_fsmnt);
	if (updated)
		t_printf(t, "volname\t%.*s\tswuid\t%" PRIu64 "\n",
		    (int)sizeof(fs->fs_volname), (const char *)fs->fs_volname,
		    fs->fs_swuid);
	else
		t_printf(t, "(no rotational position table)\n\n");
}

void
dumpfs_alternates(struct dumpfs *d)
{
	struct fs *raw = t_malloc(d->t, sizeof(*raw)),
		  *fs = t_malloc(d->t, sizeof(*fs));
	int32_t c;

	for (c = 0; c < d->fs.fs_ncg; c++) {
		int64_t loc = cgsblock(&d->fs, (uint32_t)c) * d->fs.fs_fsize;
		bool swapped;

		t_printf(d->t, "\nalternate %" PRId32 "\n", c);
		if (!dumpfs_read(d, d->block, SBLOCKSIZE, loc)) {
			dumpfs_bad(d, "alternate %" PRId32 " cannot be read", c);
			continue;
		}
		if (ffs_sb_decode(d->block, SBLOCKSIZE, raw, &swapped) != 0) {
			dumpfs_bad(
			    d, "alternate %" PRId32 " is no superblock", c);
			continue;
		}
		*fs = *raw;
		ffs_sb_from_old(fs);
		dumpfs_super(d, raw, fs, swapped, loc);
	}
	t_free(d->t, raw);
	t_free(d->t, fs);
}
