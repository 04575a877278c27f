/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on clocks and sleeping. */
#include <netbsd/syscallargs.h>
#include <netbsd/time.h>
#include "kern/proc.h"
#include "kern/syscalls.h"

#define NSEC 1000000000
#define USEC 1000000
#define RESOLUTION 10000000 /* of a clock that ticks 100 times a second */

static int64_t
wall_ns(struct rump_kernel *k)
{
	int64_t offset;

	offset = atomic_load_explicit(&k->k_timeoffset_ns, memory_order_relaxed);
	return kern_basetime_ns(k) + offset;
}

static struct timespec
spec(int64_t ns)
{
	struct timespec t;

	t.tv_sec = ns / NSEC;
	t.tv_nsec = (long)(ns % NSEC);
	if (t.tv_nsec < 0) {
		t.tv_nsec += NSEC;
		t.tv_sec--;
	}
	return t;
}

/* Nanoseconds, or the largest number of them. */
static int64_t
nanoseconds(const struct timespec *t)
{
	if (t->tv_sec > INT64_MAX / NSEC - 1)
		return INT64_MAX;
	if (t->tv_sec < INT64_MIN / NSEC + 1)
		return INT64_MIN;
	return t->tv_sec * NSEC + t->tv_nsec;
}

void
kern_nanotime(struct rump_kernel *k, struct timespec *t)
{
	*t = spec(wall_ns(k));
}

int64_t
kern_time_second(struct rump_kernel *k)
{
	return spec(wall_ns(k)).tv_sec;
}

/* --- reading --- */

/*
 * The clocks of processes and threads: the host's time is not told apart by
 * our processes, so that is what has passed since theirs began.
 */
static int
process_clock(struct lwp *l, clockid_t id, struct timespec *t)
{
	pid_t pid = (pid_t)((unsigned)id & 0x3fffffff);
	struct rump_kernel *k = l->l_k;
	struct proc *p;

	if (((unsigned)id & CLOCK_THREAD_CPUTIME_ID) != 0 && pid != 0 &&
	    pid != l->l_lid)
		return -ESRCH;
	if (((unsigned)id & CLOCK_THREAD_CPUTIME_ID) != 0)
		pid = 0;
	kmutex_enter(&k->k_proclock);
	p = pid == 0 ? l->l_proc : proc_find(k, pid);
	if (p != NULL)
		*t = spec(kern_basetime_ns(k) - p->p_start_ns);
	kmutex_exit(&k->k_proclock);
	return p != NULL ? 0 : -ESRCH;
}

static int
clock_now(struct lwp *l, clockid_t id, struct timespec *t)
{
	switch (id) {
	case CLOCK_REALTIME:
		kern_nanotime(l->l_k, t);
		return 0;
	case CLOCK_MONOTONIC:
		*t = spec(kern_uptime_ns(l->l_k));
		return 0;
	default:
		if (((unsigned)id &
			(CLOCK_PROCESS_CPUTIME_ID | CLOCK_THREAD_CPUTIME_ID)) !=
		    0)
			return process_clock(l, id, t);
		return -EINVAL;
	}
}

int
sys___clock_gettime50(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys___clock_gettime50_args *uap = args;
	struct timespec t;
	int error;

	(void)rv;
	memset(&t, 0, sizeof(t));
	if ((error = clock_now(l, SCARG(uap, clock_id), &t)) != 0)
		return error;
	return copyout(l, &t, SCARG(uap, tp), sizeof(t));
}

int
sys___clock_getres50(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys___clock_getres50_args *uap = args;
	clockid_t id = SCARG(uap, clock_id);
	struct timespec t = { 0, RESOLUTION };

	(void)rv;
	if (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC)
		return -EINVAL;
	if (SCARG(uap, tp) == NULL)
		return 0;
	return copyout(l, &t, SCARG(uap, tp), sizeof(t));
}

int
sys___gettimeofday50(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys___gettimeofday50_args *uap = args;
	struct timezone zone = { 0, 0 };
	struct timespec t;
	struct timeval tv;
	int error = 0;

	(void)rv;
	if (SCARG(uap, tp) != NULL) {
		kern_nanotime(l->l_k, &t);
		memset(&tv, 0, sizeof(tv));
		tv.tv_sec = t.tv_sec;
		tv.tv_usec = (suseconds_t)(t.tv_nsec / 1000);
		error = copyout(l, &tv, SCARG(uap, tp), sizeof(tv));
	}
	if (error == 0 && SCARG(uap, tzp) != NULL)
		error = copyout(l, &zone, SCARG(uap, tzp), sizeof(zone));
	return error;
}

/* --- setting --- */

/* Moves this kernel's wall clock. Backwards is refused in a secure one. */
static int
set_wall(struct lwp *l, int64_t to)
{
	struct rump_kernel *k = l->l_k;
	int64_t host = kern_basetime_ns(k), offset;
	int error = 0;

	if (!cred_issuser(l->l_cred))
		return -EPERM;
	if (__builtin_sub_overflow(to, host, &offset))
		return -EINVAL;
	kmutex_enter(&k->k_timelock);
	if (k->k_securelevel > 1 && offset < k->k_timeoffset_ns)
		error = -EPERM;
	else {
		k->k_boottime_ns += offset - k->k_timeoffset_ns;
		k->k_timeoffset_ns = offset;
	}
	kmutex_exit(&k->k_timelock);
	return error;
}

int
sys___clock_settime50(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys___clock_settime50_args *uap = args;
	struct timespec t;
	int error;

	(void)rv;
	if (!cred_issuser(l->l_cred))
		return -EPERM;
	error = copyin(l, SCARG(uap, tp), &t, sizeof(t));
	if (error != 0)
		return error;
	if (SCARG(uap, clock_id) != CLOCK_REALTIME || t.tv_nsec < 0 ||
	    t.tv_nsec >= NSEC || t.tv_sec < 0)
		return -EINVAL;
	return set_wall(l, nanoseconds(&t));
}

int
sys___settimeofday50(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys___settimeofday50_args *uap = args;
	struct timespec t;
	struct timeval tv;
	int error;

	(void)rv;
	if (SCARG(uap, tv) == NULL)
		return 0;
	if (!cred_issuser(l->l_cred))
		return -EPERM;
	error = copyin(l, SCARG(uap, tv), &tv, sizeof(tv));
	if (error != 0)
		return error;
	if (tv.tv_usec < 0 || tv.tv_usec >= USEC || tv.tv_sec < 0)
		return -EINVAL;
	t.tv_sec = tv.tv_sec;
	t.tv_nsec = (long)tv.tv_usec * 1000;
	return set_wall(l, nanoseconds(&t));
}

/* The clock is the host's, and steps: what is asked for happens at once. */
int
sys___adjtime50(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys___adjtime50_args *uap = args;
	struct timeval delta, none;
	struct timespec t;
	int64_t to;
	int error;

	(void)rv;
	if (!cred_issuser(l->l_cred))
		return -EPERM;
	if (SCARG(uap, delta) != NULL) {
		error = copyin(l, SCARG(uap, delta), &delta, sizeof(delta));
		if (error != 0)
			return error;
		t.tv_sec = delta.tv_sec;
		t.tv_nsec = 0;
		if (__builtin_add_overflow(
			nanoseconds(&t), (int64_t)delta.tv_usec * 1000, &to) ||
		    __builtin_add_overflow(to, wall_ns(l->l_k), &to))
			return -EINVAL;
		if ((error = set_wall(l, to)) != 0)
			return error;
	}
	if (SCARG(uap, olddelta) == NULL)
		return 0;
	memset(&none, 0, sizeof(none));
	return copyout(l, &none, SCARG(uap, olddelta), sizeof(none));
}

/* --- sleeping --- */

/* Sleeps until a monotonic time. */
static int
sleep_until(struct lwp *l, int64_t deadline)
{
	struct kmutex m = { 0 };
	struct kcond c = { 0, 0 };
	int error = 0;

	kmutex_enter(&m);
	while (error == 0 && kern_uptime_ns(l->l_k) < deadline)
		error = kern_wait(l, &c, &m, WAIT_INTR, deadline);
	kmutex_exit(&m);
	return error == -EWOULDBLOCK ? 0 : error;
}

static int
sleep_call(struct lwp *l, clockid_t id, int flags, const struct timespec *req,
    struct timespec *rem)
{
	struct timespec t, left = { 0, 0 };
	int64_t ns, now, deadline;
	int error;

	if ((error = copyin(l, req, &t, sizeof(t))) != 0)
		return error;
	if (t.tv_nsec < 0 || t.tv_nsec >= NSEC)
		return -EINVAL;
	if (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC)
		return -EINVAL;
	ns = nanoseconds(&t);
	now = kern_uptime_ns(l->l_k);
	if ((flags & TIMER_ABSTIME) != 0) {
		int64_t base = id == CLOCK_REALTIME ? wall_ns(l->l_k) : now;

		ns = __builtin_sub_overflow(ns, base, &ns) ? INT64_MAX : ns;
	}
	/* What is past has been slept already. */
	if (ns <= 0)
		return 0;
	if (__builtin_add_overflow(now, ns, &deadline))
		deadline = WAIT_FOREVER;
	error = sleep_until(l, deadline);
	if (error == -EINTR && rem != NULL && (flags & TIMER_ABSTIME) == 0) {
		int e;

		now = kern_uptime_ns(l->l_k);
		if (deadline > now)
			left = spec(deadline - now);
		if ((e = copyout(l, &left, rem, sizeof(left))) != 0)
			error = e;
	} else if (error == 0 && rem != NULL && (flags & TIMER_ABSTIME) == 0)
		error = copyout(l, &left, rem, sizeof(left));
	return error;
}

int
sys___nanosleep50(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys___nanosleep50_args *uap = args;

	(void)rv;
	return sleep_call(l, CLOCK_MONOTONIC, TIMER_RELTIME, SCARG(uap, rqtp),
	    SCARG(uap, rmtp));
}

/* Fails by its result, which is an errno value, not as other calls do. */
int
sys_clock_nanosleep(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_clock_nanosleep_args *uap = args;

	rv[0] = -sleep_call(l, SCARG(uap, clock_id), SCARG(uap, flags),
	    SCARG(uap, rqtp), SCARG(uap, rmtp));
	return 0;
}
