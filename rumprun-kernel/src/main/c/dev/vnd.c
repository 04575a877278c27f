/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vnd(4): a disk that is a file.
 *
 * Transfers go with their callers' vectors straight to the file system that has the file, in their callers' threads; what is cached is cached there. Readers run
 * side by side, as readers of the file do. The file is open and referenced while the unit is configured, so its file system stays; one that is unmounted by force, or a
 * file that became shorter, gives -EIO.
 *
 * Locks: vn_lock (transfers are its readers: who takes the file away waits for them), then the vnode of the file. Both come below whatever the file system on the
 * unit holds, since no file system lies on a disk that lies on it: a unit that somebody still has open from an earlier life is not configured.
 */
#include <netbsd/event.h>
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/limits.h>
#include "dev/disk_private.h"
#include "dev/vnd_image.h"
#include "vfs/mount.h"
#include "vfs/namei.h"
#include "vfs/vfs_impl.h" /* vn_open */

#define VNF_COMP 0x400 /* in vnd_flags: a compressed image (dev/vndvar.h) */
#define NUNITS 4096
#define NLISTED 4 /* so many are there to be asked about from the start */
#define NVEC 32
/* What is given when no geometry is: cylinders of 1 MiB; a smaller file has one sector a cylinder. */
#define DEFAULT_SECTORS 32
#define DEFAULT_TRACKS 64

struct vnd {
	struct krwlock vn_lock;
	struct vnode *vn_vp;	    /* NULL: not configured */
	int vn_mode;		    /* it is open with */
	struct vnd_image *vn_image; /* compressed */
	dev_t vn_fsid;
	ino_t vn_fileid;
};

/* --- transfers ----------------------------------------------------------------- */

static size_t
total(const struct iovec *iov, int cnt)
{
	size_t n = 0;

	for (int i = 0; i < cnt; i++)
		n += iov[i].iov_len;
	return n;
}

/*
 * The locked file must have these bytes: a write must not make a file longer that somebody has cut. It is asked for its size only when somebody has
 * set that: to know it may take a look at the host.
 */
static int
inside(struct lwp *l, struct vnode *vp, uint64_t off, uint64_t n)
{
	struct vattr va;
	int error;

	if (!(atomic_load_explicit(&vp->v_flag, memory_order_relaxed) & VV_CUT))
		return 0;
	error = vn_getattr(l, vp, &va);
	if (error == 0 && (off > va.va_size || n > va.va_size - off))
		error = -EIO;
	return error;
}

static int
move_locked(struct lwp *l, struct vnode *vp, struct uio *uio)
{
	int ioflag = vp->v_mount->mnt_flag & MNT_SYNCHRONOUS ? IO_SYNC : 0;
	int error;

	if (vnode_isdead(vp))
		return -EIO;
	if (uio->uio_rw == UIO_READ) {
		error = vp->v_ops->vop_read(l, vp, uio, 0);
	} else {
		error = inside(l, vp, (uint64_t)uio->uio_offset, uio->uio_resid);
		if (error == 0)
			error = vp->v_ops->vop_write(l, vp, uio, ioflag);
	}
	return error == 0 && uio->uio_resid > 0 ? -EIO : error;
}

/* The vectors are copied: a uio uses up its own. */
static int
file_move(struct rump_kernel *k, struct vnode *vp, const struct iovec *iov,
    int cnt, uint64_t off, bool write)
{
	struct iovec vec[NVEC];
	struct uio uio;
	int error = 0;

	while (cnt > 0 && error == 0) {
		int n = cnt < NVEC ? cnt : NVEC;
		size_t bytes = total(iov, n);

		memcpy(vec, iov, (size_t)n * sizeof(*vec));
		uio = (struct uio){
			.uio_iov = vec,
			.uio_iovcnt = n,
			.uio_offset = (off_t)off,
			.uio_resid = bytes,
			.uio_rw = write ? UIO_WRITE : UIO_READ,
		};
		vnode_lock(vp, write);
		error = bytes == 0 ? 0 : move_locked(k->k_lwp0, vp, &uio);
		vnode_unlock(vp);
		iov += n;
		cnt -= n;
		off += bytes;
	}
	if (write &&
	    atomic_load_explicit(&vp->v_sel.si_knotes, memory_order_relaxed) !=
		NULL)
		vn_note(vp, NOTE_WRITE);
	return error;
}

static int
transfer(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off,
    bool write)
{
	struct disk *dk = d->b_priv;
	struct vnd *vn = dk->dk_priv;
	int error;

	krwlock_rdlock(&vn->vn_lock);
	if (vn->vn_vp == NULL)
		error = -ENXIO;
	else if (vn->vn_image != NULL)
		error = write ? -EROFS :
				vnd_image_readv(vn->vn_image, iov, cnt, off);
	else
		error = file_move(dk->dk_k, vn->vn_vp, iov, cnt, off, write);
	krwlock_unlock(&vn->vn_lock);
	return error;
}

static int
vnd_readv(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	return transfer(d, iov, cnt, off, false);
}

static int
vnd_writev(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	return transfer(d, iov, cnt, off, true);
}

static int
vnd_sync(struct blkdev *d)
{
	struct disk *dk = d->b_priv;
	struct vnd *vn = dk->dk_priv;
	struct vnode *vp;
	int error = 0;

	krwlock_rdlock(&vn->vn_lock);
	if ((vp = vn->vn_vp) == NULL) {
		krwlock_unlock(&vn->vn_lock);
		return -ENXIO;
	}
	vnode_lock(vp, true);
	if (vnode_isdead(vp))
		error = -EIO;
	else if (vp->v_ops->vop_fsync != NULL)
		error = vp->v_ops->vop_fsync(
		    dk->dk_k->k_lwp0, vp, FSYNC_WAIT, 0, 0);
	vnode_unlock(vp);
	krwlock_unlock(&vn->vn_lock);
	return error;
}

/* A hole, where the file system makes holes. */
static int
vnd_discard(struct blkdev *d, uint64_t off, uint64_t n)
{
	struct disk *dk = d->b_priv;
	struct vnd *vn = dk->dk_priv;
	struct lwp *l = dk->dk_k->k_lwp0;
	struct vnode *vp;
	int error;

	krwlock_rdlock(&vn->vn_lock);
	if ((vp = vn->vn_vp) == NULL || vn->vn_image != NULL) {
		krwlock_unlock(&vn->vn_lock);
		return vp == NULL ? -ENXIO : -EROFS;
	}
	vnode_lock(vp, true);
	if (vnode_isdead(vp))
		error = -EIO;
	else if (vp->v_ops->vop_fdiscard == NULL)
		error = -EOPNOTSUPP;
	else if (n == 0)
		error = 0;
	else if ((error = inside(l, vp, off, n)) == 0)
		error = vp->v_ops->vop_fdiscard(l, vp, (off_t)off, (off_t)n);
	vnode_unlock(vp);
	krwlock_unlock(&vn->vn_lock);
	return error;
}

/* --- configuring ----------------------------------------------------------------- */

static int
image_read(void *ctx, void *buf, size_t n, uint64_t off)
{
	struct vnode *vp = ctx;
	struct iovec iov = { buf, n };

	return file_move(vp->v_k, vp, &iov, 1, off, false);
}

static int
open_file(struct lwp *l, struct vnd *vn, const struct vnd_ioctl *vio,
    struct vattr *va)
{
	char *path = kmem_alloc(l->l_k, PATH_MAX);
	struct vnode *vp;
	int error;

	if (path == NULL)
		return -ENOMEM;
	error = copyinstr(l, vio->vnd_file, path, PATH_MAX, NULL);
	if (error == 0)
		error = namei_simple(l, path, NI_FOLLOW, &vp);
	kmem_free(l->l_k, path, PATH_MAX);
	if (error != 0)
		return error;
	vn->vn_mode = vio->vnd_flags & (VNDIOF_READONLY | VNF_COMP) ?
	    FREAD :
	    FREAD | FWRITE;
	error = vp->v_type == VREG ? vn_open(l, vp, vn->vn_mode, false) :
				     -EOPNOTSUPP;
	if (error != 0) {
		vnode_put(l, vp);
		return error;
	}
	vnode_lock(vp, true);
	atomic_fetch_and(&vp->v_flag, ~(unsigned)VV_CUT);
	error = vn_getattr(l, vp, va);
	vnode_unlock(vp);
	if (error != 0) {
		(void)vn_close(l, vp, vn->vn_mode);
		vnode_put(l, vp);
		return error;
	}
	vn->vn_fsid = va->va_fsid;
	vn->vn_fileid = va->va_fileid;
	krwlock_wrlock(&vn->vn_lock);
	vn->vn_vp = vp;
	krwlock_unlock(&vn->vn_lock);
	return 0;
}

/* The unit has no file any more, and nobody transfers. */
static void
forget(struct lwp *l, struct vnd *vn)
{
	struct vnd_image *image;
	struct vnode *vp;

	krwlock_wrlock(&vn->vn_lock);
	vp = vn->vn_vp;
	image = vn->vn_image;
	vn->vn_vp = NULL;
	vn->vn_image = NULL;
	krwlock_unlock(&vn->vn_lock);
	if (image != NULL)
		vnd_image_close(image);
	(void)vn_close(l, vp, vn->vn_mode);
	vnode_put(l, vp);
}

/* What is asked for, or what there is; *sizep is what the file has, and what the disk will have. */
static int
geometry(const struct vnd_ioctl *vio, struct disk_geom *g, uint64_t *sizep)
{
	const struct vndgeom *want = &vio->vnd_geom;
	uint64_t track, cyl, sectors;

	memset(g, 0, sizeof(*g));
	if (!(vio->vnd_flags & VNDIOF_HASGEOM)) {
		bool small = *sizep <
		    (uint64_t)512 * DEFAULT_SECTORS * DEFAULT_TRACKS;

		g->dg_secsize = 512;
		g->dg_nsectors = small ? 1 : DEFAULT_SECTORS;
		g->dg_ntracks = small ? 1 : DEFAULT_TRACKS;
		return 0;
	}
	g->dg_secsize = want->vng_secsize;
	g->dg_nsectors = want->vng_nsectors;
	g->dg_ntracks = want->vng_ntracks;
	g->dg_ncylinders = want->vng_ncylinders;
	if (g->dg_secsize < 512 || g->dg_secsize > 4096 ||
	    (g->dg_secsize & (g->dg_secsize - 1)) != 0 || g->dg_nsectors == 0 ||
	    g->dg_ntracks == 0 || g->dg_ncylinders == 0)
		return -EINVAL;
	track = (uint64_t)g->dg_secsize * g->dg_nsectors;
	if (track > *sizep || g->dg_ntracks > *sizep / track)
		return -EINVAL;
	cyl = track * g->dg_ntracks;
	if (g->dg_ncylinders > *sizep / cyl)
		return -EINVAL;
	*sizep = cyl * g->dg_ncylinders;
	sectors = cyl / g->dg_secsize;
	if (sectors > UINT32_MAX)
		return -EINVAL;
	g->dg_secpercyl = (uint32_t)sectors;
	return 0;
}

/* A unit that lost its file by force keeps its opens; what they are part of may have the next file on it. */
static bool
held(const struct disk *dk, unsigned part)
{
	for (unsigned i = 0; i < MAXPARTITIONS; i++) {
		const struct disk_part *dp = &dk->dk_part[i];

		if (i == part ? dp->dp_bopens > 0 && dp->dp_copens > 0 :
				dp->dp_bopens + dp->dp_copens > 0)
			return true;
	}
	return false;
}

static int
configure(struct lwp *l, struct disk *dk, unsigned part, struct vnd_ioctl *vio)
{
	struct vnd *vn = dk->dk_priv;
	struct vnd_image *image = NULL;
	struct disk_geom geom;
	struct vattr va;
	uint64_t size;
	int error;

	if (dk->dk_configured || held(dk, part))
		return -EBUSY;
	if ((error = open_file(l, vn, vio, &va)) != 0)
		return error;
	size = va.va_size;
	if (vio->vnd_flags & VNF_COMP) {
		error = vnd_image_open(
		    l->l_k, image_read, vn->vn_vp, size, &image);
		if (error != 0)
			goto out;
		size = vnd_image_size(image);
		krwlock_wrlock(&vn->vn_lock);
		vn->vn_image = image;
		krwlock_unlock(&vn->vn_lock);
	}
	error = geometry(vio, &geom, &size);
	if (error == 0)
		error = disk_configure(l, dk, size, geom.dg_secsize, &geom,
		    !(vn->vn_mode & FWRITE));
	if (error == 0) {
		vio->vnd_size = dk->dk_dev.b_size;
		vio->vnd_osize = vio->vnd_size > UINT32_MAX ?
		    UINT32_MAX :
		    (unsigned)vio->vnd_size;
		return 0;
	}
out:
	forget(l, vn);
	return error;
}

static int
vnd_ioctl(struct lwp *l, struct disk *dk, unsigned part, unsigned long cmd,
    void *data, int flags)
{
	struct vnd_ioctl vio;
	int error;

	if (cmd != VNDIOCSET && cmd != VNDIOCCLR)
		return 1;
	if (!(flags & FWRITE))
		return -EBADF;
	memcpy(&vio, data, sizeof(vio));
	if (cmd == VNDIOCSET) {
		error = configure(l, dk, part, &vio);
		if (error == 0)
			memcpy(data, &vio, sizeof(vio));
		return error;
	}
	error = disk_unconfigure(
	    l, dk, part, (vio.vnd_flags & VNDIOF_FORCE) != 0);
	if (error == 0)
		forget(l, dk->dk_priv);
	return error;
}

/* --- what there is ----------------------------------------------------------------- */

extern const struct disk_driver vnd_driver;

static int
highest(struct disk *dk, void *arg)
{
	unsigned *max = arg;

	if (dk->dk_driver == &vnd_driver && dk->dk_unit > *max)
		*max = dk->dk_unit;
	return 0;
}

/* Of this unit (-1) or another one; -ENXIO past the last, so that all can be listed. */
static int
get(struct disk *dk, struct vnd_user *vnu)
{
	unsigned unit = vnu->vnu_unit == -1 ? dk->dk_unit :
					      (unsigned)vnu->vnu_unit;
	unsigned max = dk->dk_unit < NLISTED ? NLISTED - 1 : dk->dk_unit;
	struct disk *target;
	struct vnd *vn;
	int error;

	if (vnu->vnu_unit < -1)
		return -EINVAL;
	disk_foreach(dk->dk_k, highest, &max);
	if (unit > max)
		return -ENXIO;
	error = disk_get(dk->dk_k, &vnd_driver, unit, &target);
	if (error != 0)
		return error;
	memset(vnu, 0, sizeof(*vnu));
	vnu->vnu_unit = (int)unit;
	vn = target->dk_priv;
	krwlock_rdlock(&vn->vn_lock);
	if (vn->vn_vp != NULL) {
		vnu->vnu_dev = vn->vn_fsid;
		vnu->vnu_ino = vn->vn_fileid;
	}
	krwlock_unlock(&vn->vn_lock);
	disk_put(target);
	return 0;
}

static int
vnd_ioctl_unlocked(struct lwp *l, struct disk *dk, unsigned part,
    unsigned long cmd, void *data, int flags)
{
	struct vnd_user vnu;
	int error;

	(void)l, (void)part, (void)flags;
	if (cmd != VNDIOCGET)
		return 1;
	memcpy(&vnu, data, sizeof(vnu));
	error = get(dk, &vnu);
	if (error == 0)
		memcpy(data, &vnu, sizeof(vnu));
	return error;
}

static void
vnd_shutdown(struct lwp *l, struct disk *dk)
{
	forget(l, dk->dk_priv);
}

static const struct blkdev_ops vnd_ops = {
	.bd_readv = vnd_readv,
	.bd_writev = vnd_writev,
	.bd_sync = vnd_sync,
	.bd_discard = vnd_discard,
};

const struct disk_driver vnd_driver = {
	.dd_name = "vnd",
	.dd_nunits = NUNITS,
	.dd_type = DKTYPE_VND,
	.dd_privsize = sizeof(struct vnd),
	.dd_ops = &vnd_ops,
	.dd_ioctl = vnd_ioctl,
	.dd_ioctl_unlocked = vnd_ioctl_unlocked,
	.dd_shutdown = vnd_shutdown,
};

extern const struct devsw dev_vnd;
const struct devsw dev_vnd = DISK_DEVSW(vnd_driver, 14, 41);
