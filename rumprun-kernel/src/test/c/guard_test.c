/* SPDX-License-Identifier: BSD-2-Clause */
/* Guarded mappings: cut files read as zeros, signals that are somebody else's get to him, and nothing stays behind. */
#include "host/hostonly.h"
#include "host/guard.h"
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "lib/check.h"

#define SIZE (4 * 4096)

static _Atomic int theirs;
static void *their_page;

static void
their_handler(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)context;
	theirs++;
	if (si->si_code > 0)
		mmap(their_page, 4096, PROT_READ | PROT_WRITE,
		    MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int
temporary(size_t size)
{
	char path[] = "/tmp/guard_test.XXXXXX";
	int fd = mkstemp(path);

	CHECK_THREAD(fd != -1);
	unlink(path);
	CHECK_THREAD(ftruncate(fd, (off_t)size) == 0);
	return fd;
}

TEST(guard_cut_file_is_zeros_until_mapped_again)
{
	int fd = temporary(SIZE);
	volatile char *p;
	void *mem;

	CHECK_EQ(guard_map(fd, SIZE, &mem), 0);
	p = mem;
	p[0] = p[SIZE - 1] = 7;
	CHECK(!guard_lost(mem));
	CHECK_EQ(ftruncate(fd, 4096), 0);
	CHECK_EQ(p[0], 7);
	CHECK_EQ(p[SIZE - 1], 0);
	CHECK(guard_lost(mem));
	p[5000] = 3;
	CHECK_EQ(p[5000], 3);
	CHECK_EQ(ftruncate(fd, SIZE), 0);
	CHECK_EQ(guard_again(fd, mem, SIZE), 0);
	CHECK(!guard_lost(mem));
	CHECK_EQ(p[0], 7);
	CHECK_EQ(p[5000], 0);
	CHECK_EQ(ftruncate(fd, 0), 0);
	p[0] = 1;
	CHECK(guard_lost(mem));
	guard_unmap(mem, SIZE);
	close(fd);
}

TEST(guard_passes_on_what_is_not_its_own)
{
	struct sigaction sa, was, now;
	int fd = temporary(SIZE), other = temporary(4096);
	void *first, *second;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = their_handler;
	sa.sa_flags = SA_SIGINFO;
	sigaction(SIGBUS, &sa, &was);
	their_page = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0);
	CHECK(their_page != MAP_FAILED);
	CHECK_EQ(guard_map(fd, SIZE, &first), 0);
	CHECK_EQ(guard_map(fd, SIZE, &second), 0);
	CHECK_EQ(raise(SIGBUS), 0);
	CHECK_EQ(theirs, 1);
	CHECK_EQ(ftruncate(other, 0), 0);
	CHECK_EQ(*(volatile char *)their_page, 0);
	CHECK_EQ(theirs, 2);
	guard_unmap(first, SIZE);
	CHECK_EQ(ftruncate(fd, 0), 0);
	CHECK_EQ(*(volatile char *)second, 0);
	CHECK(guard_lost(second));
	CHECK_EQ(raise(SIGBUS), 0);
	CHECK_EQ(theirs, 3);
	guard_unmap(second, SIZE);
	sigaction(SIGBUS, NULL, &now);
	CHECK(now.sa_sigaction == their_handler);
	sigaction(SIGBUS, &was, NULL);
	munmap(their_page, 4096);
	close(fd);
	close(other);
}

static void
come_and_go(void *arg)
{
	int fd = temporary(SIZE);

	(void)arg;
	for (int i = 0; i < 200; i++) {
		volatile char *p;
		void *mem;

		CHECK_THREAD(guard_map(fd, SIZE, &mem) == 0);
		p = mem;
		p[4096] = 1;
		CHECK_THREAD(ftruncate(fd, 0) == 0);
		CHECK_THREAD(p[4096] == 0);
		CHECK_THREAD(guard_lost(mem));
		guard_unmap(mem, SIZE);
		CHECK_THREAD(ftruncate(fd, SIZE) == 0);
	}
	close(fd);
}

TEST(guard_threads_come_and_go)
{
	struct sigaction before, after;
	struct host_thread *t[3];

	sigaction(SIGBUS, NULL, &before);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(
		    host_thread_create("guard", come_and_go, NULL, &t[i]), 0);
	for (int i = 0; i < 3; i++)
		host_thread_join(t[i]);
	sigaction(SIGBUS, NULL, &after);
	CHECK(before.sa_handler == after.sa_handler);
}

int
main(void)
{
	RUN(guard_cut_file_is_zeros_until_mapped_again);
	RUN(guard_passes_on_what_is_not_its_own);
	RUN(guard_threads_come_and_go);
	return check_done();
}
