/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Special files: what the vfs layer does with VCHR and VBLK vnodes instead of the file system's own operations. The vnode is not locked.
 * All vnodes of one device number share a specnode (open counts, who has it mounted).
 */
#ifndef VFS_SPEC_H
#define VFS_SPEC_H

#include "vfs/vnode.h"

int spec_attach(struct rump_kernel *) MUST_CHECK;
void spec_detach(struct rump_kernel *);
/* mode: FREAD|FWRITE|O_NONBLOCK. -ENXIO: no driver. A mounted block device may be opened (NetBSD's kernel allows it at securelevel < 1). */
int spec_open(struct lwp *, struct vnode *, int mode) MUST_CHECK;
int spec_close(struct lwp *, struct vnode *, int fflag);
int spec_read(struct lwp *, struct vnode *, struct uio *, int ioflag) MUST_CHECK;
int spec_write(
    struct lwp *, struct vnode *, struct uio *, int ioflag) MUST_CHECK;
int spec_ioctl(struct lwp *, struct vnode *, unsigned long cmd, void *data,
    int fflag) MUST_CHECK;
int spec_poll(struct lwp *, struct vnode *, int events);
int spec_kqfilter(struct lwp *, struct vnode *, struct knote *) MUST_CHECK;
int spec_fsync(struct lwp *, struct vnode *) MUST_CHECK;
/* Size in bytes of a block device that is open, for lseek(SEEK_END)/stat; 0 when unknown. */
uint64_t spec_size(struct lwp *, struct vnode *);
/* The vnode goes away: gives v_spec back. Called by the vnode layer at reclaim. */
void spec_forget(struct vnode *);
/* fdiscard(2) on a disk; clipped at its end. -ENODEV: it isn't one. */
int spec_discard(struct lwp *, struct vnode *, off_t off, off_t len) MUST_CHECK;
/* Nothing is written to any open disk any more (blkdev.h, b_drop). */
void spec_drop_writes(struct lwp *);

#endif
