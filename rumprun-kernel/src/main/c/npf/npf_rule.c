/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules: made from dictionaries, and matched.
 *
 * Groups are followed by their rules (r_skip: where they end); a group's conditions are also its rules' own as far as the precheck tells them, so that
 * a rule that the index (npf_index.c) offers is never in a group that it doesn't.
 */
#include "npf/npf_rules.h"

/* --- making --- */

static int
get_u32(const struct plist *d, const char *key, uint32_t *v)
{
	uint64_t n = *v;
	int got = plist_get_uint(d, key, UINT32_MAX, &n);

	*v = (uint32_t)n;
	return got < 0 ? got : 0;
}

static int
take_code(struct rump_kernel *k, const struct plist *d, struct npf_rule *r)
{
	const void *code;
	int64_t type = NPF_CODE_BPF;
	size_t len = 0;
	int got;

	got = plist_get_data(d, "code", &code, &len);
	if (got <= 0 || len == 0)
		return got < 0 ? got : 0;
	if (plist_get_int(d, "code-type", 0, INT32_MAX, &type) < 0 ||
	    type != NPF_CODE_BPF || len % sizeof(struct bpf_insn) != 0 ||
	    len / sizeof(struct bpf_insn) > BPF_MAXINSNS)
		return -EINVAL;
	if ((r->r_code = kmem_alloc(k, len)) == NULL)
		return -ENOMEM;
	memcpy(r->r_code, code, len);
	r->r_ninsns = (unsigned)(len / sizeof(struct bpf_insn));
	if (!bpf_validate(r->r_code, r->r_ninsns, NPF_NCOPS))
		return -EINVAL;
	npf_precheck_make(k, &r->r_pre, r->r_code, r->r_ninsns);
	return 0;
}

/* Direction and interface, as bits of the key. */
static void
add_place(struct npf_rule *r)
{
	struct npf_precheck pc = { .pc_never = false };
	uint32_t di = r->r_attr & NPF_RULE_DIMASK;

	if (di == NPF_RULE_IN || di == NPF_RULE_OUT) {
		pc.pc_mask[1] |= NPF_LANE1(0, 0, 0, 15, 0);
		pc.pc_value[1] |= NPF_LANE1(
		    0, 0, 0, di == NPF_RULE_IN ? NPF_DIR_IN : NPF_DIR_OUT, 0);
	}
	if (r->r_ifid != 0) {
		pc.pc_mask[1] |= NPF_LANE1(0, 0, 0, 0, 0xffff);
		pc.pc_value[1] |= NPF_LANE1(0, 0, 0, 0, r->r_ifid);
	}
	npf_precheck_and(&r->r_pre, &pc);
}

static int
take_names(struct npf_config *cf, const struct plist *d, struct npf_rule *r)
{
	const char *s;
	int got;

	if ((got = plist_get_string(d, "name", &s)) < 0)
		return got;
	if (got > 0) {
		if (strlen(s) >= sizeof(r->r_name))
			return -EINVAL;
		memcpy(r->r_name, s, strlen(s) + 1);
	}
	if ((got = plist_get_string(d, "ifname", &s)) < 0)
		return got;
	if (got > 0) {
		if (s[0] == '\0' || strlen(s) >= IFNAMSIZ)
			return -EINVAL;
		if ((r->r_ifid = npf_config_ifid(cf, s)) == 0)
			return -ENOMEM;
	}
	if ((got = plist_get_string(d, "rproc", &s)) < 0)
		return got;
	if (got > 0) {
		if ((r->r_rproc = npf_rproc_find(cf, s)) == NULL)
			return -ESRCH;
		atomic_fetch_add(&r->r_rproc->rp_refs, 1);
	}
	return 0;
}

static int
take_key(const struct plist *d, struct npf_rule *r)
{
	const void *key = NULL;
	int64_t prio = NPF_PRI_LAST;
	size_t len = 0;

	if (plist_get_data(d, "key", &key, &len) < 0 || len > sizeof(r->r_key) ||
	    plist_get_int(d, "prio", INT32_MIN, INT32_MAX, &prio) < 0)
		return -EINVAL;
	if (len > 0)
		memcpy(r->r_key, key, len);
	r->r_keylen = (unsigned)len;
	r->r_prio = (int32_t)prio;
	return 0;
}

int
npf_rule_fill(
    struct npf_config *cf, const struct plist *d, bool nat, struct npf_rule *r)
{
	struct rump_kernel *k = cf->cf_npf->ns_k;
	int error;

	if (plist_type(d) != PLIST_DICT || get_u32(d, "attr", &r->r_attr) != 0 ||
	    get_u32(d, "skip-to", &r->r_skip) != 0)
		return -EINVAL;
	if ((error = take_key(d, r)) != 0 ||
	    (error = take_names(cf, d, r)) != 0 ||
	    (error = take_code(k, d, r)) != 0)
		return error;
	if (nat) {
		if ((error = npf_policy_create(cf, d, &r->r_policy)) != 0)
			return error;
		r->r_attr &= ~(uint32_t)(NPF_RULE_DIMASK | NPF_RULE_GROUP |
		    NPF_RULE_DYNAMIC);
		r->r_attr |= NPF_RULE_PASS | NPF_RULE_FINAL |
		    (r->r_policy->po_type == NPF_NATIN ? NPF_RULE_IN :
							 NPF_RULE_OUT);
	}
	add_place(r);
	return 0;
}

void
npf_rule_clear(struct rump_kernel *k, struct npf_rule *r)
{
	struct npf_rule *sub;

	npf_dynindex_drop(k, r);
	while ((sub = r->r_subs) != NULL) {
		r->r_subs = sub->r_next;
		npf_rule_clear(k, sub);
		kmem_free(k, sub, sizeof(*sub));
	}
	if (r->r_code != NULL)
		kmem_free(k, r->r_code, r->r_ninsns * sizeof(*r->r_code));
	npf_rproc_put(r->r_rproc);
	npf_policy_put(r->r_policy);
	npf_rule_freedict(k, r);
}

/* Where groups end; what is asked of a group is asked of its rules. */
static int
nest(struct npf_ruleset *rs, size_t i, size_t *stack, unsigned *depth)
{
	struct npf_rule *r = &rs->rs_rules[i];
	size_t end = rs->rs_count;

	while (*depth > 0 && i >= rs->rs_rules[stack[*depth - 1]].r_skip)
		(*depth)--;
	if (*depth > 0) {
		struct npf_rule *group = &rs->rs_rules[stack[*depth - 1]];

		end = group->r_skip;
		npf_precheck_and(&r->r_pre, &group->r_pre);
	}
	if ((r->r_attr & NPF_RULE_GROUP) == 0)
		return 0;
	if (r->r_skip == 0 && (r->r_attr & NPF_RULE_DYNAMIC) != 0)
		r->r_skip = (uint32_t)i + 1;
	if (r->r_skip <= i || r->r_skip > end || *depth == NPF_MAXNEST)
		return -EINVAL;
	stack[(*depth)++] = i;
	return 0;
}

static const struct npf_precheck *
precheck_of(void *arg, size_t i)
{
	const struct npf_ruleset *rs = arg;

	return &rs->rs_rules[i].r_pre;
}

int
npf_ruleset_create(struct npf_config *cf, const struct plist *rules, bool nat,
    struct npf_ruleset **rsp, size_t *bad)
{
	struct rump_kernel *k = cf->cf_npf->ns_k;
	size_t n = plist_count(rules), stack[NPF_MAXNEST];
	struct npf_ruleset *rs;
	unsigned depth = 0;
	int error = 0;

	*rsp = NULL;
	*bad = 0;
	if (n > NPF_MAXRULES)
		return -EINVAL;
	if ((rs = kmem_zalloc(k, sizeof(*rs))) == NULL)
		return -ENOMEM;
	*rsp = rs;
	if (n == 0)
		return 0;
	rs->rs_rules = kmem_calloc(k, n, sizeof(*rs->rs_rules));
	if (rs->rs_rules == NULL)
		return -ENOMEM;
	rs->rs_size = n;
	memset(rs->rs_rules, 0, n * sizeof(*rs->rs_rules));
	for (size_t i = 0; i < n && error == 0; i++) {
		rs->rs_count = i + 1;
		*bad = i;
		error = npf_rule_fill(
		    cf, plist_item(rules, i), nat, &rs->rs_rules[i]);
		if (error == 0 && !nat &&
		    (rs->rs_rules[i].r_attr & NPF_DYNAMIC_GROUP) ==
			NPF_DYNAMIC_GROUP)
			error = npf_rule_fill_subs(
			    cf, plist_item(rules, i), &rs->rs_rules[i]);
	}
	for (size_t i = 0; i < n && error == 0; i++) {
		*bad = i;
		error = nest(rs, i, stack, &depth);
	}
	if (error == 0)
		npf_index_make(k, &rs->rs_index, rs->rs_count, precheck_of, rs);
	return error;
}

void
npf_ruleset_destroy(struct rump_kernel *k, struct npf_ruleset *rs)
{
	if (rs == NULL)
		return;
	npf_index_free(k, &rs->rs_index);
	for (size_t i = 0; i < rs->rs_count; i++)
		npf_rule_clear(k, &rs->rs_rules[i]);
	if (rs->rs_rules != NULL)
		kmem_free(k, rs->rs_rules, rs->rs_size * sizeof(*rs->rs_rules));
	kmem_free(k, rs, sizeof(*rs));
}

/* --- matching --- */

static uint32_t
cop_l3(struct bpf_run *run, uint32_t a)
{
	const struct npf_packet *np = run->arg;

	(void)a;
	run->mem[BPF_MW_IPVER] = np->np_alen == 4 ? 4 : 6;
	run->mem[BPF_MW_L4OFF] = np->np_hlen;
	run->mem[BPF_MW_L4PROTO] = np->np_proto;
	return run->mem[BPF_MW_IPVER];
}

static uint32_t
cop_table(struct bpf_run *run, uint32_t a)
{
	const struct npf_packet *np = run->arg;
	int which = (a & NPF_TABLE_SRC) != 0 ? NPF_SRC : NPF_DST;

	return npf_table_match(
	    np->np_conf, a & ~NPF_TABLE_SRC, np->np_addr[which], np->np_alen);
}

static bpf_copfunc_t *const cops[NPF_NCOPS] = { cop_l3, cop_table };

bool
npf_rule_matches(const struct npf_rule *r, struct npf_packet *np)
{
	uint32_t mem[BPF_MEMWORDS] = { 0 };
	struct bpf_run run = { .m = np->np_m,
		.wirelen = np->np_len,
		.mem = mem,
		.arg = np,
		.ncops = NPF_NCOPS };

	if (!npf_precheck_ok(&r->r_pre, &np->np_key))
		return false;
	if (r->r_code == NULL)
		return true;
	(void)cop_l3(&run, 0);
	return bpf_filter(r->r_code, &run, cops) != 0;
}

struct npf_rule *
npf_ruleset_inspect(const struct npf_ruleset *rs, struct npf_packet *np)
{
	struct npf_rule *best = NULL, *r;
	size_t i = 0, end = 0;
	bool indexed = rs->rs_index.ix_words != 0, found = false;
	struct npf_lookup lk;

	if (indexed)
		npf_index_look(&rs->rs_index, &np->np_key, &lk);
	while (i < rs->rs_count) {
		if (indexed && (i = npf_index_next(&lk, i)) >= rs->rs_count)
			break;
		/* A group in which something was found is the last. */
		if (i >= end && found)
			break;
		r = &rs->rs_rules[i];
		if (!npf_rule_matches(r, np)) {
			i = (r->r_attr & NPF_RULE_GROUP) != 0 ? r->r_skip :
								i + 1;
			continue;
		}
		if ((r->r_attr & NPF_RULE_GROUP) != 0) {
			bool dynamic = (r->r_attr & NPF_RULE_DYNAMIC) != 0;

			if (!dynamic && i >= end)
				end = r->r_skip;
			i = dynamic ? r->r_skip : i + 1;
			if (!dynamic ||
			    (r = npf_dynindex_inspect(r, np)) == NULL)
				continue;
		} else
			i++;
		best = r;
		found = i <= end;
		if ((r->r_attr & NPF_RULE_FINAL) != 0)
			break;
	}
	return best;
}
