/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of this library's tools. */
#include "tools.h"
#include <rumprun/tools_disk.h>

static const struct tool_entry entries[] = {
	{ "cgdconfig", cgdconfig_main, TOOL_DISK },
	{ "disklabel", disklabel_main, TOOL_DISK },
	{ "dkctl", dkctl_main, 0 },
	{ "fdisk", fdisk_main, TOOL_DISK },
	{ "gpt", gpt_main, TOOL_DISK },
	{ "raidctl", raidctl_main, 0 },
	{ "vnconfig", vnconfig_main, 0 },
	{ "vndcompress", vndcompress_main, TOOL_DISK | TOOL_INTR },
	{ "vnduncompress", vnduncompress_main, TOOL_DISK },
	{ NULL, NULL, 0 },
};

const struct tool_group rumprun_disk_tools = { "disk", entries };
