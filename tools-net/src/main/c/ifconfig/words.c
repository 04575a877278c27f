/* SPDX-License-Identifier: BSD-2-Clause */
/* The words behind the interface's name: the general ones, and how a line of them is read and done. */
#include "ifconfig.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

bool
word_number(const char *s, int64_t min, int64_t max, int64_t *out)
{
	const char *p = s + (*s == '-' || *s == '+');
	uint64_t v = 0, limit = INT64_MAX;

	if (*p == '\0')
		return false;
	for (; *p != '\0'; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (digit > 9 || v > (limit - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = *s == '-' ? -(int64_t)v : (int64_t)v;
	return *out >= min && *out <= max;
}

bool
words_family(const char *s, int *af)
{
	static const struct {
		const char *name;
		int af;
	} families[] = { { "inet", AF_INET }, { "inet6", AF_INET6 },
		{ "link", AF_LINK } };
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strcmp(s, families[i].name) == 0) {
			*af = families[i].af;
			return true;
		}
	return false;
}

/* What a word that fails says: it ends the tool. */
static _Noreturn void
failed(struct ifconfig *ic, int error)
{
	t_fail(ic->t, 1, error, "exec_matches");
}

/* --- flags; a negative argument clears --- */

static void
run_flag(struct ifconfig *ic, const struct action *a)
{
	int bits = (int)a->word->arg, flags, error;
	struct ifreq ifr;

	error = ifconfig_getflags(ic, &flags);
	if (error < 0)
		failed(ic, error);
	flags = bits < 0 ? flags & ~-bits : flags | bits;
	memset(&ifr, 0, sizeof(ifr));
	ifconfig_name(ic, ifr.ifr_name);
	ifr.ifr_ifru.ifru_flags = (short)flags;
	error = ifconfig_ioctl(ic, SIOCSIFFLAGS, &ifr);
	if (error < 0)
		failed(ic, error);
}

static void
run_trailers(struct ifconfig *ic, const struct action *a)
{
	(void)a;
	t_printf(
	    ic->t, "Note: trailers are no longer sent, but always received\n");
}

static void
run_clone(struct ifconfig *ic, const struct action *a)
{
	struct ifreq ifr;
	int error;

	error = ifconfig_socket(ic, AF_INET);
	if (error < 0)
		t_fail(ic->t, 1, error, "getsock");
	memset(&ifr, 0, sizeof(ifr));
	ifconfig_name(ic, ifr.ifr_name);
	error = ifconfig_ioctl(
	    ic, a->word->arg != 0 ? SIOCIFCREATE : SIOCIFDESTROY, &ifr);
	if (error >= 0)
		return;
	t_warn(ic->t, error, "clone_command");
	failed(ic, error);
}

/* --- numbers --- */

static bool
read_number(struct ifconfig *ic, struct action *a)
{
	(void)ic;
	return word_number(a->arg, INT64_MIN, INT64_MAX, &a->num);
}

/* mtu and metric: a refusal does not stop the other words. */
static void
run_number(struct ifconfig *ic, const struct action *a)
{
	bool mtu = a->word->arg != 0;
	struct ifreq ifr;
	int error;

	memset(&ifr, 0, sizeof(ifr));
	ifconfig_name(ic, ifr.ifr_name);
	if (mtu)
		ifr.ifr_ifru.ifru_mtu = (int)a->num;
	else
		ifr.ifr_ifru.ifru_metric = (int)a->num;
	error = ifconfig_ioctl(ic, mtu ? SIOCSIFMTU : SIOCSIFMETRIC, &ifr);
	if (error < 0)
		t_warn(ic->t, error, mtu ? "SIOCSIFMTU" : "SIOCSIFMETRIC");
}

/* --- link strings --- */

static bool
read_string(struct ifconfig *ic, struct action *a)
{
	(void)ic;
	(void)a;
	return true;
}

static void
run_linkstr(struct ifconfig *ic, const struct action *a)
{
	struct ifdrv ifd;
	int error;

	memset(&ifd, 0, sizeof(ifd));
	ifconfig_name(ic, ifd.ifd_name);
	if (a->word->arg != 0) {
		ifd.ifd_data = t_strdup(ic->t, a->arg);
		ifd.ifd_len = strlen(a->arg) + 1;
	} else
		ifd.ifd_cmd = IFLINKSTR_UNSET;
	error = ifconfig_ioctl(ic, SIOCSLINKSTR, &ifd);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCSLINKSTR");
}

/* --- tunnels --- */

/* "address" or "address,port" */
static bool
tunnel_end(struct ifconfig *ic, const char *word, struct paddr *p)
{
	char *s = t_strdup(ic->t, word), *comma = strchr(s, ',');
	int64_t port = 0;
	int af = ic->af;
	bool found;

	if (comma != NULL) {
		*comma++ = '\0';
		if (!word_number(comma, 0, 65535, &port))
			return false;
	}
	/* The outer family may be another than the inner one. */
	ic->af = AF_UNSPEC;
	found = strchr(s, '/') == NULL && address_read(ic, s, p);
	ic->af = af;
	if (!found)
		return false;
	/* sin_port and sin6_port stand at the same place. */
	p->a.bytes[2] = (uint8_t)(port >> 8);
	p->a.bytes[3] = (uint8_t)port;
	return p->a.sa.sa_family == AF_INET || p->a.sa.sa_family == AF_INET6;
}

static bool
read_tunnel(struct ifconfig *ic, struct action *a)
{
	struct paddr src, dst;

	return a->arg2 != NULL && tunnel_end(ic, a->arg, &src) &&
	    tunnel_end(ic, a->arg2, &dst) &&
	    src.a.sa.sa_family == dst.a.sa.sa_family;
}

static void
run_tunnel(struct ifconfig *ic, const struct action *a)
{
	struct if_laddrreq req;
	struct paddr src, dst;
	int error;

	/* Read before, so they are good. */
	if (!tunnel_end(ic, a->arg, &src) || !tunnel_end(ic, a->arg2, &dst))
		return;
	memset(&req, 0, sizeof(req));
	ifconfig_name(ic, req.iflr_name);
	memcpy(&req.addr, &src.a, src.a.sa.sa_len);
	memcpy(&req.dstaddr, &dst.a, dst.a.sa.sa_len);
	error = ifconfig_ioctl(ic, SIOCSLIFPHYADDR, &req);
	if (error < 0)
		t_warn(ic->t, error, "SIOCSLIFPHYADDR");
}

static void
run_deletetunnel(struct ifconfig *ic, const struct action *a)
{
	struct ifreq ifr;
	int error;

	(void)a;
	memset(&ifr, 0, sizeof(ifr));
	ifconfig_name(ic, ifr.ifr_name);
	error = ifconfig_ioctl(ic, SIOCDIFPHYADDR, &ifr);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCDIFPHYADDR");
}

/* --- vlan(4); tag and interface are set together --- */

static void
vlan_only(struct ifconfig *ic)
{
	if (strncmp(ic->ifname, "vlan", 4) != 0 ||
	    !isdigit((unsigned char)ic->ifname[4]))
		t_errx(ic->t, 1, "valid only with vlan(4) interfaces");
}

static void
vlan_set(struct ifconfig *ic)
{
	struct vlanreq req;
	struct ifreq ifr;
	int error;

	memset(&req, 0, sizeof(req));
	memcpy(req.vlr_parent, ic->vlan_parent, sizeof(req.vlr_parent));
	req.vlr_tag = (unsigned short)(ic->vlan_tag < 0 ? 0 : ic->vlan_tag);
	memset(&ifr, 0, sizeof(ifr));
	ifconfig_name(ic, ifr.ifr_name);
	ifr.ifr_ifru.ifru_data = &req;
	error = ifconfig_ioctl(ic, SIOCSETVLAN, &ifr);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCSETVLAN");
}

static bool
read_vlan(struct ifconfig *ic, struct action *a)
{
	(void)ic;
	return word_number(a->arg, 0, 65535, &a->num);
}

static void
run_vlan(struct ifconfig *ic, const struct action *a)
{
	vlan_only(ic);
	ic->vlan_tag = a->num;
}

static bool
read_ifname(struct ifconfig *ic, struct action *a)
{
	(void)ic;
	return strlen(a->arg) < IFNAMSIZ;
}

static void
run_vlanif(struct ifconfig *ic, const struct action *a)
{
	vlan_only(ic);
	snprintf(ic->vlan_parent, sizeof(ic->vlan_parent), "%s",
	    a->word->arg != 0 ? a->arg : "");
	if (a->word->arg == 0)
		vlan_set(ic);
}

/* --- agr(4), which rump kernels are rarely built with --- */

static void
run_agrport(struct ifconfig *ic, const struct action *a)
{
	struct {
		int version, cmd;
		void *buf;
		size_t len;
	} req = { 2, a->word->arg != 0 ? 1 : 2, NULL, 0 };
	struct ifreq ifr;
	char port[IFNAMSIZ];
	int error;

	if (strncmp(ic->ifname, "agr", 3) != 0 ||
	    !isdigit((unsigned char)ic->ifname[3]))
		t_errx(ic->t, 1, "valid only with agr(4) interfaces");
	memset(port, 0, sizeof(port));
	memcpy(port, a->arg, strlen(a->arg));
	req.buf = port;
	req.len = strlen(port) + 1;
	memset(&ifr, 0, sizeof(ifr));
	ifconfig_name(ic, ifr.ifr_name);
	ifr.ifr_ifru.ifru_data = &req;
	error = ifconfig_ioctl(ic, SIOCSIFGENERIC, &ifr);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCSIFGENERIC");
}

static const struct word general_words[] = {
	{ "up", run_flag, NULL, IFF_UP },
	{ "down", run_flag, NULL, -IFF_UP },
	{ "arp", run_flag, NULL, -IFF_NOARP },
	{ "-arp", run_flag, NULL, IFF_NOARP },
	{ "debug", run_flag, NULL, IFF_DEBUG },
	{ "-debug", run_flag, NULL, -IFF_DEBUG },
	{ "link0", run_flag, NULL, IFF_LINK0 },
	{ "-link0", run_flag, NULL, -IFF_LINK0 },
	{ "link1", run_flag, NULL, IFF_LINK1 },
	{ "-link1", run_flag, NULL, -IFF_LINK1 },
	{ "link2", run_flag, NULL, IFF_LINK2 },
	{ "-link2", run_flag, NULL, -IFF_LINK2 },
	{ "trailers", run_trailers, NULL, 0 },
	{ "-trailers", run_trailers, NULL, 0 },
	{ "create", run_clone, NULL, 1 },
	{ "plumb", run_clone, NULL, 1 },
	{ "destroy", run_clone, NULL, 0 },
	{ "unplumb", run_clone, NULL, 0 },
	{ "mtu", run_number, read_number, 1 },
	{ "metric", run_number, read_number, 0 },
	{ "linkstr", run_linkstr, read_string, 1 },
	{ "-linkstr", run_linkstr, NULL, 0 },
	{ "tunnel", run_tunnel, read_tunnel, 0 },
	{ "deletetunnel", run_deletetunnel, NULL, 0 },
	{ "vlan", run_vlan, read_vlan, 0 },
	{ "vlanif", run_vlanif, read_ifname, 1 },
	{ "-vlanif", run_vlanif, NULL, 0 },
	{ "agrport", run_agrport, read_ifname, 1 },
	{ "-agrport", run_agrport, read_ifname, 0 },
	{ NULL, NULL, NULL, 0 },
};

static const struct word *
find(const char *name)
{
	static const struct word *const tables[] = { general_words,
		address_words, capability_words, media_words, wireless_words };
	const struct word *w;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (w = tables[i]; w->name != NULL; w++)
			if (strcmp(w->name, name) == 0)
				return w;
	return NULL;
}

/* How many of the words behind this one are its own. */
static int
arguments(const struct word *w, char *const *next)
{
	if (w->read == read_tunnel)
		return 2;
	/* With or without the interface's name. */
	if (w->run == run_vlanif && w->arg == 0)
		return next[0] != NULL && find(next[0]) == NULL &&
		    strlen(next[0]) < IFNAMSIZ;
	return w->read != NULL;
}

bool
words_read(struct ifconfig *ic, char *const *words)
{
	int n = 0, i;

	while (words[n] != NULL)
		n++;
	ic->actions = t_calloc(ic->t, (size_t)n + 1, sizeof(*ic->actions));
	for (i = 0; i < n;) {
		struct action *a = &ic->actions[ic->nactions];
		int more;

		/* The family stands in front, or before a tunnel's addresses. */
		if (ic->af == AF_UNSPEC && words_family(words[i], &ic->af)) {
			i++;
			continue;
		}
		a->word = find(words[i]);
		if (a->word == NULL) {
			struct paddr *p = ic->addr.a.sa.sa_family == 0 ?
			    &ic->addr :
			    &ic->dst;

			if (p->a.sa.sa_family != 0 ||
			    !address_read(ic, words[i], p))
				return false;
			i++;
			continue;
		}
		more = arguments(a->word, words + i + 1);
		if (n - i - 1 < more)
			return false;
		a->arg = more > 0 ? words[i + 1] : NULL;
		a->arg2 = more > 1 ? words[i + 2] : NULL;
		if (a->word->read != NULL && !a->word->read(ic, a))
			return false;
		ic->nactions++;
		i += 1 + more;
	}
	return true;
}

void
words_run(struct ifconfig *ic)
{
	bool clone = ic->nactions > 0 && ic->actions[0].word->run == run_clone;
	int i, error;

	error = clone ? 0 : ifconfig_socket(ic, ic->af);
	if (error < 0)
		t_fail(ic->t, 1, error, "main: getsock");
	for (i = 0; i < ic->nactions; i++)
		if (ic->actions[i].word->run != NULL)
			ic->actions[i].word->run(ic, &ic->actions[i]);
	if ((ic->vlan_tag >= 0) != (ic->vlan_parent[0] != '\0'))
		t_errx(ic->t, 1, "both vlan and vlanif must be specified");
	if (ic->vlan_tag >= 0)
		vlan_set(ic);
}
