/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of the kernel's own tools. */
#include "tools/tools.h"

static const struct tool_entry entries[] = {
	{ "halt", halt_main, 0 },
	{ "kdump", kdump_main, 0 },
	{ "ktrace", ktrace_main, 0 },
	{ "modload", modload_main, 0 },
	{ "modstat", modstat_main, 0 },
	{ "modunload", modunload_main, 0 },
	{ "pcictl", pcictl_main, 0 },
	{ "reboot", halt_main, 0 },
	{ "rndctl", rndctl_main, 0 },
	{ "rump_allserver", rump_server_main, TOOL_HOST },
	{ "rump_server", rump_server_main, TOOL_HOST },
	{ "rumprun", rumprun_rumprun_main, TOOL_HOST | TOOL_NOTNETBSD },
	{ "sysctl", sysctl_main, 0 },
	{ NULL, NULL, 0 },
};

const struct tool_group rumprun_kernel_tools = {
	.tg_name = "rumprun-kernel",
	.tg_tools = entries,
};
