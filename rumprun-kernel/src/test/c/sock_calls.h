/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of sockets: their calls by an lwp, results as in core_calls.h. */
#ifndef SOCK_CALLS_H
#define SOCK_CALLS_H

#include <netbsd/socket.h>
#include <netbsd/un.h>
#include "core_calls.h"

/* A kernel with local sockets, and no other network. */
static inline void
up_local(struct fixture *f)
{
	static const char *const names[] = { "librumpvfs", "librumpfs_tmpfs",
		"librumpnet", "librumpnet_local", NULL };
	struct kern_config c = { .kc_components = names };

	up_config(f, &c);
}

static inline long
l_socket(struct lwp *l, int domain, int type, int proto)
{
	return SYS(l, SYS___socket30, __socket30, P(int, domain), P(int, type),
	    P(int, proto));
}

static inline long
l_socketpair(struct lwp *l, int domain, int type, int proto, int fds[2])
{
	return SYS(l, SYS_socketpair, socketpair, P(int, domain), P(int, type),
	    P(int, proto), P(int *, fds));
}

static inline long
l_bind(struct lwp *l, long s, const void *sa, socklen_t len)
{
	return SYS(l, SYS_bind, bind, P(int, s), P(const struct sockaddr *, sa),
	    P(socklen_t, len));
}

static inline long
l_connect(struct lwp *l, long s, const void *sa, socklen_t len)
{
	return SYS(l, SYS_connect, connect, P(int, s),
	    P(const struct sockaddr *, sa), P(socklen_t, len));
}

static inline long
l_listen(struct lwp *l, long s, int backlog)
{
	return SYS(l, SYS_listen, listen, P(int, s), P(int, backlog));
}

static inline long
l_accept(struct lwp *l, long s, void *sa, socklen_t *len)
{
	return SYS(l, SYS_accept, accept, P(int, s), P(struct sockaddr *, sa),
	    P(socklen_t *, len));
}

static inline long
l_paccept(struct lwp *l, long s, void *sa, socklen_t *len, int flags)
{
	return SYS(l, SYS_paccept, paccept, P(int, s), P(struct sockaddr *, sa),
	    P(socklen_t *, len), P(const sigset_t *, NULL), P(int, flags));
}

static inline long
l_shutdown(struct lwp *l, long s, int how)
{
	return SYS(l, SYS_shutdown, shutdown, P(int, s), P(int, how));
}

static inline long
l_getsockname(struct lwp *l, long s, void *sa, socklen_t *len)
{
	return SYS(l, SYS_getsockname, getsockname, P(int, s),
	    P(struct sockaddr *, sa), P(socklen_t *, len));
}

static inline long
l_getpeername(struct lwp *l, long s, void *sa, socklen_t *len)
{
	return SYS(l, SYS_getpeername, getpeername, P(int, s),
	    P(struct sockaddr *, sa), P(socklen_t *, len));
}

static inline long
l_sendto(struct lwp *l, long s, const void *buf, size_t n, int flags,
    const void *sa, socklen_t len)
{
	return SYS(l, SYS_sendto, sendto, P(int, s), P(const void *, buf),
	    P(size_t, n), P(int, flags), P(const struct sockaddr *, sa),
	    P(socklen_t, len));
}

static inline long
l_send(struct lwp *l, long s, const void *buf, size_t n, int flags)
{
	return l_sendto(l, s, buf, n, flags, NULL, 0);
}

static inline long
l_recvfrom(struct lwp *l, long s, void *buf, size_t n, int flags, void *sa,
    socklen_t *len)
{
	return SYS(l, SYS_recvfrom, recvfrom, P(int, s), P(void *, buf),
	    P(size_t, n), P(int, flags), P(struct sockaddr *, sa),
	    P(socklen_t *, len));
}

static inline long
l_recv(struct lwp *l, long s, void *buf, size_t n, int flags)
{
	return l_recvfrom(l, s, buf, n, flags, NULL, NULL);
}

static inline long
l_sendmsg(struct lwp *l, long s, const struct msghdr *mh, int flags)
{
	return SYS(l, SYS_sendmsg, sendmsg, P(int, s),
	    P(const struct msghdr *, mh), P(int, flags));
}

static inline long
l_recvmsg(struct lwp *l, long s, struct msghdr *mh, int flags)
{
	return SYS(l, SYS_recvmsg, recvmsg, P(int, s), P(struct msghdr *, mh),
	    P(int, flags));
}

static inline long
l_sendmmsg(struct lwp *l, long s, struct mmsghdr *mm, unsigned n, unsigned flags)
{
	return SYS(l, SYS_sendmmsg, sendmmsg, P(int, s),
	    P(struct mmsghdr *, mm), P(unsigned, n), P(unsigned, flags));
}

static inline long
l_recvmmsg(struct lwp *l, long s, struct mmsghdr *mm, unsigned n,
    unsigned flags, struct timespec *ts)
{
	return SYS(l, SYS_recvmmsg, recvmmsg, P(int, s), P(struct mmsghdr *, mm),
	    P(unsigned, n), P(unsigned, flags), P(struct timespec *, ts));
}

static inline long
l_setsockopt(
    struct lwp *l, long s, int level, int name, const void *val, socklen_t len)
{
	return SYS(l, SYS_setsockopt, setsockopt, P(int, s), P(int, level),
	    P(int, name), P(const void *, val), P(socklen_t, len));
}

static inline long
l_getsockopt(
    struct lwp *l, long s, int level, int name, void *val, socklen_t *len)
{
	return SYS(l, SYS_getsockopt, getsockopt, P(int, s), P(int, level),
	    P(int, name), P(void *, val), P(socklen_t *, len));
}

static inline long
l_setint(struct lwp *l, long s, int level, int name, int v)
{
	return l_setsockopt(l, s, level, name, &v, sizeof(v));
}

/* The option's value, or the negative errno. */
static inline long
l_getint(struct lwp *l, long s, int level, int name)
{
	int v = 0;
	socklen_t len = sizeof(v);
	long e = l_getsockopt(l, s, level, name, &v, &len);

	return e != 0 ? e : v;
}

/* A local name; its length as bind and connect want it. */
static inline socklen_t
sun_make(struct sockaddr_un *sun, const char *path)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_LOCAL;
	snprintf(sun->sun_path, sizeof(sun->sun_path), "%s", path);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    strlen(sun->sun_path) + 1);
}

/* --- messages with descriptors --- */

#define CMSG_HEAD CMSG_ALIGN(sizeof(struct cmsghdr))

static inline long
l_sendfds(
    struct lwp *l, long s, const void *data, size_t n, const int *fds, int nfds)
{
	uint64_t control[130];
	struct iovec iov = { (void *)(uintptr_t)data, n };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control
	};
	struct cmsghdr cm = { (socklen_t)(CMSG_HEAD +
				  (size_t)nfds * sizeof(int)),
		SOL_SOCKET, SCM_RIGHTS };

	memset(control, 0, sizeof(control));
	memcpy(control, &cm, sizeof(cm));
	memcpy((char *)control + CMSG_HEAD, fds, (size_t)nfds * sizeof(int));
	mh.msg_controllen = cm.cmsg_len;
	return l_sendmsg(l, s, &mh, 0);
}

/* *nfds: room in, descriptors out. */
static inline long
l_recvfds(struct lwp *l, long s, void *data, size_t n, int *fds, int *nfds,
    int *flags)
{
	uint64_t control[130];
	struct iovec iov = { data, n };
	struct msghdr mh = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = (socklen_t)(CMSG_HEAD +
		    (size_t)*nfds * sizeof(int)) };
	struct cmsghdr cm;
	long got = l_recvmsg(l, s, &mh, *flags);

	*nfds = 0;
	*flags = mh.msg_flags;
	if (got < 0 || mh.msg_controllen < sizeof(cm))
		return got;
	memcpy(&cm, control, sizeof(cm));
	if (cm.cmsg_level != SOL_SOCKET || cm.cmsg_type != SCM_RIGHTS)
		return -EINVAL;
	*nfds = (int)((cm.cmsg_len - CMSG_HEAD) / sizeof(int));
	memcpy(fds, (char *)control + CMSG_HEAD, (size_t)*nfds * sizeof(int));
	return got;
}

/* --- another thread of the same process --- */

struct helper {
	struct lwp *l;
	struct host_thread *t;
	void (*fn)(struct lwp *, void *);
	void *arg;
};

static inline void
helper_main(void *arg)
{
	struct helper *h = arg;

	h->fn(h->l, h->arg);
}

static inline void
helper_start(struct helper *h, struct proc *p, void (*fn)(struct lwp *, void *),
    void *arg)
{
	h->fn = fn;
	h->arg = arg;
	CHECK_EQ(lwp_create(p, &h->l), 0);
	CHECK_EQ(host_thread_create("helper", helper_main, h, &h->t), 0);
}

static inline void
helper_join(struct helper *h)
{
	host_thread_join(h->t);
	lwp_destroy(h->l);
}

#endif
