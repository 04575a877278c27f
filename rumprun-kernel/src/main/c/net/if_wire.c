/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The in-process wire: interfaces, and who gets which frame. Contract: net/if_wire.h; state and locks: net/wire_private.h.
 *
 * A frame is put into the receiving kernel's queue by its sender, by reference. That kernel is run afterwards (ifo_kick), when the sender has left his own stack
 * and holds no lock, by the sender's thread: so an answer is there as soon as a system call returns. A kernel that runs may itself send and so run others; that this
 * doesn't go deeper and deeper is seen to by letting at most RUNNERS threads of a wire do it: the list of kernels to run is common, whoever is
 * at it goes on until it is empty.
 *
 * Checksums that were left to the interface stay undone, and large TCP segments whole, as long as nobody could see the difference: the receiver believes its neighbour, and
 * computes them when it passes the packet on to another medium. A wire that is captured or does harm gets real frames.
 */
#include "net/if_tso.h"
#include "net/wire_private.h"

#define RUNNERS 4
#define OFFLOAD \
	(M_CSUM_TCPv4 | M_CSUM_UDPv4 | M_CSUM_TCPv6 | M_CSUM_UDPv6 | M_CSUM_TSO)
#define TSO_MAX 65535
#define MTU_MAX 65535
#define MTU_MIN 68

/* --- wires --- */

uint64_t
wire_dice(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

int
wire_create(uint64_t seed, struct wire **wp)
{
	struct wire *w = host_malloc(sizeof(*w));

	*wp = w;
	if (w == NULL)
		return -ENOMEM;
	memset(w, 0, sizeof(*w));
	atomic_init(&w->w_refs, 1);
	while (seed == 0)
		host_linux.random(&seed, sizeof(seed));
	w->w_seed = seed;
	w->w_capfd = -1;
	return 0;
}

void
wire_put(struct wire *w)
{
	if (atomic_fetch_sub(&w->w_refs, 1) != 1)
		return;
	wire_capture(w, NULL, NULL);
	host_free(w);
}

int
wire_set(struct wire *w, const struct wire_params *wp)
{
	if (wp->wp_loss > 1000000 || wp->wp_duplicate > 1000000 ||
	    wp->wp_corrupt > 1000000 || wp->wp_reorder > 1000000 ||
	    wp->wp_delay_ns < 0 || wp->wp_jitter_ns < 0 ||
	    wp->wp_delay_ns > INT64_MAX / 4 || wp->wp_jitter_ns > INT64_MAX / 4)
		return -EINVAL;
	kbrlock_wrlock(&w->w_ports);
	w->w_params = *wp;
	w->w_impaired = wp->wp_loss != 0 || wp->wp_duplicate != 0 ||
	    wp->wp_corrupt != 0 || wp->wp_reorder != 0 ||
	    wp->wp_delay_ns != 0 || wp->wp_jitter_ns != 0 ||
	    wp->wp_rate_bps != 0;
	kbrlock_unlock(&w->w_ports);
	return 0;
}

void
wire_stats(struct wire *w, uint64_t stats[WIRE_NSTATS])
{
	for (int i = 0; i < WIRE_NSTATS; i++)
		stats[i] = atomic_load(&w->w_stats[i]);
}

/* --- who is there; w_ports exclusively --- */

static unsigned
hash(const uint8_t lladdr[6])
{
	uint32_t h = be32_get(lladdr + 2) * 2654435761U;

	return (h >> 16 ^ lladdr[1]) & 255;
}

static void
unlink_port(struct wire *w, struct wire_port *p)
{
	struct wire_port **pp;

	for (pp = &w->w_hash[hash(p->p_lladdr)]; *pp != NULL;
	     pp = &(*pp)->p_hashnext)
		if (*pp == p) {
			*pp = p->p_hashnext;
			break;
		}
	for (pp = &w->w_promisc; *pp != NULL; pp = &(*pp)->p_promiscnext)
		if (*pp == p) {
			*pp = p->p_promiscnext;
			break;
		}
}

static void
set_filter(struct wire_port *p)
{
	const struct ifnet *ifp = &p->p_if;
	const struct ether_multi *enm;
	bool all = (ifp->if_flags & (IFF_PROMISC | IFF_ALLMULTI)) != 0;

	memset(p->p_filter, all ? 0xff : 0, sizeof(p->p_filter));
	for (enm = ifp->if_multiaddrs; enm != NULL; enm = enm->enm_next) {
		unsigned h = hash(enm->enm_addrlo);

		if (memcmp(enm->enm_addrlo, enm->enm_addrhi, 6) != 0)
			memset(p->p_filter, 0xff, sizeof(p->p_filter));
		p->p_filter[h / 64] |= (uint64_t)1 << h % 64;
	}
}

/* The interface, as it is now, on the wire or off. W of its kernel. */
static void
place_port(struct wire_port *p, bool up)
{
	struct wire *w = p->p_wire;
	struct wire_port **pp;

	kbrlock_wrlock(&w->w_ports);
	if (p->p_up)
		unlink_port(w, p);
	p->p_up = up;
	if (up) {
		memcpy(p->p_lladdr, p->p_if.if_lladdr, sizeof(p->p_lladdr));
		pp = &w->w_hash[hash(p->p_lladdr)];
		p->p_hashnext = *pp;
		*pp = p;
		if ((p->p_if.if_flags & IFF_PROMISC) != 0) {
			p->p_promiscnext = w->w_promisc;
			w->w_promisc = p;
		}
		set_filter(p);
	}
	kbrlock_unlock(&w->w_ports);
}

/* --- sending; w_ports shared --- */

/* The kernel is to be run. */
static void
list_port(struct wire_port *p)
{
	struct wire *w = p->p_wire;

	if (atomic_exchange(&p->p_listed, true))
		return;
	kmutex_enter(&w->w_runlock);
	p->p_runnext = NULL;
	if (w->w_runtail == NULL)
		w->w_runhead = p;
	else
		w->w_runtail->p_runnext = p;
	w->w_runtail = p;
	kmutex_exit(&w->w_runlock);
}

void
wire_deliver(struct wire_port *p, struct mbuf *m)
{
	wire_count(p->p_wire, WIRE_DELIVERED, 1);
	if_input(&p->p_if, m);
}

/* m is the sender's still; taken. */
static void
give(struct wire *w, struct wire_port *p, struct mbuf *m)
{
	m_transfer(m, p->p_if.if_k);
	if (w->w_impaired) {
		wire_impair(p, m);
	} else {
		wire_deliver(p, m);
	}
	list_port(p);
}

struct receivers {
	struct wire *r_wire;
	struct wire_port *r_last; /* gets m itself, the others copies */
	struct mbuf *r_m;
};

static void
receiver(struct receivers *r, struct wire_port *p)
{
	struct mbuf *copy;

	if (r->r_last != NULL && (copy = m_copym(r->r_m, 0, M_COPYALL)) != NULL)
		give(r->r_wire, r->r_last, copy);
	r->r_last = p;
}

/* One frame, as it is. m is taken. */
static void
spread(struct wire *w, struct wire_port *from, struct mbuf *m)
{
	struct receivers r = { w, NULL, m };
	uint8_t dest[6];
	struct wire_port *p;
	unsigned h;

	m_copydata(m, 0, sizeof(dest), dest);
	h = hash(dest);
	if ((dest[0] & 1) != 0) {
		bool all = memcmp(dest, "\xff\xff\xff\xff\xff\xff", 6) == 0;

		for (p = w->w_all; p != NULL; p = p->p_next)
			if (p != from && p->p_up &&
			    (all || (p->p_filter[h / 64] >> h % 64 & 1) != 0))
				receiver(&r, p);
	} else {
		for (p = w->w_promisc; p != NULL; p = p->p_promiscnext)
			if (p != from)
				receiver(&r, p);
		for (p = w->w_hash[h]; p != NULL; p = p->p_hashnext)
			if (p != from && memcmp(p->p_lladdr, dest, 6) == 0 &&
			    (p->p_if.if_flags & IFF_PROMISC) == 0)
				receiver(&r, p);
	}
	if (r.r_last != NULL)
		give(w, r.r_last, m);
	else
		m_freem(m);
}

/*
 * A small frame that refers to large storages, as pieces of a stream do, gets one of its own: where it waits, among what came out of order or until it is read, it
 * would count as much as all that it holds.
 */
static struct mbuf *
compact(struct mbuf *m)
{
	size_t held = 0;
	struct mbuf *copy;

	for (const struct mbuf *n = m; n != NULL; n = n->m_next)
		if (n->m_ext != NULL)
			held += n->m_ext->me_size;
	if (held <= 4 * (size_t)m->m_pkthdr.len + MCLBYTES ||
	    (copy = m_dup(m, 0)) == NULL)
		return m;
	m_freem(m);
	return copy;
}

/* As frames that can be seen and harmed: small and with checksums. */
static void
spread_real(struct wire *w, struct wire_port *from, struct mbuf *m)
{
	struct rump_kernel *k = from->p_if.if_k;
	struct mbuf *next;

	if ((m->m_pkthdr.csum_flags & M_CSUM_TSO) != 0)
		m = tso_split(m);
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		if ((m = ether_delayed_cksum(m)) == NULL)
			continue;
		if (atomic_load(&w->w_captured))
			wire_show(
			    w, m, kern_basetime_ns(k) + k->k_timeoffset_ns);
		spread(w, from, m);
	}
}

static int
wire_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct wire_port *from = ifp->if_softc;
	struct wire *w = from->p_wire;
	uint32_t len = m->m_pkthdr.len;

	if (!from->p_up || len < ETHER_HDR_LEN) {
		atomic_fetch_add(&ifp->if_oerrors, 1);
		m_freem(m);
		return from->p_up ? -EINVAL : -ENETDOWN;
	}
	atomic_fetch_add_explicit(&ifp->if_opackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&ifp->if_obytes, len, memory_order_relaxed);
	m->m_flags &= ~(M_BRIDGE | M_LOOP | M_NPF | M_CANFASTFWD);
	m->m_pkthdr.hops = 0;
	m = compact(m);
	kbrlock_rdlock(&w->w_ports);
	wire_count(w, WIRE_FRAMES, 1);
	wire_count(w, WIRE_BYTES, len);
	if (w->w_impaired || atomic_load(&w->w_captured))
		spread_real(w, from, m);
	else
		spread(w, from, m);
	kbrlock_unlock(&w->w_ports);
	net_kick(ifp);
	return 0;
}

/* --- running the receivers --- */

static struct wire_port *
next_to_run(struct wire *w)
{
	struct wire_port *p = w->w_runhead;

	if (p == NULL)
		return NULL;
	if ((w->w_runhead = p->p_runnext) == NULL)
		w->w_runtail = NULL;
	atomic_store(&p->p_listed, false);
	p->p_users++;
	return p;
}

static void
done_with(struct wire *w, struct wire_port *p)
{
	if (--p->p_users == 0)
		kcond_broadcast(&w->w_runcond);
}

/* The rest of the list is for the kernels' own threads: a sender can't be kept for ever. */
static void
hand_over(struct wire *w)
{
	struct wire_port *p;

	while ((p = next_to_run(w)) != NULL) {
		/* Where that fails its next caller finds what came; or it halts. */
		int error = callout_schedule(&p->p_run, 0);

		(void)error;
		done_with(w, p);
	}
}

static void
wire_kick(struct ifnet *ifp)
{
	struct wire *w = ((struct wire_port *)ifp->if_softc)->p_wire;
	struct wire_port *p;
	unsigned budget;

	kmutex_enter(&w->w_runlock);
	if (w->w_runners >= RUNNERS) {
		kmutex_exit(&w->w_runlock);
		return;
	}
	w->w_runners++;
	for (budget = 64 + 2 * w->w_nports; budget > 0; budget--) {
		if ((p = next_to_run(w)) == NULL)
			break;
		kmutex_exit(&w->w_runlock);
		net_run(p->p_if.if_k);
		kmutex_enter(&w->w_runlock);
		done_with(w, p);
	}
	if (--w->w_runners == 0)
		hand_over(w);
	kmutex_exit(&w->w_runlock);
}

static void
wire_run(void *arg)
{
	struct wire_port *p = arg;

	net_run(p->p_if.if_k);
}

/* --- the interface --- */

static int
wire_updown(struct ifnet *ifp, bool up)
{
	place_port(ifp->if_softc, up);
	if (up)
		atomic_fetch_or(&ifp->if_flags, IFF_RUNNING);
	else
		atomic_fetch_and(&ifp->if_flags, ~IFF_RUNNING);
	return 0;
}

static int
wire_setmtu(struct ifnet *ifp, uint64_t mtu)
{
	(void)ifp;
	return mtu < MTU_MIN || mtu > MTU_MAX ? -EINVAL : 0;
}

/* Nobody sends to it any more, its kernel doesn't run it any more, and nobody runs its kernel. */
static void
leave(struct wire_port *p)
{
	struct wire *w = p->p_wire;
	struct wire_port **pp, *before = NULL;

	kbrlock_wrlock(&w->w_ports);
	if (p->p_up)
		unlink_port(w, p);
	p->p_up = false;
	for (pp = &w->w_all; *pp != p; pp = &(*pp)->p_next)
		continue;
	*pp = p->p_next;
	kbrlock_unlock(&w->w_ports);

	kmutex_enter(&w->w_runlock);
	w->w_nports--;
	if (atomic_load(&p->p_listed)) {
		for (pp = &w->w_runhead; *pp != p; pp = &(*pp)->p_runnext)
			before = *pp;
		*pp = p->p_runnext;
		if (w->w_runtail == p)
			w->w_runtail = before;
	}
	while (p->p_users > 0)
		kcond_wait(&w->w_runcond, &w->w_runlock);
	kmutex_exit(&w->w_runlock);
}

static void
wire_destroy(struct ifnet *ifp)
{
	struct wire_port *p = ifp->if_softc;
	struct wire *w = p->p_wire;

	leave(p);
	callout_halt(&p->p_run);
	wire_flush(p);
	kmem_free(ifp->if_k, p, sizeof(*p));
	wire_put(w);
}

static int
wire_ioctl(struct ifnet *ifp, struct lwp *l, unsigned long cmd, void *data)
{
	(void)ifp;
	(void)l;
	(void)cmd;
	(void)data;
	return -ENOTTY;
}

static const struct ifnet_ops wire_ops = {
	.ifo_output = ether_output,
	.ifo_transmit = wire_transmit,
	.ifo_kick = wire_kick,
	.ifo_ioctl = wire_ioctl,
	.ifo_updown = wire_updown,
	.ifo_setmtu = wire_setmtu,
	.ifo_destroy = wire_destroy,
};

/* Addresses are the same whenever a wire is made from the same seed; wires with different seeds have different ones. */
static uint32_t
join(struct wire *w, struct wire_port *p, uint8_t lladdr[6])
{
	uint64_t seed = w->w_seed, s = wire_dice(&seed);
	uint32_t n;

	atomic_fetch_add(&w->w_refs, 1);
	p->p_wire = w;
	kbrlock_wrlock(&w->w_ports);
	n = ++w->w_made;
	p->p_next = w->w_all;
	w->w_all = p;
	kbrlock_unlock(&w->w_ports);
	kmutex_enter(&w->w_runlock);
	w->w_nports++;
	kmutex_exit(&w->w_runlock);
	p->p_dice = w->w_seed ^ (uint64_t)n << 32;
	lladdr[0] = 2;
	lladdr[1] = (uint8_t)s;
	be32_put(lladdr + 2, n);
	lladdr[2] ^= (uint8_t)(s >> 8);
	lladdr[3] ^= (uint8_t)(s >> 16);
	return n;
}

int
wire_connect(struct rump_kernel *k, struct wire *w, char *name)
{
	struct wire_port *p;
	struct ifnet *ifp;
	uint8_t lladdr[6];
	int error, unit = 0;

	if (NS(k) == NULL || NS(k)->ns_if == NULL)
		return -ENXIO;
	if ((p = kmem_zalloc(k, sizeof(*p))) == NULL)
		return -ENOMEM;
	ifp = &p->p_if;
	ifp->if_k = k;
	ifp->if_softc = p;
	ifp->if_ops = &wire_ops;
	ifp->if_flags = IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
	ifp->if_csum_flags_tx = OFFLOAD;
	ifp->if_tso_max = TSO_MAX;
	ifp->if_baudrate = 10000000000;
	callout_init(&p->p_run, k, wire_run, p);
	callout_init(&p->p_due, k, wire_due, p);
	join(w, p, lladdr);
	ether_ifattach(ifp, lladdr);
	net_wrlock(k);
	do
		if_initname(ifp, "wire", unit++);
	while (if_byname(k, ifp->if_xname) != NULL);
	error = if_attach(ifp);
	if (error == 0)
		memcpy(name, ifp->if_xname, IFNAMSIZ);
	net_unlock(k);
	if (error != 0)
		wire_destroy(ifp);
	return error;
}

int
wire_disconnect(struct rump_kernel *k, const char *name)
{
	struct ifnet *ifp;

	if (NS(k) == NULL || NS(k)->ns_if == NULL)
		return -ENXIO;
	net_rdlock(k);
	ifp = if_byname(k, name);
	if (ifp != NULL && (ifp->if_ops != &wire_ops || ifp->if_dying))
		ifp = NULL;
	net_unlock(k);
	if (ifp == NULL)
		return -ENXIO;
	if_detach(ifp);
	return 0;
}
