/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the block map said last, by processor: readers of large files ask the cache of indirect blocks, which all files of the mount share, once for a
 * run of blocks and not once a call.
 *
 * A note is good as long as the map's generation, changed with the vnode held exclusively, is the one it was made in. Only blocks that are there are noted: a
 * hole that is filled, and a file that grows, change nothing that was noted.
 */
#include "fs/ffs/ffs.h"

#define NSTRIPES 4

struct note {
	struct kmutex n_lock; /* nearly always free: only tried */
	uint32_t n_gen;
	int64_t n_lbn, n_frag, n_run;
	char n_pad[96]; /* two are never in one cache line */
};
struct runs {
	struct note r_notes[NSTRIPES];
};

static struct note *
mine(struct runs *r)
{
	struct note *n = &r->r_notes[host_cpu() % NSTRIPES];

	return kmutex_tryenter(&n->n_lock) ? n : NULL;
}

static bool
noted(const struct inode *ip, int64_t lbn)
{
	return lbn >= UFS_NDADDR && ip->i_vnode->v_type == VREG;
}

bool
ffs_runs_find(
    struct inode *ip, int64_t lbn, int64_t *max, int64_t *fragp, int64_t *runp)
{
	struct runs *r = atomic_load_explicit(&ip->i_runs, memory_order_acquire);
	bool found = false;
	struct note *n;
	int64_t at;

	if (r == NULL || !noted(ip, lbn) || (n = mine(r)) == NULL)
		return false;
	at = lbn - n->n_lbn;
	if (n->n_run == 0 || n->n_gen != ip->i_mapgen || at < 0) {
		found = false;
	} else if (at < n->n_run) {
		*fragp = n->n_frag + blkstofrags(&ip->i_ump->um_fs, at);
		*runp = n->n_run - at < *max ? n->n_run - at : *max;
		found = true;
	} else if (at == n->n_run) {
		/* One after the other: as far as the indirect block tells. */
		*max = INT32_MAX;
	}
	kmutex_exit(&n->n_lock);
	return found;
}

void
ffs_runs_note(struct inode *ip, int64_t lbn, int64_t frag, int64_t run)
{
	struct rump_kernel *k = ip->i_ump->um_k;
	struct runs *r, *none = NULL;
	struct note *n;

	if (frag == 0 || !noted(ip, lbn))
		return;
	r = atomic_load_explicit(&ip->i_runs, memory_order_acquire);
	if (r == NULL) {
		/* Without memory it is asked every time. */
		if ((r = kmem_zalloc(k, sizeof(*r))) == NULL)
			return;
		if (!atomic_compare_exchange_strong(&ip->i_runs, &none, r)) {
			kmem_free(k, r, sizeof(*r));
			r = none;
		}
	}
	if ((n = mine(r)) == NULL)
		return;
	n->n_gen = ip->i_mapgen;
	n->n_lbn = lbn;
	n->n_frag = frag;
	n->n_run = run;
	kmutex_exit(&n->n_lock);
}

void
ffs_runs_free(struct inode *ip)
{
	struct runs *r = atomic_load(&ip->i_runs);

	if (r != NULL)
		kmem_free(ip->i_ump->um_k, r, sizeof(*r));
}
