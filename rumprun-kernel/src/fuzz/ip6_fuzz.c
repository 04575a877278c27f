/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: IPv6 packets that come in by an Ethernet interface of a host or a router, with sockets listening, and time going on in between.
 *
 * An input: a byte of settings, then records: two bytes (how, and how long), the packet from its IPv6 header on.
 */
#include "kern/callout.h"
#include "net_fuzz.h"
#include "netinet6/in6_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct host_ops clocked;
static int64_t now_ns;

static int64_t
clock_ns(void)
{
	return now_ns;
}

static int
transmit(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	m_freem(m);
	return 0;
}

static int
updown(struct ifnet *ifp, bool up)
{
	if (up)
		atomic_fetch_or(&ifp->if_flags, IFF_RUNNING);
	return 0;
}

static void
destroy(struct ifnet *ifp)
{
	kmem_free(ifp->if_k, ifp, sizeof(*ifp));
}

static const struct ifnet_ops ops = { .ifo_output = ether_output,
	.ifo_transmit = transmit,
	.ifo_updown = updown,
	.ifo_destroy = destroy };

static struct ifnet *
attach(struct net_fuzz *nf, int unit)
{
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, (uint8_t)(unit + 1) };
	struct in6_addr a = {
		{ { 0x20, 1, 0xd, 0xb8, 0, (uint8_t)unit, [15] = 1 } }
	};
	struct ifnet *ifp = kmem_zalloc(nf->k, sizeof(*ifp));

	if (ifp == NULL)
		abort();
	ifp->if_k = nf->k;
	if_initname(ifp, "fz", unit);
	ifp->if_flags = IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
	ifp->if_ops = &ops;
	ether_ifattach(ifp, mac);
	net_wrlock(nf->k);
	if (if_attach(ifp) != 0 || in6_setaddr(ifp, &a, 64, 0) != 0)
		abort();
	net_unlock(nf->k);
	return ifp;
}

static void
start(struct net_fuzz *nf)
{
	static const char *const components[] = { "net", "net_net",
		"net_netinet", "net_netinet6", NULL };
	struct kern_config config = { .kc_ncpu = 1,
		.kc_components = components,
		.kc_host = &clocked,
		.kc_manualtime = true,
		.kc_memlimit = 64 << 20 };

	clocked = host_linux;
	clocked.monotonic = clock_ns;
	now_ns = 1000 * SEC_NS;
	if (kern_boot(&config, &nf->k) != 0 ||
	    proc_fork(nf->k, NULL, RFCFDG, "fuzz", &nf->p) != 0 ||
	    lwp_create(nf->p, &nf->l) != 0)
		abort();
}

/* What would be dropped at once is put right: version, length, the sum of ICMPv6. */
static void
mend(uint8_t *p, size_t len, uint8_t how)
{
	struct in6_addr src, dst;
	size_t off = 40;
	int nxt;

	if (len < 40)
		return;
	if ((how & 1) == 0) {
		p[0] = (uint8_t)(0x60 | (p[0] & 15));
		be16_put(p + 4, (uint16_t)(len - 40));
	}
	if ((how & 2) == 0)
		p[7] = 255;
	/* From a neighbour, to us, to all. */
	memset(&src, 0, 16);
	A6(&src)[0] = how & 4 ? 0xfe : 0x20;
	A6(&src)[1] = how & 4 ? 0x80 : 1;
	if ((how & 4) == 0) {
		A6(&src)[2] = 0xd;
		A6(&src)[3] = 0xb8;
	}
	A6(&src)[15] = (uint8_t)(p[23] & 7);
	if ((how & 8) == 0)
		memcpy(p + 8, &src, 16);
	dst = src;
	A6(&dst)[15] = 1;
	if (how & 16)
		dst = in6_allnodes;
	if ((how & 32) == 0)
		memcpy(p + 24, &dst, 16);
	nxt = p[6];
	while ((nxt == 0 || nxt == 43 || nxt == 60) && off + 8 <= len) {
		nxt = p[off];
		off += (p[off + 1] + 1u) * 8;
	}
	if (nxt == IPPROTO_ICMPV6 && off + 8 <= len) {
		uint8_t pseudo[8] = { 0 };
		uint32_t sum;
		uint16_t folded;

		memset(p + off + 2, 0, 2);
		be32_put(pseudo, (uint32_t)(len - off));
		pseudo[7] = IPPROTO_ICMPV6;
		sum = in_cksum_add(0, p + 8, 32);
		sum = in_cksum_add(sum, pseudo, 8);
		sum = in_cksum_add(sum, p + off, len - off);
		folded = (uint16_t)~in_cksum_fold(sum);
		memcpy(p + off + 2, &folded, 2);
	}
}

static void
come_in(struct net_fuzz *nf, struct ifnet *ifp, uint8_t *frame, size_t len)
{
	struct mbuf *m;

	if (len >= 40 + 14 && frame[14 + 24] == 0xff) {
		frame[0] = frame[1] = 0x33;
		memcpy(frame + 2, frame + 14 + 36, 4);
	} else
		memcpy(frame, ifp->if_lladdr, 6);
	memcpy(frame + 6, "\2\0\0\0\x9\x9", 6);
	be16_put(frame + 12, ETHERTYPE_IPV6);
	m = m_devget(nf->k, frame, len, ifp);
	if (m == NULL)
		return;
	net_rdlock(nf->k);
	if_input(ifp, m);
	net_unlock(nf->k);
	net_run(nf->k);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	struct net_fuzz nf;
	struct ifnet *ifp[2];
	uint8_t settings, frame[14 + 512];

	if (n < 1)
		return 0;
	settings = in[0];
	in++;
	n--;
	start(&nf);
	INET6(nf.k)->ip6_dad_count = settings & 1;
	INET6(nf.k)->ip6_accept_rtadv = settings >> 1 & 1;
	INET6(nf.k)->ip6_use_tempaddr = settings >> 2 & 1;
	INET6(nf.k)->icmp6_nodeinfo = settings >> 3 & 7;
	ifp[0] = attach(&nf, 0);
	ifp[1] = attach(&nf, 1);
	INET6(nf.k)->ip6_forwarding = settings >> 6 & 1;
	(void)SYS(nf.l, SYS___socket30, __socket30, P(int, AF_INET6),
	    P(int, SOCK_RAW), P(int, IPPROTO_ICMPV6));
	(void)SYS(nf.l, SYS___socket30, __socket30, P(int, AF_INET6),
	    P(int, SOCK_RAW), P(int, 0));
	while (n > 2) {
		uint8_t how = in[0];
		size_t len = in[1] * 2u, take;

		in += 2;
		n -= 2;
		take = len < n ? len : n;
		memset(frame, 0, sizeof(frame));
		memcpy(frame + 14, in, take);
		mend(frame + 14, take, how);
		come_in(&nf, ifp[how >> 6 & 1], frame, 14 + take);
		if (how & 128) {
			now_ns += SEC_NS + take * SEC_NS / 8;
			(void)callout_run(nf.k, now_ns);
		}
		in += take;
		n -= take;
	}
	for (int i = 0; i < 100; i++) {
		now_ns += 2 * SEC_NS;
		(void)callout_run(nf.k, now_ns);
	}
	net_fuzz_stop(&nf);
	return 0;
}
