/* SPDX-License-Identifier: BSD-2-Clause */
/* ARP packets that arrive: learning, answers, other hosts with our addresses (RFC 826, 5227). */
#include <stdio.h>
#include "netinet/arp_private.h"

#define LOGRATE 10 /* messages a second */

static bool
may_log(struct rump_kernel *k, int32_t wanted)
{
	return wanted != 0 && ppsratecheck(k, &ARP(k)->as_log, LOGRATE);
}

/* What of the packet is used. */
struct arp_in {
	struct rump_kernel *k;
	struct ifnet *ifp;
	uint16_t op;
	uint8_t sha[6];
	uint32_t spa, tpa;
	bool ours; /* tpa is an address of the interface */
};

/* Well-formed, for Ethernet and IPv4? */
static bool
parse(struct mbuf **mp, struct arp_in *in)
{
	struct mbuf *m = *mp;
	_Atomic uint64_t *stat = INET(in->k)->arpstat;
	const uint8_t *p;

	if (m->m_pkthdr.len < ARP_LEN) {
		stat_inc(stat, ARP_STAT_RCVBADLEN);
		return false;
	}
	if ((m = *mp = m_pullup(m, ARP_LEN)) == NULL)
		return false;
	p = m->m_data;
	if ((be16_get(p + ARP_HRD) != ARPHRD_ETHER &&
		be16_get(p + ARP_HRD) != ARPHRD_IEEE802) ||
	    be16_get(p + ARP_PRO) != ETHERTYPE_IP) {
		stat_inc(stat, ARP_STAT_RCVBADPROTO);
		return false;
	}
	if (p[ARP_HLN] != 6 || p[ARP_PLN] != 4) {
		stat_inc(stat, ARP_STAT_RCVBADLEN);
		return false;
	}
	in->op = be16_get(p + ARP_OP);
	memcpy(in->sha, p + ARP_SHA, 6);
	memcpy(&in->spa, p + ARP_SPA, 4);
	memcpy(&in->tpa, p + ARP_TPA, 4);
	return true;
}

/* Who sent it can be believed to be somebody else on this net. */
static bool
acceptable(struct arp_in *in, const struct mbuf *m)
{
	_Atomic uint64_t *stat = INET(in->k)->arpstat;
	char buf[INET_ADDRSTRLEN];

	if (in->op == ARPOP_REQUEST)
		stat_inc(stat, ARP_STAT_RCVREQUEST);
	else if (in->op == ARPOP_REPLY)
		stat_inc(stat, ARP_STAT_RCVREPLY);
	if ((m->m_flags & (M_BCAST | M_MCAST)) != 0)
		stat_inc(stat, ARP_STAT_RCVMCAST);
	if (in_firstaddr(in->ifp) == NULL) {
		stat_inc(stat, ARP_STAT_RCVNOINT);
		return false;
	}
	if (memcmp(in->sha, in->ifp->if_lladdr, 6) == 0) {
		stat_inc(stat, ARP_STAT_RCVLOCALSHA);
		return false;
	}
	if ((in->sha[0] & 1) != 0) {
		stat_inc(stat, ARP_STAT_RCVBCASTSHA);
		if (may_log(in->k, 1))
			kern_printf(in->k,
			    "arp: ether address is broadcast for IP address "
			    "%s!\n",
			    in_fmtaddr(buf, in->spa));
		return false;
	}
	/* What answers a probe has its sender's address there: none (RFC 5227). */
	if (in->tpa == INADDR_ANY) {
		stat_inc(stat, ARP_STAT_RCVZEROTPA);
		if (in->op != ARPOP_REPLY)
			return false;
	}
	if (in->spa == INADDR_ANY)
		stat_inc(stat, ARP_STAT_RCVZEROSPA);
	return !in_multicast(in->spa) && in->spa != INADDR_BROADCAST;
}

static bool
on_net(struct arp_in *in)
{
	struct ifaddr *ifa;

	IFADDR_FOREACH(ifa, in->ifp)
	if (ifa->ifa_addr->sa_family == AF_INET &&
	    (ntohl(in->spa) & ifatoia(ifa)->ia_subnetmask) ==
		ifatoia(ifa)->ia_subnet)
		return true;
	return false;
}

/* Table's lock held: an entry that is known may have moved. False: it must not. */
static bool
moved(struct arp_in *in, struct llentry *lle)
{
	_Atomic uint64_t *stat = INET(in->k)->arpstat;
	char ip[INET_ADDRSTRLEN], ll[18];

	if (!lle->lle_valid || memcmp(lle->lle_lladdr, in->sha, 6) == 0)
		return true;
	in_fmtaddr(ip, in->spa);
	arp_fmtlladdr(ll, in->sha);
	if ((lle->lle_flags & LLE_STATIC) != 0) {
		stat_inc(stat, ARP_STAT_RCVOVERPERM);
		if (may_log(in->k, INET(in->k)->arp_log_permanent_modify))
			kern_printf(in->k,
			    "%s tried to overwrite permanent arp info for "
			    "%s\n",
			    ll, ip);
		return false;
	}
	stat_inc(stat, ARP_STAT_RCVOVER);
	if (may_log(in->k, INET(in->k)->arp_log_movements))
		kern_printf(
		    in->k, "arp info overwritten for %s by %s\n", ip, ll);
	return true;
}

/* The same neighbour on another interface of ours: who holds a permanent entry there wins. */
static bool
elsewhere(struct arp_in *in)
{
	for (struct ifnet *ifp = if_first(in->k); ifp != NULL;
	     ifp = ifp->if_next) {
		struct lltable *llt = arp_table(ifp);
		struct llentry *lle;
		bool there;

		if (ifp == in->ifp || llt == NULL)
			continue;
		kmutex_enter(&llt->llt_lock);
		lle = lle_find(llt, &in->spa);
		there = lle != NULL && lle->lle_valid &&
		    (lle->lle_flags & LLE_PUB) == 0;
		kmutex_exit(&llt->llt_lock);
		if (there)
			return true;
	}
	return false;
}

/* RFC 826: the sender's pair is taken over where it is known; it is new where we are the target. */
static void
learn(struct arp_in *in)
{
	struct lltable *llt = arp_table(in->ifp);
	struct mbuf *hold = NULL;
	struct llentry *lle;
	char ip[INET_ADDRSTRLEN], ll[18];

	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, &in->spa);
	kmutex_exit(&llt->llt_lock);
	if (lle == NULL) {
		if (!in->ours)
			return;
		if (!on_net(in)) {
			if (may_log(in->k, INET(in->k)->arp_log_unknown_network))
				kern_printf(in->k,
				    "arp: %s is not on the network of %s (sent "
				    "by %s)\n",
				    in_fmtaddr(ip, in->spa), in->ifp->if_xname,
				    arp_fmtlladdr(ll, in->sha));
			return;
		}
		if (elsewhere(in)) {
			stat_inc(INET(in->k)->arpstat, ARP_STAT_RCVOVERINT);
			if (may_log(in->k, INET(in->k)->arp_log_wrong_iface))
				kern_printf(in->k,
				    "arp: %s tried to overwrite arp info for "
				    "%s on another interface than %s\n",
				    arp_fmtlladdr(ll, in->sha),
				    in_fmtaddr(ip, in->spa), in->ifp->if_xname);
			return;
		}
	}
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, &in->spa);
	if (lle == NULL && in->ours)
		lle = lle_create(llt, &in->spa);
	if (lle != NULL && moved(in, lle)) {
		memcpy(lle->lle_lladdr, in->sha, 6);
		lle->lle_valid = true;
		lle->lle_state = ARP_REACHABLE;
		lle->lle_asked = 0;
		if ((lle->lle_flags & LLE_STATIC) == 0) {
			int64_t keep = INET(in->k)->arp_keep;

			arp_expire(lle, (keep < 1 ? 1 : keep) * 1000000000LL);
		}
		hold = lle->lle_hold;
		lle->lle_hold = NULL;
		lle->lle_numheld = 0;
	}
	kmutex_exit(&llt->llt_lock);
	arp_flush_hold(in->ifp, hold, in->spa);
}

static void
answer(struct arp_in *in)
{
	struct lltable *llt = arp_table(in->ifp);
	const struct in_ifaddr *ia = in_ifaddr_on(in->ifp, in->tpa);
	struct llentry *lle;
	uint8_t sha[6];
	bool published;

	if (ia != NULL) {
		if ((ia->ia_flags & (IN_IFF_NOTREADY | IN_IFF_DETACHED)) == 0)
			arp_send(in->ifp, ARPOP_REPLY, in->ifp->if_lladdr,
			    in->tpa, in->sha, in->spa);
		return;
	}
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, &in->tpa);
	published = lle != NULL && lle->lle_valid &&
	    (lle->lle_flags & LLE_PUB) != 0;
	if (published)
		memcpy(sha, lle->lle_lladdr, 6);
	kmutex_exit(&llt->llt_lock);
	if (published)
		arp_send(in->ifp, ARPOP_REPLY, sha, in->tpa, in->sha, in->spa);
}

void
arp_input(struct mbuf *m)
{
	struct arp_in in = { .k = m->m_k, .ifp = m->m_pkthdr.rcvif };
	struct in_ifaddr *ia;

	stat_inc(INET(in.k)->arpstat, ARP_STAT_RCVTOTAL);
	if (in.ifp == NULL || arp_table(in.ifp) == NULL ||
	    (in.ifp->if_flags & IFF_NOARP) != 0 || !parse(&m, &in) ||
	    !acceptable(&in, m)) {
		m_freem(m);
		return;
	}
	m_freem(m);
	ia = in_ifaddr_on(in.ifp, in.spa);
	if (in.spa != INADDR_ANY && ia != NULL) {
		stat_inc(INET(in.k)->arpstat, ARP_STAT_RCVLOCALSPA);
		arp_conflict(ia, in.sha, false);
		return;
	}
	ia = in_ifaddr_on(in.ifp, in.tpa);
	in.ours = ia != NULL &&
	    (ia->ia_flags & (IN_IFF_NOTREADY | IN_IFF_DETACHED)) == 0;
	/* RFC 5227 2.1.1: somebody probes for what we are probing for. */
	if (in.spa == INADDR_ANY && ia != NULL &&
	    (ia->ia_flags & IN_IFF_TENTATIVE) != 0 && in.op == ARPOP_REQUEST) {
		arp_conflict(ia, in.sha, true);
		return;
	}
	if (in.spa != INADDR_ANY)
		learn(&in);
	if (in.op == ARPOP_REQUEST)
		answer(&in);
}
