/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 addresses of interfaces: finding them, setting them, taking them away.
 *
 * An address is in the interface's list, in is_ifaddrs (order of making) and in
 * is_hash; all of that changes with the net lock held exclusively. Of addresses
 * with the same prefix one has the route to it (IFA_ROUTE); when that one goes,
 * another takes the route over. Each has its local route by lo0.
 */
#include <stdio.h>
#include <netbsd/netstats.h>
#include "net/if_llatbl.h"
#include "netinet/in_private.h"

static unsigned
hash(uint32_t addr)
{
	addr ^= addr >> 16;
	addr ^= addr >> 8;
	return addr % 64;
}

struct in_ifaddr *
in_ifaddr_lookup(struct rump_kernel *k, uint32_t addr)
{
	struct in_ifaddr *ia = INET(k)->is_hash[hash(addr)];

	while (ia != NULL && ia->ia_addr.sin_addr.s_addr != addr)
		ia = ia->ia_hashnext;
	return ia;
}

struct in_ifaddr *
in_ifaddr_on(struct ifnet *ifp, uint32_t addr)
{
	struct in_ifaddr *ia = INET(ifp->if_k)->is_hash[hash(addr)];

	while (ia != NULL &&
	    (ia->ia_addr.sin_addr.s_addr != addr || ia->ia_ifa.ifa_ifp != ifp))
		ia = ia->ia_hashnext;
	return ia;
}

struct in_ifaddr *
in_firstaddr(struct ifnet *ifp)
{
	struct ifaddr *ifa;

	IFADDR_FOREACH(ifa, ifp)
	if (ifa->ifa_addr->sa_family == AF_INET)
		return ifatoia(ifa);
	return NULL;
}

/* On a net that is directly connected. */
bool
in_localaddr(struct rump_kernel *k, uint32_t addr)
{
	struct in_ifaddr *ia;
	uint32_t h = ntohl(addr);

	for (ia = INET(k)->is_ifaddrs; ia != NULL; ia = ia->ia_next)
		if ((h & ia->ia_subnetmask) == ia->ia_subnet)
			return true;
	return false;
}

bool
in_broadcast(uint32_t addr, struct ifnet *ifp)
{
	struct ifaddr *ifa;

	if (addr == INADDR_BROADCAST || addr == INADDR_ANY)
		return true;
	if ((ifp->if_flags & IFF_BROADCAST) == 0)
		return false;
	IFADDR_FOREACH(ifa, ifp)
	if (ifa->ifa_addr->sa_family == AF_INET) {
		struct in_ifaddr *ia = ifatoia(ifa);
		uint32_t h = ntohl(addr);

		if (ia->ia_subnetmask == 0xffffffffu)
			continue;
		if (addr == ia->ia_broadaddr.sin_addr.s_addr)
			return true;
		/* RFC 1122 3.2.1.3: a host part of ones or zeros */
		if (ia->ia_subnetmask < 0xfffffffeu &&
		    (h == (ia->ia_subnet | ~ia->ia_subnetmask) ||
			(INET(ifp->if_k)->ip_hostzerobroadcast != 0 &&
			    h == ia->ia_subnet)))
			return true;
	}
	return false;
}

void
sockaddr_in_init(struct sockaddr_in *sin, uint32_t addr, uint16_t port)
{
	memset(sin, 0, sizeof(*sin));
	sin->sin_len = sizeof(*sin);
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = addr;
	sin->sin_port = port;
}

const char *
in_fmtaddr(char *buf, uint32_t addr)
{
	uint32_t h = ntohl(addr);

	snprintf(buf, INET_ADDRSTRLEN, "%u.%u.%u.%u", (unsigned)(h >> 24),
	    (unsigned)(h >> 16 & 255), (unsigned)(h >> 8 & 255),
	    (unsigned)(h & 255));
	return buf;
}

/* --- source addresses --- */

static bool
usable(const struct in_ifaddr *ia)
{
	return (ia->ia_flags & (IN_IFF_NOTREADY | IN_IFF_DETACHED)) == 0;
}

/* Among the addresses of the net the one that is liked best. */
static struct in_ifaddr *
prefer(struct in_ifaddr *ia)
{
	struct in_ifaddr *best = ia;
	struct ifaddr *ifa;

	IFADDR_FOREACH(ifa, ia->ia_ifa.ifa_ifp)
	{
		struct in_ifaddr *o = ifatoia(ifa);

		if (ifa->ifa_addr->sa_family != AF_INET || !usable(o) ||
		    o->ia_subnet != ia->ia_subnet ||
		    o->ia_subnetmask != ia->ia_subnetmask)
			continue;
		if (!usable(best) ||
		    ifa->ifa_preference > best->ia_ifa.ifa_preference)
			best = o;
	}
	return best;
}

static struct in_ifaddr *
by_interface(struct rump_kernel *k, const struct sockaddr_in *dst)
{
	struct ifaddr *ifa = ifa_ifwithdstaddr(k, (const struct sockaddr *)dst);
	struct in_ifaddr *ia;

	if (ifa == NULL)
		ifa = ifa_ifwithnet(k, (const struct sockaddr *)dst);
	if (ifa != NULL)
		return ifatoia(ifa);
	for (ia = INET(k)->is_ifaddrs; ia != NULL; ia = ia->ia_next)
		if ((ia->ia_ifa.ifa_ifp->if_flags & IFF_LOOPBACK) == 0)
			return ia;
	return INET(k)->is_ifaddrs;
}

int
in_selectsrc(struct rump_kernel *k, uint32_t dst, struct route *ro,
    int so_options, struct ip_moptions *imo, struct in_ifaddr **iap)
{
	struct sockaddr_in sin;
	struct in_ifaddr *ia = NULL;
	struct rtentry *rt;

	*iap = NULL;
	if (in_multicast(dst) && imo != NULL && imo->imo_multicast_ifindex != 0) {
		struct ifnet *ifp = if_byindex(k, imo->imo_multicast_ifindex);

		ia = ifp == NULL ? NULL : in_firstaddr(ifp);
		if (ia == NULL)
			return -EADDRNOTAVAIL;
		*iap = ia;
		return 0;
	}
	sockaddr_in_init(&sin, dst, 0);
	if ((so_options & SO_DONTROUTE) == 0) {
		rt = ro != NULL ? route_lookup(k, ro, (struct sockaddr *)&sin) :
				  rtalloc1(k, (struct sockaddr *)&sin);
		if (rt != NULL && rt->rt_ifa != NULL &&
		    rt->rt_ifa->ifa_addr->sa_family == AF_INET)
			ia = ifatoia(rt->rt_ifa);
		/* Through lo0, but to a net that is not its own. */
		if (ia != NULL && (rt->rt_flags & RTF_LOCAL) == 0)
			ia = prefer(ia);
	}
	if (ia == NULL)
		ia = by_interface(k, &sin);
	if (ia == NULL || (ia->ia_flags & IN_IFF_NOTREADY) != 0)
		return -EADDRNOTAVAIL;
	*iap = ia;
	return 0;
}

/* --- making and unmaking --- */

static void
ia_free(struct rump_kernel *k, struct ifaddr *ifa)
{
	kmem_free(k, ifa, sizeof(struct in_ifaddr));
}

static void
hash_insert(struct in_ifaddr *ia)
{
	struct in_ifaddr **p = &INET(ia->ia_ifa.ifa_ifp->if_k)
				    ->is_hash[hash(ia->ia_addr.sin_addr.s_addr)];

	while (*p != NULL)
		p = &(*p)->ia_hashnext;
	ia->ia_hashnext = NULL;
	*p = ia;
}

static void
hash_remove(struct in_ifaddr *ia)
{
	struct in_ifaddr **p = &INET(ia->ia_ifa.ifa_ifp->if_k)
				    ->is_hash[hash(ia->ia_addr.sin_addr.s_addr)];

	while (*p != NULL && *p != ia)
		p = &(*p)->ia_hashnext;
	if (*p != NULL)
		*p = ia->ia_hashnext;
}

/* What the interface has of IPv4, made with its first address. */
static struct in_ifinfo *
ifinfo_get(struct ifnet *ifp)
{
	struct in_ifinfo *ii = IN_IFINFO(ifp);

	if (ii != NULL)
		return ii;
	ii = kmem_zalloc(ifp->if_k, sizeof(*ii));
	if (ii == NULL)
		return NULL;
	ii->ii_version = 2;
	ifp->if_afdata[AF_INET] = ii;
	return ii;
}

static int
ia_create(struct ifnet *ifp, struct in_ifaddr **iap)
{
	struct in_ifaddr **p = &INET(ifp->if_k)->is_ifaddrs, *ia;

	if (ifinfo_get(ifp) == NULL ||
	    (ia = kmem_zalloc(ifp->if_k, sizeof(*ia))) == NULL)
		return -ENOBUFS;
	ia->ia_ifa.ifa_addr = (struct sockaddr *)&ia->ia_addr;
	ia->ia_ifa.ifa_dstaddr = (struct sockaddr *)&ia->ia_dstaddr;
	ia->ia_ifa.ifa_netmask = (struct sockaddr *)&ia->ia_sockmask;
	ia->ia_ifa.ifa_ifp = ifp;
	ia->ia_ifa.ifa_refs = 1;
	ia->ia_ifa.ifa_free = ia_free;
	sockaddr_in_init(&ia->ia_addr, 0, 0);
	if ((ifp->if_flags & (IFF_BROADCAST | IFF_POINTOPOINT)) != 0)
		sockaddr_in_init(&ia->ia_dstaddr, 0, 0);
	ia->ia_sockmask.sin_len = sizeof(ia->ia_sockmask);
	while (*p != NULL)
		p = &(*p)->ia_next;
	*p = ia;
	ifa_insert(ifp, &ia->ia_ifa);
	*iap = ia;
	return 0;
}

/* A mask in a message is as long as its last byte that is not zero. */
static void
trim_mask(struct sockaddr_in *mask)
{
	const uint8_t *a = (const uint8_t *)&mask->sin_addr;
	int n = 4;

	while (n > 0 && a[n - 1] == 0)
		n--;
	mask->sin_family = AF_UNSPEC;
	mask->sin_len = n == 0 ?
	    0 :
	    (uint8_t)(offsetof(struct sockaddr_in, sin_addr) + n);
}

static bool
same_prefix(const struct in_ifaddr *a, const struct in_ifaddr *b)
{
	if ((a->ia_ifa.ifa_ifp->if_flags & IFF_POINTOPOINT) != 0)
		return (b->ia_ifa.ifa_ifp->if_flags & IFF_POINTOPOINT) != 0 &&
		    a->ia_dstaddr.sin_addr.s_addr ==
		    b->ia_dstaddr.sin_addr.s_addr;
	return (b->ia_ifa.ifa_ifp->if_flags & IFF_POINTOPOINT) == 0 &&
	    a->ia_subnet == b->ia_subnet &&
	    a->ia_subnetmask == b->ia_subnetmask;
}

static int
route_flags(struct in_ifaddr *ia)
{
	int flags = ia->ia_ifa.ifa_ifp->if_flags;

	if ((flags & IFF_LOOPBACK) != 0) {
		ia->ia_dstaddr = ia->ia_addr;
		return RTF_HOST;
	}
	return (flags & IFF_POINTOPOINT) != 0 ? RTF_HOST : 0;
}

/* The route to its net, unless another address has it. */
static int
add_prefix(struct in_ifaddr *ia)
{
	struct in_ifaddr *o;
	int flags = route_flags(ia), error;

	if ((ia->ia_ifa.ifa_ifp->if_flags & IFF_POINTOPOINT) != 0 &&
	    ia->ia_dstaddr.sin_addr.s_addr == INADDR_ANY)
		return 0;
	if ((ia->ia_ifa.ifa_ifp->if_flags & IFF_LOOPBACK) == 0)
		for (o = INET(ia->ia_ifa.ifa_ifp->if_k)->is_ifaddrs; o != NULL;
		     o = o->ia_next)
			if (o != ia && (o->ia_ifa.ifa_flags & IFA_ROUTE) != 0 &&
			    same_prefix(o, ia))
				return 0;
	error = rtinit(&ia->ia_ifa, RTM_ADD, RTF_UP | flags);
	return error == -EEXIST ? 0 : error;
}

/* Neighbours are no neighbours any more without an address of their net. */
static void
forget_neighbours(const struct in_ifaddr *ia)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	uint32_t net = htonl(ia->ia_subnet);

	if (ifp->if_lltable[LLTABLE_ARP] != NULL)
		lltable_purge(ifp->if_lltable[LLTABLE_ARP], &net,
		    (unsigned)__builtin_popcount(ia->ia_subnetmask), false);
}

static void
scrub_prefix(struct in_ifaddr *ia)
{
	struct in_ifaddr *o;

	if ((ia->ia_ifa.ifa_flags & IFA_ROUTE) == 0)
		return;
	(void)rtinit(&ia->ia_ifa, RTM_DELETE, route_flags(ia));
	ia->ia_ifa.ifa_flags &= ~IFA_ROUTE;
	forget_neighbours(ia);
	if ((ia->ia_ifa.ifa_ifp->if_flags & IFF_LOOPBACK) != 0)
		return;
	for (o = INET(ia->ia_ifa.ifa_ifp->if_k)->is_ifaddrs; o != NULL;
	     o = o->ia_next)
		if (o != ia && (o->ia_ifa.ifa_flags & IFA_ROUTE) == 0 &&
		    o->ia_addr.sin_addr.s_addr != INADDR_ANY &&
		    same_prefix(o, ia)) {
			(void)rtinit(
			    &o->ia_ifa, RTM_ADD, RTF_UP | route_flags(o));
			return;
		}
}

static void
local_route(struct in_ifaddr *ia, bool add)
{
	if (add)
		(void)rt_ifa_addlocal(&ia->ia_ifa);
	else
		(void)rt_ifa_remlocal(&ia->ia_ifa);
}

static uint32_t
class_mask(uint32_t h)
{
	if ((h & 0x80000000u) == 0)
		return IN_CLASSA_NET;
	return (h & 0xc0000000u) == 0x80000000u ? IN_CLASSB_NET : IN_CLASSC_NET;
}

/* Takes what hangs on the address away: routes, its place among the addresses that are ours. */
static void
unset(struct in_ifaddr *ia)
{
	arp_dadstop(ia);
	arp_delself(ia->ia_ifa.ifa_ifp, ia->ia_addr.sin_addr.s_addr);
	scrub_prefix(ia);
	local_route(ia, false);
	hash_remove(ia);
}

int
in_ifinit(struct in_ifaddr *ia, const struct in_newaddr *new)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	uint32_t h = ntohl(new->addr);
	bool was_up = (ifp->if_flags & IFF_UP) != 0, fresh;
	int error;

	fresh = ia->ia_addr.sin_addr.s_addr != new->addr ||
	    ia->ia_ifa.ifa_flags == 0 || (ia->ia_flags & IN_IFF_TENTATIVE) != 0;
	if (!new->created)
		unset(ia);
	ia->ia_addr.sin_addr.s_addr = new->addr;
	hash_insert(ia);
	ia->ia_netmask = class_mask(h);
	ia->ia_subnetmask = new->havemask ? ntohl(new->mask) : ia->ia_netmask;
	if (new->keepmask)
		ia->ia_subnetmask = ntohl(ia->ia_sockmask.sin_addr.s_addr);
	ia->ia_subnet = h & ia->ia_subnetmask;
	ia->ia_sockmask.sin_len = sizeof(ia->ia_sockmask);
	ia->ia_sockmask.sin_addr.s_addr = htonl(ia->ia_subnetmask);
	ia->ia_ifa.ifa_flags |= RTF_CONNECTED;
	ia->ia_flags &= ~(IN_IFF_DUPLICATED | IN_IFF_DETACHED);
	if (new->created)
		rt_addrmsg(RTM_NEWADDR, &ia->ia_ifa);
	trim_mask(&ia->ia_sockmask);
	if ((ifp->if_flags & IFF_BROADCAST) != 0)
		sockaddr_in_init(&ia->ia_broadaddr,
		    new->havedst ? new->dst :
				   htonl(ia->ia_subnet | ~ia->ia_subnetmask),
		    0);
	else if ((ifp->if_flags & IFF_POINTOPOINT) != 0 && new->havedst)
		sockaddr_in_init(&ia->ia_dstaddr, new->dst, 0);
	local_route(ia, true);
	error = add_prefix(ia);
	/* One that is up and not running says again why. */
	if ((!was_up || (ifp->if_flags & IFF_RUNNING) == 0) &&
	    (error = if_up(ifp)) != 0)
		return error;
	if ((ifp->if_flags & IFF_MULTICAST) != 0 &&
	    !in_ismember(ifp, htonl(INADDR_ALLHOSTS_GROUP)))
		(void)in_addmulti(ifp, htonl(INADDR_ALLHOSTS_GROUP));
	if (fresh && new->addr != INADDR_ANY)
		arp_ifinit_was(ifp, ia, was_up);
	else if (new->addr != INADDR_ANY)
		arp_addself(ifp, new->addr);
	return error;
}

/* Off every list; routes and others may still have references. */
void
in_purgeaddr(struct in_ifaddr *ia)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	struct in_ifaddr **p = &INET(ifp->if_k)->is_ifaddrs;

	unset(ia);
	rt_addrmsg(RTM_DELADDR, &ia->ia_ifa);
	while (*p != NULL && *p != ia)
		p = &(*p)->ia_next;
	if (*p != NULL)
		*p = ia->ia_next;
	ifa_remove(ifp, &ia->ia_ifa);
	if (in_firstaddr(ifp) == NULL)
		(void)in_delmulti(ifp, htonl(INADDR_ALLHOSTS_GROUP));
	ifa_put(&ia->ia_ifa);
}

int
in_setnew(struct ifnet *ifp, struct in_ifaddr *ia, struct in_newaddr *new)
{
	int error = 0;

	if (ia == NULL) {
		if ((error = ia_create(ifp, &ia)) != 0)
			return error;
		new->created = true;
	}
	error = in_ifinit(ia, new);
	if (error != 0 && new->created)
		in_purgeaddr(ia);
	return error;
}

int
in_setaddr(
    struct ifnet *ifp, uint32_t addr, uint32_t mask, uint32_t broad_or_dst)
{
	struct in_newaddr new = { .addr = addr,
		.mask = mask,
		.havemask = mask != 0,
		.dst = broad_or_dst,
		.havedst = broad_or_dst != 0 };

	return in_setnew(ifp, in_ifaddr_on(ifp, addr), &new);
}

void
in_ifdetach(struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	struct in_ifinfo *ii;
	struct in_ifaddr *ia;

	if (INET(k) == NULL)
		return;
	while ((ia = in_firstaddr(ifp)) != NULL)
		in_purgeaddr(ia);
	for (struct inpcbtable *t = INET(k)->is_tables; t != NULL;
	     t = t->it_next)
		in_pcbpurgeif(t, ifp);
	ip_reass_ifdetach(k, ifp);
	ii = IN_IFINFO(ifp);
	if (ii == NULL)
		return;
	while (ii->ii_multi != NULL) {
		ii->ii_multi->inm_refs = 1;
		(void)in_delmulti(ifp, ii->ii_multi->inm_addr);
	}
	ifp->if_afdata[AF_INET] = NULL;
	kmem_free(k, ii, sizeof(*ii));
}

static void
addr_updown(struct in_ifaddr *ia, bool up)
{
	if (((ia->ia_flags & IN_IFF_DETACHED) == 0) == up)
		return;
	if (up) {
		ia->ia_flags &= ~IN_IFF_DETACHED;
		/* Somebody else may have taken it meanwhile. */
		arp_ifinit_was(ia->ia_ifa.ifa_ifp, ia, true);
	} else {
		arp_dadstop(ia);
		ia->ia_flags &= ~IN_IFF_TENTATIVE;
		ia->ia_flags |= IN_IFF_DETACHED;
	}
	rt_addrmsg(RTM_NEWADDR, &ia->ia_ifa);
}

void
in_ifupdown(struct ifnet *ifp, bool up)
{
	struct ifaddr *ifa;

	if (INET(ifp->if_k) == NULL)
		return;
	IFADDR_FOREACH(ifa, ifp)
	if (ifa->ifa_addr->sa_family == AF_INET)
		addr_updown(ifatoia(ifa), up);
	if (up)
		igmp_ifup(ifp);
}
