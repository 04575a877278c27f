/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls as a tool makes them: sys_open(t, path, flags, mode) and so on.
 *
 * Each gives what the call returns (0, a descriptor, a count) or a negative errno, and never retries. These wrappers are
 * the only way from a tool to its kernel. Names are NetBSD's current versions: sys_stat is __stat50.
 */
#ifndef RUMPRUN_TOOL_SYS_H
#define RUMPRUN_TOOL_SYS_H

#include <netbsd/dirent.h>
#include <netbsd/errno.h>
#include <netbsd/fcntl.h>
#include <netbsd/stat.h>
#include <netbsd/syscall.h>
#include <netbsd/syscallargs.h>
#include <netbsd/types.h>
#include <netbsd/unistd.h>
#include <rumprun/tool.h>
#include <string.h>

/*
 * Makes call `num`. 0 with rv filled, or a negative errno. Ends the tool (status 130) when SIGINT came and the tool does
 * not look at it itself.
 */
#define t_syscall rumprun_t_syscall
RUMPRUN_API int t_syscall(
    struct tool *, int num, const void *args, size_t argsize, register_t rv[2]);

/* The value of a call that returns 64 bits. */
static inline int64_t
sys_rv64(const register_t rv[2])
{
#ifdef __LP64__
	return rv[0];
#else
	return (int64_t)((uint64_t)(uint32_t)rv[1] << 32 | (uint32_t)rv[0]);
#endif
}

/* SYS_BEGIN(call) opens a block of arguments `a`, all zero; SYS_END(call) makes the call and returns. */
#define SYS_BEGIN(call)              \
	struct sys_##call##_args a;  \
	register_t rv[2] = { 0, 0 }; \
	int error;                   \
	memset(&a, 0, sizeof(a))
/* A result below zero is no error number, so not what a kernel says. */
#define SYS_END(call)                                        \
	error = t_syscall(t, SYS_##call, &a, sizeof(a), rv); \
	return error != 0 ? error : (int)rv[0] < 0 ? -EIO : (int)rv[0]
#define SYS_ARG(name, value) (a.name.datum = (value))
/* For counts of at most n bytes: the server at the other end may be anybody's. */
#define SYS_END_COUNT(call, n)                                \
	error = t_syscall(t, SYS_##call, &a, sizeof(a), rv);  \
	if (error == 0 && (rv[0] < 0 || (size_t)rv[0] > (n))) \
		error = -EIO;                                 \
	return error != 0 ? error : (ssize_t)rv[0]

/* --- descriptors --- */

static inline int
sys_open(struct tool *t, const char *path, int flags, mode_t mode)
{
	SYS_BEGIN(open);

	SYS_ARG(path, path);
	SYS_ARG(flags, flags);
	SYS_ARG(mode, mode);
	SYS_END(open);
}

static inline int
sys_close(struct tool *t, int fd)
{
	SYS_BEGIN(close);

	SYS_ARG(fd, fd);
	SYS_END(close);
}

static inline ssize_t
sys_read(struct tool *t, int fd, void *buf, size_t n)
{
	SYS_BEGIN(read);

	SYS_ARG(fd, fd);
	SYS_ARG(buf, buf);
	SYS_ARG(nbyte, n);
	SYS_END_COUNT(read, n);
}

static inline ssize_t
sys_write(struct tool *t, int fd, const void *buf, size_t n)
{
	SYS_BEGIN(write);

	SYS_ARG(fd, fd);
	SYS_ARG(buf, buf);
	SYS_ARG(nbyte, n);
	SYS_END_COUNT(write, n);
}

static inline ssize_t
sys_pread(struct tool *t, int fd, void *buf, size_t n, off_t off)
{
	SYS_BEGIN(pread);

	SYS_ARG(fd, fd);
	SYS_ARG(buf, buf);
	SYS_ARG(nbyte, n);
	SYS_ARG(offset, off);
	SYS_END_COUNT(pread, n);
}

static inline ssize_t
sys_pwrite(struct tool *t, int fd, const void *buf, size_t n, off_t off)
{
	SYS_BEGIN(pwrite);

	SYS_ARG(fd, fd);
	SYS_ARG(buf, buf);
	SYS_ARG(nbyte, n);
	SYS_ARG(offset, off);
	SYS_END_COUNT(pwrite, n);
}

static inline int64_t
sys_lseek(struct tool *t, int fd, off_t off, int whence)
{
	SYS_BEGIN(lseek);

	SYS_ARG(fd, fd);
	SYS_ARG(offset, off);
	SYS_ARG(whence, whence);
	error = t_syscall(t, SYS_lseek, &a, sizeof(a), rv);
	return error != 0 ? error : sys_rv64(rv);
}

static inline int
sys_dup2(struct tool *t, int from, int to)
{
	SYS_BEGIN(dup2);

	SYS_ARG(from, from);
	SYS_ARG(to, to);
	SYS_END(dup2);
}

static inline int
sys_fcntl(struct tool *t, int fd, int cmd, void *arg)
{
	SYS_BEGIN(fcntl);

	SYS_ARG(fd, fd);
	SYS_ARG(cmd, cmd);
	SYS_ARG(arg, arg);
	SYS_END(fcntl);
}

static inline int
sys_ioctl(struct tool *t, int fd, unsigned long com, void *data)
{
	SYS_BEGIN(ioctl);

	SYS_ARG(fd, fd);
	SYS_ARG(com, com);
	SYS_ARG(data, data);
	SYS_END(ioctl);
}

static inline int
sys_fsync(struct tool *t, int fd)
{
	SYS_BEGIN(fsync);

	SYS_ARG(fd, fd);
	SYS_END(fsync);
}

static inline int
sys_ftruncate(struct tool *t, int fd, off_t size)
{
	SYS_BEGIN(ftruncate);

	SYS_ARG(fd, fd);
	SYS_ARG(length, size);
	SYS_END(ftruncate);
}

static inline int
sys_truncate(struct tool *t, const char *path, off_t size)
{
	SYS_BEGIN(truncate);

	SYS_ARG(path, path);
	SYS_ARG(length, size);
	SYS_END(truncate);
}

static inline ssize_t
sys_getdents(struct tool *t, int fd, void *buf, size_t n)
{
	SYS_BEGIN(__getdents30);

	SYS_ARG(fd, fd);
	SYS_ARG(buf, buf);
	SYS_ARG(count, n);
	SYS_END_COUNT(__getdents30, n);
}

/* --- names --- */

static inline int
sys_stat(struct tool *t, const char *path, struct stat *st)
{
	SYS_BEGIN(__stat50);

	SYS_ARG(path, path);
	SYS_ARG(ub, st);
	SYS_END(__stat50);
}

static inline int
sys_lstat(struct tool *t, const char *path, struct stat *st)
{
	SYS_BEGIN(__lstat50);

	SYS_ARG(path, path);
	SYS_ARG(ub, st);
	SYS_END(__lstat50);
}

static inline int
sys_fstat(struct tool *t, int fd, struct stat *st)
{
	SYS_BEGIN(__fstat50);

	SYS_ARG(fd, fd);
	SYS_ARG(sb, st);
	SYS_END(__fstat50);
}

static inline int
sys_access(struct tool *t, const char *path, int mode)
{
	SYS_BEGIN(access);

	SYS_ARG(path, path);
	SYS_ARG(flags, mode);
	SYS_END(access);
}

static inline ssize_t
sys_readlink(struct tool *t, const char *path, char *buf, size_t n)
{
	SYS_BEGIN(readlink);

	SYS_ARG(path, path);
	SYS_ARG(buf, buf);
	SYS_ARG(count, n);
	SYS_END_COUNT(readlink, n);
}

static inline int
sys_link(struct tool *t, const char *path, const char *to)
{
	SYS_BEGIN(link);

	SYS_ARG(path, path);
	SYS_ARG(link, to);
	SYS_END(link);
}

static inline int
sys_symlink(struct tool *t, const char *target, const char *to)
{
	SYS_BEGIN(symlink);

	SYS_ARG(path, target);
	SYS_ARG(link, to);
	SYS_END(symlink);
}

static inline int
sys_rename(struct tool *t, const char *from, const char *to)
{
	SYS_BEGIN(rename);

	SYS_ARG(from, from);
	SYS_ARG(to, to);
	SYS_END(rename);
}

static inline int
sys_unlink(struct tool *t, const char *path)
{
	SYS_BEGIN(unlink);

	SYS_ARG(path, path);
	SYS_END(unlink);
}

static inline int
sys_undelete(struct tool *t, const char *path)
{
	SYS_BEGIN(undelete);

	SYS_ARG(path, path);
	SYS_END(undelete);
}

static inline int
sys_rmdir(struct tool *t, const char *path)
{
	SYS_BEGIN(rmdir);

	SYS_ARG(path, path);
	SYS_END(rmdir);
}

static inline int
sys_mkdir(struct tool *t, const char *path, mode_t mode)
{
	SYS_BEGIN(mkdir);

	SYS_ARG(path, path);
	SYS_ARG(mode, mode);
	SYS_END(mkdir);
}

static inline int
sys_mkfifo(struct tool *t, const char *path, mode_t mode)
{
	SYS_BEGIN(mkfifo);

	SYS_ARG(path, path);
	SYS_ARG(mode, mode);
	SYS_END(mkfifo);
}

static inline int
sys_mknod(struct tool *t, const char *path, mode_t mode, dev_t dev)
{
	SYS_BEGIN(__mknod50);

	SYS_ARG(path, path);
	SYS_ARG(mode, mode);
	SYS_ARG(dev, dev);
	SYS_END(__mknod50);
}

static inline int
sys_chdir(struct tool *t, const char *path)
{
	SYS_BEGIN(chdir);

	SYS_ARG(path, path);
	SYS_END(chdir);
}

static inline int
sys_fchdir(struct tool *t, int fd)
{
	SYS_BEGIN(fchdir);

	SYS_ARG(fd, fd);
	SYS_END(fchdir);
}

static inline int
sys_getcwd(struct tool *t, char *buf, size_t n)
{
	SYS_BEGIN(__getcwd);

	SYS_ARG(bufp, buf);
	SYS_ARG(length, n);
	SYS_END(__getcwd);
}

static inline int
sys_pathconf(struct tool *t, const char *path, int name)
{
	SYS_BEGIN(pathconf);

	SYS_ARG(path, path);
	SYS_ARG(name, name);
	SYS_END(pathconf);
}

static inline int
sys_fpathconf(struct tool *t, int fd, int name)
{
	SYS_BEGIN(fpathconf);

	SYS_ARG(fd, fd);
	SYS_ARG(name, name);
	SYS_END(fpathconf);
}

/* --- attributes --- */

static inline int
sys_chmod(struct tool *t, const char *path, mode_t mode)
{
	SYS_BEGIN(chmod);

	SYS_ARG(path, path);
	SYS_ARG(mode, mode);
	SYS_END(chmod);
}

static inline int
sys_lchmod(struct tool *t, const char *path, mode_t mode)
{
	SYS_BEGIN(lchmod);

	SYS_ARG(path, path);
	SYS_ARG(mode, mode);
	SYS_END(lchmod);
}

static inline int
sys_fchmod(struct tool *t, int fd, mode_t mode)
{
	SYS_BEGIN(fchmod);

	SYS_ARG(fd, fd);
	SYS_ARG(mode, mode);
	SYS_END(fchmod);
}

static inline int
sys_chown(struct tool *t, const char *path, uid_t uid, gid_t gid)
{
	SYS_BEGIN(chown);

	SYS_ARG(path, path);
	SYS_ARG(uid, uid);
	SYS_ARG(gid, gid);
	SYS_END(chown);
}

static inline int
sys_lchown(struct tool *t, const char *path, uid_t uid, gid_t gid)
{
	SYS_BEGIN(lchown);

	SYS_ARG(path, path);
	SYS_ARG(uid, uid);
	SYS_ARG(gid, gid);
	SYS_END(lchown);
}

static inline int
sys_fchown(struct tool *t, int fd, uid_t uid, gid_t gid)
{
	SYS_BEGIN(fchown);

	SYS_ARG(fd, fd);
	SYS_ARG(uid, uid);
	SYS_ARG(gid, gid);
	SYS_END(fchown);
}

static inline int
sys_chflags(struct tool *t, const char *path, unsigned long flags)
{
	SYS_BEGIN(chflags);

	SYS_ARG(path, path);
	SYS_ARG(flags, flags);
	SYS_END(chflags);
}

static inline int
sys_lchflags(struct tool *t, const char *path, unsigned long flags)
{
	SYS_BEGIN(lchflags);

	SYS_ARG(path, path);
	SYS_ARG(flags, flags);
	SYS_END(lchflags);
}

static inline int
sys_fchflags(struct tool *t, int fd, unsigned long flags)
{
	SYS_BEGIN(fchflags);

	SYS_ARG(fd, fd);
	SYS_ARG(flags, flags);
	SYS_END(fchflags);
}

static inline int
sys_utimes(struct tool *t, const char *path, const struct timeval *tv)
{
	SYS_BEGIN(__utimes50);

	SYS_ARG(path, path);
	SYS_ARG(tptr, tv);
	SYS_END(__utimes50);
}

static inline int
sys_lutimes(struct tool *t, const char *path, const struct timeval *tv)
{
	SYS_BEGIN(__lutimes50);

	SYS_ARG(path, path);
	SYS_ARG(tptr, tv);
	SYS_END(__lutimes50);
}

static inline int
sys_futimes(struct tool *t, int fd, const struct timeval *tv)
{
	SYS_BEGIN(__futimes50);

	SYS_ARG(fd, fd);
	SYS_ARG(tptr, tv);
	SYS_END(__futimes50);
}

static inline int
sys_futimens(struct tool *t, int fd, const struct timespec *ts)
{
	SYS_BEGIN(futimens);

	SYS_ARG(fd, fd);
	SYS_ARG(tptr, ts);
	SYS_END(futimens);
}

static inline int
sys_utimensat(struct tool *t, int fd, const char *path,
    const struct timespec *ts, int flag)
{
	SYS_BEGIN(utimensat);

	SYS_ARG(fd, fd);
	SYS_ARG(path, path);
	SYS_ARG(tptr, ts);
	SYS_ARG(flag, flag);
	SYS_END(utimensat);
}

static inline int
sys_umask(struct tool *t, mode_t mask)
{
	SYS_BEGIN(umask);

	SYS_ARG(newmask, mask);
	SYS_END(umask);
}

/* --- mounts --- */

static inline int
sys_statvfs(struct tool *t, const char *path, struct statvfs *buf, int flags)
{
	SYS_BEGIN(statvfs1);

	SYS_ARG(path, path);
	SYS_ARG(buf, buf);
	SYS_ARG(flags, flags);
	SYS_END(statvfs1);
}

static inline int
sys_fstatvfs(struct tool *t, int fd, struct statvfs *buf, int flags)
{
	SYS_BEGIN(fstatvfs1);

	SYS_ARG(fd, fd);
	SYS_ARG(buf, buf);
	SYS_ARG(flags, flags);
	SYS_END(fstatvfs1);
}

static inline int
sys_getvfsstat(struct tool *t, struct statvfs *buf, size_t n, int flags)
{
	SYS_BEGIN(getvfsstat);

	SYS_ARG(buf, buf);
	SYS_ARG(bufsize, n);
	SYS_ARG(flags, flags);
	SYS_END(getvfsstat);
}

static inline int
sys_mount(struct tool *t, const char *type, const char *path, int flags,
    void *data, size_t n)
{
	SYS_BEGIN(__mount50);

	SYS_ARG(type, type);
	SYS_ARG(path, path);
	SYS_ARG(flags, flags);
	SYS_ARG(data, data);
	SYS_ARG(data_len, n);
	SYS_END(__mount50);
}

static inline int
sys_unmount(struct tool *t, const char *path, int flags)
{
	SYS_BEGIN(unmount);

	SYS_ARG(path, path);
	SYS_ARG(flags, flags);
	SYS_END(unmount);
}

/* --- the rest --- */

static inline int
sys_clock_gettime(struct tool *t, clockid_t id, struct timespec *ts)
{
	SYS_BEGIN(__clock_gettime50);

	SYS_ARG(clock_id, id);
	SYS_ARG(tp, ts);
	error = t_syscall(t, SYS___clock_gettime50, &a, sizeof(a), rv);
	/* A time that sums and differences in nanoseconds hold. */
	if (error == 0 &&
	    (ts->tv_sec < 0 || ts->tv_sec > INT64_C(1) << 33 ||
		ts->tv_nsec < 0 || ts->tv_nsec > 999999999))
		error = -EIO;
	return error;
}

static inline int
sys_sysctl(struct tool *t, const int *name, unsigned namelen, void *oldp,
    size_t *oldlenp, const void *newp, size_t newlen)
{
	size_t room = oldlenp != NULL ? *oldlenp : 0;
	SYS_BEGIN(__sysctl);

	SYS_ARG(name, name);
	SYS_ARG(namelen, namelen);
	SYS_ARG(oldv, oldp);
	SYS_ARG(oldlenp, oldlenp);
	SYS_ARG(newv, newp);
	SYS_ARG(newlen, newlen);
	error = t_syscall(t, SYS___sysctl, &a, sizeof(a), rv);
	/* No more than there was room for, whatever a server says. */
	if (error == 0 && oldp != NULL && oldlenp != NULL && *oldlenp > room)
		error = -EIO;
	return error != 0 ? error : (int)rv[0] < 0 ? -EIO : (int)rv[0];
}

static inline int
sys_getuid(struct tool *t)
{
	register_t rv[2] = { 0, 0 }, none[2] = { 0, 0 };
	int error = t_syscall(t, SYS_getuid, none, 0, rv);

	return error != 0 ? error : (int)rv[0];
}

static inline int
sys_geteuid(struct tool *t)
{
	register_t rv[2] = { 0, 0 }, none[2] = { 0, 0 };
	int error = t_syscall(t, SYS_geteuid, none, 0, rv);

	return error != 0 ? error : (int)rv[0];
}

static inline int
sys_getgid(struct tool *t)
{
	register_t rv[2] = { 0, 0 }, none[2] = { 0, 0 };
	int error = t_syscall(t, SYS_getgid, none, 0, rv);

	return error != 0 ? error : (int)rv[0];
}

static inline int
sys_getegid(struct tool *t)
{
	register_t rv[2] = { 0, 0 }, none[2] = { 0, 0 };
	int error = t_syscall(t, SYS_getegid, none, 0, rv);

	return error != 0 ? error : (int)rv[0];
}

static inline int
sys_sync(struct tool *t)
{
	register_t rv[2] = { 0, 0 }, none[2] = { 0, 0 };
	int error = t_syscall(t, SYS_sync, none, 0, rv);

	return error != 0 ? error : (int)rv[0];
}

static inline int
sys_getpid(struct tool *t)
{
	register_t rv[2] = { 0, 0 }, none[2] = { 0, 0 };
	int error = t_syscall(t, SYS_getpid, none, 0, rv);

	return error != 0 ? error : (int)rv[0];
}

#undef SYS_BEGIN
#undef SYS_END
#undef SYS_END_COUNT
#undef SYS_ARG
#endif
