/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Half-open connections of listeners: small entries instead of sockets, and
 * none at all, but cookies, when there are too many (RFC 4987).
 *
 * Entries hang in buckets by their ends; sc_lock is a leaf, nothing is sent
 * with it held. One callout goes by the earliest deadline. A listener that
 * goes takes its entries with it; it is compared, never followed.
 */
#include "netinet/tcp_var.h"

#define SC_BUCKETS 512
#define SC_MAXSHIFT 5
#define ISS_BEYOND 131072
#define COOKIE_TIME (64 * TCP_NS)

struct sc_entry {
	struct sc_entry *e_next;
	const struct tcpcb *e_listener;
	struct tcp_ends e_ends;
	tcp_seq e_irs, e_iss;
	int64_t e_born, e_due;
	uint32_t e_tsrecent, e_tsbase;
	uint32_t e_win;
	uint16_t e_peermss, e_ourmss;
	int16_t e_ttl;
	int8_t e_ws; /* the peer's, -1 none */
	uint8_t e_ourws, e_tos, e_shift;
	bool e_ts, e_sack, e_ecn, e_unreach;
	bool e_again; /* the SYN-ACK went more than once: its ACK is not timed */
};

struct syncache {
	struct kmutex sc_lock;
	struct tcp_state *sc_tcp;
	struct callout sc_callout;
	int64_t sc_when; /* the callout's; INT64_MAX */
	unsigned sc_count;
	bool sc_dead;
	_Atomic int64_t sc_cookies; /* until when cookies are looked at */
	struct sc_entry *sc_bucket[SC_BUCKETS];
	uint16_t sc_len[SC_BUCKETS];
};

static unsigned
bucket_of(struct tcp_state *tc, const struct tcp_ends *e)
{
	return (unsigned)(tcp_hash(tc, e, 1) % SC_BUCKETS);
}

static bool
same_ends(const struct tcp_ends *a, const struct tcp_ends *b)
{
	return a->te_lport == b->te_lport && a->te_fport == b->te_fport &&
	    memcmp(&a->te_laddr, &b->te_laddr, 16) == 0 &&
	    memcmp(&a->te_faddr, &b->te_faddr, 16) == 0 &&
	    a->te_zone == b->te_zone;
}

static struct sc_entry **
find(struct syncache *sc, const struct tcp_ends *e)
{
	struct sc_entry **link = &sc->sc_bucket[bucket_of(sc->sc_tcp, e)];

	while (*link != NULL && !same_ends(&(*link)->e_ends, e))
		link = &(*link)->e_next;
	return link;
}

static struct sc_entry *
unlink_entry(struct syncache *sc, struct sc_entry **link)
{
	struct sc_entry *e = *link;

	*link = e->e_next;
	sc->sc_count--;
	sc->sc_len[bucket_of(sc->sc_tcp, &e->e_ends)]--;
	return e;
}

static void
free_entry(struct syncache *sc, struct sc_entry *e)
{
	kmem_free(sc->sc_tcp->tc_k, e, sizeof(*e));
}

static void
schedule(struct syncache *sc, int64_t when)
{
	if (when < sc->sc_when &&
	    callout_schedule_abs(&sc->sc_callout, when) == 0)
		sc->sc_when = when;
}

static void
insert(struct syncache *sc, struct sc_entry *e)
{
	unsigned b = bucket_of(sc->sc_tcp, &e->e_ends);

	e->e_next = sc->sc_bucket[b];
	sc->sc_bucket[b] = e;
	sc->sc_len[b]++;
	sc->sc_count++;
	schedule(sc, e->e_due);
}

/* --- SYN-ACKs --- */

static void
send_synack(struct tcp_state *tc, const struct sc_entry *e)
{
	struct tcp_out o = { .seq = e->e_iss,
		.ack = e->e_irs + 1,
		.flags = TH_SYN | TH_ACK,
		.ttl = e->e_ttl,
		.tos = e->e_tos };
	uint8_t *p = o.opt;

	p[0] = TCPOPT_MAXSEG;
	p[1] = TCPOLEN_MAXSEG;
	be16_put(p + 2, e->e_ourmss);
	p += 4;
	if (e->e_ws >= 0) {
		p[0] = TCPOPT_NOP;
		p[1] = TCPOPT_WINDOW;
		p[2] = TCPOLEN_WINDOW;
		p[3] = e->e_ourws;
		p += 4;
	}
	if (e->e_ts)
		p += tcp_put_ts(p,
		    tcp_tick(tc, kern_uptime_ns(tc->tc_k)) - e->e_tsbase,
		    e->e_tsrecent);
	if (e->e_sack) {
		p[0] = TCPOPT_SACK_PERMITTED;
		p[1] = TCPOLEN_SACK_PERMITTED;
		p[2] = p[3] = TCPOPT_NOP;
		p += 4;
	}
	o.optlen = (unsigned)(p - o.opt);
	o.win = (uint16_t)e->e_win;
	if (e->e_ecn)
		o.flags |= TH_ECE;
	tcpstat_inc(tc, TCP_STAT_SNDCTRL);
	(void)tcp_send(tc, &e->e_ends, NULL, &o, NULL, NULL);
}

/* A walk through all entries, in pieces: where it is, the earliest deadline that it has seen. */
struct walk {
	unsigned bucket;
	int64_t now, next;
};

/* The next entry that is due: true and a copy of it, to be sent. */
static bool
take_due(struct syncache *sc, struct walk *w, struct sc_entry *copy)
{
	struct tcp_state *tc = sc->sc_tcp;
	int64_t life = atomic_load(&tc->keepinit) * TCP_TICK;

	for (; w->bucket < SC_BUCKETS; w->bucket++) {
		struct sc_entry **link = &sc->sc_bucket[w->bucket], *e;

		while ((e = *link) != NULL) {
			if (e->e_due > w->now) {
				w->next = e->e_due < w->next ? e->e_due :
							       w->next;
				link = &e->e_next;
				continue;
			}
			if (e->e_shift >= SC_MAXSHIFT ||
			    w->now - e->e_born >= life) {
				tcpstat_inc(tc, TCP_STAT_SC_TIMED_OUT);
				free_entry(sc, unlink_entry(sc, link));
				continue;
			}
			e->e_shift++;
			e->e_again = true;
			e->e_due = w->now + (TCP_RTO_SYN << e->e_shift);
			if (e->e_due > e->e_born + life)
				e->e_due = e->e_born + life;
			*copy = *e;
			return true;
		}
	}
	return false;
}

static void
syncache_timer(void *arg)
{
	struct syncache *sc = arg;
	struct rump_kernel *k = sc->sc_tcp->tc_k;
	struct walk w = { .now = kern_uptime_ns(k), .next = INT64_MAX };
	struct sc_entry copy;

	net_rdlock(k);
	kmutex_enter(&sc->sc_lock);
	/* Who comes meanwhile schedules by himself. */
	sc->sc_when = INT64_MAX;
	while (!sc->sc_dead && take_due(sc, &w, &copy)) {
		kmutex_exit(&sc->sc_lock);
		tcpstat_inc(sc->sc_tcp, TCP_STAT_SC_RETRANSMITTED);
		send_synack(sc->sc_tcp, &copy);
		kmutex_enter(&sc->sc_lock);
	}
	if (!sc->sc_dead)
		schedule(sc, w.next);
	kmutex_exit(&sc->sc_lock);
	net_unlock(k);
	net_run(k);
}

int
syncache_create(struct tcp_state *tc)
{
	struct syncache *sc = kmem_zalloc(tc->tc_k, sizeof(*sc));

	if (sc == NULL)
		return -ENOMEM;
	sc->sc_tcp = tc;
	sc->sc_when = INT64_MAX;
	callout_init(&sc->sc_callout, tc->tc_k, syncache_timer, sc);
	tc->tc_syncache = sc;
	return 0;
}

void
syncache_destroy(struct tcp_state *tc)
{
	struct syncache *sc = tc->tc_syncache;

	kmutex_enter(&sc->sc_lock);
	sc->sc_dead = true;
	for (unsigned b = 0; b < SC_BUCKETS; b++)
		while (sc->sc_bucket[b] != NULL)
			free_entry(sc, unlink_entry(sc, &sc->sc_bucket[b]));
	kmutex_exit(&sc->sc_lock);
	callout_halt(&sc->sc_callout);
	kmem_free(tc->tc_k, sc, sizeof(*sc));
}

/* --- cookies --- */

static const uint16_t cookie_mss[8] = { 216, 536, 1220, 1400, 1440, 1460, 4312,
	8960 };

static uint32_t
cookie_hash(
    struct tcp_state *tc, const struct tcp_ends *e, tcp_seq irs, uint32_t head)
{
	return (uint32_t)tcp_hash(tc, e, (uint64_t)irs << 32 | head << 8 | 2) &
	    0xffffff;
}

/* 5 bits of time, 3 of MSS, 24 of hash; what else was agreed on rides in the timestamp. */
static void
make_cookie(struct tcp_state *tc, struct sc_entry *e, int64_t now)
{
	uint32_t t = (uint32_t)(now / COOKIE_TIME) & 31, i = 7, head;

	while (i > 0 && cookie_mss[i] > e->e_peermss)
		i--;
	head = t << 3 | i;
	e->e_iss = head << 24 | cookie_hash(tc, &e->e_ends, e->e_irs, head);
	if (e->e_ts) {
		uint32_t tick = tcp_tick(tc, now), opts;

		opts = (uint32_t)(e->e_ws < 0 ? 15 : e->e_ws) << 2 |
		    (unsigned)e->e_sack << 1 | (unsigned)e->e_ecn;
		e->e_tsbase = tick - ((tick & 0x1ffffff) << 6 | opts);
	} else {
		e->e_ws = -1;
		e->e_sack = e->e_ecn = false;
	}
	atomic_store(&tc->tc_syncache->sc_cookies, now + 2 * COOKIE_TIME);
}

/* True: the ACK answers a cookie of ours; e is filled in from it. */
static bool
take_cookie(struct tcp_state *tc, const struct tcp_seg *sg, struct sc_entry *e)
{
	uint32_t cookie = sg->sg_ack - 1, head = cookie >> 24, age;

	if (atomic_load(&tc->tc_syncache->sc_cookies) < sg->sg_now)
		return false;
	age = ((uint32_t)(sg->sg_now / COOKIE_TIME) - (head >> 3)) & 31;
	if (age > 1 ||
	    (cookie & 0xffffff) !=
		cookie_hash(tc, &sg->sg_ends, sg->sg_seq - 1, head))
		return false;
	*e = (struct sc_entry){ .e_ends = sg->sg_ends,
		.e_irs = sg->sg_seq - 1,
		.e_iss = cookie,
		.e_peermss = cookie_mss[head & 7],
		.e_ws = -1,
		.e_again = true };
	if (sg->sg_ts) {
		uint32_t opts = sg->sg_tsecr & 63;

		e->e_ts = true;
		e->e_tsrecent = sg->sg_tsval;
		e->e_tsbase = tcp_tick(tc, sg->sg_now) - sg->sg_tsecr;
		e->e_ws = (int8_t)(opts >> 2 == 15 ? -1 : (int)(opts >> 2));
		e->e_sack = (opts >> 1 & 1) != 0;
		e->e_ecn = (opts & 1) != 0;
	}
	return true;
}

/* --- a SYN --- */

/* As sonewconn sees it. */
static bool
queue_full(const struct socket *head)
{
	return head->so_qlen + (head->so_accf == NULL ? head->so_q0len : 0) >
	    3 * head->so_qlimit / 2;
}

static void
fill_entry(struct sc_entry *e, struct socket *head, const struct tcp_seg *sg)
{
	struct inpcb *inp = sotoinpcb(head);
	struct tcpcb *ltp = intotcpcb(inp);
	struct tcp_state *tc = ltp->t_tcp;
	size_t win = sbspace(&head->so_rcv);

	memset(e, 0, sizeof(*e));
	e->e_listener = ltp;
	e->e_ends = sg->sg_ends;
	e->e_irs = sg->sg_seq;
	e->e_iss = tcp_newiss(tc, &sg->sg_ends);
	/* RFC 1122 4.2.2.13: beyond all that the same ends have used. */
	if (sg->sg_again && SEQ_LEQ(e->e_iss, sg->sg_oldnxt))
		e->e_iss = sg->sg_oldnxt + ISS_BEYOND;
	e->e_born = sg->sg_now;
	e->e_due = sg->sg_now + TCP_RTO_SYN;
	e->e_win = (uint32_t)(win > TCP_MAXWIN ? TCP_MAXWIN : win);
	e->e_peermss = sg->sg_mss;
	e->e_ourmss = tcp_mss_ours(tc, &sg->sg_ends, NULL);
	e->e_ttl = sg->sg_ends.te_v4 ? inp->inp_ttl : inp->inp_hops6;
	e->e_tos = inp->inp_tos;
	e->e_ws = (ltp->t_flags & TF_REQ_SCALE) != 0 ? sg->sg_ws : -1;
	e->e_ourws = tcp_wscale(tc);
	e->e_sack = sg->sg_sackok && (ltp->t_flags & TF_REQ_SACK) != 0;
	e->e_ecn = (sg->sg_flags & (TH_ECE | TH_CWR)) == (TH_ECE | TH_CWR) &&
	    atomic_load(&tc->ecn_enable);
	if (sg->sg_ts && (ltp->t_flags & TF_REQ_TSTMP) != 0) {
		e->e_ts = true;
		e->e_tsrecent = sg->sg_tsval;
		e->e_tsbase = tcp_tick(tc, sg->sg_now) - 1;
	}
}

/* An entry is there already: the same SYN again is answered again. */
static bool
known_syn(struct syncache *sc, const struct tcp_seg *sg, struct sc_entry *copy)
{
	struct sc_entry **link = find(sc, &sg->sg_ends), *e = *link;

	if (e == NULL)
		return false;
	if (e->e_irs != sg->sg_seq) {
		/* It has forgotten, and starts anew. */
		free_entry(sc, unlink_entry(sc, link));
		return false;
	}
	tcpstat_inc(sc->sc_tcp, TCP_STAT_SC_DUPESYN);
	if (sg->sg_ts && e->e_ts)
		e->e_tsrecent = sg->sg_tsval;
	e->e_again = true;
	*copy = *e;
	return true;
}

void
syncache_add(struct socket *head, struct tcp_seg *sg)
{
	struct tcp_state *tc = sototcpcb(head)->t_tcp;
	struct syncache *sc = tc->tc_syncache;
	struct sc_entry copy, *e;
	bool full;

	/* The queue has no room: the peer will ask again. */
	if (queue_full(head)) {
		tcpstat_inc(tc, TCP_STAT_SC_DROPPED);
		return;
	}
	kmutex_enter(&sc->sc_lock);
	if (known_syn(sc, sg, &copy)) {
		kmutex_exit(&sc->sc_lock);
		send_synack(tc, &copy);
		return;
	}
	fill_entry(&copy, head, sg);
	full = sc->sc_count >= (unsigned)atomic_load(&tc->syn_cache_limit);
	if (full)
		tcpstat_inc(tc, TCP_STAT_SC_OVERFLOWED);
	else if (sc->sc_len[bucket_of(tc, &sg->sg_ends)] >=
	    (unsigned)atomic_load(&tc->syn_bucket_limit)) {
		tcpstat_inc(tc, TCP_STAT_SC_BUCKETOVERFLOW);
		full = true;
	}
	e = full ? NULL : kmem_alloc(tc->tc_k, sizeof(*e));
	if (e != NULL) {
		*e = copy;
		insert(sc, e);
		tcpstat_inc(tc, TCP_STAT_SC_ADDED);
	} else
		make_cookie(tc, &copy, sg->sg_now);
	kmutex_exit(&sc->sc_lock);
	send_synack(tc, &copy);
}

/* --- the ACK --- */

static void
inherit(struct tcpcb *tp, const struct tcpcb *ltp)
{
	struct inpcb *inp = tp->t_inpcb;
	const struct inpcb *linp = ltp->t_inpcb;

	inp->inp_flags = linp->inp_flags;
	inp->inp_flags6 = linp->inp_flags6;
	inp->inp_ttl = linp->inp_ttl;
	inp->inp_tos = linp->inp_tos;
	inp->inp_hops6 = linp->inp_hops6;
	inp->inp_minttl = linp->inp_minttl;
	tp->t_flags |= ltp->t_flags & TF_NODELAY;
	tp->t_usermss = ltp->t_usermss;
	tp->t_keepidle = ltp->t_keepidle;
	tp->t_keepintvl = ltp->t_keepintvl;
	tp->t_keepinit = ltp->t_keepinit;
	tp->t_keepcnt = ltp->t_keepcnt;
	tp->t_cc = ltp->t_cc;
}

static void
fill_connection(struct tcpcb *tp, const struct sc_entry *e)
{
	tp->t_flags &= ~(TF_REQ_SCALE | TF_REQ_TSTMP | TF_REQ_SACK);
	if (e->e_ws >= 0) {
		tp->t_flags |= TF_REQ_SCALE | TF_RCVD_SCALE;
		tp->t_snd_scale = (uint8_t)e->e_ws;
		tp->t_rcv_scale = tp->t_req_scale = tcp_wscale(tp->t_tcp);
	}
	if (e->e_ts) {
		tp->t_flags |= TF_REQ_TSTMP | TF_RCVD_TSTMP;
		tp->ts_recent = e->e_tsrecent;
		tp->ts_recent_age = kern_uptime_ns(tp->t_tcp->tc_k);
		tp->ts_base = e->e_tsbase;
	}
	if (e->e_sack)
		tp->t_flags |= TF_REQ_SACK | TF_SACK_PERMIT;
	if (e->e_ecn) {
		tp->t_flags |= TF_ECN;
		tcpstat_inc(tp->t_tcp, TCP_STAT_ECN_SHS);
	}
	tp->t_ourmss = e->e_ourmss;
	tcp_mss_from_peer(tp, e->e_peermss);
	tp->iss = tp->snd_una = tp->snd_recover = tp->t_highrxt = e->e_iss;
	tp->snd_nxt = tp->snd_max = tp->snd_up = e->e_iss + 1;
	tp->irs = e->e_irs;
	tp->rcv_nxt = tp->rcv_up = tp->last_ack_sent = e->e_irs + 1;
	tp->rcv_adv = tp->rcv_nxt + e->e_win;
	tp->snd_wl1 = e->e_irs;
	if (!e->e_again)
		tp->t_rttstart = e->e_born;
	if (e->e_shift > 0)
		tp->t_flags |= TF_RTO; /* the SYN-ACK was lost: a small window */
	tp->t_state = TCPS_SYN_RECEIVED;
}

static struct socket *
make_socket(struct socket *head, const struct sc_entry *e)
{
	struct socket *so;
	struct inpcb *inp;
	struct tcpcb *tp;

	/* Those that a filter holds back make room for each other. */
	while ((so = so_takeoldest0(head)) != NULL) {
		if (so->so_pcb != NULL)
			tcp_drop(sototcpcb(so), ECONNABORTED);
		tcp_leave(so, true);
	}
	if ((so = sonewconn_filtered(head)) == NULL)
		return NULL;
	inp = sotoinpcb(so);
	tp = intotcpcb(inp);
	inp->inp_laddr = e->e_ends.te_laddr;
	inp->inp_faddr = e->e_ends.te_faddr;
	inp->inp_lport = e->e_ends.te_lport;
	inp->inp_fport = e->e_ends.te_fport;
	inp->inp_zone = e->e_ends.te_zone;
	inp->inp_state = INP_CONNECTED;
	inherit(tp, sototcpcb(head));
	in_pcbrehash(inp);
	fill_connection(tp, e);
	return so;
}

int
syncache_complete(
    struct socket *head, const struct tcp_seg *sg, struct socket **sop)
{
	struct tcp_state *tc = sototcpcb(head)->t_tcp;
	struct syncache *sc = tc->tc_syncache;
	struct sc_entry **link, *e, copy;

	*sop = NULL;
	kmutex_enter(&sc->sc_lock);
	link = find(sc, &sg->sg_ends);
	if ((e = *link) != NULL) {
		if (sg->sg_ack != e->e_iss + 1 ||
		    SEQ_LEQ(sg->sg_seq, e->e_irs) ||
		    SEQ_GT(sg->sg_seq, e->e_irs + 1 + e->e_win)) {
			kmutex_exit(&sc->sc_lock);
			return 0;
		}
		/* No room in the queue: it stays half open. */
		if (queue_full(head)) {
			kmutex_exit(&sc->sc_lock);
			return -1;
		}
		copy = *e;
		free_entry(sc, unlink_entry(sc, link));
	}
	kmutex_exit(&sc->sc_lock);
	if (e == NULL) {
		if (!take_cookie(tc, sg, &copy))
			return 0;
		copy.e_ourmss = tcp_mss_ours(tc, &sg->sg_ends, NULL);
		copy.e_win = (uint32_t)sbspace(&head->so_rcv);
		if (copy.e_win > TCP_MAXWIN)
			copy.e_win = TCP_MAXWIN;
	}
	if ((*sop = make_socket(head, &copy)) == NULL) {
		tcpstat_inc(tc, TCP_STAT_SC_ABORTED);
		return -1;
	}
	tcpstat_inc(tc, TCP_STAT_SC_COMPLETED);
	tcpstat_inc(tc, TCP_STAT_ACCEPTS);
	return 1;
}

/* --- ends --- */

void
syncache_reset(struct tcp_state *tc, const struct tcp_seg *sg)
{
	struct syncache *sc = tc->tc_syncache;
	struct sc_entry **link, *e;

	kmutex_enter(&sc->sc_lock);
	link = find(sc, &sg->sg_ends);
	e = *link;
	if (e != NULL && sg->sg_seq == e->e_irs + 1) {
		tcpstat_inc(tc, TCP_STAT_SC_RESET);
		free_entry(sc, unlink_entry(sc, link));
	}
	kmutex_exit(&sc->sc_lock);
}

void
syncache_unreach(struct tcp_state *tc, const struct tcp_ends *ends, tcp_seq seq)
{
	struct syncache *sc = tc->tc_syncache;
	struct sc_entry **link, *e;

	kmutex_enter(&sc->sc_lock);
	link = find(sc, ends);
	e = *link;
	if (e != NULL && e->e_iss == seq) {
		/* Once may pass: only when it lasts. */
		if (!e->e_unreach || e->e_shift < 2)
			e->e_unreach = true;
		else {
			tcpstat_inc(tc, TCP_STAT_SC_UNREACH);
			free_entry(sc, unlink_entry(sc, link));
		}
	}
	kmutex_exit(&sc->sc_lock);
}

void
syncache_listener_gone(struct tcpcb *tp)
{
	struct syncache *sc = tp->t_tcp->tc_syncache;

	if (sc == NULL)
		return;
	kmutex_enter(&sc->sc_lock);
	for (unsigned b = 0; b < SC_BUCKETS; b++) {
		struct sc_entry **link = &sc->sc_bucket[b];

		while (*link != NULL) {
			if ((*link)->e_listener == tp)
				free_entry(sc, unlink_entry(sc, link));
			else
				link = &(*link)->e_next;
		}
	}
	kmutex_exit(&sc->sc_lock);
}
