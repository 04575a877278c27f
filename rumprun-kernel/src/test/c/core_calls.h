/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of devices, fifos and file systems: a kernel, a process, its calls, a second thread, and files of the host. */
#ifndef CORE_CALLS_H
#define CORE_CALLS_H

#include <netbsd/dirent.h>
#include <netbsd/errno.h>
#include <netbsd/event.h>
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/mount.h>
#include <netbsd/poll.h>
#include <netbsd/stat.h>
#include <netbsd/syscallargs.h>
#include "host/host.h"
#include "kern/kernel.h"
#include "lib/check.h"

#define MS INT64_C(1000000)

struct fixture {
	struct rump_kernel *k;
	struct proc *p;
	struct lwp *l;
};

#define P(T, x)                 \
	{                       \
		.datum = (T)(x) \
	}
/* SYS(lwp, number, type, args...): the result or the negative errno */
#define SYS(lwp, number, type, ...)                             \
	__extension__({                                         \
		struct sys_##type##_args sa_ = { __VA_ARGS__ }; \
		register_t rv_[2];                              \
		int e_ = kern_syscall(lwp, number, &sa_, rv_);  \
		e_ != 0 ? (long)e_ : (long)rv_[0];              \
	})

static inline void
up_config(struct fixture *f, const struct kern_config *c)
{
	CHECK_EQ(kern_boot(c, &f->k), 0);
	CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "test", &f->p), 0);
	CHECK_EQ(lwp_create(f->p, &f->l), 0);
}

static inline void
up(struct fixture *f)
{
	up_config(f, NULL);
}

static inline void
down_how(struct fixture *f, bool nosync)
{
	int64_t leak;

	lwp_destroy(f->l);
	proc_exit(f->p, NULL, 0);
	kern_halt(f->k, nosync, &leak);
	CHECK_EQ(leak, 0);
}

static inline void
down(struct fixture *f)
{
	down_how(f, false);
}

static inline long
l_open(struct lwp *l, const char *path, int flags, int mode)
{
	return SYS(l, SYS_open, open, P(const char *, path), P(int, flags),
	    P(mode_t, mode));
}

static inline long
l_close(struct lwp *l, long fd)
{
	return SYS(l, SYS_close, close, P(int, fd));
}

static inline long
l_read(struct lwp *l, long fd, void *buf, size_t n)
{
	return SYS(l, SYS_read, read, P(int, fd), P(void *, buf), P(size_t, n));
}

static inline long
l_write(struct lwp *l, long fd, const void *buf, size_t n)
{
	return SYS(l, SYS_write, write, P(int, fd), P(const void *, buf),
	    P(size_t, n));
}

static inline long
l_pread(struct lwp *l, long fd, void *buf, size_t n, off_t off)
{
	struct sys_pread_args a;
	register_t rv[2];
	int error;

	memset(&a, 0, sizeof(a));
	SCARG(&a, fd) = (int)fd;
	SCARG(&a, buf) = buf;
	SCARG(&a, nbyte) = n;
	SCARG(&a, offset) = off;
	error = kern_syscall(l, SYS_pread, &a, rv);
	return error != 0 ? error : (long)rv[0];
}

static inline long
l_pwrite(struct lwp *l, long fd, const void *buf, size_t n, off_t off)
{
	struct sys_pwrite_args a;
	register_t rv[2];
	int error;

	memset(&a, 0, sizeof(a));
	SCARG(&a, fd) = (int)fd;
	SCARG(&a, buf) = buf;
	SCARG(&a, nbyte) = n;
	SCARG(&a, offset) = off;
	error = kern_syscall(l, SYS_pwrite, &a, rv);
	return error != 0 ? error : (long)rv[0];
}

static inline long
l_fdiscard(struct lwp *l, long fd, off_t off, off_t len)
{
	struct sys_fdiscard_args a;
	register_t rv[2];

	memset(&a, 0, sizeof(a));
	SCARG(&a, fd) = (int)fd;
	SCARG(&a, pos) = off;
	SCARG(&a, len) = len;
	return kern_syscall(l, SYS_fdiscard, &a, rv);
}

static inline long
l_ftruncate(struct lwp *l, long fd, off_t size)
{
	struct sys_ftruncate_args a;
	register_t rv[2];

	memset(&a, 0, sizeof(a));
	SCARG(&a, fd) = (int)fd;
	SCARG(&a, length) = size;
	return kern_syscall(l, SYS_ftruncate, &a, rv);
}

static inline long
l_stat(struct lwp *l, const char *path, struct stat *sb)
{
	return SYS(l, SYS___stat50, __stat50, P(const char *, path),
	    P(struct stat *, sb));
}

static inline long
l_lstat(struct lwp *l, const char *path, struct stat *sb)
{
	return SYS(l, SYS___lstat50, __lstat50, P(const char *, path),
	    P(struct stat *, sb));
}

static inline long
l_fstat(struct lwp *l, long fd, struct stat *sb)
{
	return SYS(
	    l, SYS___fstat50, __fstat50, P(int, fd), P(struct stat *, sb));
}

static inline long
l_mkdir(struct lwp *l, const char *path)
{
	return SYS(l, SYS_mkdir, mkdir, P(const char *, path), P(mode_t, 0755));
}

static inline long
l_rmdir(struct lwp *l, const char *path)
{
	return SYS(l, SYS_rmdir, rmdir, P(const char *, path));
}

static inline long
l_unlink(struct lwp *l, const char *path)
{
	return SYS(l, SYS_unlink, unlink, P(const char *, path));
}

static inline long
l_rename(struct lwp *l, const char *from, const char *to)
{
	return SYS(
	    l, SYS_rename, rename, P(const char *, from), P(const char *, to));
}

static inline long
l_link(struct lwp *l, const char *from, const char *to)
{
	return SYS(
	    l, SYS_link, link, P(const char *, from), P(const char *, to));
}

static inline long
l_symlink(struct lwp *l, const char *target, const char *path)
{
	return SYS(l, SYS_symlink, symlink, P(const char *, target),
	    P(const char *, path));
}

static inline long
l_chmod(struct lwp *l, const char *path, int mode)
{
	return SYS(l, SYS_chmod, chmod, P(const char *, path), P(mode_t, mode));
}

static inline long
l_mknod(struct lwp *l, const char *path, mode_t mode, dev_t dev)
{
	struct sys___mknod50_args a;
	register_t rv[2];

	memset(&a, 0, sizeof(a));
	SCARG(&a, path) = path;
	SCARG(&a, mode) = mode;
	SCARG(&a, dev) = dev;
	return kern_syscall(l, SYS___mknod50, &a, rv);
}

static inline long
l_mkfifo(struct lwp *l, const char *path)
{
	return SYS(
	    l, SYS_mkfifo, mkfifo, P(const char *, path), P(mode_t, 0644));
}

static inline long
l_ioctl(struct lwp *l, long fd, unsigned long cmd, void *data)
{
	return SYS(l, SYS_ioctl, ioctl, P(int, fd), P(unsigned long, cmd),
	    P(void *, data));
}

static inline long
l_poll(struct lwp *l, long fd, int events, int ms)
{
	struct pollfd pfd = { .fd = (int)fd, .events = (short)events };
	long n = SYS(l, SYS_poll, poll, P(struct pollfd *, &pfd),
	    P(unsigned, 1), P(int, ms));

	return n <= 0 ? n : pfd.revents;
}

static inline long
l_mount(struct lwp *l, const char *type, const char *path, int flags,
    void *args, size_t len)
{
	return SYS(l, SYS___mount50, __mount50, P(const char *, type),
	    P(const char *, path), P(int, flags), P(void *, args),
	    P(size_t, len));
}

static inline long
l_unmount(struct lwp *l, const char *path, int flags)
{
	return SYS(
	    l, SYS_unmount, unmount, P(const char *, path), P(int, flags));
}

static inline long
l_revoke(struct lwp *l, const char *path)
{
	return SYS(l, SYS_revoke, revoke, P(const char *, path));
}

/* One event of a filter on a descriptor, without waiting: its data, or -1 when there is none; errors below -1. */
static inline int64_t
l_kevent(struct lwp *l, long kq, long fd, int filter, struct kevent *out)
{
	struct sys___kevent50_args a;
	struct timespec zero = { 0, 0 };
	struct kevent ev;
	register_t rv[2];
	int error;

	memset(&ev, 0, sizeof(ev));
	ev.ident = (uintptr_t)fd;
	ev.filter = (uint32_t)filter;
	ev.flags = EV_ADD;
	memset(&a, 0, sizeof(a));
	SCARG(&a, fd) = (int)kq;
	SCARG(&a, changelist) = &ev;
	SCARG(&a, nchanges) = 1;
	SCARG(&a, eventlist) = out;
	SCARG(&a, nevents) = 1;
	SCARG(&a, timeout) = &zero;
	error = kern_syscall(l, SYS___kevent50, &a, rv);
	if (error != 0)
		return error * 1000;
	return rv[0] == 0 ? -1 : out->data;
}

static inline long
l_kqueue(struct lwp *l)
{
	register_t rv[2];
	int error = kern_syscall(l, SYS_kqueue, NULL, rv);

	return error != 0 ? error : (long)rv[0];
}

/* --- a second thread, with an lwp of its own in the same process --- */

struct side {
	struct lwp *l;
	long (*fn)(struct lwp *, void *);
	void *arg;
	long result;
	_Atomic bool done;
	struct host_thread *t;
};

static inline void
side_main(void *arg)
{
	struct side *s = arg;

	s->result = s->fn(s->l, s->arg);
	atomic_store(&s->done, true);
}

static inline void
side_begin(
    struct side *s, struct proc *p, long (*fn)(struct lwp *, void *), void *arg)
{
	memset(s, 0, sizeof(*s));
	s->fn = fn;
	s->arg = arg;
	CHECK_EQ(lwp_create(p, &s->l), 0);
	CHECK_EQ(host_thread_create("side", side_main, s, &s->t), 0);
}

static inline long
side_end(struct side *s)
{
	host_thread_join(s->t);
	lwp_destroy(s->l);
	return s->result;
}

/* Does it still run, after a while? */
static inline bool
side_sleeps(struct side *s)
{
	host_sleep_ns(30 * MS);
	return !atomic_load(&s->done);
}

/* --- files of the host --- */

static inline int
hostfile(const char *path, int flags)
{
	int fd;

	CHECK_EQ(host_linux.open(path, 2 | HOST_O_CREAT | flags, 0644, &fd), 0);
	return fd;
}

/* A new file of that size, filled with the number of each 512 bytes. */
static inline void
make_image(const char *path, size_t size)
{
	int fd = hostfile(path, HOST_O_TRUNC);
	unsigned char sector[512];
	struct iovec iov = { sector, sizeof(sector) };
	size_t i;

	for (i = 0; i < size / 512; i++) {
		memset(sector, (int)i & 0xff, sizeof(sector));
		CHECK_EQ(host_linux.pwritev(fd, &iov, 1, (int64_t)i * 512), 512);
	}
	CHECK_EQ(host_linux.ftruncate(fd, (int64_t)size), 0);
	host_linux.close(fd);
}

static inline int
host_byte(const char *path, int64_t off)
{
	unsigned char c = 0;
	struct iovec iov = { &c, 1 };
	int fd = hostfile(path, 0);
	long n = host_linux.preadv(fd, &iov, 1, off);

	host_linux.close(fd);
	return n == 1 ? c : -1;
}

#endif
