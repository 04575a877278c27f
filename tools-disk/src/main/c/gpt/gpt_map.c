/* SPDX-License-Identifier: BSD-2-Clause */
/* Who has which sectors of a disk. */
#include "gpt/gpt.h"
#include <stdlib.h>
#include <string.h>

bool
gpt_used(const struct gpt *g, uint32_t i)
{
	static const uint8_t none[16];

	return memcmp(gpt_entry(g, i), none, 16) != 0;
}

uint64_t
gpt_size(const struct gpt *g, uint32_t i)
{
	uint64_t first = gpt_le64(gpt_entry(g, i) + ENT_FIRST);
	uint64_t last = gpt_le64(gpt_entry(g, i) + ENT_LAST);

	/* All sectors there are can't be one partition's. */
	return last < first || last - first == UINT64_MAX ? 0 : last - first + 1;
}

static void
add(struct gpt_map *m, uint64_t start, uint64_t size, enum gpt_kind kind,
    uint32_t index)
{
	m->x[m->n++] = (struct gpt_extent){ start, size, kind, index };
}

static int
by_start(const void *a, const void *b)
{
	const struct gpt_extent *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) :
	    x->index < y->index	  ? -1 :
				    x->index > y->index;
}

/* All that is used, unsorted. */
static void
collect(struct gpt *g, struct gpt_map *m)
{
	bool mbr = gpt_has_mbr(g);

	m->x = t_calloc(g->t, 2 * ((size_t)g->nent + 12), sizeof(*m->x));
	m->n = 0;
	if (mbr || gpt_has_pmbr(g))
		add(m, 0, 1, mbr ? GPT_MBR : GPT_PMBR, 0);
	if (g->pri) {
		add(m, GPT_HDR_BLKNO, 1, GPT_PRI_HDR, 0);
		add(m, g->pri_table, gpt_table_blocks(g), GPT_PRI_TBL, 0);
	}
	if (g->sec) {
		add(m, g->sec_lba, 1, GPT_SEC_HDR, 0);
		add(m, g->sec_table, gpt_table_blocks(g), GPT_SEC_TBL, 0);
	}
	for (uint32_t i = 0; g->table != NULL && i < g->nent; i++)
		if (gpt_used(g, i) && gpt_size(g, i) != 0)
			add(m, gpt_le64(gpt_entry(g, i) + ENT_FIRST),
			    gpt_size(g, i), GPT_PART, i);
	for (uint32_t i = 0; i < MBR_PART_COUNT && mbr; i++) {
		const uint8_t *p = g->mbr + MBR_PART_OFFSET + 16 * i;

		if (p[4] != 0 && gpt_le32(p + 12) != 0)
			add(m, gpt_le32(p + 8), gpt_le32(p + 12), GPT_MBR_PART,
			    i);
	}
}

void
gpt_map(struct gpt *g, struct gpt_map *m)
{
	uint64_t at = 0;
	size_t used;

	collect(g, m);
	qsort(m->x, m->n, sizeof(*m->x), by_start);
	used = m->n;
	for (size_t i = 0; i < used; i++) {
		struct gpt_extent *x = &m->x[i];

		if (x->start > at)
			add(m, at, x->start - at, GPT_FREE, 0);
		if (x->start > UINT64_MAX - x->size)
			at = UINT64_MAX;
		else if (x->start + x->size > at)
			at = x->start + x->size;
	}
	if (at < g->blocks)
		add(m, at, g->blocks - at, GPT_FREE, 0);
	qsort(m->x, m->n, sizeof(*m->x), by_start);
}

static uint64_t
round_up(uint64_t v, uint64_t align)
{
	uint64_t rest = align == 0 ? 0 : v % align;

	return rest == 0	   ? v :
	    v > UINT64_MAX - align ? UINT64_MAX :
				     v + align - rest;
}

/* The part of a free extent that a partition may have; false: none. */
static bool
fit(struct gpt *g, const struct gpt_extent *x, uint64_t start, uint64_t size,
    uint64_t align, uint64_t *at, uint64_t *got)
{
	uint64_t begin = x->start, end = x->start + x->size;

	if (begin < g->first)
		begin = g->first;
	if (end > g->last + 1)
		end = g->last + 1;
	if (start != 0) {
		if (start < begin)
			return false;
		begin = start;
	}
	begin = round_up(begin, align);
	if (begin >= end)
		return false;
	*at = begin;
	*got = size != 0 ? round_up(size, align) : end - begin;
	if (align != 0 && size == 0)
		*got -= *got % align;
	return *got != 0 && *got <= end - begin;
}

bool
gpt_room(struct gpt *g, uint64_t start, uint64_t size, uint64_t align,
    uint64_t *at, uint64_t *got)
{
	struct gpt_map m;
	bool found = false;

	gpt_map(g, &m);
	for (size_t i = 0; i < m.n && !found; i++)
		found = m.x[i].kind == GPT_FREE &&
		    fit(g, &m.x[i], start, size, align, at, got);
	t_free(g->t, m.x);
	return found;
}

uint64_t
gpt_limit(struct gpt *g, uint32_t index)
{
	uint64_t mine = gpt_le64(gpt_entry(g, index) + ENT_FIRST);
	uint64_t limit = g->last + 1;

	for (uint32_t i = 0; i < g->nent; i++) {
		uint64_t start = gpt_le64(gpt_entry(g, i) + ENT_FIRST);

		if (i != index && gpt_used(g, i) && gpt_size(g, i) != 0 &&
		    start >= mine && start < limit)
			limit = start;
	}
	return limit;
}
