/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw sockets of AF_INET6 (ip6(4), icmp6(4), RFC 3542 3): data without headers, checksums by the kernel, filters of ICMPv6 types. */
#include "netinet6/in6_private.h"

#define RAW_SPACE 8192

/* --- in --- */

struct raw_in {
	struct mbuf *m;
	size_t off;
	struct in_any src, dst; /* without zones */
	uint32_t zone;
	uint8_t proto, type;
	bool had;
};

static void
take_addr(const uint8_t *p, struct in_any *to, uint32_t *zone)
{
	struct in6_addr a = a6_get(p);

	if (a6_zone(&a) != 0)
		*zone = a6_zone(&a);
	in6_clearscope(&a);
	memcpy(to, &a, sizeof(a));
}

static bool
fits(const struct inpcb *inp, void *arg)
{
	const struct raw_in *in = arg;

	return inp->inp_af == AF_INET6 &&
	    (inp->inp_proto == 0 || inp->inp_proto == in->proto) &&
	    (in_any_unspecified(&inp->inp_laddr) ||
		in_any_eq(&inp->inp_laddr, &in->dst)) &&
	    (in_any_unspecified(&inp->inp_faddr) ||
		in_any_eq(&inp->inp_faddr, &in->src)) &&
	    (inp->inp_zone == 0 || in->zone == 0 || inp->inp_zone == in->zone);
}

/* RFC 3542 3.2: a bit set blocks. */
static bool
blocked(const struct inpcb *inp, const struct raw_in *in)
{
	const struct icmp6_filter *f = inp->inp_icmp6filt;

	return in->proto == IPPROTO_ICMPV6 && f != NULL &&
	    (f->icmp6_filt[in->type / 32] >> (in->type % 32) & 1) == 0;
}

static void
append(struct inpcb *inp, const struct raw_in *in, struct mbuf *m)
{
	struct rump_kernel *k = m->m_k;
	struct socket *so = inp->inp_socket;
	struct mbuf *control = NULL;
	struct sockaddr_in6 from;

	sin6_init(&from, &in6_any);
	from.sin6_addr = a6_get(in->m->m_data + IP6_SRC);
	(void)sa6_recoverscope(&from);
	if ((inp->inp_flags6 & IN6P_CONTROLOPTS) != 0 ||
	    (so->so_options & SO_TIMESTAMP) != 0)
		ip6_savecontrol(inp, &control, in->m);
	m_adj(m, (int)in->off);
	m_tag_delete_all(m);
	if ((so->so_state & SS_CANTRCVMORE) == 0 &&
	    sbappendaddr(&so->so_rcv, (struct sockaddr *)&from, m, control)) {
		sorwakeup(so);
		return;
	}
	stat_inc(INET6(k)->rip6stat, RIP6_STAT_FULLSOCK);
	m_freem(m);
	m_freem(control);
	if ((so->so_state & SS_CANTRCVMORE) == 0)
		soroverflow(so);
}

static int
deliver(struct inpcb *inp, void *arg)
{
	struct raw_in *in = arg;
	struct rump_kernel *k = in->m->m_k;
	struct mbuf *copy;

	if (blocked(inp, in))
		return 0;
	in->had = true;
	if (inp->inp_cksum6 >= 0 && in->proto != IPPROTO_ICMPV6) {
		stat_inc(INET6(k)->rip6stat, RIP6_STAT_ISUM);
		if (in6_cksum(in->m, in->proto, in->m->m_data + IP6_SRC,
			in->m->m_data + IP6_DST, in->off,
			in->m->m_pkthdr.len - in->off) != 0) {
			stat_inc(INET6(k)->rip6stat, RIP6_STAT_BADSUM);
			return 0;
		}
	}
	copy = m_copym(in->m, 0, M_COPYALL);
	if (copy != NULL)
		append(inp, in, copy);
	return 0;
}

/* Where the number stands that has led here. */
static uint32_t
number_at(const struct mbuf *m, size_t off)
{
	size_t at = IP6_HDRLEN, num = IP6_NXT;
	int n = m->m_data[IP6_NXT];

	while (at < off) {
		num = at;
		at += n == IPPROTO_FRAGMENT ? 8 : (m->m_data[at + 1] + 1u) * 8;
		n = m->m_data[num];
	}
	return (uint32_t)num;
}

int
rip6_input(struct mbuf **mp, int *offp, int proto)
{
	struct mbuf *m = *mp;
	struct rump_kernel *k = m->m_k;
	struct in6_addr dst = a6_get(m->m_data + IP6_DST);
	struct raw_in in = {
		.m = m, .off = (size_t)*offp, .proto = (uint8_t)proto
	};

	stat_inc(INET6(k)->rip6stat, RIP6_STAT_IPACKETS);
	if (proto == IPPROTO_ICMPV6)
		in.type = m->m_data[in.off];
	take_addr(m->m_data + IP6_SRC, &in.src, &in.zone);
	take_addr(m->m_data + IP6_DST, &in.dst, &in.zone);
	if (INET6(k)->i6_rawtable->it_count > 0)
		(void)in_pcbforeach(INET6(k)->i6_rawtable, fits, deliver, &in);
	if (in.had || proto == IPPROTO_ICMPV6) {
		m_freem(m);
		return IPPROTO_DONE;
	}
	stat_inc(INET6(k)->rip6stat, RIP6_STAT_NOSOCK);
	if (a6_multicast(&dst))
		stat_inc(INET6(k)->rip6stat, RIP6_STAT_NOSOCKMCAST);
	if (proto == IPPROTO_NONE) {
		m_freem(m);
		return IPPROTO_DONE;
	}
	in6_ifstat_inc(m->m_pkthdr.rcvif, IFS6(in_protounknown));
	atomic_fetch_sub_explicit(
	    &INET6(k)->ip6stat[IP6_STAT_DELIVERED], 1, memory_order_relaxed);
	icmp6_error(m, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER,
	    number_at(m, in.off));
	return IPPROTO_DONE;
}

/* --- errors --- */

struct raw_error {
	struct in_any faddr;
	uint8_t proto;
	int error;
};

static bool
is_peer(const struct inpcb *inp, void *arg)
{
	const struct raw_error *e = arg;

	return inp->inp_af == AF_INET6 && inp->inp_proto == e->proto &&
	    !in_any_unspecified(&inp->inp_faddr) &&
	    in_any_eq(&inp->inp_faddr, &e->faddr);
}

static int
tell_error(struct inpcb *inp, void *arg)
{
	struct socket *so = inp->inp_socket;

	so->so_error = ((struct raw_error *)arg)->error;
	sorwakeup(so);
	sowwakeup(so);
	return 0;
}

static void
raw_ctlinput(struct rump_kernel *k, int cmd, const struct sockaddr_in6 *dst,
    uint8_t proto)
{
	struct raw_error e = { .proto = proto };
	uint32_t zone = 0;

	if (cmd < 0 || cmd >= PRC_NCMDS || (e.error = inetctlerrmap[cmd]) == 0)
		return;
	take_addr(A6(&dst->sin6_addr), &e.faddr, &zone);
	(void)in_pcbforeach(INET6(k)->i6_rawtable, is_peer, tell_error, &e);
}

static void
rip6_ctlinput(struct rump_kernel *k, int cmd, const struct sockaddr_in6 *dst,
    const struct sockaddr_in6 *src, const uint8_t *q, size_t qlen, uint32_t mtu)
{
	(void)src;
	(void)q;
	(void)qlen;
	(void)mtu;
	raw_ctlinput(k, cmd, dst, IPPROTO_RAW);
}

const struct ip6protosw rip6_protosw = { .ip6_input = rip6_input,
	.ip6_ctlinput = rip6_ctlinput };

/* --- out --- */

/* The checksum that the socket asks for, or that ICMPv6 has always. */
static int
put_sum(struct inpcb *inp, struct mbuf *m)
{
	int at = inp->inp_proto == IPPROTO_ICMPV6 ? 2 : inp->inp_cksum6;
	size_t len = m->m_pkthdr.len - IP6_HDRLEN;
	uint16_t sum = 0;
	int error;

	if (at < 0)
		return 0;
	if ((size_t)at + 2 > len)
		return -EINVAL;
	if ((error = m_copyback(m, IP6_HDRLEN + (size_t)at, 2, &sum)) != 0)
		return error;
	sum = in6_cksum(m, inp->inp_proto, m->m_data + IP6_SRC,
	    m->m_data + IP6_DST, IP6_HDRLEN, len);
	return m_copyback(m, IP6_HDRLEN + (size_t)at, 2, &sum);
}

static int
rip6_output(struct inpcb *inp, struct mbuf *m, const struct sockaddr_in6 *dst,
    struct ip6_pktopts *opt)
{
	struct socket *so = inp->inp_socket;
	struct rump_kernel *k = so->so_k;
	struct in6_addr src;
	struct ifnet *ifp = NULL;
	int error = 0;
	uint8_t *p;

	memcpy(&src, &inp->inp_laddr, sizeof(src));
	if (a6_zoned(&src) && inp->inp_zone != 0)
		be16_put(A6(&src) + 2, (uint16_t)inp->inp_zone);
	if (m->m_pkthdr.len > IPV6_MAXPACKET)
		error = -EMSGSIZE;
	else if (a6_unspecified(&src) || (opt != NULL && opt->ip6po_havepktinfo))
		error = in6_selectsrc(k, dst, opt, inp->inp_moptions6,
		    &inp->inp_route, &ifp, &src);
	if (error != 0) {
		m_freem(m);
		return error;
	}
	if ((m = m_prepend(m, IP6_HDRLEN)) == NULL)
		return -ENOBUFS;
	p = m->m_data;
	be32_put(p, 0x60000000u | (ntohl(inp->inp_flowinfo) & 0x0fffffffu));
	be16_put(p + IP6_PLEN, 0);
	p[IP6_NXT] = inp->inp_proto;
	p[IP6_HLIM] = (uint8_t)in6_selecthlim(inp, ifp);
	a6_put(p + IP6_SRC, &src);
	a6_put(p + IP6_DST, &dst->sin6_addr);
	if ((error = put_sum(inp, m)) != 0) {
		m_freem(m);
		return error;
	}
	m->m_pkthdr.csum_flags = 0;
	stat_inc(INET6(k)->rip6stat, RIP6_STAT_OPACKETS);
	if (inp->inp_proto == IPPROTO_ICMPV6) {
		uint8_t type;

		m_copydata(m, IP6_HDRLEN, 1, &type);
		stat_inc(INET6(k)->icmp6stat, ICMP6_STAT_OUTHIST + type);
	}
	return ip6_output(
	    k, m, opt, &inp->inp_route, 0, inp->inp_moptions6, inp, NULL);
}

static int
check_name(struct rump_kernel *k, const struct sockaddr *nam,
    struct sockaddr_in6 *sin6)
{
	if (nam->sa_len != sizeof(*sin6))
		return -EINVAL;
	if (nam->sa_family != AF_INET6)
		return -EAFNOSUPPORT;
	memcpy(sin6, nam, sizeof(*sin6));
	sin6->sin6_port = 0;
	return sa6_embedscope(k, sin6, INET6(k)->ip6_use_defzone != 0);
}

static int
destination(
    struct socket *so, const struct sockaddr *nam, struct sockaddr_in6 *dst)
{
	struct inpcb *inp = sotoinpcb(so);

	if ((so->so_state & SS_ISCONNECTED) != 0) {
		if (nam != NULL)
			return -EISCONN;
		sin6_init(dst, &in6_any);
		memcpy(&dst->sin6_addr, &inp->inp_faddr, 16);
		if (a6_zoned(&dst->sin6_addr) && inp->inp_zone != 0)
			be16_put(
			    A6(&dst->sin6_addr) + 2, (uint16_t)inp->inp_zone);
		return 0;
	}
	return nam == NULL ? -ENOTCONN : check_name(so->so_k, nam, dst);
}

static int
rip6_send(struct lwp *l, struct socket *so, struct mbuf *m,
    struct sockaddr *nam, struct mbuf *control, int flags)
{
	struct rump_kernel *k = so->so_k;
	struct inpcb *inp = sotoinpcb(so);
	struct ip6_pktopts opt;
	struct sockaddr_in6 dst;
	int error = destination(so, nam, &dst);

	(void)flags;
	if (error == 0 && control != NULL)
		error = ip6_setpktopts(
		    k, control, &opt, inp->inp_outputopts6, l, inp->inp_proto);
	if (error != 0) {
		m_freem(m);
		m_freem(control);
		return error;
	}
	error = rip6_output(
	    inp, m, &dst, control != NULL ? &opt : inp->inp_outputopts6);
	if (control != NULL) {
		ip6_clearpktopts(k, &opt);
		m_freem(control);
	}
	return error;
}

/* --- sockets --- */

static int
rip6_attach(struct lwp *l, struct socket *so, int proto)
{
	struct rump_kernel *k = so->so_k;
	struct inpcb *inp;
	int error;

	if (!cred_issuser(l->l_cred))
		return -EACCES;
	if ((error = soreserve(so, RAW_SPACE, RAW_SPACE)) != 0 ||
	    (error = in_pcballoc(so, INET6(k)->i6_rawtable)) != 0)
		return error;
	inp = sotoinpcb(so);
	inp->inp_proto = (uint8_t)proto;
	inp->inp_cksum6 = -1;
	inp->inp_hops6 = -1;
	if (proto != IPPROTO_ICMPV6)
		return 0;
	inp->inp_icmp6filt = kmem_alloc(k, sizeof(*inp->inp_icmp6filt));
	if (inp->inp_icmp6filt == NULL) {
		in_pcbfree(inp);
		return -ENOMEM;
	}
	memset(inp->inp_icmp6filt, 0xff, sizeof(*inp->inp_icmp6filt));
	return 0;
}

static void
rip6_detach(struct socket *so)
{
	in_pcbfree(sotoinpcb(so));
}

/* What packets are matched by; with the table's lock. */
static void
set_addr(
    struct inpcb *inp, struct in_any *which, const struct sockaddr_in6 *sin6)
{
	uint32_t zone = 0;
	struct in_any a;

	take_addr(A6(&sin6->sin6_addr), &a, &zone);
	krwlock_wrlock(&inp->inp_table->it_lock);
	*which = a;
	if (zone != 0)
		inp->inp_zone = zone;
	krwlock_unlock(&inp->inp_table->it_lock);
}

static int
rip6_bind(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	struct rump_kernel *k = so->so_k;
	struct in6_ifaddr *ia;
	struct sockaddr_in6 sin6;
	int error;

	(void)l;
	if (nam == NULL)
		return -EINVAL;
	if (nam->sa_len == sizeof(sin6) && nam->sa_family != AF_INET6)
		return -EADDRNOTAVAIL;
	if ((error = check_name(k, nam, &sin6)) != 0)
		return error;
	if (!a6_unspecified(&sin6.sin6_addr) && !a6_multicast(&sin6.sin6_addr)) {
		ia = in6_ifaddr_lookup(k, &sin6.sin6_addr);
		if (ia == NULL ||
		    (ia->ia6_flags &
			(IN6_IFF_ANYCAST | IN6_IFF_NOTREADY |
			    IN6_IFF_DETACHED)) != 0)
			return -EADDRNOTAVAIL;
	}
	set_addr(sotoinpcb(so), &sotoinpcb(so)->inp_laddr, &sin6);
	return 0;
}

static int
rip6_connect(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	struct rump_kernel *k = so->so_k;
	struct inpcb *inp = sotoinpcb(so);
	struct sockaddr_in6 dst, mine;
	struct ifnet *ifp = NULL;
	struct in6_addr src;
	int error;

	(void)l;
	if ((error = check_name(k, nam, &dst)) != 0)
		return error;
	if (in_any_unspecified(&inp->inp_laddr)) {
		error = in6_selectsrc(k, &dst, inp->inp_outputopts6,
		    inp->inp_moptions6, NULL, &ifp, &src);
		if (error != 0)
			return error;
		sin6_init(&mine, &src);
		set_addr(inp, &inp->inp_laddr, &mine);
	}
	set_addr(inp, &inp->inp_faddr, &dst);
	soisconnected(so);
	return 0;
}

static int
rip6_disconnect(struct socket *so)
{
	struct inpcb *inp = sotoinpcb(so);
	struct sockaddr_in6 none;

	if ((so->so_state & SS_ISCONNECTED) == 0)
		return -ENOTCONN;
	so->so_state &= ~(unsigned)SS_ISCONNECTED;
	sin6_init(&none, &in6_any);
	set_addr(inp, &inp->inp_faddr, &none);
	return 0;
}

static int
rip6_shutdown(struct socket *so)
{
	socantsendmore(so);
	return 0;
}

static int
rip6_abort(struct socket *so)
{
	soisdisconnected(so);
	rip6_detach(so);
	return 0;
}

static int
rip6_peeraddr(struct socket *so, struct sockaddr *nam)
{
	return in_setpeeraddr(sotoinpcb(so), nam);
}

static int
rip6_sockaddr(struct socket *so, struct sockaddr *nam)
{
	return in_setsockaddr(sotoinpcb(so), nam);
}

static int
rip6_ioctl(struct lwp *l, struct socket *so, unsigned long cmd, void *data,
    struct ifnet *ifp)
{
	return in6_control(l, so, cmd, data, ifp);
}

static int
filter_option(struct inpcb *inp, struct sockopt *sopt)
{
	struct icmp6_filter f;
	int error;

	if (sopt->sopt_name != ICMP6_FILTER || inp->inp_icmp6filt == NULL)
		return -ENOPROTOOPT;
	if (sopt->sopt_op == PRCO_GETOPT)
		return sockopt_set(sopt, inp->inp_icmp6filt, sizeof(f));
	if ((error = sockopt_get(sopt, &f, sizeof(f))) == 0)
		*inp->inp_icmp6filt = f;
	return error;
}

/* RFC 3542 3.1: where the sum is; of ICMPv6 that is known. */
static int
checksum_option(struct inpcb *inp, struct sockopt *sopt)
{
	bool icmp = inp->inp_proto == IPPROTO_ICMPV6;
	int v, error;

	if (sopt->sopt_op == PRCO_GETOPT)
		return sockopt_setint(sopt, icmp ? 2 : inp->inp_cksum6);
	if ((error = sockopt_getint(sopt, &v)) != 0)
		return error;
	if (icmp)
		return v == 2 ? 0 : -EINVAL;
	if (v < -1 || (v >= 0 && v % 2 != 0))
		return -EINVAL;
	inp->inp_cksum6 = v;
	return 0;
}

int
rip6_ctloutput(struct socket *so, struct sockopt *sopt)
{
	struct inpcb *inp = sotoinpcb(so);

	if (sopt->sopt_level == IPPROTO_ICMPV6)
		return filter_option(inp, sopt);
	if (sopt->sopt_level == IPPROTO_IPV6 && sopt->sopt_name == IPV6_CHECKSUM)
		return checksum_option(inp, sopt);
	return ip6_ctloutput(so, sopt, inp);
}

const struct pr_usrreqs rip6_usrreqs = {
	.pr_attach = rip6_attach,
	.pr_detach = rip6_detach,
	.pr_connect = rip6_connect,
	.pr_bind = rip6_bind,
	.pr_disconnect = rip6_disconnect,
	.pr_shutdown = rip6_shutdown,
	.pr_abort = rip6_abort,
	.pr_ioctl = rip6_ioctl,
	.pr_peeraddr = rip6_peeraddr,
	.pr_sockaddr = rip6_sockaddr,
	.pr_send = rip6_send,
};
