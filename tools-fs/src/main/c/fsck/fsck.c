/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fsck(8), the front end: finds out which file systems are to be checked and of what type they are, and runs
 * fsck_<type> on each.
 *
 * Without operands it goes by /etc/fstab: pass 1 first, then the rest; with -p (and without -P) the rest is checked side by side, one
 * file system of each disk at a time (fsck_disks.c), else in the order of their passes.
 */
#include "fsck/fsck.h"
#include "tools.h"
#include <netbsd/mount.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: fsck [-dfnPpqvy] [-l maxparallel] "
	    "[-T fstype:fsoptions]\n"
	    "\t[-t fstype] [-x mountpoint] [special | node ...]\n");
	t_exit(t, FSCK_EXIT_USAGE);
}

/* --- arguments of fsck_<type> ------------------------------------------------------------------------------------------ */

static void
add_arg(struct fsck *f, struct fsck_args *a, const char *word)
{
	a->argv = t_realloc(f->t, a->argv, (a->argc + 2) * sizeof(a->argv[0]));
	a->argv[a->argc++] = t_strdup(f->t, word);
	a->argv[a->argc] = NULL;
}

/* Options of -T: "-b=32" are two words, "-f" one, and "word" is an -o option's. */
static void
add_options(struct fsck *f, struct fsck_args *a, const char *list)
{
	char *words = t_strdup(f->t, list), *p, *value;

	for (p = words; p != NULL;) {
		char *next = strchr(p, ',');

		if (next != NULL)
			*next++ = '\0';
		if (*p == '-') {
			value = strchr(p, '=');
			if (value != NULL)
				*value++ = '\0';
			add_arg(f, a, p);
			if (value != NULL)
				add_arg(f, a, value);
		} else if (*p != '\0') {
			add_arg(f, a, "-o");
			add_arg(f, a, p);
		}
		p = next;
	}
	t_free(f->t, words);
}

static const struct fsck_typeopts *
find_options(const struct fsck *f, const char *type)
{
	const struct fsck_typeopts *o;

	for (o = f->typeopts; o != NULL; o = o->next)
		if (strcmp(o->type, type) == 0)
			return o;
	return NULL;
}

/* -T fstype:fsoptions; given twice for a type, both count. */
static void
remember_options(struct fsck *f, char *arg)
{
	struct tool *t = f->t;
	struct fsck_typeopts *o;
	char *colon = strchr(arg, ':'), *type;

	if (colon == NULL)
		usage(t);
	type = t_asprintf(t, "%.*s", (int)(colon - arg), arg);
	for (o = f->typeopts; o != NULL; o = o->next)
		if (strcmp(o->type, type) == 0) {
			o->options = t_asprintf(
			    t, "%s,%s", o->options, colon + 1);
			return;
		}
	o = t_malloc(t, sizeof(*o));
	o->type = type;
	o->options = colon + 1;
	o->next = f->typeopts;
	f->typeopts = o;
}

/* --- one check ---------------------------------------------------------------------------------------------------------- */

/* A mounted file system is not checked while it may change, unless -f says so. */
static bool
is_mounted_rw(struct fsck *f, const char *spec)
{
	struct statvfs *list;
	int n = t_getmntinfo(f->t, &list, ST_NOWAIT), i;

	for (i = 0; i < n; i++)
		if (strcmp(list[i].f_mntfromname, spec) == 0 &&
		    (list[i].f_flag & ST_RDONLY) == 0) {
			if (!f->quiet)
				t_printf(f->t,
				    "%s: file system is mounted "
				    "read-write on %s; not checking\n",
				    spec, list[i].f_mntonname);
			return true;
		}
	return false;
}

static void
remember_failure(
    struct fsck *f, const char *spec, const char *type, const char *mntpt)
{
	const char *one = mntpt != NULL ?
	    t_asprintf(f->t, "%s: %s (%s)", type, spec, mntpt) :
	    t_asprintf(f->t, "%s: %s", type, spec);

	f->failed = f->failed == NULL ?
	    t_strdup(f->t, one) :
	    t_asprintf(f->t, "%s, %s", f->failed, one);
	f->nfailed++;
}

bool
fsck_prepare(
    struct fsck *f, const struct fsck_job *j, bool wait, struct fsck_args *a)
{
	const struct fsck_typeopts *o = find_options(f, j->type);
	struct tool *t = f->t;
	int i;

	*a = (struct fsck_args){ 0, NULL };
	if (!f->force && is_mounted_rw(f, j->spec))
		return false;
	add_arg(f, a, t_asprintf(t, "fsck_%s", j->type));
	for (i = 0; i < f->flags.argc; i++)
		add_arg(f, a, f->flags.argv[i]);
	if (o != NULL)
		add_options(f, a, o->options);
	add_arg(f, a, j->spec);
	if (f->debug || f->verbose) {
		t_printf(t, "start %s %swait",
		    j->mntpt != NULL ? j->mntpt : j->spec, wait ? "" : "no");
		for (i = 0; i < a->argc; i++)
			t_printf(t, " %s", a->argv[i]);
		t_putc(t, '\n');
	}
	t_flush(t->t_out);
	return !f->debug;
}

void
fsck_ended(struct fsck *f, const struct fsck_job *j, int status)
{
	if (status < 0) {
		t_warn(f->t, status, "exec fsck_%s for %s", j->type, j->spec);
		status = FSCK_EXIT_CHECK_FAILED;
	} else if (status >= 0x100) {
		t_printf(f->t, "%s (%s): EXITED WITH SIGNAL %d\n", j->spec,
		    j->type, status & 0xff);
		status = FSCK_EXIT_SIGNALED;
	}
	if (status != 0)
		remember_failure(f, j->spec, j->type, j->mntpt);
	if (status > f->status)
		f->status = status;
}

/* Runs fsck_<type>; its status is this one's when it is worse. */
static void
check(struct fsck *f, const char *spec, const char *type, const char *mntpt)
{
	struct fsck_job j = { .spec = spec, .type = type, .mntpt = mntpt };
	struct tool *t = f->t;
	struct fsck_args a;

	if (fsck_prepare(f, &j, true, &a))
		fsck_ended(f, &j,
		    t->t_sys->spawn(t->t_sysctx, t,
			t_asprintf(t, "/sbin/%s", a.argv[0]), a.argv));
}

/* --- /etc/fstab ----------------------------------------------------------------------------------------------------------- */

static bool
is_excluded(const struct fsck *f, const struct tfstab *fs)
{
	int i;

	for (i = 0; i < f->excluded.argc; i++)
		if (strcmp(f->excluded.argv[i], fs->fs_file) == 0 ||
		    strcmp(f->excluded.argv[i], fs->fs_spec) == 0)
			return true;
	return false;
}

static bool
wants(const struct fsck *f, const struct tfstab *fs)
{
	if (fs->fs_passno <= 0 ||
	    (strcmp(fs->fs_type, "rw") != 0 && strcmp(fs->fs_type, "rq") != 0 &&
		strcmp(fs->fs_type, "ro") != 0))
		return false;
	return typelist_selects(&f->types, fs->fs_vfstype) &&
	    !is_excluded(f, fs);
}

/* All that the root's pass leaves, side by side. */
static void
check_rest(struct fsck *f, struct tfstab *tab, int n)
{
	struct fsck_job *jobs = t_calloc(f->t, (size_t)n, sizeof(*jobs));
	int i, njobs = 0;

	for (i = 0; i < n; i++)
		if (tab[i].fs_passno > 1 && wants(f, &tab[i]))
			jobs[njobs++] = (struct fsck_job){ tab[i].fs_spec,
				tab[i].fs_vfstype, tab[i].fs_file };
	fsck_disks(f, jobs, njobs);
}

static void
check_table(struct fsck *f, struct tfstab *tab, int n)
{
	bool together = f->preen && !f->progress && !f->debug &&
	    f->t->t_sys->start != NULL;
	int pass, next, i;

	/* The passes that occur, least first. */
	for (pass = 0;; pass = next) {
		next = 0;
		for (i = 0; i < n; i++)
			if (wants(f, &tab[i]) && tab[i].fs_passno > pass &&
			    (next == 0 || tab[i].fs_passno < next))
				next = tab[i].fs_passno;
		if (next == 0)
			return;
		if (next > 1 && together) {
			check_rest(f, tab, n);
			return;
		}
		for (i = 0; i < n; i++)
			if (tab[i].fs_passno == next && wants(f, &tab[i]))
				check(f, tab[i].fs_spec, tab[i].fs_vfstype,
				    tab[i].fs_file);
		/* After the root alone: what it holds may be wanted for the others. */
		if (f->preen && next == 1 && f->status != 0)
			return;
	}
}

/* A device or mount point: by the table when it is there, else by what is on the disk. */
static void
check_operand(struct fsck *f, struct tfstab *tab, int n, const char *name)
{
	const char *type;
	int i;

	for (i = 0; i < n; i++)
		if (strcmp(tab[i].fs_file, name) == 0 ||
		    strcmp(tab[i].fs_spec, name) == 0) {
			if (typelist_selects(&f->types, tab[i].fs_vfstype))
				check(f, tab[i].fs_spec, tab[i].fs_vfstype,
				    tab[i].fs_file);
			return;
		}
	if (f->types.count == 1 && !f->types.excluded)
		type = f->types.types[0];
	else
		type = fsck_detect(f, name);
	if (typelist_selects(&f->types, type))
		check(f, name, type, NULL);
}

static void
report_failures(struct fsck *f)
{
	const char *s = f->nfailed > 1 ? "S" : "";

	if (!f->preen || f->nfailed == 0)
		return;
	t_printf(f->t,
	    "\nTHE FOLLOWING FILE SYSTEM%s HAD AN UNEXPECTED "
	    "INCONSISTENCY:\n\t%s\n",
	    s, f->failed);
}

/* --- options ------------------------------------------------------------------------------------------------------------- */

static void
flag(struct fsck *f, int ch)
{
	char word[3] = { '-', (char)ch, '\0' };

	switch (ch) {
	case 'd':
		f->debug = true;
		return;
	case 'v':
		f->verbose = true;
		return;
	case 'f':
		f->force = true;
		break;
	case 'P':
		f->progress = true;
		break;
	case 'p':
		f->preen = true;
		break;
	case 'q':
		f->quiet = true;
		break;
	}
	add_arg(f, &f->flags, word);
}

static void
options(struct fsck *f, int argc, char **argv)
{
	struct tool *t = f->t;
	char *end;
	long most;
	int ch;

	while ((ch = t_getopt(t, argc, argv, "dfl:nPpqT:t:vx:y")) != -1)
		switch (ch) {
		case 'd':
		case 'f':
		case 'n':
		case 'P':
		case 'p':
		case 'q':
		case 'v':
		case 'y':
			flag(f, ch);
			break;
		case 'l':
			most = strtol(t->t_opt.optarg, &end, 10);
			if (most < 0 || end == t->t_opt.optarg || *end != '\0')
				usage(t);
			f->most = most < INT_MAX ? (int)most : INT_MAX;
			break;
		case 'T':
			remember_options(f, t_strdup(t, t->t_opt.optarg));
			break;
		case 't':
			if (f->types.count != 0)
				t_errx(t, FSCK_EXIT_USAGE,
				    "only one -t "
				    "option may be specified.");
			typelist_add(t, &f->types, t->t_opt.optarg);
			break;
		case 'x':
			add_arg(f, &f->excluded, t->t_opt.optarg);
			break;
		default:
			usage(t);
		}
}

int
fsck_main(struct tool *t, int argc, char **argv)
{
	struct fsck *f = t_calloc(t, 1, sizeof(*f));
	struct tfstab *tab;
	int n;

	f->t = t;
	options(f, argc, argv);
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	n = t_getfstab(t, argc > 0, &tab);
	if (argc == 0) {
		if (n < 0)
			return FSCK_EXIT_CHECK_FAILED;
		check_table(f, tab, n);
	}
	for (; argc > 0; argc--, argv++)
		check_operand(f, tab, n, *argv);
	report_failures(f);
	return f->status;
}
