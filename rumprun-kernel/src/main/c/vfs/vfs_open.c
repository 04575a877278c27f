/* SPDX-License-Identifier: BSD-2-Clause */
/* open and openat; fsync and its relatives; truncation, space and advice for open files. */
#include <netbsd/event.h>
#include <netbsd/unistd.h>
#include "dev/dev.h"
#include "vfs/spec.h"
#include "vfs/vfs_impl.h"

/* Makes the file that open was asked for; the directory is locked. */
static int
create(struct lwp *l, struct nameidata *nd, mode_t mode, struct vnode **vpp)
{
	struct vnode *dvp = nd->ni_dvp;
	struct vattr va;
	int error;

	if (nd->ni_trailing)
		return -ENOENT;
	vattr_null(&va);
	va.va_type = VREG;
	va.va_mode = mode & ALLPERMS & ~S_ISTXT & ~vn_umask(l);
	error = vn_newattr(l, dvp, &va);
	if (error != 0)
		return error;
	if (dvp->v_ops->vop_create == NULL)
		return -EOPNOTSUPP;
	error = dvp->v_ops->vop_create(l, dvp, &nd->ni_cn, &va, vpp);
	if (error != 0)
		return error;
	vnode_made(*vpp);
	ncache_enter(dvp, nd->ni_cn.cn_name, nd->ni_cn.cn_len, *vpp);
	return 0;
}

/* Finds or makes what is to be opened; referenced. */
static int
open_lookup(struct lwp *l, int at, const char *path, int flags, mode_t mode,
    struct vnode **vpp, bool *fresh)
{
	bool creating = (flags & O_CREAT) != 0;
	bool follow = !(flags & O_NOFOLLOW) &&
	    (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
	struct nameidata nd;
	int error;

	*vpp = NULL;
	*fresh = false;
	error = namei_at(&nd, l, at, creating ? CREATE : LOOKUP,
	    (follow ? NI_FOLLOW : 0) | (creating ? NI_LOCKPARENT : 0), path);
	if (error != 0)
		return error;
	error = namei(&nd);
	if (error != 0)
		goto out;
	if (nd.ni_vp == NULL) {
		error = create(l, &nd, mode, vpp);
		if (error == 0) {
			*fresh = true;
			vn_note(nd.ni_dvp, NOTE_WRITE);
		}
	} else if (creating && (flags & O_EXCL)) {
		error = -EEXIST;
	} else if (creating && nd.ni_vp->v_type == VDIR) {
		error = -EISDIR;
	} else {
		*vpp = nd.ni_vp;
		nd.ni_vp = NULL;
	}
out:
	namei_done(&nd);
	return error;
}

static int
open_locks(struct lwp *l, struct vnode *vp, struct file *fp, int flags)
{
	struct flock fl = { .l_type = flags & O_EXLOCK ? F_WRLCK : F_RDLCK };

	if (!(flags & (O_EXLOCK | O_SHLOCK)))
		return 0;
	if (vp->v_type == VFIFO)
		return -EOPNOTSUPP;
	return lockf_advlock(
	    l, vp, fp, -1, flags & O_NONBLOCK ? F_SETLK : F_SETLKW, &fl, false);
}

/* A device may give the open a file of its own. True: it has, or there is an error. */
static bool
open_clone(struct lwp *l, struct vnode *vp, struct file *fp, int fd, int flags,
    int *error)
{
	int result = 1;

	if (vp->v_type == VCHR)
		result = dev_clone(l, vp->v_rdev, FFLAGS(flags), fp);
	if (result > 0)
		return false;
	(void)vn_close(l, vp, FFLAGS(flags));
	*error = result;
	if (result < 0)
		return true;
	vnode_put(l, vp);
	atomic_store(&fp->f_flag, (unsigned)FFLAGS(flags) & FMASK);
	fd_install(l, fd, fp, (flags & O_CLOEXEC) != 0);
	return true;
}

static int
do_open(struct lwp *l, int at, const char *path, int flags, mode_t mode,
    register_t *rv)
{
	struct vnode *vp = NULL;
	struct file *fp;
	bool fresh;
	int fd, error;

	if ((flags & O_ACCMODE) == O_ACCMODE ||
	    (flags & (O_EXLOCK | O_SHLOCK)) == (O_EXLOCK | O_SHLOCK))
		return -EINVAL;
	flags &= O_MASK | O_SEARCH;
	error = file_create(l, &fp);
	if (error != 0)
		return error;
	error = fd_alloc(l, 0, &fd);
	if (error != 0) {
		file_put(l, fp);
		return error;
	}
	error = open_lookup(l, at, path, flags, mode, &vp, &fresh);
	if (error == 0 && (flags & O_DIRECTORY) && vp->v_type != VDIR)
		error = -ENOTDIR;
	if (error == 0)
		error = vn_open(l, vp, FFLAGS(flags), fresh);
	if (error == 0) {
		error = open_locks(l, vp, fp, flags);
		if (error != 0)
			(void)vn_close(l, vp, FFLAGS(flags));
	}
	if (error == 0 && open_clone(l, vp, fp, fd, flags, &error) &&
	    error == 0) {
		*rv = fd;
		return 0;
	}
	if (error != 0) {
		if (vp != NULL)
			vnode_put(l, vp);
		fd_unreserve(l, fd);
		file_put(l, fp);
		return error;
	}
	vn_install(l, fp, fd, vp, flags);
	*rv = fd;
	return 0;
}

int
sys_open(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_open_args *uap = v;

	return do_open(l, AT_FDCWD, SCARG(uap, path), SCARG(uap, flags),
	    SCARG(uap, mode), rv);
}

int
sys_openat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_openat_args *uap = v;

	return do_open(l, SCARG(uap, fd), SCARG(uap, path), SCARG(uap, oflags),
	    SCARG(uap, mode), rv);
}

/* --- onto the disk --- */

static int
do_fsync(struct lwp *l, int fd, int flags, off_t lo, off_t hi, bool write)
{
	struct file *fp;
	struct vnode *vp;
	int error;

	error = fd_getvnode(l, fd, &fp, &vp);
	if (error != 0)
		return error;
	if (write && !(fp->f_flag & FWRITE)) {
		file_put(l, fp);
		return -EBADF;
	}
	if (vp->v_type == VBLK)
		error = spec_fsync(l, vp);
	vnode_lock(vp, true);
	if (error == 0 && !vnode_isdead(vp) && vp->v_ops->vop_fsync != NULL &&
	    !(vp->v_mount->mnt_flag & MNT_RDONLY))
		error = vp->v_ops->vop_fsync(l, vp, flags, lo, hi);
	vnode_unlock(vp);
	file_put(l, fp);
	return error;
}

int
sys_fsync(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_fsync_args *uap = v;

	(void)rv;
	return do_fsync(l, SCARG(uap, fd), FSYNC_WAIT, 0, 0, false);
}

int
sys_fdatasync(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_fdatasync_args *uap = v;

	(void)rv;
	return do_fsync(
	    l, SCARG(uap, fd), FSYNC_WAIT | FSYNC_DATAONLY, 0, 0, true);
}

int
sys_fsync_range(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_fsync_range_args *uap = v;
	int how = SCARG(uap, flags);
	off_t lo = SCARG(uap, start), len = SCARG(uap, length), hi = 0;

	(void)rv;
	if ((how & ~(FDATASYNC | FFILESYNC | FDISKSYNC)) ||
	    (how & (FDATASYNC | FFILESYNC)) == 0 ||
	    (how & (FDATASYNC | FFILESYNC)) == (FDATASYNC | FFILESYNC))
		return -EINVAL;
	if (lo < 0 || len < 0 || len > INT64_MAX - lo)
		return -EINVAL;
	if (len > 0)
		hi = lo + len;
	else
		lo = 0;
	return do_fsync(l, SCARG(uap, fd),
	    FSYNC_WAIT | (how & FDATASYNC ? FSYNC_DATAONLY : 0), lo, hi, true);
}

int
sys_sync(struct lwp *l, const void *v, register_t *rv)
{
	(void)v, (void)rv;
	if (vfs_of(l) == NULL)
		return -ENOSYS;
	(void)mount_fsync_all(l, true);
	return 0;
}

/* --- size and space --- */

static int
truncate_checked(struct lwp *l, struct vnode *vp, off_t size)
{
	struct vattr va;
	int error;

	if (size < 0)
		return -EINVAL;
	if (vp->v_type == VDIR)
		return -EISDIR;
	vnode_lock(vp, true);
	error = vn_access(l, vp, VWRITE);
	if (error == 0)
		error = vn_getattr(l, vp, &va);
	if (error == 0 && (va.va_flags & APPEND))
		error = -EPERM;
	vnode_unlock(vp);
	return error != 0 ? error : vn_truncate(l, vp, size);
}

int
sys_truncate(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_truncate_args *uap = v;
	struct nameidata nd;
	int error;

	(void)rv;
	namei_init(&nd, l, LOOKUP, NI_FOLLOW, SCARG(uap, path));
	error = namei(&nd);
	if (error == 0)
		error = truncate_checked(l, nd.ni_vp, SCARG(uap, length));
	namei_done(&nd);
	return error;
}

int
sys_ftruncate(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_ftruncate_args *uap = v;
	struct file *fp;
	struct vnode *vp;
	int error;

	(void)rv;
	error = fd_getvnode(l, SCARG(uap, fd), &fp, &vp);
	if (error != 0)
		return error;
	if (!(fp->f_flag & FWRITE))
		error = -EINVAL;
	else
		error = vn_truncate(l, vp, SCARG(uap, length));
	file_put(l, fp);
	return error;
}

typedef int vop_space(struct lwp *, struct vnode *, off_t, off_t);

static int
do_space(struct lwp *l, int fd, off_t off, off_t len, bool discard)
{
	struct file *fp;
	struct vnode *vp;
	vop_space *op;
	int error;

	if (off < 0 || len <= 0 || len > INT64_MAX - off)
		return -EINVAL;
	error = fd_getvnode(l, fd, &fp, &vp);
	if (error != 0)
		return error == -EINVAL ? -ENODEV : error;
	if (discard && (vp->v_type == VBLK || vp->v_type == VCHR) &&
	    (fp->f_flag & FWRITE) && !vnode_isdead(vp)) {
		error = spec_discard(l, vp, off, len);
		file_put(l, fp);
		return error;
	}
	vnode_lock(vp, true);
	op = vnode_isdead(vp) ? NULL :
	    discard	      ? vp->v_ops->vop_fdiscard :
				vp->v_ops->vop_fallocate;
	if (!(fp->f_flag & FWRITE))
		error = -EBADF;
	else if (vnode_isdead(vp))
		error = -EIO;
	else if (vp->v_type == VDIR)
		error = -EISDIR;
	else if (vp->v_type != VREG)
		error = -ENODEV;
	else
		error = op == NULL ? -EOPNOTSUPP : op(l, vp, off, len);
	vnode_unlock(vp);
	file_put(l, fp);
	return error;
}

int
sys_posix_fallocate(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_posix_fallocate_args *uap = v;
	int error = do_space(
	    l, SCARG(uap, fd), SCARG(uap, pos), SCARG(uap, len), false);

	/* The call's value is the error. */
	*rv = -error;
	return 0;
}

int
sys_fdiscard(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_fdiscard_args *uap = v;

	(void)rv;
	return do_space(
	    l, SCARG(uap, fd), SCARG(uap, pos), SCARG(uap, len), true);
}

int
sys___posix_fadvise50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___posix_fadvise50_args *uap = v;
	int advice = SCARG(uap, advice), error;
	struct file *fp;

	error = fd_getfile(l, SCARG(uap, fd), &fp);
	if (error == 0) {
		if (fp->f_type == DTYPE_PIPE || fp->f_type == DTYPE_SOCKET)
			error = -ESPIPE;
		else if (fp->f_type != DTYPE_VNODE)
			error = -EBADF;
		else if (SCARG(uap, len) < 0 || advice < POSIX_FADV_NORMAL ||
		    advice > POSIX_FADV_NOREUSE)
			error = -EINVAL;
		else if (advice <= POSIX_FADV_SEQUENTIAL) {
			kmutex_enter(&fp->f_lock);
			fp->f_advice = (unsigned)advice;
			kmutex_exit(&fp->f_lock);
		}
		file_put(l, fp);
	}
	*rv = -error;
	return 0;
}
