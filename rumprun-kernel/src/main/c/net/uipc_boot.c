/* SPDX-License-Identifier: BSD-2-Clause */
/* The socket layer of a kernel: its state, its names in the sysctl tree, what lists tell of a socket. */
#include "kern/sysctl.h"
#include "net/socket_private.h"

#define NODE CTLTYPE_NODE
#define RW CTLFLAG_READWRITE
#define VAR(member) .sd_off = offsetof(struct socket_state, member)

/* Numbers below kern.mbuf. */
enum { MSIZE_NODE = 1, MCLBYTES_NODE, NMBCLUSTERS, MBLOWAT, MCLLOWAT, STATS };

/* NetBSD's mbufs are larger on amd64 than ours; programs that look know them so. */
#define SHOWN_MSIZE (sizeof(void *) == 8 ? 512 : 256)

/* Mbufs come from the host's heap one by one: there are no statistics of pools. */
static int
fn_mbstats(struct sysctl_call *c)
{
	return c->sc_new != NULL ? -EPERM : 0;
}

static const struct sysctl_def socket_table[] = {
	{ "kern.mbuf", KERN_MBUF, NODE, .sd_fn = NULL },
	{ "kern.mbuf.msize", MSIZE_NODE, CTLFLAG_IMMEDIATE | CTLTYPE_INT,
	    .sd_value = SHOWN_MSIZE },
	{ "kern.mbuf.mclbytes", MCLBYTES_NODE, CTLFLAG_IMMEDIATE | CTLTYPE_INT,
	    .sd_value = MCLBYTES },
	{ "kern.mbuf.nmbclusters", NMBCLUSTERS, RW | CTLTYPE_INT,
	    VAR(ss_nmbclusters), .sd_min = 0, .sd_max = INT32_MAX },
	{ "kern.mbuf.mblowat", MBLOWAT, RW | CTLTYPE_INT, VAR(ss_mblowat),
	    .sd_min = 0, .sd_max = INT32_MAX },
	{ "kern.mbuf.mcllowat", MCLLOWAT, RW | CTLTYPE_INT, VAR(ss_mcllowat),
	    .sd_min = 0, .sd_max = INT32_MAX },
	{ "kern.mbuf.stats", STATS, CTLTYPE_STRUCT, .sd_fn = fn_mbstats },
	{ "kern.sbmax", KERN_SBMAX, RW | CTLTYPE_INT, VAR(ss_sbmax),
	    .sd_min = 2 * MCLBYTES, .sd_max = 1 << 30 },
	{ "kern.somaxkva", KERN_SOMAXKVA, RW | CTLTYPE_INT, VAR(ss_somaxkva),
	    .sd_min = 16 << 20, .sd_max = 1 << 30 },
	{ .sd_path = NULL },
};

int
socket_boot(struct rump_kernel *k)
{
	struct socket_state *ss = kmem_zalloc(k, sizeof(*ss));

	if (ss == NULL)
		return -ENOMEM;
	ss->ss_sbmax = SB_MAX_DEFAULT;
	ss->ss_somaxkva = 16 << 20;
	ss->ss_nmbclusters = 4096;
	ss->ss_mblowat = 16;
	ss->ss_mcllowat = 8;
	NS(k)->ns_socket = ss;
	return sysctl_attach(k, socket_table, ss);
}

void
socket_fini(struct rump_kernel *k)
{
	struct socket_state *ss = NS(k)->ns_socket;

	if (ss == NULL)
		return;
	NS(k)->ns_socket = NULL;
	kmem_free(k, ss, sizeof(*ss));
}

void
so_fillkinfo(struct socket *so, struct kinfo_pcb *ki)
{
	memset(ki, 0, sizeof(*ki));
	ki->ki_pcbaddr = (uintptr_t)so->so_pcb;
	ki->ki_ppcbaddr = ki->ki_pcbaddr;
	ki->ki_sockaddr = (uintptr_t)so;
	ki->ki_family = (uint32_t)so->so_proto->pr_domain->dom_family;
	ki->ki_type = (uint32_t)so->so_type;
	ki->ki_protocol = (uint32_t)so->so_proto->pr_protocol;
	ki->ki_sostate = so->so_state & 0xffff;
	ki->ki_rcvq = so->so_rcv.sb_cc;
	ki->ki_sndq = so->so_snd.sb_cc;
}

/* --- all of them --- */

/* A reference, unless the last one is being given back. */
static bool
so_tryget(struct socket *so)
{
	uint32_t n = atomic_load(&so->so_refs);

	while (n != 0)
		if (atomic_compare_exchange_weak(&so->so_refs, &n, n + 1))
			return true;
	return false;
}

int
so_foreach(struct rump_kernel *k, int family,
    int (*fn)(struct socket *, void *), void *arg)
{
	struct socket_state *ss = NS(k)->ns_socket;
	struct socket **all;
	size_t n = 0, max;
	int error = 0;

	kmutex_enter(&ss->ss_lock);
	max = ss->ss_count;
	all = kmem_calloc(k, max + 1, sizeof(*all));
	for (struct socket *so = ss->ss_all; all != NULL && so != NULL;
	     so = so->so_allnext)
		if ((family == 0 ||
			so->so_proto->pr_domain->dom_family == family) &&
		    so_tryget(so))
			all[n++] = so;
	kmutex_exit(&ss->ss_lock);
	if (all == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (error == 0) {
			solock(all[i]);
			error = fn(all[i], arg);
			sounlock(all[i]);
		}
		so_put(all[i]);
	}
	kmem_free(k, all, (max + 1) * sizeof(*all));
	return error;
}
