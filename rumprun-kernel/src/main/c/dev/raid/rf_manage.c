/* SPDX-License-Identifier: BSD-2-Clause */
/* What raidctl does to the components of a set that is up: failing them, spares, rebuilding, copyback. */
#include <netbsd/fcntl.h>
#include "dev/raid/rf_var.h"
#include "vfs/vnode.h"

static bool
busy(struct rf_set *r)
{
	return atomic_load(&r->r_job) != RF_JOB_NONE;
}

/* A spare that waits; NULL: none. */
static struct rf_comp *
free_spare(struct rf_set *r)
{
	for (unsigned i = r->r_ncols; i < r->r_ncols + r->r_nspares; i++)
		if (atomic_load(&r->r_comps[i].c_status) == rf_ds_spare &&
		    r->r_comps[i].c_dev != NULL)
			return &r->r_comps[i];
	return NULL;
}

static struct rf_comp *
spare_named(struct rf_set *r, const char *name)
{
	for (unsigned i = r->r_ncols; i < r->r_ncols + r->r_nspares; i++)
		if (strncmp(r->r_comps[i].c_name, name, RF_NAMELEN) == 0)
			return &r->r_comps[i];
	return NULL;
}

static int
fail_column(struct rf_set *r, unsigned col)
{
	int error;

	krwlock_rdlock(&r->r_lock);
	error = rf_col_fail(r, col);
	krwlock_unlock(&r->r_lock);
	return error;
}

static bool
dead(struct rf_set *r, unsigned col)
{
	return atomic_load(&r->r_cols[col].rc_dead);
}

static int
fail_disk(struct rf_set *r, const struct rf_recon_req *rr)
{
	struct rf_comp *spare = NULL;
	int error = 0;

	if (rr->col < 0 || (unsigned)rr->col >= r->r_ncols || !rf_redundant(r))
		return -EINVAL;
	if ((rr->flags & RF_FDFLAGS_RECON) != 0) {
		if (busy(r))
			return -EBUSY;
		if ((spare = free_spare(r)) == NULL)
			return -ENOSPC;
	}
	if (spare == NULL || !dead(r, (unsigned)rr->col))
		error = fail_column(r, (unsigned)rr->col);
	if (error == 0 && spare != NULL)
		error = rf_recon_start(
		    r, (unsigned)rr->col, spare, RF_JOB_RECON);
	return error;
}

/* --- spares --------------------------------------------------------------------------- */

static bool
large_enough(const struct rf_set *r, const struct rf_comp *c)
{
	return c->c_size / r->r_secsize - RF_PROTECTED_SECTORS >= r->r_numblocks;
}

static int
add_spare(struct lwp *l, struct rf_set *r, const struct RF_SingleComponent_s *sc)
{
	struct rf_comp *c = &r->r_comps[r->r_ncols + r->r_nspares];
	int error;

	if (r->r_nspares == RF_MAXSPARE)
		return -ENOSPC;
	memset(c, 0, sizeof(*c));
	memcpy(c->c_name, sc->component_name, RF_NAMELEN);
	if ((error = rf_comp_open(l, c, r)) != 0)
		return error;
	if (!large_enough(r, c)) {
		rf_comp_close(l, c);
		return -EINVAL;
	}
	atomic_store(&c->c_status, rf_ds_spare);
	krwlock_wrlock(&r->r_lock);
	r->r_nspares++;
	krwlock_unlock(&r->r_lock);
	return 0;
}

/* Spares in use move down in the table with their columns' pointers. */
static void
forget_spare(struct rf_set *r, unsigned at)
{
	krwlock_wrlock(&r->r_lock);
	r->r_nspares--;
	for (unsigned i = at; i < r->r_ncols + r->r_nspares; i++) {
		for (unsigned k = 0; k < r->r_ncols; k++)
			if (r->r_cols[k].rc_comp == &r->r_comps[i + 1])
				r->r_cols[k].rc_comp = &r->r_comps[i];
		memcpy(
		    &r->r_comps[i], &r->r_comps[i + 1], sizeof(r->r_comps[i]));
	}
	memset(&r->r_comps[r->r_ncols + r->r_nspares], 0, sizeof(r->r_comps[0]));
	krwlock_unlock(&r->r_lock);
}

/* Who is no spare that waits stays where he is. */
static int
remove_spare(
    struct lwp *l, struct rf_set *r, const struct RF_SingleComponent_s *sc)
{
	struct rf_comp *c = spare_named(r, sc->component_name);
	int status;

	if (c == NULL)
		return 0;
	if (busy(r))
		return -EBUSY;
	status = atomic_load(&c->c_status);
	for (unsigned i = 0; i < r->r_ncols; i++)
		if (r->r_cols[i].rc_comp == c && !dead(r, i))
			return -EBUSY;
	if (status != rf_ds_spare && status != rf_ds_failed)
		return -EBUSY;
	/* A column that it served is dead: its own component stands for it again. */
	krwlock_wrlock(&r->r_lock);
	for (unsigned i = 0; i < r->r_ncols; i++)
		if (r->r_cols[i].rc_comp == c)
			r->r_cols[i].rc_comp = &r->r_comps[i];
	krwlock_unlock(&r->r_lock);
	rf_comp_close(l, c);
	forget_spare(r, (unsigned)(c - r->r_comps));
	return 0;
}

/* A failed component's device is given back, so that it can be looked at, or replaced. */
static int
delete_component(
    struct lwp *l, struct rf_set *r, const struct RF_SingleComponent_s *sc)
{
	struct vnode *vp = NULL;
	struct rf_comp *c;

	if (sc->column < 0 || (unsigned)sc->column >= r->r_ncols)
		return -EINVAL;
	if (busy(r))
		return -EBUSY;
	c = &r->r_comps[sc->column];
	krwlock_wrlock(&r->r_lock);
	if (r->r_cols[sc->column].rc_comp != c ||
	    dead(r, (unsigned)sc->column)) {
		vp = c->c_vp;
		c->c_vp = NULL;
		c->c_dev = NULL;
	}
	krwlock_unlock(&r->r_lock);
	if (vp == NULL)
		return -EINVAL;
	disk_close_under(l, vp, FREAD | FWRITE);
	return 0;
}

static int
incorporate(struct rf_set *r, const struct RF_SingleComponent_s *sc)
{
	struct rf_comp *spare = spare_named(r, sc->component_name);

	if (spare == NULL || atomic_load(&spare->c_status) != rf_ds_spare)
		return -EINVAL;
	for (unsigned i = 0; i < r->r_ncols; i++)
		if (dead(r, i))
			return rf_recon_start(r, i, spare, RF_JOB_RECON);
	return -EINVAL;
}

/* --- in place ---------------------------------------------------------------------------- */

/*
 * The component anew: what is behind its name may be another disk now. Devices are not opened under r_lock, which transfers of file systems hold below their vnodes.
 */
static int
reopen(struct lwp *l, struct rf_set *r, struct rf_comp *c)
{
	struct rf_comp fresh;
	struct vnode *vp;
	int error;

	krwlock_wrlock(&r->r_lock);
	vp = c->c_vp;
	c->c_vp = NULL;
	c->c_dev = NULL;
	krwlock_unlock(&r->r_lock);
	if (vp != NULL)
		disk_close_under(l, vp, FREAD | FWRITE);
	memset(&fresh, 0, sizeof(fresh));
	memcpy(fresh.c_name, c->c_name, sizeof(fresh.c_name));
	if ((error = rf_comp_open(l, &fresh, r)) != 0)
		return error;
	if (!large_enough(r, &fresh)) {
		rf_comp_close(l, &fresh);
		return -EINVAL;
	}
	krwlock_wrlock(&r->r_lock);
	c->c_vp = fresh.c_vp;
	c->c_dev = fresh.c_dev;
	c->c_size = fresh.c_size;
	c->c_rdev = fresh.c_rdev;
	krwlock_unlock(&r->r_lock);
	return 0;
}

static int
rebuild_in_place(
    struct lwp *l, struct rf_set *r, const struct RF_SingleComponent_s *sc)
{
	struct rf_comp *c;
	unsigned col;
	int error = 0;

	if (sc->column < 0 || (unsigned)sc->column >= r->r_ncols ||
	    !rf_redundant(r))
		return -EINVAL;
	if (busy(r))
		return -EBUSY;
	col = (unsigned)sc->column;
	c = &r->r_comps[col];
	if (r->r_cols[col].rc_comp != c && !dead(r, col))
		return -EINVAL; /* a spare does its work: copyback */
	if (!dead(r, col))
		error = fail_column(r, col);
	if (error == 0)
		error = reopen(l, r, c);
	return error != 0 ? error : rf_recon_start(r, col, c, RF_JOB_RECON);
}

/* The first column that a spare serves goes back to its own component. None: nothing to do. */
static int
copyback(struct lwp *l, struct rf_set *r)
{
	if (!rf_redundant(r))
		return -EINVAL;
	for (unsigned i = 0; i < r->r_ncols; i++) {
		struct rf_comp *c = &r->r_comps[i];
		int error;

		if (r->r_cols[i].rc_comp == c || dead(r, i))
			continue;
		if (busy(r))
			return -EBUSY;
		error = reopen(l, r, c);
		return error != 0 ? error :
				    rf_recon_start(r, i, c, RF_JOB_COPYBACK);
	}
	return 0;
}

static int
rewrite_parity(struct rf_set *r)
{
	/* There is nothing that could be wrong. */
	if (!rf_redundant(r)) {
		atomic_store(&r->r_paritygood, true);
		return 0;
	}
	for (unsigned i = 0; i < r->r_ncols; i++)
		if (dead(r, i))
			return -EINVAL;
	return rf_parity_start(r);
}

int
rf_manage(struct lwp *l, struct rf_set *r, unsigned long cmd, void *data)
{
	switch (cmd) {
	case RAIDFRAME_FAIL_DISK:
		return fail_disk(r, data);
	case RAIDFRAME_REWRITEPARITY:
		return rewrite_parity(r);
	case RAIDFRAME_COPYBACK:
		return copyback(l, r);
	case RAIDFRAME_ADD_HOT_SPARE:
		return add_spare(l, r, data);
	case RAIDFRAME_REMOVE_HOT_SPARE:
		return remove_spare(l, r, data);
	case RAIDFRAME_REBUILD_IN_PLACE:
		return rebuild_in_place(l, r, data);
	case RAIDFRAME_DELETE_COMPONENT:
		return delete_component(l, r, data);
	case RAIDFRAME_INCORPORATE_HOT_SPARE:
		return incorporate(r, data);
	default:
		return -ENOTTY;
	}
}
