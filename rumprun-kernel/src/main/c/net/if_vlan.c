/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vlan(4): virtual LANs (IEEE 802.1Q), by tags that are put in and taken out here.
 *
 * An interface that has vlans points to its trunk (if_vlantrunk), which lists them. All of it changes with the net lock held exclusively: by requests, and when the parent
 * goes. What a vlan listens to, its parent listens to as well: groups are mirrored, and so is promiscuity.
 */
#include "net/if_private.h"

#define TAG_MAX 4094 /* 802.1Q-1998, 9.3.2.3: 4095 is reserved */
#define MAXHOPS 8
#define HEADER (ETHER_HDR_LEN + ETHER_VLAN_ENCAP_LEN)

struct vlan_multi {
	struct vlan_multi *vm_next;
	uint8_t vm_lo[6], vm_hi[6];
};

struct vlan {
	struct ifnet sc_if;	 /* first */
	struct vlan *sc_next;	 /* of the trunk's */
	struct ifnet *sc_parent; /* NULL: not configured */
	uint16_t sc_tag;
	uint8_t sc_fudge; /* how much smaller the MTU is, for parents that know no tags */
	bool sc_promisc;	      /* the parent is, for us */
	struct vlan_multi *sc_multis; /* groups that the parent listens to, for us */
};

struct vlan_trunk {
	struct if_hook vt_hook; /* first: if_vlantrunk points here */
	struct vlan *vt_vlans;
};

/* --- packets (N) --- */

static int
vlan_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct vlan *sc = ifp->if_softc;
	struct ifnet *parent = sc->sc_parent;
	uint8_t header[HEADER];
	uint32_t len = m->m_pkthdr.len;
	int error;

	if (parent == NULL || m->m_pkthdr.len < ETHER_HDR_LEN ||
	    (parent->if_flags & (IFF_UP | IFF_RUNNING)) !=
		(IFF_UP | IFF_RUNNING) ||
	    ++m->m_pkthdr.hops > MAXHOPS) {
		atomic_fetch_add(&ifp->if_oerrors, 1);
		m_freem(m);
		return -ENETDOWN;
	}
	m_copydata(m, 0, 12, header);
	be16_put(header + 12, ETHERTYPE_VLAN);
	be16_put(header + 14, sc->sc_tag);
	m_adj(m, 12);
	if ((m = m_prepend(m, 16)) == NULL) {
		atomic_fetch_add(&ifp->if_oerrors, 1);
		return -ENOBUFS;
	}
	memcpy(m->m_data, header, 16);
	if ((error = if_transmit(parent, m)) != 0) {
		atomic_fetch_add(&ifp->if_oerrors, 1);
		return error;
	}
	atomic_fetch_add_explicit(&ifp->if_opackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&ifp->if_obytes, len, memory_order_relaxed);
	return 0;
}

/* Takes the tag out of the frame, if it is there. NULL: gone. */
static struct mbuf *
untag(struct mbuf *m, uint16_t *tag)
{
	uint8_t header[16];

	if ((m->m_flags & M_VLANTAG) != 0) {
		*tag = m->m_pkthdr.vlan & 0xfff;
		m->m_flags &= (uint16_t)~M_VLANTAG;
		return m;
	}
	if (m->m_pkthdr.len < HEADER) {
		m_freem(m);
		return NULL;
	}
	m_copydata(m, 0, sizeof(header), header);
	*tag = be16_get(header + 14) & 0xfff;
	m_adj(m, sizeof(header));
	if ((m = m_prepend(m, 12)) == NULL)
		return NULL;
	memcpy(m->m_data, header, 12);
	return m;
}

static struct mbuf *
vlan_input(struct ifnet *parent, struct mbuf *m)
{
	const struct vlan_trunk *vt = parent->if_vlantrunk;
	struct vlan *sc;
	uint16_t tag;

	if ((m = untag(m, &tag)) == NULL) {
		atomic_fetch_add(&parent->if_ierrors, 1);
		return NULL;
	}
	for (sc = vt->vt_vlans; sc != NULL; sc = sc->sc_next)
		if (sc->sc_tag == tag)
			break;
	if (sc == NULL)
		atomic_fetch_add(&parent->if_noproto, 1);
	if (sc == NULL ||
	    (sc->sc_if.if_flags & (IFF_UP | IFF_RUNNING)) !=
		(IFF_UP | IFF_RUNNING)) {
		m_freem(m);
		return NULL;
	}
	if_input(&sc->sc_if, m);
	return NULL;
}

/* --- what the parent does for us (W) --- */

static bool
listed(const struct ifnet *ifp, const struct vlan_multi *vm)
{
	const struct ether_multi *e;

	for (e = ifp->if_multiaddrs; e != NULL; e = e->enm_next)
		if (memcmp(e->enm_addrlo, vm->vm_lo, 6) == 0 &&
		    memcmp(e->enm_addrhi, vm->vm_hi, 6) == 0)
			return true;
	return false;
}

static bool
mirrored(const struct vlan *sc, const struct ether_multi *e)
{
	const struct vlan_multi *vm;

	for (vm = sc->sc_multis; vm != NULL; vm = vm->vm_next)
		if (memcmp(e->enm_addrlo, vm->vm_lo, 6) == 0 &&
		    memcmp(e->enm_addrhi, vm->vm_hi, 6) == 0)
			return true;
	return false;
}

/* Groups that are not wanted any more, or all. */
static void
leave(struct vlan *sc, bool all)
{
	struct vlan_multi **p = &sc->sc_multis, *vm;

	while ((vm = *p) != NULL) {
		if (!all && listed(&sc->sc_if, vm)) {
			p = &vm->vm_next;
			continue;
		}
		*p = vm->vm_next;
		(void)ether_delmulti(sc->sc_parent, vm->vm_lo, vm->vm_hi);
		kmem_free(sc->sc_if.if_k, vm, sizeof(*vm));
	}
}

static int
join(struct vlan *sc)
{
	struct vlan_multi *vm;

	for (const struct ether_multi *e = sc->sc_if.if_multiaddrs; e != NULL;
	     e = e->enm_next) {
		if (mirrored(sc, e))
			continue;
		if ((vm = kmem_zalloc(sc->sc_if.if_k, sizeof(*vm))) == NULL)
			return -ENOMEM;
		memcpy(vm->vm_lo, e->enm_addrlo, 6);
		memcpy(vm->vm_hi, e->enm_addrhi, 6);
		if (ether_addmulti(sc->sc_parent, vm->vm_lo, vm->vm_hi) != 0) {
			kmem_free(sc->sc_if.if_k, vm, sizeof(*vm));
			return -ENOMEM;
		}
		vm->vm_next = sc->sc_multis;
		sc->sc_multis = vm;
	}
	return 0;
}

static int
follow(struct vlan *sc)
{
	bool promisc = (sc->sc_if.if_flags & IFF_PROMISC) != 0;
	int error = 0;

	if (sc->sc_parent == NULL)
		return 0;
	if (promisc != sc->sc_promisc &&
	    (error = ifpromisc(sc->sc_parent, promisc)) == 0)
		sc->sc_promisc = promisc;
	leave(sc, false);
	return error != 0 ? error : join(sc);
}

static int
vlan_updown(struct ifnet *ifp, bool up)
{
	struct vlan *sc = ifp->if_softc;

	if (up && sc->sc_parent == NULL)
		return -EINVAL;
	return follow(sc);
}

/* --- configuration (W) --- */

static void
unconfigure(struct vlan *sc)
{
	static const uint8_t none[ETHER_ADDR_LEN];
	struct ifnet *ifp = &sc->sc_if, *parent = sc->sc_parent;
	struct vlan_trunk *vt;
	struct vlan **p;

	if (parent == NULL)
		return;
	leave(sc, true);
	if (sc->sc_promisc && !parent->if_dying)
		(void)ifpromisc(parent, false);
	sc->sc_promisc = false;
	vt = parent->if_vlantrunk;
	for (p = &vt->vt_vlans; *p != sc; p = &(*p)->sc_next)
		continue;
	*p = sc->sc_next;
	if (vt->vt_vlans == NULL) {
		parent->if_vlantrunk = NULL;
		kmem_free(ifp->if_k, vt, sizeof(*vt));
	}
	sc->sc_parent = NULL;
	sc->sc_tag = 0;
	atomic_fetch_and(&ifp->if_flags, ~IFF_RUNNING);
	if (ifp->if_dying)
		return;
	ifp->if_mtu = ETHERMTU;
	(void)if_setlladdr(ifp, none);
}

static void
parent_gone(struct ifnet *parent)
{
	struct vlan_trunk *vt;

	while ((vt = parent->if_vlantrunk) != NULL) {
		struct vlan *sc = vt->vt_vlans;

		unconfigure(sc);
		if_down(&sc->sc_if);
	}
}

static int
get_trunk(struct ifnet *parent, struct vlan_trunk **vtp)
{
	if ((*vtp = parent->if_vlantrunk) != NULL)
		return 0;
	if ((*vtp = kmem_zalloc(parent->if_k, sizeof(**vtp))) == NULL)
		return -ENOMEM;
	(*vtp)->vt_hook = (struct if_hook){ .ih_input = vlan_input,
		.ih_gone = parent_gone };
	parent->if_vlantrunk = *vtp;
	return 0;
}

/* Frames that are four bytes longer pass through the parent: it says so, or has no limit of its own but its MTU. */
static bool
takes_longer(struct ifnet *parent, struct lwp *l)
{
	struct eccapreq req;

	memset(&req, 0, sizeof(req));
	return parent->if_ops->ifo_ioctl != NULL &&
	    parent->if_ops->ifo_ioctl(parent, l, SIOCGETHERCAP, &req) == 0 &&
	    (req.eccr_capabilities & ETHERCAP_VLAN_MTU) != 0;
}

static int
configure(struct vlan *sc, struct lwp *l, struct ifnet *parent, uint16_t tag)
{
	struct ifnet *ifp = &sc->sc_if;
	struct vlan_trunk *vt = parent->if_vlantrunk;
	int error;

	if (parent->if_type != IFT_ETHER || parent == ifp || parent->if_dying)
		return -EPROTONOSUPPORT;
	for (struct vlan *o = vt == NULL ? NULL : vt->vt_vlans; o != NULL;
	     o = o->sc_next)
		if (o->sc_tag == tag && o != sc)
			return -EEXIST;
	if (sc->sc_parent != NULL)
		return sc->sc_parent == parent && sc->sc_tag == tag ? 0 : -EBUSY;
	/* No vlan under itself. */
	for (struct ifnet *p = parent; p != NULL && p->if_ops == ifp->if_ops;
	     p = ((struct vlan *)p->if_softc)->sc_parent)
		if (p == ifp)
			return -EINVAL;
	if ((error = get_trunk(parent, &vt)) != 0)
		return error;
	sc->sc_next = vt->vt_vlans;
	vt->vt_vlans = sc;
	sc->sc_parent = parent;
	sc->sc_tag = tag;
	sc->sc_fudge = takes_longer(parent, l) ? 0 : ETHER_VLAN_ENCAP_LEN;
	ifp->if_mtu = parent->if_mtu - sc->sc_fudge;
	ifp->if_baudrate = parent->if_baudrate;
	atomic_fetch_or(&ifp->if_flags, IFF_RUNNING);
	(void)if_setlladdr(ifp, parent->if_lladdr);
	return follow(sc);
}

static int
set_vlan(struct vlan *sc, struct lwp *l, const struct vlanreq *req)
{
	char name[IFNAMSIZ];
	struct ifnet *parent;

	memcpy(name, req->vlr_parent, sizeof(name));
	name[IFNAMSIZ - 1] = '\0';
	if (name[0] == '\0') {
		unconfigure(sc);
		if_down(&sc->sc_if);
		return 0;
	}
	/* 0 is for frames with a priority only. */
	if (req->vlr_tag == 0 || req->vlr_tag > TAG_MAX)
		return -EINVAL;
	if ((parent = if_byname(sc->sc_if.if_k, name)) == NULL)
		return sc->sc_parent != NULL ? -EBUSY : -ENOENT;
	return configure(sc, l, parent, req->vlr_tag);
}

static void
get_vlan(const struct vlan *sc, struct vlanreq *req)
{
	memset(req, 0, sizeof(*req));
	if (sc->sc_parent == NULL)
		return;
	memcpy(
	    req->vlr_parent, sc->sc_parent->if_xname, sizeof(req->vlr_parent));
	req->vlr_tag = sc->sc_tag;
}

static int
vlan_ioctl(struct ifnet *ifp, struct lwp *l, unsigned long cmd, void *data)
{
	struct vlan *sc = ifp->if_softc;
	const struct ifreq *ifr = data;

	switch (cmd) {
	case SIOCSETVLAN:
		return set_vlan(sc, l, ifr->ifr_ifru.ifru_data);
	case SIOCGETVLAN:
		get_vlan(sc, ifr->ifr_ifru.ifru_data);
		return 0;
	case SIOCGIFMEDIA:
		if (sc->sc_parent == NULL ||
		    sc->sc_parent->if_ops->ifo_ioctl == NULL)
			return -ENOTTY;
		return sc->sc_parent->if_ops->ifo_ioctl(
		    sc->sc_parent, l, cmd, data);
	default:
		return -ENOTTY;
	}
}

static int
vlan_setmtu(struct ifnet *ifp, uint64_t mtu)
{
	const struct vlan *sc = ifp->if_softc;

	if (sc->sc_parent == NULL || mtu < ETHERMIN - ETHER_VLAN_ENCAP_LEN ||
	    mtu > sc->sc_parent->if_mtu - sc->sc_fudge)
		return -EINVAL;
	return 0;
}

/* --- the interface --- */

static void
vlan_destroy(struct ifnet *ifp)
{
	struct vlan *sc = ifp->if_softc;
	struct rump_kernel *k = ifp->if_k;

	net_wrlock(k);
	unconfigure(sc);
	net_unlock(k);
	kmem_free(k, sc, sizeof(*sc));
}

static const struct ifnet_ops vlan_ops = {
	.ifo_output = ether_output,
	.ifo_transmit = vlan_transmit,
	.ifo_ioctl = vlan_ioctl,
	.ifo_updown = vlan_updown,
	.ifo_setmtu = vlan_setmtu,
	.ifo_destroy = vlan_destroy,
};

static int
vlan_create(struct rump_kernel *k, const struct if_clone *ifc, int unit)
{
	static const uint8_t none[ETHER_ADDR_LEN];
	struct vlan *sc = kmem_zalloc(k, sizeof(*sc));
	struct ifnet *ifp;
	int error;

	if (sc == NULL)
		return -ENOMEM;
	ifp = &sc->sc_if;
	ifp->if_k = k;
	ifp->if_softc = sc;
	ifp->if_ops = &vlan_ops;
	ifp->if_flags = IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
	if_initname(ifp, ifc->ifc_name, unit);
	ether_ifattach(ifp, none);
	if ((error = if_attach(ifp)) != 0)
		kmem_free(k, sc, sizeof(*sc));
	return error;
}

static const struct if_clone vlan_cloner = { .ifc_name = "vlan",
	.ifc_create = vlan_create };

int
vlan_attach(struct rump_kernel *k)
{
	return NS(k) == NULL ? 0 : if_clone_attach(k, &vlan_cloner);
}

void
vlan_detach(struct rump_kernel *k)
{
	(void)k;
}
