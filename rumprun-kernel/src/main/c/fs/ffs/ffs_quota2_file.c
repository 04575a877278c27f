/* SPDX-License-Identifier: BSD-2-Clause */
/* The quota files themselves: reading them when a mount becomes writable, entries that come, change and go. */
#include "fs/ffs/ffs_quota2.h"

#define VAL_SIZE (Q2E_DISK_SIZE_VALS / N_QL)
#define Q2E_DISK_SIZE_VALS 80

/* --- bytes of the disk --- */

/* Busy buffer of the file's block with byte off, and where that is. */
static int
at(struct q2file *q, uint64_t off, uint32_t n, struct buf **bp, uint8_t **pp)
{
	const struct fs *fs = &q->q_ip.i_ump->um_fs;
	uint32_t in = blkoff(fs, (int64_t)off);
	int error;

	*bp = NULL;
	if (off > q->q_ip.i_d.di_size || n > q->q_ip.i_d.di_size - off ||
	    in + n > (uint32_t)fs->fs_bsize)
		return -EIO;
	if ((error = ffs_blkatoff(&q->q_ip, off, bp)) != 0)
		return error;
	if ((*bp)->b_size < in + n) {
		buf_release(*bp);
		return -EIO;
	}
	*pp = (uint8_t *)(*bp)->b_data + in;
	return 0;
}

static void
get_vals(const uint8_t *p, struct q2val *v, bool s)
{
	for (int i = 0; i < N_QL; i++, p += VAL_SIZE, v++) {
		v->v_hard = ffs_get64(p + Q2E_OFF(q2e_val_hardlimit), s);
		v->v_soft = ffs_get64(p + Q2E_OFF(q2e_val_softlimit), s);
		v->v_cur = ffs_get64(p + Q2E_OFF(q2e_val_cur), s);
		v->v_time = (int64_t)ffs_get64(p + Q2E_OFF(q2e_val_time), s);
		v->v_grace = (int64_t)ffs_get64(p + Q2E_OFF(q2e_val_grace), s);
	}
}

static void
put_vals(uint8_t *p, const struct q2val *v, bool s)
{
	for (int i = 0; i < N_QL; i++, p += VAL_SIZE, v++) {
		ffs_put64(p + Q2E_OFF(q2e_val_hardlimit), v->v_hard, s);
		ffs_put64(p + Q2E_OFF(q2e_val_softlimit), v->v_soft, s);
		ffs_put64(p + Q2E_OFF(q2e_val_cur), v->v_cur, s);
		ffs_put64(p + Q2E_OFF(q2e_val_time), (uint64_t)v->v_time, s);
		ffs_put64(p + Q2E_OFF(q2e_val_grace), (uint64_t)v->v_grace, s);
	}
}

/* One 64-bit number: a link of a chain. */
static int
get_link(struct ffsmount *ump, struct q2file *q, uint64_t off, uint64_t *v)
{
	struct buf *b;
	uint8_t *p;
	int error;

	if ((error = at(q, off, 8, &b, &p)) != 0)
		return error;
	*v = ffs_get64(p, ump->um_swap);
	buf_release(b);
	return 0;
}

static int
put_link(
    struct ffsmount *ump, struct q2file *q, uint64_t off, uint64_t v, bool now)
{
	struct buf *b;
	uint8_t *p;
	int error;

	if ((error = at(q, off, 8, &b, &p)) != 0)
		return error;
	ffs_put64(p, v, ump->um_swap);
	if (now)
		return buf_write_part(
		    b, (uint32_t)(p - (uint8_t *)b->b_data), 8);
	buf_dirty(b);
	return 0;
}

static uint64_t
chain_off(const struct q2file *q, uint32_t id)
{
	return Q2H_DISK_SIZE + (uint64_t)(id & (q->q_hashsize - 1)) * 8;
}

/* An entry may stand here: behind the table, in one block. */
static bool
place_ok(const struct ffsmount *ump, const struct q2file *q, uint64_t off)
{
	uint32_t bsize = (uint32_t)ump->um_fs.fs_bsize;

	return off >= Q2H_DISK_SIZE + (uint64_t)q->q_hashsize * 8 &&
	    off % 8 == 0 && off < q->q_ip.i_d.di_size &&
	    q->q_ip.i_d.di_size - off >= Q2E_DISK_SIZE &&
	    off % bsize + Q2E_DISK_SIZE <= bsize;
}

/* --- the entries in memory --- */

static uint32_t
slot(const struct q2file *q, uint32_t id)
{
	/* Nobody can choose ids that all fall together. */
	return (uint32_t)(id * q->q_seed >> 32) & (q->q_nheads - 1);
}

struct q2ent *
q2_find(struct q2file *q, uint32_t id)
{
	int32_t i;

	if (q->q_nheads == 0)
		return NULL;
	for (i = q->q_heads[slot(q, id)]; i >= 0; i = q->q_ents[i].e_hnext)
		if (q->q_ents[i].e_id == id)
			return &q->q_ents[i];
	return NULL;
}

static void
hash_in(struct q2file *q, uint32_t i)
{
	uint32_t h = slot(q, q->q_ents[i].e_id);

	q->q_ents[i].e_hnext = q->q_heads[h];
	q->q_heads[h] = (int32_t)i;
}

/* Room for twice as many. Nothing is unused then. */
static int
more_room(struct ffsmount *ump, struct q2file *q)
{
	uint32_t n = q->q_maxents == 0 ? 64 : q->q_maxents * 2, i;
	struct q2ent *ents;
	int32_t *heads;

	if (n > INT32_MAX / sizeof(*ents))
		return -ENOMEM;
	ents = kmem_calloc(ump->um_k, n, sizeof(*ents));
	heads = kmem_calloc(ump->um_k, n, sizeof(*heads));
	if (ents == NULL || heads == NULL) {
		if (ents != NULL)
			kmem_free(ump->um_k, ents, n * sizeof(*ents));
		if (heads != NULL)
			kmem_free(ump->um_k, heads, n * sizeof(*heads));
		return -ENOMEM;
	}
	if (q->q_maxents > 0) {
		memcpy(ents, q->q_ents, q->q_nents * sizeof(*ents));
		kmem_free(ump->um_k, q->q_ents, q->q_maxents * sizeof(*ents));
		kmem_free(ump->um_k, q->q_heads, q->q_nheads * sizeof(*heads));
	}
	q->q_ents = ents;
	q->q_heads = heads;
	q->q_maxents = q->q_nheads = n;
	for (i = 0; i < n; i++)
		heads[i] = -1;
	for (i = 0; i < q->q_nents; i++)
		hash_in(q, i);
	return 0;
}

/* A place for one more; it is not in the hash yet. */
static int
ent_alloc(struct ffsmount *ump, struct q2file *q, struct q2ent **ep)
{
	int error;

	if (q->q_unused >= 0) {
		*ep = &q->q_ents[q->q_unused];
		q->q_unused = (*ep)->e_hnext;
		return 0;
	}
	if (q->q_nents == q->q_maxents && (error = more_room(ump, q)) != 0)
		return error;
	*ep = &q->q_ents[q->q_nents++];
	return 0;
}

static void
ent_free(struct q2file *q, struct q2ent *e)
{
	e->e_off = 0;
	e->e_hnext = q->q_unused;
	q->q_unused = (int32_t)(e - q->q_ents);
}

/* --- reading a file --- */

/*
 * Entries met so far, so that chains that meet or go around in a circle are known: a hash set of offsets, by the cell of an entry's size that they are in. Of
 * entries that do not overlap no two begin in one cell.
 */
struct seen {
	struct rump_kernel *k;
	uint64_t *tab, seed;
	uint32_t n, size;
};

/* Where the cell's entry is, or has room. */
static uint64_t *
seen_cell(const struct seen *s, uint64_t cell)
{
	uint32_t i = (uint32_t)(cell * s->seed >> 32) & (s->size - 1);

	while (s->tab[i] != 0 && s->tab[i] / Q2E_DISK_SIZE != cell)
		i = (i + 1) & (s->size - 1);
	return &s->tab[i];
}

static int
seen_grow(struct seen *s)
{
	struct seen bigger = { .k = s->k, .seed = s->seed, .n = s->n };

	bigger.size = s->size == 0 ? 256 : s->size * 2;
	bigger.tab = kmem_calloc(s->k, bigger.size, sizeof(*bigger.tab));
	if (bigger.tab == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->size; i++)
		if (s->tab[i] != 0)
			*seen_cell(
			    &bigger, s->tab[i] / Q2E_DISK_SIZE) = s->tab[i];
	if (s->tab != NULL)
		kmem_free(s->k, s->tab, s->size * sizeof(*s->tab));
	*s = bigger;
	return 0;
}

/* -EINVAL: there is one, or a part of one. off is not 0. */
static int
seen_add(struct seen *s, uint64_t off)
{
	uint64_t cell = off / Q2E_DISK_SIZE, before, behind, *at;
	int error;

	if (s->n * 2 >= s->size && (error = seen_grow(s)) != 0)
		return error;
	before = *seen_cell(s, cell - 1);
	behind = *seen_cell(s, cell + 1);
	at = seen_cell(s, cell);
	if (*at != 0 || (before != 0 && before + Q2E_DISK_SIZE > off) ||
	    (behind != 0 && off + Q2E_DISK_SIZE > behind))
		return -EINVAL;
	*at = off;
	s->n++;
	return 0;
}

static int
read_chain(struct ffsmount *ump, struct q2file *q, struct seen *seen,
    uint32_t h, uint64_t off)
{
	struct q2ent *e;
	struct buf *b;
	uint8_t *p;
	int error;

	while (off != 0) {
		if (!place_ok(ump, q, off))
			return -EINVAL;
		if ((error = seen_add(seen, off)) != 0 ||
		    (error = ent_alloc(ump, q, &e)) != 0)
			return error;
		if ((error = at(q, off, Q2E_DISK_SIZE, &b, &p)) != 0)
			return error;
		e->e_off = off;
		e->e_id = ffs_get32(p + Q2E_OFF(q2e_uid), ump->um_swap);
		get_vals(p, e->e_val, ump->um_swap);
		off = ffs_get64(p + Q2E_OFF(q2e_next), ump->um_swap);
		buf_release(b);
		/* One id has one entry, and nobody would find it in another chain. */
		if ((e->e_id & (q->q_hashsize - 1)) != h ||
		    q2_find(q, e->e_id) != NULL)
			return -EINVAL;
		hash_in(q, (uint32_t)(e - q->q_ents));
	}
	return 0;
}

static int
read_free(struct ffsmount *ump, struct q2file *q, struct seen *seen)
{
	uint64_t off = q->q_free;
	int error;

	while (off != 0) {
		if (!place_ok(ump, q, off))
			return -EINVAL;
		if ((error = seen_add(seen, off)) != 0)
			return error;
		error = get_link(ump, q, off + Q2E_OFF(q2e_next), &off);
		if (error != 0)
			return error;
	}
	return 0;
}

static int
read_header(struct ffsmount *ump, struct q2file *q, int type)
{
	unsigned shift;
	struct buf *b;
	uint8_t *p;
	int error;

	if ((error = at(q, 0, Q2H_DISK_SIZE, &b, &p)) != 0)
		return error;
	shift = p[Q2H_OFF(q2h_hash_shift)];
	if (ffs_get32(p + Q2H_OFF(q2h_magic_number), ump->um_swap) !=
		Q2_HEAD_MAGIC ||
	    p[Q2H_OFF(q2h_type)] != type || shift > 15 ||
	    ffs_get16(p + Q2H_OFF(q2h_hash_size), ump->um_swap) != 1u << shift ||
	    Q2H_DISK_SIZE + (8u << shift) > (uint32_t)ump->um_fs.fs_bsize)
		error = -EINVAL;
	q->q_hashsize = 1u << (shift & 15);
	q->q_free = ffs_get64(p + Q2H_OFF(q2h_free), ump->um_swap);
	get_vals(
	    p + Q2H_OFF(q2h_defentry_val_hardlimit), q->q_def, ump->um_swap);
	buf_release(b);
	return error;
}

/* The inode, without a vnode that anybody could find. */
static int
attach(struct lwp *l, struct ffsmount *ump, int type, struct q2file *q)
{
	const struct fs *fs = &ump->um_fs;
	uint64_t ino = fs->fs_quotafile[type];
	struct buf *b;
	int error;

	(void)l;
	if (!ffs_ino_ok(fs, ino) || ino <= (uint64_t)UFS_ROOTINO ||
	    fs->fs_quotafile[0] == fs->fs_quotafile[1])
		return -EINVAL;
	if ((q->q_vp = kmem_zalloc(ump->um_k, sizeof(*q->q_vp))) == NULL)
		return -ENOMEM;
	error = ffs_getbuf(
	    ump, ino_to_fsba(fs, ino), (uint32_t)fs->fs_bsize, true, &b);
	if (error != 0)
		return error;
	ffs_dinode_decode(fs,
	    (uint8_t *)b->b_data + ino_to_fsbo(fs, ino) * ffs_dinode_size(fs),
	    &q->q_ip.i_d, ump->um_swap);
	buf_release(b);
	q->q_ip.i_vnode = q->q_vp;
	q->q_ip.i_ump = ump;
	q->q_ip.i_number = (ino_t)ino;
	q->q_ip.i_noquota = true;
	q->q_vp->v_type = VREG;
	q->q_vp->v_data = &q->q_ip;
	if ((q->q_ip.i_d.di_mode & S_IFMT) != S_IFREG ||
	    q->q_ip.i_d.di_size < (uint32_t)fs->fs_bsize ||
	    q->q_ip.i_d.di_size > fs->fs_maxfilesize ||
	    q->q_ip.i_d.di_size % (uint32_t)fs->fs_bsize != 0)
		return -EINVAL;
	return 0;
}

int
q2_open(struct lwp *l, struct ffsmount *ump, int type, struct q2file *q)
{
	struct seen seen = { .k = ump->um_k };
	uint64_t off;
	int error;

	q->q_unused = -1;
	kern_random(ump->um_k, &q->q_seed, sizeof(q->q_seed));
	q->q_seed |= 1;
	seen.seed = q->q_seed;
	if ((error = attach(l, ump, type, q)) == 0)
		error = read_header(ump, q, type);
	for (uint32_t h = 0; error == 0 && h < q->q_hashsize; h++) {
		error = get_link(ump, q, chain_off(q, h), &off);
		if (error == 0 && off != 0)
			error = read_chain(ump, q, &seen, h, off);
	}
	if (error == 0)
		error = read_free(ump, q, &seen);
	if (seen.tab != NULL)
		kmem_free(ump->um_k, seen.tab, seen.size * sizeof(*seen.tab));
	q->q_on = error == 0;
	return error;
}

void
q2_close(struct ffsmount *ump, struct q2file *q)
{
	if (q->q_maxents > 0) {
		kmem_free(
		    ump->um_k, q->q_ents, q->q_maxents * sizeof(*q->q_ents));
		kmem_free(
		    ump->um_k, q->q_heads, q->q_nheads * sizeof(*q->q_heads));
	}
	if (q->q_vp != NULL)
		kmem_free(ump->um_k, q->q_vp, sizeof(*q->q_vp));
	memset(q, 0, sizeof(*q));
}

/* --- changing it --- */

int
q2_store(struct ffsmount *ump, struct q2file *q, const struct q2ent *e)
{
	struct buf *b;
	uint8_t *p;
	int error;

	if ((error = at(q, e->e_off, Q2E_DISK_SIZE, &b, &p)) != 0)
		return error;
	put_vals(p, e->e_val, ump->um_swap);
	buf_dirty(b);
	return 0;
}

int
q2_store_default(struct ffsmount *ump, struct q2file *q)
{
	struct buf *b;
	uint8_t *p;
	int error;

	if ((error = at(q, 0, Q2H_DISK_SIZE, &b, &p)) != 0)
		return error;
	put_vals(
	    p + Q2H_OFF(q2h_defentry_val_hardlimit), q->q_def, ump->um_swap);
	buf_dirty(b);
	return 0;
}

/* One more block of free entries. It is on the device before the header names it. */
static int
grow(struct lwp *l, struct ffsmount *ump, struct q2file *q)
{
	const struct fs *fs = &ump->um_fs;
	uint32_t bsize = (uint32_t)fs->fs_bsize, off;
	uint64_t size = q->q_ip.i_d.di_size;
	struct ffs_run run;
	struct buf *b;
	int error;

	if (size + bsize > fs->fs_maxfilesize)
		return -EFBIG;
	error = ffs_balloc(
	    l, &q->q_ip, lblkno(fs, (int64_t)size), 1, size + bsize, &run);
	if (error == 0)
		error = ffs_getbuf(ump, run.r_frag, bsize, false, &b);
	if (error == 0) {
		memset(b->b_data, 0, bsize);
		for (off = 0; off + 2 * Q2E_DISK_SIZE <= bsize;
		     off += Q2E_DISK_SIZE)
			ffs_put64((uint8_t *)b->b_data + off + Q2E_OFF(q2e_next),
			    size + off + Q2E_DISK_SIZE, ump->um_swap);
		error = buf_write_part(b, 0, bsize);
	}
	/* Pointers may have come even when there was no block: fsck finds them behind the end. */
	ffs_mark(&q->q_ip, IN_CHANGE | IN_UPDATE);
	if (error == 0)
		q->q_ip.i_d.di_size = size + bsize;
	if (error != 0) {
		(void)!ffs_update(&q->q_ip);
		return error;
	}
	if ((error = ffs_update_now(&q->q_ip)) == 0)
		error = put_link(ump, q, Q2H_OFF(q2h_free), size, false);
	if (error == 0)
		q->q_free = size;
	return error;
}

int
q2_make(struct lwp *l, struct ffsmount *ump, struct q2file *q, uint32_t id,
    struct q2ent **ep)
{
	uint64_t off, next, head;
	struct q2ent *e;
	struct buf *b;
	uint8_t *p;
	int error;

	if (q->q_free == 0 && (error = grow(l, ump, q)) != 0)
		return error;
	off = q->q_free;
	error = get_link(ump, q, off + Q2E_OFF(q2e_next), &next);
	if (error == 0)
		error = get_link(ump, q, chain_off(q, id), &head);
	if (error == 0)
		error = ent_alloc(ump, q, &e);
	if (error != 0)
		return error;
	e->e_off = off;
	e->e_id = id;
	memcpy(e->e_val, q->q_def, sizeof(e->e_val));
	for (int i = 0; i < N_QL; i++)
		e->e_val[i].v_cur = 0, e->e_val[i].v_time = 0;
	/* Off the free ones before it is in a chain: what is cut off between is an entry that is lost. */
	error = put_link(ump, q, Q2H_OFF(q2h_free), next, true);
	if (error == 0)
		error = at(q, off, Q2E_DISK_SIZE, &b, &p);
	if (error == 0) {
		put_vals(p, e->e_val, ump->um_swap);
		ffs_put64(p + Q2E_OFF(q2e_next), head, ump->um_swap);
		ffs_put32(p + Q2E_OFF(q2e_uid), id, ump->um_swap);
		ffs_put32(p + Q2E_OFF(q2e_pad), 0, ump->um_swap);
		error = buf_write_part(b, 0, b->b_size);
	}
	if (error == 0)
		error = put_link(ump, q, chain_off(q, id), off, false);
	if (error != 0) {
		ent_free(q, e);
		return error;
	}
	q->q_free = next;
	hash_in(q, (uint32_t)(e - q->q_ents));
	*ep = e;
	return 0;
}

static void
hash_out(struct q2file *q, const struct q2ent *e)
{
	int32_t *link = &q->q_heads[slot(q, e->e_id)];

	while (*link >= 0 && &q->q_ents[*link] != e)
		link = &q->q_ents[*link].e_hnext;
	if (*link >= 0)
		*link = e->e_hnext;
}

int
q2_drop(struct ffsmount *ump, struct q2file *q, struct q2ent *e)
{
	uint64_t link = chain_off(q, e->e_id), off, next;
	uint32_t left = q->q_nents + 1;
	int error;

	/* What points at it. */
	for (;;) {
		if ((error = get_link(ump, q, link, &off)) != 0)
			return error;
		if (off == e->e_off)
			break;
		if (!place_ok(ump, q, off) || left-- == 0)
			return -EIO;
		link = off + Q2E_OFF(q2e_next);
	}
	error = get_link(ump, q, off + Q2E_OFF(q2e_next), &next);
	if (error == 0)
		error = put_link(ump, q, link, next, true);
	if (error == 0)
		error = put_link(
		    ump, q, off + Q2E_OFF(q2e_next), q->q_free, true);
	if (error == 0)
		error = put_link(ump, q, Q2H_OFF(q2h_free), off, false);
	if (error != 0)
		return error;
	q->q_free = off;
	hash_out(q, e);
	ent_free(q, e);
	return 0;
}
