/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks and conditions on futexes: small (4 to 12 bytes), zero-initialized is ready, nothing to destroy.
 * Not recursive. Lock order: kern/locks.h. The slow paths are in host/sync.c.
 */
#ifndef HOST_SYNC_H
#define HOST_SYNC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct kmutex {
	_Atomic uint32_t m_state; /* 0 free, 1 held, 2 held and waited for */
};
struct kcond {
	_Atomic uint32_t c_seq;
	_Atomic uint32_t c_waiters;
};
/* Many readers or one writer; a waiting writer holds off new readers. */
struct krwlock {
	_Atomic uint32_t
	    rw_state; /* readers, or RW_WRITER; and RW_WAIT when somebody sleeps */
	_Atomic uint32_t rw_wwait; /* writers waiting */
	_Atomic uint32_t rw_seq;   /* what sleepers wait on */
};

void kmutex_lock_slow(struct kmutex *);
void kmutex_unlock_slow(struct kmutex *);

static inline void
kmutex_enter(struct kmutex *m)
{
	uint32_t zero = 0;

	if (!atomic_compare_exchange_strong_explicit(&m->m_state, &zero, 1,
		memory_order_acquire, memory_order_relaxed))
		kmutex_lock_slow(m);
}

static inline bool
kmutex_tryenter(struct kmutex *m)
{
	uint32_t zero = 0;

	return atomic_compare_exchange_strong_explicit(
	    &m->m_state, &zero, 1, memory_order_acquire, memory_order_relaxed);
}

static inline void
kmutex_exit(struct kmutex *m)
{
	if (atomic_exchange_explicit(&m->m_state, 0, memory_order_release) == 2)
		kmutex_unlock_slow(m);
}

/* For assertions only. */
static inline bool
kmutex_held(struct kmutex *m)
{
	return atomic_load_explicit(&m->m_state, memory_order_relaxed) != 0;
}

void krwlock_rdlock(struct krwlock *);
void krwlock_wrlock(struct krwlock *);
bool krwlock_tryrd(struct krwlock *);
bool krwlock_trywr(struct krwlock *);
void krwlock_unlock(struct krwlock *); /* either kind */
void krwlock_downgrade(
    struct krwlock *);		       /* writer becomes reader, never sleeps */
bool krwlock_wrheld(struct krwlock *); /* for assertions */

/*
 * The same for what many threads read at once: readers count themselves by processor, each in a cache line of its own, so that they do not get
 * in each other's way; a writer looks at all of them. A reader may leave on another processor than it came on: both are counted, and
 * nobody is inside when as many left as came.
 */
#define KBR_STRIPES 4
struct kbrcount {
	_Atomic uint32_t c_in, c_out;
	char c_pad[56];
};
struct kbrlock {
	_Atomic uint32_t br_writer; /* 0, or what one is doing: BR_* in sync.c */
	_Atomic uint32_t br_seq;    /* what it sleeps on */
	struct krwlock br_slow;	    /* writers, and readers that met one */
	char br_pad[64];
	struct kbrcount br_cpu[KBR_STRIPES];
};
void kbrlock_rdlock(struct kbrlock *);
void kbrlock_wrlock(struct kbrlock *);
void kbrlock_unlock(struct kbrlock *); /* either kind */
/* For counting alone: is nobody between in and out? Who comes later is not seen. */
bool kbrcount_idle(struct kbrcount *, unsigned stripes);

/*
 * Raw waits (uninterruptible; kernel code that sleeps for a process uses kern_wait in kern/lwp.h). The mutex is held on
 * entry and exit. Spurious wake-ups happen: loop. kcond_timedwait: absolute monotonic deadline, -ETIMEDOUT when past.
 */
void kcond_wait(struct kcond *, struct kmutex *);
int kcond_timedwait(struct kcond *, struct kmutex *, int64_t deadline_ns);
void kcond_signal(struct kcond *);
void kcond_broadcast(struct kcond *);

/*
 * kcond_wait in two steps, for waiters that look at something else in between (kern_wait): a signal sent after kcond_prepare ends the
 * kcond_commit. Every prepare is followed by one commit or one cancel.
 */
uint32_t kcond_prepare(struct kcond *);
int kcond_commit(
    struct kcond *, struct kmutex *, uint32_t seq, int64_t deadline_ns);
void kcond_cancel(struct kcond *);

#endif
