/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of interfaces and their addresses; their coming, going, and state. Contracts: net/if_var.h.
 *
 * An interface leaves in this order: the families, routes and listeners let go of it, it goes off the list (all with the net lock held exclusively,
 * so that nobody is looking), net_run finishes with those that wait to be announced, the driver ends its threads, packets that these have put into the
 * queue meanwhile go, and only then its number is free.
 */
#include <stdio.h>
#include "net/bpf_var.h"
#include "net/if_llatbl.h"
#include "net/if_private.h"
#include "net/pfil.h"
#include "net/route_var.h"
#include "netinet/inet.h"
#include "netinet6/inet6.h"

/* --- names --- */

const uint8_t *
sockaddr_key(const struct sockaddr *sa, size_t *len)
{
	size_t off = sa->sa_family == AF_INET ? 4 :
	    sa->sa_family == AF_INET6	      ? 8 :
						2;

	if (sa->sa_family == AF_INET)
		*len = 4;
	else if (sa->sa_family == AF_INET6)
		*len = 16;
	else
		*len = sa->sa_len > 2 ? sa->sa_len - 2u : 0;
	return (const uint8_t *)sa + off;
}

bool
sockaddr_same(const struct sockaddr *a, const struct sockaddr *b)
{
	size_t alen, blen;
	const uint8_t *ka = sockaddr_key(a, &alen), *kb = sockaddr_key(b, &blen);

	return a->sa_family == b->sa_family && alen == blen &&
	    memcmp(ka, kb, alen) == 0;
}

void
if_initname(struct ifnet *ifp, const char *dname, int unit)
{
	ifp->if_dname = dname;
	ifp->if_dunit = unit;
	snprintf(ifp->if_xname, sizeof(ifp->if_xname), "%s%d", dname, unit);
}

/* --- finding --- */

struct ifnet *
if_first(struct rump_kernel *k)
{
	return NS(k)->ns_if != NULL ? NS(k)->ns_if->ifs_list : NULL;
}

struct ifnet *
if_byname(struct rump_kernel *k, const char *name)
{
	struct ifnet *ifp;

	for (ifp = if_first(k); ifp != NULL; ifp = ifp->if_next)
		if (strncmp(ifp->if_xname, name, IFNAMSIZ) == 0)
			return ifp;
	return NULL;
}

struct ifnet *
if_byindex(struct rump_kernel *k, unsigned index)
{
	struct if_state *ifs = NS(k)->ns_if;

	return ifs != NULL && index < ifs->ifs_indexmax ?
	    ifs->ifs_byindex[index] :
	    NULL;
}

struct ifnet *
if_loop(struct rump_kernel *k)
{
	return NS(k)->ns_if != NULL ? NS(k)->ns_if->ifs_lo0 : NULL;
}

struct ifaddr *
ifa_ifwithaddr(struct rump_kernel *k, const struct sockaddr *sa)
{
	struct ifnet *ifp;
	struct ifaddr *ifa;

	for (ifp = if_first(k); ifp != NULL; ifp = ifp->if_next)
		IFADDR_FOREACH(ifa, ifp)
		{
			if (ifa->ifa_addr->sa_family != sa->sa_family)
				continue;
			if (sockaddr_same(ifa->ifa_addr, sa))
				return ifa;
			/* As a broadcast address it is the interface's, too. */
			if ((ifp->if_flags & IFF_BROADCAST) != 0 &&
			    ifa->ifa_dstaddr != NULL &&
			    ifa->ifa_dstaddr->sa_len != 0 &&
			    sa->sa_family == AF_INET &&
			    sockaddr_same(ifa->ifa_dstaddr, sa))
				return ifa;
		}
	return NULL;
}

struct ifaddr *
ifa_ifwithdstaddr(struct rump_kernel *k, const struct sockaddr *sa)
{
	struct ifnet *ifp;
	struct ifaddr *ifa;

	for (ifp = if_first(k); ifp != NULL; ifp = ifp->if_next) {
		if ((ifp->if_flags & IFF_POINTOPOINT) == 0)
			continue;
		IFADDR_FOREACH(ifa, ifp)
		if (ifa->ifa_addr->sa_family == sa->sa_family &&
		    ifa->ifa_dstaddr != NULL &&
		    sockaddr_same(ifa->ifa_dstaddr, sa))
			return ifa;
	}
	return NULL;
}

/* Is sa in the network of an address? Bits of its mask, or -1. */
static int
in_net(const struct ifaddr *ifa, const struct sockaddr *sa)
{
	size_t len, masklen;
	const uint8_t *a, *b, *m;
	unsigned bits = 0;

	if (ifa->ifa_netmask == NULL ||
	    ifa->ifa_addr->sa_family != sa->sa_family)
		return -1;
	a = sockaddr_key(ifa->ifa_addr, &len);
	b = sockaddr_key(sa, &len);
	m = (const uint8_t *)ifa->ifa_netmask + (a - (uint8_t *)ifa->ifa_addr);
	masklen = (size_t)(a - (uint8_t *)ifa->ifa_addr);
	masklen = ifa->ifa_netmask->sa_len > masklen ?
	    ifa->ifa_netmask->sa_len - masklen :
	    0;
	for (size_t i = 0; i < len && i < masklen; i++) {
		if (((a[i] ^ b[i]) & m[i]) != 0)
			return -1;
		bits += (unsigned)__builtin_popcount(m[i]);
	}
	return (int)bits;
}

/* AF_LINK: by number, or by name. */
static struct ifaddr *
ifa_bylink(struct rump_kernel *k, const struct sockaddr_dl *sdl)
{
	char name[IFNAMSIZ] = "";
	struct ifnet *ifp = NULL;
	size_t nlen = sdl->sdl_addr.dl_nlen;

	if (sdl->sdl_index != 0)
		ifp = if_byindex(k, sdl->sdl_index);
	else if (nlen > 0 && nlen < IFNAMSIZ && nlen + 8 <= sdl->sdl_len) {
		memcpy(name, (const uint8_t *)sdl + 8, nlen);
		ifp = if_byname(k, name);
	}
	return ifp != NULL ? ifp->if_dl : NULL;
}

struct ifaddr *
ifa_ifwithnet(struct rump_kernel *k, const struct sockaddr *sa)
{
	struct ifaddr *ifa, *best = NULL;
	struct ifnet *ifp;
	int bits, most = -1;

	if (sa->sa_family == AF_LINK)
		return ifa_bylink(k, (const void *)sa);
	for (ifp = if_first(k); ifp != NULL; ifp = ifp->if_next)
		IFADDR_FOREACH(ifa, ifp)
		{
			if ((ifp->if_flags & IFF_POINTOPOINT) != 0 &&
			    sa->sa_family == AF_INET) {
				if (ifa->ifa_dstaddr != NULL &&
				    ifa->ifa_addr->sa_family == AF_INET &&
				    sockaddr_same(ifa->ifa_dstaddr, sa))
					return ifa;
				continue;
			}
			bits = in_net(ifa, sa);
			if (bits > most) {
				most = bits;
				best = ifa;
			}
		}
	return best;
}

struct ifaddr *
ifaof_ifpforaddr(const struct sockaddr *sa, struct ifnet *ifp)
{
	struct ifaddr *ifa, *maybe = NULL, *best = NULL;
	int bits, most = -1;

	IFADDR_FOREACH(ifa, ifp)
	{
		if (ifa->ifa_addr->sa_family != sa->sa_family)
			continue;
		if (maybe == NULL)
			maybe = ifa;
		if (sockaddr_same(ifa->ifa_addr, sa) ||
		    (ifa->ifa_dstaddr != NULL &&
			(ifp->if_flags & IFF_POINTOPOINT) != 0 &&
			sockaddr_same(ifa->ifa_dstaddr, sa)))
			return ifa;
		bits = in_net(ifa, sa);
		if (bits > most) {
			most = bits;
			best = ifa;
		}
	}
	return best != NULL ? best : maybe;
}

/* --- addresses --- */

void
ifa_put(struct ifaddr *ifa)
{
	if (atomic_fetch_sub(&ifa->ifa_refs, 1) == 1)
		ifa->ifa_free(
		    ifa->ifa_k != NULL ? ifa->ifa_k : ifa->ifa_ifp->if_k, ifa);
}

void
ifa_insert(struct ifnet *ifp, struct ifaddr *ifa)
{
	struct ifaddr **ap = &ifp->if_addrlist;

	while (*ap != NULL)
		ap = &(*ap)->ifa_next;
	ifa->ifa_next = NULL;
	ifa->ifa_ifp = ifp;
	ifa->ifa_k = ifp->if_k;
	if ((ifp->if_flags & IFF_LOOPBACK) != 0 && ifa->ifa_rtrequest == NULL)
		ifa->ifa_rtrequest = lo_rtrequest;
	if (ifp->if_addrlen != 0 && ifa->ifa_addr->sa_family != AF_LINK)
		ifa->ifa_flags |= RTF_CONNECTED;
	*ap = ifa_get(ifa);
	if (NS(ifp->if_k)->ns_route != NULL)
		atomic_fetch_add(&NS(ifp->if_k)->ns_route->rs_gen, 1);
}

void
ifa_remove(struct ifnet *ifp, struct ifaddr *ifa)
{
	struct ifaddr **ap = &ifp->if_addrlist;

	while (*ap != NULL && *ap != ifa)
		ap = &(*ap)->ifa_next;
	if (*ap == NULL)
		return;
	*ap = ifa->ifa_next;
	ifa->ifa_next = NULL;
	if (NS(ifp->if_k)->ns_route != NULL)
		atomic_fetch_add(&NS(ifp->if_k)->ns_route->rs_gen, 1);
	ifa_put(ifa);
}

/* --- link addresses --- */

size_t
sdl_fill(void *buf, const struct ifnet *ifp, const char *name,
    const uint8_t *lladdr, size_t alen)
{
	struct sockaddr_dl *sdl = buf;
	size_t nlen = strlen(name);

	memset(sdl, 0, sizeof(*sdl));
	sdl->sdl_len = (uint8_t)(8 + nlen + alen);
	sdl->sdl_family = AF_LINK;
	sdl->sdl_index = ifp->if_index;
	sdl->sdl_addr.dl_type = ifp->if_type;
	sdl->sdl_addr.dl_nlen = (uint8_t)nlen;
	sdl->sdl_addr.dl_alen = (uint8_t)alen;
	memcpy((uint8_t *)buf + 8, name, nlen);
	memcpy((uint8_t *)buf + 8 + nlen, lladdr, alen);
	return sdl->sdl_len;
}

static void
link_ifaddr_free(struct rump_kernel *k, struct ifaddr *ifa)
{
	kmem_free(k, ifa, sizeof(struct link_ifaddr));
}

struct link_ifaddr *
link_ifaddr_create(struct ifnet *ifp, const uint8_t *lladdr, size_t alen)
{
	struct link_ifaddr *la = kmem_zalloc(ifp->if_k, sizeof(*la));
	size_t nlen = strlen(ifp->if_xname);

	if (la == NULL)
		return NULL;
	sdl_fill(&la->la_sdl, ifp, ifp->if_xname, lladdr, alen);
	la->la_mask.sdl_len = la->la_sdl.sdl_len;
	memset((uint8_t *)&la->la_mask + 8, 0xff, nlen);
	la->la_ifa.ifa_addr = (struct sockaddr *)&la->la_sdl;
	la->la_ifa.ifa_netmask = (struct sockaddr *)&la->la_mask;
	la->la_ifa.ifa_free = link_ifaddr_free;
	la->la_ifa.ifa_ifp = ifp;
	la->la_ifa.ifa_refs = 1;
	return la;
}

int
if_setlladdr(struct ifnet *ifp, const uint8_t *lladdr)
{
	struct link_ifaddr *la = (struct link_ifaddr *)ifp->if_dl;

	memcpy(ifp->if_lladdr, lladdr, ifp->if_addrlen);
	sdl_fill(&la->la_sdl, ifp, ifp->if_xname, lladdr, ifp->if_addrlen);
	return 0;
}

/* --- coming --- */

static int
grow_indexes(struct rump_kernel *k, struct if_state *ifs)
{
	unsigned max = ifs->ifs_indexmax == 0 ? 8 : ifs->ifs_indexmax * 2;
	struct ifnet **by;
	bool *taken;

	if (max > UINT16_MAX)
		return -ENOMEM;
	by = kmem_calloc(k, max, sizeof(*by));
	taken = kmem_calloc(k, max, sizeof(*taken));
	if (by == NULL || taken == NULL) {
		kmem_free(k, by, max * sizeof(*by));
		kmem_free(k, taken, max * sizeof(*taken));
		return -ENOMEM;
	}
	if (ifs->ifs_indexmax > 0) {
		memcpy(by, ifs->ifs_byindex, ifs->ifs_indexmax * sizeof(*by));
		memcpy(
		    taken, ifs->ifs_taken, ifs->ifs_indexmax * sizeof(*taken));
	}
	kmem_free(k, ifs->ifs_byindex, ifs->ifs_indexmax * sizeof(*by));
	kmem_free(k, ifs->ifs_taken, ifs->ifs_indexmax * sizeof(*taken));
	ifs->ifs_byindex = by;
	ifs->ifs_taken = taken;
	ifs->ifs_indexmax = max;
	return 0;
}

static int
take_index(struct rump_kernel *k, struct ifnet *ifp)
{
	struct if_state *ifs = NS(k)->ns_if;
	unsigned i = 1;

	while (i < ifs->ifs_indexmax && ifs->ifs_taken[i])
		i++;
	if (i >= ifs->ifs_indexmax && grow_indexes(k, ifs) != 0)
		return -ENOMEM;
	ifs->ifs_taken[i] = true;
	ifp->if_index = (uint16_t)i;
	return 0;
}

static void
families_attach(struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	struct pfil_state *pf = NS(k)->ns_pfil;

	if (NS(k)->ns_inet != NULL)
		arp_ifattach(ifp);
	if (NS(k)->ns_inet6 != NULL)
		nd6_ifattach(ifp);
	if (pf != NULL && pf->pf_ifchange != NULL)
		pf->pf_ifchange(pf->pf_arg, ifp, true);
}

int
if_attach(struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	struct if_state *ifs = NS(k)->ns_if;
	struct link_ifaddr *la;
	struct ifnet **ip;
	int error;

	if (ifp->if_index == 0 && (error = take_index(k, ifp)) != 0)
		return error;
	la = link_ifaddr_create(ifp, ifp->if_lladdr, ifp->if_addrlen);
	if (la == NULL) {
		ifs->ifs_taken[ifp->if_index] = false;
		ifp->if_index = 0;
		return -ENOMEM;
	}
	ifp->if_dl = &la->la_ifa;
	ifa_insert(ifp, ifp->if_dl);
	ifa_put(ifp->if_dl);
	ifp->if_next = NULL;
	for (ip = &ifs->ifs_list; *ip != NULL; ip = &(*ip)->if_next)
		continue;
	*ip = ifp;
	ifs->ifs_byindex[ifp->if_index] = ifp;
	families_attach(ifp);
	rt_ifannouncemsg(ifp, IFAN_ARRIVAL);
	return 0;
}

/* --- going --- */

static void
families_detach(struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	struct pfil_state *pf = NS(k)->ns_pfil;

	if (pf != NULL && pf->pf_ifchange != NULL)
		pf->pf_ifchange(pf->pf_arg, ifp, false);
	if (NS(k)->ns_inet6 != NULL) {
		in6_ifdetach(ifp);
		nd6_ifdetach(ifp);
	}
	if (NS(k)->ns_inet != NULL) {
		in_ifdetach(ifp);
		arp_ifdetach(ifp);
	}
	if (NS(k)->ns_bpf != NULL)
		bpf_ifdetach(ifp);
}

/* W. Off the list, with all that is left of its addresses. */
static void
unlist(struct ifnet *ifp)
{
	struct if_state *ifs = NS(ifp->if_k)->ns_if;
	struct ifnet **ip = &ifs->ifs_list;
	struct ether_multi *enm;

	while (*ip != NULL && *ip != ifp)
		ip = &(*ip)->if_next;
	if (*ip != NULL)
		*ip = ifp->if_next;
	ifs->ifs_byindex[ifp->if_index] = NULL;
	if (ifs->ifs_lo0 == ifp)
		ifs->ifs_lo0 = NULL;
	while (ifp->if_addrlist != NULL)
		ifa_remove(ifp, ifp->if_addrlist);
	ifp->if_dl = NULL;
	while ((enm = ifp->if_multiaddrs) != NULL) {
		ifp->if_multiaddrs = enm->enm_next;
		kmem_free(ifp->if_k, enm, sizeof(*enm));
	}
}

void
if_detach_begin(struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	const struct if_hook *hook;

	ifp->if_dying = true;
	if ((hook = ifp->if_bridge) != NULL && hook->ih_gone != NULL)
		hook->ih_gone(ifp);
	if ((hook = ifp->if_vlantrunk) != NULL && hook->ih_gone != NULL)
		hook->ih_gone(ifp);
	if ((ifp->if_flags & IFF_UP) != 0)
		if_down(ifp);
	else
		rt_ifmsg(ifp);
	families_detach(ifp);
	rt_ifdetach(ifp);
	unlist(ifp);
	rt_ifannouncemsg(ifp, IFAN_DEPARTURE);
	if (ifp->if_description != NULL)
		kmem_free(
		    k, ifp->if_description, strlen(ifp->if_description) + 1);
	ifp->if_description = NULL;
}

void
if_detach_end(struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	unsigned index = ifp->if_index;

	net_barrier(k);
	callout_drain(k);
	if (ifp->if_ops->ifo_destroy != NULL)
		ifp->if_ops->ifo_destroy(ifp);
	net_purge(k, index);
	net_wrlock(k);
	NS(k)->ns_if->ifs_taken[index] = false;
	net_unlock(k);
}

void
if_detach(struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	bool mine;

	net_wrlock(k);
	if ((mine = !ifp->if_dying))
		if_detach_begin(ifp);
	net_unlock(k);
	if (mine)
		if_detach_end(ifp);
}

/* --- state --- */

static void
changed_now(struct ifnet *ifp)
{
	struct timespec now;

	kern_nanotime(ifp->if_k, &now);
	atomic_store(
	    &ifp->if_lastchange_ns, now.tv_sec * 1000000000 + now.tv_nsec);
	if (NS(ifp->if_k)->ns_route != NULL)
		atomic_fetch_add(&NS(ifp->if_k)->ns_route->rs_gen, 1);
}

int
if_up(struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	bool was = (atomic_fetch_or(&ifp->if_flags, IFF_UP) & IFF_UP) != 0;
	int error = 0;

	if (ifp->if_ops->ifo_updown != NULL)
		error = ifp->if_ops->ifo_updown(ifp, true);
	if (!was) {
		changed_now(ifp);
		rt_ifmsg(ifp);
	}
	if (error != 0)
		return error;
	if (!was && NS(k)->ns_inet != NULL)
		in_ifupdown(ifp, true);
	if (NS(k)->ns_inet6 != NULL)
		in6_ifattach(ifp);
	return 0;
}

void
if_down(struct ifnet *ifp)
{
	static const uint8_t nobody[16];
	struct rump_kernel *k = ifp->if_k;

	if ((atomic_fetch_and(&ifp->if_flags, ~IFF_UP) & IFF_UP) == 0)
		return;
	changed_now(ifp);
	rt_ifmsg(ifp);
	if (NS(k)->ns_inet != NULL)
		in_ifupdown(ifp, false);
	if (NS(k)->ns_inet6 != NULL)
		in6_ifdown(ifp);
	for (int i = LLTABLE_ARP; i <= LLTABLE_ND; i++)
		if (ifp->if_lltable[i] != NULL)
			lltable_purge(ifp->if_lltable[i], nobody, 0, false);
	if (ifp->if_ops->ifo_updown != NULL)
		(void)ifp->if_ops->ifo_updown(ifp, false);
	rt_ifmsg(ifp);
}

int
if_setflags(struct ifnet *ifp, struct lwp *l, int flags)
{
	int old = ifp->if_flags, changed;

	(void)l;
	flags = (int)(int16_t)flags;
	if ((old & IFF_UP) != 0 && (flags & IFF_UP) == 0)
		if_down(ifp);
	changed = (old ^ flags) & ~(IFF_CANTCHANGE | IFF_UP) & 0xffff;
	atomic_fetch_xor(&ifp->if_flags, changed);
	if ((flags & IFF_UP) != 0)
		return if_up(ifp);
	if (changed != 0 && (old & IFF_UP) == 0 &&
	    ifp->if_ops->ifo_updown != NULL)
		(void)ifp->if_ops->ifo_updown(ifp, false);
	return 0;
}

void
if_link_state_change(struct ifnet *ifp, int state)
{
	if (atomic_exchange(&ifp->if_link_state, state) == state)
		return;
	changed_now(ifp);
	rt_ifmsg(ifp);
	if ((ifp->if_flags & IFF_UP) == 0)
		return;
	if (NS(ifp->if_k)->ns_inet != NULL)
		in_ifupdown(ifp, state != LINK_STATE_DOWN);
	if (NS(ifp->if_k)->ns_inet6 == NULL)
		return;
	if (state == LINK_STATE_DOWN)
		in6_ifdown(ifp);
	else
		in6_ifattach(ifp);
}

int
ifpromisc(struct ifnet *ifp, bool on)
{
	int error = 0;

	if (on ? ifp->if_pcount++ > 0 : --ifp->if_pcount > 0)
		return 0;
	if (on)
		atomic_fetch_or(&ifp->if_flags, IFF_PROMISC);
	else
		atomic_fetch_and(&ifp->if_flags, ~IFF_PROMISC);
	if ((ifp->if_flags & IFF_UP) != 0 && ifp->if_ops->ifo_updown != NULL)
		error = ifp->if_ops->ifo_updown(ifp, true);
	if (error != 0 && on) {
		ifp->if_pcount--;
		atomic_fetch_and(&ifp->if_flags, ~IFF_PROMISC);
	}
	return on ? error : 0;
}

/* --- boot and halt --- */

int
if_boot(struct rump_kernel *k)
{
	struct if_state *ifs = kmem_zalloc(k, sizeof(*ifs));
	int error;

	if (ifs == NULL)
		return -ENOMEM;
	ifs->ifs_sndqmax = IFQ_MAXLEN;
	NS(k)->ns_if = ifs;
	net_setinput(k, NETPROTO_ETHER, ether_input);
	error = loop_boot(k);
	if (error == 0)
		error = if_sysctl_boot(k);
	return error;
}

void
if_shutdown(struct rump_kernel *k)
{
	struct ifnet *ifp;

	for (;;) {
		net_rdlock(k);
		ifp = if_first(k);
		/* Others go first: their addresses have routes by lo0. */
		if (ifp != NULL && ifp == if_loop(k) && ifp->if_next != NULL)
			ifp = ifp->if_next;
		net_unlock(k);
		if (ifp == NULL)
			break;
		if_detach(ifp);
	}
}

void
if_fini(struct rump_kernel *k)
{
	struct if_state *ifs = NS(k)->ns_if;

	if (ifs == NULL)
		return;
	if_clone_fini(k);
	kmem_free(
	    k, ifs->ifs_byindex, ifs->ifs_indexmax * sizeof(*ifs->ifs_byindex));
	kmem_free(
	    k, ifs->ifs_taken, ifs->ifs_indexmax * sizeof(*ifs->ifs_taken));
	NS(k)->ns_if = NULL;
	kmem_free(k, ifs, sizeof(*ifs));
}
