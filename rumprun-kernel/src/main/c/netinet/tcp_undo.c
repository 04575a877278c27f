/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recoveries from what was no loss: segments were late, or others had overtaken
 * them.
 *
 * After a fast retransmission the receiver tells what has come twice: when that
 * is all that was sent again, nothing had been lost (RFC 3708). After a timeout
 * the first ACK that is older than the retransmission, by the timestamps that
 * it echoes, is one of the original (RFC 3522): their ticks of half a second
 * are fine enough, as no timeout is shorter than two. In both cases the windows
 * come back, by slow start, not in one burst (RFC 4015).
 */
#include "netinet/tcp_var.h"

void
tcp_undo_begin(struct tcpcb *tp, int64_t now)
{
	tp->t_undo = (struct tcp_undo){ .cwnd = tp->snd_cwnd,
		.ssthresh = tp->snd_ssthresh,
		.wmax = tp->t_wmax,
		.from = tp->snd_una,
		.ts = tcp_tick(tp->t_tcp, now) - tp->ts_base };
}

static void
undo(struct tcpcb *tp, const struct tcp_seg *sg)
{
	struct tcp_undo *u = &tp->t_undo;
	uint32_t flight = tp->snd_max - seq_max(tp->snd_una, sg->sg_ack);
	uint32_t cwnd = flight + tcp_initial_window(tp);

	tp->snd_ssthresh = u->ssthresh > u->cwnd ? u->ssthresh : u->cwnd;
	if (cwnd > u->cwnd)
		cwnd = u->cwnd;
	if (tp->snd_cwnd < cwnd)
		tp->snd_cwnd = cwnd;
	tp->t_wmax = u->wmax;
	tp->t_epoch = 0;
	tp->t_dupacks = 0;
	tp->t_flags &= ~(TF_RTO | TF_FASTRECOVERY | TF_REXMTONE);
	tp->snd_nxt = tp->snd_max;
	tp->snd_recover = tp->snd_una;
	u->cwnd = 0;
}

/* What the segment says has come twice (RFC 2883 4). */
static const struct tcp_range *
came_twice(const struct tcp_seg *sg)
{
	const struct tcp_range *r = &sg->sg_sack[0];

	if (sg->sg_nsack == 0)
		return NULL;
	if (SEQ_LEQ(r->end, sg->sg_ack))
		return r;
	if (sg->sg_nsack > 1 && SEQ_GEQ(r->start, sg->sg_sack[1].start) &&
	    SEQ_LEQ(r->end, sg->sg_sack[1].end))
		return r;
	return NULL;
}

void
tcp_undo_input(struct tcpcb *tp, const struct tcp_seg *sg)
{
	struct tcp_undo *u = &tp->t_undo;
	const struct tcp_range *twice;

	if (u->cwnd == 0)
		return;
	if ((tp->t_flags & TF_RTO) != 0) {
		if (!SEQ_GT(sg->sg_ack, tp->snd_una) || tp->snd_una != u->from)
			return;
		if (sg->sg_ts && sg->sg_tsecr != 0 &&
		    (tp->t_flags & TF_RCVD_TSTMP) != 0 &&
		    SEQ_LT(sg->sg_tsecr, u->ts))
			undo(tp, sg);
		else
			u->cwnd = 0;
		return;
	}
	twice = came_twice(sg);
	if (twice == NULL || SEQ_LT(twice->start, u->from) ||
	    SEQ_GT(twice->end, tp->snd_max) || u->again == 0)
		return;
	if (--u->again == 0) {
		tp->t_flags |= TF_REORDERED;
		undo(tp, sg);
	}
}
