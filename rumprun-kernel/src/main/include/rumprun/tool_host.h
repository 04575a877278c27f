/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of the host, for tools that are about those and need no kernel (TOOL_HOST). */
#ifndef RUMPRUN_TOOL_HOST_H
#define RUMPRUN_TOOL_HOST_H

#include <rumprun/tool.h>

/* The first bytes of a file, at most `max`, in the arena; *sizep: how many it has. 0 or -errno. */
#define t_host_read rumprun_t_host_read
RUMPRUN_API int t_host_read(
    struct tool *, const char *path, size_t max, void **datap, size_t *sizep);
/* A file with these bytes, made (0644) or replaced. */
#define t_host_write rumprun_t_host_write
RUMPRUN_API int t_host_write(
    struct tool *, const char *path, const void *, size_t);
/*
 * A file that nobody else gets at, for another program of the same user: in a new folder in $TMPDIR or /tmp. *pathp is in the arena. Gone with t_host_untemp, folder and
 * all.
 */
#define t_host_temp rumprun_t_host_temp
RUMPRUN_API int t_host_temp(
    struct tool *, const char *name, const void *, size_t, const char **pathp);
#define t_host_untemp rumprun_t_host_untemp
RUMPRUN_API void t_host_untemp(struct tool *, const char *path);

#endif
