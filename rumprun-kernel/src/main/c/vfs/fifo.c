/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fifos: a pipe's ring that lives while somebody has the fifo open, and the meeting of the two ends at open.
 *
 * An end counts as open from the moment that its opener arrives, also while it waits for the other one. Who waits is served by a generation of
 * the other end (fi_gen): an opener that came and went again in between still lets it through, as POSIX demands.
 */
#include <netbsd/event.h>
#include <netbsd/fcntl.h>
#include <netbsd/poll.h>
#include "kern/pipe.h"
#include "vfs/fifo.h"

struct fifoinfo {
	struct kmutex fi_lock;
	struct kcond fi_cond;
	struct pipe *fi_pipe; /* made by the first opener, freed with the vnode */
	unsigned fi_gen[2];   /* openers that ever came, by END_* */
};

static int
fifo_info(struct lwp *l, struct vnode *vp, struct fifoinfo **fip)
{
	struct fifoinfo *fresh;
	int error;

	kmutex_enter(&vp->v_interlock);
	*fip = vp->v_fifo;
	kmutex_exit(&vp->v_interlock);
	if (*fip != NULL)
		return 0;
	fresh = kmem_zalloc(l->l_k, sizeof(*fresh));
	if (fresh == NULL)
		return -ENOMEM;
	error = pipe_create(l, &fresh->fi_pipe);
	if (error != 0) {
		kmem_free(l->l_k, fresh, sizeof(*fresh));
		return error;
	}
	kmutex_enter(&vp->v_interlock);
	*fip = vp->v_fifo;
	if (*fip == NULL)
		*fip = vp->v_fifo = fresh;
	kmutex_exit(&vp->v_interlock);
	if (*fip != fresh) {
		pipe_free(l->l_k, fresh->fi_pipe);
		kmem_free(l->l_k, fresh, sizeof(*fresh));
	}
	return 0;
}

void
fifo_forget(struct vnode *vp)
{
	struct fifoinfo *fi = vp->v_fifo;

	if (fi == NULL)
		return;
	vp->v_fifo = NULL;
	pipe_free(vp->v_k, fi->fi_pipe);
	kmem_free(vp->v_k, fi, sizeof(*fi));
}

/* Until somebody is at the other end, or was since we came. fi_lock held. */
static int
meet(struct lwp *l, struct fifoinfo *fi, int end)
{
	unsigned gen = fi->fi_gen[!end];
	int error = 0;

	while (error == 0 && fi->fi_pipe->pp_open[!end] == 0 &&
	    fi->fi_gen[!end] == gen && !fi->fi_pipe->pp_dead)
		error = kern_wait(
		    l, &fi->fi_cond, &fi->fi_lock, WAIT_INTR, WAIT_FOREVER);
	return error;
}

int
fifo_open(struct lwp *l, struct vnode *vp, int mode)
{
	struct fifoinfo *fi;
	int end, error;

	error = fifo_info(l, vp, &fi);
	if (error != 0)
		return error;
	kmutex_enter(&fi->fi_lock);
	if ((mode & (FREAD | FWRITE)) == FWRITE && (mode & O_NONBLOCK) &&
	    fi->fi_pipe->pp_open[END_READ] == 0) {
		kmutex_exit(&fi->fi_lock);
		return -ENXIO;
	}
	for (end = END_READ; end <= END_WRITE; end++) {
		if (mode & (end == END_READ ? FREAD : FWRITE)) {
			fi->fi_gen[end]++;
			pipe_end_open(l, fi->fi_pipe, end);
		}
	}
	kcond_broadcast(&fi->fi_cond);
	if (!(mode & O_NONBLOCK) && (mode & (FREAD | FWRITE)) == FREAD)
		error = meet(l, fi, END_READ);
	else if (!(mode & O_NONBLOCK) && (mode & (FREAD | FWRITE)) == FWRITE)
		error = meet(l, fi, END_WRITE);
	kmutex_exit(&fi->fi_lock);
	if (error == 0 && fi->fi_pipe->pp_dead)
		error = -EIO;
	if (error != 0)
		fifo_close(l, vp, mode);
	return error == -ESHUTDOWN ? -EINTR : error;
}

void
fifo_kill(struct vnode *vp)
{
	struct fifoinfo *fi;

	kmutex_enter(&vp->v_interlock);
	fi = vp->v_fifo;
	kmutex_exit(&vp->v_interlock);
	if (fi == NULL)
		return;
	kmutex_enter(&fi->fi_lock);
	pipe_kill(vp->v_k, fi->fi_pipe);
	kcond_broadcast(&fi->fi_cond);
	kmutex_exit(&fi->fi_lock);
}

int
fifo_close(struct lwp *l, struct vnode *vp, int fflag)
{
	struct fifoinfo *fi = vp->v_fifo;

	if (fi == NULL)
		return 0;
	kmutex_enter(&fi->fi_lock);
	if (fflag & FREAD)
		pipe_end_close(l, fi->fi_pipe, END_READ);
	if (fflag & FWRITE)
		pipe_end_close(l, fi->fi_pipe, END_WRITE);
	/* What nobody read is gone when the last one leaves. */
	if (fi->fi_pipe->pp_open[END_READ] == 0 &&
	    fi->fi_pipe->pp_open[END_WRITE] == 0)
		fi->fi_pipe->pp_len = fi->fi_pipe->pp_head = 0;
	kmutex_exit(&fi->fi_lock);
	return 0;
}

int
fifo_read(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	return pipe_move_out(
	    l, vp->v_fifo->fi_pipe, (ioflag & IO_NDELAY) != 0, uio);
}

int
fifo_write(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	return pipe_move_in(
	    l, vp->v_fifo->fi_pipe, (ioflag & IO_NDELAY) != 0, true, uio);
}

int
fifo_ioctl(
    struct lwp *l, struct vnode *vp, unsigned long cmd, void *data, int fflag)
{
	(void)l;
	return pipe_end_ioctl(vp->v_fifo->fi_pipe,
	    fflag & FREAD ? END_READ : END_WRITE, cmd, data);
}

int
fifo_poll(struct lwp *l, struct vnode *vp, int events)
{
	struct pipe *pp = vp->v_fifo->fi_pipe;
	int revents = 0;

	if (events & (POLLIN | POLLRDNORM))
		revents |= pipe_end_poll(l, pp, END_READ, events);
	if (events & (POLLOUT | POLLWRNORM))
		revents |= pipe_end_poll(l, pp, END_WRITE, events);
	return revents;
}

int
fifo_kqfilter(struct lwp *l, struct vnode *vp, struct knote *kn)
{
	(void)l;
	if (kn->kn_filter != EVFILT_READ && kn->kn_filter != EVFILT_WRITE)
		return -EINVAL;
	return pipe_end_kqfilter(vp->v_fifo->fi_pipe,
	    kn->kn_filter == EVFILT_READ ? END_READ : END_WRITE, kn);
}
