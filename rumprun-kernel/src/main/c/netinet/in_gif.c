/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnels over IPv4 (RFC 2003, 4213). */
#include "net/if_gif.h"
#include "netinet/ip_private.h"

int
in_gif_output(struct gif *sc, int af, struct mbuf *m)
{
	struct rump_kernel *k = sc->sc_if.if_k;
	uint8_t tos = gif_tos(sc, af, m), *ip;

	if ((m = m_prepend(m, IPH_SIZE)) == NULL)
		return -ENOBUFS;
	m->m_pkthdr.csum_flags = 0;
	ip = m->m_data;
	memset(ip, 0, IPH_SIZE);
	ip[IPH_VHL] = 0x45;
	ip[IPH_TOS] = tos;
	ip[IPH_TTL] = (uint8_t)INET(k)->ip_gifttl;
	ip[IPH_P] = af == AF_INET ? IPPROTO_IPV4 : IPPROTO_IPV6;
	ip_setaddr(ip + IPH_SRC, sc->sc_src.sin.sin_addr.s_addr);
	ip_setaddr(ip + IPH_DST, sc->sc_dst.sin.sin_addr.s_addr);
	return ip_output(k, m, NULL, NULL, 0, NULL, NULL);
}

static void
end(union gif_addr *a, uint32_t addr)
{
	memset(a, 0, sizeof(*a));
	a->sin.sin_len = sizeof(a->sin);
	a->sin.sin_family = AF_INET;
	a->sin.sin_addr.s_addr = addr;
}

/* What is for no tunnel is a raw socket's. */
static void
in_gif_input(struct mbuf *m, int off, int proto)
{
	union gif_addr src, dst;
	struct gif *sc;
	uint8_t tos = m->m_data[IPH_TOS];

	end(&src, ip_src(m->m_data));
	end(&dst, ip_dst(m->m_data));
	sc = gif_find(m->m_k, &src, &dst);
	if (sc == NULL || !gif_ingress_ok(sc, m->m_pkthdr.rcvif, &src)) {
		rip_input(m, off, proto);
		return;
	}
	m_adj(m, off);
	gif_input(sc, m, proto, tos);
}

static const struct ipprotosw in_gif_protosw = { .ip_input = in_gif_input };

void
in_gif_attach(struct rump_kernel *k)
{
	ip_setproto(k, IPPROTO_IPV4, &in_gif_protosw);
	ip_setproto(k, IPPROTO_IPV6, &in_gif_protosw);
}
