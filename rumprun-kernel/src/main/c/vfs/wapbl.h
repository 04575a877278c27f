/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * WAPBL: write-ahead physical block logging, NetBSD's journal format (ondisk.tsv: wapbl records).
 *
 * A transaction is open while its lwp is between wapbl_begin and wapbl_end (many at a time); metadata buffers dirtied meanwhile are pinned
 * and reach their place only after the commit record that covers them is on the host's disk. Freed blocks are not reused before the commit
 * (wapbl_register_deallocation); inodes allocated but not linked yet are registered so that replay can clear them.
 */
#ifndef VFS_WAPBL_H
#define VFS_WAPBL_H

#include "vfs/bcache.h"

struct wapbl;
struct wapbl_replay;

struct wapbl_ops {
	/* Called at commit, for each registered deallocation, with no transaction open: really frees the blocks (dirties cg buffers inside the commit). What
	 * cannot be freed is lost, and the file system notes that it wants a check. */
	void (*wo_dealloc)(void *ctx, uint64_t blkno, uint32_t len);
	/* Called at commit, before the deallocations (-ENOMEM: tried again later) and after: what stands for all of them (summary, superblock) is dirtied. May be
	 * NULL. */
	int (*wo_commit)(void *ctx);
	/* Nothing is pinned: on the medium the file system says from now on (true), or no more (false), that it has to be checked. May be NULL. */
	int (*wo_exposed)(void *ctx, bool);
	void *wo_ctx;
	uint32_t wo_tx_bytes;	   /* what a transaction may dirty, about */
	uint32_t wo_dealloc_bytes; /* what one deallocation may dirty */
	uint64_t wo_dealloc_max;   /* and all of them */
};
/* A journal of `size` bytes at byte `off` of the device; blksize: 2^log of the device's blocks (DEV_BSIZE 512 unless larger). Writes its header. */
int wapbl_start(struct rump_kernel *, struct bcache *, struct blkdev *,
    uint64_t off, uint64_t size, uint32_t devblksize, const uint32_t fsid[2],
    const struct wapbl_ops *, struct wapbl **) MUST_CHECK;
/*
 * Commits and pushes everything in place; the log is empty after it. An error but -ENOMEM ends the log. discard: what is pinned is lost, and the cache must be
 * destroyed without a flush.
 */
int wapbl_stop(struct wapbl *, bool discard) MUST_CHECK;
/* Nests (per lwp). Waits while a commit needs the log to itself. -ENOSPC never: flushes when full. After a commit failed, its error: changes are over, reads go on. */
int wapbl_begin(struct wapbl *, struct lwp *) MUST_CHECK;
void wapbl_end(struct wapbl *, struct lwp *);
/*
 * Commits what is open. wait: and it is on the host's disk, with all data that was written before; else blocks that were given back may be had again. No
 * transaction of l is open.
 */
int wapbl_flush(struct wapbl *, struct lwp *, bool wait) MUST_CHECK;
/* blkno in units of 512 bytes, len in bytes. -ENOMEM: they stay allocated. */
int wapbl_register_deallocation(
    struct wapbl *, uint64_t blkno, uint32_t len) MUST_CHECK;
void wapbl_register_inode(struct wapbl *, ino_t, mode_t);
void wapbl_unregister_inode(struct wapbl *, ino_t, mode_t);
/* Bytes of metadata that one transaction should not exceed. */
uint64_t wapbl_room(const struct wapbl *);
bool wapbl_inside(struct wapbl *, struct lwp *);
/*
 * Before a transaction takes blocks, which may have been given back a moment ago: the commit that did it is on the host's disk. 0 or the disk's error. For
 * wapbl_reuse.
 */
int wapbl_reuse_sync(struct wapbl *) MUST_CHECK;
bool wapbl_reuse_waits(struct wapbl *);
static inline int MUST_CHECK
wapbl_reuse(struct wapbl *wl)
{
	return wl != NULL && wapbl_reuse_waits(wl) ? wapbl_reuse_sync(wl) : 0;
}

/*
 * Replay. read(2)-like access is a callback, so that fsck can use it on its own image. open reads headers and scans all records in memory: 0, or -EINVAL/-EIO when there is
 * no usable log (then *rp NULL; `-ENOENT`: an empty, clean one). Bounds-checked against hostile logs.
 */
struct wapbl_io {
	int (*read)(void *ctx, void *, size_t, uint64_t off);
	int (*write)(void *ctx, const void *, size_t, uint64_t off);
	void *ctx;
	uint64_t device_size;
};
int wapbl_replay_open(struct rump_kernel *, const struct wapbl_io *,
    uint64_t off, uint64_t size, uint32_t devblksize,
    struct wapbl_replay **rp) MUST_CHECK;
/* Is the block (device blocks of devblksize) in the log? Then reads its newest contents: 1; 0 otherwise. For read-only mounts and fsck -n. */
int wapbl_replay_read(
    struct wapbl_replay *, void *, size_t, uint64_t off) MUST_CHECK;
/* Writes every block to its place, then clears the log header when `clear`. */
int wapbl_replay_write(struct wapbl_replay *, bool clear) MUST_CHECK;
/* The header alone: after what was written is on the medium. */
int wapbl_replay_clear(struct wapbl_replay *) MUST_CHECK;
/* Inodes that were allocated but unlinked at the end of the log: the file system clears them after replay. */
int wapbl_replay_inodes(
    struct wapbl_replay *, int (*fn)(void *ctx, ino_t, mode_t), void *ctx);
void wapbl_replay_close(struct wapbl_replay *);

#endif
