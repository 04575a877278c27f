/* SPDX-License-Identifier: BSD-2-Clause */
/* mv: rename(2), and where that is refused across file systems, a copy and a removal. */
#include "tools.h"
#include <string.h>

#define COPYSIZE (256u << 10)

struct mv {
	bool force, ask, verbose, interactive;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: mv [-fiv] source target\n"
	    "       mv [-fiv] source ... directory\n");
	t_exit(t, 1);
}

static int
copy_data(
    struct tool *t, int from, int to, const char *fromname, const char *toname)
{
	char *buf = t_malloc(t, COPYSIZE);
	ssize_t n, put;

	while ((n = sys_read(t, from, buf, COPYSIZE)) > 0) {
		put = sys_write(t, to, buf, (size_t)n);
		if (put != n) {
			t_warn(t, put < 0 ? (int)put : ENOSPC, "%s", toname);
			t_free(t, buf);
			return 1;
		}
	}
	t_free(t, buf);
	if (n < 0) {
		t_warn(t, (int)n, "%s", fromname);
		return 1;
	}
	return 0;
}

/* Owner, mode, flags, times as the source's; set-id bits only for the owner they had. */
static void
copy_attributes(struct tool *t, int fd, const char *name, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	mode_t mode = st->st_mode & ALLPERMS;
	int error;

	error = sys_fchown(t, fd, st->st_uid, st->st_gid);
	if (error != 0) {
		t_warn(t, error, "%s: set owner/group", name);
		mode &= ~(mode_t)(S_ISUID | S_ISGID);
	}
	error = sys_fchmod(t, fd, mode);
	if (error != 0)
		t_warn(t, error, "%s: set mode", name);
	error = sys_futimens(t, fd, times);
	if (error != 0)
		t_warn(t, error, "%s: set times", name);
	if (st->st_flags != 0 &&
	    (error = sys_fchflags(t, fd, st->st_flags)) != 0 &&
	    error != -EOPNOTSUPP)
		t_warn(
		    t, error, "%s: set flags (was: 0%07o)", name, st->st_flags);
}

static int
copy_regular(struct tool *t, const struct mv *mv, const char *from,
    const char *to, const struct stat *st)
{
	int in, out, error, status;

	in = sys_open(t, from, O_RDONLY, 0);
	if (in < 0) {
		t_warn(t, in, "%s", from);
		return 1;
	}
	error = sys_unlink(t, to);
	if (error != 0 && error != -ENOENT) {
		t_warn(t, error, "can't remove: %s", to);
		sys_close(t, in);
		return 1;
	}
	out = sys_open(t, to, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	if (out < 0) {
		t_warn(t, out, "%s", to);
		sys_close(t, in);
		return 1;
	}
	status = copy_data(t, in, out, from, to);
	if (status == 0)
		copy_attributes(t, out, to, st);
	error = sys_close(t, out);
	sys_close(t, in);
	if (status == 0 && error != 0) {
		t_warn(t, error, "%s", to);
		status = 1;
	}
	if (status != 0) {
		sys_unlink(t, to);
		return 1;
	}
	error = sys_unlink(t, from);
	if (error != 0) {
		t_warn(t, error, "%s: remove", from);
		return 1;
	}
	if (mv->verbose)
		t_printf(t, "%s -> %s\n", from, to);
	return 0;
}

static int
run(struct tool *t, const char *program, char *const *argv)
{
	int status = t->t_sys->spawn(t->t_sysctx, t, program, argv);

	if (status < 0) {
		t_warn(t, status, "%s", program);
		return 1;
	}
	if (status >= 0x100) {
		t_warnx(
		    t, "%s: terminated by signal %d", program, status & 0xff);
		return 1;
	}
	if (status != 0) {
		t_warnx(t, "%s: terminated with %d (non-zero) status", program,
		    status);
		return 1;
	}
	return 0;
}

/* Trees and special files: as the manual page says, by cp and rm. */
static int
copy_other(struct tool *t, const struct mv *mv, const char *from, const char *to)
{
	char *f = t_strdup(t, from), *d = t_strdup(t, to);
	char *cp[] = { t_strdup(t, "cp"),
		t_strdup(t, mv->verbose ? "-PRpv" : "-PRp"), t_strdup(t, "--"),
		f, d, NULL };
	char *rm[] = { t_strdup(t, "rm"), t_strdup(t, "-rf"), cp[2], f, NULL };
	struct stat st;
	int error;

	/* A directory over a directory would be copied into it. */
	if (sys_lstat(t, to, &st) == 0) {
		error = S_ISDIR(st.st_mode) ? sys_rmdir(t, to) :
					      sys_unlink(t, to);
		if (error != 0) {
			t_warn(t, error, "can't remove: %s", to);
			return 1;
		}
	}
	if (run(t, "cp", cp) != 0)
		return 1;
	return run(t, "rm", rm);
}

/* True when the move shall not be. */
static bool
refused(struct tool *t, const struct mv *mv, const char *from, const char *to)
{
	struct stat st;
	const char *user, *group;
	char mode[12];

	if (mv->force || sys_access(t, to, F_OK) != 0)
		return false;
	if (mv->ask) {
		if (sys_access(t, from, F_OK) != 0)
			return false;
		return !tools_ask(t, "overwrite %s? ", to);
	}
	if (!mv->interactive || sys_access(t, to, W_OK) == 0 ||
	    sys_stat(t, to, &st) != 0)
		return false;
	t_strmode(st.st_mode, mode);
	user = t_user_from_uid(t, st.st_uid);
	group = t_group_from_gid(t, st.st_gid);
	return !tools_ask(t, "override %s%s%s:%s for '%s'? ", mode + 1,
	    mode[9] == ' ' ? "" : " ",
	    user != NULL ? user : t_asprintf(t, "%u", st.st_uid),
	    group != NULL ? group : t_asprintf(t, "%u", st.st_gid), to);
}

static int
move(struct tool *t, const struct mv *mv, const char *from, const char *to)
{
	struct stat st;
	int error;

	if (refused(t, mv, from, to))
		return 0;
	error = sys_rename(t, from, to);
	if (error == 0) {
		if (mv->verbose)
			t_printf(t, "%s -> %s\n", from, to);
		return 0;
	}
	if (error != -EXDEV) {
		t_warn(t, error, "rename %s to %s", from, to);
		return 1;
	}
	error = sys_lstat(t, from, &st);
	if (error != 0) {
		t_warn(t, error, "%s", from);
		return 1;
	}
	return S_ISREG(st.st_mode) ? copy_regular(t, mv, from, to, &st) :
				     copy_other(t, mv, from, to);
}

#define PATHMAX 1024

int
mv_main(struct tool *t, int argc, char **argv)
{
	struct mv mv;
	struct stat st;
	const char *target;
	int ch, i, status = 0;

	memset(&mv, 0, sizeof(mv));
	while ((ch = t_getopt(t, argc, argv, "ifv")) != -1)
		switch (ch) {
		case 'i':
			mv.ask = true;
			mv.force = false;
			break;
		case 'f':
			mv.force = true;
			mv.ask = false;
			break;
		case 'v':
			mv.verbose = true;
			break;
		default:
			usage(t);
		}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc < 2)
		usage(t);
	mv.interactive = t_isterm(t, 0);
	target = argv[argc - 1];
	if (sys_stat(t, target, &st) != 0 || !S_ISDIR(st.st_mode)) {
		if (argc > 2)
			usage(t);
		return move(t, &mv, argv[0], target);
	}
	for (i = 0; i < argc - 1; i++) {
		char *to = tools_join(t, target, tools_basename(t, argv[i]));

		if (strlen(to) >= PATHMAX) {
			t_warnx(t, "%s: destination pathname too long", argv[i]);
			status = 1;
		} else
			status |= move(t, &mv, argv[i], to);
	}
	return status;
}
