/* SPDX-License-Identifier: BSD-2-Clause */
/* Mounting the memory file system, its limits and its statistics. */
#include <limits.h>
#include "fs/tmpfs/tmpfs.h"

/* What is reported as the memory of a kernel that was given no limit. */
#define DEFAULT_PAGES 131072u

void *
tmpfs_alloc(struct tmpfs_mount *tm, size_t size)
{
	uint64_t max;
	void *p;

	kmutex_enter(&tm->tm_lock);
	max = tm->tm_bytes_max != 0 ? tm->tm_bytes_max : tm->tm_bytes_host;
	if (tm->tm_bytes > max || size > max - tm->tm_bytes) {
		kmutex_exit(&tm->tm_lock);
		return NULL;
	}
	tm->tm_bytes += size;
	kmutex_exit(&tm->tm_lock);
	p = kmem_zalloc(tm->tm_k, size);
	if (p == NULL) {
		kmutex_enter(&tm->tm_lock);
		tm->tm_bytes -= size;
		kmutex_exit(&tm->tm_lock);
	}
	return p;
}

void
tmpfs_free(struct tmpfs_mount *tm, void *p, size_t size)
{
	kmem_free(tm->tm_k, p, size);
	kmutex_enter(&tm->tm_lock);
	tm->tm_bytes -= size;
	kmutex_exit(&tm->tm_lock);
}

static int
check_args(const struct tmpfs_args *args)
{
	if (args->ta_version != TMPFS_ARGS_VERSION)
		return -EINVAL;
	if (args->ta_root_uid == (uid_t)VNOVAL ||
	    args->ta_root_gid == (gid_t)VNOVAL ||
	    args->ta_root_mode == (mode_t)VNOVAL)
		return -EINVAL;
	return 0;
}

static int
mount_common(
    struct lwp *l, struct mount *mp, const struct tmpfs_args *args, bool rumpfs)
{
	struct tmpfs_mount *tm;
	struct vattr va;
	int error;

	tm = kmem_zalloc(l->l_k, sizeof(*tm));
	if (tm == NULL)
		return -ENOMEM;
	tm->tm_k = l->l_k;
	tm->tm_rumpfs = rumpfs;
	/* Never so much that the host has to kill somebody. */
	tm->tm_bytes_host = host_memsize() / 4 * 3;
	tm->tm_nextino = TMPFS_ROOTINO;
	if (args->ta_size_max >= (off_t)TMPFS_PAGE)
		tm->tm_bytes_max = ((uint64_t)args->ta_size_max + TMPFS_PAGE -
				       1) &
		    ~(uint64_t)(TMPFS_PAGE - 1);
	if (args->ta_nodes_max >= 3 && args->ta_nodes_max <= INT_MAX)
		tm->tm_nodes_max = args->ta_nodes_max;
	vattr_null(&va);
	va.va_type = VDIR;
	va.va_mode = args->ta_root_mode;
	va.va_uid = args->ta_root_uid;
	va.va_gid = args->ta_root_gid;
	error = tmpfs_node_create(tm, &va, NULL, &tm->tm_root);
	if (error != 0) {
		kmem_free(l->l_k, tm, sizeof(*tm));
		return error;
	}
	tm->tm_root->tn_nlink = 2;
	mp->mnt_data = tm;
	mp->mnt_namemax = 255;
	mp->mnt_stat.f_namemax = 255;
	mp->mnt_flag |= MNT_LOCAL;
	strcpy(mp->mnt_stat.f_mntfromname, rumpfs ? "rumpfs" : "tmpfs");
	return 0;
}

static int
tmpfs_mount(
    struct lwp *l, struct mount *mp, const char *path, void *data, size_t *len)
{
	struct tmpfs_args args;
	struct tmpfs_mount *tm;
	int error;

	(void)path;
	if (mp->mnt_flag & MNT_GETARGS) {
		tm = MTOTMPFS(mp);
		if (tm == NULL)
			return -EIO;
		memset(&args, 0, sizeof(args));
		args.ta_version = TMPFS_ARGS_VERSION;
		args.ta_nodes_max = tm->tm_nodes_max;
		args.ta_size_max = (off_t)tm->tm_bytes_max;
		args.ta_root_uid = tm->tm_root->tn_uid;
		args.ta_root_gid = tm->tm_root->tn_gid;
		args.ta_root_mode = tm->tm_root->tn_mode;
		memcpy(data, &args, sizeof(args));
		*len = sizeof(args);
		return 0;
	}
	if (mp->mnt_flag & MNT_UPDATE)
		return -EOPNOTSUPP;
	if (*len < sizeof(args))
		return -EINVAL;
	memcpy(&args, data, sizeof(args));
	error = check_args(&args);
	return error != 0 ? error : mount_common(l, mp, &args, false);
}

static int
rumpfs_mount(
    struct lwp *l, struct mount *mp, const char *path, void *data, size_t *len)
{
	static const struct tmpfs_args args = {
		.ta_version = TMPFS_ARGS_VERSION,
		.ta_root_mode = 0755,
	};

	(void)path, (void)data, (void)len;
	if (mp->mnt_flag & (MNT_GETARGS | MNT_UPDATE))
		return -EOPNOTSUPP;
	return mount_common(l, mp, &args, true);
}

static int
tmpfs_unmount(struct lwp *l, struct mount *mp, int flags)
{
	struct tmpfs_mount *tm = MTOTMPFS(mp);
	struct tmpfs_node *n;
	unsigned i;

	(void)flags;
	for (i = 0; i < TMPFS_HASH; i++) {
		while ((n = tm->tm_hash[i]) != NULL)
			tmpfs_node_destroy(tm, n);
	}
	mp->mnt_data = NULL;
	kmem_free(l->l_k, tm, sizeof(*tm));
	return 0;
}

static int
tmpfs_root(struct lwp *l, struct mount *mp, struct vnode **vpp)
{
	return vcache_get(l, mp, MTOTMPFS(mp)->tm_root->tn_ino, vpp);
}

static int
tmpfs_statvfs(struct lwp *l, struct mount *mp, struct statvfs *sb)
{
	struct tmpfs_mount *tm = MTOTMPFS(mp);
	uint64_t used, avail, files;

	sb->f_bsize = sb->f_frsize = sb->f_iosize = TMPFS_PAGE;
	kmutex_enter(&tm->tm_lock);
	used = (tm->tm_bytes + TMPFS_PAGE - 1) / TMPFS_PAGE;
	if (tm->tm_bytes_max != 0) {
		avail = tm->tm_bytes_max / TMPFS_PAGE;
		avail = avail > used ? avail - used : 0;
	} else if (l->l_k->k_config.kc_memlimit != 0) {
		avail = l->l_k->k_config.kc_memlimit / TMPFS_PAGE;
		avail = avail > used ? avail - used : 0;
	} else {
		avail = DEFAULT_PAGES;
	}
	files = avail * TMPFS_PAGE /
	    (sizeof(struct tmpfs_node) + sizeof(struct tmpfs_dirent) + 16);
	if (tm->tm_nodes_max != 0 && files > tm->tm_nodes_max - tm->tm_nodes)
		files = tm->tm_nodes_max - tm->tm_nodes;
	sb->f_files = tm->tm_nodes + files;
	kmutex_exit(&tm->tm_lock);
	sb->f_blocks = avail + used;
	sb->f_bfree = sb->f_bavail = avail;
	sb->f_bresvd = 0;
	sb->f_ffree = sb->f_favail = files;
	sb->f_fresvd = 0;
	sb->f_namemax = 255;
	return 0;
}

/* The root file system says nothing about its memory. */
static int
rumpfs_statvfs(struct lwp *l, struct mount *mp, struct statvfs *sb)
{
	(void)l, (void)mp;
	sb->f_bsize = sb->f_frsize = sb->f_iosize = 512;
	sb->f_blocks = 2;
	sb->f_bfree = sb->f_bavail = sb->f_bresvd = 0;
	sb->f_files = sb->f_ffree = sb->f_favail = sb->f_fresvd = 0;
	sb->f_namemax = 255;
	return 0;
}

static int
tmpfs_sync(struct lwp *l, struct mount *mp, bool wait)
{
	(void)l, (void)mp, (void)wait;
	return 0;
}

static int
tmpfs_loadvnode(struct lwp *l, struct mount *mp, struct vnode *vp, ino_t ino)
{
	struct tmpfs_mount *tm = MTOTMPFS(mp);
	struct tmpfs_node *n = tmpfs_node_find(tm, ino);

	(void)l;
	if (n == NULL || n->tn_nlink == 0)
		return -ENOENT;
	vp->v_type = n->tn_type;
	vp->v_ops = tm->tm_rumpfs ? &rumpfs_vnodeops : &tmpfs_vnodeops;
	vp->v_data = n;
	vp->v_rdev = n->tn_rdev;
	if (n == tm->tm_root)
		vp->v_flag |= VV_ROOT;
	return 0;
}

struct tmpfs_fid {
	uint16_t tf_len, tf_pad;
	uint32_t tf_gen;
	ino_t tf_ino;
};

static int
tmpfs_vptofh(struct vnode *vp, void *fid, size_t *len)
{
	struct tmpfs_node *n = VTOTMPFS(vp);
	struct tmpfs_fid tf = { sizeof(tf), 0, n->tn_gen, n->tn_ino };

	if (*len < sizeof(tf)) {
		*len = sizeof(tf);
		return -E2BIG;
	}
	*len = sizeof(tf);
	memcpy(fid, &tf, sizeof(tf));
	return 0;
}

static int
tmpfs_fhtovp(struct lwp *l, struct mount *mp, const void *fid, size_t len,
    struct vnode **vpp)
{
	struct tmpfs_fid tf;
	int error;

	if (len != sizeof(tf))
		return -EINVAL;
	memcpy(&tf, fid, sizeof(tf));
	error = vcache_get(l, mp, tf.tf_ino, vpp);
	if (error != 0)
		return -ESTALE;
	if (VTOTMPFS(*vpp)->tn_gen != tf.tf_gen) {
		vnode_put(l, *vpp);
		*vpp = NULL;
		return -ESTALE;
	}
	return 0;
}

const struct vfsops tmpfs_vfsops = {
	.vfs_name = "tmpfs",
	.vfs_min_mount_data = sizeof(struct tmpfs_args),
	.vfs_mount = tmpfs_mount,
	.vfs_unmount = tmpfs_unmount,
	.vfs_root = tmpfs_root,
	.vfs_statvfs = tmpfs_statvfs,
	.vfs_sync = tmpfs_sync,
	.vfs_loadvnode = tmpfs_loadvnode,
	.vfs_vptofh = tmpfs_vptofh,
	.vfs_fhtovp = tmpfs_fhtovp,
};

const struct vfsops rumpfs_vfsops = {
	.vfs_name = "rumpfs",
	.vfs_mount = rumpfs_mount,
	.vfs_unmount = tmpfs_unmount,
	.vfs_root = tmpfs_root,
	.vfs_statvfs = rumpfs_statvfs,
	.vfs_sync = tmpfs_sync,
	.vfs_loadvnode = tmpfs_loadvnode,
};
