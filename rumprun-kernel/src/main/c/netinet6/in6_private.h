/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of IPv6 share among themselves.
 *
 * Everything that steers packets (addresses, groups, prefixes, default routers, what an interface has of IPv6) changes with the net lock held exclusively (W)
 * and is read with it held shared (N). Timers are few: one for what is done with W (duplicate detection, lifetimes, MLD, router solicitations), one
 * for neighbours, one for fragments; each runs when the next thing is due.
 */
#ifndef NETINET6_IN6_PRIVATE_H
#define NETINET6_IN6_PRIVATE_H

#include "kern/callout.h"
#include "net/if_llatbl.h"
#include "net/route_var.h"
#include "netinet6/inet6.h"

#define IP6_HDRLEN 40u
/* The header's fields. */
#define IP6_PLEN 4
#define IP6_NXT 6
#define IP6_HLIM 7
#define IP6_SRC 8
#define IP6_DST 24
#define IP6_MAXLINKHDR 16u
#define MSEC_NS 1000000ll
#define SEC_NS 1000000000ll

extern const struct in6_addr in6_any, in6_loopback, in6_allnodes, in6_allrouters;

/* --- addresses as bytes -- */
#define A6(a) ((a)->__u6_addr.__u6_addr8)

static inline bool
a6_equal(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool
a6_unspecified(const struct in6_addr *a)
{
	return a6_equal(a, &in6_any);
}

static inline bool
a6_multicast(const struct in6_addr *a)
{
	return A6(a)[0] == 0xff;
}

static inline unsigned
a6_mcscope(const struct in6_addr *a)
{
	return A6(a)[1] & 15;
}

static inline bool
a6_linklocal(const struct in6_addr *a)
{
	return A6(a)[0] == 0xfe && (A6(a)[1] & 0xc0) == 0x80;
}

static inline bool
a6_loopback(const struct in6_addr *a)
{
	return a6_equal(a, &in6_loopback);
}

static inline bool
a6_v4mapped(const struct in6_addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(a, mapped, sizeof(mapped)) == 0;
}

/* Has a zone in bytes 2 and 3 inside the kernel. */
static inline bool
a6_zoned(const struct in6_addr *a)
{
	return a6_linklocal(a) ||
	    (a6_multicast(a) && (a6_mcscope(a) == 1 || a6_mcscope(a) == 2));
}

static inline unsigned
a6_zone(const struct in6_addr *a)
{
	return a6_zoned(a) ? be16_get(A6(a) + 2) : 0;
}

static inline struct in6_addr
a6_get(const void *p)
{
	struct in6_addr a;

	memcpy(&a, p, sizeof(a));
	return a;
}

static inline void
a6_put(void *p, const struct in6_addr *a)
{
	memcpy(p, a, sizeof(*a));
}

static inline const uint8_t *
ip6_hdr(const struct mbuf *m)
{
	return m->m_data;
}

void sin6_init(struct sockaddr_in6 *, const struct in6_addr *);
void sin6_mask(struct sockaddr_in6 *, unsigned plen);
const char *in6_fmtaddr(char buf[INET6_ADDRSTRLEN], const struct in6_addr *);
void a6_prefix(struct in6_addr *, unsigned plen); /* clears what is behind */
bool a6_sameprefix(
    const struct in6_addr *, const struct in6_addr *, unsigned plen);
/* RFC 4007: 1 interface, 2 link, 5 site, 14 global (also for unicast addresses). */
unsigned in6_scope(const struct in6_addr *);
#define sin6_of(sa) ((const struct sockaddr_in6 *)(const void *)(sa))

/* --- interfaces -- */

struct in6_multi {
	struct in6_multi *in6m_next;
	struct in6_addr in6m_addr; /* zone inside */
	unsigned in6m_refs;
	int64_t in6m_when_ns; /* the next report; 0: none */
	bool in6m_reporter;   /* we have told of it last: say so when leaving */
};

/* What an interface has of IPv6: if_afdata[AF_INET6]. */
struct in6_ifextra {
	_Atomic uint64_t ie_stat[sizeof(struct in6_ifstat) / 8];
	_Atomic uint64_t ie_icmp6stat[sizeof(struct icmp6_ifstat) / 8];
	struct nd_ifinfo ie_ndi;
	struct in6_multi *ie_multi;
	struct in6_addr ie_nigroup; /* joined when not :: */
	bool ie_joined;		    /* the groups of every interface */
	bool ie_byaddr;		    /* an address is bringing it up */
	bool ie_wasup;
	int64_t ie_mldv1_until_ns; /* an older querier was heard */
	int64_t ie_mldv2_until_ns; /* MLDv2 is spoken on the link */
	int64_t ie_mldgeneral_ns;  /* answer to a general query of version 2 */
	int64_t ie_rs_when_ns;	   /* the next router solicitation; 0: none */
	int ie_rs_count;
	uint64_t ie_tempseed[2];
};
#define IN6_IFEXTRA(ifp) ((struct in6_ifextra *)(ifp)->if_afdata[AF_INET6])
#define IFS6(member) (offsetof(struct in6_ifstat, ifs6_##member) / 8)
#define ICMP6IFS(member) (offsetof(struct icmp6_ifstat, ifs6_##member) / 8)

static inline void
in6_ifstat_inc(struct ifnet *ifp, unsigned which)
{
	if (ifp != NULL && IN6_IFEXTRA(ifp) != NULL)
		stat_inc(IN6_IFEXTRA(ifp)->ie_stat, which);
}

static inline void
icmp6_ifstat_inc(struct ifnet *ifp, unsigned which)
{
	if (ifp != NULL && IN6_IFEXTRA(ifp) != NULL)
		stat_inc(IN6_IFEXTRA(ifp)->ie_icmp6stat, which);
}

#define IP6STAT_INC(k, which) stat_inc(INET6(k)->ip6stat, IP6_STAT_##which)
#define ICMP6STAT_INC(k, which) \
	stat_inc(INET6(k)->icmp6stat, ICMP6_STAT_##which)

/* W. Made when first asked for; NULL without memory. */
struct in6_ifextra *in6_ifextra_get(struct ifnet *);

/* --- addresses, in6.c, in6_ioctl.c -- */

struct in6_newaddr {
	struct in6_addr addr, dst; /* dst unspecified: none */
	unsigned plen;
	int flags;		  /* IN6_IFF_* as asked for */
	uint32_t vltime, pltime;  /* ND6_INFINITE_LIFETIME */
	struct nd_prefix *prefix; /* autoconfigured; NULL */
};
/* W. Sets or changes; *iap (may be NULL) gets it. -EINVAL, -ENOMEM, -EADDRNOTAVAIL. */
int in6_update(struct ifnet *, const struct in6_newaddr *, struct in6_ifaddr **);
void in6_purgeaddr(struct in6_ifaddr *);		  /* W */
bool in6_deprecated(const struct in6_ifaddr *);		  /* N */
bool in6_expired(const struct in6_ifaddr *, int64_t now); /* N */
/* W. The modified EUI-64 of the interface's link address; false: it has none. */
bool in6_eui64(const struct ifnet *, uint8_t id[8]);
#define ifatoia6(ifa) ((struct in6_ifaddr *)(void *)(ifa))
static inline int64_t
in6_now(struct rump_kernel *k)
{
	return kern_uptime_ns(k) / SEC_NS;
}
uint32_t in6_random(struct rump_kernel *, uint32_t below);

/* --- the timer of W, nd6.c -- */

struct nd_defrouter {
	struct nd_defrouter *next;
	struct in6_addr rtaddr;
	uint8_t flags; /* ND_RA_FLAG_* */
	uint16_t rtlifetime;
	int64_t expire; /* monotonic seconds */
	struct ifnet *ifp;
	bool installed;
};
struct nd_pfxrouter {
	struct nd_pfxrouter *next;
	struct nd_defrouter *router;
};
struct nd_prefix {
	struct nd_prefix *ndpr_next;
	struct ifnet *ndpr_ifp;
	struct sockaddr_in6 ndpr_prefix;
	unsigned ndpr_plen;
	uint32_t ndpr_vltime, ndpr_pltime;
	int64_t ndpr_expire, ndpr_preferred; /* monotonic; 0 never */
	int64_t ndpr_lastupdate;
	unsigned ndpr_stateflags; /* NDPRF_* */
	bool ndpr_onlink, ndpr_auto;
	int ndpr_refcnt; /* addresses */
	struct nd_pfxrouter *ndpr_advrtrs;
};
struct nd6_state {
	struct callout nd_timer; /* W's */
	int64_t nd_next_ns;	 /* when it runs; INT64_MAX */
	struct callout nd_nudtimer;
	_Atomic int64_t nd_nudnext_ns;
	struct kmutex nd_nudlock; /* leaf: scheduling the timer */
	struct nd_defrouter *nd_routers;
	struct nd_prefix *nd_prefixes;
	struct ifnet *nd_defif;
	int32_t nd_maxqueuelen;
	_Atomic bool nd_halting;
};
#define ND6(k) (INET6(k)->i6_nd)
int nd6_boot(struct rump_kernel *) MUST_CHECK;
void nd6_fini(struct rump_kernel *);
/* W. Has nd6_timer look again at that (monotonic) time at the latest. */
void nd6_wakeat(struct rump_kernel *, int64_t when_ns);
/* W. For who asks how things stand: what is due is done, whether or not the timer's thread has had a processor since. */
void nd6_due(struct rump_kernel *);
/* Each does what is due, and gives when it is to be called again (INT64_MAX: never). W. */
int64_t nd6_dad_tick(struct rump_kernel *, int64_t now);
int64_t nd6_life_tick(struct rump_kernel *, int64_t now);
int64_t nd6_rs_tick(struct rump_kernel *, int64_t now);
int64_t mld6_tick(struct rump_kernel *, int64_t now);

/* --- neighbours -- */
#define LLE_USERTEMP 0x100 /* set by a user for a time: shown as it was set */
#define ND_TABLE(ifp) ((ifp)->if_lltable[LLTABLE_ND])
/* N. Somebody at addr has this link address (NULL: unknown), seen in a message of this type. */
void nd6_cache_lladdr(struct ifnet *, const struct in6_addr *from,
    const uint8_t *lladdr, int type, int code);
void nd6_addr_add(struct in6_ifaddr *); /* W. Our own among the neighbours */
void nd6_addr_remove(struct in6_ifaddr *);
bool nd6_is_neighbor(struct ifnet *, const struct in6_addr *); /* N */
void nd6_nudwake(struct rump_kernel *, int64_t when_ns);
/* N. target's solicitation: to daddr (unspecified: its solicited-node group), from src (NULL: unspecified, for duplicate detection). */
void nd6_ns_output(struct ifnet *, const struct in6_addr *daddr,
    const struct in6_addr *target, const struct in6_addr *src, bool dad);
void nd6_ns_input(struct mbuf *, int off);
void nd6_na_input(struct mbuf *, int off);
void nd6_rs_input(struct mbuf *, int off);
void nd6_ra_input(struct mbuf *, int off);
void icmp6_redirect_input(struct mbuf *, int off);
void nd6_na_output(struct ifnet *, const struct in6_addr *dst,
    const struct in6_addr *target, unsigned flags, bool tlladdr);
void nd6_dad_stop(struct in6_ifaddr *); /* W */
void in6_solicited(
    struct in6_addr *group, const struct in6_addr *, const struct ifnet *);
/* N. From what neighbours hold on; -errno. What goes to a neighbour directly. */
int nd6_output(struct ifnet *, struct mbuf *, const struct sockaddr_in6 *,
    const struct rtentry *);
/* The link address in an option of that type; NULL: none. */
const uint8_t *nd6_option_lladdr(const uint8_t *opts, size_t len, int type);
void nd6_neighbor_advert(struct ifnet *, const struct in6_addr *target,
    const uint8_t *lladdr, unsigned flags); /* N */
bool nd6_options_valid(const uint8_t *opts, size_t len);
extern const struct rt_llops nd6_llops;

/* --- prefixes and routers, nd6_rtr.c. W -- */
struct nd_prefix *nd6_prefix_find(
    struct ifnet *, const struct in6_addr *, unsigned plen);
struct nd_prefix *nd6_prefix_add(
    struct ifnet *, const struct in6_addr *, unsigned plen);
void nd6_prefix_remove(struct nd_prefix *);
int nd6_prefix_onlink(struct nd_prefix *);
void nd6_prefix_offlink(struct nd_prefix *);
void nd6_prefix_rehome(struct in6_ifaddr *);
void nd6_defrouter_remove(struct nd_defrouter *);
void nd6_defrouter_select(struct rump_kernel *);
void nd6_rtr_ifdetach(struct ifnet *);
void nd6_rs_start(struct ifnet *);
bool nd6_accepts_ra(const struct ifnet *);
int nd6_setdefaultiface(struct rump_kernel *, unsigned index);
/* N. */
struct nd_defrouter *nd6_defrouter_find(struct ifnet *, const struct in6_addr *);

/* --- packets -- */
/* N. A control message of len bytes behind room for an IPv6 header and a link header; header not filled in but for version and next header. */
struct mbuf *icmp6_message(
    struct rump_kernel *, struct ifnet *, size_t len, int type, int code);
/* N. Fills in the checksum and sends on that interface. src, dst with zones. */
void icmp6_send(struct ifnet *, struct mbuf *, const struct in6_addr *src,
    const struct in6_addr *dst, int hlim, bool alert);
void icmp6_redirect_output(struct mbuf *, struct rtentry *);
void icmp6_ni_input(struct mbuf *, int off);
void icmp6_notify(struct mbuf *, int off, int type, int code, uint32_t param);
void mld6_input(struct mbuf *, int off);
void mld6_join(struct ifnet *, struct in6_multi *);
void mld6_leave(struct ifnet *, struct in6_multi *);
int in6_addrsel_policy(
    struct rump_kernel *, unsigned long cmd, const struct in6_addrpolicy *);
int in6_addrsel_list(struct rump_kernel *, struct in6_addrpolicy *, int max);
int addrsel_boot(struct rump_kernel *) MUST_CHECK;
void addrsel_fini(struct rump_kernel *);
int frag6_boot(struct rump_kernel *) MUST_CHECK;
void frag6_fini(struct rump_kernel *);
void frag6_ifdetach(struct ifnet *);
extern const struct ip6protosw frag6_protosw, dest6_protosw, route6_protosw,
    icmp6_protosw, rip6_protosw, none6_protosw;
void ip6_forward(struct mbuf *);
/* Where the upper header is: offset, and its number; 0: not whole, or a fragment but the first. m in pieces or not. */
size_t ip6_lasthdr(const struct mbuf *, int *nxt);
/* Hop-by-hop or destination options of len bytes at off (in one piece): 0, or -1 and m is gone. *alert: router alert's value, -1 none. */
int ip6_process_opts(struct mbuf *, size_t off, size_t len, int *alert);
/* N. Where a packet to dst would go out: interface and route. 0, -EHOSTUNREACH. */
int in6_selectroute(struct rump_kernel *, const struct sockaddr_in6 *dst,
    const struct ip6_pktopts *, const struct ip6_moptions *, struct route *,
    struct ifnet **, struct rtentry **);
int ip6_transmit(struct ifnet *, struct mbuf *, const struct sockaddr_in6 *dst,
    struct rtentry *);
int ip6_fragment(struct mbuf *, uint32_t mtu, struct mbuf **) MUST_CHECK;
uint32_t ip6_pathmtu(struct ifnet *, const struct rtentry *);
void ip6_initpktopts(struct ip6_pktopts *);
int ip6_copypktopts(struct rump_kernel *, struct ip6_pktopts *to,
    const struct ip6_pktopts *from) MUST_CHECK;
int ip6_pktopt_set(struct rump_kernel *, struct ip6_pktopts *, int name,
    const void *buf, size_t len, struct lwp *, bool sticky, int uproto);
int in6_joinopt(struct socket *, struct inpcb *, const struct ipv6_mreq *,
    bool join); /* W */
int inet6_sysctl_boot(struct rump_kernel *) MUST_CHECK;
void md5_sum(const void *, size_t, uint8_t digest[16]);
void in6_nigroup(
    struct rump_kernel *, const char *name, size_t len, struct in6_addr *group);
int mld6_boot(struct rump_kernel *) MUST_CHECK;

#endif
