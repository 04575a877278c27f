/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is left of a vnode after revoke or a forced unmount. The layer above looks for VV_DEAD after it has locked; these
 * operations are for the paths where a vnode dies between that look and the call.
 */
#include <netbsd/poll.h>
#include "vfs/vfs_impl.h"

static int
dead_lookup(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vnode **vpp)
{
	(void)l, (void)dvp, (void)cn;
	*vpp = NULL;
	return -ENOENT;
}

static int
dead_getattr(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	(void)l, (void)vp, (void)va;
	return -EBADF;
}

static int
dead_access(struct lwp *l, struct vnode *vp, int mode)
{
	(void)l, (void)vp, (void)mode;
	return -EBADF;
}

static int
dead_transfer(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	(void)l, (void)vp, (void)uio, (void)ioflag;
	return -EIO;
}

static int
dead_ioctl(
    struct lwp *l, struct vnode *vp, unsigned long cmd, void *data, int fflag)
{
	(void)l, (void)vp, (void)cmd, (void)data, (void)fflag;
	return -EBADF;
}

static int
dead_poll(struct lwp *l, struct vnode *vp, int events)
{
	(void)l, (void)vp, (void)events;
	return POLLHUP;
}

static int
dead_fsync(struct lwp *l, struct vnode *vp, int flags, off_t lo, off_t hi)
{
	(void)l, (void)vp, (void)flags, (void)lo, (void)hi;
	return 0;
}

static int
dead_readlink(struct lwp *l, struct vnode *vp, struct uio *uio)
{
	(void)l, (void)vp, (void)uio;
	return -EBADF;
}

static int
dead_readdir(struct lwp *l, struct vnode *vp, struct uio *uio, bool *eof)
{
	(void)l, (void)vp, (void)uio;
	*eof = true;
	return -EBADF;
}

static int
dead_setattr(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	(void)l, (void)vp, (void)va;
	return -EIO;
}

const struct vnodeops dead_vnodeops = {
	.vop_lookup = dead_lookup,
	.vop_access = dead_access,
	.vop_getattr = dead_getattr,
	.vop_setattr = dead_setattr,
	.vop_read = dead_transfer,
	.vop_write = dead_transfer,
	.vop_readdir = dead_readdir,
	.vop_readlink = dead_readlink,
	.vop_fsync = dead_fsync,
	.vop_ioctl = dead_ioctl,
	.vop_poll = dead_poll,
};
