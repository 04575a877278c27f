/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fifos: what the vfs layer does with VFIFO vnodes. The vnode is referenced, not locked. POSIX rules: opening waits for the other end unless
 * O_NONBLOCK (writer alone: ENXIO); PIPE_BUF atomic writes; EPIPE without readers.
 */
#ifndef VFS_FIFO_H
#define VFS_FIFO_H

#include "vfs/vnode.h"

/* mode: FREAD|FWRITE|O_NONBLOCK. May sleep; -EINTR. */
int fifo_open(struct lwp *, struct vnode *, int mode) MUST_CHECK;
int fifo_close(struct lwp *, struct vnode *, int fflag);
int fifo_read(struct lwp *, struct vnode *, struct uio *, int ioflag) MUST_CHECK;
int fifo_write(
    struct lwp *, struct vnode *, struct uio *, int ioflag) MUST_CHECK;
int fifo_ioctl(struct lwp *, struct vnode *, unsigned long cmd, void *data,
    int fflag) MUST_CHECK;
int fifo_poll(struct lwp *, struct vnode *, int events);
int fifo_kqfilter(struct lwp *, struct vnode *, struct knote *) MUST_CHECK;
/* The vnode goes away. */
void fifo_forget(struct vnode *);
/* Its vnode died: who sleeps in it wakes up, and gets -EIO. */
void fifo_kill(struct vnode *);

#endif
