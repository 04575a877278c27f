/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receiving: records out of a buffer to the user.
 *
 * Who holds SB_LOCK of so_rcv owns the first record: he notes where its bytes are, copies them with no lock held, and then takes them off. So a
 * protocol goes on appending while the user's memory is written.
 */
#include <limits.h>
#include "net/socket_private.h"

#define PIECES 32
#define BOUNCE_MAX 65536

struct receive {
	struct lwp *l;
	struct socket *so;
	struct sockaddr *name;
	struct uio *uio;
	struct mbuf **control; /* NULL: nobody wants any */
	int flags, outflags;
	bool peek, atomic, nonblock;
	size_t peeked; /* of the first record, by MSG_PEEK | MSG_WAITALL */
	size_t want;
	uint32_t restarts;
	int64_t deadline;
};

/* --- out-of-band --- */

static int
receive_oob(struct receive *r)
{
	struct socket *so = r->so;
	const struct pr_usrreqs *pru = so->so_proto->pr_usrreqs;
	struct mbuf *m;
	int error = -EOPNOTSUPP;

	if ((m = m_get(so->so_k, MT_DATA)) == NULL)
		return -ENOBUFS;
	so_enter(so, false);
	if (pru->pr_recvoob != NULL)
		error = so->so_pcb == NULL ?
		    -EINVAL :
		    pru->pr_recvoob(so, m, r->flags & MSG_PEEK);
	so_leave(so);
	if (error == 0) {
		size_t n = m_length(m);

		if (n > r->uio->uio_resid)
			n = r->uio->uio_resid;
		error = m_uiocopy(m, 0, n, r->uio);
	}
	m_freem(m);
	return error;
}

/* --- waiting --- */

/* Is there enough, or must it be taken as it is? so_lock held. */
static bool
enough(const struct receive *r)
{
	const struct socket *so = r->so;
	const struct sockbuf *sb = &so->so_rcv;
	size_t resid = r->uio->uio_resid, need;

	if (sb->sb_mb == NULL)
		return false;
	if (r->atomic || sb->sb_mb->m_nextpkt != NULL || r->nonblock)
		return true;
	need = sb->sb_lowat;
	if ((r->flags & MSG_WAITALL) != 0 && need < resid)
		need = resid;
	if (need > resid)
		need = resid;
	if (need > sb->sb_hiwat)
		need = sb->sb_hiwat;
	if (sb->sb_cc >= need || sbspace(sb) == 0)
		return true;
	/* An urgent mark, or a record's end, is not waited over. */
	return so->so_oobmark != 0 || (so->so_state & SS_RCVATMARK) != 0 ||
	    (sb->sb_mbtail->m_flags & M_EOR) != 0 ||
	    sb->sb_mb->m_type != MT_DATA;
}

/* Until the first record may be taken: 1; 0 at the end of the data; -errno. SB_LOCK and so_lock held. */
static int
await_data(struct receive *r)
{
	struct socket *so = r->so;
	struct sockbuf *sb = &so->so_rcv;

	for (;;) {
		bool some = sb->sb_mb != NULL;
		int error;

		if (enough(r))
			return 1;
		if (so->so_error != 0) {
			if (some)
				return 1;
			return r->peek ? -so->so_error : so_takeerror(so);
		}
		if ((so->so_state & SS_CANTRCVMORE) != 0)
			return some;
		if ((so->so_state & (SS_ISCONNECTED | SS_ISCONNECTING)) == 0 &&
		    (so->so_proto->pr_flags & PR_CONNREQUIRED) != 0)
			return -ENOTCONN;
		if (r->uio->uio_resid == 0 && !r->atomic)
			return 0;
		if (r->nonblock)
			return -EWOULDBLOCK;
		error = so_sleep(
		    r->l, so, &sb->sb_cond, r->deadline, &r->restarts);
		if (error != 0)
			return some && error != -EBADF &&
				r->uio->uio_resid != r->want ?
			    1 :
			    error;
	}
}

/* --- names and control --- */

static void
take_name(struct receive *r)
{
	struct sockbuf *sb = &r->so->so_rcv;
	struct mbuf *m = sb->sb_mb;

	if (r->name != NULL) {
		size_t n = m->m_len < SOCKNAME_MAX ? m->m_len : SOCKNAME_MAX;

		memcpy(r->name, m->m_data, n);
		r->name->sa_len = (uint8_t)n;
	}
	if (!r->peek)
		m_freem(sb_takefirst(sb));
}

static bool
is_rights(const struct mbuf *m)
{
	struct cmsghdr cm;

	memcpy(&cm, m->m_data, sizeof(cm));
	return cm.cmsg_level == SOL_SOCKET && cm.cmsg_type == SCM_RIGHTS;
}

/* Rights are shown to who takes them only. */
static struct mbuf *
copy_control(const struct mbuf *m)
{
	if (is_rights(m))
		return NULL;
	return m_copym(m, 0, m->m_len);
}

/* The control messages of the first record that come before its data; *unwanted: those that nobody asked for. */
static struct mbuf *
take_control(struct receive *r, struct mbuf **unwanted)
{
	struct sockbuf *sb = &r->so->so_rcv;
	struct mbuf *m = sb->sb_mb;
	struct mbuf **tail = r->control;

	if (r->peek) {
		while (m != NULL && m->m_type == MT_SONAME)
			m = m->m_next;
		for (; m != NULL && m->m_type == MT_CONTROL; m = m->m_next) {
			if (tail != NULL && (*tail = copy_control(m)) != NULL)
				tail = &(*tail)->m_next;
		}
		return m;
	}
	while (sb->sb_mb == m && m != NULL && m->m_type == MT_CONTROL) {
		struct mbuf *next = m->m_next;

		(void)sb_takefirst(sb);
		if (tail != NULL) {
			*tail = m;
			tail = &m->m_next;
		} else {
			m->m_next = *unwanted;
			*unwanted = m;
		}
		if ((m = next) == NULL)
			break;
	}
	return m;
}

/* --- data --- */

/* Where bytes of the record are that begins at m: up to max pieces, up to len bytes. */
static int
find_pieces(const struct mbuf *m, size_t skip, size_t len, struct iovec *iov,
    int max, size_t *total)
{
	int n = 0;

	*total = 0;
	for (; m != NULL && len > 0 && n < max && m->m_type == MT_DATA;
	     m = m->m_next) {
		size_t have = m->m_len;

		if (have <= skip) {
			skip -= have;
			continue;
		}
		have -= skip;
		if (have > len)
			have = len;
		iov[n].iov_base = m->m_data + skip;
		iov[n++].iov_len = have;
		*total += have;
		len -= have;
		skip = 0;
		if ((m->m_flags & M_EOR) != 0)
			break;
	}
	return n;
}

/* A remote user's memory is far: one trip for many pieces. */
static int
copy_pieces(struct receive *r, const struct iovec *iov, int n, size_t total)
{
	struct lwp *l = r->uio->uio_lwp;
	uint8_t *bounce = NULL;
	size_t at = 0;
	int error = 0;

	if (n > 1 && l != NULL && l->l_proc->p_uspace != NULL &&
	    total <= BOUNCE_MAX)
		bounce = lwp_bounce(l, total);
	for (int i = 0; i < n && error == 0; i++) {
		if (bounce != NULL)
			memcpy(bounce + at, iov[i].iov_base, iov[i].iov_len);
		else
			error = uiomove(iov[i].iov_base, iov[i].iov_len, r->uio);
		at += iov[i].iov_len;
	}
	return bounce != NULL ? uiomove(bounce, total, r->uio) : error;
}

/* Takes bytes off and tells the protocol. Nothing is held on entry, so_lock on return. */
static void
taken(struct receive *r, size_t n)
{
	struct socket *so = r->so;
	const struct protosw *pr = so->so_proto;
	struct mbuf *gone;

	so_enter(so, false);
	gone = sb_take(&so->so_rcv, n);
	if (so->so_oobmark != 0 && so->so_oobmark >= n) {
		so->so_oobmark -= n;
		if (so->so_oobmark == 0)
			so->so_state |= SS_RCVATMARK;
	}
	if ((pr->pr_flags & PR_WANTRCVD) != 0 && so->so_pcb != NULL)
		(void)pr->pr_usrreqs->pr_rcvd(so, r->flags);
	so_leave(so);
	m_freem(gone);
	solock(so);
}

/* Bytes of a stream: one round. so_lock and SB_LOCK held, dropped meanwhile. 1: that was all that can be had. */
static int
stream_round(struct receive *r)
{
	struct socket *so = r->so;
	struct mbuf *m = so->so_rcv.sb_mb;
	struct iovec iov[PIECES];
	size_t len = r->uio->uio_resid, total;
	int n, error;

	so->so_state &= ~(unsigned)SS_RCVATMARK;
	if (so->so_oobmark != 0 && len > so->so_oobmark - r->peeked)
		len = so->so_oobmark > r->peeked ? so->so_oobmark - r->peeked :
						   0;
	while (m != NULL && m->m_type != MT_DATA)
		m = m->m_next;
	n = find_pieces(m, r->peeked, len, iov, PIECES, &total);
	if (n == 0)
		return 1;
	sounlock(so);
	error = copy_pieces(r, iov, n, total);
	if (error != 0) {
		solock(so);
		return error;
	}
	if (r->peek) {
		solock(so);
		r->peeked += total;
		return r->uio->uio_resid == 0;
	}
	taken(r, total);
	return (so->so_state & SS_RCVATMARK) != 0;
}

/* Control messages that came without data leave nothing behind. */
static void
drop_empty(struct receive *r)
{
	struct sockbuf *sb = &r->so->so_rcv;

	while (!r->peek && sb->sb_mb != NULL && sb->sb_mb->m_len == 0 &&
	    sb->sb_mb->m_type == MT_DATA)
		(void)m_free(sb_takefirst(sb));
}

static int
receive_stream(struct receive *r, struct mbuf **unwanted)
{
	struct socket *so = r->so;
	struct sockbuf *sb = &so->so_rcv;
	int error;

	if ((error = await_data(r)) <= 0)
		return error;
	if (sb->sb_mb->m_type == MT_SONAME)
		take_name(r);
	if (sb->sb_mb != NULL && sb->sb_mb->m_type == MT_CONTROL)
		(void)take_control(r, unwanted);
	drop_empty(r);
	while (r->uio->uio_resid > 0) {
		error = 1;
		if (sb->sb_mb != NULL &&
		    (r->peek || sb->sb_mb->m_type == MT_DATA))
			error = stream_round(r);
		if (error < 0 || r->uio->uio_resid == 0)
			return error;
		if (error == 0 && sb->sb_mb != NULL)
			continue;
		/* All that was there is taken. With MSG_WAITALL what comes is waited for. */
		if ((r->flags & MSG_WAITALL) == 0 || r->peek ||
		    sb->sb_mb != NULL || (so->so_state & SS_RCVATMARK) != 0)
			return 0;
		if ((error = await_data(r)) <= 0)
			return error == -EBADF ? error : 0;
	}
	return 0;
}

/* A message: the first record, whole. so_lock and SB_LOCK held. */
static int
receive_record(struct receive *r, struct mbuf **unwanted)
{
	struct socket *so = r->so;
	const struct protosw *pr = so->so_proto;
	struct sockbuf *sb = &so->so_rcv;
	struct mbuf *record = NULL, *m;
	size_t len, n;
	int error;

	if ((error = await_data(r)) <= 0)
		return error;
	if (r->peek) {
		m = sb->sb_mb;
		if (m->m_type == MT_SONAME)
			take_name(r);
		m = take_control(r, unwanted);
	} else {
		struct mbuf **control = r->control;

		record = m = sb_takerecord(sb);
		if (m->m_type == MT_SONAME) {
			if (r->name != NULL) {
				memcpy(r->name, m->m_data, m->m_len);
				r->name->sa_len = (uint8_t)m->m_len;
			}
			record = m = m_free(m);
		}
		while (m != NULL && m->m_type == MT_CONTROL) {
			record = m->m_next;
			m->m_next = NULL;
			if (control != NULL) {
				*control = m;
				control = &m->m_next;
			} else {
				m->m_next = *unwanted;
				*unwanted = m;
			}
			m = record;
		}
	}
	sounlock(so);
	len = m_length(m);
	n = len < r->uio->uio_resid ? len : r->uio->uio_resid;
	for (const struct mbuf *at = m; at != NULL; at = at->m_next)
		r->outflags |= (at->m_flags & M_EOR ? MSG_EOR : 0) |
		    (at->m_flags & M_BCAST ? MSG_BCAST : 0) |
		    (at->m_flags & M_MCAST ? MSG_MCAST : 0);
	if (n < len) {
		r->outflags |= MSG_TRUNC;
		r->outflags &= ~MSG_EOR;
	}
	error = m != NULL ? m_uiocopy(m, 0, n, r->uio) : 0;
	m_freem(record);
	if (!r->peek && (pr->pr_flags & PR_WANTRCVD) != 0) {
		so_enter(so, false);
		if (so->so_pcb != NULL)
			(void)pr->pr_usrreqs->pr_rcvd(so, r->flags);
		so_leave(so);
	}
	solock(so);
	return error;
}

/* Descriptors for rights; what nobody wants is given up. No lock. */
static int
finish_control(struct receive *r, struct mbuf *unwanted)
{
	const struct domain *dom = r->so->so_proto->pr_domain;
	struct rump_kernel *k = r->so->so_k;

	if (unwanted != NULL) {
		r->outflags |= MSG_CTRUNC;
		sb_dispose(k, unwanted);
	}
	if (r->control == NULL || *r->control == NULL || r->peek ||
	    dom->dom_externalize == NULL)
		return 0;
	return dom->dom_externalize(r->l, r->control, r->flags);
}

int
soreceive(struct lwp *l, struct socket *so, struct sockaddr *name,
    struct uio *uio, struct mbuf **control, int *flags)
{
	struct receive r = { .l = l, .so = so, .name = name, .uio = uio };
	struct mbuf *unwanted = NULL;
	int error;

	if (name != NULL)
		name->sa_len = 0;
	if (control != NULL)
		*control = NULL;
	r.control = control;
	r.flags = *flags & ~MSG_EOR;
	r.peek = (r.flags & MSG_PEEK) != 0;
	r.atomic = (so->so_proto->pr_flags & PR_ATOMIC) != 0;
	r.nonblock = (r.flags & (MSG_DONTWAIT | MSG_NBIO)) != 0;
	r.deadline = sb_deadline(so, &so->so_rcv);
	r.want = uio->uio_resid;
	*flags = 0;
	if (uio->uio_resid > INT_MAX)
		return -EINVAL;
	if ((r.flags & MSG_OOB) != 0)
		return receive_oob(&r);
	solock(so);
	error = sblock(l, so, &so->so_rcv, r.nonblock, &r.restarts);
	if (error == 0) {
		error = r.atomic ? receive_record(&r, &unwanted) :
				   receive_stream(&r, &unwanted);
		sbunlock(so, &so->so_rcv);
	}
	sounlock(so);
	if (error > 0)
		error = 0;
	if (unwanted != NULL || (control != NULL && *control != NULL)) {
		int e = finish_control(&r, unwanted);

		if (error == 0)
			error = e;
	}
	*flags = r.outflags;
	return error;
}
