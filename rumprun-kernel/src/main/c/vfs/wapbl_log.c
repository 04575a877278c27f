/* SPDX-License-Identifier: BSD-2-Clause */
/* The log's bytes: records behind the head, headers, and what may go to its place when (wapbl.c tells the whole). */
#include <assert.h>
#include "vfs/wapbl_private.h"

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
	if (wl->wl_staged + size > WAPBL_STAGE && (error = stage_flush(wl)) != 0)
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

	for (size_t i = 0; i < wl->wl_bufs.ls_n && error == 0; i += n) {
		uint32_t len = wl->wl_lbs;

		memset(p, 0, wl->wl_lbs);
		for (n = 0; n < max && i + n < wl->wl_bufs.ls_n; n++) {
			const struct buf *b = wl->wl_bufs.ls_bufs[i + n];

			put_block(
			    p, n, b->b_off >> wl->wl_h.h_fsshift, b->b_size);
			len += (b->b_size + wl->wl_lbs - 1) & ~(wl->wl_lbs - 1);
		}
		wc_put32(p, WAPBL_WC_BLOCKS);
		wc_put32(p + 4, len);
		wc_put32(p + 8, n);
		error = append(wl, p, wl->wl_lbs);
		for (uint32_t j = 0; j < n && error == 0; j++)
			error = append(wl, wl->wl_bufs.ls_bufs[i + j]->b_data,
			    wl->wl_bufs.ls_bufs[i + j]->b_size);
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
	wl->wl_ninodes = wl->wl_norphans;
	return error;
}

int
wapbl_log_header(struct wapbl *wl)
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

/* How much of the log is needed by the newest header of the medium, and by what was written since. */
static int64_t
used(const struct wapbl *wl)
{
	int64_t tail = wl->wl_synctail != 0 ? wl->wl_synctail : wl->wl_h.h_tail;
	int64_t n = wl->wl_h.h_head - tail;

	return n < 0 ? n + wl->wl_h.h_circsize : n;
}

/* Never wholly full: that would look empty. */
static int64_t
room(const struct wapbl *wl)
{
	return wl->wl_h.h_circsize - used(wl) - wl->wl_lbs;
}

void
wapbl_unpin_all(struct list *ls)
{
	for (size_t i = 0; i < ls->ls_n; i++) {
		ls->ls_bufs[i]->b_private = NULL;
		buf_unpin(ls->ls_bufs[i]);
	}
	ls->ls_n = 0;
}

/* What was committed waits for its header. */
static void
hold_all(struct wapbl *wl)
{
	struct list empty = wl->wl_held;

	assert(empty.ls_n == 0);
	kmutex_enter(&wl->wl_lock);
	wl->wl_held = wl->wl_bufs;
	wl->wl_bufs = empty;
	wl->wl_bytes = 0;
	for (size_t i = 0; i < wl->wl_held.ls_n; i++)
		list_set(&wl->wl_held, i, wl->wl_held.ls_bufs[i], HELD);
	kmutex_exit(&wl->wl_lock);
}

int
wapbl_log_sync(struct wapbl *wl)
{
	int error = blkdev_sync(wl->wl_dev);

	if (error != 0)
		return error;
	wl->wl_settled = wl->wl_placed;
	if (wl->wl_unsynced) {
		wl->wl_unsynced = false;
		wl->wl_synctail = wl->wl_h.h_tail;
		wl->wl_released = wl->wl_h.h_head;
		atomic_store(&wl->wl_freed, false);
		kmutex_enter(&wl->wl_lock);
		wapbl_unpin_all(&wl->wl_held);
		kmutex_exit(&wl->wl_lock);
	}
	return 0;
}

int
wapbl_log_place(struct wapbl *wl)
{
	int error = bcache_flush(wl->wl_bc, false);

	if (error == 0)
		wl->wl_placed = wl->wl_released;
	return error;
}

int
wapbl_log_checkpoint(struct wapbl *wl)
{
	int error;

	if ((wl->wl_unsynced && (error = wapbl_log_sync(wl)) != 0) ||
	    (error = wapbl_log_place(wl)) != 0 ||
	    (error = wapbl_log_sync(wl)) != 0)
		return error;
	wl->wl_h.h_tail = wl->wl_ninodes > 0 ? wl->wl_inodesat : wl->wl_h.h_head;
	wl->wl_placed = wl->wl_h.h_tail;
	if ((error = wapbl_log_header(wl)) != 0)
		return error;
	wl->wl_unsynced = true;
	return wapbl_log_sync(wl);
}

/* What a commit writes, in bytes of the log. */
static int64_t
commit_size(const struct wapbl *wl)
{
	uint32_t mask = wl->wl_lbs - 1;
	size_t nb = wl->wl_bufs.ls_n / entries(wl, WC_BLOCK_LEN),
	       nr = wl->wl_ndeallocs / entries(wl, WC_BLOCK_LEN),
	       ni = wl->wl_norphans / entries(wl, WC_INODE_LEN);
	int64_t n = (int64_t)(nb + nr + ni + 3) * wl->wl_lbs;

	for (size_t i = 0; i < wl->wl_bufs.ls_n; i++)
		n += (wl->wl_bufs.ls_bufs[i]->b_size + mask) & ~mask;
	return n;
}

int
wapbl_log_write(struct wapbl *wl)
{
	uint8_t *p = wl->wl_hdr;
	int64_t head;
	int error;

	/* What the header before the newest one needs is free when that is on the medium. */
	if (wl->wl_unsynced && commit_size(wl) > room(wl) &&
	    (error = wapbl_log_sync(wl)) != 0)
		return error;
	head = wl->wl_h.h_head < wl->wl_h.h_circoff ? wl->wl_h.h_circoff :
						      wl->wl_h.h_head;
	wl->wl_stageat = head;
	wl->wl_staged = 0;
	wl->wl_left = room(wl);
	error = write_blocks(wl, p);
	if (error == 0)
		error = write_revocations(wl, p);
	if (error == 0)
		error = write_inodes(wl, p);
	if (error == 0)
		error = stage_flush(wl);
	if (error == 0)
		error = wapbl_log_sync(wl);
	if (error != 0)
		return error;
	if (wl->wl_settled != 0)
		wl->wl_h.h_tail = wl->wl_settled;
	else if (wl->wl_h.h_tail < wl->wl_h.h_circoff)
		wl->wl_h.h_tail = head;
	wl->wl_h.h_head = wl->wl_stageat;
	if ((error = wapbl_log_header(wl)) != 0)
		return error;
	wl->wl_unsynced = true;
	hold_all(wl);
	return 0;
}
