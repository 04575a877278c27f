/* SPDX-License-Identifier: BSD-2-Clause */
/* Stream sockets of the host, for sysproxy. */
#include "host/hostonly.h"
#include "host/sock.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

_Static_assert(sizeof(struct sock_vec) == sizeof(struct iovec) &&
	offsetof(struct sock_vec, sv_len) == offsetof(struct iovec, iov_len),
    "sock_vec is iovec");

_Static_assert(sizeof(((struct sock_addr *)0)->sa_path) ==
	sizeof(((struct sockaddr_un *)0)->sun_path),
    "a path fits");

union address {
	struct sockaddr sa;
	struct sockaddr_un un;
	struct sockaddr_in in;
};

static socklen_t
address(const struct sock_addr *a, union address *u)
{
	memset(u, 0, sizeof(*u));
	if (a->sa_unix) {
		u->un.sun_family = AF_UNIX;
		memcpy(u->un.sun_path, a->sa_path, sizeof(u->un.sun_path));
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
		    strlen(u->un.sun_path) + 1);
	}
	u->in.sin_family = AF_INET;
	u->in.sin_port = htons(a->sa_port);
	u->in.sin_addr.s_addr = htonl(a->sa_ip);
	return sizeof(u->in);
}

static int
make(const struct sock_addr *a, int flags, int *fdp)
{
	int one = 1;

	*fdp = socket(a->sa_unix ? AF_UNIX : AF_INET,
	    SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (*fdp == -1)
		return host_error(errno);
	if (!a->sa_unix)
		(void)setsockopt(
		    *fdp, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return 0;
}

int
sock_listen(const struct sock_addr *a, int backlog, int *fdp)
{
	union address u;
	socklen_t len = address(a, &u);
	int error, fd, one = 1;

	*fdp = -1;
	if ((error = make(a, SOCK_NONBLOCK, &fd)) != 0)
		return error;
	if (!a->sa_unix)
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &u.sa, len) == -1 || listen(fd, backlog) == -1) {
		error = host_error(errno);
		close(fd);
		return error;
	}
	*fdp = fd;
	return 0;
}

int
sock_accept(int listener, int *fdp)
{
	int fd, one = 1;

	*fdp = -1;
	do
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	while (fd == -1 && (errno == EINTR || errno == ECONNABORTED));
	if (fd == -1)
		return host_error(errno);
	/* Fails on a unix socket, where it isn't needed. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*fdp = fd;
	return 0;
}

int
sock_connect(const struct sock_addr *a, int *fdp)
{
	union address u;
	socklen_t len = address(a, &u), elen = sizeof(int);
	struct pollfd p;
	int error, fd, host;

	*fdp = -1;
	if ((error = make(a, 0, &fd)) != 0)
		return error;
	if (connect(fd, &u.sa, len) == -1) {
		host = errno;
		/* A signal: the connection goes on being made. */
		if (host == EINTR) {
			p.fd = fd;
			p.events = POLLOUT;
			while (poll(&p, 1, -1) == -1 && errno == EINTR)
				continue;
			if (getsockopt(
				fd, SOL_SOCKET, SO_ERROR, &host, &elen) == -1)
				host = errno;
		}
		if (host != 0) {
			close(fd);
			return host_error(host);
		}
	}
	*fdp = fd;
	return 0;
}

int
sock_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return host_error(errno);
	return 0;
}

int
sock_adopt(int fd)
{
	socklen_t len = sizeof(int);
	int type, flags;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1)
		return host_error(errno);
	if (type != SOCK_STREAM)
		return -NB_EINVAL;
	flags = fcntl(fd, F_GETFL);
	if (flags == -1 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return host_error(errno);
	return 0;
}

int64_t
sock_recv(int fd, void *buf, size_t n)
{
	ssize_t got;

	for (;;) {
		got = recv(fd, buf, n, 0);
		if (got != -1)
			return got;
		if (errno != EINTR)
			return host_error(errno);
	}
}

bool
sock_pending(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

int
sock_sendv(int fd, struct sock_vec *v, int count, size_t *sentp)
{
	struct msghdr m;
	size_t total = 0;
	ssize_t n;

	if (sentp == NULL)
		sentp = &total;
	*sentp = 0;
	memset(&m, 0, sizeof(m));
	for (;;) {
		while (count > 0 && v->sv_len == 0) {
			v++;
			count--;
		}
		if (count == 0)
			return 0;
		m.msg_iov = (struct iovec *)v;
		m.msg_iovlen = (size_t)count;
		n = count == 1 ? send(fd, v->sv_base, v->sv_len, MSG_NOSIGNAL) :
				 sendmsg(fd, &m, MSG_NOSIGNAL);
		if (n == -1) {
			if (errno == EINTR)
				continue;
			return host_error(errno);
		}
		*sentp += (size_t)n;
		for (; count > 0 && (size_t)n >= v->sv_len; v++, count--)
			n -= (ssize_t)v->sv_len;
		if (count > 0) {
			v->sv_base = (char *)v->sv_base + n;
			v->sv_len -= (size_t)n;
		}
	}
}

int64_t
sock_trysend(int fd, const void *buf, size_t n)
{
	ssize_t sent = send(fd, buf, n, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent == -1)
		return host_error(errno == EINTR ? EAGAIN : errno);
	return sent;
}

void
sock_shutdown(int fd, bool in, bool out)
{
	if (in || out)
		(void)shutdown(fd,
		    in && out ? SHUT_RDWR :
			in    ? SHUT_RD :
				SHUT_WR);
}

void
sock_close(int fd)
{
	(void)close(fd);
}

uint64_t
sock_identity(int fd)
{
	struct stat st;

	return syscall(FSTAT, fd, &st) != 0 || !S_ISSOCK(st.st_mode) ?
	    0 :
	    (uint64_t)st.st_ino;
}

uint64_t
sock_pathid(const char *path)
{
	struct stat st;

	return syscall(STATAT, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) != 0 ?
	    0 :
	    (uint64_t)st.st_ino;
}

void
sock_unlink(const char *path, uint64_t id)
{
	if (id != 0 && sock_pathid(path) == id)
		(void)unlink(path);
}

int
sock_cwd(char *buf, size_t size)
{
	if (getcwd(buf, size) == NULL)
		return host_error(errno);
	return 0;
}

int
sock_event(int *fdp)
{
	*fdp = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return *fdp == -1 ? host_error(errno) : 0;
}

void
sock_event_set(int fd)
{
	uint64_t one = 1;
	ssize_t n;

	/* It can only fail by being set already. */
	n = write(fd, &one, sizeof(one));
	(void)n;
}

void
sock_event_clear(int fd)
{
	uint64_t count;
	ssize_t n;

	n = read(fd, &count, sizeof(count));
	(void)n;
}

int
sock_poll(struct sock_poll *p, int count, int timeout_ms)
{
	struct pollfd f[SOCK_POLLMAX];
	int n;

	if (count > SOCK_POLLMAX)
		return -NB_EINVAL;
	for (int i = 0; i < count; i++) {
		f[i].fd = p[i].sp_fd;
		f[i].events = p[i].sp_in ? POLLIN : POLLRDHUP;
		f[i].revents = 0;
	}
	n = poll(f, (nfds_t)count, timeout_ms);
	if (n == -1 && errno != EINTR)
		return host_error(errno);
	for (int i = 0; i < count; i++) {
		p[i].sp_ready = n > 0 && f[i].revents != 0;
		p[i].sp_end = n > 0 &&
		    (f[i].revents &
			(POLLHUP | POLLRDHUP | POLLERR | POLLNVAL)) != 0;
	}
	return n == -1 ? 0 : n;
}
