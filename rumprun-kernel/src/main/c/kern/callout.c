/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Callouts: a heap by time, and one thread that sleeps until its root is due.
 *
 * Invariants, all under ts_lock:
 *  1 c_index is the callout's place in the heap, or 0.
 *  2 ts_running is the callout whose function runs now; the lock is not held while it does. The callout may have been
 *    scheduled again meanwhile, or, after a callout_stop, even be gone: nothing is read from it afterwards.
 *  3 The thread exists from the first scheduling on, and ends when the kernel halts. With kc_manualtime there is none:
 *    callout_run is called instead.
 */
#include "kern/callout.h"
#include "kern/timer_state.h"

static void
place(struct timer_state *ts, size_t i, struct callout *c)
{
	ts->ts_heap[i] = c;
	c->c_index = i;
}

static void
sift_up(struct timer_state *ts, size_t i)
{
	struct callout *c = ts->ts_heap[i];

	for (; i > 1 && ts->ts_heap[i / 2]->c_when_ns > c->c_when_ns; i /= 2)
		place(ts, i, ts->ts_heap[i / 2]);
	place(ts, i, c);
}

static void
sift_down(struct timer_state *ts, size_t i)
{
	struct callout *c = ts->ts_heap[i];
	size_t child;

	while ((child = i * 2) <= ts->ts_count) {
		if (child < ts->ts_count &&
		    ts->ts_heap[child + 1]->c_when_ns <
			ts->ts_heap[child]->c_when_ns)
			child++;
		if (ts->ts_heap[child]->c_when_ns >= c->c_when_ns)
			break;
		place(ts, i, ts->ts_heap[child]);
		i = child;
	}
	place(ts, i, c);
}

static void
take(struct timer_state *ts, struct callout *c)
{
	size_t i = c->c_index;
	struct callout *last = ts->ts_heap[ts->ts_count--];

	c->c_index = 0;
	if (last == c)
		return;
	place(ts, i, last);
	sift_up(ts, i);
	sift_down(ts, last->c_index);
}

/* Place 0 of the heap stays empty. */
static int
make_room(struct rump_kernel *k, struct timer_state *ts)
{
	struct callout **heap;
	size_t size;

	if (ts->ts_count + 1 < ts->ts_size)
		return 0;
	size = ts->ts_size == 0 ? 16 : ts->ts_size * 2;
	heap = kmem_calloc(k, size, sizeof(*heap));
	if (heap == NULL)
		return -ENOMEM;
	if (ts->ts_heap != NULL) {
		memcpy(heap, ts->ts_heap, ts->ts_size * sizeof(*heap));
		kmem_free(k, ts->ts_heap, ts->ts_size * sizeof(*heap));
	}
	ts->ts_heap = heap;
	ts->ts_size = size;
	return 0;
}

/* Takes the root off and calls it; the lock is dropped meanwhile. */
static void
run_root(struct timer_state *ts)
{
	struct callout *c = ts->ts_heap[1];
	void (*fn)(void *) = c->c_func;
	void *fnarg = c->c_arg;

	take(ts, c);
	ts->ts_running = c;
	ts->ts_runner = host_thread_self();
	kmutex_exit(&ts->ts_lock);
	fn(fnarg);
	kmutex_enter(&ts->ts_lock);
	ts->ts_running = NULL;
	ts->ts_ran++;
	kcond_broadcast(&ts->ts_idle);
}

int64_t
callout_next(struct rump_kernel *k)
{
	struct timer_state *ts = k->k_timers;
	int64_t when;

	kmutex_enter(&ts->ts_lock);
	when = ts->ts_count == 0 ? INT64_MAX : ts->ts_heap[1]->c_when_ns;
	kmutex_exit(&ts->ts_lock);
	return when;
}

unsigned
callout_run(struct rump_kernel *k, int64_t now_ns)
{
	struct timer_state *ts = k->k_timers;
	unsigned n = 0;

	kmutex_enter(&ts->ts_lock);
	while (ts->ts_count > 0 && ts->ts_heap[1]->c_when_ns <= now_ns) {
		run_root(ts);
		n++;
	}
	kmutex_exit(&ts->ts_lock);
	return n;
}

bool
callout_runone(struct rump_kernel *k, int64_t now_ns)
{
	struct timer_state *ts = k->k_timers;
	bool due;

	kmutex_enter(&ts->ts_lock);
	due = ts->ts_count > 0 && ts->ts_heap[1]->c_when_ns <= now_ns;
	if (due)
		run_root(ts);
	kmutex_exit(&ts->ts_lock);
	return due;
}

static void
timer_main(struct lwp *l, void *arg)
{
	struct timer_state *ts = arg;

	kmutex_enter(&ts->ts_lock);
	while (!ts->ts_stop && !kern_halting(l->l_k)) {
		struct callout *c = ts->ts_count == 0 ? NULL : ts->ts_heap[1];
		int64_t now = kern_uptime_ns(l->l_k);

		if (c == NULL || c->c_when_ns > now) {
			int error = kern_wait(l, &ts->ts_cond, &ts->ts_lock, 0,
			    c == NULL ? WAIT_FOREVER : c->c_when_ns);

			if (error == -ESHUTDOWN || error == -EINTR)
				break;
			continue;
		}
		run_root(ts);
	}
	ts->ts_running = NULL;
	kcond_broadcast(&ts->ts_idle);
	kmutex_exit(&ts->ts_lock);
}

/* Started outside of the lock; whoever comes second finds ts_starting and relies on the first. */
static int
start_thread(struct rump_kernel *k, struct timer_state *ts)
{
	struct kern_thread *thread;
	int error;

	if (ts->ts_thread != NULL || ts->ts_starting ||
	    k->k_config.kc_manualtime)
		return 0;
	ts->ts_starting = true;
	kmutex_exit(&ts->ts_lock);
	error = kern_thread_create(k, "timers", timer_main, ts, &thread);
	kmutex_enter(&ts->ts_lock);
	ts->ts_starting = false;
	if (error == 0)
		ts->ts_thread = thread;
	return error;
}

void
callout_init(
    struct callout *c, struct rump_kernel *k, void (*fn)(void *), void *arg)
{
	memset(c, 0, sizeof(*c));
	c->c_k = k;
	c->c_func = fn;
	c->c_arg = arg;
}

int
callout_schedule_abs(struct callout *c, int64_t when_ns)
{
	struct rump_kernel *k = c->c_k;
	struct timer_state *ts = k->k_timers;
	int error = 0;

	if (ts == NULL || kern_halting(k))
		return -ESHUTDOWN;
	kmutex_enter(&ts->ts_lock);
	error = start_thread(k, ts);
	if (error == 0 && c->c_index == 0)
		error = make_room(k, ts);
	if (error == 0) {
		c->c_when_ns = when_ns;
		if (c->c_index == 0)
			place(ts, ++ts->ts_count, c);
		sift_up(ts, c->c_index);
		sift_down(ts, c->c_index);
		if (c->c_index == 1)
			kcond_broadcast(&ts->ts_cond);
	}
	kmutex_exit(&ts->ts_lock);
	if (error == 0 && k->k_clock != NULL && when_ns <= kern_uptime_ns(k))
		atomic_store(&k->k_clock->vc_due, true);
	return error;
}

int
callout_schedule(struct callout *c, int64_t delay_ns)
{
	int64_t now = kern_uptime_ns(c->c_k);

	if (delay_ns < 0)
		delay_ns = 0;
	return callout_schedule_abs(
	    c, delay_ns > INT64_MAX - 1 - now ? INT64_MAX - 1 : now + delay_ns);
}

bool
callout_stop(struct callout *c)
{
	struct timer_state *ts = c->c_k == NULL ? NULL : c->c_k->k_timers;
	bool was;

	if (ts == NULL)
		return false;
	kmutex_enter(&ts->ts_lock);
	was = c->c_index != 0;
	if (was)
		take(ts, c);
	kmutex_exit(&ts->ts_lock);
	return was;
}

void
callout_halt(struct callout *c)
{
	struct timer_state *ts = c->c_k == NULL ? NULL : c->c_k->k_timers;

	if (ts == NULL)
		return;
	kmutex_enter(&ts->ts_lock);
	for (;;) {
		if (c->c_index != 0)
			take(ts, c);
		if (ts->ts_running != c || ts->ts_runner == host_thread_self())
			break;
		kcond_wait(&ts->ts_idle, &ts->ts_lock);
	}
	kmutex_exit(&ts->ts_lock);
}

void
callout_drain(struct rump_kernel *k)
{
	struct timer_state *ts = k->k_timers;
	unsigned ran;

	if (ts == NULL)
		return;
	kmutex_enter(&ts->ts_lock);
	ran = ts->ts_ran;
	while (ts->ts_running != NULL && ts->ts_ran == ran &&
	    ts->ts_runner != host_thread_self())
		kcond_wait(&ts->ts_idle, &ts->ts_lock);
	kmutex_exit(&ts->ts_lock);
}

bool
callout_pending(struct callout *c)
{
	struct timer_state *ts = c->c_k == NULL ? NULL : c->c_k->k_timers;
	bool is;

	if (ts == NULL)
		return false;
	kmutex_enter(&ts->ts_lock);
	is = c->c_index != 0;
	kmutex_exit(&ts->ts_lock);
	return is;
}

int
timers_init(struct rump_kernel *k)
{
	k->k_timers = kmem_zalloc(k, sizeof(*k->k_timers));
	if (k->k_timers == NULL)
		return -ENOMEM;
	if (k->k_clock != NULL)
		vclock_attach(k);
	return 0;
}

void
timers_fini(struct rump_kernel *k)
{
	struct timer_state *ts = k->k_timers;

	if (ts == NULL)
		return;
	kmutex_enter(&ts->ts_lock);
	ts->ts_stop = true;
	kcond_broadcast(&ts->ts_cond);
	kmutex_exit(&ts->ts_lock);
	if (k->k_clock != NULL)
		vclock_detach(k);
	if (ts->ts_thread != NULL)
		kern_thread_join(ts->ts_thread);
	itimers_fini(k);
	if (ts->ts_heap != NULL)
		kmem_free(k, ts->ts_heap, ts->ts_size * sizeof(*ts->ts_heap));
	kmem_free(k, ts, sizeof(*ts));
	k->k_timers = NULL;
}
