/* SPDX-License-Identifier: BSD-2-Clause */
/* What chmod, chown and chgrp share: their options, and the walk over what is to be changed. */
#include "tools.h"

bool
tools_change_option(struct tools_change *c, int ch)
{
	switch (ch) {
	case 'H':
		c->command_line = true;
		c->logical = false;
		return true;
	case 'L':
		c->logical = true;
		c->command_line = false;
		return true;
	case 'P':
		c->command_line = c->logical = false;
		return true;
	case 'R':
		c->recursive = true;
		return true;
	case 'f':
		c->quiet = true;
		return true;
	case 'h':
		c->links = true;
		return true;
	default:
		return false;
	}
}

void
tools_change_check(struct tool *t, const struct tools_change *c)
{
	if (c->recursive && c->logical && c->links)
		t_errx(t, 1,
		    "the -L and -h options may not be specified together.");
}

void
tools_change_reference(
    struct tool *t, const struct tools_change *c, struct stat *st)
{
	int error = sys_stat(t, c->reference, st);

	if (error != 0)
		t_fail(t, 1, error, "Cannot stat `%s'", c->reference);
}

/* True when the entry is to be changed now. */
static bool
wanted(struct tool *t, struct tools_change *c, FTS *f, FTSENT *e)
{
	switch (e->fts_info) {
	case FTS_D:
		/* In a tree, afterwards: the change may close it. */
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
		/* What a link leads to is changed by the one who follows it. */
		return c->links;
	case FTS_SLNONE:
		if (!c->links && c->tell_dead_links) {
			t_warn(t, -ENOENT, "%s", e->fts_path);
			c->status = 1;
		}
		return c->links;
	default:
		return true;
	}
}

void
tools_change_walk(struct tool *t, struct tools_change *c, char **argv,
    int (*change)(struct tool *, struct tools_change *, FTSENT *))
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
		error = change(t, c, e);
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
