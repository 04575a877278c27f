/* SPDX-License-Identifier: BSD-2-Clause */
/* The multi-call executable of the disk tools. */
#include <rumprun/tools_disk.h>

int
main(int argc, char **argv, char **envp)
{
	static const struct tool_group *const groups[] = { &rumprun_disk_tools,
		&rumprun_kernel_tools, NULL };

	return rumprun_tools_main(argc, argv, envp, groups);
}
