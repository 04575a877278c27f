/* SPDX-License-Identifier: BSD-2-Clause */
/* fsck_ffs's device and superblock: opened, found, checked, written back. */
#include "fsck_ffs/fsck_ffs.h"
#include <inttypes.h>
#include <netbsd/disk.h>
#include <netbsd/disklabel.h>
#include <netbsd/ioctl.h>
#include <string.h>

static void
badsb(struct fsck *f, const char *why)
{
	if (f->preen)
		t_printf(f->t, "%s: ", f->dev);
	pfatal(f, "BAD SUPER BLOCK: %s\n", why);
}

static bool
get_label(struct fsck *f, struct disklabel *label)
{
	int error;

	if (f->file)
		return false;
	error = sys_ioctl(f->t, f->fd, DIOCGDINFO, label);
	if (error == 0)
		return true;
	t_warn(f->t, error, "DIOCGDINFO on %s failed", f->dev);
	f->nolabel = true;
	return false;
}

static void
measure(struct fsck *f)
{
	struct dkwedge_info wedge;
	struct disklabel label;
	struct stat st;
	uint64_t bytes;
	uint32_t size;

	f->sector = 512;
	f->device_bytes = 0;
	memset(&label, 0, sizeof(label));
	if (sys_ioctl(f->t, f->fd, DIOCGWEDGEINFO, &wedge) == 0) {
		if (sys_ioctl(f->t, f->fd, DIOCGSECTORSIZE, &size) == 0)
			label.d_secsize = size;
	} else
		(void)get_label(f, &label);
	if (label.d_secsize >= 512 && label.d_secsize <= SBLOCKSIZE &&
	    (label.d_secsize & (label.d_secsize - 1)) == 0)
		f->sector = label.d_secsize;
	if (sys_ioctl(f->t, f->fd, DIOCGMEDIASIZE, &bytes) == 0 &&
	    bytes <= INT64_MAX)
		f->device_bytes = (int64_t)bytes;
	else if (sys_fstat(f->t, f->fd, &st) == 0 &&
	    (st.st_mode & S_IFMT) == S_IFREG)
		f->device_bytes = st.st_size;
}

/* --- the superblock ----------------------------------------------------------------------------------------------- */

/* Numbers that follow from others, as they should be: what is wrong with them is told later. */
static bool
sound(const struct fs *disk, struct fs *out)
{
	struct fs fs = *disk, check;
	int32_t shift;

	if (fs.fs_bsize < MINBSIZE || fs.fs_bsize > FFS_MAXBSIZE ||
	    (fs.fs_bsize & (fs.fs_bsize - 1)) != 0 ||
	    fs.fs_fsize < FFS_MINFSIZE || fs.fs_fsize > fs.fs_bsize ||
	    (fs.fs_fsize & (fs.fs_fsize - 1)) != 0)
		return false;
	fs.fs_bmask = ~(fs.fs_bsize - 1);
	fs.fs_fmask = ~(fs.fs_fsize - 1);
	fs.fs_qbmask = fs.fs_bsize - 1;
	fs.fs_qfmask = fs.fs_fsize - 1;
	for (shift = 0; 1 << shift < fs.fs_bsize; shift++)
		continue;
	fs.fs_bshift = shift;
	for (shift = 0; 1 << shift < fs.fs_fsize; shift++)
		continue;
	fs.fs_fshift = shift;
	fs.fs_frag = fs.fs_bsize / fs.fs_fsize;
	fs.fs_fragshift = fs.fs_bshift - fs.fs_fshift;
	fs.fs_inopb = fs.fs_bsize / (int32_t)ffs_dinode_size(&fs);
	if (fs.fs_minfree < 0 || fs.fs_minfree > 99)
		fs.fs_minfree = MINFREE;
	check = fs;
	/* A last group may be as short as it likes. */
	if (fs.fs_ncg == 1 && fs.fs_fpg > 0)
		check.fs_fpg = (fs.fs_fpg + fs.fs_frag - 1) / fs.fs_frag *
		    fs.fs_frag;
	if (ffs_sb_check(&check) != 0)
		return false;
	*out = fs;
	return true;
}

/* Are all parts of the groups inside, and is there room for what memory will be had for? */
static bool
groups_fit(const struct fsck *f)
{
	const struct fs *fs = &f->fs;
	int64_t itable = (int64_t)(fs->fs_ipg / fs->fs_inopb) * fs->fs_frag,
		maps;
	uint32_t c;

	/* An alternate stands between the superblock and the group's header. */
	if ((int64_t)(fs->fs_cblkno - fs->fs_sblkno) * fs->fs_fsize <
		FS_DISK_SIZE ||
	    (f->alternate == 0 &&
		(int64_t)fsbtobyte(fs, fs->fs_sblkno) < f->sbloc + FS_DISK_SIZE))
		return false;
	/* The summary is among the data of a group. */
	c = fs->fs_ncg > 1 ? dtog(fs, fs->fs_csaddr) : 0;
	if (fs->fs_csaddr < cgdmin(fs, c) ||
	    (fs->fs_ncg > 1 &&
		fs->fs_csaddr + numfrags(fs, fragroundup(fs, fs->fs_cssize)) >
		    cgbase(fs, c) + fs->fs_fpg))
		return false;
	/* A group's maps are behind its header. */
	maps = FFS_CG_HEADER + (ffs_isufs2(fs) ? 0 : 6) +
	    ((int64_t)fs->fs_ipg + 7) / 8 + ((int64_t)fs->fs_fpg + 7) / 8;
	if (fs->fs_contigsumsize > 0)
		maps = (maps + 3) / 4 * 4 + (int64_t)fs->fs_contigsumsize * 4 +
		    (fs->fs_fpg / fs->fs_frag + 7) / 8;
	if (maps > fs->fs_cgsize)
		return false;
	/* The map of fragments must be had in one piece. */
	if ((uint64_t)fs->fs_size / 8 > SIZE_MAX / 4)
		return false;
	if (itable > fs->fs_size || fs->fs_iblkno + itable > fs->fs_dblkno ||
	    itable * fs->fs_ncg > fs->fs_size + itable)
		return false;
	for (c = 0; c < (uint32_t)fs->fs_ncg; c++)
		if (cgstart(fs, c) < 0 ||
		    cgsblock(fs, c) > fs->fs_size - fs->fs_frag ||
		    cgtod(fs, c) + numfrags(fs, fragroundup(fs, fs->fs_cgsize)) >
			fs->fs_size ||
		    cgimin(fs, c) + itable > fs->fs_size)
			return false;
	return true;
}

/* The bytes at `loc`: 1 a superblock, 0 none, -1 not to be read. */
static int
try_super(struct fsck *f, int64_t loc)
{
	if (!fsck_read(f, f->sbraw, SBLOCKSIZE, loc))
		return -1;
	if (ffs_sb_decode(f->sbraw, SBLOCKSIZE, &f->raw, &f->swapped) != 0)
		return 0;
	f->sbloc = loc;
	return 1;
}

/* An alternate that happens to stand where one is looked for is none. */
static bool
is_standard(const struct fs *fs, int64_t loc)
{
	if (ffs_isufs2(fs) || (fs->fs_old_flags & FS_FLAGS_UPDATED) != 0)
		return fs->fs_sblockloc == loc;
	return loc != SBLOCK_UFS2;
}

static bool
find_super(struct fsck *f)
{
	int i, r;

	if (f->alternate != 0) {
		r = f->alternate > INT64_MAX / f->sector ?
		    -1 :
		    try_super(f, f->alternate * f->sector);
		if (r == 0)
			badsb(f, "MAGIC NUMBER WRONG");
		return r > 0;
	}
	for (i = 0; ffs_sblocksearch[i] >= 0; i++)
		if (try_super(f, ffs_sblocksearch[i]) > 0 &&
		    is_standard(&f->raw, ffs_sblocksearch[i]))
			return true;
	badsb(f, "CAN'T FIND SUPERBLOCK");
	return false;
}

/* Whether the last group's superblock agrees in the parts that never change. */
static void
compare_alternate(struct fsck *f)
{
	uint8_t *block = t_malloc(f->t, SBLOCKSIZE);
	struct fs a, *r = &f->raw;
	bool swapped;
	uint32_t c = (uint32_t)f->fs.fs_ncg - 1;

	if (!fsck_read(f, block, SBLOCKSIZE,
		(int64_t)fsbtobyte(&f->fs, cgsblock(&f->fs, c))) ||
	    ffs_sb_decode(block, SBLOCKSIZE, &a, &swapped) != 0 ||
	    swapped != f->swapped) {
		t_free(f->t, block);
		badsb(f,
		    "VALUES IN SUPER BLOCK DISAGREE WITH THOSE IN FIRST "
		    "ALTERNATE");
		f->alt_wrong = true;
		return;
	}
	t_free(f->t, block);
	f->alt_wrong = a.fs_sblkno != r->fs_sblkno ||
	    a.fs_cblkno != r->fs_cblkno || a.fs_iblkno != r->fs_iblkno ||
	    a.fs_dblkno != r->fs_dblkno || a.fs_ncg != r->fs_ncg ||
	    a.fs_bsize != r->fs_bsize || a.fs_fsize != r->fs_fsize ||
	    a.fs_frag != r->fs_frag || a.fs_nindir != r->fs_nindir ||
	    a.fs_inopb != r->fs_inopb || a.fs_ipg != r->fs_ipg ||
	    a.fs_fpg != r->fs_fpg || a.fs_cgsize != r->fs_cgsize ||
	    a.fs_cssize != r->fs_cssize || a.fs_magic != r->fs_magic;
	if (f->alt_wrong || a.fs_bmask != r->fs_bmask ||
	    a.fs_fmask != r->fs_fmask || a.fs_bshift != r->fs_bshift ||
	    a.fs_fshift != r->fs_fshift || a.fs_fsbtodb != r->fs_fsbtodb)
		badsb(f,
		    "VALUES IN SUPER BLOCK DISAGREE WITH THOSE IN FIRST "
		    "ALTERNATE");
}

static void
say_order(struct fsck *f)
{
	if (f->swapped)
		pwarn(f, "** Swapped byte order\n");
}

static bool
read_super(struct fsck *f)
{
	struct fs fs;

	if (!find_super(f))
		return false;
	if (f->raw.fs_sbsize > SBLOCKSIZE) {
		say_order(f);
		badsb(f, "SIZE PREPOSTEROUSLY LARGE");
		return false;
	}
	fs = f->raw;
	ffs_sb_from_old(&fs);
	f->old = fs.fs_magic == FS_UFS1_MAGIC &&
	    (fs.fs_old_flags & FS_FLAGS_UPDATED) == 0;
	if (!sound(&fs, &f->fs) || !groups_fit(f)) {
		say_order(f);
		badsb(f, "VALUES IN SUPER BLOCK ARE IMPOSSIBLE");
		return false;
	}
	if (f->device_bytes > 0 &&
	    f->fs.fs_size > f->device_bytes / f->fs.fs_fsize) {
		say_order(f);
		badsb(f, "FILE SYSTEM IS LARGER THAN ITS DEVICE");
		return false;
	}
	return true;
}

/* Apple's file systems have longer directory blocks; a label tells them. */
static void
find_apple(struct fsck *f)
{
	uint8_t label[APPLEUFS_LABEL_SIZE];

	f->dirblksiz = UFS_DIRBLKSIZ;
	/* -a takes it for one that has lost its label. */
	if (!f->apple)
		f->apple = fsck_read(f, label, sizeof(label),
			       APPLEUFS_LABEL_OFFSET) &&
		    ffs_apple_label(label);
	if (f->apple)
		f->dirblksiz = APPLEUFS_DIRBLKSIZ;
}

/* The superblock's block, with what changed in it. */
void
fsck_write_super(struct fsck *f)
{
	struct fs fs = f->fs;

	if (f->old) {
		/* What a newer system keeps in it stays as it was. */
		fs = f->raw;
		fs.fs_bmask = f->fs.fs_bmask;
		fs.fs_fmask = f->fs.fs_fmask;
		fs.fs_bshift = f->fs.fs_bshift;
		fs.fs_fshift = f->fs.fs_fshift;
		fs.fs_frag = f->fs.fs_frag;
		fs.fs_fragshift = f->fs.fs_fragshift;
		fs.fs_inopb = f->fs.fs_inopb;
		fs.fs_clean = f->fs.fs_clean;
		fs.fs_fmod = f->fs.fs_fmod;
		fs.fs_ronly = f->fs.fs_ronly;
		fs.fs_optim = f->fs.fs_optim;
		fs.fs_minfree = f->fs.fs_minfree;
		fs.fs_maxsymlinklen = f->fs.fs_maxsymlinklen;
		fs.fs_old_inodefmt = f->fs.fs_old_inodefmt;
		fs.fs_old_time = (int32_t)f->fs.fs_time;
		fs.fs_old_cstotal.cs_ndir = (int32_t)f->fs.fs_cstotal.cs_ndir;
		fs.fs_old_cstotal.cs_nbfree = (int32_t)f->fs.fs_cstotal.cs_nbfree;
		fs.fs_old_cstotal.cs_nifree = (int32_t)f->fs.fs_cstotal.cs_nifree;
		fs.fs_old_cstotal.cs_nffree = (int32_t)f->fs.fs_cstotal.cs_nffree;
	} else
		ffs_sb_to_old(&fs);
	ffs_sb_encode(&fs, f->sbraw, SBLOCKSIZE, f->swapped);
	fsck_write(f, f->sbraw, SBLOCKSIZE, f->sbloc);
	f->sbdirty = false;
}

void
fsck_write_alternates(struct fsck *f)
{
	uint8_t *block = t_malloc(f->t, SBLOCKSIZE);
	struct fs fs = f->old ? f->raw : f->fs;
	/* No more than up to the group's header. */
	int64_t room = (int64_t)(fs.fs_cblkno - fs.fs_sblkno) * f->fs.fs_fsize;
	uint32_t c;

	if (room > SBLOCKSIZE)
		room = SBLOCKSIZE;
	if (room < FS_DISK_SIZE) {
		t_free(f->t, block);
		return;
	}
	if (!f->old)
		ffs_sb_to_old(&fs);
	memcpy(block, f->sbraw, SBLOCKSIZE);
	ffs_sb_encode(&fs, block, SBLOCKSIZE, f->swapped);
	for (c = 0; c < (uint32_t)f->fs.fs_ncg; c++)
		fsck_write(f, block, (size_t)room,
		    (int64_t)fsbtobyte(&f->fs, cgsblock(&f->fs, c)));
	t_free(f->t, block);
}

/* --- single numbers ----------------------------------------------------------------------------------------------- */

static bool
ask_number(struct fsck *f, const char *question)
{
	if (f->preen) {
		t_printf(f->t, " (FIXED)\n");
		f->sbdirty = true;
		return true;
	}
	if (!reply(f, question))
		return false;
	f->sbdirty = true;
	return true;
}

static uint64_t
largest_file(const struct fs *fs, int32_t nindir)
{
	uint64_t n = (uint32_t)nindir, size = (uint32_t)fs->fs_bsize, sum;
	int i;

	sum = size * UFS_NDADDR - 1;
	for (i = 0; i < UFS_NIADDR; i++)
		sum += size *= n;
	return sum;
}

void
fsck_check_super(struct fsck *f)
{
	struct fs *fs = &f->fs;
	const struct fs *raw = &f->raw;
	bool newfmt = ffs_isufs2(fs) || fs->fs_old_inodefmt >= FS_44INODEFMT;
	int32_t symlink = (int32_t)(ffs_isufs2(fs) ? UFS2_MAXSYMLINKLEN :
						     UFS1_MAXSYMLINKLEN);

	if (fs->fs_optim != FS_OPTTIME && fs->fs_optim != FS_OPTSPACE) {
		pwarn(f, "UNDEFINED OPTIMIZATION IN SUPERBLOCK");
		if (ask_number(f, "SET TO DEFAULT"))
			fs->fs_optim = FS_OPTTIME;
	}
	if (raw->fs_minfree < 0 || raw->fs_minfree > 99) {
		pwarn(f, "IMPOSSIBLE MINFREE=%" PRId32 " IN SUPERBLOCK",
		    raw->fs_minfree);
		(void)ask_number(f, "SET TO DEFAULT");
	}
	if (newfmt && raw->fs_maxfilesize != largest_file(fs, raw->fs_nindir) &&
	    raw->fs_maxfilesize != 0) {
		pwarn(f, "INCORRECT MAXFILESIZE=%" PRIu64 " IN SUPERBLOCK",
		    raw->fs_maxfilesize);
		if (ask_number(f, "FIX"))
			fs->fs_nindir = (int32_t)ffs_nindir(fs);
	}
	if (newfmt)
		fs->fs_maxfilesize = largest_file(fs, (int32_t)ffs_nindir(fs));
	if (newfmt && raw->fs_maxsymlinklen != symlink) {
		pwarn(f, "INCORRECT MAXSYMLINKLEN=%" PRId32 " IN SUPERBLOCK",
		    raw->fs_maxsymlinklen);
		if (ask_number(f, "FIX"))
			fs->fs_maxsymlinklen = symlink;
	}
	if (raw->fs_bmask != fs->fs_bmask) {
		pwarn(f, "INCORRECT BMASK=0x%" PRIx32 " IN SUPERBLOCK",
		    (uint32_t)raw->fs_bmask);
		(void)ask_number(f, "FIX");
	}
	if (raw->fs_fmask != fs->fs_fmask) {
		pwarn(f, "INCORRECT FMASK=0x%" PRIx32 " IN SUPERBLOCK",
		    (uint32_t)raw->fs_fmask);
		(void)ask_number(f, "FIX");
	}
}

/* --- the summary area --------------------------------------------------------------------------------------------- */

void
csum_get(struct fsck *f, uint32_t c, struct csum *cs)
{
	ffs_csum_decode(f->csum + (size_t)c * FFS_CSUM_SIZE, cs, f->swapped);
}

void
csum_put(struct fsck *f, uint32_t c, const struct csum *cs)
{
	ffs_csum_encode(cs, f->csum + (size_t)c * FFS_CSUM_SIZE, f->swapped);
	f->csum_dirty = true;
}

static void
read_csum(struct fsck *f)
{
	size_t size = (size_t)fragroundup(&f->fs, f->fs.fs_cssize), at, n;

	f->csum = t_calloc(f->t, 1, size);
	for (at = 0; at < size; at += n) {
		n = size - at < 65536 ? size - at : 65536;
		fsck_read(f, f->csum + at, n,
		    (int64_t)(fsbtobyte(&f->fs, f->fs.fs_csaddr) + at));
	}
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

/* A mount point in fstab or a block device becomes its raw device. */
static const char *
resolve(struct fsck *f, const char *name, struct stat *st)
{
	const char *slash, *raw;
	struct tool *t = f->t;
	struct tfstab *tab;
	int i, n;

	if (f->file || sys_stat(t, name, st) != 0)
		return name;
	if ((st->st_mode & S_IFMT) == S_IFDIR ||
	    (st->st_mode & S_IFMT) == S_IFREG) {
		n = t_getfstab(t, false, &tab);
		for (i = 0; i < n; i++)
			if (strcmp(tab[i].fs_file, name) == 0) {
				name = tab[i].fs_spec;
				break;
			}
		if (sys_stat(t, name, st) != 0)
			return name;
	}
	if ((st->st_mode & S_IFMT) != S_IFBLK)
		return name;
	slash = strrchr(name, '/');
	slash = slash != NULL ? slash + 1 : name;
	raw = t_asprintf(t, "%.*sr%s", (int)(slash - name), name, slash);
	return sys_stat(t, raw, st) == 0 && (st->st_mode & S_IFMT) == S_IFCHR ?
	    raw :
	    name;
}

static bool
open_device(struct fsck *f)
{
	struct tool *t = f->t;
	struct stat st;
	int error;

	error = sys_stat(t, f->path, &st);
	if (error != 0) {
		t_printf(t, "Can't stat `%s' (%s)", f->dev, t_strerror(error));
		t_printf(t, "Can't stat %s: %s\n", f->dev, t_strerror(error));
		if (f->preen)
			pfatal(f, "CAN'T CHECK FILE SYSTEM.");
		return false;
	}
	if ((st.st_mode & S_IFMT) != S_IFCHR && !f->file) {
		pfatal(f, "%s is not a character device", f->dev);
		if (!reply(f, "CONTINUE"))
			return false;
	}
	f->fd = sys_open(t, f->path, O_RDONLY, 0);
	if (f->fd < 0) {
		t_printf(t, "Can't open %s: %s\n", f->dev, t_strerror(f->fd));
		return false;
	}
	f->writable = false;
	if (!f->no) {
		int fd = sys_open(t, f->path, O_RDWR, 0);

		if (fd >= 0) {
			sys_close(t, f->fd);
			f->fd = fd;
			f->writable = true;
		}
	}
	if (f->quiet)
		return true;
	if (!f->preen)
		t_printf(
		    t, "** %s%s\n", f->dev, f->writable ? "" : " (NO WRITE)");
	return true;
}

/* False: nothing to do. */
static bool
wants_check(struct fsck *f)
{
	bool clean = (f->fs.fs_clean & FS_ISCLEAN) != 0;

	if (f->debug && !f->preen)
		t_printf(f->t, "clean = %d\n", f->fs.fs_clean);
	if (clean && !f->force && f->alternate == 0 && f->level == 0 &&
	    !f->markclean) {
		if (!f->quiet)
			pwarn(f, "%sile system is clean; not checking\n",
			    f->preen ? "f" : "** F");
		return false;
	}
	if (!clean && f->preen && !f->force && !f->old &&
	    (f->fs.fs_flags & FS_DOWAPBL) != 0) {
		pwarn(f, "file system is journaled; not checking\n");
		return false;
	}
	return true;
}

static void
start_maps(struct fsck *f)
{
	size_t ncg = (size_t)(uint32_t)f->fs.fs_ncg;

	f->blkmap = t_calloc(f->t, 1, (size_t)(f->fs.fs_size + 15) / 8);
	f->info = t_calloc(f->t, ncg, sizeof(*f->info));
	f->ninfo = t_calloc(f->t, ncg, sizeof(*f->ninfo));
	read_csum(f);
}

int
fsck_setup(struct fsck *f, const char *name, const char *path)
{
	struct stat st;
	bool clean;

	f->path = resolve(f, path, &st);
	/* An image of the host's is known by the name that it was given with. */
	f->dev = name == path ? f->path : name;
	if (!open_device(f))
		return -1;
	f->sbraw = t_calloc(f->t, 1, SBLOCKSIZE);
	cache_init(f);
	measure(f);
	if (!read_super(f)) {
		struct disklabel label;

		if (f->alternate != 0)
			return -1;
		if (f->nolabel)
			get_label(f, &label);
		t_printf(f->t, "%s: CANNOT FIGURE OUT FILE SYSTEM PARTITION\n",
		    f->dev);
		if (f->nolabel)
			t_printf(f->t,
			    "%s: CANNOT FIGURE OUT FILE SYSTEM "
			    "PARTITION\n",
			    f->dev);
		return -1;
	}
	find_apple(f);
	if (fsck_byteorder(f))
		f->fs.fs_clean = 0;
	say_order(f);
	if (f->alternate == 0)
		compare_alternate(f);
	fsck_journal(f);
	clean = (f->fs.fs_clean & FS_ISCLEAN) != 0;
	if (!wants_check(f))
		return 0;
	/* As NetBSD's has it, word for word. */
	if (f->quiet && !f->preen)
		t_printf(f->t, "** %s (vmsg)\n", f->dev);
	if (clean && !f->preen)
		pwarn(f, "** File system is already clean\n");
	fsck_check_super(f);
	if (f->debug && !f->preen)
		t_printf(f->t, "isappleufs = %d, dirblksiz = %" PRIu32 "\n",
		    f->apple, f->dirblksiz);
	fsck_levels(f);
	start_maps(f);
	f->unresolved = false;
	return 1;
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

int64_t
fsck_standard_place(const struct fs *fs)
{
	int i;

	for (i = 0; ffs_sblocksearch[i] >= 0; i++)
		if (ffs_sblocksearch[i] == fs->fs_sblockloc)
			return fs->fs_sblockloc;
	return ffs_isufs2(fs) ? SBLOCK_UFS2 : SBLOCK_UFS1;
}

void
fsck_finish(struct fsck *f)
{
	bool clean = !f->unresolved && !f->rerun;

	cache_flush(f);
	if (!f->writable)
		return;
	if (f->csum_dirty)
		fsck_write(f, f->csum,
		    (size_t)fragroundup(&f->fs, f->fs.fs_cssize),
		    (int64_t)fsbtobyte(&f->fs, f->fs.fs_csaddr));
	if (f->sbloc != fsck_standard_place(&f->fs) &&
	    (f->preen || reply(f, "UPDATE STANDARD SUPERBLOCK"))) {
		f->sbloc = fsck_standard_place(&f->fs);
		f->fs.fs_sblockloc = f->sbloc;
		f->sbdirty = true;
	}
	if (clean && (f->fs.fs_clean & FS_ISCLEAN) == 0) {
		if (f->preen)
			pwarn(f, "MARKING FILE SYSTEM CLEAN\n");
		f->fs.fs_clean = FS_ISCLEAN;
		f->sbdirty = true;
	}
	if (f->sbdirty || f->modified)
		fsck_write_super(f);
	(void)sys_fsync(f->t, f->fd);
}

void
fsck_unfinish(struct fsck *f)
{
	if (!f->writable)
		return;
	f->fs.fs_clean = 0;
	fsck_write_super(f);
	(void)sys_fsync(f->t, f->fd);
}
