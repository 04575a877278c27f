/* SPDX-License-Identifier: BSD-2-Clause */
/* chmod: file modes. */
#include "tools.h"
#include <string.h>

struct chmod {
	struct tools_change c;
	struct tmode *mode;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "Usage: chmod [-R [-H | -L | -P]] [-fh] mode file ...\n"
	    "\tchmod [-R [-H | -L | -P]] [-fh] --reference=rfile file ...\n");
	t_exit(t, 1);
}

static int
change(struct tool *t, struct tools_change *c, FTSENT *e)
{
	struct tmode *how = ((struct chmod *)c)->mode;
	mode_t mode = t_getmode(how, e->fts_statp->st_mode);

	return c->links ? sys_lchmod(t, e->fts_accpath, mode) :
			  sys_chmod(t, e->fts_accpath, mode);
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
	struct chmod cm;
	struct tools_change *c = &cm.c;
	struct stat st;
	int ch;

	memset(&cm, 0, sizeof(cm));
	argv = tools_options_first(t, &argc, argv, OPTIONS, longs, "Xgorstuwx");
	while ((ch = tools_getopt_long(
		    t, argc, argv, OPTIONS, longs, &c->reference)) != -1) {
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
		if (!tools_change_option(c, ch))
			usage(t);
	}
	argv += t->t_opt.optind;
	if (c->reference != NULL) {
		tools_change_reference(t, c, &st);
		modestr = t_asprintf(t, "%o", st.st_mode & ALLPERMS);
	} else if (modestr == NULL && *argv != NULL)
		modestr = *argv++;
	if (modestr == NULL || *argv == NULL)
		usage(t);
	cm.mode = tools_mode(t, modestr);
	tools_change_check(t, c);
	tools_change_walk(t, c, argv, change);
	return c->status;
}
