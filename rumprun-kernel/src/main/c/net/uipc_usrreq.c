/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AF_LOCAL (unix(4)): what a socket sends is put into the other one's buffer.
 *
 * Invariants:
 *  1 unp_conn changes with both sockets' so_lock held, and is a reference. Of two connected ones either lock keeps the connection as it is.
 *  2 Two sockets are locked in the order of their addresses (unp_lock_other); who has one and wants the other may have to give it up for a moment, and
 *    looks at the connection again. A listener, and then what comes into its queue, are locked as net/socketvar.h says: nobody else knows the new one.
 *  3 so_snd of a connected stream (or SOCK_SEQPACKET) has the counts of the other's so_rcv: so room, FIONWRITE and poll are right by themselves.
 *  4 A vnode's v_socket and unp_vnode point at each other; the former, under v_interlock, without a reference.
 *
 * The net lock has no part in this (PR_NONET): so names may be looked up, so_lock dropped meanwhile.
 */
#include <netbsd/stat.h>
#include "net/unp.h"
#include "vfs/genfs.h"
#include "vfs/namei.h"

/* A stream's buffers hold a few large writes, so that both ends can be at work; a queue of datagrams a few dozen. */
#define STREAM_SPACE 212992
#define DGRAM_SEND 2048
#define DGRAM_RECV 16384
#define SUN_PATH offsetof(struct sockaddr_un, sun_path)

/* so is locked, other referenced. True: nothing was given up in between. */
bool
unp_lock_other(struct socket *so, struct socket *other)
{
	if (so == other || kmutex_tryenter(&other->so_lock))
		return true;
	if (so < other) {
		solock(other);
		return true;
	}
	sounlock(so);
	solock(other);
	solock(so);
	return false;
}

void
unp_unlock_other(struct socket *so, struct socket *other)
{
	if (so != other)
		sounlock(other);
}

/* The other end, locked and with another reference; NULL: there is none. so is locked, perhaps not throughout. */
struct socket *
unp_lock_peer(struct socket *so)
{
	for (;;) {
		struct unpcb *unp = sotounpcb(so);
		struct socket *peer = unp == NULL ? NULL : unp->unp_conn;

		if (peer == NULL)
			return NULL;
		so_get(peer);
		(void)unp_lock_other(so, peer);
		unp = sotounpcb(so);
		if (unp != NULL && unp->unp_conn == peer)
			return peer;
		unp_unlock_other(so, peer);
		so_put(peer);
	}
}

void
unp_unlock_peer(struct socket *so, struct socket *peer)
{
	unp_unlock_other(so, peer);
	so_put(peer);
}

static const struct sockaddr noname = { .sa_len = 2, .sa_family = AF_LOCAL };

const struct sockaddr *
unp_name(struct socket *so)
{
	struct unpcb *unp = so == NULL ? NULL : sotounpcb(so);

	return unp == NULL || unp->unp_addr == NULL ? &noname : unp->unp_addr;
}

static void
give_name(struct socket *so, struct sockaddr *nam)
{
	const struct sockaddr *sa = unp_name(so);

	memcpy(nam, sa, sa->sa_len);
}

/* --- coming and going --- */

static int
unp_attach(struct lwp *l, struct socket *so, int proto)
{
	struct rump_kernel *k = so->so_k;
	struct unpcb *unp;
	int error = 0;

	(void)l, (void)proto;
	if (so->so_snd.sb_hiwat == 0)
		error = is_dgram(so) ?
		    soreserve(so, DGRAM_SEND, DGRAM_RECV) :
		    soreserve(so, STREAM_SPACE, STREAM_SPACE);
	if (error != 0)
		return error;
	if ((unp = kmem_zalloc(k, sizeof(*unp))) == NULL)
		return -ENOBUFS;
	unp->unp_socket = so;
	unp->unp_ino = atomic_fetch_add(&LS(k)->ls_nextino, 1) + 1;
	kern_nanotime(k, &unp->unp_ctime);
	so->so_pcb = unp;
	return 0;
}

static void
unlink_ref(struct unpcb *unp)
{
	*unp->unp_prevref = unp->unp_nextref;
	if (unp->unp_nextref != NULL)
		unp->unp_nextref->unp_prevref = unp->unp_prevref;
	unp->unp_nextref = NULL;
	unp->unp_prevref = NULL;
}

/* Both are locked, and stay so; the caller has references of his own. */
static void
disconnect(struct socket *so, struct socket *peer)
{
	struct unpcb *unp = sotounpcb(so), *unp2 = sotounpcb(peer);

	unp->unp_conn = NULL;
	if (is_dgram(so)) {
		unlink_ref(unp);
		so->so_state &= ~(unsigned)SS_ISCONNECTED;
	} else {
		unp2->unp_conn = NULL;
		/* What is left to read stays; room for it is nobody's any more. */
		soisdisconnected(so);
		soisdisconnected(peer);
		so_put(so);
	}
	so_put(peer);
}

static int
unp_disconnect(struct socket *so)
{
	struct socket *peer = unp_lock_peer(so);

	if (peer == NULL)
		return -ENOTCONN;
	so_get(so);
	disconnect(so, peer);
	unp_unlock_peer(so, peer);
	/* The socket layer, who called, has a reference. */
	so_put(so);
	return 0;
}

/* Those who sent datagrams here learn that nobody is there. */
static void
reset_refs(struct socket *so)
{
	struct unpcb *unp = sotounpcb(so), *unp2;

	while ((unp2 = unp->unp_refs) != NULL) {
		struct socket *from = so_get(unp2->unp_socket);

		(void)unp_lock_other(so, from);
		unp2 = sotounpcb(from);
		if (unp2 != NULL && unp2->unp_conn == so) {
			/* From itself: so_put below is not the last one. */
			disconnect(from, so);
			from->so_error = ECONNRESET;
			sorwakeup(from);
			sowwakeup(from);
		}
		unp_unlock_other(so, from);
		so_put(from);
	}
}

static struct vnode *
forget_vnode(struct unpcb *unp)
{
	struct vnode *vp = unp->unp_vnode;

	if (vp != NULL) {
		kmutex_enter(&vp->v_interlock);
		vp->v_socket = NULL;
		kmutex_exit(&vp->v_interlock);
		unp->unp_vnode = NULL;
	}
	return vp;
}

static void
unp_detach(struct socket *so)
{
	struct rump_kernel *k = so->so_k;
	struct unpcb *unp = sotounpcb(so);
	struct vnode *vp = forget_vnode(unp);

	(void)unp_disconnect(so);
	reset_refs(so);
	so->so_pcb = NULL;
	if (unp->unp_addr != NULL)
		kmem_free(k, unp->unp_addr, unp->unp_addr->sa_len);
	kmem_free(k, unp, sizeof(*unp));
	soisdisconnected(so);
	if (vp != NULL) {
		sounlock(so);
		vnode_put(k->k_lwp0, vp);
		solock(so);
	}
}

/* A connection that nobody accepted. */
static int
unp_abort(struct socket *so)
{
	struct socket *peer = unp_lock_peer(so);

	if (peer != NULL) {
		peer->so_error = ECONNRESET;
		unp_unlock_peer(so, peer);
	}
	unp_detach(so);
	return 0;
}

/* --- names in the file system --- */

static int
path_of(const struct sockaddr *nam, char path[256])
{
	size_t len = nam->sa_len;

	if (len < SUN_PATH)
		return -EINVAL;
	if (nam->sa_family != AF_LOCAL)
		return -EAFNOSUPPORT;
	len -= SUN_PATH;
	memcpy(path, (const char *)nam + SUN_PATH, len);
	path[len] = '\0';
	return 0;
}

static void
set_ids(struct unpcbid *id, pid_t pid, const struct cred *cr)
{
	id->unp_pid = pid;
	id->unp_euid = cr->cr_euid;
	id->unp_egid = cr->cr_egid;
}

static int
unp_bind(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	struct unpcb *unp = sotounpcb(so);
	struct vnode *vp = NULL;
	struct sockaddr *addr;
	char path[256];
	int error;

	if (unp->unp_vnode != NULL || (unp->unp_flags & UNP_BUSY) != 0)
		return -EINVAL;
	if ((error = path_of(nam, path)) != 0)
		return error;
	if (l->l_k->k_vfs == NULL)
		return -EOPNOTSUPP;
	if ((addr = kmem_alloc(l->l_k, nam->sa_len)) == NULL)
		return -ENOBUFS;
	memcpy(addr, nam, nam->sa_len);
	unp->unp_flags |= UNP_BUSY;
	sounlock(so);
	error = vfs_mksock(l, path, &vp);
	solock(so);
	unp->unp_flags &= ~(unsigned)UNP_BUSY;
	if (error != 0) {
		kmem_free(l->l_k, addr, addr->sa_len);
		return error == -EEXIST ? -EADDRINUSE : error;
	}
	unp->unp_addr = addr;
	unp->unp_vnode = vp;
	set_ids(&unp->unp_connid, l->l_proc->p_pid, l->l_cred);
	unp->unp_flags |= UNP_EIDSBIND;
	kmutex_enter(&vp->v_interlock);
	vp->v_socket = so;
	kmutex_exit(&vp->v_interlock);
	return 0;
}

/* The socket that is bound to a name, with a reference. No lock. */
int
unp_find(struct lwp *l, const struct sockaddr *nam, struct socket **sop)
{
	struct vnode *vp;
	char path[256];
	int error;

	*sop = NULL;
	if ((error = path_of(nam, path)) != 0)
		return error;
	if (l->l_k->k_vfs == NULL)
		return -EOPNOTSUPP;
	if ((error = namei_simple(l, path, NI_FOLLOW, &vp)) != 0)
		return error;
	if (vp->v_type != VSOCK)
		error = -ENOTSOCK;
	if (error == 0 && (error = vnode_lock_alive(vp, false)) == 0) {
		error = vn_access(l, vp, VWRITE);
		vnode_unlock(vp);
	}
	if (error == 0) {
		kmutex_enter(&vp->v_interlock);
		if (vp->v_socket != NULL)
			*sop = so_get(vp->v_socket);
		else
			error = -ECONNREFUSED;
		kmutex_exit(&vp->v_interlock);
	}
	vnode_put(l, vp);
	return error;
}

/* --- connections --- */

/* Both are locked. */
static void
join(struct socket *so, struct socket *so2)
{
	struct unpcb *unp = sotounpcb(so), *unp2 = sotounpcb(so2);

	unp->unp_conn = so_get(so2);
	if (!is_dgram(so)) {
		unp2->unp_conn = so_get(so);
		return;
	}
	unp->unp_nextref = unp2->unp_refs;
	unp->unp_prevref = &unp2->unp_refs;
	if (unp->unp_nextref != NULL)
		unp->unp_nextref->unp_prevref = &unp->unp_nextref;
	unp2->unp_refs = unp;
}

static int
unp_connect2(struct socket *so, struct socket *so2)
{
	struct unpcb *unp = sotounpcb(so), *unp2 = sotounpcb(so2);

	if (so->so_type != so2->so_type)
		return -EPROTOTYPE;
	if (unp->unp_conn != NULL || (!is_dgram(so) && unp2->unp_conn != NULL))
		return -EISCONN;
	set_ids(&unp->unp_connid, so2->so_pid, so2->so_cred);
	set_ids(&unp2->unp_connid, so->so_pid, so->so_cred);
	unp->unp_flags |= UNP_EIDSVALID;
	unp2->unp_flags |= UNP_EIDSVALID;
	join(so, so2);
	soisconnected(so);
	if (!is_dgram(so))
		soisconnected(so2);
	return 0;
}

/* A new socket in the listener's queue is the other end. Both are locked. */
static int
connect_listener(struct lwp *l, struct socket *so, struct socket *head)
{
	struct unpcb *unp = sotounpcb(so), *unp2 = sotounpcb(head), *unp3;
	const struct sockaddr *addr = unp2->unp_addr;
	struct sockaddr *copy = NULL;
	struct socket *so3;
	bool wait;

	if (addr != NULL) {
		if ((copy = kmem_alloc(so->so_k, addr->sa_len)) == NULL)
			return -ENOBUFS;
		memcpy(copy, addr, addr->sa_len);
	}
	so3 = sonewconn(head, SS_ISCONNECTED);
	if (so3 == NULL) {
		if (copy != NULL)
			kmem_free(so->so_k, copy, copy->sa_len);
		return -ECONNREFUSED;
	}
	unp3 = sotounpcb(so3);
	unp3->unp_addr = copy;
	unp3->unp_flags |= UNP_EIDSVALID |
	    (unp2->unp_flags & (UNP_WANTCRED | UNP_OWANTCRED | UNP_CONNWAIT));
	set_ids(&unp3->unp_connid, l->l_proc->p_pid, l->l_cred);
	unp->unp_connid = unp2->unp_connid;
	unp->unp_flags |= UNP_EIDSVALID;
	wait = ((unp->unp_flags | unp2->unp_flags) & UNP_CONNWAIT) != 0;
	join(so, so3);
	if (wait)
		soisconnecting(so);
	else
		soisconnected(so);
	sounlock(so3);
	return 0;
}

static int
connect_locked(struct lwp *l, struct socket *so, struct socket *so2)
{
	struct unpcb *unp = sotounpcb(so);

	if (unp == NULL)
		return -EINVAL;
	if (so->so_type != so2->so_type)
		return -EPROTOTYPE;
	if (unp->unp_conn != NULL)
		return -EISCONN;
	if (sotounpcb(so2) == NULL)
		return -ECONNREFUSED;
	if (is_dgram(so)) {
		join(so, so2);
		soisconnected(so);
		return 0;
	}
	if (so == so2 || (so2->so_options & SO_ACCEPTCONN) == 0)
		return -ECONNREFUSED;
	return connect_listener(l, so, so2);
}

static int
unp_connect(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	struct socket *so2;
	int error;

	sounlock(so);
	error = unp_find(l, nam, &so2);
	solock(so);
	if (error != 0)
		return error;
	(void)unp_lock_other(so, so2);
	error = connect_locked(l, so, so2);
	unp_unlock_peer(so, so2);
	return error;
}

static int
unp_listen(struct lwp *l, struct socket *so)
{
	struct unpcb *unp = sotounpcb(so);

	if (unp->unp_vnode == NULL)
		return -EINVAL;
	set_ids(&unp->unp_connid, l->l_proc->p_pid, l->l_cred);
	unp->unp_flags |= UNP_EIDSBIND;
	return 0;
}

static int
unp_accept(struct socket *so, struct sockaddr *nam)
{
	struct socket *peer = unp_lock_peer(so);

	give_name(peer, nam);
	if (peer == NULL)
		return 0;
	if ((peer->so_state & SS_ISCONNECTING) != 0)
		soisconnected(peer);
	unp_unlock_peer(so, peer);
	return 0;
}

static int
unp_shutdown(struct socket *so)
{
	struct socket *peer = NULL;

	socantsendmore(so);
	if (!is_dgram(so) && (peer = unp_lock_peer(so)) != NULL) {
		socantrcvmore(peer);
		unp_unlock_peer(so, peer);
	}
	return 0;
}

/* --- questions --- */

static int
unp_stat(struct socket *so, struct stat *st)
{
	const struct unpcb *unp = sotounpcb(so);

	st->st_blksize = (blksize_t)so->so_snd.sb_hiwat;
	st->st_dev = (dev_t)-1;
	st->st_ino = unp->unp_ino;
	st->st_atim = st->st_mtim = st->st_ctim = unp->unp_ctime;
	return 0;
}

static int
unp_peeraddr(struct socket *so, struct sockaddr *nam)
{
	struct socket *peer = unp_lock_peer(so);

	give_name(peer, nam);
	if (peer != NULL)
		unp_unlock_peer(so, peer);
	return 0;
}

static int
unp_sockaddr(struct socket *so, struct sockaddr *nam)
{
	give_name(so, nam);
	return 0;
}

static int
unp_setopt(struct unpcb *unp, struct sockopt *sopt)
{
	unsigned flag;
	int on, error;

	switch (sopt->sopt_name) {
	case LOCAL_OCREDS:
		flag = UNP_OWANTCRED;
		break;
	case LOCAL_CREDS:
		flag = UNP_WANTCRED;
		break;
	case LOCAL_CONNWAIT:
		flag = UNP_CONNWAIT;
		break;
	default:
		return -ENOPROTOOPT;
	}
	if ((error = sockopt_getint(sopt, &on)) != 0)
		return error;
	if (on != 0)
		unp->unp_flags |= flag;
	else
		unp->unp_flags &= ~flag;
	return 0;
}

static int
unp_ctloutput(struct socket *so, struct sockopt *sopt)
{
	struct unpcb *unp = sotounpcb(so);

	if (sopt->sopt_level != 0)
		return -ENOPROTOOPT;
	if (sopt->sopt_op == PRCO_SETOPT)
		return unp_setopt(unp, sopt);
	switch (sopt->sopt_name) {
	case LOCAL_PEEREID:
		if ((unp->unp_flags & UNP_EIDSVALID) == 0)
			return -ENOTCONN;
		return sockopt_set(
		    sopt, &unp->unp_connid, sizeof(unp->unp_connid));
	case LOCAL_CREDS:
		return sockopt_setint(
		    sopt, (unp->unp_flags & UNP_WANTCRED) != 0);
	case LOCAL_OCREDS:
		return sockopt_setint(
		    sopt, (unp->unp_flags & UNP_OWANTCRED) != 0);
	case LOCAL_CONNWAIT:
		return sockopt_setint(
		    sopt, (unp->unp_flags & UNP_CONNWAIT) != 0);
	default:
		return -ENOPROTOOPT;
	}
}

static const struct pr_usrreqs unp_usrreqs = {
	.pr_attach = unp_attach,
	.pr_detach = unp_detach,
	.pr_accept = unp_accept,
	.pr_connect = unp_connect,
	.pr_connect2 = unp_connect2,
	.pr_bind = unp_bind,
	.pr_listen = unp_listen,
	.pr_disconnect = unp_disconnect,
	.pr_shutdown = unp_shutdown,
	.pr_abort = unp_abort,
	.pr_stat = unp_stat,
	.pr_peeraddr = unp_peeraddr,
	.pr_sockaddr = unp_sockaddr,
	.pr_rcvd = unp_rcvd,
	.pr_send = unp_send,
};

static const struct pr_usrreqs unp_dgram_usrreqs = {
	.pr_attach = unp_attach,
	.pr_detach = unp_detach,
	.pr_connect = unp_connect,
	.pr_connect2 = unp_connect2,
	.pr_bind = unp_bind,
	.pr_disconnect = unp_disconnect,
	.pr_shutdown = unp_shutdown,
	.pr_abort = unp_abort,
	.pr_stat = unp_stat,
	.pr_peeraddr = unp_peeraddr,
	.pr_sockaddr = unp_sockaddr,
	.pr_send = unp_send,
};

static const struct protosw unp_protosw[];
static const struct domain unp_domain = {
	.dom_family = AF_LOCAL,
	.dom_name = "unix",
	.dom_protosw = unp_protosw,
	.dom_nprotosw = 3,
	.dom_dispose = unp_dispose,
	.dom_externalize = unp_externalize,
	.dom_addrlen = SOCKNAME_MAX,
};

#define FLAGS (PR_RIGHTS | PR_NONET)
#define CONN (PR_CONNREQUIRED | PR_WANTRCVD | PR_LISTEN)
static const struct protosw unp_protosw[] = {
	{ SOCK_STREAM, &unp_domain, 0, CONN | FLAGS, unp_ctloutput,
	    &unp_usrreqs },
	{ SOCK_DGRAM, &unp_domain, 0, PR_ATOMIC | PR_ADDR | FLAGS,
	    unp_ctloutput, &unp_dgram_usrreqs },
	{ SOCK_SEQPACKET, &unp_domain, 0, PR_ATOMIC | CONN | FLAGS,
	    unp_ctloutput, &unp_usrreqs },
};

/* --- the family --- */

static void
later(void *arg)
{
	struct local_state *ls = arg;

	unp_close_deferred(ls->ls_k->k_lwp0, ls);
	unp_gc(ls);
	unp_close_deferred(ls->ls_k->k_lwp0, ls);
}

void
local_run(struct lwp *l)
{
	unp_close_deferred(l, LS(l->l_k));
	local_gc_later(l->l_k);
}

int
local_attach(struct rump_kernel *k)
{
	struct local_state *ls;
	int error;

	if (k->k_net == NULL || NS(k)->ns_socket == NULL)
		return 0;
	if ((ls = kmem_zalloc(k, sizeof(*ls))) == NULL)
		return -ENOMEM;
	ls->ls_k = k;
	callout_init(&ls->ls_callout, k, later, ls);
	LS(k) = ls;
	domain_attach(k, &unp_domain);
	if ((error = unp_sysctl(k)) != 0)
		local_detach(k);
	return error;
}

void
local_detach(struct rump_kernel *k)
{
	struct local_state *ls = k->k_net == NULL ? NULL : LS(k);

	if (ls == NULL)
		return;
	callout_halt(&ls->ls_callout);
	/* All processes are gone: what is left is in messages. */
	later(ls);
	later(ls);
	callout_halt(&ls->ls_callout);
	NS(k)->ns_domains[AF_LOCAL] = NULL;
	LS(k) = NULL;
	kmem_free(k, ls, sizeof(*ls));
}
