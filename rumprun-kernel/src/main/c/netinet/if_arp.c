/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address resolution for IPv4 on Ethernet (RFC 826, arp(4)): the table.
 *
 * An entry begins ARP_INCOMPLETE when something is to be sent there. Each packet
 * asks again, at most once a second, and waits in place of the one before it
 * (net.inet.arp keeps one). After ARP_MAXTRIES questions the neighbour is
 * ARP_DOWN for net.inet.arp.down seconds: senders get EHOSTDOWN. An answer makes
 * it ARP_REACHABLE for net.inet.arp.keep seconds, and any ARP packet of the
 * neighbour's does again. lle_timer ends each of these times by removing the entry.
 *
 * Locks: llt_lock is a leaf, nothing is sent with it held. lle_timer has a
 * reference while it is scheduled.
 */
#include <stdio.h>
#include "netinet/arp_private.h"

const char *
arp_fmtlladdr(char buf[18], const uint8_t *a)
{
	snprintf(buf, 18, "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2],
	    a[3], a[4], a[5]);
	return buf;
}

/* --- sending --- */

void
arp_send(struct ifnet *ifp, uint16_t op, const uint8_t *sha, uint32_t spa,
    const uint8_t *tha, uint32_t tpa)
{
	struct rump_kernel *k = ifp->if_k;
	struct mbuf *m = m_gethdr(k, MT_DATA);
	struct sockaddr sa = { .sa_len = sizeof(sa), .sa_family = AF_UNSPEC };
	_Atomic uint64_t *stat = INET(k)->arpstat;
	uint8_t *p;

	if (m == NULL) {
		stat_inc(stat, ARP_STAT_ALLOCFAIL);
		return;
	}
	/* Room for the link header in front of it. */
	m->m_data += 16;
	m->m_len = m->m_pkthdr.len = ARP_LEN;
	p = m->m_data;
	be16_put(p + ARP_HRD, ARPHRD_ETHER);
	be16_put(p + ARP_PRO, ETHERTYPE_IP);
	p[ARP_HLN] = 6;
	p[ARP_PLN] = 4;
	be16_put(p + ARP_OP, op);
	memcpy(p + ARP_SHA, sha, 6);
	memcpy(p + ARP_SPA, &spa, 4);
	memset(p + ARP_THA, 0, 6);
	if (tha != NULL)
		memcpy(p + ARP_THA, tha, 6);
	else
		m->m_flags |= M_BCAST;
	memcpy(p + ARP_TPA, &tpa, 4);
	memcpy(sa.sa_data, tha != NULL ? tha : ifp->if_broadcastaddr, 6);
	memcpy(sa.sa_data + 6, ifp->if_lladdr, 6);
	be16_put(sa.sa_data + 12, ETHERTYPE_ARP);
	stat_inc(stat, ARP_STAT_SNDTOTAL);
	stat_inc(
	    stat, op == ARPOP_REPLY ? ARP_STAT_SNDREPLY : ARP_STAT_SENDREQUEST);
	(void)ifp->if_ops->ifo_output(ifp, m, &sa, NULL);
}

void
arp_request(struct ifnet *ifp, uint32_t spa, uint32_t tpa)
{
	arp_send(ifp, ARPOP_REQUEST, ifp->if_lladdr, spa, NULL, tpa);
}

void
arp_flush_hold(struct ifnet *ifp, struct mbuf *hold, uint32_t addr)
{
	struct sockaddr_in sin;

	sockaddr_in_init(&sin, addr, 0);
	while (hold != NULL) {
		struct mbuf *next = hold->m_nextpkt;

		hold->m_nextpkt = NULL;
		stat_inc(INET(ifp->if_k)->arpstat, ARP_STAT_DFRSENT);
		(void)ifp->if_ops->ifo_output(
		    ifp, hold, (struct sockaddr *)&sin, NULL);
		hold = next;
	}
}

/* --- entries --- */

/* Without the net lock held exclusively the table could go while this waits. */
static void
expired(void *arg)
{
	struct llentry *lle = arg;
	struct rump_kernel *k = lle->lle_timer.c_k;
	struct lltable *llt;
	int64_t now = kern_uptime_ns(k);

	net_rdlock(k);
	llt = lle->lle_tbl;
	if (lle->lle_linked) {
		kmutex_enter(&llt->llt_lock);
		if (lle->lle_linked && lle->lle_expire_ns != 0 &&
		    lle->lle_expire_ns <= now)
			lle_remove(lle);
		lle_put(lle);
		kmutex_exit(&llt->llt_lock);
	} else
		lle_put(lle);
	net_unlock(k);
}

void
arp_expire(struct llentry *lle, int64_t ns)
{
	struct rump_kernel *k = lle->lle_tbl->llt_ifp->if_k;

	if (lle->lle_timer.c_func == NULL)
		callout_init(&lle->lle_timer, k, expired, lle);
	if (callout_stop(&lle->lle_timer))
		lle_put(lle);
	lle->lle_expire_ns = 0;
	if (ns == 0)
		return;
	lle->lle_expire_ns = kern_uptime_ns(k) + ns;
	lle->lle_refs++;
	if (callout_schedule(&lle->lle_timer, ns) != 0)
		lle_put(lle);
}

static void
hold(struct llentry *lle, struct mbuf *m)
{
	_Atomic uint64_t *stat = INET(m->m_k)->arpstat;

	stat_inc(stat, ARP_STAT_DFRTOTAL);
	if (lle->lle_hold != NULL) {
		stat_inc(stat, ARP_STAT_DFRDROPPED);
		m_freepkts(lle->lle_hold);
	}
	m->m_nextpkt = NULL;
	lle->lle_hold = m;
	lle->lle_numheld = 1;
}

/*
 * Table's lock held. True: a question is to be sent. *errorp: what the sender gets.
 */
static bool
ask(struct llentry *lle, struct mbuf *m, int *errorp)
{
	struct rump_kernel *k = m->m_k;
	int64_t now = kern_uptime_ns(k),
		down = (int64_t)INET(k)->arp_down * 1000000000LL;

	*errorp = -EWOULDBLOCK;
	if (lle->lle_state == ARP_DOWN) {
		if (now < lle->lle_expire_ns) {
			m_freem(m);
			*errorp = -EHOSTDOWN;
			return false;
		}
		lle->lle_state = ARP_INCOMPLETE;
		lle->lle_asked = 0;
	}
	if (lle->lle_asked > 0 && now - (int64_t)lle->lle_used < ARP_RETRY_NS) {
		hold(lle, m);
		return false;
	}
	if (lle->lle_asked >= ARP_MAXTRIES && down > 0) {
		lle->lle_state = ARP_DOWN;
		arp_expire(lle, down);
		if (lle->lle_hold != NULL)
			m_freepkts(lle->lle_hold);
		lle->lle_hold = NULL;
		lle->lle_numheld = 0;
		m_freem(m);
		*errorp = -EHOSTDOWN;
		return false;
	}
	hold(lle, m);
	lle->lle_asked++;
	lle->lle_used = (uint64_t)now;
	arp_expire(lle, down > ARP_RETRY_NS ? down : ARP_RETRY_NS);
	return true;
}

/* The address to ask with: the packet's own where it is ours, else one of the net. */
static uint32_t
source_for(struct ifnet *ifp, const struct rtentry *rt, const struct mbuf *m,
    uint32_t dst)
{
	struct ifaddr *ifa;
	uint32_t src;

	if (m->m_len >= 20) {
		memcpy(&src, m->m_data + 12, 4);
		if (in_ifaddr_on(ifp, src) != NULL)
			return src;
	}
	if (rt != NULL && rt->rt_ifa != NULL && rt->rt_ifa->ifa_ifp == ifp &&
	    rt->rt_ifa->ifa_addr->sa_family == AF_INET)
		return ifatoia(rt->rt_ifa)->ia_addr.sin_addr.s_addr;
	IFADDR_FOREACH(ifa, ifp)
	if (ifa->ifa_addr->sa_family == AF_INET &&
	    (ntohl(dst) & ifatoia(ifa)->ia_subnetmask) ==
		ifatoia(ifa)->ia_subnet)
		return ifatoia(ifa)->ia_addr.sin_addr.s_addr;
	return in_firstaddr(ifp) == NULL ?
	    INADDR_ANY :
	    in_firstaddr(ifp)->ia_addr.sin_addr.s_addr;
}

int
arp_resolve(struct ifnet *ifp, const struct rtentry *rt, struct mbuf *m,
    const struct sockaddr *dst, uint8_t desten[6])
{
	uint32_t addr = ((const struct sockaddr_in *)(const void *)dst)
			    ->sin_addr.s_addr,
		 src;
	struct lltable *llt = arp_table(ifp);
	const uint8_t *a = (const uint8_t *)&addr;
	struct llentry *lle;
	bool send;
	int error;

	if ((m->m_flags & M_BCAST) != 0) {
		memcpy(desten, ifp->if_broadcastaddr, 6);
		return 0;
	}
	if (in_multicast(addr)) {
		const uint8_t ll[6] = { 1, 0, 0x5e, a[1] & 0x7f, a[2], a[3] };

		memcpy(desten, ll, 6);
		return 0;
	}
	if (llt == NULL || (ifp->if_flags & IFF_NOARP) != 0) {
		m_freem(m);
		return -ENETUNREACH;
	}
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, &addr);
	if (lle != NULL && lle->lle_valid && (lle->lle_flags & LLE_PROXY) == 0) {
		memcpy(desten, lle->lle_lladdr, 6);
		kmutex_exit(&llt->llt_lock);
		return 0;
	}
	if (lle == NULL && (lle = lle_create(llt, &addr)) == NULL) {
		kmutex_exit(&llt->llt_lock);
		stat_inc(INET(ifp->if_k)->arpstat, ARP_STAT_ALLOCFAIL);
		m_freem(m);
		return -ENOBUFS;
	}
	src = source_for(ifp, rt, m, addr);
	send = ask(lle, m, &error);
	kmutex_exit(&llt->llt_lock);
	if (send)
		arp_request(ifp, src, addr);
	if (error == -EHOSTDOWN && rt != NULL &&
	    (rt->rt_flags & RTF_GATEWAY) != 0)
		error = -EHOSTUNREACH;
	return error;
}

void
arp_addself(struct ifnet *ifp, uint32_t addr)
{
	struct lltable *llt = arp_table(ifp);
	struct llentry *lle;

	if (llt == NULL)
		return;
	kmutex_enter(&llt->llt_lock);
	if ((lle = lle_find(llt, &addr)) == NULL)
		lle = lle_create(llt, &addr);
	if (lle != NULL) {
		arp_expire(lle, 0);
		memcpy(lle->lle_lladdr, ifp->if_lladdr, 6);
		lle->lle_valid = true;
		lle->lle_state = ARP_REACHABLE;
		lle->lle_flags = LLE_STATIC | LLE_IFADDR;
	}
	kmutex_exit(&llt->llt_lock);
}

void
arp_delself(struct ifnet *ifp, uint32_t addr)
{
	struct lltable *llt = arp_table(ifp);
	struct llentry *lle;

	if (llt == NULL)
		return;
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, &addr);
	if (lle != NULL && (lle->lle_flags & LLE_IFADDR) != 0)
		lle_remove(lle);
	kmutex_exit(&llt->llt_lock);
}

/* --- what arp(8) does by the routing socket --- */

/* The interface of a neighbour: its net is directly connected. */
static struct ifnet *
ifp_of(struct rump_kernel *k, const struct sockaddr *dst)
{
	struct rtentry *rt = rtalloc1(k, dst);

	if (rt == NULL || (rt->rt_flags & RTF_GATEWAY) != 0)
		return NULL;
	/* A local address's route is by lo0, its entry is the interface's. */
	if ((rt->rt_flags & RTF_LOCAL) != 0 && rt->rt_ifa != NULL)
		return rt->rt_ifa->ifa_ifp;
	return rt->rt_ifp;
}

static int
ll_add(struct rump_kernel *k, const struct sockaddr *dst,
    const struct sockaddr_dl *sdl, int flags, const struct rt_metrics *rmx)
{
	uint32_t addr = ((const struct sockaddr_in *)(const void *)dst)
			    ->sin_addr.s_addr;
	struct ifnet *ifp = if_byindex(k, sdl->sdl_index);
	struct lltable *llt;
	struct llentry *lle;
	struct mbuf *held = NULL;
	int64_t left = 0;
	size_t alen = sdl->sdl_addr.dl_alen, nlen = sdl->sdl_addr.dl_nlen;
	int error = 0;

	/* Where who asks says, which for what is published need not be where the address leads. */
	if (ifp == NULL || arp_table(ifp) == NULL)
		ifp = ifp_of(k, dst);
	if (ifp == NULL || (llt = arp_table(ifp)) == NULL)
		return -ESRCH;
	/* A shorter address is taken, as NetBSD does; the rest of it is zero. */
	if (alen == 0 || alen > 6 || nlen > IFNAMSIZ ||
	    sdl->sdl_len <
		offsetof(struct sockaddr_dl, sdl_addr.dl_data) + nlen + alen)
		return -EINVAL;
	if (rmx != NULL && rmx->rmx_expire != 0)
		left = rmx->rmx_expire - kern_time_second(k);
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, &addr);
	if (lle != NULL && (lle->lle_flags & LLE_STATIC) != 0)
		error = -EEXIST;
	else if (lle == NULL && (lle = lle_create(llt, &addr)) == NULL)
		error = -ENOBUFS;
	if (error == 0) {
		memset(lle->lle_lladdr, 0, sizeof(lle->lle_lladdr));
		memcpy(lle->lle_lladdr,
		    (const uint8_t *)sdl->sdl_addr.dl_data + nlen, alen);
		lle->lle_valid = true;
		lle->lle_state = ARP_REACHABLE;
		lle->lle_flags = 0;
		if ((flags & RTF_ANNOUNCE) != 0)
			lle->lle_flags |= LLE_PUB;
		held = lle->lle_hold;
		lle->lle_hold = NULL;
		lle->lle_numheld = 0;
		if (rmx == NULL || rmx->rmx_expire == 0) {
			lle->lle_flags |= LLE_STATIC;
			arp_expire(lle, 0);
		} else
			arp_expire(lle, (left < 1 ? 1 : left) * 1000000000LL);
	}
	kmutex_exit(&llt->llt_lock);
	arp_flush_hold(ifp, held, addr);
	return error;
}

static int
ll_delete(struct rump_kernel *k, const struct sockaddr *dst)
{
	uint32_t addr = ((const struct sockaddr_in *)(const void *)dst)
			    ->sin_addr.s_addr;

	for (struct ifnet *ifp = if_first(k); ifp != NULL; ifp = ifp->if_next) {
		struct lltable *llt = arp_table(ifp);
		struct llentry *lle;

		if (llt == NULL)
			continue;
		kmutex_enter(&llt->llt_lock);
		lle = lle_find(llt, &addr);
		if (lle != NULL)
			lle_remove(lle);
		kmutex_exit(&llt->llt_lock);
		if (lle != NULL)
			return 0;
	}
	return -ENOENT;
}

struct each {
	struct rump_kernel *k;
	const struct sockaddr *dst;
	int (*fn)(void *, struct ifnet *, const struct sockaddr *,
	    const struct sockaddr_dl *, int, int64_t);
	void *arg;
};

static int
each_entry(struct llentry *lle, void *arg)
{
	struct each *e = arg;
	struct ifnet *ifp = lle->lle_tbl->llt_ifp;
	struct sockaddr_in sin;
	struct sockaddr_dl sdl;
	int flags = RTF_UP | RTF_HOST | RTF_LLDATA;
	int64_t expire = 0;

	if (e->dst != NULL &&
	    ((const struct sockaddr_in *)(const void *)e->dst)->sin_addr.s_addr !=
		lle->lle_addr.addr4)
		return 0;
	sockaddr_in_init(&sin, lle->lle_addr.addr4, 0);
	memset(&sdl, 0, sizeof(sdl));
	sdl.sdl_len = sizeof(sdl);
	sdl.sdl_family = AF_LINK;
	sdl.sdl_index = ifp->if_index;
	sdl.sdl_addr.dl_type = ifp->if_type;
	if (lle->lle_valid) {
		sdl.sdl_addr.dl_alen = 6;
		memcpy(sdl.sdl_addr.dl_data, lle->lle_lladdr, 6);
	}
	if ((lle->lle_flags & LLE_STATIC) != 0)
		flags |= RTF_STATIC;
	if ((lle->lle_flags & LLE_IFADDR) != 0)
		flags |= RTF_LOCAL;
	if (lle->lle_state == ARP_DOWN)
		flags |= RTF_REJECT;
	if ((lle->lle_flags & LLE_PUB) != 0) {
		flags |= RTF_ANNOUNCE;
		/* struct sockaddr_inarp's sin_other: SIN_PROXY */
		sin.sin_zero[6] = 1;
	}
	if (lle->lle_expire_ns != 0)
		expire = kern_time_second(e->k) +
		    (lle->lle_expire_ns - kern_uptime_ns(e->k)) / 1000000000LL;
	return e->fn(e->arg, ifp, (struct sockaddr *)&sin, &sdl, flags, expire);
}

static int
ll_foreach(struct rump_kernel *k, const struct sockaddr *dst,
    int (*fn)(void *, struct ifnet *, const struct sockaddr *,
	const struct sockaddr_dl *, int, int64_t),
    void *arg)
{
	struct each e = { k, dst, fn, arg };
	int error;

	for (struct ifnet *ifp = if_first(k); ifp != NULL; ifp = ifp->if_next)
		if (arp_table(ifp) != NULL &&
		    (error = lltable_foreach(arp_table(ifp), each_entry, &e)) !=
			0)
			return error;
	return 0;
}

static const struct rt_llops arp_llops = { ll_add, ll_delete, ll_foreach };

/* --- interfaces --- */

void
arp_ifattach(struct ifnet *ifp)
{
	if (ARP(ifp->if_k) == NULL || ifp->if_addrlen != 6 ||
	    (ifp->if_type != IFT_ETHER && ifp->if_type != IFT_L2VLAN) ||
	    arp_table(ifp) != NULL)
		return;
	if (lltable_create(ifp, AF_INET, ARP_MAXENTRIES,
		&ifp->if_lltable[LLTABLE_ARP]) != 0)
		ifp->if_lltable[LLTABLE_ARP] = NULL;
}

void
arp_ifdetach(struct ifnet *ifp)
{
	if (arp_table(ifp) == NULL)
		return;
	lltable_destroy(arp_table(ifp));
	ifp->if_lltable[LLTABLE_ARP] = NULL;
}

int
arp_boot(struct rump_kernel *k)
{
	struct arp_state *as = kmem_zalloc(k, sizeof(*as));

	if (as == NULL)
		return -ENOMEM;
	as->as_k = k;
	NS(k)->ns_arp = as;
	rt_setllops(k, AF_INET, &arp_llops);
	net_setinput(k, NETPROTO_ARP, arp_input);
	for (struct ifnet *ifp = if_first(k); ifp != NULL; ifp = ifp->if_next)
		arp_ifattach(ifp);
	return 0;
}

void
arp_fini(struct rump_kernel *k)
{
	if (ARP(k) == NULL)
		return;
	kmem_free(k, ARP(k), sizeof(struct arp_state));
	NS(k)->ns_arp = NULL;
}
