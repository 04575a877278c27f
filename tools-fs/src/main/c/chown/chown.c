/* SPDX-License-Identifier: BSD-2-Clause */
/* chown and chgrp: owners and groups of files. */
#include "tools.h"
#include <stdlib.h>
#include <string.h>

struct chown {
	struct tools_change c;
	bool group_only;
	uid_t uid; /* -1: as it is */
	gid_t gid;
};

static _Noreturn void
usage(struct tool *t, const struct chown *c)
{
	const char *name = c->group_only ? "chgrp" : "chown";

	t_eprintf(t,
	    "Usage: %s [-R [-H | -L | -P]] [-fhv] %s file ...\n"
	    "\t%s [-R [-H | -L | -P]] [-fhv] --reference=rfile file ...\n",
	    name, c->group_only ? "group" : "owner:group|owner|:group", name);
	t_exit(t, 1);
}

/* A name goes before a number; a '#' in front says that it is none. */
static bool
number(const char *s, uint32_t *out)
{
	unsigned long long v;
	char *end;

	if (*s == '#')
		s++;
	if (*s < '0' || *s > '9')
		return false;
	v = strtoull(s, &end, 10);
	if (*end != '\0' || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

static void
parse_group(struct tool *t, struct chown *c, const char *s)
{
	if (*s == '\0')
		return;
	if (t_gid_from_group(t, s, &c->gid) != 0 && !number(s, &c->gid))
		t_errx(t, 1, "%s: invalid group name", s);
}

static bool
find_user(struct tool *t, const char *s, uid_t *uid)
{
	return t_uid_from_user(t, s, uid) == 0 || number(s, uid);
}

/* owner:group; a dot in place of the colon is old, and may be part of a name. */
static void
parse_owner(struct tool *t, struct chown *c, const char *arg)
{
	char *user = t_strdup(t, arg), *sep = strchr(user, ':');

	if (sep == NULL && *user != '\0' && !find_user(t, user, &c->uid)) {
		sep = strchr(user, '.');
		if (sep == NULL)
			t_errx(t, 1, "%s: invalid user name", user);
	} else if (sep == NULL)
		return;
	*sep = '\0';
	if (*user != '\0' && !find_user(t, user, &c->uid))
		t_errx(t, 1, "%s: invalid user name", user);
	parse_group(t, c, sep + 1);
}

static int
change(struct tool *t, struct tools_change *c, FTSENT *e)
{
	const struct chown *to = (struct chown *)c;

	return c->links ? sys_lchown(t, e->fts_accpath, to->uid, to->gid) :
			  sys_chown(t, e->fts_accpath, to->uid, to->gid);
}

static int
run(struct tool *t, bool group_only, int argc, char **argv)
{
	static const char *const longs[] = { "reference", NULL };
	struct chown c;
	struct stat st;
	int ch;

	memset(&c, 0, sizeof(c));
	c.group_only = group_only;
	c.c.tell_dead_links = true;
	c.uid = (uid_t)-1;
	c.gid = (gid_t)-1;
	argv = tools_options_first(t, &argc, argv, "HLPRfhv", longs, "");
	while ((ch = tools_getopt_long(
		    t, argc, argv, "HLPRfhv", longs, &c.c.reference)) != -1)
		if (ch == 'v')
			c.c.verbose = true;
		else if (ch != TOOLS_LONG && !tools_change_option(&c.c, ch))
			usage(t, &c);
	argv += t->t_opt.optind;
	tools_change_check(t, &c.c);
	if (*argv == NULL || (c.c.reference == NULL && argv[1] == NULL))
		usage(t, &c);
	if (c.c.reference != NULL) {
		tools_change_reference(t, &c.c, &st);
		c.uid = group_only ? (uid_t)-1 : st.st_uid;
		c.gid = st.st_gid;
	} else if (group_only)
		parse_group(t, &c, *argv++);
	else
		parse_owner(t, &c, *argv++);
	tools_change_walk(t, &c.c, argv, change);
	return c.c.status;
}

int
chown_main(struct tool *t, int argc, char **argv)
{
	return run(t, false, argc, argv);
}

int
chgrp_main(struct tool *t, int argc, char **argv)
{
	return run(t, true, argc, argv);
}
