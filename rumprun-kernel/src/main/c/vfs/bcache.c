/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The metadata cache of a mounted device.
 *
 * States of a buffer, all under bc_lock: busy (one owner works with it, unlocked); on the LRU list (valid, clean, nobody's); on the dirty list
 * (differs from the device; in the order in which the buffers became dirty); pinned (dirty, the journal's, on neither list). A busy buffer may be on the
 * dirty list, and is never on the LRU list.
 *
 * Invariants:
 *  1. A buffer is written only while the writer has it busy; its B_DIRTY goes only after a successful write.
 *  2. Who holds a busy buffer and writes others (a full cache) never waits for a busy one; only bcache_flush waits, and holds none.
 *  3. Before a buffer is written, every dirty buffer that b_deps names was. The names are offsets: what is not cached or clean needs nothing.
 */
#include <assert.h>
#include "vfs/bcache.h"

#define NBUCKETS 4096
#define NCONDS 16
#define NVEC 64
#define CHAIN_MAX 64 /* longest chain of dependencies */

struct bcache {
	struct rump_kernel *bc_k;
	struct blkdev *bc_dev;
	size_t bc_max, bc_bytes, bc_dirtybytes;
	struct kmutex bc_lock;
	struct kcond bc_conds[NCONDS];	     /* by offset: busy buffers */
	struct buf *bc_lruhead, *bc_lrutail; /* head: used last */
	struct buf *bc_dirtyhead, *bc_dirtytail;
	uint64_t bc_gen;
	bool bc_writing; /* somebody makes room */
	struct bcache_journal bc_journal;
	int (*bc_overlay)(void *, void *, uint32_t, uint64_t);
	void *bc_overlayctx;
	struct buf *bc_hash[NBUCKETS];
};

static struct buf **
bucket(struct bcache *bc, uint64_t off)
{
	uint64_t h = (off >> 9) * 0x9e3779b97f4a7c15ULL;

	return &bc->bc_hash[h >> 52];
}

static struct kcond *
busycond(struct bcache *bc, uint64_t off)
{
	return &bc->bc_conds[(off >> 9) % NCONDS];
}

/* --- lists, bc_lock held -------------------------------------------------------------------------------------------- */

static void
lru_insert(struct bcache *bc, struct buf *b)
{
	b->b_lruprev = NULL;
	b->b_lrunext = bc->bc_lruhead;
	if (bc->bc_lruhead != NULL)
		bc->bc_lruhead->b_lruprev = b;
	else
		bc->bc_lrutail = b;
	bc->bc_lruhead = b;
}

static void
lru_remove(struct bcache *bc, struct buf *b)
{
	if (b->b_lruprev != NULL)
		b->b_lruprev->b_lrunext = b->b_lrunext;
	else
		bc->bc_lruhead = b->b_lrunext;
	if (b->b_lrunext != NULL)
		b->b_lrunext->b_lruprev = b->b_lruprev;
	else
		bc->bc_lrutail = b->b_lruprev;
	b->b_lrunext = b->b_lruprev = NULL;
}

static void
dirty_insert(struct bcache *bc, struct buf *b)
{
	b->b_flags |= B_DIRTY;
	b->b_gen = ++bc->bc_gen;
	b->b_dirtynext = NULL;
	b->b_dirtyprev = bc->bc_dirtytail;
	if (bc->bc_dirtytail != NULL)
		bc->bc_dirtytail->b_dirtynext = b;
	else
		bc->bc_dirtyhead = b;
	bc->bc_dirtytail = b;
	bc->bc_dirtybytes += b->b_size;
}

static void
dirty_remove(struct bcache *bc, struct buf *b)
{
	if (b->b_dirtyprev != NULL)
		b->b_dirtyprev->b_dirtynext = b->b_dirtynext;
	else
		bc->bc_dirtyhead = b->b_dirtynext;
	if (b->b_dirtynext != NULL)
		b->b_dirtynext->b_dirtyprev = b->b_dirtyprev;
	else
		bc->bc_dirtytail = b->b_dirtyprev;
	b->b_dirtynext = b->b_dirtyprev = NULL;
	b->b_flags &= ~B_DIRTY;
	b->b_ndeps = 0;
	bc->bc_dirtybytes -= b->b_size;
}

static struct buf *
lookup(struct bcache *bc, uint64_t off)
{
	struct buf *b;

	for (b = *bucket(bc, off); b != NULL; b = b->b_hashnext)
		if (b->b_off == off)
			return b;
	return NULL;
}

/* Not on a list but the hash chain. */
static void
destroy(struct bcache *bc, struct buf *b)
{
	struct buf **bp = bucket(bc, b->b_off);

	while (*bp != b)
		bp = &(*bp)->b_hashnext;
	*bp = b->b_hashnext;
	bc->bc_bytes -= b->b_size;
	kmem_free(bc->bc_k, b->b_data, b->b_size);
	kmem_free(bc->bc_k, b, sizeof(*b));
}

static void
make_busy(struct bcache *bc, struct buf *b)
{
	if ((b->b_flags & B_DIRTY) == 0)
		lru_remove(bc, b);
	b->b_busy = true;
}

static void
unbusy(struct bcache *bc, struct buf *b)
{
	b->b_busy = false;
	if ((b->b_flags & B_DIRTY) == 0) {
		if ((b->b_flags & B_VALID) != 0)
			lru_insert(bc, b);
	}
	kcond_broadcast(busycond(bc, b->b_off));
	if ((b->b_flags & (B_DIRTY | B_VALID)) == 0)
		destroy(bc, b);
}

static void
wait_busy(struct bcache *bc, uint64_t off)
{
	kcond_wait(busycond(bc, off), &bc->bc_lock);
}

/* --- writing -------------------------------------------------------------------------------------------------------- */

static bool
writable(const struct buf *b)
{
	return (b->b_flags & (B_DIRTY | B_PINNED)) == B_DIRTY;
}

/* The dirty buffer that has to be written before b; NULL: none. */
static struct buf *
dependency(struct bcache *bc, struct buf *b)
{
	for (unsigned i = 0; i < b->b_ndeps; i++) {
		struct buf *d = lookup(bc, b->b_deps[i]);

		if (d != NULL && d != b && (d->b_flags & B_DIRTY) != 0)
			return d;
	}
	return NULL;
}

/* Follows the dependencies of b to the one to write first. */
static struct buf *
first_of(struct bcache *bc, struct buf *b)
{
	struct buf *d;

	for (int i = 0; i < CHAIN_MAX && (d = dependency(bc, b)) != NULL; i++)
		b = d;
	return b;
}

/* The busy buffers v[0..n) lie one behind the other. bc_lock is held on entry and exit, not during the write. */
static int
write_run(struct bcache *bc, struct buf **v, int n)
{
	struct iovec iov[NVEC];
	uint64_t off = v[0]->b_off;
	int error;

	for (int i = 0; i < n; i++) {
		iov[i].iov_base = v[i]->b_data;
		iov[i].iov_len = v[i]->b_size;
	}
	kmutex_exit(&bc->bc_lock);
	if (n > 1 && bc->bc_dev->b_align <= 1 && !bc->bc_dev->b_readonly) {
		error = bc->bc_dev->b_ops->bd_writev(bc->bc_dev, iov, n, off);
	} else {
		error = 0;
		for (int i = 0; i < n && error == 0; i++)
			error = blkdev_write(bc->bc_dev, v[i]->b_data,
			    v[i]->b_size, v[i]->b_off);
	}
	kmutex_enter(&bc->bc_lock);
	for (int i = 0; i < n; i++) {
		if (error == 0)
			dirty_remove(bc, v[i]);
		unbusy(bc, v[i]);
	}
	return error;
}

/* Writes b, which is not busy, and the dirty ones that lie behind it. */
static int
write_from(struct bcache *bc, struct buf *b)
{
	struct buf *v[NVEC];
	int n = 0;

	do {
		make_busy(bc, b);
		v[n++] = b;
		b = lookup(bc, b->b_off + b->b_size);
	} while (n < NVEC && b != NULL && !b->b_busy && writable(b) &&
	    dependency(bc, b) == NULL);
	return write_run(bc, v, n);
}

/*
 * Writes what became dirty up to `gen`, oldest first, until `bytes` or less are dirty. Waits for busy ones or skips them. The first error ends it
 * (what is left stays dirty).
 */
static int
writeback(struct bcache *bc, uint64_t gen, size_t bytes, bool wait)
{
	struct buf *b, *next, *first;
	int error;

	for (b = bc->bc_dirtyhead;
	     b != NULL && b->b_gen <= gen && bc->bc_dirtybytes > bytes;
	     b = next) {
		next = b->b_dirtynext;
		if (!writable(b))
			continue;
		first = first_of(bc, b);
		if ((first->b_flags & B_PINNED) != 0)
			continue;
		if (first->b_busy) {
			if (!wait)
				continue;
			wait_busy(bc, first->b_off);
		} else if ((error = write_from(bc, first)) != 0) {
			return error;
		}
		/* The lock was given up: start over. */
		next = bc->bc_dirtyhead;
	}
	return 0;
}

/* After a buffer was dirtied: the cache must not be full of dirty ones. bc_lock held. */
static void
make_room(struct bcache *bc)
{
	if (bc->bc_dirtybytes <= bc->bc_max / 2 || bc->bc_writing)
		return;
	bc->bc_writing = true;
	/* An error is found again by the flush that somebody waits for. */
	(void)writeback(bc, bc->bc_gen, bc->bc_max / 4, false);
	bc->bc_writing = false;
}

/* --- buffers ---------------------------------------------------------------------------------------------------------- */

int
bcache_create(struct rump_kernel *k, struct blkdev *dev, size_t maxbytes,
    struct bcache **bcp)
{
	struct bcache *bc = kmem_zalloc(k, sizeof(*bc));

	*bcp = bc;
	if (bc == NULL)
		return -ENOMEM;
	bc->bc_k = k;
	bc->bc_dev = dev;
	bc->bc_max = maxbytes;
	return 0;
}

void
bcache_destroy(struct bcache *bc)
{
	for (size_t i = 0; i < NBUCKETS; i++) {
		struct buf *b;

		while ((b = bc->bc_hash[i]) != NULL) {
			assert(!b->b_busy);
			bc->bc_hash[i] = b->b_hashnext;
			kmem_free(bc->bc_k, b->b_data, b->b_size);
			kmem_free(bc->bc_k, b, sizeof(*b));
		}
	}
	kmem_free(bc->bc_k, bc, sizeof(*bc));
}

/* A new busy buffer without valid contents. */
static struct buf *
create(struct bcache *bc, uint64_t off, uint32_t size)
{
	struct buf *b;

	while (bc->bc_bytes > bc->bc_max && (b = bc->bc_lrutail) != NULL) {
		lru_remove(bc, b);
		destroy(bc, b);
	}
	if ((b = kmem_zalloc(bc->bc_k, sizeof(*b))) == NULL)
		return NULL;
	if ((b->b_data = kmem_zalloc(bc->bc_k, size)) == NULL) {
		kmem_free(bc->bc_k, b, sizeof(*b));
		return NULL;
	}
	b->b_off = off;
	b->b_size = size;
	b->b_cache = bc;
	b->b_busy = true;
	b->b_hashnext = *bucket(bc, off);
	*bucket(bc, off) = b;
	bc->bc_bytes += size;
	return b;
}

/* A cached buffer of another size: out of the way. 0: gone, look again. */
static int
resize(struct bcache *bc, struct buf *b)
{
	if ((b->b_flags & B_PINNED) != 0)
		return -EIO;
	if ((b->b_flags & B_DIRTY) != 0) {
		struct buf *first = first_of(bc, b);

		if (first->b_busy || (first->b_flags & B_PINNED) != 0)
			first = b;
		return write_from(bc, first);
	}
	lru_remove(bc, b);
	destroy(bc, b);
	return 0;
}

static int
getblk(struct bcache *bc, uint64_t off, uint32_t size, struct buf **bp)
{
	struct buf *b;
	int error;

	*bp = NULL;
	if (size == 0 || off > bc->bc_dev->b_size ||
	    size > bc->bc_dev->b_size - off)
		return -EINVAL;
	kmutex_enter(&bc->bc_lock);
	while ((b = lookup(bc, off)) != NULL) {
		if (b->b_busy) {
			wait_busy(bc, off);
			continue;
		}
		if (b->b_size == size) {
			make_busy(bc, b);
			break;
		}
		if ((error = resize(bc, b)) != 0) {
			kmutex_exit(&bc->bc_lock);
			return error;
		}
	}
	if (b == NULL)
		b = create(bc, off, size);
	kmutex_exit(&bc->bc_lock);
	if (b == NULL)
		return -ENOMEM;
	*bp = b;
	return 0;
}

int
buf_get(struct bcache *bc, uint64_t off, uint32_t size, struct buf **bp)
{
	int error = getblk(bc, off, size, bp);

	/* Until it is dirtied its contents are nothing to keep. */
	return error;
}

int
buf_read(struct bcache *bc, uint64_t off, uint32_t size, struct buf **bp)
{
	struct buf *b;
	int error;

	if ((error = getblk(bc, off, size, bp)) != 0)
		return error;
	b = *bp;
	if ((b->b_flags & B_VALID) != 0)
		return 0;
	error = blkdev_read(bc->bc_dev, b->b_data, size, off);
	if (error == 0 && bc->bc_overlay != NULL)
		error = bc->bc_overlay(bc->bc_overlayctx, b->b_data, size, off);
	if (error != 0) {
		buf_release(b);
		*bp = NULL;
		return error;
	}
	kmutex_enter(&bc->bc_lock);
	b->b_flags |= B_VALID;
	kmutex_exit(&bc->bc_lock);
	return 0;
}

void
buf_release(struct buf *b)
{
	struct bcache *bc = b->b_cache;

	kmutex_enter(&bc->bc_lock);
	unbusy(bc, b);
	kmutex_exit(&bc->bc_lock);
}

void
buf_dirty(struct buf *b)
{
	struct bcache *bc = b->b_cache;

	/* Set and taken away while nobody else works in the mount. */
	if (bc->bc_journal.bj_dirty != NULL) {
		bc->bc_journal.bj_dirty(bc->bc_journal.bj_ctx, b);
		return;
	}
	kmutex_enter(&bc->bc_lock);
	b->b_flags |= B_VALID;
	if ((b->b_flags & B_DIRTY) == 0)
		dirty_insert(bc, b);
	unbusy(bc, b);
	make_room(bc);
	kmutex_exit(&bc->bc_lock);
}

int
buf_write(struct buf *b)
{
	struct bcache *bc = b->b_cache;
	int error;

	kmutex_enter(&bc->bc_lock);
	b->b_flags |= B_VALID;
	if ((b->b_flags & B_DIRTY) == 0)
		dirty_insert(bc, b);
	if ((b->b_flags & B_PINNED) != 0) {
		unbusy(bc, b);
		error = 0;
	} else {
		error = write_run(bc, &b, 1);
	}
	kmutex_exit(&bc->bc_lock);
	return error;
}

/* Writes what has to be on the device before b, which is the caller's. */
static int
write_deps(struct bcache *bc, struct buf *b)
{
	struct buf *d;
	int error = 0;

	kmutex_enter(&bc->bc_lock);
	while (error == 0 && (d = dependency(bc, b)) != NULL) {
		d = first_of(bc, d);
		if (d == b || (d->b_flags & B_PINNED) != 0)
			break;
		if (d->b_busy)
			wait_busy(bc, d->b_off);
		else
			error = write_from(bc, d);
	}
	kmutex_exit(&bc->bc_lock);
	return error;
}

int
buf_write_part(struct buf *b, uint32_t at, uint32_t n)
{
	struct bcache *bc = b->b_cache;
	uint32_t unit = bc->bc_dev->b_align > 512 ? bc->bc_dev->b_align : 512;
	uint32_t start = at - at % unit, left = b->b_size - start;
	int error;

	if (bc->bc_journal.bj_dirty != NULL) {
		buf_dirty(b);
		return 0;
	}
	n = (at - start + n + unit - 1) / unit * unit;
	if (n > left)
		n = left;
	error = b->b_ndeps == 0 ? 0 : write_deps(bc, b);
	if (error == 0)
		error = blkdev_write(bc->bc_dev, (uint8_t *)b->b_data + start,
		    n, b->b_off + start);
	kmutex_enter(&bc->bc_lock);
	b->b_flags |= B_VALID;
	if (error != 0 && (b->b_flags & B_DIRTY) == 0)
		dirty_insert(bc, b);
	/* What else differs from the device still does. */
	else if (error == 0 && (b->b_flags & B_DIRTY) != 0 && n == b->b_size)
		dirty_remove(bc, b);
	unbusy(bc, b);
	kmutex_exit(&bc->bc_lock);
	return error;
}

void
buf_discard(struct buf *b)
{
	struct bcache *bc = b->b_cache;

	if ((b->b_flags & B_PINNED) != 0)
		bc->bc_journal.bj_forget(bc->bc_journal.bj_ctx, b);
	kmutex_enter(&bc->bc_lock);
	if ((b->b_flags & B_DIRTY) != 0)
		dirty_remove(bc, b);
	b->b_flags &= ~B_VALID;
	unbusy(bc, b);
	kmutex_exit(&bc->bc_lock);
}

/* Drops one buffer, or waits for its owner; the lock is given up meanwhile. */
static void
invalidate_one(struct bcache *bc, struct buf *b)
{
	if (b->b_busy) {
		wait_busy(bc, b->b_off);
		return;
	}
	make_busy(bc, b);
	kmutex_exit(&bc->bc_lock);
	buf_discard(b);
	kmutex_enter(&bc->bc_lock);
}

void
bcache_invalidate(struct bcache *bc, uint64_t off, uint64_t size)
{
	uint64_t at, end = off + size;
	struct buf *b;

	kmutex_enter(&bc->bc_lock);
	for (at = off; at < end; at += 512)
		while ((b = lookup(bc, at)) != NULL)
			invalidate_one(bc, b);
	kmutex_exit(&bc->bc_lock);
}

void
buf_depend_on(struct buf *then, uint64_t off)
{
	struct bcache *bc = then->b_cache;
	struct buf *first;

	kmutex_enter(&bc->bc_lock);
	if (bc->bc_journal.bj_dirty != NULL ||
	    (first = lookup(bc, off)) == NULL || first == then ||
	    (first->b_flags & B_DIRTY) == 0)
		goto out;
	if ((then->b_flags & B_DIRTY) == 0)
		then->b_ndeps = 0;
	for (unsigned i = 0; i < then->b_ndeps; i++)
		if (then->b_deps[i] == off)
			goto out;
	/* One of those that are clean by now makes place. */
	for (unsigned i = 0; i < then->b_ndeps; i++) {
		first = lookup(bc, then->b_deps[i]);
		if (first == NULL || (first->b_flags & B_DIRTY) == 0) {
			then->b_deps[i] = off;
			goto out;
		}
	}
	assert(then->b_ndeps < BUF_NDEPS);
	then->b_deps[then->b_ndeps++] = off;
out:
	kmutex_exit(&bc->bc_lock);
}

int
bcache_flush(struct bcache *bc, bool sync)
{
	int error;

	kmutex_enter(&bc->bc_lock);
	error = writeback(bc, bc->bc_gen, 0, true);
	kmutex_exit(&bc->bc_lock);
	if (error == 0 && sync)
		error = blkdev_sync(bc->bc_dev);
	return error;
}

int
bcache_flush_range(struct bcache *bc, uint64_t off, uint64_t size)
{
	uint64_t at, end = off + size;
	struct buf *b, *first;
	int error = 0;

	kmutex_enter(&bc->bc_lock);
	for (at = off; at < end && error == 0; at += 512) {
		while ((b = lookup(bc, at)) != NULL && writable(b)) {
			first = first_of(bc, b);
			if ((first->b_flags & B_PINNED) != 0)
				break;
			if (first->b_busy)
				wait_busy(bc, first->b_off);
			else if ((error = write_from(bc, first)) != 0)
				break;
		}
	}
	kmutex_exit(&bc->bc_lock);
	return error;
}

/* --- the journal's side ------------------------------------------------------------------------------------------------ */

void
bcache_set_journal(struct bcache *bc, const struct bcache_journal *bj)
{
	kmutex_enter(&bc->bc_lock);
	if (bj != NULL)
		bc->bc_journal = *bj;
	else
		memset(&bc->bc_journal, 0, sizeof(bc->bc_journal));
	kmutex_exit(&bc->bc_lock);
}

void
bcache_set_overlay(
    struct bcache *bc, int (*fn)(void *, void *, uint32_t, uint64_t), void *ctx)
{
	bc->bc_overlay = fn;
	bc->bc_overlayctx = ctx;
}

void
buf_pin(struct buf *b)
{
	struct bcache *bc = b->b_cache;

	kmutex_enter(&bc->bc_lock);
	if ((b->b_flags & B_DIRTY) != 0 && (b->b_flags & B_PINNED) == 0)
		dirty_remove(bc, b);
	b->b_flags |= B_DIRTY | B_PINNED | B_VALID;
	kmutex_exit(&bc->bc_lock);
}

void
buf_unpin(struct buf *b)
{
	struct bcache *bc = b->b_cache;

	kmutex_enter(&bc->bc_lock);
	assert((b->b_flags & B_PINNED) != 0);
	b->b_flags &= ~(B_DIRTY | B_PINNED);
	dirty_insert(bc, b);
	kmutex_exit(&bc->bc_lock);
}

void
buf_unpin_clean(struct buf *b)
{
	struct bcache *bc = b->b_cache;

	kmutex_enter(&bc->bc_lock);
	b->b_flags &= ~(B_DIRTY | B_PINNED);
	kmutex_exit(&bc->bc_lock);
}
