/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dynamic groups with many rules: an index of all but the last few. Rules are added at the end one at a time, so it is made anew only when as many as an
 * eighth of it stand behind it, and when half of it is gone.
 */
#include "npf/npf_rules.h"

#define DYN_MIN 64

void
npf_dynindex_drop(struct rump_kernel *k, struct npf_rule *group)
{
	struct npf_dynindex *dx = group->r_dyn;

	if (dx == NULL)
		return;
	group->r_dyn = NULL;
	for (struct npf_rule *r = group->r_subs; r != NULL; r = r->r_next)
		r->r_slot = 0;
	npf_index_free(k, &dx->dx_index);
	kmem_free(k, dx->dx_rules, dx->dx_size * sizeof(*dx->dx_rules));
	kmem_free(k, dx, sizeof(*dx));
}

static const struct npf_precheck *
precheck_of(void *arg, size_t i)
{
	const struct npf_dynindex *dx = arg;

	return &dx->dx_rules[i]->r_pre;
}

/* Without memory there is none. */
void
npf_dynindex_rebuild(struct rump_kernel *k, struct npf_rule *group)
{
	struct npf_dynindex *dx;
	struct npf_rule *r;
	size_t n = 0;

	npf_dynindex_drop(k, group);
	for (r = group->r_subs; r != NULL; r = r->r_next)
		n++;
	if (n < DYN_MIN || (dx = kmem_zalloc(k, sizeof(*dx))) == NULL)
		return;
	dx->dx_rules = kmem_calloc(k, n, sizeof(r));
	if (dx->dx_rules == NULL) {
		kmem_free(k, dx, sizeof(*dx));
		return;
	}
	dx->dx_size = n;
	n = 0;
	for (r = group->r_subs; r != NULL; r = r->r_next) {
		dx->dx_rules[n] = r;
		r->r_slot = ++n;
	}
	npf_index_make(k, &dx->dx_index, n, precheck_of, dx);
	group->r_dyn = dx;
	if (dx->dx_index.ix_words == 0) /* too many */
		npf_dynindex_drop(k, group);
}

void
npf_dynindex_added(
    struct rump_kernel *k, struct npf_rule *group, struct npf_rule *added)
{
	struct npf_dynindex *dx = group->r_dyn;
	size_t behind = 0;

	if (dx != NULL && added->r_next == NULL) {
		if (dx->dx_tail == NULL)
			dx->dx_tail = added;
		for (struct npf_rule *r = dx->dx_tail; r != NULL; r = r->r_next)
			behind++;
		if (behind < DYN_MIN || behind < dx->dx_size / 8)
			return;
	}
	npf_dynindex_rebuild(k, group);
}

void
npf_dynindex_removed(
    struct rump_kernel *k, struct npf_rule *group, struct npf_rule *gone)
{
	struct npf_dynindex *dx = group->r_dyn;

	if (dx == NULL)
		return;
	if (dx->dx_tail == gone)
		dx->dx_tail = gone->r_next;
	if (gone->r_slot == 0)
		return;
	dx->dx_rules[gone->r_slot - 1] = NULL;
	gone->r_slot = 0;
	if (++dx->dx_gone > dx->dx_size / 2)
		npf_dynindex_rebuild(k, group);
}

struct npf_rule *
npf_dynindex_inspect(const struct npf_rule *group, struct npf_packet *np)
{
	const struct npf_dynindex *dx = group->r_dyn;
	struct npf_rule *r = group->r_subs, *best = NULL;
	struct npf_lookup lk;

	if (dx != NULL) {
		npf_index_look(&dx->dx_index, &np->np_key, &lk);
		for (size_t i = 0; (i = npf_index_next(&lk, i)) < lk.lk_count;
		     i++) {
			r = dx->dx_rules[i];
			if (r == NULL || !npf_rule_matches(r, np))
				continue;
			best = r;
			if ((r->r_attr & NPF_RULE_FINAL) != 0)
				return best;
		}
		r = dx->dx_tail;
	}
	for (; r != NULL; r = r->r_next)
		if (npf_rule_matches(r, np)) {
			best = r;
			if ((r->r_attr & NPF_RULE_FINAL) != 0)
				break;
		}
	return best;
}
