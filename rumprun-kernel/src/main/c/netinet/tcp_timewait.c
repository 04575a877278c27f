/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections in TIME_WAIT whose socket is closed: a small record each, until
 * twice the segments' lifetime has passed (RFC 9293 3.6.1, 3.10.7.4). The
 * record keeps the ends from being used again, acknowledges what comes late,
 * ignores resets (RFC 1337) and makes way for a newer SYN (RFC 6191).
 *
 * tw_lock guards records and queues, and that a key found in the table stays;
 * the table's lock comes after it. Nothing is sent with it held. A queue holds
 * those of one lifetime, oldest first. When there are too many, the oldest of
 * all goes before its time.
 */
#include "kern/sysctl.h"
#include "netinet/tcp_var.h"

#define TW_SLACK (TCP_NS / 50) /* those of one moment go at once */

struct tcp_tw {
	struct inpcb_key w_key;
	struct tcp_tw *w_next, **w_prev;
	int64_t w_due;
	tcp_seq w_sndnxt, w_rcvnxt;
	uint32_t w_tsrecent, w_tsbase;
	uint16_t w_win; /* as it is sent */
	int16_t w_ttl;	/* or hops; -1: default */
	uint8_t w_scale, w_tos;
	uint8_t w_queue; /* TCP_MSL_* */
	bool w_ts;
};

struct tcp_twstate {
	struct kmutex tw_lock;
	struct tcp_state *tw_tcp;
	struct callout tw_callout;
	int64_t tw_when; /* the callout's; INT64_MAX */
	_Atomic unsigned tw_count;
	bool tw_dead;
	struct tcp_tw *tw_first[TCP_NMSL], **tw_last[TCP_NMSL];
};

/* --- queues; tw_lock held --- */

static void
append(struct tcp_twstate *tw, struct tcp_tw *w, int64_t now, int64_t life)
{
	w->w_due = now + life;
	w->w_next = NULL;
	w->w_prev = tw->tw_last[w->w_queue];
	*w->w_prev = w;
	tw->tw_last[w->w_queue] = &w->w_next;
}

static void
take_off(struct tcp_twstate *tw, struct tcp_tw *w)
{
	*w->w_prev = w->w_next;
	if (w->w_next != NULL)
		w->w_next->w_prev = w->w_prev;
	else
		tw->tw_last[w->w_queue] = w->w_prev;
}

static void
end(struct tcp_twstate *tw, struct tcp_tw *w)
{
	struct tcp_state *tc = tw->tw_tcp;

	take_off(tw, w);
	in_pcbkey_remove(tc->tc_table, &w->w_key);
	atomic_fetch_sub(&tw->tw_count, 1);
	kmem_free(tc->tc_k, w, sizeof(*w));
}

static struct tcp_tw *
oldest(const struct tcp_twstate *tw)
{
	struct tcp_tw *w = NULL;

	for (int i = 0; i < TCP_NMSL; i++)
		if (tw->tw_first[i] != NULL &&
		    (w == NULL || tw->tw_first[i]->w_due < w->w_due))
			w = tw->tw_first[i];
	return w;
}

static void
arm(struct tcp_twstate *tw)
{
	struct tcp_tw *w = oldest(tw);

	if (w == NULL || w->w_due >= tw->tw_when || tw->tw_dead)
		return;
	if (callout_schedule_abs(&tw->tw_callout, w->w_due) == 0)
		tw->tw_when = w->w_due;
}

static void
tw_timer(void *arg)
{
	struct tcp_twstate *tw = arg;
	int64_t now = kern_uptime_ns(tw->tw_tcp->tc_k);
	struct tcp_tw *w;

	kmutex_enter(&tw->tw_lock);
	tw->tw_when = INT64_MAX;
	while ((w = oldest(tw)) != NULL && w->w_due <= now + TW_SLACK)
		end(tw, w);
	arm(tw);
	kmutex_exit(&tw->tw_lock);
}

/* --- life --- */

int
tcp_tw_create(struct tcp_state *tc)
{
	struct tcp_twstate *tw = kmem_zalloc(tc->tc_k, sizeof(*tw));

	if (tw == NULL)
		return -ENOMEM;
	tw->tw_tcp = tc;
	tw->tw_when = INT64_MAX;
	for (int i = 0; i < TCP_NMSL; i++)
		tw->tw_last[i] = &tw->tw_first[i];
	callout_init(&tw->tw_callout, tc->tc_k, tw_timer, tw);
	tc->tc_tw = tw;
	return 0;
}

void
tcp_tw_destroy(struct tcp_state *tc)
{
	struct tcp_twstate *tw = tc->tc_tw;
	struct tcp_tw *w;

	kmutex_enter(&tw->tw_lock);
	tw->tw_dead = true;
	while ((w = oldest(tw)) != NULL)
		end(tw, w);
	kmutex_exit(&tw->tw_lock);
	callout_halt(&tw->tw_callout);
	kmem_free(tc->tc_k, tw, sizeof(*tw));
	tc->tc_tw = NULL;
}

static void
fill(struct tcp_tw *w, const struct tcpcb *tp)
{
	const struct inpcb *inp = tp->t_inpcb;
	const struct socket *so = tp->t_so;
	struct tcp_ends e;

	tcp_ends_of(inp, &e);
	w->w_key = (struct inpcb_key){ .ik_laddr = inp->inp_laddr,
		.ik_faddr = inp->inp_faddr,
		.ik_zone = inp->inp_zone,
		.ik_lport = inp->inp_lport,
		.ik_fport = inp->inp_fport,
		.ik_af = inp->inp_af,
		.ik_v6only = inp->inp_v6only,
		.ik_alone = true,
		.ik_options = atomic_load(&so->so_options),
		.ik_uid = so->so_uid };
	w->w_sndnxt = tp->snd_max;
	w->w_rcvnxt = tp->rcv_nxt;
	w->w_scale = tp->t_rcv_scale;
	w->w_win = SEQ_GT(tp->rcv_adv, tp->rcv_nxt) ?
	    (uint16_t)((tp->rcv_adv - tp->rcv_nxt) >> tp->t_rcv_scale) :
	    0;
	w->w_ts = (tp->t_flags & (TF_REQ_TSTMP | TF_RCVD_TSTMP)) ==
	    (TF_REQ_TSTMP | TF_RCVD_TSTMP);
	w->w_tsrecent = tp->ts_recent;
	w->w_tsbase = tp->ts_base;
	w->w_ttl = e.te_v4 ? inp->inp_ttl : inp->inp_hops6;
	w->w_tos = inp->inp_tos;
}

void
tcp_tw_enter(struct tcpcb *tp)
{
	struct tcp_state *tc = tp->t_tcp;
	struct tcp_twstate *tw = tc->tc_tw;
	int64_t now = kern_uptime_ns(tc->tc_k), due = tp->t_timer[TT_2MSL];
	struct tcp_tw *w = kmem_zalloc(tc->tc_k, sizeof(*w));
	struct tcp_ends e;

	if (w == NULL)
		return; /* the block goes on as it is */
	fill(w, tp);
	tcp_ends_of(tp->t_inpcb, &e);
	(void)tcp_2msl(tc, &e, &w->w_queue);
	kmutex_enter(&tw->tw_lock);
	if (tw->tw_dead) {
		kmutex_exit(&tw->tw_lock);
		kmem_free(tc->tc_k, w, sizeof(*w));
		return;
	}
	while (atomic_load(&tw->tw_count) >= tc->tc_twmax)
		end(tw, oldest(tw));
	atomic_fetch_add(&tw->tw_count, 1);
	append(tw, w, now, due > now ? due - now : 0);
	in_pcbkey_insert(tc->tc_table, &w->w_key);
	arm(tw);
	kmutex_exit(&tw->tw_lock);
	tcp_close(tp);
}

/* --- segments --- */

static struct tcp_tw *
find(struct tcp_twstate *tw, const struct tcp_ends *e)
{
	/* w_key is the first member. */
	return (struct tcp_tw *)(void *)in_pcblookup_alone(tw->tw_tcp->tc_table,
	    &e->te_faddr, e->te_fport, &e->te_laddr, e->te_lport, e->te_zone);
}

enum verdict { IGNORE, ACKNOWLEDGE, CHALLENGE };

/* As tcp_segment_input does with a block that has nothing left to send or to take. */
static enum verdict
judge(struct tcp_twstate *tw, struct tcp_tw *w, const struct tcp_seg *sg)
{
	struct tcp_state *tc = tw->tw_tcp;
	uint32_t win = (uint32_t)w->w_win << w->w_scale;
	tcp_seq last = sg->sg_seq + sg->sg_len;
	bool more = sg->sg_len > 0 || (sg->sg_flags & TH_FIN) != 0;

	/* RFC 1337; 5961 3.2. */
	if ((sg->sg_flags & TH_RST) != 0)
		return SEQ_GT(sg->sg_seq, w->w_rcvnxt) &&
			SEQ_LT(sg->sg_seq, w->w_rcvnxt + win) ?
		    CHALLENGE :
		    IGNORE;
	if (w->w_ts && sg->sg_ts && w->w_tsrecent != 0 &&
	    SEQ_LT(sg->sg_tsval, w->w_tsrecent)) {
		tcpstat_inc(tc, TCP_STAT_PAWSDROP);
		return more || (sg->sg_flags & TH_SYN) != 0 ? ACKNOWLEDGE :
							      IGNORE;
	}
	if ((sg->sg_flags & TH_SYN) != 0)
		return CHALLENGE;
	if (SEQ_GT(last, w->w_rcvnxt + win) &&
	    SEQ_GEQ(sg->sg_seq, w->w_rcvnxt + win)) {
		tcpstat_inc(tc, TCP_STAT_RCVPACKAFTERWIN);
		return ACKNOWLEDGE;
	}
	if (w->w_ts && sg->sg_ts && SEQ_LEQ(sg->sg_seq, w->w_rcvnxt))
		w->w_tsrecent = sg->sg_tsval;
	if ((sg->sg_flags & TH_ACK) == 0)
		return IGNORE;
	if (SEQ_GT(sg->sg_ack, w->w_sndnxt)) {
		tcpstat_inc(tc, TCP_STAT_RCVACKTOOMUCH);
		return CHALLENGE;
	}
	if (!more && SEQ_GEQ(sg->sg_seq, w->w_rcvnxt))
		return IGNORE;
	/* The time starts anew. */
	take_off(tw, w);
	append(tw, w, sg->sg_now, tcp_2msl(tc, &sg->sg_ends, &w->w_queue));
	return ACKNOWLEDGE;
}

static void
acknowledge(
    struct tcp_state *tc, const struct tcp_tw *w, const struct tcp_seg *sg)
{
	struct tcp_out o = { .seq = w->w_sndnxt,
		.ack = w->w_rcvnxt,
		.flags = TH_ACK,
		.win = w->w_win,
		.ttl = w->w_ttl,
		.tos = w->w_tos };

	if (w->w_ts)
		o.optlen = tcp_put_ts(o.opt,
		    tcp_tick(tc, sg->sg_now) - w->w_tsbase, w->w_tsrecent);
	tcpstat_inc(tc, TCP_STAT_SNDACKS);
	(void)tcp_send(tc, &sg->sg_ends, NULL, &o, NULL, NULL);
}

/*
 * RFC 6191, where a newer time stamp is enough; else the sequence number counts (RFC 1122 4.2.2.13), also when time stamps have gone back: there are
 * stacks, ours among them, whose connections each begin theirs anew.
 */
bool
tcp_recycles(const struct tcp_seg *sg, tcp_seq rcvnxt, bool ts, uint32_t recent)
{
	if ((sg->sg_flags & (TH_SYN | TH_ACK | TH_RST)) != TH_SYN)
		return false;
	if (sg->sg_ts && ts && recent != 0 && SEQ_GT(sg->sg_tsval, recent))
		return true;
	return SEQ_GT(sg->sg_seq, rcvnxt);
}

bool
tcp_tw_input(struct tcp_state *tc, struct tcp_seg *sg)
{
	struct tcp_twstate *tw = tc->tc_tw;
	enum verdict v;
	struct tcp_tw *w, copy;

	if (atomic_load(&tw->tw_count) == 0)
		return false;
	kmutex_enter(&tw->tw_lock);
	if ((w = find(tw, &sg->sg_ends)) == NULL ||
	    tcp_recycles(sg, w->w_rcvnxt, w->w_ts, w->w_tsrecent)) {
		if (w != NULL) {
			sg->sg_again = true;
			sg->sg_oldnxt = w->w_sndnxt;
			end(tw, w);
		}
		kmutex_exit(&tw->tw_lock);
		return false;
	}
	v = judge(tw, w, sg);
	copy = *w;
	kmutex_exit(&tw->tw_lock);
	if (v == ACKNOWLEDGE ||
	    (v == CHALLENGE && ppsratecheck(tc->tc_k, &tc->tc_challenge, 1000)))
		acknowledge(tc, &copy, sg);
	return true;
}

/* --- for users --- */

bool
tcp_tw_drop(
    struct tcp_state *tc, const struct tcp_ends *e, bool end_it, uid_t *uid)
{
	struct tcp_twstate *tw = tc->tc_tw;
	struct tcp_tw *w;

	kmutex_enter(&tw->tw_lock);
	if ((w = find(tw, e)) != NULL) {
		*uid = w->w_key.ik_uid;
		if (end_it)
			end(tw, w);
	}
	kmutex_exit(&tw->tw_lock);
	return w != NULL;
}

unsigned
tcp_tw_count(const struct tcp_state *tc)
{
	return atomic_load(&tc->tc_tw->tw_count);
}

/* A copy of what is to be seen of each; -ENOMEM. */
static int
copy_keys(struct tcp_twstate *tw, int family, struct inpcb_key **list,
    unsigned *n, unsigned *size)
{
	kmutex_enter(&tw->tw_lock);
	*n = 0;
	*size = atomic_load(&tw->tw_count) + 1;
	*list = kmem_calloc(tw->tw_tcp->tc_k, *size, sizeof(**list));
	for (int i = 0; i < TCP_NMSL && *list != NULL; i++)
		for (const struct tcp_tw *w = tw->tw_first[i]; w != NULL;
		     w = w->w_next)
			if (w->w_key.ik_af == family)
				(*list)[(*n)++] = w->w_key;
	kmutex_exit(&tw->tw_lock);
	return *list == NULL ? -ENOMEM : 0;
}

int
tcp_tw_list(struct tcp_state *tc, struct in_pcblisting *il)
{
	struct inpcb_key *list;
	struct kinfo_pcb ki;
	unsigned n, size;
	int error = copy_keys(tc->tc_tw, il->il_family, &list, &n, &size);

	if (error != 0)
		return error;
	for (unsigned i = 0; i < n && error == 0; i++) {
		const struct inpcb_key *ik = &list[i];

		memset(&ki, 0, sizeof(ki));
		ki.ki_family = (uint32_t)il->il_family;
		ki.ki_type = SOCK_STREAM;
		ki.ki_protocol = IPPROTO_TCP;
		ki.ki_prstate = INP_CONNECTED;
		ki.ki_tstate = TCPS_TIME_WAIT;
		in_any_tosockaddr(&ik->ik_laddr, ik->ik_lport, ik->ik_zone,
		    il->il_family, (struct sockaddr *)(void *)&ki.ki_s);
		in_any_tosockaddr(&ik->ik_faddr, ik->ik_fport, ik->ik_zone,
		    il->il_family, (struct sockaddr *)(void *)&ki.ki_d);
		error = in_pcblist_put(il, &ki);
	}
	kmem_free(tc->tc_k, list, size * sizeof(*list));
	return error;
}
