/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is behind the handles of <rumprun/rumprun.h>.
 *
 * A handle of a process counts the calls in progress on it (rp_users), so that
 * the kernel's halt can take the process away from under it: it marks the
 * handle, waits for that count, and leaves a handle that fails. The handle of
 * a kernel lives as long as one of its processes' handles.
 */
#ifndef RUMP_HANDLE_H
#define RUMP_HANDLE_H

#include "kern/kernel.h"
#include "rump/lwpcache.h"
#include "tool/sleepers.h"
#include <rumprun/rumprun.h>

struct proxy_client;

/* A thread that is in one of the caller's functions, or may be: in its frame. */
struct inside {
	struct inside *in_next;
	uint32_t in_thread;
};

struct insiders {
	struct kmutex is_lock;
	struct inside *is_first;
};

/* A tool that runs, in the frame of who runs it. */
struct running {
	struct running *ru_next;
	_Atomic int *ru_interrupt; /* which one it is */
	struct tool_sleepers ru_sleepers;
};

struct rumprun_kernel {
	struct kmutex rk_lock;	  /* the list, rk_k, rk_refs */
	struct rump_kernel *rk_k; /* NULL: halted */
	struct rumprun_proc *rk_procs;
	int rk_refs;
	_Atomic int rk_reboot;
	struct insiders rk_inside; /* in the console's function */
	rumprun_console *rk_console;
	void *rk_ctx;
};

struct rumprun_clock {
	struct vclock *rc_clock;
};

struct rumprun_proc {
	struct rumprun_kernel *rp_kernel; /* NULL: remote */
	struct rumprun_proc *rp_next;
	struct proc *rp_proc; /* NULL: halted */
	_Atomic uint32_t rp_users;
	_Atomic bool rp_dead;
	struct lwpcache rp_lwps;
	struct insiders rp_inside; /* running a tool */
	struct kmutex rp_runlock;
	struct running *rp_running;
	struct proxy_client *rp_client;
	char *rp_url;
};

/* A use of the handle's process; -ESHUTDOWN when there is none any more. */
int rumprun_enter(struct rumprun_proc *) MUST_CHECK;
void rumprun_leave(struct rumprun_proc *);
/*
 * Around what calls the caller's functions: ending the handle waits for it, so
 * that such a function cannot be the one that ends it.
 */
void rumprun_inside_begin(struct insiders *, struct inside *);
void rumprun_inside_end(struct insiders *, struct inside *);
/* Is the calling thread one of them? */
bool rumprun_inside(struct insiders *);
/* Interrupts every tool that runs as its child. */
void rumprun_tools_shut(struct rumprun_proc *);
/* A call with the block's full size readable. */
int rumprun_call(struct rumprun_proc *, int num, const void *args,
    size_t argsize, register_t rv[2]) MUST_CHECK;

#endif
