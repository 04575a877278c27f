/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments come: their checks, whose they are, and what listeners and nobody
 * do with them (RFC 9293 3.10.7.1, 3.10.7.2). The rest is in tcp_segment.c.
 */
#include "netinet/tcp_var.h"

/* --- checks --- */

static bool
checksum_right(struct mbuf *m, unsigned off, const struct tcp_seg *sg)
{
	uint32_t flags = m->m_pkthdr.csum_flags;
	const struct tcp_ends *e = &sg->sg_ends;
	size_t len = m->m_pkthdr.len - off;

	if ((flags & M_CSUM_TCP_UDP_BAD) != 0)
		return false;
	if ((flags & (e->te_v4 ? M_CSUM_TCPv4 : M_CSUM_TCPv6)) != 0)
		return true;
	if (e->te_v4)
		return in4_cksum(m, IPPROTO_TCP, in_any_v4(&e->te_faddr),
			   in_any_v4(&e->te_laddr), off, len) == 0;
	return in6_cksum(m, IPPROTO_TCP, e->te_faddr.a8, e->te_laddr.a8, off,
		   len) == 0;
}

/* The header into sg; m is left with the data. NULL: dropped. */
static struct mbuf *
parse(struct tcp_state *tc, struct mbuf *m, unsigned off, struct tcp_seg *sg)
{
	const uint8_t *th;
	unsigned hlen;

	if (m->m_pkthdr.len < off + 20) {
		tcpstat_inc(tc, TCP_STAT_RCVSHORT);
		goto drop;
	}
	if (m->m_len < off + 20 && (m = m_pullup(m, off + 20)) == NULL)
		return NULL;
	hlen = (unsigned)(m->m_data[off + 12] >> 4) * 4;
	if (hlen < 20 || off + hlen > m->m_pkthdr.len) {
		tcpstat_inc(tc, TCP_STAT_RCVBADOFF);
		goto drop;
	}
	if (!checksum_right(m, off, sg)) {
		tcpstat_inc(tc, TCP_STAT_RCVBADSUM);
		goto drop;
	}
	if (m->m_len < off + hlen && (m = m_pullup(m, off + hlen)) == NULL)
		return NULL;
	th = m->m_data + off;
	memcpy(&sg->sg_ends.te_fport, th, 2);
	memcpy(&sg->sg_ends.te_lport, th + 2, 2);
	sg->sg_seq = sg->sg_wseq = be32_get(th + 4);
	sg->sg_ack = be32_get(th + 8);
	sg->sg_flags = th[13];
	sg->sg_win = be16_get(th + 14);
	sg->sg_urp = be16_get(th + 18);
	if ((sg->sg_flags & TH_ACK) == 0)
		sg->sg_ack = 0;
	sg->sg_len = m->m_pkthdr.len - off - hlen;
	(void)tcp_parse_options(th + 20, hlen - 20, sg);
	/* An empty storage need not be kept; data begin in m, or behind. */
	m_adj(m, (int)(off + hlen));
	return m;
drop:
	m_freem(m);
	return NULL;
}

/* --- nobody, and listeners --- */

static void
refuse(struct tcp_state *tc, const struct tcp_seg *sg)
{
	tcpstat_inc(tc, TCP_STAT_NOPORT);
	if ((sg->sg_flags & TH_SYN) != 0 && (sg->sg_flags & TH_ACK) == 0 &&
	    atomic_load(&tc->log_refused) != 0 && sg->sg_ends.te_v4) {
		const uint8_t *f = sg->sg_ends.te_faddr.a8 + 12;
		const uint8_t *l = sg->sg_ends.te_laddr.a8 + 12;

		kern_printf(tc->tc_k,
		    "Connection attempt to TCP %u.%u.%u.%u:%u from "
		    "%u.%u.%u.%u:%u\n",
		    l[0], l[1], l[2], l[3], ntohs(sg->sg_ends.te_lport), f[0],
		    f[1], f[2], f[3], ntohs(sg->sg_ends.te_fport));
	}
	tcp_reset_to(tc, sg);
}

static bool
is_multicast(uint32_t addr)
{
	return (ntohl(addr) & IN_CLASSD_NET) == INADDR_UNSPEC_GROUP;
}

static bool
bad_syn(const struct tcp_seg *sg)
{
	const struct tcp_ends *e = &sg->sg_ends;

	if (sg->sg_bcast)
		return true;
	/* To itself (RFC 1122 4.2.3.10 for the rest: IP has looked at that). */
	return e->te_lport == e->te_fport &&
	    memcmp(&e->te_laddr, &e->te_faddr, 16) == 0;
}

/*
 * The listener is locked, and referred to; both end here. *child: a connection
 * that has come of it, locked and referred to.
 */
static void
listener_input(struct socket *head, struct tcp_seg *sg, struct socket **child)
{
	struct tcp_state *tc = sototcpcb(head)->t_tcp;

	*child = NULL;
	if ((sg->sg_flags & TH_RST) != 0)
		syncache_reset(tc, sg);
	else if ((sg->sg_flags & (TH_SYN | TH_ACK)) == (TH_SYN | TH_ACK))
		tcp_reset_to(tc, sg);
	else if ((sg->sg_flags & TH_ACK) != 0) {
		if (syncache_complete(head, sg, child) == 0)
			tcp_reset_to(tc, sg);
	} else if ((sg->sg_flags & TH_SYN) != 0) {
		if (bad_syn(sg))
			tcpstat_inc(tc, TCP_STAT_BADSYN);
		/* RFC 9293 3.10.7.2; a FIN with it is nonsense. */
		else if ((sg->sg_flags & TH_FIN) == 0)
			syncache_add(head, sg);
	}
	tcp_leave(head, true);
}

/* --- whose it is --- */

static void
to_connection(struct socket *so, struct tcp_seg *sg)
{
	const unsigned owes = TF_ACKNOW | TF_DELACK;
	struct tcpcb *tp = sototcpcb(so);

	tcp_segment_input(tp, sg);
	/* A listener's filter may let it go now; so_lock is dropped meanwhile. */
	if (so->so_accf != NULL && so->so_onq0 && so->so_pcb != NULL &&
	    accept_filter_ready(so)) {
		soisconnected(so);
		tcp_leave(so, true);
		return;
	}
	/* Nobody holds it, nothing is to be sent: a record is enough. */
	if (so->so_pcb != NULL && tp->t_state == TCPS_TIME_WAIT &&
	    (so->so_state & SS_NOFDREF) != 0 && (tp->t_flags & owes) == 0)
		tcp_tw_enter(tp);
	tcp_leave(so, true);
}

/* False: it was another's by the time it was locked; look again. */
static bool
try_connection(struct tcp_state *tc, struct tcp_seg *sg, bool *none)
{
	const struct tcp_ends *e = &sg->sg_ends;
	struct socket *so = in_pcblookup_connect(tc->tc_table, &e->te_faddr,
	    e->te_fport, &e->te_laddr, e->te_lport, e->te_zone);
	struct tcpcb *tp;

	*none = so == NULL;
	if (so == NULL)
		return false;
	solock(so);
	if (so->so_pcb == NULL || sotoinpcb(so)->inp_ppcb == NULL ||
	    sototcpcb(so)->t_state == TCPS_CLOSED ||
	    sototcpcb(so)->t_state == TCPS_LISTEN) {
		tcp_leave(so, false);
		return false;
	}
	tp = sototcpcb(so);
	if (tp->t_state == TCPS_TIME_WAIT &&
	    tcp_recycles(sg, tp->rcv_nxt, (tp->t_flags & TF_RCVD_TSTMP) != 0,
		tp->ts_recent)) {
		sg->sg_again = true;
		sg->sg_oldnxt = tp->snd_max;
		tcp_close(tp);
		tcp_leave(so, true);
		return false;
	}
	to_connection(so, sg);
	return true;
}

static void
to_bound(struct tcp_state *tc, struct tcp_seg *sg)
{
	const struct tcp_ends *e = &sg->sg_ends;
	struct socket *so = in_pcblookup_bind(
	    tc->tc_table, &e->te_laddr, e->te_lport, e->te_zone);
	struct socket *child;

	tcpstat_inc(tc, TCP_STAT_PCBHASHMISS);
	if (so == NULL) {
		refuse(tc, sg);
		return;
	}
	solock(so);
	if (so->so_pcb == NULL || sotoinpcb(so)->inp_ppcb == NULL ||
	    sototcpcb(so)->t_state != TCPS_LISTEN) {
		tcp_leave(so, false);
		refuse(tc, sg);
		return;
	}
	listener_input(so, sg, &child);
	if (child != NULL) {
		if (child->so_pcb == NULL)
			tcp_leave(child, false);
		else
			to_connection(child, sg);
	}
}

void
tcp_input_common(
    struct tcp_state *tc, struct mbuf *m, unsigned off, struct tcp_seg *sg)
{
	bool none;

	tcpstat_inc(tc, TCP_STAT_RCVTOTAL);
	sg->sg_now = kern_uptime_ns(tc->tc_k);
	sg->sg_bcast |= (m->m_flags & (M_BCAST | M_MCAST)) != 0;
	sg->sg_rcvif = m->m_pkthdr.rcvif;
	if ((m = parse(tc, m, off, sg)) == NULL)
		return;
	sg->sg_m = m;
	for (int i = 0; i < 3; i++) {
		if (try_connection(tc, sg, &none))
			goto out;
		if (none)
			break;
	}
	if (!tcp_tw_input(tc, sg))
		to_bound(tc, sg);
out:
	m_freem(sg->sg_m);
}

void
tcp_input4(struct mbuf *m, int off, int proto)
{
	struct tcp_state *tc = TCP(m->m_k);
	struct tcp_seg sg = { .sg_ws = -1 };
	const uint8_t *ip = m->m_data;

	(void)proto;
	if (tc == NULL) {
		m_freem(m);
		return;
	}
	sg.sg_ends.te_v4 = true;
	in_any_set4(&sg.sg_ends.te_faddr, 0);
	in_any_set4(&sg.sg_ends.te_laddr, 0);
	memcpy(&sg.sg_ends.te_faddr.a32[3], ip + 12, 4);
	memcpy(&sg.sg_ends.te_laddr.a32[3], ip + 16, 4);
	sg.sg_ecn = ip[1] & 3;
	sg.sg_bcast = is_multicast(in_any_v4(&sg.sg_ends.te_laddr)) ||
	    in_any_v4(&sg.sg_ends.te_faddr) == 0 ||
	    in_any_v4(&sg.sg_ends.te_faddr) == INADDR_BROADCAST ||
	    is_multicast(in_any_v4(&sg.sg_ends.te_faddr));
	tcp_input_common(tc, m, (unsigned)off, &sg);
}
