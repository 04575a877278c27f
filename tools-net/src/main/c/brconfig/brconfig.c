/* SPDX-License-Identifier: BSD-2-Clause */
/* brconfig(8): bridges, by the requests that if_bridge's driver-specific ioctls carry. */
#include "iflist.h"
#include <netbsd/if_bridgevar.h>
#include <netbsd/sockio.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct brconfig {
	struct tool *t;
	int s;
	char name[IFNAMSIZ];
};

struct command {
	const char *name;
	int args;
	void (*run)(struct brconfig *, const struct command *, char **argv);
	int64_t arg; /* a request, or a flag */
	int64_t max; /* of its number */
};

static _Noreturn void
usage(struct tool *t)
{
	static const char *const lines[] = { "up|down", "addr",
		"add <interface>", "delete <interface>", "maxaddr <size>",
		"timeout <time>", "static <interface> <address>",
		"deladdr <address>", "flush", "flushall", "ipf|-ipf",
		"discover|-discover <interface>", "learn|-learn <interface>",
		"stp|-stp <interface>", "maxage <time>", "fwddelay <time>",
		"hellotime <time>", "priority <value>",
		"ifpriority <interface> <value>",
		"ifpathcost <interface> <value>" };
	size_t i;

	t_eprintf(t, "usage: brconfig -a\n       brconfig <bridge>\n");
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		t_eprintf(t, "       brconfig <bridge> %s\n", lines[i]);
	t_exit(t, 1);
}

static int
request(struct brconfig *b, unsigned long cmd, void *data, size_t len, bool set)
{
	struct ifdrv ifd;

	memset(&ifd, 0, sizeof(ifd));
	memcpy(ifd.ifd_name, b->name, sizeof(ifd.ifd_name));
	ifd.ifd_cmd = cmd;
	ifd.ifd_len = len;
	ifd.ifd_data = data;
	return sys_ioctl(b->t, b->s, set ? SIOCSDRVSPEC : SIOCGDRVSPEC, &ifd);
}

static bool
is_bridge(struct brconfig *b)
{
	struct ifbrparam param;

	memset(&param, 0, sizeof(param));
	return request(b, BRDGGCACHE, &param, sizeof(param), false) >= 0;
}

static uint32_t
param(struct brconfig *b, unsigned long cmd, size_t width)
{
	struct ifbrparam p;
	int error;

	memset(&p, 0, sizeof(p));
	error = request(b, cmd, &p, sizeof(p), false);
	if (error < 0)
		t_fail(b->t, 1, error, "%s", b->name);
	return width == 1 ? p.ifbrp_ifbrpu.ifbrpu_int8 :
	    width == 2	  ? p.ifbrp_ifbrpu.ifbrpu_int16 :
			    p.ifbrp_ifbrpu.ifbrpu_int32;
}

/* --- showing --- */

static void
print_bits(struct tool *t, uint32_t bits, const char *const *names, int n)
{
	const char *sep = "";
	int i;

	t_printf(t, "%" PRIx32 "<", bits);
	for (i = 0; i < n; i++)
		if ((bits >> i & 1) != 0 && names[i] != NULL) {
			t_printf(t, "%s%s", sep, names[i]);
			sep = ",";
		}
	t_putc(t, '>');
}

/* A list of things of that size, however many there are. The count. */
static size_t
get_list(struct brconfig *b, unsigned long cmd, size_t size, void **out)
{
	struct ifbifconf conf; /* of the same form as struct ifbaconf */
	uint32_t len = 8192;
	int error;

	for (;; len *= 2) {
		memset(&conf, 0, sizeof(conf));
		*out = t_calloc(b->t, 1, len);
		conf.ifbic_len = len;
		conf.ifbic_ifbicu.ifbicu_buf = *out;
		error = request(b, cmd, &conf, sizeof(conf), false);
		if (error < 0)
			t_fail(b->t, 1, error, "unable to get %s",
			    cmd == BRDGGIFS ? "interfaces" : "address cache");
		if (conf.ifbic_len + size < len)
			return conf.ifbic_len / size;
		t_free(b->t, *out);
		if (len >= 1u << 24)
			t_fail(b->t, 1, ENOMEM, "unable to get a list");
	}
}

static void
show_members(struct brconfig *b, const char *indent)
{
	static const char *const flags[] = { "LEARNING", "DISCOVER", "STP" };
	static const char *const states[] = { "disabled", "listening",
		"learning", "forwarding", "blocking" };
	struct ifbreq *m;
	size_t n, i;
	void *list;

	n = get_list(b, BRDGGIFS, sizeof(*m), &list);
	for (m = list, i = 0; i < n; i++, m++) {
		t_printf(
		    b->t, "%s%.*s flags=", indent, IFNAMSIZ, m->ifbr_ifsname);
		print_bits(b->t, m->ifbr_ifsflags, flags, 3);
		t_printf(b->t, "\n%s\tport %u priority %u", indent,
		    m->ifbr_portno, m->ifbr_priority);
		if ((m->ifbr_ifsflags & IFBIF_STP) != 0) {
			t_printf(b->t, " path cost %u", m->ifbr_path_cost);
			if (m->ifbr_state <= BSTP_IFSTATE_BLOCKING)
				t_printf(b->t, " %s", states[m->ifbr_state]);
			else
				t_printf(
				    b->t, " <unknown state %u>", m->ifbr_state);
		}
		t_putc(b->t, '\n');
	}
}

static void
show_cache(struct brconfig *b, const char *indent)
{
	static const char *const flags[] = { "STATIC" };
	struct ifbareq *a;
	size_t n, i;
	void *list;

	n = get_list(b, BRDGRTS, sizeof(*a), &list);
	for (a = list, i = 0; i < n; i++, a++) {
		const uint8_t *d = a->ifba_dst;

		t_printf(b->t,
		    "%s%02x:%02x:%02x:%02x:%02x:%02x %.*s %" PRId64 " flags=",
		    indent, d[0], d[1], d[2], d[3], d[4], d[5], IFNAMSIZ,
		    a->ifba_ifsname, (int64_t)a->ifba_expire);
		print_bits(b->t, a->ifba_flags, flags, 1);
		t_putc(b->t, '\n');
	}
}

static void
show(struct brconfig *b)
{
	static const char *const names[16] = { "UP", "BROADCAST", "DEBUG",
		"LOOPBACK", "POINTOPOINT", "NOTRAILERS", "RUNNING", "NOARP",
		"PROMISC", "ALLMULTI", "OACTIVE", "SIMPLEX", "LINK0", "LINK1",
		"LINK2", "MULTICAST" };
	struct ifbrparam filter;
	struct ifreq ifr;
	uint32_t f;
	int error;

	memset(&ifr, 0, sizeof(ifr));
	memcpy(ifr.ifr_name, b->name, sizeof(ifr.ifr_name));
	error = sys_ioctl(b->t, b->s, SIOCGIFFLAGS, &ifr);
	if (error < 0)
		t_fail(b->t, 1, error, "unable to get flags");
	t_printf(b->t, "%s: flags=", b->name);
	print_bits(b->t, (uint16_t)ifr.ifr_ifru.ifru_flags, names, 16);
	t_printf(b->t,
	    "\n\tConfiguration:\n\t\tpriority %u hellotime %u fwddelay %u "
	    "maxage %u\n",
	    (unsigned)param(b, BRDGGPRI, 2), (unsigned)param(b, BRDGGHT, 1),
	    (unsigned)param(b, BRDGGFD, 1), (unsigned)param(b, BRDGGMA, 1));
	memset(&filter, 0, sizeof(filter));
	if (request(b, BRDGGFILT, &filter, sizeof(filter), false) >= 0) {
		f = filter.ifbrp_ifbrpu.ifbrpu_int32;
		t_printf(b->t, "\t\tipfilter %s flags 0x%" PRIx32 "\n",
		    (f & IFBF_FILT_USEIPF) != 0 ? "enabled" : "disabled", f);
	}
	t_printf(b->t, "\tInterfaces:\n");
	show_members(b, "\t\t");
	t_printf(b->t, "\tAddress cache (max cache: %u, timeout: %u):\n",
	    (unsigned)param(b, BRDGGCACHE, 4), (unsigned)param(b, BRDGGTO, 4));
	show_cache(b, "\t\t");
}

static void
show_all(struct brconfig *b)
{
	struct if_entry *e;
	int error;

	error = iflist_get(b->t, &e);
	if (error != 0)
		t_fail(b->t, 1, error, "getifaddrs");
	for (; e != NULL; e = e->next) {
		memcpy(b->name, e->name, sizeof(b->name));
		if (is_bridge(b))
			show(b);
	}
}

/* --- the commands --- */

/* A number, as strtoul(3) reads it. */
static uint32_t
number(struct brconfig *b, const char *s, int64_t max)
{
	const char *p = s;
	char *end;
	unsigned long long v;

	if (*p < '0' || *p > '9')
		t_errx(b->t, 1, "invalid value: %s", s);
	v = strtoull(p, &end, 0);
	if (*end != '\0' || v > (unsigned long long)max)
		t_errx(b->t, 1, "invalid value: %s", s);
	return (uint32_t)v;
}

static void
member_name(struct ifbreq *req, const char *name)
{
	memset(req, 0, sizeof(*req));
	/* A longer one is the name of no interface either. */
	snprintf(req->ifbr_ifsname, sizeof(req->ifbr_ifsname), "%s", name);
}

static void
run_flag(struct brconfig *b, const struct command *c, char **argv)
{
	struct ifreq ifr;
	int error, flags;

	(void)argv;
	memset(&ifr, 0, sizeof(ifr));
	memcpy(ifr.ifr_name, b->name, sizeof(ifr.ifr_name));
	error = sys_ioctl(b->t, b->s, SIOCGIFFLAGS, &ifr);
	if (error < 0)
		t_fail(b->t, 1, error, "unable to get flags");
	flags = ifr.ifr_ifru.ifru_flags;
	flags = c->arg != 0 ? flags | IFF_UP : flags & ~IFF_UP;
	ifr.ifr_ifru.ifru_flags = (short)flags;
	error = sys_ioctl(b->t, b->s, SIOCSIFFLAGS, &ifr);
	if (error < 0)
		t_fail(b->t, 1, error, "unable to set flags");
}

static void
run_addr(struct brconfig *b, const struct command *c, char **argv)
{
	(void)c;
	(void)argv;
	show_cache(b, "");
}

/* add and delete */
static void
run_member(struct brconfig *b, const struct command *c, char **argv)
{
	struct ifbreq req;
	int error;

	member_name(&req, argv[0]);
	error = request(b, (unsigned long)c->arg, &req, sizeof(req), true);
	if (error < 0)
		t_fail(b->t, 1, error, "%s %s", c->name, argv[0]);
}

/* discover, learn, stp; a negative flag clears */
static void
run_memberflag(struct brconfig *b, const struct command *c, char **argv)
{
	struct ifbreq req;
	int error;

	member_name(&req, argv[0]);
	error = request(b, BRDGGIFFLGS, &req, sizeof(req), false);
	if (error < 0)
		t_fail(b->t, 1, error, "unable to get bridge flags");
	if (c->arg < 0)
		req.ifbr_ifsflags &= ~(uint32_t)-c->arg;
	else
		req.ifbr_ifsflags |= (uint32_t)c->arg;
	error = request(b, BRDGSIFFLGS, &req, sizeof(req), true);
	if (error < 0)
		t_fail(b->t, 1, error, "unable to set bridge flags");
}

/* ifpriority and ifpathcost */
static void
run_membervalue(struct brconfig *b, const struct command *c, char **argv)
{
	struct ifbreq req;
	uint32_t v = number(b, argv[1], c->max);
	int error;

	member_name(&req, argv[0]);
	if (c->arg == BRDGSIFPRIO)
		req.ifbr_priority = (uint8_t)v;
	else
		req.ifbr_path_cost = (uint8_t)v;
	error = request(b, (unsigned long)c->arg, &req, sizeof(req), true);
	if (error < 0)
		t_fail(b->t, 1, error, "%s %s %s", c->name, argv[0], argv[1]);
}

static void
run_param(struct brconfig *b, const struct command *c, char **argv)
{
	uint32_t v = number(b, argv[0], c->max);
	struct ifbrparam p;
	int error;

	memset(&p, 0, sizeof(p));
	if (c->max == UINT8_MAX)
		p.ifbrp_ifbrpu.ifbrpu_int8 = (uint8_t)v;
	else if (c->max == UINT16_MAX)
		p.ifbrp_ifbrpu.ifbrpu_int16 = (uint16_t)v;
	else
		p.ifbrp_ifbrpu.ifbrpu_int32 = v;
	error = request(b, (unsigned long)c->arg, &p, sizeof(p), true);
	if (error < 0)
		t_fail(b->t, 1, error, "%s %s", c->name, argv[0]);
}

static void
hardware_address(struct brconfig *b, const char *s, uint8_t dst[6])
{
	struct sockaddr_dl dl;

	if (!link_parse(s, &dl) || dl.sdl_addr.dl_alen != 6)
		t_errx(b->t, 1, "%s: invalid address", s);
	memcpy(dst, dl.sdl_addr.dl_data, 6);
}

static void
run_static(struct brconfig *b, const struct command *c, char **argv)
{
	struct ifbareq req;
	int error;

	memset(&req, 0, sizeof(req));
	snprintf(req.ifba_ifsname, sizeof(req.ifba_ifsname), "%s", argv[0]);
	hardware_address(b, argv[1], req.ifba_dst);
	req.ifba_flags = IFBAF_STATIC;
	error = request(b, BRDGSADDR, &req, sizeof(req), true);
	if (error < 0)
		t_fail(b->t, 1, error, "%s %s %s", c->name, argv[0], argv[1]);
}

static void
run_deladdr(struct brconfig *b, const struct command *c, char **argv)
{
	struct ifbareq req;
	int error;

	memset(&req, 0, sizeof(req));
	hardware_address(b, argv[0], req.ifba_dst);
	error = request(b, BRDGDADDR, &req, sizeof(req), true);
	if (error < 0)
		t_fail(b->t, 1, error, "%s %s", c->name, argv[0]);
}

static void
run_flush(struct brconfig *b, const struct command *c, char **argv)
{
	struct ifbreq req;
	int error;

	(void)argv;
	memset(&req, 0, sizeof(req));
	req.ifbr_ifsflags = (uint32_t)c->arg;
	error = request(b, BRDGFLUSH, &req, sizeof(req), true);
	if (error < 0)
		t_fail(b->t, 1, error, "%s", c->name);
}

static void
run_filter(struct brconfig *b, const struct command *c, char **argv)
{
	struct ifbrparam p;
	uint32_t f = param(b, BRDGGFILT, 4);
	int error;

	(void)argv;
	memset(&p, 0, sizeof(p));
	p.ifbrp_ifbrpu.ifbrpu_int32 = c->arg != 0 ?
	    f | IFBF_FILT_USEIPF :
	    f & ~(uint32_t)IFBF_FILT_USEIPF;
	error = request(b, BRDGSFILT, &p, sizeof(p), true);
	if (error < 0)
		t_fail(b->t, 1, error, "%s", c->name);
}

static const struct command commands[] = {
	{ "up", 0, run_flag, 1, 0 },
	{ "down", 0, run_flag, 0, 0 },
	{ "addr", 0, run_addr, 0, 0 },
	{ "add", 1, run_member, BRDGADD, 0 },
	{ "delete", 1, run_member, BRDGDEL, 0 },
	{ "discover", 1, run_memberflag, IFBIF_DISCOVER, 0 },
	{ "-discover", 1, run_memberflag, -IFBIF_DISCOVER, 0 },
	{ "learn", 1, run_memberflag, IFBIF_LEARNING, 0 },
	{ "-learn", 1, run_memberflag, -IFBIF_LEARNING, 0 },
	{ "stp", 1, run_memberflag, IFBIF_STP, 0 },
	{ "-stp", 1, run_memberflag, -IFBIF_STP, 0 },
	{ "flush", 0, run_flush, IFBF_FLUSHDYN, 0 },
	{ "flushall", 0, run_flush, IFBF_FLUSHALL, 0 },
	{ "static", 2, run_static, 0, 0 },
	{ "deladdr", 1, run_deladdr, 0, 0 },
	{ "ipf", 0, run_filter, 1, 0 },
	{ "-ipf", 0, run_filter, 0, 0 },
	{ "maxaddr", 1, run_param, BRDGSCACHE, UINT32_MAX },
	{ "timeout", 1, run_param, BRDGSTO, UINT32_MAX },
	{ "priority", 1, run_param, BRDGSPRI, UINT16_MAX },
	{ "hellotime", 1, run_param, BRDGSHT, UINT8_MAX },
	{ "fwddelay", 1, run_param, BRDGSFD, UINT8_MAX },
	{ "maxage", 1, run_param, BRDGSMA, UINT8_MAX },
	{ "ifpriority", 2, run_membervalue, BRDGSIFPRIO, UINT8_MAX },
	{ "ifpathcost", 2, run_membervalue, BRDGSIFCOST, UINT8_MAX },
};

static void
run(struct brconfig *b, int argc, char **argv)
{
	const struct command *c;
	size_t i;

	for (; argc > 0; argc -= 1 + c->args, argv += 1 + c->args) {
		c = NULL;
		for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
			if (strcmp(commands[i].name, argv[0]) == 0)
				c = &commands[i];
		if (c == NULL)
			t_errx(b->t, 1, "unknown command: %s", argv[0]);
		if (argc - 1 < c->args)
			t_errx(b->t, 1, "command %s requires %d argument%s",
			    c->name, c->args, c->args == 1 ? "" : "s");
		c->run(b, c, argv + 1);
	}
}

int
brconfig_main(struct tool *t, int argc, char **argv)
{
	struct brconfig b;
	bool all = false;
	int c;

	memset(&b, 0, sizeof(b));
	b.t = t;
	/* Words like -ipf stand behind the bridge, so options end there. */
	while ((c = t_getopt(t, argc, argv, "a")) != -1) {
		if (c != 'a')
			usage(t);
		all = true;
	}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (all ? argc != 0 : argc == 0)
		usage(t);
	b.s = sys_socket(t, AF_INET, SOCK_DGRAM, 0);
	if (b.s < 0)
		t_fail(t, 1, b.s, "socket");
	if (all) {
		show_all(&b);
		return 0;
	}
	if (strlen(argv[0]) < IFNAMSIZ)
		snprintf(b.name, sizeof(b.name), "%s", argv[0]);
	if (!is_bridge(&b))
		t_errx(t, 1, "%s is not a bridge", argv[0]);
	if (argc == 1)
		show(&b);
	else
		run(&b, argc - 1, argv + 1);
	return 0;
}
