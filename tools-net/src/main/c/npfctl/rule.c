/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups and rules of npf.conf(5). */
#include "npfctl/npfctl.h"
#include <netbsd/tcp.h>

/* --- what packets a rule is about --- */

static void
parse_proto(struct conf *c, struct filter *f)
{
	struct values list = { 0 };
	struct value *v;

	if (scan_is_char(&c->sc, '{'))
		value_list(c, &list);
	else if (scan_peek(&c->sc) == T_NUMBER) {
		/* No range: what follows is not part of it. */
		scan_next(&c->sc);
		values_add(c->t, &list,
		    &(struct value){ .type = V_WORD, .str = c->sc.str });
	} else
		value_one(c, &list);
	for (v = list.head; v != NULL; v = v->next) {
		int proto;

		if (v->str == NULL || v->type == V_ADDR || v->type == V_TABLE ||
		    v->type == V_RANGE)
			scan_error(&c->sc, "invalid protocol");
		proto = proto_by_name(c->t, v->str);
		if (proto < 0)
			scan_error(&c->sc, "unknown protocol '%s'", v->str);
		v->type = V_NUMBER;
		v->from = (uint32_t)proto;
	}
	f->protos = list;
}

static uint8_t
parse_flags(struct conf *c)
{
	static const char letters[] = "FSRPAUEW";
	unsigned flags = 0;
	const char *s, *p;

	if (scan_peek(&c->sc) != T_WORD)
		scan_syntax_error(&c->sc);
	scan_next(&c->sc);
	for (s = c->sc.str; *s != '\0'; s++) {
		p = strchr(letters, *s);
		if (p == NULL)
			scan_error(&c->sc, "invalid flags '%s'", c->sc.str);
		flags |= 1U << (p - letters);
	}
	return (uint8_t)flags;
}

static int
icmp_word(struct conf *c, bool v6, int type)
{
	struct values list = { 0 };
	const char *s = NULL;
	int n = -1;

	if (scan_peek(&c->sc) == T_NUMBER) {
		scan_next(&c->sc);
		s = c->sc.str;
	} else {
		value_one(c, &list);
		if (list.n == 1 &&
		    (list.head->type == V_WORD || list.head->type == V_STRING ||
			list.head->type == V_NUMBER))
			s = list.head->str;
	}
	if (s != NULL)
		n = type < 0 ? icmp_type_by_name(v6, s) :
			       icmp_code_by_name(v6, type, s);
	if (n < 0)
		scan_error(&c->sc, "unknown icmp-%s '%s'",
		    type < 0 ? "type" : "code", s != NULL ? s : "");
	return n;
}

static bool
only_proto(const struct filter *f, uint32_t proto)
{
	return f->protos.n == 1 && f->protos.head->from == proto;
}

static void
parse_proto_options(struct conf *c, struct filter *f)
{
	bool v6 = only_proto(f, IPPROTO_ICMPV6);

	if (scan_is(&c->sc, "flags")) {
		if (!only_proto(f, IPPROTO_TCP))
			scan_syntax_error(&c->sc);
		scan_next(&c->sc);
		f->has_flags = true;
		f->flags = f->flags_mask = parse_flags(c);
		if (scan_take_char(&c->sc, '/'))
			f->flags_mask = parse_flags(c);
	} else if (scan_is(&c->sc, "icmp-type")) {
		if (!v6 && !only_proto(f, IPPROTO_ICMP))
			scan_syntax_error(&c->sc);
		scan_next(&c->sc);
		f->icmp_type = icmp_word(c, v6, -1);
		if (scan_take(&c->sc, "code"))
			f->icmp_code = icmp_word(c, v6, f->icmp_type);
	}
}

static void
parse_address(
    struct conf *c, struct values *addrs, bool * not, struct values *ports)
{
	*not = scan_take_char(&c->sc, '!');
	if (!scan_take(&c->sc, "any")) {
		value_list(c, addrs);
		/* Not a table's or variable's place: what names mean shows where the next word is. */
		if (addrs->head != NULL &&
		    (addrs->head->type == V_WORD ||
			addrs->head->type == V_STRING))
			scan_peek(&c->sc);
		value_addresses(c, addrs);
	} else if (*not )
		scan_syntax_error(&c->sc);
	if (scan_take(&c->sc, "port")) {
		value_list(c, ports);
		value_ports(c, ports);
	}
}

void
parse_filter(struct conf *c, struct filter *f)
{
	if (scan_take(&c->sc, "family")) {
		if (scan_take(&c->sc, "inet4"))
			f->family = AF_INET;
		else if (scan_take(&c->sc, "inet6"))
			f->family = AF_INET6;
		else
			scan_syntax_error(&c->sc);
	}
	if (scan_take(&c->sc, "proto")) {
		parse_proto(c, f);
		parse_proto_options(c, f);
	}
	if (scan_take(&c->sc, "all"))
		return;
	if (scan_take(&c->sc, "from"))
		parse_address(c, &f->from, &f->from_not, &f->from_ports);
	if (scan_take(&c->sc, "to"))
		parse_address(c, &f->to, &f->to_not, &f->to_ports);
}

/* --- a rule --- */

static uint32_t
parse_direction(struct conf *c)
{
	if (scan_take(&c->sc, "in"))
		return NPF_RULE_IN;
	if (scan_take(&c->sc, "out"))
		return NPF_RULE_OUT;
	return NPF_RULE_IN | NPF_RULE_OUT;
}

static uint32_t
parse_action(struct conf *c)
{
	if (scan_take(&c->sc, "pass"))
		return NPF_RULE_PASS;
	if (!scan_take(&c->sc, "block"))
		scan_syntax_error(&c->sc);
	if (scan_take(&c->sc, "return"))
		return NPF_RULE_RETRST | NPF_RULE_RETICMP;
	if (scan_take(&c->sc, "return-rst"))
		return NPF_RULE_RETRST;
	if (scan_take(&c->sc, "return-icmp"))
		return NPF_RULE_RETICMP;
	return 0;
}

void
parse_rule(struct conf *c, bool dynamic, struct plist **out)
{
	struct rule_options o = { .prio = NPF_PRI_LAST };
	struct filter_code code;
	struct filter f;

	filter_init(&f);
	o.attr = parse_action(c);
	o.line = dynamic ? 0 : c->sc.tok_line;
	if (dynamic)
		o.attr |= NPF_RULE_DYNAMIC;
	if (scan_take(&c->sc, "stateful-ends"))
		o.attr |= NPF_RULE_STATEFUL | NPF_RULE_MULTIENDS;
	else if (scan_take(&c->sc, "stateful"))
		o.attr |= NPF_RULE_STATEFUL;
	f.stateful = (o.attr & NPF_RULE_STATEFUL) != 0;
	o.attr |= parse_direction(c);
	if (scan_take(&c->sc, "final"))
		o.attr |= NPF_RULE_FINAL;
	if (scan_take(&c->sc, "on"))
		o.ifname = value_interface(c);
	if (scan_take(&c->sc, "pcap-filter"))
		f.pcap = parse_name(c);
	else
		parse_filter(c, &f);
	filter_compile(c, &f, &code);
	if (scan_take(&c->sc, "apply")) {
		o.rproc = parse_name(c);
		if (!build_has_rproc(c, o.rproc))
			scan_error(&c->sc, "rule procedure '%s' is not defined",
			    o.rproc);
	}
	*out = build_rule(c, &o, &code);
}

/* --- groups --- */

static void
parse_options(struct conf *c, struct rule_options *o)
{
	o->name = parse_name(c);
	if (strlen(o->name) >= NPF_RULE_MAXNAMELEN)
		scan_error(&c->sc, "name '%s' is too long", o->name);
	o->attr |= parse_direction(c);
	if (scan_take(&c->sc, "on"))
		o->ifname = value_interface(c);
}

static void
parse_ruleset(struct conf *c)
{
	struct rule_options o = { .attr = NPF_DYNAMIC_GROUP,
		.prio = NPF_PRI_LAST };
	const struct filter_code none = { .info = "all" };

	parse_options(c, &o);
	build_group_end(c, build_add(c, build_rule(c, &o, &none), true));
}

static void
parse_rules(struct conf *c, unsigned depth)
{
	for (;;) {
		struct plist *rule;

		if (scan_peek(&c->sc) == T_NEWLINE) {
			scan_next(&c->sc);
			continue;
		}
		if (scan_take_char(&c->sc, '}'))
			return;
		if (scan_take(&c->sc, "group"))
			parse_group(c, depth + 1);
		else if (scan_take(&c->sc, "ruleset"))
			parse_ruleset(c);
		else {
			parse_rule(c, false, &rule);
			build_add(c, rule, false);
		}
		if (scan_peek(&c->sc) != T_NEWLINE && !scan_is_char(&c->sc, '}'))
			scan_syntax_error(&c->sc);
	}
}

void
parse_group(struct conf *c, unsigned depth)
{
	struct rule_options o = { .attr = NPF_RULE_GROUP, .prio = NPF_PRI_LAST };
	const struct filter_code none = { .info = "all" };
	bool is_default = depth == 0 && scan_take(&c->sc, "default");
	unsigned place;

	if (depth == CONF_MAXDEPTH)
		scan_error(&c->sc, "groups are nested too deep");
	if (is_default) {
		if (c->has_default)
			scan_error(
			    &c->sc, "multiple default groups are not valid");
		c->has_default = c->in_default = true;
		o.attr |= NPF_RULE_IN | NPF_RULE_OUT;
	} else
		parse_options(c, &o);
	scan_need_char(&c->sc, '{');
	place = build_add(c, build_rule(c, &o, &none), true);
	parse_rules(c, depth);
	build_group_end(c, place);
	if (is_default)
		c->in_default = false;
}
