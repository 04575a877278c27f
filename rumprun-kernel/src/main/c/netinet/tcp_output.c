/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a connection sends, and when (RFC 9293 3.8.6, 5681, 6675, 3042, 1122
 * 4.2.3).
 *
 * tcp_output goes round: a plan for one segment (plan_*), then the segment,
 * until there is nothing more that may be sent. The stream from snd_una on is
 * in so_snd; its end is snd_una + sb_cc (less the SYN), and the FIN stands
 * there.
 */
#include "netinet/tcp_var.h"

struct plan {
	tcp_seq seq;
	uint32_t len;
	uint8_t flags;
	bool again; /* sent before: not timed, no new ground */
	bool more;  /* look again afterwards */
	uint32_t tsomax;
	int64_t now;
};

static uint8_t
state_flags(const struct tcpcb *tp)
{
	switch (tp->t_state) {
	case TCPS_SYN_SENT:
		return TH_SYN;
	case TCPS_SYN_RECEIVED:
		return TH_SYN | TH_ACK;
	case TCPS_FIN_WAIT_1:
	case TCPS_CLOSING:
	case TCPS_LAST_ACK:
		return TH_FIN | TH_ACK;
	default:
		return TH_ACK;
	}
}

/* Where the data in so_snd begin, and where they end (and the FIN is). */
static tcp_seq
stream_start(const struct tcpcb *tp)
{
	return tp->snd_una +
	    (tp->snd_una == tp->iss && tp->t_state < TCPS_ESTABLISHED);
}

static tcp_seq
stream_end(const struct tcpcb *tp)
{
	return stream_start(tp) + (uint32_t)tp->t_so->so_snd.sb_cc;
}

static uint32_t
receive_window(const struct tcpcb *tp)
{
	const struct sockbuf *sb = &tp->t_so->so_rcv;
	size_t space = sbspace(sb), most = (size_t)TCP_MAXWIN << tp->t_rcv_scale;

	return (uint32_t)(space < most ? space : most);
}

/* --- plans --- */

/* The probe at the tail (RFC 8985 7.3): the last bytes, or the FIN. */
static bool
plan_last(struct tcpcb *tp, struct plan *p, uint32_t segsz)
{
	tcp_seq end = stream_end(tp);

	tp->t_flags &= ~TF_REXMTLAST;
	if (SEQ_GT(end, tp->snd_max))
		end = tp->snd_max;
	p->len = end - tp->snd_una < segsz ? end - tp->snd_una : segsz;
	p->seq = end - p->len;
	p->again = p->more = true;
	return true;
}

/* A piece that is known to be missing goes first. */
static bool
plan_recovery(struct tcpcb *tp, struct plan *p, uint32_t *allowed)
{
	uint32_t segsz = tcp_segsz(tp), pipe, end;
	tcp_seq lost;

	*allowed = UINT32_MAX;
	if ((tp->t_flags & TF_REXMTONE) != 0) {
		tp->t_flags &= ~TF_REXMTONE;
		end = stream_end(tp);
		p->seq = tp->snd_una;
		p->len = end - p->seq < segsz ? end - p->seq : segsz;
		(void)tcp_sack_skip(tp, p->seq, &p->len);
		tp->t_rxtmax = tp->snd_max;
		tcp_timer_stop(tp, TT_RACK); /* it waits anew */
		if (SEQ_LT(tp->t_highrxt, p->seq + p->len))
			tp->t_highrxt = p->seq + p->len;
		p->again = p->more = true;
		return true;
	}
	if ((tp->t_flags & TF_REXMTLAST) != 0)
		return plan_last(tp, p, segsz);
	if ((tp->t_flags & (TF_FASTRECOVERY | TF_SACK_PERMIT)) !=
	    (TF_FASTRECOVERY | TF_SACK_PERMIT))
		return false;
	pipe = tcp_sack_pipe(tp, &lost);
	*allowed = tp->snd_cwnd > pipe ? tp->snd_cwnd - pipe : 0;
	if (*allowed < segsz) {
		*allowed = 0;
		return false;
	}
	end = stream_end(tp);
	if (!tcp_sack_next(tp, lost, segsz, &p->seq, &p->len)) {
		/* RFC 6675 NextSeg (2): new data; (3): what may be lost as well. */
		if (SEQ_LT(tp->snd_nxt, end) &&
		    tp->snd_nxt - tp->snd_una < tp->snd_wnd)
			return false;
		if (!tcp_sack_next(tp, tp->snd_max, segsz, &p->seq, &p->len))
			return false;
	}
	if (SEQ_GT(p->seq + p->len, end))
		p->len = SEQ_LT(p->seq, end) ? end - p->seq : 0;
	if (p->seq == tp->snd_una) {
		tp->t_rxtmax = tp->snd_max;
		tcp_timer_stop(tp, TT_RACK);
	}
	tp->t_highrxt = p->seq + (p->len > 0 ? p->len : 1);
	p->again = p->more = true;
	return true;
}

/* How far the windows let snd_nxt go, from snd_una. */
static uint32_t
send_window(struct tcpcb *tp, uint32_t allowed)
{
	uint32_t out = tp->snd_nxt - tp->snd_una, cwnd = tp->snd_cwnd;

	if (allowed != UINT32_MAX)
		cwnd = out + allowed;
	/* RFC 6675: what is SACKed is not in the network. */
	else if ((tp->t_flags & TF_SACK_PERMIT) != 0)
		cwnd += tcp_sack_bytes(tp, tp->snd_nxt);
	/* RFC 3042: two new segments by the first two duplicates. */
	else if (tp->t_dupacks < TCP_DUPTHRESH &&
	    (tp->t_flags & TF_FASTRECOVERY) == 0)
		cwnd += tp->t_dupacks * tcp_segsz(tp);
	return cwnd < tp->snd_wnd ? cwnd : tp->snd_wnd;
}

/* Is it worth a segment now? (RFC 1122 4.2.3.4, Nagle's and the sender's silly window) */
static bool
worth_sending(struct tcpcb *tp, const struct plan *p, uint32_t segsz)
{
	bool last = p->seq + p->len == stream_end(tp);
	bool idle = tp->snd_max == tp->snd_una;

	if (p->len == 0)
		return false;
	if (p->len >= segsz)
		return true;
	if ((idle || (tp->t_flags & TF_NODELAY) != 0) && last &&
	    (tp->t_flags & TF_MORETOCOME) == 0)
		return true;
	/* Nothing will be joined to it any more. */
	if (last && (p->flags & TH_FIN) != 0)
		return true;
	if ((tp->t_flags & TF_FORCE) != 0)
		return true;
	if (tp->t_maxsndwnd > 0 && p->len >= tp->t_maxsndwnd / 2)
		return true;
	return SEQ_LT(p->seq, tp->snd_max);
}

/* The window has opened by two segments or half of the buffer (RFC 1122 4.2.3.3). */
static bool
window_opened(struct tcpcb *tp)
{
	uint32_t win = receive_window(tp), adv, left = tp->rcv_adv - tp->rcv_nxt;

	if (!TCPS_HAVEESTABLISHED(tp->t_state) || TCPS_HAVERCVDFIN(tp->t_state))
		return false;
	if (SEQ_LT(tp->rcv_adv, tp->rcv_nxt))
		left = 0;
	if (win <= left)
		return false;
	adv = win - left;
	if (adv >> tp->t_rcv_scale == 0)
		return false;
	return adv >= 2u * tp->t_ourmss ||
	    2 * (size_t)adv >= tp->t_so->so_rcv.sb_hiwat;
}

static bool
has_control(struct tcpcb *tp, const struct plan *p)
{
	if ((tp->t_flags & TF_ACKNOW) != 0)
		return true;
	if ((p->flags & TH_SYN) != 0 && p->seq == tp->iss)
		return true;
	if (p->len == 0 && SEQ_GT(tp->snd_up, tp->snd_una) &&
	    (tp->t_flags & TF_FORCE) != 0)
		return true;
	if ((p->flags & TH_FIN) != 0 &&
	    ((tp->t_flags & TF_SENTFIN) == 0 || p->seq != tp->snd_max))
		return true;
	return window_opened(tp);
}

static void
limit_large(struct tcpcb *tp, struct plan *p, uint32_t segsz)
{
	uint32_t most = segsz;

	if (p->len <= segsz)
		return;
	if (p->tsomax > segsz + 60 && !p->again &&
	    (tp->t_flags & (TF_FORCE | TF_BLACKHOLE)) == 0 &&
	    SEQ_LEQ(tp->snd_up, tp->snd_una)) {
		/* As much as the interface cuts for us, in whole segments; but several a window, so that a loss is seen by what follows. */
		most = p->tsomax - 120;
		if (most > tp->snd_cwnd / 4)
			most = tp->snd_cwnd / 4;
		if (most > 65535 - 120)
			most = 65535 - 120;
		most -= most % segsz;
		if (p->len < most)
			most = p->len - p->len % segsz;
	}
	if (most < segsz)
		most = segsz;
	p->len = most < p->len ? most : p->len;
	p->more = true;
}

/* The window is shut (or too small) and data wait: persist. */
static void
watch_window(struct tcpcb *tp)
{
	if (tp->t_so->so_snd.sb_cc > 0 && !tcp_timer_on(tp, TT_REXMT) &&
	    !tcp_timer_on(tp, TT_PERSIST) && TCPS_HAVEESTABLISHED(tp->t_state)) {
		tp->t_rxtshift = 0;
		tcp_persist_start(tp);
	}
}

/* Everything but retransmissions of known losses. */
static bool
plan_normal(struct tcpcb *tp, struct plan *p, uint32_t allowed)
{
	uint32_t segsz = tcp_segsz(tp), win, end, len = 0;

	p->seq = tp->snd_nxt;
	p->again = SEQ_LT(tp->snd_nxt, tp->snd_max);
	if (p->again && tp->t_nsacked > 0) {
		len = UINT32_MAX;
		p->seq = tp->snd_nxt = tcp_sack_skip(tp, p->seq, &len);
		p->again = SEQ_LT(p->seq, tp->snd_max);
	}
	win = send_window(tp, allowed);
	if ((tp->t_flags & TF_FORCE) != 0 && win == 0)
		win = 1;
	/* A SYN carries nothing: what was written waits. */
	end = (p->flags & TH_SYN) != 0 ? p->seq : stream_end(tp);
	if (SEQ_GT(end, stream_start(tp) + win))
		end = stream_start(tp) + win;
	p->len = SEQ_GT(end, p->seq) ? end - p->seq : 0;
	if (len != 0 && p->len > len) {
		p->len = len;
		p->more = true;
	}
	limit_large(tp, p, segsz);
	if (p->seq + p->len != stream_end(tp))
		p->flags &= ~TH_FIN;
	/* A shut window: what is out waits for the probes. */
	if (p->len == 0 && tp->snd_wnd == 0 && tp->t_so->so_snd.sb_cc > 0 &&
	    TCPS_HAVEESTABLISHED(tp->t_state) &&
	    SEQ_GT(tp->snd_nxt, tp->snd_una)) {
		tcp_timer_stop(tp, TT_REXMT);
		tp->snd_nxt = tp->snd_una;
	}
	if (worth_sending(tp, p, segsz))
		return true;
	p->len = 0;
	p->more = false;
	if (p->seq != stream_end(tp))
		p->flags &= ~TH_FIN;
	if ((p->flags & TH_SYN) != 0 && p->seq != tp->iss) {
		/* A SYN is out: again only to answer another one. */
		if (tp->t_state != TCPS_SYN_RECEIVED ||
		    (tp->t_flags & TF_ACKNOW) == 0)
			return false;
		p->seq = tp->iss;
		p->again = true;
		return true;
	}
	if (has_control(tp, p)) {
		/* Sent for itself, it stands behind all that was sent (but a SYN or FIN again). */
		if ((p->flags & (TH_SYN | TH_FIN)) == 0)
			p->seq = tp->snd_max;
		return true;
	}
	watch_window(tp);
	return false;
}

/* --- a segment --- */

static uint32_t
window_to_tell(struct tcpcb *tp)
{
	uint32_t win = receive_window(tp);
	uint32_t left = SEQ_GT(tp->rcv_adv, tp->rcv_nxt) ?
	    tp->rcv_adv - tp->rcv_nxt :
	    0;

	if (win < tp->t_so->so_rcv.sb_hiwat / 4 && win < tp->t_ourmss)
		win = 0;
	return win < left ? left : win;
}

static void
fill_urgent(struct tcpcb *tp, const struct plan *p, struct tcp_out *o)
{
	if (SEQ_LEQ(tp->snd_up, p->seq)) {
		if (SEQ_LEQ(tp->snd_up, tp->snd_una))
			tp->snd_up = tp->snd_una;
		return;
	}
	o->urp = (uint16_t)(tp->snd_up - p->seq > 65535 ? 65535 :
							  tp->snd_up - p->seq);
	o->flags |= TH_URG;
}

static void
fill_ecn(struct tcpcb *tp, const struct plan *p, struct tcp_out *o)
{
	if (tp->t_state == TCPS_SYN_SENT && (tp->t_flags & TF_SYN_ECN) != 0)
		o->flags |= TH_ECE | TH_CWR;
	if ((tp->t_flags & TF_ECN) == 0 || (o->flags & TH_SYN) != 0)
		return;
	if ((tp->t_flags & TF_RCVDCE) != 0)
		o->flags |= TH_ECE;
	/* RFC 3168 6.1.5, 6.1.4: not on what is sent again, nor on bare ACKs and probes. */
	if (p->len > 0 && !p->again && (tp->t_flags & TF_FORCE) == 0) {
		o->tos |= 2;
		tcpstat_inc(tp->t_tcp, TCP_STAT_ECN_ECT);
		if ((tp->t_flags & TF_SNDCWR) != 0) {
			o->flags |= TH_CWR;
			tp->t_flags &= ~TF_SNDCWR;
		}
	}
}

static void
fill(struct tcpcb *tp, struct plan *p, const struct tcp_ends *e,
    struct tcp_out *o)
{
	struct inpcb *inp = tp->t_inpcb;
	uint32_t win = window_to_tell(tp);

	o->seq = p->seq;
	o->flags = p->flags;
	o->ack = (p->flags & TH_ACK) != 0 ? tp->rcv_nxt : 0;
	o->tos = inp->inp_tos;
	o->ttl = e->te_v4 ? inp->inp_ttl : inp->inp_hops6;
	o->nodf = (tp->t_flags & TF_BLACKHOLE) != 0;
	tcp_options(tp, o, p->now);
	/* SACK blocks take room from the data. */
	if (p->len > 0 && p->len <= tcp_segsz(tp) &&
	    p->len + o->optlen > tp->t_maxseg) {
		p->len = tp->t_maxseg - o->optlen;
		o->flags &= ~TH_FIN;
		p->flags &= ~TH_FIN;
		p->more = true;
	}
	if (p->len > tcp_segsz(tp)) {
		if (o->optlen > TCPOLEN_TSTAMP_APPA)
			o->optlen = TCPOLEN_TSTAMP_APPA;
		o->segsz = tcp_segsz(tp);
	}
	o->len = p->len;
	if (p->len > 0 && p->seq + p->len == stream_end(tp))
		o->flags |= TH_PUSH;
	if ((p->flags & TH_SYN) != 0) {
		o->win = (uint16_t)(win > TCP_MAXWIN ? TCP_MAXWIN : win);
	} else {
		win >>= tp->t_rcv_scale;
		o->win = (uint16_t)(win > TCP_MAXWIN ? TCP_MAXWIN : win);
		win = (uint32_t)o->win << tp->t_rcv_scale;
	}
	if (win == 0)
		tp->t_sndzerowin++;
	fill_urgent(tp, p, o);
	fill_ecn(tp, p, o);
	if (SEQ_GT(tp->rcv_nxt + win, tp->rcv_adv)) {
		/* Less than what is acknowledged at once; and what carries data is sent again anyway. */
		if (p->len == 0 && (p->flags & (TH_SYN | TH_FIN)) == 0 &&
		    SEQ_GT(tp->rcv_nxt, tp->irs + 1) &&
		    SEQ_LT(tp->rcv_adv, tp->rcv_nxt + 2u * tp->t_ourmss) &&
		    win >= 2u * tp->t_ourmss &&
		    TCPS_HAVEESTABLISHED(tp->t_state))
			tcp_winup_start(tp, tp->rcv_adv);
		tp->rcv_adv = tp->rcv_nxt + win;
	}
}

static void
count(struct tcpcb *tp, const struct plan *p, const struct tcp_out *o)
{
	struct tcp_state *tc = tp->t_tcp;

	if (p->len > 0) {
		if ((tp->t_flags & TF_FORCE) != 0 && p->len == 1)
			tcpstat_inc(tc, TCP_STAT_SNDPROBE);
		else if (p->again) {
			tp->t_sndrexmitpack++;
			tp->t_undo.again++;
			tcpstat_inc(tc, TCP_STAT_SNDREXMITPACK);
			tcpstat_add(tc, TCP_STAT_SNDREXMITBYTE, p->len);
		} else {
			tcpstat_inc(tc, TCP_STAT_SNDPACK);
			tcpstat_add(tc, TCP_STAT_SNDBYTE, p->len);
		}
	} else if ((tp->t_flags & TF_ACKNOW) != 0)
		tcpstat_inc(tc, TCP_STAT_SNDACKS);
	else if ((o->flags & (TH_SYN | TH_FIN | TH_RST)) != 0)
		tcpstat_inc(tc, TCP_STAT_SNDCTRL);
	else if ((o->flags & TH_URG) != 0)
		tcpstat_inc(tc, TCP_STAT_SNDURG);
	else
		tcpstat_inc(tc, TCP_STAT_SNDWINUP);
}

/* Sequence space used: timers, the RTT's clock, snd_nxt. */
static void
advance(struct tcpcb *tp, const struct plan *p, const struct tcp_out *o)
{
	tcp_seq next = p->seq + p->len + ((o->flags & TH_SYN) != 0) +
	    ((o->flags & TH_FIN) != 0);

	tp->t_sndtime = p->now;
	if ((o->flags & TH_FIN) != 0)
		tp->t_flags |= TF_SENTFIN;
	if ((tp->t_flags & TF_FORCE) != 0 && tp->snd_wnd == 0) {
		/* A probe: it counts as sent, and goes again by the persist timer. */
		if (SEQ_GT(next, tp->snd_max))
			tp->snd_max = next;
		return;
	}
	if (next == p->seq)
		return;
	if (!p->again && tp->t_rttstart == 0 && SEQ_GEQ(p->seq, tp->snd_max)) {
		tp->t_rttstart = p->now;
		tp->t_rtseq = p->seq;
		tcpstat_inc(tp->t_tcp, TCP_STAT_SEGSTIMED);
	}
	if (tp->snd_max == tp->snd_una)
		tp->t_flightsegs = 0;
	if (SEQ_GT(next, tp->snd_max) && tp->t_flightsegs < 2)
		tp->t_flightsegs += p->len > tcp_segsz(tp) ? 2 : 1;
	if (SEQ_GT(next, tp->snd_nxt) && SEQ_GEQ(tp->snd_nxt, p->seq))
		tp->snd_nxt = next;
	if (SEQ_GT(next, tp->snd_max))
		tp->snd_max = next;
	if (!tcp_timer_on(tp, TT_REXMT)) {
		if (tcp_timer_on(tp, TT_PERSIST)) {
			tcp_timer_stop(tp, TT_PERSIST);
			tp->t_rxtshift = 0;
		}
		tcp_timer_set(tp, TT_REXMT, tp->t_rxtcur);
	}
}

/* What the network below said: 0: go on; 1: no more now, a timer sees to it; -errno. */
static int
send_error(struct tcpcb *tp, const struct plan *p, int error, uint32_t mtu)
{
	switch (error) {
	case -ENOBUFS:
	case -ENOMEM:
		tcpstat_inc(tp->t_tcp, TCP_STAT_SELFQUENCH);
		/* As if it had been lost; but nothing may be armed for it. */
		if (!tcp_timer_on(tp, TT_REXMT) && !tcp_timer_on(tp, TT_PERSIST))
			tcp_timer_set(tp, TT_REXMT, tp->t_rxtcur);
		return 1;
	case -EMSGSIZE:
		if (p->len > 0 && mtu > 0) {
			uint16_t old = tp->t_maxseg;

			tcp_mtudisc(tp, mtu);
			return tp->t_maxseg < old ? 0 : error;
		}
		return error;
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -ENETDOWN:
	case -EHOSTDOWN:
	case -EADDRNOTAVAIL:
		if (TCPS_HAVERCVDSYN(tp->t_state)) {
			tp->t_softerror = (uint8_t)-error;
			return 1;
		}
		return error;
	default:
		return error;
	}
}

static int
send_planned(struct tcpcb *tp, struct plan *p, const struct tcp_ends *e)
{
	struct tcp_out o = { .len = 0 };
	struct mbuf *data = NULL;
	uint32_t mtu = 0;
	int error;

	fill(tp, p, e, &o);
	if (p->len > 0) {
		data = sb_copy(&tp->t_so->so_snd, &tp->t_cursor,
		    p->seq - stream_start(tp), p->len);
		if (data == NULL)
			return send_error(tp, p, -ENOBUFS, 0);
	}
	count(tp, p, &o);
	advance(tp, p, &o);
	tp->last_ack_sent = tp->rcv_nxt;
	tp->t_flags &= ~(TF_ACKNOW | TF_DELACK);
	tcp_timer_stop(tp, TT_DELACK);
	error = tcp_send(tp->t_tcp, e, tp->t_inpcb, &o, data, &mtu);
	return error == 0 ? 0 : send_error(tp, p, error, mtu);
}

/* After a pause the old window says nothing about the network (RFC 5681 4.1). */
static void
restart_window(struct tcpcb *tp, int64_t now)
{
	uint32_t iw;

	if (tp->snd_max != tp->snd_una || tp->t_sndtime == 0 ||
	    now - tp->t_sndtime < tp->t_rxtcur ||
	    !TCPS_HAVEESTABLISHED(tp->t_state))
		return;
	iw = tcp_initial_window(tp);
	if (tp->snd_cwnd > iw)
		tp->snd_cwnd = iw;
	tp->t_epoch = 0;
}

int
tcp_output(struct tcpcb *tp)
{
	struct tcp_ends e;
	struct plan p;
	uint32_t tso = 0, allowed;
	int error = 0;

	if (tp->t_state == TCPS_CLOSED || tp->t_state == TCPS_LISTEN)
		return 0;
	tcp_ends_of(tp->t_inpcb, &e);
	if (tp->t_so->so_snd.sb_cc > tp->t_maxseg)
		(void)tcp_mtu(tp->t_tcp, &e, tp->t_inpcb, &tso);
	restart_window(tp, kern_uptime_ns(tp->t_tcp->tc_k));
	do {
		p = (struct plan){ .flags = state_flags(tp),
			.tsomax = tso,
			.now = kern_uptime_ns(tp->t_tcp->tc_k) };
		if (plan_recovery(tp, &p, &allowed)) {
			if (p.seq + p.len != stream_end(tp))
				p.flags &= ~TH_FIN;
			if (p.len == 0 && (p.flags & TH_FIN) == 0)
				continue;
		} else if (!plan_normal(tp, &p, allowed))
			break;
		error = send_planned(tp, &p, &e);
	} while (error == 0 && p.more);
	tcp_rack_arm(tp, p.now);
	return error > 0 ? 0 : error;
}
