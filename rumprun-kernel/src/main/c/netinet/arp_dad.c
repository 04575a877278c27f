/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Duplicate addresses (RFC 5227): probes, announcements, conflicts.
 *
 * ia_dadcount: probes still to send, while IN_IFF_TENTATIVE is set; then
 * ia_dadannounce: announcements. ia_dadtimer has a reference to the address while
 * it is scheduled, or its function waits for the net lock.
 */
#include <stdio.h>
#include "netinet/arp_private.h"

#define SECOND 1000000000LL
/* RFC 5227 1.1 */
#define PROBE_MIN (1 * SECOND)
#define PROBE_MAX (2 * SECOND)
#define ANNOUNCE_WAIT (2 * SECOND)
#define ANNOUNCE_NUM 2
#define ANNOUNCE_INTERVAL (2 * SECOND)

static void
schedule(struct in_ifaddr *ia, int64_t ns)
{
	if (!callout_stop(&ia->ia_dadtimer))
		ifa_get(&ia->ia_ifa);
	if (callout_schedule(&ia->ia_dadtimer, ns) != 0)
		ifa_put(&ia->ia_ifa);
}

static int64_t
between(struct rump_kernel *k, int64_t least, int64_t most)
{
	uint64_t r;

	kern_random(k, &r, sizeof(r));
	return least + (int64_t)(r % (uint64_t)(most - least));
}

static void
announce(struct in_ifaddr *ia)
{
	uint32_t addr = ia->ia_addr.sin_addr.s_addr;

	arp_request(ia->ia_ifa.ifa_ifp, addr, addr);
	if (ia->ia_dadannounce > 0 && --ia->ia_dadannounce > 0)
		schedule(ia, ANNOUNCE_INTERVAL);
}

/* W. One step. */
static void
step(struct in_ifaddr *ia)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;

	if ((ifp->if_flags & IFF_UP) == 0)
		return;
	if ((ia->ia_flags & IN_IFF_TENTATIVE) == 0) {
		if (ia->ia_dadannounce > 0)
			announce(ia);
		return;
	}
	if (ia->ia_dadcount > 0) {
		ia->ia_dadcount--;
		arp_request(ifp, INADDR_ANY, ia->ia_addr.sin_addr.s_addr);
		schedule(ia,
		    ia->ia_dadcount > 0 ?
			between(ifp->if_k, PROBE_MIN, PROBE_MAX) :
			ANNOUNCE_WAIT);
		return;
	}
	ia->ia_flags &= ~IN_IFF_TENTATIVE;
	rt_addrmsg(RTM_NEWADDR, &ia->ia_ifa);
	ia->ia_dadannounce = ANNOUNCE_NUM;
	announce(ia);
}

static void
timer(void *arg)
{
	struct in_ifaddr *ia = arg;
	struct rump_kernel *k = ia->ia_dadtimer.c_k;

	net_wrlock(k);
	/* An address that was taken away meanwhile has neither. */
	if (ia->ia_dadcount > 0 || ia->ia_dadannounce > 0 ||
	    (ia->ia_flags & IN_IFF_TENTATIVE) != 0)
		step(ia);
	ifa_put(&ia->ia_ifa);
	net_unlock(k);
	net_run(k);
}

void
arp_dadstop(struct in_ifaddr *ia)
{
	ia->ia_dadcount = ia->ia_dadannounce = 0;
	ia->ia_flags &= ~IN_IFF_TENTATIVE;
	if (callout_stop(&ia->ia_dadtimer))
		ifa_put(&ia->ia_ifa);
}

void
arp_ifinit_was(struct ifnet *ifp, struct in_ifaddr *ia, bool was_up)
{
	struct rump_kernel *k = ifp->if_k;
	int count = INET(k)->ip_dad_count;

	if (arp_table(ifp) == NULL)
		return;
	if (ia->ia_dadtimer.c_func == NULL)
		callout_init(&ia->ia_dadtimer, k, timer, ia);
	arp_dadstop(ia);
	arp_addself(ifp, ia->ia_addr.sin_addr.s_addr);
	if (!was_up || count <= 0 ||
	    (ifp->if_flags & (IFF_NOARP | IFF_LOOPBACK)) != 0) {
		announce(ia);
		return;
	}
	ia->ia_flags |= IN_IFF_TENTATIVE;
	ia->ia_dadcount = count;
	schedule(ia, between(k, 0, PROBE_MIN));
}

void
arp_lladdr_changed(struct ifnet *ifp)
{
	struct ifaddr *ifa;

	if (arp_table(ifp) == NULL)
		return;
	IFADDR_FOREACH(ifa, ifp)
	{
		struct in_ifaddr *ia = ifatoia(ifa);

		if (ifa->ifa_addr->sa_family != AF_INET)
			continue;
		arp_addself(ifp, ia->ia_addr.sin_addr.s_addr);
		if ((ifp->if_flags & IFF_UP) != 0 &&
		    (ia->ia_flags & IN_IFF_NOTREADY) == 0)
			announce(ia);
	}
}

void
arp_ifinit(struct ifnet *ifp, struct in_ifaddr *ia)
{
	arp_ifinit_was(ifp, ia, (ifp->if_flags & IFF_UP) != 0);
}

/* --- conflicts --- */

struct conflict {
	uint32_t ifindex, addr;
	uint8_t sha[6];
};

/* By net_defer: flags of addresses change with the net lock held exclusively. */
static void
duplicated(struct rump_kernel *k, void *data, struct mbuf *m)
{
	const struct conflict *c = data;
	struct ifnet *ifp = if_byindex(k, c->ifindex);
	struct in_ifaddr *ia = ifp == NULL ? NULL : in_ifaddr_on(ifp, c->addr);
	char ip[INET_ADDRSTRLEN], ll[18];

	m_freem(m);
	if (ia == NULL || (ia->ia_flags & IN_IFF_TENTATIVE) == 0)
		return;
	arp_dadstop(ia);
	ia->ia_flags |= IN_IFF_DUPLICATED;
	kern_printf(k, "%s: DAD duplicate address %s from %s\n", ifp->if_xname,
	    in_fmtaddr(ip, c->addr), arp_fmtlladdr(ll, c->sha));
	rt_addrmsg(RTM_NEWADDR, &ia->ia_ifa);
}

void
arp_conflict(struct in_ifaddr *ia, const uint8_t *sha, bool probe)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	struct rump_kernel *k = ifp->if_k;
	struct conflict c = { .ifindex = ifp->if_index,
		.addr = ia->ia_addr.sin_addr.s_addr };
	char ip[INET_ADDRSTRLEN], ll[18];

	memcpy(c.sha, sha, 6);
	if ((ia->ia_flags & IN_IFF_TENTATIVE) != 0) {
		(void)net_defer(k, duplicated, &c, sizeof(c), NULL);
		return;
	}
	if (probe || (ia->ia_flags & IN_IFF_DUPLICATED) != 0)
		return;
	if (ppsratecheck(k, &ARP(k)->as_log, 1)) {
		kern_printf(k,
		    "duplicate IP address %s sent from link address %s\n",
		    in_fmtaddr(ip, c.addr), arp_fmtlladdr(ll, sha));
		/* RFC 5227 2.4 (b): defended by one announcement, seldom. */
		arp_request(ifp, c.addr, c.addr);
	}
}
