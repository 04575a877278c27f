/* SPDX-License-Identifier: BSD-2-Clause */
/* For fuzz targets of one protocol: a kernel with an Ethernet interface of both families, time by hand, and packets that get as far as that protocol. */
#ifndef PACKET_FUZZ_H
#define PACKET_FUZZ_H

#include <netbsd/fcntl.h>
#include "kern/callout.h"
#include "net_fuzz.h"
#include "netinet/ip_private.h"
#include "netinet6/in6_private.h"

#define PF_ROOM 512 /* bytes behind the IP header */

static struct host_ops pf_host;
static int64_t pf_now;

static inline int64_t
pf_clock(void)
{
	return pf_now;
}

static inline int
pf_transmit(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	m_freem(m);
	return 0;
}

static inline int
pf_updown(struct ifnet *ifp, bool up)
{
	if (up)
		atomic_fetch_or(&ifp->if_flags, IFF_RUNNING);
	return 0;
}

static inline void
pf_destroy(struct ifnet *ifp)
{
	kmem_free(ifp->if_k, ifp, sizeof(*ifp));
}

static const struct ifnet_ops pf_ops = { .ifo_output = ether_output,
	.ifo_transmit = pf_transmit,
	.ifo_updown = pf_updown,
	.ifo_destroy = pf_destroy };

/* 10.0.0.n, and 2001:db8::n or, with ll, fe80::n. */
static inline uint32_t
pf_addr4(uint8_t n)
{
	return htonl(0x0a000000u | n);
}

static inline struct in6_addr
pf_addr6(uint8_t n, bool ll)
{
	struct in6_addr a = { { { 0x20, 1, 0xd, 0xb8 } } };

	if (ll)
		a = (struct in6_addr){ { { 0xfe, 0x80 } } };
	A6(&a)[15] = n;
	return a;
}

/* We are n = 1 of both networks. */
static inline struct ifnet *
pf_start(struct net_fuzz *nf)
{
	static const char *const components[] = { "net", "net_net", "net_local",
		"net_netinet", "net_netinet6", "net_gif", NULL };
	struct kern_config config = { .kc_ncpu = 1,
		.kc_components = components,
		.kc_host = &pf_host,
		.kc_manualtime = true,
		.kc_memlimit = 64 << 20 };
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct in6_addr a = pf_addr6(1, false);
	struct ifnet *ifp;

	pf_host = host_linux;
	pf_host.monotonic = pf_clock;
	pf_now = 1000 * SEC_NS;
	if (kern_boot(&config, &nf->k) != 0 ||
	    proc_fork(nf->k, NULL, RFCFDG, "fuzz", &nf->p) != 0 ||
	    lwp_create(nf->p, &nf->l) != 0 ||
	    (ifp = kmem_zalloc(nf->k, sizeof(*ifp))) == NULL)
		abort();
	ifp->if_k = nf->k;
	if_initname(ifp, "fz", 0);
	ifp->if_flags = IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
	ifp->if_ops = &pf_ops;
	ether_ifattach(ifp, mac);
	INET(nf->k)->ip_dad_count = 0;
	INET6(nf->k)->ip6_dad_count = 0;
	net_wrlock(nf->k);
	if (if_attach(ifp) != 0 ||
	    in_setaddr(ifp, pf_addr4(1), htonl(0xffffff00u), 0) != 0 ||
	    in6_setaddr(ifp, &a, 64, 0) != 0)
		abort();
	net_unlock(nf->k);
	net_run(nf->k);
	return ifp;
}

static inline void
pf_pass(struct net_fuzz *nf, int64_t ns)
{
	pf_now += ns;
	(void)callout_run(nf->k, pf_now);
}

/* Long enough for all that was begun to end. */
static inline void
pf_stop(struct net_fuzz *nf)
{
	for (int i = 0; i < 50; i++)
		pf_pass(nf, 4 * SEC_NS);
	net_fuzz_stop(nf);
}

static inline void
pf_frame(struct net_fuzz *nf, struct ifnet *ifp, const uint8_t to[6],
    uint16_t type, const uint8_t *p, size_t n)
{
	uint8_t f[14 + 40 + PF_ROOM] = { 0 };
	struct mbuf *m;

	if (n > sizeof(f) - 14)
		n = sizeof(f) - 14;
	memcpy(f, to, 6);
	memcpy(f + 6, "\2\0\0\0\x9\x9", 6);
	be16_put(f + 12, type);
	memcpy(f + 14, p, n);
	if ((m = m_devget(nf->k, f, 14 + n, ifp)) == NULL)
		return;
	net_rdlock(nf->k);
	if_input(ifp, m);
	net_unlock(nf->k);
	net_run(nf->k);
}

/* An IPv4 packet of n bytes at p, which have a checksum at sum (negative: none) that is put right. */
static inline void
pf_ip4(struct net_fuzz *nf, struct ifnet *ifp, uint32_t src, uint32_t dst,
    uint8_t proto, const uint8_t *p, size_t n, int sum)
{
	uint8_t ip[IPH_SIZE + PF_ROOM] = { 0x45 };
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	uint16_t v;

	if (n > PF_ROOM)
		n = PF_ROOM;
	be16_put(ip + IPH_LEN, (uint16_t)(IPH_SIZE + n));
	ip[IPH_TTL] = proto == IPPROTO_IGMP ? 1 : 64;
	ip[IPH_P] = proto;
	ip_setaddr(ip + IPH_SRC, src);
	ip_setaddr(ip + IPH_DST, dst);
	ip_setcksum(ip, IPH_SIZE);
	memcpy(ip + IPH_SIZE, p, n);
	if (sum >= 0 && (size_t)sum + 2 <= n) {
		memset(ip + IPH_SIZE + sum, 0, 2);
		v = (uint16_t)~in_cksum_fold(in_cksum_add(0, ip + IPH_SIZE, n));
		memcpy(ip + IPH_SIZE + sum, &v, 2);
	}
	pf_frame(nf, ifp, dst == pf_addr4(1) ? ifp->if_lladdr : all,
	    ETHERTYPE_IP, ip, IPH_SIZE + n);
}

/* The same for IPv6; the pseudo header counts. */
static inline void
pf_ip6(struct net_fuzz *nf, struct ifnet *ifp, const struct in6_addr *src,
    const struct in6_addr *dst, uint8_t proto, uint8_t hlim, const uint8_t *p,
    size_t n, int sum)
{
	uint8_t ip[40 + PF_ROOM] = { 0x60 }, to[6] = { 0x33, 0x33 },
			tail[8] = { 0 };
	uint32_t s;
	uint16_t v;

	if (n > PF_ROOM)
		n = PF_ROOM;
	be16_put(ip + 4, (uint16_t)n);
	ip[6] = proto;
	ip[7] = hlim;
	a6_put(ip + IP6_SRC, src);
	a6_put(ip + IP6_DST, dst);
	memcpy(ip + 40, p, n);
	if (sum >= 0 && (size_t)sum + 2 <= n) {
		memset(ip + 40 + sum, 0, 2);
		be32_put(tail, (uint32_t)n);
		tail[7] = proto;
		s = in_cksum_add(0, ip + 8, 32);
		s = in_cksum_add(s, tail, 8);
		v = (uint16_t)~in_cksum_fold(in_cksum_add(s, ip + 40, n));
		memcpy(ip + 40 + sum, &v, 2);
	}
	if (a6_multicast(dst))
		memcpy(to + 2, ip + 36, 4);
	else
		memcpy(to, ifp->if_lladdr, 6);
	pf_frame(nf, ifp, to, ETHERTYPE_IPV6, ip, 40 + n);
}

static inline int
pf_socket(struct net_fuzz *nf, int af, int type, int proto)
{
	return SYS(nf->l, SYS___socket30, __socket30, P(int, af),
	    P(int, type | SOCK_NONBLOCK), P(int, proto));
}

/* n of ours (0: any) and a port. */
static inline socklen_t
pf_name(struct sockaddr_storage *ss, int af, uint8_t n, uint16_t port)
{
	struct sockaddr_in6 sin6 = { .sin6_len = sizeof(sin6),
		.sin6_family = AF_INET6,
		.sin6_port = htons(port) };
	struct sockaddr_in sin = { .sin_len = sizeof(sin),
		.sin_family = AF_INET,
		.sin_port = htons(port) };

	memset(ss, 0, sizeof(*ss));
	if (n != 0) {
		sin6.sin6_addr = pf_addr6(n, false);
		sin.sin_addr.s_addr = pf_addr4(n);
	}
	if (af == AF_INET)
		memcpy(ss, &sin, sizeof(sin));
	else
		memcpy(ss, &sin6, sizeof(sin6));
	return ss->ss_len;
}

static inline int
pf_bound(struct net_fuzz *nf, int af, int type, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = pf_name(&ss, af, 0, port);
	int s = pf_socket(nf, af, type, 0);

	if (s < 0 ||
	    SYS(nf->l, SYS_bind, bind, P(int, s),
		P(const struct sockaddr *, (const void *)&ss),
		P(socklen_t, len)) != 0)
		abort();
	return s;
}

static inline int
pf_connect(struct net_fuzz *nf, int s, int af, uint8_t n, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = pf_name(&ss, af, n, port);

	return SYS(nf->l, SYS_connect, connect, P(int, s),
	    P(const struct sockaddr *, (const void *)&ss), P(socklen_t, len));
}

static inline void
pf_set(struct net_fuzz *nf, int s, int level, int option, int v)
{
	(void)SYS(nf->l, SYS_setsockopt, setsockopt, P(int, s), P(int, level),
	    P(int, option), P(const void *, &v), P(socklen_t, sizeof(v)));
}

static inline int
pf_sendto(struct net_fuzz *nf, int s, const void *p, size_t n,
    const struct sockaddr_storage *ss)
{
	return SYS(nf->l, SYS_sendto, sendto, P(int, s), P(const void *, p),
	    P(size_t, n), P(int, 0),
	    P(const struct sockaddr *, (const void *)ss),
	    P(socklen_t, ss == NULL ? 0 : ss->ss_len));
}

/* With all that came beside. */
static inline int
pf_recv(struct net_fuzz *nf, int s)
{
	uint8_t data[1024], control[512];
	struct sockaddr_storage from;
	struct iovec iov = { data, sizeof(data) };
	struct msghdr mh = { .msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };

	return SYS(nf->l, SYS_recvmsg, recvmsg, P(int, s),
	    P(struct msghdr *, &mh), P(int, 0));
}

/* The next record of an input: a byte of how, one of length, and so many. False: the end. */
static inline bool
pf_record(
    const uint8_t **in, size_t *left, uint8_t *how, uint8_t *buf, size_t *len)
{
	size_t n;

	if (*left < 2)
		return false;
	*how = (*in)[0];
	n = (*in)[1];
	*in += 2;
	*left -= 2;
	if (n > *left)
		n = *left;
	memcpy(buf, *in, n);
	*len = n;
	*in += n;
	*left -= n;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#endif
