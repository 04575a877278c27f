/* SPDX-License-Identifier: BSD-2-Clause */
/* The multi-call executable of the kernel's own tools. */
#include <rumprun/tool.h>

int
main(int argc, char **argv, char **envp)
{
	static const struct tool_group *const groups[] = { &rumprun_kernel_tools,
		NULL };

	return rumprun_tools_main(argc, argv, envp, groups);
}
