/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Quotas: what each user and group has of the file system, and may have.
 *
 * Charged is whom the inode says, when disk or the inode is taken; the limits are those of the owner, but the superuser is not held to them. Quota files
 * and the journal are nobody's. A count changes in the transaction of what it counts. Literature: quota(1), edquota(8), libquota(3).
 */
#include "fs/ffs/ffs_quota2.h"

void
ffs_quota_damaged(struct ffsmount *ump, int type)
{
	bool first;

	kmutex_enter(&ump->um_lock);
	first = !ump->um_check;
	kmutex_exit(&ump->um_lock);
	ffs_must_check(ump);
	if (first)
		kern_printf(ump->um_k, "%s: %s quotas are damaged\n",
		    (const char *)ump->um_fs.fs_fsmnt,
		    type == USRQUOTA ? "user" : "group");
}

bool
ffs_quota_isfile(const struct ffsmount *ump, ino_t ino)
{
	const struct fs *fs = &ump->um_fs;

	if (ump->um_oldsb || (fs->fs_flags & FS_DOQUOTA2) == 0)
		return false;
	for (int i = 0; i < MAXQUOTAS; i++)
		if ((fs->fs_quota_flags & 1u << i) != 0 &&
		    fs->fs_quotafile[i] == ino)
			return true;
	return false;
}

bool
ffs_quota_exempt(const struct ffsmount *ump, ino_t ino)
{
	const struct fs *fs = &ump->um_fs;

	return ffs_quota_isfile(ump, ino) ||
	    (!ump->um_oldsb && fs->fs_journal_version == UFS_WAPBL_VERSION &&
		fs->fs_journal_location == UFS_WAPBL_JOURNALLOC_IN_FILESYSTEM &&
		fs->fs_journallocs[UFS_WAPBL_INFS_INO] == ino);
}

/* --- start and stop --- */

static int
start(struct lwp *l, struct ffsmount *ump, struct ffs_quota *q)
{
	int error = 0;

	if (ump->um_fs.fs_quota_magic != Q2_HEAD_MAGIC) {
		ffs_quota_damaged(ump, USRQUOTA);
		return -EINVAL;
	}
	for (int i = 0; i < MAXQUOTAS && error == 0; i++) {
		if ((ump->um_fs.fs_quota_flags & 1u << i) == 0)
			continue;
		error = q2_open(l, ump, i, &q->q_file[i]);
		if (error == -EINVAL || error == -EIO)
			ffs_quota_damaged(ump, i);
	}
	return error;
}

int
ffs_quota_start(struct ffsmount *ump, struct lwp *l)
{
	struct ffs_quota *q;
	int error;

	if (ump->um_oldsb || (ump->um_fs.fs_flags & FS_DOQUOTA2) == 0 ||
	    ump->um_quota != NULL)
		return 0;
	if ((q = kmem_zalloc(ump->um_k, sizeof(*q))) == NULL)
		return -ENOMEM;
	ump->um_quota = q;
	if ((error = start(l, ump, q)) == 0) {
		atomic_fetch_or(&ump->um_mp->mnt_flag, MNT_QUOTA);
		return 0;
	}
	ffs_quota_stop(ump);
	/* fsck -p has to look at it, though it was clean or has a log. */
	if (ump->um_check && !ump->um_dev->b_readonly) {
		ump->um_fs.fs_flags &= ~(uint32_t)FS_DOWAPBL;
		if (ffs_sbupdate(ump) == 0 &&
		    bcache_flush(ump->um_bc, true) == 0 &&
		    ump->um_replay != NULL)
			(void)!wapbl_replay_clear(ump->um_replay);
	}
	return error;
}

void
ffs_quota_stop(struct ffsmount *ump)
{
	struct ffs_quota *q = ump->um_quota;

	if (q == NULL)
		return;
	atomic_fetch_and(&ump->um_mp->mnt_flag, ~MNT_QUOTA);
	for (int i = 0; i < MAXQUOTAS; i++)
		q2_close(ump, &q->q_file[i]);
	ump->um_quota = NULL;
	kmem_free(ump->um_k, q, sizeof(*q));
}

/* --- limits --- */

/* Of `want` pieces of `unit`: how many fit. */
static uint64_t
fits(const struct q2val *v, uint64_t want, uint64_t unit, int64_t now)
{
	uint64_t top = v->v_hard, n;

	/* Over the soft limit for longer than is forgiven. */
	if (v->v_soft < top && v->v_cur > v->v_soft && v->v_time != 0 &&
	    now > v->v_time)
		top = v->v_soft;
	if (v->v_cur >= top)
		return 0;
	n = (top - v->v_cur) / unit;
	return n < want ? n : want;
}

static void
add(struct q2val *v, uint64_t n, int64_t now)
{
	v->v_cur = n > UINT64_MAX - v->v_cur ? UINT64_MAX : v->v_cur + n;
	if (v->v_cur <= v->v_soft)
		v->v_time = 0;
	/* The time begins to run. Without an end: the limit only tells. */
	else if (v->v_time == 0 && v->v_grace >= 0)
		v->v_time = v->v_grace > INT64_MAX - now ? INT64_MAX :
							   now + v->v_grace;
}

/* False: there was less. */
static bool
sub(struct q2val *v, uint64_t n)
{
	bool ok = n <= v->v_cur;

	v->v_cur = ok ? v->v_cur - n : 0;
	if (v->v_cur <= v->v_soft)
		v->v_time = 0;
	return ok;
}

void
ffs_quota_settime(struct q2val *v, int64_t now)
{
	add(v, 0, now);
}

/* --- charges --- */

/* What is charged, to whom: ids by type; a type that is not kept, or not wanted, has no entry. */
struct charge {
	struct lwp *c_l;
	struct ffsmount *c_ump;
	uint32_t c_id[MAXQUOTAS];
	bool c_skip[MAXQUOTAS];
	struct q2ent *c_ent[MAXQUOTAS];
};

static int
find_all(struct charge *c, bool make)
{
	struct ffs_quota *q = c->c_ump->um_quota;
	int error;

	for (int i = 0; i < MAXQUOTAS; i++) {
		c->c_ent[i] = NULL;
		if (!q->q_file[i].q_on || c->c_skip[i])
			continue;
		c->c_ent[i] = q2_find(&q->q_file[i], c->c_id[i]);
		if (c->c_ent[i] != NULL)
			continue;
		if (!make) {
			/* It has something, and was never counted. */
			ffs_quota_damaged(c->c_ump, i);
			continue;
		}
		error = q2_make(
		    c->c_l, c->c_ump, &q->q_file[i], c->c_id[i], &c->c_ent[i]);
		if (error != 0) {
			if (error == -EIO)
				ffs_quota_damaged(c->c_ump, i);
			return error;
		}
	}
	return 0;
}

static int
store_all(struct charge *c)
{
	struct ffs_quota *q = c->c_ump->um_quota;
	int error = 0, e;

	for (int i = 0; i < MAXQUOTAS; i++) {
		if (c->c_ent[i] == NULL)
			continue;
		e = q2_store(c->c_ump, &q->q_file[i], c->c_ent[i]);
		if (e != 0) {
			ffs_quota_damaged(c->c_ump, i);
			error = e;
		}
	}
	return error;
}

/* How many of `want` pieces the limits of all allow. */
static uint64_t
fits_all(const struct charge *c, int what, uint64_t want, uint64_t unit)
{
	int64_t now = kern_time_second(c->c_ump->um_k);

	if (cred_issuser(c->c_l->l_cred))
		return want;
	for (int i = 0; i < MAXQUOTAS; i++)
		if (c->c_ent[i] != NULL)
			want = fits(&c->c_ent[i]->e_val[what], want, unit, now);
	return want;
}

static void
add_all(const struct charge *c, int what, uint64_t n)
{
	int64_t now = kern_time_second(c->c_ump->um_k);

	for (int i = 0; i < MAXQUOTAS; i++)
		if (c->c_ent[i] != NULL)
			add(&c->c_ent[i]->e_val[what], n, now);
}

static void
sub_all(const struct charge *c, int what, uint64_t n)
{
	for (int i = 0; i < MAXQUOTAS; i++)
		if (c->c_ent[i] != NULL && !sub(&c->c_ent[i]->e_val[what], n))
			ffs_quota_damaged(c->c_ump, i);
}

static struct charge
owners(struct lwp *l, struct ffsmount *ump, uint32_t uid, uint32_t gid)
{
	struct charge c = { .c_l = l, .c_ump = ump };

	c.c_id[USRQUOTA] = uid;
	c.c_id[GRPQUOTA] = gid;
	return c;
}

/* Takes what is allowed of `want` pieces of `unit`, at least one. */
static int
take(struct charge *c, int what, uint64_t want, uint64_t unit, uint64_t *gotp)
{
	struct ffs_quota *q = c->c_ump->um_quota;
	int error;

	kmutex_enter(&q->q_lock);
	if ((error = find_all(c, true)) == 0) {
		*gotp = fits_all(c, what, want, unit);
		if (*gotp == 0) {
			error = -EDQUOT;
		} else {
			add_all(c, what, *gotp * unit);
			error = store_all(c);
			if (error != 0)
				sub_all(c, what, *gotp * unit);
		}
	}
	kmutex_exit(&q->q_lock);
	return error;
}

static void
give(struct charge *c, int what, uint64_t n)
{
	struct ffs_quota *q = c->c_ump->um_quota;

	kmutex_enter(&q->q_lock);
	(void)!find_all(c, false);
	sub_all(c, what, n);
	(void)!store_all(c);
	kmutex_exit(&q->q_lock);
}

int
ffs_quota_take_blocks(
    struct lwp *l, struct inode *ip, int64_t want, int64_t unit, int64_t *gotp)
{
	struct charge c = owners(l, ip->i_ump, ip->i_d.di_uid, ip->i_d.di_gid);
	uint64_t got;
	int error;

	error = take(&c, QL_BLOCK, (uint64_t)want, (uint64_t)unit, &got);
	if (error == 0)
		*gotp = (int64_t)got;
	return error;
}

void
ffs_quota_give_blocks(struct inode *ip, uint64_t n)
{
	struct charge c = owners(
	    NULL, ip->i_ump, ip->i_d.di_uid, ip->i_d.di_gid);

	give(&c, QL_BLOCK, n);
}

int
ffs_quota_take_inode(
    struct lwp *l, struct ffsmount *ump, uint32_t uid, uint32_t gid)
{
	struct charge c = owners(l, ump, uid, gid);
	uint64_t got;

	return take(&c, QL_FILE, 1, 1, &got);
}

void
ffs_quota_give_inode(struct ffsmount *ump, uint32_t uid, uint32_t gid)
{
	struct charge c = owners(NULL, ump, uid, gid);

	give(&c, QL_FILE, 1);
}

/* --- another owner --- */

static int
move(struct charge *from, struct charge *to, uint64_t blocks)
{
	int error;

	/* Entries may come: then those that were found have moved in memory. */
	if ((error = find_all(to, true)) != 0)
		return error;
	(void)!find_all(from, false);
	if (blocks > 0 && fits_all(to, QL_BLOCK, 1, blocks) == 0)
		return -EDQUOT;
	if (fits_all(to, QL_FILE, 1, 1) == 0)
		return -EDQUOT;
	sub_all(from, QL_BLOCK, blocks);
	sub_all(from, QL_FILE, 1);
	add_all(to, QL_BLOCK, blocks);
	add_all(to, QL_FILE, 1);
	(void)!store_all(from);
	return store_all(to);
}

int
ffs_quota_chown(struct lwp *l, struct inode *ip, uint32_t uid, uint32_t gid)
{
	struct charge from = owners(
	    l, ip->i_ump, ip->i_d.di_uid, ip->i_d.di_gid);
	struct charge to = owners(l, ip->i_ump, uid, gid);
	struct ffs_quota *q = ip->i_ump->um_quota;
	int error;

	for (int i = 0; i < MAXQUOTAS; i++)
		from.c_skip[i] = to.c_skip[i] = from.c_id[i] == to.c_id[i];
	kmutex_enter(&q->q_lock);
	error = move(&from, &to, ip->i_d.di_blocks);
	kmutex_exit(&q->q_lock);
	return error;
}
