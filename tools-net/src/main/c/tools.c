/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of this library's tools. */
#include "tools.h"
#include <rumprun/tools_net.h>

static const struct tool_entry entries[] = {
	{ "arp", arp_main, 0 },
	{ "brconfig", brconfig_main, 0 },
	{ "ifconfig", ifconfig_main, 0 },
	{ "ndp", ndp_main, 0 },
	{ "netstat", netstat_main, 0 },
	{ "npfctl", npfctl_main, 0 },
	{ "ping", ping_main, TOOL_INTR },
	{ "ping6", ping6_main, TOOL_INTR },
	{ "route", route_main, 0 },
	{ "shmif_dumpbus", shmif_dumpbus_main, TOOL_HOST },
	{ "sockstat", sockstat_main, 0 },
	{ NULL, NULL, 0 },
};

const struct tool_group rumprun_net_tools = { "net", entries };
