/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Link-layer address tables: an interface's neighbours, of one family each (ARP's, ND's). A table has its own lock, a leaf; entries are its own. States and
 * timers are the protocol's (netinet/if_arp.c, netinet6/nd6_nbr.c), what is common stands here.
 */
#ifndef NET_IF_LLATBL_H
#define NET_IF_LLATBL_H

#include "net/if_var.h"

enum { LLTABLE_ARP, LLTABLE_ND };

struct llentry {
	struct llentry *lle_next; /* of its bucket */
	struct lltable *lle_tbl;
	union {
		uint32_t addr4; /* network order */
		uint8_t addr6[16];
	} lle_addr;
	uint8_t lle_lladdr[8];
	bool lle_valid;	    /* lle_lladdr is known */
	uint16_t lle_flags; /* LLE_* */
	int lle_state;	    /* the protocol's: ND6_LLINFO_*, ARP_* */
	int lle_asked;	    /* requests sent without an answer */
	bool lle_router;    /* ND */
	struct mbuf *
	    lle_hold; /* packets that wait, by m_nextpkt, at most lle_maxhold (net.inet.. keeps one) */
	unsigned lle_numheld;
	int64_t lle_expire_ns;	  /* monotonic; 0 never */
	struct callout lle_timer; /* armed by the protocol; lle_refs counts it */
	uint32_t lle_refs;	  /* under the table's lock */
	bool lle_linked;
	struct rump_kernel *lle_k;
	uint64_t lle_used;
	uint64_t lle_serial; /* in the order in which they were made */
};
#define LLE_STATIC 0x2
#define LLE_IFADDR 0x4
#define LLE_PUB 0x20
#define LLE_REJECT 0x40
#define LLE_PROXY 0x80 /* published, not for ourselves */

struct lltable {
	struct ifnet *llt_ifp;
	int llt_af;
	struct kmutex llt_lock;
	struct llentry **llt_bucket; /* grows; a power of two */
	unsigned llt_size, llt_count, llt_max;
	uint64_t llt_serial;
	struct rump_kernel *llt_k;
	void (*llt_free_entry)(struct lltable *,
	    struct llentry
		*); /* before it goes: hold queue etc. are freed by the table */
};

/* if_attach of Ethernet-like interfaces by the families; gone by if_detach. */
int lltable_create(
    struct ifnet *, int af, unsigned max, struct lltable **) MUST_CHECK;
/* W. A timer's function that is just beginning finds its entry unlinked, and must not look at the table; if_detach waits for it (callout_drain). */
void lltable_destroy(struct lltable *);
/* llt_lock held. NULL: none; with create: a new one, or NULL when full or without memory (the oldest of those without LLE_STATIC goes first when full). */
struct llentry *lle_find(struct lltable *, const void *addr);
struct llentry *lle_create(struct lltable *, const void *addr);
/* Unlinks, drops what it holds, and takes its timer off; memory goes with the last reference. */
void lle_remove(struct llentry *);
/* llt_lock held. The oldest go, while there are more and one of them need not stay. */
void lltable_shrink(struct lltable *, unsigned most);
/* llt_lock held; of one that is not in the table any more, the net lock: the table itself may be gone. */
void lle_put(struct llentry *);
/* llt_lock is taken inside. Stops when fn gives nonzero. */
int lltable_foreach(
    struct lltable *, int (*fn)(struct llentry *, void *), void *);
/* Everything that matches a prefix (an address of the interface goes); statics too if asked. */
void lltable_purge(
    struct lltable *, const void *prefix, unsigned plen, bool statics);

#endif
