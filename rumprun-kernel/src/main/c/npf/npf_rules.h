/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules, for the two files that they are in. */
#ifndef NPF_NPF_RULES_H
#define NPF_NPF_RULES_H

#include "npf/npf.h"

#define NPF_MAXNEST 8 /* groups within groups */

#define NPF_INDEX_MIN 16 /* fewer rules are looked at one by one */

/* What a packet's key finds in an index. */
struct npf_lookup {
	const uint64_t *lk_row[NPF_KEYBYTES];
	unsigned lk_n;
	size_t lk_words, lk_count;
};
/* Of n rules; too few or too many have none. */
void npf_index_make(struct rump_kernel *, struct npf_index *, size_t n,
    const struct npf_precheck *(*get)(void *, size_t), void *arg);
void npf_index_free(struct rump_kernel *, struct npf_index *);
void npf_index_look(
    const struct npf_index *, const struct npf_key *, struct npf_lookup *);
/* The next rule from i on that may match; lk_count: none. */
size_t npf_index_next(const struct npf_lookup *, size_t i);

/* An index of a dynamic group's first rules; those that were added since stand behind them, from dx_tail on. */
struct npf_dynindex {
	struct npf_index dx_index;
	struct npf_rule **dx_rules; /* NULL: gone */
	size_t dx_size, dx_gone;
	struct npf_rule *dx_tail;
};
/* W. After a rule was put in or taken off (before it is freed). */
void npf_dynindex_added(
    struct rump_kernel *, struct npf_rule *group, struct npf_rule *);
void npf_dynindex_removed(
    struct rump_kernel *, struct npf_rule *group, struct npf_rule *);
void npf_dynindex_rebuild(struct rump_kernel *, struct npf_rule *group);
void npf_dynindex_drop(struct rump_kernel *, struct npf_rule *group);
/* N. */
struct npf_rule *npf_dynindex_inspect(
    const struct npf_rule *group, struct npf_packet *);
bool npf_rule_matches(const struct npf_rule *, struct npf_packet *);

/* Fills in a zeroed rule; what is there on error is npf_rule_clear's. */
int npf_rule_fill(struct npf_config *, const struct plist *, bool nat,
    struct npf_rule *) MUST_CHECK;
/* The rules that a dynamic group brings ("subrules"), as save gives them. */
int npf_rule_fill_subs(
    struct npf_config *, const struct plist *, struct npf_rule *) MUST_CHECK;
void npf_rule_clear(struct rump_kernel *, struct npf_rule *);
void npf_rule_freedict(struct rump_kernel *, struct npf_rule *);

#endif
