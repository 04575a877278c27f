/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of AF_INET6 sockets for interfaces: addresses, lifetimes, neighbour discovery's variables (inet6(4), ndp(8), in6_var.h). */
#include "netinet6/in6_private.h"

/* --- addresses --- */

/* Prefix length of a mask: -EINVAL when it has gaps. An absent one (length 0) says 128. */
static int
mask_length(const struct sockaddr_in6 *mask)
{
	const uint8_t *a = A6(&mask->sin6_addr);
	unsigned n = 0;

	if (mask->sin6_len == 0)
		return 128;
	while (n < 128 && (a[n / 8] & (0x80 >> n % 8)) != 0)
		n++;
	for (unsigned i = n; i < 128; i++)
		if ((a[i / 8] & (0x80 >> i % 8)) != 0)
			return -EINVAL;
	return (int)n;
}

static int
zone_of_interface(struct ifnet *ifp, struct sockaddr_in6 *sin6)
{
	unsigned zone;

	if (!a6_zoned(&sin6->sin6_addr))
		return 0;
	zone = sin6->sin6_scope_id != 0 ? sin6->sin6_scope_id :
					  a6_zone(&sin6->sin6_addr);
	if (zone != 0 && zone != ifp->if_index)
		return -EINVAL;
	return in6_setscope(&sin6->sin6_addr, ifp);
}

static int
add_address(struct ifnet *ifp, struct in6_aliasreq *ifra)
{
	struct in6_newaddr na = { .flags = ifra->ifra_flags,
		.vltime = ifra->ifra_lifetime.ia6t_vltime,
		.pltime = ifra->ifra_lifetime.ia6t_pltime };
	struct in6_ifaddr *ia;
	int plen = mask_length(&ifra->ifra_prefixmask), error;

	if (ifra->ifra_addr.sin6_family != AF_INET6 ||
	    ifra->ifra_addr.sin6_len != sizeof(ifra->ifra_addr))
		return -EAFNOSUPPORT;
	if (plen < 0)
		return plen;
	if ((error = zone_of_interface(ifp, &ifra->ifra_addr)) != 0)
		return error;
	na.addr = ifra->ifra_addr.sin6_addr;
	na.plen = (unsigned)plen;
	ia = in6ifa_ifpwithaddr(ifp, &na.addr);
	if (ifra->ifra_prefixmask.sin6_len == 0) {
		if (ia == NULL)
			return -EINVAL;
		na.plen = ia->ia_plen;
	}
	if (ifra->ifra_dstaddr.sin6_family == AF_INET6) {
		/* Only who has another end, and nobody else behind it. */
		if ((ifp->if_flags & (IFF_POINTOPOINT | IFF_LOOPBACK)) == 0 ||
		    na.plen != 128)
			return -EINVAL;
		if ((error = zone_of_interface(ifp, &ifra->ifra_dstaddr)) != 0)
			return error;
		na.dst = ifra->ifra_dstaddr.sin6_addr;
	} else if (ifra->ifra_dstaddr.sin6_family != 0)
		return -EAFNOSUPPORT;
	if (na.pltime > na.vltime)
		return -EINVAL;
	return in6_update(ifp, &na, NULL);
}

/* The address that a request names; without one NULL and 0. */
static int
named_address(
    struct ifnet *ifp, const struct in6_ifreq *ifr, struct in6_ifaddr **iap)
{
	struct sockaddr_in6 sin6 = ifr->ifr_ifru.ifru_addr;
	int error;

	*iap = NULL;
	if (sin6.sin6_family != AF_INET6)
		return 0;
	if ((error = zone_of_interface(ifp, &sin6)) != 0)
		return error;
	*iap = in6ifa_ifpwithaddr(ifp, &sin6.sin6_addr);
	return 0;
}

static int64_t
to_wall(struct rump_kernel *k, int64_t mono)
{
	return mono == 0 ? 0 : mono - in6_now(k) + kern_time_second(k);
}

static int
get_address(unsigned long cmd, struct ifnet *ifp, struct in6_ifreq *ifr,
    struct in6_ifaddr *ia)
{
	struct rump_kernel *k = ifp->if_k;
	struct in6_addrlifetime lt;

	switch (cmd) {
	case SIOCGIFADDR_IN6:
		ifr->ifr_ifru.ifru_addr = ia->ia_addr;
		return sa6_recoverscope(&ifr->ifr_ifru.ifru_addr);
	case SIOCGIFDSTADDR_IN6:
		if ((ifp->if_flags & IFF_POINTOPOINT) == 0)
			return -EINVAL;
		ifr->ifr_ifru.ifru_dstaddr = ia->ia_dstaddr;
		return sa6_recoverscope(&ifr->ifr_ifru.ifru_dstaddr);
	case SIOCGIFNETMASK_IN6:
		ifr->ifr_ifru.ifru_addr = ia->ia_prefixmask;
		return 0;
	case SIOCGIFAFLAG_IN6:
		ifr->ifr_ifru.ifru_flags6 = ia->ia6_flags & ~IN6_IFF_NODAD;
		if (in6_deprecated(ia))
			ifr->ifr_ifru.ifru_flags6 |= IN6_IFF_DEPRECATED;
		return 0;
	default:
		lt = ia->ia6_lifetime;
		lt.ia6t_expire = to_wall(k, lt.ia6t_expire);
		lt.ia6t_preferred = to_wall(k, lt.ia6t_preferred);
		ifr->ifr_ifru.ifru_lifetime = lt;
		return 0;
	}
}

static int
address_request(unsigned long cmd, struct ifnet *ifp, struct in6_ifreq *ifr)
{
	struct in6_ifaddr *ia;
	struct ifaddr *ifa;
	int error = named_address(ifp, ifr, &ia);

	if (error != 0)
		return error;
	if (ia == NULL && cmd == SIOCDIFADDR_IN6 &&
	    ifr->ifr_ifru.ifru_addr.sin6_family == AF_INET6)
		return -EADDRNOTAVAIL;
	/* Without a name it is the first. */
	if (ia == NULL && ifr->ifr_ifru.ifru_addr.sin6_family != AF_INET6)
		IFADDR_FOREACH(ifa, ifp)
	if (ifa->ifa_addr->sa_family == AF_INET6) {
		ia = ifatoia6(ifa);
		break;
	}
	if (ia == NULL)
		return -EADDRNOTAVAIL;
	if (cmd != SIOCDIFADDR_IN6)
		return get_address(cmd, ifp, ifr, ia);
	in6_purgeaddr(ia);
	return 0;
}

/* --- SIOC[AGD]LIFADDR --- */

static int
by_length(unsigned long cmd, struct ifnet *ifp, struct if_laddrreq *iflr)
{
	struct sockaddr_in6 addr, dst;
	struct in6_newaddr na = { .vltime = ND6_INFINITE_LIFETIME,
		.pltime = ND6_INFINITE_LIFETIME };
	unsigned plen = iflr->prefixlen;
	bool prefix = (iflr->flags & IFLR_PREFIX) != 0, any;
	struct in6_ifaddr *ia = NULL;
	struct ifaddr *ifa;
	int error;

	memcpy(&addr, &iflr->addr, sizeof(addr));
	memcpy(&dst, &iflr->dstaddr, sizeof(dst));
	any = cmd == SIOCGLIFADDR && !prefix;
	if (plen > 128)
		return -EINVAL;
	if (!any &&
	    (addr.sin6_family != AF_INET6 || addr.sin6_len != sizeof(addr)))
		return -EINVAL;
	if (!any && (error = zone_of_interface(ifp, &addr)) != 0)
		return error;
	if (cmd == SIOCALIFADDR) {
		if (prefix)
			return -EINVAL;
		na.addr = addr.sin6_addr;
		na.plen = plen;
		if (dst.sin6_family == AF_INET6)
			na.dst = dst.sin6_addr;
		return in6_update(ifp, &na, NULL);
	}
	IFADDR_FOREACH(ifa, ifp)
	if (ifa->ifa_addr->sa_family == AF_INET6 &&
	    (any ||
		a6_sameprefix(&sin6_of(ifa->ifa_addr)->sin6_addr,
		    &addr.sin6_addr, prefix ? plen : 128))) {
		ia = ifatoia6(ifa);
		break;
	}
	if (ia == NULL)
		return -EADDRNOTAVAIL;
	if (cmd == SIOCDLIFADDR) {
		in6_purgeaddr(ia);
		return 0;
	}
	addr = ia->ia_addr;
	dst = ia->ia_dstaddr;
	(void)sa6_recoverscope(&addr);
	memcpy(&iflr->addr, &addr, sizeof(addr));
	if ((ifp->if_flags & IFF_POINTOPOINT) != 0)
		memcpy(&iflr->dstaddr, &dst, sizeof(dst));
	else
		memset(&iflr->dstaddr, 0, sizeof(iflr->dstaddr));
	iflr->prefixlen = ia->ia_plen;
	iflr->flags = (unsigned)ia->ia6_flags;
	return 0;
}

static int
preference(unsigned long cmd, struct ifnet *ifp, struct if_addrprefreq *ifap)
{
	struct sockaddr_in6 sin6;
	struct in6_ifaddr *ia;
	int error;

	memcpy(&sin6, &ifap->ifap_addr, sizeof(sin6));
	if (sin6.sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	if ((error = zone_of_interface(ifp, &sin6)) != 0)
		return error;
	if ((ia = in6ifa_ifpwithaddr(ifp, &sin6.sin6_addr)) == NULL)
		return -EADDRNOTAVAIL;
	if (cmd == SIOCSIFADDRPREF)
		ia->ia_ifa.ifa_preference = ifap->ifap_preference;
	else {
		ifap->ifap_preference = (int16_t)ia->ia_ifa.ifa_preference;
		sin6 = ia->ia_addr;
		(void)sa6_recoverscope(&sin6);
		memset(&ifap->ifap_addr, 0, sizeof(ifap->ifap_addr));
		memcpy(&ifap->ifap_addr, &sin6, sizeof(sin6));
	}
	return 0;
}

/* --- neighbour discovery --- */

static int
set_ndflags(struct ifnet *ifp, struct in6_ifextra *ie, uint32_t flags)
{
	uint32_t old = ie->ie_ndi.flags;

	ie->ie_ndi.flags = flags;
	if ((old & ND6_IFF_IFDISABLED) != 0 && (flags & ND6_IFF_IFDISABLED) == 0)
		in6_ifattach(ifp);
	else if ((old & ND6_IFF_AUTO_LINKLOCAL) == 0 &&
	    (flags & ND6_IFF_AUTO_LINKLOCAL) != 0)
		in6_ifattach(ifp);
	if (nd6_accepts_ra(ifp) && (old & ND6_IFF_ACCEPT_RTADV) == 0)
		nd6_rs_start(ifp);
	return 0;
}

static int
interface_info(unsigned long cmd, struct ifnet *ifp, struct in6_ndireq *req)
{
	struct in6_ifextra *ie = in6_ifextra_get(ifp);
	struct nd_ifinfo *ndi = &req->ndi, *to;

	if (ie == NULL)
		return -ENOMEM;
	to = &ie->ie_ndi;
	to->maxmtu = (uint32_t)ifp->if_mtu;
	switch (cmd) {
	case SIOCSIFINFO_FLAGS:
		return set_ndflags(ifp, ie, ndi->flags);
	case SIOCSIFINFO_IN6:
		/* 0 leaves a variable alone. */
		if (ndi->chlim != 0)
			to->chlim = ndi->chlim;
		if (ndi->linkmtu != 0) {
			if (ndi->linkmtu < IPV6_MMTU ||
			    ndi->linkmtu > ifp->if_mtu)
				return -EINVAL;
			to->linkmtu = ndi->linkmtu;
		}
		if (ndi->basereachable != 0 &&
		    ndi->basereachable != to->basereachable) {
			if (ndi->basereachable > MAX_REACHABLE_TIME)
				return -EINVAL;
			to->basereachable = ndi->basereachable;
			to->reachable = ndi->basereachable / 2 +
			    in6_random(ifp->if_k, ndi->basereachable);
		}
		if (ndi->retrans != 0)
			to->retrans = ndi->retrans;
		break;
	}
	*ndi = *to;
	/* The only one that is told in seconds. */
	ndi->reachable = to->reachable / 1000;
	return 0;
}

static int
neighbor_info(struct ifnet *ifp, struct in6_nbrinfo *req)
{
	struct rump_kernel *k = ifp->if_k;
	struct lltable *llt = ND_TABLE(ifp);
	struct sockaddr_in6 sin6;
	struct llentry *lle;
	int error;

	sin6_init(&sin6, &req->addr);
	if ((error = zone_of_interface(ifp, &sin6)) != 0)
		return error;
	if (llt == NULL)
		return -EINVAL;
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, &sin6.sin6_addr);
	if (lle != NULL) {
		req->asked = lle->lle_asked;
		req->isrouter = lle->lle_router;
		req->state = lle->lle_state;
		if (lle->lle_state == ND6_LLINFO_REACHABLE &&
		    lle->lle_expire_ns != 0 &&
		    lle->lle_expire_ns <= kern_uptime_ns(k) &&
		    (lle->lle_flags & (LLE_STATIC | LLE_USERTEMP)) == 0)
			req->state = ND6_LLINFO_STALE;
		req->expire = lle->lle_expire_ns == 0 ?
		    0 :
		    (int)to_wall(k, lle->lle_expire_ns / SEC_NS);
	}
	kmutex_exit(&llt->llt_lock);
	return lle != NULL ? 0 : -EINVAL;
}

/* What routers have told goes; who has set an address himself keeps its prefix. */
static void
flush_prefixes(struct rump_kernel *k)
{
	struct nd_prefix *pr, *next;
	struct in6_ifaddr *ia, *ianext;

	for (pr = ND6(k)->nd_prefixes; pr != NULL; pr = next) {
		next = pr->ndpr_next;
		if (a6_linklocal(&pr->ndpr_prefix.sin6_addr))
			continue;
		pr->ndpr_refcnt++;
		for (ia = INET6(k)->i6_ifaddrs; ia != NULL; ia = ianext) {
			ianext = ia->ia_next;
			if (ia->ia6_ndpr == pr &&
			    (ia->ia6_flags & IN6_IFF_AUTOCONF) != 0)
				in6_purgeaddr(ia);
		}
		next = pr->ndpr_next;
		if (--pr->ndpr_refcnt == 0)
			nd6_prefix_remove(pr);
	}
}

static void
flush_routers(struct rump_kernel *k)
{
	while (ND6(k)->nd_routers != NULL)
		nd6_defrouter_remove(ND6(k)->nd_routers);
	nd6_defrouter_select(k);
}

/* The first of the interface's default routers, as ndp(8) asked before there was a sysctl for it. */
static int
list_routers(struct ifnet *ifp, struct in6_drlist *list)
{
	struct rump_kernel *k = ifp->if_k;
	struct nd_defrouter *dr;
	unsigned n = 0;

	memset(list->defrouter, 0, sizeof(list->defrouter));
	for (dr = ND6(k)->nd_routers; dr != NULL && n < DRLSTSIZ;
	     dr = dr->next, n++) {
		list->defrouter[n].rtaddr = dr->rtaddr;
		in6_clearscope(&list->defrouter[n].rtaddr);
		list->defrouter[n].flags = dr->flags;
		list->defrouter[n].rtlifetime = dr->rtlifetime;
		list->defrouter[n].expire = (unsigned long)to_wall(
		    k, dr->expire);
		list->defrouter[n].if_index = dr->ifp->if_index;
	}
	return 0;
}

static int
nd_request(unsigned long cmd, struct ifnet *ifp, void *data)
{
	struct rump_kernel *k = ifp->if_k;
	struct in6_ndifreq *ndif = data;

	switch (cmd) {
	case SIOCGIFINFO_IN6:
	case SIOCSIFINFO_IN6:
	case SIOCSIFINFO_FLAGS:
		return interface_info(cmd, ifp, data);
	case SIOCGNBRINFO_IN6:
		return neighbor_info(ifp, data);
	case SIOCGDRLST_IN6:
		return list_routers(ifp, data);
	case SIOCSNDFLUSH_IN6:
		nd6_defrouter_select(k);
		return 0;
	case SIOCSPFXFLUSH_IN6:
		flush_prefixes(k);
		return 0;
	case SIOCSRTRFLUSH_IN6:
		flush_routers(k);
		return 0;
	case SIOCSDEFIFACE_IN6:
		return nd6_setdefaultiface(k,
		    ndif->ifindex > UINT16_MAX ? UINT16_MAX :
						 (unsigned)ndif->ifindex);
	case SIOCGDEFIFACE_IN6:
		ndif->ifindex = ND6(k)->nd_defif != NULL ?
		    ND6(k)->nd_defif->if_index :
		    0;
		return 0;
	}
	return -ENOTTY;
}

static int
statistics(unsigned long cmd, struct ifnet *ifp, struct in6_ifreq *ifr)
{
	struct in6_ifextra *ie = in6_ifextra_get(ifp);
	uint64_t *to = (uint64_t *)&ifr->ifr_ifru;
	bool icmp = cmd == SIOCGIFSTAT_ICMP6;
	size_t n = icmp ? sizeof(struct icmp6_ifstat) / 8 :
			  sizeof(struct in6_ifstat) / 8;

	if (ie == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		uint64_t v = icmp ? ie->ie_icmp6stat[i] : ie->ie_stat[i];

		memcpy((uint8_t *)to + i * 8, &v, 8);
	}
	return 0;
}

static bool
changes(unsigned long cmd)
{
	switch (cmd) {
	case SIOCAADDRCTL_POLICY:
	case SIOCDADDRCTL_POLICY:
	case SIOCAIFADDR_IN6:
	case SIOCDIFADDR_IN6:
	case SIOCSNDFLUSH_IN6:
	case SIOCSPFXFLUSH_IN6:
	case SIOCSRTRFLUSH_IN6:
	case SIOCSDEFIFACE_IN6:
	case SIOCSIFINFO_FLAGS:
	case SIOCSIFINFO_IN6:
	case SIOCALIFADDR:
	case SIOCDLIFADDR:
	case SIOCSIFADDRPREF:
		return true;
	}
	return false;
}

int
in6_control(struct lwp *l, struct socket *so, unsigned long cmd, void *data,
    struct ifnet *ifp)
{
	(void)so;
	if (l != NULL && changes(cmd) && !cred_issuser(l->l_cred))
		return -EPERM;
	if (cmd == SIOCAADDRCTL_POLICY || cmd == SIOCDADDRCTL_POLICY)
		return l == NULL ? -EPERM :
				   in6_addrsel_policy(l->l_k, cmd, data);
	if (ifp == NULL)
		return -EOPNOTSUPP;
	if (cmd == SIOCGIFAFLAG_IN6)
		nd6_due(ifp->if_k);
	switch (cmd) {
	case SIOCAIFADDR_IN6:
		return add_address(ifp, data);
	case SIOCDIFADDR_IN6:
	case SIOCGIFADDR_IN6:
	case SIOCGIFDSTADDR_IN6:
	case SIOCGIFNETMASK_IN6:
	case SIOCGIFAFLAG_IN6:
	case SIOCGIFALIFETIME_IN6:
		return address_request(cmd, ifp, data);
	case SIOCGIFSTAT_IN6:
	case SIOCGIFSTAT_ICMP6:
		return statistics(cmd, ifp, data);
	case SIOCALIFADDR:
	case SIOCGLIFADDR:
	case SIOCDLIFADDR:
		return by_length(cmd, ifp, data);
	case SIOCSIFADDRPREF:
	case SIOCGIFADDRPREF:
		return preference(cmd, ifp, data);
	/* Superseded long ago. */
	case SIOCSIFADDR_IN6:
	case SIOCSIFDSTADDR_IN6:
	case SIOCSIFNETMASK_IN6:
		return -EINVAL;
	case SIOCGIFPREFIX_IN6:
	case SIOCSIFPREFIX_IN6:
	case SIOCDIFPREFIX_IN6:
	case SIOCAIFPREFIX_IN6:
	case SIOCCIFPREFIX_IN6:
	case SIOCSGIFPREFIX_IN6:
		return -EOPNOTSUPP;
	}
	return nd_request(cmd, ifp, data);
}
