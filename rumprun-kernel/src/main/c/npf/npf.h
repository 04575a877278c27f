/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NPF: what its files share. npf(4), npf.conf(5) and npfctl(8) describe it to users; requests carry property lists (kern/plist.h).
 *
 * 1. A packet passes npf_hook with the net lock shared. Rules, tables, NAT policies and procedures (struct npf_config) change with it held exclusively,
 *    so that looking at them takes no lock. A new configuration is made whole before it takes the old one's place.
 * 2. A connection is found under the lock of its shard (npf_conn.c) and then held by a reference; its state changes under its own lock. It keeps
 *    references to its NAT policy and procedure, which so outlive their configuration.
 * 3. Rules see packets as they come: before translation. What they let through is translated afterwards, by its connection.
 */
#ifndef NPF_NPF_H
#define NPF_NPF_H

#include <netbsd/npf.h>
#include "kern/callout.h"
#include "kern/plist.h"
#include "net/bpf_var.h"
#include "net/pfil.h"

/* Words of the memory that rules' programs start with, and functions they may call. */
#define BPF_MW_IPVER 0
#define BPF_MW_L4OFF 1
#define BPF_MW_L4PROTO 2
#define NPF_COP_L3 0	/* fills these words; gives the version, 4 or 6 */
#define NPF_COP_TABLE 1 /* A: a table's number, and for sources the bit */
#define NPF_NCOPS 2
#define NPF_TABLE_SRC 0x80000000u

#define NPF_MAXRULES 65536
#define NPF_MAXTABLES 1024
#define NPF_MAXTEXT (64u << 20) /* of a request's property list */
/* So many connections at most, in all; what would need one more is dropped. */
#define NPF_MAXCONNS 131072

struct npf_config;
struct npf_conn;
struct npf_policy;
struct npf_rproc;
struct npf_state;

/* --- a packet, taken apart (npf_packet.c) --- */

/* What rules are told apart by, to be compared in three strokes; big-endian bytes of addresses, from the lowest byte of a lane. */
struct npf_key {
	uint64_t k_lane[3];
};
/* lane 0: first words of source and destination. 1: first four bytes of the transport header, protocol, version and direction, interface. 2: last words of IPv6 addresses. */
#define NPF_KEYBYTES 24

struct npf_packet {
	struct rump_kernel *np_k;
	struct npf_config *np_conf;
	struct mbuf *np_m;
	struct ifnet *np_ifp;
	unsigned np_ifid; /* by the configuration's names; 0: none of them */
	bool np_in;
	uint8_t np_alen; /* 4 or 16 */
	uint8_t np_proto;
	uint8_t np_tcpflags, np_icmptype, np_icmpcode;
	uint32_t np_info;	/* NPC_* */
	uint32_t np_hlen;	/* of IP, with options or extension headers */
	uint32_t np_fragoff;	/* IPv6, NPC_IPFRAG: of the fragment header */
	uint32_t np_len;	/* of all */
	uint8_t np_addr[2][16]; /* NPF_SRC, NPF_DST */
	uint16_t np_port[2];	/* network order; of ICMP: its id in both */
	uint8_t np_l4[20]; /* as much of the transport header as there is */
	unsigned np_l4len;
	struct npf_key np_key;
};

/* Looks at np_m. False: not an IP packet that can be looked at. */
bool npf_packet_parse(struct npf_packet *, int af);
/* What is in memory at p (len bytes) instead, from its IP header on: a packet in an ICMP error. */
bool npf_packet_quoted(
    struct npf_packet *, const uint8_t *p, size_t len, uint8_t alen);
/* The headers in one piece that may be written to. False: the packet is gone. */
bool npf_packet_writable(struct npf_packet *, size_t len) MUST_CHECK;
/* Another address and port (0: as it is), with all sums. which: NPF_SRC, NPF_DST. False: the packet is gone. */
bool npf_packet_rewrite(struct npf_packet *, int which, const uint8_t *addr,
    uint16_t port) MUST_CHECK;
/* RFC 1624: a sum after some bytes (an even number) have become others. */
uint16_t npf_cksum_fix(
    uint16_t sum, const void *was, const void *is, size_t len);

/* --- rules (npf_rule.c, npf_precheck.c) --- */

/* Bits that a packet must have for a rule to match; made from its program, so that most needn't run. */
struct npf_precheck {
	uint64_t pc_mask[3], pc_value[3];
	bool pc_never;
};

struct npf_rule {
	struct npf_precheck r_pre;
	uint32_t r_attr;	 /* NPF_RULE_* */
	uint32_t r_skip;	 /* of groups: the first rule behind it */
	struct bpf_insn *r_code; /* NULL: every packet */
	unsigned r_ninsns;
	unsigned r_ifid;
	struct npf_rproc *r_rproc;
	struct npf_policy *r_policy;
	/* Of dynamic rules, and groups of them. */
	struct npf_rule *r_subs, *r_next;
	struct npf_dynindex *r_dyn; /* of groups with many */
	size_t r_slot;		    /* in it, from 1; 0: behind it */
	int32_t r_prio;
	uint64_t r_id;
	uint8_t r_key[NPF_RULE_MAXKEYLEN];
	unsigned r_keylen;
	char r_name[NPF_RULE_MAXNAMELEN];
	struct plist *r_dict; /* of dynamic rules: as it was sent; else NULL */
};

/* See npf_index.c. */
struct npf_index {
	uint64_t *ix_rows[NPF_KEYBYTES]; /* 256 of ix_words words, by the byte's value; NULL: that byte tells nothing */
	size_t ix_words; /* 0: there is no index */
	size_t ix_count; /* rules */
};

struct npf_ruleset {
	struct npf_rule *rs_rules;
	size_t rs_count, rs_size;
	struct npf_index rs_index;
};

void npf_precheck_make(struct rump_kernel *, struct npf_precheck *,
    const struct bpf_insn *, unsigned n);
/* Both must hold. */
void npf_precheck_and(struct npf_precheck *, const struct npf_precheck *);
static inline bool
npf_precheck_ok(const struct npf_precheck *pc, const struct npf_key *key)
{
	return (((key->k_lane[0] ^ pc->pc_value[0]) & pc->pc_mask[0]) |
		   ((key->k_lane[1] ^ pc->pc_value[1]) & pc->pc_mask[1]) |
		   ((key->k_lane[2] ^ pc->pc_value[2]) & pc->pc_mask[2])) == 0 &&
	    !pc->pc_never;
}

/* Lane 1. */
#define NPF_LANE1(l4, proto, ver, dir, ifid)                 \
	((uint64_t)(l4) | (uint64_t)(proto) << 32 |          \
	    (uint64_t)(((ver)&15) | ((dir)&15) << 4) << 40 | \
	    (uint64_t)(ifid) << 48)
#define NPF_DIR_IN 1
#define NPF_DIR_OUT 2

/* From an array of dictionaries. nat: policies. The configuration's names and procedures grow or are looked up. -EINVAL, -ENOMEM, -ESRCH (procedure). *bad: the rule, on error. */
int npf_ruleset_create(struct npf_config *, const struct plist *rules, bool nat,
    struct npf_ruleset **, size_t *bad) MUST_CHECK;
void npf_ruleset_destroy(struct rump_kernel *, struct npf_ruleset *);
/* N. The last rule that matches, or the first final one; NULL. */
struct npf_rule *npf_ruleset_inspect(
    const struct npf_ruleset *, struct npf_packet *);
/* W. Dynamic rules of the old set go to the groups of the same name. */
void npf_ruleset_inherit(struct npf_config *, struct npf_config *old);
/* Rules at run time: IOC_NPF_RULE, without a lock. answer: a dictionary. */
int npf_rule_command(
    struct npf_state *, struct plist *request, struct plist *answer) MUST_CHECK;
/* N. Sub-rules into the rules' dictionaries (a copy of what was sent). */
void npf_ruleset_save(const struct npf_ruleset *, struct plist *rules);

/* --- tables (npf_table.c): N to look, W to change --- */

struct npf_table;
struct npf_tableset {
	struct npf_table **ts_tables; /* by number */
	size_t ts_count, ts_size;
};
int npf_tableset_create(struct npf_config *, const struct plist *) MUST_CHECK;
void npf_tableset_destroy(struct npf_config *);
/* W. Tables without entries of their own that were there by the same name and type keep what is in them. */
void npf_tableset_inherit(struct npf_config *, struct npf_config *old);
bool npf_table_match(
    const struct npf_config *, uint32_t id, const uint8_t *addr, unsigned alen);
void npf_tableset_save(const struct npf_config *, struct plist *tables);
int npf_table_command(struct npf_state *, struct lwp *,
    const struct npf_ioctl_table *) MUST_CHECK;

/* --- connections (npf_conn.c, npf_tcp.c) --- */

struct npf_connkey {
	uint8_t ck_addr[2][16];
	uint16_t ck_port[2];
	uint32_t ck_ifindex; /* 0: any */
	uint8_t ck_proto, ck_alen;
	uint8_t ck_pad[6];
};

/* One direction's sequence space, after van Rooij, "Real Stateful TCP Packet Filtering in IP Filter" (2000). */
struct npf_tcpside {
	uint32_t ts_end, ts_maxend, ts_maxwin;
	uint8_t ts_wscale, ts_flags;
	uint8_t ts_pad[2];
};
struct npf_track {
	uint8_t tr_state; /* NPF_CS_* */
	uint8_t tr_pad[3];
	struct npf_tcpside tr_side[2]; /* [0]: who began */
};
enum {
	NPF_CS_NEW, /* one has spoken */
	NPF_CS_ESTABLISHED,
	NPF_CS_SYN_SENT,
	NPF_CS_SYN_RECEIVED,
	NPF_CS_TCP_ESTABLISHED,
	NPF_CS_FIN,	  /* one has closed */
	NPF_CS_CLOSING,	  /* both have */
	NPF_CS_TIME_WAIT, /* and it was acknowledged */
	NPF_CS_CLOSED,	  /* reset */
	NPF_CS_COUNT
};

struct npf_connent {
	struct npf_connent *e_next;
	struct npf_conn *e_conn;
	struct npf_connkey e_key;
	bool e_linked; /* under its shard's lock */
};
struct npf_conn {
	struct npf_connent c_ent[2]; /* forward, backward */
	_Atomic uint32_t c_refs;
	_Atomic uint32_t c_flags;  /* NPF_CONN_* */
	_Atomic int64_t c_last_ns; /* when it was last used */
	_Atomic uint8_t c_state;   /* of c_track, for the collector */
	struct npf_state *c_npf;
	struct kmutex c_lock;
	struct npf_track c_track;
	struct npf_rproc *c_rproc;
	/* Translation; constant once it is in the table. */
	struct npf_policy *c_policy;
	uint8_t c_oaddr[16], c_taddr[16];
	uint16_t c_oport, c_tport;
	bool c_counted; /* as a NAT entry */
};
#define NPF_CONN_PASS 1	  /* a rule has let it through */
#define NPF_CONN_EXPIRE 2 /* to be collected */

struct npf_connshard {
	struct kmutex sh_lock;
	struct npf_connent **sh_buckets;
	size_t sh_nbuckets, sh_count;
	char sh_pad[32];
};
#define NPF_NSHARDS 32

int npf_conn_boot(struct npf_state *) MUST_CHECK;
void npf_conn_fini(struct npf_state *);
/* The key of a packet; false: none can be made. */
bool npf_conn_key(const struct npf_packet *, struct npf_connkey *);
/* A reference to the packet's connection, on this interface or on any; *forw: it goes the way of who began. NULL. */
struct npf_conn *npf_conn_lookup(
    struct npf_state *, const struct npf_packet *, bool *forw);
/* The same by an ICMP error's quoted packet: *forw is the error's own direction. q is filled. */
struct npf_conn *npf_conn_lookup_error(struct npf_state *,
    const struct npf_packet *, struct npf_packet *q, size_t *qoff, bool *forw);
void npf_conn_put(struct npf_conn *);
/* Takes the packet into account. False: it cannot belong there, counted. */
bool npf_conn_track(struct npf_conn *, const struct npf_packet *, bool forw);
/* A new one, for a first packet, not in the table yet. NULL: too many, or no memory; or none can be made (*none). */
struct npf_conn *npf_conn_create(
    struct npf_state *, const struct npf_packet *, bool anyif, bool *none);
/* By its keys; back NULL: forw turned. One reference; in no table, and in no state yet. NULL: too many, or no memory. */
struct npf_conn *npf_conn_make(struct npf_state *,
    const struct npf_connkey *forw, const struct npf_connkey *back);
/* Into the table: 1. 0: answers would have a key that is taken, try another. -EEXIST: there is one for such packets. */
int npf_conn_insert(struct npf_conn *);
/* Off it: when the collector comes (now: at once). */
void npf_conn_expire(struct npf_conn *);
/* All, or those whose policy is gone from the configuration. */
void npf_conn_flush(struct npf_state *, bool all);
/* An interface goes: its number may be given again. */
void npf_conn_ifdetach(struct npf_state *, uint32_t ifindex);
void npf_conn_save(struct npf_state *, struct plist *list);
/* W, new configuration in place. */
void npf_conn_load(struct npf_state *, const struct plist *list);

void npf_track_init(struct npf_track *, const struct npf_packet *);
/* 0, or the statistic of what is wrong (NPF_STAT_INVALID_STATE_TCP*). */
unsigned npf_track_tcp(struct npf_track *, const struct npf_packet *, bool forw);
int64_t npf_track_timeout_ns(unsigned state);

/* --- translation (npf_nat.c) --- */

struct npf_policy {
	_Atomic uint32_t po_refs;
	struct rump_kernel *po_k;
	uint64_t po_id;
	uint32_t po_type, po_flags,
	    po_algo; /* NPF_NATIN, NPF_NAT_*, NPF_ALGO_* */
	uint8_t po_addr[16], po_alen, po_mask;
	uint16_t po_port;     /* network order */
	_Atomic bool po_gone; /* of no configuration any more */
	_Atomic uint32_t po_turn;
};
int npf_policy_create(
    struct npf_config *, const struct plist *, struct npf_policy **) MUST_CHECK;
void npf_policy_put(struct npf_policy *);
/* W. Policies that are in the old set as well live on; the others are gone. */
void npf_policy_inherit(
    struct npf_state *, struct npf_ruleset *, struct npf_ruleset *old);
/* After filtering. cp: the packet's connection (known: found in the table, from which it may be taken meanwhile), or NULL, or made here. 0, or -errno: drop (if *mp is still there). */
int npf_nat_packet(
    struct npf_packet *, struct npf_conn **cp, bool known, bool forw);
/* The error and what it quotes, at qoff. */
int npf_nat_error(struct npf_packet *, struct npf_packet *q, size_t qoff,
    struct npf_conn *, bool forw);

/* --- procedures (npf_proc.c), answers (npf_send.c), log (if_npflog.c) --- */

struct npf_rproc {
	_Atomic uint32_t rp_refs;
	struct rump_kernel *rp_k;
	char rp_name[64];
	bool rp_normalize, rp_randomid, rp_nodf, rp_log;
	uint8_t rp_minttl;
	uint16_t rp_maxmss;
	uint32_t rp_logif;
	uint32_t rp_rndmod, rp_rndpercent; /* of 10000 */
};
int npf_rprocs_create(struct npf_config *, const struct plist *) MUST_CHECK;
void npf_rprocs_destroy(struct npf_config *);
struct npf_rproc *npf_rproc_find(const struct npf_config *, const char *name);
void npf_rproc_put(struct npf_rproc *);
/* *pass may become false. False: the packet is gone. */
bool npf_rproc_run(
    const struct npf_rproc *, struct npf_packet *, bool *pass) MUST_CHECK;
/* attr: NPF_RULE_RETRST, NPF_RULE_RETICMP. The packet is freed. */
void npf_send_answer(struct npf_packet *, uint32_t attr);
int npflog_attach(struct rump_kernel *) MUST_CHECK;

/* --- configuration (npf_conf.c), requests (npf_ctl.c) --- */

struct npf_config {
	struct npf_state *cf_npf;
	struct plist_mem cf_mem;
	struct plist *cf_dict; /* as it was sent */
	struct npf_ruleset *cf_rules, *cf_nat;
	struct npf_tableset cf_tables;
	struct npf_rproc **cf_rprocs;
	size_t cf_nrprocs;
	char (*cf_ifnames)[IFNAMSIZ]; /* [0]: number 1 */
	size_t cf_nifnames, cf_ifroom;
	bool cf_static; /* some policy translates without entries */
	bool cf_passes; /* what no rule matches */
};

struct npf_state {
	struct pfil_state ns_pf;
	struct rump_kernel *ns_k;
	struct kmutex
	    ns_change; /* one request that changes things at a time; above the net lock */
	struct npf_config *ns_conf; /* W */
	bool ns_active;
	_Atomic uint64_t ns_ruleid, ns_policyid; /* the last that was given */
	_Atomic uint64_t ns_stats[NPF_STATS_COUNT];
	struct npf_connshard ns_shards[NPF_NSHARDS];
	_Atomic uint32_t ns_nconns,
	    ns_anyif; /* entries; of them, without an interface */
	uint64_t ns_seed;
	struct callout ns_gc;
	_Atomic bool ns_gcon, ns_stopping;
};
static inline struct npf_state *
npf_of(struct rump_kernel *k)
{
	return NS(k) == NULL || NS(k)->ns_pfil == NULL ? NULL :
							 NS(k)->ns_pfil->pf_arg;
}
static inline void
npf_count(struct npf_state *ns, unsigned stat)
{
	stat_inc(ns->ns_stats, stat);
}

int npf_hook(void *, struct mbuf **, struct ifnet *, int af, enum pfil_dir);
/* The number of an interface's name, which is entered; 0: no memory. */
unsigned npf_config_ifid(struct npf_config *, const char *name);
unsigned npf_config_findif(const struct npf_config *, const char *name);
struct npf_config *npf_config_empty(struct npf_state *) MUST_CHECK;
void npf_config_destroy(struct npf_config *);
int npf_config_load(
    struct npf_state *, struct lwp *, struct plistref *) MUST_CHECK;
int npf_config_save(
    struct npf_state *, struct lwp *, struct plistref *) MUST_CHECK;

#endif
