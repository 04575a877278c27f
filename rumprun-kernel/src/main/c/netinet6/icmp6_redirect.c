/* SPDX-License-Identifier: BSD-2-Clause */
/* Redirects (RFC 4861 8): routers tell of a better first hop, hosts take it. */
#include "net/pfil.h"
#include "netinet6/in6_private.h"

#define RD_LEN 40u
#define RD_MAXQUOTE (IPV6_MMTU - IP6_HDRLEN - RD_LEN - 8 - 8)

struct redirect {
	unsigned ifindex;
	bool onlink;
	struct in6_addr src, target, dst;
};

/* W */
static void
redirected(struct rump_kernel *k, void *data, struct mbuf *m)
{
	struct redirect *r = data;
	struct ifnet *ifp = if_byindex(k, r->ifindex);
	struct in6_ifaddr *ia;
	struct sockaddr_in6 dst, gateway, src;

	m_freem(m);
	if (ifp == NULL)
		return;
	sin6_init(&dst, &r->dst);
	sin6_init(&gateway, &r->target);
	sin6_init(&src, &r->src);
	if (!r->onlink) {
		rtredirect(k, (struct sockaddr *)&dst,
		    (struct sockaddr *)&gateway, NULL, RTF_GATEWAY | RTF_HOST,
		    (struct sockaddr *)&src);
		return;
	}
	ia = in6ifa_ifpforlinklocal(ifp, IN6_IFF_NOTREADY);
	if (ia != NULL)
		(void)rtrequest_sa(k, RTM_ADD, (struct sockaddr *)&dst,
		    ifp->if_dl->ifa_addr, NULL, RTF_UP | RTF_HOST | RTF_DYNAMIC,
		    &ia->ia_ifa, NULL);
}

/* From the router that we would take (RFC 4861 8.1). */
static bool
from_gateway(struct rump_kernel *k, const struct redirect *r)
{
	struct sockaddr_in6 dst;
	struct rtentry *rt;

	sin6_init(&dst, &r->dst);
	rt = rtalloc1(k, (struct sockaddr *)&dst);
	return rt != NULL && (rt->rt_flags & RTF_GATEWAY) != 0 &&
	    rt->rt_gateway->sa_family == AF_INET6 &&
	    rt->rt_ifp->if_index == r->ifindex &&
	    a6_equal(&sin6_of(rt->rt_gateway)->sin6_addr, &r->src);
}

void
icmp6_redirect_input(struct mbuf *m, int off)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	const uint8_t *p = m->m_data + off, *lladdr;
	size_t len = m->m_pkthdr.len - (size_t)off;
	struct redirect r = { .ifindex = ifp->if_index,
		.src = a6_get(m->m_data + IP6_SRC) };

	if (INET6(k)->ip6_forwarding != 0 || INET6(k)->icmp6_rediraccept == 0)
		goto out;
	if (len < RD_LEN) {
		ICMP6STAT_INC(k, TOOSHORT);
		goto out;
	}
	r.target = a6_get(p + 8);
	r.dst = a6_get(p + 24);
	r.onlink = a6_equal(&r.target, &r.dst);
	(void)in6_setscope(&r.target, ifp);
	(void)in6_setscope(&r.dst, ifp);
	if (m->m_data[IP6_HLIM] != 255 || p[1] != 0 || !a6_linklocal(&r.src) ||
	    a6_multicast(&r.dst) || a6_unspecified(&r.dst) ||
	    (!r.onlink && !a6_linklocal(&r.target)) ||
	    !nd6_options_valid(p + RD_LEN, len - RD_LEN) ||
	    !from_gateway(k, &r)) {
		ICMP6STAT_INC(k, BADREDIRECT);
		goto out;
	}
	lladdr = nd6_option_lladdr(
	    p + RD_LEN, len - RD_LEN, ND_OPT_TARGET_LINKADDR);
	nd6_cache_lladdr(ifp, &r.target, lladdr, ND_REDIRECT,
	    r.onlink ? ND_REDIRECT_ONLINK : ND_REDIRECT_ROUTER);
	(void)net_defer(k, redirected, &r, sizeof(r), NULL);
out:
	m_freem(m);
}

/* --- sending --- */

/* The target's link address, if we know it. */
static bool
known_lladdr(struct ifnet *ifp, const struct in6_addr *a, uint8_t lladdr[6])
{
	struct lltable *llt = ND_TABLE(ifp);
	struct llentry *lle;
	bool known;

	if (llt == NULL)
		return false;
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, a);
	known = lle != NULL && lle->lle_valid;
	if (known)
		memcpy(lladdr, lle->lle_lladdr, 6);
	kmutex_exit(&llt->llt_lock);
	return known;
}

static struct mbuf *
build(const struct mbuf *m, struct ifnet *ifp, struct in6_addr *target,
    struct in6_addr *dst)
{
	size_t quote = m->m_pkthdr.len < RD_MAXQUOTE ? m->m_pkthdr.len :
						       RD_MAXQUOTE;
	uint8_t lladdr[6], *p;
	bool known = known_lladdr(ifp, target, lladdr);
	struct in6_addr a;
	struct mbuf *r;

	quote &= ~(size_t)7;
	r = icmp6_message(
	    m->m_k, ifp, RD_LEN + (known ? 8 : 0) + 8 + quote, ND_REDIRECT, 0);
	if (r == NULL)
		return NULL;
	p = r->m_data + IP6_HDRLEN;
	in6_clearscope(target);
	in6_clearscope(dst);
	a6_put(p + 8, target);
	a6_put(p + 24, dst);
	p += RD_LEN;
	if (known) {
		p[0] = ND_OPT_TARGET_LINKADDR;
		p[1] = 1;
		memcpy(p + 2, lladdr, 6);
		p += 8;
	}
	p[0] = ND_OPT_REDIRECTED_HEADER;
	p[1] = (uint8_t)(1 + quote / 8);
	m_copydata(m, 0, quote, p + 8);
	a = a6_get(p + 8 + IP6_SRC);
	in6_clearscope(&a);
	a6_put(p + 8 + IP6_SRC, &a);
	a = a6_get(p + 8 + IP6_DST);
	in6_clearscope(&a);
	a6_put(p + 8 + IP6_DST, &a);
	return r;
}

void
icmp6_redirect_output(struct mbuf *m, struct rtentry *rt)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = rt->rt_ifp;
	struct in6_ifaddr *ia = in6ifa_ifpforlinklocal(ifp, IN6_IFF_NOTREADY);
	struct in6_addr to, target, dst;
	struct mbuf *r;

	if (ia == NULL || (m = m_pullup(m, IP6_HDRLEN)) == NULL) {
		m_freem(m);
		return;
	}
	to = a6_get(m->m_data + IP6_SRC);
	target = dst = a6_get(m->m_data + IP6_DST);
	if ((rt->rt_flags & RTF_GATEWAY) != 0) {
		if (rt->rt_gateway->sa_family != AF_INET6)
			goto out;
		target = sin6_of(rt->rt_gateway)->sin6_addr;
		/* RFC 4861 8.2: routers go by their link-local addresses. */
		if (!a6_linklocal(&target))
			goto out;
	}
	if (a6_multicast(&dst) || a6_unspecified(&to) ||
	    !ppsratecheck(
		k, &INET6(k)->i6_icmprate, INET6(k)->icmp6_errppslimit))
		goto out;
	if ((r = build(m, ifp, &target, &dst)) == NULL)
		goto out;
	IP6STAT_INC(k, REDIRECTSENT);
	icmp6_ifstat_inc(ifp, ICMP6IFS(out_redirect));
	icmp6_send(ifp, r, &ia->ia_addr.sin6_addr, &to, 255, false);
out:
	m_freem(m);
}
