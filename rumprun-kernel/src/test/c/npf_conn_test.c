/* SPDX-License-Identifier: BSD-2-Clause */
/* NPF: connections and translation. */
#include <stdlib.h>
#include "npf_toy.h"

#define INNER IP4(192, 168, 1, 5)
#define OUTER IP4(10, 0, 0, 9)
#define US IP4(10, 0, 0, 1)

#define STATEFUL (NPF_RULE_PASS | NPF_RULE_STATEFUL | NPF_RULE_FINAL)

/* Out goes what wants to, in comes what was asked for. */
static void
stateful_conf(uint32_t more)
{
	conf_new();
	add_rule(rules, STATEFUL | RULE_OUT | more, NULL, NULL, 0);
	add_rule(rules, RULE_IN, NULL, NULL, 0);
}

static struct pkt
back(const struct pkt *p)
{
	struct pkt b = *p;

	b.src = p->dst;
	b.dst = p->src;
	b.sport = p->dport;
	b.dport = p->sport;
	return b;
}

static const struct pkt udp = {
	.src = US, .dst = OUTER, .proto = IPPROTO_UDP, .sport = 5000, .dport = 53
};

TEST(conn_answers_pass_and_others_do_not)
{
	struct pkt b = back(&udp), other = b;

	npf_begin();
	stateful_conf(0);
	conf_load();
	CHECK(!IN(&b, 0));
	CHECK(OUT(&udp, 0));
	CHECK(IN(&b, 0));
	CHECK(OUT(&udp, 0));
	CHECK(!IN(&b, 1)); /* by another interface */
	other.sport = 54;
	CHECK(!IN(&other, 0));
	CHECK_EQ(npf_stat(NPF_STAT_PASS_CONN), 2);
	CHECK_EQ(npf_stat(NPF_STAT_CONN_CREATE), 1);
	toy_pass(&t, 59 * TOY_SECOND);
	CHECK(IN(&b, 0));
	toy_pass(&t, 70 * TOY_SECOND);
	CHECK(!IN(&b, 0));
	CHECK_EQ(npf_stat(NPF_STAT_CONN_DESTROY), 1);
	CHECK_EQ(npf->ns_nconns, 0);
	npf_end();
}

/* Ping of our own address: its answer has the same key. */
TEST(conn_to_oneself_is_one)
{
	struct pkt p = { .src = US,
		.dst = US,
		.proto = IPPROTO_ICMP,
		.sport = ICMP_ECHO,
		.seq = 0x12340001 };

	npf_begin();
	stateful_conf(0);
	conf_load();
	CHECK(OUT(&p, 0));
	CHECK(IN(&p, 0));
	p.sport = ICMP_ECHOREPLY;
	CHECK(IN(&p, 0));
	CHECK_EQ(npf_stat(NPF_STAT_PASS_CONN), 2);
	CHECK_EQ(npf_stat(NPF_STAT_RACE_CONN), 0);
	CHECK_EQ(npf->ns_nconns, 1);
	toy_pass(&t, 40 * TOY_SECOND);
	CHECK_EQ(npf->ns_nconns, 0);
	npf_end();
}

TEST(conn_with_any_ends_is_known_at_every_interface)
{
	struct pkt b = back(&udp);

	npf_begin();
	stateful_conf(NPF_RULE_MULTIENDS);
	conf_load();
	CHECK(OUT(&udp, 0));
	CHECK(IN(&b, 1));
	npf_end();
}

TEST(conn_reload_keeps_and_flush_drops)
{
	struct pkt b = back(&udp);
	struct plist *saved;

	npf_begin();
	stateful_conf(0);
	conf_load();
	CHECK(OUT(&udp, 0));
	stateful_conf(0);
	conf_load();
	CHECK(IN(&b, 0));
	CHECK_EQ(npf_send(IOC_NPF_SAVE, NULL, &saved), 0);
	CHECK_EQ(plist_count(plist_get(saved, "conn-list")), 1);
	conf_new();
	plist_set_bool(conf, "flush", true);
	conf_load();
	CHECK_EQ(npf->ns_nconns, 0);
	stateful_conf(0);
	conf_load();
	CHECK(!IN(&b, 0));
	conf = saved;
	conf_load();
	CHECK(IN(&b, 0));
	CHECK_EQ(npf->ns_nconns, 1);
	npf_end();
}

/* --- TCP --- */

static struct pkt
seg(bool out, uint8_t flags, uint32_t seq, uint32_t ack, unsigned len)
{
	struct pkt p = { .src = out ? US : OUTER,
		.dst = out ? OUTER : US,
		.proto = IPPROTO_TCP,
		.sport = out ? 40000 : 80,
		.dport = out ? 80 : 40000,
		.flags = flags,
		.seq = seq,
		.ack = ack,
		.win = 1000,
		.len = len };

	return p;
}

static bool
put_seg(bool out, uint8_t flags, uint32_t seq, uint32_t ack, unsigned len)
{
	struct pkt p = seg(out, flags, seq, ack, len);

	return put_pkt(&p, 0, out ? PFIL_DIR_OUT : PFIL_DIR_IN);
}

static void
handshake(void)
{
	CHECK(put_seg(true, TH_SYN, 100, 0, 0));
	CHECK(put_seg(true, TH_SYN, 100, 0, 0));
	CHECK(put_seg(false, TH_SYN | TH_ACK, 5000, 101, 0));
	CHECK(put_seg(true, TH_ACK, 101, 5001, 0));
}

TEST(conn_tcp_segments_outside_windows_are_dropped)
{
	npf_begin();
	stateful_conf(0);
	conf_load();
	handshake();
	CHECK(put_seg(true, TH_ACK, 101, 5001, 1000));
	CHECK(put_seg(false, TH_ACK, 5001, 1101, 500));
	/* beyond what was offered */
	CHECK(!put_seg(false, TH_ACK, 7000, 1101, 500));
	CHECK_EQ(npf_stat(NPF_STAT_INVALID_STATE_TCP1), 1);
	/* far back */
	CHECK(!put_seg(false, TH_ACK, 1000, 1101, 10));
	CHECK_EQ(npf_stat(NPF_STAT_INVALID_STATE_TCP2), 1);
	/* of what was never sent */
	CHECK(!put_seg(false, TH_ACK, 5501, 9999, 10));
	CHECK_EQ(npf_stat(NPF_STAT_INVALID_STATE_TCP3), 1);
	CHECK_EQ(npf_stat(NPF_STAT_INVALID_STATE), 3);
	/* a blind reset */
	CHECK(!put_seg(false, TH_RST, 90000, 0, 0));
	CHECK(put_seg(false, TH_ACK, 5501, 1101, 10));
	/* again what was lost */
	CHECK(put_seg(false, TH_ACK, 5001, 1101, 500));
	npf_end();
}

TEST(conn_tcp_lives_long_and_ends_soon)
{
	npf_begin();
	stateful_conf(0);
	conf_load();
	handshake();
	toy_pass(&t, 3600 * TOY_SECOND);
	CHECK(put_seg(false, TH_ACK, 5001, 101, 10));
	CHECK(put_seg(true, TH_FIN | TH_ACK, 101, 5011, 0));
	CHECK(put_seg(false, TH_FIN | TH_ACK, 5011, 102, 0));
	CHECK(put_seg(true, TH_ACK, 102, 5012, 0));
	CHECK_EQ(npf->ns_nconns, 1);
	toy_pass(&t, 130 * TOY_SECOND);
	CHECK_EQ(npf->ns_nconns, 0);
	CHECK(!put_seg(false, TH_ACK, 5012, 102, 0));
	handshake();
	CHECK(put_seg(false, TH_RST | TH_ACK, 5001, 101, 0));
	toy_pass(&t, 20 * TOY_SECOND);
	CHECK_EQ(npf->ns_nconns, 0);
	npf_end();
}

TEST(conn_tcp_windows_are_scaled)
{
	static const uint8_t scale[] = { TCPOPT_NOP, TCPOPT_WINDOW, 3, 7 };
	struct pkt p;

	npf_begin();
	stateful_conf(0);
	conf_load();
	p = seg(true, TH_SYN, 100, 0, 0);
	p.data = scale;
	p.optlen = 4;
	CHECK(OUT(&p, 0));
	p = seg(false, TH_SYN | TH_ACK, 5000, 101, 0);
	p.data = scale;
	p.optlen = 4;
	CHECK(IN(&p, 0));
	CHECK(put_seg(true, TH_ACK, 101, 5001, 0));
	/* 1000 << 7 is offered */
	for (unsigned i = 0; i < 90; i++)
		CHECK(put_seg(false, TH_ACK, 5001 + i * 1400, 101, 1400));
	CHECK(!put_seg(false, TH_ACK, 5001 + 92 * 1400, 101, 1400));
	npf_end();
}

TEST(conn_tcp_may_be_met_in_the_middle)
{
	npf_begin();
	stateful_conf(0);
	conf_load();
	CHECK(put_seg(true, TH_ACK, 101, 5001, 100));
	CHECK(put_seg(false, TH_ACK, 5001, 201, 1000));
	CHECK(put_seg(false, TH_ACK, 6001, 201, 1000));
	CHECK(put_seg(true, TH_ACK, 201, 7001, 0));
	npf_end();
}

/* Large segments, scaled windows, both directions of a loopback: nothing of a real connection is taken for invalid. */
TEST(conn_real_transfers_pass_unharmed)
{
	struct sockaddr_in sin;
	static uint8_t data[65536];
	uint64_t sent = 0, got = 0;
	socklen_t len = sizeof(sin);
	long ls, s, a, n;

	npf_begin();
	conf_new();
	add_rule(rules, STATEFUL | RULE_OUT, "lo0", NULL, 0);
	add_rule(rules, RULE_BOTH, NULL, NULL, 0);
	conf_load();
	sockaddr_in_init(&sin, htonl(INADDR_LOOPBACK), htons(7777));
	CHECK((ls = l_socket(t.f.l, AF_INET, SOCK_STREAM, 0)) >= 0);
	CHECK((s = l_socket(t.f.l, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) >=
	    0);
	CHECK_EQ(l_bind(t.f.l, ls, &sin, sizeof(sin)), 0);
	CHECK_EQ(l_listen(t.f.l, ls, 1), 0);
	n = l_connect(t.f.l, s, &sin, sizeof(sin));
	CHECK(n == 0 || n == -EINPROGRESS);
	CHECK((a = l_accept(t.f.l, ls, &sin, &len)) >= 0);
	for (int i = 0; i < 100000 && got < (4u << 20); i++) {
		n = l_write(t.f.l, s, data, sizeof(data));
		CHECK(n > 0 || n == -EAGAIN);
		sent += n > 0 ? (uint64_t)n : 0;
		if (sent > got) {
			n = l_read(t.f.l, a, data, sizeof(data));
			CHECK(n > 0);
			got += (uint64_t)n;
		}
		if (n < 0)
			toy_pass(&t, TOY_SECOND / 10);
	}
	CHECK(got >= 4u << 20);
	CHECK_EQ(npf_stat(NPF_STAT_INVALID_STATE), 0);
	CHECK_EQ(npf_stat(NPF_STAT_BLOCK_RULESET), 0);
	CHECK_EQ(npf->ns_nconns, 1);
	CHECK_EQ(l_close(t.f.l, s), 0);
	CHECK_EQ(l_close(t.f.l, a), 0);
	CHECK_EQ(l_close(t.f.l, ls), 0);
	toy_pass(&t, 200 * TOY_SECOND);
	CHECK_EQ(npf->ns_nconns, 0);
	npf_end();
}

/* --- translation --- */

static struct plist *
add_map(
    int type, uint32_t flags, const char *ifname, uint32_t addr, uint16_t port)
{
	struct plist *d = add_rule(nat, 0, ifname, NULL, 0);

	plist_set_int(d, "type", type);
	plist_set_uint(d, "flags", flags);
	plist_set_data(d, "nat-ip", &addr, 4);
	plist_set_uint(d, "nat-mask", 32);
	plist_set_uint(d, "nat-port", htons(port));
	return d;
}

static const struct pkt inner = { .src = INNER,
	.dst = OUTER,
	.proto = IPPROTO_UDP,
	.sport = 5000,
	.dport = 53,
	.data = (const uint8_t *)"data",
	.len = 4 };

static void
nat_conf(void)
{
	conf_new();
	add_map(NPF_NATOUT, NPF_NAT_PORTS | NPF_NAT_PORTMAP, "toy0", US, 0);
	add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, NULL, 0);
}

TEST(nat_outgoing_get_our_address_and_a_port)
{
	struct pkt p = inner, b;
	uint16_t port;

	npf_begin();
	nat_conf();
	conf_load();
	CHECK(OUT(&p, 1)); /* not there */
	CHECK_EQ(AFTER_SRC, INNER);
	CHECK(OUT(&p, 0));
	CHECK_EQ(AFTER_SRC, US);
	CHECK(after_sound());
	CHECK(memcmp(after + 28, "data", 4) == 0);
	port = AFTER_SPORT;
	CHECK(port >= 1024);
	CHECK(OUT(&p, 0));
	CHECK_EQ(AFTER_SPORT, port);
	b = (struct pkt){ .src = OUTER,
		.dst = US,
		.proto = IPPROTO_UDP,
		.sport = 53,
		.dport = port };
	CHECK(IN(&b, 0));
	CHECK_EQ(AFTER_DST, INNER);
	CHECK_EQ(AFTER_DPORT, 5000);
	CHECK(after_sound());
	CHECK_EQ(npf_stat(NPF_STAT_NAT_CREATE), 1);
	/* Reloaded as it is, it goes on; without, it is over. */
	nat_conf();
	conf_load();
	CHECK(OUT(&p, 0));
	CHECK_EQ(AFTER_SPORT, port);
	conf_new();
	add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, NULL, 0);
	conf_load();
	CHECK(OUT(&p, 0));
	CHECK_EQ(AFTER_SRC, INNER);
	CHECK_EQ(npf_stat(NPF_STAT_NAT_DESTROY), 1);
	npf_end();
}

TEST(nat_tcp_and_ping_are_translated)
{
	struct pkt p = { .src = INNER,
		.dst = OUTER,
		.proto = IPPROTO_TCP,
		.sport = 5000,
		.dport = 80,
		.flags = TH_SYN,
		.win = 1000 };
	uint16_t id;

	npf_begin();
	nat_conf();
	conf_load();
	CHECK(OUT(&p, 0));
	CHECK_EQ(AFTER_SRC, US);
	CHECK(after_sound());
	p = (struct pkt){ .src = INNER,
		.dst = OUTER,
		.proto = IPPROTO_ICMP,
		.sport = ICMP_ECHO,
		.seq = 0x77770001 };
	CHECK(OUT(&p, 0));
	CHECK_EQ(AFTER_SRC, US);
	CHECK(after_sound());
	/* Another host's with the same id gets another. */
	p.src = IP4(192, 168, 1, 6);
	CHECK(OUT(&p, 0));
	CHECK_EQ(AFTER_SRC, US);
	CHECK(after_sound());
	id = be16_get(after + 24);
	CHECK(id != 0x7777);
	p.src = OUTER;
	p.dst = US;
	p.sport = ICMP_ECHOREPLY;
	CHECK(IN(&p, 0));
	CHECK_EQ(AFTER_DST, INNER);
	CHECK(after_sound());
	p.seq = (uint32_t)id << 16 | 1;
	CHECK(IN(&p, 0));
	CHECK_EQ(AFTER_DST, IP4(192, 168, 1, 6));
	CHECK_EQ(be16_get(after + 24), 0x7777);
	CHECK(after_sound());
	npf_end();
}

/* A router far away says that the outer host is not there. */
TEST(nat_errors_find_the_inner_host)
{
	uint8_t quoted[64];
	struct pkt p = inner, e;
	uint16_t sum;
	unsigned n;

	npf_begin();
	nat_conf();
	conf_load();
	CHECK(OUT(&p, 0));
	n = afterlen;
	memcpy(quoted, after, n);
	e = (struct pkt){ .src = IP4(10, 9, 9, 9),
		.dst = US,
		.proto = IPPROTO_ICMP,
		.sport = ICMP_UNREACH,
		.dport = ICMP_UNREACH_HOST,
		.data = quoted,
		.len = n };
	CHECK(IN(&e, 0));
	CHECK_EQ(AFTER_SRC, IP4(10, 9, 9, 9));
	CHECK_EQ(AFTER_DST, INNER);
	CHECK(after_sound());
	CHECK_EQ(after_addr(28 + 12), INNER);
	CHECK_EQ(be16_get(after + 28 + 20), 5000);
	/* The quoted packet is sound as well. */
	CHECK_EQ(toy_sum(after + 28, 20), 0);
	memcpy(quoted, after + 28, n);
	memcpy(after, quoted, afterlen = n);
	CHECK(after_sound());
	/* A short quotation, and one that is about nobody's. */
	e.len = 24;
	CHECK(IN(&e, 0));
	memcpy(&sum, quoted, 2);
	quoted[15] ^= 1;
	CHECK(IN(&e, 0));
	CHECK_EQ(AFTER_DST, US);
	npf_end();
}

TEST(nat_incoming_are_redirected)
{
	struct pkt p = { .src = OUTER,
		.dst = US,
		.proto = IPPROTO_UDP,
		.sport = 5000,
		.dport = 8080 },
		   b;

	npf_begin();
	conf_new();
	add_map(NPF_NATIN, NPF_NAT_PORTS, "toy0", INNER, 80);
	add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, NULL, 0);
	conf_load();
	CHECK(IN(&p, 0));
	CHECK_EQ(AFTER_DST, INNER);
	CHECK_EQ(AFTER_DPORT, 80);
	CHECK(after_sound());
	b = (struct pkt){ .src = INNER,
		.dst = OUTER,
		.proto = IPPROTO_UDP,
		.sport = 80,
		.dport = 5000 };
	CHECK(OUT(&b, 0));
	CHECK_EQ(AFTER_SRC, US);
	CHECK_EQ(AFTER_SPORT, 8080);
	CHECK(after_sound());
	npf_end();
}

TEST(nat_static_keeps_nothing)
{
	struct pkt p = inner;

	npf_begin();
	conf_new();
	plist_set_uint(
	    add_map(NPF_NATOUT, NPF_NAT_STATIC, "toy0", IP4(10, 7, 0, 0), 0),
	    "nat-mask", 16);
	add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, NULL, 0);
	conf_load();
	CHECK(OUT(&p, 0));
	CHECK_EQ(AFTER_SRC, IP4(10, 7, 1, 5));
	CHECK(after_sound());
	CHECK_EQ(npf->ns_nconns, 0);
	npf_end();
}

/* RFC 6296 appendix B: FD01:0203:0405::/48 to 2001:0DB8:0001::/48. */
TEST(nat_npt66_leaves_sums_alone)
{
	static const uint8_t from[16] = { 0xfd, 1, 2, 3, 4, 5, 0, 1, 0, 0, 0, 0,
		0, 0, 0x12, 0x34 },
			     to[16] = { 0x20, 1, 0xd, 0xb8, 0, 1, 0xd5, 0x50, 0,
				     0, 0, 0, 0, 0, 0x12, 0x34 };
	uint8_t p[48] = { 0x60, 0, 0, 0, 0, 8, IPPROTO_UDP, 64 };
	struct plist *d;

	npf_begin();
	conf_new();
	d = add_rule(nat, 0, NULL, NULL, 0);
	plist_set_int(d, "type", NPF_NATOUT);
	plist_set_uint(d, "flags", NPF_NAT_STATIC);
	plist_set_data(d, "nat-ip", to, 16);
	plist_set_uint(d, "nat-mask", 48);
	plist_set_uint(d, "nat-algo", NPF_ALGO_NPT66);
	add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, NULL, 0);
	conf_load();
	memcpy(p + 8, from, 16);
	p[24] = 0x20;
	p[45] = 8;
	CHECK_EQ(put_bytes(p, 48, 0, AF_INET6, PFIL_DIR_OUT), 0);
	CHECK(memcmp(after + 8, to, 16) == 0);
	/* And back. */
	conf_new();
	d = add_rule(nat, 0, NULL, NULL, 0);
	plist_set_int(d, "type", NPF_NATIN);
	plist_set_uint(d, "flags", NPF_NAT_STATIC);
	plist_set_data(d, "nat-ip", from, 16);
	plist_set_uint(d, "nat-mask", 48);
	plist_set_uint(d, "nat-algo", NPF_ALGO_NPT66);
	add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, NULL, 0);
	conf_load();
	memcpy(p + 8, p + 24, 16);
	memcpy(p + 24, to, 16);
	CHECK_EQ(put_bytes(p, 48, 0, AF_INET6, PFIL_DIR_IN), 0);
	CHECK(memcmp(after + 24, from, 16) == 0);
	npf_end();
}

/* An incoming connection and a datagram that are refused, over IPv6. */
TEST(conn_ipv6_refused_are_answered)
{
	const uint32_t both = NPF_RULE_RETRST | NPF_RULE_RETICMP;
	uint8_t p[60] = { 0x60, 0, 0, 0, 0, 20, IPPROTO_TCP, 64 };
	struct in6_addr us = { { { 0x20, 1, [15] = 1 } } };

	npf_begin();
	net_wrlock(t.f.k);
	CHECK_EQ(in6_setaddr(t.ifp[0], &us, 64, IN6_IFF_NODAD), 0);
	net_unlock(t.f.k);
	conf_new();
	add_rule(rules, both | RULE_IN, NULL, NULL, 0);
	add_rule(rules, both | RULE_OUT, NULL, NULL, 0);
	conf_load();
	p[8] = p[24] = 0x20;
	p[9] = p[25] = 1;
	p[23] = 2;
	p[39] = 1;
	be16_put(p + 40, 1000);
	be16_put(p + 42, 80);
	p[52] = 5 << 4;
	p[53] = TH_SYN;
	toy_forget(&t);
	CHECK(put_bytes(p, 60, 0, AF_INET6, PFIL_DIR_IN) != 0);
	/* At least the neighbour is asked for, or the filter would not let it. */
	p[6] = IPPROTO_UDP;
	p[5] = 8;
	CHECK(put_bytes(p, 48, 0, AF_INET6, PFIL_DIR_IN) != 0);
	CHECK(put_bytes(p, 48, 0, AF_INET6, PFIL_DIR_OUT) != 0);
	CHECK(INET6(t.f.k)->ip6stat[IP6_STAT_LOCALOUT] >= 2);
	CHECK(INET6(t.f.k)->icmp6stat[ICMP6_STAT_ERROR] >= 1);
	npf_end();
}

/* A datagram in two pieces, over IPv6. */
TEST(conn_ipv6_fragments_are_put_together)
{
	uint8_t p[64] = { 0x60, 0, 0, 0, 0, 24, IPPROTO_FRAGMENT, 64 };

	npf_begin();
	conf_new();
	add_rule(rules, NPF_RULE_PASS | RULE_BOTH, NULL, NULL, 0);
	conf_load();
	p[8] = p[24] = 0x20;
	p[23] = 2;
	p[39] = 1;
	p[40] = IPPROTO_UDP;
	p[43] = 1; /* more */
	p[47] = 9;
	be16_put(p + 48, 1000);
	be16_put(p + 50, 53);
	be16_put(p + 52, 32);
	CHECK_EQ(put_bytes(p, 64, 0, AF_INET6, PFIL_DIR_IN), 0);
	CHECK_EQ(afterlen, 0);
	be16_put(p + 42, 16);
	CHECK_EQ(put_bytes(p, 64, 0, AF_INET6, PFIL_DIR_IN), 0);
	CHECK_EQ(afterlen, 40 + 32);
	CHECK_EQ(after[6], IPPROTO_UDP);
	CHECK_EQ(be16_get(after + 42), 53);
	CHECK_EQ(npf_stat(NPF_STAT_REASSEMBLY), 1);
	npf_end();
}

TEST(conn_ipv6_is_tracked_too)
{
	uint8_t p[48] = { 0x60, 0, 0, 0, 0, 8, IPPROTO_UDP, 64 }, b[48];

	npf_begin();
	stateful_conf(0);
	conf_load();
	p[8] = p[24] = 0x20;
	p[23] = 1;
	p[39] = 2;
	be16_put(p + 40, 1000);
	be16_put(p + 42, 53);
	p[45] = 8;
	memcpy(b, p, 48);
	b[23] = 2;
	b[39] = 1;
	be16_put(b + 40, 53);
	be16_put(b + 42, 1000);
	CHECK(put_bytes(b, 48, 0, AF_INET6, PFIL_DIR_IN) != 0);
	CHECK_EQ(put_bytes(p, 48, 0, AF_INET6, PFIL_DIR_OUT), 0);
	CHECK_EQ(put_bytes(b, 48, 0, AF_INET6, PFIL_DIR_IN), 0);
	/* Cut short anywhere it is no more than refused. */
	for (unsigned n = 0; n < 48; n++)
		(void)put_bytes(b, n < 1 ? 1 : n, 0, AF_INET6, PFIL_DIR_IN);
	npf_end();
}

TEST(conn_number_is_bounded_and_survives_no_memory)
{
	struct pkt p = udp;
	uint32_t n;
	int passed = 0;

	npf_begin();
	nat_conf();
	conf_load();
	for (int i = 1; i < 12; i++) {
		p.sport = (uint16_t)(1000 + i);
		toy_fail = i;
		passed += OUT(&p, 0);
		toy_fail = 0;
	}
	CHECK(passed > 0);
	stateful_conf(0);
	conf_load();
	for (uint16_t i = 0; i < 3000; i++) {
		p.sport = i;
		CHECK(OUT(&p, 0));
	}
	n = atomic_exchange(&npf->ns_nconns, NPF_MAXCONNS);
	p.dst = IP4(10, 5, 5, 5);
	CHECK(!OUT(&p, 0));
	atomic_store(&npf->ns_nconns, n);
	CHECK(npf_stat(NPF_STAT_ERROR) > 0);
	npf_end();
}

/* --- many at once --- */

static _Atomic bool stop;

static void
talk(void *arg)
{
	unsigned who = (unsigned)(uintptr_t)arg;
	uint8_t buf[64];
	struct pkt p = inner, b;
	struct mbuf *m;
	unsigned n;

	for (unsigned i = 0; !atomic_load(&stop); i++) {
		p.sport = (uint16_t)(who * 1000 + i % 50);
		p.dst = htonl(0x0a000064u + i % 3);
		b = back(&p);
		n = pkt_make(buf, i % 4 == 3 ? &b : &p);
		if ((m = m_devget(t.f.k, buf, n, t.ifp[0])) == NULL)
			continue;
		net_rdlock(t.f.k);
		(void)pfil_run(t.f.k, &m, t.ifp[0], AF_INET,
		    i % 4 == 3 ? PFIL_DIR_IN : PFIL_DIR_OUT);
		net_unlock(t.f.k);
		m_freem(m);
	}
}

TEST(conn_packets_go_on_while_everything_changes)
{
	struct host_thread *th[3];
	struct plist *d, *saved;

	npf_begin();
	nat_conf();
	conf_load();
	atomic_store(&stop, false);
	for (uintptr_t i = 0; i < 3; i++)
		CHECK_EQ(host_thread_create("talk", talk, (void *)i, &th[i]), 0);
	for (int i = 0; i < 60; i++) {
		if (i % 3 == 0)
			nat_conf();
		else
			stateful_conf(0);
		d = add_rule(
		    rules, NPF_DYNAMIC_GROUP | RULE_BOTH, NULL, NULL, 0);
		plist_set_string(d, "name", "dyn");
		conf_load();
		d = plist_new_dict(&npf_mem);
		plist_set_string(d, "ruleset-name", "dyn");
		plist_set_uint(d, "command", NPF_CMD_RULE_ADD);
		plist_set_uint(d, "attr", NPF_RULE_PASS | RULE_BOTH);
		CHECK_EQ(npf_send(IOC_NPF_RULE, d, NULL), 0);
		plist_free(d);
		if (i % 5 == 4) {
			CHECK_EQ(npf_send(IOC_NPF_SAVE, NULL, &saved), 0);
			conf = saved;
			conf_load();
		}
		if (i % 20 == 19)
			toy_pass(&t, 90 * TOY_SECOND);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 3; i++)
		host_thread_join(th[i]);
	npf_end();
}

int
main(void)
{
	RUN(conn_answers_pass_and_others_do_not);
	RUN(conn_to_oneself_is_one);
	RUN(conn_with_any_ends_is_known_at_every_interface);
	RUN(conn_reload_keeps_and_flush_drops);
	RUN(conn_tcp_segments_outside_windows_are_dropped);
	RUN(conn_tcp_lives_long_and_ends_soon);
	RUN(conn_tcp_windows_are_scaled);
	RUN(conn_tcp_may_be_met_in_the_middle);
	RUN(conn_real_transfers_pass_unharmed);
	RUN(nat_outgoing_get_our_address_and_a_port);
	RUN(nat_tcp_and_ping_are_translated);
	RUN(nat_errors_find_the_inner_host);
	RUN(nat_incoming_are_redirected);
	RUN(nat_static_keeps_nothing);
	RUN(nat_npt66_leaves_sums_alone);
	RUN(conn_ipv6_refused_are_answered);
	RUN(conn_ipv6_fragments_are_put_together);
	RUN(conn_ipv6_is_tracked_too);
	RUN(conn_number_is_bounded_and_survives_no_memory);
	RUN(conn_packets_go_on_while_everything_changes);
	return check_done();
}
