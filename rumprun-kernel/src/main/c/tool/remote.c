/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tools as clients of a server. A program that such a tool starts is a host program: it is forked as a client of the same
 * kernel process, so that it has the tool's descriptors, and exec'ed from beside this one.
 */
#include "tool/remote.h"
#include "host/toolhost.h"
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

static int
remote_spawn(void *ctx, struct tool *t, const char *path, char *const *argv)
{
	const char *slash = strrchr(path, '/');
	char program[1024];
	int error;
	pid_t pid;

	(void)ctx;
	error = toolhost_program(
	    slash != NULL ? slash + 1 : path, program, sizeof(program));
	if (error != 0)
		return error;
	t_flush(t->t_out);
	pid = rumpclient_fork();
	if (pid < 0)
		return -EAGAIN;
	if (pid == 0) {
		toolhost_signals_default();
		rumpclient_exec(program, argv, t->t_envp);
		toolhost_exit(127);
	}
	return toolhost_wait(pid);
}

const struct tool_sys tool_remote_sys = {
	.syscall = remote_syscall,
	.spawn = remote_spawn,
	.attach = NULL,
};
