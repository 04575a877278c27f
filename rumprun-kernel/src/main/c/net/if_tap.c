/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tap(4): Ethernet interfaces whose other end is a process: it reads the frames that are sent, and writes those that are to be received.
 *
 * /dev/tapN is the device of tapN, which ifconfig has made; an open of /dev/tap makes an interface of its own, which goes with the close.
 */
#include <netbsd/fcntl.h>
#include <netbsd/if_media.h>
#include "kern/sysctl.h"
#include "net/if_private.h"
#include "net/pktdev.h"

#define TAP_MAJOR 169
#define TAP_CLONER 0xfffff
#define FRAME_MAX (65535 + ETHER_HDR_LEN)

struct tap {
	struct ifnet sc_if; /* first */
	struct pktdev *sc_dev;
	int sc_media; /* what was asked for; nothing depends on it */
};

/* --- the interface --- */

static int
tap_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct tap *sc = ifp->if_softc;
	uint32_t len = m->m_pkthdr.len;
	int error = pktdev_queue(sc->sc_dev, m);

	/* Without a reader it is as if nobody were at the other end of the cable. */
	if (error == -ENETDOWN)
		error = 0;
	if (error != 0) {
		atomic_fetch_add(&ifp->if_oerrors, 1);
		return error;
	}
	atomic_fetch_add_explicit(&ifp->if_opackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&ifp->if_obytes, len, memory_order_relaxed);
	return 0;
}

static int
tap_updown(struct ifnet *ifp, bool up)
{
	if (up)
		atomic_fetch_or(&ifp->if_flags, IFF_RUNNING);
	else
		atomic_fetch_and(&ifp->if_flags, ~IFF_RUNNING);
	return 0;
}

static int
tap_setmtu(struct ifnet *ifp, uint64_t mtu)
{
	(void)ifp;
	return mtu < ETHERMIN || mtu > ETHERMTU_JUMBO ? -EINVAL : 0;
}

static const int media[] = {
	IFM_ETHER | IFM_1000_T,
	IFM_ETHER | IFM_1000_T | IFM_FDX,
	IFM_ETHER | IFM_100_TX,
	IFM_ETHER | IFM_100_TX | IFM_FDX,
	IFM_ETHER | IFM_10_T,
	IFM_ETHER | IFM_10_T | IFM_FDX,
	IFM_ETHER | IFM_AUTO,
};
#define NMEDIA ((int)(sizeof(media) / sizeof(media[0])))

static int
get_media(const struct tap *sc, struct ifmediareq *req)
{
	int room = req->ifm_count;

	req->ifm_current = req->ifm_active = sc->sc_media;
	req->ifm_mask = 0;
	req->ifm_status = 0;
	for (int i = 0; req->ifm_ulist != NULL && i < NMEDIA && i < room; i++)
		req->ifm_ulist[i] = media[i];
	req->ifm_count = NMEDIA;
	return 0;
}

static int
set_media(struct tap *sc, int word)
{
	for (int i = 0; i < NMEDIA; i++)
		if (media[i] == word) {
			sc->sc_media = word;
			return 0;
		}
	return -EINVAL;
}

/* SIOCSIFPHYADDR, as tap(4) has it: a sockaddr_dl with the new link address. */
static int
set_lladdr(struct ifnet *ifp, const void *data)
{
	const uint8_t *sa = (const uint8_t *)data + IFNAMSIZ;
	const struct sockaddr_dl *sdl = (const void *)sa;
	const struct dl_addr *a = &sdl->sdl_addr;

	if (sdl->sdl_family != AF_LINK || a->dl_alen != ETHER_ADDR_LEN ||
	    a->dl_nlen >
		sizeof(struct ifaliasreq) - IFNAMSIZ - 8 - ETHER_ADDR_LEN)
		return -EINVAL;
	return if_setlladdr(ifp, sa + 8 + a->dl_nlen);
}

static int
tap_ifioctl(struct ifnet *ifp, struct lwp *l, unsigned long cmd, void *data)
{
	struct tap *sc = ifp->if_softc;
	const struct ifreq *ifr = data;
	struct eccapreq *ec = data;

	(void)l;
	switch (cmd) {
	case SIOCGIFMEDIA:
		return get_media(sc, data);
	case SIOCSIFMEDIA:
		return set_media(sc, ifr->ifr_ifru.ifru_value);
	case SIOCGETHERCAP:
		ec->eccr_capabilities = ETHERCAP_VLAN_MTU | ETHERCAP_JUMBO_MTU;
		ec->eccr_capenable = 0;
		return 0;
	case SIOCSIFPHYADDR:
		return set_lladdr(ifp, data);
	default:
		return -ENOTTY;
	}
}

static void
tap_destroy(struct ifnet *ifp)
{
	struct tap *sc = ifp->if_softc;

	pktdev_gone(sc->sc_dev);
	kmem_free(ifp->if_k, sc, sizeof(*sc));
}

static const struct ifnet_ops tap_ops = {
	.ifo_output = ether_output,
	.ifo_transmit = tap_transmit,
	.ifo_ioctl = tap_ifioctl,
	.ifo_updown = tap_updown,
	.ifo_setmtu = tap_setmtu,
	.ifo_destroy = tap_destroy,
};

static int
tap_create(struct rump_kernel *k, const struct if_clone *ifc, int unit)
{
	uint8_t lladdr[ETHER_ADDR_LEN] = { 0xf2, 0x0b, 0xa4 };
	struct tap *sc = kmem_zalloc(k, sizeof(*sc));
	struct ifnet *ifp;
	int error;

	if (sc == NULL)
		return -ENOMEM;
	ifp = &sc->sc_if;
	ifp->if_k = k;
	ifp->if_softc = sc;
	ifp->if_ops = &tap_ops;
	ifp->if_flags = IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
	sc->sc_media = IFM_ETHER | IFM_AUTO;
	kern_random(k, lladdr + 3, 3);
	if_initname(ifp, ifc->ifc_name, unit);
	ether_ifattach(ifp, lladdr);
	if ((error = pktdev_create(ifp, TAP_MAJOR, &sc->sc_dev)) == 0) {
		if ((error = if_attach(ifp)) == 0)
			return 0;
		pktdev_abandon(sc->sc_dev);
	}
	kmem_free(k, sc, sizeof(*sc));
	return error;
}

static const struct if_clone tap_cloner = { .ifc_name = "tap",
	.ifc_create = tap_create };

/* --- the device --- */

static int
tap_read(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	(void)flags;
	return pktdev_read(
	    l, fp->f_data, uio, (fp->f_flag & FNONBLOCK) != 0, true);
}

static int
tap_write(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	struct pktdev *pd = fp->f_data;
	struct mbuf *m;
	int error;

	(void)flags;
	if (uio->uio_resid == 0)
		return 0;
	if (uio->uio_resid > FRAME_MAX)
		return -EMSGSIZE;
	/* What stands behind the Ethernet header is aligned. */
	if ((error = m_uiomove(l->l_k, uio, uio->uio_resid, 66, &m)) != 0)
		return error;
	net_rdlock(l->l_k);
	if (pd->pd_ifp != NULL)
		if_input(pd->pd_ifp, m);
	else {
		m_freem(m);
		error = -ENXIO;
	}
	net_unlock(l->l_k);
	net_run(l->l_k);
	return error;
}

static int
tap_ioctl(struct lwp *l, struct file *fp, unsigned long cmd, void *data)
{
	struct pktdev *pd = fp->f_data;
	struct ifreq *ifr = data;

	if (cmd != TAPGIFNAME)
		return pktdev_ioctl(l, pd, cmd, data);
	memset(ifr, 0, sizeof(*ifr));
	return pktdev_name(pd, ifr->ifr_name) ? 0 : -ENXIO;
}

static int
tap_close(struct lwp *l, struct file *fp)
{
	struct pktdev *pd = fp->f_data;
	char name[IFNAMSIZ];

	fp->f_data = NULL;
	pktdev_close(pd);
	/* Somebody may have destroyed it before. */
	if (pd->pd_ownif && pktdev_name(pd, name) &&
	    if_clone_destroy(l->l_k, name) == 0)
		net_run(l->l_k);
	pktdev_put(pd);
	return 0;
}

static const struct fileops tap_fileops = {
	.fo_read = tap_read,
	.fo_write = tap_write,
	.fo_ioctl = tap_ioctl,
	.fo_fcntl = pktdev_fcntl,
	.fo_poll = pktdev_poll,
	.fo_stat = pktdev_stat,
	.fo_close = tap_close,
	.fo_kqfilter = pktdev_kqfilter,
};

static int
make_own(struct rump_kernel *k, struct pktdev **pdp)
{
	char name[IFNAMSIZ];
	struct ifnet *ifp;
	int error;

	net_wrlock(k);
	error = if_clone_create(k, "tap", name);
	if (error == 0 && (ifp = if_byname(k, name)) != NULL)
		*pdp = pktdev_find(k, "tap", ifp->if_dunit);
	net_unlock(k);
	if (error == 0 && *pdp == NULL)
		error = -ENXIO;
	return error;
}

static int
tap_open(struct lwp *l, dev_t dev, int flags, struct file *fp)
{
	bool own = minor(dev) == TAP_CLONER;
	struct pktdev *pd = NULL;
	int error = 0;

	(void)flags;
	if (NS(l->l_k) == NULL || NS(l->l_k)->ns_tun == NULL)
		return -ENXIO;
	if (own)
		error = make_own(l->l_k, &pd);
	else if ((pd = pktdev_find(l->l_k, "tap", (int)minor(dev))) == NULL)
		error = -ENXIO;
	if (error != 0)
		return error;
	if ((error = pktdev_open(pd)) != 0) {
		pktdev_put(pd);
		return error;
	}
	pd->pd_ownif = own;
	fp->f_type = DTYPE_MISC;
	fp->f_ops = &tap_fileops;
	fp->f_data = pd;
	return 0;
}

const struct devsw dev_tap = {
	.d_name = "tap",
	.d_bmajor = -1,
	.d_cmajor = TAP_MAJOR,
	.d_clone = tap_open,
};

/* --- the component --- */

static const struct sysctl_def table[] = {
	{ "net", CTL_NET, CTLTYPE_NODE, .sd_size = 0 },
	{ "net.link", PF_LINK, CTLTYPE_NODE, .sd_size = 0 },
	{ "net.link.tap", CTL_CREATE, CTLTYPE_NODE | CTLFLAG_PERMANENT,
	    .sd_size = 0 },
	{ NULL },
};

int
tap_attach(struct rump_kernel *k)
{
	int error;

	if (NS(k) == NULL || NS(k)->ns_if == NULL)
		return 0;
	if ((error = pktdev_boot(k)) != 0)
		return error;
	if ((error = sysctl_attach(k, table, NULL)) != 0 ||
	    (error = if_clone_attach(k, &tap_cloner)) != 0)
		pktdev_fini(k);
	return error;
}

void
tap_detach(struct rump_kernel *k)
{
	pktdev_fini(k);
}
