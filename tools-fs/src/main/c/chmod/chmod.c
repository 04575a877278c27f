/* SPDX-License-Identifier: BSD-2-Clause */
/* chmod: file modes. */
#include "tools.h"
#include <string.h>

struct chmod {
	bool quiet, links, recursive, command_line, logical;
	const char *reference;
	struct tmode *mode;
	int status;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "Usage: chmod [-R [-H | -L | -P]] [-fh] mode file ...\n"
	    "\tchmod [-R [-H | -L | -P]] [-fh] --reference=rfile file ...\n");
	t_exit(t, 1);
}

/* True when the entry's mode is to be changed now. */
static bool
wanted(struct tool *t, struct chmod *c, FTS *f, FTSENT *e)
{
	switch (e->fts_info) {
	case FTS_D:
		/* In a tree, afterwards: the mode may close it. */
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
	case FTS_SLNONE:
		/* What a link leads to is changed by the one who follows it. */
		return c->links;
	default:
		return true;
	}
}

static void
walk(struct tool *t, struct chmod *c, char **argv)
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
		mode_t mode = t_getmode(c->mode, e->fts_statp->st_mode);

		if (!wanted(t, c, f, e))
			continue;
		error = c->links ? sys_lchmod(t, e->fts_accpath, mode) :
				   sys_chmod(t, e->fts_accpath, mode);
		if (error != 0 && !c->quiet) {
			t_warn(t, error, "%s", e->fts_path);
			c->status = 1;
		}
	}
	if (f->fts_errno != 0)
		t_fail(t, 1, f->fts_errno, "fts_read");
	fts_close(f);
}

/* A leading '-' may be a mode that takes permissions away. */
static bool
is_mode_option(int ch)
{
	return strchr("Xgorstuwx", ch) != NULL;
}

#define OPTIONS "HLPRXfghorstuwx"

int
chmod_main(struct tool *t, int argc, char **argv)
{
	static const char *const longs[] = { "reference", NULL };
	const char *modestr = NULL;
	struct chmod c;
	struct stat st;
	int ch, error;

	memset(&c, 0, sizeof(c));
	argv = tools_options_first(t, &argc, argv, OPTIONS, longs, "Xgorstuwx");
	while ((ch = tools_getopt_long(
		    t, argc, argv, OPTIONS, longs, &c.reference)) != -1) {
		if (ch == TOOLS_LONG)
			continue;
		if (is_mode_option(ch)) {
			/* The word is the mode, and ends the options. */
			const char *word = argv[*t->t_opt.place != '\0' ?
				t->t_opt.optind :
				t->t_opt.optind - 1];

			if (word[0] != '-' || word[1] != ch)
				usage(t);
			modestr = word;
			if (*t->t_opt.place != '\0')
				t->t_opt.optind++;
			break;
		}
		switch (ch) {
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
		default:
			usage(t);
		}
	}
	argv += t->t_opt.optind;
	if (c.reference != NULL) {
		error = sys_stat(t, c.reference, &st);
		if (error != 0)
			t_fail(t, 1, error, "Cannot stat `%s'", c.reference);
		modestr = t_asprintf(t, "%o", st.st_mode & ALLPERMS);
	} else if (modestr == NULL && *argv != NULL)
		modestr = *argv++;
	if (modestr == NULL || *argv == NULL)
		usage(t);
	c.mode = tools_mode(t, modestr);
	if (c.recursive && c.logical && c.links)
		t_errx(t, 1,
		    "the -L and -h options may not be specified together.");
	walk(t, &c, argv);
	return c.status;
}
