/* SPDX-License-Identifier: BSD-2-Clause */
/* Data of local sockets: from the sender straight into the receiver's buffer, with credentials for who wants them. */
#include "net/unp.h"

static void
mirror(struct socket *from, const struct socket *to)
{
	from->so_snd.sb_cc = to->so_rcv.sb_cc;
	from->so_snd.sb_mbcnt = to->so_rcv.sb_mbcnt;
}

int
unp_rcvd(struct socket *so, int flags)
{
	struct socket *peer = unp_lock_peer(so);

	(void)flags;
	if (peer != NULL) {
		mirror(peer, so);
		sowwakeup(peer);
		unp_unlock_peer(so, peer);
	}
	return 0;
}

/* The sender's credentials, for who wants them. NULL: no memory. */
static struct mbuf *
credentials(struct lwp *l, bool old)
{
	const struct cred *cr = l->l_cred;
	size_t n = (size_t)(cr->cr_ngroups > 0 ? cr->cr_ngroups : 0), off, size;
	struct sockcred sc;
	struct mbuf *m;
	uint8_t *p;

	memset(&sc, 0, sizeof(sc));
	sc.sc_pid = l->l_proc->p_pid;
	sc.sc_uid = cr->cr_uid;
	sc.sc_euid = cr->cr_euid;
	sc.sc_gid = cr->cr_gid;
	sc.sc_egid = cr->cr_egid;
	sc.sc_ngroups = (int)n;
	/* The older form begins behind the process's number. */
	off = old ? sizeof(sc.sc_pid) : 0;
	size = offsetof(struct sockcred, sc_groups) - off +
	    (n > 0 ? n : 1) * sizeof(gid_t);
	m = sbcreatecontrol(
	    l->l_k, NULL, size, old ? SCM_OCREDS : SCM_CREDS, SOL_SOCKET);
	if (m == NULL)
		return NULL;
	p = m->m_data + CMSG_ALIGN(sizeof(struct cmsghdr));
	memcpy(p, (const uint8_t *)&sc + off,
	    offsetof(struct sockcred, sc_groups) - off);
	memcpy(p + offsetof(struct sockcred, sc_groups) - off, cr->cr_groups,
	    n * sizeof(gid_t));
	return m;
}

/* What the receiver wants to be told with a message is put behind its control messages. Of a stream that is its first. */
static void
add_credentials(struct lwp *l, struct socket *to, struct mbuf **control)
{
	struct unpcb *unp = sotounpcb(to);
	unsigned want = unp->unp_flags & (UNP_WANTCRED | UNP_OWANTCRED);
	struct mbuf *m;

	if (want == 0)
		return;
	m = credentials(l, (want & UNP_WANTCRED) == 0);
	if (m == NULL)
		return;
	if (!is_dgram(to))
		unp->unp_flags &= ~want;
	m->m_next = *control;
	*control = m;
}

/* so is connected to it, both are locked. Takes m and control where it says 0. */
static int
deliver(struct lwp *l, struct socket *so, struct socket *to, struct mbuf *m,
    struct mbuf **control)
{
	struct sockbuf *sb = &to->so_rcv;

	if ((to->so_state & SS_CANTRCVMORE) != 0 || sotounpcb(to) == NULL)
		return is_dgram(so) ? -ECONNREFUSED : -EPIPE;
	add_credentials(l, to, control);
	if (is_dgram(so)) {
		if (!sbappendaddr(sb, unp_name(so), m, *control)) {
			soroverflow(to);
			return -ENOBUFS;
		}
		unp_launch(so->so_k, sb->sb_lastrecord);
	} else {
		if (*control != NULL) {
			struct mbuf *first = *control;

			m_cat(first, m);
			sbappendrecord(sb, first);
			unp_launch(so->so_k, first);
		} else if ((so->so_proto->pr_flags & PR_ATOMIC) != 0)
			sbappendrecord(sb, m);
		else
			sbappendstream(sb, m);
		mirror(so, to);
	}
	sorwakeup(to);
	return 0;
}

/* Where a message goes, locked and referenced. */
static int
lock_target(
    struct lwp *l, struct socket *so, struct sockaddr *nam, struct socket **to)
{
	int error;

	if (nam == NULL || !is_dgram(so)) {
		if (nam != NULL)
			return -EISCONN;
		*to = unp_lock_peer(so);
		if (*to != NULL)
			return 0;
		return is_dgram(so) ? -ENOTCONN : -EPIPE;
	}
	if (sotounpcb(so)->unp_conn != NULL)
		return -EISCONN;
	sounlock(so);
	error = unp_find(l, nam, to);
	solock(so);
	if (error != 0)
		return error;
	if ((*to)->so_type != so->so_type) {
		so_put(*to);
		return -EPROTOTYPE;
	}
	(void)unp_lock_other(so, *to);
	return 0;
}

int
unp_send(struct lwp *l, struct socket *so, struct mbuf *m, struct sockaddr *nam,
    struct mbuf *control, int flags)
{
	struct socket *to;
	int error;

	(void)flags;
	if (control != NULL) {
		sounlock(so);
		error = unp_internalize(l, &control);
		solock(so);
		if (error != 0)
			goto out;
	}
	error = sotounpcb(so) != NULL ? lock_target(l, so, nam, &to) : -EPIPE;
	if (error == 0) {
		error = deliver(l, so, to, m, &control);
		unp_unlock_peer(so, to);
	}
	if (error == 0)
		return 0;
	if (control != NULL) {
		sounlock(so);
		unp_drop_rights(l, control);
		solock(so);
	}
out:
	m_freem(m);
	return error;
}
