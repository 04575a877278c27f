/* SPDX-License-Identifier: BSD-2-Clause */
/* stat, access and the calls that change owner, mode, flags and times. */
#include <netbsd/unistd.h>
#include "vfs/vfs_impl.h"

/* --- reading --- */

static int
do_stat(struct lwp *l, int at, const char *path, struct stat *ub, bool follow)
{
	struct nameidata nd;
	struct stat sb;
	int error;

	error = namei_at(&nd, l, at, LOOKUP, follow ? NI_FOLLOW : 0, path);
	if (error != 0)
		return error;
	error = namei(&nd);
	if (error == 0)
		error = vn_stat(l, nd.ni_vp, &sb);
	namei_done(&nd);
	return error != 0 ? error : copyout(l, &sb, ub, sizeof(sb));
}

int
sys___stat50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___stat50_args *uap = v;

	(void)rv;
	return do_stat(l, AT_FDCWD, SCARG(uap, path), SCARG(uap, ub), true);
}

int
sys___lstat50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___lstat50_args *uap = v;

	(void)rv;
	return do_stat(l, AT_FDCWD, SCARG(uap, path), SCARG(uap, ub), false);
}

int
sys_fstatat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_fstatat_args *uap = v;

	(void)rv;
	if (SCARG(uap, flag) & ~AT_SYMLINK_NOFOLLOW)
		return -EINVAL;
	return do_stat(l, SCARG(uap, fd), SCARG(uap, path), SCARG(uap, buf),
	    !(SCARG(uap, flag) & AT_SYMLINK_NOFOLLOW));
}

static int
access_as(struct lwp *l, int at, const char *path, int mode, bool follow)
{
	struct nameidata nd;
	int want = 0, error;

	error = namei_at(&nd, l, at, LOOKUP, follow ? NI_FOLLOW : 0, path);
	if (error != 0)
		return error;
	error = namei(&nd);
	if (error == 0 && mode != 0) {
		if (mode & R_OK)
			want |= VREAD;
		if (mode & W_OK)
			want |= VWRITE;
		if (mode & X_OK)
			want |= VEXEC;
		error = vnode_lock_alive(nd.ni_vp, false);
		if (error == 0) {
			error = vn_access(l, nd.ni_vp, want);
			vnode_unlock(nd.ni_vp);
		}
	}
	namei_done(&nd);
	return error;
}

/* The question is about the real user, unless asked otherwise. */
static int
do_access(struct lwp *l, int at, const char *path, int mode, int flags)
{
	struct cred *own = l->l_cred, *real;
	bool follow = !(flags & AT_SYMLINK_NOFOLLOW);
	int error;

	if (mode & ~(R_OK | W_OK | X_OK))
		return -EINVAL;
	if ((flags & AT_EACCESS) ||
	    (own->cr_uid == own->cr_euid && own->cr_gid == own->cr_egid))
		return access_as(l, at, path, mode, follow);
	error = cred_copy(l->l_k, own, &real);
	if (error != 0)
		return error;
	real->cr_euid = real->cr_uid;
	real->cr_egid = real->cr_gid;
	l->l_cred = real;
	error = access_as(l, at, path, mode, follow);
	l->l_cred = own;
	cred_put(real);
	return error;
}

int
sys_access(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_access_args *uap = v;

	(void)rv;
	return do_access(l, AT_FDCWD, SCARG(uap, path), SCARG(uap, flags), 0);
}

int
sys_faccessat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_faccessat_args *uap = v;

	(void)rv;
	if (SCARG(uap, flag) & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	return do_access(l, SCARG(uap, fd), SCARG(uap, path), SCARG(uap, amode),
	    SCARG(uap, flag));
}

static int
vn_pathconf(struct lwp *l, struct vnode *vp, int name, register_t *rv)
{
	int error = vnode_lock_alive(vp, false);

	if (error != 0)
		return error;
	error = vp->v_ops->vop_pathconf != NULL ?
	    vp->v_ops->vop_pathconf(l, vp, name, rv) :
	    genfs_pathconf(l, vp, name, rv);
	vnode_unlock(vp);
	return error;
}

int
sys_pathconf(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_pathconf_args *uap = v;
	struct nameidata nd;
	int error;

	namei_init(&nd, l, LOOKUP, NI_FOLLOW, SCARG(uap, path));
	error = namei(&nd);
	if (error == 0)
		error = vn_pathconf(l, nd.ni_vp, SCARG(uap, name), rv);
	namei_done(&nd);
	return error;
}

int
sys_fpathconf(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_fpathconf_args *uap = v;
	struct file *fp;
	int error;

	error = fd_getfile(l, SCARG(uap, fd), &fp);
	if (error != 0)
		return error;
	if (fp->f_type == DTYPE_VNODE) {
		error = vn_pathconf(l, fp->f_data, SCARG(uap, name), rv);
	} else if ((fp->f_type == DTYPE_PIPE || fp->f_type == DTYPE_SOCKET) &&
	    SCARG(uap, name) == _PC_PIPE_BUF) {
		*rv = 512;
	} else {
		error = fp->f_type == DTYPE_PIPE || fp->f_type == DTYPE_SOCKET ?
		    -EINVAL :
		    -EOPNOTSUPP;
	}
	file_put(l, fp);
	return error;
}

/* --- changing --- */

/* What is to change: `va` as for setattr, and how it came. */
struct change {
	struct vattr va;
	bool posix_chown;
};

/* A new owner takes away what the old one's program could do. */
static void
chown_setid(struct lwp *l, struct change *c, const struct vattr *now)
{
	mode_t lost = 0;

	if (c->posix_chown) {
		if (!cred_issuser(l->l_cred) && now->va_type == VREG)
			lost = S_ISUID | S_ISGID;
	} else {
		if (c->va.va_uid != now->va_uid)
			lost |= S_ISUID;
		if (c->va.va_gid != now->va_gid)
			lost |= S_ISGID;
	}
	if (now->va_mode & lost)
		c->va.va_mode = now->va_mode & ~lost & ALLPERMS;
}

static int
permit(struct lwp *l, struct vnode *vp, struct change *c)
{
	struct vattr now, *va = &c->va;
	int error = vn_getattr(l, vp, &now);

	if (error != 0)
		return error;
	if (va->va_flags != (uint32_t)VNOVAL) {
		error = genfs_can_chflags(l, &now, va->va_flags);
	} else if (va->va_uid != (uid_t)VNOVAL || va->va_gid != (gid_t)VNOVAL ||
	    c->posix_chown) {
		if (va->va_uid == (uid_t)VNOVAL)
			va->va_uid = now.va_uid;
		if (va->va_gid == (gid_t)VNOVAL)
			va->va_gid = now.va_gid;
		error = genfs_can_chown(l, &now, va->va_uid, va->va_gid);
		if (error == 0)
			chown_setid(l, c, &now);
	} else if (va->va_mode != (mode_t)VNOVAL) {
		error = genfs_can_chmod(l, &now, va->va_mode);
	} else {
		error = genfs_can_chtimes(
		    l, vp, &now, (va->va_vaflags & VA_UTIMES_NULL) != 0);
	}
	return error;
}

static int
change_vnode(struct lwp *l, struct vnode *vp, struct change *c)
{
	int error = vnode_lock_alive(vp, true);

	if (error != 0)
		return -EBADF;
	error = vp->v_mount->mnt_flag & MNT_RDONLY ? -EROFS : permit(l, vp, c);
	if (error == 0)
		error = vn_setattr(l, vp, &c->va);
	vnode_unlock(vp);
	return error;
}

static int
change_path(
    struct lwp *l, int at, const char *path, bool follow, struct change *c)
{
	struct nameidata nd;
	int error;

	error = namei_at(&nd, l, at, LOOKUP, follow ? NI_FOLLOW : 0, path);
	if (error != 0)
		return error;
	error = namei(&nd);
	if (error == 0)
		error = change_vnode(l, nd.ni_vp, c);
	namei_done(&nd);
	return error;
}

static int
change_fd(struct lwp *l, int fd, struct change *c)
{
	struct file *fp;
	struct vnode *vp;
	int error = fd_getvnode(l, fd, &fp, &vp);

	if (error != 0)
		return error;
	error = change_vnode(l, vp, c);
	file_put(l, fp);
	return error;
}

static struct change *
nothing(struct change *c)
{
	vattr_null(&c->va);
	c->posix_chown = false;
	return c;
}

static struct change *
mode_change(struct change *c, mode_t mode)
{
	nothing(c)->va.va_mode = mode & ALLPERMS;
	return c;
}

static struct change *
owner_change(struct change *c, uid_t uid, gid_t gid, bool posix)
{
	nothing(c)->va.va_uid = uid;
	c->va.va_gid = gid;
	c->posix_chown = posix;
	return c;
}

static struct change *
flags_change(struct change *c, unsigned long flags)
{
	nothing(c)->va.va_flags = (uint32_t)flags;
	return c;
}

int
sys_chmod(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_chmod_args *uap = v;
	struct change c;

	(void)rv;
	return change_path(l, AT_FDCWD, SCARG(uap, path), true,
	    mode_change(&c, SCARG(uap, mode)));
}

int
sys_lchmod(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_lchmod_args *uap = v;
	struct change c;

	(void)rv;
	return change_path(l, AT_FDCWD, SCARG(uap, path), false,
	    mode_change(&c, SCARG(uap, mode)));
}

int
sys_fchmod(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_fchmod_args *uap = v;
	struct change c;

	(void)rv;
	return change_fd(l, SCARG(uap, fd), mode_change(&c, SCARG(uap, mode)));
}

int
sys_fchmodat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_fchmodat_args *uap = v;
	struct change c;

	(void)rv;
	if (SCARG(uap, flag) & ~AT_SYMLINK_NOFOLLOW)
		return -EINVAL;
	return change_path(l, SCARG(uap, fd), SCARG(uap, path),
	    SCARG(uap, flag) == 0, mode_change(&c, SCARG(uap, mode)));
}

#define CHOWN(name, follow, posix)                                              \
	int name(struct lwp *l, const void *v, register_t *rv)                  \
	{                                                                       \
		const struct name##_args *uap = v;                              \
		struct change c;                                                \
                                                                                \
		(void)rv;                                                       \
		return change_path(l, AT_FDCWD, SCARG(uap, path), follow,       \
		    owner_change(&c, SCARG(uap, uid), SCARG(uap, gid), posix)); \
	}
CHOWN(sys_chown, true, false)
CHOWN(sys_lchown, false, false)
CHOWN(sys___posix_chown, true, true)
CHOWN(sys___posix_lchown, false, true)

#define FCHOWN(name, posix)                                                     \
	int name(struct lwp *l, const void *v, register_t *rv)                  \
	{                                                                       \
		const struct name##_args *uap = v;                              \
		struct change c;                                                \
                                                                                \
		(void)rv;                                                       \
		return change_fd(l, SCARG(uap, fd),                             \
		    owner_change(&c, SCARG(uap, uid), SCARG(uap, gid), posix)); \
	}
FCHOWN(sys_fchown, false)
FCHOWN(sys___posix_fchown, true)

int
sys_fchownat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_fchownat_args *uap = v;
	struct change c;

	(void)rv;
	if (SCARG(uap, flag) & ~AT_SYMLINK_NOFOLLOW)
		return -EINVAL;
	return change_path(l, SCARG(uap, fd), SCARG(uap, path),
	    SCARG(uap, flag) == 0,
	    owner_change(&c, SCARG(uap, owner), SCARG(uap, group), false));
}

int
sys_chflags(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_chflags_args *uap = v;
	struct change c;

	(void)rv;
	return change_path(l, AT_FDCWD, SCARG(uap, path), true,
	    flags_change(&c, SCARG(uap, flags)));
}

int
sys_lchflags(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_lchflags_args *uap = v;
	struct change c;

	(void)rv;
	return change_path(l, AT_FDCWD, SCARG(uap, path), false,
	    flags_change(&c, SCARG(uap, flags)));
}

int
sys_fchflags(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_fchflags_args *uap = v;
	struct change c;

	(void)rv;
	return change_fd(l, SCARG(uap, fd), flags_change(&c, SCARG(uap, flags)));
}

/* --- times --- */

/* NULL: now. The fractions are taken as they come. */
static int
times_change(struct lwp *l, const struct timespec *uts, struct change *c)
{
	struct timespec ts[2], now;
	int error;

	nothing(c);
	kern_nanotime(l->l_k, &now);
	if (uts == NULL) {
		c->va.va_atime = c->va.va_mtime = now;
		c->va.va_vaflags |= VA_UTIMES_NULL;
		return 0;
	}
	error = copyin(l, uts, ts, sizeof(ts));
	if (error != 0)
		return error;
	if (ts[0].tv_nsec == UTIME_NOW && ts[1].tv_nsec == UTIME_NOW)
		c->va.va_vaflags |= VA_UTIMES_NULL;
	if (ts[0].tv_nsec != UTIME_OMIT)
		c->va.va_atime = ts[0].tv_nsec == UTIME_NOW ? now : ts[0];
	if (ts[1].tv_nsec != UTIME_OMIT)
		c->va.va_mtime = ts[1].tv_nsec == UTIME_NOW ? now : ts[1];
	return 0;
}

static int
timevals_change(struct lwp *l, const struct timeval *utv, struct change *c)
{
	struct timeval tv[2];
	int error;

	if (utv == NULL)
		return times_change(l, NULL, c);
	error = copyin(l, utv, tv, sizeof(tv));
	if (error != 0)
		return error;
	nothing(c);
	c->va.va_atime.tv_sec = tv[0].tv_sec;
	c->va.va_atime.tv_nsec = (long)((uint32_t)tv[0].tv_usec * 1000u);
	c->va.va_mtime.tv_sec = tv[1].tv_sec;
	c->va.va_mtime.tv_nsec = (long)((uint32_t)tv[1].tv_usec * 1000u);
	return 0;
}

int
sys___utimes50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___utimes50_args *uap = v;
	struct change c;
	int error = timevals_change(l, SCARG(uap, tptr), &c);

	(void)rv;
	return error != 0 ?
	    error :
	    change_path(l, AT_FDCWD, SCARG(uap, path), true, &c);
}

int
sys___lutimes50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___lutimes50_args *uap = v;
	struct change c;
	int error = timevals_change(l, SCARG(uap, tptr), &c);

	(void)rv;
	return error != 0 ?
	    error :
	    change_path(l, AT_FDCWD, SCARG(uap, path), false, &c);
}

int
sys___futimes50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___futimes50_args *uap = v;
	struct change c;
	int error = timevals_change(l, SCARG(uap, tptr), &c);

	(void)rv;
	return error != 0 ? error : change_fd(l, SCARG(uap, fd), &c);
}

int
sys_utimensat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_utimensat_args *uap = v;
	struct change c;
	int error;

	(void)rv;
	if (SCARG(uap, flag) & ~AT_SYMLINK_NOFOLLOW)
		return -EINVAL;
	error = times_change(l, SCARG(uap, tptr), &c);
	return error != 0 ? error :
			    change_path(l, SCARG(uap, fd), SCARG(uap, path),
				SCARG(uap, flag) == 0, &c);
}

int
sys_futimens(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_futimens_args *uap = v;
	struct change c;
	int error = times_change(l, SCARG(uap, tptr), &c);

	(void)rv;
	return error != 0 ? error : change_fd(l, SCARG(uap, fd), &c);
}

/* --- revoke --- */

struct same_device {
	dev_t rdev;
	enum vtype type;
	struct vnode *found;
};

static int
match_device(struct lwp *l, struct vnode *vp, void *arg)
{
	struct same_device *sd = arg;

	(void)l;
	if (vp->v_type != sd->type || vp->v_rdev != sd->rdev || vnode_isdead(vp))
		return 0;
	vnode_get(vp);
	sd->found = vp;
	return 1;
}

static int
match_in_mount(struct lwp *l, struct mount *mp, void *arg)
{
	return vcache_foreach(l, mp, match_device, arg);
}

/* Every node of the device, in whatever file system: a dead one is found no more. */
static int
revoke_device(struct lwp *l, struct vnode *vp)
{
	struct same_device sd = { vp->v_rdev, vp->v_type, NULL };
	int error;

	while ((error = mount_foreach(l, match_in_mount, &sd)) == 1) {
		vnode_kill(l, sd.found);
		vnode_put(l, sd.found);
	}
	return error;
}

/*
 * A file of any type. The root of a file system has no owner but the kernel:
 * every path goes through it.
 */
static int
revoke(struct lwp *l, struct vnode *vp)
{
	if (vp->v_type == VCHR || vp->v_type == VBLK)
		return revoke_device(l, vp);
	if (atomic_load(&vp->v_flag) & VV_ROOT)
		return -EBUSY;
	vnode_kill(l, vp);
	return 0;
}

int
sys_revoke(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_revoke_args *uap = v;
	struct nameidata nd;
	struct vattr va;
	int error;

	(void)rv;
	namei_init(&nd, l, LOOKUP, NI_FOLLOW, SCARG(uap, path));
	error = namei(&nd);
	if (error == 0)
		error = vnode_lock_alive(nd.ni_vp, false);
	if (error == 0) {
		error = vn_getattr(l, nd.ni_vp, &va);
		vnode_unlock(nd.ni_vp);
	}
	if (error == 0 && va.va_uid != l->l_cred->cr_euid &&
	    !cred_issuser(l->l_cred))
		error = -EPERM;
	if (error == 0)
		error = revoke(l, nd.ni_vp);
	namei_done(&nd);
	return error;
}
