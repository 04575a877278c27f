/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a connection stands: TCP by its windows (G. van Rooij, "Real Stateful TCP Packet Filtering in IP Filter", 2000; RFC 9293, 7323), UDP and ICMP by
 * whether both have spoken.
 *
 * A segment belongs to a connection when its end is not beyond what the other side has offered (I), its beginning not further back than the other's
 * window (II), and what it acknowledges has been sent, and not too long ago (III). Whose beginning was not seen cannot have its windows known:
 * scaling could be any, so they are taken for the largest.
 */
#include <netbsd/tcp.h>
#include "npf/npf.h"

#define SEC INT64_C(1000000000)
#define ACK_WINDOW 66000u
#define WSCALE_MAX 14

/* ts_flags */
#define TS_SYN 1    /* has been seen, options and all */
#define TS_SCALE 2  /* offers scaling */
#define TS_FIN 4    /* has closed */
#define TS_FINACK 8 /* and that was acknowledged */
#define TS_SEEN 16  /* has sent anything */

int64_t
npf_track_timeout_ns(unsigned state)
{
	static const int32_t seconds[NPF_CS_COUNT] = {
		[NPF_CS_NEW] = 30,
		[NPF_CS_ESTABLISHED] = 60,
		[NPF_CS_SYN_SENT] = 30,
		[NPF_CS_SYN_RECEIVED] = 60,
		[NPF_CS_TCP_ESTABLISHED] = 24 * 60 * 60,
		[NPF_CS_FIN] = 4 * 60,
		[NPF_CS_CLOSING] = 60,
		[NPF_CS_TIME_WAIT] = 2 * 60,
		[NPF_CS_CLOSED] = 10,
	};

	return state < NPF_CS_COUNT ? seconds[state] * SEC : 0;
}

/* --- a segment --- */

struct seg {
	uint32_t seq, end, ack, win, len;
	uint8_t flags;
	bool scaled; /* has the option */
	uint8_t wscale;
};

/* Window scaling of a SYN, if its options are whole. */
static void
options(const struct npf_packet *np, unsigned hlen, struct seg *s)
{
	uint8_t opt[40];
	size_t n = hlen - 20;

	if (n == 0 || np->np_hlen + hlen > np->np_len)
		return;
	m_copydata(np->np_m, np->np_hlen + 20, n, opt);
	for (size_t i = 0; i < n;) {
		if (opt[i] == TCPOPT_EOL)
			return;
		if (opt[i] == TCPOPT_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= n || opt[i + 1] < 2 || i + opt[i + 1] > n)
			return;
		if (opt[i] == TCPOPT_WINDOW && opt[i + 1] == 3) {
			s->scaled = true;
			s->wscale = opt[i + 2] > WSCALE_MAX ? WSCALE_MAX :
							      opt[i + 2];
		}
		i += opt[i + 1];
	}
}

static bool
take_apart(const struct npf_packet *np, struct seg *s)
{
	const uint8_t *th = np->np_l4;
	unsigned hlen = (th[12] >> 4) * 4u;

	if (hlen < 20 || np->np_hlen + hlen > np->np_len)
		return false;
	memset(s, 0, sizeof(*s));
	s->seq = be32_get(th + 4);
	s->ack = be32_get(th + 8);
	s->win = be16_get(th + 14);
	s->flags = np->np_tcpflags;
	s->len = np->np_len - np->np_hlen - hlen;
	s->end = s->seq + s->len + ((s->flags & TH_SYN) != 0) +
	    ((s->flags & TH_FIN) != 0);
	if ((s->flags & TH_SYN) != 0)
		options(np, hlen, s);
	return true;
}

static bool
later(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/* The first that is seen of a side. */
static void
begin(struct npf_tcpside *us, const struct seg *s)
{
	us->ts_end = s->end;
	us->ts_maxend = s->end;
	us->ts_maxwin = s->win == 0 ? 1 : s->win;
	us->ts_flags |= TS_SEEN;
	if ((s->flags & TH_SYN) != 0) {
		us->ts_flags |= TS_SYN;
		if (s->scaled) {
			us->ts_flags |= TS_SCALE;
			us->ts_wscale = s->wscale;
		}
	} else {
		us->ts_wscale = WSCALE_MAX;
		us->ts_flags |= TS_SCALE;
	}
}

void
npf_track_init(struct npf_track *tr, const struct npf_packet *np)
{
	struct seg s;

	memset(tr, 0, sizeof(*tr));
	if ((np->np_info & NPC_TCP) == 0 || !take_apart(np, &s)) {
		tr->tr_state = NPF_CS_NEW;
		return;
	}
	begin(&tr->tr_side[0], &s);
	/* What the other may send is known by his first, unless ours was not. */
	tr->tr_side[0].ts_maxend = s.end + (s.len > 0 ? s.len : 1);
	tr->tr_state = (s.flags & (TH_SYN | TH_ACK)) == TH_SYN ?
	    NPF_CS_SYN_SENT :
	    NPF_CS_TCP_ESTABLISHED;
	if (s.flags & TH_ACK) {
		tr->tr_side[1].ts_end = s.ack;
		tr->tr_side[1].ts_maxend = s.ack +
		    (s.win << tr->tr_side[0].ts_wscale);
		tr->tr_side[1].ts_maxwin = 1;
	}
}

/* --- what is in the windows --- */

static uint32_t
window(const struct npf_tcpside *us, const struct npf_tcpside *them,
    const struct seg *s)
{
	if ((s->flags & TH_SYN) != 0 || (us->ts_flags & TS_SCALE) == 0 ||
	    ((them->ts_flags & TS_SEEN) != 0 &&
		(them->ts_flags & TS_SCALE) == 0))
		return s->win;
	return s->win << us->ts_wscale;
}

/* The first of the other side: what it answers is known. */
static unsigned
answer(
    struct npf_tcpside *us, const struct npf_tcpside *them, const struct seg *s)
{
	uint32_t maxend = us->ts_maxend;

	if ((s->flags & TH_ACK) != 0 && later(s->ack, them->ts_end))
		return NPF_STAT_INVALID_STATE_TCP3;
	begin(us, s);
	if ((them->ts_flags & TS_SYN) == 0 && later(maxend, us->ts_maxend))
		us->ts_maxend = maxend;
	else
		us->ts_maxend = s->end + them->ts_maxwin;
	return 0;
}

static unsigned
check(
    const struct npf_tcpside *us, const struct npf_tcpside *them, struct seg *s)
{
	uint32_t back = them->ts_maxwin, ackback;

	if ((s->flags & TH_ACK) == 0) {
		s->ack = them->ts_end;
		/* A reset without an acknowledgement stands by its number. */
	} else if ((s->flags & (TH_ACK | TH_RST)) == (TH_ACK | TH_RST) &&
	    s->ack == 0)
		s->ack = them->ts_end;
	ackback = them->ts_maxwin > ACK_WINDOW ? them->ts_maxwin : ACK_WINDOW;
	if (later(s->end, us->ts_maxend))
		return NPF_STAT_INVALID_STATE_TCP1;
	if (later(us->ts_end - back, s->seq))
		return NPF_STAT_INVALID_STATE_TCP2;
	if (later(s->ack, them->ts_end) || later(them->ts_end - ackback, s->ack))
		return NPF_STAT_INVALID_STATE_TCP3;
	return 0;
}

static void
update(struct npf_tcpside *us, struct npf_tcpside *them, const struct seg *s)
{
	uint32_t win = window(us, them, s);

	if (us->ts_maxwin < win)
		us->ts_maxwin = win;
	if (later(s->end, us->ts_end))
		us->ts_end = s->end;
	/* A closed window may be probed with a byte. */
	if (win == 0)
		win = 1;
	if (later(s->ack + win, them->ts_maxend))
		them->ts_maxend = s->ack + win;
	if ((s->flags & TH_FIN) != 0)
		us->ts_flags |= TS_FIN;
	if ((them->ts_flags & TS_FIN) != 0 && (s->flags & TH_ACK) != 0 &&
	    s->ack == them->ts_end)
		them->ts_flags |= TS_FINACK;
}

static unsigned
next_state(const struct npf_track *tr, const struct seg *s, bool forw)
{
	const struct npf_tcpside *a = &tr->tr_side[0], *b = &tr->tr_side[1];
	unsigned fins = (a->ts_flags & TS_FIN ? 1u : 0) +
	    (b->ts_flags & TS_FIN ? 1u : 0);

	if ((s->flags & TH_RST) != 0)
		return NPF_CS_CLOSED;
	if (fins == 2)
		return (a->ts_flags & b->ts_flags & TS_FINACK) != 0 ?
		    NPF_CS_TIME_WAIT :
		    NPF_CS_CLOSING;
	if (fins == 1)
		return NPF_CS_FIN;
	switch (tr->tr_state) {
	case NPF_CS_SYN_SENT:
		return !forw && (s->flags & TH_SYN) != 0 ? NPF_CS_SYN_RECEIVED :
							   NPF_CS_SYN_SENT;
	case NPF_CS_SYN_RECEIVED:
		return forw && (s->flags & (TH_ACK | TH_SYN)) == TH_ACK ?
		    NPF_CS_TCP_ESTABLISHED :
		    NPF_CS_SYN_RECEIVED;
	default:
		return tr->tr_state;
	}
}

unsigned
npf_track_tcp(struct npf_track *tr, const struct npf_packet *np, bool forw)
{
	struct npf_tcpside *us = &tr->tr_side[!forw], *them = &tr->tr_side[forw];
	unsigned wrong;
	struct seg s;

	if (!take_apart(np, &s))
		return NPF_STAT_INVALID_STATE_TCP1;
	/* A connection that is over begins anew. */
	if (forw && (s.flags & (TH_SYN | TH_ACK | TH_RST)) == TH_SYN &&
	    tr->tr_state >= NPF_CS_TIME_WAIT) {
		npf_track_init(tr, np);
		return 0;
	}
	/* The same SYN again. */
	if (tr->tr_state == NPF_CS_SYN_SENT && forw &&
	    (s.flags & (TH_SYN | TH_ACK | TH_RST)) == TH_SYN) {
		npf_track_init(tr, np);
		return 0;
	}
	if ((us->ts_flags & TS_SEEN) == 0 && (s.flags & TH_RST) == 0)
		wrong = answer(us, them, &s);
	else if ((us->ts_flags & TS_SEEN) == 0) /* refused */
		wrong = (s.flags & TH_ACK) != 0 && s.ack != them->ts_end ?
		    NPF_STAT_INVALID_STATE_TCP3 :
		    0;
	else
		wrong = check(us, them, &s);
	if (wrong != 0)
		return wrong;
	if ((s.flags & TH_RST) == 0)
		update(us, them, &s);
	tr->tr_state = (uint8_t)next_state(tr, &s, forw);
	return 0;
}
