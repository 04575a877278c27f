/* SPDX-License-Identifier: BSD-2-Clause */
/* Components: opening them, requests to them, their failing; the set's buffers. */
#include <netbsd/fcntl.h>
#include "dev/raid/rf_var.h"
#include "vfs/vnode.h"

int
rf_comp_open(struct lwp *l, struct rf_comp *c, struct rf_set *r)
{
	int error = disk_open_under(
	    l, c->c_name, FREAD | FWRITE, &c->c_vp, &c->c_dev);

	if (error != 0) {
		c->c_vp = NULL;
		c->c_dev = NULL;
		return error;
	}
	c->c_size = c->c_dev->b_size;
	c->c_rdev = c->c_dev->b_dev;
	if (r->r_secsize == 0)
		r->r_secsize = c->c_dev->b_secsize;
	if (c->c_dev->b_secsize != r->r_secsize || c->c_dev->b_readonly ||
	    c->c_size / r->r_secsize <= RF_PROTECTED_SECTORS) {
		error = c->c_dev->b_readonly ? -EROFS : -EINVAL;
		rf_comp_close(l, c);
	}
	return error;
}

void
rf_comp_close(struct lwp *l, struct rf_comp *c)
{
	struct vnode *vp = c->c_vp;

	c->c_vp = NULL;
	c->c_dev = NULL;
	if (vp != NULL)
		disk_close_under(l, vp, FREAD | FWRITE);
}

int
rf_comp_io(struct rf_set *r, struct rf_comp *c, const struct iovec *iov,
    int cnt, uint64_t off, bool write)
{
	struct blkdev *d = c->c_dev;

	if (d == NULL)
		return -ENXIO;
	atomic_fetch_add_explicit(&r->r_nphys, 1, memory_order_relaxed);
	off += r->r_data;
	return write ? d->b_ops->bd_writev(d, iov, cnt, off) :
		       d->b_ops->bd_readv(d, iov, cnt, off);
}

/* The others must know before anybody is told that a write was done without it: labels first. r_faillock. */
static void
bury(struct rf_set *r, unsigned col, struct rf_comp *c)
{
	struct rf_col *rc = &r->r_cols[col];

	atomic_store(&c->c_status, rf_ds_failed);
	atomic_store(&r->r_comps[col].c_status, rf_ds_failed);
	rf_labels_update(r, c, false);
	atomic_store(&rc->rc_done, 0);
	atomic_store_explicit(&rc->rc_dead, true, memory_order_release);
	kern_printf(
	    r->r_k, "%s: component %s failed\n", r->r_disk->dk_name, c->c_name);
}

static bool
others_live(const struct rf_set *r, unsigned col)
{
	for (unsigned i = 0; i < r->r_ncols; i++)
		if (i != col && atomic_load(&r->r_cols[i].rc_dead))
			return false;
	return true;
}

bool
rf_comp_failed(struct rf_set *r, unsigned col, struct rf_comp *c)
{
	struct rf_col *rc = &r->r_cols[col];
	bool can;

	kmutex_enter(&r->r_faillock);
	if (c == rc->rc_target) {
		/* Parity has it all: back to what it was before. */
		atomic_store(&r->r_targetbad, true);
		atomic_store(&rc->rc_done, 0);
		can = true;
	} else if (atomic_load(&rc->rc_dead)) {
		can = true;
	} else if (!rf_redundant(r) || !others_live(r, col)) {
		can = false;
	} else {
		/* A copy of it that is not complete is of no use by itself. */
		if (rc->rc_target != NULL)
			atomic_store(&r->r_targetbad, true);
		bury(r, col, c);
		can = true;
	}
	kmutex_exit(&r->r_faillock);
	return can;
}

int
rf_col_fail(struct rf_set *r, unsigned col)
{
	struct rf_col *rc = &r->r_cols[col];

	if (atomic_load(&rc->rc_dead) || rc->rc_target != NULL ||
	    !rf_redundant(r) || !others_live(r, col))
		return -EINVAL;
	return rf_comp_failed(r, col, rc->rc_comp) ? 0 : -EINVAL;
}

int
rf_deadcol(struct rf_set *r, uint64_t stripe)
{
	for (unsigned i = 0; i < r->r_ncols; i++)
		if (rf_server(r, i, stripe) == NULL)
			return (int)i;
	return -1;
}

/* What cannot be made durable has failed. */
int
rf_sync(struct rf_set *r)
{
	int error = 0;

	for (unsigned i = 0; i < r->r_ncols; i++) {
		struct rf_col *rc = &r->r_cols[i];
		struct rf_comp *c = rc->rc_comp;

		if (!atomic_load(&rc->rc_dead) && blkdev_sync(c->c_dev) != 0 &&
		    !rf_comp_failed(r, i, c))
			error = -EIO;
		c = rc->rc_target;
		if (c != NULL && c->c_dev != NULL && blkdev_sync(c->c_dev) != 0)
			(void)rf_comp_failed(r, i, c);
	}
	return error;
}

/* --- buffers --------------------------------------------------------------------- */

/* On pages: hosts copy from there faster. */
#define BUFALIGN ((size_t)4096)

static size_t
buf_size(const struct rf_set *r)
{
	return (size_t)(r->r_bufcol * r->r_ncols) + BUFALIGN;
}

/* Another one, which is the caller's; NULL. r_poollock, or nobody else. */
static uint8_t *
buf_create(struct rf_set *r)
{
	uint8_t *raw = kmem_alloc(r->r_k, buf_size(r));

	if (raw == NULL)
		return NULL;
	r->r_bufs[r->r_nbufs++] = raw;
	return raw + (BUFALIGN - (uintptr_t)raw % BUFALIGN);
}

/* One is always there. */
int
rf_pool_create(struct rf_set *r)
{
	uint8_t *first = buf_create(r);

	if (first == NULL)
		return -ENOMEM;
	r->r_free[r->r_nfree++] = first;
	return 0;
}

void
rf_pool_destroy(struct rf_set *r)
{
	while (r->r_nbufs > 0)
		kmem_free(r->r_k, r->r_bufs[--r->r_nbufs], buf_size(r));
	r->r_nfree = 0;
}

uint8_t *
rf_buf_get(struct rf_set *r)
{
	uint8_t *buf = NULL;

	kmutex_enter(&r->r_poollock);
	while (buf == NULL) {
		if (r->r_nfree > 0) {
			buf = r->r_free[--r->r_nfree];
			break;
		}
		if (r->r_nbufs == RF_NBUFS || (buf = buf_create(r)) == NULL)
			kcond_wait(&r->r_poolcv, &r->r_poollock);
	}
	kmutex_exit(&r->r_poollock);
	return buf;
}

void
rf_buf_put(struct rf_set *r, uint8_t *buf)
{
	kmutex_enter(&r->r_poollock);
	r->r_free[r->r_nfree++] = buf;
	kcond_signal(&r->r_poolcv);
	kmutex_exit(&r->r_poollock);
}
