/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Acknowledgements: what leaves the send buffer, round trip times (RFC 6298),
 * and recovery from losses (RFC 5681, 6582 without SACK, 6675 with it).
 */
#include "netinet/tcp_var.h"

/* --- round trips --- */

void
tcp_rtt_sample(struct tcpcb *tp, int64_t rtt)
{
	int64_t d;

	if (rtt < 1)
		rtt = 1;
	tcpstat_inc(tp->t_tcp, TCP_STAT_RTTUPDATED);
	tp->t_rttstart = 0;
	if (tp->t_srtt == 0) {
		tp->t_srtt = rtt;
		tp->t_rttvar = rtt / 2;
		return;
	}
	d = rtt > tp->t_srtt ? rtt - tp->t_srtt : tp->t_srtt - rtt;
	tp->t_rttvar += (d - tp->t_rttvar) / 4;
	tp->t_srtt += (rtt - tp->t_srtt) / 8;
	if (tp->t_srtt < 1)
		tp->t_srtt = 1;
}

int64_t
tcp_rto(const struct tcpcb *tp)
{
	int64_t rto = tp->t_srtt + 4 * tp->t_rttvar;
	unsigned shift = tp->t_rxtshift < 6 ? tp->t_rxtshift : 6;

	if (tp->t_srtt == 0)
		rto = TCPS_HAVEESTABLISHED(tp->t_state) ? 3 * TCP_NS :
							  TCP_RTO_SYN;
	if (rto < TCP_RTO_MIN)
		rto = TCP_RTO_MIN;
	if (rto > TCP_RTO_MAX)
		rto = TCP_RTO_MAX;
	rto <<= shift;
	return rto > TCP_RTO_MAX ? TCP_RTO_MAX : rto;
}

/* --- recovery --- */

void
tcp_enter_recovery(struct tcpcb *tp)
{
	bool sack = (tp->t_flags & TF_SACK_PERMIT) != 0;

	tcp_undo_begin(tp, kern_uptime_ns(tp->t_tcp->tc_k));
	tp->t_cc->cc_congested(tp, tp->snd_max - tp->snd_una);
	tp->snd_recover = tp->snd_max;
	tp->t_flags |= TF_FASTRECOVERY | TF_REXMTONE;
	tp->t_flags &= ~TF_RTO;
	tp->t_probed = false;
	if ((tp->t_flags & TF_ECN) != 0)
		tp->t_flags |= TF_SNDCWR;
	tp->t_rttstart = 0;
	tp->t_highrxt = tp->snd_una;
	tp->snd_nxt = tp->snd_max;
	tp->snd_cwnd = tp->snd_ssthresh +
	    (sack ? 0 : TCP_DUPTHRESH * tcp_segsz(tp));
	tcp_timer_set(tp, TT_REXMT, tp->t_rxtcur);
}

static void
leave_recovery(struct tcpcb *tp)
{
	uint32_t flight = tp->snd_max - tp->snd_una, segsz = tcp_segsz(tp);

	tp->t_flags &= ~(TF_FASTRECOVERY | TF_REXMTONE);
	tp->t_dupacks = 0;
	/* RFC 6582 3.2 step 3: no burst. With SACK what is out was known all the time (RFC 6675). */
	if (flight < segsz)
		flight = segsz;
	tp->snd_cwnd = tp->snd_ssthresh;
	if ((tp->t_flags & TF_SACK_PERMIT) == 0 && tp->snd_cwnd > flight + segsz)
		tp->snd_cwnd = flight + segsz;
	tp->t_acked = 0;
}

/* Is the first segment lost by what the scoreboard says? (RFC 6675 5 (1), IsLost) */
static bool
sack_says_lost(struct tcpcb *tp)
{
	tcp_seq lost;

	if (tp->t_nsacked == 0 || tcp_rack_waits(tp))
		return false;
	(void)tcp_sack_pipe(tp, &lost);
	return SEQ_GT(lost, tp->snd_una);
}

static bool
first_is_lost(struct tcpcb *tp)
{
	if ((tp->t_flags & TF_SACK_PERMIT) == 0)
		return tp->t_dupacks >= TCP_DUPTHRESH;
	return sack_says_lost(tp) ||
	    (tp->t_dupacks >= TCP_DUPTHRESH && !tcp_rack_waits(tp));
}

/*
 * After a timeout all up to snd_recover goes again before anything new does: when new data have arrived, and what stands at snd_una has not, it was lost
 * once more.
 */
static bool
lost_after_timeout(const struct tcpcb *tp)
{
	return (tp->t_flags & TF_RTO) != 0 && tp->t_nsacked > 0 &&
	    SEQ_GT(tp->t_sacked[tp->t_nsacked - 1].end,
		tp->snd_recover + (TCP_DUPTHRESH - 1) * tcp_segsz(tp));
}

static void
duplicate_ack(struct tcpcb *tp)
{
	bool sack = (tp->t_flags & TF_SACK_PERMIT) != 0;

	tcpstat_inc(tp->t_tcp, TCP_STAT_RCVDUPACK);
	if (tp->snd_max == tp->snd_una || !tcp_timer_on(tp, TT_REXMT)) {
		tp->t_dupacks = 0;
		return;
	}
	if (tp->t_dupacks < 255)
		tp->t_dupacks++;
	if ((tp->t_flags & TF_FASTRECOVERY) != 0) {
		if (!sack)
			tp->snd_cwnd += tcp_segsz(tp);
		else if (tcp_sack_lost_again(tp))
			tp->t_flags |= TF_REXMTONE;
	} else if (first_is_lost(tp) && SEQ_GEQ(tp->snd_una, tp->snd_recover) &&
	    (tp->t_flags & TF_RTO) == 0)
		tcp_enter_recovery(tp);
	else if (sack && lost_after_timeout(tp))
		tcp_enter_recovery(tp);
	(void)tcp_output(tp);
}

/*
 * Has something arrived beyond what is acknowledged? The scoreboard may have had no room for it. (If not, what seemed lost was late, or the only loss:
 * what is out is on its way.)
 */
static bool
has_hole(const struct tcpcb *tp, const struct tcp_seg *sg)
{
	for (unsigned i = 0; i < sg->sg_nsack; i++)
		if (SEQ_GT(sg->sg_sack[i].end, sg->sg_ack))
			return true;
	return tp->t_nsacked > 0;
}

/* An acknowledgement inside of a recovery. */
static void
recovery_ack(struct tcpcb *tp, uint32_t acked, const struct tcp_seg *sg)
{
	uint32_t segsz = tcp_segsz(tp);

	if (SEQ_GEQ(tp->snd_una, tp->snd_recover) || !tp->t_cc->cc_partial) {
		leave_recovery(tp);
		return;
	}
	if ((tp->t_flags & TF_SACK_PERMIT) != 0) {
		/* The next hole; some bytes of it may have gone again with what was before it. */
		if (SEQ_LT(tp->t_highrxt, tp->snd_una + segsz) &&
		    has_hole(tp, sg))
			tp->t_flags |= TF_REXMTONE;
		return;
	}
	/* RFC 6582 3.2 step 3, partial: the next hole is at snd_una. */
	tp->t_flags |= TF_REXMTONE;
	tp->snd_cwnd -= acked < tp->snd_cwnd ? acked : tp->snd_cwnd;
	if (acked >= segsz)
		tp->snd_cwnd += segsz;
	if (tp->snd_cwnd < segsz)
		tp->snd_cwnd = segsz;
}

/* RFC 3168 6.1.2: the network marks, once a window. */
static void
ecn_echo(struct tcpcb *tp)
{
	if ((tp->t_flags & (TF_ECN | TF_FASTRECOVERY)) != TF_ECN ||
	    SEQ_LT(tp->snd_una, tp->snd_recover) || tp->snd_max == tp->snd_una)
		return;
	tp->t_cc->cc_congested(tp, tp->snd_max - tp->snd_una);
	tp->snd_cwnd = tp->snd_ssthresh;
	tp->snd_recover = tp->snd_max;
	tp->t_flags |= TF_SNDCWR;
}

/* --- windows --- */

void
tcp_window_update(struct tcpcb *tp, const struct tcp_seg *sg)
{
	if (!SEQ_LT(tp->snd_wl1, sg->sg_wseq) &&
	    !(tp->snd_wl1 == sg->sg_wseq &&
		(SEQ_LT(tp->snd_wl2, sg->sg_ack) ||
		    (tp->snd_wl2 == sg->sg_ack && sg->sg_win > tp->snd_wnd))))
		return;
	if (sg->sg_len == 0 && tp->snd_wl2 == sg->sg_ack &&
	    sg->sg_win > tp->snd_wnd)
		tcpstat_inc(tp->t_tcp, TCP_STAT_RCVWINUPD);
	tp->snd_wnd = sg->sg_win;
	tp->snd_wl1 = sg->sg_wseq;
	tp->snd_wl2 = sg->sg_ack;
	if (tp->snd_wnd > tp->t_maxsndwnd)
		tp->t_maxsndwnd = tp->snd_wnd;
	if (tp->snd_wnd >= tcp_segsz(tp) && tcp_timer_on(tp, TT_PERSIST)) {
		tcp_timer_stop(tp, TT_PERSIST);
		tp->t_rxtshift = 0;
		/* What was sent before the window was shut may be lost. */
		if (tp->snd_nxt != tp->snd_max)
			tp->t_rttstart = 0;
	}
}

/* More may be written before the writer sleeps, when the network takes more. */
static void
grow_send_buffer(struct tcpcb *tp)
{
	struct sockbuf *sb = &tp->t_so->so_snd;
	struct tcp_state *tc = tp->t_tcp;
	size_t most = (size_t)atomic_load(&tc->sendbuf_max);

	if (!atomic_load(&tc->sendbuf_auto) ||
	    (sb->sb_flags & SB_AUTOSIZE) == 0 || sb->sb_hiwat >= most ||
	    sb->sb_cc < sb->sb_hiwat / 8 * 7 ||
	    tp->snd_wnd / 4 * 5 < sb->sb_hiwat || tp->snd_cwnd < sb->sb_cc / 2)
		return;
	most = sb->sb_hiwat + (size_t)atomic_load(&tc->sendbuf_inc) < most ?
	    sb->sb_hiwat + (size_t)atomic_load(&tc->sendbuf_inc) :
	    most;
	if (sbreserve(tp->t_so, sb, most) != 0)
		sb->sb_flags &= ~SB_AUTOSIZE;
}

/* --- the acknowledgement --- */

/* The data go, our FIN is seen. True: it was acknowledged. */
static bool
release(struct tcpcb *tp, uint32_t acked)
{
	struct sockbuf *sb = &tp->t_so->so_snd;
	bool fin = false;

	grow_send_buffer(tp);
	if (acked > sb->sb_cc) {
		fin = (tp->t_flags & TF_SENTFIN) != 0;
		acked = (uint32_t)sb->sb_cc;
	}
	if (acked > 0) {
		sbdrop(sb, acked);
		tp->t_cursor = (struct sbcursor){ .sc_m = NULL };
		sowwakeup(tp->t_so);
	}
	return fin;
}

/* Our FIN has arrived. False: that was the end. */
static bool
fin_acked(struct tcpcb *tp)
{
	switch (tp->t_state) {
	case TCPS_FIN_WAIT_1:
		tp->t_state = TCPS_FIN_WAIT_2;
		/* Nobody reads: the peer has so long to close as well. */
		if ((tp->t_so->so_state & SS_CANTRCVMORE) != 0) {
			soisdisconnected(tp->t_so);
			if ((tp->t_so->so_state & SS_NOFDREF) != 0)
				tcp_timer_set(tp, TT_2MSL,
				    tcp_keepintvl_ns(tp) * tcp_keepcnt_of(tp));
		}
		return true;
	case TCPS_CLOSING:
		tcp_timewait(tp);
		soisdisconnected(tp->t_so);
		return true;
	case TCPS_LAST_ACK:
		tcp_close(tp);
		return false;
	default:
		return true;
	}
}

static void
new_ack_timers(struct tcpcb *tp, const struct tcp_seg *sg)
{
	if (tp->t_rttstart != 0 && SEQ_GT(sg->sg_ack, tp->t_rtseq))
		tcp_rtt_sample(tp, sg->sg_now - tp->t_rttstart);
	tp->t_rxtshift = 0;
	tp->t_rxtcur = tcp_rto(tp);
	tp->t_softerror = 0;
	if (sg->sg_ack == tp->snd_max)
		tcp_timer_stop(tp, TT_REXMT);
	else if (!tcp_timer_on(tp, TT_PERSIST))
		tcp_timer_set(tp, TT_REXMT, tp->t_rxtcur);
}

/* RFC 4861 7.3.1: the neighbour forwards. Once a second is often enough. */
static void
hint_neighbour(struct tcpcb *tp, const struct tcp_seg *sg)
{
	struct tcp_state *tc = tp->t_tcp;

	if (sg->sg_ends.te_v4 || tc->tc_reachable6 == NULL ||
	    sg->sg_now - tp->t_hinttime < TCP_NS)
		return;
	tp->t_hinttime = sg->sg_now;
	tc->tc_reachable6(tc, tp);
}

/*
 * What a timeout sent again is acknowledged. RFC 5681 3.1 allows a segment for it, though it may have been a few bytes: else the next one goes alone, and its
 * ACK waits.
 */
static void
end_timeout(struct tcpcb *tp)
{
	uint32_t two = 2 * tcp_segsz(tp);

	tp->t_flags &= ~TF_RTO;
	if (tp->snd_cwnd < two)
		tp->snd_cwnd = two;
}

static bool
new_ack(struct tcpcb *tp, const struct tcp_seg *sg)
{
	uint32_t acked = sg->sg_ack - tp->snd_una;
	uint32_t flight = tp->snd_max - tp->snd_una;
	bool fin;

	tcpstat_inc(tp->t_tcp, TCP_STAT_RCVACKPACK);
	tcpstat_add(tp->t_tcp, TCP_STAT_RCVACKBYTE, acked);
	new_ack_timers(tp, sg);
	hint_neighbour(tp, sg);
	fin = release(tp, acked);
	/* The hole was filled without our doing. */
	if (tp->t_nsacked > 0 && SEQ_LEQ(tp->t_highrxt, tp->snd_una) &&
	    (tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) == 0)
		tp->t_flags |= TF_REORDERED;
	tp->snd_una = sg->sg_ack;
	if (SEQ_LT(tp->snd_nxt, tp->snd_una))
		tp->snd_nxt = tp->snd_una;
	if (SEQ_LT(tp->snd_up, tp->snd_una))
		tp->snd_up = tp->snd_una;
	if ((tp->t_flags & TF_SACK_PERMIT) != 0)
		tcp_sack_advance(tp);
	if ((tp->t_flags & TF_RTO) != 0 && SEQ_GEQ(tp->snd_una, tp->snd_recover))
		end_timeout(tp);
	if ((tp->t_flags & TF_FASTRECOVERY) != 0)
		recovery_ack(tp, acked, sg);
	else {
		tp->t_dupacks = 0;
		/* RFC 7661's sense: what isn't used doesn't grow. */
		if (flight >= tp->snd_cwnd / 2)
			tp->t_cc->cc_acked(tp, acked, sg->sg_now);
	}
	return !fin || fin_acked(tp);
}

/* RFC 5681 2: a duplicate says only that something came out of order. */
static bool
is_duplicate(const struct tcpcb *tp, const struct tcp_seg *sg, bool news)
{
	if (sg->sg_ack != tp->snd_una)
		return false;
	if (news)
		return true;
	return sg->sg_len == 0 && (sg->sg_flags & (TH_SYN | TH_FIN)) == 0 &&
	    sg->sg_win == tp->snd_wnd &&
	    (tp->t_flags & TF_SACK_PERMIT) ==
	    0; /* RFC 6675 2: else by news alone */
}

bool
tcp_ack_input(struct tcpcb *tp, struct tcp_seg *sg)
{
	bool news = false, again;

	if (SEQ_GT(sg->sg_ack, tp->snd_max)) {
		tcpstat_inc(tp->t_tcp, TCP_STAT_RCVACKTOOMUCH);
		tcp_challenge_ack(tp);
		return false;
	}
	/* RFC 5961 5.2: what is older than any window can be is forged. */
	if (SEQ_LT(sg->sg_ack, tp->snd_una - tp->t_maxsndwnd - 65535)) {
		tcp_challenge_ack(tp);
		return false;
	}
	if (sg->sg_nsack > 0 && (tp->t_flags & TF_SACK_PERMIT) != 0)
		news = tcp_sack_update(tp, sg);
	if ((sg->sg_flags & TH_ECE) != 0 && (sg->sg_flags & TH_SYN) == 0)
		ecn_echo(tp);
	tcp_undo_input(tp, sg);
	tcp_rack_acked(tp, sg);
	if (SEQ_GT(sg->sg_ack, tp->snd_una)) {
		if (!new_ack(tp, sg))
			return false;
		if (tp->t_state == TCPS_TIME_WAIT)
			return true;
		tcp_window_update(tp, sg);
		/* RFC 6675 5: SACKs beyond a new acknowledgement count too. */
		if ((tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) == 0 && news &&
		    sack_says_lost(tp) && SEQ_GEQ(tp->snd_una, tp->snd_recover))
			tcp_enter_recovery(tp);
		return true;
	}
	again = is_duplicate(tp, sg, news);
	if (!again && sg->sg_ack == tp->snd_una && sg->sg_len > 0)
		tp->t_dupacks = tp->t_nsacked > 0 ? tp->t_dupacks : 0;
	tcp_window_update(tp, sg);
	if (again && tp->t_state != TCPS_TIME_WAIT)
		duplicate_ack(tp);
	return true;
}
