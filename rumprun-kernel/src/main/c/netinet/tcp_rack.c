/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A look at what has been out for longer than it should, before the
 * retransmission timer does (RFC 8985), for connections with SACK and only when
 * sysctl net.inet.tcp.sack.rack says so (1: where something sent later has
 * arrived; 2: at the tail as well): what it sends goes earlier than NetBSD's
 * would.
 *
 * Of RFC 8985 there is as much as the scoreboard can tell: what stands at
 * snd_una is lost when something that was sent after it has arrived and has
 * been there for a quarter of a round trip (6.2); a tail of which nothing is
 * heard for two round trips gets one probe (7.2), and what that probe mended
 * counts as congestion (7.4).
 */
#include "netinet/tcp_var.h"

#define REORDER_MIN (TCP_NS / 1000)
#define PROBE_MIN (TCP_NS / 100)

/* Something has arrived that was sent after what stands at snd_una (or was sent for it again). */
static bool
overtaken(const struct tcpcb *tp)
{
	if (tp->t_nsacked == 0)
		return false;
	if (SEQ_LEQ(tp->t_highrxt, tp->snd_una))
		return true;
	return SEQ_GT(tp->t_sacked[tp->t_nsacked - 1].end, tp->t_rxtmax);
}

static int64_t
probe_after(const struct tcpcb *tp)
{
	int64_t t = 2 * tp->t_srtt;

	/* The ACK of a single segment may wait. */
	if (tp->snd_max - tp->snd_una <= tcp_segsz(tp))
		t += atomic_load(&tp->t_tcp->delack_ticks) * (TCP_NS / 100);
	return t < PROBE_MIN ? PROBE_MIN : t;
}

void
tcp_rack_arm(struct tcpcb *tp, int64_t now)
{
	int how = atomic_load(&tp->t_tcp->sack_rack);
	int64_t after;

	if (how == 0 || (tp->t_flags & TF_SACK_PERMIT) == 0 ||
	    tp->t_srtt == 0 || (tp->t_flags & TF_RTO) != 0 ||
	    tp->snd_una == tp->snd_max || !tcp_timer_on(tp, TT_REXMT)) {
		tcp_timer_stop(tp, TT_RACK);
		return;
	}
	if (overtaken(tp))
		after = tp->t_srtt / 4 < REORDER_MIN ? REORDER_MIN :
						       tp->t_srtt / 4;
	else if (how > 1 && (tp->t_flags & TF_PROBED) == 0)
		after = probe_after(tp);
	else {
		tcp_timer_stop(tp, TT_RACK);
		return;
	}
	/* What has begun to wait goes on: ACKs must not put it off. */
	if (tcp_timer_on(tp, TT_RACK) && tp->t_rackuna == tp->snd_una &&
	    tp->t_timer[TT_RACK] <= now + after)
		return;
	tp->t_rackuna = tp->snd_una;
	if (now + after < tp->t_timer[TT_REXMT])
		tcp_timer_set(tp, TT_RACK, after);
	else
		tcp_timer_stop(tp, TT_RACK);
}

/* New data if there are any, else the last segment again. */
static void
probe(struct tcpcb *tp)
{
	uint32_t segsz = tcp_segsz(tp), out = tp->snd_max - tp->snd_una;
	tcp_seq before = tp->snd_max;

	tp->t_flags |= TF_PROBED;
	tp->t_probeend = tp->snd_max;
	if ((tp->t_flags & TF_FASTRECOVERY) == 0) {
		uint32_t cwnd = tp->snd_cwnd;

		tp->snd_cwnd = out + segsz;
		(void)tcp_output(tp);
		tp->snd_cwnd = cwnd;
		if (tp->snd_max != before) {
			tp->t_probeend = tp->snd_una; /* nothing went twice */
			return;
		}
		tp->t_flags |= TF_REXMTLAST;
	} else
		tp->t_flags |= TF_REXMTONE;
	tp->t_rttstart = 0;
	(void)tcp_output(tp);
}

void
tcp_rack_timeout(struct tcpcb *tp)
{
	if (tp->snd_una == tp->snd_max || (tp->t_flags & TF_RTO) != 0)
		return;
	if (!overtaken(tp)) {
		probe(tp);
		return;
	}
	if ((tp->t_flags & TF_FASTRECOVERY) == 0)
		tcp_enter_recovery(tp);
	else
		tp->t_flags |= TF_REXMTONE;
	(void)tcp_output(tp);
}

/* The probe's segment is acknowledged: unless it came twice, it had been lost. */
void
tcp_rack_acked(struct tcpcb *tp, const struct tcp_seg *sg)
{
	bool twice = sg->sg_nsack > 0 && SEQ_LEQ(sg->sg_sack[0].end, sg->sg_ack);

	if ((tp->t_flags & TF_PROBED) == 0)
		return;
	tp->t_flags &= ~TF_PROBED;
	if (SEQ_GEQ(sg->sg_ack, tp->t_probeend) &&
	    SEQ_LT(tp->snd_una, tp->t_probeend) && !twice &&
	    (tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) == 0) {
		tp->t_cc->cc_congested(tp, tp->snd_max - tp->snd_una);
		tp->snd_cwnd = tp->snd_ssthresh;
	}
}
