/* SPDX-License-Identifier: BSD-2-Clause */
/* ndp(8): the table of IPv6 neighbours. */
#include "ndp.h"
#include <inttypes.h>
#include <stdio.h>

#define MAXFILE (16u << 20) /* bytes that a file of entries may have */
#define TEMP_SECONDS (20 * 60)
#define W_ADDR 36
#define W_LINK 17
#define W_IF 6

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "Usage: ndp [-nt] hostname\n"
	    "       ndp [-nt] -a | -c | -p | -r | -H | -P | -R\n"
	    "       ndp [-nt] -A wait\n"
	    "       ndp [-nt] -d hostname\n"
	    "       ndp [-nt] -f filename\n"
	    "       ndp [-nt] -i interface [flags...]\n"
	    "       ndp [-nt] -I [interface|delete]\n"
	    "       ndp [-nt] -s nodename etheraddr [temp] [proxy]\n");
	t_exit(t, 1);
}

char *
ndp_span(int64_t seconds, char out[48])
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' } };
	bool begun = false;
	size_t i;

	out[0] = '\0';
	for (i = 0; i < 3; i++) {
		if (begun || seconds >= units[i].seconds) {
			snprintf(out + strlen(out), 48 - strlen(out),
			    "%" PRId64 "%c", seconds / units[i].seconds,
			    units[i].unit);
			begun = true;
		}
		seconds %= units[i].seconds;
	}
	snprintf(out + strlen(out), 48 - strlen(out), "%" PRId64 "s", seconds);
	return out;
}

int64_t
ndp_now(struct ndp *n)
{
	struct timespec now;

	return sys_clock_gettime(n->t, CLOCK_REALTIME, &now) == 0 ? now.tv_sec :
								    0;
}

int
ndp_ioctl(struct ndp *n, unsigned long com, void *data)
{
	int s = sys_socket(n->t, AF_INET6, SOCK_DGRAM, 0), error;

	if (s < 0)
		t_fail(n->t, 1, s, "socket");
	error = sys_ioctl(n->t, s, com, data);
	sys_close(n->t, s);
	return error;
}

bool
ndp_state(struct ndp *n, const struct sockaddr_in6 *sin6, unsigned ifindex,
    struct in6_nbrinfo *nbi)
{
	const struct if_entry *e = iflist_index(n->ifs, ifindex);

	if (e == NULL)
		return false;
	memset(nbi, 0, sizeof(*nbi));
	memcpy(nbi->ifname, e->name, sizeof(nbi->ifname));
	nbi->addr = sin6->sin6_addr;
	return ndp_ioctl(n, SIOCGNBRINFO_IN6, nbi) >= 0;
}

char *
ndp_host(struct ndp *n, const struct sockaddr_in6 *sin6, char out[80])
{
	const char *name = NULL;

	if (!n->numeric)
		name = t_host_by_addr(n->t, AF_INET6, &sin6->sin6_addr);
	if (name == NULL)
		return in6_text(sin6, n->ifs, out);
	snprintf(out, 80, "%s", name);
	return out;
}

/* As it is in the kernel, a zone inside: messages show it so. */
static char *
raw_text(const struct sockaddr_in6 *sin6, char out[46])
{
	uint8_t b[16];

	memcpy(b, &sin6->sin6_addr, sizeof(b));
	if (sin6->sin6_scope_id != 0) {
		b[2] = (uint8_t)(sin6->sin6_scope_id >> 8);
		b[3] = (uint8_t)sin6->sin6_scope_id;
	}
	return t_inet_ntop6(b, out);
}

static bool
host_address(struct ndp *n, const char *host, union any_addr *out)
{
	memset(out, 0, sizeof(*out));
	if (in6_parse(host, n->ifs, &out->in6) ||
	    t_host_by_name(
		n->t, host, AF_INET6, out->in6.sin6_addr.__u6_addr.__u6_addr8))
		return true;
	t_warnx(n->t, "%s: hostname nor servname provided, or not known", host);
	return false;
}

/* --- showing --- */

static void
print_time(struct ndp *n)
{
	struct timespec now;
	struct ttm tm;

	if (!n->stamp || sys_clock_gettime(n->t, CLOCK_REALTIME, &now) != 0)
		return;
	t_localtime(n->t, now.tv_sec, &tm);
	t_printf(n->t, "%02d:%02d:%02d.%06ld ", tm.hour, tm.min, tm.sec,
	    (long)now.tv_nsec / 1000);
}

static void
print_header(struct ndp *n)
{
	print_time(n);
	t_printf(n->t, "%-*.*s %-*.*s %*.*s %-9.9s %1s %5s\n", W_ADDR, W_ADDR,
	    "Neighbor", W_LINK, W_LINK, "Linklayer Address", W_IF, W_IF,
	    "Netif", "Expire", "S", "Flags");
}

static char
state_letter(int state)
{
	switch (state) {
	case ND6_LLINFO_NOSTATE:
		return 'N';
	case ND6_LLINFO_PURGE:
		return 'W';
	case ND6_LLINFO_INCOMPLETE:
		return 'I';
	case ND6_LLINFO_REACHABLE:
		return 'R';
	case ND6_LLINFO_STALE:
		return 'S';
	case ND6_LLINFO_DELAY:
		return 'D';
	case ND6_LLINFO_PROBE:
		return 'P';
	default:
		return '?';
	}
}

static void
print(struct ndp *n, const struct neighbour *e)
{
	const struct if_entry *ifp = iflist_index(n->ifs, e->index);
	char host[80], link[64], span[48], flags[8] = "";
	struct in6_nbrinfo nbi;
	bool known = ndp_state(n, &e->addr.in6, e->index, &nbi);
	int64_t expire = known ? nbi.expire : e->expire, now = ndp_now(n);

	ndp_host(n, &e->addr.in6, host);
	if (link_text(&e->link, link)[0] == '\0')
		snprintf(link, sizeof(link), "(incomplete)");
	print_time(n);
	/* A long address takes room from its neighbour. */
	t_printf(n->t, "%-*s %-*s %*s", W_ADDR, host, W_LINK, link, W_IF,
	    ifp != NULL ? ifp->name : "?");
	if (expire == 0)
		snprintf(span, sizeof(span), "permanent");
	else if (expire > now)
		ndp_span(expire - now, span);
	else
		snprintf(span, sizeof(span), "expired");
	t_printf(n->t, " %-9s %c", span, known ? state_letter(nbi.state) : '?');
	snprintf(flags, sizeof(flags), "%s%s",
	    known && nbi.isrouter != 0 ? "R" : "", e->proxy ? "p" : "");
	t_printf(n->t, " %s", flags);
	if (known && nbi.asked != 0)
		t_printf(n->t, " %ld", (long)nbi.asked);
	t_putc(n->t, '\n');
}

static struct neighbour *
table(struct ndp *n)
{
	struct neighbour *list;
	int error;

	error = neighbours_get(n->t, AF_INET6, &list);
	if (error != 0)
		t_fail(n->t, 1, error, "sysctl(PF_ROUTE estimate)");
	return list;
}

static void
show_all(struct ndp *n)
{
	const struct neighbour *e;

	print_header(n);
	for (e = table(n); e != NULL; e = e->next)
		print(n, e);
}

static int
show_host(struct ndp *n, const char *host)
{
	const struct neighbour *e;
	union any_addr addr;
	bool found = false;
	char buf[80];

	if (!host_address(n, host, &addr))
		return 1;
	print_header(n);
	for (e = table(n); e != NULL; e = e->next)
		if (memcmp(&e->addr.in6.sin6_addr, &addr.in6.sin6_addr, 16) ==
			0 &&
		    addr.in6.sin6_scope_id == e->addr.in6.sin6_scope_id) {
			print(n, e);
			found = true;
		}
	/* What was shown goes first. */
	t_flush(n->t->t_out);
	if (!found)
		t_warnx(n->t, "%s (%s) -- no entry", host,
		    in6_text(&addr.in6, n->ifs, buf));
	return !found;
}

/* --- changing --- */

/* The address as the routing socket wants it. */
static union any_addr
kernel_form(const union any_addr *a)
{
	union any_addr k = *a;
	uint8_t *b = k.in6.sin6_addr.__u6_addr.__u6_addr8;

	if (k.in6.sin6_scope_id != 0) {
		b[2] = (uint8_t)(k.in6.sin6_scope_id >> 8);
		b[3] = (uint8_t)k.in6.sin6_scope_id;
		k.in6.sin6_scope_id = 0;
	}
	return k;
}

static int
find_interface(struct ndp *n, const char *host, const union any_addr *addr,
    struct sockaddr_dl *link, const char *unknown)
{
	bool written;
	int error = neighbour_interface(n->t, addr, link, &written);

	if (error == -EADDRNOTAVAIL && written)
		t_warnx(n->t, "%s %s", unknown, host);
	else if (error != 0)
		t_warn(n->t, error,
		    written ? "read from routing socket" :
			      "writing to routing socket");
	return error;
}

static int
delete_one(struct ndp *n, const char *host, const union any_addr *addr)
{
	union any_addr k = kernel_form(addr);
	struct sockaddr_dl link;
	struct nbmsg m;
	char buf[46];
	int error;

	if (find_interface(n, host, &k, &link, "cannot locate") != 0)
		return 1;
	nbmsg_begin(&m, RTM_DELETE, RTF_LLDATA | RTF_HOST | RTF_STATIC);
	nbmsg_add(&m, RTA_DST, &k);
	nbmsg_add(&m, RTA_GATEWAY, &link);
	error = nbmsg_send(n->t, &m);
	if (error != 0) {
		t_warn(n->t, error, "writing to routing socket");
		return 1;
	}
	t_printf(n->t, "%s (%s) deleted\n", host, raw_text(&addr->in6, buf));
	return 0;
}

static int
delete_all(struct ndp *n)
{
	const struct neighbour *e;
	char host[46];
	int status = 0;

	for (e = table(n); e != NULL; e = e->next)
		status |= delete_one(n, raw_text(&e->addr.in6, host), &e->addr);
	return status;
}

/* nodename etheraddr [temp] [proxy]; 0, or a failure that the exit status tells. */
static int
set_one(struct ndp *n, int argc, char **argv)
{
	bool temp = false, proxy = false;
	struct sockaddr_dl link, iface;
	union any_addr addr, k;
	struct nbmsg m;
	int error, i;

	if (!host_address(n, argv[0], &addr))
		return 1;
	if (!link_parse(argv[1], &link) || link.sdl_addr.dl_alen != 6) {
		t_warnx(n->t, "invalid Ethernet address '%s'", argv[1]);
		return 0;
	}
	for (i = 2; i < argc; i++) {
		temp |= strncmp(argv[i], "temp", 4) == 0;
		proxy |= strncmp(argv[i], "proxy", 5) == 0;
	}
	k = kernel_form(&addr);
	if (find_interface(n, argv[0], &k, &iface,
		"cannot intuit interface index and type for") != 0)
		return 1;
	link.sdl_index = iface.sdl_index;
	link.sdl_addr.dl_type = iface.sdl_addr.dl_type;
	nbmsg_begin(&m, RTM_ADD,
	    RTF_HOST | RTF_STATIC | RTF_LLDATA | (proxy ? RTF_ANNOUNCE : 0));
	if (temp) {
		m.hdr.rtm_inits = RTV_EXPIRE;
		m.hdr.rtm_rmx.rmx_expire = ndp_now(n) + TEMP_SECONDS;
	}
	nbmsg_add(&m, RTA_DST, &k);
	nbmsg_add(&m, RTA_GATEWAY, &link);
	error = nbmsg_send(n->t, &m);
	if (error != 0)
		t_warn(n->t, error, "writing to routing socket");
	return error != 0;
}

static int
set_file(struct ndp *n, const char *path)
{
	char *text, *line, *next, *argv[5];
	int status = 0, argc, fd;
	size_t len = 0, size = 4096;
	ssize_t got;

	fd = sys_open(n->t, path, O_RDONLY, 0);
	if (fd < 0)
		t_fail(n->t, 1, fd, "open: %s", path);
	text = t_malloc(n->t, size);
	while ((got = sys_read(n->t, fd, text + len, size - len - 1)) > 0) {
		len += (size_t)got;
		if (len > MAXFILE)
			t_fail(n->t, 1, EFBIG, "%s", path);
		if (size - len == 1)
			text = t_realloc(n->t, text, size *= 2);
	}
	sys_close(n->t, fd);
	text[len] = '\0';
	for (line = text; *line != '\0'; line = next) {
		char *copy = t_strdup(n->t, line), *s = line;

		next = line + strcspn(line, "\n");
		copy[next - line] = '\0';
		if (*next != '\0')
			*next++ = '\0';
		for (argc = 0; argc < 5;) {
			s += strspn(s, " \t\r");
			if (*s == '\0' || *s == '#')
				break;
			argv[argc++] = s;
			s += strcspn(s, " \t\r");
			if (*s != '\0')
				*s++ = '\0';
		}
		if (argc == 0)
			continue;
		if (argc < 2) {
			t_warnx(n->t, "bad line: %s", copy);
			status = 1;
		} else
			status |= set_one(n, argc, argv);
	}
	return status;
}

/* --- the command line --- */

static int
run(struct ndp *n, int mode, const char *arg, int argc, char **argv)
{
	union any_addr addr;

	switch (mode) {
	case 'a':
		show_all(n);
		return 0;
	case 'A':
		for (;;) {
			struct timespec nap = { (time_t)n->repeat, 0 };

			show_all(n);
			t_putc(n->t, '\n');
			t_flush(n->t->t_out);
			if (sys_nanosleep(n->t, &nap) < 0)
				return 1;
		}
	case 'c':
		return delete_all(n);
	case 'd':
		return !host_address(n, arg, &addr) || delete_one(n, arg, &addr);
	case 'f':
		return set_file(n, arg);
	case 's':
		return argc >= 2 ? set_one(n, argc, argv) : (usage(n->t), 1);
	case 'p':
		return ndp_prefixes(n);
	case 'r':
		return ndp_routers(n);
	case 'H':
		return ndp_flush(n, SIOCSNDFLUSH_IN6, "ioctl(SIOCSNDFLUSH_IN6)");
	case 'P':
		return ndp_flush(
		    n, SIOCSPFXFLUSH_IN6, "ioctl(SIOCSPFXFLUSH_IN6)");
	case 'R':
		return ndp_flush(
		    n, SIOCSRTRFLUSH_IN6, "ioctl(SIOCSRTRFLUSH_IN6)");
	case 'i':
		return ndp_interface(n, arg, argv);
	case 'I':
		return ndp_default(n, argc > 0 ? argv[0] : NULL);
	default:
		return argc == 1 ? show_host(n, argv[0]) : (usage(n->t), 1);
	}
}

int
ndp_main(struct tool *t, int argc, char **argv)
{
	const char *arg = NULL;
	struct if_entry *ifs;
	int c, mode = 0, error;
	struct ndp n;

	memset(&n, 0, sizeof(n));
	n.t = t;
	while ((c = t_getopt(t, argc, argv, "aA:cd:f:HIi:nPpRrst")) != -1)
		switch (c) {
		case 'n':
			n.numeric = true;
			break;
		case 't':
			n.stamp = true;
			break;
		case '?':
			usage(t);
		default:
			if (mode != 0)
				usage(t);
			mode = c;
			arg = t->t_opt.optarg;
			break;
		}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (mode == 'A') {
		n.repeat = arg[0] >= '0' && arg[0] <= '9' ?
		    t_strsuftoll(t, "wait", arg, 0, 86400) :
		    -1;
		if (n.repeat < 0)
			usage(t);
	}
	if (mode != 0 && mode != 's' && mode != 'i' && mode != 'I' && argc > 0)
		usage(t);
	error = iflist_get(t, &ifs);
	n.ifs = error == 0 ? ifs : NULL;
	return run(&n, mode, arg, argc, argv);
}
