/* SPDX-License-Identifier: BSD-2-Clause */
/* chdir, chroot, umask and getcwd. */
#include <netbsd/dirent.h>
#include "vfs/vfs_impl.h"

#define PATHSIZE 1024
#define DIRBUF 4096

/* May a process stand here? vp is referenced. */
static int
check_dir(struct lwp *l, struct vnode *vp)
{
	int error;

	if (vp->v_type != VDIR)
		return -ENOTDIR;
	error = vnode_lock_alive(vp, false);
	if (error == 0) {
		error = vn_access(l, vp, VEXEC);
		vnode_unlock(vp);
	}
	return error;
}

static int
dir_by_path(struct lwp *l, const char *path, struct vnode **vpp)
{
	struct nameidata nd;
	int error;

	*vpp = NULL;
	namei_init(&nd, l, LOOKUP, NI_FOLLOW, path);
	error = namei(&nd);
	if (error == 0)
		error = check_dir(l, nd.ni_vp);
	if (error == 0) {
		*vpp = nd.ni_vp;
		nd.ni_vp = NULL;
	}
	namei_done(&nd);
	return error;
}

static int
dir_by_fd(struct lwp *l, int fd, struct vnode **vpp)
{
	struct file *fp;
	struct vnode *vp;
	int error;

	*vpp = NULL;
	error = fd_getvnode(l, fd, &fp, &vp);
	if (error != 0)
		return error;
	vnode_get(vp);
	file_put(l, fp);
	if (vp->v_type == VDIR && atomic_load(&vp->v_mountedhere) != NULL)
		error = mount_cross(l, &vp);
	if (error == 0)
		error = check_dir(l, vp);
	if (error == 0)
		*vpp = vp;
	else
		vnode_put(l, vp);
	return error;
}

static void
set_dir(struct lwp *l, struct vnode **place, struct vnode *vp)
{
	struct cwdinfo *c = l->l_proc->p_cwdi;
	struct vnode *old;

	krwlock_wrlock(&c->cwdi_lock);
	old = *place;
	*place = vp;
	krwlock_unlock(&c->cwdi_lock);
	if (old != NULL)
		vnode_put(l, old);
}

/* vp's reference is taken. */
static int
set_cwd(struct lwp *l, struct vnode *vp)
{
	if (l->l_proc->p_cwdi == NULL) {
		vnode_put(l, vp);
		return -ENOSYS;
	}
	set_dir(l, &l->l_proc->p_cwdi->cwdi_cdir, vp);
	return 0;
}

int
sys_chdir(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_chdir_args *uap = v;
	struct vnode *vp;
	int error = dir_by_path(l, SCARG(uap, path), &vp);

	(void)rv;
	return error != 0 ? error : set_cwd(l, vp);
}

int
sys_umask(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_umask_args *uap = v;

	if (l->l_proc->p_cwdi == NULL)
		return -ENOSYS;
	*rv = (register_t)atomic_exchange(
	    &l->l_proc->p_cwdi->cwdi_cmask, SCARG(uap, newmask) & ALLPERMS);
	return 0;
}

/* --- upwards --- */

/* The directory above vp (not the root of a mount), referenced. */
static int
parent(struct lwp *l, struct vnode *vp, struct vnode **dvpp)
{
	struct componentname cn = { "..", 2, CN_DOTDOT, LOOKUP };
	int error = vnode_lock_alive(vp, false);

	*dvpp = NULL;
	if (error != 0)
		return error;
	error = vn_access(l, vp, VEXEC);
	if (error == 0)
		error = vp->v_ops->vop_lookup(l, vp, &cn, dvpp);
	vnode_unlock(vp);
	return error;
}

/* Replaces vp (whose reference is taken) by the directory that it covers as long as it is a mount's root, but not beyond `root`. */
static struct vnode *
uncover(struct lwp *l, struct vnode *vp, struct vnode *root)
{
	struct vnode *under;

	while (vp != root && (atomic_load(&vp->v_flag) & VV_ROOT) &&
	    (under = mount_covered(vp)) != NULL) {
		vnode_put(l, vp);
		vp = under;
	}
	return vp;
}

/* The entry with that number among the n bytes, or NULL. */
static const struct dirent *
scan(const char *buf, size_t n, ino_t ino)
{
	const struct dirent *de;
	size_t at, hdr = offsetof(struct dirent, d_name);

	for (at = 0; n - at >= hdr; at += de->d_reclen) {
		de = (const void *)(buf + at);
		if (de->d_reclen < hdr || de->d_reclen > n - at ||
		    de->d_reclen % 8 != 0 || de->d_namlen >= de->d_reclen - hdr)
			return NULL;
		if (de->d_fileno == ino &&
		    !(de->d_name[0] == '.' &&
			(de->d_namlen == 1 ||
			    (de->d_namlen == 2 && de->d_name[1] == '.'))))
			return de;
	}
	return NULL;
}

/* The name under which dvp has vp, by reading it. */
static int
name_by_reading(struct lwp *l, struct vnode *dvp, ino_t ino, char *name)
{
	char *buf = kmem_alloc(l->l_k, DIRBUF);
	const struct dirent *de = NULL;
	off_t off = 0;
	bool eof = false;
	int error;

	if (buf == NULL)
		return -ENOMEM;
	error = vnode_lock_alive(dvp, false);
	if (error != 0)
		goto out;
	while (error == 0 && de == NULL && !eof) {
		struct iovec iov = { buf, DIRBUF };
		struct uio uio = { &iov, 1, off, DIRBUF, UIO_READ, NULL };

		error = dvp->v_ops->vop_readdir == NULL ?
		    -EOPNOTSUPP :
		    dvp->v_ops->vop_readdir(l, dvp, &uio, &eof);
		if (error != 0)
			break;
		de = scan(buf, DIRBUF - uio.uio_resid, ino);
		if (uio.uio_resid == DIRBUF)
			eof = true;
		off = uio.uio_offset;
	}
	vnode_unlock(dvp);
	if (error == 0 && (de == NULL || de->d_namlen > VFS_NAMEMAX))
		error = -ENOENT;
	if (error == 0) {
		memcpy(name, de->d_name, de->d_namlen);
		name[de->d_namlen] = '\0';
	}
out:
	kmem_free(l->l_k, buf, DIRBUF);
	return error;
}

/* Where vp is: its parent (referenced) and its name in it. */
static int
locate(struct lwp *l, struct vnode *vp, struct vnode **dvpp, char *name)
{
	struct vattr va;
	int error;

	if (ncache_revlookup(vp, dvpp, name, VFS_NAMEMAX + 1)) {
		error = vnode_lock_alive(*dvpp, false);
		if (error == 0) {
			error = vn_access(l, *dvpp, VEXEC);
			vnode_unlock(*dvpp);
		}
		if (error != 0) {
			vnode_put(l, *dvpp);
			*dvpp = NULL;
		}
		return error;
	}
	error = parent(l, vp, dvpp);
	if (error != 0)
		return error;
	error = vnode_lock_alive(vp, false);
	if (error == 0) {
		error = vn_getattr(l, vp, &va);
		vnode_unlock(vp);
	}
	if (error == 0)
		error = name_by_reading(l, *dvpp, va.va_fileid, name);
	if (error != 0) {
		vnode_put(l, *dvpp);
		*dvpp = NULL;
	}
	return error;
}

/*
 * The path from root to vp into the end of buf: *at is where it begins. -ENOENT: vp is not below root.
 */
static int
path_of(
    struct lwp *l, struct vnode *vp, struct vnode *root, char *buf, size_t *at)
{
	char name[VFS_NAMEMAX + 1];
	struct vnode *dvp;
	size_t len;
	int error = 0;

	*at = PATHSIZE - 1;
	buf[*at] = '\0';
	vnode_get(vp);
	for (;;) {
		vp = uncover(l, vp, root);
		if (vp == root)
			break;
		if (atomic_load(&vp->v_flag) & VV_ROOT) {
			error = -ENOENT;
			break;
		}
		error = locate(l, vp, &dvp, name);
		if (error != 0)
			break;
		vnode_put(l, vp);
		vp = dvp;
		len = strlen(name);
		if (len + 1 > *at) {
			error = -ENAMETOOLONG;
			break;
		}
		*at -= len;
		memcpy(buf + *at, name, len);
		buf[--*at] = '/';
	}
	vnode_put(l, vp);
	if (error == 0 && *at == PATHSIZE - 1)
		buf[--*at] = '/';
	return error;
}

int
sys___getcwd(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___getcwd_args *uap = v;
	size_t size = SCARG(uap, length), at;
	struct vnode *cwd, *root;
	char *buf;
	int error;

	if (vfs_of(l) == NULL)
		return -ENOSYS;
	if (size < 2)
		return -ERANGE;
	buf = kmem_alloc(l->l_k, PATHSIZE);
	if (buf == NULL)
		return -ENOMEM;
	error = cwd_getcwd(l, &cwd);
	if (error == 0) {
		error = cwd_getroot(l, &root);
		if (error == 0) {
			error = path_of(l, cwd, root, buf, &at);
			vnode_put(l, root);
		}
		vnode_put(l, cwd);
	}
	if (error == 0 && PATHSIZE - at > size)
		error = -ERANGE;
	if (error == 0)
		error = copyout(l, buf + at, SCARG(uap, bufp), PATHSIZE - at);
	if (error == 0)
		*rv = (register_t)(PATHSIZE - at);
	kmem_free(l->l_k, buf, PATHSIZE);
	return error;
}

/* Who has another root goes nowhere outside of it. On failure vp's reference is given back. */
static int
check_inside(struct lwp *l, struct vnode *vp)
{
	struct cwdinfo *c = l->l_proc->p_cwdi;
	struct vnode *root;
	size_t at;
	char *buf;
	int error;

	if (c == NULL || c->cwdi_rdir == NULL)
		return 0;
	buf = kmem_alloc(l->l_k, PATHSIZE);
	error = buf == NULL ? -ENOMEM : cwd_getroot(l, &root);
	if (error == 0) {
		if (path_of(l, vp, root, buf, &at) != 0)
			error = -EPERM;
		vnode_put(l, root);
	}
	if (buf != NULL)
		kmem_free(l->l_k, buf, PATHSIZE);
	if (error != 0)
		vnode_put(l, vp);
	return error;
}

int
sys_fchdir(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_fchdir_args *uap = v;
	struct vnode *vp;
	int error = dir_by_fd(l, SCARG(uap, fd), &vp);

	(void)rv;
	if (error == 0)
		error = check_inside(l, vp);
	return error != 0 ? error : set_cwd(l, vp);
}

int
cwd_mountname(struct lwp *l, struct mount *mp, char *name, size_t size)
{
	struct cwdinfo *c = l->l_proc->p_cwdi;
	struct vnode *root, *top = vfs_of(l)->vs_root;
	size_t at, len;
	bool inside;
	char *buf;
	int error;

	if (c == NULL || c->cwdi_rdir == NULL)
		return 0;
	buf = kmem_alloc(l->l_k, PATHSIZE);
	if (buf == NULL)
		return -ENOMEM;
	error = cwd_getroot(l, &root);
	if (error == 0)
		error = path_of(l, root, top, buf, &at);
	else
		root = NULL;
	if (error == 0 && PATHSIZE - at > 2) { /* not "/" itself */
		len = PATHSIZE - 1 - at;
		inside = strncmp(name, buf + at, len) == 0 &&
		    (name[len] == '/' || name[len] == '\0');
		if (inside && name[len] == '/')
			memmove(name, name + len, strlen(name + len) + 1);
		else if (inside || root->v_mount == mp)
			memcpy(name, "/", size < 2 ? size : 2);
		else
			error = -EPERM;
	}
	if (root != NULL)
		vnode_put(l, root);
	kmem_free(l->l_k, buf, PATHSIZE);
	return error;
}

/* --- another root --- */

/* Who stands outside the new root stands at it. vp's reference is taken. */
static int
change_root(struct lwp *l, struct vnode *vp)
{
	struct cwdinfo *c = l->l_proc->p_cwdi;
	struct vnode *cwd;
	size_t at;
	char *buf;
	int error = 0;

	if (c == NULL)
		error = -ENOSYS;
	buf = error == 0 ? kmem_alloc(l->l_k, PATHSIZE) : NULL;
	if (error == 0 && buf == NULL)
		error = -ENOMEM;
	if (error != 0) {
		vnode_put(l, vp);
		return error;
	}
	error = cwd_getcwd(l, &cwd);
	if (error == 0) {
		if (path_of(l, cwd, vp, buf, &at) != 0) {
			vnode_get(vp);
			set_dir(l, &c->cwdi_cdir, vp);
		}
		vnode_put(l, cwd);
		set_dir(l, &c->cwdi_rdir, vp);
	} else {
		vnode_put(l, vp);
	}
	kmem_free(l->l_k, buf, PATHSIZE);
	return error;
}

int
sys_chroot(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_chroot_args *uap = v;
	struct vnode *vp;
	int error;

	(void)rv;
	/* Before the path: whoever may not learns nothing of it. */
	if (!cred_issuser(l->l_cred))
		return -EPERM;
	error = dir_by_path(l, SCARG(uap, path), &vp);
	return error != 0 ? error : change_root(l, vp);
}

int
sys_fchroot(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_fchroot_args *uap = v;
	struct vnode *vp;
	int error;

	(void)rv;
	if (!cred_issuser(l->l_cred))
		return -EPERM;
	error = dir_by_fd(l, SCARG(uap, fd), &vp);
	return error != 0 ? error : change_root(l, vp);
}
