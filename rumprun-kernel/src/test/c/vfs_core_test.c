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
	CHECK_EQ(touch(&f, "/tmp/f"), -ENOSYS);
	CHECK_EQ(xmkdir(&f, "/tmp/f"), -ENOSYS);
	CHECK_EQ(xmount(&f, "/tmp"), -ENOSYS);
	CHECK_EQ(xunmount(&f, "/tmp", 0), -ENOSYS);
	CHECK_EQ(xrename(&f, "a", "b"), -ENOSYS);
	CHECK_EQ(xchdir(&f, "/"), -ENOSYS);
	CHECK_EQ(xgetcwd(&f, buf, sizeof(buf)), -ENOSYS);
	CHECK_EQ(SYS(&f, SYS_umask, umask, P(mode_t, 022)), -ENOSYS);
	CHECK_EQ(SYS(&f, SYS_sync, umask, P(mode_t, 0)), -ENOSYS);
	CHECK_EQ(SYS(&f, SYS_getvfsstat, getvfsstat, P(struct statvfs *, NULL),
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
	CHECK_EQ(xmkdir(&f, "/tmp/d"), 0);
	fd = xopen(&f, "/tmp/d/f", O_RDWR | O_CREAT, 0640);
	CHECK_EQ(fd, 0);
	CHECK_EQ(xwrite(&f, fd, "hello", 5), 5);
	CHECK_EQ(xclose(&f, fd), 0);
	CHECK_EQ(xstat(&f, "/tmp/d/f", &sb), 0);
	CHECK_EQ(sb.st_size, 5);
	CHECK_EQ(sb.st_mode, S_IFREG | 0640);
	fd = xopen(&f, "/tmp/d/f", O_RDONLY, 0);
	CHECK_EQ(xread(&f, fd, buf, sizeof(buf)), 5);
	CHECK(memcmp(buf, "hello", 5) == 0);
	CHECK_EQ(xread(&f, fd, buf, sizeof(buf)), 0);
	CHECK_EQ(xclose(&f, fd), 0);
	CHECK_EQ(xstat(&f, "/dev/null", &sb), 0);
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
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	CHECK_EQ(xopen(&f, "/tmp/f", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(xopen(&f, "/tmp/f", O_RDWR | O_CREAT, 0640), 0);
	CHECK_EQ(xopen(&f, "/tmp/f", O_RDWR | O_CREAT | O_EXCL, 0640), -EEXIST);
	CHECK_EQ(xopen(&f, "/tmp", O_WRONLY, 0), -EISDIR);
	CHECK_EQ(xopen(&f, "/tmp", O_RDONLY, 0), 1);
	CHECK_EQ(xopen(&f, "/tmp/f", O_RDONLY | O_DIRECTORY, 0), -ENOTDIR);
	CHECK_EQ(xopen(&f, "/tmp/f/g", O_RDONLY, 0), -ENOTDIR);
	CHECK_EQ(xopen(&f, "/nodir/g", O_RDWR | O_CREAT, 0600), -ENOENT);
	CHECK_EQ(xopen(&f, "", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(xopen(&f, NULL, O_RDONLY, 0), -EFAULT);
	CHECK_EQ(xopen(&f, "/tmp/f", 3, 0), -EINVAL);
	CHECK_EQ(xsymlink(&f, "f", "/tmp/l"), 0);
	CHECK_EQ(xopen(&f, "/tmp/l", O_RDONLY | O_NOFOLLOW, 0), -EFTYPE);
	CHECK_EQ(xopen(&f, "/tmp/l", O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
	CHECK_EQ(xsymlink(&f, "loop", "/tmp/loop"), 0);
	CHECK_EQ(xopen(&f, "/tmp/loop", O_RDONLY, 0), -ELOOP);
	memset(name, 'x', sizeof(name));
	memcpy(name, "/tmp/", 5);
	name[299] = '\0';
	CHECK_EQ(xopen(&f, name, O_RDWR | O_CREAT, 0600), -ENAMETOOLONG);
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CHECK_EQ(xopen(&f, path, O_RDONLY, 0), -ENAMETOOLONG);
	path[1023] = '\0';
	CHECK_EQ(xopen(&f, path, O_RDONLY, 0), 2);
	fd = xopen(&f, "/tmp/l", O_RDWR | O_APPEND, 0);
	CHECK_EQ(fd, 3);
	CHECK_EQ(xwrite(&f, fd, "one", 3), 3);
	CHECK_EQ(SYS(&f, SYS_lseek, lseek, P(int, fd), P(int, 0), P(off_t, 0),
		     P(int, 0)),
	    0);
	CHECK_EQ(xwrite(&f, fd, "two", 3), 3);
	CHECK_EQ(SYS(&f, SYS_pread, pread, P(int, fd), P(void *, buf),
		     P(size_t, 10), P(int, 0), P(off_t, 0)),
	    6);
	CHECK_EQ(xclose(&f, fd), 0);
	CHECK_EQ(xclose(&f, fd), -EBADF);
	fd = xopen(&f, "/tmp/f", O_WRONLY | O_TRUNC, 0);
	CHECK_EQ(xread(&f, fd, buf, 1), -EBADF);
	CHECK_EQ(SYS(&f, SYS_lseek, lseek, P(int, fd), P(int, 0), P(off_t, 0),
		     P(int, 2)),
	    0);
	down(&f);
}

static void
names(struct fixture *f, bool rumpfs)
{
	char buf[64];
	long fd;

	CHECK_EQ(xchdir(f, "/tmp"), 0);
	CHECK_EQ(xmkdir(f, "d"), 0);
	CHECK_EQ(xmkdir(f, "d"), -EEXIST);
	CHECK_EQ(xmkdir(f, "d/e/f"), -ENOENT);
	CHECK_EQ(xmkdir(f, "d/e"), 0);
	CHECK_EQ(xrmdir(f, "d"), -ENOTEMPTY);
	CHECK_EQ(xrmdir(f, "."), rumpfs ? -EINVAL : -EBUSY);
	CHECK_EQ(xrmdir(f, "d/e/.."), -ENOTEMPTY);
	CHECK_EQ(xrmdir(f, "/"), -EBUSY);
	CHECK_EQ(xrmdir(f, "none"), -ENOENT);
	fd = xopen(f, "f", O_RDWR | O_CREAT, 0644);
	CHECK_EQ(xrmdir(f, "f"), -ENOTDIR);
	CHECK_EQ(xunlink(f, "d"), -EPERM);
	CHECK_EQ(xunlink(f, "none"), -ENOENT);
	CHECK_EQ(xlink(f, "f", "g"), rumpfs ? -EOPNOTSUPP : 0);
	CHECK_EQ(xlink(f, "f", "g"), rumpfs ? -EOPNOTSUPP : -EEXIST);
	CHECK_EQ(xlink(f, "d", "h"), -EPERM);
	CHECK_EQ(xlink(f, "none", "h"), -ENOENT);
	CHECK_EQ(xrename(f, "f", "d/f"), rumpfs ? -EOPNOTSUPP : 0);
	CHECK_EQ(xrename(f, "none", "x"), -ENOENT);
	CHECK_EQ(xrename(f, "d", "d/e/x"), rumpfs ? -EOPNOTSUPP : -EINVAL);
	CHECK_EQ(xrename(f, "d/f", "d/e"), rumpfs ? -ENOENT : -EISDIR);
	CHECK_EQ(xrename(f, "d/e", "d/f"), rumpfs ? -EOPNOTSUPP : -ENOTDIR);
	CHECK_EQ(xrename(f, "d/f", "d/f"), rumpfs ? -ENOENT : 0);
	CHECK_EQ(xrename(f, "g", "d/f"), rumpfs ? -ENOENT : 0);
	CHECK_EQ(xaccess(f, "g", 0), -ENOENT);
	CHECK_EQ(xrename(f, ".", "x"), -EINVAL);
	CHECK_EQ(xrename(f, "d", ".."), -EOPNOTSUPP);
	CHECK_EQ(xsymlink(f, "target", "s"), 0);
	CHECK_EQ(xsymlink(f, "target", "s"), -EEXIST);
	CHECK_EQ(xsymlink(f, "", "empty"), 0);
	CHECK_EQ(SYS(f, SYS_readlink, readlink, P(const char *, "s"),
		     P(char *, buf), P(size_t, 3)),
	    3);
	CHECK_EQ(SYS(f, SYS_readlink, readlink, P(const char *, "s"),
		     P(char *, buf), P(size_t, sizeof(buf))),
	    6);
	CHECK_EQ(SYS(f, SYS_readlink, readlink, P(const char *, "d"),
		     P(char *, buf), P(size_t, sizeof(buf))),
	    -EINVAL);
	CHECK_EQ(xunlink(f, "s"), 0);
	CHECK_EQ(xaccess(f, "d", 4), 0);
	CHECK_EQ(xaccess(f, "d", 9), -EINVAL);
	CHECK_EQ(SYS(f, SYS_umask, umask, P(mode_t, 027)), 022);
	CHECK_EQ(SYS(f, SYS_umask, umask, P(mode_t, 022)), 027);
	CHECK_EQ(SYS(f, SYS_umask, umask, P(mode_t, 07777)), 022);
	CHECK_EQ(SYS(f, SYS_umask, umask, P(mode_t, 022)), 07777);
	CHECK_EQ(
	    SYS(f, SYS_chmod, chmod, P(const char *, "d/f"), P(mode_t, 0604)),
	    rumpfs ? -ENOENT : 0);
	CHECK_EQ(SYS(f, SYS_fchmod, fchmod, P(int, fd), P(mode_t, 0640)), 0);
	CHECK_EQ(SYS(f, SYS_chown, chown, P(const char *, "d/f"), P(uid_t, 12),
		     P(gid_t, 34)),
	    rumpfs ? -ENOENT : 0);
	CHECK_EQ(SYS(f, SYS_chown, chown, P(const char *, "d/f"), P(uid_t, -1),
		     P(gid_t, -1)),
	    rumpfs ? -ENOENT : 0);
	CHECK_EQ(SYS(f, SYS_chflags, chflags, P(const char *, "d/f"),
		     P(unsigned long, 0)),
	    rumpfs ? -ENOENT : 0);
	CHECK_EQ(xchdir(f, "d"), 0);
	CHECK_EQ(xgetcwd(f, buf, sizeof(buf)), 7);
	CHECK_STR(buf, "/tmp/d");
	CHECK_EQ(xchdir(f, "f"), rumpfs ? -ENOENT : -ENOTDIR);
	CHECK_EQ(xchdir(f, "nowhere"), -ENOENT);
	CHECK_EQ(SYS(f, SYS_chroot, chroot, P(const char *, ".")), 0);
	CHECK_EQ(xgetcwd(f, buf, sizeof(buf)), 2);
	CHECK_EQ(xchdir(f, "/"), 0);
	CHECK_EQ(xgetcwd(f, buf, sizeof(buf)), 2);
	CHECK_STR(buf, "/");
	CHECK_EQ(xaccess(f, "/f", 0), rumpfs ? -ENOENT : 0);
	CHECK_EQ(xaccess(f, "/../f", 0), rumpfs ? -ENOENT : 0);
	CHECK_EQ(xaccess(f, "/dev/null", 0), -ENOENT);
	CHECK_EQ(SYS(f, SYS_fchdir, fchdir, P(int, fd)), -ENOTDIR);
	CHECK_EQ(SYS(f, SYS___mknod50, __mknod50, P(const char *, "/node"),
		     P(mode_t, S_IFCHR | 0600), P(dev_t, -1)),
	    -EINVAL);
	CHECK_EQ(SYS(f, SYS___mknod50, __mknod50, P(const char *, "/node"),
		     P(mode_t, 0020644), P(dev_t, 0x0202)),
	    0);
	CHECK_EQ(SYS(f, SYS_mkfifo, mkfifo, P(const char *, "/fifo"),
		     P(mode_t, 0644)),
	    0);
}

TEST(vfs_names_as_recorded)
{
	struct fixture f;

	up(&f);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
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
	CHECK_EQ(xmkdir(&f, "/d"), 0);
	CHECK_EQ(touch(&f, "/d/f"), 0);
	CHECK_EQ(
	    SYS(&f, SYS_chmod, chmod, P(const char *, "/d/f"), P(mode_t, 0600)),
	    0);
	CHECK_EQ(touch(&f, "/tmp/roots"), 0);
	CHECK_EQ(SYS(&f, SYS_setuid, setuid, P(uid_t, 100)), 0);
	CHECK_EQ(xopen(&f, "/d/f", O_RDONLY, 0), -EACCES);
	CHECK_EQ(touch(&f, "/d/g"), -EACCES);
	CHECK_EQ(xunlink(&f, "/d/f"), -EACCES);
	CHECK_EQ(touch(&f, "/tmp/mine"), 0);
	CHECK_EQ(xstat(&f, "/tmp/mine", &sb), 0);
	CHECK_EQ(sb.st_uid, 100);
	/* sticky */
	CHECK_EQ(xunlink(&f, "/tmp/roots"), -EPERM);
	CHECK_EQ(
	    SYS(&f, SYS_chmod, chmod, P(const char *, "/d/f"), P(mode_t, 0666)),
	    -EPERM);
	CHECK_EQ(SYS(&f, SYS_chown, chown, P(const char *, "/tmp/mine"),
		     P(uid_t, 0), P(gid_t, -1)),
	    -EPERM);
	CHECK_EQ(SYS(&f, SYS_chmod, chmod, P(const char *, "/tmp/mine"),
		     P(mode_t, 01644)),
	    -EFTYPE);
	CHECK_EQ(SYS(&f, SYS_chroot, chroot, P(const char *, "/tmp")), -EPERM);
	/* Whatever the path or the descriptor. */
	CHECK_EQ(SYS(&f, SYS_chroot, chroot, P(const char *, "/no")), -EPERM);
	CHECK_EQ(SYS(&f, SYS_fchroot, fchroot, P(int, 99)), -EPERM);
	CHECK_EQ(SYS(&f, SYS___mknod50, __mknod50, P(const char *, "/tmp/n"),
		     P(mode_t, 0020644), P(dev_t, 0x0202)),
	    -EPERM);
	/* an unreadable own file, but just made, is open for writing */
	CHECK(xopen(&f, "/tmp/none", O_RDWR | O_CREAT, 0) >= 0);
	CHECK_EQ(xopen(&f, "/tmp/none", O_RDWR, 0), -EACCES);
	CHECK_EQ(xmount(&f, "/tmp"), -EPERM);
	down(&f);
}

TEST(vfs_links_are_followed_32_times)
{
	struct fixture f;
	char from[32], to[32];
	int i;

	up(&f);
	CHECK_EQ(touch(&f, "/tmp/l0"), 0);
	for (i = 1; i <= 33; i++) {
		snprintf(to, sizeof(to), "l%d", i - 1);
		snprintf(from, sizeof(from), "/tmp/l%d", i);
		CHECK_EQ(xsymlink(&f, to, from), 0);
	}
	CHECK_EQ(xaccess(&f, "/tmp/l32", 0), 0);
	CHECK_EQ(xaccess(&f, "/tmp/l33", 0), -ELOOP);
	CHECK_EQ(xsymlink(&f, "made", "/tmp/dangling"), 0);
	CHECK_EQ(touch(&f, "/tmp/dangling"), 0);
	CHECK_EQ(xaccess(&f, "/tmp/made", 0), 0);
	CHECK_EQ(xmkdir(&f, "/tmp/dir///"), 0);
	CHECK_EQ(xsymlink(&f, "dir", "/tmp/dl"), 0);
	CHECK_EQ(xaccess(&f, "/tmp/dl/", 0), 0);
	CHECK_EQ(xaccess(&f, "/tmp/made/", 0), -ENOTDIR);
	CHECK_EQ(touch(&f, "/tmp/new/"), -ENOENT);
	down(&f);
}

TEST(vfs_immutable_files_stay)
{
	struct fixture f;
	long fd;

	up(&f);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	CHECK_EQ(touch(&f, "/tmp/f"), 0);
#define CHFLAGS(path, flags)                                 \
	SYS(&f, SYS_chflags, chflags, P(const char *, path), \
	    P(unsigned long, flags))
	CHECK_EQ(CHFLAGS("/tmp/f", SF_IMMUTABLE), 0);
	CHECK_EQ(xopen(&f, "/tmp/f", O_WRONLY, 0), -EPERM);
	CHECK_EQ(xunlink(&f, "/tmp/f"), -EPERM);
	CHECK_EQ(xrename(&f, "/tmp/f", "/tmp/g"), -EPERM);
	CHECK_EQ(xlink(&f, "/tmp/f", "/tmp/g"), -EPERM);
	CHECK_EQ(CHFLAGS("/tmp/f", UF_APPEND), 0);
	CHECK_EQ(xopen(&f, "/tmp/f", O_WRONLY, 0), -EPERM);
	fd = xopen(&f, "/tmp/f", O_WRONLY | O_APPEND, 0);
	CHECK(fd >= 0);
	CHECK_EQ(xwrite(&f, fd, "x", 1), 1);
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
		(void)xmount(&f, "/tmp");
		(void)xmkdir(&f, "/tmp/d");
		(void)touch(&f, "/tmp/d/f");
		(void)xsymlink(&f, "d/f", "/tmp/l");
		(void)xstat(&f, "/tmp/l", &sb);
		(void)xlink(&f, "/tmp/d/f", "/tmp/g");
		(void)xrename(&f, "/tmp/g", "/tmp/d/g");
		(void)xrename(&f, "/tmp/d", "/tmp/e");
		(void)xchdir(&f, "/tmp/e");
		(void)xgetcwd(&f, buf, sizeof(buf));
		(void)xunlink(&f, "f");
		(void)xchdir(&f, "/");
		(void)xrmdir(&f, "/tmp/e");
		(void)xunmount(&f, "/tmp", 0);
		atomic_store(&f.k->k_failalloc, 0);
		down(&f);
	}
}

static long
xsysctl(struct fixture *f, const int *mib, unsigned n, void *old, size_t *len,
    const void *new, size_t newlen)
{
	return SYS(f, SYS___sysctl, __sysctl, P(const int *, mib),
	    P(unsigned, n), P(void *, old), P(size_t *, len),
	    P(const void *, new), P(size_t, newlen));
}

static void
name_statistics(struct fixture *f, uint64_t v[10])
{
	struct sysctlnode query = { .sysctl_flags = SYSCTL_VERSION }, node[64];
	int mib[3] = { CTL_VFS, CTL_QUERY, 0 };
	size_t len = sizeof(node);

	CHECK_EQ(xsysctl(f, mib, 2, node, &len, &query, sizeof(query)), 0);
	for (size_t i = 0; i < len / sizeof(*node); i++)
		if (strcmp(node[i].sysctl_name, "namecache_stats") == 0)
			mib[1] = node[i].sysctl_num;
	len = 10 * sizeof(*v);
	CHECK_EQ(xsysctl(f, mib, 2, v, &len, NULL, 0), 0);
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
	CHECK_EQ(xmkdir(&f, "/tmp/d"), 0);
	CHECK_EQ(touch(&f, "/tmp/d/f"), 0);
	CHECK_EQ(xchdir(&f, "/tmp/d"), 0);
	CHECK_EQ(xstat(&f, "f", &sb), 0);
	name_statistics(&f, a);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(xstat(&f, "f", &sb), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(xstat(&f, "none", &sb), -ENOENT);
	CHECK(xgetcwd(&f, buf, sizeof(buf)) > 0);
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
