/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shmif: Ethernet by way of a file that processes share, NetBSD's kernels and ours.
 *
 * Frames go onto the bus in the sender's thread; whoever waits for them is told once for all that were sent in a row (ifo_kick). What comes is read by a thread that every
 * interface has once it was up: in batches under sc_lock, which keeps the bus in place meanwhile. Sending needs no such lock: the bus is
 * changed with the net lock held exclusively.
 *
 * Before it sleeps the thread looks again after it has forgotten the writes so far, so that no frame is left behind. While somebody else
 * looks (net_poll) it rests.
 *
 * Somebody may cut the file. Its space is allocated when the bus is attached, and its size looked at before every batch in either
 * direction: a bus that was cut is made whole again and starts anew. In the middle of a batch the mapping is guarded (host/guard.h): what is cut reads as
 * zeros, and what is written is lost.
 */
#include "host/netdev.h"
#include "net/if_shmif.h"
#include "net/if_shmif_bus.h"
#include "net/if_tso.h"
#include "net/if_var.h"

#define BATCH 64
#define LEAD \
	66 /* room in front of a frame: the headers behind Ethernet's are aligned */
#define LINKSTR_MAX 1024
/* TCP's checksums are computed, and large segments cut, where they are copied to the bus. */
#define OFFLOAD (M_CSUM_TCPv4 | M_CSUM_TCPv6 | M_CSUM_TSO)
#define TSO_MAX 65535

struct shmif {
	struct ifnet sc_if; /* first */
	uint64_t sc_id;
	struct shmif_bus sc_bus; /* b_mem NULL: none. W and sc_lock */
	int sc_fd;
	char *sc_path;
	int64_t sc_boot_ns; /* wall clock of the host when the kernel booted */
	_Atomic bool sc_sending; /* a batch is on its way: looked after */
	struct netdev_watch *sc_watch;
	struct kern_thread *sc_thread;

	struct kmutex sc_fdlock; /* leaf: sc_fd is there, for kicks */
	struct kmutex sc_lock;	 /* leaf, but for the queue of input */
	struct kcond sc_cond;	 /* there is a reason for the thread to look */
	bool sc_running, sc_stop;
	struct shmif_reader sc_reader;
	struct mbuf *sc_spare; /* for the next frame */
	struct lro sc_lro;
};

/* --- the bus --- */

/* Is the bus as large as it should be? Else it starts anew. False: nothing can be done with it. */
static bool
bus_whole(struct shmif *sc)
{
	int rc = netdev_mend(sc->sc_fd, sc->sc_bus.b_mem, BUSMEM_SIZE);

	if (rc > 0)
		shmif_bus_restart(&sc->sc_bus);
	return rc >= 0;
}

static void
wake_bus(struct shmif *sc)
{
	uint32_t version = SHMIF_VERSION;

	(void)netdev_notify(sc->sc_fd, IFMEM_WAKEUP, &version, sizeof(version));
}

static void
bus_detach(struct shmif *sc)
{
	kmutex_enter(&sc->sc_lock);
	kmutex_enter(&sc->sc_fdlock);
	(void)netdev_watch_file(sc->sc_watch, -1);
	netdev_unmap(sc->sc_fd, sc->sc_bus.b_mem, BUSMEM_SIZE);
	sc->sc_bus.b_mem = NULL;
	sc->sc_fd = -1;
	kmutex_exit(&sc->sc_fdlock);
	kmutex_exit(&sc->sc_lock);
	kmem_free(sc->sc_if.if_k, sc->sc_path, strlen(sc->sc_path) + 1);
	sc->sc_path = NULL;
}

/* W. */
static int
bus_attach(struct shmif *sc, const char *path)
{
	struct rump_kernel *k = sc->sc_if.if_k;
	struct shmif_bus bus = { NULL, (uint32_t)host_getpid() };
	void *mem;
	int error, fd;

	if ((sc->sc_path = kmem_strdup(k, path)) == NULL)
		return -ENOMEM;
	error = netdev_map(path, BUSMEM_SIZE, SHMIF_MAGIC, &fd, &mem);
	if (error != 0)
		goto out;
	bus.b_mem = mem;
	if ((error = shmif_bus_init(&bus)) != 0)
		goto out_map;
	kmutex_enter(&sc->sc_lock);
	if ((error = netdev_watch_file(sc->sc_watch, fd)) == 0) {
		kmutex_enter(&sc->sc_fdlock);
		sc->sc_bus = bus;
		sc->sc_fd = fd;
		kmutex_exit(&sc->sc_fdlock);
		shmif_bus_join(&sc->sc_bus, &sc->sc_reader);
	}
	kmutex_exit(&sc->sc_lock);
	if (error == 0)
		return 0;
out_map:
	netdev_unmap(fd, mem, BUSMEM_SIZE);
out:
	kmem_free(k, sc->sc_path, strlen(path) + 1);
	sc->sc_path = NULL;
	return error;
}

/* --- what comes --- */

/* A frame that is there for us; NULL: none, or no memory. sc_lock. */
static struct mbuf *
take_frame(struct shmif *sc, bool *endp)
{
	struct ifnet *ifp = &sc->sc_if;
	struct shmif_want want = { sc->sc_id, ifp->if_lladdr,
		(ifp->if_flags & IFF_PROMISC) != 0 };
	struct mbuf *m = sc->sc_spare;
	uint64_t lost = 0;
	int n;

	if (m == NULL &&
	    (m = m_getcl(ifp->if_k, MT_DATA, MCLBYTES, true)) == NULL) {
		/* What comes is lost, so that the bus doesn't stop. */
		shmif_bus_join(&sc->sc_bus, &sc->sc_reader);
		atomic_fetch_add(&ifp->if_iqdrops, 1);
		*endp = true;
		return NULL;
	}
	m->m_data = m_start(m) + LEAD;
	n = shmif_bus_read(&sc->sc_bus, &sc->sc_reader, &want, m->m_data, &lost);
	if (lost > 0)
		atomic_fetch_add(&ifp->if_ierrors, lost);
	*endp = n == 0;
	if (n <= 0) {
		sc->sc_spare = m;
		return NULL;
	}
	sc->sc_spare = NULL;
	m->m_len = m->m_pkthdr.len = (uint32_t)n;
	return m;
}

/* sc_lock. Reads what is there, some of it. True: look again. */
static bool
receive(struct shmif *sc, int *countp)
{
	bool end = true;

	*countp = 0;
	if (sc->sc_running && bus_whole(sc)) {
		end = false;
		for (int i = 0; i < BATCH && !end; i++) {
			struct mbuf *m = take_frame(sc, &end);

			if (m != NULL) {
				++*countp;
				lro_input(&sc->sc_lro, m, if_input, &sc->sc_if);
			}
		}
	}
	lro_flush(&sc->sc_lro, if_input, &sc->sc_if);
	return !end;
}

/* N. The same for net_poll. */
static bool
shmif_poll(struct ifnet *ifp)
{
	struct shmif *sc = ifp->if_softc;
	int count = 0;

	/* Somebody may be at it. */
	if (!kmutex_tryenter(&sc->sc_lock))
		return false;
	if (shmif_bus_pending(&sc->sc_bus, &sc->sc_reader))
		(void)receive(sc, &count);
	kmutex_exit(&sc->sc_lock);
	return count > 0;
}

static bool
pending(struct shmif *sc)
{
	bool some;

	kmutex_enter(&sc->sc_lock);
	some = sc->sc_stop ||
	    (sc->sc_running && shmif_bus_pending(&sc->sc_bus, &sc->sc_reader));
	kmutex_exit(&sc->sc_lock);
	return some;
}

/* Until there is a running bus; false: the end. */
static bool
wait_running(struct shmif *sc, struct lwp *l)
{
	int error = 0;

	kmutex_enter(&sc->sc_lock);
	while (!sc->sc_running && !sc->sc_stop && error != -ESHUTDOWN)
		error = kern_wait(
		    l, &sc->sc_cond, &sc->sc_lock, 0, WAIT_FOREVER);
	error = sc->sc_stop || kern_halting(l->l_k);
	kmutex_exit(&sc->sc_lock);
	return error == 0;
}

static void
receiver(struct lwp *l, void *arg)
{
	struct shmif *sc = arg;
	bool more;
	int count;

	while (wait_running(sc, l)) {
		net_rest(l);
		netdev_watch_clear(sc->sc_watch);
		do {
			kmutex_enter(&sc->sc_lock);
			more = receive(sc, &count);
			kmutex_exit(&sc->sc_lock);
			if (count > 0)
				net_run(l->l_k);
		} while (more);
		if (!pending(sc))
			netdev_wait(sc->sc_watch, -1, -1);
	}
}

/* --- the interface --- */

static void
put(struct shmif *sc, const void *header, uint32_t hlen, const struct mbuf *m,
    uint32_t off, uint32_t len)
{
	struct ifnet *ifp = &sc->sc_if;

	shmif_bus_write(&sc->sc_bus, header, hlen, m, off, len, sc->sc_id,
	    kern_basetime_ns(ifp->if_k) - sc->sc_boot_ns);
	atomic_fetch_add_explicit(&ifp->if_opackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &ifp->if_obytes, hlen + len, memory_order_relaxed);
}

static void
put_segment(void *ctx, const struct tso_segment *s)
{
	struct shmif *sc = ctx;

	if (s->ts_hlen + s->ts_len <= SHMIF_MAXFRAME)
		put(sc, s->ts_header, s->ts_hlen, s->ts_m, s->ts_off, s->ts_len);
	else
		atomic_fetch_add(&sc->sc_if.if_oerrors, 1);
}

static int
shmif_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct shmif *sc = ifp->if_softc;
	uint32_t len = m->m_pkthdr.len;
	bool sum = (m->m_pkthdr.csum_flags & OFFLOAD) != 0;
	int error = 0;

	if (sc->sc_bus.b_mem == NULL || (ifp->if_flags & IFF_RUNNING) == 0)
		error = -ENETDOWN;
	else if ((len > SHMIF_MAXFRAME && !sum) || len < ETHER_HDR_LEN)
		error = -EMSGSIZE;
	else if (!atomic_exchange(&sc->sc_sending, true) && !bus_whole(sc))
		error = -EIO;
	else if (sum && !tso_each(m, put_segment, sc)) {
		/* Headers that are not known there. */
		if (len > SHMIF_MAXFRAME)
			error = -EMSGSIZE;
		else if ((m = ether_delayed_cksum(m)) == NULL)
			error = -ENOBUFS;
		else
			put(sc, NULL, 0, m, 0, len);
	} else if (!sum)
		put(sc, NULL, 0, m, 0, len);
	if (error != 0)
		atomic_fetch_add(&ifp->if_oerrors, 1);
	m_freem(m);
	net_kick(ifp);
	return error;
}

static void
shmif_kick(struct ifnet *ifp)
{
	struct shmif *sc = ifp->if_softc;

	atomic_store(&sc->sc_sending, false);
	kmutex_enter(&sc->sc_fdlock);
	if (sc->sc_fd != -1)
		wake_bus(sc);
	kmutex_exit(&sc->sc_fdlock);
}

static int
shmif_start(struct shmif *sc)
{
	struct ifnet *ifp = &sc->sc_if;
	int error;

	if (sc->sc_bus.b_mem == NULL)
		return -ENXIO;
	if (sc->sc_thread == NULL &&
	    (error = kern_thread_create(
		 ifp->if_k, ifp->if_xname, receiver, sc, &sc->sc_thread)) != 0)
		return error;
	if (!bus_whole(sc))
		return -EIO;
	kmutex_enter(&sc->sc_lock);
	shmif_bus_join(&sc->sc_bus, &sc->sc_reader);
	sc->sc_running = true;
	kcond_broadcast(&sc->sc_cond);
	kmutex_exit(&sc->sc_lock);
	atomic_fetch_or(&ifp->if_flags, IFF_RUNNING);
	atomic_fetch_add(&NS(ifp->if_k)->ns_polled, 1);
	return 0;
}

static void
shmif_stop(struct shmif *sc)
{
	atomic_fetch_and(&sc->sc_if.if_flags, ~IFF_RUNNING);
	atomic_fetch_sub(&NS(sc->sc_if.if_k)->ns_polled, 1);
	kmutex_enter(&sc->sc_lock);
	sc->sc_running = false;
	kmutex_exit(&sc->sc_lock);
	netdev_watch_poke(sc->sc_watch);
	wake_bus(sc);
}

static int
shmif_updown(struct ifnet *ifp, bool up)
{
	struct shmif *sc = ifp->if_softc;
	bool running = (ifp->if_flags & IFF_RUNNING) != 0;

	if (up && !running)
		return shmif_start(sc);
	if (!up && running)
		shmif_stop(sc);
	return 0;
}

static int
shmif_setmtu(struct ifnet *ifp, uint64_t mtu)
{
	(void)ifp;
	return mtu == 0 || mtu > ETHERMTU ? -EINVAL : 0;
}

static int
set_linkstr(struct shmif *sc, const struct ifdrv *ifd)
{
	const char *path = ifd->ifd_data;

	if (ifd->ifd_cmd == IFLINKSTR_UNSET) {
		if ((sc->sc_if.if_flags & IFF_UP) != 0)
			return -EBUSY;
		if (sc->sc_bus.b_mem != NULL)
			bus_detach(sc);
		return 0;
	}
	if (ifd->ifd_cmd != 0)
		return -EINVAL;
	if ((sc->sc_if.if_flags & IFF_UP) != 0 || sc->sc_bus.b_mem != NULL)
		return -EBUSY;
	if (ifd->ifd_len > LINKSTR_MAX)
		return -E2BIG;
	if (ifd->ifd_len < 1 || path == NULL ||
	    memchr(path, '\0', ifd->ifd_len) == NULL)
		return -EINVAL;
	return bus_attach(sc, path);
}

static int
shmif_ioctl(struct ifnet *ifp, struct lwp *l, unsigned long cmd, void *data)
{
	(void)l;
	switch (cmd) {
	case SIOCSLINKSTR:
		return set_linkstr(ifp->if_softc, data);
	case SIOCGLINKSTR:
		return if_getlinkstr(
		    data, ((const struct shmif *)ifp->if_softc)->sc_path);
	default:
		return -ENOTTY;
	}
}

static void
shmif_destroy(struct ifnet *ifp)
{
	struct shmif *sc = ifp->if_softc;

	if (sc->sc_thread != NULL) {
		kmutex_enter(&sc->sc_lock);
		sc->sc_stop = true;
		kcond_broadcast(&sc->sc_cond);
		kmutex_exit(&sc->sc_lock);
		netdev_watch_poke(sc->sc_watch);
		kern_thread_join(sc->sc_thread);
	}
	if (sc->sc_bus.b_mem != NULL)
		bus_detach(sc);
	m_freem(sc->sc_spare);
	netdev_watch_destroy(sc->sc_watch);
	kmem_free(ifp->if_k, sc, sizeof(*sc));
}

static const struct ifnet_ops shmif_ops = {
	.ifo_output = ether_output,
	.ifo_transmit = shmif_transmit,
	.ifo_kick = shmif_kick,
	.ifo_poll = shmif_poll,
	.ifo_ioctl = shmif_ioctl,
	.ifo_updown = shmif_updown,
	.ifo_setmtu = shmif_setmtu,
	.ifo_destroy = shmif_destroy,
};

static int
shmif_clone_create(struct rump_kernel *k, const struct if_clone *ifc, int unit)
{
	struct shmif *sc = kmem_zalloc(k, sizeof(*sc));
	uint8_t lladdr[ETHER_ADDR_LEN] = { 0xb2, 0xa0 };
	struct ifnet *ifp;
	int error;

	if (sc == NULL)
		return -ENOMEM;
	ifp = &sc->sc_if;
	ifp->if_k = k;
	ifp->if_softc = sc;
	ifp->if_ops = &shmif_ops;
	ifp->if_flags = IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
	ifp->if_csum_flags_tx = OFFLOAD;
	ifp->if_tso_max = TSO_MAX;
	sc->sc_fd = -1;
	sc->sc_boot_ns = k->k_boottime_ns - k->k_timeoffset_ns;
	kern_random(k, &sc->sc_id, sizeof(sc->sc_id));
	kern_random(k, lladdr + 2, 4);
	/* Whoever writes it down, or an address made of it, has the same number of digits every time. */
	if (lladdr[2] == 0)
		lladdr[2] = 0x80;
	if_initname(ifp, ifc->ifc_name, unit);
	ether_ifattach(ifp, lladdr);
	if ((error = netdev_watch_create(&sc->sc_watch)) == 0 &&
	    (error = if_attach(ifp)) == 0)
		return 0;
	netdev_watch_destroy(sc->sc_watch);
	kmem_free(k, sc, sizeof(*sc));
	return error;
}

static const struct if_clone shmif_cloner = { .ifc_name = "shmif",
	.ifc_create = shmif_clone_create };

int
shmif_attach(struct rump_kernel *k)
{
	return if_clone_attach(k, &shmif_cloner);
}

int
shmif_create(struct rump_kernel *k, const char *path, char *name)
{
	struct ifdrv ifd = { .ifd_len = 0 };
	struct ifnet *ifp;
	int error;

	net_wrlock(k);
	error = if_clone_create(k, "shmif", name);
	if (error == 0 && path != NULL && (ifp = if_byname(k, name)) != NULL) {
		ifd.ifd_data = (void *)(uintptr_t)path;
		ifd.ifd_len = strlen(path) + 1;
		error = set_linkstr(ifp->if_softc, &ifd);
	} else
		path = NULL;
	net_unlock(k);
	if (error != 0 && path != NULL && if_clone_destroy(k, name) != 0)
		kern_printf(k, "%s: cannot be removed\n", name);
	return error;
}
