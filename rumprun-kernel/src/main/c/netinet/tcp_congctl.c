/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Congestion control: reno and newreno (RFC 5681, 6582, with RFC 3465's byte
 * counting by sysctl abc.*), and cubic (RFC 9438). Recovery itself is the same
 * for all and stands in tcp_ack.c.
 */
#include "netinet/tcp_var.h"

uint32_t
tcp_initial_window(struct tcpcb *tp)
{
	uint32_t segsz = tcp_segsz(tp);
	struct tcp_ends e;
	int32_t n;

	tcp_ends_of(tp->t_inpcb, &e);
	n = atomic_load(tcp_islocal(tp->t_tcp, &e) ? &tp->t_tcp->init_win_local :
						     &tp->t_tcp->init_win);
	if (n > 0)
		return (uint32_t)(n > 10 ? 10 : n) * segsz;
	/* RFC 3390 */
	if (segsz <= 1095)
		return 4 * segsz;
	return segsz < 2190 ? 3 * segsz : 2 * segsz;
}

static uint32_t
window_limit(const struct tcpcb *tp)
{
	return (uint32_t)TCP_MAXWIN << tp->t_snd_scale;
}

static void
grow(struct tcpcb *tp, uint32_t by)
{
	uint32_t most = window_limit(tp);

	/* What isn't used doesn't grow. */
	if (tp->snd_cwnd >= most)
		return;
	tp->snd_cwnd = by > most - tp->snd_cwnd ? most : tp->snd_cwnd + by;
}

static void
slow_start(struct tcpcb *tp, uint32_t bytes)
{
	uint32_t segsz = tcp_segsz(tp);
	uint32_t most = segsz;

	/* RFC 3465 2.3: two segments, but one after a timeout. */
	if (atomic_load(&tp->t_tcp->abc_enable) &&
	    atomic_load(&tp->t_tcp->abc_aggressive) &&
	    (tp->t_flags & TF_RTO) == 0)
		most = 2 * segsz;
	if (!atomic_load(&tp->t_tcp->abc_enable))
		grow(tp, segsz);
	else
		grow(tp, bytes < most ? bytes : most);
}

static void
reno_acked(struct tcpcb *tp, uint32_t bytes, int64_t now)
{
	uint32_t segsz = tcp_segsz(tp);

	(void)now;
	if (tp->snd_cwnd < tp->snd_ssthresh) {
		slow_start(tp, bytes);
		return;
	}
	if (!atomic_load(&tp->t_tcp->abc_enable)) {
		uint32_t by = (uint32_t)((uint64_t)segsz * segsz /
		    (tp->snd_cwnd == 0 ? 1 : tp->snd_cwnd));

		grow(tp, by == 0 ? 1 : by);
		return;
	}
	tp->t_acked += bytes;
	if (tp->t_acked >= tp->snd_cwnd) {
		tp->t_acked -= tp->snd_cwnd;
		grow(tp, segsz);
	}
}

static void
reno_congested(struct tcpcb *tp, uint32_t flight)
{
	uint32_t segsz = tcp_segsz(tp), half;

	if (flight > tp->snd_cwnd)
		flight = tp->snd_cwnd;
	half = flight / 2;
	tp->snd_ssthresh = half < 2 * segsz ? 2 * segsz : half;
	tp->t_acked = 0;
}

/* --- cubic: windows in bytes, times in ms; C = 0.4, beta = 0.7 --- */

/* The cube root of v, rounded down. */
static uint32_t
cube_root(uint64_t v)
{
	uint64_t r = 0;

	for (int s = 63; s >= 0; s -= 3) {
		uint64_t b;

		r *= 2;
		b = 3 * r * (r + 1) + 1;
		if (v >> s >= b) {
			v -= b << s;
			r++;
		}
	}
	return (uint32_t)r;
}

static void
cubic_start(struct tcpcb *tp, uint32_t segsz, int64_t now)
{
	tp->t_epoch = now;
	tp->t_west = tp->snd_cwnd;
	if (tp->t_wmax <= tp->snd_cwnd) {
		tp->t_wmax = tp->snd_cwnd;
		tp->t_cubick = 0;
		return;
	}
	/* K = cbrt((W_max - cwnd) / C) s, in ms: the root of segments * 10^9 * 5 / 2 */
	tp->t_cubick = cube_root(
	    (uint64_t)(tp->t_wmax - tp->snd_cwnd) * 2500000000u / segsz);
}

/* W_cubic(t) = C (t - K)^3 + W_max, in bytes. */
static uint64_t
cubic_window(const struct tcpcb *tp, int64_t t_ms, uint32_t segsz)
{
	int64_t d = t_ms - tp->t_cubick, w;

	if (d > 200000)
		d = 200000;
	if (d < -200000)
		d = -200000;
	w = d * d / 1000 * d / 1000 * 2 / 5; /* thousandths of a segment */
	w = w * segsz / 1000 + tp->t_wmax;
	return w < (int64_t)segsz ? segsz : (uint64_t)w;
}

static void
cubic_acked(struct tcpcb *tp, uint32_t bytes, int64_t now)
{
	uint32_t segsz = tcp_segsz(tp), cwnd = tp->snd_cwnd;
	uint64_t target;

	if (cwnd < tp->snd_ssthresh) {
		slow_start(tp, bytes);
		return;
	}
	if (tp->t_epoch == 0)
		cubic_start(tp, segsz, now);
	/* 4.3: at least what Reno would have: alpha = 3 (1 - b) / (1 + b) = 9/17 */
	tp->t_west += (uint32_t)((uint64_t)segsz * bytes * 9 / 17 /
	    (cwnd == 0 ? 1 : cwnd));
	target = cubic_window(
	    tp, (now - tp->t_epoch + tp->t_srtt) / 1000000, segsz);
	if (target > cwnd + cwnd / 2)
		target = cwnd + cwnd / 2;
	if (target > cwnd) {
		uint64_t by = (target - cwnd) * bytes / (cwnd == 0 ? 1 : cwnd);

		grow(tp, by == 0 ? 1 : (uint32_t)by);
	}
	if (tp->t_west > tp->snd_cwnd)
		grow(tp, tp->t_west - tp->snd_cwnd);
}

static void
cubic_congested(struct tcpcb *tp, uint32_t flight)
{
	uint32_t segsz = tcp_segsz(tp), cwnd = tp->snd_cwnd, next;

	/* 4.7: makes room for others when it could not get back to where it was. */
	tp->t_wmax = cwnd < tp->t_wmax ? (uint32_t)((uint64_t)cwnd * 17 / 20) :
					 cwnd;
	if (flight < cwnd)
		cwnd = flight;
	next = (uint32_t)((uint64_t)cwnd * 7 / 10);
	tp->snd_ssthresh = next < 2 * segsz ? 2 * segsz : next;
	tp->t_epoch = 0;
	tp->t_acked = 0;
}

static const struct tcp_congctl reno = { "reno", reno_acked, reno_congested,
	false };
static const struct tcp_congctl newreno = { "newreno", reno_acked,
	reno_congested, true };
static const struct tcp_congctl cubic = { "cubic", cubic_acked, cubic_congested,
	true };

const struct tcp_congctl *const tcp_congctls[] = { &reno, &newreno, &cubic,
	NULL };

const struct tcp_congctl *
tcp_congctl_find(const char *name, size_t len)
{
	for (int i = 0; tcp_congctls[i] != NULL; i++) {
		const char *n = tcp_congctls[i]->cc_name;

		if (strlen(n) == len && memcmp(n, name, len) == 0)
			return tcp_congctls[i];
	}
	return NULL;
}
