/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation (npf.conf(5), map; RFC 3022, 6296).
 *
 * A dynamic policy makes an entry: the connection's answers are expected at the translated address, and every packet is rewritten by it. Ports for
 * outgoing connections are drawn at random; one is free if the table of connections takes it, so there is no other list of them. A static policy
 * rewrites packet by packet, and keeps nothing.
 */
#include "netinet/ip_private.h"
#include "netinet6/inet6.h"
#include "npf/npf.h"

#define PORT_FIRST 1024u
#define PORT_TRIES 64

/* --- policies --- */

static int
check(const struct npf_policy *po)
{
	if (po->po_type != NPF_NATIN && po->po_type != NPF_NATOUT)
		return -EINVAL;
	if (po->po_algo == NPF_ALGO_NPT66)
		return po->po_alen == 16 && po->po_mask <= 112 &&
			(po->po_flags & NPF_NAT_STATIC) != 0 ?
		    0 :
		    -EINVAL;
	return po->po_algo == 0 ? 0 : -EINVAL;
}

int
npf_policy_create(
    struct npf_config *cf, const struct plist *d, struct npf_policy **pop)
{
	struct rump_kernel *k = cf->cf_npf->ns_k;
	uint64_t flags = 0, mask = NPF_NO_NETMASK, port = 0, algo = 0, id = 0;
	const void *addr;
	struct npf_policy *po;
	int64_t type;
	size_t len;

	*pop = NULL;
	if (plist_get_int(d, "type", 0, INT32_MAX, &type) <= 0 ||
	    plist_get_uint(d, "flags", UINT32_MAX, &flags) < 0 ||
	    plist_get_data(d, "nat-ip", &addr, &len) <= 0 ||
	    plist_get_uint(d, "nat-mask", UINT8_MAX, &mask) < 0 ||
	    plist_get_uint(d, "nat-port", UINT16_MAX, &port) < 0 ||
	    plist_get_uint(d, "nat-algo", UINT32_MAX, &algo) < 0 ||
	    plist_get_uint(d, "nat-policy", UINT64_MAX, &id) < 0 ||
	    (len != 4 && len != 16))
		return -EINVAL;
	if (mask == NPF_NO_NETMASK)
		mask = len * 8;
	if (mask > len * 8)
		return -EINVAL;
	if ((po = kmem_zalloc(k, sizeof(*po))) == NULL)
		return -ENOMEM;
	*pop = po;
	po->po_refs = 1;
	po->po_k = k;
	po->po_id = id;
	po->po_type = (uint32_t)type;
	po->po_flags = (uint32_t)flags;
	po->po_algo = (uint32_t)algo;
	memcpy(po->po_addr, addr, len);
	po->po_alen = (uint8_t)len;
	po->po_mask = (uint8_t)mask;
	po->po_port = (uint16_t)port;
	return check(po);
}

void
npf_policy_put(struct npf_policy *po)
{
	if (po != NULL && atomic_fetch_sub(&po->po_refs, 1) == 1)
		kmem_free(po->po_k, po, sizeof(*po));
}

static bool
same_rule(const struct npf_rule *a, const struct npf_rule *b)
{
	const struct npf_policy *p = a->r_policy, *q = b->r_policy;

	return p->po_type == q->po_type && p->po_flags == q->po_flags &&
	    p->po_algo == q->po_algo && p->po_alen == q->po_alen &&
	    p->po_mask == q->po_mask && p->po_port == q->po_port &&
	    memcmp(p->po_addr, q->po_addr, 16) == 0 && a->r_attr == b->r_attr &&
	    a->r_ninsns == b->r_ninsns &&
	    (a->r_ninsns == 0 ||
		memcmp(a->r_code, b->r_code,
		    a->r_ninsns * sizeof(*a->r_code)) == 0);
}

void
npf_policy_inherit(
    struct npf_state *ns, struct npf_ruleset *rs, struct npf_ruleset *old)
{
	for (size_t i = 0; old != NULL && i < old->rs_count; i++)
		atomic_store(&old->rs_rules[i].r_policy->po_gone, true);
	for (size_t i = 0; i < rs->rs_count; i++) {
		struct npf_rule *r = &rs->rs_rules[i];

		for (size_t o = 0; old != NULL && o < old->rs_count; o++) {
			struct npf_policy *po = old->rs_rules[o].r_policy;

			if (!atomic_load(&po->po_gone) ||
			    !same_rule(r, &old->rs_rules[o]))
				continue;
			atomic_store(&po->po_gone, false);
			atomic_fetch_add(&po->po_refs, 1);
			npf_policy_put(r->r_policy);
			r->r_policy = po;
			break;
		}
		if (r->r_policy->po_id == 0)
			r->r_policy->po_id = atomic_fetch_add(
						 &ns->ns_policyid, 1) +
			    1;
	}
}

/* --- addresses --- */

/* The policy's network with the host's part of an address. */
static void
into_network(const struct npf_policy *po, const uint8_t *host, uint8_t *to)
{
	for (unsigned i = 0; i < po->po_alen; i++) {
		unsigned left = po->po_mask > i * 8 ? po->po_mask - i * 8 : 0;
		uint8_t mask = left >= 8 ? 0xff : (uint8_t)(0xff00u >> left);

		to[i] = (uint8_t)((po->po_addr[i] & mask) | (host[i] & ~mask));
	}
}

/* RFC 6296 3.1 to 3.5: what the new prefix changes in the address's sum, another word of it takes back. */
static void
npt66(const struct npf_policy *po, const uint8_t *from, uint8_t *to)
{
	uint32_t sum;
	unsigned at;

	into_network(po, from, to);
	if (po->po_mask <= 48)
		at = 6;
	else
		for (at = 8; at < 14; at += 2)
			if (from[at] != 0xff || from[at + 1] != 0xff)
				break;
	/* old word + (old sum - new sum), in ones' complement */
	sum = in_cksum_fold(in_cksum_add(0, from, 16));
	sum += (uint16_t)~in_cksum_fold(in_cksum_add(0, to, 16));
	sum = in_cksum_fold(sum);
	sum = in_cksum_fold(in_cksum_add(sum, to + at, 2));
	if (sum == 0xffff)
		sum = 0;
	memcpy(to + at, &(uint16_t){ (uint16_t)sum }, 2);
}

/* Of several addresses the one that this host gets: always the same. */
static void
choose(const struct npf_policy *po, const uint8_t *host, uint8_t *to)
{
	uint8_t mixed[16];
	uint32_t h = 2166136261u;

	for (unsigned i = 0; i < po->po_alen; i++)
		h = (h ^ host[i]) * 16777619u;
	for (unsigned i = 0; i < po->po_alen; i++) {
		mixed[i] = (uint8_t)(h >> 24);
		h = h * 1664525u + 1013904223u;
	}
	into_network(po, mixed, to);
}

/* --- static --- */

static int
translate_static(struct npf_packet *np, const struct npf_policy *po)
{
	int which = po->po_type == NPF_NATIN ? NPF_DST : NPF_SRC;
	uint8_t to[16] = { 0 };
	uint16_t port = 0;

	if (po->po_algo == NPF_ALGO_NPT66)
		npt66(po, np->np_addr[which], to);
	else
		into_network(po, np->np_addr[which], to);
	if ((po->po_flags & NPF_NAT_PORTS) != 0)
		port = po->po_port;
	return npf_packet_rewrite(np, which, to, port) ? 0 : -ENOBUFS;
}

/* --- dynamic --- */

static void
set_answer(struct npf_conn *c, int which)
{
	struct npf_connkey *back = &c->c_ent[1].e_key;

	memcpy(back->ck_addr[!which], c->c_taddr, 16);
	if (c->c_tport == 0)
		return;
	back->ck_port[!which] = c->c_tport;
	if (back->ck_proto == IPPROTO_ICMP || back->ck_proto == IPPROTO_ICMPV6)
		back->ck_port[which] = c->c_tport;
}

/* As they are, with the policy's port, or with one that is free. Ids of ICMP are changed only when two hosts chose the same. */
static bool
insert_out(struct npf_state *ns, struct npf_conn *c, const struct npf_policy *po)
{
	uint8_t proto = c->c_ent[0].e_key.ck_proto;
	bool icmp = proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
	bool ports = !icmp &&
	    (po->po_flags & (NPF_NAT_PORTS | NPF_NAT_PORTMAP)) != 0;
	uint16_t draw;
	int done;

	if (!ports || po->po_port != 0) {
		c->c_tport = ports ? po->po_port : 0;
		set_answer(c, NPF_SRC);
		done = npf_conn_insert(c);
		if (done != 0 || !icmp)
			return done > 0;
	}
	for (int i = 0; i < PORT_TRIES; i++) {
		kern_random(ns->ns_k, &draw, sizeof(draw));
		if (draw < PORT_FIRST)
			continue;
		c->c_tport = htons(draw);
		set_answer(c, NPF_SRC);
		if ((done = npf_conn_insert(c)) != 0)
			return done > 0;
	}
	return false;
}

/* An entry for a connection that is not in the table yet. */
static bool
enter(struct npf_packet *np, struct npf_conn *c, struct npf_policy *po)
{
	struct npf_state *ns = c->c_npf;
	int which = po->po_type == NPF_NATIN ? NPF_DST : NPF_SRC;

	atomic_fetch_add(&po->po_refs, 1);
	c->c_policy = po;
	memcpy(c->c_oaddr, np->np_addr[which], 16);
	c->c_oport = np->np_port[which];
	choose(po, np->np_addr[NPF_SRC], c->c_taddr);
	c->c_counted = true;
	npf_count(ns, NPF_STAT_NAT_CREATE);
	if (which == NPF_SRC)
		return insert_out(ns, c, po);
	if ((po->po_flags & NPF_NAT_PORTS) != 0 &&
	    (np->np_info & (NPC_TCP | NPC_UDP)) != 0)
		c->c_tport = po->po_port;
	set_answer(c, NPF_DST);
	return npf_conn_insert(c) > 0;
}

static int
rewrite(struct npf_packet *np, const struct npf_conn *c, bool forw)
{
	bool in = c->c_policy->po_type == NPF_NATIN;
	int which = forw == in ? NPF_DST : NPF_SRC;

	return npf_packet_rewrite(np, which, forw ? c->c_taddr : c->c_oaddr,
		   c->c_tport == 0 ? 0 :
		       forw	   ? c->c_tport :
				     c->c_oport) ?
	    0 :
	    -ENOBUFS;
}

/* The policy for a packet that begins something. */
static struct npf_policy *
find(struct npf_packet *np)
{
	struct npf_rule *r;

	if (np->np_conf->cf_nat->rs_count == 0)
		return NULL;
	r = npf_ruleset_inspect(np->np_conf->cf_nat, np);
	return r == NULL || r->r_policy->po_alen != np->np_alen ? NULL :
								  r->r_policy;
}

/* c: a connection that is not in the table yet, or NULL; it gets its answers at the new address. */
static int
apply_static(
    struct npf_packet *np, const struct npf_policy *po, struct npf_conn *c)
{
	int which = po->po_type == NPF_NATIN ? NPF_DST : NPF_SRC;
	int error = translate_static(np, po);

	if (error != 0 || c == NULL)
		return error;
	memcpy(c->c_ent[1].e_key.ck_addr[!which], np->np_addr[which], 16);
	if ((np->np_info & (NPC_TCP | NPC_UDP)) != 0)
		c->c_ent[1].e_key.ck_port[!which] = np->np_port[which];
	return 0;
}

int
npf_nat_packet(
    struct npf_packet *np, struct npf_conn **cp, bool known, bool forw)
{
	struct npf_state *ns = np->np_conf->cf_npf;
	struct npf_conn *c = *cp;
	struct npf_policy *po;
	bool none;
	int error = 0;

	if (known && c->c_policy != NULL)
		return rewrite(np, c, forw);
	if (known && !np->np_conf->cf_static)
		return 0;
	po = find(np);
	if (po != NULL && (po->po_flags & NPF_NAT_STATIC) != 0) {
		error = apply_static(np, po, known ? NULL : c);
		po = NULL;
	}
	if (error != 0 || known)
		return error;
	if (po == NULL) {
		if (c != NULL && npf_conn_insert(c) <= 0)
			npf_count(ns, NPF_STAT_RACE_CONN);
		return 0;
	}
	if (c == NULL) {
		*cp = c = npf_conn_create(ns, np, false, &none);
		if (c == NULL) {
			/* What has no connections goes as it is. */
			if (none)
				return 0;
			npf_count(ns, NPF_STAT_ERROR);
			return -ENOMEM;
		}
	}
	if (!enter(np, c, po)) {
		npf_count(ns, NPF_STAT_RACE_NAT);
		return -ENOBUFS;
	}
	return rewrite(np, c, true);
}

/* --- ICMP errors about translated packets (RFC 5508 4) --- */

/* The quoted transport header's port or id, and its sum if that is there; off: where it is. Of ICMP the sum knows no addresses. */
static int
fix_quoted_port(struct mbuf *m, const struct npf_packet *q, size_t off,
    int which, uint16_t port, const uint8_t *oldaddr, const uint8_t *newaddr)
{
	bool icmp = (q->np_info & NPC_ICMP_ID) != 0;
	size_t at = off + (icmp ? 4 : which == NPF_SRC ? 0 : 2);
	size_t sumat = icmp ? 2 : (q->np_info & NPC_UDP) != 0 ? 6 : 0;
	uint16_t was, sum;

	m_copydata(m, at, 2, &was);
	if (m_copyback(m, at, 2, &port) != 0)
		return -ENOBUFS;
	if (sumat == 0 || q->np_l4len < 8)
		return 0;
	m_copydata(m, off + sumat, 2, &sum);
	if (sum == 0 && !icmp)
		return 0;
	if (!icmp || q->np_alen == 16)
		sum = npf_cksum_fix(sum, oldaddr, newaddr, q->np_alen);
	sum = npf_cksum_fix(sum, &was, &port, 2);
	return m_copyback(m, off + sumat, 2, &sum) != 0 ? -ENOBUFS : 0;
}

/*
 * The error goes the way `forw` says; what it quotes went the other way, and is to look as its sender sent it. Sums of the quoted packet are fixed where they
 * are quoted, then the error's own is made anew.
 */
static int
fix_quote(struct npf_packet *np, const struct npf_packet *q, size_t qoff,
    const struct npf_conn *c, bool forw)
{
	bool in = c->c_policy->po_type == NPF_NATIN;
	int which = forw == in ? NPF_SRC : NPF_DST; /* of the quoted one */
	const uint8_t *addr = forw ? c->c_taddr : c->c_oaddr;
	uint16_t port = forw ? c->c_tport : c->c_oport, sum;
	struct mbuf *m = np->np_m;
	size_t at = qoff +
	    (np->np_alen == 4 ? 12u + 4u * (unsigned)which :
				8u + 16u * (unsigned)which);
	uint8_t old[16];

	m_copydata(m, at, np->np_alen, old);
	if (np->np_alen == 4) {
		m_copydata(m, qoff + IPH_SUM, 2, &sum);
		sum = npf_cksum_fix(sum, old, addr, 4);
		if (m_copyback(m, qoff + IPH_SUM, 2, &sum) != 0)
			return -ENOBUFS;
	}
	if (m_copyback(m, at, np->np_alen, addr) != 0)
		return -ENOBUFS;
	if (c->c_tport == 0 || q->np_l4len < 4)
		return 0;
	return fix_quoted_port(m, q, qoff + q->np_hlen, which, port, old, addr);
}

static int
sum_anew(struct npf_packet *np)
{
	struct mbuf *m = np->np_m;
	size_t off = np->np_hlen, len = m->m_pkthdr.len - off;
	uint16_t sum = 0;

	if (m_copyback(m, off + 2, 2, &sum) != 0)
		return -ENOBUFS;
	sum = np->np_alen == 4 ?
	    in_cksum(m, off, len) :
	    in6_cksum(m, IPPROTO_ICMPV6, np->np_addr[NPF_SRC],
		np->np_addr[NPF_DST], off, len);
	return m_copyback(m, off + 2, 2, &sum) != 0 ? -ENOBUFS : 0;
}

int
npf_nat_error(struct npf_packet *np, struct npf_packet *q, size_t qoff,
    struct npf_conn *c, bool forw)
{
	bool in, ours;
	int which, error;

	if (c->c_policy == NULL)
		return 0;
	in = c->c_policy->po_type == NPF_NATIN;
	which = forw == in ? NPF_DST : NPF_SRC;
	/* A router on the way may be the sender: its address is its own. */
	ours = which == NPF_DST ||
	    memcmp(np->np_addr[NPF_SRC], forw ? c->c_oaddr : c->c_taddr,
		np->np_alen) == 0;
	if (ours &&
	    !npf_packet_rewrite(np, which, forw ? c->c_taddr : c->c_oaddr, 0))
		return -ENOBUFS;
	if ((error = fix_quote(np, q, qoff, c, forw)) != 0)
		return error;
	return sum_anew(np);
}
