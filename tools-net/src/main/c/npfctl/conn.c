/* SPDX-License-Identifier: BSD-2-Clause */
/* The connections that NPF keeps track of, as IOC_NPF_SAVE has them. */
#include "npfctl/npfctl.h"
#include <stdio.h>

/* A key: addresses of source and destination with 16 bytes each, their ports, the protocol, how long addresses are. */
#define KEY_BYTES 38
#define KEY_PORTS 32
#define KEY_PROTO 36
#define KEY_ALEN 37

struct listing {
	struct tool *t;
	bool v4, v6, no_header, nat_only, numeric;
	const char *ifname;
};

static void
options(struct listing *l, int argc, char **argv)
{
	struct tool *t = l->t;
	int c;

	while ((c = t_getopt(t, argc, argv, "46hi:Nnw")) != -1)
		switch (c) {
		case '4':
			l->v4 = true;
			break;
		case '6':
			l->v6 = true;
			break;
		case 'h':
			l->no_header = true;
			break;
		case 'i':
			l->ifname = t->t_opt.optarg;
			break;
		case 'N':
			l->nat_only = true;
			break;
		case 'n':
			l->numeric = true;
			break;
		case 'w':
			break; /* names are never cut */
		default:
			npfctl_usage(t);
		}
	if (t->t_opt.optind != argc)
		npfctl_usage(t);
}

/* "10.0.0.1:80", "[::1]:80"; port in network order, 0: there is none. */
static void
endpoint(const struct listing *l, struct text *x, const uint8_t *addr,
    unsigned alen, const uint8_t port[2], const char *proto)
{
	struct npf_addr a = { .len = (uint8_t)alen, .mask = NPF_NO_NETMASK };
	unsigned n = (unsigned)port[0] << 8 | port[1];
	const char *host = NULL, *service = NULL;
	bool transport;
	char text[64];

	memcpy(a.bytes, addr, alen);
	addr_text(&a, text);
	if (!l->numeric)
		host = t_host_by_addr(
		    l->t, alen == 4 ? AF_INET : AF_INET6, a.bytes);
	if (host == NULL && alen == 16 && n != 0)
		text_add(x, "[%s]", text);
	else
		text_add(x, "%s", host != NULL ? host : text);
	if (n == 0)
		return;
	transport = strcmp(proto, "tcp") == 0 || strcmp(proto, "udp") == 0;
	if (transport && !l->numeric)
		service = t_serv_by_port(l->t, (int)n, proto);
	if (service != NULL)
		text_add(x, ":%s", service);
	else
		text_add(x, ":%u", n);
}

/* What it has become by translation; "-" when it has not. */
static void
translation(const struct listing *l, struct text *x, const struct plist *nat,
    unsigned alen, const char *proto)
{
	const void *addr;
	uint64_t port = 0;
	uint16_t wire;
	size_t len;

	if (plist_get_data(nat, "taddr", &addr, &len) != 1 || len != alen) {
		text_add(x, "-");
		return;
	}
	plist_get_uint(nat, "tport", UINT16_MAX, &port);
	wire = (uint16_t)port;
	endpoint(l, x, addr, alen, (const uint8_t *)&wire, proto);
}

static void
show_conn(const struct listing *l, const struct plist *conn)
{
	struct text x[3] = { { .t = l->t }, { .t = l->t }, { .t = l->t } };
	const struct plist *nat = plist_get(conn, "nat");
	const char *ifname = NULL, *proto, *p;
	const void *data;
	const uint8_t *key;
	char number[16];
	size_t len;

	plist_get_string(conn, "ifname", &ifname);
	if (plist_get_data(conn, "forw-key", &data, &len) != 1 ||
	    len != KEY_BYTES)
		return;
	key = data;
	if ((key[KEY_ALEN] != 4 && key[KEY_ALEN] != 16) ||
	    (l->v4 != l->v6 && (key[KEY_ALEN] == 4) != l->v4) ||
	    (l->nat_only && nat == NULL) ||
	    (l->ifname != NULL &&
		(ifname == NULL || strcmp(ifname, l->ifname) != 0)))
		return;
	for (p = ifname; p != NULL && *p != '\0'; p++)
		if ((unsigned char)*p <= ' ')
			ifname = "?";
	proto = proto_name(l->t, key[KEY_PROTO], number);
	endpoint(l, &x[0], key, key[KEY_ALEN], key + KEY_PORTS, proto);
	endpoint(l, &x[1], key + 16, key[KEY_ALEN], key + KEY_PORTS + 2, proto);
	translation(l, &x[2], nat, key[KEY_ALEN], proto);
	t_printf(l->t, "%-9s %-9s %-21s %-21s %s\n", proto,
	    ifname != NULL ? ifname : "*", x[0].buf, x[1].buf, x[2].buf);
}

void
conn_list(struct tool *t, int argc, char **argv)
{
	struct listing l = { .t = t };
	const struct plist *list;
	size_t i;

	options(&l, argc, argv);
	list = plist_get(npf_config(t), "conn-list");
	if (!l.no_header)
		t_printf(t, "# %-7s %-9s %-21s %-21s %s\n", "proto",
		    "interface", "from", "to", "translated");
	for (i = 0; i < plist_count(list); i++)
		show_conn(&l, plist_item(list, i));
}
