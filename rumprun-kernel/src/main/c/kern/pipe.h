/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring behind pipes and fifos (kern/pipe.c has its invariants). Both ends count who has them open; an end that nobody has open means end of
 * file for readers, EPIPE for writers.
 */
#ifndef KERN_PIPE_H
#define KERN_PIPE_H

#include "kern/file.h"

struct pipe {
	struct kmutex pp_lock;
	struct kcond pp_cond[2]; /* readers, writers: by END_* */
	struct selinfo pp_sel[2];
	unsigned pp_open[2];
	bool pp_rbusy, pp_wbusy;
	bool pp_dead; /* revoked: transfers fail with -EIO */
	char *pp_buf;
	size_t pp_size, pp_head, pp_len;
	struct timespec pp_atime, pp_mtime, pp_ctime;
	uid_t pp_uid;
	gid_t pp_gid;
};
enum { END_READ, END_WRITE };

int pipe_create(struct lwp *, struct pipe **) MUST_CHECK;
void pipe_free(struct rump_kernel *, struct pipe *);
/* One opener more or less at an end; the other end hears of it. pp_lock not held. */
void pipe_end_open(struct lwp *, struct pipe *, int end);
void pipe_end_close(struct lwp *, struct pipe *, int end);
/* As read(2) and write(2) on a pipe: 0 or -EAGAIN, -EINTR, -EPIPE (then SIGPIPE was sent if `sigpipe`). */
int pipe_move_out(
    struct lwp *, struct pipe *, bool nonblock, struct uio *) MUST_CHECK;
int pipe_move_in(struct lwp *, struct pipe *, bool nonblock, bool sigpipe,
    struct uio *) MUST_CHECK;
/* The fifo is gone from under those who have it open: their sleeps end. */
void pipe_kill(struct rump_kernel *, struct pipe *);
int pipe_end_ioctl(struct pipe *, int end, unsigned long cmd, void *data);
int pipe_end_poll(struct lwp *, struct pipe *, int end, int events);
int pipe_end_kqfilter(struct pipe *, int end, struct knote *);

#endif
