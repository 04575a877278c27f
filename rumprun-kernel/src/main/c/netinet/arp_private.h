/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of ARP. */
#ifndef NETINET_ARP_PRIVATE_H
#define NETINET_ARP_PRIVATE_H

#include "net/if_llatbl.h"
#include "netinet/in_private.h"

struct arp_state {
	struct rump_kernel *as_k;
	struct ppsrate as_log; /* messages on the console */
};
#define ARP(k) (NS(k)->ns_arp)

/* RFC 826: the packet for Ethernet and IPv4 */
#define ARP_HRD 0
#define ARP_PRO 2
#define ARP_HLN 4
#define ARP_PLN 5
#define ARP_OP 6
#define ARP_SHA 8
#define ARP_SPA 14
#define ARP_THA 18
#define ARP_TPA 24
#define ARP_LEN 28

/* lle_state of an entry */
enum { ARP_INCOMPLETE, ARP_REACHABLE, ARP_DOWN };

#define ARP_MAXTRIES 5 /* requests until a neighbour counts as down */
#define ARP_RETRY_NS 1000000000LL /* between two of them */
#define ARP_MAXENTRIES 16384

static inline struct lltable *
arp_table(const struct ifnet *ifp)
{
	return ifp->if_lltable[LLTABLE_ARP];
}

/* N. Sends one. tha NULL: to all. */
void arp_send(struct ifnet *, uint16_t op, const uint8_t *sha, uint32_t spa,
    const uint8_t *tha, uint32_t tpa);
/* N. A question of ours for an address (spa 0: a probe). */
void arp_request(struct ifnet *, uint32_t spa, uint32_t tpa);
/* Table's lock held: what is known is good for that long; 0 for ever. */
void arp_expire(struct llentry *, int64_t ns);
/* N, no lock. Sends what waited for the entry's address. */
void arp_flush_hold(struct ifnet *, struct mbuf *hold, uint32_t addr);
/* N, no lock. Somebody else has an address of ours (its link address): a duplicate while it is looked for, else reported. */
void arp_conflict(struct in_ifaddr *, const uint8_t *sha, bool probe);
const char *arp_fmtlladdr(char buf[18], const uint8_t *);

#endif
