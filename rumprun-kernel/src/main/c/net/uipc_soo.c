/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets as open files: read, write, ioctl, poll, kqueue, stat, close. */
#include <netbsd/event.h>
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/poll.h>
#include <netbsd/signal.h>
#include <netbsd/sockio.h>
#include <netbsd/stat.h>
#include "net/if_var.h"
#include "net/socket_private.h"

static int
nbio(const struct file *fp)
{
	return (fp->f_flag & FNONBLOCK) != 0 ? MSG_NBIO : 0;
}

static int
soo_read(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	int mflags = nbio(fp);

	(void)flags;
	return soreceive(l, fp->f_data, NULL, uio, NULL, &mflags);
}

static int
soo_write(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	struct socket *so = fp->f_data;
	int error = sosend(l, so, NULL, uio, NULL, nbio(fp));

	(void)flags;
	if (error == -EPIPE && (fp->f_flag & FNOSIGPIPE) == 0 &&
	    (atomic_load(&so->so_options) & SO_NOSIGPIPE) == 0)
		proc_signal(l->l_proc, SIGPIPE);
	return error;
}

/* --- ioctl --- */

static void
set_async(struct socket *so, bool on)
{
	if (on) {
		so->so_rcv.sb_flags |= SB_ASYNC;
		so->so_snd.sb_flags |= SB_ASYNC;
	} else {
		so->so_rcv.sb_flags &= ~(unsigned)SB_ASYNC;
		so->so_snd.sb_flags &= ~(unsigned)SB_ASYNC;
	}
}

/* A process or group that gets signals must be the caller's, or his to signal. */
static int
set_owner(struct lwp *l, struct socket *so, int pgid)
{
	struct rump_kernel *k = l->l_k;

	if (pgid == INT32_MIN)
		return -EINVAL;
	if (pgid > 0) {
		struct proc *p;

		kmutex_enter(&k->k_proclock);
		p = proc_find(k, pgid);
		kmutex_exit(&k->k_proclock);
		if (p == NULL)
			return -ESRCH;
	}
	solock(so);
	so->so_pgid = pgid;
	sounlock(so);
	return 0;
}

/* Numbers that are asked for; so_lock held. */
static int
ask(struct socket *so, unsigned long cmd, int *v)
{
	switch (cmd) {
	case FIONREAD:
		*v = (int)so->so_rcv.sb_cc;
		return 0;
	case FIONWRITE:
		*v = (int)so->so_snd.sb_cc;
		return 0;
	case FIONSPACE:
		*v = (so->so_state & SS_CANTSENDMORE) != 0 ?
		    0 :
		    (int)sbspace(&so->so_snd);
		return 0;
	case SIOCATMARK:
		*v = (so->so_state & SS_RCVATMARK) != 0;
		return 0;
	case SIOCGPGRP:
	case FIOGETOWN:
		*v = so->so_pgid;
		return 0;
	default:
		return -ENOTTY;
	}
}

int
soo_ioctl_socket(struct lwp *l, struct socket *so, unsigned long cmd, void *data)
{
	const struct pr_usrreqs *pru = so->so_proto->pr_usrreqs;
	int v = 0, error;

	switch (cmd) {
	case FIONBIO:
		return 0;
	case FIOASYNC:
		memcpy(&v, data, sizeof(v));
		solock(so);
		set_async(so, v != 0);
		sounlock(so);
		return 0;
	case SIOCSPGRP:
	case FIOSETOWN:
		memcpy(&v, data, sizeof(v));
		return set_owner(l, so, v);
	case TIOCSPGRP:
		memcpy(&v, data, sizeof(v));
		return set_owner(l, so, -v);
	default:
		break;
	}
	solock(so);
	error = ask(so, cmd, &v);
	if (error != 0 && cmd == TIOCGPGRP) {
		v = -so->so_pgid;
		error = 0;
	}
	sounlock(so);
	if (error == 0) {
		memcpy(data, &v, sizeof(v));
		return 0;
	}
	if ((cmd >> 8 & 0xff) == 'i' && NS(l->l_k)->ns_if != NULL) {
		error = ifioctl(so, l, cmd, data);
		net_run(l->l_k);
		return error;
	}
	if ((cmd >> 8 & 0xff) == 'r')
		return -EOPNOTSUPP;
	if (pru->pr_ioctl == NULL)
		return -EOPNOTSUPP;
	if ((so->so_proto->pr_flags & PR_NONET) == 0)
		net_wrlock(l->l_k);
	error = pru->pr_ioctl(l, so, cmd, data, NULL);
	if ((so->so_proto->pr_flags & PR_NONET) == 0) {
		net_unlock(l->l_k);
		net_run(l->l_k);
	}
	return error;
}

static int
soo_ioctl(struct lwp *l, struct file *fp, unsigned long cmd, void *data)
{
	return soo_ioctl_socket(l, fp->f_data, cmd, data);
}

static int
soo_fcntl(struct lwp *l, struct file *fp, unsigned cmd, void *data)
{
	(void)l, (void)fp, (void)data;
	return cmd == F_SETFL ? 0 : -EOPNOTSUPP;
}

/* --- readiness; so_lock held --- */

bool
so_readable(const struct socket *so)
{
	return so->so_rcv.sb_cc >= so->so_rcv.sb_lowat || so->so_qlen > 0 ||
	    (so->so_state & SS_CANTRCVMORE) != 0 || so->so_error != 0 ||
	    (so->so_rcv.sb_mb != NULL &&
		(so->so_proto->pr_flags & PR_ATOMIC) != 0);
}

bool
so_writable(const struct socket *so)
{
	if ((so->so_state & SS_CANTSENDMORE) != 0 || so->so_error != 0)
		return true;
	return sbspace(&so->so_snd) >= so->so_snd.sb_lowat &&
	    ((so->so_state & SS_ISCONNECTED) != 0 ||
		(so->so_proto->pr_flags & PR_CONNREQUIRED) == 0);
}

int
sopoll(struct lwp *l, struct socket *so, int events)
{
	int revents = 0;

	solock(so);
	if ((events & (POLLIN | POLLRDNORM)) != 0 && so_readable(so))
		revents |= events & (POLLIN | POLLRDNORM);
	if ((events & (POLLOUT | POLLWRNORM)) != 0 && so_writable(so))
		revents |= events & (POLLOUT | POLLWRNORM);
	if ((events & (POLLPRI | POLLRDBAND)) != 0 &&
	    (so->so_oobmark != 0 || (so->so_state & SS_RCVATMARK) != 0))
		revents |= events & (POLLPRI | POLLRDBAND);
	if ((so->so_state & SS_CANTRCVMORE) != 0 &&
	    (so->so_state & SS_CANTSENDMORE) != 0)
		revents |= POLLHUP;
	if (revents == 0) {
		selrecord(l, &so->so_rcv.sb_sel);
		selrecord(l, &so->so_snd.sb_sel);
	}
	sounlock(so);
	return revents;
}

static int
soo_poll(struct lwp *l, struct file *fp, int events)
{
	return sopoll(l, fp->f_data, events);
}

/* --- kqueue --- */

static void
filt_detach(struct knote *kn)
{
	struct socket *so = kn->kn_hook;

	selinfo_detach(kn->kn_filter == EVFILT_READ ? &so->so_rcv.sb_sel :
						      &so->so_snd.sb_sel,
	    kn);
}

static bool
read_event(struct knote *kn, struct socket *so)
{
	size_t low = so->so_rcv.sb_lowat;

	if ((atomic_load(&so->so_options) & SO_ACCEPTCONN) != 0) {
		kn->kn_data = so->so_qlen;
		return so->so_qlen > 0;
	}
	kn->kn_data = (int64_t)so->so_rcv.sb_cc;
	if ((so->so_state & SS_CANTRCVMORE) != 0) {
		kn->kn_flags |= EV_EOF;
		kn->kn_fflags = (uint32_t)so->so_error;
		return true;
	}
	if (so->so_error != 0)
		return true;
	if ((kn->kn_sfflags & NOTE_LOWAT) != 0)
		return kn->kn_data >= kn->kn_sdata;
	return so->so_rcv.sb_cc >= low ||
	    (so->so_rcv.sb_mb != NULL &&
		(so->so_proto->pr_flags & PR_ATOMIC) != 0);
}

static bool
write_event(struct knote *kn, struct socket *so)
{
	kn->kn_data = (int64_t)sbspace(&so->so_snd);
	if ((so->so_state & SS_CANTSENDMORE) != 0) {
		kn->kn_flags |= EV_EOF;
		kn->kn_fflags = (uint32_t)so->so_error;
		return true;
	}
	if (so->so_error != 0)
		return true;
	if ((so->so_state & SS_ISCONNECTED) == 0 &&
	    (so->so_proto->pr_flags & PR_CONNREQUIRED) != 0)
		return false;
	if ((kn->kn_sfflags & NOTE_LOWAT) != 0)
		return kn->kn_data >= kn->kn_sdata;
	return kn->kn_data >= (int64_t)so->so_snd.sb_lowat;
}

static bool
filt_event(struct knote *kn, long hint)
{
	struct socket *so = kn->kn_hook;
	bool ready;

	if (hint == 0)
		solock(so);
	ready = kn->kn_filter == EVFILT_READ ? read_event(kn, so) :
					       write_event(kn, so);
	if (hint == 0)
		sounlock(so);
	return ready;
}

static const struct filterops socket_filtops = { filt_detach, filt_event };

static int
soo_kqfilter(struct lwp *l, struct file *fp, struct knote *kn)
{
	struct socket *so = fp->f_data;

	(void)l;
	if (kn->kn_filter != EVFILT_READ && kn->kn_filter != EVFILT_WRITE)
		return -EINVAL;
	kn->kn_hook = so;
	kn->kn_fop = &socket_filtops;
	selinfo_attach(kn->kn_filter == EVFILT_READ ? &so->so_rcv.sb_sel :
						      &so->so_snd.sb_sel,
	    kn);
	return 0;
}

/* --- the rest --- */

static int
soo_stat(struct lwp *l, struct file *fp, struct stat *st)
{
	struct socket *so = fp->f_data;
	const struct pr_usrreqs *pru = so->so_proto->pr_usrreqs;
	int error = 0;

	(void)l;
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFSOCK;
	so_enter(so, false);
	if (pru->pr_stat != NULL && so->so_pcb != NULL)
		error = pru->pr_stat(so, st);
	so_leave(so);
	return error;
}

/* Who sleeps in the socket by the descriptor that was closed is to look (so_sleep). */
static void
soo_restart(struct file *fp)
{
	struct socket *so = fp->f_data;

	/* Only the closer's own reference: nobody can be inside. */
	if (so == NULL || atomic_load(&fp->f_count) == 1)
		return;
	solock(so);
	so->so_restarts++;
	so_wake(so, &so->so_cond);
	so_wake(so, &so->so_rcv.sb_cond);
	so_wake(so, &so->so_snd.sb_cond);
	sounlock(so);
	if (NS(so->so_k)->ns_local != NULL)
		local_gc_later(so->so_k);
}

static int
soo_close(struct lwp *l, struct file *fp)
{
	struct socket *so = fp->f_data;
	int error = 0;

	fp->f_data = NULL;
	if (so == NULL)
		return 0;
	/* close(2) of a non-blocking socket does not linger. */
	if (nbio(fp) != 0) {
		solock(so);
		if (so->so_linger > 0)
			atomic_fetch_and(&so->so_options, ~(unsigned)SO_LINGER);
		sounlock(so);
	}
	error = soclose(l, so);
	if (NS(l->l_k)->ns_local != NULL)
		local_run(l);
	return error;
}

const struct fileops socketops = {
	.fo_read = soo_read,
	.fo_write = soo_write,
	.fo_ioctl = soo_ioctl,
	.fo_fcntl = soo_fcntl,
	.fo_poll = soo_poll,
	.fo_stat = soo_stat,
	.fo_close = soo_close,
	.fo_kqfilter = soo_kqfilter,
	.fo_restart = soo_restart,
};

int
fd_getsock(struct lwp *l, int fd, struct file **fpp, struct socket **sop)
{
	int error = fd_getfile(l, fd, fpp);

	*sop = NULL;
	if (error != 0)
		return error;
	if ((*fpp)->f_type != DTYPE_SOCKET) {
		(void)file_put(l, *fpp);
		*fpp = NULL;
		return -ENOTSOCK;
	}
	*sop = (*fpp)->f_data;
	return 0;
}
