/* SPDX-License-Identifier: BSD-2-Clause */
/* route: the request being made, and its parts. */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H

#include "rtprint.h"

struct route_cmd {
	struct tool *t;
	struct rtprint print;
	bool debug, flush, quiet, brief, test, verbose;
	int sock, seq;
	/* of the request */
	int af; /* of the addresses that follow; AF_UNSPEC: not said */
	int flags, clear; /* RTF_* that were asked for, and against */
	bool forcenet, forcehost, iface, isnet;
	bool locking, lockrest;
	struct rt_metrics rmx;
	int inits, locks;
	int addrs; /* RTA_* in sa */
	union any_addr sa[RTAX_MAX];
	const char *dest, *gateway; /* as they are printed */
};

/* Reads an address word: RTAX_DST, RTAX_GATEWAY, RTAX_NETMASK, RTAX_GENMASK, RTAX_IFP, RTAX_IFA, RTAX_TAG. Ends the tool on a bad one. */
void route_getaddr(struct route_cmd *, int which, const char *);
void route_prefixlen(struct route_cmd *, const char *);
/* A message of the routing socket as text, as monitor and -v show it. */
void route_print_message(struct route_cmd *, const void *, size_t);
void route_print_addrs(
    struct route_cmd *, const void *msg, size_t hdr, size_t len, int addrs);
const char *route_error(int error);

#endif
