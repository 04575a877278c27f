/* SPDX-License-Identifier: BSD-2-Clause */
/* Four processes in one file system, with names in common: it ends, and is consistent. Meant for the thread sanitizer too. */
#include "ffs_calls.h"
#include "lib/ffs_check.h"

#define NTHREADS 4
#define NROUNDS 300

struct worker {
	struct fixture f; /* the kernel is shared, the process its own */
	int id;
	char buf[20000];
};

static void
one_round(struct worker *w, int i)
{
	struct fixture *f = &w->f;
	char path[64], to[64];
	struct stat st;
	long fd;

	snprintf(path, sizeof(path), "/mnt/t%d/f%d", w->id, i % 50);
	snprintf(to, sizeof(to), "/mnt/shared%d", i % 7);
	fd = xopen(f, path, O_RDWR | O_CREAT);
	CHECK_THREAD(fd >= 0);
	memset(w->buf, i, sizeof(w->buf));
	CHECK_THREAD(
	    xwrite(f, fd, w->buf, (size_t)(i * 37) % sizeof(w->buf) + 1) > 0);
	if (i % 17 == 0)
		CHECK_THREAD(xfsync(f, fd) == 0);
	CHECK_THREAD(xclose(f, fd) == 0);
	if (i % 3 == 0)
		CHECK_THREAD(xrename(f, path, to) == 0);
	else if (i % 5 == 0)
		CHECK_THREAD(xunlink(f, path) == 0);
	/* Others replace and move these meanwhile. */
	(void)xlstat(f, "/mnt/shared3", &st);
	if (i % 11 == 0 && (fd = xopen(f, "/mnt/shared2", O_RDONLY)) >= 0) {
		CHECK_THREAD(xread(f, fd, w->buf, sizeof(w->buf)) >= 0);
		xclose(f, fd);
	}
}

static void
work(void *arg)
{
	struct worker *w = arg;
	char path[64];

	snprintf(path, sizeof(path), "/mnt/t%d", w->id);
	CHECK_THREAD(xmkdir(&w->f, path) == 0);
	for (int i = 0; i < NROUNDS; i++)
		one_round(w, i);
}

static void
together(const char *name, int flags)
{
	struct host_thread *thread[NTHREADS];
	struct worker *w = calloc(NTHREADS, sizeof(*w));
	struct fixture f;

	image(&f, name);
	up(&f);
	CHECK_EQ(xmount(&f, flags), 0);
	for (int i = 0; i < NTHREADS; i++) {
		w[i].f = f;
		w[i].id = i;
		CHECK_EQ(proc_fork(f.k, NULL, RFCFDG, "worker", &w[i].f.p), 0);
		CHECK_EQ(lwp_create(w[i].f.p, &w[i].f.l), 0);
	}
	for (int i = 0; i < NTHREADS; i++)
		CHECK_EQ(
		    host_thread_create("worker", work, &w[i], &thread[i]), 0);
	for (int i = 0; i < NTHREADS; i++)
		host_thread_join(thread[i]);
	for (int i = 0; i < NTHREADS; i++) {
		lwp_destroy(w[i].f.l);
		proc_exit(w[i].f.p, NULL, 0);
	}
	CHECK_EQ(xunmount(&f, 0), 0);
	CHECK_EQ(ffs_check_image(f.img), 0);
	down(&f);
	free(w);
	remove(f.img);
}

TEST(threads_without_log)
{
	together("ffs2-le", 0);
	together("ffs1-be", 0);
}

TEST(threads_with_log)
{
	together("ffs2-le", MNT_LOG);
	together("ffs1-be", MNT_LOG);
}

int
main(void)
{
	RUN(threads_without_log);
	RUN(threads_with_log);
	return check_done();
}
