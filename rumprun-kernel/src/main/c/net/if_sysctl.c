/* SPDX-License-Identifier: BSD-2-Clause */
/* sysctl net.interfaces: the queues of lo0, which are never long: packets wait in the kernel's one input queue. */
#include "kern/sysctl.h"
#include "net/if_private.h"

static int
fn_drops(struct sysctl_call *sc)
{
	struct ifnet *ifp;
	int32_t v = 0;
	bool changed;

	net_rdlock(sc->sc_k);
	if ((ifp = if_loop(sc->sc_k)) != NULL)
		v = (int32_t)ifp->if_iqdrops;
	net_unlock(sc->sc_k);
	return sysctl_int(sc, &v, &changed);
}

/* What cannot be queued is sent at once. */
static int
fn_zero(struct sysctl_call *sc)
{
	int32_t v = 0;
	bool changed;

	return sysctl_int(sc, &v, &changed);
}

int
net_queue_sysctl(
    struct sysctl_call *c, enum netproto proto, enum net_queue_value which)
{
	struct net_state *ns = NS(c->sc_k);
	struct net_queue *q = &ns->ns_queue[proto];
	bool changed;
	int32_t v;
	int error;

	kmutex_enter(&ns->ns_inqlock);
	v = which == NETQUEUE_LEN   ? (int32_t)q->nq_len :
	    which == NETQUEUE_DROPS ? (int32_t)q->nq_drops :
	    q->nq_max == 0	    ? IFQ_MAXLEN :
				      (int32_t)q->nq_max;
	kmutex_exit(&ns->ns_inqlock);
	error = sysctl_int(c, &v, &changed);
	if (error != 0 || !changed)
		return error;
	if (which != NETQUEUE_MAXLEN || v <= 0)
		return -EINVAL;
	kmutex_enter(&ns->ns_inqlock);
	q->nq_max = (unsigned)v;
	kmutex_exit(&ns->ns_inqlock);
	return 0;
}

#define RW CTLFLAG_READWRITE
static const struct sysctl_def table[] = {
	{ "net", CTL_NET, CTLTYPE_NODE, .sd_size = 0 },
	{ "net.interfaces", CTL_CREATE, CTLTYPE_NODE, .sd_size = 0 },
	{ "net.interfaces.lo0", CTL_CREATE, CTLTYPE_NODE, .sd_size = 0 },
	{ "net.interfaces.lo0.rcvq", CTL_CREATE, CTLTYPE_NODE, .sd_size = 0 },
	{ "net.interfaces.lo0.rcvq.drops", CTL_CREATE, CTLTYPE_INT,
	    .sd_fn = fn_drops },
	{ "net.interfaces.lo0.sndq", CTL_CREATE, CTLTYPE_NODE, .sd_size = 0 },
	{ "net.interfaces.lo0.sndq.len", CTL_CREATE, CTLTYPE_INT,
	    .sd_fn = fn_zero },
	{ "net.interfaces.lo0.sndq.maxlen", CTL_CREATE, CTLTYPE_INT | RW,
	    .sd_off = offsetof(struct if_state, ifs_sndqmax), .sd_min = 0,
	    .sd_max = INT32_MAX },
	{ "net.interfaces.lo0.sndq.drops", CTL_CREATE, CTLTYPE_INT,
	    .sd_fn = fn_zero },
	{ NULL },
};

int
if_sysctl_boot(struct rump_kernel *k)
{
	return sysctl_attach(k, table, NS(k)->ns_if);
}
