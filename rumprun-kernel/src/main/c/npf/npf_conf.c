/* SPDX-License-Identifier: BSD-2-Clause */
/* Configurations: made whole from a property list, put in place of the old one, given back as they are now. */
#include "npf/npf.h"

/* --- names of interfaces --- */

unsigned
npf_config_findif(const struct npf_config *cf, const char *name)
{
	for (size_t i = 0; i < cf->cf_nifnames; i++)
		if (strncmp(cf->cf_ifnames[i], name, IFNAMSIZ) == 0)
			return (unsigned)i + 1;
	return 0;
}

unsigned
npf_config_ifid(struct npf_config *cf, const char *name)
{
	struct rump_kernel *k = cf->cf_npf->ns_k;
	unsigned id = npf_config_findif(cf, name);
	char(*bigger)[IFNAMSIZ];
	size_t n;

	if (id != 0)
		return id;
	if (cf->cf_nifnames == cf->cf_ifroom) {
		n = cf->cf_ifroom == 0 ? 8 : cf->cf_ifroom * 2;
		if (n > 32768 ||
		    (bigger = kmem_calloc(k, n, sizeof(*bigger))) == NULL)
			return 0;
		if (cf->cf_ifnames != NULL) {
			memcpy(bigger, cf->cf_ifnames,
			    cf->cf_nifnames * sizeof(*bigger));
			kmem_free(
			    k, cf->cf_ifnames, cf->cf_ifroom * sizeof(*bigger));
		}
		cf->cf_ifnames = bigger;
		cf->cf_ifroom = n;
	}
	memset(cf->cf_ifnames[cf->cf_nifnames], 0, IFNAMSIZ);
	memcpy(cf->cf_ifnames[cf->cf_nifnames], name, strlen(name));
	return (unsigned)++cf->cf_nifnames;
}

/* --- making --- */

void
npf_config_destroy(struct npf_config *cf)
{
	struct rump_kernel *k;

	if (cf == NULL)
		return;
	k = cf->cf_npf->ns_k;
	npf_ruleset_destroy(k, cf->cf_rules);
	npf_ruleset_destroy(k, cf->cf_nat);
	npf_tableset_destroy(cf);
	npf_rprocs_destroy(cf);
	plist_free(cf->cf_dict);
	if (cf->cf_ifnames != NULL)
		kmem_free(
		    k, cf->cf_ifnames, cf->cf_ifroom * sizeof(*cf->cf_ifnames));
	kmem_free(k, cf, sizeof(*cf));
}

/* What the request says is in cf_dict. */
static int
fill(struct npf_config *cf, const char **what, size_t *bad)
{
	struct plist *rules = NULL, *nat = NULL, *tables = NULL, *procs = NULL;
	const struct plist *d = cf->cf_dict;
	uint64_t version = NPF_VERSION;
	bool flush = false;
	int error;

	if (plist_get_uint(d, "version", UINT32_MAX, &version) < 0 ||
	    version != NPF_VERSION)
		return -EPROGMISMATCH;
	if (plist_get_array(d, "rules", &rules) < 0 ||
	    plist_get_array(d, "nat", &nat) < 0 ||
	    plist_get_array(d, "tables", &tables) < 0 ||
	    plist_get_array(d, "rprocs", &procs) < 0 ||
	    plist_get_bool(d, "flush", &flush) < 0)
		return -EINVAL;
	cf->cf_passes = flush;
	*what = "rprocs";
	if ((error = npf_rprocs_create(cf, procs)) != 0)
		return error;
	*what = "tables";
	if ((error = npf_tableset_create(cf, tables)) != 0)
		return error;
	*what = "rules";
	if ((error = npf_ruleset_create(cf, rules, false, &cf->cf_rules, bad)) !=
	    0)
		return error;
	*what = "nat";
	if ((error = npf_ruleset_create(cf, nat, true, &cf->cf_nat, bad)) != 0)
		return error;
	for (size_t i = 0; i < cf->cf_nat->rs_count; i++)
		cf->cf_static |= (cf->cf_nat->rs_rules[i].r_policy->po_flags &
				     NPF_NAT_STATIC) != 0;
	return 0;
}

static struct npf_config *
create(struct npf_state *ns)
{
	struct npf_config *cf = kmem_zalloc(ns->ns_k, sizeof(*cf));

	if (cf != NULL) {
		cf->cf_npf = ns;
		plist_mem_init(&cf->cf_mem, ns->ns_k);
	}
	return cf;
}

struct npf_config *
npf_config_empty(struct npf_state *ns)
{
	struct npf_config *cf = create(ns);
	const char *what;
	size_t bad;

	if (cf == NULL)
		return NULL;
	cf->cf_dict = plist_new_dict(&cf->cf_mem);
	plist_set_bool(cf->cf_dict, "flush", true);
	if (fill(cf, &what, &bad) != 0) {
		npf_config_destroy(cf);
		return NULL;
	}
	return cf;
}

/* ns_change is held. */
static void
install(struct npf_state *ns, struct npf_config *cf)
{
	struct npf_config *old = ns->ns_conf;
	struct plist *conns = NULL;

	net_wrlock(ns->ns_k);
	if (!cf->cf_passes) {
		npf_ruleset_inherit(cf, old);
		npf_tableset_inherit(cf, old);
	}
	npf_policy_inherit(ns, cf->cf_nat, old->cf_nat);
	(void)plist_get_array(cf->cf_dict, "conn-list", &conns);
	if (cf->cf_passes || conns != NULL)
		npf_conn_flush(ns, true);
	else
		npf_conn_flush(ns, false);
	ns->ns_conf = cf;
	if (conns != NULL) {
		npf_conn_load(ns, conns);
		plist_remove(cf->cf_dict, "conn-list");
	}
	net_unlock(ns->ns_k);
	npf_config_destroy(old);
}

/* Where the text was that is to blame, as npfctl told. */
static void
blame(struct plist *answer, const struct plist *d, const char *what, size_t i)
{
	struct plist *list = NULL;
	const struct plist *rule;
	const char *file;
	int64_t line;

	if (what == NULL || plist_get_array(d, what, &list) <= 0)
		return;
	rule = plist_item(list, i);
	plist_set_uint(answer, "id", i + 1);
	if (plist_get_string(rule, "source-file", &file) > 0)
		plist_set_string(answer, "source-file", file);
	if (plist_get_int(rule, "source-line", 0, INT32_MAX, &line) > 0)
		plist_set_int(answer, "source-line", line);
}

int
npf_config_load(struct npf_state *ns, struct lwp *l, struct plistref *ref)
{
	struct npf_config *cf = create(ns);
	struct plist_mem mem;
	struct plist *answer;
	const char *what = NULL;
	size_t bad = 0;
	int error, done;

	if (cf == NULL)
		return -ENOMEM;
	error = plist_copyin(l, &cf->cf_mem, ref, NPF_MAXTEXT, &cf->cf_dict);
	if (error == 0 && plist_type(cf->cf_dict) != PLIST_DICT)
		error = -EINVAL;
	if (error != 0) {
		npf_config_destroy(cf);
		return error;
	}
	done = fill(cf, &what, &bad);
	plist_mem_init(&mem, ns->ns_k);
	answer = plist_new_dict(&mem);
	plist_set_int(answer, "errno", -done);
	if (done != 0)
		blame(answer, cf->cf_dict, what, bad);
	/* The answer first: who does not get it is not to have changed anything. */
	error = plist_copyout(l, answer, ref);
	plist_free(answer);
	if (done != 0 || error != 0) {
		npf_config_destroy(cf);
		return error;
	}
	kmutex_enter(&ns->ns_change);
	install(ns, cf);
	kmutex_exit(&ns->ns_change);
	return 0;
}

/* --- as it is now --- */

static void
copy_list(struct plist *to, const char *key, const struct plist *from)
{
	const struct plist *list = plist_get(from, key);

	if (plist_type(list) == PLIST_ARRAY && to != NULL)
		(void)plist_set(to, key, plist_copy(plist_memory(to), list));
	else
		(void)plist_set_array(to, key);
}

static void
describe(struct npf_state *ns, struct plist *d)
{
	const struct npf_config *cf = ns->ns_conf;
	struct plist *nat;

	plist_set_uint(d, "version", NPF_VERSION);
	plist_set_bool(d, "active", ns->ns_active);
	if (cf->cf_passes)
		plist_set_bool(d, "flush", true);
	copy_list(d, "algs", cf->cf_dict);
	copy_list(d, "rprocs", cf->cf_dict);
	copy_list(d, "rules", cf->cf_dict);
	copy_list(d, "nat", cf->cf_dict);
	npf_tableset_save(cf, plist_set_array(d, "tables"));
	npf_ruleset_save(cf->cf_rules, plist_get(d, "rules"));
	nat = plist_get(d, "nat");
	for (size_t i = 0; i < plist_count(nat); i++)
		plist_set_uint(plist_item(nat, i), "nat-policy",
		    cf->cf_nat->rs_rules[i].r_policy->po_id);
	npf_conn_save(ns, plist_set_array(d, "conn-list"));
}

int
npf_config_save(struct npf_state *ns, struct lwp *l, struct plistref *ref)
{
	struct plist_mem mem;
	struct plist *d;
	int error;

	plist_mem_init(&mem, ns->ns_k);
	d = plist_new_dict(&mem);
	kmutex_enter(&ns->ns_change);
	describe(ns, d);
	kmutex_exit(&ns->ns_change);
	error = plist_copyout(l, d, ref);
	plist_free(d);
	return error;
}
