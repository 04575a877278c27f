/* SPDX-License-Identifier: BSD-2-Clause */
/* modload, modunload: modules that a kernel has, but isn't using, and the other way round. */
#include <netbsd/module.h>
#include <netbsd/syscallargs.h>
#include <rumprun/tool_sys.h>
#include "tools/tools.h"

static _Noreturn void
usage_load(struct tool *t)
{
	t_eprintf(t,
	    "usage: %s [-bfP] [-b var=boolean] [-i var=integer] [-s var=string] module\n",
	    t->t_progname);
	t_exit(t, 1);
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

/* Properties are for modules that ask for some; those that are built in don't. */
static void
property(struct tool *t, const char *text)
{
	if (strchr(text, '=') == NULL || text[0] == '=')
		t_errx(t, 1, "Invalid parameter: `%s'", text);
}

int
modload_main(struct tool *t, int argc, char **argv)
{
	struct modctl_load ml;
	int c, error;

	memset(&ml, 0, sizeof(ml));
	while ((c = t_getopt(t, argc, argv, "b:fi:Ps:")) != -1) {
		switch (c) {
		case 'b':
		case 'i':
		case 's':
			property(t, t->t_opt.optarg);
			break;
		case 'f':
			ml.ml_flags |= MODCTL_LOAD_FORCE;
			break;
		case 'P':
			ml.ml_flags |= MODCTL_NO_PROP;
			break;
		default:
			usage_load(t);
		}
	}
	if (argc - t->t_opt.optind != 1)
		usage_load(t);
	ml.ml_filename = argv[t->t_opt.optind];
	error = modctl(t, MODCTL_LOAD, &ml);
	if (error != 0)
		t_fail(t, 1, error, "%s", ml.ml_filename);
	return 0;
}

int
modunload_main(struct tool *t, int argc, char **argv)
{
	int c, error, status = 0;

	while ((c = t_getopt(t, argc, argv, "")) != -1) {
		t_eprintf(t, "usage: %s name\n", t->t_progname);
		t_exit(t, 1);
	}
	argv += t->t_opt.optind;
	if (*argv == NULL) {
		t_eprintf(t, "usage: %s name\n", t->t_progname);
		t_exit(t, 1);
	}
	for (; *argv != NULL; argv++) {
		error = modctl(t, MODCTL_UNLOAD, *argv);
		if (error != 0) {
			t_warn(t, error, "%s", *argv);
			status = 1;
		}
	}
	return status;
}
