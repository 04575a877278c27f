/* SPDX-License-Identifier: BSD-2-Clause */
/* NPF: rules, groups, tables, procedures, answers, and requests. */
#include <stdlib.h>
#include "npf_toy.h"

#define OUTER IP4(10, 0, 0, 9)
#define US IP4(10, 0, 0, 1)

static const struct pkt echo = { .src = OUTER,
	.dst = US,
	.proto = IPPROTO_ICMP,
	.sport = ICMP_ECHO,
	.seq = 0x12340001 };
static const struct pkt udp = {
	.src = OUTER, .dst = US, .proto = IPPROTO_UDP, .sport = 5000, .dport = 53
};
static const struct pkt syn = { .src = OUTER,
	.dst = US,
	.proto = IPPROTO_TCP,
	.sport = 5000,
	.dport = 80,
	.flags = TH_SYN,
	.seq = 1000,
	.win = 8192 };

/* --- rules --- */

TEST(npf_unconfigured_or_off_passes_all)
{
	int on = 1, off = 0, version = 0;

	npf_begin();
	CHECK_EQ(npf_request(IOC_NPF_VERSION, &version), 0);
	CHECK_EQ(version, NPF_VERSION);
	CHECK(IN(&echo, 0));
	CHECK_EQ(npf_request(IOC_NPF_SWITCH, &on), 0);
	CHECK(IN(&echo, 0));
	CHECK_EQ(npf_stat(NPF_STAT_PASS_DEFAULT), 1);
	conf_new();
	conf_load();
	CHECK(!IN(&echo, 0));
	CHECK_EQ(npf_stat(NPF_STAT_BLOCK_DEFAULT), 1);
	CHECK_EQ(npf_request(IOC_NPF_SWITCH, &off), 0);
	CHECK(IN(&echo, 0));
	npf_end();
}

TEST(npf_last_rule_counts_unless_one_is_final)
{
	struct bpf_insn code[16];
	size_t n;

	npf_begin();
	conf_new();
	n = code_from(code, IPPROTO_ICMP, OUTER, 0xffffffff);
	add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, NULL, 0);
	add_rule(rules, RULE_IN, NULL, code, n);
	conf_load();
	CHECK(!IN(&echo, 0));
	CHECK(IN(&udp, 0));
	CHECK(OUT(&echo, 0)); /* the rule is for what comes in */
	CHECK_EQ(npf_stat(NPF_STAT_BLOCK_RULESET), 1);
	CHECK_EQ(npf_stat(NPF_STAT_PASS_RULESET), 2);
	conf_new();
	add_rule(
	    rules, NPF_RULE_PASS | NPF_RULE_FINAL | RULE_BOTH, NULL, NULL, 0);
	add_rule(rules, RULE_IN, NULL, code, n);
	conf_load();
	CHECK(IN(&echo, 0));
	npf_end();
}

/* group "a" on toy0 { pass in udp }, group default { block } */
TEST(npf_groups_are_by_interface_and_direction)
{
	struct bpf_insn code[16];
	size_t n = code_from(code, IPPROTO_UDP, 0, 0);
	struct plist *g;

	npf_begin();
	conf_new();
	g = add_rule(rules, NPF_RULE_GROUP | RULE_IN, "toy0", NULL, 0);
	plist_set_uint(g, "skip-to", 2);
	add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, code, n);
	g = add_rule(rules, NPF_RULE_GROUP | RULE_BOTH, NULL, NULL, 0);
	plist_set_uint(g, "skip-to", 4);
	add_rule(rules, RULE_BOTH, NULL, NULL, 0);
	conf_load();
	CHECK(IN(&udp, 0));
	CHECK(!IN(&udp, 1));
	CHECK(!OUT(&udp, 0));
	/* Nothing in the first group is about it. */
	CHECK(!IN(&echo, 0));
	npf_end();
}

/* --- tables --- */

static int
table(int cmd, const char *name, uint32_t addr, uint8_t mask)
{
	struct npf_ioctl_table nct = { .nct_cmd = cmd, .nct_name = name };

	nct.nct_data.ent.alen = 4;
	memcpy(&nct.nct_data.ent.addr, &addr, 4);
	nct.nct_data.ent.mask = mask;
	return npf_request(IOC_NPF_TABLE, &nct);
}

static long
table_list(const char *name, struct npf_ioctl_ent *to, size_t n)
{
	struct npf_ioctl_table nct = { .nct_cmd = NPF_CMD_TABLE_LIST,
		.nct_name = name };

	nct.nct_data.buf.buf = to;
	nct.nct_data.buf.len = n * sizeof(*to);
	return npf_request(IOC_NPF_TABLE, &nct);
}

static void
table_conf(void)
{
	static const struct bpf_insn code[] = {
		STMT(BPF_LD | BPF_IMM, 1 | NPF_TABLE_SRC),
		STMT(BPF_MISC | BPF_COP, NPF_COP_TABLE),
		STMT(BPF_RET | BPF_A, 0),
	};
	struct plist *d;

	conf_new();
	d = plist_append_dict(tables);
	plist_set_string(d, "name", "hosts");
	plist_set_uint(d, "id", 0);
	plist_set_int(d, "type", NPF_TABLE_HASH);
	d = plist_append_dict(tables);
	plist_set_string(d, "name", "nets");
	plist_set_uint(d, "id", 1);
	plist_set_int(d, "type", NPF_TABLE_TREE);
	add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, code, 3);
}

TEST(npf_tables_hold_addresses_and_networks)
{
	const uint8_t whole = NPF_NO_NETMASK;
	struct npf_ioctl_ent ents[2];

	npf_begin();
	table_conf();
	conf_load();
	CHECK(!IN(&echo, 0));
	CHECK_EQ(table(NPF_CMD_TABLE_ADD, "nets", IP4(10, 0, 0, 0), 28), 0);
	CHECK(IN(&echo, 0));
	CHECK_EQ(
	    table(NPF_CMD_TABLE_ADD, "nets", IP4(10, 0, 0, 3), 28), -EEXIST);
	CHECK_EQ(
	    table(NPF_CMD_TABLE_LOOKUP, "nets", IP4(10, 0, 0, 14), whole), 0);
	CHECK_EQ(table(NPF_CMD_TABLE_LOOKUP, "nets", IP4(10, 0, 0, 77), whole),
	    -ENOENT);
	CHECK_EQ(table(NPF_CMD_TABLE_ADD, "hosts", US, whole), 0);
	CHECK_EQ(table(NPF_CMD_TABLE_ADD, "hosts", US, 32), -EEXIST);
	CHECK_EQ(table(NPF_CMD_TABLE_ADD, "hosts", US, 8), -EINVAL);
	CHECK_EQ(table(NPF_CMD_TABLE_ADD, "hosts", US, 33), -EINVAL);
	CHECK_EQ(table(NPF_CMD_TABLE_ADD, "nosuch", US, 32), -EINVAL);
	CHECK_EQ(table(99, "hosts", US, 32), -EINVAL);
	memset(ents, 0xff, sizeof(ents));
	CHECK_EQ(table_list("nets", ents, 0), -ENOMEM);
	CHECK_EQ(table_list("nets", ents, 2), 0);
	CHECK_EQ(ents[0].alen, 4);
	CHECK_EQ(ents[0].mask, 28);
	CHECK_EQ(ents[1].alen, 0);
	/* A reload leaves them what they hold; flush doesn't. */
	table_conf();
	conf_load();
	CHECK(IN(&echo, 0));
	CHECK_EQ(table(NPF_CMD_TABLE_REMOVE, "nets", IP4(10, 0, 0, 0), 28), 0);
	CHECK_EQ(table(NPF_CMD_TABLE_REMOVE, "nets", IP4(10, 0, 0, 0), 28), 0);
	CHECK(!IN(&echo, 0));
	CHECK_EQ(table(NPF_CMD_TABLE_FLUSH, "hosts", 0, 0), 0);
	CHECK_EQ(table(NPF_CMD_TABLE_LOOKUP, "hosts", US, whole), -ENOENT);
	for (uint32_t i = 0; i < 1000; i++)
		CHECK_EQ(
		    table(NPF_CMD_TABLE_ADD, "hosts", htonl(i * 7919), whole),
		    0);
	for (uint32_t i = 0; i < 1000; i++)
		CHECK_EQ(table(NPF_CMD_TABLE_LOOKUP, "hosts", htonl(i * 7919),
			     whole),
		    0);
	npf_end();
}

/* --- rules at run time --- */

static struct plist *
ask(const char *ruleset, unsigned cmd)
{
	struct plist *d = plist_new_dict(&npf_mem);

	plist_set_string(d, "ruleset-name", ruleset);
	plist_set_uint(d, "command", cmd);
	return d;
}

static int
tell(struct plist *d, struct plist **answer)
{
	int error = npf_send(IOC_NPF_RULE, d, answer);

	plist_free(d);
	return error;
}

static void
dynamic_conf(void)
{
	struct plist *g;

	conf_new();
	g = add_rule(rules, NPF_DYNAMIC_GROUP | RULE_BOTH, NULL, NULL, 0);
	plist_set_string(g, "name", "dyn");
	plist_set_uint(g, "skip-to", 1);
	add_rule(
	    rules, NPF_RULE_PASS | NPF_RULE_FINAL | RULE_BOTH, NULL, NULL, 0);
}

static uint64_t
add_dynamic(const char *key, uint32_t attr)
{
	struct plist *d = ask("dyn", NPF_CMD_RULE_ADD), *answer;
	struct bpf_insn code[16];
	size_t n = code_from(code, IPPROTO_ICMP, OUTER, 0xffffffff);
	uint64_t id = 0;

	plist_set_uint(d, "attr", attr);
	plist_set_data(d, "key", key, strlen(key));
	plist_set_data(d, "code", code, n * sizeof(*code));
	CHECK_EQ(tell(d, &answer), 0);
	CHECK_EQ(plist_get_uint(answer, "id", UINT64_MAX, &id), 1);
	plist_free(answer);
	return id;
}

static size_t
count_dynamic(void)
{
	struct plist *answer;
	size_t n;

	CHECK_EQ(tell(ask("dyn", NPF_CMD_RULE_LIST), &answer), 0);
	n = plist_count(plist_get(answer, "rules"));
	plist_free(answer);
	return n;
}

TEST(npf_rules_come_and_go)
{
	struct plist *d;
	uint64_t id;

	npf_begin();
	dynamic_conf();
	conf_load();
	CHECK(IN(&echo, 0));
	id = add_dynamic("one", NPF_RULE_FINAL | RULE_IN);
	CHECK(!IN(&echo, 0));
	CHECK(IN(&udp, 0));
	CHECK(add_dynamic("two", NPF_RULE_FINAL | RULE_IN) != id);
	CHECK_EQ(count_dynamic(), 2);
	dynamic_conf();
	conf_load(); /* they stay */
	CHECK_EQ(count_dynamic(), 2);
	d = ask("dyn", NPF_CMD_RULE_REMOVE);
	plist_set_uint(d, "id", id);
	CHECK_EQ(tell(d, NULL), 0);
	d = ask("dyn", NPF_CMD_RULE_REMOVE);
	plist_set_uint(d, "id", id);
	CHECK_EQ(tell(d, NULL), -ENOENT);
	CHECK(!IN(&echo, 0));
	d = ask("dyn", NPF_CMD_RULE_REMKEY);
	plist_set_data(d, "key", "two", 3);
	CHECK_EQ(tell(d, NULL), 0);
	CHECK(IN(&echo, 0));
	(void)add_dynamic("three", RULE_IN);
	CHECK_EQ(tell(ask("dyn", NPF_CMD_RULE_FLUSH), NULL), 0);
	CHECK_EQ(count_dynamic(), 0);
	CHECK_EQ(tell(ask("nosuch", NPF_CMD_RULE_LIST), NULL), -ESRCH);
	CHECK_EQ(tell(ask("dyn", 77), NULL), -EINVAL);
	npf_end();
}

/* A host's own rule, in a group of many: found at once, whichever were added or went before. */
TEST(npf_many_rules_at_run_time_are_told_apart)
{
	struct pkt p = udp;
	struct bpf_insn code[16];
	struct plist *d;
	uint64_t id;

	npf_begin();
	dynamic_conf();
	conf_load();
	for (uint32_t i = 0; i < 300; i++) {
		size_t n = code_from(
		    code, IPPROTO_UDP, IP4(10, 5, i / 256, i), 0xffffffff);

		d = ask("dyn", NPF_CMD_RULE_ADD);
		plist_set_uint(d, "attr", NPF_RULE_FINAL | RULE_IN);
		plist_set_data(d, "code", code, n * sizeof(*code));
		CHECK_EQ(tell(d, NULL), 0);
	}
	CHECK(npf->ns_conf->cf_rules->rs_rules[0].r_dyn != NULL);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 400; i++) {
			p.src = IP4(10, 5, i / 256, i);
			CHECK_EQ(
			    IN(&p, 0), i >= 300 || (round == 1 && i % 4 != 3));
		}
		for (id = 1; id <= 300 && round == 0; id++) {
			if (id % 4 == 0)
				continue;
			d = ask("dyn", NPF_CMD_RULE_REMOVE);
			plist_set_uint(d, "id", id);
			CHECK_EQ(tell(d, NULL), 0);
		}
		dynamic_conf();
		conf_load();
	}
	CHECK_EQ(count_dynamic(), 75);
	CHECK_EQ(tell(ask("dyn", NPF_CMD_RULE_FLUSH), NULL), 0);
	CHECK(IN(&p, 0));
	npf_end();
}

TEST(npf_saved_rules_can_be_loaded)
{
	struct plist *saved, *list, *first;
	bool active = false;

	npf_begin();
	dynamic_conf();
	conf_load();
	(void)add_dynamic("one", NPF_RULE_FINAL | RULE_IN);
	CHECK_EQ(npf_send(IOC_NPF_SAVE, NULL, &saved), 0);
	CHECK_EQ(plist_get_bool(saved, "active", &active), 1);
	CHECK(active);
	list = plist_get(saved, "rules");
	CHECK_EQ(plist_count(list), 2);
	first = plist_get(plist_item(list, 0), "subrules");
	CHECK_EQ(plist_count(first), 1);
	conf_new();
	conf_load();
	CHECK(!IN(&udp, 0));
	conf = saved;
	conf_load();
	CHECK(!IN(&echo, 0));
	CHECK(IN(&udp, 0));
	CHECK_EQ(count_dynamic(), 1);
	npf_end();
}

/* --- answers --- */

TEST(npf_blocked_are_answered_when_asked_for)
{
	const uint32_t both = NPF_RULE_RETRST | NPF_RULE_RETICMP;
	const uint8_t *ip;

	npf_begin();
	conf_new();
	add_rule(rules, both | RULE_BOTH, NULL, NULL, 0);
	conf_load();
	toy_in_arp(&t, 0, ARPOP_REPLY, toy_peer, OUTER, US);
	toy_forget(&t);
	CHECK(!IN(&syn, 0));
	ip = NULL;
	for (unsigned i = 0; i < t.nout[0] && ip == NULL; i++)
		ip = toy_out_ip(&t, 0, i);
	if (ip == NULL) { /* the neighbour was asked for first */
		toy_in_arp(&t, 0, ARPOP_REPLY, toy_peer, OUTER, US);
		for (unsigned i = 0; i < t.nout[0] && ip == NULL; i++)
			ip = toy_out_ip(&t, 0, i);
	}
	CHECK(ip != NULL);
	CHECK_EQ(ip[9], IPPROTO_TCP);
	CHECK_EQ(ip[20 + 13], TH_RST | TH_ACK);
	CHECK_EQ(be32_get(ip + 20 + 8), 1001);
	memcpy(after, ip, afterlen = 40);
	CHECK(after_sound());
	toy_forget(&t);
	CHECK(!IN(&udp, 0));
	CHECK(t.nout[0] > 0 && (ip = toy_out_ip(&t, 0, 0)) != NULL);
	CHECK_EQ(ip[9], IPPROTO_ICMP);
	CHECK_EQ(ip[20], ICMP_UNREACH);
	CHECK_EQ(ip[21], ICMP_UNREACH_ADMIN_PROHIBIT);
	toy_forget(&t);
	CHECK(!IN(&echo, 0)); /* is for TCP and UDP */
	CHECK_EQ(t.nout[0], 0);
	npf_end();
}

/* --- procedures --- */

TEST(npf_normalize_changes_what_it_says)
{
	static const uint8_t mss[] = { TCPOPT_NOP, TCPOPT_MAXSEG, 4, 5, 180,
		TCPOPT_NOP, TCPOPT_NOP, TCPOPT_EOL };
	struct pkt p = syn;
	struct plist *rp, *call, *r;

	npf_begin();
	conf_new();
	rp = plist_append_dict(rprocs);
	plist_set_string(rp, "name", "norm");
	call = plist_append_dict(plist_set_array(rp, "extcalls"));
	plist_set_string(call, "name", "normalize");
	plist_set_bool(call, "no-df", true);
	plist_set_bool(call, "random-id", true);
	plist_set_uint(call, "min-ttl", 200);
	plist_set_uint(call, "max-mss", 1400);
	r = add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, NULL, 0);
	plist_set_string(r, "rproc", "norm");
	conf_load();
	p.ttl = 3;
	p.off = IP_DF;
	p.data = mss;
	p.optlen = sizeof(mss);
	CHECK(IN(&p, 0));
	CHECK_EQ(after[8], 200);
	CHECK_EQ(be16_get(after + 6), 0);
	CHECK(be16_get(after + 4) != 0);
	CHECK_EQ(be16_get(after + 40 + 3), 1400);
	CHECK(after_sound());
	/* Where there is no such procedure a rule is refused. */
	conf_new();
	r = add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, NULL, 0);
	plist_set_string(r, "rproc", "nosuch");
	CHECK_EQ(conf_try(), ESRCH);
	CHECK(IN(&p, 0));
	npf_end();
}

TEST(npf_log_shows_packets_to_bpf)
{
	struct ifnet *ifp;
	struct plist *rp, *call, *r;
	char name[IFNAMSIZ];

	npf_begin();
	net_wrlock(t.f.k);
	CHECK_EQ(if_clone_create(t.f.k, "npflog0", name), 0);
	ifp = if_byname(t.f.k, "npflog0");
	CHECK(ifp != NULL);
	net_unlock(t.f.k);
	conf_new();
	rp = plist_append_dict(rprocs);
	plist_set_string(rp, "name", "log");
	call = plist_append_dict(plist_set_array(rp, "extcalls"));
	plist_set_string(call, "name", "log");
	plist_set_uint(call, "log-interface", ifp->if_index);
	r = add_rule(rules, RULE_BOTH, NULL, NULL, 0);
	plist_set_string(r, "rproc", "log");
	conf_load();
	CHECK(!IN(&echo, 0));
	CHECK_EQ(ifp->if_opackets, 1);
	CHECK_EQ(if_clone_destroy(t.f.k, "npflog0"), 0);
	CHECK(!IN(&echo, 0));
	npf_end();
}

/* --- fragments --- */

TEST(npf_fragments_are_put_together_before_rules)
{
	uint8_t whole[2048], piece[2048], data[64] = { 1 };
	struct pkt p = udp;
	unsigned n;
	uint16_t sum;

	npf_begin();
	conf_new();
	add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, NULL, 0);
	conf_load();
	p.data = data;
	p.len = sizeof(data);
	p.id = 77;
	n = pkt_make(whole, &p);
	for (int i = 0; i < 2; i++) {
		unsigned len = i == 0 ? 32 : n - 20 - 32;

		memcpy(piece, whole, 20);
		memcpy(piece + 20, whole + 20 + 32 * i, len);
		be16_put(piece + 2, (uint16_t)(20 + len));
		be16_put(piece + 6, i == 0 ? IP_MF : 4);
		piece[10] = piece[11] = 0;
		sum = toy_sum(piece, 20);
		memcpy(piece + 10, &sum, 2);
		CHECK_EQ(put_bytes(piece, 20 + len, 0, AF_INET, PFIL_DIR_IN), 0);
		CHECK_EQ(afterlen, i == 0 ? 0 : n);
	}
	CHECK_EQ(npf_stat(NPF_STAT_FRAGMENTS), 2);
	CHECK_EQ(npf_stat(NPF_STAT_REASSEMBLY), 1);
	CHECK_EQ(npf_stat(NPF_STAT_PASS_RULESET), 1);
	npf_end();
}

/* --- what must be refused --- */

static void
refuse(int error)
{
	CHECK_EQ(conf_try(), error);
	/* The old one stands. */
	CHECK(IN(&echo, 0));
	conf_new();
}

TEST(npf_bad_configurations_change_nothing)
{
	static const struct bpf_insn wild[] = { STMT(BPF_MISC | BPF_COP, 2),
		STMT(BPF_RET | BPF_K, 1) };
	struct plistref ref = { (void *)(uintptr_t) "<plist>", 8 };
	struct plist *g, *d;

	npf_begin();
	conf_new();
	add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, NULL, 0);
	conf_load();
	conf_new();
	plist_set_uint(conf, "version", 99);
	refuse(EPROGMISMATCH);
	plist_set_string(conf, "rules", "none");
	refuse(EINVAL);
	add_rule(rules, 0, NULL, wild, 2);
	refuse(EINVAL);
	add_rule(rules, 0, NULL, wild, 1);
	refuse(EINVAL);
	g = add_rule(rules, NPF_RULE_GROUP, NULL, NULL, 0);
	plist_set_uint(g, "skip-to", 0);
	refuse(EINVAL);
	g = add_rule(rules, NPF_RULE_GROUP, NULL, NULL, 0);
	plist_set_uint(g, "skip-to", 2);
	refuse(EINVAL);
	add_rule(rules, 0, "a-name-that-is-too-long", NULL, 0);
	refuse(EINVAL);
	(void)plist_append(rules, plist_new_bool(&npf_mem, true));
	refuse(EINVAL);
	d = add_rule(nat, 0, NULL, NULL, 0);
	plist_set_int(d, "type", 7);
	plist_set_data(d, "nat-ip", "abcd", 4);
	refuse(EINVAL);
	d = plist_append_dict(tables);
	plist_set_string(d, "name", "t");
	plist_set_int(d, "type", 9);
	refuse(EINVAL);
	plist_free(conf);
	CHECK_EQ(npf_request(IOC_NPF_LOAD, &ref), -EINVAL);
	ref.pref_len = SIZE_MAX;
	CHECK_EQ(npf_request(IOC_NPF_LOAD, &ref), -E2BIG);
	CHECK_EQ(npf_request(0x20004e01UL, &ref), -ENOTTY);
	npf_end();
}

/* --- prechecks --- */

static uint32_t rnd_state = 1;

static uint32_t
rnd(uint32_t n)
{
	rnd_state = rnd_state * 1664525u + 1013904223u;
	return (rnd_state >> 8) % n;
}

/* Instructions that ask what rules ask, in any order. */
static void
random_code(struct bpf_insn *f, unsigned n)
{
	static const uint32_t offs[] = { 0, 2, 8, 9, 12, 14, 16, 20, 24, 36 };
	static const uint32_t values[] = { 0, 4, 6, 17, 10, 53, 0x0a000009,
		0x0a00, 9, 0x13880035 };

	for (unsigned i = 0; i < n; i++) {
		uint32_t left = n - i - 1;
		struct bpf_insn *p = &f[i];

		*p = (struct bpf_insn)STMT(BPF_LD | BPF_MEM, rnd(4));
		switch (rnd(9)) {
		case 0:
			p->code = (uint16_t)(BPF_LD | BPF_ABS |
			    (rnd(3) == 0	? BPF_B :
				    rnd(2) == 0 ? BPF_H :
						  BPF_W));
			p->k = offs[rnd(10)];
			break;
		case 1:
			p->code = (uint16_t)(BPF_LD | BPF_IND |
			    (rnd(2) == 0 ? BPF_H : BPF_W));
			p->k = offs[rnd(3)];
			break;
		case 2:
			p->code = BPF_LDX | BPF_MEM;
			p->k = 1;
			break;
		case 3:
			p->code = BPF_ALU | BPF_AND | BPF_K;
			p->k = rnd(2) == 0 ? 0xffff0000u : 0xffu;
			break;
		case 4:
			p->code = rnd(2) == 0 ? BPF_ST : BPF_MISC | BPF_TAX;
			p->k &= 3;
			break;
		case 5:
		case 6:
			if (left < 2)
				break;
			p->code = (uint16_t)(BPF_JMP |
			    (rnd(3) == 0	? BPF_JSET :
				    rnd(3) == 0 ? BPF_JGE :
				    rnd(3) == 0 ? BPF_JGT :
						  BPF_JEQ));
			p->jt = (uint8_t)rnd(left);
			p->jf = (uint8_t)rnd(left);
			p->k = values[rnd(10)];
			break;
		case 7:
			if (left > 0 && rnd(3) == 0)
				*p = (struct bpf_insn)STMT(
				    BPF_RET | BPF_K, rnd(2));
			break;
		}
	}
	f[n - 1] = (struct bpf_insn)STMT(BPF_RET | BPF_K, rnd(4) != 0);
}

static unsigned
random_packet(uint8_t *buf)
{
	struct pkt p = udp;

	p.src = rnd(2) == 0 ? OUTER : htonl(0x0a000000u | rnd(32));
	p.proto = rnd(2) == 0 ? IPPROTO_UDP : IPPROTO_TCP;
	p.dport = rnd(2) == 0 ? 53 : (uint16_t)rnd(65536);
	return pkt_make(buf, &p);
}

/* A set whose index is used is asked again without. */
TEST(npf_prechecks_never_hide_a_match)
{
	struct bpf_insn code[12];
	uint8_t buf[2048];
	struct npf_packet np;
	struct npf_rule *with, *without;
	struct npf_ruleset *rs;
	unsigned found = 0;

	npf_begin();
	for (int round = 0; round < 20; round++) {
		conf_new();
		for (int i = 0; i < 200; i++) {
			unsigned n = 2 + rnd(10);

			random_code(code, n);
			if (bpf_validate(code, n, NPF_NCOPS))
				add_rule(rules,
				    (rnd(3) == 0 ? RULE_IN : RULE_BOTH) |
					(rnd(3) == 0 ? NPF_RULE_FINAL : 0),
				    rnd(4) == 0 ? "toy1" : NULL, code, n);
		}
		conf_load();
		rs = npf->ns_conf->cf_rules;
		CHECK(rs->rs_index.ix_words != 0);
		for (int i = 0; i < 50; i++) {
			unsigned len = random_packet(buf);
			size_t words = rs->rs_index.ix_words;

			memset(&np, 0, sizeof(np));
			np.np_k = t.f.k;
			np.np_conf = npf->ns_conf;
			np.np_ifp = t.ifp[rnd(2)];
			np.np_ifid = npf_config_findif(
			    npf->ns_conf, np.np_ifp->if_xname);
			np.np_in = rnd(2) == 0;
			np.np_m = m_devget(t.f.k, buf, len, np.np_ifp);
			CHECK(np.np_m != NULL);
			CHECK(npf_packet_parse(&np, AF_INET));
			with = npf_ruleset_inspect(rs, &np);
			rs->rs_index.ix_words = 0;
			without = npf_ruleset_inspect(rs, &np);
			CHECK(with == without);
			found += with != NULL;
			/* And without prechecks but those of place. */
			for (size_t r = 0; r < rs->rs_count; r++) {
				struct npf_precheck *pc = &rs->rs_rules[r].r_pre;

				pc->pc_never = false;
				pc->pc_mask[0] = pc->pc_mask[2] = 0;
				pc->pc_mask[1] &= NPF_LANE1(0, 0, 0, 15, 0xffff);
			}
			CHECK(with == npf_ruleset_inspect(rs, &np));
			rs->rs_index.ix_words = words;
			m_freem(np.np_m);
			if (i % 10 == 9)
				break;
		}
	}
	CHECK(found > 20);
	npf_end();
}

/* Rules are told apart by what their programs ask. */
TEST(npf_precheck_finds_what_a_program_asks)
{
	/* 8000:8080 */
	static const struct bpf_insn ports[] = {
		STMT(BPF_LDX | BPF_MEM, BPF_MW_L4OFF),
		STMT(BPF_LD | BPF_H | BPF_IND, 2),
		JUMP(BPF_JMP | BPF_JGE | BPF_K, 8000, 0, 2),
		JUMP(BPF_JMP | BPF_JGT | BPF_K, 8080, 1, 0),
		STMT(BPF_RET | BPF_K, 1),
		STMT(BPF_RET | BPF_K, 0),
	};
	struct npf_precheck pc;
	struct bpf_insn code[16];
	size_t n = code_from(
	    code, IPPROTO_UDP, IP4(10, 1, 0, 0), IP4(255, 255, 0, 0));

	npf_begin();
	npf_precheck_make(t.f.k, &pc, code, (unsigned)n);
	CHECK(!pc.pc_never);
	CHECK_EQ(pc.pc_mask[0], 0xffff0000u);
	CHECK_EQ(pc.pc_value[0], 0x0a010000u);
	CHECK_EQ(pc.pc_mask[1], NPF_LANE1(0, 255, 15, 0, 0));
	CHECK_EQ(pc.pc_value[1], NPF_LANE1(0, IPPROTO_UDP, 4, 0, 0));
	npf_precheck_make(t.f.k, &pc, ports, 6);
	CHECK_EQ(pc.pc_mask[1], NPF_LANE1(0xff00, 0, 0, 0, 0));
	CHECK_EQ(pc.pc_value[1], NPF_LANE1(0x1f00, 0, 0, 0, 0));
	npf_end();
}

/* --- without memory --- */

TEST(npf_out_of_memory_leaves_the_old_configuration)
{
	int error = -1;

	npf_begin();
	conf_new();
	add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, NULL, 0);
	conf_load();
	for (int i = 1; error != 0; i++) {
		table_conf();
		for (int r = 0; r < 20; r++)
			add_rule(rules, RULE_BOTH, "toy0", NULL, 0);
		atomic_store(&t.f.k->k_failalloc, i);
		error = conf_try();
		atomic_store(&t.f.k->k_failalloc, 0);
		CHECK(error == 0 || error == -ENOMEM || error == ENOMEM);
		CHECK(error == 0 || IN(&echo, 0));
		CHECK(i < 1000);
	}
	npf_end();
}

int
main(void)
{
	RUN(npf_unconfigured_or_off_passes_all);
	RUN(npf_last_rule_counts_unless_one_is_final);
	RUN(npf_groups_are_by_interface_and_direction);
	RUN(npf_tables_hold_addresses_and_networks);
	RUN(npf_rules_come_and_go);
	RUN(npf_many_rules_at_run_time_are_told_apart);
	RUN(npf_saved_rules_can_be_loaded);
	RUN(npf_blocked_are_answered_when_asked_for);
	RUN(npf_normalize_changes_what_it_says);
	RUN(npf_log_shows_packets_to_bpf);
	RUN(npf_fragments_are_put_together_before_rules);
	RUN(npf_bad_configurations_change_nothing);
	RUN(npf_prechecks_never_hide_a_match);
	RUN(npf_precheck_finds_what_a_program_asks);
	RUN(npf_out_of_memory_leaves_the_old_configuration);
	return check_done();
}
