/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions called later. All callouts of a kernel run on its one timer thread, which starts with the first use; a
 * function must not sleep for long and may schedule its own callout again.
 *
 * A callout belongs to who declares it. Before its memory goes: callout_halt.
 */
#ifndef KERN_CALLOUT_H
#define KERN_CALLOUT_H

#include "kern/kernel.h"

struct callout {
	void (*c_func)(void *);
	void *c_arg;
	int64_t c_when_ns; /* monotonic; under the timers' lock from here on */
	size_t c_index;	   /* place in the heap, from 1; 0: not scheduled */
	struct rump_kernel *c_k;
};

void callout_init(
    struct callout *, struct rump_kernel *, void (*fn)(void *), void *arg);
/*
 * (Re)schedules for a monotonic time; one that is past runs at once. Any lock but the timers' own may be held. -ENOMEM
 * (no room in the heap), or what starting the thread gave; -ESHUTDOWN when the kernel halts. Then nothing is scheduled.
 */
int callout_schedule_abs(struct callout *, int64_t when_ns) MUST_CHECK;
int callout_schedule(struct callout *, int64_t delay_ns) MUST_CHECK;
/* Takes it off; true if it was scheduled. The function may be running, or run to its end, after that. */
bool callout_stop(struct callout *);
/*
 * Takes it off, and waits until the function is not running (unless called by the function itself). The caller holds no
 * lock that the function takes. A function that schedules itself again must be kept from it by its owner's own flag.
 */
void callout_halt(struct callout *);
bool callout_pending(struct callout *);
/* When the first is due; INT64_MAX: nothing is scheduled. */
int64_t callout_next(struct rump_kernel *);
/* Runs, in the caller's thread, what is due by now. For kernels with kc_manualtime; one caller at a time. How many were run. */
unsigned callout_run(struct rump_kernel *, int64_t now_ns);
/* Only the first that is due. False: none is. */
bool callout_runone(struct rump_kernel *, int64_t now_ns);
/* Waits until the function that runs now, whosever it is, has returned (not if it is the caller). The caller holds no lock that it takes. */
void callout_drain(struct rump_kernel *);

/* For kern/services.c. */
int timers_init(struct rump_kernel *) MUST_CHECK;
void timers_fini(struct rump_kernel *);
/* Interval timers of a process that goes away (proc_exit). */
void timers_procexit(struct proc *);

#endif
