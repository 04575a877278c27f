/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules that come and go at run time: npfctl rule name ... */
#include "npfctl/npfctl.h"
#include <stdlib.h>

/* The words of the command line as one text. */
static char *
join(struct tool *t, char **argv, size_t *len)
{
	struct text x = { .t = t };

	for (; *argv != NULL; argv++)
		text_add(&x, "%s%s", x.len > 0 ? " " : "", *argv);
	*len = x.len;
	return x.buf;
}

/* FNV-1a, from a start of one's own. */
static uint64_t
hash(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len-- > 0)
		h = (h ^ *p++) * 0x100000001b3ULL;
	return h;
}

/* By what a rule is known again that is written the same: its property list without this key. */
static void
set_key(struct plist *rule)
{
	uint64_t key[2] = { 0xcbf29ce484222325ULL, 0x9e3779b97f4a7c15ULL };
	char *text;
	size_t size;

	if (plist_write(rule, &text, &size) != 0)
		return;
	key[0] = hash(key[0], text, size);
	key[1] = hash(hash(key[1], &key[0], sizeof(key[0])), text, size);
	plist_set_data(rule, "key", key, sizeof(key));
}

static uint64_t
parse_id(struct tool *t, const char *s)
{
	unsigned long long id;
	char *end;

	id = strtoull(s, &end, 16);
	if (*s == '\0' || *s == '-' || *end != '\0')
		t_errx(t, 1, "invalid rule ID '%s'", s);
	return id;
}

static void
print_rules(struct tool *t, const struct plist *answer)
{
	const struct plist *rules = plist_get(answer, "rules");
	size_t i;

	for (i = 0; i < plist_count(rules); i++)
		show_rule(t, plist_item(rules, i), 0);
}

static _Noreturn void
fail(struct tool *t, int error, const char *name)
{
	switch (error) {
	case -ESRCH:
		t_errx(t, 1, "ruleset \"%s\" not found", name);
	case -ENOENT:
		t_errx(t, 1, "rule was not found");
	default:
		t_errx(t, 1, "rule operation: %s", t_strerror(error));
	}
}

/* The request: a rule's own list, or one with an id, or none. */
static struct plist *
request(struct tool *t, int cmd, char **argv)
{
	struct conf *c = t_malloc(t, sizeof(*c));
	char *text = "";
	size_t len = 0;

	if (cmd == NPF_CMD_RULE_ADD || cmd == NPF_CMD_RULE_REMKEY) {
		struct plist *rule;

		text = join(t, argv, &len);
		conf_init(c, t, "stdin", text, len);
		c->dynamic = true;
		rule = conf_parse_rule(c);
		set_key(rule);
		return rule;
	}
	conf_init(c, t, "stdin", text, len);
	c->dict = plist_new_dict(&c->mem);
	if (cmd == NPF_CMD_RULE_REMOVE)
		plist_set_uint(c->dict, "id", parse_id(t, argv[0]));
	return c->dict;
}

int
rule_main(struct tool *t, int argc, char **argv)
{
	static const struct {
		const char *name;
		int cmd;
		bool more;
	} cmds[] = { { "add", NPF_CMD_RULE_ADD, true },
		{ "rem", NPF_CMD_RULE_REMKEY, true },
		{ "del", NPF_CMD_RULE_REMKEY, true },
		{ "rem-id", NPF_CMD_RULE_REMOVE, true },
		{ "list", NPF_CMD_RULE_LIST, false },
		{ "flush", NPF_CMD_RULE_FLUSH, false } };
	const size_t ncmds = sizeof(cmds) / sizeof(cmds[0]);
	struct plist *ask, *answer;
	uint64_t id = 0;
	size_t i;
	int fd, error;

	if (argc < 4)
		npfctl_usage(t);
	for (i = 0; i < ncmds && strcmp(argv[3], cmds[i].name) != 0; i++)
		;
	if (i == ncmds)
		t_errx(t, 1, "invalid command '%s'", argv[3]);
	if (cmds[i].more && argc < 5)
		npfctl_usage(t);
	ask = request(t, cmds[i].cmd, argv + 4);
	plist_set_string(ask, "ruleset-name", argv[2]);
	plist_set_uint(ask, "command", (uint64_t)cmds[i].cmd);
	fd = npf_open(t);
	error = npf_request(t, fd, IOC_NPF_RULE, ask, &answer);
	if (error != 0)
		fail(t, error, argv[2]);
	if (cmds[i].cmd == NPF_CMD_RULE_ADD &&
	    plist_get_uint(answer, "id", UINT64_MAX, &id) == 1)
		t_printf(t, "OK %llx\n", (unsigned long long)id);
	else if (cmds[i].cmd == NPF_CMD_RULE_LIST)
		print_rules(t, answer);
	return 0;
}
