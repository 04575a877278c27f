/* SPDX-License-Identifier: BSD-2-Clause */
/* The tools of this library, each in its folder. */
#ifndef TOOLS_NET_TOOLS_H
#define TOOLS_NET_TOOLS_H

#include <rumprun/tool.h>
#include <rumprun/tool_net.h>
#include <rumprun/tool_sys.h>

tool_main arp_main, brconfig_main, ifconfig_main, ndp_main, netstat_main,
    npfctl_main, ping_main, ping6_main, route_main, shmif_dumpbus_main,
    sockstat_main;

#endif
