/* SPDX-License-Identifier: BSD-2-Clause */
/* Files and folders of the host, and the table of its operations. */
#include "host/hostonly.h"
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <time.h>

#define NSEC 1000000000

int host_lock_file(int fd, bool exclusive, int *pidp);

static int
result(int r)
{
	return r == -1 ? host_error(errno) : 0;
}

static int
file_open(const char *path, int flags, uint32_t mode, int *fdp)
{
	int how = O_CLOEXEC | O_NOCTTY, fd;

	*fdp = -1;
	how |= (flags & NB_ACCMODE) == 1 ? O_WRONLY :
	    (flags & NB_ACCMODE) == 2	 ? O_RDWR :
					   O_RDONLY;
	how |= (flags & HOST_O_CREAT) != 0 ? O_CREAT : 0;
	how |= (flags & HOST_O_EXCL) != 0 ? O_EXCL : 0;
	how |= (flags & HOST_O_TRUNC) != 0 ? O_TRUNC : 0;
	how |= (flags & HOST_O_DIRECTORY) != 0 ? O_DIRECTORY : 0;
	how |= (flags & HOST_O_NOFOLLOW) != 0 ? O_NOFOLLOW : 0;
	while ((fd = open(path, how, (mode_t)mode)) == -1 && errno == EINTR)
		continue;
	if (fd == -1)
		return host_error(errno);
	*fdp = fd;
	return 0;
}

/* The descriptor is gone whatever close says: EINTR is not tried again. */
static int
file_close(int fd)
{
	if (close(fd) == -1 && errno != EINTR)
		return host_error(errno);
	return 0;
}

/*
 * One call each, as long as nothing interrupts it; a transfer that stops in
 * the middle goes on behind what was moved.
 */
static ssize_t
transfer(int fd, const struct iovec *iov, int cnt, int64_t off, bool out)
{
	struct iovec part;
	ssize_t n, done = 0;
	size_t skip = 0;

	while (cnt > 0) {
		const struct iovec *v = iov;
		int c = cnt;

		if (skip > 0) {
			part.iov_base = (char *)iov->iov_base + skip;
			part.iov_len = iov->iov_len - skip;
			v = &part;
			c = 1;
		}
		if (c > IOV_MAX)
			c = IOV_MAX;
		n = out ? pwritev(fd, v, c, (off_t)(off + done)) :
			  preadv(fd, v, c, (off_t)(off + done));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return done > 0 ? done : host_error(errno);
		done += n;
		for (skip += (size_t)n; cnt > 0 && skip >= iov->iov_len;
		     iov++, cnt--)
			skip -= iov->iov_len;
		if (n == 0)
			break;
	}
	return done;
}

/* One vector that comes whole, nearly always, is the cheaper call. */
static ssize_t
file_preadv(int fd, const struct iovec *iov, int cnt, int64_t off)
{
	if (cnt == 1) {
		ssize_t n = pread(fd, iov->iov_base, iov->iov_len, (off_t)off);

		if (n == (ssize_t)iov->iov_len)
			return n;
	}
	return transfer(fd, iov, cnt, off, false);
}

static ssize_t
file_pwritev(int fd, const struct iovec *iov, int cnt, int64_t off)
{
	if (cnt == 1) {
		ssize_t n = pwrite(fd, iov->iov_base, iov->iov_len, (off_t)off);

		if (n == (ssize_t)iov->iov_len)
			return n;
	}
	return transfer(fd, iov, cnt, off, true);
}

static int
file_fsync(int fd)
{
	int r;

	while ((r = fsync(fd)) == -1 && errno == EINTR)
		continue;
	return result(r);
}

static int
file_fdatasync(int fd)
{
	int r;

	while ((r = fdatasync(fd)) == -1 && errno == EINTR)
		continue;
	return result(r);
}

static int
file_ftruncate(int fd, int64_t size)
{
	int r;

	while ((r = ftruncate(fd, (off_t)size)) == -1 && errno == EINTR)
		continue;
	return result(r);
}

static int
file_punch(int fd, int64_t off, int64_t len)
{
	int r;

	while ((r = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		    (off_t)off, (off_t)len)) == -1 &&
	    errno == EINTR)
		continue;
	return result(r);
}

static int64_t
nanoseconds(const struct timespec *t)
{
	int64_t seconds = t->tv_sec;

	/* Nanoseconds end with the year 2262, a file's time may not. */
	if (seconds >= INT64_MAX / NSEC || seconds <= INT64_MIN / NSEC)
		return seconds < 0 ? INT64_MIN : INT64_MAX;
	return seconds * NSEC + t->tv_nsec;
}

static void
fill(const struct stat *st, struct host_stat *hs)
{
	memset(hs, 0, sizeof(*hs));
	hs->hs_size = (uint64_t)st->st_size;
	hs->hs_dev = st->st_dev;
	hs->hs_ino = st->st_ino;
	hs->hs_rdev = st->st_rdev;
	hs->hs_blocks512 = (uint64_t)st->st_blocks;
	/* The bits of file types are the same on both systems. */
	hs->hs_mode = st->st_mode;
	hs->hs_nlink = (uint32_t)st->st_nlink;
	hs->hs_uid = st->st_uid;
	hs->hs_gid = st->st_gid;
	hs->hs_blksize = (uint32_t)st->st_blksize;
	hs->hs_atime_ns = nanoseconds(&st->st_atim);
	hs->hs_mtime_ns = nanoseconds(&st->st_mtim);
	hs->hs_ctime_ns = nanoseconds(&st->st_ctim);
}

static int
file_fstat(int fd, struct host_stat *hs)
{
	struct stat st;

	if (syscall(FSTAT, fd, &st) == -1)
		return host_error(errno);
	fill(&st, hs);
	return 0;
}

static int
file_stat(const char *path, bool follow, struct host_stat *hs)
{
	struct stat st;

	if (syscall(STATAT, AT_FDCWD, path, &st,
		follow ? 0 : AT_SYMLINK_NOFOLLOW) == -1)
		return host_error(errno);
	fill(&st, hs);
	return 0;
}

static int
file_size(int fd, uint64_t *sizep)
{
	struct stat st;
	uint64_t bytes;

	*sizep = 0;
	if (syscall(FSTAT, fd, &st) == -1)
		return host_error(errno);
	if (S_ISBLK(st.st_mode)) {
		if (ioctl(fd, BLKGETSIZE64, &bytes) == -1)
			return host_error(errno);
		*sizep = bytes;
	} else if (st.st_size > 0)
		*sizep = (uint64_t)st.st_size;
	return 0;
}

/* --- hostfs --- */

struct host_dir {
	DIR *dir;
};

static int
dir_open(const char *path, struct host_dir **dp)
{
	struct host_dir *d;
	int error;

	*dp = NULL;
	if ((d = malloc(sizeof(*d))) == NULL)
		return -NB_ENOMEM;
	if ((d->dir = opendir(path)) == NULL) {
		error = host_error(errno);
		free(d);
		return error;
	}
	*dp = d;
	return 0;
}

static int
dir_read(struct host_dir *d, struct host_dirent *out)
{
	struct dirent *e;

	errno = 0;
	if ((e = readdir(d->dir)) == NULL)
		return errno == 0 ? 0 : host_error(errno);
	out->hd_ino = e->d_ino;
	out->hd_next = e->d_off;
	out->hd_type = e->d_type;
	snprintf(out->hd_name, sizeof(out->hd_name), "%s", e->d_name);
	return 1;
}

/* The C library's takes a long, which is too short for a place on i386. */
static int
dir_seek(struct host_dir *d, int64_t at)
{
	rewinddir(d->dir);
	if (at != 0 && lseek(dirfd(d->dir), at, SEEK_SET) == -1)
		return host_error(errno);
	return 0;
}

static void
dir_close(struct host_dir *d)
{
	closedir(d->dir);
	free(d);
}

static int
file_readlink(const char *path, char *buf, size_t size)
{
	ssize_t n;

	if (size > INT_MAX)
		size = INT_MAX;
	n = readlink(path, buf, size);
	return n == -1 ? host_error(errno) : (int)n;
}

static int
file_unlink(const char *path)
{
	return result(unlink(path));
}

static int
file_rmdir(const char *path)
{
	return result(rmdir(path));
}

static int
file_mkdir(const char *path, uint32_t mode)
{
	return result(mkdir(path, (mode_t)mode));
}

static int
file_rename(const char *from, const char *to)
{
	return result(rename(from, to));
}

static int
file_link(const char *from, const char *to)
{
	return result(link(from, to));
}

static int
file_symlink(const char *target, const char *path)
{
	return result(symlink(target, path));
}

static int
file_mkfifo(const char *path, uint32_t mode)
{
	return result(mkfifo(path, (mode_t)mode));
}

static int
file_chmod(const char *path, uint32_t mode)
{
	return result(chmod(path, (mode_t)mode));
}

static int
file_chown(const char *path, uint32_t uid, uint32_t gid, bool follow)
{
	return result(fchownat(
	    AT_FDCWD, path, uid, gid, follow ? 0 : AT_SYMLINK_NOFOLLOW));
}

static struct timespec
spec(int64_t ns)
{
	struct timespec t;

	t.tv_sec = (time_t)(ns / NSEC);
	t.tv_nsec = (long)(ns % NSEC);
	if (t.tv_nsec < 0) {
		t.tv_nsec += NSEC;
		t.tv_sec--;
	}
	return t;
}

static int
file_utimens(const char *path, int64_t atime_ns, int64_t mtime_ns, bool follow)
{
	struct timespec t[2] = { spec(atime_ns), spec(mtime_ns) };

	return result(
	    utimensat(AT_FDCWD, path, t, follow ? 0 : AT_SYMLINK_NOFOLLOW));
}

static int
file_statvfs(const char *path, struct host_stat *hs, uint64_t *frsize,
    uint64_t *blocks, uint64_t *bfree, uint64_t *files, uint64_t *ffree)
{
	struct statvfs sv;
	int error;

	if ((error = file_stat(path, true, hs)) != 0)
		return error;
	if (statvfs(path, &sv) == -1)
		return host_error(errno);
	*frsize = sv.f_frsize;
	*blocks = sv.f_blocks;
	*bfree = sv.f_bfree;
	*files = sv.f_files;
	*ffree = sv.f_ffree;
	return 0;
}

/* --- clocks, randomness --- */

static int64_t
now(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return nanoseconds(&t);
}

static int64_t
clock_real(void)
{
	return now(CLOCK_REALTIME);
}

static int64_t
clock_mono(void)
{
	return now(CLOCK_MONOTONIC);
}

static void
fill_random(void *buf, size_t n)
{
	unsigned char *p = buf;
	ssize_t got;
	int fd;

	while (n > 0) {
		got = syscall(SYS_getrandom, p, n, 0);
		if (got <= 0 && errno != EINTR)
			break;
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
	if (n == 0)
		return;
	/* A host without that call: its device. */
	fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	while (n > 0 && fd != -1 && (got = read(fd, p, n)) > 0) {
		p += got;
		n -= (size_t)got;
	}
	if (fd != -1)
		close(fd);
	/* Without either, time has to do. */
	while (n-- > 0)
		*p++ = (unsigned char)((uint64_t)clock_mono() >> (n % 24));
}

const struct host_ops host_linux = {
	.open = file_open,
	.close = file_close,
	.preadv = file_preadv,
	.pwritev = file_pwritev,
	.fsync = file_fsync,
	.fdatasync = file_fdatasync,
	.ftruncate = file_ftruncate,
	.punch = file_punch,
	.fstat = file_fstat,
	.stat = file_stat,
	.size = file_size,
	.lock = host_lock_file,
	.opendir = dir_open,
	.readdir = dir_read,
	.seekdir = dir_seek,
	.closedir = dir_close,
	.readlink = file_readlink,
	.unlink = file_unlink,
	.rmdir = file_rmdir,
	.mkdir = file_mkdir,
	.rename = file_rename,
	.link = file_link,
	.symlink = file_symlink,
	.mkfifo = file_mkfifo,
	.chmod = file_chmod,
	.chown = file_chown,
	.utimens = file_utimens,
	.statvfs = file_statvfs,
	.realtime = clock_real,
	.monotonic = clock_mono,
	.random = fill_random,
};
