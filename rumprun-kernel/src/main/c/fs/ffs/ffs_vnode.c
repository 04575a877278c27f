/* SPDX-License-Identifier: BSD-2-Clause */
/* FFS's vnode operations that are not elsewhere: attributes, fsync, limits. */
#include <netbsd/unistd.h>
#include "fs/ffs/ffs.h"

static int
getattr(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	struct inode *ip = VTOI(vp);
	struct ffsmount *ump = ip->i_ump;
	const struct dinode *d = &ip->i_d;

	(void)l;
	ffs_itimes(ip);
	va->va_type = vp->v_type;
	va->va_mode = d->di_mode & ~(mode_t)S_IFMT;
	va->va_nlink = d->di_nlink < 0 ? 0 : (nlink_t)d->di_nlink;
	va->va_uid = d->di_uid;
	va->va_gid = d->di_gid;
	va->va_fsid = ump->um_devvp->v_rdev;
	va->va_fileid = ip->i_number;
	va->va_size = d->di_size;
	va->va_blocksize = (uint32_t)ump->um_fs.fs_bsize;
	kmutex_enter(&ip->i_lock);
	va->va_atime.tv_sec = d->di_atime;
	va->va_atime.tv_nsec = d->di_atimensec;
	va->va_mtime.tv_sec = d->di_mtime;
	va->va_mtime.tv_nsec = d->di_mtimensec;
	va->va_ctime.tv_sec = d->di_ctime;
	va->va_ctime.tv_nsec = d->di_ctimensec;
	va->va_birthtime.tv_sec = d->di_birthtime;
	va->va_birthtime.tv_nsec = d->di_birthnsec;
	kmutex_exit(&ip->i_lock);
	va->va_gen = (uint32_t)d->di_gen;
	va->va_flags = d->di_flags;
	va->va_rdev = vp->v_type == VBLK || vp->v_type == VCHR ?
	    (dev_t)d->di_db[0] :
	    0;
	/* UFS1 has 31 bits of blocks, a damaged inode whatever. */
	va->va_bytes = d->di_blocks > INT64_MAX / 512 ? 0 : d->di_blocks * 512;
	va->va_vaflags = 0;
	return 0;
}

static bool
isset(int64_t v)
{
	return v != VNOVAL;
}

static void
set_times(struct inode *ip, const struct vattr *va)
{
	struct dinode *d = &ip->i_d;

	if (!isset(va->va_atime.tv_sec) && !isset(va->va_mtime.tv_sec) &&
	    !isset(va->va_birthtime.tv_sec))
		return;
	/* What was pending happened before. */
	ffs_itimes(ip);
	kmutex_enter(&ip->i_lock);
	if (isset(va->va_atime.tv_sec)) {
		d->di_atime = va->va_atime.tv_sec;
		d->di_atimensec = (int32_t)va->va_atime.tv_nsec;
	}
	if (isset(va->va_mtime.tv_sec)) {
		d->di_mtime = va->va_mtime.tv_sec;
		d->di_mtimensec = (int32_t)va->va_mtime.tv_nsec;
		/* A file is not younger than its contents. */
		if (d->di_mtime < d->di_birthtime) {
			d->di_birthtime = d->di_mtime;
			d->di_birthnsec = d->di_mtimensec;
		}
	}
	if (isset(va->va_birthtime.tv_sec)) {
		d->di_birthtime = va->va_birthtime.tv_sec;
		d->di_birthnsec = (int32_t)va->va_birthtime.tv_nsec;
	}
	kmutex_exit(&ip->i_lock);
	ffs_mark(ip, IN_CHANGE | IN_MODIFIED);
}

static int
set_owner(struct lwp *l, struct inode *ip, const struct vattr *va)
{
	struct dinode *d = &ip->i_d;
	uid_t uid = va->va_uid != (uid_t)VNOVAL ? va->va_uid : d->di_uid;
	gid_t gid = va->va_gid != (gid_t)VNOVAL ? va->va_gid : d->di_gid;
	int error;

	if (ffs_charged(ip) && (uid != d->di_uid || gid != d->di_gid) &&
	    (error = ffs_quota_chown(l, ip, uid, gid)) != 0)
		return error;
	d->di_uid = uid;
	d->di_gid = gid;
	ffs_mark(ip, IN_CHANGE);
	return 0;
}

static int
setattr(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	struct inode *ip = VTOI(vp);
	struct ffsmount *ump = ip->i_ump;
	struct dinode *d = &ip->i_d;
	int error;

	if (ump->um_ronly)
		return -EROFS;
	if (va->va_size != (uint64_t)VNOVAL) {
		if (vp->v_type == VDIR)
			return -EISDIR;
		if (vp->v_type == VREG) {
			error = ffs_truncate(l, ip, va->va_size);
			if (error != 0)
				return error;
		}
	}
	if ((error = ffs_begin(ump, l)) != 0)
		return error;
	if (va->va_uid != (uid_t)VNOVAL || va->va_gid != (gid_t)VNOVAL) {
		if ((error = set_owner(l, ip, va)) != 0) {
			ffs_end(ump, l);
			return error;
		}
	}
	if (va->va_mode != (mode_t)VNOVAL) {
		d->di_mode = (uint16_t)((d->di_mode & S_IFMT) |
		    (va->va_mode & ALLPERMS));
		ffs_mark(ip, IN_CHANGE);
	}
	if (va->va_flags != (uint32_t)VNOVAL) {
		d->di_flags = va->va_flags;
		ffs_mark(ip, IN_CHANGE);
	}
	set_times(ip, va);
	error = ffs_update(ip);
	ffs_end(ump, l);
	return error;
}

static int
fsync(struct lwp *l, struct vnode *vp, int flags, off_t lo, off_t hi)
{
	struct inode *ip = VTOI(vp);
	struct ffsmount *ump = ip->i_ump;
	bool wait = (flags & FSYNC_WAIT) != 0;
	int error;

	(void)lo;
	(void)hi;
	if (ump->um_ronly)
		return 0;
	if ((error = ffs_begin(ump, l)) != 0)
		return error;
	error = ffs_update(ip);
	ffs_end(ump, l);
	if (error != 0)
		return error;
	if (ump->um_wl != NULL) {
		if (!wait && (flags & FSYNC_LAZY) != 0)
			return 0;
		return wapbl_flush(ump->um_wl, l, wait);
	}
	/* What leads to the file (its name, the groups) may be in any buffer. */
	return bcache_flush(ump->um_bc, wait);
}

static int
pathconf(struct lwp *l, struct vnode *vp, int name, register_t *retval)
{
	(void)l;
	(void)vp;
	switch (name) {
	case _PC_LINK_MAX:
		*retval = UFS_LINK_MAX;
		return 0;
	case _PC_NAME_MAX:
		*retval = FFS_MAXNAMLEN;
		return 0;
	case _PC_PATH_MAX:
		*retval = 1024;
		return 0;
	case _PC_PIPE_BUF:
		*retval = 512;
		return 0;
	case _PC_CHOWN_RESTRICTED:
		*retval = 1;
		return 0;
	case _PC_NO_TRUNC:
		*retval = 1;
		return 0;
	case _PC_SYNC_IO:
		*retval = 1;
		return 0;
	case _PC_FILESIZEBITS:
		*retval = 42;
		return 0;
	case _PC_SYMLINK_MAX:
		*retval = 1024;
		return 0;
	case _PC_2_SYMLINKS:
		*retval = 1;
		return 0;
	default:
		return -EINVAL;
	}
}

/* What was read and written is from now at the latest, not from when somebody asks. */
static int
close_file(struct lwp *l, struct vnode *vp, int fflag)
{
	(void)l, (void)fflag;
	ffs_itimes(VTOI(vp));
	return 0;
}

const struct vnodeops ffs_vnodeops = {
	.vop_lookup = ffs_lookup,
	.vop_create = ffs_create,
	.vop_mknod = ffs_create,
	.vop_mkdir = ffs_mkdir,
	.vop_symlink = ffs_symlink,
	.vop_link = ffs_link,
	.vop_remove = ffs_remove,
	.vop_rmdir = ffs_rmdir,
	.vop_rename = ffs_rename,
	.vop_close = close_file,
	.vop_getattr = getattr,
	.vop_setattr = setattr,
	.vop_read = ffs_read,
	.vop_write = ffs_write,
	.vop_readdir = ffs_readdir,
	.vop_readlink = ffs_readlink,
	.vop_fsync = fsync,
	.vop_pathconf = pathconf,
	.vop_fallocate = ffs_fallocate,
	.vop_fdiscard = ffs_fdiscard,
	.vop_inactive = ffs_inactive,
	.vop_reclaim = ffs_reclaim,
};
