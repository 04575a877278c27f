/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests for an interface's IPv4 addresses: SIOC*ADDR and their kin (netintro(4), inet(4)). */
#include "netinet/in_private.h"

static struct in_ifaddr *
addr_of(struct ifnet *ifp, const struct sockaddr *sa)
{
	const struct sockaddr_in *sin = (const void *)sa;

	return in_ifaddr_on(ifp, sin->sin_addr.s_addr);
}

static int
give(struct sockaddr *to, const struct sockaddr_in *from)
{
	memcpy(to, from, sizeof(*from));
	return 0;
}

static int
get(unsigned long cmd, struct ifreq *ifr, struct ifnet *ifp,
    struct in_ifaddr *ia)
{
	struct sockaddr_in mask;

	switch (cmd) {
	case SIOCGIFADDR:
		return give(&ifr->ifr_ifru.ifru_addr, &ia->ia_addr);
	case SIOCGIFBRDADDR:
		if ((ifp->if_flags & IFF_BROADCAST) == 0)
			return -EINVAL;
		return give(&ifr->ifr_ifru.ifru_addr, &ia->ia_broadaddr);
	case SIOCGIFDSTADDR:
		if ((ifp->if_flags & IFF_POINTOPOINT) == 0)
			return -EINVAL;
		return give(&ifr->ifr_ifru.ifru_addr, &ia->ia_dstaddr);
	default:
		mask = ia->ia_sockmask;
		mask.sin_family = AF_INET;
		return give(&ifr->ifr_ifru.ifru_addr, &mask);
	}
}

/* One of the address's parts changes; the rest stays. */
static int
set(unsigned long cmd, const struct ifreq *ifr, struct ifnet *ifp,
    struct in_ifaddr *ia)
{
	struct sockaddr_in sin;
	struct in_newaddr new = { 0 };

	memcpy(&sin, &ifr->ifr_ifru.ifru_addr, sizeof(sin));
	if (cmd == SIOCSIFADDR) {
		if (sin.sin_family != AF_INET)
			return -EAFNOSUPPORT;
		new.addr = sin.sin_addr.s_addr;
		return in_setnew(ifp, ia, &new);
	}
	new.addr = ia->ia_addr.sin_addr.s_addr;
	if (cmd == SIOCSIFBRDADDR) {
		if ((ifp->if_flags & IFF_BROADCAST) == 0)
			return -EINVAL;
		sockaddr_in_init(&ia->ia_broadaddr, sin.sin_addr.s_addr, 0);
		return 0;
	}
	if (cmd == SIOCSIFDSTADDR) {
		if ((ifp->if_flags & IFF_POINTOPOINT) == 0)
			return -EINVAL;
		new.keepmask = true;
		new.havedst = true;
		new.dst = sin.sin_addr.s_addr;
	} else {
		new.havemask = true;
		new.mask = sin.sin_addr.s_addr;
		new.havedst = (ifp->if_flags & IFF_POINTOPOINT) != 0;
		new.dst = ia->ia_dstaddr.sin_addr.s_addr;
	}
	return in_ifinit(ia, &new);
}

static int
alias(const struct in_aliasreq *ifra, struct ifnet *ifp)
{
	struct in_newaddr new = { .addr = ifra->ifra_addr.sin_addr.s_addr };
	struct in_ifaddr *ia;

	if (ifra->ifra_addr.sin_family != AF_INET)
		return -EAFNOSUPPORT;
	ia = in_ifaddr_on(ifp, new.addr);
	if (ifra->ifra_mask.sin_len != 0) {
		new.havemask = true;
		new.mask = ifra->ifra_mask.sin_addr.s_addr;
	} else
		new.keepmask = ia != NULL;
	if ((ifp->if_flags & (IFF_POINTOPOINT | IFF_BROADCAST)) != 0 &&
	    ifra->ifra_dstaddr.sin_family == AF_INET) {
		new.havedst = true;
		new.dst = ifra->ifra_dstaddr.sin_addr.s_addr;
	}
	return in_setnew(ifp, ia, &new);
}

static int
get_alias(struct in_aliasreq *ifra, struct ifnet *ifp, struct in_ifaddr *ia)
{
	ifra->ifra_mask = ia->ia_sockmask;
	if ((ifp->if_flags & (IFF_POINTOPOINT | IFF_BROADCAST)) != 0)
		ifra->ifra_dstaddr = ia->ia_dstaddr;
	else
		memset(&ifra->ifra_dstaddr, 0, sizeof(ifra->ifra_dstaddr));
	return 0;
}

/* Addresses by prefix length: SIOC[AGD]LIFADDR. */
static int
by_length(unsigned long cmd, struct if_laddrreq *iflr, struct ifnet *ifp)
{
	struct sockaddr_in *addr = (void *)&iflr->addr,
			   *dst = (void *)&iflr->dstaddr;
	uint32_t mask, want = ntohl(addr->sin_addr.s_addr);
	struct in_newaddr new = { .addr = addr->sin_addr.s_addr };
	struct in_ifaddr *ia = NULL;
	struct ifaddr *ifa;
	bool any;

	if (iflr->prefixlen > 32)
		return -EINVAL;
	if (cmd != SIOCGLIFADDR || (iflr->flags & IFLR_PREFIX) != 0)
		if (addr->sin_family != AF_INET ||
		    addr->sin_len != sizeof(*addr))
			return -EINVAL;
	if (dst->sin_family != 0 && dst->sin_family != AF_INET)
		return -EINVAL;
	mask = iflr->prefixlen == 0 ? 0 : 0xffffffffu << (32 - iflr->prefixlen);
	if (cmd == SIOCALIFADDR) {
		if ((iflr->flags & IFLR_PREFIX) != 0)
			return -EINVAL;
		new.havemask = true;
		new.mask = htonl(mask);
		new.havedst = dst->sin_family == AF_INET;
		new.dst = dst->sin_addr.s_addr;
		return in_setnew(ifp, in_ifaddr_on(ifp, new.addr), &new);
	}
	any = cmd == SIOCGLIFADDR && (iflr->flags & IFLR_PREFIX) == 0;
	if ((iflr->flags & IFLR_PREFIX) == 0)
		mask = 0xffffffffu;
	IFADDR_FOREACH(ifa, ifp)
	if (ifa->ifa_addr->sa_family == AF_INET &&
	    (any ||
		(ntohl(ifatoia(ifa)->ia_addr.sin_addr.s_addr) & mask) ==
		    (want & mask))) {
		ia = ifatoia(ifa);
		break;
	}
	if (ia == NULL)
		return -EADDRNOTAVAIL;
	if (cmd == SIOCDLIFADDR) {
		in_purgeaddr(ia);
		return 0;
	}
	*addr = ia->ia_addr;
	memset(dst, 0, sizeof(*dst));
	if ((ifp->if_flags & IFF_POINTOPOINT) != 0)
		*dst = ia->ia_dstaddr;
	iflr->prefixlen = (unsigned)__builtin_popcount(ia->ia_subnetmask);
	iflr->flags = 0;
	return 0;
}

static int
preference(unsigned long cmd, struct if_addrprefreq *ifap, struct ifnet *ifp)
{
	struct in_ifaddr *ia = addr_of(
	    ifp, (const struct sockaddr *)&ifap->ifap_addr);

	if (ifap->ifap_addr.ss_family != AF_INET)
		return -EAFNOSUPPORT;
	if (ia == NULL)
		return -EADDRNOTAVAIL;
	if (cmd == SIOCSIFADDRPREF)
		ia->ia_ifa.ifa_preference = ifap->ifap_preference;
	else {
		ifap->ifap_preference = (int16_t)ia->ia_ifa.ifa_preference;
		memset(&ifap->ifap_addr, 0, sizeof(ifap->ifap_addr));
		memcpy(&ifap->ifap_addr, &ia->ia_addr, sizeof(ia->ia_addr));
	}
	return 0;
}

int
in_control(struct lwp *l, struct socket *so, unsigned long cmd, void *data,
    struct ifnet *ifp)
{
	struct ifreq *ifr = data;
	struct in_aliasreq *ifra = data;
	struct in_ifaddr *ia;

	(void)l;
	(void)so;
	if (ifp == NULL)
		return -EOPNOTSUPP;
	switch (cmd) {
	case SIOCALIFADDR:
	case SIOCDLIFADDR:
	case SIOCGLIFADDR:
		return by_length(cmd, data, ifp);
	case SIOCSIFADDRPREF:
	case SIOCGIFADDRPREF:
		return preference(cmd, data, ifp);
	case SIOCAIFADDR:
		return alias(ifra, ifp);
	case SIOCSIFADDR:
		return set(cmd, ifr, ifp, in_firstaddr(ifp));
	case SIOCDIFADDR:
	case SIOCGIFALIAS:
	case SIOCGIFAFLAG_IN:
		ia = ifr->ifr_ifru.ifru_addr.sa_family == AF_INET ?
		    addr_of(ifp, &ifr->ifr_ifru.ifru_addr) :
		    in_firstaddr(ifp);
		break;
	case SIOCGIFADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFNETMASK:
	case SIOCSIFBRDADDR:
	case SIOCSIFDSTADDR:
	case SIOCSIFNETMASK:
		/* An address of the interface may be named; else it is the first. */
		ia = NULL;
		if (ifr->ifr_ifru.ifru_addr.sa_family == AF_INET &&
		    (cmd == SIOCGIFBRDADDR || cmd == SIOCGIFDSTADDR ||
			cmd == SIOCGIFNETMASK))
			ia = addr_of(ifp, &ifr->ifr_ifru.ifru_addr);
		if (ia == NULL)
			ia = in_firstaddr(ifp);
		break;
	default:
		return -ENOTTY;
	}
	if (ia == NULL)
		return -EADDRNOTAVAIL;
	switch (cmd) {
	case SIOCDIFADDR:
		in_purgeaddr(ia);
		return 0;
	case SIOCGIFALIAS:
		return get_alias(ifra, ifp, ia);
	case SIOCGIFAFLAG_IN:
		ifr->ifr_ifru.ifru_addrflags = ia->ia_flags;
		return 0;
	case SIOCSIFBRDADDR:
	case SIOCSIFDSTADDR:
	case SIOCSIFNETMASK:
		return set(cmd, ifr, ifp, ia);
	default:
		return get(cmd, ifr, ifp, ia);
	}
}
