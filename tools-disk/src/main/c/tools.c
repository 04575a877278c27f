/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of this library's tools. */
#include "tools.h"
#include <rumprun/tools_disk.h>

static const struct tool_entry entries[] = {
	{ "disklabel", disklabel_main, TOOL_DISK },
	{ NULL, NULL, 0 },
};

const struct tool_group rumprun_disk_tools = { "disk", entries };
