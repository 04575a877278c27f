/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces and their addresses.
 *
 * The list of interfaces, their addresses and multicast groups, names and flags change under the net lock held exclusively, and may be read with it
 * held shared. Counters and if_flags are atomic. An interface that goes away (if_detach) is off the list and idle before its memory goes, so that
 * whoever reads holds the net lock, not a reference; who must outlive it keeps the index and asks if_byindex again.
 */
#ifndef NET_IF_VAR_H
#define NET_IF_VAR_H

#include <netbsd/if.h>
#include <netbsd/sockio.h>
#include "kern/callout.h"
#include "net/net.h"

struct rtentry;
struct bpf_if;
struct socket;

/* An address of an interface; a protocol's own structure starts with it. */
struct ifaddr {
	struct ifaddr *
	    ifa_next; /* of if_addrlist, in the order in which they are listed: link address first */
	struct ifnet *ifa_ifp;
	struct rump_kernel *ifa_k; /* by ifa_insert: the interface may go first */
	struct sockaddr *ifa_addr, *ifa_dstaddr,
	    *ifa_netmask; /* in the protocol's structure; dstaddr: broadcast address or the other end; NULL */
	int ifa_flags;	  /* IFA_ROUTE; RTF_* of its routes */
	int ifa_metric;
	int32_t ifa_preference;
	_Atomic uint32_t
	    ifa_refs; /* routes and those who keep it; ifa_put frees by ifa_free */
	void (*ifa_free)(struct rump_kernel *, struct ifaddr *);
	/* Tells the protocol of a route by this address (RTM_ADD, RTM_DELETE); may be NULL. */
	void (*ifa_rtrequest)(int cmd, struct rtentry *);
};
#define IFADDR_FOREACH(ifa, ifp) \
	for ((ifa) = (ifp)->if_addrlist; (ifa) != NULL; (ifa) = (ifa)->ifa_next)

/* A link-level multicast address that is listened to, with how many want it. */
struct ether_multi {
	struct ether_multi *enm_next;
	uint8_t enm_addrlo[6], enm_addrhi[6];
	unsigned enm_refs;
};

struct ifnet;
struct ifnet_ops {
	/*
	 * N. Sends to a protocol address: adds the link header, finds the link address. m is taken. rt may be NULL. 0, -ENOBUFS, -ENETDOWN, -EHOSTUNREACH,
	 * -EAFNOSUPPORT ... For Ethernet: ether_output.
	 */
	int (*ifo_output)(struct ifnet *, struct mbuf *,
	    const struct sockaddr *dst, const struct rtentry *rt);
	/* N. Puts a frame with its link header onto the medium: the driver. m is taken, in one piece or in many. Counts opackets, obytes; bpf has seen it. */
	int (*ifo_transmit)(struct ifnet *, struct mbuf *);
	/* N. Gives what has come to if_input, some of it; true if there was something. Never sleeps. May be NULL; ns_polled counts running interfaces that have it. */
	bool (*ifo_poll)(struct ifnet *);
	/* Announces what was put out since (net_kick). No lock. May be NULL. */
	void (*ifo_kick)(struct ifnet *);
	/*
	 * W for what changes, by the generic code. -ENOTTY: not mine. data is the kernel's copy. l is the caller's. Of requests with a struct ifdrv (SIOCSLINKSTR,
	 * SIOCGLINKSTR, SIOCSDRVSPEC, SIOCGDRVSPEC) ifd_data is kernel memory too, of ifd_len bytes that were copied in (for SIOCGLINKSTR: are
	 * copied out, as many as ifd_len says afterwards); the generic code bounds ifd_len.
	 */
	int (*ifo_ioctl)(
	    struct ifnet *, struct lwp *, unsigned long cmd, void *data);
	/* W. IFF_UP came or went, or the address list, or the multicast list, or promiscuity changed. -errno refuses the coming up. May be NULL. */
	int (*ifo_updown)(struct ifnet *, bool up);
	/* W. MTU, checked by the driver: 0 or -EINVAL. NULL: MTU cannot be set (-ENOTTY). */
	int (*ifo_setmtu)(struct ifnet *, uint64_t mtu);
	/* No lock: the interface is off the list; ends its threads and frees the softc. */
	void (*ifo_destroy)(struct ifnet *);
};

struct ifnet {
	struct ifnet *if_next; /* in the order of creation */
	struct rump_kernel *if_k;
	char if_xname[IFNAMSIZ];
	const char *if_dname; /* driver's name, and unit */
	int if_dunit;
	uint16_t if_index;
	uint8_t if_type, if_addrlen, if_hdrlen, if_dlt;
	_Atomic int if_flags;	   /* IFF_* */
	_Atomic int if_link_state; /* LINK_STATE_* */
	uint64_t if_mtu, if_metric, if_baudrate;
	uint64_t if_capabilities, if_capenable; /* IFCAP_* */
	uint32_t if_csum_flags_tx; /* M_CSUM_*: what the medium does not want computed (M_CSUM_TSO*: large segments are taken) */
	uint32_t if_tso_max;	   /* bytes of a large segment */
	_Atomic uint64_t if_ipackets, if_ierrors, if_opackets, if_oerrors,
	    if_collisions, if_ibytes, if_obytes, if_imcasts, if_omcasts,
	    if_iqdrops, if_noproto;
	_Atomic int64_t if_lastchange_ns; /* wall clock */
	struct ifaddr *if_addrlist;
	struct ifaddr *if_dl; /* the link address: sockaddr_dl */
	uint8_t if_lladdr[8], if_broadcastaddr[8];
	struct ether_multi *if_multiaddrs;
	unsigned if_nmultiaddrs;
	int if_pcount; /* promiscuous listeners */
	const struct ifnet_ops *if_ops;
	void *if_softc;	      /* the driver's */
	void *_Atomic if_bpf; /* NULL: nobody listens (net/bpf.h) */
	void *if_bridge;      /* bridge it is a member of; its port */
	void *if_vlantrunk;
	void *if_afdata[36]; /* per family: netinet, netinet6 (AF_INET, AF_INET6) */
	struct lltable *if_lltable[2]; /* ARP, ND (net/if_llatbl.h) */
	struct ifnet *if_kicknext;
	_Atomic bool if_kicked;
	struct if_clone_state *if_cloned; /* NULL: not by ifconfig create */
	char *if_description;
	bool if_dying; /* W: if_detach is at it */
};

/* --- making interfaces -- */

/* W. Fills in what is not set (index, link address from if_lladdr, lists), puts it on the list, announces it. -ENOMEM. */
int if_attach(struct ifnet *) MUST_CHECK;
/* Takes the net lock itself: addresses, routes, groups, neighbours, taps go; off the list, announced; waits until nobody can see it; then ifo_destroy. */
void if_detach(struct ifnet *);
/* Before if_attach, for everything that speaks Ethernet: type, lengths, MTU 1500, DLT, ifo_output. */
void ether_ifattach(struct ifnet *, const uint8_t lladdr[6]);

/* Drivers that make interfaces by name ("shmif0", "tap": the first free unit); one row each in the component's attach. */
struct if_clone {
	const char *ifc_name;
	/* W. -EINVAL, -ENOMEM, -EEXIST ... */
	int (*ifc_create)(
	    struct rump_kernel *, const struct if_clone *, int unit);
	bool ifc_nodestroy; /* lo0 */
};
int if_clone_attach(struct rump_kernel *, const struct if_clone *) MUST_CHECK;
/* W. By ioctl SIOCIFCREATE and the C API. name may be a wildcard; buf (IFNAMSIZ) gets the name. -EINVAL unknown or bad name, -EEXIST. */
int if_clone_create(
    struct rump_kernel *, const char *name, char *buf) MUST_CHECK;
int if_clone_destroy(struct rump_kernel *,
    const char *name) MUST_CHECK; /* no lock; -ENXIO, -EOPNOTSUPP */
void if_initname(struct ifnet *, const char *dname, int unit);

/* --- finding (N) -- */
struct ifnet *if_first(struct rump_kernel *);
struct ifnet *if_byname(struct rump_kernel *, const char *);
struct ifnet *if_byindex(struct rump_kernel *, unsigned);
struct ifnet *if_loop(struct rump_kernel *); /* lo0 */
struct ifaddr *ifa_ifwithaddr(struct rump_kernel *, const struct sockaddr *);
struct ifaddr *ifa_ifwithdstaddr(struct rump_kernel *, const struct sockaddr *);
struct ifaddr *ifa_ifwithnet(
    struct rump_kernel *, const struct sockaddr *); /* most specific */
struct ifaddr *ifaof_ifpforaddr(const struct sockaddr *, struct ifnet *);
static inline struct ifaddr *
ifa_get(struct ifaddr *ifa)
{
	atomic_fetch_add(&ifa->ifa_refs, 1);
	return ifa;
}
void ifa_put(struct ifaddr *);
void ifa_insert(struct ifnet *, struct ifaddr *); /* W; a reference is taken */
void ifa_remove(struct ifnet *, struct ifaddr *); /* W; given back */

/*
 * The address in a name: its bytes and how many there are (AF_INET 4, AF_INET6 16, others what stands behind the family). The memory must be whole
 * for the family, whatever sa_len says.
 */
const uint8_t *sockaddr_key(const struct sockaddr *, size_t *len);
bool sockaddr_same(const struct sockaddr *, const struct sockaddr *);

/* --- changes (W) -- */
int if_setflags(struct ifnet *, struct lwp *,
    int flags); /* SIOCSIFFLAGS: what may be set of them */
/*
 * Up: IFF_UP (which stays, also when the driver refuses: -ENXIO ...), the driver, the families; announced when it was down. For one that is up
 * and not running it is the driver's turn again.
 */
int if_up(struct ifnet *);
void if_down(struct ifnet *); /* nothing when it is down */
void if_link_state_change(struct ifnet *, int state);
int ifpromisc(struct ifnet *, bool on);
/* For drivers: SIOCGLINKSTR of an interface whose link string is s; -ENOENT: NULL, it has none. */
int if_getlinkstr(struct ifdrv *, const char *s) MUST_CHECK;
int ether_addmulti(struct ifnet *, const uint8_t lo[6], const uint8_t hi[6]);
int ether_delmulti(struct ifnet *, const uint8_t lo[6], const uint8_t hi[6]);
/* The whole of a socket's SIOC* (no lock; l's credentials are checked): interface requests here, addresses by the families' dom_ioctl. */
int ifioctl(struct socket *, struct lwp *, unsigned long cmd, void *data);

/* --- packets (N) -- */
/*
 * From a driver: a frame with its link header, whole; goes to net_input. Any lock but ns_inqlock, of any kernel: m is ifp's kernel's already. Counters and
 * bpf come later, in ether_input, and only for what the interface is to see.
 */
void if_input(struct ifnet *, struct mbuf *);
/* Out, with all that stands between a protocol and the driver: bridge, bpf, counters. m has its link header and is taken. */
int if_transmit(struct ifnet *, struct mbuf *);
/* The same past the bridge: what a bridge sends to its members. */
int if_transmit_member(struct ifnet *, struct mbuf *);
/* What if_bridge and if_vlantrunk point to starts with this. N. */
struct if_hook {
	/*
	 * A frame that came (bridge: every one, M_PROMISC set when it is not for this interface; vlan: ETHERTYPE_VLAN or M_VLANTAG, for us). NULL: taken; else what is to be
	 * gone on with: m or another, of the same interface (a frame for another interface is given to that by if_input with M_BRIDGE, which passes the bridge by).
	 */
	struct mbuf *(*ih_input)(struct ifnet *, struct mbuf *);
	/* A frame that goes out (bridge only; NULL: none): taken. */
	int (*ih_output)(struct ifnet *, struct mbuf *);
	/* W. The interface goes (if_detach): it is to be forgotten. */
	void (*ih_gone)(struct ifnet *);
};
/* Computes what checksums were left to the interface, in a frame with its link header (one segment, not M_CSUM_TSO*). NULL: freed. */
struct mbuf *ether_delayed_cksum(struct mbuf *) MUST_CHECK;
/* ether_output: ARP or ND by family (dst AF_INET, AF_INET6, AF_ARP, AF_UNSPEC with an Ethernet header in sa_data); AF_LINK. */
int ether_output(struct ifnet *, struct mbuf *, const struct sockaddr *dst,
    const struct rtentry *);
void ether_input(struct mbuf *); /* NETPROTO_ETHER's */
/* A packet put out on an interface whose own sender hears it (loopback of multicast and broadcast): a copy goes to net_input of lo0. */
int looutput(struct ifnet *, struct mbuf *, const struct sockaddr *dst,
    const struct rtentry *);
/* ifa_rtrequest of addresses of loopback interfaces (ifa_insert sets it where there is none): their routes get the interface's MTU. */
void lo_rtrequest(int cmd, struct rtentry *);

int if_boot(struct rump_kernel *) MUST_CHECK; /* with lo0 */
void if_fini(struct rump_kernel *);

#endif
