/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vnodes and the table of them.
 *
 * A vnode is loading, then alive, then maybe dead, then gone. v_usecount holds the references and one mark, VC_DYING:
 * whoever turns 0 (or its own last reference) into VC_DYING owns the vnode alone, and takes it apart. Rules:
 *
 *  1. From the table or the name cache a reference is taken by vnode_tryget while the bucket's lock is held. It fails
 *     for a dying vnode; the table's users then wait on the bucket until it has left, the name cache's see a miss.
 *  2. A vnode leaves its bucket after vop_reclaim (what was dirty is in the file system's buffers when the number is
 *     loaded again), or by vcache_forget from vop_inactive, when the number belongs to nobody.
 *  3. A vnode that isn't used stays. One circular list holds all vnodes; it is touched when a vnode comes or goes, not
 *     when it is used: use leaves a mark (v_recent) that the clock's hand takes away. vcache_trim turns the hand before a
 *     lookup, when its caller holds nothing, so that reclaiming never meets locks of the file system.
 *  4. v_mount never changes; each vnode keeps a reference to the mount's memory.
 */
#include <netbsd/poll.h>
#include <assert.h>
#include "vfs/fifo.h"
#include "vfs/spec.h"
#include "vfs/vfs_impl.h"

#define VC_DYING 0x80000000u
#define TRIM_STEPS 64

static struct vcache_bucket *
bucket_of(struct vfs_state *vs, struct mount *mp, ino_t ino)
{
	uint64_t h = (ino ^ (uint64_t)(uintptr_t)mp >> 6) *
	    UINT64_C(0x9e3779b97f4a7c15);

	return &vs->vs_vcache[(h >> 32) & vs->vs_hashmask];
}

int
vcache_init(struct vfs_state *vs, struct rump_kernel *k)
{
	vs->vs_maxvnodes = k->k_config.kc_nvnodes;
	vs->vs_vcache = kmem_calloc(
	    k, vs->vs_hashmask + 1u, sizeof(*vs->vs_vcache));
	return vs->vs_vcache == NULL ? -ENOMEM : 0;
}

void
vcache_fini(struct vfs_state *vs, struct rump_kernel *k)
{
	if (vs->vs_vcache != NULL)
		kmem_free(k, vs->vs_vcache,
		    (vs->vs_hashmask + 1u) * sizeof(*vs->vs_vcache));
}

/* --- references --- */

bool
vnode_tryget(struct vnode *vp)
{
	uint32_t u = atomic_load_explicit(&vp->v_usecount, memory_order_relaxed);

	do {
		if (u & VC_DYING)
			return false;
	} while (!atomic_compare_exchange_weak(&vp->v_usecount, &u, u + 1));
	return true;
}

void
vnode_get(struct vnode *vp)
{
	uint32_t u = atomic_fetch_add_explicit(
	    &vp->v_usecount, 1, memory_order_relaxed);

	assert(u != 0 && !(u & VC_DYING));
	(void)u;
}

/*
 * The gate. Every outermost vnode lock counts in its mount. An update of a mount (reload, journal on and off) changes what
 * the file system's operations stand on, and freezes the mount for it. It gives up after a while: a vnode may be locked
 * by a call that waits for its client.
 */
#define FREEZE_NS INT64_C(5000000000)

static struct kbrcount *
active(struct mount *mp)
{
	return &mp->mnt_active[host_cpu() % KBR_STRIPES];
}

static void
gate_exit(struct vnode *vp)
{
	struct mount *mp = vp->v_mount;

	atomic_fetch_add(&active(mp)->c_out, 1);
	if (atomic_load(&mp->mnt_freezer) != 0) {
		kmutex_enter(&mp->mnt_gatelock);
		kcond_broadcast(&mp->mnt_gatecond);
		kmutex_exit(&mp->mnt_gatelock);
	}
}

/*
 * dying: the caller takes the vnode apart. Somebody whom the freezer waits for may wait for that in the table, so it goes
 * on until the freezer has nobody left to wait for.
 */
static void
gate_enter(struct vnode *vp, bool dying)
{
	struct mount *mp = vp->v_mount;
	uint32_t freezer;

	for (;;) {
		atomic_fetch_add(&active(mp)->c_in, 1);
		freezer = atomic_load(&mp->mnt_freezer);
		if (freezer == 0 || (dying && !atomic_load(&mp->mnt_frozen)) ||
		    freezer == host_thread_self())
			return;
		gate_exit(vp);
		kmutex_enter(&mp->mnt_gatelock);
		while (atomic_load(&mp->mnt_freezer) == freezer)
			kcond_wait(&mp->mnt_gatecond, &mp->mnt_gatelock);
		kmutex_exit(&mp->mnt_gatelock);
	}
}

static bool
quiet(struct mount *mp)
{
	return kbrcount_idle(mp->mnt_active, KBR_STRIPES);
}

int
mount_freeze(struct mount *mp)
{
	int64_t end = host_linux.monotonic() + FREEZE_NS;
	int error = 0;

	kmutex_enter(&mp->mnt_gatelock);
	atomic_store(&mp->mnt_freezer, host_thread_self());
	for (;;) {
		atomic_store(&mp->mnt_frozen, true);
		if (error != 0 || quiet(mp))
			break;
		atomic_store(&mp->mnt_frozen, false);
		error = kcond_timedwait(
		    &mp->mnt_gatecond, &mp->mnt_gatelock, end);
	}
	kmutex_exit(&mp->mnt_gatelock);
	if (error == 0)
		return 0;
	mount_thaw(mp);
	return -EBUSY;
}

void
mount_thaw(struct mount *mp)
{
	kmutex_enter(&mp->mnt_gatelock);
	atomic_store(&mp->mnt_frozen, false);
	atomic_store(&mp->mnt_freezer, 0);
	kcond_broadcast(&mp->mnt_gatecond);
	kmutex_exit(&mp->mnt_gatelock);
}

static void
unlist(struct vfs_state *vs, struct vnode *vp)
{
	kmutex_enter(&vs->vs_vnlock);
	if (vp->v_mntprev != NULL || vp->v_mount->mnt_vnodes == vp) {
		if (vp->v_mntprev != NULL)
			vp->v_mntprev->v_mntnext = vp->v_mntnext;
		else
			vp->v_mount->mnt_vnodes = vp->v_mntnext;
		if (vp->v_mntnext != NULL)
			vp->v_mntnext->v_mntprev = vp->v_mntprev;
		vp->v_mntnext = vp->v_mntprev = NULL;
	}
	kmutex_exit(&vs->vs_vnlock);
}

static void
unclock(struct vfs_state *vs, struct vnode *vp)
{
	kmutex_enter(&vs->vs_vnlock);
	if (vp->v_lrunext == vp) {
		vs->vs_clock = NULL;
	} else {
		if (vs->vs_clock == vp)
			vs->vs_clock = vp->v_lrunext;
		vp->v_lrunext->v_lruprev = vp->v_lruprev;
		vp->v_lruprev->v_lrunext = vp->v_lrunext;
	}
	kmutex_exit(&vs->vs_vnlock);
	atomic_fetch_sub(&vs->vs_nvnodes, 1);
}

static void
list(struct vfs_state *vs, struct vnode *vp)
{
	kmutex_enter(&vs->vs_vnlock);
	vp->v_mntnext = vp->v_mount->mnt_vnodes;
	if (vp->v_mntnext != NULL)
		vp->v_mntnext->v_mntprev = vp;
	vp->v_mount->mnt_vnodes = vp;
	if (vs->vs_clock == NULL) {
		vs->vs_clock = vp->v_lrunext = vp->v_lruprev = vp;
	} else {
		vp->v_lrunext = vs->vs_clock;
		vp->v_lruprev = vs->vs_clock->v_lruprev;
		vp->v_lruprev->v_lrunext = vp;
		vp->v_lrunext->v_lruprev = vp;
	}
	kmutex_exit(&vs->vs_vnlock);
	atomic_fetch_add(&vs->vs_nvnodes, 1);
}

/* Out of the table, if it is in it; wakes who waits for that. */
static void
unhash(struct vfs_state *vs, struct vnode *vp)
{
	struct vcache_bucket *vb = bucket_of(vs, vp->v_mount, vp->v_ino);
	struct vnode **p;

	kmutex_enter(&vb->vb_lock);
	for (p = &vb->vb_first; *p != NULL; p = &(*p)->v_hashnext) {
		if (*p == vp) {
			*p = vp->v_hashnext;
			break;
		}
	}
	kcond_broadcast(&vb->vb_cond);
	kmutex_exit(&vb->vb_lock);
}

void
vcache_forget(struct vnode *vp)
{
	unhash(vp->v_k->k_vfs, vp);
}

static void
vnode_free(struct vnode *vp)
{
	struct mount *mp = vp->v_mount;

	selinfo_destroy(vp->v_k, &vp->v_sel);
	kmem_free(vp->v_k, vp, sizeof(*vp));
	mount_put(mp);
}

static void
deactivate(struct lwp *l, struct vnode *vp)
{
	if ((atomic_load(&vp->v_flag) & (VV_INACTIVE | VV_DEAD)) != VV_INACTIVE)
		return;
	atomic_fetch_and(&vp->v_flag, ~(unsigned)VV_INACTIVE);
	/* The caller has the only way to it; a file system that cannot free the inode has said so to its log. */
	if (vp->v_ops->vop_inactive != NULL)
		(void)vp->v_ops->vop_inactive(l, vp);
}

/* Takes a vnode apart that this thread has marked dying. */
static void
vnode_destroy(struct lwp *l, struct vnode *vp)
{
	struct vfs_state *vs = vfs_of(l);

	ncache_purge(vp);
	gate_enter(vp, true);
	kbrlock_wrlock(&vp->v_lock);
	deactivate(l, vp);
	kbrlock_unlock(&vp->v_lock);
	lockf_forget(vp);
	if (vp->v_spec != NULL)
		spec_forget(vp);
	if (vp->v_type == VFIFO)
		fifo_forget(vp);
	if (!vnode_isdead(vp) && vp->v_ops != NULL &&
	    vp->v_ops->vop_reclaim != NULL)
		vp->v_ops->vop_reclaim(l, vp);
	gate_exit(vp);
	unhash(vs, vp);
	unlist(vs, vp);
	unclock(vs, vp);
	vnode_free(vp);
}

void
vnode_put(struct lwp *l, struct vnode *vp)
{
	uint32_t u = atomic_load_explicit(&vp->v_usecount, memory_order_relaxed);

	for (;;) {
		assert(u != 0 && !(u & VC_DYING));
		if (u > 1) {
			if (atomic_compare_exchange_weak(
				&vp->v_usecount, &u, u - 1))
				return;
			continue;
		}
		if (atomic_load(&vp->v_flag) & (VV_INACTIVE | VV_DEAD)) {
			if (!atomic_compare_exchange_weak(
				&vp->v_usecount, &u, VC_DYING))
				continue;
			vnode_destroy(l, vp);
			return;
		}
		atomic_store_explicit(&vp->v_recent, true, memory_order_relaxed);
		if (atomic_load(&vp->v_flag) & VV_NEW)
			vnode_made(vp);
		if (!atomic_compare_exchange_weak(&vp->v_usecount, &u, 0))
			continue;
		return;
	}
}

void
vnode_lock(struct vnode *vp, bool exclusive)
{
	gate_enter(vp, false);
	if (exclusive)
		kbrlock_wrlock(&vp->v_lock);
	else
		kbrlock_rdlock(&vp->v_lock);
}

void
vnode_unlock(struct vnode *vp)
{
	kbrlock_unlock(&vp->v_lock);
	gate_exit(vp);
}

int
vnode_lock_nested(struct vnode *vp)
{
	kbrlock_wrlock(&vp->v_lock);
	if (vnode_isdead(vp)) {
		kbrlock_unlock(&vp->v_lock);
		return -ENOENT;
	}
	return 0;
}

int
vnode_lock_alive(struct vnode *vp, bool exclusive)
{
	vnode_lock(vp, exclusive);
	if (vnode_isdead(vp)) {
		vnode_unlock(vp);
		return -ENOENT;
	}
	return 0;
}

void
vnode_kill(struct lwp *l, struct vnode *vp)
{
	struct vfs_state *vs = vfs_of(l);

	vnode_lock(vp, true);
	if (!vnode_isdead(vp)) {
		deactivate(l, vp);
		if (vp->v_ops->vop_reclaim != NULL)
			vp->v_ops->vop_reclaim(l, vp);
		vp->v_ops = &dead_vnodeops;
		vp->v_data = NULL;
		atomic_fetch_or(&vp->v_flag, VV_DEAD);
		ncache_purge(vp);
		unhash(vs, vp);
		unlist(vs, vp);
	}
	vnode_unlock(vp);
	if (vp->v_type == VFIFO)
		fifo_kill(vp);
	vn_note(vp, 0x40 /* NOTE_REVOKE */);
	selnotify(vp->v_k, &vp->v_sel, POLLHUP, 0);
}

/* --- the table --- */

/* The vnode of a number, alive and loaded, referenced; NULL. The bucket is locked; waits in it. */
static struct vnode *
find(struct vcache_bucket *vb, struct mount *mp, ino_t ino)
{
	struct vnode *vp;

again:
	for (vp = vb->vb_first; vp != NULL; vp = vp->v_hashnext) {
		if (vp->v_ino != ino || vp->v_mount != mp)
			continue;
		if (!(atomic_load(&vp->v_flag) & VV_LOADING) && vnode_tryget(vp))
			return vp;
		kcond_wait(&vb->vb_cond, &vb->vb_lock);
		goto again;
	}
	return NULL;
}

static int
enter(struct vcache_bucket *vb, struct mount *mp, ino_t ino, struct vnode **vpp)
{
	struct vnode *vp = kmem_zalloc(mp->mnt_k, sizeof(*vp));

	if (vp == NULL)
		return -ENOMEM;
	mount_get(mp);
	vp->v_k = mp->mnt_k;
	vp->v_mount = mp;
	vp->v_ino = ino;
	vp->v_usecount = 1;
	vp->v_flag = VV_LOADING;
	vp->v_hashnext = vb->vb_first;
	vb->vb_first = vp;
	*vpp = vp;
	return 0;
}

/* The end of loading: lets others at it, or takes it away again. */
static int
loaded(struct vfs_state *vs, struct vcache_bucket *vb, struct vnode *vp,
    int error, struct vnode **vpp)
{
	if (error != 0) {
		unhash(vs, vp);
		vnode_free(vp);
		return error;
	}
	list(vs, vp);
	kmutex_enter(&vb->vb_lock);
	atomic_fetch_and(&vp->v_flag, ~(unsigned)VV_LOADING);
	kcond_broadcast(&vb->vb_cond);
	kmutex_exit(&vb->vb_lock);
	*vpp = vp;
	return 0;
}

int
vcache_get(struct lwp *l, struct mount *mp, ino_t ino, struct vnode **vpp)
{
	struct vfs_state *vs = vfs_of(l);
	struct vcache_bucket *vb = bucket_of(vs, mp, ino);
	struct vnode *vp;
	int error;

	*vpp = NULL;
	kmutex_enter(&vb->vb_lock);
	vp = find(vb, mp, ino);
	if (vp != NULL) {
		kmutex_exit(&vb->vb_lock);
		*vpp = vp;
		return 0;
	}
	error = enter(vb, mp, ino, &vp);
	kmutex_exit(&vb->vb_lock);
	if (error != 0)
		return error;
	error = mp->mnt_op->vfs_loadvnode(l, mp, vp, ino);
	return loaded(vs, vb, vp, error, vpp);
}

struct vnode *
vcache_peek(struct mount *mp, ino_t ino)
{
	struct vcache_bucket *vb = bucket_of(mp->mnt_k->k_vfs, mp, ino);
	struct vnode *vp;

	kmutex_enter(&vb->vb_lock);
	vp = find(vb, mp, ino);
	kmutex_exit(&vb->vb_lock);
	return vp;
}

int
vcache_new(struct lwp *l, struct mount *mp, ino_t ino,
    int (*load)(struct lwp *, struct mount *, struct vnode *, void *),
    void *arg, struct vnode **vpp)
{
	struct vfs_state *vs = vfs_of(l);
	struct vcache_bucket *vb = bucket_of(vs, mp, ino);
	struct vnode *vp;
	int error;

	*vpp = NULL;
	kmutex_enter(&vb->vb_lock);
	vp = find(vb, mp, ino);
	if (vp != NULL) {
		kmutex_exit(&vb->vb_lock);
		vnode_put(l, vp);
		return -EEXIST;
	}
	error = enter(vb, mp, ino, &vp);
	kmutex_exit(&vb->vb_lock);
	if (error != 0)
		return error;
	error = load(l, mp, vp, arg);
	atomic_fetch_or(&vp->v_flag, VV_NEW);
	return loaded(vs, vb, vp, error, vpp);
}

int
vcache_foreach(struct lwp *l, struct mount *mp,
    int (*fn)(struct lwp *, struct vnode *, void *), void *arg)
{
	struct vfs_state *vs = vfs_of(l);
	struct vnode *vp, *prev = NULL;
	int error = 0;

	for (;;) {
		kmutex_enter(&vs->vs_vnlock);
		if (prev == NULL)
			vp = mp->mnt_vnodes;
		else /* killed meanwhile: the mount goes */
			vp = vnode_isdead(prev) ? NULL : prev->v_mntnext;
		while (vp != NULL &&
		    ((atomic_load(&vp->v_flag) & VV_NEW) || !vnode_tryget(vp)))
			vp = vp->v_mntnext;
		kmutex_exit(&vs->vs_vnlock);
		if (prev != NULL)
			vnode_put(l, prev);
		if (vp == NULL)
			return 0;
		error = fn(l, vp, arg);
		if (error != 0)
			break;
		prev = vp;
	}
	vnode_put(l, vp);
	return error;
}

/* --- giving up --- */

void
vcache_trim(struct lwp *l)
{
	struct vfs_state *vs = vfs_of(l);
	struct vnode *vp, *victim;
	unsigned steps = TRIM_STEPS;

	while (atomic_load_explicit(&vs->vs_nvnodes, memory_order_relaxed) >
		vs->vs_maxvnodes &&
	    steps > 0) {
		victim = NULL;
		kmutex_enter(&vs->vs_vnlock);
		for (;
		     steps > 0 && victim == NULL && (vp = vs->vs_clock) != NULL;
		     steps--) {
			uint32_t zero = 0;

			vs->vs_clock = vp->v_lrunext;
			if (atomic_load_explicit(
				&vp->v_usecount, memory_order_relaxed) != 0 ||
			    atomic_exchange_explicit(
				&vp->v_recent, false, memory_order_relaxed))
				continue;
			if (atomic_compare_exchange_strong(
				&vp->v_usecount, &zero, VC_DYING))
				victim = vp;
		}
		kmutex_exit(&vs->vs_vnlock);
		if (victim != NULL)
			vnode_destroy(l, victim);
	}
}

bool
vcache_mount_inuse(struct mount *mp)
{
	struct vfs_state *vs = mp->mnt_k->k_vfs;
	struct vnode *vp;
	bool used = false;

	kmutex_enter(&vs->vs_vnlock);
	for (vp = mp->mnt_vnodes; vp != NULL && !used; vp = vp->v_mntnext) {
		uint32_t u = atomic_load(&vp->v_usecount);

		if (u == 0 || (u & VC_DYING) ||
		    (atomic_load(&vp->v_flag) & VV_SYSTEM))
			continue;
		used = u > (vp == mp->mnt_root ? 1 : 0);
	}
	kmutex_exit(&vs->vs_vnlock);
	return used;
}

int
vcache_flush_mount(struct lwp *l, struct mount *mp, bool force)
{
	struct vfs_state *vs = vfs_of(l);
	struct vnode *vp;
	uint32_t u;

	for (;;) {
		enum { NONE, DYING, KILL, INUSE } what = NONE;

		kmutex_enter(&vs->vs_vnlock);
		for (vp = mp->mnt_vnodes; vp != NULL; vp = vp->v_mntnext) {
			u = 0;
			if (atomic_compare_exchange_strong(
				&vp->v_usecount, &u, VC_DYING))
				what = DYING;
			else if (u & VC_DYING)
				continue;
			else if (!force &&
			    !(atomic_load(&vp->v_flag) & VV_SYSTEM))
				what = INUSE;
			else if (vnode_tryget(vp))
				what = KILL;
			else
				continue;
			break;
		}
		if (mp->mnt_vnodes == NULL) {
			kmutex_exit(&vs->vs_vnlock);
			return 0;
		}
		kmutex_exit(&vs->vs_vnlock);
		switch (what) {
		case NONE:
			host_yield(); /* others are taking the rest apart */
			break;
		case DYING:
			vnode_destroy(l, vp);
			break;
		case KILL:
			vnode_kill(l, vp);
			vnode_put(l, vp);
			break;
		case INUSE:
			return -EBUSY;
		}
	}
}
