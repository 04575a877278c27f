/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What sockets ask of TCP (RFC 9293 3.9.1). All with the net lock shared and
 * so_lock held; a block that ends here leaves so_pcb NULL, and the socket
 * layer does the rest.
 */
#include "netinet/tcp_var.h"

int
tcp_attach(struct lwp *l, struct socket *so, int proto)
{
	struct tcp_state *tc = TCP(so->so_k);
	int error;

	(void)l, (void)proto;
	if (tc == NULL)
		return -EPROTONOSUPPORT;
	if (so->so_snd.sb_hiwat == 0 || so->so_rcv.sb_hiwat == 0) {
		if ((error = soreserve(so, (size_t)atomic_load(&tc->sendspace),
			 (size_t)atomic_load(&tc->recvspace))) != 0)
			return error;
		so->so_snd.sb_flags |= SB_AUTOSIZE;
		so->so_rcv.sb_flags |= SB_AUTOSIZE;
	}
	if ((error = in_pcballoc(so, tc->tc_table)) != 0)
		return error;
	if ((error = tcp_newtcpcb(sotoinpcb(so))) != 0) {
		in_pcbfree(sotoinpcb(so));
		return error;
	}
	if ((atomic_load(&so->so_options) & SO_LINGER) != 0 &&
	    so->so_linger == 0)
		so->so_linger = TCP_LINGERTIME;
	return 0;
}

/* The user sends no more: towards the FIN. */
static void
user_closed(struct tcpcb *tp)
{
	switch (tp->t_state) {
	case TCPS_CLOSED:
	case TCPS_LISTEN:
	case TCPS_SYN_SENT:
		tcp_close(tp);
		return;
	case TCPS_SYN_RECEIVED:
	case TCPS_ESTABLISHED:
		tp->t_state = TCPS_FIN_WAIT_1;
		break;
	case TCPS_CLOSE_WAIT:
		tp->t_state = TCPS_LAST_ACK;
		break;
	case TCPS_FIN_WAIT_2:
		/* The peer may never close. */
		soisdisconnected(tp->t_so);
		if (!tcp_timer_on(tp, TT_2MSL))
			tcp_timer_set(tp, TT_2MSL,
			    tcp_keepintvl_ns(tp) * tcp_keepcnt_of(tp));
		return;
	case TCPS_TIME_WAIT:
		soisdisconnected(tp->t_so);
		return;
	default:
		return;
	}
	(void)tcp_output(tp);
}

int
tcp_disconnect(struct socket *so)
{
	struct tcpcb *tp = so->so_pcb == NULL ? NULL : sototcpcb(so);

	if (tp == NULL)
		return -EINVAL;
	if (tp->t_state < TCPS_ESTABLISHED && tp->t_state != TCPS_SYN_RECEIVED)
		tcp_close(tp);
	else if ((atomic_load(&so->so_options) & SO_LINGER) != 0 &&
	    so->so_linger == 0)
		tcp_drop(tp, 0);
	else {
		soisdisconnecting(so);
		sbflush(so->so_k, &so->so_rcv);
		tcp_reass_free(tp);
		user_closed(tp);
	}
	return 0;
}

void
tcp_detach(struct socket *so)
{
	struct tcpcb *tp = so->so_pcb == NULL ? NULL : sototcpcb(so);

	if (tp == NULL)
		return;
	if (tp->t_state < TCPS_SYN_RECEIVED)
		tcp_close(tp);
	else if ((so->so_state & SS_ISDISCONNECTING) == 0 ||
	    tp->t_state == TCPS_FIN_WAIT_2)
		(void)tcp_disconnect(so);
	if (so->so_pcb != NULL && tp->t_state == TCPS_TIME_WAIT)
		tcp_tw_enter(tp);
}

static int
tcp_bind(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	return in_pcbbind(sotoinpcb(so), nam, l);
}

int
tcp_listen(struct lwp *l, struct socket *so)
{
	struct inpcb *inp = sotoinpcb(so);
	struct tcpcb *tp = intotcpcb(inp);
	int error;

	if (tp->t_state != TCPS_CLOSED && tp->t_state != TCPS_LISTEN)
		return -EINVAL;
	if (inp->inp_lport == 0 && (error = in_pcbbind(inp, NULL, l)) != 0)
		return error;
	tp->t_state = TCPS_LISTEN;
	return 0;
}

/* SYN_SENT, in either family. */
static int
start(struct tcpcb *tp)
{
	struct tcp_state *tc = tp->t_tcp;
	struct inpcb *inp = tp->t_inpcb;
	struct tcp_ends e;

	tcp_ends_of(inp, &e);
	tp->t_req_scale = tcp_wscale(tc);
	tp->t_ourmss = tcp_mss_ours(tc, &e, inp);
	tp->t_starttime = kern_uptime_ns(tc->tc_k);
	soisconnecting(tp->t_so);
	tcpstat_inc(tc, TCP_STAT_CONNATTEMPT);
	tp->t_state = TCPS_SYN_SENT;
	tp->iss = tcp_newiss(tc, &e);
	tp->snd_una = tp->snd_nxt = tp->snd_max = tp->snd_up = tp->snd_recover = tp->iss;
	tp->t_highrxt = tp->iss;
	if (atomic_load(&tc->ecn_enable))
		tp->t_flags |= TF_SYN_ECN;
	tcp_timer_set(tp, TT_KEEP, tcp_keepinit_ns(tp));
	return tcp_output(tp);
}

int
tcp_connect_common(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	struct inpcb *inp = sotoinpcb(so);
	struct tcpcb *tp = intotcpcb(inp);
	int error;

	if (tp->t_state == TCPS_LISTEN)
		return -EOPNOTSUPP;
	if (tp->t_state != TCPS_CLOSED)
		return -EISCONN;
	if ((error = in_pcbconnect(inp, nam, l)) != 0)
		return error;
	if ((error = start(tp)) != 0 && so->so_pcb != NULL) {
		for (int i = 0; i < TT_COUNT; i++)
			tcp_timer_stop(tp, i);
		tp->t_state = TCPS_CLOSED;
		so->so_state &= ~(unsigned)SS_ISCONNECTING;
		in_pcbdisconnect(inp);
	}
	return error;
}

int
tcp_shutdown(struct socket *so)
{
	socantsendmore(so);
	if (so->so_pcb != NULL)
		user_closed(sototcpcb(so));
	return 0;
}

int
tcp_abort(struct socket *so)
{
	if (so->so_pcb != NULL)
		tcp_drop(sototcpcb(so), ECONNABORTED);
	return 0;
}

int
tcp_stat_req(struct socket *so, struct stat *st)
{
	(void)so, (void)st;
	return 0;
}

int
tcp_rcvd(struct socket *so, int flags)
{
	(void)flags;
	if (so->so_pcb != NULL && TCPS_HAVEESTABLISHED(sototcpcb(so)->t_state))
		(void)tcp_output(sototcpcb(so));
	return 0;
}

int
tcp_recvoob(struct socket *so, struct mbuf *m, int flags)
{
	struct tcpcb *tp = sototcpcb(so);

	if ((so->so_oobmark == 0 && (so->so_state & SS_RCVATMARK) == 0) ||
	    (atomic_load(&so->so_options) & SO_OOBINLINE) != 0 ||
	    (tp->t_flags & TF_HADOOB) != 0)
		return -EINVAL;
	if ((tp->t_flags & TF_HAVEOOB) == 0)
		return -EWOULDBLOCK;
	m->m_len = 1;
	m->m_data[0] = tp->t_iobc;
	if ((flags & MSG_PEEK) == 0)
		tp->t_flags ^= TF_HAVEOOB | TF_HADOOB;
	return 0;
}

static int
no_control(struct mbuf *m, struct mbuf *control)
{
	if (control == NULL)
		return 0;
	m_freem(control);
	m_freem(m);
	return -EINVAL;
}

int
tcp_send_req(struct lwp *l, struct socket *so, struct mbuf *m,
    struct sockaddr *nam, struct mbuf *control, int flags)
{
	struct tcpcb *tp = sototcpcb(so);
	int error;

	(void)l, (void)nam;
	if ((error = no_control(m, control)) != 0)
		return error;
	if (tp->t_state == TCPS_CLOSED || tp->t_state == TCPS_LISTEN) {
		m_freem(m);
		return -ENOTCONN;
	}
	sbappendstream(&so->so_snd, m);
	if ((flags & PRUS_MORETOCOME) != 0)
		tp->t_flags |= TF_MORETOCOME;
	error = tcp_output(tp);
	if (so->so_pcb != NULL)
		tp->t_flags &= ~TF_MORETOCOME;
	return error;
}

int
tcp_sendoob(struct socket *so, struct mbuf *m, struct mbuf *control)
{
	struct tcpcb *tp = sototcpcb(so);
	int error;

	if ((error = no_control(m, control)) != 0)
		return error;
	if (tp->t_state < TCPS_SYN_SENT ||
	    so->so_snd.sb_cc > so->so_snd.sb_hiwat + 512) {
		m_freem(m);
		return tp->t_state < TCPS_SYN_SENT ? -ENOTCONN : -ENOBUFS;
	}
	sbappendstream(&so->so_snd, m);
	/* Behind the last byte: the other reading of RFC 793 (RFC 6093 3.1). */
	tp->snd_up = tp->snd_una + (uint32_t)so->so_snd.sb_cc +
	    (tp->t_state < TCPS_ESTABLISHED);
	tp->t_flags |= TF_FORCE;
	error = tcp_output(tp);
	if (so->so_pcb != NULL)
		tp->t_flags &= ~TF_FORCE;
	return error;
}

static int
tcp_sockaddr(struct socket *so, struct sockaddr *nam)
{
	return in_setsockaddr(sotoinpcb(so), nam);
}

static int
tcp_peeraddr(struct socket *so, struct sockaddr *nam)
{
	return in_setpeeraddr(sotoinpcb(so), nam);
}

const struct pr_usrreqs tcp_usrreqs = {
	.pr_attach = tcp_attach,
	.pr_detach = tcp_detach,
	.pr_accept = tcp_peeraddr,
	.pr_connect = tcp_connect_common,
	.pr_bind = tcp_bind,
	.pr_listen = tcp_listen,
	.pr_disconnect = tcp_disconnect,
	.pr_shutdown = tcp_shutdown,
	.pr_abort = tcp_abort,
	.pr_ioctl = in_control,
	.pr_stat = tcp_stat_req,
	.pr_peeraddr = tcp_peeraddr,
	.pr_sockaddr = tcp_sockaddr,
	.pr_rcvd = tcp_rcvd,
	.pr_recvoob = tcp_recvoob,
	.pr_send = tcp_send_req,
	.pr_sendoob = tcp_sendoob,
};
