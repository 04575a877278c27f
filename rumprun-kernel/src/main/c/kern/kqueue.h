/* SPDX-License-Identifier: BSD-2-Clause */
/* What kern/kqueue.c and kern/kqfilter.c share. */
#ifndef KERN_KQUEUE_H
#define KERN_KQUEUE_H

#include "kern/file.h"

struct proc;

struct kqueue {
	struct rump_kernel *kq_k;
	struct filedesc *kq_fdp; /* compared only: whose descriptors it watches */
	struct proc *kq_proc;	 /* whose signals */
	struct kmutex kq_lock;
	struct kcond kq_cond; /* something was queued; a knote is not BUSY any more */
	struct selinfo kq_sel;
	struct knote *kq_head, **kq_tailp; /* queued, by kn_activenext */
	size_t kq_count;
	int kq_level, kq_watched;  /* of kqueues in kqueues, under k_kqlock */
	struct knote *kq_hash[64]; /* by ident, under k_kqlock */
};

/* It fired. Any lock above kq_lock may be held. */
void knote_activate(struct knote *);
/* Attaches filters that are about no file; -EINVAL: not one of them. */
int kqfilter_nofile(struct lwp *, struct knote *) MUST_CHECK;

#endif
