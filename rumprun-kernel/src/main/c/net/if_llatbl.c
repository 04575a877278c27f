/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of neighbours: hashed by address, bounded. Contracts: net/if_llatbl.h.
 *
 * An entry lives by its references: the table's, and one of its timer while that is scheduled or its function is under way. A table goes with its
 * interface (net lock exclusive); a timer's function that waits for the net lock meanwhile finds its entry unlinked, and frees it.
 */
#include "net/if_llatbl.h"
#include "net/mbuf.h"

#define MINSIZE 16
#define MAXSIZE (1u << 16)

static uint32_t
hash(const struct lltable *llt, const void *addr)
{
	uint32_t h, w[4];

	if (llt->llt_af == AF_INET) {
		memcpy(w, addr, 4);
		h = w[0];
	} else {
		memcpy(w, addr, 16);
		h = w[0] * 31 + w[1];
		h = (h * 31 + w[2]) * 31 + w[3];
	}
	h ^= h >> 16;
	h *= 0x9e3779b1u;
	return h >> 15;
}

static size_t
addrlen(const struct lltable *llt)
{
	return llt->llt_af == AF_INET ? 4 : 16;
}

static struct llentry **
bucket(struct lltable *llt, const void *addr)
{
	return &llt->llt_bucket[hash(llt, addr) & (llt->llt_size - 1)];
}

/* --- entries --- */

struct llentry *
lle_find(struct lltable *llt, const void *addr)
{
	struct llentry *lle;

	for (lle = *bucket(llt, addr); lle != NULL; lle = lle->lle_next)
		if (memcmp(&lle->lle_addr, addr, addrlen(llt)) == 0)
			break;
	return lle;
}

/* Twice the buckets; without memory they stay as they are. */
static void
grow(struct lltable *llt)
{
	struct rump_kernel *k = llt->llt_k;
	unsigned oldsize = llt->llt_size;
	struct llentry **old = llt->llt_bucket, **new, *lle, **to;

	if (oldsize >= MAXSIZE ||
	    (new = kmem_calloc(k, oldsize * 2, sizeof(*new))) == NULL)
		return;
	llt->llt_bucket = new;
	llt->llt_size = oldsize * 2;
	for (unsigned i = 0; i < oldsize; i++)
		while ((lle = old[i]) != NULL) {
			old[i] = lle->lle_next;
			to = bucket(llt, &lle->lle_addr);
			lle->lle_next = *to;
			*to = lle;
		}
	kmem_free(k, old, oldsize * sizeof(*old));
}

/* Not confirmed by an answer: those who make up neighbours push out one another. */
static bool
idle(const struct llentry *lle)
{
	return !lle->lle_valid ||
	    (lle->lle_tbl->llt_af == AF_INET6 &&
		lle->lle_state != ND6_LLINFO_REACHABLE);
}

/* Makes room: the one that was made first, of those that need not stay, the idle before others. False: all must. */
static bool
evict(struct lltable *llt)
{
	struct llentry *oldest = NULL, *lle;

	for (unsigned i = 0; i < llt->llt_size; i++)
		for (lle = llt->llt_bucket[i]; lle != NULL; lle = lle->lle_next)
			if ((lle->lle_flags & (LLE_STATIC | LLE_IFADDR)) == 0 &&
			    (oldest == NULL ||
				(idle(lle) != idle(oldest) ?
					idle(lle) :
					lle->lle_serial < oldest->lle_serial)))
				oldest = lle;
	if (oldest == NULL)
		return false;
	lle_remove(oldest);
	return true;
}

void
lltable_shrink(struct lltable *llt, unsigned most)
{
	while (llt->llt_count > most && evict(llt))
		continue;
}

struct llentry *
lle_create(struct lltable *llt, const void *addr)
{
	struct llentry *lle, **to;

	if (llt->llt_count >= llt->llt_max && !evict(llt))
		return NULL;
	if ((lle = kmem_zalloc(llt->llt_k, sizeof(*lle))) == NULL)
		return NULL;
	if (llt->llt_count >= llt->llt_size * 2)
		grow(llt);
	lle->lle_k = llt->llt_k;
	lle->lle_tbl = llt;
	lle->lle_refs = 1;
	lle->lle_linked = true;
	lle->lle_serial = llt->llt_serial++;
	memcpy(&lle->lle_addr, addr, addrlen(llt));
	to = bucket(llt, addr);
	lle->lle_next = *to;
	*to = lle;
	llt->llt_count++;
	return lle;
}

void
lle_put(struct llentry *lle)
{
	if (--lle->lle_refs > 0)
		return;
	m_freepkts(lle->lle_hold);
	kmem_free(lle->lle_k, lle, sizeof(*lle));
}

void
lle_remove(struct llentry *lle)
{
	struct lltable *llt = lle->lle_tbl;
	struct llentry **lp;

	if (!lle->lle_linked)
		return;
	for (lp = bucket(llt, &lle->lle_addr); *lp != lle; lp = &(*lp)->lle_next)
		continue;
	*lp = lle->lle_next;
	lle->lle_next = NULL;
	lle->lle_linked = false;
	llt->llt_count--;
	if (llt->llt_free_entry != NULL)
		llt->llt_free_entry(llt, lle);
	m_freepkts(lle->lle_hold);
	lle->lle_hold = NULL;
	lle->lle_numheld = 0;
	if (lle->lle_timer.c_func != NULL && callout_stop(&lle->lle_timer))
		lle_put(lle);
	lle_put(lle);
}

/* --- tables --- */

int
lltable_create(struct ifnet *ifp, int af, unsigned max, struct lltable **lltp)
{
	struct lltable *llt = kmem_zalloc(ifp->if_k, sizeof(*llt));

	if (llt == NULL)
		return -ENOMEM;
	llt->llt_bucket = kmem_calloc(
	    ifp->if_k, MINSIZE, sizeof(*llt->llt_bucket));
	if (llt->llt_bucket == NULL) {
		kmem_free(ifp->if_k, llt, sizeof(*llt));
		return -ENOMEM;
	}
	llt->llt_k = ifp->if_k;
	llt->llt_ifp = ifp;
	llt->llt_af = af;
	llt->llt_size = MINSIZE;
	llt->llt_max = max;
	*lltp = llt;
	return 0;
}

void
lltable_destroy(struct lltable *llt)
{
	kmutex_enter(&llt->llt_lock);
	for (unsigned i = 0; i < llt->llt_size; i++)
		while (llt->llt_bucket[i] != NULL)
			lle_remove(llt->llt_bucket[i]);
	kmutex_exit(&llt->llt_lock);
	kmem_free(llt->llt_k, llt->llt_bucket,
	    llt->llt_size * sizeof(*llt->llt_bucket));
	kmem_free(llt->llt_k, llt, sizeof(*llt));
}

int
lltable_foreach(
    struct lltable *llt, int (*fn)(struct llentry *, void *), void *arg)
{
	struct llentry *lle, *next;
	int error = 0;

	kmutex_enter(&llt->llt_lock);
	for (unsigned i = 0; i < llt->llt_size && error == 0; i++)
		for (lle = llt->llt_bucket[i]; lle != NULL && error == 0;
		     lle = next) {
			next = lle->lle_next;
			error = fn(lle, arg);
		}
	kmutex_exit(&llt->llt_lock);
	return error;
}

static bool
matches(const struct lltable *llt, const struct llentry *lle,
    const uint8_t *prefix, unsigned plen)
{
	const uint8_t *a = (const uint8_t *)&lle->lle_addr;
	unsigned max = (unsigned)addrlen(llt) * 8;

	if (plen > max)
		plen = max;
	if (memcmp(a, prefix, plen / 8) != 0)
		return false;
	return plen % 8 == 0 ||
	    ((a[plen / 8] ^ prefix[plen / 8]) >> (8 - plen % 8)) == 0;
}

void
lltable_purge(
    struct lltable *llt, const void *prefix, unsigned plen, bool statics)
{
	struct llentry *lle, *next;

	kmutex_enter(&llt->llt_lock);
	for (unsigned i = 0; i < llt->llt_size; i++)
		for (lle = llt->llt_bucket[i]; lle != NULL; lle = next) {
			next = lle->lle_next;
			if ((statics || (lle->lle_flags & LLE_STATIC) == 0) &&
			    matches(llt, lle, prefix, plen))
				lle_remove(lle);
		}
	kmutex_exit(&llt->llt_lock);
}
