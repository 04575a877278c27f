/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's memory: the host's, counted, limited, and made to fail. */
#include "kern/kernel.h"

/* Is this the allocation that a test wants to fail? */
static bool
fails(struct rump_kernel *k)
{
	if (atomic_load_explicit(&k->k_failalloc, memory_order_relaxed) == 0)
		return false;
	return atomic_fetch_sub(&k->k_failalloc, 1) == 1;
}

bool
kmem_charge(struct rump_kernel *k, size_t size)
{
	uint64_t limit = k->k_config.kc_memlimit;
	int64_t used;

	if (fails(k) || size > SIZE_MAX / 2)
		return false;
	used = atomic_fetch_add_explicit(
	    &k->k_memused, (int64_t)size, memory_order_relaxed);
	if (limit == 0 || (uint64_t)used + size <= limit)
		return true;
	kmem_uncharge(k, size);
	return false;
}

void
kmem_uncharge(struct rump_kernel *k, size_t size)
{
	atomic_fetch_sub_explicit(
	    &k->k_memused, (int64_t)size, memory_order_relaxed);
}

void *
kmem_alloc(struct rump_kernel *k, size_t size)
{
	void *p;

	if (!kmem_charge(k, size))
		return NULL;
	if ((p = host_malloc(size)) == NULL)
		kmem_uncharge(k, size);
	return p;
}

void *
kmem_zalloc(struct rump_kernel *k, size_t size)
{
	void *p = kmem_alloc(k, size);

	if (p != NULL)
		memset(p, 0, size);
	return p;
}

void
kmem_free(struct rump_kernel *k, void *p, size_t size)
{
	if (p == NULL)
		return;
	kmem_uncharge(k, size);
	host_free(p);
}

void *
kmem_calloc(struct rump_kernel *k, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kmem_zalloc(k, bytes);
}

char *
kmem_strdup(struct rump_kernel *k, const char *s)
{
	size_t size = strlen(s) + 1;
	char *p = kmem_alloc(k, size);

	if (p != NULL)
		memcpy(p, s, size);
	return p;
}
