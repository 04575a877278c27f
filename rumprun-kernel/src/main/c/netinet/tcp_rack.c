/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A look at what has been out for longer than it should, before the
 * retransmission timer does (RFC 8985), for connections with SACK, by sysctl
 * net.inet.tcp.sack.rack: 1: where something sent later has arrived; 2 (the
 * default): at the tail of several segments as well; 3: at that of a single one
 * too, which goes earlier then than NetBSD was seen to send it.
 *
 * Of RFC 8985 there is as much as the scoreboard can tell: what stands at
 * snd_una is lost when something that was sent after it has arrived and has
 * been there for a quarter of a round trip (6.2); a tail of which nothing is
 * heard for two round trips is probed (7.2), and what that probe mended counts
 * as congestion (7.4). Probes get lost too, and so do their answers: where the RFC
 * has one there are some, each after twice the time (RFC 8961 4).
 */
#include "netinet/tcp_var.h"

#define REORDER_MIN (TCP_NS / 1000)
#define PROBE_MIN (TCP_NS / 200)
#define PROBES 4

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

/*
 * May a tail be probed? What was sent alone, and what was sent after a pause, before which the time of a round trip was measured (RFC 5681 4.1), is left
 * to the retransmission timer: so NetBSD was seen to do.
 */
static bool
probes_tail(const struct tcpcb *tp, int how, int64_t now)
{
	if (how < 2 || tp->t_probes >= PROBES)
		return false;
	return how > 2 ||
	    (tp->t_flightsegs > 1 && now - tp->t_rcvtime < tp->t_rxtcur);
}

/* RFC 8985 6.2 step 4: where the network has changed the order, what is missing gets time, however much has come after it. */
bool
tcp_rack_waits(const struct tcpcb *tp)
{
	return atomic_load(&tp->t_tcp->sack_rack) != 0 &&
	    (tp->t_flags & TF_REORDERED) != 0 && tp->t_nsacked > 0 &&
	    tp->t_srtt / 4 >= REORDER_MIN;
}

static int64_t
probe_after(const struct tcpcb *tp)
{
	int64_t t = 2 * tp->t_srtt;

	/* The ACK of a single segment may wait. */
	if (tp->snd_max - tp->snd_una <= tcp_segsz(tp))
		t += atomic_load(&tp->t_tcp->delack_ticks) * (TCP_NS / 100);
	if (t < PROBE_MIN)
		t = PROBE_MIN;
	return t << tp->t_probes;
}

void
tcp_rack_arm(struct tcpcb *tp, int64_t now)
{
	int how = atomic_load(&tp->t_tcp->sack_rack);
	bool late = overtaken(tp);
	int64_t after;

	if (how == 0 || (tp->t_flags & TF_SACK_PERMIT) == 0 ||
	    tp->t_srtt == 0 || (tp->t_flags & TF_RTO) != 0 ||
	    tp->snd_una == tp->snd_max || !tcp_timer_on(tp, TT_REXMT)) {
		tcp_timer_stop(tp, TT_RACK);
		return;
	}
	if (late)
		after = tp->t_srtt / 4 < REORDER_MIN ? REORDER_MIN :
						       tp->t_srtt / 4;
	else if (probes_tail(tp, how, now))
		after = probe_after(tp);
	else {
		tcp_timer_stop(tp, TT_RACK);
		return;
	}
	/* What has begun to wait goes on: ACKs must not put it off. */
	if (tcp_timer_on(tp, TT_RACK) && tp->t_rackuna == tp->snd_una &&
	    tp->t_racklate == late && tp->t_timer[TT_RACK] <= now + after)
		return;
	tp->t_rackuna = tp->snd_una;
	tp->t_racklate = late;
	if (now + after < tp->t_timer[TT_REXMT])
		tcp_timer_set(tp, TT_RACK, after);
	else
		tcp_timer_stop(tp, TT_RACK);
}

/* New data if there are any, but their ACK may be delayed; else the last segment again, which is answered at once. */
static void
probe(struct tcpcb *tp)
{
	uint32_t segsz = tcp_segsz(tp), out = tp->snd_max - tp->snd_una;
	tcp_seq before = tp->snd_max;

	if ((tp->t_flags & TF_FASTRECOVERY) == 0) {
		uint32_t cwnd = tp->snd_cwnd;

		if (tp->t_probes++ == 0) {
			tp->snd_cwnd = out + segsz;
			(void)tcp_output(tp);
			tp->snd_cwnd = cwnd;
		}
		if (tp->snd_max != before)
			return; /* nothing went twice */
		tp->t_flags |= TF_REXMTLAST;
		tp->t_probed = true;
		tp->t_probeend = tp->snd_max;
	} else {
		tp->t_probes++;
		tp->t_flags |= TF_REXMTONE;
	}
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

/*
 * RFC 8985 7.4.2: a probe that was a segment sent again mended a loss unless the receiver says that it came twice. An ACK up to where it ended may be
 * a late one of what it repeated; one of what came behind is not.
 */
void
tcp_rack_acked(struct tcpcb *tp, const struct tcp_seg *sg)
{
	if (SEQ_GT(sg->sg_ack, tp->snd_una))
		tp->t_probes = 0;
	if (!tp->t_probed || SEQ_LT(sg->sg_ack, tp->t_probeend))
		return;
	if (sg->sg_nsack > 0 && SEQ_LEQ(sg->sg_sack[0].end, sg->sg_ack)) {
		tp->t_probed = false;
		return;
	}
	if (sg->sg_ack == tp->t_probeend)
		return;
	tp->t_probed = false;
	if ((tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) == 0) {
		tp->t_cc->cc_congested(tp, tp->snd_max - tp->snd_una);
		tp->snd_cwnd = tp->snd_ssthresh;
	}
}
