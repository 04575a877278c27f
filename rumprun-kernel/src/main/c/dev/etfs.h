/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * etfs: host files shown in the initial root file system, by key (the path from the root). Facts: keys are compared byte by byte
 * and shadow real names; they are in no directory listing; block and character keys are devices of major 197.
 */
#ifndef DEV_ETFS_H
#define DEV_ETFS_H

#include "kern/kernel.h"

enum etfs_type { ETFS_REG, ETFS_BLK, ETFS_CHR, ETFS_DIR, ETFS_DIR_SUBDIRS };
#define ETFS_SIZE_TOEND UINT64_MAX

int etfs_attach(struct rump_kernel *) MUST_CHECK;
void etfs_detach(struct rump_kernel *);
/*
 * Shows hostpath under key. begin and size are the window in bytes; ETFS_SIZE_TOEND: to the end. 0; -EINVAL (key without leading slash,
 * window beyond the file, wrong kind of host file), -EEXIST, -ENOTDIR, -EISDIR, -EBUSY (more than 16 devices), the host's errno; -ENOSYS without vfs.
 */
int etfs_register(struct rump_kernel *, const char *key, const char *hostpath,
    int type, uint64_t begin, uint64_t size) MUST_CHECK;
/* -ENOENT: no such key. Who removes makes sure that nobody uses it. */
int etfs_remove(struct rump_kernel *, const char *key) MUST_CHECK;
/*
 * For namei, from the root of the initial root file system: `rest` is the remaining path without leading slashes. 0: *vpp is the node of the
 * whole rest, referenced; -ENOENT: no key says anything about it (go on normally); other errors end the lookup.
 */
int etfs_lookup(struct lwp *, const char *rest, struct vnode **vpp) MUST_CHECK;
/* The nth key (from 0) of a block device, with its slash: 0; -ENOENT: there are not so many; -ENAMETOOLONG. */
int etfs_block_key(struct rump_kernel *, unsigned n, char *buf, size_t size);
/* What was in the way at the last -EBUSY of an open or register, as a sentence, or "". Copied under a lock. */
void etfs_why(struct rump_kernel *, char *buf, size_t size);

struct devsw;
extern const struct devsw dev_etfs; /* "rumpblk" */

#endif
