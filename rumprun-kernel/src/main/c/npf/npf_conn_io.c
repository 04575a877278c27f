/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections as dictionaries, for `npfctl save` and `load`. */
#include "npf/npf.h"

/* A key's bytes: addresses, ports, protocol, length of addresses; interfaces go by their names. */
#define KEY_BYTES 38

static void
put_key(struct plist *d, const char *name, const struct npf_connkey *ck)
{
	uint8_t b[KEY_BYTES];

	memcpy(b, ck->ck_addr, 32);
	memcpy(b + 32, ck->ck_port, 4);
	b[36] = ck->ck_proto;
	b[37] = ck->ck_alen;
	plist_set_data(d, name, b, sizeof(b));
}

static bool
get_key(const struct plist *d, const char *name, uint32_t ifindex,
    struct npf_connkey *ck)
{
	const void *data;
	const uint8_t *b;
	size_t len;

	if (plist_get_data(d, name, &data, &len) <= 0 || len != KEY_BYTES)
		return false;
	b = data;
	memset(ck, 0, sizeof(*ck));
	memcpy(ck->ck_addr, b, 32);
	memcpy(ck->ck_port, b + 32, 4);
	ck->ck_proto = b[36];
	ck->ck_alen = b[37];
	ck->ck_ifindex = ifindex;
	return ck->ck_alen == 4 || ck->ck_alen == 16;
}

static void
save_one(struct npf_conn *c, struct plist *list)
{
	struct npf_state *ns = c->c_npf;
	const struct npf_connkey *ck = &c->c_ent[0].e_key;
	struct ifnet *ifp = if_byindex(ns->ns_k, ck->ck_ifindex);
	struct plist *d, *nat;
	struct npf_track tr;

	if (ck->ck_ifindex != 0 && ifp == NULL)
		return;
	d = plist_append_dict(list);
	kmutex_enter(&c->c_lock);
	tr = c->c_track;
	kmutex_exit(&c->c_lock);
	plist_set_uint(d, "proto", ck->ck_proto);
	plist_set_uint(d, "flags", atomic_load(&c->c_flags));
	plist_set_data(d, "state", &tr, sizeof(tr));
	put_key(d, "forw-key", ck);
	put_key(d, "back-key", &c->c_ent[1].e_key);
	if (ifp != NULL)
		plist_set_string(d, "ifname", ifp->if_xname);
	if (c->c_policy == NULL)
		return;
	nat = plist_set_dict(d, "nat");
	plist_set_uint(nat, "nat-policy", c->c_policy->po_id);
	plist_set_data(nat, "oaddr", c->c_oaddr, ck->ck_alen);
	plist_set_data(nat, "taddr", c->c_taddr, ck->ck_alen);
	plist_set_uint(nat, "oport", c->c_oport);
	plist_set_uint(nat, "tport", c->c_tport);
}

/* Takes the net lock, for names; a shard's lock is never held while one is written: those found are held on to. */
void
npf_conn_save(struct npf_state *ns, struct plist *list)
{
	struct npf_conn **found;
	size_t room, n;

	net_rdlock(ns->ns_k);
	for (int i = 0; i < NPF_NSHARDS && list != NULL; i++) {
		struct npf_connshard *sh = &ns->ns_shards[i];

		kmutex_enter(&sh->sh_lock);
		room = sh->sh_count;
		n = 0;
		found = room == 0 ? NULL :
				    kmem_calloc(ns->ns_k, room, sizeof(*found));
		for (size_t b = 0; found != NULL && b < sh->sh_nbuckets; b++)
			for (struct npf_connent *e = sh->sh_buckets[b];
			     e != NULL; e = e->e_next)
				if (e == &e->e_conn->c_ent[0]) {
					atomic_fetch_add(&e->e_conn->c_refs, 1);
					found[n++] = e->e_conn;
				}
		kmutex_exit(&sh->sh_lock);
		for (size_t c = 0; c < n; c++) {
			save_one(found[c], list);
			npf_conn_put(found[c]);
		}
		if (found != NULL)
			kmem_free(ns->ns_k, found, room * sizeof(*found));
	}
	net_unlock(ns->ns_k);
}

/* --- back --- */

static struct npf_policy *
policy_of(const struct npf_state *ns, uint64_t id)
{
	const struct npf_ruleset *rs = ns->ns_conf->cf_nat;

	for (size_t i = 0; i < rs->rs_count; i++)
		if (rs->rs_rules[i].r_policy->po_id == id)
			return rs->rs_rules[i].r_policy;
	return NULL;
}

static bool
load_nat(struct npf_state *ns, const struct plist *d, struct npf_conn *c)
{
	uint64_t id, oport = 0, tport = 0;
	const void *o, *t;
	size_t olen, tlen, alen = c->c_ent[0].e_key.ck_alen;
	struct npf_policy *po;

	if (plist_get_uint(d, "nat-policy", UINT64_MAX, &id) <= 0 ||
	    (po = policy_of(ns, id)) == NULL || po->po_alen != alen ||
	    plist_get_data(d, "oaddr", &o, &olen) <= 0 || olen != alen ||
	    plist_get_data(d, "taddr", &t, &tlen) <= 0 || tlen != alen ||
	    plist_get_uint(d, "oport", UINT16_MAX, &oport) < 0 ||
	    plist_get_uint(d, "tport", UINT16_MAX, &tport) < 0)
		return false;
	atomic_fetch_add(&po->po_refs, 1);
	c->c_policy = po;
	memcpy(c->c_oaddr, o, olen);
	memcpy(c->c_taddr, t, tlen);
	c->c_oport = (uint16_t)oport;
	c->c_tport = (uint16_t)tport;
	c->c_counted = true;
	npf_count(ns, NPF_STAT_NAT_CREATE);
	return true;
}

static bool
state_fits(const struct npf_track *tr, bool tcp)
{
	return tr->tr_state < NPF_CS_COUNT &&
	    (tcp || tr->tr_state <= NPF_CS_ESTABLISHED) &&
	    tr->tr_side[0].ts_wscale <= 14 && tr->tr_side[1].ts_wscale <= 14;
}

static void
load_one(struct npf_state *ns, const struct plist *d)
{
	struct npf_connkey forw, back;
	struct plist *nat = NULL;
	struct npf_track tr;
	struct npf_conn *c;
	const char *ifname = NULL;
	const void *state;
	uint64_t flags = 0;
	uint32_t ifindex = 0;
	struct ifnet *ifp;
	size_t len;

	if (plist_get_string(d, "ifname", &ifname) > 0) {
		if ((ifp = if_byname(ns->ns_k, ifname)) == NULL)
			return;
		ifindex = ifp->if_index;
	}
	if (!get_key(d, "forw-key", ifindex, &forw) ||
	    !get_key(d, "back-key", ifindex, &back) ||
	    back.ck_proto != forw.ck_proto || back.ck_alen != forw.ck_alen ||
	    plist_get_uint(d, "flags", UINT32_MAX, &flags) < 0 ||
	    plist_get_data(d, "state", &state, &len) <= 0 || len != sizeof(tr))
		return;
	memcpy(&tr, state, sizeof(tr));
	if (!state_fits(&tr, forw.ck_proto == IPPROTO_TCP) ||
	    plist_get_dict(d, "nat", &nat) < 0 ||
	    (c = npf_conn_make(ns, &forw, &back)) == NULL)
		return;
	c->c_track = tr;
	c->c_state = tr.tr_state;
	c->c_flags = (uint32_t)flags & NPF_CONN_PASS;
	if (nat == NULL || load_nat(ns, nat, c))
		(void)npf_conn_insert(c);
	npf_conn_put(c);
}

void
npf_conn_load(struct npf_state *ns, const struct plist *list)
{
	for (size_t i = 0; i < plist_count(list); i++)
		load_one(ns, plist_item(list, i));
}
