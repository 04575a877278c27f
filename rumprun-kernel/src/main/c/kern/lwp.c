/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lwps: what a host thread is while it makes calls for a process; sleeping
 * and waking; kernel threads; signals.
 *
 * A sleeper is in one place only, l_waitcond, which it sets under its own
 * l_lock after it has announced itself at the condition (kcond_prepare) and
 * has seen no flag. Who wakes sets the flag under the same lock and then
 * broadcasts that condition, so that the wake-up is either seen before the
 * sleep or ends it.
 */
#include <netbsd/signal.h>
#include "kern/callout.h"
#include "kern/file.h"
#include "kern/ktrace.h"

int
lwp_create(struct proc *p, struct lwp **lp)
{
	struct rump_kernel *k = p->p_k;
	struct lwp *l;
	int error = 0;

	*lp = NULL;
	if ((l = kmem_alloc(k, sizeof(*l))) == NULL)
		return -ENOMEM;
	memset(l, 0, offsetof(struct lwp, l_pathbuf));
	l->l_k = k;
	l->l_proc = p;
	kmutex_enter(&p->p_lock);
	if ((p->p_flags & P_EXITING) != 0)
		error = -ESRCH;
	else if (kern_halting(k))
		error = -ESHUTDOWN;
	if (error == 0) {
		l->l_cred = cred_get(p->p_cred);
		l->l_lid = ++p->p_nextlid;
		l->l_next = p->p_lwps;
		p->p_lwps = l;
		p->p_nlwps++;
	}
	kmutex_exit(&p->p_lock);
	if (error != 0) {
		kmem_free(k, l, sizeof(*l));
		return error;
	}
	*lp = l;
	return 0;
}

void
lwp_destroy(struct lwp *l)
{
	struct proc *p = l->l_proc;
	struct lwp **lp;

	kmutex_enter(&p->p_lock);
	for (lp = &p->p_lwps; *lp != l; lp = &(*lp)->l_next)
		continue;
	*lp = l->l_next;
	p->p_nlwps--;
	kcond_broadcast(&p->p_cond);
	kmutex_exit(&p->p_lock);
	cred_put(l->l_cred);
	kmem_free(l->l_k, l->l_bounce, l->l_bouncesize);
	kmem_free(l->l_k, l, sizeof(*l));
}

void
lwp_wakeup(struct lwp *l, unsigned flag)
{
	kmutex_enter(&l->l_lock);
	atomic_fetch_or(&l->l_flags, flag);
	if (l->l_waitcond != NULL)
		kcond_broadcast(l->l_waitcond);
	kmutex_exit(&l->l_lock);
}

void
proc_wakeup_lwps(struct proc *p, unsigned flag, const struct lwp *except)
{
	kmutex_enter(&p->p_lock);
	for (struct lwp *l = p->p_lwps; l != NULL; l = l->l_next)
		if (l != except)
			lwp_wakeup(l, flag);
	kmutex_exit(&p->p_lock);
}

void *
lwp_bounce(struct lwp *l, size_t n)
{
	void *p;

	if (n <= l->l_bouncesize)
		return l->l_bounce;
	if ((p = kmem_alloc(l->l_k, n)) == NULL)
		return NULL;
	kmem_free(l->l_k, l->l_bounce, l->l_bouncesize);
	l->l_bounce = p;
	l->l_bouncesize = n;
	return p;
}

/* --- sleeping --- */

/* Why this lwp must not sleep; l_lock held. An interruption is used up. */
static int
stopped(struct lwp *l, int flags)
{
	unsigned f = atomic_load(&l->l_flags);

	if ((f & L_EXIT) != 0)
		return -EINTR;
	if (kern_halting(l->l_k))
		return -ESHUTDOWN;
	if ((flags & WAIT_INTR) != 0 && (f & L_INTR) != 0) {
		atomic_fetch_and(&l->l_flags, ~L_INTR);
		return -EINTR;
	}
	return 0;
}

static void
wake_cond(void *arg)
{
	kcond_broadcast(arg);
}

/* kcond_commit where time is moved by hand: a callout ends the sleep. */
static int
manual_commit(struct rump_kernel *k, struct kcond *c, struct kmutex *m,
    uint32_t seq, int64_t deadline_ns)
{
	struct callout end;

	callout_init(&end, k, wake_cond, c);
	if (kern_uptime_ns(k) >= deadline_ns ||
	    callout_schedule_abs(&end, deadline_ns) != 0) {
		kcond_cancel(c);
		return -EWOULDBLOCK;
	}
	(void)kcond_commit(c, m, seq, INT64_MAX);
	callout_halt(&end);
	return kern_uptime_ns(k) >= deadline_ns ? -EWOULDBLOCK : 0;
}

int
kern_wait(struct lwp *l, struct kcond *c, struct kmutex *m, int flags,
    int64_t deadline_ns)
{
	bool stops = l != l->l_k->k_lwp0 &&
	    (atomic_load(&l->l_flags) & L_NOINTR) == 0;
	uint32_t seq = kcond_prepare(c);
	int error;

	if (stops) {
		kmutex_enter(&l->l_lock);
		if ((error = stopped(l, flags)) == 0)
			l->l_waitcond = c;
		kmutex_exit(&l->l_lock);
		if (error != 0) {
			kcond_cancel(c);
			return error;
		}
	}
	ktr_csw(l, true);
	if (l->l_proc->p_uspace != NULL && l->l_proc->p_uspace->presleep != NULL)
		l->l_proc->p_uspace->presleep(l);
	if (l->l_k->k_clock != NULL)
		error = vclock_sleep(l, c, m, seq, deadline_ns);
	else if (l->l_k->k_config.kc_manualtime && deadline_ns != WAIT_FOREVER)
		error = manual_commit(l->l_k, c, m, seq, deadline_ns);
	else
		error = kcond_commit(c, m, seq, deadline_ns);
	if (stops) {
		kmutex_enter(&l->l_lock);
		l->l_waitcond = NULL;
		kmutex_exit(&l->l_lock);
	}
	ktr_csw(l, false);
	return error != 0 ? -EWOULDBLOCK : 0;
}

/* --- kernel threads --- */

struct kern_thread {
	struct host_thread *kt_host;
	struct lwp *kt_lwp;
	void (*kt_fn)(struct lwp *, void *);
	void *kt_arg;
};

static void
thread_main(void *arg)
{
	struct kern_thread *t = arg;

	t->kt_fn(t->kt_lwp, t->kt_arg);
}

int
kern_thread_create(struct rump_kernel *k, const char *name,
    void (*fn)(struct lwp *, void *), void *arg, struct kern_thread **tp)
{
	struct kern_thread *t;
	int error;

	*tp = NULL;
	if ((t = kmem_zalloc(k, sizeof(*t))) == NULL)
		return -ENOMEM;
	t->kt_fn = fn;
	t->kt_arg = arg;
	if ((error = lwp_create(k->k_proc0, &t->kt_lwp)) != 0)
		goto out_thread;
	atomic_fetch_or(&t->kt_lwp->l_flags, L_KERNEL);
	if ((error = host_thread_create(name, thread_main, t, &t->kt_host)) != 0)
		goto out_lwp;
	*tp = t;
	return 0;
out_lwp:
	lwp_destroy(t->kt_lwp);
out_thread:
	kmem_free(k, t, sizeof(*t));
	return error;
}

void
kern_thread_join(struct kern_thread *t)
{
	struct rump_kernel *k = t->kt_lwp->l_k;

	lwp_wakeup(t->kt_lwp, L_EXIT);
	host_thread_join(t->kt_host);
	lwp_destroy(t->kt_lwp);
	kmem_free(k, t, sizeof(*t));
}

/* --- signals --- */

/*
 * A remote process gets the signal itself. A local one has no handlers: what
 * would end it ends its sleeps, what tells of a failed call says nothing that
 * the call's error does not say.
 */
void
proc_signal(struct proc *p, int signo)
{
	ktr_psig(p, signo);
	knote_signal(p, signo);
	if (p->p_uspace != NULL) {
		if (p->p_uspace->raise != NULL)
			p->p_uspace->raise(p, signo);
		return;
	}
	switch (signo) {
	case SIGHUP:
	case SIGINT:
	case SIGQUIT:
	case SIGABRT:
	case SIGKILL:
	case SIGALRM:
	case SIGTERM:
	case SIGVTALRM:
	case SIGPROF:
	case SIGUSR1:
	case SIGUSR2:
		proc_wakeup_lwps(p, L_INTR, NULL);
		break;
	default:
		break;
	}
}
