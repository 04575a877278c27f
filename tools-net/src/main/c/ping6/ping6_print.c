/* SPDX-License-Identifier: BSD-2-Clause */
/* ping6: what comes back, and the summary. */
#include "ping6.h"

const char *
ping6_addr(struct ping6 *p, const struct sockaddr_in6 *sin6)
{
	const char *name = p->lookup && !p->numeric ?
	    t_host_by_addr(p->t, AF_INET6, &sin6->sin6_addr) :
	    NULL;

	return name != NULL ? name : in6_text(sin6, p->ifs, p->addrtext);
}

void
ping6_summary(struct ping6 *p)
{
	struct tool *t = p->t;

	for (; p->dots > 0; p->dots--)
		t_puts(t, "\b \b");
	t_printf(t, "\n--- %s ping6 statistics ---\n", p->host);
	t_printf(t, "%ju packets transmitted, %ju packets received, ",
	    (uintmax_t)p->sent, (uintmax_t)p->received);
	if (p->repeated > 0)
		t_printf(t, "+%ju duplicates, ", (uintmax_t)p->repeated);
	if (p->sent > 0) {
		if (p->received > p->sent)
			t_printf(t, "-- somebody's duplicating packets!");
		else
			t_printf(t, "%.1f%% packet loss",
			    (double)(p->sent - p->received) * 100 /
				(double)p->sent);
	}
	t_putc(t, '\n');
	if (p->ntimes > 0) {
		double n = (double)p->ntimes, avg = p->tsum / n;

		t_printf(t,
		    "round-trip min/avg/max/std-dev = "
		    "%.3f/%.3f/%.3f/%.3f ms\n",
		    (double)p->tmin / 1e6, avg, (double)p->tmax / 1e6,
		    ping_root(p->tsumsq / n - avg * avg));
	}
	t_flush(t->t_out);
}

/* Counts an answer. False: it had been answered before. */
static bool
count(struct ping6 *p, uint16_t seq)
{
	bool again = (p->seen[seq / 8] >> (seq % 8) & 1) != 0;

	p->seen[seq / 8] |= (uint8_t)(1u << (seq % 8));
	if (again)
		p->repeated++;
	else
		p->received++;
	return !again;
}

static bool
echo_reply(struct ping6 *p, const uint8_t *b, size_t n,
    const struct sockaddr_in6 *from, int hlim, const struct in6_pktinfo *dst)
{
	struct tool *t = p->t;
	uint16_t seq = (uint16_t)get16(b + 6);
	bool fresh = count(p, seq),
	     timed = p->datalen >= STAMP && n >= ECHO_HDR + STAMP;
	int64_t rtt = 0;

	if (timed) {
		rtt = ping_clock(p->t) - (int64_t)get32(b + 8) * NS -
		    (int64_t)get32(b + 12);
		if (rtt < 0)
			rtt = 0;
		if (p->ntimes == 0 || rtt < p->tmin)
			p->tmin = rtt;
		if (rtt > p->tmax)
			p->tmax = rtt;
		p->tsum += (double)rtt / 1e6;
		p->tsumsq += (double)rtt / 1e6 * ((double)rtt / 1e6);
		p->ntimes++;
	}
	if (p->quiet)
		return fresh;
	if (p->flood) {
		if (p->dots > 0) {
			t_puts(t, "\b \b");
			p->dots--;
		}
		return fresh;
	}
	t_printf(
	    t, "%zu bytes from %s, icmp_seq=%u", n, ping6_addr(p, from), seq);
	t_printf(t, " hlim=%d", hlim);
	if (p->verbose) {
		char text[46];

		t_printf(t, " dst=%s%%%u",
		    t_inet_ntop6(dst->ipi6_addr.__u6_addr.__u6_addr8, text),
		    dst->ipi6_ifindex);
	}
	if (timed)
		t_printf(t, " time=%.3f ms", (double)rtt / 1e6);
	if (!fresh)
		t_printf(t, "(DUP!)");
	ping6_fill(p, p->out + ECHO_HDR, timed ? STAMP : 0, p->datalen);
	for (size_t i = timed ? STAMP : 0; i < p->datalen && i < n - ECHO_HDR;
	     i++)
		if (b[ECHO_HDR + i] != p->out[ECHO_HDR + i]) {
			t_printf(t,
			    "\nwrong data byte #%zu should be 0x%x but was 0x%x",
			    i, p->out[ECHO_HDR + i], b[ECHO_HDR + i]);
			break;
		}
	t_putc(t, '\n');
	return fresh;
}

/* --- node information (RFC 4620) --- */

/* A DNS name, labels without compression. */
static void
print_name(struct ping6 *p, const uint8_t *b, size_t n)
{
	bool first = true;

	for (size_t at = 0; at < n && b[at] != 0;) {
		size_t len = b[at++];

		if (len > 63 || len > n - at)
			break;
		t_printf(p->t, "%s", first ? "" : ".");
		for (size_t i = 0; i < len; i++)
			t_putc(p->t,
			    b[at + i] > 0x20 && b[at + i] < 0x7f ? b[at + i] :
								   '?');
		at += len;
		first = false;
	}
}

static void
print_addresses(struct ping6 *p, const uint8_t *b, size_t n, uint16_t flags)
{
	char text[46];

	if ((flags & NI_NODEADDR_FLAG_TRUNCATE) != 0)
		t_printf(p->t, " (truncated)");
	for (size_t at = 0; at + 20 <= n; at += 20) {
		t_printf(p->t, "\n  %s", t_inet_ntop6(b + at + 4, text));
		if (get32(b + at) == 0xffffffff)
			t_printf(p->t, "(TTL=infty)");
		else
			t_printf(p->t, "(TTL=%u)", get32(b + at));
	}
}

static bool
info_reply(struct ping6 *p, const uint8_t *b, size_t n,
    const struct sockaddr_in6 *from)
{
	struct tool *t = p->t;
	uint16_t seq, flags;
	bool fresh;

	if (n < NI_HDR || memcmp(b + 10, p->nonce + 2, 6) != 0)
		return false;
	seq = (uint16_t)get16(b + 8);
	memcpy(&flags, b + 6, 2);
	fresh = count(p, seq);
	if (p->quiet || p->flood)
		return fresh;
	t_printf(t, "%zu bytes from %s: ", n, ping6_addr(p, from));
	if (b[1] == ICMP6_NI_REFUSED)
		t_printf(t, "refused");
	else if (b[1] == ICMP6_NI_UNKNOWN)
		t_printf(t, "unknown");
	else
		switch (get16(b + 4)) {
		case NI_QTYPE_NOOP:
			t_printf(t, "NodeInfo NOOP");
			break;
		case NI_QTYPE_SUPTYPES:
			t_printf(t, "NodeInfo Supported Qtypes:");
			/* Words, each with its lowest bits last. */
			for (size_t i = 0; i < (n - NI_HDR) / 4 * 32 && i < 256;
			     i++)
				if ((b[NI_HDR + i / 32 * 4 + 3 - i / 8 % 4] >>
					    (i % 8) &
					1) != 0)
					t_printf(t, " %zu", i);
			break;
		case NI_QTYPE_NODEADDR:
			print_addresses(p, b + NI_HDR, n - NI_HDR, flags);
			break;
		default:
			if (n > NI_HDR + 4)
				print_name(p, b + NI_HDR + 4, n - NI_HDR - 4);
			break;
		}
	t_putc(t, '\n');
	return fresh;
}

/* --- errors --- */

static const char *
error_text(struct ping6 *p, const uint8_t *b)
{
	static const char *const unreach[] = { "No Route to Destination",
		"Destination Administratively Unreachable",
		"Destination Unreachable Beyond Scope",
		"Destination Host Unreachable", "Destination Port Unreachable" };

	switch (b[0]) {
	case ICMP6_DST_UNREACH:
		return b[1] < 5 ?
		    unreach[b[1]] :
		    t_asprintf(
			p->t, "Destination Unreachable, Bad Code: %d", b[1]);
	case ICMP6_PACKET_TOO_BIG:
		return t_asprintf(p->t, "Packet too big mtu = %u", get32(b + 4));
	case ICMP6_TIME_EXCEEDED:
		return b[1] == 0 ?
		    "Time to live exceeded" :
		    b[1] == 1 ?
		    "Frag reassembly time exceeded" :
		    t_asprintf(p->t, "Time exceeded, Bad Code: %d", b[1]);
	case ICMP6_PARAM_PROB:
		return t_asprintf(p->t, "%s at %u",
		    b[1] == 0	  ? "Parameter problem: Erroneous Header" :
			b[1] == 1 ? "Parameter problem: Unknown Nextheader" :
			b[1] == 2 ? "Parameter problem: Unrecognized Option" :
				    "Parameter problem: Bad code",
		    get32(b + 4));
	case ICMP6_ECHO_REQUEST:
		return "Echo Request";
	case ICMP6_ECHO_REPLY:
		return "Echo Reply";
	case MLD_LISTENER_QUERY:
		return "Listener Query";
	case MLD_LISTENER_REPORT:
		return "Listener Report";
	case MLD_LISTENER_DONE:
		return "Listener Done";
	case ND_ROUTER_SOLICIT:
		return "Router Solicitation";
	case ND_ROUTER_ADVERT:
		return "Router Advertisement";
	case ND_NEIGHBOR_SOLICIT:
		return "Neighbor Solicitation";
	case ND_NEIGHBOR_ADVERT:
		return "Neighbor Advertisement";
	case ND_REDIRECT:
		return "Redirect";
	case ICMP6_NI_QUERY:
		return "Node Information Query";
	case ICMP6_NI_REPLY:
		return "Node Information Reply";
	default:
		return t_asprintf(p->t, "Bad ICMP type: %d", b[0]);
	}
}

/* Does an error quote one of our requests? The quoted IPv6 header is without extensions then. */
static bool
ours(const struct ping6 *p, const uint8_t *b, size_t n)
{
	const uint8_t *ip = b + 8, *icmp = ip + 40;

	return n >= 8 + 40 + 8 && ip[6] == IPPROTO_ICMPV6 &&
	    icmp[0] == ICMP6_ECHO_REQUEST && get16(icmp + 4) == p->ident;
}

bool
ping6_packet(struct ping6 *p, const uint8_t *b, size_t n,
    const struct sockaddr_in6 *from, int hlim, const struct in6_pktinfo *dst)
{
	if (n < 8) {
		if (p->verbose)
			t_warnx(p->t, "packet too short (%zu bytes) from %s", n,
			    ping6_addr(p, from));
		return false;
	}
	if (b[0] == ICMP6_ECHO_REPLY && p->query == Q_ECHO) {
		if (get16(b + 4) != p->ident)
			return false;
		return echo_reply(p, b, n, from, hlim, dst);
	}
	if (b[0] == ICMP6_NI_REPLY && p->query != Q_ECHO)
		return info_reply(p, b, n, from);
	if (b[0] == ICMP6_ECHO_REQUEST || p->quiet || p->flood ||
	    (!p->verbose && !(b[0] < 128 && ours(p, b, n))))
		return false;
	t_printf(p->t, "%zu bytes from %s: %s\n", n, ping6_addr(p, from),
	    error_text(p, b));
	return false;
}
