/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tool as a shell's command. Where it runs is decided once: without a kernel when it needs none, in a server when the
 * environment names one, else, if its operand may be a host's image, in a kernel booted for it alone.
 */
#include "host/toolhost.h"
#include "tool/local.h"
#include "tool/private.h"
#include "tool/remote.h"
#include "tool/sleepers.h"
#include <string.h>

struct shell {
	const struct tool_entry *entry;
	const struct tool_group *const *groups;
	char **envp;
	_Atomic int siginfo, interrupt;
	struct tool_sleepers sleepers;
	struct tool_io io;
	struct toolhost_signals *signals;
};

static void
console(void *ctx, const char *text, size_t n)
{
	(void)ctx;
	toolhost_write(NULL, 2, text, n);
}

static void
say(const char *text)
{
	toolhost_write(NULL, 2, text, strlen(text));
}

/* True when the host's environment names a server, or this program was exec'ed by a client of one. */
static bool
have_server(char **envp)
{
	static const char *const names[] = {
		"RUMP_SERVER=", "RUMP__PARSEDSERVER=", "RUMPCLIENT__EXECFD="
	};
	size_t i;

	for (; *envp != NULL; envp++)
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strncmp(*envp, names[i], strlen(names[i])) == 0)
				return true;
	return false;
}

static void
start_signals(struct shell *s, bool catch)
{
	toolhost_signals_start(&s->siginfo, &s->interrupt, catch,
	    tool_sleepers_wake, &s->sleepers, &s->signals);
	s->io.ctx = s->signals;
}

static int
run_alone(struct shell *s, const struct tool_run *run, int argc, char **argv)
{
	int status;

	/* A program of the host's looks after its own signals. */
	status = t_run(run, s->entry->te_main, argc, argv);
	return status;
}

static int
run_remote(struct shell *s, struct tool_run *run, int argc, char **argv)
{
	start_signals(s, (s->entry->te_flags & TOOL_INTR) != 0);
	if (tool_remote_init() != 0) {
		say("rumpclient init failed\n");
		return 1;
	}
	run->sys = &tool_remote_sys;
	run->io = &s->io;
	return t_run(run, s->entry->te_main, argc, argv);
}

static int
run_linked(struct shell *s, struct tool_run *run, int argc, char **argv)
{
	struct kern_config config;
	struct rump_kernel *k;
	int64_t leak = 0;
	int status;

	memset(&config, 0, sizeof(config));
	config.kc_consout = console;
	status = kern_boot(&config, &k);
	if (status != 0) {
		say(s->entry->te_name);
		say(": cannot start a kernel: ");
		say(t_strerror(status));
		say("\n");
		return 1;
	}
	start_signals(s, true);
	status = tool_local_run(k, NULL, run, s->entry, argc, argv);
	if (status < 0) {
		say(s->entry->te_name);
		say(": ");
		say(t_strerror(status));
		say("\n");
		status = 1;
	}
	kern_halt(k, false, &leak);
	return status;
}

static void
list_group(const struct tool_group *g)
{
	const struct tool_entry *e;

	for (e = g->tg_tools; e->te_name != NULL; e++) {
		toolhost_write(NULL, 1, e->te_name, strlen(e->te_name));
		toolhost_write(NULL, 1, "\n", 1);
	}
}

/* A link to a tool, under a name of somebody's own. */
static const struct tool_entry *
by_link(const struct tool_group *const *groups, const char *name)
{
	char paths[2][1024];
	const struct tool_entry *e = NULL;
	int i;

	if (strchr(name, '/') == NULL)
		return NULL;
	for (i = 0; e == NULL && i < 8; i++) {
		if (toolhost_link(name, paths[i % 2], sizeof(paths[0])) != 0)
			return NULL;
		name = paths[i % 2];
		e = t_find(groups, name);
	}
	return e;
}

/* The tool that is meant; *skip gets how many words of argv are not the tool's. */
static const struct tool_entry *
pick(const struct tool_group *const *groups, int argc, char **argv, int *skip)
{
	const struct tool_entry *e;

	*skip = 0;
	if (argc < 1 || (e = t_find(groups, argv[0])) != NULL)
		return argc < 1 ? NULL : e;
	if ((e = by_link(groups, argv[0])) != NULL)
		return e;
	*skip = 1;
	return argc < 2 ? NULL : t_find(groups, argv[1]);
}

int
rumprun_tools_main(
    int argc, char **argv, char **envp, const struct tool_group *const *groups)
{
	struct shell s;
	struct tool_run run;
	int skip, status, interrupt;

	toolhost_hold_standard();
	memset(&s, 0, sizeof(s));
	s.entry = pick(groups, argc, argv, &skip);
	if (s.entry == NULL && argc == 2 &&
	    strcmp(argv[1], "--list-tools") == 0) {
		list_group(groups[0]);
		return 0;
	}
	if (s.entry == NULL) {
		say("usage: ");
		say(argc > 0 ? argv[0] : "rumprun");
		say(" tool [argument ...]\n       ");
		say(argc > 0 ? argv[0] : "rumprun");
		say(" --list-tools\n");
		return 2;
	}
	/* An end of standard output that nobody reads is an error of write, so that what is mounted is unmounted. */
	toolhost_ignore_signals();
	s.groups = groups;
	s.envp = envp;
	s.io.read = toolhost_read;
	s.io.write = toolhost_write;
	s.io.isatty = toolhost_isatty;
	s.io.columns = toolhost_columns;
	s.io.echo = toolhost_echo;
	memset(&run, 0, sizeof(run));
	run.io = &s.io;
	run.envp = envp;
	run.groups = groups;
	run.siginfo = &s.siginfo;
	run.interrupt = &s.interrupt;
	run.sleepers = &s.sleepers;
	if (skip == 0 && t_find(groups, argv[0]) == NULL)
		run.progname = argv[0];
	argc -= skip;
	argv += skip;
	if ((s.entry->te_flags & TOOL_HOST) != 0)
		status = run_alone(&s, &run, argc, argv);
	else if (have_server(envp) || (s.entry->te_flags & TOOL_DISK) == 0)
		status = run_remote(&s, &run, argc, argv);
	else
		status = run_linked(&s, &run, argc, argv);
	toolhost_signals_stop(s.signals);
	interrupt = atomic_load(&s.interrupt);
	/* Who started it, a shell's script say, stops too when a signal has ended it. */
	if (interrupt != 0 && status == 128 + interrupt)
		toolhost_die(interrupt);
	return status;
}
