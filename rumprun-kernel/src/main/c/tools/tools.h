/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's own tools. */
#ifndef TOOLS_TOOLS_H
#define TOOLS_TOOLS_H

#include <rumprun/tool.h>

tool_main halt_main, kdump_main, ktrace_main, modload_main, modunload_main,
    modstat_main, pcictl_main, rndctl_main, rump_server_main,
    rumprun_rumprun_main, sysctl_main;

#endif
