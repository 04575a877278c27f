/* SPDX-License-Identifier: BSD-2-Clause */
/* The journal's own: transactions and commits (wapbl.c), and the log's bytes (wapbl_log.c), which are the flusher's alone. */
#ifndef VFS_WAPBL_PRIVATE_H
#define VFS_WAPBL_PRIVATE_H

#include "vfs/wapbl.h"
#include "vfs/wapbl_format.h"

#define WAPBL_STAGE ((size_t)128 << 10)
#define LOG_FULL (-ENOBUFS) /* not an error of the host's */

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
/* Pinned buffers. In b_private: the index, times two, and of which list; and two. */
struct list {
	struct buf **ls_bufs;
	size_t ls_n, ls_max;
};
#define HELD ((uintptr_t)1)

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
	struct list wl_bufs; /* pinned by what is not committed yet */
	struct list wl_held; /* by a header that is not known to be on the medium */
	uint64_t wl_bytes; /* in wl_bufs */
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
	size_t wl_ninodes;   /* in it */
	/*
	 * Places in the log, 0: none yet. What was logged before them is: free to go to its place; there, for who asks the host; on the medium there. And
	 * the tail of the newest header that is on the medium.
	 */
	int64_t wl_released, wl_placed, wl_settled, wl_synctail;
	bool wl_unsynced; /* the newest header may not be on the medium */
	struct kmutex wl_reuselock;
	_Atomic bool wl_freed; /* and it gives blocks back */
};

static inline void
list_set(struct list *ls, size_t i, struct buf *b, uintptr_t held)
{
	ls->ls_bufs[i] = b;
	b->b_private = (void *)((uintptr_t)i * 2 + 2 + held);
}

/* Makes all of a list ordinary dirty buffers. */
void wapbl_unpin_all(struct list *);
int wapbl_log_header(struct wapbl *) MUST_CHECK;
/* All that was written is on the medium after it: the newest header too, so what that covers may go to its place. */
int wapbl_log_sync(struct wapbl *) MUST_CHECK;
/* What may go to its place goes there. Nothing is pinned but what is logged. */
int wapbl_log_place(struct wapbl *) MUST_CHECK;
/*
 * Everything that was committed to its place. The log is empty after it, but for the list of inodes without a name: they have to be found after a crash as
 * long as they are open. Nothing is pinned but what is logged.
 */
int wapbl_log_checkpoint(struct wapbl *) MUST_CHECK;
/* Records of all that is pinned, and their header, which is not synced. LOG_FULL: no room. */
int wapbl_log_write(struct wapbl *) MUST_CHECK;

#endif
