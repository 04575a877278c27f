/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of sockets: made, connected, listening, closed; and how protocols tell of what became of them.
 *
 * Invariants:
 *  1 so_refs counts the file (or the listener's queue that has it, or the protocol that goes on after the close) as one, and each who looks at it.
 *  2 That first reference is given back once, by so_finish: when the file is closed (SS_NOFDREF), the protocol is done (so_pcb NULL) and no queue has it.
 *  3 so_head is set as long as the socket is in a queue of it, and changes with both locks held, the listener's first.
 */
#include <netbsd/errno.h>
#include <netbsd/poll.h>
#include <netbsd/resource.h>
#include <netbsd/signal.h>
#include "net/socket_private.h"

#define LINGER_LOOK_NS INT64_C(100000000)

/* --- memory --- */

static struct socket *
so_alloc(struct rump_kernel *k, const struct protosw *pr, struct cred *cred)
{
	struct socket_state *ss = NS(k)->ns_socket;
	struct socket *so = kmem_zalloc(k, sizeof(*so));

	if (so == NULL)
		return NULL;
	atomic_init(&so->so_refs, 1);
	so->so_k = k;
	so->so_proto = pr;
	so->so_type = pr->pr_type;
	so->so_qtail = &so->so_q;
	if ((so->so_sbuser = sbuser_get(k, cred->cr_euid)) == NULL) {
		kmem_free(k, so, sizeof(*so));
		return NULL;
	}
	so->so_cred = cred_get(cred);
	so->so_uid = cred->cr_euid;
	so->so_sblimit = RLIM_INFINITY;
	so->so_rcv.sb_lowat = 1;
	so->so_snd.sb_lowat = 2048;
	kmutex_enter(&ss->ss_lock);
	so->so_allnext = ss->ss_all;
	so->so_allprev = &ss->ss_all;
	if (so->so_allnext != NULL)
		so->so_allnext->so_allprev = &so->so_allnext;
	ss->ss_all = so;
	ss->ss_count++;
	kmutex_exit(&ss->ss_lock);
	return so;
}

void
so_put(struct socket *so)
{
	struct rump_kernel *k = so->so_k;
	struct socket_state *ss = NS(k)->ns_socket;

	if (atomic_fetch_sub_explicit(&so->so_refs, 1, memory_order_acq_rel) !=
	    1)
		return;
	kmutex_enter(&ss->ss_lock);
	*so->so_allprev = so->so_allnext;
	if (so->so_allnext != NULL)
		so->so_allnext->so_allprev = so->so_allprev;
	ss->ss_count--;
	sbuser_put(so);
	kmutex_exit(&ss->ss_lock);
	sbflush(k, &so->so_rcv);
	sbflush(k, &so->so_snd);
	selinfo_destroy(k, &so->so_rcv.sb_sel);
	selinfo_destroy(k, &so->so_snd.sb_sel);
	cred_put(so->so_cred);
	kmem_free(k, so, sizeof(*so));
}

/* so_lock held, not on return. */
static void
so_finish(struct socket *so)
{
	bool done = so->so_pcb == NULL && (so->so_state & SS_NOFDREF) != 0 &&
	    !so->so_onq && !so->so_onq0 && (so->so_state & SS_DETACHED) == 0;

	if (done) {
		so->so_state |= SS_DETACHED;
		sbflush(so->so_k, &so->so_rcv);
		sbflush(so->so_k, &so->so_snd);
	}
	sounlock(so);
	if (done)
		so_put(so);
}

/* --- around protocols' functions --- */

void
so_enter(struct socket *so, bool config)
{
	unsigned flags = so->so_proto->pr_flags;

	if ((flags & PR_NONET) == 0) {
		if (config || (flags & PR_CONFIG) != 0)
			net_wrlock(so->so_k);
		else
			net_rdlock(so->so_k);
	}
	solock(so);
	so->so_incall = true;
}

static void
out_of_net(struct rump_kernel *k, const struct protosw *pr)
{
	if ((pr->pr_flags & PR_NONET) == 0) {
		net_unlock(k);
		net_run(k);
	}
}

void
so_leave(struct socket *so)
{
	so->so_incall = false;
	sounlock(so);
	out_of_net(so->so_k, so->so_proto);
}

/* The same, where it may be the socket's end. */
static void
so_leave_finish(struct socket *so)
{
	struct rump_kernel *k = so->so_k;
	const struct protosw *pr = so->so_proto;

	so->so_incall = false;
	so_finish(so);
	out_of_net(k, pr);
}

int
so_takeerror(struct socket *so)
{
	int error = so->so_error;

	so->so_error = 0;
	return -error;
}

/* --- what became of it --- */

void
soisconnecting(struct socket *so)
{
	so->so_state &= ~(unsigned)(SS_ISCONNECTED | SS_ISDISCONNECTING);
	so->so_state |= SS_ISCONNECTING;
}

static void
enqueue(struct socket *head, struct socket *so)
{
	so->so_qnext = NULL;
	*head->so_qtail = so;
	head->so_qtail = &so->so_qnext;
	head->so_qlen++;
	so->so_onq = true;
	so->so_head = head;
}

static void
enqueue0(struct socket *head, struct socket *so)
{
	so->so_qnext = head->so_q0;
	head->so_q0 = so;
	head->so_q0len++;
	so->so_onq0 = true;
	so->so_head = head;
}

static void
dequeue0(struct socket *head, struct socket *so)
{
	struct socket **at = &head->so_q0;

	while (*at != so)
		at = &(*at)->so_qnext;
	*at = so->so_qnext;
	head->so_q0len--;
	so->so_onq0 = false;
	so->so_qnext = so->so_head = NULL;
}

static struct socket *
dequeue(struct socket *head)
{
	struct socket *so = head->so_q;

	if (so == NULL)
		return NULL;
	head->so_q = so->so_qnext;
	if (head->so_q == NULL)
		head->so_qtail = &head->so_q;
	head->so_qlen--;
	return so;
}

static void
head_ready(struct socket *head)
{
	so_wake(head, &head->so_cond);
	sorwakeup(head);
}

/* From "so locked" to "its listener too", if it still is in so_q0: the listener, with a reference. */
static struct socket *
lock_head0(struct socket *so)
{
	struct socket *head = so->so_head;

	if (!so->so_onq0)
		return NULL;
	so_get(head);
	sounlock(so);
	solock(head);
	solock(so);
	if (so->so_onq0 && so->so_head == head)
		return head;
	sounlock(head);
	so_put(head);
	return NULL;
}

void
soisconnected(struct socket *so)
{
	struct socket *head;

	so->so_state &= ~(unsigned)(SS_ISCONNECTING | SS_ISDISCONNECTING);
	so->so_state |= SS_ISCONNECTED;
	if ((head = lock_head0(so)) != NULL) {
		so->so_accf = NULL;
		dequeue0(head, so);
		enqueue(head, so);
		head_ready(head);
		sounlock(head);
		so_put(head);
	}
	so_wake(so, &so->so_cond);
	sorwakeup(so);
	sowwakeup(so);
}

void
soisdisconnecting(struct socket *so)
{
	so->so_state &= ~(unsigned)SS_ISCONNECTING;
	so->so_state |= SS_ISDISCONNECTING | SS_CANTRCVMORE | SS_CANTSENDMORE;
	so_wake(so, &so->so_cond);
	sowwakeup(so);
	sorwakeup(so);
}

void
soisdisconnected(struct socket *so)
{
	so->so_state &= ~(
	    unsigned)(SS_ISCONNECTING | SS_ISCONNECTED | SS_ISDISCONNECTING);
	so->so_state |= SS_CANTRCVMORE | SS_CANTSENDMORE | SS_ISDISCONNECTED;
	sbflush(so->so_k, &so->so_snd);
	so_wake(so, &so->so_cond);
	sowwakeup(so);
	sorwakeup(so);
}

void
socantsendmore(struct socket *so)
{
	so->so_state |= SS_CANTSENDMORE;
	sowwakeup(so);
}

void
socantrcvmore(struct socket *so)
{
	so->so_state |= SS_CANTRCVMORE;
	sorwakeup(so);
}

void
soroverflow(struct socket *so)
{
	so->so_overflowed++;
}

void
sohasoutofband(struct socket *so)
{
	so_signal(so, SIGURG);
	selnotify(so->so_k, &so->so_rcv.sb_sel, POLLPRI | POLLRDBAND, 0);
}

void
sofree(struct socket *so)
{
	struct socket *head;

	if (so->so_incall)
		return;
	if (so->so_pcb == NULL && (head = lock_head0(so)) != NULL) {
		dequeue0(head, so);
		sounlock(head);
		so_put(head);
	}
	so_finish(so);
}

/* --- making --- */

int
socreate(struct lwp *l, int domain, int type, int proto, struct socket **sop)
{
	struct rump_kernel *k = l->l_k;
	const struct protosw *pr;
	struct socket *so;
	int error;

	*sop = NULL;
	if (domain < 0 || domain >= AF_MAX || NS(k)->ns_domains[domain] == NULL)
		return -EAFNOSUPPORT;
	pr = proto != 0 ? pffindproto(k, domain, proto, type) :
			  pffindtype(k, domain, type);
	if (pr == NULL)
		return proto == 0 && type != 0 ? -EPROTOTYPE : -EPROTONOSUPPORT;
	if ((so = so_alloc(k, pr, l->l_cred)) == NULL)
		return -ENOBUFS;
	so->so_pid = l->l_proc->p_pid;
	so->so_sblimit = sb_limit(l, so);
	so_enter(so, false);
	error = pr->pr_usrreqs->pr_attach(l, so, proto);
	if (error != 0)
		so->so_state |= SS_NOFDREF;
	so_leave_finish(so);
	if (error == 0)
		*sop = so;
	return error;
}

static void
inherit(struct socket *so, const struct socket *head)
{
	so->so_options = atomic_load(&head->so_options) &
	    ~(unsigned)SO_ACCEPTCONN;
	so->so_linger = head->so_linger;
	so->so_pgid = head->so_pgid;
	so->so_pid = head->so_pid;
	so->so_sblimit = head->so_sblimit;
	so->so_state = SS_NOFDREF;
	so->so_rcv.sb_lowat = head->so_rcv.sb_lowat;
	so->so_snd.sb_lowat = head->so_snd.sb_lowat;
	so->so_rcv.sb_timeo_ns = atomic_load(&head->so_rcv.sb_timeo_ns);
	so->so_snd.sb_timeo_ns = atomic_load(&head->so_snd.sb_timeo_ns);
	so->so_rcv.sb_flags = head->so_rcv.sb_flags & (SB_AUTOSIZE | SB_ASYNC);
	so->so_snd.sb_flags = head->so_snd.sb_flags & (SB_AUTOSIZE | SB_ASYNC);
}

struct socket *
sonewconn(struct socket *head, unsigned connstate)
{
	struct rump_kernel *k = head->so_k;
	const struct protosw *pr = head->so_proto;
	struct socket *so;
	int error;

	if ((atomic_load(&head->so_options) & SO_ACCEPTCONN) == 0 ||
	    head->so_qlen + (head->so_accf == NULL ? head->so_q0len : 0) >
		3 * head->so_qlimit / 2)
		return NULL;
	if ((so = so_alloc(k, pr, head->so_cred)) == NULL)
		return NULL;
	solock(so);
	inherit(so, head);
	error = soreserve(so, head->so_snd.sb_hiwat, head->so_rcv.sb_hiwat);
	if (error == 0) {
		so->so_incall = true;
		error = pr->pr_usrreqs->pr_attach(
		    k->k_lwp0, so, pr->pr_protocol);
		so->so_incall = false;
	}
	if (error != 0) {
		so_finish(so);
		return NULL;
	}
	if (connstate != 0) {
		so->so_state |= connstate;
		enqueue(head, so);
		head_ready(head);
	} else
		enqueue0(head, so);
	return so;
}

struct socket *
sonewconn_filtered(struct socket *head)
{
	struct socket *so = sonewconn(
	    head, head->so_accf == NULL ? SS_ISCONNECTED : 0);

	if (so == NULL)
		return NULL;
	so_get(so);
	if (so->so_onq0) {
		so->so_state |= SS_ISCONNECTED;
		so->so_accf = head->so_accf;
	}
	return so;
}

void
so_release0(struct socket *head)
{
	struct socket *so, *next;

	for (so = head->so_q0; so != NULL; so = next) {
		next = so->so_qnext;
		solock(so);
		if (so->so_accf != NULL) {
			so->so_accf = NULL;
			dequeue0(head, so);
			enqueue(head, so);
			head_ready(head);
		}
		sounlock(so);
	}
}

struct socket *
so_takeoldest0(struct socket *head)
{
	struct socket *so = head->so_q0;

	if (so == NULL || head->so_accf == NULL ||
	    head->so_q0len <= 3 * head->so_qlimit / 2)
		return NULL;
	while (so->so_qnext != NULL)
		so = so->so_qnext;
	so_get(so);
	solock(so);
	dequeue0(head, so);
	return so;
}

/* --- connections --- */

int
sobind(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	const struct pr_usrreqs *pru = so->so_proto->pr_usrreqs;
	int error = -EOPNOTSUPP;

	so_enter(so, false);
	if (so->so_pcb == NULL)
		error = -EINVAL;
	else if (pru->pr_bind != NULL)
		error = pru->pr_bind(l, so, nam);
	so_leave(so);
	return error;
}

int
solisten(struct lwp *l, struct socket *so, int backlog)
{
	const struct pr_usrreqs *pru = so->so_proto->pr_usrreqs;
	int error = 0;

	if (pru->pr_listen == NULL)
		return -EOPNOTSUPP;
	so_enter(so, false);
	if (so->so_pcb == NULL ||
	    (so->so_state &
		(SS_ISCONNECTED | SS_ISCONNECTING | SS_ISDISCONNECTING |
		    SS_ISDISCONNECTED)) != 0)
		error = -EINVAL;
	else
		error = pru->pr_listen(l, so);
	if (error == 0) {
		if (so->so_q == NULL)
			atomic_fetch_or(&so->so_options, SO_ACCEPTCONN);
		if (backlog < 0)
			backlog = 0;
		so->so_qlimit = (short)(backlog < SOMAXCONN ? backlog :
							      SOMAXCONN);
	}
	so_leave(so);
	return error;
}

/* The next of a listener's queue; locked. */
static int
take_connection(
    struct lwp *l, struct socket *head, bool nonblock, struct socket **sop)
{
	uint32_t restarts = 0;
	int error = 0;

	solock(head);
	while ((*sop = dequeue(head)) == NULL) {
		if ((atomic_load(&head->so_options) & SO_ACCEPTCONN) == 0)
			error = (head->so_proto->pr_flags & PR_LISTEN) != 0 ?
			    -EINVAL :
			    -EOPNOTSUPP;
		else if (head->so_error != 0)
			error = so_takeerror(head);
		else if ((head->so_state & SS_CANTRCVMORE) != 0)
			error = -ECONNABORTED;
		else if (nonblock)
			error = -EWOULDBLOCK;
		else
			error = so_sleep(
			    l, head, &head->so_cond, WAIT_FOREVER, &restarts);
		if (error != 0)
			break;
	}
	if (*sop != NULL) {
		solock(*sop);
		(*sop)->so_onq = false;
		(*sop)->so_head = (*sop)->so_qnext = NULL;
		(*sop)->so_state &= ~(unsigned)SS_NOFDREF;
		(*sop)->so_pid = l->l_proc->p_pid;
		sounlock(*sop);
	}
	sounlock(head);
	return error;
}

int
soaccept(struct lwp *l, struct socket *head, bool nonblock, struct socket **sop,
    struct sockaddr *name)
{
	struct socket *so;
	int error;

	name->sa_len = 0;
	*sop = NULL;
	if ((error = take_connection(l, head, nonblock, &so)) != 0)
		return error;
	so_enter(so, false);
	if (so->so_pcb == NULL)
		error = -ECONNABORTED;
	else if (so->so_proto->pr_usrreqs->pr_accept != NULL)
		error = so->so_proto->pr_usrreqs->pr_accept(so, name);
	so_leave(so);
	if (error != 0)
		(void)soclose(l, so);
	else
		*sop = so;
	return error;
}

static int
start_connect(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	const struct protosw *pr = so->so_proto;
	unsigned old = so->so_state;

	if ((atomic_load(&so->so_options) & SO_ACCEPTCONN) != 0 ||
	    pr->pr_usrreqs->pr_connect == NULL)
		return -EOPNOTSUPP;
	if (so->so_pcb == NULL)
		return -EINVAL;
	if ((old & SS_ISCONNECTING) != 0)
		return -EALREADY;
	/* Who needs no connection may have another one. */
	if ((old & SS_ISCONNECTED) != 0 &&
	    ((pr->pr_flags & PR_CONNREQUIRED) != 0 ||
		pr->pr_usrreqs->pr_disconnect(so) != 0))
		return -EISCONN;
	so->so_state &= ~(unsigned)SS_ISDISCONNECTED;
	return pr->pr_usrreqs->pr_connect(l, so, nam);
}

int
soconnect(struct lwp *l, struct socket *so, struct sockaddr *nam, bool nonblock)
{
	uint32_t restarts = 0;
	int error;

	so_enter(so, false);
	error = start_connect(l, so, nam);
	so_leave(so);
	if (error != 0)
		return error;
	solock(so);
	while ((so->so_state & SS_ISCONNECTING) != 0 && so->so_error == 0) {
		error = nonblock ?
		    -EINPROGRESS :
		    so_sleep(l, so, &so->so_cond, WAIT_FOREVER, &restarts);
		if (error != 0)
			break;
	}
	if (error == 0 && (error = so_takeerror(so)) != 0)
		so->so_state &= ~(unsigned)SS_ISCONNECTING;
	sounlock(so);
	return error;
}

int
soconnect2(struct lwp *l, struct socket *so1, struct socket *so2)
{
	const struct protosw *pr = so1->so_proto;
	bool swap = so1 > so2;
	int error;

	(void)l;
	if (pr->pr_usrreqs->pr_connect2 == NULL)
		return -EOPNOTSUPP;
	so_enter(swap ? so2 : so1, false);
	solock(swap ? so1 : so2);
	error = pr->pr_usrreqs->pr_connect2(so1, so2);
	sounlock(swap ? so1 : so2);
	so_leave(swap ? so2 : so1);
	return error;
}

int
sodisconnect(struct lwp *l, struct socket *so)
{
	int error;

	(void)l;
	so_enter(so, false);
	if ((so->so_state & SS_ISCONNECTED) == 0)
		error = -ENOTCONN;
	else if ((so->so_state & SS_ISDISCONNECTING) != 0)
		error = -EALREADY;
	else
		error = so->so_proto->pr_usrreqs->pr_disconnect(so);
	so_leave(so);
	return error;
}

void
sorflush(struct lwp *l, struct socket *so)
{
	uint32_t restarts = so->so_restarts;

	socantrcvmore(so);
	if (sblock(l, so, &so->so_rcv, false, &restarts) == 0) {
		sbflush(so->so_k, &so->so_rcv);
		so->so_oobmark = 0;
		sbunlock(so, &so->so_rcv);
	}
}

int
soshutdown(struct lwp *l, struct socket *so, int how)
{
	const struct protosw *pr = so->so_proto;
	int error = 0;

	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return -EINVAL;
	solock(so);
	if ((pr->pr_flags & PR_CONNREQUIRED) != 0 &&
	    (so->so_state & (SS_ISCONNECTED | SS_ISDISCONNECTING)) == 0)
		error = -ENOTCONN;
	else if (how != SHUT_WR)
		sorflush(l, so);
	sounlock(so);
	if (error != 0)
		return error;
	so_enter(so, false);
	if (so->so_pcb == NULL)
		error = -ENOTCONN;
	else {
		if (how != SHUT_WR && (pr->pr_flags & PR_WANTRCVD) != 0)
			(void)pr->pr_usrreqs->pr_rcvd(so, 0);
		if (how != SHUT_RD && so->so_pcb != NULL)
			error = pr->pr_usrreqs->pr_shutdown == NULL ?
			    -EOPNOTSUPP :
			    pr->pr_usrreqs->pr_shutdown(so);
	}
	so_leave(so);
	return error;
}

/* --- the end --- */

/* Takes what a listener has in its queues; listed by so_qnext. so_lock held. */
static struct socket *
take_queues(struct socket *head)
{
	struct socket *list = NULL, *so;

	atomic_fetch_and(&head->so_options, ~(unsigned)SO_ACCEPTCONN);
	while ((so = head->so_q0) != NULL || (so = head->so_q) != NULL) {
		solock(so);
		if (so->so_onq0)
			dequeue0(head, so);
		else {
			(void)dequeue(head);
			so->so_onq = false;
			so->so_head = NULL;
		}
		/* One whose protocol is done meanwhile goes by soabort only. */
		so_get(so);
		so->so_qnext = list;
		list = so;
		sounlock(so);
	}
	return list;
}

static void
soabort(struct socket *so)
{
	so_enter(so, false);
	if (so->so_pcb != NULL)
		(void)so->so_proto->pr_usrreqs->pr_abort(so);
	so_leave_finish(so);
}

/*
 * Until what was sent has arrived, for as long as the user said. Who closes for a process that exits, or for a message that nobody took, is
 * not woken by a halt: he looks now and then. The kernel's own lwp has other things to do than to wait.
 */
static void
linger(struct lwp *l, struct socket *so)
{
	int64_t now = kern_uptime_ns(so->so_k),
		end = now + so->so_linger * INT64_C(1000000000);
	int error = 0;

	if (l == so->so_k->k_lwp0)
		return;
	while ((so->so_state & SS_ISCONNECTED) != 0 && now < end &&
	    !kern_halting(so->so_k)) {
		error = kern_wait(l, &so->so_cond, &so->so_lock, WAIT_INTR,
		    end - now < LINGER_LOOK_NS ? end : now + LINGER_LOOK_NS);
		if (error != 0 && error != -EWOULDBLOCK)
			break;
		now = kern_uptime_ns(so->so_k);
	}
}

int
soclose(struct lwp *l, struct socket *so)
{
	const struct pr_usrreqs *pru = so->so_proto->pr_usrreqs;
	struct socket *queued = NULL, *next;
	int error = 0;

	so_enter(so, false);
	if ((atomic_load(&so->so_options) & SO_ACCEPTCONN) != 0)
		queued = take_queues(so);
	if (so->so_pcb != NULL && (so->so_state & SS_ISCONNECTED) != 0) {
		if ((so->so_state & SS_ISDISCONNECTING) == 0 &&
		    pru->pr_disconnect != NULL)
			error = pru->pr_disconnect(so);
		if ((atomic_load(&so->so_options) & SO_LINGER) != 0 &&
		    so->so_linger > 0 && (so->so_state & SS_ISCONNECTED) != 0 &&
		    (so->so_proto->pr_flags & PR_CONNREQUIRED) != 0) {
			so_leave(so);
			solock(so);
			linger(l, so);
			sounlock(so);
			so_enter(so, false);
		}
	}
	if (so->so_pcb != NULL)
		pru->pr_detach(so);
	so->so_state |= SS_NOFDREF;
	so_leave_finish(so);
	for (; queued != NULL; queued = next) {
		next = queued->so_qnext;
		soabort(queued);
		so_put(queued);
	}
	return error == -ENOTCONN ? 0 : error;
}
