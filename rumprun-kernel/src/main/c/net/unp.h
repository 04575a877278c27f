/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside AF_LOCAL: control blocks, and descriptors on their way in messages. */
#ifndef NET_UNP_H
#define NET_UNP_H

#include <netbsd/un.h>
#include "kern/callout.h"
#include "net/socket_private.h"
#include "vfs/vnode.h"

/* A control block: under so_lock of its socket; unp_conn, and links in unp_refs, under that of both ends. */
struct unpcb {
	struct socket *unp_socket;
	struct socket *unp_conn; /* the other end, with a reference */
	struct unpcb *unp_refs;	 /* those whose datagrams come here */
	struct unpcb *unp_nextref, **unp_prevref;
	struct vnode *unp_vnode; /* bound to; referenced, its v_socket is this */
	struct sockaddr *unp_addr; /* its name; kmem of sa_len bytes */
	unsigned unp_flags;	   /* UNP_* */
	struct unpcbid unp_connid;
	uint64_t unp_ino;
	struct timespec unp_ctime;
};
#define UNP_EIDSVALID 0x1 /* unp_connid is the other end's */
#define UNP_EIDSBIND 0x2  /* unp_connid is the listener's own */
#define UNP_CONNWAIT 0x4
#define UNP_WANTCRED 0x8
#define UNP_OWANTCRED 0x10 /* in the older form */
#define UNP_BUSY 0x20	   /* being bound */

struct local_state {
	struct rump_kernel *ls_k;
	/*
	 * Under ls_lock, a leaf: f_msgcount of all files, ls_inflight, ls_gen (changes whenever a file gets into or out of a buffer), and what is to be
	 * closed.
	 */
	struct kmutex ls_lock;
	size_t ls_inflight;
	uint64_t ls_gen;
	struct mbuf *ls_deferred; /* by m_next */
	_Atomic bool ls_closing;
	struct callout ls_callout;
	_Atomic uint64_t ls_nextino;
};
#define LS(k) (NS(k)->ns_local)

static inline struct unpcb *
sotounpcb(struct socket *so)
{
	return so->so_pcb;
}

static inline bool
is_dgram(const struct socket *so)
{
	return so->so_type == SOCK_DGRAM;
}

/* --- uipc_usrreq.c --- */

/* so is locked, other referenced: both are. True: so was locked throughout. */
bool unp_lock_other(struct socket *so, struct socket *other);
void unp_unlock_other(struct socket *so, struct socket *other);
/* The other end, locked and with another reference; NULL: there is none. so is locked, perhaps not throughout. */
struct socket *unp_lock_peer(struct socket *so);
void unp_unlock_peer(struct socket *so, struct socket *peer);
/* Its name, or the empty one; NULL stands for a socket that went. so_lock held. */
const struct sockaddr *unp_name(struct socket *);
/* The socket that is bound to a name, with a reference. No lock. */
int unp_find(struct lwp *, const struct sockaddr *, struct socket **) MUST_CHECK;

/* --- unp_data.c: of struct pr_usrreqs --- */

int unp_rcvd(struct socket *, int flags);
int unp_send(struct lwp *, struct socket *, struct mbuf *, struct sockaddr *,
    struct mbuf *control, int flags);

/* --- unp_rights.c --- */

/* The user's control messages: descriptors become files. -EINVAL, -EBADF, -EAGAIN (too many under way), -ENOBUFS. *control is replaced; freed on errors. */
int unp_internalize(struct lwp *, struct mbuf **control) MUST_CHECK;
/* Control messages get into a buffer whose so_lock is held: files in them are under way until unp_externalize or unp_dispose. */
void unp_launch(struct rump_kernel *, const struct mbuf *);
/* Rights that were never launched: the files are let go. No lock. */
void unp_drop_rights(struct lwp *, struct mbuf *);
int unp_externalize(struct lwp *, struct mbuf **, int flags);
/* dom_dispose: out of the buffer, to be closed soon; any lock may be held. */
void unp_dispose(struct rump_kernel *, struct mbuf *);
/* Closes what was put off. No lock. */
void unp_close_deferred(struct lwp *, struct local_state *);
/* Sockets that only each other's messages know go. No lock. */
void unp_gc(struct local_state *);

/* unp_list.c */
int unp_sysctl(struct rump_kernel *) MUST_CHECK;

#endif
