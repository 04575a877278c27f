/* SPDX-License-Identifier: BSD-2-Clause */
/* ln: hard and symbolic links. */
#include "tools.h"
#include <string.h>

struct ln {
	bool force, nofollow, ask, symbolic, verbose;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage:\tln [-fhinsv] file1 file2\n"
	    "\tln [-fhinsv] file ... directory\n");
	t_exit(t, 1);
}

/* True when the target names a directory that links go into. */
static bool
is_directory(struct tool *t, const struct ln *ln, const char *target)
{
	struct stat st;

	if (ln->nofollow && sys_lstat(t, target, &st) == 0 &&
	    S_ISLNK(st.st_mode))
		return false;
	return sys_stat(t, target, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Removes what is in the way, where asked to. 1: do not link. */
static int
clear_target(struct tool *t, const struct ln *ln, const char *target)
{
	struct stat st;
	int error;

	if (!ln->ask && !ln->force)
		return 0;
	if (sys_lstat(t, target, &st) != 0)
		return 0;
	if (ln->ask && !tools_ask(t, "replace %s? ", target)) {
		t_eprintf(t, "not replaced\n");
		return 1;
	}
	error = sys_unlink(t, target);
	if (error == 0 || error == -ENOENT)
		return 0;
	t_warn(t, error, "%s", target);
	return 1;
}

static int
link_one(struct tool *t, const struct ln *ln, const char *source,
    const char *target, bool into)
{
	struct stat st;
	int error;

	if (!ln->symbolic) {
		error = sys_stat(t, source, &st);
		if (error == 0 && S_ISDIR(st.st_mode))
			error = -EPERM;
		if (error != 0) {
			t_warn(t, error, "%s", source);
			return 1;
		}
	}
	if (into)
		target = tools_join(t, target, tools_basename(t, source));
	if (clear_target(t, ln, target) != 0)
		return 1;
	error = ln->symbolic ? sys_symlink(t, source, target) :
			       sys_link(t, source, target);
	if (error != 0) {
		t_warn(t, error, "%s", target);
		return 1;
	}
	if (ln->verbose)
		t_printf(
		    t, "%s %c> %s\n", target, ln->symbolic ? '-' : '=', source);
	return 0;
}

int
ln_main(struct tool *t, int argc, char **argv)
{
	struct ln ln;
	const char *target;
	int ch, i, status = 0;
	bool into;

	memset(&ln, 0, sizeof(ln));
	while ((ch = t_getopt(t, argc, argv, "fhinsv")) != -1)
		switch (ch) {
		case 'f':
			ln.force = true;
			ln.ask = false;
			break;
		case 'h':
		case 'n':
			ln.nofollow = true;
			break;
		case 'i':
			ln.ask = true;
			ln.force = false;
			break;
		case 's':
			ln.symbolic = true;
			break;
		case 'v':
			ln.verbose = true;
			break;
		default:
			usage(t);
		}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc == 0)
		usage(t);
	if (argc == 1)
		return link_one(t, &ln, argv[0], ".", true);
	target = argv[argc - 1];
	into = is_directory(t, &ln, target);
	if (argc > 2 && !into)
		usage(t);
	for (i = 0; i < argc - 1; i++)
		status |= link_one(t, &ln, argv[i], target, into);
	return status;
}
