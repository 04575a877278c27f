/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator: blocks, fragments, inodes of the cylinder groups (McKusick et al. 1984, section 3).
 *
 * A group belongs to who has its buffer busy; its counts are changed there and in the summary together. A wish goes to a group: the file's, then
 * others at growing distance, then every one.
 */
#include "fs/ffs/ffs_alloc.h"

static int32_t
add32(int32_t a, int32_t b)
{
	return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* A group's counts as they are at this moment: a hint for who has not got its buffer. */
struct csum
ffs_group_hint(struct ffsmount *ump, uint32_t cgx)
{
	struct csum cs;

	kmutex_enter(&ump->um_lock);
	cs = ump->um_cs[cgx];
	kmutex_exit(&ump->um_lock);
	return cs;
}

int
ffs_group_open(struct ffsmount *ump, uint32_t cgx, struct cgbuf *c)
{
	const struct fs *fs = &ump->um_fs;
	int error;

	memset(&c->c_delta, 0, sizeof(c->c_delta));
	c->c_now = false;
	c->c_cgx = cgx;
	error = ffs_getbuf(
	    ump, cgtod(fs, cgx), (uint32_t)fs->fs_cgsize, true, &c->c_buf);
	if (error != 0)
		return error;
	ffs_cg_decode(c->c_buf->b_data, &c->c_cg, ump->um_swap);
	if (ffs_cg_check(fs, &c->c_cg, cgx) != 0) {
		buf_release(c->c_buf);
		return -EIO;
	}
	c->c_free = ffs_cg_blksfree(&c->c_cg, c->c_buf->b_data);
	c->c_nblk = (uint32_t)(c->c_cg.cg_ndblk / fs->fs_frag);
	return 0;
}

static void
sum_add(struct ffsmount *ump, uint32_t cgx, const struct csum *d)
{
	struct csum_total *t = &ump->um_fs.fs_cstotal;
	struct csum *cs = &ump->um_cs[cgx];

	kmutex_enter(&ump->um_lock);
	cs->cs_ndir = add32(cs->cs_ndir, d->cs_ndir);
	cs->cs_nbfree = add32(cs->cs_nbfree, d->cs_nbfree);
	cs->cs_nifree = add32(cs->cs_nifree, d->cs_nifree);
	cs->cs_nffree = add32(cs->cs_nffree, d->cs_nffree);
	t->cs_ndir += d->cs_ndir;
	t->cs_nbfree += d->cs_nbfree;
	t->cs_nifree += d->cs_nifree;
	t->cs_nffree += d->cs_nffree;
	ump->um_csdirty[cgx /
	    ((uint32_t)ump->um_fs.fs_bsize / FFS_CSUM_SIZE)] = true;
	ump->um_fmod = true;
	kmutex_exit(&ump->um_lock);
}

/* Gives the group back; changed: with its new counts. */
void
ffs_group_close(struct ffsmount *ump, struct cgbuf *c, bool changed)
{
	struct csum *cs = &c->c_cg.cg_cs;
	int64_t now;

	if (!changed) {
		buf_release(c->c_buf);
		return;
	}
	cs->cs_ndir = add32(cs->cs_ndir, c->c_delta.cs_ndir);
	cs->cs_nbfree = add32(cs->cs_nbfree, c->c_delta.cs_nbfree);
	cs->cs_nifree = add32(cs->cs_nifree, c->c_delta.cs_nifree);
	cs->cs_nffree = add32(cs->cs_nffree, c->c_delta.cs_nffree);
	now = kern_time_second(ump->um_k);
	c->c_cg.cg_old_time = (int32_t)now;
	c->c_cg.cg_time = now;
	sum_add(ump, c->c_cgx, &c->c_delta);
	ffs_cg_encode(&c->c_cg, c->c_buf->b_data, ump->um_swap);
	/* An error leaves it dirty. */
	if (c->c_now)
		(void)!buf_write_part(c->c_buf, 0, c->c_buf->b_size);
	else
		buf_dirty(c->c_buf);
}

/* --- inside a group --------------------------------------------------------------------------------------------------- */

static void
frsum_note(const struct fs *fs, struct cgbuf *c, uint32_t map, int cnt)
{
	ffs_fragacct(fs, map, c->c_cg.cg_frsum, cnt);
}

/* Takes n blocks from block h on; all are free. */
static void
take_blocks(struct ffsmount *ump, struct cgbuf *c, uint32_t h, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		ffs_clrblock(&ump->um_fs, c->c_free, h + i);
		ffs_cg_clusteracct(&ump->um_fs, &c->c_cg, c->c_buf->b_data,
		    h + i, -1, ump->um_swap);
	}
	c->c_delta.cs_nbfree -= (int32_t)n;
	c->c_cg.cg_rotor = (int32_t)(h * (uint32_t)ump->um_fs.fs_frag);
}

static uint32_t
run_length(const struct fs *fs, const struct cgbuf *c, uint32_t h, uint32_t max)
{
	uint32_t n = 0;

	while (n < max && h + n < c->c_nblk && ffs_isblock(fs, c->c_free, h + n))
		n++;
	return n;
}

/* How many blocks from h on, many at a time, have no free fragment: a hint. */
static uint32_t
skip_used(const struct fs *fs, const struct cgbuf *c, uint32_t h)
{
	uint32_t step = 64 / (uint32_t)fs->fs_frag, start = h;
	uint64_t bits;

	while (h * (uint32_t)fs->fs_frag % 8 == 0 && c->c_nblk - h >= step) {
		memcpy(&bits, c->c_free + h * (uint32_t)fs->fs_frag / 8,
		    sizeof(bits));
		if (bits != 0)
			break;
		h += step;
	}
	return h - start;
}

/* Where in a group's blocks a run may begin: every block, or those of one phase. */
struct begin {
	uint32_t b_mask, b_phase;
};
static const struct begin anywhere;

/* How many of the blocks from h on lie before the first place to begin at. */
static uint32_t
before_begin(const struct begin *b, uint32_t h)
{
	return (b->b_phase - h) & b->b_mask;
}

/*
 * A run of free blocks: at `pref` if that block is free (however short), else the first of `want` blocks behind it (or behind the group's start), else
 * the longest. c_nblk: none.
 */
static uint32_t
find_run(const struct fs *fs, const struct cgbuf *c, uint32_t pref,
    uint32_t want, const struct begin *b, uint32_t *np)
{
	uint32_t best = c->c_nblk, h, n, skip, seen = 0;

	*np = 0;
	if (pref >= c->c_nblk)
		pref = 0;
	h = pref;
	while (seen < c->c_nblk) {
		n = run_length(fs, c, h, want + b->b_mask);
		skip = before_begin(b, h);
		if (n >= skip + want || (n > 0 && h == pref && skip == 0)) {
			*np = n < want ? n : want;
			return h + skip;
		}
		if (n > skip && n - skip > *np) {
			*np = n - skip;
			best = h + skip;
		}
		seen += n + 1;
		h += n + 1;
		if (h < c->c_nblk) {
			n = skip_used(fs, c, h);
			seen += n;
			h += n;
		}
		if (h >= c->c_nblk)
			h = 0;
	}
	return best;
}

/* Does a run of exactly n free fragments begin at f? */
static bool
is_run(uint32_t map, uint32_t f, uint32_t n)
{
	uint32_t want = (1u << n) - 1;

	return ((map >> f) & want) == want && ((map >> f) >> n & 1) == 0 &&
	    (f == 0 || (map >> (f - 1) & 1) == 0);
}

/*
 * A run of n free fragments, no more, in a block that is partly used: its first fragment, or cg_ndblk. The group's count of such runs told that there
 * is one; longer runs stay what they are.
 */
static uint32_t
find_frags(
    const struct fs *fs, const struct cgbuf *c, uint32_t start, uint32_t n)
{
	uint32_t full = (1u << fs->fs_frag) - 1;
	uint32_t h = start < c->c_nblk ? start : 0;

	for (uint32_t seen = 0; seen < c->c_nblk; seen++) {
		uint32_t used = skip_used(fs, c, h), map;

		if (used > 0) {
			seen += used - 1;
			h += used;
			if (h == c->c_nblk)
				h = 0;
			continue;
		}
		map = ffs_blkmap(fs->fs_frag, c->c_free, h);
		if (map != 0 && map != full)
			for (uint32_t f = 0; f + n <= (uint32_t)fs->fs_frag; f++)
				if (is_run(map, f, n))
					return h * (uint32_t)fs->fs_frag + f;
		if (++h == c->c_nblk)
			h = 0;
	}
	return (uint32_t)c->c_cg.cg_ndblk;
}

static void
set_frags(struct cgbuf *c, uint32_t f, uint32_t n, bool free)
{
	for (uint32_t i = 0; i < n; i++) {
		if (free)
			ffs_setbit(c->c_free, f + i);
		else
			ffs_clrbit(c->c_free, f + i);
	}
}

/* Takes n fragments (less than a block) that are free. */
static void
take_frags(struct ffsmount *ump, struct cgbuf *c, uint32_t f, uint32_t n)
{
	const struct fs *fs = &ump->um_fs;
	uint32_t h = f / (uint32_t)fs->fs_frag;

	if (ffs_isblock(fs, c->c_free, h)) {
		ffs_cg_clusteracct(
		    fs, &c->c_cg, c->c_buf->b_data, h, -1, ump->um_swap);
		c->c_delta.cs_nbfree--;
		c->c_delta.cs_nffree += fs->fs_frag;
	} else {
		frsum_note(fs, c, ffs_blkmap(fs->fs_frag, c->c_free, h), -1);
	}
	set_frags(c, f, n, false);
	frsum_note(fs, c, ffs_blkmap(fs->fs_frag, c->c_free, h), 1);
	c->c_delta.cs_nffree -= (int32_t)n;
}

/* What is wished of a group: n blocks, or n fragments. */
struct wish {
	int64_t w_pref; /* fragment, 0: none */
	uint32_t w_n;
	bool w_frags;
	uint32_t w_mask, w_phase; /* w_frag's block, with the mask, is that */
	int64_t w_frag;		  /* result */
	uint32_t w_got;
};

static int
cg_blocks(struct ffsmount *ump, uint32_t cgx, struct wish *w)
{
	const struct fs *fs = &ump->um_fs;
	struct begin b = { w->w_mask,
		(w->w_phase - (uint32_t)(cgbase(fs, cgx) / fs->fs_frag)) &
		    w->w_mask };
	uint32_t pref = 0, h, n;
	struct cgbuf c;
	int error;

	if (ffs_group_hint(ump, cgx).cs_nbfree <= 0)
		return -ENOSPC;
	if ((error = ffs_group_open(ump, cgx, &c)) != 0)
		return error;
	if (w->w_pref != 0 && dtog(fs, w->w_pref) == cgx)
		pref = dtogd(fs, w->w_pref) / (uint32_t)fs->fs_frag;
	else if (c.c_cg.cg_rotor > 0)
		pref = (uint32_t)c.c_cg.cg_rotor / (uint32_t)fs->fs_frag;
	h = find_run(fs, &c, pref, w->w_n, &b, &n);
	/* Not even one whole cluster: then anywhere. */
	if (n < w->w_n && n <= w->w_mask)
		h = find_run(fs, &c, pref, w->w_n, &anywhere, &n);
	if (n == 0) {
		ffs_group_close(ump, &c, false);
		return -ENOSPC;
	}
	take_blocks(ump, &c, h, n);
	w->w_frag = cgbase(fs, cgx) + blkstofrags(fs, h);
	w->w_got = n;
	ffs_group_close(ump, &c, true);
	return 0;
}

static int
cg_frags(struct ffsmount *ump, uint32_t cgx, struct wish *w)
{
	const struct fs *fs = &ump->um_fs;
	struct csum cs = ffs_group_hint(ump, cgx);
	uint32_t f, h, n, pref;
	struct cgbuf c;
	bool near;
	int error;

	if (cs.cs_nbfree <= 0 && cs.cs_nffree < (int32_t)w->w_n)
		return -ENOSPC;
	if ((error = ffs_group_open(ump, cgx, &c)) != 0)
		return error;
	f = (uint32_t)c.c_cg.cg_ndblk;
	near = w->w_pref != 0 && dtog(fs, w->w_pref) == cgx;
	pref = near ? dtogd(fs, w->w_pref) / (uint32_t)fs->fs_frag : 0;
	for (n = w->w_n; n < (uint32_t)fs->fs_frag; n++)
		if (c.c_cg.cg_frsum[n] > 0)
			break;
	if (n < (uint32_t)fs->fs_frag)
		f = find_frags(fs, &c,
		    near ? pref :
			c.c_cg.cg_frotor < 0 ?
			   0 :
			   (uint32_t)(c.c_cg.cg_frotor / fs->fs_frag),
		    n);
	if (f < (uint32_t)c.c_cg.cg_ndblk) {
		c.c_cg.cg_frotor = (int32_t)f / fs->fs_frag * fs->fs_frag;
	} else {
		/* No block is broken yet in this way: break one. */
		h = near ? pref :
			   (uint32_t)c.c_cg.cg_rotor / (uint32_t)fs->fs_frag;
		h = find_run(fs, &c, h, 1, &anywhere, &n);
		if (n == 0) {
			ffs_group_close(ump, &c, false);
			return -ENOSPC;
		}
		f = h * (uint32_t)fs->fs_frag;
	}
	take_frags(ump, &c, f, w->w_n);
	w->w_frag = cgbase(fs, cgx) + f;
	w->w_got = w->w_n;
	ffs_group_close(ump, &c, true);
	return 0;
}

/* Asks group `first`, some at growing distance, then all. A group that is damaged is left out. */
int
ffs_ask_groups(struct ffsmount *ump, uint32_t first,
    int (*fn)(struct ffsmount *, uint32_t, void *), void *arg)
{
	uint32_t ncg = (uint32_t)ump->um_fs.fs_ncg, c = first % ncg, step;
	int error, result = -ENOSPC;

	if ((error = fn(ump, c, arg)) == 0)
		return 0;
	if (error != -ENOSPC)
		result = error;
	for (step = 1; step < ncg; step *= 2) {
		c = (uint32_t)(((uint64_t)c + step) % ncg);
		if ((error = fn(ump, c, arg)) == 0)
			return 0;
		if (error == -ENOMEM)
			return error;
	}
	for (step = 1; step < ncg; step++) {
		c = (uint32_t)(((uint64_t)first + step) % ncg);
		if ((error = fn(ump, c, arg)) == 0)
			return 0;
		if (error == -ENOMEM)
			return error;
	}
	return result;
}

static int
wish_fn(struct ffsmount *ump, uint32_t cgx, void *arg)
{
	struct wish *w = arg;

	return w->w_frags ? cg_frags(ump, cgx, w) : cg_blocks(ump, cgx, w);
}

/* --- blocks and fragments ----------------------------------------------------------------------------------------------- */

/* May this user take n more fragments? The last fs_minfree percent are the superuser's. */
static int
space_ok(struct ffsmount *ump, struct lwp *l, int64_t n)
{
	const struct fs *fs = &ump->um_fs;
	bool ok;

	kmutex_enter(&ump->um_lock);
	if (cred_issuser(l->l_cred))
		ok = fs->fs_cstotal.cs_nbfree * fs->fs_frag +
			fs->fs_cstotal.cs_nffree >=
		    n;
	else
		ok = freespace(fs, fs->fs_minfree) >= n;
	kmutex_exit(&ump->um_lock);
	return ok ? 0 : -ENOSPC;
}

static uint32_t
first_group(struct inode *ip, int64_t pref)
{
	const struct fs *fs = &ip->i_ump->um_fs;

	if (pref > 0 && pref < fs->fs_size)
		return dtog(fs, pref);
	return ino_to_cg(fs, ip->i_number);
}

static int
allocate(struct lwp *l, struct inode *ip, struct wish *w)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	int64_t frags, unit = w->w_frags ? (int64_t)w->w_n : fs->fs_frag, had;
	int error;

	if (w->w_pref < 0 || w->w_pref >= fs->fs_size)
		w->w_pref = 0;
	if ((error = wapbl_reuse(ump->um_wl)) != 0)
		return error;
	error = space_ok(ump, l, unit);
	if (error == 0)
		error = ffs_charge(
		    l, ip, w->w_frags ? 1 : (int64_t)w->w_n, unit, &had);
	if (error != 0)
		return error;
	if (!w->w_frags)
		w->w_n = (uint32_t)had;
	error = ffs_ask_groups(ump, first_group(ip, w->w_pref), wish_fn, w);
	frags = error != 0 ? 0 :
	    w->w_frags	   ? w->w_got :
			     blkstofrags(fs, w->w_got);
	/* A map may name what lies outside: never given to a file. */
	if (error == 0 && !ffs_frag_ok(fs, w->w_frag, frags)) {
		frags = 0;
		error = -EIO;
	}
	ffs_uncharge(ip,
	    (uint64_t)(had * unit - frags) * ((uint32_t)fs->fs_fsize / 512));
	if (error != 0)
		return error;
	ip->i_d.di_blocks += (uint64_t)frags * ((uint32_t)fs->fs_fsize / 512);
	ffs_mark(ip, IN_CHANGE | IN_UPDATE);
	return 0;
}

int
ffs_alloc(struct lwp *l, struct inode *ip, int64_t pref, int64_t want,
    int64_t *fragp, int64_t *gotp)
{
	struct wish w = { .w_pref = pref, .w_n = (uint32_t)want };
	int error;

	if ((error = allocate(l, ip, &w)) != 0)
		return error;
	*fragp = w.w_frag;
	*gotp = w.w_got;
	return 0;
}

/*
 * The host caches its file in pieces that are as large as their place's alignment and the write that made them: data that lies in them as it does in
 * the file is moved faster. So what is long begins at such a place, and goes on behind itself from there.
 */
int
ffs_alloc_data(struct lwp *l, struct inode *ip, int64_t lbn, int64_t want,
    int64_t *fragp, int64_t *gotp)
{
	const struct fs *fs = &ip->i_ump->um_fs;
	struct wish w = { .w_pref = ffs_blkpref(ip, lbn),
		.w_n = (uint32_t)want };
	uint32_t mask = FFS_CLUSTER / (uint32_t)fs->fs_bsize - 1;
	int error;

	if (want > mask || (lbn > 0 && ((uint32_t)lbn & mask) == 0)) {
		w.w_mask = mask;
		w.w_phase = (uint32_t)lbn & mask;
	}
	if ((error = allocate(l, ip, &w)) != 0)
		return error;
	*fragp = w.w_frag;
	*gotp = w.w_got;
	return 0;
}

int
ffs_allocfrags(
    struct lwp *l, struct inode *ip, int64_t pref, int32_t n, int64_t *fragp)
{
	const struct fs *fs = &ip->i_ump->um_fs;
	struct wish w = { .w_pref = pref, .w_n = (uint32_t)n, .w_frags = true };
	int error;

	/* A file's first are where its group begins to have room. */
	if (w.w_pref == 0)
		w.w_pref = cgbase(fs, ino_to_cg(fs, ip->i_number)) + fs->fs_frag;
	if ((error = allocate(l, ip, &w)) == 0)
		*fragp = w.w_frag;
	return error;
}

int
ffs_fragextend(
    struct lwp *l, struct inode *ip, int64_t frag, int32_t oldn, int32_t newn)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	uint32_t f, h, map;
	struct cgbuf c;
	int error;

	/* Its owner was charged by the caller. */
	if (!ffs_frag_ok(fs, frag, newn) ||
	    frag % fs->fs_frag + newn > fs->fs_frag)
		return -ENOSPC;
	if ((error = wapbl_reuse(ump->um_wl)) != 0)
		return error;
	if ((error = space_ok(ump, l, newn - oldn)) != 0)
		return error;
	if ((error = ffs_group_open(ump, dtog(fs, frag), &c)) != 0)
		return error;
	f = dtogd(fs, frag);
	h = f / (uint32_t)fs->fs_frag;
	for (int32_t i = oldn; i < newn; i++) {
		if (h >= c.c_nblk || !ffs_isset(c.c_free, f + (uint32_t)i)) {
			ffs_group_close(ump, &c, false);
			return -ENOSPC;
		}
	}
	map = ffs_blkmap(fs->fs_frag, c.c_free, h);
	frsum_note(fs, &c, map, -1);
	set_frags(&c, f + (uint32_t)oldn, (uint32_t)(newn - oldn), false);
	frsum_note(fs, &c, ffs_blkmap(fs->fs_frag, c.c_free, h), 1);
	c.c_delta.cs_nffree -= newn - oldn;
	ffs_group_close(ump, &c, true);
	ip->i_d.di_blocks += (uint64_t)(newn - oldn) *
	    ((uint32_t)fs->fs_fsize / 512);
	ffs_mark(ip, IN_CHANGE | IN_UPDATE);
	return 0;
}

int64_t
ffs_blkpref(struct inode *ip, int64_t lbn)
{
	const struct fs *fs = &ip->i_ump->um_fs;

	if (ip->i_lastfrag != 0)
		return ip->i_lastfrag;
	if (lbn < UFS_NDADDR && lbn > 0 && !ip->i_d.di_inline &&
	    ip->i_d.di_db[lbn - 1] != 0)
		return ip->i_d.di_db[lbn - 1] + fs->fs_frag;
	/* Where the inode's group looked last. */
	return 0;
}

int64_t
ffs_indirpref(struct inode *ip)
{
	const struct fs *fs = &ip->i_ump->um_fs;

	if (ip->i_lastfrag <= 0 || ip->i_lastfrag >= fs->fs_size)
		return 0;
	return cgbase(fs, dtog(fs, ip->i_lastfrag)) + fs->fs_frag;
}

/* Fragments [f, f + n) of one block become free again. */
static int
free_frags(struct ffsmount *ump, struct cgbuf *c, uint32_t f, uint32_t n)
{
	const struct fs *fs = &ump->um_fs;
	uint32_t h = f / (uint32_t)fs->fs_frag;

	for (uint32_t i = 0; i < n; i++)
		if (ffs_isset(c->c_free, f + i))
			return -EIO;
	frsum_note(fs, c, ffs_blkmap(fs->fs_frag, c->c_free, h), -1);
	set_frags(c, f, n, true);
	if (ffs_isblock(fs, c->c_free, h)) {
		c->c_delta.cs_nffree -= fs->fs_frag - (int32_t)n;
		c->c_delta.cs_nbfree++;
		ffs_cg_clusteracct(
		    fs, &c->c_cg, c->c_buf->b_data, h, 1, ump->um_swap);
	} else {
		frsum_note(fs, c, ffs_blkmap(fs->fs_frag, c->c_free, h), 1);
		c->c_delta.cs_nffree += (int32_t)n;
	}
	return 0;
}

int
ffs_free_now(struct ffsmount *ump, int64_t frag, int64_t n)
{
	const struct fs *fs = &ump->um_fs;
	int error, result = 0;
	struct cgbuf c;

	if (n <= 0)
		return 0;
	if (!ffs_frag_ok(fs, frag, n))
		return -EIO;
	while (n > 0) {
		uint32_t f = dtogd(fs, frag), part;
		int64_t left = fs->fs_fpg - (int64_t)f;

		if (left > n)
			left = n;
		error = ffs_group_open(ump, dtog(fs, frag), &c);
		if (error != 0) {
			/* What a damaged group cannot take back is lost until fsck. */
			result = error;
			frag += left;
			n -= left;
			continue;
		}
		frag += left;
		n -= left;
		for (; left > 0; left -= part, f += part) {
			part = (uint32_t)fs->fs_frag - f % (uint32_t)fs->fs_frag;
			if (part > left)
				part = (uint32_t)left;
			if (f + part > (uint32_t)c.c_cg.cg_ndblk ||
			    f / (uint32_t)fs->fs_frag >= c.c_nblk)
				error = -EIO;
			else
				error = free_frags(ump, &c, f, part);
			if (error != 0)
				result = error;
		}
		ffs_group_close(ump, &c, true);
	}
	if (result == -EIO)
		kern_printf(ump->um_k,
		    "%s: freeing free block or bad cylinder group\n",
		    (const char *)fs->fs_fsmnt);
	return result;
}

/*
 * mount -o discard: the device is told what is free, while nobody else can have it. With a log it would be told before the commit, and what is then
 * not committed would be lost: it is not told.
 */
static bool
discards(const struct ffsmount *ump)
{
	return (atomic_load(&ump->um_mp->mnt_flag) & MNT_DISCARD) != 0 &&
	    ump->um_dev->b_ops->bd_discard != NULL;
}

int
ffs_free(struct ffsmount *ump, int64_t frag, int64_t n, bool meta)
{
	const struct fs *fs = &ump->um_fs;
	int error;

	if (n <= 0)
		return 0;
	if (!ffs_frag_ok(fs, frag, n))
		return -EIO;
	if (meta)
		bcache_invalidate(ump->um_bc, fsbtobyte(fs, frag),
		    (uint64_t)n * (uint32_t)fs->fs_fsize);
	if (ump->um_wl == NULL && discards(ump))
		(void)!ump->um_dev->b_ops->bd_discard(ump->um_dev,
		    fsbtobyte(fs, frag), (uint64_t)n * (uint32_t)fs->fs_fsize);
	if (ump->um_wl != NULL)
		error = wapbl_register_deallocation(ump->um_wl,
		    fsbtobyte(fs, frag) / 512, (uint32_t)(n * fs->fs_fsize));
	else
		error = ffs_free_now(ump, frag, n);
	ffs_undone(ump, error);
	return error;
}
