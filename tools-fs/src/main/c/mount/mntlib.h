/* SPDX-License-Identifier: BSD-2-Clause */
/* What mount and the mount_* tools share. */
#ifndef TOOLS_FS_MNTLIB_H
#define TOOLS_FS_MNTLIB_H

#include "tools.h"
#include <netbsd/mount.h>

/* The options of every file system, and those of mounts from a device. Ended by a NULL name. */
extern const struct tmntopt mnt_standard_options[];
/* The canonical path of an operand, as NetBSD's tools warn about it. */
const char *mnt_path(struct tool *, const char *path);
/* The arguments of a mount that is there (-o getargs) as text; 0 or -errno, as of a type that keeps none. */
int mnt_args(struct tool *, const char *type, const char *special,
    const char *node, char **out);
/* What -o getargs does in a tool: prints them, or ends it. Returns the exit status. */
int mnt_print_args(
    struct tool *, const char *type, const char *special, const char *node);

#endif
