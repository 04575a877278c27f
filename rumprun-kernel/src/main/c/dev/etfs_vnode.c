/* SPDX-License-Identifier: BSD-2-Clause */
/* The vnodes of etfs: regular host files read and written in place, directories of them, and the device nodes. */
#include <netbsd/fcntl.h>
#include "dev/etfs_private.h"

#define VTOETFS(vp) ((struct etfs_node *)(vp)->v_data)

static int
load(struct lwp *l, struct mount *mp, struct vnode *vp, void *arg)
{
	static const enum vtype types[] = {
		[ETFS_REG] = VREG,
		[ETFS_BLK] = VBLK,
		[ETFS_CHR] = VCHR,
		[ETFS_DIR] = VDIR,
		[ETFS_DIR_SUBDIRS] = VDIR,
	};
	struct etfs_state *es = l->l_k->k_etfs;
	struct etfs_node *n = arg;

	(void)mp;
	kmutex_enter(&es->es_lock);
	n->en_refs++;
	kmutex_exit(&es->es_lock);
	vp->v_type = types[n->en_type];
	vp->v_ops = &etfs_vnodeops;
	vp->v_data = n;
	if (n->en_slot >= 0)
		vp->v_rdev = makedev(ETFS_MAJOR, n->en_slot);
	vp->v_flag |= VV_NOCACHE;
	return 0;
}

int
etfs_vnode(struct lwp *l, struct etfs_node *n, struct vnode **vpp)
{
	struct mount *mp = vfs_rootmount(l->l_k);
	int error;

	do {
		*vpp = vcache_peek(mp, n->en_ino);
		if (*vpp != NULL)
			return 0;
		error = vcache_new(l, mp, n->en_ino, load, n, vpp);
	} while (error == -EEXIST);
	return error;
}

static int
etfs_vlookup(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vnode **vpp)
{
	struct etfs_state *es = l->l_k->k_etfs;
	struct etfs_node *n;
	char name[256];
	int error;

	*vpp = NULL;
	if (cn->cn_flags & CN_DOTDOT)
		return -EOPNOTSUPP;
	if (cn->cn_len >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, cn->cn_name, cn->cn_len);
	name[cn->cn_len] = '\0';
	error = etfs_child(es, VTOETFS(dvp), name, &n);
	if (error != 0)
		return error;
	error = etfs_vnode(l, n, vpp);
	kmutex_enter(&es->es_lock);
	etfs_node_put(es, n);
	kmutex_exit(&es->es_lock);
	return error;
}

static int
etfs_open(struct lwp *l, struct vnode *vp, int mode)
{
	struct etfs_state *es = l->l_k->k_etfs;
	struct etfs_node *n = VTOETFS(vp);
	int error;

	if (n->en_image == NULL)
		return vp->v_type == VDIR && (mode & FWRITE) ? -EISDIR : 0;
	kmutex_enter(&es->es_lock);
	error = etfs_image_open(es, n->en_image, (mode & FWRITE) != 0);
	kmutex_exit(&es->es_lock);
	if (error == -EBUSY)
		kern_printf(l->l_k, "etfs: %s\n", es->es_why);
	return error;
}

static int
etfs_close(struct lwp *l, struct vnode *vp, int fflag)
{
	struct etfs_state *es = l->l_k->k_etfs;
	struct etfs_node *n = VTOETFS(vp);

	(void)fflag;
	if (n->en_image == NULL)
		return 0;
	kmutex_enter(&es->es_lock);
	etfs_image_close(es, n->en_image);
	kmutex_exit(&es->es_lock);
	return 0;
}

static int
etfs_getattr(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	struct etfs_node *n = VTOETFS(vp);

	(void)l;
	vattr_null(va);
	va->va_type = vp->v_type;
	va->va_mode = n->en_mode;
	va->va_nlink = 1;
	va->va_uid = n->en_uid;
	va->va_gid = n->en_gid;
	va->va_fsid = va->va_fileid = n->en_ino;
	va->va_size = n->en_size;
	va->va_blocksize = 512;
	va->va_atime = n->en_atim;
	va->va_mtime = n->en_mtim;
	va->va_ctime = n->en_ctim;
	va->va_birthtime = n->en_birthtim;
	va->va_gen = 1;
	va->va_flags = 0;
	va->va_rdev = vp->v_rdev;
	va->va_bytes = 512;
	return 0;
}

/* Owner, mode and times are the node's own, in memory; the host file's size and attributes are not touched. */
static int
etfs_setattr(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	struct etfs_node *n = VTOETFS(vp);

	(void)l;
	if (va->va_mode != (mode_t)VNOVAL)
		n->en_mode = va->va_mode & 07777;
	if (va->va_uid != (uid_t)VNOVAL)
		n->en_uid = va->va_uid;
	if (va->va_gid != (gid_t)VNOVAL)
		n->en_gid = va->va_gid;
	if (va->va_atime.tv_nsec != VNOVAL)
		n->en_atim = va->va_atime;
	if (va->va_mtime.tv_nsec != VNOVAL)
		n->en_mtim = va->va_mtime;
	return 0;
}

static int
etfs_rw(struct lwp *l, struct vnode *vp, struct uio *uio)
{
	struct etfs_node *n = VTOETFS(vp);

	if (vp->v_type != VREG)
		return vp->v_type == VDIR ? -EISDIR : -EINVAL;
	if (n->en_image->im_fd < 0)
		return -ENXIO;
	if (uio->uio_offset < 0 ||
	    n->en_begin > (uint64_t)(INT64_MAX - uio->uio_offset) ||
	    uio->uio_resid >
		(uint64_t)INT64_MAX - n->en_begin - (uint64_t)uio->uio_offset)
		return -EINVAL;
	return uio_hostfile(l, uio, n->en_image->im_fd, (int64_t)n->en_begin);
}

static int
etfs_read(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	(void)ioflag;
	return etfs_rw(l, vp, uio);
}

static int
etfs_write(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	(void)ioflag;
	return etfs_rw(l, vp, uio);
}

static int
etfs_fsync(struct lwp *l, struct vnode *vp, int flags, off_t lo, off_t hi)
{
	struct etfs_node *n = VTOETFS(vp);

	(void)lo, (void)hi;
	if (n->en_image == NULL || n->en_image->im_fd < 0 ||
	    !(flags & FSYNC_WAIT))
		return 0;
	return l->l_k->k_host->fsync(n->en_image->im_fd);
}

static int
etfs_readdir(struct lwp *l, struct vnode *vp, struct uio *uio, bool *eof)
{
	(void)l, (void)vp, (void)uio;
	*eof = true;
	return 0;
}

static void
etfs_reclaim(struct lwp *l, struct vnode *vp)
{
	struct etfs_state *es = l->l_k->k_etfs;

	kmutex_enter(&es->es_lock);
	etfs_node_reclaim(es, VTOETFS(vp));
	kmutex_exit(&es->es_lock);
	vp->v_data = NULL;
}

const struct vnodeops etfs_vnodeops = {
	.vop_lookup = etfs_vlookup,
	.vop_open = etfs_open,
	.vop_close = etfs_close,
	.vop_getattr = etfs_getattr,
	.vop_setattr = etfs_setattr,
	.vop_read = etfs_read,
	.vop_write = etfs_write,
	.vop_readdir = etfs_readdir,
	.vop_fsync = etfs_fsync,
	.vop_reclaim = etfs_reclaim,
};
