/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls poll, pollts, select and pselect. How they wait is told in kern/selinfo.c.
 *
 * Signal masks are taken and looked at no further: signals are the client's own business, see facts on the protocol.
 */
#include <netbsd/poll.h>
#include <netbsd/resource.h>
#include <netbsd/syscallargs.h>
#include "kern/pollctx.h"
#include "kern/syscalls.h"

#define NS INT64_C(1000000000)
#define MAX_SEC (INT64_MAX / NS / 4)
#define NFDBITS 32
#define FDS_EXTRA \
	1000 /* more entries than this beyond the descriptors are refused */

/* From a relative time to a deadline; NULL waits forever. */
static int
deadline(struct lwp *l, const struct timespec *t, int64_t *dl)
{
	*dl = WAIT_FOREVER;
	if (t == NULL)
		return 0;
	if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= NS)
		return -EINVAL;
	if (t->tv_sec > MAX_SEC)
		return 0;
	*dl = t->tv_sec == 0 && t->tv_nsec == 0 ?
	    0 :
	    kern_uptime_ns(l->l_k) + t->tv_sec * NS + t->tv_nsec;
	return 0;
}

static int
ask(struct lwp *l, struct file *fp, int events)
{
	if (fp->f_ops->fo_poll == NULL)
		return events & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
	return fp->f_ops->fo_poll(l, fp, events);
}

/* A set of files to be asked again and again. */
struct pollset {
	size_t ps_n;
	struct pollfd *ps_fds;
	struct file **ps_files; /* NULL: not open, or no descriptor */
};

/* One round; the number that are ready. */
static int
round_of(struct lwp *l, struct pollset *ps)
{
	int ready = 0;

	for (size_t i = 0; i < ps->ps_n; i++) {
		struct pollfd *p = &ps->ps_fds[i];

		p->revents = 0;
		if (p->fd < 0)
			continue;
		if (ps->ps_files[i] == NULL)
			p->revents = POLLNVAL;
		else
			p->revents = (short)ask(l, ps->ps_files[i],
			    (uint16_t)p->events | POLLERR | POLLHUP);
		ready += p->revents != 0;
		/* Nobody waits once something is ready. */
		if (ready != 0)
			l->l_poll = NULL;
	}
	return ready;
}

/* Number ready, 0 past the deadline (0: does not wait), or an error. */
static int
wait_set(struct lwp *l, struct pollset *ps, int64_t dl)
{
	struct pollctx px;
	int n, error;

	for (size_t i = 0; i < ps->ps_n; i++)
		if (ps->ps_fds[i].fd < 0 ||
		    fd_getfile(l, ps->ps_fds[i].fd, &ps->ps_files[i]) != 0)
			ps->ps_files[i] = NULL;
	pollctx_init(&px, l);
	if (dl == 0)
		l->l_poll = NULL;
	for (;;) {
		pollctx_reset(&px);
		n = round_of(l, ps);
		if (n != 0 || dl == 0)
			break;
		if (px.px_failed) {
			n = -ENOMEM;
			break;
		}
		error = pollctx_wait(&px, l, dl);
		if (error == -EWOULDBLOCK)
			break;
		if (error != 0) {
			n = error == -ESHUTDOWN ? -EINTR : error;
			break;
		}
		pollctx_clear(&px, l);
		l->l_poll = &px;
	}
	pollctx_fini(&px, l);
	for (size_t i = 0; i < ps->ps_n; i++)
		if (ps->ps_files[i] != NULL)
			file_put(l, ps->ps_files[i]);
	return n;
}

static uint64_t
fd_limit(struct lwp *l)
{
	uint64_t limit;

	kmutex_enter(&l->l_proc->p_lock);
	limit = l->l_proc->p_rlimit[RLIMIT_NOFILE].cur;
	kmutex_exit(&l->l_proc->p_lock);
	return limit;
}

static int
poll_common(struct lwp *l, struct pollfd *ufds, unsigned nfds, int64_t dl,
    register_t *rv)
{
	struct rump_kernel *k = l->l_k;
	struct pollfd few[8];
	struct file *few_files[8];
	struct pollset ps = { nfds, few, few_files };
	int n = -ENOMEM;

	if (nfds > FDS_EXTRA + fd_limit(l) || nfds > 65536)
		return -EINVAL;
	if (nfds > 8) {
		ps.ps_fds = kmem_calloc(k, nfds, sizeof(few[0]));
		ps.ps_files = kmem_calloc(k, nfds, sizeof(few_files[0]));
	}
	if (ps.ps_fds != NULL && ps.ps_files != NULL) {
		n = copyin(l, ufds, ps.ps_fds, nfds * sizeof(few[0]));
		if (n == 0)
			n = wait_set(l, &ps, dl);
		if (n >= 0) {
			int error = copyout(
			    l, ps.ps_fds, ufds, nfds * sizeof(few[0]));

			rv[0] = n;
			n = error;
		}
	}
	if (nfds > 8) {
		if (ps.ps_fds != NULL)
			kmem_free(k, ps.ps_fds, nfds * sizeof(few[0]));
		if (ps.ps_files != NULL)
			kmem_free(k, ps.ps_files, nfds * sizeof(few_files[0]));
	}
	return n;
}

int
sys_poll(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_poll_args *uap = v;
	int timeout = SCARG(uap, timeout), error;
	struct timespec t = { timeout / 1000, timeout % 1000 * 1000000L };
	int64_t dl;

	if (timeout < -1)
		return -EINVAL;
	error = deadline(l, timeout == -1 ? NULL : &t, &dl);
	if (error != 0)
		return error;
	return poll_common(l, SCARG(uap, fds), SCARG(uap, nfds), dl, rv);
}

/* The user's timespec, or NULL; *dl. */
static int
timespec_in(struct lwp *l, const struct timespec *ut, int64_t *dl)
{
	struct timespec t;
	int error;

	if (ut == NULL)
		return deadline(l, NULL, dl);
	error = copyin(l, ut, &t, sizeof(t));
	return error != 0 ? error : deadline(l, &t, dl);
}

static int
sigmask_in(struct lwp *l, const sigset_t *umask)
{
	sigset_t mask;

	return umask == NULL ? 0 : copyin(l, umask, &mask, sizeof(mask));
}

int
sys___pollts50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___pollts50_args *uap = v;
	int64_t dl;
	int error;

	error = timespec_in(l, SCARG(uap, ts), &dl);
	if (error == 0)
		error = sigmask_in(l, SCARG(uap, mask));
	if (error != 0)
		return error;
	return poll_common(l, SCARG(uap, fds), SCARG(uap, nfds), dl, rv);
}

/* --- select --- */

static const struct {
	int asks, answers;
} select_bits[3] = {
	{ POLLIN | POLLRDNORM, POLLIN | POLLRDNORM | POLLHUP | POLLERR },
	{ POLLOUT | POLLWRNORM, POLLOUT | POLLWRNORM | POLLHUP | POLLERR },
	{ POLLPRI | POLLRDBAND, POLLPRI | POLLRDBAND },
};

static bool
isset(const uint32_t *set, int fd)
{
	return (set[fd / NFDBITS] & UINT32_C(1) << fd % NFDBITS) != 0;
}

/* From three bit sets to a poll set; a descriptor in any of them must be open. */
static int
sets_to_poll(struct lwp *l, uint32_t *sets[3], int nd, struct pollset *ps)
{
	struct file *fp;

	for (int fd = 0; fd < nd; fd++) {
		int events = 0;

		for (int s = 0; s < 3; s++)
			if (isset(sets[s], fd))
				events |= select_bits[s].asks;
		if (events == 0)
			continue;
		if (fd_getfile(l, fd, &fp) != 0)
			return -EBADF;
		file_put(l, fp);
		ps->ps_fds[ps->ps_n].fd = fd;
		ps->ps_fds[ps->ps_n].events = (short)events;
		ps->ps_n++;
	}
	return 0;
}

/* And back; the number of bits. */
static int
poll_to_sets(const struct pollset *ps, uint32_t *sets[3])
{
	int n = 0;

	for (int s = 0; s < 3; s++) {
		for (size_t i = 0; i < ps->ps_n; i++) {
			int fd = ps->ps_fds[i].fd;
			uint32_t bit = UINT32_C(1) << fd % NFDBITS;

			if (!isset(sets[s], fd))
				continue;
			if (ps->ps_fds[i].revents & select_bits[s].answers)
				n++;
			else
				sets[s][fd / NFDBITS] &= ~bit;
		}
	}
	return n;
}

static int
select_sets(struct lwp *l, int nd, fd_set *const users[3], uint32_t *sets[3],
    struct pollset *ps, int64_t dl, register_t *rv)
{
	size_t words = ((size_t)nd + NFDBITS - 1) / NFDBITS;
	int error, n;

	for (int s = 0; s < 3; s++)
		if (users[s] != NULL &&
		    (error = copyin(
			 l, users[s], sets[s], words * sizeof(uint32_t))) != 0)
			return error;
	/* Bits from nd on are nobody's: they come back clear. */
	for (int s = 0; s < 3 && nd % NFDBITS != 0; s++)
		sets[s][words - 1] &= (UINT32_C(1) << nd % NFDBITS) - 1;
	error = sets_to_poll(l, sets, nd, ps);
	if (error != 0)
		return error;
	n = wait_set(l, ps, dl);
	if (n < 0)
		return n;
	rv[0] = poll_to_sets(ps, sets);
	for (int s = 0; s < 3; s++)
		if (users[s] != NULL &&
		    (error = copyout(
			 l, sets[s], users[s], words * sizeof(uint32_t))) != 0)
			return error;
	return 0;
}

/*
 * Numbers beyond the descriptor table are as good as not there: neither looked at nor errors. What counts as the table
 * is 20 entries, doubled until the highest descriptor fits, as the reference grows it.
 */
static int
fd_tablesize(struct lwp *l)
{
	int highest = fd_highest(l->l_proc->p_fd), size = 20;

	while (size <= highest)
		size *= 2;
	return size;
}

static int
select_common(struct lwp *l, int nd, fd_set *in, fd_set *ou, fd_set *ex,
    int64_t dl, register_t *rv)
{
	struct rump_kernel *k = l->l_k;
	fd_set *const users[3] = { in, ou, ex };
	struct pollset ps = { 0, NULL, NULL };
	uint32_t *sets[3];
	size_t words, size;
	char *mem;
	int error;

	if (nd < 0)
		return -EINVAL;
	if (nd > fd_tablesize(l))
		nd = fd_tablesize(l);
	words = ((size_t)nd + NFDBITS - 1) / NFDBITS;
	size = (size_t)nd * (sizeof(struct pollfd) + sizeof(struct file *)) +
	    3 * words * sizeof(uint32_t) + sizeof(struct file *);
	mem = kmem_zalloc(k, size);
	if (mem == NULL)
		return -ENOMEM;
	ps.ps_files = (struct file **)(void *)mem;
	ps.ps_fds = (struct pollfd *)(void *)(ps.ps_files + nd);
	for (int s = 0; s < 3; s++)
		sets[s] = (uint32_t *)(void *)(ps.ps_fds + nd) +
		    (size_t)s * words;
	error = select_sets(l, nd, users, sets, &ps, dl, rv);
	kmem_free(k, mem, size);
	return error;
}

int
sys___select50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___select50_args *uap = v;
	struct timeval tv;
	struct timespec t;
	int64_t dl = WAIT_FOREVER;
	int error;

	if (SCARG(uap, tv) != NULL) {
		error = copyin(l, SCARG(uap, tv), &tv, sizeof(tv));
		if (error != 0)
			return error;
		if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
			return -EINVAL;
		t.tv_sec = tv.tv_sec;
		t.tv_nsec = tv.tv_usec * 1000L;
		error = deadline(l, &t, &dl);
		if (error != 0)
			return error;
	}
	return select_common(l, SCARG(uap, nd), SCARG(uap, in), SCARG(uap, ou),
	    SCARG(uap, ex), dl, rv);
}

int
sys___pselect50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___pselect50_args *uap = v;
	int64_t dl;
	int error;

	error = timespec_in(l, SCARG(uap, ts), &dl);
	if (error == 0)
		error = sigmask_in(l, SCARG(uap, mask));
	if (error != 0)
		return error;
	return select_common(l, SCARG(uap, nd), SCARG(uap, in), SCARG(uap, ou),
	    SCARG(uap, ex), dl, rv);
}
