/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packetdrill's shared object: the host's numbers and names turned into
 * NetBSD's and back, around pd_stack.h. Time is the host's.
 */
#define _GNU_SOURCE
#include "lib/pd_iface.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "lib/pd_stack.h"

struct pair {
	int host, ours;
};

static const struct pair errnos[] = { { EAGAIN, 35 }, { EINPROGRESS, 36 },
	{ EALREADY, 37 }, { ENOTSOCK, 38 }, { EDESTADDRREQ, 39 },
	{ EMSGSIZE, 40 }, { EPROTOTYPE, 41 }, { ENOPROTOOPT, 42 },
	{ EPROTONOSUPPORT, 43 }, { EOPNOTSUPP, 45 }, { EAFNOSUPPORT, 47 },
	{ EADDRINUSE, 48 }, { EADDRNOTAVAIL, 49 }, { ENETDOWN, 50 },
	{ ENETUNREACH, 51 }, { ECONNABORTED, 53 }, { ECONNRESET, 54 },
	{ ENOBUFS, 55 }, { EISCONN, 56 }, { ENOTCONN, 57 }, { ETIMEDOUT, 60 },
	{ ECONNREFUSED, 61 }, { EHOSTDOWN, 64 }, { EHOSTUNREACH, 65 },
	{ ENOSYS, 78 } };

static const struct pair socket_options[] = { { SO_REUSEADDR, 4 },
	{ SO_KEEPALIVE, 8 }, { SO_LINGER, 0x80 }, { SO_OOBINLINE, 0x100 },
	{ SO_SNDBUF, 0x1001 }, { SO_RCVBUF, 0x1002 }, { SO_SNDLOWAT, 0x1003 },
	{ SO_RCVLOWAT, 0x1004 }, { SO_ERROR, 0x1007 }, { SO_TYPE, 0x1008 } };

static const struct pair tcp_options[] = { { TCP_NODELAY, 1 },
	{ TCP_MAXSEG, 2 }, { TCP_KEEPIDLE, 3 }, { TCP_KEEPINTVL, 5 },
	{ TCP_KEEPCNT, 6 }, { TCP_CONGESTION, 32 } };

static const struct pair ip_options[] = { { IP_TOS, 3 }, { IP_TTL, 4 } };

static const struct pair message_flags[] = { { MSG_OOB, 1 }, { MSG_PEEK, 2 },
	{ MSG_DONTROUTE, 4 }, { MSG_WAITALL, 0x40 }, { MSG_DONTWAIT, 0x80 },
	{ MSG_NOSIGNAL, 0x400 } };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int
to_ours(const struct pair *p, size_t n, int host)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].host == host)
			return p[i].ours;
	return -1;
}

/* As system calls answer: -1 and errno. */
static long
answer(long r)
{
	if (r >= 0)
		return r;
	errno = (int)-r;
	for (size_t i = 0; i < COUNT(errnos); i++)
		if (errnos[i].ours == -r)
			errno = errnos[i].host;
	return -1;
}

static int
our_flags(int host)
{
	int ours = 0;

	for (size_t i = 0; i < COUNT(message_flags); i++)
		if ((host & message_flags[i].host) != 0)
			ours |= message_flags[i].ours;
	return ours;
}

/* Names have the same places for everything but the family's two bytes. */
static void
our_name(const struct sockaddr *sa, socklen_t len, uint8_t out[128])
{
	memset(out, 0, 128);
	if (sa == NULL || len > 128 || len < 2)
		return;
	memcpy(out, sa, len);
	out[0] = (uint8_t)len;
	out[1] = sa->sa_family == AF_INET6 ? 24 : (uint8_t)sa->sa_family;
}

static void
host_name(const uint8_t *in, unsigned inlen, struct sockaddr *sa, socklen_t *len)
{
	uint8_t copy[128];
	uint16_t family;

	if (sa == NULL || len == NULL)
		return;
	memcpy(copy, in, sizeof(copy));
	family = copy[1] == 24 ? AF_INET6 : copy[1];
	memcpy(copy, &family, 2);
	memcpy(sa, copy, *len < inlen ? *len : inlen);
	*len = inlen;
}

/* --- the table's functions --- */

static void
if_free(void *u)
{
	pds_destroy(u);
}

static int
if_socket(void *u, int domain, int type, int proto)
{
	return (int)answer(
	    pds_socket(u, domain == AF_INET6 ? 24 : domain, type & 15, proto));
}

static int
if_bind(void *u, int fd, const struct sockaddr *sa, socklen_t len)
{
	uint8_t name[128];

	our_name(sa, len, name);
	return (int)answer(pds_bind(u, fd, name, len));
}

static int
if_listen(void *u, int fd, int backlog)
{
	return (int)answer(pds_listen(u, fd, backlog));
}

static int
if_accept(void *u, int fd, struct sockaddr *sa, socklen_t *len)
{
	uint8_t name[128] = { 0 };
	unsigned n = sizeof(name);
	long r = pds_accept(u, fd, name, &n);

	if (r >= 0)
		host_name(name, n, sa, len);
	return (int)answer(r);
}

static int
if_connect(void *u, int fd, const struct sockaddr *sa, socklen_t len)
{
	uint8_t name[128];

	our_name(sa, len, name);
	return (int)answer(pds_connect(u, fd, name, len));
}

static ssize_t
if_recvfrom(void *u, int fd, void *buf, size_t n, int flags,
    struct sockaddr *sa, socklen_t *len)
{
	uint8_t name[128] = { 0 };
	unsigned nlen = sizeof(name);
	long r = pds_recv(u, fd, buf, n, our_flags(flags), name, &nlen);

	if (r >= 0)
		host_name(name, nlen, sa, len);
	return answer(r);
}

static ssize_t
if_recv(void *u, int fd, void *buf, size_t n, int flags)
{
	return if_recvfrom(u, fd, buf, n, flags, NULL, NULL);
}

static ssize_t
if_read(void *u, int fd, void *buf, size_t n)
{
	return if_recv(u, fd, buf, n, 0);
}

static ssize_t
if_sendto(void *u, int fd, const void *buf, size_t n, int flags,
    const struct sockaddr *sa, socklen_t len)
{
	uint8_t name[128];

	our_name(sa, len, name);
	return answer(pds_send(u, fd, buf, n, our_flags(flags),
	    sa == NULL ? NULL : name, sa == NULL ? 0 : len));
}

static ssize_t
if_send(void *u, int fd, const void *buf, size_t n, int flags)
{
	return if_sendto(u, fd, buf, n, flags, NULL, 0);
}

static ssize_t
if_write(void *u, int fd, const void *buf, size_t n)
{
	return if_send(u, fd, buf, n, 0);
}

static size_t
total(const struct iovec *iov, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += iov[i].iov_len;
	return sum;
}

static ssize_t
send_vector(void *u, int fd, const struct iovec *iov, size_t cnt, int flags,
    const struct sockaddr *sa, socklen_t len)
{
	size_t n = total(iov, cnt), at = 0;
	uint8_t *buf = malloc(n + 1);
	ssize_t r;

	if (buf == NULL)
		return answer(-12);
	for (size_t i = 0; i < cnt; i++) {
		memcpy(buf + at, iov[i].iov_base, iov[i].iov_len);
		at += iov[i].iov_len;
	}
	r = if_sendto(u, fd, buf, n, flags, sa, len);
	free(buf);
	return r;
}

static ssize_t
receive_vector(void *u, int fd, const struct iovec *iov, size_t cnt, int flags,
    struct sockaddr *sa, socklen_t *len)
{
	size_t n = total(iov, cnt), at = 0;
	uint8_t *buf = malloc(n + 1);
	ssize_t r;

	if (buf == NULL)
		return answer(-12);
	r = if_recvfrom(u, fd, buf, n, flags, sa, len);
	for (size_t i = 0; r > 0 && i < cnt && at < (size_t)r; i++) {
		size_t part = (size_t)r - at;

		if (part > iov[i].iov_len)
			part = iov[i].iov_len;
		memcpy(iov[i].iov_base, buf + at, part);
		at += part;
	}
	free(buf);
	return r;
}

static ssize_t
if_readv(void *u, int fd, const struct iovec *iov, int n)
{
	return receive_vector(u, fd, iov, (size_t)n, 0, NULL, NULL);
}

static ssize_t
if_writev(void *u, int fd, const struct iovec *iov, int n)
{
	return send_vector(u, fd, iov, (size_t)n, 0, NULL, 0);
}

static ssize_t
if_recvmsg(void *u, int fd, struct msghdr *m, int flags)
{
	m->msg_controllen = 0;
	m->msg_flags = 0;
	return receive_vector(u, fd, m->msg_iov, m->msg_iovlen, flags,
	    m->msg_name, &m->msg_namelen);
}

static ssize_t
if_sendmsg(void *u, int fd, const struct msghdr *m, int flags)
{
	return send_vector(u, fd, m->msg_iov, m->msg_iovlen, flags, m->msg_name,
	    m->msg_namelen);
}

static int
if_fcntl(void *u, int fd, int cmd, ...)
{
	va_list ap;
	long arg, r;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	if (cmd == F_GETFL) {
		r = pds_fcntl(u, fd, 3, 0);
		return (int)answer(
		    r < 0 ? r : (r & 3) | ((r & 4) != 0 ? O_NONBLOCK : 0));
	}
	if (cmd == F_SETFL)
		return (int)answer(pds_fcntl(
		    u, fd, 4, (arg & 3) | ((arg & O_NONBLOCK) != 0 ? 4 : 0)));
	return (int)answer(-22);
}

static int
if_ioctl(void *u, int fd, unsigned long request, ...)
{
	unsigned long ours;
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	switch (request) {
	case FIONREAD:
		ours = 0x4004667f;
		break;
	case 0x8905: /* SIOCATMARK */
		ours = 0x40047307;
		break;
	default:
		return (int)answer(-25);
	}
	return (int)answer(pds_ioctl(u, fd, ours, arg));
}

static int
if_close(void *u, int fd)
{
	return (int)answer(pds_close(u, fd));
}

static int
if_shutdown(void *u, int fd, int how)
{
	return (int)answer(pds_shutdown(u, fd, how));
}

static int
our_option(int *level, int name)
{
	switch (*level) {
	case SOL_SOCKET:
		*level = 0xffff;
		return to_ours(socket_options, COUNT(socket_options), name);
	case IPPROTO_TCP:
		return to_ours(tcp_options, COUNT(tcp_options), name);
	case IPPROTO_IP:
		return to_ours(ip_options, COUNT(ip_options), name);
	default:
		return -1;
	}
}

static int
if_getsockopt(void *u, int fd, int level, int name, void *val, socklen_t *len)
{
	int ours = our_option(&level, name);

	return (int)answer(
	    ours < 0 ? -42 : pds_getsockopt(u, fd, level, ours, val, len));
}

static int
if_setsockopt(
    void *u, int fd, int level, int name, const void *val, socklen_t len)
{
	int ours = our_option(&level, name);

	return (int)answer(
	    ours < 0 ? -42 : pds_setsockopt(u, fd, level, ours, val, len));
}

/* The structure and the bits that matter are the same. */
static int
if_poll(void *u, struct pollfd *fds, nfds_t n, int timeout)
{
	return (int)answer(pds_poll(u, fds, (unsigned)n, timeout));
}

static int
if_netdev_send(void *u, const void *buf, size_t n)
{
	return (int)answer(pds_inject(u, buf, n));
}

static int
if_netdev_receive(void *u, void *buf, size_t *n, long long *usecs)
{
	int64_t when = 0;

	*n = pds_sniff(u, buf, *n, &when, 10000000);
	*usecs = when / 1000;
	return 0;
}

static int
if_usleep(void *u, unsigned usecs)
{
	struct timespec ts = { usecs / 1000000, usecs % 1000000 * 1000 };

	(void)u;
	return nanosleep(&ts, NULL);
}

static int
if_gettimeofday(void *u, struct timeval *tv, void *tz)
{
	(void)u, (void)tz;
	return gettimeofday(tv, NULL);
}

static int
if_epoll_create(void *u, int size)
{
	(void)u, (void)size;
	return (int)answer(-78);
}

static int
if_epoll_ctl(void *u, int ep, int op, int fd, struct epoll_event *e)
{
	(void)u, (void)ep, (void)op, (void)fd, (void)e;
	return (int)answer(-78);
}

static int
if_epoll_wait(void *u, int ep, struct epoll_event *e, int n, int timeout)
{
	(void)u, (void)ep, (void)e, (void)n, (void)timeout;
	return (int)answer(-78);
}

static int
if_pipe(void *u, int fds[2])
{
	(void)u, (void)fds;
	return (int)answer(-78);
}

static int
if_splice(void *u, int in, int64_t *inoff, int out, int64_t *outoff, size_t n,
    unsigned flags)
{
	(void)u, (void)in, (void)inoff, (void)out, (void)outoff, (void)n,
	    (void)flags;
	return (int)answer(-78);
}

__attribute__((visibility("default"))) void
packetdrill_interface_init(const char *flags, struct packetdrill_interface *i)
{
	(void)flags;
	*i = (struct packetdrill_interface){ pds_create(), if_free, if_socket,
		if_bind, if_listen, if_accept, if_connect, if_read, if_readv,
		if_recv, if_recvfrom, if_recvmsg, if_write, if_writev, if_send,
		if_sendto, if_sendmsg, if_fcntl, if_ioctl, if_close, if_shutdown,
		if_getsockopt, if_setsockopt, if_poll, if_netdev_send,
		if_netdev_receive, if_usleep, if_gettimeofday, if_epoll_create,
		if_epoll_ctl, if_epoll_wait, if_pipe, if_splice };
}
