/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbours (RFC 4861 7.3): who has which link address, and whether he is still there.
 *
 * States, of an entry of an interface's table:
 *	INCOMPLETE	asked for by multicast; lle_expire_ns: when to ask again, or to give up. The last packet waits in lle_hold.
 *	REACHABLE	confirmed; until lle_expire_ns, after which it counts as STALE (seen when it is used: that needs no timer)
 *	STALE		known, not confirmed; goes after a day without use
 *	DELAY		was used while STALE: who sends may hear something from above until lle_expire_ns
 *	PROBE		asked for by unicast; as INCOMPLETE
 * Only INCOMPLETE, DELAY and PROBE need a timer: nd_nudtimer looks through the tables when the next of them is due.
 *
 * Locks: llt_lock is a leaf; nothing is sent with it held.
 */
#include "netinet6/in6_private.h"

#define STALE_NS (86400 * SEC_NS)
#define NUD_BATCH 16
#define NUD_COARSE_NS (20 * MSEC_NS)

/* --- the timer of what is done exclusively --- */

void
nd6_wakeat(struct rump_kernel *k, int64_t when_ns)
{
	struct nd6_state *nd = ND6(k);

	if (when_ns >= nd->nd_next_ns || nd->nd_halting)
		return;
	nd->nd_next_ns = when_ns;
	if (callout_schedule_abs(&nd->nd_timer, when_ns) != 0)
		nd->nd_next_ns = INT64_MAX;
}

/* W. All that is due, and the timer again for what is not. */
static void
do_due(struct rump_kernel *k, int64_t now)
{
	int64_t next = INT64_MAX, t;

	ND6(k)->nd_next_ns = INT64_MAX;
	if ((t = nd6_dad_tick(k, now)) < next)
		next = t;
	if ((t = mld6_tick(k, now)) < next)
		next = t;
	if ((t = nd6_life_tick(k, now)) < next)
		next = t;
	if ((t = nd6_rs_tick(k, now)) < next)
		next = t;
	if (next != INT64_MAX)
		nd6_wakeat(k, next);
}

void
nd6_due(struct rump_kernel *k)
{
	int64_t now = kern_uptime_ns(k), next = ND6(k)->nd_next_ns;

	/* INT64_MAX: there may have been no memory for the timer. */
	if (next <= now || next == INT64_MAX)
		do_due(k, now);
}

static void
nd6_timer(void *arg)
{
	struct rump_kernel *k = arg;

	/* An answer that is there counts, even if its interface's thread has yet to wake up. */
	if (!net_poll(k))
		net_run(k);
	net_wrlock(k);
	do_due(k, kern_uptime_ns(k));
	net_unlock(k);
	net_run(k);
}

/* --- interfaces --- */

void
nd6_ifattach(struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	unsigned max = (unsigned)INET6(k)->ip6_neighborgcthresh;

	if (ifp->if_addrlen != 6 || ND_TABLE(ifp) != NULL)
		return;
	if (lltable_create(
		ifp, AF_INET6, max > 16 ? max : 16, &ND_TABLE(ifp)) != 0)
		ND_TABLE(ifp) = NULL;
}

void
nd6_ifdetach(struct ifnet *ifp)
{
	struct in6_ifextra *ie = IN6_IFEXTRA(ifp);

	if (ND_TABLE(ifp) != NULL)
		lltable_destroy(ND_TABLE(ifp));
	ND_TABLE(ifp) = NULL;
	ifp->if_afdata[AF_INET6] = NULL;
	if (ie != NULL)
		kmem_free(ifp->if_k, ie, sizeof(*ie));
}

uint32_t
nd6_linkmtu(struct ifnet *ifp)
{
	struct in6_ifextra *ie = IN6_IFEXTRA(ifp);
	uint32_t mtu = ifp->if_mtu > UINT32_MAX ? UINT32_MAX :
						  (uint32_t)ifp->if_mtu;

	return ie != NULL && ie->ie_ndi.linkmtu != 0 &&
		ie->ie_ndi.linkmtu < mtu ?
	    ie->ie_ndi.linkmtu :
	    mtu;
}

static int64_t
reachable_ns(const struct ifnet *ifp)
{
	const struct in6_ifextra *ie = IN6_IFEXTRA(ifp);

	return (ie != NULL ? ie->ie_ndi.reachable : REACHABLE_TIME) * MSEC_NS;
}

static int64_t
retrans_ns(const struct ifnet *ifp)
{
	const struct in6_ifextra *ie = IN6_IFEXTRA(ifp);
	uint32_t ms = ie != NULL ? ie->ie_ndi.retrans : RETRANS_TIMER;

	return (ms < 10 ? 10 : ms) * MSEC_NS;
}

/* --- our own among them --- */

void
nd6_addr_add(struct in6_ifaddr *ia)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	struct lltable *llt = ND_TABLE(ifp);
	struct llentry *lle;

	if (llt == NULL)
		return;
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, &ia->ia_addr.sin6_addr);
	if (lle == NULL)
		lle = lle_create(llt, &ia->ia_addr.sin6_addr);
	if (lle != NULL) {
		memcpy(lle->lle_lladdr, ifp->if_lladdr, 6);
		lle->lle_valid = true;
		lle->lle_flags = LLE_STATIC | LLE_IFADDR;
		lle->lle_state = ND6_LLINFO_REACHABLE;
		lle->lle_expire_ns = 0;
	}
	kmutex_exit(&llt->llt_lock);
}

void
nd6_addr_remove(struct in6_ifaddr *ia)
{
	struct lltable *llt = ND_TABLE(ia->ia_ifa.ifa_ifp);
	struct llentry *lle;

	if (llt == NULL)
		return;
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, &ia->ia_addr.sin6_addr);
	if (lle != NULL && (lle->lle_flags & LLE_IFADDR) != 0)
		lle_remove(lle);
	kmutex_exit(&llt->llt_lock);
}

/* One that was learned; net.inet6.ip6.neighborgcthresh says how many there may be. */
static struct llentry *
create(struct lltable *llt, const void *addr)
{
	int most = INET6(llt->llt_k)->ip6_neighborgcthresh;

	if (most > 0)
		lltable_shrink(llt, (unsigned)most - 1);
	return lle_create(llt, addr);
}

bool
nd6_is_neighbor(struct ifnet *ifp, const struct in6_addr *a)
{
	struct lltable *llt = ND_TABLE(ifp);
	struct nd_prefix *pr;
	struct ifaddr *ifa;
	bool known = false;

	if (a6_linklocal(a))
		return a6_zone(a) == ifp->if_index;
	for (pr = ND6(ifp->if_k)->nd_prefixes; pr != NULL; pr = pr->ndpr_next)
		if (pr->ndpr_ifp == ifp &&
		    (pr->ndpr_stateflags & NDPRF_ONLINK) != 0 &&
		    a6_sameprefix(a, &pr->ndpr_prefix.sin6_addr, pr->ndpr_plen))
			return true;
	/* Of two interfaces on one network only one has the route. */
	IFADDR_FOREACH(ifa, ifp)
	{
		const struct in6_ifaddr *ia = ifatoia6(ifa);

		if (ifa->ifa_addr->sa_family == AF_INET6 &&
		    ((ifp->if_flags & IFF_POINTOPOINT) != 0 ?
			    a6_equal(a, &ia->ia_dstaddr.sin6_addr) :
			    ia->ia_plen < 128 &&
				a6_sameprefix(
				    a, &ia->ia_addr.sin6_addr, ia->ia_plen)))
			return true;
	}
	if (llt != NULL) {
		kmutex_enter(&llt->llt_lock);
		known = lle_find(llt, a) != NULL;
		kmutex_exit(&llt->llt_lock);
	}
	return known;
}

/* --- sending --- */

static void
hold(struct rump_kernel *k, struct llentry *lle, struct mbuf *m)
{
	struct mbuf **p, *first;
	unsigned most = ND6(k)->nd_maxqueuelen > 0 ?
	    (unsigned)ND6(k)->nd_maxqueuelen :
	    1;

	m->m_nextpkt = NULL;
	while (lle->lle_numheld >= most && (first = lle->lle_hold) != NULL) {
		lle->lle_hold = first->m_nextpkt;
		first->m_nextpkt = NULL;
		lle->lle_numheld--;
		m_freem(first);
	}
	for (p = &lle->lle_hold; *p != NULL; p = &(*p)->m_nextpkt)
		continue;
	*p = m;
	lle->lle_numheld++;
}

static struct mbuf *
take_held(struct llentry *lle)
{
	struct mbuf *m = lle->lle_hold;

	lle->lle_hold = NULL;
	lle->lle_numheld = 0;
	return m;
}

static void
send_held(struct ifnet *ifp, struct mbuf *m, const struct in6_addr *to)
{
	struct sockaddr_in6 dst;

	sin6_init(&dst, to);
	while (m != NULL) {
		struct mbuf *next = m->m_nextpkt;

		m->m_nextpkt = NULL;
		(void)ifp->if_ops->ifo_output(
		    ifp, m, (struct sockaddr *)&dst, NULL);
		m = next;
	}
}

/* An entry that is used, with a link address. llt_lock. */
static void
used(struct ifnet *ifp, struct llentry *lle, int64_t now)
{
	struct rump_kernel *k = ifp->if_k;
	const struct in6_ifextra *ie = IN6_IFEXTRA(ifp);

	lle->lle_used = (uint64_t)now;
	if ((lle->lle_flags & LLE_STATIC) != 0)
		return;
	if (lle->lle_state == ND6_LLINFO_REACHABLE && lle->lle_expire_ns <= now)
		lle->lle_state = ND6_LLINFO_STALE;
	if (lle->lle_state != ND6_LLINFO_STALE)
		return;
	if (ie != NULL && (ie->ie_ndi.flags & ND6_IFF_PERFORMNUD) == 0) {
		lle->lle_expire_ns = now + STALE_NS;
		return;
	}
	lle->lle_state = ND6_LLINFO_DELAY;
	lle->lle_flags &= (uint16_t)~LLE_USERTEMP;
	lle->lle_asked = 0;
	lle->lle_expire_ns = now + (int64_t)INET6(k)->nd6_delay * SEC_NS;
	nd6_nudwake(k, lle->lle_expire_ns);
}

int
nd6_resolve(struct ifnet *ifp, const struct rtentry *rt, struct mbuf *m,
    const struct sockaddr *dst, uint8_t desten[6])
{
	struct rump_kernel *k = ifp->if_k;
	const struct in6_addr *to = &sin6_of(dst)->sin6_addr;
	struct lltable *llt = ND_TABLE(ifp);
	int64_t now = kern_uptime_ns(k);
	struct in6_addr src = in6_any;
	struct llentry *lle;
	bool ask;

	(void)rt;
	if (a6_multicast(to)) {
		desten[0] = desten[1] = 0x33;
		memcpy(desten + 2, A6(to) + 12, 4);
		return 0;
	}
	if (llt == NULL) {
		m_freem(m);
		return -ENETUNREACH;
	}
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, to);
	if (lle == NULL && (lle = create(llt, to)) != NULL)
		lle->lle_state = ND6_LLINFO_INCOMPLETE;
	if (lle == NULL) {
		kmutex_exit(&llt->llt_lock);
		m_freem(m);
		return -ENOBUFS;
	}
	if (lle->lle_valid && lle->lle_state > ND6_LLINFO_INCOMPLETE) {
		used(ifp, lle, now);
		memcpy(desten, lle->lle_lladdr, 6);
		kmutex_exit(&llt->llt_lock);
		return 0;
	}
	if (m->m_len >= IP6_HDRLEN)
		src = a6_get(m->m_data + IP6_SRC);
	hold(k, lle, m);
	lle->lle_used = (uint64_t)now;
	ask = lle->lle_asked == 0;
	if (ask) {
		lle->lle_asked = 1;
		lle->lle_expire_ns = now + retrans_ns(ifp);
		nd6_nudwake(k, lle->lle_expire_ns);
	}
	kmutex_exit(&llt->llt_lock);
	(void)in6_setscope(&src, ifp);
	if (ask)
		nd6_ns_output(ifp, NULL, to, &src, false);
	return -EWOULDBLOCK;
}

void
nd6_nud_hint(
    struct rump_kernel *k, const struct in6_addr *dst, struct rtentry *rt)
{
	struct in6_addr to = *dst;
	struct lltable *llt;
	struct llentry *lle;

	if (rt == NULL || (llt = ND_TABLE(rt->rt_ifp)) == NULL)
		return;
	if ((rt->rt_flags & RTF_GATEWAY) != 0) {
		if (rt->rt_gateway->sa_family != AF_INET6)
			return;
		to = sin6_of(rt->rt_gateway)->sin6_addr;
	}
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, &to);
	if (lle != NULL && lle->lle_valid &&
	    (lle->lle_flags & LLE_STATIC) == 0 &&
	    lle->lle_state > ND6_LLINFO_INCOMPLETE) {
		lle->lle_state = ND6_LLINFO_REACHABLE;
		lle->lle_asked = 0;
		lle->lle_expire_ns = kern_uptime_ns(k) +
		    reachable_ns(rt->rt_ifp);
	}
	kmutex_exit(&llt->llt_lock);
}

/* --- learning --- */

static void
make_stale(struct llentry *lle, int64_t now)
{
	lle->lle_state = ND6_LLINFO_STALE;
	lle->lle_asked = 0;
	lle->lle_expire_ns = now + STALE_NS;
}

void
nd6_cache_lladdr(struct ifnet *ifp, const struct in6_addr *from,
    const uint8_t *lladdr, int type, int code)
{
	struct rump_kernel *k = ifp->if_k;
	struct lltable *llt = ND_TABLE(ifp);
	int64_t now = kern_uptime_ns(k);
	struct mbuf *held = NULL;
	struct llentry *lle;
	bool fresh;

	if (llt == NULL || a6_unspecified(from) || a6_multicast(from))
		return;
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, from);
	fresh = lle == NULL;
	if (fresh && lladdr != NULL)
		lle = create(llt, from);
	if (lle == NULL || (lle->lle_flags & LLE_STATIC) != 0) {
		kmutex_exit(&llt->llt_lock);
		return;
	}
	if (lladdr != NULL &&
	    (!lle->lle_valid || memcmp(lle->lle_lladdr, lladdr, 6) != 0)) {
		memcpy(lle->lle_lladdr, lladdr, 6);
		lle->lle_valid = true;
		make_stale(lle, now);
		held = take_held(lle);
	}
	/* RFC 4861 6.2.6, 6.3.4, 7.2.3, 8.3 */
	if (type == ND_ROUTER_ADVERT ||
	    (type == ND_REDIRECT && code == ND_REDIRECT_ROUTER))
		lle->lle_router = true;
	else if (type == ND_ROUTER_SOLICIT ||
	    (fresh && type == ND_NEIGHBOR_SOLICIT))
		lle->lle_router = false;
	if (fresh)
		lle->lle_used = (uint64_t)now;
	kmutex_exit(&llt->llt_lock);
	send_held(ifp, held, from);
}

static void
router_gone(struct rump_kernel *k, void *data, struct mbuf *m)
{
	(void)data;
	m_freem(m);
	nd6_defrouter_select(k);
}

/* llt_lock. RFC 4861 7.2.5. True: it was a router, and is none any more. */
static bool
take_advert(struct ifnet *ifp, struct llentry *lle, const uint8_t *lladdr,
    unsigned flags, struct mbuf **held)
{
	int64_t now = kern_uptime_ns(ifp->if_k);
	bool solicited = (flags & ND_NA_FLAG_SOLICITED) != 0;
	bool was = lle->lle_router, differs;

	if (!lle->lle_valid || lle->lle_state == ND6_LLINFO_INCOMPLETE) {
		if (lladdr == NULL)
			return false;
		memcpy(lle->lle_lladdr, lladdr, 6);
		lle->lle_valid = true;
		make_stale(lle, now);
	} else {
		differs = lladdr != NULL &&
		    memcmp(lle->lle_lladdr, lladdr, 6) != 0;
		if (differs && (flags & ND_NA_FLAG_OVERRIDE) == 0) {
			if (lle->lle_state == ND6_LLINFO_REACHABLE)
				make_stale(lle, now);
			return false;
		}
		if (differs) {
			memcpy(lle->lle_lladdr, lladdr, 6);
			make_stale(lle, now);
		}
	}
	lle->lle_flags &= (uint16_t)~LLE_USERTEMP;
	if (solicited) {
		lle->lle_state = ND6_LLINFO_REACHABLE;
		lle->lle_asked = 0;
		lle->lle_expire_ns = now + reachable_ns(ifp);
	}
	lle->lle_router = (flags & ND_NA_FLAG_ROUTER) != 0;
	*held = take_held(lle);
	return was && !lle->lle_router;
}

struct router_no_more {
	unsigned ifindex;
	struct in6_addr addr;
};

static void
router_no_more(struct rump_kernel *k, void *data, struct mbuf *m)
{
	struct router_no_more *r = data;
	struct ifnet *ifp = if_byindex(k, r->ifindex);
	struct nd_defrouter *dr;

	m_freem(m);
	if (ifp != NULL && (dr = nd6_defrouter_find(ifp, &r->addr)) != NULL) {
		nd6_defrouter_remove(dr);
		nd6_defrouter_select(k);
	}
}

void
nd6_neighbor_advert(struct ifnet *ifp, const struct in6_addr *target,
    const uint8_t *lladdr, unsigned flags)
{
	struct lltable *llt = ND_TABLE(ifp);
	struct router_no_more r = { .ifindex = ifp->if_index, .addr = *target };
	struct mbuf *held = NULL;
	struct llentry *lle;
	bool gone = false;

	if (llt == NULL)
		return;
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, target);
	if (lle != NULL && (lle->lle_flags & LLE_STATIC) == 0)
		gone = take_advert(ifp, lle, lladdr, flags, &held);
	kmutex_exit(&llt->llt_lock);
	send_held(ifp, held, target);
	if (gone)
		(void)net_defer(ifp->if_k, router_no_more, &r, sizeof(r), NULL);
}

/* --- the neighbours' timer --- */

struct nud_action {
	enum { NUD_MULTICAST, NUD_UNICAST, NUD_GONE } what;
	struct in6_addr addr, src;
	struct mbuf *held;
	bool router;
};
struct nud_walk {
	struct ifnet *ifp;
	int64_t now, next;
	unsigned n;
	struct nud_action action[NUD_BATCH];
};

static void
due(struct nud_walk *w, struct llentry *lle)
{
	struct rump_kernel *k = w->ifp->if_k;
	struct nud_action *a = &w->action[w->n++];
	int most = lle->lle_state == ND6_LLINFO_INCOMPLETE ?
	    INET6(k)->nd6_mmaxtries :
	    INET6(k)->nd6_umaxtries;

	a->addr = a6_get(lle->lle_addr.addr6);
	a->src = in6_any;
	a->held = NULL;
	a->router = lle->lle_router;
	if (lle->lle_state == ND6_LLINFO_DELAY) {
		lle->lle_state = ND6_LLINFO_PROBE;
		lle->lle_asked = 0;
	}
	if (lle->lle_asked >= most && lle->lle_asked > 0) {
		a->what = NUD_GONE;
		a->held = take_held(lle);
		/* Found again below, to be taken out. */
		lle->lle_expire_ns = w->now;
		lle->lle_state = ND6_LLINFO_INCOMPLETE;
		lle->lle_valid = false;
		lle->lle_asked = 0;
		return;
	}
	lle->lle_asked++;
	lle->lle_expire_ns = w->now + retrans_ns(w->ifp);
	a->what = lle->lle_state == ND6_LLINFO_PROBE ? NUD_UNICAST :
						       NUD_MULTICAST;
	if (lle->lle_hold != NULL && lle->lle_hold->m_len >= IP6_HDRLEN)
		a->src = a6_get(lle->lle_hold->m_data + IP6_SRC);
	(void)in6_setscope(&a->src, w->ifp);
	if (lle->lle_expire_ns < w->next)
		w->next = lle->lle_expire_ns;
}

static int
nud_look(struct llentry *lle, void *arg)
{
	struct nud_walk *w = arg;

	if ((lle->lle_flags & LLE_STATIC) != 0 || lle->lle_expire_ns == 0 ||
	    (lle->lle_state == ND6_LLINFO_INCOMPLETE && lle->lle_asked == 0) ||
	    lle->lle_state == ND6_LLINFO_REACHABLE ||
	    lle->lle_state == ND6_LLINFO_STALE)
		return 0;
	if (lle->lle_expire_ns > w->now) {
		if (lle->lle_expire_ns < w->next)
			w->next = lle->lle_expire_ns;
		return 0;
	}
	if (w->n == NUD_BATCH) {
		w->next = w->now;
		return 1;
	}
	due(w, lle);
	return 0;
}

/* Who waited is told that nobody is there. */
static void
unreachable(struct ifnet *ifp, struct mbuf *m)
{
	while (m != NULL) {
		struct mbuf *next = m->m_nextpkt;
		struct in6_addr src, dst;

		m->m_nextpkt = NULL;
		if ((m = m_pullup(m, IP6_HDRLEN)) != NULL &&
		    (m = m_makewritable(m, IP6_HDRLEN)) != NULL) {
			/* It waits as it would be on the wire. */
			src = a6_get(m->m_data + IP6_SRC);
			dst = a6_get(m->m_data + IP6_DST);
			(void)in6_setscope(&src, ifp);
			(void)in6_setscope(&dst, ifp);
			a6_put(m->m_data + IP6_SRC, &src);
			a6_put(m->m_data + IP6_DST, &dst);
			if (m->m_pkthdr.rcvif == NULL)
				m->m_pkthdr.rcvif = ifp;
			icmp6_error(
			    m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0);
		}
		m = next;
	}
}

static void
nud_act(struct ifnet *ifp, struct nud_action *a)
{
	struct lltable *llt = ND_TABLE(ifp);
	struct llentry *lle;

	switch (a->what) {
	case NUD_MULTICAST:
		nd6_ns_output(ifp, NULL, &a->addr, &a->src, false);
		break;
	case NUD_UNICAST:
		nd6_ns_output(ifp, &a->addr, &a->addr, &a->src, false);
		break;
	case NUD_GONE:
		kmutex_enter(&llt->llt_lock);
		lle = lle_find(llt, &a->addr);
		if (lle != NULL && !lle->lle_valid && lle->lle_asked == 0 &&
		    lle->lle_hold == NULL)
			lle_remove(lle);
		kmutex_exit(&llt->llt_lock);
		unreachable(ifp, a->held);
		if (a->router)
			(void)net_defer(ifp->if_k, router_gone, NULL, 0, NULL);
		break;
	}
}

static int64_t
nud_interface(struct ifnet *ifp, int64_t now)
{
	struct nud_walk w = { .ifp = ifp, .now = now };

	do {
		w.n = 0;
		w.next = INT64_MAX;
		(void)lltable_foreach(ND_TABLE(ifp), nud_look, &w);
		for (unsigned i = 0; i < w.n; i++)
			nud_act(ifp, &w.action[i]);
	} while (w.n == NUD_BATCH);
	return w.next;
}

static void
nd6_nudtimer(void *arg)
{
	struct rump_kernel *k = arg;
	int64_t now, next = INT64_MAX, t;
	struct ifnet *ifp;

	net_rdlock(k);
	now = kern_uptime_ns(k);
	atomic_store(&ND6(k)->nd_nudnext_ns, INT64_MAX);
	for (ifp = if_first(k); ifp != NULL; ifp = ifp->if_next)
		if (ND_TABLE(ifp) != NULL &&
		    (t = nud_interface(ifp, now)) < next)
			next = t;
	if (next != INT64_MAX)
		nd6_nudwake(k, next);
	net_unlock(k);
	net_run(k);
}

/* Leaf locks may be held. Times are a little coarse, so that many neighbours share a run. */
void
nd6_nudwake(struct rump_kernel *k, int64_t when_ns)
{
	struct nd6_state *nd = ND6(k);

	if (when_ns >= atomic_load(&nd->nd_nudnext_ns))
		return;
	kmutex_enter(&nd->nd_nudlock);
	if (!nd->nd_halting && when_ns < atomic_load(&nd->nd_nudnext_ns)) {
		atomic_store(&nd->nd_nudnext_ns, when_ns);
		if (callout_schedule_abs(
			&nd->nd_nudtimer, when_ns + NUD_COARSE_NS) != 0)
			atomic_store(&nd->nd_nudnext_ns, INT64_MAX);
	}
	kmutex_exit(&nd->nd_nudlock);
}

/* --- boot --- */

int
nd6_boot(struct rump_kernel *k)
{
	struct nd6_state *nd = kmem_zalloc(k, sizeof(*nd));

	if (nd == NULL)
		return -ENOMEM;
	nd->nd_next_ns = INT64_MAX;
	nd->nd_nudnext_ns = INT64_MAX;
	nd->nd_maxqueuelen = 1;
	callout_init(&nd->nd_timer, k, nd6_timer, k);
	callout_init(&nd->nd_nudtimer, k, nd6_nudtimer, k);
	INET6(k)->i6_nd = nd;
	return 0;
}

void
nd6_fini(struct rump_kernel *k)
{
	struct nd6_state *nd = ND6(k);

	if (nd == NULL)
		return;
	nd->nd_halting = true;
	callout_halt(&nd->nd_timer);
	callout_halt(&nd->nd_nudtimer);
	INET6(k)->i6_nd = NULL;
	kmem_free(k, nd, sizeof(*nd));
}
