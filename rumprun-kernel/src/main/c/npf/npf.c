/* SPDX-License-Identifier: BSD-2-Clause */
/* NPF: its beginning and end, and the way of a packet through it. */
#include "netinet/ip_private.h"
#include "netinet6/in6_private.h"
#include "npf/npf.h"

/* --- fragments: rules look at whole packets --- */

/* True: np_m is whole. Else it is kept, or gone. */
static bool
reassemble4(struct npf_packet *np)
{
	if ((np->np_m = m_makewritable(np->np_m, np->np_hlen)) == NULL)
		return false;
	np->np_m = ip_reassemble(np->np_m);
	return np->np_m != NULL;
}

static void
set_zones(struct npf_packet *np, bool on)
{
	struct in6_addr a;

	for (int at = 8; at <= 24; at += 16) {
		memcpy(&a, np->np_m->m_data + at, 16);
		if (on)
			(void)in6_setscope(&a, np->np_ifp);
		else
			in6_clearscope(&a);
		memcpy(np->np_m->m_data + at, &a, 16);
	}
}

static bool
reassemble6(struct npf_packet *np)
{
	int off = (int)np->np_fragoff;

	if (!npf_packet_writable(np, np->np_fragoff))
		return false;
	set_zones(np, true);
	if (frag6_protosw.ip6_input(&np->np_m, &off, IPPROTO_FRAGMENT) ==
	    IPPROTO_DONE) {
		np->np_m = NULL;
		return false;
	}
	if (!npf_packet_writable(np, 40))
		return false;
	set_zones(np, false);
	return true;
}

static bool
reassemble(struct npf_state *ns, struct npf_packet *np, int af)
{
	npf_count(ns, NPF_STAT_FRAGMENTS);
	if (!(af == AF_INET ? reassemble4(np) : reassemble6(np)))
		return false;
	npf_count(ns, NPF_STAT_REASSEMBLY);
	if (npf_packet_parse(np, af) && (np->np_info & NPC_IPFRAG) == 0)
		return true;
	npf_count(ns, NPF_STAT_REASSFAIL);
	m_freem(np->np_m);
	np->np_m = NULL;
	return false;
}

/* --- the way of a packet --- */

struct verdict {
	struct npf_conn *c;
	struct npf_rproc *rp;
	uint32_t attr; /* of the rule that blocks */
	bool forw, pass, known;
};

/* By rules; a stateful one's connection is made, not yet entered. */
static void
ask_rules(struct npf_state *ns, struct npf_packet *np, struct verdict *v)
{
	struct npf_config *cf = np->np_conf;
	struct npf_rule *r = npf_ruleset_inspect(cf->cf_rules, np);
	bool none;

	if (r == NULL) {
		v->pass = cf->cf_passes;
		npf_count(ns,
		    v->pass ? NPF_STAT_PASS_DEFAULT : NPF_STAT_BLOCK_DEFAULT);
		return;
	}
	v->attr = r->r_attr;
	v->rp = r->r_rproc;
	v->pass = (r->r_attr & NPF_RULE_PASS) != 0;
	npf_count(ns, v->pass ? NPF_STAT_PASS_RULESET : NPF_STAT_BLOCK_RULESET);
	if (!v->pass || (r->r_attr & NPF_RULE_STATEFUL) == 0)
		return;
	if (v->c != NULL) { /* one that translation has made */
		if (v->forw)
			atomic_fetch_or(&v->c->c_flags, NPF_CONN_PASS);
		return;
	}
	v->c = npf_conn_create(
	    ns, np, (r->r_attr & NPF_RULE_MULTIENDS) != 0, &none);
	v->forw = true;
	if (v->c == NULL) {
		if (!none) {
			npf_count(ns, NPF_STAT_ERROR);
			v->pass = false;
		}
		return;
	}
	atomic_fetch_or(&v->c->c_flags, NPF_CONN_PASS);
	if (r->r_rproc != NULL) {
		atomic_fetch_add(&r->r_rproc->rp_refs, 1);
		v->c->c_rproc = r->r_rproc;
	}
}

/* 0: goes on. */
static int
judge(struct npf_state *ns, struct npf_packet *np, struct verdict *v)
{
	v->c = npf_conn_lookup(ns, np, &v->forw);
	if ((v->known = v->c != NULL)) {
		if (!npf_conn_track(v->c, np, v->forw))
			return -ENETUNREACH;
		if ((atomic_load(&v->c->c_flags) & NPF_CONN_PASS) != 0) {
			npf_count(ns, NPF_STAT_PASS_CONN);
			v->rp = v->c->c_rproc;
			v->pass = true;
		}
	}
	if (!v->pass)
		ask_rules(ns, np, v);
	if (v->rp != NULL && !npf_rproc_run(v->rp, np, &v->pass))
		return -ENOBUFS;
	if (!v->pass) {
		if ((v->attr & (NPF_RULE_RETRST | NPF_RULE_RETICMP)) != 0)
			npf_send_answer(np, v->attr);
		return -ENETUNREACH;
	}
	return npf_nat_packet(np, &v->c, v->known, v->forw);
}

/* An ICMP error about a packet of a connection: passes as its answers do. 1: it is none. */
static int
judge_error(struct npf_state *ns, struct npf_packet *np)
{
	struct npf_packet q;
	struct npf_conn *c;
	size_t qoff;
	bool forw;
	int error;

	c = npf_conn_lookup_error(ns, np, &q, &qoff, &forw);
	if (c == NULL)
		return 1;
	if ((atomic_load(&c->c_flags) & NPF_CONN_PASS) == 0 &&
	    c->c_policy == NULL) {
		npf_conn_put(c);
		return 1;
	}
	npf_count(ns, NPF_STAT_PASS_CONN);
	error = npf_nat_error(np, &q, qoff, c, forw);
	npf_conn_put(c);
	return error;
}

static int
filter(struct npf_state *ns, struct npf_packet *np, int af)
{
	struct verdict v = { .c = NULL };
	int error;

	if (!npf_packet_parse(np, af)) {
		npf_count(ns, NPF_STAT_ERROR);
		return -ENETUNREACH;
	}
	if ((np->np_info & NPC_IPFRAG) != 0 && np->np_in &&
	    !reassemble(ns, np, af))
		return 0;
	if ((np->np_info & NPC_ICMP) != 0 && (error = judge_error(ns, np)) <= 0)
		return error;
	error = judge(ns, np, &v);
	if (v.c != NULL)
		npf_conn_put(v.c);
	return error;
}

int
npf_hook(
    void *arg, struct mbuf **mp, struct ifnet *ifp, int af, enum pfil_dir dir)
{
	struct npf_state *ns = arg;
	struct npf_packet np;
	int error;

	if (((*mp)->m_flags & M_NPF) != 0)
		return 0;
	np.np_k = ns->ns_k;
	np.np_conf = ns->ns_conf;
	np.np_m = *mp;
	np.np_ifp = ifp;
	np.np_ifid = npf_config_findif(ns->ns_conf, ifp->if_xname);
	np.np_in = dir == PFIL_DIR_IN;
	error = filter(ns, &np, af);
	if (error != 0) {
		m_freem(np.np_m);
		np.np_m = NULL;
	}
	*mp = np.np_m;
	return error;
}

/* --- boot and halt --- */

static void
ifchange(void *arg, struct ifnet *ifp, bool attached)
{
	if (!attached)
		npf_conn_ifdetach(arg, ifp->if_index);
}

int
npf_attach(struct rump_kernel *k)
{
	struct npf_state *ns = kmem_zalloc(k, sizeof(*ns));
	int error;

	if (ns == NULL)
		return -ENOMEM;
	ns->ns_k = k;
	ns->ns_pf.pf_arg = ns;
	ns->ns_pf.pf_ifchange = ifchange;
	NS(k)->ns_pfil = &ns->ns_pf;
	if ((error = npf_conn_boot(ns)) == 0) {
		ns->ns_conf = npf_config_empty(ns);
		error = ns->ns_conf == NULL ? -ENOMEM : npflog_attach(k);
	}
	if (error != 0)
		npf_detach(k);
	return error;
}

void
npf_detach(struct rump_kernel *k)
{
	struct npf_state *ns = npf_of(k);

	if (ns == NULL)
		return;
	net_wrlock(k);
	ns->ns_pf.pf_fn = NULL;
	NS(k)->ns_pfil = NULL;
	net_unlock(k);
	npf_conn_fini(ns);
	npf_config_destroy(ns->ns_conf);
	kmem_free(k, ns, sizeof(*ns));
}
