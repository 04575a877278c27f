/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What router advertisements bring (RFC 4861 6.3.4): parameters of the link, default routers, prefixes, and addresses made of those (RFC 4862 5.5), also
 * temporary ones (RFC 8981); and the ends of all of their lifetimes.
 */
#include "netinet6/in6_private.h"

#define RA_LEN 16u
#define PI_LEN 32u
#define TWO_HOURS 7200
#define TEMP_TRIES 3

struct advert {
	unsigned ifindex;
	int off;
};

/* --- temporary addresses --- */

/* RFC 8981 3.3.1 lets the identifier be any random one; not one of those that mean something (RFC 5453). */
static void
temp_identifier(struct rump_kernel *k, uint8_t id[8])
{
	static const uint8_t isatap[4] = { 0x00, 0x00, 0x5e, 0xfe };

	do
		kern_random(k, id, 8);
	while (be64_get(id) == 0 || be64_get(id) >= 0xfdffffffffffff80u ||
	    memcmp(id, isatap, 4) == 0);
	id[0] &= (uint8_t)~2;
}

static void
temp_create(struct nd_prefix *pr, uint32_t vltime, uint32_t pltime)
{
	struct ifnet *ifp = pr->ndpr_ifp;
	struct rump_kernel *k = ifp->if_k;
	uint32_t vmax = (uint32_t)INET6(k)->ip6_tempvltime,
		 pmax = (uint32_t)INET6(k)->ip6_temppltime;
	uint32_t desync = in6_random(k, MAX_TEMP_DESYNC_FACTOR);
	struct in6_newaddr na = { .plen = pr->ndpr_plen,
		.flags = IN6_IFF_AUTOCONF | IN6_IFF_TEMPORARY,
		.prefix = pr };

	pmax = pmax > desync ? pmax - desync : 1;
	na.vltime = vltime < vmax ? vltime : vmax;
	na.pltime = pltime < pmax ? pltime : pmax;
	if (na.pltime > na.vltime)
		na.pltime = na.vltime;
	if (na.pltime <= TEMPADDR_REGEN_ADVANCE)
		return;
	for (int i = 0; i < TEMP_TRIES; i++) {
		na.addr = pr->ndpr_prefix.sin6_addr;
		temp_identifier(k, A6(&na.addr) + 8);
		if (in6_ifaddr_lookup(k, &na.addr) == NULL) {
			(void)in6_update(ifp, &na, NULL);
			return;
		}
	}
}

static bool
has_fresh_temp(const struct nd_prefix *pr)
{
	struct rump_kernel *k = pr->ndpr_ifp->if_k;
	const struct in6_ifaddr *ia;
	int64_t now = in6_now(k);

	for (ia = INET6(k)->i6_ifaddrs; ia != NULL; ia = ia->ia_next)
		if (ia->ia6_ndpr == pr &&
		    (ia->ia6_flags & IN6_IFF_TEMPORARY) != 0 &&
		    (ia->ia6_flags & IN6_IFF_DUPLICATED) == 0 &&
		    ia->ia6_updatetime + ia->ia6_lifetime.ia6t_pltime - now >
			TEMPADDR_REGEN_ADVANCE)
			return true;
	return false;
}

/* --- addresses of a prefix --- */

struct prefix_info {
	struct in6_addr prefix;
	unsigned plen;
	bool onlink, autonomous;
	uint32_t vltime, pltime;
};

static uint32_t
left(const struct in6_ifaddr *ia, int64_t now)
{
	int64_t n = ia->ia6_updatetime + ia->ia6_lifetime.ia6t_vltime - now;

	if (ia->ia6_lifetime.ia6t_vltime == ND6_INFINITE_LIFETIME)
		return ND6_INFINITE_LIFETIME;
	return n < 0 ? 0 : (uint32_t)n;
}

/* RFC 4862 5.5.3 e: an advertisement alone does not end an address sooner than in two hours. */
static uint32_t
valid_lifetime(const struct in6_ifaddr *ia, uint32_t advertised, int64_t now)
{
	uint32_t rest = left(ia, now);

	if (advertised > TWO_HOURS || advertised > rest)
		return advertised;
	return rest <= TWO_HOURS ? rest : TWO_HOURS;
}

static void
refresh(struct in6_ifaddr *ia, const struct prefix_info *pi, int64_t now)
{
	struct rump_kernel *k = ia->ia_ifa.ifa_ifp->if_k;
	struct in6_newaddr na = { .addr = ia->ia_addr.sin6_addr,
		.plen = ia->ia_plen,
		.flags = ia->ia6_flags,
		.vltime = valid_lifetime(ia, pi->vltime, now),
		.pltime = pi->pltime,
		.prefix = ia->ia6_ndpr };

	if ((ia->ia6_flags & IN6_IFF_TEMPORARY) != 0) {
		/* It gets no older than a temporary address may (RFC 8981 3.4). */
		int64_t age = now - ia->ia6_createtime,
			v = INET6(k)->ip6_tempvltime - age,
			p = INET6(k)->ip6_temppltime - age;

		v = v < 0 ? 0 : v;
		p = p < 0 ? 0 : p;
		na.vltime = na.vltime < v ? na.vltime : (uint32_t)v;
		na.pltime = na.pltime < p ? na.pltime : (uint32_t)p;
	}
	if (na.pltime > na.vltime)
		na.pltime = na.vltime;
	na.flags &= ~IN6_IFF_DEPRECATED;
	(void)in6_update(ia->ia_ifa.ifa_ifp, &na, NULL);
}

static void
configure(struct nd_prefix *pr, const struct prefix_info *pi)
{
	struct ifnet *ifp = pr->ndpr_ifp;
	struct rump_kernel *k = ifp->if_k;
	int64_t now = in6_now(k);
	struct in6_newaddr na = { .plen = pi->plen,
		.flags = IN6_IFF_AUTOCONF,
		.vltime = pi->vltime,
		.pltime = pi->pltime,
		.prefix = pr };
	struct in6_ifaddr *ia;
	bool have = false;

	for (ia = INET6(k)->i6_ifaddrs; ia != NULL; ia = ia->ia_next) {
		if (ia->ia6_ndpr != pr ||
		    (ia->ia6_flags & IN6_IFF_AUTOCONF) == 0)
			continue;
		have |= (ia->ia6_flags & IN6_IFF_TEMPORARY) == 0;
		refresh(ia, pi, now);
	}
	na.addr = pi->prefix;
	if (!have && pi->vltime != 0 && in6_eui64(ifp, A6(&na.addr) + 8) &&
	    in6ifa_ifpwithaddr(ifp, &na.addr) == NULL)
		(void)in6_update(ifp, &na, NULL);
	if (INET6(k)->ip6_use_tempaddr != 0 && pi->pltime != 0 &&
	    !has_fresh_temp(pr))
		temp_create(pr, pi->vltime, pi->pltime);
}

static unsigned
count_prefixes(const struct ifnet *ifp)
{
	unsigned n = 0;

	for (struct nd_prefix *pr = ND6(ifp->if_k)->nd_prefixes; pr != NULL;
	     pr = pr->ndpr_next)
		n += pr->ndpr_ifp == ifp;
	return n;
}

static void
add_advertiser(struct nd_prefix *pr, struct nd_defrouter *dr)
{
	struct nd_pfxrouter *pfr;

	if (dr == NULL)
		return;
	for (pfr = pr->ndpr_advrtrs; pfr != NULL; pfr = pfr->next)
		if (pfr->router == dr)
			return;
	pfr = kmem_zalloc(pr->ndpr_ifp->if_k, sizeof(*pfr));
	if (pfr == NULL)
		return;
	pfr->router = dr;
	pfr->next = pr->ndpr_advrtrs;
	pr->ndpr_advrtrs = pfr;
}

static void
set_prefix_lifetimes(struct nd_prefix *pr, const struct prefix_info *pi)
{
	struct rump_kernel *k = pr->ndpr_ifp->if_k;
	int64_t now = in6_now(k);

	pr->ndpr_vltime = pi->vltime;
	pr->ndpr_pltime = pi->pltime;
	pr->ndpr_lastupdate = now;
	pr->ndpr_expire = pi->vltime == ND6_INFINITE_LIFETIME ?
	    0 :
	    now + pi->vltime;
	pr->ndpr_preferred = pi->pltime == ND6_INFINITE_LIFETIME ?
	    0 :
	    now + pi->pltime;
	nd6_wakeat(k, kern_uptime_ns(k) + SEC_NS);
}

static void
take_prefix(struct ifnet *ifp, struct nd_defrouter *dr, const uint8_t *opt)
{
	struct rump_kernel *k = ifp->if_k;
	struct prefix_info pi = { .plen = opt[2],
		.onlink = (opt[3] & ND_OPT_PI_FLAG_ONLINK) != 0,
		.autonomous = (opt[3] & ND_OPT_PI_FLAG_AUTO) != 0,
		.vltime = be32_get(opt + 4),
		.pltime = be32_get(opt + 8),
		.prefix = a6_get(opt + 16) };
	struct nd_prefix *pr;

	if (pi.plen > 128 || pi.pltime > pi.vltime || a6_multicast(&pi.prefix) ||
	    a6_linklocal(&pi.prefix) || (pi.autonomous && pi.plen != 64))
		return;
	a6_prefix(&pi.prefix, pi.plen);
	pr = nd6_prefix_find(ifp, &pi.prefix, pi.plen);
	if (pr == NULL) {
		if (pi.vltime == 0 || (!pi.onlink && !pi.autonomous) ||
		    (INET6(k)->ip6_maxifprefixes >= 0 &&
			count_prefixes(ifp) >=
			    (unsigned)INET6(k)->ip6_maxifprefixes) ||
		    (pr = nd6_prefix_add(ifp, &pi.prefix, pi.plen)) == NULL)
			return;
		pr->ndpr_onlink = pi.onlink;
		pr->ndpr_auto = pi.autonomous;
		set_prefix_lifetimes(pr, &pi);
	} else if (pr->ndpr_advrtrs != NULL || pr->ndpr_refcnt == 0) {
		/* Flags are only ever added (RFC 4861 6.3.4). */
		pr->ndpr_onlink |= pi.onlink;
		pr->ndpr_auto |= pi.autonomous;
		if (pi.onlink)
			set_prefix_lifetimes(pr, &pi);
	}
	add_advertiser(pr, dr);
	if (pr->ndpr_onlink)
		(void)nd6_prefix_onlink(pr);
	if (pi.autonomous)
		configure(pr, &pi);
}

/* --- the rest of an advertisement --- */

static unsigned
count_routers(const struct ifnet *ifp)
{
	unsigned n = 0;

	for (struct nd_defrouter *dr = ND6(ifp->if_k)->nd_routers; dr != NULL;
	     dr = dr->next)
		n += dr->ifp == ifp;
	return n;
}

static struct nd_defrouter *
take_router(struct ifnet *ifp, const struct in6_addr *from, uint8_t flags,
    uint16_t lifetime)
{
	struct rump_kernel *k = ifp->if_k;
	struct nd_defrouter *dr = nd6_defrouter_find(ifp, from);

	if (dr != NULL && lifetime == 0) {
		nd6_defrouter_remove(dr);
		return NULL;
	}
	if (dr == NULL) {
		if (lifetime == 0 ||
		    (INET6(k)->ip6_maxifdefrouters >= 0 &&
			count_routers(ifp) >=
			    (unsigned)INET6(k)->ip6_maxifdefrouters) ||
		    (dr = kmem_zalloc(k, sizeof(*dr))) == NULL)
			return NULL;
		dr->rtaddr = *from;
		dr->ifp = ifp;
		dr->next = ND6(k)->nd_routers;
		ND6(k)->nd_routers = dr;
	}
	dr->flags = flags;
	dr->rtlifetime = lifetime;
	dr->expire = in6_now(k) + lifetime;
	nd6_wakeat(k, kern_uptime_ns(k) + SEC_NS);
	return dr;
}

static void
take_parameters(struct ifnet *ifp, const uint8_t *p)
{
	struct nd_ifinfo *ndi = &IN6_IFEXTRA(ifp)->ie_ndi;
	uint32_t reachable = be32_get(p + 8), retrans = be32_get(p + 12);

	if (p[4] != 0)
		ndi->chlim = p[4];
	if (retrans != 0)
		ndi->retrans = retrans < 100 ? 100 :
		    retrans > 600000	     ? 600000 :
					       retrans;
	if (reachable != 0 && reachable <= MAX_REACHABLE_TIME &&
	    reachable != ndi->basereachable) {
		ndi->basereachable = reachable;
		ndi->reachable = reachable / 2 +
		    in6_random(ifp->if_k, reachable);
	}
}

static void
take_options(
    struct ifnet *ifp, struct nd_defrouter *dr, const uint8_t *opt, size_t len)
{
	while (len >= 8) {
		size_t n = opt[1] * 8u;

		if (opt[0] == ND_OPT_PREFIX_INFORMATION && n == PI_LEN)
			take_prefix(ifp, dr, opt);
		else if (opt[0] == ND_OPT_MTU && n == 8) {
			uint32_t mtu = be32_get(opt + 4);

			if (mtu >= IPV6_MMTU && mtu <= ifp->if_mtu)
				IN6_IFEXTRA(ifp)->ie_ndi.linkmtu = mtu;
		}
		opt += n;
		len -= n;
	}
}

/* W */
static void
advertised(struct rump_kernel *k, void *data, struct mbuf *m)
{
	struct advert *a = data;
	struct ifnet *ifp = if_byindex(k, a->ifindex);
	struct in6_addr src = a6_get(m->m_data + IP6_SRC);
	const uint8_t *p = m->m_data + a->off, *lladdr;
	size_t len = m->m_pkthdr.len - (size_t)a->off;
	struct nd_defrouter *dr;

	if (ifp != NULL && nd6_accepts_ra(ifp)) {
		lladdr = nd6_option_lladdr(
		    p + RA_LEN, len - RA_LEN, ND_OPT_SOURCE_LINKADDR);
		nd6_cache_lladdr(ifp, &src, lladdr, ND_ROUTER_ADVERT, 0);
		take_parameters(ifp, p);
		dr = take_router(ifp, &src, p[5], be16_get(p + 6));
		if (dr != NULL)
			IN6_IFEXTRA(ifp)->ie_rs_when_ns = 0;
		take_options(ifp, dr, p + RA_LEN, len - RA_LEN);
		nd6_defrouter_select(k);
	}
	m_freem(m);
}

void
nd6_ra_input(struct mbuf *m, int off)
{
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	const uint8_t *p = m->m_data + off;
	size_t len = m->m_pkthdr.len - (size_t)off;
	struct in6_addr src = a6_get(m->m_data + IP6_SRC);
	struct advert a = { .ifindex = ifp->if_index, .off = off };

	if (m->m_data[IP6_HLIM] != 255 || !a6_linklocal(&src) || p[1] != 0 ||
	    len < RA_LEN || !nd6_options_valid(p + RA_LEN, len - RA_LEN)) {
		ICMP6STAT_INC(m->m_k, BADRA);
		m_freem(m);
		return;
	}
	if (!nd6_accepts_ra(ifp) || in6_ifaddr_lookup(m->m_k, &src) != NULL) {
		m_freem(m);
		return;
	}
	(void)net_defer(m->m_k, advertised, &a, sizeof(a), m);
}

/* --- ends of lifetimes. W --- */

static int64_t
earlier(int64_t next, int64_t when)
{
	return when < next ? when : next;
}

static int64_t
age_address(struct in6_ifaddr *ia, int64_t now)
{
	const struct in6_addrlifetime *lt = &ia->ia6_lifetime;
	struct rump_kernel *k = ia->ia_ifa.ifa_ifp->if_k;
	int64_t next = INT64_MAX, end;

	if (lt->ia6t_vltime != ND6_INFINITE_LIFETIME)
		next = ia->ia6_updatetime + lt->ia6t_vltime;
	if (lt->ia6t_pltime == ND6_INFINITE_LIFETIME ||
	    (ia->ia6_flags & IN6_IFF_DEPRECATED) != 0)
		return next;
	end = ia->ia6_updatetime + lt->ia6t_pltime;
	if (end <= now) {
		ia->ia6_flags |= IN6_IFF_DEPRECATED;
		return next;
	}
	if ((ia->ia6_flags & IN6_IFF_TEMPORARY) != 0 &&
	    INET6(k)->ip6_use_tempaddr != 0 && ia->ia6_ndpr != NULL) {
		/* The next one is there before this one gets old. */
		if (end - TEMPADDR_REGEN_ADVANCE > now)
			end -= TEMPADDR_REGEN_ADVANCE;
		else if (!has_fresh_temp(ia->ia6_ndpr)) {
			struct nd_prefix *pr = ia->ia6_ndpr;
			int64_t v = pr->ndpr_expire == 0 ?
			    ND6_INFINITE_LIFETIME :
			    pr->ndpr_expire - now;
			int64_t p = pr->ndpr_preferred == 0 ?
			    ND6_INFINITE_LIFETIME :
			    pr->ndpr_preferred - now;

			if (v > 0 && p > 0)
				temp_create(pr, (uint32_t)v, (uint32_t)p);
		}
	}
	return earlier(next, end);
}

/* A prefix that is over takes the addresses made of it along. */
static void
end_prefix(struct nd_prefix *pr)
{
	struct rump_kernel *k = pr->ndpr_ifp->if_k;
	struct in6_ifaddr *ia, *next;

	pr->ndpr_refcnt++;
	for (ia = INET6(k)->i6_ifaddrs; ia != NULL; ia = next) {
		next = ia->ia_next;
		if (ia->ia6_ndpr == pr &&
		    (ia->ia6_flags & IN6_IFF_AUTOCONF) != 0 &&
		    in6_expired(ia, in6_now(k)))
			in6_purgeaddr(ia);
	}
	if (--pr->ndpr_refcnt == 0)
		nd6_prefix_remove(pr);
	else
		pr->ndpr_expire = 0;
}

int64_t
nd6_life_tick(struct rump_kernel *k, int64_t now_ns)
{
	int64_t now = now_ns / SEC_NS, next = INT64_MAX;
	struct nd6_state *nd = ND6(k);
	struct in6_ifaddr *ia, *ianext;
	struct nd_prefix *pr, *prnext;
	struct nd_defrouter *dr, *drnext;
	bool gone = false;

	for (ia = INET6(k)->i6_ifaddrs; ia != NULL; ia = ianext) {
		ianext = ia->ia_next;
		if (in6_expired(ia, now))
			in6_purgeaddr(ia);
		else
			next = earlier(next, age_address(ia, now));
	}
	for (dr = nd->nd_routers; dr != NULL; dr = drnext) {
		drnext = dr->next;
		if (dr->expire <= now) {
			nd6_defrouter_remove(dr);
			gone = true;
		} else
			next = earlier(next, dr->expire);
	}
	for (pr = nd->nd_prefixes; pr != NULL; pr = prnext) {
		prnext = pr->ndpr_next;
		if (pr->ndpr_expire != 0 && pr->ndpr_expire <= now)
			end_prefix(pr);
		else if (pr->ndpr_expire != 0)
			next = earlier(next, pr->ndpr_expire);
	}
	if (gone)
		nd6_defrouter_select(k);
	return next == INT64_MAX ? next : next * SEC_NS;
}
