/* SPDX-License-Identifier: BSD-2-Clause */
/* What IPv6 brings: without it the library still links. Nothing of it is called in a kernel that has not booted it. */
#ifndef NETINET_LATER_H
#define NETINET_LATER_H

#include "netinet6/inet6.h"

#pragma weak icmp6_error
#pragma weak in6_clearscope
#pragma weak in6_control
#pragma weak in6_ifaddr_lookup
#pragma weak in6_is_linklocal
#pragma weak in6_is_mc_linklocal
#pragma weak in6_selecthlim
#pragma weak in6_selectsrc
#pragma weak ip6_clearpktopts
#pragma weak ip6_ctloutput
#pragma weak ip6_freemoptions
#pragma weak ip6_output
#pragma weak ip6_savecontrol
#pragma weak ip6_setpktopts
#pragma weak ip6_setproto
#pragma weak sa6_embedscope

#endif
