/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: what comes out of tunnels over IPv4 and IPv6 and goes back into them, errors about the outer packets too.
 *
 * An input: records of a byte (which tunnel, what is inside), a byte of length, and the inner packet.
 */
#include "packet_fuzz.h"
#include "net/if_gif.h"

static void
tunnel(struct net_fuzz *nf, const char *name, int af, uint32_t inner)
{
	struct sockaddr_storage s, d;
	struct ifnet *ifp;
	struct gif *gif;

	(void)pf_name(&s, af, 1, 0);
	(void)pf_name(&d, af, 2, 0);
	net_wrlock(nf->k);
	if (if_clone_create(nf->k, name, NULL) != 0 ||
	    (ifp = if_byname(nf->k, name)) == NULL)
		abort();
	gif = ifp->if_softc;
	memcpy(&gif->sc_src, &s, s.ss_len);
	memcpy(&gif->sc_dst, &d, d.ss_len);
	atomic_fetch_or(&ifp->if_flags, IFF_RUNNING | IFF_LINK1);
	if (if_up(ifp) != 0 ||
	    in_setaddr(ifp, htonl(inner), htonl(0xffffff00u), 0) != 0)
		abort();
	net_unlock(nf->k);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	struct in6_addr src = pf_addr6(2, false), dst = pf_addr6(1, false);
	struct net_fuzz nf;
	struct ifnet *ifp = pf_start(&nf);
	uint8_t how, buf[256];
	size_t len;
	int s = pf_bound(&nf, AF_INET, SOCK_DGRAM, 9);

	tunnel(&nf, "gif0", AF_INET, 0x0a010001);
	tunnel(&nf, "gif1", AF_INET6, 0x0a020001);
	INET(nf.k)->ip_forwarding = 1;
	INET6(nf.k)->ip6_forwarding = 1;
	memset(buf, 0, sizeof(buf));
	while (pf_record(&in, &n, &how, buf, &len)) {
		uint8_t proto = how & 2 ? IPPROTO_IPV6 : IPPROTO_IPV4;
		struct sockaddr_in to = { .sin_len = sizeof(to),
			.sin_family = AF_INET,
			.sin_addr = { htonl(how & 1 ? 0x0a020009 : 0x0a010009) },
			.sin_port = htons(9) };

		if ((how & 4) == 0 && proto == IPPROTO_IPV4 && len >= IPH_SIZE) {
			buf[0] = 0x45;
			be16_put(buf + IPH_LEN, (uint16_t)len);
			buf[IPH_DST] = 10;
			buf[IPH_DST + 1] = (uint8_t)(1 + (how & 1));
			ip_setcksum(buf, IPH_SIZE);
		}
		if (how & 8)
			(void)SYS(nf.l, SYS_sendto, sendto, P(int, s),
			    P(const void *, buf), P(size_t, len), P(int, 0),
			    P(const struct sockaddr *, (const void *)&to),
			    P(socklen_t, sizeof(to)));
		if (how & 16)
			proto = how & 1 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		if (how & 1)
			pf_ip6(&nf, ifp, &src, &dst, proto, 64, buf, len,
			    (how & 16) ? 2 : -1);
		else
			pf_ip4(&nf, ifp, pf_addr4(2), pf_addr4(1), proto, buf,
			    len, (how & 16) ? 2 : -1);
		if (how & 128)
			pf_pass(&nf, SEC_NS);
	}
	pf_stop(&nf);
	return 0;
}
