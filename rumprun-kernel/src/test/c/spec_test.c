/* SPDX-License-Identifier: BSD-2-Clause */
/* Special files, EVFILT_READ of files, revoke, and kernels that stop. */
#include "core_calls.h"

TEST(spec_null_and_zero)
{
	struct fixture f;
	char buf[16];
	long fd;

	up(&f);
	fd = l_open(f.l, "/dev/null", O_RDWR, 0);
	CHECK_EQ(l_write(f.l, fd, "abc", 3), 3);
	CHECK_EQ(l_read(f.l, fd, buf, 3), 0);
	CHECK_EQ(l_poll(f.l, fd, POLLIN | POLLOUT, 0), POLLIN | POLLOUT);
	CHECK_EQ(l_close(f.l, fd), 0);
	fd = l_open(f.l, "/dev/zero", O_RDWR, 0);
	memset(buf, 1, sizeof(buf));
	CHECK_EQ(l_read(f.l, fd, buf, sizeof(buf)), sizeof(buf));
	CHECK_EQ(buf[15], 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

TEST(spec_numbers_without_driver)
{
	struct fixture f;

	up(&f);
	CHECK_EQ(l_mknod(f.l, "/tmp/c", S_IFCHR | 0666, makedev(200, 0)), 0);
	CHECK_EQ(l_mknod(f.l, "/tmp/b", S_IFBLK | 0666, makedev(2, 2)), 0);
	CHECK_EQ(l_mknod(f.l, "/tmp/m", S_IFCHR | 0666, makedev(2, 77)), 0);
	CHECK_EQ(l_open(f.l, "/tmp/c", O_RDONLY, 0), -ENXIO);
	CHECK_EQ(l_open(f.l, "/tmp/b", O_RDONLY, 0), -ENXIO);
	CHECK_EQ(l_open(f.l, "/tmp/m", O_RDONLY, 0), -ENXIO);
	down(&f);
}

TEST(spec_nodev_mount)
{
	struct tmpfs_args args = { .ta_version = 1, .ta_root_mode = 0755 };
	struct fixture f;

	up(&f);
	CHECK_EQ(l_mkdir(f.l, "/mnt"), 0);
	CHECK_EQ(
	    l_mount(f.l, "tmpfs", "/mnt", MNT_NODEV, &args, sizeof(args)), 0);
	CHECK_EQ(l_mknod(f.l, "/mnt/n", S_IFCHR | 0666, makedev(2, 2)), 0);
	CHECK_EQ(l_open(f.l, "/mnt/n", O_RDONLY, 0), -ENXIO);
	down(&f);
}

/* All nodes of the number, in every file system; those opened later work. */
TEST(spec_revoke_all_nodes)
{
	struct tmpfs_args args = { .ta_version = 1, .ta_root_mode = 0755 };
	struct fixture f;
	long a, b, c;

	up(&f);
	CHECK_EQ(l_mkdir(f.l, "/mnt"), 0);
	CHECK_EQ(l_mount(f.l, "tmpfs", "/mnt", 0, &args, sizeof(args)), 0);
	CHECK_EQ(l_mknod(f.l, "/mnt/n", S_IFCHR | 0666, makedev(2, 2)), 0);
	CHECK_EQ(l_mknod(f.l, "/tmp/n", S_IFCHR | 0666, makedev(2, 2)), 0);
	a = l_open(f.l, "/mnt/n", O_RDWR, 0);
	b = l_open(f.l, "/tmp/n", O_RDWR, 0);
	c = l_open(f.l, "/dev/zero", O_RDWR, 0);
	CHECK_EQ(l_revoke(f.l, "/tmp/n"), 0);
	CHECK_EQ(l_write(f.l, a, "x", 1), -EIO);
	CHECK_EQ(l_write(f.l, b, "x", 1), -EIO);
	CHECK_EQ(l_write(f.l, c, "x", 1), 1);
	CHECK_EQ(l_close(f.l, a), 0);
	CHECK_EQ(l_close(f.l, b), 0);
	CHECK_EQ(l_close(f.l, c), 0);
	a = l_open(f.l, "/mnt/n", O_RDWR, 0);
	CHECK(a >= 0);
	CHECK_EQ(l_write(f.l, a, "x", 1), 1);
	CHECK_EQ(l_close(f.l, a), 0);
	CHECK_EQ(l_unmount(f.l, "/mnt", 0), 0);
	down(&f);
}

static long
l_fchdir(struct lwp *l, long fd)
{
	return SYS(l, SYS_fchdir, fchdir, P(int, (int)fd));
}

static long
l_seteuid(struct lwp *l, uid_t uid)
{
	return SYS(l, SYS_seteuid, seteuid, P(uid_t, uid));
}

/* Descriptors of any type of file go dead; the file stays for new ones. */
static void
revoke_in(struct lwp *l, const char *dir)
{
	struct stat st;
	char path[64], sub[64], buf[8];
	long fd, d, q;

	snprintf(path, sizeof(path), "%s/f", dir);
	snprintf(sub, sizeof(sub), "%s/sub", dir);
	fd = l_open(l, path, O_RDWR | O_CREAT, 0644);
	CHECK_EQ(l_write(l, fd, "hello", 5), 5);
	CHECK_EQ(l_mkdir(l, sub), 0);
	d = l_open(l, sub, O_RDONLY, 0);
	q = l_open(l, path, O_RDONLY, 0);
	CHECK_EQ(l_revoke(l, path), 0);
	CHECK_EQ(l_revoke(l, sub), 0);
	CHECK_EQ(l_write(l, fd, "x", 1), -EIO);
	CHECK_EQ(l_read(l, q, buf, 1), -EIO);
	CHECK_EQ(l_fstat(l, q, &st), -EBADF);
	CHECK_EQ(l_fchdir(l, d), -ENOENT);
	CHECK_EQ(l_close(l, fd), 0);
	CHECK_EQ(l_close(l, d), 0);
	CHECK_EQ(l_close(l, q), 0);
	fd = l_open(l, path, O_RDWR, 0);
	CHECK_EQ(l_read(l, fd, buf, 8), 5);
	CHECK(memcmp(buf, "hello", 5) == 0);
	CHECK_EQ(l_unlink(l, path), 0);
	CHECK_EQ(l_fstat(l, fd, &st), 0);
	CHECK_EQ(l_revoke(l, path), -ENOENT);
	CHECK_EQ(l_close(l, fd), 0);
	CHECK_EQ(l_rmdir(l, sub), 0);
}

TEST(spec_revoke_files)
{
	struct tmpfs_args args = { .ta_version = 1, .ta_root_mode = 0755 };
	struct fixture f;
	char buf[4];
	long r, w;

	up(&f);
	revoke_in(f.l, "/tmp");
	CHECK_EQ(l_mkdir(f.l, "/mnt"), 0);
	CHECK_EQ(l_mount(f.l, "tmpfs", "/mnt", 0, &args, sizeof(args)), 0);
	revoke_in(f.l, "/mnt");
	CHECK_EQ(l_revoke(f.l, "/mnt"), -EBUSY);
	CHECK_EQ(l_revoke(f.l, "/"), -EBUSY);
	CHECK_EQ(l_mkfifo(f.l, "/mnt/p"), 0);
	r = l_open(f.l, "/mnt/p", O_RDONLY | O_NONBLOCK, 0);
	w = l_open(f.l, "/mnt/p", O_WRONLY, 0);
	CHECK_EQ(l_revoke(f.l, "/mnt/p"), 0);
	CHECK_EQ(l_write(f.l, w, "x", 1), -EIO);
	CHECK_EQ(l_read(f.l, r, buf, 1), -EIO);
	CHECK_EQ(l_close(f.l, r), 0);
	CHECK_EQ(l_close(f.l, w), 0);
	CHECK_EQ(l_unmount(f.l, "/mnt", 0), 0);
	down(&f);
}

/* For its owner and the super user. */
TEST(spec_revoke_permission)
{
	struct fixture f;
	long fd;

	up(&f);
	fd = l_open(f.l, "/tmp/f", O_RDWR | O_CREAT, 0666);
	CHECK_EQ(l_write(f.l, fd, "a", 1), 1);
	CHECK_EQ(l_seteuid(f.l, 5), 0);
	CHECK_EQ(l_revoke(f.l, "/tmp/f"), -EPERM);
	CHECK_EQ(l_write(f.l, fd, "a", 1), 1);
	CHECK_EQ(l_close(f.l, fd), 0);
	fd = l_open(f.l, "/tmp/mine", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(l_revoke(f.l, "/tmp/mine"), 0);
	CHECK_EQ(l_write(f.l, fd, "a", 1), -EIO);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

TEST(vn_kevent_read_counts_what_is_left)
{
	struct fixture f;
	struct kevent ev;
	long fd, kq, to;
	char buf[4];

	up(&f);
	kq = l_kqueue(f.l);
	fd = l_open(f.l, "/tmp/f", O_RDWR | O_CREAT, 0644);
	to = l_open(f.l, "/tmp/f", O_RDWR, 0);
	CHECK_EQ(l_kevent(f.l, kq, fd, EVFILT_READ, &ev), -1);
	CHECK_EQ(l_write(f.l, to, "hello", 5), 5);
	CHECK_EQ(l_kevent(f.l, kq, fd, EVFILT_READ, &ev), 5);
	CHECK_EQ(l_read(f.l, fd, buf, 4), 4);
	CHECK_EQ(l_kevent(f.l, kq, fd, EVFILT_READ, &ev), 1);
	CHECK_EQ(l_read(f.l, fd, buf, 4), 1);
	CHECK_EQ(l_kevent(f.l, kq, fd, EVFILT_READ, &ev), -1);
	CHECK_EQ(l_ftruncate(f.l, to, 2), 0);
	CHECK_EQ(l_kevent(f.l, kq, fd, EVFILT_READ, &ev), -3);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(l_close(f.l, to), 0);
	CHECK_EQ(l_close(f.l, kq), 0);
	down(&f);
}

static long
read_pipe(struct lwp *l, void *arg)
{
	char c;

	return l_read(l, *(int *)arg, &c, 1);
}

/* Stopped by a broken invariant: calls fail, sleepers wake, it says why, and it can be taken apart. */
TEST(kernel_panic_ends_its_calls)
{
	struct fixture f, g;
	struct side s;
	struct stat sb;
	register_t rv[2];
	int fds[2];

	up(&f);
	up(&g);
	CHECK_EQ(kern_syscall(f.l, SYS_pipe, NULL, rv), 0);
	fds[0] = (int)rv[0];
	side_begin(&s, f.p, read_pipe, &fds[0]);
	CHECK(side_sleeps(&s));
	kern_panic(f.k, "a test of %d", 1);
	CHECK(side_end(&s) < 0);
	CHECK_STR(f.k->k_panic, "a test of 1");
	CHECK_EQ(l_stat(f.l, "/", &sb), -EIO);
	CHECK_EQ(l_stat(g.l, "/", &sb), 0);
	down(&f);
	down(&g);
}

TEST(kernel_a_hundred_at_once)
{
	static struct fixture f[100];
	struct stat sb;
	int i;

	for (i = 0; i < 100; i++)
		up(&f[i]);
	for (i = 0; i < 100; i++)
		CHECK_EQ(l_stat(f[i].l, "/dev/null", &sb), 0);
	for (i = 0; i < 100; i++)
		down(&f[i]);
}

/* The host's own count: what boots leave behind would show here. */
static int64_t
descriptors(void)
{
	struct host_dirent e;
	struct host_dir *d;
	int64_t n = 0;

	CHECK_EQ(host_linux.opendir("/proc/self/fd", &d), 0);
	while (host_linux.readdir(d, &e) == 1)
		n++;
	host_linux.closedir(d);
	return n;
}

static int64_t
resident(void)
{
	char text[128] = "";
	struct iovec iov = { text, sizeof(text) - 1 };
	long total, pages = 0;
	int fd;

	CHECK_EQ(host_linux.open("/proc/self/statm", 0, 0, &fd), 0);
	CHECK(host_linux.preadv(fd, &iov, 1, 0) > 0);
	host_linux.close(fd);
	CHECK_EQ(sscanf(text, "%ld %ld", &total, &pages), 2);
	return pages;
}

/* Sanitizers keep memory for themselves. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

TEST(kernel_a_thousand_boots_without_growth)
{
	struct fixture f;
	int64_t fds = 0, pages = 0;
	int i;

	for (i = 0; i < 1000; i++) {
		if (i == 100) {
			fds = descriptors();
			pages = resident();
		}
		up(&f);
		CHECK_EQ(l_mkfifo(f.l, "/tmp/fifo"), 0);
		CHECK(l_open(f.l, "/tmp/fifo", O_RDWR, 0) >= 0);
		down(&f);
	}
	CHECK_EQ(descriptors(), fds);
	CHECK(sanitized || resident() <= pages + 256);
}

int
main(void)
{
	RUN(spec_null_and_zero);
	RUN(spec_numbers_without_driver);
	RUN(spec_nodev_mount);
	RUN(spec_revoke_all_nodes);
	RUN(spec_revoke_files);
	RUN(spec_revoke_permission);
	RUN(vn_kevent_read_counts_what_is_left);
	RUN(kernel_panic_ends_its_calls);
	RUN(kernel_a_hundred_at_once);
	RUN(kernel_a_thousand_boots_without_growth);
	return check_done();
}
