/* SPDX-License-Identifier: BSD-2-Clause */
/* A process's place in the tree: current directory, root, umask. */
#include "vfs/vfs_impl.h"

int
cwd_create(struct rump_kernel *k, struct cwdinfo **cwdip)
{
	struct cwdinfo *c = kmem_zalloc(k, sizeof(*c));

	*cwdip = NULL;
	if (c == NULL)
		return -ENOMEM;
	c->cwdi_refs = 1;
	c->cwdi_cmask = 022;
	c->cwdi_cdir = k->k_vfs->vs_root;
	vnode_get(c->cwdi_cdir);
	*cwdip = c;
	return 0;
}

int
cwd_copy(struct cwdinfo *old, struct cwdinfo **cwdip)
{
	struct cwdinfo *c;

	krwlock_rdlock(&old->cwdi_lock);
	c = kmem_zalloc(old->cwdi_cdir->v_k, sizeof(*c));
	if (c != NULL) {
		c->cwdi_refs = 1;
		c->cwdi_cmask = old->cwdi_cmask;
		c->cwdi_cdir = old->cwdi_cdir;
		vnode_get(c->cwdi_cdir);
		c->cwdi_rdir = old->cwdi_rdir;
		if (c->cwdi_rdir != NULL)
			vnode_get(c->cwdi_rdir);
	}
	krwlock_unlock(&old->cwdi_lock);
	*cwdip = c;
	return c == NULL ? -ENOMEM : 0;
}

struct cwdinfo *
cwd_share(struct cwdinfo *c)
{
	atomic_fetch_add(&c->cwdi_refs, 1);
	return c;
}

void
cwd_put(struct lwp *l, struct cwdinfo *c)
{
	if (atomic_fetch_sub(&c->cwdi_refs, 1) > 1)
		return;
	vnode_put(l, c->cwdi_cdir);
	if (c->cwdi_rdir != NULL)
		vnode_put(l, c->cwdi_rdir);
	kmem_free(l->l_k, c, sizeof(*c));
}

/* A directory that something was mounted on since it became a place stands for what is mounted there. */
static int
settle(struct lwp *l, struct vnode *vp, struct vnode **vpp)
{
	int error = 0;

	if (atomic_load_explicit(&vp->v_mountedhere, memory_order_relaxed) !=
	    NULL)
		error = mount_cross(l, &vp);
	if (error != 0) {
		vnode_put(l, vp);
		vp = NULL;
	}
	*vpp = vp;
	return error;
}

int
cwd_getcwd(struct lwp *l, struct vnode **vpp)
{
	struct cwdinfo *c = l->l_proc->p_cwdi;
	struct vnode *vp;

	if (c == NULL) {
		vp = vfs_of(l)->vs_root;
		vnode_get(vp);
		return settle(l, vp, vpp);
	}
	krwlock_rdlock(&c->cwdi_lock);
	vp = c->cwdi_cdir;
	vnode_get(vp);
	krwlock_unlock(&c->cwdi_lock);
	return settle(l, vp, vpp);
}

int
cwd_getroot(struct lwp *l, struct vnode **vpp)
{
	struct cwdinfo *c = l->l_proc->p_cwdi;
	struct vnode *vp = NULL;

	if (c != NULL) {
		krwlock_rdlock(&c->cwdi_lock);
		vp = c->cwdi_rdir;
		if (vp != NULL)
			vnode_get(vp);
		krwlock_unlock(&c->cwdi_lock);
	}
	if (vp == NULL) {
		vp = vfs_of(l)->vs_root;
		vnode_get(vp);
	}
	return settle(l, vp, vpp);
}
