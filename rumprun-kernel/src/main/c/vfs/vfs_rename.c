/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rename.
 *
 * Both names are looked up without locks, then everything is locked and the names are looked up again; if they stand for
 * something else now, it starts over. Locks are taken in this order:
 *
 *  1. mnt_renamelock, when two directories are involved: only who holds it moves a directory, so what is above what
 *     does not change under it.
 *  2. The two directories: if one is above the other, that one first. Otherwise any order will do: everybody else who
 *     holds a directory and wants another goes downwards, and below one of the two is never the other.
 *  3. The two objects, by address: neither is above one of the directories (that was refused), and files have nothing
 *     below them.
 */
#include <netbsd/event.h>
#include "vfs/vfs_impl.h"

#define MOVED 1 /* a name stands for something else meanwhile: again */

struct move {
	struct lwp *l;
	struct nameidata from, to;
	bool posix; /* two names of one file: nothing happens */
};

static bool
is_dots(const struct componentname *cn)
{
	return (cn->cn_len == 1 && cn->cn_name[0] == '.') ||
	    (cn->cn_flags & CN_DOTDOT);
}

/* The rules that need no lock. */
static int
check(struct move *m)
{
	struct vnode *fvp = m->from.ni_vp, *tvp = m->to.ni_vp;
	struct vnode *fdvp = m->from.ni_dvp, *tdvp = m->to.ni_dvp;

	/* A mount's root is busy also where nothing can be renamed. */
	if (tdvp->v_ops->vop_rename == NULL && !vnode_isdead(tdvp) &&
	    (atomic_load(&fvp->v_flag) & VV_ROOT))
		return -EBUSY;
	if (tdvp->v_ops->vop_rename == NULL)
		return vnode_isdead(tdvp) ? -ENOENT :
		    fdvp->v_mount != tdvp->v_mount &&
			!(m->to.ni_cn.cn_flags & CN_DOTDOT) ?
					    -EXDEV :
					    -EOPNOTSUPP;
	if (m->to.ni_cn.cn_flags & CN_DOTDOT)
		return -EINVAL;
	if (is_dots(&m->to.ni_cn))
		return -EISDIR;
	if (fdvp->v_mount != tdvp->v_mount)
		return -EXDEV;
	if (atomic_load(&fvp->v_flag) & VV_ROOT)
		return -EBUSY;
	if (tvp != NULL && tvp->v_type == VDIR &&
	    (atomic_load(&tvp->v_flag) & VV_ROOT))
		return -EBUSY;
	if (fvp->v_mount != fdvp->v_mount ||
	    (tvp != NULL && tvp->v_mount != tdvp->v_mount))
		return -EXDEV;
	if (fvp->v_type != VDIR && (m->to.ni_trailing || m->from.ni_trailing))
		return -ENOTDIR;
	if (tvp != NULL && fvp->v_type == VDIR && tvp->v_type != VDIR)
		return -ENOTDIR;
	if (tvp != NULL && fvp->v_type != VDIR && tvp->v_type == VDIR)
		return -EISDIR;
	return 0;
}

static int
parent(struct lwp *l, struct vnode *dvp, struct vnode **vpp)
{
	struct componentname cn = { "..", 2, CN_DOTDOT | CN_NOCACHE, LOOKUP };
	int error = vnode_lock_alive(dvp, false);

	*vpp = NULL;
	if (error != 0)
		return error;
	error = dvp->v_ops->vop_lookup(l, dvp, &cn, vpp);
	vnode_unlock(dvp);
	return error;
}

/*
 * Goes up from `from` to the root. 1: met `bad`, or began there; *above: met `other`. mnt_renamelock is held.
 */
static int
climb(struct lwp *l, struct vnode *from, struct vnode *bad, struct vnode *other,
    bool *above)
{
	struct vnode *vp = from, *up;
	int error = 0;

	*above = false;
	vnode_get(vp);
	for (;;) {
		if (vp == bad) {
			error = 1;
			break;
		}
		if (vp == other)
			*above = true;
		if (atomic_load(&vp->v_flag) & VV_ROOT)
			break;
		error = parent(l, vp, &up);
		if (error != 0)
			break;
		vnode_put(l, vp);
		vp = up;
	}
	vnode_put(l, vp);
	return error;
}

/* Decides which directory is locked first, and refuses loops. */
static int
order_dirs(struct move *m, struct vnode **first, struct vnode **second)
{
	struct vnode *fdvp = m->from.ni_dvp, *tdvp = m->to.ni_dvp;
	bool above;
	int error;

	*first = fdvp;
	*second = tdvp;
	error = climb(m->l, tdvp, m->from.ni_vp, fdvp, &above);
	if (error != 0)
		return error > 0 ? -EINVAL : error;
	if (above)
		return 0;
	error = climb(m->l, fdvp, m->to.ni_vp, tdvp, &above);
	if (error != 0)
		return error > 0 ? -ENOTEMPTY : error;
	if (above) {
		*first = tdvp;
		*second = fdvp;
	}
	return 0;
}

/* Does the name still stand for vp (NULL: for nothing)? The directory is locked. */
static int
still(struct lwp *l, struct nameidata *nd)
{
	struct vnode *vp = NULL;
	int error;

	error = vn_access(l, nd->ni_dvp, VEXEC);
	if (error != 0)
		return error;
	error = ncache_lookup(
	    nd->ni_dvp, nd->ni_cn.cn_name, nd->ni_cn.cn_len, &vp);
	if (error == 0) {
		error = nd->ni_dvp->v_ops->vop_lookup(
		    l, nd->ni_dvp, &nd->ni_cn, &vp);
		if (error != 0)
			vp = NULL;
	}
	if (error < 0 && error != -ENOENT)
		return error;
	/* What is mounted here would have been refused; a mount that came later moves it. */
	error = vp == nd->ni_vp ? 0 : MOVED;
	if (vp != NULL)
		vnode_put(l, vp);
	return error;
}

static int
lock_objects(struct move *m)
{
	struct vnode *a = m->from.ni_vp, *b = m->to.ni_vp, *t;
	int error;

	if (b == a)
		b = NULL;
	if (b != NULL && (uintptr_t)b < (uintptr_t)a) {
		t = a;
		a = b;
		b = t;
	}
	error = vnode_lock_nested(a);
	if (error == 0 && b != NULL) {
		error = vnode_lock_nested(b);
		if (error != 0)
			vnode_unlock_nested(a);
	}
	return error;
}

static void
unlock_objects(struct move *m)
{
	vnode_unlock_nested(m->from.ni_vp);
	if (m->to.ni_vp != NULL && m->to.ni_vp != m->from.ni_vp)
		vnode_unlock_nested(m->to.ni_vp);
}

static void
forget_names(struct move *m)
{
	struct componentname *f = &m->from.ni_cn, *t = &m->to.ni_cn;

	if (m->to.ni_vp != NULL && m->to.ni_vp->v_type == VDIR)
		ncache_purge(m->to.ni_vp);
	ncache_purge_name(m->from.ni_dvp, f->cn_name, f->cn_len);
	ncache_purge_name(m->to.ni_dvp, t->cn_name, t->cn_len);
}

/* What is wrong with the first name comes after what is wrong with the second one's place in memory. */
static int
bad_name(struct lwp *l, const char *path2, int error)
{
	char *path;
	int bad;

	if (error == -EFAULT || error == -ENAMETOOLONG)
		return error;
	path = kmem_alloc(l->l_k, PATH_MAX);
	if (path == NULL)
		return error;
	bad = copyinstr(l, path2, path, PATH_MAX, NULL);
	kmem_free(l->l_k, path, PATH_MAX);
	return bad != 0 ? bad : error;
}

/*
 * Two names of one file. Most file systems have one vnode for it, but one that
 * passes on the files of somebody else may have one for each name.
 */
static int
same_file(struct lwp *l, struct vnode *a, struct vnode *b, bool *samep)
{
	struct vattr va, vb;
	int error;

	*samep = a == b;
	if (*samep || b == NULL || a->v_type == VDIR || a->v_type != b->v_type)
		return 0;
	error = vn_getattr(l, a, &va);
	if (error == 0)
		error = vn_getattr(l, b, &vb);
	*samep = error == 0 && va.va_nlink > 1 &&
	    va.va_fileid == vb.va_fileid && va.va_fsid == vb.va_fsid;
	return error;
}

/* Everything is locked. */
static int
move_locked(struct move *m)
{
	struct vnode *fvp = m->from.ni_vp, *tvp = m->to.ni_vp;
	struct vnode *fdvp = m->from.ni_dvp, *tdvp = m->to.ni_dvp;
	struct componentname *f = &m->from.ni_cn, *t = &m->to.ni_cn;
	struct lwp *l = m->l;
	bool same;
	int error;

	if (m->posix) {
		error = same_file(l, fvp, tvp, &same);
		if (error != 0 || same)
			return error;
	}
	if (fvp == tvp &&
	    ((fdvp == tdvp && f->cn_len == t->cn_len &&
		memcmp(f->cn_name, t->cn_name, f->cn_len) == 0)))
		return 0;
	if (fvp->v_mountedhere != NULL ||
	    (tvp != NULL && tvp->v_mountedhere != NULL))
		return -EBUSY;
	error = genfs_can_change_dir(l, fdvp, fvp);
	if (error == 0)
		error = genfs_can_change_dir(l, tdvp, tvp);
	/* Its ".." changes. */
	if (error == 0 && fvp->v_type == VDIR && fdvp != tdvp)
		error = vn_access(l, fvp, VWRITE);
	if (error != 0)
		return error;
	if (fvp == tvp)
		error = fdvp->v_ops->vop_remove == NULL ?
		    -EOPNOTSUPP :
		    fdvp->v_ops->vop_remove(l, fdvp, f, fvp);
	else
		error = tdvp->v_ops->vop_rename(l, fdvp, f, fvp, tdvp, t, tvp);
	if (error == 0)
		forget_names(m);
	return error;
}

static int
move_in_dirs(struct move *m)
{
	int error;

	error = still(m->l, &m->from);
	if (error == 0)
		error = still(m->l, &m->to);
	if (error == 0)
		error = lock_objects(m);
	if (error != 0)
		return error;
	error = move_locked(m);
	unlock_objects(m);
	return error;
}

static int
move(struct move *m)
{
	struct vnode *fdvp = m->from.ni_dvp, *tdvp = m->to.ni_dvp;
	struct vnode *first = fdvp, *second = NULL;
	struct mount *mp = fdvp->v_mount;
	int error = 0;

	if (fdvp != tdvp) {
		kmutex_enter(&mp->mnt_renamelock);
		error = order_dirs(m, &first, &second);
	}
	if (error == 0)
		error = vnode_lock_alive(first, true);
	if (error == 0) {
		if (second != NULL)
			error = vnode_lock_nested(second);
		if (error == 0) {
			error = move_in_dirs(m);
			if (second != NULL)
				vnode_unlock_nested(second);
		}
		vnode_unlock(first);
	}
	if (fdvp != tdvp)
		kmutex_exit(&mp->mnt_renamelock);
	return error;
}

static void
notes(struct move *m)
{
	long link = m->from.ni_vp->v_type == VDIR &&
		m->from.ni_dvp != m->to.ni_dvp ?
	    NOTE_LINK :
	    0;

	vn_note(m->from.ni_dvp, NOTE_WRITE | link);
	if (m->to.ni_dvp != m->from.ni_dvp)
		vn_note(m->to.ni_dvp, NOTE_WRITE | link);
	vn_note(m->from.ni_vp, NOTE_RENAME);
	if (m->to.ni_vp != NULL && m->to.ni_vp != m->from.ni_vp)
		vn_note(m->to.ni_vp, NOTE_DELETE);
}

static int
attempt(struct move *m, int at1, const char *path1, int at2, const char *path2)
{
	int error;

	error = namei_at(&m->from, m->l, at1, DELETE, NI_WANTPARENT, path1);
	if (error != 0)
		return error;
	error = namei(&m->from);
	if (error == 0 && is_dots(&m->from.ni_cn))
		error = -EINVAL;
	if (error != 0)
		error = bad_name(m->l, path2, error);
	if (error == 0)
		error = namei_at(
		    &m->to, m->l, at2, RENAME, NI_WANTPARENT, path2);
	if (error == 0) {
		error = namei(&m->to);
		if (error == 0)
			error = check(m);
		if (error == 0)
			error = move(m);
		if (error == 0)
			notes(m);
		namei_done(&m->to);
	}
	namei_done(&m->from);
	return error;
}

static int
do_rename(struct lwp *l, int at1, const char *path1, int at2, const char *path2,
    bool posix)
{
	struct move m = { .l = l, .posix = posix };
	int error;

	do {
		error = kern_halting(l->l_k) ?
		    -EINTR :
		    attempt(&m, at1, path1, at2, path2);
	} while (error == MOVED);
	return error;
}

int
sys_rename(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_rename_args *uap = v;

	(void)rv;
	return do_rename(
	    l, AT_FDCWD, SCARG(uap, from), AT_FDCWD, SCARG(uap, to), false);
}

int
sys___posix_rename(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___posix_rename_args *uap = v;

	(void)rv;
	return do_rename(
	    l, AT_FDCWD, SCARG(uap, from), AT_FDCWD, SCARG(uap, to), true);
}

int
sys_renameat(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_renameat_args *uap = v;

	(void)rv;
	return do_rename(l, SCARG(uap, fromfd), SCARG(uap, from),
	    SCARG(uap, tofd), SCARG(uap, to), false);
}
