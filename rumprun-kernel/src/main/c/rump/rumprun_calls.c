/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on files without an argument block, for the provider of file systems. */
#include <netbsd/fcntl.h>
#include <netbsd/mount.h>
#include <netbsd/stat.h>
#include <netbsd/syscallargs.h>
#include "rump/handle.h"

_Static_assert(RUMPRUN_TIME_NOW == UTIME_NOW, "RUMPRUN_TIME_NOW");
_Static_assert(RUMPRUN_TIME_OMIT == UTIME_OMIT, "RUMPRUN_TIME_OMIT");

/* Slots are cleared, the data set, and the first result is the function's. */
#define ARGS(name)                  \
	struct sys_##name##_args a; \
	memset(&a, 0, sizeof(a))
#define SET(field, value) (a.field.datum = (value))
#define CALL(number) invoke(rp, number, &a, sizeof(a))

static int64_t
invoke(struct rumprun_proc *rp, int number, const void *args, size_t size)
{
	register_t rv[2];
	int error = rumprun_call(rp, number, args, size, rv);

	return error != 0 ? error : (int64_t)rv[0];
}

int
rumprun_open(struct rumprun_proc *rp, const char *path, int flags, int mode)
{
	ARGS(open);

	SET(path, path);
	SET(flags, flags);
	SET(mode, (mode_t)mode);
	return (int)CALL(SYS_open);
}

int
rumprun_close(struct rumprun_proc *rp, int fd)
{
	ARGS(close);

	SET(fd, fd);
	return (int)CALL(SYS_close);
}

int64_t
rumprun_read(struct rumprun_proc *rp, int fd, void *buf, size_t size)
{
	ARGS(read);

	SET(fd, fd);
	SET(buf, buf);
	SET(nbyte, size);
	return CALL(SYS_read);
}

int64_t
rumprun_write(struct rumprun_proc *rp, int fd, const void *buf, size_t size)
{
	ARGS(write);

	SET(fd, fd);
	SET(buf, buf);
	SET(nbyte, size);
	return CALL(SYS_write);
}

int64_t
rumprun_pread(
    struct rumprun_proc *rp, int fd, void *buf, size_t size, int64_t offset)
{
	ARGS(pread);

	SET(fd, fd);
	SET(buf, buf);
	SET(nbyte, size);
	SET(offset, offset);
	return CALL(SYS_pread);
}

int64_t
rumprun_pwrite(struct rumprun_proc *rp, int fd, const void *buf, size_t size,
    int64_t offset)
{
	ARGS(pwrite);

	SET(fd, fd);
	SET(buf, buf);
	SET(nbyte, size);
	SET(offset, offset);
	return CALL(SYS_pwrite);
}

int64_t
rumprun_lseek(struct rumprun_proc *rp, int fd, int64_t offset, int whence)
{
	register_t rv[2];
	int64_t to;
	int error;
	ARGS(lseek);

	SET(fd, fd);
	SET(offset, offset);
	SET(whence, whence);
	if ((error = rumprun_call(rp, SYS_lseek, &a, sizeof(a), rv)) != 0)
		return error;
	if (sizeof(rv[0]) == sizeof(to))
		return (int64_t)rv[0];
	memcpy(&to, rv, sizeof(to));
	return to;
}

int
rumprun_fsync(struct rumprun_proc *rp, int fd, int dataonly)
{
	ARGS(fsync);

	SET(fd, fd);
	return (int)CALL(dataonly ? SYS_fdatasync : SYS_fsync);
}

int
rumprun_ftruncate(struct rumprun_proc *rp, int fd, int64_t size)
{
	ARGS(ftruncate);

	SET(fd, fd);
	SET(length, size);
	return (int)CALL(SYS_ftruncate);
}

/* --- attributes --- */

static int
spread(int64_t error, const struct stat *st, int64_t out[RUMPRUN_ST_COUNT])
{
	if (error < 0)
		return (int)error;
	out[RUMPRUN_ST_DEV] = (int64_t)st->st_dev;
	out[RUMPRUN_ST_INO] = (int64_t)st->st_ino;
	out[RUMPRUN_ST_MODE] = st->st_mode;
	out[RUMPRUN_ST_NLINK] = st->st_nlink;
	out[RUMPRUN_ST_UID] = st->st_uid;
	out[RUMPRUN_ST_GID] = st->st_gid;
	out[RUMPRUN_ST_RDEV] = (int64_t)st->st_rdev;
	out[RUMPRUN_ST_SIZE] = st->st_size;
	out[RUMPRUN_ST_BLOCKS] = st->st_blocks;
	out[RUMPRUN_ST_BLKSIZE] = st->st_blksize;
	out[RUMPRUN_ST_FLAGS] = st->st_flags;
	out[RUMPRUN_ST_GEN] = st->st_gen;
	out[RUMPRUN_ST_ATIME] = st->st_atim.tv_sec;
	out[RUMPRUN_ST_ATIME_NS] = st->st_atim.tv_nsec;
	out[RUMPRUN_ST_MTIME] = st->st_mtim.tv_sec;
	out[RUMPRUN_ST_MTIME_NS] = st->st_mtim.tv_nsec;
	out[RUMPRUN_ST_CTIME] = st->st_ctim.tv_sec;
	out[RUMPRUN_ST_CTIME_NS] = st->st_ctim.tv_nsec;
	out[RUMPRUN_ST_BIRTHTIME] = st->st_birthtim.tv_sec;
	out[RUMPRUN_ST_BIRTHTIME_NS] = st->st_birthtim.tv_nsec;
	return 0;
}

int
rumprun_stat(
    struct rumprun_proc *rp, const char *path, int64_t out[RUMPRUN_ST_COUNT])
{
	struct stat st;
	ARGS(__stat50);

	SET(path, path);
	SET(ub, &st);
	return spread(CALL(SYS___stat50), &st, out);
}

int
rumprun_lstat(
    struct rumprun_proc *rp, const char *path, int64_t out[RUMPRUN_ST_COUNT])
{
	struct stat st;
	ARGS(__lstat50);

	SET(path, path);
	SET(ub, &st);
	return spread(CALL(SYS___lstat50), &st, out);
}

int
rumprun_fstat(struct rumprun_proc *rp, int fd, int64_t out[RUMPRUN_ST_COUNT])
{
	struct stat st;
	ARGS(__fstat50);

	SET(fd, fd);
	SET(sb, &st);
	return spread(CALL(SYS___fstat50), &st, out);
}

int
rumprun_chmod(struct rumprun_proc *rp, const char *path, int mode, int follow)
{
	ARGS(chmod);

	SET(path, path);
	SET(mode, (mode_t)mode);
	return (int)CALL(follow ? SYS_chmod : SYS_lchmod);
}

int
rumprun_chown(struct rumprun_proc *rp, const char *path, int64_t uid,
    int64_t gid, int follow)
{
	ARGS(chown);

	SET(path, path);
	SET(uid, (uid_t)uid);
	SET(gid, (gid_t)gid);
	return (int)CALL(follow ? SYS_chown : SYS_lchown);
}

int
rumprun_chflags(struct rumprun_proc *rp, const char *path, int64_t flags)
{
	ARGS(chflags);

	SET(path, path);
	SET(flags, (unsigned long)flags);
	return (int)CALL(SYS_chflags);
}

int
rumprun_utimens(struct rumprun_proc *rp, const char *path, int64_t atime,
    int64_t atime_ns, int64_t mtime, int64_t mtime_ns, int follow)
{
	struct timespec t[2];
	ARGS(utimensat);

	memset(t, 0, sizeof(t));
	t[0].tv_sec = atime;
	t[0].tv_nsec = (long)atime_ns;
	t[1].tv_sec = mtime;
	t[1].tv_nsec = (long)mtime_ns;
	SET(fd, AT_FDCWD);
	SET(path, path);
	SET(tptr, t);
	SET(flag, follow ? 0 : AT_SYMLINK_NOFOLLOW);
	return (int)CALL(SYS_utimensat);
}

int
rumprun_truncate(struct rumprun_proc *rp, const char *path, int64_t size)
{
	ARGS(truncate);

	SET(path, path);
	SET(length, size);
	return (int)CALL(SYS_truncate);
}

int
rumprun_access(struct rumprun_proc *rp, const char *path, int mode)
{
	ARGS(access);

	SET(path, path);
	SET(flags, mode);
	return (int)CALL(SYS_access);
}

/* --- names --- */

int64_t
rumprun_getdents(struct rumprun_proc *rp, int fd, void *buf, size_t size)
{
	ARGS(__getdents30);

	SET(fd, fd);
	SET(buf, buf);
	SET(count, size);
	return CALL(SYS___getdents30);
}

int
rumprun_mkdir(struct rumprun_proc *rp, const char *path, int mode)
{
	ARGS(mkdir);

	SET(path, path);
	SET(mode, (mode_t)mode);
	return (int)CALL(SYS_mkdir);
}

int
rumprun_rmdir(struct rumprun_proc *rp, const char *path)
{
	ARGS(rmdir);

	SET(path, path);
	return (int)CALL(SYS_rmdir);
}

int
rumprun_unlink(struct rumprun_proc *rp, const char *path)
{
	ARGS(unlink);

	SET(path, path);
	return (int)CALL(SYS_unlink);
}

int
rumprun_rename(struct rumprun_proc *rp, const char *from, const char *to)
{
	ARGS(rename);

	SET(from, from);
	SET(to, to);
	return (int)CALL(SYS_rename);
}

int
rumprun_link(struct rumprun_proc *rp, const char *path, const char *link)
{
	ARGS(link);

	SET(path, path);
	SET(link, link);
	return (int)CALL(SYS_link);
}

int
rumprun_symlink(struct rumprun_proc *rp, const char *target, const char *path)
{
	ARGS(symlink);

	SET(path, target);
	SET(link, path);
	return (int)CALL(SYS_symlink);
}

int64_t
rumprun_readlink(
    struct rumprun_proc *rp, const char *path, char *buf, size_t size)
{
	ARGS(readlink);

	SET(path, path);
	SET(buf, buf);
	SET(count, size);
	return CALL(SYS_readlink);
}

/* --- file systems --- */

static void
cut(char *out, size_t size, const char *in, size_t max)
{
	size_t n = 0;

	if (out == NULL || size == 0)
		return;
	while (n < size - 1 && n < max && in[n] != '\0')
		n++;
	memcpy(out, in, n);
	out[n] = '\0';
}

int
rumprun_statvfs(struct rumprun_proc *rp, const char *path,
    int64_t sv[RUMPRUN_VFS_COUNT], char *type, size_t typesize, char *from,
    size_t fromsize, char *on, size_t onsize)
{
	struct statvfs st;
	int64_t error;
	ARGS(statvfs1);

	SET(path, path);
	SET(buf, &st);
	SET(flags, ST_WAIT);
	if ((error = CALL(SYS_statvfs1)) < 0)
		return (int)error;
	sv[RUMPRUN_VFS_FLAG] = (int64_t)st.f_flag;
	sv[RUMPRUN_VFS_BSIZE] = (int64_t)st.f_bsize;
	sv[RUMPRUN_VFS_FRSIZE] = (int64_t)st.f_frsize;
	sv[RUMPRUN_VFS_IOSIZE] = (int64_t)st.f_iosize;
	sv[RUMPRUN_VFS_BLOCKS] = (int64_t)st.f_blocks;
	sv[RUMPRUN_VFS_BFREE] = (int64_t)st.f_bfree;
	sv[RUMPRUN_VFS_BAVAIL] = (int64_t)st.f_bavail;
	sv[RUMPRUN_VFS_FILES] = (int64_t)st.f_files;
	sv[RUMPRUN_VFS_FFREE] = (int64_t)st.f_ffree;
	sv[RUMPRUN_VFS_FSID] = (int64_t)st.f_fsid;
	sv[RUMPRUN_VFS_NAMEMAX] = (int64_t)st.f_namemax;
	cut(type, typesize, st.f_fstypename, sizeof(st.f_fstypename));
	cut(from, fromsize, st.f_mntfromname, sizeof(st.f_mntfromname));
	cut(on, onsize, st.f_mntonname, sizeof(st.f_mntonname));
	return 0;
}

int
rumprun_mount_ffs(
    struct rumprun_proc *rp, const char *device, const char *dir, int flags)
{
	struct ufs_args data = { (char *)(uintptr_t)device };
	ARGS(__mount50);

	SET(type, "ffs");
	SET(path, dir);
	SET(flags, flags);
	SET(data, &data);
	SET(data_len, sizeof(data));
	return (int)CALL(SYS___mount50);
}

int
rumprun_unmount(struct rumprun_proc *rp, const char *dir, int force)
{
	ARGS(unmount);

	SET(path, dir);
	SET(flags, force ? MNT_FORCE : 0);
	return (int)CALL(SYS_unmount);
}
