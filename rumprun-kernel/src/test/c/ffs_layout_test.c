/* SPDX-License-Identifier: BSD-2-Clause */
/* Where FFS puts data, and how many calls of the host move it. */
#include "ffs_calls.h"
#include "lib/ffs_check.h"

#define CALL 65536
#define SIZE (2 * 1024 * 1024)

static bool counting;
static unsigned reads, writes, skewed, others;

static void
count(size_t n, int64_t off, unsigned *calls)
{
	if (!counting)
		return;
	if (n < CALL / 2)
		others++;
	else
		(*calls)++;
	if (n == CALL && off % CALL != 0)
		skewed++;
}

static size_t
total(const struct iovec *iov, int cnt)
{
	size_t n = 0;

	for (int i = 0; i < cnt; i++)
		n += iov[i].iov_len;
	return n;
}

static ssize_t
counted_write(int fd, const struct iovec *iov, int cnt, int64_t off)
{
	count(total(iov, cnt), off, &writes);
	return host_linux.pwritev(fd, iov, cnt, off);
}

static ssize_t
counted_read(int fd, const struct iovec *iov, int cnt, int64_t off)
{
	count(total(iov, cnt), off, &reads);
	return host_linux.preadv(fd, iov, cnt, off);
}

static void
start(struct fixture *f, const char *name, int flags)
{
	static struct host_ops ops;
	struct kern_config c = { .kc_consout = console, .kc_host = &ops };

	ops = host_linux;
	ops.pwritev = counted_write;
	ops.preadv = counted_read;
	image(f, name);
	CHECK_EQ(kern_boot(&c, &f->k), 0);
	CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "test", &f->p), 0);
	CHECK_EQ(lwp_create(f->p, &f->l), 0);
	CHECK_EQ(
	    etfs_register(f->k, "/dk", f->img, ETFS_BLK, 0, ETFS_SIZE_TOEND), 0);
	CHECK_EQ(xmkdir(f, "/mnt"), 0);
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

static void
begin_count(void)
{
	reads = writes = skewed = others = 0;
	counting = true;
}

static uint8_t
value(unsigned seed, uint64_t off)
{
	return (uint8_t)(seed * 31 + off / 4096 * 7 + off % 251);
}

static void
write_all(struct fixture *f, const char *path, unsigned seed, size_t n)
{
	static uint8_t buf[CALL];
	long fd = xopen(f, path, O_RDWR | O_CREAT);

	CHECK(fd >= 0);
	for (uint64_t off = 0; off < n; off += CALL) {
		for (size_t i = 0; i < CALL; i++)
			buf[i] = value(seed, off + i);
		CHECK_EQ(xwrite(f, fd, buf, CALL), CALL);
	}
	CHECK_EQ(xclose(f, fd), 0);
}

static bool
is_all(struct fixture *f, long fd, unsigned seed, uint64_t from, uint64_t to)
{
	static uint8_t buf[CALL];

	for (uint64_t off = from; off < to; off += CALL) {
		CHECK_EQ(xpread(f, fd, buf, CALL, (off_t)off), CALL);
		for (size_t i = 0; i < CALL; i++)
			if (buf[i] != value(seed, off + i))
				return false;
	}
	return true;
}

/* A call of 64 KiB is one of the host, at a place that is aligned as the file's is; but where the first indirect block's pointers begin. */
static void
one_call_on(const char *name, int flags)
{
	struct fixture f;
	long fd;

	start(&f, name, flags);
	begin_count();
	write_all(&f, "/mnt/big", 1, SIZE);
	counting = false;
	CHECK_EQ(skewed, 0);
	CHECK(writes <= SIZE / CALL + 1);
	CHECK((fd = xopen(&f, "/mnt/big", O_RDONLY)) >= 0);
	begin_count();
	CHECK(is_all(&f, fd, 1, 0, SIZE));
	counting = false;
	CHECK_EQ(skewed, 0);
	CHECK(reads <= SIZE / CALL + 1);
	CHECK(others <= 1);
	CHECK_EQ(xclose(&f, fd), 0);
	finish(&f);
}

TEST(a_call_is_one_call_of_the_host)
{
	one_call_on("ffs2-le", 0);
	one_call_on("ffs2-le", MNT_LOG);
	one_call_on("ffs2-be", 0);
	one_call_on("ffs1-be", 0);
	one_call_on("ffs1-le", MNT_LOG);
}

/* Files that grow by turns: each has its own clusters. */
TEST(files_that_grow_by_turns_stay_aligned)
{
	static uint8_t buf[CALL];
	struct fixture f;
	long fd[3];
	char path[32];

	start(&f, "ffs2-le", 0);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/mnt/f%d", i);
		CHECK((fd[i] = xopen(&f, path, O_RDWR | O_CREAT)) >= 0);
	}
	begin_count();
	for (uint64_t off = 0; off < SIZE / 2; off += CALL)
		for (unsigned i = 0; i < 3; i++) {
			for (size_t k = 0; k < CALL; k++)
				buf[k] = value(i, off + k);
			CHECK_EQ(xwrite(&f, fd[i], buf, CALL), CALL);
		}
	counting = false;
	CHECK_EQ(skewed, 0);
	CHECK(writes <= 3 * (SIZE / 2 / CALL + 1));
	for (unsigned i = 0; i < 3; i++) {
		CHECK(is_all(&f, fd[i], i, 0, SIZE / 2));
		CHECK_EQ(xclose(&f, fd[i]), 0);
	}
	finish(&f);
}

/* What the block map said last is not believed when the file was cut, or a hole made in it. */
static void
cut_on(const char *name, int flags)
{
	struct fixture f;
	long fd;

	start(&f, name, flags);
	write_all(&f, "/mnt/x", 1, SIZE);
	CHECK((fd = xopen(&f, "/mnt/x", O_RDWR)) >= 0);
	CHECK(is_all(&f, fd, 1, 0, SIZE));
	CHECK_EQ(xtruncate(&f, fd, SIZE / 2), 0);
	CHECK_EQ(xtruncate(&f, fd, SIZE), 0);
	/* Another file has its blocks now. */
	write_all(&f, "/mnt/y", 2, SIZE);
	for (uint64_t off = SIZE / 2; off < SIZE; off += CALL) {
		static uint8_t buf[CALL];

		CHECK_EQ(xpread(&f, fd, buf, CALL, (off_t)off), CALL);
		for (size_t i = 0; i < CALL; i++)
			if (buf[i] != 0) {
				CHECK_EQ(buf[i], 0);
				break;
			}
	}
	CHECK(is_all(&f, fd, 1, 0, SIZE / 2));
	CHECK_EQ(SYS(&f, SYS_fdiscard, fdiscard, P(int, (int)fd),
		     .pos = P(off_t, SIZE / 4), .len = P(off_t, SIZE / 4)),
	    0);
	write_all(&f, "/mnt/z", 3, SIZE / 4);
	CHECK(!is_all(&f, fd, 1, SIZE / 4, SIZE / 2));
	CHECK(!is_all(&f, fd, 3, SIZE / 4, SIZE / 2));
	CHECK(is_all(&f, fd, 1, 0, SIZE / 4));
	CHECK_EQ(xclose(&f, fd), 0);
	CHECK((fd = xopen(&f, "/mnt/y", O_RDONLY)) >= 0);
	CHECK(is_all(&f, fd, 2, 0, SIZE));
	CHECK_EQ(xclose(&f, fd), 0);
	finish(&f);
}

TEST(a_cut_file_is_read_as_it_is)
{
	cut_on("ffs2-le", 0);
	cut_on("ffs2-le", MNT_LOG);
	cut_on("ffs2-be", 0);
	cut_on("ffs1-le", 0);
}

int
main(void)
{
	RUN(a_call_is_one_call_of_the_host);
	RUN(files_that_grow_by_turns_stay_aligned);
	RUN(a_cut_file_is_read_as_it_is);
	return check_done();
}
