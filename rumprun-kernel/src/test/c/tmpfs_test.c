/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory file system: limits, holes, many names, and every form of rename. */
#include "core_calls.h"

static void
mounted(struct fixture *f, off_t size, ino_t nodes)
{
	struct tmpfs_args args = { .ta_version = 1,
		.ta_root_mode = 0755,
		.ta_size_max = size,
		.ta_nodes_max = nodes };

	up(f);
	CHECK_EQ(l_mkdir(f->l, "/mnt"), 0);
	CHECK_EQ(l_mount(f->l, "tmpfs", "/mnt", 0, &args, sizeof(args)), 0);
	CHECK_EQ(SYS(f->l, SYS_chdir, chdir, P(const char *, "/mnt")), 0);
}

static void
end(struct fixture *f)
{
	CHECK_EQ(SYS(f->l, SYS_chdir, chdir, P(const char *, "/")), 0);
	CHECK_EQ(l_unmount(f->l, "/mnt", 0), 0);
	down(f);
}

static void
touch(struct fixture *f, const char *path)
{
	long fd = l_open(f->l, path, O_RDWR | O_CREAT, 0644);

	CHECK(fd >= 0);
	CHECK_EQ(l_close(f->l, fd), 0);
}

static ino_t
ino(struct fixture *f, const char *path)
{
	struct stat sb;

	return l_lstat(f->l, path, &sb) == 0 ? sb.st_ino : 0;
}

TEST(tmpfs_size_limit)
{
	static char block[65536];
	struct fixture f;
	struct stat sb;
	long fd, n, all = 0;
	char c = 1;

	mounted(&f, 1 << 20, 0);
	fd = l_open(f.l, "f", O_RDWR | O_CREAT, 0644);
	while ((n = l_write(f.l, fd, block, sizeof(block))) > 0)
		all += n;
	CHECK_EQ(n, -ENOSPC);
	CHECK(all > 900000 && all < 1 << 20);
	CHECK_EQ(l_fstat(f.l, fd, &sb), 0);
	/* All of a write or nothing. */
	CHECK_EQ(sb.st_size, all);
	while ((n = l_write(f.l, fd, block, 4096)) > 0)
		all += n;
	CHECK_EQ(n, -ENOSPC);
	CHECK_EQ(l_fstat(f.l, fd, &sb), 0);
	CHECK_EQ(sb.st_size, all);
	/* A symbolic link and a name need memory, too. */
	n = 0;
	while (n == 0) {
		char name[32];

		snprintf(name, sizeof(name), "l%ld", all++);
		n = l_symlink(f.l, "somewhere", name);
	}
	CHECK_EQ(n, -ENOSPC);
	/* Directories and links take whole pages, as stat(2) shows them. */
	CHECK_EQ(l_lstat(f.l, ".", &sb), 0);
	CHECK(sb.st_size > 0 && sb.st_size % (4 * sizeof(void *) + 8) == 0);
	CHECK_EQ(sb.st_blocks, (sb.st_size + 4095) / 4096 * 8);
	CHECK_EQ(l_ftruncate(f.l, fd, 0), 0);
	CHECK_EQ(l_write(f.l, fd, block, sizeof(block)), sizeof(block));
	CHECK_EQ(SYS(f.l, SYS_posix_fallocate, posix_fallocate, P(int, fd),
		     { .datum = 0 }, P(off_t, 0), P(off_t, 1 << 30)),
	    ENOSPC);
	CHECK_EQ(l_pwrite(f.l, fd, &c, 1, 0), 1);
	CHECK_EQ(l_close(f.l, fd), 0);
	end(&f);
}

TEST(tmpfs_failed_write)
{
	struct fixture f;
	struct stat sb;
	long fd;

	/* What fails on its way in leaves no page behind, on empty files too. */
	mounted(&f, 0, 0);
	fd = l_open(f.l, "f", O_RDWR | O_CREAT, 0644);
	CHECK(fd >= 0);
	CHECK_EQ(l_write(f.l, fd, NULL, 10), -EFAULT);
	CHECK_EQ(l_pwrite(f.l, fd, NULL, 10, 1 << 30), -EFAULT);
	CHECK_EQ(l_fstat(f.l, fd, &sb), 0);
	CHECK_EQ(sb.st_size, 0);
	CHECK_EQ(sb.st_blocks, 0);
	CHECK_EQ(l_pwrite(f.l, fd, "x", 1, INT64_MAX - 1), 1);
	CHECK_EQ(l_pwrite(f.l, fd, "x", 1, INT64_MAX), -EFBIG);
	CHECK_EQ(l_close(f.l, fd), 0);
	end(&f);
}

TEST(tmpfs_node_limit)
{
	struct fixture f;
	char name[16];
	int i;

	mounted(&f, 0, 10);
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		if (l_mkdir(f.l, name) != 0)
			break;
	}
	CHECK(i >= 7 && i <= 9);
	CHECK_EQ(l_mkdir(f.l, "more"), -ENOSPC);
	CHECK_EQ(l_rmdir(f.l, "d0"), 0);
	CHECK_EQ(l_mkdir(f.l, "more"), 0);
	end(&f);
}

TEST(tmpfs_holes)
{
	static const off_t far = (off_t)1 << 40;
	struct fixture f;
	struct stat sb;
	char buf[8192];
	long fd;

	mounted(&f, 1 << 20, 0);
	fd = l_open(f.l, "f", O_RDWR | O_CREAT, 0644);
	CHECK_EQ(l_pwrite(f.l, fd, "end", 3, far), 3);
	CHECK_EQ(l_fstat(f.l, fd, &sb), 0);
	CHECK_EQ(sb.st_size, far + 3);
	CHECK_EQ(sb.st_blocks, 8);
	CHECK_EQ(l_pread(f.l, fd, buf, 8192, far - 4096), 4099);
	CHECK(buf[0] == 0 && buf[4095] == 0 && buf[4096] == 'e');
	CHECK_EQ(l_pread(f.l, fd, buf, 100, far / 2), 100);
	CHECK_EQ(l_pwrite(f.l, fd, "x", 1, INT64_MAX - 1), 1);
	CHECK_EQ(l_pwrite(f.l, fd, "xy", 2, INT64_MAX - 1), -EFBIG);
	CHECK_EQ(l_ftruncate(f.l, fd, far + 1), 0);
	CHECK_EQ(l_ftruncate(f.l, fd, far + 3), 0);
	CHECK_EQ(l_pread(f.l, fd, buf, 3, far), 3);
	CHECK(buf[0] == 'e' && buf[1] == 0 && buf[2] == 0);
	CHECK_EQ(l_ftruncate(f.l, fd, 0), 0);
	CHECK_EQ(l_fstat(f.l, fd, &sb), 0);
	CHECK_EQ(sb.st_blocks, 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	end(&f);
}

TEST(tmpfs_discard)
{
	struct fixture f;
	struct stat sb;
	char buf[20480];
	long fd;

	mounted(&f, 0, 0);
	memset(buf, 7, sizeof(buf));
	fd = l_open(f.l, "f", O_RDWR | O_CREAT, 0644);
	CHECK_EQ(l_write(f.l, fd, buf, sizeof(buf)), sizeof(buf));
	CHECK_EQ(l_fdiscard(f.l, fd, -1, 5), -EINVAL);
	CHECK_EQ(l_fdiscard(f.l, fd, 0, 0), -EINVAL);
	CHECK_EQ(l_fdiscard(f.l, fd, 4000, 8288), 0);
	CHECK_EQ(l_pread(f.l, fd, buf, sizeof(buf), 0), sizeof(buf));
	CHECK(buf[3999] == 7 && buf[4000] == 0 && buf[12287] == 0 &&
	    buf[12288] == 7);
	CHECK_EQ(l_fdiscard(f.l, fd, 16384, INT64_MAX - 16384), 0);
	CHECK_EQ(l_fstat(f.l, fd, &sb), 0);
	CHECK_EQ(sb.st_size, sizeof(buf));
	CHECK_EQ(sb.st_blocks, 16);
	CHECK_EQ(l_close(f.l, fd), 0);
	end(&f);
}

TEST(tmpfs_renames)
{
	struct fixture f;
	struct stat sb;
	ino_t a;
	long fd;
	char c;

	mounted(&f, 0, 0);
	touch(&f, "a");
	touch(&f, "b");
	a = ino(&f, "a");
	CHECK_EQ(l_rename(f.l, "a", "a"), 0);
	CHECK_EQ(l_rename(f.l, "a", "c"), 0);
	CHECK_EQ(ino(&f, "c"), a);
	/* Over an open file, which stays readable. */
	fd = l_open(f.l, "b", O_RDWR, 0);
	CHECK_EQ(l_write(f.l, fd, "b", 1), 1);
	CHECK_EQ(l_rename(f.l, "c", "b"), 0);
	CHECK_EQ(ino(&f, "b"), a);
	CHECK_EQ(l_pread(f.l, fd, &c, 1, 0), 1);
	CHECK_EQ(l_fstat(f.l, fd, &sb), 0);
	CHECK_EQ(sb.st_nlink, 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	/* Two names of one file. */
	CHECK_EQ(l_link(f.l, "b", "d"), 0);
	CHECK_EQ(l_rename(f.l, "b", "d"), 0);
	CHECK_EQ(ino(&f, "d"), a);
	/* Directories. */
	CHECK_EQ(l_mkdir(f.l, "x"), 0);
	CHECK_EQ(l_mkdir(f.l, "x/y"), 0);
	CHECK_EQ(l_mkdir(f.l, "z"), 0);
	CHECK_EQ(l_rename(f.l, "x", "x/y/w"), -EINVAL);
	CHECK_EQ(l_rename(f.l, "x", "d"), -ENOTDIR);
	CHECK_EQ(l_rename(f.l, "d", "x"), -EISDIR);
	CHECK_EQ(l_rename(f.l, "z", "x"), -ENOTEMPTY);
	CHECK_EQ(l_rename(f.l, "x/y", "z"), 0);
	CHECK_EQ(l_stat(f.l, "x", &sb), 0);
	CHECK_EQ(sb.st_nlink, 2);
	CHECK_EQ(l_stat(f.l, ".", &sb), 0);
	CHECK_EQ(sb.st_nlink, 4);
	CHECK_EQ(l_rename(f.l, "z", "x/z"), 0);
	CHECK_EQ(ino(&f, "x/z/.."), ino(&f, "x"));
	CHECK_EQ(l_rename(f.l, "x/.", "q"), -EINVAL);
	/* Another file system: mv copies then. */
	CHECK_EQ(l_rename(f.l, "d", "/tmp/d"), -EXDEV);
	end(&f);
}

/* A current directory that is gone takes nothing in. */
TEST(tmpfs_removed_directory)
{
	struct fixture f;
	struct stat sb;

	mounted(&f, 0, 0);
	CHECK_EQ(l_mkdir(f.l, "d"), 0);
	CHECK_EQ(SYS(f.l, SYS_chdir, chdir, P(const char *, "d")), 0);
	CHECK_EQ(l_rmdir(f.l, "/mnt/d"), 0);
	CHECK_EQ(l_open(f.l, "f", O_RDWR | O_CREAT, 0644), -ENOENT);
	CHECK_EQ(l_mkdir(f.l, "e"), -ENOENT);
	CHECK_EQ(l_symlink(f.l, "x", "l"), -ENOENT);
	CHECK_EQ(l_stat(f.l, ".", &sb), 0);
	end(&f);
}

TEST(tmpfs_many_names)
{
	struct fixture f;
	char name[32], buf[8192];
	int64_t t = host_linux.monotonic();
	long fd, n, at, count = 0;
	int i;

	mounted(&f, 0, 0);
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "name-%d", i);
		fd = l_open(f.l, name, O_RDWR | O_CREAT | O_EXCL, 0644);
		CHECK(fd >= 0);
		CHECK_EQ(l_close(f.l, fd), 0);
	}
	fd = l_open(f.l, ".", O_RDONLY, 0);
	/* Every third one goes while the directory is read. */
	while ((n = SYS(f.l, SYS___getdents30, __getdents30, P(int, fd),
		    P(char *, buf), P(size_t, sizeof(buf)))) > 0) {
		for (at = 0; at < n;) {
			struct dirent de;

			memcpy(&de, buf + at, offsetof(struct dirent, d_name));
			snprintf(name, sizeof(name), "%s",
			    buf + at + offsetof(struct dirent, d_name));
			if (++count % 3 == 0 && name[0] == 'n')
				CHECK_EQ(l_unlink(f.l, name), 0);
			at += de.d_reclen;
		}
	}
	CHECK_EQ(count, 100002);
	CHECK_EQ(l_close(f.l, fd), 0);
	/* Quadratic, it would take minutes. */
	CHECK(host_linux.monotonic() - t < 60000 * MS);
	end(&f);
}

/* Handles of files that come and go are stale, not the kernel's end. */
static long
handles(struct lwp *l, void *arg)
{
	struct {
		int32_t fsid[2];
		char fid[60];
	} fh;
	struct stat sb;
	size_t len;
	_Atomic bool *stop = arg;

	while (!atomic_load(stop)) {
		len = sizeof(fh);
		if (SYS(l, SYS___getfh30, __getfh30, P(const char *, "/mnt/f"),
			P(void *, &fh), P(size_t *, &len)) == 0)
			(void)SYS(l, SYS___fhstat50, __fhstat50,
			    P(const void *, &fh), P(size_t, len),
			    P(struct stat *, &sb));
	}
	return 0;
}

TEST(tmpfs_handles_race_with_removal)
{
	_Atomic bool stop = false;
	struct fixture f;
	struct side s;
	int64_t until;

	mounted(&f, 0, 0);
	side_begin(&s, f.p, handles, (void *)&stop);
	until = host_linux.monotonic() + 200 * MS;
	while (host_linux.monotonic() < until) {
		touch(&f, "f");
		CHECK_EQ(l_unlink(f.l, "f"), 0);
	}
	atomic_store(&stop, true);
	CHECK_EQ(side_end(&s), 0);
	end(&f);
}

int
main(void)
{
	RUN(tmpfs_size_limit);
	RUN(tmpfs_failed_write);
	RUN(tmpfs_node_limit);
	RUN(tmpfs_holes);
	RUN(tmpfs_discard);
	RUN(tmpfs_renames);
	RUN(tmpfs_removed_directory);
	RUN(tmpfs_many_names);
	RUN(tmpfs_handles_race_with_removal);
	return check_done();
}
