/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules, for the two files that they are in. */
#ifndef NPF_NPF_RULES_H
#define NPF_NPF_RULES_H

#include "npf/npf.h"

#define NPF_MAXNEST 8 /* groups within groups */

/* Fills in a zeroed rule; what is there on error is npf_rule_clear's. */
int npf_rule_fill(struct npf_config *, const struct plist *, bool nat,
    struct npf_rule *) MUST_CHECK;
/* The rules that a dynamic group brings ("subrules"), as save gives them. */
int npf_rule_fill_subs(
    struct npf_config *, const struct plist *, struct npf_rule *) MUST_CHECK;
void npf_rule_clear(struct rump_kernel *, struct npf_rule *);
void npf_rule_freedict(struct rump_kernel *, struct npf_rule *);

#endif
