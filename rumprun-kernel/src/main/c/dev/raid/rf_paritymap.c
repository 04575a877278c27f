/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parity map: which regions of the set had writes, so that only their parity is in doubt after a crash.
 *
 * A region's bit is on all components before the first write to it goes out, and stays until nothing was written there for some ticks. Who begins a write counts
 * himself in, then looks at the bit; who clears takes the bit away, then looks whether somebody was counted: one of them sees the other.
 */
#include "dev/disk_private.h"
#include "dev/raid/rf_var.h"

#define COOLDOWN 8
#define TICK_MS 40000
#define MAXCOOLDOWN 128
#define MAXAHEAD 64
/* Smaller regions are not worth their bits. */
#define MINREGION ((uint64_t)16 << 20)

static unsigned
region_of(const struct rf_paritymap *pm, uint64_t off)
{
	return (unsigned)(off / pm->pm_regionsize);
}

static uint64_t
set_size(const struct rf_set *r)
{
	return r->r_nstripes * r->r_ndata * r->r_su;
}

/* --- on the media -------------------------------------------------------------------- */

static void
bits_now(const struct rf_paritymap *pm, uint8_t bits[RF_PARITYMAP_NBYTE])
{
	memset(bits, 0, RF_PARITYMAP_NBYTE);
	for (unsigned i = 0; i < pm->pm_regions; i++)
		if (atomic_load(&pm->pm_dirty[i]) ||
		    atomic_load(&pm->pm_stale[i]))
			bits[i / 8] |= (uint8_t)(1u << i % 8);
}

static int
write_bits(
    struct rf_set *r, struct rf_comp *c, const uint8_t bits[RF_PARITYMAP_NBYTE])
{
	int error;

	if (c->c_dev == NULL)
		return -ENXIO;
	error = blkdev_write(
	    c->c_dev, bits, RF_PARITYMAP_NBYTE, rf_map_offset(r->r_secsize));
	return error != 0 ? error : blkdev_sync(c->c_dev);
}

/* To all that live. Who cannot take it fails. pm_lock. */
static int
write_all(struct rf_set *r, const uint8_t bits[RF_PARITYMAP_NBYTE])
{
	for (unsigned i = 0; i < r->r_ncols; i++) {
		struct rf_comp *c = r->r_cols[i].rc_comp;

		if (atomic_load(&r->r_cols[i].rc_dead))
			continue;
		if (write_bits(r, c, bits) != 0 && !rf_comp_failed(r, i, c))
			return -EIO;
	}
	return 0;
}

int
rf_pm_write_to(struct rf_set *r, struct rf_comp *c)
{
	uint8_t bits[RF_PARITYMAP_NBYTE];

	if (r->r_pm == NULL || !r->r_pm->pm_enabled)
		return 0;
	bits_now(r->r_pm, bits);
	return write_bits(r, c, bits);
}

/* --- coming and going ------------------------------------------------------------------- */

static void
parameters(struct rf_set *r, const struct RF_ComponentLabel_s *l)
{
	struct rf_paritymap *pm = r->r_pm;
	uint64_t size = set_size(r), regions = size / MINREGION;

	pm->pm_cooldown = COOLDOWN;
	pm->pm_tickms = TICK_MS;
	pm->pm_regions = (unsigned)(regions < 1 ? 1 :
		regions > RF_PARITYMAP_NREG	? RF_PARITYMAP_NREG :
						  regions);
	if (l != NULL &&
	    (l->parity_map_flags & (RF_PMLABEL_VALID | RF_PMLABEL_WASUSED)) !=
		0) {
		if (l->parity_map_ntick > 0 &&
		    l->parity_map_ntick <= MAXCOOLDOWN)
			pm->pm_cooldown = l->parity_map_ntick;
		if (l->parity_map_tickms > 0)
			pm->pm_tickms = l->parity_map_tickms;
		if (l->parity_map_regions > 0 &&
		    l->parity_map_regions <= RF_PARITYMAP_NREG)
			pm->pm_regions = l->parity_map_regions;
	}
	pm->pm_nextregions = pm->pm_regions;
	pm->pm_regionsize = (size + pm->pm_regions - 1) / pm->pm_regions +
	    r->r_secsize - 1;
	pm->pm_regionsize -= pm->pm_regionsize % r->r_secsize;
}

/* False: a live component's map is not to be relied on. */
static bool
read_maps(struct rf_set *r)
{
	struct rf_paritymap *pm = r->r_pm;
	uint8_t bits[RF_PARITYMAP_NBYTE];

	for (unsigned i = 0; i < r->r_ncols; i++) {
		struct rf_comp *c = r->r_cols[i].rc_comp;
		const struct RF_ComponentLabel_s *l = &c->c_label;

		if (atomic_load(&r->r_cols[i].rc_dead))
			continue;
		if ((l->parity_map_flags & RF_PMLABEL_VALID) == 0 ||
		    l->parity_map_modcount != l->mod_counter ||
		    l->parity_map_regions != pm->pm_regions ||
		    blkdev_read(c->c_dev, bits, sizeof(bits),
			rf_map_offset(r->r_secsize)) != 0)
			return false;
		for (unsigned k = 0; k < pm->pm_regions; k++)
			if ((bits[k / 8] >> k % 8 & 1) != 0)
				atomic_store(&pm->pm_stale[k], 1);
	}
	return true;
}

int
rf_pm_attach(struct rf_set *r, bool fresh, bool clean)
{
	const struct RF_ComponentLabel_s *l = NULL;
	struct rf_paritymap *pm;

	if (!rf_redundant(r))
		return 0;
	pm = r->r_pm = kmem_zalloc(r->r_k, sizeof(*pm));
	if (pm == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < r->r_ncols && !fresh && l == NULL; i++)
		if (!atomic_load(&r->r_cols[i].rc_dead))
			l = &r->r_cols[i].rc_comp->c_label;
	parameters(r, l);
	pm->pm_nextdisabled = l != NULL &&
	    (l->parity_map_flags & RF_PMLABEL_DISABLE) != 0;
	pm->pm_enabled = !pm->pm_nextdisabled;
	if (fresh || (!clean && !read_maps(r)))
		for (unsigned i = 0; i < pm->pm_regions; i++)
			atomic_store(&pm->pm_stale[i], 1);
	for (unsigned i = 0; i < pm->pm_regions; i++)
		atomic_store(&pm->pm_dirty[i], atomic_load(&pm->pm_stale[i]));
	return 0;
}

static void
tick_thread(struct lwp *l, void *arg)
{
	struct rf_set *r = arg;
	struct rf_paritymap *pm = r->r_pm;
	int64_t last = disk_now(r->r_k), next;

	kmutex_enter(&pm->pm_lock);
	for (;;) {
		/* The length of a tick may change while it goes by. */
		while (!pm->pm_stop && !kern_halting(r->r_k) &&
		    (next = last + (int64_t)pm->pm_tickms * 1000000,
			disk_now(r->r_k) < next))
			if (kern_wait(l, &pm->pm_cv, &pm->pm_lock, 0, next) ==
			    -ESHUTDOWN)
				break;
		if (pm->pm_stop || kern_halting(r->r_k))
			break;
		last = disk_now(r->r_k);
		kmutex_exit(&pm->pm_lock);
		/* Not while what serves the columns changes. */
		krwlock_rdlock(&r->r_lock);
		rf_pm_tick(r);
		krwlock_unlock(&r->r_lock);
		kmutex_enter(&pm->pm_lock);
	}
	kmutex_exit(&pm->pm_lock);
}

int
rf_pm_start(struct rf_set *r)
{
	struct rf_paritymap *pm = r->r_pm;

	if (pm == NULL)
		return 0;
	kmutex_enter(&pm->pm_lock);
	for (unsigned i = 0; i < r->r_ncols; i++)
		if (!atomic_load(&r->r_cols[i].rc_dead) && pm->pm_enabled)
			(void)!rf_pm_write_to(r, r->r_cols[i].rc_comp);
	kmutex_exit(&pm->pm_lock);
	return kern_thread_create(
	    r->r_k, "raidmap", tick_thread, r, &pm->pm_thread);
}

void
rf_pm_stop(struct rf_set *r)
{
	struct rf_paritymap *pm = r->r_pm;

	if (pm == NULL || pm->pm_thread == NULL)
		return;
	kmutex_enter(&pm->pm_lock);
	pm->pm_stop = true;
	kcond_broadcast(&pm->pm_cv);
	kmutex_exit(&pm->pm_lock);
	kern_thread_join(pm->pm_thread);
	pm->pm_thread = NULL;
}

void
rf_pm_detach(struct rf_set *r)
{
	if (r->r_pm != NULL)
		kmem_free(r->r_k, r->r_pm, sizeof(*r->r_pm));
	r->r_pm = NULL;
}

/* --- writes ------------------------------------------------------------------------------- */

/*
 * Marks from..to, and some regions after them when writing goes on where it was: each mark waits for the media. pm_lock.
 */
static int
mark(struct rf_set *r, unsigned from, unsigned to)
{
	struct rf_paritymap *pm = r->r_pm;
	uint8_t bits[RF_PARITYMAP_NBYTE];
	unsigned last;
	int error;

	if (from > 0 && atomic_load(&pm->pm_dirty[from - 1]))
		pm->pm_ahead = pm->pm_ahead == 0 ? 1 :
		    pm->pm_ahead * 2 < MAXAHEAD	 ? pm->pm_ahead * 2 :
						   MAXAHEAD;
	else
		pm->pm_ahead = 0;
	last = to + pm->pm_ahead < pm->pm_regions ? to + pm->pm_ahead :
						    pm->pm_regions - 1;
	bits_now(pm, bits);
	for (unsigned i = from; i <= last; i++)
		bits[i / 8] |= (uint8_t)(1u << i % 8);
	if ((error = write_all(r, bits)) != 0)
		return error;
	pm->pm_ctrs.nwrite++;
	for (unsigned i = from; i <= last; i++) {
		atomic_store(&pm->pm_cool[i], (uint8_t)pm->pm_cooldown);
		atomic_store(&pm->pm_dirty[i], 1);
	}
	return 0;
}

int
rf_pm_begin(struct rf_set *r, uint64_t off, uint64_t n)
{
	struct rf_paritymap *pm = r->r_pm;
	unsigned from, to;
	bool clean = false;
	int error = 0;

	if (pm == NULL || !pm->pm_enabled)
		return 0;
	from = region_of(pm, off);
	to = region_of(pm, off + n - 1);
	for (unsigned i = from; i <= to; i++) {
		atomic_fetch_add(&pm->pm_inflight[i], 1);
		if (!atomic_load(&pm->pm_dirty[i]))
			clean = true;
	}
	if (!clean)
		return 0;
	kmutex_enter(&pm->pm_lock);
	for (unsigned i = from; i <= to && error == 0; i++)
		if (!atomic_load(&pm->pm_dirty[i]))
			error = mark(r, i, to);
	kmutex_exit(&pm->pm_lock);
	if (error != 0)
		rf_pm_end(r, off, n);
	return error;
}

void
rf_pm_end(struct rf_set *r, uint64_t off, uint64_t n)
{
	struct rf_paritymap *pm = r->r_pm;
	unsigned to;

	if (pm == NULL || !pm->pm_enabled)
		return;
	to = region_of(pm, off + n - 1);
	for (unsigned i = region_of(pm, off); i <= to; i++) {
		atomic_store_explicit(&pm->pm_cool[i], (uint8_t)pm->pm_cooldown,
		    memory_order_relaxed);
		atomic_fetch_sub(&pm->pm_inflight[i], 1);
	}
}

bool
rf_pm_stale(struct rf_set *r, uint64_t s0, uint64_t s1)
{
	struct rf_paritymap *pm = r->r_pm;
	uint64_t stripe = r->r_ndata * r->r_su;
	unsigned to = region_of(pm, s1 * stripe - 1);

	for (unsigned i = region_of(pm, s0 * stripe); i <= to; i++)
		if (atomic_load(&pm->pm_stale[i]))
			return true;
	return false;
}

/* --- becoming clean ------------------------------------------------------------------------ */

/* Takes the bits of regions that have cooled; true: there were some. pm_lock. */
static bool
cool(struct rf_paritymap *pm)
{
	bool some = false;

	for (unsigned i = 0; i < pm->pm_regions; i++) {
		unsigned left = atomic_load(&pm->pm_cool[i]);

		if (!atomic_load(&pm->pm_dirty[i]) ||
		    atomic_load(&pm->pm_stale[i]) ||
		    atomic_load(&pm->pm_inflight[i]) != 0)
			continue;
		if (left > 1) {
			atomic_store(&pm->pm_cool[i], (uint8_t)(left - 1));
			continue;
		}
		atomic_store(&pm->pm_dirty[i], 0);
		if (atomic_load(&pm->pm_inflight[i]) != 0)
			atomic_store(&pm->pm_dirty[i], 1);
		else
			some = true;
	}
	return some;
}

/* What was written there must be on the media before the bit goes; who comes meanwhile waits for pm_lock, and marks anew. */
void
rf_pm_tick(struct rf_set *r)
{
	struct rf_paritymap *pm = r->r_pm;
	uint8_t bits[RF_PARITYMAP_NBYTE];

	if (pm == NULL || !pm->pm_enabled || !r->r_configured)
		return;
	kmutex_enter(&pm->pm_lock);
	if (cool(pm)) {
		pm->pm_ctrs.ncachesync++;
		if (rf_sync(r) == 0) {
			bits_now(pm, bits);
			(void)!write_all(r, bits);
			pm->pm_ctrs.nclearing++;
		}
	}
	kmutex_exit(&pm->pm_lock);
}

void
rf_pm_rewritten(struct rf_set *r)
{
	struct rf_paritymap *pm = r->r_pm;

	if (pm == NULL)
		return;
	for (unsigned i = 0; i < pm->pm_regions; i++) {
		if (!atomic_load(&pm->pm_stale[i]))
			continue;
		atomic_store(&pm->pm_cool[i], 1);
		atomic_store(&pm->pm_stale[i], 0);
	}
	rf_pm_tick(r);
}

void
rf_pm_final(struct rf_set *r)
{
	struct rf_paritymap *pm = r->r_pm;

	if (pm == NULL || !pm->pm_enabled)
		return;
	kmutex_enter(&pm->pm_lock);
	for (unsigned i = 0; i < pm->pm_regions; i++)
		atomic_store(&pm->pm_dirty[i], atomic_load(&pm->pm_stale[i]));
	for (unsigned i = 0; i < r->r_ncols; i++)
		if (!atomic_load(&r->r_cols[i].rc_dead))
			(void)!rf_pm_write_to(r, r->r_cols[i].rc_comp);
	kmutex_exit(&pm->pm_lock);
}
