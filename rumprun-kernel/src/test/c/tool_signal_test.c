/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals of the shell's user: what ends a tool, and what must not. */
#include <rumprun/tool_sys.h>
#include "host/host.h"
#include "host/toolhost.h"
#include "lib/check.h"

/* The host's, whose headers would bring other values under NetBSD's names. */
int fork(void);
int pipe(int[2]);
int dup2(int, int);
int close(int);
int kill(int, int);
int waitpid(int, int *, int);
void _exit(int) __attribute__((noreturn));
#define SIGINT 2
#define SIGUSR1 10
#define SIGTERM 15

static void
say(char c)
{
	if (toolhost_write(NULL, 1, &c, 1) != 1)
		_exit(98);
}

/* Nothing here looks at what came: only a second signal ends it. */
static int
spin(struct tool *t, int argc, char **argv)
{
	static volatile bool forever = true;

	(void)argc, (void)argv;
	while (!t_siginfo_take(t))
		continue;
	say('i');
	while (forever)
		continue;
	return 0;
}

static int
wait_for_it(struct tool *t, int argc, char **argv)
{
	register_t rv[2];

	(void)argc, (void)argv;
	say('i');
	while (!t_interrupted(t))
		host_sleep_ns(1000000);
	(void)!t_syscall(t, 0, NULL, 0, rv);
	return 0;
}

/* A program that is this one tool; its standard output is *fd. */
static int
start_tool(tool_main *fn, int *fd)
{
	static char name[] = "tool", *argv[] = { name, NULL };
	static _Atomic int info, interrupt;
	static const struct tool_io io = { .read = toolhost_read,
		.write = toolhost_write,
		.isatty = toolhost_isatty,
		.columns = toolhost_columns };
	const struct tool_run run = {
		.io = &io, .siginfo = &info, .interrupt = &interrupt
	};
	struct toolhost_signals *s;
	int p[2], pid, status;

	if (pipe(p) != 0)
		return -1;
	if ((pid = fork()) == 0) {
		dup2(p[1], 1);
		close(p[0]);
		close(p[1]);
		toolhost_ignore_signals();
		if (toolhost_signals_start(&info, &interrupt, true, &s) != 0)
			_exit(99);
		say('s');
		status = t_run(&run, fn, 1, argv);
		toolhost_signals_stop(s);
		if (status == 128 + interrupt)
			toolhost_die(interrupt);
		_exit(status);
	}
	close(p[1]);
	*fd = p[0];
	return pid;
}

static char
next_byte(int fd)
{
	char c = 0;

	return toolhost_read(NULL, fd, &c, 1) == 1 ? c : 0;
}

/* The signal that has ended it; -1: none has. 0: it still runs. */
static int
ended_by(int pid, bool wait)
{
	int status, got = waitpid(pid, &status, wait ? 0 : 1 /* WNOHANG */);

	if (got == 0)
		return 0;
	return got == pid && (status & 0x7f) != 0 ? status & 0x7f : -1;
}

TEST(tool_that_spins_ends_by_a_second_signal)
{
	static const int signals[] = { SIGTERM, SIGINT };
	int fd, pid, end;

	for (int i = 0; i < 2; i++) {
		pid = start_tool(spin, &fd);
		CHECK_EQ(next_byte(fd), 's');
		CHECK_EQ(kill(pid, SIGUSR1), 0);
		CHECK_EQ(next_byte(fd), 'i');
		CHECK_EQ(kill(pid, SIGUSR1), 0);
		/* Two of a kind that nobody has taken yet are one. */
		do {
			CHECK_EQ(kill(pid, signals[i]), 0);
			host_sleep_ns(5000000);
		} while ((end = ended_by(pid, false)) == 0);
		CHECK_EQ(end, signals[i]);
		close(fd);
	}
}

TEST(tool_ends_by_the_signal_at_its_next_call)
{
	static const int signals[] = { SIGTERM, SIGINT };
	int fd, pid;

	for (int i = 0; i < 2; i++) {
		pid = start_tool(wait_for_it, &fd);
		CHECK_EQ(next_byte(fd), 's');
		CHECK_EQ(next_byte(fd), 'i');
		CHECK_EQ(kill(pid, SIGUSR1), 0);
		CHECK_EQ(kill(pid, signals[i]), 0);
		CHECK_EQ(ended_by(pid, true), signals[i]);
		close(fd);
	}
}

int
main(void)
{
	RUN(tool_that_spins_ends_by_a_second_signal);
	RUN(tool_ends_by_the_signal_at_its_next_call);
	return check_done();
}
