/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of pipes, poll, kqueue and timers: a kernel with one process, its calls, and a second thread. */
#ifndef KMISC_CALLS_H
#define KMISC_CALLS_H

#include <netbsd/errno.h>
#include <netbsd/event.h>
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/poll.h>
#include <netbsd/signal.h>
#include <netbsd/stat.h>
#include <netbsd/syscallargs.h>
#include <netbsd/time.h>
#include "kern/callout.h"
#include "kern/file.h"
#include "lib/check.h"

#define MS INT64_C(1000000)

/* --- a kernel, a process, and calls --- */

static struct rump_kernel *k;
static struct proc *proc;
static struct lwp *lwp;

static inline void
begin(void)
{
	static const char *const base_only[] = { NULL };
	struct kern_config config = { .kc_components = base_only };

	CHECK_EQ(kern_boot(&config, &k), 0);
	CHECK_EQ(proc_fork(k, NULL, RFCFDG, "test", &proc), 0);
	CHECK_EQ(lwp_create(proc, &lwp), 0);
}

static inline void
end(void)
{
	int64_t leak;

	lwp_destroy(lwp);
	proc_exit(proc, NULL, 0);
	kern_halt(k, false, &leak);
	CHECK_EQ(leak, 0);
}

static register_t rv[2];

/* Value or negative errno. */
static inline long
call(struct lwp *l, int num, register_t r[2], const void *args)
{
	int error = kern_syscall(l, num, args, r);

	return error != 0 ? error : (long)r[0];
}

static inline long
s_pipe2(int fds[2], int flags)
{
	struct sys_pipe2_args a;

	memset(&a, 0, sizeof(a));
	SCARG(&a, fildes) = fds;
	SCARG(&a, flags) = flags;
	return call(lwp, SYS_pipe2, rv, &a);
}

static inline long
l_read(struct lwp *l, int fd, void *buf, size_t n)
{
	struct sys_read_args a;
	register_t r[2];

	memset(&a, 0, sizeof(a));
	SCARG(&a, fd) = fd;
	SCARG(&a, buf) = buf;
	SCARG(&a, nbyte) = n;
	return call(l, SYS_read, r, &a);
}

static inline long
l_write(struct lwp *l, int fd, const void *buf, size_t n)
{
	struct sys_write_args a;
	register_t r[2];

	memset(&a, 0, sizeof(a));
	SCARG(&a, fd) = fd;
	SCARG(&a, buf) = buf;
	SCARG(&a, nbyte) = n;
	return call(l, SYS_write, r, &a);
}

static inline long
s_close(int fd)
{
	struct sys_close_args a;

	memset(&a, 0, sizeof(a));
	SCARG(&a, fd) = fd;
	return call(lwp, SYS_close, rv, &a);
}

static inline long
s_ioctl(int fd, unsigned long cmd, void *data)
{
	struct sys_ioctl_args a;

	memset(&a, 0, sizeof(a));
	SCARG(&a, fd) = fd;
	SCARG(&a, com) = cmd;
	SCARG(&a, data) = data;
	return call(lwp, SYS_ioctl, rv, &a);
}

static inline long
l_poll(struct lwp *l, struct pollfd *fds, unsigned n, int ms)
{
	struct sys_poll_args a;
	register_t r[2];

	memset(&a, 0, sizeof(a));
	SCARG(&a, fds) = fds;
	SCARG(&a, nfds) = n;
	SCARG(&a, timeout) = ms;
	return call(l, SYS_poll, r, &a);
}

static inline int
polled(int fd, int events)
{
	struct pollfd p = { fd, (short)events, 0 };
	long n = l_poll(lwp, &p, 1, 0);

	return n < 0 ? (int)n : p.revents;
}

static inline long
l_kevent(struct lwp *l, int kq, const struct kevent *ch, size_t nch,
    struct kevent *ev, size_t nev, int ms)
{
	struct sys___kevent50_args a;
	struct timespec t = { ms / 1000, ms % 1000 * MS };
	register_t r[2];

	memset(&a, 0, sizeof(a));
	SCARG(&a, fd) = kq;
	SCARG(&a, changelist) = ch;
	SCARG(&a, nchanges) = nch;
	SCARG(&a, eventlist) = ev;
	SCARG(&a, nevents) = nev;
	SCARG(&a, timeout) = ms < 0 ? NULL : &t;
	return call(l, SYS___kevent50, r, &a);
}

static inline long
add(int kq, uintptr_t ident, uint32_t filter, uint32_t flags, int64_t data)
{
	struct kevent kev = { .ident = ident,
		.filter = filter,
		.flags = flags,
		.data = data,
		.udata = 42 };

	return l_kevent(lwp, kq, &kev, 1, NULL, 0, 0);
}

/* --- a second thread --- */

struct other {
	void (*fn)(struct lwp *, void *);
	void *arg;
	struct lwp *l;
	struct host_thread *t;
	_Atomic bool done;
};

static inline void
other_main(void *v)
{
	struct other *o = v;

	o->fn(o->l, o->arg);
	o->done = true;
}

static inline void
start(struct other *o, void (*fn)(struct lwp *, void *), void *arg)
{
	memset(o, 0, sizeof(*o));
	o->fn = fn;
	o->arg = arg;
	CHECK_EQ(lwp_create(proc, &o->l), 0);
	CHECK_EQ(host_thread_create("other", other_main, o, &o->t), 0);
}

static inline void
finish(struct other *o)
{
	host_thread_join(o->t);
	lwp_destroy(o->l);
}

#endif
