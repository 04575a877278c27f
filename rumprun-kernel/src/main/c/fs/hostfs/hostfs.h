/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hostfs: a chosen folder of the host inside a kernel. Only what somebody mounts is seen, and nothing above it: names are looked up one at a
 * time below the folder, and the host never follows a symbolic link for it (the kernel does, inside).
 */
#ifndef FS_HOSTFS_HOSTFS_H
#define FS_HOSTFS_HOSTFS_H

#include "vfs/mount.h"
#include "vfs/vnode.h"

/* The argument of mount(2), type "hostfs". */
struct hostfs_args {
	const char *hostpath; /* a folder of the host */
};

/*
 * A file of the host by its number. Where it is: a name in a parent, which stays as long as something below it is known. All fields are under
 * hm_lock but: the name and parent of one that is referenced change under hm_pathlock alone; the descriptor changes with the vnode locked
 * exclusively; hn_iolock guards the directory.
 */
struct hostfs_node {
	struct hostfs_node *hn_hashnext, *hn_parent;
	unsigned hn_refs; /* the vnode's, and its children's */
	ino_t hn_ino;
	uint64_t hn_hostdev, hn_hostino;
	char *hn_name; /* "" for the root */
	struct kmutex hn_iolock;
	int hn_fd; /* -1 */
	bool hn_fdwrite;
	unsigned hn_opens;
	struct host_dir *hn_dir; /* reading position kept between calls */
	uint64_t hn_dirpos;	 /* how many entries came before */
	/* The host's place of each HOSTFS_MARKth entry seen; the first is 0. */
	int64_t *hn_marks;
	size_t hn_nmarks, hn_maxmarks;
	bool hn_havepending; /* read from hn_dir, not given out yet */
	struct host_dirent hn_pending;
	bool hn_unhashed; /* found by nobody any more */
	bool hn_gone; /* its name went, and what was below it: the path may be somebody else's */
};

#define HOSTFS_MARK 64
#define HOSTFS_HASH 256
struct hostfs_mount {
	struct rump_kernel *hm_k;
	struct kmutex hm_lock;
	/*
	 * Shared from making a path to the end of the host's call with it; exclusive where a name goes or moves. Otherwise a symbolic link
	 * could stand by then where a directory was, and lead the host out of the folder.
	 */
	struct krwlock hm_pathlock;
	char *hm_path;
	struct hostfs_node *hm_root;
	struct hostfs_node *hm_hash[HOSTFS_HASH];
	ino_t hm_nextino;
};

#define VTOHOST(vp) ((struct hostfs_node *)(vp)->v_data)
#define MTOHOST(mp) ((struct hostfs_mount *)(mp)->mnt_data)

#define HOSTFS_PATHMAX 4096

extern const struct vfsops hostfs_vfsops;
extern const struct vnodeops hostfs_vnodeops;

/* hostfs_mount.c */
/* The node of a host file, found by number or made; referenced. name/parent is where it was just seen. */
int hostfs_node_get(struct hostfs_mount *, struct hostfs_node *parent,
    const char *name, size_t len, const struct host_stat *,
    struct hostfs_node **) MUST_CHECK;
void hostfs_node_put(struct hostfs_mount *, struct hostfs_node *);
/* The name is gone: the number may come back as another file. */
void hostfs_node_forget(struct hostfs_mount *, struct hostfs_node *);
void hostfs_node_moved(struct hostfs_mount *, struct hostfs_node *,
    struct hostfs_node *parent, char *name /* taken */);
/* The host's path of a node, with "/name" behind when name isn't NULL. -ENAMETOOLONG. */
int hostfs_path(struct hostfs_mount *, struct hostfs_node *, const char *name,
    size_t len, char out[HOSTFS_PATHMAX]) MUST_CHECK;
int hostfs_vnode(struct lwp *, struct mount *, struct hostfs_node *,
    const struct host_stat *, struct vnode **) MUST_CHECK;

#endif
