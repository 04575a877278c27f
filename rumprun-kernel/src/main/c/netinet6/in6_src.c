/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of our addresses a packet has (RFC 6724 5), and the table of policies that has a say in it (ip6addrctl(8)). */
#include "netinet6/in6_private.h"

#define MAXPOLICIES 256

struct policy {
	struct policy *next;
	struct in6_addr addr;
	unsigned plen;
	struct in6_addrpolicy shown;
	_Atomic uint64_t use;
};
struct addrsel_state {
	struct policy *as_list; /* W; longest prefix first */
	unsigned as_count;
};

/* --- policies --- */

static const struct policy *
match(struct rump_kernel *k, const struct in6_addr *a)
{
	struct in6_addr bare = *a;
	struct policy *p = INET6(k)->i6_addrsel->as_list;

	in6_clearscope(&bare);
	while (p != NULL && !a6_sameprefix(&bare, &p->addr, p->plen))
		p = p->next;
	if (p != NULL)
		atomic_fetch_add_explicit(&p->use, 1, memory_order_relaxed);
	return p;
}

/* -1: none says anything. */
static int
label_of(struct rump_kernel *k, const struct in6_addr *a)
{
	const struct policy *p = match(k, a);

	return p == NULL ? -1 : p->shown.label;
}

static int
mask_length(const struct in6_addr *mask)
{
	unsigned n = 0;

	while (n < 128 && (A6(mask)[n / 8] & (0x80 >> n % 8)) != 0)
		n++;
	for (unsigned i = n; i < 128; i++)
		if ((A6(mask)[i / 8] & (0x80 >> i % 8)) != 0)
			return -EINVAL;
	return (int)n;
}

static int
policy_add(struct rump_kernel *k, const struct in6_addrpolicy *pol,
    const struct in6_addr *a, unsigned plen)
{
	struct addrsel_state *as = INET6(k)->i6_addrsel;
	struct policy **pp, *p;

	for (p = as->as_list; p != NULL; p = p->next)
		if (p->plen == plen && a6_equal(&p->addr, a))
			return -EEXIST;
	if (as->as_count >= MAXPOLICIES)
		return -ENOSPC;
	p = kmem_zalloc(k, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	p->addr = *a;
	p->plen = plen;
	p->shown = *pol;
	p->shown.addr.sin6_addr = *a;
	for (pp = &as->as_list; *pp != NULL && (*pp)->plen >= plen;)
		pp = &(*pp)->next;
	p->next = *pp;
	*pp = p;
	as->as_count++;
	return 0;
}

int
in6_addrsel_policy(
    struct rump_kernel *k, unsigned long cmd, const struct in6_addrpolicy *pol)
{
	struct addrsel_state *as = INET6(k)->i6_addrsel;
	struct in6_addr a = pol->addr.sin6_addr;
	struct policy **pp, *p;
	int plen = mask_length(&pol->addrmask.sin6_addr);

	if (pol->addr.sin6_family != AF_INET6 || pol->label < 0 ||
	    pol->preced < 0 || plen < 0)
		return -EINVAL;
	a6_prefix(&a, (unsigned)plen);
	if (cmd == SIOCAADDRCTL_POLICY)
		return policy_add(k, pol, &a, (unsigned)plen);
	for (pp = &as->as_list; (p = *pp) != NULL; pp = &p->next)
		if (p->plen == (unsigned)plen && a6_equal(&p->addr, &a)) {
			*pp = p->next;
			as->as_count--;
			kmem_free(k, p, sizeof(*p));
			return 0;
		}
	return -ESRCH;
}

int
in6_addrsel_list(struct rump_kernel *k, struct in6_addrpolicy *out, int max)
{
	int n = 0;

	for (struct policy *p = INET6(k)->i6_addrsel->as_list; p != NULL;
	     p = p->next, n++)
		if (n < max) {
			out[n] = p->shown;
			out[n].use = p->use;
		}
	return n;
}

int
addrsel_boot(struct rump_kernel *k)
{
	INET6(k)->i6_addrsel = kmem_zalloc(k, sizeof(struct addrsel_state));
	return INET6(k)->i6_addrsel == NULL ? -ENOMEM : 0;
}

void
addrsel_fini(struct rump_kernel *k)
{
	struct addrsel_state *as = INET6(k)->i6_addrsel;
	struct policy *p;

	if (as == NULL)
		return;
	while ((p = as->as_list) != NULL) {
		as->as_list = p->next;
		kmem_free(k, p, sizeof(*p));
	}
	kmem_free(k, as, sizeof(*as));
	INET6(k)->i6_addrsel = NULL;
}

/* --- the choice --- */

struct choice {
	struct rump_kernel *k;
	struct in6_addr dst;
	struct ifnet *ifp; /* where it goes out */
	unsigned zone, scope;
	int label;
	bool prefer_temp;
	struct in6_ifaddr *best;
	int best_label, best_len;
};

static int
common_length(const struct in6_addr *a, const struct in6_addr *b)
{
	int n = 0;

	while (n < 128 && ((A6(a)[n / 8] ^ A6(b)[n / 8]) & (0x80 >> n % 8)) == 0)
		n++;
	return n;
}

static bool
candidate(const struct choice *c, const struct in6_ifaddr *ia)
{
	const struct in6_addr *a = &ia->ia_addr.sin6_addr;

	if ((ia->ia6_flags &
		(IN6_IFF_NOTREADY | IN6_IFF_ANYCAST | IN6_IFF_DETACHED)) != 0)
		return false;
	if (a6_multicast(a) || a6_unspecified(a))
		return false;
	if (INET6(c->k)->ip6_use_deprecated == 0 && in6_deprecated(ia))
		return false;
	/* RFC 6724 4: not out of its zone; by groups and link-locals only what the interface has. */
	if (a6_zone(a) != 0 && a6_zone(a) != c->zone)
		return false;
	if ((a6_multicast(&c->dst) || a6_linklocal(&c->dst)) &&
	    a6_zone(&c->dst) != 0 && ia->ia_ifa.ifa_ifp->if_index != c->zone)
		return false;
	return !a6_loopback(a) || (c->ifp->if_flags & IFF_LOOPBACK) != 0;
}

/* Positive: a is the better one, negative: the best so far. */
static int
compare(struct choice *c, const struct in6_ifaddr *ia, int *label, int *len)
{
	const struct in6_ifaddr *best = c->best;
	const struct in6_addr *a = &ia->ia_addr.sin6_addr,
			      *b = &best->ia_addr.sin6_addr;
	unsigned sa = in6_scope(a), sb = in6_scope(b);
	bool da, db, temp;

	*label = label_of(c->k, a);
	*len = common_length(a, &c->dst);
	/* Rule 1 */
	if (a6_equal(a, &c->dst) || a6_equal(b, &c->dst))
		return a6_equal(a, &c->dst) ? 1 : -1;
	/* Rule 2 */
	if (sa != sb)
		return sa < sb ? (sa < c->scope ? -1 : 1) :
				 (sb < c->scope ? 1 : -1);
	/* Rule 3 */
	da = in6_deprecated(ia);
	db = in6_deprecated(best);
	if (da != db)
		return db ? 1 : -1;
	/* Rule 5 */
	da = ia->ia_ifa.ifa_ifp == c->ifp;
	db = best->ia_ifa.ifa_ifp == c->ifp;
	if (da != db)
		return da ? 1 : -1;
	/* Rule 6 */
	da = c->label >= 0 && *label == c->label;
	db = c->label >= 0 && c->best_label == c->label;
	if (da != db)
		return da ? 1 : -1;
	/* Rule 7 */
	temp = (ia->ia6_flags & IN6_IFF_TEMPORARY) != 0;
	if (temp != ((best->ia6_flags & IN6_IFF_TEMPORARY) != 0))
		return temp == c->prefer_temp ? 1 : -1;
	if (ia->ia_ifa.ifa_preference != best->ia_ifa.ifa_preference)
		return ia->ia_ifa.ifa_preference > best->ia_ifa.ifa_preference ?
		    1 :
		    -1;
	/* Rule 8 */
	return *len - c->best_len;
}

static void
choose(struct choice *c)
{
	struct in6_ifaddr *ia;
	int label, len;

	c->scope = in6_scope(&c->dst);
	c->label = label_of(c->k, &c->dst);
	for (ia = INET6(c->k)->i6_ifaddrs; ia != NULL; ia = ia->ia_next) {
		if (!candidate(c, ia))
			continue;
		if (c->best == NULL) {
			label = label_of(c->k, &ia->ia_addr.sin6_addr);
			len = common_length(&ia->ia_addr.sin6_addr, &c->dst);
		} else if (compare(c, ia, &label, &len) <= 0)
			continue;
		c->best = ia;
		c->best_label = label;
		c->best_len = len;
	}
}

/* An address that a packet's options ask for. */
static int
asked_for(struct rump_kernel *k, const struct ip6_pktopts *opt,
    const struct ifnet *ifp, struct in6_addr *src)
{
	struct in6_addr a = opt->ip6po_pktinfo.ipi6_addr;
	struct in6_ifaddr *ia;

	if (a6_zoned(&a))
		(void)in6_setscope(&a, ifp);
	ia = in6_ifaddr_lookup(k, &a);
	if (ia == NULL ||
	    (ia->ia6_flags & (IN6_IFF_ANYCAST | IN6_IFF_NOTREADY)) != 0)
		return -EADDRNOTAVAIL;
	*src = a;
	return 0;
}

int
in6_selectsrc(struct rump_kernel *k, const struct sockaddr_in6 *dst,
    const struct ip6_pktopts *opt, const struct ip6_moptions *im6o,
    struct route *ro, struct ifnet **ifpp, struct in6_addr *src)
{
	struct choice c = { .k = k, .dst = dst->sin6_addr };
	struct ifnet *given = ifpp != NULL ? *ifpp : NULL;
	struct rtentry *rt = NULL;
	int error,
	    prefer = opt != NULL ? opt->ip6po_prefer_tempaddr :
				   IP6PO_TEMPADDR_SYSTEM;

	/* ND knows its interface. */
	c.ifp = given;
	if (given == NULL) {
		error = in6_selectroute(k, dst, opt, im6o, ro, &c.ifp, &rt);
		if (error != 0)
			return error;
	}
	if (ifpp != NULL)
		*ifpp = c.ifp;
	if (opt != NULL && opt->ip6po_havepktinfo &&
	    !a6_unspecified(&opt->ip6po_pktinfo.ipi6_addr))
		return asked_for(k, opt, c.ifp, src);
	c.zone = a6_zone(&c.dst) != 0 ? a6_zone(&c.dst) : c.ifp->if_index;
	/* To ourselves: as from the interface that has the address. */
	if (rt != NULL && (rt->rt_flags & RTF_LOCAL) != 0 && rt->rt_ifa != NULL)
		c.zone = rt->rt_ifa->ifa_ifp->if_index;
	c.prefer_temp = prefer == IP6PO_TEMPADDR_SYSTEM ?
	    INET6(k)->ip6_prefer_tempaddr != 0 :
	    prefer == IP6PO_TEMPADDR_PREFER;
	choose(&c);
	if (c.best == NULL)
		return -EADDRNOTAVAIL;
	*src = c.best->ia_addr.sin6_addr;
	if (c.best->ia_ifa.ifa_ifp == c.ifp)
		stat_inc(INET6(k)->ip6stat,
		    IP6_STAT_SOURCES_SAMEIF + in6_scope(src));
	else
		stat_inc(INET6(k)->ip6stat,
		    IP6_STAT_SOURCES_OTHERIF + in6_scope(src));
	return 0;
}
