/* SPDX-License-Identifier: BSD-2-Clause */
/* ifconfig(8): options, lists, and the order of things. */
#include "ifconfig.h"
#include <stdio.h>

void
ifconfig_usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: ifconfig [-h] [-m] [-v] [-z] [-L] interface\n"
	    "\t[ af [ address [ dest_addr ] ] [ netmask mask ] [ prefixlen n "
	    "]\n"
	    "\t\t[ alias | -alias ] ]\n"
	    "\t[ up ] [ down ] [ metric n ] [ mtu n ]\n"
	    "\t[ advbase n ] [ advskew n ] [ carpdev iface ] "
	    "[ pass passphrase ] [ state state ] [ vhid n ]\n"
	    "\t[ anycast | -anycast ] [ deprecated | -deprecated ]\n"
	    "\t[ pltime n ] [ vltime n ] [ eui64 ]\n"
	    "\t[ agrport i ] [ -agrport i ]\n"
	    "\t[ nwid network_id ] [ nwkey network_key | -nwkey ]\n"
	    "\t[ list scan ]\n"
	    "\t[ powersave | -powersave ] [ powersavesleep duration ]\n"
	    "\t[ hidessid | -hidessid ] [ apbridge | -apbridge ]\n"
	    "\t[ media type ] [ mediaopt opts ] [ -mediaopt opts ] "
	    "[ instance minst ]\n"
	    "\t[ [ af ] tunnel src_addr dest_addr ] [ deletetunnel ]\n"
	    "\t[ vlan n vlanif i ] [ -vlanif i ]\n"
	    "\t[ maxupd n ] [ syncdev iface ] [syncpeer peer_addr]\n"
	    "\t[ arp | -arp ]\n"
	    "\t[ preference n ]\n"
	    "\t[ link0 | -link0 ] [ link1 | -link1 ] [ link2 | -link2 ]\n"
	    "       ifconfig -a [-b] [-d] [-h] [-m] [-u] [-v] [-z] [ af ]\n"
	    "       ifconfig -l [-b] [-d] [-s] [-u]\n"
	    "       ifconfig -C\n"
	    "       ifconfig -w n\n"
	    "       ifconfig interface create\n"
	    "       ifconfig interface destroy\n");
	t_exit(t, 1);
}

int
ifconfig_socket(struct ifconfig *ic, int af)
{
	if (af == AF_UNSPEC)
		af = AF_INET;
	if (ic->socks[af] < 0)
		ic->socks[af] = sys_socket(ic->t, af, SOCK_DGRAM, 0);
	return ic->socks[af];
}

int
ifconfig_ioctl(struct ifconfig *ic, unsigned long com, void *data)
{
	int s = ifconfig_socket(ic, AF_INET);

	return s < 0 ? s : sys_ioctl(ic->t, s, com, data);
}

const struct if_entry *
ifconfig_list(struct ifconfig *ic)
{
	if (!ic->have_ifs && iflist_get(ic->t, &ic->ifs) != 0)
		ic->ifs = NULL;
	ic->have_ifs = true;
	return ic->ifs;
}

void
ifconfig_name(const struct ifconfig *ic, char name[IFNAMSIZ])
{
	/* The name is shorter, as checked when it was read. */
	snprintf(name, IFNAMSIZ, "%s", ic->ifname);
}

int
ifconfig_getflags(struct ifconfig *ic, int *flags)
{
	struct ifreq ifr;
	int error;

	memset(&ifr, 0, sizeof(ifr));
	ifconfig_name(ic, ifr.ifr_name);
	error = ifconfig_ioctl(ic, SIOCGIFFLAGS, &ifr);
	*flags = (uint16_t)ifr.ifr_ifru.ifru_flags;
	return error;
}

static void
list_cloners(struct ifconfig *ic)
{
	int s = ifconfig_socket(ic, AF_INET), i, error;
	struct if_clonereq req;
	char *names;

	memset(&req, 0, sizeof(req));
	/* Without a socket the first request says what is wrong. */
	error = sys_ioctl(ic->t, s < 0 ? -1 : s, SIOCIFGCLONERS, &req);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCIFGCLONERS for count");
	if (req.ifcr_total < 0 || req.ifcr_total > 65536)
		t_fail(ic->t, 1, EIO, "SIOCIFGCLONERS for count");
	req.ifcr_count = req.ifcr_total;
	names = t_calloc(ic->t, (size_t)req.ifcr_total + 1, IFNAMSIZ);
	req.ifcr_buffer = names;
	error = sys_ioctl(ic->t, s, SIOCIFGCLONERS, &req);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCIFGCLONERS for names");
	if (req.ifcr_total < req.ifcr_count)
		req.ifcr_count = req.ifcr_total < 0 ? 0 : req.ifcr_total;
	for (i = 0; i < req.ifcr_count; i++)
		t_printf(ic->t, "%s%.*s", i != 0 ? " " : "", IFNAMSIZ - 1,
		    names + (size_t)i * IFNAMSIZ);
	t_putc(ic->t, '\n');
}

static bool
chosen(struct ifconfig *ic, const struct if_entry *e)
{
	if ((ic->broadcast && (e->flags & IFF_BROADCAST) == 0) ||
	    (ic->down && (e->flags & IFF_UP) != 0) ||
	    (ic->up && (e->flags & IFF_UP) == 0))
		return false;
	return !ic->silent || media_carrier(ic, e->name);
}

/* -l and -a */
static void
show_all(struct ifconfig *ic)
{
	const struct if_entry *e;
	const char *sep = "";
	int error;

	error = iflist_get(ic->t, &ic->ifs);
	if (error != 0)
		t_fail(ic->t, 1, error, "getifaddrs");
	ic->have_ifs = true;
	for (e = ic->ifs; e != NULL; e = e->next) {
		if (!chosen(ic, e))
			continue;
		if (ic->list) {
			t_printf(ic->t, "%s%s", sep, e->name);
			sep = " ";
			continue;
		}
		ic->ifname = e->name;
		status_show(ic, e, e->flags);
	}
	if (ic->list)
		t_putc(ic->t, '\n');
}

static void
show_one(struct ifconfig *ic)
{
	const struct if_entry *e;
	int flags, error;

	error = ifconfig_getflags(ic, &flags);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCGIFFLAGS %s", ic->ifname);
	if (ic->silent) {
		ic->status = !media_carrier(ic, ic->ifname);
		return;
	}
	e = iflist_name(ifconfig_list(ic), ic->ifname);
	if (e == NULL)
		t_fail(ic->t, 1, ENXIO, "%s", ic->ifname);
	status_show(ic, e, flags);
}

/* Until no address is tentative, for that many seconds; 0: however long it takes. */
static void
wait_addresses(struct ifconfig *ic)
{
	const struct timespec nap = { 0, 50000000 };
	struct timespec now, end;

	if (sys_clock_gettime(ic->t, CLOCK_MONOTONIC, &end) != 0)
		return;
	end.tv_sec += ic->wait;
	while (status_tentative(ic)) {
		if (ic->wait > 0 &&
		    (sys_clock_gettime(ic->t, CLOCK_MONOTONIC, &now) != 0 ||
			now.tv_sec > end.tv_sec ||
			(now.tv_sec == end.tv_sec &&
			    now.tv_nsec >= end.tv_nsec))) {
			ic->status = 1;
			return;
		}
		if (sys_nanosleep(ic->t, &nap) < 0)
			return;
	}
}

static void
read_options(struct ifconfig *ic, int argc, char **argv)
{
	int c;

	while ((c = t_getopt(ic->t, argc, argv, "AabCdhLlmNsuvw:z")) != -1)
		switch (c) {
		case 'A':
		case 'a':
			ic->all = true;
			break;
		case 'b':
			ic->broadcast = true;
			break;
		case 'C':
			ic->cloners = true;
			break;
		case 'd':
			ic->down = true;
			break;
		case 'h':
			ic->human = true;
			break;
		case 'L':
			ic->lifetimes = true;
			break;
		case 'l':
			ic->list = true;
			break;
		case 'm':
			ic->media = true;
			break;
		case 'N':
			ic->names = true;
			break;
		case 's':
			ic->silent = true;
			break;
		case 'u':
			ic->up = true;
			break;
		case 'v':
			ic->verbose = true;
			break;
		case 'w':
			if (!word_number(
				ic->t->t_opt.optarg, 0, INT32_MAX, &ic->wait))
				ifconfig_usage(ic->t);
			break;
		case 'z':
			ic->zero = ic->verbose = true;
			break;
		default:
			ifconfig_usage(ic->t);
		}
}

/* What excludes each other. */
static void
check_options(struct ifconfig *ic, int argc)
{
	bool show = ic->human || ic->lifetimes || ic->media || ic->verbose,
	     choose = ic->broadcast || ic->down || ic->up;

	if (ic->cloners &&
	    (ic->all || ic->list || ic->silent || choose || show || argc > 0))
		ifconfig_usage(ic->t);
	if (ic->list && (ic->all || show || argc > 0))
		ifconfig_usage(ic->t);
	if (ic->all && argc > 1)
		ifconfig_usage(ic->t);
	if (ic->wait >= 0 &&
	    (ic->all || ic->list || ic->cloners || ic->silent || choose ||
		show || argc > 0))
		ifconfig_usage(ic->t);
	if (!ic->all && !ic->list && choose)
		ifconfig_usage(ic->t);
}

int
ifconfig_main(struct tool *t, int argc, char **argv)
{
	struct ifconfig *ic = t_calloc(t, 1, sizeof(*ic));
	int i;

	ic->t = t;
	ic->wait = ic->pltime = ic->vltime = ic->vlan_tag = -1;
	ic->addr.prefixlen = ic->dst.prefixlen = -1;
	for (i = 0; i < AF_MAX; i++)
		ic->socks[i] = -1;
	read_options(ic, argc, argv);
	if (argc == 1)
		ic->all = true;
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	check_options(ic, argc);
	if (ic->cloners) {
		list_cloners(ic);
		return 0;
	}
	if (ic->wait >= 0) {
		wait_addresses(ic);
		return ic->status;
	}
	if (ic->all || ic->list) {
		if (argc == 1 && !words_family(argv[0], &ic->af))
			ifconfig_usage(t);
		show_all(ic);
		return ic->status;
	}
	if (argc == 0 || strlen(argv[0]) >= IFNAMSIZ)
		ifconfig_usage(t);
	ic->ifname = argv[0];
	/* A family of ifconfig's, but of no kernel's here. */
	if (argc == 2 && strcmp(argv[1], "atalk") == 0)
		t_fail(t, 1, EAFNOSUPPORT, "socket");
	if (!words_read(ic, argv + 1))
		ifconfig_usage(t);
	if (argv[1] == NULL ||
	    (argv[2] == NULL && ic->nactions == 0 && words_family(argv[1], &i))) {
		show_one(ic);
		return ic->status;
	}
	words_run(ic);
	address_commit(ic);
	return ic->status;
}
