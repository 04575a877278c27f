/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What runs beside transfers: parity anew, filling a target. One group of stripes at a time, with its lock; between groups everybody else has his turn.
 */
#include "dev/raid/rf_var.h"

static bool
cancelled(const struct rf_set *r)
{
	return atomic_load(&r->r_cancel) || kern_halting(r->r_k);
}

static int
column_io(struct rf_set *r, unsigned col, struct rf_comp *c, uint64_t s0,
    uint64_t s1, uint8_t *p, bool write)
{
	struct iovec v = { p, (size_t)((s1 - s0) * r->r_su) };
	int error;

	if (c == NULL)
		return -EIO;
	error = rf_comp_io(r, c, &v, 1, s0 * r->r_su, write);
	if (error != 0)
		(void)rf_comp_failed(r, col, c);
	return error;
}

/* --- parity ------------------------------------------------------------------------- */

/* The sum of all columns says where parity is wrong, and by how much. */
static int
parity_group(struct rf_set *r, uint64_t s0, uint64_t s1, uint8_t *buf)
{
	size_t n = (size_t)((s1 - s0) * r->r_su), su = (size_t)r->r_su;
	uint8_t *acc = buf, *p = buf + r->r_bufcol;
	int error;

	memset(acc, 0, n);
	for (unsigned c = 0; c < r->r_ncols; c++) {
		error = column_io(r, c, rf_server(r, c, s0), s0, s1, p, false);
		if (error != 0)
			return error;
		rf_xor(acc, p, n);
	}
	if (rf_iszero(acc, n))
		return 0;
	for (uint64_t s = s0; s < s1; s++) {
		unsigned c = rf_column(r, s, r->r_ndata);
		uint8_t *wrong = acc + (s - s0) * su;

		if (rf_iszero(wrong, su))
			continue;
		error = column_io(r, c, rf_server(r, c, s), s, s + 1, p, false);
		if (error != 0)
			return error;
		rf_xor(p, wrong, su);
		error = column_io(r, c, rf_server(r, c, s), s, s + 1, p, true);
		if (error != 0)
			return error;
	}
	return 0;
}

static void
parity_thread(struct lwp *l, void *arg)
{
	struct rf_set *r = arg;
	bool all = atomic_load(&r->r_paritygood);
	uint64_t s0 = 0, s1;
	int error = 0;

	(void)l;
	while (s0 < r->r_nstripes && error == 0 && !cancelled(r)) {
		uint8_t *buf;

		s1 = s0 + r->r_group < r->r_nstripes ? s0 + r->r_group :
						       r->r_nstripes;
		krwlock_rdlock(&r->r_lock);
		if (all || rf_pm_stale(r, s0, s1)) {
			krwlock_wrlock(rf_stripelock(r, s0));
			buf = rf_buf_get(r);
			error = rf_deadcol(r, s0) >= 0 ?
			    -EIO :
			    parity_group(r, s0, s1, buf);
			rf_buf_put(r, buf);
			krwlock_unlock(rf_stripelock(r, s0));
		}
		krwlock_unlock(&r->r_lock);
		atomic_store(&r->r_progress, s0 = s1);
	}
	krwlock_rdlock(&r->r_lock);
	if (error == 0 && s0 == r->r_nstripes && rf_sync(r) == 0) {
		atomic_store(&r->r_paritygood, true);
		rf_pm_rewritten(r);
	}
	krwlock_unlock(&r->r_lock);
	atomic_store(&r->r_job, RF_JOB_NONE);
}

/* --- filling a target ------------------------------------------------------------------ */

/* A live column is copied; a dead one's contents are the sum of the others. */
static int
recon_group(struct rf_set *r, uint64_t s0, uint64_t s1, uint8_t *buf)
{
	struct rf_col *rc = &r->r_cols[r->r_jobcol];
	size_t n = (size_t)((s1 - s0) * r->r_su);
	uint8_t *acc = buf, *p = buf + r->r_bufcol;
	bool first = true;
	int error = 0;

	if (!atomic_load(&rc->rc_dead))
		error = column_io(
		    r, r->r_jobcol, rc->rc_comp, s0, s1, acc, false);
	else
		for (unsigned c = 0; c < r->r_ncols && error == 0; c++) {
			if (c == r->r_jobcol)
				continue;
			error = column_io(r, c, rf_server(r, c, s0), s0, s1,
			    first ? acc : p, false);
			if (error == 0 && !first)
				rf_xor(acc, p, n);
			first = false;
		}
	if (error == 0)
		error = column_io(
		    r, r->r_jobcol, rc->rc_target, s0, s1, acc, true);
	if (error != 0)
		return error;
	kmutex_enter(&r->r_faillock);
	if (atomic_load(&r->r_targetbad))
		error = -EIO;
	else
		atomic_store(&rc->rc_done, s1);
	kmutex_exit(&r->r_faillock);
	return error;
}

/* Nobody transfers: the target takes over, or the column is as it was. */
static void
recon_end(struct rf_set *r, bool done)
{
	struct rf_col *rc = &r->r_cols[r->r_jobcol];
	struct rf_comp *target = rc->rc_target, *own = &r->r_comps[r->r_jobcol];
	bool spare = target != own, copyback = !atomic_load(&rc->rc_dead);

	if (done &&
	    (blkdev_sync(target->c_dev) != 0 || rf_pm_write_to(r, target) != 0))
		done = false;
	kmutex_enter(&r->r_faillock);
	done = done && !atomic_load(&r->r_targetbad);
	rc->rc_target = NULL;
	atomic_store(&rc->rc_done, 0);
	if (done) {
		struct rf_comp *old = rc->rc_comp;

		rc->rc_comp = target;
		atomic_store(&rc->rc_dead, false);
		if (spare)
			atomic_store(&own->c_status, rf_ds_spared);
		else if (copyback)
			atomic_store(&old->c_status, rf_ds_spare);
		atomic_store(&target->c_status,
		    spare ? rf_ds_used_spare : rf_ds_optimal);
		rf_labels_update(r, NULL, false);
	} else {
		atomic_store(&target->c_status,
		    copyback  ? rf_ds_spared :
			spare ? rf_ds_spare :
				rf_ds_failed);
		if (spare && atomic_load(&r->r_targetbad))
			atomic_store(&target->c_status, rf_ds_failed);
		if (spare)
			atomic_store(&own->c_status, rf_ds_failed);
	}
	kmutex_exit(&r->r_faillock);
	/* Each stripe's sum is zero now, whatever it was. */
	if (done && !copyback) {
		atomic_store(&r->r_paritygood, true);
		rf_pm_rewritten(r);
	}
}

static void
recon_thread(struct lwp *l, void *arg)
{
	struct rf_set *r = arg;
	uint64_t s0 = 0, s1;
	int error = 0;

	(void)l;
	while (s0 < r->r_nstripes && error == 0 && !cancelled(r)) {
		uint8_t *buf;

		s1 = s0 + r->r_group < r->r_nstripes ? s0 + r->r_group :
						       r->r_nstripes;
		krwlock_rdlock(&r->r_lock);
		krwlock_wrlock(rf_stripelock(r, s0));
		buf = rf_buf_get(r);
		error = recon_group(r, s0, s1, buf);
		rf_buf_put(r, buf);
		krwlock_unlock(rf_stripelock(r, s0));
		krwlock_unlock(&r->r_lock);
		atomic_store(&r->r_progress, s0 = s1);
	}
	krwlock_wrlock(&r->r_lock);
	recon_end(r, error == 0 && s0 == r->r_nstripes);
	krwlock_unlock(&r->r_lock);
	atomic_store(&r->r_job, RF_JOB_NONE);
}

/* --- starting and ending --------------------------------------------------------------- */

static void
reap(struct rf_set *r)
{
	if (r->r_thread != NULL)
		kern_thread_join(r->r_thread);
	r->r_thread = NULL;
}

static int
start(struct rf_set *r, enum rf_job job, const char *name,
    void (*fn)(struct lwp *, void *))
{
	int error;

	atomic_store(&r->r_cancel, false);
	atomic_store(&r->r_progress, 0);
	atomic_store(&r->r_job, job);
	error = kern_thread_create(r->r_k, name, fn, r, &r->r_thread);
	if (error != 0) {
		r->r_thread = NULL;
		atomic_store(&r->r_job, RF_JOB_NONE);
	}
	return error;
}

int
rf_parity_start(struct rf_set *r)
{
	if (atomic_load(&r->r_job) != RF_JOB_NONE)
		return -EBUSY;
	reap(r);
	return start(r, RF_JOB_PARITY, "raidparity", parity_thread);
}

int
rf_recon_start(
    struct rf_set *r, unsigned col, struct rf_comp *target, enum rf_job job)
{
	struct rf_col *rc = &r->r_cols[col];
	int error, was = atomic_load(&target->c_status);

	if (atomic_load(&r->r_job) != RF_JOB_NONE)
		return -EBUSY;
	reap(r);
	krwlock_wrlock(&r->r_lock);
	r->r_jobcol = col;
	rc->rc_target = target;
	atomic_store(&rc->rc_done, 0);
	atomic_store(&r->r_targetbad, false);
	if (target != &r->r_comps[col])
		atomic_store(&target->c_status, rf_ds_rebuilding_spare);
	atomic_store(&r->r_comps[col].c_status, rf_ds_reconstructing);
	krwlock_unlock(&r->r_lock);
	error = start(r, job, "raidrecon", recon_thread);
	if (error != 0) {
		krwlock_wrlock(&r->r_lock);
		rc->rc_target = NULL;
		atomic_store(&target->c_status, was);
		krwlock_unlock(&r->r_lock);
	}
	return error;
}

void
rf_job_stop(struct rf_set *r)
{
	atomic_store(&r->r_cancel, true);
	reap(r);
}
