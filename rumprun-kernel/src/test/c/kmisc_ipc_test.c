/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pipes, poll and select, timers and callouts, by system calls of local processes. */
#include "kmisc_calls.h"

/* --- pipes --- */

TEST(pipe_basics_as_recorded)
{
	int p[2], n;
	char c[8];
	struct stat st;
	struct sys___fstat50_args fa;

	begin();
	CHECK_EQ(kern_syscall(lwp, SYS_pipe, NULL, rv), 0);
	p[0] = (int)rv[0];
	p[1] = (int)rv[1];
	CHECK_EQ(p[0], 0);
	CHECK_EQ(p[1], 1);
	CHECK_EQ(polled(p[0], POLLIN), 0);
	CHECK_EQ(polled(p[1], POLLOUT), POLLOUT);
	CHECK_EQ(polled(p[0], POLLOUT), 0);
	CHECK_EQ(polled(77, POLLIN), POLLNVAL);
	CHECK_EQ(polled(-1, POLLIN), 0);
	CHECK_EQ(l_write(lwp, p[1], "abc", 3), 3);
	CHECK_EQ(polled(p[0], POLLIN | POLLRDNORM), POLLIN | POLLRDNORM);
	CHECK_EQ(s_ioctl(p[0], FIONREAD, &n), 0);
	CHECK_EQ(n, 3);
	CHECK_EQ(s_ioctl(p[0], TIOCGETA, c), -ENOTTY);
	memset(&fa, 0, sizeof(fa));
	SCARG(&fa, fd) = p[0];
	SCARG(&fa, sb) = &st;
	CHECK_EQ(call(lwp, SYS___fstat50, rv, &fa), 0);
	CHECK_EQ(st.st_size, 3);
	CHECK(S_ISFIFO(st.st_mode));
	CHECK_EQ(l_read(lwp, p[1], c, 1), -EBADF);
	CHECK_EQ(l_write(lwp, p[0], c, 1), -EBADF);
	CHECK_EQ(l_read(lwp, p[0], c, 8), 3);
	CHECK(memcmp(c, "abc", 3) == 0);
	CHECK_EQ(s_close(p[1]), 0);
	CHECK_EQ(polled(p[0], POLLIN), POLLIN | POLLHUP);
	CHECK_EQ(l_read(lwp, p[0], c, 8), 0);
	CHECK_EQ(s_pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
	CHECK_EQ(l_read(lwp, p[0], c, 1), -EAGAIN);
	CHECK_EQ(s_close(p[0]), 0);
	CHECK_EQ(polled(p[1], POLLOUT), POLLOUT | POLLHUP);
	CHECK_EQ(l_write(lwp, p[1], "x", 1), -EPIPE);
	CHECK_EQ(s_pipe2(p, 0x40000000), -EINVAL);
	end();
}

TEST(pipe_full_nonblocking_keeps_small_writes_whole)
{
	static char big[100000];
	char small[512];
	int p[2], n;

	begin();
	CHECK_EQ(s_pipe2(p, O_NONBLOCK), 0);
	CHECK_EQ(l_write(lwp, p[1], big, sizeof(big)), 65536);
	CHECK_EQ(l_write(lwp, p[1], "x", 1), -EAGAIN);
	CHECK_EQ(polled(p[1], POLLOUT), 0);
	CHECK_EQ(l_read(lwp, p[0], small, 100), 100);
	CHECK_EQ(l_write(lwp, p[1], small, 101), -EAGAIN);
	CHECK_EQ(polled(p[1], POLLOUT), 0);
	CHECK_EQ(l_write(lwp, p[1], small, 600), 100);
	CHECK_EQ(s_ioctl(p[0], FIONREAD, &n), 0);
	CHECK_EQ(n, 65536);
	end();
}

static void
write_pattern(struct lwp *l, void *arg)
{
	int fd = *(int *)arg;
	char buf[5000];
	unsigned at = 0;

	for (size_t n = 1; n <= sizeof(buf); n = n * 3 / 2 + 1) {
		for (int times = 0; times < 20; times++) {
			for (size_t i = 0; i < n; i++)
				buf[i] = (char)(at++ % 251);
			CHECK_THREAD(l_write(l, fd, buf, n) == (long)n);
		}
	}
}

TEST(pipe_reader_and_writer_see_one_stream)
{
	struct other o;
	int p[2];
	char buf[700];
	unsigned at = 0;
	long n;

	begin();
	CHECK_EQ(s_pipe2(p, 0), 0);
	start(&o, write_pattern, &p[1]);
	while (!o.done || polled(p[0], POLLIN) != 0) {
		struct pollfd pfd = { p[0], POLLIN, 0 };

		if (l_poll(lwp, &pfd, 1, 10) == 0)
			continue;
		n = l_read(lwp, p[0], buf, 1 + at % sizeof(buf));
		CHECK(n > 0);
		for (long i = 0; i < n; i++)
			CHECK_EQ((unsigned char)buf[i], at++ % 251);
	}
	finish(&o);
	end();
}

static void
write_blocks(struct lwp *l, void *arg)
{
	static _Atomic int letter;
	char buf[512];

	memset(buf, 'a' + letter++ % 26, sizeof(buf));
	for (int i = 0; i < 300; i++)
		CHECK_THREAD(l_write(l, *(int *)arg, buf, sizeof(buf)) == 512);
}

TEST(pipe_small_writes_do_not_mix)
{
	static char all[3 * 300 * 512];
	struct other o[3];
	size_t at = 0;
	int p[2];
	long n;

	begin();
	CHECK_EQ(s_pipe2(p, 0), 0);
	for (int i = 0; i < 3; i++)
		start(&o[i], write_blocks, &p[1]);
	while (at < sizeof(all)) {
		size_t want = 1 + at % 1500;

		if (want > sizeof(all) - at)
			want = sizeof(all) - at;
		n = l_read(lwp, p[0], all + at, want);
		CHECK(n > 0);
		at += (size_t)n;
	}
	for (size_t i = 0; i < sizeof(all); i++)
		CHECK_EQ(all[i], all[i / 512 * 512]);
	for (int i = 0; i < 3; i++)
		finish(&o[i]);
	end();
}

static void
read_one(struct lwp *l, void *arg)
{
	char c;

	CHECK_THREAD(l_read(l, *(int *)arg, &c, 1) == -EINTR);
}

TEST(pipe_sleeping_reader_is_interrupted)
{
	struct other o;
	int p[2];

	begin();
	CHECK_EQ(s_pipe2(p, 0), 0);
	start(&o, read_one, &p[0]);
	host_sleep_ns(20 * MS);
	lwp_wakeup(o.l, L_INTR);
	finish(&o);
	end();
}

/* --- poll and select --- */

static void
write_later(struct lwp *l, void *arg)
{
	host_sleep_ns(20 * MS);
	CHECK_THREAD(l_write(l, *(int *)arg, "x", 1) == 1);
}

TEST(poll_waits_until_ready_or_late)
{
	struct pollfd fds[20];
	struct other o;
	int p[20][2];
	int64_t t;

	begin();
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(s_pipe2(p[i], 0), 0);
		fds[i] = (struct pollfd){ p[i][0], POLLIN, 0 };
	}
	t = kern_uptime_ns(k);
	CHECK_EQ(l_poll(lwp, fds, 20, 20), 0);
	CHECK(kern_uptime_ns(k) - t >= 20 * MS);
	start(&o, write_later, &p[17][1]);
	CHECK_EQ(l_poll(lwp, fds, 20, -1), 1);
	CHECK_EQ(fds[17].revents, POLLIN);
	CHECK_EQ(fds[16].revents, 0);
	finish(&o);
	CHECK_EQ(l_poll(lwp, NULL, 0, 0), 0);
	CHECK_EQ(l_poll(lwp, NULL, 100000, 0), -EINVAL);
	end();
}

static void
ping(struct lwp *l, void *arg)
{
	int *fds = arg;
	char c;

	for (int i = 0; i < 3000; i++) {
		struct pollfd p = { fds[0], POLLIN, 0 };

		CHECK_THREAD(l_poll(l, &p, 1, 5000) == 1);
		CHECK_THREAD(l_read(l, fds[0], &c, 1) == 1);
		CHECK_THREAD(l_write(l, fds[1], &c, 1) == 1);
	}
}

TEST(poll_ping_pong_loses_no_wakeup)
{
	struct other o;
	int a[2], b[2], fds[2];
	char c = 'x';

	begin();
	CHECK_EQ(s_pipe2(a, 0), 0);
	CHECK_EQ(s_pipe2(b, 0), 0);
	fds[0] = a[0];
	fds[1] = b[1];
	start(&o, ping, fds);
	for (int i = 0; i < 3000; i++) {
		struct pollfd p = { b[0], POLLIN, 0 };

		CHECK_EQ(l_write(lwp, a[1], &c, 1), 1);
		CHECK_EQ(l_poll(lwp, &p, 1, 5000), 1);
		CHECK_EQ(l_read(lwp, b[0], &c, 1), 1);
	}
	finish(&o);
	end();
}

static long
s_select(int nd, fd_set *in, fd_set *out, struct timeval *tv)
{
	struct sys___select50_args a;

	memset(&a, 0, sizeof(a));
	SCARG(&a, nd) = nd;
	SCARG(&a, in) = in;
	SCARG(&a, ou) = out;
	SCARG(&a, tv) = tv;
	return call(lwp, SYS___select50, rv, &a);
}

TEST(select_as_recorded)
{
	struct timeval zero = { 0, 0 }, bad = { 0, 2000000 };
	fd_set in, out;
	int p[2];

	begin();
	CHECK_EQ(s_pipe2(p, 0), 0);
	CHECK_EQ(l_write(lwp, p[1], "abc", 3), 3);
	memset(&in, 0, sizeof(in));
	memset(&out, 0, sizeof(out));
	in.fds_bits[0] = 1u << p[0];
	out.fds_bits[0] = 1u << p[1];
	CHECK_EQ(s_select(p[1] + 1, &in, &out, &zero), 2);
	CHECK_EQ(in.fds_bits[0], 1u << p[0]);
	CHECK_EQ(out.fds_bits[0], 1u << p[1]);
	in.fds_bits[77 / 32] |= 1u << 77 % 32;
	CHECK_EQ(s_select(78, &in, NULL, &zero), 1);
	in.fds_bits[0] |= 1u << 31;
	CHECK_EQ(s_select(p[1] + 1, &in, NULL, &zero), 1);
	CHECK_EQ(in.fds_bits[0], 1u << p[0]);
	in.fds_bits[0] |= 1u << 9;
	CHECK_EQ(s_select(10, &in, NULL, &zero), -EBADF);
	CHECK_EQ(s_select(-1, NULL, NULL, &zero), -EINVAL);
	CHECK_EQ(s_select(0, NULL, NULL, &bad), -EINVAL);
	CHECK_EQ(s_select(0, NULL, NULL, &zero), 0);
	end();
}

/* --- callouts and timers --- */

static void
count(void *arg)
{
	++*(_Atomic int *)arg;
}

TEST(callout_order_stop_and_many)
{
	static struct callout c[200];
	_Atomic int n = 0;

	begin();
	for (int i = 0; i < 200; i++) {
		callout_init(&c[i], k, count, &n);
		CHECK_EQ(callout_schedule(&c[i], (i * 37 % 50) * MS), 0);
	}
	for (int i = 0; i < 200; i += 2)
		callout_halt(&c[i]);
	int left = 0;
	for (int i = 1; i < 200; i += 2)
		left += !callout_pending(&c[i]);
	CHECK(left <= n);
	host_sleep_ns(80 * MS);
	for (int i = 0; i < 200; i++)
		CHECK(!callout_pending(&c[i]));
	CHECK(n >= 100);
	CHECK_EQ(callout_schedule(&c[0], 3600 * 1000 * MS), 0);
	CHECK(callout_stop(&c[0]));
	CHECK(!callout_stop(&c[0]));
	end();
}

static void
sleeper(struct lwp *l, void *arg)
{
	struct pollfd none;

	(void)arg;
	CHECK_THREAD(l_poll(l, &none, 0, 5000) == -EINTR);
}

TEST(itimer_signal_ends_a_sleep)
{
	struct sys___setitimer50_args a;
	struct sys___getitimer50_args g;
	struct itimerval itv = { { 0, 10000 }, { 0, 20000 } }, old;
	struct other o;

	begin();
	start(&o, sleeper, NULL);
	host_sleep_ns(5 * MS);
	memset(&a, 0, sizeof(a));
	SCARG(&a, which) = ITIMER_REAL;
	SCARG(&a, itv) = &itv;
	CHECK_EQ(call(lwp, SYS___setitimer50, rv, &a), 0);
	finish(&o);
	memset(&g, 0, sizeof(g));
	SCARG(&g, which) = ITIMER_REAL;
	SCARG(&g, itv) = &old;
	CHECK_EQ(call(lwp, SYS___getitimer50, rv, &g), 0);
	CHECK_EQ(old.it_interval.tv_usec, 10000);
	CHECK(old.it_value.tv_usec > 0 && old.it_value.tv_usec <= 10000);
	itv.it_value.tv_usec = 1000000;
	CHECK_EQ(call(lwp, SYS___setitimer50, rv, &a), -EINVAL);
	SCARG(&a, which) = 4;
	CHECK_EQ(call(lwp, SYS___setitimer50, rv, &a), -EINVAL);
	end();
}

TEST(timer_create_until_none_is_left)
{
	struct sys_timer_create_args a;
	struct sys___timer_settime50_args s;
	struct sys___timer_gettime50_args g;
	struct sys_timer_delete_args d;
	struct itimerspec its = { { 0, 0 }, { 100, 0 } }, got;
	timer_t id = -1;
	int n = 0;

	begin();
	memset(&a, 0, sizeof(a));
	SCARG(&a, clock_id) = CLOCK_MONOTONIC;
	SCARG(&a, timerid) = &id;
	while (call(lwp, SYS_timer_create, rv, &a) == 0)
		n++;
	CHECK_EQ(n, 32);
	CHECK_EQ(call(lwp, SYS_timer_create, rv, &a), -EAGAIN);
	SCARG(&a, clock_id) = 77;
	CHECK_EQ(call(lwp, SYS_timer_create, rv, &a), -EINVAL);
	memset(&s, 0, sizeof(s));
	SCARG(&s, timerid) = id;
	SCARG(&s, value) = &its;
	CHECK_EQ(call(lwp, SYS___timer_settime50, rv, &s), 0);
	memset(&g, 0, sizeof(g));
	SCARG(&g, timerid) = id;
	SCARG(&g, value) = &got;
	CHECK_EQ(call(lwp, SYS___timer_gettime50, rv, &g), 0);
	CHECK(got.it_value.tv_sec == 99 || got.it_value.tv_sec == 100);
	memset(&d, 0, sizeof(d));
	SCARG(&d, timerid) = id;
	CHECK_EQ(call(lwp, SYS_timer_delete, rv, &d), 0);
	CHECK_EQ(call(lwp, SYS_timer_delete, rv, &d), -EINVAL);
	CHECK_EQ(call(lwp, SYS___timer_gettime50, rv, &g), -EINVAL);
	end();
}

/* --- memory that runs out --- */

static void
use_all(void)
{
	struct kevent ev[4];
	struct pollfd fds[20];
	int p[2], kq;

	if (s_pipe2(p, 0) != 0)
		return;
	kq = (int)call(lwp, SYS_kqueue, rv, NULL);
	if (kq >= 0) {
		(void)add(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD, 0);
		(void)add(kq, 3, EVFILT_TIMER, EV_ADD, 1);
		(void)l_kevent(lwp, kq, NULL, 0, ev, 4, 2);
		CHECK_EQ(s_close(kq), 0);
	}
	for (int i = 0; i < 20; i++)
		fds[i] = (struct pollfd){ p[0], POLLIN, 0 };
	(void)l_poll(lwp, fds, 20, 1);
	CHECK_EQ(s_close(p[0]), 0);
	CHECK_EQ(s_close(p[1]), 0);
}

TEST(ipc_any_failing_allocation_is_survived)
{
	for (int n = 1; n < 40; n++) {
		begin();
		atomic_store(&k->k_failalloc, n);
		use_all();
		atomic_store(&k->k_failalloc, 0);
		end();
	}
}

int
main(void)
{
	RUN(pipe_basics_as_recorded);
	RUN(pipe_full_nonblocking_keeps_small_writes_whole);
	RUN(pipe_reader_and_writer_see_one_stream);
	RUN(pipe_small_writes_do_not_mix);
	RUN(pipe_sleeping_reader_is_interrupted);
	RUN(poll_waits_until_ready_or_late);
	RUN(poll_ping_pong_loses_no_wakeup);
	RUN(select_as_recorded);
	RUN(callout_order_stop_and_many);
	RUN(itimer_signal_ends_a_sleep);
	RUN(timer_create_until_none_is_left);
	RUN(ipc_any_failing_allocation_is_survived);
	return check_done();
}
