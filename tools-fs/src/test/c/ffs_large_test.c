/* SPDX-License-Identifier: BSD-2-Clause */
/* Large and odd file systems from newfs to fsck_ffs: 64 GiB and 2 TiB in sparse images, every block and fragment size. */
#include "ffs_calls.h"
#include "lib/ffs_check.h"
#include "lib/run_tool.h"

static int
tool(const char *what, const struct fixture *f)
{
	char line[400];
	int status;

	snprintf(line, sizeof(line), "%s %s", what, f->img);
	if ((status = run_tool(line)) != 0)
		printf("%s: %d: %s\n", line, status, tool_said);
	return status;
}

static void
put(struct fixture *f, const char *path, size_t n, off_t off, size_t chunk)
{
	static char buf[1 << 20];
	long fd = xopen(f, path, O_RDWR | O_CREAT);
	size_t part;

	CHECK(fd >= 0);
	memset(buf, path[5], sizeof(buf));
	for (; n > 0; n -= part, off += (off_t)part) {
		part = n < chunk ? n : chunk;
		CHECK_EQ(xpwrite(f, fd, buf, part, off), (long)part);
	}
	CHECK_EQ(xclose(f, fd), 0);
}

static void
has(struct fixture *f, const char *path, off_t off, char want)
{
	long fd = xopen(f, path, O_RDONLY);
	char c = '?';

	CHECK(fd >= 0);
	CHECK_EQ(xpread(f, fd, &c, 1, off), 1);
	CHECK_EQ(c, want);
	CHECK_EQ(xclose(f, fd), 0);
}

static void
start(struct fixture *f, const char *newfs, int flags)
{
	snprintf(f->img, sizeof(f->img), "/tmp/ffs-large-%d.img", host_getpid());
	remove(f->img);
	CHECK_EQ(tool(newfs, f), 0);
	up(f);
	CHECK_EQ(xmount(f, flags), 0);
}

static void
end(struct fixture *f)
{
	CHECK_EQ(xunmount(f, 0), 0);
	down(f);
	CHECK_EQ(tool("fsck_ffs -fn", f), 0);
	remove(f->img);
}

static void
large(const char *newfs, int flags)
{
	const off_t far = (off_t)60 << 30;
	struct statvfs before, after;
	register_t rv[2];
	struct fixture f;
	struct stat st;
	char path[64];

	start(&f, newfs, flags);
	CHECK_EQ(SYS(&f, SYS_statvfs1, statvfs1, P(const char *, "/mnt"),
		     P(struct statvfs *, &before), P(int, 0)),
	    0);
	CHECK(before.f_blocks * before.f_frsize > (uint64_t)60 << 30);
	put(&f, "/mnt/far", 100000, far, 65536);
	put(&f, "/mnt/beyond4g", 300000, ((off_t)4 << 30) - 150000, 65536);
	put(&f, "/mnt/long", 20 << 20, 0, 1 << 20);
	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "/mnt/d%d", i);
		CHECK_EQ(xmkdir(&f, path), 0);
		snprintf(path, sizeof(path), "/mnt/d%d/file", i);
		put(&f, path, 5000, 0, 5000);
	}
	CHECK_EQ(xunmount(&f, 0), 0);
	CHECK_EQ(tool("fsck_ffs -fn", &f), 0);
	CHECK_EQ(xmount(&f, flags), 0);
	CHECK_EQ(xlstat(&f, "/mnt/far", &st), 0);
	CHECK_EQ(st.st_size, far + 100000);
	has(&f, "/mnt/far", far, 'f');
	has(&f, "/mnt/far", far - 1, 0);
	has(&f, "/mnt/beyond4g", (off_t)4 << 30, 'b');
	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "/mnt/d%d/file", i);
		CHECK_EQ(xunlink(&f, path), 0);
		snprintf(path, sizeof(path), "/mnt/d%d", i);
		CHECK_EQ(xrmdir(&f, path), 0);
	}
	CHECK_EQ(xunlink(&f, "/mnt/far"), 0);
	CHECK_EQ(xunlink(&f, "/mnt/beyond4g"), 0);
	CHECK_EQ(xunlink(&f, "/mnt/long"), 0);
	CHECK_EQ(kern_syscall(f.l, SYS_sync, NULL, rv), 0);
	CHECK_EQ(SYS(&f, SYS_statvfs1, statvfs1, P(const char *, "/mnt"),
		     P(struct statvfs *, &after), P(int, 0)),
	    0);
	if (flags == 0) {
		CHECK_EQ(after.f_bfree, before.f_bfree);
		CHECK_EQ(after.f_ffree, before.f_ffree);
	}
	end(&f);
}

TEST(large_64_gib)
{
	large("newfs -F -s 64g -O 1 -B le", 0);
	large("newfs -F -s 64g -O 1 -B be", MNT_LOG);
	large("newfs -F -s 64g -O 2 -B be", 0);
	large("newfs -F -s 64g -O 2 -B le", MNT_LOG);
}

TEST(large_2_tib)
{
	large("newfs -F -s 2t -O 2 -b 65536 -i 4194304", 0);
	large("newfs -F -s 2t -O 1 -b 65536 -f 8192 -i 4194304 -B be", 0);
}

static void
sizes(const char *newfs, int flags)
{
	static const size_t n[] = { 1, 100, 513, 1500, 3000, 5000, 9000, 17000,
		40000, 130000, 1000000 };
	struct fixture f;
	char path[64];

	start(&f, newfs, flags);
	CHECK_EQ(xmkdir(&f, "/mnt/x"), 0);
	for (unsigned i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
		snprintf(path, sizeof(path), "/mnt/x/once%u", i);
		put(&f, path, n[i], 0, 1 << 20);
		snprintf(path, sizeof(path), "/mnt/x/parts%u", i);
		put(&f, path, n[i] / 10 + 1, 0, 700);
		has(&f, path, (off_t)(n[i] / 10), 'x');
	}
	CHECK_EQ(xunlink(&f, "/mnt/x/once2"), 0);
	CHECK_EQ(xunlink(&f, "/mnt/x/parts9"), 0);
	CHECK_EQ(xunlink(&f, "/mnt/x/once10"), 0);
	end(&f);
}

TEST(every_block_and_fragment_size)
{
	char line[100];

	for (int b = 4096; b <= 65536; b *= 2)
		for (int n = 1; n <= 8; n *= 2) {
			if (b / n < 512)
				continue;
			snprintf(line, sizeof(line),
			    "newfs -F -s 24m -O %d "
			    "-B %s -b %d -f %d",
			    n % 3 == 1 ? 1 : 2, b % 3 == 1 ? "be" : "le", b,
			    b / n);
			sizes(line, n == 2 || n == 4 ? MNT_LOG : 0);
		}
}

int
main(void)
{
	RUN(every_block_and_fragment_size);
	RUN(large_64_gib);
	RUN(large_2_tib);
	return check_done();
}
