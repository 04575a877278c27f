/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ping(8): asks a host for ICMP echoes and tells what comes back.
 * Manual page ping(8), RFC 792; messages as recorded.
 */
#include "../tools.h"
#include "ping.h"
#include <netbsd/time.h>
#include <stdlib.h>

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: \n"
	    "ping [-aCDdfLnoPQqRrv] [-c count] [-g gateway] [-h host] [-I addr] "
	    "[-i interval]\n"
	    "     [-l preload] [-p pattern] [-s size] [-T ttl] [-t tos] "
	    "[-w maxwait] \n"
	    "     [-E policy] host\n");
	t_exit(t, 1);
}

/* --- options --- */

/* A whole number; false when it is none. */
static bool
number(const char *s, int base, long *v)
{
	char *end;

	if (*s == '\0')
		return false;
	*v = strtol(s, &end, base);
	return *end == '\0';
}

/* Seconds with a fraction, above 0. */
static int64_t
seconds(struct tool *t, const char *s, const char *what)
{
	char *end;
	double v = strtod(s, &end);

	if (*s == '\0' || *end != '\0' || !(v > 0) || v > 1e6)
		t_errx(t, 1, "Bad/invalid %s: %s", what, s);
	return (int64_t)(v * (double)NS);
}

static void
set_pattern(struct ping *p, const char *s)
{
	size_t n = strlen(s);
	bool ok = n >= 1 && n <= 32;

	for (size_t i = 0; ok && i < n; i++)
		ok = ping_hexdigit((unsigned char)s[i]) >= 0;
	if (!ok)
		t_errx(p->t, 1,
		    "\"-p %s\": patterns must be specified with "
		    "1-32 hex digits\n",
		    s);
	p->haspattern = true;
	/* An odd first digit stands for a byte of its own. */
	for (size_t i = 0; i < n;) {
		int v = ping_hexdigit((unsigned char)s[i++]);

		if ((n - i) % 2 != 0 || (i == 1 && n % 2 == 0))
			v = v << 4 | ping_hexdigit((unsigned char)s[i++]);
		p->pad[p->padlen++] = (uint8_t)v;
	}
}

static void
parse_option(struct ping *p, int c, const char *arg)
{
	struct tool *t = p->t;
	long v;

	switch (c) {
	case 'a':
		p->audible = true;
		break;
	case 'C':
		p->compat = true;
		break;
	case 'c':
		if (!number(arg, 0, &p->count) || p->count <= 0)
			t_errx(t, 1, "Bad/invalid number of packets: %s", arg);
		break;
	case 'D':
		p->dontfrag = true;
		break;
	case 'd':
		p->debug = true;
		break;
	case 'E':
		t_errx(t, 1, "ipsec policy cannot be configured");
	case 'f':
		p->flood = true;
		break;
	case 'g':
		p->gateway = arg;
		break;
	case 'h':
		p->host = arg;
		break;
	case 'I':
		p->source = arg;
		break;
	case 'i':
		p->interval_ns = seconds(t, arg, "interval");
		break;
	case 'L':
		p->noloop = true;
		break;
	case 'l':
		if (!number(arg, 0, &p->preload) || p->preload < 0)
			t_errx(t, 1, "Bad/invalid preload value: %s", arg);
		break;
	case 'n':
		p->numeric = true;
		break;
	case 'o':
		p->once = true;
		break;
	case 'P':
		p->random = true;
		break;
	case 'p':
		set_pattern(p, arg);
		break;
	case 'Q':
		p->noerrors = true;
		break;
	case 'q':
		p->quiet = true;
		break;
	case 'R':
		p->recordroute = true;
		break;
	case 'r':
		p->dontroute = true;
		break;
	case 's':
		if (!number(arg, 0, &v) || v < 0)
			t_errx(t, 1, "Bad/invalid packet size: %s", arg);
		if (v > MAXDATA)
			t_errx(t, 1, "packet size is too large");
		p->datalen = (size_t)v;
		break;
	case 'T':
		if (!number(arg, 0, &v) || v <= 0 || v > 255)
			t_errx(t, 1, "ttl out of range: %s", arg);
		p->ttl = (int)v;
		break;
	case 't':
		if (!number(arg, 0, &v) || v < 0 || v > 255)
			t_errx(t, 1, "bad tos value: %s", arg);
		p->tos = (int)v;
		break;
	case 'v':
		p->verbose = true;
		break;
	case 'w':
		p->maxwait_ns = seconds(t, arg, "maxwait time");
		break;
	default:
		usage(t);
	}
}

static void
resolve(struct ping *p, const char *name, struct sockaddr_in *sin)
{
	memset(sin, 0, sizeof(*sin));
	sin->sin_len = sizeof(*sin);
	sin->sin_family = AF_INET;
	if (!t_inet_aton(name, &sin->sin_addr.s_addr) &&
	    !t_host_by_name(p->t, name, AF_INET, &sin->sin_addr))
		t_errx(p->t, 1,
		    "Cannot resolve \"%s\" (hostname nor servname provided, "
		    "or not known)",
		    name);
}

/* --- the socket --- */

static void
set(struct ping *p, int level, int name, int value, const char *what)
{
	int error = sys_setsockopt(
	    p->t, p->sock, level, name, &value, sizeof(value));

	if (error != 0)
		t_fail(p->t, 1, error, "Can't set %s", what);
}

/* Source routing and record route (RFC 791). */
static void
make_options(struct ping *p)
{
	uint8_t *o = p->options;
	size_t room = sizeof(p->options), n = 0;

	if (p->gateway != NULL) {
		struct sockaddr_in gw;

		resolve(p, p->gateway, &gw);
		o[n++] = IPOPT_NOP;
		o[n++] = IPOPT_LSRR;
		o[n++] = 3 + 8;
		o[n++] = IPOPT_MINOFF;
		memcpy(o + n, &gw.sin_addr, 4);
		memcpy(o + n + 4, &p->to.sin_addr, 4);
		n += 8;
	}
	if (p->recordroute) {
		size_t routes = (room - n - 4) / 4;

		o[n] = IPOPT_NOP;
		o[n + 1] = IPOPT_RR;
		o[n + 2] = (uint8_t)(3 + 4 * routes);
		o[n + 3] = IPOPT_MINOFF;
		n += 4 + 4 * routes;
	}
	p->noptions = n;
}

static void
set_source(struct ping *p)
{
	struct sockaddr_in sin = { .sin_len = sizeof(sin),
		.sin_family = AF_INET };
	int error;

	resolve(p, p->source, &sin);
	if ((p->to.sin_addr.s_addr & 0xf0) == 0xe0)
		error = sys_setsockopt(p->t, p->sock, IPPROTO_IP,
		    IP_MULTICAST_IF, &sin.sin_addr, sizeof(sin.sin_addr));
	else
		error = sys_bind(p->t, p->sock, (const void *)&sin, sizeof(sin));
	if (error != 0)
		t_fail(p->t, 1, error, "Can't set source interface/address");
}

static void
open_socket(struct ping *p)
{
	struct tool *t = p->t;
	uint8_t ttl = (uint8_t)p->ttl, off = 0;
	int size, error;

	if ((p->sock = sys_socket(t, AF_INET, SOCK_RAW, IPPROTO_ICMP)) < 0)
		t_fail(t, 1, p->sock, "Cannot create socket");
	set(p, SOL_SOCKET, SO_BROADCAST, 1, "SO_BROADCAST");
	if (p->debug)
		set(p, SOL_SOCKET, SO_DEBUG, 1, "SO_DEBUG");
	if (p->dontroute)
		set(p, SOL_SOCKET, SO_DONTROUTE, 1, "SO_DONTROUTE");
	make_options(p);
	if (p->dontfrag)
		set(p, IPPROTO_IP, IP_HDRINCL, 1, "special IP header");
	else {
		if (p->noptions > 0 &&
		    (error = sys_setsockopt(t, p->sock, IPPROTO_IP, IP_OPTIONS,
			 p->options, (socklen_t)p->noptions)) != 0)
			t_fail(t, 1, error, "Can't set source/record routing");
		set(p, IPPROTO_IP, IP_TTL, p->ttl, "time-to-live");
		if (p->tos >= 0)
			set(p, IPPROTO_IP, IP_TOS, p->tos, "type of service");
	}
	error = sys_setsockopt(
	    t, p->sock, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, 1);
	if (error != 0)
		t_fail(t, 1, error, "Can't set multicast time-to-live");
	if (p->noloop &&
	    (error = sys_setsockopt(
		 t, p->sock, IPPROTO_IP, IP_MULTICAST_LOOP, &off, 1)) != 0)
		t_fail(t, 1, error, "Can't disable multicast loopback");
	if (p->source != NULL)
		set_source(p);
	/* Room for the answers of many; less will do. */
	size = 128 * 1024;
	(void)sys_setsockopt(
	    t, p->sock, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)sys_setsockopt(
	    t, p->sock, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* --- sending --- */

static uint16_t
checksum(const uint8_t *b, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)b[i] << 8 | b[i + 1];
	if (n % 2 != 0)
		sum += (uint32_t)b[n - 1] << 8;
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

static void
put16(uint8_t *b, uint32_t v)
{
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

static void
put32(uint8_t *b, uint32_t v)
{
	put16(b, v >> 16);
	put16(b + 2, v);
}

/* With a header of our own when fragments are not allowed. Lengths are in network order. */
static size_t
ip_header(struct ping *p, uint8_t *b, size_t payload)
{
	size_t n = 20 + p->noptions;

	memset(b, 0, n);
	b[0] = (uint8_t)(4 << 4 | n / 4);
	b[1] = p->tos >= 0 ? (uint8_t)p->tos : 0;
	/* The kernel wants these two in its own order. */
	uint16_t len = (uint16_t)(n + payload), off = IP_DF;
	memcpy(b + 2, &len, 2);
	memcpy(b + 6, &off, 2);
	b[8] = (uint8_t)p->ttl;
	b[9] = IPPROTO_ICMP;
	memcpy(b + 16, &p->to.sin_addr, 4);
	memcpy(b + 20, p->options, p->noptions);
	return n;
}

void
ping_fill(struct ping *p, uint8_t *b, size_t from, size_t to, uint16_t seq)
{
	uint32_t r = p->seed ^ (uint32_t)seq * 2654435761u;

	for (size_t i = from; i < to; i++) {
		if (p->random) {
			r = r * 1664525 + 1013904223;
			b[i] = (uint8_t)(r >> 24);
		} else if (p->padlen > 0)
			b[i] = p->pad[(i - from) % p->padlen];
		else
			b[i] = (uint8_t)i;
	}
}

static size_t
data_length(const struct ping *p)
{
	return p->datalen < STAMP ? STAMP : p->datalen;
}

static void
send_request(struct ping *p)
{
	size_t n = ICMP_HDR + data_length(p), head = 0;
	uint16_t seq = (uint16_t)p->sent;
	int64_t now = ping_clock(p->t);
	uint8_t *b = p->out;
	ssize_t done;

	if (p->dontfrag)
		head = ip_header(p, b, n);
	b += head;
	b[0] = ICMP_ECHO;
	b[1] = 0;
	put16(b + 2, 0);
	put16(b + 4, p->ident);
	put16(b + 6, seq);
	put32(b + 8, (uint32_t)(now / NS));
	put32(b + 12, (uint32_t)(now % NS / (p->compat ? 1000 : 1)));
	ping_fill(p, b + ICMP_HDR, STAMP, n - ICMP_HDR, seq);
	put16(b + 2, checksum(b, n));
	p->seen[seq / 8] &= (uint8_t) ~(1u << (seq % 8));
	p->sent++;
	p->lastsent = now;
	done = sys_sendto(p->t, p->sock, p->out, head + n, 0,
	    (const void *)&p->to, sizeof(p->to));
	if (done < 0 && done != -EINTR)
		t_warn(p->t, (int)done, "sendto");
	else if (done >= 0 && (size_t)done != head + n)
		t_warnx(p->t, "wrote %s %zu chars, ret=%zd", p->host, head + n,
		    done);
	if (p->flood && !p->quiet) {
		t_putc(p->t, '.');
		p->dots++;
		t_flush(p->t->t_out);
	}
}

/* --- receiving --- */

/* Takes what has come until `until`. True: an answer came, and somebody waits for one. */
static bool
receive(struct ping *p, int64_t until, bool stop_at_answer)
{
	/* Whoever sends to us all the time does not keep us from sending. */
	for (bool first = true;; first = false) {
		struct sockaddr_in from;
		socklen_t fromlen = sizeof(from);
		struct pollfd pfd = { .fd = p->sock, .events = POLLIN };
		int64_t left = until - ping_clock(p->t);
		int ms = left <= 0 ? 0 : (int)((left + 999999) / 1000000), ready;
		ssize_t n;

		if (t_interrupted(p->t))
			return true;
		if (left <= 0 && !first)
			return false;
		if (t_siginfo_take(p->t))
			ping_summary(p);
		t_flush(p->t->t_out);
		ready = sys_poll(p->t, &pfd, 1, ms > 1000 ? 1000 : ms);
		if (ready < 0 && ready != -EINTR)
			t_fail(p->t, 1, ready, "poll");
		if (ready <= 0) {
			if (ping_clock(p->t) >= until)
				return false;
			continue;
		}
		memset(&from, 0, sizeof(from));
		n = sys_recvfrom(p->t, p->sock, p->in, sizeof(p->in), 0,
		    (void *)&from, &fromlen);
		if (n < 0) {
			if (n != -EINTR)
				t_warn(p->t, (int)n, "recvfrom");
			continue;
		}
		if (ping_packet(p, p->in, (size_t)n, &from) && stop_at_answer)
			return true;
	}
}

static bool
all_answered(const struct ping *p)
{
	return p->count > 0 && p->received >= p->sent;
}

/* Sends, and waits in between; after the last one for what is still to come. */
static void
run(struct ping *p)
{
	uint64_t end = p->count > 0 ? (uint64_t)(p->count + p->preload) : 0;

	p->first = ping_clock(p->t);
	for (long i = 0; i < p->preload; i++)
		send_request(p);
	while (!t_interrupted(p->t)) {
		int64_t next;

		send_request(p);
		if (end > 0 && p->sent >= end)
			break;
		next = p->lastsent + p->interval_ns;
		while (receive(p, next, p->flood || p->once)) {
			if (t_interrupted(p->t) || (p->once && p->received > 0))
				return;
			if (p->flood)
				break;
		}
	}
	while (!t_interrupted(p->t) && !all_answered(p))
		if (!receive(p, p->lastsent + p->maxwait_ns, true))
			break;
}

int
ping_main(struct tool *t, int argc, char **argv)
{
	struct ping *p = t_calloc(t, 1, sizeof(*p));
	struct timespec ts = { 0, 0 };
	char text[16];
	int c;

	p->t = t;
	p->datalen = 56;
	p->ttl = 255;
	p->tos = -1;
	p->maxwait_ns = 10 * NS;
	while ((c = t_getopt(t, argc, argv,
		    "ac:CdDE:fg:h:i:I:l:Lnop:PqQrRs:t:T:vw:")) != -1)
		parse_option(p, c, t->t_opt.optarg);
	if (argc - t->t_opt.optind != 1)
		usage(t);
	p->host = argv[t->t_opt.optind];
	if (p->interval_ns == 0)
		p->interval_ns = p->flood ? NS / 100 : NS;
	resolve(p, p->host, &p->to);
	(void)sys_clock_gettime(t, CLOCK_REALTIME, &ts);
	p->ident = (uint16_t)(sys_getpid(t) ^ ts.tv_nsec >> 4);
	p->seed = (uint32_t)(ts.tv_nsec ^ ts.tv_sec);
	open_socket(p);
	t_catch_interrupt(t);
	if (p->haspattern) {
		t_printf(t, "PATTERN: 0x");
		for (size_t i = 0; i < p->padlen; i++)
			t_printf(t, "%02x", p->pad[i]);
		t_printf(t, "\n");
	}
	t_printf(t, "PING %s (%s): %zu data bytes\n", p->host,
	    t_inet_ntop4(p->to.sin_addr.s_addr, text), p->datalen);
	run(p);
	ping_summary(p);
	return p->received > 0 ? 0 : 2;
}
