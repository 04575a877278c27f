/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * getdents. In a union mount the directory below follows: a reading position holds in its upper bits how many layers down
 * it is, so that seeking works as in any directory. Names that are in two layers come twice, as in NetBSD's kernel.
 */
#include "vfs/vfs_impl.h"

#define LAYER_SHIFT 56
#define LAYER_MAX 63

/* The directory `n` layers below vp, referenced, or NULL. */
static struct vnode *
layer(struct lwp *l, struct vnode *vp, unsigned n)
{
	struct vnode *under;

	vnode_get(vp);
	for (; n > 0; n--) {
		under = (atomic_load(&vp->v_flag) & VV_ROOT) &&
			(vp->v_mount->mnt_flag & MNT_UNION) ?
		    mount_covered(vp) :
		    NULL;
		vnode_put(l, vp);
		if (under == NULL)
			return NULL;
		vp = under;
	}
	return vp;
}

static int
read_layer(struct lwp *l, struct vnode *vp, struct uio *uio, bool *eof)
{
	int error;

	if (vp->v_type != VDIR)
		return -EINVAL;
	vnode_lock(vp, false);
	if (vnode_isdead(vp))
		error = -EBADF;
	else
		error = vp->v_ops->vop_readdir == NULL ?
		    -EINVAL :
		    vp->v_ops->vop_readdir(l, vp, uio, eof);
	vnode_unlock(vp);
	return error;
}

static int
read_dir(struct lwp *l, struct vnode *vp, struct uio *uio)
{
	size_t before = uio->uio_resid;
	off_t mask = ((off_t)1 << LAYER_SHIFT) - 1;
	unsigned n = (unsigned)(uio->uio_offset >> LAYER_SHIFT);
	struct vnode *at;
	bool eof;
	int error;

	if (uio->uio_offset < 0)
		return -EINVAL;
	uio->uio_offset &= mask;
	for (;;) {
		at = layer(l, vp, n);
		if (at == NULL) {
			error = 0;
			break;
		}
		eof = false;
		error = read_layer(l, at, uio, &eof);
		vnode_put(l, at);
		if (error != 0 || uio->uio_resid != before || !eof ||
		    n >= LAYER_MAX)
			break;
		n++;
		at = layer(l, vp, n);
		if (at == NULL) {
			n--;
			break;
		}
		vnode_put(l, at);
		uio->uio_offset = 0;
	}
	uio->uio_offset = (uio->uio_offset & mask) | (off_t)n << LAYER_SHIFT;
	return error;
}

int
sys___getdents30(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___getdents30_args *uap = v;
	size_t size = SCARG(uap, count);
	struct iovec iov = { SCARG(uap, buf), size };
	struct uio uio = { &iov, 1, 0, size, UIO_READ, l };
	struct file *fp;
	struct vnode *vp;
	int error;

	if (size > INT32_MAX)
		return -EINVAL;
	error = fd_getvnode(l, SCARG(uap, fd), &fp, &vp);
	if (error != 0)
		return error;
	if (!(fp->f_flag & FREAD)) {
		error = -EBADF;
	} else if (vp->v_type != VDIR) {
		error = -EINVAL;
	} else {
		kmutex_enter(&fp->f_lock);
		uio.uio_offset = fp->f_offset;
		error = read_dir(l, vp, &uio);
		if (error == 0)
			fp->f_offset = uio.uio_offset;
		kmutex_exit(&fp->f_lock);
	}
	file_put(l, fp);
	*rv = (register_t)(size - uio.uio_resid);
	return error;
}
