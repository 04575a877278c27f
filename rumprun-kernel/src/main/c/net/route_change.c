/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of the routing table: by requests, with addresses and interfaces, by what packets tell; expiry. Contracts: net/route_var.h. */
#include "net/if_llatbl.h"
#include "net/if_private.h"
#include "net/route_private.h"
#include "netinet/inet.h"
#include "netinet6/inet6.h"

static void
table_changed(struct rump_kernel *k)
{
	atomic_fetch_add(&NS(k)->ns_route->rs_gen, 1);
}

/* --- the interface and address of a route --- */

/* The address by which a gateway, or the other end of a host route, can be spoken to. */
static struct ifaddr *
ifa_ifwithroute(struct rump_kernel *k, int flags, const struct sockaddr *dst,
    const struct sockaddr *gateway)
{
	struct ifaddr *ifa = NULL;
	struct rtentry *rt;

	if ((flags & RTF_GATEWAY) == 0) {
		if ((flags & RTF_HOST) != 0)
			ifa = ifa_ifwithdstaddr(k, dst);
		if (ifa == NULL)
			ifa = ifa_ifwithaddr(k, gateway);
	} else
		ifa = ifa_ifwithdstaddr(k, gateway);
	if (ifa == NULL)
		ifa = ifa_ifwithnet(k, gateway);
	/* By the table: what is reachable without a gateway. */
	if (ifa == NULL &&
	    (gateway->sa_family == AF_INET || gateway->sa_family == AF_INET6) &&
	    (rt = rtalloc1(k, gateway)) != NULL &&
	    (rt->rt_flags & RTF_GATEWAY) == 0)
		ifa = rt->rt_ifa;
	return ifa;
}

int
rt_getifa(struct rump_kernel *k, struct rt_addrinfo *info)
{
	const struct sockaddr *dst = info->rti_info[RTAX_DST];
	const struct sockaddr *gateway = info->rti_info[RTAX_GATEWAY];
	const struct sockaddr *ifp = info->rti_info[RTAX_IFP];
	const struct sockaddr *ifa = info->rti_info[RTAX_IFA];
	struct ifaddr *found = info->rti_ifa;

	if (info->rti_ifp == NULL && ifp != NULL && ifp->sa_family == AF_LINK) {
		struct ifaddr *by = ifa_ifwithnet(k, ifp);

		if (by != NULL)
			info->rti_ifp = by->ifa_ifp;
	}
	if (found == NULL && ifa != NULL)
		found = ifa_ifwithaddr(k, ifa);
	if (found == NULL && info->rti_ifp != NULL)
		found = ifaof_ifpforaddr(
		    gateway != NULL && gateway->sa_family == dst->sa_family ?
			gateway :
			dst,
		    info->rti_ifp);
	if (found == NULL && gateway != NULL)
		found = ifa_ifwithroute(k, info->rti_flags, dst, gateway);
	if (found == NULL)
		return -ENETUNREACH;
	if (found->ifa_addr->sa_family != dst->sa_family) {
		struct ifaddr *other = ifaof_ifpforaddr(dst, found->ifa_ifp);

		if (other != NULL)
			found = other;
	}
	info->rti_ifa = found;
	if (info->rti_ifp == NULL)
		info->rti_ifp = found->ifa_ifp;
	return 0;
}

/* --- parts of an entry --- */

static struct sockaddr *
copy_sockaddr(struct rump_kernel *k, const struct sockaddr *sa)
{
	struct sockaddr *copy = kmem_zalloc(k, RT_SPACE(sa));

	if (copy != NULL)
		memcpy(copy, sa, sa->sa_len);
	return copy;
}

int
rt_setgate(struct rtentry *rt, const struct sockaddr *gateway)
{
	struct sockaddr *copy = copy_sockaddr(rt->rt_k, gateway);

	if (copy == NULL)
		return -ENOBUFS;
	if (rt->rt_gateway != NULL)
		kmem_free(rt->rt_k, rt->rt_gateway, RT_SPACE(rt->rt_gateway));
	rt->rt_gateway = copy;
	if (rt->rt_node != NULL)
		table_changed(rt->rt_k);
	return 0;
}

/* "The interface itself": its number only. */
static int
setgate_link(struct rtentry *rt, struct ifnet *ifp)
{
	struct sockaddr_dl sdl = { .sdl_len = sizeof(sdl),
		.sdl_family = AF_LINK,
		.sdl_index = ifp->if_index,
		.sdl_addr = { .dl_type = ifp->if_type } };

	return rt_setgate(rt, (struct sockaddr *)&sdl);
}

/* --- requests --- */

static int
new_entry(struct rump_kernel *k, struct rt_addrinfo *info, struct rtentry **rtp)
{
	const struct sockaddr *mask = info->rti_info[RTAX_NETMASK];
	struct rtentry *rt = kmem_zalloc(k, sizeof(*rt));
	int error;

	if (rt == NULL)
		return -ENOBUFS;
	rt->rt_k = k;
	rt->rt_refs = 1;
	error = rt_key_set(rt, info->rti_info[RTAX_DST],
	    (info->rti_flags & RTF_HOST) != 0 ? NULL : mask);
	if (error == 0)
		error = rt_setgate(rt, info->rti_info[RTAX_GATEWAY]);
	if (error == 0 && info->rti_info[RTAX_TAG] != NULL &&
	    (rt->rt_tag = copy_sockaddr(k, info->rti_info[RTAX_TAG])) == NULL)
		error = -ENOBUFS;
	rt->rt_flags = RTF_UP | (info->rti_flags & ~RTF_DONE);
	if (rt->rt_mask == NULL)
		rt->rt_flags |= RTF_HOST;
	rt->rt_ifa = ifa_get(info->rti_ifa);
	rt->rt_ifp = info->rti_ifp;
	/* What is on the link is told by its number, where link addresses are to be found out. */
	if (error == 0 && (rt->rt_flags & (RTF_GATEWAY | RTF_HOST)) == 0 &&
	    rt->rt_ifp->if_addrlen != 0)
		error = setgate_link(rt, rt->rt_ifp);
	if (error != 0) {
		rt_put(rt);
		return error;
	}
	*rtp = rt;
	return 0;
}

static int
request_add(
    struct rump_kernel *k, struct rt_addrinfo *info, struct rtentry **rtp)
{
	struct rtentry *rt = NULL;
	int error;

	if (info->rti_info[RTAX_GATEWAY] == NULL ||
	    ((info->rti_flags & RTF_HOST) == 0 &&
		info->rti_info[RTAX_NETMASK] == NULL &&
		(info->rti_flags & RTF_GATEWAY) == 0 && info->rti_ifa == NULL))
		return -EINVAL;
	if ((error = rt_getifa(k, info)) != 0 ||
	    (error = new_entry(k, info, &rt)) != 0)
		return error;
	if (rt_find(k, rt->rt_key, rt->rt_mask) != NULL)
		error = -EEXIST;
	else
		error = rt_insert(k, rt);
	if (error != 0) {
		rt_put(rt);
		return error;
	}
	if (rt->rt_ifa->ifa_rtrequest != NULL)
		rt->rt_ifa->ifa_rtrequest(RTM_ADD, rt);
	NS(k)->ns_route->rs_count++;
	NS(k)->ns_route->rs_learnt[rt->rt_af == AF_INET6][RT_BY_HAND]++;
	table_changed(k);
	if (rtp != NULL)
		*rtp = rt;
	return 0;
}

/* Whom a route of a network has shown goes with it, but for what was set by hand. */
static void
forget_neighbours(struct rtentry *rt)
{
	bool v4 = rt->rt_af == AF_INET;
	struct lltable *llt = rt->rt_ifp
				  ->if_lltable[v4 ? LLTABLE_ARP : LLTABLE_ND];

	if (llt != NULL && (rt->rt_flags & (RTF_GATEWAY | RTF_HOST)) == 0)
		lltable_purge(
		    llt, rt->rt_keyspace + (v4 ? 4 : 8), rt->rt_plen, false);
}

/* Off the table; the table's reference is the caller's now. */
static void
take_out(struct rump_kernel *k, struct rtentry *rt)
{
	rt_unlink(k, rt);
	forget_neighbours(rt);
	rt->rt_flags &= ~RTF_UP;
	if (rt->rt_ifa->ifa_rtrequest != NULL)
		rt->rt_ifa->ifa_rtrequest(RTM_DELETE, rt);
	NS(k)->ns_route->rs_count--;
	NS(k)->ns_route->rs_learnt[rt->rt_af == AF_INET6][rt->rt_learnt]--;
	table_changed(k);
}

static int
request_delete(
    struct rump_kernel *k, struct rt_addrinfo *info, struct rtentry **rtp)
{
	const struct sockaddr *mask = info->rti_info[RTAX_NETMASK];
	struct rtentry *rt;

	rt = rt_find(k, info->rti_info[RTAX_DST],
	    (info->rti_flags & RTF_HOST) != 0 ? NULL : mask);
	if (rt == NULL)
		return -ESRCH;
	take_out(k, rt);
	if (rtp != NULL)
		*rtp = rt;
	else
		rt_put(rt);
	return 0;
}

static void
swap_ifa(struct rtentry *rt, struct ifaddr *ifa, struct ifnet *ifp)
{
	if (rt->rt_ifa->ifa_rtrequest != NULL)
		rt->rt_ifa->ifa_rtrequest(RTM_DELETE, rt);
	if (rt->rt_ifp != ifp)
		forget_neighbours(rt);
	ifa_get(ifa);
	ifa_put(rt->rt_ifa);
	rt->rt_ifa = ifa;
	rt->rt_ifp = ifp;
	if ((rt->rt_rmx.rmx_locks & RTV_MTU) == 0)
		rt->rt_rmx.rmx_mtu = 0;
	if (ifa->ifa_rtrequest != NULL)
		ifa->ifa_rtrequest(RTM_ADD, rt);
}

/* What RTM_CHANGE sets as the message has it. */
#define RTF_CHANGEABLE                                                       \
	(RTF_REJECT | RTF_BLACKHOLE | RTF_STATIC | RTF_PROTO1 | RTF_PROTO2 | \
	    RTF_ANNOUNCE)

static int
request_change(
    struct rump_kernel *k, struct rt_addrinfo *info, struct rtentry **rtp)
{
	const struct sockaddr *mask = info->rti_info[RTAX_NETMASK];
	const struct sockaddr *gateway = info->rti_info[RTAX_GATEWAY];
	struct rtentry *rt;
	int error;

	rt = rt_find(k, info->rti_info[RTAX_DST],
	    (info->rti_flags & RTF_HOST) != 0 ? NULL : mask);
	if (rt == NULL)
		return -ESRCH;
	if (gateway != NULL || info->rti_info[RTAX_IFP] != NULL ||
	    info->rti_info[RTAX_IFA] != NULL || info->rti_ifa != NULL) {
		if ((error = rt_getifa(k, info)) != 0)
			return error;
		if (gateway != NULL && (error = rt_setgate(rt, gateway)) != 0)
			return error;
		if (info->rti_ifa != rt->rt_ifa || info->rti_ifp != rt->rt_ifp)
			swap_ifa(rt, info->rti_ifa, info->rti_ifp);
		if (gateway != NULL)
			rt->rt_flags = (rt->rt_flags & ~RTF_GATEWAY) |
			    (info->rti_flags & RTF_GATEWAY);
	}
	rt->rt_flags = (rt->rt_flags & ~RTF_CHANGEABLE) |
	    (info->rti_flags & RTF_CHANGEABLE);
	table_changed(k);
	if (rtp != NULL)
		*rtp = rt;
	return 0;
}

int
rtrequest(struct rump_kernel *k, int cmd, struct rt_addrinfo *info,
    struct rtentry **rtp)
{
	const struct sockaddr *dst = info->rti_info[RTAX_DST];
	struct rtentry *rt;

	if (dst == NULL)
		return -EINVAL;
	if (!rt_family(k, dst->sa_family))
		return -ESRCH;
	switch (cmd) {
	case RTM_ADD:
		return request_add(k, info, rtp);
	case RTM_DELETE:
		return request_delete(k, info, rtp);
	case RTM_CHANGE:
		return request_change(k, info, rtp);
	case RTM_GET:
		if ((rt = rtalloc1(k, dst)) == NULL)
			return -ESRCH;
		if (rtp != NULL)
			*rtp = rt;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

int
rtrequest_sa(struct rump_kernel *k, int cmd, const struct sockaddr *dst,
    const struct sockaddr *gateway, const struct sockaddr *mask, int flags,
    struct ifaddr *ifa, struct rtentry **rtp)
{
	struct rt_addrinfo info = { .rti_flags = flags, .rti_ifa = ifa };

	info.rti_info[RTAX_DST] = dst;
	info.rti_info[RTAX_GATEWAY] = gateway;
	info.rti_info[RTAX_NETMASK] = mask;
	return rtrequest(k, cmd, &info, rtp);
}

/* --- addresses' own routes --- */

static int
rtinit_delete(struct rump_kernel *k, struct ifaddr *ifa,
    const struct sockaddr *dst, const struct sockaddr *mask)
{
	struct rtentry *rt = rt_find(k, dst, mask);

	if (rt == NULL || rt->rt_ifa != ifa)
		return rt == NULL ? -ESRCH : -EHOSTUNREACH;
	take_out(k, rt);
	ifa->ifa_flags &= ~IFA_ROUTE;
	rt_newaddrmsg(RTM_DELETE, ifa, 0, rt);
	rt_put(rt);
	return 0;
}

int
rtinit(struct ifaddr *ifa, int cmd, int flags)
{
	struct rump_kernel *k = ifa->ifa_ifp->if_k;
	bool host = (flags & RTF_HOST) != 0;
	const struct sockaddr *dst = host ? ifa->ifa_dstaddr : ifa->ifa_addr;
	const struct sockaddr *mask = host ? NULL : ifa->ifa_netmask;
	struct rtentry *rt;
	int error;

	if (dst == NULL || !rt_family(k, dst->sa_family))
		return -ESRCH;
	/* Gaps in a mask: there is no such network in the table. */
	if (mask != NULL && rt_masklen(dst->sa_family, mask) < 0)
		return cmd == RTM_ADD ? 0 : -ESRCH;
	if (cmd == RTM_DELETE)
		return rtinit_delete(k, ifa, dst, mask);
	/* A loopback address is the host that its local route leads to. */
	rt = rt_find(k, dst, mask);
	if (rt != NULL && rt->rt_ifa == ifa && (rt->rt_flags & RTF_LOCAL) != 0) {
		ifa->ifa_flags |= IFA_ROUTE;
		return 0;
	}
	error = rtrequest_sa(k, RTM_ADD, dst, ifa->ifa_addr, mask,
	    flags | (host ? 0 : ifa->ifa_flags & RTF_CONNECTED), ifa, &rt);
	if (error != 0)
		return error;
	ifa->ifa_flags |= IFA_ROUTE;
	rt_newaddrmsg(RTM_ADD, ifa, 0, rt);
	return 0;
}

int
rt_ifa_addlocal(struct ifaddr *ifa)
{
	struct ifnet *ifp = ifa->ifa_ifp, *lo;
	struct rump_kernel *k = ifp->if_k;
	bool loop = (ifp->if_flags & IFF_LOOPBACK) != 0;
	struct sockaddr_dl sdl = { .sdl_len = sizeof(sdl),
		.sdl_family = AF_LINK,
		.sdl_index = ifp->if_index,
		.sdl_addr = { .dl_type = ifp->if_type } };
	struct rt_addrinfo info = { .rti_flags = RTF_HOST | RTF_LOCAL |
		    (loop ? 0 : RTF_LLDATA) };
	struct rtentry *rt;
	int error;

	if ((lo = if_loop(k)) == NULL || !rt_family(k, ifa->ifa_addr->sa_family))
		return -ESRCH;
	rt = rt_find(k, ifa->ifa_addr, NULL);
	if (rt != NULL && rt->rt_ifa == ifa && loop) {
		rt->rt_flags |= RTF_LOCAL;
		return rt_setgate(rt, ifp->if_dl->ifa_addr);
	}
	info.rti_info[RTAX_DST] = ifa->ifa_addr;
	/* One without link addresses (a tunnel) stands there by its name. */
	info.rti_info[RTAX_GATEWAY] = loop || ifp->if_addrlen == 0 ?
	    ifp->if_dl->ifa_addr :
	    (const struct sockaddr *)&sdl;
	info.rti_ifa = ifa;
	info.rti_ifp = loop ? ifp : lo;
	if ((error = rtrequest(k, RTM_ADD, &info, &rt)) != 0)
		return error;
	rt_newmsg(RTM_ADD, rt, rt->rt_flags);
	return 0;
}

int
rt_ifa_remlocal(struct ifaddr *ifa)
{
	struct rump_kernel *k = ifa->ifa_ifp->if_k;
	struct rtentry *rt = rt_find(k, ifa->ifa_addr, NULL);
	int flags;

	if (rt == NULL || rt->rt_ifa != ifa || (rt->rt_flags & RTF_LOCAL) == 0)
		return -ESRCH;
	flags = rt->rt_flags | RTF_DONE;
	take_out(k, rt);
	rt_newmsg(RTM_DELETE, rt, flags);
	rt_put(rt);
	return 0;
}

struct sought {
	const struct ifnet *ifp;
	int64_t before, next;
	struct rtentry *found;
};

static int
of_interface(struct rtentry *rt, void *arg)
{
	struct sought *s = arg;

	if (rt->rt_ifp != s->ifp && rt->rt_ifa->ifa_ifp != s->ifp)
		return 0;
	s->found = rt;
	return 1;
}

void
rt_ifdetach(struct ifnet *ifp)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct sought s = { .ifp = ifp };

	for (int i = 0; i < 2; i++)
		while (rt_walktree(ifp->if_k, families[i], of_interface, &s)) {
			take_out(ifp->if_k, s.found);
			rt_put(s.found);
		}
}

/* --- what packets tell --- */

void
rt_setexpire(struct rtentry *rt, int64_t when)
{
	struct route_state *rs = NS(rt->rt_k)->ns_route;

	rt->rt_rmx.rmx_expire = when;
	if (when == 0 || (rs->rs_nextexpiry != 0 && rs->rs_nextexpiry <= when))
		return;
	/* Without the timer it stays longer. */
	if (callout_schedule_abs(&rs->rs_timer, when * 1000000000) == 0)
		rs->rs_nextexpiry = when;
}

static int64_t
uptime_s(struct rump_kernel *k)
{
	return kern_uptime_ns(k) / 1000000000;
}

static int
expired(struct rtentry *rt, void *arg)
{
	struct sought *s = arg;
	int64_t when = rt->rt_rmx.rmx_expire;

	if ((rt->rt_flags & RTF_DYNAMIC) == 0 || when == 0)
		return 0;
	if (when <= s->before) {
		s->found = rt;
		return 1;
	}
	if (s->next == 0 || when < s->next)
		s->next = when;
	return 0;
}

static void
expire(void *arg)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct route_state *rs = arg;
	struct rump_kernel *k = rs->rs_k;
	struct sought s = { .before = uptime_s(k) };

	net_wrlock(k);
	rs->rs_nextexpiry = 0;
	for (int i = 0; i < 2; i++)
		while (rt_walktree(k, families[i], expired, &s)) {
			take_out(k, s.found);
			rt_newmsg(RTM_DELETE, s.found, s.found->rt_flags);
			rt_put(s.found);
		}
	if (s.next != 0 &&
	    callout_schedule_abs(&rs->rs_timer, s.next * 1000000000) == 0)
		rs->rs_nextexpiry = s.next;
	net_unlock(k);
}

/* Dynamic ones are bounded: the next redirect finds no room. */
#define MAXDYNAMIC 16384

/* May there be one more? max negative: as many as fit. */
static bool
room(struct rump_kernel *k, int af, int by, int max)
{
	const struct route_state *rs = NS(k)->ns_route;

	return rs->rs_count < MAXDYNAMIC &&
	    (max < 0 || rs->rs_learnt[af == AF_INET6][by] < (unsigned)max);
}

static void
learnt(struct rtentry *rt, uint8_t by)
{
	unsigned *n = NS(rt->rt_k)->ns_route->rs_learnt[rt->rt_af == AF_INET6];

	n[rt->rt_learnt]--;
	rt->rt_learnt = by;
	n[by]++;
}

static int
redirect_limit(struct rump_kernel *k, int af)
{
	return af == AF_INET6 && NS(k)->ns_inet6 != NULL ?
	    NS(k)->ns_inet6->ip6_maxdynroutes :
	    -1;
}

static int
redirect_timeout(struct rump_kernel *k, int af)
{
	if (af == AF_INET6)
		return NS(k)->ns_inet6 != NULL ?
		    NS(k)->ns_inet6->icmp6_redirtimeout :
		    0;
	return NS(k)->ns_inet != NULL ? NS(k)->ns_inet->icmp_redirtimeout : 0;
}

static int
redirect(struct rump_kernel *k, struct rt_addrinfo *info, int flags,
    const struct sockaddr *src, unsigned *stat)
{
	const struct sockaddr *dst = info->rti_info[RTAX_DST];
	const struct sockaddr *gateway = info->rti_info[RTAX_GATEWAY];
	struct ifaddr *ifa = ifa_ifwithnet(k, gateway);
	struct rtentry *rt = rtalloc1(k, dst);
	int error, seconds;

	if (ifa == NULL)
		return -ENETUNREACH;
	if ((flags & RTF_DONE) == 0 && rt != NULL &&
	    (!sockaddr_same(src, rt->rt_gateway) || rt->rt_ifa != ifa))
		return -EINVAL;
	if (ifa_ifwithaddr(k, gateway) != NULL)
		return -EHOSTUNREACH;
	if (rt != NULL && (rt->rt_flags & RTF_GATEWAY) == 0)
		return -EHOSTUNREACH;
	if (rt != NULL && rt->rt_plen > 0 &&
	    ((rt->rt_flags & RTF_HOST) != 0 || (flags & RTF_HOST) == 0)) {
		rt->rt_flags |= RTF_MODIFIED;
		*stat = 2;
		return rt_setgate(rt, gateway);
	}
	if (!room(k, dst->sa_family, RT_BY_REDIRECT,
		redirect_limit(k, dst->sa_family)))
		return -ENOBUFS;
	error = rtrequest_sa(k, RTM_ADD, dst, gateway,
	    info->rti_info[RTAX_NETMASK], flags | RTF_GATEWAY | RTF_DYNAMIC,
	    ifa, &rt);
	if (error != 0)
		return error;
	learnt(rt, RT_BY_REDIRECT);
	if ((seconds = redirect_timeout(k, dst->sa_family)) > 0)
		rt_setexpire(rt, uptime_s(k) + seconds);
	*stat = 1;
	return 0;
}

void
rtredirect(struct rump_kernel *k, const struct sockaddr *dst,
    const struct sockaddr *gateway, const struct sockaddr *mask, int flags,
    const struct sockaddr *src)
{
	struct rt_addrinfo info = { .rti_flags = flags };
	unsigned stat = 0; /* rts_badredirect, rts_dynamic, rts_newgateway */
	int error;

	if (NS(k)->ns_route == NULL)
		return;
	info.rti_info[RTAX_DST] = dst;
	info.rti_info[RTAX_GATEWAY] = gateway;
	info.rti_info[RTAX_NETMASK] = mask;
	error = redirect(k, &info, flags, src, &stat);
	stat_inc(NS(k)->ns_route->rs_stat, error != 0 ? 0 : stat);
	info.rti_info[RTAX_AUTHOR] = src;
	rt_missmsg(k, RTM_REDIRECT, &info, flags, -error);
}

void
rt_setmtu(struct rump_kernel *k, const struct sockaddr *dst, uint32_t mtu,
    int timeout_s, int max)
{
	struct rtentry *rt = rtalloc1(k, dst);

	if (rt == NULL || (rt->rt_flags & (RTF_LOCAL | RTF_REJECT)) != 0)
		return;
	if ((rt->rt_flags & RTF_HOST) == 0) {
		if (!room(k, dst->sa_family, RT_BY_MTU, max) ||
		    rtrequest_sa(k, RTM_ADD, dst, rt->rt_gateway, NULL,
			RTF_HOST | RTF_DYNAMIC | (rt->rt_flags & RTF_GATEWAY),
			rt->rt_ifa, &rt) != 0)
			return;
		learnt(rt, RT_BY_MTU);
	}
	if ((rt->rt_rmx.rmx_locks & RTV_MTU) != 0 ||
	    (rt->rt_rmx.rmx_mtu != 0 && rt->rt_rmx.rmx_mtu < mtu))
		return;
	rt->rt_rmx.rmx_mtu = mtu;
	if ((rt->rt_flags & RTF_DYNAMIC) != 0 && timeout_s > 0)
		rt_setexpire(rt, uptime_s(k) + timeout_s);
	table_changed(k);
}

/* --- boot and halt --- */

int
route_boot(struct rump_kernel *k)
{
	struct route_state *rs = kmem_zalloc(k, sizeof(*rs));

	if (rs == NULL)
		return -ENOMEM;
	rs->rs_k = k;
	rs->rs_gen = 1;
	callout_init(&rs->rs_timer, k, expire, rs);
	NS(k)->ns_route = rs;
	return 0;
}

static int
any(struct rtentry *rt, void *arg)
{
	*(struct rtentry **)arg = rt;
	return 1;
}

void
route_fini(struct rump_kernel *k)
{
	struct route_state *rs = NS(k)->ns_route;
	struct rtentry *rt;

	if (rs == NULL)
		return;
	callout_halt(&rs->rs_timer);
	for (int i = 0; i < 2; i++)
		while (rt_walktree(k, i == 0 ? AF_INET : AF_INET6, any, &rt)) {
			rt_unlink(k, rt);
			rt_put(rt);
		}
	NS(k)->ns_route = NULL;
	kmem_free(k, rs, sizeof(*rs));
}
