/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridge(4): Ethernet segments joined into one (IEEE 802.1D).
 *
 * Members show every frame they receive, before anything else looks at it (bridge_input), and give what the host sends by them (bridge_output). Frames
 * are forwarded by reference. Members, their flags and states change with the net lock held exclusively; the table of addresses has a lock of its own.
 * A frame counts the bridges it has passed: members that lie over one another (a vlan and its parent) make no endless loop.
 */
#include "net/bpf_var.h"
#include "net/if_bridge_private.h"

#define MAXHOPS 8
#define PRUNE_NS (INT64_C(300) * 1000000000)
#define TICK_NS INT64_C(1000000000)

/* --- forwarding (N) --- */

/* Too large for where it is to go; what is cut into segments later has its own measure. */
static bool
too_large(const struct ifnet *ifp, const struct mbuf *m)
{
	size_t most = (size_t)ifp->if_mtu + ETHER_HDR_LEN;

	if ((m->m_pkthdr.csum_flags & (M_CSUM_TSOv4 | M_CSUM_TSOv6)) != 0)
		return false;
	if (m->m_pkthdr.len >= ETHER_HDR_LEN &&
	    be16_get(m->m_data + 12) == ETHERTYPE_VLAN)
		most += ETHER_VLAN_ENCAP_LEN;
	return m->m_pkthdr.len > most;
}

static int
put_out(struct bridge *sc, struct ifnet *ifp, struct mbuf *m)
{
	uint32_t len = m->m_pkthdr.len;

	if (too_large(ifp, m)) {
		atomic_fetch_add(&sc->sc_if.if_oerrors, 1);
		m_freem(m);
		return -EMSGSIZE;
	}
	m->m_flags &= (uint16_t) ~(M_PROMISC | M_BRIDGE);
	atomic_fetch_add_explicit(
	    &sc->sc_if.if_opackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &sc->sc_if.if_obytes, len, memory_order_relaxed);
	if ((m->m_flags & (M_BCAST | M_MCAST)) != 0)
		atomic_fetch_add_explicit(
		    &sc->sc_if.if_omcasts, 1, memory_order_relaxed);
	return if_transmit_member(ifp, m);
}

static bool
may_send(const struct bridge_port *bp)
{
	return bridge_forwards(bp) &&
	    (bp->bp_ifp->if_flags & (IFF_UP | IFF_RUNNING)) ==
	    (IFF_UP | IFF_RUNNING);
}

/* What came by one member and goes out of another. */
static int
put_across(struct bridge *sc, struct ifnet *ifp, struct mbuf *m)
{
	if ((m = bridge_filter(sc, m, ifp, PFIL_DIR_OUT)) == NULL)
		return 0;
	return put_out(sc, ifp, m);
}

/* Copies to all ports but one. m stays. put: put_across, or put_out for what is the host's own. */
static void
flood(struct bridge *sc, const struct bridge_port *from, const struct mbuf *m,
    int (*put)(struct bridge *, struct ifnet *, struct mbuf *))
{
	bool group = (m->m_flags & (M_BCAST | M_MCAST)) != 0;
	struct mbuf *copy;

	for (struct bridge_port *bp = sc->sc_ports; bp != NULL;
	     bp = bp->bp_next) {
		if (bp == from || !may_send(bp) ||
		    (!group && (bp->bp_flags & IFBIF_DISCOVER) == 0))
			continue;
		if ((copy = m_copym(m, 0, M_COPYALL)) == NULL) {
			atomic_fetch_add(&sc->sc_if.if_oerrors, 1);
			continue;
		}
		(void)put(sc, bp->bp_ifp, copy);
	}
}

/* Of one host: m is taken. */
static void
forward(struct bridge_port *from, struct mbuf *m)
{
	struct bridge *sc = from->bp_sc;
	struct bridge_port *to;

	if ((m = bridge_filter(sc, m, from->bp_ifp, PFIL_DIR_IN)) == NULL)
		return;
	to = bridge_route_find(sc, m->m_data);
	if (to == NULL) {
		flood(sc, from, m, put_across);
		m_freem(m);
	} else if (to == from || !may_send(to))
		m_freem(m);
	else
		(void)put_across(sc, to->bp_ifp, m);
}

/* Of many: m stays, for the host. */
static void
forward_group(struct bridge_port *from, struct mbuf *m)
{
	struct bridge *sc = from->bp_sc;

	if (sc->sc_filter == 0) {
		flood(sc, from, m, put_out);
		return;
	}
	if ((m = m_copym(m, 0, M_COPYALL)) != NULL &&
	    (m = m_pullup(m, ETHER_HDR_LEN)) != NULL)
		m = bridge_filter(sc, m, from->bp_ifp, PFIL_DIR_IN);
	if (m != NULL)
		flood(sc, from, m, put_across);
	m_freem(m);
}

/* What one member hears is for the host's addresses at the others, too. */
static void
others_hear(const struct bridge_port *from, const struct mbuf *m)
{
	struct mbuf *copy;

	for (struct bridge_port *bp = from->bp_sc->sc_ports; bp != NULL;
	     bp = bp->bp_next) {
		if (bp == from || (bp->bp_ifp->if_flags & IFF_UP) == 0 ||
		    (copy = m_copym(m, 0, M_COPYALL)) == NULL)
			continue;
		if ((copy = m_pullup(copy, ETHER_HDR_LEN)) == NULL)
			continue;
		copy->m_flags |= M_BRIDGE;
		if_input(bp->bp_ifp, copy);
	}
}

/* The sender is behind this port. */
static void
learn(struct bridge_port *bp, const struct mbuf *m)
{
	const uint8_t *from = m->m_data + ETHER_ADDR_LEN;

	if ((bp->bp_flags & IFBIF_LEARNING) != 0 && (from[0] & 1) == 0 &&
	    memcmp(from, "\0\0\0\0\0\0", ETHER_ADDR_LEN) != 0)
		(void)bridge_route_update(bp->bp_sc, from, bp, IFBAF_DYNAMIC);
}

static void
count_input(struct bridge *sc, struct mbuf *m)
{
	struct ifnet *ifp = &sc->sc_if;

	atomic_fetch_add_explicit(&ifp->if_ipackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &ifp->if_ibytes, m->m_pkthdr.len, memory_order_relaxed);
	bpf_mtap(ifp, m, false);
}

/* Which member has this address. */
static struct bridge_port *
owner(struct bridge *sc, const uint8_t *addr)
{
	struct bridge_port *bp;

	for (bp = sc->sc_ports; bp != NULL; bp = bp->bp_next)
		if (memcmp(bp->bp_ifp->if_lladdr, addr, ETHER_ADDR_LEN) == 0)
			return bp;
	return NULL;
}

static struct mbuf *
bridge_input(struct ifnet *ifp, struct mbuf *m)
{
	static const uint8_t reserved[] = { 0x01, 0x80, 0xc2, 0, 0 };
	struct bridge_port *bp = ifp->if_bridge, *to;
	struct bridge *sc = bp->bp_sc;

	if (!bridge_running(sc))
		return m;
	/* 802.1D, 7.12.6: these don't go any further. */
	if (memcmp(m->m_data, reserved, sizeof(reserved)) == 0 &&
	    m->m_data[5] < 0x10) {
		if (m->m_data[5] != 0)
			return m;
		stp_input(bp, m);
		return NULL;
	}
	if ((bp->bp_flags & IFBIF_STP) != 0 &&
	    bp->bp_state == BSTP_IFSTATE_LEARNING)
		learn(bp, m);
	if (!bridge_forwards(bp) || m->m_pkthdr.hops >= MAXHOPS)
		return m;
	if (owner(sc, m->m_data + ETHER_ADDR_LEN) != NULL) {
		m_freem(m); /* our own, come back */
		return NULL;
	}
	learn(bp, m);
	m->m_pkthdr.hops++;
	if ((m->m_flags & (M_BCAST | M_MCAST)) != 0) {
		count_input(sc, m);
		forward_group(bp, m);
		others_hear(bp, m);
		return m;
	}
	if ((to = owner(sc, m->m_data)) == bp)
		return m;
	count_input(sc, m);
	if (to != NULL) {
		m->m_flags |= M_BRIDGE;
		if_input(to->bp_ifp, m);
	} else
		forward(bp, m);
	return NULL;
}

/* What the host itself sends by a member. */
static int
bridge_output(struct ifnet *ifp, struct mbuf *m)
{
	struct bridge_port *bp = ifp->if_bridge, *to = NULL;
	struct bridge *sc = bp->bp_sc;
	bool group;

	if (!bridge_running(sc) || m->m_pkthdr.hops >= MAXHOPS)
		return if_transmit_member(ifp, m);
	if ((m = m_pullup(m, ETHER_HDR_LEN)) == NULL)
		return -ENOBUFS;
	group = (m->m_data[0] & 1) != 0;
	m->m_pkthdr.hops++;
	if (!group)
		to = bridge_route_find(sc, m->m_data);
	if (to != NULL && to != bp)
		return may_send(to) ? put_out(sc, to->bp_ifp, m) :
				      (m_freem(m), -ENETDOWN);
	if (to == NULL)
		flood(sc, bp, m, put_out);
	return if_transmit_member(ifp, m);
}

/* --- members (W) --- */

static void
member_gone(struct ifnet *ifp)
{
	bridge_delete(ifp->if_bridge);
}

int
bridge_add(struct bridge *sc, struct ifnet *ifp)
{
	struct rump_kernel *k = sc->sc_if.if_k;
	struct bridge_port *bp = ifp->if_bridge;
	int error;

	if (bp != NULL)
		return bp->bp_sc == sc ? -EEXIST : -EBUSY;
	if (ifp->if_type != IFT_ETHER || ifp->if_addrlen != ETHER_ADDR_LEN ||
	    ifp->if_mtu != sc->sc_if.if_mtu || ifp->if_dying || sc->sc_dying)
		return -EINVAL;
	if ((bp = kmem_zalloc(k, sizeof(*bp))) == NULL)
		return -ENOMEM;
	if ((error = ifpromisc(ifp, true)) != 0) {
		kmem_free(k, bp, sizeof(*bp));
		return error;
	}
	bp->bp_hook = (struct if_hook){ bridge_input, bridge_output,
		member_gone };
	bp->bp_sc = sc;
	bp->bp_ifp = ifp;
	bp->bp_flags = IFBIF_LEARNING | IFBIF_DISCOVER;
	bp->bp_priority = 0x80;
	bp->bp_cost = 55;
	bp->bp_next = sc->sc_ports;
	sc->sc_ports = bp;
	ifp->if_bridge = bp;
	stp_configure(sc);
	return 0;
}

void
bridge_delete(struct bridge_port *bp)
{
	struct bridge *sc = bp->bp_sc;
	struct ifnet *ifp = bp->bp_ifp;
	struct bridge_port **p = &sc->sc_ports;

	while (*p != bp)
		p = &(*p)->bp_next;
	*p = bp->bp_next;
	ifp->if_bridge = NULL;
	if (!ifp->if_dying)
		(void)ifpromisc(ifp, false);
	bridge_route_flush(sc, bp, true);
	stp_configure(sc);
	kmem_free(sc->sc_if.if_k, bp, sizeof(*bp));
}

/* --- the interface --- */

static void
prune(void *arg)
{
	struct bridge *sc = arg;

	bridge_route_age(sc);
	if (!sc->sc_dying && bridge_running(sc) &&
	    callout_schedule(&sc->sc_prune, PRUNE_NS) != 0)
		return; /* what is too old isn't found any more, either way */
}

static void
tick(void *arg)
{
	struct bridge *sc = arg;
	struct rump_kernel *k = sc->sc_if.if_k;

	net_wrlock(k);
	if (!sc->sc_dying && bridge_running(sc)) {
		if (callout_schedule(&sc->sc_tick, TICK_NS) != 0)
			kern_printf(k, "%s: no timer\n", sc->sc_if.if_xname);
		stp_tick(sc);
	}
	net_unlock(k);
	net_run(k);
}

static int
bridge_updown(struct ifnet *ifp, bool up)
{
	struct bridge *sc = BRIDGE_OF(ifp);
	bool running = bridge_running(sc);
	int error = 0;

	if (up && !running) {
		atomic_fetch_or(&ifp->if_flags, IFF_RUNNING);
		if ((error = callout_schedule(&sc->sc_prune, PRUNE_NS)) == 0)
			error = callout_schedule(&sc->sc_tick, TICK_NS);
	} else if (!up && running) {
		atomic_fetch_and(&ifp->if_flags, ~IFF_RUNNING);
		(void)callout_stop(&sc->sc_prune);
		(void)callout_stop(&sc->sc_tick);
		bridge_route_flush(sc, NULL, false);
	} else
		return 0;
	stp_configure(sc);
	return error;
}

static int
bridge_setmtu(struct ifnet *ifp, uint64_t mtu)
{
	struct bridge *sc = BRIDGE_OF(ifp);

	if (mtu == 0 || mtu > 65535)
		return -EINVAL;
	for (struct bridge_port *bp = sc->sc_ports; bp != NULL; bp = bp->bp_next)
		if (bp->bp_ifp->if_mtu != mtu)
			return -EINVAL;
	return 0;
}

/* A bridge has no address to send from: hosts are its members' neighbours. */
static int
bridge_refuse(struct ifnet *ifp, struct mbuf *m, const struct sockaddr *dst,
    const struct rtentry *rt)
{
	(void)ifp, (void)dst, (void)rt;
	m_freem(m);
	return -EAFNOSUPPORT;
}

/* A frame put onto the bridge itself (bpf): out of all ports. */
static int
bridge_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct bridge *sc = BRIDGE_OF(ifp);

	if (bridge_running(sc) && m->m_pkthdr.hops < MAXHOPS) {
		m->m_pkthdr.hops++;
		flood(sc, NULL, m, put_out);
	}
	m_freem(m);
	return 0;
}

static void
bridge_destroy(struct ifnet *ifp)
{
	struct bridge *sc = BRIDGE_OF(ifp);
	struct rump_kernel *k = ifp->if_k;

	net_wrlock(k);
	sc->sc_dying = true;
	while (sc->sc_ports != NULL)
		bridge_delete(sc->sc_ports);
	net_unlock(k);
	callout_halt(&sc->sc_prune);
	callout_halt(&sc->sc_tick);
	bridge_route_flush(sc, NULL, true);
	kmem_free(k, sc, sizeof(*sc));
}

static const struct ifnet_ops bridge_ops = {
	.ifo_output = bridge_refuse,
	.ifo_transmit = bridge_transmit,
	.ifo_ioctl = bridge_ioctl,
	.ifo_updown = bridge_updown,
	.ifo_setmtu = bridge_setmtu,
	.ifo_destroy = bridge_destroy,
};

static int
bridge_create(struct rump_kernel *k, const struct if_clone *ifc, int unit)
{
	struct bridge *sc = kmem_zalloc(k, sizeof(*sc));
	struct ifnet *ifp;
	int error;

	if (sc == NULL)
		return -ENOMEM;
	ifp = &sc->sc_if;
	ifp->if_k = k;
	ifp->if_softc = sc;
	ifp->if_ops = &bridge_ops;
	ifp->if_type = IFT_BRIDGE;
	ifp->if_dlt = DLT_EN10MB;
	ifp->if_hdrlen = ETHER_HDR_LEN;
	ifp->if_mtu = ETHERMTU;
	if_initname(ifp, ifc->ifc_name, unit);
	sc->sc_maxroutes = 100;
	sc->sc_timeout = 1200;
	sc->sc_priority = 0x8000;
	sc->sc_hello = 2;
	sc->sc_forward = 15;
	sc->sc_maxage = 20;
	callout_init(&sc->sc_prune, k, prune, sc);
	callout_init(&sc->sc_tick, k, tick, sc);
	stp_configure(sc);
	if ((error = if_attach(ifp)) != 0)
		kmem_free(k, sc, sizeof(*sc));
	return error;
}

static const struct if_clone bridge_cloner = { .ifc_name = "bridge",
	.ifc_create = bridge_create };

int
bridge_attach(struct rump_kernel *k)
{
	return NS(k) == NULL ? 0 : if_clone_attach(k, &bridge_cloner);
}

void
bridge_detach(struct rump_kernel *k)
{
	(void)k;
}
