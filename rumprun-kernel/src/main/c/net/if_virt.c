/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virt: Ethernet by way of a tap device of the host, which the link string names.
 *
 * Frames are written in the sender's thread; a full device drops them, as a full cable would. A thread reads. Where the host offers it, checksums are left to
 * whoever is at the other end, and large TCP segments cross in one piece (host/netdev.h: offload).
 */
#include <netbsd/in.h>
#include <netbsd/tcp.h>
#include "host/netdev.h"
#include "net/if_tso.h"
#include "net/if_var.h"

#define BATCH 64
#define BATCH_BYTES (128 << 10) /* what is worked on while it is in the cache */
#define LEAD \
	66 /* room in front of a frame: the headers behind Ethernet's are aligned */
#define LARGE 65536
#define LINKSTR_MAX 1024
#define MTU_MAX 65535
#define OFFLOAD \
	(M_CSUM_TCPv4 | M_CSUM_UDPv4 | M_CSUM_TCPv6 | M_CSUM_UDPv6 | M_CSUM_TSO)
#define VECS 64

struct virt {
	struct ifnet sc_if; /* first */
	int sc_fd;	    /* -1: none. W and sc_lock */
	bool sc_offload;
	char *sc_tap;
	struct netdev_watch *sc_watch;
	struct kern_thread *sc_thread;

	struct kmutex sc_lock; /* leaf, but for the queue of input */
	struct kcond sc_cond;
	bool sc_running, sc_stop;
	bool sc_waiting; /* the thread waits for sc_fd, and so keeps it */
};

/* --- what comes --- */

/* What is read into: a frame of usual size goes into the first, a larger one into both. */
struct buffers {
	struct mbuf *b_small, *b_large;
};

static bool
get_buffers(struct rump_kernel *k, struct buffers *b)
{
	if (b->b_small == NULL)
		b->b_small = m_getcl(k, MT_DATA, MCLBYTES, true);
	if (b->b_large == NULL)
		b->b_large = m_getcl(k, MT_DATA, LARGE, false);
	return b->b_small != NULL && b->b_large != NULL;
}

/* What the header says of a frame. */
static void
understand(struct mbuf *m, const struct netdev_header *nh)
{
	bool v6 = be16_get(m->m_data + 12) == ETHERTYPE_IPV6;
	uint32_t flags = 0;

	if ((nh->nh_flags & NETDEV_NEEDS_CSUM) == 0)
		return;
	if (nh->nh_csumoffset == 16)
		flags = v6 ? M_CSUM_TCPv6 : M_CSUM_TCPv4;
	else if (nh->nh_csumoffset == 6)
		flags = v6 ? M_CSUM_UDPv6 : M_CSUM_UDPv4;
	if (nh->nh_csumoffset == 16 && nh->nh_gsosize > 0) {
		if ((nh->nh_gso & ~NETDEV_GSO_ECN) == NETDEV_GSO_TCPV4)
			flags |= M_CSUM_TSOv4;
		else if ((nh->nh_gso & ~NETDEV_GSO_ECN) == NETDEV_GSO_TCPV6)
			flags |= M_CSUM_TSOv6;
		m->m_pkthdr.segsz = nh->nh_gsosize;
	}
	m->m_pkthdr.csum_flags = flags;
	m->m_pkthdr.csum_data = nh->nh_csumoffset;
}

/* sc_lock. A frame; NULL: none. */
static struct mbuf *
read_frame(struct virt *sc, struct buffers *b)
{
	struct netdev_header nh = { 0 };
	uint32_t hlen = sc->sc_offload ? (uint32_t)sizeof(nh) : 0, small;
	struct netdev_vec v[3];
	struct mbuf *m;
	int64_t n;

	if (!get_buffers(sc->sc_if.if_k, b))
		return NULL;
	m = b->b_small;
	m->m_data = m_start(m) + LEAD;
	small = (uint32_t)(m_room(m) - LEAD);
	v[0] = (struct netdev_vec){ &nh, hlen };
	v[1] = (struct netdev_vec){ m->m_data, small };
	v[2] = (struct netdev_vec){ b->b_large->m_data, LARGE };
	n = netdev_readv(sc->sc_fd, v, 3);
	if (n < (int64_t)hlen + ETHER_HDR_LEN)
		return NULL;
	n -= hlen;
	b->b_small = NULL;
	m->m_pkthdr.len = (uint32_t)n;
	if (n > small) {
		m->m_len = small;
		m->m_next = b->b_large;
		b->b_large->m_len = (uint32_t)n - small;
		b->b_large = NULL;
	} else
		m->m_len = (uint32_t)n;
	if (hlen > 0)
		understand(m, &nh);
	return m;
}

/* How many there were. */
static int
receive(struct virt *sc, struct buffers *b)
{
	uint32_t bytes = 0;
	struct mbuf *m;
	int n = 0;

	kmutex_enter(&sc->sc_lock);
	while (n < BATCH && bytes < BATCH_BYTES && sc->sc_running &&
	    (m = read_frame(sc, b)) != NULL) {
		bytes += m->m_pkthdr.len;
		if_input(&sc->sc_if, m);
		n++;
	}
	kmutex_exit(&sc->sc_lock);
	return n;
}

/* Until there is a running tap; its descriptor, or -1: the end. */
static int
wait_running(struct virt *sc, struct lwp *l)
{
	int error = 0, fd;

	kmutex_enter(&sc->sc_lock);
	while (!sc->sc_running && !sc->sc_stop && error != -ESHUTDOWN)
		error = kern_wait(
		    l, &sc->sc_cond, &sc->sc_lock, 0, WAIT_FOREVER);
	fd = sc->sc_stop || kern_halting(l->l_k) ? -1 : sc->sc_fd;
	sc->sc_waiting = fd != -1;
	kmutex_exit(&sc->sc_lock);
	return fd;
}

static void
receiver(struct lwp *l, void *arg)
{
	struct virt *sc = arg;
	struct buffers b = { NULL, NULL };
	int fd;

	while ((fd = wait_running(sc, l)) != -1) {
		netdev_wait(sc->sc_watch, fd, -1);
		kmutex_enter(&sc->sc_lock);
		sc->sc_waiting = false;
		kcond_broadcast(&sc->sc_cond);
		kmutex_exit(&sc->sc_lock);
		/* Without memory not too often. */
		if (!get_buffers(l->l_k, &b)) {
			host_sleep_ns(10000000);
			continue;
		}
		if (receive(sc, &b) > 0)
			net_run(l->l_k);
	}
	m_freem(b.b_small);
	m_freem(b.b_large);
}

/* --- sending --- */

/* Headers that the other end need not know. */
static struct mbuf *
by_ourselves(struct mbuf *m)
{
	if ((m->m_pkthdr.csum_flags & M_CSUM_TSO) == 0)
		return ether_delayed_cksum(m);
	m_freem(m);
	return NULL;
}

/*
 * The header of a frame that leaves something to the other end: that wants the sum of the pseudo header where the checksum is to be. NULL: m is
 * freed.
 */
static struct mbuf *
explain(struct mbuf *m, struct netdev_header *nh)
{
	uint32_t flags = m->m_pkthdr.csum_flags, l4, sum = 0, len;
	uint8_t h[ETHER_HDR_LEN + 40];
	uint16_t field;
	uint8_t proto;
	bool v6 = (flags & (M_CSUM_TCPv6 | M_CSUM_UDPv6 | M_CSUM_TSOv6)) != 0;

	if (m->m_pkthdr.len < sizeof(h))
		return by_ourselves(m);
	m_copydata(m, 0, sizeof(h), h);
	l4 = ETHER_HDR_LEN + (v6 ? 40 : (h[ETHER_HDR_LEN] & 15u) * 4);
	proto = h[ETHER_HDR_LEN + (v6 ? 6 : 9)];
	if (l4 + 8 > m->m_pkthdr.len ||
	    be16_get(h + 12) != (v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP) ||
	    (proto != IPPROTO_TCP && proto != IPPROTO_UDP) ||
	    (proto == IPPROTO_TCP && l4 + 20 > m->m_pkthdr.len))
		return by_ourselves(m);
	len = m->m_pkthdr.len - l4;
	sum = v6 ? in_cksum_add(sum, h + ETHER_HDR_LEN + 8, 32) :
		   in_cksum_add(sum, h + ETHER_HDR_LEN + 12, 8);
	sum = in_cksum_fold(sum);
	sum += htons(proto);
	sum += htons((uint16_t)len);
	field = in_cksum_fold(sum);
	if (m_copyback(m, l4 + m->m_pkthdr.csum_data, 2, &field) != 0) {
		m_freem(m);
		return NULL;
	}
	nh->nh_flags = NETDEV_NEEDS_CSUM;
	nh->nh_csumstart = (uint16_t)l4;
	nh->nh_csumoffset = m->m_pkthdr.csum_data;
	if ((flags & M_CSUM_TSO) != 0) {
		uint8_t tcp[14];

		m_copydata(m, l4, sizeof(tcp), tcp);
		nh->nh_gso = v6 ? NETDEV_GSO_TCPV6 : NETDEV_GSO_TCPV4;
		if ((tcp[13] & TH_CWR) != 0)
			nh->nh_gso |= NETDEV_GSO_ECN;
		nh->nh_gsosize = m->m_pkthdr.segsz;
		nh->nh_hdrlen = (uint16_t)(l4 + (tcp[12] >> 4) * 4);
	}
	return m;
}

static int
write_frame(struct virt *sc, struct mbuf *m)
{
	struct netdev_header nh = { 0 };
	struct netdev_vec v[VECS];
	uint32_t len;
	int64_t done;
	int n;

	if (sc->sc_offload && (m->m_pkthdr.csum_flags & OFFLOAD) != 0 &&
	    (m = explain(m, &nh)) == NULL)
		return -ENOBUFS;
	for (;;) {
		n = 0;
		if (sc->sc_offload)
			v[n++] = (struct netdev_vec){ &nh, sizeof(nh) };
		len = 0;
		for (struct mbuf *p = m; p != NULL && n < VECS; p = p->m_next) {
			if (p->m_len > 0)
				v[n++] = (struct netdev_vec){ p->m_data,
					p->m_len };
			len += p->m_len;
		}
		if (len == m->m_pkthdr.len)
			break;
		if ((m = m_defrag(m)) == NULL)
			return -ENOBUFS;
	}
	done = netdev_writev(sc->sc_fd, v, n);
	m_freem(m);
	return done == -EAGAIN ? -ENOBUFS : done < 0 ? (int)done : 0;
}

static int
virt_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct virt *sc = ifp->if_softc;
	uint32_t len = m->m_pkthdr.len;
	int error;

	if (sc->sc_fd == -1 || (ifp->if_flags & IFF_RUNNING) == 0) {
		m_freem(m);
		error = -ENETDOWN;
	} else
		error = write_frame(sc, m);
	if (error != 0) {
		atomic_fetch_add(&ifp->if_oerrors, 1);
		return error;
	}
	atomic_fetch_add_explicit(&ifp->if_opackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&ifp->if_obytes, len, memory_order_relaxed);
	return 0;
}

/* --- the interface --- */

static void
tap_close(struct virt *sc)
{
	netdev_watch_poke(sc->sc_watch);
	kmutex_enter(&sc->sc_lock);
	while (sc->sc_waiting)
		kcond_wait(&sc->sc_cond, &sc->sc_lock);
	netdev_close(sc->sc_fd);
	sc->sc_fd = -1;
	kmutex_exit(&sc->sc_lock);
	kmem_free(sc->sc_if.if_k, sc->sc_tap, strlen(sc->sc_tap) + 1);
	sc->sc_tap = NULL;
}

/* W. */
static int
tap_open(struct virt *sc, const char *name)
{
	struct ifnet *ifp = &sc->sc_if;
	int error, fd;
	bool offload;

	if ((sc->sc_tap = kmem_strdup(ifp->if_k, name)) == NULL)
		return -ENOMEM;
	if ((error = netdev_tap_open(name, &fd, &offload)) != 0) {
		kmem_free(ifp->if_k, sc->sc_tap, strlen(name) + 1);
		sc->sc_tap = NULL;
		return error;
	}
	kmutex_enter(&sc->sc_lock);
	sc->sc_fd = fd;
	sc->sc_offload = offload;
	kmutex_exit(&sc->sc_lock);
	ifp->if_csum_flags_tx = offload ? OFFLOAD : 0;
	ifp->if_tso_max = offload ? 65535 : 0;
	return 0;
}

static int
virt_start(struct virt *sc)
{
	struct ifnet *ifp = &sc->sc_if;
	int error;

	if (sc->sc_fd == -1)
		return -ENXIO;
	if (sc->sc_thread == NULL &&
	    (error = kern_thread_create(
		 ifp->if_k, ifp->if_xname, receiver, sc, &sc->sc_thread)) != 0)
		return error;
	kmutex_enter(&sc->sc_lock);
	sc->sc_running = true;
	kcond_broadcast(&sc->sc_cond);
	kmutex_exit(&sc->sc_lock);
	atomic_fetch_or(&ifp->if_flags, IFF_RUNNING);
	return 0;
}

static int
virt_updown(struct ifnet *ifp, bool up)
{
	struct virt *sc = ifp->if_softc;
	bool running = (ifp->if_flags & IFF_RUNNING) != 0;

	if (up && !running)
		return virt_start(sc);
	if (!up && running) {
		atomic_fetch_and(&ifp->if_flags, ~IFF_RUNNING);
		kmutex_enter(&sc->sc_lock);
		sc->sc_running = false;
		kmutex_exit(&sc->sc_lock);
		netdev_watch_poke(sc->sc_watch);
	}
	return 0;
}

static int
virt_setmtu(struct ifnet *ifp, uint64_t mtu)
{
	(void)ifp;
	return mtu == 0 || mtu > MTU_MAX ? -EINVAL : 0;
}

static int
set_linkstr(struct virt *sc, const struct ifdrv *ifd)
{
	const char *name = ifd->ifd_data;
	bool unset = ifd->ifd_cmd == IFLINKSTR_UNSET;

	if (!unset && ifd->ifd_cmd != 0)
		return -EINVAL;
	if ((sc->sc_if.if_flags & IFF_UP) != 0 || (!unset && sc->sc_fd != -1))
		return -EBUSY;
	if (unset) {
		if (sc->sc_fd != -1)
			tap_close(sc);
		return 0;
	}
	if (ifd->ifd_len > LINKSTR_MAX)
		return -E2BIG;
	if (ifd->ifd_len < 1 || name == NULL ||
	    memchr(name, '\0', ifd->ifd_len) == NULL)
		return -EINVAL;
	return tap_open(sc, name);
}

static int
virt_ioctl(struct ifnet *ifp, struct lwp *l, unsigned long cmd, void *data)
{
	(void)l;
	switch (cmd) {
	case SIOCSLINKSTR:
		return set_linkstr(ifp->if_softc, data);
	case SIOCGLINKSTR:
		return if_getlinkstr(
		    data, ((const struct virt *)ifp->if_softc)->sc_tap);
	default:
		return -ENOTTY;
	}
}

static void
virt_destroy(struct ifnet *ifp)
{
	struct virt *sc = ifp->if_softc;

	if (sc->sc_thread != NULL) {
		kmutex_enter(&sc->sc_lock);
		sc->sc_stop = true;
		kcond_broadcast(&sc->sc_cond);
		kmutex_exit(&sc->sc_lock);
		netdev_watch_poke(sc->sc_watch);
		kern_thread_join(sc->sc_thread);
	}
	if (sc->sc_fd != -1)
		tap_close(sc);
	netdev_watch_destroy(sc->sc_watch);
	kmem_free(ifp->if_k, sc, sizeof(*sc));
}

static const struct ifnet_ops virt_ops = {
	.ifo_output = ether_output,
	.ifo_transmit = virt_transmit,
	.ifo_ioctl = virt_ioctl,
	.ifo_updown = virt_updown,
	.ifo_setmtu = virt_setmtu,
	.ifo_destroy = virt_destroy,
};

static int
virt_clone_create(struct rump_kernel *k, const struct if_clone *ifc, int unit)
{
	struct virt *sc = kmem_zalloc(k, sizeof(*sc));
	uint8_t lladdr[ETHER_ADDR_LEN] = { 0xb2, 0x0a };
	struct ifnet *ifp;
	int error;

	if (sc == NULL)
		return -ENOMEM;
	ifp = &sc->sc_if;
	ifp->if_k = k;
	ifp->if_softc = sc;
	ifp->if_ops = &virt_ops;
	ifp->if_flags = IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
	sc->sc_fd = -1;
	kern_random(k, lladdr + 2, 4);
	if_initname(ifp, ifc->ifc_name, unit);
	ether_ifattach(ifp, lladdr);
	if ((error = netdev_watch_create(&sc->sc_watch)) == 0 &&
	    (error = if_attach(ifp)) == 0)
		return 0;
	netdev_watch_destroy(sc->sc_watch);
	kmem_free(k, sc, sizeof(*sc));
	return error;
}

static const struct if_clone virt_cloner = { .ifc_name = "virt",
	.ifc_create = virt_clone_create };

int
virt_attach(struct rump_kernel *k)
{
	return if_clone_attach(k, &virt_cloner);
}
