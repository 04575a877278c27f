/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that make and remove names. */
#include <netbsd/event.h>
#include "vfs/vfs_impl.h"

mode_t
vn_umask(struct lwp *l)
{
	struct cwdinfo *c = l->l_proc->p_cwdi;

	return c == NULL ? 022 : c->cwdi_cmask;
}

/* Owner and group of what is made in a (locked) directory, and whether it may be. */
int
vn_newattr(struct lwp *l, struct vnode *dvp, struct vattr *va)
{
	struct vattr dva;
	int error;

	error = genfs_can_change_dir(l, dvp, NULL);
	if (error == 0)
		error = vn_getattr(l, dvp, &dva);
	if (error != 0)
		return error;
	va->va_uid = l->l_cred->cr_euid;
	va->va_gid = dva.va_gid;
	if ((va->va_mode & S_ISGID) && va->va_type != VDIR &&
	    !cred_issuser(l->l_cred) && !cred_groupmember(l->l_cred, va->va_gid))
		va->va_mode &= ~(mode_t)S_ISGID;
	return 0;
}

/* --- making --- */

static int
make_locked(struct lwp *l, struct nameidata *nd, struct vattr *va,
    const char *target, struct vnode **vpp)
{
	struct vnode *dvp = nd->ni_dvp;
	const struct vnodeops *ops = dvp->v_ops;
	struct componentname *cn = &nd->ni_cn;
	int error;

	if (nd->ni_vp != NULL)
		return -EEXIST;
	if (nd->ni_trailing && va->va_type != VDIR)
		return -ENOENT;
	error = vn_newattr(l, dvp, va);
	if (error != 0)
		return error;
	switch (va->va_type) {
	case VDIR:
		cn->cn_flags |= CN_WILLBEDIR;
		return ops->vop_mkdir == NULL ?
		    -EOPNOTSUPP :
		    ops->vop_mkdir(l, dvp, cn, va, vpp);
	case VLNK:
		return ops->vop_symlink == NULL ?
		    -EOPNOTSUPP :
		    ops->vop_symlink(l, dvp, cn, va, target, vpp);
	case VREG:
		return ops->vop_create == NULL ?
		    -EOPNOTSUPP :
		    ops->vop_create(l, dvp, cn, va, vpp);
	default:
		return ops->vop_mknod == NULL ?
		    -EOPNOTSUPP :
		    ops->vop_mknod(l, dvp, cn, va, vpp);
	}
}

/* The lookup of the name is set up in nd. vpp NULL: the caller does not want it. */
static int
make_named(struct lwp *l, struct nameidata *nd, struct vattr *va,
    const char *target, struct vnode **vpp)
{
	struct vnode *vp = NULL;
	int error = namei(nd);

	if (error == 0)
		error = make_locked(l, nd, va, target, &vp);
	if (error == 0) {
		vnode_made(vp);
		ncache_enter(
		    nd->ni_dvp, nd->ni_cn.cn_name, nd->ni_cn.cn_len, vp);
		vn_note(nd->ni_dvp,
		    NOTE_WRITE | (va->va_type == VDIR ? NOTE_LINK : 0));
	}
	namei_done(nd);
	if (vpp != NULL)
		*vpp = vp;
	else if (vp != NULL)
		vnode_put(l, vp);
	return error;
}

static int
make(struct lwp *l, int at, const char *path, struct vattr *va,
    const char *target)
{
	struct nameidata nd;
	int error;

	error = namei_at(&nd, l, at, CREATE, NI_LOCKPARENT, path);
	return error != 0 ? error : make_named(l, &nd, va, target, NULL);
}

int
vfs_mksock(struct lwp *l, const char *kpath, struct vnode **vpp)
{
	struct nameidata nd;
	struct vattr va;

	vattr_null(&va);
	va.va_type = VSOCK;
	va.va_mode = ACCESSPERMS & ~vn_umask(l);
	va.va_rdev = 0;
	namei_init(&nd, l, CREATE, NI_LOCKPARENT | NI_SYSSPACE, kpath);
	return make_named(l, &nd, &va, NULL, vpp);
}

static int
do_mkdir(struct lwp *l, int at, const char *path, mode_t mode)
{
	struct vattr va;

	vattr_null(&va);
	va.va_type = VDIR;
	va.va_mode = mode & ACCESSPERMS & ~vn_umask(l);
	return make(l, at, path, &va, NULL);
}

int
sys_mkdir(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_mkdir_args *uap = v;

	(void)rv;
	return do_mkdir(l, AT_FDCWD, SCARG(uap, path), SCARG(uap, mode));
}

int
sys_mkdirat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_mkdirat_args *uap = v;

	(void)rv;
	return do_mkdir(l, SCARG(uap, fd), SCARG(uap, path), SCARG(uap, mode));
}

static int
do_mknod(struct lwp *l, int at, const char *path, mode_t mode, dev_t dev)
{
	struct vattr va;

	vattr_null(&va);
	va.va_mode = mode & ALLPERMS & ~vn_umask(l);
	va.va_rdev = dev;
	switch (mode & S_IFMT) {
	case S_IFCHR:
		va.va_type = VCHR;
		break;
	case S_IFBLK:
		va.va_type = VBLK;
		break;
	case S_IFIFO:
		va.va_type = VFIFO;
		va.va_rdev = 0;
		return make(l, at, path, &va, NULL);
	case S_IFREG:
		va.va_type = VREG;
		va.va_rdev = 0;
		break;
	default:
		return -EINVAL;
	}
	if (!cred_issuser(l->l_cred))
		return -EPERM;
	/* The number that attributes have for none. */
	if (va.va_type != VREG && dev == (dev_t)-1)
		return -EINVAL;
	return make(l, at, path, &va, NULL);
}

int
sys___mknod50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___mknod50_args *uap = v;

	(void)rv;
	return do_mknod(
	    l, AT_FDCWD, SCARG(uap, path), SCARG(uap, mode), SCARG(uap, dev));
}

int
sys_mknodat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_mknodat_args *uap = v;

	(void)rv;
	return do_mknod(l, SCARG(uap, fd), SCARG(uap, path), SCARG(uap, mode),
	    SCARG(uap, dev));
}

int
sys_mkfifo(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_mkfifo_args *uap = v;

	(void)rv;
	return do_mknod(l, AT_FDCWD, SCARG(uap, path),
	    (SCARG(uap, mode) & ALLPERMS) | S_IFIFO, 0);
}

int
sys_mkfifoat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_mkfifoat_args *uap = v;

	(void)rv;
	return do_mknod(l, SCARG(uap, fd), SCARG(uap, path),
	    (SCARG(uap, mode) & ALLPERMS) | S_IFIFO, 0);
}

static int
do_symlink(struct lwp *l, const char *target, int at, const char *path)
{
	struct vattr va;
	char *t;
	int error;

	t = kmem_alloc(l->l_k, 1024);
	if (t == NULL)
		return -ENOMEM;
	error = copyinstr(l, target, t, 1024, NULL);
	if (error == 0) {
		vattr_null(&va);
		va.va_type = VLNK;
		va.va_mode = ACCESSPERMS & ~vn_umask(l);
		error = make(l, at, path, &va, t);
	}
	kmem_free(l->l_k, t, 1024);
	return error;
}

int
sys_symlink(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_symlink_args *uap = v;

	(void)rv;
	return do_symlink(l, SCARG(uap, path), AT_FDCWD, SCARG(uap, link));
}

int
sys_symlinkat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_symlinkat_args *uap = v;

	(void)rv;
	return do_symlink(
	    l, SCARG(uap, path1), SCARG(uap, fd), SCARG(uap, path2));
}

static int
do_readlink(struct lwp *l, int at, const char *path, char *buf, size_t size,
    register_t *rv)
{
	struct nameidata nd;
	struct iovec iov = { buf, size };
	struct uio uio = { &iov, 1, 0, size, UIO_READ, l };
	int error;

	if (size > PTRDIFF_MAX)
		return -EINVAL;
	error = namei_at(&nd, l, at, LOOKUP, 0, path);
	if (error != 0)
		return error;
	error = namei(&nd);
	if (error == 0 && nd.ni_vp->v_type != VLNK)
		error = -EINVAL;
	if (error == 0)
		error = vnode_lock_alive(nd.ni_vp, false);
	if (error == 0) {
		error = nd.ni_vp->v_ops->vop_readlink == NULL ?
		    -EOPNOTSUPP :
		    nd.ni_vp->v_ops->vop_readlink(l, nd.ni_vp, &uio);
		vnode_unlock(nd.ni_vp);
	}
	namei_done(&nd);
	*rv = (register_t)(size - uio.uio_resid);
	return error;
}

int
sys_readlink(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_readlink_args *uap = v;

	return do_readlink(l, AT_FDCWD, SCARG(uap, path), SCARG(uap, buf),
	    SCARG(uap, count), rv);
}

int
sys_readlinkat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_readlinkat_args *uap = v;

	return do_readlink(l, SCARG(uap, fd), SCARG(uap, path), SCARG(uap, buf),
	    SCARG(uap, bufsize), rv);
}

/* --- hard links --- */

static int
link_locked(struct lwp *l, struct nameidata *nd, struct vnode *vp)
{
	struct vnode *dvp = nd->ni_dvp;
	struct vattr va;
	int error;

	if (nd->ni_vp != NULL)
		return -EEXIST;
	if (nd->ni_trailing)
		return -ENOENT;
	if (dvp->v_mount != vp->v_mount)
		return -EXDEV;
	error = genfs_can_change_dir(l, dvp, NULL);
	if (error != 0)
		return error;
	if (dvp->v_ops->vop_link == NULL)
		return -EOPNOTSUPP;
	error = vnode_lock_nested(vp);
	if (error != 0)
		return error;
	error = vn_getattr(l, vp, &va);
	if (error == 0 && (va.va_flags & (IMMUTABLE | APPEND)))
		error = -EPERM;
	if (error == 0 && (atomic_load(&vp->v_flag) & VV_INACTIVE))
		error = -ENOENT;
	if (error == 0)
		error = dvp->v_ops->vop_link(l, dvp, &nd->ni_cn, vp);
	vnode_unlock_nested(vp);
	return error;
}

static int
do_link(struct lwp *l, int at1, const char *path1, int at2, const char *path2,
    bool follow)
{
	struct nameidata from, to;
	int error;

	error = namei_at(&from, l, at1, LOOKUP, follow ? NI_FOLLOW : 0, path1);
	if (error != 0)
		return error;
	error = namei(&from);
	if (error == 0 && from.ni_vp->v_type == VDIR)
		error = -EPERM;
	if (error == 0)
		error = namei_at(&to, l, at2, CREATE, NI_LOCKPARENT, path2);
	if (error != 0) {
		namei_done(&from);
		return error;
	}
	error = namei(&to);
	if (error == 0)
		error = link_locked(l, &to, from.ni_vp);
	if (error == 0) {
		ncache_enter(
		    to.ni_dvp, to.ni_cn.cn_name, to.ni_cn.cn_len, from.ni_vp);
		vn_note(from.ni_vp, NOTE_LINK);
		vn_note(to.ni_dvp, NOTE_WRITE);
	}
	namei_done(&to);
	namei_done(&from);
	return error;
}

int
sys_link(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_link_args *uap = v;

	(void)rv;
	return do_link(
	    l, AT_FDCWD, SCARG(uap, path), AT_FDCWD, SCARG(uap, link), true);
}

int
sys_linkat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_linkat_args *uap = v;

	(void)rv;
	if (SCARG(uap, flags) & ~AT_SYMLINK_FOLLOW)
		return -EINVAL;
	return do_link(l, SCARG(uap, fd1), SCARG(uap, name1), SCARG(uap, fd2),
	    SCARG(uap, name2), (SCARG(uap, flags) & AT_SYMLINK_FOLLOW) != 0);
}

/* --- removing --- */

/* The directory is locked; what is there is not. */
static int
check_remove(struct nameidata *nd, bool dir)
{
	struct vnode *vp = nd->ni_vp;

	if (vp->v_type == VDIR && (atomic_load(&vp->v_flag) & VV_ROOT))
		return -EBUSY;
	if (!dir)
		return vp->v_type == VDIR ? -EPERM : 0;
	if (vp->v_type != VDIR)
		return -ENOTDIR;
	if (vp == nd->ni_dvp)
		return -EINVAL;
	/* The parent of a directory cannot be empty; and it is not to be locked after its child. */
	return nd->ni_cn.cn_flags & CN_DOTDOT ? -ENOTEMPTY : 0;
}

static int
remove_locked(struct lwp *l, struct nameidata *nd, bool dir)
{
	struct vnode *dvp = nd->ni_dvp, *vp = nd->ni_vp;
	const struct vnodeops *ops = dvp->v_ops;
	struct componentname *cn = &nd->ni_cn;
	int error;

	error = check_remove(nd, dir);
	if (error != 0)
		return error;
	error = vnode_lock_nested(vp);
	if (error != 0)
		return error;
	error = genfs_can_change_dir(l, dvp, vp);
	if (error == 0 && vp->v_mountedhere != NULL)
		error = -EBUSY;
	if (error == 0) {
		if (dir)
			error = ops->vop_rmdir == NULL ?
			    -EOPNOTSUPP :
			    ops->vop_rmdir(l, dvp, cn, vp);
		else
			error = ops->vop_remove == NULL ?
			    -EOPNOTSUPP :
			    ops->vop_remove(l, dvp, cn, vp);
	}
	if (error == 0) {
		if (dir)
			ncache_purge(vp);
		ncache_enter(dvp, cn->cn_name, cn->cn_len, NULL);
	}
	vnode_unlock_nested(vp);
	if (error == 0) {
		vn_note(dvp, NOTE_WRITE | (dir ? NOTE_LINK : 0));
		vn_note(vp,
		    atomic_load(&vp->v_flag) & VV_INACTIVE ? NOTE_DELETE :
							     NOTE_LINK);
	}
	return error;
}

static int
do_remove(struct lwp *l, int at, const char *path, bool dir)
{
	struct nameidata nd;
	int error;

	error = namei_at(&nd, l, at, DELETE, NI_LOCKPARENT, path);
	if (error != 0)
		return error;
	error = namei(&nd);
	if (error == 0)
		error = remove_locked(l, &nd, dir);
	namei_done(&nd);
	return error;
}

int
sys_unlink(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_unlink_args *uap = v;

	(void)rv;
	return do_remove(l, AT_FDCWD, SCARG(uap, path), false);
}

int
sys_rmdir(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_rmdir_args *uap = v;

	(void)rv;
	return do_remove(l, AT_FDCWD, SCARG(uap, path), true);
}

int
sys_unlinkat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_unlinkat_args *uap = v;

	(void)rv;
	if (SCARG(uap, flag) & ~AT_REMOVEDIR)
		return -EINVAL;
	return do_remove(l, SCARG(uap, fd), SCARG(uap, path),
	    (SCARG(uap, flag) & AT_REMOVEDIR) != 0);
}
