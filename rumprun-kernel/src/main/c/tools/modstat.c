/* SPDX-License-Identifier: BSD-2-Clause */
/* modstat: lists the modules of the kernel. */
#include <netbsd/module.h>
#include <stdio.h>
#include <stdlib.h>
#include "tools/sysctl.h"
#include "tools/tools.h"

static const char *
class_name(int class)
{
	static const char *const names[] = { "any", "misc", "vfs", "driver",
		"exec", "secmodel", "bufq" };

	return class >= 0 && (size_t) class < sizeof(names) / sizeof(names[0]) ?
	    names[class] :
	    "UNKNOWN";
}

static const char *
source_name(int source)
{
	static const char *const names[] = { "builtin", "boot", "filesys" };

	return source >= 0 && (size_t)source < sizeof(names) / sizeof(names[0]) ?
	    names[source] :
	    "UNKNOWN";
}

static int
modctl(struct tool *t, int cmd, void *arg)
{
	struct sys_modctl_args args;
	register_t rv[2];

	memset(&args, 0, sizeof(args));
	args.cmd.datum = cmd;
	args.arg.datum = arg;
	return t_syscall(t, SYS_modctl, &args, sizeof(args), rv);
}

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t, "Usage: %s [-Aaen] [name]\n", t->t_progname);
	t_exit(t, 1);
}

static bool
autoload_on(struct tool *t)
{
	struct sysctl_at *at = t_malloc(t, sizeof(*at));
	void *value;
	size_t len;
	int level;

	return sysctl_find(t, "kern.module.autoload", at, &level) == 0 &&
	    sysctl_get(t, at, &value, &len) >= 0 && len > 0 &&
	    *(uint8_t *)value != 0;
}

/* -A, -a, -e: what may be done, as a sentence and a status. */
static int
tell(struct tool *t, int what)
{
	bool load = what != 'e';
	int error = modctl(t, MODCTL_EXISTS, (void *)(uintptr_t)load);

	if (!load) {
		t_printf(t, "%s: You can%s load modules.\n", t->t_progname,
		    error == 0 ? "" : "not");
		return error == 0 ? 0 : 1;
	}
	t_printf(t, "%s: Modules can%s be autoloaded", t->t_progname,
	    error == 0 ? "" : "not");
	if (what == 'A')
		t_printf(t, "%s kern.module.autoload = %d",
		    autoload_on(t) == (error == 0) ? ", and" : ", but",
		    autoload_on(t));
	t_puts(t, ".\n");
	return error == 0 ? 0 : 1;
}

static int
by_name(const void *a, const void *b)
{
	return strncmp(((const struct modstat *)a)->ms_name,
	    ((const struct modstat *)b)->ms_name,
	    sizeof(((const struct modstat *)a)->ms_name));
}

#define MAXTRIES 10
#define MAXSIZE (1 << 20)

/* The kernel says how much there is; it may become more until it is asked again, but not for ever. */
static struct modstat *
list(struct tool *t, size_t *countp)
{
	struct iovec iov;
	size_t size = 8192;
	void *buf;
	int error, tries;

	for (tries = 0; tries < MAXTRIES && size <= MAXSIZE; tries++) {
		buf = t_calloc(t, 1, size);
		iov.iov_base = buf;
		iov.iov_len = size;
		if ((error = modctl(t, MODCTL_STAT, &iov)) != 0)
			t_fail(t, 1, error, "modctl(MODCTL_STAT)");
		if (iov.iov_len <= size) {
			*countp = iov.iov_len / sizeof(struct modstat);
			return buf;
		}
		t_free(t, buf);
		size = iov.iov_len;
	}
	t_fail(t, 1, EIO, "modctl(MODCTL_STAT)");
}

static void
print(struct tool *t, const struct modstat *ms)
{
	char size[24] = "-";

	if (ms->ms_size != 0)
		snprintf(size, sizeof(size), "%u", ms->ms_size);
	t_printf(t, "%-16.*s %-8s %-8s %-4s %-5u %-7s %.*s\n",
	    (int)sizeof(ms->ms_name), ms->ms_name, class_name(ms->ms_class),
	    source_name(ms->ms_source),
	    (ms->ms_flags & MODFLG_AUTO_LOADED) != 0	? "a" :
		(ms->ms_flags & MODFLG_MUST_FORCE) != 0 ? "f" :
							  "-",
	    ms->ms_refcnt, size, (int)sizeof(ms->ms_required),
	    ms->ms_required[0] != '\0' ? ms->ms_required : "-");
}

int
modstat_main(struct tool *t, int argc, char **argv)
{
	const char *name;
	struct modstat *ms;
	size_t n;
	int c;

	while ((c = t_getopt(t, argc, argv, "Aaen")) != -1) {
		switch (c) {
		case 'A':
		case 'a':
		case 'e':
			return tell(t, c);
		case 'n':
			/* Kept for old scripts. */
			break;
		default:
			usage(t);
		}
	}
	if (argc - t->t_opt.optind > 1)
		usage(t);
	name = argv[t->t_opt.optind];
	ms = list(t, &n);
	qsort(ms, n, sizeof(*ms), by_name);
	t_puts(t,
	    "NAME             CLASS    SOURCE   FLAG REFS  SIZE    "
	    "REQUIRES \n");
	for (size_t i = 0; i < n; i++)
		if (name == NULL ||
		    strncmp(ms[i].ms_name, name, sizeof(ms[i].ms_name)) == 0)
			print(t, &ms[i]);
	return 0;
}
