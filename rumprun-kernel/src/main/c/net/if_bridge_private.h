/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files net/if_bridge*.c share. */
#ifndef NET_IF_BRIDGE_PRIVATE_H
#define NET_IF_BRIDGE_PRIVATE_H

#include <netbsd/if_bridgevar.h>
#include "net/if_var.h"
#include "net/pfil.h"

#define BRIDGE_ROUTES 256 /* buckets */

/* A port's part of the spanning tree (IEEE 802.1D-1998, 8.5.5). Times in units of 1/256 s. */
struct stp_port {
	uint64_t sp_root; /* designated root, bridge, cost, port */
	uint64_t sp_bridge;
	uint32_t sp_cost;
	uint16_t sp_port, sp_id; /* id: this port's own */
	bool sp_tca,
	    sp_pending; /* acknowledge a topology change; send when the hold time is over */
	int sp_message_age, sp_forward, sp_hold; /* timers that run; -1 */
};

/* A member. Everything but the table of addresses changes with the net lock held exclusively. */
struct bridge_port {
	struct if_hook bp_hook; /* first: if_bridge points here */
	struct bridge_port *bp_next;
	struct bridge *bp_sc;
	struct ifnet *bp_ifp;
	uint32_t bp_flags; /* IFBIF_* */
	uint8_t bp_state;  /* BSTP_IFSTATE_* */
	uint8_t bp_priority, bp_cost;
	struct stp_port bp_stp;
};

struct bridge_route {
	struct bridge_route *br_next, *br_hashnext;
	struct bridge_port *br_port;
	uint8_t br_addr[6];
	uint8_t br_flags;     /* IFBAF_* */
	int64_t br_expire_ns; /* monotonic; 0 never */
};

/* The bridge's part of the spanning tree (8.5.3). */
struct stp_bridge {
	uint64_t sb_id, sb_root;
	uint32_t sb_cost;
	struct bridge_port *sb_rootport;
	int sb_max_age, sb_hello, sb_forward; /* as the root says */
	bool sb_change_detected, sb_change;
	int sb_hello_timer, sb_tcn_timer, sb_change_timer; /* -1 */
	bool sb_running;
};

struct bridge {
	struct ifnet sc_if;		/* first */
	struct bridge_port *sc_ports;	/* the youngest first */
	struct kmutex sc_rtlock;	/* a leaf: the table */
	struct bridge_route *sc_routes; /* the youngest first */
	struct bridge_route *sc_hash[BRIDGE_ROUTES];
	uint32_t sc_nroutes, sc_maxroutes, sc_timeout;
	uint16_t sc_priority;
	uint32_t sc_filter; /* IFBF_FILT_* */
	uint8_t sc_hello, sc_forward,
	    sc_maxage; /* seconds, when this is the root */
	struct callout sc_prune, sc_tick;
	bool sc_dying;
	struct stp_bridge sc_stp;
};

#define BRIDGE_OF(ifp) ((struct bridge *)(ifp)->if_softc)
static inline bool
bridge_running(const struct bridge *sc)
{
	return (sc->sc_if.if_flags & IFF_RUNNING) != 0;
}

/* May frames of users go through this port? */
static inline bool
bridge_forwards(const struct bridge_port *bp)
{
	return (bp->bp_flags & IFBIF_STP) == 0 ||
	    bp->bp_state == BSTP_IFSTATE_FORWARDING;
}

/* --- net/if_bridge_table.c. Takes sc_rtlock; ports stay while the net lock is held. */
struct bridge_port *bridge_route_find(struct bridge *, const uint8_t addr[6]);
/* flags IFBAF_DYNAMIC: learnt, doesn't change what is static. -ENOSPC, -ENOMEM. */
int bridge_route_update(
    struct bridge *, const uint8_t addr[6], struct bridge_port *, int flags);
int bridge_route_delete(struct bridge *, const uint8_t addr[6]); /* -ENOENT */
/* Everything, or what is dynamic; of one port (NULL: any). */
void bridge_route_flush(struct bridge *, struct bridge_port *, bool all);
/* At most max; gives how many there are. */
size_t bridge_route_list(struct bridge *, struct ifbareq *, size_t max);
void bridge_route_age(struct bridge *);
void bridge_route_limit(struct bridge *); /* after a smaller sc_maxroutes */

/* --- net/if_bridge_filter.c. N. What the packet filter leaves of a frame whose Ethernet header is in one piece; NULL: nothing. */
struct mbuf *bridge_filter(
    struct bridge *, struct mbuf *, struct ifnet *, enum pfil_dir) MUST_CHECK;

/* --- net/if_bridge_ioctl.c. W. */
int bridge_ioctl(struct ifnet *, struct lwp *, unsigned long, void *);
struct bridge_port *bridge_member(struct bridge *, const char *name);

/* --- net/if_bridge.c. W. */
int bridge_add(struct bridge *, struct ifnet *);
void bridge_delete(struct bridge_port *);

/* --- net/if_bridge_stp.c. W. */
/* Something that it is computed from has changed: members, flags, priorities, the bridge going up or down. */
void stp_configure(struct bridge *);
/* A second has passed. */
void stp_tick(struct bridge *);
/* N. A frame for 01:80:c2:00:00:00; taken. */
void stp_input(struct bridge_port *, struct mbuf *);

#endif
