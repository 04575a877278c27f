/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection's timers: deadlines in the control block, and one callout that
 * is scheduled for the first of them at the latest.
 *
 * A deadline that moves away leaves the callout as it is: it fires early,
 * finds nothing due and is scheduled again. So a timer that is set anew with
 * each segment costs one store.
 *
 * From its scheduling until its function has run the callout holds a
 * reference to the socket, and t_callout_when says so.
 */
#include "netinet/tcp_var.h"

static void timer_fire(void *);

static void
arm(struct tcpcb *tp, int64_t when)
{
	bool held = tp->t_callout_when != INT64_MAX;

	if (when >= tp->t_callout_when)
		return;
	if (!held)
		so_get(tp->t_so);
	else if (!callout_stop(&tp->t_callout))
		return; /* the function is on its way, and schedules anew */
	tp->t_callout.c_func = timer_fire;
	if (callout_schedule_abs(&tp->t_callout, when) == 0) {
		tp->t_callout_when = when;
		return;
	}
	/* No memory, or the kernel halts: whoever holds the lock holds a reference as well. */
	tp->t_callout_when = INT64_MAX;
	atomic_fetch_sub(&tp->t_so->so_refs, 1);
}

void
tcp_timer_set(struct tcpcb *tp, enum tcp_timer t, int64_t delay_ns)
{
	int64_t when = kern_uptime_ns(tp->t_tcp->tc_k) + delay_ns;

	tp->t_timer[t] = when > 0 ? when : 1;
	arm(tp, tp->t_timer[t]);
}

void
tcp_timer_finish(struct tcpcb *tp)
{
	struct rump_kernel *k = tp->t_tcp->tc_k;

	memset(tp->t_timer, 0, sizeof(tp->t_timer));
	if (tp->t_callout_when != INT64_MAX) {
		if (!callout_stop(&tp->t_callout)) {
			/* The function is on its way: it frees tp. */
			atomic_fetch_add(&tp->t_tcp->tc_orphans, 1);
			return;
		}
		atomic_fetch_sub(&tp->t_so->so_refs, 1);
	}
	kmem_free(k, tp, sizeof(*tp));
}

/* --- what users may set --- */

int64_t
tcp_keepidle_ns(const struct tcpcb *tp)
{
	return tp->t_keepidle != 0 ?
	    tp->t_keepidle * TCP_NS :
	    atomic_load(&tp->t_tcp->keepidle) * TCP_TICK;
}

int64_t
tcp_keepintvl_ns(const struct tcpcb *tp)
{
	return tp->t_keepintvl != 0 ?
	    tp->t_keepintvl * TCP_NS :
	    atomic_load(&tp->t_tcp->keepintvl) * TCP_TICK;
}

int64_t
tcp_keepinit_ns(const struct tcpcb *tp)
{
	return tp->t_keepinit != 0 ?
	    tp->t_keepinit * TCP_NS :
	    atomic_load(&tp->t_tcp->keepinit) * TCP_TICK;
}

unsigned
tcp_keepcnt_of(const struct tcpcb *tp)
{
	return tp->t_keepcnt != 0 ? tp->t_keepcnt :
				    (unsigned)atomic_load(&tp->t_tcp->keepcnt);
}

void
tcp_keep_restart(struct tcpcb *tp)
{
	tp->t_keepprobes = 0;
	tp->t_timer[TT_KEEP] = tp->t_rcvtime > 0 ?
	    tp->t_rcvtime + tcp_keepidle_ns(tp) :
	    kern_uptime_ns(tp->t_tcp->tc_k) + tcp_keepidle_ns(tp);
	arm(tp, tp->t_timer[TT_KEEP]);
}

void
tcp_persist_start(struct tcpcb *tp)
{
	int64_t t = (tp->t_srtt + 4 * tp->t_rttvar) << tp->t_rxtshift;
	int64_t least = TCP_PERSIST_MIN;

	/* The window is only too small for a whole segment: soon what fits into it goes (RFC 1122 4.2.3.4, "override timeout"). */
	if (SEQ_LT(tp->snd_nxt, tp->snd_una + tp->snd_wnd))
		least = TCP_OVERRIDE;
	if (t < least << tp->t_rxtshift)
		t = least << tp->t_rxtshift;
	if (t > TCP_PERSIST_MAX)
		t = TCP_PERSIST_MAX;
	tcp_timer_stop(tp, TT_REXMT);
	tcp_timer_set(tp, TT_PERSIST, t);
	if (tp->t_rxtshift < 6)
		tp->t_rxtshift++;
}

/*
 * Nobody acknowledges an update of the window, and a sender that waits for a lost one comes back only by its persist timer (RFC 9293 3.8.6.1 leaves
 * what a receiver does beyond its duty open). So it is told again a few times, ever more seldom.
 */
static void
winup_set(struct tcpcb *tp)
{
	int64_t t = tp->t_srtt == 0 ? TCP_NS / 10 : 2 * tp->t_srtt;

	if (t < TCP_WINUP_MIN)
		t = TCP_WINUP_MIN;
	tcp_timer_set(tp, TT_WINUP, t << tp->t_winups);
}

void
tcp_winup_start(struct tcpcb *tp, tcp_seq edge)
{
	if (tcp_timer_on(tp, TT_WINUP))
		return;
	tp->t_winedge = edge;
	tp->t_winups = 0;
	winup_set(tp);
}

static void
winup_timeout(struct tcpcb *tp)
{
	if (TCPS_HAVERCVDFIN(tp->t_state))
		return;
	if (++tp->t_winups < TCP_WINUPS)
		winup_set(tp);
	tp->t_flags |= TF_ACKNOW;
	(void)tcp_output(tp);
}

int64_t
tcp_2msl(struct tcp_state *tc, const struct tcp_ends *e, uint8_t *queue)
{
	int64_t msl = atomic_load(&tc->msl) * TCP_NS;

	if (memcmp(&e->te_laddr, &e->te_faddr, 16) == 0 ||
	    (e->te_v4 && e->te_faddr.a8[12] == IN_LOOPBACKNET))
		*queue = TCP_MSL_LOOPBACK;
	else
		*queue = tcp_islocal(tc, e) ? TCP_MSL_LOCAL : TCP_MSL_REMOTE;
	if (atomic_load(&tc->mslt_enable)) {
		if (*queue == TCP_MSL_LOOPBACK)
			msl = atomic_load(&tc->mslt_loopback) * TCP_TICK;
		else if (*queue == TCP_MSL_LOCAL)
			msl = atomic_load(&tc->mslt_local) * TCP_TICK;
		else
			msl = atomic_load(&tc->mslt_remote) * TCP_TICK;
	}
	return 2 * msl;
}

void
tcp_timewait(struct tcpcb *tp)
{
	struct tcp_ends e;
	uint8_t queue;

	tcp_ends_of(tp->t_inpcb, &e);
	tp->t_state = TCPS_TIME_WAIT;
	for (int i = 0; i < TT_COUNT; i++)
		tcp_timer_stop(tp, i);
	tcp_reass_free(tp);
	tcp_timer_set(tp, TT_2MSL, tcp_2msl(tp->t_tcp, &e, &queue));
}

/* --- what they do; false: the connection is over --- */

/* A path that swallows large segments without a word (RFC 2923 2.1). */
static void
suspect_blackhole(struct tcpcb *tp)
{
	struct tcp_ends e;
	uint16_t small;

	tcp_ends_of(tp->t_inpcb, &e);
	small = (uint16_t)(e.te_v4 ? atomic_load(&tp->t_tcp->mssdflt) : 1220);
	if (tp->t_rxtshift != 4 || (tp->t_flags & TF_BLACKHOLE) != 0 ||
	    tp->t_maxseg <= small || !TCPS_HAVEESTABLISHED(tp->t_state) ||
	    tp->snd_max - tp->snd_una < tcp_segsz(tp))
		return;
	tcpstat_inc(tp->t_tcp, TCP_STAT_PMTUBLACKHOLE);
	tp->t_flags |= TF_BLACKHOLE;
	tp->t_maxseg = small;
}

static bool
rexmt_timeout(struct tcpcb *tp)
{
	struct tcp_state *tc = tp->t_tcp;
	uint32_t flight = tp->snd_max - tp->snd_una;

	if (++tp->t_rxtshift > TCP_MAXRXTSHIFT) {
		tcpstat_inc(tc, TCP_STAT_TIMEOUTDROP);
		tcp_drop(tp, ETIMEDOUT);
		return false;
	}
	tcpstat_inc(tc, TCP_STAT_REXMTTIMEO);
	tp->t_rxtcur = tcp_rto(tp);
	suspect_blackhole(tp);
	if (tp->t_state == TCPS_SYN_SENT && (tp->t_flags & TF_SYN_ECN) != 0 &&
	    tp->t_ecn_retries++ >= atomic_load(&tc->ecn_maxretries))
		tp->t_flags &= ~TF_SYN_ECN;
	tp->t_rttstart = 0;
	tp->t_dupacks = 0;
	tp->t_probed = false;
	tp->t_flags &= ~(TF_FASTRECOVERY | TF_REXMTONE);
	if (TCPS_HAVEESTABLISHED(tp->t_state)) {
		/* RFC 5681 3.1: once for a loss, not for each timeout. */
		if (tp->t_rxtshift == 1) {
			tcp_undo_begin(tp, kern_uptime_ns(tc->tc_k));
			tp->t_cc->cc_congested(tp, flight);
		} else
			tp->t_undo.cwnd = 0;
		tp->snd_cwnd = tcp_segsz(tp);
		/* RFC 2018 8: the receiver may have dropped what it had. */
		if (tp->t_rxtshift > 1)
			tcp_sack_clear(tp);
	}
	tp->t_acked = 0;
	tp->t_epoch = 0;
	tp->snd_recover = tp->snd_max;
	tp->snd_nxt = tp->snd_una;
	tp->t_flags |= TF_RTO | TF_ACKNOW;
	if ((tp->t_flags & TF_ECN) != 0)
		tp->t_flags |= TF_SNDCWR;
	(void)tcp_output(tp);
	if (!tcp_timer_on(tp, TT_REXMT) && !tcp_timer_on(tp, TT_PERSIST))
		tcp_timer_set(tp, TT_REXMT, tp->t_rxtcur);
	return true;
}

static bool
persist_timeout(struct tcpcb *tp)
{
	int64_t now = kern_uptime_ns(tp->t_tcp->tc_k);

	tcpstat_inc(tp->t_tcp, TCP_STAT_PERSISTTIMEO);
	/* The peer is gone, or makes us hold the data for ever. */
	if (now - tp->t_rcvtime >= 10 * TCP_PERSIST_MAX ||
	    ((tp->t_so->so_state & SS_NOFDREF) != 0 &&
		now - tp->t_rcvtime >= tcp_keepintvl_ns(tp) * 8)) {
		tcpstat_inc(tp->t_tcp, TCP_STAT_PERSISTDROPS);
		tcp_drop(tp, ETIMEDOUT);
		return false;
	}
	tcp_persist_start(tp);
	tp->t_flags |= TF_FORCE;
	(void)tcp_output(tp);
	tp->t_flags &= ~TF_FORCE;
	return true;
}

static bool
keep_timeout(struct tcpcb *tp)
{
	struct tcp_state *tc = tp->t_tcp;
	int64_t now = kern_uptime_ns(tc->tc_k);
	int64_t idle = tp->t_rcvtime + tcp_keepidle_ns(tp);

	if (!TCPS_HAVEESTABLISHED(tp->t_state)) {
		tcpstat_inc(tc, TCP_STAT_KEEPDROPS);
		tcp_drop(tp, ETIMEDOUT);
		return false;
	}
	if (tp->t_state > TCPS_CLOSE_WAIT && tp->t_state != TCPS_FIN_WAIT_1 &&
	    tp->t_state != TCPS_FIN_WAIT_2)
		return true;
	if ((atomic_load(&tp->t_so->so_options) & SO_KEEPALIVE) == 0 ||
	    idle > now) {
		tp->t_keepprobes = 0;
		tp->t_timer[TT_KEEP] = idle > now ? idle :
						    now + tcp_keepidle_ns(tp);
		return true;
	}
	tcpstat_inc(tc, TCP_STAT_KEEPTIMEO);
	if (tp->t_keepprobes >= tcp_keepcnt_of(tp)) {
		tcpstat_inc(tc, TCP_STAT_KEEPDROPS);
		tcp_drop(tp, ETIMEDOUT);
		return false;
	}
	tp->t_keepprobes++;
	tcpstat_inc(tc, TCP_STAT_KEEPPROBE);
	tcp_respond(tp, tp->snd_una - 1, tp->rcv_nxt, TH_ACK);
	tcp_timer_set(tp, TT_KEEP, tcp_keepintvl_ns(tp));
	return true;
}

static bool
run_timer(struct tcpcb *tp, enum tcp_timer t)
{
	switch (t) {
	case TT_REXMT:
		return rexmt_timeout(tp);
	case TT_PERSIST:
		return persist_timeout(tp);
	case TT_KEEP:
		return keep_timeout(tp);
	case TT_2MSL:
		tcp_close(tp);
		return false;
	case TT_RACK:
		tcp_rack_timeout(tp);
		return true;
	case TT_WINUP:
		winup_timeout(tp);
		return true;
	case TT_DELACK:
		if ((tp->t_flags & TF_DELACK) != 0) {
			tp->t_flags &= ~TF_DELACK;
			tp->t_flags |= TF_ACKNOW;
			(void)tcp_output(tp);
		}
		return true;
	default:
		return true;
	}
}

static void
run_due(struct tcpcb *tp)
{
	int64_t now = kern_uptime_ns(tp->t_tcp->tc_k);
	int64_t next = INT64_MAX;

	for (int i = TT_COUNT - 1; i >= 0; i--) {
		if (tp->t_timer[i] == 0 || tp->t_timer[i] > now)
			continue;
		tp->t_timer[i] = 0;
		if (!run_timer(tp, i))
			return;
	}
	for (int i = 0; i < TT_COUNT; i++)
		if (tp->t_timer[i] != 0 && tp->t_timer[i] < next)
			next = tp->t_timer[i];
	arm(tp, next);
}

static void
timer_fire(void *arg)
{
	struct tcpcb *tp = arg;
	struct socket *so = tp->t_so;
	struct rump_kernel *k = so->so_k;
	_Atomic uint32_t *orphans = &tp->t_tcp->tc_orphans;
	bool had;

	net_rdlock(k);
	solock(so);
	had = tp->t_inpcb != NULL;
	tp->t_callout_when = INT64_MAX;
	if (had)
		run_due(tp);
	tcp_leave(so, had);
	net_unlock(k);
	if (!had) {
		/* tcp_fini waits for this. */
		kmem_free(k, tp, sizeof(*tp));
		atomic_fetch_sub(orphans, 1);
		return;
	}
	net_run(k);
}
