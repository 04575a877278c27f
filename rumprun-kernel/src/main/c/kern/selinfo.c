/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poll and select, and the readiness of objects.
 *
 * A call asks every file. Those that are not ready record a wait on their selinfo (selrecord), which points to the call's
 * pollctx. If none was ready the call sleeps on the pollctx until selnotify marked it, then asks again.
 *
 * Invariants:
 *  1 A file records before it looks at its state for the last time, or both under the lock under which its state changes:
 *    either the look sees the change, or selnotify sees the wait. Thus no wake-up is lost.
 *  2 px_fired is reset before the files are asked, under px_lock; the sleep is not entered when it is set.
 *  3 A call holds a reference to each file as long as it has waits: objects stay where they are. It takes its waits
 *    back itself, by sw_si's lock.
 * Lock order: the object's lock, si_lock, px_lock.
 */
#include <netbsd/event.h>
#include "kern/pollctx.h"
#include "kern/poll.h"

void
pollctx_init(struct pollctx *px, struct lwp *l)
{
	memset(&px->px_lock, 0, sizeof(px->px_lock));
	memset(&px->px_cond, 0, sizeof(px->px_cond));
	px->px_fired = false;
	px->px_failed = false;
	px->px_waits = NULL;
	px->px_ninline = 0;
	l->l_poll = px;
}

void
pollctx_reset(struct pollctx *px)
{
	kmutex_enter(&px->px_lock);
	px->px_fired = false;
	kmutex_exit(&px->px_lock);
}

/* Sleeps until something may be ready. */
int
pollctx_wait(struct pollctx *px, struct lwp *l, int64_t deadline_ns)
{
	int error = 0;

	kmutex_enter(&px->px_lock);
	while (!px->px_fired && error == 0)
		error = kern_wait(
		    l, &px->px_cond, &px->px_lock, WAIT_INTR, deadline_ns);
	if (px->px_fired)
		error = 0;
	kmutex_exit(&px->px_lock);
	return error;
}

/* Takes all waits back, so that the files may be asked again or be let go. */
void
pollctx_clear(struct pollctx *px, struct lwp *l)
{
	struct selwait *sw;

	while ((sw = px->px_waits) != NULL) {
		px->px_waits = sw->sw_ctxnext;
		kmutex_enter(&sw->sw_si->si_lock);
		*sw->sw_prevp = sw->sw_next;
		if (sw->sw_next != NULL)
			sw->sw_next->sw_prevp = sw->sw_prevp;
		kmutex_exit(&sw->sw_si->si_lock);
		if (sw < px->px_inline || sw >= px->px_inline + PX_INLINE)
			kmem_free(l->l_k, sw, sizeof(*sw));
	}
	px->px_ninline = 0;
}

void
pollctx_fini(struct pollctx *px, struct lwp *l)
{
	pollctx_clear(px, l);
	l->l_poll = NULL;
}

void
selrecord(struct lwp *l, struct selinfo *si)
{
	struct pollctx *px = l->l_poll;
	struct selwait *sw;

	if (px == NULL)
		return;
	if (px->px_ninline < PX_INLINE)
		sw = &px->px_inline[px->px_ninline++];
	else
		sw = kmem_alloc(l->l_k, sizeof(*sw));
	if (sw == NULL) {
		px->px_failed = true;
		return;
	}
	sw->sw_ctx = px;
	sw->sw_si = si;
	sw->sw_ctxnext = px->px_waits;
	px->px_waits = sw;
	kmutex_enter(&si->si_lock);
	sw->sw_next = si->si_waiters;
	sw->sw_prevp = &si->si_waiters;
	if (sw->sw_next != NULL)
		sw->sw_next->sw_prevp = &sw->sw_next;
	si->si_waiters = sw;
	kmutex_exit(&si->si_lock);
}

void
selnotify(struct rump_kernel *k, struct selinfo *si, int events, long hint)
{
	(void)k, (void)events;
	kmutex_enter(&si->si_lock);
	for (struct selwait *sw = si->si_waiters; sw != NULL; sw = sw->sw_next) {
		struct pollctx *px = sw->sw_ctx;

		kmutex_enter(&px->px_lock);
		if (!px->px_fired) {
			px->px_fired = true;
			kcond_broadcast(&px->px_cond);
		}
		kmutex_exit(&px->px_lock);
	}
	if (si->si_knotes != NULL)
		knote_notify(si, hint == 0 ? NOTE_SUBMIT : hint);
	kmutex_exit(&si->si_lock);
}

void
selinfo_attach(struct selinfo *si, struct knote *kn)
{
	kmutex_enter(&si->si_lock);
	kn->kn_selnext = si->si_knotes;
	si->si_knotes = kn;
	kmutex_exit(&si->si_lock);
}

void
selinfo_detach(struct selinfo *si, struct knote *kn)
{
	struct knote *before = NULL, *at;

	kmutex_enter(&si->si_lock);
	for (at = si->si_knotes; at != NULL && at != kn; at = at->kn_selnext)
		before = at;
	if (at != NULL && before != NULL)
		before->kn_selnext = kn->kn_selnext;
	else if (at != NULL)
		si->si_knotes = kn->kn_selnext;
	kmutex_exit(&si->si_lock);
}

/* Files went before their object did, and took waits and knotes with them. */
void
selinfo_destroy(struct rump_kernel *k, struct selinfo *si)
{
	if (si->si_waiters != NULL || si->si_knotes != NULL)
		kern_panic(k, "an object goes while somebody waits for it");
}
