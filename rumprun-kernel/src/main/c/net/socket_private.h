/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the socket layer: its state in a kernel, and what its files use of each other. */
#ifndef NET_SOCKET_PRIVATE_H
#define NET_SOCKET_PRIVATE_H

#include "net/socketvar.h"

struct socket_state {
	struct kmutex ss_lock; /* the list of all sockets; so_lock may be held */
	struct socket *ss_all;
	size_t ss_count;
	struct sbuser *ss_users; /* by uid; ss_lock */
	_Atomic int32_t ss_sbmax, ss_somaxkva;
	_Atomic int32_t ss_nmbclusters, ss_mblowat, ss_mcllowat; /* shown only */
};

/* What a user's socket buffers may take, all together (RLIMIT_SBSIZE). */
struct sbuser {
	struct sbuser *su_next;
	uid_t su_uid;
	uint32_t su_sockets; /* ss_lock */
	_Atomic uint64_t su_bytes;
};

/* A name of any family in the kernel: sa_len bytes of it. */
union sockname {
	struct sockaddr sa;
	uint8_t space[256];
};
#define SOCKNAME_MAX 255

/* --- around a protocol's function: net lock as it wants it, so_lock, so_incall --- */
void so_enter(struct socket *, bool config);
/* The way out, with what has come up meanwhile (net_run). so may be gone after it unless the caller has a reference. */
void so_leave(struct socket *);

/* One sleep on a condition, so_lock held: 0, -EINTR, -EWOULDBLOCK (deadline), -EBADF (this process has closed it). *restarts: zero before the first. */
int so_sleep(struct lwp *, struct socket *, struct kcond *, int64_t deadline,
    uint32_t *restarts) MUST_CHECK;
/* SB_LOCK. */
int sblock(struct lwp *, struct socket *, struct sockbuf *, bool nonblock,
    uint32_t *restarts) MUST_CHECK;
void sbunlock(struct socket *, struct sockbuf *);
/* Sleepers on one of the socket's conditions are to look again; so_lock held. */
static inline void
so_wake(struct socket *so, struct kcond *cond)
{
	atomic_store_explicit(&so->so_events,
	    atomic_load_explicit(&so->so_events, memory_order_relaxed) + 1,
	    memory_order_relaxed);
	kcond_broadcast(cond);
}
int64_t sb_deadline(struct socket *, const struct sockbuf *);
/* A signal to the socket's owner: a process or a group. */
void so_signal(struct socket *, int signo);
/* Marks of a socket whose reading end is given up: nothing comes in any more, nobody reads. so_lock held, dropped meanwhile. */
void sorflush(struct lwp *, struct socket *);
/* The pending error, once; so_lock held. */
int so_takeerror(struct socket *);
bool so_readable(const struct socket *);
bool so_writable(const struct socket *);

/* sockbuf.c */
size_t mbuf_charge(const struct mbuf *);
/* Off the buffer, for the caller to free: the first mbuf; len bytes; the first record. */
struct mbuf *sb_takefirst(struct sockbuf *);
struct mbuf *sb_take(struct sockbuf *, size_t len) MUST_CHECK;
struct mbuf *sb_takerecord(struct sockbuf *) MUST_CHECK;
void sb_dispose(struct rump_kernel *, struct mbuf *record);

/* uipc_sockopt.c */
int so_setoption(struct lwp *, struct socket *, struct sockopt *);
int so_getoption(struct socket *, struct sockopt *);

/* uipc_socket.c: a listener's (locked) connections that only its filter held back are complete. */
void so_release0(struct socket *head);

/* sockbuf_size.c: who buffers are counted for, one socket more (NULL: no memory), one less (ss_lock held). */
struct sbuser *sbuser_get(struct rump_kernel *, uid_t);
void sbuser_put(struct socket *);
/* What l's process may have in the buffers of its user; those of others' are none of its. */
uint64_t sb_limit(struct lwp *, const struct socket *);

/* accept_filter.c: with so_lock */
int accept_filter_set(struct socket *, const void *, size_t);
int accept_filter_get(struct socket *, struct sockopt *);

#endif
