/* SPDX-License-Identifier: BSD-2-Clause */
/* arp(8): the table of IPv4 neighbours. */
#include "nbmsg.h"
#include <netbsd/time.h>
#include <stdlib.h>

#define MAXFILE (16u << 20)    /* bytes that a file of entries may have */
#define TEMP_SECONDS (20 * 60) /* how long a temporary entry lives */

struct arp {
	struct tool *t;
	bool all, delete, file, numeric, set, verbose;
	struct if_entry *ifs;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "Usage: arp [-n] hostname\n"
	    "\t      arp [-nv] -a\n"
	    "\t      arp [-v] -d [-a|hostname [pub [proxy]]]\n"
	    "       arp -s hostname ether_addr [temp] [pub [proxy]]\n"
	    "       arp -f filename\n");
	t_exit(t, 1);
}

static bool
host_address(struct arp *a, const char *host, union any_addr *out)
{
	memset(out, 0, sizeof(*out));
	out->in.sin_len = sizeof(out->in);
	out->in.sin_family = AF_INET;
	if (t_inet_aton(host, &out->in.sin_addr.s_addr) ||
	    t_host_by_name(a->t, host, AF_INET, &out->in.sin_addr.s_addr))
		return true;
	t_warnx(a->t, "%s: Unknown host", host);
	return false;
}

static void
print(struct arp *a, const struct neighbour *n)
{
	const struct if_entry *e = iflist_index(a->ifs, n->index);
	const char *host = NULL;
	char addr[16], link[64];

	t_inet_ntop4(n->addr.in.sin_addr.s_addr, addr);
	if (!a->numeric)
		host = t_host_by_addr(a->t, AF_INET, &n->addr.in.sin_addr);
	t_printf(a->t, "%s (%s) at %s", host != NULL ? host : "?", addr,
	    link_text(&n->link, link)[0] != '\0' ? link : "(incomplete)");
	if (e != NULL)
		t_printf(a->t, " on %s", e->name);
	if (n->expire == 0)
		t_printf(a->t, " permanent");
	if (n->proxy)
		t_printf(a->t, " published (proxy only)");
	t_putc(a->t, '\n');
}

static struct neighbour *
table(struct arp *a)
{
	struct neighbour *list;
	int error;

	error = neighbours_get(a->t, AF_INET, &list);
	if (error != 0)
		t_fail(a->t, 1, error, "Unable to get the ARP table");
	if (iflist_get(a->t, &a->ifs) != 0)
		a->ifs = NULL;
	return list;
}

static int
show_host(struct arp *a, const char *host)
{
	const struct neighbour *n;
	union any_addr addr;
	char buf[16];
	bool found = false;

	if (!host_address(a, host, &addr))
		return 1;
	for (n = table(a); n != NULL; n = n->next)
		if (n->addr.in.sin_addr.s_addr == addr.in.sin_addr.s_addr) {
			print(a, n);
			found = true;
		}
	if (!found)
		t_warnx(a->t, "%s (%s) -- no entry", host,
		    t_inet_ntop4(addr.in.sin_addr.s_addr, buf));
	return !found;
}

/* The interface of a host: 0, or it has been said why not. */
static int
find_interface(struct arp *a, const char *host, const union any_addr *addr,
    struct sockaddr_dl *link, bool say)
{
	bool written;
	int error = neighbour_interface(a->t, addr, link, &written);

	if (error == -EADDRNOTAVAIL && written) {
		t_warnx(a->t,
		    say ? "cannot intuit interface index and type for %s" :
			  "cannot locate %s",
		    host);
		return error;
	}
	if (error != 0 && !written)
		t_warn(a->t, error, "writing to routing socket");
	else if (error != 0)
		t_warn(a->t, error, "read from routing socket");
	if (error != 0 && say)
		t_warn(a->t, error, "%s", host);
	return error;
}

static int
delete_one(struct arp *a, const char *host, const union any_addr *addr)
{
	struct sockaddr_dl link;
	struct nbmsg m;
	char buf[16];
	int error;

	if (find_interface(a, host, addr, &link, false) != 0)
		return 1;
	nbmsg_begin(&m, RTM_DELETE, RTF_LLDATA | RTF_HOST | RTF_STATIC);
	nbmsg_add(&m, RTA_DST, addr);
	nbmsg_add(&m, RTA_GATEWAY, &link);
	error = nbmsg_send(a->t, &m);
	if (error != 0) {
		t_warn(a->t, error, "writing to routing socket");
		return 1;
	}
	if (a->verbose)
		t_printf(a->t, "%s (%s) deleted\n", host,
		    t_inet_ntop4(addr->in.sin_addr.s_addr, buf));
	return 0;
}

static void
delete_all(struct arp *a)
{
	const struct neighbour *n;
	const char *host;
	char buf[16];

	for (n = table(a); n != NULL; n = n->next) {
		t_inet_ntop4(n->addr.in.sin_addr.s_addr, buf);
		host = a->numeric ?
		    NULL :
		    t_host_by_addr(a->t, AF_INET, &n->addr.in.sin_addr);
		delete_one(a, host != NULL ? host : buf, &n->addr);
	}
}

/*
 * What is published is for those who ask on a network: not where the address
 * itself is one of ours, but another interface of its network.
 */
static void
publishing_interface(
    struct arp *a, const union any_addr *addr, struct sockaddr_dl *link)
{
	uint32_t dst = addr->in.sin_addr.s_addr;
	const struct if_entry *e, *other = NULL;
	const struct ifa_entry *i;
	bool ours = false;

	if (iflist_get(a->t, &a->ifs) != 0)
		return;
	for (e = a->ifs; e != NULL; e = e->next)
		for (i = e->addrs; i != NULL; i = i->next) {
			if (i->addr.sa.sa_family != AF_INET)
				continue;
			if (i->addr.in.sin_addr.s_addr == dst)
				ours = true;
			else if (e->index != link->sdl_index &&
			    (e->flags & IFF_BROADCAST) != 0 && other == NULL &&
			    ((i->addr.in.sin_addr.s_addr ^ dst) &
				i->mask.in.sin_addr.s_addr) == 0)
				other = e;
		}
	if (!ours || other == NULL)
		return;
	link->sdl_index = (uint16_t)other->index;
	link->sdl_addr.dl_type = other->link.dl.sdl_addr.dl_type;
}

/* host ether_addr [temp] [pub [proxy]]; other words are passed over. 0, or a failure that the exit status tells. */
static int
set_one(struct arp *a, int argc, char **argv)
{
	bool pub = false, temp = false;
	struct timespec now = { 0, 0 };
	struct sockaddr_dl link, iface;
	union any_addr addr;
	struct nbmsg m;
	int error, i;

	if (!host_address(a, argv[0], &addr))
		return 1;
	if (!link_parse(argv[1], &link)) {
		t_warnx(a->t, "invalid link-level address '%s'", argv[1]);
		return 0;
	}
	for (i = 2; i < argc; i++) {
		temp |= strncmp(argv[i], "temp", 4) == 0;
		pub |= strncmp(argv[i], "pub", 3) == 0;
	}
	if (find_interface(a, argv[0], &addr, &iface, true) != 0)
		return 1;
	if (pub)
		publishing_interface(a, &addr, &iface);
	link.sdl_index = iface.sdl_index;
	link.sdl_addr.dl_type = iface.sdl_addr.dl_type;
	nbmsg_begin(&m, RTM_ADD,
	    RTF_HOST | RTF_STATIC | RTF_LLDATA | (pub ? RTF_ANNOUNCE : 0));
	m.hdr.rtm_inits = RTV_EXPIRE;
	if (temp && sys_clock_gettime(a->t, CLOCK_REALTIME, &now) == 0)
		m.hdr.rtm_rmx.rmx_expire = now.tv_sec + TEMP_SECONDS;
	nbmsg_add(&m, RTA_DST, &addr);
	nbmsg_add(&m, RTA_GATEWAY, &link);
	error = nbmsg_send(a->t, &m);
	if (error != 0)
		t_warn(a->t, error, "writing to routing socket");
	return error != 0;
}

static int
set_file(struct arp *a, const char *path)
{
	char *text, *line, *next, *argv[5];
	int status = 0, argc, fd;
	size_t len = 0, size = 4096;
	ssize_t n;

	fd = sys_open(a->t, path, O_RDONLY, 0);
	if (fd < 0)
		t_fail(a->t, 1, fd, "Cannot open %s", path);
	text = t_malloc(a->t, size);
	while ((n = sys_read(a->t, fd, text + len, size - len - 1)) > 0) {
		len += (size_t)n;
		if (len > MAXFILE)
			t_fail(a->t, 1, EFBIG, "%s", path);
		if (size - len == 1)
			text = t_realloc(a->t, text, size *= 2);
	}
	sys_close(a->t, fd);
	text[len] = '\0';
	for (line = text; *line != '\0'; line = next) {
		char *s = line, *copy;

		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		copy = t_strdup(a->t, line);
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
			t_warnx(a->t, "bad line: %s", copy);
			status = 1;
		} else if (set_one(a, argc, argv) != 0)
			status = 1;
	}
	return status;
}

int
arp_main(struct tool *t, int argc, char **argv)
{
	struct arp a;
	union any_addr addr;
	const struct neighbour *n;
	int c;

	memset(&a, 0, sizeof(a));
	a.t = t;
	while ((c = t_getopt(t, argc, argv, "adfnsv")) != -1)
		switch (c) {
		case 'a':
			a.all = true;
			break;
		case 'd':
			a.delete = true;
			break;
		case 'f':
			a.file = true;
			break;
		case 'n':
			a.numeric = true;
			break;
		case 's':
			a.set = true;
			break;
		case 'v':
			a.verbose = true;
			break;
		default:
			usage(t);
		}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (a.delete + a.file + a.set > 1 || (a.all && (a.file || a.set)))
		usage(t);
	if (a.all && argc > 0)
		usage(t);
	if (a.all && a.delete) {
		delete_all(&a);
		return 0;
	}
	if (a.all) {
		for (n = table(&a); n != NULL; n = n->next)
			print(&a, n);
		return 0;
	}
	if (argc == 0)
		usage(t);
	if (a.delete) {
		/* That there was none is no failure. */
		if (host_address(&a, argv[0], &addr))
			delete_one(&a, argv[0], &addr);
		return 0;
	}
	if (a.file)
		return argc == 1 ? set_file(&a, argv[0]) : (usage(t), 1);
	if (a.set)
		return argc >= 2 ? set_one(&a, argc, argv) : (usage(t), 1);
	if (argc != 1)
		usage(t);
	return show_host(&a, argv[0]);
}
