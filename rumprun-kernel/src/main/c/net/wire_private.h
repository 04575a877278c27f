/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The in-process wire: what its files share. Contract: net/if_wire.h.
 *
 * Locks, in this order, below those of every kernel but ns_inqlock, the timers' and the allocator's:
 *	w_ports		which interfaces there are, their addresses and filters, and the wire's parameters. Shared by who sends, so that an interface that is found
 *			stays. Who holds it exclusively may hold the net lock of his kernel exclusively: senders take no net lock.
 *	p_lock		frames that are still on their way to an interface, and its dice
 *	w_runlock	kernels that have got frames and are to be run
 *	w_caplock	the capture
 */
#ifndef NET_WIRE_PRIVATE_H
#define NET_WIRE_PRIVATE_H

#include "net/if_var.h"
#include "net/if_wire.h"

#define WIRE_HASH 256

/* A frame on its way. */
struct wire_delayed {
	int64_t wd_due_ns;
	uint64_t wd_serial; /* of those due at once the first goes first */
	struct mbuf *wd_m;
};

struct wire_port {
	struct ifnet p_if; /* first */
	struct wire *p_wire;

	/* w_ports */
	struct wire_port *p_next, *p_hashnext, *p_promiscnext;
	bool p_up;
	uint8_t p_lladdr[6];
	uint64_t p_filter[4]; /* of multicast addresses, by a hash of 8 bits */

	/* w_runlock */
	struct wire_port *p_runnext;
	unsigned p_users; /* threads that run the kernel because of frames for this port */
	_Atomic bool p_listed;
	struct callout p_run; /* runs the kernel when nobody else does */

	struct kmutex p_lock;
	uint64_t p_dice;
	struct wire_delayed *p_heap; /* from 1; the receiving kernel's memory */
	size_t p_count, p_room;
	uint64_t p_serial;
	int64_t p_free_ns; /* when the last frame will be through, with wp_rate_bps */
	bool p_dying;
	struct callout p_due;
};

struct wire {
	_Atomic uint32_t w_refs;
	uint64_t w_seed;
	_Atomic uint64_t w_stats[WIRE_NSTATS];

	struct kbrlock w_ports;
	struct wire_port *w_all, *w_promisc, *w_hash[WIRE_HASH];
	unsigned w_nports;
	uint32_t w_made; /* ports ever */
	struct wire_params w_params;
	bool w_impaired;

	struct kmutex w_runlock;
	struct kcond w_runcond;
	struct wire_port *w_runhead, *w_runtail;
	unsigned w_runners;

	_Atomic bool w_captured;
	struct kmutex w_caplock;
	wire_capture_fn *w_capture;
	void *w_capctx;
	int w_capfd; /* -1: none */
	int64_t w_capoff;
};

static inline void
wire_count(struct wire *w, int which, uint64_t n)
{
	atomic_fetch_add_explicit(&w->w_stats[which], n, memory_order_relaxed);
}

/* The next number of a sequence (splitmix64). */
uint64_t wire_dice(uint64_t *state);
/* w_ports shared. m is the receiver's already; taken. Delivers at once, later, twice, or not at all. */
void wire_impair(struct wire_port *, struct mbuf *m);
/* The same without ado. */
void wire_deliver(struct wire_port *, struct mbuf *m);
/* Frames that are on their way: before the port goes (no lock). */
void wire_flush(struct wire_port *);
/* The function of p_due. */
void wire_due(void *);
/* A frame that is sent; whole and summed. */
void wire_show(struct wire *, const struct mbuf *, int64_t time_ns);

#endif
