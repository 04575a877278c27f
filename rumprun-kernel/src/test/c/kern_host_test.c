/* SPDX-License-Identifier: BSD-2-Clause */
/* The hypercalls on the real host: files, claims, folders, clocks, futexes. */
#include <stdio.h>
#include <netbsd/errno.h>
#include "host/host.h"
#include "host/sock.h"
#include "host/sync.h"
#include "lib/check.h"

static const struct host_ops *const h = &host_linux;

static void
scratch(char *path, size_t size, const char *name)
{
	const char *dir = host_getenv("TMPDIR");

	snprintf(path, size, "%s/kern_host_test.%d.%s",
	    dir != NULL ? dir : "/tmp", host_getpid(), name);
}

static int
open_new(const char *path)
{
	int fd;

	CHECK_EQ(h->open(path, 2 | HOST_O_CREAT | HOST_O_TRUNC, 0644, &fd), 0);
	return fd;
}

TEST(host_file_isWrittenReadAndMeasured)
{
	char path[200], a[3], b[10];
	struct iovec out[2] = { { "abc", 3 }, { "defgh", 5 } };
	struct iovec in[2] = { { a, 3 }, { b, 10 } };
	struct host_stat st;
	uint64_t size;
	int fd, other;

	scratch(path, sizeof(path), "file");
	fd = open_new(path);
	CHECK_EQ(h->pwritev(fd, out, 2, 100), 8);
	CHECK_EQ(h->preadv(fd, in, 2, 101), 7);
	CHECK(memcmp(a, "bcd", 3) == 0 && memcmp(b, "efgh", 4) == 0);
	CHECK_EQ(h->preadv(fd, in, 2, 200), 0);
	CHECK_EQ(h->size(fd, &size), 0);
	CHECK_EQ(size, 108);
	CHECK_EQ(h->ftruncate(fd, (int64_t)5 << 30), 0);
	CHECK_EQ(h->fstat(fd, &st), 0);
	CHECK_EQ(st.hs_size, (uint64_t)5 << 30);
	CHECK_EQ(st.hs_mode & 0170000, 0100000);
	CHECK_EQ(h->pwritev(fd, out, 1, ((int64_t)5 << 30) - 1), 3);
	CHECK_EQ(h->fsync(fd), 0);
	CHECK_EQ(h->fdatasync(fd), 0);
	CHECK_EQ(h->open(path, HOST_O_CREAT | HOST_O_EXCL | 2, 0600, &other),
	    -EEXIST);
	CHECK_EQ(h->open(path, HOST_O_DIRECTORY, 0, &other), -ENOTDIR);
	CHECK_EQ(h->utimens(path, 1500000000123456789, -1500000000, true), 0);
	CHECK_EQ(h->stat(path, true, &st), 0);
	CHECK_EQ(st.hs_atime_ns, 1500000000123456789);
	CHECK_EQ(st.hs_mtime_ns, -1500000000);
	CHECK_EQ(h->close(fd), 0);
	CHECK_EQ(h->unlink(path), 0);
	CHECK_EQ(h->stat(path, true, &st), -ENOENT);
}

TEST(host_lock_secondWriter_isToldWhoHoldsIt)
{
	char path[200];
	int one, two, three, pid;

	scratch(path, sizeof(path), "lock");
	one = open_new(path);
	CHECK_EQ(h->open(path, 2, 0, &two), 0);
	CHECK_EQ(h->lock(one, true, &pid), 0);
	CHECK_EQ(h->lock(two, true, &pid), -EBUSY);
	CHECK_EQ(pid, host_getpid());
	CHECK_EQ(h->lock(two, false, &pid), -EBUSY);
	CHECK_EQ(h->close(one), 0);
	CHECK_EQ(h->lock(two, false, &pid), 0);
	CHECK_EQ(h->open(path, 0, 0, &three), 0);
	CHECK_EQ(h->lock(three, false, &pid), 0);
	CHECK_EQ(h->close(three), 0);
	CHECK_EQ(h->lock(two, true, &pid), 0);
	CHECK_EQ(h->close(two), 0);
	CHECK_EQ(h->unlink(path), 0);
}

TEST(host_dir_isMadeListedAndRemoved)
{
	char path[200], sub[220], link[220], text[256];
	struct host_dirent e;
	struct host_dir *d;
	struct host_stat st;
	int64_t next;
	int n, seen = 0;

	scratch(path, sizeof(path), "dir");
	snprintf(sub, sizeof(sub), "%s/sub", path);
	snprintf(link, sizeof(link), "%s/link", path);
	CHECK_EQ(h->mkdir(path, 0755), 0);
	CHECK_EQ(h->mkdir(path, 0755), -EEXIST);
	CHECK_EQ(h->mkdir(sub, 0700), 0);
	CHECK_EQ(h->symlink("sub", link), 0);
	CHECK_EQ(h->readlink(link, text, sizeof(text)), 3);
	CHECK_EQ(h->stat(link, true, &st), 0);
	CHECK_EQ(st.hs_mode & 0170000, 0040000);
	CHECK_EQ(h->stat(link, false, &st), 0);
	CHECK_EQ(st.hs_mode & 0170000, 0120000);
	CHECK_EQ(h->rmdir(path), -ENOTEMPTY);
	CHECK_EQ(h->opendir(path, &d), 0);
	while ((n = h->readdir(d, &e)) == 1)
		seen += strcmp(e.hd_name, "sub") == 0 ||
		    strcmp(e.hd_name, "link") == 0;
	CHECK_EQ(n, 0);
	CHECK_EQ(seen, 2);
	CHECK_EQ(h->seekdir(d, 0), 0);
	CHECK_EQ(h->readdir(d, &e), 1);
	next = e.hd_next;
	CHECK_EQ(h->readdir(d, &e), 1);
	strcpy(text, e.hd_name);
	while (h->readdir(d, &e) == 1)
		continue;
	CHECK_EQ(h->seekdir(d, next), 0);
	CHECK_EQ(h->readdir(d, &e), 1);
	CHECK(strcmp(e.hd_name, text) == 0);
	h->closedir(d);
	CHECK_EQ(h->unlink(link), 0);
	CHECK_EQ(h->rmdir(sub), 0);
	CHECK_EQ(h->rmdir(path), 0);
	CHECK_EQ(h->opendir(path, &d), -ENOENT);
}

TEST(host_futex_deadlineAndValue_endTheWait)
{
	_Atomic uint32_t word = 5;
	int64_t now = h->monotonic();

	CHECK_EQ(host_futex_wait(&word, 4, INT64_MAX), 0);
	CHECK_EQ(host_futex_wait(&word, 5, now + 20000000), -ETIMEDOUT);
	CHECK(h->monotonic() - now >= 20000000);
	CHECK_EQ(host_futex_wait(&word, 5, -1), -ETIMEDOUT);
}

TEST(host_random_fillsAllBytes)
{
	unsigned char a[64] = { 0 }, b[64] = { 0 };

	h->random(a, sizeof(a));
	h->random(b, sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
}

struct counter {
	struct kmutex m;
	int64_t n;
};

static void
count(void *arg)
{
	struct counter *c = arg;

	for (int i = 0; i < 20000; i++) {
		kmutex_enter(&c->m);
		c->n++;
		kmutex_exit(&c->m);
	}
}

TEST(host_mutex_manyThreads_countRight)
{
	struct counter c = { { 0 }, 0 };
	struct host_thread *t[4];

	for (int i = 0; i < 4; i++)
		CHECK_EQ(host_thread_create("count", count, &c, &t[i]), 0);
	for (int i = 0; i < 4; i++)
		host_thread_join(t[i]);
	CHECK_EQ(c.n, 80000);
	CHECK(!kmutex_held(&c.m));
	CHECK(kmutex_tryenter(&c.m));
	CHECK(!kmutex_tryenter(&c.m));
	kmutex_exit(&c.m);
}

/* The name of a server's socket may be another's by the time it ends. */
TEST(host_unlink_ofASocket_sparesTheNext)
{
	struct sock_addr a = { .sa_unix = true };
	uint64_t first, second;
	int old, new;

	snprintf(a.sa_path, sizeof(a.sa_path), "/tmp/kern_host_test.%d.sock",
	    host_getpid());
	CHECK_EQ(sock_pathid(a.sa_path), 0);
	CHECK_EQ(sock_listen(&a, 1, &old), 0);
	first = sock_pathid(a.sa_path);
	CHECK(first != 0);
	sock_unlink(a.sa_path, first);
	CHECK_EQ(sock_pathid(a.sa_path), 0);
	CHECK_EQ(sock_listen(&a, 1, &new), 0);
	second = sock_pathid(a.sa_path);
	sock_unlink(a.sa_path, first);
	CHECK_EQ(sock_pathid(a.sa_path), second);
	sock_unlink(a.sa_path, second);
	CHECK_EQ(sock_pathid(a.sa_path), 0);
	sock_close(old);
	sock_close(new);
}

int
main(void)
{
	RUN(host_file_isWrittenReadAndMeasured);
	RUN(host_lock_secondWriter_isToldWhoHoldsIt);
	RUN(host_dir_isMadeListedAndRemoved);
	RUN(host_futex_deadlineAndValue_endTheWait);
	RUN(host_random_fillsAllBytes);
	RUN(host_mutex_manyThreads_countRight);
	RUN(host_unlink_ofASocket_sparesTheNext);
	return check_done();
}
