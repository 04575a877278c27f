/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of the network's middle: a kernel with it alone, interfaces that do nothing, addresses without a family. */
#ifndef NET_TOY_H
#define NET_TOY_H

#include <netbsd/in6.h>
#include "core_calls.h"
#include "net/if_var.h"
#include "net/protosw.h"
#include "net/route_var.h"

struct toy_if {
	struct ifnet ifn; /* first */
	_Atomic int kicks, sent, destroyed;
	void (*kick)(struct toy_if *);
};

static int
toy_output(struct ifnet *ifp, struct mbuf *m, const struct sockaddr *dst,
    const struct rtentry *rt)
{
	(void)dst;
	(void)rt;
	atomic_fetch_add(&((struct toy_if *)ifp)->sent, 1);
	m_freem(m);
	return 0;
}

static int
toy_transmit(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	m_freem(m);
	return 0;
}

static void
toy_kick(struct ifnet *ifp)
{
	struct toy_if *t = (struct toy_if *)ifp;

	atomic_fetch_add(&t->kicks, 1);
	if (t->kick != NULL)
		t->kick(t);
}

static int
toy_updown(struct ifnet *ifp, bool up)
{
	if (up)
		atomic_fetch_or(&ifp->if_flags, IFF_RUNNING);
	else
		atomic_fetch_and(&ifp->if_flags, ~IFF_RUNNING);
	return 0;
}

static int
toy_setmtu(struct ifnet *ifp, uint64_t mtu)
{
	(void)ifp;
	return mtu < 68 || mtu > 9000 ? -EINVAL : 0;
}

static void
toy_destroy(struct ifnet *ifp)
{
	kmem_free(ifp->if_k, ifp, sizeof(struct toy_if));
}

static const struct ifnet_ops toy_ops = {
	.ifo_output = toy_output,
	.ifo_transmit = toy_transmit,
	.ifo_kick = toy_kick,
	.ifo_updown = toy_updown,
	.ifo_setmtu = toy_setmtu,
	.ifo_destroy = toy_destroy,
};

/* W */
static inline struct toy_if *
toy_make(struct rump_kernel *k, int unit)
{
	static const uint8_t lladdr[6] = { 2, 0, 0, 0, 0, 1 };
	struct toy_if *t = kmem_zalloc(k, sizeof(*t));

	CHECK(t != NULL);
	t->ifn.if_k = k;
	if_initname(&t->ifn, "toy", unit);
	t->ifn.if_type = IFT_ETHER;
	t->ifn.if_addrlen = 6;
	memcpy(t->ifn.if_lladdr, lladdr, 6);
	t->ifn.if_mtu = 1500;
	t->ifn.if_flags = IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
	t->ifn.if_ops = &toy_ops;
	CHECK_EQ(if_attach(&t->ifn), 0);
	return t;
}

static int
toy_create(struct rump_kernel *k, const struct if_clone *ifc, int unit)
{
	(void)ifc;
	toy_make(k, unit);
	return 0;
}

static const struct if_clone toy_cloner = { .ifc_name = "toy",
	.ifc_create = toy_create };

/* --- addresses --- */

struct toy_addr {
	struct ifaddr ifa;
	struct sockaddr_in addr, mask, dst;
};

static void
toy_addr_free(struct rump_kernel *k, struct ifaddr *ifa)
{
	kmem_free(k, ifa, sizeof(struct toy_addr));
}

static inline struct sockaddr_in
sin_of(uint32_t addr)
{
	struct sockaddr_in sin = { .sin_len = sizeof(sin),
		.sin_family = AF_INET };

	be32_put(&sin.sin_addr, addr);
	return sin;
}

/* W */
static inline struct toy_addr *
toy_addaddr(struct ifnet *ifp, uint32_t addr, uint32_t mask)
{
	struct toy_addr *ta = kmem_zalloc(ifp->if_k, sizeof(*ta));

	CHECK(ta != NULL);
	ta->addr = sin_of(addr);
	ta->mask = sin_of(mask);
	ta->dst = sin_of(addr | ~mask);
	ta->ifa.ifa_addr = (struct sockaddr *)&ta->addr;
	ta->ifa.ifa_netmask = (struct sockaddr *)&ta->mask;
	ta->ifa.ifa_dstaddr = (struct sockaddr *)&ta->dst;
	ta->ifa.ifa_refs = 1;
	ta->ifa.ifa_free = toy_addr_free;
	ifa_insert(ifp, &ta->ifa);
	ifa_put(&ta->ifa);
	return ta;
}

static const struct domain toy_inet = { .dom_family = AF_INET,
	.dom_name = "toy" };
static const struct domain toy_inet6 = { .dom_family = AF_INET6,
	.dom_name = "toy6" };

static inline void
toy_up(struct fixture *f)
{
	static const char *const names[] = { "net", "net_net", NULL };
	struct kern_config c = { .kc_components = names };

	up_config(f, &c);
	domain_attach(f->k, &toy_inet);
	domain_attach(f->k, &toy_inet6);
	CHECK_EQ(if_clone_attach(f->k, &toy_cloner), 0);
}

#endif
