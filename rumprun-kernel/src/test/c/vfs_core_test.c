/* SPDX-License-Identifier: BSD-2-Clause */
/* The file system layer through system calls, on the root file system and tmpfs. */
#include <netbsd/dirent.h>
#include <netbsd/errno.h>
#include <netbsd/event.h>
#include <netbsd/fcntl.h>
#include <netbsd/mount.h>
#include <netbsd/stat.h>
#include <netbsd/syscallargs.h>
#include "host/host.h"
#include "kern/kernel.h"
#include "lib/check.h"
#include "vfs/vfs_impl.h"

struct fixture {
	struct rump_kernel *k;
	struct proc *p;
	struct lwp *l;
};

#define P(T, x)                 \
	{                       \
		.datum = (T)(x) \
	}
/* sys(f, number, struct type, args...) : the result or the negative errno */
#define SYS(f, number, type, ...)                                 \
	__extension__({                                           \
		struct sys_##type##_args sa_ = { __VA_ARGS__ };   \
		register_t rv_[2];                                \
		int e_ = kern_syscall((f)->l, number, &sa_, rv_); \
		e_ != 0 ? (long)e_ : (long)rv_[0];                \
	})

static void
up_with(struct fixture *f, unsigned nvnodes)
{
	struct kern_config c = { .kc_nvnodes = nvnodes };

	CHECK_EQ(kern_boot(&c, &f->k), 0);
	CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "test", &f->p), 0);
	CHECK_EQ(lwp_create(f->p, &f->l), 0);
}

static void
up(struct fixture *f)
{
	up_with(f, 0);
}

static void
down(struct fixture *f)
{
	int64_t leak;

	lwp_destroy(f->l);
	proc_exit(f->p, NULL, 0);
	kern_halt(f->k, false, &leak);
	CHECK_EQ(leak, 0);
}

static long
xopen(struct fixture *f, const char *path, int flags, int mode)
{
	return SYS(f, SYS_open, open, P(const char *, path), P(int, flags),
	    P(mode_t, mode));
}

static long
xclose(struct fixture *f, long fd)
{
	return SYS(f, SYS_close, close, P(int, fd));
}

static long
xmkdir(struct fixture *f, const char *path)
{
	return SYS(f, SYS_mkdir, mkdir, P(const char *, path), P(mode_t, 0755));
}

static long
xrmdir(struct fixture *f, const char *path)
{
	return SYS(f, SYS_rmdir, rmdir, P(const char *, path));
}

static long
xunlink(struct fixture *f, const char *path)
{
	return SYS(f, SYS_unlink, unlink, P(const char *, path));
}

static long
xrename(struct fixture *f, const char *from, const char *to)
{
	return SYS(
	    f, SYS_rename, rename, P(const char *, from), P(const char *, to));
}

static long
xlink(struct fixture *f, const char *from, const char *to)
{
	return SYS(
	    f, SYS_link, link, P(const char *, from), P(const char *, to));
}

static long
xsymlink(struct fixture *f, const char *target, const char *path)
{
	return SYS(f, SYS_symlink, symlink, P(const char *, target),
	    P(const char *, path));
}

static long
xchdir(struct fixture *f, const char *path)
{
	return SYS(f, SYS_chdir, chdir, P(const char *, path));
}

static long
xaccess(struct fixture *f, const char *path, int mode)
{
	return SYS(f, SYS_access, access, P(const char *, path), P(int, mode));
}

static long
xwrite(struct fixture *f, long fd, const void *buf, size_t n)
{
	return SYS(f, SYS_write, write, P(int, fd), P(const void *, buf),
	    P(size_t, n));
}

static long
xread(struct fixture *f, long fd, void *buf, size_t n)
{
	return SYS(f, SYS_read, read, P(int, fd), P(void *, buf), P(size_t, n));
}

static long
xstat(struct fixture *f, const char *path, struct stat *sb)
{
	return SYS(f, SYS___stat50, __stat50, P(const char *, path),
	    P(struct stat *, sb));
}

static long
xgetcwd(struct fixture *f, char *buf, size_t n)
{
	return SYS(f, SYS___getcwd, __getcwd, P(char *, buf), P(size_t, n));
}

static long
xmount_flags(struct fixture *f, const char *path, int flags)
{
	struct tmpfs_args args = { .ta_version = 1, .ta_root_mode = 0755 };

	return SYS(f, SYS___mount50, __mount50, P(const char *, "tmpfs"),
	    P(const char *, path), P(int, flags), P(void *, &args),
	    P(size_t, sizeof(args)));
}

static long
xmount(struct fixture *f, const char *path)
{
	return xmount_flags(f, path, 0);
}

static long
xunmount(struct fixture *f, const char *path, int flags)
{
	return SYS(
	    f, SYS_unmount, unmount, P(const char *, path), P(int, flags));
}

static long
touch(struct fixture *f, const char *path)
{
	long fd = xopen(f, path, O_RDWR | O_CREAT, 0644);

	return fd < 0 ? fd : xclose(f, fd);
}

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

TEST(vfs_mounts_nest_and_hide)
{
	struct fixture f;
	char buf[64];
	long fd;

	up(&f);
	CHECK_EQ(xmkdir(&f, "/m"), 0);
	CHECK_EQ(touch(&f, "/m/below"), 0);
	CHECK_EQ(xmount(&f, "/m"), 0);
	CHECK_EQ(xaccess(&f, "/m/below", 0), -ENOENT);
	CHECK_EQ(xmkdir(&f, "/m/n"), 0);
	CHECK_EQ(xmount(&f, "/m/n"), 0);
	CHECK_EQ(touch(&f, "/m/n/file"), 0);
	CHECK_EQ(xrmdir(&f, "/m/n"), -EBUSY);
	CHECK_EQ(xrename(&f, "/m/n", "/m/o"), -EBUSY);
	CHECK_EQ(xrename(&f, "/m/n/file", "/m/file"), -EXDEV);
	CHECK_EQ(xlink(&f, "/m/n/file", "/m/file"), -EXDEV);
	CHECK_EQ(xchdir(&f, "/m/n"), 0);
	CHECK_EQ(xgetcwd(&f, buf, sizeof(buf)), 5);
	CHECK_STR(buf, "/m/n");
	CHECK_EQ(xaccess(&f, "../n/file", 0), 0);
	CHECK_EQ(xunmount(&f, "/m", 0), -EBUSY);
	CHECK_EQ(xunmount(&f, "/m/n", 0), -EBUSY);
	CHECK_EQ(xchdir(&f, "/"), 0);
	CHECK_EQ(xunmount(&f, "/m", 0), -EBUSY);
	fd = xopen(&f, "/m/n/file", O_RDWR, 0);
	CHECK(fd >= 0);
	CHECK_EQ(xunmount(&f, "/m/n", 0), -EBUSY);
	CHECK_EQ(xclose(&f, fd), 0);
	/* again on top of itself */
	CHECK_EQ(xmount(&f, "/m/n"), 0);
	CHECK_EQ(xaccess(&f, "/m/n/file", 0), -ENOENT);
	CHECK_EQ(xunmount(&f, "/m/n", 0), 0);
	CHECK_EQ(xaccess(&f, "/m/n/file", 0), 0);
	CHECK_EQ(xunmount(&f, "/m/n", 0), 0);
	CHECK_EQ(xunmount(&f, "/m/n", 0), -EINVAL);
	CHECK_EQ(xunmount(&f, "/m", 0), 0);
	CHECK_EQ(xaccess(&f, "/m/below", 0), 0);
	CHECK_EQ(xunmount(&f, "/", 0), -EINVAL);
	down(&f);
}

TEST(vfs_forced_unmount_leaves_dead_files)
{
	struct fixture f;
	struct stat sb;
	char buf[8];
	long fd, dir;

	up(&f);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	fd = xopen(&f, "/tmp/f", O_RDWR | O_CREAT, 0644);
	dir = xopen(&f, "/tmp", O_RDONLY, 0);
	CHECK_EQ(xchdir(&f, "/tmp"), 0);
	CHECK_EQ(xwrite(&f, fd, "abc", 3), 3);
	CHECK_EQ(xunmount(&f, "/tmp", MNT_FORCE), 0);
	CHECK_EQ(xwrite(&f, fd, "abc", 3), -EIO);
	CHECK_EQ(xread(&f, fd, buf, 3), -EIO);
	CHECK_EQ(SYS(&f, SYS___fstat50, __fstat50, P(int, fd),
		     P(struct stat *, &sb)),
	    -EBADF);
	CHECK_EQ(SYS(&f, SYS_ftruncate, ftruncate, P(int, fd), P(int, 0),
		     P(off_t, 0)),
	    -EBADF);
	CHECK_EQ(SYS(&f, SYS___getdents30, __getdents30, P(int, dir),
		     P(char *, buf), P(size_t, sizeof(buf))),
	    -EBADF);
	CHECK_EQ(xopen(&f, "x", O_RDWR | O_CREAT, 0600), -ENOENT);
	CHECK_EQ(xaccess(&f, "..", 0), -ENOENT);
	CHECK_EQ(xgetcwd(&f, buf, sizeof(buf)), -ENOENT);
	CHECK_EQ(SYS(&f, SYS_fsync, fsync, P(int, fd)), 0);
	CHECK_EQ(xclose(&f, fd), 0);
	CHECK_EQ(xclose(&f, dir), 0);
	CHECK_EQ(xchdir(&f, "/"), 0);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	down(&f);
}

TEST(vfs_unlinked_file_lives_until_closed)
{
	struct fixture f;
	struct stat sb;
	char buf[8];
	long fd;

	up(&f);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	fd = xopen(&f, "/tmp/f", O_RDWR | O_CREAT, 0644);
	CHECK_EQ(xwrite(&f, fd, "abc", 3), 3);
	CHECK_EQ(xunlink(&f, "/tmp/f"), 0);
	CHECK_EQ(xaccess(&f, "/tmp/f", 0), -ENOENT);
	CHECK_EQ(SYS(&f, SYS___fstat50, __fstat50, P(int, fd),
		     P(struct stat *, &sb)),
	    0);
	CHECK_EQ(sb.st_nlink, 0);
	CHECK_EQ(SYS(&f, SYS_pread, pread, P(int, fd), P(void *, buf),
		     P(size_t, 8), P(int, 0), P(off_t, 0)),
	    3);
	CHECK_EQ(xclose(&f, fd), 0);
	CHECK_EQ(xmkdir(&f, "/tmp/d"), 0);
	CHECK_EQ(xchdir(&f, "/tmp/d"), 0);
	CHECK_EQ(xrmdir(&f, "/tmp/d"), 0);
	CHECK_EQ(xopen(&f, "x", O_RDWR | O_CREAT, 0600), -ENOENT);
	CHECK_EQ(xmkdir(&f, "x"), -ENOENT);
	CHECK_EQ(xchdir(&f, "/"), 0);
	CHECK_EQ(xunmount(&f, "/tmp", 0), 0);
	down(&f);
}

TEST(vfs_more_files_than_vnodes)
{
	struct fixture f;
	struct stat sb;
	char path[64];
	int i;

	up_with(&f, 64);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	for (i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/tmp/file%d", i);
		CHECK_EQ(touch(&f, path), 0);
	}
	for (i = 999; i >= 0; i--) {
		snprintf(path, sizeof(path), "/tmp/file%d", i);
		CHECK_EQ(xstat(&f, path, &sb), 0);
		if (i % 2)
			CHECK_EQ(xunlink(&f, path), 0);
	}
	for (i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/tmp/file%d", i);
		CHECK_EQ(xstat(&f, path, &sb), i % 2 ? -ENOENT : 0);
	}
	CHECK_EQ(xunmount(&f, "/tmp", 0), 0);
	down(&f);
}

TEST(vfs_union_shows_both)
{
	struct fixture f;
	char buf[2048];
	long fd, n, total = 0;
	struct dirent *de;

	up(&f);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	CHECK_EQ(xmkdir(&f, "/tmp/u"), 0);
	CHECK_EQ(touch(&f, "/tmp/u/low"), 0);
	CHECK_EQ(xmount_flags(&f, "/tmp/u", MNT_UNION), 0);
	CHECK_EQ(touch(&f, "/tmp/u/high"), 0);
	CHECK_EQ(xaccess(&f, "/tmp/u/low", 0), 0);
	CHECK_EQ(xaccess(&f, "/tmp/u/high", 0), 0);
	CHECK_EQ(xaccess(&f, "/tmp/u/none", 0), -ENOENT);
	fd = xopen(&f, "/tmp/u", O_RDONLY, 0);
	while ((n = SYS(&f, SYS___getdents30, __getdents30, P(int, fd),
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
	CHECK_EQ(xclose(&f, fd), 0);
	CHECK_EQ(xunmount(&f, "/tmp/u", 0), 0);
	CHECK_EQ(xaccess(&f, "/tmp/u/high", 0), -ENOENT);
	down(&f);
}

static long
setlk(struct fixture *f, long fd, int cmd, int type, off_t start, off_t len)
{
	struct flock fl = {
		.l_start = start, .l_len = len, .l_type = (short)type
	};

	return SYS(f, SYS_fcntl, fcntl, P(int, fd), P(int, cmd), P(void *, &fl));
}

TEST(vfs_record_locks_conflict_between_processes)
{
	struct fixture f, g;
	long fd, gd;

	up(&f);
	g = f;
	CHECK_EQ(proc_fork(f.k, NULL, RFCFDG, "other", &g.p), 0);
	CHECK_EQ(lwp_create(g.p, &g.l), 0);
	fd = xopen(&f, "/tmp/f", O_RDWR | O_CREAT, 0644);
	gd = xopen(&g, "/tmp/f", O_RDWR, 0);
	CHECK_EQ(setlk(&f, fd, F_SETLK, F_WRLCK, 10, 10), 0);
	CHECK_EQ(setlk(&g, gd, F_SETLK, F_WRLCK, 0, 10), 0);
	CHECK_EQ(setlk(&g, gd, F_SETLK, F_RDLCK, 0, 11), -EAGAIN);
	CHECK_EQ(setlk(&f, fd, F_SETLK, F_UNLCK, 12, 2), 0);
	CHECK_EQ(setlk(&g, gd, F_SETLK, F_WRLCK, 12, 2), 0);
	CHECK_EQ(setlk(&g, gd, F_SETLK, F_WRLCK, 14, 1), -EAGAIN);
	/* closing any descriptor of the file lets go */
	CHECK_EQ(xclose(&f, xopen(&f, "/tmp/f", O_RDONLY, 0)), 0);
	CHECK_EQ(setlk(&g, gd, F_SETLK, F_WRLCK, 0, 0), 0);
	CHECK_EQ(
	    SYS(&f, SYS_flock, flock, P(int, fd), P(int, LOCK_EX | LOCK_NB)),
	    -EAGAIN);
	CHECK_EQ(xclose(&g, gd), 0);
	CHECK_EQ(
	    SYS(&f, SYS_flock, flock, P(int, fd), P(int, LOCK_EX | LOCK_NB)), 0);
	lwp_destroy(g.l);
	proc_exit(g.p, NULL, 0);
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

TEST(vfs_readonly_mount_refuses_changes)
{
	struct fixture f;

	up(&f);
	CHECK_EQ(xmount_flags(&f, "/tmp", MNT_RDONLY), 0);
	CHECK_EQ(touch(&f, "/tmp/f"), -EROFS);
	CHECK_EQ(xmkdir(&f, "/tmp/f"), -EROFS);
	CHECK_EQ(
	    SYS(&f, SYS_chmod, chmod, P(const char *, "/tmp"), P(mode_t, 0666)),
	    -EROFS);
	down(&f);
}

TEST(vfs_io_as_recorded)
{
	struct fixture f;
	char a[8], b[8];
	struct iovec out[3] = { { "abc", 3 }, { "", 0 }, { "defg", 4 } };
	struct iovec in[2] = { { a, 2 }, { b, 8 } };
	long fd;

	up(&f);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
#define SEEK(off, whence)                                               \
	SYS(&f, SYS_lseek, lseek, P(int, fd), P(int, 0), P(off_t, off), \
	    P(int, whence))
#define VEC(call, iov, n)                                                   \
	SYS(&f, SYS_##call, call, P(int, fd), P(const struct iovec *, iov), \
	    P(int, n))
	fd = xopen(&f, "/tmp/io", O_RDWR | O_CREAT, 0644);
	CHECK_EQ(VEC(writev, out, 3), 7);
	CHECK_EQ(SEEK(0, 0), 0);
	CHECK_EQ(VEC(readv, in, 2), 7);
	CHECK(memcmp(a, "ab", 2) == 0 && memcmp(b, "cdefg", 5) == 0);
	CHECK_EQ(VEC(readv, in, 2), 0);
	CHECK_EQ(VEC(readv, in, 0), -EINVAL);
	CHECK_EQ(VEC(readv, in, 1025), -EINVAL);
	CHECK_EQ(SYS(&f, SYS_pwrite, pwrite, P(int, fd), P(const void *, "Z"),
		     P(size_t, 1), P(int, 0), P(off_t, 20)),
	    1);
	CHECK_EQ(SEEK(0, 1), 7);
	CHECK_EQ(SEEK(0, 2), 21);
	CHECK_EQ(SEEK(-30, 2), -EINVAL);
	CHECK_EQ(SEEK(-1, 0), -EINVAL);
	CHECK_EQ(SEEK(5, 3), -EINVAL);
	CHECK_EQ(SEEK(1000, 0), 1000);
	CHECK_EQ(xread(&f, fd, a, 8), 0);
	CHECK_EQ(SYS(&f, SYS_pread, pread, P(int, fd), P(void *, a),
		     P(size_t, 8), P(int, 0), P(off_t, 18)),
	    3);
	CHECK_EQ(SYS(&f, SYS_pread, pread, P(int, fd), P(void *, a),
		     P(size_t, 8), P(int, 0), P(off_t, -1)),
	    -EINVAL);
#define TRUNC(size) \
	SYS(&f, SYS_ftruncate, ftruncate, P(int, fd), P(int, 0), P(off_t, size))
	CHECK_EQ(TRUNC(10), 0);
	CHECK_EQ(SEEK(0, 2), 10);
	CHECK_EQ(TRUNC(100), 0);
	CHECK_EQ(SEEK(0, 2), 100);
	CHECK_EQ(TRUNC(-1), -EINVAL);
#define PTRUNC(path, size)                                                \
	SYS(&f, SYS_truncate, truncate, P(const char *, path), P(int, 0), \
	    P(off_t, size))
	CHECK_EQ(PTRUNC("/tmp/io", 3), 0);
	CHECK_EQ(PTRUNC("/tmp", 3), -EISDIR);
	CHECK_EQ(PTRUNC("/tmp/none", 3), -ENOENT);
	CHECK_EQ(SEEK(0, 2), 3);
	CHECK_EQ(xread(&f, fd, NULL, 4), 0);
	CHECK_EQ(SEEK(0, 0), 0);
	CHECK_EQ(xread(&f, fd, NULL, 4), -EFAULT);
	CHECK_EQ(xread(&f, fd, a, 0), 0);
	CHECK_EQ(xwrite(&f, fd, a, 0), 0);
	CHECK_EQ(xread(&f, 77, a, 1), -EBADF);
	CHECK_EQ(SYS(&f, SYS_fsync, fsync, P(int, fd)), 0);
	CHECK_EQ(SYS(&f, SYS_fdatasync, fdatasync, P(int, fd)), 0);
	CHECK_EQ(SYS(&f, SYS_fsync, fsync, P(int, 77)), -EBADF);
	fd = xopen(&f, "/tmp", O_RDONLY, 0);
	CHECK_EQ(xread(&f, fd, a, 8), -EISDIR);
	CHECK_EQ(TRUNC(0), -EINVAL);
	fd = xopen(&f, "/dev/zero", O_RDWR, 0);
	CHECK_EQ(xread(&f, fd, a, 8), 8);
	CHECK_EQ(xwrite(&f, fd, a, 8), 8);
	CHECK_EQ(SEEK(5, 0), 5);
	down(&f);
}

TEST(vfs_times_and_statvfs_as_recorded)
{
	struct fixture f;
	struct stat sb;
	struct statvfs sv;
	struct timeval tv[2] = { { 1000000000, 123456 },
		{ 1000000001, 654321 } };
	struct timespec ts[2] = { { 1000000000, 999999999 }, { 5, UTIME_OMIT } };

	up(&f);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	CHECK_EQ(touch(&f, "/tmp/f"), 0);
#define UTIMES(path)                                               \
	SYS(&f, SYS___utimes50, __utimes50, P(const char *, path), \
	    P(const struct timeval *, tv))
	CHECK_EQ(UTIMES("/tmp/f"), 0);
	CHECK_EQ(UTIMES("/tmp/none"), -ENOENT);
	CHECK_EQ(xstat(&f, "/tmp/f", &sb), 0);
	CHECK_EQ(sb.st_atim.tv_nsec, 123456000);
	CHECK_EQ(sb.st_mtim.tv_sec, 1000000001);
	tv[0].tv_usec = 1000000;
	CHECK_EQ(UTIMES("/tmp/f"), 0);
#define UTIMENSAT(path)                                     \
	SYS(&f, SYS_utimensat, utimensat, P(int, AT_FDCWD), \
	    P(const char *, path), P(const struct timespec *, ts), P(int, 0))
	CHECK_EQ(UTIMENSAT("/tmp/f"), 0);
	CHECK_EQ(xstat(&f, "/tmp/f", &sb), 0);
	CHECK_EQ(sb.st_atim.tv_nsec, 999999999);
	CHECK_EQ(sb.st_mtim.tv_nsec, 654321000);
	ts[0].tv_nsec = 1000000000;
	CHECK_EQ(UTIMENSAT("/tmp/f"), 0);
	CHECK_EQ(SYS(&f, SYS_statvfs1, statvfs1, P(const char *, "/tmp/f"),
		     P(struct statvfs *, &sv), P(int, 1)),
	    0);
	CHECK_EQ(sv.f_flag, MNT_LOCAL);
	CHECK_EQ(sv.f_bsize, 4096);
	CHECK_EQ(sv.f_namemax, 255);
	CHECK_STR(sv.f_fstypename, "tmpfs");
	CHECK_STR(sv.f_mntonname, "/tmp");
	CHECK_STR(sv.f_mntfromname, "tmpfs");
	CHECK_EQ(SYS(&f, SYS_getvfsstat, getvfsstat, P(struct statvfs *, NULL),
		     P(size_t, 0), P(int, 1)),
	    2);
	CHECK_EQ(SYS(&f, SYS_getvfsstat, getvfsstat, P(struct statvfs *, &sv),
		     P(size_t, sizeof(sv)), P(int, 1)),
	    1);
	CHECK_STR(sv.f_mntonname, "/");
	CHECK_EQ(sv.f_flag, MNT_LOCAL | MNT_ROOTFS);
	down(&f);
}

TEST(vfs_mounts_seen_from_another_root)
{
	struct fixture f;
	struct statvfs sv[3];

	up(&f);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	CHECK_EQ(xmkdir(&f, "/tmp/r"), 0);
	CHECK_EQ(xmkdir(&f, "/tmp/r/m"), 0);
	CHECK_EQ(xmount(&f, "/tmp/r/m"), 0);
	CHECK_EQ(SYS(&f, SYS_chroot, chroot, P(const char *, "/tmp/r")), 0);
	CHECK_EQ(SYS(&f, SYS_getvfsstat, getvfsstat, P(struct statvfs *, sv),
		     P(size_t, sizeof(sv)), P(int, 1)),
	    2);
	CHECK_STR(sv[0].f_mntonname, "/");
	CHECK_STR(sv[1].f_mntonname, "/m");
	CHECK_EQ(xunmount(&f, "/m", 0), 0);
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

struct locker {
	struct fixture f;
	long fd, result;
	struct host_thread *t;
};

static void
wait_lock(void *arg)
{
	struct locker *w = arg;

	w->result = setlk(&w->f, w->fd, F_SETLKW, F_WRLCK, 0, 1);
}

/* However long the other thread takes to get there: the one that comes second is told. */
static void
await_lock_waiter(struct rump_kernel *k)
{
	bool waits = false;

	while (!waits) {
		host_sleep_ns(1000000);
		kmutex_enter(&k->k_vfs->vs_lockflock);
		waits = k->k_vfs->vs_lockfwaits != NULL;
		kmutex_exit(&k->k_vfs->vs_lockflock);
	}
}

TEST(vfs_record_locks_find_deadlocks)
{
	struct fixture f;
	struct locker w;
	long fd;

	up(&f);
	w.f = f;
	CHECK_EQ(proc_fork(f.k, NULL, RFCFDG, "other", &w.f.p), 0);
	CHECK_EQ(lwp_create(w.f.p, &w.f.l), 0);
	fd = xopen(&f, "/tmp/f", O_RDWR | O_CREAT, 0644);
	w.fd = xopen(&w.f, "/tmp/f", O_RDWR, 0);
	CHECK_EQ(setlk(&f, fd, F_SETLK, F_WRLCK, 0, 1), 0);
	CHECK_EQ(setlk(&w.f, w.fd, F_SETLK, F_WRLCK, 1, 1), 0);
	CHECK_EQ(host_thread_create("w", wait_lock, &w, &w.t), 0);
	await_lock_waiter(f.k);
	CHECK_EQ(setlk(&f, fd, F_SETLKW, F_WRLCK, 1, 1), -EDEADLK);
	CHECK_EQ(setlk(&f, fd, F_SETLK, F_UNLCK, 0, 0), 0);
	host_thread_join(w.t);
	CHECK_EQ(w.result, 0);
	lwp_destroy(w.f.l);
	proc_exit(w.f.p, NULL, 0);
	down(&f);
}

TEST(vfs_kqueue_hears_of_vnodes)
{
	struct fixture f;
	struct kevent ev, got[4];
	struct timespec zero = { 0, 0 };
	long fd, kq;

	up(&f);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	fd = xopen(&f, "/tmp/f", O_RDWR | O_CREAT, 0644);
	kq = SYS(&f, SYS_kqueue, dup, P(int, 0));
	CHECK(kq >= 0);
	ev = (struct kevent){ .ident = (uintptr_t)fd,
		.filter = EVFILT_VNODE,
		.flags = EV_ADD | EV_CLEAR,
		.fflags = NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_DELETE |
		    NOTE_RENAME | NOTE_LINK };
#define KEVENT(change, n)                                   \
	SYS(&f, SYS___kevent50, __kevent50, P(int, kq),     \
	    P(const struct kevent *, change), P(size_t, n), \
	    P(struct kevent *, got), P(size_t, 4),          \
	    P(const struct timespec *, &zero))
	CHECK_EQ(KEVENT(&ev, 1), 0);
	CHECK_EQ(xwrite(&f, fd, "x", 1), 1);
	CHECK_EQ(KEVENT(NULL, 0), 1);
	CHECK_EQ(got[0].fflags, NOTE_WRITE | NOTE_EXTEND);
	CHECK_EQ(xlink(&f, "/tmp/f", "/tmp/g"), 0);
	CHECK_EQ(KEVENT(NULL, 0), 1);
	CHECK_EQ(got[0].fflags, NOTE_LINK);
	CHECK_EQ(xrename(&f, "/tmp/f", "/tmp/h"), 0);
	CHECK_EQ(KEVENT(NULL, 0), 1);
	CHECK_EQ(got[0].fflags, NOTE_RENAME);
	CHECK_EQ(xunlink(&f, "/tmp/h"), 0);
	CHECK_EQ(xunlink(&f, "/tmp/g"), 0);
	CHECK_EQ(KEVENT(NULL, 0), 1);
	CHECK_EQ(got[0].fflags, NOTE_LINK | NOTE_DELETE);
	CHECK_EQ(SYS(&f, SYS_fchmod, fchmod, P(int, fd), P(mode_t, 0600)), 0);
	CHECK_EQ(KEVENT(NULL, 0), 1);
	CHECK_EQ(got[0].fflags, NOTE_ATTRIB);
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

TEST(vfs_handles_find_their_files)
{
	struct fixture f;
	char fh[64];
	size_t size = 4;
	struct stat sb;
	long fd;

	up(&f);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	CHECK_EQ(touch(&f, "/tmp/f"), 0);
#define GETFH(path)                                              \
	SYS(&f, SYS___getfh30, __getfh30, P(const char *, path), \
	    P(void *, fh), P(size_t *, &size))
	CHECK_EQ(GETFH("/tmp/f"), -E2BIG);
	CHECK(size >= 28 && size <= sizeof(fh));
	CHECK_EQ(GETFH("/tmp/f"), 0);
	fd = SYS(&f, SYS___fhopen40, __fhopen40, P(const void *, fh),
	    P(size_t, size), P(int, O_RDONLY));
	CHECK(fd >= 0);
	CHECK_EQ(xclose(&f, fd), 0);
	CHECK_EQ(SYS(&f, SYS___fhstat50, __fhstat50, P(const void *, fh),
		     P(size_t, size), P(struct stat *, &sb)),
	    0);
	CHECK_EQ(xunlink(&f, "/tmp/f"), 0);
	CHECK_EQ(SYS(&f, SYS___fhstat50, __fhstat50, P(const void *, fh),
		     P(size_t, size), P(struct stat *, &sb)),
	    -ESTALE);
	memset(fh, 0xff, sizeof(fh));
	CHECK_EQ(SYS(&f, SYS___fhstat50, __fhstat50, P(const void *, fh),
		     P(size_t, size), P(struct stat *, &sb)),
	    -ESTALE);
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

/* --- many at once --- */

struct worker {
	struct fixture f;
	int id;
	struct host_thread *t;
	_Atomic bool *stop;
};

static void
rename_loop(void *arg)
{
	struct worker *w = arg;
	static const char *const dirs[] = { "/tmp/a", "/tmp/b", "/tmp/a/c",
		"/tmp/b/d", "/tmp/e" };
	char from[64], to[64];
	struct stat sb;
	unsigned x = 12345u * (unsigned)(w->id + 1);
	int i;

	for (i = 0; i < 3000; i++) {
		x = x * 1103515245u + 12345u;
		snprintf(from, sizeof(from), "%s/x%u", dirs[x >> 8 & 3],
		    x >> 16 & 3);
		snprintf(
		    to, sizeof(to), "%s/x%u", dirs[x >> 20 & 3], x >> 24 & 3);
		switch (x >> 28 & 7) {
		case 0:
			(void)xmkdir(&w->f, from);
			break;
		case 1:
			(void)touch(&w->f, from);
			break;
		case 2:
			(void)xunlink(&w->f, from);
			break;
		case 3:
			(void)xrmdir(&w->f, from);
			break;
		case 4:
			(void)xlink(&w->f, from, to);
			break;
		case 5:
			(void)xstat(&w->f, from, &sb);
			break;
		default:
			(void)xrename(&w->f, from, to);
			break;
		}
	}
}

static void
workers(struct fixture *f, struct worker *w, int n, void (*fn)(void *))
{
	int i;

	for (i = 0; i < n; i++) {
		w[i].f.k = f->k;
		w[i].id = i;
		CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "w", &w[i].f.p), 0);
		CHECK_EQ(lwp_create(w[i].f.p, &w[i].f.l), 0);
		CHECK_EQ(host_thread_create("w", fn, &w[i], &w[i].t), 0);
	}
}

static void
join(struct worker *w, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		host_thread_join(w[i].t);
		lwp_destroy(w[i].f.l);
		proc_exit(w[i].f.p, NULL, 0);
	}
}

TEST(vfs_concurrent_renames_do_not_deadlock)
{
	struct fixture f;
	struct worker w[4] = { 0 };

	up_with(&f, 32);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	CHECK_EQ(xmkdir(&f, "/tmp/a"), 0);
	CHECK_EQ(xmkdir(&f, "/tmp/b"), 0);
	CHECK_EQ(xmkdir(&f, "/tmp/a/c"), 0);
	CHECK_EQ(xmkdir(&f, "/tmp/b/d"), 0);
	workers(&f, w, 4, rename_loop);
	join(w, 4);
	CHECK_EQ(xunmount(&f, "/tmp", 0), 0);
	down(&f);
}

static void
io_loop(void *arg)
{
	struct worker *w = arg;
	char buf[100], path[64];
	long fd, n;

	snprintf(path, sizeof(path), "/tmp/io%d", w->id & 1);
	while (!*w->stop) {
		fd = xopen(&w->f, path, O_RDWR | O_CREAT, 0644);
		if (fd < 0)
			continue;
		n = xwrite(&w->f, fd, buf, sizeof(buf));
		CHECK_THREAD(n == sizeof(buf) || n == -EIO);
		(void)xread(&w->f, fd, buf, sizeof(buf));
		(void)xunlink(&w->f, path);
		(void)xclose(&w->f, fd);
	}
}

TEST(vfs_forced_unmounts_under_load)
{
	struct fixture f;
	struct worker w[3] = { 0 };
	_Atomic bool stop = false;
	int i;

	up(&f);
	for (i = 0; i < 3; i++)
		w[i].stop = &stop;
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	workers(&f, w, 3, io_loop);
	for (i = 0; i < 50; i++) {
		host_sleep_ns(1000000);
		CHECK_EQ(xunmount(&f, "/tmp", MNT_FORCE), 0);
		CHECK_EQ(xmount(&f, "/tmp"), 0);
	}
	stop = true;
	join(w, 3);
	CHECK_EQ(xunmount(&f, "/tmp", 0), 0);
	down(&f);
}

static void
mixed_loop(void *arg)
{
	struct worker *w = arg;
	char buf[512], path[64];
	unsigned x = 777u * (unsigned)(w->id + 1);
	struct stat sb;
	long fd;

	while (!*w->stop) {
		x = x * 1103515245u + 12345u;
		snprintf(path, sizeof(path), "/tmp/m/d%u/f%u", x >> 16 & 3,
		    x >> 20 & 3);
		switch (x >> 24 & 15) {
		case 0:
			path[9] = '\0';
			(void)xmkdir(&w->f, path);
			break;
		case 1:
			path[9] = '\0';
			(void)xrmdir(&w->f, path);
			break;
		case 2:
			path[9] = '\0';
			(void)xchdir(&w->f, path);
			(void)xgetcwd(&w->f, buf, sizeof(buf));
			break;
		case 3:
			(void)xchdir(&w->f, "/tmp/m");
			(void)xgetcwd(&w->f, buf, sizeof(buf));
			(void)xchdir(&w->f, "/");
			break;
		case 4:
			(void)xunlink(&w->f, path);
			break;
		case 5:
			path[9] = '\0';
			fd = xopen(&w->f, path, O_RDONLY, 0);
			(void)SYS(&w->f, SYS___getdents30, __getdents30,
			    P(int, fd), P(char *, buf), P(size_t, sizeof(buf)));
			(void)xclose(&w->f, fd);
			break;
		case 6:
			fd = xopen(&w->f, path, O_RDWR, 0);
			(void)setlk(&w->f, fd, F_SETLKW, F_WRLCK, 0, 4);
			(void)xclose(&w->f, fd);
			break;
		case 7:
			(void)xunmount(&w->f, "/tmp/m", 0);
			break;
		case 8:
			(void)xmount(&w->f, "/tmp/m");
			break;
		case 9:
			(void)xmount_flags(&w->f, "/tmp/m", MNT_UPDATE);
			break;
		case 10:
			(void)SYS(&w->f, SYS_sync, umask, P(mode_t, 0));
			(void)xunmount(&w->f, "/tmp/m", MNT_FORCE);
			break;
		case 11:
			(void)xstat(&w->f, path, &sb);
			break;
		default:
			fd = xopen(
			    &w->f, path, O_RDWR | O_CREAT | O_APPEND, 0644);
			(void)xwrite(&w->f, fd, buf, sizeof(buf));
			(void)xclose(&w->f, fd);
			break;
		}
	}
}

TEST(vfs_mixed_calls_race)
{
	struct fixture f;
	struct worker w[4] = { 0 };
	_Atomic bool stop = false;
	int i;

	up_with(&f, 24);
	CHECK_EQ(xmount(&f, "/tmp"), 0);
	CHECK_EQ(xmkdir(&f, "/tmp/m"), 0);
	for (i = 0; i < 4; i++)
		w[i].stop = &stop;
	workers(&f, w, 4, mixed_loop);
	host_sleep_ns(1500000000);
	stop = true;
	join(w, 4);
	while (xunmount(&f, "/tmp/m", 0) == 0)
		continue;
	CHECK_EQ(xunmount(&f, "/tmp", 0), 0);
	down(&f);
}

int
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	RUN(vfs_boot_and_halt_leaves_nothing);
	RUN(vfs_kernel_without_it_says_so);
	RUN(vfs_first_slice);
	RUN(vfs_open_as_recorded);
	RUN(vfs_names_as_recorded);
	RUN(vfs_names_on_root_as_recorded);
	RUN(vfs_mounts_nest_and_hide);
	RUN(vfs_forced_unmount_leaves_dead_files);
	RUN(vfs_unlinked_file_lives_until_closed);
	RUN(vfs_more_files_than_vnodes);
	RUN(vfs_union_shows_both);
	RUN(vfs_record_locks_conflict_between_processes);
	RUN(vfs_permissions_of_an_ordinary_user);
	RUN(vfs_readonly_mount_refuses_changes);
	RUN(vfs_io_as_recorded);
	RUN(vfs_times_and_statvfs_as_recorded);
	RUN(vfs_mounts_seen_from_another_root);
	RUN(vfs_links_are_followed_32_times);
	RUN(vfs_record_locks_find_deadlocks);
	RUN(vfs_kqueue_hears_of_vnodes);
	RUN(vfs_immutable_files_stay);
	RUN(vfs_handles_find_their_files);
	RUN(vfs_failed_allocations_leak_nothing);
	RUN(vfs_concurrent_renames_do_not_deadlock);
	RUN(vfs_forced_unmounts_under_load);
	RUN(vfs_mixed_calls_race);
	return check_done();
}
