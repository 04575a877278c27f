/* SPDX-License-Identifier: BSD-2-Clause */
/* The file system layer through system calls: names, permissions, and a kernel without it. */
#include <netbsd/sysctl.h>
#include "vfs_calls.h"

TEST(vfs_boot_and_halt_leaves_nothing)
{
	struct fixture f;

	up(&f);
	down(&f);
}

TEST(vfs_kernel_without_it_says_so)
{
	static const char *const none[] = { NULL };
	struct kern_config c = { .kc_components = none };
	struct fixture f;
	char buf[8];

	CHECK_EQ(kern_boot(&c, &f.k), 0);
	CHECK_EQ(proc_fork(f.k, NULL, RFCFDG, "test", &f.p), 0);
	CHECK_EQ(lwp_create(f.p, &f.l), 0);
	CHECK_EQ(touch(f.l, "/tmp/f"), -ENOSYS);
	CHECK_EQ(l_mkdir(f.l, "/tmp/f"), -ENOSYS);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), -ENOSYS);
	CHECK_EQ(l_unmount(f.l, "/tmp", 0), -ENOSYS);
	CHECK_EQ(l_rename(f.l, "a", "b"), -ENOSYS);
	CHECK_EQ(l_chdir(f.l, "/"), -ENOSYS);
	CHECK_EQ(l_getcwd(f.l, buf, sizeof(buf)), -ENOSYS);
	CHECK_EQ(SYS(f.l, SYS_umask, umask, P(mode_t, 022)), -ENOSYS);
	CHECK_EQ(SYS(f.l, SYS_sync, umask, P(mode_t, 0)), -ENOSYS);
	CHECK_EQ(SYS(f.l, SYS_getvfsstat, getvfsstat, P(struct statvfs *, NULL),
		     P(size_t, 0), P(int, 1)),
	    -ENOSYS);
	down(&f);
}

TEST(vfs_first_slice)
{
	struct fixture f;
	struct stat sb;
	char buf[16];
	long fd;

	up(&f);
	CHECK_EQ(l_mkdir(f.l, "/tmp/d"), 0);
	fd = l_open(f.l, "/tmp/d/f", O_RDWR | O_CREAT, 0640);
	CHECK_EQ(fd, 0);
	CHECK_EQ(l_write(f.l, fd, "hello", 5), 5);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(l_stat(f.l, "/tmp/d/f", &sb), 0);
	CHECK_EQ(sb.st_size, 5);
	CHECK_EQ(sb.st_mode, S_IFREG | 0640);
	fd = l_open(f.l, "/tmp/d/f", O_RDONLY, 0);
	CHECK_EQ(l_read(f.l, fd, buf, sizeof(buf)), 5);
	CHECK(memcmp(buf, "hello", 5) == 0);
	CHECK_EQ(l_read(f.l, fd, buf, sizeof(buf)), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(l_stat(f.l, "/dev/null", &sb), 0);
	CHECK_EQ(sb.st_mode & S_IFMT, S_IFCHR);
	down(&f);
}

/* As recorded from NetBSD's kernel (kern/syscalls/open). */
TEST(vfs_open_as_recorded)
{
	struct fixture f;
	char name[300], path[1100], buf[16];
	long fd;

	up(&f);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	CHECK_EQ(l_open(f.l, "/tmp/f", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(l_open(f.l, "/tmp/f", O_RDWR | O_CREAT, 0640), 0);
	CHECK_EQ(
	    l_open(f.l, "/tmp/f", O_RDWR | O_CREAT | O_EXCL, 0640), -EEXIST);
	CHECK_EQ(l_open(f.l, "/tmp", O_WRONLY, 0), -EISDIR);
	CHECK_EQ(l_open(f.l, "/tmp", O_RDONLY, 0), 1);
	CHECK_EQ(l_open(f.l, "/tmp/f", O_RDONLY | O_DIRECTORY, 0), -ENOTDIR);
	CHECK_EQ(l_open(f.l, "/tmp/f/g", O_RDONLY, 0), -ENOTDIR);
	CHECK_EQ(l_open(f.l, "/nodir/g", O_RDWR | O_CREAT, 0600), -ENOENT);
	CHECK_EQ(l_open(f.l, "", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(l_open(f.l, NULL, O_RDONLY, 0), -EFAULT);
	CHECK_EQ(l_open(f.l, "/tmp/f", 3, 0), -EINVAL);
	CHECK_EQ(l_symlink(f.l, "f", "/tmp/l"), 0);
	CHECK_EQ(l_open(f.l, "/tmp/l", O_RDONLY | O_NOFOLLOW, 0), -EFTYPE);
	CHECK_EQ(
	    l_open(f.l, "/tmp/l", O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
	CHECK_EQ(l_symlink(f.l, "loop", "/tmp/loop"), 0);
	CHECK_EQ(l_open(f.l, "/tmp/loop", O_RDONLY, 0), -ELOOP);
	memset(name, 'x', sizeof(name));
	memcpy(name, "/tmp/", 5);
	name[299] = '\0';
	CHECK_EQ(l_open(f.l, name, O_RDWR | O_CREAT, 0600), -ENAMETOOLONG);
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CHECK_EQ(l_open(f.l, path, O_RDONLY, 0), -ENAMETOOLONG);
	path[1023] = '\0';
	CHECK_EQ(l_open(f.l, path, O_RDONLY, 0), 2);
	fd = l_open(f.l, "/tmp/l", O_RDWR | O_APPEND, 0);
	CHECK_EQ(fd, 3);
	CHECK_EQ(l_write(f.l, fd, "one", 3), 3);
	CHECK_EQ(SYS(f.l, SYS_lseek, lseek, P(int, fd), P(int, 0), P(off_t, 0),
		     P(int, 0)),
	    0);
	CHECK_EQ(l_write(f.l, fd, "two", 3), 3);
	CHECK_EQ(SYS(f.l, SYS_pread, pread, P(int, fd), P(void *, buf),
		     P(size_t, 10), P(int, 0), P(off_t, 0)),
	    6);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(l_close(f.l, fd), -EBADF);
	fd = l_open(f.l, "/tmp/f", O_WRONLY | O_TRUNC, 0);
	CHECK_EQ(l_read(f.l, fd, buf, 1), -EBADF);
	CHECK_EQ(SYS(f.l, SYS_lseek, lseek, P(int, fd), P(int, 0), P(off_t, 0),
		     P(int, 2)),
	    0);
	down(&f);
}

static void
names(struct fixture *f, bool rumpfs)
{
	char buf[64];
	long fd;

	CHECK_EQ(l_chdir(f->l, "/tmp"), 0);
	CHECK_EQ(l_mkdir(f->l, "d"), 0);
	CHECK_EQ(l_mkdir(f->l, "d"), -EEXIST);
	CHECK_EQ(l_mkdir(f->l, "d/e/f"), -ENOENT);
	CHECK_EQ(l_mkdir(f->l, "d/e"), 0);
	CHECK_EQ(l_rmdir(f->l, "d"), -ENOTEMPTY);
	CHECK_EQ(l_rmdir(f->l, "."), rumpfs ? -EINVAL : -EBUSY);
	CHECK_EQ(l_rmdir(f->l, "d/e/.."), -ENOTEMPTY);
	CHECK_EQ(l_rmdir(f->l, "/"), -EBUSY);
	CHECK_EQ(l_rmdir(f->l, "none"), -ENOENT);
	fd = l_open(f->l, "f", O_RDWR | O_CREAT, 0644);
	CHECK_EQ(l_rmdir(f->l, "f"), -ENOTDIR);
	CHECK_EQ(l_unlink(f->l, "d"), -EPERM);
	CHECK_EQ(l_unlink(f->l, "none"), -ENOENT);
	CHECK_EQ(l_link(f->l, "f", "g"), rumpfs ? -EOPNOTSUPP : 0);
	CHECK_EQ(l_link(f->l, "f", "g"), rumpfs ? -EOPNOTSUPP : -EEXIST);
	CHECK_EQ(l_link(f->l, "d", "h"), -EPERM);
	CHECK_EQ(l_link(f->l, "none", "h"), -ENOENT);
	CHECK_EQ(l_rename(f->l, "f", "d/f"), rumpfs ? -EOPNOTSUPP : 0);
	CHECK_EQ(l_rename(f->l, "none", "x"), -ENOENT);
	CHECK_EQ(l_rename(f->l, "d", "d/e/x"), rumpfs ? -EOPNOTSUPP : -EINVAL);
	CHECK_EQ(l_rename(f->l, "d/f", "d/e"), rumpfs ? -ENOENT : -EISDIR);
	CHECK_EQ(l_rename(f->l, "d/e", "d/f"), rumpfs ? -EOPNOTSUPP : -ENOTDIR);
	CHECK_EQ(l_rename(f->l, "d/f", "d/f"), rumpfs ? -ENOENT : 0);
	CHECK_EQ(l_rename(f->l, "g", "d/f"), rumpfs ? -ENOENT : 0);
	CHECK_EQ(l_access(f->l, "g", 0), -ENOENT);
	CHECK_EQ(l_rename(f->l, ".", "x"), -EINVAL);
	CHECK_EQ(l_rename(f->l, "d", ".."), -EOPNOTSUPP);
	CHECK_EQ(l_symlink(f->l, "target", "s"), 0);
	CHECK_EQ(l_symlink(f->l, "target", "s"), -EEXIST);
	CHECK_EQ(l_symlink(f->l, "", "empty"), 0);
	CHECK_EQ(SYS(f->l, SYS_readlink, readlink, P(const char *, "s"),
		     P(char *, buf), P(size_t, 3)),
	    3);
	CHECK_EQ(SYS(f->l, SYS_readlink, readlink, P(const char *, "s"),
		     P(char *, buf), P(size_t, sizeof(buf))),
	    6);
	CHECK_EQ(SYS(f->l, SYS_readlink, readlink, P(const char *, "d"),
		     P(char *, buf), P(size_t, sizeof(buf))),
	    -EINVAL);
	CHECK_EQ(l_unlink(f->l, "s"), 0);
	CHECK_EQ(l_access(f->l, "d", 4), 0);
	CHECK_EQ(l_access(f->l, "d", 9), -EINVAL);
	CHECK_EQ(SYS(f->l, SYS_umask, umask, P(mode_t, 027)), 022);
	CHECK_EQ(SYS(f->l, SYS_umask, umask, P(mode_t, 022)), 027);
	CHECK_EQ(SYS(f->l, SYS_umask, umask, P(mode_t, 07777)), 022);
	CHECK_EQ(SYS(f->l, SYS_umask, umask, P(mode_t, 022)), 07777);
	CHECK_EQ(SYS(f->l, SYS_chmod, chmod, P(const char *, "d/f"),
		     P(mode_t, 0604)),
	    rumpfs ? -ENOENT : 0);
	CHECK_EQ(SYS(f->l, SYS_fchmod, fchmod, P(int, fd), P(mode_t, 0640)), 0);
	CHECK_EQ(SYS(f->l, SYS_chown, chown, P(const char *, "d/f"),
		     P(uid_t, 12), P(gid_t, 34)),
	    rumpfs ? -ENOENT : 0);
	CHECK_EQ(SYS(f->l, SYS_chown, chown, P(const char *, "d/f"),
		     P(uid_t, -1), P(gid_t, -1)),
	    rumpfs ? -ENOENT : 0);
	CHECK_EQ(SYS(f->l, SYS_chflags, chflags, P(const char *, "d/f"),
		     P(unsigned long, 0)),
	    rumpfs ? -ENOENT : 0);
	CHECK_EQ(l_chdir(f->l, "d"), 0);
	CHECK_EQ(l_getcwd(f->l, buf, sizeof(buf)), 7);
	CHECK_STR(buf, "/tmp/d");
	CHECK_EQ(l_chdir(f->l, "f"), rumpfs ? -ENOENT : -ENOTDIR);
	CHECK_EQ(l_chdir(f->l, "nowhere"), -ENOENT);
	CHECK_EQ(SYS(f->l, SYS_chroot, chroot, P(const char *, ".")), 0);
	CHECK_EQ(l_getcwd(f->l, buf, sizeof(buf)), 2);
	CHECK_EQ(l_chdir(f->l, "/"), 0);
	CHECK_EQ(l_getcwd(f->l, buf, sizeof(buf)), 2);
	CHECK_STR(buf, "/");
	CHECK_EQ(l_access(f->l, "/f", 0), rumpfs ? -ENOENT : 0);
	CHECK_EQ(l_access(f->l, "/../f", 0), rumpfs ? -ENOENT : 0);
	CHECK_EQ(l_access(f->l, "/dev/null", 0), -ENOENT);
	CHECK_EQ(SYS(f->l, SYS_fchdir, fchdir, P(int, fd)), -ENOTDIR);
	CHECK_EQ(SYS(f->l, SYS___mknod50, __mknod50, P(const char *, "/node"),
		     P(mode_t, S_IFCHR | 0600), P(dev_t, -1)),
	    -EINVAL);
	CHECK_EQ(SYS(f->l, SYS___mknod50, __mknod50, P(const char *, "/node"),
		     P(mode_t, 0020644), P(dev_t, 0x0202)),
	    0);
	CHECK_EQ(SYS(f->l, SYS_mkfifo, mkfifo, P(const char *, "/fifo"),
		     P(mode_t, 0644)),
	    0);
}

TEST(vfs_names_as_recorded)
{
	struct fixture f;

	up(&f);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	names(&f, false);
	down(&f);
}

TEST(vfs_names_on_root_as_recorded)
{
	struct fixture f;

	up(&f);
	names(&f, true);
	down(&f);
}

TEST(vfs_permissions_of_an_ordinary_user)
{
	struct fixture f;
	struct stat sb;

	up(&f);
	CHECK_EQ(l_mkdir(f.l, "/d"), 0);
	CHECK_EQ(touch(f.l, "/d/f"), 0);
	CHECK_EQ(SYS(f.l, SYS_chmod, chmod, P(const char *, "/d/f"),
		     P(mode_t, 0600)),
	    0);
	CHECK_EQ(touch(f.l, "/tmp/roots"), 0);
	CHECK_EQ(SYS(f.l, SYS_setuid, setuid, P(uid_t, 100)), 0);
	CHECK_EQ(l_open(f.l, "/d/f", O_RDONLY, 0), -EACCES);
	CHECK_EQ(touch(f.l, "/d/g"), -EACCES);
	CHECK_EQ(l_unlink(f.l, "/d/f"), -EACCES);
	CHECK_EQ(touch(f.l, "/tmp/mine"), 0);
	CHECK_EQ(l_stat(f.l, "/tmp/mine", &sb), 0);
	CHECK_EQ(sb.st_uid, 100);
	/* sticky */
	CHECK_EQ(l_unlink(f.l, "/tmp/roots"), -EPERM);
	CHECK_EQ(SYS(f.l, SYS_chmod, chmod, P(const char *, "/d/f"),
		     P(mode_t, 0666)),
	    -EPERM);
	CHECK_EQ(SYS(f.l, SYS_chown, chown, P(const char *, "/tmp/mine"),
		     P(uid_t, 0), P(gid_t, -1)),
	    -EPERM);
	CHECK_EQ(SYS(f.l, SYS_chmod, chmod, P(const char *, "/tmp/mine"),
		     P(mode_t, 01644)),
	    -EFTYPE);
	CHECK_EQ(SYS(f.l, SYS_chroot, chroot, P(const char *, "/tmp")), -EPERM);
	/* Whatever the path or the descriptor. */
	CHECK_EQ(SYS(f.l, SYS_chroot, chroot, P(const char *, "/no")), -EPERM);
	CHECK_EQ(SYS(f.l, SYS_fchroot, fchroot, P(int, 99)), -EPERM);
	CHECK_EQ(SYS(f.l, SYS___mknod50, __mknod50, P(const char *, "/tmp/n"),
		     P(mode_t, 0020644), P(dev_t, 0x0202)),
	    -EPERM);
	/* an unreadable own file, but just made, is open for writing */
	CHECK(l_open(f.l, "/tmp/none", O_RDWR | O_CREAT, 0) >= 0);
	CHECK_EQ(l_open(f.l, "/tmp/none", O_RDWR, 0), -EACCES);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), -EPERM);
	down(&f);
}

TEST(vfs_links_are_followed_32_times)
{
	struct fixture f;
	char from[32], to[32];
	int i;

	up(&f);
	CHECK_EQ(touch(f.l, "/tmp/l0"), 0);
	for (i = 1; i <= 33; i++) {
		snprintf(to, sizeof(to), "l%d", i - 1);
		snprintf(from, sizeof(from), "/tmp/l%d", i);
		CHECK_EQ(l_symlink(f.l, to, from), 0);
	}
	CHECK_EQ(l_access(f.l, "/tmp/l32", 0), 0);
	CHECK_EQ(l_access(f.l, "/tmp/l33", 0), -ELOOP);
	CHECK_EQ(l_symlink(f.l, "made", "/tmp/dangling"), 0);
	CHECK_EQ(touch(f.l, "/tmp/dangling"), 0);
	CHECK_EQ(l_access(f.l, "/tmp/made", 0), 0);
	CHECK_EQ(l_mkdir(f.l, "/tmp/dir///"), 0);
	CHECK_EQ(l_symlink(f.l, "dir", "/tmp/dl"), 0);
	CHECK_EQ(l_access(f.l, "/tmp/dl/", 0), 0);
	CHECK_EQ(l_access(f.l, "/tmp/made/", 0), -ENOTDIR);
	CHECK_EQ(touch(f.l, "/tmp/new/"), -ENOENT);
	down(&f);
}

TEST(vfs_immutable_files_stay)
{
	struct fixture f;
	long fd;

	up(&f);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	CHECK_EQ(touch(f.l, "/tmp/f"), 0);
#define CHFLAGS(path, flags)                                  \
	SYS(f.l, SYS_chflags, chflags, P(const char *, path), \
	    P(unsigned long, flags))
	CHECK_EQ(CHFLAGS("/tmp/f", SF_IMMUTABLE), 0);
	CHECK_EQ(l_open(f.l, "/tmp/f", O_WRONLY, 0), -EPERM);
	CHECK_EQ(l_unlink(f.l, "/tmp/f"), -EPERM);
	CHECK_EQ(l_rename(f.l, "/tmp/f", "/tmp/g"), -EPERM);
	CHECK_EQ(l_link(f.l, "/tmp/f", "/tmp/g"), -EPERM);
	CHECK_EQ(CHFLAGS("/tmp/f", UF_APPEND), 0);
	CHECK_EQ(l_open(f.l, "/tmp/f", O_WRONLY, 0), -EPERM);
	fd = l_open(f.l, "/tmp/f", O_WRONLY | O_APPEND, 0);
	CHECK(fd >= 0);
	CHECK_EQ(l_write(f.l, fd, "x", 1), 1);
	f.k->k_securelevel = 1;
	CHECK_EQ(CHFLAGS("/tmp/f", 0), 0);
	CHECK_EQ(CHFLAGS("/tmp/f", SF_APPEND), 0);
	CHECK_EQ(CHFLAGS("/tmp/f", 0), -EPERM);
	f.k->k_securelevel = 0;
	CHECK_EQ(CHFLAGS("/tmp/f", 0), 0);
	down(&f);
}

/* Whatever allocation fails, calls fail and nothing is lost. */
TEST(vfs_failed_allocations_leak_nothing)
{
	struct fixture f;
	struct stat sb;
	char buf[64];
	int n;

	for (n = 1; n < 120; n++) {
		up(&f);
		atomic_store(&f.k->k_failalloc, n);
		(void)mount_tmpfs(f.l, "/tmp", 0);
		(void)l_mkdir(f.l, "/tmp/d");
		(void)touch(f.l, "/tmp/d/f");
		(void)l_symlink(f.l, "d/f", "/tmp/l");
		(void)l_stat(f.l, "/tmp/l", &sb);
		(void)l_link(f.l, "/tmp/d/f", "/tmp/g");
		(void)l_rename(f.l, "/tmp/g", "/tmp/d/g");
		(void)l_rename(f.l, "/tmp/d", "/tmp/e");
		(void)l_chdir(f.l, "/tmp/e");
		(void)l_getcwd(f.l, buf, sizeof(buf));
		(void)l_unlink(f.l, "f");
		(void)l_chdir(f.l, "/");
		(void)l_rmdir(f.l, "/tmp/e");
		(void)l_unmount(f.l, "/tmp", 0);
		atomic_store(&f.k->k_failalloc, 0);
		down(&f);
	}
}

static long
l_sysctl(struct lwp *l, const int *mib, unsigned n, void *old, size_t *len,
    const void *new, size_t newlen)
{
	return SYS(l, SYS___sysctl, __sysctl, P(const int *, mib),
	    P(unsigned, n), P(void *, old), P(size_t *, len),
	    P(const void *, new), P(size_t, newlen));
}

static void
name_statistics(struct fixture *f, uint64_t v[10])
{
	struct sysctlnode query = { .sysctl_flags = SYSCTL_VERSION }, node[64];
	int mib[3] = { CTL_VFS, CTL_QUERY, 0 };
	size_t len = sizeof(node);

	CHECK_EQ(l_sysctl(f->l, mib, 2, node, &len, &query, sizeof(query)), 0);
	for (size_t i = 0; i < len / sizeof(*node); i++)
		if (strcmp(node[i].sysctl_name, "namecache_stats") == 0)
			mib[1] = node[i].sysctl_num;
	len = 10 * sizeof(*v);
	CHECK_EQ(l_sysctl(f->l, mib, 2, v, &len, NULL, 0), 0);
	CHECK_EQ(len, 10 * sizeof(*v));
}

TEST(vfs_name_cache_is_counted)
{
	enum { GOOD, NEGATIVE, MISS = 4, REVHITS = 8 };
	struct fixture f;
	struct stat sb;
	uint64_t a[10], b[10];
	char buf[64];

	up(&f);
	CHECK_EQ(l_mkdir(f.l, "/tmp/d"), 0);
	CHECK_EQ(touch(f.l, "/tmp/d/f"), 0);
	CHECK_EQ(l_chdir(f.l, "/tmp/d"), 0);
	CHECK_EQ(l_stat(f.l, "f", &sb), 0);
	name_statistics(&f, a);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(l_stat(f.l, "f", &sb), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(l_stat(f.l, "none", &sb), -ENOENT);
	CHECK(l_getcwd(f.l, buf, sizeof(buf)) > 0);
	name_statistics(&f, b);
	CHECK_EQ(b[GOOD] - a[GOOD], 5);
	CHECK_EQ(b[NEGATIVE] - a[NEGATIVE], 2);
	CHECK_EQ(b[MISS] - a[MISS], 1);
	CHECK_EQ(b[REVHITS] - a[REVHITS], 2);
	down(&f);
}

int
main(void)
{
	RUN(vfs_boot_and_halt_leaves_nothing);
	RUN(vfs_kernel_without_it_says_so);
	RUN(vfs_first_slice);
	RUN(vfs_open_as_recorded);
	RUN(vfs_names_as_recorded);
	RUN(vfs_names_on_root_as_recorded);
	RUN(vfs_permissions_of_an_ordinary_user);
	RUN(vfs_links_are_followed_32_times);
	RUN(vfs_immutable_files_stay);
	RUN(vfs_name_cache_is_counted);
	RUN(vfs_failed_allocations_leak_nothing);
	return check_done();
}
