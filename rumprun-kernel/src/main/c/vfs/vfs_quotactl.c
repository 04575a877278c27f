/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quotactl: which file system, who may, and the way in and out of what the arguments point at. The file system is given the same arguments, with
 * pointers to the kernel's copies.
 */
#include <netbsd/quota.h>
#include "vfs/vfs_impl.h"

#define MAXGET 256 /* keys and values in one call: the caller asks again */

struct request {
	struct quotactl_args in, k; /* the user's, and the file system's */
	union {
		struct quotastat stat;
		struct quotaidtypestat idtype;
		struct quotaobjtypestat objtype;
	} info;
	struct quotakey key;
	struct quotaval val;
	struct quotakcursor cursor;
	unsigned num;
	int atend;
	struct quotakey *keys; /* num of them, of a cursor */
	struct quotaval *vals;
};

static int
key_in(struct lwp *l, struct request *r, const struct quotakey *ukey)
{
	return copyin(l, ukey, &r->key, sizeof(r->key));
}

/* Everybody may see his own. */
static int
may_get(struct lwp *l, const struct quotakey *k)
{
	if (cred_issuser(l->l_cred))
		return 0;
	if (k->qk_id == QUOTA_DEFAULTID)
		return -EPERM;
	if (k->qk_idtype == QUOTA_IDTYPE_USER)
		return k->qk_id == l->l_cred->cr_euid ? 0 : -EPERM;
	if (k->qk_idtype == QUOTA_IDTYPE_GROUP)
		return cred_groupmember(l->l_cred, k->qk_id) ? 0 : -EPERM;
	return -EINVAL;
}

static int
cursor_in(struct lwp *l, struct request *r)
{
	int error;

	r->k.u.cursoropen.qc_cursor = &r->cursor;
	if (r->k.qc_op == QUOTACTL_CURSOROPEN)
		return 0;
	error = copyin(
	    l, r->in.u.cursoropen.qc_cursor, &r->cursor, sizeof(r->cursor));
	if (error != 0)
		return error;
	if (r->k.qc_op == QUOTACTL_CURSORATEND)
		r->k.u.cursoratend.qc_ret = &r->atend;
	if (r->k.qc_op != QUOTACTL_CURSORGET)
		return 0;
	if (!cred_issuser(l->l_cred))
		return -EPERM;
	r->num = r->in.u.cursorget.qc_maxnum;
	if (r->num > MAXGET)
		r->num = MAXGET;
	r->k.u.cursorget.qc_maxnum = r->num;
	r->k.u.cursorget.qc_ret = &r->num;
	r->keys = kmem_calloc(l->l_k, MAXGET, sizeof(*r->keys));
	r->vals = kmem_calloc(l->l_k, MAXGET, sizeof(*r->vals));
	r->k.u.cursorget.qc_keys = r->keys;
	r->k.u.cursorget.qc_vals = r->vals;
	return r->keys == NULL || r->vals == NULL ? -ENOMEM : 0;
}

/* The file system's arguments from the user's. */
static int
way_in(struct lwp *l, struct request *r)
{
	int error;

	r->k = r->in;
	switch (r->k.qc_op) {
	case QUOTACTL_STAT:
		r->k.u.stat.qc_info = &r->info.stat;
		return 0;
	case QUOTACTL_IDTYPESTAT:
		r->k.u.idtypestat.qc_info = &r->info.idtype;
		return 0;
	case QUOTACTL_OBJTYPESTAT:
		r->k.u.objtypestat.qc_info = &r->info.objtype;
		return 0;
	case QUOTACTL_GET:
		r->k.u.get.qc_key = &r->key;
		r->k.u.get.qc_val = &r->val;
		error = key_in(l, r, r->in.u.get.qc_key);
		return error != 0 ? error : may_get(l, &r->key);
	case QUOTACTL_PUT:
		r->k.u.put.qc_key = &r->key;
		r->k.u.put.qc_val = &r->val;
		if ((error = key_in(l, r, r->in.u.put.qc_key)) == 0)
			error = copyin(
			    l, r->in.u.put.qc_val, &r->val, sizeof(r->val));
		break;
	case QUOTACTL_DEL:
		r->k.u.del.qc_key = &r->key;
		error = key_in(l, r, r->in.u.del.qc_key);
		break;
	case QUOTACTL_QUOTAON:
	case QUOTACTL_QUOTAOFF:
		error = 0;
		break;
	default:
		return cursor_in(l, r);
	}
	return error == 0 && !cred_issuser(l->l_cred) ? -EPERM : error;
}

static int
way_out(struct lwp *l, struct request *r)
{
	const struct quotactl_args *u = &r->in;
	int error = 0;

	switch (r->k.qc_op) {
	case QUOTACTL_STAT:
		return copyout(
		    l, &r->info.stat, u->u.stat.qc_info, sizeof(r->info.stat));
	case QUOTACTL_IDTYPESTAT:
		return copyout(l, &r->info.idtype, u->u.idtypestat.qc_info,
		    sizeof(r->info.idtype));
	case QUOTACTL_OBJTYPESTAT:
		return copyout(l, &r->info.objtype, u->u.objtypestat.qc_info,
		    sizeof(r->info.objtype));
	case QUOTACTL_GET:
		return copyout(l, &r->val, u->u.get.qc_val, sizeof(r->val));
	case QUOTACTL_PUT:
	case QUOTACTL_DEL:
	case QUOTACTL_QUOTAON:
	case QUOTACTL_QUOTAOFF:
		return 0;
	case QUOTACTL_CURSORGET:
		if (r->num > 0)
			error = copyout(l, r->keys, u->u.cursorget.qc_keys,
			    r->num * sizeof(*r->keys));
		if (error == 0 && r->num > 0)
			error = copyout(l, r->vals, u->u.cursorget.qc_vals,
			    r->num * sizeof(*r->vals));
		if (error == 0)
			error = copyout(
			    l, &r->num, u->u.cursorget.qc_ret, sizeof(r->num));
		break;
	case QUOTACTL_CURSORATEND:
		error = copyout(
		    l, &r->atend, u->u.cursoratend.qc_ret, sizeof(r->atend));
		break;
	default:
		break;
	}
	return error != 0 ?
	    error :
	    copyout(l, &r->cursor, u->u.cursoropen.qc_cursor, sizeof(r->cursor));
}

static int
quotactl(struct lwp *l, struct mount *mp, struct request *r)
{
	int error;

	if (r->in.qc_op > QUOTACTL_QUOTAOFF)
		return -EINVAL;
	if (mp->mnt_op->vfs_quotactl == NULL)
		return -EOPNOTSUPP;
	if ((error = way_in(l, r)) == 0 && (error = vfs_busy(mp)) == 0) {
		error = mp->mnt_op->vfs_quotactl(l, mp, &r->k);
		vfs_unbusy(mp);
	}
	if (error == 0)
		error = way_out(l, r);
	if (r->keys != NULL)
		kmem_free(l->l_k, r->keys, MAXGET * sizeof(*r->keys));
	if (r->vals != NULL)
		kmem_free(l->l_k, r->vals, MAXGET * sizeof(*r->vals));
	return error;
}

int
sys___quotactl(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___quotactl_args *uap = v;
	struct nameidata nd;
	struct request *r;
	int error;

	(void)rv;
	if ((r = kmem_zalloc(l->l_k, sizeof(*r))) == NULL)
		return -ENOMEM;
	error = copyin(l, SCARG(uap, args), &r->in, sizeof(r->in));
	if (error == 0) {
		namei_init(&nd, l, LOOKUP, NI_FOLLOW, SCARG(uap, path));
		if ((error = namei(&nd)) == 0)
			error = quotactl(l, nd.ni_vp->v_mount, r);
		namei_done(&nd);
	}
	kmem_free(l->l_k, r, sizeof(*r));
	return error;
}
