/* SPDX-License-Identifier: BSD-2-Clause */
/* Mounts: nested, forced away, unions, read-only, seen from another root; file handles. */
#include "vfs_calls.h"

TEST(vfs_mounts_nest_and_hide)
{
	struct fixture f;
	char buf[64];
	long fd;

	up(&f);
	CHECK_EQ(l_mkdir(f.l, "/m"), 0);
	CHECK_EQ(touch(f.l, "/m/below"), 0);
	CHECK_EQ(mount_tmpfs(f.l, "/m", 0), 0);
	CHECK_EQ(l_access(f.l, "/m/below", 0), -ENOENT);
	CHECK_EQ(l_mkdir(f.l, "/m/n"), 0);
	CHECK_EQ(mount_tmpfs(f.l, "/m/n", 0), 0);
	CHECK_EQ(touch(f.l, "/m/n/file"), 0);
	CHECK_EQ(l_rmdir(f.l, "/m/n"), -EBUSY);
	CHECK_EQ(l_rename(f.l, "/m/n", "/m/o"), -EBUSY);
	CHECK_EQ(l_rename(f.l, "/m/n/file", "/m/file"), -EXDEV);
	CHECK_EQ(l_link(f.l, "/m/n/file", "/m/file"), -EXDEV);
	CHECK_EQ(l_chdir(f.l, "/m/n"), 0);
	CHECK_EQ(l_getcwd(f.l, buf, sizeof(buf)), 5);
	CHECK_STR(buf, "/m/n");
	CHECK_EQ(l_access(f.l, "../n/file", 0), 0);
	CHECK_EQ(l_unmount(f.l, "/m", 0), -EBUSY);
	CHECK_EQ(l_unmount(f.l, "/m/n", 0), -EBUSY);
	CHECK_EQ(l_chdir(f.l, "/"), 0);
	CHECK_EQ(l_unmount(f.l, "/m", 0), -EBUSY);
	fd = l_open(f.l, "/m/n/file", O_RDWR, 0);
	CHECK(fd >= 0);
	CHECK_EQ(l_unmount(f.l, "/m/n", 0), -EBUSY);
	CHECK_EQ(l_close(f.l, fd), 0);
	/* again on top of itself */
	CHECK_EQ(mount_tmpfs(f.l, "/m/n", 0), 0);
	CHECK_EQ(l_access(f.l, "/m/n/file", 0), -ENOENT);
	CHECK_EQ(l_unmount(f.l, "/m/n", 0), 0);
	CHECK_EQ(l_access(f.l, "/m/n/file", 0), 0);
	CHECK_EQ(l_unmount(f.l, "/m/n", 0), 0);
	CHECK_EQ(l_unmount(f.l, "/m/n", 0), -EINVAL);
	CHECK_EQ(l_unmount(f.l, "/m", 0), 0);
	CHECK_EQ(l_access(f.l, "/m/below", 0), 0);
	CHECK_EQ(l_unmount(f.l, "/", 0), -EINVAL);
	down(&f);
}

TEST(vfs_forced_unmount_leaves_dead_files)
{
	struct fixture f;
	struct stat sb;
	char buf[8];
	long fd, dir;

	up(&f);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	fd = l_open(f.l, "/tmp/f", O_RDWR | O_CREAT, 0644);
	dir = l_open(f.l, "/tmp", O_RDONLY, 0);
	CHECK_EQ(l_chdir(f.l, "/tmp"), 0);
	CHECK_EQ(l_write(f.l, fd, "abc", 3), 3);
	CHECK_EQ(l_unmount(f.l, "/tmp", MNT_FORCE), 0);
	CHECK_EQ(l_write(f.l, fd, "abc", 3), -EIO);
	CHECK_EQ(l_read(f.l, fd, buf, 3), -EIO);
	CHECK_EQ(SYS(f.l, SYS___fstat50, __fstat50, P(int, fd),
		     P(struct stat *, &sb)),
	    -EBADF);
	CHECK_EQ(SYS(f.l, SYS_ftruncate, ftruncate, P(int, fd), P(int, 0),
		     P(off_t, 0)),
	    -EBADF);
	CHECK_EQ(SYS(f.l, SYS___getdents30, __getdents30, P(int, dir),
		     P(char *, buf), P(size_t, sizeof(buf))),
	    -EBADF);
	CHECK_EQ(l_open(f.l, "x", O_RDWR | O_CREAT, 0600), -ENOENT);
	CHECK_EQ(l_access(f.l, "..", 0), -ENOENT);
	CHECK_EQ(l_getcwd(f.l, buf, sizeof(buf)), -ENOENT);
	CHECK_EQ(SYS(f.l, SYS_fsync, fsync, P(int, fd)), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(l_close(f.l, dir), 0);
	CHECK_EQ(l_chdir(f.l, "/"), 0);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	down(&f);
}

TEST(vfs_union_shows_both)
{
	struct fixture f;
	char buf[2048];
	long fd, n, total = 0;
	struct dirent *de;

	up(&f);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	CHECK_EQ(l_mkdir(f.l, "/tmp/u"), 0);
	CHECK_EQ(touch(f.l, "/tmp/u/low"), 0);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp/u", MNT_UNION), 0);
	CHECK_EQ(touch(f.l, "/tmp/u/high"), 0);
	CHECK_EQ(l_access(f.l, "/tmp/u/low", 0), 0);
	CHECK_EQ(l_access(f.l, "/tmp/u/high", 0), 0);
	CHECK_EQ(l_access(f.l, "/tmp/u/none", 0), -ENOENT);
	fd = l_open(f.l, "/tmp/u", O_RDONLY, 0);
	while ((n = SYS(f.l, SYS___getdents30, __getdents30, P(int, fd),
		    P(char *, buf), P(size_t, sizeof(buf)))) > 0) {
		for (char *p = buf; p < buf + n; p += de->d_reclen) {
			de = (struct dirent *)p;
			total += strcmp(de->d_name, "low") == 0 ? 1 :
			    strcmp(de->d_name, "high") == 0	? 10 :
								  0;
		}
	}
	CHECK_EQ(n, 0);
	CHECK_EQ(total, 11);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(l_unmount(f.l, "/tmp/u", 0), 0);
	CHECK_EQ(l_access(f.l, "/tmp/u/high", 0), -ENOENT);
	down(&f);
}

TEST(vfs_readonly_mount_refuses_changes)
{
	struct fixture f;

	up(&f);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", MNT_RDONLY), 0);
	CHECK_EQ(touch(f.l, "/tmp/f"), -EROFS);
	CHECK_EQ(l_mkdir(f.l, "/tmp/f"), -EROFS);
	CHECK_EQ(SYS(f.l, SYS_chmod, chmod, P(const char *, "/tmp"),
		     P(mode_t, 0666)),
	    -EROFS);
	down(&f);
}

TEST(vfs_mounts_seen_from_another_root)
{
	struct fixture f;
	struct statvfs sv[3];

	up(&f);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	CHECK_EQ(l_mkdir(f.l, "/tmp/r"), 0);
	CHECK_EQ(l_mkdir(f.l, "/tmp/r/m"), 0);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp/r/m", 0), 0);
	CHECK_EQ(SYS(f.l, SYS_chroot, chroot, P(const char *, "/tmp/r")), 0);
	CHECK_EQ(SYS(f.l, SYS_getvfsstat, getvfsstat, P(struct statvfs *, sv),
		     P(size_t, sizeof(sv)), P(int, 1)),
	    2);
	CHECK_STR(sv[0].f_mntonname, "/");
	CHECK_STR(sv[1].f_mntonname, "/m");
	CHECK_EQ(l_unmount(f.l, "/m", 0), 0);
	down(&f);
}

TEST(vfs_handles_find_their_files)
{
	struct fixture f;
	char fh[64];
	size_t size = 4;
	struct stat sb;
	long fd;

	up(&f);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	CHECK_EQ(touch(f.l, "/tmp/f"), 0);
#define GETFH(path)                                               \
	SYS(f.l, SYS___getfh30, __getfh30, P(const char *, path), \
	    P(void *, fh), P(size_t *, &size))
	CHECK_EQ(GETFH("/tmp/f"), -E2BIG);
	CHECK(size >= 28 && size <= sizeof(fh));
	CHECK_EQ(GETFH("/tmp/f"), 0);
	fd = SYS(f.l, SYS___fhopen40, __fhopen40, P(const void *, fh),
	    P(size_t, size), P(int, O_RDONLY));
	CHECK(fd >= 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(SYS(f.l, SYS___fhstat50, __fhstat50, P(const void *, fh),
		     P(size_t, size), P(struct stat *, &sb)),
	    0);
	CHECK_EQ(l_unlink(f.l, "/tmp/f"), 0);
	CHECK_EQ(SYS(f.l, SYS___fhstat50, __fhstat50, P(const void *, fh),
		     P(size_t, size), P(struct stat *, &sb)),
	    -ESTALE);
	memset(fh, 0xff, sizeof(fh));
	CHECK_EQ(SYS(f.l, SYS___fhstat50, __fhstat50, P(const void *, fh),
		     P(size_t, size), P(struct stat *, &sb)),
	    -ESTALE);
	down(&f);
}

int
main(void)
{
	RUN(vfs_mounts_nest_and_hide);
	RUN(vfs_forced_unmount_leaves_dead_files);
	RUN(vfs_union_shows_both);
	RUN(vfs_readonly_mount_refuses_changes);
	RUN(vfs_mounts_seen_from_another_root);
	RUN(vfs_handles_find_their_files);
	return check_done();
}
