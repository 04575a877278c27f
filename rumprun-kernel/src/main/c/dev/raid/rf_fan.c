/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to several components side by side. A thread of the set helps who writes much: both take one column after the other until none is left. If
 * it does not come in time, the writer has done all by itself, and nothing was lost but a wake-up.
 */
#include "dev/raid/rf_var.h"

static void
run(struct rf_fan *f)
{
	unsigned i;

	while ((i = atomic_fetch_add(&f->f_next, 1)) < f->f_n)
		f->f_fn(f->f_arg, i);
}

static void
helper(struct lwp *l, void *arg)
{
	struct rf_set *r = arg;

	kmutex_enter(&r->r_fanlock);
	while (!r->r_fanstop) {
		struct rf_fan *f = r->r_fan;

		if (f == NULL) {
			if (kern_wait(l, &r->r_fancv, &r->r_fanlock, 0,
				WAIT_FOREVER) == -ESHUTDOWN)
				break;
			continue;
		}
		r->r_fan = NULL;
		f->f_busy = true;
		kmutex_exit(&r->r_fanlock);
		run(f);
		kmutex_enter(&r->r_fanlock);
		f->f_busy = false;
		kcond_broadcast(&r->r_fandone);
	}
	r->r_fanstop = true;
	kmutex_exit(&r->r_fanlock);
}

void
rf_fan_run(struct rf_set *r, struct rf_fan *f, bool much)
{
	bool posted = false;

	if (much && r->r_fanthread != NULL) {
		kmutex_enter(&r->r_fanlock);
		if (r->r_fan == NULL && !r->r_fanstop) {
			r->r_fan = f;
			posted = true;
			kcond_signal(&r->r_fancv);
		}
		kmutex_exit(&r->r_fanlock);
	}
	run(f);
	if (!posted)
		return;
	kmutex_enter(&r->r_fanlock);
	if (r->r_fan == f)
		r->r_fan = NULL;
	while (f->f_busy)
		kcond_wait(&r->r_fandone, &r->r_fanlock);
	kmutex_exit(&r->r_fanlock);
}

int
rf_fan_start(struct rf_set *r)
{
	if (host_ncpu() < 2 || r->r_ncols < 2)
		return 0;
	return kern_thread_create(r->r_k, "raidio", helper, r, &r->r_fanthread);
}

void
rf_fan_stop(struct rf_set *r)
{
	if (r->r_fanthread == NULL)
		return;
	kmutex_enter(&r->r_fanlock);
	r->r_fanstop = true;
	kcond_broadcast(&r->r_fancv);
	kmutex_exit(&r->r_fanlock);
	kern_thread_join(r->r_fanthread);
	r->r_fanthread = NULL;
}
