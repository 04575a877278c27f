/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of sockets at level IPPROTO_IP, and the control messages that they ask for (ip(4)). */
#include <netbsd/netstats.h>
#include "netinet/ip_private.h"

static const struct flag_option {
	int name;
	unsigned flag;
} flag_options[] = {
	{ IP_RECVOPTS, INP_RECVOPTS },
	{ IP_RECVRETOPTS, INP_RECVRETOPTS },
	{ IP_RECVDSTADDR, INP_RECVDSTADDR },
	{ IP_RECVIF, INP_RECVIF },
	{ IP_RECVTTL, INP_RECVTTL },
	{ IP_RECVPKTINFO, INP_RECVPKTINFO },
	{ IP_PKTINFO, INP_PKTINFO },
};

static unsigned
flag_of(int name)
{
	for (unsigned i = 0; i < sizeof(flag_options) / sizeof(flag_options[0]);
	     i++)
		if (flag_options[i].name == name)
			return flag_options[i].flag;
	return 0;
}

/* --- groups --- */

static struct ip_moptions *
moptions(struct inpcb *inp)
{
	struct rump_kernel *k = inp->inp_socket->so_k;
	struct ip_moptions *imo = inp->inp_moptions;

	if (imo != NULL)
		return imo;
	imo = kmem_zalloc(k, sizeof(*imo));
	if (imo == NULL)
		return NULL;
	imo->imo_multicast_ttl = IP_DEFAULT_MULTICAST_TTL;
	imo->imo_multicast_loop = IP_DEFAULT_MULTICAST_LOOP;
	inp->inp_moptions = imo;
	return imo;
}

/* An interface by an address of its own, or as 0.0.0.number. */
static struct ifnet *
ifp_of(struct rump_kernel *k, uint32_t addr)
{
	const struct in_ifaddr *ia;

	if ((ntohl(addr) >> 24) == 0)
		return if_byindex(k, ntohl(addr) & 0xffffffu);
	ia = in_ifaddr_lookup(k, addr);
	return ia == NULL ? NULL : ia->ia_ifa.ifa_ifp;
}

static int
set_multicast_if(struct inpcb *inp, const struct sockopt *sopt)
{
	struct rump_kernel *k = inp->inp_socket->so_k;
	struct ip_moptions *imo = inp->inp_moptions;
	struct ifnet *ifp;
	uint32_t addr;
	int error = sockopt_get(sopt, &addr, sizeof(addr));

	if (error != 0)
		return error;
	if (addr == INADDR_ANY) {
		imo->imo_multicast_ifindex = 0;
		imo->imo_multicast_addr = INADDR_ANY;
		return 0;
	}
	ifp = ifp_of(k, addr);
	if (ifp == NULL || (ifp->if_flags & IFF_MULTICAST) == 0)
		return -EADDRNOTAVAIL;
	imo->imo_multicast_ifindex = ifp->if_index;
	imo->imo_multicast_addr = (ntohl(addr) >> 24) == 0 ? addr : INADDR_ANY;
	return 0;
}

/* TTL and LOOP are bytes, or ints. */
static int
get_byte(const struct sockopt *sopt, int max, uint8_t *v)
{
	int i;

	if (sopt->sopt_size == 1)
		i = *(const uint8_t *)sopt->sopt_data;
	else if (sopt->sopt_size >= sizeof(i))
		memcpy(&i, sopt->sopt_data, sizeof(i));
	else
		return -EINVAL;
	if (i < 0 || i > max)
		return -EINVAL;
	*v = (uint8_t)i;
	return 0;
}

/* Without an interface named it is the one that the group is routed by. */
static int
member_ifp(
    struct rump_kernel *k, const struct ip_mreq *mreq, struct ifnet **ifpp)
{
	struct sockaddr_in sin;
	struct rtentry *rt;

	if (!in_multicast(mreq->imr_multiaddr.s_addr))
		return -EINVAL;
	if (mreq->imr_interface.s_addr == INADDR_ANY) {
		sockaddr_in_init(&sin, mreq->imr_multiaddr.s_addr, 0);
		rt = rtalloc1(k, (struct sockaddr *)&sin);
		*ifpp = rt == NULL ? NULL : rt->rt_ifp;
	} else
		*ifpp = ifp_of(k, mreq->imr_interface.s_addr);
	return *ifpp == NULL || ((*ifpp)->if_flags & IFF_MULTICAST) == 0 ?
	    -EADDRNOTAVAIL :
	    0;
}

static int
add_membership(struct inpcb *inp, const struct sockopt *sopt)
{
	struct rump_kernel *k = inp->inp_socket->so_k;
	struct ip_moptions *imo = inp->inp_moptions;
	struct ip_mreq mreq;
	struct ifnet *ifp;
	int error = sockopt_get(sopt, &mreq, sizeof(mreq));

	if (error == 0)
		error = member_ifp(k, &mreq, &ifp);
	if (error != 0)
		return error;
	for (unsigned i = 0; i < imo->imo_num; i++)
		if (imo->imo_member[i].group == mreq.imr_multiaddr.s_addr &&
		    imo->imo_member[i].ifindex == ifp->if_index)
			return -EADDRINUSE;
	if (imo->imo_num == IP_MAX_MEMBERSHIPS)
		return -ETOOMANYREFS;
	error = in_addmulti(ifp, mreq.imr_multiaddr.s_addr);
	if (error != 0)
		return error;
	imo->imo_member[imo->imo_num].group = mreq.imr_multiaddr.s_addr;
	imo->imo_member[imo->imo_num++].ifindex = ifp->if_index;
	return 0;
}

static int
drop_membership(struct inpcb *inp, const struct sockopt *sopt)
{
	struct rump_kernel *k = inp->inp_socket->so_k;
	struct ip_moptions *imo = inp->inp_moptions;
	struct ip_mreq mreq;
	struct ifnet *ifp = NULL;
	int error = sockopt_get(sopt, &mreq, sizeof(mreq));

	if (error != 0)
		return error;
	if (!in_multicast(mreq.imr_multiaddr.s_addr))
		return -EINVAL;
	if (mreq.imr_interface.s_addr != INADDR_ANY &&
	    (ifp = ifp_of(k, mreq.imr_interface.s_addr)) == NULL)
		return -EADDRNOTAVAIL;
	for (unsigned i = 0; i < imo->imo_num; i++) {
		if (imo->imo_member[i].group != mreq.imr_multiaddr.s_addr ||
		    (ifp != NULL && imo->imo_member[i].ifindex != ifp->if_index))
			continue;
		ifp = if_byindex(k, imo->imo_member[i].ifindex);
		if (ifp != NULL)
			(void)in_delmulti(ifp, imo->imo_member[i].group);
		imo->imo_num--;
		memmove(&imo->imo_member[i], &imo->imo_member[i + 1],
		    (imo->imo_num - i) * sizeof(imo->imo_member[0]));
		return 0;
	}
	return -EADDRNOTAVAIL;
}

static int
set_multicast(struct inpcb *inp, const struct sockopt *sopt)
{
	struct ip_moptions *imo;

	if ((imo = moptions(inp)) == NULL)
		return -ENOBUFS;
	switch (sopt->sopt_name) {
	case IP_MULTICAST_IF:
		return set_multicast_if(inp, sopt);
	case IP_MULTICAST_TTL:
		return get_byte(sopt, MAXTTL, &imo->imo_multicast_ttl);
	case IP_MULTICAST_LOOP:
		return get_byte(sopt, 1, &imo->imo_multicast_loop);
	case IP_ADD_MEMBERSHIP:
		return add_membership(inp, sopt);
	default:
		return drop_membership(inp, sopt);
	}
}

static int
get_multicast(struct inpcb *inp, struct sockopt *sopt)
{
	const struct ip_moptions *imo = inp->inp_moptions;
	struct ifnet *ifp;
	uint32_t addr = INADDR_ANY;
	uint8_t v;

	switch (sopt->sopt_name) {
	case IP_MULTICAST_IF:
		if (imo != NULL && imo->imo_multicast_ifindex != 0) {
			ifp = if_byindex(
			    inp->inp_socket->so_k, imo->imo_multicast_ifindex);
			if (imo->imo_multicast_addr != INADDR_ANY)
				addr = imo->imo_multicast_addr;
			else if (ifp != NULL && in_firstaddr(ifp) != NULL)
				addr = in_firstaddr(ifp)->ia_addr.sin_addr.s_addr;
		}
		return sockopt_set(sopt, &addr, sizeof(addr));
	case IP_MULTICAST_TTL:
		v = imo == NULL ? IP_DEFAULT_MULTICAST_TTL :
				  imo->imo_multicast_ttl;
		return sockopt_set(sopt, &v, sizeof(v));
	case IP_MULTICAST_LOOP:
		v = imo == NULL ? IP_DEFAULT_MULTICAST_LOOP :
				  imo->imo_multicast_loop;
		return sockopt_set(sopt, &v, sizeof(v));
	default:
		return -EOPNOTSUPP;
	}
}

/* --- the others --- */

static int
set_portrange(struct inpcb *inp, int v)
{
	const unsigned both = INP_LOWPORT | INP_HIGHPORT;

	switch (v) {
	case IP_PORTRANGE_DEFAULT:
	case IP_PORTRANGE_HIGH:
		inp->inp_flags &= ~both;
		return 0;
	case IP_PORTRANGE_LOW:
		inp->inp_flags = (inp->inp_flags & ~both) | INP_LOWPORT;
		return 0;
	default:
		return -EINVAL;
	}
}

static int
set(struct inpcb *inp, struct sockopt *sopt)
{
	unsigned flag = flag_of(sopt->sopt_name);
	int v, error;

	switch (sopt->sopt_name) {
	case IP_OPTIONS:
	case IP_RETOPTS:
		return ip_pcbopts(inp->inp_socket->so_k, &inp->inp_options,
		    sopt->sopt_data, sopt->sopt_size);
	case IP_MULTICAST_IF:
	case IP_MULTICAST_TTL:
	case IP_MULTICAST_LOOP:
	case IP_ADD_MEMBERSHIP:
	case IP_DROP_MEMBERSHIP:
		return set_multicast(inp, sopt);
	}
	if ((error = sockopt_getint(sopt, &v)) != 0)
		return error;
	switch (sopt->sopt_name) {
	case IP_TOS:
		inp->inp_tos = (uint8_t)v;
		return 0;
	case IP_TTL:
		inp->inp_ttl = (uint8_t)v;
		return 0;
	case IP_MINTTL:
		if (v < 0 || v > MAXTTL)
			return -EINVAL;
		inp->inp_minttl = (uint8_t)v;
		return 0;
	case IP_PORTRANGE:
		return set_portrange(inp, v);
	case IP_PORTALGO:
		if (v != PORTALGO_DEFAULT && portalgo_name(v) == NULL)
			return -EINVAL;
		inp->inp_portalgo = v;
		return 0;
	}
	if (flag == 0)
		return -ENOPROTOOPT;
	inp->inp_flags = v != 0 ? inp->inp_flags | flag : inp->inp_flags & ~flag;
	return 0;
}

static int
get(struct inpcb *inp, struct sockopt *sopt)
{
	const struct mbuf *opt = inp->inp_options;
	unsigned flag = flag_of(sopt->sopt_name);
	uint8_t none = 0;

	switch (sopt->sopt_name) {
	case IP_OPTIONS:
	case IP_RETOPTS:
		return opt == NULL ?
		    sockopt_set(sopt, &none, 0) :
		    sockopt_set(sopt, opt->m_data + 4, opt->m_len - 4);
	case IP_MULTICAST_IF:
	case IP_MULTICAST_TTL:
	case IP_MULTICAST_LOOP:
	case IP_ADD_MEMBERSHIP:
	case IP_DROP_MEMBERSHIP:
		return get_multicast(inp, sopt);
	case IP_TOS:
		return sockopt_setint(sopt, inp->inp_tos);
	case IP_TTL:
		return sockopt_setint(sopt, inp->inp_ttl);
	case IP_MINTTL:
		return sockopt_setint(sopt, inp->inp_minttl);
	case IP_ERRORMTU:
		return sockopt_setint(
		    sopt, inp->inp_errormtu < 0 ? 0 : inp->inp_errormtu);
	case IP_PORTALGO:
		return sockopt_setint(sopt, inp->inp_portalgo);
	case IP_PORTRANGE:
		return sockopt_setint(sopt,
		    (inp->inp_flags & INP_LOWPORT) != 0 ? IP_PORTRANGE_LOW :
			(inp->inp_flags & INP_HIGHPORT) != 0 ?
							  IP_PORTRANGE_HIGH :
							  IP_PORTRANGE_DEFAULT);
	}
	if (flag == 0)
		return -ENOPROTOOPT;
	return sockopt_setint(sopt, (inp->inp_flags & flag) != 0);
}

int
ip_ctloutput(struct socket *so, struct sockopt *sopt, struct inpcb *inp)
{
	(void)so;
	if (sopt->sopt_level != IPPROTO_IP)
		return -ENOPROTOOPT;
	return sopt->sopt_op == PRCO_SETOPT ? set(inp, sopt) : get(inp, sopt);
}

/* --- control messages --- */

static void
add(struct rump_kernel *k, struct mbuf ***tail, const void *data, size_t len,
    int type, int level)
{
	struct mbuf *m = sbcreatecontrol(k, data, len, type, level);

	if (m != NULL) {
		**tail = m;
		*tail = &m->m_next;
	}
}

static void
add_timestamp(struct rump_kernel *k, struct mbuf ***tail, const struct mbuf *m)
{
	struct timespec ts;
	struct timeval tv;

	if (m->m_pkthdr.rcvtime_ns != 0) {
		ts.tv_sec = m->m_pkthdr.rcvtime_ns / 1000000000;
		ts.tv_nsec = (long)(m->m_pkthdr.rcvtime_ns % 1000000000);
	} else
		kern_nanotime(k, &ts);
	memset(&tv, 0, sizeof(tv));
	tv.tv_sec = ts.tv_sec;
	tv.tv_usec = (suseconds_t)(ts.tv_nsec / 1000);
	add(k, tail, &tv, sizeof(tv), SCM_TIMESTAMP, SOL_SOCKET);
}

/* What IP_OPTIONS takes for an answer to go back the way that this came. */
static void
add_return_route(struct rump_kernel *k, struct mbuf ***tail, const uint8_t *ip)
{
	uint8_t opts[IPH_MAX - IPH_SIZE + 8] = { 0 }, route[IPH_MAX - IPH_SIZE];
	uint32_t first;
	unsigned len = ip_srcroute(ip, &first, route);

	if (len == 0)
		return;
	memcpy(opts, route, 3);
	opts[IPOPT_OLEN] = (uint8_t)(len + 4);
	memcpy(opts + 3, &first, 4);
	memcpy(opts + 7, route + 3, len - 3);
	add(k, tail, opts, (len + 4 + 3) / 4 * 4, IP_RECVRETOPTS, IPPROTO_IP);
}

void
ip_savecontrol(
    struct inpcb *inp, struct mbuf **control, const uint8_t *ip, struct mbuf *m)
{
	struct socket *so = inp->inp_socket;
	struct rump_kernel *k = so->so_k;
	unsigned flags = inp->inp_flags, hlen = ip_hlen(ip);
	struct mbuf **tail = control;
	uint32_t dst = ip_dst(ip);

	if ((so->so_options & SO_TIMESTAMP) != 0)
		add_timestamp(k, &tail, m);
	if ((flags & INP_RECVDSTADDR) != 0)
		add(k, &tail, &dst, sizeof(dst), IP_RECVDSTADDR, IPPROTO_IP);
	if ((flags & (INP_RECVPKTINFO | INP_PKTINFO)) != 0) {
		struct in_pktinfo pi = { .ipi_addr = { dst },
			.ipi_ifindex = m->m_pkthdr.rcvif == NULL ?
			    m->m_pkthdr.rcvif_index :
			    m->m_pkthdr.rcvif->if_index };

		add(k, &tail, &pi, sizeof(pi), IP_PKTINFO, IPPROTO_IP);
	}
	if ((flags & INP_RECVOPTS) != 0 && hlen > IPH_SIZE)
		add(k, &tail, ip + IPH_SIZE, hlen - IPH_SIZE, IP_RECVOPTS,
		    IPPROTO_IP);
	if ((flags & INP_RECVRETOPTS) != 0 && hlen > IPH_SIZE)
		add_return_route(k, &tail, ip);
	if ((flags & INP_RECVIF) != 0) {
		struct sockaddr_dl sdl = { .sdl_len = sizeof(sdl),
			.sdl_family = AF_LINK,
			.sdl_index = m->m_pkthdr.rcvif == NULL ?
			    (uint16_t)m->m_pkthdr.rcvif_index :
			    m->m_pkthdr.rcvif->if_index };

		add(k, &tail, &sdl, sizeof(sdl), IP_RECVIF, IPPROTO_IP);
	}
	if ((flags & INP_RECVTTL) != 0)
		add(k, &tail, ip + IPH_TTL, 1, IP_RECVTTL, IPPROTO_IP);
}
