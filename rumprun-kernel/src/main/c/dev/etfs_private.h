/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * etfs, inside: images, slots and nodes.
 *
 * An image is one host file (by device and inode number of the host), open once however many keys show it, so that the claim against other
 * writers is the kernel's and not a key's. A slot is a minor number; a node is a key. All lists, counts and the descriptor's life are
 * under es_lock; transfers use the descriptor without it, since an open slot or file holds the image open.
 */
#ifndef DEV_ETFS_PRIVATE_H
#define DEV_ETFS_PRIVATE_H

#include "dev/blkdev.h"
#include "dev/dev.h"
#include "dev/etfs.h"
#include "vfs/mount.h"
#include "vfs/vnode.h"

#define ETFS_MAJOR 197
#define ETFS_NSLOTS 16
#define ETFS_FIRSTINO ((ino_t)1 << 32)
#define ETFS_SECSHIFT 9
#define ETFS_READERS 8

struct etfs_image {
	struct etfs_image *im_next;
	unsigned im_refs; /* slots and REG nodes */
	unsigned im_opens;
	int im_fd; /* -1 while nobody has it open */
	/* The same file, open again for readers on other processors (0: not yet, -1: cannot be): one description serves one of them at a time. */
	_Atomic int im_rfd[ETFS_READERS];
	bool im_rdonly, im_claimed;
	uint64_t im_dev, im_ino; /* the host's */
	char *im_path;
};

struct etfs_slot {
	unsigned sl_refs; /* nodes, opens */
	unsigned sl_opens;
	struct etfs_image *sl_image;
	uint64_t sl_begin; /* the size is sl_dev's */
	bool sl_toend;
	struct blkdev sl_dev;
};

struct etfs_node {
	struct etfs_node *en_next;
	unsigned en_refs; /* the list's, and the vnode's */
	bool en_child;	  /* found below a directory key */
	int en_type;
	int en_slot;		     /* BLK, CHR; else -1 */
	struct etfs_image *en_image; /* REG */
	uint64_t en_begin, en_size;
	ino_t en_ino;
	mode_t en_mode;
	uid_t en_uid;
	gid_t en_gid;
	struct timespec en_atim, en_mtim, en_ctim, en_birthtim;
	size_t en_keylen;
	char *en_key; /* without leading slashes */
	char *en_hostpath;
};

struct etfs_state {
	struct rump_kernel *es_k;
	struct kmutex es_lock;
	struct etfs_node *es_nodes;
	struct etfs_image *es_images;
	struct etfs_slot *es_slots[ETFS_NSLOTS];
	_Atomic bool es_any; /* a key was ever registered */
	ino_t es_nextino;
	unsigned es_secshift;
	_Atomic uint32_t es_blkseed;
	char es_why[256];
};

/* etfs_image.c; es_lock held but in the transfers */
int etfs_image_get(
    struct etfs_state *, const char *hostpath, struct etfs_image **) MUST_CHECK;
void etfs_image_put(struct etfs_state *, struct etfs_image *);
/* write: claims the file; -EACCES when the host refuses, -EBUSY when another holds it. */
int etfs_image_open(
    struct etfs_state *, struct etfs_image *, bool write) MUST_CHECK;
void etfs_image_close(struct etfs_state *, struct etfs_image *);
/* The descriptor for a read from here. The image is open; es_lock isn't held. */
int etfs_image_reader(struct rump_kernel *, struct etfs_image *);

/* etfs_blk.c */
int etfs_slot_get(struct etfs_state *, const char *hostpath, uint64_t begin,
    uint64_t size, int *slotp) MUST_CHECK;
void etfs_slot_put(struct etfs_state *, int slot);

/* etfs_vnode.c */
extern const struct vnodeops etfs_vnodeops;
int etfs_vnode(struct lwp *, struct etfs_node *, struct vnode **) MUST_CHECK;
/* etfs.c */
void etfs_node_put(struct etfs_state *, struct etfs_node *); /* es_lock held */
/* The vnode of a node goes; with it what was only made for a lookup. es_lock held. */
void etfs_node_reclaim(struct etfs_state *, struct etfs_node *);
/* A node below a directory key, made when the host has such a file; `sub` is the path under it. Referenced. */
int etfs_child(struct etfs_state *, struct etfs_node *dir, const char *sub,
    struct etfs_node **) MUST_CHECK;

#endif
