/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of npf.conf(5): translation of addresses, as policies for one direction each. */
#include "npfctl/npfctl.h"

struct segment {
	struct values addrs, ports;
};

struct map {
	const char *ifname;
	int line;
	bool fixed, no_ports;
	uint32_t algo;
	struct segment left, right;
	struct filter filter;
};

static void
parse_segment(struct conf *c, struct segment *s)
{
	if (!scan_take(&c->sc, "any")) {
		value_list(c, &s->addrs);
		value_addresses(c, &s->addrs);
	}
	if (scan_take(&c->sc, "port")) {
		value_list(c, &s->ports);
		value_ports(c, &s->ports);
	}
}

/* The one address, and port, to which packets are translated. */
static void
set_translation(struct conf *c, const struct map *m, struct plist *nat,
    const struct segment *s, int type)
{
	uint32_t flags = 0, port = 0;
	const struct npf_addr *a;
	uint16_t wire;

	if (s->addrs.n != 1 || s->addrs.head->type != V_ADDR)
		scan_error(&c->sc,
		    s->addrs.n > 1 ?
			"multiple translation addresses are not valid" :
			"no translation address");
	a = &s->addrs.head->addr;
	if (s->ports.n > 1 ||
	    (s->ports.n == 1 && s->ports.head->type != V_NUMBER))
		scan_error(&c->sc, "a translation port must be one number");
	if (a->mask != NPF_NO_NETMASK && a->mask != a->len * 8 &&
	    m->algo != NPF_ALGO_NPT66)
		scan_error(&c->sc, "translation to a network is not supported");
	if (s->ports.n == 1) {
		port = s->ports.head->from;
		flags |= NPF_NAT_PORTS;
	}
	if (m->fixed) {
		if (port != 0)
			scan_error(&c->sc,
			    "static translation of ports is not supported");
		flags |= NPF_NAT_STATIC;
	} else if (type == NPF_NATOUT && !m->no_ports)
		flags |= NPF_NAT_PORTS | (port == 0 ? NPF_NAT_PORTMAP : 0);
	plist_set_int(nat, "type", type);
	plist_set_uint(nat, "flags", flags);
	plist_set_data(nat, "nat-ip", a->bytes, a->len);
	plist_set_uint(nat, "nat-mask", a->mask);
	/* Network order: the number that its bytes make in memory. */
	memcpy(&wire, (uint8_t[2]){ (uint8_t)(port >> 8), (uint8_t)port }, 2);
	plist_set_uint(nat, "nat-port", wire);
	plist_set_uint(nat, "nat-algo", m->algo);
}

static void
copy_values(struct conf *c, struct values *out, const struct values *from)
{
	const struct value *v;

	memset(out, 0, sizeof(*out));
	for (v = from->head; v != NULL; v = v->next)
		values_add(c->t, out, v);
}

/* What the filter does not say is the segment's. Policies have filters of their own, since compiling settles them. */
static void
add_policy(struct conf *c, const struct map *m, int type)
{
	struct rule_options o = {
		.ifname = m->ifname, .line = m->line, .prio = NPF_PRI_LAST
	};
	bool out = type == NPF_NATOUT;
	struct filter f = m->filter;
	struct filter_code code;
	struct plist *nat;

	copy_values(c, &f.protos, &m->filter.protos);
	copy_values(c, &f.from, &m->filter.from);
	copy_values(c, &f.to, &m->filter.to);
	if (out && f.from.n == 0) {
		copy_values(c, &f.from, &m->left.addrs);
		if (f.from_ports.n == 0)
			f.from_ports = m->left.ports;
	} else if (!out && f.to.n == 0) {
		copy_values(c, &f.to, &m->right.addrs);
		if (f.to_ports.n == 0)
			f.to_ports = m->right.ports;
	}
	/* A port that packets get is one of theirs. */
	if ((out ? &m->right : &m->left)->ports.n > 0)
		filter_with_ports(c->t, &f);
	filter_compile(c, &f, &code);
	o.attr = NPF_RULE_PASS | NPF_RULE_FINAL |
	    (out ? NPF_RULE_OUT : NPF_RULE_IN);
	nat = build_rule(c, &o, &code);
	set_translation(c, m, nat, out ? &m->right : &m->left, type);
	plist_append(c->nat, nat);
}

static uint32_t
parse_algorithm(struct conf *c)
{
	if (!scan_take(&c->sc, "npt66"))
		scan_syntax_error(&c->sc);
	return NPF_ALGO_NPT66;
}

/* Prefix translation has two prefixes of one length. */
static void
check_algorithm(struct conf *c, const struct map *m)
{
	const struct segment *s[2] = { &m->left, &m->right };
	int i;

	if (m->algo != NPF_ALGO_NPT66)
		return;
	for (i = 0; i < 2; i++)
		if (s[i]->addrs.n != 1 || s[i]->addrs.head->type != V_ADDR ||
		    s[i]->addrs.head->addr.len != 16 ||
		    s[i]->addrs.head->addr.mask > 112)
			scan_error(&c->sc,
			    "npt66 needs two IPv6 prefixes of 112 bits at most");
	if (m->left.addrs.head->addr.mask != m->right.addrs.head->addr.mask)
		scan_error(&c->sc, "npt66 needs prefixes of one length");
}

void
parse_map(struct conf *c)
{
	struct map m = { 0 };
	enum token arrow;

	filter_init(&m.filter);
	m.ifname = value_interface(c);
	m.line = c->sc.tok_line;
	if (scan_take(&c->sc, "static"))
		m.fixed = true;
	else if (!scan_take(&c->sc, "dynamic"))
		scan_syntax_error(&c->sc);
	if (scan_take(&c->sc, "algo")) {
		m.algo = parse_algorithm(c);
		if (!m.fixed)
			scan_error(&c->sc, "dynamic maps have no algorithm");
	}
	m.no_ports = scan_take(&c->sc, "no-ports");
	if (scan_is(&c->sc, "proto"))
		parse_filter(c, &m.filter);
	parse_segment(c, &m.left);
	arrow = scan_peek(&c->sc);
	if (arrow != T_OUT && arrow != T_IN && arrow != T_BOTH)
		scan_syntax_error(&c->sc);
	scan_next(&c->sc);
	parse_segment(c, &m.right);
	if (scan_take(&c->sc, "pass"))
		parse_filter(c, &m.filter);
	check_algorithm(c, &m);
	if (arrow != T_OUT)
		add_policy(c, &m, NPF_NATIN);
	if (arrow == T_BOTH)
		m.no_ports = true;
	if (arrow != T_IN)
		add_policy(c, &m, NPF_NATOUT);
}
