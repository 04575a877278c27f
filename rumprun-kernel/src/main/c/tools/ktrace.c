/* SPDX-License-Identifier: BSD-2-Clause */
/* ktrace: has the kernel write down what processes do. */
#include <netbsd/errno.h>
#include <netbsd/fcntl.h>
#include <netbsd/syscallargs.h>
#include <rumprun/tool_sys.h>
#include <stdlib.h>
#include "tools/tools.h"
#include "tools/trpoints.h"

#define TRACE_FILE "ktrace.out"

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage:\t%s [-aCcdins] [-f trfile] [-g pgrp] [-p pid] [-t [AaceilmnSsuvw+-]]\n"
	    "\t%s [-adis] [-f trfile] [-t [AaceilmnSsuvw+-]] command\n",
	    t->t_progname, t->t_progname);
	t_exit(t, 1);
}

static int
number(struct tool *t, const char *text)
{
	char *end;
	long v = strtol(text, &end, 10);

	if (end == text || *end != '\0' || v <= 0 || v > INT32_MAX)
		usage(t);
	return (int)v;
}

static int
ktrace(struct tool *t, const char *file, int ops, unsigned facs, int pid)
{
	struct sys_ktrace_args args;
	register_t rv[2];

	memset(&args, 0, sizeof(args));
	SCARG(&args, fname) = file;
	SCARG(&args, ops) = ops;
	SCARG(&args, facs) = (int)facs;
	SCARG(&args, pid) = pid;
	return t_syscall(t, SYS_ktrace, &args, sizeof(args), rv);
}

/* The trace file, empty unless it is added to. */
static void
make_file(struct tool *t, const char *file, bool append)
{
	int fd = sys_open(
	    t, file, O_CREAT | O_WRONLY | (append ? 0 : O_TRUNC), 0600);

	if (fd < 0)
		t_fail(t, 1, fd, "%s", file);
	sys_close(t, fd);
}

/* The tool's own process is traced as long as it takes to hand that on to the command. */
static int
run(struct tool *t, const char *file, unsigned facs, char **argv)
{
	register_t rv[2] = { 0, 0 };
	int error, status;

	error = t_syscall(t, SYS_getpid, NULL, 0, rv);
	if (error == 0)
		error = ktrace(
		    t, file, KTROP_SET, facs | KTRFAC_INHERIT, (int)rv[0]);
	if (error != 0)
		t_fail(t, 1, error, "%s", file);
	status = t->t_sys->spawn == NULL ?
	    -ENOENT :
	    t->t_sys->spawn(t->t_sysctx, t, argv[0], argv);
	(void)ktrace(t, NULL, KTROP_CLEAR, ~0u, (int)rv[0]);
	if (status < 0)
		t_fail(t, 1, status, "exec of '%s' failed", argv[0]);
	return status & 0x100 ? 128 + (status & 0xff) : status;
}

int
ktrace_main(struct tool *t, int argc, char **argv)
{
	const char *file = TRACE_FILE;
	bool append = false, clear = false, all = false, pidset = false;
	unsigned facs = TRPOINTS_DEFAULT;
	int c, ops = 0, pid = 0, error, inherit = 0;

	while ((c = t_getopt(t, argc, argv, "aCcdf:g:inp:st:")) != -1) {
		switch (c) {
		case 'a':
			append = true;
			break;
		case 'C':
			all = pidset = true;
			break;
		case 'c':
			clear = pidset = true;
			break;
		case 'd':
			ops |= KTRFLAG_DESCEND;
			break;
		case 'f':
			file = t->t_opt.optarg;
			break;
		case 'g':
			pid = -number(t, t->t_opt.optarg);
			pidset = true;
			break;
		case 'i':
			inherit = KTRFAC_INHERIT;
			break;
		case 'p':
			pid = number(t, t->t_opt.optarg);
			pidset = true;
			break;
		case 'n': /* the kernel writes as it goes: nothing would block */
		case 's':
			break;
		case 't':
			error = trpoints(t->t_opt.optarg);
			if (error <= 0) {
				t_warnx(t, "unknown facility in %s",
				    t->t_opt.optarg);
				usage(t);
			}
			facs = (unsigned)error;
			break;
		default:
			usage(t);
		}
	}
	argv += t->t_opt.optind;
	if (pidset == (*argv != NULL))
		usage(t);
	if (all) {
		error = ktrace(t, NULL, KTROP_CLEAR | KTRFLAG_DESCEND, ~0u, 1);
		if (error != 0 && error != -ESRCH)
			t_fail(t, 1, error, "ktrace");
		return 0;
	}
	if (clear) {
		error = pid != 0 ?
		    ktrace(t, NULL, ops | KTROP_CLEAR, facs, pid) :
		    ktrace(t, file, KTROP_CLEARFILE, 0, 0);
		if (error != 0 && pid != 0)
			t_fail(t, 1, error, "pid %d", pid);
		if (error != 0)
			t_fail(t, 1, error, "%s", file);
		return 0;
	}
	make_file(t, file, append);
	if (*argv != NULL)
		return run(t, file, facs, argv);
	error = ktrace(t, file, ops | KTROP_SET, facs | (unsigned)inherit, pid);
	if (error != 0)
		t_fail(t, 1, error, "file %s, pid %d", file, pid);
	return 0;
}
