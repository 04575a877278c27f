/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel with a process, and its calls on files, for the tests of the file system layer. */
#ifndef VFS_CALLS_H
#define VFS_CALLS_H

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

static inline void
up_with(struct fixture *f, unsigned nvnodes)
{
	struct kern_config c = { .kc_nvnodes = nvnodes };

	CHECK_EQ(kern_boot(&c, &f->k), 0);
	CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "test", &f->p), 0);
	CHECK_EQ(lwp_create(f->p, &f->l), 0);
}

static inline void
up(struct fixture *f)
{
	up_with(f, 0);
}

static inline void
down(struct fixture *f)
{
	int64_t leak;

	lwp_destroy(f->l);
	proc_exit(f->p, NULL, 0);
	kern_halt(f->k, false, &leak);
	CHECK_EQ(leak, 0);
}

static inline long
xopen(struct fixture *f, const char *path, int flags, int mode)
{
	return SYS(f, SYS_open, open, P(const char *, path), P(int, flags),
	    P(mode_t, mode));
}

static inline long
xclose(struct fixture *f, long fd)
{
	return SYS(f, SYS_close, close, P(int, fd));
}

static inline long
xmkdir(struct fixture *f, const char *path)
{
	return SYS(f, SYS_mkdir, mkdir, P(const char *, path), P(mode_t, 0755));
}

static inline long
xrmdir(struct fixture *f, const char *path)
{
	return SYS(f, SYS_rmdir, rmdir, P(const char *, path));
}

static inline long
xunlink(struct fixture *f, const char *path)
{
	return SYS(f, SYS_unlink, unlink, P(const char *, path));
}

static inline long
xrename(struct fixture *f, const char *from, const char *to)
{
	return SYS(
	    f, SYS_rename, rename, P(const char *, from), P(const char *, to));
}

static inline long
xlink(struct fixture *f, const char *from, const char *to)
{
	return SYS(
	    f, SYS_link, link, P(const char *, from), P(const char *, to));
}

static inline long
xsymlink(struct fixture *f, const char *target, const char *path)
{
	return SYS(f, SYS_symlink, symlink, P(const char *, target),
	    P(const char *, path));
}

static inline long
xchdir(struct fixture *f, const char *path)
{
	return SYS(f, SYS_chdir, chdir, P(const char *, path));
}

static inline long
xaccess(struct fixture *f, const char *path, int mode)
{
	return SYS(f, SYS_access, access, P(const char *, path), P(int, mode));
}

static inline long
xwrite(struct fixture *f, long fd, const void *buf, size_t n)
{
	return SYS(f, SYS_write, write, P(int, fd), P(const void *, buf),
	    P(size_t, n));
}

static inline long
xread(struct fixture *f, long fd, void *buf, size_t n)
{
	return SYS(f, SYS_read, read, P(int, fd), P(void *, buf), P(size_t, n));
}

static inline long
xstat(struct fixture *f, const char *path, struct stat *sb)
{
	return SYS(f, SYS___stat50, __stat50, P(const char *, path),
	    P(struct stat *, sb));
}

static inline long
xgetcwd(struct fixture *f, char *buf, size_t n)
{
	return SYS(f, SYS___getcwd, __getcwd, P(char *, buf), P(size_t, n));
}

static inline long
xmount_flags(struct fixture *f, const char *path, int flags)
{
	struct tmpfs_args args = { .ta_version = 1, .ta_root_mode = 0755 };

	return SYS(f, SYS___mount50, __mount50, P(const char *, "tmpfs"),
	    P(const char *, path), P(int, flags), P(void *, &args),
	    P(size_t, sizeof(args)));
}

static inline long
xmount(struct fixture *f, const char *path)
{
	return xmount_flags(f, path, 0);
}

static inline long
xunmount(struct fixture *f, const char *path, int flags)
{
	return SYS(
	    f, SYS_unmount, unmount, P(const char *, path), P(int, flags));
}

static inline long
touch(struct fixture *f, const char *path)
{
	long fd = xopen(f, path, O_RDWR | O_CREAT, 0644);

	return fd < 0 ? fd : xclose(f, fd);
}

static inline long
setlk(struct fixture *f, long fd, int cmd, int type, off_t start, off_t len)
{
	struct flock fl = {
		.l_start = start, .l_len = len, .l_type = (short)type
	};

	return SYS(f, SYS_fcntl, fcntl, P(int, fd), P(int, cmd), P(void *, &fl));
}

#endif
