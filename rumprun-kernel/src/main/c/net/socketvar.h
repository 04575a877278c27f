/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets: struct socket, socket buffers, and what protocols do with them.
 *
 * so_lock guards the socket, its buffers and its control block. The socket layer (net/uipc_socket.c) takes the net lock shared, then so_lock,
 * before it calls a protocol; protocols come from below with the net lock held and take so_lock themselves. A protocol never calls back with
 * another socket's lock held, but a listening socket's before that of one in its queue. Copying from and to users and sleeping is done without
 * the net lock, and (copying) without so_lock: SB_LOCK keeps other readers or writers out meanwhile.
 *
 * A socket lives as long as its references: the file's, and one each of those who found it in a table (so_get under the table's lock, so_put). The
 * protocol's so_pcb goes with pr_detach, when the file is closed and the protocol is done (TCP may go on for a while: SS_NOFDREF).
 */
#ifndef NET_SOCKETVAR_H
#define NET_SOCKETVAR_H

#include <netbsd/socket.h>
#include "kern/file.h"
#include "net/net.h"
#include "net/protosw.h"

struct sockbuf {
	struct selinfo sb_sel;
	struct kcond sb_cond;	/* waiters for data, for room, for SB_LOCK */
	struct mbuf *sb_mb;	/* records by m_nextpkt */
	struct mbuf *sb_mbtail; /* last mbuf of the last record */
	struct mbuf *sb_lastrecord;
	size_t sb_cc;	 /* bytes of data (names and control too) */
	size_t sb_mbcnt; /* bytes of mbufs and storages */
	size_t sb_hiwat, sb_mbmax, sb_lowat;
	unsigned sb_flags;	     /* SB_* */
	_Atomic int64_t sb_timeo_ns; /* 0: none */
};
#define SB_LOCK 0x1   /* a reader (writer) is at work */
#define SB_ASYNC 0x10 /* SIGIO */
#define SB_AUTOSIZE 0x800
#define SB_MAX_DEFAULT 262144 /* kern.sbmax */

struct socket {
	struct kmutex so_lock;
	_Atomic uint32_t so_refs;
	struct rump_kernel *so_k;
	short so_type; /* SOCK_* */
	const struct protosw *so_proto;
	void *so_pcb;
	unsigned so_state;	     /* SS_* of here */
	_Atomic unsigned so_options; /* SO_* */
	short so_linger;	     /* seconds */
	int so_error;		     /* positive errno; given once */
	pid_t so_pgid;		     /* SIGIO, SIGURG: process, or -group */
	size_t so_oobmark; /* bytes until the mark in so_rcv; 0 none */
	/* connections: of a listener */
	struct socket *so_head;
	struct socket *so_q, **so_qtail,
	    *so_q0; /* complete, incomplete: by so_qnext */
	struct socket *so_qnext;
	short so_qlen, so_q0len, so_qlimit;
	bool so_onq, so_onq0;
	struct kcond so_cond; /* connecting, accepting, lingering */
	struct sockbuf so_snd, so_rcv;
	uid_t so_uid; /* who made it: kinfo, SO_REUSEPORT, limits */
	struct cred *so_cred;
	pid_t so_pid;
	const struct accept_filter *
	    so_accf; /* SO_ACCEPTFILTER: of a listener, and of those in its so_q0 that wait for it */
	struct sbuser *so_sbuser; /* whose buffers these are, and what may be */
	uint64_t so_sblimit;
	uint32_t so_restarts; /* descriptors of it that were closed: sleepers look whether theirs was among them */
	_Atomic uint32_t
	    so_events; /* counts what sleepers wait for: who is about to sleep looks at it for a moment */
	uint8_t so_spinfails,
	    so_spinskip; /* how often that was in vain; times left to sleep at once */
	bool so_incall; /* inside one of the protocol's functions: sofree leaves it to the socket layer */
	int so_overflowed; /* datagrams that found no room */
	struct socket *so_allnext,
	    **so_allprev; /* every socket of the kernel, for pcblists */
};
#define SS_NOFDREF 0x1
#define SS_ISCONNECTED 0x2
#define SS_ISCONNECTING 0x4
#define SS_ISDISCONNECTING 0x8
#define SS_CANTSENDMORE 0x10
#define SS_CANTRCVMORE 0x20
#define SS_RCVATMARK 0x40
#define SS_ISDISCONNECTED 0x800
#define SS_DETACHED 0x10000 /* so_pcb is gone, or going */

static inline void
solock(struct socket *so)
{
	kmutex_enter(&so->so_lock);
}

static inline void
sounlock(struct socket *so)
{
	kmutex_exit(&so->so_lock);
}

static inline struct socket *
so_get(struct socket *so)
{
	atomic_fetch_add(&so->so_refs, 1);
	return so;
}
void so_put(
    struct socket *); /* no so_lock of it held; frees with the last one */

/* --- for protocols, so_lock held unless said otherwise -- */

/*
 * A connection has come for a listener (locked): a new socket (locked, attached, SS_NOFDREF) of the same kind, in so_q0, or in so_q when connstate is
 * SS_ISCONNECTED. NULL: queue full or no memory.
 */
struct socket *sonewconn(struct socket *head, unsigned connstate);
/*
 * The same for one that is connected (a reference of the caller's as well): held back in so_q0 when the listener has a filter. After each segment of
 * such a one (so_onq0): accept_filter_ready, then soisconnected. so_takeoldest0: a listener with a filter is full: the one that has waited for longest,
 * locked, with a reference, off its queue; NULL: there is room.
 */
struct socket *sonewconn_filtered(struct socket *head);
bool accept_filter_ready(const struct socket *);
struct socket *so_takeoldest0(struct socket *head);
void soisconnecting(struct socket *);
/*
 * so_lock held on entry and on return. For one in its listener's so_q0 it is dropped in between (the listener's comes first): keep a reference and look
 * at so_pcb again. Everywhere else it is held throughout.
 */
void soisconnected(struct socket *);
void soisdisconnecting(struct socket *);
void soisdisconnected(
    struct socket *); /* also the end of a protocol that went on after the close */
void socantsendmore(struct socket *);
void socantrcvmore(struct socket *);
void soroverflow(struct socket
	*); /* a datagram found no room: counted by SO_RERROR/overflow rules */
void sohasoutofband(struct socket *); /* SIGURG, POLLRDBAND */
void sorwakeup(
    struct socket *); /* data (or the end) came: readers, poll, kqueue, SIGIO */
void sowwakeup(struct socket *); /* room */
/* One buffer's limits: -ENOBUFS beyond kern.sbmax, or its user's RLIMIT_SBSIZE. */
int sbreserve(struct socket *, struct sockbuf *, size_t) MUST_CHECK;
int soreserve(struct socket *, size_t snd, size_t rcv) MUST_CHECK; /* -ENOBUFS */
/*
 * The protocol is done with a socket and has set so_pcb to NULL: if its file is closed too (SS_NOFDREF), and no listener's queue has it, it goes. so_lock
 * is held on entry, not on return, and so may be gone then; except inside a function that the socket layer has called (so_incall), where nothing
 * happens and the lock stays held: the socket layer does the same afterwards. So protocols may call it in either case, as the last thing.
 */
void sofree(struct socket *);

/* Buffers. m is taken where it fits; false: no room, m stays the caller's. */
static inline size_t
sbspace(const struct sockbuf *sb)
{
	size_t a = sb->sb_cc < sb->sb_hiwat ? sb->sb_hiwat - sb->sb_cc : 0;
	size_t b = sb->sb_mbcnt < sb->sb_mbmax ? sb->sb_mbmax - sb->sb_mbcnt : 0;

	return a < b ? a : b;
}
void sbappendstream(
    struct sockbuf *, struct mbuf *); /* bytes; small ones are put together */
void sbappendrecord(struct sockbuf *, struct mbuf *); /* a record of its own */
bool sbappendaddr(struct sockbuf *, const struct sockaddr *, struct mbuf *m0,
    struct mbuf *control);
bool sbappendcontrol(struct sockbuf *, struct mbuf *m0, struct mbuf *control);
void sbdrop(struct sockbuf *, size_t len); /* from the front */
void sbdroprecord(struct sockbuf *);
void sbflush(struct rump_kernel *,
    struct sockbuf *); /* control messages' descriptors too */
/* A control message: level, type, data. NULL without memory. Chains by m_next. */
struct mbuf *sbcreatecontrol(struct rump_kernel *, const void *, size_t len,
    int type, int level) MUST_CHECK;
/* References to len bytes at off of the buffer (for sending; they stay until dropped). cursor remembers the place between calls (zeroed, or after sbdrop). */
struct sbcursor {
	struct mbuf *sc_m;
	size_t sc_at; /* offset in the buffer where sc_m starts */
};
struct mbuf *sb_copy(
    struct sockbuf *, struct sbcursor *, size_t off, size_t len) MUST_CHECK;

/* --- the socket calls, for system calls, AF_LOCAL, tests; no lock -- */

int socreate(struct lwp *, int domain, int type, int proto,
    struct socket **) MUST_CHECK; /* one reference, the file's */
int soclose(
    struct lwp *, struct socket *); /* lingers; gives the reference back */
int sobind(struct lwp *, struct socket *, struct sockaddr *);
int solisten(struct lwp *, struct socket *, int backlog);
int soaccept(struct lwp *, struct socket *head, bool nonblock, struct socket **,
    struct sockaddr *name);
int soconnect(struct lwp *, struct socket *, struct sockaddr *, bool nonblock);
int soconnect2(struct lwp *, struct socket *, struct socket *);
int sodisconnect(struct lwp *, struct socket *);
int soshutdown(struct lwp *, struct socket *, int how);
/*
 * Sends uio's data. addr: NULL or a kernel copy (255 bytes). control: a chain in the format of sbcreatecontrol's, checked; taken. flags: MSG_*. 0 or -errno; part of a
 * stream may have gone before an error (uio_resid).
 */
int sosend(struct lwp *, struct socket *, struct sockaddr *addr, struct uio *,
    struct mbuf *control, int flags);
/* Receives. name, if asked for: up to 255 bytes; *control: chain for the caller to free; *flags in and out (MSG_EOR, MSG_TRUNC, MSG_CTRUNC, MSG_OOB ...). */
int soreceive(struct lwp *, struct socket *, struct sockaddr *name,
    struct uio *, struct mbuf **control, int *flags);
int sosetopt(struct lwp *, struct socket *, int level, int name,
    const void *val, size_t len);
/* *len: room in, size out. */
int sogetopt(
    struct lwp *, struct socket *, int level, int name, void *val, size_t *len);
int soo_ioctl_socket(
    struct lwp *, struct socket *, unsigned long cmd, void *data);
int sopoll(struct lwp *, struct socket *, int events);
/* The socket behind a descriptor; the file's reference to give back with file_put. -ENOTSOCK. */
int fd_getsock(
    struct lwp *, int fd, struct file **, struct socket **) MUST_CHECK;
extern const struct fileops socketops;

/* Walks all sockets of a family and type (0: all), net lock held shared by the walker's caller: fn gets it with so_lock held. */
int so_foreach(struct rump_kernel *, int family,
    int (*fn)(struct socket *, void *), void *);
/* kinfo_pcb of a socket (so_lock held) but for the addresses and protocol state, which the protocol fills in. */
struct kinfo_pcb;
void so_fillkinfo(struct socket *, struct kinfo_pcb *);

/* Parts of net_attach and net_detach (net/net.c). kern.sbmax, kern.somaxkva, kern.mbuf. */
int socket_boot(struct rump_kernel *) MUST_CHECK;
void socket_fini(struct rump_kernel *);
/* librumpnet_local: attach and detach of AF_LOCAL (net/uipc_usrreq.c). */
int local_attach(struct rump_kernel *) MUST_CHECK;
void local_detach(struct rump_kernel *);
/* A descriptor was closed whose socket others still hold: may be messages under way do, and nobody can receive those any more. No lock. */
void local_gc_later(struct rump_kernel *);
/* Closes what was in messages of sockets that went. No lock. */
void local_run(struct lwp *);

#endif
