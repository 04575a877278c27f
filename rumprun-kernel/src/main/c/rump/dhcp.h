/* SPDX-License-Identifier: BSD-2-Clause */
/* A DHCP client (RFC 2131) that asks once. */
#ifndef RUMP_DHCP_H
#define RUMP_DHCP_H

#include <stdint.h>

struct rump_kernel;

/* Addresses in network order, 0: not told. */
struct dhcp_lease {
	uint32_t addr, mask, router, server;
	uint32_t seconds;
};
/*
 * Asks on an Ethernet-like interface, which is brought up, for an address: at most four times, for some 15 seconds in all. Nothing is configured by it.
 * -ENXIO no such interface, -EINVAL not one that speaks Ethernet, -ETIMEDOUT no answer, -EADDRNOTAVAIL the server took its offer back, what if_up says.
 */
int dhcp_ask(struct rump_kernel *, const char *ifname, struct dhcp_lease *);

#endif
