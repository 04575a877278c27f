/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP over IPv6 (RFC 8200 8): what is IPv6's own. An AF_INET6 socket that
 * takes IPv4 as well has mapped addresses, and its packets go tcp_packet.c's
 * way.
 */
#include "netinet/tcp_var.h"
#include "netinet6/inet6.h"

static void
put_zone(const struct in_any *a, uint32_t zone, uint8_t out[16])
{
	memcpy(out, a->a8, 16);
	if (out[0] == 0xfe && (out[1] & 0xc0) == 0x80)
		be16_put(out + 2, (uint16_t)zone);
}

static void
make_dst(const struct tcp_ends *e, struct sockaddr_in6 *dst)
{
	memset(dst, 0, sizeof(*dst));
	dst->sin6_len = sizeof(*dst);
	dst->sin6_family = AF_INET6;
	put_zone(&e->te_faddr, e->te_zone, (uint8_t *)&dst->sin6_addr);
}

static int
output6(struct tcp_state *tc, struct mbuf *m, const struct tcp_ends *e,
    struct inpcb *inp, unsigned tos, int ttl, uint32_t *mtup)
{
	struct rump_kernel *k = tc->tc_k;
	uint32_t flow = inp != NULL ? ntohl(inp->inp_flowinfo) & 0xfffff : 0;
	uint8_t *ip;

	if ((m = m_prepend(m, 40)) == NULL)
		return -ENOBUFS;
	ip = m->m_data;
	be32_put(ip, 0x60000000u | (tos & 255) << 20 | flow);
	be16_put(ip + 4, (uint16_t)(m->m_pkthdr.len - 40));
	ip[6] = IPPROTO_TCP;
	ip[7] = (uint8_t)(ttl >= 0 ? ttl : atomic_load(&INET6(k)->ip6_defhlim));
	put_zone(&e->te_laddr, e->te_zone, ip + 8);
	put_zone(&e->te_faddr, e->te_zone, ip + 24);
	return ip6_output(k, m, inp != NULL ? inp->inp_outputopts6 : NULL,
	    inp != NULL ? &inp->inp_route : NULL,
	    inp != NULL ? (int)(inp->inp_socket->so_options & SO_DONTROUTE) : 0,
	    NULL, inp, mtup);
}

static struct rtentry *
route6(struct tcp_state *tc, const struct tcp_ends *e, struct inpcb *inp,
    struct route *spare)
{
	struct sockaddr_in6 dst;

	make_dst(e, &dst);
	return route_lookup(tc->tc_k, inp != NULL ? &inp->inp_route : spare,
	    (const struct sockaddr *)&dst);
}

static uint32_t
mtu6(struct tcp_state *tc, const struct tcp_ends *e, struct inpcb *inp,
    uint32_t *tsomax)
{
	struct route spare = { .ro_rt = NULL };
	struct rtentry *rt = route6(tc, e, inp, &spare);
	uint32_t mtu;

	if (rt == NULL)
		return 0;
	mtu = nd6_linkmtu(rt->rt_ifp);
	if (rt->rt_rmx.rmx_mtu != 0 && rt->rt_rmx.rmx_mtu < mtu)
		mtu = (uint32_t)rt->rt_rmx.rmx_mtu;
	if ((rt->rt_ifp->if_csum_flags_tx & M_CSUM_TSOv6) != 0 &&
	    mtu == nd6_linkmtu(rt->rt_ifp))
		*tsomax = rt->rt_ifp->if_tso_max;
	return mtu;
}

/* RFC 4861 7.3.1: acknowledgements say that the neighbour forwards. */
static void
reachable6(struct tcp_state *tc, struct tcpcb *tp)
{
	struct tcp_ends e;
	struct sockaddr_in6 dst;
	struct rtentry *rt;

	tcp_ends_of(tp->t_inpcb, &e);
	if ((rt = route6(tc, &e, tp->t_inpcb, NULL)) == NULL)
		return;
	make_dst(&e, &dst);
	nd6_nud_hint(tc->tc_k, &dst.sin6_addr, rt);
}

/* --- input --- */

/* Zones are inside of addresses in packets' headers, beside them in blocks. */
static void
take_zone(struct in_any *a, uint32_t *zone)
{
	if (a->a8[0] != 0xfe || (a->a8[1] & 0xc0) != 0x80)
		return;
	if (be16_get(a->a8 + 2) != 0)
		*zone = be16_get(a->a8 + 2);
	a->a8[2] = a->a8[3] = 0;
}

static int
input6(struct mbuf **mp, int *offp, int proto)
{
	struct mbuf *m = *mp;
	struct tcp_state *tc = TCP(m->m_k);
	struct tcp_seg sg = { .sg_ws = -1 };
	const uint8_t *ip = m->m_data;

	(void)proto;
	*mp = NULL;
	if (tc == NULL) {
		m_freem(m);
		return IPPROTO_DONE;
	}
	memcpy(&sg.sg_ends.te_faddr, ip + 8, 16);
	memcpy(&sg.sg_ends.te_laddr, ip + 24, 16);
	take_zone(&sg.sg_ends.te_faddr, &sg.sg_ends.te_zone);
	take_zone(&sg.sg_ends.te_laddr, &sg.sg_ends.te_zone);
	sg.sg_ecn = ip[1] >> 4 & 3;
	sg.sg_bcast = ip[8] == 0xff || ip[24] == 0xff ||
	    in_any_unspecified(&sg.sg_ends.te_faddr) ||
	    (m->m_flags & M_ANYCAST6) != 0;
	tcp_input_common(tc, m, (unsigned)*offp, &sg);
	return IPPROTO_DONE;
}

static void
ctlinput6(struct rump_kernel *k, int cmd, const struct sockaddr_in6 *dst,
    const struct sockaddr_in6 *src, const uint8_t *q, size_t qlen, uint32_t mtu)
{
	struct tcp_ends e = { .te_v4 = false };

	if (TCP(k) == NULL || q == NULL || qlen < 8)
		return;
	memcpy(&e.te_faddr, &dst->sin6_addr, 16);
	memcpy(&e.te_laddr, &src->sin6_addr, 16);
	take_zone(&e.te_faddr, &e.te_zone);
	take_zone(&e.te_laddr, &e.te_zone);
	memcpy(&e.te_lport, q, 2);
	memcpy(&e.te_fport, q + 2, 2);
	tcp_ctlinput_common(TCP(k), cmd, &e, be32_get(q + 4), mtu);
}

static const struct ip6protosw tcp_protosw6 = { input6, ctlinput6 };

int
tcp6_boot(struct rump_kernel *k)
{
	struct tcp_state *tc = TCP(k);
	int error;

	if (tc == NULL)
		return 0;
	if ((error = tcp6_sysctl_attach(k)) != 0)
		return error;
	tc->tc_output6 = output6;
	tc->tc_mtu6 = mtu6;
	tc->tc_reachable6 = reachable6;
	ip6_setproto(k, IPPROTO_TCP, &tcp_protosw6);
	return 0;
}

/* --- sockets --- */

static int
bind6(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	return in_pcbbind(sotoinpcb(so), nam, l);
}

static int
sockaddr6(struct socket *so, struct sockaddr *nam)
{
	return in_setsockaddr(sotoinpcb(so), nam);
}

static int
peeraddr6(struct socket *so, struct sockaddr *nam)
{
	return in_setpeeraddr(sotoinpcb(so), nam);
}

const struct pr_usrreqs tcp6_usrreqs = {
	.pr_attach = tcp_attach,
	.pr_detach = tcp_detach,
	.pr_accept = peeraddr6,
	.pr_connect = tcp_connect_common,
	.pr_bind = bind6,
	.pr_listen = tcp_listen,
	.pr_disconnect = tcp_disconnect,
	.pr_shutdown = tcp_shutdown,
	.pr_abort = tcp_abort,
	.pr_ioctl = in6_control,
	.pr_stat = tcp_stat_req,
	.pr_peeraddr = peeraddr6,
	.pr_sockaddr = sockaddr6,
	.pr_rcvd = tcp_rcvd,
	.pr_recvoob = tcp_recvoob,
	.pr_send = tcp_send_req,
	.pr_sendoob = tcp_sendoob,
};
