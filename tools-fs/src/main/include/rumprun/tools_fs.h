/* SPDX-License-Identifier: BSD-2-Clause */
/* The file system tools: the group that librumprun's tool functions take. */
#ifndef RUMPRUN_TOOLS_FS_H
#define RUMPRUN_TOOLS_FS_H

#include <rumprun/tool.h>

/* newfs, fsck, mount, ls, cp ...: every tool of this library. */
extern RUMPRUN_API const struct tool_group rumprun_fs_tools;

#endif
