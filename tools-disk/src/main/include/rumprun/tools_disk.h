/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk tools: the group that librumprun's tool functions take. */
#ifndef RUMPRUN_TOOLS_DISK_H
#define RUMPRUN_TOOLS_DISK_H

#include <rumprun/tool.h>

/* disklabel, cgdconfig, raidctl, vnconfig ...: every tool of this library. */
extern RUMPRUN_API const struct tool_group rumprun_disk_tools;

#endif
