/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking for packets instead of sleeping. Contracts: net/net.h.
 *
 * An answer from another process takes some microseconds, and it takes about as long to put a thread to sleep and wake it: twice, when an interface's thread
 * first has to wake up to wake the one that waits. So who waits for a socket looks for a while what comes, and carries it up himself. The
 * interface's thread keeps out of the way meanwhile, and is there again when nobody looks any more.
 */
#include "net/if_var.h"
#include "net/net.h"

#define SPIN_NS 50000
#define RECENT_NS 500000
#define REST_NS 300000
#define MAXFAILS 6

bool
net_poll(struct rump_kernel *k)
{
	struct net_state *ns = NS(k);
	struct ifnet *ifp;
	bool some = false;

	if (ns == NULL || atomic_load(&ns->ns_polled) == 0)
		return false;
	net_rdlock(k);
	for (ifp = if_first(k); ifp != NULL; ifp = ifp->if_next)
		if (ifp->if_ops->ifo_poll != NULL &&
		    (ifp->if_flags & IFF_RUNNING) != 0)
			some |= ifp->if_ops->ifo_poll(ifp);
	net_unlock(k);
	if (some)
		net_run(k);
	return some;
}

/* The more often it was in vain, the seldomer it is tried: other programs want the processor, or there is no traffic. */
static bool
worth_it(struct net_state *ns)
{
	unsigned skip = atomic_load(&ns->ns_spinskip);

	if (skip == 0)
		return true;
	(void)atomic_compare_exchange_strong(&ns->ns_spinskip, &skip, skip - 1);
	return false;
}

static void
learn(struct net_state *ns, bool found, int64_t now)
{
	unsigned fails = atomic_load(&ns->ns_spinfails);

	if (found) {
		if (fails != 0)
			atomic_store(&ns->ns_spinfails, 0);
		atomic_store(&ns->ns_spun_ns, now);
		return;
	}
	atomic_store(&ns->ns_spun_ns, 0);
	kcond_broadcast(&ns->ns_restcond);
	if (fails < MAXFAILS)
		atomic_store(&ns->ns_spinfails, ++fails);
	atomic_store(&ns->ns_spinskip, (1U << fails) - 1);
}

bool
net_spin(struct rump_kernel *k, const _Atomic uint32_t *seq, uint32_t was)
{
	struct net_state *ns = NS(k);
	int64_t now = 0, end;
	bool changed = false, looked;

	if (ns == NULL || atomic_load(&ns->ns_polled) == 0 || ns->ns_ncpu < 2 ||
	    kern_halting(k) || k->k_config.kc_manualtime || !worth_it(ns))
		return false;
	/* Half of the processors look, the others have the work that comes of it. */
	looked = atomic_fetch_add(&ns->ns_spinners, 1) < ns->ns_ncpu / 2;
	if (looked) {
		end = host_linux.monotonic() + SPIN_NS;
		do {
			for (int i = 0; i < 20 && !changed; i++) {
				if (!net_poll(k))
					__builtin_ia32_pause();
				changed = atomic_load(seq) != was;
			}
			now = host_linux.monotonic();
		} while (!changed && now < end);
	}
	atomic_fetch_sub(&ns->ns_spinners, 1);
	if (looked)
		learn(ns, changed, now);
	return changed;
}

void
net_rest(struct lwp *l)
{
	struct rump_kernel *k = l->l_k;
	struct net_state *ns = NS(k);
	int error = 0;

	kmutex_enter(&ns->ns_restlock);
	while ((error == 0 || error == -EWOULDBLOCK) &&
	    (atomic_load(&ns->ns_spinners) > 0 ||
		host_linux.monotonic() - atomic_load(&ns->ns_spun_ns) <
		    RECENT_NS))
		error = kern_wait(l, &ns->ns_restcond, &ns->ns_restlock, 0,
		    host_linux.monotonic() + REST_NS);
	kmutex_exit(&ns->ns_restlock);
}
