/* SPDX-License-Identifier: BSD-2-Clause */
/* sysctl net.route: the table, the neighbours, the interfaces with their addresses as rows of routing messages; counters. */
#include "kern/sysctl.h"
#include "net/if_private.h"
#include "net/rtsock_private.h"

struct listing {
	struct rump_kernel *k;
	int af, what, arg;
	/* Messages are collected first: the caller's memory is not touched with the net lock held. */
	uint8_t *buf;
	size_t len, room;
	struct rtmsg msg;
};

static int
put(struct listing *ls)
{
	size_t room = ls->room;
	uint8_t *more;

	if (ls->msg.len > ls->room - ls->len) {
		room = ls->room * 2 + sizeof(ls->msg);
		if ((more = kmem_alloc(ls->k, room)) == NULL)
			return -ENOMEM;
		if (ls->len > 0)
			memcpy(more, ls->buf, ls->len);
		kmem_free(ls->k, ls->buf, ls->room);
		ls->buf = more;
		ls->room = room;
	}
	memcpy(ls->buf + ls->len, ls->msg.buf, ls->msg.len);
	ls->len += ls->msg.len;
	return 0;
}

/* --- routes --- */

static int
put_entry(struct rtentry *rt, void *arg)
{
	struct listing *ls = arg;

	if (ls->what == NET_RT_FLAGS && (rt->rt_flags & ls->arg) == 0)
		return 0;
	rtmsg_rtentry(&ls->msg, RTM_GET, rt, true);
	return put(ls);
}

static int
put_neighbour(void *arg, struct ifnet *ifp, const struct sockaddr *key,
    const struct sockaddr_dl *lladdr, int flags, int64_t expire)
{
	struct listing *ls = arg;
	struct rtneighbour n = { ifp, key, lladdr, flags, expire };

	rtmsg_neighbour(&ls->msg, RTM_GET, &n);
	return put(ls);
}

/* Neighbours are in it only when they are asked for. */
static int
list_routes(struct listing *ls)
{
	static const int families[] = { AF_INET, AF_INET6 };
	const struct rt_llops *ops;
	int error = 0;

	for (int i = 0; i < 2 && error == 0; i++) {
		int af = families[i];

		if (ls->af != 0 && ls->af != af)
			continue;
		ops = NS(ls->k)->ns_route->rs_llops[af];
		if (ls->what == NET_RT_FLAGS && (ls->arg & RTF_LLDATA) != 0) {
			if (ops != NULL)
				error = ops->rtl_foreach(
				    ls->k, NULL, put_neighbour, ls);
		} else
			error = rt_walktree(ls->k, af, put_entry, ls);
	}
	return error;
}

/* --- interfaces --- */

static int
list_interfaces(struct listing *ls)
{
	struct ifnet *ifp;
	struct ifaddr *ifa;
	int error = 0;

	for (ifp = if_first(ls->k); ifp != NULL && error == 0;
	     ifp = ifp->if_next) {
		if (ls->arg != 0 && ls->arg != ifp->if_index)
			continue;
		if (ls->what == NET_RT_IFLIST)
			rtmsg_ifinfo(&ls->msg, ifp, true);
		else
			rtmsg_oldifinfo(&ls->msg, ifp, ls->what);
		error = put(ls);
		IFADDR_FOREACH(ifa, ifp)
		{
			if (error != 0 || ifa == ifp->if_dl ||
			    (ls->af != 0 && ls->af != ifa->ifa_addr->sa_family))
				continue;
			rtmsg_ifa(&ls->msg, RTM_NEWADDR, ifa, false);
			error = put(ls);
		}
	}
	return error;
}

/* net.route.<protocol>.<family>.<NET_RT_*>.<argument> */
static int
fn_rtable(struct sysctl_call *sc)
{
	struct rump_kernel *k = sc->sc_k;
	struct listing *ls;
	int error;

	if (sc->sc_new != NULL)
		return -EPERM;
	if (sc->sc_namelen != 3)
		return -EINVAL;
	if ((ls = kmem_zalloc(k, sizeof(*ls))) == NULL)
		return -ENOMEM;
	ls->k = k;
	ls->af = sc->sc_name[0];
	ls->what = sc->sc_name[1];
	ls->arg = sc->sc_name[2];
	net_rdlock(k);
	switch (ls->what) {
	case NET_RT_DUMP:
	case NET_RT_FLAGS:
		error = list_routes(ls);
		break;
	case NET_RT_IFLIST:
	case NET_RT_OIFLIST:
	case NET_RT_OOIFLIST:
		error = list_interfaces(ls);
		break;
	default:
		error = -EINVAL;
	}
	net_unlock(k);
	if (error == 0)
		error = sysctl_out(sc, ls->buf, ls->len);
	kmem_free(k, ls->buf, ls->room);
	kmem_free(k, ls, sizeof(*ls));
	return error;
}

static int
fn_stats(struct sysctl_call *sc)
{
	struct route_state *rs = NS(sc->sc_k)->ns_route;
	uint64_t v[5];

	if (sc->sc_new != NULL)
		return -EPERM;
	for (int i = 0; i < 5; i++)
		v[i] = atomic_load(&rs->rs_stat[i]);
	return sysctl_out(sc, v, sizeof(v));
}

static const struct sysctl_def table[] = {
	{ "net", CTL_NET, CTLTYPE_NODE, .sd_size = 0 },
	{ "net.route", PF_ROUTE, CTLTYPE_NODE, .sd_size = 0 },
	{ "net.route.rtable", 0, CTLTYPE_NODE, .sd_fn = fn_rtable },
	{ "net.route.stats", CTL_CREATE, CTLTYPE_STRUCT,
	    .sd_size = sizeof(struct rtstat), .sd_fn = fn_stats },
	{ NULL },
};

int
rtsock_sysctl_boot(struct rump_kernel *k)
{
	return sysctl_attach(k, table, NULL);
}
