/* SPDX-License-Identifier: BSD-2-Clause */
/* Units of disks: their coming and going, opens, partitions as devices, raw transfers, statistics. */
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include "dev/disk.h"
#include "dev/disk_private.h"
#include "vfs/mount.h"
#include "vfs/namei.h"
#include "vfs/vnode.h"
#include <stdio.h>

int
disk_attach(struct rump_kernel *k)
{
	k->k_disks = kmem_zalloc(k, sizeof(*k->k_disks));
	return k->k_disks == NULL ? -ENOMEM : 0;
}

static void
unit_free(struct disk *dk)
{
	if (dk->dk_priv != NULL)
		kmem_free(dk->dk_k, dk->dk_priv, dk->dk_driver->dd_privsize);
	kmem_free(dk->dk_k, dk, sizeof(*dk));
}

/* What stands on other disks was configured after them: the newest go first. */
void
disk_detach(struct rump_kernel *k)
{
	struct disk_state *ds = k->k_disks;
	struct disk *dk;

	if (ds == NULL)
		return;
	for (;;) {
		struct disk *newest = NULL;

		for (dk = ds->ds_disks; dk != NULL; dk = dk->dk_next)
			if (dk->dk_configured &&
			    (newest == NULL ||
				dk->dk_serial > newest->dk_serial))
				newest = dk;
		if (newest == NULL)
			break;
		if (newest->dk_driver->dd_shutdown != NULL)
			newest->dk_driver->dd_shutdown(k->k_lwp0, newest);
		newest->dk_configured = false;
	}
	while ((dk = ds->ds_disks) != NULL) {
		ds->ds_disks = dk->dk_next;
		unit_free(dk);
	}
	kmem_free(k, ds, sizeof(*ds));
	k->k_disks = NULL;
}

int
disk_get(struct rump_kernel *k, const struct disk_driver *dd, unsigned unit,
    struct disk **dkp)
{
	struct disk_state *ds = k->k_disks;
	struct disk *dk;

	*dkp = NULL;
	if (ds == NULL || unit >= dd->dd_nunits)
		return -ENXIO;
	kmutex_enter(&ds->ds_lock);
	for (dk = ds->ds_disks;
	     dk != NULL && (dk->dk_driver != dd || dk->dk_unit != unit);
	     dk = dk->dk_next)
		continue;
	if (dk == NULL && (dk = kmem_zalloc(k, sizeof(*dk))) != NULL) {
		dk->dk_driver = dd;
		dk->dk_k = k;
		dk->dk_unit = unit;
		snprintf(dk->dk_name, sizeof(dk->dk_name), "%.10s%u",
		    dd->dd_name, unit % 100000);
		if (dd->dd_privsize > 0 &&
		    (dk->dk_priv = kmem_zalloc(k, dd->dd_privsize)) == NULL) {
			unit_free(dk);
			dk = NULL;
		} else {
			dk->dk_next = ds->ds_disks;
			ds->ds_disks = dk;
		}
	}
	if (dk != NULL)
		dk->dk_refs++;
	kmutex_exit(&ds->ds_lock);
	*dkp = dk;
	return dk == NULL ? -ENOMEM : 0;
}

/* Units stay until the kernel goes: there are few, and a driver may remember something of one. */
void
disk_put(struct disk *dk)
{
	struct disk_state *ds = dk->dk_k->k_disks;

	kmutex_enter(&ds->ds_lock);
	dk->dk_refs--;
	kmutex_exit(&ds->ds_lock);
}

int
disk_foreach(struct rump_kernel *k, int (*fn)(struct disk *, void *), void *arg)
{
	struct disk_state *ds = k->k_disks;
	struct disk *dk;
	int error = 0;

	if (ds == NULL)
		return 0;
	kmutex_enter(&ds->ds_lock);
	for (dk = ds->ds_disks; dk != NULL && error == 0; dk = dk->dk_next)
		if (dk->dk_configured)
			error = fn(dk, arg);
	kmutex_exit(&ds->ds_lock);
	return error;
}

/* --- partitions as devices -------------------------------------------------- */

/* Who comes first, the transfer or disk_unconfigure, is told by the order of these two on each side. */
static bool
enter(struct disk *dk)
{
	if (atomic_fetch_add(&dk->dk_stat.busy, 1) == 0)
		atomic_store(&dk->dk_stat.since_ns, disk_now(dk->dk_k));
	return atomic_load(&dk->dk_configured);
}

static void
leave(struct disk *dk)
{
	struct disk_stat *st = &dk->dk_stat;
	int64_t since = atomic_load(&st->since_ns);

	if (atomic_fetch_sub(&st->busy, 1) != 1)
		return;
	atomic_fetch_add(&st->time_ns, disk_now(dk->dk_k) - since);
	if (!atomic_load(&dk->dk_configured)) {
		kmutex_enter(&dk->dk_idlelock);
		kcond_broadcast(&dk->dk_idle);
		kmutex_exit(&dk->dk_idlelock);
	}
}

static void
wait_idle(struct disk *dk)
{
	kmutex_enter(&dk->dk_idlelock);
	while (atomic_load(&dk->dk_stat.busy) > 0)
		kcond_wait(&dk->dk_idle, &dk->dk_idlelock);
	kmutex_exit(&dk->dk_idlelock);
}

int
disk_medium_io(
    struct disk *dk, const struct iovec *iov, int cnt, uint64_t off, bool write)
{
	const struct blkdev_ops *ops = dk->dk_driver->dd_ops;
	struct disk_stat *st = &dk->dk_stat;
	uint64_t n = 0;
	int error;

	for (int i = 0; i < cnt; i++)
		n += iov[i].iov_len;
	if (!enter(dk)) {
		error = -ENXIO;
	} else if (off > dk->dk_dev.b_size || n > dk->dk_dev.b_size - off) {
		error = -EINVAL; /* it has shrunk */
	} else {
		error = write ? ops->bd_writev(&dk->dk_dev, iov, cnt, off) :
				ops->bd_readv(&dk->dk_dev, iov, cnt, off);
		atomic_fetch_add(write ? &st->wxfer : &st->rxfer, 1);
		atomic_fetch_add(write ? &st->wbytes : &st->rbytes, n);
	}
	leave(dk);
	return error;
}

int
disk_medium_sync(struct disk *dk)
{
	int error = -ENXIO;

	if (enter(dk))
		error = dk->dk_dev.b_readonly ?
		    0 :
		    dk->dk_driver->dd_ops->bd_sync(&dk->dk_dev);
	leave(dk);
	return error;
}

int
disk_medium_discard(struct disk *dk, uint64_t off, uint64_t n)
{
	int error = -ENXIO;

	if (dk->dk_driver->dd_ops->bd_discard == NULL)
		return -EOPNOTSUPP;
	if (enter(dk))
		error = dk->dk_dev.b_readonly ?
		    -EROFS :
		    dk->dk_driver->dd_ops->bd_discard(&dk->dk_dev, off, n);
	leave(dk);
	return error;
}

static int
reader_read(void *ctx, uint64_t off, void *buf, size_t n)
{
	struct disk *dk = ctx;
	uint32_t secsize = dk->dk_dev.b_secsize;
	uint64_t from = off - off % secsize;
	size_t skip = (size_t)(off - from);
	size_t len = (skip + n + secsize - 1) / secsize * secsize;
	struct iovec iov = { buf, n };
	int error;

	if (len == n)
		return disk_medium_io(dk, &iov, 1, off, false);
	/* Whole sectors are what drivers take. */
	if (len > dk->dk_dev.b_size - from)
		return -EINVAL;
	if ((iov.iov_base = kmem_alloc(dk->dk_k, len)) == NULL)
		return -ENOMEM;
	iov.iov_len = len;
	error = disk_medium_io(dk, &iov, 1, from, false);
	if (error == 0)
		memcpy(buf, (char *)iov.iov_base + skip, n);
	kmem_free(dk->dk_k, iov.iov_base, len);
	return error;
}

struct parttab_reader
disk_reader(struct disk *dk)
{
	return (struct parttab_reader){ reader_read, dk, dk->dk_dev.b_size,
		dk->dk_dev.b_secsize };
}

static int
part_transfer(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off,
    bool write)
{
	struct disk_part *dp = d->b_priv;
	struct disk *dk = dp->dp_disk;
	uint64_t n = 0;

	for (int i = 0; i < cnt; i++)
		n += iov[i].iov_len;
	if (off > d->b_size || n > d->b_size - off)
		return -EINVAL;
	if (write && dk->dk_dev.b_readonly)
		return -EROFS;
	if (write && disk_hits_label(dp, off, n))
		return -EROFS;
	if (write && atomic_load_explicit(&d->b_drop, memory_order_relaxed))
		return 0;
	return disk_medium_io(dk, iov, cnt, dp->dp_begin + off, write);
}

static int
part_readv(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	return part_transfer(d, iov, cnt, off, false);
}

static int
part_writev(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	return part_transfer(d, iov, cnt, off, true);
}

static int
part_sync(struct blkdev *d)
{
	struct disk_part *dp = d->b_priv;

	return atomic_load(&d->b_drop) ? 0 : disk_medium_sync(dp->dp_disk);
}

static int
part_discard(struct blkdev *d, uint64_t off, uint64_t n)
{
	struct disk_part *dp = d->b_priv;

	if (off > d->b_size || n > d->b_size - off)
		return -EINVAL;
	if (disk_hits_label(dp, off, n))
		return -EROFS;
	if (atomic_load(&d->b_drop))
		return 0;
	return disk_medium_discard(dp->dp_disk, dp->dp_begin + off, n);
}

static const struct blkdev_ops part_ops = {
	.bd_readv = part_readv,
	.bd_writev = part_writev,
	.bd_sync = part_sync,
	.bd_discard = part_discard,
};

static unsigned
part_of(const struct disk_driver *dd, dev_t dev)
{
	return dd->dd_wedge ? 0 : (unsigned)minor(dev) % MAXPARTITIONS;
}

static unsigned
unit_of(const struct disk_driver *dd, dev_t dev)
{
	return dd->dd_wedge ? (unsigned)minor(dev) :
			      (unsigned)minor(dev) / MAXPARTITIONS;
}

/* The window of a partition on the medium as it is now; -ENXIO: there is none. dk_lock held. */
static int
part_window(struct disk *dk, unsigned part, uint64_t *begin, uint64_t *size)
{
	const struct partition *pp = &dk->dk_label.d_partitions[part];
	uint64_t end, medium = dk->dk_dev.b_size;

	*begin = 0;
	*size = medium;
	if (dk->dk_driver->dd_wedge || part == RAW_PART)
		return 0;
	if (!dk->dk_haslabel || part >= dk->dk_label.d_npartitions ||
	    pp->p_size == 0)
		return -ENXIO;
	*begin = (uint64_t)pp->p_offset * dk->dk_dev.b_secsize;
	end = *begin + (uint64_t)pp->p_size * dk->dk_dev.b_secsize;
	if (*begin >= medium)
		return -ENXIO;
	*size = (end < medium ? end : medium) - *begin;
	return 0;
}

void
disk_set_windows(struct disk *dk)
{
	for (unsigned i = 0; i < MAXPARTITIONS; i++) {
		struct disk_part *dp = &dk->dk_part[i];

		if (dp->dp_bopens + dp->dp_copens == 0 ||
		    dp->dp_serial != dk->dk_serial)
			continue;
		if (part_window(dk, i, &dp->dp_begin, &dp->dp_dev.b_size) != 0)
			dp->dp_dev.b_size = 0;
	}
}

static bool
is_open(const struct disk *dk)
{
	for (unsigned i = 0; i < MAXPARTITIONS; i++)
		if (dk->dk_part[i].dp_bopens + dk->dk_part[i].dp_copens > 0)
			return true;
	return false;
}

/* A partition's device, at its first open. */
static int
part_setup(struct lwp *l, struct disk *dk, unsigned part, dev_t dev)
{
	struct disk_part *dp = &dk->dk_part[part];
	uint64_t begin = 0, size = 0;
	int error;

	if (dk->dk_configured &&
	    (error = part_window(dk, part, &begin, &size)) != 0)
		return error;
	/* Who has it open since another medium's time (taken by force) has it for himself. */
	if (dp->dp_bopens + dp->dp_copens > 0)
		return dk->dk_configured && dp->dp_serial != dk->dk_serial ?
		    -EBUSY :
		    0;
	dp->dp_disk = dk;
	dp->dp_serial = dk->dk_serial;
	dp->dp_begin = begin;
	dp->dp_dev = (struct blkdev){
		.b_ops = &part_ops,
		.b_k = l->l_k,
		.b_priv = dp,
		.b_secsize = dk->dk_dev.b_secsize,
		.b_align = dk->dk_dev.b_align,
		.b_piece = dk->dk_dev.b_piece,
		.b_size = size,
		.b_readonly = dk->dk_dev.b_readonly,
		.b_dev = dev,
	};
	return 0;
}

/*
 * Who configures may open block devices: if two did each other's, neither would come to an end. So a unit in whose driver somebody is, is waited for, but
 * not for ever: most requests are over at once.
 */
#define OPEN_TRIES 200
#define OPEN_PAUSE_NS 1000000

static int
lock_for_open(struct disk *dk, bool blk)
{
	if (!blk) {
		krwlock_wrlock(&dk->dk_lock);
		return 0;
	}
	for (int tries = 0; !krwlock_trywr(&dk->dk_lock); tries++) {
		if (tries >= OPEN_TRIES && atomic_load(&dk->dk_changing))
			return -EBUSY;
		host_sleep_ns(OPEN_PAUSE_NS);
	}
	return 0;
}

int
disk_dopen(struct lwp *l, dev_t dev, bool blk, int flags)
{
	const struct disk_driver *dd = dev_find(l->l_k, dev, blk)->d_disk;
	unsigned part = part_of(dd, dev);
	struct disk_part *dp;
	struct disk *dk;
	int error;

	(void)flags;
	error = disk_get(l->l_k, dd, unit_of(dd, dev), &dk);
	if (error != 0)
		return error;
	error = lock_for_open(dk, blk);
	if (error != 0) {
		disk_put(dk);
		return error;
	}
	dp = &dk->dk_part[part];
	if (!dk->dk_configured && dd->dd_open != NULL) {
		atomic_store(&dk->dk_changing, true);
		dd->dd_open(l, dk);
		atomic_store(&dk->dk_changing, false);
	}
	if (!dk->dk_configured)
		error = dd->dd_wedge || part != RAW_PART ? -ENXIO : 0;
	else if (dk->dk_wedges != NULL && part != RAW_PART)
		error = -EBUSY; /* two ways to the same bytes */
	else if (!dd->dd_wedge && !is_open(dk) && !dk->dk_klabel)
		disk_read_label(dk);
	if (error == 0)
		error = part_setup(l, dk, part, dev);
	if (error == 0)
		*(blk ? &dp->dp_bopens : &dp->dp_copens) += 1;
	krwlock_unlock(&dk->dk_lock);
	if (error != 0)
		disk_put(dk);
	return error;
}

/* The unit of an open device number, which the open holds. */
static struct disk *
unit_find(struct rump_kernel *k, dev_t dev, bool blk, unsigned *part)
{
	const struct devsw *sw = dev_find(k, dev, blk);
	struct disk *dk;

	if (sw == NULL || sw->d_disk == NULL ||
	    disk_get(k, sw->d_disk, unit_of(sw->d_disk, dev), &dk) != 0)
		return NULL;
	*part = part_of(sw->d_disk, dev);
	disk_put(dk);
	return dk;
}

int
disk_dclose(struct lwp *l, dev_t dev, bool blk, int flags)
{
	unsigned part, *opens;
	struct disk *dk = unit_find(l->l_k, dev, blk, &part);

	(void)flags;
	if (dk == NULL)
		return -ENXIO;
	krwlock_wrlock(&dk->dk_lock);
	opens = blk ? &dk->dk_part[part].dp_bopens :
		      &dk->dk_part[part].dp_copens;
	if (*opens > 0)
		--*opens;
	if (!is_open(dk) && !dk->dk_klabel)
		dk->dk_wlabel = false;
	krwlock_unlock(&dk->dk_lock);
	disk_put(dk);
	return 0;
}

int
disk_dblkdev(struct lwp *l, dev_t dev, struct blkdev **dp)
{
	unsigned part;
	struct disk *dk = unit_find(l->l_k, dev, true, &part);

	*dp = NULL;
	if (dk == NULL || !dk->dk_configured)
		return -ENXIO;
	if (dk->dk_part[part].dp_bopens + dk->dk_part[part].dp_copens == 0)
		return -ENXIO;
	*dp = &dk->dk_part[part].dp_dev;
	return 0;
}

/* The raw device: whole sectors, up to the end; nothing at the end; -EINVAL past it. */
static int
raw(struct lwp *l, dev_t dev, struct uio *uio)
{
	unsigned part;
	struct disk *dk = unit_find(l->l_k, dev, false, &part);
	struct blkdev *d;
	uint64_t off = (uint64_t)uio->uio_offset, n = uio->uio_resid;

	if (dk == NULL || !dk->dk_configured)
		return -ENXIO;
	d = &dk->dk_part[part].dp_dev;
	if (uio->uio_rw == UIO_WRITE && d->b_readonly)
		return -EACCES;
	if (uio->uio_offset < 0 || off > d->b_size || d->b_secsize == 0 ||
	    off % d->b_secsize != 0 || n % d->b_secsize != 0)
		return -EINVAL;
	if (n > d->b_size - off)
		n = d->b_size - off;
	return n == 0 ? 0 : blkdev_uiomove(d, off, (size_t)n, uio);
}

int
disk_dread(struct lwp *l, dev_t dev, struct uio *uio, int flags)
{
	(void)flags;
	return raw(l, dev, uio);
}

int
disk_dwrite(struct lwp *l, dev_t dev, struct uio *uio, int flags)
{
	(void)flags;
	return raw(l, dev, uio);
}

int
disk_dioctl(struct lwp *l, dev_t dev, bool blk, unsigned long cmd, void *data,
    int flags)
{
	unsigned part;
	struct disk *dk = unit_find(l->l_k, dev, blk, &part);
	const struct disk_driver *dd;
	int error = 1;

	if (dk == NULL)
		return -ENXIO;
	dd = dk->dk_driver;
	if (dd->dd_ioctl_unlocked != NULL)
		error = dd->dd_ioctl_unlocked(l, dk, part, cmd, data, flags);
	/* These give something to the process, which is done without locks. */
	if (error == 1 && cmd == DIOCLWEDGES)
		error = disk_wedge_list(l, dk, data);
	if (error == 1 && cmd == DIOCGDISKINFO)
		error = disk_info(l, dk, data);
	if (error != 1)
		return error;
	krwlock_wrlock(&dk->dk_lock);
	if (dd->dd_ioctl != NULL) {
		atomic_store(&dk->dk_changing, true);
		error = dd->dd_ioctl(l, dk, part, cmd, data, flags);
		atomic_store(&dk->dk_changing, false);
	}
	if (error == 1 && !dk->dk_configured)
		error = -ENXIO;
	if (error == 1)
		error = disk_wedge_ioctl(l, dk, cmd, data, flags);
	if (error == 1)
		error = disk_label_ioctl(l, dk, part, cmd, data, flags);
	krwlock_unlock(&dk->dk_lock);
	return error;
}

/* --- a unit's medium -------------------------------------------------------- */

static void
made_up_geometry(struct disk_geom *g, uint64_t size, uint32_t secsize)
{
	g->dg_secsize = secsize;
	g->dg_secperunit = (int64_t)(size / secsize);
	if (g->dg_nsectors == 0)
		g->dg_nsectors = 32;
	if (g->dg_ntracks == 0)
		g->dg_ntracks = 64;
	if (g->dg_secpercyl == 0)
		g->dg_secpercyl = g->dg_nsectors * g->dg_ntracks;
	if (g->dg_ncylinders == 0 && g->dg_secpercyl != 0)
		g->dg_ncylinders = (uint32_t)(g->dg_secperunit /
		    g->dg_secpercyl);
}

/* Not the count of what is busy: somebody may just be looking whether there is a medium. */
static void
stat_reset(struct disk_stat *st)
{
	atomic_store(&st->rxfer, 0);
	atomic_store(&st->rbytes, 0);
	atomic_store(&st->wxfer, 0);
	atomic_store(&st->wbytes, 0);
	atomic_store(&st->time_ns, 0);
}

int
disk_configure(struct lwp *l, struct disk *dk, uint64_t size, uint32_t secsize,
    const struct disk_geom *geom, bool readonly)
{
	struct disk_part *raw_part = &dk->dk_part[RAW_PART];
	const struct disk_driver *dd = dk->dk_driver;

	if (dk->dk_configured)
		return -EBUSY;
	if (secsize < 512 || secsize > 4096 || (secsize & (secsize - 1)) != 0 ||
	    size > (uint64_t)INT64_MAX)
		return -EINVAL;
	size -= size % secsize;
	dk->dk_dev = (struct blkdev){
		.b_ops = dk->dk_driver->dd_ops,
		.b_k = l->l_k,
		.b_priv = dk,
		.b_secsize = secsize,
		.b_align = dk->dk_dev.b_align != 0 ? dk->dk_dev.b_align : 1,
		.b_piece = dk->dk_dev.b_piece,
		.b_size = size,
		.b_readonly = readonly,
	};
	memset(&dk->dk_geom, 0, sizeof(dk->dk_geom));
	if (geom != NULL)
		dk->dk_geom = *geom;
	made_up_geometry(&dk->dk_geom, size, secsize);
	stat_reset(&dk->dk_stat);
	dk->dk_haslabel = dk->dk_labelled = dk->dk_wlabel = dk->dk_klabel = false;
	dk->dk_attached_ns = disk_now(l->l_k);
	kmutex_enter(&l->l_k->k_disks->ds_lock);
	dk->dk_serial = ++l->l_k->k_disks->ds_serial;
	kmutex_exit(&l->l_k->k_disks->ds_lock);
	strcpy(dk->dk_strategy, "fcfs");
	atomic_store(&dk->dk_configured, true);
	/* Whoever configures has the raw partition open: it becomes a device now. */
	raw_part->dp_serial = dk->dk_serial;
	raw_part->dp_begin = 0;
	raw_part->dp_dev.b_secsize = secsize;
	raw_part->dp_dev.b_align = dk->dk_dev.b_align;
	raw_part->dp_dev.b_piece = dk->dk_dev.b_piece;
	raw_part->dp_dev.b_size = size;
	raw_part->dp_dev.b_readonly = readonly;
	atomic_store(&raw_part->dp_dev.b_drop, false);
	if (!dd->dd_wedge) {
		disk_read_label(dk);
		disk_wedge_discover(l, dk);
	}
	return 0;
}

int
disk_unconfigure(struct lwp *l, struct disk *dk, unsigned part, bool force)
{
	int error;

	if (!dk->dk_configured)
		return -ENXIO;
	for (unsigned i = 0; i < MAXPARTITIONS && !force; i++) {
		const struct disk_part *dp = &dk->dk_part[i];

		if (i == part ? dp->dp_bopens > 0 && dp->dp_copens > 0 :
				dp->dp_bopens + dp->dp_copens > 0)
			return -EBUSY;
	}
	error = dk->dk_driver->dd_wedge ? 0 : disk_wedge_forget(l, dk, force);
	if (error != 0)
		return error;
	atomic_store(&dk->dk_configured, false);
	wait_idle(dk);
	dk->dk_haslabel = dk->dk_labelled = dk->dk_klabel = dk->dk_wlabel = false;
	for (unsigned i = 0; i < MAXPARTITIONS; i++)
		dk->dk_part[i].dp_dev.b_size = 0;
	return 0;
}

void
disk_resized(struct disk *dk, uint64_t size)
{
	size -= size % dk->dk_dev.b_secsize;
	dk->dk_dev.b_size = size;
	dk->dk_geom.dg_ncylinders = 0;
	made_up_geometry(&dk->dk_geom, size, dk->dk_dev.b_secsize);
	if (!dk->dk_labelled)
		disk_made_up_label(dk, &dk->dk_label);
	disk_set_windows(dk);
}

int
disk_open_under(struct lwp *l, const char *path, int flags, struct vnode **vpp,
    struct blkdev **dp)
{
	struct vnode *vp;
	int error;

	*vpp = NULL;
	error = namei_simple(l, path, NI_FOLLOW, &vp);
	if (error != 0)
		return error;
	if (vp->v_type != VBLK)
		error = -ENOTBLK;
	else
		error = vfs_open_device(l, vp, vp, !(flags & FWRITE), dp);
	if (error != 0)
		vnode_put(l, vp);
	else
		*vpp = vp;
	return error;
}

void
disk_close_under(struct lwp *l, struct vnode *vp, int flags)
{
	(void)flags;
	vfs_close_device(l, vp);
	vnode_put(l, vp);
}
