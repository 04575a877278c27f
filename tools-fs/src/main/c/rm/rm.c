/* SPDX-License-Identifier: BSD-2-Clause */
/* rm: files and trees. */
#include "tools.h"
#include <string.h>

struct rm {
	bool directories, force, ask, overwrite, recursive, verbose;
	bool whiteouts, one_fs, interactive;
	int status;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t, "usage: rm [-f|-i] [-dPRrvWx] file ...\n");
	t_exit(t, 1);
}

/* True when the file may go: asked for with -i, or when it is not writable and somebody is there to ask. */
static bool
allowed(struct tool *t, const struct rm *rm, const char *path,
    const struct stat *st)
{
	const char *user, *group;
	char mode[12];

	if (rm->ask)
		return tools_ask(t, "remove '%s'? ", path);
	if (S_ISLNK(st->st_mode) || !rm->interactive ||
	    sys_access(t, path, W_OK) == 0)
		return true;
	t_strmode(st->st_mode, mode);
	user = t_user_from_uid(t, st->st_uid);
	group = t_group_from_gid(t, st->st_gid);
	return tools_ask(t, "override %s%s%s:%s for '%s'? ", mode + 1,
	    mode[9] == ' ' ? "" : " ",
	    user != NULL ? user : t_asprintf(t, "%u", st->st_uid),
	    group != NULL ? group : t_asprintf(t, "%u", st->st_gid), path);
}

static int
overwrite_pass(struct tool *t, int fd, off_t size, int byte)
{
	char buf[8192];
	off_t at;
	ssize_t n;

	memset(buf, byte, sizeof(buf));
	for (at = 0; at < size; at += n) {
		size_t want = size - at < (off_t)sizeof(buf) ?
		    (size_t)(size - at) :
		    sizeof(buf);

		n = sys_pwrite(t, fd, buf, want, at);
		if (n < 0)
			return (int)n;
		if (n == 0)
			return -EIO;
	}
	return sys_fsync(t, fd);
}

/* Regular files only: three times, then they go. */
static int
overwrite(struct tool *t, const char *path, const struct stat *st)
{
	static const int bytes[] = { 0xff, 0x00, 0xff };
	size_t i;
	int fd, error = 0;

	if (!S_ISREG(st->st_mode))
		return 0;
	fd = sys_open(t, path, O_WRONLY | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	for (i = 0; i < sizeof(bytes) / sizeof(bytes[0]) && error == 0; i++)
		error = overwrite_pass(t, fd, st->st_size, bytes[i]);
	sys_close(t, fd);
	return error;
}

static void
result(struct tool *t, struct rm *rm, const char *path, int error)
{
	if (error == 0) {
		if (rm->verbose)
			t_printf(t, "%s\n", path);
	} else if (!rm->force || error != -ENOENT) {
		t_warn(t, error, "%s", path);
		rm->status = 1;
	}
}

static int
remove_file(struct tool *t, const struct rm *rm, const char *path,
    const struct stat *st)
{
	int error;

	if (S_ISWHT(st->st_mode))
		return sys_undelete(t, path);
	if (rm->overwrite && (error = overwrite(t, path, st)) != 0)
		return error;
	return sys_unlink(t, path);
}

/* Marks a directory that the user refused, so that it is not removed after its contents. */
#define REFUSED 1

static void
remove_entry(struct tool *t, struct rm *rm, FTS *f, FTSENT *e)
{
	bool ask = !rm->force;

	switch (e->fts_info) {
	case FTS_DNR:
	case FTS_ERR:
		if (e->fts_info == FTS_DNR && e->fts_errno == -ENOENT &&
		    rm->force)
			return;
		t_warn(t, e->fts_errno, "%s", e->fts_path);
		rm->status = 1;
		return;
	case FTS_NS:
		if (!rm->force || e->fts_errno != -ENOENT) {
			t_warn(t, e->fts_errno, "%s", e->fts_path);
			rm->status = 1;
		}
		return;
	case FTS_DC:
		t_warnx(t, "%s: directory causes a cycle", e->fts_path);
		rm->status = 1;
		return;
	case FTS_D:
		if (ask && !allowed(t, rm, e->fts_accpath, e->fts_statp)) {
			fts_set(f, e, FTS_SKIP);
			e->fts_number = REFUSED;
		}
		return;
	case FTS_DP:
		if (e->fts_number != REFUSED)
			result(t, rm, e->fts_path, sys_rmdir(t, e->fts_accpath));
		return;
	default:
		if (ask && !allowed(t, rm, e->fts_accpath, e->fts_statp))
			return;
		result(t, rm, e->fts_path,
		    remove_file(t, rm, e->fts_accpath, e->fts_statp));
	}
}

static void
remove_trees(struct tool *t, struct rm *rm, char **argv)
{
	int options = FTS_PHYSICAL;
	FTSENT *e;
	FTS *f;

	if (rm->whiteouts)
		options |= FTS_WHITEOUT;
	if (rm->one_fs)
		options |= FTS_XDEV;
	tools_check_roots(t, argv, "fts_open failed");
	f = fts_open(t, argv, options, NULL);
	while ((e = fts_read(f)) != NULL)
		remove_entry(t, rm, f, e);
	if (f->fts_errno != 0)
		t_fail(t, 1, f->fts_errno, "fts_read");
	fts_close(f);
}

static void
remove_names(struct tool *t, struct rm *rm, char **argv)
{
	struct stat st;
	int error;

	for (; *argv != NULL; argv++) {
		error = sys_lstat(t, *argv, &st);
		if (error != 0 && rm->whiteouts) {
			memset(&st, 0, sizeof(st));
			st.st_mode = S_IFWHT | S_IWUSR | S_IRUSR;
			error = 0;
		} else if (error == 0 && rm->whiteouts && !S_ISWHT(st.st_mode)) {
			/* What is there covers no whiteout, and is not meant. */
			result(t, rm, *argv, -EEXIST);
			continue;
		}
		if (error == 0 && S_ISDIR(st.st_mode) && !rm->directories) {
			t_warnx(t, "%s: is a directory", *argv);
			rm->status = 1;
			continue;
		}
		if (error == 0 && !rm->force && !S_ISWHT(st.st_mode) &&
		    !allowed(t, rm, *argv, &st))
			continue;
		if (error == 0)
			error = S_ISDIR(st.st_mode) ?
			    sys_rmdir(t, *argv) :
			    remove_file(t, rm, *argv, &st);
		result(t, rm, *argv, error);
	}
}

/* Takes out what must never be removed. */
static void
check_names(struct tool *t, struct rm *rm, char **argv)
{
	char **to = argv;

	for (; *argv != NULL; argv++) {
		const char *base = tools_basename(t, *argv);

		if (strcmp(base, "/") == 0) {
			t_warnx(t, "\"/\" may not be removed");
			rm->status = 1;
		} else if (strcmp(base, ".") == 0 || strcmp(base, "..") == 0) {
			t_warnx(t, "\".\" and \"..\" may not be removed");
			rm->status = 1;
		} else
			*to++ = *argv;
	}
	*to = NULL;
}

int
rm_main(struct tool *t, int argc, char **argv)
{
	struct rm rm;
	int ch;

	memset(&rm, 0, sizeof(rm));
	while ((ch = t_getopt(t, argc, argv, "dfiPRrvWx")) != -1)
		switch (ch) {
		case 'd':
			rm.directories = true;
			break;
		case 'f':
			rm.force = true;
			rm.ask = false;
			break;
		case 'i':
			rm.ask = true;
			rm.force = false;
			break;
		case 'P':
			rm.overwrite = true;
			break;
		case 'R':
		case 'r':
			rm.recursive = true;
			break;
		case 'v':
			rm.verbose = true;
			break;
		case 'W':
			rm.whiteouts = true;
			break;
		case 'x':
			rm.one_fs = true;
			break;
		default:
			usage(t);
		}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc < 1) {
		if (rm.force)
			return 0;
		usage(t);
	}
	check_names(t, &rm, argv);
	rm.interactive = t_isterm(t, 0);
	if (*argv != NULL && rm.recursive)
		remove_trees(t, &rm, argv);
	else if (*argv != NULL)
		remove_names(t, &rm, argv);
	return rm.status;
}
