/* SPDX-License-Identifier: BSD-2-Clause */
/* sysctl net.bpf: limits, counters, who listens. */
#include "kern/sysctl.h"
#include "net/bpf_private.h"

static int
fn_stats(struct sysctl_call *sc)
{
	const struct bpf_state *bs = NS(sc->sc_k)->ns_bpf;
	struct bpf_stat st;

	memset(&st, 0, sizeof(st));
	st.bs_recv = bs->bs_recv;
	st.bs_drop = bs->bs_drop;
	st.bs_capt = bs->bs_capt;
	return sysctl_out(sc, &st, sizeof(st));
}

/* N. */
static void
describe(struct bpf_d *d, struct bpf_d_ext *e)
{
	memset(e, 0, sizeof(*e));
	kmutex_enter(&d->bd_lock);
	e->bde_bufsize = (int32_t)d->bd_bufsize;
	e->bde_state = d->bd_timedout ? 2 : 0;
	kmutex_exit(&d->bd_lock);
	e->bde_promisc = d->bd_promisc;
	e->bde_immediate = d->bd_immediate;
	e->bde_hdrcmplt = d->bd_hdrcmplt;
	e->bde_seesent = d->bd_seesent;
	e->bde_pid = d->bd_pid;
	e->bde_rcount = d->bd_rcount;
	e->bde_dcount = d->bd_dcount;
	e->bde_ccount = d->bd_ccount;
	if (d->bd_ifp != NULL)
		memcpy(e->bde_ifname, d->bd_ifp->if_xname, IFNAMSIZ);
}

/* All at once into kernel memory, so that nothing is held while it goes to the user. */
static int
fn_peers(struct sysctl_call *sc)
{
	struct rump_kernel *k = sc->sc_k;
	struct bpf_state *bs = NS(k)->ns_bpf;
	size_t n = 0, room, each;
	struct bpf_d_ext *all;
	int error = 0;

	if (sc->sc_namelen != 2 || sc->sc_name[0] < 1 || sc->sc_name[1] < 0)
		return -EINVAL;
	each = (size_t)sc->sc_name[0];
	if (each > sizeof(*all))
		each = sizeof(*all);
	kmutex_enter(&bs->bs_lock);
	room = bs->bs_count;
	kmutex_exit(&bs->bs_lock);
	if (room == 0)
		return 0;
	if ((all = kmem_calloc(k, room, sizeof(*all))) == NULL)
		return -ENOMEM;
	net_rdlock(k);
	kmutex_enter(&bs->bs_lock);
	for (struct bpf_d *d = bs->bs_list; d != NULL && n < room;
	     d = d->bd_next)
		describe(d, &all[n++]);
	kmutex_exit(&bs->bs_lock);
	net_unlock(k);
	for (size_t i = 0; i < n && i < (size_t)sc->sc_name[1] && error == 0;
	     i++)
		error = sysctl_out(sc, &all[i], each);
	kmem_free(k, all, room * sizeof(*all));
	return error;
}

static const struct sysctl_def table[] = {
	{ "net", CTL_NET, CTLTYPE_NODE, .sd_size = 0 },
	{ "net.bpf", CTL_CREATE, CTLTYPE_NODE, .sd_size = 0 },
	{ "net.bpf.jit", CTL_CREATE, CTLTYPE_BOOL | CTLFLAG_READWRITE,
	    .sd_off = offsetof(struct bpf_state, bs_jit) },
	{ "net.bpf.maxbufsize", CTL_CREATE, CTLTYPE_INT | CTLFLAG_READWRITE,
	    .sd_off = offsetof(struct bpf_state, bs_maxbufsize),
	    .sd_min = BPF_MINBUFSIZE, .sd_max = BPF_MAXBUFSIZE },
	{ "net.bpf.stats", CTL_CREATE, CTLTYPE_STRUCT,
	    .sd_size = sizeof(struct bpf_stat), .sd_fn = fn_stats },
	{ "net.bpf.peers", CTL_CREATE, CTLTYPE_STRUCT, .sd_fn = fn_peers },
	{ NULL },
};

int
bpf_sysctl_boot(struct rump_kernel *k)
{
	return sysctl_attach(k, table, NS(k)->ns_bpf);
}
