/* SPDX-License-Identifier: BSD-2-Clause */
/* The matrix, files' contents: opening, reading, writing, holes, sizes, space. */
#include "lib/matrix.h"

/* --- opening --- */

CASE(vfs_open_flags_as_documented)
{
	char buf[8];
	long fd, dir;

	CHECK_EQ(x_open("f", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(x_open("", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(x_open("f", O_RDONLY | O_DIRECTORY, 0), -ENOENT);
	fd = x_open("f", O_RDWR | O_CREAT | O_EXCL, 0640);
	CHECK(fd >= 0);
	CHECK_EQ(x_open("f", O_RDWR | O_CREAT | O_EXCL, 0640), -EEXIST);
	CHECK_EQ(x_write(fd, "hello", 5), 5);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(x_close(fd), -EBADF);
	CHECK_EQ(x_open("f", O_RDONLY | O_DIRECTORY, 0), -ENOTDIR);
	CHECK_EQ(x_open("f/g", O_RDONLY, 0), -ENOTDIR);
	CHECK_EQ(x_open("f/", O_RDONLY, 0), -ENOTDIR);
	CHECK_EQ(x_open(".", O_WRONLY, 0), -EISDIR);
	CHECK_EQ(x_open(".", O_RDWR, 0), -EISDIR);
	fd = x_open("f", O_RDONLY, 0);
	CHECK_EQ(x_write(fd, "x", 1), -EBADF);
	CHECK_EQ(x_close(fd), 0);
	fd = x_open("f", O_WRONLY, 0);
	CHECK_EQ(x_read(fd, buf, 1), -EBADF);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(m_size("f"), 5);
	fd = x_open("f", O_WRONLY | O_TRUNC, 0);
	CHECK_EQ(m_size("f"), 0);
	CHECK_EQ(x_close(fd), 0);
	dir = x_open(".", O_RDONLY | O_DIRECTORY, 0);
	CHECK(dir >= 0);
	/* FFS shows what is on the disk, from "." on. */
	if (strncmp(m.fs->name, "ffs", 3) == 0) {
		CHECK_EQ(x_read(dir, buf, 8), 8);
		CHECK_EQ(x_pread(dir, buf, 4, 8), 4);
		CHECK_EQ(buf[0], '.');
	} else
		CHECK_EQ(x_read(dir, buf, 8), -EISDIR);
	CHECK_EQ(x_close(dir), 0);
}

CASE(vfs_creat_over_symlinks_follows_or_refuses)
{
	CHECK_EQ(x_symlink("target", "l"), 0);
	CHECK_EQ(x_open("l", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(x_open("l", O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
	CHECK_EQ(x_open("l", O_RDONLY | O_NOFOLLOW, 0), -EFTYPE);
	CHECK_EQ(m_touch("l"), 0);
	CHECK_EQ(m_size("target"), 0);
	CHECK_EQ(m_size("l"), 6);
}

CASE(vfs_append_goes_to_the_end)
{
	char buf[16];
	long a, b;

	a = x_open("f", O_RDWR | O_CREAT | O_APPEND, 0644);
	b = x_open("f", O_RDWR | O_APPEND, 0);
	CHECK_EQ(x_write(a, "one", 3), 3);
	CHECK_EQ(x_write(b, "two", 3), 3);
	CHECK_EQ(x_lseek(a, 0, SEEK_SET), 0);
	CHECK_EQ(x_write(a, "three", 5), 5);
	CHECK_EQ(x_lseek(a, 0, SEEK_CUR), 11);
	CHECK_EQ(x_pread(b, buf, sizeof(buf), 0), 11);
	CHECK(memcmp(buf, "onetwothree", 11) == 0);
	CHECK_EQ(x_close(a), 0);
	CHECK_EQ(x_close(b), 0);
}

CASE(vfs_seek_counts_from_three_places)
{
	long fd = x_open("f", O_RDWR | O_CREAT, 0644);
	char c;

	CHECK_EQ(x_write(fd, "0123456789", 10), 10);
	CHECK_EQ(x_lseek(fd, -3, SEEK_END), 7);
	CHECK_EQ(x_read(fd, &c, 1), 1);
	CHECK_EQ(c, '7');
	CHECK_EQ(x_lseek(fd, -2, SEEK_CUR), 6);
	CHECK_EQ(x_lseek(fd, -7, SEEK_CUR), -EINVAL);
	CHECK_EQ(x_lseek(fd, -1, SEEK_SET), -EINVAL);
	CHECK_EQ(x_lseek(fd, 0, 9), -EINVAL);
	CHECK_EQ(x_lseek(fd, 100, SEEK_SET), 100);
	CHECK_EQ(x_read(fd, &c, 1), 0);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(x_lseek(fd, 0, SEEK_SET), -EBADF);
}

CASE(vfs_vectors_are_one_transfer)
{
	char a[4], b[10], c[6];
	struct iovec out[3] = { { "abc", 3 }, { "", 0 }, { "defghijk", 8 } };
	struct iovec in[3] = { { a, 4 }, { b, 4 }, { c, 6 } };
	long fd = x_open("f", O_RDWR | O_CREAT, 0644);

	CHECK_EQ(SYS(SYS_writev, writev, P(int, fd),
		     P(const struct iovec *, out), P(int, 3)),
	    11);
	CHECK_EQ(x_lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(SYS(SYS_readv, readv, P(int, fd), P(const struct iovec *, in),
		     P(int, 3)),
	    11);
	CHECK(memcmp(a, "abcd", 4) == 0 && memcmp(b, "efgh", 4) == 0 &&
	    memcmp(c, "ijk", 3) == 0);
	CHECK_EQ(
	    SYS(SYS_pwritev, pwritev, P(int, fd), P(const struct iovec *, out),
		P(int, 3), .offset = P(off_t, 11)),
	    11);
	CHECK_EQ(SYS(SYS_preadv, preadv, P(int, fd), P(const struct iovec *, in),
		     P(int, 3), .offset = P(off_t, 11)),
	    11);
	CHECK_EQ(SYS(SYS_writev, writev, P(int, fd),
		     P(const struct iovec *, out), P(int, 0)),
	    -EINVAL);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(m_size("f"), 22);
}

/* --- borders --- */

/* A piece across each border of a block, of a fragment, of the direct and the indirect blocks; every other byte there is zero. */
CASE(vfs_writes_across_borders_read_back)
{
	uint64_t b = m.bsize, f = m.frsize;
	const uint64_t borders[] = { 512, 1024, 2048, 4096, f, 2 * f, b - f, b,
		b + f, 2 * b, 11 * b, 12 * b, 12 * b + f, 13 * b,
		12 * b + b / 8 * b, 12 * b + b / 4 * b, 4096 * 256,
		UINT64_C(4096) * 65536 };
	uint8_t buf[7], want[7];
	char path[32];

	for (unsigned i = 0; i < sizeof(borders) / sizeof(borders[0]); i++) {
		off_t at = (off_t)borders[i] - 3;
		long fd;

		if (at < 7 || (!has(CAP_BIG) && borders[i] > 1 << 20))
			continue;
		snprintf(path, sizeof(path), "f%u", i);
		fd = x_open(path, O_RDWR | O_CREAT, 0644);
		CHECK(fd >= 0);
		for (int j = 0; j < 7; j++)
			want[j] = m_byte(i, (uint64_t)j);
		CHECK_EQ(x_pwrite(fd, want, 7, at), 7);
		CHECK_EQ(x_pread(fd, buf, 7, at), 7);
		CHECK(memcmp(buf, want, 7) == 0);
		CHECK_EQ(x_close(fd), 0);
	}
	m_remount();
	for (unsigned i = 0; i < sizeof(borders) / sizeof(borders[0]); i++) {
		off_t at = (off_t)borders[i] - 3;
		long fd;

		if (at < 7 || (!has(CAP_BIG) && borders[i] > 1 << 20))
			continue;
		snprintf(path, sizeof(path), "f%u", i);
		fd = x_open(path, O_RDONLY, 0);
		CHECK(fd >= 0);
		CHECK_EQ(m_size(path), at + 7);
		CHECK_EQ(x_pread(fd, buf, 7, at), 7);
		for (int j = 0; j < 7; j++)
			CHECK_EQ(buf[j], m_byte(i, (uint64_t)j));
		CHECK_EQ(x_pread(fd, buf, 7, at + 3), 4);
		CHECK_EQ(x_pread(fd, buf, 7, at + 7), 0);
		CHECK_EQ(x_pread(fd, buf, 7, at - 7), 7);
		for (int j = 0; j < 7; j++)
			CHECK_EQ(buf[j], 0);
		CHECK_EQ(x_close(fd), 0);
	}
}

CASE(vfs_sizes_around_borders_read_back)
{
	uint64_t b = m.bsize, f = m.frsize;
	const uint64_t sizes[] = { 0, 1, 511, 512, 513, f - 1, f, f + 1,
		2 * f + 1, b - 1, b, b + 1, b + f, 2 * b - 1, 12 * b - 1,
		12 * b, 12 * b + 1, 13 * b + 1 };
	char path[32];

	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			snprintf(path, sizeof(path), "s%u", i);
			if (round == 0)
				m_fill(path, i, sizes[i]);
			CHECK_EQ(m_size(path), (int64_t)sizes[i]);
			CHECK(m_filled(path, i, sizes[i]));
		}
		m_remount();
	}
}

/* Grows by pieces that are no multiple of anything, so that fragments grow and move. */
CASE(vfs_growth_by_odd_pieces_keeps_contents)
{
	uint8_t buf[1500];
	uint64_t at[3] = { 0, 0, 0 }, limit = 14 * m.bsize;
	unsigned seed = 7;
	char path[3][4] = { "a", "b", "c" };
	long fd[3];

	if (limit > 200000)
		limit = 200000;
	for (int i = 0; i < 3; i++)
		fd[i] = x_open(path[i], O_WRONLY | O_CREAT, 0644);
	while (at[0] < limit) {
		for (int i = 0; i < 3; i++) {
			size_t n = m_random(&seed) % sizeof(buf) + 1;

			for (size_t j = 0; j < n; j++)
				buf[j] = m_byte((unsigned)i, at[i] + j);
			CHECK_EQ(x_write(fd[i], buf, n), (long)n);
			at[i] += n;
		}
	}
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(x_close(fd[i]), 0);
		CHECK(m_filled(path[i], (unsigned)i, at[i]));
	}
	m_remount();
	for (int i = 0; i < 3; i++)
		CHECK(m_filled(path[i], (unsigned)i, at[i]));
}

/* --- holes, truncation --- */

CASE(vfs_holes_hold_nothing_and_read_as_zeros)
{
	struct stat st;
	uint8_t buf[4096];
	off_t far = (off_t)m.bsize * 40;
	long fd = x_open("f", O_RDWR | O_CREAT, 0644);

	CHECK_EQ(x_pwrite(fd, "x", 1, far), 1);
	CHECK_EQ(x_fsync(fd), 0);
	CHECK_EQ(x_fstat(fd, &st), 0);
	CHECK_EQ(st.st_size, far + 1);
	CHECK(st.st_blocks * 512 < far / 2);
	for (off_t at = 0; at < far; at += (off_t)m.bsize * 4) {
		CHECK_EQ(x_pread(fd, buf, sizeof(buf), at), sizeof(buf));
		for (size_t i = 0; i < sizeof(buf); i++)
			CHECK(buf[i] == 0);
	}
	/* a hole that is filled keeps its neighbours */
	CHECK_EQ(x_pwrite(fd, "mid", 3, far / 2 + 5), 3);
	CHECK_EQ(x_pread(fd, buf, 16, far / 2), 16);
	CHECK(memcmp(buf, "\0\0\0\0\0mid\0\0\0\0\0\0\0\0", 16) == 0);
	CHECK_EQ(x_pread(fd, buf, 16, far), 1);
	CHECK_EQ(buf[0], 'x');
	CHECK_EQ(x_close(fd), 0);
}

CASE(vfs_truncation_cuts_and_extension_is_zeros)
{
	uint64_t b = m.bsize, f = m.frsize;
	const uint64_t to[] = { 13 * b + 3, 12 * b + 1, 12 * b, 12 * b - 1,
		5 * b + f + 1, 3 * b, b + 1, b - 1, f + 1, f, 100, 1, 0 };
	uint64_t before = 14 * b;
	uint8_t buf[256];
	long fd;

	m_fill("f", 3, before);
	fd = x_open("f", O_RDWR, 0);
	for (unsigned i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		if (to[i] >= before)
			continue;
		before = to[i];
		CHECK_EQ(x_ftruncate(fd, (off_t)to[i]), 0);
		CHECK_EQ(m_size("f"), (int64_t)to[i]);
		CHECK(m_filled("f", 3, to[i]));
		/* what is beyond is gone for good */
		CHECK_EQ(x_ftruncate(fd, (off_t)to[i] + 200), 0);
		memset(buf, 1, sizeof(buf));
		CHECK_EQ(x_pread(fd, buf, 256, (off_t)to[i]), 200);
		for (int j = 0; j < 200; j++)
			CHECK_EQ(buf[j], 0);
		CHECK_EQ(x_ftruncate(fd, (off_t)to[i]), 0);
	}
	CHECK_EQ(x_ftruncate(fd, -1), -EINVAL);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(x_truncate("f", 70000), 0);
	CHECK_EQ(m_size("f"), 70000);
	CHECK_EQ(x_truncate(".", 0), -EISDIR);
	CHECK_EQ(x_truncate("none", 0), -ENOENT);
	fd = x_open("f", O_RDONLY, 0);
	CHECK_EQ(x_ftruncate(fd, 0), -EINVAL);
	CHECK_EQ(x_close(fd), 0);
}

CASE(vfs_truncation_gives_space_back)
{
	struct stat st;
	uint64_t n = 20 * m.bsize;

	m_fill("f", 1, n);
	x_sync();
	CHECK_EQ(x_lstat("f", &st), 0);
	CHECK((uint64_t)st.st_blocks * 512 >= n);
	CHECK_EQ(x_truncate("f", 1), 0);
	x_sync();
	CHECK_EQ(x_lstat("f", &st), 0);
	CHECK((uint64_t)st.st_blocks * 512 <= m.bsize);
	CHECK_EQ(x_truncate("f", 0), 0);
	x_sync();
	CHECK_EQ(x_lstat("f", &st), 0);
	if (has(CAP_DISK))
		CHECK_EQ(st.st_blocks, 0);
}

CASE(vfs_files_over_4_gib_work)
{
	const off_t at[] = { INT64_C(0x7fffffff), INT64_C(0xfffffffe),
		INT64_C(0x100000000), INT64_C(0x140000001) };
	char buf[8];
	long fd = x_open("f", O_RDWR | O_CREAT, 0644);

	for (int i = 0; i < 4; i++)
		CHECK_EQ(x_pwrite(fd, "big", 3, at[i]), 3);
	CHECK_EQ(x_lseek(fd, 0, SEEK_END), at[3] + 3);
	CHECK_EQ(x_close(fd), 0);
	m_remount();
	CHECK_EQ(m_size("f"), at[3] + 3);
	fd = x_open("f", O_RDWR, 0);
	for (int i = 3; i >= 0; i--) {
		/* the third begins before the second ends */
		CHECK_EQ(x_pread(fd, buf, 3, at[i]), i == 1 ? 2 : 3);
		CHECK(memcmp(buf, "big", 2) == 0);
		CHECK_EQ(x_ftruncate(fd, at[i]), 0);
		CHECK_EQ(x_pread(fd, buf, 3, at[i]), 0);
	}
	CHECK_EQ(x_close(fd), 0);
}

CASE(vfs_absurd_sizes_are_refused)
{
	long fd = x_open("f", O_RDWR | O_CREAT, 0644);

	CHECK_EQ(x_pwrite(fd, "x", 1, INT64_MAX), -EFBIG);
	CHECK_EQ(x_pwrite(fd, "x", 1, -1), -EINVAL);
	CHECK_EQ(x_pread(fd, &(char){ 0 }, 1, -1), -EINVAL);
	if (has(CAP_DISK))
		CHECK_EQ(x_ftruncate(fd, INT64_MAX), -EFBIG);
	CHECK_EQ(m_size("f"), 0);
	CHECK_EQ(x_close(fd), 0);
}

/* --- random, against a model in memory --- */

#define MODEL (256 * 1024)
struct model {
	uint8_t bytes[MODEL];
	size_t size;
};

static void
model_check(const struct model *mo, long fd)
{
	static uint8_t buf[MODEL + 10];

	CHECK_EQ(m_size("f"), (int64_t)mo->size);
	CHECK_EQ(x_pread(fd, buf, sizeof(buf), 0), (long)mo->size);
	for (size_t i = 0; i < mo->size; i++)
		if (buf[i] != mo->bytes[i]) {
			printf("    byte %zu of %zu: %u, not %u\n", i, mo->size,
			    buf[i], mo->bytes[i]);
			CHECK(!"the file is as its model");
		}
}

static void
model_step(struct model *mo, long fd, unsigned *seed)
{
	static uint8_t buf[40000];
	size_t at = m_random(seed) % MODEL, n, i;
	unsigned op = m_random(seed) % 8;

	n = m_random(seed) % (op & 1 ? 300 : sizeof(buf));
	if (n > MODEL - at)
		n = MODEL - at;
	switch (op) {
	case 0:
		/* mostly down to little, to grow again */
		at = at % 4 == 0 ? at : at % 20000;
		CHECK_EQ(x_ftruncate(fd, (off_t)at), 0);
		if (at > mo->size)
			memset(mo->bytes + mo->size, 0, at - mo->size);
		mo->size = at;
		break;
	case 1:
	case 2:
		memset(buf, 0xee, n);
		i = at >= mo->size ? 0 : mo->size - at < n ? mo->size - at : n;
		CHECK_EQ(x_pread(fd, buf, n, (off_t)at), (long)i);
		CHECK(memcmp(buf, mo->bytes + at, i) == 0);
		break;
	case 3:
		/* the end grows */
		at = mo->size;
		if (n > MODEL - at)
			n = MODEL - at;
		/* FALLTHROUGH */
	default:
		for (i = 0; i < n; i++)
			buf[i] = (uint8_t)m_random(seed);
		CHECK_EQ(x_pwrite(fd, buf, n, (off_t)at), (long)n);
		if (n == 0)
			break;
		if (at > mo->size)
			memset(mo->bytes + mo->size, 0, at - mo->size);
		memcpy(mo->bytes + at, buf, n);
		if (at + n > mo->size)
			mo->size = at + n;
	}
}

CASE(vfs_random_io_equals_model)
{
	static struct model mo;
	unsigned seed = 4711;
	long fd;

	memset(&mo, 0, sizeof(mo));
	for (int round = 0; round < 3; round++) {
		fd = x_open("f", O_RDWR | O_CREAT, 0644);
		for (int i = 0; i < 150; i++) {
			model_step(&mo, fd, &seed);
			if (i % 50 == 49)
				model_check(&mo, fd);
		}
		CHECK_EQ(x_close(fd), 0);
		m_remount();
		fd = x_open("f", O_RDWR, 0);
		model_check(&mo, fd);
		CHECK_EQ(x_close(fd), 0);
	}
}

/* --- descriptors --- */

CASE(vfs_unlinked_file_lives_until_closed)
{
	struct stat st;
	long fd;

	m_fill("f", 9, 5 * m.bsize);
	fd = x_open("f", O_RDWR, 0);
	CHECK_EQ(x_unlink("f"), 0);
	CHECK_EQ(m_size("f"), -ENOENT);
	CHECK_EQ(x_fstat(fd, &st), 0);
	if (has(CAP_LINK))
		CHECK_EQ(st.st_nlink, 0);
	CHECK_EQ(st.st_size, (off_t)(5 * m.bsize));
	CHECK_EQ(x_pwrite(fd, "more", 4, st.st_size), 4);
	CHECK_EQ(m_touch("f"), 0);
	CHECK_EQ(m_size("f"), 0);
	CHECK_EQ(x_fstat(fd, &st), 0);
	CHECK_EQ(st.st_size, (off_t)(5 * m.bsize + 4));
	CHECK_EQ(x_ftruncate(fd, 3), 0);
	CHECK_EQ(x_close(fd), 0);
}

CASE(vfs_duplicates_share_the_offset)
{
	char c;
	long fd, other;

	m_fill("f", 0, 100);
	fd = x_open("f", O_RDONLY, 0);
	other = SYS(SYS_dup, dup, P(int, fd));
	CHECK_EQ(x_read(fd, &c, 1), 1);
	CHECK_EQ(x_lseek(other, 0, SEEK_CUR), 1);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(x_read(other, &c, 1), 1);
	CHECK_EQ((uint8_t)c, m_byte(0, 1));
	CHECK_EQ(x_close(other), 0);
}

CASE(vfs_bad_addresses_are_efault)
{
	long fd = x_open("f", O_RDWR | O_CREAT, 0644);

	CHECK_EQ(x_write(fd, "abcd", 4), 4);
	CHECK_EQ(x_pread(fd, NULL, 4, 0), -EFAULT);
	CHECK_EQ(x_pwrite(fd, NULL, 4, 2), -EFAULT);
	CHECK_EQ(x_read(fd, NULL, 0), 0);
	CHECK_EQ(x_open(NULL, O_RDONLY, 0), -EFAULT);
	CHECK_EQ(x_lstat("f", NULL), -EFAULT);
	CHECK_EQ(m_size("f"), 4);
	CHECK_EQ(x_close(fd), 0);
}

CASE(vfs_fsync_in_its_forms_works)
{
	long fd = x_open("f", O_RDWR | O_CREAT, 0644);
	long dir = x_open(".", O_RDONLY, 0);

	CHECK_EQ(x_write(fd, "abcd", 4), 4);
	CHECK_EQ(x_fsync(fd), 0);
	CHECK_EQ(SYS(SYS_fdatasync, fdatasync, P(int, fd)), 0);
	CHECK_EQ(SYS(SYS_fsync_range, fsync_range, P(int, fd), P(int, 0x20),
		     P(off_t, 0), P(off_t, 4)),
	    0);
	CHECK_EQ(x_fsync(dir), 0);
	CHECK_EQ(x_fsync(99), -EBADF);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(x_close(dir), 0);
	fd = x_open("g", O_RDWR | O_CREAT | O_SYNC, 0644);
	CHECK_EQ(x_write(fd, "abcd", 4), 4);
	CHECK_EQ(x_close(fd), 0);
	fd = x_open("h", O_RDWR | O_CREAT | O_DSYNC, 0644);
	CHECK_EQ(x_write(fd, "abcd", 4), 4);
	CHECK_EQ(x_close(fd), 0);
}

/* --- space --- */

static uint8_t chunk[65536];

CASE(vfs_full_disk_is_enospc_and_recovers)
{
	struct statvfs sv;
	long fd, n = 0, total = 0;
	int files;

	m_fill("keep", 5, 30000);
	fd = x_open("big", O_WRONLY | O_CREAT, 0644);
	while ((n = x_write(fd, chunk, sizeof(chunk))) > 0) {
		total += n / 1024;
		CHECK(total < 20 * 1024);
	}
	CHECK_EQ(n, -ENOSPC);
	CHECK(total > 8 * 1024);
	while ((n = x_write(fd, chunk, m.frsize)) > 0)
		continue;
	CHECK_EQ(n, -ENOSPC);
	CHECK_EQ(x_statvfs(".", &sv), 0);
	CHECK_EQ(sv.f_bavail, 0);
	CHECK(sv.f_bfree < m.bsize / m.frsize * 4);
	/* names still come, then not; everything stays sound */
	for (files = 0; files < 100000; files++) {
		char path[64];

		snprintf(path, sizeof(path), "%0*d", 60, files);
		n = x_mkdir(path, 0755);
		if (n != 0)
			break;
	}
	CHECK_EQ(n, -ENOSPC);
	CHECK_EQ(x_close(fd), 0);
	CHECK(m_filled("keep", 5, 30000));
	CHECK_EQ(x_unlink("big"), 0);
	x_sync();
	m_fill("again", 6, 3000000);
	CHECK(m_filled("again", 6, 3000000));
}

CASE(vfs_no_inodes_left_is_enospc)
{
	struct statvfs sv;
	char path[32];
	long error = 0;
	int n = 0;

	CHECK_EQ(x_statvfs(".", &sv), 0);
	if (sv.f_ffree > 6000)
		return;
	for (; error == 0 && n < 8000; n++) {
		if (n % 500 == 0) {
			snprintf(path, sizeof(path), "d%d", n / 500);
			error = x_mkdir(path, 0755);
		}
		snprintf(path, sizeof(path), "d%d/f%d", n / 500, n);
		if (error == 0)
			error = m_touch(path);
	}
	CHECK_EQ(error, -ENOSPC);
	CHECK_EQ(x_statvfs(".", &sv), 0);
	CHECK_EQ(sv.f_ffree, 0);
	CHECK_EQ(x_unlink("d0/f0"), 0);
	x_sync();
	CHECK_EQ(m_touch("d0/f0"), 0);
}

CASE(vfs_statvfs_counts_what_is_used)
{
	struct statvfs a, b;
	uint64_t want = 20 * m.bsize;

	x_sync();
	CHECK_EQ(x_statvfs(".", &a), 0);
	CHECK(a.f_bfree <= a.f_blocks && a.f_bavail <= a.f_bfree);
	CHECK(a.f_ffree <= a.f_files);
	CHECK_EQ(a.f_namemax, 255);
	CHECK_STR(a.f_mntonname, m.mnt);
	m_fill("f", 1, want);
	x_sync();
	CHECK_EQ(x_statvfs(".", &b), 0);
	if (has(CAP_FULL))
		CHECK_EQ(a.f_blocks, b.f_blocks);
	CHECK((a.f_bfree - b.f_bfree) * a.f_frsize >= want);
	CHECK((a.f_bfree - b.f_bfree) * a.f_frsize <= want + 4 * m.bsize);
	if (has(CAP_DISK))
		CHECK_EQ(a.f_ffree - b.f_ffree, 1);
}

/* --- read-only --- */

CASE(vfs_readonly_data_reads_and_does_not_change)
{
	long fd;

	CHECK(m_filled("f", 1, 100000));
	CHECK(m_filled("d/g", 2, 10));
	CHECK_EQ(x_open("f", O_RDWR, 0), -EROFS);
	CHECK_EQ(x_open("f", O_WRONLY, 0), -EROFS);
	CHECK_EQ(x_open("f", O_RDONLY | O_TRUNC, 0), -EROFS);
	CHECK_EQ(x_open("new", O_RDWR | O_CREAT, 0644), -EROFS);
	CHECK_EQ(x_open("new", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(x_truncate("f", 5), -EROFS);
	fd = x_open("f", O_RDONLY | O_CREAT, 0644);
	CHECK(fd >= 0);
	CHECK_EQ(x_fsync(fd), 0);
	CHECK_EQ(x_ftruncate(fd, 5), -EINVAL);
	CHECK_EQ(x_close(fd), 0);
}

static const struct mcase cases[] = { { C(vfs_open_flags_as_documented), 0 },
	{ C(vfs_creat_over_symlinks_follows_or_refuses), 0 },
	{ C(vfs_append_goes_to_the_end), 0 },
	{ C(vfs_seek_counts_from_three_places), 0 },
	{ C(vfs_vectors_are_one_transfer), 0 },
	{ C(vfs_writes_across_borders_read_back), 0 },
	{ C(vfs_sizes_around_borders_read_back), 0 },
	{ C(vfs_growth_by_odd_pieces_keeps_contents), 0 },
	{ C(vfs_holes_hold_nothing_and_read_as_zeros), CAP_HOLES },
	{ C(vfs_truncation_cuts_and_extension_is_zeros), 0 },
	{ C(vfs_truncation_gives_space_back), CAP_HOLES },
	{ C(vfs_files_over_4_gib_work), CAP_BIG },
	{ C(vfs_absurd_sizes_are_refused), 0 },
	{ C(vfs_random_io_equals_model), 0 },
	{ C(vfs_unlinked_file_lives_until_closed), 0 },
	{ C(vfs_duplicates_share_the_offset), 0 },
	{ C(vfs_bad_addresses_are_efault), 0 },
	{ C(vfs_fsync_in_its_forms_works), 0 },
	{ C(vfs_full_disk_is_enospc_and_recovers), CAP_FULL },
	{ C(vfs_no_inodes_left_is_enospc), CAP_FULL },
	{ C(vfs_statvfs_counts_what_is_used), CAP_SPACE }, { NULL, NULL, 0 } };

static const struct mcase readonly_cases[] = {
	{ C(vfs_readonly_data_reads_and_does_not_change), 0 }, { NULL, NULL, 0 }
};

int
main(void)
{
	return matrix_main(cases, readonly_cases);
}
