/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnels over IPv6 (RFC 2473). */
#include "net/if_gif.h"
#include "netinet6/inet6.h"

#define IP6_SIZE 40

int
in6_gif_output(struct gif *sc, int af, struct mbuf *m)
{
	struct rump_kernel *k = sc->sc_if.if_k;
	uint8_t tos = gif_tos(sc, af, m), *ip6;

	if ((m = m_prepend(m, IP6_SIZE)) == NULL)
		return -ENOBUFS;
	m->m_pkthdr.csum_flags = 0;
	ip6 = m->m_data;
	memset(ip6, 0, IP6_SIZE);
	be32_put(ip6, 6u << 28 | (uint32_t)tos << 20);
	ip6[6] = af == AF_INET ? IPPROTO_IPV4 : IPPROTO_IPV6;
	ip6[7] = (uint8_t)INET6(k)->ip6_gifhlim;
	memcpy(ip6 + 8, &sc->sc_src.sin6.sin6_addr, 16);
	memcpy(ip6 + 24, &sc->sc_dst.sin6.sin6_addr, 16);
	/* Pieces as the path takes them: who can't carry one says so (RFC 2473 7.1). */
	return ip6_output(k, m, NULL, NULL, 0, NULL, NULL, NULL);
}

static void
end(union gif_addr *a, const uint8_t *addr)
{
	memset(a, 0, sizeof(*a));
	a->sin6.sin6_len = sizeof(a->sin6);
	a->sin6.sin6_family = AF_INET6;
	memcpy(&a->sin6.sin6_addr, addr, 16);
}

static int
in6_gif_input(struct mbuf **mp, int *offp, int proto)
{
	struct mbuf *m = *mp;
	union gif_addr src, dst;
	struct gif *sc;
	uint8_t tos = (uint8_t)(be16_get(m->m_data) >> 4);

	end(&src, m->m_data + 8);
	end(&dst, m->m_data + 24);
	sc = gif_find(m->m_k, &src, &dst);
	if (sc == NULL || !gif_ingress_ok(sc, m->m_pkthdr.rcvif, &src))
		return rip6_input(mp, offp, proto);
	m_adj(m, *offp);
	gif_input(sc, m, proto, tos);
	return IPPROTO_DONE;
}

static const struct ip6protosw in6_gif_protosw = { .ip6_input = in6_gif_input };

void
in6_gif_attach(struct rump_kernel *k)
{
	ip6_setproto(k, IPPROTO_IPV4, &in6_gif_protosw);
	ip6_setproto(k, IPPROTO_IPV6, &in6_gif_protosw);
}
