/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sending: data from the user into mbufs, and those to the protocol, as room comes up.
 *
 * What is sent of a stream by one call stays together: SB_LOCK of so_snd. Messages are whole by themselves, their senders do not wait for one
 * another. The user's memory is read with no lock held.
 */
#include <limits.h>
#include "net/socket_private.h"

/* Room in front of a message, for the headers of every protocol. */
#define LEAD 128
#define OOB_ROOM 1024

struct send {
	struct lwp *l;
	struct socket *so;
	struct sockaddr *addr;
	struct uio *uio;
	struct mbuf *control;
	size_t clen; /* bytes of control */
	int flags;
	bool atomic, nonblock;
	uint32_t restarts;
	int64_t deadline;
};

/* May it be sent at all? so_lock held. */
static int
may_send(const struct send *s)
{
	struct socket *so = s->so;

	if ((so->so_state & SS_CANTSENDMORE) != 0)
		return -EPIPE;
	if (so->so_error != 0)
		return so_takeerror(so);
	if ((so->so_state & SS_ISCONNECTED) != 0)
		return 0;
	if ((so->so_proto->pr_flags & PR_CONNREQUIRED) != 0)
		return -ENOTCONN;
	return s->addr == NULL ? -EDESTADDRREQ : 0;
}

/* Waits for room: *chunk bytes may go now. so_lock held. */
static int
await_room(struct send *s, size_t *chunk)
{
	struct socket *so = s->so;
	struct sockbuf *sb = &so->so_snd;
	size_t resid = s->uio->uio_resid;

	for (;;) {
		size_t room;
		int error = may_send(s);

		if (error != 0)
			return error;
		if ((s->atomic && resid > sb->sb_hiwat) ||
		    s->clen > sb->sb_hiwat)
			return -EMSGSIZE;
		room = sbspace(sb);
		if ((s->flags & MSG_OOB) != 0)
			room += OOB_ROOM;
		if (room >= resid + s->clen) {
			*chunk = resid;
			return 0;
		}
		if (!s->atomic && room >= sb->sb_lowat && room > s->clen) {
			*chunk = room - s->clen;
			return 0;
		}
		/* An empty buffer takes whatever its limit of bytes allows. */
		if (sb->sb_cc == 0) {
			*chunk = s->atomic || resid < sb->sb_hiwat ?
			    resid :
			    sb->sb_hiwat;
			return 0;
		}
		if (s->nonblock)
			return -EWOULDBLOCK;
		error = so_sleep(
		    s->l, so, &sb->sb_cond, s->deadline, &s->restarts);
		if (error != 0)
			return error;
	}
}

/* One piece to the protocol, which takes m and the control messages. */
static int
put_down(struct send *s, struct mbuf *m)
{
	struct socket *so = s->so;
	const struct pr_usrreqs *pru = so->so_proto->pr_usrreqs;
	struct mbuf *control = s->control;
	bool dontroute = (s->flags & MSG_DONTROUTE) != 0 && s->atomic &&
	    (atomic_load(&so->so_options) & SO_DONTROUTE) == 0;
	int flags = s->flags, error;

	if (!s->atomic && s->uio->uio_resid > 0)
		flags |= PRUS_MORETOCOME;
	s->control = NULL;
	s->clen = 0;
	so_enter(so, false);
	if ((so->so_state & SS_CANTSENDMORE) != 0 || so->so_pcb == NULL) {
		error = so->so_pcb == NULL ? -EPIPE : may_send(s);
		m_freem(m);
		m_freem(control);
		so_leave(so);
		return error != 0 ? error : -EPIPE;
	}
	if (dontroute)
		atomic_fetch_or(&so->so_options, SO_DONTROUTE);
	if ((flags & MSG_OOB) == 0)
		error = pru->pr_send(s->l, so, m, s->addr, control, flags);
	else if (pru->pr_sendoob != NULL)
		error = pru->pr_sendoob(so, m, control);
	else {
		m_freem(m);
		m_freem(control);
		error = -EOPNOTSUPP;
	}
	if (dontroute)
		atomic_fetch_and(&so->so_options, ~(unsigned)SO_DONTROUTE);
	so_leave(so);
	return error;
}

static int
send_pieces(struct send *s, bool *locked)
{
	struct socket *so = s->so;
	struct rump_kernel *k = so->so_k;
	struct mbuf *m;
	size_t chunk = 0;
	int error;

	do {
		solock(so);
		error = 0;
		if (!s->atomic && !*locked) {
			error = sblock(
			    s->l, so, &so->so_snd, s->nonblock, &s->restarts);
			*locked = error == 0;
		}
		if (error == 0)
			error = await_room(s, &chunk);
		sounlock(so);
		if (error != 0)
			return error;
		error = m_uiomove(k, s->uio, chunk, s->atomic ? LEAD : 0, &m);
		if (error != 0)
			return error;
		if ((s->flags & MSG_EOR) != 0 && s->uio->uio_resid == 0) {
			struct mbuf *last = m;

			while (last->m_next != NULL)
				last = last->m_next;
			last->m_flags |= M_EOR;
		}
		if ((error = put_down(s, m)) != 0)
			return error;
	} while (s->uio->uio_resid > 0);
	return 0;
}

int
sosend(struct lwp *l, struct socket *so, struct sockaddr *addr, struct uio *uio,
    struct mbuf *control, int flags)
{
	struct send s = { .l = l, .so = so, .addr = addr, .uio = uio };
	bool locked = false;
	int error;

	s.control = control;
	s.clen = m_length(control);
	s.flags = flags;
	s.atomic = (so->so_proto->pr_flags & PR_ATOMIC) != 0;
	s.nonblock = (flags & (MSG_DONTWAIT | MSG_NBIO)) != 0;
	s.deadline = sb_deadline(so, &so->so_snd);
	if (uio->uio_resid > INT_MAX ||
	    (so->so_type == SOCK_STREAM && (flags & MSG_EOR) != 0))
		error = -EINVAL;
	else
		error = send_pieces(&s, &locked);
	m_freem(s.control);
	if (locked) {
		solock(so);
		sbunlock(so, &so->so_snd);
		sounlock(so);
	}
	return error;
}
