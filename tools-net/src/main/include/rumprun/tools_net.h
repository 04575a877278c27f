/* SPDX-License-Identifier: BSD-2-Clause */
/* The network tools: the group that librumprun's tool functions take. */
#ifndef RUMPRUN_TOOLS_NET_H
#define RUMPRUN_TOOLS_NET_H

#include <rumprun/tool.h>

/* ifconfig, route, ping, npfctl ...: every tool of this library. */
extern RUMPRUN_API const struct tool_group rumprun_net_tools;

#endif
