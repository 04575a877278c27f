/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control blocks of sockets of both families, and the tables that packets find
 * them by.
 *
 * 1. A block is on its table's list (it_all) from in_pcballoc to in_pcbfree. Its
 *    key, when it has a local port, is in it_porthash, and in it_connhash when it
 *    has a foreign port, else in it_bindhash. Keys that stand alone are in
 *    it_porthash and it_connhash only.
 * 2. What it is found by (addresses, ports, state, zone) changes with so_lock and
 *    it_lock held for writing, so that either is enough to read it.
 * 3. Addresses are kept without zone; a link-local one's is inp_zone.
 * 4. A socket that is in a table has a reference: so_get under it_lock is safe.
 *    so_lock comes before it_lock.
 */
#include <netbsd/errno.h>
#include <netbsd/netstats.h>
#include "netinet/in_pcb.h"
#include "netinet6/inet6.h"

void
in_any_set4(struct in_any *a, uint32_t addr)
{
	a->a64[0] = 0;
	a->a32[2] = 0xffff0000u;
	a->a32[3] = addr;
}

static void
set_any(struct in_any *a, int family)
{
	if (family == AF_INET)
		in_any_set4(a, INADDR_ANY);
	else
		memset(a, 0, sizeof(*a));
}

/* --- hashing --- */

static uint64_t
mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static unsigned
conn_hash(const struct inpcbtable *t, const struct in_any *faddr,
    uint16_t fport, const struct in_any *laddr, uint16_t lport)
{
	uint64_t h = t->it_secret[0] | (uint64_t)t->it_secret[1] << 32;

	h = mix(h, faddr->a64[0]);
	h = mix(h, faddr->a64[1]);
	h = mix(h, laddr->a64[1] ^ laddr->a64[0]);
	h = mix(
	    h, (uint64_t)fport << 16 | lport | (uint64_t)t->it_secret[2] << 32);
	return (unsigned)(h ^ h >> 32) & (t->it_hashsize - 1);
}

static unsigned
port_hash(const struct inpcbtable *t, uint16_t lport)
{
	uint32_t h = lport * 0x9e3779b1u;

	return (h ^ h >> 16) & (t->it_hashsize - 1);
}

static void
hash_insert(struct inpcb_key **head, struct inpcb_key *ik)
{
	ik->ik_hashnext = *head;
	if (*head != NULL)
		(*head)->ik_hashprev = &ik->ik_hashnext;
	ik->ik_hashprev = head;
	*head = ik;
}

static void
port_insert(struct inpcb_key **head, struct inpcb_key *ik)
{
	ik->ik_portnext = *head;
	if (*head != NULL)
		(*head)->ik_portprev = &ik->ik_portnext;
	ik->ik_portprev = head;
	*head = ik;
}

static void
hash_remove(struct inpcb_key *ik)
{
	if (ik->ik_hashprev == NULL)
		return;
	*ik->ik_hashprev = ik->ik_hashnext;
	if (ik->ik_hashnext != NULL)
		ik->ik_hashnext->ik_hashprev = ik->ik_hashprev;
	ik->ik_hashprev = NULL;
	*ik->ik_portprev = ik->ik_portnext;
	if (ik->ik_portnext != NULL)
		ik->ik_portnext->ik_portprev = ik->ik_portprev;
	ik->ik_portprev = NULL;
}

/* it_lock held. By what it has now. */
static void
rehash(struct inpcbtable *t, struct inpcb_key *ik)
{
	hash_remove(ik);
	if (ik->ik_lport == 0)
		return;
	if (ik->ik_fport != 0)
		hash_insert(&t->it_connhash[conn_hash(t, &ik->ik_faddr,
				ik->ik_fport, &ik->ik_laddr, ik->ik_lport)],
		    ik);
	else
		hash_insert(&t->it_bindhash[port_hash(t, ik->ik_lport)], ik);
	port_insert(&t->it_porthash[port_hash(t, ik->ik_lport)], ik);
}

void
in_pcbrehash(struct inpcb *inp)
{
	krwlock_wrlock(&inp->inp_table->it_lock);
	rehash(inp->inp_table, &inp->inp_key);
	krwlock_unlock(&inp->inp_table->it_lock);
}

static void
free_hashes(struct rump_kernel *k, struct inpcb_key **h[3], unsigned size)
{
	for (int i = 0; i < 3; i++)
		if (h[i] != NULL)
			kmem_free(k, h[i], size * sizeof(*h[i]));
}

static int
alloc_hashes(struct rump_kernel *k, struct inpcb_key **h[3], unsigned size)
{
	for (int i = 0; i < 3; i++)
		h[i] = NULL;
	for (int i = 0; i < 3; i++)
		if ((h[i] = kmem_calloc(k, size, sizeof(*h[i]))) == NULL) {
			free_hashes(k, h, size);
			return -ENOMEM;
		}
	return 0;
}

/* it_lock held. Twice as many buckets; without memory the chains get longer. */
static void
grow(struct inpcbtable *t)
{
	struct inpcb_key **old[3] = { t->it_connhash, t->it_bindhash,
		t->it_porthash },
			 **new[3], *ik;
	unsigned size = t->it_hashsize;

	if (t->it_count + t->it_nalone < size * 2 || size >= 1u << 20 ||
	    alloc_hashes(t->it_k, new, size * 2) != 0)
		return;
	t->it_connhash = new[0];
	t->it_bindhash = new[1];
	t->it_porthash = new[2];
	t->it_hashsize = size * 2;
	/* Every one that has a port is in one of those. */
	for (unsigned i = 0; i < size; i++)
		while ((ik = old[2][i]) != NULL)
			rehash(t, ik);
	free_hashes(t->it_k, old, size);
}

int
inpcbtable_create(
    struct rump_kernel *k, unsigned hashsize, struct inpcbtable **tp)
{
	struct inpcbtable *t = kmem_zalloc(k, sizeof(*t));
	struct inpcb_key **h[3];

	*tp = NULL;
	if (t == NULL)
		return -ENOMEM;
	while ((hashsize & (hashsize - 1)) != 0 || hashsize < 16)
		hashsize = hashsize < 16 ? 16 : hashsize + 1;
	if (alloc_hashes(k, h, hashsize) != 0) {
		kmem_free(k, t, sizeof(*t));
		return -ENOMEM;
	}
	t->it_k = k;
	t->it_hashsize = hashsize;
	t->it_connhash = h[0];
	t->it_bindhash = h[1];
	t->it_porthash = h[2];
	kern_random(k, t->it_secret, sizeof(t->it_secret));
	if (INET(k) != NULL) {
		t->it_next = INET(k)->is_tables;
		INET(k)->is_tables = t;
	}
	*tp = t;
	return 0;
}

void
inpcbtable_destroy(struct inpcbtable *t)
{
	struct inpcb_key **h[3];
	struct inpcbtable **p;

	if (t == NULL)
		return;
	h[0] = t->it_connhash;
	h[1] = t->it_bindhash;
	h[2] = t->it_porthash;
	if (INET(t->it_k) != NULL)
		for (p = &INET(t->it_k)->is_tables; *p != NULL;
		     p = &(*p)->it_next)
			if (*p == t) {
				*p = t->it_next;
				break;
			}
	free_hashes(t->it_k, h, t->it_hashsize);
	kmem_free(t->it_k, t, sizeof(*t));
}

/* --- blocks --- */

int
in_pcballoc(struct socket *so, struct inpcbtable *t)
{
	struct rump_kernel *k = so->so_k;
	struct inpcb *inp = kmem_zalloc(k, sizeof(*inp));

	if (inp == NULL)
		return -ENOBUFS;
	inp->inp_table = t;
	inp->inp_socket = so;
	inp->inp_af = so->so_proto->pr_domain->dom_family;
	inp->inp_ttl = (uint8_t)INET(k)->ip_ttl;
	inp->inp_hops6 = -1;
	inp->inp_cksum6 = -1;
	inp->inp_errormtu = -1;
	inp->inp_portalgo = PORTALGO_DEFAULT;
	inp->inp_v6only = inp->inp_af == AF_INET6 &&
	    (INET6(k) == NULL || INET6(k)->ip6_v6only != 0);
	set_any(&inp->inp_laddr, inp->inp_af);
	set_any(&inp->inp_faddr, inp->inp_af);
	so->so_pcb = inp;
	krwlock_wrlock(&t->it_lock);
	grow(t);
	inp->inp_allnext = t->it_all;
	if (t->it_all != NULL)
		t->it_all->inp_allprev = &inp->inp_allnext;
	inp->inp_allprev = &t->it_all;
	t->it_all = inp;
	t->it_count++;
	krwlock_unlock(&t->it_lock);
	return 0;
}

void
in_pcbfree(struct inpcb *inp)
{
	struct inpcbtable *t = inp->inp_table;
	struct rump_kernel *k = t->it_k;

	krwlock_wrlock(&t->it_lock);
	hash_remove(&inp->inp_key);
	*inp->inp_allprev = inp->inp_allnext;
	if (inp->inp_allnext != NULL)
		inp->inp_allnext->inp_allprev = inp->inp_allprev;
	t->it_count--;
	krwlock_unlock(&t->it_lock);
	inp->inp_socket->so_pcb = NULL;
	m_freem(inp->inp_options);
	ip_freemoptions(k, inp->inp_moptions);
	if (inp->inp_outputopts6 != NULL) {
		ip6_clearpktopts(k, inp->inp_outputopts6);
		kmem_free(
		    k, inp->inp_outputopts6, sizeof(*inp->inp_outputopts6));
	}
	if (inp->inp_moptions6 != NULL)
		ip6_freemoptions(k, inp->inp_moptions6);
	if (inp->inp_icmp6filt != NULL)
		kmem_free(k, inp->inp_icmp6filt, sizeof(*inp->inp_icmp6filt));
	kmem_free(k, inp, sizeof(*inp));
}

/* --- names --- */

void
in_any_tosockaddr(const struct in_any *a, uint16_t port, uint32_t zone,
    int family, struct sockaddr *sa)
{
	struct sockaddr_in6 *sin6 = (void *)sa;

	if (family == AF_INET) {
		sockaddr_in_init((void *)sa, in_any_v4(a), port);
		return;
	}
	memset(sin6, 0, sizeof(*sin6));
	sin6->sin6_len = sizeof(*sin6);
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = port;
	memcpy(&sin6->sin6_addr, a, 16);
	sin6->sin6_scope_id = in6_is_linklocal(&sin6->sin6_addr) ||
		in6_is_mc_linklocal(&sin6->sin6_addr) ?
	    zone :
	    0;
}

int
in_setsockaddr(struct inpcb *inp, struct sockaddr *sa)
{
	in_any_tosockaddr(
	    &inp->inp_laddr, inp->inp_lport, inp->inp_zone, inp->inp_af, sa);
	return 0;
}

int
in_setpeeraddr(struct inpcb *inp, struct sockaddr *sa)
{
	in_any_tosockaddr(
	    &inp->inp_faddr, inp->inp_fport, inp->inp_zone, inp->inp_af, sa);
	return 0;
}

/* --- finding --- */

static bool
zone_fits(const struct inpcb_key *ik, uint32_t zone)
{
	return zone == 0 || ik->ik_zone == 0 || ik->ik_zone == zone;
}

/* it_lock held. */
static struct inpcb_key *
find_connection(const struct inpcbtable *t, const struct in_any *faddr,
    uint16_t fport, const struct in_any *laddr, uint16_t lport, uint32_t zone)
{
	struct inpcb_key *ik;

	for (ik = t->it_connhash[conn_hash(t, faddr, fport, laddr, lport)];
	     ik != NULL; ik = ik->ik_hashnext)
		if (ik->ik_fport == fport && ik->ik_lport == lport &&
		    in_any_eq(&ik->ik_faddr, faddr) &&
		    in_any_eq(&ik->ik_laddr, laddr) && zone_fits(ik, zone))
			return ik;
	return NULL;
}

struct socket *
in_pcblookup_connect(struct inpcbtable *t, const struct in_any *faddr,
    uint16_t fport, const struct in_any *laddr, uint16_t lport, uint32_t zone)
{
	struct socket *so = NULL;
	struct inpcb_key *ik;

	krwlock_rdlock(&t->it_lock);
	ik = find_connection(t, faddr, fport, laddr, lport, zone);
	if (ik != NULL && !ik->ik_alone)
		so = so_get(key_inpcb(ik)->inp_socket);
	krwlock_unlock(&t->it_lock);
	return so;
}

struct inpcb_key *
in_pcblookup_alone(struct inpcbtable *t, const struct in_any *faddr,
    uint16_t fport, const struct in_any *laddr, uint16_t lport, uint32_t zone)
{
	struct inpcb_key *ik;

	krwlock_rdlock(&t->it_lock);
	ik = find_connection(t, faddr, fport, laddr, lport, zone);
	krwlock_unlock(&t->it_lock);
	return ik != NULL && ik->ik_alone ? ik : NULL;
}

bool
in_pcbconn_exists(const struct inpcbtable *t, const struct inpcb *inp,
    const struct in_any *faddr, uint16_t fport, const struct in_any *laddr,
    uint16_t lport, uint32_t zone)
{
	const struct inpcb_key *ik = find_connection(
	    t, faddr, fport, laddr, lport, zone);

	return ik != NULL && ik != &inp->inp_key;
}

struct inpcb_key *
in_pcbport_first(const struct inpcbtable *t, uint16_t lport)
{
	return t->it_porthash[port_hash(t, lport)];
}

void
in_pcbkey_insert(struct inpcbtable *t, struct inpcb_key *ik)
{
	krwlock_wrlock(&t->it_lock);
	t->it_nalone++;
	grow(t);
	rehash(t, ik);
	krwlock_unlock(&t->it_lock);
}

void
in_pcbkey_remove(struct inpcbtable *t, struct inpcb_key *ik)
{
	krwlock_wrlock(&t->it_lock);
	hash_remove(ik);
	t->it_nalone--;
	krwlock_unlock(&t->it_lock);
}

struct socket *
in_pcblookup_bind(struct inpcbtable *t, const struct in_any *laddr,
    uint16_t lport, uint32_t zone)
{
	struct inpcb_key *ik, *best = NULL;
	struct socket *so = NULL;
	bool v4 = in_any_isv4(laddr);
	int best_score = -1;

	krwlock_rdlock(&t->it_lock);
	for (ik = t->it_bindhash[port_hash(t, lport)]; ik != NULL;
	     ik = ik->ik_hashnext) {
		int score = 0;

		if (ik->ik_lport != lport || !zone_fits(ik, zone) ||
		    (v4 ? !key_takes4(ik) : ik->ik_af != AF_INET6))
			continue;
		if (in_any_eq(&ik->ik_laddr, laddr))
			score += 2;
		else if (!in_any_unspecified(&ik->ik_laddr))
			continue;
		/* The family's own first. */
		if ((ik->ik_af == AF_INET) == v4)
			score++;
		if (score > best_score) {
			best = ik;
			best_score = score;
		}
	}
	if (best != NULL)
		so = so_get(key_inpcb(best)->inp_socket);
	krwlock_unlock(&t->it_lock);
	return so;
}

/* --- all that match --- */

#define FEW 16

struct found {
	struct socket *few[FEW], **list;
	unsigned n, size;
};

static int
found_add(struct inpcbtable *t, struct found *f, struct inpcb *inp)
{
	if (f->n == f->size) {
		struct socket **list = kmem_calloc(
		    t->it_k, f->size * 2, sizeof(*list));

		if (list == NULL)
			return -ENOMEM;
		memcpy(list, f->list, f->n * sizeof(*list));
		if (f->list != f->few)
			kmem_free(t->it_k, f->list, f->size * sizeof(*list));
		f->list = list;
		f->size *= 2;
	}
	f->list[f->n++] = so_get(inp->inp_socket);
	return 0;
}

static int
gather_all(struct inpcbtable *t, bool (*match)(const struct inpcb *, void *),
    void *arg, struct found *f)
{
	int error = 0;

	krwlock_rdlock(&t->it_lock);
	for (struct inpcb *inp = t->it_all; inp != NULL && error == 0;
	     inp = inp->inp_allnext)
		if (match == NULL || match(inp, arg))
			error = found_add(t, f, inp);
	krwlock_unlock(&t->it_lock);
	return error;
}

static int
gather_port(struct inpcbtable *t, uint16_t lport,
    bool (*match)(const struct inpcb *, void *), void *arg, struct found *f)
{
	int error = 0;

	krwlock_rdlock(&t->it_lock);
	for (struct inpcb_key *ik = in_pcbport_first(t, lport);
	     ik != NULL && error == 0; ik = ik->ik_portnext)
		if (ik->ik_lport == lport && !ik->ik_alone &&
		    match(key_inpcb(ik), arg))
			error = found_add(t, f, key_inpcb(ik));
	krwlock_unlock(&t->it_lock);
	return error;
}

/* Calls fn (NULL: none) for those that were found, and gives them back. */
static int
each_found(struct inpcbtable *t, struct found *f,
    int (*fn)(struct inpcb *, void *), void *arg)
{
	int error = 0;

	for (unsigned i = 0; i < f->n; i++) {
		struct socket *so = f->list[i];

		if (error == 0 && fn != NULL) {
			solock(so);
			if (so->so_pcb != NULL)
				error = fn(so->so_pcb, arg);
			sounlock(so);
		}
		so_put(so);
	}
	if (f->list != f->few)
		kmem_free(t->it_k, f->list, f->size * sizeof(*f->list));
	return error;
}

static bool
of_family(const struct inpcb *inp, void *arg)
{
	return inp->inp_af == *(const int *)arg;
}

int
in_pcbgather(struct inpcbtable *t, int family, struct socket ***list,
    unsigned *n, unsigned *size)
{
	struct found f = { .list = f.few, .size = FEW };
	int error = gather_all(t, of_family, &family, &f);

	if (error == 0 && f.list == f.few) {
		f.list = kmem_calloc(t->it_k, FEW, sizeof(*f.list));
		if (f.list == NULL) {
			f.list = f.few;
			error = -ENOMEM;
		} else
			memcpy(f.list, f.few, sizeof(f.few));
	}
	if (error != 0) {
		(void)each_found(t, &f, NULL, NULL);
		return error;
	}
	*list = f.list;
	*n = f.n;
	*size = f.size;
	return 0;
}

int
in_pcbforeach(struct inpcbtable *t, bool (*match)(const struct inpcb *, void *),
    int (*fn)(struct inpcb *, void *), void *arg)
{
	struct found f = { .list = f.few, .size = FEW };
	int error = gather_all(t, match, arg, &f),
	    e = each_found(t, &f, fn, arg);

	return e != 0 ? e : error;
}

int
in_pcbforeach_port(struct inpcbtable *t, uint16_t lport,
    bool (*match)(const struct inpcb *, void *),
    int (*fn)(struct inpcb *, void *), void *arg)
{
	struct found f = { .list = f.few, .size = FEW };
	int error = gather_port(t, lport, match, arg, &f),
	    e = each_found(t, &f, fn, arg);

	return e != 0 ? e : error;
}

void
in_pcbnotify(struct inpcbtable *t, const struct in_any *faddr, uint16_t fport,
    const struct in_any *laddr, uint16_t lport, int error,
    void (*notify)(struct inpcb *, int error))
{
	struct socket *so;

	/* What quotes no whole name concerns nobody: it may be forged. */
	if (in_any_unspecified(faddr) || fport == 0 || lport == 0)
		return;
	so = in_pcblookup_connect(t, faddr, fport, laddr, lport, 0);
	if (so == NULL)
		return;
	solock(so);
	if (so->so_pcb != NULL)
		notify(so->so_pcb, error);
	sounlock(so);
	so_put(so);
}

static bool
has_members(const struct inpcb *inp, void *arg)
{
	(void)arg;
	return inp->inp_moptions != NULL || inp->inp_route.ro_rt != NULL;
}

/* The groups themselves go with the interface. */
static int
forget_ifp(struct inpcb *inp, void *arg)
{
	const struct ifnet *ifp = arg;
	struct ip_moptions *imo = inp->inp_moptions;

	route_forget(&inp->inp_route);
	if (imo == NULL)
		return 0;
	if (imo->imo_multicast_ifindex == ifp->if_index)
		imo->imo_multicast_ifindex = 0;
	for (unsigned i = 0; i < imo->imo_num;)
		if (imo->imo_member[i].ifindex == ifp->if_index)
			imo->imo_member[i] = imo->imo_member[--imo->imo_num];
		else
			i++;
	return 0;
}

void
in_pcbpurgeif(struct inpcbtable *t, struct ifnet *ifp)
{
	(void)in_pcbforeach(t, has_members, forget_ifp, ifp);
}
