/* SPDX-License-Identifier: BSD-2-Clause */
/* newfs, dumpfs and fsck's front end over host files: what they print, and that what newfs writes is consistent. */
#include "lib/check.h"
#include "lib/fake_sys.h"
#include "tools.h"
#include "host/host.h"
#include <netbsd/ffs.h>
#include <rumprun/ffs_format.h>

#define MB ((int64_t)1 << 20)

/* --- a disk -------------------------------------------------------------------------------------------------------------- */

static struct fake_node *
disk(struct fake_sys *f, int64_t size)
{
	struct fake_node *raw;

	fake_init(f);
	raw = fake_add(f, "/rdk", S_IFCHR, NULL);
	fake_resize(f, raw, size);
	fake_add(f, "/dk", S_IFBLK, raw->host);
	fake_add(f, "/dev/null", S_IFCHR, "/dev/null");
	fake_add(f, "/dir", S_IFDIR, "/");
	return raw;
}

static void
write_file(struct fake_sys *f, const char *path, const char *text)
{
	struct fake_node *node = fake_add(f, path, S_IFREG, NULL);
	struct iovec iov = { .iov_base = (char *)(uintptr_t)text,
		.iov_len = strlen(text) };
	int fd;

	CHECK_EQ(host_linux.open(node->host, O_RDWR, 0, &fd), 0);
	CHECK_EQ(host_linux.pwritev(fd, &iov, 1, 0), (ssize_t)strlen(text));
	host_linux.close(fd);
}

static bool
prints(const struct fake_sys *f, const char *text)
{
	if (strstr(f->out, text) != NULL)
		return true;
	printf("wanted:\n%s\nprinted:\n%s\n", text, f->out);
	return false;
}

/* --- what newfs decides ---------------------------------------------------------------------------------------------------- */

/* Facts: NetBSD 7's newfs printed these. */
static const struct {
	int64_t size;
	const char *line, *text;
} decisions[] = {
	{ 16 * MB, "newfs -N /rdk",
	    "/rdk: 16.0MB (32768 sectors) block size 4096, fragment size 512\n"
	    "\tusing 4 cylinder groups of 4.00MB, 1024 blks, 1920 inodes.\n"
	    "super-block backups (for fsck_ffs -b #) at:\n"
	    "32, 8224, 16416, 24608,\n" },
	{ 64 * MB, "newfs -N -b 4096 -f 512 /rdk",
	    "using 6 cylinder groups of 10.67MB, 2731 blks, 5152 inodes." },
	{ 64 * MB, "newfs -N -b 32768 -f 16384 /rdk",
	    "using 3 cylinder groups of 21.38MB, 684 blks, 256 inodes." },
	{ 8 * MB, "newfs -N -O 2 -s 500 /rdk",
	    "using 1 cylinder groups of 0.25MB, 63 blks, 64 inodes." },
	{ 8 * MB, "newfs -N -O 2 -s 2048 /rdk",
	    "using 2 cylinder groups of 0.50MB, 128 blks, 208 inodes." },
	{ 8 * MB, "newfs -N -s 99999 /rdk", "48.8MB (99998 sectors)" },
	{ 8 * MB, "newfs -N -s 1000000 /rdk", "727328, 818240, ...\n" },
	{ 8 * MB, "newfs -N -O 2 -s 100000000 /rdk",
	    "/rdk: 48823.5MB (99990528 sectors) block size 16384, fragment "
	    "size 2048\n\tusing 264 cylinder groups of 184.94MB, 11836 blks, "
	    "22912 inodes.\n" },
	{ 8 * MB, "newfs -N -s 500000000 /rdk",
	    "using 330 cylinder groups of 739.84MB, 23675 blks, 47104 "
	    "inodes." },
	{ 32 * MB, "newfs -N -i 100 /rdk",
	    "using 3 cylinder groups of 10.67MB, 1366 blks, 49920 inodes." },
	{ 32 * MB, "newfs -N -n 1000 /rdk",
	    "using 4 cylinder groups of 8.00MB, 1024 blks, 256 inodes." },
	{ 8 * MB, "newfs -V 4 -O 2 /rdk", "  144,  4240,  8336, 12432,\n" },
	{ 8 * MB, "newfs -m 0 /rdk",
	    "newfs: Warning: changing optimization "
	    "to space because minfree is less than 5%\n" },
};

TEST(newfs_sizes_geometry_as_recorded)
{
	struct fake_sys f;
	size_t i;

	for (i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
		disk(&f, decisions[i].size);
		CHECK_EQ(fake_run(&f, newfs_main, decisions[i].line), 0);
		CHECK(prints(&f, decisions[i].text));
		fake_fini(&f);
	}
}

static const struct {
	int status;
	const char *line, *text;
} refusals[] = {
	{ 16, "newfs -b 5000 /rdk", "block size must be a power of 2" },
	{ 17, "newfs -b 4096 -f 1000 /rdk", "fragment size must be a power" },
	{ 18, "newfs -f 256 /rdk", "fragment size 256 is too small" },
	{ 19, "newfs -f 16384 /rdk", "block size 131072 is too large" },
	{ 20, "newfs -b 4096 -f 8192 /rdk", "cannot be smaller than" },
	{ 21, "newfs -b 8192 -f 512 /rdk", "minimum with block size 8192" },
	{ 23, "newfs -s 64 /rdk", "Filesystem size 64 < minimum size of 80" },
	{ 23, "newfs -O 2 -s 128 /rdk", "minimum size of 192" },
	{ 24, "newfs -O 1 -s 100t -f 512 -b 4096 /rdk", "maximum size" },
	{ 36, "newfs -s 100000 /rdk", "wtfs: write error for sector 99999" },
	{ 40, "newfs -n 1000000 -b 8192 -f 1024 /rdk", "Too many cylinder" },
	{ 1, "newfs -b abc /rdk", "block size `abc' is not a valid number." },
	{ 1, "newfs -V x /rdk", "`x' is not a valid suffix for verbose." },
	{ 1, "newfs -b 99999999999999999999 /rdk", "too large to convert." },
	{ 1, "newfs -b 9999999t /rdk", "too large to convert." },
	{ 1, "newfs -S 513 /rdk", "is not a power of 2." },
	{ 1, "newfs -s -100000 /rdk", "Unable to determine" },
	{ 1, "newfs -o fast /rdk", "unknown optimization preference" },
	{ 1, "newfs -q all /rdk", "invalid quota type all" },
	{ 1, "newfs -B pdp /rdk", "usage: newfs" },
	{ 1, "newfs -X /rdk", "newfs: unknown option -- X\nusage: newfs" },
	{ 1, "newfs", "usage: newfs" },
	{ 1, "newfs /nosuch",
	    "newfs: /nosuchd: open for read: No such file or directory\n" },
	{ 1, "newfs /dir", "newfs: /dir: open for write: Is a directory\n" },
	{ 1, "newfs /dev/null", "can't read disk label" },
	{ 1, "newfs -T floppy /rdk", "newfs: unknown disk type `floppy'\n" },
	{ 1, "newfs -v a/b /rdk", "bad volume name" },
};

TEST(newfs_bad_options_refused)
{
	struct fake_sys f;
	size_t i;

	disk(&f, 8 * MB);
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		CHECK_EQ(fake_run(&f, newfs_main, refusals[i].line),
		    refusals[i].status);
		CHECK(prints(&f, refusals[i].text));
	}
	fake_fini(&f);
}

TEST(newfs_T_size_by_disktab)
{
	struct fake_sys f;

	disk(&f, 8 * MB);
	write_file(&f, "/etc/disktab",
	    "# comment|floppy:\n"
	    "disk|another:se#512:ns#32:nt#4:nc#100:\n"
	    "floppy|floppy3|3.5in floppy:\\\n\t:ty=floppy:se#512:nt#2:\\\n"
	    "\t:ns#18:nc#80:pa#2880:oa#0:\n");
	CHECK_EQ(fake_run(&f, newfs_main, "newfs -N -T floppy3 /rdk"), 0);
	CHECK(prints(&f, "/rdk: 1.4MB (2880 sectors)"));
	CHECK_EQ(fake_run(&f, newfs_main, "newfs -N /rdk another"), 0);
	CHECK(prints(&f, "/rdk: 6.2MB (12800 sectors)"));
	CHECK_EQ(fake_run(&f, newfs_main, "newfs -N -T comment /rdk"), 1);
	fake_fini(&f);
}

/* --- what newfs writes ------------------------------------------------------------------------------------------------------ */

struct image {
	uint8_t *p;
	size_t len;
	struct fs fs;
	bool swapped;
};

static void
load(struct fake_sys *f, struct image *im, const struct fake_node *node,
    int64_t loc)
{
	im->p = fake_read(f, node->host, &im->len);
	CHECK(im->p != NULL && im->len >= (size_t)loc + SBLOCKSIZE);
	CHECK_EQ(
	    ffs_sb_decode(im->p + loc, SBLOCKSIZE, &im->fs, &im->swapped), 0);
	ffs_sb_from_old(&im->fs);
	CHECK_EQ(ffs_sb_check(&im->fs), 0);
}

/* Counts a group's free fragments, blocks, runs and clusters anew. */
static void
check_group(const struct image *im, uint32_t c, struct csum *cs)
{
	const struct fs *fs = &im->fs;
	uint8_t *buf = im->p + cgtod(fs, c) * fs->fs_fsize;
	int32_t frsum[MAXFRAG + 1] = { 0 }, sums[FS_MAXCONTIG + 1] = { 0 };
	int32_t nbfree = 0, nffree = 0, used = 0, run = 0, i;
	uint32_t nblk, b;
	struct cg cg;
	uint8_t *map;

	ffs_cg_decode(buf, &cg, im->swapped);
	CHECK_EQ(ffs_cg_check(fs, &cg, c), 0);
	CHECK_EQ(cg.cg_ndblk, ffs_cg_ndblk(fs, c));
	CHECK(cg.cg_nextfreeoff <= fs->fs_cgsize);
	map = ffs_cg_blksfree(&cg, buf);
	for (i = cg.cg_ndblk; i < fs->fs_fpg; i++)
		CHECK(!ffs_isset(map, (uint32_t)i));
	nblk = (uint32_t)((cg.cg_ndblk + fs->fs_frag - 1) / fs->fs_frag);
	for (b = 0; b <= nblk; b++) {
		bool whole = b < nblk && ffs_isblock(fs, map, b);

		if (b < nblk && !whole) {
			uint32_t bits = ffs_blkmap(fs->fs_frag, map, b);

			nffree += __builtin_popcount(bits);
			ffs_fragacct(fs, bits, frsum, 1);
		}
		if (fs->fs_contigsumsize > 0 && b < nblk &&
		    b < (uint32_t)cg.cg_nclusterblks)
			CHECK_EQ(
			    ffs_isset(ffs_cg_clustersfree(&cg, buf), b), whole);
		if (whole) {
			nbfree++;
			run++;
		} else if (run > 0) {
			sums[run < fs->fs_contigsumsize ? run :
							  fs->fs_contigsumsize]++;
			run = 0;
		}
	}
	for (i = 0; i < fs->fs_ipg; i++)
		used += ffs_isset(ffs_cg_inosused(&cg, buf), (uint32_t)i);
	CHECK_EQ(cg.cg_cs.cs_nbfree, nbfree);
	CHECK_EQ(cg.cg_cs.cs_nffree, nffree);
	CHECK_EQ(cg.cg_cs.cs_nifree, fs->fs_ipg - used);
	for (i = 1; i < fs->fs_frag; i++)
		CHECK_EQ(cg.cg_frsum[i], frsum[i]);
	/* The first's are from before the root was there. */
	for (i = 1; i <= fs->fs_contigsumsize && c > 0; i++)
		CHECK_EQ(
		    ffs_get32(ffs_cg_clustersum(&cg, buf) + 4 * i, im->swapped),
		    sums[i]);
	*cs = cg.cg_cs;
}

static void
check_groups(const struct image *im)
{
	struct csum_total sum = { 0 };
	const struct fs *fs = &im->fs;
	struct csum cs, have;
	uint32_t c;

	for (c = 0; c < (uint32_t)fs->fs_ncg; c++) {
		struct fs alt;
		bool swapped;

		check_group(im, c, &cs);
		ffs_csum_decode(
		    im->p + fs->fs_csaddr * fs->fs_fsize + c * FFS_CSUM_SIZE,
		    &have, im->swapped);
		CHECK(memcmp(&cs, &have, sizeof(cs)) == 0);
		sum.cs_ndir += cs.cs_ndir;
		sum.cs_nbfree += cs.cs_nbfree;
		sum.cs_nffree += cs.cs_nffree;
		sum.cs_nifree += cs.cs_nifree;
		CHECK_EQ(ffs_sb_decode(im->p + cgsblock(fs, c) * fs->fs_fsize,
			     SBLOCKSIZE, &alt, &swapped),
		    0);
		CHECK(swapped == im->swapped && alt.fs_fpg == fs->fs_fpg &&
		    alt.fs_ipg == fs->fs_ipg && alt.fs_ncg == fs->fs_ncg);
	}
	CHECK(memcmp(&sum, &fs->fs_cstotal, sizeof(sum)) == 0);
}

static void
get_inode(const struct image *im, uint64_t ino, struct dinode *di)
{
	const struct fs *fs = &im->fs;

	ffs_dinode_decode(fs,
	    im->p + ino_to_fsba(fs, ino) * fs->fs_fsize +
		ino_to_fsbo(fs, ino) * ffs_dinode_size(fs),
	    di, im->swapped);
}

/* Inodes that may be read are zero but for their generation; the root is a directory of two names. */
static void
check_inodes(const struct image *im)
{
	const struct fs *fs = &im->fs;
	uint64_t ino, first;
	struct direct de;
	struct dinode di;
	uint32_t c, ready;

	for (c = 0; c < (uint32_t)fs->fs_ncg; c++) {
		struct cg cg;

		ffs_cg_decode(
		    im->p + cgtod(fs, c) * fs->fs_fsize, &cg, im->swapped);
		first = (uint64_t)c * (uint32_t)fs->fs_ipg;
		ready = ffs_isufs2(fs) ? (uint32_t)cg.cg_initediblk :
					 (uint32_t)fs->fs_ipg;
		CHECK(ready <= (uint32_t)fs->fs_ipg);
		for (ino = first; ino < first + ready; ino++) {
			get_inode(im, ino, &di);
			if (ino == (uint64_t)UFS_ROOTINO)
				continue;
			if (fs->fs_flags == 0)
				CHECK(di.di_mode == 0 && di.di_size == 0 &&
				    di.di_db[0] == 0 && di.di_nlink == 0);
		}
	}
	get_inode(im, (uint64_t)UFS_ROOTINO, &di);
	CHECK_EQ(di.di_mode, S_IFDIR | 0755);
	CHECK_EQ(di.di_nlink, 2);
	CHECK(ffs_frag_ok(fs, di.di_db[0], 1));
	CHECK_EQ(di.di_blocks, fragroundup(fs, (int64_t)di.di_size) / 512);
	CHECK_EQ(ffs_dirent_get(im->p + di.di_db[0] * fs->fs_fsize,
		     (size_t)di.di_size, 0, ffs_olddirfmt(fs), im->swapped, &de),
	    0);
	CHECK(de.d_namlen == 1 && de.d_name[0] == '.' && de.d_fileno == 2);
	CHECK_EQ(ffs_dirent_get(im->p + di.di_db[0] * fs->fs_fsize,
		     (size_t)di.di_size, de.d_reclen, ffs_olddirfmt(fs),
		     im->swapped, &de),
	    0);
	CHECK(de.d_namlen == 2 && memcmp(de.d_name, "..", 2) == 0);
	CHECK_EQ(de.d_reclen + 12, di.di_size);
}

static void
make_and_check(const char *options, int64_t size, int64_t loc)
{
	struct fake_node *raw;
	struct image im;
	struct fake_sys f;
	char line[128];
	int status;

	raw = disk(&f, size);
	snprintf(line, sizeof(line), "newfs %s /rdk", options);
	status = fake_run(&f, newfs_main, line);
	if (status != 0)
		printf("%s of %" PRId64 ": %s\n", line, size, f.out);
	CHECK_EQ(status, 0);
	load(&f, &im, raw, loc);
	check_groups(&im);
	check_inodes(&im);
	free(im.p);
	fake_fini(&f);
}

TEST(newfs_every_block_size_consistent)
{
	static const char *const formats[] = { "-O 0", "-O 1", "-O 2",
		"-O 1 -B be", "-O 2 -B be", "-O 0 -B be" };
	char options[64];
	int32_t b, fr;
	size_t i;

	for (i = 0; i < 6; i++)
		for (b = 4096; b <= 65536; b *= 2)
			for (fr = 1; fr <= 8; fr *= 2) {
				snprintf(options, sizeof(options),
				    "%s -b %d -f %d", formats[i], b, b / fr);
				make_and_check(options, 5 * MB + 3 * 512,
				    formats[i][3] == '2' ? SBLOCK_UFS2 :
							   SBLOCK_UFS1);
			}
}

TEST(newfs_many_sizes_consistent)
{
	int64_t sectors;

	for (sectors = 192; sectors < 20000; sectors += sectors / 7 + 1) {
		make_and_check("-O 1", sectors * 512, SBLOCK_UFS1);
		make_and_check("-O 2 -a 1", sectors * 512, SBLOCK_UFS2);
	}
	make_and_check("-O 1", 80 * 512, SBLOCK_UFS1);
}

TEST(newfs_inode_densities_consistent)
{
	make_and_check("-i 1", 8 * MB, SBLOCK_UFS1);
	make_and_check("-i 100 -O 2", 8 * MB, SBLOCK_UFS2);
	make_and_check("-i 10000000", 8 * MB, SBLOCK_UFS1);
	make_and_check("-n 1", 8 * MB, SBLOCK_UFS1);
	make_and_check("-n 20000 -O 2", 16 * MB, SBLOCK_UFS2);
	make_and_check("-q user -q group", 8 * MB, SBLOCK_UFS1);
	make_and_check("-q group -O 2 -B be", 8 * MB, SBLOCK_UFS2);
	make_and_check("-v NAME -O 1", 8 * MB, SBLOCK_UFS1);
	make_and_check("-S 4096", 16 * MB, SBLOCK_UFS1);
}

/* Dirt all over a disk: nothing of it shows, but the boot blocks are kept. */
TEST(newfs_dirty_disk_is_made_clean)
{
	static const char *const options[] = { "-O 1", "-O 2" };
	const struct host_ops *h = &host_linux;
	struct fake_node *raw;
	struct fake_sys f;
	struct image im;
	char line[64];
	uint8_t *dirt = malloc(4 * MB);
	int fd, i;

	CHECK(dirt != NULL);
	memset(dirt, 0xa5, 4 * MB);
	for (i = 0; i < 2; i++) {
		struct iovec iov = { .iov_base = dirt, .iov_len = 4 * MB };

		raw = disk(&f, 4 * MB);
		CHECK_EQ(h->open(raw->host, O_RDWR, 0, &fd), 0);
		CHECK_EQ(h->pwritev(fd, &iov, 1, 0), 4 * MB);
		h->close(fd);
		snprintf(line, sizeof(line), "newfs %s /rdk", options[i]);
		CHECK_EQ(fake_run(&f, newfs_main, line), 0);
		load(&f, &im, raw, i == 0 ? SBLOCK_UFS1 : SBLOCK_UFS2);
		check_groups(&im);
		check_inodes(&im);
		CHECK(memcmp(im.p, dirt, 8192) == 0);
		free(im.p);
		fake_fini(&f);
	}
	free(dirt);
}

TEST(newfs_over_other_version_replaces_it)
{
	struct fake_sys f;

	disk(&f, 8 * MB);
	CHECK_EQ(fake_run(&f, newfs_main, "newfs -O 2 /rdk"), 0);
	CHECK_EQ(fake_run(&f, newfs_main, "newfs -O 1 -B be /dk"), 0);
	CHECK_EQ(fake_run(&f, dumpfs_main, "dumpfs -s /rdk"), 0);
	CHECK(prints(&f, "format\tFFSv1\nendian\tbig-endian\n"));
	CHECK_EQ(fake_run(&f, newfs_main, "newfs -O 2 /rdk"), 0);
	CHECK_EQ(fake_run(&f, dumpfs_main, "dumpfs -s /rdk"), 0);
	CHECK(prints(&f, "format\tFFSv2\nendian\tlittle-endian\n"));
	fake_fini(&f);
}

TEST(newfs_sparse_image_stays_sparse)
{
	static const char *const lines[] = { "newfs -O 1 /rdk",
		"newfs -O 2 /rdk" };
	struct fake_node *raw;
	struct host_stat st;
	struct fake_sys f;
	int i;

	for (i = 0; i < 2; i++) {
		raw = disk(&f, 512 * MB);
		CHECK_EQ(fake_run(&f, newfs_main, lines[i]), 0);
		CHECK_EQ(host_linux.stat(raw->host, true, &st), 0);
		CHECK(st.hs_blocks512 * 512 < 2 * MB);
		/* a few calls a group */
		CHECK(f.writes < 60);
		fake_fini(&f);
	}
}

TEST(newfs_F_makes_file)
{
	struct fake_sys f;

	disk(&f, MB);
	CHECK_EQ(fake_run(&f, newfs_main, "newfs -F -s 2048 /tmp/image"), 0);
	CHECK(prints(&f, "/tmp/image: 1.0MB (2048 sectors)"));
	CHECK_EQ(fake_run(&f, dumpfs_main, "dumpfs -Fs /tmp/image"), 0);
	CHECK(prints(&f, "file system: /tmp/image\nformat\tFFSv1\n"));
	CHECK_EQ(fake_run(&f, newfs_main, "newfs -F -O 2 /tmp/image"), 0);
	CHECK_EQ(fake_run(&f, newfs_main, "newfs -F -Z -s 4096 /tmp/z"), 0);
	CHECK(prints(&f, "image in `/tmp/z', size 2097152 bytes, in 512 "));
	CHECK_EQ(fake_run(&f, newfs_main, "newfs -F -s 9 /no/file"), 1);
	CHECK(prints(&f, "can't open file /no/file: No such file"));
	fake_fini(&f);
}

TEST(newfs_N_writes_nothing)
{
	struct fake_sys f;

	disk(&f, 8 * MB);
	CHECK_EQ(fake_run(&f, newfs_main, "newfs -N -O 2 /rdk"), 0);
	CHECK_EQ(f.writes, 0);
	fake_fini(&f);
}

/* --- dumpfs ------------------------------------------------------------------------------------------------------------------ */

TEST(dumpfs_new_file_system_as_recorded)
{
	struct fake_sys f;

	disk(&f, 4 * MB);
	CHECK_EQ(fake_run(&f, newfs_main, "newfs -O 2 -B be /rdk"), 0);
	CHECK_EQ(fake_run(&f, dumpfs_main, "dumpfs -c /rdk"), 0);
	CHECK(prints(&f,
	    "cgx\t0\tniblk\t592\tndblk\t2736\n"
	    "nbfree\t282\tndir\t1\tnifree\t589\tnffree\t14\n"
	    "rotor\t0\tirotor\t0\tfrotor\t0\n"
	    "frsum\t0\t0\t0\t0\t0\t0\t2\nsum of frsum: 14\n"
	    "clusters 1-8:\t0\t0\t0\t0\t0\t0\t0\t0\n"
	    "clusters 9-15:\t0\t0\t0\t0\t0\t0\t0\n"
	    "clusters size 16 and over: 1\nclusters free:\t60-341\n"
	    "iused:\t0-2\nfree:\t465-471, 473-2735\n"));
	CHECK_EQ(fake_run(&f, dumpfs_main, "dumpfs -m /rdk"), 0);
	CHECK(prints(&f, "\t(282,1,589,14) (302,0,592,0) (300,0,592,0) \n"));
	CHECK_EQ(fake_run(&f, dumpfs_main, "dumpfs -a /rdk"), 0);
	CHECK(prints(&f,
	    "alternate 2\nformat\tFFSv2\nendian\tbig-endian\n"
	    "location 2875392\t(-b 5616)\n"));
	CHECK_EQ(fake_run(&f, dumpfs_main, "dumpfs /rdk /nosuch"), 1);
	CHECK(prints(&f, "dumpfs: /nosuch: No such file or directory\n"));
	CHECK_EQ(fake_run(&f, dumpfs_main, "dumpfs"), 1);
	CHECK(prints(&f, "usage: dumpfs [-acFijmsv] filesys | device [...]"));
	fake_fini(&f);
}

/* Any bytes: a message, no crash. */
TEST(dumpfs_damaged_image_survived)
{
	const struct host_ops *h = &host_linux;
	uint64_t seed = 88172645463325252u;
	struct fake_node *raw;
	struct fake_sys f;
	int fd, i, j;

	raw = disk(&f, 2 * MB);
	for (i = 0; i < 400; i++) {
		if (i % 20 == 0)
			CHECK_EQ(fake_run(&f, newfs_main,
				     i % 40 == 0 ? "newfs -O 1 /rdk" :
						   "newfs -O 2 -B be /rdk"),
			    0);
		CHECK_EQ(h->open(raw->host, O_RDWR, 0, &fd), 0);
		for (j = 0; j < 3; j++) {
			uint8_t byte;
			struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
			int64_t at = i % 40 < 20 ? 8192 : 65536;

			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			byte = (uint8_t)(seed >> 40);
			if (j == 2)
				at = 16384 + 8192 * (i % 3 * 7);
			at += (int64_t)(seed % 1372);
			CHECK_EQ(h->pwritev(fd, &iov, 1, at), 1);
		}
		h->close(fd);
		CHECK(fake_run(&f, dumpfs_main, "dumpfs -acijmsv /rdk") <= 1);
	}
	fake_fini(&f);
}

/* --- fsck ---------------------------------------------------------------------------------------------------------------------- */

TEST(fsck_operand_starts_checker_of_its_type)
{
	struct fake_sys f;

	disk(&f, 4 * MB);
	CHECK_EQ(fake_run(&f, newfs_main, "newfs /rdk"), 0);
	CHECK_EQ(fake_run(&f, fsck_main, "fsck -p -f -T ffs:-b=32,-x /rdk"), 0);
	CHECK_STR(f.spawned, "fsck_ffs -p -f -b 32 -x /rdk\n");
	f.spawned[0] = '\0';
	f.spawn_status = 8;
	CHECK_EQ(fake_run(&f, fsck_main, "fsck -n -t lfs /rdk"), 8);
	CHECK_STR(f.spawned, "fsck_lfs -n /rdk\n");
	f.spawned[0] = '\0';
	CHECK_EQ(fake_run(&f, fsck_main, "fsck -dy /rdk"), 0);
	CHECK_STR(f.spawned, "");
	CHECK(prints(&f, "start /rdk wait fsck_ffs -y /rdk\n"));
	f.spawn_status = 0x100 | 9;
	CHECK_EQ(fake_run(&f, fsck_main, "fsck /rdk"), 12);
	CHECK(prints(&f, "/rdk (ffs): EXITED WITH SIGNAL 9\n"));
	fake_fini(&f);
}

TEST(fsck_fstab_checked_by_pass)
{
	struct fake_sys f;

	disk(&f, 4 * MB);
	write_file(&f, "/etc/fstab",
	    "/dev/a /usr ffs rw 1 2\n/dev/b / ffs rw 1 1\n"
	    "/dev/c /x msdos ro 0 2\n/dev/d none swap sw 0 0\n"
	    "tmpfs /tmp tmpfs rw 0 0\n/dev/e /e ext2fs rw 0 3\n");
	CHECK_EQ(fake_run(&f, fsck_main, "fsck -p"), 0);
	CHECK_STR(f.spawned,
	    "fsck_ffs -p /dev/b\nfsck_ffs -p /dev/a\n"
	    "fsck_msdos -p /dev/c\nfsck_ext2fs -p /dev/e\n");
	f.spawned[0] = '\0';
	CHECK_EQ(fake_run(&f, fsck_main, "fsck -t noffs -x /e"), 0);
	CHECK_STR(f.spawned, "fsck_msdos /dev/c\n");
	f.spawned[0] = '\0';
	CHECK_EQ(fake_run(&f, fsck_main, "fsck /usr"), 0);
	CHECK_STR(f.spawned, "fsck_ffs /dev/a\n");
	f.spawn_status = 8;
	CHECK_EQ(fake_run(&f, fsck_main, "fsck -p /usr /x"), 8);
	CHECK(prints(&f,
	    "THE FOLLOWING FILE SYSTEMS HAD AN UNEXPECTED "
	    "INCONSISTENCY:\n\tffs: /dev/a (/usr), msdos: /dev/c (/x)\n"));
	fake_fini(&f);
}

TEST(fsck_bad_options_refused)
{
	struct fake_sys f;

	disk(&f, MB);
	CHECK_EQ(fake_run(&f, fsck_main, "fsck -Z"), 1);
	CHECK_EQ(fake_run(&f, fsck_main, "fsck -T ffs /rdk"), 1);
	CHECK_EQ(fake_run(&f, fsck_main, "fsck -l x /rdk"), 1);
	CHECK_EQ(fake_run(&f, fsck_main, "fsck /nosuch"), 8);
	CHECK(prints(&f, "fsck: /nosuch: No such file or directory\n"));
	CHECK_EQ(fake_run(&f, fsck_main, "fsck"), 8);
	fake_fini(&f);
}

int
main(void)
{
	RUN(newfs_sizes_geometry_as_recorded);
	RUN(newfs_bad_options_refused);
	RUN(newfs_T_size_by_disktab);
	RUN(newfs_every_block_size_consistent);
	RUN(newfs_many_sizes_consistent);
	RUN(newfs_inode_densities_consistent);
	RUN(newfs_dirty_disk_is_made_clean);
	RUN(newfs_over_other_version_replaces_it);
	RUN(newfs_sparse_image_stays_sparse);
	RUN(newfs_F_makes_file);
	RUN(newfs_N_writes_nothing);
	RUN(dumpfs_new_file_system_as_recorded);
	RUN(dumpfs_damaged_image_survived);
	RUN(fsck_operand_starts_checker_of_its_type);
	RUN(fsck_fstab_checked_by_pass);
	RUN(fsck_bad_options_refused);
	return check_done();
}
