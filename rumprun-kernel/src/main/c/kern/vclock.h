/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual time: a clock that any number of kernels share, and that moves when it is told to, or when nobody has anything else to do.
 *
 * What is due runs in order of time, over all kernels of the clock: callouts first (of the kernels in the order in which they booted, each until nothing
 * of it is due), then the sleeps that end, one by one, each with all that its thread does until it sleeps again or leaves the kernel. Delayed frames of wires are
 * callouts of the kernels that receive them.
 *
 * A clock is automatic unless told otherwise: when a thread sleeps in a call, and no other thread is in a call of one of these kernels, time goes on to
 * what is due next. A thread that has just left a call may be about to make the next one: it is waited for, VCLOCK_GRACE_NS of the host's time, and up to
 * VCLOCK_PATIENCE times as long if it is not asleep then. With one thread there is never such a wait, and all that happens follows from the clock's seed and the
 * calls.
 *
 * Locks: vc_lock is below every lock but the timers' own of a kernel and the host's.
 */
#ifndef KERN_VCLOCK_H
#define KERN_VCLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "host/host.h"
#include "kern/locks.h"

/* Where CLOCK_MONOTONIC of such a kernel begins: nothing is taken for never. */
#define VCLOCK_BOOT_NS INT64_C(1000000000000)
#define VCLOCK_GRACE_NS INT64_C(100000000)
#define VCLOCK_PATIENCE 30

struct lwp;
struct rump_kernel;
struct vsleep;
struct vthread;

struct vclock {
	_Atomic int64_t vc_now; /* monotonic */
	_Atomic int64_t
	    vc_walloff; /* what makes it the wall clock's time; constant */
	_Atomic bool
	    vc_due; /* something may be due by now, besides what time brings */
	_Atomic uint32_t vc_refs;
	_Atomic uint32_t vc_booted; /* kernels, ever */
	uint64_t vc_seed;

	struct kmutex vc_lock;
	struct kcond vc_cond;		/* anything below changed */
	struct rump_kernel *vc_kernels; /* by k_clocknext, as they booted */
	struct rump_kernel *vc_current; /* its callouts run now */
	struct vthread *vc_threads; /* in a call, or out of it for a short time */
	struct vsleep *vc_sleeps, **vc_sleeptail; /* as they began */
	unsigned vc_awake; /* threads in a call that do not sleep */
	unsigned vc_asleep; /* sleeps that are not those of kernels' own threads */
	unsigned vc_holds;
	bool vc_auto, vc_stop;
	bool vc_stepping; /* somebody moves time, or runs what is due */
	uint32_t vc_stepper;
	bool vc_running;     /* callouts run: threads wait before they go on */
	int64_t vc_lastcall; /* vc_now when a thread last did anything */
	int64_t vc_changed;  /* the host's time of the same */
	unsigned vc_burst;   /* callouts run at this very time */
	struct host_thread *vc_thread;
};

/* realtime_ns: what the wall clock shows first, since 1970. seed: of the kernels' randomness; 0: any. -ENOMEM, -EAGAIN. */
int vclock_create(
    int64_t realtime_ns, uint64_t seed, struct vclock **) MUST_CHECK;
/* A reference goes. Kernels have one each. */
void vclock_put(struct vclock *);
/* The wall clock's time. */
int64_t vclock_realtime(struct vclock *);
/*
 * Time moves on, and what is due until then runs; returns when all of it has. 0; -EINVAL: backwards or too far; -EBUSY: the caller is inside of what
 * the clock runs, or in a call.
 */
int vclock_advance(struct vclock *, int64_t ns) MUST_CHECK;
void vclock_setauto(struct vclock *, bool on);
/* It stands still, but for vclock_advance, until each hold has been released. */
/* Threads asleep in calls. */
unsigned vclock_asleep(struct vclock *);
void vclock_hold(struct vclock *);
int vclock_release(struct vclock *); /* -EINVAL: there is none */

/* For a kernel: its reference, and its randomness. */
void vclock_get(struct vclock *, struct rump_kernel *);
/* Its callouts run from now on, and no more. */
void vclock_attach(struct rump_kernel *);
void vclock_detach(struct rump_kernel *);
/* The calling thread makes a call; has made it. Calls nest. */
void vclock_enter(struct vclock *);
void vclock_leave(struct vclock *);
/* kcond_commit for lwps of such kernels. -EWOULDBLOCK past the deadline. */
int vclock_sleep(struct lwp *, struct kcond *, struct kmutex *, uint32_t seq,
    int64_t deadline_ns) MUST_CHECK;

static inline int64_t
vclock_now(struct vclock *c)
{
	return atomic_load_explicit(&c->vc_now, memory_order_acquire);
}

#endif
