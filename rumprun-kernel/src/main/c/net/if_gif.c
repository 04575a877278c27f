/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gif(4): tunnels of IPv4 and IPv6 over IPv4 and IPv6 (RFC 2003, 2473, 4213).
 *
 * A tunnel is its two outer addresses, which no two tunnels share. Output adds the outer header and goes through the outer protocol at once; the packet
 * counts how often, so that a tunnel whose other end is reached by itself ends. What comes out of a tunnel is queued like what comes from any medium.
 */
#include <netbsd/in6_var.h>
#include <netbsd/in_var.h>
#include "net/bpf_var.h"
#include "net/if_gif.h"
#include "net/route_var.h"
#include "netinet/inet.h"
#include "netinet6/inet6.h"

#define ECN_ECT0 0x02
#define ECN_CE 0x03

/* --- out --- */

static int
gif_output(struct ifnet *ifp, struct mbuf *m, const struct sockaddr *dst,
    const struct rtentry *rt)
{
	struct gif *sc = ifp->if_softc;
	uint32_t af = dst->sa_family, len = m->m_pkthdr.len;
	int error;

	(void)rt;
	if ((ifp->if_flags & IFF_UP) == 0 || sc->sc_dst.sa.sa_family == 0)
		error = -ENETDOWN;
	else if (af != AF_INET && af != AF_INET6)
		error = -EAFNOSUPPORT;
	else if (++m->m_pkthdr.hops > GIF_MAXHOPS)
		error = -EIO;
	else {
		m->m_flags &= ~(M_BCAST | M_MCAST);
		if (atomic_load_explicit(&ifp->if_bpf, memory_order_acquire) !=
		    NULL)
			bpf_mtap_slow(ifp, m, &af, sizeof(af), true);
		atomic_fetch_add_explicit(
		    &ifp->if_opackets, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(
		    &ifp->if_obytes, len, memory_order_relaxed);
		error = sc->sc_dst.sa.sa_family == AF_INET ?
		    in_gif_output(sc, (int)af, m) :
		    in6_gif_output(sc, (int)af, m);
		m = NULL;
	}
	m_freem(m);
	if (error != 0)
		atomic_fetch_add(&ifp->if_oerrors, 1);
	return error;
}

static uint8_t
inner_tos(int af, const struct mbuf *m)
{
	uint8_t b[2] = { 0 };

	if (m->m_pkthdr.len < 2)
		return 0;
	m_copydata(m, 0, 2, b);
	return af == AF_INET ? b[1] : (uint8_t)(b[0] << 4 | b[1] >> 4);
}

/* RFC 3168, 9.1.1, when LINK1 asks for it. */
uint8_t
gif_tos(const struct gif *sc, int af, const struct mbuf *m)
{
	uint8_t tos;

	if ((sc->sc_if.if_flags & IFF_LINK1) == 0)
		return 0;
	tos = inner_tos(af, m);
	if ((tos & ECN_CE) == ECN_CE)
		tos = (uint8_t)((tos & ~ECN_CE) | ECN_ECT0);
	return tos;
}

/* --- in --- */

static bool
same(const union gif_addr *a, const union gif_addr *b)
{
	return a->sa.sa_family == b->sa.sa_family &&
	    sockaddr_same(&a->sa, &b->sa);
}

static struct gif *
lookup(struct rump_kernel *k, const union gif_addr *src,
    const union gif_addr *dst, const struct gif *but)
{
	for (struct ifnet *ifp = if_first(k); ifp != NULL; ifp = ifp->if_next) {
		struct gif *sc = ifp->if_softc;

		if (ifp->if_type == IFT_GIF && sc != but &&
		    sc->sc_dst.sa.sa_family != 0 && same(&sc->sc_src, src) &&
		    same(&sc->sc_dst, dst))
			return sc;
	}
	return NULL;
}

struct gif *
gif_find(
    struct rump_kernel *k, const union gif_addr *src, const union gif_addr *dst)
{
	struct gif *sc = lookup(k, dst, src, NULL);

	return sc != NULL && (sc->sc_if.if_flags & IFF_UP) != 0 ? sc : NULL;
}

bool
gif_ingress_ok(
    const struct gif *sc, const struct ifnet *rcvif, const union gif_addr *src)
{
	const struct rtentry *rt;

	if ((sc->sc_if.if_flags & IFF_LINK2) != 0 || rcvif == NULL)
		return true;
	rt = rtalloc1(sc->sc_if.if_k, &src->sa);
	return rt != NULL &&
	    (rt->rt_ifp == rcvif || (rcvif->if_flags & IFF_LOOPBACK) != 0);
}

/* Congestion that the outer header met (RFC 6040, 4.2). False: it cannot be told, drop. */
static bool
pass_congestion(struct mbuf **mp, int af, uint8_t tos)
{
	struct mbuf *m = *mp;
	uint8_t inner = inner_tos(af, m), *p;

	if ((tos & ECN_CE) != ECN_CE || (inner & ECN_CE) == ECN_CE)
		return true;
	if ((inner & ECN_CE) == 0)
		return false;
	if ((m = *mp = m_dup(m, 64)) == NULL)
		return false;
	p = m->m_data;
	if (af == AF_INET6)
		p[1] |= ECN_CE << 4;
	else {
		/* RFC 1624: the checksum of the header follows. */
		uint32_t sum;
		uint16_t was = be16_get(p), now;

		p[1] |= ECN_CE;
		now = be16_get(p);
		sum = (uint16_t)~be16_get(p + 10) + (uint32_t)(uint16_t)~was +
		    now;
		sum = (sum & 0xffff) + (sum >> 16);
		sum = (sum & 0xffff) + (sum >> 16);
		be16_put(p + 10, (uint16_t)~sum);
	}
	return true;
}

void
gif_input(struct gif *sc, struct mbuf *m, int proto, uint8_t tos)
{
	struct ifnet *ifp = &sc->sc_if;
	uint32_t af = proto == IPPROTO_IPV4 ? AF_INET : AF_INET6;
	unsigned least = af == AF_INET ? 20 : 40;
	bool ecn = (ifp->if_flags & IFF_LINK1) != 0;

	if (m->m_pkthdr.len < least) {
		atomic_fetch_add(&ifp->if_ierrors, 1);
		m_freem(m);
		return;
	}
	if ((m = m_pullup(m, least)) == NULL)
		return;
	if (ecn && !pass_congestion(&m, (int)af, tos)) {
		atomic_fetch_add(&ifp->if_ierrors, 1);
		m_freem(m);
		return;
	}
	m->m_pkthdr.rcvif = ifp;
	m->m_pkthdr.csum_flags = 0;
	m->m_pkthdr.hops = 0;
	m->m_flags &= ~(M_BCAST | M_MCAST | M_NPF | M_ANYCAST6);
	m_tag_delete_all(m);
	if (atomic_load_explicit(&ifp->if_bpf, memory_order_acquire) != NULL)
		bpf_mtap_slow(ifp, m, &af, sizeof(af), false);
	atomic_fetch_add_explicit(&ifp->if_ipackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &ifp->if_ibytes, m->m_pkthdr.len, memory_order_relaxed);
	net_input(ifp->if_k, af == AF_INET ? NETPROTO_IP : NETPROTO_IP6, m);
}

/* --- requests (W) --- */

static size_t
addr_size(int af)
{
	return af == AF_INET ? sizeof(struct sockaddr_in) :
	    af == AF_INET6   ? sizeof(struct sockaddr_in6) :
			       0;
}

static void
set_running(struct gif *sc, bool on)
{
	if (on)
		atomic_fetch_or(&sc->sc_if.if_flags, IFF_RUNNING);
	else
		atomic_fetch_and(&sc->sc_if.if_flags, ~IFF_RUNNING);
}

/* A copy with nothing but the address and its zone. */
static int
take_addr(struct rump_kernel *k, union gif_addr *to, const void *from)
{
	union gif_addr given;
	struct sockaddr_in6 *sin6 = &to->sin6;

	memcpy(&given.sa, from, sizeof(given.sa));
	if (addr_size(given.sa.sa_family) == 0)
		return -EAFNOSUPPORT;
	if (given.sa.sa_len != addr_size(given.sa.sa_family))
		return -EINVAL;
	memcpy(&given, from, given.sa.sa_len);
	memset(to, 0, sizeof(*to));
	to->sa.sa_len = given.sa.sa_len;
	to->sa.sa_family = given.sa.sa_family;
	if (given.sa.sa_family == AF_INET) {
		to->sin.sin_addr = given.sin.sin_addr;
		return INET(k) != NULL ? 0 : -EAFNOSUPPORT;
	}
	sin6->sin6_addr = given.sin6.sin6_addr;
	sin6->sin6_scope_id = given.sin6.sin6_scope_id;
	return INET6(k) != NULL ? sa6_embedscope(k, sin6, false) : -EAFNOSUPPORT;
}

static int
set_tunnel(struct gif *sc, const void *src, const void *dst)
{
	struct rump_kernel *k = sc->sc_if.if_k;
	union gif_addr s, d;
	int error;

	if ((error = take_addr(k, &s, src)) != 0 ||
	    (error = take_addr(k, &d, dst)) != 0)
		return error;
	if (s.sa.sa_family != d.sa.sa_family)
		return -EINVAL;
	if (lookup(k, &s, &d, sc) != NULL)
		return -EADDRNOTAVAIL;
	sc->sc_src = s;
	sc->sc_dst = d;
	set_running(sc, true);
	return 0;
}

/* As users see it: the zone beside the address. */
static int
give_addr(void *to, const union gif_addr *from, size_t room)
{
	union gif_addr a = *from;

	if (a.sa.sa_family == 0)
		return -EADDRNOTAVAIL;
	if (a.sa.sa_len > room)
		return -EINVAL;
	if (a.sa.sa_family == AF_INET6)
		(void)sa6_recoverscope(&a.sin6);
	memset(to, 0, room);
	memcpy(to, &a, a.sa.sa_len);
	return 0;
}

static int
get_tunnel(const struct gif *sc, struct if_laddrreq *req)
{
	int error = give_addr(&req->addr, &sc->sc_src, sizeof(req->addr));

	return error != 0 ?
	    error :
	    give_addr(&req->dstaddr, &sc->sc_dst, sizeof(req->dstaddr));
}

/* One end, of the family that the request is for. */
static int
get_end(const union gif_addr *end, void *to, size_t room, int af)
{
	if (end->sa.sa_family != af)
		return -EADDRNOTAVAIL;
	return give_addr(to, end, room);
}

static int
gif_ioctl(struct ifnet *ifp, struct lwp *l, unsigned long cmd, void *data)
{
	struct gif *sc = ifp->if_softc;
	struct in_aliasreq *ifra = data;
	struct in6_aliasreq *ifra6 = data;
	struct if_laddrreq *iflr = data;
	struct ifreq *ifr = data;
	struct in6_ifreq *ifr6 = data;

	(void)l;
	switch (cmd) {
	case SIOCSIFPHYADDR:
		return set_tunnel(sc, &ifra->ifra_addr, &ifra->ifra_dstaddr);
	case SIOCSIFPHYADDR_IN6:
		return set_tunnel(sc, &ifra6->ifra_addr, &ifra6->ifra_dstaddr);
	case SIOCSLIFPHYADDR:
		return set_tunnel(sc, &iflr->addr, &iflr->dstaddr);
	case SIOCDIFPHYADDR:
		memset(&sc->sc_src, 0, sizeof(sc->sc_src));
		memset(&sc->sc_dst, 0, sizeof(sc->sc_dst));
		set_running(sc, false);
		return 0;
	case SIOCGLIFPHYADDR:
		return get_tunnel(sc, iflr);
	case SIOCGIFPSRCADDR:
		return get_end(&sc->sc_src, &ifr->ifr_ifru,
		    sizeof(ifr->ifr_ifru.ifru_addr), AF_INET);
	case SIOCGIFPDSTADDR:
		return get_end(&sc->sc_dst, &ifr->ifr_ifru,
		    sizeof(ifr->ifr_ifru.ifru_addr), AF_INET);
	case SIOCGIFPSRCADDR_IN6:
		return get_end(&sc->sc_src, &ifr6->ifr_ifru,
		    sizeof(struct sockaddr_in6), AF_INET6);
	case SIOCGIFPDSTADDR_IN6:
		return get_end(&sc->sc_dst, &ifr6->ifr_ifru,
		    sizeof(struct sockaddr_in6), AF_INET6);
	case SIOCADDMULTI:
	case SIOCDELMULTI:
		return addr_size(ifr->ifr_ifru.ifru_addr.sa_family) != 0 ?
		    0 :
		    -EAFNOSUPPORT;
	default:
		return -ENOTTY;
	}
}

static int
gif_setmtu(struct ifnet *ifp, uint64_t mtu)
{
	(void)ifp;
	return mtu < GIF_MTU_MIN || mtu > GIF_MTU_MAX ? -EINVAL : 0;
}

/* --- the interface --- */

static int
gif_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct sockaddr dst = { .sa_len = sizeof(dst) };
	uint8_t first = 0;

	if (m->m_pkthdr.len > 0)
		m_copydata(m, 0, 1, &first);
	dst.sa_family = first >> 4 == 6 ? AF_INET6 : AF_INET;
	return gif_output(ifp, m, &dst, NULL);
}

static void
gif_destroy(struct ifnet *ifp)
{
	kmem_free(ifp->if_k, ifp->if_softc, sizeof(struct gif));
}

static const struct ifnet_ops gif_ops = {
	.ifo_output = gif_output,
	.ifo_transmit = gif_transmit,
	.ifo_ioctl = gif_ioctl,
	.ifo_setmtu = gif_setmtu,
	.ifo_destroy = gif_destroy,
};

static int
gif_create(struct rump_kernel *k, const struct if_clone *ifc, int unit)
{
	struct gif *sc = kmem_zalloc(k, sizeof(*sc));
	struct ifnet *ifp;
	int error;

	if (sc == NULL)
		return -ENOMEM;
	ifp = &sc->sc_if;
	ifp->if_k = k;
	ifp->if_softc = sc;
	ifp->if_ops = &gif_ops;
	ifp->if_type = IFT_GIF;
	ifp->if_dlt = DLT_NULL;
	ifp->if_mtu = GIF_MTU;
	ifp->if_flags = IFF_POINTOPOINT | IFF_MULTICAST;
	if_initname(ifp, ifc->ifc_name, unit);
	if ((error = if_attach(ifp)) != 0)
		kmem_free(k, sc, sizeof(*sc));
	return error;
}

static const struct if_clone gif_cloner = { .ifc_name = "gif",
	.ifc_create = gif_create };

int
gif_attach(struct rump_kernel *k)
{
	if (NS(k) == NULL)
		return 0;
	if (INET(k) != NULL)
		in_gif_attach(k);
	if (INET6(k) != NULL)
		in6_gif_attach(k);
	return if_clone_attach(k, &gif_cloner);
}

void
gif_detach(struct rump_kernel *k)
{
	(void)k;
}
