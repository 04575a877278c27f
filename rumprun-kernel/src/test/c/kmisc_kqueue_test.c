/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of kqueue, by system calls of local processes. */
#include "kmisc_calls.h"

/* --- kqueue --- */

TEST(kqueue_pipe_as_recorded)
{
	struct kevent ev[4];
	int p[2], kq;
	char c[8];

	begin();
	CHECK_EQ(s_pipe2(p, 0), 0);
	kq = (int)call(lwp, SYS_kqueue, rv, NULL);
	CHECK(kq > 0);
	CHECK_EQ(l_write(lwp, p[1], "abc", 3), 3);
	CHECK_EQ(add(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD, 0), 0);
	CHECK_EQ(
	    add(kq, (uintptr_t)p[1], EVFILT_WRITE, EV_ADD | EV_ONESHOT, 0), 0);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 2);
	CHECK_EQ(ev[0].filter, EVFILT_READ);
	CHECK_EQ(ev[0].data, 3);
	CHECK_EQ(ev[0].flags, EV_ADD);
	CHECK_EQ(ev[0].udata, 42);
	CHECK_EQ(ev[1].filter, EVFILT_WRITE);
	CHECK_EQ(ev[1].data, 16381);
	CHECK_EQ(ev[1].flags, EV_ADD | EV_ONESHOT);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 1);
	CHECK_EQ(l_read(lwp, p[0], c, 8), 3);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 0);
	CHECK_EQ(add(kq, 55, EVFILT_READ, EV_DELETE, 0), -EBADF);
	CHECK_EQ(add(kq, (uintptr_t)p[1], EVFILT_WRITE, EV_DELETE, 0), -ENOENT);
	CHECK_EQ(add(kq, (uintptr_t)p[0], 99, EV_ADD, 0), -EINVAL);
	CHECK_EQ(add(kq, 1, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 20), 0);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 1000), 1);
	CHECK_EQ(ev[0].flags, EV_ADD | EV_ONESHOT | EV_CLEAR);
	CHECK_EQ(ev[0].data, 1);
	CHECK_EQ(s_close(p[1]), 0);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 1);
	CHECK_EQ(ev[0].flags, EV_ADD | EV_EOF);
	CHECK_EQ(ev[0].data, 0);
	CHECK_EQ(s_close(p[0]), 0);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 0);
	CHECK_EQ(l_kevent(lwp, 99, NULL, 0, ev, 4, 0), -EBADF);
	end();
}

TEST(kqueue_flags_and_errors)
{
	struct kevent ev[4], ch[3];
	int p[2], kq;

	begin();
	CHECK_EQ(s_pipe2(p, 0), 0);
	kq = (int)call(lwp, SYS_kqueue, rv, NULL);
	/* Errors go to the event list when it has room. */
	memset(ch, 0, sizeof(ch));
	ch[0] = (struct kevent){ .ident = 55, .flags = EV_ADD };
	ch[1] = (struct kevent){ .ident = (uintptr_t)p[0], .flags = EV_ADD };
	ch[2] = (struct kevent){ .ident = (uintptr_t)p[1], .flags = EV_ADD };
	CHECK_EQ(l_kevent(lwp, kq, ch, 3, ev, 4, -1), 2);
	CHECK_EQ(ev[0].flags, EV_ERROR);
	CHECK_EQ(ev[0].data, EBADF);
	CHECK_EQ(ev[1].data, EINVAL);
	CHECK_EQ(l_write(lwp, p[1], "abc", 3), 3);
	CHECK_EQ(add(kq, (uintptr_t)p[0], EVFILT_READ, EV_DISABLE, 0), 0);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 0);
	CHECK_EQ(add(kq, (uintptr_t)p[0], EVFILT_READ, EV_ENABLE, 0), 0);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 1);
	CHECK_EQ(add(kq, (uintptr_t)p[0], EVFILT_READ, EV_DELETE, 0), 0);
	CHECK_EQ(add(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0), 0);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 1);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 0);
	CHECK_EQ(l_write(lwp, p[1], "d", 1), 1);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 1);
	CHECK_EQ(ev[0].data, 4);
	end();
}

TEST(kqueue_in_a_kqueue_without_cycles)
{
	struct kevent ev[4];
	int p[2], a, b, c;

	begin();
	CHECK_EQ(s_pipe2(p, 0), 0);
	a = (int)call(lwp, SYS_kqueue, rv, NULL);
	b = (int)call(lwp, SYS_kqueue, rv, NULL);
	c = (int)call(lwp, SYS_kqueue, rv, NULL);
	CHECK_EQ(add(b, (uintptr_t)a, EVFILT_READ, EV_ADD, 0), 0);
	CHECK_EQ(add(c, (uintptr_t)b, EVFILT_READ, EV_ADD, 0), 0);
	CHECK_EQ(add(a, (uintptr_t)c, EVFILT_READ, EV_ADD, 0), -EINVAL);
	CHECK_EQ(add(a, (uintptr_t)a, EVFILT_READ, EV_ADD, 0), -EINVAL);
	CHECK_EQ(add(a, (uintptr_t)p[0], EVFILT_READ, EV_ADD, 0), 0);
	CHECK_EQ(polled(c, POLLIN), 0);
	CHECK_EQ(l_write(lwp, p[1], "x", 1), 1);
	CHECK_EQ(polled(c, POLLIN), POLLIN);
	CHECK_EQ(l_kevent(lwp, c, NULL, 0, ev, 4, 0), 1);
	CHECK_EQ(ev[0].ident, b);
	CHECK_EQ(s_close(a), 0);
	CHECK_EQ(l_kevent(lwp, c, NULL, 0, ev, 4, 0), 0);
	end();
}

TEST(kqueue_descriptor_closed_while_a_dup_lives)
{
	struct sys_dup_args d;
	struct kevent ev[4];
	int p[2], kq, other;

	begin();
	CHECK_EQ(s_pipe2(p, 0), 0);
	kq = (int)call(lwp, SYS_kqueue, rv, NULL);
	memset(&d, 0, sizeof(d));
	SCARG(&d, fd) = p[0];
	other = (int)call(lwp, SYS_dup, rv, &d);
	CHECK(other > 0);
	CHECK_EQ(add(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD, 0), 0);
	CHECK_EQ(add(kq, (uintptr_t)other, EVFILT_READ, EV_ADD, 0), 0);
	CHECK_EQ(l_write(lwp, p[1], "x", 1), 1);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 2);
	CHECK_EQ(s_close(p[0]), 0);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 1);
	CHECK_EQ(ev[0].ident, other);
	CHECK_EQ(s_close(other), 0);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 0);
	end();
}

static void
wait_event(struct lwp *l, void *arg)
{
	struct kevent ev;

	CHECK_THREAD(l_kevent(l, *(int *)arg, NULL, 0, &ev, 1, 5000) == 1);
	CHECK_THREAD(ev.udata == 42);
}

TEST(kqueue_sleeper_is_woken)
{
	struct other o;
	int p[2], kq;

	begin();
	CHECK_EQ(s_pipe2(p, 0), 0);
	kq = (int)call(lwp, SYS_kqueue, rv, NULL);
	CHECK_EQ(
	    add(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD | EV_ONESHOT, 0), 0);
	start(&o, wait_event, &kq);
	host_sleep_ns(10 * MS);
	CHECK_EQ(l_write(lwp, p[1], "x", 1), 1);
	finish(&o);
	CHECK_EQ(add(kq, (uintptr_t)p[0], EVFILT_READ, EV_DELETE, 0), -ENOENT);
	end();
}

TEST(kqueue_process_and_signal)
{
	struct kevent ev[4], kev;
	struct proc *child;
	int kq;

	begin();
	kq = (int)call(lwp, SYS_kqueue, rv, NULL);
	CHECK_EQ(proc_fork(k, proc, RFCFDG, NULL, &child), 0);
	kev = (struct kevent){ .ident = (uintptr_t)child->p_pid,
		.filter = EVFILT_PROC,
		.flags = EV_ADD,
		.fflags = NOTE_EXIT };
	CHECK_EQ(l_kevent(lwp, kq, &kev, 1, NULL, 0, 0), 0);
	CHECK_EQ(add(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0), 0);
	CHECK_EQ(add(kq, 29999, EVFILT_PROC, EV_ADD, 0), -ESRCH);
	proc_exit(child, NULL, 7 << 8);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 0), 1);
	CHECK_EQ(ev[0].filter, EVFILT_PROC);
	CHECK_EQ(ev[0].fflags, NOTE_EXIT);
	CHECK_EQ(ev[0].data, 7 << 8);
	proc_signal(proc, SIGUSR1);
	proc_signal(proc, SIGUSR1);
	CHECK_EQ(l_kevent(lwp, kq, NULL, 0, ev, 4, 1000), 1);
	CHECK_EQ(ev[0].filter, EVFILT_SIGNAL);
	CHECK_EQ(ev[0].data, 2);
	end();
}

static void
churn(struct lwp *l, void *arg)
{
	int *fds = arg;
	char c;

	(void)l;
	for (int i = 0; i < 2000; i++) {
		CHECK_THREAD(l_write(l, fds[1], "x", 1) == 1);
		CHECK_THREAD(l_read(l, fds[0], &c, 1) == 1);
	}
}

TEST(kqueue_registering_while_it_fires)
{
	struct kevent ev[4];
	struct other o;
	int p[2], kq;

	begin();
	CHECK_EQ(s_pipe2(p, 0), 0);
	kq = (int)call(lwp, SYS_kqueue, rv, NULL);
	start(&o, churn, p);
	while (!o.done) {
		CHECK_EQ(add(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD, 0), 0);
		CHECK_EQ(add(kq, (uintptr_t)p[1], EVFILT_WRITE,
			     EV_ADD | EV_ONESHOT, 0),
		    0);
		CHECK_EQ(add(kq, 7, EVFILT_TIMER, EV_ADD, 1), 0);
		CHECK(l_kevent(lwp, kq, NULL, 0, ev, 4, 0) >= 0);
		CHECK_EQ(add(kq, (uintptr_t)p[0], EVFILT_READ, EV_DELETE, 0), 0);
		CHECK_EQ(add(kq, 7, EVFILT_TIMER, EV_DELETE, 0), 0);
	}
	finish(&o);
	end();
}

int
main(void)
{
	RUN(kqueue_pipe_as_recorded);
	RUN(kqueue_flags_and_errors);
	RUN(kqueue_in_a_kqueue_without_cycles);
	RUN(kqueue_descriptor_closed_while_a_dup_lives);
	RUN(kqueue_sleeper_is_woken);
	RUN(kqueue_process_and_signal);
	RUN(kqueue_registering_while_it_fires);
	return check_done();
}
