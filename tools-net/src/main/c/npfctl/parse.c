/* SPDX-License-Identifier: BSD-2-Clause */
/* npf.conf(5), statement by statement: variables, parameters, tables, procedures; rules and maps have files of their own. */
#include "npfctl/npfctl.h"

const char *
parse_name(struct conf *c)
{
	if (scan_peek(&c->sc) != T_STRING)
		scan_syntax_error(&c->sc);
	scan_next(&c->sc);
	return c->sc.str;
}

static void
skip_newlines(struct conf *c)
{
	while (scan_peek(&c->sc) == T_NEWLINE)
		scan_next(&c->sc);
}

/* --- $name = values --- */

static void
parse_variable(struct conf *c)
{
	struct variable *v = t_calloc(c->t, 1, sizeof(*v)), *old;

	scan_next(&c->sc);
	v->name = c->sc.str;
	for (old = c->vars; old != NULL; old = old->next)
		if (strcmp(old->name, v->name) == 0)
			scan_error(
			    &c->sc, "already defined variable '%s'", v->name);
	if (c->nvars++ == CONF_MAXNAMES)
		scan_error(&c->sc, "too many variables");
	scan_need_char(&c->sc, '=');
	value_list(c, &v->values);
	v->next = c->vars;
	c->vars = v;
}

/* --- set bpf.jit on --- */

static void
parse_set(struct conf *c)
{
	if (!scan_take(&c->sc, "bpf.jit"))
		scan_syntax_error(&c->sc);
	if (!scan_take(&c->sc, "on") && !scan_take(&c->sc, "off"))
		scan_syntax_error(&c->sc);
}

static void
parse_alg(struct conf *c)
{
	struct plist *algs = plist_get(c->dict, "algs");
	const char *name = parse_name(c);
	size_t i;

	for (i = 0; i < plist_count(algs); i++) {
		const char *other = NULL;

		plist_get_string(plist_item(algs, i), "name", &other);
		if (other != NULL && strcmp(other, name) == 0)
			scan_error(&c->sc, "ALG '%s' is already loaded", name);
	}
	if (strcmp(name, "icmp") != 0)
		scan_error(&c->sc, "unknown ALG '%s'", name);
	plist_set_string(plist_append_dict(algs), "name", name);
}

/* --- table <name> type hash dynamic --- */

static void
parse_table(struct conf *c)
{
	static const struct {
		const char *word;
		int type;
	} types[] = { { "hash", NPF_TABLE_HASH }, { "tree", NPF_TABLE_TREE },
		{ "cdb", NPF_TABLE_CDB } };
	const char *name, *path = NULL;
	size_t i;

	if (scan_peek(&c->sc) != T_TABLE)
		scan_syntax_error(&c->sc);
	scan_next(&c->sc);
	name = c->sc.str;
	if (strlen(name) >= NPF_TABLE_MAXNAMELEN)
		scan_error(&c->sc, "table name '%s' is too long", name);
	if (!scan_take(&c->sc, "type"))
		scan_syntax_error(&c->sc);
	for (i = 0; i < 3 && !scan_take(&c->sc, types[i].word); i++)
		;
	if (i == 3)
		scan_syntax_error(&c->sc);
	if (scan_take(&c->sc, "file"))
		path = parse_name(c);
	else if (!scan_take(&c->sc, "dynamic"))
		scan_syntax_error(&c->sc);
	else if (types[i].type == NPF_TABLE_CDB)
		scan_error(&c->sc, "tables of type 'cdb' must be static");
	build_table(c, name, types[i].type, path);
}

/* --- procedure "name" { call: option value, ... } --- */

static uint32_t
option_number(struct conf *c, const char *key, uint32_t max)
{
	struct values list = { 0 };

	if (scan_peek(&c->sc) != T_NUMBER && scan_peek(&c->sc) != T_VAR)
		scan_syntax_error(&c->sc);
	value_one(c, &list);
	if (list.n != 1 || list.head->type != V_NUMBER || list.head->from > max)
		scan_error(&c->sc, "invalid value of '%s'", key);
	return list.head->from;
}

static const char *
option_word(struct conf *c)
{
	enum token type = scan_peek(&c->sc);

	if (type != T_WORD && type != T_STRING)
		scan_syntax_error(&c->sc);
	scan_next(&c->sc);
	return c->sc.str;
}

static void
normalize(struct conf *c, struct plist *call)
{
	do {
		const char *key = option_word(c);

		if (strcmp(key, "random-id") == 0 || strcmp(key, "no-df") == 0)
			plist_set_bool(call, key, true);
		else if (strcmp(key, "min-ttl") == 0)
			plist_set_uint(call, key, option_number(c, key, 255));
		else if (strcmp(key, "max-mss") == 0)
			plist_set_uint(call, key, option_number(c, key, 65535));
		else
			scan_error(&c->sc, "unknown option '%s'", key);
	} while (scan_take_char(&c->sc, ','));
}

/* "5" or "2.5" percent, as hundredths. */
static uint32_t
option_percentage(struct conf *c, const char *key)
{
	enum token type = scan_peek(&c->sc);
	uint32_t n = 0, digits = 0;
	const char *s;

	if (type != T_NUMBER && type != T_ADDR4)
		scan_syntax_error(&c->sc);
	scan_next(&c->sc);
	for (s = c->sc.str; *s >= '0' && *s <= '9' && n <= 100; s++)
		n = n * 10 + (uint32_t)(*s - '0');
	n *= 100;
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9' && digits < 2; s++)
			n += (uint32_t)(*s - '0') * (digits++ == 0 ? 10 : 1);
	if (*s != '\0' || n > 10000)
		scan_error(&c->sc, "invalid value of '%s'", key);
	return n;
}

/* A share of packets, or every so many. */
static void
rndblock(struct conf *c, struct plist *call)
{
	do {
		const char *key = option_word(c);

		if (strcmp(key, "mod") == 0)
			plist_set_uint(
			    call, key, option_number(c, key, UINT32_MAX));
		else if (strcmp(key, "percentage") == 0)
			plist_set_uint(call, key, option_percentage(c, key));
		else
			scan_error(&c->sc, "unknown option '%s'", key);
	} while (scan_take_char(&c->sc, ','));
}

static void
log_call(struct conf *c, struct plist *call)
{
	const char *name = value_interface(c);
	const struct if_entry *e = iflist_name(conf_interfaces(c), name);

	if (e == NULL)
		scan_error(&c->sc, "unknown interface '%s'", name);
	plist_set_uint(call, "log-interface", e->index);
}

static void
parse_call(struct conf *c, struct plist *calls)
{
	static const struct {
		const char *name;
		void (*parse)(struct conf *, struct plist *);
	} extensions[] = { { "normalize", normalize }, { "log", log_call },
		{ "rndblock", rndblock } };
	struct plist *call = plist_append_dict(calls);
	const char *name;
	size_t i;

	if (scan_peek(&c->sc) != T_WORD)
		scan_syntax_error(&c->sc);
	scan_next(&c->sc);
	name = c->sc.str;
	plist_set_string(call, "name", name);
	for (i = 0; i < 3 && strcmp(name, extensions[i].name) != 0; i++)
		;
	if (i == 3)
		scan_error(&c->sc, "unknown extension '%s'", name);
	scan_need_char(&c->sc, ':');
	extensions[i].parse(c, call);
}

static void
parse_procedure(struct conf *c)
{
	const char *name = parse_name(c);
	struct plist *proc, *calls;

	if (build_has_rproc(c, name))
		scan_error(
		    &c->sc, "rule procedure '%s' is already defined", name);
	if (strlen(name) >= NPF_RULE_MAXNAMELEN)
		scan_error(&c->sc, "name '%s' is too long", name);
	if (plist_count(c->rprocs) == CONF_MAXNAMES)
		scan_error(&c->sc, "too many rule procedures");
	scan_need_char(&c->sc, '{');
	proc = plist_append_dict(c->rprocs);
	plist_set_string(proc, "name", name);
	plist_set_uint(proc, "flags", 0);
	calls = plist_set_array(proc, "extcalls");
	for (;;) {
		skip_newlines(c);
		if (scan_take_char(&c->sc, '}'))
			return;
		parse_call(c, calls);
		if (scan_peek(&c->sc) != T_NEWLINE && !scan_is_char(&c->sc, '}'))
			scan_syntax_error(&c->sc);
	}
}

/* --- the whole --- */

static void
parse_statement(struct conf *c)
{
	if (scan_peek(&c->sc) == T_VAR)
		parse_variable(c);
	else if (scan_take(&c->sc, "set"))
		parse_set(c);
	else if (scan_take(&c->sc, "alg"))
		parse_alg(c);
	else if (scan_take(&c->sc, "table"))
		parse_table(c);
	else if (scan_take(&c->sc, "map"))
		parse_map(c);
	else if (scan_take(&c->sc, "procedure"))
		parse_procedure(c);
	else if (scan_take(&c->sc, "group"))
		parse_group(c, 0);
	else
		scan_syntax_error(&c->sc);
}

struct plist *
conf_parse(struct conf *c)
{
	for (;;) {
		skip_newlines(c);
		if (scan_peek(&c->sc) == T_EOF)
			break;
		parse_statement(c);
		if (scan_peek(&c->sc) != T_NEWLINE && scan_peek(&c->sc) != T_EOF)
			scan_syntax_error(&c->sc);
	}
	if (!c->has_default)
		t_errx(c->t, 1, "default group was not defined");
	return build_finish(c);
}

struct plist *
conf_parse_rule(struct conf *c)
{
	struct plist *rule;

	parse_rule(c, true, &rule);
	if (scan_peek(&c->sc) != T_EOF)
		scan_syntax_error(&c->sc);
	return rule;
}
