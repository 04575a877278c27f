/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP's packets: options read and written, headers put in front, answers to
 * segments that have no connection. The order of the options is the
 * recorded one.
 */
#include "netinet/tcp_var.h"

/* --- options --- */

static void
parse_sack(const uint8_t *p, unsigned n, struct tcp_seg *sg)
{
	sg->sg_nsack = 0;
	for (; n >= 8 && sg->sg_nsack < 4; n -= 8, p += 8) {
		sg->sg_sack[sg->sg_nsack].start = be32_get(p);
		sg->sg_sack[sg->sg_nsack++].end = be32_get(p + 4);
	}
}

static void
parse_option(const uint8_t *p, unsigned len, struct tcp_seg *sg)
{
	switch (p[0]) {
	case TCPOPT_MAXSEG:
		if (len == TCPOLEN_MAXSEG && (sg->sg_flags & TH_SYN) != 0)
			sg->sg_mss = be16_get(p + 2);
		break;
	case TCPOPT_WINDOW:
		if (len == TCPOLEN_WINDOW && (sg->sg_flags & TH_SYN) != 0)
			sg->sg_ws = p[2] > TCP_MAX_WINSHIFT ? TCP_MAX_WINSHIFT :
							      (int8_t)p[2];
		break;
	case TCPOPT_SACK_PERMITTED:
		if (len == TCPOLEN_SACK_PERMITTED &&
		    (sg->sg_flags & TH_SYN) != 0)
			sg->sg_sackok = true;
		break;
	case TCPOPT_SACK:
		if (len > 2 && (len - 2) % 8 == 0)
			parse_sack(p + 2, len - 2, sg);
		break;
	case TCPOPT_TIMESTAMP:
		if (len == TCPOLEN_TIMESTAMP) {
			sg->sg_ts = true;
			sg->sg_tsval = be32_get(p + 2);
			sg->sg_tsecr = be32_get(p + 6);
		}
		break;
	case TCPOPT_SIGNATURE:
		sg->sg_signed = true;
		break;
	default:
		break;
	}
}

/* False: a length that cannot be; what stood before it counts. */
bool
tcp_parse_options(const uint8_t *p, size_t n, struct tcp_seg *sg)
{
	sg->sg_ws = -1;
	/* What every segment of a connection with timestamps has. */
	if (n == TCPOLEN_TSTAMP_APPA &&
	    be32_get(p) == (0x01010000u | TCPOPT_TIMESTAMP << 8 | 10)) {
		sg->sg_ts = true;
		sg->sg_tsval = be32_get(p + 4);
		sg->sg_tsecr = be32_get(p + 8);
		return true;
	}
	while (n > 0 && p[0] != TCPOPT_EOL) {
		unsigned len;

		if (p[0] == TCPOPT_NOP) {
			p++, n--;
			continue;
		}
		if (n < 2 || (len = p[1]) < 2 || len > n)
			return false;
		parse_option(p, len, sg);
		p += len;
		n -= len;
	}
	return true;
}

unsigned
tcp_put_ts(uint8_t *p, uint32_t val, uint32_t ecr)
{
	be32_put(p, 0x01010000u | TCPOPT_TIMESTAMP << 8 | 10);
	be32_put(p + 4, val);
	be32_put(p + 8, ecr);
	return TCPOLEN_TSTAMP_APPA;
}

static void
syn_options(struct tcpcb *tp, struct tcp_out *o)
{
	bool ack = (o->flags & TH_ACK) != 0;
	uint8_t *p = o->opt + o->optlen;

	p[0] = TCPOPT_MAXSEG;
	p[1] = TCPOLEN_MAXSEG;
	be16_put(p + 2, tp->t_ourmss);
	p += 4;
	if ((tp->t_flags & TF_REQ_SCALE) != 0 &&
	    (!ack || (tp->t_flags & TF_RCVD_SCALE) != 0)) {
		p[0] = TCPOPT_NOP;
		p[1] = TCPOPT_WINDOW;
		p[2] = TCPOLEN_WINDOW;
		p[3] = tp->t_req_scale;
		p += 4;
	}
	if ((tp->t_flags & (ack ? TF_SACK_PERMIT : TF_REQ_SACK)) != 0) {
		p[0] = TCPOPT_SACK_PERMITTED;
		p[1] = TCPOLEN_SACK_PERMITTED;
		p[2] = p[3] = TCPOPT_NOP;
		p += 4;
	}
	o->optlen = (unsigned)(p - o->opt);
}

void
tcp_options(struct tcpcb *tp, struct tcp_out *o, int64_t now)
{
	bool syn = (o->flags & TH_SYN) != 0;

	o->optlen = 0;
	if (syn)
		syn_options(tp, o);
	if ((o->flags & TH_RST) != 0)
		return;
	if ((tp->t_flags & TF_REQ_TSTMP) != 0 &&
	    ((syn && (o->flags & TH_ACK) == 0) ||
		(tp->t_flags & TF_RCVD_TSTMP) != 0))
		o->optlen += tcp_put_ts(o->opt + o->optlen,
		    tcp_tick(tp->t_tcp, now) - tp->ts_base, tp->ts_recent);
	if (!syn && (tp->t_flags & TF_SACK_PERMIT) != 0 &&
	    (tp->t_nrcvsack > 0 || tp->t_dsackset))
		o->optlen += tcp_sack_option(
		    tp, o->opt + o->optlen, MAX_TCPOPTLEN - o->optlen);
}

/* --- out --- */

static void
put_header(uint8_t *th, const struct tcp_ends *e, const struct tcp_out *o,
    uint16_t sum)
{
	memcpy(th, &e->te_lport, 2);
	memcpy(th + 2, &e->te_fport, 2);
	be32_put(th + 4, o->seq);
	be32_put(th + 8, o->ack);
	th[12] = (uint8_t)((20 + o->optlen) / 4 << 4);
	th[13] = o->flags;
	be16_put(th + 14, o->win);
	memcpy(th + 16, &sum, 2); /* in the order of in_cksum_add */
	be16_put(th + 18, o->urp);
	memcpy(th + 20, o->opt, o->optlen);
}

static uint16_t
pseudo_sum(const struct tcp_ends *e, uint32_t len)
{
	uint8_t tail[8];
	uint32_t sum;

	if (e->te_v4) {
		sum = in_cksum_add(0, &e->te_laddr.a32[3], 4);
		sum = in_cksum_add(sum, &e->te_faddr.a32[3], 4);
	} else {
		struct in_any l = e->te_laddr, f = e->te_faddr;

		/* The zone in a link-local address is not on the wire. */
		if (l.a8[0] == 0xfe && (l.a8[1] & 0xc0) == 0x80)
			l.a8[2] = l.a8[3] = 0;
		if (f.a8[0] == 0xfe && (f.a8[1] & 0xc0) == 0x80)
			f.a8[2] = f.a8[3] = 0;
		sum = in_cksum_add(0, l.a8, 16);
		sum = in_cksum_add(sum, f.a8, 16);
	}
	be32_put(tail, len);
	be32_put(tail + 4, IPPROTO_TCP);
	return in_cksum_fold(in_cksum_add(sum, tail, 8));
}

static int
output4(struct tcp_state *tc, struct mbuf *m, const struct tcp_ends *e,
    struct inpcb *inp, const struct tcp_out *o, uint32_t *mtup)
{
	struct rump_kernel *k = tc->tc_k;
	uint8_t *ip;

	if ((m = m_prepend(m, 20)) == NULL)
		return -ENOBUFS;
	ip = mtod(m, uint8_t *);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	ip[1] = (uint8_t)o->tos;
	if (!o->nodf && atomic_load(&INET(k)->ip_mtudisc))
		be16_put(ip + 6, 0x4000);
	ip[8] = (uint8_t)(o->ttl >= 0 ? o->ttl : atomic_load(&INET(k)->ip_ttl));
	ip[9] = IPPROTO_TCP;
	memcpy(ip + 12, &e->te_laddr.a32[3], 4);
	memcpy(ip + 16, &e->te_faddr.a32[3], 4);
	return ip_output(k, m, inp != NULL ? inp->inp_options : NULL,
	    inp != NULL ? &inp->inp_route : NULL,
	    (inp != NULL ? (int)(inp->inp_socket->so_options & SO_DONTROUTE) :
			   0) |
		(o->nodf ? 0 : IP_MTUDISC),
	    NULL, mtup);
}

int
tcp_send(struct tcp_state *tc, const struct tcp_ends *e, struct inpcb *inp,
    const struct tcp_out *o, struct mbuf *data, uint32_t *mtup)
{
	unsigned thlen = 20 + o->optlen;
	struct mbuf *m = m_gethdr(tc->tc_k, MT_HEADER);

	if (m == NULL) {
		m_freem(data);
		return -ENOBUFS;
	}
	/* At the end of the room: IP's and the link's headers fit in front. */
	m->m_data = m_start(m) + ((m_room(m) - thlen) & ~(size_t)3);
	m->m_len = thlen;
	m->m_next = data;
	m->m_pkthdr.len = thlen + o->len;
	put_header(mtod(m, uint8_t *), e, o, pseudo_sum(e, thlen + o->len));
	m->m_pkthdr.csum_flags = e->te_v4 ? M_CSUM_TCPv4 : M_CSUM_TCPv6;
	m->m_pkthdr.csum_data = 16;
	if (o->segsz != 0) {
		m->m_pkthdr.csum_flags |= e->te_v4 ? M_CSUM_TSOv4 : M_CSUM_TSOv6;
		m->m_pkthdr.segsz = (uint16_t)o->segsz;
	}
	tcpstat_inc(tc, TCP_STAT_SNDTOTAL);
	if (e->te_v4)
		return output4(tc, m, e, inp, o, mtup);
	if (tc->tc_output6 == NULL) {
		m_freem(m);
		return -EAFNOSUPPORT;
	}
	return tc->tc_output6(tc, m, e, inp, o->tos, o->ttl, mtup);
}

void
tcp_reset_to(struct tcp_state *tc, const struct tcp_seg *sg)
{
	struct tcp_out o = { .ttl = -1 };

	if ((sg->sg_flags & TH_RST) != 0 || sg->sg_bcast)
		return;
	if (!ppsratecheck(
		tc->tc_k, &tc->tc_rstrate, atomic_load(&tc->rstppslimit)))
		return;
	if ((sg->sg_flags & TH_ACK) != 0) {
		o.seq = sg->sg_ack;
		o.flags = TH_RST;
	} else {
		o.ack = sg->sg_seq + sg->sg_len +
		    ((sg->sg_flags & TH_SYN) != 0) +
		    ((sg->sg_flags & TH_FIN) != 0);
		o.flags = TH_RST | TH_ACK;
	}
	tcpstat_inc(tc, TCP_STAT_SNDCTRL);
	(void)tcp_send(tc, &sg->sg_ends, NULL, &o, NULL, NULL);
}

void
tcp_respond(struct tcpcb *tp, tcp_seq seq, tcp_seq ack, unsigned flags)
{
	struct inpcb *inp = tp->t_inpcb;
	struct tcp_out o = { .seq = seq, .ack = ack, .flags = (uint8_t)flags };
	struct tcp_ends e;
	uint32_t win = (uint32_t)sbspace(&tp->t_so->so_rcv);

	/* Never less than was told before. */
	if (SEQ_GT(tp->rcv_adv, tp->rcv_nxt + win))
		win = tp->rcv_adv - tp->rcv_nxt;
	if (!TCPS_HAVERCVDSYN(tp->t_state))
		win = 0;
	tcp_ends_of(inp, &e);
	o.ttl = e.te_v4 ? inp->inp_ttl : inp->inp_hops6;
	o.tos = inp->inp_tos;
	win >>= tp->t_rcv_scale;
	o.win = (uint16_t)(win > TCP_MAXWIN ? TCP_MAXWIN : win);
	win = (uint32_t)o.win << tp->t_rcv_scale;
	if (SEQ_GT(tp->rcv_nxt + win, tp->rcv_adv))
		tp->rcv_adv = tp->rcv_nxt + win;
	tcp_options(tp, &o, kern_uptime_ns(tp->t_tcp->tc_k));
	if ((flags & TH_RST) != 0)
		tcpstat_inc(tp->t_tcp, TCP_STAT_SNDCTRL);
	(void)tcp_send(tp->t_tcp, &e, inp, &o, NULL, NULL);
	tp->t_sndtime = kern_uptime_ns(tp->t_tcp->tc_k);
}
