/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools that run side by side on threads of this program, and what they print, by lines. */
#ifndef TOOL_CHILDREN_H
#define TOOL_CHILDREN_H

#include <rumprun/tool.h>

/* Runs the tool to its end on the calling thread and returns its status; `run` is good but for sys and sysctx. */
typedef int tool_child_main(void *ctx, const struct tool_run *run,
    const struct tool_entry *, int argc, char **argv);

/* struct tool_sys's start and await, by threads. `ctx` outlives the tool. Who ends before its children waits for them. */
int tool_children_start(struct tool *, const struct tool_entry *,
    char *const *argv, int tag, tool_child_main *, void *ctx);
int tool_children_await(struct tool *, int *tag);

/* Passes what comes on to `io`, whole lines only; longer ones than fit in pieces. */
struct tool_lines {
	size_t len;
	char buf[4096];
};
void tool_lines_add(struct tool_lines *, const struct tool_io *, int fd,
    const char *, size_t n);
/* What has no newline yet. */
void tool_lines_end(struct tool_lines *, const struct tool_io *, int fd);

#endif
