/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory file system, in two types: "tmpfs", and "rumpfs", the root that every kernel boots with.
 *
 * A node lives in the mount's table by number from its creation until its last name and its last vnode are gone. All
 * of a node but its access time is protected by its vnode's lock; the access time, which readers change, and getattr's
 * view of the times, by tn_timelock. Counters of the mount are under tm_lock (a leaf).
 */
#ifndef FS_TMPFS_TMPFS_H
#define FS_TMPFS_TMPFS_H

#include "vfs/mount.h"
#include "vfs/vnode.h"

#define TMPFS_PAGE 4096u
#define TMPFS_ROOTINO 2
#define TMPFS_FANOUT 256u /* of a file's page tree */
#define TMPFS_MAXSIZE ((uint64_t)INT64_MAX)
/* What a name adds to its directory's size: NetBSD's own entry, 40 bytes on amd64 and 24 on i386. */
#define TMPFS_DIRENTSIZE (4 * sizeof(void *) + 8)

struct tmpfs_dirent {
	struct tmpfs_dirent *td_hashnext;
	uint64_t td_cookie;
	struct tmpfs_node *td_node;
	uint16_t td_len;
	char td_name[];
};

struct tmpfs_dir {
	struct tmpfs_node *dir_parent;
	uint64_t dir_nextcookie;
	struct tmpfs_dirent **dir_hash;
	size_t dir_hashsize; /* 0, or a power of two */
	struct tmpfs_slot {
		uint64_t cookie;
		struct tmpfs_dirent *de;
	} * dir_slots;
	size_t dir_nslots,
	    dir_slotsize; /* used (with holes), allocated; by ascending cookie */
	size_t dir_nentries;
};

struct tmpfs_reg {
	void *reg_root; /* a page (height 0) or a table of TMPFS_FANOUT pointers */
	unsigned reg_height;
	uint64_t reg_pages;
};

struct tmpfs_node {
	struct tmpfs_node *tn_hashnext;
	ino_t tn_ino;
	enum vtype tn_type;
	mode_t tn_mode;
	uid_t tn_uid;
	gid_t tn_gid;
	uint32_t tn_flags, tn_gen;
	nlink_t tn_nlink;
	uint64_t tn_size;
	dev_t tn_rdev;
	struct kmutex tn_timelock;
	_Atomic int64_t tn_atimesec; /* of tn_atim, to be read without the lock */
	struct timespec tn_atim, tn_mtim, tn_ctim, tn_birthtim;
	union {
		struct tmpfs_dir dir;
		struct tmpfs_reg reg;
		char *link; /* tn_size + 1 bytes */
	} u;
};

#define TMPFS_HASH 256
struct tmpfs_mount {
	struct rump_kernel *tm_k;
	bool tm_rumpfs;
	struct kmutex tm_lock; /* the table, the counters */
	struct tmpfs_node *tm_hash[TMPFS_HASH];
	uint64_t tm_nodes, tm_nodes_max; /* max 0: none */
	uint64_t tm_bytes, tm_bytes_max; /* memory of nodes, names, pages */
	uint64_t tm_bytes_host; /* what all of it may take where no limit was given */
	ino_t tm_nextino;
	struct tmpfs_node *tm_root;
};

#define VTOTMPFS(vp) ((struct tmpfs_node *)(vp)->v_data)
#define MTOTMPFS(mp) ((struct tmpfs_mount *)(mp)->mnt_data)

/* tmpfs_mount.c */
extern const struct vfsops tmpfs_vfsops, rumpfs_vfsops;
/* Memory within the mount's limit: NULL past it (the caller says ENOSPC). */
void *tmpfs_alloc(struct tmpfs_mount *, size_t) MUST_CHECK;
void tmpfs_free(struct tmpfs_mount *, void *, size_t);

/* tmpfs_node.c */
int tmpfs_node_create(struct tmpfs_mount *, const struct vattr *,
    const char *target, struct tmpfs_node **) MUST_CHECK;
void tmpfs_node_destroy(struct tmpfs_mount *, struct tmpfs_node *);
struct tmpfs_node *tmpfs_node_find(struct tmpfs_mount *, ino_t);
#define TMPFS_ATIME 1
#define TMPFS_MTIME 2
#define TMPFS_CTIME 4
void tmpfs_touch(struct tmpfs_mount *, struct tmpfs_node *, int which);
void tmpfs_set_atime(struct tmpfs_node *, struct timespec);
void tmpfs_accessed(struct tmpfs_mount *, struct tmpfs_node *);
/* A file's pages. page_get: NULL for a hole (create false) or no space (create true). truncate frees what lies beyond. */
void *tmpfs_page_get(
    struct tmpfs_mount *, struct tmpfs_node *, uint64_t pageno, bool create);
void tmpfs_reg_truncate(
    struct tmpfs_mount *, struct tmpfs_node *, uint64_t size);
/* Frees the whole pages of [first, end). */
void tmpfs_reg_discard(
    struct tmpfs_mount *, struct tmpfs_node *, uint64_t first, uint64_t end);

/* tmpfs_dir.c: names of a directory; the caller keeps link counts */
struct tmpfs_dirent *tmpfs_dir_find(
    struct tmpfs_node *, const char *, size_t len);
int tmpfs_dir_enter(struct tmpfs_mount *, struct tmpfs_node *, const char *,
    size_t len, struct tmpfs_node *) MUST_CHECK;
void tmpfs_dir_remove(
    struct tmpfs_mount *, struct tmpfs_node *, struct tmpfs_dirent *);
void tmpfs_dir_free(struct tmpfs_mount *, struct tmpfs_node *);
/* dots: with "." and ".." first (the root file system of NetBSD's kernel lists neither). */
int tmpfs_dir_read(
    struct tmpfs_node *, bool dots, struct uio *, bool *eof) MUST_CHECK;

/* tmpfs_vnode.c */
extern const struct vnodeops tmpfs_vnodeops, rumpfs_vnodeops;

#endif
