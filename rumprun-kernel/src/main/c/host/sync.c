/* SPDX-License-Identifier: BSD-2-Clause */
/* The slow paths of the locks and conditions, on futexes. */
#include "host/host.h"
#include "host/sync.h"
#include <netbsd/errno.h>

#define SPINS 100

#define RW_WRITER 0x80000000u
#define RW_WAIT 0x40000000u
#define RW_READERS 0x3fffffffu

static inline void
relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

/* --- mutex: after a short spin the state says that somebody sleeps --- */

void
kmutex_lock_slow(struct kmutex *m)
{
	uint32_t state;

	for (int i = 0; i < SPINS; i++) {
		state = atomic_load_explicit(&m->m_state, memory_order_relaxed);
		if (state == 0 &&
		    atomic_compare_exchange_weak_explicit(&m->m_state, &state,
			1, memory_order_acquire, memory_order_relaxed))
			return;
		if (state == 2)
			break;
		relax();
	}
	while (
	    atomic_exchange_explicit(&m->m_state, 2, memory_order_acquire) != 0)
		(void)host_futex_wait(&m->m_state, 2, INT64_MAX);
}

void
kmutex_unlock_slow(struct kmutex *m)
{
	host_futex_wake(&m->m_state, 1);
}

/* --- readers and writers --- */

/*
 * A sleeper notes rw_seq, sets RW_WAIT, looks again whether it still has to
 * wait, and sleeps until rw_seq moves. Who gives the lock free, and finds
 * RW_WAIT, moves rw_seq and wakes all. A reader that only waits for a waiting
 * writer may set RW_WAIT on a free lock: then that writer has still to come
 * and to leave.
 */
static bool
try_read(struct krwlock *rw, uint32_t *statep)
{
	uint32_t s = atomic_load(&rw->rw_state);

	while ((s & RW_WRITER) == 0 && atomic_load(&rw->rw_wwait) == 0) {
		if (atomic_compare_exchange_weak(&rw->rw_state, &s, s + 1))
			return true;
	}
	*statep = s;
	return false;
}

static bool
try_write(struct krwlock *rw, uint32_t *statep)
{
	uint32_t s = atomic_load(&rw->rw_state);

	while ((s & (RW_WRITER | RW_READERS)) == 0) {
		if (atomic_compare_exchange_weak(
			&rw->rw_state, &s, s | RW_WRITER))
			return true;
	}
	*statep = s;
	return false;
}

static void
lock_slow(struct krwlock *rw, bool (*attempt)(struct krwlock *, uint32_t *))
{
	uint32_t s, seq;

	for (int i = 0; i < SPINS; i++) {
		if (attempt(rw, &s))
			return;
		relax();
	}
	for (;;) {
		seq = atomic_load(&rw->rw_seq);
		if (attempt(rw, &s))
			return;
		if ((s & RW_WAIT) == 0 &&
		    !atomic_compare_exchange_strong(
			&rw->rw_state, &s, s | RW_WAIT))
			continue;
		if (attempt(rw, &s))
			return;
		if ((s & RW_WAIT) != 0)
			(void)host_futex_wait(&rw->rw_seq, seq, INT64_MAX);
	}
}

static void
wake_all(struct krwlock *rw)
{
	atomic_fetch_add(&rw->rw_seq, 1);
	host_futex_wake(&rw->rw_seq, INT32_MAX);
}

void
krwlock_rdlock(struct krwlock *rw)
{
	uint32_t s;

	if (!try_read(rw, &s))
		lock_slow(rw, try_read);
}

void
krwlock_wrlock(struct krwlock *rw)
{
	uint32_t s = 0;

	if (atomic_compare_exchange_strong(&rw->rw_state, &s, RW_WRITER))
		return;
	atomic_fetch_add(&rw->rw_wwait, 1);
	lock_slow(rw, try_write);
	atomic_fetch_sub(&rw->rw_wwait, 1);
}

bool
krwlock_tryrd(struct krwlock *rw)
{
	uint32_t s;

	return try_read(rw, &s);
}

bool
krwlock_trywr(struct krwlock *rw)
{
	uint32_t s;

	return try_write(rw, &s);
}

void
krwlock_unlock(struct krwlock *rw)
{
	uint32_t s = atomic_load(&rw->rw_state), next;

	do {
		if ((s & RW_WRITER) != 0)
			next = 0;
		else if ((s & RW_READERS) == 1)
			next = 0;
		else
			next = s - 1;
	} while (!atomic_compare_exchange_weak(&rw->rw_state, &s, next));
	if (next == 0 && (s & RW_WAIT) != 0)
		wake_all(rw);
}

void
krwlock_downgrade(struct krwlock *rw)
{
	if ((atomic_exchange(&rw->rw_state, 1) & RW_WAIT) != 0)
		wake_all(rw);
}

bool
krwlock_wrheld(struct krwlock *rw)
{
	return (atomic_load(&rw->rw_state) & RW_WRITER) != 0;
}

/* --- readers by processor --- */

#define BR_DRAINING 1 /* waits for the readers, awake */
#define BR_SLEEPING 2 /* the same, asleep */
#define BR_HELD 3

/* Those that left are counted first: each of them is among those that came. */
bool
kbrcount_idle(struct kbrcount *c, unsigned stripes)
{
	uint32_t out = 0, in = 0;
	unsigned i;

	for (i = 0; i < stripes; i++)
		out += atomic_load(&c[i].c_out);
	for (i = 0; i < stripes; i++)
		in += atomic_load(&c[i].c_in);
	return in == out;
}

static void
reader_leaves(struct kbrlock *br)
{
	atomic_fetch_add(&br->br_cpu[host_cpu() % KBR_STRIPES].c_out, 1);
	if (atomic_load(&br->br_writer) == BR_SLEEPING) {
		atomic_fetch_add(&br->br_seq, 1);
		host_futex_wake(&br->br_seq, 1);
	}
}

void
kbrlock_rdlock(struct kbrlock *br)
{
	_Atomic uint32_t *in = &br->br_cpu[host_cpu() % KBR_STRIPES].c_in;

	atomic_fetch_add(in, 1);
	if (atomic_load(&br->br_writer) == 0)
		return;
	reader_leaves(br);
	/* While this is held no writer is inside, nor counting. */
	krwlock_rdlock(&br->br_slow);
	atomic_fetch_add(in, 1);
	krwlock_unlock(&br->br_slow);
}

void
kbrlock_wrlock(struct kbrlock *br)
{
	uint32_t seq;

	krwlock_wrlock(&br->br_slow);
	atomic_store(&br->br_writer, BR_DRAINING);
	for (int i = 0; i < SPINS; i++) {
		if (kbrcount_idle(br->br_cpu, KBR_STRIPES))
			goto held;
		relax();
	}
	atomic_store(&br->br_writer, BR_SLEEPING);
	for (;;) {
		seq = atomic_load(&br->br_seq);
		if (kbrcount_idle(br->br_cpu, KBR_STRIPES))
			break;
		(void)host_futex_wait(&br->br_seq, seq, INT64_MAX);
	}
held:
	atomic_store(&br->br_writer, BR_HELD);
}

void
kbrlock_unlock(struct kbrlock *br)
{
	if (atomic_load(&br->br_writer) != BR_HELD) {
		reader_leaves(br);
		return;
	}
	atomic_store(&br->br_writer, 0);
	krwlock_unlock(&br->br_slow);
}

/* --- conditions --- */

uint32_t
kcond_prepare(struct kcond *c)
{
	atomic_fetch_add(&c->c_waiters, 1);
	return atomic_load(&c->c_seq);
}

void
kcond_cancel(struct kcond *c)
{
	atomic_fetch_sub(&c->c_waiters, 1);
}

int
kcond_commit(
    struct kcond *c, struct kmutex *m, uint32_t seq, int64_t deadline_ns)
{
	int error;

	kmutex_exit(m);
	error = host_futex_wait(&c->c_seq, seq, deadline_ns);
	kmutex_enter(m);
	atomic_fetch_sub(&c->c_waiters, 1);
	return error;
}

void
kcond_wait(struct kcond *c, struct kmutex *m)
{
	(void)kcond_commit(c, m, kcond_prepare(c), INT64_MAX);
}

int
kcond_timedwait(struct kcond *c, struct kmutex *m, int64_t deadline_ns)
{
	return kcond_commit(c, m, kcond_prepare(c), deadline_ns);
}

void
kcond_signal(struct kcond *c)
{
	if (atomic_load(&c->c_waiters) == 0)
		return;
	atomic_fetch_add(&c->c_seq, 1);
	host_futex_wake(&c->c_seq, 1);
}

void
kcond_broadcast(struct kcond *c)
{
	if (atomic_load(&c->c_waiters) == 0)
		return;
	atomic_fetch_add(&c->c_seq, 1);
	host_futex_wake(&c->c_seq, INT32_MAX);
}
