/* SPDX-License-Identifier: BSD-2-Clause */
/* Vnode operations of the memory file system. Locks are as vfs/vnode.h says; nodes need none of their own. */
#include <netbsd/limits.h>
#include <netbsd/mount.h>
#include <netbsd/unistd.h>
#include "fs/tmpfs/tmpfs.h"

#define REMOTE_CHUNK ((size_t)256 << 10)

static struct tmpfs_mount *
vtotm(struct vnode *vp)
{
	return MTOTMPFS(vp->v_mount);
}

static void
changed(struct vnode *vp, int which)
{
	tmpfs_touch(vtotm(vp), VTOTMPFS(vp), which);
}

static void
accessed(struct vnode *vp)
{
	if (!(vp->v_mount->mnt_flag & (MNT_RDONLY | MNT_NOATIME)))
		tmpfs_accessed(vtotm(vp), VTOTMPFS(vp));
}

static int
tmpfs_lookup(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vnode **vpp)
{
	struct tmpfs_node *dn = VTOTMPFS(dvp), *n;
	struct tmpfs_dirent *de;

	*vpp = NULL;
	if (cn->cn_flags & CN_DOTDOT) {
		n = dn->u.dir.dir_parent;
		if (n == NULL)
			return -ENOENT;
	} else {
		de = tmpfs_dir_find(dn, cn->cn_name, cn->cn_len);
		if (de == NULL)
			return -ENOENT;
		n = de->td_node;
	}
	return vcache_get(l, dvp->v_mount, n->tn_ino, vpp);
}

/* Makes a node of any type under a name; what create, mknod, mkdir and symlink share. */
static int
make(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vattr *va, const char *target, struct vnode **vpp)
{
	struct tmpfs_mount *tm = vtotm(dvp);
	struct tmpfs_node *dn = VTOTMPFS(dvp), *n;
	int error;

	*vpp = NULL;
	if (dn->tn_nlink == 0)
		return -ENOENT;
	if (va->va_type == VDIR && dn->tn_nlink >= LINK_MAX)
		return -EMLINK;
	error = tmpfs_node_create(tm, va, target, &n);
	if (error != 0)
		return error;
	error = tmpfs_dir_enter(tm, dn, cn->cn_name, cn->cn_len, n);
	if (error != 0) {
		tmpfs_node_destroy(tm, n);
		return error;
	}
	n->tn_nlink = 1;
	if (va->va_type == VDIR) {
		n->tn_nlink = 2;
		n->u.dir.dir_parent = dn;
		dn->tn_nlink++;
	}
	error = vcache_get(l, dvp->v_mount, n->tn_ino, vpp);
	if (error != 0) {
		if (va->va_type == VDIR)
			dn->tn_nlink--;
		tmpfs_dir_remove(
		    tm, dn, tmpfs_dir_find(dn, cn->cn_name, cn->cn_len));
		tmpfs_node_destroy(tm, n);
		return error;
	}
	changed(dvp, TMPFS_MTIME | TMPFS_CTIME);
	return 0;
}

static int
tmpfs_make(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vattr *va, struct vnode **vpp)
{
	return make(l, dvp, cn, va, NULL, vpp);
}

static int
tmpfs_link(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vnode *vp)
{
	struct tmpfs_node *n = VTOTMPFS(vp);
	int error;

	(void)l;
	if (n->tn_nlink >= LINK_MAX)
		return -EMLINK;
	if (n->tn_nlink == 0 || VTOTMPFS(dvp)->tn_nlink == 0)
		return -ENOENT;
	error = tmpfs_dir_enter(
	    vtotm(dvp), VTOTMPFS(dvp), cn->cn_name, cn->cn_len, n);
	if (error != 0)
		return error;
	n->tn_nlink++;
	changed(vp, TMPFS_CTIME);
	changed(dvp, TMPFS_MTIME | TMPFS_CTIME);
	return 0;
}

/* One name less for vp; with the last one the node goes when nobody uses it any more. */
static void
drop_link(struct vnode *vp, unsigned links)
{
	struct tmpfs_node *n = VTOTMPFS(vp);

	n->tn_nlink -= links;
	if (n->tn_nlink == 0)
		atomic_fetch_or(&vp->v_flag, VV_INACTIVE);
	changed(vp, TMPFS_CTIME);
}

static int
tmpfs_remove(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vnode *vp)
{
	struct tmpfs_dirent *de = tmpfs_dir_find(
	    VTOTMPFS(dvp), cn->cn_name, cn->cn_len);

	(void)l;
	if (de == NULL || de->td_node != VTOTMPFS(vp))
		return -ENOENT;
	tmpfs_dir_remove(vtotm(dvp), VTOTMPFS(dvp), de);
	drop_link(vp, 1);
	changed(dvp, TMPFS_MTIME | TMPFS_CTIME);
	return 0;
}

static int
tmpfs_rmdir(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vnode *vp)
{
	struct tmpfs_node *dn = VTOTMPFS(dvp), *n = VTOTMPFS(vp);
	struct tmpfs_dirent *de = tmpfs_dir_find(dn, cn->cn_name, cn->cn_len);

	(void)l;
	if (de == NULL || de->td_node != n)
		return -ENOENT;
	if (n->u.dir.dir_nentries != 0)
		return -ENOTEMPTY;
	tmpfs_dir_remove(vtotm(dvp), dn, de);
	dn->tn_nlink--;
	n->u.dir.dir_parent = NULL;
	drop_link(vp, n->tn_nlink);
	changed(dvp, TMPFS_MTIME | TMPFS_CTIME);
	return 0;
}

static int
tmpfs_rename(struct lwp *l, struct vnode *fdvp, const struct componentname *fcn,
    struct vnode *fvp, struct vnode *tdvp, const struct componentname *tcn,
    struct vnode *tvp)
{
	struct tmpfs_node *fdn = VTOTMPFS(fdvp), *tdn = VTOTMPFS(tdvp);
	struct tmpfs_node *n = VTOTMPFS(fvp);
	struct tmpfs_dirent *to;
	bool dir = fvp->v_type == VDIR;
	int error;

	(void)l;
	if (tmpfs_dir_find(fdn, fcn->cn_name, fcn->cn_len) == NULL ||
	    tdn->tn_nlink == 0)
		return -ENOENT;
	if (tvp != NULL) {
		to = tmpfs_dir_find(tdn, tcn->cn_name, tcn->cn_len);
		if (to == NULL)
			return -ENOENT;
		if (tvp->v_type == VDIR) {
			if (VTOTMPFS(tvp)->u.dir.dir_nentries != 0)
				return -ENOTEMPTY;
			VTOTMPFS(tvp)->u.dir.dir_parent = NULL;
			tdn->tn_nlink--;
			drop_link(tvp, VTOTMPFS(tvp)->tn_nlink);
		} else {
			drop_link(tvp, 1);
		}
		to->td_node = n;
	} else {
		if (dir && fdn != tdn && tdn->tn_nlink >= LINK_MAX)
			return -EMLINK;
		error = tmpfs_dir_enter(
		    vtotm(tdvp), tdn, tcn->cn_name, tcn->cn_len, n);
		if (error != 0)
			return error;
	}
	if (dir && fdn != tdn) {
		fdn->tn_nlink--;
		tdn->tn_nlink++;
		n->u.dir.dir_parent = tdn;
	}
	tmpfs_dir_remove(
	    vtotm(fdvp), fdn, tmpfs_dir_find(fdn, fcn->cn_name, fcn->cn_len));
	changed(fvp, TMPFS_CTIME);
	changed(fdvp, TMPFS_MTIME | TMPFS_CTIME);
	changed(tdvp, TMPFS_MTIME | TMPFS_CTIME);
	return 0;
}

static int
tmpfs_symlink(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vattr *va, const char *target, struct vnode **vpp)
{
	return make(l, dvp, cn, va, target, vpp);
}

static int
tmpfs_getattr(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	struct tmpfs_node *n = VTOTMPFS(vp);

	(void)l;
	vattr_null(va);
	va->va_type = n->tn_type;
	va->va_mode = n->tn_mode;
	va->va_nlink = n->tn_nlink;
	va->va_uid = n->tn_uid;
	va->va_gid = n->tn_gid;
	va->va_fsid = vp->v_mount->mnt_fsid;
	va->va_fileid = n->tn_ino;
	va->va_size = n->tn_size;
	va->va_blocksize = TMPFS_PAGE;
	kmutex_enter(&n->tn_timelock);
	va->va_atime = n->tn_atim;
	va->va_mtime = n->tn_mtim;
	va->va_ctime = n->tn_ctim;
	va->va_birthtime = n->tn_birthtim;
	kmutex_exit(&n->tn_timelock);
	va->va_gen = n->tn_gen;
	va->va_flags = n->tn_flags;
	va->va_rdev = n->tn_rdev;
	if (n->tn_type == VDIR)
		va->va_size = n->u.dir.dir_nentries * TMPFS_DIRENTSIZE;
	va->va_bytes = n->tn_type == VREG ?
	    n->u.reg.reg_pages * TMPFS_PAGE :
	    (va->va_size + TMPFS_PAGE - 1) / TMPFS_PAGE * TMPFS_PAGE;
	return 0;
}

/* What NetBSD's root file system in memory shows: everything takes a sector; a node's device number is its inode number. */
static int
rumpfs_getattr(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	int error = tmpfs_getattr(l, vp, va);

	va->va_fsid = va->va_fileid;
	va->va_blocksize = 512;
	va->va_bytes = 512;
	if (va->va_type == VDIR)
		va->va_nlink = 2;
	if (va->va_type != VREG && va->va_type != VLNK)
		va->va_size = 512;
	return error;
}

static int
resize(struct vnode *vp, uint64_t size)
{
	struct tmpfs_node *n = VTOTMPFS(vp);

	if (vp->v_type != VREG)
		return vp->v_type == VDIR ? -EISDIR : 0;
	if (size > TMPFS_MAXSIZE)
		return -EFBIG;
	tmpfs_reg_truncate(vtotm(vp), n, size);
	changed(vp, TMPFS_MTIME | TMPFS_CTIME);
	return 0;
}

static bool
given(const struct timespec *t)
{
	return t->tv_nsec != VNOVAL;
}

static int
tmpfs_setattr(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	struct tmpfs_node *n = VTOTMPFS(vp);
	int error;

	(void)l;
	if (va->va_size != (uint64_t)VNOVAL) {
		error = resize(vp, va->va_size);
		if (error != 0)
			return error;
	}
	if (va->va_mode != (mode_t)VNOVAL)
		n->tn_mode = va->va_mode & 07777;
	if (va->va_uid != (uid_t)VNOVAL)
		n->tn_uid = va->va_uid;
	if (va->va_gid != (gid_t)VNOVAL)
		n->tn_gid = va->va_gid;
	if (va->va_flags != (uint32_t)VNOVAL)
		n->tn_flags = va->va_flags;
	if (va->va_mode != (mode_t)VNOVAL || va->va_uid != (uid_t)VNOVAL ||
	    va->va_gid != (gid_t)VNOVAL || va->va_flags != (uint32_t)VNOVAL ||
	    given(&va->va_atime) || given(&va->va_mtime))
		changed(vp, TMPFS_CTIME);
	kmutex_enter(&n->tn_timelock);
	if (given(&va->va_atime))
		tmpfs_set_atime(n, va->va_atime);
	if (given(&va->va_mtime))
		n->tn_mtim = va->va_mtime;
	if (given(&va->va_birthtime))
		n->tn_birthtim = va->va_birthtime;
	kmutex_exit(&n->tn_timelock);
	return 0;
}

static bool
is_remote(const struct uio *uio)
{
	return uio->uio_lwp != NULL && uio->uio_lwp->l_proc->p_uspace != NULL &&
	    uio->uio_resid > TMPFS_PAGE;
}

/* The transfer, page by page. */
static int
read_pages(struct vnode *vp, struct uio *uio)
{
	struct tmpfs_node *n = VTOTMPFS(vp);
	uint64_t off, left;
	size_t in, chunk;
	char *page;
	int error = 0;

	while (error == 0 && uio->uio_resid > 0 &&
	    (off = (uint64_t)uio->uio_offset) < n->tn_size) {
		in = off % TMPFS_PAGE;
		chunk = TMPFS_PAGE - in;
		left = n->tn_size - off;
		if (chunk > left)
			chunk = (size_t)left;
		if (chunk > uio->uio_resid)
			chunk = uio->uio_resid;
		page = tmpfs_page_get(vtotm(vp), n, off / TMPFS_PAGE, false);
		error = page != NULL ? uiomove(page + in, chunk, uio) :
				       uiomove_zero(chunk, uio);
	}
	return error;
}

/* The transfer of a write, page by page. */
static int
fill_pages(struct vnode *vp, struct uio *uio)
{
	struct tmpfs_node *n = VTOTMPFS(vp);
	size_t in, chunk;
	uint64_t off;
	char *page;
	int error = 0;

	while (error == 0 && uio->uio_resid > 0) {
		off = (uint64_t)uio->uio_offset;
		in = off % TMPFS_PAGE;
		chunk = TMPFS_PAGE - in;
		if (chunk > uio->uio_resid)
			chunk = uio->uio_resid;
		page = tmpfs_page_get(vtotm(vp), n, off / TMPFS_PAGE, true);
		if (page == NULL)
			return -ENOSPC;
		error = uiomove(page + in, chunk, uio);
		if ((uint64_t)uio->uio_offset > n->tn_size &&
		    (uint64_t)uio->uio_offset > off)
			n->tn_size = (uint64_t)uio->uio_offset;
	}
	return error;
}

/* A piece of a remote client's transfer: the pages are put together, so that they travel as one message. */
static int
move_piece(struct vnode *vp, enum uio_rw rw, void *buf, size_t n, off_t off,
    size_t *movedp)
{
	struct iovec iov = { buf, n };
	struct uio part = { .uio_iov = &iov,
		.uio_iovcnt = 1,
		.uio_offset = off,
		.uio_resid = n,
		.uio_rw = rw };
	int error = rw == UIO_READ ? read_pages(vp, &part) :
				     fill_pages(vp, &part);

	*movedp = n - part.uio_resid;
	return error;
}

static int
read_piece(void *vp, void *buf, size_t n, off_t off, size_t *movedp)
{
	return move_piece(vp, UIO_READ, buf, n, off, movedp);
}

static int
fill_piece(void *vp, void *buf, size_t n, off_t off, size_t *movedp)
{
	return move_piece(vp, UIO_WRITE, buf, n, off, movedp);
}

static int
move_remote(struct vnode *vp, struct uio *uio)
{
	uio_piece *piece = uio->uio_rw == UIO_READ ? read_piece : fill_piece;
	size_t moved = 1;
	int error = 0;

	while (error == 0 && moved > 0 && uio->uio_resid > 0)
		error = uio_bounce(uio, REMOTE_CHUNK, piece, vp, &moved);
	return error;
}

static int
tmpfs_read(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	int error;

	(void)l, (void)ioflag;
	if (vp->v_type != VREG)
		return vp->v_type == VDIR ? -EISDIR : -EINVAL;
	if (uio->uio_offset < 0)
		return -EINVAL;
	error = is_remote(uio) ? move_remote(vp, uio) : read_pages(vp, uio);
	accessed(vp);
	return error;
}

static int
tmpfs_write(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	struct tmpfs_node *n = VTOTMPFS(vp);
	uint64_t osize = n->tn_size;
	size_t before = uio->uio_resid;
	int error;

	(void)l, (void)ioflag;
	if (vp->v_type != VREG)
		return vp->v_type == VDIR ? -EISDIR : -EINVAL;
	if (uio->uio_offset < 0)
		return -EINVAL;
	if (uio->uio_resid > TMPFS_MAXSIZE - (uint64_t)uio->uio_offset)
		return -EFBIG;
	error = is_remote(uio) ? move_remote(vp, uio) : fill_pages(vp, uio);
	/* All of a write or nothing: the file is as long as it was. */
	if (error != 0) {
		tmpfs_reg_truncate(vtotm(vp), n, osize);
		tmpfs_reg_discard(vtotm(vp), n,
		    (osize + TMPFS_PAGE - 1) / TMPFS_PAGE, UINT64_MAX);
		uio->uio_offset -= (off_t)(before - uio->uio_resid);
		uio->uio_resid = before;
	} else if (before > 0)
		changed(vp, TMPFS_MTIME | TMPFS_CTIME);
	return error;
}

static int
tmpfs_readdir(struct lwp *l, struct vnode *vp, struct uio *uio, bool *eof)
{
	(void)l;
	accessed(vp);
	return tmpfs_dir_read(VTOTMPFS(vp), !vtotm(vp)->tm_rumpfs, uio, eof);
}

static int
tmpfs_readlink(struct lwp *l, struct vnode *vp, struct uio *uio)
{
	struct tmpfs_node *n = VTOTMPFS(vp);
	size_t len = (size_t)n->tn_size;

	(void)l;
	accessed(vp);
	return uiomove(
	    n->u.link, len < uio->uio_resid ? len : uio->uio_resid, uio);
}

static int
tmpfs_fsync(struct lwp *l, struct vnode *vp, int flags, off_t lo, off_t hi)
{
	(void)l, (void)vp, (void)flags, (void)lo, (void)hi;
	return 0;
}

static int
tmpfs_fallocate(struct lwp *l, struct vnode *vp, off_t off, off_t len)
{
	struct tmpfs_node *n = VTOTMPFS(vp);
	uint64_t page, end;

	(void)l;
	if (off < 0 || len <= 0 || len > INT64_MAX - off)
		return -EINVAL;
	end = (uint64_t)off + (uint64_t)len;
	for (page = (uint64_t)off / TMPFS_PAGE; page * TMPFS_PAGE < end;
	     page++) {
		if (tmpfs_page_get(vtotm(vp), n, page, true) != NULL)
			continue;
		/* Nothing stays behind the end of the file. */
		if (end > n->tn_size)
			tmpfs_reg_discard(vtotm(vp), n,
			    (n->tn_size + TMPFS_PAGE - 1) / TMPFS_PAGE,
			    UINT64_MAX);
		return -ENOSPC;
	}
	if (end > n->tn_size)
		n->tn_size = end;
	changed(vp, TMPFS_MTIME | TMPFS_CTIME);
	return 0;
}

static int
tmpfs_fdiscard(struct lwp *l, struct vnode *vp, off_t off, off_t len)
{
	struct tmpfs_node *n = VTOTMPFS(vp);
	uint64_t at, end, stop;
	char *page;

	(void)l;
	if (off < 0 || len <= 0 || len > INT64_MAX - off)
		return -EINVAL;
	end = (uint64_t)off + (uint64_t)len;
	if (end > n->tn_size)
		end = n->tn_size;
	for (at = (uint64_t)off; at < end; at = stop) {
		stop = (at / TMPFS_PAGE + 1) * TMPFS_PAGE;
		if (at % TMPFS_PAGE == 0 && end - at >= TMPFS_PAGE) {
			stop = end / TMPFS_PAGE * TMPFS_PAGE;
			tmpfs_reg_discard(
			    vtotm(vp), n, at / TMPFS_PAGE, stop / TMPFS_PAGE);
			continue;
		}
		if (stop > end)
			stop = end;
		page = tmpfs_page_get(vtotm(vp), n, at / TMPFS_PAGE, false);
		if (page != NULL)
			memset(page + at % TMPFS_PAGE, 0, (size_t)(stop - at));
	}
	changed(vp, TMPFS_MTIME | TMPFS_CTIME);
	return 0;
}

static int
tmpfs_inactive(struct lwp *l, struct vnode *vp)
{
	(void)l;
	if (VTOTMPFS(vp)->tn_nlink == 0)
		vcache_forget(vp);
	return 0;
}

static void
tmpfs_reclaim(struct lwp *l, struct vnode *vp)
{
	struct tmpfs_node *n = VTOTMPFS(vp);

	(void)l;
	if (n->tn_nlink == 0)
		tmpfs_node_destroy(vtotm(vp), n);
	vp->v_data = NULL;
}

const struct vnodeops tmpfs_vnodeops = {
	.vop_lookup = tmpfs_lookup,
	.vop_create = tmpfs_make,
	.vop_mknod = tmpfs_make,
	.vop_mkdir = tmpfs_make,
	.vop_symlink = tmpfs_symlink,
	.vop_link = tmpfs_link,
	.vop_remove = tmpfs_remove,
	.vop_rmdir = tmpfs_rmdir,
	.vop_rename = tmpfs_rename,
	.vop_getattr = tmpfs_getattr,
	.vop_setattr = tmpfs_setattr,
	.vop_read = tmpfs_read,
	.vop_write = tmpfs_write,
	.vop_readdir = tmpfs_readdir,
	.vop_readlink = tmpfs_readlink,
	.vop_fsync = tmpfs_fsync,
	.vop_fallocate = tmpfs_fallocate,
	.vop_fdiscard = tmpfs_fdiscard,
	.vop_inactive = tmpfs_inactive,
	.vop_reclaim = tmpfs_reclaim,
};

/* The root file system knows no requests at all, where others find one inappropriate. */
static int
rumpfs_ioctl(
    struct lwp *l, struct vnode *vp, unsigned long cmd, void *data, int fflag)
{
	(void)l, (void)vp, (void)cmd, (void)data, (void)fflag;
	return -EOPNOTSUPP;
}

/* As NetBSD's: neither rename nor hard links. */
const struct vnodeops rumpfs_vnodeops = {
	.vop_lookup = tmpfs_lookup,
	.vop_create = tmpfs_make,
	.vop_mknod = tmpfs_make,
	.vop_mkdir = tmpfs_make,
	.vop_symlink = tmpfs_symlink,
	.vop_remove = tmpfs_remove,
	.vop_rmdir = tmpfs_rmdir,
	.vop_getattr = rumpfs_getattr,
	.vop_setattr = tmpfs_setattr,
	.vop_read = tmpfs_read,
	.vop_write = tmpfs_write,
	.vop_readdir = tmpfs_readdir,
	.vop_readlink = tmpfs_readlink,
	.vop_ioctl = rumpfs_ioctl,
	.vop_fsync = tmpfs_fsync,
	.vop_fallocate = tmpfs_fallocate,
	.vop_fdiscard = tmpfs_fdiscard,
	.vop_inactive = tmpfs_inactive,
	.vop_reclaim = tmpfs_reclaim,
};
