/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lo(4): what is sent comes back. Packets go to the input queue as they are, by reference; segments of TCP up to 64 KiB pass whole, and checksums
 * are neither computed nor looked at (unless net.inet.ip.do_loopback_cksum).
 */
#include "net/bpf_var.h"
#include "net/if_private.h"
#include "net/route_var.h"
#include "netinet/inet.h"

#define LOMTU 33624
#define LOMTU_MAX 65536
#define LOCSUM                                                       \
	(M_CSUM_TCPv4 | M_CSUM_UDPv4 | M_CSUM_TCPv6 | M_CSUM_UDPv6 | \
	    M_CSUM_IPv4)

static bool
sums_wanted(struct rump_kernel *k)
{
	const struct inet_state *is = NS(k)->ns_inet;

	return is != NULL && is->ip_loopbackcksum != 0;
}

/* What is put out by a route that refuses. 1: it may go. */
static int
refused(const struct rtentry *rt)
{
	if (rt == NULL || (rt->rt_flags & (RTF_REJECT | RTF_BLACKHOLE)) == 0)
		return 1;
	if ((rt->rt_flags & RTF_BLACKHOLE) != 0)
		return 0;
	return rt_rejects(rt);
}

static void
count(struct ifnet *ifp, const struct mbuf *m)
{
	atomic_fetch_add_explicit(&ifp->if_opackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &ifp->if_obytes, m->m_pkthdr.len, memory_order_relaxed);
	atomic_fetch_add_explicit(&ifp->if_ipackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &ifp->if_ibytes, m->m_pkthdr.len, memory_order_relaxed);
}

int
looutput(struct ifnet *ifp, struct mbuf *m, const struct sockaddr *dst,
    const struct rtentry *rt)
{
	struct rump_kernel *k = ifp->if_k;
	bool loop = (ifp->if_flags & IFF_LOOPBACK) != 0;
	uint32_t af = dst->sa_family;
	int error = refused(rt);

	if (error <= 0) {
		m_freem(m);
		return error;
	}
	if (af != AF_INET && af != AF_INET6) {
		m_freem(m);
		return -EAFNOSUPPORT;
	}
	if (loop) {
		if (atomic_load_explicit(&ifp->if_bpf, memory_order_acquire) !=
		    NULL)
			bpf_mtap_slow(ifp, m, &af, sizeof(af), true);
		count(ifp, m);
	}
	m->m_pkthdr.rcvif = ifp;
	m->m_flags = (uint16_t)((m->m_flags | M_LOOP) & ~M_NPF);
	m->m_pkthdr.csum_flags &= ~(
	    uint32_t)(M_CSUM_IPv4_BAD | M_CSUM_TCP_UDP_BAD);
	if (!sums_wanted(k))
		m->m_pkthdr.csum_flags |= LOCSUM;
	net_input(k, af == AF_INET ? NETPROTO_IP : NETPROTO_IP6, m);
	return 0;
}

/* Of link-local addresses the recorded routes have no MTU. */
void
lo_rtrequest(int cmd, struct rtentry *rt)
{
	const struct sockaddr *sa = rt->rt_ifa->ifa_addr;
	const uint8_t *key;
	size_t len;

	if (cmd != RTM_ADD)
		return;
	key = sockaddr_key(sa, &len);
	if (sa->sa_family == AF_INET6 && key[0] == 0xfe && key[1] == 0x80)
		return;
	rt->rt_rmx.rmx_mtu = rt->rt_ifa->ifa_ifp->if_mtu;
}

static int
lo_setmtu(struct ifnet *ifp, uint64_t mtu)
{
	if (mtu == 0 || mtu > LOMTU_MAX)
		return -EINVAL;
	ifp->if_mtu = mtu;
	return 0;
}

/* Groups need nothing of it. */
static int
lo_ioctl(struct ifnet *ifp, struct lwp *l, unsigned long cmd, void *data)
{
	const struct ifreq *ifr = data;

	(void)l;
	switch (cmd) {
	case SIOCINITIFADDR:
		atomic_fetch_or(&ifp->if_flags, IFF_UP);
		return 0;
	case SIOCADDMULTI:
	case SIOCDELMULTI:
		return ifr->ifr_ifru.ifru_addr.sa_family == AF_INET ||
			ifr->ifr_ifru.ifru_addr.sa_family == AF_INET6 ?
		    0 :
		    -EAFNOSUPPORT;
	default:
		return -ENOTTY;
	}
}

/* Never called: what comes from lo goes through looutput. */
static int
lo_transmit(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	m_freem(m);
	return -EAFNOSUPPORT;
}

static void
lo_destroy(struct ifnet *ifp)
{
	kmem_free(ifp->if_k, ifp, sizeof(*ifp));
}

static const struct ifnet_ops lo_ops = {
	.ifo_output = looutput,
	.ifo_transmit = lo_transmit,
	.ifo_ioctl = lo_ioctl,
	.ifo_setmtu = lo_setmtu,
	.ifo_destroy = lo_destroy,
};

static int
lo_create(struct rump_kernel *k, const struct if_clone *ifc, int unit)
{
	struct ifnet *ifp = kmem_zalloc(k, sizeof(*ifp));
	int error;

	if (ifp == NULL)
		return -ENOMEM;
	ifp->if_k = k;
	if_initname(ifp, ifc->ifc_name, unit);
	ifp->if_flags = IFF_LOOPBACK | IFF_MULTICAST | IFF_RUNNING;
	ifp->if_type = IFT_LOOP;
	ifp->if_dlt = DLT_NULL;
	ifp->if_mtu = LOMTU;
	ifp->if_csum_flags_tx = LOCSUM | M_CSUM_TSOv4 | M_CSUM_TSOv6;
	ifp->if_tso_max = 65535;
	ifp->if_ops = &lo_ops;
	if ((error = if_attach(ifp)) != 0) {
		kmem_free(k, ifp, sizeof(*ifp));
		return error;
	}
	if (unit == 0)
		NS(k)->ns_if->ifs_lo0 = ifp;
	return 0;
}

static const struct if_clone lo_cloner = {
	.ifc_name = "lo",
	.ifc_create = lo_create,
};

int
loop_boot(struct rump_kernel *k)
{
	char name[IFNAMSIZ];
	int error = if_clone_attach(k, &lo_cloner);

	if (error != 0)
		return error;
	net_wrlock(k);
	error = if_clone_create(k, "lo0", name);
	net_unlock(k);
	return error;
}
