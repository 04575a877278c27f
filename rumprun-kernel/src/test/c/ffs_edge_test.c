/* SPDX-License-Identifier: BSD-2-Clause */
/* FFS at its edges: images that are short, full, read-only or marked by other systems; a journal behind the file system; directories of 100,000 names. */
#include "ffs_calls.h"
#include "lib/ffs_check.h"
#include "rumprun/ffs_format.h"

/* --- a host that has no room, or no permission --- */
static _Atomic int64_t room = INT64_MAX; /* bytes that can be written */
static bool host_readonly;

static ssize_t
pwritev_room(int fd, const struct iovec *iov, int cnt, int64_t off)
{
	int64_t n = 0;

	for (int i = 0; i < cnt; i++)
		n += (int64_t)iov[i].iov_len;
	if (atomic_fetch_sub(&room, n) < n)
		return -ENOSPC;
	return host_linux.pwritev(fd, iov, cnt, off);
}

static int
open_readonly(const char *path, int flags, uint32_t mode, int *fdp)
{
	if (host_readonly && (flags & O_ACCMODE) != O_RDONLY)
		return -EROFS;
	return host_linux.open(path, flags, mode, fdp);
}

static void
boot(struct fixture *f)
{
	static struct host_ops ops;
	struct kern_config c = { .kc_consout = console, .kc_host = &ops };

	ops = host_linux;
	ops.pwritev = pwritev_room;
	ops.open = open_readonly;
	CHECK_EQ(kern_boot(&c, &f->k), 0);
	CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "test", &f->p), 0);
	CHECK_EQ(lwp_create(f->p, &f->l), 0);
	CHECK_EQ(
	    etfs_register(f->k, "/dk", f->img, ETFS_BLK, 0, ETFS_SIZE_TOEND), 0);
	CHECK_EQ(xmkdir(f, "/mnt"), 0);
}

static uint64_t
image_size(const struct fixture *f)
{
	struct host_stat st;

	CHECK_EQ(host_linux.stat(f->img, true, &st), 0);
	return st.hs_size;
}

static void
resize(const struct fixture *f, uint64_t size)
{
	int fd;

	CHECK_EQ(host_linux.open(f->img, O_RDWR, 0, &fd), 0);
	CHECK_EQ(host_linux.ftruncate(fd, (int64_t)size), 0);
	host_linux.close(fd);
}

/* Whatever can be done in it: errors are allowed, nothing else. */
static void
use(struct fixture *f, unsigned n)
{
	static char buf[30000];
	char path[64], to[64];
	long fd;

	(void)count_tree(f, "/mnt");
	for (unsigned i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/mnt/use%u", i);
		snprintf(to, sizeof(to), "/mnt/to%u", i);
		if ((fd = xopen(f, path, O_RDWR | O_CREAT)) >= 0) {
			(void)xwrite(f, fd, buf, i * 701 % sizeof(buf) + 1);
			if (i % 8 == 0)
				(void)xfsync(f, fd);
			xclose(f, fd);
		}
		(void)xmkdir(f, to);
		if (i % 3 == 0)
			(void)xunlink(f, path);
		if (i % 4 == 0)
			(void)xrmdir(f, to);
	}
}

static void
leave(struct fixture *f)
{
	long error = xunmount(f, 0);

	if (error != 0) {
		CHECK(error == -EIO || error == -ENOSPC);
		CHECK_EQ(xunmount(f, MNT_FORCE), 0);
	}
	down(f);
	remove(f->img);
}

TEST(short_image_gives_errors)
{
	static const char *const names[] = { "ffs2-le", "ffs1-be" };

	for (int i = 0; i < 2; i++)
		for (int part = 1; part < 8; part++) {
			struct fixture f;
			long error;

			image(&f, names[i]);
			resize(&f, image_size(&f) / 8 * (uint64_t)part);
			boot(&f);
			error = xmount(&f, part % 2 ? MNT_LOG : 0);
			CHECK(error == 0 || error == -EINVAL || error == -EIO);
			if (error != 0) {
				down(&f);
				remove(f.img);
				continue;
			}
			use(&f, 200);
			leave(&f);
		}
}

TEST(image_cut_while_mounted_gives_errors)
{
	for (int log = 0; log < 2; log++) {
		struct fixture f;

		image(&f, "ffs2-be");
		boot(&f);
		CHECK_EQ(xmount(&f, log ? MNT_LOG : 0), 0);
		use(&f, 20);
		resize(&f, image_size(&f) / 3);
		use(&f, 200);
		leave(&f);
	}
}

/* A full host disk: errors, and no damage; what was there is there, and work goes on when there is room. */
TEST(full_host_disk_leaves_no_damage)
{
	for (int round = 0; round < 6; round++) {
		struct fixture f;
		uint8_t *img;
		size_t size;
		FILE *fp;

		image(&f, "ffs2-le");
		boot(&f);
		CHECK_EQ(xmount(&f, 0), 0);
		atomic_store(&room, 50000 + 333333 * round);
		use(&f, 150);
		(void)SYS(&f, SYS_fsync, fsync, P(int, -1));
		/* As it is now. */
		size = (size_t)image_size(&f);
		img = malloc(size);
		fp = fopen(f.img, "rb");
		CHECK(fp != NULL && fread(img, 1, size, fp) == size);
		fclose(fp);
		CHECK_EQ(ffs_check_torn(img, size), 0);
		free(img);
		atomic_store(&room, INT64_MAX);
		CHECK_EQ(compare_list(&f, "ffs2-le", false), 0);
		use(&f, 50);
		leave(&f);
	}
}

TEST(read_only_image_mounts_read_only)
{
	struct fixture f;

	image(&f, "ffs1-le");
	host_readonly = true;
	boot(&f);
	CHECK_EQ(xmount(&f, 0), -EACCES);
	CHECK_EQ(xmount(&f, MNT_RDONLY), 0);
	CHECK_EQ(compare_list(&f, "ffs1-le", true), 0);
	CHECK_EQ(xopen(&f, "/mnt/new", O_RDWR | O_CREAT), -EROFS);
	CHECK_EQ(xmount(&f, MNT_UPDATE), -EACCES);
	CHECK_EQ(compare_list(&f, "ffs1-le", true), 0);
	CHECK_EQ(xunmount(&f, 0), 0);
	host_readonly = false;
	down(&f);
	remove(f.img);
}

TEST(update_makes_writable)
{
	for (int log = 0; log < 2; log++) {
		struct fixture f;

		image(&f, "ffs2-be");
		boot(&f);
		CHECK_EQ(xmount(&f, MNT_RDONLY), 0);
		CHECK_EQ(xmount(&f, MNT_UPDATE | MNT_RDONLY | MNT_RELOAD), 0);
		CHECK_EQ(xopen(&f, "/mnt/new", O_RDWR | O_CREAT), -EROFS);
		CHECK_EQ(xmount(&f, MNT_UPDATE | (log ? MNT_LOG : 0)), 0);
		use(&f, 50);
		CHECK_EQ(xmount(&f, MNT_UPDATE | (log ? 0 : MNT_LOG)), 0);
		use(&f, 60);
		CHECK_EQ(xunmount(&f, 0), 0);
		CHECK_EQ(ffs_check_image(f.img), 0);
		down(&f);
		remove(f.img);
	}
}

/* --- superblocks changed by hand --- */
static void
change_sb(const struct fixture *f, void (*fn)(struct fs *, uint64_t size))
{
	static uint8_t raw[SBLOCKSIZE];
	bool swap, done = false;
	struct fs fs;
	FILE *fp = fopen(f->img, "r+b");

	CHECK(fp != NULL);
	for (int i = 0; ffs_sblocksearch[i] >= 0 && !done; i++) {
		fseek(fp, (long)ffs_sblocksearch[i], SEEK_SET);
		if (fread(raw, 1, SBLOCKSIZE, fp) != SBLOCKSIZE ||
		    ffs_sb_decode(raw, SBLOCKSIZE, &fs, &swap) != 0)
			continue;
		fn(&fs, image_size(f));
		ffs_sb_encode(&fs, raw, SBLOCKSIZE, swap);
		fseek(fp, (long)ffs_sblocksearch[i], SEEK_SET);
		CHECK_EQ(fwrite(raw, 1, SBLOCKSIZE, fp), SBLOCKSIZE);
		done = true;
	}
	CHECK(done);
	fclose(fp);
}

#define JOURNAL ((uint64_t)2 << 20)

static void
journal_behind(struct fs *fs, uint64_t size)
{
	fs->fs_journal_version = 1;
	fs->fs_journal_location = UFS_WAPBL_JOURNALLOC_END_PARTITION;
	memset(fs->fs_journallocs, 0, sizeof(fs->fs_journallocs));
	fs->fs_journallocs[UFS_WAPBL_EPART_ADDR] = (size - JOURNAL) / 512;
	fs->fs_journallocs[UFS_WAPBL_EPART_COUNT] = JOURNAL / 512;
	fs->fs_journallocs[UFS_WAPBL_EPART_BLKSZ] = 512;
	fs->fs_flags |= FS_DOWAPBL;
}

TEST(journal_behind_the_file_system)
{
	static const char *const names[] = { "ffs2-le", "ffs1-be" };

	for (int i = 0; i < 2; i++) {
		struct fixture f, g;
		char cmd[400];

		image(&f, names[i]);
		resize(&f, image_size(&f) + JOURNAL);
		change_sb(&f, journal_behind);
		boot(&f);
		CHECK_EQ(xmount(&f, MNT_LOG), 0);
		use(&f, 100);
		/* Stopped here, the journal has what is not in its place. */
		snprintf(g.img, sizeof(g.img), "%.100s.crash", f.img);
		snprintf(
		    cmd, sizeof(cmd), "cp --sparse=always %s %s", f.img, g.img);
		CHECK_EQ(system(cmd), 0);
		up(&g);
		CHECK_EQ(xmount(&g, MNT_LOG), 0);
		CHECK(count_tree(&g, "/mnt") > 0);
		use(&g, 30);
		CHECK_EQ(xunmount(&g, 0), 0);
		down(&g);
		CHECK_EQ(ffs_check_image(g.img), 0);
		remove(g.img);
		CHECK_EQ(xunmount(&f, 0), 0);
		down(&f);
		CHECK_EQ(ffs_check_image(f.img), 0);
		remove(f.img);
	}
}

static void
softdep(struct fs *fs, uint64_t size)
{
	(void)size;
	fs->fs_flags |= FS_DOSOFTDEP;
}

static void
snapshot(struct fs *fs, uint64_t size)
{
	(void)size;
	fs->fs_snapinum[0] = 5;
}

static void
marked(void (*fn)(struct fs *, uint64_t), long want)
{
	struct fixture f;

	image(&f, "ffs1-le");
	change_sb(&f, fn);
	boot(&f);
	CHECK_EQ(xmount(&f, MNT_RDONLY), 0);
	CHECK_EQ(compare_list(&f, "ffs1-le", true), 0);
	CHECK_EQ(xunmount(&f, 0), 0);
	CHECK_EQ(xmount(&f, 0), want);
	if (want == 0) {
		use(&f, 50);
		CHECK_EQ(xunmount(&f, 0), 0);
	}
	down(&f);
	CHECK_EQ(ffs_check_image(f.img), 0);
	remove(f.img);
}

TEST(images_of_other_systems)
{
	marked(softdep, 0);
	marked(snapshot, -EOPNOTSUPP);
}

/* --- 100,000 names in a directory, in linear time --- */

#define NNAMES 100000
#define NFILES 4

static int64_t
names_ms(struct fixture *f, int from, int to, bool add)
{
	int64_t start = host_linux.monotonic();
	char file[64], path[64];
	struct stat st;

	for (int i = from; i < to; i++) {
		snprintf(file, sizeof(file), "/mnt/file%d", i % NFILES);
		snprintf(path, sizeof(path), "/mnt/big/%d", i);
		if (add) {
			CHECK_EQ(xlink(f, file, path), 0);
		} else {
			CHECK_EQ(xlstat(f, path, &st), 0);
			CHECK_EQ(xunlink(f, path), 0);
		}
	}
	return (host_linux.monotonic() - start) / 1000000;
}

TEST(directory_of_100000_names_is_linear)
{
	int64_t first, last;
	struct fixture f;
	char path[64];

	image(&f, "ffs2-le");
	boot(&f);
	CHECK_EQ(xmount(&f, 0), 0);
	CHECK_EQ(xmkdir(&f, "/mnt/big"), 0);
	for (int i = 0; i < NFILES; i++) {
		snprintf(path, sizeof(path), "/mnt/file%d", i);
		xclose(&f, xopen(&f, path, O_RDWR | O_CREAT));
	}
	first = names_ms(&f, 0, NNAMES / 10, true);
	(void)names_ms(&f, NNAMES / 10, NNAMES / 10 * 9, true);
	last = names_ms(&f, NNAMES / 10 * 9, NNAMES, true);
	CHECK(last < first * 5 + 1000);
	CHECK_EQ(count_tree(&f, "/mnt/big"), NNAMES);
	CHECK_EQ(xunmount(&f, 0), 0);
	CHECK_EQ(ffs_check_image(f.img), 0);
	CHECK_EQ(xmount(&f, 0), 0);
	first = names_ms(&f, 0, NNAMES / 10, false);
	(void)names_ms(&f, NNAMES / 10, NNAMES / 10 * 9, false);
	last = names_ms(&f, NNAMES / 10 * 9, NNAMES, false);
	CHECK(last < first * 5 + 1000);
	CHECK_EQ(count_tree(&f, "/mnt/big"), 0);
	CHECK_EQ(xrmdir(&f, "/mnt/big"), 0);
	CHECK_EQ(xunmount(&f, 0), 0);
	CHECK_EQ(ffs_check_image(f.img), 0);
	down(&f);
	remove(f.img);
}

int
main(void)
{
	RUN(short_image_gives_errors);
	RUN(image_cut_while_mounted_gives_errors);
	RUN(full_host_disk_leaves_no_damage);
	RUN(read_only_image_mounts_read_only);
	RUN(update_makes_writable);
	RUN(journal_behind_the_file_system);
	RUN(images_of_other_systems);
	RUN(directory_of_100000_names_is_linear);
	return check_done();
}
