/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: IPv4 and ARP packets that come in by two Ethernet interfaces of a router, with sockets listening, and time going on in between.
 *
 * An input: records of two bytes (how, and how long), then the packet from its IP (ARP) header on.
 */
#include "kern/callout.h"
#include "net_fuzz.h"
#include "netinet/ip_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define SEC_NS INT64_C(1000000000)
#define ADDR(a, b, c, d) \
	htonl((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (uint32_t)(d))

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
	struct ifnet *ifp = kmem_zalloc(nf->k, sizeof(*ifp));

	if (ifp == NULL)
		abort();
	ifp->if_k = nf->k;
	if_initname(ifp, "fz", unit);
	ifp->if_flags = IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
	ifp->if_ops = &ops;
	ether_ifattach(ifp, mac);
	net_wrlock(nf->k);
	if (if_attach(ifp) != 0 ||
	    in_setaddr(ifp, ADDR(10, 0, unit, 1), htonl(0xffffff00u), 0) != 0)
		abort();
	net_unlock(nf->k);
	return ifp;
}

static void
start(struct net_fuzz *nf)
{
	static const char *const components[] = { "net", "net_net",
		"net_netinet", NULL };
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

/* What would be dropped at once is put right: version, lengths, addresses, sums. */
static void
mend(uint8_t *p, size_t len, uint8_t how)
{
	static const uint32_t to[] = { ADDR(10, 0, 0, 1), ADDR(10, 0, 1, 9),
		ADDR(224, 0, 0, 1), ADDR(10, 0, 0, 255) };
	unsigned hlen;
	uint16_t sum;

	if (len < IPH_SIZE)
		return;
	hlen = ip_hlen(p);
	if (hlen < IPH_SIZE || hlen > len)
		hlen = IPH_SIZE;
	p[IPH_VHL] = (uint8_t)(IPVERSION << 4 | hlen / 4);
	be16_put(p + IPH_LEN, (uint16_t)len);
	if ((how & 1) == 0)
		be16_put(p + IPH_OFF, be16_get(p + IPH_OFF) & IP_DF);
	if ((how & 2) == 0) {
		ip_setaddr(p + IPH_SRC, ADDR(10, 0, 0, 2 + (p[15] & 7)));
		ip_setaddr(p + IPH_DST, to[how >> 2 & 3]);
	}
	if (p[IPH_P] == IPPROTO_ICMP || p[IPH_P] == IPPROTO_IGMP) {
		if (len >= hlen + 8) {
			memset(p + hlen + 2, 0, 2);
			sum = (uint16_t)~in_cksum_fold(
			    in_cksum_add(0, p + hlen, len - hlen));
			memcpy(p + hlen + 2, &sum, 2);
		}
	} else if (p[IPH_P] == IPPROTO_UDP && len >= hlen + 8)
		memset(p + hlen + 6, 0, 2);
	ip_setcksum(p, hlen);
}

static void
come_in(struct net_fuzz *nf, struct ifnet *ifp, uint16_t type, uint8_t how,
    const uint8_t *data, size_t len)
{
	uint8_t frame[14 + 256] = { 2, 0, 0, 0, 0, (uint8_t)(ifp->if_dunit + 1),
		2, 0, 0, 0, 9, 9 };
	struct mbuf *m;

	if ((how & 32) != 0)
		memset(frame, 0xff, 6);
	be16_put(frame + 12, type);
	memcpy(frame + 14, data, len);
	if (type == ETHERTYPE_IP && (how & 16) == 0)
		mend(frame + 14, len, how);
	if ((m = m_devget(nf->k, frame, 14 + len, ifp)) == NULL)
		return;
	net_rdlock(nf->k);
	if_input(ifp, m);
	net_unlock(nf->k);
	net_run(nf->k);
}

/* A datagram socket that is asked for everything, a member of a group; and a raw one. */
static void
listeners(struct net_fuzz *nf, int s[2])
{
	static const int options[] = { IP_RECVDSTADDR, IP_RECVIF, IP_RECVTTL,
		IP_RECVPKTINFO, IP_RECVOPTS };
	struct ip_mreq mreq = { { ADDR(224, 1, 2, 3) }, { ADDR(10, 0, 0, 1) } };
	struct sockaddr_in sin;
	int one = 1;

	sockaddr_in_init(&sin, INADDR_ANY, htons(7));
	s[0] = SYS(nf->l, SYS___socket30, __socket30, P(int, AF_INET),
	    P(int, SOCK_DGRAM), P(int, 0));
	s[1] = SYS(nf->l, SYS___socket30, __socket30, P(int, AF_INET),
	    P(int, SOCK_RAW), P(int, 0));
	(void)SYS(nf->l, SYS_bind, bind, P(int, s[0]),
	    P(const struct sockaddr *, &sin), P(socklen_t, sizeof(sin)));
	for (unsigned i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		(void)SYS(nf->l, SYS_setsockopt, setsockopt, P(int, s[0]),
		    P(int, IPPROTO_IP), P(int, options[i]),
		    P(const void *, &one), P(socklen_t, sizeof(one)));
	(void)SYS(nf->l, SYS_setsockopt, setsockopt, P(int, s[0]),
	    P(int, IPPROTO_IP), P(int, IP_ADD_MEMBERSHIP),
	    P(const void *, &mreq), P(socklen_t, sizeof(mreq)));
}

/* The input's bytes as options of a socket, and out with a datagram. */
static void
options(struct net_fuzz *nf, int s, const uint8_t *data, size_t len)
{
	struct sockaddr_in sin;

	(void)SYS(nf->l, SYS_setsockopt, setsockopt, P(int, s),
	    P(int, IPPROTO_IP), P(int, len > 0 ? data[0] & 31 : 1),
	    P(const void *, data), P(socklen_t, len));
	sockaddr_in_init(&sin, ADDR(10, 0, 0, 2), htons(9));
	(void)SYS(nf->l, SYS_sendto, sendto, P(int, s), P(const void *, data),
	    P(size_t, len), P(int, MSG_DONTWAIT),
	    P(const struct sockaddr *, &sin), P(socklen_t, sizeof(sin)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct net_fuzz nf;
	struct ifnet *ifp[2];
	int s[2];

	start(&nf);
	ifp[0] = attach(&nf, 0);
	ifp[1] = attach(&nf, 1);
	net_run(nf.k);
	listeners(&nf, s);
	while (size > 2) {
		uint8_t how = data[0];
		size_t len = data[1];

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		if ((how & 0xc0) == 0xc0) {
			now_ns += SEC_NS * (how & 31);
			(void)callout_run(nf.k, now_ns);
			options(&nf, s[how >> 5 & 1], data, len);
		} else
			come_in(&nf, ifp[how >> 7],
			    how & 0x40 ? ETHERTYPE_ARP : ETHERTYPE_IP, how,
			    data, len);
		data += len;
		size -= len;
	}
	net_fuzz_stop(&nf);
	return 0;
}
