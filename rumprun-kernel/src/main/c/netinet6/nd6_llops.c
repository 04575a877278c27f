/* SPDX-License-Identifier: BSD-2-Clause */
/* Neighbours as the routing socket shows and changes them (route(4), ndp(8)). */
#include "netinet6/in6_private.h"

/* The interface that has dst on its link; NULL. */
static struct ifnet *
link_of(struct rump_kernel *k, const struct sockaddr *dst,
    const struct sockaddr_dl *sdl)
{
	struct rtentry *rt = rtalloc1(k, dst);

	if (rt != NULL && (rt->rt_flags & RTF_GATEWAY) == 0 &&
	    ND_TABLE(rt->rt_ifp) != NULL)
		return rt->rt_ifp;
	if (rt != NULL && (rt->rt_flags & RTF_LOCAL) != 0)
		return rt->rt_ifa->ifa_ifp;
	if (sdl != NULL && a6_linklocal(&sin6_of(dst)->sin6_addr))
		return if_byindex(k, sdl->sdl_index);
	return NULL;
}

static int
ll_add(struct rump_kernel *k, const struct sockaddr *dst,
    const struct sockaddr_dl *sdl, int flags, const struct rt_metrics *rmx)
{
	const struct in6_addr *a = &sin6_of(dst)->sin6_addr;
	struct ifnet *ifp = link_of(k, dst, sdl);
	struct in6_addr group;
	struct lltable *llt;
	struct llentry *lle;
	int64_t now = kern_uptime_ns(k);
	bool was_pub = false, pub = (flags & RTF_ANNOUNCE) != 0, fixed;

	if (ifp == NULL || (llt = ND_TABLE(ifp)) == NULL)
		return -ESRCH;
	if (sdl == NULL || sdl->sdl_addr.dl_alen != 6 ||
	    sdl->sdl_len < 8 + sdl->sdl_addr.dl_nlen + 6)
		return -EINVAL;
	kmutex_enter(&llt->llt_lock);
	lle = lle_find(llt, a);
	fixed = lle != NULL && (lle->lle_flags & LLE_STATIC) != 0;
	if (lle == NULL)
		lle = lle_create(llt, a);
	if (lle != NULL && !fixed) {
		was_pub = (lle->lle_flags & LLE_PUB) != 0;
		memcpy(lle->lle_lladdr,
		    (const uint8_t *)sdl + 8 + sdl->sdl_addr.dl_nlen, 6);
		lle->lle_valid = true;
		lle->lle_state = ND6_LLINFO_REACHABLE;
		lle->lle_asked = 0;
		lle->lle_flags = pub ? LLE_PUB | LLE_PROXY : 0;
		lle->lle_expire_ns = 0;
		if (rmx == NULL || rmx->rmx_expire == 0)
			lle->lle_flags |= LLE_STATIC;
		else {
			lle->lle_flags |= LLE_USERTEMP;
			lle->lle_expire_ns = now;
		}
	}
	kmutex_exit(&llt->llt_lock);
	if (lle == NULL)
		return -ENOBUFS;
	if (fixed)
		return -EEXIST;
	/* A proxy listens to who asks for it. */
	in6_solicited(&group, a, ifp);
	if (pub && !was_pub)
		return in6_addmulti(ifp, &group);
	if (!pub && was_pub)
		(void)in6_delmulti(ifp, &group);
	return 0;
}

static int
ll_delete(struct rump_kernel *k, const struct sockaddr *dst)
{
	const struct in6_addr *a = &sin6_of(dst)->sin6_addr;
	struct in6_addr group;
	struct ifnet *ifp;
	struct llentry *lle;
	bool found, pub;

	for (ifp = if_first(k); ifp != NULL; ifp = ifp->if_next) {
		if (ND_TABLE(ifp) == NULL)
			continue;
		kmutex_enter(&ND_TABLE(ifp)->llt_lock);
		lle = lle_find(ND_TABLE(ifp), a);
		found = lle != NULL;
		pub = found && (lle->lle_flags & LLE_PUB) != 0;
		if (found)
			lle_remove(lle);
		kmutex_exit(&ND_TABLE(ifp)->llt_lock);
		if (pub) {
			in6_solicited(&group, a, ifp);
			(void)in6_delmulti(ifp, &group);
		}
		if (found)
			return 0;
	}
	return -ENOENT;
}

struct ll_shown {
	struct in6_addr addr;
	uint8_t lladdr[6];
	bool valid;
	uint16_t flags;
	int64_t expire_ns;
};
struct ll_walk {
	struct ll_shown *shown;
	unsigned n, max;
	const struct in6_addr *only;
	int64_t now;
};

static int
ll_collect(struct llentry *lle, void *arg)
{
	struct ll_walk *w = arg;
	struct ll_shown *s;

	if (w->only != NULL && memcmp(w->only, lle->lle_addr.addr6, 16) != 0)
		return 0;
	/* Nobody has asked for it for a day. */
	if (lle->lle_state == ND6_LLINFO_STALE && lle->lle_expire_ns <= w->now)
		return 0;
	if (w->n == w->max)
		return 1;
	s = &w->shown[w->n++];
	s->addr = a6_get(lle->lle_addr.addr6);
	memcpy(s->lladdr, lle->lle_lladdr, 6);
	s->valid = lle->lle_valid;
	s->flags = lle->lle_flags;
	s->expire_ns = lle->lle_expire_ns;
	return 0;
}

static int
ll_show(struct ifnet *ifp, const struct ll_shown *s,
    int (*fn)(void *, struct ifnet *, const struct sockaddr *,
	const struct sockaddr_dl *, int, int64_t),
    void *arg)
{
	struct rump_kernel *k = ifp->if_k;
	struct sockaddr_in6 sin6;
	struct sockaddr_dl sdl = { .sdl_len = sizeof(sdl),
		.sdl_family = AF_LINK,
		.sdl_index = ifp->if_index,
		.sdl_addr = { .dl_type = ifp->if_type } };
	int flags = RTF_HOST | RTF_LLDATA;
	int64_t expire = s->expire_ns == 0 ? 0 :
					     s->expire_ns / SEC_NS -
		kern_uptime_ns(k) / SEC_NS + kern_time_second(k);

	sin6_init(&sin6, &s->addr);
	if (s->valid) {
		sdl.sdl_addr.dl_alen = 6;
		memcpy(sdl.sdl_addr.dl_data, s->lladdr, 6);
	}
	if ((s->flags & LLE_STATIC) != 0) {
		flags |= RTF_STATIC;
		expire = 0;
	}
	if ((s->flags & LLE_IFADDR) != 0)
		flags |= RTF_LOCAL;
	if ((s->flags & LLE_PUB) != 0)
		flags |= RTF_ANNOUNCE;
	return fn(arg, ifp, (struct sockaddr *)&sin6, &sdl, flags, expire);
}

static int
ll_foreach(struct rump_kernel *k, const struct sockaddr *dst,
    int (*fn)(void *, struct ifnet *, const struct sockaddr *,
	const struct sockaddr_dl *, int, int64_t),
    void *arg)
{
	struct ll_walk w = { .only = dst == NULL ? NULL :
						   &sin6_of(dst)->sin6_addr };
	struct ifnet *ifp;
	int error = 0;

	w.now = kern_uptime_ns(k);
	for (ifp = if_first(k); ifp != NULL && error == 0; ifp = ifp->if_next) {
		if (ND_TABLE(ifp) == NULL)
			continue;
		w.n = 0;
		w.max = ND_TABLE(ifp)->llt_count + 8;
		w.shown = kmem_calloc(k, w.max, sizeof(*w.shown));
		if (w.shown == NULL)
			return -ENOBUFS;
		(void)lltable_foreach(ND_TABLE(ifp), ll_collect, &w);
		for (unsigned i = 0; i < w.n && error == 0; i++)
			error = ll_show(ifp, &w.shown[i], fn, arg);
		kmem_free(k, w.shown, w.max * sizeof(*w.shown));
	}
	return error;
}

const struct rt_llops nd6_llops = {
	.rtl_add = ll_add,
	.rtl_delete = ll_delete,
	.rtl_foreach = ll_foreach,
};
