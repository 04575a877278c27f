/* SPDX-License-Identifier: BSD-2-Clause */
/* The filters of kqueue that belong to no file: processes, signals, timers; and those that several kinds of files share. */
#include <netbsd/event.h>
#include <netbsd/signal.h>
#include "kern/callout.h"
#include "kern/kqueue.h"

/* --- what is always ready --- */

static void
filt_none_detach(struct knote *kn)
{
	(void)kn;
}

static bool
filt_true_event(struct knote *kn, long hint)
{
	(void)hint;
	kn->kn_data = 0;
	return true;
}

static const struct filterops true_filtops = { filt_none_detach,
	filt_true_event };

int
kqfilter_true(struct selinfo *si, struct knote *kn)
{
	(void)si;
	if (kn->kn_filter != EVFILT_READ && kn->kn_filter != EVFILT_WRITE)
		return -EINVAL;
	kn->kn_fop = &true_filtops;
	return 0;
}

/* --- what happens to a vnode --- */

static void
filt_vnode_detach(struct knote *kn)
{
	selinfo_detach(kn->kn_hook, kn);
}

static bool
filt_vnode_event(struct knote *kn, long hint)
{
	kn->kn_fflags |= kn->kn_sfflags & (uint32_t)hint;
	if (hint & NOTE_REVOKE) {
		kn->kn_flags |= EV_EOF;
		return true;
	}
	return kn->kn_fflags != 0;
}

static const struct filterops vnode_filtops = { filt_vnode_detach,
	filt_vnode_event };

int
kqfilter_vnode(struct selinfo *si, struct knote *kn)
{
	if (kn->kn_filter != EVFILT_VNODE)
		return -EINVAL;
	kn->kn_hook = si;
	kn->kn_fop = &vnode_filtops;
	selinfo_attach(si, kn);
	return 0;
}

/* --- processes and signals: one list for all, k_procknotes --- */

static void
filt_proc_detach(struct knote *kn)
{
	struct rump_kernel *k = kn->kn_kq->kq_k;
	struct knote **kp;

	kmutex_enter(&k->k_procknlock);
	for (kp = &k->k_procknotes; *kp != NULL; kp = &(*kp)->kn_selnext)
		if (*kp == kn) {
			*kp = kn->kn_selnext;
			break;
		}
	kmutex_exit(&k->k_procknlock);
}

static bool
filt_proc_event(struct knote *kn, long hint)
{
	(void)hint;
	return kn->kn_fflags != 0 || (kn->kn_flags & EV_EOF) != 0;
}

static bool
filt_signal_event(struct knote *kn, long hint)
{
	(void)hint;
	return kn->kn_data != 0;
}

static const struct filterops proc_filtops = { filt_proc_detach,
	filt_proc_event };
static const struct filterops signal_filtops = { filt_proc_detach,
	filt_signal_event };

static void
link_proc(struct rump_kernel *k, struct knote *kn)
{
	kmutex_enter(&k->k_procknlock);
	kn->kn_selnext = k->k_procknotes;
	k->k_procknotes = kn;
	kmutex_exit(&k->k_procknlock);
}

static int
attach_proc(struct lwp *l, struct knote *kn)
{
	struct rump_kernel *k = l->l_k;
	struct proc *p;
	int error = 0;

	if (kn->kn_ident > PID_MAX)
		return -ESRCH;
	kmutex_enter(&k->k_proclock);
	p = proc_find(k, (pid_t)kn->kn_ident);
	if (p == NULL || p->p_flags & (P_EXITING | P_ZOMBIE))
		error = -ESRCH;
	else {
		kn->kn_fop = &proc_filtops;
		kn->kn_flags |= EV_CLEAR;
		link_proc(k, kn);
	}
	kmutex_exit(&k->k_proclock);
	return error;
}

static int
attach_signal(struct lwp *l, struct knote *kn)
{
	if (kn->kn_ident == 0 || kn->kn_ident >= NSIG)
		return -EINVAL;
	kn->kn_fop = &signal_filtops;
	kn->kn_flags |= EV_CLEAR;
	link_proc(l->l_k, kn);
	return 0;
}

/* A child is not followed: who asked for it is told that this failed. */
void
knote_proc(struct proc *p, long note)
{
	struct rump_kernel *k = p->p_k;
	uint32_t bits = (uint32_t)note & NOTE_PCTRLMASK;

	kmutex_enter(&k->k_procknlock);
	for (struct knote *kn = k->k_procknotes; kn != NULL;
	     kn = kn->kn_selnext) {
		if (kn->kn_filter != EVFILT_PROC ||
		    kn->kn_ident != (uintptr_t)p->p_pid)
			continue;
		kn->kn_fflags |= kn->kn_sfflags & bits;
		if (bits & NOTE_FORK && kn->kn_sfflags & NOTE_TRACK)
			kn->kn_fflags |= NOTE_TRACKERR;
		if (bits & NOTE_EXIT) {
			kn->kn_data = p->p_xstat;
			kn->kn_flags |= EV_EOF | EV_ONESHOT;
		}
		if (filt_proc_event(kn, note))
			knote_activate(kn);
	}
	kmutex_exit(&k->k_procknlock);
}

void
knote_signal(struct proc *p, int signo)
{
	struct rump_kernel *k = p->p_k;

	kmutex_enter(&k->k_procknlock);
	for (struct knote *kn = k->k_procknotes; kn != NULL; kn = kn->kn_selnext)
		if (kn->kn_filter == EVFILT_SIGNAL && kn->kn_kq->kq_proc == p &&
		    kn->kn_ident == (uintptr_t)signo) {
			kn->kn_data++;
			knote_activate(kn);
		}
	kmutex_exit(&k->k_procknlock);
}

/* --- timers --- */

#define MS INT64_C(1000000)

struct kqtimer {
	struct knote *kt_kn;
	int64_t kt_period_ns, kt_when_ns;
	_Atomic bool kt_stopped;
	struct callout kt_callout;
};

static void
kqtimer_fire(void *arg)
{
	struct kqtimer *kt = arg;
	struct knote *kn = kt->kt_kn;

	kn->kn_data++;
	knote_activate(kn);
	if (kn->kn_flags & EV_ONESHOT || kt->kt_stopped)
		return;
	kt->kt_when_ns += kt->kt_period_ns;
	/* Without memory for it the timer ends: there is nobody to tell. */
	if (callout_schedule_abs(&kt->kt_callout, kt->kt_when_ns) != 0)
		kt->kt_stopped = true;
}

static void
filt_timer_detach(struct knote *kn)
{
	struct kqtimer *kt = kn->kn_hook;

	kt->kt_stopped = true;
	callout_halt(&kt->kt_callout);
	kmem_free(kn->kn_kq->kq_k, kt, sizeof(*kt));
}

static const struct filterops timer_filtops = { filt_timer_detach,
	filt_signal_event };

static int
attach_timer(struct lwp *l, struct knote *kn)
{
	struct kqtimer *kt;
	int64_t ms = kn->kn_sdata;
	int error;

	if (ms < 0)
		return -EINVAL;
	if (ms == 0)
		ms = 1;
	if (ms > INT64_MAX / MS / 4)
		ms = INT64_MAX / MS / 4;
	kt = kmem_zalloc(l->l_k, sizeof(*kt));
	if (kt == NULL)
		return -ENOMEM;
	kt->kt_kn = kn;
	kt->kt_period_ns = ms * MS;
	kt->kt_when_ns = kern_uptime_ns(l->l_k) + kt->kt_period_ns;
	callout_init(&kt->kt_callout, l->l_k, kqtimer_fire, kt);
	kn->kn_hook = kt;
	kn->kn_fop = &timer_filtops;
	kn->kn_flags |= EV_CLEAR;
	error = callout_schedule_abs(&kt->kt_callout, kt->kt_when_ns);
	if (error != 0)
		kmem_free(l->l_k, kt, sizeof(*kt));
	return error;
}

int
kqfilter_nofile(struct lwp *l, struct knote *kn)
{
	switch (kn->kn_filter) {
	case EVFILT_PROC:
		return attach_proc(l, kn);
	case EVFILT_SIGNAL:
		return attach_signal(l, kn);
	case EVFILT_TIMER:
		return attach_timer(l, kn);
	default:
		return -EINVAL;
	}
}
