/* SPDX-License-Identifier: BSD-2-Clause */
/* What kern/callout.c and kern/timer.c share. */
#ifndef KERN_TIMER_STATE_H
#define KERN_TIMER_STATE_H

#include "kern/callout.h"

struct ptimers;

struct timer_state {
	struct kmutex ts_lock;
	struct kcond ts_cond;	  /* the root of the heap changed */
	struct kcond ts_idle;	  /* a function returned */
	struct callout **ts_heap; /* from 1 */
	size_t ts_count, ts_size;
	struct callout *ts_running;
	uint32_t ts_runner; /* host thread */
	unsigned ts_ran;    /* functions that returned */
	struct kern_thread *ts_thread;
	bool ts_starting, ts_stop;

	struct kmutex ts_proclock; /* the list, and every process' timers */
	struct ptimers *ts_procs;
};

void itimers_fini(struct rump_kernel *);

#endif
