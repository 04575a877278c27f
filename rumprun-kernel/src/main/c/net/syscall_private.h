/* SPDX-License-Identifier: BSD-2-Clause */
/* What the system calls of sockets and their older versions (uipc_compat43.c) share. */
#ifndef NET_SYSCALL_PRIVATE_H
#define NET_SYSCALL_PRIVATE_H

#include "net/socket_private.h"

/* -EINVAL: longer than SOCKNAME_MAX. sa_len is set to the length. */
int sockname_in(struct lwp *, const void *uaddr, socklen_t len,
    union sockname *) MUST_CHECK;
/* What there is room for, and how much that was. */
int sockname_out(struct lwp *, const struct sockaddr *, void *uaddr,
    socklen_t *ulen, socklen_t room) MUST_CHECK;
/* flags: SOCK_*; clear: flags of the listener's file that are not inherited. */
int do_accept(struct lwp *, int s, union sockname *, unsigned flags,
    unsigned clear, int *fdp) MUST_CHECK;
int do_sockname(struct lwp *, int fd, bool peer, union sockname *) MUST_CHECK;

/* A message as the calls have it: everything in the kernel but the data. */
struct message {
	union sockname name;
	bool has_name; /* sending: there is one. receiving: it is wanted */
	struct mbuf *control;
	bool want_control;
	struct iovec *iov;
	int iovcnt;
	int flags; /* MSG_*; receiving: what came */
};
/* Sends or receives it by a descriptor; rv[0]: bytes. control is taken by do_send; what do_receive gives the caller frees. */
int do_send(struct lwp *, int s, struct message *, register_t *rv) MUST_CHECK;
int do_receive(struct lwp *, int s, struct message *, register_t *rv) MUST_CHECK;
/* Vectors of a message; free with iov_drop. -EMSGSIZE: too many. */
#define IOV_SMALL 8
int iov_in(struct lwp *, const struct iovec *uiov, int cnt, struct iovec *small,
    struct iovec **) MUST_CHECK;
void iov_drop(struct lwp *, int cnt, struct iovec *small, struct iovec *);
/* Descriptors in a message that could not be handed over after all. */
void control_close_fds(struct lwp *, struct mbuf *);

#endif
