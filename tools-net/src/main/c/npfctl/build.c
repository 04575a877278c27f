/* SPDX-License-Identifier: BSD-2-Clause */
/* The property list that a configuration becomes. Groups are flat: after a group come its rules, and it says which rule is the next after them. */
#include "npfctl/npfctl.h"

static void *
tool_alloc(void *arg, size_t n)
{
	return t_malloc(arg, n);
}

static void
tool_free(void *arg, void *p, size_t n)
{
	(void)n;
	t_free(arg, p);
}

void
plist_mem_tool(struct plist_mem *m, struct tool *t)
{
	memset(m, 0, sizeof(*m));
	m->pm_alloc = tool_alloc;
	m->pm_free = tool_free;
	m->pm_arg = t;
}

void
conf_init(struct conf *c, struct tool *t, const char *name, const char *text,
    size_t len)
{
	memset(c, 0, sizeof(*c));
	c->t = t;
	scan_init(&c->sc, t, name, text, len);
	plist_mem_tool(&c->mem, t);
	c->tables_end = &c->tables;
	c->dict = plist_new_dict(&c->mem);
	plist_set_uint(c->dict, "version", NPF_VERSION);
	plist_set_array(c->dict, "algs");
	plist_set_array(c->dict, "rules");
	c->tables_list = plist_set_array(c->dict, "tables");
	c->rprocs = plist_set_array(c->dict, "rprocs");
	c->nat = plist_set_array(c->dict, "nat");
}

/* --- rules --- */

struct plist *
build_rule(struct conf *c, const struct rule_options *o,
    const struct filter_code *code)
{
	struct plist *rule = plist_new_dict(&c->mem);

	if (o->name != NULL)
		plist_set_string(rule, "name", o->name);
	plist_set_uint(rule, "attr", o->attr);
	if (o->ifname != NULL)
		plist_set_string(rule, "ifname", o->ifname);
	plist_set_int(rule, "prio", o->prio);
	if (o->line != 0)
		plist_set_int(rule, "source-line", o->line);
	if (o->rproc != NULL)
		plist_set_string(rule, "rproc", o->rproc);
	if (code->insns != NULL) {
		plist_set_int(rule, "code-type", NPF_CODE_BPF);
		plist_set_data(
		    rule, "code", code->insns, code->n * sizeof(*code->insns));
	}
	plist_set_data(rule, "info", code->info, strlen(code->info) + 1);
	return rule;
}

static struct rule_list *
current(struct conf *c)
{
	return c->in_default ? &c->default_rules : &c->rules;
}

unsigned
build_add(struct conf *c, struct plist *rule, bool group)
{
	struct rule_list *l = current(c);

	if (l->n == l->cap) {
		l->cap = l->cap != 0 ? l->cap * 2 : 16;
		l->rules = t_realloc(c->t, l->rules, l->cap * sizeof(*l->rules));
	}
	l->rules[l->n].dict = rule;
	l->rules[l->n].group = group;
	l->rules[l->n].skip_to = 0;
	return l->n++;
}

void
build_group_end(struct conf *c, unsigned place)
{
	struct rule_list *l = current(c);

	l->rules[place].skip_to = l->n;
}

static void
finish_rules(struct conf *c, const struct rule_list *l, unsigned base)
{
	struct plist *rules = plist_get(c->dict, "rules");
	unsigned i;

	for (i = 0; i < l->n; i++) {
		if (l->rules[i].group)
			plist_set_uint(l->rules[i].dict, "skip-to",
			    base + l->rules[i].skip_to);
		plist_append(rules, l->rules[i].dict);
	}
}

/* The default group is the last, wherever it stands. */
struct plist *
build_finish(struct conf *c)
{
	finish_rules(c, &c->rules, 0);
	finish_rules(c, &c->default_rules, c->rules.n);
	return c->dict;
}

/* --- tables and procedures --- */

/* The dictionary of that name in a list. */
static const struct plist *
named(const struct plist *list, const char *name)
{
	size_t i;

	for (i = 0; i < plist_count(list); i++) {
		const char *other = NULL;

		plist_get_string(plist_item(list, i), "name", &other);
		if (other != NULL && strcmp(other, name) == 0)
			return plist_item(list, i);
	}
	return NULL;
}

static const struct plist *
loaded(struct conf *c, const char *list)
{
	if (!c->dynamic)
		return NULL;
	if (c->loaded == NULL)
		c->loaded = npf_config(c->t);
	return plist_get(c->loaded, list);
}

static const struct table *
find_table(const struct conf *c, const char *name)
{
	const struct table *tb;

	for (tb = c->tables; tb != NULL; tb = tb->next)
		if (strcmp(tb->name, name) == 0)
			return tb;
	return NULL;
}

static struct table *
add_table(struct conf *c, const char *name, uint32_t id)
{
	struct table *tb = t_calloc(c->t, 1, sizeof(*tb));

	tb->name = name;
	tb->id = id;
	*c->tables_end = tb;
	c->tables_end = &tb->next;
	return tb;
}

const struct table *
build_find_table(struct conf *c, const char *name)
{
	const struct table *tb = find_table(c, name);
	const struct plist *dict;
	uint64_t id;

	if (tb != NULL)
		return tb;
	dict = named(loaded(c, "tables"), name);
	if (plist_get_uint(dict, "id", ~COP_TABLE_SRC, &id) == 1)
		return add_table(c, name, (uint32_t)id);
	scan_error(&c->sc, "table '%s' is not defined", name);
}

void
build_table(struct conf *c, const char *name, int type, const char *path)
{
	struct plist *dict, *entries;
	struct table *tb;

	if (find_table(c, name) != NULL)
		scan_error(&c->sc, "table '%s' is already defined", name);
	if (c->ntables == CONF_MAXNAMES)
		scan_error(&c->sc, "too many tables");
	tb = add_table(c, name, c->ntables++);
	dict = plist_append_dict(c->tables_list);
	plist_set_string(dict, "name", name);
	plist_set_uint(dict, "id", tb->id);
	plist_set_int(dict, "type", type);
	entries = plist_set_array(dict, "entries");
	if (path != NULL)
		table_read(c, entries, path, type);
}

bool
build_has_rproc(struct conf *c, const char *name)
{
	return named(c->rprocs, name) != NULL ||
	    named(loaded(c, "rprocs"), name) != NULL;
}
