/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP datagrams that arrive, and errors about those that left (RFC 768, 1122 4.1). */
#include "netinet/udp_private.h"

/* so_lock held. m becomes the data of the socket's record. */
static void
append(struct inpcb *inp, struct udp_in *in, struct mbuf *m)
{
	struct socket *so = inp->inp_socket;
	struct mbuf *control = NULL;
	union {
		struct sockaddr sa;
		struct sockaddr_in6 sin6;
	} from;

	if ((so->so_state & SS_CANTRCVMORE) != 0) {
		m_freem(m);
		return;
	}
	in_any_tosockaddr(&in->src, in->sport, in->zone, inp->inp_af, &from.sa);
	if ((inp->inp_flags & INP_CONTROLOPTS) != 0 || inp->inp_flags6 != 0 ||
	    (so->so_options & SO_TIMESTAMP) != 0) {
		if (in->v6)
			ip6_savecontrol(inp, &control, m);
		else
			ip_savecontrol(inp, &control, m->m_data, m);
	}
	m_adj(m, (int)(in->off + UDPH_SIZE));
	m_tag_delete_all(m);
	if (!sbappendaddr(&so->so_rcv, &from.sa, m, control)) {
		stat_inc(UDP(so->so_k)->us_stat, UDP_STAT_FULLSOCK);
		if (in->v6 && INET6(so->so_k) != NULL)
			stat_inc(INET6(so->so_k)->udp6stat, UDP6_STAT_FULLSOCK);
		m_freem(m);
		m_freem(control);
		soroverflow(so);
		return;
	}
	sorwakeup(so);
}

/* RFC 5082: from too far away. */
static bool
near(const struct inpcb *inp, const struct udp_in *in)
{
	return inp->inp_minttl == 0 || in->v6 ||
	    in->m->m_data[IPH_TTL] >= inp->inp_minttl;
}

bool
udp_deliver(struct udp_in *in)
{
	struct inpcbtable *t = UDP(in->m->m_k)->us_table;
	struct socket *so;

	so = in_pcblookup_connect(
	    t, &in->src, in->sport, &in->dst, in->dport, in->zone);
	if (so == NULL) {
		stat_inc(UDP(in->m->m_k)->us_stat, UDP_STAT_PCBHASHMISS);
		so = in_pcblookup_bind(t, &in->dst, in->dport, in->zone);
		if (so == NULL)
			return false;
	}
	solock(so);
	if (so->so_pcb != NULL && near(so->so_pcb, in))
		append(so->so_pcb, in, in->m);
	else
		m_freem(in->m);
	sounlock(so);
	so_put(so);
	return true;
}

static bool
fits(const struct inpcb *inp, void *arg)
{
	const struct udp_in *in = arg;

	if (inp->inp_lport != in->dport ||
	    (in->v6 ? inp->inp_af != AF_INET6 : !inp_takes4(inp)))
		return false;
	if (!in_any_unspecified(&inp->inp_laddr) &&
	    !in_any_eq(&inp->inp_laddr, &in->dst))
		return false;
	if (inp->inp_zone != 0 && in->zone != 0 && inp->inp_zone != in->zone)
		return false;
	return inp->inp_fport == 0 ||
	    (inp->inp_fport == in->sport &&
		in_any_eq(&inp->inp_faddr, &in->src));
}

struct all {
	struct udp_in *in;
	bool had;
};

static bool
all_fits(const struct inpcb *inp, void *arg)
{
	return fits(inp, ((struct all *)arg)->in);
}

static int
all_append(struct inpcb *inp, void *arg)
{
	struct all *a = arg;
	struct mbuf *copy;

	if (!near(inp, a->in))
		return 0;
	copy = m_copym(a->in->m, 0, M_COPYALL);
	/* Control messages are made of the header. */
	if (copy != NULL &&
	    (copy = m_pullup(copy, a->in->off + UDPH_SIZE)) != NULL)
		append(inp, a->in, copy);
	a->had = true;
	return 0;
}

bool
udp_deliver_all(struct udp_in *in)
{
	struct all a = { in, false };

	(void)in_pcbforeach_port(
	    UDP(in->m->m_k)->us_table, in->dport, all_fits, all_append, &a);
	m_freem(in->m);
	return a.had;
}

/* Lengths and checksum; NULL: gone, counted. */
static struct mbuf *
check(struct mbuf *m, unsigned off)
{
	_Atomic uint64_t *stat = UDP(m->m_k)->us_stat;
	unsigned len, have;
	const uint8_t *uh;

	if (m->m_pkthdr.len < off + UDPH_SIZE) {
		stat_inc(stat, UDP_STAT_HDROPS);
		goto bad;
	}
	if (m->m_len < off + UDPH_SIZE &&
	    (m = m_pullup(m, off + UDPH_SIZE)) == NULL) {
		return NULL;
	}
	uh = m->m_data + off;
	have = m->m_pkthdr.len - off;
	len = be16_get(uh + UDPH_LEN);
	if (len < UDPH_SIZE || len > have || net16(uh + UDPH_DPORT) == 0) {
		stat_inc(stat, UDP_STAT_BADLEN);
		goto bad;
	}
	if (len < have)
		m_adj(m, -(int)(have - len));
	if (net16(uh + UDPH_SUM) != 0 &&
	    (m->m_pkthdr.csum_flags & (M_CSUM_UDPv4 | M_CSUM_TCP_UDP_BAD)) !=
		M_CSUM_UDPv4 &&
	    in4_cksum(m, IPPROTO_UDP, ip_src(m->m_data), ip_dst(m->m_data), off,
		len) != 0) {
		stat_inc(stat, UDP_STAT_BADSUM);
		goto bad;
	}
	return m;
bad:
	m_freem(m);
	return NULL;
}

static void
udp_input(struct mbuf *m, int off, int proto)
{
	struct rump_kernel *k = m->m_k;
	_Atomic uint64_t *stat = UDP(k)->us_stat;
	struct udp_in in = { .off = (unsigned)off };
	uint32_t dst;

	(void)proto;
	stat_inc(stat, UDP_STAT_IPACKETS);
	if ((in.m = m = check(m, in.off)) == NULL)
		return;
	dst = ip_dst(m->m_data);
	in.sport = net16(m->m_data + off + UDPH_SPORT);
	in.dport = net16(m->m_data + off + UDPH_DPORT);
	in_any_set4(&in.src, ip_src(m->m_data));
	in_any_set4(&in.dst, dst);
	if (in_multicast(dst) ||
	    ((m->m_flags & M_BCAST) != 0 &&
		in_broadcast(dst, m->m_pkthdr.rcvif))) {
		if (!udp_deliver_all(&in))
			stat_inc(stat, UDP_STAT_NOPORTBCAST);
		return;
	}
	if (udp_deliver(&in))
		return;
	stat_inc(stat, UDP_STAT_NOPORT);
	if ((m->m_flags & (M_BCAST | M_MCAST)) != 0) {
		stat_inc(stat, UDP_STAT_NOPORTBCAST);
		m_freem(m);
		return;
	}
	icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_PORT, 0, 0);
}

/* so_lock held. Given once to the next call. */
void
udp_notify(struct inpcb *inp, int error)
{
	struct socket *so = inp->inp_socket;

	so->so_error = error;
	sorwakeup(so);
	sowwakeup(so);
}

static void
mtu_notify(struct inpcb *inp, int mtu)
{
	inp->inp_errormtu = mtu;
	route_forget(&inp->inp_route);
	udp_notify(inp, EMSGSIZE);
}

/* Only connected sockets hear of it: who else could tell which of his datagrams it was? */
static void
udp_ctlinput(struct rump_kernel *k, int cmd, const struct sockaddr_in *dst,
    const uint8_t *ip, size_t len, uint32_t mtu)
{
	struct in_any faddr, laddr;
	unsigned hlen = ip_hlen(ip);
	const uint8_t *uh = ip + hlen;

	if (cmd < 0 || cmd >= PRC_NCMDS || inetctlerrmap[cmd] == 0 ||
	    len < hlen + UDPH_SIZE)
		return;
	in_any_set4(&faddr, dst->sin_addr.s_addr);
	in_any_set4(&laddr, ip_src(ip));
	if (cmd == PRC_MSGSIZE)
		in_pcbnotify(UDP(k)->us_table, &faddr, net16(uh + UDPH_DPORT),
		    &laddr, net16(uh + UDPH_SPORT), (int)mtu, mtu_notify);
	else
		in_pcbnotify(UDP(k)->us_table, &faddr, net16(uh + UDPH_DPORT),
		    &laddr, net16(uh + UDPH_SPORT), inetctlerrmap[cmd],
		    udp_notify);
}

const struct ipprotosw udp_protosw = { udp_input, udp_ctlinput };
