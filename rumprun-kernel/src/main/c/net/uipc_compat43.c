/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket calls of 4.3BSD: names have a family of 16 bits and no length (struct osockaddr), rights are passed beside the message
 * (struct omsghdr). What is meant is as in the calls of today.
 */
#include <netbsd/fcntl.h>
#include <netbsd/syscallargs.h>
#include "kern/syscalls.h"
#include "net/syscall_private.h"

#define CMSG_HEAD CMSG_ALIGN(sizeof(struct cmsghdr))
#define RIGHTS_MAX 2048

/* The first two bytes are the family, the low one first: on both machines. */
static int
old_name_out(struct lwp *l, union sockname *name, void *uaddr, socklen_t *ulen,
    socklen_t room)
{
	struct sockaddr *sa = &name->sa;
	socklen_t len = sa->sa_len < room ? sa->sa_len : room;
	int error;

	if (sa->sa_len >= 2) {
		name->space[0] = sa->sa_family;
		name->space[1] = 0;
	}
	error = copyout(l, name, uaddr, len);
	return error != 0 ? error : copyout(l, &len, ulen, sizeof(len));
}

static int
old_name_in(
    struct lwp *l, const void *uaddr, socklen_t len, union sockname *name)
{
	int error = sockname_in(l, uaddr, len, name);
	uint8_t family;

	if (error != 0 || len < 2)
		return error;
	/* sa_len has been put over the family's low byte. */
	if ((error = copyin(l, uaddr, &family, 1)) != 0)
		return error;
	if (name->space[1] == 0)
		name->sa.sa_family = family;
	return 0;
}

int
sys_compat_43_oaccept(struct lwp *l, const void *args, register_t *rv)
{
	const struct compat_43_sys_accept_args *uap = args;
	union sockname name;
	socklen_t room = 0;
	int fd, error;

	if (SCARG(uap, name) != NULL &&
	    (error = copyin(l, SCARG(uap, anamelen), &room, sizeof(room))) != 0)
		return error;
	if ((error = do_accept(l, SCARG(uap, s), &name, 0, 0, &fd)) != 0)
		return error;
	rv[0] = fd;
	if (SCARG(uap, name) == NULL)
		return 0;
	error = old_name_out(
	    l, &name, SCARG(uap, name), SCARG(uap, anamelen), room);
	if (error != 0)
		(void)fd_close(l, fd);
	return error;
}

static int
old_sockname(struct lwp *l, int fd, void *asa, socklen_t *alen, bool peer)
{
	union sockname name;
	socklen_t room;
	int error;

	if ((error = copyin(l, alen, &room, sizeof(room))) != 0 ||
	    (error = do_sockname(l, fd, peer, &name)) != 0)
		return error;
	return old_name_out(l, &name, asa, alen, room);
}

int
sys_compat_43_ogetpeername(struct lwp *l, const void *args, register_t *rv)
{
	const struct compat_43_sys_getpeername_args *uap = args;

	(void)rv;
	return old_sockname(
	    l, SCARG(uap, fdes), SCARG(uap, asa), SCARG(uap, alen), true);
}

int
sys_compat_43_ogetsockname(struct lwp *l, const void *args, register_t *rv)
{
	const struct compat_43_sys_getsockname_args *uap = args;

	(void)rv;
	return old_sockname(
	    l, SCARG(uap, fdec), SCARG(uap, asa), SCARG(uap, alen), false);
}

int
sys_compat_43_osend(struct lwp *l, const void *args, register_t *rv)
{
	const struct compat_43_sys_send_args *uap = args;
	struct iovec iov = { SCARG(uap, buf), (size_t)SCARG(uap, len) };
	struct message mg = { .iov = &iov, .iovcnt = 1 };

	if (SCARG(uap, len) < 0)
		return -EINVAL;
	mg.flags = SCARG(uap, flags);
	return do_send(l, SCARG(uap, s), &mg, rv);
}

int
sys_compat_43_orecv(struct lwp *l, const void *args, register_t *rv)
{
	const struct compat_43_sys_recv_args *uap = args;
	struct iovec iov = { SCARG(uap, buf), (size_t)SCARG(uap, len) };
	struct message mg = { .iov = &iov, .iovcnt = 1 };

	if (SCARG(uap, len) < 0)
		return -EINVAL;
	mg.flags = SCARG(uap, flags);
	return do_receive(l, SCARG(uap, s), &mg, rv);
}

int
sys_compat_43_orecvfrom(struct lwp *l, const void *args, register_t *rv)
{
	const struct compat_43_sys_recvfrom_args *uap = args;
	struct iovec iov = { SCARG(uap, buf), SCARG(uap, len) };
	struct message mg = { .iov = &iov, .iovcnt = 1 };
	socklen_t room = 0;
	int error;

	mg.flags = SCARG(uap, flags);
	mg.has_name = SCARG(uap, from) != NULL &&
	    SCARG(uap, fromlenaddr) != NULL;
	if (mg.has_name &&
	    (error = copyin(l, SCARG(uap, fromlenaddr), &room, sizeof(room))) !=
		0)
		return error;
	error = do_receive(l, SCARG(uap, s), &mg, rv);
	if (error == 0 && mg.has_name)
		error = old_name_out(l, &mg.name, SCARG(uap, from),
		    SCARG(uap, fromlenaddr), room);
	return error;
}

/* --- messages with rights beside them --- */

static int
rights_in(struct lwp *l, const struct omsghdr *mh, struct mbuf **control)
{
	size_t len = (size_t)mh->msg_accrightslen;
	int error;

	*control = NULL;
	if (mh->msg_accrights == NULL || mh->msg_accrightslen == 0)
		return 0;
	if (mh->msg_accrightslen < 0 || len > RIGHTS_MAX)
		return -EINVAL;
	*control = sbcreatecontrol(l->l_k, NULL, len, SCM_RIGHTS, SOL_SOCKET);
	if (*control == NULL)
		return -ENOBUFS;
	error = copyin(
	    l, mh->msg_accrights, (*control)->m_data + CMSG_HEAD, len);
	if (error != 0) {
		m_freem(*control);
		*control = NULL;
	}
	return error;
}

int
sys_compat_43_osendmsg(struct lwp *l, const void *args, register_t *rv)
{
	const struct compat_43_sys_sendmsg_args *uap = args;
	struct iovec small[IOV_SMALL];
	struct message mg = { .has_name = false };
	struct omsghdr mh;
	int error;

	if ((error = copyin(l, SCARG(uap, msg), &mh, sizeof(mh))) != 0)
		return error;
	mg.has_name = mh.msg_name != NULL;
	mg.flags = SCARG(uap, flags);
	mg.iovcnt = mh.msg_iovlen;
	if (mg.has_name &&
	    (error = old_name_in(
		 l, mh.msg_name, (socklen_t)mh.msg_namelen, &mg.name)) != 0)
		return error;
	if ((error = iov_in(l, mh.msg_iov, mh.msg_iovlen, small, &mg.iov)) != 0)
		return error;
	if ((error = rights_in(l, &mh, &mg.control)) == 0)
		error = do_send(l, SCARG(uap, s), &mg, rv);
	iov_drop(l, mh.msg_iovlen, small, mg.iov);
	return error;
}

/* Descriptors that came, as far as there is room; the others are closed. */
static int
rights_out(struct lwp *l, struct mbuf *m, struct omsghdr *mh)
{
	size_t room = mh->msg_accrightslen > 0 ? (size_t)mh->msg_accrightslen :
						 0;
	struct cmsghdr cm;
	int error = 0;

	mh->msg_accrightslen = 0;
	for (; m != NULL; m = m->m_next) {
		size_t len;

		memcpy(&cm, m->m_data, sizeof(cm));
		if (cm.cmsg_level != SOL_SOCKET || cm.cmsg_type != SCM_RIGHTS)
			continue;
		len = cm.cmsg_len - CMSG_HEAD;
		if (len > room)
			break;
		error = copyout(
		    l, m->m_data + CMSG_HEAD, mh->msg_accrights, len);
		if (error == 0) {
			mh->msg_accrightslen = (int)len;
			m = m->m_next;
		}
		break;
	}
	control_close_fds(l, m);
	return error;
}

int
sys_compat_43_orecvmsg(struct lwp *l, const void *args, register_t *rv)
{
	const struct compat_43_sys_recvmsg_args *uap = args;
	struct iovec small[IOV_SMALL];
	struct message mg = { .has_name = false };
	struct omsghdr mh;
	socklen_t len = 0;
	int error;

	if ((error = copyin(l, SCARG(uap, msg), &mh, sizeof(mh))) != 0)
		return error;
	mg.has_name = mh.msg_name != NULL && mh.msg_namelen > 0;
	mg.want_control = mh.msg_accrights != NULL;
	mg.flags = SCARG(uap, flags);
	mg.iovcnt = mh.msg_iovlen;
	if ((error = iov_in(l, mh.msg_iov, mh.msg_iovlen, small, &mg.iov)) != 0)
		return error;
	error = do_receive(l, SCARG(uap, s), &mg, rv);
	iov_drop(l, mh.msg_iovlen, small, mg.iov);
	if (error != 0)
		control_close_fds(l, mg.control);
	else
		error = rights_out(l, mg.control, &mh);
	m_freem(mg.control);
	if (error == 0 && mg.has_name) {
		len = mg.name.sa.sa_len;
		if (len > (socklen_t)mh.msg_namelen)
			len = (socklen_t)mh.msg_namelen;
		if (len >= 2) {
			mg.name.space[0] = mg.name.sa.sa_family;
			mg.name.space[1] = 0;
		}
		error = copyout(l, &mg.name, mh.msg_name, len);
	}
	mh.msg_namelen = (int)len;
	return error != 0 ? error : copyout(l, &mh, SCARG(uap, msg), sizeof(mh));
}
