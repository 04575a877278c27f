/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ethernet, for every interface that speaks it: headers, who a frame is for, multicast addresses. Contracts: net/if_var.h.
 *
 * Frames that come in are only queued by their drivers (if_input), so that a driver may do that with whatever locks, from any kernel's
 * thread. Everything else is done here, by net_run, with the net lock held: who is it for, counters, bpf, bridge, vlan, protocol.
 */
#include <netbsd/bpf.h>
#include "net/bpf_var.h"
#include "net/if_tso.h"
#include "net/if_var.h"
#include "net/route_var.h"
#include "netinet/inet.h"
#include "netinet6/inet6.h"

static const uint8_t broadcast[ETHER_ADDR_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff };

void
ether_ifattach(struct ifnet *ifp, const uint8_t lladdr[6])
{
	ifp->if_type = IFT_ETHER;
	ifp->if_addrlen = ETHER_ADDR_LEN;
	ifp->if_hdrlen = ETHER_HDR_LEN;
	ifp->if_dlt = DLT_EN10MB;
	if (ifp->if_mtu == 0)
		ifp->if_mtu = ETHERMTU;
	if (ifp->if_baudrate == 0)
		ifp->if_baudrate = 10000000;
	memcpy(ifp->if_lladdr, lladdr, ETHER_ADDR_LEN);
	memcpy(ifp->if_broadcastaddr, broadcast, ETHER_ADDR_LEN);
}

/* --- out --- */

/* RFC 826: where an ARP packet goes to. Replies name their target, what asks goes to all. */
static int
arp_destination(const struct mbuf *m, uint8_t desten[6], uint16_t *type)
{
	uint8_t ar[8], tha[ETHER_ADDR_LEN];
	uint16_t op;

	if (m->m_pkthdr.len < sizeof(ar))
		return -EINVAL;
	m_copydata(m, 0, sizeof(ar), ar);
	op = be16_get(ar + 6);
	*type = op == ARPOP_REVREQUEST || op == ARPOP_REVREPLY ?
	    ETHERTYPE_REVARP :
	    ETHERTYPE_ARP;
	memcpy(desten, broadcast, ETHER_ADDR_LEN);
	if ((m->m_flags & M_BCAST) != 0 || ar[4] != ETHER_ADDR_LEN ||
	    (op != ARPOP_REPLY && op != ARPOP_REVREPLY && op != ARPOP_REQUEST))
		return 0;
	/* Sender's hardware and protocol address stand before the target's. */
	if (m->m_pkthdr.len < sizeof(ar) + 2 * ETHER_ADDR_LEN + ar[5])
		return -EINVAL;
	m_copydata(m, sizeof(ar) + ETHER_ADDR_LEN + ar[5], sizeof(tha), tha);
	if (op == ARPOP_REQUEST && memcmp(tha, "\0\0\0\0\0\0", 6) == 0)
		return 0;
	memcpy(desten, tha, ETHER_ADDR_LEN);
	return 0;
}

/* The one who broadcasts hears it too: the medium does not give it back. */
static void
hear_own(struct ifnet *ifp, const struct mbuf *m, const struct sockaddr *dst,
    const struct rtentry *rt)
{
	struct mbuf *copy;

	if ((m->m_flags & (M_BCAST | M_LOOP)) != M_BCAST ||
	    (ifp->if_flags & IFF_SIMPLEX) == 0)
		return;
	if ((copy = m_copym(m, 0, M_COPYALL)) != NULL)
		(void)looutput(ifp, copy, dst, rt);
}

/*
 * Link address and type for a packet. 0, or an error: then m is gone. -EWOULDBLOCK: the neighbour is being asked, m waits for the answer.
 */
static int
destination(struct ifnet *ifp, struct mbuf *m, const struct sockaddr *dst,
    const struct rtentry *rt, uint8_t header[ETHER_HDR_LEN])
{
	struct rump_kernel *k = ifp->if_k;
	uint16_t type;
	int error = -EAFNOSUPPORT;

	switch (dst->sa_family) {
	case AF_INET:
		if (INET(k) == NULL)
			break;
		hear_own(ifp, m, dst, rt);
		be16_put(header + 12, ETHERTYPE_IP);
		return arp_resolve(ifp, rt, m, dst, header);
	case AF_INET6:
		if (INET6(k) == NULL)
			break;
		be16_put(header + 12, ETHERTYPE_IPV6);
		return nd6_resolve(ifp, rt, m, dst, header);
	case AF_ARP:
		if ((error = arp_destination(m, header, &type)) != 0)
			break;
		be16_put(header + 12, type);
		return 0;
	case AF_LINK: {
		const struct dl_addr *a = &((const struct sockaddr_dl *)dst)
					       ->sdl_addr;
		uint8_t first;

		if (a->dl_alen != ETHER_ADDR_LEN || a->dl_nlen > 6 ||
		    m->m_pkthdr.len == 0)
			break;
		m_copydata(m, 0, 1, &first);
		memcpy(header, a->dl_data + a->dl_nlen, ETHER_ADDR_LEN);
		be16_put(header + 12,
		    first >> 4 == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
		return 0;
	}
	case AF_UNSPEC:
		memcpy(header, dst->sa_data, ETHER_ADDR_LEN);
		memcpy(header + 12, dst->sa_data + 12, 2);
		return 0;
	case pseudo_AF_HDRCMPLT:
		memcpy(header, dst->sa_data, ETHER_HDR_LEN);
		return 0;
	}
	m_freem(m);
	return error;
}

int
ether_output(struct ifnet *ifp, struct mbuf *m, const struct sockaddr *dst,
    const struct rtentry *rt)
{
	uint8_t header[ETHER_HDR_LEN];
	int error;

	if ((ifp->if_flags & (IFF_UP | IFF_RUNNING)) != (IFF_UP | IFF_RUNNING)) {
		m_freem(m);
		return -ENETDOWN;
	}
	memcpy(header + ETHER_ADDR_LEN, ifp->if_lladdr, ETHER_ADDR_LEN);
	if ((error = destination(ifp, m, dst, rt, header)) != 0)
		return error == -EWOULDBLOCK ? 0 : error;
	m->m_flags &= ~(M_BCAST | M_MCAST);
	if ((header[0] & 1) != 0)
		m->m_flags |= memcmp(header, broadcast, ETHER_ADDR_LEN) == 0 ?
		    M_BCAST :
		    M_MCAST;
	if ((m = m_prepend(m, ETHER_HDR_LEN)) == NULL)
		return -ENOBUFS;
	memcpy(m->m_data, header, ETHER_HDR_LEN);
	return if_transmit(ifp, m);
}

int
if_transmit(struct ifnet *ifp, struct mbuf *m)
{
	const struct if_hook *bridge = ifp->if_bridge;

	if (bridge != NULL && bridge->ih_output != NULL)
		return bridge->ih_output(ifp, m);
	return if_transmit_member(ifp, m);
}

/* The medium takes no large segments, or this one is too large for it. */
static int
transmit_split(struct ifnet *ifp, struct mbuf *m)
{
	struct mbuf *next;
	int error = 0, e;

	if ((m = tso_split(m)) == NULL) {
		atomic_fetch_add(&ifp->if_oerrors, 1);
		return -ENOBUFS;
	}
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		if ((e = if_transmit_member(ifp, m)) != 0)
			error = e;
	}
	return error;
}

int
if_transmit_member(struct ifnet *ifp, struct mbuf *m)
{
	uint32_t left = m->m_pkthdr.csum_flags & ~ifp->if_csum_flags_tx;

	if ((m->m_pkthdr.csum_flags & M_CSUM_TSO) != 0) {
		if ((left & M_CSUM_TSO) != 0 ||
		    m->m_pkthdr.len > ifp->if_tso_max + ETHER_HDR_LEN)
			return transmit_split(ifp, m);
	} else if (left != 0 && (m = ether_delayed_cksum(m)) == NULL)
		return -ENOBUFS;
	if ((m->m_flags & (M_BCAST | M_MCAST)) == M_MCAST)
		atomic_fetch_add_explicit(
		    &ifp->if_omcasts, 1, memory_order_relaxed);
	bpf_mtap(ifp, m, true);
	return ifp->if_ops->ifo_transmit(ifp, m);
}

/* --- checksums that nobody has computed yet --- */

struct mbuf *
ether_delayed_cksum(struct mbuf *m)
{
	uint32_t flags = m->m_pkthdr.csum_flags;
	uint8_t header[ETHER_HDR_LEN];
	uint16_t type;

	if ((flags &
		(M_CSUM_IPv4 | M_CSUM_TCPv4 | M_CSUM_UDPv4 | M_CSUM_TCPv6 |
		    M_CSUM_UDPv6)) == 0 ||
	    m->m_pkthdr.len < ETHER_HDR_LEN)
		return m;
	m_copydata(m, 0, ETHER_HDR_LEN, header);
	type = be16_get(header + 12);
	m_adj(m, ETHER_HDR_LEN);
	if (type == ETHERTYPE_IP)
		m = in_delayed_cksum(m);
	else if (type == ETHERTYPE_IPV6)
		m = in6_delayed_cksum(m);
	if (m == NULL || (m = m_prepend(m, ETHER_HDR_LEN)) == NULL)
		return NULL;
	memcpy(m->m_data, header, ETHER_HDR_LEN);
	return m;
}

/* --- in --- */

void
if_input(struct ifnet *ifp, struct mbuf *m)
{
	m->m_pkthdr.rcvif = ifp;
	net_input(ifp->if_k, NETPROTO_ETHER, m);
}

/* Sets M_BCAST, M_MCAST, M_PROMISC. */
static void
classify(const struct ifnet *ifp, struct mbuf *m)
{
	m->m_flags &= ~(M_BCAST | M_MCAST | M_PROMISC);
	if ((m->m_data[0] & 1) == 0) {
		if (memcmp(m->m_data, ifp->if_lladdr, ETHER_ADDR_LEN) != 0)
			m->m_flags |= M_PROMISC;
	} else if (memcmp(m->m_data, ifp->if_broadcastaddr, ETHER_ADDR_LEN) == 0)
		m->m_flags |= M_BCAST;
	else
		m->m_flags |= M_MCAST;
}

/* For a vlan, which sees for itself whether it is for it. */
static bool
is_tagged(const struct ifnet *ifp, const struct mbuf *m)
{
	return ifp->if_vlantrunk != NULL &&
	    ((m->m_flags & M_VLANTAG) != 0 ||
		be16_get(m->m_data + 12) == ETHERTYPE_VLAN);
}

static void
deliver(struct ifnet *ifp, struct mbuf *m)
{
	struct net_state *ns = NS(ifp->if_k);
	const struct if_hook *trunk = ifp->if_vlantrunk;
	uint16_t type = be16_get(m->m_data + 12);
	enum netproto proto;

	if (type == ETHERTYPE_VLAN || (m->m_flags & M_VLANTAG) != 0) {
		if (trunk != NULL)
			m = trunk->ih_input(ifp, m);
		else
			goto unknown;
		m_freem(m);
		return;
	}
	if (type == ETHERTYPE_IP)
		proto = NETPROTO_IP;
	else if (type == ETHERTYPE_IPV6)
		proto = NETPROTO_IP6;
	else if (type == ETHERTYPE_ARP || type == ETHERTYPE_REVARP)
		proto = NETPROTO_ARP;
	else
		goto unknown;
	if (ns->ns_input[proto] == NULL)
		goto unknown;
	m_adj(m, ETHER_HDR_LEN);
	ns->ns_input[proto](m);
	return;
unknown:
	atomic_fetch_add_explicit(&ifp->if_noproto, 1, memory_order_relaxed);
	m_freem(m);
}

void
ether_input(struct mbuf *m)
{
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	const struct if_hook *bridge;

	if (ifp == NULL || (ifp->if_flags & IFF_UP) == 0 ||
	    m->m_pkthdr.len < ETHER_HDR_LEN) {
		if (ifp != NULL && (ifp->if_flags & IFF_UP) != 0)
			atomic_fetch_add(&ifp->if_ierrors, 1);
		m_freem(m);
		return;
	}
	if ((m = m_pullup(m, ETHER_HDR_LEN)) == NULL) {
		atomic_fetch_add(&ifp->if_iqdrops, 1);
		return;
	}
	classify(ifp, m);
	if ((m->m_flags & M_PROMISC) != 0 && (ifp->if_flags & IFF_PROMISC) == 0) {
		m_freem(m);
		return;
	}
	atomic_fetch_add_explicit(&ifp->if_ipackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &ifp->if_ibytes, m->m_pkthdr.len, memory_order_relaxed);
	if ((m->m_flags & (M_BCAST | M_MCAST)) != 0)
		atomic_fetch_add_explicit(
		    &ifp->if_imcasts, 1, memory_order_relaxed);
	bpf_mtap(ifp, m, false);
	bridge = ifp->if_bridge;
	if (bridge != NULL && (m->m_flags & M_BRIDGE) == 0 &&
	    (m = bridge->ih_input(ifp, m)) == NULL)
		return;
	m->m_flags &= ~M_BRIDGE;
	if (m->m_pkthdr.len < ETHER_HDR_LEN || m->m_len < ETHER_HDR_LEN ||
	    ((m->m_flags & M_PROMISC) != 0 && !is_tagged(ifp, m))) {
		m_freem(m);
		return;
	}
	deliver(ifp, m);
}

/* --- multicast addresses that are listened to --- */

static struct ether_multi **
find_multi(struct ifnet *ifp, const uint8_t lo[6], const uint8_t hi[6])
{
	struct ether_multi **enmp;

	for (enmp = &ifp->if_multiaddrs; *enmp != NULL;
	     enmp = &(*enmp)->enm_next)
		if (memcmp((*enmp)->enm_addrlo, lo, ETHER_ADDR_LEN) == 0 &&
		    memcmp((*enmp)->enm_addrhi, hi, ETHER_ADDR_LEN) == 0)
			break;
	return enmp;
}

static int
list_changed(struct ifnet *ifp)
{
	if (ifp->if_ops->ifo_updown == NULL)
		return 0;
	return ifp->if_ops->ifo_updown(ifp, (ifp->if_flags & IFF_UP) != 0);
}

int
ether_addmulti(struct ifnet *ifp, const uint8_t lo[6], const uint8_t hi[6])
{
	struct ether_multi **enmp = find_multi(ifp, lo, hi), *enm;

	if ((lo[0] & 1) == 0 || (hi[0] & 1) == 0 ||
	    memcmp(lo, hi, ETHER_ADDR_LEN) > 0)
		return -EINVAL;
	if (*enmp != NULL) {
		(*enmp)->enm_refs++;
		return 0;
	}
	if ((enm = kmem_zalloc(ifp->if_k, sizeof(*enm))) == NULL)
		return -ENOBUFS;
	memcpy(enm->enm_addrlo, lo, ETHER_ADDR_LEN);
	memcpy(enm->enm_addrhi, hi, ETHER_ADDR_LEN);
	enm->enm_refs = 1;
	*enmp = enm;
	ifp->if_nmultiaddrs++;
	(void)list_changed(ifp);
	return 0;
}

int
ether_delmulti(struct ifnet *ifp, const uint8_t lo[6], const uint8_t hi[6])
{
	struct ether_multi **enmp = find_multi(ifp, lo, hi), *enm = *enmp;

	if (enm == NULL)
		return -ENXIO;
	if (--enm->enm_refs > 0)
		return 0;
	*enmp = enm->enm_next;
	ifp->if_nmultiaddrs--;
	kmem_free(ifp->if_k, enm, sizeof(*enm));
	(void)list_changed(ifp);
	return 0;
}
