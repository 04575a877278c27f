/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading packetdrill's language (pd.h). */
#include <netbsd/ioctl.h>
#include <netbsd/errno.h>
#include <netbsd/fcntl.h>
#include <netbsd/in.h>
#include <netbsd/ip.h>
#include <netbsd/poll.h>
#include <netbsd/socket.h>
#include <netbsd/sockio.h>
#include <netbsd/tcp.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/pd.h"
#include "net/bytes.h"

struct reader {
	const char *p;
	int line;
	struct pd_script *s;
	bool failed;
};

static bool
fail(struct reader *r, const char *fmt, ...)
{
	va_list ap;
	char msg[160];

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (!r->failed)
		snprintf(r->s->error, sizeof(r->s->error), "line %d: %s",
		    r->line, msg);
	r->failed = true;
	return false;
}

/* --- words --- */

static void
skip(struct reader *r)
{
	for (;; r->p++) {
		if (r->p[0] == '/' && r->p[1] == '/') {
			while (*r->p != '\0' && *r->p != '\n')
				r->p++;
		} else if (r->p[0] == '/' && r->p[1] == '*') {
			while (*r->p != '\0' &&
			    (r->p[0] != '*' || r->p[1] != '/')) {
				r->line += *r->p == '\n';
				r->p++;
			}
			if (*r->p != '\0')
				r->p++;
			continue;
		}
		if (*r->p == '\n')
			r->line++;
		else if (!isspace((unsigned char)*r->p))
			return;
	}
}

static bool
eat(struct reader *r, const char *what)
{
	size_t n = strlen(what);

	skip(r);
	if (strncmp(r->p, what, n) != 0)
		return false;
	/* A word is not the beginning of another one. */
	if (isalnum((unsigned char)what[n - 1]) &&
	    (isalnum((unsigned char)r->p[n]) || r->p[n] == '_'))
		return false;
	r->p += n;
	return true;
}

static bool
number(struct reader *r, uint32_t *v)
{
	char *end;

	skip(r);
	if (!isdigit((unsigned char)*r->p))
		return fail(r, "a number is missing");
	*v = (uint32_t)strtoul(r->p, &end, 0);
	r->p = end;
	return true;
}

static int64_t
seconds(struct reader *r)
{
	char *end;
	double d = strtod(r->p, &end);

	/* "0...0.1" is a number and dots. */
	if (end > r->p && end[-1] == '.' && end[0] == '.')
		end--;
	if (end == r->p)
		fail(r, "a time is missing");
	r->p = end;
	return (int64_t)(d * 1e9 + (d < 0 ? -0.5 : 0.5));
}

/* --- constants --- */

#define C(x)          \
	{             \
#x, x \
	}
static const struct {
	const char *name;
	long v;
} constants[] = { C(SOL_SOCKET), C(IPPROTO_TCP), C(IPPROTO_IP), C(SO_REUSEADDR),
	C(SO_KEEPALIVE), C(SO_SNDBUF), C(SO_RCVBUF), C(SO_LINGER), C(SO_ERROR),
	C(SO_OOBINLINE), C(SO_SNDLOWAT), C(SO_RCVLOWAT), C(TCP_NODELAY),
	C(TCP_MAXSEG), C(TCP_KEEPIDLE), C(TCP_KEEPINTVL), C(TCP_KEEPCNT),
	C(TCP_KEEPINIT), C(TCP_INFO), C(TCP_CONGCTL), C(TCP_MD5SIG),
	{ "SOL_TCP", IPPROTO_TCP }, { "SOL_IP", IPPROTO_IP }, C(IP_TOS),
	C(IP_TTL), C(MSG_OOB), C(MSG_PEEK), C(MSG_DONTWAIT), C(MSG_NOSIGNAL),
	C(MSG_WAITALL), C(SHUT_RD), C(SHUT_WR), C(SHUT_RDWR), C(O_RDWR),
	C(O_NONBLOCK), C(F_GETFL), C(F_SETFL), C(FIONREAD), C(FIONWRITE),
	C(FIONSPACE), C(SIOCATMARK), C(POLLIN), C(POLLOUT), C(POLLERR),
	C(POLLHUP), C(POLLPRI), C(POLLRDNORM), C(POLLRDBAND), C(AF_INET),
	C(SOCK_STREAM), C(EAGAIN), C(EWOULDBLOCK), C(EINPROGRESS),
	C(ECONNREFUSED), C(ECONNRESET), C(ETIMEDOUT), C(EPIPE), C(ENOTCONN),
	C(EISCONN), C(EINVAL), C(EHOSTUNREACH), C(ENETUNREACH), C(EADDRINUSE),
	C(ECONNABORTED), C(EALREADY), C(ENOPROTOOPT), C(EMSGSIZE), C(EBADF),
	C(EOPNOTSUPP), C(ENETDOWN), C(EHOSTDOWN), C(EADDRNOTAVAIL) };

static bool
one_constant(const char *name, size_t n, long *v)
{
	char *end;

	for (size_t i = 0; i < sizeof(constants) / sizeof(*constants); i++)
		if (strlen(constants[i].name) == n &&
		    strncmp(constants[i].name, name, n) == 0) {
			*v = constants[i].v;
			return true;
		}
	*v = strtol(name, &end, 0);
	return n > 0 && end == name + n;
}

bool
pd_constant(const char *name, long *v)
{
	*v = 0;
	for (;;) {
		size_t n;
		long one;

		while (*name == ' ')
			name++;
		n = strcspn(name, "| ");
		if (!one_constant(name, n, &one))
			return false;
		*v |= one;
		name += n;
		while (*name == ' ')
			name++;
		if (*name == '\0')
			return true;
		if (*name++ != '|')
			return false;
	}
}

/* --- packets --- */

static bool
put_opt(struct reader *r, struct pd_packet *k, const void *p, unsigned n)
{
	if (k->nopts + n > PD_MAXOPT)
		return fail(r, "too many options");
	memcpy(k->opts + k->nopts, p, n);
	k->nopts += n;
	return true;
}

static bool
sack_blocks(struct reader *r, struct pd_packet *k)
{
	uint8_t b[34] = { TCPOPT_SACK };
	unsigned n = 2;
	uint32_t from, to;

	do {
		if (!number(r, &from) || !eat(r, ":") || !number(r, &to))
			return fail(r, "a SACK block is wrong");
		if (n + 8 > sizeof(b))
			return fail(r, "too many SACK blocks");
		be32_put(b + n, from);
		be32_put(b + n + 4, to);
		n += 8;
		skip(r);
	} while (isdigit((unsigned char)*r->p));
	b[1] = (uint8_t)n;
	return put_opt(r, k, b, n);
}

static bool
raw_option(struct reader *r, struct pd_packet *k)
{
	unsigned v;

	skip(r);
	while (sscanf(r->p, "%2x", &v) == 1 &&
	    isxdigit((unsigned char)r->p[0]) &&
	    isxdigit((unsigned char)r->p[1])) {
		uint8_t b = (uint8_t)v;

		if (!put_opt(r, k, &b, 1))
			return false;
		r->p += 2;
	}
	return true;
}

static bool
option(struct reader *r, struct pd_packet *k)
{
	uint8_t b[10] = { 0 };
	uint32_t v, w;

	if (eat(r, "nop"))
		return put_opt(r, k, "\1", 1);
	if (eat(r, "eol"))
		return put_opt(r, k, "\0", 1);
	if (eat(r, "sackOK"))
		return put_opt(r, k, "\4\2", 2);
	if (eat(r, "sack"))
		return sack_blocks(r, k);
	if (eat(r, "hex"))
		return raw_option(r, k);
	if (eat(r, "mss")) {
		if (!number(r, &v))
			return false;
		b[0] = TCPOPT_MAXSEG;
		b[1] = 4;
		be16_put(b + 2, (uint16_t)v);
		return put_opt(r, k, b, 4);
	}
	if (eat(r, "wscale")) {
		if (!number(r, &v))
			return false;
		b[0] = TCPOPT_WINDOW;
		b[1] = 3;
		b[2] = (uint8_t)v;
		return put_opt(r, k, b, 3);
	}
	if (eat(r, "TS")) {
		if (!eat(r, "val") || !number(r, &v) || !eat(r, "ecr") ||
		    !number(r, &w))
			return fail(r, "a timestamp is wrong");
		b[0] = TCPOPT_TIMESTAMP;
		b[1] = 10;
		be32_put(b + 2, v);
		be32_put(b + 6, w);
		return put_opt(r, k, b, 10);
	}
	return fail(r, "unknown TCP option");
}

static bool
options(struct reader *r, struct pd_packet *k)
{
	if (!eat(r, "<"))
		return true;
	if (eat(r, "...")) {
		k->any_opts = true;
		return eat(r, ">") || fail(r, "> is missing");
	}
	while (!eat(r, ">")) {
		if (!option(r, k))
			return false;
		(void)eat(r, ",");
	}
	return true;
}

static bool
flags(struct reader *r, struct pd_packet *k)
{
	static const char names[] = "FSRP.UEW";
	const char *at;

	skip(r);
	if (*r->p == '-') {
		r->p++;
		return true;
	}
	while (*r->p != '\0' && (at = strchr(names, *r->p)) != NULL) {
		k->flags |= (uint8_t)(1 << (at - names));
		r->p++;
	}
	return k->flags != 0 || fail(r, "TCP flags are missing");
}

static bool
sequence(struct reader *r, struct pd_packet *k)
{
	uint32_t end;

	if (!number(r, &k->seq) || !eat(r, ":") || !number(r, &end) ||
	    !eat(r, "(") || !number(r, &k->len) || !eat(r, ")"))
		return fail(r, "a sequence is wrong");
	if (end != k->seq + k->len)
		return fail(r, "the end of the sequence does not fit");
	return true;
}

static bool
icmp(struct reader *r, struct pd_packet *k)
{
	static const struct {
		const char *name;
		uint8_t code;
	} codes[] = { { "net_unreachable", 0 }, { "host_unreachable", 1 },
		{ "protocol_unreachable", 2 }, { "port_unreachable", 3 },
		{ "frag_needed", 4 }, { "source_route_failed", 5 },
		{ "net_unknown", 6 }, { "host_unknown", 7 },
		{ "net_prohibited", 9 }, { "host_prohibited", 10 },
		{ "packet_filtered", 13 } };

	k->icmp = true;
	if (eat(r, "packet_too_big"))
		k->icmp_type = 2;
	else if (eat(r, "source_quench"))
		k->icmp_type = 4;
	else if (eat(r, "time_exceeded"))
		k->icmp_type = 11;
	else if (eat(r, "unreachable")) {
		k->icmp_type = 3;
		k->icmp_code = 255;
		for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
			if (k->icmp_code == 255 && eat(r, codes[i].name))
				k->icmp_code = codes[i].code;
		if (k->icmp_code == 255)
			return fail(r, "unknown ICMP code");
	} else
		return fail(r, "unknown ICMP type");
	if (eat(r, "mtu") && !number(r, &k->mtu))
		return false;
	if (!eat(r, "["))
		return fail(r, "[ is missing");
	return sequence(r, k) && (eat(r, "]") || fail(r, "] is missing"));
}

static bool
packet(struct reader *r, struct pd_packet *k)
{
	uint32_t v;

	k->ecn = -1;
	if (eat(r, "port")) {
		if (!number(r, &v))
			return false;
		k->port = (uint16_t)v;
	}
	k->badsum = eat(r, "badsum");
	if (eat(r, "icmp"))
		return icmp(r, k);
	if (eat(r, "[")) {
		k->ecn = eat(r, "noecn") ? 0 :
		    eat(r, "ect1")	 ? 1 :
		    eat(r, "ect0")	 ? 2 :
		    eat(r, "ce")	 ? 3 :
					   -2;
		if (k->ecn == -2 || !eat(r, "]"))
			return fail(r, "unknown ECN bits");
	}
	if (!flags(r, k) || !sequence(r, k))
		return false;
	if (eat(r, "ack") && !number(r, &k->ack))
		return false;
	if ((k->have_win = eat(r, "win")) && !number(r, &k->win))
		return false;
	if ((k->have_urg = eat(r, "urg")) && !number(r, &k->urg))
		return false;
	return options(r, k);
}

/* --- events --- */

static bool
call(struct reader *r, struct pd_event *e)
{
	size_t n = strcspn(r->p, "( \n"), i = 0;
	int depth = 1;
	char *end;

	if (n == 0 || n >= sizeof(e->call) || r->p[n] != '(')
		return fail(r, "an event is missing");
	memcpy(e->call, r->p, n);
	for (r->p += n + 1; depth > 0 && *r->p != '\0'; r->p++) {
		depth += *r->p == '(';
		depth -= *r->p == ')';
		if (depth > 0 && i < sizeof(e->text) - 1)
			e->text[i++] = *r->p;
	}
	if (!eat(r, "="))
		return fail(r, "the call's result is missing");
	skip(r);
	if (*r->p == '?') {
		e->any_result = true;
		r->p++;
		return true;
	}
	e->result = strtol(r->p, &end, 0);
	if (end == r->p)
		return fail(r, "the call's result is wrong");
	r->p = end;
	while (*r->p == ' ')
		r->p++;
	if (e->result == -1 && *r->p == 'E') {
		n = strcspn(r->p, " \n(");
		if (n >= sizeof(e->error))
			return fail(r, "the errno is wrong");
		memcpy(e->error, r->p, n);
		r->p += n;
		while (*r->p == ' ')
			r->p++;
		if (*r->p == '(')
			r->p += strcspn(r->p, "\n");
	}
	return true;
}

static bool
assertion(struct reader *r, struct pd_event *e)
{
	const char *end = strstr(r->p, "}%");
	size_t n;

	e->kind = PD_ASSERT;
	if (end == NULL)
		return fail(r, "}%% is missing");
	n = (size_t)(end - r->p);
	if (n >= sizeof(e->text))
		return fail(r, "an assertion is too long");
	memcpy(e->text, r->p, n);
	r->p = end + 2;
	return true;
}

static bool
when(struct reader *r, struct pd_event *e)
{
	if (*r->p == '*') {
		r->p++;
		e->begin = PD_ANYTIME;
		return true;
	}
	if (*r->p == '+') {
		e->rel = true;
		r->p++;
	}
	e->begin = e->end = seconds(r);
	if (eat(r, "~")) {
		e->range = true;
		(void)eat(r, "+");
		e->end = seconds(r);
	} else if (eat(r, "...")) {
		e->blocks = true;
		(void)eat(r, "+");
		skip(r);
		e->end = seconds(r);
	}
	return !r->failed;
}

static bool
event(struct reader *r, struct pd_event *e)
{
	e->line = r->line;
	if (!when(r, e))
		return false;
	skip(r);
	if (eat(r, "<")) {
		e->pkt.in = true;
		return packet(r, &e->pkt);
	}
	if (eat(r, ">"))
		return packet(r, &e->pkt);
	if (eat(r, "%{"))
		return assertion(r, e);
	e->kind = PD_CALL;
	return call(r, e);
}

static bool
setting(struct reader *r)
{
	char name[40];
	long v = 0;
	size_t n = strcspn(r->p, "\n");
	char line[128];

	if (n >= sizeof(line))
		return fail(r, "the option is too long");
	memcpy(line, r->p, n);
	line[n] = '\0';
	r->p += n;
	if (sscanf(line, "--ip_version=ipv%ld", &v) == 1)
		r->s->ipv = (int)v;
	else if (sscanf(line, "--%39[a-z_]=%ld", name, &v) != 2)
		return fail(r, "the option is wrong");
	else if (strcmp(name, "tolerance_usecs") == 0)
		r->s->tolerance_ns = v * 1000;
	else if (strcmp(name, "mtu") == 0)
		r->s->mtu = (int)v;
	else if (strcmp(name, "tso") == 0)
		r->s->tso = (int)v;
	else
		return fail(r, "unknown option");
	return true;
}

/* `sysctl -w a=b` lines, and nothing else. */
static bool
commands(struct reader *r)
{
	while (!eat(r, "`")) {
		size_t n;

		if (!eat(r, "sysctl") || !eat(r, "-w"))
			return fail(r, "only sysctl -w is known here");
		skip(r);
		n = strcspn(r->p, " \n`");
		if (n >= sizeof(r->s->sysctls[0]) || r->s->nsysctls == 16)
			return fail(r, "too many sysctls");
		memcpy(r->s->sysctls[r->s->nsysctls++], r->p, n);
		r->p += n;
	}
	return true;
}

bool
pd_parse(const char *text, struct pd_script *s)
{
	struct reader r = { .p = text, .line = 1, .s = s };
	struct pd_event **link = &s->events;

	memset(s, 0, sizeof(*s));
	s->tolerance_ns = 4000000;
	s->mtu = 1500;
	s->ipv = 4;
	for (skip(&r); *r.p != '\0' && !r.failed; skip(&r)) {
		if (eat(&r, "`")) {
			(void)commands(&r);
			continue;
		}
		if (r.p[0] == '-' && r.p[1] == '-') {
			(void)setting(&r);
			continue;
		}
		if ((*link = calloc(1, sizeof(**link))) == NULL)
			return fail(&r, "no memory");
		(void)event(&r, *link);
		link = &(*link)->next;
	}
	return !r.failed;
}

void
pd_free(struct pd_script *s)
{
	struct pd_event *e;

	while ((e = s->events) != NULL) {
		s->events = e->next;
		free(e);
	}
}
