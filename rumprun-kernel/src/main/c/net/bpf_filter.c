/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine that runs packet filter programs: McCanne and Jacobson, "The BSD Packet Filter", USENIX 1993, with the instructions that
 * bpf(4) adds (remainder, exclusive or, functions of the kernel).
 *
 * A program that bpf_validate has accepted only jumps forward and inside itself, so that it ends; what remains to be looked at while it runs is the
 * packet's end, divisors that are not constants, and numbers of functions that are not.
 */
#include "net/bpf_var.h"

/* --- loads --- */

/* Bytes that are not in one piece; false: past the end. */
static bool
gather(const struct bpf_run *r, uint32_t off, unsigned n, uint32_t *v)
{
	const struct mbuf *m = r->m;
	size_t at = off;

	while (m != NULL && at >= m->m_len) {
		at -= m->m_len;
		m = m->m_next;
	}
	*v = 0;
	while (n > 0 && m != NULL) {
		if (at >= m->m_len) {
			m = m->m_next;
			at = 0;
			continue;
		}
		*v = *v << 8 | m->m_data[at++];
		n--;
	}
	return n == 0;
}

/* The first piece of a packet is looked into without ado. */
struct window {
	const uint8_t *p;
	size_t len;
};

static inline bool
load(const struct bpf_run *r, const struct window *w, uint64_t off, unsigned n,
    uint32_t *v)
{
	if (off + n <= w->len) {
		const uint8_t *p = w->p + off;

		*v = n == 1 ? p[0] : n == 2 ? be16_get(p) : be32_get(p);
		return true;
	}
	if (r->m == NULL || off > UINT32_MAX)
		return false;
	return gather(r, (uint32_t)off, n, v);
}

/* --- running --- */

static inline bool
alu(uint16_t code, uint32_t *a, uint32_t v)
{
	switch (code & 0xf0) {
	case BPF_ADD:
		*a += v;
		break;
	case BPF_SUB:
		*a -= v;
		break;
	case BPF_MUL:
		*a *= v;
		break;
	case BPF_DIV:
		if (v == 0)
			return false;
		*a /= v;
		break;
	case BPF_MOD:
		if (v == 0)
			return false;
		*a %= v;
		break;
	case BPF_AND:
		*a &= v;
		break;
	case BPF_OR:
		*a |= v;
		break;
	case BPF_XOR:
		*a ^= v;
		break;
	case BPF_LSH:
		*a = v < 32 ? *a << v : 0;
		break;
	case BPF_RSH:
		*a = v < 32 ? *a >> v : 0;
		break;
	case BPF_NEG:
		*a = -*a;
		break;
	default:
		return false;
	}
	return true;
}

static inline bool
compare(uint16_t code, uint32_t a, uint32_t v)
{
	switch (code & 0xf0) {
	case BPF_JEQ:
		return a == v;
	case BPF_JGT:
		return a > v;
	case BPF_JGE:
		return a >= v;
	default:
		return (a & v) != 0;
	}
}

static inline unsigned
width(uint16_t code)
{
	return (code & 0x18) == BPF_W ? 4 : (code & 0x18) == BPF_H ? 2 : 1;
}

uint32_t
bpf_filter(
    const struct bpf_insn *pc, struct bpf_run *r, bpf_copfunc_t *const *cops)
{
	struct window w = { r->p, r->buflen };
	uint32_t scratch[BPF_MEMWORDS], *mem = r->mem, a = 0, x = 0, v;

	if (pc == NULL) /* no filter: everything */
		return UINT32_MAX;
	if (mem == NULL)
		memset(mem = scratch, 0, sizeof(scratch));
	if (r->m != NULL) {
		w.p = r->m->m_data;
		w.len = r->m->m_len;
	}
	for (;; pc++) {
		switch (pc->code) {
		case BPF_RET | BPF_K:
			return pc->k;
		case BPF_RET | BPF_A:
			return a;
		case BPF_LD | BPF_W | BPF_ABS:
		case BPF_LD | BPF_H | BPF_ABS:
		case BPF_LD | BPF_B | BPF_ABS:
			if (!load(r, &w, pc->k, width(pc->code), &a))
				return 0;
			break;
		case BPF_LD | BPF_W | BPF_IND:
		case BPF_LD | BPF_H | BPF_IND:
		case BPF_LD | BPF_B | BPF_IND:
			if (!load(r, &w, (uint64_t)x + pc->k, width(pc->code),
				&a))
				return 0;
			break;
		case BPF_LDX | BPF_MSH | BPF_B:
			if (!load(r, &w, pc->k, 1, &x))
				return 0;
			x = (x & 0xf) << 2;
			break;
		case BPF_LD | BPF_W | BPF_LEN:
			a = (uint32_t)r->wirelen;
			break;
		case BPF_LDX | BPF_W | BPF_LEN:
			x = (uint32_t)r->wirelen;
			break;
		case BPF_LD | BPF_IMM:
			a = pc->k;
			break;
		case BPF_LDX | BPF_IMM:
			x = pc->k;
			break;
		case BPF_LD | BPF_MEM:
			a = mem[pc->k];
			break;
		case BPF_LDX | BPF_MEM:
			x = mem[pc->k];
			break;
		case BPF_ST:
			mem[pc->k] = a;
			break;
		case BPF_STX:
			mem[pc->k] = x;
			break;
		case BPF_JMP | BPF_JA:
			pc += pc->k;
			break;
		case BPF_MISC | BPF_TAX:
			x = a;
			break;
		case BPF_MISC | BPF_TXA:
			a = x;
			break;
		case BPF_MISC | BPF_COP:
			a = cops[pc->k](r, a);
			break;
		case BPF_MISC | BPF_COPX:
			if (cops == NULL || x >= r->ncops)
				return 0;
			a = cops[x](r, a);
			break;
		default:
			v = (pc->code & BPF_X) != 0 ? x : pc->k;
			if ((pc->code & 7) == BPF_ALU) {
				if (!alu(pc->code, &a, v))
					return 0;
			} else if ((pc->code & 7) == BPF_JMP)
				pc += compare(pc->code, a, v) ? pc->jt : pc->jf;
			else
				return 0;
			break;
		}
	}
}

/* --- accepting programs --- */

static bool
valid_load(const struct bpf_insn *i)
{
	switch (i->code) {
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
		return i->k < BPF_MEMWORDS;
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_MSH | BPF_B:
		return true;
	default:
		return false;
	}
}

static bool
valid_alu(const struct bpf_insn *i)
{
	if (i->code > 0xff)
		return false;
	switch (i->code & 0xf0) {
	case BPF_DIV:
	case BPF_MOD:
		return (i->code & BPF_X) != 0 || i->k != 0;
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
	case BPF_LSH:
	case BPF_RSH:
		return true;
	case BPF_NEG:
		return (i->code & BPF_X) == 0;
	default:
		return false;
	}
}

/* left: instructions behind this one. */
static bool
valid_jump(const struct bpf_insn *i, size_t left)
{
	switch (i->code) {
	case BPF_JMP | BPF_JA:
		return i->k < left;
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X:
		return i->jt < left && i->jf < left;
	default:
		return false;
	}
}

bool
bpf_validate(const struct bpf_insn *f, size_t n, unsigned ncops)
{
	if (f == NULL || n == 0 || n > BPF_MAXINSNS ||
	    (f[n - 1].code & 7) != BPF_RET)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct bpf_insn *p = &f[i];
		bool ok;

		switch (p->code & 7) {
		case BPF_LD:
		case BPF_LDX:
			ok = valid_load(p);
			break;
		case BPF_ST:
		case BPF_STX:
			ok = p->code <= BPF_STX && p->k < BPF_MEMWORDS;
			break;
		case BPF_ALU:
			ok = valid_alu(p);
			break;
		case BPF_JMP:
			ok = valid_jump(p, n - i - 1);
			break;
		case BPF_RET:
			ok = p->code == (BPF_RET | BPF_K) ||
			    p->code == (BPF_RET | BPF_A);
			break;
		default:
			ok = p->code == (BPF_MISC | BPF_TAX) ||
			    p->code == (BPF_MISC | BPF_TXA) ||
			    (p->code == (BPF_MISC | BPF_COP) && p->k < ncops) ||
			    (p->code == (BPF_MISC | BPF_COPX) && ncops > 0);
			break;
		}
		if (!ok)
			return false;
	}
	return true;
}
