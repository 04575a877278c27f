/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The metadata cache of one mounted device: blocks by byte offset, with delayed writes in order.
 *
 * File data does not come here (dev/blkdev.h: blkdev_uiomove). A buffer has one owner at a time (busy); buf_read of a
 * busy buffer waits. Order: what something else relies on is written at once by buf_write_part; buf_depend_on(then, off) holds `then` back
 * until what the cache has at `off` is on the device. A file system that journals (wapbl.h) keeps buffers pinned instead.
 */
#ifndef VFS_BCACHE_H
#define VFS_BCACHE_H

#include "dev/blkdev.h"

struct bcache;
#define BUF_NDEPS 4
struct buf {
	void *b_data;	/* b_size bytes */
	uint64_t b_off; /* on the device */
	uint32_t b_size;
	unsigned b_flags; /* B_*, owner's while busy */
	struct bcache *b_cache;
	void *b_private; /* the journal's */
	/* the cache's own: */
	struct buf *b_hashnext, *b_lrunext, *b_lruprev;
	struct buf *b_dirtynext, *b_dirtyprev;
	uint64_t b_deps[BUF_NDEPS]; /* offsets of what is written before */
	unsigned b_ndeps;
	bool b_busy;
	uint64_t b_gen; /* when it became dirty */
};
#define B_DIRTY 0x1  /* differs from the device */
#define B_PINNED 0x2 /* the journal holds it: not to be written in place yet */
#define B_VALID 0x4

/* maxbytes bounds clean buffers; dirty ones are written when they exceed half of it. Starts no thread. */
int bcache_create(struct rump_kernel *, struct blkdev *, size_t maxbytes,
    struct bcache **) MUST_CHECK;
/* Everything must have been flushed (or is lost: forced unmount of a failed device). */
void bcache_destroy(struct bcache *);
/* Busy buffer with valid contents. One offset always has one size: a different size discards the old clean one (dirty: writes it first). -EIO, -ENOMEM, -EINVAL outside the device. */
int buf_read(
    struct bcache *, uint64_t off, uint32_t size, struct buf **) MUST_CHECK;
/* Busy buffer, contents zero or what was cached; for blocks that will be filled whole. */
int buf_get(
    struct bcache *, uint64_t off, uint32_t size, struct buf **) MUST_CHECK;
void buf_release(struct buf *); /* unchanged */
void buf_dirty(struct buf
	*); /* delayed write; releases. Journalled when a transaction is open on the cache's journal */
int buf_write(struct buf *) MUST_CHECK; /* now (no host sync); releases */
/*
 * Of a buffer with valid contents (or for all of it) the bytes [at, at+n) were changed: their sectors are written now, without a host sync; releases. With a journal
 * the same as buf_dirty. An error leaves it dirty.
 */
int buf_write_part(struct buf *, uint32_t at, uint32_t n) MUST_CHECK;
void buf_discard(struct buf *); /* contents are of no use any more; releases */
/* The range [off, off+size) becomes free or data: cached contents are dropped, never written later. */
void bcache_invalidate(struct bcache *, uint64_t off, uint64_t size);
/* `then` (busy) waits for what the cache has at `off` now, which is not busy by the caller and depends on nothing. */
void buf_depend_on(struct buf *then, uint64_t off);
/* Writes all dirty, unpinned buffers in order. sync: then blkdev_sync. First error is returned; the buffers stay dirty. */
int bcache_flush(struct bcache *, bool sync) MUST_CHECK;
/* Flush of just one buffer's block if cached and dirty (and what must go before it). */
int bcache_flush_range(struct bcache *, uint64_t off, uint64_t size) MUST_CHECK;

/* The journal's hooks, set by wapbl_start. */
struct bcache_journal {
	void *bj_ctx;
	/* buf_dirty inside a transaction: takes the buffer over (pins it) and releases it. */
	void (*bj_dirty)(void *ctx, struct buf *);
	/* A pinned (busy) buffer's contents are of no use any more: the journal forgets it, with buf_unpin_clean. */
	void (*bj_forget)(void *ctx, struct buf *);
};
void bcache_set_journal(struct bcache *, const struct bcache_journal *);
/*
 * What is read from the device passes through fn: a journal that is not replayed in place (read-only mounts) puts its newer contents there. 0 or -errno.
 */
void bcache_set_overlay(struct bcache *,
    int (*fn)(void *ctx, void *data, uint32_t size, uint64_t off), void *ctx);
/* For the journal: keeps a busy buffer from being written; makes it an ordinary dirty one. The list of the pinned is the journal's own. */
void buf_pin(struct buf *);
void buf_unpin(struct buf *);
void buf_unpin_clean(struct buf *); /* busy: and its contents are dropped */

#endif
