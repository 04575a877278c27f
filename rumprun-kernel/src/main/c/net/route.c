/* SPDX-License-Identifier: BSD-2-Clause */
/* The routing table: a path-compressed binary trie of each family. Contracts: net/route_var.h; changes by calls and packets: net/route_change.c. */
#include <netbsd/in6.h>
#include "net/protosw.h"
#include "net/route_private.h"

/* --- keys --- */

static unsigned
af_bits(int af)
{
	return af == AF_INET ? 32 : 128;
}

static struct rtnode **
root_of(struct rump_kernel *k, int af)
{
	struct route_state *rs = NS(k)->ns_route;

	if (rs == NULL || (af != AF_INET && af != AF_INET6))
		return NULL;
	return &rs->rs_root[af == AF_INET6];
}

bool
rt_family(struct rump_kernel *k, int af)
{
	return root_of(k, af) != NULL &&
	    (NS(k)->ns_domains[af] != NULL ||
		(af == AF_INET ? NS(k)->ns_inet != NULL :
				 NS(k)->ns_inet6 != NULL));
}

static void
key_of(const struct sockaddr *sa, uint64_t key[3])
{
	const uint8_t *p = (const uint8_t *)sa;

	key[1] = key[2] = 0;
	if (sa->sa_family == AF_INET) {
		key[0] = (uint64_t)be32_get(p + 4) << 32;
	} else {
		key[0] = be64_get(p + 8);
		key[1] = be64_get(p + 16);
	}
}

static inline unsigned
bit(const uint64_t key[3], unsigned n)
{
	return (unsigned)(key[n / 64] >> (63 - n % 64)) & 1;
}

static void
mask_key(uint64_t key[3], unsigned plen)
{
	for (unsigned i = 0; i<3; i++, plen = plen> 64 ? plen - 64 : 0)
		if (plen < 64)
			key[i] &= plen == 0 ? 0 : ~(uint64_t)0 << (64 - plen);
}

/* The first bit in which they differ, or max. */
static inline unsigned
first_diff(const uint64_t a[3], const uint64_t b[3], unsigned max)
{
	unsigned d = 192;

	for (unsigned i = 0; i < 3 && i * 64 < max; i++)
		if (a[i] != b[i]) {
			d = i * 64 + (unsigned)__builtin_clzll(a[i] ^ b[i]);
			break;
		}
	return d < max ? d : max;
}

int
rt_masklen(int af, const struct sockaddr *mask)
{
	const uint8_t *p = (const uint8_t *)mask;
	unsigned off = af == AF_INET ? 4 : 8, n = af_bits(af) / 8, i, bits = 0;

	if (n + off > mask->sa_len)
		n = mask->sa_len > off ? mask->sa_len - off : 0;
	for (i = 0; i < n && p[off + i] == 0xff; i++)
		bits += 8;
	if (i < n) {
		unsigned ones = (unsigned)__builtin_clz(
		    ~((uint32_t)p[off + i] << 24));

		if ((uint8_t)(p[off + i] << ones) != 0)
			return -1;
		bits += ones;
		for (i++; i < n; i++)
			if (p[off + i] != 0)
				return -1;
	}
	return (int)bits;
}

/* Key and length of an entry for a destination and mask (NULL: a host). -EINVAL: the mask has gaps. */
static int
key_and_len(const struct sockaddr *dst, const struct sockaddr *mask,
    uint64_t key[3], unsigned *plen)
{
	int bits = (int)af_bits(dst->sa_family) + 1;

	if (mask != NULL && (bits = rt_masklen(dst->sa_family, mask)) < 0)
		return -EINVAL;
	key_of(dst, key);
	mask_key(key, (unsigned)bits);
	*plen = (unsigned)bits;
	return 0;
}

/* --- looking --- */

struct rtentry *
rtalloc1(struct rump_kernel *k, const struct sockaddr *dst)
{
	struct rtnode **root = root_of(k, dst->sa_family), *n;
	struct rtentry *best = NULL;
	uint64_t key[3];

	if (root == NULL)
		return NULL;
	key_of(dst, key);
	for (n = *root;
	     n != NULL && first_diff(n->rn_key, key, n->rn_plen) == n->rn_plen;
	     n = n->rn_child[bit(key, n->rn_plen)])
		if (n->rn_rt != NULL && (n->rn_rt->rt_flags & RTF_UP) != 0)
			best = n->rn_rt;
	return best;
}

struct rtentry *
rt_find(struct rump_kernel *k, const struct sockaddr *dst,
    const struct sockaddr *mask)
{
	struct rtnode **root = root_of(k, dst->sa_family), *n;
	uint64_t key[3];
	unsigned plen;

	if (root == NULL || key_and_len(dst, mask, key, &plen) != 0)
		return NULL;
	for (n = *root; n != NULL && n->rn_plen < plen &&
	     first_diff(n->rn_key, key, n->rn_plen) == n->rn_plen;
	     n = n->rn_child[bit(key, n->rn_plen)])
		continue;
	return n != NULL && n->rn_plen == plen &&
		first_diff(n->rn_key, key, plen) == plen ?
	    n->rn_rt :
	    NULL;
}

/* Somebody wants to send to where no route leads: who listens may add one. */
static void
missed(struct rump_kernel *k, const struct sockaddr *dst)
{
	struct rt_addrinfo info = { .rti_flags = 0 };

	stat_inc(NS(k)->ns_route->rs_stat, 3); /* rts_unreach */
	info.rti_info[RTAX_DST] = dst;
	rt_missmsg(k, RTM_MISS, &info, 0, ESRCH);
}

struct rtentry *
route_lookup(struct rump_kernel *k, struct route *ro, const struct sockaddr *dst)
{
	struct route_state *rs = NS(k)->ns_route;
	uint32_t gen;

	if (rs == NULL)
		return NULL;
	gen = atomic_load_explicit(&rs->rs_gen, memory_order_relaxed);
	if (ro->ro_rt != NULL && ro->ro_gen == gen &&
	    sockaddr_same(&ro->ro_dst.sa, dst))
		return ro->ro_rt;
	if ((ro->ro_rt = rtalloc1(k, dst)) == NULL) {
		missed(k, dst);
		return NULL;
	}
	memcpy(&ro->ro_dst, dst, dst->sa_family == AF_INET ? 16 : 28);
	ro->ro_gen = gen;
	return ro->ro_rt;
}

/* The deepest node with the same key as n, on the left. */
static struct rtnode *
leftmost(struct rtnode *n)
{
	struct rtnode *c;

	while ((c = n->rn_child[0]) != NULL &&
	    memcmp(c->rn_key, n->rn_key, sizeof(n->rn_key)) == 0)
		n = c;
	return n;
}

/*
 * In the order of keys; of one key the longest mask first. So the nodes of one key, which stand in a row to the left, come from the deepest up,
 * and then what hangs at them, again from the deepest up.
 */
static int
walk(struct rtnode *top, int (*fn)(struct rtentry *, void *), void *arg)
{
	struct rtnode *deepest = leftmost(top), *n, *below;
	int error;

	for (n = deepest;; n = n->rn_up) {
		if (n->rn_rt != NULL && (error = fn(n->rn_rt, arg)) != 0)
			return error;
		if (n == top)
			break;
	}
	for (n = deepest, below = NULL;; below = n, n = n->rn_up) {
		for (int i = 0; i < 2; i++)
			if (n->rn_child[i] != NULL && n->rn_child[i] != below &&
			    (error = walk(n->rn_child[i], fn, arg)) != 0)
				return error;
		if (n == top)
			break;
	}
	return 0;
}

int
rt_walktree(struct rump_kernel *k, int af, int (*fn)(struct rtentry *, void *),
    void *arg)
{
	struct rtnode **root = root_of(k, af);

	return root == NULL || *root == NULL ? 0 : walk(*root, fn, arg);
}

/* --- changing --- */

/* Where n hangs. */
static struct rtnode **
link_of(struct rtnode **root, struct rtnode *n)
{
	if (n->rn_up == NULL)
		return root;
	return &n->rn_up->rn_child[n->rn_up->rn_child[1] == n];
}

static void
hang(struct rtnode *up, struct rtnode *n)
{
	up->rn_child[bit(n->rn_key, up->rn_plen)] = n;
	n->rn_up = up;
}

/* Puts a new node in above n, which shares its first d bits; glue is needed if both go on. */
static void
put_above(struct rtnode **root, struct rtnode *n, struct rtnode *new,
    struct rtnode *glue, unsigned d)
{
	struct rtnode **link = link_of(root, n), *top = new;

	if (d < new->rn_plen) {
		memcpy(glue->rn_key, new->rn_key, sizeof(glue->rn_key));
		mask_key(glue->rn_key, d);
		glue->rn_plen = d;
		top = glue;
	}
	top->rn_up = n->rn_up;
	*link = top;
	hang(top, n);
	if (top != new)
		hang(top, new);
}

int
rt_insert(struct rump_kernel *k, struct rtentry *rt)
{
	struct rtnode **root = root_of(k, rt->rt_af), *n, *up = NULL;
	struct rtnode *new = kmem_zalloc(k, sizeof(*new));
	struct rtnode *glue = kmem_zalloc(k, sizeof(*glue));
	unsigned d = 0;

	if (new == NULL || glue == NULL)
		goto nomem;
	key_of(rt->rt_key, new->rn_key);
	new->rn_plen = rt->rt_plen;
	new->rn_rt = rt;
	for (n = *root; n != NULL;
	     up = n, n = n->rn_child[bit(new->rn_key, n->rn_plen)]) {
		d = first_diff(n->rn_key, new->rn_key,
		    n->rn_plen < new->rn_plen ? n->rn_plen : new->rn_plen);
		if (d < n->rn_plen || n->rn_plen == new->rn_plen)
			break;
	}
	if (n == NULL) {
		if (up != NULL)
			hang(up, new);
		else
			*root = new;
	} else if (d == n->rn_plen) {
		/* One that held two others together. */
		kmem_free(k, new, sizeof(*new));
		new = n;
		n->rn_rt = rt;
	} else {
		bool used = d < new->rn_plen;

		put_above(root, n, new, glue, d);
		if (used)
			glue = NULL;
	}
	rt->rt_node = new;
	kmem_free(k, glue, sizeof(*glue));
	return 0;
nomem:
	kmem_free(k, new, sizeof(*new));
	kmem_free(k, glue, sizeof(*glue));
	return -ENOBUFS;
}

void
rt_unlink(struct rump_kernel *k, struct rtentry *rt)
{
	struct rtnode **root = root_of(k, rt->rt_af), *n = rt->rt_node, *up;

	n->rn_rt = NULL;
	rt->rt_node = NULL;
	while (n != NULL && n->rn_rt == NULL &&
	    (n->rn_child[0] == NULL || n->rn_child[1] == NULL)) {
		struct rtnode *child = n->rn_child[n->rn_child[0] == NULL];

		up = n->rn_up;
		*link_of(root, n) = child;
		if (child != NULL)
			child->rn_up = up;
		kmem_free(k, n, sizeof(*n));
		if (child != NULL)
			break;
		n = up;
	}
}

int
rt_key_set(
    struct rtentry *rt, const struct sockaddr *dst, const struct sockaddr *mask)
{
	int af = dst->sa_family;
	unsigned off = af == AF_INET ? 4 : 8, len = af == AF_INET ? 16 : 28;
	uint64_t key[3];
	unsigned plen;
	int error = key_and_len(dst, mask, key, &plen);

	if (error != 0)
		return error;
	rt->rt_af = (uint8_t)af;
	rt->rt_plen = (uint16_t)plen;
	rt->rt_key = (struct sockaddr *)rt->rt_keyspace;
	rt->rt_key->sa_len = (uint8_t)len;
	rt->rt_key->sa_family = (uint8_t)af;
	if (af == AF_INET)
		be32_put(rt->rt_keyspace + off, (uint32_t)(key[0] >> 32));
	else {
		be64_put(rt->rt_keyspace + off, key[0]);
		be64_put(rt->rt_keyspace + off + 8, key[1]);
	}
	if (mask == NULL)
		return 0;
	/* As long as it has ones; nothing of it for the default route. */
	rt->rt_mask = (struct sockaddr *)rt->rt_maskspace;
	if (plen == 0)
		return 0;
	rt->rt_mask->sa_len = (uint8_t)(off + (plen + 7) / 8);
	rt->rt_mask->sa_family = (uint8_t)af;
	for (unsigned i = 0; i < plen; i++)
		rt->rt_maskspace[off + i / 8] |= (uint8_t)(0x80 >> i % 8);
	return 0;
}

int
rt_rejects(const struct rtentry *rt)
{
	if (rt == NULL || (rt->rt_flags & RTF_REJECT) == 0)
		return 0;
	if ((rt->rt_ifp->if_flags & IFF_LOOPBACK) != 0)
		return (rt->rt_flags & RTF_HOST) != 0 ? -EHOSTUNREACH :
							-ENETUNREACH;
	return (rt->rt_flags & RTF_GATEWAY) != 0 ? -EHOSTUNREACH : -EHOSTDOWN;
}

void
rt_put(struct rtentry *rt)
{
	struct rump_kernel *k = rt->rt_k;

	if (atomic_fetch_sub(&rt->rt_refs, 1) != 1)
		return;
	if (rt->rt_ifa != NULL)
		ifa_put(rt->rt_ifa);
	if (rt->rt_gateway != NULL)
		kmem_free(k, rt->rt_gateway, RT_SPACE(rt->rt_gateway));
	if (rt->rt_tag != NULL)
		kmem_free(k, rt->rt_tag, RT_SPACE(rt->rt_tag));
	kmem_free(k, rt, sizeof(*rt));
}

void
rt_setllops(struct rump_kernel *k, int af, const struct rt_llops *ops)
{
	if (NS(k)->ns_route != NULL)
		NS(k)->ns_route->rs_llops[af] = ops;
}
