/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network of one kernel: its locks, and how packets get from here to there.
 *
 * Locks, top first (kern/locks.h has the whole order; the net lock stands above p_lock):
 *	ns_lock		the net lock. Held shared by whoever runs the stack: receives packets, sends, runs a protocol's timer, makes a protocol's call
 *			for a socket. Held exclusively to change what packets are steered by: interfaces and their addresses, routes, hooks, multicast
 *			groups, prefixes. So interfaces, addresses and routes need no reference as long as it is held, and packets never wait for one another.
 *			Nobody sleeps, copies to or from users, or calls the host's blocking functions with it.
 *			It is not recursive: who is called with it held says so in his contract (N: shared or exclusive; W: exclusive).
 *	so_lock		one socket and its control block (net/socketvar.h); a listening socket before those of its queue
 *	the tables of control blocks, neighbour caches, reassembly queues, statistics of NPF ...: leaves, one at a time
 *	an interface's output queue, a bus, a wire, net_run's queues: leaves, below all of that
 *
 * Packets: output runs from the socket to the driver at once, in the caller's thread, with so_lock held. Input never runs inside output:
 * a driver (loopback and wires too) puts what came onto ns_inq by net_input; net_run takes them from there, and is called by whoever is about
 * to leave the stack, with no lock held: system calls of sockets, timers, threads of interfaces. So a packet between two kernels in one
 * process is carried to the other end by its sender's thread.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "kern/callout.h"
#include "kern/kernel.h"
#include "net/mbuf.h"

struct domain;
struct ifnet;
struct net_work;

enum netproto {
	NETPROTO_IP,
	NETPROTO_IP6,
	NETPROTO_ARP,
	NETPROTO_ETHER,
	NETPROTO_COUNT
};

struct net_state {
	struct rump_kernel *ns_k;
	struct kbrlock ns_lock;

	/* net_run */
	struct kmutex ns_inqlock;
	struct mbuf *ns_inqhead,
	    *ns_inqtail; /* by m_nextpkt; which protocol stands in m_type */
	_Atomic unsigned ns_inqlen;
	unsigned ns_inqmax;
	_Atomic unsigned ns_nwork;
	void (*ns_input[NETPROTO_COUNT])(struct mbuf *);
	_Atomic uint64_t ns_inqdrops;
	struct net_queue {
		unsigned nq_len, nq_max; /* 0: only the whole is bounded */
		uint64_t nq_drops;
	} ns_queue[NETPROTO_COUNT]; /* under ns_inqlock: of each protocol */
	_Atomic int ns_running; /* 0 idle, 1 somebody runs, 2 and is to look again */
	struct net_work *ns_work; /* deferred, under ns_inqlock */
	struct ifnet *_Atomic
	    ns_kicked; /* interfaces with output to be announced, by if_kicknext */
	struct kern_thread *
	    ns_thread; /* takes over from callers that have done enough; started when first needed */
	struct kcond ns_cond;
	bool ns_handed;	  /* under ns_inqlock: there is work for the thread */
	bool ns_starting; /* under ns_inqlock: it is being made */
	struct callout ns_later;    /* instead of it, where time is virtual */
	_Atomic unsigned ns_passes; /* rounds of net_run that are over */

	/* net/net_poll.c */
	int ns_ncpu;		 /* of the host */
	_Atomic int ns_polled;	 /* running interfaces with ifo_poll */
	_Atomic int ns_spinners; /* threads in net_spin */
	_Atomic int64_t
	    ns_spun_ns; /* when one last found something; 0: they don't */
	_Atomic unsigned ns_spinfails, ns_spinskip;
	struct kmutex ns_restlock;
	struct kcond ns_restcond; /* interfaces' threads, meanwhile */

	/* Protocol families that are booted, by AF_*; NULL. Filled by attach functions, constant afterwards. */
	const struct domain *ns_domains[36];

	/* Each part's own state, made by its attach. NULL: not booted. */
	struct if_state *ns_if;		/* net/if.c */
	struct route_state *ns_route;	/* net/route.c */
	struct rtsock_state *ns_rtsock; /* net/rtsock.c */
	struct socket_state *ns_socket; /* net/uipc_socket.c */
	struct local_state *ns_local;	/* net/uipc_usrreq.c */
	struct bpf_state *ns_bpf;
	struct arp_state *ns_arp;
	struct inet_state *ns_inet;   /* netinet/in.c */
	struct inet6_state *ns_inet6; /* netinet6/in6.c */
	struct tcp_state *ns_tcp;
	struct udp_state *ns_udp;
	struct pfil_state *ns_pfil;
	struct tun_state *ns_tun;
};
#define NS(k) ((k)->k_net)

static inline void
net_rdlock(struct rump_kernel *k)
{
	kbrlock_rdlock(&NS(k)->ns_lock);
}

static inline void
net_wrlock(struct rump_kernel *k)
{
	kbrlock_wrlock(&NS(k)->ns_lock);
}

static inline void
net_unlock(struct rump_kernel *k)
{
	kbrlock_unlock(&NS(k)->ns_lock);
}

/*
 * A packet has come (m_pkthdr.rcvif set, link header there for NETPROTO_ETHER, gone for the others). Any lock may be held but ns_inqlock. Takes m; when
 * the queue is full it goes, counted. Somebody must call net_run soon after.
 */
void net_input(struct rump_kernel *, enum netproto, struct mbuf *);
/*
 * Handles all that has come, lets drivers announce what was put out, does deferred work; in turns with other threads. No lock may be held. Bounded:
 * after some 256 packets the rest goes to the kernel's own thread. Never sleeps. Calls of a halting kernel do nothing.
 */
void net_run(struct rump_kernel *);
/* Waits until nobody is inside net_run who could still see an interface that is off the list; announces what is to be announced. No lock; not from inside net_run. */
void net_barrier(struct rump_kernel *);
/* Drops what has come in by an interface that is gone, so that its number may be given again. No lock. */
void net_purge(struct rump_kernel *, unsigned index);
/* The interface has output that if_kick announces (bus, wire). Any lock may be held. */
void net_kick(struct ifnet *);
/*
 * Takes what has come to interfaces that can be asked (ifo_poll), and runs the stack if there was something: true. Never sleeps. No lock.
 */
bool net_poll(struct rump_kernel *);
/*
 * For who is about to sleep until *seq is not `was` any more: does net_poll for a while, as long as it takes a host to put a thread to sleep and wake it. True: *seq has
 * changed. At once false where that is of no use. No lock.
 */
bool net_spin(struct rump_kernel *, const _Atomic uint32_t *seq, uint32_t was);
/*
 * An interface's own thread leaves it to others who look, and to those who found something a moment ago: returns when nobody does, and when the kernel halts. No
 * lock.
 */
void net_rest(struct lwp *);
/*
 * Has fn called by net_run, with ns_lock held exclusively: for changes that a packet brings about (redirects, path MTUs, router
 * advertisements). data is copied (len <= 2048). m, if any, goes with it and is fn's. -ENOMEM (m is freed).
 */
int net_defer(struct rump_kernel *,
    void (*fn)(struct rump_kernel *, void *data, struct mbuf *m),
    const void *data, size_t len, struct mbuf *m);

/* Parts of protocol families announce what they do with a packet. Constant after boot. */
typedef void net_input_fn(struct mbuf *); /* N; m is taken */
/* What sysctl shows and sets of a protocol's part of the input queue (ifq.len, ifq.maxlen, ifq.drops). */
struct sysctl_call;
enum net_queue_value { NETQUEUE_LEN, NETQUEUE_MAXLEN, NETQUEUE_DROPS };
int net_queue_sysctl(
    struct sysctl_call *, enum netproto, enum net_queue_value) MUST_CHECK;
void net_setinput(struct rump_kernel *, enum netproto, net_input_fn *);

/* Boot and halt: librumpnet's attach and detach (net/net.c). Detach frees what the parts have left. */
int net_attach(struct rump_kernel *) MUST_CHECK;
void net_detach(struct rump_kernel *);

/* Halt, before any component goes: interfaces go while the families are still there. */
void net_shutdown(struct rump_kernel *);
/* librumpnet_net: interfaces, routes, PF_ROUTE, PF_LINK. */
int net_net_attach(struct rump_kernel *) MUST_CHECK;
void net_net_detach(struct rump_kernel *);
/*
 * Attach functions of the other components, for kern/components.c: local_attach, inet_boot, inet6_boot (in their headers), bpf_attach, npf_attach,
 * and, of interface drivers, their cloners'.
 */
int bpf_attach(struct rump_kernel *);
void bpf_detach(struct rump_kernel *);
int npf_attach(struct rump_kernel *);
void npf_detach(struct rump_kernel *);
int shmif_attach(struct rump_kernel *);
int virt_attach(struct rump_kernel *);
int bridge_attach(struct rump_kernel *);
void bridge_detach(struct rump_kernel *);
int gif_attach(struct rump_kernel *);
void gif_detach(struct rump_kernel *);
int tun_attach(struct rump_kernel *);
void tun_detach(struct rump_kernel *);
int tap_attach(struct rump_kernel *);
void tap_detach(struct rump_kernel *);
int vlan_attach(struct rump_kernel *);
void vlan_detach(struct rump_kernel *);

/* At most n times a second; state starts as zeros. False: too many, don't. */
struct ppsrate {
	_Atomic int64_t pr_second;
	_Atomic int32_t pr_count;
};
bool ppsratecheck(struct rump_kernel *, struct ppsrate *, int n);

/* Counters of a protocol (<netbsd/netstats.h>), any thread at any time. */
static inline void
stat_inc(_Atomic uint64_t *stats, unsigned which)
{
	atomic_fetch_add_explicit(&stats[which], 1, memory_order_relaxed);
}

static inline void
stat_add(_Atomic uint64_t *stats, unsigned which, uint64_t n)
{
	atomic_fetch_add_explicit(&stats[which], n, memory_order_relaxed);
}

#endif
