/* SPDX-License-Identifier: BSD-2-Clause */
/* Sleeping in a socket, and waking who sleeps: threads, poll, kqueue, signals. */
#include <netbsd/errno.h>
#include <netbsd/poll.h>
#include <netbsd/signal.h>
#include "kern/proc.h"
#include "net/socket_private.h"

#define SPIN_NS 30000
#define SPIN_FAILS 6

/* --- sleeping --- */

static int
is_socket(struct lwp *l, int fd, struct file *f, void *arg)
{
	(void)l, (void)fd;
	return f->f_type == DTYPE_SOCKET && f->f_data == arg;
}

/* Descriptors of the socket were closed. Does the sleeper's process still have one? */
static int
still_open(struct lwp *l, struct socket *so, uint32_t *restarts)
{
	bool open;

	if (so->so_restarts == *restarts)
		return 0;
	*restarts = so->so_restarts;
	sounlock(so);
	open = fd_foreach(l, l->l_proc->p_fd, is_socket, so) != 0;
	solock(so);
	return open ? 0 : -EBADF;
}

/*
 * Who waits for another thread of this process gets his answer in a microsecond or two, if that thread is at work; a sleep takes tens. So he looks
 * for a moment, not counted as a sleeper (to wake whom is a call to the host). The more often it was in vain the seldomer he does. so_lock
 * is dropped in between: true when something has happened since.
 */
static bool
spun(struct socket *so)
{
	struct net_state *ns = NS(so->so_k);
	uint32_t seen = atomic_load(&so->so_events);
	bool changed = false, looked;

	if (ns->ns_ncpu < 2 || kern_halting(so->so_k))
		return false;
	if (so->so_spinskip > 0) {
		so->so_spinskip--;
		return false;
	}
	sounlock(so);
	/* No more than there are processors: the one who will be looked for may still be looking himself. */
	looked = atomic_fetch_add(&ns->ns_spinners, 1) < ns->ns_ncpu;
	if (looked) {
		int64_t end = host_linux.monotonic() + SPIN_NS;

		do
			for (int i = 0; i < 100 && !changed; i++) {
				__builtin_ia32_pause();
				changed = atomic_load_explicit(&so->so_events,
					      memory_order_relaxed) != seen;
			}
		while (!changed && host_linux.monotonic() < end);
	}
	atomic_fetch_sub(&ns->ns_spinners, 1);
	solock(so);
	changed = atomic_load(&so->so_events) != seen;
	if (changed)
		so->so_spinfails = 0;
	else if (looked) {
		if (so->so_spinfails < SPIN_FAILS)
			so->so_spinfails++;
		so->so_spinskip = (uint8_t)((1U << so->so_spinfails) - 1);
	}
	return changed;
}

/* Looks for what comes before it is worth sleeping for: true when the one who waits is to look again. so_lock may be dropped in between. */
static bool
woken_soon(struct socket *so, struct kcond *cond)
{
	uint32_t seq;
	bool woken;

	if (so->so_k->k_config.kc_manualtime)
		return false;
	if (NS(so->so_k)->ns_polled == 0)
		return spun(so);
	seq = kcond_prepare(cond);
	sounlock(so);
	(void)net_spin(so->so_k, &cond->c_seq, seq);
	solock(so);
	woken = atomic_load(&cond->c_seq) != seq;
	kcond_cancel(cond);
	return woken;
}

int
so_sleep(struct lwp *l, struct socket *so, struct kcond *cond, int64_t deadline,
    uint32_t *restarts)
{
	uint32_t seen = *restarts;
	int error = still_open(l, so, restarts);

	/* The lock was dropped: who sleeps looks at his condition again first. */
	if (error != 0 || *restarts != seen)
		return error;
	if (woken_soon(so, cond))
		return still_open(l, so, restarts);
	error = kern_wait(l, cond, &so->so_lock, WAIT_INTR, deadline);
	if (error == 0)
		error = still_open(l, so, restarts);
	return error == -ESHUTDOWN ? -EINTR : error;
}

int64_t
sb_deadline(struct socket *so, const struct sockbuf *sb)
{
	int64_t timeo = atomic_load(&sb->sb_timeo_ns);

	return timeo == 0 ? WAIT_FOREVER : kern_uptime_ns(so->so_k) + timeo;
}

int
sblock(struct lwp *l, struct socket *so, struct sockbuf *sb, bool nonblock,
    uint32_t *restarts)
{
	while ((sb->sb_flags & SB_LOCK) != 0) {
		int error;

		if (nonblock)
			return -EWOULDBLOCK;
		error = so_sleep(l, so, &sb->sb_cond, WAIT_FOREVER, restarts);
		if (error != 0)
			return error;
	}
	sb->sb_flags |= SB_LOCK;
	return 0;
}

void
sbunlock(struct socket *so, struct sockbuf *sb)
{
	sb->sb_flags &= ~(unsigned)SB_LOCK;
	so_wake(so, &sb->sb_cond);
}

/* --- waking --- */

static int
signal_group(struct proc *p, void *arg)
{
	const int *what = arg;

	if (p->p_pgid == what[0])
		proc_signal(p, what[1]);
	return 0;
}

void
so_signal(struct socket *so, int signo)
{
	struct rump_kernel *k = so->so_k;
	int what[2] = { -so->so_pgid, signo };

	if (so->so_pgid < 0)
		(void)proc_foreach(k, signal_group, what);
	else if (so->so_pgid > 0) {
		struct proc *p;

		kmutex_enter(&k->k_proclock);
		if ((p = proc_find(k, so->so_pgid)) != NULL)
			proc_signal(p, signo);
		kmutex_exit(&k->k_proclock);
	}
}

static void
sb_wakeup(struct socket *so, struct sockbuf *sb, int events)
{
	so_wake(so, &sb->sb_cond);
	selnotify(so->so_k, &sb->sb_sel, events, 0);
	if ((sb->sb_flags & SB_ASYNC) != 0)
		so_signal(so, SIGIO);
}

void
sorwakeup(struct socket *so)
{
	sb_wakeup(so, &so->so_rcv, POLLIN | POLLRDNORM);
}

void
sowwakeup(struct socket *so)
{
	sb_wakeup(so, &so->so_snd, POLLOUT | POLLWRNORM);
}
