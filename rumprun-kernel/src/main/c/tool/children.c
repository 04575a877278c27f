/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tools side by side. Each has a thread; its output goes through a buffer that lets whole lines through, so that those of different
 * tools do not mix. The one that started them sleeps until one of them ends, or ends itself, and then waits for all.
 */
#include "tool/children.h"
#include "host/host.h"
#include "host/sync.h"
#include "tool/private.h"
#include <string.h>

struct tool_child {
	struct tool_child *tc_next;
	struct tool_children *tc_all;
	struct host_thread *tc_thread;
	struct tool_io tc_io;
	struct tool_run tc_run;
	const struct tool_entry *tc_entry;
	tool_child_main *tc_main;
	void *tc_ctx;
	struct tool_lines tc_lines[2]; /* of descriptors 1 and 2 */
	int tc_tag, tc_status, tc_argc;
	bool tc_done;
	char **tc_argv;
};

struct tool_children {
	struct kmutex mutex; /* what follows, and writing to `io` */
	struct kcond ended;
	const struct tool_io *io; /* the parent's */
	struct tool_child *list;
};

/* --- lines --- */

void
tool_lines_add(struct tool_lines *l, const struct tool_io *io, int fd,
    const char *p, size_t n)
{
	size_t part, whole;

	while (n > 0) {
		part = sizeof(l->buf) - l->len < n ? sizeof(l->buf) - l->len : n;
		memcpy(l->buf + l->len, p, part);
		l->len += part;
		p += part;
		n -= part;
		for (whole = l->len; whole > 0 && l->buf[whole - 1] != '\n';)
			whole--;
		if (whole == 0 && l->len == sizeof(l->buf))
			whole = l->len;
		if (whole == 0)
			continue;
		(void)io->write(io->ctx, fd, l->buf, whole);
		l->len -= whole;
		memmove(l->buf, l->buf + whole, l->len);
	}
}

void
tool_lines_end(struct tool_lines *l, const struct tool_io *io, int fd)
{
	if (l->len > 0)
		(void)io->write(io->ctx, fd, l->buf, l->len);
	l->len = 0;
}

/* --- a child's streams --- */

static int
child_read(void *ctx, int fd, void *buf, size_t n)
{
	(void)ctx, (void)fd, (void)buf, (void)n;
	return 0;
}

static int
child_write(void *ctx, int fd, const void *buf, size_t n)
{
	struct tool_child *tc = ctx;

	if (fd != 1 && fd != 2)
		return -EBADF;
	kmutex_enter(&tc->tc_all->mutex);
	tool_lines_add(&tc->tc_lines[fd - 1], tc->tc_all->io, fd, buf, n);
	kmutex_exit(&tc->tc_all->mutex);
	return (int)n;
}

static bool
child_isatty(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return false;
}

static int
child_columns(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return 0;
}

static void
child_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	struct tool_child *tc = ctx;
	const struct tool_io *io = tc->tc_all->io;

	kmutex_enter(&tc->tc_all->mutex);
	io->progress(io->ctx, what, done, total);
	kmutex_exit(&tc->tc_all->mutex);
}

/* --- life --- */

static void
child_thread(void *arg)
{
	struct tool_child *tc = arg;
	struct tool_children *all = tc->tc_all;
	int status, fd;

	status = tc->tc_main(
	    tc->tc_ctx, &tc->tc_run, tc->tc_entry, tc->tc_argc, tc->tc_argv);
	kmutex_enter(&all->mutex);
	for (fd = 1; fd <= 2; fd++)
		tool_lines_end(&tc->tc_lines[fd - 1], all->io, fd);
	tc->tc_status = status;
	tc->tc_done = true;
	kcond_broadcast(&all->ended);
	kmutex_exit(&all->mutex);
}

/* Before the parent's memory goes, nobody uses it any more. */
static void
wait_for_all(struct tool *t, void *arg)
{
	int tag;

	(void)arg;
	while (tool_children_await(t, &tag) != -ECHILD)
		continue;
}

static struct tool_children *
children_of(struct tool *t)
{
	struct tool_priv *p = t->t_priv;

	if (p->tp_children == NULL) {
		struct tool_children *all = t_calloc(t, 1, sizeof(*all));

		all->io = t->t_io;
		t_atexit(t, wait_for_all, NULL);
		p->tp_children = all;
	}
	return p->tp_children;
}

int
tool_children_start(struct tool *t, const struct tool_entry *entry,
    char *const *argv, int tag, tool_child_main *fn, void *ctx)
{
	struct tool_children *all = children_of(t);
	struct tool_child *tc = t_calloc(t, 1, sizeof(*tc));
	int i, error;

	tc->tc_all = all;
	tc->tc_entry = entry;
	tc->tc_main = fn;
	tc->tc_ctx = ctx;
	tc->tc_tag = tag;
	while (argv[tc->tc_argc] != NULL)
		tc->tc_argc++;
	tc->tc_argv = t_calloc(t, (size_t)tc->tc_argc + 1, sizeof(*tc->tc_argv));
	for (i = 0; i < tc->tc_argc; i++)
		tc->tc_argv[i] = t_strdup(t, argv[i]);
	tc->tc_io = (struct tool_io){ .read = child_read,
		.write = child_write,
		.isatty = child_isatty,
		.columns = child_columns,
		.progress = t->t_io->progress != NULL ? child_progress : NULL,
		.ctx = tc };
	tc->tc_run = (struct tool_run){ .io = &tc->tc_io,
		.envp = t->t_envp,
		.groups = t->t_groups,
		.siginfo = tool_priv(t)->tp_siginfo,
		.interrupt = tool_priv(t)->tp_interrupt,
		.sleepers = tool_priv(t)->tp_sleepers };
	t_flush(t->t_out);
	error = host_thread_create(
	    entry->te_name, child_thread, tc, &tc->tc_thread);
	if (error != 0)
		return error;
	kmutex_enter(&all->mutex);
	tc->tc_next = all->list;
	all->list = tc;
	kmutex_exit(&all->mutex);
	return 0;
}

int
tool_children_await(struct tool *t, int *tag)
{
	struct tool_children *all = tool_priv(t)->tp_children;
	struct tool_child **tcp, *tc;

	*tag = -1;
	if (all == NULL)
		return -ECHILD;
	kmutex_enter(&all->mutex);
	for (;;) {
		if (all->list == NULL) {
			kmutex_exit(&all->mutex);
			return -ECHILD;
		}
		for (tcp = &all->list; (tc = *tcp) != NULL; tcp = &tc->tc_next)
			if (tc->tc_done)
				break;
		if (tc != NULL)
			break;
		kcond_wait(&all->ended, &all->mutex);
	}
	*tcp = tc->tc_next;
	kmutex_exit(&all->mutex);
	host_thread_join(tc->tc_thread);
	*tag = tc->tc_tag;
	return tc->tc_status;
}
