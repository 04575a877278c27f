/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that come and go: create, mkdir, symlink, link, remove, rmdir. */
#include "fs/ffs/ffs.h"

/*
 * Runs a change of names in a transaction. Without room it is tried once more after a commit, which frees what was removed before.
 */
#define WITH_TRANSACTION(ump, l, error, call)                     \
	do {                                                      \
		if (((error) = ffs_begin(ump, l)) != 0)           \
			break;                                    \
		(error) = (call);                                 \
		ffs_end(ump, l);                                  \
		if ((error) == -ENOSPC && (ump)->um_wl != NULL && \
		    wapbl_flush((ump)->um_wl, l, false) == 0 &&   \
		    ((error) = ffs_begin(ump, l)) == 0) {         \
			(error) = (call);                         \
			ffs_end(ump, l);                          \
		}                                                 \
	} while (0)

static uint16_t
vtype_mode(enum vtype type)
{
	switch (type) {
	case VDIR:
		return S_IFDIR;
	case VLNK:
		return S_IFLNK;
	case VCHR:
		return S_IFCHR;
	case VBLK:
		return S_IFBLK;
	case VFIFO:
		return S_IFIFO;
	case VSOCK:
		return S_IFSOCK;
	default:
		return S_IFREG;
	}
}

static int
fill_dinode(struct ffsmount *ump, const struct vattr *va, int32_t gen,
    struct dinode *di)
{
	const struct fs *fs = &ump->um_fs;
	struct timespec now;

	memset(di, 0, sizeof(*di));
	kern_nanotime(ump->um_k, &now);
	di->di_mode = (uint16_t)(vtype_mode(va->va_type) |
	    (va->va_mode & ALLPERMS));
	di->di_nlink = va->va_type == VDIR ? 2 : 1;
	di->di_uid = va->va_uid;
	di->di_gid = va->va_gid;
	di->di_gen = gen;
	di->di_atime = di->di_mtime = di->di_ctime = now.tv_sec;
	di->di_atimensec = di->di_mtimensec = di->di_ctimensec = (int32_t)
								     now.tv_nsec;
	if (ffs_isufs2(fs)) {
		di->di_birthtime = now.tv_sec;
		di->di_birthnsec = (int32_t)now.tv_nsec;
	}
	if (va->va_type == VCHR || va->va_type == VBLK) {
		if (!ffs_isufs2(fs) && va->va_rdev > UINT32_MAX)
			return -EINVAL;
		di->di_db[0] = (int64_t)va->va_rdev;
	}
	return 0;
}

/* The new inode failed to become a file: as if it had never been. */
static void
drop_new(struct lwp *l, struct vnode *vp)
{
	struct inode *ip = VTOI(vp);

	ip->i_d.di_nlink = 0;
	ffs_mark(ip, IN_CHANGE);
	atomic_fetch_or(&vp->v_flag, VV_INACTIVE);
	ffs_orphan(ip);
	ffs_undone(ip->i_ump, ffs_update(ip));
	/* The last reference frees it. Nobody else has one. */
	vnode_put(l, vp);
}

/* A new inode with its vnode. */
static int
make_inode(struct lwp *l, struct inode *dip, const struct vattr *va,
    struct vnode **vpp)
{
	struct ffsmount *ump = dip->i_ump;
	struct dinode di;
	int32_t gen;
	ino_t ino;
	int error;

	if (ump->um_quota != NULL &&
	    (error = ffs_quota_take_inode(l, ump, va->va_uid, va->va_gid)) != 0)
		return error;
	error = ffs_ialloc(l, dip, vtype_mode(va->va_type), &ino, &gen);
	if (error != 0) {
		if (ump->um_quota != NULL)
			ffs_quota_give_inode(ump, va->va_uid, va->va_gid);
		return error;
	}
	if ((error = fill_dinode(ump, va, gen, &di)) == 0)
		error = vcache_new(l, ump->um_mp, ino, ffs_loadnew, &di, vpp);
	if (error != 0) {
		ffs_undone(ump, ffs_ifree(ump, ino, vtype_mode(va->va_type)));
		if (ump->um_quota != NULL)
			ffs_quota_give_inode(ump, va->va_uid, va->va_gid);
		return error;
	}
	/* It goes to the disk when it is complete. */
	ffs_mark(VTOI(*vpp), IN_MODIFIED);
	return 0;
}

static int
store_target(struct lwp *l, struct inode *ip, const char *target)
{
	const struct fs *fs = &ip->i_ump->um_fs;
	size_t len = strlen(target);

	if (fs->fs_maxsymlinklen > 0 && len < (size_t)fs->fs_maxsymlinklen) {
		ip->i_d.di_inline = true;
		memset(ip->i_d.di_short, 0, sizeof(ip->i_d.di_short));
		memcpy(ip->i_d.di_short, target, len);
		ip->i_d.di_size = len;
		ffs_mark(ip, IN_CHANGE | IN_UPDATE);
		return 0;
	}
	if (len == 0)
		return 0;
	/* At most 1023 bytes: one block. */
	if (len > (size_t)fs->fs_bsize)
		return -ENAMETOOLONG;
	return ffs_growmeta(l, ip, target, (uint32_t)len);
}

/* Inode and name, in a transaction. target: of a symbolic link. */
static int
make_name(struct lwp *l, struct vnode *dvp, const struct componentname *cnp,
    const struct vattr *va, const char *target, struct vnode **vpp)
{
	struct inode *dip = VTOI(dvp), *ip;
	bool dir = va->va_type == VDIR;
	struct vnode *vp;
	int error;

	if (dip->i_d.di_nlink <= 0)
		return -ENOENT;
	if (dir && dip->i_d.di_nlink >= UFS_LINK_MAX)
		return -EMLINK;
	if ((error = make_inode(l, dip, va, &vp)) != 0)
		return error;
	ip = VTOI(vp);
	if (dir)
		error = ffs_dirinit(l, ip, dip->i_number);
	else if (target != NULL)
		error = store_target(l, ip, target);
	/* The parent's count first: on the disk a directory's ".." counts as soon as it is one. */
	if (error == 0 && dir) {
		dip->i_d.di_nlink++;
		ffs_mark(dip, IN_CHANGE);
		if ((error = ffs_update_now(dip)) != 0)
			dip->i_d.di_nlink--;
	}
	if (error == 0) {
		if ((error = ffs_update_now(ip)) == 0)
			error = ffs_direnter(l, dip, cnp->cn_name, cnp->cn_len,
			    ip->i_number, ip->i_d.di_mode, false);
		if (error != 0 && dir) {
			dip->i_d.di_nlink--;
			ffs_mark(dip, IN_CHANGE);
			ffs_undone(dip->i_ump, ffs_update(dip));
		}
	}
	if (error != 0) {
		drop_new(l, vp);
		return error;
	}
	*vpp = vp;
	return 0;
}

int
ffs_create(struct lwp *l, struct vnode *dvp, const struct componentname *cnp,
    struct vattr *va, struct vnode **vpp)
{
	struct ffsmount *ump = VTOI(dvp)->i_ump;
	int error;

	*vpp = NULL;
	WITH_TRANSACTION(ump, l, error, make_name(l, dvp, cnp, va, NULL, vpp));
	return error;
}

int
ffs_mkdir(struct lwp *l, struct vnode *dvp, const struct componentname *cnp,
    struct vattr *va, struct vnode **vpp)
{
	va->va_type = VDIR;
	return ffs_create(l, dvp, cnp, va, vpp);
}

int
ffs_symlink(struct lwp *l, struct vnode *dvp, const struct componentname *cnp,
    struct vattr *va, const char *target, struct vnode **vpp)
{
	struct ffsmount *ump = VTOI(dvp)->i_ump;
	int error;

	*vpp = NULL;
	va->va_type = VLNK;
	WITH_TRANSACTION(ump, l, error, make_name(l, dvp, cnp, va, target, vpp));
	return error;
}

static int
link_name(struct lwp *l, struct inode *dip, const struct componentname *cnp,
    struct inode *ip)
{
	int error;

	if (dip->i_d.di_nlink <= 0)
		return -ENOENT;
	if (ip->i_d.di_nlink >= UFS_LINK_MAX)
		return -EMLINK;
	ip->i_d.di_nlink++;
	ffs_mark(ip, IN_CHANGE);
	if ((error = ffs_update_now(ip)) == 0)
		error = ffs_direnter(l, dip, cnp->cn_name, cnp->cn_len,
		    ip->i_number, ip->i_d.di_mode, false);
	if (error != 0) {
		ip->i_d.di_nlink--;
		ffs_mark(ip, IN_CHANGE);
		ffs_undone(ip->i_ump, ffs_update(ip));
	}
	return error;
}

int
ffs_link(struct lwp *l, struct vnode *dvp, const struct componentname *cnp,
    struct vnode *vp)
{
	struct inode *dip = VTOI(dvp), *ip = VTOI(vp);
	int error;

	if (vp->v_type == VDIR)
		return -EPERM;
	WITH_TRANSACTION(dip->i_ump, l, error, link_name(l, dip, cnp, ip));
	return error;
}

/* The inode lost a name. */
static int
unlinked(struct inode *ip)
{
	if (ip->i_d.di_nlink > 0)
		ip->i_d.di_nlink--;
	if (ip->i_d.di_nlink == 0) {
		atomic_fetch_or(&ip->i_vnode->v_flag, VV_INACTIVE);
		ffs_orphan(ip);
	}
	ffs_mark(ip, IN_CHANGE);
	return ffs_update(ip);
}

static int
remove_name(struct inode *dip, const struct componentname *cnp, struct inode *ip)
{
	int error = ffs_dirremove(dip, cnp->cn_name, cnp->cn_len);

	return error != 0 ? error : unlinked(ip);
}

int
ffs_remove(struct lwp *l, struct vnode *dvp, const struct componentname *cnp,
    struct vnode *vp)
{
	struct inode *dip = VTOI(dvp), *ip = VTOI(vp);
	int error;

	if (vp->v_type == VDIR)
		return -EPERM;
	if ((ip->i_d.di_flags & SF_SNAPSHOT) != 0)
		return -EPERM;
	if ((error = ffs_begin(dip->i_ump, l)) != 0)
		return error;
	error = remove_name(dip, cnp, ip);
	ffs_end(dip->i_ump, l);
	return error;
}

static int
remove_dir(struct inode *dip, const struct componentname *cnp, struct inode *ip)
{
	int error, result, empty;

	if ((empty = ffs_dirempty(ip, dip->i_number)) < 0)
		return empty;
	if (empty == 0)
		return -ENOTEMPTY;
	if ((error = ffs_dirremove(dip, cnp->cn_name, cnp->cn_len)) != 0)
		return error;
	/* Its own "." and the name. */
	ip->i_d.di_nlink = 1;
	result = unlinked(ip);
	if (dip->i_d.di_nlink > 2)
		dip->i_d.di_nlink--;
	ffs_mark(dip, IN_CHANGE);
	error = ffs_update(dip);
	return result != 0 ? result : error;
}

int
ffs_rmdir(struct lwp *l, struct vnode *dvp, const struct componentname *cnp,
    struct vnode *vp)
{
	struct inode *dip = VTOI(dvp), *ip = VTOI(vp);
	int error;

	if (vp->v_type != VDIR)
		return -ENOTDIR;
	if (dip == ip)
		return -EINVAL;
	if ((error = ffs_begin(dip->i_ump, l)) != 0)
		return error;
	error = remove_dir(dip, cnp, ip);
	ffs_end(dip->i_ump, l);
	return error;
}
