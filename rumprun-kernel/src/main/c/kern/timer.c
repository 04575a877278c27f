/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interval timers of processes: setitimer and timer_create.
 *
 * A process' timers are made with its first use and stay until it goes. Slots 0 to 3 are setitimer's, the others
 * timer_create's. Those for a process' own running time never fire: a rump kernel's processes take none. ts_proclock guards
 * the list and all slots; it is not held when a signal is posted.
 */
#include <netbsd/signal.h>
#include <netbsd/syscallargs.h>
#include <netbsd/time.h>
#include "kern/syscalls.h"
#include "kern/timer_state.h"

#define TIMER_MIN 4 /* slots below are setitimer's */
#define TIMER_MAX 36
#define NS INT64_C(1000000000)
#define MAX_SEC (INT64_MAX / NS / 4)

union sigval {
	int sival_int;
	void *sival_ptr;
};
struct sigevent {
	int sigev_notify;
	int sigev_signo;
	union sigval sigev_value;
	void (*sigev_notify_function)(union sigval);
	void *sigev_notify_attributes;
};
_Static_assert(
    sizeof(struct sigevent) == (sizeof(void *) == 8 ? 32 : 20), "sigevent");

struct ptimer {
	struct ptimers *pt_set;
	bool pt_used;
	clockid_t pt_clock;
	int pt_signo;	     /* 0: none is sent */
	int64_t pt_when_ns;  /* monotonic; 0: not armed */
	int64_t pt_value_ns; /* clocks that stand still: what is left */
	int64_t pt_interval_ns;
	int pt_overruns;
	struct callout pt_callout;
};

struct ptimers {
	struct ptimers *pts_next;
	struct proc *pts_proc;
	struct ptimer *pts_timer[TIMER_MAX];
};

static void
ptimer_fire(void *arg)
{
	struct ptimer *pt = arg;
	struct proc *p = pt->pt_set->pts_proc;
	struct timer_state *ts = p->p_k->k_timers;
	int64_t now = kern_uptime_ns(p->p_k), missed;
	int signo = 0;

	kmutex_enter(&ts->ts_proclock);
	/* Set anew or disarmed while this was on its way? */
	if (pt->pt_when_ns != 0 && pt->pt_when_ns <= now) {
		signo = pt->pt_signo;
		if (pt->pt_interval_ns == 0)
			pt->pt_when_ns = 0;
		else {
			missed = (now - pt->pt_when_ns) / pt->pt_interval_ns;
			pt->pt_overruns = missed > INT32_MAX ? INT32_MAX :
							       (int)missed;
			pt->pt_when_ns += (missed + 1) * pt->pt_interval_ns;
			if (callout_schedule_abs(
				&pt->pt_callout, pt->pt_when_ns) != 0)
				pt->pt_when_ns = 0;
		}
	}
	kmutex_exit(&ts->ts_proclock);
	if (signo != 0)
		proc_signal(p, signo);
}

/* With ts_proclock held. */
static struct ptimers *
find_set(struct timer_state *ts, struct proc *p)
{
	struct ptimers *pts;

	for (pts = ts->ts_procs; pts != NULL; pts = pts->pts_next)
		if (pts->pts_proc == p)
			break;
	return pts;
}

static struct ptimer *
find_timer(struct timer_state *ts, struct proc *p, int id)
{
	struct ptimers *pts = find_set(ts, p);

	if (pts == NULL || id < 0 || id >= TIMER_MAX ||
	    pts->pts_timer[id] == NULL || !pts->pts_timer[id]->pt_used)
		return NULL;
	return pts->pts_timer[id];
}

static int
make_timer(struct timer_state *ts, struct proc *p, int id, clockid_t clock,
    int signo, struct ptimer **ptp)
{
	struct rump_kernel *k = p->p_k;
	struct ptimers *pts = find_set(ts, p);
	struct ptimer *pt;

	if (pts == NULL) {
		pts = kmem_zalloc(k, sizeof(*pts));
		if (pts == NULL)
			return -ENOMEM;
		pts->pts_proc = p;
		pts->pts_next = ts->ts_procs;
		ts->ts_procs = pts;
	}
	pt = pts->pts_timer[id];
	if (pt == NULL) {
		pt = kmem_zalloc(k, sizeof(*pt));
		if (pt == NULL)
			return -ENOMEM;
		pt->pt_set = pts;
		callout_init(&pt->pt_callout, k, ptimer_fire, pt);
		pts->pts_timer[id] = pt;
	}
	pt->pt_used = true;
	pt->pt_clock = clock;
	pt->pt_signo = signo;
	pt->pt_when_ns = pt->pt_value_ns = pt->pt_interval_ns = 0;
	pt->pt_overruns = 0;
	*ptp = pt;
	return 0;
}

static bool
clock_runs(clockid_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC;
}

/* value_ns: from now, 0 disarms. */
static int
arm(struct ptimer *pt, int64_t value_ns, int64_t interval_ns)
{
	struct rump_kernel *k = pt->pt_set->pts_proc->p_k;
	int error = 0;

	callout_stop(&pt->pt_callout);
	pt->pt_when_ns = 0;
	pt->pt_value_ns = value_ns;
	pt->pt_interval_ns = interval_ns;
	pt->pt_overruns = 0;
	if (value_ns == 0 || !clock_runs(pt->pt_clock))
		return 0;
	pt->pt_when_ns = kern_uptime_ns(k) + value_ns;
	error = callout_schedule_abs(&pt->pt_callout, pt->pt_when_ns);
	if (error != 0)
		pt->pt_when_ns = 0;
	return error;
}

static int64_t
remaining(const struct ptimer *pt)
{
	int64_t left;

	if (!clock_runs(pt->pt_clock))
		return pt->pt_value_ns;
	if (pt->pt_when_ns == 0)
		return 0;
	left = pt->pt_when_ns - kern_uptime_ns(pt->pt_set->pts_proc->p_k);
	return left < 1 ? 1 : left; /* still armed */
}

static int
timespec_ns(const struct timespec *t, int64_t *ns)
{
	if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= NS)
		return -EINVAL;
	*ns = t->tv_sec > MAX_SEC ? MAX_SEC * NS : t->tv_sec * NS + t->tv_nsec;
	return 0;
}

static int
timeval_ns(const struct timeval *t, int64_t *ns)
{
	if (t->tv_sec < 0 || t->tv_usec < 0 || t->tv_usec >= 1000000)
		return -EINVAL;
	*ns = t->tv_sec > MAX_SEC ? MAX_SEC * NS :
				    t->tv_sec * NS + t->tv_usec * INT64_C(1000);
	return 0;
}

static void
get_itimerval(
    struct timer_state *ts, struct proc *p, int which, struct itimerval *itv)
{
	struct ptimer *pt = find_timer(ts, p, which);

	memset(itv, 0, sizeof(*itv));
	if (pt == NULL)
		return;
	int64_t left = (remaining(pt) + 999) / 1000;
	itv->it_value.tv_sec = left / 1000000;
	itv->it_value.tv_usec = (suseconds_t)(left % 1000000);
	itv->it_interval.tv_sec = pt->pt_interval_ns / NS;
	itv->it_interval.tv_usec = (suseconds_t)(pt->pt_interval_ns % NS / 1000);
}

int
sys___getitimer50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___getitimer50_args *uap = v;
	struct timer_state *ts = l->l_k->k_timers;
	struct itimerval itv;
	int which = SCARG(uap, which);

	(void)rv;
	if (which < ITIMER_REAL || which > ITIMER_MONOTONIC)
		return -EINVAL;
	kmutex_enter(&ts->ts_proclock);
	get_itimerval(ts, l->l_proc, which, &itv);
	kmutex_exit(&ts->ts_proclock);
	return copyout(l, &itv, SCARG(uap, itv), sizeof(itv));
}

int
sys___setitimer50(struct lwp *l, const void *v, register_t *rv)
{
	static const struct {
		clockid_t clock;
		int signo;
	} kinds[] = {
		[ITIMER_REAL] = { CLOCK_REALTIME, SIGALRM },
		[ITIMER_VIRTUAL] = { CLOCK_VIRTUAL, SIGVTALRM },
		[ITIMER_PROF] = { CLOCK_PROF, SIGPROF },
		[ITIMER_MONOTONIC] = { CLOCK_MONOTONIC, SIGALRM },
	};
	const struct sys___setitimer50_args *uap = v;
	struct timer_state *ts = l->l_k->k_timers;
	struct itimerval itv, old;
	struct ptimer *pt;
	int which = SCARG(uap, which), error;
	int64_t value = 0, interval = 0;

	(void)rv;
	if (which < ITIMER_REAL || which > ITIMER_MONOTONIC)
		return -EINVAL;
	if (SCARG(uap, itv) != NULL) {
		error = copyin(l, SCARG(uap, itv), &itv, sizeof(itv));
		if (error == 0)
			error = timeval_ns(&itv.it_value, &value);
		if (error == 0)
			error = timeval_ns(&itv.it_interval, &interval);
		if (error != 0)
			return error;
	}
	kmutex_enter(&ts->ts_proclock);
	get_itimerval(ts, l->l_proc, which, &old);
	error = 0;
	if (SCARG(uap, itv) != NULL) {
		pt = find_timer(ts, l->l_proc, which);
		if (pt == NULL)
			error = make_timer(ts, l->l_proc, which,
			    kinds[which].clock, kinds[which].signo, &pt);
		if (error == 0)
			error = arm(pt, value, interval);
	}
	kmutex_exit(&ts->ts_proclock);
	if (error == 0 && SCARG(uap, oitv) != NULL)
		error = copyout(l, &old, SCARG(uap, oitv), sizeof(old));
	return error;
}

static int
default_signo(clockid_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
		return SIGALRM;
	case CLOCK_VIRTUAL:
		return SIGVTALRM;
	case CLOCK_PROF:
		return SIGPROF;
	default:
		return -EINVAL;
	}
}

int
sys_timer_create(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_timer_create_args *uap = v;
	struct timer_state *ts = l->l_k->k_timers;
	struct sigevent ev;
	struct ptimers *pts;
	struct ptimer *pt;
	timer_t id;
	int signo, error;

	(void)rv;
	signo = default_signo(SCARG(uap, clock_id));
	if (signo < 0)
		return signo;
	if (SCARG(uap, evp) != NULL) {
		error = copyin(l, SCARG(uap, evp), &ev, sizeof(ev));
		if (error != 0)
			return error;
		if (ev.sigev_notify == SIGEV_NONE)
			signo = 0;
		else if (ev.sigev_notify == SIGEV_SIGNAL &&
		    ev.sigev_signo > 0 && ev.sigev_signo < NSIG)
			signo = ev.sigev_signo;
		else
			return -EINVAL;
	}
	kmutex_enter(&ts->ts_proclock);
	pts = find_set(ts, l->l_proc);
	for (id = TIMER_MIN; id < TIMER_MAX; id++)
		if (pts == NULL || pts->pts_timer[id] == NULL ||
		    !pts->pts_timer[id]->pt_used)
			break;
	error = id == TIMER_MAX ?
	    -EAGAIN :
	    make_timer(ts, l->l_proc, id, SCARG(uap, clock_id), signo, &pt);
	kmutex_exit(&ts->ts_proclock);
	if (error != 0)
		return error;
	error = copyout(l, &id, SCARG(uap, timerid), sizeof(id));
	if (error != 0) {
		kmutex_enter(&ts->ts_proclock);
		pt->pt_used = false;
		kmutex_exit(&ts->ts_proclock);
	}
	return error;
}

/* The slot's memory stays: its function may be on its way. */
int
sys_timer_delete(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_timer_delete_args *uap = v;
	struct timer_state *ts = l->l_k->k_timers;
	struct ptimer *pt = NULL;

	(void)rv;
	kmutex_enter(&ts->ts_proclock);
	if (SCARG(uap, timerid) >= TIMER_MIN)
		pt = find_timer(ts, l->l_proc, SCARG(uap, timerid));
	if (pt != NULL) {
		callout_stop(&pt->pt_callout);
		pt->pt_when_ns = 0;
		pt->pt_used = false;
	}
	kmutex_exit(&ts->ts_proclock);
	return pt == NULL ? -EINVAL : 0;
}

static void
get_itimerspec(const struct ptimer *pt, struct itimerspec *its)
{
	int64_t left = remaining(pt);

	memset(its, 0, sizeof(*its));
	its->it_value.tv_sec = left / NS;
	its->it_value.tv_nsec = (long)(left % NS);
	its->it_interval.tv_sec = pt->pt_interval_ns / NS;
	its->it_interval.tv_nsec = (long)(pt->pt_interval_ns % NS);
}

/* From an absolute time of the timer's clock to a delay; one that is past fires at once. */
static int64_t
from_now(struct rump_kernel *k, clockid_t clock, int64_t value)
{
	struct timespec now;
	int64_t now_ns = 0;

	if (value == 0)
		return 0;
	if (clock == CLOCK_REALTIME) {
		kern_nanotime(k, &now);
		now_ns = now.tv_sec * NS + now.tv_nsec;
	} else if (clock == CLOCK_MONOTONIC)
		now_ns = kern_uptime_ns(k);
	return value <= now_ns ? 1 : value - now_ns;
}

int
sys___timer_settime50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___timer_settime50_args *uap = v;
	struct timer_state *ts = l->l_k->k_timers;
	struct itimerspec its, old;
	struct ptimer *pt = NULL;
	int64_t value, interval;
	int error;

	(void)rv;
	error = copyin(l, SCARG(uap, value), &its, sizeof(its));
	if (error == 0)
		error = timespec_ns(&its.it_value, &value);
	if (error == 0)
		error = timespec_ns(&its.it_interval, &interval);
	if (error != 0)
		return error;
	kmutex_enter(&ts->ts_proclock);
	if (SCARG(uap, timerid) >= TIMER_MIN)
		pt = find_timer(ts, l->l_proc, SCARG(uap, timerid));
	if (pt == NULL)
		error = -EINVAL;
	else {
		get_itimerspec(pt, &old);
		if (SCARG(uap, flags) & TIMER_ABSTIME)
			value = from_now(l->l_k, pt->pt_clock, value);
		error = arm(pt, value, interval);
	}
	kmutex_exit(&ts->ts_proclock);
	if (error == 0 && SCARG(uap, ovalue) != NULL)
		error = copyout(l, &old, SCARG(uap, ovalue), sizeof(old));
	return error;
}

int
sys___timer_gettime50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___timer_gettime50_args *uap = v;
	struct timer_state *ts = l->l_k->k_timers;
	struct itimerspec its;
	struct ptimer *pt = NULL;

	(void)rv;
	kmutex_enter(&ts->ts_proclock);
	if (SCARG(uap, timerid) >= TIMER_MIN)
		pt = find_timer(ts, l->l_proc, SCARG(uap, timerid));
	if (pt != NULL)
		get_itimerspec(pt, &its);
	kmutex_exit(&ts->ts_proclock);
	return pt == NULL ? -EINVAL :
			    copyout(l, &its, SCARG(uap, value), sizeof(its));
}

int
sys_timer_getoverrun(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_timer_getoverrun_args *uap = v;
	struct timer_state *ts = l->l_k->k_timers;
	struct ptimer *pt = NULL;

	kmutex_enter(&ts->ts_proclock);
	if (SCARG(uap, timerid) >= TIMER_MIN)
		pt = find_timer(ts, l->l_proc, SCARG(uap, timerid));
	if (pt != NULL)
		rv[0] = pt->pt_overruns;
	kmutex_exit(&ts->ts_proclock);
	return pt == NULL ? -EINVAL : 0;
}

static void
free_set(struct rump_kernel *k, struct ptimers *pts)
{
	for (int i = 0; i < TIMER_MAX; i++) {
		struct ptimer *pt = pts->pts_timer[i];

		if (pt == NULL)
			continue;
		callout_halt(&pt->pt_callout);
		kmem_free(k, pt, sizeof(*pt));
	}
	kmem_free(k, pts, sizeof(*pts));
}

/* Nothing can arm them again: the process has no lwps left. But one that fires may schedule itself, until told. */
void
timers_procexit(struct proc *p)
{
	struct timer_state *ts = p->p_k->k_timers;
	struct ptimers **pp, *pts;

	if (ts == NULL)
		return;
	kmutex_enter(&ts->ts_proclock);
	for (pp = &ts->ts_procs; (pts = *pp) != NULL; pp = &pts->pts_next)
		if (pts->pts_proc == p)
			break;
	if (pts != NULL) {
		*pp = pts->pts_next;
		for (int i = 0; i < TIMER_MAX; i++)
			if (pts->pts_timer[i] != NULL)
				pts->pts_timer[i]->pt_when_ns = 0;
	}
	kmutex_exit(&ts->ts_proclock);
	if (pts != NULL)
		free_set(p->p_k, pts);
}

void
itimers_fini(struct rump_kernel *k)
{
	struct timer_state *ts = k->k_timers;
	struct ptimers *pts;

	while ((pts = ts->ts_procs) != NULL) {
		ts->ts_procs = pts->pts_next;
		free_set(k, pts);
	}
}
