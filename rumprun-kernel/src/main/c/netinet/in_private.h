/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of IPv4's addresses and of ARP. */
#ifndef NETINET_IN_PRIVATE_H
#define NETINET_IN_PRIVATE_H

#include "netinet/in_pcb.h"
#include "netinet/inet.h"

/* An address to be set; all of it in network order. */
struct in_newaddr {
	uint32_t addr, mask, dst; /* dst: broadcast address, or the other end */
	bool havemask, havedst;
	bool keepmask; /* as the address has it */
	bool created;
};
/* W. ia NULL: a new one. */
int in_setnew(struct ifnet *, struct in_ifaddr *, struct in_newaddr *);
int in_ifinit(struct in_ifaddr *, const struct in_newaddr *);
void in_purgeaddr(struct in_ifaddr *);
/* arp_ifinit; duplicates are looked for only where the interface was up before. */
void arp_ifinit_was(struct ifnet *, struct in_ifaddr *, bool was_up);
/* W. The entry of an own address comes and goes with it. */
void arp_addself(struct ifnet *, uint32_t addr);
void arp_delself(struct ifnet *, uint32_t addr);

#endif
