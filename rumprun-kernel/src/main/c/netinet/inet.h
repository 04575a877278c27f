/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4: what its files share, and what TCP, UDP, ICMP, IPv6 and the interfaces call.
 *
 *	in.c		addresses of interfaces, requests for them, multicast memberships	(inet(4), netintro(4))
 *	if_arp.c	address resolution						(RFC 826, 5227)
 *	ip_input.c ip_output.c ip_reass.c ip_options.c ip_forward.c			(RFC 791, 1122, 1812)
 *	ip_icmp.c igmp.c raw_ip.c in_pcb.c udp_*.c tcp_*.c inet_sysctl.c
 */
#ifndef NETINET_INET_H
#define NETINET_INET_H

#include <netbsd/in.h>
#include <netbsd/in_var.h>
#include <netbsd/ip.h>
#include <netbsd/netstats.h>
#include "net/if_var.h"
#include "net/route_var.h"
#include "net/socketvar.h"

struct inpcb;

struct in_ifaddr {
	struct ifaddr ia_ifa;	   /* first */
	struct in_ifaddr *ia_next; /* of in_ifaddrs; W */
	struct in_ifaddr *ia_hashnext;
	uint32_t ia_subnet, ia_subnetmask, ia_netmask; /* host order */
	struct sockaddr_in ia_addr, ia_dstaddr, ia_sockmask;
#define ia_broadaddr ia_dstaddr
	int ia_flags; /* IN_IFF_* */
	/* duplicate detection, if_arp.c's */
	struct callout ia_dadtimer;
	int ia_dadcount, ia_dadannounce;
};

/* Values that sysctl shows, by their names there; plain words, written by sysctl. */
struct inet_state {
	struct rump_kernel *is_k;
	struct in_ifaddr *is_ifaddrs;  /* W */
	struct in_ifaddr *is_hash[64]; /* by address; W */
	_Atomic int32_t ip_forwarding, ip_redirect, ip_ttl, ip_forwsrcrt,
	    ip_directedbcast, ip_allowsrcrt, ip_subnetsarelocal, ip_mtudisc,
	    ip_anonportmin, ip_anonportmax, ip_mtudisctimeout, ip_maxflows,
	    ip_hostzerobroadcast, ip_gifttl, ip_lowportmin, ip_lowportmax,
	    ip_maxfragpackets, ip_checkinterface, ip_randomid, ip_loopbackcksum,
	    ip_dad_count, ip_hashsize;
	_Atomic int32_t icmp_maskrepl, icmp_returndatabytes, icmp_errppslimit,
	    icmp_rediraccept, icmp_redirtimeout, icmp_bmcastecho;
	_Atomic int32_t arp_keep, arp_down, arp_debug, arp_log_movements,
	    arp_log_permanent_modify, arp_log_wrong_iface,
	    arp_log_unknown_network;
	_Atomic uint64_t ipstat[IP_NSTATS], icmpstat[98], igmpstat[IGMP_NSTATS],
	    arpstat[32];
	struct ip_reass *is_reass;
	struct igmp_state *is_igmp;
	struct inpcbtable *is_rawtable;
	struct ppsrate is_icmprate;
	_Atomic uint32_t is_ipid;
	int is_anonportalgo, is_anonportalgo6; /* PORTALGO_*; W by sysctl */
	uint32_t is_portreserve[65536 / 32], is_portreserve6[65536 / 32];
	const struct ipprotosw *is_proto[256]; /* constant after boot */
	struct inpcbtable *is_tables;	       /* all of them; W */
	struct in_carpvars {
		_Atomic int32_t preempt, arpbalance, allow, log;
	} is_carp;
};

/* What IPv4 keeps of an interface: if_afdata[AF_INET]. */
struct in_multi {
	struct in_multi *inm_next;
	uint32_t inm_addr; /* network order */
	unsigned inm_refs;
	struct ifnet *inm_ifp;
	/* IGMP's, under its lock: state, ticks of 1/5 s until a report */
	int inm_state, inm_timer, inm_retries;
	bool inm_tellonce;
};
struct in_ifinfo {
	struct in_multi *ii_multi; /* W */
	int ii_version;		   /* IGMP: what the querier speaks, 1..3 */
	int ii_v1timer, ii_v2timer;
	int ii_gentimer; /* v3: general query's answer */
	struct in_multi *ii_allhosts;
};
#define IN_IFINFO(ifp) ((struct in_ifinfo *)(ifp)->if_afdata[AF_INET])
#define INET(k) (NS(k)->ns_inet)

/* Memberships of a socket, and its options for multicast; so_lock. */
struct ip_moptions {
	uint32_t imo_multicast_ifindex; /* 0: by route */
	uint32_t imo_multicast_addr;	/* network order, as set */
	uint8_t imo_multicast_ttl, imo_multicast_loop;
	unsigned imo_num;
	struct ip_membership {
		uint32_t group; /* network order */
		uint32_t ifindex;
	} imo_member[IP_MAX_MEMBERSHIPS];
};

/* --- addresses (N to look, W to change); network order -- */
struct in_ifaddr *in_ifaddr_lookup(
    struct rump_kernel *, uint32_t addr); /* ours? */
bool in_localaddr(struct rump_kernel *, uint32_t addr);
bool in_broadcast(uint32_t addr, struct ifnet *);
struct in_ifaddr *in_firstaddr(struct ifnet *);
/* Source address for a destination: by route, by interface of multicast, NetBSD's preference. -EADDRNOTAVAIL, -EHOSTUNREACH. */
int in_selectsrc(struct rump_kernel *, uint32_t dst, struct route *,
    int so_options, struct ip_moptions *, struct in_ifaddr **);
/* SIOC* of AF_INET; W; the caller's right has been checked for those that change. */
int in_control(struct lwp *, struct socket *, unsigned long cmd, void *data,
    struct ifnet *);
void in_ifdetach(struct ifnet *); /* W */
/* W. The interface came up or went down (or its link): addresses become tentative or usable, or detached. By if_up, if_down, if_link_state_change. */
void in_ifupdown(struct ifnet *, bool up);
void igmp_ifup(struct ifnet *); /* W: groups are told of again */
/* The address's own in_ifaddr of an interface; NULL. N */
struct in_ifaddr *in_ifaddr_on(struct ifnet *, uint32_t addr);
/* sockaddr_in of an address, port 0. */
void sockaddr_in_init(struct sockaddr_in *, uint32_t addr, uint16_t port);
static inline bool
in_multicast(uint32_t addr) /* network order */
{
	return (addr & 0xf0u) == 0xe0u;
}
static inline struct in_ifaddr *
ifatoia(struct ifaddr *ifa)
{
	return (struct in_ifaddr *)(void *)ifa;
}
/* The text of an address; buf has INET_ADDRSTRLEN. */
const char *in_fmtaddr(char *buf, uint32_t addr);
/* Groups of an interface, counted; W. IGMP tells the others. */
int in_addmulti(struct ifnet *, uint32_t group);
int in_delmulti(struct ifnet *, uint32_t group);
bool in_ismember(struct ifnet *, uint32_t group);
/* W. For the C API: address, netmask as SIOCAIFADDR does. */
int in_setaddr(
    struct ifnet *, uint32_t addr, uint32_t mask, uint32_t broad_or_dst);

/* --- input: who takes which protocol number; constant after boot -- */
struct ipprotosw {
	/* N. The packet from its IP header on, which is in one piece; off: bytes of it with options. m is taken. */
	void (*ip_input)(struct mbuf *, int off, int proto);
	/* N. An ICMP error about a packet of ours: cmd PRC_*, the other end; ip: the quoted header with at least 8 bytes behind it; mtu for PRC_MSGSIZE. */
	void (*ip_ctlinput)(struct rump_kernel *, int cmd,
	    const struct sockaddr_in *dst, const uint8_t *ip, size_t iplen,
	    uint32_t mtu);
};
enum {
	PRC_IFDOWN,
	PRC_ROUTEDEAD,
	PRC_QUENCH,
	PRC_MSGSIZE,
	PRC_HOSTDEAD,
	PRC_HOSTUNREACH,
	PRC_UNREACH_NET,
	PRC_UNREACH_HOST,
	PRC_UNREACH_PROTOCOL,
	PRC_UNREACH_PORT,
	PRC_UNREACH_ADMIN,
	PRC_REDIRECT_NET,
	PRC_REDIRECT_HOST,
	PRC_TIMXCEED_INTRANS,
	PRC_TIMXCEED_REASS,
	PRC_PARAMPROB,
	PRC_NCMDS
};
extern const uint8_t inetctlerrmap[PRC_NCMDS]; /* errno for a socket, 0: none */
void ip_setproto(struct rump_kernel *, int proto,
    const struct ipprotosw *); /* at boot; others go to raw_ip */
void ip_input(struct mbuf *);  /* NETPROTO_IP */
void rip_input(struct mbuf *, int off, int proto);
void icmp_input(struct mbuf *, int off, int proto);

/* --- output -- */
/*
 * N. m: header (20 bytes, ip_hl, tos, off (IP_DF), ttl, proto, src, dst set; len and id are set here) and data. opt: source-route and other options or NULL. ro: a remembered
 * route or NULL. flags: IP_* below, SO_DONTROUTE, SO_BROADCAST's right. Fragments as needed; -EMSGSIZE when it may not (*mtup, if not NULL, gets the limit).
 * m is taken. 0, -EHOSTUNREACH, -ENETUNREACH, -EADDRNOTAVAIL, -EACCES (broadcast), -ENOBUFS, -EHOSTDOWN, -ENETDOWN ...
 */
int ip_output(struct rump_kernel *, struct mbuf *m, struct mbuf *opt,
    struct route *ro, int flags, struct ip_moptions *, uint32_t *mtup);
#define IP_FORWARDING 0x1
#define IP_RAWOUTPUT 0x2 /* ip_len, ip_off, ip_id stand as the user gave them */
#define IP_ROUTETOIF SO_DONTROUTE
#define IP_ALLOWBROADCAST SO_BROADCAST
#define IP_MTUDISC 0x400
#define IP_IGMP_MCAST 0x40
/* Finishes checksums that were left to the interface. m from its IP header on. */
struct mbuf *in_delayed_cksum(struct mbuf *) MUST_CHECK;
/* Pieces that fit mtu, by m_nextpkt; the header in the first is final but for checksums. -EMSGSIZE, -ENOBUFS (m is freed). */
int ip_fragment(struct mbuf *, uint32_t mtu, struct mbuf **) MUST_CHECK;
int ip_ctloutput(struct socket *, struct sockopt *, struct inpcb *);
/* Memberships go when a socket is closed: at once (W), or by net_defer. */
void ip_freemoptions(struct rump_kernel *, struct ip_moptions *);
/* Options of a user (IP_OPTIONS) into a chain as ip_output wants it: first hop (4 bytes), then options. NULL *pcbopt: none. */
int ip_pcbopts(
    struct rump_kernel *, struct mbuf **pcbopt, const void *buf, size_t len);
/* Puts options in after the header (first hop replaces the destination); *hlen gets the new header length. NULL: freed. */
struct mbuf *ip_insertoptions(
    struct mbuf *m, const struct mbuf *opt, unsigned *hlen) MUST_CHECK;
/* N. Handles options of an arriving packet (header in one piece, writable). False: the packet is gone (forwarded, or an error was sent). */
bool ip_dooptions(struct mbuf **mp);
/*
 * The way back of a packet whose source route has come to its end (RFC 1122 3.2.1.8): the first hop, and in `to` (IPH_MAX - IPH_SIZE bytes) the option with the others
 * and the sender, as long as the one that came. 0: there was none.
 */
unsigned ip_srcroute(const uint8_t *ip, uint32_t *first, uint8_t *to);
/* N. A packet that is not for us. srcrt: it came with a source route that names us as the next hop. */
void ip_forward(struct mbuf *, bool srcrt);
/* N. One more fragment: the whole packet when it is complete. m: header in one piece. */
struct mbuf *ip_reassemble(struct mbuf *);
int ip_reass_boot(struct rump_kernel *) MUST_CHECK;
void ip_reass_fini(struct rump_kernel *);
void ip_reass_ifdetach(struct rump_kernel *, struct ifnet *); /* W */
/* Copies the options that go into every fragment (RFC 791 3.1) from a header; gives their padded length. to has 40 bytes. */
unsigned ip_optcopy(const uint8_t *ip, uint8_t *to);
int inet_sysctl(struct rump_kernel *) MUST_CHECK;
int udp_sysctl(struct rump_kernel *) MUST_CHECK;
void icmp_reflect(struct mbuf *);
/* A path MTU from an ICMP error: remembers it (by net_defer) and tells who. */
void icmp_mtudisc(struct rump_kernel *, const uint8_t *quoted, uint32_t mtu);
extern const struct ipprotosw icmp_protosw, igmp_protosw, udp_protosw;
/* Control messages that the pcb's options ask for (IP_RECVDSTADDR, IP_RECVIF, IP_RECVTTL, IP_RECVOPTS, IP_PKTINFO, SO_TIMESTAMP ...). */
void ip_savecontrol(
    struct inpcb *, struct mbuf **control, const uint8_t *ip, struct mbuf *);
uint16_t ip_newid(struct rump_kernel *);

/* N. An error about m (from its IP header on), unless none may be sent (RFC 1122 3.2.2). m is taken. dest: gateway of a redirect, mtu: of ICMP_UNREACH_NEEDFRAG. */
void icmp_error(struct mbuf *, int type, int code, uint32_t dest, uint32_t mtu);
int igmp_boot(struct rump_kernel *) MUST_CHECK;
void igmp_fini(struct rump_kernel *);
void igmp_input(struct mbuf *, int off, int proto);
void igmp_joingroup(struct ifnet *, uint32_t group);  /* W */
void igmp_leavegroup(struct ifnet *, uint32_t group); /* W */

/* --- ARP -- */
/*
 * N. The link address of a neighbour (or of broadcast and multicast). 0: in desten. -EWOULDBLOCK: m is held (or was dropped for a newer one) and
 * goes out with the answer; -EHOSTDOWN, -EHOSTUNREACH (RTF_REJECT): m is freed.
 */
int arp_resolve(struct ifnet *, const struct rtentry *, struct mbuf *m,
    const struct sockaddr *dst, uint8_t desten[6]);
void arp_input(struct mbuf *); /* NETPROTO_ARP */
void arp_ifinit(struct ifnet *,
    struct in_ifaddr *); /* W. address was set: duplicate detection, announcement */
int arp_boot(struct rump_kernel *) MUST_CHECK;
void arp_fini(struct rump_kernel *);
void arp_ifattach(struct ifnet *);	 /* W: its table, when Ethernet-like */
void arp_ifdetach(struct ifnet *);	 /* W */
void arp_dadstop(struct in_ifaddr *);	 /* W: the address goes */
void arp_lladdr_changed(struct ifnet *); /* W: says so to all */

int inet_boot(
    struct rump_kernel *) MUST_CHECK; /* librumpnet_netinet; with UDP, TCP, raw */
void inet_fini(struct rump_kernel *);
int udp_boot(struct rump_kernel *) MUST_CHECK;
/* By inet6_boot: UDP's input over IPv6, and net.inet6.udp6. */
int udp6_boot(struct rump_kernel *) MUST_CHECK;
void udp_fini(struct rump_kernel *);
int tcp_boot(struct rump_kernel *) MUST_CHECK;
int tcp6_boot(struct rump_kernel *)
    MUST_CHECK; /* by inet6_boot: TCP over IPv6, where TCP is booted */
void tcp_fini(struct rump_kernel *);
/* The members of AF_INET and AF_INET6 that stand in other files. */
extern const struct pr_usrreqs tcp_usrreqs, udp_usrreqs, rip_usrreqs,
    icmp_usrreqs, tcp6_usrreqs, udp6_usrreqs, rip6_usrreqs;
int tcp_ctloutput(struct socket *, struct sockopt *); /* both families */
int udp_ctloutput(struct socket *, struct sockopt *);
int rip_ctloutput(struct socket *, struct sockopt *);
int udp6_ctloutput(struct socket *, struct sockopt *);
int rip6_ctloutput(struct socket *, struct sockopt *);
extern const struct domain inet_domain, inet6_domain;

#endif
