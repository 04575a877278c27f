/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel writes, fsck_ffs finds clean: volumes with Apple's label, files that grow by fragments. */
#include "ffs_calls.h"
#include "lib/ffs_check.h"
#include "lib/run_tool.h"

static int
tool(const char *what, const struct fixture *f)
{
	char line[400];

	snprintf(line, sizeof(line), "%s %s", what, f->img);
	return run_tool(line);
}

static void
start(struct fixture *f, const char *newfs)
{
	snprintf(
	    f->img, sizeof(f->img), "/tmp/fsck-kernel-%d.img", host_getpid());
	remove(f->img);
	CHECK_EQ(tool(newfs, f), 0);
	up(f);
	CHECK_EQ(xmount(f, 0), 0);
}

static void
end(struct fixture *f)
{
	CHECK_EQ(xunmount(f, 0), 0);
	down(f);
	CHECK_EQ(tool("fsck_ffs -fn", f), 0);
	/* By the name that it was given with. */
	CHECK(strncmp(tool_said, "** /tmp/fsck-kernel-", 20) == 0);
	remove(f->img);
}

static void
apple(const char *newfs)
{
	struct fixture f;
	struct stat st;
	char path[80];
	long fd;
	int i;

	start(&f, newfs);
	CHECK_EQ(xmkdir(&f, "/mnt/d"), 0);
	CHECK_EQ(xlstat(&f, "/mnt/d", &st), 0);
	CHECK_EQ(st.st_size, 1024);
	for (i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "/mnt/d/a_name_of_length_%d", i);
		fd = xopen(&f, path, O_RDWR | O_CREAT);
		CHECK(fd >= 0);
		CHECK_EQ(xclose(&f, fd), 0);
	}
	for (i = 0; i < 200; i += 3) {
		snprintf(path, sizeof(path), "/mnt/d/a_name_of_length_%d", i);
		CHECK_EQ(xunlink(&f, path), 0);
	}
	CHECK_EQ(xlstat(&f, "/mnt/d/a_name_of_length_199", &st), 0);
	end(&f);
}

TEST(fsck_kernel_apple_directories)
{
	apple("newfs -F -s 4m -v NAME -O 1");
	apple("newfs -F -s 4m -v NAME -O 1 -B be");
}

/* A file's end moves once, to a block of its own. */
TEST(fsck_kernel_fragments_move_once)
{
	static const char *const how[] = { "newfs -F -s 4m -O 1 -o time",
		"newfs -F -s 4m -O 2 -o space" };
	struct fixture f;
	struct stat st;
	char buf[512];
	unsigned i;
	long a, b;
	int k;

	memset(buf, 'x', sizeof(buf));
	for (i = 0; i < 2; i++) {
		start(&f, how[i]);
		a = xopen(&f, "/mnt/a", O_RDWR | O_CREAT);
		b = xopen(&f, "/mnt/b", O_RDWR | O_CREAT);
		CHECK(a >= 0 && b >= 0);
		for (k = 0; k < 30; k++) {
			CHECK_EQ(xpwrite(&f, a, buf, sizeof(buf), k * 512), 512);
			CHECK_EQ(xpwrite(&f, b, buf, sizeof(buf), k * 512), 512);
		}
		CHECK_EQ(xclose(&f, a), 0);
		CHECK_EQ(xclose(&f, b), 0);
		CHECK_EQ(xlstat(&f, "/mnt/b", &st), 0);
		CHECK_EQ(st.st_blocks, 30);
		end(&f);
	}
}

int
main(void)
{
	RUN(fsck_kernel_apple_directories);
	RUN(fsck_kernel_fragments_move_once);
	return check_done();
}
