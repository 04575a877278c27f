/* SPDX-License-Identifier: BSD-2-Clause */
/* quotactl(2) on a mounted FFS with quotas: vfs/vfs_quotactl.c has checked who may, and has copied what the arguments point at. */
#include "fs/ffs/ffs_quota2.h"

/* A cursor: opaque to who has it, so nothing in it is believed. */
#define CURSOR_MAGIC 0x71324376u
struct cursor {
	uint32_t c_magic;
	uint32_t c_skip; /* a bit an id type */
	uint32_t c_type; /* MAXQUOTAS: at the end */
	uint32_t c_pos;	 /* 0: the default entry; n + 1: q_ents[n] */
	uint32_t c_obj;
};
_Static_assert(sizeof(struct cursor) <= sizeof(struct quotakcursor), "cursor");

static void
name_to(char *to, size_t n, const char *name)
{
	memset(to, 0, n);
	memcpy(to, name, strlen(name));
}

static int
stat_idtype(int type, struct quotaidtypestat *st)
{
	if (type != QUOTA_IDTYPE_USER && type != QUOTA_IDTYPE_GROUP)
		return -EINVAL;
	name_to(st->qis_name, sizeof(st->qis_name),
	    type == QUOTA_IDTYPE_USER ? "user" : "group");
	return 0;
}

static int
stat_objtype(int type, struct quotaobjtypestat *st)
{
	if (type != QUOTA_OBJTYPE_BLOCKS && type != QUOTA_OBJTYPE_FILES)
		return -EINVAL;
	name_to(st->qos_name, sizeof(st->qos_name),
	    type == QUOTA_OBJTYPE_BLOCKS ? "block" : "file");
	st->qos_isbytes = type == QUOTA_OBJTYPE_BLOCKS;
	return 0;
}

static void
to_user(const struct q2val *v, struct quotaval *u)
{
	memset(u, 0, sizeof(*u));
	u->qv_hardlimit = v->v_hard;
	u->qv_softlimit = v->v_soft;
	u->qv_usage = v->v_cur;
	u->qv_expiretime = v->v_time == 0 ? QUOTA_NOTIME : v->v_time;
	u->qv_grace = v->v_grace;
}

static void
from_user(struct q2val *v, const struct quotaval *u, int64_t now)
{
	v->v_hard = u->qv_hardlimit;
	v->v_soft = u->qv_softlimit;
	v->v_grace = u->qv_grace;
	if (u->qv_expiretime > 0)
		v->v_time = u->qv_expiretime;
	ffs_quota_settime(v, now);
}

/* The file that a key is about. */
static int
file_of(struct ffs_quota *q, const struct quotakey *k, struct q2file **qp)
{
	if (k->qk_idtype < 0 || k->qk_idtype >= MAXQUOTAS ||
	    k->qk_objtype < 0 || k->qk_objtype >= N_QL)
		return -EINVAL;
	*qp = &q->q_file[k->qk_idtype];
	return (*qp)->q_on ? 0 : -ENODEV;
}

static int
get(struct ffs_quota *q, const struct quotakey *k, struct quotaval *u)
{
	struct q2file *f;
	struct q2ent *e;
	int error;

	if ((error = file_of(q, k, &f)) != 0)
		return error;
	if (k->qk_id == QUOTA_DEFAULTID) {
		to_user(&f->q_def[k->qk_objtype], u);
		return 0;
	}
	if ((e = q2_find(f, k->qk_id)) == NULL)
		return -ENOENT;
	to_user(&e->e_val[k->qk_objtype], u);
	return 0;
}

static int
put(struct lwp *l, struct ffsmount *ump, const struct quotakey *k,
    const struct quotaval *u)
{
	struct ffs_quota *q = ump->um_quota;
	struct q2file *f;
	struct q2ent *e;
	struct q2val *v;
	int error;

	if ((error = file_of(q, k, &f)) != 0)
		return error;
	if (k->qk_id == QUOTA_DEFAULTID) {
		v = &f->q_def[k->qk_objtype];
		v->v_hard = u->qv_hardlimit;
		v->v_soft = u->qv_softlimit;
		v->v_grace = u->qv_grace;
		return q2_store_default(ump, f);
	}
	e = q2_find(f, k->qk_id);
	if (e == NULL && (error = q2_make(l, ump, f, k->qk_id, &e)) != 0)
		return error;
	from_user(&e->e_val[k->qk_objtype], u, kern_time_second(ump->um_k));
	return q2_store(ump, f, e);
}

/* Nothing that is not the default's, and nothing used. */
static bool
says_nothing(const struct q2file *f, const struct q2ent *e)
{
	for (int i = 0; i < N_QL; i++)
		if (e->e_val[i].v_cur != 0 ||
		    e->e_val[i].v_hard != f->q_def[i].v_hard ||
		    e->e_val[i].v_soft != f->q_def[i].v_soft ||
		    e->e_val[i].v_grace != f->q_def[i].v_grace)
			return false;
	return true;
}

static int delete (struct ffsmount *ump, const struct quotakey *k)
{
	struct ffs_quota *q = ump->um_quota;
	struct q2val *v, *d;
	struct q2file *f;
	struct q2ent *e;
	int error;

	if ((error = file_of(q, k, &f)) != 0)
		return error;
	/* There always are defaults. */
	if (k->qk_id == QUOTA_DEFAULTID)
		return -EOPNOTSUPP;
	if ((e = q2_find(f, k->qk_id)) == NULL)
		return -ENOENT;
	v = &e->e_val[k->qk_objtype];
	d = &f->q_def[k->qk_objtype];
	v->v_hard = d->v_hard;
	v->v_soft = d->v_soft;
	v->v_grace = d->v_grace;
	v->v_time = 0;
	ffs_quota_settime(v, kern_time_second(ump->um_k));
	error = q2_store(ump, f, e);
	if (error == 0 && says_nothing(f, e))
		error = q2_drop(ump, f, e);
	return error;
}

/* --- cursors --- */

static int
cursor_get(const struct quotakcursor *kc, struct cursor *c)
{
	memcpy(c, kc, sizeof(*c));
	return c->c_magic == CURSOR_MAGIC && c->c_type <= MAXQUOTAS &&
		c->c_obj < N_QL ?
	    0 :
	    -EINVAL;
}

static void
cursor_put(struct quotakcursor *kc, const struct cursor *c)
{
	memset(kc, 0, sizeof(*kc));
	memcpy(kc, c, sizeof(*c));
}

/* Moves on to what there is, if need be. False: the end. */
static bool
cursor_settle(struct ffs_quota *q, struct cursor *c)
{
	for (; c->c_type < MAXQUOTAS; c->c_type++, c->c_pos = c->c_obj = 0) {
		const struct q2file *f = &q->q_file[c->c_type];

		if (!f->q_on || (c->c_skip & 1u << c->c_type) != 0)
			continue;
		for (; c->c_pos <= f->q_nents; c->c_pos++, c->c_obj = 0)
			if (c->c_pos == 0 || f->q_ents[c->c_pos - 1].e_off != 0)
				return true;
	}
	return false;
}

static void
cursor_read(struct ffs_quota *q, struct cursor *c, struct quotakey *k,
    struct quotaval *v)
{
	const struct q2file *f = &q->q_file[c->c_type];
	const struct q2ent *e = c->c_pos == 0 ? NULL : &f->q_ents[c->c_pos - 1];

	k->qk_idtype = (int)c->c_type;
	k->qk_id = e == NULL ? QUOTA_DEFAULTID : e->e_id;
	k->qk_objtype = (int)c->c_obj;
	to_user(e == NULL ? &f->q_def[c->c_obj] : &e->e_val[c->c_obj], v);
	if (++c->c_obj == N_QL) {
		c->c_obj = 0;
		c->c_pos++;
	}
}

static int
cursor_op(struct ffs_quota *q, struct quotactl_args *a)
{
	/* The same place in each of the operations' arguments. */
	struct quotakcursor *kc = a->u.cursoropen.qc_cursor;
	struct cursor c = { .c_magic = CURSOR_MAGIC };
	unsigned n = 0;
	int error = 0;

	if (a->qc_op != QUOTACTL_CURSOROPEN && (error = cursor_get(kc, &c)) != 0)
		return error;
	switch (a->qc_op) {
	case QUOTACTL_CURSORSKIPIDTYPE:
		if (a->u.cursorskipidtype.qc_idtype < 0 ||
		    a->u.cursorskipidtype.qc_idtype >= MAXQUOTAS)
			return -EINVAL;
		c.c_skip |= 1u << a->u.cursorskipidtype.qc_idtype;
		break;
	case QUOTACTL_CURSORGET:
		for (; n < a->u.cursorget.qc_maxnum && cursor_settle(q, &c); n++)
			cursor_read(q, &c, &a->u.cursorget.qc_keys[n],
			    &a->u.cursorget.qc_vals[n]);
		*a->u.cursorget.qc_ret = n;
		break;
	case QUOTACTL_CURSORATEND:
		*a->u.cursoratend.qc_ret = !cursor_settle(q, &c);
		break;
	case QUOTACTL_CURSORREWIND:
		c.c_type = c.c_pos = c.c_obj = 0;
		break;
	case QUOTACTL_CURSORCLOSE:
		c.c_magic = 0;
		break;
	default:
		break;
	}
	cursor_put(kc, &c);
	return 0;
}

/* --- all of them --- */

static int
change(struct lwp *l, struct ffsmount *ump, struct quotactl_args *a)
{
	struct ffs_quota *q = ump->um_quota;
	int error;

	if ((error = ffs_begin(ump, l)) != 0)
		return error;
	kmutex_enter(&q->q_lock);
	if (a->qc_op == QUOTACTL_PUT)
		error = put(l, ump, a->u.put.qc_key, a->u.put.qc_val);
	else
		error = delete (ump, a->u.del.qc_key);
	if (error == -EIO)
		ffs_quota_damaged(ump, USRQUOTA);
	kmutex_exit(&q->q_lock);
	ffs_end(ump, l);
	return error;
}

int
ffs_quotactl(struct lwp *l, struct mount *mp, struct quotactl_args *a)
{
	struct ffsmount *ump = MPTOUM(mp);
	struct ffs_quota *q = ump->um_quota;
	int error;

	if (q == NULL)
		return -EOPNOTSUPP;
	switch (a->qc_op) {
	case QUOTACTL_STAT:
		memset(a->u.stat.qc_info, 0, sizeof(*a->u.stat.qc_info));
		name_to(a->u.stat.qc_info->qs_implname,
		    sizeof(a->u.stat.qc_info->qs_implname), "ufs/ffs quota v2");
		a->u.stat.qc_info->qs_numidtypes = MAXQUOTAS;
		a->u.stat.qc_info->qs_numobjtypes = N_QL;
		return 0;
	case QUOTACTL_IDTYPESTAT:
		return stat_idtype(
		    a->u.idtypestat.qc_idtype, a->u.idtypestat.qc_info);
	case QUOTACTL_OBJTYPESTAT:
		return stat_objtype(
		    a->u.objtypestat.qc_objtype, a->u.objtypestat.qc_info);
	case QUOTACTL_GET:
		kmutex_enter(&q->q_lock);
		error = get(q, a->u.get.qc_key, a->u.get.qc_val);
		kmutex_exit(&q->q_lock);
		return error;
	case QUOTACTL_PUT:
	case QUOTACTL_DEL:
		return change(l, ump, a);
	/* They belong to the file system: always on. */
	case QUOTACTL_QUOTAON:
		return -EBUSY;
	case QUOTACTL_QUOTAOFF:
		return -EOPNOTSUPP;
	default:
		kmutex_enter(&q->q_lock);
		error = cursor_op(q, a);
		kmutex_exit(&q->q_lock);
		return error;
	}
}
