/* SPDX-License-Identifier: BSD-2-Clause */
/* Routing messages: their form, and those that the kernel sends by itself. Contracts: net/route_var.h, net/rtsock_private.h. */
#include <netbsd/sysctl.h>
#include "net/if_private.h"
#include "net/rtsock_private.h"

/* --- form --- */

/* Length, version and type stand first in every message. */
void
rtmsg_begin(struct rtmsg *msg, int type, size_t hdrlen)
{
	memset(msg->buf, 0, hdrlen);
	msg->buf[2] = RTM_VERSION;
	msg->buf[3] = (uint8_t)type;
	msg->len = hdrlen;
}

bool
rtmsg_addr(struct rtmsg *msg, const struct sockaddr *sa)
{
	size_t room;

	if (sa == NULL)
		return false;
	room = RT_ROUNDUP(sa->sa_len);
	memset(msg->buf + msg->len, 0, room);
	memcpy(msg->buf + msg->len, sa, sa->sa_len);
	msg->len += room;
	return true;
}

int
rtmsg_addrs(struct rtmsg *msg, const struct sockaddr *const addrs[RTAX_MAX])
{
	int which = 0;

	for (int i = 0; i < RTAX_MAX; i++)
		if (rtmsg_addr(msg, addrs[i]))
			which |= 1 << i;
	return which;
}

void
rtmsg_end(struct rtmsg *msg)
{
	uint16_t len = (uint16_t)msg->len;

	memcpy(msg->buf, &len, sizeof(len));
}

int64_t
rt_wall_of(struct rump_kernel *k, int64_t when)
{
	return when == 0 ?
	    0 :
	    when - kern_uptime_ns(k) / 1000000000 + kern_time_second(k);
}

int64_t
rt_uptime_of(struct rump_kernel *k, int64_t when)
{
	int64_t up = kern_uptime_ns(k) / 1000000000;
	int64_t left;

	if (when == 0)
		return 0;
	if (__builtin_sub_overflow(when, kern_time_second(k), &left) ||
	    left > INT32_MAX)
		left = INT32_MAX;
	if (left < -up)
		left = -up + 1;
	return up + left;
}

void
rtmsg_rtentry(struct rtmsg *msg, int type, struct rtentry *rt, bool full)
{
	const struct sockaddr *addrs[RTAX_MAX] = {
		[RTAX_DST] = rt->rt_key,
		[RTAX_GATEWAY] = rt->rt_gateway,
		[RTAX_NETMASK] = rt->rt_mask,
		[RTAX_TAG] = rt->rt_tag,
	};
	struct rt_msghdr *rtm = (void *)msg->buf;

	rtmsg_begin(msg, type, sizeof(*rtm));
	if (full) {
		addrs[RTAX_IFP] = rt->rt_ifp->if_dl != NULL ?
		    rt->rt_ifp->if_dl->ifa_addr :
		    NULL;
		addrs[RTAX_IFA] = rt->rt_ifa->ifa_addr;
		if ((rt->rt_ifp->if_flags & IFF_POINTOPOINT) != 0)
			addrs[RTAX_BRD] = rt->rt_ifa->ifa_dstaddr;
	}
	rtm->rtm_addrs = rtmsg_addrs(msg, addrs);
	rtm->rtm_flags = rt->rt_flags;
	rtm->rtm_index = rt->rt_ifp->if_index;
	rtm->rtm_use = (int)rt->rt_use;
	rtm->rtm_rmx = rt->rt_rmx;
	rtm->rtm_rmx.rmx_expire = rt_wall_of(rt->rt_k, rt->rt_rmx.rmx_expire);
	rtmsg_end(msg);
}

void
rtmsg_neighbour(struct rtmsg *msg, int type, const struct rtneighbour *n)
{
	struct rt_msghdr *rtm = (void *)msg->buf;

	rtmsg_begin(msg, type, sizeof(*rtm));
	if (rtmsg_addr(msg, n->key))
		rtm->rtm_addrs |= RTA_DST;
	if (rtmsg_addr(msg, (const struct sockaddr *)n->lladdr))
		rtm->rtm_addrs |= RTA_GATEWAY;
	rtm->rtm_flags = n->flags | RTF_LLDATA;
	rtm->rtm_index = n->ifp->if_index;
	rtm->rtm_rmx.rmx_expire = n->expire;
	rtmsg_end(msg);
}

void
rtmsg_ifa(struct rtmsg *msg, int type, struct ifaddr *ifa, bool ifp)
{
	struct ifnet *of = ifa->ifa_ifp;
	const struct sockaddr *addrs[RTAX_MAX] = {
		[RTAX_NETMASK] = ifa->ifa_netmask,
		[RTAX_IFP] = ifp && of->if_dl != NULL ? of->if_dl->ifa_addr :
							NULL,
		[RTAX_IFA] = ifa->ifa_addr,
		[RTAX_BRD] = ifa->ifa_dstaddr,
	};
	struct ifa_msghdr *ifam = (void *)msg->buf;

	rtmsg_begin(msg, type, sizeof(*ifam));
	ifam->ifam_addrs = rtmsg_addrs(msg, addrs);
	ifam->ifam_flags = ifa->ifa_flags;
	ifam->ifam_metric = ifa->ifa_metric;
	ifam->ifam_index = of->if_index;
	rtmsg_end(msg);
}

void
rtmsg_ifinfo(struct rtmsg *msg, struct ifnet *ifp, bool withifp)
{
	struct if_msghdr *ifm = (void *)msg->buf;

	rtmsg_begin(msg, RTM_IFINFO, sizeof(*ifm));
	if (withifp && ifp->if_dl != NULL &&
	    rtmsg_addr(msg, ifp->if_dl->ifa_addr))
		ifm->ifm_addrs = RTA_IFP;
	ifm->ifm_flags = ifp->if_flags & 0xffff;
	ifm->ifm_index = ifp->if_index;
	if_getdata(ifp, &ifm->ifm_data);
	rtmsg_end(msg);
}

/* As it was when counters were of the machine's size. */
struct if_data14 {
	unsigned char type, addrlen, hdrlen;
	unsigned long v[14]; /* MTU to packets of no protocol */
	struct timeval50 lastchange;
};

void
rtmsg_oldifinfo(struct rtmsg *msg, struct ifnet *ifp, int what)
{
	struct if_msghdr *ifm = (void *)msg->buf;
	struct if_data new;
	struct oif_data old;
	uint64_t v[14];
	struct if_data14 older = { .type = ifp->if_type,
		.addrlen = ifp->if_addrlen,
		.hdrlen = ifp->if_hdrlen };
	bool oldest = what == NET_RT_OOIFLIST;
	size_t at = offsetof(struct if_msghdr, ifm_data);

	if_getdata(ifp, &new);
	if_olddata(&new, &old);
	memcpy(v, &new.ifi_mtu, sizeof(v));
	for (size_t i = 0; i < 14; i++)
		older.v[i] = (unsigned long)v[i];
	older.lastchange = old.ifi_lastchange;
	rtmsg_begin(msg, oldest ? RTM_OOIFINFO : RTM_OIFINFO,
	    at + (oldest ? sizeof(older) : sizeof(old)));
	memcpy(msg->buf + at, oldest ? (const void *)&older : &old,
	    oldest ? sizeof(older) : sizeof(old));
	if (ifp->if_dl != NULL && rtmsg_addr(msg, ifp->if_dl->ifa_addr))
		ifm->ifm_addrs = RTA_IFP;
	ifm->ifm_flags = ifp->if_flags & 0xffff;
	ifm->ifm_index = ifp->if_index;
	rtmsg_end(msg);
}

/* --- sending --- */

static void
deliver(struct rump_kernel *k, struct socket *so, const struct rtmsg *msg)
{
	static const struct sockaddr from = { .sa_len = 2,
		.sa_family = PF_ROUTE };
	struct mbuf *m = m_getcl(k, MT_DATA, msg->len, true);

	if (m != NULL) {
		memcpy(m->m_data, msg->buf, msg->len);
		m->m_len = (uint32_t)msg->len;
		m->m_pkthdr.len = m->m_len;
	}
	solock(so);
	if (m == NULL || (so->so_state & SS_CANTRCVMORE) != 0) {
		m_freem(m);
	} else if (sbappendaddr(&so->so_rcv, &from, m, NULL)) {
		sorwakeup(so);
	} else {
		m_freem(m);
		soroverflow(so);
	}
	sounlock(so);
}

void
rtmsg_send(struct rump_kernel *k, struct rtmsg *msg, int family,
    const struct socket *except)
{
	struct rtsock_state *rk = NS(k)->ns_rtsock;

	for (struct rtpcb *rp = rk->rk_pcbs; rp != NULL; rp = rp->rp_next)
		if (rp->rp_so != except &&
		    (rp->rp_family == 0 || family == 0 ||
			rp->rp_family == family))
			deliver(k, rp->rp_so, msg);
}

/* Nothing is put together for nobody. */
static bool
heard(struct rump_kernel *k)
{
	return NS(k)->ns_rtsock != NULL && NS(k)->ns_rtsock->rk_pcbs != NULL;
}

void
rt_newmsg(int cmd, struct rtentry *rt, int flags)
{
	struct rtmsg msg;

	if (!heard(rt->rt_k))
		return;
	rtmsg_rtentry(&msg, cmd, rt, false);
	((struct rt_msghdr *)(void *)msg.buf)->rtm_flags = flags;
	rtmsg_send(rt->rt_k, &msg, rt->rt_af, NULL);
}

void
rt_missmsg(struct rump_kernel *k, int type, const struct rt_addrinfo *info,
    int flags, int error)
{
	struct rtmsg msg;
	struct rt_msghdr *rtm = (void *)msg.buf;
	const struct sockaddr *dst = info->rti_info[RTAX_DST];

	if (!heard(k))
		return;
	rtmsg_begin(&msg, type, sizeof(*rtm));
	rtm->rtm_addrs = rtmsg_addrs(&msg, info->rti_info);
	rtm->rtm_flags = RTF_DONE | flags;
	rtm->rtm_errno = error;
	rtmsg_end(&msg);
	rtmsg_send(k, &msg, dst != NULL ? dst->sa_family : 0, NULL);
}

void
rt_ifmsg(struct ifnet *ifp)
{
	struct rtmsg msg;

	if (!heard(ifp->if_k))
		return;
	rtmsg_ifinfo(&msg, ifp, false);
	rtmsg_send(ifp->if_k, &msg, 0, NULL);
}

void
rt_addrmsg(int type, struct ifaddr *ifa)
{
	struct rump_kernel *k = ifa->ifa_ifp->if_k;
	struct rtmsg msg;

	if (!heard(k))
		return;
	rtmsg_ifa(&msg, type, ifa, true);
	rtmsg_send(k, &msg, ifa->ifa_addr->sa_family, NULL);
}

void
rt_newaddrmsg(int cmd, struct ifaddr *ifa, int error, struct rtentry *rt)
{
	struct rump_kernel *k = ifa->ifa_ifp->if_k;
	struct rtmsg msg;
	struct rt_msghdr *rtm = (void *)msg.buf;

	if (!heard(k))
		return;
	if (cmd != RTM_ADD && cmd != RTM_DELETE) {
		rt_addrmsg(cmd, ifa);
		return;
	}
	if (rt == NULL)
		return;
	rtmsg_rtentry(&msg, cmd, rt, true);
	rtm->rtm_flags |= RTF_DONE;
	rtm->rtm_errno = error;
	rtmsg_send(k, &msg, rt->rt_af, NULL);
}

void
rt_ifannouncemsg(struct ifnet *ifp, int what)
{
	struct rtmsg msg;
	struct if_announcemsghdr *ifan = (void *)msg.buf;

	if (!heard(ifp->if_k))
		return;
	rtmsg_begin(&msg, RTM_IFANNOUNCE, sizeof(*ifan));
	ifan->ifan_index = ifp->if_index;
	ifan->ifan_what = (unsigned short)what;
	memcpy(ifan->ifan_name, ifp->if_xname, IFNAMSIZ);
	rtmsg_end(&msg);
	rtmsg_send(ifp->if_k, &msg, 0, NULL);
}
