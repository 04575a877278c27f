/* SPDX-License-Identifier: BSD-2-Clause */
/* Mounting a folder of the host; the nodes of what was looked up in it. */
#include <netbsd/stat.h>
#include "fs/hostfs/hostfs.h"

static struct hostfs_node **
bucket(struct hostfs_mount *hm, uint64_t dev, uint64_t ino)
{
	return &hm->hm_hash[(dev * 31 + ino) % HOSTFS_HASH];
}

static void
node_free(struct hostfs_mount *hm, struct hostfs_node *n)
{
	if (n->hn_fd >= 0)
		hm->hm_k->k_host->close(n->hn_fd);
	if (n->hn_dir != NULL)
		hm->hm_k->k_host->closedir(n->hn_dir);
	kmem_free(hm->hm_k, n->hn_name, strlen(n->hn_name) + 1);
	kmem_free(hm->hm_k, n, sizeof(*n));
}

static char *
name_dup(struct rump_kernel *k, const char *name, size_t len)
{
	char *copy = kmem_alloc(k, len + 1);

	if (copy != NULL) {
		memcpy(copy, name, len);
		copy[len] = '\0';
	}
	return copy;
}

static void
unhash(struct hostfs_mount *hm, struct hostfs_node *n)
{
	struct hostfs_node **p;

	if (n->hn_unhashed)
		return;
	for (p = bucket(hm, n->hn_hostdev, n->hn_hostino); *p != n;
	     p = &(*p)->hn_hashnext)
		continue;
	*p = n->hn_hashnext;
	n->hn_unhashed = true;
}

void
hostfs_node_forget(struct hostfs_mount *hm, struct hostfs_node *n)
{
	kmutex_enter(&hm->hm_lock);
	unhash(hm, n);
	n->hn_gone = true;
	kmutex_exit(&hm->hm_lock);
}

/* Still the name it was found under? A file that is seen elsewhere becomes another node: numbers are used again, and names move on the host. */
static bool
same_place(const struct hostfs_node *n, const struct hostfs_node *parent,
    const char *name, size_t len)
{
	return n->hn_parent == parent && strlen(n->hn_name) == len &&
	    memcmp(n->hn_name, name, len) == 0;
}

int
hostfs_node_get(struct hostfs_mount *hm, struct hostfs_node *parent,
    const char *name, size_t len, const struct host_stat *hs,
    struct hostfs_node **np)
{
	struct hostfs_node *n, **b = bucket(hm, hs->hs_dev, hs->hs_ino);

	kmutex_enter(&hm->hm_lock);
	/*
	 * Each link of a file is a node of its own: the names would take the one node from each other. A directory has one
	 * name; seen under another it has been moved by the host.
	 */
	for (n = *b; n != NULL &&
	     (n->hn_hostino != hs->hs_ino || n->hn_hostdev != hs->hs_dev ||
		 (!S_ISDIR(hs->hs_mode) && !same_place(n, parent, name, len)));
	     n = n->hn_hashnext)
		continue;
	if (n != NULL && !same_place(n, parent, name, len)) {
		unhash(hm, n);
		n = NULL;
	}
	if (n == NULL) {
		n = kmem_zalloc(hm->hm_k, sizeof(*n));
		if (n != NULL)
			n->hn_name = name_dup(hm->hm_k, name, len);
		if (n == NULL || n->hn_name == NULL) {
			if (n != NULL)
				kmem_free(hm->hm_k, n, sizeof(*n));
			kmutex_exit(&hm->hm_lock);
			*np = NULL;
			return -ENOMEM;
		}
		n->hn_fd = -1;
		n->hn_hostdev = hs->hs_dev;
		n->hn_hostino = hs->hs_ino;
		n->hn_ino = hm->hm_nextino++;
		n->hn_parent = parent;
		if (parent != NULL)
			parent->hn_refs++;
		n->hn_hashnext = *b;
		*b = n;
	}
	n->hn_refs++;
	kmutex_exit(&hm->hm_lock);
	*np = n;
	return 0;
}

static void
put_locked(struct hostfs_mount *hm, struct hostfs_node *n)
{
	struct hostfs_node *parent;

	while (n != NULL && --n->hn_refs == 0) {
		unhash(hm, n);
		parent = n->hn_parent;
		node_free(hm, n);
		n = parent;
	}
}

void
hostfs_node_put(struct hostfs_mount *hm, struct hostfs_node *n)
{
	kmutex_enter(&hm->hm_lock);
	put_locked(hm, n);
	kmutex_exit(&hm->hm_lock);
}

void
hostfs_node_moved(struct hostfs_mount *hm, struct hostfs_node *n,
    struct hostfs_node *parent, char *name)
{
	struct hostfs_node *old;

	kmutex_enter(&hm->hm_lock);
	old = n->hn_parent;
	kmem_free(hm->hm_k, n->hn_name, strlen(n->hn_name) + 1);
	n->hn_name = name;
	n->hn_parent = parent;
	parent->hn_refs++;
	put_locked(hm, old);
	kmutex_exit(&hm->hm_lock);
}

/* Written from the end: the path is known from the last component up. hm_pathlock keeps the names where they are. */
int
hostfs_path(struct hostfs_mount *hm, struct hostfs_node *n, const char *name,
    size_t len, char out[HOSTFS_PATHMAX])
{
	size_t at = HOSTFS_PATHMAX - 1, part, base = strlen(hm->hm_path);
	bool fits = true;

	out[at] = '\0';
	if (name != NULL) {
		if (len + 1 > at)
			return -ENAMETOOLONG;
		at -= len;
		memcpy(out + at, name, len);
		out[--at] = '/';
	}
	for (; n->hn_parent != NULL && fits; n = n->hn_parent) {
		if (n->hn_gone)
			return -ENOENT;
		part = strlen(n->hn_name);
		fits = part + 1 <= at;
		if (!fits)
			break;
		at -= part;
		memcpy(out + at, n->hn_name, part);
		out[--at] = '/';
	}
	if (!fits || base > at)
		return -ENAMETOOLONG;
	at -= base;
	memcpy(out + at, hm->hm_path, base);
	memmove(out, out + at, HOSTFS_PATHMAX - at);
	return 0;
}

struct load_arg {
	struct hostfs_node *node;
	const struct host_stat *hs;
};

static int
load(struct lwp *l, struct mount *mp, struct vnode *vp, void *arg)
{
	struct load_arg *a = arg;
	struct hostfs_mount *hm = MTOHOST(mp);

	(void)l;
	kmutex_enter(&hm->hm_lock);
	a->node->hn_refs++;
	kmutex_exit(&hm->hm_lock);
	switch (a->hs->hs_mode & S_IFMT) {
	case S_IFDIR:
		vp->v_type = VDIR;
		break;
	case S_IFLNK:
		vp->v_type = VLNK;
		break;
	case S_IFREG:
		vp->v_type = VREG;
		break;
	case S_IFIFO:
		vp->v_type = VFIFO;
		break;
	case S_IFSOCK:
		vp->v_type = VSOCK;
		break;
	default: /* a device of the host is shown, and opened by nobody */
		vp->v_type = VBAD;
		break;
	}
	vp->v_ops = &hostfs_vnodeops;
	vp->v_data = a->node;
	vp->v_flag |= VV_NOCACHE;
	if (a->node == hm->hm_root)
		vp->v_flag |= VV_ROOT;
	return 0;
}

int
hostfs_vnode(struct lwp *l, struct mount *mp, struct hostfs_node *n,
    const struct host_stat *hs, struct vnode **vpp)
{
	struct load_arg a = { n, hs };
	int error;

	do {
		*vpp = vcache_peek(mp, n->hn_ino);
		if (*vpp != NULL)
			return 0;
		error = vcache_new(l, mp, n->hn_ino, load, &a, vpp);
	} while (error == -EEXIST);
	return error;
}

static int
hostfs_mount(
    struct lwp *l, struct mount *mp, const char *path, void *data, size_t *len)
{
	struct rump_kernel *k = l->l_k;
	struct hostfs_mount *hm;
	struct hostfs_args args;
	struct host_stat hs;
	char hostpath[1024];
	int error;

	(void)path;
	if (mp->mnt_flag & MNT_GETARGS)
		return -EOPNOTSUPP;
	if (mp->mnt_flag & MNT_UPDATE)
		return 0;
	if (*len < sizeof(args))
		return -EINVAL;
	memcpy(&args, data, sizeof(args));
	error = copyinstr(l, args.hostpath, hostpath, sizeof(hostpath), NULL);
	if (error == 0)
		error = k->k_host->stat(hostpath, true, &hs);
	if (error < 0)
		return error;
	if (!S_ISDIR(hs.hs_mode))
		return -ENOTDIR;
	hm = kmem_zalloc(k, sizeof(*hm));
	if (hm == NULL)
		return -ENOMEM;
	hm->hm_k = k;
	hm->hm_nextino = 2;
	hm->hm_path = kmem_strdup(k, hostpath);
	error = hm->hm_path == NULL ?
	    -ENOMEM :
	    hostfs_node_get(hm, NULL, "", 0, &hs, &hm->hm_root);
	if (error != 0) {
		if (hm->hm_path != NULL)
			kmem_free(k, hm->hm_path, strlen(hostpath) + 1);
		kmem_free(k, hm, sizeof(*hm));
		return error;
	}
	mp->mnt_data = hm;
	mp->mnt_namemax = 255;
	mp->mnt_stat.f_namemax = 255;
	memcpy(mp->mnt_stat.f_mntfromname, hostpath, strlen(hostpath) + 1);
	return 0;
}

static int
hostfs_unmount(struct lwp *l, struct mount *mp, int flags)
{
	struct hostfs_mount *hm = MTOHOST(mp);

	(void)flags;
	hostfs_node_put(hm, hm->hm_root);
	mp->mnt_data = NULL;
	kmem_free(l->l_k, hm->hm_path, strlen(hm->hm_path) + 1);
	kmem_free(l->l_k, hm, sizeof(*hm));
	return 0;
}

static int
hostfs_root(struct lwp *l, struct mount *mp, struct vnode **vpp)
{
	struct hostfs_mount *hm = MTOHOST(mp);
	struct host_stat hs;
	int error = l->l_k->k_host->stat(hm->hm_path, true, &hs);

	*vpp = NULL;
	return error < 0 ? error : hostfs_vnode(l, mp, hm->hm_root, &hs, vpp);
}

static int
hostfs_statvfs(struct lwp *l, struct mount *mp, struct statvfs *sb)
{
	uint64_t frsize, blocks, bfree, files, ffree;
	struct host_stat hs;
	int error;

	error = l->l_k->k_host->statvfs(MTOHOST(mp)->hm_path, &hs, &frsize,
	    &blocks, &bfree, &files, &ffree);
	if (error < 0)
		return error;
	sb->f_bsize = sb->f_frsize = (unsigned long)frsize;
	sb->f_iosize = 65536;
	sb->f_blocks = blocks;
	sb->f_bfree = sb->f_bavail = bfree;
	sb->f_files = files;
	sb->f_ffree = sb->f_favail = ffree;
	sb->f_namemax = 255;
	return 0;
}

static int
hostfs_sync(struct lwp *l, struct mount *mp, bool wait)
{
	(void)l, (void)mp, (void)wait;
	return 0;
}

static int
hostfs_loadvnode(struct lwp *l, struct mount *mp, struct vnode *vp, ino_t ino)
{
	(void)l, (void)mp, (void)vp, (void)ino;
	return -ENOENT; /* numbers mean nothing before a lookup */
}

const struct vfsops hostfs_vfsops = {
	.vfs_name = "hostfs",
	.vfs_min_mount_data = sizeof(struct hostfs_args),
	.vfs_mount = hostfs_mount,
	.vfs_unmount = hostfs_unmount,
	.vfs_root = hostfs_root,
	.vfs_statvfs = hostfs_statvfs,
	.vfs_sync = hostfs_sync,
	.vfs_loadvnode = hostfs_loadvnode,
};
