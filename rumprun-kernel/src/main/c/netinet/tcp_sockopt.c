/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of TCP sockets: tcp(4)'s own; IP's go to IP. */
#include "netinet/tcp_var.h"
#include "netinet6/inet6.h"

static void
fill_info(struct tcpcb *tp, struct tcp_info *ti)
{
	memset(ti, 0, sizeof(*ti));
	ti->tcpi_state = tp->t_state;
	if ((tp->t_flags & (TF_REQ_TSTMP | TF_RCVD_TSTMP)) ==
	    (TF_REQ_TSTMP | TF_RCVD_TSTMP))
		ti->tcpi_options |= TCPI_OPT_TIMESTAMPS;
	if ((tp->t_flags & TF_SACK_PERMIT) != 0)
		ti->tcpi_options |= TCPI_OPT_SACK;
	if ((tp->t_flags & (TF_REQ_SCALE | TF_RCVD_SCALE)) ==
	    (TF_REQ_SCALE | TF_RCVD_SCALE)) {
		ti->tcpi_options |= TCPI_OPT_WSCALE;
		ti->tcpi_snd_wscale = tp->t_snd_scale & 15;
		ti->tcpi_rcv_wscale = tp->t_rcv_scale & 15;
	}
	if ((tp->t_flags & TF_ECN) != 0)
		ti->tcpi_options |= TCPI_OPT_ECN;
	ti->tcpi_rto = (uint32_t)(tp->t_rxtcur / 1000);
	ti->tcpi_last_data_recv = (uint32_t)((kern_uptime_ns(tp->t_tcp->tc_k) -
						 tp->t_rcvtime) /
	    1000);
	ti->tcpi_rtt = (uint32_t)(tp->t_srtt / 1000);
	ti->tcpi_rttvar = (uint32_t)(tp->t_rttvar / 1000);
	ti->tcpi_snd_ssthresh = tp->snd_ssthresh;
	ti->tcpi_snd_cwnd = tp->snd_cwnd;
	ti->tcpi_rcv_space = (uint32_t)sbspace(&tp->t_so->so_rcv);
	ti->tcpi_snd_wnd = tp->snd_wnd;
	ti->tcpi_snd_nxt = tp->snd_nxt;
	ti->tcpi_rcv_nxt = tp->rcv_nxt;
	ti->tcpi_snd_mss = tcp_segsz(tp);
	ti->tcpi_rcv_mss = tcp_segsz(tp);
	ti->tcpi_snd_rexmitpack = tp->t_sndrexmitpack;
	ti->tcpi_rcv_ooopack = tp->t_rcvoopack;
	ti->tcpi_snd_zerowin = tp->t_sndzerowin;
}

static int
get_option(struct tcpcb *tp, struct sockopt *sopt)
{
	struct tcp_info ti;

	switch (sopt->sopt_name) {
	case TCP_NODELAY:
		return sockopt_setint(sopt, (tp->t_flags & TF_NODELAY) != 0);
	case TCP_MAXSEG:
		return sockopt_setint(sopt,
		    tp->t_usermss != 0 && tp->t_usermss < tp->t_maxseg ?
			tp->t_usermss :
			tp->t_maxseg);
	case TCP_KEEPIDLE:
		return sockopt_setint(sopt, (int)(tcp_keepidle_ns(tp) / TCP_NS));
	case TCP_KEEPINTVL:
		return sockopt_setint(
		    sopt, (int)(tcp_keepintvl_ns(tp) / TCP_NS));
	case TCP_KEEPINIT:
		return sockopt_setint(sopt, (int)(tcp_keepinit_ns(tp) / TCP_NS));
	case TCP_KEEPCNT:
		return sockopt_setint(sopt, (int)tcp_keepcnt_of(tp));
	case TCP_INFO:
		fill_info(tp, &ti);
		return sockopt_set(sopt, &ti, sizeof(ti));
	case TCP_CONGCTL:
		return sockopt_set(
		    sopt, tp->t_cc->cc_name, strlen(tp->t_cc->cc_name) + 1);
	default:
		return -ENOPROTOOPT;
	}
}

static int
set_keep(struct tcpcb *tp, int name, int v)
{
	if (v <= 0 || v > (name == TCP_KEEPCNT ? 255 : 65535))
		return -EINVAL;
	switch (name) {
	case TCP_KEEPIDLE:
		tp->t_keepidle = (uint16_t)v;
		break;
	case TCP_KEEPINTVL:
		tp->t_keepintvl = (uint16_t)v;
		break;
	case TCP_KEEPCNT:
		tp->t_keepcnt = (uint8_t)v;
		break;
	default:
		tp->t_keepinit = (uint16_t)v;
		if (tp->t_state == TCPS_SYN_SENT)
			tcp_timer_set(tp, TT_KEEP, v * TCP_NS);
		break;
	}
	if (TCPS_HAVEESTABLISHED(tp->t_state) &&
	    (name == TCP_KEEPIDLE || name == TCP_KEEPINTVL))
		tcp_keep_restart(tp);
	return 0;
}

static int
set_congctl(struct tcpcb *tp, const struct sockopt *sopt)
{
	const struct tcp_congctl *cc;
	const char *name = sopt->sopt_data;
	size_t len = sopt->sopt_size;

	while (len > 0 && name[len - 1] == '\0')
		len--;
	if ((cc = tcp_congctl_find(name, len)) == NULL)
		return -EINVAL;
	tp->t_cc = cc;
	tp->t_epoch = 0;
	return 0;
}

static int
set_option(struct tcpcb *tp, struct sockopt *sopt)
{
	int v, error;

	if (sopt->sopt_name == TCP_CONGCTL)
		return set_congctl(tp, sopt);
	switch (sopt->sopt_name) {
	case TCP_NODELAY:
	case TCP_MAXSEG:
	case TCP_KEEPIDLE:
	case TCP_KEEPINTVL:
	case TCP_KEEPINIT:
	case TCP_KEEPCNT:
		break;
	default:
		return -ENOPROTOOPT;
	}
	if ((error = sockopt_getint(sopt, &v)) != 0)
		return error;
	switch (sopt->sopt_name) {
	case TCP_NODELAY:
		if (v == 0) {
			tp->t_flags &= ~TF_NODELAY;
			return 0;
		}
		tp->t_flags |= TF_NODELAY;
		/* What Nagle held back goes. */
		if (TCPS_HAVEESTABLISHED(tp->t_state))
			(void)tcp_output(tp);
		return 0;
	case TCP_MAXSEG:
		if (v <= 0 || v > 65535 ||
		    (TCPS_HAVERCVDSYN(tp->t_state) && v > tp->t_maxseg))
			return -EINVAL;
		tp->t_usermss = (uint16_t)v;
		if (TCPS_HAVERCVDSYN(tp->t_state))
			tp->t_maxseg = (uint16_t)(v < 64 ? 64 : v);
		return 0;
	default:
		return set_keep(tp, sopt->sopt_name, v);
	}
}

int
tcp_ctloutput(struct socket *so, struct sockopt *sopt)
{
	struct inpcb *inp = sotoinpcb(so);

	if (inp == NULL)
		return -ECONNRESET;
	if (sopt->sopt_level != IPPROTO_TCP)
		return inp->inp_af == AF_INET6 ? ip6_ctloutput(so, sopt, inp) :
						 ip_ctloutput(so, sopt, inp);
	return sopt->sopt_op == PRCO_GETOPT ? get_option(intotcpcb(inp), sopt) :
					      set_option(intotcpcb(inp), sopt);
}
