/* SPDX-License-Identifier: BSD-2-Clause */
/* The tools of this library, each in its folder. */
#ifndef TOOLS_DISK_TOOLS_H
#define TOOLS_DISK_TOOLS_H

#include <rumprun/tool.h>
#include <rumprun/tool_sys.h>

tool_main cgdconfig_main;
tool_main disklabel_main;
tool_main dkctl_main;
tool_main fdisk_main;
tool_main gpt_main;
tool_main raidctl_main;
tool_main vnconfig_main;
tool_main vndcompress_main;
tool_main vnduncompress_main;

#endif
