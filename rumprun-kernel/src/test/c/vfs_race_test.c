/* SPDX-License-Identifier: BSD-2-Clause */
/* The file system layer with many threads at once. */
#include "vfs_calls.h"

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
			(void)l_mkdir(w->f.l, from);
			break;
		case 1:
			(void)touch(w->f.l, from);
			break;
		case 2:
			(void)l_unlink(w->f.l, from);
			break;
		case 3:
			(void)l_rmdir(w->f.l, from);
			break;
		case 4:
			(void)l_link(w->f.l, from, to);
			break;
		case 5:
			(void)l_stat(w->f.l, from, &sb);
			break;
		default:
			(void)l_rename(w->f.l, from, to);
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
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	CHECK_EQ(l_mkdir(f.l, "/tmp/a"), 0);
	CHECK_EQ(l_mkdir(f.l, "/tmp/b"), 0);
	CHECK_EQ(l_mkdir(f.l, "/tmp/a/c"), 0);
	CHECK_EQ(l_mkdir(f.l, "/tmp/b/d"), 0);
	workers(&f, w, 4, rename_loop);
	join(w, 4);
	CHECK_EQ(l_unmount(f.l, "/tmp", 0), 0);
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
		fd = l_open(w->f.l, path, O_RDWR | O_CREAT, 0644);
		if (fd < 0)
			continue;
		n = l_write(w->f.l, fd, buf, sizeof(buf));
		CHECK_THREAD(n == sizeof(buf) || n == -EIO);
		(void)l_read(w->f.l, fd, buf, sizeof(buf));
		(void)l_unlink(w->f.l, path);
		(void)l_close(w->f.l, fd);
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
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	workers(&f, w, 3, io_loop);
	for (i = 0; i < 50; i++) {
		host_sleep_ns(1000000);
		CHECK_EQ(l_unmount(f.l, "/tmp", MNT_FORCE), 0);
		CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	}
	stop = true;
	join(w, 3);
	CHECK_EQ(l_unmount(f.l, "/tmp", 0), 0);
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
			(void)l_mkdir(w->f.l, path);
			break;
		case 1:
			path[9] = '\0';
			(void)l_rmdir(w->f.l, path);
			break;
		case 2:
			path[9] = '\0';
			(void)l_chdir(w->f.l, path);
			(void)l_getcwd(w->f.l, buf, sizeof(buf));
			break;
		case 3:
			(void)l_chdir(w->f.l, "/tmp/m");
			(void)l_getcwd(w->f.l, buf, sizeof(buf));
			(void)l_chdir(w->f.l, "/");
			break;
		case 4:
			(void)l_unlink(w->f.l, path);
			break;
		case 5:
			path[9] = '\0';
			fd = l_open(w->f.l, path, O_RDONLY, 0);
			(void)SYS(w->f.l, SYS___getdents30, __getdents30,
			    P(int, fd), P(char *, buf), P(size_t, sizeof(buf)));
			(void)l_close(w->f.l, fd);
			break;
		case 6:
			fd = l_open(w->f.l, path, O_RDWR, 0);
			(void)setlk(w->f.l, fd, F_SETLKW, F_WRLCK, 0, 4);
			(void)l_close(w->f.l, fd);
			break;
		case 7:
			(void)l_unmount(w->f.l, "/tmp/m", 0);
			break;
		case 8:
			(void)mount_tmpfs(w->f.l, "/tmp/m", 0);
			break;
		case 9:
			(void)mount_tmpfs(w->f.l, "/tmp/m", MNT_UPDATE);
			break;
		case 10:
			(void)SYS(w->f.l, SYS_sync, umask, P(mode_t, 0));
			(void)l_unmount(w->f.l, "/tmp/m", MNT_FORCE);
			break;
		case 11:
			(void)l_stat(w->f.l, path, &sb);
			break;
		default:
			fd = l_open(
			    w->f.l, path, O_RDWR | O_CREAT | O_APPEND, 0644);
			(void)l_write(w->f.l, fd, buf, sizeof(buf));
			(void)l_close(w->f.l, fd);
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
	CHECK_EQ(mount_tmpfs(f.l, "/tmp", 0), 0);
	CHECK_EQ(l_mkdir(f.l, "/tmp/m"), 0);
	for (i = 0; i < 4; i++)
		w[i].stop = &stop;
	workers(&f, w, 4, mixed_loop);
	host_sleep_ns(1500000000);
	stop = true;
	join(w, 4);
	while (l_unmount(f.l, "/tmp/m", 0) == 0)
		continue;
	CHECK_EQ(l_unmount(f.l, "/tmp", 0), 0);
	down(&f);
}

int
main(void)
{
	RUN(vfs_concurrent_renames_do_not_deadlock);
	RUN(vfs_forced_unmounts_under_load);
	RUN(vfs_mixed_calls_race);
	return check_done();
}
