/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments of a connection, in the order of RFC 9293 3.10.7: SYN_SENT, then
 * for the others sequence, RST, SYN, ACK, URG, data, FIN. Resets and SYNs are
 * believed as RFC 5961 says, timestamps as RFC 7323.
 */
#include "netinet/tcp_var.h"

#define CHALLENGES_A_TICK 5

/* The limit is another one each second, so that nobody can count what others have used up of it (RFC 5961 7 says little; Cao et al. 2016). */
bool
tcp_challenge_ok(struct tcp_state *tc, int64_t now)
{
	uint64_t h = tc->tc_secret[1] ^ (uint64_t)(now / TCP_NS);

	h = (h ^ h >> 29) * 0x9e3779b97f4a7c15u;
	return ppsratecheck(tc->tc_k, &tc->tc_challenge, 1000 + (int)(h >> 54));
}

void
tcp_challenge_ack(struct tcpcb *tp)
{
	struct tcp_state *tc = tp->t_tcp;
	int64_t now = kern_uptime_ns(tc->tc_k);
	uint32_t tick = tcp_tick(tc, now);

	if (tick != tp->t_challengetick) {
		tp->t_challengetick = tick;
		tp->t_challenges = 0;
	}
	/* A connection's own limit leaves some to the others. */
	if (tp->t_challenges >= CHALLENGES_A_TICK || !tcp_challenge_ok(tc, now))
		return;
	tp->t_challenges++;
	tcpstat_inc(tc, TCP_STAT_SNDACKS);
	tcp_respond(tp, tp->snd_max, tp->rcv_nxt, TH_ACK);
}

static uint32_t
window_now(struct tcpcb *tp)
{
	size_t space = sbspace(&tp->t_so->so_rcv);
	uint32_t left = SEQ_GT(tp->rcv_adv, tp->rcv_nxt) ?
	    tp->rcv_adv - tp->rcv_nxt :
	    0;
	uint32_t most = (uint32_t)TCP_MAXWIN << tp->t_rcv_scale;

	if (space > most)
		space = most;
	return space > left ? (uint32_t)space : left;
}

/* --- SYN_SENT --- */

static void
agree_on_options(struct tcpcb *tp, const struct tcp_seg *sg)
{
	if (sg->sg_ws >= 0 && (tp->t_flags & TF_REQ_SCALE) != 0) {
		tp->t_flags |= TF_RCVD_SCALE;
		tp->t_snd_scale = (uint8_t)sg->sg_ws;
		tp->t_rcv_scale = tp->t_req_scale;
	}
	if (sg->sg_ts && (tp->t_flags & TF_REQ_TSTMP) != 0) {
		tp->t_flags |= TF_RCVD_TSTMP;
		tp->ts_recent = sg->sg_tsval;
		tp->ts_recent_age = sg->sg_now;
	}
	if (sg->sg_sackok && (tp->t_flags & TF_REQ_SACK) != 0)
		tp->t_flags |= TF_SACK_PERMIT;
	tcp_mss_from_peer(tp, sg->sg_mss);
}

static void
syn_seen(struct tcpcb *tp, struct tcp_seg *sg)
{
	tp->irs = sg->sg_seq;
	tp->rcv_nxt = tp->rcv_adv = tp->rcv_up = tp->last_ack_sent = sg->sg_seq +
	    1;
	agree_on_options(tp, sg);
	tp->snd_wnd = sg->sg_win; /* not scaled in a SYN */
	tp->snd_wl1 = sg->sg_seq;
	tp->t_flags |= TF_ACKNOW;
}

static void
syn_sent(struct tcpcb *tp, struct tcp_seg *sg)
{
	uint32_t win;

	if ((sg->sg_flags & TH_ACK) != 0 &&
	    (SEQ_LEQ(sg->sg_ack, tp->iss) || SEQ_GT(sg->sg_ack, tp->snd_max))) {
		tcp_reset_to(tp->t_tcp, sg);
		return;
	}
	if ((sg->sg_flags & TH_RST) != 0) {
		if ((sg->sg_flags & TH_ACK) != 0)
			tcp_drop(tp, ECONNREFUSED);
		return;
	}
	if ((sg->sg_flags & TH_SYN) == 0)
		return;
	syn_seen(tp, sg);
	if ((sg->sg_flags & TH_ACK) == 0) {
		/* Both ends open at once (RFC 9293 3.5). */
		tp->t_state = TCPS_SYN_RECEIVED;
		tp->snd_nxt = tp->snd_una;
		tcp_timer_stop(tp, TT_REXMT);
		(void)tcp_output(tp);
		return;
	}
	tcpstat_inc(tp->t_tcp, TCP_STAT_CONNECTS);
	if ((tp->t_flags & TF_SYN_ECN) != 0 &&
	    (sg->sg_flags & (TH_ECE | TH_CWR)) == TH_ECE) {
		tp->t_flags |= TF_ECN;
		tcpstat_inc(tp->t_tcp, TCP_STAT_ECN_SHS);
	}
	if (tp->t_rttstart != 0)
		tcp_rtt_sample(tp, sg->sg_now - tp->t_rttstart);
	tp->snd_una = sg->sg_ack;
	if (SEQ_LT(tp->snd_nxt, tp->snd_una))
		tp->snd_nxt = tp->snd_una;
	tp->snd_recover = tp->snd_una;
	tp->snd_wl2 = sg->sg_ack;
	tp->t_maxsndwnd = tp->snd_wnd;
	tp->t_rxtshift = 0;
	tcp_timer_stop(tp, TT_REXMT);
	tcp_established(tp);
	tp->t_rxtcur = tcp_rto(tp);
	soisconnected(tp->t_so);
	/* The SYN is taken; what comes with it is looked at as usual. */
	sg->sg_seq++;
	sg->sg_flags &= ~TH_SYN;
	win = window_now(tp);
	if (sg->sg_len > win && sg->sg_m != NULL) {
		m_adj(sg->sg_m, -(int)(sg->sg_len - win));
		sg->sg_len = win;
		sg->sg_flags &= ~TH_FIN;
	}
	/* A connect and a close before this: the FIN is due. */
	if ((tp->t_flags & TF_SENTFIN) == 0 &&
	    (tp->t_so->so_state & SS_CANTSENDMORE) != 0)
		tp->t_state = TCPS_FIN_WAIT_1;
	tcp_segment_accepted(tp, sg);
}

/* --- what is acceptable --- */

/* RFC 7323 5.3. False: an old duplicate. */
static bool
paws(struct tcpcb *tp, const struct tcp_seg *sg)
{
	if (!sg->sg_ts || (tp->t_flags & TF_RCVD_TSTMP) == 0 ||
	    tp->ts_recent == 0 || SEQ_GEQ(sg->sg_tsval, tp->ts_recent))
		return true;
	if (sg->sg_now - tp->ts_recent_age > TCP_PAWS_IDLE) {
		tp->ts_recent = 0;
		return true;
	}
	tcpstat_inc(tp->t_tcp, TCP_STAT_RCVDUPPACK);
	tcpstat_add(tp->t_tcp, TCP_STAT_RCVDUPBYTE, sg->sg_len);
	tcpstat_inc(tp->t_tcp, TCP_STAT_PAWSDROP);
	return false;
}

static void
trim_old(struct tcpcb *tp, struct tcp_seg *sg)
{
	uint32_t old = tp->rcv_nxt - sg->sg_seq;

	if (old > sg->sg_len ||
	    (old == sg->sg_len && (sg->sg_flags & TH_FIN) == 0)) {
		/* All of it: the peer did not get our ACK. */
		sg->sg_flags &= ~TH_FIN;
		tp->t_flags |= TF_ACKNOW;
		if (sg->sg_len > 0) {
			tp->t_dsack = (struct tcp_range){ sg->sg_seq,
				sg->sg_seq + sg->sg_len };
			tp->t_dsackset = true;
		}
		tcpstat_inc(tp->t_tcp, TCP_STAT_RCVDUPPACK);
		tcpstat_add(tp->t_tcp, TCP_STAT_RCVDUPBYTE, sg->sg_len);
		old = sg->sg_len;
		sg->sg_seq = tp->rcv_nxt - old;
	} else {
		tcpstat_inc(tp->t_tcp, TCP_STAT_RCVPARTDUPPACK);
		tcpstat_add(tp->t_tcp, TCP_STAT_RCVPARTDUPBYTE, old);
		if (old > 0) {
			tp->t_dsack = (struct tcp_range){ sg->sg_seq,
				tp->rcv_nxt };
			tp->t_dsackset = true;
		}
	}
	m_adj(sg->sg_m, (int)old);
	sg->sg_seq += old;
	sg->sg_len -= old;
	if (sg->sg_urp > old)
		sg->sg_urp -= (uint16_t)old;
	else {
		sg->sg_flags &= ~TH_URG;
		sg->sg_urp = 0;
	}
}

/* Beyond the window. False: nothing of it may be looked at. */
static bool
trim_excess(struct tcpcb *tp, struct tcp_seg *sg)
{
	uint32_t over = sg->sg_seq + sg->sg_len - (tp->rcv_nxt + tp->rcv_wnd);

	if (SEQ_LEQ(sg->sg_seq + sg->sg_len, tp->rcv_nxt + tp->rcv_wnd))
		return true;
	tcpstat_inc(tp->t_tcp, TCP_STAT_RCVPACKAFTERWIN);
	if (over >= sg->sg_len) {
		tcpstat_add(tp->t_tcp, TCP_STAT_RCVBYTEAFTERWIN, sg->sg_len);
		tp->t_flags |= TF_ACKNOW;
		if (tp->rcv_wnd != 0 || sg->sg_seq != tp->rcv_nxt)
			return false;
		/* A probe of the shut window: its ACK counts. */
		tcpstat_inc(tp->t_tcp, TCP_STAT_RCVWINPROBE);
		over = sg->sg_len;
	} else {
		tcpstat_add(tp->t_tcp, TCP_STAT_RCVBYTEAFTERWIN, over);
		tp->t_flags |= TF_ACKNOW;
	}
	m_adj(sg->sg_m, -(int)over);
	sg->sg_len -= over;
	sg->sg_flags &= ~(TH_PUSH | TH_FIN);
	return true;
}

/* RFC 5961 3.2: only the very next sequence number resets. */
static void
reset_came(struct tcpcb *tp, const struct tcp_seg *sg)
{
	uint32_t win = tp->rcv_wnd == 0 ? 1 : tp->rcv_wnd;

	if (SEQ_LT(sg->sg_seq, tp->rcv_nxt) ||
	    SEQ_GEQ(sg->sg_seq, tp->rcv_nxt + win))
		return;
	if (sg->sg_seq != tp->rcv_nxt && sg->sg_seq != tp->last_ack_sent) {
		tcp_challenge_ack(tp);
		return;
	}
	switch (tp->t_state) {
	case TCPS_SYN_RECEIVED:
		tp->t_so->so_error = ECONNREFUSED;
		break;
	case TCPS_ESTABLISHED:
	case TCPS_FIN_WAIT_1:
	case TCPS_FIN_WAIT_2:
	case TCPS_CLOSE_WAIT:
		tp->t_so->so_error = ECONNRESET;
		break;
	case TCPS_TIME_WAIT:
		return; /* RFC 1337 */
	default:
		break;
	}
	tcpstat_inc(tp->t_tcp, TCP_STAT_DROPS);
	tcp_close(tp);
}

/* --- the usual case: the next data, or an ACK, in an established connection --- */

static void
note_ts(struct tcpcb *tp, const struct tcp_seg *sg)
{
	if (sg->sg_ts && (tp->t_flags & TF_RCVD_TSTMP) != 0 &&
	    SEQ_LEQ(sg->sg_seq, tp->last_ack_sent) &&
	    (tp->ts_recent == 0 || SEQ_GEQ(sg->sg_tsval, tp->ts_recent))) {
		tp->ts_recent = sg->sg_tsval;
		tp->ts_recent_age = sg->sg_now;
	}
}

/* A window for what comes in one round trip, when the reader keeps up. */
static void
grow_receive_buffer(struct tcpcb *tp, uint32_t len, int64_t now)
{
	struct sockbuf *sb = &tp->t_so->so_rcv;
	struct tcp_state *tc = tp->t_tcp;
	size_t most = (size_t)atomic_load(&tc->recvbuf_max), to;

	tp->t_autobytes += len;
	if (now - tp->t_autostart < (tp->t_srtt > 0 ? tp->t_srtt : 100000000))
		return;
	to = sb->sb_hiwat + (size_t)atomic_load(&tc->recvbuf_inc);
	if (atomic_load(&tc->recvbuf_auto) &&
	    (sb->sb_flags & SB_AUTOSIZE) != 0 &&
	    tp->t_autobytes > sb->sb_hiwat / 8 * 7 && sb->sb_hiwat < most &&
	    sbreserve(tp->t_so, sb, to < most ? to : most) != 0)
		sb->sb_flags &= ~SB_AUTOSIZE;
	tp->t_autostart = now;
	tp->t_autobytes = 0;
}

/* Takes the urgent byte out of what goes to the user (RFC 6093 3.2). */
static struct mbuf *
take_urgent(struct tcpcb *tp, struct mbuf *m, uint32_t len)
{
	uint32_t at = tp->rcv_up - 1 - tp->rcv_nxt;
	struct mbuf *rest;
	uint8_t byte;

	if (SEQ_LEQ(tp->rcv_up, tp->rcv_nxt) || at >= len ||
	    (atomic_load(&tp->t_so->so_options) & SO_OOBINLINE) != 0)
		return m;
	m_copydata(m, at, 1, &byte);
	tp->t_iobc = byte;
	tp->t_flags |= TF_HAVEOOB;
	if (at == 0)
		m_adj(m, 1);
	else if (at == len - 1)
		m_adj(m, -1);
	else if ((rest = m_split(m, at)) != NULL) {
		m_adj(rest, 1);
		rest->m_flags &= ~M_PKTHDR;
		for (struct mbuf *n = m;; n = n->m_next)
			if (n->m_next == NULL) {
				n->m_next = rest;
				break;
			}
	}
	return m;
}

void
tcp_to_user(struct tcpcb *tp, struct mbuf *m, uint32_t len)
{
	struct socket *so = tp->t_so;

	if (SEQ_GT(tp->rcv_up, tp->rcv_nxt))
		m = take_urgent(tp, m, len);
	tp->rcv_nxt += len;
	if (SEQ_LT(tp->rcv_up, tp->rcv_nxt))
		tp->rcv_up = tp->rcv_nxt;
	if ((so->so_state & SS_CANTRCVMORE) != 0 || m_length(m) == 0) {
		m_freem(m);
		return;
	}
	sbappendstream(&so->so_rcv, m);
}

/* An ACK for every second segment, or after a while (RFC 1122 4.2.3.2, 5681 4.2). */
static void
delay_ack(struct tcpcb *tp, const struct tcp_seg *sg)
{
	if ((tp->t_flags & TF_DELACK) != 0 || sg->sg_len >= 2u * tp->t_ourmss ||
	    ((sg->sg_flags & TH_PUSH) != 0 &&
		atomic_load(&tp->t_tcp->ack_on_push))) {
		tp->t_flags |= TF_ACKNOW;
		return;
	}
	tp->t_flags |= TF_DELACK;
	tcpstat_inc(tp->t_tcp, TCP_STAT_DELACK);
	tcp_timer_set(tp, TT_DELACK,
	    atomic_load(&tp->t_tcp->delack_ticks) * (TCP_NS / 100));
}

/* Only who knows the window of now sends beyond that of then. */
static void
knows_window(struct tcpcb *tp, const struct tcp_seg *sg)
{
	if (tcp_timer_on(tp, TT_WINUP) &&
	    SEQ_GT(sg->sg_seq + sg->sg_len, tp->t_winedge))
		tcp_timer_stop(tp, TT_WINUP);
}

static void
next_data(struct tcpcb *tp, struct tcp_seg *sg)
{
	struct mbuf *m = sg->sg_m;

	knows_window(tp, sg);
	tcpstat_inc(tp->t_tcp, TCP_STAT_RCVPACK);
	tcpstat_add(tp->t_tcp, TCP_STAT_RCVBYTE, sg->sg_len);
	sg->sg_m = NULL;
	grow_receive_buffer(tp, sg->sg_len, sg->sg_now);
	delay_ack(tp, sg);
	tcp_to_user(tp, m, sg->sg_len);
	sorwakeup(tp->t_so);
}

static bool
predicted(struct tcpcb *tp, struct tcp_seg *sg)
{
	const unsigned odd = TH_SYN | TH_FIN | TH_RST | TH_URG | TH_ACK |
	    TH_ECE | TH_CWR;

	if (tp->t_state != TCPS_ESTABLISHED || sg->sg_len == 0 ||
	    (sg->sg_flags & odd) != TH_ACK || sg->sg_seq != tp->rcv_nxt ||
	    sg->sg_ack != tp->snd_una || sg->sg_win != tp->snd_wnd ||
	    tp->t_reass != NULL || sg->sg_nsack != 0 || sg->sg_ecn == 3 ||
	    (tp->t_flags & TF_RCVDCE) != 0 ||
	    (sg->sg_ts && SEQ_LT(sg->sg_tsval, tp->ts_recent)) ||
	    sg->sg_len > sbspace(&tp->t_so->so_rcv))
		return false;
	note_ts(tp, sg);
	tcpstat_inc(tp->t_tcp, TCP_STAT_PREDDAT);
	next_data(tp, sg);
	if ((tp->t_flags & TF_ACKNOW) != 0)
		(void)tcp_output(tp);
	return true;
}

/* --- URG, data, FIN --- */

static void
urgent_came(struct tcpcb *tp, const struct tcp_seg *sg)
{
	struct socket *so = tp->t_so;
	tcp_seq up = sg->sg_seq + sg->sg_urp;

	if ((sg->sg_flags & TH_URG) == 0 || sg->sg_urp == 0 ||
	    TCPS_HAVERCVDFIN(tp->t_state))
		return;
	if ((size_t)sg->sg_urp + so->so_rcv.sb_cc > SB_MAX_DEFAULT)
		return;
	if (SEQ_LEQ(up, tp->rcv_up) || SEQ_LEQ(up, tp->rcv_nxt))
		return;
	tp->rcv_up = up;
	so->so_oobmark = so->so_rcv.sb_cc + (up - tp->rcv_nxt) - 1;
	if (so->so_oobmark == 0)
		so->so_state |= SS_RCVATMARK;
	tp->t_flags &= ~(TF_HAVEOOB | TF_HADOOB);
	sohasoutofband(so);
}

static void
fin_came(struct tcpcb *tp)
{
	if (TCPS_HAVERCVDFIN(tp->t_state)) {
		tp->t_flags |= TF_ACKNOW;
		return;
	}
	socantrcvmore(tp->t_so);
	tp->t_flags |= TF_ACKNOW;
	tp->rcv_nxt++;
	tp->rcv_up = seq_max(tp->rcv_up, tp->rcv_nxt);
	switch (tp->t_state) {
	case TCPS_SYN_RECEIVED:
	case TCPS_ESTABLISHED:
		tp->t_state = TCPS_CLOSE_WAIT;
		break;
	case TCPS_FIN_WAIT_1:
		tp->t_state = TCPS_CLOSING;
		break;
	case TCPS_FIN_WAIT_2:
		tcp_timewait(tp);
		soisdisconnected(tp->t_so);
		break;
	default:
		break;
	}
}

static void
data_came(struct tcpcb *tp, struct tcp_seg *sg)
{
	unsigned fin = sg->sg_flags & TH_FIN;

	if (TCPS_HAVERCVDFIN(tp->t_state)) {
		if (tp->t_state == TCPS_TIME_WAIT && sg->sg_len + fin > 0)
			tp->t_flags |= TF_ACKNOW;
		return;
	}
	if (sg->sg_len == 0 && fin == 0)
		return;
	if (sg->sg_seq == tp->rcv_nxt && tp->t_reass == NULL &&
	    tp->t_state == TCPS_ESTABLISHED) {
		if (sg->sg_len > 0)
			next_data(tp, sg);
	} else {
		if (sg->sg_seq == tp->rcv_nxt) {
			tcpstat_inc(tp->t_tcp, TCP_STAT_RCVPACK);
			tcpstat_add(tp->t_tcp, TCP_STAT_RCVBYTE, sg->sg_len);
		}
		knows_window(tp, sg);
		fin = tcp_reass(tp, sg);
		tp->t_flags |= TF_ACKNOW;
	}
	if (fin != 0)
		fin_came(tp);
}

void
tcp_segment_accepted(struct tcpcb *tp, struct tcp_seg *sg)
{
	bool closed_reader = (tp->t_so->so_state & SS_NOFDREF) != 0 &&
	    tp->t_so->so_head == NULL;

	/* Nobody is there to read it (RFC 1122 4.2.2.13). */
	if (closed_reader && tp->t_state > TCPS_CLOSE_WAIT && sg->sg_len > 0 &&
	    tp->t_state != TCPS_TIME_WAIT) {
		tcpstat_inc(tp->t_tcp, TCP_STAT_RCVAFTERCLOSE);
		tcp_reset_to(tp->t_tcp, sg);
		tcp_close(tp);
		return;
	}
	urgent_came(tp, sg);
	if (sg->sg_m != NULL)
		data_came(tp, sg);
	(void)tcp_output(tp);
}

/* --- all but SYN_SENT --- */

/* RFC 3168 6.1.3 */
static void
ecn_input(struct tcpcb *tp, const struct tcp_seg *sg)
{
	if ((tp->t_flags & TF_ECN) == 0)
		return;
	if ((sg->sg_flags & TH_CWR) != 0)
		tp->t_flags &= ~TF_RCVDCE;
	if (sg->sg_ecn == 3 && sg->sg_len > 0) {
		tcpstat_inc(tp->t_tcp, TCP_STAT_ECN_CE);
		tp->t_flags |= TF_RCVDCE | TF_ACKNOW;
	}
}

/* The ACK of our SYN. False: it was none. */
static bool
handshake_done(struct tcpcb *tp, struct tcp_seg *sg)
{
	if (SEQ_LEQ(sg->sg_ack, tp->snd_una) ||
	    SEQ_GT(sg->sg_ack, tp->snd_max)) {
		tcp_reset_to(tp->t_tcp, sg);
		return false;
	}
	tcpstat_inc(tp->t_tcp, TCP_STAT_CONNECTS);
	if (tp->t_rttstart != 0)
		tcp_rtt_sample(tp, sg->sg_now - tp->t_rttstart);
	tp->snd_una = tp->iss + 1;
	if (SEQ_LT(tp->snd_nxt, tp->snd_una))
		tp->snd_nxt = tp->snd_una;
	tp->snd_recover = tp->snd_una;
	tp->t_rxtshift = 0;
	tcp_timer_stop(tp, TT_REXMT);
	tcp_established(tp);
	tp->t_rxtcur = tcp_rto(tp);
	tp->snd_wl1 = sg->sg_seq - 1;
	if ((tp->t_so->so_state & SS_ISCONNECTED) == 0)
		soisconnected(tp->t_so);
	if ((tp->t_so->so_state & SS_CANTSENDMORE) != 0)
		tp->t_state = TCPS_FIN_WAIT_1;
	return true;
}

/* False: dropped; TF_ACKNOW says whether it is answered. */
static bool
acceptable(struct tcpcb *tp, struct tcp_seg *sg)
{
	tp->rcv_wnd = window_now(tp);
	if ((sg->sg_flags & TH_RST) != 0) {
		reset_came(tp, sg);
		return false;
	}
	if (!paws(tp, sg)) {
		if (sg->sg_len > 0 || (sg->sg_flags & (TH_SYN | TH_FIN)) != 0)
			tp->t_flags |= TF_ACKNOW;
		return false;
	}
	if ((sg->sg_flags & TH_SYN) != 0) {
		/* RFC 5961 4.2; but both SYNs may have crossed. */
		if (tp->t_state != TCPS_SYN_RECEIVED || sg->sg_seq != tp->irs) {
			tcp_challenge_ack(tp);
			return false;
		}
		sg->sg_seq++;
		sg->sg_flags &= ~TH_SYN;
		if ((sg->sg_flags & TH_ACK) == 0) {
			tp->t_flags |= TF_ACKNOW;
			return false;
		}
	}
	if (SEQ_LT(sg->sg_seq, tp->rcv_nxt))
		trim_old(tp, sg);
	return trim_excess(tp, sg);
}

void
tcp_segment_input(struct tcpcb *tp, struct tcp_seg *sg)
{
	struct socket *so = tp->t_so;

	tp->t_rcvtime = sg->sg_now;
	if (tp->t_keepprobes != 0)
		tcp_keep_restart(tp);
	if (tp->t_state == TCPS_SYN_SENT) {
		syn_sent(tp, sg);
		return;
	}
	if ((sg->sg_flags & TH_SYN) == 0)
		sg->sg_win <<= tp->t_snd_scale;
	if (predicted(tp, sg))
		return;
	if (!acceptable(tp, sg)) {
		/* A reset may have been the end of it. */
		if (so->so_pcb != NULL && (tp->t_flags & TF_ACKNOW) != 0)
			(void)tcp_output(tp);
		return;
	}
	note_ts(tp, sg);
	if ((sg->sg_flags & TH_ACK) == 0)
		return;
	ecn_input(tp, sg);
	if (tp->t_state == TCPS_SYN_RECEIVED && !handshake_done(tp, sg))
		return;
	if (!tcp_ack_input(tp, sg))
		return;
	if (tp->t_state == TCPS_TIME_WAIT &&
	    (sg->sg_len > 0 || (sg->sg_flags & TH_FIN) != 0 ||
		(tp->t_flags & TF_ACKNOW) != 0))
		tcp_timewait(tp); /* RFC 9293 3.10.7.4: starts anew */
	tcp_segment_accepted(tp, sg);
}
