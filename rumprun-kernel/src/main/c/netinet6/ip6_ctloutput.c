/* SPDX-License-Identifier: BSD-2-Clause */
/* Socket options of the level IPPROTO_IPV6 (ip6(4), RFC 3493, 3542, 2292). */
#include "netinet6/in6_private.h"

#define MAXMEMBERSHIPS 4095

/* --- multicast --- */

static struct ip6_moptions *
moptions(struct inpcb *inp)
{
	struct rump_kernel *k = inp->inp_socket->so_k;
	struct ip6_moptions *im6o = inp->inp_moptions6;

	if (im6o != NULL)
		return im6o;
	im6o = kmem_zalloc(k, sizeof(*im6o));
	if (im6o == NULL)
		return NULL;
	im6o->im6o_multicast_hlim = INET6(k)->ip6_defmcasthlim;
	im6o->im6o_multicast_loop = IPV6_DEFAULT_MULTICAST_LOOP;
	inp->inp_moptions6 = im6o;
	return im6o;
}

struct leaving {
	unsigned n;
	struct in6_membership m[32];
};

static void
leave_some(struct rump_kernel *k, void *data, struct mbuf *m)
{
	struct leaving *lv = data;

	m_freem(m);
	for (unsigned i = 0; i < lv->n; i++) {
		struct ifnet *ifp = if_byindex(k, lv->m[i].ifindex);

		if (ifp != NULL)
			(void)in6_delmulti(ifp, &lv->m[i].group);
	}
}

void
ip6_freemoptions(struct rump_kernel *k, struct ip6_moptions *im6o)
{
	struct leaving lv;

	if (im6o == NULL)
		return;
	for (unsigned i = 0; i < im6o->im6o_num; i += lv.n) {
		lv.n = im6o->im6o_num - i < 32 ? im6o->im6o_num - i : 32;
		memcpy(lv.m, im6o->im6o_member + i, lv.n * sizeof(lv.m[0]));
		(void)net_defer(k, leave_some, &lv, sizeof(lv), NULL);
	}
	kmem_free(
	    k, im6o->im6o_member, im6o->im6o_max * sizeof(*im6o->im6o_member));
	kmem_free(k, im6o, sizeof(*im6o));
}

/* The interface that a membership is for; its group gets the zone. */
static int
group_interface(struct rump_kernel *k, const struct ipv6_mreq *mreq,
    struct in6_addr *group, struct ifnet **ifpp)
{
	struct sockaddr_in6 dst;
	struct rtentry *rt;
	struct ifnet *ifp = NULL;

	*group = mreq->ipv6mr_multiaddr;
	if (!a6_multicast(group))
		return -EINVAL;
	if (mreq->ipv6mr_interface != 0) {
		ifp = if_byindex(k, mreq->ipv6mr_interface);
		if (ifp == NULL)
			return -ENXIO;
	} else if (a6_zone(group) != 0)
		ifp = if_byindex(k, a6_zone(group));
	else {
		sin6_init(&dst, group);
		rt = rtalloc1(k, (struct sockaddr *)&dst);
		if (rt != NULL)
			ifp = rt->rt_ifp;
		else
			ifp = ND6(k)->nd_defif;
	}
	if (ifp == NULL || (ifp->if_flags & IFF_MULTICAST) == 0)
		return -EADDRNOTAVAIL;
	(void)in6_setscope(group, ifp);
	*ifpp = ifp;
	return 0;
}

static int
grow(struct rump_kernel *k, struct ip6_moptions *im6o)
{
	unsigned max = im6o->im6o_max == 0 ? 4 : im6o->im6o_max * 2;
	struct in6_membership *member;

	if (im6o->im6o_num < im6o->im6o_max)
		return 0;
	if (im6o->im6o_num >= MAXMEMBERSHIPS)
		return -ETOOMANYREFS;
	member = kmem_calloc(k, max, sizeof(*member));
	if (member == NULL)
		return -ENOBUFS;
	if (im6o->im6o_num > 0)
		memcpy(member, im6o->im6o_member,
		    im6o->im6o_num * sizeof(*member));
	kmem_free(k, im6o->im6o_member, im6o->im6o_max * sizeof(*member));
	im6o->im6o_member = member;
	im6o->im6o_max = max;
	return 0;
}

int
in6_joinopt(struct socket *so, struct inpcb *inp, const struct ipv6_mreq *mreq,
    bool join)
{
	struct rump_kernel *k = so->so_k;
	struct ip6_moptions *im6o = moptions(inp);
	struct in6_addr group;
	struct ifnet *ifp;
	unsigned i;
	int error;

	if (im6o == NULL)
		return -ENOBUFS;
	if ((error = group_interface(k, mreq, &group, &ifp)) != 0)
		return error;
	for (i = 0; i < im6o->im6o_num; i++)
		if (im6o->im6o_member[i].ifindex == ifp->if_index &&
		    a6_equal(&im6o->im6o_member[i].group, &group))
			break;
	if (!join) {
		if (i == im6o->im6o_num)
			return -EADDRNOTAVAIL;
		im6o->im6o_member[i] = im6o->im6o_member[--im6o->im6o_num];
		return in6_delmulti(ifp, &group);
	}
	if (i < im6o->im6o_num)
		return -EADDRINUSE;
	if ((error = grow(k, im6o)) != 0 ||
	    (error = in6_addmulti(ifp, &group)) != 0)
		return error;
	im6o->im6o_member[im6o->im6o_num].group = group;
	im6o->im6o_member[im6o->im6o_num++].ifindex = ifp->if_index;
	return 0;
}

static int
set_multicast(struct socket *so, struct inpcb *inp, const struct sockopt *sopt)
{
	struct rump_kernel *k = so->so_k;
	struct ip6_moptions *im6o = moptions(inp);
	struct ipv6_mreq mreq;
	struct ifnet *ifp;
	int v, error;

	if (im6o == NULL)
		return -ENOBUFS;
	if (sopt->sopt_name == IPV6_JOIN_GROUP ||
	    sopt->sopt_name == IPV6_LEAVE_GROUP) {
		if ((error = sockopt_get(sopt, &mreq, sizeof(mreq))) != 0)
			return error;
		return in6_joinopt(
		    so, inp, &mreq, sopt->sopt_name == IPV6_JOIN_GROUP);
	}
	if ((error = sockopt_getint(sopt, &v)) != 0)
		return error;
	switch (sopt->sopt_name) {
	case IPV6_MULTICAST_IF:
		if (v != 0) {
			if (v < 0 || (ifp = if_byindex(k, (unsigned)v)) == NULL)
				return -ENXIO;
			if ((ifp->if_flags & IFF_MULTICAST) == 0)
				return -EADDRNOTAVAIL;
		}
		im6o->im6o_multicast_ifindex = (uint32_t)v;
		return 0;
	case IPV6_MULTICAST_HOPS:
		if (v < -1 || v > 255)
			return -EINVAL;
		im6o->im6o_multicast_hlim = v == -1 ?
		    INET6(k)->ip6_defmcasthlim :
		    v;
		return 0;
	default:
		if (v < 0 || v > 1)
			return -EINVAL;
		im6o->im6o_multicast_loop = v;
		return 0;
	}
}

static int
get_multicast(
    struct rump_kernel *k, const struct inpcb *inp, struct sockopt *sopt)
{
	const struct ip6_moptions *im6o = inp->inp_moptions6;

	switch (sopt->sopt_name) {
	case IPV6_MULTICAST_IF:
		return sockopt_setint(
		    sopt, im6o == NULL ? 0 : (int)im6o->im6o_multicast_ifindex);
	case IPV6_MULTICAST_HOPS:
		return sockopt_setint(sopt,
		    im6o == NULL ? INET6(k)->ip6_defmcasthlim :
				   im6o->im6o_multicast_hlim);
	case IPV6_MULTICAST_LOOP:
		return sockopt_setint(sopt,
		    im6o == NULL ? IPV6_DEFAULT_MULTICAST_LOOP :
				   im6o->im6o_multicast_loop);
	}
	return -ENOPROTOOPT;
}

/* --- flags --- */

static const struct {
	int name;
	unsigned flag;
	bool root;
} flags[] = {
	{ IPV6_RECVPKTINFO, IN6P_PKTINFO, false },
	{ IPV6_RECVHOPLIMIT, IN6P_HOPLIMIT, false },
	{ IPV6_RECVHOPOPTS, IN6P_HOPOPTS, true },
	{ IPV6_RECVDSTOPTS, IN6P_DSTOPTS, true },
	{ IPV6_RECVRTHDRDSTOPTS, IN6P_RTHDRDSTOPTS, true },
	{ IPV6_RECVRTHDR, IN6P_RTHDR, false },
	{ IPV6_RECVPATHMTU, IN6P_MTU, false },
	{ IPV6_RECVTCLASS, IN6P_TCLASS, false },
	{ IPV6_FAITH, IN6P_FAITH, false },
	/* RFC 2292's: what is received, and more. */
	{ IPV6_2292PKTINFO, IN6P_PKTINFO | IN6P_RFC2292, false },
	{ IPV6_2292HOPLIMIT, IN6P_HOPLIMIT | IN6P_RFC2292, false },
	{ IPV6_2292HOPOPTS, IN6P_HOPOPTS | IN6P_RFC2292, true },
	{ IPV6_2292DSTOPTS, IN6P_DSTOPTS | IN6P_RFC2292, true },
	{ IPV6_2292RTHDR, IN6P_RTHDR | IN6P_RFC2292, false },
};

/* Of this name's flag: 0 when it has none. */
static unsigned
flag_of(int name, bool *root)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].name == name) {
			*root = flags[i].root;
			return flags[i].flag;
		}
	return 0;
}

static int
set_flag(struct inpcb *inp, const struct sockopt *sopt, unsigned flag, bool root)
{
	int v, error = sockopt_getint(sopt, &v);

	if (error != 0)
		return error;
	if (root && sopt->sopt_l != NULL && !cred_issuser(sopt->sopt_l->l_cred))
		return -EPERM;
	/* One manner of speaking for a socket. */
	if ((flag & IN6P_RFC2292) == 0 &&
	    (inp->inp_flags6 & IN6P_RFC2292) != 0 && flag != IN6P_FAITH &&
	    flag != IN6P_MTU)
		return -EINVAL;
	if (v != 0)
		inp->inp_flags6 |= flag;
	else
		inp->inp_flags6 &= ~(flag & ~(unsigned)IN6P_RFC2292);
	return 0;
}

static int
set_portrange(struct inpcb *inp, int v)
{
	unsigned clear = IN6P_LOWPORT | IN6P_HIGHPORT;

	if (v < IPV6_PORTRANGE_DEFAULT || v > IPV6_PORTRANGE_LOW)
		return -EINVAL;
	inp->inp_flags6 &= ~clear;
	inp->inp_flags &= ~(unsigned)(INP_LOWPORT | INP_HIGHPORT);
	if (v == IPV6_PORTRANGE_HIGH) {
		inp->inp_flags6 |= IN6P_HIGHPORT;
		inp->inp_flags |= INP_HIGHPORT;
	} else if (v == IPV6_PORTRANGE_LOW) {
		inp->inp_flags6 |= IN6P_LOWPORT;
		inp->inp_flags |= INP_LOWPORT;
	}
	return 0;
}

static int
set_v6only(struct socket *so, struct inpcb *inp, int v)
{
	/* Too late for who has a name (ip6(4)). */
	if (so->so_type == SOCK_RAW && v == 0)
		return -EINVAL;
	if (inp->inp_lport != 0 || !in_any_unspecified(&inp->inp_laddr))
		return -EINVAL;
	inp->inp_v6only = v != 0;
	if (v != 0)
		inp->inp_flags6 |= IN6P_IPV6_V6ONLY;
	else
		inp->inp_flags6 &= ~(unsigned)IN6P_IPV6_V6ONLY;
	return 0;
}

static int
set_int(struct socket *so, struct inpcb *inp, const struct sockopt *sopt)
{
	int v, error = sockopt_getint(sopt, &v);

	if (error != 0)
		return error;
	switch (sopt->sopt_name) {
	case IPV6_UNICAST_HOPS:
		if (v < -1 || v > 255)
			return -EINVAL;
		inp->inp_hops6 = (int16_t)v;
		return 0;
	case IPV6_V6ONLY:
		return set_v6only(so, inp, v);
	case IPV6_PORTRANGE:
		return set_portrange(inp, v);
	case IPV6_PORTALGO:
		if (portalgo_name(v) == NULL)
			return -EINVAL;
		inp->inp_portalgo = v;
		return 0;
	}
	return -ENOPROTOOPT;
}

/* --- options of packets that stay --- */

static int
set_sticky(struct socket *so, struct inpcb *inp, const struct sockopt *sopt)
{
	struct rump_kernel *k = so->so_k;

	if (inp->inp_outputopts6 == NULL) {
		inp->inp_outputopts6 = kmem_zalloc(
		    k, sizeof(*inp->inp_outputopts6));
		if (inp->inp_outputopts6 == NULL)
			return -ENOBUFS;
		ip6_initpktopts(inp->inp_outputopts6);
	}
	return ip6_pktopt_set(k, inp->inp_outputopts6, sopt->sopt_name,
	    sopt->sopt_data, sopt->sopt_size, sopt->sopt_l, true,
	    so->so_type == SOCK_STREAM ? IPPROTO_TCP : 0);
}

/* RFC 2292 7: all of them at once, as control messages. */
static int
set_all(struct socket *so, struct inpcb *inp, const struct sockopt *sopt)
{
	size_t head = CMSG_ALIGN(sizeof(struct cmsghdr)), at = 0,
	       len = sopt->sopt_size;
	struct rump_kernel *k = so->so_k;
	const uint8_t *p = sopt->sopt_data;
	struct ip6_pktopts opt;
	struct cmsghdr cm;
	int error = 0;

	if (so->so_type == SOCK_STREAM)
		return -EINVAL;
	ip6_initpktopts(&opt);
	while (error == 0 && len - at >= head) {
		memcpy(&cm, p + at, sizeof(cm));
		if (cm.cmsg_len < head || cm.cmsg_len > len - at) {
			error = -EINVAL;
			break;
		}
		if (cm.cmsg_level == IPPROTO_IPV6)
			error = ip6_pktopt_set(k, &opt, cm.cmsg_type,
			    p + at + head, cm.cmsg_len - head, sopt->sopt_l,
			    true, 0);
		if (CMSG_ALIGN(cm.cmsg_len) >= len - at)
			break;
		at += CMSG_ALIGN(cm.cmsg_len);
	}
	if (error == 0 && inp->inp_outputopts6 == NULL &&
	    (inp->inp_outputopts6 = kmem_zalloc(
		 k, sizeof(*inp->inp_outputopts6))) == NULL)
		error = -ENOBUFS;
	if (error != 0) {
		ip6_clearpktopts(k, &opt);
		return error;
	}
	ip6_clearpktopts(k, inp->inp_outputopts6);
	*inp->inp_outputopts6 = opt;
	return 0;
}

static int
give_header(struct sockopt *sopt, const uint8_t *h)
{
	return sockopt_set(sopt, h, h == NULL ? 0 : (h[1] + 1u) * 8);
}

static int
path_mtu(struct socket *so, const struct inpcb *inp, struct sockopt *sopt)
{
	struct ip6_mtuinfo info;
	struct sockaddr_in6 dst;
	struct rtentry *rt;

	if ((so->so_state & SS_ISCONNECTED) == 0)
		return -ENOTCONN;
	memset(&info, 0, sizeof(info));
	sin6_init(&dst, &in6_any);
	memcpy(&dst.sin6_addr, &inp->inp_faddr, 16);
	info.ip6m_addr = dst;
	if (a6_zoned(&dst.sin6_addr) && inp->inp_zone != 0) {
		info.ip6m_addr.sin6_scope_id = inp->inp_zone;
		be16_put(A6(&dst.sin6_addr) + 2, (uint16_t)inp->inp_zone);
	}
	rt = rtalloc1(so->so_k, (struct sockaddr *)&dst);
	if (rt == NULL)
		return -EHOSTUNREACH;
	info.ip6m_mtu = ip6_pathmtu(rt->rt_ifp, rt);
	return sockopt_set(sopt, &info, sizeof(info));
}

static int
get_sticky(const struct inpcb *inp, struct sockopt *sopt)
{
	struct ip6_pktopts none;
	const struct ip6_pktopts *opt = inp->inp_outputopts6;
	struct sockaddr_in6 hop;
	struct in6_pktinfo pi;

	ip6_initpktopts(&none);
	if (opt == NULL)
		opt = &none;
	switch (sopt->sopt_name) {
	case IPV6_PKTINFO:
		memset(&pi, 0, sizeof(pi));
		if (opt->ip6po_havepktinfo)
			pi = opt->ip6po_pktinfo;
		in6_clearscope(&pi.ipi6_addr);
		return sockopt_set(sopt, &pi, sizeof(pi));
	case IPV6_TCLASS:
	case IPV6_OTCLASS:
		return sockopt_setint(
		    sopt, opt->ip6po_tclass < 0 ? 0 : opt->ip6po_tclass);
	case IPV6_USE_MIN_MTU:
		return sockopt_setint(sopt, opt->ip6po_minmtu);
	case IPV6_DONTFRAG:
		return sockopt_setint(
		    sopt, (opt->ip6po_flags & IP6PO_DONTFRAG) != 0);
	case IPV6_PREFER_TEMPADDR:
		return sockopt_setint(sopt, opt->ip6po_prefer_tempaddr);
	case IPV6_HOPOPTS:
		return give_header(sopt, opt->ip6po_hbh);
	case IPV6_DSTOPTS:
		return give_header(sopt, opt->ip6po_dest2);
	case IPV6_RTHDRDSTOPTS:
		return give_header(sopt, opt->ip6po_dest1);
	case IPV6_RTHDR:
		return give_header(sopt, opt->ip6po_rthdr);
	case IPV6_NEXTHOP:
		hop = opt->ip6po_nexthop;
		if (hop.sin6_len == 0)
			return sockopt_set(sopt, NULL, 0);
		(void)sa6_recoverscope(&hop);
		return sockopt_set(sopt, &hop, sizeof(hop));
	}
	return -ENOPROTOOPT;
}

/* --- all together --- */

static int
setopt(struct socket *so, struct inpcb *inp, const struct sockopt *sopt)
{
	bool root = false;
	unsigned flag;

	switch (sopt->sopt_name) {
	case IPV6_UNICAST_HOPS:
	case IPV6_V6ONLY:
	case IPV6_PORTRANGE:
	case IPV6_PORTALGO:
		return set_int(so, inp, sopt);
	case IPV6_MULTICAST_IF:
	case IPV6_MULTICAST_HOPS:
	case IPV6_MULTICAST_LOOP:
	case IPV6_JOIN_GROUP:
	case IPV6_LEAVE_GROUP:
		return set_multicast(so, inp, sopt);
	case IPV6_2292PKTOPTIONS:
		return set_all(so, inp, sopt);
	case IPV6_PKTINFO:
	case IPV6_HOPLIMIT:
	case IPV6_NEXTHOP:
	case IPV6_HOPOPTS:
	case IPV6_DSTOPTS:
	case IPV6_RTHDRDSTOPTS:
	case IPV6_RTHDR:
	case IPV6_TCLASS:
	case IPV6_OTCLASS:
	case IPV6_USE_MIN_MTU:
	case IPV6_DONTFRAG:
	case IPV6_PREFER_TEMPADDR:
		return set_sticky(so, inp, sopt);
	}
	flag = flag_of(sopt->sopt_name, &root);
	return flag == 0 ? -ENOPROTOOPT : set_flag(inp, sopt, flag, root);
}

static int
getopt(struct socket *so, struct inpcb *inp, struct sockopt *sopt)
{
	bool root;
	unsigned flag;

	switch (sopt->sopt_name) {
	case IPV6_UNICAST_HOPS:
		return sockopt_setint(sopt,
		    inp->inp_hops6 >= 0 ? inp->inp_hops6 :
					  INET6(so->so_k)->ip6_defhlim);
	case IPV6_V6ONLY:
		return sockopt_setint(sopt, inp->inp_v6only);
	case IPV6_PORTRANGE:
		return sockopt_setint(sopt,
		    (inp->inp_flags6 & IN6P_HIGHPORT) != 0 ?
			IPV6_PORTRANGE_HIGH :
			(inp->inp_flags6 & IN6P_LOWPORT) != 0 ?
			IPV6_PORTRANGE_LOW :
			IPV6_PORTRANGE_DEFAULT);
	case IPV6_PORTALGO:
		return sockopt_setint(sopt, inp->inp_portalgo);
	case IPV6_PATHMTU:
		return path_mtu(so, inp, sopt);
	case IPV6_2292PKTOPTIONS:
		return sockopt_set(sopt, NULL, 0);
	case IPV6_MULTICAST_IF:
	case IPV6_MULTICAST_HOPS:
	case IPV6_MULTICAST_LOOP:
		return get_multicast(so->so_k, inp, sopt);
	}
	flag = flag_of(sopt->sopt_name, &root) & ~(unsigned)IN6P_RFC2292;
	if (flag != 0)
		return sockopt_setint(sopt, (inp->inp_flags6 & flag) == flag);
	return get_sticky(inp, sopt);
}

int
ip6_ctloutput(struct socket *so, struct sockopt *sopt, struct inpcb *inp)
{
	if (inp == NULL)
		return -EINVAL;
	if (sopt->sopt_level != IPPROTO_IPV6)
		return -ENOPROTOOPT;
	return sopt->sopt_op == PRCO_SETOPT ? setopt(so, inp, sopt) :
					      getopt(so, inp, sopt);
}
