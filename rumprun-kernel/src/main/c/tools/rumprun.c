/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumprun: a tool on host images, from the shell, without a server.
 *
 *	rumprun -d IMAGE[@OFFSET[+LENGTH]]:FSTYPE[,OPTIONS]:/MNT ... [-h HOSTDIR[:/MNT]] TOOL [ARGUMENT ...]
 *
 * A kernel is booted in this program, the images are mounted, the tool, which may be of any library of tools beside this program,
 * runs as a process of the kernel, the images are unmounted. An image that cannot be written is mounted read-only. -h shows a host
 * folder in the kernel, at /host unless it says where; an operand that begins with /host/ asks for that by itself: then /host is
 * the host's /host if it has the operand, and else the host's root.
 */
#include "host/toolhost.h"
#include "tool/local.h"
#include "tool/private.h"
#include "tool/sleepers.h"
#include <netbsd/mount.h>
#include <string.h>

#define STATUS_NOTOOL 127
#define MAXGROUPS 16

static void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: rumprun [-d image[@offset[+length]]:fstype"
	    "[,options]:/mnt] ...\n"
	    "               [-h hostdir[:/mnt]] tool [argument ...]\n");
	t_exit(t, 1);
}

static void
make_dirs(struct tool *t, const char *path)
{
	char *copy = t_strdup(t, path), *p;
	struct stat st;
	int error = 0;

	for (p = copy + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		error = sys_mkdir(t, copy, 0755);
		*p = c;
		if (c == '\0')
			break;
	}
	if (error != 0 && sys_stat(t, path, &st) == 0 && S_ISDIR(st.st_mode))
		error = 0;
	if (error != 0)
		t_fail(t, 1, error, "%s", path);
}

static void
unmount(struct tool *t, void *arg)
{
	const char *where = arg;
	int error;

	error = sys_unmount(t, where, 0);
	if (error == -EBUSY)
		error = sys_unmount(t, where, MNT_FORCE);
	if (error != 0)
		t_warn(t, error, "%s: unmounting", where);
}

/* Runs a mounting tool; its failure is ours. */
static void
mount_by(struct tool *t, const char *type, const char *options,
    const char *special, const char *where)
{
	char *argv[6], **arg = argv;
	int status;

	*arg++ = t_asprintf(t, "mount_%s", type);
	if (options != NULL && *options != '\0') {
		*arg++ = t_strdup(t, "-o");
		*arg++ = t_strdup(t, options);
	}
	*arg++ = t_strdup(t, special);
	*arg++ = t_strdup(t, where);
	*arg = NULL;
	make_dirs(t, where);
	status = t->t_sys->spawn(t->t_sysctx, t, argv[0], argv);
	if (status == -ENOENT)
		t_errx(t, 1, "%s: unknown file system type", type);
	if (status < 0)
		t_fail(t, 1, status, "%s", argv[0]);
	if (status != 0)
		t_exit(t, 1);
	t_atexit(t, unmount, t_strdup(t, where));
}

static char *
split_last_colon(char *s)
{
	char *colon = strrchr(s, ':');

	if (colon == NULL)
		return NULL;
	*colon = '\0';
	return colon + 1;
}

static void
add_disk(struct tool *t, const char *arg)
{
	char *spec = t_strdup(t, arg), *where, *type, *options;
	char blk[1024], chr[1024], why[256] = "";
	int error, fd;

	where = split_last_colon(spec);
	type = where != NULL ? split_last_colon(spec) : NULL;
	if (type == NULL || *spec == '\0' || *type == '\0' || *where != '/')
		t_errx(t, 1, "%s: not image:fstype[,options]:/mnt", arg);
	options = strchr(type, ',');
	if (options != NULL)
		*options++ = '\0';
	error = t->t_sys->attach(t->t_sysctx, spec, false, 0, false, blk, chr,
	    sizeof(blk), why, sizeof(why));
	if (error != 0 && why[0] != '\0')
		t_errx(t, 1, "%s: %s", spec, why);
	if (error != 0)
		t_fail(t, 1, error, "%s", spec);
	fd = sys_open(t, chr, O_RDWR, 0);
	if (fd >= 0)
		sys_close(t, fd);
	else if (fd == -EROFS || fd == -EACCES || fd == -EPERM)
		options = options != NULL ?
		    t_asprintf(t, "%s,rdonly", options) :
		    t_strdup(t, "rdonly");
	mount_by(t, type, options, blk, where);
}

static void
add_host(struct tool *t, const char *arg)
{
	char *dir = t_strdup(t, arg), *where = NULL, *colon;

	colon = strrchr(dir, ':');
	if (colon != NULL && colon[1] == '/' && colon != dir) {
		*colon = '\0';
		where = colon + 1;
	}
	mount_by(t, "hostfs", NULL, dir, where != NULL ? where : "/host");
}

/* Runs as a process of the kernel. */
static int
inside_main(struct tool *t, int argc, char **argv)
{
	bool host = false;
	int c, i, status;

	/* Interrupts end the tool that runs; here they only must not stop what follows it. */
	t_catch_interrupt(t);
	while ((c = t_getopt(t, argc, argv, "d:h:")) != -1)
		switch (c) {
		case 'd':
			add_disk(t, t->t_opt.optarg);
			break;
		case 'h':
			host = true;
			add_host(t, t->t_opt.optarg);
			break;
		default:
			usage(t);
		}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc == 0)
		usage(t);
	for (i = 1; i < argc && !host; i++)
		if (strncmp(argv[i], "/host/", 6) == 0) {
			add_host(t,
			    toolhost_exists(argv[i]) ? "/host:/host" :
						       "/:/host");
			host = true;
		}
	status = t->t_sys->spawn(t->t_sysctx, t, argv[0], argv);
	if (status == -ENOENT)
		t_errx(t, STATUS_NOTOOL, "%s: no such tool", argv[0]);
	if (status < 0)
		t_fail(t, 1, status, "%s", argv[0]);
	return status;
}

static void
console(void *ctx, const char *text, size_t n)
{
	(void)ctx;
	toolhost_write(NULL, 2, text, n);
}

/* The tables that this program was linked with, then those of the libraries beside it. */
static void
all_groups(const struct tool *t, const struct tool_group **groups)
{
	const void *found[MAXGROUPS];
	int n = 0, nfound, i, j;

	while (n < MAXGROUPS && t->t_groups[n] != NULL) {
		groups[n] = t->t_groups[n];
		n++;
	}
	nfound = toolhost_tables(found, MAXGROUPS);
	for (i = 0; i < nfound && n < MAXGROUPS; i++) {
		for (j = 0; j < n && groups[j] != found[i]; j++)
			;
		if (j == n)
			groups[n++] = found[i];
	}
	groups[n] = NULL;
}

int
rumprun_rumprun_main(struct tool *t, int argc, char **argv)
{
	static const struct tool_entry inside = { "rumprun", inside_main, 0 };
	const struct tool_group *groups[MAXGROUPS + 1];
	_Atomic int siginfo = 0, interrupt = 0;
	struct toolhost_signals *signals = NULL;
	struct tool_sleepers sleepers = { 0 };
	struct kern_config config;
	struct rump_kernel *k;
	struct tool_run run;
	struct tool_io io = *t->t_io;
	int64_t leak;
	int error, status;

	memset(&config, 0, sizeof(config));
	config.kc_consout = console;
	error = kern_boot(&config, &k);
	if (error != 0)
		t_fail(t, 1, error, "cannot start a kernel");
	if (toolhost_signals_start(&siginfo, &interrupt, true,
		tool_sleepers_wake, &sleepers, &signals) == 0)
		io.ctx = signals;
	memset(&run, 0, sizeof(run));
	run.io = &io;
	run.envp = t->t_envp;
	all_groups(t, groups);
	run.groups = groups;
	run.siginfo = &siginfo;
	run.interrupt = &interrupt;
	run.sleepers = &sleepers;
	status = tool_local_run(k, NULL, &run, &inside, argc, argv);
	toolhost_signals_stop(signals);
	kern_halt(k, false, &leak);
	if (interrupt != 0 && status == 128 + interrupt)
		toolhost_die(interrupt);
	if (status < 0)
		t_fail(t, 1, status, "process");
	return status;
}
