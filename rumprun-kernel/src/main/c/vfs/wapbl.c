/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing the journal.
 *
 * Metadata buffers dirtied in transactions are pinned: the cache does not write them. A commit waits until no transaction is open, then writes all pinned
 * buffers, revocations of what was freed, and the list of inodes without a name, behind the head of the circular log; syncs; writes the header that says so;
 * syncs; and only then lets the cache write the buffers to their places. When the log is more than half full the commit does that itself, and moves the tail
 * up to the head.
 *
 * Invariants:
 *  1. No buffer reaches its place before a header on the medium covers it.
 *  2. After a commit nothing is pinned: what stands in the log between tail and head is in the buffers, which are dirty or written.
 *  3. A freed block is handed out again only after the commit that revokes it.
 *  4. The first error of the device ends it: nothing is committed, and nothing pinned reaches its place, from then on; what was committed is in the log or
 *     at its place. Memory is asked for before anything is changed; without it the commit is tried again later.
 *  5. A transaction that is larger than the log goes to its places under a mark that asks for a check (wo_exposed); limits at wapbl_begin make it rare.
 *  6. Header generation g stands in log block g mod 2, so that the one before it survives a torn write.
 */
#include <assert.h>
#include "vfs/wapbl.h"
#include "vfs/wapbl_format.h"

#define STAGE ((size_t)128 << 10)
#define TX_MAX ((uint64_t)8 << 20) /* pinned bytes that make somebody commit */
#define LOG_FULL (-ENOBUFS)	   /* not an error of the host's */
/* Room in the lists that a transaction finds when it begins. */
#define TX_BUFS 128
#define TX_DEALLOCS 64
#define TX_ORPHANS 8

struct holder {
	struct lwp *h_lwp;
	unsigned h_depth;
	struct holder *h_next;
};
struct dealloc {
	uint64_t d_blk;
	uint32_t d_len;
};
struct orphan {
	ino_t o_ino;
	mode_t o_mode;
};
struct wapbl {
	struct rump_kernel *wl_k;
	struct bcache *wl_bc;
	struct blkdev *wl_dev;
	uint64_t wl_off;
	uint32_t wl_lbs;
	struct wc_header wl_h;
	struct wapbl_ops wl_ops;

	struct kmutex wl_lock; /* the fields below */
	struct kcond wl_cond;
	struct holder *wl_holders;
	bool wl_flushing;
	struct lwp *wl_flusher;
	struct buf **wl_bufs; /* pinned; b_private: index + 1 */
	size_t wl_nbufs, wl_maxbufs;
	uint64_t wl_bytes; /* in them */
	struct dealloc *wl_deallocs;
	size_t wl_ndeallocs, wl_maxdeallocs;
	struct orphan *wl_orphans;
	size_t wl_norphans, wl_maxorphans;
	bool wl_orphanschanged;
	int wl_error; /* the log cannot be written any more */
	uint64_t wl_nholders;

	uint8_t *wl_stage; /* the flusher's */
	uint8_t *wl_hdr;   /* and its log block for a header */
	size_t wl_staged;
	int64_t wl_stageat;  /* where it goes in the log */
	int64_t wl_left;     /* room of this commit */
	int64_t wl_inodesat; /* the last commit's list of inodes */
};

/* Makes an array of the lock's, with n elements, have room for `more`. */
static bool
grow(struct rump_kernel *k, void **array, size_t *max, size_t n, size_t more,
    size_t size)
{
	size_t to = *max == 0 ? 256 : *max * 2;
	void *p;

	if (more <= *max - n)
		return true;
	while (to - n < more)
		to *= 2;
	if ((p = kmem_calloc(k, to, size)) == NULL)
		return false;
	if (n > 0)
		memcpy(p, *array, n * size);
	if (*max != 0)
		kmem_free(k, *array, *max * size);
	*array = p;
	*max = to;
	return true;
}

static bool
room_bufs(struct wapbl *wl, size_t more)
{
	void *array = wl->wl_bufs;
	bool ok = grow(wl->wl_k, &array, &wl->wl_maxbufs, wl->wl_nbufs, more,
	    sizeof(*wl->wl_bufs));

	wl->wl_bufs = array;
	return ok;
}

static bool
room_deallocs(struct wapbl *wl, size_t more)
{
	void *array = wl->wl_deallocs;
	bool ok = grow(wl->wl_k, &array, &wl->wl_maxdeallocs, wl->wl_ndeallocs,
	    more, sizeof(*wl->wl_deallocs));

	wl->wl_deallocs = array;
	return ok;
}

static bool
room_orphans(struct wapbl *wl, size_t more)
{
	void *array = wl->wl_orphans;
	bool ok = grow(wl->wl_k, &array, &wl->wl_maxorphans, wl->wl_norphans,
	    more, sizeof(*wl->wl_orphans));

	wl->wl_orphans = array;
	return ok;
}

/* What is pinned can never be written any more: no change is taken from now on. */
static int
broken(struct wapbl *wl, int error)
{
	kmutex_enter(&wl->wl_lock);
	if (wl->wl_error == 0) {
		/* Of memory too, when the lists are half-way. */
		wl->wl_error = error == -ENOMEM ? -EIO : error;
		kern_printf(
		    wl->wl_k, "wapbl: cannot write the log: %d\n", -error);
	}
	error = wl->wl_error;
	kmutex_exit(&wl->wl_lock);
	return error;
}

/* --- the cache's hooks ------------------------------------------------------------------------------------------------ */

static void
hook_dirty(void *ctx, struct buf *b)
{
	struct wapbl *wl = ctx;
	bool ok = true;

	kmutex_enter(&wl->wl_lock);
	if (b->b_private == NULL) {
		ok = room_bufs(wl, 1);
		if (ok) {
			wl->wl_bufs[wl->wl_nbufs++] = b;
			b->b_private = (void *)(uintptr_t)wl->wl_nbufs;
			wl->wl_bytes += b->b_size;
			buf_pin(b);
		}
	}
	kmutex_exit(&wl->wl_lock);
	if (ok) {
		buf_release(b);
		return;
	}
	/* More than wapbl_begin made room for, and no memory to remember it: without a commit of it nothing is sound. */
	(void)broken(wl, -ENOMEM);
	buf_pin(b);
	buf_release(b);
}

static void
hook_forget(void *ctx, struct buf *b)
{
	struct wapbl *wl = ctx;
	size_t i;

	kmutex_enter(&wl->wl_lock);
	if (b->b_private != NULL) {
		i = (size_t)(uintptr_t)b->b_private - 1;
		wl->wl_bufs[i] = wl->wl_bufs[--wl->wl_nbufs];
		wl->wl_bufs[i]->b_private = (void *)(uintptr_t)(i + 1);
		wl->wl_bytes -= b->b_size;
		b->b_private = NULL;
	}
	buf_unpin_clean(b);
	kmutex_exit(&wl->wl_lock);
}

/* --- transactions ------------------------------------------------------------------------------------------------------- */

static struct holder *
holder_of(struct wapbl *wl, struct lwp *l)
{
	struct holder *h;

	for (h = wl->wl_holders; h != NULL; h = h->h_next)
		if (h->h_lwp == l)
			return h;
	return NULL;
}

bool
wapbl_inside(struct wapbl *wl, struct lwp *l)
{
	bool inside;

	kmutex_enter(&wl->wl_lock);
	inside = holder_of(wl, l) != NULL;
	kmutex_exit(&wl->wl_lock);
	return inside;
}

static bool
too_full(const struct wapbl *wl)
{
	uint64_t size = (uint64_t)wl->wl_h.h_circsize, all;

	if (wl->wl_bytes > (size / 4 < TX_MAX ? size / 4 : TX_MAX) ||
	    wl->wl_ndeallocs > size / 128)
		return true;
	/* What is open will dirty something, and the commit what the deallocations need. Half of the log is free, some of it for the lists. */
	all = wl->wl_ndeallocs * (uint64_t)wl->wl_ops.wo_dealloc_bytes;
	if (all > wl->wl_ops.wo_dealloc_max)
		all = wl->wl_ops.wo_dealloc_max;
	all += wl->wl_bytes + wl->wl_nholders * wl->wl_ops.wo_tx_bytes;
	return all > size / 16 * 7 &&
	    (wl->wl_bytes != 0 || wl->wl_ndeallocs != 0 ||
		wl->wl_holders != NULL);
}

/* Room in the lists for all that are open and one more: what they note cannot fail for want of memory. */
static bool
make_lists(struct wapbl *wl)
{
	size_t n = (size_t)wl->wl_nholders + 1;

	return room_bufs(wl, n * TX_BUFS) &&
	    room_deallocs(wl, n * TX_DEALLOCS) &&
	    room_orphans(wl, n * TX_ORPHANS);
}

uint64_t
wapbl_room(const struct wapbl *wl)
{
	return (uint64_t)wl->wl_h.h_circsize / 4;
}

int
wapbl_begin(struct wapbl *wl, struct lwp *l)
{
	struct holder *h;
	int error;

	kmutex_enter(&wl->wl_lock);
	if ((h = holder_of(wl, l)) != NULL) {
		h->h_depth++;
		kmutex_exit(&wl->wl_lock);
		return 0;
	}
	for (;;) {
		if (wl->wl_error != 0) {
			error = wl->wl_error;
			break;
		}
		if (wl->wl_flushing) {
			kcond_wait(&wl->wl_cond, &wl->wl_lock);
			continue;
		}
		if (too_full(wl)) {
			kmutex_exit(&wl->wl_lock);
			if ((error = wapbl_flush(wl, l, false)) != 0)
				return error;
			kmutex_enter(&wl->wl_lock);
			continue;
		}
		error = -ENOMEM;
		if (!make_lists(wl) ||
		    (h = kmem_zalloc(wl->wl_k, sizeof(*h))) == NULL)
			break;
		h->h_lwp = l;
		h->h_depth = 1;
		h->h_next = wl->wl_holders;
		wl->wl_holders = h;
		wl->wl_nholders++;
		error = 0;
		break;
	}
	kmutex_exit(&wl->wl_lock);
	return error;
}

void
wapbl_end(struct wapbl *wl, struct lwp *l)
{
	struct holder **hp, *h;

	kmutex_enter(&wl->wl_lock);
	for (hp = &wl->wl_holders; (h = *hp) != NULL; hp = &h->h_next) {
		if (h->h_lwp != l)
			continue;
		if (--h->h_depth == 0) {
			*hp = h->h_next;
			wl->wl_nholders--;
			kmem_free(wl->wl_k, h, sizeof(*h));
			if (wl->wl_holders == NULL && wl->wl_flushing)
				kcond_broadcast(&wl->wl_cond);
		}
		break;
	}
	kmutex_exit(&wl->wl_lock);
}

int
wapbl_register_deallocation(struct wapbl *wl, uint64_t blkno, uint32_t len)
{
	bool ok;

	kmutex_enter(&wl->wl_lock);
	ok = room_deallocs(wl, 1);
	if (ok) {
		wl->wl_deallocs[wl->wl_ndeallocs].d_blk = blkno;
		wl->wl_deallocs[wl->wl_ndeallocs++].d_len = len;
	}
	kmutex_exit(&wl->wl_lock);
	return ok ? 0 : -ENOMEM;
}

void
wapbl_register_inode(struct wapbl *wl, ino_t ino, mode_t mode)
{
	kmutex_enter(&wl->wl_lock);
	for (size_t i = wl->wl_norphans; i > 0; i--)
		if (wl->wl_orphans[i - 1].o_ino == ino)
			goto out;
	/* Without memory for it, in a transaction that notes many, fsck has to find it after a crash. */
	if (room_orphans(wl, 1)) {
		wl->wl_orphans[wl->wl_norphans].o_ino = ino;
		wl->wl_orphans[wl->wl_norphans++].o_mode = mode;
		wl->wl_orphanschanged = true;
	}
out:
	kmutex_exit(&wl->wl_lock);
}

void
wapbl_unregister_inode(struct wapbl *wl, ino_t ino, mode_t mode)
{
	(void)mode;
	kmutex_enter(&wl->wl_lock);
	for (size_t i = wl->wl_norphans; i > 0; i--) {
		if (wl->wl_orphans[i - 1].o_ino != ino)
			continue;
		wl->wl_orphans[i - 1] = wl->wl_orphans[--wl->wl_norphans];
		wl->wl_orphanschanged = true;
		break;
	}
	kmutex_exit(&wl->wl_lock);
}

/* --- the log's bytes: the flusher alone -------------------------------------------------------------------------------------- */

static int64_t
circ_end(const struct wapbl *wl)
{
	return wl->wl_h.h_circoff + wl->wl_h.h_circsize;
}

static int
stage_flush(struct wapbl *wl)
{
	size_t n = wl->wl_staged, part;
	int64_t left = circ_end(wl) - wl->wl_stageat;
	int error;

	part = (int64_t)n < left ? n : (size_t)left;
	error = blkdev_write(wl->wl_dev, wl->wl_stage, part,
	    wl->wl_off + (uint64_t)wl->wl_stageat);
	if (error == 0 && part < n)
		error = blkdev_write(wl->wl_dev, wl->wl_stage + part, n - part,
		    wl->wl_off + (uint64_t)wl->wl_h.h_circoff);
	wl->wl_stageat += (int64_t)n;
	if (wl->wl_stageat >= circ_end(wl))
		wl->wl_stageat -= wl->wl_h.h_circsize;
	wl->wl_staged = 0;
	return error;
}

/* Appends n bytes, and zeros up to a log block. */
static int
append(struct wapbl *wl, const void *data, size_t n)
{
	size_t size = (n + wl->wl_lbs - 1) & ~(size_t)(wl->wl_lbs - 1);
	int error = 0;

	if ((int64_t)size > wl->wl_left)
		return LOG_FULL;
	wl->wl_left -= (int64_t)size;
	if (wl->wl_staged + size > STAGE && (error = stage_flush(wl)) != 0)
		return error;
	memcpy(wl->wl_stage + wl->wl_staged, data, n);
	memset(wl->wl_stage + wl->wl_staged + n, 0, size - n);
	wl->wl_staged += size;
	return 0;
}

static uint32_t
entries(const struct wapbl *wl, uint32_t size)
{
	return (wl->wl_lbs - WC_LIST_LEN) / size;
}

static void
put_block(uint8_t *p, uint32_t i, uint64_t blk, uint32_t len)
{
	uint8_t *e = p + WC_LIST_LEN + (size_t)i * WC_BLOCK_LEN;

	wc_put64(e, blk);
	wc_put32(e + 12, len);
}

static int
write_blocks(struct wapbl *wl, uint8_t *p)
{
	uint32_t max = entries(wl, WC_BLOCK_LEN), n;
	int error = 0;

	for (size_t i = 0; i < wl->wl_nbufs && error == 0; i += n) {
		uint32_t len = wl->wl_lbs;

		memset(p, 0, wl->wl_lbs);
		for (n = 0; n < max && i + n < wl->wl_nbufs; n++) {
			const struct buf *b = wl->wl_bufs[i + n];

			put_block(
			    p, n, b->b_off >> wl->wl_h.h_fsshift, b->b_size);
			len += (b->b_size + wl->wl_lbs - 1) & ~(wl->wl_lbs - 1);
		}
		wc_put32(p, WAPBL_WC_BLOCKS);
		wc_put32(p + 4, len);
		wc_put32(p + 8, n);
		error = append(wl, p, wl->wl_lbs);
		for (uint32_t j = 0; j < n && error == 0; j++)
			error = append(wl, wl->wl_bufs[i + j]->b_data,
			    wl->wl_bufs[i + j]->b_size);
	}
	return error;
}

static int
write_revocations(struct wapbl *wl, uint8_t *p)
{
	uint32_t max = entries(wl, WC_BLOCK_LEN), n;
	unsigned shift = wl->wl_h.h_fsshift - 9;
	int error = 0;

	for (size_t i = 0; i < wl->wl_ndeallocs && error == 0; i += n) {
		memset(p, 0, wl->wl_lbs);
		for (n = 0; n < max && i + n < wl->wl_ndeallocs; n++)
			put_block(p, n, wl->wl_deallocs[i + n].d_blk >> shift,
			    wl->wl_deallocs[i + n].d_len);
		wc_put32(p, WAPBL_WC_REVOCATIONS);
		wc_put32(p + 4, wl->wl_lbs);
		wc_put32(p + 8, n);
		error = append(wl, p, wl->wl_lbs);
	}
	return error;
}

static int
write_inodes(struct wapbl *wl, uint8_t *p)
{
	uint32_t max = entries(wl, WC_INODE_LEN), n;
	size_t i = 0;
	int error;

	wl->wl_inodesat = wl->wl_stageat + (int64_t)wl->wl_staged;
	if (wl->wl_inodesat >= circ_end(wl))
		wl->wl_inodesat -= wl->wl_h.h_circsize;
	do {
		memset(p, 0, wl->wl_lbs);
		for (n = 0; n < max && i + n < wl->wl_norphans; n++) {
			uint8_t *e = p + WC_LIST_LEN + (size_t)n * WC_INODE_LEN;

			wc_put32(e, (uint32_t)wl->wl_orphans[i + n].o_ino);
			wc_put32(e + 4, wl->wl_orphans[i + n].o_mode);
		}
		wc_put32(p, WAPBL_WC_INODES);
		wc_put32(p + 4, wl->wl_lbs);
		wc_put32(p + 8, n);
		wc_put32(p + 12, i == 0);
		error = append(wl, p, wl->wl_lbs);
		i += n;
	} while (error == 0 && i < wl->wl_norphans);
	return error;
}

static int
write_header(struct wapbl *wl)
{
	uint8_t *p = wl->wl_hdr;
	struct timespec now;

	kern_nanotime(wl->wl_k, &now);
	wl->wl_h.h_generation++;
	wl->wl_h.h_sec = now.tv_sec;
	wl->wl_h.h_nsec = (uint32_t)now.tv_nsec;
	wc_header_encode(&wl->wl_h, p, wl->wl_lbs);
	return blkdev_write(wl->wl_dev, p, wl->wl_lbs,
	    wl->wl_off + (wl->wl_h.h_generation & 1) * wl->wl_lbs);
}

static int64_t
used(const struct wapbl *wl)
{
	int64_t n = wl->wl_h.h_head - wl->wl_h.h_tail;

	return n < 0 ? n + wl->wl_h.h_circsize : n;
}

/*
 * Everything to its place; nothing is pinned. The log is empty after it, but for the list of inodes without a name: they have to be found after a crash as
 * long as they are open.
 */
static int
checkpoint(struct wapbl *wl)
{
	int error;

	if ((error = bcache_flush(wl->wl_bc, true)) != 0)
		return error;
	wl->wl_h.h_tail = wl->wl_norphans > 0 ? wl->wl_inodesat :
						wl->wl_h.h_head;
	if ((error = write_header(wl)) == 0)
		error = blkdev_sync(wl->wl_dev);
	return error;
}

static void
unpin_all(struct wapbl *wl)
{
	for (size_t i = 0; i < wl->wl_nbufs; i++) {
		wl->wl_bufs[i]->b_private = NULL;
		buf_unpin(wl->wl_bufs[i]);
	}
	wl->wl_nbufs = 0;
	wl->wl_bytes = 0;
}

static int
write_log(struct wapbl *wl)
{
	uint8_t *p = wl->wl_hdr;
	int64_t head;
	int error;

	head = wl->wl_h.h_head < wl->wl_h.h_circoff ? wl->wl_h.h_circoff :
						      wl->wl_h.h_head;
	wl->wl_stageat = head;
	wl->wl_staged = 0;
	/* Never wholly full: that would look empty. */
	wl->wl_left = wl->wl_h.h_circsize - used(wl) - wl->wl_lbs;
	error = write_blocks(wl, p);
	if (error == 0)
		error = write_revocations(wl, p);
	if (error == 0)
		error = write_inodes(wl, p);
	if (error == 0)
		error = stage_flush(wl);
	if (error != 0)
		return error;
	if ((error = blkdev_sync(wl->wl_dev)) != 0)
		return error;
	if (wl->wl_h.h_tail < wl->wl_h.h_circoff)
		wl->wl_h.h_tail = head;
	wl->wl_h.h_head = wl->wl_stageat;
	if ((error = write_header(wl)) == 0)
		error = blkdev_sync(wl->wl_dev);
	return error;
}

/*
 * The transaction does not fit into the log: to the places, under a mark that asks for a check should it be cut off. The list of inodes goes into the log
 * that is empty then.
 */
static int
commit_without_log(struct wapbl *wl)
{
	size_t n = wl->wl_norphans;
	void *ctx = wl->wl_ops.wo_ctx;
	int error = 0;

	unpin_all(wl);
	wl->wl_ndeallocs = 0;
	wl->wl_norphans = 0;
	if (wl->wl_ops.wo_exposed != NULL)
		error = wl->wl_ops.wo_exposed(ctx, true);
	if (error == 0)
		error = checkpoint(wl);
	wl->wl_norphans = n;
	if (error == 0)
		error = write_log(wl);
	if (error == 0 && wl->wl_ops.wo_exposed != NULL)
		error = wl->wl_ops.wo_exposed(ctx, false);
	return error;
}

/* All that a commit may lack memory for. What stands for all changes is in the cache after it. */
static int
prepare(struct wapbl *wl)
{
	int error = 0;
	bool ok;

	if (wl->wl_ops.wo_commit != NULL)
		error = wl->wl_ops.wo_commit(wl->wl_ops.wo_ctx);
	if (error != 0)
		return error;
	kmutex_enter(&wl->wl_lock);
	ok = room_bufs(wl, wl->wl_ndeallocs + TX_BUFS);
	kmutex_exit(&wl->wl_lock);
	return ok ? 0 : -ENOMEM;
}

/* No transaction is open, and none begins. */
static int
commit(struct wapbl *wl)
{
	size_t n;
	int error;

	if (wl->wl_nbufs == 0 && wl->wl_ndeallocs == 0 && !wl->wl_orphanschanged)
		return 0;
	if ((error = prepare(wl)) != 0)
		return error == -ENOMEM ? error : broken(wl, error);
	/* Blocks given back are free from the next transaction on; one that cannot be is lost until fsck, and wo_dealloc says so. */
	n = wl->wl_ndeallocs;
	for (size_t i = 0; i < n; i++)
		wl->wl_ops.wo_dealloc(wl->wl_ops.wo_ctx,
		    wl->wl_deallocs[i].d_blk, wl->wl_deallocs[i].d_len);
	if (n > 0 && wl->wl_ops.wo_commit != NULL)
		error = wl->wl_ops.wo_commit(wl->wl_ops.wo_ctx);
	if (error == 0)
		error = wl->wl_error;
	if (error == 0)
		error = write_log(wl);
	if (error == LOG_FULL)
		error = commit_without_log(wl);
	if (error != 0)
		return broken(wl, error);
	wl->wl_ndeallocs = 0;
	wl->wl_orphanschanged = false;
	unpin_all(wl);
	if (used(wl) > wl->wl_h.h_circsize / 2 && (error = checkpoint(wl)) != 0)
		return broken(wl, error);
	return 0;
}

int
wapbl_flush(struct wapbl *wl, struct lwp *l, bool wait)
{
	int error;

	(void)wait; /* a header that is not on the medium is worth nothing */
	kmutex_enter(&wl->wl_lock);
	if (holder_of(wl, l) != NULL) {
		kmutex_exit(&wl->wl_lock);
		return 0;
	}
	while (wl->wl_flushing)
		kcond_wait(&wl->wl_cond, &wl->wl_lock);
	if ((error = wl->wl_error) != 0) {
		kmutex_exit(&wl->wl_lock);
		return error;
	}
	wl->wl_flushing = true;
	while (wl->wl_holders != NULL)
		kcond_wait(&wl->wl_cond, &wl->wl_lock);
	kmutex_exit(&wl->wl_lock);
	/* Alone: nobody else touches the lists. The cache's hooks take the lock. */
	error = commit(wl);
	kmutex_enter(&wl->wl_lock);
	wl->wl_flushing = false;
	kcond_broadcast(&wl->wl_cond);
	kmutex_exit(&wl->wl_lock);
	return error;
}

/* --- start and stop ------------------------------------------------------------------------------------------------------------ */

static void
destroy(struct wapbl *wl)
{
	struct rump_kernel *k = wl->wl_k;

	if (wl->wl_maxbufs != 0)
		kmem_free(k, wl->wl_bufs, wl->wl_maxbufs * sizeof(*wl->wl_bufs));
	if (wl->wl_maxdeallocs != 0)
		kmem_free(k, wl->wl_deallocs,
		    wl->wl_maxdeallocs * sizeof(*wl->wl_deallocs));
	if (wl->wl_maxorphans != 0)
		kmem_free(k, wl->wl_orphans,
		    wl->wl_maxorphans * sizeof(*wl->wl_orphans));
	if (wl->wl_stage != NULL)
		kmem_free(k, wl->wl_stage, STAGE);
	if (wl->wl_hdr != NULL)
		kmem_free(k, wl->wl_hdr, wl->wl_lbs);
	kmem_free(k, wl, sizeof(*wl));
}

static uint32_t
log2of(uint32_t v)
{
	uint32_t n = 0;

	while ((1u << n) < v)
		n++;
	return n;
}

int
wapbl_start(struct rump_kernel *k, struct bcache *bc, struct blkdev *dev,
    uint64_t off, uint64_t size, uint32_t devblksize, const uint32_t fsid[2],
    const struct wapbl_ops *ops, struct wapbl **wlp)
{
	struct bcache_journal bj = { .bj_dirty = hook_dirty,
		.bj_forget = hook_forget };
	struct wapbl *wl;
	int error;

	*wlp = NULL;
	if (devblksize < 512 || devblksize > 65536 ||
	    (devblksize & (devblksize - 1)) != 0 ||
	    size < (uint64_t)devblksize * 64 || size > INT64_MAX ||
	    off > dev->b_size || size > dev->b_size - off)
		return -EINVAL;
	if ((wl = kmem_zalloc(k, sizeof(*wl))) == NULL)
		return -ENOMEM;
	wl->wl_k = k;
	wl->wl_bc = bc;
	wl->wl_dev = dev;
	wl->wl_off = off;
	wl->wl_lbs = devblksize;
	wl->wl_ops = *ops;
	wl->wl_h.h_fsid[0] = fsid[0];
	wl->wl_h.h_fsid[1] = fsid[1];
	wl->wl_h.h_logshift = wl->wl_h.h_fsshift = log2of(devblksize);
	wl->wl_h.h_circoff = 2 * (int64_t)devblksize;
	wl->wl_h.h_circsize = ((int64_t)size - wl->wl_h.h_circoff) /
	    devblksize * devblksize;
	error = -ENOMEM;
	if ((wl->wl_stage = kmem_alloc(k, STAGE)) == NULL ||
	    (wl->wl_hdr = kmem_alloc(k, devblksize)) == NULL)
		goto fail;
	/* Both headers: none of an older log is left to be taken for this one's. */
	if ((error = write_header(wl)) != 0 ||
	    (error = write_header(wl)) != 0 || (error = blkdev_sync(dev)) != 0)
		goto fail;
	bj.bj_ctx = wl;
	bcache_set_journal(bc, &bj);
	*wlp = wl;
	return 0;
fail:
	destroy(wl);
	return error;
}

int
wapbl_stop(struct wapbl *wl, bool discard)
{
	int error = 0;

	if (!discard) {
		kmutex_enter(&wl->wl_lock);
		assert(wl->wl_holders == NULL && !wl->wl_flushing);
		kmutex_exit(&wl->wl_lock);
		if ((error = wl->wl_error) == 0)
			error = commit(wl);
		if (error != 0)
			return error;
		error = bcache_flush(wl->wl_bc, true);
		if (error == 0) {
			wl->wl_h.h_head = wl->wl_h.h_tail = 0;
			error = write_header(wl);
		}
		if (error == 0)
			error = blkdev_sync(wl->wl_dev);
		/* What stands in the log on the medium is not known any more. */
		if (error != 0)
			return broken(wl, error);
	}
	bcache_set_journal(wl->wl_bc, NULL);
	/* The device is lost: the cache forgets them with the mount. */
	for (size_t i = 0; i < wl->wl_nbufs; i++) {
		wl->wl_bufs[i]->b_private = NULL;
		buf_unpin(wl->wl_bufs[i]);
	}
	destroy(wl);
	return 0;
}
