/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules that come and go at run time, in groups made for that (ruleset "name"). */
#include "npf/npf_rules.h"

/* Memory for the dictionary of one rule goes with it. */
void
npf_rule_freedict(struct rump_kernel *k, struct npf_rule *r)
{
	struct plist_mem *pm;

	if (r->r_dict == NULL)
		return;
	pm = plist_memory(r->r_dict);
	plist_free(r->r_dict);
	r->r_dict = NULL;
	kmem_free(k, pm, sizeof(*pm));
}

/* A dynamic rule of its own, with an identity. */
static int
make(struct npf_config *cf, const struct plist *d, struct npf_rule **rp)
{
	struct npf_state *ns = cf->cf_npf;
	struct rump_kernel *k = ns->ns_k;
	struct plist_mem *pm;
	struct npf_rule *r;
	uint64_t id = 0;
	int error;

	*rp = NULL;
	if (plist_get_uint(d, "id", UINT64_MAX, &id) < 0)
		return -EINVAL;
	if ((r = kmem_zalloc(k, sizeof(*r))) == NULL)
		return -ENOMEM;
	if ((error = npf_rule_fill(cf, d, false, r)) != 0)
		goto fail;
	error = -EINVAL;
	if ((r->r_attr & NPF_RULE_GROUP) != 0)
		goto fail;
	error = -ENOMEM;
	r->r_attr |= NPF_RULE_DYNAMIC;
	if (id == 0)
		id = atomic_fetch_add(&ns->ns_ruleid, 1) + 1;
	r->r_id = id;
	if ((pm = kmem_alloc(k, sizeof(*pm))) == NULL)
		goto fail;
	plist_mem_init(pm, k);
	if ((r->r_dict = plist_copy(pm, d)) == NULL) {
		kmem_free(k, pm, sizeof(*pm));
		goto fail;
	}
	plist_remove(r->r_dict, "ruleset-name");
	plist_remove(r->r_dict, "command");
	plist_set_uint(r->r_dict, "attr", r->r_attr);
	plist_set_uint(r->r_dict, "id", id);
	if (pm->pm_error != 0)
		goto fail;
	*rp = r;
	return 0;
fail:
	npf_rule_clear(k, r);
	kmem_free(k, r, sizeof(*r));
	return error;
}

int
npf_rule_fill_subs(
    struct npf_config *cf, const struct plist *d, struct npf_rule *group)
{
	struct npf_state *ns = cf->cf_npf;
	struct npf_rule **tail = &group->r_subs;
	struct plist *subs = NULL;
	int error;

	if (plist_get_array(d, "subrules", &subs) < 0)
		return -EINVAL;
	if (plist_count(subs) > NPF_MAXRULES)
		return -EINVAL;
	for (size_t i = 0; i < plist_count(subs); i++) {
		uint64_t last = atomic_load(&ns->ns_ruleid);

		if ((error = make(cf, plist_item(subs, i), tail)) != 0)
			return error;
		/* Numbers that come back from a file are not given again. */
		while (last < (*tail)->r_id &&
		    !atomic_compare_exchange_weak(
			&ns->ns_ruleid, &last, (*tail)->r_id))
			continue;
		tail = &(*tail)->r_next;
	}
	npf_dynindex_rebuild(ns->ns_k, group);
	return 0;
}

static struct npf_rule *
find_group(struct npf_config *cf, const char *name)
{
	for (size_t i = 0; i < cf->cf_rules->rs_count; i++) {
		struct npf_rule *r = &cf->cf_rules->rs_rules[i];

		if ((r->r_attr & NPF_DYNAMIC_GROUP) == NPF_DYNAMIC_GROUP &&
		    strcmp(r->r_name, name) == 0)
			return r;
	}
	return NULL;
}

/* W. The first in front, the last behind, numbers in their order. */
static void
insert(struct npf_rule *group, struct npf_rule *r)
{
	struct npf_rule **p = &group->r_subs;

	while (*p != NULL && r->r_prio != NPF_PRI_FIRST &&
	    (r->r_prio == NPF_PRI_LAST ||
		((*p)->r_prio != NPF_PRI_LAST && (*p)->r_prio <= r->r_prio)))
		p = &(*p)->r_next;
	r->r_next = *p;
	*p = r;
}

static int
add(struct npf_state *ns, struct npf_rule *group, const struct plist *request,
    uint64_t cmd, struct plist *answer)
{
	struct rump_kernel *k = ns->ns_k;
	struct npf_rule *r;
	size_t n = 0;
	int error;

	for (r = group->r_subs; r != NULL; r = r->r_next)
		n++;
	if (n >= NPF_MAXRULES)
		return -ENOSPC;
	net_wrlock(k);
	/* It may enter the name of an interface. */
	error = make(ns->ns_conf, request, &r);
	if (error == 0) {
		if (cmd == NPF_CMD_RULE_INSERT && r->r_prio == NPF_PRI_LAST)
			r->r_prio = NPF_PRI_FIRST;
		insert(group, r);
		npf_dynindex_added(k, group, r);
		plist_set_uint(answer, "id", r->r_id);
	}
	net_unlock(k);
	return error;
}

struct which {
	bool all;
	uint64_t id;
	const void *key;
	size_t keylen;
};

static bool
is_meant(const struct npf_rule *r, const struct which *w)
{
	if (w->all)
		return true;
	if (w->key == NULL)
		return r->r_id == w->id;
	return r->r_keylen == w->keylen &&
	    memcmp(r->r_key, w->key, w->keylen) == 0;
}

/* The first of them, or all. */
static int
take_off(struct npf_state *ns, struct npf_rule *group, const struct which *w)
{
	struct npf_rule *gone = NULL, **tail = &gone, **p, *r;

	net_wrlock(ns->ns_k);
	for (p = &group->r_subs; (r = *p) != NULL;) {
		if (!is_meant(r, w)) {
			p = &r->r_next;
			continue;
		}
		*p = r->r_next;
		npf_dynindex_removed(ns->ns_k, group, r);
		r->r_next = NULL;
		*tail = r;
		tail = &r->r_next;
		if (!w->all)
			break;
	}
	net_unlock(ns->ns_k);
	if (gone == NULL && !w->all)
		return -ENOENT;
	while ((r = gone) != NULL) {
		gone = r->r_next;
		npf_rule_clear(ns->ns_k, r);
		kmem_free(ns->ns_k, r, sizeof(*r));
	}
	return 0;
}

static void
list(const struct npf_rule *group, struct plist *array)
{
	for (const struct npf_rule *r = group->r_subs; r != NULL; r = r->r_next)
		if (array != NULL)
			(void)plist_append(
			    array, plist_copy(plist_memory(array), r->r_dict));
}

static int
remove_one(
    struct npf_state *ns, struct npf_rule *group, const struct plist *request)
{
	struct which w = { .all = false };
	uint64_t cmd = 0;
	int got;

	(void)plist_get_uint(request, "command", UINT32_MAX, &cmd);
	if (cmd == NPF_CMD_RULE_REMOVE)
		got = plist_get_uint(request, "id", UINT64_MAX, &w.id);
	else
		got = plist_get_data(request, "key", &w.key, &w.keylen);
	if (got <= 0 || (cmd == NPF_CMD_RULE_REMKEY && w.keylen == 0))
		return -EINVAL;
	return take_off(ns, group, &w);
}

/* ns_change is held: groups stay. */
static int
command(struct npf_state *ns, const struct plist *request, struct plist *answer)
{
	struct which all = { .all = true };
	struct npf_rule *group;
	const char *name;
	uint64_t cmd;

	if (plist_get_string(request, "ruleset-name", &name) <= 0 ||
	    plist_get_uint(request, "command", UINT32_MAX, &cmd) <= 0)
		return -EINVAL;
	if ((group = find_group(ns->ns_conf, name)) == NULL)
		return -ESRCH;
	switch (cmd) {
	case NPF_CMD_RULE_ADD:
	case NPF_CMD_RULE_INSERT:
		return add(ns, group, request, cmd, answer);
	case NPF_CMD_RULE_REMOVE:
	case NPF_CMD_RULE_REMKEY:
		return remove_one(ns, group, request);
	case NPF_CMD_RULE_LIST:
		list(group, plist_set_array(answer, "rules"));
		return 0;
	case NPF_CMD_RULE_FLUSH:
		return take_off(ns, group, &all);
	default:
		return -EINVAL;
	}
}

int
npf_rule_command(
    struct npf_state *ns, struct plist *request, struct plist *answer)
{
	int error;

	kmutex_enter(&ns->ns_change);
	error = command(ns, request, answer);
	kmutex_exit(&ns->ns_change);
	return error;
}

/* --- configurations come and go --- */

/* A rule's interface and procedure are the new configuration's; one that has no such procedure any more goes without. */
static void
adopt(struct npf_rule *r, struct npf_config *cf, const struct npf_config *old)
{
	struct npf_rproc *rp = r->r_rproc;

	if (r->r_ifid != 0) {
		uint64_t mask = NPF_LANE1(0, 0, 0, 0, 0xffff);

		r->r_ifid = npf_config_ifid(cf, old->cf_ifnames[r->r_ifid - 1]);
		if (r->r_ifid == 0) /* no memory: of no interface */
			r->r_pre.pc_never = true;
		r->r_pre.pc_value[1] = (r->r_pre.pc_value[1] & ~mask) |
		    NPF_LANE1(0, 0, 0, 0, r->r_ifid);
	}
	if (rp != NULL) {
		r->r_rproc = npf_rproc_find(cf, rp->rp_name);
		if (r->r_rproc != NULL)
			atomic_fetch_add(&r->r_rproc->rp_refs, 1);
		npf_rproc_put(rp);
	}
}

void
npf_ruleset_inherit(struct npf_config *cf, struct npf_config *old)
{
	for (size_t i = 0; i < cf->cf_rules->rs_count; i++) {
		struct npf_rule *r = &cf->cf_rules->rs_rules[i], *from;

		if ((r->r_attr & NPF_DYNAMIC_GROUP) != NPF_DYNAMIC_GROUP ||
		    r->r_subs != NULL ||
		    (from = find_group(old, r->r_name)) == NULL)
			continue;
		npf_dynindex_drop(old->cf_npf->ns_k, from);
		r->r_subs = from->r_subs;
		from->r_subs = NULL;
		for (struct npf_rule *sub = r->r_subs; sub != NULL;
		     sub = sub->r_next)
			adopt(sub, cf, old);
		npf_dynindex_rebuild(cf->cf_npf->ns_k, r);
	}
}

void
npf_ruleset_save(const struct npf_ruleset *rs, struct plist *rules)
{
	for (size_t i = 0; i < rs->rs_count; i++) {
		const struct npf_rule *r = &rs->rs_rules[i];

		if ((r->r_attr & NPF_DYNAMIC_GROUP) == NPF_DYNAMIC_GROUP)
			list(r,
			    plist_set_array(plist_item(rules, i), "subrules"));
	}
}
