/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools run by handle: as children of a process, here or behind a socket. */
#include "proxy/client.h"
#include "rump/handle.h"
#include "tool/children.h"
#include "tool/local.h"
#include "tool/private.h"
#include "tool/sleepers.h"
#include <rumprun/tool.h>

/* --- streams: the caller's functions in the runtime's form --- */

struct streams {
	rumprun_tool_read *read;
	rumprun_tool_write *write;
	rumprun_tool_isatty *isatty;
	rumprun_tool_progress *progress;
	void *ctx;
};

static int
stream_read(void *ctx, int fd, void *buf, size_t n)
{
	struct streams *s = ctx;

	return s->read != NULL ? s->read(s->ctx, fd, buf, n) : 0;
}

static int
stream_write(void *ctx, int fd, const void *buf, size_t n)
{
	struct streams *s = ctx;

	return s->write != NULL ? s->write(s->ctx, fd, buf, n) : (int)n;
}

static bool
stream_isatty(void *ctx, int fd)
{
	struct streams *s = ctx;

	return s->isatty != NULL && s->isatty(s->ctx, fd) != 0;
}

static int
stream_columns(void *ctx, int fd)
{
	return stream_isatty(ctx, fd) ? 80 : 0;
}

static void
stream_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	struct streams *s = ctx;

	s->progress(s->ctx, what, (int64_t)done, (int64_t)total);
}

/* --- behind a socket: each tool on a connection, and process, of its own --- */

struct remote {
	const char *url;
	struct proxy_client *client;
};

static int
remote_syscall(
    void *ctx, int num, const void *args, size_t argsize, register_t rv[2])
{
	struct remote *r = ctx;

	return proxy_client_syscall(r->client, num, args, argsize, rv, NULL);
}

static int run_remote(const char *url, struct proxy_client *parent,
    const struct tool_run *, const struct tool_entry *, int argc, char **argv);

static int
remote_spawn(void *ctx, struct tool *t, const char *path, char *const *argv)
{
	const struct tool_entry *te = rumprun_t_find(t->t_groups, path);
	struct remote *r = ctx;
	struct tool_run run = {
		.io = t->t_io,
		.envp = t->t_envp,
		.groups = t->t_groups,
		.siginfo = tool_priv(t)->tp_siginfo,
		.interrupt = tool_priv(t)->tp_interrupt,
		.sleepers = tool_priv(t)->tp_sleepers,
	};
	int argc = 0;

	if (te == NULL)
		return -ENOENT;
	while (argv[argc] != NULL)
		argc++;
	return run_remote(
	    r->url, r->client, &run, te, argc, (char **)(uintptr_t)argv);
}

static int
run_child(void *ctx, const struct tool_run *run, const struct tool_entry *te,
    int argc, char **argv)
{
	struct remote *r = ctx;

	return run_remote(r->url, r->client, run, te, argc, argv);
}

static int
remote_start(
    void *ctx, struct tool *t, const char *path, char *const *argv, int tag)
{
	const struct tool_entry *te = rumprun_t_find(t->t_groups, path);

	if (te == NULL)
		return -ENOENT;
	return tool_children_start(t, te, argv, tag, run_child, ctx);
}

static int
remote_await(void *ctx, struct tool *t, int *tag)
{
	(void)ctx;
	return tool_children_await(t, tag);
}

static const struct tool_sys remote_sys = {
	.syscall = remote_syscall,
	.spawn = remote_spawn,
	.start = remote_start,
	.await = remote_await,
};

/* The protocol has no message that ends a call: as with a program that a signal ends, the connection goes. */
static void
wake_remote(void *ctx)
{
	proxy_client_cut(ctx);
}

static int
run_remote(const char *url, struct proxy_client *parent,
    const struct tool_run *run, const struct tool_entry *te, int argc,
    char **argv)
{
	struct proxy_client_config config = { .pc_name = te->te_name };
	struct tool_sleeper sleeper = { .sl_wake = wake_remote };
	struct tool_sleepers *sleepers = run->sleepers;
	struct remote r = { url, NULL };
	struct tool_run mine = *run;
	uint8_t cookie[WIRE_COOKIE];
	char why[1];
	int error, status;

	if ((error = proxy_client_prefork(parent, cookie)) != 0)
		return error;
	error = proxy_client_fork(
	    url, &config, cookie, why, sizeof(why), &r.client);
	if (error != 0)
		return error;
	mine.sys = &remote_sys;
	mine.sysctx = &r;
	/* A tool that catches the signal still needs its connection. */
	if ((te->te_flags & TOOL_INTR) != 0)
		sleepers = NULL;
	sleeper.sl_ctx = r.client;
	tool_sleepers_add(sleepers, &sleeper);
	status = rumprun_t_run(&mine, te->te_main, argc, argv);
	tool_sleepers_remove(sleepers, &sleeper);
	proxy_client_close(r.client);
	return status;
}

/* --- the calls --- */

void
rumprun_tool_interrupt(struct rumprun_proc *rp, int *interrupt)
{
	struct running *r;

	atomic_store((_Atomic int *)interrupt, 1);
	kmutex_enter(&rp->rp_runlock);
	for (r = rp->rp_running; r != NULL; r = r->ru_next)
		if (r->ru_interrupt == (_Atomic int *)interrupt)
			tool_sleepers_wake(&r->ru_sleepers);
	kmutex_exit(&rp->rp_runlock);
}

void
rumprun_tools_shut(struct rumprun_proc *rp)
{
	struct running *r;

	kmutex_enter(&rp->rp_runlock);
	for (r = rp->rp_running; r != NULL; r = r->ru_next) {
		atomic_store(r->ru_interrupt, 1);
		tool_sleepers_wake(&r->ru_sleepers);
	}
	kmutex_exit(&rp->rp_runlock);
}

static void
running_begin(struct rumprun_proc *rp, struct running *r)
{
	kmutex_enter(&rp->rp_runlock);
	r->ru_next = rp->rp_running;
	rp->rp_running = r;
	kmutex_exit(&rp->rp_runlock);
}

static void
running_end(struct rumprun_proc *rp, struct running *r)
{
	struct running **rup;

	kmutex_enter(&rp->rp_runlock);
	for (rup = &rp->rp_running; *rup != r; rup = &(*rup)->ru_next)
		continue;
	*rup = r->ru_next;
	kmutex_exit(&rp->rp_runlock);
}

int
rumprun_tool_run(struct rumprun_proc *rp, const void *groups, const char *name,
    int argc, char **argv, char **envp, rumprun_tool_read *read,
    rumprun_tool_write *write, rumprun_tool_isatty *isatty,
    rumprun_tool_progress *progress, void *ctx, int *siginfo, int *interrupt)
{
	static const struct tool_group *const own[] = { &rumprun_kernel_tools,
		NULL };
	const struct tool_group *const *tg = groups != NULL ? groups : own;
	struct streams streams = { read, write, isatty, progress, ctx };
	const struct tool_io io = {
		.read = stream_read,
		.write = stream_write,
		.isatty = stream_isatty,
		.columns = stream_columns,
		.progress = progress != NULL ? stream_progress : NULL,
		.ctx = &streams,
	};
	/* An int that another thread sets is read as an atomic one. */
	struct tool_run run = {
		.io = &io,
		.envp = envp,
		.groups = tg,
		.siginfo = (_Atomic int *)siginfo,
		.interrupt = (_Atomic int *)interrupt,
	};
	_Atomic int own_flag = 0;
	struct running running = { 0 };
	const struct tool_entry *te;
	struct inside inside;
	int status;

	if ((te = rumprun_t_find(tg, name)) == NULL)
		return -ENOENT;
	if (interrupt == NULL)
		run.interrupt = &own_flag;
	run.sleepers = &running.ru_sleepers;
	running.ru_interrupt = run.interrupt;
	if ((status = rumprun_enter(rp)) != 0)
		return status;
	running_begin(rp, &running);
	/* Who marks the handle as dead sees this one, or this one the mark. */
	if (atomic_load(&rp->rp_dead))
		atomic_store(run.interrupt, 1);
	rumprun_inside_begin(&rp->rp_inside, &inside);
	if (rp->rp_client != NULL)
		status = run_remote(
		    rp->rp_url, rp->rp_client, &run, te, argc, argv);
	else
		status = tool_local_run(
		    rp->rp_kernel->rk_k, rp->rp_proc, &run, te, argc, argv);
	rumprun_inside_end(&rp->rp_inside, &inside);
	running_end(rp, &running);
	rumprun_leave(rp);
	return status;
}
