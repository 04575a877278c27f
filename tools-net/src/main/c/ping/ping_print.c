/* SPDX-License-Identifier: BSD-2-Clause */
/* ping: what comes back, and the summary. */
#include "ping.h"

const char *
ping_addr(struct ping *p, uint32_t addr)
{
	char text[16];
	const char *name;

	/* Mostly the same one, and ping may go on for long. */
	if (p->addrtext != NULL && p->addr == addr)
		return p->addrtext;
	t_free(p->t, p->addrtext);
	name = p->numeric ? NULL : t_host_by_addr(p->t, AF_INET, &addr);
	t_inet_ntop4(addr, text);
	p->addr = addr;
	p->addrtext = name != NULL ? t_asprintf(p->t, "%s (%s)", name, text) :
				     t_strdup(p->t, text);
	return p->addrtext;
}

void
ping_summary(struct ping *p)
{
	struct tool *t = p->t;
	double span = (double)(ping_clock(p->t) - p->first) / (double)NS;

	if (p->flood && !p->quiet) {
		while (p->dots > 0) {
			t_puts(t, "\b \b");
			p->dots--;
		}
	}
	t_printf(t, "\n----%s PING Statistics----\n", p->host);
	t_printf(t, "%ju packets transmitted, %ju packets received, ",
	    (uintmax_t)p->sent, (uintmax_t)p->received);
	if (p->repeated > 0)
		t_printf(t, "+%ju duplicates, ", (uintmax_t)p->repeated);
	if (p->sent > 0) {
		if (p->received > p->sent)
			t_printf(t, "-- somebody's printing up packets!");
		else
			t_printf(t, "%.1f%% packet loss",
			    (double)(p->sent - p->received) * 100 /
				(double)p->sent);
	}
	t_putc(t, '\n');
	if (p->ntimes > 0) {
		double n = (double)p->ntimes, avg = p->tsum / n;
		double var = p->tsumsq / n - avg * avg;

		t_printf(t,
		    "round-trip min/avg/max/stddev = %.3f/%.3f/%.3f/%.3f ms\n",
		    (double)p->tmin / 1e6, avg, (double)p->tmax / 1e6,
		    ping_root(var));
	}
	if (p->flood && span > 0)
		t_printf(t,
		    "  %.1f packets/sec sent,  %.1f packets/sec received\n",
		    (double)p->sent / span, (double)p->received / span);
	t_flush(t->t_out);
}

/* --- answers --- */

/* The recorded route behind the header, once for each that differs. */
static void
print_options(struct ping *p, const uint8_t *o, size_t n)
{
	struct tool *t = p->t;

	for (size_t i = 0; i < n && o[i] != IPOPT_EOL;) {
		size_t len, end;

		if (o[i] == IPOPT_NOP) {
			i++;
			continue;
		}
		if (i + 3 > n || o[i + 1] < 3 || i + o[i + 1] > n)
			return;
		len = o[i + 1];
		end = o[i + 2] - 1u < len ? o[i + 2] - 1u : len;
		if (o[i] == IPOPT_RR && end >= 3) {
			if (len == p->lastroutelen &&
			    memcmp(p->lastroute, o + i, len) == 0)
				t_printf(t, "\t(same route)");
			else {
				memcpy(p->lastroute, o + i, len);
				p->lastroutelen = len;
				t_printf(t, "\nRR: ");
				for (size_t at = 3; at + 4 <= end; at += 4) {
					uint32_t a;

					memcpy(&a, o + i + at, 4);
					t_printf(t, "%s\t%s",
					    at > 3 ? "\n" : "", ping_addr(p, a));
				}
			}
		} else if (o[i] == IPOPT_LSRR || o[i] == IPOPT_SSRR) {
			t_printf(
			    t, "\n%s: ", o[i] == IPOPT_LSRR ? "LSRR" : "SSRR");
			for (size_t at = 3; at + 4 <= len; at += 4) {
				uint32_t a;

				memcpy(&a, o + i + at, 4);
				t_printf(t, "%s\t%s", at > 3 ? "\n" : "",
				    ping_addr(p, a));
			}
		}
		i += len;
	}
}

static void
check_data(struct ping *p, const uint8_t *data, size_t n, uint16_t seq)
{
	static const size_t bound = MAXDATA;
	uint8_t *want = p->out; /* not in use between two requests */
	size_t len = p->datalen < STAMP ? STAMP : p->datalen;

	if (n > bound)
		return;
	ping_fill(p, want, STAMP, len, seq);
	for (size_t i = STAMP; i < n && i < len; i++)
		if (data[i] != want[i]) {
			t_printf(p->t,
			    "\nwrong data byte #%zu should have been "
			    "%#x but was %#x",
			    i, want[i], data[i]);
			return;
		}
	if (n < len)
		t_printf(
		    p->t, "\nshort packet: %zu of %zu bytes of data", n, len);
}

static bool
echo_reply(struct ping *p, const uint8_t *icmp, size_t n, int ttl,
    const uint8_t *options, size_t noptions, uint32_t src)
{
	struct tool *t = p->t;
	uint16_t seq = (uint16_t)get16(icmp + 6);
	bool timed = p->datalen >= STAMP && n >= ICMP_HDR + STAMP, again;
	int64_t rtt = 0;

	again = (p->seen[seq / 8] >> (seq % 8) & 1) != 0;
	p->seen[seq / 8] |= (uint8_t)(1u << (seq % 8));
	if (again)
		p->repeated++;
	else
		p->received++;
	if (timed) {
		rtt = ping_clock(p->t) - (int64_t)get32(icmp + 8) * NS -
		    (int64_t)get32(icmp + 12) * (p->compat ? 1000 : 1);
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
		return !again;
	if (p->flood) {
		if (p->dots > 0) {
			t_puts(t, "\b \b");
			p->dots--;
		}
		return !again;
	}
	t_printf(t, "%s%zu bytes from %s: icmp_seq=%u ttl=%d",
	    p->audible ? "\a" : "", n, ping_addr(p, src), seq, ttl);
	if (timed)
		t_printf(t, " time=%.3f ms", (double)rtt / 1e6);
	if (again)
		t_printf(t, "\tDUP!");
	check_data(p, icmp + ICMP_HDR, n - ICMP_HDR, seq);
	print_options(p, options, noptions);
	t_putc(t, '\n');
	return !again;
}

/* --- errors and whatever else --- */

static const char *
unreach_text(int code)
{
	static const char *const text[] = { "Destination Net Unreachable",
		"Destination Host Unreachable",
		"Destination Protocol Unreachable",
		"Destination Port Unreachable", NULL, "Source Route Failed",
		"Network Unknown", "Host Unknown", "Source Isolated",
		"Dest. Net Administratively Prohibited",
		"Dest. Host Administratively Prohibited",
		"Destination Net Unreachable for TOS",
		"Desination Host Unreachable for TOS",
		"Route administratively prohibited",
		"Host Precedence Violation", "Precedence Cutoff" };

	return code >= 0 && code < (int)(sizeof(text) / sizeof(text[0])) ?
	    text[code] :
	    NULL;
}

static void
describe(struct ping *p, const uint8_t *icmp)
{
	struct tool *t = p->t;
	const char *s;
	uint32_t gw;

	switch (icmp[0]) {
	case ICMP_ECHOREPLY:
		t_printf(t, "Echo Reply");
		break;
	case ICMP_UNREACH:
		if (icmp[1] == ICMP_UNREACH_NEEDFRAG) {
			t_printf(t, "frag needed and DF set.  Next MTU=%u",
			    get16(icmp + 6));
			break;
		}
		if ((s = unreach_text(icmp[1])) != NULL)
			t_printf(t, "%s", s);
		else
			t_printf(t, "Bad unreachable code: %d", icmp[1]);
		break;
	case ICMP_SOURCEQUENCH:
		t_printf(t, "Source Quench");
		break;
	case ICMP_REDIRECT:
		memcpy(&gw, icmp + 4, 4);
		switch (icmp[1]) {
		case ICMP_REDIRECT_NET:
			t_printf(t, "Redirect Network");
			break;
		case ICMP_REDIRECT_HOST:
			t_printf(t, "Redirect Host");
			break;
		case ICMP_REDIRECT_TOSNET:
			t_printf(t, "Redirect Type of Service and Network");
			break;
		case ICMP_REDIRECT_TOSHOST:
			t_printf(t, "Redirect Type of Service and Host");
			break;
		default:
			t_printf(t, "Redirect--Bad Code (%d)", icmp[1]);
			break;
		}
		t_printf(t, " New router addr: %s", ping_addr(p, gw));
		break;
	case ICMP_ECHO:
		t_printf(t, "Echo Request");
		break;
	case ICMP_ROUTERADVERT:
		t_printf(t, "Router Discovery Advert");
		break;
	case ICMP_ROUTERSOLICIT:
		t_printf(t, "Router Discovery Solicit");
		break;
	case ICMP_TIMXCEED:
		if (icmp[1] == ICMP_TIMXCEED_INTRANS)
			t_printf(t, "Time To Live exceeded");
		else if (icmp[1] == ICMP_TIMXCEED_REASS)
			t_printf(t, "Frag reassembly time exceeded");
		else
			t_printf(t, "Time exceeded, Bad Code: %d", icmp[1]);
		break;
	case ICMP_PARAMPROB:
		t_printf(t, "Parameter problem: pointer = 0x%02x", icmp[4]);
		break;
	case ICMP_TSTAMP:
		t_printf(t, "Timestamp");
		break;
	case ICMP_TSTAMPREPLY:
		t_printf(t, "Timestamp Reply");
		break;
	case ICMP_IREQ:
		t_printf(t, "Information Request");
		break;
	case ICMP_IREQREPLY:
		t_printf(t, "Information Reply");
		break;
	case ICMP_MASKREQ:
		t_printf(t, "Address Mask Request");
		break;
	case ICMP_MASKREPLY:
		t_printf(t, "Address Mask Reply");
		break;
	default:
		t_printf(t, "Bad ICMP type: %d", icmp[0]);
		break;
	}
}

static bool
is_error(int type)
{
	return type == ICMP_UNREACH || type == ICMP_SOURCEQUENCH ||
	    type == ICMP_REDIRECT || type == ICMP_TIMXCEED ||
	    type == ICMP_PARAMPROB;
}

/* The quoted header, its words as they lie in memory. */
static void
dump_header(struct ping *p, const uint8_t *ip)
{
	struct tool *t = p->t;
	uint32_t src, dst;
	char text[16];
	uint16_t len, id, off, sum;

	memcpy(&len, ip + 2, 2);
	memcpy(&id, ip + 4, 2);
	memcpy(&off, ip + 6, 2);
	memcpy(&sum, ip + 10, 2);
	memcpy(&src, ip + 12, 4);
	memcpy(&dst, ip + 16, 4);
	t_printf(t,
	    "\n Vr HL TOS  Len   ID Flg  off TTL Pro  cks      Src\t     Dst\n");
	t_printf(t, "  %1x  %1x  %02x %04x %04x   %1x %04x", ip[0] >> 4,
	    ip[0] & 15, ip[1], len, id, (off & 0xe000) >> 13, off & 0x1fff);
	t_printf(t, "  %02x  %02x %04x", ip[8], ip[9], sum);
	t_printf(t, " %15s ", t_inet_ntop4(src, text));
	t_printf(t, " %s ", t_inet_ntop4(dst, text));
}

/* An error: of one of ours, or of anybody's when that is asked for. */
static void
icmp_problem(struct ping *p, const uint8_t *icmp, size_t n, uint32_t src)
{
	const uint8_t *ip = icmp + ICMP_HDR, *inner;
	size_t hlen;
	bool ours;

	if (n < ICMP_HDR + 20)
		return;
	hlen = (size_t)(ip[0] & 15) * 4;
	if (hlen < 20 || n < ICMP_HDR + hlen + 8)
		return;
	inner = ip + hlen;
	ours = ip[9] == IPPROTO_ICMP && inner[0] == ICMP_ECHO &&
	    get16(inner + 4) == p->ident &&
	    memcmp(ip + 16, &p->to.sin_addr, 4) == 0;
	if (p->verbose) {
		describe(p, icmp);
		dump_header(p, ip);
		if (ip[9] == IPPROTO_ICMP)
			t_printf(p->t, "\n  ID=%u icmp_seq=%u",
			    get16(inner + 4), get16(inner + 6));
		t_putc(p->t, '\n');
	} else if (ours && !p->noerrors && !p->quiet && !p->flood) {
		t_printf(p->t, "%zu bytes from %s: ", n, ping_addr(p, src));
		describe(p, icmp);
		t_printf(p->t, " for icmp_seq=%u\n", get16(inner + 6));
	}
}

bool
ping_packet(
    struct ping *p, const uint8_t *b, size_t n, const struct sockaddr_in *from)
{
	size_t hlen = n >= 20 ? (size_t)(b[0] & 15) * 4 : 0;
	uint32_t src = from->sin_addr.s_addr;
	const uint8_t *icmp = b + hlen;

	if (hlen < 20 || n < hlen + ICMP_HDR) {
		if (p->verbose)
			t_warnx(p->t, "packet too short (%zu bytes) from %s", n,
			    ping_addr(p, src));
		return false;
	}
	n -= hlen;
	if (icmp[0] == ICMP_ECHOREPLY) {
		if (get16(icmp + 4) != p->ident)
			return false;
		return echo_reply(p, icmp, n, b[8], b + 20, hlen - 20, src);
	}
	if (is_error(icmp[0])) {
		icmp_problem(p, icmp, n, src);
		return false;
	}
	if (p->verbose && icmp[0] != ICMP_ECHO) {
		t_printf(p->t, "%zu bytes from %s: ", n, ping_addr(p, src));
		describe(p, icmp);
		t_putc(p->t, '\n');
	}
	return false;
}
