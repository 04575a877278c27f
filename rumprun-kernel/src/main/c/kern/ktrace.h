/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ktrace(2): what processes do, as records in a file.
 *
 * A session is a file that any number of processes are traced to. Records are made where things happen, with any lock held, and wait in the session's queue;
 * they are written where a call begins and ends, by the thread that traces, when it holds nothing. So there is no thread, a traced write into the
 * trace file is no circle, and what a process did is in the file when its call is over. A session whose file cannot be written ends, with a line on the console.
 */
#ifndef KERN_KTRACE_H
#define KERN_KTRACE_H

#include <netbsd/ktrace.h>
#include "kern/kernel.h"

/* Is this kind (KTR_*) of record wanted of the process? One load when nobody traces. */
static inline bool
ktr_wants(struct proc *p, int type)
{
	return (atomic_load_explicit(&p->p_traceflag, memory_order_relaxed) &
		   (1u << type)) != 0;
}

/* For kern_syscall, around a call of a traced process. */
void ktr_enter(struct lwp *, int num, const void *args);
void ktr_leave(struct lwp *, int num, int error, const register_t rv[2]);
/* A path that is looked up; what was moved, from the user's memory; a signal; a name of sysctl; going to sleep and coming back. If wanted. */
void ktr_namei(struct lwp *, const char *path);
void ktr_genio(
    struct lwp *, int fd, bool write, const struct iovec *, int cnt, size_t n);
void ktr_psig(struct proc *, int signo);
void ktr_mib(struct lwp *, const int *name, unsigned namelen);
void ktr_csw(struct lwp *, bool out);
/* Which system's binaries: when tracing begins, and at exec. */
void ktr_emul(struct proc *);

/* A child takes part if its parent says so; a process that ends leaves. */
void ktr_fork(struct proc *parent, struct proc *child);
void ktr_exit(struct lwp *, struct proc *);

#endif
