/* SPDX-License-Identifier: BSD-2-Clause */
/* One call of poll, select or the like, and its waits (kern/selinfo.c). */
#ifndef KERN_POLLCTX_H
#define KERN_POLLCTX_H

#include "kern/file.h"

struct pollctx;

struct selwait {
	struct selwait *sw_next, **sw_prevp; /* of si_waiters, under si_lock */
	struct selwait *sw_ctxnext;
	struct selinfo *sw_si;
	struct pollctx *sw_ctx;
};

#define PX_INLINE 8
struct pollctx {
	struct kmutex px_lock;
	struct kcond px_cond;
	bool px_fired;	/* under px_lock */
	bool px_failed; /* no memory for a wait */
	struct selwait *px_waits;
	int px_ninline;
	struct selwait px_inline[PX_INLINE];
};

void pollctx_init(struct pollctx *, struct lwp *);
void pollctx_reset(struct pollctx *);
int pollctx_wait(struct pollctx *, struct lwp *, int64_t deadline_ns) MUST_CHECK;
void pollctx_clear(struct pollctx *, struct lwp *);
void pollctx_fini(struct pollctx *, struct lwp *);

#endif
