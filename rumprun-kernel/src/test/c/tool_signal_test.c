/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals of the shell's user: what ends a tool, and what must not. */
#include <rumprun/tool_sys.h>
#include "host/host.h"
#include "host/toolhost.h"
#include "tool/local.h"
#include "tool/sleepers.h"
#include "lib/check.h"
#include <netbsd/syscall.h>
#include <rumprun/rumprun.h>
#include <stdio.h>
#include <string.h>

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

static void
tell(struct tool *t, const char *what)
{
	t_puts(t, what);
	(void)!t_flush(t->t_out);
}

/* Sleeps in the kernel, for ever. */
static int
sleep_in_read(struct tool *t, int argc, char **argv)
{
	register_t rv[2] = { 0, 0 };
	char c;

	(void)argc, (void)argv;
	if (t_syscall(t, SYS_pipe, NULL, 0, rv) != 0)
		return 3;
	tell(t, "i");
	(void)!sys_read(t, (int)rv[0], &c, 1);
	return 4;
}

/* The same, of a tool that cleans up itself. */
static int
sleep_and_catch(struct tool *t, int argc, char **argv)
{
	register_t rv[2] = { 0, 0 };
	char c;

	(void)argc, (void)argv;
	t_catch_interrupt(t);
	if (t_syscall(t, SYS_pipe, NULL, 0, rv) != 0)
		return 3;
	tell(t, "i");
	if (sys_read(t, (int)rv[0], &c, 1) != -EINTR || !t_interrupted(t))
		return 4;
	tell(t, "c");
	t_exit_interrupted(t);
}

/* Of its two processes, the one that it waits for sleeps. */
static int
sleep_in_child(struct tool *t, int argc, char **argv)
{
	static char name[] = "asleep";
	static char *const child[] = { name, NULL };

	(void)argc, (void)argv;
	return t->t_sys->spawn(t->t_sysctx, t, name, child);
}

static const struct tool_entry asleep[] = { { "asleep", sleep_in_read, 0 },
	{ "parent", sleep_in_child, 0 },
	{ "catcher", sleep_and_catch, TOOL_INTR }, { NULL, NULL, 0 } };
static const struct tool_group test_tools = { "test", asleep };

/* In a kernel, as linked tools are. */
static int
run_linked(struct tool_run *run, tool_main *fn, char **argv)
{
	static const struct tool_group *const groups[] = { &test_tools, NULL };
	const struct tool_entry entry = { "tool", fn, 0 };
	struct kern_config config;
	struct rump_kernel *k;
	int64_t leak;
	int status;

	memset(&config, 0, sizeof(config));
	if (kern_boot(&config, &k) != 0)
		_exit(97);
	run->groups = groups;
	status = tool_local_run(k, NULL, run, &entry, 1, argv);
	kern_halt(k, false, &leak);
	return status;
}

/* A program that is this one tool; its standard output is *fd. */
static int
start_tool(tool_main *fn, bool linked, int *fd)
{
	static char name[] = "tool", *argv[] = { name, NULL };
	static _Atomic int info, interrupt;
	static const struct tool_io io = { .read = toolhost_read,
		.write = toolhost_write,
		.isatty = toolhost_isatty,
		.columns = toolhost_columns };
	static struct tool_sleepers sleepers;
	struct tool_run run = { .io = &io,
		.siginfo = &info,
		.interrupt = &interrupt,
		.sleepers = &sleepers };
	struct toolhost_signals *s;
	int p[2], pid, status;

	if (pipe(p) != 0)
		return -1;
	if ((pid = fork()) == 0) {
		dup2(p[1], 1);
		close(p[0]);
		close(p[1]);
		toolhost_ignore_signals();
		if (toolhost_signals_start(&info, &interrupt, true,
			tool_sleepers_wake, &sleepers, &s) != 0)
			_exit(99);
		say('s');
		status = linked ? run_linked(&run, fn, argv) :
				  t_run(&run, fn, 1, argv);
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
		pid = start_tool(spin, false, &fd);
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
		pid = start_tool(wait_for_it, false, &fd);
		CHECK_EQ(next_byte(fd), 's');
		CHECK_EQ(next_byte(fd), 'i');
		CHECK_EQ(kill(pid, SIGUSR1), 0);
		CHECK_EQ(kill(pid, signals[i]), 0);
		CHECK_EQ(ended_by(pid, true), signals[i]);
		close(fd);
	}
}

/* Once it has slept, or just before: one signal is enough. */
static void
check_one_signal(tool_main *fn, char last)
{
	static const int signals[] = { SIGTERM, SIGINT };
	int fd, pid;

	for (int i = 0; i < 6; i++) {
		pid = start_tool(fn, true, &fd);
		CHECK_EQ(next_byte(fd), 's');
		CHECK_EQ(next_byte(fd), 'i');
		if (i > 1)
			host_sleep_ns(20000000);
		CHECK_EQ(kill(pid, signals[i % 2]), 0);
		CHECK_EQ(next_byte(fd), last);
		CHECK_EQ(ended_by(pid, true), signals[i % 2]);
		close(fd);
	}
}

TEST(tool_asleep_in_the_kernel_ends_by_one_signal)
{
	check_one_signal(sleep_in_read, 0);
}

TEST(tool_that_catches_the_signal_is_woken_by_it)
{
	check_one_signal(sleep_and_catch, 'c');
}

TEST(tool_run_by_a_tool_is_woken_too)
{
	check_one_signal(sleep_in_child, 0);
}

/* --- tools of a handle, each on a thread --- */

struct call {
	struct rumprun_proc *rp;
	const char *name;
	int interrupt, status;
	_Atomic int told;
};

static int
note_output(void *ctx, int fd, const void *buf, size_t n)
{
	struct call *c = ctx;

	(void)fd, (void)buf;
	atomic_fetch_add(&c->told, 1);
	return (int)n;
}

static void
run_call(void *arg)
{
	static const struct tool_group *const groups[] = { &test_tools, NULL };
	struct call *c = arg;
	char *argv[] = { (char *)(uintptr_t)c->name, NULL };

	c->status = rumprun_tool_run(c->rp, groups, c->name, 1, argv, NULL,
	    NULL, note_output, NULL, NULL, c, NULL, &c->interrupt);
}

/* Two run that tool; one is interrupted, the other's process ends under it. */
static void
check_handle(struct rumprun_proc *rp, const char *name, int told)
{
	struct call c[2] = { { .rp = rp, .name = name },
		{ .rp = rp, .name = name } };
	struct host_thread *t[2];

	for (int i = 0; i < 2; i++) {
		CHECK_EQ(host_thread_create("run", run_call, &c[i], &t[i]), 0);
		while (c[i].told == 0)
			host_sleep_ns(1000000);
	}
	host_sleep_ns(20000000);
	rumprun_tool_interrupt(rp, &c[0].interrupt);
	host_thread_join(t[0]);
	CHECK_EQ(c[0].status, 130);
	CHECK_EQ(c[0].told, told);
	CHECK_EQ(c[1].interrupt, 0);
	rumprun_proc_shut(rp);
	host_thread_join(t[1]);
	CHECK_EQ(c[1].status, 130);
	CHECK_EQ(rumprun_proc_destroy(rp), 0);
}

TEST(tool_of_a_handle_is_woken_by_its_flag)
{
	static const char *const names[] = { "asleep", "parent", "catcher" };
	struct rumprun_kernel *rk;
	struct rumprun_proc *rp;
	char url[64], why[128];

	snprintf(
	    url, sizeof(url), "unix:///tmp/tool_signal_test.%d", host_getpid());
	CHECK_EQ(
	    rumprun_kernel_boot(NULL, NULL, NULL, NULL, &rk, why, sizeof(why)),
	    0);
	CHECK_EQ(rumprun_kernel_listen(rk, url, why, sizeof(why)), 0);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(rumprun_proc_create(rk, "one", &rp), 0);
		check_handle(rp, names[i], i == 2 ? 2 : 1);
		if (i == 2)
			break;
		CHECK_EQ(rumprun_client_connect(
			     url, "remote", &rp, why, sizeof(why)),
		    0);
		check_handle(rp, names[i], 1);
	}
	CHECK_EQ(rumprun_kernel_halt(rk, 0), 0);
}

int
main(void)
{
	RUN(tool_that_spins_ends_by_a_second_signal);
	RUN(tool_ends_by_the_signal_at_its_next_call);
	RUN(tool_asleep_in_the_kernel_ends_by_one_signal);
	RUN(tool_that_catches_the_signal_is_woken_by_it);
	RUN(tool_run_by_a_tool_is_woken_too);
	RUN(tool_of_a_handle_is_woken_by_its_flag);
	return check_done();
}
