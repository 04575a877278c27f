/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netstat: what a kernel's network is doing. Everything comes from sysctl, as with NetBSD's -X; the memory of a kernel is out of a
 * tool's reach. Displays are those of the manual page netstat(1).
 */
#include "netstat.h"
#include "route/rtprint.h"
#include <stdio.h>
#include <stdlib.h>

struct protocol {
	const char *name;
	int af;
	bool sockets; /* has a list of them */
	bool stats;   /* has counters */
	bool perif;   /* has counters of interfaces */
};
/* In the order of the displays. */
static const struct protocol protocols[] = {
	{ "ip", AF_INET, false, true, false },
	{ "icmp", AF_INET, false, true, false },
	{ "igmp", AF_INET, false, true, false },
	{ "tcp", AF_INET, true, true, false },
	{ "udp", AF_INET, true, true, false },
	{ "carp", AF_INET, false, true, false },
	{ "ip6", AF_INET6, false, true, true },
	{ "icmp6", AF_INET6, false, true, true },
	{ "tcp6", AF_INET6, true, false, false },
	{ "udp6", AF_INET6, true, true, false },
	{ "pim6", AF_INET6, false, true, false },
	{ "rip6", AF_INET6, false, true, false },
	{ "arp", AF_ARP, false, true, false },
	{ NULL, 0, false, false, false },
};

static _Noreturn void
usage(struct tool *t)
{
	const char *p = t->t_progname;

	t_eprintf(t,
	    "usage: %s [-Aan] [-f address_family[,family ...]] [-M core] "
	    "[-N system]\n"
	    "       %s [-bdghiLmnqrSsTtv] [-f address_family[,family ...]] "
	    "[-M core] [-N system]\n"
	    "       %s [-dn] [-I interface] [-M core] [-N system] [-w wait]\n"
	    "       %s [-M core] [-N system] [-p protocol]\n"
	    "       %s [-is] [-f address_family[,family ...]] [-I interface] "
	    "[-p protocol]\n"
	    "       %s [-s] -B [-I interface]\n"
	    "       %s [-M core] [-N system] [-P pcbaddr]\n",
	    p, p, p, p, p, p, p);
	t_exit(t, 1);
}

static uint32_t
families(struct tool *t, const char *list)
{
	static const struct {
		const char *name;
		int af;
	} names[] = { { "inet", AF_INET }, { "inet6", AF_INET6 },
		{ "arp", AF_ARP }, { "local", AF_LOCAL }, { "unix", AF_LOCAL },
		{ "ns", AF_NS }, { "pup", AF_PUP }, { "atalk", AF_APPLETALK },
		{ "mpls", AF_MPLS } };
	uint32_t set = 0;
	size_t len, i;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		for (i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (strlen(names[i].name) == len &&
			    strncmp(names[i].name, list, len) == 0)
				break;
		if (i == sizeof(names) / sizeof(*names))
			t_errx(t, 1, "%.*s: unknown address family", (int)len,
			    list);
		if (names[i].af < 32)
			set |= FAMILY_BIT(names[i].af);
		if (list[len] == '\0')
			return set;
	}
}

static unsigned
seconds(struct tool *t, const char *s)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end != '\0' || v == 0 || v > 1000000)
		t_errx(t, 1, "%s: bad interval", s);
	return (unsigned)v;
}

/* The counters of a protocol, of the stack or of interfaces. */
static void
stats(struct netstat *ns, const struct protocol *p)
{
	const struct if_entry *e;

	if (!ns->iflag) {
		if (p->af == AF_INET6)
			stats_inet6(ns, p->name);
		else
			stats_inet(ns, p->name);
		return;
	}
	for (e = ns->ifs; p->perif && e != NULL; e = e->next)
		if (ns->ifname == NULL || strcmp(ns->ifname, e->name) == 0)
			stats_interface6(ns, p->name, e->name);
}

static void
protocol_stats(struct netstat *ns, const char *name)
{
	const struct protocol *p = protocols;

	while (p->name != NULL && strcmp(p->name, name) != 0)
		p++;
	if (p->name == NULL)
		t_errx(ns->t, 1, "%s: unknown or uninstrumented protocol", name);
	if (ns->iflag && !p->perif)
		t_printf(ns->t, "%s: no per-interface stats routine\n", name);
	else if (!p->stats)
		t_printf(ns->t, "%s: no stats routine\n", name);
	else
		stats(ns, p);
}

/* -i with -s: counters of the protocols that have them for each interface. */
static void
interface_stats(struct netstat *ns)
{
	const struct protocol *p;

	for (p = protocols; p->name != NULL; p++)
		if ((ns->families & FAMILY_BIT(p->af)) != 0)
			stats(ns, p);
}

static void
all_protocols(struct netstat *ns)
{
	const struct protocol *p;

	for (p = protocols; p->name != NULL; p++) {
		if ((ns->families & FAMILY_BIT(p->af)) == 0)
			continue;
		if (ns->sflag != 0 && p->stats)
			stats(ns, p);
		else if (ns->sflag == 0 && p->sockets)
			sockets_inet(ns, p->name);
	}
	if (ns->sflag == 0 && (ns->families & FAMILY_BIT(AF_LOCAL)) != 0)
		sockets_local(ns);
}

static void
routes(struct netstat *ns)
{
	static const int order[] = { AF_INET, AF_INET6 };
	struct rtprint r = { .t = ns->t,
		.numeric = ns->nflag,
		.tags = ns->Tflag,
		.neighbours = !ns->Lflag,
		.verbose = ns->vflag,
		.all_flags = true,
		.ifs = ns->ifs };
	int error = 0;
	size_t i;

	if (ns->families == FAMILY_ALL)
		error = rtprint_table(&r, AF_UNSPEC);
	for (i = 0; ns->families != FAMILY_ALL && i < 2 && error == 0; i++)
		if ((ns->families & FAMILY_BIT(order[i])) != 0)
			error = rtprint_table(&r, order[i]);
	if (error != 0)
		t_fail(ns->t, 1, error, "sysctl");
}

struct request {
	bool B, g, m, q, r;
	const char *protocol;
	bool pcb;
	uint64_t address;
};

static void
option(struct netstat *ns, struct request *rq, int c)
{
	const char *arg = ns->t->t_opt.optarg;
	char *end;

	switch (c) {
	case 'f':
		ns->families = families(ns->t, arg);
		break;
	case 'I':
		ns->iflag = true;
		ns->ifname = arg;
		break;
	case 'M':
		t_errx(ns->t, 1, "%s: cannot read a kernel's memory", arg);
	case 'P':
		rq->pcb = true;
		rq->address = strtoull(arg, &end, 16);
		if (*arg == '\0' || *end != '\0')
			t_errx(ns->t, 1, "%s: invalid address", arg);
		break;
	case 'p':
		rq->protocol = arg;
		break;
	case 'w':
		ns->interval = seconds(ns->t, arg);
		ns->iflag = true;
		break;
	default:
		usage(ns->t);
	}
}

static bool
flag(struct netstat *ns, struct request *rq, int c)
{
	const struct {
		char letter;
		bool *set;
	} flags[] = { { 'A', &ns->Aflag }, { 'a', &ns->aflag }, { 'B', &rq->B },
		{ 'b', &ns->bflag }, { 'd', &ns->dflag }, { 'g', &rq->g },
		{ 'h', &ns->hflag }, { 'i', &ns->iflag }, { 'L', &ns->Lflag },
		{ 'm', &rq->m }, { 'n', &ns->nflag }, { 'q', &rq->q },
		{ 'r', &rq->r }, { 'S', &ns->Sflag }, { 'T', &ns->Tflag },
		{ 't', &ns->tflag }, { 'v', &ns->vflag } };

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (flags[i].letter == c) {
			*flags[i].set = true;
			return true;
		}
	if (c == 's')
		ns->sflag++;
	else if (c == 'u')
		ns->families = FAMILY_BIT(AF_LOCAL);
	/* Everything is read through sysctl, and nothing by a kernel's symbols. */
	return c == 's' || c == 'u' || c == 'X' || c == 'N';
}

static int
show(struct netstat *ns, const struct request *rq)
{
	int error;

	if (rq->pcb)
		return sockets_one(ns, rq->address);
	if (rq->m) {
		mbufs_show(ns);
		return 0;
	}
	if ((error = iflist_get(ns->t, &ns->ifs)) != 0 && (ns->iflag || rq->r))
		t_fail(ns->t, 1, error, "sysctl");
	if (rq->B && ns->sflag != 0)
		bpf_stats_show(ns);
	else if (rq->B)
		bpf_show(ns);
	else if (rq->protocol != NULL)
		protocol_stats(ns, rq->protocol);
	else if (rq->q)
		queues_show(ns);
	else if (ns->interval != 0)
		interfaces_watch(ns);
	else if (ns->iflag && ns->sflag != 0)
		interface_stats(ns);
	else if (ns->iflag)
		interfaces_show(ns);
	else if (rq->r && ns->sflag != 0)
		routes_stats(ns);
	else if (rq->r)
		routes(ns);
	else if (rq->g)
		multicast_show(ns);
	else
		all_protocols(ns);
	return 0;
}

int
netstat_main(struct tool *t, int argc, char **argv)
{
	struct netstat ns = { .t = t, .families = FAMILY_ALL };
	struct request rq = { 0 };
	int c;

	while ((c = t_getopt(
		    t, argc, argv, "AaBbdf:ghI:iLM:mN:nP:p:qrSsTtuvw:X")) != -1)
		if (!flag(&ns, &rq, c))
			option(&ns, &rq, c);
	argv += t->t_opt.optind;
	argc -= t->t_opt.optind;
	/* As it was before options: an interval, and files of a kernel. */
	if (argc > 3 || (argc > 0 && (argv[0][0] < '0' || argv[0][0] > '9')))
		usage(t);
	if (argc > 0) {
		ns.interval = seconds(t, argv[0]);
		ns.iflag = true;
	}
	return show(&ns, &rq);
}
