/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP's boot and halt, control blocks, segment sizes, initial sequence
 * numbers, and errors from below.
 */
#include "netinet/tcp_var.h"

/* --- hashes --- */

#define ROTL(x, n) ((x) << (n) | (x) >> (64 - (n)))

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = ROTL(v[1], 13) ^ v[0];
	v[3] = ROTL(v[3], 16) ^ v[2];
	v[0] = ROTL(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = ROTL(v[1], 17) ^ v[2];
	v[3] = ROTL(v[3], 21) ^ v[0];
	v[2] = ROTL(v[2], 32);
}

/* SipHash-2-4 of the ends and a number, under this kernel's secret. */
uint64_t
tcp_hash(struct tcp_state *tc, const struct tcp_ends *e, uint64_t extra)
{
	uint64_t in[7] = { e->te_laddr.a64[0], e->te_laddr.a64[1],
		e->te_faddr.a64[0], e->te_faddr.a64[1],
		(uint64_t)e->te_lport << 48 | (uint64_t)e->te_fport << 32 |
		    e->te_zone,
		extra, (uint64_t)56 << 56 };
	uint64_t k0 = tc->tc_secret[0], k1 = tc->tc_secret[1];
	uint64_t v[4] = { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573 };

	for (int i = 0; i < 7; i++) {
		v[3] ^= in[i];
		sip_round(v);
		sip_round(v);
		v[0] ^= in[i];
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* RFC 6528: a clock of 4 us and a hash of the connection. */
tcp_seq
tcp_newiss(struct tcp_state *tc, const struct tcp_ends *e)
{
	return (tcp_seq)(tcp_hash(tc, e, 0) +
	    (uint64_t)kern_uptime_ns(tc->tc_k) / 4096);
}

uint32_t
tcp_tick(struct tcp_state *tc, int64_t now)
{
	(void)tc;
	return (uint32_t)(now / TCP_TICK);
}

/* --- control blocks --- */

void
tcp_ends_of(const struct inpcb *inp, struct tcp_ends *e)
{
	e->te_laddr = inp->inp_laddr;
	e->te_faddr = inp->inp_faddr;
	e->te_lport = inp->inp_lport;
	e->te_fport = inp->inp_fport;
	e->te_zone = inp->inp_zone;
	e->te_v4 = inp->inp_af == AF_INET ||
	    (inp->inp_faddr.a64[0] == 0 &&
		inp->inp_faddr.a32[2] == htonl(0xffff));
}

uint8_t
tcp_wscale(struct tcp_state *tc)
{
	uint64_t max = SB_MAX_DEFAULT;
	uint8_t s = 0;

	if ((uint64_t)atomic_load(&tc->recvbuf_max) > max)
		max = (uint64_t)atomic_load(&tc->recvbuf_max);
	while (s < TCP_MAX_WINSHIFT && ((uint64_t)TCP_MAXWIN << s) < max)
		s++;
	return s;
}

int
tcp_newtcpcb(struct inpcb *inp)
{
	struct tcp_state *tc = TCP(inp->inp_socket->so_k);
	struct tcpcb *tp = kmem_zalloc(tc->tc_k, sizeof(*tp));

	if (tp == NULL)
		return -ENOBUFS;
	tp->t_inpcb = inp;
	tp->t_so = inp->inp_socket;
	tp->t_tcp = tc;
	tp->t_callout_when = INT64_MAX;
	tp->t_state = TCPS_CLOSED;
	tp->t_maxseg = (uint16_t)atomic_load(&tc->mssdflt);
	if (atomic_load(&tc->rfc1323)) {
		if (atomic_load(&tc->win_scale))
			tp->t_flags |= TF_REQ_SCALE;
		if (atomic_load(&tc->timestamps))
			tp->t_flags |= TF_REQ_TSTMP;
	}
	if (atomic_load(&tc->sack_enable))
		tp->t_flags |= TF_REQ_SACK;
	tp->t_rxtcur = TCP_RTO_SYN;
	tp->snd_cwnd = tp->snd_ssthresh = (uint32_t)TCP_MAXWIN
	    << TCP_MAX_WINSHIFT;
	tp->t_cc = atomic_load(&tc->tc_congctl);
	tp->t_starttime = kern_uptime_ns(tc->tc_k);
	tp->ts_base = tcp_tick(tc, tp->t_starttime) - 1;
	callout_init(&tp->t_callout, tc->tc_k, NULL, tp);
	inp->inp_ppcb = tp;
	return 0;
}

void
tcp_close(struct tcpcb *tp)
{
	struct inpcb *inp = tp->t_inpcb;
	struct socket *so = tp->t_so;

	if (tp->t_state == TCPS_LISTEN)
		syncache_listener_gone(tp);
	tp->t_state = TCPS_CLOSED;
	tcp_reass_free(tp);
	tcp_sack_clear(tp);
	if (tp->t_sacked != NULL)
		kmem_free(tp->t_tcp->tc_k, tp->t_sacked,
		    tp->t_sackroom * sizeof(*tp->t_sacked));
	tp->t_sacked = NULL;
	tcpstat_inc(tp->t_tcp, TCP_STAT_CLOSED);
	tp->t_inpcb = NULL;
	inp->inp_ppcb = NULL;
	tcp_timer_finish(tp);
	in_pcbfree(inp);
	soisdisconnected(so);
}

void
tcp_drop(struct tcpcb *tp, int error)
{
	struct socket *so = tp->t_so;

	if (TCPS_HAVERCVDSYN(tp->t_state)) {
		if (tp->t_state != TCPS_TIME_WAIT)
			tcp_respond(
			    tp, tp->snd_max, tp->rcv_nxt, TH_RST | TH_ACK);
		tcpstat_inc(tp->t_tcp, TCP_STAT_DROPS);
	} else
		tcpstat_inc(tp->t_tcp, TCP_STAT_CONNDROPS);
	if (error == ETIMEDOUT && tp->t_softerror != 0)
		error = tp->t_softerror;
	so->so_error = error;
	tcp_close(tp);
}

void
tcp_leave(struct socket *so, bool had)
{
	if (had && so->so_pcb == NULL)
		sofree(so);
	else
		sounlock(so);
	so_put(so);
}

/* --- segment sizes --- */

static unsigned
ip_header(const struct tcp_ends *e)
{
	return e->te_v4 ? 20 : 40;
}

uint32_t
tcp_mtu(struct tcp_state *tc, const struct tcp_ends *e, struct inpcb *inp,
    uint32_t *tsomax)
{
	struct sockaddr_in dst = { .sin_len = sizeof(dst),
		.sin_family = AF_INET };
	struct route ro = { .ro_rt = NULL };
	struct rtentry *rt;
	uint32_t mtu;

	*tsomax = 0;
	if (!e->te_v4)
		return tc->tc_mtu6 == NULL ? 0 : tc->tc_mtu6(tc, e, inp, tsomax);
	dst.sin_addr.s_addr = in_any_v4(&e->te_faddr);
	rt = route_lookup(tc->tc_k, inp != NULL ? &inp->inp_route : &ro,
	    (const struct sockaddr *)&dst);
	if (rt == NULL)
		return 0;
	mtu = (uint32_t)rt->rt_ifp->if_mtu;
	if (rt->rt_rmx.rmx_mtu != 0 && rt->rt_rmx.rmx_mtu < mtu)
		mtu = (uint32_t)rt->rt_rmx.rmx_mtu;
	if ((rt->rt_ifp->if_csum_flags_tx & M_CSUM_TSOv4) != 0 &&
	    mtu == rt->rt_ifp->if_mtu)
		*tsomax = rt->rt_ifp->if_tso_max;
	return mtu;
}

/* What we ask our peers to send at most. */
uint16_t
tcp_mss_ours(struct tcp_state *tc, const struct tcp_ends *e, struct inpcb *inp)
{
	unsigned hdr = ip_header(e) + 20;
	uint32_t tso, mtu = tcp_mtu(tc, e, inp, &tso);

	if (mtu <= hdr)
		return (uint16_t)atomic_load(&tc->mssdflt);
	mtu -= hdr;
	return (uint16_t)(mtu > 65535 - hdr ? 65535 - hdr : mtu);
}

static size_t
round_buffer(struct socket *so, size_t size, size_t mss)
{
	size_t most = SB_MAX_DEFAULT;

	(void)so;
	if (mss == 0 || size < mss)
		return size;
	size = (size + mss - 1) / mss * mss;
	return size > most ? most : size;
}

void
tcp_mss_from_peer(struct tcpcb *tp, unsigned mss)
{
	struct tcp_state *tc = tp->t_tcp;
	struct tcp_ends e;
	uint32_t tso, mtu, most;

	tcp_ends_of(tp->t_inpcb, &e);
	if (mss == 0)
		mss = (unsigned)atomic_load(&tc->mssdflt);
	tp->t_peermss = (uint16_t)mss;
	most = (unsigned)atomic_load(&tc->minmss);
	if (mss < most)
		mss = most;
	mtu = tcp_mtu(tc, &e, tp->t_inpcb, &tso);
	if (mtu > ip_header(&e) + 20 && mss > mtu - ip_header(&e) - 20)
		mss = mtu - ip_header(&e) - 20;
	if (tp->t_usermss != 0 && tp->t_usermss < mss)
		mss = tp->t_usermss;
	if (mss < 64)
		mss = 64;
	tp->t_maxseg = (uint16_t)mss;
}

/* Buffers are multiples of the segment size from here on, as recorded. */
static void
round_buffers(struct tcpcb *tp)
{
	struct socket *so = tp->t_so;
	size_t snd = round_buffer(so, so->so_snd.sb_hiwat, tp->t_maxseg);
	size_t rcv = round_buffer(so, so->so_rcv.sb_hiwat, tp->t_ourmss);

	if (snd != so->so_snd.sb_hiwat || rcv != so->so_rcv.sb_hiwat) {
		size_t lowat = so->so_snd.sb_lowat;

		if (soreserve(so, snd, rcv) != 0)
			return;
		if (lowat < so->so_snd.sb_hiwat)
			so->so_snd.sb_lowat = lowat;
	}
}

void
tcp_established(struct tcpcb *tp)
{
	int64_t now = kern_uptime_ns(tp->t_tcp->tc_k);

	tp->t_state = TCPS_ESTABLISHED;
	tcp_timer_stop(tp, TT_KEEP);
	tcp_keep_restart(tp);
	round_buffers(tp);
	tp->snd_cwnd = tcp_initial_window(tp);
	/* RFC 5681 3.1: a lost SYN. */
	if (tp->t_flags & TF_RTO)
		tp->snd_cwnd = tcp_segsz(tp);
	tp->t_flags &= ~TF_RTO;
	tp->t_autostart = now;
	tp->t_autobytes = 0;
}

bool
tcp_islocal(struct tcp_state *tc, const struct tcp_ends *e)
{
	if (e->te_v4)
		return in_localaddr(tc->tc_k, in_any_v4(&e->te_faddr));
	return e->te_faddr.a8[0] == 0xfe && (e->te_faddr.a8[1] & 0xc0) == 0x80;
}

/* The way takes at most mtu: smaller segments, what is out goes again (RFC 1191, 8201). */
void
tcp_mtudisc(struct tcpcb *tp, uint32_t mtu)
{
	struct tcp_state *tc = tp->t_tcp;
	struct tcp_ends e;
	uint32_t mss, least;

	tcp_ends_of(tp->t_inpcb, &e);
	least = e.te_v4 ? (uint32_t)atomic_load(&tc->minmss) : 1220;
	if (mtu <= ip_header(&e) + 20)
		return;
	mss = mtu - ip_header(&e) - 20;
	if (mss < least)
		mss = least;
	if (mss >= tp->t_maxseg)
		return;
	tp->t_maxseg = (uint16_t)mss;
	tp->t_rttstart = 0;
	if (tp->snd_max == tp->snd_una || !TCPS_HAVEESTABLISHED(tp->t_state))
		return;
	tcp_sack_clear(tp);
	tp->t_flags &= ~(TF_FASTRECOVERY | TF_REXMTONE);
	tp->t_dupacks = 0;
	tp->snd_recover = tp->snd_max;
	tp->snd_nxt = tp->snd_una;
	(void)tcp_output(tp);
}

/* --- errors from below --- */

static void
notify(struct tcpcb *tp, int cmd, uint32_t mtu)
{
	int error = inetctlerrmap[cmd];
	struct socket *so = tp->t_so;

	if (cmd == PRC_MSGSIZE) {
		tcp_mtudisc(tp, mtu);
		return;
	}
	if (error == 0)
		return;
	/* RFC 1122 4.2.3.9, 5927 4: hard errors end only what isn't established. */
	if (tp->t_state >= TCPS_ESTABLISHED) {
		if (error != EHOSTUNREACH && error != ENETUNREACH &&
		    error != EHOSTDOWN)
			tp->t_softerror = (uint8_t)error;
		return;
	}
	if (cmd == PRC_UNREACH_PROTOCOL || cmd == PRC_UNREACH_PORT ||
	    (tp->t_rxtshift > 3 && tp->t_softerror != 0)) {
		so->so_error = error;
		tcp_close(tp);
		return;
	}
	tp->t_softerror = (uint8_t)error;
}

void
tcp_ctlinput_common(struct tcp_state *tc, int cmd, const struct tcp_ends *e,
    tcp_seq seq, uint32_t mtu)
{
	struct inpcb *inp;
	struct socket *so;
	bool had;

	if (cmd < 0 || cmd >= PRC_NCMDS || e->te_lport == 0 || e->te_fport == 0)
		return;
	so = in_pcblookup_connect(tc->tc_table, &e->te_faddr, e->te_fport,
	    &e->te_laddr, e->te_lport, e->te_zone);
	if (so == NULL) {
		if (inetctlerrmap[cmd] != 0 && cmd != PRC_MSGSIZE)
			syncache_unreach(tc, e, seq);
		return;
	}
	solock(so);
	inp = so->so_pcb;
	had = inp != NULL;
	if (had && inp->inp_ppcb != NULL) {
		struct tcpcb *tp = intotcpcb(inp);

		/* RFC 5927 4.1: it must quote what is out. */
		if (tp->t_state != TCPS_LISTEN && SEQ_GEQ(seq, tp->snd_una) &&
		    SEQ_LT(seq, tp->snd_max))
			notify(tp, cmd, mtu);
	}
	tcp_leave(so, had);
}

void
tcp_ctlinput4(struct rump_kernel *k, int cmd, const struct sockaddr_in *dst,
    const uint8_t *ip, size_t iplen, uint32_t mtu)
{
	struct tcp_ends e = { .te_v4 = true };
	size_t hlen;

	(void)dst;
	if (TCP(k) == NULL || iplen < 20)
		return;
	hlen = (size_t)(ip[0] & 15) * 4;
	if (hlen < 20 || iplen < hlen + 8)
		return;
	in_any_set4(&e.te_laddr, 0);
	in_any_set4(&e.te_faddr, 0);
	memcpy(&e.te_laddr.a32[3], ip + 12, 4);
	memcpy(&e.te_faddr.a32[3], ip + 16, 4);
	memcpy(&e.te_lport, ip + hlen, 2);
	memcpy(&e.te_fport, ip + hlen + 2, 2);
	tcp_ctlinput_common(TCP(k), cmd, &e, be32_get(ip + hlen + 4), mtu);
}

/* --- boot and halt --- */

static void
defaults(struct tcp_state *tc)
{
	tc->rfc1323 = tc->sack_enable = tc->win_scale = tc->timestamps = 1;
	tc->sendspace = tc->recvspace = 32768;
	tc->mssdflt = TCP_MSS;
	tc->minmss = TCP_MINMSS;
	tc->syn_cache_limit = 10255;
	tc->syn_bucket_limit = 105;
	tc->init_win = tc->init_win_local = 4;
	tc->sack_maxholes = 32;
	tc->sack_rack = 2;
	tc->sack_globalmaxholes = 1024;
	tc->cwm_burstsize = 4;
	tc->keepidle = 14400;
	tc->keepintvl = tc->keepinit = 150;
	tc->keepcnt = 8;
	tc->rstppslimit = 100;
	tc->delack_ticks = 20;
	tc->msl = 30;
	tc->recvbuf_auto = tc->sendbuf_auto = 1;
	tc->recvbuf_inc = 16384;
	tc->sendbuf_inc = 8192;
	tc->recvbuf_max = tc->sendbuf_max = 262144;
	tc->ecn_maxretries = 1;
	tc->abc_enable = tc->abc_aggressive = 1;
	tc->mslt_enable = 1;
	tc->mslt_loopback = 2;
	tc->mslt_local = 10;
	tc->mslt_remote = 60;
	tc->mslt_remote_threshold = 6;
	tc->vtw_entries = 16;
	tc->tc_twmax = 32768;
	tc->tc_reassmax = 32 << 20;
}

static const struct ipprotosw tcp_protosw4 = { tcp_input4, tcp_ctlinput4 };

int
tcp_boot(struct rump_kernel *k)
{
	struct tcp_state *tc;
	int error;

	if ((tc = kmem_zalloc(k, sizeof(*tc))) == NULL)
		return -ENOMEM;
	tc->tc_k = k;
	kern_random(k, tc->tc_secret, sizeof(tc->tc_secret));
	defaults(tc);
	atomic_store(&tc->tc_congctl, tcp_congctl_find("newreno", 7));
	if ((error = inpcbtable_create(k, 64, &tc->tc_table)) != 0)
		goto out_state;
	if ((error = tcp_tw_create(tc)) != 0)
		goto out_table;
	if ((error = syncache_create(tc)) != 0)
		goto out_timewait;
	NS(k)->ns_tcp = tc;
	if ((error = tcp_sysctl_attach(k)) != 0)
		goto out_syncache;
	ip_setproto(k, IPPROTO_TCP, &tcp_protosw4);
	return 0;
out_syncache:
	NS(k)->ns_tcp = NULL;
	syncache_destroy(tc);
out_timewait:
	tcp_tw_destroy(tc);
out_table:
	inpcbtable_destroy(tc->tc_table);
out_state:
	kmem_free(k, tc, sizeof(*tc));
	return error;
}

static bool
every(const struct inpcb *inp, void *arg)
{
	(void)inp, (void)arg;
	return true;
}

/* Files are closed by now: what is left goes on by itself, and ends here. */
static int
end_one(struct inpcb *inp, void *arg)
{
	struct socket *so = inp->inp_socket;

	(void)arg;
	if (inp->inp_ppcb == NULL)
		return 0;
	tcp_close(intotcpcb(inp));
	sofree(so);
	solock(so); /* the caller's reference keeps it */
	return 0;
}

void
tcp_fini(struct rump_kernel *k)
{
	struct tcp_state *tc = TCP(k);

	if (tc == NULL)
		return;
	syncache_destroy(tc);
	tc->tc_syncache = NULL;
	net_rdlock(k);
	(void)in_pcbforeach(tc->tc_table, every, end_one, NULL);
	net_unlock(k);
	while (atomic_load(&tc->tc_orphans) != 0)
		host_sleep_ns(100000);
	tcp_tw_destroy(tc);
	NS(k)->ns_tcp = NULL;
	inpcbtable_destroy(tc->tc_table);
	kmem_free(k, tc, sizeof(*tc));
}
