/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Quotas in the file system (quota2): what its files use of each other. What the rest of FFS uses stands in ffs.h.
 *
 * A quota file has no name: the superblock names its inode. Its first block begins with a header and a table of chains, by the id's low bits; entries and
 * free entries are chained by their offsets in the file. The whole file is read when the mount becomes writable: q_ents has every entry, and is written
 * through. So no charge has to look for an entry on the disk, and chains that make no sense are known before anything relies on them.
 */
#ifndef FS_FFS_FFS_QUOTA2_H
#define FS_FFS_FFS_QUOTA2_H

#include <netbsd/quota.h>
#include "fs/ffs/ffs.h"

struct q2val {
	uint64_t v_hard, v_soft, v_cur;
	int64_t v_time, v_grace; /* v_time: when the grace ends, 0: not begun */
};

struct q2ent {
	uint64_t e_off; /* in the file; 0: this place is not in use */
	uint32_t e_id;
	int32_t e_hnext; /* of q_heads' chain, or of the unused: index, -1 */
	struct q2val e_val[N_QL];
};

struct q2file {
	bool q_on;
	struct vnode *q_vp; /* nobody else's: it is in no list */
	struct inode q_ip;
	uint32_t q_hashsize;
	uint64_t q_free; /* offset of the first free entry, 0 none */
	struct q2val q_def[N_QL];
	struct q2ent *q_ents; /* index: a place in a cursor */
	uint32_t q_nents, q_maxents;
	int32_t q_unused;
	int32_t *q_heads;
	uint32_t q_nheads; /* a power of two */
	uint64_t q_seed;   /* odd */
};

struct ffs_quota {
	struct kmutex q_lock; /* below a transaction, above buffers */
	struct q2file q_file[MAXQUOTAS];
};

/* Below: q_lock is held. */
struct q2ent *q2_find(struct q2file *, uint32_t id);
/* Makes an entry with the default's limits. In a transaction. */
int q2_make(struct lwp *, struct ffsmount *, struct q2file *, uint32_t id,
    struct q2ent **) MUST_CHECK;
/* Puts the entry where it stands in the file. In a transaction. */
int q2_store(
    struct ffsmount *, struct q2file *, const struct q2ent *) MUST_CHECK;
int q2_store_default(struct ffsmount *, struct q2file *) MUST_CHECK;
/* Gives the entry back to the free ones. In a transaction. */
int q2_drop(struct ffsmount *, struct q2file *, struct q2ent *) MUST_CHECK;
/* Reads header, chains and free list: -EINVAL, -EIO, -ENOMEM. */
int q2_open(
    struct lwp *, struct ffsmount *, int type, struct q2file *) MUST_CHECK;
void q2_close(struct ffsmount *, struct q2file *);

/* ffs_quota2.c: v_time after the count or the limits changed. */
void ffs_quota_settime(struct q2val *, int64_t now);
/* Something does not fit: fsck has to look. */
void ffs_quota_damaged(struct ffsmount *, int type);

#endif
