/* SPDX-License-Identifier: BSD-2-Clause */
/* Neighbour solicitations and advertisements (RFC 4861 7), and duplicate address detection with them (RFC 4862 5.4). */
#include "netinet6/in6_private.h"

#define NS_LEN 24u /* without options; an advertisement's is the same */
#define LLOPT_LEN 8u

/* --- options --- */

bool
nd6_options_valid(const uint8_t *opts, size_t len)
{
	while (len > 0) {
		size_t n;

		if (len < 2 || (n = opts[1] * 8u) == 0 || n > len)
			return false;
		opts += n;
		len -= n;
	}
	return true;
}

const uint8_t *
nd6_option_lladdr(const uint8_t *opts, size_t len, int type)
{
	while (len >= LLOPT_LEN) {
		if (opts[0] == type && opts[1] == 1)
			return opts + 2;
		len -= opts[1] * 8u;
		opts += opts[1] * 8u;
	}
	return NULL;
}

static void
put_lladdr(const struct ifnet *ifp, uint8_t *opt, int type)
{
	opt[0] = (uint8_t)type;
	opt[1] = 1;
	memcpy(opt + 2, ifp->if_lladdr, 6);
}

/* --- solicitations --- */

/* RFC 4861 7.2.2: the address that the packet has, if it is ours here; else one that the neighbour can answer. */
static int
solicit_from(struct ifnet *ifp, const struct in6_addr *target,
    const struct in6_addr *src, struct in6_addr *from)
{
	struct rump_kernel *k = ifp->if_k;
	struct ifnet *out = ifp;
	struct sockaddr_in6 dst;
	struct in6_ifaddr *ia;

	if (src != NULL && !a6_unspecified(src) &&
	    (ia = in6ifa_ifpwithaddr(ifp, src)) != NULL &&
	    (ia->ia6_flags & (IN6_IFF_NOTREADY | IN6_IFF_ANYCAST)) == 0) {
		*from = *src;
		return 0;
	}
	sin6_init(&dst, target);
	return in6_selectsrc(k, &dst, NULL, NULL, NULL, &out, from);
}

void
nd6_ns_output(struct ifnet *ifp, const struct in6_addr *daddr,
    const struct in6_addr *target, const struct in6_addr *src, bool dad)
{
	bool sll = !dad && ifp->if_addrlen == 6;
	struct in6_addr from = in6_any, to, wire = *target;
	struct mbuf *m;

	if (daddr != NULL)
		to = *daddr;
	else
		in6_solicited(&to, target, ifp);
	if (!dad && solicit_from(ifp, target, src, &from) != 0)
		return;
	m = icmp6_message(ifp->if_k, ifp, NS_LEN + (sll ? LLOPT_LEN : 0),
	    ND_NEIGHBOR_SOLICIT, 0);
	if (m == NULL)
		return;
	in6_clearscope(&wire);
	a6_put(m->m_data + IP6_HDRLEN + 8, &wire);
	if (sll)
		put_lladdr(ifp, m->m_data + IP6_HDRLEN + NS_LEN,
		    ND_OPT_SOURCE_LINKADDR);
	icmp6_ifstat_inc(ifp, ICMP6IFS(out_neighborsolicit));
	icmp6_send(ifp, m, &from, &to, 255, false);
}

/* How we have target; IN6_IFF_NOTREADY when not at all. */
struct target {
	bool ours, proxy, anycast;
	int flags;
	uint8_t lladdr[6];
};

static void
find_target(struct ifnet *ifp, const struct in6_addr *a, struct target *t)
{
	struct in6_ifaddr *ia = in6ifa_ifpwithaddr(ifp, a);
	struct lltable *llt = ND_TABLE(ifp);
	struct llentry *lle;

	memset(t, 0, sizeof(*t));
	memcpy(t->lladdr, ifp->if_lladdr, 6);
	if (ia != NULL) {
		t->ours = true;
		t->flags = ia->ia6_flags;
		t->anycast = (ia->ia6_flags & IN6_IFF_ANYCAST) != 0;
		return;
	}
	if (llt == NULL)
		return;
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, a);
	if (lle != NULL && (lle->lle_flags & LLE_PUB) != 0 && lle->lle_valid) {
		t->ours = t->proxy = true;
		memcpy(t->lladdr, lle->lle_lladdr, 6);
	}
	kmutex_exit(&llt->llt_lock);
}

struct duplicate {
	unsigned ifindex;
	struct in6_addr addr;
};

/* W */
static void
duplicated(struct rump_kernel *k, void *data, struct mbuf *m)
{
	struct duplicate *d = data;
	struct ifnet *ifp = if_byindex(k, d->ifindex);
	struct in6_ifaddr *ia;
	char text[INET6_ADDRSTRLEN];
	uint8_t id[8];

	m_freem(m);
	if (ifp == NULL || (ia = in6ifa_ifpwithaddr(ifp, &d->addr)) == NULL ||
	    (ia->ia6_flags & IN6_IFF_TENTATIVE) == 0)
		return;
	nd6_dad_stop(ia);
	ia->ia6_flags &= ~IN6_IFF_TENTATIVE;
	ia->ia6_flags |= IN6_IFF_DUPLICATED;
	rt_addrmsg(RTM_NEWADDR, &ia->ia_ifa);
	kern_printf(k, "%s: duplicate IPv6 address %s\n", ifp->if_xname,
	    in6_fmtaddr(text, &ia->ia_addr.sin6_addr));
	/* RFC 4862 5.4.5: two link addresses are the same. */
	if (a6_linklocal(&ia->ia_addr.sin6_addr) && ifp->if_addrlen == 6 &&
	    in6_eui64(ifp, id) &&
	    memcmp(A6(&ia->ia_addr.sin6_addr) + 8, id, 8) == 0)
		IN6_IFEXTRA(ifp)->ie_ndi.flags |= ND6_IFF_IFDISABLED;
}

static void
duplicate(struct ifnet *ifp, const struct in6_addr *a)
{
	struct duplicate d = { .ifindex = ifp->if_index, .addr = *a };

	(void)net_defer(ifp->if_k, duplicated, &d, sizeof(d), NULL);
}

static bool
solicitation_valid(const struct mbuf *m, int off, const struct in6_addr *src,
    const struct in6_addr *dst, const struct in6_addr *target)
{
	const uint8_t *p = m->m_data + off;
	size_t len = m->m_pkthdr.len - (size_t)off;
	struct in6_addr group;

	if (m->m_data[IP6_HLIM] != 255 || p[1] != 0 || len < NS_LEN ||
	    a6_multicast(target) || !nd6_options_valid(p + NS_LEN, len - NS_LEN))
		return false;
	if (!a6_unspecified(src))
		return true;
	in6_solicited(&group, target, m->m_pkthdr.rcvif);
	return a6_equal(dst, &group) &&
	    nd6_option_lladdr(
		p + NS_LEN, len - NS_LEN, ND_OPT_SOURCE_LINKADDR) == NULL;
}

static void
answer(struct ifnet *ifp, const struct target *t, const struct in6_addr *src,
    const struct in6_addr *dst, const struct in6_addr *target)
{
	unsigned flags = INET6(ifp->if_k)->ip6_forwarding != 0 ?
	    ND_NA_FLAG_ROUTER :
	    0;
	struct in6_addr to = *src;
	bool tll = a6_multicast(dst);

	if (a6_unspecified(src)) {
		to = in6_allnodes;
		(void)in6_setscope(&to, ifp);
		tll = true;
	} else
		flags |= ND_NA_FLAG_SOLICITED;
	if (tll && !t->anycast && !t->proxy)
		flags |= ND_NA_FLAG_OVERRIDE;
	nd6_na_output(ifp, &to, target, flags, tll);
}

void
nd6_ns_input(struct mbuf *m, int off)
{
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	const uint8_t *p = m->m_data + off;
	struct in6_addr src = a6_get(m->m_data + IP6_SRC),
			dst = a6_get(m->m_data + IP6_DST), target;
	size_t len = m->m_pkthdr.len - (size_t)off;
	const uint8_t *lladdr;
	struct target t;

	if (len < NS_LEN) {
		ICMP6STAT_INC(m->m_k, TOOSHORT);
		goto out;
	}
	target = a6_get(p + 8);
	(void)in6_setscope(&target, ifp);
	if (!solicitation_valid(m, off, &src, &dst, &target) ||
	    (!a6_unspecified(&src) && !nd6_is_neighbor(ifp, &src))) {
		ICMP6STAT_INC(m->m_k, BADNS);
		goto out;
	}
	find_target(ifp, &target, &t);
	if (!t.ours || (t.flags & (IN6_IFF_DUPLICATED | IN6_IFF_DETACHED)) != 0)
		goto out;
	if (in6_ifaddr_lookup(m->m_k, &src) != NULL)
		goto out; /* somebody says he is us */
	if ((t.flags & IN6_IFF_TENTATIVE) != 0) {
		/* RFC 4862 5.4.3: who else is trying it out. */
		if (a6_unspecified(&src) && (m->m_flags & M_LOOP) == 0)
			duplicate(ifp, &target);
		goto out;
	}
	lladdr = nd6_option_lladdr(
	    p + NS_LEN, len - NS_LEN, ND_OPT_SOURCE_LINKADDR);
	if (!a6_unspecified(&src) && lladdr != NULL)
		nd6_cache_lladdr(ifp, &src, lladdr, ND_NEIGHBOR_SOLICIT, 0);
	answer(ifp, &t, &src, &dst, &target);
out:
	m_freem(m);
}

/* --- advertisements --- */

void
nd6_na_output(struct ifnet *ifp, const struct in6_addr *dst,
    const struct in6_addr *target, unsigned flags, bool tlladdr)
{
	bool tll = tlladdr && ifp->if_addrlen == 6;
	struct in6_addr from, wire = *target;
	struct ifnet *out = ifp;
	struct sockaddr_in6 to;
	struct target t;
	struct mbuf *m;

	find_target(ifp, target, &t);
	from = *target;
	/* What all are told comes from where nobody doubts it; a proxy or anycast address is nobody's source. */
	if (t.proxy || t.anycast || a6_multicast(dst)) {
		struct in6_ifaddr *ia = in6ifa_ifpforlinklocal(
		    ifp, IN6_IFF_NOTREADY | IN6_IFF_ANYCAST);

		sin6_init(&to, dst);
		if (ia != NULL && (a6_multicast(dst) || a6_linklocal(dst)))
			from = ia->ia_addr.sin6_addr;
		else if (in6_selectsrc(ifp->if_k, &to, NULL, NULL, NULL, &out,
			     &from) != 0)
			return;
	}
	m = icmp6_message(ifp->if_k, ifp, NS_LEN + (tll ? LLOPT_LEN : 0),
	    ND_NEIGHBOR_ADVERT, 0);
	if (m == NULL)
		return;
	m->m_data[IP6_HDRLEN + 4] = (uint8_t)flags;
	in6_clearscope(&wire);
	a6_put(m->m_data + IP6_HDRLEN + 8, &wire);
	if (tll) {
		put_lladdr(ifp, m->m_data + IP6_HDRLEN + NS_LEN,
		    ND_OPT_TARGET_LINKADDR);
		memcpy(m->m_data + IP6_HDRLEN + NS_LEN + 2, t.lladdr, 6);
	}
	icmp6_ifstat_inc(ifp, ICMP6IFS(out_neighboradvert));
	icmp6_send(ifp, m, &from, dst, 255, false);
}

void
nd6_lladdr_changed(struct ifnet *ifp)
{
	struct in6_addr to = in6_allnodes;
	struct ifaddr *ifa;

	if (ND_TABLE(ifp) == NULL)
		return;
	(void)in6_setscope(&to, ifp);
	IFADDR_FOREACH(ifa, ifp)
	{
		struct in6_ifaddr *ia = ifatoia6(ifa);

		if (ifa->ifa_addr->sa_family != AF_INET6)
			continue;
		nd6_addr_add(ia);
		if ((ifp->if_flags & IFF_UP) != 0 &&
		    (ia->ia6_flags & (IN6_IFF_NOTREADY | IN6_IFF_ANYCAST)) == 0)
			nd6_na_output(ifp, &to, &ia->ia_addr.sin6_addr,
			    ND_NA_FLAG_OVERRIDE, true);
	}
}

void
nd6_na_input(struct mbuf *m, int off)
{
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	const uint8_t *p = m->m_data + off;
	struct in6_addr dst = a6_get(m->m_data + IP6_DST), target;
	size_t len = m->m_pkthdr.len - (size_t)off;
	struct in6_ifaddr *ia;

	if (len < NS_LEN) {
		ICMP6STAT_INC(m->m_k, TOOSHORT);
		goto out;
	}
	target = a6_get(p + 8);
	(void)in6_setscope(&target, ifp);
	if (m->m_data[IP6_HLIM] != 255 || p[1] != 0 || a6_multicast(&target) ||
	    a6_unspecified(&target) ||
	    (a6_multicast(&dst) && (p[4] & ND_NA_FLAG_SOLICITED) != 0) ||
	    !nd6_options_valid(p + NS_LEN, len - NS_LEN)) {
		ICMP6STAT_INC(m->m_k, BADNA);
		goto out;
	}
	ia = in6ifa_ifpwithaddr(ifp, &target);
	if (ia != NULL) {
		/* RFC 4862 5.4.4 */
		if ((ia->ia6_flags & IN6_IFF_TENTATIVE) != 0)
			duplicate(ifp, &target);
		goto out;
	}
	nd6_neighbor_advert(ifp, &target,
	    nd6_option_lladdr(p + NS_LEN, len - NS_LEN, ND_OPT_TARGET_LINKADDR),
	    p[4]);
out:
	m_freem(m);
}

/* --- duplicate address detection. W --- */

static void
dad_over(struct in6_ifaddr *ia)
{
	ia->ia_dadwhen_ns = 0;
	if ((ia->ia6_flags & IN6_IFF_TENTATIVE) == 0)
		return;
	ia->ia6_flags &= ~IN6_IFF_TENTATIVE;
	rt_addrmsg(RTM_NEWADDR, &ia->ia_ifa);
}

static void
dad_step(struct in6_ifaddr *ia, int64_t now)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	uint32_t retrans = IN6_IFEXTRA(ifp)->ie_ndi.retrans;

	if (ia->ia_dad_ns_ocount >= ia->ia_dadcount) {
		dad_over(ia);
		return;
	}
	ia->ia_dad_ns_ocount++;
	ia->ia_dadwhen_ns = now + (retrans < 10 ? 10 : retrans) * MSEC_NS;
	nd6_ns_output(ifp, NULL, &ia->ia_addr.sin6_addr, NULL, true);
}

void
nd6_dad_start(struct in6_ifaddr *ia, int delay_ms)
{
	struct rump_kernel *k = ia->ia_ifa.ifa_ifp->if_k;
	int64_t now = kern_uptime_ns(k);

	if ((ia->ia6_flags & IN6_IFF_TENTATIVE) == 0 || ia->ia_dadwhen_ns != 0)
		return;
	ia->ia_dadcount = INET6(k)->ip6_dad_count;
	ia->ia_dad_ns_ocount = 0;
	if (ia->ia_dadcount <= 0 || (ia->ia6_flags & IN6_IFF_ANYCAST) != 0 ||
	    (ia->ia_ifa.ifa_ifp->if_flags & IFF_UP) == 0) {
		dad_over(ia);
		return;
	}
	if (delay_ms > 0)
		ia->ia_dadwhen_ns = now + delay_ms * MSEC_NS;
	else
		dad_step(ia, now);
	nd6_wakeat(k, ia->ia_dadwhen_ns);
}

void
nd6_dad_stop(struct in6_ifaddr *ia)
{
	ia->ia_dadwhen_ns = 0;
}

int64_t
nd6_dad_tick(struct rump_kernel *k, int64_t now)
{
	int64_t next = INT64_MAX;
	struct in6_ifaddr *ia;

	for (ia = INET6(k)->i6_ifaddrs; ia != NULL; ia = ia->ia_next) {
		if (ia->ia_dadwhen_ns == 0)
			continue;
		if (ia->ia_dadwhen_ns <= now)
			dad_step(ia, now);
		if (ia->ia_dadwhen_ns != 0 && ia->ia_dadwhen_ns < next)
			next = ia->ia_dadwhen_ns;
	}
	return next;
}
