/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The filter of a rule as byte code. First NPF's function looks at the packet: which IP, which protocol, where its header is. Then every
 * test leaves for `fail`, or goes on with the next: family, protocol, flags or types, addresses, ports.
 */
#include "npfctl/npfctl.h"
#include <netbsd/tcp.h>

#ifndef BPF_H
#define BPF_H 0x08
#endif

struct compile {
	struct conf *conf;
	struct filter *f;
	struct code code;
	struct text text;
	int fail;
};

void
filter_init(struct filter *f)
{
	memset(f, 0, sizeof(*f));
	f->icmp_type = f->icmp_code = -1;
}

/* --- what is said --- */

static void
say(struct compile *c, const char *word, const char *what)
{
	text_add(&c->text, "%s%s%s", c->text.len > 0 ? " " : "", word, what);
}

/* Between { and }, when there are several. */
static void
say_item(struct compile *c, const struct values *list, const struct value *v,
    const char *prefix, const char *what)
{
	if (v == list->head && list->n > 1)
		text_add(&c->text, "{ ");
	text_add(&c->text, "%s%s", prefix, what);
	if (list->n > 1)
		text_add(&c->text, v->next != NULL ? ", " : " }");
}

static void
say_flags(struct compile *c, unsigned flags)
{
	static const char letters[] = "FSRPAUEW";
	/* Handshakes first, as people write them. */
	static const uint8_t order[] = { 1, 0, 2, 3, 4, 5, 6, 7 };
	unsigned i;

	for (i = 0; i < sizeof(order); i++)
		if ((flags >> order[i] & 1) != 0)
			text_add(&c->text, "%c", letters[order[i]]);
}

/* --- family, protocol and what belongs to one --- */

static void
load_word(struct compile *c, unsigned word)
{
	code_stmt(&c->code, BPF_LD | BPF_MEM, word);
}

static void
load_l4(struct compile *c)
{
	code_stmt(&c->code, BPF_LDX | BPF_MEM, MW_L4OFF);
}

static void
test_family(struct compile *c)
{
	if (c->f->family == 0)
		return;
	load_word(c, MW_IPVER);
	code_jump(&c->code, BPF_JEQ | BPF_K, c->f->family == AF_INET ? 4 : 6,
	    CODE_NEXT, c->fail);
	say(c, "family ", c->f->family == AF_INET ? "inet4" : "inet6");
}

static void
test_protos(struct compile *c)
{
	const struct values *list = &c->f->protos;
	const struct value *v;
	char number[16];
	int ok;

	if (list->n == 0)
		return;
	ok = code_label(&c->code);
	load_word(c, MW_L4PROTO);
	say(c, "proto ", "");
	for (v = list->head; v != NULL; v = v->next) {
		code_jump(&c->code, BPF_JEQ | BPF_K, v->from, ok,
		    v->next != NULL ? CODE_NEXT : c->fail);
		say_item(c, list, v, "",
		    proto_name(c->conf->t, (int)v->from, number));
	}
	code_place(&c->code, ok);
}

static bool
may_be(const struct filter *f, unsigned proto)
{
	const struct value *v;

	for (v = f->protos.head; v != NULL; v = v->next)
		if (v->from == proto)
			return true;
	return f->protos.n == 0;
}

/* What makes a state is a connection's first segment, if nothing else is said. */
static void
test_flags(struct compile *c)
{
	unsigned flags = TH_SYN, mask = TH_SYN | TH_ACK | TH_FIN | TH_RST;
	int other = code_label(&c->code);

	if (c->f->has_flags) {
		flags = c->f->flags;
		mask = c->f->flags_mask;
		say(c, "flags ", "");
		say_flags(c, flags);
		text_add(&c->text, "/");
		say_flags(c, mask);
	} else if (c->f->stateful && may_be(c->f, IPPROTO_TCP)) {
		if (c->f->protos.n != 1) {
			load_word(c, MW_L4PROTO);
			code_jump(&c->code, BPF_JEQ | BPF_K, IPPROTO_TCP,
			    CODE_NEXT, other);
		}
	} else {
		code_place(&c->code, other);
		return;
	}
	load_l4(c);
	code_stmt(&c->code, BPF_LD | BPF_B | BPF_IND, 13);
	code_stmt(&c->code, BPF_ALU | BPF_AND | BPF_K, mask);
	code_jump(&c->code, BPF_JEQ | BPF_K, flags, CODE_NEXT, c->fail);
	code_place(&c->code, other);
}

static void
test_icmp(struct compile *c)
{
	int i;

	for (i = 0; i < 2; i++) {
		int v = i == 0 ? c->f->icmp_type : c->f->icmp_code;

		if (v < 0)
			continue;
		load_l4(c);
		code_stmt(&c->code, BPF_LD | BPF_B | BPF_IND, (uint32_t)i);
		code_jump(
		    &c->code, BPF_JEQ | BPF_K, (uint32_t)v, CODE_NEXT, c->fail);
		say(c, i == 0 ? "icmp-type " : "code ", "");
		text_add(&c->text, "%d", v);
	}
}

/* --- addresses --- */

/* Those of one family, after a look at the packet's where that is open. */
static void
test_addresses_of(struct compile *c, const struct values *list, bool src,
    unsigned len, int match)
{
	const struct value *v;
	int other = code_label(&c->code), next;
	bool first = true;

	for (v = list->head; v != NULL; v = v->next) {
		if (v->type != V_ADDR || v->addr.len != len)
			continue;
		if (first && c->f->family == 0) {
			load_word(c, MW_IPVER);
			code_jump(&c->code, BPF_JEQ | BPF_K, len == 4 ? 4 : 6,
			    CODE_NEXT, other);
		}
		first = false;
		next = code_label(&c->code);
		code_address(&c->code, &v->addr, src, match, next);
		code_place(&c->code, next);
	}
	code_place(&c->code, other);
}

static void
test_tables(struct compile *c, const struct values *list, bool src, int match)
{
	const struct value *v;

	for (v = list->head; v != NULL; v = v->next) {
		if (v->type != V_TABLE)
			continue;
		code_stmt(&c->code, BPF_LD | BPF_IMM,
		    v->from | (src ? COP_TABLE_SRC : 0));
		code_stmt(&c->code, BPF_MISC | BPF_COP, COP_TABLE);
		code_jump(&c->code, BPF_JEQ | BPF_K, 0, CODE_NEXT, match);
	}
}

static void
test_addresses(struct compile *c, const struct values *list, bool not, bool src)
{
	const struct value *v;
	char addr[64];
	int match, after;

	if (list->n == 0)
		return;
	match = code_label(&c->code);
	after = code_label(&c->code);
	test_addresses_of(c, list, src, 4, match);
	test_addresses_of(c, list, src, 16, match);
	test_tables(c, list, src, match);
	code_goto(&c->code, not ? after : c->fail);
	code_place(&c->code, match);
	if (not )
		code_goto(&c->code, c->fail);
	code_place(&c->code, after);

	say(c, src ? "from " : "to ", not ? "! " : "");
	for (v = list->head; v != NULL; v = v->next) {
		struct text item = { .t = c->conf->t };

		if (v->type == V_TABLE)
			text_add(&item, "<%s>", v->str);
		else {
			addr_text(&v->addr, addr);
			text_add(&item, "%s", addr);
		}
		say_item(c, list, v, "", item.buf);
	}
}

/* --- ports --- */

static void
test_ports(struct compile *c, const struct values *list, bool src)
{
	const struct value *v;
	int match, next;

	if (list->n == 0)
		return;
	match = code_label(&c->code);
	load_l4(c);
	code_stmt(&c->code, BPF_LD | BPF_H | BPF_IND, src ? 0 : 2);
	for (v = list->head; v != NULL; v = v->next) {
		if (v->type == V_NUMBER) {
			code_jump(&c->code, BPF_JEQ | BPF_K, v->from, match,
			    CODE_NEXT);
			continue;
		}
		next = code_label(&c->code);
		code_jump(&c->code, BPF_JGE | BPF_K, v->from, CODE_NEXT, next);
		code_jump(&c->code, BPF_JGT | BPF_K, v->to, next, match);
		code_place(&c->code, next);
	}
	code_goto(&c->code, c->fail);
	code_place(&c->code, match);
}

static void
say_ports(struct compile *c, const struct values *list, const char *prefix)
{
	const struct value *v;

	if (list->n == 0)
		return;
	say(c, "", "");
	for (v = list->head; v != NULL; v = v->next) {
		struct text x = { .t = c->conf->t };

		text_add(
		    &x, v->type == V_NUMBER ? "%u" : "%u:%u", v->from, v->to);
		say_item(c, list, v, prefix, x.buf);
	}
}

/* --- the whole --- */

/* Addresses of one family only make it the rule's; those of the other that came with a name are dropped. */
static void
settle_family(struct compile *c, struct values *list)
{
	struct values out = { 0 };
	const struct value *v;

	for (v = list->head; v != NULL; v = v->next) {
		int af = v->addr.len == 4 ? AF_INET : AF_INET6;

		if (v->type != V_ADDR || c->f->family == 0 || af == c->f->family)
			values_add(c->conf->t, &out, v);
		else if (v->str == NULL)
			scan_error(
			    &c->conf->sc, "address does not match the family");
	}
	if (out.n == 0 && list->n != 0)
		scan_error(&c->conf->sc, "no addresses of the family");
	*list = out;
}

static int
family_of(const struct values *list)
{
	const struct value *v;
	int family = 0;

	for (v = list->head; v != NULL; v = v->next) {
		int af = v->addr.len == 4 ? AF_INET : AF_INET6;

		if (v->type != V_ADDR || (family != 0 && family != af))
			return 0;
		family = af;
	}
	return family;
}

static bool
has_ports(uint32_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	    proto == IPPROTO_DCCP || proto == IPPROTO_SCTP;
}

void
filter_with_ports(struct tool *t, struct filter *f)
{
	if (f->protos.n > 0)
		return;
	values_add(t, &f->protos,
	    &(struct value){ .type = V_NUMBER, .from = IPPROTO_TCP });
	values_add(t, &f->protos,
	    &(struct value){ .type = V_NUMBER, .from = IPPROTO_UDP });
}

static void
settle(struct compile *c)
{
	struct filter *f = c->f;
	const struct value *v;

	if (f->family == 0 && !f->from_not)
		f->family = family_of(&f->from);
	if (f->family == 0 && !f->to_not)
		f->family = family_of(&f->to);
	if (f->family == 0 && f->from_not)
		f->family = family_of(&f->from);
	if (f->family == 0 && f->to_not)
		f->family = family_of(&f->to);
	settle_family(c, &f->from);
	settle_family(c, &f->to);
	if (f->from_ports.n == 0 && f->to_ports.n == 0)
		return;
	filter_with_ports(c->conf->t, f);
	for (v = f->protos.head; v != NULL; v = v->next)
		if (!has_ports(v->from))
			scan_error(&c->conf->sc, "the protocol has no ports");
}

static void
tests(struct compile *c)
{
	struct filter *f = c->f;

	settle(c);
	test_family(c);
	test_protos(c);
	test_flags(c);
	test_icmp(c);
	test_addresses(c, &f->from, f->from_not, true);
	test_ports(c, &f->from_ports, true);
	say_ports(
	    c, &f->from_ports, f->from.n == 0 ? "from any port " : "port ");
	test_addresses(c, &f->to, f->to_not, false);
	test_ports(c, &f->to_ports, false);
	say_ports(c, &f->to_ports, f->to.n == 0 ? "to any port " : "port ");
}

void
filter_compile(struct conf *conf, struct filter *f, struct filter_code *out)
{
	struct compile c = { .conf = conf, .f = f };
	const char *wrong;
	int yes;

	memset(out, 0, sizeof(*out));
	c.text.t = conf->t;
	code_init(&c.code, conf->t);
	c.fail = code_label(&c.code);
	code_stmt(&c.code, BPF_MISC | BPF_COP, COP_L3);
	if (f->pcap != NULL) {
		yes = code_label(&c.code);
		wrong = pcap_compile(conf->t, f->pcap, &c.code, yes, c.fail);
		if (wrong != NULL)
			scan_error(&conf->sc, "pcap-filter: %s", wrong);
		code_place(&c.code, yes);
		text_add(&c.text, "pcap-filter \"%s\"", f->pcap);
	} else
		tests(&c);
	out->info = c.text.len > 0 ? c.text.buf : "all";
	if (c.code.n == 1)
		return; /* everything */
	code_stmt(&c.code, BPF_RET | BPF_K, CODE_MATCH);
	code_place(&c.code, c.fail);
	code_stmt(&c.code, BPF_RET | BPF_K, 0);
	if (!code_finish(&c.code, &out->insns, &out->n))
		scan_error(&conf->sc, "the rule's byte code is too long");
}
