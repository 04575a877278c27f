/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Path names to vnodes.
 *
 * A lookup holds one reference, to the directory it stands in, and locks one directory at a time, shared; the last one
 * exclusively and to the end with NI_LOCKPARENT. It steps over mount points only with nothing locked, but for that last
 * directory, which is in another mount than the one that the step may wait for.
 */
#include <assert.h>
#include "dev/etfs.h"
#include "kern/ktrace.h"
#include "vfs/vfs_impl.h"

#define PATHSIZE 1024 /* with the NUL */

/* A lookup under way. */
struct walk {
	struct nameidata *nd;
	struct lwp *l;
	struct vfs_state *vs;
	struct vnode *rdir; /* the process's root */
	struct vnode *dvp;  /* where it stands */
	char *path;	    /* what is left of it */
	char *alt;	    /* the other buffer: a link's target goes there */
	unsigned links;
	bool locked; /* dvp, exclusively */
};

#define NI_BIGBUF 0x80000000u	/* ni_buf holds two paths */
#define NI_LOCKED 0x40000000u	/* ni_dvp is locked */
#define NI_STARTREF 0x20000000u /* ni_startdir is ours */

void
namei_init(struct nameidata *nd, struct lwp *l, int op, unsigned flags,
    const void *path)
{
	memset(nd, 0, sizeof(*nd));
	nd->ni_lwp = l;
	nd->ni_op = op;
	nd->ni_flags = flags;
	nd->ni_path = path;
}

int
namei_at(struct nameidata *nd, struct lwp *l, int fd, int op, unsigned flags,
    const void *path)
{
	struct file *fp;
	struct vnode *vp;
	int error;

	namei_init(nd, l, op, flags, path);
	if (fd == AT_FDCWD)
		return 0;
	error = fd_getvnode(l, fd, &fp, &vp);
	if (error != 0)
		return error == -EINVAL ? -ENOTDIR : error;
	if (vp->v_type != VDIR) {
		file_put(l, fp);
		return -ENOTDIR;
	}
	vnode_get(vp);
	file_put(l, fp);
	nd->ni_startdir = vp;
	nd->ni_flags |= NI_STARTREF;
	return 0;
}

/* The path into ni_buf. */
static int
getpath(struct nameidata *nd)
{
	struct lwp *l = nd->ni_lwp;
	size_t len;
	int error;

	nd->ni_buf = kmem_alloc(l->l_k, PATHSIZE);
	if (nd->ni_buf == NULL)
		return -ENOMEM;
	if (!(nd->ni_flags & NI_SYSSPACE)) {
		error = copyinstr(l, nd->ni_path, nd->ni_buf, PATHSIZE, NULL);
		if (error == 0)
			ktr_namei(l, nd->ni_buf);
		return error;
	}
	len = strlen(nd->ni_path);
	if (len >= PATHSIZE)
		return -ENAMETOOLONG;
	memcpy(nd->ni_buf, nd->ni_path, len + 1);
	return 0;
}

/* Stands the walk at the process's root or at where a relative path begins. */
static int
start(struct walk *w)
{
	struct nameidata *nd = w->nd;
	struct vnode *vp;
	int error;

	if (*w->path == '/') {
		vnode_get(w->rdir);
		w->dvp = w->rdir;
		return 0;
	}
	if (nd->ni_startdir != NULL) {
		vnode_get(nd->ni_startdir);
		w->dvp = nd->ni_startdir;
		return 0;
	}
	error = cwd_getcwd(w->l, &vp);
	if (error == 0)
		w->dvp = vp;
	return error;
}

static void
unlock(struct walk *w)
{
	if (w->locked)
		vnode_unlock(w->dvp);
	w->locked = false;
}

/* One name in the directory, which is locked. */
static int
lookup_locked(struct walk *w, struct vnode *dvp, const struct componentname *cn,
    struct vnode **vpp)
{
	int error;

	if (dvp->v_type != VDIR)
		return -ENOTDIR;
	error = vn_access(w->l, dvp, VEXEC);
	if (error != 0)
		return error;
	if (cn->cn_len > dvp->v_mount->mnt_namemax &&
	    dvp->v_mount->mnt_namemax != 0)
		return -ENAMETOOLONG;
	if (cn->cn_flags & CN_DOTDOT)
		return dvp->v_ops->vop_lookup(w->l, dvp, cn, vpp);
	error = ncache_lookup(dvp, cn->cn_name, cn->cn_len, vpp);
	if (error != 0)
		return error > 0 ? 0 : error;
	error = dvp->v_ops->vop_lookup(w->l, dvp, cn, vpp);
	if (error == 0)
		ncache_enter(dvp, cn->cn_name, cn->cn_len, *vpp);
	else if (error == -ENOENT)
		ncache_enter(dvp, cn->cn_name, cn->cn_len, NULL);
	return error;
}

/* To the directory that a mount's root covers, until dvp is no such root; false: it is the process's root. */
static bool
dotdot_mounts(struct walk *w)
{
	struct vnode *up;

	for (;;) {
		if (w->dvp == w->rdir)
			return false;
		if (!(atomic_load(&w->dvp->v_flag) & VV_ROOT))
			return true;
		up = mount_covered(w->dvp);
		if (up == NULL) /* the real root; a dead one has no parent */
			return vnode_isdead(w->dvp);
		vnode_put(w->l, w->dvp);
		w->dvp = up;
	}
}

/* What is not in the root of a union mount may be in the directory under it. */
static int
lookup_union(struct walk *w, const struct componentname *cn, struct vnode **vpp)
{
	struct vnode *dvp = w->dvp, *up;
	int error = -ENOENT;

	vnode_get(dvp);
	while (error == -ENOENT && (atomic_load(&dvp->v_flag) & VV_ROOT) &&
	    (dvp->v_mount->mnt_flag & MNT_UNION) &&
	    (up = mount_covered(dvp)) != NULL) {
		vnode_put(w->l, dvp);
		dvp = up;
		if (vnode_lock_alive(dvp, false) != 0)
			break;
		error = lookup_locked(w, dvp, cn, vpp);
		vnode_unlock(dvp);
	}
	if (error != 0) {
		vnode_put(w->l, dvp);
		return error;
	}
	vnode_put(w->l, w->dvp);
	w->dvp = dvp;
	return 0;
}

/* Looks the component up from w->dvp. On return dvp is locked if the caller wants the last one's parent so. */
static int
lookup(struct walk *w, const struct componentname *cn, bool last,
    struct vnode **vpp)
{
	bool keep = last && (w->nd->ni_flags & NI_LOCKPARENT) == NI_LOCKPARENT;
	int error;

	*vpp = NULL;
	if ((cn->cn_flags & CN_DOTDOT) && !dotdot_mounts(w)) {
		vnode_get(w->dvp);
		*vpp = w->dvp;
		return 0;
	}
	error = vnode_lock_alive(w->dvp, keep);
	if (error != 0)
		return error;
	w->locked = keep;
	if (cn->cn_len == 1 && cn->cn_name[0] == '.') {
		error = w->dvp->v_type != VDIR ? -ENOTDIR :
						 vn_access(w->l, w->dvp, VEXEC);
		if (error == 0) {
			vnode_get(w->dvp);
			*vpp = w->dvp;
		}
	} else {
		error = lookup_locked(w, w->dvp, cn, vpp);
	}
	if (!keep)
		vnode_unlock(w->dvp);
	if (error == -ENOENT && (atomic_load(&w->dvp->v_flag) & VV_ROOT) &&
	    (w->dvp->v_mount->mnt_flag & MNT_UNION) &&
	    !(cn->cn_flags & CN_DOTDOT)) {
		unlock(w);
		error = lookup_union(w, cn, vpp);
		if (keep) {
			if (vnode_lock_alive(w->dvp, true) != 0)
				return error == 0 ? -ENOENT : error;
			w->locked = true;
		}
	}
	return error;
}

int
vn_readlink(
    struct lwp *l, struct vnode *vp, char *buf, size_t size, size_t *lenp)
{
	struct iovec iov = { buf, size };
	struct uio uio = { &iov, 1, 0, size, UIO_READ, NULL };
	int error;

	if (vp->v_ops->vop_readlink == NULL)
		return -EOPNOTSUPP;
	error = vp->v_ops->vop_readlink(l, vp, &uio);
	*lenp = size - uio.uio_resid;
	return error;
}

/* Puts the target of a link before the rest of the path, and goes to where it begins. */
static int
follow(struct walk *w, struct vnode *vp, const char *rest)
{
	size_t len, restlen = strlen(rest);
	char *t = w->alt;
	int error;

	if (++w->links > VFS_MAXSYMLINKS)
		return -ELOOP;
	error = vnode_lock_alive(vp, false);
	if (error != 0)
		return error;
	if (vp->v_mount->mnt_flag & MNT_SYMPERM)
		error = vn_access(w->l, vp, VEXEC);
	if (error == 0)
		error = vn_readlink(w->l, vp, t, PATHSIZE, &len);
	vnode_unlock(vp);
	if (error != 0)
		return error;
	if (len == 0)
		return -ENOENT;
	if (len + restlen >= PATHSIZE)
		return -ENAMETOOLONG;
	memcpy(t + len, rest, restlen + 1);
	if (memchr(t, '\0', len) != NULL)
		return -EINVAL;
	w->alt = w->alt == w->nd->ni_buf ? w->nd->ni_buf + PATHSIZE :
					   w->nd->ni_buf;
	w->path = t;
	if (*t == '/') {
		vnode_put(w->l, w->dvp);
		vnode_get(w->rdir);
		w->dvp = w->rdir;
	}
	return 0;
}

/* A second buffer behind the first: links turn up. */
static int
morebuf(struct walk *w, const char **rest)
{
	struct nameidata *nd = w->nd;
	size_t at = (size_t)(*rest - nd->ni_buf);
	char *buf;

	if (w->alt != NULL)
		return 0;
	buf = kmem_alloc(w->l->l_k, 2 * PATHSIZE);
	if (buf == NULL)
		return -ENOMEM;
	memcpy(buf, nd->ni_buf, PATHSIZE);
	kmem_free(w->l->l_k, nd->ni_buf, PATHSIZE);
	nd->ni_buf = buf;
	w->alt = buf + PATHSIZE;
	*rest = buf + at;
	return 0;
}

/* The host files shown in the root directory come first there. */
static int
lookup_etfs(struct walk *w, const char *name, struct vnode **vpp)
{
	if (w->l->l_k->k_etfs == NULL || w->dvp != w->vs->vs_root ||
	    w->nd->ni_op == DELETE || w->nd->ni_op == RENAME)
		return -ENOENT;
	return etfs_lookup(w->l, name, vpp);
}

static int
finish(struct walk *w, struct componentname *cn, struct vnode *vp)
{
	struct nameidata *nd = w->nd;

	nd->ni_cn = *cn;
	nd->ni_vp = vp;
	if (nd->ni_flags & NI_WANTPARENT) {
		nd->ni_dvp = w->dvp;
		if (w->locked)
			nd->ni_flags |= NI_LOCKED;
		w->dvp = NULL;
		w->locked = false;
	}
	return 0;
}

/* Nothing but slashes: the directory is its own parent. */
static int
finish_root(struct walk *w)
{
	struct componentname cn = { ".", 1, CN_LAST, w->nd->ni_op };

	if ((w->nd->ni_flags & NI_LOCKPARENT) == NI_LOCKPARENT) {
		int error = vnode_lock_alive(w->dvp, true);

		if (error != 0)
			return error;
		w->locked = true;
	}
	vnode_get(w->dvp);
	return finish(w, &cn, w->dvp);
}

static int
parse(struct walk *w, struct componentname *cn, const char **restp)
{
	const char *p = w->path, *e, *rest;

	for (e = p; *e != '\0' && *e != '/'; e++)
		continue;
	if (e - p > VFS_NAMEMAX)
		return -ENAMETOOLONG;
	for (rest = e; *rest == '/'; rest++)
		continue;
	cn->cn_name = p;
	cn->cn_len = (size_t)(e - p);
	cn->cn_flags = 0;
	cn->cn_op = LOOKUP;
	if (cn->cn_len == 2 && p[0] == '.' && p[1] == '.')
		cn->cn_flags |= CN_DOTDOT;
	w->nd->ni_trailing = *rest == '\0' && rest != e;
	if (*rest == '\0') {
		cn->cn_flags |= CN_LAST;
		cn->cn_op = w->nd->ni_op;
		*restp = rest;
	} else {
		*restp = e; /* with the slashes */
	}
	return 0;
}

/* What to do with the vnode of one component. 1: that was the last one. */
static int
arrived(struct walk *w, struct componentname *cn, const char *rest,
    struct vnode *vp)
{
	bool last = (cn->cn_flags & CN_LAST) != 0;
	int error;

	if (vp->v_type == VLNK &&
	    (!last || (w->nd->ni_flags & NI_FOLLOW) ||
		(w->nd->ni_trailing && w->nd->ni_op == LOOKUP))) {
		unlock(w);
		/* The slashes go with the rest, so that they still count. */
		rest = last ? cn->cn_name + cn->cn_len : rest;
		error = morebuf(w, &rest);
		if (error == 0)
			error = follow(w, vp, rest);
		vnode_put(w->l, vp);
		return error;
	}
	if (vp->v_type == VDIR &&
	    atomic_load_explicit(&vp->v_mountedhere, memory_order_relaxed) !=
		NULL &&
	    vp != w->dvp) {
		error = mount_cross(w->l, &vp);
		if (error != 0) {
			vnode_put(w->l, vp);
			return error;
		}
	}
	if (vp->v_type != VDIR && (!last || w->nd->ni_trailing)) {
		vnode_put(w->l, vp);
		return -ENOTDIR;
	}
	if (last) {
		error = finish(w, cn, vp);
		return error != 0 ? error : 1;
	}
	vnode_put(w->l, w->dvp);
	w->dvp = vp;
	w->path = (char *)(uintptr_t)rest;
	return 0;
}

static int
step(struct walk *w)
{
	struct componentname cn;
	const char *rest;
	struct vnode *vp;
	int error;

	while (*w->path == '/')
		w->path++;
	if (*w->path == '\0') {
		error = finish_root(w);
		return error != 0 ? error : 1;
	}
	error = lookup_etfs(w, w->path, &vp);
	if (error == 0) {
		cn = (struct componentname){ w->path, strlen(w->path),
			CN_LAST | CN_NOCACHE, w->nd->ni_op };
		if ((w->nd->ni_flags & NI_LOCKPARENT) == NI_LOCKPARENT) {
			vnode_lock(w->dvp, true);
			w->locked = true;
		}
		w->nd->ni_trailing = false;
		error = finish(w, &cn, vp);
		return error != 0 ? error : 1;
	}
	if (error != -ENOENT)
		return error;
	error = parse(w, &cn, &rest);
	if (error != 0)
		return error;
	error = lookup(w, &cn, (cn.cn_flags & CN_LAST) != 0, &vp);
	if (error == -ENOENT && (cn.cn_flags & CN_LAST) &&
	    (cn.cn_op == CREATE || cn.cn_op == RENAME) &&
	    !vnode_isdead(w->dvp)) {
		error = finish(w, &cn, NULL);
		return error != 0 ? error : 1;
	}
	return error != 0 ? error : arrived(w, &cn, rest, vp);
}

int
namei(struct nameidata *nd)
{
	struct walk w = { .nd = nd, .l = nd->ni_lwp };
	int error;

	w.vs = vfs_of(w.l);
	if (w.vs == NULL) /* a kernel without file systems */
		return -ENOSYS;
	vcache_trim(w.l);
	error = getpath(nd);
	if (error != 0)
		return error;
	w.path = nd->ni_buf;
	if (*w.path == '\0')
		return -ENOENT;
	error = cwd_getroot(w.l, &w.rdir);
	if (error != 0)
		return error;
	error = start(&w);
	while (error == 0)
		error = step(&w);
	unlock(&w);
	if (w.dvp != NULL)
		vnode_put(w.l, w.dvp);
	vnode_put(w.l, w.rdir);
	if (w.alt != NULL)
		nd->ni_flags |= NI_BIGBUF;
	return error > 0 ? 0 : error;
}

void
namei_done(struct nameidata *nd)
{
	struct lwp *l = nd->ni_lwp;

	if (nd->ni_dvp != NULL) {
		if (nd->ni_flags & NI_LOCKED)
			vnode_unlock(nd->ni_dvp);
		vnode_put(l, nd->ni_dvp);
	}
	if (nd->ni_vp != NULL)
		vnode_put(l, nd->ni_vp);
	if (nd->ni_flags & NI_STARTREF)
		vnode_put(l, nd->ni_startdir);
	if (nd->ni_buf != NULL)
		kmem_free(l->l_k, nd->ni_buf,
		    nd->ni_flags & NI_BIGBUF ? 2 * PATHSIZE : PATHSIZE);
	nd->ni_dvp = nd->ni_vp = nd->ni_startdir = NULL;
	nd->ni_buf = NULL;
	nd->ni_flags = 0;
}

int
namei_simple(
    struct lwp *l, const char *kpath, unsigned flags, struct vnode **vpp)
{
	struct nameidata nd;
	int error;

	*vpp = NULL;
	namei_init(&nd, l, LOOKUP, flags | NI_SYSSPACE, kpath);
	error = namei(&nd);
	if (error == 0) {
		*vpp = nd.ni_vp;
		nd.ni_vp = NULL;
	}
	namei_done(&nd);
	return error;
}
