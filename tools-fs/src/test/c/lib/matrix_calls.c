/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls that the cases of the matrix make, and what they have in common. */
#include "lib/matrix.h"
#include "proxy/client.h"

_Thread_local struct mproc *me;

int64_t
m_call(int num, const void *args, size_t size)
{
	register_t rv[2] = { 0, 0 };
	int error;

	if (me->c != NULL)
		error = proxy_client_syscall(me->c, num, args, size, rv, NULL);
	else
		error = kern_syscall(me->l, num, args, rv);
	if (error != 0)
		return error;
	if (num == SYS_lseek && sizeof(register_t) == 4)
		return (
		    int64_t)((uint64_t)(uint32_t)rv[1] << 32 | (uint32_t)rv[0]);
	return rv[0];
}

long
x_open(const char *path, int flags, mode_t mode)
{
	return SYS(SYS_open, open, P(const char *, path), P(int, flags),
	    P(mode_t, mode));
}

long
x_openat(long dir, const char *path, int flags, mode_t mode)
{
	return SYS(SYS_openat, openat, P(int, dir), P(const char *, path),
	    P(int, flags), P(mode_t, mode));
}

long
x_close(long fd)
{
	return SYS(SYS_close, close, P(int, fd));
}

long
x_read(long fd, void *buf, size_t n)
{
	return SYS(SYS_read, read, P(int, fd), P(void *, buf), P(size_t, n));
}

long
x_write(long fd, const void *buf, size_t n)
{
	return SYS(
	    SYS_write, write, P(int, fd), P(const void *, buf), P(size_t, n));
}

long
x_pread(long fd, void *buf, size_t n, off_t off)
{
	return SYS(SYS_pread, pread, P(int, fd), P(void *, buf), P(size_t, n),
	    .offset = P(off_t, off));
}

long
x_pwrite(long fd, const void *buf, size_t n, off_t off)
{
	return SYS(SYS_pwrite, pwrite, P(int, fd), P(const void *, buf),
	    P(size_t, n), .offset = P(off_t, off));
}

int64_t
x_lseek(long fd, off_t off, int whence)
{
	return SYS(SYS_lseek, lseek, P(int, fd), .offset = P(off_t, off),
	    .whence = P(int, whence));
}

long
x_ftruncate(long fd, off_t size)
{
	return SYS(
	    SYS_ftruncate, ftruncate, P(int, fd), .length = P(off_t, size));
}

long
x_truncate(const char *path, off_t size)
{
	return SYS(SYS_truncate, truncate, P(const char *, path),
	    .length = P(off_t, size));
}

long
x_fsync(long fd)
{
	return SYS(SYS_fsync, fsync, P(int, fd));
}

long
x_mkdir(const char *path, mode_t mode)
{
	return SYS(SYS_mkdir, mkdir, P(const char *, path), P(mode_t, mode));
}

long
x_rmdir(const char *path)
{
	return SYS(SYS_rmdir, rmdir, P(const char *, path));
}

long
x_unlink(const char *path)
{
	return SYS(SYS_unlink, unlink, P(const char *, path));
}

long
x_rename(const char *from, const char *to)
{
	return SYS(
	    SYS_rename, rename, P(const char *, from), P(const char *, to));
}

long
x_link(const char *from, const char *to)
{
	return SYS(SYS_link, link, P(const char *, from), P(const char *, to));
}

long
x_symlink(const char *target, const char *path)
{
	return SYS(SYS_symlink, symlink, P(const char *, target),
	    P(const char *, path));
}

long
x_readlink(const char *path, char *buf, size_t n)
{
	return SYS(SYS_readlink, readlink, P(const char *, path),
	    P(char *, buf), P(size_t, n));
}

long
x_stat(const char *path, struct stat *st)
{
	return SYS(SYS___stat50, __stat50, P(const char *, path),
	    P(struct stat *, st));
}

long
x_lstat(const char *path, struct stat *st)
{
	return SYS(SYS___lstat50, __lstat50, P(const char *, path),
	    P(struct stat *, st));
}

long
x_fstat(long fd, struct stat *st)
{
	return SYS(SYS___fstat50, __fstat50, P(int, fd), P(struct stat *, st));
}

long
x_access(const char *path, int mode)
{
	return SYS(SYS_access, access, P(const char *, path), P(int, mode));
}

long
x_chmod(const char *path, mode_t mode)
{
	return SYS(SYS_chmod, chmod, P(const char *, path), P(mode_t, mode));
}

long
x_chown(const char *path, long uid, long gid)
{
	return SYS(SYS_chown, chown, P(const char *, path), P(uid_t, uid),
	    P(gid_t, gid));
}

long
x_lchown(const char *path, long uid, long gid)
{
	return SYS(SYS_lchown, lchown, P(const char *, path), P(uid_t, uid),
	    P(gid_t, gid));
}

long
x_chflags(const char *path, unsigned long flags)
{
	return SYS(SYS_chflags, chflags, P(const char *, path),
	    P(unsigned long, flags));
}

long
x_utimens(const char *path, const struct timespec ts[2], int flag)
{
	return SYS(SYS_utimensat, utimensat, P(int, AT_FDCWD),
	    P(const char *, path), P(const struct timespec *, ts), P(int, flag));
}

long
x_chdir(const char *path)
{
	return SYS(SYS_chdir, chdir, P(const char *, path));
}

long
x_mknod(const char *path, mode_t mode, dev_t dev)
{
	return SYS(SYS___mknod50, __mknod50, P(const char *, path),
	    P(mode_t, mode), P(dev_t, dev));
}

long
x_mkfifo(const char *path, mode_t mode)
{
	return SYS(SYS_mkfifo, mkfifo, P(const char *, path), P(mode_t, mode));
}

long
x_statvfs(const char *path, struct statvfs *sv)
{
	return SYS(SYS_statvfs1, statvfs1, P(const char *, path),
	    P(struct statvfs *, sv), P(int, ST_WAIT));
}

long
x_pathconf(const char *path, int name)
{
	return SYS(SYS_pathconf, pathconf, P(const char *, path), P(int, name));
}

long
x_getdents(long fd, void *buf, size_t n)
{
	return SYS(SYS___getdents30, __getdents30, P(int, fd), P(char *, buf),
	    P(size_t, n));
}

long
x_setlk(long fd, int cmd, int type, off_t start, off_t len)
{
	struct flock fl = {
		.l_start = start, .l_len = len, .l_type = (short)type
	};

	return SYS(SYS_fcntl, fcntl, P(int, fd), P(int, cmd), P(void *, &fl));
}

long
x_unmount(const char *path, int flags)
{
	return SYS(SYS_unmount, unmount, P(const char *, path), P(int, flags));
}

long
x_umask(mode_t mask)
{
	return SYS(SYS_umask, umask, P(mode_t, mask));
}

/* Real and effective ones, for good. */
long
x_setids(long uid, long gid)
{
	long error;

	error = SYS(SYS_setgroups, setgroups, P(int, 0), P(const gid_t *, NULL));
	if (error == 0)
		error = SYS(SYS_setgid, setgid, P(gid_t, gid));
	return error != 0 ? error : SYS(SYS_setuid, setuid, P(uid_t, uid));
}

void
x_sync(void)
{
	(void)m_call(SYS_sync, NULL, 0);
}

/* --- conveniences --- */

uint8_t
m_byte(unsigned seed, uint64_t i)
{
	return (uint8_t)((i * 2654435761u >> 11) + seed * 37 + i + 1);
}

void
m_fill(const char *path, unsigned seed, uint64_t n)
{
	uint8_t buf[8192];
	uint64_t at = 0;
	long fd = x_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	while (at < n) {
		size_t part = n - at < sizeof(buf) ? (size_t)(n - at) :
						     sizeof(buf);

		for (size_t i = 0; i < part; i++)
			buf[i] = m_byte(seed, at + i);
		CHECK_EQ(x_write(fd, buf, part), (long)part);
		at += part;
	}
	CHECK_EQ(x_close(fd), 0);
}

bool
m_filled(const char *path, unsigned seed, uint64_t n)
{
	uint8_t buf[8192];
	uint64_t at = 0;
	long got, fd = x_open(path, O_RDONLY, 0);

	if (fd < 0)
		return false;
	while ((got = x_read(fd, buf, sizeof(buf))) > 0)
		for (long i = 0; i < got; i++, at++)
			if (buf[i] != m_byte(seed, at)) {
				printf("    %s: byte %" PRIu64 " differs\n",
				    path, at);
				x_close(fd);
				return false;
			}
	x_close(fd);
	return got == 0 && at == n;
}

long
m_touch(const char *path)
{
	long fd = x_open(path, O_RDWR | O_CREAT, 0644);

	return fd < 0 ? fd : x_close(fd);
}

int64_t
m_size(const char *path)
{
	struct stat st;
	long error = x_lstat(path, &st);

	return error != 0 ? error : st.st_size;
}

static bool
is_dot(const struct dirent *d)
{
	return strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0;
}

int
m_count(const char *path)
{
	_Alignas(8) char buf[2048];
	long n, fd = x_open(path, O_RDONLY, 0);
	int count = 0;

	if (fd < 0)
		return (int)fd;
	while ((n = x_getdents(fd, buf, sizeof(buf))) > 0)
		for (long at = 0; at < n;) {
			struct dirent *d = (struct dirent *)(buf + at);

			at += d->d_reclen;
			count += !is_dot(d);
		}
	x_close(fd);
	return n < 0 ? (int)n : count;
}

static int
remove_one(const char *full)
{
	struct stat st;
	int left = 0;

	if (x_lstat(full, &st) != 0)
		return 1;
	if (st.st_flags != 0)
		(void)SYS(SYS_lchflags, lchflags, P(const char *, full),
		    P(unsigned long, 0));
	if (!S_ISDIR(st.st_mode))
		return x_unlink(full) != 0;
	left = m_remove(full);
	return left + (x_rmdir(full) != 0);
}

/* Entries are removed in the middle of the reading; rounds go on until one finds nothing it can remove. */
int
m_remove(const char *path)
{
	_Alignas(8) char buf[4096];
	char full[2048];
	int left, done;

	do {
		long n, fd = x_open(path, O_RDONLY, 0);

		left = done = 0;
		if (fd < 0)
			return 1;
		while ((n = x_getdents(fd, buf, sizeof(buf))) > 0)
			for (long at = 0; at < n;) {
				struct dirent *d = (struct dirent *)(buf + at);
				int failed;

				at += d->d_reclen;
				if (is_dot(d))
					continue;
				snprintf(full, sizeof(full), "%s/%s", path,
				    d->d_name);
				failed = remove_one(full);
				left += failed;
				done += failed == 0;
			}
		x_close(fd);
	} while (done > 0);
	return left;
}

unsigned
m_random(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 8;
}
