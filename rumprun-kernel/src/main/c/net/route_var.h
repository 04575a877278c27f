/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The routing table (net/route.c: a path-compressed trie a family) and the routing socket (net/rtsock.c).
 *
 * The table changes under the net lock held exclusively, and is read with it held shared: a route found is good as long as the lock is held. Whoever
 * remembers one (struct route) remembers ns_route's generation with it.
 * Neighbours are not routes here (they are in 7.99.34's link-layer tables): the routing socket still shows and changes them by RTF_LLDATA.
 */
#ifndef NET_ROUTE_VAR_H
#define NET_ROUTE_VAR_H

#include <netbsd/route.h>
#include "net/if_var.h"

/* What has made a route that nobody set. */
enum { RT_BY_HAND, RT_BY_REDIRECT, RT_BY_MTU, RT_BY_COUNT };

struct rtentry {
	struct sockaddr *rt_key;     /* destination, masked */
	struct sockaddr *rt_mask;    /* NULL: a host */
	struct sockaddr *rt_gateway; /* sockaddr_dl for direct ones */
	int rt_flags;		     /* RTF_* */
	_Atomic uint64_t rt_use;
	struct ifnet *rt_ifp;
	struct ifaddr *rt_ifa;
	struct sockaddr *rt_tag;
	struct rt_metrics
	    rt_rmx; /* rmx_mtu 0: the interface's. rmx_expire: monotonic seconds, 0 never */
	uint32_t rt_locks;
	_Atomic uint32_t rt_refs; /* 1 for the table */
	uint8_t rt_af, rt_learnt; /* RT_BY_* */
	uint16_t rt_plen; /* bits; of a host one more than its address has */
	struct rtnode *rt_node; /* NULL: not in the table any more */
	struct rump_kernel *rt_k;
	uint8_t rt_keyspace[28], rt_maskspace[28];
};

/*
 * The trie: nodes by key bits, each longer than its parent. Of a host the key is one bit longer than the address (a zero), so that it stands beside, and
 * before, a network with a mask of all ones.
 */
struct rtnode {
	struct rtnode *rn_child[2], *rn_up;
	struct rtentry *rn_rt; /* NULL: holds its two children together */
	uint64_t rn_key[3];    /* masked */
	unsigned rn_plen;
};

struct route_state {
	struct rump_kernel *rs_k;
	struct rtnode *rs_root[2]; /* AF_INET, AF_INET6 */
	unsigned rs_count;
	unsigned rs_learnt[2][RT_BY_COUNT]; /* of each family */
	_Atomic uint32_t
	    rs_gen; /* changes with every change of the table, of addresses, of interfaces */
	_Atomic uint64_t rs_stat[5]; /* struct rtstat's order */
	struct callout rs_timer;     /* expiry of dynamic routes */
	int64_t rs_nextexpiry; /* W: monotonic seconds it is set for, 0 not */
	const struct rt_llops *rs_llops[36]; /* constant after boot */
};

/* A remembered route. */
struct route {
	struct rtentry *ro_rt;
	uint32_t ro_gen;
	union {
		struct sockaddr sa;
		uint8_t space[32];
	} ro_dst;
};
/* N. The route for ro_dst, looked up again if the table has changed or dst is another one; NULL: none. Not counted as use. */
struct rtentry *route_lookup(
    struct rump_kernel *, struct route *, const struct sockaddr *dst);
static inline void
route_forget(struct route *ro)
{
	ro->ro_rt = NULL;
}

/* What a packet gets that such a route (NULL: none) refuses; 0. */
int rt_rejects(const struct rtentry *);
/* N. The best match that is up; NULL. */
struct rtentry *rtalloc1(struct rump_kernel *, const struct sockaddr *dst);
/* N. The entry with this very key and mask (mask NULL: host). */
struct rtentry *rt_find(struct rump_kernel *, const struct sockaddr *dst,
    const struct sockaddr *mask);

/* What a change of the table is made of; RTA_* order as the messages'. NULL: absent. */
struct rt_addrinfo {
	int rti_addrs;
	const struct sockaddr *rti_info[RTAX_MAX];
	int rti_flags;
	struct ifaddr *rti_ifa;
	struct ifnet *rti_ifp; /* NULL: rti_ifa's */
};
/*
 * W. RTM_ADD, RTM_DELETE, RTM_CHANGE, RTM_GET. *rtp (may be NULL) gets the entry (of a deleted one a reference, else borrowed). -EEXIST, -ESRCH, -ENETUNREACH
 * (no interface for the gateway), -ENOBUFS, -EINVAL. Does not announce.
 */
int rtrequest(
    struct rump_kernel *, int cmd, struct rt_addrinfo *, struct rtentry **rtp);
/* The same by parts. */
int rtrequest_sa(struct rump_kernel *, int cmd, const struct sockaddr *dst,
    const struct sockaddr *gateway, const struct sockaddr *mask, int flags,
    struct ifaddr *, struct rtentry **rtp);
/* W. The routes that belong to an address: to its net (or host, or other end), and to itself by lo0. */
int rtinit(struct ifaddr *, int cmd, int flags);
int rt_ifa_addlocal(
    struct ifaddr *); /* the RTF_LOCAL host route by lo0, announced */
int rt_ifa_remlocal(struct ifaddr *);
/* W. Another gateway (copied). -ENOBUFS. */
int rt_setgate(struct rtentry *, const struct sockaddr *) MUST_CHECK;
/* W. When it goes by itself: monotonic seconds, 0 never. */
void rt_setexpire(struct rtentry *, int64_t when);
void rt_put(struct rtentry *);
/* N. Stops at nonzero; in key order, as sysctl lists them. */
int rt_walktree(
    struct rump_kernel *, int af, int (*fn)(struct rtentry *, void *), void *);
/* W. All routes of an interface that goes. */
void rt_ifdetach(struct ifnet *);
/* W, by net_defer. An ICMP redirect: gateway must be reachable directly, src be the current gateway (RTF_HOST). Counted in rs_stat. */
void rtredirect(struct rump_kernel *, const struct sockaddr *dst,
    const struct sockaddr *gateway, const struct sockaddr *mask, int flags,
    const struct sockaddr *src);
/* W, by net_defer. A smaller path MTU for a host: a dynamic host route holds it, for timeout seconds. */
/* No new one where there are max of them already (negative: whatever memory allows). */
void rt_setmtu(struct rump_kernel *, const struct sockaddr *dst, uint32_t mtu,
    int timeout_s, int max);

/* For net/rtsock.c, W: finds interface and address for an addition or a change. -ENETUNREACH. */
int rt_getifa(struct rump_kernel *, struct rt_addrinfo *) MUST_CHECK;
/* Is the family there? Else everything is -ESRCH. */
bool rt_family(struct rump_kernel *, int af);

int route_boot(struct rump_kernel *) MUST_CHECK;
void route_fini(struct rump_kernel *);

/* --- announcements on PF_ROUTE sockets (N or W) -- */
/* A change of one entry: RTM_ADD, RTM_DELETE ... with destination and gateway. */
void rt_newmsg(int cmd, struct rtentry *, int flags);
void rt_missmsg(struct rump_kernel *, int type, const struct rt_addrinfo *,
    int flags, int error);
void rt_ifmsg(struct ifnet *); /* RTM_IFINFO */
void rt_newaddrmsg(int cmd, struct ifaddr *, int error,
    struct rtentry *); /* RTM_NEWADDR.., RTM_ADD.. with it */
void rt_addrmsg(int type, struct ifaddr *);
void rt_ifannouncemsg(struct ifnet *, int what); /* IFAN_* */
/* The neighbours of a family, for RTM_GET, RTM_ADD, RTM_DELETE with RTF_LLDATA and for the NET_RT_FLAGS list; set by the family at boot. */
struct rt_llops {
	/* W. 0, -ESRCH, -EEXIST .. */
	int (*rtl_add)(struct rump_kernel *, const struct sockaddr *dst,
	    const struct sockaddr_dl *, int flags, const struct rt_metrics *);
	int (*rtl_delete)(struct rump_kernel *, const struct sockaddr *dst);
	/* N. Calls fn for every neighbour (or for dst alone): key, link address (sdl_alen 0: unknown), flags, expire (wall clock seconds, 0 never). */
	int (*rtl_foreach)(struct rump_kernel *, const struct sockaddr *dst,
	    int (*fn)(void *, struct ifnet *, const struct sockaddr *key,
		const struct sockaddr_dl *, int flags, int64_t expire),
	    void *);
};
void rt_setllops(struct rump_kernel *, int af, const struct rt_llops *);
int rtsock_boot(
    struct rump_kernel *) MUST_CHECK; /* PF_ROUTE, sysctl net.route */
void rtsock_fini(struct rump_kernel *);

/* Addresses as they stand in messages: their length, rounded up to 8 bytes. */
#define RT_ROUNDUP(n) ((n) > 0 ? (((size_t)(n) + 7) & ~(size_t)7) : 8)
/* Prefix length of a mask (any sa_len, 0 too); -1 if it has gaps. */
int rt_masklen(int af, const struct sockaddr *mask);

#endif
