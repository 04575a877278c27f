/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pipes: a ring of bytes with a reading and a writing end.
 *
 * Data goes between the user's memory and the ring in one copy, with no lock held, since a remote client takes its time:
 * one reader at a time (pp_rbusy) owns the filled part, one writer (pp_wbusy) the free part; under pp_lock they move the
 * border. A write of at most PIPE_BUF bytes waits until all of it fits. A write of more than the ring gets a larger
 * ring while nobody reads and not too many have one.
 *
 * Invariants, under pp_lock:
 *  1 pp_len <= pp_size, pp_head < pp_size; the filled part is pp_len bytes from pp_head on, around the end.
 *  2 pp_size changes only while neither end is busy with a copy.
 *  3 The pipe lives as long as one of its two files does.
 */
#include <netbsd/event.h>
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/limits.h>
#include <netbsd/poll.h>
#include <netbsd/signal.h>
#include <netbsd/stat.h>
#include <netbsd/syscallargs.h>
#include "kern/pipe.h"
#include "kern/syscalls.h"
#include "kern/sysctl.h"

#define PIPE_SIZE 16384
#define BIG_PIPE_SIZE 65536

static int
end_of(const struct file *fp)
{
	return fp->f_flag & FREAD ? END_READ : END_WRITE;
}

static void
wake(struct rump_kernel *k, struct pipe *pp, int end)
{
	kcond_broadcast(&pp->pp_cond[end]);
	selnotify(k, &pp->pp_sel[end],
	    end == END_READ ? POLLIN | POLLRDNORM : POLLOUT | POLLWRNORM, 0);
}

static bool
interrupted(int error)
{
	return error == -EINTR || error == -EWOULDBLOCK || error == -ESHUTDOWN;
}

/* --- reading --- */

/* Until there is data and no other reader; 1, or 0 at the end of it, or an error. */
static int
await_data(struct lwp *l, struct pipe *pp, bool nonblock)
{
	int error;

	for (;;) {
		if (pp->pp_dead)
			return -EIO;
		if (!pp->pp_rbusy) {
			if (pp->pp_len > 0)
				return 1;
			if (!pp->pp_open[END_WRITE])
				return 0;
		}
		if (nonblock)
			return -EAGAIN;
		error = kern_wait(l, &pp->pp_cond[END_READ], &pp->pp_lock,
		    WAIT_INTR, WAIT_FOREVER);
		if (error != 0)
			return error == -ESHUTDOWN ? -EINTR : error;
	}
}

int
pipe_move_out(struct lwp *l, struct pipe *pp, bool nonblock, struct uio *uio)
{
	int error;

	if (uio->uio_resid == 0)
		return 0;
	kmutex_enter(&pp->pp_lock);
	error = await_data(l, pp, nonblock);
	if (error <= 0)
		goto out;
	error = 0;
	pp->pp_rbusy = true;
	while (uio->uio_resid > 0 && pp->pp_len > 0 && error == 0) {
		size_t n = pp->pp_size - pp->pp_head, before;

		if (n > pp->pp_len)
			n = pp->pp_len;
		if (n > uio->uio_resid)
			n = uio->uio_resid;
		before = uio->uio_resid;
		kmutex_exit(&pp->pp_lock);
		error = uiomove(pp->pp_buf + pp->pp_head, n, uio);
		kmutex_enter(&pp->pp_lock);
		n = before - uio->uio_resid;
		pp->pp_head = (pp->pp_head + n) % pp->pp_size;
		pp->pp_len -= n;
		/* Start afresh, unless a writer is filling what follows. */
		if (pp->pp_len == 0 && !pp->pp_wbusy)
			pp->pp_head = 0;
		wake(l->l_k, pp, END_WRITE);
	}
	pp->pp_rbusy = false;
	kern_nanotime(l->l_k, &pp->pp_atime);
	kcond_broadcast(&pp->pp_cond[END_READ]);
out:
	kmutex_exit(&pp->pp_lock);
	return error;
}

/* --- writing --- */

static void
grow(struct rump_kernel *k, struct pipe *pp)
{
	char *buf = NULL;
	size_t first;

	if (pp->pp_size >= BIG_PIPE_SIZE || pp->pp_rbusy)
		return;
	if (atomic_fetch_add(&k->k_nbigpipes, 1) < sysctl_maxbigpipes(k))
		buf = kmem_alloc(k, BIG_PIPE_SIZE);
	if (buf == NULL) {
		atomic_fetch_sub(&k->k_nbigpipes, 1);
		return;
	}
	first = pp->pp_size - pp->pp_head;
	if (first > pp->pp_len)
		first = pp->pp_len;
	memcpy(buf, pp->pp_buf + pp->pp_head, first);
	memcpy(buf + first, pp->pp_buf, pp->pp_len - first);
	kmem_free(k, pp->pp_buf, pp->pp_size);
	pp->pp_buf = buf;
	pp->pp_size = BIG_PIPE_SIZE;
	pp->pp_head = 0;
}

/* Until `need` bytes are free. */
static int
await_space(struct lwp *l, struct pipe *pp, bool nonblock, size_t need)
{
	int error;

	for (;;) {
		if (pp->pp_dead)
			return -EIO;
		if (!pp->pp_open[END_READ])
			return -EPIPE;
		if (pp->pp_size - pp->pp_len >= need)
			return 0;
		if (nonblock)
			return -EAGAIN;
		error = kern_wait(l, &pp->pp_cond[END_WRITE], &pp->pp_lock,
		    WAIT_INTR, WAIT_FOREVER);
		if (error != 0)
			return error == -ESHUTDOWN ? -EINTR : error;
	}
}

/* One writer at a time. */
static int
claim_write(struct lwp *l, struct pipe *pp, bool nonblock)
{
	int error;

	while (pp->pp_wbusy) {
		if (!pp->pp_open[END_READ])
			return -EPIPE;
		if (nonblock)
			return -EAGAIN;
		error = kern_wait(l, &pp->pp_cond[END_WRITE], &pp->pp_lock,
		    WAIT_INTR, WAIT_FOREVER);
		if (error != 0)
			return error == -ESHUTDOWN ? -EINTR : error;
	}
	pp->pp_wbusy = true;
	return 0;
}

static int
write_claimed(struct lwp *l, struct pipe *pp, bool nonblock, struct uio *uio)
{
	size_t need = uio->uio_resid <= PIPE_BUF ? uio->uio_resid : 1;
	int error = 0;

	if (uio->uio_resid > PIPE_SIZE)
		grow(l->l_k, pp);
	while (uio->uio_resid > 0) {
		size_t tail, n, before;

		error = await_space(l, pp, nonblock, need);
		if (error != 0)
			break;
		tail = (pp->pp_head + pp->pp_len) % pp->pp_size;
		n = pp->pp_size - pp->pp_len;
		if (n > pp->pp_size - tail)
			n = pp->pp_size - tail;
		if (n > uio->uio_resid)
			n = uio->uio_resid;
		before = uio->uio_resid;
		kmutex_exit(&pp->pp_lock);
		error = uiomove(pp->pp_buf + tail, n, uio);
		kmutex_enter(&pp->pp_lock);
		if (error != 0)
			break;
		pp->pp_len += before - uio->uio_resid;
		need = need > n ? need - n : 1;
		wake(l->l_k, pp, END_READ);
	}
	return error;
}

int
pipe_move_in(struct lwp *l, struct pipe *pp, bool nonblock, bool sigpipe,
    struct uio *uio)
{
	size_t all = uio->uio_resid;
	int error;

	kmutex_enter(&pp->pp_lock);
	error = claim_write(l, pp, nonblock);
	if (error == 0) {
		error = pp->pp_open[END_READ] ?
		    write_claimed(l, pp, nonblock, uio) :
		    -EPIPE;
		pp->pp_wbusy = false;
		kcond_broadcast(&pp->pp_cond[END_WRITE]);
	}
	if (uio->uio_resid != all) {
		kern_nanotime(l->l_k, &pp->pp_mtime);
		pp->pp_ctime = pp->pp_mtime;
		if (interrupted(error))
			error = 0;
	}
	kmutex_exit(&pp->pp_lock);
	if (error == -EPIPE && sigpipe)
		proc_signal(l->l_proc, SIGPIPE);
	return error;
}

static int
pipe_read(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	(void)flags;
	return pipe_move_out(l, fp->f_data, (fp->f_flag & O_NONBLOCK) != 0, uio);
}

static int
pipe_write(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	(void)flags;
	return pipe_move_in(l, fp->f_data, (fp->f_flag & O_NONBLOCK) != 0,
	    (fp->f_flag & O_NOSIGPIPE) == 0, uio);
}

/* --- everything else --- */

int
pipe_end_ioctl(struct pipe *pp, int end, unsigned long cmd, void *data)
{
	int n, error = 0;

	kmutex_enter(&pp->pp_lock);
	switch (cmd) {
	case FIONBIO:
	case FIOASYNC:
		break;
	case FIONREAD:
		n = end == END_READ ? (int)pp->pp_len : 0;
		memcpy(data, &n, sizeof(n));
		break;
	case FIONWRITE:
		n = end == END_WRITE ? (int)pp->pp_len : 0;
		memcpy(data, &n, sizeof(n));
		break;
	case FIONSPACE:
		n = end == END_WRITE && pp->pp_open[END_READ] ?
		    (int)(pp->pp_size - pp->pp_len) :
		    0;
		memcpy(data, &n, sizeof(n));
		break;
	default:
		error = -ENOTTY;
		break;
	}
	kmutex_exit(&pp->pp_lock);
	return error;
}

static int
pipe_ioctl(struct lwp *l, struct file *fp, unsigned long cmd, void *data)
{
	(void)l;
	return pipe_end_ioctl(fp->f_data, end_of(fp), cmd, data);
}

static int
pipe_fcntl(struct lwp *l, struct file *fp, unsigned cmd, void *data)
{
	(void)l, (void)fp, (void)data;
	return cmd == F_SETFL ? 0 : -EOPNOTSUPP;
}

int
pipe_end_poll(struct lwp *l, struct pipe *pp, int end, int events)
{
	int revents = 0;

	kmutex_enter(&pp->pp_lock);
	if (end == END_READ) {
		if (pp->pp_len > 0 || !pp->pp_open[END_WRITE])
			revents |= events & (POLLIN | POLLRDNORM);
	} else if (pp->pp_size - pp->pp_len >= PIPE_BUF ||
	    !pp->pp_open[END_READ])
		revents |= events & (POLLOUT | POLLWRNORM);
	if (!pp->pp_open[!end])
		revents |= POLLHUP;
	if (revents == 0)
		selrecord(l, &pp->pp_sel[end]);
	kmutex_exit(&pp->pp_lock);
	return revents;
}

static int
pipe_poll(struct lwp *l, struct file *fp, int events)
{
	return pipe_end_poll(l, fp->f_data, end_of(fp), events);
}

static int
pipe_stat(struct lwp *l, struct file *fp, struct stat *st)
{
	struct pipe *pp = fp->f_data;

	(void)l;
	memset(st, 0, sizeof(*st));
	kmutex_enter(&pp->pp_lock);
	st->st_mode = S_IFIFO | S_IRUSR | S_IWUSR;
	st->st_uid = pp->pp_uid;
	st->st_gid = pp->pp_gid;
	st->st_blksize = (blksize_t)pp->pp_size;
	st->st_size = (off_t)pp->pp_len;
	st->st_blocks = st->st_size > 0 ? 1 : 0;
	st->st_atim = pp->pp_atime;
	st->st_mtim = pp->pp_mtime;
	st->st_ctim = st->st_birthtim = pp->pp_ctime;
	kmutex_exit(&pp->pp_lock);
	return 0;
}

void
pipe_free(struct rump_kernel *k, struct pipe *pp)
{
	if (pp->pp_size == BIG_PIPE_SIZE)
		atomic_fetch_sub(&k->k_nbigpipes, 1);
	selinfo_destroy(k, &pp->pp_sel[END_READ]);
	selinfo_destroy(k, &pp->pp_sel[END_WRITE]);
	kmem_free(k, pp->pp_buf, pp->pp_size);
	kmem_free(k, pp, sizeof(*pp));
}

void
pipe_end_open(struct lwp *l, struct pipe *pp, int end)
{
	kmutex_enter(&pp->pp_lock);
	if (pp->pp_open[end]++ == 0)
		wake(l->l_k, pp, !end);
	kmutex_exit(&pp->pp_lock);
}

void
pipe_end_close(struct lwp *l, struct pipe *pp, int end)
{
	kmutex_enter(&pp->pp_lock);
	if (--pp->pp_open[end] == 0)
		wake(l->l_k, pp, !end);
	kmutex_exit(&pp->pp_lock);
}

void
pipe_kill(struct rump_kernel *k, struct pipe *pp)
{
	kmutex_enter(&pp->pp_lock);
	pp->pp_dead = true;
	wake(k, pp, END_READ);
	wake(k, pp, END_WRITE);
	kmutex_exit(&pp->pp_lock);
}

/* Two files, one each end: the second close takes the pipe along. */
static int
pipe_close(struct lwp *l, struct file *fp)
{
	struct pipe *pp = fp->f_data;
	int end = end_of(fp);
	bool last;

	kmutex_enter(&pp->pp_lock);
	pp->pp_open[end] = 0;
	last = pp->pp_open[!end] == 0;
	if (!last)
		wake(l->l_k, pp, !end);
	kmutex_exit(&pp->pp_lock);
	if (last)
		pipe_free(l->l_k, pp);
	fp->f_data = NULL;
	return 0;
}

/* --- kqueue --- */

static void
filt_detach(struct knote *kn)
{
	struct pipe *pp = kn->kn_hook;

	selinfo_detach(
	    &pp->pp_sel[kn->kn_filter == EVFILT_READ ? END_READ : END_WRITE],
	    kn);
}

static bool
filt_event(struct knote *kn, long hint)
{
	struct pipe *pp = kn->kn_hook;
	int end = kn->kn_filter == EVFILT_READ ? END_READ : END_WRITE;
	int64_t low;
	bool ready;

	if (hint == 0)
		kmutex_enter(&pp->pp_lock);
	low = end == END_READ ? 1 : PIPE_BUF;
	if (kn->kn_sfflags & NOTE_LOWAT && kn->kn_sdata > 0)
		low = kn->kn_sdata;
	if (end == END_READ)
		kn->kn_data = (int64_t)pp->pp_len;
	else
		kn->kn_data = (int64_t)(pp->pp_size - pp->pp_len);
	ready = kn->kn_data >= low;
	if (!pp->pp_open[!end]) {
		if (end == END_WRITE)
			kn->kn_data = 0;
		kn->kn_flags |= EV_EOF;
		ready = true;
	}
	if (hint == 0)
		kmutex_exit(&pp->pp_lock);
	return ready;
}

static const struct filterops pipe_filtops = { filt_detach, filt_event };

int
pipe_end_kqfilter(struct pipe *pp, int end, struct knote *kn)
{
	bool gone;

	if (kn->kn_filter != (end == END_READ ? EVFILT_READ : EVFILT_WRITE))
		return -EINVAL;
	kmutex_enter(&pp->pp_lock);
	gone = end == END_WRITE && !pp->pp_open[END_READ];
	kmutex_exit(&pp->pp_lock);
	if (gone)
		return -EBADF;
	kn->kn_hook = pp;
	kn->kn_fop = &pipe_filtops;
	selinfo_attach(&pp->pp_sel[end], kn);
	return 0;
}

static int
pipe_kqfilter(struct lwp *l, struct file *fp, struct knote *kn)
{
	(void)l;
	return pipe_end_kqfilter(fp->f_data, end_of(fp), kn);
}

static const struct fileops pipe_fileops = {
	.fo_read = pipe_read,
	.fo_write = pipe_write,
	.fo_ioctl = pipe_ioctl,
	.fo_fcntl = pipe_fcntl,
	.fo_poll = pipe_poll,
	.fo_stat = pipe_stat,
	.fo_close = pipe_close,
	.fo_kqfilter = pipe_kqfilter,
};

/* --- making one --- */

int
pipe_create(struct lwp *l, struct pipe **ppp)
{
	struct pipe *pp = kmem_zalloc(l->l_k, sizeof(*pp));

	if (pp == NULL)
		return -ENOMEM;
	pp->pp_buf = kmem_alloc(l->l_k, PIPE_SIZE);
	if (pp->pp_buf == NULL) {
		kmem_free(l->l_k, pp, sizeof(*pp));
		return -ENOMEM;
	}
	pp->pp_size = PIPE_SIZE;
	pp->pp_uid = l->l_cred->cr_euid;
	pp->pp_gid = l->l_cred->cr_egid;
	kern_nanotime(l->l_k, &pp->pp_ctime);
	pp->pp_atime = pp->pp_mtime = pp->pp_ctime;
	*ppp = pp;
	return 0;
}

static int
pipe_file(
    struct lwp *l, struct pipe *pp, int end, unsigned flags, struct file **fpp)
{
	int error = file_create(l, fpp);

	if (error != 0)
		return error;
	(*fpp)->f_type = DTYPE_PIPE;
	(*fpp)->f_flag = (end == END_READ ? FREAD : FWRITE) | flags;
	(*fpp)->f_ops = &pipe_fileops;
	(*fpp)->f_data = pp;
	pp->pp_open[end] = 1;
	return 0;
}

static int
pipe_open(struct lwp *l, int flags, int fds[2])
{
	struct file *fp[2];
	struct pipe *pp;
	int error;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_NOSIGPIPE))
		return -EINVAL;
	error = pipe_create(l, &pp);
	if (error != 0)
		return error;
	error = pipe_file(l, pp, END_READ, (unsigned)flags, &fp[0]);
	if (error != 0) {
		pipe_free(l->l_k, pp);
		return error;
	}
	error = pipe_file(l, pp, END_WRITE, (unsigned)flags, &fp[1]);
	if (error != 0)
		goto out_read;
	error = fd_alloc(l, 0, &fds[0]);
	if (error != 0)
		goto out_write;
	error = fd_alloc(l, 0, &fds[1]);
	if (error != 0)
		goto out_fd;
	fd_install(l, fds[0], fp[0], (flags & O_CLOEXEC) != 0);
	fd_install(l, fds[1], fp[1], (flags & O_CLOEXEC) != 0);
	return 0;
out_fd:
	fd_unreserve(l, fds[0]);
out_write:
	file_put(l, fp[1]);
out_read:
	file_put(l, fp[0]);
	return error;
}

int
sys_pipe(struct lwp *l, const void *v, register_t *rv)
{
	int fds[2], error;

	(void)v;
	error = pipe_open(l, 0, fds);
	if (error == 0) {
		rv[0] = fds[0];
		rv[1] = fds[1];
	}
	return error;
}

int
sys_pipe2(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_pipe2_args *uap = v;
	int fds[2], error;

	(void)rv;
	error = pipe_open(l, SCARG(uap, flags), fds);
	if (error != 0)
		return error;
	error = copyout(l, fds, SCARG(uap, fildes), sizeof(fds));
	if (error != 0) {
		fd_close(l, fds[0]);
		fd_close(l, fds[1]);
	}
	return error;
}
