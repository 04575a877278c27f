/* SPDX-License-Identifier: BSD-2-Clause */
/* The routing table: the trie against a list, requests, routes of addresses, what packets change, expiry. */
#include "net_toy.h"

/* --- the trie --- */

struct model {
	int af;
	uint8_t key[16];
	unsigned plen; /* of a host one more than bits */
	bool there;
};
#define NMODEL 400
#define NOPS 30000

static uint64_t seed;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

static unsigned
bits_of(int af)
{
	return af == AF_INET ? 32 : 128;
}

static void
mask_bytes(uint8_t *p, unsigned plen, unsigned len)
{
	for (unsigned i = plen; i < len * 8; i++)
		p[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
}

union any {
	struct sockaddr sa;
	uint8_t b[32];
};

static void
name(union any *u, int af, const uint8_t *key)
{
	memset(u, 0, sizeof(*u));
	u->sa.sa_family = (sa_family_t)af;
	u->sa.sa_len = af == AF_INET ? 16 : 28;
	memcpy(u->b + (af == AF_INET ? 4 : 8), key, bits_of(af) / 8);
}

static const struct sockaddr *
mask_of(union any *u, const struct model *m)
{
	uint8_t ones[16];

	if (m->plen > bits_of(m->af))
		return NULL;
	memset(ones, 0xff, sizeof(ones));
	mask_bytes(ones, m->plen, 16);
	name(u, m->af, ones);
	return &u->sa;
}

/* Few different bytes, so that many share long prefixes. */
static void
random_key(uint8_t *key, int af)
{
	static const uint8_t some[] = { 0, 0, 0, 1, 0x80, 0xff };

	memset(key, 0, 16);
	for (unsigned i = 0; i < bits_of(af) / 8; i++)
		key[i] = some[rnd(sizeof(some))];
}

static void
random_model(struct model *m)
{
	m->af = rnd(2) ? AF_INET : AF_INET6;
	random_key(m->key, m->af);
	m->plen = rnd(bits_of(m->af) + 2);
	mask_bytes(m->key, m->plen, 16);
	m->there = false;
}

static bool
model_same(const struct model *a, const struct model *b)
{
	return a->af == b->af && a->plen == b->plen &&
	    memcmp(a->key, b->key, 16) == 0;
}

static bool
model_covers(const struct model *m, int af, const uint8_t *key)
{
	uint8_t masked[16];

	memcpy(masked, key, 16);
	mask_bytes(masked, m->plen, 16);
	return m->af == af && memcmp(masked, m->key, 16) == 0;
}

static bool
is_entry(const struct rtentry *rt, const struct model *m)
{
	return rt->rt_af == m->af && rt->rt_plen == m->plen &&
	    memcmp((uint8_t *)rt->rt_key + (m->af == AF_INET ? 4 : 8), m->key,
		bits_of(m->af) / 8) == 0;
}

static void
check_lookup(struct rump_kernel *k, const struct model *all)
{
	const struct model *best = NULL;
	int af = rnd(2) ? AF_INET : AF_INET6;
	uint8_t key[16];
	union any dst;
	struct rtentry *rt;

	if (rnd(2))
		random_key(key, af);
	else {
		const struct model *m = &all[rnd(NMODEL)];

		af = m->af;
		memcpy(key, m->key, 16);
	}
	for (int i = 0; i < NMODEL; i++)
		if (all[i].there && model_covers(&all[i], af, key) &&
		    (best == NULL || all[i].plen > best->plen))
			best = &all[i];
	name(&dst, af, key);
	rt = rtalloc1(k, &dst.sa);
	CHECK((rt == NULL) == (best == NULL));
	CHECK(rt == NULL || is_entry(rt, best));
}

struct order {
	struct rtentry *last;
	int n;
	bool good;
};

static int
in_order(struct rtentry *rt, void *arg)
{
	struct order *o = arg;

	if (o->last != NULL) {
		size_t len = rt->rt_key->sa_len;
		int c = memcmp(o->last->rt_key, rt->rt_key, len);

		o->good = o->good &&
		    (c < 0 || (c == 0 && o->last->rt_plen > rt->rt_plen));
	}
	o->last = rt;
	o->n++;
	return 0;
}

static void
check_walk(struct rump_kernel *k, const struct model *all)
{
	struct order o4 = { .good = true }, o6 = { .good = true };
	int n = 0;

	for (int i = 0; i < NMODEL; i++)
		n += all[i].there;
	rt_walktree(k, AF_INET, in_order, &o4);
	rt_walktree(k, AF_INET6, in_order, &o6);
	CHECK(o4.good && o6.good);
	CHECK_EQ(o4.n + o6.n, n);
	CHECK_EQ(NS(k)->ns_route->rs_count, n);
}

static void
change(struct rump_kernel *k, struct model *m, struct ifaddr *ifa)
{
	union any dst, mask;
	const struct sockaddr *maskp = mask_of(&mask, m);
	int flags = maskp == NULL ? RTF_HOST : 0;

	name(&dst, m->af, m->key);
	CHECK((rt_find(k, &dst.sa, maskp) != NULL) == m->there);
	if (rnd(2)) {
		CHECK_EQ(rtrequest_sa(k, RTM_ADD, &dst.sa, ifa->ifa_addr, maskp,
			     flags | RTF_GATEWAY, ifa, NULL),
		    m->there ? -EEXIST : 0);
		m->there = true;
	} else {
		CHECK_EQ(rtrequest_sa(k, RTM_DELETE, &dst.sa, NULL, maskp,
			     flags, NULL, NULL),
		    m->there ? 0 : -ESRCH);
		m->there = false;
	}
}

TEST(trie_does_what_a_list_does)
{
	static struct model all[NMODEL];
	struct fixture f;
	struct toy_addr *ta;

	toy_up(&f);
	net_wrlock(f.k);
	ta = toy_addaddr(&toy_make(f.k, 0)->ifn, 0x0a000001, 0xffffff00);
	for (int i = 0; i < NMODEL; i++) {
		bool again;

		do {
			again = false;
			random_model(&all[i]);
			for (int j = 0; j < i; j++)
				again |= model_same(&all[i], &all[j]);
		} while (again);
	}
	for (int i = 0; i < NOPS; i++) {
		change(f.k, &all[rnd(NMODEL)], &ta->ifa);
		check_lookup(f.k, all);
		if (i % 1000 == 0)
			check_walk(f.k, all);
	}
	net_unlock(f.k);
	down(&f);
}

TEST(masks_with_gaps_are_refused)
{
	struct fixture f;
	struct toy_addr *ta;
	struct sockaddr_in dst = sin_of(0x0a050000), mask = sin_of(0xff00ff00);
	struct sockaddr_in6 mask6 = { .sin6_len = 28, .sin6_family = AF_INET6 };

	toy_up(&f);
	net_wrlock(f.k);
	ta = toy_addaddr(&toy_make(f.k, 0)->ifn, 0x0a000001, 0xffffff00);
	CHECK_EQ(rtrequest_sa(f.k, RTM_ADD, (void *)&dst, ta->ifa.ifa_addr,
		     (void *)&mask, RTF_GATEWAY, &ta->ifa, NULL),
	    -EINVAL);
	net_unlock(f.k);
	mask = sin_of(0xfffff000);
	CHECK_EQ(rt_masklen(AF_INET, (void *)&mask), 20);
	mask.sin_len = 6;
	CHECK_EQ(rt_masklen(AF_INET, (void *)&mask), 16);
	mask.sin_len = 0;
	CHECK_EQ(rt_masklen(AF_INET, (void *)&mask), 0);
	mask = sin_of(0xffffffff);
	CHECK_EQ(rt_masklen(AF_INET, (void *)&mask), 32);
	mask = sin_of(0x7fffffff);
	CHECK_EQ(rt_masklen(AF_INET, (void *)&mask), -1);
	memset((uint8_t *)&mask6 + 8, 0xff, 16);
	CHECK_EQ(rt_masklen(AF_INET6, (void *)&mask6), 128);
	((uint8_t *)&mask6)[23] = 0xfe;
	CHECK_EQ(rt_masklen(AF_INET6, (void *)&mask6), 127);
	((uint8_t *)&mask6)[12] = 0;
	CHECK_EQ(rt_masklen(AF_INET6, (void *)&mask6), -1);
	down(&f);
}

/* --- requests --- */

TEST(gateway_must_be_reachable)
{
	struct fixture f;
	struct ifnet *ifp;
	struct sockaddr_in dst = sin_of(0x0a050000), mask = sin_of(0xffff0000);
	struct sockaddr_in gw = sin_of(0x0a000002), far = sin_of(0xc0a80101);
	struct sockaddr_in host = sin_of(0x0a050607), any = sin_of(0);
	struct rtentry *rt;
	struct route ro = { 0 };

	toy_up(&f);
	net_wrlock(f.k);
	ifp = &toy_make(f.k, 0)->ifn;
	toy_addaddr(ifp, 0x0a000001, 0xffffff00);
	CHECK_EQ(rtrequest_sa(f.k, RTM_ADD, (void *)&dst, (void *)&far,
		     (void *)&mask, RTF_GATEWAY, NULL, NULL),
	    -ENETUNREACH);
	CHECK_EQ(rtrequest_sa(f.k, RTM_ADD, (void *)&dst, (void *)&gw,
		     (void *)&mask, RTF_GATEWAY, NULL, &rt),
	    0);
	CHECK(rt->rt_ifp == ifp && rt->rt_mask->sa_len == 6);
	CHECK(route_lookup(f.k, &ro, (void *)&host) == rt);
	CHECK(route_lookup(f.k, &ro, (void *)&host) == rt);
	CHECK(route_lookup(f.k, &ro, (void *)&far) == NULL);
	/* A more specific one is found at once. */
	CHECK(route_lookup(f.k, &ro, (void *)&host) == rt);
	CHECK_EQ(rtrequest_sa(f.k, RTM_ADD, (void *)&host, (void *)&gw, NULL,
		     RTF_GATEWAY | RTF_HOST, NULL, &rt),
	    0);
	CHECK(route_lookup(f.k, &ro, (void *)&host) == rt);
	/* The default route has no mask to show. */
	CHECK_EQ(rtrequest_sa(f.k, RTM_ADD, (void *)&any, (void *)&gw,
		     (void *)&any, RTF_GATEWAY, NULL, &rt),
	    0);
	CHECK_EQ(rt->rt_mask->sa_len, 0);
	CHECK(route_lookup(f.k, &ro, (void *)&far) == rt);
	net_unlock(f.k);
	if_detach(ifp);
	net_wrlock(f.k);
	CHECK_EQ(NS(f.k)->ns_route->rs_count, 0);
	CHECK(route_lookup(f.k, &ro, (void *)&far) == NULL);
	net_unlock(f.k);
	down(&f);
}

TEST(address_brings_its_routes)
{
	struct fixture f;
	struct ifnet *ifp;
	struct toy_addr *ta;
	struct sockaddr_in self = sin_of(0x0a000001), other = sin_of(0x0a000002);
	struct rtentry *rt;

	toy_up(&f);
	net_wrlock(f.k);
	ifp = &toy_make(f.k, 0)->ifn;
	ta = toy_addaddr(ifp, 0x0a000001, 0xffffff00);
	CHECK_EQ(rt_ifa_addlocal(&ta->ifa), 0);
	CHECK_EQ(rtinit(&ta->ifa, RTM_ADD, RTF_UP), 0);
	CHECK((ta->ifa.ifa_flags & IFA_ROUTE) != 0);
	CHECK((rt = rtalloc1(f.k, (void *)&self)) != NULL);
	CHECK_EQ(rt->rt_flags, RTF_UP | RTF_HOST | RTF_LLDATA | RTF_LOCAL);
	CHECK(rt->rt_ifp == if_loop(f.k) && rt->rt_ifa == &ta->ifa);
	CHECK_EQ(rt->rt_gateway->sa_family, AF_LINK);
	CHECK((rt = rtalloc1(f.k, (void *)&other)) != NULL);
	CHECK_EQ(rt->rt_flags, RTF_UP | RTF_CONNECTED);
	CHECK(rt->rt_ifp == ifp);
	CHECK_EQ(rt->rt_gateway->sa_family, AF_LINK);
	CHECK_EQ(
	    ((struct sockaddr_dl *)rt->rt_gateway)->sdl_index, ifp->if_index);
	CHECK_EQ(rtinit(&ta->ifa, RTM_DELETE, 0), 0);
	CHECK_EQ(rt_ifa_remlocal(&ta->ifa), 0);
	CHECK(rtalloc1(f.k, (void *)&self) == NULL);
	CHECK_EQ(NS(f.k)->ns_route->rs_count, 0);
	net_unlock(f.k);
	down(&f);
}

TEST(loopback_address_is_one_local_host)
{
	struct fixture f;
	struct toy_addr *ta;
	struct sockaddr_in self = sin_of(0x7f000001);
	struct rtentry *rt;

	toy_up(&f);
	for (int order = 0; order < 2; order++) {
		net_wrlock(f.k);
		ta = toy_addaddr(if_loop(f.k), 0x7f000001, 0xff000000);
		ta->dst = self;
		if (order == 0)
			CHECK_EQ(rt_ifa_addlocal(&ta->ifa), 0);
		CHECK_EQ(rtinit(&ta->ifa, RTM_ADD, RTF_UP | RTF_HOST), 0);
		if (order == 1)
			CHECK_EQ(rt_ifa_addlocal(&ta->ifa), 0);
		CHECK((rt = rtalloc1(f.k, (void *)&self)) != NULL);
		CHECK_EQ(rt->rt_flags, RTF_UP | RTF_HOST | RTF_LOCAL);
		CHECK_EQ(rt->rt_rmx.rmx_mtu, 33624);
		CHECK_EQ(rt->rt_gateway->sa_len, 8 + 3);
		CHECK_EQ(rtinit(&ta->ifa, RTM_DELETE, RTF_HOST), 0);
		CHECK_EQ(NS(f.k)->ns_route->rs_count, 0);
		ifa_remove(if_loop(f.k), &ta->ifa);
		net_unlock(f.k);
	}
	down(&f);
}

/* --- what packets tell --- */

TEST(redirects_come_from_the_gateway_only)
{
	struct fixture f;
	struct sockaddr_in dst = sin_of(0x0a070001), net = sin_of(0x0a070000),
			   mask = sin_of(0xffff0000), gw = sin_of(0x0a000002),
			   better = sin_of(0x0a000003),
			   far = sin_of(0x01020304), self = sin_of(0x0a000001);
	struct route_state *rs;
	struct rtentry *rt;

	toy_up(&f);
	rs = NS(f.k)->ns_route;
	net_wrlock(f.k);
	toy_addaddr(&toy_make(f.k, 0)->ifn, 0x0a000001, 0xffffff00);
	CHECK_EQ(rtrequest_sa(f.k, RTM_ADD, (void *)&net, (void *)&gw,
		     (void *)&mask, RTF_GATEWAY, NULL, NULL),
	    0);
	/* From somebody else; to somebody far; to ourselves. */
	rtredirect(f.k, (void *)&dst, (void *)&better, NULL,
	    RTF_GATEWAY | RTF_HOST, (void *)&better);
	rtredirect(f.k, (void *)&dst, (void *)&far, NULL,
	    RTF_GATEWAY | RTF_HOST, (void *)&gw);
	rtredirect(f.k, (void *)&dst, (void *)&self, NULL,
	    RTF_GATEWAY | RTF_HOST, (void *)&gw);
	CHECK_EQ(rs->rs_stat[0], 3);
	CHECK_EQ(rs->rs_count, 1);
	rtredirect(f.k, (void *)&dst, (void *)&better, NULL,
	    RTF_GATEWAY | RTF_HOST, (void *)&gw);
	CHECK_EQ(rs->rs_stat[1], 1);
	CHECK((rt = rtalloc1(f.k, (void *)&dst)) != NULL);
	CHECK_EQ(rt->rt_flags, RTF_UP | RTF_HOST | RTF_GATEWAY | RTF_DYNAMIC);
	CHECK(sockaddr_same(rt->rt_gateway, (void *)&better));
	/* Back again: the same entry changes. */
	rtredirect(f.k, (void *)&dst, (void *)&gw, NULL, RTF_GATEWAY | RTF_HOST,
	    (void *)&better);
	CHECK_EQ(rs->rs_stat[2], 1);
	CHECK(sockaddr_same(rt->rt_gateway, (void *)&gw));
	CHECK((rt->rt_flags & RTF_MODIFIED) != 0);
	net_unlock(f.k);
	down(&f);
}

TEST(path_mtu_is_kept_for_a_while)
{
	struct fixture f;
	struct sockaddr_in dst = sin_of(0x0a070001), net = sin_of(0x0a070000),
			   mask = sin_of(0xffff0000), gw = sin_of(0x0a000002);
	struct rtentry *rt;
	bool gone = false;

	toy_up(&f);
	net_wrlock(f.k);
	toy_addaddr(&toy_make(f.k, 0)->ifn, 0x0a000001, 0xffffff00);
	CHECK_EQ(rtrequest_sa(f.k, RTM_ADD, (void *)&net, (void *)&gw,
		     (void *)&mask, RTF_GATEWAY, NULL, NULL),
	    0);
	rt_setmtu(f.k, (void *)&dst, 1200, 1, -1);
	CHECK((rt = rtalloc1(f.k, (void *)&dst)) != NULL);
	CHECK_EQ(rt->rt_rmx.rmx_mtu, 1200);
	CHECK_EQ(rt->rt_flags, RTF_UP | RTF_HOST | RTF_GATEWAY | RTF_DYNAMIC);
	rt_setmtu(f.k, (void *)&dst, 1300, 1, -1);
	CHECK_EQ(rt->rt_rmx.rmx_mtu, 1200);
	net_unlock(f.k);
	for (int i = 0; i < 1000 && !gone; i++) {
		host_sleep_ns(10 * MS);
		net_rdlock(f.k);
		rt = rtalloc1(f.k, (void *)&dst);
		gone = rt->rt_rmx.rmx_mtu == 0;
		net_unlock(f.k);
	}
	CHECK(gone);
	CHECK_EQ(NS(f.k)->ns_route->rs_count, 1);
	down(&f);
}

int
main(void)
{
	seed = getenv("SEED") != NULL ? strtoull(getenv("SEED"), NULL, 0) : 1;
	RUN(trie_does_what_a_list_does);
	RUN(masks_with_gaps_are_refused);
	RUN(gateway_must_be_reachable);
	RUN(address_brings_its_routes);
	RUN(loopback_address_is_one_local_host);
	RUN(redirects_come_from_the_gateway_only);
	RUN(path_mtu_is_kept_for_a_while);
	return check_done();
}
