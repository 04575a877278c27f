/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 addresses of interfaces: finding them, setting them, taking them away; what an interface gets when it comes up (RFC 4291, 4862).
 *
 * An address is in its interface's list, in i6_ifaddrs (order of making) and in i6_hash. With it go its local route by lo0, its solicited-node group, its
 * entry among the neighbours, and a reference to the prefix that it is in, which has the route to the link.
 */
#include <netbsd/sysctl.h>
#include "netinet6/in6_private.h"

static struct in6_ifaddr **
bucket(struct rump_kernel *k, const struct in6_addr *a)
{
	uint64_t w = be64_get(A6(a)) ^ be64_get(A6(a) + 8);

	w ^= w >> 32;
	w ^= w >> 16;
	w ^= w >> 8;
	return &INET6(k)->i6_hash[w % 64];
}

struct in6_ifaddr *
in6_ifaddr_lookup(struct rump_kernel *k, const struct in6_addr *a)
{
	struct in6_ifaddr *ia = *bucket(k, a);

	while (ia != NULL && !a6_equal(&ia->ia_addr.sin6_addr, a))
		ia = ia->ia_hashnext;
	return ia;
}

struct in6_ifaddr *
in6ifa_ifpwithaddr(struct ifnet *ifp, const struct in6_addr *a)
{
	struct in6_ifaddr *ia = *bucket(ifp->if_k, a);

	while (ia != NULL &&
	    (ia->ia_ifa.ifa_ifp != ifp || !a6_equal(&ia->ia_addr.sin6_addr, a)))
		ia = ia->ia_hashnext;
	return ia;
}

struct in6_ifaddr *
in6ifa_ifpforlinklocal(struct ifnet *ifp, int ignoreflags)
{
	struct ifaddr *ifa;

	IFADDR_FOREACH(ifa, ifp)
	if (ifa->ifa_addr->sa_family == AF_INET6 &&
	    a6_linklocal(&sin6_of(ifa->ifa_addr)->sin6_addr) &&
	    (ifatoia6(ifa)->ia6_flags & ignoreflags) == 0)
		return ifatoia6(ifa);
	return NULL;
}

uint32_t
in6_random(struct rump_kernel *k, uint32_t below)
{
	uint32_t v;

	kern_random(k, &v, sizeof(v));
	return below == 0 ? v : v % below;
}

bool
in6_deprecated(const struct in6_ifaddr *ia)
{
	const struct in6_addrlifetime *lt = &ia->ia6_lifetime;

	if ((ia->ia6_flags & IN6_IFF_DEPRECATED) != 0)
		return true;
	return lt->ia6t_pltime != ND6_INFINITE_LIFETIME &&
	    in6_now(ia->ia_ifa.ifa_ifp->if_k) - ia->ia6_updatetime >=
	    (int64_t)lt->ia6t_pltime;
}

bool
in6_expired(const struct in6_ifaddr *ia, int64_t now)
{
	return ia->ia6_lifetime.ia6t_vltime != ND6_INFINITE_LIFETIME &&
	    now - ia->ia6_updatetime >= (int64_t)ia->ia6_lifetime.ia6t_vltime;
}

struct in6_ifextra *
in6_ifextra_get(struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	struct in6_ifextra *ie = IN6_IFEXTRA(ifp);
	struct nd_ifinfo *ndi;

	if (ie != NULL)
		return ie;
	ie = kmem_zalloc(k, sizeof(*ie));
	if (ie == NULL)
		return NULL;
	ndi = &ie->ie_ndi;
	ndi->initialized = 1;
	ndi->chlim = IPV6_DEFHLIM;
	ndi->basereachable = REACHABLE_TIME;
	ndi->reachable = REACHABLE_TIME / 2 +
	    in6_random(k, REACHABLE_TIME); /* 0.5 to 1.5 (RFC 4861 6.3.2) */
	ndi->retrans = RETRANS_TIMER;
	ndi->flags = ND6_IFF_PERFORMNUD | ND6_IFF_ACCEPT_RTADV;
	if (INET6(k)->ip6_auto_linklocal != 0)
		ndi->flags |= ND6_IFF_AUTO_LINKLOCAL;
	kern_random(k, ie->ie_tempseed, sizeof(ie->ie_tempseed));
	ifp->if_afdata[AF_INET6] = ie;
	return ie;
}

/* --- routes that come with addresses --- */

/* The scopes of an interface, and of a link, are routed to the interface. */
static void
multicast_route(struct in6_ifaddr *ia, unsigned scope, int cmd)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	struct sockaddr_in6 dst, mask;

	sin6_init(&dst, &in6_any);
	A6(&dst.sin6_addr)[0] = 0xff;
	A6(&dst.sin6_addr)[1] = (uint8_t)scope;
	(void)in6_setscope(&dst.sin6_addr, ifp);
	sin6_mask(&mask, 32);
	(void)rtrequest_sa(ifp->if_k, cmd, (struct sockaddr *)&dst,
	    ia->ia_ifa.ifa_addr, (struct sockaddr *)&mask,
	    RTF_UP | ((ifp->if_flags & IFF_LOOPBACK) != 0 ? 0 : RTF_CONNECTED),
	    &ia->ia_ifa, NULL);
}

static void
multicast_routes(struct in6_ifaddr *ia, int cmd)
{
	multicast_route(ia, IPV6_ADDR_SCOPE_INTFACELOCAL, cmd);
	multicast_route(ia, IPV6_ADDR_SCOPE_LINKLOCAL, cmd);
}

static struct in6_ifaddr *
first_address(struct ifnet *ifp, const struct in6_ifaddr *but)
{
	struct ifaddr *ifa;

	IFADDR_FOREACH(ifa, ifp)
	if (ifa->ifa_addr->sa_family == AF_INET6 && ifatoia6(ifa) != but)
		return ifatoia6(ifa);
	return NULL;
}

static int
host_route_flags(const struct in6_ifaddr *ia)
{
	const struct ifnet *ifp = ia->ia_ifa.ifa_ifp;

	if ((ifp->if_flags & IFF_LOOPBACK) != 0)
		return ia->ia_plen == 128 ? RTF_HOST : 0;
	return (ifp->if_flags & IFF_POINTOPOINT) != 0 && ia->ia_plen == 128 &&
		!a6_unspecified(&ia->ia_dstaddr.sin6_addr) ?
	    RTF_HOST :
	    0;
}

static void
add_routes(struct in6_ifaddr *ia)
{
	int flags = host_route_flags(ia);

	if (flags != 0) {
		if ((ia->ia_ifa.ifa_ifp->if_flags & IFF_LOOPBACK) != 0)
			ia->ia_dstaddr = ia->ia_addr;
		if (rtinit(&ia->ia_ifa, RTM_ADD, RTF_UP | flags) == 0)
			ia->ia_ifa.ifa_flags |= IFA_ROUTE;
	}
	if ((ia->ia_ifa.ifa_ifp->if_flags & IFF_LOOPBACK) == 0 || flags == 0)
		(void)rt_ifa_addlocal(&ia->ia_ifa);
	if (first_address(ia->ia_ifa.ifa_ifp, ia) == NULL)
		multicast_routes(ia, RTM_ADD);
}

static void
remove_routes(struct in6_ifaddr *ia)
{
	struct in6_ifaddr *other = first_address(ia->ia_ifa.ifa_ifp, ia);
	int flags = host_route_flags(ia);

	if ((ia->ia_ifa.ifa_flags & IFA_ROUTE) != 0) {
		(void)rtinit(&ia->ia_ifa, RTM_DELETE, flags);
		ia->ia_ifa.ifa_flags &= ~IFA_ROUTE;
	}
	if ((ia->ia_ifa.ifa_ifp->if_flags & IFF_LOOPBACK) == 0 || flags == 0)
		(void)rt_ifa_remlocal(&ia->ia_ifa);
	multicast_routes(ia, RTM_DELETE);
	if (other != NULL)
		multicast_routes(other, RTM_ADD);
}

/* Their MTU is the interface's: nothing is to be written into them. */
static void
no_rtrequest(int cmd, struct rtentry *rt)
{
	(void)cmd;
	(void)rt;
}

/* --- setting --- */

static void
ia_free(struct rump_kernel *k, struct ifaddr *ifa)
{
	kmem_free(k, ifa, sizeof(struct in6_ifaddr));
}

static struct in6_ifaddr *
ia_create(struct ifnet *ifp, const struct in6_newaddr *na)
{
	struct rump_kernel *k = ifp->if_k;
	struct in6_ifaddr **p = &INET6(k)->i6_ifaddrs, *ia;

	if (in6_ifextra_get(ifp) == NULL ||
	    (ia = kmem_zalloc(k, sizeof(*ia))) == NULL)
		return NULL;
	ia->ia_ifa.ifa_addr = (struct sockaddr *)&ia->ia_addr;
	ia->ia_ifa.ifa_netmask = (struct sockaddr *)&ia->ia_prefixmask;
	if ((ifp->if_flags & (IFF_POINTOPOINT | IFF_LOOPBACK)) != 0)
		ia->ia_ifa.ifa_dstaddr = (struct sockaddr *)&ia->ia_dstaddr;
	if (!a6_loopback(&na->addr))
		ia->ia_ifa.ifa_rtrequest = no_rtrequest;
	ia->ia_ifa.ifa_ifp = ifp;
	ia->ia_ifa.ifa_refs = 1;
	ia->ia_ifa.ifa_free = ia_free;
	ia->ia6_createtime = ia->ia6_updatetime = in6_now(k);
	sin6_init(&ia->ia_addr, &na->addr);
	sin6_init(&ia->ia_dstaddr, &in6_any);
	while (*p != NULL)
		p = &(*p)->ia_next;
	*p = ia;
	for (p = bucket(k, &na->addr); *p != NULL; p = &(*p)->ia_hashnext)
		continue;
	*p = ia;
	ifa_insert(ifp, &ia->ia_ifa);
	return ia;
}

static void
set_lifetime(struct in6_ifaddr *ia, const struct in6_newaddr *na)
{
	struct rump_kernel *k = ia->ia_ifa.ifa_ifp->if_k;
	struct in6_addrlifetime *lt = &ia->ia6_lifetime;
	int64_t now = in6_now(k);

	ia->ia6_updatetime = now;
	lt->ia6t_vltime = na->vltime;
	lt->ia6t_pltime = na->pltime;
	lt->ia6t_expire = na->vltime == ND6_INFINITE_LIFETIME ?
	    0 :
	    now + na->vltime;
	lt->ia6t_preferred = na->pltime == ND6_INFINITE_LIFETIME ?
	    0 :
	    now + na->pltime;
	if (na->vltime != ND6_INFINITE_LIFETIME ||
	    na->pltime != ND6_INFINITE_LIFETIME)
		nd6_wakeat(k, kern_uptime_ns(k));
}

static int
set_prefix(struct in6_ifaddr *ia, const struct in6_newaddr *na)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	struct nd_prefix *pr = na->prefix;

	if (ia->ia_plen == 128 && pr == NULL)
		return 0;
	if (pr == NULL)
		pr = nd6_prefix_find(ifp, &na->addr, na->plen);
	if (pr == NULL) {
		pr = nd6_prefix_add(ifp, &na->addr, na->plen);
		if (pr == NULL)
			return -ENOMEM;
		pr->ndpr_onlink = true;
		pr->ndpr_auto = a6_linklocal(&na->addr);
	}
	if (!a6_linklocal(&na->addr)) {
		pr->ndpr_refcnt++;
		ia->ia6_ndpr = pr;
	}
	if (pr->ndpr_onlink)
		(void)nd6_prefix_onlink(pr);
	return 0;
}

static void
unset_prefix(struct in6_ifaddr *ia)
{
	struct nd_prefix *pr = ia->ia6_ndpr;

	ia->ia6_ndpr = NULL;
	if (pr == NULL) {
		/* A link-local one isn't counted: it goes with the last. */
		if (!a6_linklocal(&ia->ia_addr.sin6_addr) ||
		    in6ifa_ifpforlinklocal(ia->ia_ifa.ifa_ifp, 0) != NULL)
			return;
		pr = nd6_prefix_find(
		    ia->ia_ifa.ifa_ifp, &ia->ia_addr.sin6_addr, ia->ia_plen);
	}
	if (pr == NULL || (pr->ndpr_refcnt > 0 && --pr->ndpr_refcnt > 0))
		return;
	/* What routers advertise lives as long as they say. */
	if (pr->ndpr_advrtrs == NULL)
		nd6_prefix_remove(pr);
}

void
in6_solicited(
    struct in6_addr *group, const struct in6_addr *a, const struct ifnet *ifp)
{
	static const uint8_t start[13] = { 0xff, 2, [11] = 1, [12] = 0xff };

	memcpy(group, start, sizeof(start));
	memcpy(A6(group) + 13, A6(a) + 13, 3);
	(void)in6_setscope(group, ifp);
}

static bool
wants_group(const struct in6_ifaddr *ia)
{
	return (ia->ia_ifa.ifa_ifp->if_flags & IFF_MULTICAST) != 0 &&
	    !a6_multicast(&ia->ia_addr.sin6_addr);
}

static bool
wants_dad(const struct ifnet *ifp, int flags)
{
	return INET6(ifp->if_k)->ip6_dad_count > 0 &&
	    (ifp->if_flags & IFF_UP) != 0 &&
	    (ifp->if_flags & IFF_MULTICAST) != 0 &&
	    (ifp->if_flags & IFF_LOOPBACK) == 0 &&
	    (flags & (IN6_IFF_ANYCAST | IN6_IFF_NODAD)) == 0;
}

static int
bring_up(struct ifnet *ifp)
{
	struct in6_ifextra *ie = IN6_IFEXTRA(ifp);
	int error;

	if ((ifp->if_flags & IFF_UP) != 0)
		return 0;
	ie->ie_byaddr = true;
	error = if_up(ifp);
	ie->ie_byaddr = false;
	return error;
}

static int
install(struct in6_ifaddr *ia, const struct in6_newaddr *na)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	struct in6_addr group;
	int error;

	add_routes(ia);
	if ((error = set_prefix(ia, na)) != 0)
		return error;
	if (wants_group(ia)) {
		in6_solicited(&group, &na->addr, ifp);
		if ((error = in6_addmulti(ifp, &group)) != 0)
			return error;
		ia->ia_joined = true;
	}
	nd6_addr_add(ia);
	rt_addrmsg(RTM_NEWADDR, &ia->ia_ifa);
	return bring_up(ifp);
}

#define KEPT                                                       \
	(IN6_IFF_ANYCAST | IN6_IFF_DEPRECATED | IN6_IFF_AUTOCONF | \
	    IN6_IFF_TEMPORARY | IN6_IFF_NODAD)

int
in6_update(
    struct ifnet *ifp, const struct in6_newaddr *na, struct in6_ifaddr **iap)
{
	struct in6_ifaddr *ia = in6ifa_ifpwithaddr(ifp, &na->addr);
	bool fresh = ia == NULL, again;
	int error = 0;

	if (iap != NULL)
		*iap = NULL;
	if (fresh && na->vltime == 0)
		return 0;
	if (fresh && (ia = ia_create(ifp, na)) == NULL)
		return -ENOMEM;
	/* The prefix length of an address stays as it is. */
	if (fresh) {
		ia->ia_plen = na->plen;
		sin6_mask(&ia->ia_prefixmask, na->plen);
		sin6_init(&ia->ia_dstaddr, &na->dst);
	} else if (ia->ia_plen != na->plen)
		return -EINVAL;
	ia->ia6_flags = (ia->ia6_flags & ~KEPT) | (na->flags & KEPT);
	/* Who sets a duplicated one again has it looked for again. */
	again = (ia->ia6_flags & IN6_IFF_DUPLICATED) != 0 &&
	    (na->flags & IN6_IFF_AUTOCONF) == 0;
	if (again)
		ia->ia6_flags &= ~IN6_IFF_DUPLICATED;
	if ((fresh || again) && wants_dad(ifp, na->flags))
		ia->ia6_flags |= IN6_IFF_TENTATIVE;
	set_lifetime(ia, na);
	if (fresh)
		error = install(ia, na);
	if (error != 0) {
		in6_purgeaddr(ia);
		return error;
	}
	if ((fresh || again) && (ia->ia6_flags & IN6_IFF_TENTATIVE) != 0)
		nd6_dad_start(ia, 0);
	if (iap != NULL)
		*iap = ia;
	return 0;
}

static void
unlink_address(struct in6_ifaddr *ia)
{
	struct rump_kernel *k = ia->ia_ifa.ifa_ifp->if_k;
	struct in6_ifaddr **p;

	for (p = &INET6(k)->i6_ifaddrs; *p != NULL; p = &(*p)->ia_next)
		if (*p == ia) {
			*p = ia->ia_next;
			break;
		}
	for (p = bucket(k, &ia->ia_addr.sin6_addr); *p != NULL;
	     p = &(*p)->ia_hashnext)
		if (*p == ia) {
			*p = ia->ia_hashnext;
			break;
		}
	ia->ia_gone = true;
}

/* Off every list; routes and others may still have references. */
void
in6_purgeaddr(struct in6_ifaddr *ia)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	struct in6_addr group;

	nd6_dad_stop(ia);
	nd6_addr_remove(ia);
	if (ia->ia_joined) {
		in6_solicited(&group, &ia->ia_addr.sin6_addr, ifp);
		(void)in6_delmulti(ifp, &group);
	}
	remove_routes(ia);
	rt_addrmsg(RTM_DELADDR, &ia->ia_ifa);
	unlink_address(ia);
	ifa_remove(ifp, &ia->ia_ifa);
	unset_prefix(ia);
	nd6_prefix_rehome(ia);
	ifa_put(&ia->ia_ifa);
}

int
in6_setaddr(
    struct ifnet *ifp, const struct in6_addr *a, unsigned plen, int flags)
{
	struct in6_newaddr na = { .addr = *a,
		.plen = plen,
		.flags = flags,
		.vltime = ND6_INFINITE_LIFETIME,
		.pltime = ND6_INFINITE_LIFETIME };

	if (plen > 128)
		return -EINVAL;
	(void)in6_setscope(&na.addr, ifp);
	return in6_update(ifp, &na, NULL);
}

/* --- interfaces that come up and go --- */

static bool
eui64_of(const struct ifnet *ifp, uint8_t id[8])
{
	const uint8_t *mac = ifp->if_lladdr;

	if (ifp->if_addrlen != 6 || memcmp(mac, "\0\0\0\0\0\0", 6) == 0)
		return false;
	memcpy(id, mac, 3);
	id[3] = 0xff;
	id[4] = 0xfe;
	memcpy(id + 5, mac + 3, 3);
	id[0] ^= 2;
	return true;
}

/* RFC 4291 appendix A: who has no link address takes another interface's; or a name is made into one. */
bool
in6_eui64(const struct ifnet *ifp, uint8_t id[8])
{
	struct rump_kernel *k = ifp->if_k;
	struct ifnet *other;
	uint8_t digest[16];

	if (eui64_of(ifp, id))
		return true;
	for (other = if_first(k); other != NULL; other = other->if_next)
		if (other->if_type == IFT_ETHER && eui64_of(other, id))
			return true;
	md5_sum(k->k_hostname, strlen(k->k_hostname), digest);
	memcpy(id, digest, 8);
	id[0] &= (uint8_t)~3; /* neither global nor a group */
	return true;
}

static void
add_linklocal(struct ifnet *ifp)
{
	struct in6_ifextra *ie = IN6_IFEXTRA(ifp);
	struct in6_newaddr na = { .plen = 64,
		.vltime = ND6_INFINITE_LIFETIME,
		.pltime = ND6_INFINITE_LIFETIME };

	if ((ie->ie_ndi.flags & ND6_IFF_AUTO_LINKLOCAL) == 0 ||
	    in6ifa_ifpforlinklocal(ifp, 0) != NULL ||
	    !in6_eui64(ifp, A6(&na.addr) + 8))
		return;
	A6(&na.addr)[0] = 0xfe;
	A6(&na.addr)[1] = 0x80;
	(void)in6_setscope(&na.addr, ifp);
	/* Only where another address brings the interface up (as recorded). */
	if (!ie->ie_byaddr)
		na.flags = IN6_IFF_NODAD;
	(void)in6_update(ifp, &na, NULL);
}

static void
add_loopback(struct ifnet *ifp)
{
	struct in6_addr a = { { { 0xfe, 0x80, [15] = 1 } } };

	(void)in6_setscope(&a, ifp);
	if (in6_ifaddr_lookup(ifp->if_k, &in6_loopback) == NULL)
		(void)in6_setaddr(ifp, &in6_loopback, 128, IN6_IFF_NODAD);
	if (in6ifa_ifpforlinklocal(ifp, 0) == NULL)
		(void)in6_setaddr(ifp, &a, 64, IN6_IFF_NODAD);
}

void
in6_nigroup(
    struct rump_kernel *k, const char *name, size_t len, struct in6_addr *group)
{
	uint8_t label[64], digest[16];
	size_t n = 0;

	(void)k;
	while (n < len && n < 63 && name[n] != '.') {
		label[n + 1] = (uint8_t)(name[n] >= 'A' && name[n] <= 'Z' ?
			name[n] + 32 :
			name[n]);
		n++;
	}
	label[0] = (uint8_t)n;
	md5_sum(label, n + 1, digest);
	memset(group, 0, sizeof(*group));
	A6(group)[0] = 0xff;
	A6(group)[1] = 2;
	A6(group)[11] = 2;
	memcpy(A6(group) + 12, digest, 4);
}

/* The groups that every interface listens to. */
static void
join_groups(struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	struct in6_ifextra *ie = IN6_IFEXTRA(ifp);
	struct in6_addr g = in6_allnodes;

	if (ie->ie_joined || (ifp->if_flags & IFF_MULTICAST) == 0)
		return;
	ie->ie_joined = true;
	(void)in6_setscope(&g, ifp);
	(void)in6_addmulti(ifp, &g);
	A6(&g)[1] = IPV6_ADDR_SCOPE_INTFACELOCAL;
	(void)in6_addmulti(ifp, &g);
	if ((ifp->if_flags & IFF_LOOPBACK) == 0) {
		in6_nigroup(k, k->k_hostname, strlen(k->k_hostname), &g);
		(void)in6_setscope(&g, ifp);
		(void)in6_addmulti(ifp, &g);
	}
}

/* Addresses that were there when it went down are looked for again. */
static void
reattach(struct ifnet *ifp)
{
	struct ifaddr *ifa;

	IFADDR_FOREACH(ifa, ifp)
	{
		struct in6_ifaddr *ia = ifatoia6(ifa);

		if (ifa->ifa_addr->sa_family != AF_INET6 ||
		    (ia->ia6_flags & IN6_IFF_DETACHED) == 0)
			continue;
		ia->ia6_flags &= ~(IN6_IFF_DETACHED | IN6_IFF_DUPLICATED);
		rt_addrmsg(RTM_NEWADDR, ifa);
		if (wants_dad(ifp, ia->ia6_flags)) {
			ia->ia6_flags |= IN6_IFF_TENTATIVE;
			nd6_dad_start(ia, 0);
		}
	}
}

/* Bridges speak by their members, some others not at all. */
static bool
speaks_ip6(const struct ifnet *ifp)
{
	return ifp->if_type != IFT_BRIDGE;
}

void
in6_ifattach(struct ifnet *ifp)
{
	struct in6_ifextra *ie = in6_ifextra_get(ifp);

	if (ie == NULL || !speaks_ip6(ifp))
		return;
	nd6_ifattach(ifp);
	if ((ifp->if_flags & IFF_UP) == 0 ||
	    (ie->ie_ndi.flags & ND6_IFF_IFDISABLED) != 0)
		return;
	join_groups(ifp);
	reattach(ifp);
	if ((ifp->if_flags & IFF_LOOPBACK) != 0) {
		if (ifp == if_loop(ifp->if_k))
			add_loopback(ifp);
	} else if ((ifp->if_flags & IFF_MULTICAST) != 0)
		add_linklocal(ifp);
	if (!ie->ie_wasup)
		nd6_rs_start(ifp);
	ie->ie_wasup = true;
}

void
in6_ifdown(struct ifnet *ifp)
{
	struct ifaddr *ifa;

	IFADDR_FOREACH(ifa, ifp)
	{
		struct in6_ifaddr *ia = ifatoia6(ifa);

		if (ifa->ifa_addr->sa_family != AF_INET6 ||
		    (ia->ia6_flags & IN6_IFF_DETACHED) != 0)
			continue;
		nd6_dad_stop(ia);
		ia->ia6_flags &= ~IN6_IFF_TENTATIVE;
		ia->ia6_flags |= IN6_IFF_DETACHED;
		rt_addrmsg(RTM_NEWADDR, ifa);
	}
	if (IN6_IFEXTRA(ifp) != NULL) {
		IN6_IFEXTRA(ifp)->ie_wasup = false;
		IN6_IFEXTRA(ifp)->ie_rs_when_ns = 0;
	}
}

void
in6_ifdetach(struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	struct in6_ifaddr *ia;
	struct in6_multi *in6m;

	if (INET6(k) == NULL)
		return;
	while ((ia = first_address(ifp, NULL)) != NULL)
		in6_purgeaddr(ia);
	nd6_rtr_ifdetach(ifp);
	frag6_ifdetach(ifp);
	if (IN6_IFEXTRA(ifp) == NULL)
		return;
	/* Sockets let go of theirs by in_pcbpurgeif; nothing may stay. */
	while ((in6m = IN6_IFEXTRA(ifp)->ie_multi) != NULL) {
		struct in6_addr g = in6m->in6m_addr;

		in6m->in6m_refs = 1;
		(void)in6_delmulti(ifp, &g);
	}
}
