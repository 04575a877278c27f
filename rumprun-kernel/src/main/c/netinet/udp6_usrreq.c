/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP over IPv6 (RFC 8200 8.1, 3542): in and out. */
#include <netbsd/ip6.h>
#include "netinet/udp_private.h"

#define IP6H_PLEN 4
#define IP6H_NXT 6
#define IP6H_HLIM 7
#define IP6H_SRC 8
#define IP6H_DST 24
#define IP6H_SIZE 40

/* An address from a packet inside the kernel: its zone comes out of bytes 2 and 3. */
static uint32_t
take_addr(const uint8_t *p, struct in_any *a)
{
	struct in6_addr in6;
	uint32_t zone = 0;

	memcpy(&in6, p, 16);
	if (in6_is_linklocal(&in6) || in6_is_mc_linklocal(&in6)) {
		zone = be16_get(p + 2);
		in6_clearscope(&in6);
	}
	memcpy(a, &in6, 16);
	return zone;
}

static struct mbuf *
check6(struct udp_in *in, unsigned *lenp)
{
	struct mbuf *m = in->m;
	_Atomic uint64_t *stat = INET6(m->m_k)->udp6stat;
	unsigned have, len;
	const uint8_t *uh;

	if (m->m_pkthdr.len < in->off + UDPH_SIZE) {
		stat_inc(stat, UDP6_STAT_HDROPS);
		goto bad;
	}
	if (m->m_len < in->off + UDPH_SIZE &&
	    (m = m_pullup(m, in->off + UDPH_SIZE)) == NULL)
		return NULL;
	uh = m->m_data + in->off;
	have = m->m_pkthdr.len - in->off;
	len = be16_get(uh + UDPH_LEN);
	if (len < UDPH_SIZE || len > have || net16(uh + UDPH_DPORT) == 0) {
		stat_inc(stat, UDP6_STAT_BADLEN);
		goto bad;
	}
	if (len < have)
		m_adj(m, -(int)(have - len));
	*lenp = len;
	in->sport = net16(uh + UDPH_SPORT);
	in->dport = net16(uh + UDPH_DPORT);
	in->zone = take_addr(m->m_data + IP6H_SRC, &in->src);
	if (in->zone == 0)
		in->zone = take_addr(m->m_data + IP6H_DST, &in->dst);
	else
		(void)take_addr(m->m_data + IP6H_DST, &in->dst);
	return m;
bad:
	m_freem(m);
	return NULL;
}

int
udp6_input(struct mbuf **mp, int *offp, int proto)
{
	struct udp_in in = { .m = *mp, .off = (unsigned)*offp, .v6 = true };
	struct rump_kernel *k = in.m->m_k;
	_Atomic uint64_t *stat = INET6(k)->udp6stat;
	unsigned len;
	struct mbuf *m;

	*mp = NULL;
	stat_inc(stat, UDP6_STAT_IPACKETS);
	if ((in.m = m = check6(&in, &len)) == NULL)
		return IPPROTO_DONE;
	/* Without a checksum nothing protects the addresses. */
	if (net16(m->m_data + in.off + UDPH_SUM) == 0 &&
	    (m->m_pkthdr.csum_flags & M_CSUM_UDPv6) == 0) {
		stat_inc(stat, UDP6_STAT_NOSUM);
		m_freem(m);
		return IPPROTO_DONE;
	}
	if ((m->m_pkthdr.csum_flags & (M_CSUM_UDPv6 | M_CSUM_TCP_UDP_BAD)) !=
		M_CSUM_UDPv6 &&
	    in6_cksum(m, (uint8_t)proto, &in.src, &in.dst, in.off, len) != 0) {
		stat_inc(stat, UDP6_STAT_BADSUM);
		m_freem(m);
		return IPPROTO_DONE;
	}
	if (in.dst.a8[0] == 0xff) {
		if (!udp_deliver_all(&in))
			stat_inc(stat, UDP6_STAT_NOPORTMCAST);
		return IPPROTO_DONE;
	}
	if (udp_deliver(&in))
		return IPPROTO_DONE;
	stat_inc(stat, UDP6_STAT_NOPORT);
	if ((m->m_flags & (M_BCAST | M_MCAST)) != 0) {
		stat_inc(stat, UDP6_STAT_NOPORTMCAST);
		m_freem(m);
		return IPPROTO_DONE;
	}
	icmp6_error(m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, 0);
	return IPPROTO_DONE;
}

void
udp6_ctlinput(struct rump_kernel *k, int cmd, const struct sockaddr_in6 *dst,
    const struct sockaddr_in6 *src, const uint8_t *q, size_t len, uint32_t mtu)
{
	struct in_any faddr, laddr;

	(void)mtu;
	if (cmd < 0 || cmd >= PRC_NCMDS || inetctlerrmap[cmd] == 0 ||
	    len < UDPH_SIZE || UDP(k) == NULL)
		return;
	(void)take_addr((const uint8_t *)&dst->sin6_addr, &faddr);
	(void)take_addr((const uint8_t *)&src->sin6_addr, &laddr);
	in_pcbnotify(UDP(k)->us_table, &faddr, net16(q + UDPH_DPORT), &laddr,
	    net16(q + UDPH_SPORT), inetctlerrmap[cmd], udp_notify);
}

const struct ip6protosw udp6_protosw = { udp6_input, udp6_ctlinput };

/* --- out --- */

static int
dest6(struct inpcb *inp, const struct sockaddr *nam, struct sockaddr_in6 *dst)
{
	if (nam == NULL) {
		if (inp->inp_fport == 0)
			return -EDESTADDRREQ;
		return in_setpeeraddr(inp, (struct sockaddr *)dst);
	}
	if (inp->inp_fport != 0)
		return -EISCONN;
	if (nam->sa_len != sizeof(*dst))
		return -EINVAL;
	memcpy(dst, nam, sizeof(*dst));
	if (dst->sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	return dst->sin6_port == 0 ? -EADDRNOTAVAIL : 0;
}

static int
output6(struct inpcb *inp, struct mbuf *m, const struct sockaddr_in6 *dst,
    struct ip6_pktopts *opt)
{
	struct socket *so = inp->inp_socket;
	struct rump_kernel *k = so->so_k;
	uint32_t len = m->m_pkthdr.len + UDPH_SIZE;
	struct ifnet *ifp = NULL;
	struct in6_addr src;
	uint8_t *p;
	int error;

	memcpy(&src, &inp->inp_laddr, 16);
	if (in_any_unspecified(&inp->inp_laddr) ||
	    (opt != NULL && opt->ip6po_havepktinfo)) {
		error = in6_selectsrc(k, dst, opt, inp->inp_moptions6,
		    &inp->inp_route, &ifp, &src);
		if (error != 0) {
			m_freem(m);
			return error;
		}
	} else if (in6_is_linklocal(&src)) {
		if (inp->inp_zone != 0)
			be16_put((uint8_t *)&src + 2, (uint16_t)inp->inp_zone);
	}
	if (len > IP_MAXPACKET) {
		m_freem(m);
		return -EMSGSIZE;
	}
	if ((m = m_prepend(m, IP6H_SIZE + UDPH_SIZE)) == NULL)
		return -ENOBUFS;
	p = m->m_data;
	be32_put(p, 6u << 28 | (ntohl(inp->inp_flowinfo) & 0x0fffffffu));
	be16_put(p + IP6H_PLEN, 0);
	p[IP6H_NXT] = IPPROTO_UDP;
	p[IP6H_HLIM] = (uint8_t)in6_selecthlim(inp, ifp);
	memcpy(p + IP6H_SRC, &src, 16);
	memcpy(p + IP6H_DST, &dst->sin6_addr, 16);
	p += IP6H_SIZE;
	memcpy(p + UDPH_SPORT, &inp->inp_lport, 2);
	memcpy(p + UDPH_DPORT, &dst->sin6_port, 2);
	be16_put(p + UDPH_LEN, (uint16_t)len);
	be16_put(p + UDPH_SUM, 0);
	m->m_pkthdr.csum_flags = M_CSUM_UDPv6;
	m->m_pkthdr.csum_data = UDPH_SUM;
	stat_inc(INET6(k)->udp6stat, UDP6_STAT_OPACKETS);
	return ip6_output(k, m, opt, &inp->inp_route,
	    (int)so->so_options & SO_DONTROUTE, inp->inp_moptions6, inp, NULL);
}

int
udp6_send(struct lwp *l, struct socket *so, struct mbuf *m,
    struct sockaddr *nam, struct mbuf *control, int flags)
{
	struct inpcb *inp = sotoinpcb(so);
	struct rump_kernel *k = so->so_k;
	struct ip6_pktopts own, *opt = inp->inp_outputopts6;
	struct sockaddr_in6 dst;
	struct in_any any;
	int error = dest6(inp, nam, &dst);

	(void)flags;
	if (error == 0 && inp->inp_lport == 0)
		error = in_pcbbind(inp, NULL, l);
	if (error != 0)
		goto out;
	memcpy(&any, &dst.sin6_addr, 16);
	if (in_any_isv4(&any)) {
		m_freem(control);
		if (inp->inp_v6only ||
		    (!in_any_unspecified(&inp->inp_laddr) &&
			!in_any_isv4(&inp->inp_laddr))) {
			m_freem(m);
			return -EINVAL;
		}
		return udp4_output(inp, m,
		    in_any_isv4(&inp->inp_laddr) ? in_any_v4(&inp->inp_laddr) :
						   INADDR_ANY,
		    in_any_v4(&any), dst.sin6_port, 0);
	}
	if (in_any_unspecified(&any))
		((uint8_t *)&dst.sin6_addr)[15] = 1;
	if (dst.sin6_scope_id == 0 && inp->inp_zone != 0)
		dst.sin6_scope_id = inp->inp_zone;
	if ((error = sa6_embedscope(k, &dst, true)) != 0)
		goto out;
	if (control == NULL)
		return output6(inp, m, &dst, opt);
	memset(&own, 0, sizeof(own));
	error = ip6_setpktopts(k, control, &own, opt, l, IPPROTO_UDP);
	m_freem(control);
	control = NULL;
	if (error == 0) {
		error = output6(inp, m, &dst, &own);
		m = NULL;
	}
	ip6_clearpktopts(k, &own);
out:
	m_freem(control);
	m_freem(m);
	return error;
}
