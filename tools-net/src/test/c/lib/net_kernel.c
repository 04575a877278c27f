/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel of this process and its tools, see the header. */
#include "lib/net_kernel.h"
#include "lib/check.h"
#include "tool/local.h"
#include <rumprun/tools_net.h>

static int
io_read(void *ctx, int fd, void *buf, size_t n)
{
	(void)ctx, (void)fd, (void)buf, (void)n;
	return 0;
}

static int
io_write(void *ctx, int fd, const void *buf, size_t n)
{
	struct net_kernel *nk = ctx;
	size_t room = sizeof(nk->out) - 1 - nk->outlen;
	size_t take = n < room ? n : room;

	(void)fd;
	memcpy(nk->out + nk->outlen, buf, take);
	nk->outlen += take;
	nk->out[nk->outlen] = '\0';
	return (int)n;
}

static bool
io_isatty(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return false;
}

static int
io_columns(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return 0;
}

void
net_kernel_start(struct net_kernel *nk)
{
	struct kern_config config = { 0 };

	memset(nk, 0, sizeof(*nk));
	CHECK_EQ(kern_boot(&config, &nk->k), 0);
}

void
net_kernel_stop(struct net_kernel *nk)
{
	int64_t leak;

	kern_halt(nk->k, false, &leak);
	CHECK_EQ(leak, 0);
}

int
net_kernel_run(struct net_kernel *nk, const char *line)
{
	static const struct tool_group *const groups[] = { &rumprun_net_tools,
		&rumprun_kernel_tools, NULL };
	struct tool_io io = { .read = io_read,
		.write = io_write,
		.isatty = io_isatty,
		.columns = io_columns,
		.ctx = nk };
	struct tool_run run = { .io = &io, .groups = groups };
	char words[512], *argv[32], *envp[] = { NULL };
	const struct tool_entry *te;
	int argc = 0;

	CHECK(
	    (size_t)snprintf(words, sizeof(words), "%s", line) < sizeof(words));
	for (char *w = strtok(words, " "); w != NULL && argc < 31;
	     w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	run.envp = envp;
	nk->outlen = 0;
	nk->out[0] = '\0';
	te = t_find(groups, argv[0]);
	CHECK(te != NULL);
	return tool_local_run(nk->k, NULL, &run, te, argc, argv);
}
