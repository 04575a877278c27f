/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories.
 *
 * A directory is a file of 512-byte blocks (Apple's: 1024); entries do not cross their borders, and their record lengths fill each block. Names are found by reading
 * all of it, as long as the directory is small; larger ones get a table in memory: from the hash of each name to its
 * place, and how much room each block has. The table follows every change and is made again when it is not there (no memory: it does without).
 */
#include "fs/ffs/ffs.h"
#include <netbsd/dirent.h>

#define HASH_MIN (4 * APPLEUFS_DIRBLKSIZ) /* smaller ones are searched */

struct dirhash {
	uint32_t *dh_slot; /* place / 4 + 2; SLOT_* */
	uint32_t *dh_hash;
	uint32_t dh_nslots;	   /* a power of 2 */
	uint32_t dh_used, dh_gone; /* slots with a name; whose name went */
	uint16_t *dh_free;	   /* by block: the largest room of a record */
	uint32_t dh_nblks, dh_maxblks;
	uint32_t dh_hint; /* no block before it has room */
};
#define SLOT_EMPTY 0
#define SLOT_GONE 1

static bool
needswap(const struct inode *ip)
{
	return ip->i_ump->um_swap;
}

static bool
oldfmt(const struct inode *ip)
{
	return ffs_olddirfmt(&ip->i_ump->um_fs);
}

/* Bytes of a block that entries do not cross. */
static uint32_t
dirblk(const struct inode *ip)
{
	return ip->i_ump->um_dirblksiz;
}

/* The entry at `off` of the directory, inside the buffer of its file block. */
static int
entry_at(struct inode *ip, struct buf *b, uint64_t off, struct direct *d)
{
	uint32_t at = blkoff(&ip->i_ump->um_fs, (int64_t)off);
	uint32_t start = at & ~(dirblk(ip) - 1);
	uint32_t len = b->b_size - start;

	if (at >= b->b_size)
		return -EIO;
	if (len > dirblk(ip))
		len = dirblk(ip);
	if (ffs_dirent_get((uint8_t *)b->b_data + start, len, at - start,
		oldfmt(ip), needswap(ip), d) != 0)
		return -EIO;
	return 0;
}

/*
 * Calls fn for every record from block start `from` up to `to`. A damaged block is skipped, as a whole. Stops when fn returns nonzero, and returns it.
 */
static int
walk(struct inode *ip, uint64_t from, uint64_t to,
    int (*fn)(void *, struct inode *, uint64_t off, const struct direct *),
    void *arg)
{
	struct direct d;
	struct buf *b = NULL;
	uint64_t off = from, bufstart = 0;
	int error = 0;

	while (off < to) {
		if (b == NULL || off >= bufstart + b->b_size) {
			if (b != NULL)
				buf_release(b);
			bufstart = off - blkoff(&ip->i_ump->um_fs, (int64_t)off);
			error = ffs_blkatoff(ip, off, &b);
			if (error != 0)
				return error;
		}
		if (entry_at(ip, b, off, &d) != 0) {
			off = (off | (dirblk(ip) - 1)) + 1;
			continue;
		}
		if ((error = fn(arg, ip, off, &d)) != 0)
			break;
		off += d.d_reclen;
	}
	if (b != NULL)
		buf_release(b);
	return error;
}

/* --- the table -------------------------------------------------------------------------------------------------------- */

static uint32_t
hash_name(const char *name, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * 16777619u;
	return h;
}

static void
dirhash_destroy(struct rump_kernel *k, struct dirhash *dh)
{
	if (dh == NULL)
		return;
	if (dh->dh_slot != NULL)
		kmem_free(k, dh->dh_slot, dh->dh_nslots * sizeof(uint32_t));
	if (dh->dh_hash != NULL)
		kmem_free(k, dh->dh_hash, dh->dh_nslots * sizeof(uint32_t));
	if (dh->dh_free != NULL)
		kmem_free(k, dh->dh_free, dh->dh_maxblks * sizeof(uint16_t));
	kmem_free(k, dh, sizeof(*dh));
}

void
ffs_dirhash_free(struct inode *ip)
{
	dirhash_destroy(ip->i_ump->um_k, ip->i_dirhash);
	ip->i_dirhash = NULL;
}

static void
slot_put(struct dirhash *dh, uint32_t hash, uint32_t slot)
{
	uint32_t i = hash & (dh->dh_nslots - 1);

	while (dh->dh_slot[i] > SLOT_GONE)
		i = (i + 1) & (dh->dh_nslots - 1);
	if (dh->dh_slot[i] == SLOT_GONE)
		dh->dh_gone--;
	dh->dh_slot[i] = slot;
	dh->dh_hash[i] = hash;
	dh->dh_used++;
}

/* Room for one more name: doubles, or cleans out what went. */
static bool
slots_grow(struct rump_kernel *k, struct dirhash *dh)
{
	uint32_t n = dh->dh_nslots, old = n, *slot, *hash;
	uint32_t *oslot = dh->dh_slot, *ohash = dh->dh_hash;

	if (n != 0 && dh->dh_used + dh->dh_gone + 1 <= n / 4 * 3)
		return true;
	if (n == 0)
		n = 256;
	while (dh->dh_used + 1 > n / 2)
		n *= 2;
	slot = kmem_calloc(k, n, sizeof(*slot));
	hash = kmem_calloc(k, n, sizeof(*hash));
	if (slot == NULL || hash == NULL) {
		if (slot != NULL)
			kmem_free(k, slot, n * sizeof(*slot));
		if (hash != NULL)
			kmem_free(k, hash, n * sizeof(*hash));
		return false;
	}
	memset(slot, 0, n * sizeof(*slot));
	dh->dh_slot = slot;
	dh->dh_hash = hash;
	dh->dh_nslots = n;
	dh->dh_used = dh->dh_gone = 0;
	for (uint32_t i = 0; i < old; i++)
		if (oslot[i] > SLOT_GONE)
			slot_put(dh, ohash[i], oslot[i]);
	if (old != 0) {
		kmem_free(k, oslot, old * sizeof(*oslot));
		kmem_free(k, ohash, old * sizeof(*ohash));
	}
	return true;
}

/* Blocks behind those known have `room`. */
static bool
blks_grow(
    struct rump_kernel *k, struct dirhash *dh, uint32_t nblks, uint16_t room)
{
	uint32_t max = dh->dh_maxblks == 0 ? 64 : dh->dh_maxblks;
	uint16_t *p;

	while (max < nblks)
		max *= 2;
	if (max != dh->dh_maxblks) {
		if ((p = kmem_calloc(k, max, sizeof(*p))) == NULL)
			return false;
		if (dh->dh_free != NULL) {
			memcpy(p, dh->dh_free, dh->dh_nblks * sizeof(*p));
			kmem_free(k, dh->dh_free, dh->dh_maxblks * sizeof(*p));
		}
		dh->dh_free = p;
		dh->dh_maxblks = max;
	}
	while (dh->dh_nblks < nblks)
		dh->dh_free[dh->dh_nblks++] = room;
	return true;
}

/* Bytes that the record has beside its name. */
static uint32_t
spare(const struct direct *d)
{
	return d->d_fileno == 0 ? d->d_reclen :
				  d->d_reclen - FFS_DIRSIZ(d->d_namlen);
}

static int
build_entry(void *arg, struct inode *ip, uint64_t off, const struct direct *d)
{
	struct dirhash *dh = arg;

	if (spare(d) > dh->dh_free[off / dirblk(ip)])
		dh->dh_free[off / dirblk(ip)] = (uint16_t)spare(d);
	if (d->d_fileno == 0)
		return 0;
	if (!slots_grow(ip->i_ump->um_k, dh))
		return -ENOMEM;
	slot_put(dh, hash_name(d->d_name, d->d_namlen), (uint32_t)(off / 4) + 2);
	return 0;
}

/* The directory's table; NULL: it is small, or there is no memory. */
static struct dirhash *
dirhash_get(struct inode *ip)
{
	struct rump_kernel *k = ip->i_ump->um_k;
	struct dirhash *dh = ip->i_dirhash;
	uint64_t size = ip->i_d.di_size;

	if (dh != NULL || size < HASH_MIN || size > UFS_MAXDIRSIZE)
		return dh;
	kmutex_enter(&ip->i_lock);
	dh = ip->i_dirhash;
	if (dh == NULL && (dh = kmem_zalloc(k, sizeof(*dh))) != NULL) {
		if (!slots_grow(k, dh) ||
		    !blks_grow(k, dh, (uint32_t)(size / dirblk(ip)), 0) ||
		    walk(ip, 0, size, build_entry, dh) != 0) {
			dirhash_destroy(k, dh);
			dh = NULL;
		}
		ip->i_dirhash = dh;
	}
	kmutex_exit(&ip->i_lock);
	return dh;
}

/* --- searching ---------------------------------------------------------------------------------------------------------- */

struct search {
	const char *s_name;
	size_t s_len;
	struct dirslot *s_slot;
};

static bool
same(const struct direct *d, const char *name, size_t len)
{
	return d->d_fileno != 0 && d->d_namlen == len &&
	    memcmp(d->d_name, name, len) == 0;
}

static int
search_entry(void *arg, struct inode *ip, uint64_t off, const struct direct *d)
{
	struct search *s = arg;

	(void)ip;
	if (!same(d, s->s_name, s->s_len))
		return 0;
	s->s_slot->ds_off = off;
	s->s_slot->ds_d = *d;
	s->s_slot->ds_d.d_name = NULL;
	return 1;
}

static int
search_hash(struct inode *ip, struct dirhash *dh, const char *name, size_t len,
    struct dirslot *ds)
{
	uint32_t hash = hash_name(name, len), i = hash & (dh->dh_nslots - 1);
	struct direct d;
	struct buf *b;
	uint64_t off;
	int error;

	for (; dh->dh_slot[i] != SLOT_EMPTY; i = (i + 1) & (dh->dh_nslots - 1)) {
		if (dh->dh_slot[i] == SLOT_GONE || dh->dh_hash[i] != hash)
			continue;
		off = (uint64_t)(dh->dh_slot[i] - 2) * 4;
		if ((error = ffs_blkatoff(ip, off, &b)) != 0)
			return error;
		error = entry_at(ip, b, off, &d);
		if (error == 0 && same(&d, name, len)) {
			ds->ds_off = off;
			ds->ds_d = d;
			ds->ds_d.d_name = NULL;
			buf_release(b);
			return 0;
		}
		buf_release(b);
	}
	return -ENOENT;
}

int
ffs_dirlookup(struct inode *ip, const char *name, size_t len, struct dirslot *ds)
{
	struct search s = { name, len, ds };
	struct dirhash *dh;
	int error;

	if (ip->i_d.di_size > UFS_MAXDIRSIZE)
		return -EIO;
	if ((dh = dirhash_get(ip)) != NULL)
		return search_hash(ip, dh, name, len, ds);
	error = walk(ip, 0, ip->i_d.di_size, search_entry, &s);
	if (error == 1)
		return 0;
	return error == 0 ? -ENOENT : error;
}

int
ffs_lookup(struct lwp *l, struct vnode *dvp, const struct componentname *cnp,
    struct vnode **vpp)
{
	struct inode *dip = VTOI(dvp);
	struct dirslot ds;
	int error;

	*vpp = NULL;
	/* Removed; what its ".." names may be gone as well. */
	if (dip->i_d.di_nlink <= 0)
		return -ENOENT;
	error = ffs_dirlookup(dip, cnp->cn_name, cnp->cn_len, &ds);
	if (error != 0)
		return error;
	return vcache_get(l, dvp->v_mount, ds.ds_d.d_fileno, vpp);
}

struct emptiness {
	ino_t e_self, e_parent;
};

static int
empty_entry(void *arg, struct inode *ip, uint64_t off, const struct direct *d)
{
	struct emptiness *e = arg;

	(void)ip;
	(void)off;
	if (d->d_fileno == 0 || d->d_fileno == (uint32_t)UFS_WINO)
		return 0;
	if (d->d_namlen == 1 && d->d_name[0] == '.' && d->d_fileno == e->e_self)
		return 0;
	if (d->d_namlen == 2 && d->d_name[0] == '.' && d->d_name[1] == '.' &&
	    d->d_fileno == e->e_parent)
		return 0;
	return 1;
}

int
ffs_dirempty(struct inode *ip, ino_t parent)
{
	struct emptiness e = { ip->i_number, parent };
	int error = walk(ip, 0, ip->i_d.di_size, empty_entry, &e);

	return error < 0 ? error : error == 0;
}

/* --- changing ------------------------------------------------------------------------------------------------------------ */

static uint8_t
dtype(mode_t mode)
{
	return (uint8_t)((mode & S_IFMT) >> 12);
}

/* The largest room that a record of the block at p has. */
static uint16_t
block_room(const struct inode *ip, const uint8_t *p)
{
	uint32_t off = 0, room = 0;
	struct direct d;

	while (off < dirblk(ip)) {
		if (ffs_dirent_get(
			p, dirblk(ip), off, oldfmt(ip), needswap(ip), &d) != 0)
			return 0;
		if (spare(&d) > room)
			room = spare(&d);
		off += d.d_reclen;
	}
	return (uint16_t)room;
}

/* Puts the entry into a record of the block at p that has room: its place in the block, or its end. */
static uint32_t
block_insert(const struct inode *ip, uint8_t *p, struct direct *new)
{
	uint32_t need = FFS_DIRSIZ(new->d_namlen), off = 0, size;
	struct direct d;

	while (off < dirblk(ip)) {
		if (ffs_dirent_get(
			p, dirblk(ip), off, oldfmt(ip), needswap(ip), &d) != 0)
			return dirblk(ip);
		if (spare(&d) < need) {
			off += d.d_reclen;
			continue;
		}
		size = d.d_fileno == 0 ? 0 : FFS_DIRSIZ(d.d_namlen);
		new->d_reclen = (uint16_t)(d.d_reclen - size);
		ffs_dirent_put(p + off + size, new, oldfmt(ip), needswap(ip));
		if (size != 0)
			ffs_put16(p + off + 4, (uint16_t)size, needswap(ip));
		return off + size;
	}
	return dirblk(ip);
}

struct roomsearch {
	uint32_t r_need;
	uint64_t r_off;
};

static int
room_entry(void *arg, struct inode *ip, uint64_t off, const struct direct *d)
{
	struct roomsearch *r = arg;

	(void)ip;
	if (spare(d) < r->r_need)
		return 0;
	r->r_off = off & ~((uint64_t)dirblk(ip) - 1);
	return 1;
}

/* The start of a block that has `need` bytes for a record; the directory's end if none has. */
static int
find_room(struct inode *ip, struct dirhash *dh, uint32_t need, uint64_t *offp)
{
	struct roomsearch r = { need, 0 };
	bool first = true;
	int error;

	*offp = ip->i_d.di_size;
	if (dh != NULL) {
		for (uint32_t i = dh->dh_hint; i < dh->dh_nblks; i++) {
			/* The shortest name's record has 12 bytes. */
			if (dh->dh_free[i] >= 12 && first) {
				dh->dh_hint = i;
				first = false;
			}
			if (dh->dh_free[i] >= need) {
				*offp = (uint64_t)i * dirblk(ip);
				return 0;
			}
		}
		if (first)
			dh->dh_hint = dh->dh_nblks;
		return 0;
	}
	error = walk(ip, 0, ip->i_d.di_size, room_entry, &r);
	if (error == 1)
		*offp = r.r_off;
	return error < 0 ? error : 0;
}

/* The table no longer says what is there: away with it. The next lookup makes a new one. */
static void
dirhash_lost(struct inode *ip)
{
	ffs_dirhash_free(ip);
}

/* One more block, with one free record. */
static int
grow(struct lwp *l, struct inode *dip, struct dirhash *dh)
{
	uint64_t off = dip->i_d.di_size;
	struct direct d = { .d_reclen = dirblk(dip), .d_name = "" };
	uint8_t blk[APPLEUFS_DIRBLKSIZ] = { 0 };
	int error;

	if (off > UFS_MAXDIRSIZE - dirblk(dip))
		return -EFBIG;
	ffs_dirent_put(blk, &d, oldfmt(dip), needswap(dip));
	if ((error = ffs_growmeta(l, dip, blk, dirblk(dip))) != 0)
		return error;
	if (dh != NULL &&
	    !blks_grow(dip->i_ump->um_k, dh, (uint32_t)(off / dirblk(dip)) + 1,
		(uint16_t)dirblk(dip)))
		dirhash_lost(dip);
	return 0;
}

/* After a change of the block at p, which starts at `blk`, and a name that came to (or went from) `off`. */
static void
dirhash_note(struct inode *ip, const uint8_t *p, uint64_t blk, uint64_t off,
    const char *name, size_t len, bool added)
{
	struct dirhash *dh = ip->i_dirhash;
	uint32_t hash, i, nblk = (uint32_t)(blk / dirblk(ip));

	if (dh == NULL)
		return;
	if (nblk >= dh->dh_nblks) {
		dirhash_lost(ip);
		return;
	}
	dh->dh_free[nblk] = block_room(ip, p);
	if (dh->dh_free[nblk] >= 12 && nblk < dh->dh_hint)
		dh->dh_hint = nblk;
	hash = hash_name(name, len);
	if (added) {
		if (slots_grow(ip->i_ump->um_k, dh))
			slot_put(dh, hash, (uint32_t)(off / 4) + 2);
		else
			dirhash_lost(ip);
		return;
	}
	for (i = hash & (dh->dh_nslots - 1); dh->dh_slot[i] != SLOT_EMPTY;
	     i = (i + 1) & (dh->dh_nslots - 1)) {
		if (dh->dh_slot[i] == (uint32_t)(off / 4) + 2) {
			dh->dh_slot[i] = SLOT_GONE;
			dh->dh_used--;
			dh->dh_gone++;
			return;
		}
	}
}

/* Writes the directory's block around off, which were changed in b; releases it. */
static int
write_block(const struct inode *dip, struct buf *b, uint64_t off)
{
	return buf_write_part(b,
	    blkoff(&dip->i_ump->um_fs, (int64_t)off) & ~(dirblk(dip) - 1),
	    dirblk(dip));
}

/* After a failed write of a change to the directory: what was there before. The name stays what the caller goes on to think it is. */
static void
put_back(struct inode *dip, uint64_t off, const uint8_t *before, uint32_t n)
{
	struct buf *b;

	dirhash_lost(dip);
	if (ffs_blkatoff(dip, off, &b) != 0) {
		ffs_must_check(dip->i_ump);
		return;
	}
	memcpy((uint8_t *)b->b_data + blkoff(&dip->i_ump->um_fs, (int64_t)off),
	    before, n);
	buf_dirty(b);
}

int
ffs_direnter(struct lwp *l, struct inode *dip, const char *name, size_t len,
    ino_t ino, mode_t mode, bool now)
{
	struct direct d = { .d_fileno = (uint32_t)ino,
		.d_type = dtype(mode),
		.d_namlen = (uint8_t)len,
		.d_name = name };
	struct dirhash *dh;
	struct buf *b;
	uint64_t off;
	uint32_t at;
	uint8_t *p;
	int error;

	if (dip->i_d.di_size > UFS_MAXDIRSIZE ||
	    dip->i_d.di_size % dirblk(dip) != 0)
		return -EIO;
	dh = dirhash_get(dip);
	error = find_room(dip, dh, FFS_DIRSIZ(len), &off);
	if (error == 0 && off == dip->i_d.di_size)
		error = grow(l, dip, dh);
	if (error == 0)
		error = ffs_blkatoff(dip, off, &b);
	if (error != 0)
		return error;
	p = (uint8_t *)b->b_data + blkoff(&dip->i_ump->um_fs, (int64_t)off);
	if ((at = block_insert(dip, p, &d)) == dirblk(dip)) {
		buf_release(b);
		return -EIO;
	}
	dirhash_note(dip, p, off, off + at, name, len, true);
	if (now && (error = write_block(dip, b, off)) != 0)
		goto fail;
	if (!now)
		buf_dirty(b);
	ffs_mark(dip, IN_CHANGE | IN_UPDATE);
	/* A block that was added counts with the size only. */
	if ((error = now ? ffs_update_now(dip) : ffs_update(dip)) == 0)
		return 0;
fail:
	/* The cached block must not bring a name that the caller gives up. */
	ffs_undone(dip->i_ump, ffs_dirremove(dip, name, len));
	return error;
}

int
ffs_dirremove(struct inode *dip, const char *name, size_t len)
{
	struct direct d, prev;
	uint32_t at = 0, target;
	struct dirslot ds;
	struct buf *b;
	uint64_t blk;
	uint8_t before[APPLEUFS_DIRBLKSIZ], *p;
	int error;

	if ((error = ffs_dirlookup(dip, name, len, &ds)) != 0)
		return error;
	if ((error = ffs_blkatoff(dip, ds.ds_off, &b)) != 0)
		return error;
	blk = ds.ds_off & ~((uint64_t)dirblk(dip) - 1);
	target = (uint32_t)(ds.ds_off - blk);
	p = (uint8_t *)b->b_data + blkoff(&dip->i_ump->um_fs, (int64_t)blk);
	memcpy(before, p, dirblk(dip));
	/* The record before it takes its bytes; the first of a block becomes free. */
	prev.d_reclen = 0;
	while (at < target &&
	    ffs_dirent_get(
		p, dirblk(dip), at, oldfmt(dip), needswap(dip), &d) == 0) {
		prev = d;
		if (at + d.d_reclen >= target)
			break;
		at += d.d_reclen;
	}
	if (target == 0 || at + prev.d_reclen != target)
		ffs_put32(p + target, 0, needswap(dip));
	else
		ffs_put16(p + at + 4,
		    (uint16_t)(prev.d_reclen + ds.ds_d.d_reclen), needswap(dip));
	dirhash_note(dip, p, blk, ds.ds_off, name, len, false);
	if ((error = write_block(dip, b, blk)) != 0) {
		put_back(dip, blk, before, dirblk(dip));
		return error;
	}
	ffs_mark(dip, IN_CHANGE | IN_UPDATE);
	ffs_update_later(dip);
	return 0;
}

int
ffs_dirrewrite(
    struct inode *dip, const char *name, size_t len, ino_t ino, mode_t mode)
{
	struct dirslot ds;
	struct buf *b;
	uint8_t before[8], *p;
	int error;

	if ((error = ffs_dirlookup(dip, name, len, &ds)) != 0)
		return error;
	if ((error = ffs_blkatoff(dip, ds.ds_off, &b)) != 0)
		return error;
	p = (uint8_t *)b->b_data +
	    blkoff(&dip->i_ump->um_fs, (int64_t)ds.ds_off);
	memcpy(before, p, sizeof(before));
	ffs_put32(p, (uint32_t)ino, needswap(dip));
	if (!oldfmt(dip))
		p[6] = dtype(mode);
	if ((error = write_block(dip, b, ds.ds_off)) != 0) {
		put_back(dip, ds.ds_off, before, sizeof(before));
		return error;
	}
	ffs_mark(dip, IN_CHANGE | IN_UPDATE);
	ffs_update_later(dip);
	return 0;
}

int
ffs_dirinit(struct lwp *l, struct inode *dip, ino_t parent)
{
	struct direct dot = { .d_fileno = (uint32_t)dip->i_number,
		.d_reclen = 12,
		.d_type = DT_DIR,
		.d_namlen = 1,
		.d_name = "." };
	struct direct dotdot = { .d_fileno = (uint32_t)parent,
		.d_reclen = dirblk(dip) - 12,
		.d_type = DT_DIR,
		.d_namlen = 2,
		.d_name = ".." };
	uint8_t blk[APPLEUFS_DIRBLKSIZ] = { 0 };

	ffs_dirent_put(blk, &dot, oldfmt(dip), needswap(dip));
	ffs_dirent_put(blk + 12, &dotdot, oldfmt(dip), needswap(dip));
	return ffs_growmeta(l, dip, blk, dirblk(dip));
}

/* --- readdir ---------------------------------------------------------------------------------------------------------------- */

#define READDIR_MAX ((size_t)32768)

struct readdir {
	uint8_t *rd_buf; /* nothing is locked while it goes to the user */
	size_t rd_size, rd_used;
	uint64_t rd_next; /* the place behind what was given */
	uint64_t rd_start;
};

static int
readdir_entry(void *arg, struct inode *ip, uint64_t off, const struct direct *d)
{
	struct readdir *rd = arg;
	struct dirent de;
	size_t reclen;
	uint8_t *p;

	(void)ip;
	if (off < rd->rd_start)
		return 0;
	if (d->d_fileno == 0) {
		rd->rd_next = off + d->d_reclen;
		return 0;
	}
	reclen = (offsetof(struct dirent, d_name) + d->d_namlen + 1u + 7u) &
	    ~(size_t)7;
	if (reclen > rd->rd_size - rd->rd_used)
		return 1;
	memset(&de, 0, offsetof(struct dirent, d_name));
	de.d_fileno = d->d_fileno;
	de.d_reclen = (uint16_t)reclen;
	de.d_namlen = d->d_namlen;
	de.d_type = d->d_type;
	p = rd->rd_buf + rd->rd_used;
	memset(p, 0, reclen);
	memcpy(p, &de, offsetof(struct dirent, d_name));
	memcpy(p + offsetof(struct dirent, d_name), d->d_name, d->d_namlen);
	rd->rd_used += reclen;
	rd->rd_next = off + d->d_reclen;
	return 0;
}

int
ffs_readdir(struct lwp *l, struct vnode *vp, struct uio *uio, bool *eof)
{
	struct inode *ip = VTOI(vp);
	uint64_t size = ip->i_d.di_size;
	struct readdir rd = { NULL, uio->uio_resid, 0, 0, 0 };
	int error;

	(void)l;
	if (uio->uio_offset < 0)
		return -EINVAL;
	if (size > UFS_MAXDIRSIZE)
		return -EIO;
	rd.rd_start = rd.rd_next = (uint64_t)uio->uio_offset;
	*eof = rd.rd_start >= size;
	if (*eof)
		return 0;
	if (rd.rd_size > READDIR_MAX)
		rd.rd_size = READDIR_MAX;
	if ((rd.rd_buf = kmem_alloc(ip->i_ump->um_k, READDIR_MAX)) == NULL)
		return -ENOMEM;
	error = walk(ip, rd.rd_start & ~((uint64_t)dirblk(ip) - 1), size,
	    readdir_entry, &rd);
	/* A damaged block at the end was left out; the offset is behind it. */
	if (error == 0) {
		rd.rd_next = size;
		*eof = true;
	} else if (error == 1) {
		error = rd.rd_used == 0 && rd.rd_next == rd.rd_start ? -EINVAL :
								       0;
	}
	if (error == 0)
		error = uiomove(rd.rd_buf, rd.rd_used, uio);
	kmem_free(ip->i_ump->um_k, rd.rd_buf, READDIR_MAX);
	if (error == 0)
		uio->uio_offset = (off_t)rd.rd_next;
	if (!ip->i_ump->um_ronly &&
	    (atomic_load(&vp->v_mount->mnt_flag) & MNT_NOATIME) == 0)
		ffs_mark(ip, IN_ACCESS);
	return error;
}
