/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Byte-range locks (fcntl) and whole-file locks (flock).
 *
 * Both are ranges with an owner: a process, or an open file. One lock covers all of them, so that the search for a
 * deadlock sees one state: an owner waits for the owners of the ranges in its way, and may not wait if following these
 * leads back to itself.
 */
#include "vfs/vfs_impl.h"

#define MAX_DEPTH 50

struct lockf {
	struct lockf *lf_next;
	const void *lf_owner;
	pid_t lf_pid;
	off_t lf_start, lf_end; /* both inside */
	short lf_type;
	bool lf_posix;
};

struct lockf_wait {
	struct lockf_wait *lw_next;
	struct vnode *lw_vp;
	struct lockf lw_want;
	struct kcond lw_cond;
};

static bool
overlap(const struct lockf *a, const struct lockf *b)
{
	return a->lf_start <= b->lf_end && b->lf_start <= a->lf_end;
}

/* The next lock, from `lf` on, that is in the way. */
static struct lockf *
blocker(struct lockf *lf, const struct lockf *want)
{
	for (; lf != NULL; lf = lf->lf_next) {
		if (lf->lf_owner != want->lf_owner && overlap(lf, want) &&
		    (lf->lf_type == F_WRLCK || want->lf_type == F_WRLCK))
			return lf;
	}
	return NULL;
}

/* The one that begins first. */
static struct lockf *
first_blocker(struct lockf *lf, const struct lockf *want)
{
	struct lockf *first = blocker(lf, want);

	for (lf = first; lf != NULL; lf = blocker(lf->lf_next, want))
		if (lf->lf_start < first->lf_start)
			first = lf;
	return first;
}

/* Does waiting for `want` end at a lock of `me`? */
static bool
leads_to(struct vfs_state *vs, struct vnode *vp, const struct lockf *want,
    const void *me, int depth)
{
	struct lockf_wait *w;
	struct lockf *lf;

	for (lf = blocker(vp->v_lockf, want); lf != NULL;
	     lf = blocker(lf->lf_next, want)) {
		if (lf->lf_owner == me || depth >= MAX_DEPTH)
			return true;
		for (w = vs->vs_lockfwaits; w != NULL; w = w->lw_next) {
			if (w->lw_want.lf_owner == lf->lf_owner &&
			    leads_to(vs, w->lw_vp, &w->lw_want, me, depth + 1))
				return true;
		}
	}
	return false;
}

static bool
deadlock(struct vfs_state *vs, struct vnode *vp, const struct lockf *want)
{
	struct lockf_wait *w;
	struct lockf *lf;

	for (lf = blocker(vp->v_lockf, want); lf != NULL;
	     lf = blocker(lf->lf_next, want)) {
		for (w = vs->vs_lockfwaits; w != NULL; w = w->lw_next) {
			if (w->lw_want.lf_owner == lf->lf_owner &&
			    leads_to(
				vs, w->lw_vp, &w->lw_want, want->lf_owner, 0))
				return true;
		}
	}
	return false;
}

static void
wake(struct vfs_state *vs, struct vnode *vp)
{
	struct lockf_wait *w;

	for (w = vs->vs_lockfwaits; w != NULL; w = w->lw_next) {
		if (w->lw_vp == vp)
			kcond_broadcast(&w->lw_cond);
	}
}

/*
 * The owner's locks give way to the range of `want`. *spare is used when one is split in two. True when something changed.
 */
static bool
carve(struct vnode *vp, const struct lockf *want, struct lockf **spare)
{
	struct rump_kernel *k = vp->v_k;
	struct lockf *lf, *next, *prev = NULL, *tail;
	bool changed = false;

	for (lf = vp->v_lockf; lf != NULL; lf = next) {
		next = lf->lf_next;
		if (lf->lf_owner != want->lf_owner || !overlap(lf, want)) {
			prev = lf;
			continue;
		}
		changed = true;
		if (lf->lf_start < want->lf_start && lf->lf_end > want->lf_end) {
			tail = *spare;
			*spare = NULL;
			*tail = *lf;
			tail->lf_start = want->lf_end + 1;
			lf->lf_end = want->lf_start - 1;
			lf->lf_next = tail;
			break; /* own ranges do not overlap each other */
		}
		if (lf->lf_start < want->lf_start) {
			lf->lf_end = want->lf_start - 1;
			prev = lf;
		} else if (lf->lf_end > want->lf_end) {
			lf->lf_start = want->lf_end + 1;
			prev = lf;
		} else {
			if (prev != NULL)
				prev->lf_next = next;
			else
				vp->v_lockf = next;
			kmem_free(k, lf, sizeof(*lf));
		}
	}
	return changed;
}

static int
wait_for(struct lwp *l, struct vnode *vp, const struct lockf *want)
{
	struct vfs_state *vs = vfs_of(l);
	struct lockf_wait w = { .lw_vp = vp, .lw_want = *want }, **p;
	int error;

	if (want->lf_posix && deadlock(vs, vp, want))
		return -EDEADLK;
	w.lw_next = vs->vs_lockfwaits;
	vs->vs_lockfwaits = &w;
	error = kern_wait(
	    l, &w.lw_cond, &vs->vs_lockflock, WAIT_INTR, WAIT_FOREVER);
	for (p = &vs->vs_lockfwaits; *p != &w; p = &(*p)->lw_next)
		continue;
	*p = w.lw_next;
	return error;
}

static void
tell(const struct lockf *lf, struct flock *fl)
{
	if (lf == NULL) {
		fl->l_type = F_UNLCK;
		return;
	}
	fl->l_whence = 0;
	fl->l_start = lf->lf_start;
	fl->l_len = lf->lf_end == INT64_MAX ? 0 : lf->lf_end - lf->lf_start + 1;
	fl->l_pid = lf->lf_posix ? lf->lf_pid : -1;
	fl->l_type = lf->lf_type;
}

int
lockf_advlock(struct lwp *l, struct vnode *vp, const void *owner, pid_t pid,
    int cmd, struct flock *fl, bool posix)
{
	struct vfs_state *vs = vfs_of(l);
	struct lockf want = { NULL, owner, pid, fl->l_start,
		fl->l_len == 0 ? INT64_MAX : fl->l_start + (fl->l_len - 1),
		fl->l_type, posix };
	struct lockf *fresh = NULL, *spare = NULL;
	int error = 0;

	if (cmd != F_GETLK) {
		fresh = kmem_zalloc(l->l_k, sizeof(*fresh));
		spare = kmem_zalloc(l->l_k, sizeof(*spare));
		if (fresh == NULL || spare == NULL) {
			error = -ENOMEM;
			goto out;
		}
	}
	kmutex_enter(&vs->vs_lockflock);
	if (cmd == F_GETLK) {
		tell(first_blocker(vp->v_lockf, &want), fl);
		kmutex_exit(&vs->vs_lockflock);
		return 0;
	}
	while (fl->l_type != F_UNLCK && error == 0 &&
	    blocker(vp->v_lockf, &want) != NULL)
		error = cmd == F_SETLK ? -EAGAIN : wait_for(l, vp, &want);
	if (error == 0) {
		bool changed = carve(vp, &want, &spare);

		if (fl->l_type != F_UNLCK) {
			*fresh = want;
			fresh->lf_next = vp->v_lockf;
			vp->v_lockf = fresh;
			fresh = NULL;
		}
		if (changed)
			wake(vs, vp);
	}
	kmutex_exit(&vs->vs_lockflock);
out:
	if (fresh != NULL)
		kmem_free(l->l_k, fresh, sizeof(*fresh));
	if (spare != NULL)
		kmem_free(l->l_k, spare, sizeof(*spare));
	return error;
}

void
lockf_release(struct vnode *vp, const void *owner)
{
	struct vfs_state *vs = vp->v_k->k_vfs;
	struct lockf all = { NULL, owner, 0, 0, INT64_MAX, F_UNLCK, false };
	struct lockf *none = NULL;

	if (vp->v_lockf == NULL)
		return;
	kmutex_enter(&vs->vs_lockflock);
	if (carve(vp, &all, &none))
		wake(vs, vp);
	kmutex_exit(&vs->vs_lockflock);
}

void
lockf_forget(struct vnode *vp)
{
	struct lockf *lf;

	while ((lf = vp->v_lockf) != NULL) {
		vp->v_lockf = lf->lf_next;
		kmem_free(vp->v_k, lf, sizeof(*lf));
	}
}

int
sys_flock(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_flock_args *uap = v;
	int how = SCARG(uap, how), error;
	struct flock fl = { .l_type = F_UNLCK };
	struct file *fp;
	struct vnode *vp;

	(void)rv;
	error = fd_getvnode(l, SCARG(uap, fd), &fp, &vp);
	if (error != 0)
		return error == -EINVAL ? -EOPNOTSUPP : error;
	if (how & LOCK_EX)
		fl.l_type = F_WRLCK;
	else if (how & LOCK_SH)
		fl.l_type = F_RDLCK;
	else if (!(how & LOCK_UN))
		error = -EINVAL;
	if (how & LOCK_UN)
		fl.l_type = F_UNLCK;
	if (error == 0)
		error = lockf_advlock(l, vp, fp, -1,
		    how & LOCK_NB ? F_SETLK : F_SETLKW, &fl, false);
	file_put(l, fp);
	return error;
}
