/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuring a set from raidctl's description and the components' labels, and ending it. */
#include <netbsd/fcntl.h>
#include "dev/raid/rf_var.h"
#include <limits.h>

#define TRANSFER ((uint64_t)1 << 20)

/* --- what is asked for -------------------------------------------------------------- */

static unsigned
tolerated(const struct rf_set *r)
{
	return rf_redundant(r) ? 1 : 0;
}

static int
read_config(struct rf_set *r, struct RF_Config_s *cf)
{
	int ncols = cf->numCol;

	if (cf->numRow != 1 || ncols < 1 || ncols > RF_MAXCOL ||
	    cf->numSpare < 0 || cf->numSpare > RF_MAXSPARE)
		return -EINVAL;
	if (cf->sectPerSU <= 0 || cf->SUsPerPU <= 0 || cf->SUsPerRU <= 0 ||
	    cf->sectPerSU > INT_MAX || cf->SUsPerPU > INT_MAX ||
	    cf->SUsPerRU > INT_MAX)
		return -EINVAL;
	switch (cf->parityConfig) {
	case '0':
		r->r_ndata = (unsigned)ncols;
		break;
	case '1':
		if (ncols != 2)
			return -EINVAL;
		r->r_ndata = 1;
		break;
	case '4':
	case '5':
		if (ncols < 2)
			return -EINVAL;
		r->r_ndata = (unsigned)ncols - 1;
		break;
	default:
		return -EINVAL;
	}
	r->r_level = (char)cf->parityConfig;
	r->r_ncols = (unsigned)ncols;
	r->r_nspares = (unsigned)cf->numSpare;
	r->r_sectpersu = (int)cf->sectPerSU;
	r->r_suspersparity = (int)cf->SUsPerPU;
	r->r_suspersrecon = (int)cf->SUsPerRU;
	r->r_queue = (unsigned char)cf->maxOutstandingDiskReqs;
	return 0;
}

static void
close_all(struct lwp *l, struct rf_set *r)
{
	for (unsigned i = 0; i < r->r_ncols + r->r_nspares; i++)
		rf_comp_close(l, &r->r_comps[i]);
}

/* "absent" is a component that has failed; so is a device that is there without a disk. */
static int
open_all(struct lwp *l, struct rf_set *r, struct RF_Config_s *cf)
{
	for (unsigned i = 0; i < r->r_ncols + r->r_nspares; i++) {
		struct rf_comp *c = &r->r_comps[i];
		bool spare = i >= r->r_ncols;
		const char *name = spare ? cf->spare_names[i - r->r_ncols] :
					   cf->devnames[0][i];
		int error;

		memcpy(c->c_name, name, RF_NAMELEN);
		c->c_name[RF_NAMELEN] = '\0';
		atomic_store(&c->c_status, spare ? rf_ds_spare : rf_ds_optimal);
		error = !spare && strcmp(c->c_name, "absent") == 0 ?
		    -ENXIO :
		    rf_comp_open(l, c, r);
		if (error == -ENXIO)
			atomic_store(&c->c_status, rf_ds_failed);
		else if (error != 0)
			return error;
	}
	return r->r_secsize == 0 ? -EINVAL : 0;
}

/* --- labels ----------------------------------------------------------------------------- */

static bool
candidate(const struct rf_set *r, unsigned i)
{
	const struct rf_comp *c = &r->r_comps[i];
	const struct RF_ComponentLabel_s *l = &c->c_label;

	return c->c_dev != NULL && rf_label_sane(l, c->c_size, r->r_secsize) &&
	    l->column == (int)i && l->num_columns == (int)r->r_ncols &&
	    l->parityConfig == r->r_level && l->sectPerSU == r->r_sectpersu;
}

/* Was it there in the same life of the same set as the other? */
static bool
together(const struct rf_set *r, unsigned a, unsigned b)
{
	const struct RF_ComponentLabel_s *la = &r->r_comps[a].c_label,
					 *lb = &r->r_comps[b].c_label;

	return candidate(r, a) && candidate(r, b) && rf_label_sameset(la, lb) &&
	    la->mod_counter == lb->mod_counter;
}

/*
 * Of those that are enough for the set, the ones that lived longest: the highest counter. Who stopped before has old data, and is failed.
 */
static int
choose(const struct rf_set *r)
{
	int best = -1;

	for (unsigned i = 0; i < r->r_ncols; i++) {
		unsigned n = 0;

		if (!candidate(r, i))
			continue;
		for (unsigned k = 0; k < r->r_ncols; k++)
			n += together(r, i, k);
		if (n + tolerated(r) < r->r_ncols)
			continue;
		if (best < 0 ||
		    r->r_comps[i].c_label.mod_counter >
			r->r_comps[best].c_label.mod_counter)
			best = (int)i;
	}
	return best;
}

static void
take_identity(struct rf_set *r, const struct RF_ComponentLabel_s *l)
{
	r->r_serial = l->serial_number;
	r->r_modcounter = l->mod_counter;
	r->r_autoconfig = l->autoconfigure;
	r->r_rootpart = l->root_partition;
	r->r_order = l->config_order;
}

static int
from_labels(struct rf_set *r, bool *clean)
{
	int best = choose(r);

	if (best < 0)
		return -EINVAL;
	take_identity(r, &r->r_comps[best].c_label);
	r->r_numblocks = rf_label_numblocks(&r->r_comps[best].c_label);
	*clean = true;
	for (unsigned i = 0; i < r->r_ncols; i++) {
		if (!together(r, (unsigned)best, i))
			atomic_store(&r->r_comps[i].c_status, rf_ds_failed);
		else if (!r->r_comps[i].c_label.clean)
			*clean = false;
	}
	return 0;
}

/* By force: whatever the labels say. Their counters go on, so that no old one is ahead. */
static int
from_config(struct rf_set *r)
{
	bool known = false;

	r->r_numblocks = UINT64_MAX;
	for (unsigned i = 0; i < r->r_ncols; i++) {
		struct rf_comp *c = &r->r_comps[i];
		uint64_t blocks = c->c_size / r->r_secsize;

		if (c->c_dev == NULL)
			continue;
		blocks -= RF_PROTECTED_SECTORS;
		if (blocks < r->r_numblocks)
			r->r_numblocks = blocks;
		if (!rf_label_sane(&c->c_label, c->c_size, r->r_secsize))
			continue;
		if (!known || c->c_label.mod_counter > r->r_modcounter)
			take_identity(r, &c->c_label);
		known = true;
	}
	if (r->r_numblocks == UINT64_MAX)
		return -EINVAL;
	r->r_numblocks -= r->r_numblocks % (uint64_t)r->r_sectpersu;
	return 0;
}

static int
read_labels(struct rf_set *r, bool force, bool *clean)
{
	unsigned dead = 0;
	int error;

	for (unsigned i = 0; i < r->r_ncols; i++) {
		struct rf_comp *c = &r->r_comps[i];

		memset(&c->c_label, 0, sizeof(c->c_label));
		/* What cannot be read says nothing. */
		if (c->c_dev != NULL &&
		    rf_label_read(c->c_dev, &c->c_label) != 0)
			memset(&c->c_label, 0, sizeof(c->c_label));
	}
	*clean = false;
	error = force ? from_config(r) : from_labels(r, clean);
	if (error != 0)
		return error;
	for (unsigned i = 0; i < r->r_ncols; i++)
		dead += atomic_load(&r->r_comps[i].c_status) == rf_ds_failed;
	return dead > tolerated(r) ? -EINVAL : 0;
}

/* --- making the set ------------------------------------------------------------------------ */

static int
lay_out(struct rf_set *r)
{
	r->r_su = (uint64_t)r->r_sectpersu * r->r_secsize;
	if (r->r_su > RF_MAXUNIT)
		return -EINVAL;
	r->r_data = (uint64_t)RF_PROTECTED_SECTORS * r->r_secsize;
	r->r_nstripes = r->r_numblocks / (uint64_t)r->r_sectpersu;
	if (r->r_nstripes == 0)
		return -EINVAL;
	r->r_group = r->r_su >= RF_GROUP ? 1 : (unsigned)(RF_GROUP / r->r_su);
	r->r_bufcol = r->r_group * r->r_su;
	for (unsigned i = 0; i < r->r_ncols; i++) {
		struct rf_col *rc = &r->r_cols[i];

		rc->rc_comp = &r->r_comps[i];
		atomic_store(&rc->rc_dead,
		    atomic_load(&r->r_comps[i].c_status) == rf_ds_failed);
	}
	for (unsigned i = r->r_ncols; i < r->r_ncols + r->r_nspares; i++)
		if (r->r_comps[i].c_dev != NULL &&
		    r->r_comps[i].c_size / r->r_secsize - RF_PROTECTED_SECTORS <
			r->r_numblocks)
			return -EINVAL;
	return 0;
}

/* Its parity is as good as what is known of it: after a crash without writes under way it is good. */
static bool
parity_good(struct rf_set *r, bool clean)
{
	return clean || (r->r_pm != NULL && !rf_pm_stale(r, 0, r->r_nstripes));
}

static int
bring_up(struct lwp *l, struct rf_set *r, struct RF_Config_s *cf)
{
	bool clean;
	int error;

	if ((error = read_config(r, cf)) != 0)
		return error;
	if ((error = open_all(l, r, cf)) != 0 ||
	    (error = read_labels(r, cf->force != 0, &clean)) != 0 ||
	    (error = lay_out(r)) != 0 || (error = rf_pool_create(r)) != 0)
		return error;
	r->r_lastunit = (int)r->r_disk->dk_unit;
	if ((error = rf_pm_attach(r, cf->force != 0, clean)) != 0)
		return error;
	atomic_store(&r->r_paritygood, parity_good(r, clean));
	/* The map first: a label that speaks for it must not be there before. */
	if ((error = rf_pm_start(r)) != 0 || (error = rf_fan_start(r)) != 0)
		return error;
	kmutex_enter(&r->r_faillock);
	rf_labels_update(r, NULL, false);
	kmutex_exit(&r->r_faillock);
	return 0;
}

static void
tear_down(struct lwp *l, struct rf_set *r)
{
	rf_job_stop(r);
	rf_pm_stop(r);
	rf_fan_stop(r);
	close_all(l, r);
	rf_pool_destroy(r);
	rf_pm_detach(r);
}

static void
forget(struct rf_set *r)
{
	size_t keep = offsetof(struct rf_set, r_stripes);

	memset((uint8_t *)r + keep, 0, sizeof(*r) - keep);
}

static int
as_disk(struct lwp *l, struct rf_set *r)
{
	struct disk *dk = r->r_disk;
	struct disk_geom geom = { 0 };
	uint64_t group = r->r_bufcol * r->r_ndata;

	geom.dg_nsectors = (uint32_t)r->r_sectpersu * r->r_ndata;
	geom.dg_ntracks = 4 * r->r_ncols;
	dk->dk_dev.b_align = r->r_secsize;
	/* Whole groups of stripes, as many as make a good transfer. */
	dk->dk_dev.b_piece = (uint32_t)(group < TRANSFER ?
		TRANSFER / group * group :
		group);
	return disk_configure(l, dk, r->r_nstripes * r->r_ndata * r->r_su,
	    r->r_secsize, &geom, false);
}

int
rf_configure_from(struct lwp *l, struct disk *dk, struct RF_Config_s *cf)
{
	struct rf_set *r = dk->dk_priv;
	int error;

	r->r_disk = dk;
	r->r_k = l->l_k;
	krwlock_wrlock(&r->r_lock);
	forget(r);
	krwlock_unlock(&r->r_lock);
	if ((error = bring_up(l, r, cf)) == 0) {
		krwlock_wrlock(&r->r_lock);
		r->r_configured = true;
		krwlock_unlock(&r->r_lock);
		if ((error = as_disk(l, r)) == 0)
			return 0;
		krwlock_wrlock(&r->r_lock);
		r->r_configured = false;
		krwlock_unlock(&r->r_lock);
	}
	tear_down(l, r);
	return error;
}

int
rf_configure(struct lwp *l, struct disk *dk, const void *uconfig)
{
	struct RF_Config_s *cf;
	int error;

	if (dk->dk_configured)
		return -EINVAL;
	cf = kmem_alloc(l->l_k, sizeof(*cf));
	if (cf == NULL)
		return -ENOMEM;
	error = copyin(l, uconfig, cf, sizeof(*cf));
	if (error == 0)
		error = rf_configure_from(l, dk, cf);
	kmem_free(l->l_k, cf, sizeof(*cf));
	return error;
}

/* The last word of the labels: all is on the media, and parity is right, or not. */
void
rf_shutdown(struct lwp *l, struct disk *dk)
{
	struct rf_set *r = dk->dk_priv;
	bool synced, clean;

	rf_job_stop(r);
	rf_pm_stop(r);
	krwlock_wrlock(&r->r_lock);
	synced = rf_sync(r) == 0;
	clean = synced && atomic_load(&r->r_paritygood);
	if (synced)
		rf_pm_final(r);
	/* Other regions only when no bit tells of the old ones. */
	if (r->r_pm != NULL && clean)
		r->r_pm->pm_regions = r->r_pm->pm_nextregions;
	kmutex_enter(&r->r_faillock);
	rf_labels_update(r, NULL, clean);
	kmutex_exit(&r->r_faillock);
	r->r_configured = false;
	krwlock_unlock(&r->r_lock);
	tear_down(l, r);
}

int
rf_unconfigure(struct lwp *l, struct disk *dk, unsigned part)
{
	int error = disk_unconfigure(l, dk, part, false);

	if (error == 0)
		rf_shutdown(l, dk);
	return error;
}
