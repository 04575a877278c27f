/* SPDX-License-Identifier: BSD-2-Clause */
/* mount, unmount, and what file systems say of themselves. */
#include "vfs/vfs_impl.h"

#define DATASIZE (VFS_MAX_MOUNT_DATA / 2)

/* --- mount --- */

static int
find_type(struct lwp *l, const char *utype, const struct vfsops **opsp)
{
	char name[VFS_NAMELEN];
	int error;

	*opsp = NULL;
	error = copyinstr(l, utype, name, sizeof(name), NULL);
	if (error != 0)
		return error == -ENAMETOOLONG ? -ENODEV : error;
	*opsp = vfs_find(l->l_k, name);
	return *opsp == NULL ? -ENODEV : 0;
}

/* All that is on the way into the kernel; everything is given back by the caller. */
struct mount_request {
	char path[1024];
	char data[DATASIZE];
	size_t len;
};

static int
do_mount(struct lwp *l, struct mount_request *r,
    const struct sys___mount50_args *uap, register_t *rv)
{
	int flags = SCARG(uap, flags), error;
	const struct vfsops *ops = NULL;
	struct vnode *vp;

	error = copyinstr(l, SCARG(uap, path), r->path, sizeof(r->path), NULL);
	if (error == 0)
		error = namei_simple(l, r->path, NI_FOLLOW, &vp);
	if (error != 0)
		return error;
	if (!(flags & (MNT_UPDATE | MNT_GETARGS)))
		error = find_type(l, SCARG(uap, type), &ops);
	else
		ops = vp->v_mount->mnt_op;
	r->len = SCARG(uap, data_len);
	if (error == 0 && r->len == 0 && SCARG(uap, data) != NULL)
		r->len = ops->vfs_min_mount_data;
	if (error == 0 && r->len > DATASIZE)
		error = -EINVAL;
	if (error == 0 && !(flags & MNT_GETARGS))
		error = copyin(l, SCARG(uap, data), r->data, r->len);
	if (error != 0) {
		vnode_put(l, vp);
		return error;
	}
	error = vfs_domount(l, ops, vp, r->path, flags, r->data, &r->len);
	if (error == 0 && (flags & MNT_GETARGS)) {
		size_t n = SCARG(uap, data_len);

		error = copyout(
		    l, r->data, SCARG(uap, data), r->len < n ? r->len : n);
		*rv = (register_t)r->len;
	}
	return error;
}

int
sys___mount50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___mount50_args *uap = v;
	struct mount_request *r;
	int error;

	if (!cred_issuser(l->l_cred) && !(SCARG(uap, flags) & MNT_GETARGS))
		return -EPERM;
	r = kmem_zalloc(l->l_k, sizeof(*r));
	if (r == NULL)
		return -ENOMEM;
	error = do_mount(l, r, uap, rv);
	kmem_free(l->l_k, r, sizeof(*r));
	return error;
}

int
sys_unmount(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_unmount_args *uap = v;
	struct vfs_state *vs = vfs_of(l);
	struct nameidata nd;
	struct mount *mp = NULL;
	int error;

	(void)rv;
	namei_init(&nd, l, LOOKUP, NI_FOLLOW, SCARG(uap, path));
	error = namei(&nd);
	if (error == 0) {
		mp = nd.ni_vp->v_mount;
		mount_get(mp);
		if (!cred_issuser(l->l_cred) &&
		    mp->mnt_stat.f_owner != l->l_cred->cr_euid)
			error = -EPERM;
		else if (mp == vs->vs_rootmount ||
		    !(atomic_load(&nd.ni_vp->v_flag) & VV_ROOT))
			error = -EINVAL;
	}
	namei_done(&nd);
	if (error == 0) {
		kmutex_enter(&vs->vs_mountlock);
		error = atomic_load(&mp->mnt_gone) ?
		    -EINVAL :
		    vfs_dounmount(l, mp, SCARG(uap, flags) & MNT_FORCE);
		kmutex_exit(&vs->vs_mountlock);
	}
	if (mp != NULL)
		mount_put(mp);
	return error;
}

/* --- statvfs --- */

/* The mount is busy. */
static int
fill(struct lwp *l, struct mount *mp, struct statvfs *sb)
{
	int error;

	memset(sb, 0, sizeof(*sb));
	error = mp->mnt_op->vfs_statvfs(l, mp, sb);
	if (error != 0)
		return error;
	sb->f_flag = (unsigned long)((unsigned)mp->mnt_flag & MNT_VISFLAGMASK);
	sb->f_fsidx = mp->mnt_stat.f_fsidx;
	sb->f_fsid = (unsigned long)sb->f_fsidx.__fsid_val[0];
	if (sb->f_namemax == 0)
		sb->f_namemax = mp->mnt_namemax;
	sb->f_owner = mp->mnt_stat.f_owner;
	memcpy(sb->f_fstypename, mp->mnt_stat.f_fstypename,
	    sizeof(sb->f_fstypename));
	memcpy(
	    sb->f_mntonname, mp->mnt_stat.f_mntonname, sizeof(sb->f_mntonname));
	memcpy(sb->f_mntfromname, mp->mnt_stat.f_mntfromname,
	    sizeof(sb->f_mntfromname));
	return cwd_mountname(l, mp, sb->f_mntonname, sizeof(sb->f_mntonname));
}

/* mount's reference stays the caller's. */
static int
statvfs_out(struct lwp *l, struct mount *mp, struct statvfs *ub)
{
	struct statvfs *sb = kmem_alloc(l->l_k, sizeof(*sb));
	int error;

	if (sb == NULL)
		return -ENOMEM;
	error = vfs_busy(mp);
	if (error == 0) {
		error = fill(l, mp, sb);
		vfs_unbusy(mp);
	}
	if (error == 0)
		error = copyout(l, sb, ub, sizeof(*sb));
	kmem_free(l->l_k, sb, sizeof(*sb));
	return error;
}

int
sys_statvfs1(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_statvfs1_args *uap = v;
	struct nameidata nd;
	int error;

	(void)rv;
	namei_init(&nd, l, LOOKUP, NI_FOLLOW, SCARG(uap, path));
	error = namei(&nd);
	if (error == 0)
		error = statvfs_out(l, nd.ni_vp->v_mount, SCARG(uap, buf));
	namei_done(&nd);
	return error;
}

int
sys_fstatvfs1(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_fstatvfs1_args *uap = v;
	struct file *fp;
	struct vnode *vp;
	int error;

	(void)rv;
	error = fd_getvnode(l, SCARG(uap, fd), &fp, &vp);
	if (error != 0)
		return error;
	error = vnode_isdead(vp) ? -EBADF :
				   statvfs_out(l, vp->v_mount, SCARG(uap, buf));
	file_put(l, fp);
	return error;
}

struct fsstat {
	struct statvfs *sb; /* the kernel's, for one */
	struct statvfs *ub; /* the user's array, NULL: only count */
	size_t room, count;
};

static int
one_fsstat(struct lwp *l, struct mount *mp, void *arg)
{
	struct fsstat *fs = arg;
	int error = 0;

	if (fs->ub != NULL && fs->count < fs->room) {
		error = fill(l, mp, fs->sb);
		if (error != 0) /* a file system that cannot say is left out */
			return 0;
		error = copyout(l, fs->sb, fs->ub + fs->count, sizeof(*fs->sb));
	}
	if (error == 0)
		fs->count++;
	return error;
}

int
sys_getvfsstat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_getvfsstat_args *uap = v;
	struct fsstat fs = { NULL, SCARG(uap, buf),
		SCARG(uap, bufsize) / sizeof(struct statvfs), 0 };
	int error;

	if (vfs_of(l) == NULL)
		return -ENOSYS;
	fs.sb = kmem_alloc(l->l_k, sizeof(*fs.sb));
	if (fs.sb == NULL)
		return -ENOMEM;
	error = mount_foreach(l, one_fsstat, &fs);
	kmem_free(l->l_k, fs.sb, sizeof(*fs.sb));
	if (fs.ub != NULL && fs.count > fs.room)
		fs.count = fs.room;
	*rv = (register_t)fs.count;
	return error;
}

/* --- file handles --- */

struct handle {
	fsid_t h_fsid;
	char h_fid[FHANDLE_SIZE_MAX - sizeof(fsid_t)];
};

/* The fid's own first member is its length; what is behind it is nobody's. */
static int
get_handle(struct lwp *l, const void *ufh, size_t size, struct vnode **vpp)
{
	struct handle h;
	struct mount *mp;
	int error;

	*vpp = NULL;
	if (vfs_of(l) == NULL)
		return -ENOSYS;
	if (!cred_issuser(l->l_cred))
		return -EPERM;
	if (size < FHANDLE_SIZE_MIN || size > sizeof(h))
		return -EINVAL;
	memset(&h, 0, sizeof(h));
	error = copyin(l, ufh, &h, size);
	if (error == 0)
		error = vfs_getvfs(l->l_k, &h.h_fsid, &mp);
	if (error != 0)
		return error;
	if (mp->mnt_op->vfs_fhtovp == NULL) {
		error = -EOPNOTSUPP;
	} else {
		uint16_t len;

		memcpy(&len, h.h_fid, sizeof(len));
		error = len > size - sizeof(h.h_fsid) ?
		    -EINVAL :
		    mp->mnt_op->vfs_fhtovp(l, mp, h.h_fid, len, vpp);
	}
	vfs_unbusy(mp);
	mount_put(mp);
	return error;
}

static int
make_handle(struct vnode *vp, struct handle *h, size_t *size)
{
	struct mount *mp = vp->v_mount;
	size_t len = sizeof(h->h_fid);
	int error = vnode_lock_alive(vp, false);

	if (error != 0)
		return error;
	memset(h, 0, sizeof(*h));
	h->h_fsid = mp->mnt_stat.f_fsidx;
	error = mp->mnt_op->vfs_vptofh == NULL ?
	    -EOPNOTSUPP :
	    mp->mnt_op->vfs_vptofh(vp, h->h_fid, &len);
	vnode_unlock(vp);
	*size = sizeof(h->h_fsid) + len;
	if (*size < FHANDLE_SIZE_MIN)
		*size = FHANDLE_SIZE_MIN;
	return error;
}

int
sys___getfh30(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___getfh30_args *uap = v;
	struct nameidata nd;
	struct handle h;
	size_t size = 0, room = 0;
	int error;

	(void)rv;
	if (!cred_issuser(l->l_cred))
		return -EPERM;
	namei_init(&nd, l, LOOKUP, NI_FOLLOW, SCARG(uap, fname));
	error = namei(&nd);
	if (error == 0)
		error = make_handle(nd.ni_vp, &h, &size);
	namei_done(&nd);
	if (error == 0)
		error = copyin(l, SCARG(uap, fh_size), &room, sizeof(room));
	if (error == 0)
		error = copyout(l, &size, SCARG(uap, fh_size), sizeof(size));
	if (error == 0 && room < size)
		error = -E2BIG;
	return error != 0 ? error : copyout(l, &h, SCARG(uap, fhp), size);
}

int
sys___fhopen40(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___fhopen40_args *uap = v;
	int flags = SCARG(uap, flags), fd, error;
	struct vnode *vp;
	struct file *fp;

	if ((flags & O_ACCMODE) == O_ACCMODE || (flags & O_CREAT))
		return -EINVAL;
	error = get_handle(l, SCARG(uap, fhp), SCARG(uap, fh_size), &vp);
	if (error != 0)
		return error;
	error = file_create(l, &fp);
	if (error == 0) {
		error = fd_alloc(l, 0, &fd);
		if (error == 0) {
			error = vn_open(l, vp, FFLAGS(flags), false);
			if (error != 0)
				fd_unreserve(l, fd);
		}
		if (error != 0)
			file_put(l, fp);
	}
	if (error != 0) {
		vnode_put(l, vp);
		return error;
	}
	vn_install(l, fp, fd, vp, flags);
	*rv = fd;
	return 0;
}

int
sys___fhstat50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___fhstat50_args *uap = v;
	struct vnode *vp;
	struct stat sb;
	int error;

	(void)rv;
	error = get_handle(l, SCARG(uap, fhp), SCARG(uap, fh_size), &vp);
	if (error != 0)
		return error;
	error = vn_stat(l, vp, &sb);
	vnode_put(l, vp);
	return error != 0 ? error : copyout(l, &sb, SCARG(uap, sb), sizeof(sb));
}

int
sys___fhstatvfs140(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___fhstatvfs140_args *uap = v;
	struct vnode *vp;
	int error;

	(void)rv;
	error = get_handle(l, SCARG(uap, fhp), SCARG(uap, fh_size), &vp);
	if (error != 0)
		return error;
	error = statvfs_out(l, vp->v_mount, SCARG(uap, buf));
	vnode_put(l, vp);
	return error;
}
