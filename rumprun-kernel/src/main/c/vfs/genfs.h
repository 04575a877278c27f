/* SPDX-License-Identifier: BSD-2-Clause */
/* What file systems have in common: who may do what, and the default operations. */
#ifndef VFS_GENFS_H
#define VFS_GENFS_H

#include "vfs/vnode.h"

/* Permission bits alone: 0 or -EACCES. mode: VREAD|VWRITE|VEXEC. */
int vaccess(const struct cred *, enum vtype, mode_t filemode, uid_t, gid_t,
    int mode) MUST_CHECK;
/* On getattr's values; the vnode is locked. */
int genfs_access(struct lwp *, struct vnode *, int mode) MUST_CHECK;
/*
 * All that counts: read-only mounts (EROFS), immutable files (EPERM), then the file system's vop_access or genfs_access. The vnode
 * is locked.
 */
int vn_access(struct lwp *, struct vnode *, int mode) MUST_CHECK;
/* vop_getattr of a locked vnode, or the error of a dead one. */
int vn_getattr(struct lwp *, struct vnode *, struct vattr *) MUST_CHECK;

/*
 * May a name be taken out of (vp != NULL) or put into (vp NULL) the directory? Write and search permission, the sticky bit, immutable
 * and append-only flags of both. Both are locked, or the caller doesn't mind.
 */
int genfs_can_change_dir(
    struct lwp *, struct vnode *dvp, struct vnode *vp) MUST_CHECK;

/* The rules of each change; `va` is the present state. 0, -EPERM, -EACCES, -EFTYPE. */
int genfs_can_chmod(struct lwp *, const struct vattr *va, mode_t) MUST_CHECK;
int genfs_can_chown(
    struct lwp *, const struct vattr *va, uid_t, gid_t) MUST_CHECK;
int genfs_can_chtimes(
    struct lwp *, struct vnode *, const struct vattr *va, bool now) MUST_CHECK;
int genfs_can_chflags(
    struct lwp *, const struct vattr *va, uint32_t flags) MUST_CHECK;

int genfs_pathconf(
    struct lwp *, struct vnode *, int name, register_t *) MUST_CHECK;
int genfs_poll(struct lwp *, struct vnode *, int events);

#endif
