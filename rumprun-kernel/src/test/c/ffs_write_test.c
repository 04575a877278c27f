/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing into images: what was there stays, what is written reads back after a new mount, and the image is consistent. */
#include "ffs_calls.h"
#include "lib/ffs_check.h"

static const char *const images[] = { "ffs1-le", "ffs2-le", "ffs1-be",
	"ffs2-be", "ffs1-o0", NULL };

/* Byte i of file `seed`. */
static uint8_t
pattern(unsigned seed, uint64_t i)
{
	return (uint8_t)((i * 2654435761u >> 11) + seed * 37 + i);
}

static void
write_pattern(struct fixture *f, const char *path, unsigned seed, uint64_t off,
    uint64_t n, size_t chunk)
{
	uint8_t *buf = malloc(chunk);
	long fd = xopen(f, path, O_RDWR | O_CREAT);

	CHECK(fd >= 0);
	while (n > 0) {
		size_t part = n < chunk ? (size_t)n : chunk;

		for (size_t i = 0; i < part; i++)
			buf[i] = pattern(seed, off + i);
		CHECK_EQ(xpwrite(f, fd, buf, part, (off_t)off), (long)part);
		off += part;
		n -= part;
	}
	CHECK_EQ(xclose(f, fd), 0);
	free(buf);
}

static bool
has_pattern(struct fixture *f, const char *path, unsigned seed, uint64_t off,
    uint64_t n, bool zero)
{
	uint8_t buf[8192];
	long fd = xopen(f, path, O_RDONLY), got;

	if (fd < 0)
		return false;
	while (n > 0) {
		size_t part = n < sizeof(buf) ? (size_t)n : sizeof(buf);

		got = xpread(f, fd, buf, part, (off_t)off);
		if (got != (long)part) {
			printf("    %s: read at %" PRIu64 ": %ld\n", path, off,
			    got);
			break;
		}
		for (size_t i = 0; i < part; i++)
			if (buf[i] != (zero ? 0 : pattern(seed, off + i))) {
				printf("    %s: byte %" PRIu64 " differs\n",
				    path, off + i);
				xclose(f, fd);
				return false;
			}
		off += part;
		n -= part;
	}
	xclose(f, fd);
	return n == 0;
}

static void
up_with(struct fixture *f, const char *name, int flags)
{
	image(f, name);
	up(f);
	CHECK_EQ(xmount(f, flags), 0);
}

static void
again(struct fixture *f, int flags)
{
	CHECK_EQ(xunmount(f, 0), 0);
	CHECK_EQ(ffs_check_image(f->img), 0);
	CHECK_EQ(xmount(f, flags), 0);
}

static void
finish(struct fixture *f)
{
	CHECK_EQ(xunmount(f, 0), 0);
	CHECK_EQ(ffs_check_image(f->img), 0);
	down(f);
	remove(f->img);
}

static const uint64_t sizes[] = { 1, 511, 512, 513, 1000, 1024, 3584, 4095,
	4096, 4097, 8191, 8192, 8193, 16384, 49151, 49152, 49153, 53248, 65536,
	100000, 300000, 700001 };
#define NSIZES (sizeof(sizes) / sizeof(sizes[0]))

static void
sizes_on(const char *name, int flags, size_t chunk)
{
	struct fixture f;
	char path[64];

	up_with(&f, name, flags);
	CHECK_EQ(xmkdir(&f, "/mnt/new"), 0);
	for (unsigned i = 0; i < NSIZES; i++) {
		snprintf(path, sizeof(path), "/mnt/new/%u", i);
		write_pattern(&f, path, i, 0, sizes[i], chunk);
	}
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < NSIZES; i++) {
			struct stat st;

			snprintf(path, sizeof(path), "/mnt/new/%u", i);
			CHECK(has_pattern(&f, path, i, 0, sizes[i], false));
			CHECK_EQ(xlstat(&f, path, &st), 0);
			CHECK_EQ(st.st_size, (off_t)sizes[i]);
		}
		if (round == 0)
			again(&f, flags);
	}
	if (strcmp(name, "ffs1-o0") != 0)
		CHECK_EQ(compare_list(&f, name, false), 0);
	finish(&f);
}

TEST(write_sizes_read_back)
{
	for (int i = 0; images[i] != NULL; i++) {
		sizes_on(images[i], 0, 65536);
		sizes_on(images[i], 0, 700);
	}
}

TEST(write_sizes_with_log_read_back)
{
	for (int i = 0; i < 4; i++) {
		sizes_on(images[i], MNT_LOG, 65536);
		sizes_on(images[i], MNT_LOG, 700);
	}
}

static void
sparse_on(const char *name, int flags)
{
	struct fixture f;
	struct stat st;
	long fd;

	up_with(&f, name, flags);
	/* One block each in the direct, indirect and double indirect range, from the end. */
	write_pattern(&f, "/mnt/sparse", 1, 30000000, 5000, 5000);
	write_pattern(&f, "/mnt/sparse", 1, 1000000, 5000, 5000);
	write_pattern(&f, "/mnt/sparse", 1, 5000, 100, 100);
	CHECK(has_pattern(&f, "/mnt/sparse", 1, 0, 5000, true));
	CHECK(has_pattern(&f, "/mnt/sparse", 1, 5000, 100, false));
	CHECK(has_pattern(&f, "/mnt/sparse", 1, 5100, 994900, true));
	CHECK(has_pattern(&f, "/mnt/sparse", 1, 1000000, 5000, false));
	CHECK(has_pattern(&f, "/mnt/sparse", 1, 30000000, 5000, false));
	again(&f, flags);
	fd = xopen(&f, "/mnt/sparse", O_RDWR);
	CHECK_EQ(xtruncate(&f, fd, 1002000), 0);
	CHECK_EQ(xtruncate(&f, fd, 1020000), 0);
	xclose(&f, fd);
	CHECK(has_pattern(&f, "/mnt/sparse", 1, 1000000, 2000, false));
	CHECK(has_pattern(&f, "/mnt/sparse", 1, 1002000, 18000, true));
	again(&f, flags);
	CHECK(has_pattern(&f, "/mnt/sparse", 1, 1000000, 2000, false));
	CHECK(has_pattern(&f, "/mnt/sparse", 1, 1002000, 18000, true));
	fd = xopen(&f, "/mnt/sparse", O_RDWR);
	CHECK_EQ(xtruncate(&f, fd, 5050), 0);
	xclose(&f, fd);
	again(&f, flags);
	fd = xopen(&f, "/mnt/sparse", O_RDWR);
	CHECK_EQ(xtruncate(&f, fd, 7000), 0);
	xclose(&f, fd);
	CHECK(has_pattern(&f, "/mnt/sparse", 1, 5000, 50, false));
	CHECK(has_pattern(&f, "/mnt/sparse", 1, 5050, 1950, true));
	CHECK_EQ(xlstat(&f, "/mnt/sparse", &st), 0);
	CHECK_EQ(st.st_size, 7000);
	CHECK_EQ(xunlink(&f, "/mnt/sparse"), 0);
	finish(&f);
}

TEST(write_holes_and_truncate)
{
	for (int i = 0; images[i] != NULL; i++)
		sparse_on(images[i], 0);
	for (int i = 0; i < 4; i++)
		sparse_on(images[i], MNT_LOG);
}

static void
names_on(const char *name, int flags)
{
	struct fixture f;
	char path[400], to[400], buf[1100];
	struct stat st;
	long n;

	up_with(&f, name, flags);
	CHECK_EQ(xmkdir(&f, "/mnt/n"), 0);
	for (int i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "/mnt/n/file-with-a-name-%d", i);
		n = xopen(&f, path, O_WRONLY | O_CREAT | O_EXCL);
		CHECK(n >= 0);
		CHECK_EQ(xclose(&f, n), 0);
	}
	CHECK_EQ(count_tree(&f, "/mnt/n"), 500);
	for (int i = 0; i < 500; i += 3) {
		snprintf(path, sizeof(path), "/mnt/n/file-with-a-name-%d", i);
		CHECK_EQ(xunlink(&f, path), 0);
	}
	for (int i = 1; i < 500; i += 3) {
		snprintf(path, sizeof(path), "/mnt/n/file-with-a-name-%d", i);
		snprintf(to, sizeof(to), "/mnt/n/other-%d", i);
		CHECK_EQ(xrename(&f, path, to), 0);
	}
	CHECK_EQ(count_tree(&f, "/mnt/n"), 333);
	again(&f, flags);
	CHECK_EQ(count_tree(&f, "/mnt/n"), 333);
	CHECK_EQ(xmkdir(&f, "/mnt/n/a"), 0);
	CHECK_EQ(xmkdir(&f, "/mnt/n/b"), 0);
	CHECK_EQ(xmkdir(&f, "/mnt/n/a/sub"), 0);
	CHECK_EQ(xrename(&f, "/mnt/n/a/sub", "/mnt/n/b/sub"), 0);
	CHECK_EQ(xlstat(&f, "/mnt/n/b/sub/..", &st), 0);
	CHECK_EQ(st.st_nlink, 3);
	CHECK_EQ(xlstat(&f, "/mnt/n/a", &st), 0);
	CHECK_EQ(st.st_nlink, 2);
	CHECK_EQ(xrmdir(&f, "/mnt/n/b"), -ENOTEMPTY);
	CHECK_EQ(xrename(&f, "/mnt/n/a", "/mnt/n/b"), -ENOTEMPTY);
	CHECK_EQ(xrename(&f, "/mnt/n/a", "/mnt/n/b/sub"), 0);
	CHECK_EQ(xlink(&f, "/mnt/n/other-1", "/mnt/n/hard"), 0);
	CHECK_EQ(xrename(&f, "/mnt/n/other-4", "/mnt/n/hard"), 0);
	CHECK_EQ(xlstat(&f, "/mnt/n/other-1", &st), 0);
	CHECK_EQ(st.st_nlink, 1);
	memset(buf, 'x', sizeof(buf));
	for (int len = 1; len <= 1023; len += len < 130 ? 1 : 97) {
		snprintf(path, sizeof(path), "/mnt/n/link%d", len);
		buf[len] = '\0';
		CHECK_EQ(xsymlink(&f, buf, path), 0);
		buf[len] = 'x';
	}
	again(&f, flags);
	for (int len = 1; len <= 1023; len += len < 130 ? 1 : 97) {
		char got[1100];

		snprintf(path, sizeof(path), "/mnt/n/link%d", len);
		CHECK_EQ(xreadlink(&f, path, got, sizeof(got)), len);
		CHECK_EQ(memcmp(got, buf, (size_t)len), 0);
		CHECK_EQ(xunlink(&f, path), 0);
	}
	finish(&f);
}

TEST(names_come_and_go)
{
	for (int i = 0; images[i] != NULL; i++)
		names_on(images[i], 0);
	for (int i = 0; i < 4; i++)
		names_on(images[i], MNT_LOG);
}

/* Fills the file system; what was written stays, and all comes back. */
static void
full_on(const char *name, int flags)
{
	static uint8_t buf[65536];
	struct fixture f;
	struct stat st;
	uint64_t total = 0;
	long fd, n;

	up_with(&f, name, flags);
	fd = xopen(&f, "/mnt/fill", O_RDWR | O_CREAT);
	while ((n = xwrite(&f, fd, buf, sizeof(buf))) > 0)
		total += (uint64_t)n;
	CHECK_EQ(n, -ENOSPC);
	CHECK(total > 1000000);
	/* All of a write or nothing; smaller ones go on. */
	CHECK_EQ(xlstat(&f, "/mnt/fill", &st), 0);
	CHECK_EQ((uint64_t)st.st_size, total);
	while ((n = xwrite(&f, fd, buf, 512)) > 0)
		continue;
	CHECK_EQ(n, -ENOSPC);
	CHECK_EQ(xclose(&f, fd), 0);
	again(&f, flags);
	for (int i = 0; i < 100; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/mnt/d%d", i);
		n = xmkdir(&f, path);
		if (n == -ENOSPC)
			break;
		CHECK_EQ(n, 0);
	}
	CHECK_EQ(n, -ENOSPC);
	again(&f, flags);
	CHECK_EQ(xunlink(&f, "/mnt/fill"), 0);
	write_pattern(&f, "/mnt/again", 3, 0, 500000, 65536);
	again(&f, flags);
	CHECK(has_pattern(&f, "/mnt/again", 3, 0, 500000, false));
	finish(&f);
}

TEST(full_file_system_stays_consistent)
{
	for (int i = 0; images[i] != NULL; i++)
		full_on(images[i], 0);
	for (int i = 0; i < 4; i++)
		full_on(images[i], MNT_LOG);
}

/* An unlinked open file lives, and its blocks come back at the last close. */
TEST(unlinked_open_file_is_freed_by_close)
{
	for (int i = 0; i < 8; i++) {
		int flags = i < 4 ? 0 : MNT_LOG;
		struct fixture f;
		uint8_t c = 7;
		long fd;

		up_with(&f, images[i % 4], flags);
		write_pattern(&f, "/mnt/open", 1, 0, 100000, 4096);
		fd = xopen(&f, "/mnt/open", O_RDWR);
		CHECK_EQ(xunlink(&f, "/mnt/open"), 0);
		CHECK_EQ(xpwrite(&f, fd, &c, 1, 200000), 1);
		CHECK_EQ(xpread(&f, fd, &c, 1, 99999), 1);
		CHECK_EQ(c, pattern(1, 99999));
		CHECK_EQ(xunmount(&f, 0), -EBUSY);
		CHECK_EQ(xclose(&f, fd), 0);
		finish(&f);
	}
}

/* The checker itself: what NetBSD wrote is sound. */
TEST(check_recorded_images_are_consistent)
{
	for (int i = 0; images[i] != NULL; i++) {
		struct fixture f;

		image(&f, images[i]);
		CHECK_EQ(ffs_check_image(f.img), 0);
		remove(f.img);
	}
}

/* A copy of the image as it is now: what a kernel that stopped here leaves behind. */
static void
crash_copy(struct fixture *f, struct fixture *g)
{
	char cmd[512];

	snprintf(g->img, sizeof(g->img), "%.100s.crash", f->img);
	snprintf(cmd, sizeof(cmd), "cp --sparse=always %s %s", f->img, g->img);
	CHECK_EQ(system(cmd), 0);
}

/* A round of changes that all leave a file system whose journal is under way. */
static void
churn(struct fixture *f, unsigned round)
{
	char path[64], to[64];

	for (unsigned i = 0; i < 60; i++) {
		unsigned n = round * 60 + i;
		long fd;

		snprintf(path, sizeof(path), "/mnt/c/f%u", n);
		if (i % 7 == 0) {
			CHECK_EQ(xmkdir(f, path), 0);
			continue;
		}
		write_pattern(f, path, n, 0, (n * 977) % 5000 + 1, 3000);
		if (i % 5 == 0 && n > 30) {
			snprintf(to, sizeof(to), "/mnt/c/f%u", n - 23);
			(void)xunlink(f, to);
		}
		if (i % 6 == 0) {
			snprintf(to, sizeof(to), "/mnt/c/g%u", n % 17);
			(void)xrename(f, path, to);
		} else if (i % 9 == 0) {
			fd = xopen(f, path, O_RDWR);
			CHECK_EQ(xtruncate(f, fd, n % 2000), 0);
			xclose(f, fd);
		}
	}
}

/* Replay after a stop at any time leaves a consistent file system. */
static void
crashes_on(const char *name)
{
	struct fixture f, g;
	register_t rv[2];
	long held;

	up_with(&f, name, MNT_LOG);
	CHECK_EQ(xmkdir(&f, "/mnt/c"), 0);
	held = xopen(&f, "/mnt/held", O_RDWR | O_CREAT);
	CHECK_EQ(xwrite(&f, held, name, 4), 4);
	for (unsigned round = 0; round < 12; round++) {
		churn(&f, round);
		if (round == 3)
			CHECK_EQ(xunlink(&f, "/mnt/held"), 0);
		if (round % 3 == 2) {
			CHECK_EQ(kern_syscall(f.l, SYS_sync, NULL, rv), 0);
			churn(&f, round + 100);
		}
		crash_copy(&f, &g);
		up(&g);
		CHECK_EQ(xmount(&g, round % 2 ? MNT_LOG : 0), 0);
		CHECK(count_tree(&g, "/mnt") > 0);
		CHECK_EQ(xunmount(&g, 0), 0);
		CHECK_EQ(ffs_check_image(g.img), 0);
		down(&g);
		remove(g.img);
	}
	CHECK_EQ(xclose(&f, held), 0);
	finish(&f);
}

TEST(log_replays_after_a_stop_at_any_time)
{
	for (int i = 0; i < 4; i++)
		crashes_on(images[i]);
}

/* 3,000 names and more are found without looking through all of them. */
TEST(large_directory)
{
	for (int i = 0; i < 2; i++) {
		struct fixture f;
		char path[64];

		up_with(&f, "ffs2-be", i == 0 ? 0 : MNT_LOG);
		CHECK_EQ(xmkdir(&f, "/mnt/big"), 0);
		for (int n = 0; n < 3000; n++) {
			snprintf(path, sizeof(path), "/mnt/big/%d", n);
			CHECK_EQ(xlink(&f, "/mnt/links/one", path), 0);
		}
		for (int n = 0; n < 3000; n += 2) {
			snprintf(path, sizeof(path), "/mnt/big/%d", n);
			CHECK_EQ(xunlink(&f, path), 0);
		}
		for (int n = 3000; n < 5000; n++) {
			snprintf(path, sizeof(path), "/mnt/big/name-%d", n);
			CHECK_EQ(xlink(&f, "/mnt/links/one", path), 0);
		}
		again(&f, 0);
		CHECK_EQ(count_tree(&f, "/mnt/big"), 3500);
		finish(&f);
	}
}

static long
xspace(struct fixture *f, long fd, off_t off, off_t len, bool discard)
{
	if (discard)
		return SYS(f, SYS_fdiscard, fdiscard, P(int, fd),
		    .pos = P(off_t, off), .len = P(off_t, len));
	return SYS(f, SYS_posix_fallocate, posix_fallocate, P(int, fd),
	    .pos = P(off_t, off), .len = P(off_t, len));
}

static void
space_on(const char *name, int flags)
{
	static const char path[] = "/mnt/space";
	struct fixture f;
	struct stat st;
	int64_t blocks;
	long fd;

	up_with(&f, name, flags);
	write_pattern(&f, path, 5, 0, 700000, 65536);
	CHECK_EQ(xlstat(&f, path, &st), 0);
	blocks = (int64_t)st.st_blocks;
	fd = xopen(&f, path, O_RDWR);
	/* Direct and indirect blocks, with parts at both ends. */
	CHECK_EQ(xspace(&f, fd, 3000, 400000, true), 0);
	CHECK_EQ(xspace(&f, fd, 699990, 400000, true), 0);
	CHECK_EQ(xlstat(&f, path, &st), 0);
	CHECK_EQ(st.st_size, 700000);
	CHECK((int64_t)st.st_blocks <= blocks - 360000 / 512);
	CHECK_EQ(xclose(&f, fd), 0);
	again(&f, flags);
	CHECK(has_pattern(&f, path, 5, 0, 3000, false));
	CHECK(has_pattern(&f, path, 5, 3000, 400000, true));
	CHECK(has_pattern(&f, path, 5, 403000, 296990, false));
	CHECK(has_pattern(&f, path, 5, 699990, 10, true));
	fd = xopen(&f, path, O_RDWR);
	/* Holes get disk again, the end moves; what is there stays. */
	CHECK_EQ(xspace(&f, fd, 100, 800000, false), 0);
	CHECK_EQ(xlstat(&f, path, &st), 0);
	CHECK_EQ(st.st_size, 800100);
	CHECK((int64_t)st.st_blocks >= 800100 / 512);
	CHECK(has_pattern(&f, path, 5, 0, 3000, false));
	CHECK(has_pattern(&f, path, 5, 3000, 400000, true));
	CHECK(has_pattern(&f, path, 5, 403000, 296990, false));
	CHECK(has_pattern(&f, path, 5, 700000, 100100, true));
	CHECK_EQ(xspace(&f, fd, 0, (off_t)1 << 32, false), ENOSPC);
	CHECK_EQ(xlstat(&f, path, &st), 0);
	CHECK_EQ(st.st_size, 800100);
	CHECK_EQ(xclose(&f, fd), 0);
	fd = xopen(&f, path, O_RDONLY);
	CHECK_EQ(xspace(&f, fd, 0, 10, true), -EBADF);
	CHECK_EQ(xclose(&f, fd), 0);
	/* A small file: fragments. */
	fd = xopen(&f, "/mnt/small", O_RDWR | O_CREAT);
	CHECK_EQ(xspace(&f, fd, 0, 700, false), 0);
	CHECK_EQ(xspace(&f, fd, 0, 2700, false), 0);
	CHECK_EQ(xclose(&f, fd), 0);
	again(&f, flags);
	CHECK(has_pattern(&f, "/mnt/small", 0, 0, 2700, true));
	finish(&f);
}

TEST(space_ahead_and_holes)
{
	for (int i = 0; images[i] != NULL; i++)
		space_on(images[i], 0);
	for (int i = 0; i < 4; i++)
		space_on(images[i], MNT_LOG);
	space_on("ffs2-le", MNT_DISCARD);
}

/* With -o discard the image's blocks go back to the host. */
TEST(discard_gives_the_host_its_disk_back)
{
	struct host_stat before, after;
	struct fixture f;
	int fd;

	up_with(&f, "ffs2-le", MNT_DISCARD);
	CHECK_EQ(host_linux.open(f.img, O_RDONLY, 0, &fd), 0);
	write_pattern(&f, "/mnt/big", 1, 0, 1500000, 65536);
	CHECK_EQ(host_linux.fstat(fd, &before), 0);
	CHECK_EQ(xunlink(&f, "/mnt/big"), 0);
	CHECK_EQ(host_linux.fstat(fd, &after), 0);
	CHECK(before.hs_blocks512 >= after.hs_blocks512 + 1400000 / 512);
	host_linux.close(fd);
	finish(&f);
}

static long
xrevoke(struct fixture *f, const char *path)
{
	return SYS(f, SYS_revoke, revoke, P(const char *, path));
}

/* What was written is there for others; what had no name any more is free. */
static void
revoke_on(const char *name, int flags)
{
	struct fixture f;
	long fd, gone;
	char c;

	up_with(&f, name, flags);
	write_pattern(&f, "/mnt/file", 1, 0, 300000, 65536);
	CHECK_EQ(xmkdir(&f, "/mnt/dir"), 0);
	fd = xopen(&f, "/mnt/file", O_RDWR);
	gone = xopen(&f, "/mnt/dir/gone", O_RDWR | O_CREAT);
	CHECK_EQ(xpwrite(&f, gone, "x", 1, 0), 1);
	CHECK_EQ(xlink(&f, "/mnt/dir/gone", "/mnt/dir/link"), 0);
	CHECK_EQ(xunlink(&f, "/mnt/dir/gone"), 0);
	CHECK_EQ(xrevoke(&f, "/mnt/file"), 0);
	CHECK_EQ(xrevoke(&f, "/mnt/dir/link"), 0);
	CHECK_EQ(xrevoke(&f, "/mnt/dir"), 0);
	CHECK_EQ(xpread(&f, fd, &c, 1, 0), -EIO);
	CHECK_EQ(xpwrite(&f, gone, "x", 1, 0), -EIO);
	CHECK(has_pattern(&f, "/mnt/file", 1, 0, 300000, false));
	CHECK_EQ(xunlink(&f, "/mnt/dir/link"), 0);
	CHECK_EQ(xrmdir(&f, "/mnt/dir"), 0);
	CHECK_EQ(xclose(&f, fd), 0);
	CHECK_EQ(xclose(&f, gone), 0);
	finish(&f);
}

TEST(revoked_files_stay_consistent)
{
	revoke_on(images[0], 0);
	revoke_on(images[0], MNT_LOG);
}

int
main(void)
{
	RUN(check_recorded_images_are_consistent);
	RUN(write_sizes_read_back);
	RUN(write_holes_and_truncate);
	RUN(names_come_and_go);
	RUN(full_file_system_stays_consistent);
	RUN(unlinked_open_file_is_freed_by_close);
	RUN(write_sizes_with_log_read_back);
	RUN(log_replays_after_a_stop_at_any_time);
	RUN(large_directory);
	RUN(space_ahead_and_holes);
	RUN(discard_gives_the_host_its_disk_back);
	RUN(revoked_files_stay_consistent);
	return check_done();
}
