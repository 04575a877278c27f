/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials: immutable once shared, counted. */
#include "kern/kernel.h"

struct cred *
cred_get(struct cred *c)
{
	atomic_fetch_add_explicit(&c->cr_refs, 1, memory_order_relaxed);
	return c;
}

void
cred_put(struct cred *c)
{
	if (c != NULL && atomic_fetch_sub(&c->cr_refs, 1) == 1)
		kmem_free(c->cr_k, c, sizeof(*c));
}

int
cred_copy(struct rump_kernel *k, const struct cred *from, struct cred **cp)
{
	struct cred *c = kmem_zalloc(k, sizeof(*c));

	*cp = c;
	if (c == NULL)
		return -ENOMEM;
	c->cr_refs = 1;
	c->cr_k = k;
	if (from == NULL)
		return 0;
	c->cr_uid = from->cr_uid;
	c->cr_euid = from->cr_euid;
	c->cr_svuid = from->cr_svuid;
	c->cr_gid = from->cr_gid;
	c->cr_egid = from->cr_egid;
	c->cr_svgid = from->cr_svgid;
	c->cr_ngroups = from->cr_ngroups;
	memcpy(c->cr_groups, from->cr_groups, sizeof(c->cr_groups));
	return 0;
}

bool
cred_groupmember(const struct cred *c, gid_t gid)
{
	if (c->cr_egid == gid)
		return true;
	for (int i = 0; i < c->cr_ngroups; i++)
		if (c->cr_groups[i] == gid)
			return true;
	return false;
}

void
proc_setcred(struct proc *p, struct lwp *l, struct cred *c)
{
	struct cred *old, *mine = NULL;

	kmutex_enter(&p->p_lock);
	old = p->p_cred;
	p->p_cred = c;
	if (l != NULL && l->l_proc == p) {
		mine = l->l_cred;
		l->l_cred = cred_get(c);
	}
	kmutex_exit(&p->p_lock);
	cred_put(mine);
	cred_put(old);
}
