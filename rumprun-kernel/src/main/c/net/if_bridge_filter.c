/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packet filters and what is bridged, as bridge(4) says: frames go through the filter inward by the interface they came by, and outward by each that they leave by. ARP
 * passes; what is neither that nor IP goes no further.
 *
 * The filter gets what ip_input and ip6_input would give it: a packet whose header is whole and makes sense, without the link's padding.
 */
#include "net/if_bridge_private.h"
#include "net/bytes.h"

#define IP_MIN 20u
#define IP6_HDR 40u

/* Is there such a header in front, and a packet as long as it says? NULL: not; m is gone then. */
static struct mbuf *
sound4(struct mbuf *m)
{
	uint32_t hlen, len;

	if ((m = m_pullup(m, IP_MIN)) == NULL)
		return NULL;
	hlen = (m->m_data[0] & 15u) * 4;
	len = be16_get(m->m_data + 2);
	if (m->m_data[0] >> 4 != 4 || hlen < IP_MIN || len < hlen ||
	    len > m->m_pkthdr.len)
		goto bad;
	if ((m = m_pullup(m, hlen)) == NULL)
		return NULL;
	/* What was joined on the way in has a header of our own making. */
	if ((m->m_pkthdr.csum_flags & (M_CSUM_TSOv4 | M_CSUM_IPv4)) == 0 &&
	    in_cksum(m, 0, hlen) != 0)
		goto bad;
	m_adj(m, (int)len - (int)m->m_pkthdr.len);
	return m;
bad:
	m_freem(m);
	return NULL;
}

static struct mbuf *
sound6(struct mbuf *m)
{
	uint32_t len;

	if ((m = m_pullup(m, IP6_HDR)) == NULL)
		return NULL;
	len = be16_get(m->m_data + 4) + IP6_HDR;
	if (m->m_data[0] >> 4 != 6 || len > m->m_pkthdr.len) {
		m_freem(m);
		return NULL;
	}
	/* 0: the length stands elsewhere, or there is nothing more. */
	if (len > IP6_HDR)
		m_adj(m, (int)len - (int)m->m_pkthdr.len);
	return m;
}

struct mbuf *
bridge_filter(
    struct bridge *sc, struct mbuf *m, struct ifnet *ifp, enum pfil_dir dir)
{
	uint8_t header[ETHER_HDR_LEN + ETHER_VLAN_ENCAP_LEN];
	int af, hlen = ETHER_HDR_LEN;
	unsigned type;

	if ((sc->sc_filter & IFBF_FILT_USEIPF) == 0)
		return m;
	type = be16_get(m->m_data + 12);
	if (type == ETHERTYPE_VLAN) {
		hlen += ETHER_VLAN_ENCAP_LEN;
		if ((m = m_pullup(m, (size_t)hlen)) == NULL)
			return NULL;
		type = be16_get(m->m_data + 16);
	}
	if (type == ETHERTYPE_ARP || type == ETHERTYPE_REVARP)
		return m;
	if (type != ETHERTYPE_IP && type != ETHERTYPE_IPV6) {
		m_freem(m);
		return NULL;
	}
	memcpy(header, m->m_data, (size_t)hlen);
	m_adj(m, hlen);
	af = type == ETHERTYPE_IP ? AF_INET : AF_INET6;
	m = af == AF_INET ? sound4(m) : sound6(m);
	if (m == NULL || pfil_run(sc->sc_if.if_k, &m, ifp, af, dir) != 0 ||
	    m == NULL || (m = m_prepend(m, (size_t)hlen)) == NULL)
		return NULL;
	memcpy(m->m_data, header, (size_t)hlen);
	return m;
}
