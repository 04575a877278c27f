/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Selective acknowledgements (RFC 2018, 2883, 6675).
 *
 * The sender's scoreboard is t_sacked: what the receiver has beyond snd_una,
 * sorted ranges without overlaps or contact. What is not in it is a hole. The
 * number of ranges is bounded, for a connection (sysctl sack.maxholes) and over
 * all (sack.globalmaxholes), where one may have a part of what the others
 * leave. What has no place is not remembered, but counts as news: so recovery
 * goes on as without SACK.
 */
#include "netinet/tcp_var.h"

static void
set_count(struct tcpcb *tp, unsigned n)
{
	atomic_fetch_add(
	    &tp->t_tcp->sack_globalholes, (int32_t)n - (int32_t)tp->t_nsacked);
	tp->t_nsacked = (uint16_t)n;
}

static bool
may_have_more(const struct tcpcb *tp)
{
	struct tcp_state *tc = tp->t_tcp;
	int32_t left = atomic_load(&tc->sack_globalmaxholes) -
	    atomic_load(&tc->sack_globalholes);

	return tp->t_nsacked < atomic_load(&tc->sack_maxholes) &&
	    tp->t_nsacked < left / 4;
}

static bool
make_room(struct tcpcb *tp)
{
	struct rump_kernel *k = tp->t_tcp->tc_k;
	unsigned room = tp->t_sackroom == 0 ? 4 : tp->t_sackroom * 2u;
	struct tcp_range *r;

	if (!may_have_more(tp))
		return false;
	if (tp->t_nsacked < tp->t_sackroom)
		return true;
	if ((r = kmem_calloc(k, room, sizeof(*r))) == NULL)
		return false;
	if (tp->t_sacked != NULL) {
		memcpy(r, tp->t_sacked, tp->t_nsacked * sizeof(*r));
		kmem_free(
		    k, tp->t_sacked, tp->t_sackroom * sizeof(*tp->t_sacked));
	}
	tp->t_sacked = r;
	tp->t_sackroom = (uint16_t)room;
	return true;
}

/* Adds a range; true when it brings something, also when it has no place. */
static bool
add_range(struct tcpcb *tp, tcp_seq start, tcp_seq end)
{
	unsigned i = 0, j;

	while (i < tp->t_nsacked && SEQ_LT(tp->t_sacked[i].end, start))
		i++;
	/* What fills a hole without having gone again was overtaken (RFC 8985 6.2, step 3). */
	if (i < tp->t_nsacked && SEQ_GEQ(start, tp->t_highrxt) &&
	    SEQ_LT(start, tp->t_sacked[i].start) &&
	    SEQ_LEQ(end, tp->t_sacked[tp->t_nsacked - 1].start))
		tp->t_flags |= TF_REORDERED;
	/* i: the first that touches, or comes behind */
	if (i < tp->t_nsacked && SEQ_LEQ(tp->t_sacked[i].start, start) &&
	    SEQ_GEQ(tp->t_sacked[i].end, end))
		return false;
	for (j = i; j < tp->t_nsacked && SEQ_LEQ(tp->t_sacked[j].start, end);
	     j++) {
		start = seq_min(start, tp->t_sacked[j].start);
		end = seq_max(end, tp->t_sacked[j].end);
	}
	if (j == i) {
		if (!make_room(tp))
			return true;
		memmove(tp->t_sacked + i + 1, tp->t_sacked + i,
		    (tp->t_nsacked - i) * sizeof(*tp->t_sacked));
		set_count(tp, tp->t_nsacked + 1u);
	} else {
		memmove(tp->t_sacked + i + 1, tp->t_sacked + j,
		    (tp->t_nsacked - j) * sizeof(*tp->t_sacked));
		set_count(tp, tp->t_nsacked - (j - i - 1));
	}
	tp->t_sacked[i] = (struct tcp_range){ start, end };
	return true;
}

bool
tcp_sack_update(struct tcpcb *tp, const struct tcp_seg *sg)
{
	tcp_seq una = seq_max(tp->snd_una, sg->sg_ack);
	bool news = false;

	for (unsigned i = 0; i < sg->sg_nsack; i++) {
		tcp_seq start = sg->sg_sack[i].start, end = sg->sg_sack[i].end;

		/* Duplicates told by the first block (RFC 2883), old ones, lies. */
		if (SEQ_GEQ(start, end) || SEQ_LEQ(end, una) ||
		    SEQ_LEQ(start, una) || SEQ_GT(end, tp->snd_max))
			continue;
		news |= add_range(tp, start, end);
	}
	return news;
}

void
tcp_sack_advance(struct tcpcb *tp)
{
	unsigned n = 0;

	while (n < tp->t_nsacked && SEQ_LEQ(tp->t_sacked[n].end, tp->snd_una))
		n++;
	if (n > 0) {
		set_count(tp, tp->t_nsacked - n);
		memmove(tp->t_sacked, tp->t_sacked + n,
		    tp->t_nsacked * sizeof(*tp->t_sacked));
	}
	/* It has given up what it had (RFC 2018 8), or acknowledges inside of it. */
	if (tp->t_nsacked > 0 && SEQ_LEQ(tp->t_sacked[0].start, tp->snd_una))
		tcp_sack_clear(tp);
	if (SEQ_LT(tp->t_highrxt, tp->snd_una))
		tp->t_highrxt = tp->snd_una;
}

void
tcp_sack_clear(struct tcpcb *tp)
{
	set_count(tp, 0);
	tp->t_highrxt = tp->snd_una;
}

uint32_t
tcp_sack_bytes(const struct tcpcb *tp, tcp_seq below)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < tp->t_nsacked; i++) {
		tcp_seq end = seq_min(tp->t_sacked[i].end, below);

		if (SEQ_LT(tp->t_sacked[i].start, end))
			n += end - tp->t_sacked[i].start;
	}
	return n;
}

/* RFC 6675 IsLost: enough was SACKed above it. Everything below one sequence is. */
static tcp_seq
lost_below(const struct tcpcb *tp)
{
	uint32_t bytes = 0, segsz = tcp_segsz(tp);

	for (unsigned i = tp->t_nsacked; i-- > 0;) {
		const struct tcp_range *r = &tp->t_sacked[i];

		bytes += r->end - r->start;
		if (tp->t_nsacked - i >= TCP_DUPTHRESH ||
		    bytes > (TCP_DUPTHRESH - 1) * segsz)
			return r->start;
	}
	return tp->snd_una;
}

/* Bytes of [from, to) that are not SACKed. */
static uint32_t
holes_between(const struct tcpcb *tp, tcp_seq from, tcp_seq to)
{
	uint32_t n;

	if (SEQ_GEQ(from, to))
		return 0;
	n = to - from;
	for (unsigned i = 0; i < tp->t_nsacked; i++) {
		tcp_seq s = seq_max(from, tp->t_sacked[i].start);
		tcp_seq e = seq_min(to, tp->t_sacked[i].end);

		if (SEQ_LT(s, e))
			n -= e - s;
	}
	return n;
}

uint32_t
tcp_sack_pipe(struct tcpcb *tp, tcp_seq *lost)
{
	tcp_seq highrxt = seq_max(tp->t_highrxt, tp->snd_una);

	*lost = lost_below(tp);
	/* Not lost ones once; those sent again once more. */
	return holes_between(tp, *lost, tp->snd_max) +
	    holes_between(tp, tp->snd_una, highrxt);
}

bool
tcp_sack_next(
    struct tcpcb *tp, tcp_seq lost, uint32_t max, tcp_seq *seq, uint32_t *len)
{
	tcp_seq from = seq_max(tp->t_highrxt, tp->snd_una);

	for (unsigned i = 0; i < tp->t_nsacked; i++) {
		const struct tcp_range *r = &tp->t_sacked[i];

		if (SEQ_LT(from, r->start)) {
			if (SEQ_GEQ(from, lost))
				return false;
			*seq = from;
			*len = r->start - from;
			if (*len > max)
				*len = max;
			return true;
		}
		from = seq_max(from, r->end);
	}
	return false;
}

tcp_seq
tcp_sack_skip(struct tcpcb *tp, tcp_seq seq, uint32_t *len)
{
	for (unsigned i = 0; i < tp->t_nsacked; i++) {
		const struct tcp_range *r = &tp->t_sacked[i];

		if (SEQ_LT(seq, r->start)) {
			if (*len > r->start - seq)
				*len = r->start - seq;
			break;
		}
		if (SEQ_LT(seq, r->end))
			seq = r->end;
	}
	return seq;
}

/*
 * Has the segment at snd_una been lost a second time? What was sent after it had gone again has arrived, with the usual allowance for disorder where any was
 * seen (the idea is RFC 8985's: order in time, not in sequence).
 */
bool
tcp_sack_lost_again(const struct tcpcb *tp)
{
	if (tp->t_nsacked == 0 || SEQ_LEQ(tp->t_highrxt, tp->snd_una))
		return false;
	return SEQ_GT(tp->t_sacked[tp->t_nsacked - 1].end,
	    tp->t_rxtmax +
		((tp->t_flags & TF_REORDERED) != 0 ?
			(TCP_DUPTHRESH - 1) * tcp_segsz(tp) :
			0));
}

/* --- the receiver --- */

static void
drop_block(struct tcpcb *tp, unsigned i)
{
	tp->t_nrcvsack--;
	memmove(tp->t_rcvsack + i, tp->t_rcvsack + i + 1,
	    (tp->t_nrcvsack - i) * sizeof(*tp->t_rcvsack));
}

/* The block that holds what came last stands first (RFC 2018 4). */
void
tcp_sack_received(struct tcpcb *tp, tcp_seq start, tcp_seq end)
{
	if (start == end)
		return;
	for (unsigned i = 0; i < tp->t_nrcvsack;) {
		struct tcp_range *r = &tp->t_rcvsack[i];

		if (SEQ_GT(r->start, end) || SEQ_LT(r->end, start)) {
			i++;
			continue;
		}
		start = seq_min(start, r->start);
		end = seq_max(end, r->end);
		drop_block(tp, i);
	}
	if (tp->t_nrcvsack == TCP_NRCVSACK)
		tp->t_nrcvsack--;
	memmove(tp->t_rcvsack + 1, tp->t_rcvsack,
	    tp->t_nrcvsack * sizeof(*tp->t_rcvsack));
	tp->t_rcvsack[0] = (struct tcp_range){ start, end };
	tp->t_nrcvsack++;
}

void
tcp_sack_prune(struct tcpcb *tp)
{
	for (unsigned i = 0; i < tp->t_nrcvsack;) {
		if (SEQ_LEQ(tp->t_rcvsack[i].start, tp->rcv_nxt))
			drop_block(tp, i);
		else
			i++;
	}
}

unsigned
tcp_sack_option(struct tcpcb *tp, uint8_t *p, unsigned room)
{
	unsigned most = room < 4 ? 0 : (room - 4) / 8, n = 0;
	uint8_t *b = p + 4;

	if (tp->t_dsackset && n < most) {
		be32_put(b, tp->t_dsack.start);
		be32_put(b + 4, tp->t_dsack.end);
		b += 8;
		n++;
	}
	tp->t_dsackset = false;
	for (unsigned i = 0; i < tp->t_nrcvsack && n < most; i++, n++) {
		be32_put(b, tp->t_rcvsack[i].start);
		be32_put(b + 4, tp->t_rcvsack[i].end);
		b += 8;
	}
	if (n == 0)
		return 0;
	p[0] = p[1] = TCPOPT_NOP;
	p[2] = TCPOPT_SACK;
	p[3] = (uint8_t)(2 + 8 * n);
	return 4 + 8 * n;
}
