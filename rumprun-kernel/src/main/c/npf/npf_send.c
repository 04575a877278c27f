/* SPDX-License-Identifier: BSD-2-Clause */
/* What is answered to those who are blocked: resets (RFC 9293 3.5.2), and ICMP errors. Answers pass by the filter (M_NPF). */
#include <netbsd/tcp.h>
#include "netinet/ip_private.h"
#include "netinet6/inet6.h"
#include "npf/npf.h"

#define TCP_LEN 20u

static void
fill_reset(const struct npf_packet *np, uint8_t *th)
{
	unsigned hlen = (np->np_l4[12] >> 4) * 4u;
	uint32_t len = np->np_len - np->np_hlen;

	len = len > hlen ? len - hlen : 0;
	len += ((np->np_tcpflags & TH_SYN) != 0) +
	    ((np->np_tcpflags & TH_FIN) != 0);
	memset(th, 0, TCP_LEN);
	memcpy(th, &np->np_port[NPF_DST], 2);
	memcpy(th + 2, &np->np_port[NPF_SRC], 2);
	th[12] = TCP_LEN / 4 << 4;
	th[13] = TH_RST;
	if ((np->np_tcpflags & TH_ACK) != 0)
		memcpy(th + 4, np->np_l4 + 8, 4);
	else {
		be32_put(th + 8, be32_get(np->np_l4 + 4) + len);
		th[13] |= TH_ACK;
	}
}

static void
send_reset4(struct npf_packet *np)
{
	struct rump_kernel *k = np->np_k;
	struct mbuf *m = m_gethdr(k, MT_HEADER);
	uint16_t sum;
	uint8_t *ip;

	if (m == NULL)
		return;
	m->m_data += 16;
	m->m_len = m->m_pkthdr.len = IPH_SIZE + TCP_LEN;
	ip = m->m_data;
	memset(ip, 0, IPH_SIZE);
	ip[IPH_TTL] = (uint8_t)INET(k)->ip_ttl;
	ip[IPH_P] = IPPROTO_TCP;
	memcpy(ip + IPH_SRC, np->np_addr[NPF_DST], 4);
	memcpy(ip + IPH_DST, np->np_addr[NPF_SRC], 4);
	fill_reset(np, ip + IPH_SIZE);
	sum = in4_cksum(
	    m, IPPROTO_TCP, ip_src(ip), ip_dst(ip), IPH_SIZE, TCP_LEN);
	memcpy(ip + IPH_SIZE + 16, &sum, 2);
	m->m_flags |= M_NPF;
	(void)ip_output(k, m, NULL, NULL, 0, NULL, NULL);
}

static void
send_reset6(struct npf_packet *np)
{
	struct rump_kernel *k = np->np_k;
	struct mbuf *m = m_gethdr(k, MT_HEADER);
	struct in6_addr src, dst;
	uint16_t sum;
	uint8_t *p;

	if (m == NULL)
		return;
	m->m_data += 16;
	m->m_len = m->m_pkthdr.len = 40 + TCP_LEN;
	p = m->m_data;
	memset(p, 0, 40);
	p[0] = 0x60;
	p[6] = IPPROTO_TCP;
	p[7] = (uint8_t)INET6(k)->ip6_defhlim;
	fill_reset(np, p + 40);
	sum = in6_cksum(m, IPPROTO_TCP, np->np_addr[NPF_DST],
	    np->np_addr[NPF_SRC], 40, TCP_LEN);
	memcpy(p + 40 + 16, &sum, 2);
	memcpy(&src, np->np_addr[NPF_DST], 16);
	memcpy(&dst, np->np_addr[NPF_SRC], 16);
	(void)in6_setscope(&src, np->np_ifp);
	(void)in6_setscope(&dst, np->np_ifp);
	memcpy(p + 8, &src, 16);
	memcpy(p + 24, &dst, 16);
	m->m_flags |= M_NPF;
	(void)ip6_output(k, m, NULL, NULL, 0, NULL, NULL, NULL);
}

/* The packet itself becomes the error's quotation: taken. */
static void
send_error(struct npf_packet *np)
{
	struct mbuf *m = np->np_m;
	struct in6_addr a;

	np->np_m = NULL;
	m->m_flags |= M_NPF;
	if (m->m_pkthdr.rcvif == NULL) { /* our own, on its way out */
		m->m_pkthdr.rcvif = np->np_ifp;
		m->m_pkthdr.rcvif_index = np->np_ifp->if_index;
	}
	if (np->np_alen == 4) {
		icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_ADMIN_PROHIBIT, 0, 0);
		return;
	}
	if ((m = m_makewritable(m, 40)) == NULL)
		return;
	for (int i = 8; i <= 24; i += 16) {
		memcpy(&a, m->m_data + i, 16);
		(void)in6_setscope(&a, np->np_ifp);
		memcpy(m->m_data + i, &a, 16);
	}
	icmp6_error(m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, 0);
}

void
npf_send_answer(struct npf_packet *np, uint32_t attr)
{
	bool mcast = (np->np_m->m_flags & (M_BCAST | M_MCAST)) != 0;

	if ((np->np_info & NPC_TCP) != 0 && (attr & NPF_RULE_RETRST) != 0) {
		if ((np->np_tcpflags & TH_RST) == 0 && !mcast) {
			if (np->np_alen == 4)
				send_reset4(np);
			else
				send_reset6(np);
		}
	} else if ((np->np_info & (NPC_TCP | NPC_UDP)) != 0 &&
	    (attr & NPF_RULE_RETICMP) != 0 && !mcast)
		send_error(np);
	m_freem(np->np_m);
	np->np_m = NULL;
}
