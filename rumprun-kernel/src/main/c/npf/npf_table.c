/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of addresses that rules ask (npf.conf(5)): hash (whole addresses), tree (prefixes; the longest counts), cdb (made once, not changed).
 *
 * All are one hash of prefixes, with a count of how many there are of each length: a look-up asks for the lengths in use, longest first.
 */
#include <stdlib.h>
#include "npf/npf.h"

#define MIN_BUCKETS 16
#define MAX_ENTRIES (1u << 22)

struct entry {
	struct entry *e_next;
	uint8_t e_addr[16], e_alen, e_mask;
};
struct npf_table {
	struct rump_kernel *t_k;
	char t_name[NPF_TABLE_MAXNAMELEN];
	uint64_t t_id;
	int t_type;
	bool t_filled; /* its configuration says what is in it */
	struct entry **t_buckets;
	size_t t_nbuckets, t_count;
	uint32_t t_lengths[2][129]; /* prefixes, by family and length */
};

static uint32_t
hash(const uint8_t *addr, unsigned alen, unsigned mask)
{
	uint32_t h = 2166136261u ^ mask * 0x9e3779b1u;

	for (unsigned i = 0; i < alen; i += 4) {
		h = (h ^ be32_get(addr + i)) * 0x85ebca6bu;
		h ^= h >> 15;
	}
	return h;
}

/* The bits behind a prefix become 0. */
static void
cut(uint8_t *to, const uint8_t *addr, unsigned alen, unsigned mask)
{
	memset(to, 0, 16);
	memcpy(to, addr, alen);
	for (unsigned i = 0; i < alen; i++) {
		unsigned left = mask > i * 8 ? mask - i * 8 : 0;

		if (left < 8)
			to[i] &= (uint8_t)(0xff00u >> left);
	}
}

static struct entry **
find(const struct npf_table *t, const uint8_t *addr, unsigned alen,
    unsigned mask)
{
	struct entry *
	    *p = &t->t_buckets[hash(addr, alen, mask) & (t->t_nbuckets - 1)];

	while (*p != NULL &&
	    ((*p)->e_alen != alen || (*p)->e_mask != mask ||
		memcmp((*p)->e_addr, addr, alen) != 0))
		p = &(*p)->e_next;
	return p;
}

static bool
match(const struct npf_table *t, const uint8_t *addr, unsigned alen)
{
	const uint32_t *lengths = t->t_lengths[alen == 16];
	uint8_t a[16];

	if (t->t_count == 0)
		return false;
	for (int mask = (int)alen * 8; mask >= 0; mask--) {
		if (lengths[mask] == 0)
			continue;
		cut(a, addr, alen, (unsigned)mask);
		if (*find(t, a, alen, (unsigned)mask) != NULL)
			return true;
	}
	return false;
}

static void
grow(struct npf_table *t)
{
	size_t n = t->t_nbuckets * 2;
	struct entry **bigger, *e;

	/* Without memory the chains get longer. */
	if ((bigger = kmem_calloc(t->t_k, n, sizeof(*bigger))) == NULL)
		return;
	memset(bigger, 0, n * sizeof(*bigger));
	for (size_t i = 0; i < t->t_nbuckets; i++)
		while ((e = t->t_buckets[i]) != NULL) {
			struct entry *
			    *p = &bigger[hash(e->e_addr, e->e_alen, e->e_mask) &
				(n - 1)];

			t->t_buckets[i] = e->e_next;
			e->e_next = *p;
			*p = e;
		}
	kmem_free(t->t_k, t->t_buckets, t->t_nbuckets * sizeof(*bigger));
	t->t_buckets = bigger;
	t->t_nbuckets = n;
}

/* mask NPF_NO_NETMASK: a whole address. */
static int
check(const struct npf_table *t, unsigned alen, uint8_t *mask)
{
	if (alen != 4 && alen != 16)
		return -EINVAL;
	if (*mask == NPF_NO_NETMASK)
		*mask = (uint8_t)(alen * 8);
	if (*mask > alen * 8)
		return -EINVAL;
	return t->t_type == NPF_TABLE_HASH && *mask != alen * 8 ? -EINVAL : 0;
}

static int
add(struct npf_table *t, const uint8_t *addr, unsigned alen, uint8_t mask)
{
	struct entry **p, *e;
	uint8_t a[16];
	int error;

	if ((error = check(t, alen, &mask)) != 0)
		return error;
	if (t->t_count == MAX_ENTRIES)
		return -ENOSPC;
	cut(a, addr, alen, mask);
	if (*find(t, a, alen, mask) != NULL)
		return -EEXIST;
	if (t->t_count >= t->t_nbuckets)
		grow(t);
	if ((e = kmem_zalloc(t->t_k, sizeof(*e))) == NULL)
		return -ENOMEM;
	memcpy(e->e_addr, a, 16);
	e->e_alen = (uint8_t)alen;
	e->e_mask = mask;
	p = find(t, a, alen, mask);
	*p = e;
	t->t_count++;
	t->t_lengths[alen == 16][mask]++;
	return 0;
}

/* What is not there is as good as gone. */
static int
take_out(struct npf_table *t, const uint8_t *addr, unsigned alen, uint8_t mask)
{
	struct entry **p, *e;
	uint8_t a[16];
	int error;

	if ((error = check(t, alen, &mask)) != 0)
		return error;
	cut(a, addr, alen, mask);
	p = find(t, a, alen, mask);
	if ((e = *p) == NULL)
		return 0;
	*p = e->e_next;
	t->t_count--;
	t->t_lengths[alen == 16][mask]--;
	kmem_free(t->t_k, e, sizeof(*e));
	return 0;
}

static void
empty(struct npf_table *t)
{
	struct entry *e;

	for (size_t i = 0; i < t->t_nbuckets; i++)
		while ((e = t->t_buckets[i]) != NULL) {
			t->t_buckets[i] = e->e_next;
			kmem_free(t->t_k, e, sizeof(*e));
		}
	t->t_count = 0;
	memset(t->t_lengths, 0, sizeof(t->t_lengths));
}

static void
destroy(struct npf_table *t)
{
	if (t == NULL)
		return;
	if (t->t_buckets != NULL) {
		empty(t);
		kmem_free(t->t_k, t->t_buckets,
		    t->t_nbuckets * sizeof(*t->t_buckets));
	}
	kmem_free(t->t_k, t, sizeof(*t));
}

/* --- from and to property lists --- */

static int
fill(struct npf_table *t, const struct plist *d)
{
	struct plist *entries = NULL;
	const void *addr;
	size_t len;

	if (plist_get_array(d, "entries", &entries) < 0)
		return -EINVAL;
	t->t_filled = plist_count(entries) > 0;
	for (size_t i = 0; i < plist_count(entries); i++) {
		const struct plist *e = plist_item(entries, i);
		uint64_t mask = NPF_NO_NETMASK;
		int error;

		if (plist_get_data(e, "addr", &addr, &len) <= 0 ||
		    plist_get_uint(e, "mask", UINT8_MAX, &mask) < 0 || len > 16)
			return -EINVAL;
		error = add(t, addr, (unsigned)len, (uint8_t)mask);
		if (error != 0 && error != -EEXIST)
			return error;
	}
	return 0;
}

static int
create(struct rump_kernel *k, const struct plist *d, struct npf_table **tp)
{
	struct npf_table *t;
	const char *name = NULL;
	int64_t type = NPF_TABLE_HASH;
	uint64_t id = 0;

	*tp = NULL;
	if (plist_get_string(d, "name", &name) <= 0 || name[0] == '\0' ||
	    strlen(name) >= NPF_TABLE_MAXNAMELEN ||
	    plist_get_uint(d, "id", ~NPF_TABLE_SRC, &id) < 0 ||
	    plist_get_int(d, "type", NPF_TABLE_HASH, NPF_TABLE_CDB, &type) < 0)
		return -EINVAL;
	if ((t = kmem_zalloc(k, sizeof(*t))) == NULL)
		return -ENOMEM;
	*tp = t;
	t->t_k = k;
	memcpy(t->t_name, name, strlen(name) + 1);
	t->t_id = id;
	t->t_type = (int)type;
	t->t_nbuckets = MIN_BUCKETS;
	t->t_buckets = kmem_zalloc(k, MIN_BUCKETS * sizeof(*t->t_buckets));
	return t->t_buckets == NULL ? -ENOMEM : fill(t, d);
}

static int
by_id(const void *a, const void *b)
{
	const struct npf_table *s = *(struct npf_table *const *)a,
			       *t = *(struct npf_table *const *)b;

	return s->t_id < t->t_id ? -1 : s->t_id > t->t_id;
}

static struct npf_table *
by_name(const struct npf_config *cf, const char *name)
{
	for (size_t i = 0; i < cf->cf_tables.ts_count; i++)
		if (strcmp(cf->cf_tables.ts_tables[i]->t_name, name) == 0)
			return cf->cf_tables.ts_tables[i];
	return NULL;
}

int
npf_tableset_create(struct npf_config *cf, const struct plist *tables)
{
	struct rump_kernel *k = cf->cf_npf->ns_k;
	struct npf_tableset *ts = &cf->cf_tables;
	size_t n = plist_count(tables);
	struct npf_table *t;
	int error = 0;

	if (n > NPF_MAXTABLES)
		return -EINVAL;
	if (n == 0)
		return 0;
	if ((ts->ts_tables = kmem_calloc(k, n, sizeof(t))) == NULL)
		return -ENOMEM;
	ts->ts_size = n;
	for (size_t i = 0; i < n && error == 0; i++) {
		error = create(k, plist_item(tables, i), &t);
		if (error == 0 && by_name(cf, t->t_name) != NULL)
			error = -EEXIST;
		if (error != 0)
			destroy(t);
		else
			ts->ts_tables[ts->ts_count++] = t;
	}
	if (error != 0)
		return error;
	qsort(ts->ts_tables, n, sizeof(t), by_id);
	for (size_t i = 1; i < n; i++)
		if (ts->ts_tables[i - 1]->t_id == ts->ts_tables[i]->t_id)
			return -EEXIST;
	return 0;
}

void
npf_tableset_destroy(struct npf_config *cf)
{
	struct npf_tableset *ts = &cf->cf_tables;

	for (size_t i = 0; i < ts->ts_count; i++)
		destroy(ts->ts_tables[i]);
	if (ts->ts_tables != NULL)
		kmem_free(cf->cf_npf->ns_k, ts->ts_tables,
		    ts->ts_size * sizeof(*ts->ts_tables));
}

void
npf_tableset_inherit(struct npf_config *cf, struct npf_config *old)
{
	for (size_t i = 0; i < cf->cf_tables.ts_count; i++) {
		struct npf_table *t = cf->cf_tables.ts_tables[i],
				 *from = by_name(old, t->t_name);
		struct entry **buckets = t->t_buckets;
		size_t nbuckets = t->t_nbuckets;

		if (from == NULL || from->t_type != t->t_type || t->t_filled ||
		    from->t_filled)
			continue;
		t->t_buckets = from->t_buckets;
		t->t_nbuckets = from->t_nbuckets;
		t->t_count = from->t_count;
		memcpy(t->t_lengths, from->t_lengths, sizeof(t->t_lengths));
		from->t_buckets = buckets;
		from->t_nbuckets = nbuckets;
		from->t_count = 0;
	}
}

bool
npf_table_match(const struct npf_config *cf, uint32_t id, const uint8_t *addr,
    unsigned alen)
{
	size_t lo = 0, hi = cf->cf_tables.ts_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct npf_table *t = cf->cf_tables.ts_tables[mid];

		if (t->t_id == id)
			return match(t, addr, alen);
		if (t->t_id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

void
npf_tableset_save(const struct npf_config *cf, struct plist *tables)
{
	for (size_t i = 0; i < cf->cf_tables.ts_count; i++) {
		const struct npf_table *t = cf->cf_tables.ts_tables[i];
		struct plist *d = plist_append_dict(tables), *entries, *e;

		plist_set_string(d, "name", t->t_name);
		plist_set_uint(d, "id", t->t_id);
		plist_set_int(d, "type", t->t_type);
		entries = plist_set_array(d, "entries");
		for (size_t b = 0; b < t->t_nbuckets; b++)
			for (const struct entry *p = t->t_buckets[b]; p != NULL;
			     p = p->e_next) {
				e = plist_append_dict(entries);
				plist_set_data(e, "addr", p->e_addr, p->e_alen);
				plist_set_uint(e, "mask", p->e_mask);
			}
	}
}

/* --- IOC_NPF_TABLE --- */

/* A copy of what is in a table, in the form of the request. */
struct listing {
	struct npf_ioctl_ent *ents;
	size_t n, size; /* what goes to the user, what was allocated */
};

static int
list(struct npf_table *t, const struct npf_ioctl_buf *buf, struct listing *to)
{
	size_t n = 0, room = buf->len / sizeof(struct npf_ioctl_ent);

	if (t->t_count > room)
		return -ENOMEM;
	to->size = (t->t_count + 1) * sizeof(*to->ents);
	if ((to->ents = kmem_zalloc(t->t_k, to->size)) == NULL)
		return -ENOMEM;
	for (size_t b = 0; b < t->t_nbuckets; b++)
		for (const struct entry *p = t->t_buckets[b]; p != NULL;
		     p = p->e_next, n++) {
			to->ents[n].alen = p->e_alen;
			memcpy(&to->ents[n].addr, p->e_addr, 16);
			to->ents[n].mask = p->e_mask == p->e_alen * 8 ?
			    NPF_NO_NETMASK :
			    p->e_mask;
		}
	/* An empty one ends them, if there is room for it. */
	to->n = n < room ? n + 1 : n;
	return 0;
}

static int
change(struct npf_table *t, int cmd, const struct npf_ioctl_ent *e)
{
	const uint8_t *addr = (const uint8_t *)&e->addr;
	unsigned alen = e->alen == 4 || e->alen == 16 ? (unsigned)e->alen : 0;

	if (t->t_type == NPF_TABLE_CDB)
		return -EINVAL;
	switch (cmd) {
	case NPF_CMD_TABLE_ADD:
		return add(t, addr, alen, e->mask);
	case NPF_CMD_TABLE_REMOVE:
		return take_out(t, addr, alen, e->mask);
	case NPF_CMD_TABLE_FLUSH:
		empty(t);
		return 0;
	default:
		return -EINVAL;
	}
}

static int
command(struct npf_state *ns, const char *name,
    const struct npf_ioctl_table *nct, struct listing *to)
{
	const struct npf_ioctl_ent *e = &nct->nct_data.ent;
	struct npf_table *t = by_name(ns->ns_conf, name);
	int error;

	if (t == NULL)
		return -EINVAL;
	if (nct->nct_cmd == NPF_CMD_TABLE_LIST)
		return list(t, &nct->nct_data.buf, to);
	if (nct->nct_cmd == NPF_CMD_TABLE_LOOKUP) {
		if (e->alen != 4 && e->alen != 16)
			return -EINVAL;
		return match(t, (const uint8_t *)&e->addr, (unsigned)e->alen) ?
		    0 :
		    -ENOENT;
	}
	net_wrlock(ns->ns_k);
	error = change(t, nct->nct_cmd, e);
	net_unlock(ns->ns_k);
	return error;
}

int
npf_table_command(
    struct npf_state *ns, struct lwp *l, const struct npf_ioctl_table *nct)
{
	char name[NPF_TABLE_MAXNAMELEN];
	struct listing to = { NULL, 0, 0 };
	int error;

	error = copyinstr(l, nct->nct_name, name, sizeof(name), NULL);
	if (error != 0)
		return error == -ENAMETOOLONG ? -EINVAL : error;
	kmutex_enter(&ns->ns_change);
	error = command(ns, name, nct, &to);
	kmutex_exit(&ns->ns_change);
	if (to.ents != NULL) {
		error = copyout(
		    l, to.ents, nct->nct_data.buf.buf, to.n * sizeof(*to.ents));
		kmem_free(ns->ns_k, to.ents, to.size);
	}
	return error;
}
