/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls that send and receive. */
#include <limits.h>
#include <netbsd/fcntl.h>
#include <netbsd/limits.h>
#include <netbsd/signal.h>
#include <netbsd/syscallargs.h>
#include "kern/syscalls.h"
#include "net/syscall_private.h"

#define IOVCNT_MAX 1024
#define MMSG_MAX 1024
#define CONTROL_MAX 16384 /* bytes of control messages in one call */
#define CMSG_HEAD CMSG_ALIGN(sizeof(struct cmsghdr))

/* --- vectors --- */

int
iov_in(struct lwp *l, const struct iovec *uiov, int cnt, struct iovec *small,
    struct iovec **iovp)
{
	int error;

	*iovp = small;
	if (cnt < 0 || cnt > IOVCNT_MAX)
		return -EMSGSIZE;
	if (cnt > IOV_SMALL &&
	    (*iovp = kmem_calloc(l->l_k, (size_t)cnt, sizeof(**iovp))) == NULL)
		return -ENOMEM;
	error = copyin(l, uiov, *iovp, (size_t)cnt * sizeof(**iovp));
	if (error != 0)
		iov_drop(l, cnt, small, *iovp);
	return error;
}

void
iov_drop(struct lwp *l, int cnt, struct iovec *small, struct iovec *iov)
{
	if (iov != small)
		kmem_free(l->l_k, iov, (size_t)cnt * sizeof(*iov));
}

static int
set_uio(struct uio *uio, struct lwp *l, const struct message *mg, enum uio_rw rw)
{
	uio->uio_iov = mg->iov;
	uio->uio_iovcnt = mg->iovcnt;
	uio->uio_offset = 0;
	uio->uio_resid = 0;
	uio->uio_rw = rw;
	uio->uio_lwp = l;
	for (int i = 0; i < mg->iovcnt; i++) {
		if (mg->iov[i].iov_len > (size_t)INT_MAX - uio->uio_resid)
			return -EINVAL;
		uio->uio_resid += mg->iov[i].iov_len;
	}
	return 0;
}

/* What was moved before a sleep ended counts. */
static int
partial(int error, const struct uio *uio, size_t total)
{
	if (uio->uio_resid != total &&
	    (error == -EINTR || error == -EWOULDBLOCK || error == -ERESTART))
		return 0;
	return error;
}

/* --- sending --- */

static int
send_on(struct lwp *l, struct file *fp, struct socket *so, struct message *mg,
    register_t *rv)
{
	int flags = mg->flags & MSG_USERFLAGS & ~MSG_NBIO, error;
	struct uio uio;
	size_t total;

	if ((error = set_uio(&uio, l, mg, UIO_WRITE)) != 0) {
		m_freem(mg->control);
		return error;
	}
	total = uio.uio_resid;
	if ((fp->f_flag & FNONBLOCK) != 0)
		flags |= MSG_NBIO;
	error = sosend(l, so, mg->has_name ? &mg->name.sa : NULL, &uio,
	    mg->control, flags);
	error = partial(error, &uio, total);
	if (error == -EPIPE && (fp->f_flag & FNOSIGPIPE) == 0 &&
	    (atomic_load(&so->so_options) & SO_NOSIGPIPE) == 0 &&
	    (flags & MSG_NOSIGNAL) == 0)
		proc_signal(l->l_proc, SIGPIPE);
	if (error == 0)
		rv[0] = (register_t)(total - uio.uio_resid);
	return error;
}

int
do_send(struct lwp *l, int s, struct message *mg, register_t *rv)
{
	struct file *fp;
	struct socket *so;
	int error;

	if ((error = fd_getsock(l, s, &fp, &so)) != 0) {
		m_freem(mg->control);
		return error;
	}
	error = send_on(l, fp, so, mg, rv);
	(void)file_put(l, fp);
	return error;
}

/* The user's control messages, one mbuf each. */
static int
parse_control(
    struct rump_kernel *k, const uint8_t *buf, size_t len, struct mbuf **mp)
{
	struct mbuf **tail = mp;
	size_t at = 0;

	while (len - at >= sizeof(struct cmsghdr)) {
		struct cmsghdr cm;

		memcpy(&cm, buf + at, sizeof(cm));
		if (cm.cmsg_len < CMSG_HEAD || cm.cmsg_len > len - at)
			return -EINVAL;
		*tail = sbcreatecontrol(k, buf + at + CMSG_HEAD,
		    cm.cmsg_len - CMSG_HEAD, cm.cmsg_type, cm.cmsg_level);
		if (*tail == NULL)
			return -ENOBUFS;
		tail = &(*tail)->m_next;
		if (CMSG_ALIGN(cm.cmsg_len) >= len - at)
			break;
		at += CMSG_ALIGN(cm.cmsg_len);
	}
	return *mp == NULL ? -EINVAL : 0;
}

static int
control_in(struct lwp *l, const void *ubuf, size_t len, struct mbuf **mp)
{
	uint64_t small[32];
	void *buf = small;
	int error;

	*mp = NULL;
	if (len < sizeof(struct cmsghdr) || len > CONTROL_MAX)
		return -EINVAL;
	if (len > sizeof(small) && (buf = kmem_alloc(l->l_k, len)) == NULL)
		return -ENOBUFS;
	if ((error = copyin(l, ubuf, buf, len)) == 0)
		error = parse_control(l->l_k, buf, len, mp);
	if (error != 0) {
		m_freem(*mp);
		*mp = NULL;
	}
	if (buf != small)
		kmem_free(l->l_k, buf, len);
	return error;
}

int
sys_sendto(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_sendto_args *uap = args;
	struct iovec iov = { (void *)(uintptr_t)SCARG(uap, buf),
		SCARG(uap, len) };
	struct message mg;
	int error;

	mg.has_name = SCARG(uap, to) != NULL;
	mg.control = NULL;
	mg.iov = &iov;
	mg.iovcnt = 1;
	mg.flags = SCARG(uap, flags);
	if (mg.has_name) {
		error = sockname_in(
		    l, SCARG(uap, to), SCARG(uap, tolen), &mg.name);
		if (error != 0)
			return error;
	}
	return do_send(l, SCARG(uap, s), &mg, rv);
}

/* The message of a header that is the kernel's already. */
static int
sendmsg_on(struct lwp *l, struct file *fp, struct socket *so,
    const struct msghdr *mh, int flags, register_t *rv)
{
	struct iovec small[IOV_SMALL];
	struct message mg;
	int error;

	mg.has_name = mh->msg_name != NULL;
	mg.control = NULL;
	mg.iovcnt = mh->msg_iovlen;
	mg.flags = flags;
	if (mg.has_name &&
	    (error = sockname_in(l, mh->msg_name, mh->msg_namelen, &mg.name)) !=
		0)
		return error;
	error = iov_in(l, mh->msg_iov, mh->msg_iovlen, small, &mg.iov);
	if (error != 0)
		return error;
	if (mh->msg_control != NULL && mh->msg_controllen > 0)
		error = control_in(
		    l, mh->msg_control, mh->msg_controllen, &mg.control);
	if (error == 0)
		error = send_on(l, fp, so, &mg, rv);
	iov_drop(l, mh->msg_iovlen, small, mg.iov);
	return error;
}

int
sys_sendmsg(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_sendmsg_args *uap = args;
	struct file *fp;
	struct socket *so;
	struct msghdr mh;
	int error;

	if ((error = copyin(l, SCARG(uap, msg), &mh, sizeof(mh))) != 0)
		return error;
	if ((error = fd_getsock(l, SCARG(uap, s), &fp, &so)) != 0)
		return error;
	error = sendmsg_on(l, fp, so, &mh, SCARG(uap, flags), rv);
	(void)file_put(l, fp);
	return error;
}

int
sys_sendmmsg(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_sendmmsg_args *uap = args;
	unsigned n = SCARG(uap, vlen), done = 0;
	struct mmsghdr *um = SCARG(uap, mmsg), mm;
	struct file *fp;
	struct socket *so;
	int error;

	if ((error = fd_getsock(l, SCARG(uap, s), &fp, &so)) != 0)
		return error;
	for (n = n < MMSG_MAX ? n : MMSG_MAX; done < n; done++) {
		error = copyin(l, um + done, &mm, sizeof(mm));
		if (error == 0)
			error = sendmsg_on(
			    l, fp, so, &mm.msg_hdr, (int)SCARG(uap, flags), rv);
		if (error != 0)
			break;
		mm.msg_len = (unsigned)rv[0];
		error = copyout(
		    l, &mm.msg_len, &um[done].msg_len, sizeof(mm.msg_len));
		if (error != 0)
			break;
	}
	(void)file_put(l, fp);
	rv[0] = (register_t)done;
	return done > 0 ? 0 : error;
}

/* --- receiving --- */

static int
receive_on(struct lwp *l, struct file *fp, struct socket *so,
    struct message *mg, register_t *rv)
{
	int flags = mg->flags & MSG_USERFLAGS & ~MSG_NBIO, error;
	struct uio uio;
	size_t total;

	mg->control = NULL;
	mg->name.sa.sa_len = 0;
	if ((error = set_uio(&uio, l, mg, UIO_READ)) != 0)
		return error;
	total = uio.uio_resid;
	if ((fp->f_flag & FNONBLOCK) != 0)
		flags |= MSG_NBIO;
	error = soreceive(l, so, mg->has_name ? &mg->name.sa : NULL, &uio,
	    mg->want_control ? &mg->control : NULL, &flags);
	mg->flags = flags;
	error = partial(error, &uio, total);
	rv[0] = (register_t)(total - uio.uio_resid);
	return error;
}

int
do_receive(struct lwp *l, int s, struct message *mg, register_t *rv)
{
	struct file *fp;
	struct socket *so;
	int error;

	mg->control = NULL;
	if ((error = fd_getsock(l, s, &fp, &so)) != 0)
		return error;
	error = receive_on(l, fp, so, mg, rv);
	(void)file_put(l, fp);
	return error;
}

int
sys_recvfrom(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_recvfrom_args *uap = args;
	struct iovec iov = { SCARG(uap, buf), SCARG(uap, len) };
	struct message mg;
	socklen_t room = 0;
	int error;

	mg.has_name = SCARG(uap, from) != NULL &&
	    SCARG(uap, fromlenaddr) != NULL;
	mg.want_control = false;
	mg.iov = &iov;
	mg.iovcnt = 1;
	mg.flags = SCARG(uap, flags);
	if (mg.has_name &&
	    (error = copyin(l, SCARG(uap, fromlenaddr), &room, sizeof(room))) !=
		0)
		return error;
	error = do_receive(l, SCARG(uap, s), &mg, rv);
	if (error == 0 && mg.has_name)
		error = sockname_out(l, &mg.name.sa, SCARG(uap, from),
		    SCARG(uap, fromlenaddr), room);
	return error;
}

void
control_close_fds(struct lwp *l, struct mbuf *m)
{
	for (; m != NULL; m = m->m_next) {
		struct cmsghdr cm;

		memcpy(&cm, m->m_data, sizeof(cm));
		if (cm.cmsg_level != SOL_SOCKET || cm.cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_HEAD; at + sizeof(int) <= cm.cmsg_len;
		     at += sizeof(int)) {
			int fd;

			memcpy(&fd, m->m_data + at, sizeof(fd));
			(void)fd_close(l, fd);
		}
	}
}

/* What fits, whole messages only; what is left over is given up. *used: bytes. */
static int
control_out(struct lwp *l, struct mbuf *m, uint8_t *ubuf, size_t room,
    size_t *used, int *flags)
{
	int error = 0;

	*used = 0;
	for (; m != NULL && error == 0; m = m->m_next) {
		size_t padded = CMSG_ALIGN((size_t)m->m_len);

		if (m->m_len > room - *used) {
			*flags |= MSG_CTRUNC;
			break;
		}
		error = copyout(l, m->m_data, ubuf + *used, m->m_len);
		if (error != 0)
			break;
		*used = padded < room - *used ? *used + padded : room;
	}
	control_close_fds(l, m);
	return error;
}

/* Receives as a header (the kernel's copy) says, and fills it in. */
static int
recvmsg_on(struct lwp *l, struct file *fp, struct socket *so, struct msghdr *mh,
    int flags, register_t *rv)
{
	struct iovec small[IOV_SMALL];
	struct message mg;
	size_t used = 0;
	int error;

	mg.has_name = mh->msg_name != NULL;
	mg.want_control = mh->msg_control != NULL;
	mg.iovcnt = mh->msg_iovlen;
	mg.flags = flags;
	error = iov_in(l, mh->msg_iov, mh->msg_iovlen, small, &mg.iov);
	if (error != 0)
		return error;
	error = receive_on(l, fp, so, &mg, rv);
	iov_drop(l, mh->msg_iovlen, small, mg.iov);
	if (error == 0 && mg.has_name) {
		socklen_t len = mg.name.sa.sa_len;

		if (len > mh->msg_namelen)
			len = mh->msg_namelen;
		error = copyout(l, &mg.name, mh->msg_name, len);
		mh->msg_namelen = len;
	}
	if (error != 0)
		control_close_fds(l, mg.control);
	else if (mg.want_control)
		error = control_out(l, mg.control, mh->msg_control,
		    mh->msg_controllen, &used, &mg.flags);
	m_freem(mg.control);
	mh->msg_controllen = (socklen_t)used;
	mh->msg_flags = mg.flags;
	return error;
}

int
sys_recvmsg(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_recvmsg_args *uap = args;
	struct file *fp;
	struct socket *so;
	struct msghdr mh;
	int error;

	if ((error = copyin(l, SCARG(uap, msg), &mh, sizeof(mh))) != 0)
		return error;
	if ((error = fd_getsock(l, SCARG(uap, s), &fp, &so)) != 0)
		return error;
	error = recvmsg_on(l, fp, so, &mh, SCARG(uap, flags), rv);
	(void)file_put(l, fp);
	return error != 0 ? error : copyout(l, &mh, SCARG(uap, msg), sizeof(mh));
}

static int
mmsg_deadline(struct lwp *l, const struct timespec *uts, int64_t *deadline)
{
	struct timespec ts;
	int error;

	*deadline = WAIT_FOREVER;
	if (uts == NULL)
		return 0;
	if ((error = copyin(l, uts, &ts, sizeof(ts))) != 0)
		return error;
	if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= 1000000000)
		return -EINVAL;
	if (ts.tv_sec < INT64_C(1) << 32)
		*deadline = kern_uptime_ns(l->l_k) +
		    ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
	return 0;
}

/* The time is looked at after each message, as recvmmsg(2) says. */
int
sys_recvmmsg(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_recvmmsg_args *uap = args;
	int flags = (int)SCARG(uap, flags), error;
	unsigned n = SCARG(uap, vlen), done = 0;
	struct mmsghdr *um = SCARG(uap, mmsg), mm;
	struct file *fp;
	struct socket *so;
	int64_t deadline;

	error = mmsg_deadline(l, SCARG(uap, timeout), &deadline);
	if (error != 0 || (error = fd_getsock(l, SCARG(uap, s), &fp, &so)) != 0)
		return error;
	for (n = n < MMSG_MAX ? n : MMSG_MAX; done < n;) {
		error = copyin(l, um + done, &mm, sizeof(mm));
		if (error == 0)
			error = recvmsg_on(l, fp, so, &mm.msg_hdr,
			    flags & ~MSG_WAITFORONE, rv);
		mm.msg_len = (unsigned)rv[0];
		if (error == 0)
			error = copyout(l, &mm, um + done, sizeof(mm));
		if (error != 0)
			break;
		done++;
		if ((flags & MSG_WAITFORONE) != 0)
			flags |= MSG_DONTWAIT;
		if (deadline != WAIT_FOREVER &&
		    kern_uptime_ns(l->l_k) >= deadline)
			break;
	}
	(void)file_put(l, fp);
	rv[0] = (register_t)done;
	return done > 0 ? 0 : error;
}
