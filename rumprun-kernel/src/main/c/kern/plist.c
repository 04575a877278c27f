/* SPDX-License-Identifier: BSD-2-Clause */
/* Property lists in memory, and what requests of the kernel do with them; contracts: <rumprun/plist.h>, kern/plist.h. Text: plist_xml.c. */
#include <stdlib.h>
#include "host/sock.h"
#include "kern/plist_private.h"

static void *
get_mem(struct plist_mem *pm, size_t n)
{
	void *p = pm->pm_alloc(pm->pm_arg, n);

	if (p == NULL)
		pm->pm_error = -ENOMEM;
	return p;
}

struct plist *
plist_alloc(struct plist_mem *pm, enum plist_type type, size_t len)
{
	struct plist *p;

	if (len > SIZE_MAX / 2 ||
	    (p = get_mem(pm, sizeof(*p) + len + 1)) == NULL) {
		pm->pm_error = -ENOMEM;
		return NULL;
	}
	memset(p, 0, sizeof(*p));
	p->p_mem = pm;
	p->p_type = type;
	p->p_len = p->p_room = len;
	p->p_bytes[len] = '\0';
	return p;
}

struct plist *
plist_new_dict(struct plist_mem *pm)
{
	return plist_alloc(pm, PLIST_DICT, 0);
}

struct plist *
plist_new_array(struct plist_mem *pm)
{
	return plist_alloc(pm, PLIST_ARRAY, 0);
}

static struct plist *
new_bytes(
    struct plist_mem *pm, enum plist_type type, const void *from, size_t len)
{
	struct plist *p = plist_alloc(pm, type, len);

	if (p != NULL && len > 0)
		memcpy(p->p_bytes, from, len);
	return p;
}

struct plist *
plist_new_string(struct plist_mem *pm, const char *s)
{
	return new_bytes(pm, PLIST_STRING, s, strlen(s));
}

struct plist *
plist_new_data(struct plist_mem *pm, const void *data, size_t len)
{
	return new_bytes(pm, PLIST_DATA, data, len);
}

static struct plist *
new_number(struct plist_mem *pm, enum plist_type type, uint64_t v, bool uns)
{
	struct plist *p = plist_alloc(pm, type, 0);

	if (p != NULL) {
		p->p_number = v;
		p->p_unsigned = uns;
	}
	return p;
}

struct plist *
plist_new_int(struct plist_mem *pm, int64_t v)
{
	return new_number(pm, PLIST_NUMBER, (uint64_t)v, false);
}

struct plist *
plist_new_uint(struct plist_mem *pm, uint64_t v)
{
	return new_number(pm, PLIST_NUMBER, v, true);
}

struct plist *
plist_new_bool(struct plist_mem *pm, bool v)
{
	return new_number(pm, PLIST_BOOL, v, true);
}

void
plist_free(struct plist *p)
{
	struct plist_mem *pm;

	if (p == NULL)
		return;
	pm = p->p_mem;
	for (size_t i = 0; i < p->p_count; i++) {
		if (p->p_ent[i].e_key != NULL)
			pm->pm_free(pm->pm_arg, p->p_ent[i].e_key,
			    strlen(p->p_ent[i].e_key) + 1);
		plist_free(p->p_ent[i].e_value);
	}
	if (p->p_ent != NULL)
		pm->pm_free(pm->pm_arg, p->p_ent, p->p_size * sizeof(*p->p_ent));
	pm->pm_free(pm->pm_arg, p, sizeof(*p) + p->p_room + 1);
}

struct plist *
plist_copy(struct plist_mem *pm, const struct plist *from)
{
	struct plist *p, *v;

	if (from == NULL)
		return NULL;
	p = new_bytes(pm, from->p_type, from->p_bytes, from->p_len);
	if (p == NULL)
		return NULL;
	p->p_number = from->p_number;
	p->p_unsigned = from->p_unsigned;
	for (size_t i = 0; i < from->p_count; i++) {
		v = plist_copy(pm, from->p_ent[i].e_value);
		if (v != NULL)
			(void)plist_enter(p, p->p_count, from->p_ent[i].e_key,
			    from->p_ent[i].e_key == NULL ?
				0 :
				strlen(from->p_ent[i].e_key),
			    v);
	}
	return p;
}

/* --- entries --- */

struct plist *
plist_enter(struct plist *p, size_t at, const char *key, size_t keylen,
    struct plist *value)
{
	struct plist_mem *pm = p->p_mem;
	struct plist_ent *bigger;
	char *copy = NULL;

	if (p->p_count == p->p_size) {
		size_t size = p->p_size == 0 ? 4 : p->p_size * 2;

		if (size > SIZE_MAX / 2 / sizeof(*bigger) ||
		    (bigger = get_mem(pm, size * sizeof(*bigger))) == NULL)
			goto fail;
		if (p->p_ent != NULL) {
			memcpy(bigger, p->p_ent, p->p_count * sizeof(*bigger));
			pm->pm_free(
			    pm->pm_arg, p->p_ent, p->p_size * sizeof(*bigger));
		}
		p->p_ent = bigger;
		p->p_size = size;
	}
	if (key != NULL) {
		if ((copy = get_mem(pm, keylen + 1)) == NULL)
			goto fail;
		memcpy(copy, key, keylen);
		copy[keylen] = '\0';
	}
	memmove(p->p_ent + at + 1, p->p_ent + at,
	    (p->p_count - at) * sizeof(*p->p_ent));
	p->p_ent[at] = (struct plist_ent){ copy, value };
	p->p_count++;
	return value;
fail:
	pm->pm_error = -ENOMEM;
	plist_free(value);
	return NULL;
}

/* Where a key is, or belongs. */
static size_t
find(const struct plist *d, const char *key, bool *there)
{
	size_t lo = 0, hi = d->p_count;

	*there = false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(d->p_ent[mid].e_key, key);

		if (c == 0) {
			*there = true;
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct plist *
plist_set(struct plist *d, const char *key, struct plist *value)
{
	bool there;
	size_t at;

	if (plist_type(d) != PLIST_DICT || value == NULL) {
		plist_free(value);
		return NULL;
	}
	at = find(d, key, &there);
	if (!there)
		return plist_enter(d, at, key, strlen(key), value);
	plist_free(d->p_ent[at].e_value);
	return d->p_ent[at].e_value = value;
}

void
plist_remove(struct plist *d, const char *key)
{
	struct plist_mem *pm;
	bool there;
	size_t at;

	if (plist_type(d) != PLIST_DICT)
		return;
	at = find(d, key, &there);
	if (!there)
		return;
	pm = d->p_mem;
	pm->pm_free(
	    pm->pm_arg, d->p_ent[at].e_key, strlen(d->p_ent[at].e_key) + 1);
	plist_free(d->p_ent[at].e_value);
	d->p_count--;
	memmove(d->p_ent + at, d->p_ent + at + 1,
	    (d->p_count - at) * sizeof(*d->p_ent));
}

struct plist *
plist_append(struct plist *a, struct plist *value)
{
	if (plist_type(a) != PLIST_ARRAY || value == NULL) {
		plist_free(value);
		return NULL;
	}
	return plist_enter(a, a->p_count, NULL, 0, value);
}

struct plist *
plist_append_dict(struct plist *a)
{
	return a == NULL ? NULL : plist_append(a, plist_new_dict(a->p_mem));
}

struct plist *
plist_set_dict(struct plist *d, const char *key)
{
	return d == NULL ? NULL : plist_set(d, key, plist_new_dict(d->p_mem));
}

struct plist *
plist_set_array(struct plist *d, const char *key)
{
	return d == NULL ? NULL : plist_set(d, key, plist_new_array(d->p_mem));
}

void
plist_set_string(struct plist *d, const char *key, const char *v)
{
	if (d != NULL)
		(void)plist_set(d, key, plist_new_string(d->p_mem, v));
}

void
plist_set_int(struct plist *d, const char *key, int64_t v)
{
	if (d != NULL)
		(void)plist_set(d, key, plist_new_int(d->p_mem, v));
}

void
plist_set_uint(struct plist *d, const char *key, uint64_t v)
{
	if (d != NULL)
		(void)plist_set(d, key, plist_new_uint(d->p_mem, v));
}

void
plist_set_bool(struct plist *d, const char *key, bool v)
{
	if (d != NULL)
		(void)plist_set(d, key, plist_new_bool(d->p_mem, v));
}

void
plist_set_data(struct plist *d, const char *key, const void *v, size_t len)
{
	if (d != NULL)
		(void)plist_set(d, key, plist_new_data(d->p_mem, v, len));
}

/* --- looking --- */

enum plist_type
plist_type(const struct plist *p)
{
	return p == NULL ? PLIST_NONE : p->p_type;
}

size_t
plist_count(const struct plist *p)
{
	return p == NULL ? 0 : p->p_count;
}

struct plist *
plist_item(const struct plist *p, size_t i)
{
	return i < plist_count(p) ? p->p_ent[i].e_value : NULL;
}

const char *
plist_key(const struct plist *d, size_t i)
{
	return i < plist_count(d) ? d->p_ent[i].e_key : NULL;
}

struct plist *
plist_get(const struct plist *d, const char *key)
{
	bool there;
	size_t at;

	if (plist_type(d) != PLIST_DICT)
		return NULL;
	at = find(d, key, &there);
	return there ? d->p_ent[at].e_value : NULL;
}

const char *
plist_string(const struct plist *p)
{
	return plist_type(p) == PLIST_STRING ? (const char *)p->p_bytes : NULL;
}

const void *
plist_data(const struct plist *p, size_t *len)
{
	*len = 0;
	if (plist_type(p) != PLIST_DATA)
		return NULL;
	*len = p->p_len;
	return p->p_bytes;
}

bool
plist_bool(const struct plist *p)
{
	return plist_type(p) == PLIST_BOOL && p->p_number != 0;
}

int
plist_get_string(const struct plist *d, const char *key, const char **v)
{
	const struct plist *p = plist_get(d, key);

	if (p == NULL)
		return 0;
	if (p->p_type != PLIST_STRING)
		return -EINVAL;
	*v = (const char *)p->p_bytes;
	return 1;
}

int
plist_get_int(const struct plist *d, const char *key, int64_t min, int64_t max,
    int64_t *v)
{
	const struct plist *p = plist_get(d, key);

	if (p == NULL)
		return 0;
	if (p->p_type != PLIST_NUMBER ||
	    (p->p_unsigned && p->p_number > INT64_MAX) ||
	    (int64_t)p->p_number < min || (int64_t)p->p_number > max)
		return -EINVAL;
	*v = (int64_t)p->p_number;
	return 1;
}

int
plist_get_uint(const struct plist *d, const char *key, uint64_t max, uint64_t *v)
{
	const struct plist *p = plist_get(d, key);

	if (p == NULL)
		return 0;
	if (p->p_type != PLIST_NUMBER ||
	    (!p->p_unsigned && (int64_t)p->p_number < 0) || p->p_number > max)
		return -EINVAL;
	*v = p->p_number;
	return 1;
}

int
plist_get_bool(const struct plist *d, const char *key, bool *v)
{
	const struct plist *p = plist_get(d, key);

	if (p == NULL)
		return 0;
	if (p->p_type != PLIST_BOOL)
		return -EINVAL;
	*v = p->p_number != 0;
	return 1;
}

int
plist_get_data(
    const struct plist *d, const char *key, const void **v, size_t *len)
{
	const struct plist *p = plist_get(d, key);

	if (p == NULL)
		return 0;
	if (p->p_type != PLIST_DATA)
		return -EINVAL;
	*v = p->p_bytes;
	*len = p->p_len;
	return 1;
}

static int
get_tree(const struct plist *d, const char *key, enum plist_type type,
    struct plist **v)
{
	struct plist *p = plist_get(d, key);

	if (p == NULL)
		return 0;
	if (p->p_type != type)
		return -EINVAL;
	*v = p;
	return 1;
}

int
plist_get_array(const struct plist *d, const char *key, struct plist **v)
{
	return get_tree(d, key, PLIST_ARRAY, v);
}

int
plist_get_dict(const struct plist *d, const char *key, struct plist **v)
{
	return get_tree(d, key, PLIST_DICT, v);
}

/* --- in the kernel --- */

static void *
kernel_alloc(void *arg, size_t n)
{
	return kmem_alloc(arg, n);
}

static void
kernel_free(void *arg, void *p, size_t n)
{
	kmem_free(arg, p, n);
}

struct plist_mem *
plist_memory(const struct plist *p)
{
	return p->p_mem;
}

void
plist_mem_init(struct plist_mem *pm, struct rump_kernel *k)
{
	*pm = (struct plist_mem){ kernel_alloc, kernel_free, k, 0 };
}

/* In pieces, as a client that is not in this process cannot have all in one. */
#define PIECE ((size_t)1 << 20)

static size_t
piece(size_t rest)
{
	return rest < PIECE ? rest : PIECE;
}

int
plist_copyin(struct lwp *l, struct plist_mem *pm, const struct plistref *ref,
    size_t max, struct plist **p)
{
	size_t at, n;
	char *text;
	int error = 0;

	*p = NULL;
	if (ref->pref_len > max)
		return -E2BIG;
	if (ref->pref_len == 0)
		return -EINVAL;
	if ((text = kmem_alloc(l->l_k, ref->pref_len)) == NULL)
		return -ENOMEM;
	for (at = 0; error == 0 && at < ref->pref_len; at += n) {
		n = piece(ref->pref_len - at);
		error = copyin(l,
		    (const void *)((uintptr_t)ref->pref_plist + at), text + at,
		    n);
	}
	if (error == 0)
		error = plist_read(pm, text, ref->pref_len, p);
	kmem_free(l->l_k, text, ref->pref_len);
	return error;
}

/* New memory of the caller's: his client's, or this process's. */
static int
user_memory(struct lwp *l, size_t n, void **p)
{
	const struct uspace_ops *u = l->l_proc->p_uspace;

	if (u != NULL)
		return u->anonmmap == NULL ? -EOPNOTSUPP : u->anonmmap(l, n, p);
	*p = sock_anonmmap(n);
	return *p == NULL ? -ENOMEM : 0;
}

int
plist_copyout(struct lwp *l, const struct plist *p, struct plistref *ref)
{
	char *text;
	void *to;
	size_t size, at, n;
	int error = plist_write(p, &text, &size);

	if (error != 0)
		return error;
	error = user_memory(l, size, &to);
	for (at = 0; error == 0 && at < size; at += n) {
		n = piece(size - at);
		error = copyout(l, text + at, (void *)((uintptr_t)to + at), n);
	}
	if (error == 0) {
		ref->pref_plist = to;
		ref->pref_len = size;
	}
	kmem_free(l->l_k, text, size);
	return error;
}

void
plist_unmap(void *p, size_t n)
{
	if (p != NULL && n > 0)
		sock_munmap(p, n);
}
