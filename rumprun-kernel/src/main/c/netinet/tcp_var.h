/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP of one kernel, for both families: control blocks, segments, and what its files share.
 *
 *	tcp_input.c	segments come: checks, demultiplexing, listeners, connects	(RFC 9293 3.10)
 *	tcp_segment.c	segments of synchronized connections: windows, resets, data	(RFC 9293, 5961, 7323)
 *	tcp_ack.c	acknowledgements: loss recovery, RTT			(RFC 5681, 6582, 6675, 6298)
 *	tcp_output.c	what to send, and when				(RFC 9293 3.8, 5681)
 *	tcp_packet.c	headers and options, packets without a connection
 *	tcp_sack.c	scoreboard of the sender, blocks of the receiver	(RFC 2018, 2883, 6675)
 *	tcp_rack.c	losses by time					(RFC 8985)
 *	tcp_undo.c	recoveries for nothing				(RFC 3522, 3708, 4015)
 *	tcp_reass.c	data out of order
 *	tcp_timer.c	all timers of a connection on one callout
 *	tcp_timewait.c	records of connections in TIME_WAIT		(RFC 9293, 1337, 6191)
 *	tcp_syncache.c	half-open connections, cookies			(RFC 4987)
 *	tcp_congctl.c	congestion control: reno, newreno, cubic		(RFC 5681, 9438)
 *	tcp_subr.c	boot, control blocks, MSS, errors from below
 *	tcp_usrreq.c tcp_sockopt.c tcp_sysctl.c	what users see		(tcp(4))
 *	tcp6_usrreq.c	what is IPv6's own
 *
 * A control block belongs to its socket's so_lock, and ends with in_pcbfree. Whoever ends it inside TCP leaves so_pcb NULL; the outermost function, which
 * took the lock, sees that and calls sofree (tcp_leave). The callout of a connection holds a reference to the socket from being scheduled until its function
 * has run; a block that ends meanwhile is freed by that function.
 */
#ifndef NETINET_TCP_VAR_H
#define NETINET_TCP_VAR_H

#include <netbsd/tcp.h>
#include "kern/callout.h"
#include "netinet/in_pcb.h"
#include "netinet/inet.h"

typedef uint32_t tcp_seq;
#define SEQ_LT(a, b) ((int32_t)((a) - (b)) < 0)
#define SEQ_LEQ(a, b) ((int32_t)((a) - (b)) <= 0)
#define SEQ_GT(a, b) ((int32_t)((a) - (b)) > 0)
#define SEQ_GEQ(a, b) ((int32_t)((a) - (b)) >= 0)
static inline tcp_seq
seq_max(tcp_seq a, tcp_seq b)
{
	return SEQ_GT(a, b) ? a : b;
}

static inline tcp_seq
seq_min(tcp_seq a, tcp_seq b)
{
	return SEQ_LT(a, b) ? a : b;
}

#define TCP_NS 1000000000LL
#define TCP_TICK (TCP_NS / 2) /* slowhz: sysctl's unit, and the timestamps' */
#define TCP_RTO_MIN TCP_NS    /* RFC 6298 2.4 */
#define TCP_RTO_MAX (64 * TCP_NS)
#define TCP_RTO_SYN (6 * TCP_NS) /* as recorded */
#define TCP_PERSIST_MIN (5 * TCP_NS)
#define TCP_OVERRIDE (TCP_NS / 2) /* RFC 1122 4.2.3.4: 0.1 to 1 s */
#define TCP_PERSIST_MAX (60 * TCP_NS)
#define TCP_PAWS_IDLE (24 * 24 * 3600 * TCP_NS)
#define TCP_DUPTHRESH 3
#define TCP_WINUP_MIN (TCP_NS / 1000)
#define TCP_WINUPS 5

enum tcp_timer {
	TT_REXMT,
	TT_PERSIST,
	TT_KEEP,
	TT_2MSL,
	TT_DELACK,
	TT_RACK,
	TT_WINUP,
	TT_COUNT
};

/* The two ends of a connection as packets name them. */
struct tcp_ends {
	struct in_any te_laddr, te_faddr;
	uint16_t te_lport, te_fport; /* network order */
	uint32_t te_zone;
	bool te_v4;
};

/* A segment that came; its payload is sg_m (without headers; NULL when it was taken). */
struct tcp_seg {
	struct tcp_ends sg_ends;
	struct mbuf *sg_m;
	struct ifnet *sg_rcvif;
	int64_t sg_now;
	tcp_seq sg_seq, sg_ack;
	tcp_seq sg_wseq; /* as it came, for the window: sg_seq moves when old data are cut */
	uint32_t sg_len; /* of the data */
	uint32_t sg_win; /* scaled when its connection is known */
	uint16_t sg_urp;
	uint8_t sg_flags; /* TH_* */
	uint8_t sg_ecn;	  /* the IP header's two bits */
	bool sg_bcast;	  /* came by a broadcast or multicast */
	bool sg_again; /* a SYN that ended a TIME_WAIT, which had sent up to sg_oldnxt */
	tcp_seq sg_oldnxt;
	/* options */
	bool sg_ts, sg_sackok, sg_signed;
	int8_t sg_ws; /* -1: none */
	uint8_t sg_nsack;
	uint16_t sg_mss; /* 0: none */
	uint32_t sg_tsval, sg_tsecr;
	struct tcp_range {
		tcp_seq start, end;
	} sg_sack[4];
};

#define TCP_NRCVSACK 6

struct tcp_congctl;
struct tcpcb {
	struct inpcb *t_inpcb; /* NULL: the connection is over */
	struct socket *t_so;
	struct tcp_state *t_tcp;
	struct callout t_callout;
	int64_t t_callout_when; /* INT64_MAX: not scheduled, nor about to run */
	int64_t t_timer[TT_COUNT]; /* monotonic ns; 0 off */
	uint32_t t_flags;	   /* TF_* */
	uint8_t t_state;	   /* TCPS_* */
	uint8_t t_rxtshift;
	uint8_t t_dupacks;
	uint8_t t_snd_scale, t_rcv_scale, t_req_scale;
	uint8_t t_iobc; /* the byte out of band */
	uint8_t t_ecn_retries;
	uint16_t t_maxseg; /* largest TCP payload and options either way allows (peer's MSS, path) */
	uint16_t t_usermss; /* TCP_MAXSEG; 0 */
	uint16_t t_ourmss;  /* what was advertised */
	uint16_t t_peermss; /* what the peer advertised */
	uint16_t t_keepidle, t_keepintvl, t_keepinit; /* seconds; 0: sysctl's */
	uint8_t t_keepcnt, t_keepprobes;
	uint8_t t_softerror;  /* positive errno */
	uint8_t t_challenges; /* sent in the tick t_challengetick */
	uint32_t t_challengetick;
	uint8_t t_winups; /* the window has been told again so often */

	/* sending, RFC 9293 3.3.1 */
	tcp_seq iss, snd_una, snd_nxt, snd_max, snd_up, snd_wl1, snd_wl2;
	uint32_t snd_wnd, t_maxsndwnd;
	uint32_t snd_cwnd, snd_ssthresh;
	tcp_seq snd_recover; /* RFC 6582; end of the recovery */
	struct sbcursor t_cursor;
	/* receiving */
	tcp_seq irs, rcv_nxt, rcv_adv, rcv_up, last_ack_sent;
	uint32_t rcv_wnd;
	tcp_seq t_winedge; /* TT_WINUP: how far the peer could send before */
	/* timestamps */
	uint32_t ts_recent, ts_base;
	int64_t ts_recent_age;
	/* RTT, ns */
	int64_t t_srtt, t_rttvar, t_rxtcur;
	int64_t t_rttstart; /* 0: nothing is timed */
	tcp_seq t_rtseq;
	int64_t t_rcvtime, t_sndtime, t_starttime;
	int64_t t_hinttime; /* IPv6's neighbour was told that it answers */
	/* SACK: the sender's */
	struct tcp_range *t_sacked; /* by sequence, disjoint, above snd_una */
	uint16_t t_nsacked, t_sackroom;
	tcp_seq t_highrxt; /* retransmitted up to here in this recovery */
	tcp_seq t_rxtmax; /* snd_max when the segment at snd_una went out again */
	tcp_seq t_rackuna, t_probeend; /* tcp_rack.c */
	struct tcp_undo {
		uint32_t cwnd, ssthresh; /* before; cwnd 0: nothing to undo */
		uint32_t wmax;		 /* cubic */
		uint32_t again; /* segments sent again, not told to have come twice */
		tcp_seq from; /* snd_una of then */
		uint32_t ts;  /* a timeout's first retransmission */
	} t_undo;
	bool t_racklate;  /* it waits because something later has arrived */
	uint8_t t_probes; /* of this tail */
	bool t_probed;	  /* undecided: was what the last one repeated lost? */
	uint8_t t_flightsegs; /* sent since nothing was out, 2: several */
	/* the receiver's */
	struct tcp_range t_rcvsack[TCP_NRCVSACK]; /* latest first */
	uint8_t t_nrcvsack;
	bool t_dsackset;
	struct tcp_range t_dsack;
	struct mbuf *t_reass; /* tcp_reass.c */
	uint32_t t_reasscnt, t_reassmem;
	/* congestion control */
	const struct tcp_congctl *t_cc;
	uint32_t t_acked;  /* bytes towards the next increase */
	uint32_t t_wmax;   /* cubic: bytes */
	int64_t t_epoch;   /* cubic: start of the growth, 0 none */
	uint32_t t_west;   /* cubic: Reno's window, bytes */
	uint32_t t_cubick; /* cubic: K, ms */
	/* automatic buffers */
	int64_t t_autostart;
	uint32_t t_autobytes;
	/* counted for TCP_INFO */
	uint32_t t_sndrexmitpack, t_rcvoopack, t_sndzerowin;
};

#define TF_ACKNOW 0x1
#define TF_DELACK 0x2
#define TF_NODELAY 0x4
#define TF_SENTFIN 0x8
#define TF_REQ_SCALE 0x10 /* we offer (or have offered) ... */
#define TF_RCVD_SCALE 0x20
#define TF_REQ_TSTMP 0x40
#define TF_RCVD_TSTMP 0x80
#define TF_SACK_PERMIT 0x100 /* agreed on */
#define TF_REQ_SACK 0x200
#define TF_SIGNATURE 0x400
#define TF_FASTRECOVERY 0x800
#define TF_REXMTONE 0x1000 /* the segment at snd_una goes out again */
#define TF_MORETOCOME 0x2000
#define TF_FORCE 0x4000 /* one byte into a closed window */
#define TF_ECN 0x8000	/* agreed on */
#define TF_SNDCWR 0x10000
#define TF_RCVDCE 0x20000
#define TF_SYN_ECN 0x40000
#define TF_HAVEOOB 0x80000
#define TF_HADOOB 0x100000
#define TF_RTO \
	0x200000 /* snd_nxt has gone back; recovery from a timeout up to snd_recover */
#define TF_BLACKHOLE 0x400000  /* DF is off, the MSS small */
#define TF_REXMTLAST 0x2000000 /* the last segment goes out again */
#define TF_REORDERED 0x800000  /* the network has changed the order */

#define TCPS_HAVERCVDSYN(s) ((s) >= TCPS_SYN_RECEIVED)
#define TCPS_HAVEESTABLISHED(s) ((s) >= TCPS_ESTABLISHED)
#define TCPS_HAVERCVDFIN(s)                               \
	((s) == TCPS_CLOSE_WAIT || (s) == TCPS_CLOSING || \
	    (s) == TCPS_LAST_ACK || (s) == TCPS_TIME_WAIT)

/* How far away a peer is decides how long its segments live. */
enum tcp_msl { TCP_MSL_LOOPBACK, TCP_MSL_LOCAL, TCP_MSL_REMOTE, TCP_NMSL };

struct syncache;
struct tcp_twstate;
struct tcp_state {
	struct rump_kernel *tc_k;
	struct inpcbtable *tc_table;
	struct syncache *tc_syncache;
	struct tcp_twstate *tc_tw;
	unsigned tc_twmax; /* records at most, not 0 */
	/* Memory of all queues of tcp_reass.c, and what they may have. */
	_Atomic int64_t tc_reassmem;
	int64_t tc_reassmax;
	uint64_t tc_secret[2];
	struct ppsrate tc_rstrate, tc_challenge;
	_Atomic uint32_t
	    tc_orphans; /* blocks that their callouts' functions free */
	/* IPv6's, when it is booted. m: from the TCP header on, checksum deferred. */
	int (*tc_output6)(struct tcp_state *, struct mbuf *,
	    const struct tcp_ends *, struct inpcb *, unsigned tos, int ttl,
	    uint32_t *mtup);
	uint32_t (*tc_mtu6)(struct tcp_state *, const struct tcp_ends *,
	    struct inpcb *, uint32_t *tsomax);
	void (*tc_reachable6)(struct tcp_state *, struct tcpcb *);
	_Atomic(const struct tcp_congctl *) tc_congctl;
	_Atomic uint64_t tc_stat[TCP_NSTATS];
	/* by their names in sysctl */
	_Atomic int32_t rfc1323, sendspace, recvspace, mssdflt, syn_cache_limit,
	    syn_bucket_limit, init_win, mss_ifmtu, sack_enable, sack_maxholes,
	    sack_globalmaxholes, sack_globalholes, sack_rack, win_scale,
	    timestamps, compat_42, cwm, cwm_burstsize, ack_on_push, keepidle,
	    keepintvl, keepcnt, log_refused, rstppslimit, delack_ticks,
	    init_win_local, do_loopback_cksum, msl, minmss, keepinit,
	    recvbuf_auto, recvbuf_inc, recvbuf_max, sendbuf_auto, sendbuf_inc,
	    sendbuf_max, ecn_enable, ecn_maxretries, local_by_rtt, iss_hash,
	    abc_enable, abc_aggressive, mslt_enable, mslt_loopback, mslt_local,
	    mslt_remote, mslt_remote_threshold, vtw_enable, vtw_entries;
};
#define TCP(k) (NS(k)->ns_tcp)
#define tcpstat_inc(tc, x) stat_inc((tc)->tc_stat, (x))
#define tcpstat_add(tc, x, n) stat_add((tc)->tc_stat, (x), (n))

#define intotcpcb(inp) ((struct tcpcb *)(inp)->inp_ppcb)
#define sototcpcb(so) intotcpcb(sotoinpcb(so))

/* All of TCP runs with the net lock held (N). Functions that take a tcpcb want its so_lock held too. */

/* tcp_subr.c */
int tcp_newtcpcb(struct inpcb *) MUST_CHECK; /* inp_ppcb */
/* The end of a connection, at once: block freed, so_pcb NULL. */
void tcp_close(struct tcpcb *);
/* The same with an error (positive) for the user, and an RST for the peer when there is one. */
void tcp_drop(struct tcpcb *, int error);
/* so_lock goes. had: the socket had its block when it was locked; if not any more, sofree. The reference is given back. */
void tcp_leave(struct socket *, bool had);
void tcp_ends_of(const struct inpcb *, struct tcp_ends *);
tcp_seq tcp_newiss(struct tcp_state *, const struct tcp_ends *);
uint64_t tcp_hash(struct tcp_state *, const struct tcp_ends *, uint64_t extra);
/* MTU of the way there (0: no route); *tsomax: bytes of a large segment, 0. */
uint32_t tcp_mtu(struct tcp_state *, const struct tcp_ends *, struct inpcb *,
    uint32_t *tsomax);
uint16_t tcp_mss_ours(
    struct tcp_state *, const struct tcp_ends *, struct inpcb *);
/* The peer's option (0: none) decides the connection's segment size, buffers and windows. */
void tcp_mss_from_peer(struct tcpcb *, unsigned mss);
void tcp_established(struct tcpcb *);
bool tcp_islocal(struct tcp_state *, const struct tcp_ends *);
uint8_t tcp_wscale(struct tcp_state *);
uint32_t tcp_tick(struct tcp_state *, int64_t now);
void tcp_mtudisc(struct tcpcb *, uint32_t mtu);
/* An ICMP error of either family: q: the quoted TCP header, at least 8 bytes. */
void tcp_ctlinput_common(struct tcp_state *, int cmd, const struct tcp_ends *,
    tcp_seq seq, uint32_t mtu);
void tcp_ctlinput4(struct rump_kernel *, int cmd, const struct sockaddr_in *,
    const uint8_t *ip, size_t iplen, uint32_t mtu);
/* Segment payload that is possible now: t_maxseg less the options that every segment carries. */
static inline uint32_t
tcp_segsz(const struct tcpcb *tp)
{
	return tp->t_maxseg -
	    ((tp->t_flags & (TF_REQ_TSTMP | TF_RCVD_TSTMP)) ==
			(TF_REQ_TSTMP | TF_RCVD_TSTMP) ?
		    TCPOLEN_TSTAMP_APPA :
		    0u);
}

/* tcp_input.c */
void tcp_input4(struct mbuf *, int off, int proto);
/* m from its IP header on, the TCP header at off; ends, ecn, bcast, rcvif are set in sg. Takes m. */
void tcp_input_common(
    struct tcp_state *, struct mbuf *, unsigned off, struct tcp_seg *);
/* tcp_segment.c: so_lock held; sg_m is freed by the caller if it is still there. */
void tcp_segment_input(struct tcpcb *, struct tcp_seg *);
/* From where a connection is synchronized on (also the end of SYN_SENT): ACK, URG, data, FIN. */
void tcp_segment_accepted(struct tcpcb *, struct tcp_seg *);
void tcp_challenge_ack(struct tcpcb *);
/* May one more be sent, by what all connections have sent? */
bool tcp_challenge_ok(struct tcp_state *, int64_t now);
/* The next len bytes of the stream go to the user (taken), but an urgent byte. No wakeup. */
void tcp_to_user(struct tcpcb *, struct mbuf *, uint32_t len);
/* tcp_ack.c: false: the segment is not to be looked at any further. */
bool tcp_ack_input(struct tcpcb *, struct tcp_seg *);
void tcp_window_update(struct tcpcb *, const struct tcp_seg *);
void tcp_rtt_sample(struct tcpcb *, int64_t rtt);
int64_t tcp_rto(const struct tcpcb *);
void tcp_enter_recovery(struct tcpcb *);

/* tcp_output.c: sends what is possible. 0 or -errno. */
int tcp_output(struct tcpcb *);

/* tcp_packet.c */
struct tcp_out {
	tcp_seq seq, ack;
	uint32_t len;
	uint8_t flags;
	uint16_t win, urp;
	unsigned optlen;
	uint8_t opt[MAX_TCPOPTLEN];
	unsigned tos;
	int ttl;	/* -1: default */
	uint32_t segsz; /* 0: one segment */
	bool nodf;
};
/* data: len bytes, taken; NULL. inp: options and remembered route; may be NULL. */
int tcp_send(struct tcp_state *, const struct tcp_ends *, struct inpcb *,
    const struct tcp_out *, struct mbuf *data, uint32_t *mtup);
/* Options of an ordinary segment, or of a SYN, into o. */
void tcp_options(struct tcpcb *, struct tcp_out *, int64_t now);
unsigned tcp_put_ts(uint8_t *, uint32_t val, uint32_t ecr);
/* The answer to a segment that has no connection (RFC 9293 3.10.7.1). Rate limited. */
void tcp_reset_to(struct tcp_state *, const struct tcp_seg *);
/* A bare segment of a connection: ACK, keep-alive probe, RST. */
void tcp_respond(struct tcpcb *, tcp_seq seq, tcp_seq ack, unsigned flags);
bool tcp_parse_options(const uint8_t *, size_t, struct tcp_seg *);

/* tcp_sack.c */
/* Marks what a segment's blocks tell; true: something new. Frees what snd_una has passed. */
bool tcp_sack_update(struct tcpcb *, const struct tcp_seg *);
void tcp_sack_advance(struct tcpcb *);
void tcp_sack_clear(struct tcpcb *);
/* Bytes in the network, and the sequence below which what is not SACKed is lost (RFC 6675 4). */
uint32_t tcp_sack_pipe(struct tcpcb *, tcp_seq *lost);
/* The next piece to be sent again, at most max bytes: true and *seq, *len. */
bool tcp_sack_next(
    struct tcpcb *, tcp_seq lost, uint32_t max, tcp_seq *seq, uint32_t *len);
/* Moves seq past what is SACKed; *len is cut where the next SACKed piece begins. */
tcp_seq tcp_sack_skip(struct tcpcb *, tcp_seq seq, uint32_t *len);
bool tcp_sack_lost_again(const struct tcpcb *);
uint32_t tcp_sack_bytes(const struct tcpcb *, tcp_seq below);
void tcp_sack_received(struct tcpcb *, tcp_seq start, tcp_seq end);
void tcp_sack_prune(struct tcpcb *); /* below rcv_nxt */
unsigned tcp_sack_option(struct tcpcb *, uint8_t *, unsigned room);

/*
 * tcp_undo.c: a recovery begins, or one from a timeout; a segment came, before its acknowledgement counts: was it all for nothing? Then the windows are
 * as before.
 */
void tcp_undo_begin(struct tcpcb *, int64_t now);
void tcp_undo_input(struct tcpcb *, const struct tcp_seg *);

/* tcp_rack.c: what is out, or known of it, has changed; its timer; an ACK came, before snd_una moves. */
void tcp_rack_arm(struct tcpcb *, int64_t now);
void tcp_rack_timeout(struct tcpcb *);
/* Only its timer says what is lost. */
bool tcp_rack_waits(const struct tcpcb *);
void tcp_rack_acked(struct tcpcb *, const struct tcp_seg *);

/* tcp_reass.c: takes sg_m when it keeps the data; returns TH_FIN when the end of the stream has been reached. */
unsigned tcp_reass(struct tcpcb *, struct tcp_seg *);
void tcp_reass_free(struct tcpcb *);

/* tcp_timer.c */
void tcp_timer_set(struct tcpcb *, enum tcp_timer, int64_t delay_ns);
static inline void
tcp_timer_stop(struct tcpcb *tp, enum tcp_timer t)
{
	tp->t_timer[t] = 0;
}

static inline bool
tcp_timer_on(const struct tcpcb *tp, enum tcp_timer t)
{
	return tp->t_timer[t] != 0;
}
/* The block ends: frees it now, or has the callout do it. */
void tcp_timer_finish(struct tcpcb *);
void tcp_persist_start(struct tcpcb *);
/* A window of next to nothing, which ended at edge, was opened: unless something comes from behind edge, the peer does not know. */
void tcp_winup_start(struct tcpcb *, tcp_seq edge);
void tcp_timewait(struct tcpcb *);
/* Twice the segments' lifetime between these ends, ns; *queue: TCP_MSL_*. */
int64_t tcp_2msl(struct tcp_state *, const struct tcp_ends *, uint8_t *queue);
void tcp_keep_restart(struct tcpcb *);
int64_t tcp_keepidle_ns(const struct tcpcb *),
    tcp_keepintvl_ns(const struct tcpcb *),
    tcp_keepinit_ns(const struct tcpcb *);
unsigned tcp_keepcnt_of(const struct tcpcb *);

/* tcp_timewait.c */
int tcp_tw_create(struct tcp_state *) MUST_CHECK;
void tcp_tw_destroy(struct tcp_state *);
/* A block in TIME_WAIT whose socket is closed, or being closed, becomes a record: so_pcb is NULL then (without memory nothing happens). */
void tcp_tw_enter(struct tcpcb *);
/* A segment for no block: true: it was for a record. No so_lock. */
bool tcp_tw_input(struct tcp_state *, struct tcp_seg *);
/* RFC 6191, 1122 4.2.2.13: may a SYN take the place of a connection in TIME_WAIT? */
bool tcp_recycles(
    const struct tcp_seg *, tcp_seq rcvnxt, bool ts, uint32_t recent);
/* Whose record it was; false: none. */
bool tcp_tw_drop(
    struct tcp_state *, const struct tcp_ends *, bool end_it, uid_t *uid);
unsigned tcp_tw_count(const struct tcp_state *);
int tcp_tw_list(struct tcp_state *, struct in_pcblisting *) MUST_CHECK;

/* tcp_syncache.c. head: the listening socket, locked. */
int syncache_create(struct tcp_state *) MUST_CHECK;
void syncache_destroy(struct tcp_state *);
void syncache_add(struct socket *head, struct tcp_seg *);
/*
 * The ACK that completes a handshake: 1 and the new socket (locked, with a reference, SYN_RECEIVED); 0: no such handshake; -1: there is one, but
 * it cannot be completed now: the segment is to be dropped.
 */
int syncache_complete(
    struct socket *head, const struct tcp_seg *, struct socket **);
void syncache_reset(struct tcp_state *, const struct tcp_seg *);
void syncache_unreach(struct tcp_state *, const struct tcp_ends *, tcp_seq seq);
void syncache_listener_gone(struct tcpcb *);

/* tcp_congctl.c */
struct tcp_congctl {
	const char *cc_name;
	/* Bytes newly acknowledged, outside of a recovery. */
	void (*cc_acked)(struct tcpcb *, uint32_t bytes, int64_t now);
	/* Congestion was seen: the threshold for what comes; flight: bytes out. */
	void (*cc_congested)(struct tcpcb *, uint32_t flight);
	bool cc_partial; /* stays in recovery with partial acknowledgements */
};
extern const struct tcp_congctl *const tcp_congctls[]; /* NULL-terminated */
const struct tcp_congctl *tcp_congctl_find(const char *, size_t);
uint32_t tcp_initial_window(struct tcpcb *);

/* tcp_sysctl.c */
int tcp_sysctl_attach(struct rump_kernel *) MUST_CHECK;
int tcp6_sysctl_attach(struct rump_kernel *) MUST_CHECK;

/* tcp_usrreq.c: shared by the families. */
int tcp_attach(struct lwp *, struct socket *, int proto);
void tcp_detach(struct socket *);
int tcp_listen(struct lwp *, struct socket *);
int tcp_connect_common(struct lwp *, struct socket *, struct sockaddr *);
int tcp_disconnect(struct socket *);
int tcp_shutdown(struct socket *);
int tcp_abort(struct socket *);
int tcp_stat_req(struct socket *, struct stat *);
int tcp_rcvd(struct socket *, int flags);
int tcp_recvoob(struct socket *, struct mbuf *, int flags);
int tcp_send_req(struct lwp *, struct socket *, struct mbuf *,
    struct sockaddr *, struct mbuf *control, int flags);
int tcp_sendoob(struct socket *, struct mbuf *, struct mbuf *control);

#endif
