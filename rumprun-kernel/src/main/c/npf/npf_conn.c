/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections: who may go on because its beginning was let through.
 *
 * Each has two entries in the table, one for packets in the direction of its first, one for answers (with translated addresses, if they are). A key is
 * addresses, ports, protocol and, unless its rule said stateful-ends, the interface: a router may so track the same connection at two of them.
 * Entries are spread over shards with a lock each, of which at most one is held at a time. An entry holds a reference to its connection; whoever looks one
 * up gets another.
 *
 * Connections end by time alone: a callout walks the shards as long as there are any, and takes out what has not been used for as long as its state
 * may rest. The ends of TCP connections and resets shorten that.
 */
#include "netinet/ip_private.h"
#include "netinet6/inet6.h"
#include "npf/npf.h"

#define GC_NS INT64_C(2000000000)
#define MIN_BUCKETS 16

/* --- keys --- */

bool
npf_conn_key(const struct npf_packet *np, struct npf_connkey *ck)
{
	if ((np->np_info & NPC_LAYER4) == 0 ||
	    (np->np_info & (NPC_TCP | NPC_UDP | NPC_ICMP_ID)) == 0)
		return false;
	memset(ck, 0, sizeof(*ck));
	memcpy(ck->ck_addr, np->np_addr, sizeof(ck->ck_addr));
	ck->ck_port[0] = np->np_port[0];
	ck->ck_port[1] = np->np_port[1];
	ck->ck_proto = np->np_proto;
	ck->ck_alen = np->np_alen;
	ck->ck_ifindex = np->np_ifp->if_index;
	return true;
}

static void
turn(struct npf_connkey *to, const struct npf_connkey *from)
{
	*to = *from;
	memcpy(to->ck_addr[0], from->ck_addr[1], 16);
	memcpy(to->ck_addr[1], from->ck_addr[0], 16);
	to->ck_port[0] = from->ck_port[1];
	to->ck_port[1] = from->ck_port[0];
}

/* Keyed by the kernel, so that nobody outside can make long chains. */
static uint64_t
hash(const struct npf_state *ns, const struct npf_connkey *ck)
{
	uint64_t h = ns->ns_seed, w[sizeof(*ck) / 8];

	_Static_assert(sizeof(*ck) % 8 == 0, "whole words");
	memcpy(w, ck, sizeof(w));
	for (size_t i = 0; i < sizeof(w) / sizeof(w[0]); i++) {
		h = (h ^ w[i]) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return h;
}

/* --- the table --- */

static struct npf_connent **
find(struct npf_connshard *sh, const struct npf_connkey *ck, uint64_t h)
{
	struct npf_connent **p = &sh->sh_buckets[(h >> 8) & (sh->sh_nbuckets - 1)];

	while (*p != NULL && memcmp(&(*p)->e_key, ck, sizeof(*ck)) != 0)
		p = &(*p)->e_next;
	return p;
}

static struct npf_connshard *
shard(struct npf_state *ns, uint64_t h)
{
	return &ns->ns_shards[h % NPF_NSHARDS];
}

static void
grow(struct npf_state *ns, struct npf_connshard *sh)
{
	size_t n = sh->sh_nbuckets * 2;
	struct npf_connent **bigger, *e;

	bigger = kmem_calloc(ns->ns_k, n, sizeof(*bigger));
	if (bigger == NULL) /* chains get longer, then */
		return;
	memset(bigger, 0, n * sizeof(*bigger));
	for (size_t i = 0; i < sh->sh_nbuckets; i++)
		while ((e = sh->sh_buckets[i]) != NULL) {
			size_t at = (hash(ns, &e->e_key) >> 8) & (n - 1);

			sh->sh_buckets[i] = e->e_next;
			e->e_next = bigger[at];
			bigger[at] = e;
		}
	kmem_free(ns->ns_k, sh->sh_buckets, sh->sh_nbuckets * sizeof(*bigger));
	sh->sh_buckets = bigger;
	sh->sh_nbuckets = n;
}

static bool
link_entry(struct npf_state *ns, struct npf_connent *e)
{
	uint64_t h = hash(ns, &e->e_key);
	struct npf_connshard *sh = shard(ns, h);
	struct npf_connent **p;
	bool done = false;

	kmutex_enter(&sh->sh_lock);
	p = find(sh, &e->e_key, h);
	if (*p == NULL) {
		if (sh->sh_count >= sh->sh_nbuckets * 2) {
			grow(ns, sh);
			p = find(sh, &e->e_key, h);
		}
		e->e_next = NULL;
		*p = e;
		e->e_linked = true;
		sh->sh_count++;
		atomic_fetch_add(&e->e_conn->c_refs, 1);
		done = true;
	}
	kmutex_exit(&sh->sh_lock);
	return done;
}

static void
unlink_entry(struct npf_state *ns, struct npf_connent *e)
{
	uint64_t h = hash(ns, &e->e_key);
	struct npf_connshard *sh = shard(ns, h);
	struct npf_connent **p;
	bool was;

	kmutex_enter(&sh->sh_lock);
	if ((was = e->e_linked)) {
		p = find(sh, &e->e_key, h);
		*p = e->e_next;
		e->e_linked = false;
		sh->sh_count--;
	}
	kmutex_exit(&sh->sh_lock);
	if (was)
		npf_conn_put(e->e_conn);
}

static struct npf_conn *
look(struct npf_state *ns, const struct npf_connkey *ck, bool *forw)
{
	uint64_t h = hash(ns, ck);
	struct npf_connshard *sh = shard(ns, h);
	struct npf_conn *c = NULL;
	struct npf_connent *e;

	kmutex_enter(&sh->sh_lock);
	if ((e = *find(sh, ck, h)) != NULL) {
		c = e->e_conn;
		*forw = e == &c->c_ent[0];
		if ((atomic_load(&c->c_flags) & NPF_CONN_EXPIRE) != 0)
			c = NULL;
		else
			atomic_fetch_add(&c->c_refs, 1);
	}
	kmutex_exit(&sh->sh_lock);
	return c;
}

/* Of this interface, or of any. */
static struct npf_conn *
look_both(struct npf_state *ns, struct npf_connkey *ck, bool *forw)
{
	struct npf_conn *c = look(ns, ck, forw);

	if (c == NULL && atomic_load(&ns->ns_anyif) != 0) {
		ck->ck_ifindex = 0;
		c = look(ns, ck, forw);
	}
	return c;
}

struct npf_conn *
npf_conn_lookup(struct npf_state *ns, const struct npf_packet *np, bool *forw)
{
	struct npf_connkey ck;

	if (atomic_load_explicit(&ns->ns_nconns, memory_order_relaxed) == 0 ||
	    !npf_conn_key(np, &ck))
		return NULL;
	return look_both(ns, &ck, forw);
}

static bool
is_error(const struct npf_packet *np)
{
	if ((np->np_info & NPC_ICMP) == 0)
		return false;
	if (np->np_alen == 16)
		return np->np_icmptype < 128 && np->np_icmptype != 0;
	return np->np_icmptype == ICMP_UNREACH ||
	    np->np_icmptype == ICMP_SOURCEQUENCH ||
	    np->np_icmptype == ICMP_TIMXCEED ||
	    np->np_icmptype == ICMP_PARAMPROB;
}

struct npf_conn *
npf_conn_lookup_error(struct npf_state *ns, const struct npf_packet *np,
    struct npf_packet *q, size_t *qoff, bool *forw)
{
	struct npf_connkey ck, back;
	uint8_t quote[256];
	size_t len;
	struct npf_conn *c;

	if (atomic_load_explicit(&ns->ns_nconns, memory_order_relaxed) == 0 ||
	    !is_error(np))
		return NULL;
	*qoff = np->np_hlen + 8;
	len = np->np_len > *qoff ? np->np_len - *qoff : 0;
	if (len > sizeof(quote))
		len = sizeof(quote);
	m_copydata(np->np_m, *qoff, len, quote);
	*q = *np;
	if (!npf_packet_quoted(q, quote, len, np->np_alen) ||
	    !npf_conn_key(q, &ck))
		return NULL;
	/* It goes the other way. */
	turn(&back, &ck);
	c = look_both(ns, &back, forw);
	return c;
}

void
npf_conn_put(struct npf_conn *c)
{
	struct npf_state *ns = c->c_npf;

	if (atomic_fetch_sub(&c->c_refs, 1) != 1)
		return;
	if (c->c_counted)
		npf_count(ns, NPF_STAT_NAT_DESTROY);
	npf_count(ns, NPF_STAT_CONN_DESTROY);
	atomic_fetch_sub(&ns->ns_nconns, 1);
	if (c->c_ent[0].e_key.ck_ifindex == 0)
		atomic_fetch_sub(&ns->ns_anyif, 1);
	npf_policy_put(c->c_policy);
	npf_rproc_put(c->c_rproc);
	kmem_free(ns->ns_k, c, sizeof(*c));
}

/* --- life --- */

struct npf_conn *
npf_conn_make(struct npf_state *ns, const struct npf_connkey *forw,
    const struct npf_connkey *back)
{
	struct npf_conn *c;

	if (atomic_fetch_add(&ns->ns_nconns, 1) >= NPF_MAXCONNS ||
	    (c = kmem_zalloc(ns->ns_k, sizeof(*c))) == NULL) {
		atomic_fetch_sub(&ns->ns_nconns, 1);
		return NULL;
	}
	c->c_npf = ns;
	c->c_refs = 1;
	c->c_ent[0].e_key = *forw;
	if (back != NULL)
		c->c_ent[1].e_key = *back;
	else
		turn(&c->c_ent[1].e_key, forw);
	c->c_ent[0].e_conn = c->c_ent[1].e_conn = c;
	if (forw->ck_ifindex == 0)
		atomic_fetch_add(&ns->ns_anyif, 1);
	npf_count(ns, NPF_STAT_CONN_CREATE);
	c->c_last_ns = kern_uptime_ns(ns->ns_k);
	return c;
}

struct npf_conn *
npf_conn_create(
    struct npf_state *ns, const struct npf_packet *np, bool anyif, bool *nokey)
{
	struct npf_connkey ck;
	struct npf_conn *c;

	if ((*nokey = !npf_conn_key(np, &ck)))
		return NULL;
	if (anyif)
		ck.ck_ifindex = 0;
	if ((c = npf_conn_make(ns, &ck, NULL)) == NULL)
		return NULL;
	npf_track_init(&c->c_track, np);
	c->c_state = c->c_track.tr_state;
	return c;
}

int
npf_conn_insert(struct npf_conn *c)
{
	struct npf_state *ns = c->c_npf;

	/* The answers' first: until they have a key nobody is to see it. Who talks to himself has but one. */
	if (memcmp(&c->c_ent[0].e_key, &c->c_ent[1].e_key,
		sizeof(c->c_ent[0].e_key)) != 0 &&
	    !link_entry(ns, &c->c_ent[1]))
		return 0;
	if (!link_entry(ns, &c->c_ent[0])) {
		unlink_entry(ns, &c->c_ent[1]);
		return -EEXIST;
	}
	if (!atomic_exchange(&ns->ns_gcon, true) &&
	    callout_schedule(&ns->ns_gc, GC_NS) != 0)
		atomic_store(&ns->ns_gcon, false);
	return 1;
}

bool
npf_conn_track(struct npf_conn *c, const struct npf_packet *np, bool forw)
{
	struct npf_state *ns = c->c_npf;
	unsigned wrong = 0;

	kmutex_enter(&c->c_lock);
	if ((np->np_info & NPC_TCP) != 0)
		wrong = npf_track_tcp(&c->c_track, np, forw);
	else if (!forw)
		c->c_track.tr_state = NPF_CS_ESTABLISHED;
	atomic_store_explicit(
	    &c->c_state, c->c_track.tr_state, memory_order_relaxed);
	kmutex_exit(&c->c_lock);
	if (wrong != 0) {
		npf_count(ns, NPF_STAT_INVALID_STATE);
		npf_count(ns, wrong);
		return false;
	}
	atomic_store_explicit(
	    &c->c_last_ns, kern_uptime_ns(ns->ns_k), memory_order_relaxed);
	return true;
}

static void
take_off(struct npf_conn *c)
{
	struct npf_state *ns = c->c_npf;

	atomic_fetch_or(&c->c_flags, NPF_CONN_EXPIRE);
	unlink_entry(ns, &c->c_ent[0]);
	unlink_entry(ns, &c->c_ent[1]);
}

void
npf_conn_expire(struct npf_conn *c)
{
	take_off(c);
}

/* Up to 32 of a shard that `which` chooses come off; true: there may be more. */
static bool
sweep(struct npf_connshard *sh,
    bool (*which)(const struct npf_conn *, int64_t now), int64_t now)
{
	struct npf_conn *found[32];
	size_t n = 0;

	kmutex_enter(&sh->sh_lock);
	for (size_t i = 0; i < sh->sh_nbuckets && n < 32; i++)
		for (struct npf_connent *e = sh->sh_buckets[i];
		     e != NULL && n < 32; e = e->e_next)
			if (e == &e->e_conn->c_ent[0] && which(e->e_conn, now)) {
				found[n++] = e->e_conn;
				atomic_fetch_add(&e->e_conn->c_refs, 1);
			}
	kmutex_exit(&sh->sh_lock);
	for (size_t i = 0; i < n; i++) {
		take_off(found[i]);
		npf_conn_put(found[i]);
	}
	return n == 32;
}

static bool
is_old(const struct npf_conn *c, int64_t now)
{
	return (atomic_load(&c->c_flags) & NPF_CONN_EXPIRE) != 0 ||
	    now - atomic_load_explicit(&c->c_last_ns, memory_order_relaxed) >
	    npf_track_timeout_ns(c->c_state);
}

static bool
is_any(const struct npf_conn *c, int64_t now)
{
	(void)c, (void)now;
	return true;
}

static bool
is_orphan(const struct npf_conn *c, int64_t now)
{
	(void)now;
	return c->c_policy != NULL && atomic_load(&c->c_policy->po_gone);
}

static bool
is_there(const struct npf_conn *c, int64_t ifindex)
{
	return c->c_ent[0].e_key.ck_ifindex == ifindex;
}

void
npf_conn_ifdetach(struct npf_state *ns, uint32_t ifindex)
{
	for (int i = 0; i < NPF_NSHARDS; i++)
		while (sweep(&ns->ns_shards[i], is_there, ifindex))
			continue;
}

static void
collect(void *arg)
{
	struct npf_state *ns = arg;
	int64_t now = kern_uptime_ns(ns->ns_k);

	for (int i = 0; i < NPF_NSHARDS; i++)
		while (sweep(&ns->ns_shards[i], is_old, now))
			continue;
	atomic_store(&ns->ns_gcon, false);
	if (atomic_load(&ns->ns_nconns) != 0 && !atomic_load(&ns->ns_stopping) &&
	    !atomic_exchange(&ns->ns_gcon, true) &&
	    callout_schedule(&ns->ns_gc, GC_NS) != 0)
		atomic_store(&ns->ns_gcon, false);
}

void
npf_conn_flush(struct npf_state *ns, bool all)
{
	for (int i = 0; i < NPF_NSHARDS; i++)
		while (sweep(&ns->ns_shards[i], all ? is_any : is_orphan, 0))
			continue;
}

int
npf_conn_boot(struct npf_state *ns)
{
	callout_init(&ns->ns_gc, ns->ns_k, collect, ns);
	kern_random(ns->ns_k, &ns->ns_seed, sizeof(ns->ns_seed));
	for (int i = 0; i < NPF_NSHARDS; i++) {
		struct npf_connshard *sh = &ns->ns_shards[i];

		sh->sh_buckets = kmem_zalloc(
		    ns->ns_k, MIN_BUCKETS * sizeof(*sh->sh_buckets));
		if (sh->sh_buckets == NULL)
			return -ENOMEM;
		sh->sh_nbuckets = MIN_BUCKETS;
	}
	return 0;
}

void
npf_conn_fini(struct npf_state *ns)
{
	atomic_store(&ns->ns_stopping, true);
	callout_halt(&ns->ns_gc);
	/* Of a connection's entries each may be in another shard. */
	npf_conn_flush(ns, true);
	for (int i = 0; i < NPF_NSHARDS; i++) {
		struct npf_connshard *sh = &ns->ns_shards[i];

		if (sh->sh_buckets != NULL)
			kmem_free(ns->ns_k, sh->sh_buckets,
			    sh->sh_nbuckets * sizeof(*sh->sh_buckets));
	}
}
