/* SPDX-License-Identifier: BSD-2-Clause */
/* The block and character devices of etfs, "rumpblk": windows of host files. */
#include <netbsd/disklabel.h>
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include "dev/etfs_private.h"

static int
window(struct etfs_state *es, struct etfs_image *im, uint64_t begin,
    uint64_t size, uint64_t *lenp)
{
	struct host_stat hs;
	uint64_t total = 0;
	uint32_t type;
	int error;

	error = es->es_k->k_host->stat(im->im_path, true, &hs);
	if (error < 0)
		return error;
	type = hs.hs_mode & 0170000;
	if (type == 0100000) {
		total = hs.hs_size;
	} else if (type == 0060000) {
		error = etfs_image_open(es, im, false);
		if (error != 0)
			return error;
		error = es->es_k->k_host->size(im->im_fd, &total);
		etfs_image_close(es, im);
		if (error < 0)
			return error;
	} else if (type != 0020000) {
		return -EINVAL;
	}
	if (begin > total || (size != ETFS_SIZE_TOEND && size > total - begin))
		return -EINVAL;
	*lenp = size == ETFS_SIZE_TOEND ? total - begin : size;
	return 0;
}

static struct etfs_slot *
slot_of(struct blkdev *d)
{
	return d->b_priv;
}

/* RUMP_BLKFAIL: so many of 10000 requests fail, by a fixed generator. */
static bool
fails(struct etfs_state *es)
{
	unsigned rate = es->es_k->k_config.kc_blkfail;
	uint32_t old, new;

	if (rate == 0)
		return false;
	old = atomic_load(&es->es_blkseed);
	do
		new = old * 1103515245u + 12345u;
	while (!atomic_compare_exchange_weak(&es->es_blkseed, &old, new));
	return (new & 0x7fffffff) % 10000 < rate;
}

/*
 * All of the vectors at off, or an error. The common case is one host call; what comes back short is finished from where it stopped, with
 * a copy of the vectors that can be advanced.
 */
static int
transfer(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off,
    bool write)
{
	struct etfs_slot *sl = slot_of(d);
	const struct host_ops *host = d->b_k->k_host;
	struct iovec part;
	size_t total = 0, skip;
	ssize_t n;
	int i;

	for (i = 0; i < cnt; i++)
		total += iov[i].iov_len;
	if (off > d->b_size || total > d->b_size - off)
		return -EINVAL;
	if (fails(d->b_k->k_etfs))
		return -EIO;
	off += sl->sl_begin;
	n = write ? host->pwritev(sl->sl_image->im_fd, iov, cnt, (int64_t)off) :
		    host->preadv(etfs_image_reader(d->b_k, sl->sl_image), iov,
			cnt, (int64_t)off);
	if (n < 0)
		return n == -ENOSPC || n == -EFBIG ? -ENOSPC : -EIO;
	skip = (size_t)n;
	for (i = 0; i < cnt; i++) {
		if (skip >= iov[i].iov_len) {
			skip -= iov[i].iov_len;
			off += iov[i].iov_len;
			continue;
		}
		part.iov_base = (char *)iov[i].iov_base + skip;
		part.iov_len = iov[i].iov_len - skip;
		n = write ? host->pwritev(sl->sl_image->im_fd, &part, 1,
				(int64_t)(off + skip)) :
			    host->preadv(sl->sl_image->im_fd, &part, 1,
				(int64_t)(off + skip));
		if (n < 0)
			return n == -ENOSPC || n == -EFBIG ? -ENOSPC : -EIO;
		if (n == 0) /* the image was cut off under us */
			return write ? -ENOSPC : -EIO;
		skip += (size_t)n;
		i--;
	}
	return 0;
}

static int
blk_readv(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	return transfer(d, iov, cnt, off, false);
}

static int
blk_writev(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	if (d->b_readonly)
		return -EROFS;
	return atomic_load_explicit(&d->b_drop, memory_order_relaxed) ?
	    0 :
	    transfer(d, iov, cnt, off, true);
}

static int
blk_sync(struct blkdev *d)
{
	int error;

	if (d->b_readonly || atomic_load(&d->b_drop))
		return 0;
	error = d->b_k->k_host->fdatasync(slot_of(d)->sl_image->im_fd);
	if (error == -ENOSPC)
		return -ENOSPC;
	return error < 0 ? -EIO : 0;
}

static int
blk_discard(struct blkdev *d, uint64_t off, uint64_t n)
{
	struct etfs_slot *sl = slot_of(d);
	int error;

	if (d->b_readonly)
		return -EROFS;
	if (off > d->b_size || n > d->b_size - off)
		return -EINVAL;
	if (n == 0 || atomic_load(&d->b_drop))
		return 0;
	error = d->b_k->k_host->punch(
	    sl->sl_image->im_fd, (int64_t)(off + sl->sl_begin), (int64_t)n);
	return error == 0 || error == -EOPNOTSUPP ? error : -EIO;
}

/* The label that NetBSD's driver makes up: one partition, at the index of the slot, that covers the window; of no type. */
static void
fictitious_label(const struct blkdev *d, unsigned slot, struct disklabel *lp)
{
	uint64_t n = d->b_size / d->b_secsize;
	uint32_t sectors = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;

	memset(lp, 0, sizeof(*lp));
	lp->d_magic = lp->d_magic2 = DISKMAGIC;
	lp->d_type = DKTYPE_RUMPD;
	memcpy(lp->d_typename, "rumpd", 6);
	memcpy(lp->d_un.un_d_packname, "fictitious", 11);
	lp->d_secsize = d->b_secsize;
	lp->d_nsectors = sectors;
	lp->d_ntracks = 1;
	lp->d_ncylinders = 1;
	lp->d_secpercyl = sectors;
	lp->d_secperunit = sectors;
	lp->d_rpm = 3600;
	lp->d_interleave = 1;
	lp->d_npartitions = (uint16_t)(slot + 1);
	lp->d_partitions[slot].p_size = sectors;
}

static int
blk_ioctl(
    struct blkdev *d, struct lwp *l, unsigned long cmd, void *data, int fflag)
{
	unsigned slot = (unsigned)minor(d->b_dev);
	struct partinfo pi;
	struct disklabel lp;
	unsigned secsize;
	off_t size;

	(void)l, (void)fflag;
	switch (cmd) {
	case DIOCGDINFO:
		fictitious_label(d, slot, &lp);
		memcpy(data, &lp, sizeof(lp));
		return 0;
	case DIOCGPARTINFO:
		fictitious_label(d, slot, &lp);
		memset(&pi, 0, sizeof(pi));
		pi.pi_offset = 0;
		pi.pi_secsize = d->b_secsize;
		pi.pi_bsize = 2048;
		pi.pi_fstype = FS_BSDFFS;
		pi.pi_size = d->b_size / d->b_secsize;
		memcpy(data, &pi, sizeof(pi));
		return 0;
	case DIOCCACHESYNC:
		return blk_sync(d);
	case DIOCGSECTORSIZE:
		secsize = d->b_secsize;
		memcpy(data, &secsize, sizeof(secsize));
		return 0;
	case DIOCGMEDIASIZE:
		size = (off_t)d->b_size;
		memcpy(data, &size, sizeof(size));
		return 0;
	}
	return -ENOTTY;
}

static const struct blkdev_ops blk_ops = {
	.bd_readv = blk_readv,
	.bd_writev = blk_writev,
	.bd_sync = blk_sync,
	.bd_discard = blk_discard,
	.bd_ioctl = blk_ioctl,
};

int
etfs_slot_get(struct etfs_state *es, const char *hostpath, uint64_t begin,
    uint64_t size, int *slotp)
{
	struct etfs_slot *sl;
	struct etfs_image *im;
	int i, slot = -1, error;
	uint64_t len = 0;

	for (i = 0; i < ETFS_NSLOTS; i++) {
		sl = es->es_slots[i];
		if (sl == NULL) {
			slot = slot < 0 ? i : slot;
		} else if (sl->sl_begin == begin &&
		    strcmp(sl->sl_image->im_path, hostpath) == 0) {
			sl->sl_refs++;
			*slotp = i;
			return 0;
		}
	}
	if (slot < 0)
		return -EBUSY;
	error = etfs_image_get(es, hostpath, &im);
	if (error != 0)
		return error;
	error = window(es, im, begin, size, &len);
	if (error == 0) {
		sl = kmem_zalloc(es->es_k, sizeof(*sl));
		error = sl == NULL ? -ENOMEM : 0;
	}
	if (error != 0) {
		etfs_image_put(es, im);
		return error;
	}
	sl->sl_refs = 1;
	sl->sl_image = im;
	sl->sl_begin = begin;
	sl->sl_toend = size == ETFS_SIZE_TOEND;
	sl->sl_dev.b_ops = &blk_ops;
	sl->sl_dev.b_k = es->es_k;
	sl->sl_dev.b_priv = sl;
	sl->sl_dev.b_secsize = (uint32_t)1 << es->es_secshift;
	sl->sl_dev.b_align = 1;
	sl->sl_dev.b_size = len;
	sl->sl_dev.b_dev = makedev(ETFS_MAJOR, slot);
	es->es_slots[slot] = sl;
	*slotp = slot;
	return 0;
}

void
etfs_slot_put(struct etfs_state *es, int slot)
{
	struct etfs_slot *sl = es->es_slots[slot];

	if (--sl->sl_refs > 0)
		return;
	es->es_slots[slot] = NULL;
	if (sl->sl_opens > 0)
		etfs_image_close(es, sl->sl_image);
	etfs_image_put(es, sl->sl_image);
	kmem_free(es->es_k, sl, sizeof(*sl));
}

/* --- the driver ------------------------------------------------------------ */

static struct etfs_slot *
slot_find(struct etfs_state *es, dev_t dev)
{
	unsigned n = (unsigned)minor(dev);

	return es == NULL || n >= ETFS_NSLOTS ? NULL : es->es_slots[n];
}

/* Each open of the number counts; the image is open as long as one is. A writer also claims it. */
static int
etfs_dopen(struct lwp *l, dev_t dev, bool blk, int flags)
{
	struct etfs_state *es = l->l_k->k_etfs;
	struct etfs_slot *sl;
	uint64_t total;
	int error;

	(void)blk;
	if (es == NULL)
		return -ENXIO;
	kmutex_enter(&es->es_lock);
	sl = slot_find(es, dev);
	error = sl == NULL ?
	    -ENXIO :
	    etfs_image_open(es, sl->sl_image, (flags & FWRITE) != 0);
	if (error == 0) {
		sl->sl_opens++;
		sl->sl_refs++;
		sl->sl_dev.b_readonly = sl->sl_image->im_rdonly;
		/* A plain file may have grown since it was registered. */
		if (sl->sl_toend && sl->sl_opens == 1 &&
		    l->l_k->k_host->size(sl->sl_image->im_fd, &total) >= 0 &&
		    total > sl->sl_begin)
			sl->sl_dev.b_size = total - sl->sl_begin;
	}
	kmutex_exit(&es->es_lock);
	if (error == -EBUSY)
		kern_printf(l->l_k, "etfs: %s\n", es->es_why);
	return error;
}

static int
etfs_dclose(struct lwp *l, dev_t dev, bool blk, int flags)
{
	struct etfs_state *es = l->l_k->k_etfs;
	struct etfs_slot *sl;

	(void)blk, (void)flags;
	kmutex_enter(&es->es_lock);
	sl = slot_find(es, dev);
	if (sl != NULL && sl->sl_opens > 0) {
		sl->sl_opens--;
		etfs_image_close(es, sl->sl_image);
		etfs_slot_put(es, (int)minor(dev));
	}
	kmutex_exit(&es->es_lock);
	return 0;
}

static int
open_slot(struct lwp *l, dev_t dev, struct etfs_slot **slp)
{
	struct etfs_state *es = l->l_k->k_etfs;

	if (es == NULL)
		return -ENXIO;
	kmutex_enter(&es->es_lock);
	*slp = slot_find(es, dev);
	if (*slp != NULL && (*slp)->sl_opens == 0)
		*slp = NULL;
	kmutex_exit(&es->es_lock);
	return *slp == NULL ? -ENXIO : 0;
}

/*
 * The raw device: whole sectors, clipped at the end of the window. Otherwise a write is -EINVAL; a read finds nothing, as NetBSD's
 * driver has it.
 */
static int
raw(struct lwp *l, dev_t dev, struct uio *uio)
{
	struct etfs_slot *sl;
	uint64_t off = (uint64_t)uio->uio_offset, n;
	int error = open_slot(l, dev, &sl);

	if (error != 0)
		return error;
	if (uio->uio_offset < 0 || off > sl->sl_dev.b_size ||
	    off % sl->sl_dev.b_secsize != 0 ||
	    uio->uio_resid % sl->sl_dev.b_secsize != 0)
		return uio->uio_rw == UIO_READ ? 0 : -EINVAL;
	n = sl->sl_dev.b_size - off;
	if (n > uio->uio_resid)
		n = uio->uio_resid;
	return n == 0 ? 0 : blkdev_uiomove(&sl->sl_dev, off, (size_t)n, uio);
}

static int
etfs_drw(struct lwp *l, dev_t dev, struct uio *uio, int flags)
{
	(void)flags;
	return raw(l, dev, uio);
}

static int
etfs_dioctl(struct lwp *l, dev_t dev, bool blk, unsigned long cmd, void *data,
    int flags)
{
	struct etfs_slot *sl;
	int error = open_slot(l, dev, &sl);

	(void)blk;
	return error != 0 ? error : blk_ioctl(&sl->sl_dev, l, cmd, data, flags);
}

static int
etfs_dblkdev(struct lwp *l, dev_t dev, struct blkdev **dp)
{
	struct etfs_slot *sl;
	int error = open_slot(l, dev, &sl);

	*dp = error != 0 ? NULL : &sl->sl_dev;
	return error;
}

const struct devsw dev_etfs = {
	.d_name = "rumpblk",
	.d_bmajor = ETFS_MAJOR,
	.d_cmajor = ETFS_MAJOR,
	.d_flags = D_DISK,
	.d_open = etfs_dopen,
	.d_close = etfs_dclose,
	.d_read = etfs_drw,
	.d_write = etfs_drw,
	.d_ioctl = etfs_dioctl,
	.d_blkdev = etfs_dblkdev,
};
