/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ping6(8): asks a host for ICMPv6 echoes, or what it says of itself.
 * Manual page ping6(8), RFC 4443, 4620, 3542; messages as recorded.
 */
#include "ping6.h"
#include <netbsd/time.h>
#include <stdlib.h>

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: ping6 [-dfHmnNqtvwW] [-P policy] [-a [aAclsg]] "
	    "[-b sockbufsiz] [-c count]\n"
	    "\t[-I interface] [-i wait] [-l preload] [-p pattern] "
	    "[-X deadline]\n"
	    "\t[-x maxwait] [-S sourceaddr] [-s packetsize] [-h hoplimit]\n"
	    "\t[-g gateway] [hops...] host\n");
	t_exit(t, 1);
}

/* --- options --- */

static long
number(struct tool *t, const char *s, long min, long max, const char *what)
{
	char *end;
	long v = strtol(s, &end, 10);

	if (*s == '\0' || *end != '\0' || v < min || v > max)
		t_errx(t, 1, "illegal %s -- %s", what, s);
	return v;
}

static int64_t
seconds(struct tool *t, const char *s, const char *what)
{
	char *end;
	double v = strtod(s, &end);

	if (*s == '\0' || *end != '\0' || !(v >= 0) || v > 1e6)
		t_errx(t, 1, "illegal %s -- %s", what, s);
	return (int64_t)(v * (double)NS);
}

static void
address_types(struct ping6 *p, const char *s)
{
	p->query = Q_ADDRS;
	for (; *s != '\0'; s++)
		switch (*s) {
		case 'a':
			p->niflags |= NI_NODEADDR_FLAG_ALL;
			break;
		case 'c':
		case 'C':
			p->niflags |= NI_NODEADDR_FLAG_COMPAT;
			break;
		case 'l':
		case 'L':
			p->niflags |= NI_NODEADDR_FLAG_LINKLOCAL;
			break;
		case 's':
		case 'S':
			p->niflags |= NI_NODEADDR_FLAG_SITELOCAL;
			break;
		case 'g':
		case 'G':
			p->niflags |= NI_NODEADDR_FLAG_GLOBAL;
			break;
		case 'A':
			p->niflags |= NI_NODEADDR_FLAG_ANYCAST;
			break;
		default:
			usage(p->t);
		}
}

static void
set_pattern(struct ping6 *p, const char *s)
{
	size_t n = strlen(s), i = 0;

	for (size_t k = 0; k < n; k++)
		if (ping_hexdigit((unsigned char)s[k]) < 0)
			t_errx(p->t, 1,
			    "patterns must be specified as hex digits");
	p->haspattern = true;
	while (i < n && p->padlen < sizeof(p->pad)) {
		int v = ping_hexdigit((unsigned char)s[i++]);

		if (i < n)
			v = v << 4 | ping_hexdigit((unsigned char)s[i++]);
		p->pad[p->padlen++] = (uint8_t)v;
	}
	if (p->padlen == 0)
		t_errx(p->t, 1, "patterns must be specified as hex digits");
}

static void
parse_option(struct ping6 *p, int c, const char *arg)
{
	struct tool *t = p->t;

	switch (c) {
	case 'a':
		address_types(p, arg);
		break;
	case 'b':
		p->bufsize = number(t, arg, 1, INT32_MAX, "socket buffer size");
		break;
	case 'c':
		p->count = number(t, arg, 1, INT32_MAX, "number of packets");
		break;
	case 'd':
		p->debug = true;
		break;
	case 'f':
		p->flood = true;
		break;
	case 'g':
		p->gateway = arg;
		break;
	case 'H':
		p->lookup = true;
		break;
	case 'h':
		p->hoplimit = (int)number(t, arg, 0, 255, "hoplimit");
		break;
	case 'I':
		p->ifname = arg;
		break;
	case 'i':
		p->interval_ns = seconds(t, arg, "timing interval");
		if (p->interval_ns < NS / 100) {
			t_warnx(t, "too small interval, raised to 0.01");
			p->interval_ns = NS / 100;
		}
		break;
	case 'l':
		p->preload = number(t, arg, 0, INT32_MAX, "preload value");
		break;
	case 'm':
		p->minmtu++;
		break;
	case 'N':
		p->hostgroup = true;
		break;
	case 'n':
		p->numeric = true;
		break;
	case 'o':
		p->once = true;
		break;
	case 'P':
		t_errx(t, 1, "invalid policy specified");
	case 'p':
		set_pattern(p, arg);
		break;
	case 'q':
		p->quiet = true;
		break;
	case 'R':
		p->hint = true;
		break;
	case 'S':
		p->source = arg;
		break;
	case 's':
		p->datalen = (size_t)number(
		    t, arg, 0, INT32_MAX, "datalen value");
		if (p->datalen > MAXDATA)
			t_errx(t, 1, "datalen value too large, maximum is %d",
			    MAXDATA);
		break;
	case 't':
		p->query = Q_TYPES;
		break;
	case 'v':
		p->verbose = true;
		break;
	case 'W':
		p->query = Q_OLDNAME;
		break;
	case 'w':
		p->query = Q_NAME;
		break;
	case 'X':
		p->deadline_ns = seconds(t, arg, "deadline value");
		break;
	case 'x':
		p->maxwait_ns = seconds(t, arg, "maxwait value");
		break;
	default:
		usage(t);
	}
}

static void
resolve(struct ping6 *p, const char *name, struct sockaddr_in6 *sin6)
{
	memset(sin6, 0, sizeof(*sin6));
	if (!in6_parse(name, p->ifs, sin6) &&
	    !t_host_by_name(p->t, name, AF_INET6, &sin6->sin6_addr))
		t_errx(p->t, 1, "hostname nor servname provided, or not known");
	sin6->sin6_len = sizeof(*sin6);
	sin6->sin6_family = AF_INET6;
}

static const uint8_t *
bytes(const struct sockaddr_in6 *sin6)
{
	return sin6->sin6_addr.__u6_addr.__u6_addr8;
}

/* --- the socket --- */

static void
set_bytes(struct ping6 *p, int level, int name, const void *v, size_t n,
    const char *what)
{
	int error = sys_setsockopt(p->t, p->sock, level, name, v, (socklen_t)n);

	if (error != 0)
		t_fail(p->t, 1, error, "setsockopt(%s)", what);
}

static void
set(struct ping6 *p, int level, int name, int value, const char *what)
{
	set_bytes(p, level, name, &value, sizeof(value), what);
}

/* Type 0 routing header: the hops that stand before the host. */
static void
set_hops(struct ping6 *p, int hops, char **argv)
{
	struct sockaddr_in6 sin6;

	if (hops == 0)
		return;
	if (hops > 127)
		t_errx(p->t, 1, "too many intermediate hops");
	p->rthdrlen = 8 + 16 * (size_t)hops;
	p->rthdr = t_calloc(p->t, 1, p->rthdrlen);
	p->rthdr[1] = (uint8_t)(2 * hops);
	p->rthdr[2] = IPV6_RTHDR_TYPE_0;
	p->rthdr[3] = (uint8_t)hops;
	for (int i = 0; i < hops; i++) {
		resolve(p, argv[i], &sin6);
		memcpy(p->rthdr + 8 + 16 * i, bytes(&sin6), 16);
	}
	set_bytes(
	    p, IPPROTO_IPV6, IPV6_RTHDR, p->rthdr, p->rthdrlen, "IPV6_RTHDR");
}

static void
set_interface(struct ping6 *p)
{
	const struct if_entry *i = iflist_name(p->ifs, p->ifname);
	struct in6_pktinfo info = { 0 };
	const uint8_t *b = bytes(&p->to);

	if (i == NULL)
		t_errx(p->t, 1, "%s: invalid interface name", p->ifname);
	info.ipi6_ifindex = i->index;
	set_bytes(
	    p, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info), "IPV6_PKTINFO");
	if (p->to.sin6_scope_id == 0 &&
	    ((b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||
		(b[0] == 0xff && (b[1] & 0xf) <= 2)))
		p->to.sin6_scope_id = i->index;
}

static void
set_filter(struct ping6 *p)
{
	struct icmp6_filter filter;
	int pass = p->query == Q_ECHO ? ICMP6_ECHO_REPLY : ICMP6_NI_REPLY;

	memset(&filter, 0, sizeof(filter));
	if (p->verbose)
		memset(&filter, 0xff, sizeof(filter));
	else
		for (int type = 0; type < 256; type++)
			if (type == pass || type < 128)
				filter.icmp6_filt[type / 32] |= 1u << type % 32;
	set_bytes(p, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter),
	    "ICMP6_FILTER");
}

/* What address packets to there come from: a connected datagram socket knows. */
static void
find_source(struct ping6 *p)
{
	struct sockaddr_in6 to = p->to;
	socklen_t len = sizeof(p->from);
	int s = sys_socket(p->t, AF_INET6, SOCK_DGRAM, 0), error;

	if (s < 0)
		t_fail(p->t, 1, s, "UDP socket");
	to.sin6_port = 0xf5ff;
	if (p->ifname != NULL) {
		struct in6_pktinfo info = { 0 };

		info.ipi6_ifindex = iflist_name(p->ifs, p->ifname)->index;
		error = sys_setsockopt(
		    p->t, s, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
		if (error != 0)
			t_fail(p->t, 1, error, "UDP setsockopt(IPV6_PKTINFO)");
	}
	if ((error = sys_connect(p->t, s, (const void *)&to, sizeof(to))) != 0)
		t_fail(p->t, 1, error, "UDP connect");
	if ((error = sys_getsockname(p->t, s, (void *)&p->from, &len)) != 0)
		t_fail(p->t, 1, error, "getsockname");
	(void)sys_close(p->t, s);
}

static void
open_socket(struct ping6 *p, int hops, char **argv)
{
	struct tool *t = p->t;
	int error, on;

	p->sock = sys_socket(t, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	if (p->sock < 0)
		t_fail(t, 1, p->sock, "socket");
	if (p->ifname != NULL)
		set_interface(p);
	if (p->source != NULL) {
		resolve(p, p->source, &p->from);
		error = sys_bind(
		    t, p->sock, (const void *)&p->from, sizeof(p->from));
		if (error != 0)
			t_fail(t, 1, error, "bind");
	}
	if (p->gateway != NULL) {
		struct sockaddr_in6 gw;

		resolve(p, p->gateway, &gw);
		set_bytes(p, IPPROTO_IPV6, IPV6_NEXTHOP, &gw, sizeof(gw),
		    "IPV6_NEXTHOP");
	}
	if (p->debug)
		set(p, SOL_SOCKET, SO_DEBUG, 1, "SO_DEBUG");
	/* Told once, fragments for unicast are as long as the path lets them be; twice, all are. */
	on = p->minmtu == 0 ? 1 : p->minmtu == 1 ? -1 : 0;
	set(p, IPPROTO_IPV6, IPV6_USE_MIN_MTU, on, "IPV6_USE_MIN_MTU");
	set_filter(p);
	if (p->bufsize > 0) {
		if ((size_t)p->bufsize < p->datalen)
			t_warnx(t, "you need -b to increase socket buffer size");
		set(p, SOL_SOCKET, SO_SNDBUF, (int)p->bufsize, "SO_SNDBUF");
		set(p, SOL_SOCKET, SO_RCVBUF, (int)p->bufsize, "SO_RCVBUF");
	} else {
		int size = 48 * 1024;

		if (p->datalen > 8 * 1024 && p->datalen > 65535)
			t_warnx(t, "you need -b to increase socket buffer size");
		(void)sys_setsockopt(
		    t, p->sock, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
	set_hops(p, hops, argv);
	if (p->hoplimit >= 0) {
		set(p, IPPROTO_IPV6, IPV6_UNICAST_HOPS, p->hoplimit,
		    "IPV6_UNICAST_HOPS");
		set(p, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, p->hoplimit,
		    "IPV6_MULTICAST_HOPS");
	}
	set(p, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO");
	set(p, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT");
	if (p->source == NULL)
		find_source(p);
}

/* --- sending --- */

static void
put16(uint8_t *b, unsigned v)
{
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

static void
put32(uint8_t *b, uint32_t v)
{
	put16(b, v >> 16);
	put16(b + 2, v & 0xffff);
}

void
ping6_fill(struct ping6 *p, uint8_t *b, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		b[i] = p->padlen > 0 ? p->pad[(i - from) % p->padlen] :
				       (uint8_t)i;
}

/* Bytes of ICMPv6 data behind the first 8, as the first line tells them. */
static size_t
payload(const struct ping6 *p)
{
	switch (p->query) {
	case Q_ECHO:
		return p->datalen;
	case Q_OLDNAME:
		return NI_HDR - ECHO_HDR;
	default:
		return NI_HDR - ECHO_HDR + 16;
	}
}

static void
make_query(struct ping6 *p, uint8_t *b, uint16_t seq)
{
	b[0] = ICMP6_NI_QUERY;
	b[1] = ICMP6_NI_SUBJ_IPV6;
	memcpy(b + 8, p->nonce, 8);
	put16(b + 8, seq);
	switch (p->query) {
	case Q_ADDRS:
		put16(b + 4, NI_QTYPE_NODEADDR);
		memcpy(b + 6, &p->niflags, 2);
		break;
	case Q_TYPES:
		put16(b + 4, NI_QTYPE_SUPTYPES);
		break;
	case Q_OLDNAME:
		b[0] = ICMP6_FQDN_QUERY;
		b[1] = 0;
		put16(b + 4, p->ident);
		put16(b + 6, seq);
		return;
	default:
		put16(b + 4, NI_QTYPE_DNSNAME);
		break;
	}
	memcpy(b + NI_HDR, bytes(&p->to), 16);
}

static void
send_request(struct ping6 *p)
{
	size_t n = ECHO_HDR + payload(p);
	uint16_t seq = (uint16_t)p->sent;
	int64_t now = ping_clock(p->t);
	uint8_t *b = p->out;
	ssize_t done;

	memset(b, 0, n);
	if (p->query == Q_ECHO) {
		b[0] = ICMP6_ECHO_REQUEST;
		put16(b + 4, p->ident);
		put16(b + 6, seq);
		ping6_fill(p, b + ECHO_HDR, p->datalen >= STAMP ? STAMP : 0,
		    p->datalen);
		if (p->datalen >= STAMP) {
			put32(b + 8, (uint32_t)(now / NS));
			put32(b + 12, (uint32_t)(now % NS));
		}
	} else
		make_query(p, b, seq);
	p->seen[seq / 8] &= (uint8_t) ~(1u << (seq % 8));
	p->sent++;
	p->lastsent = now;
	done = sys_sendto(
	    p->t, p->sock, b, n, 0, (const void *)&p->to, sizeof(p->to));
	if (done == -EINTR)
		done = (ssize_t)n;
	if (done < 0)
		t_warn(p->t, (int)done, "sendmsg");
	if (done != (ssize_t)n) {
		t_flush(p->t->t_out);
		t_eprintf(p->t, "%s: wrote %s %zu chars, ret=%d\n",
		    p->t->t_progname, p->host, n, done < 0 ? -1 : (int)done);
	}
	if (p->flood && !p->quiet) {
		t_putc(p->t, '.');
		p->dots++;
	}
}

/* --- receiving --- */

/* Hop limit and destination out of the control messages; lengths may be anybody's. */
static void
control(const uint8_t *buf, size_t len, int *hlim, struct in6_pktinfo *dst)
{
	for (size_t at = 0; at + sizeof(struct cmsghdr) <= len;) {
		struct cmsghdr cm;
		const uint8_t *data;
		size_t head = CMSG_ALIGN(sizeof(cm));

		memcpy(&cm, buf + at, sizeof(cm));
		if (cm.cmsg_len < head || cm.cmsg_len > len - at)
			return;
		data = buf + at + head;
		if (cm.cmsg_level == IPPROTO_IPV6 &&
		    cm.cmsg_type == IPV6_HOPLIMIT &&
		    cm.cmsg_len >= head + sizeof(*hlim))
			memcpy(hlim, data, sizeof(*hlim));
		if (cm.cmsg_level == IPPROTO_IPV6 &&
		    cm.cmsg_type == IPV6_PKTINFO &&
		    cm.cmsg_len >= head + sizeof(*dst))
			memcpy(dst, data, sizeof(*dst));
		at += CMSG_ALIGN(cm.cmsg_len);
	}
}

static bool
take(struct ping6 *p)
{
	struct sockaddr_in6 from;
	uint8_t ctl[256];
	struct iovec iov = { .iov_base = p->in, .iov_len = MAXDATA + 64 };
	struct msghdr m = { .msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = ctl,
		.msg_controllen = sizeof(ctl) };
	struct in6_pktinfo dst = { 0 };
	int hlim = -1;
	ssize_t n;

	memset(&from, 0, sizeof(from));
	n = sys_recvmsg(p->t, p->sock, &m, 0);
	if (n < 0) {
		if (n != -EINTR)
			t_warn(p->t, (int)n, "recvmsg");
		return false;
	}
	if ((size_t)n > iov.iov_len || m.msg_controllen > sizeof(ctl))
		return false;
	control(ctl, m.msg_controllen, &hlim, &dst);
	return ping6_packet(p, p->in, (size_t)n, &from, hlim, &dst);
}

static bool
past_deadline(struct ping6 *p)
{
	return p->deadline_ns > 0 &&
	    ping_clock(p->t) - p->start >= p->deadline_ns;
}

/* Until then, or until the first answer if that is asked for: true. */
static bool
receive(struct ping6 *p, int64_t until, bool stop_at_answer)
{
	if (p->deadline_ns > 0 && until > p->start + p->deadline_ns)
		until = p->start + p->deadline_ns;
	/* Whoever sends to us all the time does not keep us from sending. */
	for (bool first = true;; first = false) {
		struct pollfd pfd = { .fd = p->sock, .events = POLLIN };
		int64_t left = until - ping_clock(p->t);
		int ms = left <= 0 ? 0 : (int)((left + 999999) / 1000000), ready;

		if (t_interrupted(p->t))
			return true;
		if (left <= 0 && !first)
			return false;
		if (t_siginfo_take(p->t))
			ping6_summary(p);
		t_flush(p->t->t_out);
		ready = sys_poll(p->t, &pfd, 1, ms > 1000 ? 1000 : ms);
		if (ready < 0 && ready != -EINTR)
			t_fail(p->t, 1, ready, "poll");
		if (ready <= 0) {
			if (ping_clock(p->t) >= until)
				return false;
			continue;
		}
		if (take(p) && stop_at_answer)
			return true;
	}
}

static void
run(struct ping6 *p)
{
	for (long i = 0; i < p->preload; i++)
		send_request(p);
	while (!t_interrupted(p->t) && !past_deadline(p)) {
		send_request(p);
		if (p->count > 0 && p->sent >= (uint64_t)p->count)
			break;
		while (receive(
		    p, p->lastsent + p->interval_ns, p->flood || p->once)) {
			if (t_interrupted(p->t) || (p->once && p->received > 0))
				return;
			if (p->flood)
				break;
		}
	}
	while (!t_interrupted(p->t) && !past_deadline(p) &&
	    !(p->received >= p->sent)) {
		int64_t wait = p->maxwait_ns;

		if (wait == 0)
			wait = p->received > 0 ?
			    (2 * p->tmax > NS ? 2 * p->tmax : NS) :
			    10 * NS;
		if (!receive(p, p->lastsent + wait, true))
			break;
	}
}

int
ping6_main(struct tool *t, int argc, char **argv)
{
	struct ping6 *p = t_calloc(t, 1, sizeof(*p));
	struct timespec ts = { 0, 0 };
	char from[80], to[80];
	int c, hops;

	p->t = t;
	p->datalen = 8;
	p->hoplimit = -1;
	while ((c = t_getopt(t, argc, argv,
		    "a:b:c:dfHg:h:I:i:l:mnNop:P:qRS:s:tvwWx:X:")) != -1)
		parse_option(p, c, t->t_opt.optarg);
	hops = argc - t->t_opt.optind - 1;
	argv += t->t_opt.optind;
	if (hops < 0)
		usage(t);
	if (p->flood && p->interval_ns != 0)
		t_errx(t, 1, "-f and -i incompatible options");
	if (p->interval_ns == 0)
		p->interval_ns = p->flood ? NS / 100 : NS;
	(void)iflist_get(t, &p->ifs);
	p->host = argv[hops];
	if (p->hostgroup) {
		p->to.sin6_len = sizeof(p->to);
		p->to.sin6_family = AF_INET6;
		ping6_hostgroup(p->host, p->to.sin6_addr.__u6_addr.__u6_addr8);
		p->host = t_strdup(t, in6_text(&p->to, p->ifs, to));
	} else
		resolve(p, p->host, &p->to);
	(void)sys_clock_gettime(t, CLOCK_REALTIME, &ts);
	p->ident = (uint16_t)(sys_getpid(t) ^ ts.tv_nsec >> 4);
	for (size_t i = 0; i < sizeof(p->nonce); i++)
		p->nonce[i] = (uint8_t)(ts.tv_nsec >> (i * 3) ^ p->ident);
	open_socket(p, hops, argv);
	p->out = t_malloc(t, ECHO_HDR + MAXDATA + 64);
	p->in = t_malloc(t, ECHO_HDR + MAXDATA + 64);
	t_catch_interrupt(t);
	if (p->haspattern) {
		t_printf(t, "PATTERN: 0x");
		for (size_t i = 0; i < p->padlen; i++)
			t_printf(t, "%02x", p->pad[i]);
		t_printf(t, "\n");
	}
	t_printf(t, "PING6(%zu=40+8+%zu bytes) %s --> %s\n", 48 + payload(p),
	    payload(p), in6_text(&p->from, p->ifs, from),
	    in6_text(&p->to, p->ifs, to));
	t_flush(t->t_out);
	p->start = ping_clock(p->t);
	run(p);
	ping6_summary(p);
	return p->received > 0 ? 0 : 1;
}
