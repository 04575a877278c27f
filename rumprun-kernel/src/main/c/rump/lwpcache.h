/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lwps of one process kept for the next call, whichever thread makes it. A
 * call takes one out, or makes one, and puts it back.
 */
#ifndef RUMP_LWPCACHE_H
#define RUMP_LWPCACHE_H

#include "kern/kernel.h"

#define LWPCACHE_SLOTS 8

/* Each on a line of its own, so that threads do not slow each other down. */
struct lwpcache {
	struct {
		struct lwp *_Atomic l;
		char pad[64 - sizeof(void *)];
	} lc_slot[LWPCACHE_SLOTS];
};

/* Where the calling thread looks first: its stack tells threads apart. */
static inline unsigned
lwpcache_start(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	return (unsigned)(here >> 16 ^ here >> 20 ^ here >> 23);
}

static inline int
lwpcache_take(struct lwpcache *c, struct proc *p, struct lwp **lp)
{
	unsigned start = lwpcache_start();

	for (unsigned i = 0; i < LWPCACHE_SLOTS; i++) {
		struct lwp *_Atomic
		    *slot = &c->lc_slot[(start + i) % LWPCACHE_SLOTS].l;

		if (atomic_load_explicit(slot, memory_order_relaxed) == NULL)
			continue;
		*lp = atomic_exchange_explicit(slot, NULL, memory_order_acquire);
		if (*lp != NULL) {
			if (atomic_load_explicit(
				&(*lp)->l_flags, memory_order_relaxed) != 0)
				atomic_fetch_and(&(*lp)->l_flags, ~L_INTR);
			return 0;
		}
	}
	return lwp_create(p, lp);
}

static inline void
lwpcache_give(struct lwpcache *c, struct lwp *l)
{
	unsigned start = lwpcache_start();

	for (unsigned i = 0; i < LWPCACHE_SLOTS; i++) {
		struct lwp *_Atomic
		    *slot = &c->lc_slot[(start + i) % LWPCACHE_SLOTS].l;
		struct lwp *none = NULL;

		if (atomic_load_explicit(slot, memory_order_relaxed) == NULL &&
		    atomic_compare_exchange_strong_explicit(slot, &none, l,
			memory_order_release, memory_order_relaxed))
			return;
	}
	lwp_destroy(l);
}

/* Nobody takes or gives any more. destroy false: the kernel frees them. */
static inline void
lwpcache_clear(struct lwpcache *c, bool destroy)
{
	for (int i = 0; i < LWPCACHE_SLOTS; i++) {
		struct lwp *l = atomic_exchange(&c->lc_slot[i].l, NULL);

		if (l != NULL && destroy)
			lwp_destroy(l);
	}
}

#endif
