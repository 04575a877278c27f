/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Path names to vnodes.
 */
#ifndef VFS_NAMEI_H
#define VFS_NAMEI_H

#include "vfs/vnode.h"

/* A process's place in the tree. */
struct cwdinfo {
	struct krwlock cwdi_lock;
	_Atomic uint32_t cwdi_refs;
	struct vnode *cwdi_cdir, *cwdi_rdir; /* rdir NULL: the real root */
	_Atomic mode_t cwdi_cmask;
};
int cwd_create(struct rump_kernel *,
    struct cwdinfo **) MUST_CHECK; /* at the root, umask 022 */
int cwd_copy(struct cwdinfo *, struct cwdinfo **) MUST_CHECK;
struct cwdinfo *cwd_share(struct cwdinfo *);
void cwd_put(struct lwp *, struct cwdinfo *);

/*
 * A lookup. Fill with namei_init, call namei, then namei_done (whatever the result was). Symbolic links are followed in the middle always,
 * at the end with NI_FOLLOW; at most 32 (ELOOP). Path <= 1023 bytes (ENAMETOOLONG), component <= 255. Mount points are crossed. Trailing slashes
 * demand a directory. etfs keys are found from the root (dev/etfs.h).
 */
struct nameidata {
	/* in */
	struct lwp *ni_lwp;
	const void *ni_path; /* user's, or kernel's with NI_SYSSPACE */
	struct vnode *
	    ni_startdir; /* referenced by the caller; NULL: current directory (or root for "/...") */
	unsigned ni_flags;
	int ni_op; /* LOOKUP CREATE DELETE RENAME */
	/* out */
	struct vnode
	    *ni_vp; /* referenced; NULL for CREATE/RENAME of what isn't there */
	struct vnode *
	    ni_dvp; /* NI_WANTPARENT: referenced; LOCKED X with NI_LOCKPARENT (then ni_vp was looked up under that lock) */
	struct componentname ni_cn; /* the last component, in ni_buf */
	char *ni_buf;
	bool ni_trailing; /* there were slashes behind the last component */
};
#define NI_FOLLOW 0x1
#define NI_SYSSPACE 0x2
#define NI_WANTPARENT 0x4
#define NI_LOCKPARENT 0xc
void namei_init(
    struct nameidata *, struct lwp *, int op, unsigned flags, const void *path);
int namei(struct nameidata *) MUST_CHECK;
void namei_done(struct nameidata *);
/* A lookup from a kernel string in one go; referenced. */
int namei_simple(struct lwp *, const char *kpath, unsigned flags,
    struct vnode **) MUST_CHECK;
/* The node of a local socket (kernel string): referenced. -EEXIST; NULL on errors. */
int vfs_mksock(struct lwp *, const char *kpath, struct vnode **) MUST_CHECK;

#endif
