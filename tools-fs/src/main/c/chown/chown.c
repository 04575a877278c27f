/* SPDX-License-Identifier: BSD-2-Clause */
/* chown and chgrp: owners and groups of files. */
#include "tools.h"
#include <stdlib.h>
#include <string.h>

struct chown {
	bool group_only, quiet, links, recursive, command_line, logical;
	bool verbose;
	const char *reference;
	uid_t uid; /* -1: as it is */
	gid_t gid;
	int status;
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

static bool
wanted(struct tool *t, struct chown *c, FTS *f, FTSENT *e)
{
	switch (e->fts_info) {
	case FTS_D:
		if (c->recursive)
			return false;
		fts_set(f, e, FTS_SKIP);
		return true;
	case FTS_DP:
		return c->recursive;
	case FTS_DNR:
		t_warn(t, e->fts_errno, "%s", e->fts_path);
		c->status = 1;
		return c->recursive;
	case FTS_ERR:
	case FTS_NS:
		t_warn(t, e->fts_errno, "%s", e->fts_path);
		c->status = 1;
		return false;
	case FTS_DC:
		t_warnx(t, "%s: directory causes a cycle", e->fts_path);
		c->status = 1;
		return false;
	case FTS_SL:
		return c->links;
	case FTS_SLNONE:
		if (!c->links) {
			t_warn(t, -ENOENT, "%s", e->fts_path);
			c->status = 1;
		}
		return c->links;
	default:
		return true;
	}
}

static void
walk(struct tool *t, struct chown *c, char **argv)
{
	int options = FTS_PHYSICAL, error;
	FTSENT *e;
	FTS *f;

	if (c->recursive && c->logical)
		options = FTS_LOGICAL;
	if ((c->recursive && c->command_line) || (!c->recursive && !c->links))
		options |= FTS_COMFOLLOW;
	tools_check_roots(t, argv, "fts_open");
	f = fts_open(t, argv, options, NULL);
	while ((e = fts_read(f)) != NULL) {
		if (!wanted(t, c, f, e))
			continue;
		error = c->links ?
		    sys_lchown(t, e->fts_accpath, c->uid, c->gid) :
		    sys_chown(t, e->fts_accpath, c->uid, c->gid);
		if (error != 0 && !c->quiet) {
			t_warn(t, error, "%s", e->fts_path);
			c->status = 1;
		} else if (error == 0 && c->verbose)
			t_printf(t, "%s\n", e->fts_path);
	}
	if (f->fts_errno != 0)
		t_fail(t, 1, f->fts_errno, "fts_read");
	fts_close(f);
}

static int
run(struct tool *t, bool group_only, int argc, char **argv)
{
	static const char *const longs[] = { "reference", NULL };
	struct chown c;
	struct stat st;
	int ch, error;

	memset(&c, 0, sizeof(c));
	c.group_only = group_only;
	c.uid = (uid_t)-1;
	c.gid = (gid_t)-1;
	argv = tools_options_first(t, &argc, argv, "HLPRfhv", longs, "");
	while ((ch = tools_getopt_long(
		    t, argc, argv, "HLPRfhv", longs, &c.reference)) != -1)
		switch (ch) {
		case TOOLS_LONG:
			break;
		case 'H':
			c.command_line = true;
			c.logical = false;
			break;
		case 'L':
			c.logical = true;
			c.command_line = false;
			break;
		case 'P':
			c.command_line = c.logical = false;
			break;
		case 'R':
			c.recursive = true;
			break;
		case 'f':
			c.quiet = true;
			break;
		case 'h':
			c.links = true;
			break;
		case 'v':
			c.verbose = true;
			break;
		default:
			usage(t, &c);
		}
	argv += t->t_opt.optind;
	if (c.recursive && c.logical && c.links)
		t_errx(t, 1,
		    "the -L and -h options may not be specified together.");
	if (*argv == NULL || (c.reference == NULL && argv[1] == NULL))
		usage(t, &c);
	if (c.reference != NULL) {
		error = sys_stat(t, c.reference, &st);
		if (error != 0)
			t_fail(t, 1, error, "Cannot stat `%s'", c.reference);
		c.uid = group_only ? (uid_t)-1 : st.st_uid;
		c.gid = st.st_gid;
	} else if (group_only)
		parse_group(t, &c, *argv++);
	else
		parse_owner(t, &c, *argv++);
	walk(t, &c, argv);
	return c.status;
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
