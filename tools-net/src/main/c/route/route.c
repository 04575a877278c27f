/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route(8): looks at the routing tables and changes them, by a routing socket.
 * Manual pages route(8) and route(4); messages as recorded.
 */
#include "route.h"
#include <netbsd/sysctl.h>
#include <netbsd/time.h>
#include <stdlib.h>

static _Noreturn void
usage(struct tool *t, const char *keyword)
{
	if (keyword != NULL)
		t_warnx(t, "botched keyword: %s", keyword);
	t_eprintf(t, "Usage: route [-dfLnqSsTtv] cmd [[-<qualifers>] args]\n");
	t_exit(t, 1);
}

const char *
route_error(int error)
{
	switch (error < 0 ? -error : error) {
	case ESRCH:
		return "not in table";
	case EBUSY:
		return "entry in use";
	case ENOBUFS:
		return "routing table overflow";
	default:
		return t_strerror(error);
	}
}

static void
open_socket(struct route_cmd *r)
{
	if (r->test)
		return;
	if ((r->sock = sys_socket(r->t, PF_ROUTE, SOCK_RAW, 0)) < 0)
		t_fail(r->t, 1, r->sock, "socket");
}

/* --- the words of a command --- */

enum word_kind { W_FLAG, W_NOFLAG, W_METRIC, W_ADDR, W_FAMILY, W_OTHER };
enum { O_NET, O_HOST, O_IFACE, O_LOCK, O_LOCKREST, O_PREFIXLEN };
struct word {
	const char *name;
	enum word_kind kind;
	int value;
};
static const struct word words[] = {
	{ "atalk", W_FAMILY, AF_APPLETALK },
	{ "blackhole", W_FLAG, RTF_BLACKHOLE },
	{ "cloned", W_FLAG, 0 },
	{ "cloning", W_FLAG, RTF_CONNECTED },
	{ "connected", W_FLAG, RTF_CONNECTED },
	{ "dst", W_ADDR, RTAX_DST },
	{ "expire", W_METRIC, RTV_EXPIRE },
	{ "gateway", W_ADDR, RTAX_GATEWAY },
	{ "genmask", W_ADDR, RTAX_GENMASK },
	{ "hopcount", W_METRIC, RTV_HOPCOUNT },
	{ "host", W_OTHER, O_HOST },
	{ "iface", W_OTHER, O_IFACE },
	{ "ifa", W_ADDR, RTAX_IFA },
	{ "ifp", W_ADDR, RTAX_IFP },
	{ "inet", W_FAMILY, AF_INET },
	{ "inet6", W_FAMILY, AF_INET6 },
	{ "interface", W_OTHER, O_IFACE },
	{ "link", W_FAMILY, AF_LINK },
	{ "llinfo", W_FLAG, RTF_LLDATA },
	{ "lock", W_OTHER, O_LOCK },
	{ "lockrest", W_OTHER, O_LOCKREST },
	{ "mask", W_ADDR, RTAX_NETMASK },
	{ "mtu", W_METRIC, RTV_MTU },
	{ "net", W_OTHER, O_NET },
	{ "netmask", W_ADDR, RTAX_NETMASK },
	{ "noblackhole", W_NOFLAG, RTF_BLACKHOLE },
	{ "nocloned", W_NOFLAG, 0 },
	{ "nocloning", W_NOFLAG, RTF_CONNECTED },
	{ "noconnected", W_NOFLAG, RTF_CONNECTED },
	{ "noreject", W_NOFLAG, RTF_REJECT },
	{ "nostatic", W_NOFLAG, RTF_STATIC },
	{ "prefixlen", W_OTHER, O_PREFIXLEN },
	{ "proto1", W_FLAG, RTF_PROTO1 },
	{ "proto2", W_FLAG, RTF_PROTO2 },
	{ "proxy", W_FLAG, RTF_ANNOUNCE },
	{ "recvpipe", W_METRIC, RTV_RPIPE },
	{ "reject", W_FLAG, RTF_REJECT },
	{ "rtt", W_METRIC, RTV_RTT },
	{ "rttvar", W_METRIC, RTV_RTTVAR },
	{ "sendpipe", W_METRIC, RTV_SPIPE },
	{ "ssthresh", W_METRIC, RTV_SSTHRESH },
	{ "static", W_FLAG, RTF_STATIC },
	{ "tag", W_ADDR, RTAX_TAG },
	{ "xresolve", W_FLAG, 0 },
	{ NULL, W_OTHER, 0 },
};

static const struct word *
find_word(const char *s)
{
	const struct word *w = words;

	while (w->name != NULL && strcmp(w->name, s) != 0)
		w++;
	return w->name != NULL ? w : NULL;
}

static void
metric(struct route_cmd *r, int which, const char *value)
{
	uint64_t v = strtoull(value, NULL, 0);

	switch (which) {
	case RTV_MTU:
		r->rmx.rmx_mtu = v;
		break;
	case RTV_HOPCOUNT:
		r->rmx.rmx_hopcount = v;
		break;
	case RTV_EXPIRE:
		r->rmx.rmx_expire = (int64_t)v;
		break;
	case RTV_RPIPE:
		r->rmx.rmx_recvpipe = v;
		break;
	case RTV_SPIPE:
		r->rmx.rmx_sendpipe = v;
		break;
	case RTV_SSTHRESH:
		r->rmx.rmx_ssthresh = v;
		break;
	case RTV_RTT:
		r->rmx.rmx_rtt = v;
		break;
	case RTV_RTTVAR:
		r->rmx.rmx_rttvar = v;
		break;
	}
	r->inits |= which;
	if (r->locking || r->lockrest)
		r->locks |= which;
	r->locking = false;
}

static void
other(struct route_cmd *r, int which)
{
	switch (which) {
	case O_NET:
		r->forcenet = true;
		break;
	case O_HOST:
		r->forcehost = true;
		break;
	case O_IFACE:
		r->iface = true;
		break;
	case O_LOCK:
		r->locking = true;
		break;
	case O_LOCKREST:
		r->lockrest = true;
		break;
	}
}

/* A word with a dash; the arguments that it took. */
static int
modifier(struct route_cmd *r, char **argv, int argc)
{
	const struct word *w = find_word(argv[0] + 1);
	bool takes = w != NULL &&
	    (w->kind == W_METRIC || w->kind == W_ADDR ||
		(w->kind == W_OTHER && w->value == O_PREFIXLEN));

	if (w == NULL || (takes && argc < 2))
		usage(r->t, argv[0] + 1);
	switch (w->kind) {
	case W_FLAG:
		r->flags |= w->value;
		r->clear &= ~w->value;
		break;
	case W_NOFLAG:
		r->flags &= ~w->value;
		r->clear |= w->value;
		break;
	case W_METRIC:
		metric(r, w->value, argv[1]);
		break;
	case W_ADDR:
		route_getaddr(r, w->value, argv[1]);
		if (w->value == RTAX_NETMASK)
			r->forcenet = true;
		break;
	case W_FAMILY:
		r->af = w->value;
		break;
	case W_OTHER:
		if (w->value == O_PREFIXLEN)
			route_prefixlen(r, argv[1]);
		else
			other(r, w->value);
		break;
	}
	return takes ? 2 : 1;
}

/* --- messages --- */

static size_t
put_addr(uint8_t *at, const union any_addr *sa)
{
	size_t n = sa->sa.sa_len, room = n == 0 ? 8 : (n + 7) & ~(size_t)7;

	memset(at, 0, room);
	memcpy(at, sa->bytes, n);
	return room;
}

static void
explain_request(struct route_cmd *r)
{
	static const struct {
		int which;
		const char *name;
	} parts[] = { { RTAX_DST, "dst" }, { RTAX_GATEWAY, "gate" },
		{ RTAX_NETMASK, "mask" }, { RTAX_GENMASK, "genmask" },
		{ RTAX_IFP, "ifp" }, { RTAX_IFA, "ifa" }, { RTAX_TAG, "tag" } };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const union any_addr *sa = &r->sa[parts[i].which];
		const char *family = sa->sa.sa_family == AF_INET6 ? "inet6" :
		    sa->sa.sa_family == AF_LINK			  ? "link" :
								    "inet";

		if ((r->addrs & 1 << parts[i].which) == 0)
			continue;
		t_printf(r->t, "soup->so_%s: %s %s; ", parts[i].name, family,
		    sa->sa.sa_family == AF_LINK && sa->dl.sdl_index == 0 &&
			    sa->dl.sdl_addr.dl_nlen == 0 ?
			"" :
			rtprint_addr(&r->print, sa));
	}
	t_putc(r->t, '\n');
}

/* Sends the request. 0 or -errno, told of unless it is to be quiet. */
static int
request(struct route_cmd *r, int cmd, int flags, int *pidp)
{
	uint8_t *msg = t_calloc(
	    r->t, 1, sizeof(struct rt_msghdr) + RTAX_MAX * 264);
	struct rt_msghdr rtm = { 0 };
	size_t n = sizeof(rtm);
	ssize_t done;

	for (int i = 0; i < RTAX_MAX; i++)
		if ((r->addrs & 1 << i) != 0)
			n += put_addr(msg + n, &r->sa[i]);
	rtm.rtm_msglen = (uint16_t)n;
	rtm.rtm_version = RTM_VERSION;
	rtm.rtm_type = (uint8_t)cmd;
	rtm.rtm_flags = flags;
	rtm.rtm_addrs = r->addrs;
	rtm.rtm_seq = ++r->seq;
	rtm.rtm_inits = r->inits;
	rtm.rtm_rmx = r->rmx;
	rtm.rtm_rmx.rmx_locks = (uint64_t)(unsigned)r->locks;
	memcpy(msg, &rtm, sizeof(rtm));
	*pidp = sys_getpid(r->t);
	if (r->verbose) {
		explain_request(r);
		route_print_message(r, msg, n);
	}
	if (r->test)
		return 0;
	done = sys_write(r->t, r->sock, msg, n);
	if (done < 0 && !(r->quiet && (done == -EEXIST || done == -ESRCH)))
		t_warnx(r->t, "writing to routing socket: %s",
		    route_error((int)done));
	return done < 0 ? (int)done : 0;
}

/* --- get --- */

static void
print_metrics(struct route_cmd *r, const struct rt_msghdr *rtm)
{
	const struct rt_metrics *m = &rtm->rtm_rmx;
	struct timespec now = { 0, 0 };
	const struct {
		int64_t value;
		int bit;
	} col[] = { { (int64_t)m->rmx_recvpipe, RTV_RPIPE },
		{ (int64_t)m->rmx_sendpipe, RTV_SPIPE },
		{ (int64_t)m->rmx_ssthresh, RTV_SSTHRESH },
		{ (int64_t)(m->rmx_rtt / 1000), RTV_RTT },
		{ (int64_t)(m->rmx_rttvar / 1000), RTV_RTTVAR },
		{ (int64_t)m->rmx_hopcount, RTV_HOPCOUNT },
		{ (int64_t)m->rmx_mtu, RTV_MTU }, { 0, RTV_EXPIRE } };
	size_t n = sizeof(col) / sizeof(col[0]);

	(void)sys_clock_gettime(r->t, CLOCK_REALTIME, &now);
	t_printf(r->t,
	    " recvpipe  sendpipe  ssthresh  rtt,msec    rttvar  "
	    "hopcount      mtu     expire\n");
	for (size_t i = 0; i < n; i++) {
		int64_t v = col[i].value;

		if (i == n - 1 && m->rmx_expire != 0)
			v = m->rmx_expire - now.tv_sec;
		t_printf(r->t, "%8jd%c%s", (intmax_t)v,
		    (m->rmx_locks & (uint64_t)col[i].bit) != 0 ? 'L' : ' ',
		    i == n - 1 ? "\n" : " ");
	}
}

static void
print_get(struct route_cmd *r, const uint8_t *msg, size_t len)
{
	union any_addr *info = t_calloc(r->t, RTAX_MAX, sizeof(*info));
	const union any_addr *mask = NULL, *gate = NULL, *ifa = NULL,
			     *ifp = NULL;
	struct rt_msghdr rtm;
	struct tool *t = r->t;

	memcpy(&rtm, msg, sizeof(rtm));
	if (!rt_addresses(msg + sizeof(rtm), msg + len, rtm.rtm_addrs, info)) {
		t_warnx(t, "message length mismatch, in packet %d, returned %zu",
		    rtm.rtm_msglen, len);
		return;
	}
	if ((rtm.rtm_addrs & 1 << RTAX_NETMASK) != 0) {
		mask = &info[RTAX_NETMASK];
		/* A mask has the family of what it is for. */
		info[RTAX_NETMASK].sa.sa_family = info[RTAX_DST].sa.sa_family;
	}
	if ((rtm.rtm_addrs & 1 << RTAX_GATEWAY) != 0 &&
	    (rtm.rtm_flags & RTF_GATEWAY) != 0)
		gate = &info[RTAX_GATEWAY];
	if ((rtm.rtm_addrs & 1 << RTAX_IFA) != 0)
		ifa = &info[RTAX_IFA];
	if ((rtm.rtm_addrs & 1 << RTAX_IFP) != 0)
		ifp = &info[RTAX_IFP];
	if (r->brief) {
		if (gate != NULL)
			t_printf(t, "%s\n", rtprint_addr(&r->print, gate));
		else if (ifp != NULL)
			t_printf(t, "%.*s\n", (int)ifp->dl.sdl_addr.dl_nlen,
			    ifp->dl.sdl_addr.dl_data);
		return;
	}
	t_printf(
	    t, "   route to: %s\n", rtprint_addr(&r->print, &r->sa[RTAX_DST]));
	t_printf(
	    t, "destination: %s\n", rtprint_addr(&r->print, &info[RTAX_DST]));
	if (mask != NULL)
		t_printf(t, "       mask: %s\n",
		    mask->sa.sa_len == 0 ? "default" :
					   rtprint_addr(&r->print, mask));
	if (gate != NULL)
		t_printf(t, "    gateway: %s\n", rtprint_addr(&r->print, gate));
	if (ifa != NULL)
		t_printf(t, " local addr: %s\n", rtprint_addr(&r->print, ifa));
	if (ifp != NULL && ifp->sa.sa_family == AF_LINK)
		t_printf(t, "  interface: %.*s\n",
		    (int)ifp->dl.sdl_addr.dl_nlen, ifp->dl.sdl_addr.dl_data);
	t_printf(
	    t, "      flags: %s\n", rtprint_flags(&r->print, rtm.rtm_flags));
	print_metrics(r, &rtm);
	if (r->verbose) {
		t_printf(t, "\nlocks: none inits: none");
		route_print_addrs(r, msg, sizeof(rtm), len, rtm.rtm_addrs);
	}
}

static void
read_answer(struct route_cmd *r, int pid)
{
	uint8_t *buf = t_malloc(r->t, 4096);
	struct rt_msghdr rtm;

	for (;;) {
		ssize_t n = sys_read(r->t, r->sock, buf, 4096);

		if (n < 0)
			t_fail(r->t, 1, (int)n, "read from routing socket");
		if ((size_t)n < sizeof(rtm))
			continue;
		memcpy(&rtm, buf, sizeof(rtm));
		if (rtm.rtm_version == RTM_VERSION && rtm.rtm_type == RTM_GET &&
		    rtm.rtm_seq == r->seq && rtm.rtm_pid == pid) {
			print_get(r, buf, (size_t)n);
			return;
		}
	}
}

/* --- add, change, delete, get --- */

static int
change(struct route_cmd *r, int cmd, const char *name, int argc, char **argv)
{
	int flags, pid, error, operands = 0;

	for (int i = 0; i < argc;) {
		if (argv[i][0] == '-' && argv[i][1] != '\0') {
			i += modifier(r, argv + i, argc - i);
			continue;
		}
		if (operands == 0)
			route_getaddr(r, RTAX_DST, argv[i]);
		else if (operands == 1)
			route_getaddr(r, RTAX_GATEWAY, argv[i]);
		else
			route_getaddr(r, RTAX_NETMASK, argv[i]);
		operands++;
		i++;
	}
	if ((r->addrs & 1 << RTAX_DST) == 0)
		t_errx(r->t, 1, "missing destination specification");
	if (cmd == RTM_ADD && (r->addrs & 1 << RTAX_GATEWAY) == 0)
		t_errx(r->t, 1, "missing gateway specification");
	if (r->forcehost)
		r->isnet = false;
	else if (r->forcenet)
		r->isnet = true;
	if (!r->isnet)
		r->addrs &= ~(1 << RTAX_NETMASK);
	flags = RTF_UP | (r->isnet ? 0 : RTF_HOST) |
	    (r->iface ? 0 : RTF_GATEWAY) | RTF_STATIC;
	flags = (flags | r->flags) & ~r->clear;
	if (cmd == RTM_GET && (r->addrs & 1 << RTAX_IFP) == 0) {
		r->sa[RTAX_IFP].dl.sdl_len = sizeof(struct sockaddr_dl);
		r->sa[RTAX_IFP].dl.sdl_family = AF_LINK;
		r->addrs |= 1 << RTAX_IFP;
	}
	error = request(r, cmd, flags, &pid);
	if (cmd == RTM_GET) {
		if (error == 0 && !r->test)
			read_answer(r, pid);
		return error != 0;
	}
	if (!r->quiet) {
		t_printf(
		    r->t, "%s %s %s", name, r->isnet ? "net" : "host", r->dest);
		if (r->gateway != NULL)
			t_printf(r->t, ": gateway %s", r->gateway);
		if (error != 0)
			t_printf(r->t, ": %s", route_error(error));
		t_putc(r->t, '\n');
	}
	return error != 0;
}

/* --- flush, show, monitor --- */

static int
family_word(struct route_cmd *r, int argc, char **argv)
{
	const struct word *w;

	if (argc == 0)
		return AF_UNSPEC;
	w = argv[0][0] == '-' ? find_word(argv[0] + 1) : NULL;
	if (argc > 1 || w == NULL || w->kind != W_FAMILY || w->value == AF_LINK)
		usage(r->t, argv[0]);
	return w->value;
}

static int
flush(struct route_cmd *r, int af, bool all)
{
	union any_addr *info = t_calloc(r->t, RTAX_MAX, sizeof(*info));
	void *buf;
	size_t len;
	int error = rt_sysctl(r->t, af, NET_RT_DUMP, 0, &buf, &len);

	if (error != 0)
		t_fail(r->t, 1, error, "route-sysctl-estimate");
	for (size_t at = 0; at + sizeof(struct rt_msghdr) <= len;) {
		uint8_t *p = (uint8_t *)buf + at;
		struct rt_msghdr rtm;
		ssize_t done;

		memcpy(&rtm, p, sizeof(rtm));
		if (rtm.rtm_msglen < sizeof(rtm) || rtm.rtm_msglen > len - at)
			break;
		at += rtm.rtm_msglen;
		if ((!all && (rtm.rtm_flags & RTF_GATEWAY) == 0) ||
		    !rt_addresses(p + sizeof(rtm), p + rtm.rtm_msglen,
			rtm.rtm_addrs, info) ||
		    (af != AF_UNSPEC && info[RTAX_DST].sa.sa_family != af))
			continue;
		rtm.rtm_type = RTM_DELETE;
		rtm.rtm_seq = ++r->seq;
		memcpy(p, &rtm, sizeof(rtm));
		done = r->test ? 0 : sys_write(r->t, r->sock, p, rtm.rtm_msglen);
		if (done < 0)
			t_fail(r->t, 1, (int)done, "writing to routing socket");
		if (!r->quiet)
			t_printf(r->t, "%-20.20s %-20.20s done\n",
			    (rtm.rtm_flags & RTF_HOST) != 0 ?
				rtprint_addr(&r->print, &info[RTAX_DST]) :
				rtprint_net(&r->print, &info[RTAX_DST],
				    &info[RTAX_NETMASK]),
			    rtprint_addr(&r->print, &info[RTAX_GATEWAY]));
	}
	return 0;
}

static int
monitor(struct route_cmd *r, int argc, char **argv)
{
	unsigned long count = 0, seen = 0;
	uint8_t *buf = t_malloc(r->t, 4096);
	struct timespec now;
	char date[32], *end = NULL;

	if (argc == 2 && strcmp(argv[0], "-c") == 0)
		count = strtoul(argv[1], &end, 10);
	if (argc != 0 &&
	    (end == NULL || end == argv[1] || *end != '\0' || count == 0))
		usage(r->t, argv[0]);
	do {
		ssize_t n = sys_read(r->t, r->sock, buf, 4096);

		if (n < 0)
			t_fail(r->t, 1, (int)n, "read from routing socket");
		(void)sys_clock_gettime(r->t, CLOCK_REALTIME, &now);
		t_printf(r->t, "got message of size %zd on %s", n,
		    t_ctime(r->t, now.tv_sec, date));
		route_print_message(r, buf, (size_t)n);
		t_flush(r->t->t_out);
	} while (count == 0 || ++seen < count);
	return 0;
}

static void
parse_options(struct route_cmd *r, int argc, char **argv)
{
	int c;

	while ((c = t_getopt(r->t, argc, argv, "dfLnqSsTtv")) != -1)
		switch (c) {
		case 'd':
			r->debug = true;
			break;
		case 'f':
			r->flush = true;
			break;
		case 'L':
			r->print.neighbours = false;
			break;
		case 'n':
			r->print.numeric = true;
			break;
		case 'q':
			r->quiet = true;
			break;
		case 'S':
			/* Flags stand close together all the same, as recorded. */
			break;
		case 's':
			r->brief = true;
			break;
		case 'T':
			r->print.tags = true;
			break;
		case 't':
			r->test = true;
			break;
		case 'v':
			r->verbose = true;
			break;
		default:
			usage(r->t, NULL);
		}
}

int
route_main(struct tool *t, int argc, char **argv)
{
	static const struct {
		const char *name;
		int cmd;
	} changes[] = { { "add", RTM_ADD }, { "change", RTM_CHANGE },
		{ "delete", RTM_DELETE }, { "get", RTM_GET } };
	struct route_cmd *r = t_calloc(t, 1, sizeof(*r));
	const char *cmd;
	int error;

	r->t = r->print.t = t;
	parse_options(r, argc, argv);
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc == 0)
		usage(t, NULL);
	cmd = argv[0];
	argc--, argv++;
	if ((error = iflist_get(t, &r->print.ifs)) != 0)
		r->print.ifs = NULL;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (strcmp(cmd, changes[i].name) == 0) {
			open_socket(r);
			if (r->flush)
				(void)flush(r, AF_UNSPEC, false);
			return change(r, changes[i].cmd, cmd, argc, argv);
		}
	if (strcmp(cmd, "flush") == 0 || strcmp(cmd, "flushall") == 0) {
		int af = family_word(r, argc, argv);

		open_socket(r);
		return flush(r, af, cmd[5] != '\0');
	}
	if (strcmp(cmd, "show") == 0) {
		if ((error = rtprint_table(
			 &r->print, family_word(r, argc, argv))) != 0)
			t_fail(t, 1, error, "sysctl of routing table");
		return 0;
	}
	if (strcmp(cmd, "monitor") == 0) {
		open_socket(r);
		return monitor(r, argc, argv);
	}
	usage(t, cmd);
}
