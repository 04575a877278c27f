/* SPDX-License-Identifier: BSD-2-Clause */
/* Permissions, flags and defaults that every file system shares. */
#include <netbsd/limits.h>
#include <netbsd/mount.h>
#include <netbsd/poll.h>
#include <netbsd/stat.h>
#include <netbsd/unistd.h>
#include "vfs/genfs.h"
#include "vfs/mount.h"

void
vattr_null(struct vattr *va)
{
	memset(va, 0xff, sizeof(*va));
	va->va_type = VNON;
	va->va_vaflags = 0;
}

int
vaccess(const struct cred *cred, enum vtype type, mode_t filemode, uid_t uid,
    gid_t gid, int mode)
{
	mode_t want;

	if (cred_issuser(cred)) {
		if ((mode & VEXEC) && type != VDIR &&
		    !(filemode & (S_IXUSR | S_IXGRP | S_IXOTH)))
			return -EACCES;
		return 0;
	}
	want = (mode_t)mode & (VREAD | VWRITE | VEXEC);
	if (cred->cr_euid != uid)
		want >>= cred_groupmember(cred, gid) ? 3 : 6;
	return (filemode & want) == want ? 0 : -EACCES;
}

int
vn_getattr(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	if (atomic_load_explicit(&vp->v_flag, memory_order_relaxed) & VV_DEAD)
		return -EBADF;
	return vp->v_ops->vop_getattr(l, vp, va);
}

int
genfs_access(struct lwp *l, struct vnode *vp, int mode)
{
	struct vattr va;
	int error = vn_getattr(l, vp, &va);

	if (error != 0)
		return error;
	return vaccess(
	    l->l_cred, vp->v_type, va.va_mode, va.va_uid, va.va_gid, mode);
}

int
vn_access(struct lwp *l, struct vnode *vp, int mode)
{
	struct vattr va;
	int error;

	if (atomic_load_explicit(&vp->v_flag, memory_order_relaxed) & VV_DEAD)
		return -EBADF;
	/* The superuser searches every directory. */
	if (mode == VEXEC && vp->v_type == VDIR && cred_issuser(l->l_cred) &&
	    vp->v_ops->vop_access == NULL)
		return 0;
	if (mode & VWRITE) {
		if ((vp->v_type == VREG || vp->v_type == VDIR ||
			vp->v_type == VLNK) &&
		    (vp->v_mount->mnt_flag & MNT_RDONLY))
			return -EROFS;
		error = vn_getattr(l, vp, &va);
		if (error != 0)
			return error;
		if (va.va_flags & IMMUTABLE)
			return -EPERM;
		if (vp->v_ops->vop_access == NULL)
			return vaccess(l->l_cred, vp->v_type, va.va_mode,
			    va.va_uid, va.va_gid, mode);
	}
	return vp->v_ops->vop_access != NULL ?
	    vp->v_ops->vop_access(l, vp, mode) :
	    genfs_access(l, vp, mode);
}

int
genfs_can_change_dir(struct lwp *l, struct vnode *dvp, struct vnode *vp)
{
	struct vattr dva, va;
	int error = vn_access(l, dvp, VWRITE | VEXEC);

	/* A directory without a name is done with. */
	if (error == 0 && (atomic_load(&dvp->v_flag) & VV_INACTIVE))
		error = -ENOENT;
	if (error != 0 || vp == NULL)
		return error;
	error = vn_getattr(l, dvp, &dva);
	if (error == 0)
		error = vn_getattr(l, vp, &va);
	if (error != 0)
		return error;
	if ((dva.va_mode & S_ISVTX) && !cred_issuser(l->l_cred) &&
	    l->l_cred->cr_euid != dva.va_uid && l->l_cred->cr_euid != va.va_uid)
		return -EPERM;
	if ((dva.va_flags & APPEND) || (va.va_flags & (IMMUTABLE | APPEND)))
		return -EPERM;
	return 0;
}

static bool
owns(struct lwp *l, const struct vattr *va)
{
	return l->l_cred->cr_euid == va->va_uid || cred_issuser(l->l_cred);
}

int
genfs_can_chmod(struct lwp *l, const struct vattr *va, mode_t mode)
{
	if (!owns(l, va) || (va->va_flags & (IMMUTABLE | APPEND)))
		return -EPERM;
	if (cred_issuser(l->l_cred))
		return 0;
	if ((mode & S_ISVTX) && va->va_type != VDIR)
		return -EFTYPE;
	if ((mode & S_ISGID) && !cred_groupmember(l->l_cred, va->va_gid))
		return -EPERM;
	return 0;
}

int
genfs_can_chown(struct lwp *l, const struct vattr *va, uid_t uid, gid_t gid)
{
	if (va->va_flags & (IMMUTABLE | APPEND))
		return -EPERM;
	if (cred_issuser(l->l_cred))
		return 0;
	if (l->l_cred->cr_euid != va->va_uid || uid != va->va_uid ||
	    (gid != va->va_gid && !cred_groupmember(l->l_cred, gid)))
		return -EPERM;
	return 0;
}

int
genfs_can_chtimes(
    struct lwp *l, struct vnode *vp, const struct vattr *va, bool now)
{
	if (va->va_flags & (IMMUTABLE | APPEND))
		return -EPERM;
	if (owns(l, va))
		return 0;
	return now ? vn_access(l, vp, VWRITE) : -EPERM;
}

int
genfs_can_chflags(struct lwp *l, const struct vattr *va, uint32_t flags)
{
	uint32_t changed = va->va_flags ^ flags;

	if (!owns(l, va))
		return -EPERM;
	if (changed & (SF_SNAPSHOT | SF_SNAPINVAL))
		return -EPERM;
	if (!cred_issuser(l->l_cred)) {
		if ((changed & SF_SETTABLE) ||
		    (va->va_flags & (SF_IMMUTABLE | SF_APPEND)) ||
		    va->va_type == VCHR || va->va_type == VBLK)
			return -EPERM;
		return 0;
	}
	if ((va->va_flags & (SF_IMMUTABLE | SF_APPEND)) &&
	    atomic_load(&l->l_k->k_securelevel) > 0)
		return -EPERM;
	return 0;
}

int
genfs_pathconf(struct lwp *l, struct vnode *vp, int name, register_t *rv)
{
	(void)l;
	switch (name) {
	case _PC_LINK_MAX:
		*rv = LINK_MAX;
		return 0;
	case _PC_MAX_CANON:
	case _PC_MAX_INPUT:
		*rv = 255;
		return vp->v_type == VCHR ? 0 : -EINVAL;
	case _PC_VDISABLE:
		*rv = 255;
		return vp->v_type == VCHR ? 0 : -EINVAL;
	case _PC_NAME_MAX:
		*rv = (register_t)vp->v_mount->mnt_namemax;
		return 0;
	case _PC_PATH_MAX:
		*rv = PATH_MAX;
		return 0;
	case _PC_PIPE_BUF:
		*rv = PIPE_BUF;
		return 0;
	case _PC_CHOWN_RESTRICTED:
	case _PC_NO_TRUNC:
	case _PC_SYNC_IO:
	case _PC_2_SYMLINKS:
		*rv = 1;
		return 0;
	case _PC_FILESIZEBITS:
		*rv = 64;
		return 0;
	case _PC_SYMLINK_MAX:
		*rv = PATH_MAX;
		return 0;
	default:
		return -EINVAL;
	}
}

int
genfs_poll(struct lwp *l, struct vnode *vp, int events)
{
	(void)l, (void)vp;
	return events & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
}
