/* SPDX-License-Identifier: BSD-2-Clause */
/* raid(4) as a driver: its requests, and its row of the device switch. */
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include "dev/raid/rf_var.h"

#define NUNITS 1000
/* Not in the user's header: only statistics programs of the kernel's own kind ask. */
#define RAIDFRAME_GET_ACCTOTALS 0x47287211UL

/* --- what is asked about ---------------------------------------------------------------- */

static void
describe(
    const struct rf_set *r, const struct rf_comp *c, struct RF_RaidDisk_s *d)
{
	memcpy(d->devname, c->c_name, sizeof(c->c_name));
	d->status = atomic_load(&c->c_status);
	d->spareCol = -1;
	d->numBlocks = r->r_numblocks;
	d->blockSize = (int)r->r_secsize;
	d->partitionSize = c->c_size / r->r_secsize;
	d->auto_configured = c->c_auto;
	d->dev = c->c_rdev;
	for (unsigned i = 0; i < r->r_ncols; i++)
		if (c == &r->r_comps[i] && r->r_cols[i].rc_comp != c)
			d->spareCol = (int)(r->r_cols[i].rc_comp - r->r_comps) -
			    (int)r->r_ncols;
}

static int
get_info(struct lwp *l, const struct rf_set *r, void *uaddr)
{
	struct RF_DeviceConfig_s *dc = kmem_zalloc(l->l_k, sizeof(*dc));
	int error;

	if (dc == NULL)
		return -ENOMEM;
	dc->rows = 1;
	dc->cols = r->r_ncols;
	dc->maxqdepth = (unsigned)r->r_queue;
	dc->ndevs = (int)r->r_ncols;
	dc->nspares = (int)r->r_nspares;
	for (unsigned i = 0; i < r->r_ncols; i++)
		describe(r, &r->r_comps[i], &dc->devs[i]);
	for (unsigned i = 0; i < r->r_nspares; i++)
		describe(r, &r->r_comps[r->r_ncols + i], &dc->spares[i]);
	error = copyout(l, dc, uaddr, sizeof(*dc));
	kmem_free(l->l_k, dc, sizeof(*dc));
	return error;
}

static int
get_label(struct lwp *l, struct rf_set *r, void *uaddr)
{
	struct RF_ComponentLabel_s label;
	int error = copyin(l, uaddr, &label, sizeof(label));

	if (error != 0)
		return error;
	if (label.column < 0 ||
	    (unsigned)label.column >= r->r_ncols + r->r_nspares)
		return -EINVAL;
	kmutex_enter(&r->r_faillock);
	label = r->r_comps[label.column].c_label;
	kmutex_exit(&r->r_faillock);
	return copyout(l, &label, uaddr, sizeof(label));
}

/* All is done only when the job has ended. */
static uint64_t
done(const struct rf_set *r)
{
	uint64_t n = atomic_load(&r->r_progress);

	return n < r->r_nstripes ? n : r->r_nstripes - 1;
}

static int
percent(struct rf_set *r, enum rf_job job)
{
	if ((enum rf_job)atomic_load(&r->r_job) != job)
		return 100;
	return (int)(done(r) * 100 / r->r_nstripes);
}

static int
progress(struct lwp *l, struct rf_set *r, enum rf_job job, void *uaddr)
{
	struct RF_ProgressInfo_s pi = { 0, 100, 100 };

	if ((enum rf_job)atomic_load(&r->r_job) == job) {
		pi.total = r->r_nstripes;
		pi.completed = done(r);
		pi.remaining = pi.total - pi.completed;
	}
	return copyout(l, &pi, uaddr, sizeof(pi));
}

/* 1: none of these. */
static int
queries(struct lwp *l, struct rf_set *r, unsigned long cmd, void *data)
{
	void *uaddr;

	memcpy(&uaddr, data,
	    IOCPARM_LEN(cmd) >= sizeof(uaddr) ? sizeof(uaddr) : 0);
	switch (cmd) {
	case RAIDFRAME_GET_INFO:
		return get_info(l, r, uaddr);
	case RAIDFRAME_GET_COMPONENT_LABEL:
		return get_label(l, r, uaddr);
	case RAIDFRAME_GET_SIZE:
		*(int *)data = (int)(r->r_disk->dk_dev.b_size / r->r_secsize);
		return 0;
	case RAIDFRAME_CHECK_PARITY:
		*(int *)data = atomic_load(&r->r_paritygood);
		return 0;
	case RAIDFRAME_CHECK_RECON_STATUS:
		*(int *)data = percent(r, RF_JOB_RECON);
		return 0;
	case RAIDFRAME_CHECK_PARITYREWRITE_STATUS:
		*(int *)data = percent(r, RF_JOB_PARITY);
		return 0;
	case RAIDFRAME_CHECK_COPYBACK_STATUS:
		*(int *)data = percent(r, RF_JOB_COPYBACK);
		return 0;
	case RAIDFRAME_CHECK_RECON_STATUS_EXT:
		return progress(l, r, RF_JOB_RECON, uaddr);
	case RAIDFRAME_CHECK_PARITYREWRITE_STATUS_EXT:
		return progress(l, r, RF_JOB_PARITY, uaddr);
	case RAIDFRAME_CHECK_COPYBACK_STATUS_EXT:
		return progress(l, r, RF_JOB_COPYBACK, uaddr);
	default:
		return 1;
	}
}

/* --- counters ------------------------------------------------------------------------- */

/* Traces are not kept: what is counted is how many requests there were. 1: none of these. */
static int
accounting(struct rf_set *r, unsigned long cmd, void *data)
{
	struct RF_AccTotals_s *at = data;

	switch (cmd) {
	case RAIDFRAME_GET_ACCTOTALS:
		memset(at, 0, sizeof(*at));
		at->user_reccount = atomic_load(&r->r_naccesses);
		at->num_phys_ios = atomic_load(&r->r_nphys);
		return 0;
	case RAIDFRAME_RESET_ACCTOTALS:
		atomic_store(&r->r_naccesses, 0);
		atomic_store(&r->r_nphys, 0);
		return 0;
	case RAIDFRAME_KEEP_ACCTOTALS:
	case RAIDFRAME_START_ATRACE:
	case RAIDFRAME_STOP_ATRACE:
	case RAIDFRAME_TUR:
		return 0;
	case RAIDFRAME_SPARET_WAIT:
	case RAIDFRAME_SEND_SPARET:
	case RAIDFRAME_ABORT_SPARET_WAIT:
		return -EINVAL; /* of layouts that there are not */
	default:
		return 1;
	}
}

/* --- the parity map ---------------------------------------------------------------------- */

static int
map_status(struct rf_set *r, struct rf_pmstat *st)
{
	struct rf_paritymap *pm = r->r_pm;

	memset(st, 0, sizeof(*st));
	if (pm == NULL)
		return -EINVAL;
	kmutex_enter(&pm->pm_lock);
	st->enabled = pm->pm_enabled;
	st->params.cooldown = pm->pm_cooldown;
	st->params.tickms = pm->pm_tickms;
	st->params.regions = pm->pm_regions;
	st->region_size = (daddr_t)(pm->pm_regionsize / r->r_secsize);
	for (unsigned i = 0; i < pm->pm_regions; i++)
		if (atomic_load(&pm->pm_dirty[i]))
			st->dirty[i / 8] |= (char)(1u << i % 8);
	st->ctrs = pm->pm_ctrs;
	kmutex_exit(&pm->pm_lock);
	return 0;
}

/* Zero: as it is. Regions change when the set is next configured. */
static int
map_params(struct rf_set *r, const struct rf_pmparams *p)
{
	struct rf_paritymap *pm = r->r_pm;

	if (pm == NULL || p->cooldown < 0 || p->cooldown > 128 ||
	    p->tickms < 0 || p->regions > RF_PARITYMAP_NREG)
		return -EINVAL;
	kmutex_enter(&pm->pm_lock);
	if (p->cooldown != 0)
		pm->pm_cooldown = p->cooldown;
	if (p->tickms != 0)
		pm->pm_tickms = p->tickms;
	if (p->regions != 0)
		pm->pm_nextregions = p->regions;
	kcond_broadcast(&pm->pm_cv);
	kmutex_exit(&pm->pm_lock);
	return 0;
}

static void
relabel(struct rf_set *r)
{
	krwlock_rdlock(&r->r_lock);
	kmutex_enter(&r->r_faillock);
	rf_labels_update(r, NULL, false);
	kmutex_exit(&r->r_faillock);
	krwlock_unlock(&r->r_lock);
}

/* 1: none of these. */
static int
map_requests(struct rf_set *r, unsigned long cmd, void *data)
{
	int error;

	switch (cmd) {
	case RAIDFRAME_PARITYMAP_STATUS:
		return map_status(r, data);
	case RAIDFRAME_PARITYMAP_GET_DISABLE:
		if (r->r_pm == NULL)
			return -EINVAL;
		*(int *)data = r->r_pm->pm_nextdisabled;
		return 0;
	case RAIDFRAME_PARITYMAP_SET_DISABLE:
		if (r->r_pm == NULL)
			return -EINVAL;
		r->r_pm->pm_nextdisabled = *(int *)data != 0;
		relabel(r);
		return 0;
	case RAIDFRAME_PARITYMAP_SET_PARAMS:
		if ((error = map_params(r, data)) == 0)
			relabel(r);
		return error;
	default:
		return 1;
	}
}

/* --- labels ----------------------------------------------------------------------------------- */

/* Of a label that the user gives, what may be chosen. */
static int
set_label(struct rf_set *r, const struct RF_ComponentLabel_s *label)
{
	if (label->column < 0 || (unsigned)label->column >= r->r_ncols)
		return -EINVAL;
	r->r_serial = label->serial_number;
	r->r_order = label->config_order;
	relabel(r);
	return 0;
}

/* 1: none of these. */
static int
label_requests(struct rf_set *r, unsigned long cmd, void *data)
{
	int value;

	switch (cmd) {
	case RAIDFRAME_INIT_LABELS:
		r->r_serial = ((struct RF_ComponentLabel_s *)data)->serial_number;
		relabel(r);
		return 0;
	case RAIDFRAME_SET_COMPONENT_LABEL:
		return set_label(r, data);
	case RAIDFRAME_SET_AUTOCONFIG:
	case RAIDFRAME_SET_ROOT:
	case RAIDFRAME_SET_LAST_UNIT:
		memcpy(&value, data, sizeof(value));
		if (cmd == RAIDFRAME_SET_AUTOCONFIG)
			r->r_autoconfig = value != 0;
		else if (cmd == RAIDFRAME_SET_ROOT)
			r->r_rootpart = value;
		else
			r->r_lastunit = value;
		relabel(r);
		return 0;
	default:
		return 1;
	}
}

/* --- requests -------------------------------------------------------------------------------- */

static int
rf_ioctl(struct lwp *l, struct disk *dk, unsigned part, unsigned long cmd,
    void *data, int flags)
{
	struct rf_set *r = dk->dk_priv;
	void *uaddr;
	int error;

	if (IOCGROUP(cmd) != 'r')
		return 1;
	if (cmd == RAIDFRAME_CONFIGURE) {
		memcpy(&uaddr, data, sizeof(uaddr));
		return (flags & FWRITE) == 0 ? -EBADF :
					       rf_configure(l, dk, uaddr);
	}
	/* Ending what is not there is no error. */
	if (!dk->dk_configured)
		return cmd == RAIDFRAME_SHUTDOWN ? 0 : -ENXIO;
	if ((error = queries(l, r, cmd, data)) != 1 ||
	    (error = accounting(r, cmd, data)) != 1)
		return error;
	if ((flags & FWRITE) == 0 && cmd != RAIDFRAME_PARITYMAP_STATUS &&
	    cmd != RAIDFRAME_PARITYMAP_GET_DISABLE)
		return -EBADF;
	if (cmd == RAIDFRAME_SHUTDOWN)
		return rf_unconfigure(l, dk, part);
	if ((error = map_requests(r, cmd, data)) != 1 ||
	    (error = label_requests(r, cmd, data)) != 1)
		return error;
	return rf_manage(l, r, cmd, data);
}

static const struct blkdev_ops rf_ops = {
	.bd_readv = rf_readv,
	.bd_writev = rf_writev,
	.bd_sync = rf_dsync,
};

const struct disk_driver rf_driver = {
	.dd_name = "raid",
	.dd_nunits = NUNITS,
	.dd_type = DKTYPE_RAID,
	.dd_privsize = sizeof(struct rf_set),
	.dd_ops = &rf_ops,
	.dd_ioctl = rf_ioctl,
	.dd_open = rf_autoconfigure,
	.dd_shutdown = rf_shutdown,
};

extern const struct devsw dev_raid;
const struct devsw dev_raid = DISK_DEVSW(rf_driver, 18, 62);
