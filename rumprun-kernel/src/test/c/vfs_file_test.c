/* SPDX-License-Identifier: BSD-2-Clause */
/* Open files of the file system layer: transfers, attributes, locks, events, more of them than vnodes. */
#include "vfs_calls.h"

TEST(vfs_unlinked_file_lives_until_closed)
{
	struct fixture f;
	struct stat sb;
	char buf[8];
	long fd;

	up(&f);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	fd = l_open(f.l, "/tmp/f", O_RDWR | O_CREAT, 0644);
	CHECK_EQ(l_write(f.l, fd, "abc", 3), 3);
	CHECK_EQ(l_unlink(f.l, "/tmp/f"), 0);
	CHECK_EQ(l_access(f.l, "/tmp/f", 0), -ENOENT);
	CHECK_EQ(SYS(f.l, SYS___fstat50, __fstat50, P(int, fd),
		     P(struct stat *, &sb)),
	    0);
	CHECK_EQ(sb.st_nlink, 0);
	CHECK_EQ(SYS(f.l, SYS_pread, pread, P(int, fd), P(void *, buf),
		     P(size_t, 8), P(int, 0), P(off_t, 0)),
	    3);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(l_mkdir(f.l, "/tmp/d"), 0);
	CHECK_EQ(l_chdir(f.l, "/tmp/d"), 0);
	CHECK_EQ(l_rmdir(f.l, "/tmp/d"), 0);
	CHECK_EQ(l_open(f.l, "x", O_RDWR | O_CREAT, 0600), -ENOENT);
	CHECK_EQ(l_mkdir(f.l, "x"), -ENOENT);
	CHECK_EQ(l_chdir(f.l, "/"), 0);
	CHECK_EQ(l_unmount(f.l, "/tmp", 0), 0);
	down(&f);
}

TEST(vfs_more_files_than_vnodes)
{
	struct fixture f;
	struct stat sb;
	char path[64];
	int i;

	up_with(&f, 64);
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	for (i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/tmp/file%d", i);
		CHECK_EQ(touch(f.l, path), 0);
	}
	for (i = 999; i >= 0; i--) {
		snprintf(path, sizeof(path), "/tmp/file%d", i);
		CHECK_EQ(l_stat(f.l, path, &sb), 0);
		if (i % 2)
			CHECK_EQ(l_unlink(f.l, path), 0);
	}
	for (i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/tmp/file%d", i);
		CHECK_EQ(l_stat(f.l, path, &sb), i % 2 ? -ENOENT : 0);
	}
	CHECK_EQ(l_unmount(f.l, "/tmp", 0), 0);
	down(&f);
}

TEST(vfs_record_locks_conflict_between_processes)
{
	struct fixture f, g;
	long fd, gd;

	up(&f);
	g = f;
	CHECK_EQ(proc_fork(f.k, NULL, RFCFDG, "other", &g.p), 0);
	CHECK_EQ(lwp_create(g.p, &g.l), 0);
	fd = l_open(f.l, "/tmp/f", O_RDWR | O_CREAT, 0644);
	gd = l_open(g.l, "/tmp/f", O_RDWR, 0);
	CHECK_EQ(setlk(f.l, fd, F_SETLK, F_WRLCK, 10, 10), 0);
	CHECK_EQ(setlk(g.l, gd, F_SETLK, F_WRLCK, 0, 10), 0);
	CHECK_EQ(setlk(g.l, gd, F_SETLK, F_RDLCK, 0, 11), -EAGAIN);
	CHECK_EQ(setlk(f.l, fd, F_SETLK, F_UNLCK, 12, 2), 0);
	CHECK_EQ(setlk(g.l, gd, F_SETLK, F_WRLCK, 12, 2), 0);
	CHECK_EQ(setlk(g.l, gd, F_SETLK, F_WRLCK, 14, 1), -EAGAIN);
	/* closing any descriptor of the file lets go */
	CHECK_EQ(l_close(f.l, l_open(f.l, "/tmp/f", O_RDONLY, 0)), 0);
	CHECK_EQ(setlk(g.l, gd, F_SETLK, F_WRLCK, 0, 0), 0);
	CHECK_EQ(
	    SYS(f.l, SYS_flock, flock, P(int, fd), P(int, LOCK_EX | LOCK_NB)),
	    -EAGAIN);
	CHECK_EQ(l_close(g.l, gd), 0);
	CHECK_EQ(
	    SYS(f.l, SYS_flock, flock, P(int, fd), P(int, LOCK_EX | LOCK_NB)),
	    0);
	lwp_destroy(g.l);
	proc_exit(g.p, NULL, 0);
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
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
#define SEEK(off, whence)                                                \
	SYS(f.l, SYS_lseek, lseek, P(int, fd), P(int, 0), P(off_t, off), \
	    P(int, whence))
#define VEC(call, iov, n)                                                    \
	SYS(f.l, SYS_##call, call, P(int, fd), P(const struct iovec *, iov), \
	    P(int, n))
	fd = l_open(f.l, "/tmp/io", O_RDWR | O_CREAT, 0644);
	CHECK_EQ(VEC(writev, out, 3), 7);
	CHECK_EQ(SEEK(0, 0), 0);
	CHECK_EQ(VEC(readv, in, 2), 7);
	CHECK(memcmp(a, "ab", 2) == 0 && memcmp(b, "cdefg", 5) == 0);
	CHECK_EQ(VEC(readv, in, 2), 0);
	CHECK_EQ(VEC(readv, in, 0), -EINVAL);
	CHECK_EQ(VEC(readv, in, 1025), -EINVAL);
	CHECK_EQ(SYS(f.l, SYS_pwrite, pwrite, P(int, fd), P(const void *, "Z"),
		     P(size_t, 1), P(int, 0), P(off_t, 20)),
	    1);
	CHECK_EQ(SEEK(0, 1), 7);
	CHECK_EQ(SEEK(0, 2), 21);
	CHECK_EQ(SEEK(-30, 2), -EINVAL);
	CHECK_EQ(SEEK(-1, 0), -EINVAL);
	CHECK_EQ(SEEK(5, 3), -EINVAL);
	CHECK_EQ(SEEK(1000, 0), 1000);
	CHECK_EQ(l_read(f.l, fd, a, 8), 0);
	CHECK_EQ(SYS(f.l, SYS_pread, pread, P(int, fd), P(void *, a),
		     P(size_t, 8), P(int, 0), P(off_t, 18)),
	    3);
	CHECK_EQ(SYS(f.l, SYS_pread, pread, P(int, fd), P(void *, a),
		     P(size_t, 8), P(int, 0), P(off_t, -1)),
	    -EINVAL);
#define TRUNC(size)                                               \
	SYS(f.l, SYS_ftruncate, ftruncate, P(int, fd), P(int, 0), \
	    P(off_t, size))
	CHECK_EQ(TRUNC(10), 0);
	CHECK_EQ(SEEK(0, 2), 10);
	CHECK_EQ(TRUNC(100), 0);
	CHECK_EQ(SEEK(0, 2), 100);
	CHECK_EQ(TRUNC(-1), -EINVAL);
#define PTRUNC(path, size)                                                 \
	SYS(f.l, SYS_truncate, truncate, P(const char *, path), P(int, 0), \
	    P(off_t, size))
	CHECK_EQ(PTRUNC("/tmp/io", 3), 0);
	CHECK_EQ(PTRUNC("/tmp", 3), -EISDIR);
	CHECK_EQ(PTRUNC("/tmp/none", 3), -ENOENT);
	CHECK_EQ(SEEK(0, 2), 3);
	CHECK_EQ(l_read(f.l, fd, NULL, 4), 0);
	CHECK_EQ(SEEK(0, 0), 0);
	CHECK_EQ(l_read(f.l, fd, NULL, 4), -EFAULT);
	CHECK_EQ(l_read(f.l, fd, a, 0), 0);
	CHECK_EQ(l_write(f.l, fd, a, 0), 0);
	CHECK_EQ(l_read(f.l, 77, a, 1), -EBADF);
	CHECK_EQ(SYS(f.l, SYS_fsync, fsync, P(int, fd)), 0);
	CHECK_EQ(SYS(f.l, SYS_fdatasync, fdatasync, P(int, fd)), 0);
	CHECK_EQ(SYS(f.l, SYS_fsync, fsync, P(int, 77)), -EBADF);
	fd = l_open(f.l, "/tmp", O_RDONLY, 0);
	CHECK_EQ(l_read(f.l, fd, a, 8), -EISDIR);
	CHECK_EQ(TRUNC(0), -EINVAL);
	fd = l_open(f.l, "/dev/zero", O_RDWR, 0);
	CHECK_EQ(l_read(f.l, fd, a, 8), 8);
	CHECK_EQ(l_write(f.l, fd, a, 8), 8);
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
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	CHECK_EQ(touch(f.l, "/tmp/f"), 0);
#define UTIMES(path)                                                \
	SYS(f.l, SYS___utimes50, __utimes50, P(const char *, path), \
	    P(const struct timeval *, tv))
	CHECK_EQ(UTIMES("/tmp/f"), 0);
	CHECK_EQ(UTIMES("/tmp/none"), -ENOENT);
	CHECK_EQ(l_stat(f.l, "/tmp/f", &sb), 0);
	CHECK_EQ(sb.st_atim.tv_nsec, 123456000);
	CHECK_EQ(sb.st_mtim.tv_sec, 1000000001);
	tv[0].tv_usec = 1000000;
	CHECK_EQ(UTIMES("/tmp/f"), 0);
#define UTIMENSAT(path)                                      \
	SYS(f.l, SYS_utimensat, utimensat, P(int, AT_FDCWD), \
	    P(const char *, path), P(const struct timespec *, ts), P(int, 0))
	CHECK_EQ(UTIMENSAT("/tmp/f"), 0);
	CHECK_EQ(l_stat(f.l, "/tmp/f", &sb), 0);
	CHECK_EQ(sb.st_atim.tv_nsec, 999999999);
	CHECK_EQ(sb.st_mtim.tv_nsec, 654321000);
	ts[0].tv_nsec = 1000000000;
	CHECK_EQ(UTIMENSAT("/tmp/f"), 0);
	CHECK_EQ(SYS(f.l, SYS_statvfs1, statvfs1, P(const char *, "/tmp/f"),
		     P(struct statvfs *, &sv), P(int, 1)),
	    0);
	CHECK_EQ(sv.f_flag, MNT_LOCAL);
	CHECK_EQ(sv.f_bsize, 4096);
	CHECK_EQ(sv.f_namemax, 255);
	CHECK_STR(sv.f_fstypename, "tmpfs");
	CHECK_STR(sv.f_mntonname, "/tmp");
	CHECK_STR(sv.f_mntfromname, "tmpfs");
	CHECK_EQ(SYS(f.l, SYS_getvfsstat, getvfsstat, P(struct statvfs *, NULL),
		     P(size_t, 0), P(int, 1)),
	    2);
	CHECK_EQ(SYS(f.l, SYS_getvfsstat, getvfsstat, P(struct statvfs *, &sv),
		     P(size_t, sizeof(sv)), P(int, 1)),
	    1);
	CHECK_STR(sv.f_mntonname, "/");
	CHECK_EQ(sv.f_flag, MNT_LOCAL | MNT_ROOTFS);
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

	w->result = setlk(w->f.l, w->fd, F_SETLKW, F_WRLCK, 0, 1);
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
	fd = l_open(f.l, "/tmp/f", O_RDWR | O_CREAT, 0644);
	w.fd = l_open(w.f.l, "/tmp/f", O_RDWR, 0);
	CHECK_EQ(setlk(f.l, fd, F_SETLK, F_WRLCK, 0, 1), 0);
	CHECK_EQ(setlk(w.f.l, w.fd, F_SETLK, F_WRLCK, 1, 1), 0);
	CHECK_EQ(host_thread_create("w", wait_lock, &w, &w.t), 0);
	await_lock_waiter(f.k);
	CHECK_EQ(setlk(f.l, fd, F_SETLKW, F_WRLCK, 1, 1), -EDEADLK);
	CHECK_EQ(setlk(f.l, fd, F_SETLK, F_UNLCK, 0, 0), 0);
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
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	fd = l_open(f.l, "/tmp/f", O_RDWR | O_CREAT, 0644);
	kq = SYS(f.l, SYS_kqueue, dup, P(int, 0));
	CHECK(kq >= 0);
	ev = (struct kevent){ .ident = (uintptr_t)fd,
		.filter = EVFILT_VNODE,
		.flags = EV_ADD | EV_CLEAR,
		.fflags = NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_DELETE |
		    NOTE_RENAME | NOTE_LINK };
#define KEVENT(change, n)                                   \
	SYS(f.l, SYS___kevent50, __kevent50, P(int, kq),    \
	    P(const struct kevent *, change), P(size_t, n), \
	    P(struct kevent *, got), P(size_t, 4),          \
	    P(const struct timespec *, &zero))
	CHECK_EQ(KEVENT(&ev, 1), 0);
	CHECK_EQ(l_write(f.l, fd, "x", 1), 1);
	CHECK_EQ(KEVENT(NULL, 0), 1);
	CHECK_EQ(got[0].fflags, NOTE_WRITE | NOTE_EXTEND);
	CHECK_EQ(l_link(f.l, "/tmp/f", "/tmp/g"), 0);
	CHECK_EQ(KEVENT(NULL, 0), 1);
	CHECK_EQ(got[0].fflags, NOTE_LINK);
	CHECK_EQ(l_rename(f.l, "/tmp/f", "/tmp/h"), 0);
	CHECK_EQ(KEVENT(NULL, 0), 1);
	CHECK_EQ(got[0].fflags, NOTE_RENAME);
	CHECK_EQ(l_unlink(f.l, "/tmp/h"), 0);
	CHECK_EQ(l_unlink(f.l, "/tmp/g"), 0);
	CHECK_EQ(KEVENT(NULL, 0), 1);
	CHECK_EQ(got[0].fflags, NOTE_LINK | NOTE_DELETE);
	CHECK_EQ(SYS(f.l, SYS_fchmod, fchmod, P(int, fd), P(mode_t, 0600)), 0);
	CHECK_EQ(KEVENT(NULL, 0), 1);
	CHECK_EQ(got[0].fflags, NOTE_ATTRIB);
	down(&f);
}

int
main(void)
{
	RUN(vfs_unlinked_file_lives_until_closed);
	RUN(vfs_more_files_than_vnodes);
	RUN(vfs_record_locks_conflict_between_processes);
	RUN(vfs_io_as_recorded);
	RUN(vfs_times_and_statvfs_as_recorded);
	RUN(vfs_record_locks_find_deadlocks);
	RUN(vfs_kqueue_hears_of_vnodes);
	return check_done();
}
