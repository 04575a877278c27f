/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6: what its files share, and what TCP, UDP and the interfaces call.
 *
 *	in6.c		addresses of interfaces, their lifetimes; requests	(inet6(4), RFC 4291, 4862)
 *	in6_src.c	source selection, policy table				(RFC 6724)
 *	scope6.c	zones							(RFC 4007)
 *	ip6_input.c ip6_output.c frag6.c ip6_forward.c ip6_opts.c		(RFC 8200, 3542)
 *	icmp6.c nd6.c nd6_nbr.c nd6_rtr.c mld6.c				(RFC 4443, 4861, 4862, 8981, 3810)
 *	raw_ip6.c udp6_usrreq.c inet6_sysctl.c
 *
 * Link-local addresses carry their zone (interface index) in bytes 2 and 3 inside the kernel, as in NetBSD's messages; never on the wire, nor in sockets'
 * names (there it is sin6_scope_id).
 */
#ifndef NETINET6_INET6_H
#define NETINET6_INET6_H

#include <netbsd/in6_var.h>
#include <netbsd/ip6.h>
#include <netbsd/netstats.h>
#include "netinet/in_pcb.h"
#include "netinet/inet.h"

struct in6_ifaddr {
	struct ifaddr ia_ifa; /* first */
	struct in6_ifaddr *ia_next, *ia_hashnext;
	struct sockaddr_in6 ia_addr, ia_dstaddr, ia_prefixmask;
	unsigned ia_plen;
	int ia6_flags;				/* IN6_IFF_* */
	int64_t ia6_createtime, ia6_updatetime; /* monotonic seconds */
	struct in6_addrlifetime ia6_lifetime;
	struct nd_prefix *ia6_ndpr;
	int64_t ia_dadwhen_ns; /* next step of duplicate detection; 0: none */
	int ia_dadcount, ia_dad_ns_ocount;
	bool ia_gone;	/* off the lists */
	bool ia_joined; /* its solicited-node group */
};
struct ip6protosw;

struct inet6_state {
	struct rump_kernel *i6_k;
	struct in6_ifaddr *i6_ifaddrs;	/* W */
	struct in6_ifaddr *i6_hash[64]; /* by address; W */
	const struct ip6protosw *i6_proto[256];
	_Atomic int32_t ip6_forwarding, ip6_sendredirects, ip6_defhlim,
	    ip6_maxfragpackets, ip6_maxfrags, ip6_accept_rtadv, ip6_keepfaith,
	    ip6_log_interval, ip6_hdrnestlimit, ip6_dad_count,
	    ip6_auto_flowlabel, ip6_defmcasthlim, ip6_gifhlim,
	    ip6_use_deprecated, ip6_rr_prune, ip6_v6only, ip6_anonportmin,
	    ip6_anonportmax, ip6_lowportmin, ip6_lowportmax, ip6_auto_linklocal,
	    ip6_use_defzone, ip6_rtadv_maxroutes, ip6_rtadv_numroutes,
	    ip6_use_tempaddr, ip6_prefer_tempaddr, ip6_temppltime,
	    ip6_tempvltime, ip6_mcast_pmtu, ip6_maxflows, ip6_hashsize,
	    ip6_neighborgcthresh, ip6_maxifprefixes, ip6_maxifdefrouters,
	    ip6_maxdynroutes;
	_Atomic int32_t icmp6_rediraccept, icmp6_redirtimeout, nd6_prune,
	    nd6_delay, nd6_umaxtries, nd6_mmaxtries, nd6_useloopback,
	    icmp6_nodeinfo, icmp6_errppslimit, nd6_maxnudhint,
	    icmp6_mtudisc_hiwat, icmp6_mtudisc_lowat, nd6_debug;
	_Atomic uint64_t ip6stat[IP6_NSTATS], icmp6stat[1024],
	    udp6stat[UDP6_NSTATS], rip6stat[RIP6_NSTATS];
	struct frag6_state *i6_frag;
	struct nd6_state *i6_nd;
	struct mld_state *i6_mld;
	struct addrsel_state *i6_addrsel;
	struct inpcbtable *i6_rawtable;
	struct ppsrate i6_icmprate;
};
#define INET6(k) (NS(k)->ns_inet6) /* NULL: not booted */

/* Options of a socket or a packet (RFC 3542). */
struct ip6_pktopts {
	int ip6po_hlim;	  /* -1: default */
	int ip6po_tclass; /* -1 */
	struct in6_pktinfo ip6po_pktinfo;
	bool ip6po_havepktinfo;
	struct sockaddr_in6 ip6po_nexthop; /* sin6_len 0: none */
	uint8_t *ip6po_hbh, *ip6po_dest1, *ip6po_rthdr,
	    *ip6po_dest2; /* whole headers, kmem, length from byte 1 */
	int ip6po_minmtu; /* IP6PO_MINMTU_* */
	int ip6po_prefer_tempaddr;
	unsigned ip6po_flags;
};
struct ip6_moptions {
	uint32_t im6o_multicast_ifindex;
	int im6o_multicast_hlim, im6o_multicast_loop;
	unsigned im6o_num, im6o_max;
	struct in6_membership {
		struct in6_addr group;
		uint32_t ifindex;
	} * im6o_member;
};

/* --- addresses -- */
struct in6_ifaddr *in6_ifaddr_lookup(struct rump_kernel *,
    const struct in6_addr *); /* with zone inside; ours? */
struct in6_ifaddr *in6ifa_ifpforlinklocal(struct ifnet *, int ignoreflags);
struct in6_ifaddr *in6ifa_ifpwithaddr(struct ifnet *, const struct in6_addr *);
/* RFC 6724. dst and result with zones inside. -EADDRNOTAVAIL. */
int in6_selectsrc(struct rump_kernel *, const struct sockaddr_in6 *dst,
    const struct ip6_pktopts *, const struct ip6_moptions *, struct route *,
    struct ifnet **, struct in6_addr *src);
int in6_selecthlim(const struct inpcb *, struct ifnet *);
int in6_control(struct lwp *, struct socket *, unsigned long cmd, void *data,
    struct ifnet *);		   /* W */
void in6_ifattach(struct ifnet *); /* W: came up: link-local address, groups */
void in6_ifdetach(struct ifnet *); /* W */
void nd6_lladdr_changed(struct ifnet *); /* W: says so to all */
void in6_ifdown(struct ifnet *);	 /* W: went down (or its link did) */
int in6_setaddr(
    struct ifnet *, const struct in6_addr *, unsigned plen, int flags); /* W */
/* Zone in: from sin6_scope_id (or the default) into the address; -EINVAL, -ENXIO. Zone out: back, cleared from the address. */
int sa6_embedscope(
    struct rump_kernel *, struct sockaddr_in6 *, bool defaultok) MUST_CHECK;
int sa6_recoverscope(struct sockaddr_in6 *);
void in6_clearscope(struct in6_addr *);
int in6_setscope(struct in6_addr *,
    const struct ifnet *); /* bytes 2, 3 of link-local and interface-local ones */
bool in6_is_linklocal(const struct in6_addr *),
    in6_is_mc_linklocal(const struct in6_addr *);
int in6_addmulti(struct ifnet *, const struct in6_addr *); /* W; counted */
int in6_delmulti(struct ifnet *, const struct in6_addr *);
bool in6_ismember(struct ifnet *, const struct in6_addr *);

/* --- input, as for IPv4 -- */
struct ip6protosw {
	/* N. *mp from its IPv6 header on (in one piece with all headers up to off, writable, its addresses with their zones inside); off: where this header starts. Gives the next header's number with
	 * *offp moved (extension headers), or IPPROTO_DONE: taken. */
	int (*ip6_input)(struct mbuf **mp, int *offp, int proto);
	/* N. An ICMPv6 error: cmd PRC_*, dst (zone inside), src of the quoted packet; q: the quoted transport header's first qlen bytes. */
	void (*ip6_ctlinput)(struct rump_kernel *, int cmd,
	    const struct sockaddr_in6 *dst, const struct sockaddr_in6 *src,
	    const uint8_t *q, size_t qlen, uint32_t mtu);
};
void ip6_setproto(struct rump_kernel *, int proto, const struct ip6protosw *);
void ip6_input(struct mbuf *); /* NETPROTO_IP6 */
int rip6_input(struct mbuf **, int *, int);
int icmp6_input(struct mbuf **, int *, int);

/* --- output -- */
/*
 * N. m: header (40 bytes: flow, next header = upper protocol, hop limit, src, dst with zones inside; payload length is set here) and data. As ip_output. opt: headers to put in.
 */
int ip6_output(struct rump_kernel *, struct mbuf *m, struct ip6_pktopts *opt,
    struct route *ro, int flags, struct ip6_moptions *, struct inpcb *,
    uint32_t *mtup);
#define IPV6_UNSPECSRC 0x1
#define IPV6_FORWARDING 0x2
#define IPV6_MINMTU 0x4
struct mbuf *in6_delayed_cksum(struct mbuf *) MUST_CHECK;
int ip6_ctloutput(struct socket *, struct sockopt *, struct inpcb *);
/* Options of a packet from its control messages over the socket's own; ip6_clearpktopts frees what was made. -EINVAL, -EPERM .. */
int ip6_setpktopts(struct rump_kernel *, struct mbuf *control,
    struct ip6_pktopts *opt, const struct ip6_pktopts *stickyopt, struct lwp *,
    int uproto) MUST_CHECK;
void ip6_clearpktopts(struct rump_kernel *, struct ip6_pktopts *);
void ip6_freemoptions(struct rump_kernel *,
    struct ip6_moptions *); /* W or by in_pcbfree's deferral */
void ip6_savecontrol(struct inpcb *, struct mbuf **control,
    struct mbuf *); /* m from its IPv6 header on */
/* N. m from its IPv6 header on; taken. */
void icmp6_error(struct mbuf *, int type, int code, uint32_t param);

/* --- neighbours -- */
/* As arp_resolve. dst with its zone inside. */
int nd6_resolve(struct ifnet *, const struct rtentry *, struct mbuf *m,
    const struct sockaddr *dst, uint8_t desten[6]);
/* TCP saw that the neighbour on the way to dst answers (RFC 4861 7.3.1). */
void nd6_nud_hint(
    struct rump_kernel *, const struct in6_addr *dst, struct rtentry *);
uint32_t nd6_linkmtu(struct ifnet *);
void nd6_ifattach(struct ifnet *); /* W, like nd6_ifdetach */
void nd6_ifdetach(struct ifnet *);
void nd6_dad_start(struct in6_ifaddr *, int delay_ms); /* W */

int inet6_boot(struct rump_kernel *) MUST_CHECK; /* librumpnet_netinet6 */
void inet6_fini(struct rump_kernel *);

/* inp_flags6 holds IN6P_* of <netbsd/netstats.h>. */
#endif
