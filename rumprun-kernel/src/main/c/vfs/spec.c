/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Special files. A specnode stands for one device number of one kind while a vnode of it is open or was; it holds the
 * count of opens and the mount or driver that has a block device. Its fields are under ss_lock: drivers are called without it, but
 * to find an open device.
 */
#include <netbsd/fcntl.h>
#include <netbsd/mount.h>
#include <netbsd/poll.h>
#include "dev/blkdev.h"
#include "dev/dev.h"
#include "vfs/mount.h"
#include "vfs/namei.h"
#include "vfs/spec.h"

struct specnode {
	struct specnode *sn_next;
	dev_t sn_dev;
	bool sn_blk;
	unsigned sn_refs; /* vnodes that point here */
	unsigned sn_opens;
	const void *sn_holder; /* the mount or driver that has it */
	int sn_holdflags;      /* how it was opened for that */
};

#define SPEC_HASH 32
struct spec_state {
	struct kmutex ss_lock;
	struct specnode *ss_hash[SPEC_HASH];
};

int
spec_attach(struct rump_kernel *k)
{
	k->k_spec = kmem_zalloc(k, sizeof(*k->k_spec));
	return k->k_spec == NULL ? -ENOMEM : 0;
}

void
spec_detach(struct rump_kernel *k)
{
	if (k->k_spec != NULL)
		kmem_free(k, k->k_spec, sizeof(*k->k_spec));
	k->k_spec = NULL;
}

static struct specnode **
bucket(struct spec_state *ss, dev_t dev)
{
	return &ss->ss_hash[(dev ^ dev >> 8) % SPEC_HASH];
}

/* Binds the vnode to its device's specnode; done once, at the first open. */
static int
spec_bind(struct vnode *vp, struct specnode **snp)
{
	struct spec_state *ss = vp->v_k->k_spec;
	struct specnode *sn, *fresh;
	bool blk = vp->v_type == VBLK;

	fresh = kmem_zalloc(vp->v_k, sizeof(*fresh));
	if (fresh == NULL)
		return -ENOMEM;
	kmutex_enter(&ss->ss_lock);
	sn = vp->v_spec;
	if (sn == NULL) {
		for (sn = *bucket(ss, vp->v_rdev); sn != NULL &&
		     (sn->sn_dev != vp->v_rdev || sn->sn_blk != blk);
		     sn = sn->sn_next)
			continue;
		if (sn == NULL) {
			sn = fresh;
			fresh = NULL;
			sn->sn_dev = vp->v_rdev;
			sn->sn_blk = blk;
			sn->sn_next = *bucket(ss, sn->sn_dev);
			*bucket(ss, sn->sn_dev) = sn;
		}
		sn->sn_refs++;
		vp->v_spec = sn;
	}
	kmutex_exit(&ss->ss_lock);
	if (fresh != NULL)
		kmem_free(vp->v_k, fresh, sizeof(*fresh));
	*snp = sn;
	return 0;
}

void
spec_forget(struct vnode *vp)
{
	struct spec_state *ss = vp->v_k->k_spec;
	struct specnode *sn = vp->v_spec, **p;

	if (sn == NULL)
		return;
	kmutex_enter(&ss->ss_lock);
	vp->v_spec = NULL;
	if (--sn->sn_refs > 0) {
		kmutex_exit(&ss->ss_lock);
		return;
	}
	for (p = bucket(ss, sn->sn_dev); *p != sn; p = &(*p)->sn_next)
		continue;
	*p = sn->sn_next;
	kmutex_exit(&ss->ss_lock);
	kmem_free(vp->v_k, sn, sizeof(*sn));
}

static int
count_open(struct lwp *l, struct vnode *vp, int flags)
{
	struct spec_state *ss = vp->v_k->k_spec;
	struct specnode *sn;
	int error;

	error = spec_bind(vp, &sn);
	if (error != 0)
		return error;
	error = dev_open(l, vp->v_rdev, vp->v_type == VBLK, flags);
	if (error != 0)
		return error;
	kmutex_enter(&ss->ss_lock);
	sn->sn_opens++;
	kmutex_exit(&ss->ss_lock);
	return 0;
}

int
spec_open(struct lwp *l, struct vnode *vp, int mode)
{
	struct mount *mp = vp->v_mount;

	if (mp != NULL && (mp->mnt_flag & MNT_NODEV))
		return -ENXIO;
	return count_open(l, vp, mode);
}

int
spec_close(struct lwp *l, struct vnode *vp, int fflag)
{
	struct spec_state *ss = vp->v_k->k_spec;
	struct specnode *sn = vp->v_spec;

	if (sn == NULL)
		return 0;
	kmutex_enter(&ss->ss_lock);
	if (sn->sn_opens > 0)
		sn->sn_opens--;
	kmutex_exit(&ss->ss_lock);
	return dev_close(l, sn->sn_dev, sn->sn_blk, fflag);
}

/* A block device takes any offset and length: clipped at its end, where there is nothing; -EINVAL beyond. */
static int
blk_move(struct lwp *l, struct vnode *vp, struct uio *uio)
{
	struct blkdev *d;
	uint64_t off = (uint64_t)uio->uio_offset, n;
	int error;

	error = dev_blkdev(l, vp->v_rdev, &d);
	if (error != 0)
		return error;
	if (uio->uio_offset < 0 || off > d->b_size)
		return -EINVAL;
	n = d->b_size - off;
	if (n > uio->uio_resid)
		n = uio->uio_resid;
	if (n == 0)
		return 0;
	if (d->b_align > 1 && (off % d->b_align != 0 || n % d->b_align != 0))
		return -EINVAL;
	return blkdev_uiomove(d, off, (size_t)n, uio);
}

int
spec_read(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	if (vp->v_type == VBLK)
		return blk_move(l, vp, uio);
	return dev_read(l, vp->v_rdev, uio, ioflag & IO_NDELAY ? O_NONBLOCK : 0);
}

int
spec_write(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	if (vp->v_type == VBLK)
		return blk_move(l, vp, uio);
	return dev_write(
	    l, vp->v_rdev, uio, ioflag & IO_NDELAY ? O_NONBLOCK : 0);
}

int
spec_ioctl(
    struct lwp *l, struct vnode *vp, unsigned long cmd, void *data, int fflag)
{
	return dev_ioctl(l, vp->v_rdev, vp->v_type == VBLK, cmd, data, fflag);
}

int
spec_poll(struct lwp *l, struct vnode *vp, int events)
{
	if (vp->v_type == VBLK)
		return events & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
	return dev_poll(l, vp->v_rdev, events);
}

int
spec_kqfilter(struct lwp *l, struct vnode *vp, struct knote *kn)
{
	return vp->v_type == VBLK ? -EOPNOTSUPP :
				    dev_kqfilter(l, vp->v_rdev, kn);
}

int
spec_fsync(struct lwp *l, struct vnode *vp)
{
	struct blkdev *d;

	if (vp->v_type != VBLK || dev_blkdev(l, vp->v_rdev, &d) != 0)
		return 0;
	return blkdev_sync(d);
}

int
spec_discard(struct lwp *l, struct vnode *vp, off_t off, off_t len)
{
	const struct devsw *sw;
	dev_t dev = vp->v_rdev;
	struct blkdev *d;
	uint64_t n = (uint64_t)len;

	/* A raw disk is a block device under another major. */
	if (vp->v_type == VCHR) {
		sw = dev_find(l->l_k, dev, false);
		if (sw == NULL || sw->d_bmajor < 0 || sw->d_blkdev == NULL)
			return -ENODEV;
		dev = makedev((unsigned)sw->d_bmajor, minor(dev));
	}
	if (dev_blkdev(l, dev, &d) != 0 || d->b_ops->bd_discard == NULL)
		return -ENODEV;
	if ((uint64_t)off > d->b_size)
		return -EINVAL;
	if (n > d->b_size - (uint64_t)off)
		n = d->b_size - (uint64_t)off;
	return d->b_ops->bd_discard(d, (uint64_t)off, n);
}

void
spec_drop_writes(struct lwp *l)
{
	struct spec_state *ss = l->l_k->k_spec;
	struct specnode *sn;
	struct blkdev *d;
	int i;

	if (ss == NULL)
		return;
	kmutex_enter(&ss->ss_lock);
	for (i = 0; i < SPEC_HASH; i++) {
		for (sn = ss->ss_hash[i]; sn != NULL; sn = sn->sn_next) {
			if (sn->sn_blk && sn->sn_opens > 0 &&
			    dev_blkdev(l, sn->sn_dev, &d) == 0)
				atomic_store(&d->b_drop, true);
		}
	}
	kmutex_exit(&ss->ss_lock);
}

uint64_t
spec_size(struct lwp *l, struct vnode *vp)
{
	struct blkdev *d;

	return dev_blkdev(l, vp->v_rdev, &d) == 0 ? d->b_size : 0;
}

/* --- a block device under a file system ------------------------------------ */

int
vfs_lookup_device(struct lwp *l, const void *user_fspec, char *name,
    size_t namesize, struct vnode **devvp)
{
	struct vnode *vp;
	int error;

	*devvp = NULL;
	error = copyinstr(l, user_fspec, name, namesize, NULL);
	if (error != 0)
		return error;
	error = namei_simple(l, name, NI_FOLLOW, &vp);
	if (error != 0)
		return error;
	if (vp->v_type != VBLK)
		error = -ENOTBLK;
	else if (dev_find(l->l_k, vp->v_rdev, true) == NULL)
		error = -ENXIO;
	if (error != 0)
		vnode_put(l, vp);
	else
		*devvp = vp;
	return error;
}

int
vfs_open_device(struct lwp *l, struct vnode *devvp, const void *holder,
    bool readonly, struct blkdev **dp)
{
	struct spec_state *ss = l->l_k->k_spec;
	struct specnode *sn;
	int error, flags = readonly ? FREAD : FREAD | FWRITE;

	*dp = NULL;
	error = spec_bind(devvp, &sn);
	if (error != 0)
		return error;
	kmutex_enter(&ss->ss_lock);
	if (sn->sn_holder != NULL)
		error = -EBUSY;
	else
		sn->sn_holder = holder;
	kmutex_exit(&ss->ss_lock);
	if (error != 0)
		return error;
	error = count_open(l, devvp, flags);
	if (error == 0) {
		error = dev_blkdev(l, devvp->v_rdev, dp);
		if (error != 0)
			spec_close(l, devvp, flags);
	}
	kmutex_enter(&ss->ss_lock);
	if (error != 0)
		sn->sn_holder = NULL;
	else
		sn->sn_holdflags = flags;
	kmutex_exit(&ss->ss_lock);
	return error;
}

int
vfs_reopen_device(struct lwp *l, struct vnode *devvp, bool readonly)
{
	struct specnode *sn = devvp->v_spec;
	int error, flags = readonly ? FREAD : FREAD | FWRITE;

	if (flags == sn->sn_holdflags)
		return 0;
	error = count_open(l, devvp, flags);
	if (error != 0)
		return error;
	spec_close(l, devvp, sn->sn_holdflags);
	sn->sn_holdflags = flags;
	return 0;
}

void
vfs_close_device(struct lwp *l, struct vnode *devvp)
{
	struct spec_state *ss = l->l_k->k_spec;
	struct specnode *sn = devvp->v_spec;

	spec_close(l, devvp, sn->sn_holdflags);
	kmutex_enter(&ss->ss_lock);
	sn->sn_holder = NULL;
	sn->sn_holdflags = 0;
	kmutex_exit(&ss->ss_lock);
}
