/* SPDX-License-Identifier: BSD-2-Clause */
/* rmdir: empty directories, with -p the parents that became empty too. */
#include "tools.h"
#include <string.h>

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t, "usage: rmdir [-p] directory ...\n");
	t_exit(t, 1);
}

static void
strip_slashes(char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
}

static int
remove_parents(struct tool *t, char *path)
{
	char *slash;
	int error;

	for (;;) {
		strip_slashes(path);
		slash = strrchr(path, '/');
		if (slash == NULL || slash == path)
			return 0;
		*slash = '\0';
		strip_slashes(path);
		if (strcmp(path, "/") == 0)
			return 0;
		error = sys_rmdir(t, path);
		if (error != 0) {
			t_warn(t, error, "%s", path);
			return 1;
		}
	}
}

int
rmdir_main(struct tool *t, int argc, char **argv)
{
	bool parents = false;
	int ch, error, status = 0;
	char *path;

	while ((ch = t_getopt(t, argc, argv, "p")) != -1) {
		if (ch != 'p')
			usage(t);
		parents = true;
	}
	argv += t->t_opt.optind;
	if (*argv == NULL)
		usage(t);
	for (; *argv != NULL; argv++) {
		path = t_strdup(t, *argv);
		strip_slashes(path);
		error = sys_rmdir(t, path);
		if (error != 0) {
			t_warn(t, error, "%s", *argv);
			status = 1;
		} else if (parents)
			status |= remove_parents(t, path);
	}
	return status;
}
