/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tools as clients of a server. A program that such a tool starts is a host program: it is forked as a client of the same
 * kernel process, so that it has the tool's descriptors, and exec'ed from beside this one.
 */
#include "tool/remote.h"
#include "host/toolchild.h"
#include "host/toolhost.h"
#include "tool/children.h"
#include "tool/private.h"
#include <string.h>

/* <rump/rumpclient.h> has the host's types; these are the same functions with ours. */
int rumpclient_init(void);
int rumpclient_syscall(int, const void *, size_t, register_t *);
pid_t rumpclient_fork(void);
int rumpclient_exec(const char *, char *const[], char *const[]);

int
tool_remote_init(void)
{
	return rumpclient_init() != 0 ? -ENXIO : 0;
}

static int
remote_syscall(
    void *ctx, int num, const void *args, size_t argsize, register_t rv[2])
{
	int error;

	(void)ctx;
	error = rumpclient_syscall(num, args, argsize, rv);
	return error > 0 ? -error : error;
}

/* Where the program is: a name that says where from here is meant as it stands, any other is a tool's. */
static int
find_program(const char *path, char *program, size_t size)
{
	const char *slash = strrchr(path, '/');
	size_t n = strlen(path);

	if (slash == NULL || path[0] == '/')
		return toolhost_program(
		    slash != NULL ? slash + 1 : path, program, size);
	if (n >= size)
		return -ENAMETOOLONG;
	memcpy(program, path, n + 1);
	return toolhost_exists(path) ? 0 : -ENOENT;
}

/* The new program's process id; its output goes to `out`, 1 and 2 of it, when there are such. */
static int
start_program(
    struct tool *t, const char *path, char *const *argv, const int *out)
{
	char program[1024];
	int error;
	pid_t pid;

	error = find_program(path, program, sizeof(program));
	if (error != 0)
		return error;
	t_flush(t->t_out);
	pid = rumpclient_fork();
	if (pid < 0)
		return -EAGAIN;
	if (pid == 0) {
		if (out != NULL) {
			toolchild_redirect(out[0], 1);
			toolchild_redirect(out[1], 2);
			toolchild_no_input();
		}
		toolhost_signals_default();
		rumpclient_exec(program, argv, t->t_envp);
		toolhost_exit(127);
	}
	return pid;
}

static int
remote_spawn(void *ctx, struct tool *t, const char *path, char *const *argv)
{
	int pid;

	(void)ctx;
	pid = start_program(t, path, argv, NULL);
	return pid < 0 ? pid : toolhost_wait(pid);
}

/* --- side by side --- */

struct program {
	struct program *next;
	int pid, tag, fd[2]; /* fd: its output and error output; -1 at the end */
	struct tool_lines lines[2];
};

struct programs {
	struct program *first;
};

static struct program **
programs(struct tool *t)
{
	struct tool_priv *p = t->t_priv;

	if (p->tp_children == NULL)
		p->tp_children = t_calloc(t, 1, sizeof(struct programs));
	return &((struct programs *)p->tp_children)->first;
}

static int
remote_start(
    void *ctx, struct tool *t, const char *path, char *const *argv, int tag)
{
	struct program *p = t_calloc(t, 1, sizeof(*p));
	int out[2], err[2], error, write[2];

	(void)ctx;
	if ((error = toolchild_pipe(out)) != 0)
		return error;
	if ((error = toolchild_pipe(err)) != 0) {
		toolchild_close(out[0]);
		toolchild_close(out[1]);
		return error;
	}
	write[0] = out[1];
	write[1] = err[1];
	p->pid = start_program(t, path, argv, write);
	toolchild_close(out[1]);
	toolchild_close(err[1]);
	if (p->pid < 0) {
		toolchild_close(out[0]);
		toolchild_close(err[0]);
		return p->pid;
	}
	p->fd[0] = out[0];
	p->fd[1] = err[0];
	p->tag = tag;
	p->next = *programs(t);
	*programs(t) = p;
	return 0;
}

/* Passes on what one of them printed; false when there is nothing more of it. */
static bool
pass_on(struct tool *t, struct program *p, int i)
{
	char buf[4096];
	int n = toolhost_read(NULL, p->fd[i], buf, sizeof(buf));

	if (n > 0) {
		tool_lines_add(&p->lines[i], t->t_io, i + 1, buf, (size_t)n);
		return true;
	}
	tool_lines_end(&p->lines[i], t->t_io, i + 1);
	toolchild_close(p->fd[i]);
	p->fd[i] = -1;
	return false;
}

/* One that has closed its streams is as good as ended. */
static int
remote_await(void *ctx, struct tool *t, int *tag)
{
	struct program *p, **pp;
	int *fds, n, i;

	(void)ctx;
	*tag = -1;
	for (n = 0, p = *programs(t); p != NULL; p = p->next)
		n += 2;
	if (n == 0)
		return -ECHILD;
	fds = t_calloc(t, (size_t)n, sizeof(*fds));
	for (;;) {
		for (i = 0, p = *programs(t); p != NULL; p = p->next) {
			fds[i++] = p->fd[0];
			fds[i++] = p->fd[1];
		}
		if ((i = toolchild_poll(fds, n)) < 0)
			return i;
		for (pp = programs(t); i >= 2; i -= 2)
			pp = &(*pp)->next;
		p = *pp;
		if (!pass_on(t, p, i) && p->fd[1 - i] < 0)
			break;
	}
	t_free(t, fds);
	*pp = p->next;
	*tag = p->tag;
	return toolhost_wait(p->pid);
}

const struct tool_sys tool_remote_sys = {
	.syscall = remote_syscall,
	.spawn = remote_spawn,
	.start = remote_start,
	.await = remote_await,
	.attach = NULL,
};
