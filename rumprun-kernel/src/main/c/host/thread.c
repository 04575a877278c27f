/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory, threads, futexes and clocks of the host. */
#include "host/hostonly.h"
#include <inttypes.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysinfo.h>
#include <time.h>

#define NSEC 1000000000

/* --- memory --- */

void *
host_malloc(size_t size)
{
	return malloc(size);
}

void *
host_memalign(size_t align, size_t size)
{
	void *p;

	return posix_memalign(&p, align, size) == 0 ? p : NULL;
}

void
host_free(void *p)
{
	free(p);
}

/* --- threads --- */

struct host_thread {
	pthread_t id;
	void (*fn)(void *);
	void *arg;
	char name[16];
};

static void *
start(void *arg)
{
	struct host_thread *t = arg;

	pthread_setname_np(pthread_self(), t->name);
	t->fn(t->arg);
	return NULL;
}

int
host_thread_create(
    const char *name, void (*fn)(void *), void *arg, struct host_thread **tp)
{
	struct host_thread *t;
	sigset_t all, old;
	int error;

	*tp = NULL;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return -NB_ENOMEM;
	t->fn = fn;
	t->arg = arg;
	strncpy(t->name, name, sizeof(t->name) - 1);
	/* The program's signals are for the program's threads; this one is for who makes it happen (host/guard.h). */
	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&t->id, NULL, start, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error != 0) {
		free(t);
		return host_error(error);
	}
	*tp = t;
	return 0;
}

void
host_thread_join(struct host_thread *t)
{
	pthread_join(t->id, NULL);
	free(t);
}

uint32_t
host_thread_self(void)
{
	return (uint32_t)syscall(SYS_gettid);
}

int
host_thread_state(uint32_t id)
{
	char path[48], text[256], *p;
	ssize_t n = 0;
	int fd;

	if (syscall(SYS_tgkill, getpid(), (pid_t)id, 0) != 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/task/%" PRIu32 "/stat", id);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) != -1) {
		n = read(fd, text, sizeof(text) - 1);
		(void)close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	/* The name before it may hold anything. */
	if ((p = strrchr(text, ')')) == NULL || strlen(p) < 3)
		return 0;
	if (p[2] == 'Z' || p[2] == 'X')
		return -1;
	return p[2] == 'R' || p[2] == 'D';
}

unsigned
host_cpu(void)
{
	int cpu = sched_getcpu();

	return cpu < 0 ? 0 : (unsigned)cpu;
}

int
host_ncpu(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 && n < INT_MAX ? (int)n : 1;
}

void
host_sleep_ns(int64_t ns)
{
	struct timespec t;

	if (ns <= 0)
		return;
	t.tv_sec = (time_t)(ns / NSEC);
	t.tv_nsec = (long)(ns % NSEC);
	while (nanosleep(&t, &t) == -1 && errno == EINTR)
		continue;
}

void
host_yield(void)
{
	sched_yield();
}

/* --- futex --- */

int
host_futex_wait(_Atomic uint32_t *word, uint32_t value, int64_t deadline_ns)
{
	struct timespec t, *tp = NULL;

	if (deadline_ns != INT64_MAX) {
		if (deadline_ns < 0)
			deadline_ns = 0;
		t.tv_sec = (time_t)(deadline_ns / NSEC);
		t.tv_nsec = (long)(deadline_ns % NSEC);
		/* Beyond what a narrow time_t holds is as good as never. */
		if (t.tv_sec == deadline_ns / NSEC)
			tp = &t;
	}
	/* The bitset form takes an absolute time on the monotonic clock. */
	while (syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG,
		   value, tp, NULL, FUTEX_BITSET_MATCH_ANY) == -1) {
		if (errno == ETIMEDOUT)
			return -NB_ETIMEDOUT;
		if (errno != EINTR)
			return 0;
	}
	return 0;
}

void
host_futex_wake(_Atomic uint32_t *word, int count)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count,
	    NULL, NULL, 0);
}
