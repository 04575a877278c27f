/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network of a kernel: its input queue and who works on it. Contracts: net/net.h.
 *
 * net_run is in one of three states (ns_running): nobody is at it; one thread is; one is, and is to look again before it leaves. Who comes while
 * another is at it leaves a note (again) and goes: so packets of one kernel are handled by one thread at a time, in order, and a kick that comes back
 * by way of another kernel ends at once instead of going deeper. The thread that leaves does so by a compare-and-swap which fails when a note was left,
 * so that no packet stays behind.
 */
#include "net/if_private.h"
#include "net/route_var.h"
#include "net/socketvar.h"

#define BUDGET 256    /* packets that a caller handles for others */
#define BATCH 16      /* packets for one holding of the net lock */
#define INQMAX 4096   /* packets that may wait */
#define WORKDATA 2048 /* bytes that net_defer copies */

enum { IDLE, RUNNING, AGAIN };

struct net_work {
	struct net_work *nw_next;
	void (*nw_fn)(struct rump_kernel *, void *, struct mbuf *);
	struct mbuf *nw_m;
	size_t nw_size;
	uint64_t nw_data[]; /* aligned for whatever it is */
};

/* --- the input queue --- */

void
net_input(struct rump_kernel *k, enum netproto proto, struct mbuf *m)
{
	struct net_state *ns = NS(k);
	struct net_queue *q = &ns->ns_queue[proto];

	m->m_nextpkt = NULL;
	m->m_type = (uint8_t)proto;
	m->m_pkthdr.rcvif_index = m->m_pkthdr.rcvif != NULL ?
	    m->m_pkthdr.rcvif->if_index :
	    0;
	kmutex_enter(&ns->ns_inqlock);
	if (ns->ns_inqlen >= ns->ns_inqmax ||
	    (q->nq_max != 0 && q->nq_len >= q->nq_max) || kern_halting(k)) {
		q->nq_drops++;
		kmutex_exit(&ns->ns_inqlock);
		atomic_fetch_add(&ns->ns_inqdrops, 1);
		if (m->m_pkthdr.rcvif != NULL)
			atomic_fetch_add(&m->m_pkthdr.rcvif->if_iqdrops, 1);
		m_freem(m);
		return;
	}
	if (ns->ns_inqtail == NULL)
		ns->ns_inqhead = m;
	else
		ns->ns_inqtail->m_nextpkt = m;
	ns->ns_inqtail = m;
	ns->ns_inqlen++;
	q->nq_len++;
	kmutex_exit(&ns->ns_inqlock);
}

/* At most BATCH packets off the queue. */
static struct mbuf *
take_batch(struct net_state *ns, unsigned *np)
{
	struct mbuf *head, *m;
	unsigned n = 0;

	kmutex_enter(&ns->ns_inqlock);
	head = ns->ns_inqhead;
	for (m = head; m != NULL; m = m->m_nextpkt) {
		ns->ns_queue[m->m_type].nq_len--;
		if (++n == BATCH)
			break;
	}
	if (m != NULL) {
		ns->ns_inqhead = m->m_nextpkt;
		m->m_nextpkt = NULL;
	} else
		ns->ns_inqhead = NULL;
	if (ns->ns_inqhead == NULL)
		ns->ns_inqtail = NULL;
	ns->ns_inqlen -= n;
	kmutex_exit(&ns->ns_inqlock);
	*np = n;
	return head;
}

/* The interface may have gone since the packet came: its number tells. */
static bool
find_rcvif(struct net_state *ns, struct mbuf *m)
{
	if (m->m_pkthdr.rcvif_index == 0)
		return true;
	m->m_pkthdr.rcvif = if_byindex(ns->ns_k, m->m_pkthdr.rcvif_index);
	return m->m_pkthdr.rcvif != NULL;
}

static void
dispatch(struct net_state *ns, struct mbuf *m)
{
	net_input_fn *fn = m->m_type < NETPROTO_COUNT ?
	    ns->ns_input[m->m_type] :
	    NULL;

	m->m_type = MT_DATA;
	if (fn != NULL && find_rcvif(ns, m))
		fn(m);
	else
		m_freem(m);
}

/* True if there was something. */
static bool
handle_input(struct net_state *ns, int *budget)
{
	bool some = false;
	unsigned n;

	while (*budget > 0) {
		struct mbuf *m = take_batch(ns, &n);

		if (m == NULL)
			break;
		some = true;
		*budget -= (int)n;
		net_rdlock(ns->ns_k);
		while (m != NULL) {
			struct mbuf *next = m->m_nextpkt;

			m->m_nextpkt = NULL;
			dispatch(ns, m);
			m = next;
		}
		net_unlock(ns->ns_k);
	}
	return some;
}

/* --- interfaces with output to announce --- */

void
net_kick(struct ifnet *ifp)
{
	struct net_state *ns = NS(ifp->if_k);
	struct ifnet *head;

	if (atomic_exchange(&ifp->if_kicked, true))
		return;
	head = atomic_load(&ns->ns_kicked);
	do
		ifp->if_kicknext = head;
	while (!atomic_compare_exchange_weak(&ns->ns_kicked, &head, ifp));
}

/* An interface on the list is alive: if_detach calls net_barrier before its memory goes. */
static bool
announce(struct net_state *ns)
{
	struct ifnet *ifp = atomic_exchange(&ns->ns_kicked, NULL);
	bool some = ifp != NULL;

	while (ifp != NULL) {
		struct ifnet *next = ifp->if_kicknext;

		atomic_store(&ifp->if_kicked, false);
		if (ifp->if_ops->ifo_kick != NULL)
			ifp->if_ops->ifo_kick(ifp);
		ifp = next;
	}
	return some;
}

/* --- deferred work --- */

int
net_defer(struct rump_kernel *k,
    void (*fn)(struct rump_kernel *, void *, struct mbuf *), const void *data,
    size_t len, struct mbuf *m)
{
	struct net_state *ns = NS(k);
	struct net_work *w = NULL, **wp;

	if (len <= WORKDATA)
		w = kmem_alloc(k, sizeof(*w) + len);
	if (w == NULL) {
		m_freem(m);
		return -ENOMEM;
	}
	w->nw_next = NULL;
	w->nw_fn = fn;
	w->nw_m = m;
	if (m != NULL && m->m_pkthdr.rcvif != NULL)
		m->m_pkthdr.rcvif_index = m->m_pkthdr.rcvif->if_index;
	w->nw_size = sizeof(*w) + len;
	if (len > 0)
		memcpy(w->nw_data, data, len);
	kmutex_enter(&ns->ns_inqlock);
	for (wp = &ns->ns_work; *wp != NULL; wp = &(*wp)->nw_next)
		continue;
	*wp = w;
	atomic_fetch_add(&ns->ns_nwork, 1);
	kmutex_exit(&ns->ns_inqlock);
	return 0;
}

static struct net_work *
take_work(struct net_state *ns)
{
	struct net_work *w;

	kmutex_enter(&ns->ns_inqlock);
	w = ns->ns_work;
	ns->ns_work = NULL;
	atomic_store(&ns->ns_nwork, 0);
	kmutex_exit(&ns->ns_inqlock);
	return w;
}

static bool
do_work(struct net_state *ns)
{
	struct net_work *w = take_work(ns);
	bool some = w != NULL;

	if (!some)
		return false;
	net_wrlock(ns->ns_k);
	while (w != NULL) {
		struct net_work *next = w->nw_next;

		if (w->nw_m == NULL || find_rcvif(ns, w->nw_m))
			w->nw_fn(ns->ns_k, w->nw_data, w->nw_m);
		else
			m_freem(w->nw_m);
		kmem_free(ns->ns_k, w, w->nw_size);
		w = next;
	}
	net_unlock(ns->ns_k);
	return some;
}

/* --- running --- */

static void
work_thread(struct lwp *l, void *arg)
{
	struct net_state *ns = arg;

	kmutex_enter(&ns->ns_inqlock);
	while (!kern_halting(l->l_k)) {
		if (!ns->ns_handed) {
			if (kern_wait(l, &ns->ns_cond, &ns->ns_inqlock, 0,
				WAIT_FOREVER) != 0)
				break;
			continue;
		}
		ns->ns_handed = false;
		kmutex_exit(&ns->ns_inqlock);
		net_run(l->l_k);
		kmutex_enter(&ns->ns_inqlock);
	}
	kmutex_exit(&ns->ns_inqlock);
}

/* The first one who needs it starts the thread, without ns_inqlock: that takes locks of the processes. */
static struct kern_thread *
start_thread(struct net_state *ns)
{
	struct kern_thread *t = NULL;

	if (kern_thread_create(ns->ns_k, "softnet", work_thread, ns, &t) != 0)
		t = NULL;
	kmutex_enter(&ns->ns_inqlock);
	ns->ns_thread = t;
	ns->ns_starting = false;
	kmutex_exit(&ns->ns_inqlock);
	return t;
}

static void
run_later(void *arg)
{
	net_run(arg);
}

/* The rest is for the kernel's own thread. False: there is none, and none to be had. */
static bool
hand_over(struct net_state *ns)
{
	bool start, ok;

	/* On virtual time it has its place among what else is due. */
	if (ns->ns_k->k_clock != NULL)
		return callout_schedule(&ns->ns_later, 0) == 0;
	kmutex_enter(&ns->ns_inqlock);
	start = ns->ns_thread == NULL && !ns->ns_starting &&
	    !kern_halting(ns->ns_k);
	ns->ns_starting |= start;
	ok = start || ns->ns_thread != NULL;
	ns->ns_handed |= ok;
	if (ok)
		kcond_signal(&ns->ns_cond);
	kmutex_exit(&ns->ns_inqlock);
	return start ? start_thread(ns) != NULL : ok;
}

/* Becomes the one who works: true. Or leaves a note for who does. */
static bool
enter(struct net_state *ns)
{
	int state = atomic_load(&ns->ns_running);

	while (!atomic_compare_exchange_weak(
	    &ns->ns_running, &state, state == IDLE ? RUNNING : AGAIN))
		continue;
	return state == IDLE;
}

/* All that there is, as far as the budget goes. True: there may be more. */
static bool
work(struct net_state *ns, int *budget)
{
	bool some = false;

	if (kern_halting(ns->ns_k))
		return false;
	some = handle_input(ns, budget);
	some |= announce(ns);
	some |= do_work(ns);
	atomic_fetch_add(&ns->ns_passes, 1);
	return some;
}

void
net_run(struct rump_kernel *k)
{
	struct net_state *ns = NS(k);
	int budget = BUDGET, state;

	/* Cheap when there is nothing, as after most calls. What others put there, they care for. */
	if (ns == NULL ||
	    (atomic_load(&ns->ns_inqlen) == 0 &&
		atomic_load(&ns->ns_nwork) == 0 &&
		atomic_load(&ns->ns_kicked) == NULL) ||
	    !enter(ns))
		return;
	for (;;) {
		atomic_store(&ns->ns_running, RUNNING);
		while (work(ns, &budget) && budget > 0)
			continue;
		if (budget <= 0) {
			atomic_store(&ns->ns_running, IDLE);
			if (hand_over(ns) || !enter(ns))
				return;
			budget = BUDGET;
			continue;
		}
		state = RUNNING;
		if (atomic_compare_exchange_strong(
			&ns->ns_running, &state, IDLE))
			return;
	}
}

void
net_barrier(struct rump_kernel *k)
{
	struct net_state *ns = NS(k);
	unsigned since = atomic_load(&ns->ns_passes);
	int state = IDLE;

	/* Whoever works has begun a new pass after the first of two: what was taken before is done with. */
	while (!atomic_compare_exchange_weak(&ns->ns_running, &state, RUNNING)) {
		if (atomic_load(&ns->ns_passes) - since >= 2)
			return;
		state = IDLE;
		host_yield();
	}
	(void)announce(ns);
	atomic_store(&ns->ns_running, IDLE);
	net_run(k);
}

void
net_purge(struct rump_kernel *k, unsigned index)
{
	struct net_state *ns = NS(k);
	struct mbuf *gone = NULL, **mp, *m, *last = NULL;

	kmutex_enter(&ns->ns_inqlock);
	for (mp = &ns->ns_inqhead; (m = *mp) != NULL;) {
		if (m->m_pkthdr.rcvif_index != index) {
			last = m;
			mp = &m->m_nextpkt;
			continue;
		}
		*mp = m->m_nextpkt;
		m->m_nextpkt = gone;
		gone = m;
		ns->ns_inqlen--;
		ns->ns_queue[m->m_type].nq_len--;
	}
	ns->ns_inqtail = last;
	kmutex_exit(&ns->ns_inqlock);
	m_freepkts(gone);
}

void
net_setinput(struct rump_kernel *k, enum netproto proto, net_input_fn *fn)
{
	NS(k)->ns_input[proto] = fn;
}

bool
ppsratecheck(struct rump_kernel *k, struct ppsrate *pr, int n)
{
	int64_t second = kern_uptime_ns(k) / 1000000000 + 1;
	int64_t was = atomic_load(&pr->pr_second);

	if (was != second &&
	    atomic_compare_exchange_strong(&pr->pr_second, &was, second))
		atomic_store(&pr->pr_count, 0);
	return atomic_fetch_add(&pr->pr_count, 1) < n;
}

/* --- coming and going --- */

int
net_attach(struct rump_kernel *k)
{
	struct net_state *ns = kmem_zalloc(k, sizeof(*ns));
	int error;

	if (ns == NULL)
		return -ENOMEM;
	ns->ns_k = k;
	ns->ns_inqmax = INQMAX;
	ns->ns_ncpu = host_ncpu();
	callout_init(&ns->ns_later, k, run_later, k);
	k->k_net = ns;
	if ((error = socket_boot(k)) != 0)
		net_detach(k);
	return error;
}

void
net_shutdown(struct rump_kernel *k)
{
	if (NS(k) != NULL && NS(k)->ns_if != NULL)
		if_shutdown(k);
}

void
net_detach(struct rump_kernel *k)
{
	struct net_state *ns = NS(k);
	struct net_work *w;

	if (ns == NULL)
		return;
	if (ns->ns_thread != NULL)
		kern_thread_join(ns->ns_thread);
	callout_halt(&ns->ns_later);
	m_freepkts(ns->ns_inqhead);
	while ((w = ns->ns_work) != NULL) {
		ns->ns_work = w->nw_next;
		m_freem(w->nw_m);
		kmem_free(k, w, w->nw_size);
	}
	if (ns->ns_socket != NULL)
		socket_fini(k);
	k->k_net = NULL;
	kmem_free(k, ns, sizeof(*ns));
}

int
net_net_attach(struct rump_kernel *k)
{
	int error;

	if (NS(k) == NULL)
		return 0;
	if ((error = route_boot(k)) == 0 && (error = rtsock_boot(k)) == 0 &&
	    (error = link_boot(k)) == 0)
		error = if_boot(k);
	if (error != 0)
		net_net_detach(k);
	return error;
}

void
net_net_detach(struct rump_kernel *k)
{
	if (NS(k) == NULL)
		return;
	net_shutdown(k);
	if_fini(k);
	rtsock_fini(k);
	route_fini(k);
}
