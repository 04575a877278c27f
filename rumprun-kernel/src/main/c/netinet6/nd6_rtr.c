/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routers and prefixes (RFC 4861 6): the lists, and the routes that they make. Addresses that come of them: nd6_slaac.c.
 *
 * A prefix that is on the link has a route to the interface; who sets an address by hand makes one that does not expire. The default route goes by the
 * best default router: who is preferred (RFC 4191), and known to be there.
 */
#include "netinet6/in6_private.h"

#define RTR_SOLICITATION_NS (RTR_SOLICITATION_INTERVAL * SEC_NS)

/* --- prefixes. W --- */

struct nd_prefix *
nd6_prefix_find(struct ifnet *ifp, const struct in6_addr *a, unsigned plen)
{
	struct nd_prefix *pr = ND6(ifp->if_k)->nd_prefixes;

	while (pr != NULL &&
	    (pr->ndpr_ifp != ifp || pr->ndpr_plen != plen ||
		!a6_sameprefix(&pr->ndpr_prefix.sin6_addr, a, plen)))
		pr = pr->ndpr_next;
	return pr;
}

struct nd_prefix *
nd6_prefix_add(struct ifnet *ifp, const struct in6_addr *a, unsigned plen)
{
	struct nd6_state *nd = ND6(ifp->if_k);
	struct nd_prefix *pr = kmem_zalloc(ifp->if_k, sizeof(*pr));
	struct in6_addr prefix = *a;

	if (pr == NULL)
		return NULL;
	a6_prefix(&prefix, plen);
	pr->ndpr_ifp = ifp;
	sin6_init(&pr->ndpr_prefix, &prefix);
	pr->ndpr_plen = plen;
	pr->ndpr_vltime = pr->ndpr_pltime = ND6_INFINITE_LIFETIME;
	pr->ndpr_lastupdate = in6_now(ifp->if_k);
	pr->ndpr_next = nd->nd_prefixes;
	nd->nd_prefixes = pr;
	return pr;
}

static void
forget_advertisers(struct nd_prefix *pr)
{
	struct nd_pfxrouter *pfr;

	while ((pfr = pr->ndpr_advrtrs) != NULL) {
		pr->ndpr_advrtrs = pfr->next;
		kmem_free(pr->ndpr_ifp->if_k, pfr, sizeof(*pfr));
	}
}

void
nd6_prefix_remove(struct nd_prefix *pr)
{
	struct rump_kernel *k = pr->ndpr_ifp->if_k;
	struct nd_prefix **pp = &ND6(k)->nd_prefixes;
	struct in6_ifaddr *ia;

	nd6_prefix_offlink(pr);
	for (ia = INET6(k)->i6_ifaddrs; ia != NULL; ia = ia->ia_next)
		if (ia->ia6_ndpr == pr)
			ia->ia6_ndpr = NULL;
	while (*pp != NULL && *pp != pr)
		pp = &(*pp)->ndpr_next;
	if (*pp != NULL)
		*pp = pr->ndpr_next;
	forget_advertisers(pr);
	kmem_free(k, pr, sizeof(*pr));
}

/* An address of the interface for the route, the link-local one if there is one. */
static struct ifaddr *
route_address(struct ifnet *ifp)
{
	struct in6_ifaddr *ia = in6ifa_ifpforlinklocal(ifp, 0);
	struct ifaddr *ifa;

	if (ia != NULL)
		return &ia->ia_ifa;
	IFADDR_FOREACH(ifa, ifp)
	if (ifa->ifa_addr->sa_family == AF_INET6)
		return ifa;
	return NULL;
}

int
nd6_prefix_onlink(struct nd_prefix *pr)
{
	struct ifnet *ifp = pr->ndpr_ifp;
	struct ifaddr *ifa = route_address(ifp);
	struct sockaddr_in6 mask;
	int error;

	if ((pr->ndpr_stateflags & NDPRF_ONLINK) != 0)
		return -EEXIST;
	if (ifa == NULL)
		return -EADDRNOTAVAIL;
	sin6_mask(&mask, pr->ndpr_plen);
	error = rtrequest_sa(ifp->if_k, RTM_ADD,
	    (struct sockaddr *)&pr->ndpr_prefix, ifa->ifa_addr,
	    (struct sockaddr *)&mask,
	    RTF_UP | (ifp->if_addrlen != 0 ? RTF_CONNECTED : 0), ifa, NULL);
	/* Another interface may have the same prefix: that one has the route. */
	if (error == 0)
		pr->ndpr_stateflags |= NDPRF_ONLINK;
	return error;
}

void
nd6_prefix_offlink(struct nd_prefix *pr)
{
	struct rump_kernel *k = pr->ndpr_ifp->if_k;
	struct sockaddr_in6 mask;
	struct nd_prefix *other;

	if ((pr->ndpr_stateflags & NDPRF_ONLINK) == 0)
		return;
	pr->ndpr_stateflags &= ~(unsigned)NDPRF_ONLINK;
	sin6_mask(&mask, pr->ndpr_plen);
	(void)rtrequest_sa(k, RTM_DELETE, (struct sockaddr *)&pr->ndpr_prefix,
	    NULL, (struct sockaddr *)&mask, 0, NULL, NULL);
	for (other = ND6(k)->nd_prefixes; other != NULL;
	     other = other->ndpr_next)
		if (other != pr && other->ndpr_plen == pr->ndpr_plen &&
		    other->ndpr_onlink &&
		    (other->ndpr_stateflags & NDPRF_ONLINK) == 0 &&
		    a6_equal(&other->ndpr_prefix.sin6_addr,
			&pr->ndpr_prefix.sin6_addr) &&
		    nd6_prefix_onlink(other) == 0)
			break;
}

/* An address goes that routes to links are by. */
void
nd6_prefix_rehome(struct in6_ifaddr *ia)
{
	struct rump_kernel *k = ia->ia_ifa.ifa_k;
	struct nd_prefix *pr;
	struct sockaddr_in6 mask;
	struct rtentry *rt;

	for (pr = ND6(k)->nd_prefixes; pr != NULL; pr = pr->ndpr_next) {
		if ((pr->ndpr_stateflags & NDPRF_ONLINK) == 0)
			continue;
		sin6_mask(&mask, pr->ndpr_plen);
		rt = rt_find(k, (struct sockaddr *)&pr->ndpr_prefix,
		    (struct sockaddr *)&mask);
		if (rt == NULL || rt->rt_ifa != &ia->ia_ifa)
			continue;
		(void)rtrequest_sa(k, RTM_DELETE,
		    (struct sockaddr *)&pr->ndpr_prefix, NULL,
		    (struct sockaddr *)&mask, 0, NULL, NULL);
		pr->ndpr_stateflags &= ~(unsigned)NDPRF_ONLINK;
		(void)nd6_prefix_onlink(pr);
	}
}

/* --- default routers. W --- */

struct nd_defrouter *
nd6_defrouter_find(struct ifnet *ifp, const struct in6_addr *a)
{
	struct nd_defrouter *dr = ND6(ifp->if_k)->nd_routers;

	while (dr != NULL && (dr->ifp != ifp || !a6_equal(&dr->rtaddr, a)))
		dr = dr->next;
	return dr;
}

static void
default_route(struct nd_defrouter *dr, int cmd)
{
	struct rump_kernel *k = dr->ifp->if_k;
	struct sockaddr_in6 dst, mask, gateway;
	struct rtentry *rt;
	bool ours;

	sin6_init(&dst, &in6_any);
	sin6_mask(&mask, 0);
	sin6_init(&gateway, &dr->rtaddr);
	if (cmd == RTM_ADD) {
		dr->installed = rtrequest_sa(k, RTM_ADD, (struct sockaddr *)&dst,
				    (struct sockaddr *)&gateway,
				    (struct sockaddr *)&mask,
				    RTF_UP | RTF_GATEWAY, NULL, &rt) == 0;
		if (dr->installed)
			rt_newaddrmsg(RTM_ADD, rt->rt_ifa, 0, rt);
		return;
	}
	dr->installed = false;
	rt = rt_find(k, (struct sockaddr *)&dst, (struct sockaddr *)&mask);
	ours = rt != NULL && rt->rt_gateway->sa_family == AF_INET6 &&
	    a6_equal(&sin6_of(rt->rt_gateway)->sin6_addr, &dr->rtaddr);
	/* Somebody may have set another one since. */
	if (ours)
		(void)rtrequest_sa(k, RTM_DELETE, (struct sockaddr *)&dst,
		    (struct sockaddr *)&gateway, (struct sockaddr *)&mask, 0,
		    NULL, NULL);
}

void
nd6_defrouter_remove(struct nd_defrouter *dr)
{
	struct rump_kernel *k = dr->ifp->if_k;
	struct nd_defrouter **dp = &ND6(k)->nd_routers;
	struct nd_prefix *pr;
	struct nd_pfxrouter **pp, *pfr;

	if (dr->installed)
		default_route(dr, RTM_DELETE);
	while (*dp != dr)
		dp = &(*dp)->next;
	*dp = dr->next;
	for (pr = ND6(k)->nd_prefixes; pr != NULL; pr = pr->ndpr_next)
		for (pp = &pr->ndpr_advrtrs; (pfr = *pp) != NULL;)
			if (pfr->router == dr) {
				*pp = pfr->next;
				kmem_free(k, pfr, sizeof(*pfr));
			} else
				pp = &pfr->next;
	kmem_free(k, dr, sizeof(*dr));
}

/* RFC 4191: high, medium (and what is reserved), low. */
static int
preference(const struct nd_defrouter *dr)
{
	switch (dr->flags & ND_RA_FLAG_RTPREF_MASK) {
	case ND_RA_FLAG_RTPREF_HIGH:
		return 1;
	case ND_RA_FLAG_RTPREF_LOW:
		return -1;
	}
	return 0;
}

static bool
probably_there(const struct nd_defrouter *dr)
{
	struct lltable *llt = ND_TABLE(dr->ifp);
	struct llentry *lle;
	bool there;

	if (llt == NULL)
		return true;
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, &dr->rtaddr);
	there = lle != NULL && lle->lle_valid;
	kmutex_exit(&llt->llt_lock);
	return there;
}

void
nd6_defrouter_select(struct rump_kernel *k)
{
	struct nd_defrouter *dr, *best = NULL, *now = NULL;
	bool best_there = false;

	for (dr = ND6(k)->nd_routers; dr != NULL; dr = dr->next) {
		bool there = probably_there(dr);

		if (dr->installed)
			now = dr;
		if (dr->rtlifetime == 0)
			continue;
		if (best == NULL || (there && !best_there) ||
		    (there == best_there && preference(dr) > preference(best)) ||
		    (there == best_there && dr->installed &&
			preference(dr) == preference(best))) {
			best = dr;
			best_there = there;
		}
	}
	if (best == now)
		return;
	if (now != NULL)
		default_route(now, RTM_DELETE);
	if (best != NULL)
		default_route(best, RTM_ADD);
}

int
nd6_setdefaultiface(struct rump_kernel *k, unsigned index)
{
	struct ifnet *ifp = index == 0 ? NULL : if_byindex(k, index);

	if (ifp == NULL)
		return -EINVAL;
	ND6(k)->nd_defif = ifp;
	return 0;
}

void
nd6_rtr_ifdetach(struct ifnet *ifp)
{
	struct nd6_state *nd = ND6(ifp->if_k);
	struct nd_defrouter *dr, *drnext;
	struct nd_prefix *pr, *prnext;

	for (dr = nd->nd_routers; dr != NULL; dr = drnext) {
		drnext = dr->next;
		if (dr->ifp == ifp)
			nd6_defrouter_remove(dr);
	}
	for (pr = nd->nd_prefixes; pr != NULL; pr = prnext) {
		prnext = pr->ndpr_next;
		if (pr->ndpr_ifp == ifp)
			nd6_prefix_remove(pr);
	}
	if (nd->nd_defif == ifp)
		nd->nd_defif = NULL;
	nd6_defrouter_select(ifp->if_k);
}

/* --- asking for routers (RFC 4861 6.3.7) --- */

bool
nd6_accepts_ra(const struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	const struct in6_ifextra *ie = IN6_IFEXTRA(ifp);

	if (ie == NULL || INET6(k)->ip6_forwarding != 0 ||
	    (ifp->if_flags & IFF_LOOPBACK) != 0 ||
	    (ie->ie_ndi.flags & ND6_IFF_ACCEPT_RTADV) == 0)
		return false;
	/* The interface's own word, or what is said for all. */
	return (ie->ie_ndi.flags & ND6_IFF_OVERRIDE_RTADV) != 0 ||
	    INET6(k)->ip6_accept_rtadv != 0;
}

void
nd6_rs_start(struct ifnet *ifp)
{
	struct in6_ifextra *ie = IN6_IFEXTRA(ifp);

	if (ie == NULL || !nd6_accepts_ra(ifp) || (ifp->if_flags & IFF_UP) == 0)
		return;
	ie->ie_rs_count = 0;
	ie->ie_rs_when_ns = kern_uptime_ns(ifp->if_k) +
	    (int64_t)in6_random(ifp->if_k, MAX_RTR_SOLICITATION_DELAY * 1000) *
		MSEC_NS;
	nd6_wakeat(ifp->if_k, ie->ie_rs_when_ns);
}

static void
solicit(struct ifnet *ifp)
{
	struct in6_ifaddr *ia = in6ifa_ifpforlinklocal(
	    ifp, IN6_IFF_NOTREADY | IN6_IFF_DETACHED);
	struct in6_addr src = ia != NULL ? ia->ia_addr.sin6_addr : in6_any,
			dst = in6_allrouters;
	bool sll = ia != NULL && ifp->if_addrlen == 6;
	struct mbuf *m = icmp6_message(
	    ifp->if_k, ifp, 8 + (sll ? 8 : 0), ND_ROUTER_SOLICIT, 0);
	uint8_t *p;

	if (m == NULL)
		return;
	p = m->m_data + IP6_HDRLEN + 8;
	if (sll) {
		p[0] = ND_OPT_SOURCE_LINKADDR;
		p[1] = 1;
		memcpy(p + 2, ifp->if_lladdr, 6);
	}
	(void)in6_setscope(&dst, ifp);
	icmp6_ifstat_inc(ifp, ICMP6IFS(out_routersolicit));
	icmp6_send(ifp, m, &src, &dst, 255, false);
}

int64_t
nd6_rs_tick(struct rump_kernel *k, int64_t now)
{
	int64_t next = INT64_MAX;

	for (struct ifnet *ifp = if_first(k); ifp != NULL; ifp = ifp->if_next) {
		struct in6_ifextra *ie = IN6_IFEXTRA(ifp);

		if (ie == NULL || ie->ie_rs_when_ns == 0)
			continue;
		if (ie->ie_rs_when_ns <= now) {
			ie->ie_rs_when_ns = 0;
			if (nd6_accepts_ra(ifp)) {
				solicit(ifp);
				if (++ie->ie_rs_count < MAX_RTR_SOLICITATIONS)
					ie->ie_rs_when_ns = now +
					    RTR_SOLICITATION_NS;
			}
		}
		if (ie->ie_rs_when_ns != 0 && ie->ie_rs_when_ns < next)
			next = ie->ie_rs_when_ns;
	}
	return next;
}

/* --- being asked: who routes only learns who asks; advertising is rtadvd's --- */

void
nd6_rs_input(struct mbuf *m, int off)
{
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	const uint8_t *p = m->m_data + off, *lladdr;
	size_t len = m->m_pkthdr.len - (size_t)off;
	struct in6_addr src = a6_get(m->m_data + IP6_SRC);

	if (INET6(m->m_k)->ip6_forwarding == 0 || a6_unspecified(&src))
		goto out;
	if (m->m_data[IP6_HLIM] != 255 || p[1] != 0 || len < 8 ||
	    !nd6_options_valid(p + 8, len - 8)) {
		ICMP6STAT_INC(m->m_k, BADRS);
		goto out;
	}
	lladdr = nd6_option_lladdr(p + 8, len - 8, ND_OPT_SOURCE_LINKADDR);
	if (nd6_is_neighbor(ifp, &src))
		nd6_cache_lladdr(ifp, &src, lladdr, ND_ROUTER_SOLICIT, 0);
out:
	m_freem(m);
}
