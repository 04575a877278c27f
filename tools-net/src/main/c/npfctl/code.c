/* SPDX-License-Identifier: BSD-2-Clause */
/* Byte code of bpf(4), with jumps to labels ahead however far they are. */
#include "npfctl/npfctl.h"

#ifndef BPF_H
#define BPF_H 0x08
#endif

/* More than a program may have: what is past it counts no more. */
#define MAX_INSNS (BPF_MAXINSNS * 2)

void
code_init(struct code *c, struct tool *t)
{
	memset(c, 0, sizeof(*c));
	c->t = t;
}

int
code_label(struct code *c)
{
	if (c->nlabels == CODE_MAXLABELS) {
		c->full = true;
		return c->nlabels - 1;
	}
	if (c->labels == NULL)
		c->labels = t_calloc(c->t, CODE_MAXLABELS, sizeof(int));
	c->labels[c->nlabels] = -1;
	return c->nlabels++;
}

void
code_place(struct code *c, int label)
{
	c->labels[label] = (int)c->n;
}

static void
add(struct code *c, unsigned code, uint32_t k, int jt, int jf)
{
	struct code_insn *i;

	if (c->n == MAX_INSNS) {
		c->full = true;
		return;
	}
	if (c->n == c->cap) {
		c->cap = c->cap != 0 ? c->cap * 2 : 32;
		c->insns = t_realloc(c->t, c->insns, c->cap * sizeof(*c->insns));
	}
	i = &c->insns[c->n++];
	memset(i, 0, sizeof(*i));
	i->code = (uint16_t)code;
	i->k = k;
	i->jt = jt;
	i->jf = jf;
}

void
code_stmt(struct code *c, unsigned code, uint32_t k)
{
	add(c, code, k, CODE_NEXT, CODE_NEXT);
}

void
code_jump(struct code *c, unsigned op, uint32_t k, int jt, int jf)
{
	add(c, BPF_JMP | op, k, jt, jf);
}

void
code_goto(struct code *c, int label)
{
	add(c, BPF_JMP | BPF_JA, 0, label, CODE_NEXT);
}

static uint32_t
word_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

void
code_address(struct code *c, const struct npf_addr *a, bool src, int yes, int no)
{
	unsigned bits = a->mask == NPF_NO_NETMASK ? a->len * 8U : a->mask, w;
	unsigned off = a->len == 4 ? (src ? 12 : 16) : (src ? 8 : 24);

	for (w = 0; w * 32 < bits; w++) {
		unsigned n = bits - w * 32 < 32 ? bits - w * 32 : 32;
		uint32_t mask = 0xffffffffU << (32 - n);

		code_stmt(c, BPF_LD | BPF_W | BPF_ABS, off + w * 4);
		if (n < 32)
			code_stmt(c, BPF_ALU | BPF_AND | BPF_K, mask);
		code_jump(c, BPF_JEQ | BPF_K, word_at(a->bytes + w * 4) & mask,
		    (w + 1) * 32 < bits ? CODE_NEXT : yes, no);
	}
	if (bits == 0)
		code_goto(c, yes);
}

static bool
is_jump(const struct code_insn *i)
{
	return (i->code & 7) == BPF_JMP && (i->code & 0xf0) != BPF_JA;
}

/* Instructions between the one after `i` and a label. */
static uint32_t
distance(const struct code *c, unsigned i, int label, uint32_t end)
{
	uint32_t to;

	if (label == CODE_NEXT)
		return 0;
	to = c->labels[label] < (int)c->n ? c->insns[c->labels[label]].at : end;
	return to - c->insns[i].at - 1;
}

/* Gives every instruction its place; one that jumps too far becomes three. The length. */
static uint32_t
layout(struct code *c)
{
	uint32_t at;
	bool again;
	unsigned i;

	do {
		again = false;
		for (i = 0, at = 0; i < c->n; i++) {
			c->insns[i].at = at;
			at += c->insns[i].far ? 3 : 1;
		}
		for (i = 0; i < c->n; i++) {
			struct code_insn *p = &c->insns[i];

			if (!is_jump(p) || p->far)
				continue;
			if (distance(c, i, p->jt, at) > 255 ||
			    distance(c, i, p->jf, at) > 255)
				p->far = again = true;
		}
	} while (again);
	return at;
}

bool
code_finish(struct code *c, struct bpf_insn **out, size_t *n)
{
	uint32_t end;
	unsigned i;

	*out = NULL;
	*n = 0;
	if (c->full)
		return false;
	end = layout(c);
	if (end > BPF_MAXINSNS)
		return false;
	*out = t_calloc(c->t, end + 1, sizeof(**out));
	for (i = 0; i < c->n; i++) {
		const struct code_insn *p = &c->insns[i];
		struct bpf_insn *o = *out + p->at;
		uint32_t jt = distance(c, i, p->jt, end);
		uint32_t jf = distance(c, i, p->jf, end);

		o->code = p->code;
		o->k = p->k;
		if (p->code == (BPF_JMP | BPF_JA))
			o->k = jt;
		else if (p->far) {
			/* Each side by a jump of its own; the next one is past both. */
			o->jf = 1;
			o[1].code = o[2].code = BPF_JMP | BPF_JA;
			o[1].k = p->jt == CODE_NEXT ? 1 : jt - 1;
			o[2].k = p->jf == CODE_NEXT ? 0 : jf - 2;
		} else if (is_jump(p)) {
			o->jt = (uint8_t)jt;
			o->jf = (uint8_t)jf;
		}
	}
	*n = end;
	return true;
}

/* --- as text, in the words of bpf(4) --- */

static void
load_text(struct text *x, const struct bpf_insn *i)
{
	const char *size = (i->code & 0x18) == BPF_H ? "h" :
	    (i->code & 0x18) == BPF_B		     ? "b" :
						       "";
	const char *reg = (i->code & 7) == BPF_LDX ? "x" : "";

	text_add(x, "ld%s%s ", reg, size);
	switch (i->code & 0xe0) {
	case BPF_IMM:
		text_add(x, "#0x%x", i->k);
		break;
	case BPF_ABS:
		text_add(x, "[%u]", i->k);
		break;
	case BPF_IND:
		text_add(x, "[x + %u]", i->k);
		break;
	case BPF_MEM:
		text_add(x, "M[%u]", i->k);
		break;
	case BPF_LEN:
		text_add(x, "#pktlen");
		break;
	case BPF_MSH:
		text_add(x, "4*([%u]&0xf)", i->k);
		break;
	default:
		text_add(x, "?");
	}
}

static void
alu_text(struct text *x, const struct bpf_insn *i)
{
	static const char *const ops[16] = { "add", "sub", "mul", "div", "or",
		"and", "lsh", "rsh", "neg", "mod", "xor", "?", "?", "?", "?",
		"?" };

	text_add(x, "%s", ops[i->code >> 4 & 15]);
	if ((i->code & 0xf0) == BPF_NEG)
		return;
	if ((i->code & BPF_X) != 0)
		text_add(x, " x");
	else
		text_add(x, " #0x%x", i->k);
}

static void
jump_text(struct text *x, const struct bpf_insn *i, size_t at)
{
	const char *op = (i->code & 0xf0) == BPF_JEQ ? "jeq" :
	    (i->code & 0xf0) == BPF_JGT		     ? "jgt" :
	    (i->code & 0xf0) == BPF_JGE		     ? "jge" :
	    (i->code & 0xf0) == BPF_JSET	     ? "jset" :
						       "?";

	if ((i->code & 0xf0) == BPF_JA) {
		text_add(x, "ja %zu", at + 1 + i->k);
		return;
	}
	if ((i->code & BPF_X) != 0)
		text_add(x, "%s x", op);
	else
		text_add(x, "%s #0x%x", op, i->k);
	text_add(x, " jt %zu jf %zu", at + 1 + i->jt, at + 1 + i->jf);
}

static void
insn_text(struct text *x, const struct bpf_insn *i, size_t at)
{
	switch (i->code & 7) {
	case BPF_LD:
	case BPF_LDX:
		load_text(x, i);
		break;
	case BPF_ST:
		text_add(x, "st M[%u]", i->k);
		break;
	case BPF_STX:
		text_add(x, "stx M[%u]", i->k);
		break;
	case BPF_ALU:
		alu_text(x, i);
		break;
	case BPF_JMP:
		jump_text(x, i, at);
		break;
	case BPF_RET:
		if ((i->code & 0x18) == BPF_A)
			text_add(x, "ret a");
		else
			text_add(x, "ret #%u", i->k);
		break;
	default:
		if ((i->code & 0xf8) == BPF_TAX)
			text_add(x, "tax");
		else if ((i->code & 0xf8) == BPF_TXA)
			text_add(x, "txa");
		else if ((i->code & 0xf8) == BPF_COP)
			text_add(x, "cop #%u", i->k);
		else if ((i->code & 0xf8) == BPF_COPX)
			text_add(x, "copx");
		else
			text_add(x, "?");
	}
}

void
code_print(struct tool *t, const struct bpf_insn *insns, size_t n)
{
	struct text x = { .t = t };
	size_t i;

	for (i = 0; i < n; i++) {
		x.len = 0;
		insn_text(&x, &insns[i], i);
		t_printf(t, "(%03zu) %s\n", i, x.buf);
	}
}
