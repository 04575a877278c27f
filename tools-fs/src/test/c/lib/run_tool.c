/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs tools for tests, see the header. */
#include "lib/run_tool.h"
#include "kern/kernel.h"
#include "lib/check.h"
#include "tool/local.h"
#include <rumprun/tools_fs.h>

char tool_said[65536];
static size_t tool_len;

static int
tool_read(void *ctx, int fd, void *buf, size_t n)
{
	(void)ctx, (void)fd, (void)buf, (void)n;
	return 0;
}

static int
tool_write(void *ctx, int fd, const void *buf, size_t n)
{
	size_t room = sizeof(tool_said) - 1 - tool_len;
	size_t part = n < room ? n : room;

	(void)ctx, (void)fd;
	memcpy(tool_said + tool_len, buf, part);
	tool_len += part;
	tool_said[tool_len] = '\0';
	return (int)n;
}

static bool
tool_isatty(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return false;
}

static int
tool_columns(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return 0;
}

int
run_tool(const char *line)
{
	static const struct tool_group *const groups[] = { &rumprun_fs_tools,
		NULL };
	static const struct tool_io io = {
		.read = tool_read,
		.write = tool_write,
		.isatty = tool_isatty,
		.columns = tool_columns,
	};
	struct tool_run run = { .io = &io, .groups = groups };
	struct kern_config config = { 0 };
	const struct tool_entry *te;
	char words[512], *argv[32], *envp[] = { NULL };
	int argc = 0, status;
	struct rump_kernel *k;
	int64_t leak;

	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w != NULL && argc < 31;
	     w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	run.envp = envp;
	tool_len = 0;
	tool_said[0] = '\0';
	if ((te = rumprun_t_find(groups, argv[0])) == NULL)
		return -ENOENT;
	CHECK_EQ(kern_boot(&config, &k), 0);
	status = tool_local_run(k, NULL, &run, te, argc, argv);
	kern_halt(k, false, &leak);
	CHECK_EQ(leak, 0);
	return status;
}
