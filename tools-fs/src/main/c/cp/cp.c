/* SPDX-License-Identifier: BSD-2-Clause */
/* cp: files and trees. */
#include "tools.h"
#include <inttypes.h>
#include <string.h>

#define COPYSIZE (1u << 20)
#define PIECE (64u << 10)

struct cp {
	struct tool *t;
	bool recursive, command_line, logical, physical;
	bool force, ask, link, no_flags, preserve, verbose;
	enum { FILE_TO_FILE, FILE_TO_DIR, DIR_TO_NEW } kind;
	const char *target;
	mode_t umask;
	uid_t uid;
	char *buf;
	int status;
	/* of the entry at hand */
	FTSENT *e;
	char *to;
	bool fresh; /* nothing of that name was there */
	struct stat to_stat;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: cp [-R [-H | -L | -P]] [-f | -i] [-alNpv] src "
	    "target\n"
	    "       cp [-R [-H | -L | -P]] [-f | -i] [-alNpv] src1 ... srcN "
	    "directory\n");
	t_exit(t, 1);
}

/* Owner, mode, flags and times of the source; fd -1: by name. */
static int
set_attributes(struct cp *c, const struct stat *st, int fd)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	bool link = S_ISLNK(st->st_mode);
	mode_t mode = st->st_mode & ALLPERMS;
	struct tool *t = c->t;
	int error, status = 0;

	error = fd >= 0 ? sys_futimens(t, fd, times) :
			  sys_utimensat(t, AT_FDCWD, c->to, times,
			      link ? AT_SYMLINK_NOFOLLOW : 0);
	if (error != 0) {
		t_warn(t, error, "lutimes: %s", c->to);
		status = 1;
	}
	/* Changing the owner clears set-id bits: first the owner, then the mode. */
	error = fd >= 0 ? sys_fchown(t, fd, st->st_uid, st->st_gid) :
			  sys_lchown(t, c->to, st->st_uid, st->st_gid);
	if (error != 0) {
		if (error != -EPERM) {
			t_warn(t, error, "chown: %s", c->to);
			status = 1;
		}
		mode &= ~(mode_t)(S_ISUID | S_ISGID);
	}
	error = fd >= 0 ? sys_fchmod(t, fd, mode) :
	    link	? sys_lchmod(t, c->to, mode) :
			  sys_chmod(t, c->to, mode);
	if (error != 0) {
		t_warn(t, error, "chmod: %s", c->to);
		status = 1;
	}
	if (c->no_flags || (c->fresh && st->st_flags == 0) ||
	    (!c->fresh && st->st_flags == c->to_stat.st_flags))
		return status;
	error = fd >= 0 ? sys_fchflags(t, fd, st->st_flags) :
	    link	? sys_lchflags(t, c->to, st->st_flags) :
			  sys_chflags(t, c->to, st->st_flags);
	if (error != 0 && !(error == -EOPNOTSUPP && st->st_flags == 0)) {
		t_warn(t, error, "chflags: %s", c->to);
		status = 1;
	}
	return status;
}

/* Without -p, a file of one's own keeps its set-id bits. */
static int
keep_setid(struct cp *c, const struct stat *st, int fd)
{
	const mode_t retain = S_ISUID | S_ISGID | S_ISVTX | ACCESSPERMS;
	struct tool *t = c->t;
	struct stat now;
	int error;

	if ((st->st_mode & (S_ISUID | S_ISGID)) == 0 || st->st_uid != c->uid)
		return 0;
	error = sys_fstat(t, fd, &now);
	if (error == 0 && now.st_gid == st->st_gid)
		error = sys_fchmod(t, fd, st->st_mode & retain & ~c->umask);
	if (error != 0) {
		t_warn(t, error, "%s", c->to);
		return 1;
	}
	return 0;
}

/* A write is all or nothing. Where a large one finds no room, as much goes in as 64 KiB at a time let in. */
static ssize_t
put_data(struct tool *t, int to, const char *data, size_t n)
{
	ssize_t put = sys_write(t, to, data, n);

	if (n > PIECE && (put == -ENOSPC || put == -EDQUOT || put == -EFBIG))
		put = sys_write(t, to, data, PIECE);
	return put;
}

static int
copy_data(struct cp *c, int from, int to, off_t size)
{
	struct tool *t = c->t;
	ssize_t n, put, at;
	off_t done = 0;

	while ((n = sys_read(t, from, c->buf, COPYSIZE)) > 0) {
		for (at = 0; at < n; at += put) {
			put = put_data(t, to, c->buf + at, (size_t)(n - at));
			if (put <= 0) {
				t_warn(t, put < 0 ? (int)put : ENOSPC, "%s",
				    c->to);
				return 1;
			}
		}
		done += n;
		if (t_siginfo_take(t))
			t_eprintf(t, "%s -> %s %" PRId64 "%%\n", c->e->fts_path,
			    c->to,
			    size > 0 ?
				(int64_t)((double)done / (double)size * 100) :
				100);
	}
	if (n < 0) {
		t_warn(t, (int)n, "%s", c->e->fts_path);
		return 1;
	}
	return 0;
}

/* Opens the target as the options say; *declined: the user did not want it. */
static int
open_target(struct cp *c, const struct stat *st, bool *declined)
{
	mode_t mode = st->st_mode & ALLPERMS &
	    ~(mode_t)(S_ISUID | S_ISGID | S_ISVTX);
	struct tool *t = c->t;
	int fd;

	*declined = false;
	if (!c->fresh) {
		if (c->ask && !tools_ask(t, "overwrite %s? ", c->to)) {
			*declined = true;
			return -EPERM;
		}
		fd = sys_open(t, c->to, O_WRONLY | O_TRUNC, 0);
		if (fd >= 0 || !c->force)
			return fd;
		/* -f: another file in its place */
		sys_unlink(t, c->to);
	}
	return sys_open(t, c->to, O_WRONLY | O_TRUNC | O_CREAT, mode);
}

static int
copy_file(struct cp *c, const struct stat *st)
{
	struct tool *t = c->t;
	int from, to, error, status;
	bool declined;

	if (c->link) {
		if (!c->fresh && c->ask &&
		    !tools_ask(t, "overwrite %s? ", c->to))
			return 0;
		if (!c->fresh && (c->force || c->ask))
			sys_unlink(t, c->to);
		error = sys_link(t, c->e->fts_path, c->to);
		if (error != 0)
			t_warn(t, error, "%s", c->to);
		return error != 0;
	}
	from = sys_open(t, c->e->fts_path, O_RDONLY, 0);
	if (from < 0) {
		t_warn(t, from, "%s", c->e->fts_path);
		return 1;
	}
	to = open_target(c, st, &declined);
	if (to < 0) {
		if (!declined)
			t_warn(t, to, "%s", c->to);
		sys_close(t, from);
		return !declined;
	}
	status = copy_data(c, from, to, st->st_size);
	if (c->preserve)
		status |= set_attributes(c, st, to);
	else
		status |= keep_setid(c, st, to);
	sys_close(t, from);
	error = sys_close(t, to);
	if (error != 0) {
		t_warn(t, error, "%s", c->to);
		status = 1;
	}
	return status;
}

/* Links, fifos, devices: a new one, the old name removed. */
static int
copy_node(struct cp *c, const struct stat *st)
{
	struct tool *t = c->t;
	char target[1024];
	int error, n;

	if (S_ISLNK(st->st_mode)) {
		n = sys_readlink(t, c->e->fts_path, target, sizeof(target) - 1);
		if (n < 0) {
			t_warn(t, n, "readlink: %s", c->e->fts_path);
			return 1;
		}
		target[n] = '\0';
	}
	if (!c->fresh && c->ask && !tools_ask(t, "overwrite %s? ", c->to))
		return 0;
	if (!c->fresh && (error = sys_unlink(t, c->to)) != 0) {
		t_warn(t, error, "unlink: %s", c->to);
		return 1;
	}
	if (S_ISLNK(st->st_mode))
		error = sys_symlink(t, target, c->to);
	else if (S_ISFIFO(st->st_mode))
		error = sys_mkfifo(t, c->to, st->st_mode & ALLPERMS);
	else
		error = sys_mknod(t, c->to, st->st_mode, st->st_rdev);
	if (error != 0) {
		t_warn(t, error, "%s: %s",
		    S_ISLNK(st->st_mode)      ? "symlink" :
			S_ISFIFO(st->st_mode) ? "mkfifo" :
						"mknod",
		    c->to);
		return 1;
	}
	return c->preserve ? set_attributes(c, st, -1) : 0;
}

static int
enter_directory(struct cp *c, FTS *f, const struct stat *st)
{
	struct tool *t = c->t;
	int error;

	if (!c->recursive) {
		t_warnx(t, "%s is a directory (not copied).", c->e->fts_path);
		fts_set(f, c->e, FTS_SKIP);
		return 1;
	}
	if (!c->fresh) {
		if (S_ISDIR(c->to_stat.st_mode))
			return 0;
		t_fail(t, 1, ENOTDIR, "%s", c->to);
	}
	error = sys_mkdir(t, c->to, (st->st_mode & ACCESSPERMS) | S_IRWXU);
	if (error != 0)
		t_fail(t, 1, error, "%s", c->to);
	c->e->fts_number = 1; /* ours: gets its mode at the end */
	return 0;
}

static int
leave_directory(struct cp *c, const struct stat *st)
{
	struct tool *t = c->t;
	int error;

	if (c->preserve) {
		c->fresh = c->e->fts_number != 0;
		return set_attributes(c, st, -1);
	}
	if (c->e->fts_number == 0)
		return 0;
	error = sys_chmod(t, c->to, st->st_mode & ACCESSPERMS & ~c->umask);
	if (error != 0)
		t_warn(t, error, "chmod: %s", c->to);
	return error != 0;
}

/* Where an entry goes. */
static char *
target_path(struct cp *c, size_t base)
{
	const FTSENT *e = c->e;

	if (c->kind == FILE_TO_FILE)
		return t_strdup(c->t, c->target);
	if (e->fts_path[base] == '\0')
		return t_strdup(c->t, c->target);
	return tools_join(
	    c->t, c->target, e->fts_path + base + (e->fts_path[base] == '/'));
}

/* How much of an operand's path is not repeated below the target. */
static size_t
base_of(const struct cp *c, const FTSENT *root)
{
	const char *slash;
	size_t base;

	if (c->kind == DIR_TO_NEW)
		return root->fts_pathlen;
	slash = strrchr(root->fts_path, '/');
	base = slash != NULL ? (size_t)(slash - root->fts_path) + 1 : 0;
	if (strcmp(root->fts_path + base, "..") == 0)
		base++;
	return base;
}

/* 0 copied (or entered, left), 1 failed. */
static int
copy_entry(struct cp *c, FTS *f)
{
	struct tool *t = c->t;
	FTSENT *e = c->e;
	const struct stat *st = e->fts_statp;
	bool nofollow = c->physical && !c->logical;
	int error;

	if (e->fts_info == FTS_DP)
		return leave_directory(c, st);
	error = nofollow ? sys_lstat(t, c->to, &c->to_stat) :
			   sys_stat(t, c->to, &c->to_stat);
	c->fresh = error != 0;
	if (!c->fresh && c->to_stat.st_dev == st->st_dev &&
	    c->to_stat.st_ino == st->st_ino) {
		t_warnx(t, "%s and %s are identical (not copied).", c->to,
		    e->fts_path);
		if (S_ISDIR(st->st_mode))
			fts_set(f, e, FTS_SKIP);
		return 1;
	}
	if (!c->fresh && !S_ISDIR(st->st_mode) && S_ISDIR(c->to_stat.st_mode)) {
		t_warnx(t,
		    "cannot overwrite directory %s with "
		    "non-directory %s",
		    c->to, e->fts_path);
		return 1;
	}
	switch (st->st_mode & S_IFMT) {
	case S_IFLNK:
		return copy_node(c, st);
	case S_IFDIR:
		return enter_directory(c, f, st);
	case S_IFBLK:
	case S_IFCHR:
	case S_IFIFO:
		return c->recursive ? copy_node(c, st) : copy_file(c, st);
	case S_IFSOCK:
		t_warnx(t, "%s is a socket (not copied).", e->fts_path);
		return 1;
	default:
		return copy_file(c, st);
	}
}

static bool
usable(struct cp *c)
{
	FTSENT *e = c->e;

	switch (e->fts_info) {
	case FTS_NS:
	case FTS_DNR:
	case FTS_ERR:
		t_warnx(c->t, "%s: %s", e->fts_path, t_strerror(e->fts_errno));
		break;
	case FTS_SLNONE:
		if (c->physical && !c->logical && !c->command_line)
			return true;
		t_warnx(c->t, "%s: %s", e->fts_path, t_strerror(-ENOENT));
		break;
	case FTS_DC:
		t_warnx(c->t, "%s: directory causes a cycle", e->fts_path);
		break;
	default:
		return true;
	}
	c->status = 1;
	return false;
}

static void
copy(struct cp *c, char **argv)
{
	int options = FTS_NOCHDIR, failed;
	size_t base = 0;
	FTS *f;

	options |= c->physical && !c->logical ? FTS_PHYSICAL : FTS_LOGICAL;
	if (c->command_line && (options & FTS_PHYSICAL) != 0)
		options |= FTS_COMFOLLOW;
	tools_check_roots(c->t, argv, NULL);
	f = fts_open(c->t, argv, options, NULL);
	while ((c->e = fts_read(f)) != NULL) {
		if (!usable(c))
			continue;
		if (c->e->fts_level == FTS_ROOTLEVEL)
			base = base_of(c, c->e);
		c->to = target_path(c, base);
		if (strlen(c->to) >= 1024) {
			t_warnx(c->t, "%s: name too long (not copied)", c->to);
			if (c->e->fts_info == FTS_D)
				fts_set(f, c->e, FTS_SKIP);
			c->status = 1;
			continue;
		}
		failed = copy_entry(c, f);
		if (failed != 0)
			c->status = 1;
		else if (c->verbose)
			t_printf(c->t, "%s -> %s\n", c->e->fts_path, c->to);
		t_free(c->t, c->to);
	}
	if (f->fts_errno != 0)
		t_fail(c->t, 1, f->fts_errno, "fts_read");
	fts_close(f);
}

/* Decides what the target is to the sources. */
static void
decide(struct cp *c, char **argv, int nsources)
{
	struct tool *t = c->t;
	struct stat st;
	int error;

	error = sys_stat(t, c->target, &st);
	if (error != 0 && error != -ENOENT)
		t_fail(t, 1, error, "%s", c->target);
	if (error == 0 && S_ISDIR(st.st_mode)) {
		c->kind = FILE_TO_DIR;
		return;
	}
	if (nsources > 1)
		usage(t);
	c->kind = FILE_TO_FILE;
	if (error == 0 || !c->recursive) {
		/* A tree onto a file is refused when the tree's top comes. */
		if (c->recursive && sys_stat(t, argv[0], &st) == 0 &&
		    S_ISDIR(st.st_mode))
			c->kind = DIR_TO_NEW;
		return;
	}
	if (c->logical || c->command_line)
		error = sys_stat(t, argv[0], &st);
	else
		error = sys_lstat(t, argv[0], &st);
	if (error == 0 && S_ISDIR(st.st_mode))
		c->kind = DIR_TO_NEW;
	/* "link/" is what it leads to. */
	if (error == 0 && S_ISLNK(st.st_mode) &&
	    argv[0][strlen(argv[0]) - 1] == '/')
		c->kind = DIR_TO_NEW;
}

int
cp_main(struct tool *t, int argc, char **argv)
{
	bool p_given = false;
	struct cp c;
	char *target;
	size_t n;
	int ch;

	memset(&c, 0, sizeof(c));
	c.t = t;
	while ((ch = t_getopt(t, argc, argv, "HLNPRfailprv")) != -1)
		switch (ch) {
		case 'a':
			c.preserve = c.recursive = p_given = true;
			c.logical = c.command_line = false;
			break;
		case 'H':
			c.command_line = true;
			c.logical = p_given = false;
			break;
		case 'L':
			c.logical = true;
			c.command_line = p_given = false;
			break;
		case 'N':
			c.no_flags = true;
			break;
		case 'P':
			p_given = true;
			c.logical = c.command_line = false;
			break;
		case 'R':
		case 'r':
			c.recursive = true;
			break;
		case 'f':
			c.force = true;
			c.ask = false;
			break;
		case 'i':
			c.ask = true;
			c.force = false;
			break;
		case 'l':
			c.link = true;
			break;
		case 'p':
			c.preserve = true;
			break;
		case 'v':
			c.verbose = true;
			break;
		default:
			usage(t);
		}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc < 2)
		usage(t);
	c.physical = c.recursive || p_given;
	c.umask = (mode_t)sys_umask(t, 0);
	sys_umask(t, c.umask);
	c.uid = (uid_t)sys_geteuid(t);
	target = t_strdup(t, argv[argc - 1]);
	for (n = strlen(target); n > 1 && target[n - 1] == '/'; n--)
		target[n - 1] = '\0';
	if (*target == '\0')
		t_fail(t, 1, ENOENT, "%s", target);
	c.target = target;
	argv[argc - 1] = NULL;
	c.buf = t_malloc(t, COPYSIZE);
	decide(&c, argv, argc - 1);
	copy(&c, argv);
	return c.status;
}
