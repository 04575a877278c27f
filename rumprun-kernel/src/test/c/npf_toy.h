/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of NPF: a kernel with two interfaces, configurations made by hand, packets that are put to the filter. */
#ifndef NPF_TOY_H
#define NPF_TOY_H

#include <netbsd/tcp.h>
#include "dev/dev.h"
#include "inet_toy.h"
#include "netinet6/inet6.h"
#include "npf/npf.h"

extern const struct devsw dev_npf;

static struct toy t;
static struct npf_state *npf;
static inline void
npf_begin(void)
{
	static const char *const names[] = { "net", "net_net", "net_netinet",
		"net_netinet6", "net_npf", "dev_bpf", NULL };
	struct kern_config c = { .kc_components = names,
		.kc_host = &toy_host,
		.kc_manualtime = true };

	memset(&t, 0, sizeof(t));
	toy_host = host_linux;
	toy_host.monotonic = toy_clock;
	toy_now = 1000 * TOY_SECOND;
	up_config(&t.f, &c);
	INET(t.f.k)->ip_dad_count = 0;
	toy_attach(&t, 0);
	toy_attach(&t, 1);
	toy_addr(&t, 0, IP4(10, 0, 0, 1), IP4(255, 255, 255, 0));
	toy_addr(&t, 1, IP4(192, 168, 1, 1), IP4(255, 255, 255, 0));
	npf = npf_of(t.f.k);
	CHECK(npf != NULL);
}

static inline void
npf_end(void)
{
	toy_halt(&t);
}

static inline int
npf_request(unsigned long cmd, void *data)
{
	return dev_npf.d_ioctl(t.f.l, makedev(255, 0), false, cmd, data, 0);
}

static inline uint64_t
npf_stat(unsigned which)
{
	uint64_t stats[NPF_STATS_COUNT];
	void *to = stats;

	CHECK_EQ(npf_request(IOC_NPF_STATS, &to), 0);
	return stats[which];
}

/* --- configurations --- */

static inline void *
test_alloc(void *arg, size_t n)
{
	(void)arg;
	return malloc(n);
}

static inline void
test_free(void *arg, void *p, size_t n)
{
	(void)arg, (void)n;
	free(p);
}

static struct plist_mem npf_mem = { test_alloc, test_free, NULL, 0 };
static struct plist *conf, *rules, *nat, *tables, *rprocs;

static inline void
conf_new(void)
{
	conf = plist_new_dict(&npf_mem);
	plist_set_uint(conf, "version", NPF_VERSION);
	rules = plist_set_array(conf, "rules");
	nat = plist_set_array(conf, "nat");
	tables = plist_set_array(conf, "tables");
	rprocs = plist_set_array(conf, "rprocs");
}

/* A request; *answer may be NULL. */
static inline int
npf_send(unsigned long cmd, struct plist *d, struct plist **answer)
{
	struct plistref ref = { NULL, 0 };
	char *text = NULL;
	size_t size = 0;
	int error;

	if (d != NULL) {
		CHECK_EQ(plist_write(d, &text, &size), 0);
		ref.pref_plist = text;
		ref.pref_len = size;
	}
	error = npf_request(cmd, &ref);
	if (error == 0) {
		if (answer != NULL)
			CHECK_EQ(plist_read(&npf_mem, ref.pref_plist,
				     ref.pref_len, answer),
			    0);
		plist_unmap(ref.pref_plist, ref.pref_len);
	}
	free(text);
	return error;
}

/* What the answer says: 0 or a positive errno; negative: the request's. */
static inline int
conf_try(void)
{
	struct plist *answer;
	int64_t e = -1;
	int error = npf_send(IOC_NPF_LOAD, conf, &answer);

	plist_free(conf);
	if (error != 0)
		return error;
	CHECK_EQ(plist_get_int(answer, "errno", 0, 1000, &e), 1);
	plist_free(answer);
	return (int)e;
}

static inline void
conf_load(void)
{
	int on = 1;

	CHECK_EQ(conf_try(), 0);
	CHECK_EQ(npf_request(IOC_NPF_SWITCH, &on), 0);
}

static inline struct plist *
add_rule(struct plist *to, uint32_t attr, const char *ifname,
    const struct bpf_insn *code, size_t n)
{
	struct plist *r = plist_append_dict(to);

	plist_set_uint(r, "attr", attr);
	if (ifname != NULL)
		plist_set_string(r, "ifname", ifname);
	if (n > 0) {
		plist_set_int(r, "code-type", NPF_CODE_BPF);
		plist_set_data(r, "code", code, n * sizeof(*code));
	}
	return r;
}

#define RULE_IN (NPF_RULE_IN)
#define RULE_OUT (NPF_RULE_OUT)
#define RULE_BOTH (NPF_RULE_IN | NPF_RULE_OUT)
#define STMT(c, kk)                       \
	{                                 \
		(uint16_t)(c), 0, 0, (kk) \
	}
#define JUMP(c, kk, jt, jf)                 \
	{                                   \
		(uint16_t)(c), jt, jf, (kk) \
	}

/* IPv4 of that protocol from that network, as npfctl would ask. proto 0, mask 0: any. */
static inline size_t
code_from(struct bpf_insn *to, uint8_t proto, uint32_t net, uint32_t mask)
{
	const struct bpf_insn code[] = {
		STMT(BPF_MISC | BPF_COP, NPF_COP_L3),
		STMT(BPF_LD | BPF_MEM, BPF_MW_IPVER),
		JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 8),
		STMT(BPF_LD | BPF_MEM, BPF_MW_L4PROTO),
		JUMP(BPF_JMP | BPF_JEQ | BPF_K, proto, 0, 6),
		STMT(BPF_LD | BPF_W | BPF_ABS, 12),
		STMT(BPF_ALU | BPF_AND | BPF_K, ntohl(mask)),
		JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(net), 0, 1),
		JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
		JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
		STMT(BPF_RET | BPF_K, 1),
		STMT(BPF_RET | BPF_K, 0),
	};

	memcpy(to, code, sizeof(code));
	to[8].k = 1;
	to[9].k = 1;
	return sizeof(code) / sizeof(code[0]);
}

/* --- packets --- */

struct pkt {
	uint32_t src, dst;
	uint8_t proto, ttl, flags; /* of TCP */
	uint16_t sport, dport, off, id;
	uint32_t seq, ack;
	uint16_t win;
	const uint8_t *data; /* or options of a SYN */
	unsigned len, optlen;
};

/* Its bytes, with all sums. */
static inline unsigned
pkt_make(uint8_t *buf, const struct pkt *p)
{
	uint8_t l4[1600] = { 0 };
	struct toy_ip ip = { .src = p->src,
		.dst = p->dst,
		.proto = p->proto,
		.ttl = p->ttl,
		.off = p->off,
		.id = p->id };
	unsigned n, hlen;
	uint32_t sum;
	uint16_t s;

	if (p->proto == IPPROTO_ICMP) {
		n = toy_icmp(l4, (uint8_t)p->sport, (uint8_t)p->dport, p->seq,
		    p->len > 0 ? (const void *)p->data : "", p->len);
		return toy_packet(buf, &ip, l4, n);
	}
	be16_put(l4, p->sport);
	be16_put(l4 + 2, p->dport);
	hlen = p->proto == IPPROTO_TCP ? 20 + p->optlen : 8;
	n = hlen + (p->proto == IPPROTO_TCP && p->optlen > 0 ? 0 : p->len);
	if (p->proto == IPPROTO_TCP) {
		be32_put(l4 + 4, p->seq);
		be32_put(l4 + 8, p->ack);
		l4[12] = (uint8_t)(hlen / 4 << 4);
		l4[13] = p->flags;
		be16_put(l4 + 14, p->win);
		if (p->optlen > 0)
			memcpy(l4 + 20, p->data, p->optlen);
		else if (p->len > 0 && p->data != NULL)
			memcpy(l4 + hlen, p->data, p->len);
	} else {
		be16_put(l4 + 4, (uint16_t)n);
		if (p->len > 0 && p->data != NULL)
			memcpy(l4 + hlen, p->data, p->len);
	}
	sum = in_cksum_add(0, &p->src, 4);
	sum = in_cksum_add(sum, &p->dst, 4);
	sum = in_cksum_add(sum, l4, n);
	sum += htons(p->proto) + htons(n);
	s = (uint16_t)~in_cksum_fold(sum);
	memcpy(l4 + (p->proto == IPPROTO_TCP ? 16 : 6), &s, 2);
	return toy_packet(buf, &ip, l4, n);
}

/* What the filter made of the last one. */
static uint8_t after[2048];
static unsigned afterlen;

static inline int
put_bytes(const void *p, unsigned len, int unit, int af, enum pfil_dir dir)
{
	struct mbuf *m = m_devget(t.f.k, p, len, t.ifp[unit]);
	int error;

	CHECK(m != NULL);
	if (dir == PFIL_DIR_OUT)
		m->m_pkthdr.rcvif = NULL;
	net_rdlock(t.f.k);
	atomic_store(&t.f.k->k_failalloc, toy_fail);
	error = pfil_run(t.f.k, &m, t.ifp[unit], af, dir);
	atomic_store(&t.f.k->k_failalloc, 0);
	net_unlock(t.f.k);
	CHECK(error <= 0);
	CHECK((error != 0) <= (m == NULL));
	afterlen = 0;
	if (m != NULL) {
		afterlen = m->m_pkthdr.len;
		CHECK(afterlen <= sizeof(after));
		m_copydata(m, 0, afterlen, after);
		m_freem(m);
	}
	net_run(t.f.k);
	return error;
}

static inline bool
put_pkt(const struct pkt *p, int unit, enum pfil_dir dir)
{
	uint8_t buf[2048];
	unsigned n = pkt_make(buf, p);

	return put_bytes(buf, n, unit, AF_INET, dir) == 0;
}
#define IN(p, unit) put_pkt(p, unit, PFIL_DIR_IN)
#define OUT(p, unit) put_pkt(p, unit, PFIL_DIR_OUT)

/* Sums of what came out are right. */
static inline bool
after_sound(void)
{
	unsigned hlen = (after[0] & 15) * 4u, n = afterlen - hlen;
	uint32_t sum;

	if (toy_sum(after, hlen) != 0)
		return false;
	if (after[9] == IPPROTO_ICMP)
		return toy_sum(after + hlen, n) == 0;
	sum = in_cksum_add(0, after + 12, 8);
	sum = in_cksum_add(sum, after + hlen, n);
	sum += htons(after[9]) + htons(n);
	return in_cksum_fold(sum) == 0xffff;
}

static inline uint32_t
after_addr(unsigned at)
{
	uint32_t a;

	memcpy(&a, after + at, 4);
	return a;
}
#define AFTER_SRC after_addr(12)
#define AFTER_DST after_addr(16)
#define AFTER_SPORT be16_get(after + 20)
#define AFTER_DPORT be16_get(after + 22)

#endif
