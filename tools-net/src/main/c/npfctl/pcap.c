/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions of pcap-filter(7), those that make sense above the link layer: hosts, nets, ports, protocols, bytes of headers, lengths, and
 * not, and, or of these. Read into a tree of which every leaf is one test, then made into jumps.
 */
#include "npfctl/npfctl.h"
#include <netbsd/tcp.h>
#include <stdlib.h>

#ifndef BPF_H
#define BPF_H 0x08
#endif

#define MAX_NODES 512
#define MAX_DEPTH 32

enum node_type { N_AND, N_OR, N_NOT, N_WORD, N_ADDR, N_PORTS, N_BYTES, N_LEN };

enum relation { R_EQ, R_NE, R_GT, R_GE, R_LT, R_LE };

struct node {
	enum node_type type;
	struct node *a, *b;
	unsigned word; /* N_WORD: which word of memory */
	bool src;      /* N_ADDR, N_PORTS */
	struct npf_addr addr;
	/* N_BYTES: at offset `from` of `size`, from layer 4 or the packet's start; N_PORTS: from, to */
	bool l4;
	unsigned size;
	uint32_t from, to, mask, value;
	enum relation rel;
};

/* Qualifiers of an id; an id without takes the last one's. */
struct quals {
	const char *proto;   /* "ip", "tcp" ..., NULL: any */
	bool src, dst, both; /* neither: either; both: src and dst */
	const char *type;    /* "host", "net", "port", "portrange", "proto" */
};

struct pcap {
	struct tool *t;
	const char *pos;
	char tok[80]; /* "" at the end */
	const char *tok_start;
	const char *error;
	unsigned nodes, depth;
	struct quals last;
};

/* --- words --- */

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

static void
advance(struct pcap *p)
{
	static const char *const pairs[] = { "&&", "||",
		"==", "!=", ">=", "<=" };
	size_t n = 0, i;

	while (*p->pos == ' ' || *p->pos == '\t')
		p->pos++;
	p->tok_start = p->pos;
	/* Colons and a mask belong to addresses, a colon inside of [] does not get here. */
	while (is_word(p->pos[n]) || (p->pos[n] == ':') ||
	    (n > 0 && p->pos[n] == '/'))
		n++;
	for (i = 0; n == 0 && i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (strncmp(p->pos, pairs[i], 2) == 0)
			n = 2;
	if (n == 0 && *p->pos != '\0')
		n = 1;
	if (n >= sizeof(p->tok)) {
		p->error = "a word is too long";
		n = 0;
	}
	memcpy(p->tok, p->pos, n);
	p->tok[n] = '\0';
	p->pos += n;
}

static bool
is(const struct pcap *p, const char *word)
{
	return strcmp(p->tok, word) == 0;
}

static bool
take(struct pcap *p, const char *word)
{
	if (!is(p, word))
		return false;
	advance(p);
	return true;
}

static struct node *
fail(struct pcap *p, const char *why)
{
	if (p->error == NULL)
		p->error = why;
	return NULL;
}

/* --- nodes; with an error there are none --- */

static struct node *
leaf(struct pcap *p, enum node_type type)
{
	struct node *n;

	if (p->error != NULL)
		return NULL;
	if (p->nodes++ == MAX_NODES)
		return fail(p, "the expression is too long");
	n = t_calloc(p->t, 1, sizeof(*n));
	n->type = type;
	return n;
}

static struct node *
join(struct pcap *p, enum node_type type, struct node *a, struct node *b)
{
	struct node *n = leaf(p, type);

	if (n == NULL || a == NULL || (b == NULL && type != N_NOT))
		return NULL;
	n->a = a;
	n->b = b;
	return n;
}

static struct node *
word_is(struct pcap *p, unsigned word, uint32_t value)
{
	struct node *n = leaf(p, N_WORD);

	if (n == NULL)
		return NULL;
	n->word = word;
	n->value = value;
	return n;
}

/* The protocol itself; "icmp" is IPv4's, "icmp6" IPv6's. */
static struct node *
proto_is(struct pcap *p, const char *proto)
{
	int number;

	if (strcmp(proto, "ip") == 0)
		return word_is(p, MW_IPVER, 4);
	if (strcmp(proto, "ip6") == 0)
		return word_is(p, MW_IPVER, 6);
	number = proto_by_name(p->t, proto);
	return number < 0 ? fail(p, "unknown protocol") :
			    word_is(p, MW_L4PROTO, (uint32_t)number);
}

/* --- ids --- */

/* By direction: of one side, of either, of both. */
static struct node *
directed(struct pcap *p, const struct quals *q, const struct node *like)
{
	struct node *side[2];
	int i;

	for (i = 0; i < 2; i++) {
		side[i] = leaf(p, like->type);
		if (side[i] == NULL)
			return NULL;
		*side[i] = *like;
		side[i]->src = i == 0;
	}
	if (q->both)
		return join(p, N_AND, side[0], side[1]);
	if (q->src != q->dst)
		return side[q->src ? 0 : 1];
	return join(p, N_OR, side[0], side[1]);
}

static struct node *
qualified(struct pcap *p, const struct quals *q, struct node *n)
{
	return q->proto == NULL ? n : join(p, N_AND, proto_is(p, q->proto), n);
}

/* "10", "10.1" and "10.1.2" are networks. */
static bool
short_net(struct tool *t, const char *s, struct npf_addr *a)
{
	unsigned dots = 0;
	const char *c;
	struct text x = { .t = t };

	for (c = s; *c != '\0'; c++) {
		if (*c != '.' && (*c < '0' || *c > '9'))
			return false;
		dots += *c == '.';
	}
	if (dots > 2)
		return false;
	text_add(&x, "%s%s", s, &".0.0.0"[dots * 2]);
	if (!addr_parse(t, x.buf, a))
		return false;
	a->mask = (uint8_t)(8 * (dots + 1));
	return true;
}

static struct node *
address_id(struct pcap *p, const struct quals *q, const char *id)
{
	struct node like = { .type = N_ADDR };
	bool net = q->type != NULL && strcmp(q->type, "net") == 0;
	const char *mask;

	if (!(net && short_net(p->t, id, &like.addr)) &&
	    !addr_parse(p->t, id, &like.addr))
		return fail(p, "unknown host");
	if (net && take(p, "mask")) {
		struct text x = { .t = p->t };

		mask = p->tok;
		text_add(&x, "%s/%s", id, mask);
		if (!addr_parse(p->t, x.buf, &like.addr))
			return fail(p, "invalid mask");
		advance(p);
	}
	return qualified(p, q, directed(p, q, &like));
}

static int
port(struct tool *t, const char *s)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (*s >= '0' && *s <= '9' && *end == '\0')
		return n <= 65535 ? (int)n : -1;
	return t_serv_by_name(t, s, NULL);
}

static struct node *
port_id(struct pcap *p, const struct quals *q, const char *id)
{
	struct node like = { .type = N_PORTS }, *ports;
	char *copy = t_strdup(p->t, id), *dash = strchr(copy, '-');
	int from, to;

	if (strcmp(q->type, "portrange") == 0 && dash != NULL) {
		*dash = '\0';
		from = port(p->t, copy);
		to = port(p->t, dash + 1);
	} else
		from = to = port(p->t, id);
	if (from < 0 || to < from)
		return fail(p, "invalid port");
	like.from = (uint32_t)from;
	like.to = (uint32_t)to;
	ports = directed(p, q, &like);
	if (q->proto != NULL)
		return qualified(p, q, ports);
	return join(p, N_AND,
	    join(p, N_OR, proto_is(p, "tcp"), proto_is(p, "udp")), ports);
}

static struct node *
id(struct pcap *p, const struct quals *q)
{
	char *word = t_strdup(p->t, p->tok);
	struct node *n;

	if (!is_word(word[0]) && word[0] != ':')
		return fail(p, "syntax error");
	p->last = *q;
	/* A backslash is an escape from keywords. */
	advance(p);
	if (q->type != NULL && strncmp(q->type, "port", 4) == 0)
		n = port_id(p, q, word);
	else if (q->type != NULL && strcmp(q->type, "proto") == 0)
		n = qualified(p, q, proto_is(p, word));
	else
		n = address_id(p, q, word);
	return n;
}

/* --- bytes of headers, lengths --- */

static bool
number(struct pcap *p, uint32_t *out)
{
	static const struct {
		const char *name;
		uint32_t value;
	} names[] = { { "tcpflags", 13 }, { "icmptype", 0 }, { "icmpcode", 1 },
		{ "tcp-fin", TH_FIN }, { "tcp-syn", TH_SYN },
		{ "tcp-rst", TH_RST }, { "tcp-push", TH_PUSH },
		{ "tcp-ack", TH_ACK }, { "tcp-urg", TH_URG },
		{ "icmp-echoreply", 0 }, { "icmp-unreach", 3 },
		{ "icmp-sourcequench", 4 }, { "icmp-redirect", 5 },
		{ "icmp-echo", 8 }, { "icmp-timxceed", 11 },
		{ "icmp-paramprob", 12 } };
	unsigned long long v;
	char *end;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (take(p, names[i].name)) {
			*out = names[i].value;
			return true;
		}
	v = strtoull(p->tok, &end, 0);
	if (p->tok[0] < '0' || p->tok[0] > '9' || *end != '\0' || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	advance(p);
	return true;
}

/* Names and numbers, ored. */
static bool
numbers(struct pcap *p, uint32_t *out)
{
	uint32_t more;
	bool paren = take(p, "(");

	if (!number(p, out))
		return false;
	while (take(p, "|")) {
		if (!number(p, &more))
			return false;
		*out |= more;
	}
	return !paren || take(p, ")");
}

static bool
relation(struct pcap *p, struct node *n)
{
	static const struct {
		const char *op;
		enum relation rel;
	} ops[] = { { "=", R_EQ }, { "==", R_EQ }, { "!=", R_NE },
		{ ">", R_GT }, { ">=", R_GE }, { "<", R_LT }, { "<=", R_LE } };
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (take(p, ops[i].op)) {
			n->rel = ops[i].rel;
			return numbers(p, &n->value);
		}
	return false;
}

/* "[12:4]" or "[tcpflags]", with the colon among the words; then "& mask". */
static struct node *
bytes(struct pcap *p, const char *proto)
{
	struct node *n = leaf(p, N_BYTES);
	char *colon;

	if (n == NULL)
		return NULL;
	n->l4 = strcmp(proto, "ip") != 0 && strcmp(proto, "ip6") != 0;
	n->size = 1;
	n->mask = UINT32_MAX;
	colon = strchr(p->tok, ':');
	if (colon != NULL) {
		char size = colon[1];

		if ((size != '1' && size != '2' && size != '4') ||
		    colon[2] != '\0')
			return fail(p, "invalid size of bytes");
		n->size = (unsigned)(size - '0');
		*colon = '\0';
	}
	if (!number(p, &n->from) || n->from > 65535 || !take(p, "]"))
		return fail(p, "invalid offset of bytes");
	if (take(p, "&") && !numbers(p, &n->mask))
		return fail(p, "invalid mask of bytes");
	if (!relation(p, n))
		return fail(p, "syntax error");
	return join(p, N_AND, proto_is(p, proto), n);
}

static struct node *
length(struct pcap *p, enum relation rel)
{
	struct node *n = leaf(p, N_LEN);

	if (n == NULL)
		return NULL;
	n->mask = UINT32_MAX;
	n->rel = rel;
	if (rel == R_EQ ? !relation(p, n) : !numbers(p, &n->value))
		return fail(p, "invalid length");
	return n;
}

/* --- expressions --- */

static struct node *
multicast(struct pcap *p, const char *proto)
{
	struct quals dst = { .dst = true, .type = "net" };

	if (strcmp(proto, "ip") == 0)
		return address_id(p, &dst, "224.0.0.0/4");
	if (strcmp(proto, "ip6") == 0)
		return address_id(p, &dst, "ff00::/8");
	return fail(p, "multicast of an unknown protocol");
}

static void
direction(struct pcap *p, struct quals *q)
{
	const char *pos;
	bool and;
	char tok[sizeof(p->tok)];

	q->src = take(p, "src");
	q->dst = !q->src && take(p, "dst");
	if (!q->src && !q->dst)
		return;
	/* "src or dst", "src and dst" */
	if (!is(p, "or") && !is(p, "and"))
		return;
	and = is(p, "and");
	pos = p->pos;
	memcpy(tok, p->tok, sizeof(tok));
	advance(p);
	if (take(p, q->src ? "dst" : "src")) {
		q->both = and;
		q->src = q->dst = false;
		return;
	}
	p->pos = pos;
	memcpy(p->tok, tok, sizeof(tok));
}

static bool
ends(const struct pcap *p)
{
	return p->tok[0] == '\0' || is(p, ")") || is(p, "and") || is(p, "or") ||
	    is(p, "&&") || is(p, "||");
}

static struct node *
primitive(struct pcap *p)
{
	static const char *const protos[] = { "ip", "ip6", "tcp", "udp", "icmp",
		"icmp6", "sctp", "igmp", "pim", "ah", "esp", "vrrp", "carp" };
	static const char *const types[] = { "host", "net", "port", "portrange",
		"proto" };
	struct quals q = { 0 };
	bool any;
	size_t i;

	if (take(p, "less"))
		return length(p, R_LE);
	if (take(p, "greater"))
		return length(p, R_GE);
	if (take(p, "len"))
		return length(p, R_EQ);
	for (i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (q.proto == NULL && take(p, protos[i]))
			q.proto = protos[i];
	if (q.proto != NULL && take(p, "["))
		return bytes(p, q.proto);
	if (q.proto != NULL && take(p, "multicast"))
		return multicast(p, q.proto);
	if (q.proto != NULL && ends(p))
		return proto_is(p, q.proto);
	direction(p, &q);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (q.type == NULL && take(p, types[i]))
			q.type = types[i];
	any = q.proto != NULL || q.src || q.dst || q.both || q.type != NULL;
	return id(p, any ? &q : &p->last);
}

static struct node *expression(struct pcap *);

static struct node *
term(struct pcap *p)
{
	struct node *n;

	if (p->error != NULL)
		return NULL;
	if (p->depth == MAX_DEPTH)
		return fail(p, "the expression is nested too deep");
	p->depth++;
	if (take(p, "not") || take(p, "!"))
		n = join(p, N_NOT, term(p), NULL);
	else if (take(p, "(")) {
		n = expression(p);
		if (!take(p, ")"))
			n = fail(p, "syntax error");
	} else
		n = primitive(p);
	p->depth--;
	return n;
}

/* "and" and "or" bind alike, from the left. */
static struct node *
expression(struct pcap *p)
{
	struct node *n = term(p);

	while (p->error == NULL) {
		enum node_type type;

		if (take(p, "and") || take(p, "&&"))
			type = N_AND;
		else if (take(p, "or") || take(p, "||"))
			type = N_OR;
		else
			break;
		n = join(p, type, n, term(p));
	}
	return n;
}

/* --- jumps --- */

static void
gen_relation(struct code *c, const struct node *n, int yes, int no)
{
	switch (n->rel) {
	case R_EQ:
		code_jump(c, BPF_JEQ | BPF_K, n->value, yes, no);
		break;
	case R_NE:
		code_jump(c, BPF_JEQ | BPF_K, n->value, no, yes);
		break;
	case R_GT:
		code_jump(c, BPF_JGT | BPF_K, n->value, yes, no);
		break;
	case R_GE:
		code_jump(c, BPF_JGE | BPF_K, n->value, yes, no);
		break;
	case R_LT:
		code_jump(c, BPF_JGE | BPF_K, n->value, no, yes);
		break;
	case R_LE:
		code_jump(c, BPF_JGT | BPF_K, n->value, no, yes);
		break;
	}
}

static void
gen_bytes(struct code *c, const struct node *n, int yes, int no)
{
	unsigned size = n->size == 4 ? BPF_W : n->size == 2 ? BPF_H : BPF_B;

	if (n->l4)
		code_stmt(c, BPF_LDX | BPF_MEM, MW_L4OFF);
	code_stmt(c, BPF_LD | size | (n->l4 ? BPF_IND : BPF_ABS), n->from);
	if (n->mask != UINT32_MAX)
		code_stmt(c, BPF_ALU | BPF_AND | BPF_K, n->mask);
	gen_relation(c, n, yes, no);
}

static void
gen_ports(struct code *c, const struct node *n, int yes, int no)
{
	code_stmt(c, BPF_LDX | BPF_MEM, MW_L4OFF);
	code_stmt(c, BPF_LD | BPF_H | BPF_IND, n->src ? 0 : 2);
	if (n->from == n->to) {
		code_jump(c, BPF_JEQ | BPF_K, n->from, yes, no);
		return;
	}
	code_jump(c, BPF_JGE | BPF_K, n->from, CODE_NEXT, no);
	code_jump(c, BPF_JGT | BPF_K, n->to, no, yes);
}

static void
gen_address(struct code *c, const struct node *n, int yes, int no)
{
	code_stmt(c, BPF_LD | BPF_MEM, MW_IPVER);
	code_jump(c, BPF_JEQ | BPF_K, n->addr.len == 4 ? 4 : 6, CODE_NEXT, no);
	code_address(c, &n->addr, n->src, yes, no);
}

/* As deep as the tree, which has MAX_NODES at most. */
static void
gen(struct code *c, const struct node *n, int yes, int no)
{
	int middle;

	switch (n->type) {
	case N_AND:
	case N_OR:
		middle = code_label(c);
		if (n->type == N_AND)
			gen(c, n->a, middle, no);
		else
			gen(c, n->a, yes, middle);
		code_place(c, middle);
		gen(c, n->b, yes, no);
		break;
	case N_NOT:
		gen(c, n->a, no, yes);
		break;
	case N_WORD:
		code_stmt(c, BPF_LD | BPF_MEM, n->word);
		code_jump(c, BPF_JEQ | BPF_K, n->value, yes, no);
		break;
	case N_ADDR:
		gen_address(c, n, yes, no);
		break;
	case N_PORTS:
		gen_ports(c, n, yes, no);
		break;
	case N_BYTES:
		gen_bytes(c, n, yes, no);
		break;
	case N_LEN:
		code_stmt(c, BPF_LD | BPF_W | BPF_LEN, 0);
		gen_relation(c, n, yes, no);
		break;
	}
}

const char *
pcap_compile(struct tool *t, const char *expr, struct code *c, int yes, int no)
{
	struct pcap p = { .t = t, .pos = expr };
	struct node *n;

	advance(&p);
	if (p.tok[0] == '\0' && p.error == NULL) {
		code_goto(c, yes); /* no expression: every packet */
		return NULL;
	}
	n = expression(&p);
	if (p.error == NULL && p.tok[0] != '\0')
		fail(&p, "syntax error");
	if (p.error == NULL && n == NULL)
		fail(&p, "syntax error");
	if (p.error != NULL)
		return p.error;
	gen(c, n, yes, no);
	return NULL;
}
