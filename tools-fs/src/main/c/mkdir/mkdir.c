/* SPDX-License-Identifier: BSD-2-Clause */
/* mkdir: directories, with -p their parents too. */
#include "tools.h"
#include <string.h>

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t, "usage: mkdir [-p] [-m mode] dirname ...\n");
	t_exit(t, 1);
}

/*
 * The parents get what the owner needs to go on; a mode beyond the permission bits needs a chmod, since mkdir(2) takes
 * only those.
 */
static int
make(struct tool *t, char *path, mode_t mode, bool chmod)
{
	int error = sys_mkdir(t, path, mode);

	if (error == 0 && chmod)
		error = sys_chmod(t, path, mode);
	if (error != 0)
		t_warn(t, error, "%s", path);
	return error;
}

static int
make_path(struct tool *t, char *path, mode_t mode, mode_t dirmode, bool chmod)
{
	char *p = path;
	struct stat st;
	bool last;
	int error;

	do {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		last = p[strspn(p, "/")] == '\0';
		*p = '\0';
		error = sys_stat(t, path, &st);
		if (error == 0 && !S_ISDIR(st.st_mode))
			error = -ENOTDIR;
		else if (error == -ENOENT) {
			error = make(
			    t, path, last ? mode : dirmode, last && chmod);
			if (error != 0)
				return error;
		}
		if (error != 0) {
			t_warn(t, error, "%s", path);
			return error;
		}
		if (!last)
			*p++ = '/';
	} while (!last);
	return 0;
}

int
mkdir_main(struct tool *t, int argc, char **argv)
{
	bool parents = false, chmod = false;
	const char *modestr = NULL;
	mode_t mode, dirmode, umask;
	int ch, status = 0;

	while ((ch = t_getopt(t, argc, argv, "m:p")) != -1)
		switch (ch) {
		case 'm':
			modestr = t->t_opt.optarg;
			break;
		case 'p':
			parents = true;
			break;
		default:
			usage(t);
		}
	umask = (mode_t)sys_umask(t, 0);
	sys_umask(t, umask);
	mode = (S_IRWXU | S_IRWXG | S_IRWXO) & ~umask;
	dirmode = mode | S_IWUSR | S_IXUSR;
	if (modestr != NULL) {
		mode = t_getmode(tools_mode(t, modestr), mode);
		chmod = true;
	}
	argv += t->t_opt.optind;
	if (*argv == NULL)
		usage(t);
	for (; *argv != NULL; argv++) {
		char *path = t_strdup(t, *argv);
		int error;

		if (parents && *path != '\0')
			error = make_path(t, path, mode, dirmode, chmod);
		else
			error = make(t, path, mode, chmod);
		if (error != 0)
			status = 1;
	}
	return status;
}
