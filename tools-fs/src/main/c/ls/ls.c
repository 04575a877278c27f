/* SPDX-License-Identifier: BSD-2-Clause */
/* ls: what is listed, in which order. How it looks: print.c. */
#include "ls/ls.h"
#include <netbsd/time.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: ls [-1AaBbCcdFfghikLlMmnOoPpqRrSsTtuWwXx] "
	    "[file ...]\n");
	t_exit(t, 1);
}

/* --- order --- */

static int
compare_times(const struct timespec *a, const struct timespec *b)
{
	if (a->tv_sec != b->tv_sec)
		return a->tv_sec < b->tv_sec ? 1 : -1;
	if (a->tv_nsec != b->tv_nsec)
		return a->tv_nsec < b->tv_nsec ? 1 : -1;
	return 0;
}

static int
compare_entries(const struct ls *ls, const FTSENT *a, const FTSENT *b)
{
	const struct stat *sa = a->fts_statp, *sb = b->fts_statp;
	int c = 0;

	if (ls->sort == LS_BYSIZE && sa->st_size != sb->st_size)
		c = sa->st_size < sb->st_size ? 1 : -1;
	else if (ls->sort == LS_BYTIME && ls->time == LS_MTIME)
		c = compare_times(&sa->st_mtim, &sb->st_mtim);
	else if (ls->sort == LS_BYTIME && ls->time == LS_ATIME)
		c = compare_times(&sa->st_atim, &sb->st_atim);
	else if (ls->sort == LS_BYTIME)
		c = compare_times(&sa->st_ctim, &sb->st_ctim);
	return c != 0 ? c : strcmp(a->fts_name, b->fts_name);
}

/* Operands that could not be looked at come first, then files, then directories. */
static int
rank(const struct ls *ls, const FTSENT *e)
{
	if (e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
		return 0;
	if (e->fts_level == FTS_ROOTLEVEL && !ls->directory)
		return e->fts_info == FTS_D ? 2 : 1;
	return 1;
}

static int
compare(const FTSENT **ap, const FTSENT **bp)
{
	const FTSENT *a = *ap, *b = *bp;
	const struct ls *ls = a->fts_fts->fts_client;
	int ra, rb, c;

	ra = rank(ls, a);
	rb = rank(ls, b);
	if (ra != rb)
		return ra - rb;
	if (a->fts_info == FTS_NSOK || b->fts_info == FTS_NSOK || ra == 0)
		c = strcmp(a->fts_name, b->fts_name);
	else
		c = compare_entries(ls, a, b);
	return ls->reverse ? -c : c;
}

/* --- widths --- */

static int
digits(uint64_t v)
{
	int n = 1;

	while (v >= 10) {
		v /= 10;
		n++;
	}
	return n;
}

static int
widest(int a, int b)
{
	return a > b ? a : b;
}

int64_t
ls_block_count(const struct ls *ls, int64_t blocks512)
{
	int64_t unit = ls->blocksize / 512;

	return (blocks512 + unit - 1) / unit;
}

static void
long_names(struct ls *ls, struct ls_list *l, FTSENT *e)
{
	struct tool *t = ls->t;
	struct ls_names *n = t_calloc(t, 1, sizeof(*n));
	const struct stat *st = e->fts_statp;

	if (!ls->numeric) {
		n->user = t_user_from_uid(t, st->st_uid);
		n->group = t_group_from_gid(t, st->st_gid);
	}
	if (n->user == NULL)
		n->user = t_asprintf(t, "%u", st->st_uid);
	if (n->group == NULL)
		n->group = t_asprintf(t, "%u", st->st_gid);
	n->flags = ls->flags ? t_flags_to_string(t, st->st_flags, "-") : "";
	l->w_user = widest(l->w_user, (int)strlen(n->user));
	l->w_group = widest(l->w_group, (int)strlen(n->group));
	l->w_flags = widest(l->w_flags, (int)strlen(n->flags));
	e->fts_pointer = n;
}

static void
measure(struct ls *ls, struct ls_list *l, FTSENT *e)
{
	const struct stat *st = e->fts_statp;
	int64_t blocks = st->st_blocks;

	l->count++;
	l->maxlen = widest(
	    l->maxlen, ls_name_width(ls, ls->path ? e->fts_path : e->fts_name));
	l->w_inode = widest(l->w_inode, digits(st->st_ino));
	l->w_blocks = widest(
	    l->w_blocks, digits((uint64_t)ls_block_count(ls, blocks)));
	l->w_nlink = widest(l->w_nlink, digits(st->st_nlink));
	l->blocks_total += blocks;
	l->size_total += st->st_size;
	if (ls->format != LS_LONG)
		return;
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
		l->w_major = widest(l->w_major, digits(major(st->st_rdev)));
		l->w_minor = widest(l->w_minor, digits(minor(st->st_rdev)));
	}
	{
		int n = digits((uint64_t)st->st_size);

		if (ls->commas)
			n += (n - 1) / 3;
		l->w_size = widest(l->w_size, n);
	}
	long_names(ls, l, e);
}

/* Marks what is not printed, measures the rest, prints. */
static void
display(struct ls *ls, FTSENT *parent, FTSENT *list)
{
	struct ls_list l;
	FTSENT *e;

	memset(&l, 0, sizeof(l));
	l.first = list;
	l.parent = parent;
	for (e = list; e != NULL; e = e->fts_link) {
		e->fts_number = LS_NOPRINT;
		if (e->fts_info == FTS_ERR || e->fts_info == FTS_NS) {
			t_warnx(ls->t, "%s: %s", e->fts_name,
			    t_strerror(e->fts_errno));
			ls->status = 1;
			continue;
		}
		if (parent == NULL && e->fts_info == FTS_D && !ls->directory)
			continue;
		if (parent != NULL && e->fts_name[0] == '.' && !ls->all &&
		    !ls->almost_all)
			continue;
		/* Directories whose contents follow are no leaves. */
		if (ls->leaf && ls->recursive && S_ISDIR(e->fts_statp->st_mode))
			continue;
		e->fts_number = 0;
		measure(ls, &l, e);
	}
	if (ls->human) {
		l.w_size = 4;
		l.w_blocks = 4;
	}
	if (l.w_major != 0)
		l.w_size = widest(l.w_size, l.w_major + 2 + l.w_minor);
	if (l.count == 0)
		return;
	ls_print(ls, &l);
	ls->output = true;
}

static void
visit_directory(struct ls *ls, FTS *f, FTSENT *e, int operands, int options)
{
	FTSENT *children;

	if (e->fts_level != FTS_ROOTLEVEL && e->fts_name[0] == '.' &&
	    !ls->all && !ls->almost_all) {
		fts_set(f, e, FTS_SKIP);
		return;
	}
	if (!ls->leaf) {
		if (ls->output)
			t_printf(ls->t, "\n%s:\n", e->fts_path);
		else if (operands > 1) {
			t_printf(ls->t, "%s:\n", e->fts_path);
			ls->output = true;
		}
	}
	children = fts_children(f, options);
	display(ls, e, children);
	if (!ls->leaf)
		ls->output = true;
	if (!ls->recursive && children != NULL)
		fts_set(f, e, FTS_SKIP);
}

static int
fts_options(const struct ls *ls)
{
	int options = ls->follow ? FTS_LOGICAL : FTS_PHYSICAL;

	/* Operands are followed where their contents, not they, are asked for. */
	if (ls->format != LS_LONG && !ls->directory && !ls->type)
		options |= FTS_COMFOLLOW;
	if (ls->all || ls->sort == LS_UNSORTED)
		options |= FTS_SEEDOT;
	if (ls->whiteouts)
		options |= FTS_WHITEOUT;
	if (ls->one_fs)
		options |= FTS_XDEV;
	if (ls->format != LS_LONG && !ls->inode && !ls->blocks && !ls->type &&
	    !ls->slash && !ls->recursive && ls->sort != LS_BYTIME &&
	    ls->sort != LS_BYSIZE && !ls->leaf)
		options |= FTS_NOSTAT;
	return options;
}

static void
traverse(struct ls *ls, int argc, char **argv)
{
	int options = fts_options(ls);
	FTSENT *e, *roots;
	FTS *f;

	tools_check_roots(ls->t, argv, NULL);
	f = fts_open_client(
	    ls->t, argv, options, ls->sort == LS_UNSORTED ? NULL : compare, ls);
	roots = fts_children(f, 0);
	if (roots != NULL)
		display(ls, NULL, roots);
	if (ls->directory) {
		fts_close(f);
		return;
	}
	while ((e = fts_read(f)) != NULL)
		switch (e->fts_info) {
		case FTS_DC:
			t_warnx(
			    ls->t, "%s: directory causes a cycle", e->fts_name);
			break;
		case FTS_DNR:
		case FTS_ERR:
			t_warnx(ls->t, "%s: %s", e->fts_name,
			    t_strerror(e->fts_errno));
			ls->status = 1;
			break;
		case FTS_D:
			visit_directory(ls, f, e, argc,
			    !ls->recursive && (options & FTS_NOSTAT) != 0 ?
				FTS_NAMEONLY :
				0);
			break;
		default:
			break;
		}
	if (f->fts_errno != 0)
		t_fail(ls->t, 1, f->fts_errno, "fts_read");
	fts_close(f);
}

/* --- options --- */

static void
set_option(struct ls *ls, int ch, bool *l_given)
{
	switch (ch) {
	case '1':
		ls->format = LS_SINGLE;
		break;
	case 'C':
		ls->format = LS_COLUMNS;
		break;
	case 'm':
		ls->format = LS_STREAM;
		break;
	case 'x':
		ls->format = LS_ACROSS;
		break;
	case 'g':
		ls->format = LS_LONG;
		ls->no_owner = true;
		break;
	case 'l':
		ls->format = LS_LONG;
		*l_given = true;
		break;
	case 'n':
		ls->format = LS_LONG;
		ls->numeric = true;
		break;
	case 'B':
		ls->odd = LS_OCTAL;
		break;
	case 'b':
		ls->odd = LS_CSTYLE;
		break;
	case 'q':
		ls->odd = LS_QUESTION;
		break;
	case 'w':
		ls->odd = LS_RAW;
		break;
	case 'c':
		ls->time = LS_CTIME;
		break;
	case 'u':
		ls->time = LS_ATIME;
		break;
	case 'f':
		ls->sort = LS_UNSORTED;
		ls->all = true;
		break;
	case 'S':
		ls->sort = LS_BYSIZE;
		break;
	case 't':
		ls->sort = LS_BYTIME;
		break;
	case 'A':
		ls->almost_all = true;
		break;
	case 'a':
		ls->all = true;
		break;
	case 'd':
		ls->directory = true;
		ls->recursive = false;
		break;
	case 'F':
		ls->type = true;
		ls->slash = false;
		break;
	case 'h':
		ls->human = true;
		ls->kilobytes = ls->commas = false;
		break;
	case 'i':
		ls->inode = true;
		break;
	case 'k':
		ls->kilobytes = true;
		ls->human = false;
		break;
	case 'L':
		ls->follow = true;
		break;
	case 'M':
		ls->commas = true;
		ls->human = false;
		break;
	case 'O':
		ls->leaf = true;
		break;
	case 'o':
		ls->flags = true;
		break;
	case 'P':
		ls->path = true;
		break;
	case 'p':
		ls->slash = true;
		ls->type = false;
		break;
	case 'R':
		ls->recursive = true;
		break;
	case 'r':
		ls->reverse = true;
		break;
	case 's':
		ls->blocks = true;
		break;
	case 'T':
		ls->full_time = true;
		break;
	case 'W':
		ls->whiteouts = true;
		break;
	case 'X':
		ls->one_fs = true;
		break;
	default:
		usage(ls->t);
	}
}

static bool
utf8_locale(struct tool *t)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = t_getenv(t, names[i]);
		if (value != NULL && *value != '\0')
			return strstr(value, "UTF-8") != NULL ||
			    strstr(value, "utf8") != NULL;
	}
	return false;
}

static void
defaults(struct ls *ls, struct tool *t)
{
	const char *columns = t_getenv(t, "COLUMNS");

	memset(ls, 0, sizeof(*ls));
	ls->t = t;
	ls->width = 80;
	if (t_isterm(t, 1)) {
		int w = t_columns(t, 1);

		if (w > 0)
			ls->width = w;
		if (columns != NULL && atoi(columns) > 0)
			ls->width = atoi(columns);
		ls->format = LS_COLUMNS;
		ls->odd = LS_QUESTION;
	} else if (columns != NULL && atoi(columns) > 0)
		ls->width = atoi(columns);
	ls->almost_all = sys_geteuid(t) == 0;
	ls->utf8 = utf8_locale(t);
}

int
ls_main(struct tool *t, int argc, char **argv)
{
	char here[] = ".", *only[] = { here, NULL };
	struct timespec ts;
	const char *header;
	bool l_given = false;
	struct ls ls;
	int ch;

	defaults(&ls, t);
	while ((ch = t_getopt(t, argc, argv,
		    "1ABCFLMOPRSTWXabcdfghiklmnopqrstuwx")) != -1)
		set_option(&ls, ch, &l_given);
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (l_given)
		ls.no_owner = false;
	if (ls.directory)
		ls.recursive = false;
	ls.blocksize = ls.kilobytes	      ? 1024 :
	    ls.blocks || ls.format == LS_LONG ? tools_getbsize(t, &header) :
						512;
	ls.now = sys_clock_gettime(t, CLOCK_REALTIME, &ts) < 0 ? 0 : ts.tv_sec;
	traverse(&ls, argc, argc > 0 ? argv : only);
	ch = t_flush(t->t_out);
	if (ch != 0)
		t_fail(t, 1, ch, "stdout");
	return ls.status;
}
