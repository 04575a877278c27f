/* SPDX-License-Identifier: BSD-2-Clause */
/* npflog: interfaces on which bpf(4) sees what rules log, with an address family in front (DLT_NULL). Nothing comes or goes by them. */
#include "npf/npf.h"

static int
npflog_output(struct ifnet *ifp, struct mbuf *m, const struct sockaddr *dst,
    const struct rtentry *rt)
{
	(void)ifp, (void)dst, (void)rt;
	m_freem(m);
	return -EAFNOSUPPORT;
}

static int
npflog_transmit(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	m_freem(m);
	return -EAFNOSUPPORT;
}

static int
npflog_ioctl(struct ifnet *ifp, struct lwp *l, unsigned long cmd, void *data)
{
	(void)ifp, (void)l, (void)cmd, (void)data;
	return -ENOTTY;
}

static void
npflog_destroy(struct ifnet *ifp)
{
	kmem_free(ifp->if_k, ifp, sizeof(*ifp));
}

static const struct ifnet_ops npflog_ops = {
	.ifo_output = npflog_output,
	.ifo_transmit = npflog_transmit,
	.ifo_ioctl = npflog_ioctl,
	.ifo_destroy = npflog_destroy,
};

static int
npflog_create(struct rump_kernel *k, const struct if_clone *ifc, int unit)
{
	struct ifnet *ifp = kmem_zalloc(k, sizeof(*ifp));
	int error;

	if (ifp == NULL)
		return -ENOMEM;
	ifp->if_k = k;
	if_initname(ifp, ifc->ifc_name, unit);
	ifp->if_type = IFT_OTHER;
	ifp->if_dlt = DLT_NULL;
	ifp->if_mtu = 33136;
	ifp->if_ops = &npflog_ops;
	if ((error = if_attach(ifp)) != 0)
		kmem_free(k, ifp, sizeof(*ifp));
	return error;
}

static const struct if_clone npflog_cloner = { .ifc_name = "npflog",
	.ifc_create = npflog_create };

int
npflog_attach(struct rump_kernel *k)
{
	return if_clone_attach(k, &npflog_cloner);
}
