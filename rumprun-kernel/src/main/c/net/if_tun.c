/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tun(4): interfaces for packets without a link header, whose other end is a process. An open of /dev/tunN makes tunN if it isn't there; the interface stays,
 * down, after the close.
 *
 * What a packet looks like to the process is a property of the device: as it is (IPv4 only), behind its family's number (TUNSIFHEAD), or behind the
 * address it is sent to (TUNSLMODE).
 */
#include <netbsd/fcntl.h>
#include <stdio.h>
#include "net/bpf_var.h"
#include "net/if_private.h"
#include "net/pktdev.h"
#include "netinet/inet.h"
#include "netinet6/inet6.h"

#define TUN_MAJOR 40
#define PACKET_MAX 65535

struct tun {
	struct ifnet sc_if; /* first */
	struct pktdev *sc_dev;
	_Atomic unsigned sc_flags; /* TUN_PREPADDR, TUN_IFHEAD */
	_Atomic int sc_debug;
};

/* --- the interface --- */

/* What stands before the packet for the reader. NULL: freed. */
static struct mbuf *
put_front(const struct tun *sc, struct mbuf *m, const struct sockaddr *dst)
{
	size_t n;

	if ((sc->sc_flags & TUN_PREPADDR) != 0) {
		n = dst->sa_len;
		if ((m = m_prepend(m, n)) != NULL)
			memcpy(m->m_data, dst, n);
	} else if ((sc->sc_flags & TUN_IFHEAD) != 0) {
		if ((m = m_prepend(m, 4)) != NULL)
			be32_put(m->m_data, dst->sa_family);
	}
	return m;
}

static int
tun_send(struct tun *sc, struct mbuf *m, const struct sockaddr *dst)
{
	struct ifnet *ifp = &sc->sc_if;
	uint32_t af = dst->sa_family, len = m->m_pkthdr.len;
	int error;

	if (atomic_load_explicit(&ifp->if_bpf, memory_order_acquire) != NULL)
		bpf_mtap_slow(ifp, m, &af, sizeof(af), true);
	if ((m = put_front(sc, m, dst)) == NULL)
		return -ENOBUFS;
	if ((error = pktdev_queue(sc->sc_dev, m)) != 0)
		return error == -ENETDOWN ? -EHOSTDOWN : error;
	atomic_fetch_add_explicit(&ifp->if_opackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&ifp->if_obytes, len, memory_order_relaxed);
	return 0;
}

static int
tun_output(struct ifnet *ifp, struct mbuf *m, const struct sockaddr *dst,
    const struct rtentry *rt)
{
	struct tun *sc = ifp->if_softc;
	bool framed = (sc->sc_flags & (TUN_IFHEAD | TUN_PREPADDR)) != 0;
	int error;

	(void)rt;
	if ((ifp->if_flags & (IFF_UP | IFF_RUNNING)) != (IFF_UP | IFF_RUNNING))
		error = -EHOSTDOWN;
	else if (dst->sa_family != AF_INET &&
	    (dst->sa_family != AF_INET6 || !framed))
		error = -EAFNOSUPPORT;
	else {
		error = tun_send(sc, m, dst);
		m = NULL;
	}
	m_freem(m);
	if (error != 0)
		atomic_fetch_add(&ifp->if_oerrors, 1);
	return error;
}

static int
tun_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct sockaddr dst = { .sa_len = sizeof(dst) };
	uint8_t first = 0;

	if (m->m_pkthdr.len > 0)
		m_copydata(m, 0, 1, &first);
	dst.sa_family = first >> 4 == 6 ? AF_INET6 : AF_INET;
	return tun_output(ifp, m, &dst, NULL);
}

static int
tun_setmtu(struct ifnet *ifp, uint64_t mtu)
{
	(void)ifp;
	return mtu < 576 || mtu > PACKET_MAX ? -EINVAL : 0;
}

static int
tun_ifioctl(struct ifnet *ifp, struct lwp *l, unsigned long cmd, void *data)
{
	const struct ifreq *ifr = data;
	int af = ifr->ifr_ifru.ifru_addr.sa_family;

	(void)ifp, (void)l;
	if (cmd != SIOCADDMULTI && cmd != SIOCDELMULTI)
		return -ENOTTY;
	return af == AF_INET || af == AF_INET6 ? 0 : -EAFNOSUPPORT;
}

static void
tun_destroy(struct ifnet *ifp)
{
	struct tun *sc = ifp->if_softc;

	pktdev_gone(sc->sc_dev);
	kmem_free(ifp->if_k, sc, sizeof(*sc));
}

static const struct ifnet_ops tun_ops = {
	.ifo_output = tun_output,
	.ifo_transmit = tun_transmit,
	.ifo_ioctl = tun_ifioctl,
	.ifo_setmtu = tun_setmtu,
	.ifo_destroy = tun_destroy,
};

static int
tun_create(struct rump_kernel *k, const struct if_clone *ifc, int unit)
{
	struct tun *sc = kmem_zalloc(k, sizeof(*sc));
	struct ifnet *ifp;
	int error;

	if (sc == NULL)
		return -ENOMEM;
	ifp = &sc->sc_if;
	ifp->if_k = k;
	ifp->if_softc = sc;
	ifp->if_ops = &tun_ops;
	ifp->if_type = IFT_TUNNEL;
	ifp->if_dlt = DLT_NULL;
	ifp->if_mtu = TUNMTU;
	ifp->if_flags = IFF_POINTOPOINT | IFF_MULTICAST;
	if_initname(ifp, ifc->ifc_name, unit);
	if ((error = pktdev_create(ifp, TUN_MAJOR, &sc->sc_dev)) == 0) {
		if ((error = if_attach(ifp)) == 0)
			return 0;
		pktdev_abandon(sc->sc_dev);
	}
	kmem_free(k, sc, sizeof(*sc));
	return error;
}

static const struct if_clone tun_cloner = { .ifc_name = "tun",
	.ifc_create = tun_create };

/* --- the device --- */

static int
tun_read(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	(void)flags;
	return pktdev_read(
	    l, fp->f_data, uio, (fp->f_flag & FNONBLOCK) != 0, true);
}

/* The family of what was written, and how long what tells it is; 0: none that we know. */
static int
written_af(const struct tun *sc, const struct mbuf *m, size_t *front)
{
	uint8_t b[4] = { 0 };
	size_t len = m->m_pkthdr.len;

	*front = 0;
	if ((sc->sc_flags & TUN_IFHEAD) != 0) {
		if (len < 4)
			return 0;
		m_copydata(m, 0, 4, b);
		*front = 4;
		return be32_get(b) < 36 ? (int)be32_get(b) : 0;
	}
	if ((sc->sc_flags & TUN_PREPADDR) != 0) {
		if (len < 2)
			return 0;
		m_copydata(m, 0, 2, b);
		*front = b[0];
		return b[0] >= 2 && b[0] <= len ? b[1] : 0;
	}
	return AF_INET;
}

/* N. Taken. */
static int
tun_receive(struct tun *sc, struct mbuf *m)
{
	struct ifnet *ifp = &sc->sc_if;
	struct net_state *ns = NS(ifp->if_k);
	size_t front;
	uint32_t af = (uint32_t)written_af(sc, m, &front);
	enum netproto proto = af == AF_INET ? NETPROTO_IP : NETPROTO_IP6;

	if ((af != AF_INET && af != AF_INET6) || ns->ns_input[proto] == NULL ||
	    m->m_pkthdr.len <= front) {
		atomic_fetch_add(&ifp->if_ierrors, 1);
		m_freem(m);
		return -EAFNOSUPPORT;
	}
	if ((ifp->if_flags & IFF_UP) == 0) {
		m_freem(m);
		return -EHOSTDOWN;
	}
	m_adj(m, (int)front);
	m->m_pkthdr.rcvif = ifp;
	if (atomic_load_explicit(&ifp->if_bpf, memory_order_acquire) != NULL)
		bpf_mtap_slow(ifp, m, &af, sizeof(af), false);
	atomic_fetch_add_explicit(&ifp->if_ipackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &ifp->if_ibytes, m->m_pkthdr.len, memory_order_relaxed);
	net_input(ifp->if_k, proto, m);
	return 0;
}

static int
tun_write(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	struct pktdev *pd = fp->f_data;
	struct mbuf *m;
	int error;

	(void)flags;
	if (uio->uio_resid == 0 || uio->uio_resid > PACKET_MAX + 256)
		return -EIO;
	if ((error = m_uiomove(l->l_k, uio, uio->uio_resid, 64, &m)) != 0)
		return error;
	net_rdlock(l->l_k);
	if (pd->pd_ifp != NULL)
		error = tun_receive(pd->pd_ifp->if_softc, m);
	else {
		m_freem(m);
		error = -ENXIO;
	}
	net_unlock(l->l_k);
	net_run(l->l_k);
	return error;
}

static int
set_mode(struct ifnet *ifp, int mode)
{
	int which = mode & (IFF_POINTOPOINT | IFF_BROADCAST);

	if ((ifp->if_flags & IFF_UP) != 0)
		return -EBUSY;
	if ((mode & ~(IFF_POINTOPOINT | IFF_BROADCAST | IFF_MULTICAST)) != 0 ||
	    (which != IFF_POINTOPOINT && which != IFF_BROADCAST))
		return -EINVAL;
	atomic_fetch_and(
	    &ifp->if_flags, ~(IFF_POINTOPOINT | IFF_BROADCAST | IFF_MULTICAST));
	atomic_fetch_or(&ifp->if_flags, mode);
	return 0;
}

/* W. */
static int
tun_request(struct tun *sc, unsigned long cmd, int *v)
{
	switch (cmd) {
	case TUNSDEBUG:
		sc->sc_debug = *v;
		return 0;
	case TUNGDEBUG:
		*v = sc->sc_debug;
		return 0;
	case TUNSIFMODE:
		return set_mode(&sc->sc_if, *v);
	case TUNSLMODE:
		sc->sc_flags = *v != 0 ? TUN_PREPADDR :
					 sc->sc_flags & ~TUN_PREPADDR;
		return 0;
	case TUNSIFHEAD:
		sc->sc_flags = *v != 0 ? TUN_IFHEAD : sc->sc_flags & ~TUN_IFHEAD;
		return 0;
	default: /* TUNGIFHEAD */
		*v = (sc->sc_flags & TUN_IFHEAD) != 0;
		return 0;
	}
}

static int
tun_ioctl(struct lwp *l, struct file *fp, unsigned long cmd, void *data)
{
	struct pktdev *pd = fp->f_data;
	int error = -ENXIO;

	switch (cmd) {
	case TUNSDEBUG:
	case TUNGDEBUG:
	case TUNSIFMODE:
	case TUNSLMODE:
	case TUNSIFHEAD:
	case TUNGIFHEAD:
		net_wrlock(l->l_k);
		if (pd->pd_ifp != NULL)
			error = tun_request(pd->pd_ifp->if_softc, cmd, data);
		net_unlock(l->l_k);
		return error;
	default:
		return pktdev_ioctl(l, pd, cmd, data);
	}
}

static int
tun_close(struct lwp *l, struct file *fp)
{
	struct pktdev *pd = fp->f_data;

	fp->f_data = NULL;
	pktdev_close(pd);
	net_wrlock(l->l_k);
	if (pd->pd_ifp != NULL) {
		atomic_fetch_and(&pd->pd_ifp->if_flags, ~IFF_RUNNING);
		if (!pd->pd_ifp->if_dying)
			if_down(pd->pd_ifp);
	}
	net_unlock(l->l_k);
	net_run(l->l_k);
	pktdev_put(pd);
	return 0;
}

static const struct fileops tun_fileops = {
	.fo_read = tun_read,
	.fo_write = tun_write,
	.fo_ioctl = tun_ioctl,
	.fo_fcntl = pktdev_fcntl,
	.fo_poll = pktdev_poll,
	.fo_stat = pktdev_stat,
	.fo_close = tun_close,
	.fo_kqfilter = pktdev_kqfilter,
};

/* The device of a unit, and the interface made if need be. */
static int
find_or_make(struct lwp *l, unsigned unit, struct pktdev **pdp)
{
	char name[IFNAMSIZ];
	int error;

	if ((*pdp = pktdev_find(l->l_k, "tun", (int)unit)) != NULL)
		return 0;
	if (!cred_issuser(l->l_cred) || unit > 9999)
		return -ENXIO;
	snprintf(name, sizeof(name), "tun%u", unit);
	net_wrlock(l->l_k);
	error = if_clone_create(l->l_k, name, NULL);
	net_unlock(l->l_k);
	*pdp = pktdev_find(l->l_k, "tun", (int)unit);
	return *pdp != NULL ? 0 : error != 0 ? error : -ENXIO;
}

static int
tun_open(struct lwp *l, dev_t dev, int flags, struct file *fp)
{
	struct rump_kernel *k = l->l_k;
	struct pktdev *pd;
	int error;

	(void)flags;
	if (NS(k) == NULL || NS(k)->ns_tun == NULL)
		return -ENXIO;
	if ((error = find_or_make(l, minor(dev), &pd)) != 0)
		return error;
	if ((error = pktdev_open(pd)) != 0) {
		pktdev_put(pd);
		return error;
	}
	net_wrlock(k);
	if (pd->pd_ifp != NULL)
		atomic_fetch_or(&pd->pd_ifp->if_flags, IFF_RUNNING);
	net_unlock(k);
	fp->f_type = DTYPE_MISC;
	fp->f_ops = &tun_fileops;
	fp->f_data = pd;
	return 0;
}

const struct devsw dev_tun = {
	.d_name = "tun",
	.d_bmajor = -1,
	.d_cmajor = TUN_MAJOR,
	.d_clone = tun_open,
};

int
tun_attach(struct rump_kernel *k)
{
	int error;

	if (NS(k) == NULL || NS(k)->ns_if == NULL)
		return 0;
	if ((error = pktdev_boot(k)) != 0)
		return error;
	if ((error = if_clone_attach(k, &tun_cloner)) != 0)
		pktdev_fini(k);
	return error;
}

void
tun_detach(struct rump_kernel *k)
{
	pktdev_fini(k);
}
