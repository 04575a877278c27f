/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing the journal.
 *
 * Metadata buffers dirtied in transactions are pinned: the cache does not write them. A commit waits until no transaction is open, then writes all pinned
 * buffers, revocations of what was freed, and the list of inodes without a name, behind the head of the circular log; syncs; and writes the header that says
 * so. The buffers are held until that is on the medium, and may go to their places then. The header is synced at once for who waits, and before blocks that
 * were given back get new contents, for that has no log; else the next commit's sync is its. So a row of commits costs a sync each: it puts the records, the
 * header before them, and what the one before that let go to its place on the medium, and the new header's tail leaves that out.
 *
 * Invariants:
 *  1. No buffer reaches its place before a header on the medium covers it.
 *  2. What stands in the log between the tail of a header that may be the newest on the medium and the head is not overwritten. What is before it is at its
 *     place, or stands once more behind it: the tail moves up to what was let go when nothing was pinned but what is logged.
 *  3. A freed block is handed out again only after the commit that revokes it is on the medium.
 *  4. The first error of the device ends it: nothing is committed, and nothing pinned reaches its place, from then on; what was committed is in the log or
 *     at its place. Memory is asked for before anything is changed; without it the commit is tried again later.
 *  5. A transaction that is larger than the log goes to its places under a mark that asks for a check (wo_exposed); limits at wapbl_begin make it rare.
 *  6. Header generation g stands in log block g mod 2, so that the one before it survives a torn write.
 */
#include <assert.h>
#include "vfs/wapbl_private.h"

#define TX_MAX ((uint64_t)8 << 20) /* pinned bytes that make somebody commit */
/* Room in the lists that a transaction finds when it begins. */
#define TX_BUFS 128
#define TX_DEALLOCS 64
#define TX_ORPHANS 8

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
	struct list *ls = &wl->wl_bufs;
	void *array = ls->ls_bufs;
	bool ok = grow(wl->wl_k, &array, &ls->ls_max, ls->ls_n, more,
	    sizeof(*ls->ls_bufs));

	ls->ls_bufs = array;
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

/* Takes a buffer out of the list that it is in. */
static void
list_remove(struct wapbl *wl, struct buf *b)
{
	uintptr_t at = (uintptr_t)b->b_private - 2;
	struct list *ls = (at & HELD) != 0 ? &wl->wl_held : &wl->wl_bufs;

	list_set(ls, at / 2, ls->ls_bufs[--ls->ls_n], at & HELD);
	if ((at & HELD) == 0)
		wl->wl_bytes -= b->b_size;
	b->b_private = NULL;
}

static bool
is_held(const struct buf *b)
{
	return b->b_private != NULL && ((uintptr_t)b->b_private & HELD) != 0;
}

static void
hook_dirty(void *ctx, struct buf *b)
{
	struct wapbl *wl = ctx;
	bool ok = true;

	kmutex_enter(&wl->wl_lock);
	if (b->b_private == NULL || is_held(b)) {
		ok = room_bufs(wl, 1);
		if (ok) {
			/* Held back for longer, then: for the next commit. */
			if (is_held(b))
				list_remove(wl, b);
			list_set(&wl->wl_bufs, wl->wl_bufs.ls_n++, b, 0);
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

	kmutex_enter(&wl->wl_lock);
	if (b->b_private != NULL)
		list_remove(wl, b);
	/* Else it was let go a moment ago, and is an ordinary dirty one. */
	if ((b->b_flags & B_PINNED) != 0)
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

	if (wl->wl_bytes > (size / 5 < TX_MAX ? size / 5 : TX_MAX) ||
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

/* --- commits --- */

/*
 * The transaction does not fit into the log: to the places, under a mark that asks for a check should it be cut off. The list of inodes goes into the log
 * that is empty then.
 */
static int
commit_without_log(struct wapbl *wl)
{
	void *ctx = wl->wl_ops.wo_ctx;
	int error = 0;

	if (wl->wl_unsynced && (error = wapbl_log_sync(wl)) != 0)
		return error;
	kmutex_enter(&wl->wl_lock);
	wapbl_unpin_all(&wl->wl_bufs);
	wl->wl_bytes = 0;
	kmutex_exit(&wl->wl_lock);
	wl->wl_ndeallocs = 0;
	wl->wl_ninodes = 0;
	if (wl->wl_ops.wo_exposed != NULL)
		error = wl->wl_ops.wo_exposed(ctx, true);
	if (error == 0)
		error = wapbl_log_checkpoint(wl);
	if (error == 0)
		error = wapbl_log_write(wl);
	if (error == 0)
		error = wapbl_log_sync(wl);
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

/*
 * After the header: what is pinned now is in the log, so this is when things may go to their places, and the next header leave them out: half of the log is
 * free for the next commit.
 */
static int
finish(struct wapbl *wl, bool wait)
{
	int64_t n = wl->wl_h.h_head - wl->wl_h.h_tail;
	int error = 0;

	if (n < 0)
		n += wl->wl_h.h_circsize;
	if (wait && wl->wl_unsynced)
		error = wapbl_log_sync(wl);
	if (error != 0)
		return error;
	if (n > wl->wl_h.h_circsize / 2)
		return wapbl_log_checkpoint(wl);
	return n > wl->wl_h.h_circsize / 4 ? wapbl_log_place(wl) : 0;
}

/* A transaction is open, so no commit is under way. */
int
wapbl_reuse_sync(struct wapbl *wl)
{
	int error = 0;

	kmutex_enter(&wl->wl_reuselock);
	if (atomic_load(&wl->wl_freed))
		error = wapbl_log_sync(wl);
	kmutex_exit(&wl->wl_reuselock);
	return error != 0 ? broken(wl, error) : 0;
}

bool
wapbl_reuse_waits(struct wapbl *wl)
{
	return atomic_load_explicit(&wl->wl_freed, memory_order_acquire);
}

/* No transaction is open, and none begins. */
static int
commit(struct wapbl *wl, bool wait)
{
	size_t n;
	int error;

	if (wl->wl_bufs.ls_n == 0 && wl->wl_ndeallocs == 0 &&
	    !wl->wl_orphanschanged) {
		if (!wait)
			return 0;
		error = wapbl_log_sync(wl);
		return error != 0 && wl->wl_unsynced ? broken(wl, error) : error;
	}
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
		error = wapbl_log_write(wl);
	if (error == LOG_FULL)
		error = commit_without_log(wl);
	if (error != 0)
		return broken(wl, error);
	wl->wl_ndeallocs = 0;
	wl->wl_orphanschanged = false;
	atomic_store(&wl->wl_freed, n > 0 && wl->wl_unsynced);
	error = finish(wl, wait);
	return error != 0 ? broken(wl, error) : 0;
}

int
wapbl_flush(struct wapbl *wl, struct lwp *l, bool wait)
{
	int error;

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
	error = commit(wl, wait);
	kmutex_enter(&wl->wl_lock);
	wl->wl_flushing = false;
	kcond_broadcast(&wl->wl_cond);
	kmutex_exit(&wl->wl_lock);
	return error;
}

/* --- start and stop ------------------------------------------------------------------------------------------------------------ */

static void
list_free(struct rump_kernel *k, struct list *ls)
{
	if (ls->ls_max != 0)
		kmem_free(k, ls->ls_bufs, ls->ls_max * sizeof(*ls->ls_bufs));
}

static void
destroy(struct wapbl *wl)
{
	struct rump_kernel *k = wl->wl_k;

	list_free(k, &wl->wl_bufs);
	list_free(k, &wl->wl_held);
	if (wl->wl_maxdeallocs != 0)
		kmem_free(k, wl->wl_deallocs,
		    wl->wl_maxdeallocs * sizeof(*wl->wl_deallocs));
	if (wl->wl_maxorphans != 0)
		kmem_free(k, wl->wl_orphans,
		    wl->wl_maxorphans * sizeof(*wl->wl_orphans));
	if (wl->wl_stage != NULL)
		kmem_free(k, wl->wl_stage, WAPBL_STAGE);
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
	if ((wl->wl_stage = kmem_alloc(k, WAPBL_STAGE)) == NULL ||
	    (wl->wl_hdr = kmem_alloc(k, devblksize)) == NULL)
		goto fail;
	/* Both headers: none of an older log is left to be taken for this one's. */
	if ((error = wapbl_log_header(wl)) != 0 ||
	    (error = wapbl_log_header(wl)) != 0 ||
	    (error = blkdev_sync(dev)) != 0)
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
			error = commit(wl, true);
		if (error != 0)
			return error;
		error = bcache_flush(wl->wl_bc, true);
		if (error == 0) {
			wl->wl_h.h_head = wl->wl_h.h_tail = 0;
			error = wapbl_log_header(wl);
		}
		if (error == 0)
			error = blkdev_sync(wl->wl_dev);
		/* What stands in the log on the medium is not known any more. */
		if (error != 0)
			return broken(wl, error);
	}
	bcache_set_journal(wl->wl_bc, NULL);
	/* The device is lost: the cache forgets them with the mount. */
	wapbl_unpin_all(&wl->wl_bufs);
	wapbl_unpin_all(&wl->wl_held);
	destroy(wl);
	return 0;
}
