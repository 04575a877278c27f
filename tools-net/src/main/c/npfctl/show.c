/* SPDX-License-Identifier: BSD-2-Clause */
/* A configuration as people read it, from the property list that this npfctl, or another, has made. */
#include "npfctl/npfctl.h"

/* Text that is fit to print: a kernel may have been given anything. */
static const char *
printable(const struct plist *dict, const char *key)
{
	const char *s = NULL, *p;

	if (plist_get_string(dict, key, &s) != 1)
		return NULL;
	for (p = s; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			return "?";
	return s;
}

static uint64_t
number(const struct plist *dict, const char *key)
{
	uint64_t v = 0;
	int64_t i = 0;

	if (plist_get_uint(dict, key, UINT64_MAX, &v) == 1)
		return v;
	return plist_get_int(dict, key, INT64_MIN, INT64_MAX, &i) == 1 ?
	    (uint64_t)i :
	    0;
}

/* The filter as its maker described it; NULL: it did not, or not in these words. */
static const char *
info(struct tool *t, const struct plist *rule)
{
	const void *data;
	const char *s;
	char *copy;
	size_t len, i;

	if (plist_get_data(rule, "info", &data, &len) != 1 || len < 2)
		return NULL;
	s = data;
	if (s[len - 1] != '\0')
		return NULL;
	for (i = 0; i < len - 1; i++)
		if ((unsigned char)s[i] < ' ' || (unsigned char)s[i] > '~')
			return NULL;
	copy = t_strdup(t, s);
	return copy;
}

static const struct bpf_insn *
rule_code(struct tool *t, const struct plist *rule, size_t *n)
{
	struct bpf_insn *copy;
	const void *data;
	size_t len;

	*n = 0;
	if (plist_get_data(rule, "code", &data, &len) != 1 ||
	    len < sizeof(*copy))
		return NULL;
	*n = len / sizeof(*copy);
	copy = t_malloc(t, *n * sizeof(*copy));
	memcpy(copy, data, *n * sizeof(*copy));
	return copy;
}

static void
show_filter(struct tool *t, const struct plist *rule)
{
	const char *s = info(t, rule);
	size_t n;

	rule_code(t, rule, &n);
	if (s != NULL)
		t_printf(t, "%s ", s);
	else if (n > 0)
		t_printf(t, "# bytecode: %zu instructions ", n);
	else
		t_printf(t, "all ");
}

static void
show_attr(struct tool *t, uint32_t attr)
{
	if ((attr & NPF_RULE_GROUP) == 0)
		t_printf(
		    t, "%s ", (attr & NPF_RULE_PASS) != 0 ? "pass" : "block");
	switch (attr & (NPF_RULE_RETRST | NPF_RULE_RETICMP)) {
	case NPF_RULE_RETRST | NPF_RULE_RETICMP:
		t_printf(t, "return ");
		break;
	case NPF_RULE_RETRST:
		t_printf(t, "return-rst ");
		break;
	case NPF_RULE_RETICMP:
		t_printf(t, "return-icmp ");
		break;
	default:
		break;
	}
	if ((attr & NPF_RULE_MULTIENDS) != 0)
		t_printf(t, "stateful-ends ");
	else if ((attr & NPF_RULE_STATEFUL) != 0)
		t_printf(t, "stateful ");
	if ((attr & NPF_RULE_DIMASK) == NPF_RULE_IN)
		t_printf(t, "in ");
	else if ((attr & NPF_RULE_DIMASK) == NPF_RULE_OUT)
		t_printf(t, "out ");
	if ((attr & NPF_RULE_FINAL) != 0)
		t_printf(t, "final ");
}

void
show_rule(struct tool *t, const struct plist *rule, unsigned level)
{
	uint32_t attr = (uint32_t)number(rule, "attr");
	const char *name = printable(rule, "name");
	const char *ifname = printable(rule, "ifname");
	const char *rproc = printable(rule, "rproc");
	uint64_t id = number(rule, "id");

	while (level-- > 0)
		t_putc(t, '\t');
	if ((attr & NPF_RULE_DYNAMIC) != 0)
		t_printf(t, "ruleset ");
	else if ((attr & NPF_RULE_GROUP) != 0)
		t_printf(t, "group ");
	if (name != NULL)
		t_printf(t, "\"%s\" ", name);
	show_attr(t, attr);
	if (ifname != NULL)
		t_printf(t, "on %s ", ifname);
	if ((attr & NPF_DYNAMIC_GROUP) != NPF_RULE_GROUP)
		show_filter(t, rule);
	if (rproc != NULL)
		t_printf(t, "apply \"%s\" ", rproc);
	if (id != 0 && (attr & NPF_DYNAMIC_GROUP) == NPF_RULE_DYNAMIC)
		t_printf(t, "# id = \"%llx\" ", (unsigned long long)id);
	t_printf(t, "\n");
}

/* Rules are as deep as there are groups that have not ended. */
static void
show_rules(struct tool *t, const struct plist *rules)
{
	uint64_t ends[CONF_MAXDEPTH + 1];
	unsigned level = 0;
	size_t i, j;

	for (i = 0; i < plist_count(rules); i++) {
		const struct plist *rule = plist_item(rules, i);
		const struct plist *sub = plist_get(rule, "subrules");
		uint64_t end = number(rule, "skip-to");

		while (level > 0 && ends[level - 1] <= i)
			level--;
		show_rule(t, rule, level);
		for (j = 0; j < plist_count(sub); j++)
			show_rule(t, plist_item(sub, j), level + 1);
		if ((number(rule, "attr") & NPF_RULE_GROUP) != 0 &&
		    end > i + 1 && level <= CONF_MAXDEPTH)
			ends[level++] = end;
	}
}

/* --- tables, procedures, maps --- */

static void
show_table(struct tool *t, const struct plist *table)
{
	static const char *const types[] = { "?", "hash", "tree", "cdb" };
	const char *name = printable(table, "name");
	uint64_t type = number(table, "type");

	t_printf(t, "table <%s> type %s\n", name != NULL ? name : "?",
	    types[type <= NPF_TABLE_CDB ? type : 0]);
}

static const char *
interface_name(struct tool *t, uint64_t index)
{
	const struct if_entry *e;
	struct if_entry *list;

	if (index > UINT32_MAX || iflist_get(t, &list) != 0)
		return "?";
	e = iflist_index(list, (unsigned)index);
	return e != NULL ? e->name : "?";
}

/* An option and its value, in the words in which it was written. */
static void
show_option(struct tool *t, const struct plist *call, const char *key,
    const struct plist *v)
{
	unsigned long long n = number(call, key);

	if (strcmp(key, "log-interface") == 0)
		t_printf(t, " %s", interface_name(t, n));
	else if (plist_type(v) != PLIST_NUMBER)
		t_printf(t, " \"%s\"", key);
	else if (strcmp(key, "percentage") == 0)
		t_printf(t, " \"%s\" %llu.%02llu", key, n / 100, n % 100);
	else
		t_printf(t, " \"%s\" %llu", key, n);
}

static void
show_call(struct tool *t, const struct plist *call)
{
	const char *name = printable(call, "name");
	bool first = true;
	size_t i;

	t_printf(t, "\t%s:", name != NULL ? name : "?");
	for (i = 0; i < plist_count(call); i++) {
		const char *key = plist_key(call, i), *p;
		const struct plist *v = plist_item(call, i);

		for (p = key; (unsigned char)*p > ' '; p++)
			;
		if (strcmp(key, "name") == 0 || *p != '\0' ||
		    (plist_type(v) == PLIST_BOOL && !plist_bool(v)))
			continue;
		if (!first)
			t_putc(t, ',');
		show_option(t, call, key, v);
		first = false;
	}
	t_printf(t, "\n");
}

static void
show_rproc(struct tool *t, const struct plist *rproc)
{
	const struct plist *calls = plist_get(rproc, "extcalls");
	const char *name = printable(rproc, "name");
	size_t i;

	t_printf(t, "procedure \"%s\"\n", name != NULL ? name : "?");
	for (i = 0; i < plist_count(calls); i++)
		show_call(t, plist_item(calls, i));
}

static void
show_nat(struct tool *t, const struct plist *nat)
{
	uint64_t flags = number(nat, "flags");
	uint16_t port = (uint16_t)number(nat, "nat-port");
	uint64_t mask = number(nat, "nat-mask");
	const char *ifname = printable(nat, "ifname");
	struct npf_addr a = { .mask = NPF_NO_NETMASK };
	char addr[64] = "?";
	struct text x = { .t = t };
	const void *data;
	uint8_t p[2];
	size_t len;

	if (plist_get_data(nat, "nat-ip", &data, &len) == 1 &&
	    (len == 4 || len == 16)) {
		memcpy(a.bytes, data, len);
		a.len = (uint8_t)len;
		if (mask <= len * 8)
			a.mask = (uint8_t)mask;
		addr_text(&a, addr);
	}
	text_add(&x, "%s", addr);
	memcpy(p, &port, 2);
	if (port != 0)
		text_add(&x, " port %u", p[0] << 8 | p[1]);
	t_printf(t, "map %s %s %s", ifname != NULL ? ifname : "any",
	    (flags & NPF_NAT_STATIC) != 0 ? "static" : "dynamic",
	    number(nat, "nat-algo") == NPF_ALGO_NPT66 ? "algo npt66 " : "");
	if (number(nat, "type") == NPF_NATIN)
		t_printf(t, "%s <- any ", x.buf);
	else
		t_printf(t, "any -> %s ", x.buf);
	t_printf(t, "pass ");
	show_filter(t, nat);
	t_printf(t, "\n");
}

static void
each(struct tool *t, const struct plist *list,
    void (*show)(struct tool *, const struct plist *))
{
	size_t i;

	for (i = 0; i < plist_count(list); i++)
		show(t, plist_item(list, i));
}

void
show_config(struct tool *t, const struct plist *config)
{
	each(t, plist_get(config, "tables"), show_table);
	each(t, plist_get(config, "rprocs"), show_rproc);
	t_printf(t, "\n");
	each(t, plist_get(config, "nat"), show_nat);
	show_rules(t, plist_get(config, "rules"));
}

static void
show_rule_code(struct tool *t, const struct plist *rule)
{
	const struct bpf_insn *insns;
	size_t n;

	show_rule(t, rule, 0);
	insns = rule_code(t, rule, &n);
	if (n > 0)
		code_print(t, insns, n);
}

static void
show_nat_code(struct tool *t, const struct plist *nat)
{
	const struct bpf_insn *insns;
	size_t n;

	show_nat(t, nat);
	insns = rule_code(t, nat, &n);
	if (n > 0)
		code_print(t, insns, n);
}

void
show_code(struct tool *t, const struct plist *config)
{
	each(t, plist_get(config, "nat"), show_nat_code);
	each(t, plist_get(config, "rules"), show_rule_code);
}
