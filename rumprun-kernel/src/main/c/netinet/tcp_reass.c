/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data that came out of order wait here until what is missing before them has
 * come.
 *
 * The queue hangs at t_reass by m_nextpkt, sorted by sequence, without
 * overlaps: what is there stays, what is new is cut. A segment's place stands
 * in its packet header, which nobody else needs any more. Bounded in segments
 * and in memory, so that tiny segments in large storages don't eat it up; and
 * over all connections: one may have a part of what the others leave, so that
 * the more there are that want it, the less each gets. Who gets none still takes
 * what comes in order.
 */
#include "netinet/tcp_var.h"

#define REASS_MAXSEGS 1024
#define seg_seq(m) ((m)->m_pkthdr.rcvif_index)
#define seg_len(m) ((m)->m_pkthdr.len)
#define seg_fin(m) ((m)->m_pkthdr.hops)

static uint32_t
chain_memory(const struct mbuf *m)
{
	uint32_t n = 0;

	for (; m != NULL; m = m->m_next)
		n += MSIZE + (m->m_ext != NULL ? m->m_ext->me_size : 0);
	return n;
}

/* Comes into the queue, or goes (n: 1, -1). */
static void
count(struct tcpcb *tp, const struct mbuf *m, int n)
{
	int64_t mem = n * (int64_t)chain_memory(m);

	tp->t_reasscnt += (uint32_t)n;
	tp->t_reassmem += (uint32_t)mem;
	atomic_fetch_add(&tp->t_tcp->tc_reassmem, mem);
}

static void
drop_segment(struct tcpcb *tp, struct mbuf *m)
{
	count(tp, m, -1);
	m_freem(m);
}

void
tcp_reass_free(struct tcpcb *tp)
{
	struct mbuf *m;

	while ((m = tp->t_reass) != NULL) {
		tp->t_reass = m->m_nextpkt;
		m->m_nextpkt = NULL;
		drop_segment(tp, m);
	}
	tp->t_nrcvsack = 0;
}

/* All that follows rcv_nxt without a gap goes to the user. */
static unsigned
deliver(struct tcpcb *tp)
{
	struct socket *so = tp->t_so;
	unsigned flags = 0;
	bool wakeup = false;
	struct mbuf *m;

	while ((m = tp->t_reass) != NULL && seg_seq(m) == tp->rcv_nxt) {
		uint32_t len = seg_len(m);

		tp->t_reass = m->m_nextpkt;
		m->m_nextpkt = NULL;
		count(tp, m, -1);
		if (seg_fin(m))
			flags = TH_FIN;
		if (len == 0) {
			m_freem(m);
			continue;
		}
		m->m_pkthdr.rcvif_index = 0;
		m->m_pkthdr.hops = 0;
		tcp_to_user(tp, m, len);
		wakeup = true;
	}
	if (wakeup)
		sorwakeup(so);
	tcp_sack_prune(tp);
	return flags;
}

/* Cuts what the queue has already off sg; false: nothing is left. */
static bool
trim_front(struct tcpcb *tp, struct tcp_seg *sg, const struct mbuf *before)
{
	tcp_seq end = seg_seq(before) + seg_len(before);
	uint32_t over;

	if (SEQ_LEQ(end, sg->sg_seq))
		return true;
	over = end - sg->sg_seq;
	/* All of it; but a FIN right behind is new. */
	if (over > sg->sg_len ||
	    (over == sg->sg_len &&
		((sg->sg_flags & TH_FIN) == 0 || seg_fin(before)))) {
		tcpstat_inc(tp->t_tcp, TCP_STAT_RCVDUPPACK);
		tcpstat_add(tp->t_tcp, TCP_STAT_RCVDUPBYTE, sg->sg_len);
		tp->t_dsackset = sg->sg_len > 0;
		tp->t_dsack = (struct tcp_range){ sg->sg_seq,
			sg->sg_seq + sg->sg_len };
		return false;
	}
	m_adj(sg->sg_m, (int)over);
	sg->sg_seq += over;
	sg->sg_len -= over;
	return true;
}

/* Segments behind sg that it covers go, or lose their front. */
static void
trim_behind(struct tcpcb *tp, struct tcp_seg *sg, struct mbuf **next)
{
	tcp_seq end = sg->sg_seq + sg->sg_len;
	struct mbuf *m;

	while ((m = *next) != NULL && SEQ_GT(end, seg_seq(m))) {
		uint32_t over = end - seg_seq(m);

		if (over < seg_len(m)) {
			/* The new one is cut: the queue's storages are as good. */
			m_adj(sg->sg_m, -(int)over);
			sg->sg_len -= over;
			sg->sg_flags &= ~TH_FIN;
			return;
		}
		if (seg_fin(m))
			sg->sg_flags |= TH_FIN;
		*next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		drop_segment(tp, m);
	}
}

static bool
room_for(struct tcpcb *tp, const struct tcp_seg *sg)
{
	struct tcp_state *tc = tp->t_tcp;
	size_t most = tp->t_so->so_rcv.sb_mbmax + 65536;
	int64_t left = tc->tc_reassmax - atomic_load(&tc->tc_reassmem);
	size_t mem = tp->t_reassmem + chain_memory(sg->sg_m);

	/* What closes the gap is always taken. */
	if (sg->sg_seq == tp->rcv_nxt)
		return true;
	return tp->t_reasscnt < REASS_MAXSEGS && mem <= most &&
	    (int64_t)mem <= left / 4;
}

unsigned
tcp_reass(struct tcpcb *tp, struct tcp_seg *sg)
{
	struct mbuf **link = &tp->t_reass, *before = NULL, *m;

	if (!room_for(tp, sg)) {
		tcpstat_inc(tp->t_tcp, TCP_STAT_RCVMEMDROP);
		return 0;
	}
	while (*link != NULL && SEQ_LEQ(seg_seq(*link), sg->sg_seq)) {
		before = *link;
		link = &before->m_nextpkt;
	}
	if (before != NULL && !trim_front(tp, sg, before))
		return deliver(tp);
	trim_behind(tp, sg, link);
	/* Nothing, or what would come behind the end of the stream. */
	if ((sg->sg_len == 0 && (sg->sg_flags & TH_FIN) == 0) ||
	    (before != NULL && seg_fin(before)))
		return deliver(tp);
	if (sg->sg_seq != tp->rcv_nxt) {
		tcpstat_inc(tp->t_tcp, TCP_STAT_RCVOOPACK);
		tcpstat_add(tp->t_tcp, TCP_STAT_RCVOOBYTE, sg->sg_len);
		tp->t_rcvoopack++;
		tcp_sack_received(tp, sg->sg_seq, sg->sg_seq + sg->sg_len);
	}
	m = sg->sg_m;
	sg->sg_m = NULL;
	m->m_pkthdr.rcvif = NULL;
	seg_seq(m) = sg->sg_seq;
	seg_len(m) = sg->sg_len;
	seg_fin(m) = (sg->sg_flags & TH_FIN) != 0;
	m->m_nextpkt = *link;
	*link = m;
	count(tp, m, 1);
	return deliver(tp);
}
