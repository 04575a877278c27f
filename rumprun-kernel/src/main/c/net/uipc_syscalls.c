/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls that make, name and connect sockets, and ask for their options. Those that transfer data: uipc_msgcalls.c. */
#include <netbsd/fcntl.h>
#include <netbsd/syscallargs.h>
#include "kern/syscalls.h"
#include "net/socket_private.h"
#include "net/syscall_private.h"

#define OPT_MAX 2048 /* bytes of an option's value that are taken, and given */

/* --- descriptors --- */

struct sofile {
	struct file *fp;
	int fd;
};

static int
sofile_get(struct lwp *l, struct sofile *sf)
{
	int error = file_create(l, &sf->fp);

	if (error == 0 && (error = fd_alloc(l, 0, &sf->fd)) != 0)
		(void)file_put(l, sf->fp);
	return error;
}

static void
sofile_drop(struct lwp *l, struct sofile *sf)
{
	fd_unreserve(l, sf->fd);
	(void)file_put(l, sf->fp);
}

/* The socket's reference goes to the file, the file's to the descriptor. fflags: beside reading and writing. */
static void
sofile_install(struct lwp *l, struct sofile *sf, struct socket *so,
    unsigned fflags, bool cloexec)
{
	sf->fp->f_type = DTYPE_SOCKET;
	sf->fp->f_ops = &socketops;
	sf->fp->f_data = so;
	atomic_store(&sf->fp->f_flag, FREAD | FWRITE | fflags);
	fd_install(l, sf->fd, sf->fp, cloexec);
}

static unsigned
file_flags(unsigned type)
{
	return ((type & SOCK_NONBLOCK) != 0 ? FNONBLOCK : 0) |
	    ((type & SOCK_NOSIGPIPE) != 0 ? FNOSIGPIPE : 0);
}

static int
split_type(int *type, unsigned *flags)
{
	*flags = (unsigned)*type & SOCK_FLAGS_MASK;
	*type &= ~(int)SOCK_FLAGS_MASK;
	return (*flags &
		   ~(unsigned)(SOCK_CLOEXEC | SOCK_NONBLOCK | SOCK_NOSIGPIPE)) !=
		0 ?
	    -EINVAL :
	    0;
}

/* --- names --- */

int
sockname_in(
    struct lwp *l, const void *uaddr, socklen_t len, union sockname *name)
{
	int error;

	memset(name, 0, sizeof(*name));
	if (len > SOCKNAME_MAX)
		return -EINVAL;
	if ((error = copyin(l, uaddr, name, len)) != 0)
		return error;
	name->sa.sa_len = (uint8_t)len;
	return 0;
}

int
sockname_out(struct lwp *l, const struct sockaddr *sa, void *uaddr,
    socklen_t *ulen, socklen_t room)
{
	socklen_t len = sa->sa_len < room ? sa->sa_len : room;
	int error = copyout(l, sa, uaddr, len);

	return error != 0 ? error : copyout(l, &len, ulen, sizeof(len));
}

/* --- socket, socketpair --- */

static int
make_socket(struct lwp *l, int domain, int type, int proto, register_t *rv)
{
	struct sofile sf;
	struct socket *so;
	unsigned flags;
	int error;

	if ((error = split_type(&type, &flags)) != 0 ||
	    (error = sofile_get(l, &sf)) != 0)
		return error;
	if ((error = socreate(l, domain, type, proto, &so)) != 0) {
		sofile_drop(l, &sf);
		return error;
	}
	rv[0] = sf.fd;
	sofile_install(
	    l, &sf, so, file_flags(flags), (flags & SOCK_CLOEXEC) != 0);
	return 0;
}

int
sys___socket30(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys___socket30_args *uap = args;

	return make_socket(
	    l, SCARG(uap, domain), SCARG(uap, type), SCARG(uap, protocol), rv);
}

/* Programs of that time know another error for families that are not there. */
int
sys_compat_30_socket(struct lwp *l, const void *args, register_t *rv)
{
	int error = sys___socket30(l, args, rv);

	return error == -EAFNOSUPPORT ? -EPROTONOSUPPORT : error;
}

static int
make_pair(struct lwp *l, int domain, int type, int proto, struct socket *so[2])
{
	int error = socreate(l, domain, type, proto, &so[0]);

	if (error != 0)
		return error;
	if ((error = socreate(l, domain, type, proto, &so[1])) != 0)
		goto out_first;
	error = soconnect2(l, so[0], so[1]);
	/* A connection of datagrams has one direction. */
	if (error == 0 && type == SOCK_DGRAM)
		error = soconnect2(l, so[1], so[0]);
	if (error == 0)
		return 0;
	(void)soclose(l, so[1]);
out_first:
	(void)soclose(l, so[0]);
	return error;
}

int
sys_socketpair(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_socketpair_args *uap = args;
	int type = SCARG(uap, type), fds[2], error;
	struct socket *so[2];
	struct sofile sf[2];
	unsigned flags;

	(void)rv;
	if ((error = split_type(&type, &flags)) != 0)
		return error;
	if ((error = sofile_get(l, &sf[0])) != 0)
		return error;
	if ((error = sofile_get(l, &sf[1])) != 0)
		goto out_first;
	error = make_pair(l, SCARG(uap, domain), type, SCARG(uap, protocol), so);
	if (error != 0)
		goto out_second;
	for (int i = 0; i < 2; i++) {
		fds[i] = sf[i].fd;
		sofile_install(l, &sf[i], so[i], file_flags(flags),
		    (flags & SOCK_CLOEXEC) != 0);
	}
	error = copyout(l, fds, SCARG(uap, rsv), sizeof(fds));
	if (error != 0) {
		(void)fd_close(l, fds[0]);
		(void)fd_close(l, fds[1]);
	}
	return error;
out_second:
	sofile_drop(l, &sf[1]);
out_first:
	sofile_drop(l, &sf[0]);
	return error;
}

/* --- bind, connect, listen, accept --- */

int
sys_bind(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_bind_args *uap = args;
	union sockname name;
	struct file *fp;
	struct socket *so;
	int error;

	(void)rv;
	error = sockname_in(l, SCARG(uap, name), SCARG(uap, namelen), &name);
	if (error != 0 || (error = fd_getsock(l, SCARG(uap, s), &fp, &so)) != 0)
		return error;
	error = sobind(l, so, &name.sa);
	(void)file_put(l, fp);
	return error;
}

int
sys_connect(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_connect_args *uap = args;
	union sockname name;
	struct file *fp;
	struct socket *so;
	int error;

	(void)rv;
	error = sockname_in(l, SCARG(uap, name), SCARG(uap, namelen), &name);
	if (error != 0 || (error = fd_getsock(l, SCARG(uap, s), &fp, &so)) != 0)
		return error;
	error = soconnect(l, so, &name.sa, (fp->f_flag & FNONBLOCK) != 0);
	(void)file_put(l, fp);
	return error;
}

int
sys_listen(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_listen_args *uap = args;
	struct file *fp;
	struct socket *so;
	int error;

	(void)rv;
	if ((error = fd_getsock(l, SCARG(uap, s), &fp, &so)) != 0)
		return error;
	error = solisten(l, so, SCARG(uap, backlog));
	(void)file_put(l, fp);
	return error;
}

int
do_accept(struct lwp *l, int s, union sockname *name, unsigned flags,
    unsigned clear, int *fdp)
{
	struct file *fp;
	struct socket *head, *so;
	struct sofile sf;
	unsigned fflags;
	int error;

	if ((error = fd_getsock(l, s, &fp, &head)) != 0)
		return error;
	if ((error = sofile_get(l, &sf)) != 0)
		goto out_head;
	fflags = fp->f_flag & ~clear & (FNONBLOCK | FASYNC | FNOSIGPIPE);
	error = soaccept(l, head, (fp->f_flag & FNONBLOCK) != 0, &so, &name->sa);
	if (error == 0) {
		*fdp = sf.fd;
		sofile_install(l, &sf, so, fflags | file_flags(flags),
		    (flags & SOCK_CLOEXEC) != 0);
	} else
		sofile_drop(l, &sf);
out_head:
	(void)file_put(l, fp);
	return error;
}

static int
accept_call(struct lwp *l, int s, void *uname, socklen_t *ulen, unsigned flags,
    unsigned clear, register_t *rv)
{
	union sockname name;
	socklen_t room = 0;
	int fd, error;

	if (uname != NULL && (error = copyin(l, ulen, &room, sizeof(room))) != 0)
		return error;
	if ((error = do_accept(l, s, &name, flags, clear, &fd)) != 0)
		return error;
	rv[0] = fd;
	if (uname == NULL)
		return 0;
	error = sockname_out(l, &name.sa, uname, ulen, room);
	if (error != 0)
		(void)fd_close(l, fd);
	return error;
}

int
sys_accept(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_accept_args *uap = args;

	return accept_call(
	    l, SCARG(uap, s), SCARG(uap, name), SCARG(uap, anamelen), 0, 0, rv);
}

/* The mask of signals is the client's own business: they never interrupt here unless he says so. */
int
sys_paccept(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_paccept_args *uap = args;
	int type = SCARG(uap, flags), error;
	unsigned flags;

	if ((error = split_type(&type, &flags)) != 0 || type != 0)
		return -EINVAL;
	return accept_call(l, SCARG(uap, s), SCARG(uap, name),
	    SCARG(uap, anamelen), flags, FNONBLOCK, rv);
}

int
sys_shutdown(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_shutdown_args *uap = args;
	struct file *fp;
	struct socket *so;
	int error;

	(void)rv;
	if ((error = fd_getsock(l, SCARG(uap, s), &fp, &so)) != 0)
		return error;
	error = soshutdown(l, so, SCARG(uap, how));
	(void)file_put(l, fp);
	return error;
}

/* --- whose name --- */

int
do_sockname(struct lwp *l, int fd, bool peer, union sockname *name)
{
	struct file *fp;
	struct socket *so;
	const struct pr_usrreqs *pru;
	int error;

	memset(name, 0, sizeof(*name));
	if ((error = fd_getsock(l, fd, &fp, &so)) != 0)
		return error;
	pru = so->so_proto->pr_usrreqs;
	so_enter(so, false);
	if (peer && (so->so_state & SS_ISCONNECTED) == 0)
		error = -ENOTCONN;
	else if (so->so_pcb == NULL)
		error = -EINVAL;
	else if ((peer ? pru->pr_peeraddr : pru->pr_sockaddr) == NULL)
		error = -EOPNOTSUPP;
	else
		error = peer ? pru->pr_peeraddr(so, &name->sa) :
			       pru->pr_sockaddr(so, &name->sa);
	so_leave(so);
	(void)file_put(l, fp);
	return error;
}

static int
name_call(struct lwp *l, int fd, void *uname, socklen_t *ulen, bool peer)
{
	union sockname name;
	socklen_t room;
	int error;

	if ((error = copyin(l, ulen, &room, sizeof(room))) != 0 ||
	    (error = do_sockname(l, fd, peer, &name)) != 0)
		return error;
	return sockname_out(l, &name.sa, uname, ulen, room);
}

int
sys_getsockname(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_getsockname_args *uap = args;

	(void)rv;
	return name_call(
	    l, SCARG(uap, fdes), SCARG(uap, asa), SCARG(uap, alen), false);
}

int
sys_getpeername(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_getpeername_args *uap = args;

	(void)rv;
	return name_call(
	    l, SCARG(uap, fdes), SCARG(uap, asa), SCARG(uap, alen), true);
}

/* --- options --- */

int
sys_setsockopt(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_setsockopt_args *uap = args;
	size_t len = SCARG(uap, valsize);
	uint64_t val[OPT_MAX / sizeof(uint64_t)];
	struct file *fp;
	struct socket *so;
	int error;

	(void)rv;
	if ((error = fd_getsock(l, SCARG(uap, s), &fp, &so)) != 0)
		return error;
	if (SCARG(uap, val) == NULL && len > 0)
		error = -EFAULT;
	else if (len > sizeof(val))
		error = -EINVAL;
	else if ((error = copyin(l, SCARG(uap, val), val, len)) == 0)
		error = sosetopt(l, so, SCARG(uap, level), SCARG(uap, name),
		    len > 0 ? val : NULL, len);
	(void)file_put(l, fp);
	return error;
}

int
sys_getsockopt(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_getsockopt_args *uap = args;
	uint64_t val[OPT_MAX / sizeof(uint64_t)];
	socklen_t ulen = 0;
	struct file *fp;
	struct socket *so;
	size_t len = 0;
	int error;

	(void)rv;
	if ((error = fd_getsock(l, SCARG(uap, s), &fp, &so)) != 0)
		return error;
	if (SCARG(uap, val) != NULL) {
		error = copyin(l, SCARG(uap, avalsize), &ulen, sizeof(ulen));
		len = ulen < sizeof(val) ? ulen : sizeof(val);
	}
	if (error == 0) {
		memset(val, 0, sizeof(val));
		error = sogetopt(
		    l, so, SCARG(uap, level), SCARG(uap, name), val, &len);
	}
	if (error == 0 && SCARG(uap, val) != NULL) {
		ulen = (socklen_t)len;
		error = copyout(l, val, SCARG(uap, val), len);
		if (error == 0)
			error = copyout(
			    l, &ulen, SCARG(uap, avalsize), sizeof(ulen));
	}
	(void)file_put(l, fp);
	return error;
}
