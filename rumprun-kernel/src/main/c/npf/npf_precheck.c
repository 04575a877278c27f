/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a rule's program asks of every packet that it matches, found by walking through it once with symbols instead of values.
 *
 * A state says which bits of the key (struct npf_key) are known where an instruction is reached, and what A, X and the memory hold, if that is a part of
 * the key. Jumps go forward only, so instructions in their order see all states that lead to them; where ways meet, what both know stays. What holds at
 * every return of something is what a packet must have. What is not understood only makes less known.
 */
#include "npf/npf.h"

enum { F_NONE, F_CONST, F_L4OFF, F_FIELD };

/* A = (field & mask) >> shift. Fields are halves of lanes. */
struct sym {
	uint8_t kind, lane, half, shift;
	uint32_t mask; /* or the constant */
};
struct walk {
	bool reached;
	uint64_t mask[3], value[3];
	struct sym a, x, mem[BPF_MEMWORDS];
	/* What was compared last, and between what it is. */
	struct sym range;
	uint32_t lo, hi;
};

static const struct sym none = { F_NONE, 0, 0, 0, 0 };

static struct sym
field(unsigned lane, unsigned half, unsigned shift, uint32_t mask)
{
	return (struct sym){ F_FIELD, (uint8_t)lane, (uint8_t)half,
		(uint8_t)shift, mask };
}
#define SYM_PROTO field(1, 1, 0, 0xff)
#define SYM_VERSION field(1, 1, 8, 0xf00)

static bool
same(const struct sym *a, const struct sym *b)
{
	return a->kind == b->kind && a->lane == b->lane && a->half == b->half &&
	    a->shift == b->shift && a->mask == b->mask;
}

static void
meet(struct walk *to, const struct walk *from)
{
	if (!to->reached) {
		*to = *from;
		return;
	}
	for (int i = 0; i < 3; i++) {
		to->mask[i] &= from->mask[i] & ~(to->value[i] ^ from->value[i]);
		to->value[i] &= to->mask[i];
	}
	if (!same(&to->a, &from->a))
		to->a = none;
	if (!same(&to->x, &from->x))
		to->x = none;
	if (!same(&to->range, &from->range) || to->lo != from->lo ||
	    to->hi != from->hi)
		to->range = none;
	for (int i = 0; i < BPF_MEMWORDS; i++)
		if (!same(&to->mem[i], &from->mem[i]))
			to->mem[i] = none;
}

/* Version known to be v where the state is. */
static bool
version_is(const struct walk *w, uint64_t v)
{
	return (w->mask[1] >> 40 & 15) == 15 && (w->value[1] >> 40 & 15) == v;
}

/* So many bits of the field are known to be those. False: they cannot. */
static bool
learn(struct walk *w, const struct sym *s, uint32_t mask, uint32_t value)
{
	uint64_t m = (uint64_t)mask << (s->half * 32),
		 v = (uint64_t)value << (s->half * 32);

	if (((w->value[s->lane] ^ v) & w->mask[s->lane] & m) != 0)
		return false;
	w->mask[s->lane] |= m;
	w->value[s->lane] |= v;
	return true;
}

/* n bytes of a field of four, from the first on. */
static struct sym
part(unsigned lane, unsigned half, unsigned at, unsigned n)
{
	unsigned shift = (4 - at - n) * 8;
	uint32_t mask = n == 4 ? UINT32_MAX : ((1u << n * 8) - 1) << shift;

	return field(lane, half, shift, mask);
}

static struct sym
load_abs(const struct walk *w, uint32_t off, unsigned n)
{
	if (off > 64 || off / 4 != (off + n - 1) / 4)
		return none;
	if (version_is(w, 4)) {
		if (off == 9 && n == 1)
			return SYM_PROTO;
		if (off / 4 == 3 || off / 4 == 4)
			return part(0, off / 4 - 3, off % 4, n);
	} else if (version_is(w, 6)) {
		if (off / 4 == 2 || off / 4 == 6)
			return part(0, off / 4 == 6, off % 4, n);
		if (off / 4 == 5 || off / 4 == 9)
			return part(2, off / 4 == 9, off % 4, n);
	}
	return none;
}

static void
load(struct walk *w, const struct bpf_insn *i)
{
	unsigned n = (i->code & 0x18) == BPF_W ? 4 :
	    (i->code & 0x18) == BPF_H	       ? 2 :
						 1;
	bool x = (i->code & 7) == BPF_LDX;
	struct sym s = none;

	switch (i->code & 0xe0) {
	case BPF_ABS:
		s = load_abs(w, i->k, n);
		break;
	case BPF_IND:
		if (w->x.kind == F_L4OFF && i->k < 4 && i->k + n <= 4)
			s = part(1, 0, i->k, n);
		break;
	case BPF_IMM:
		s = (struct sym){ F_CONST, 0, 0, 0, i->k };
		break;
	case BPF_MEM:
		s = w->mem[i->k];
		break;
	case BPF_MSH:
		if (x && i->k == 0 && version_is(w, 4))
			s.kind = F_L4OFF;
		break;
	}
	if (x)
		w->x = s;
	else
		w->a = s;
}

static void
alu(struct walk *w, const struct bpf_insn *i)
{
	if (w->a.kind != F_FIELD || (i->code & BPF_X) != 0)
		w->a = none;
	else if ((i->code & 0xf0) == BPF_AND)
		w->a.mask &= (uint32_t)((uint64_t)i->k << w->a.shift);
	else if ((i->code & 0xf0) == BPF_RSH && i->k < 32u - w->a.shift) {
		w->a.shift = (uint8_t)(w->a.shift + i->k);
		w->a.mask &= UINT32_MAX << w->a.shift;
	} else
		w->a = none;
}

/* A is k or more, or less than that: bits in which all that it may be agree are known. */
static bool
narrow(struct walk *w, uint64_t k, bool more)
{
	uint32_t bits = UINT32_MAX, differ;

	if (!same(&w->range, &w->a)) {
		w->range = w->a;
		w->lo = 0;
		w->hi = w->a.mask >> w->a.shift;
	}
	if (more && k > w->lo) {
		if (k > w->hi)
			return false;
		w->lo = (uint32_t)k;
	} else if (!more && k <= w->hi) {
		if (k <= w->lo)
			return false;
		w->hi = (uint32_t)k - 1;
	}
	if ((differ = w->lo ^ w->hi) != 0)
		bits = (uint32_t) ~(
		    (UINT64_C(2) << (31 - __builtin_clz(differ))) - 1);
	bits = (uint32_t)((uint64_t)bits << w->a.shift) & w->a.mask;
	return learn(
	    w, &w->a, bits, (uint32_t)((uint64_t)w->lo << w->a.shift) & bits);
}

/* What is known on either side of a jump; false: that side is never taken. */
static bool
jump(struct walk *w, const struct bpf_insn *i, bool taken)
{
	uint64_t k = (uint64_t)i->k << w->a.shift;

	if (w->a.kind != F_FIELD || (i->code & BPF_X) != 0)
		return true;
	switch (i->code & 0xf0) {
	case BPF_JEQ:
		if (taken)
			return (k & ~(uint64_t)w->a.mask) == 0 &&
			    learn(w, &w->a, w->a.mask, (uint32_t)k);
		return true;
	case BPF_JSET:
		if (!taken)
			return learn(w, &w->a, (uint32_t)k & w->a.mask, 0);
		return true;
	case BPF_JGE:
		return narrow(w, i->k, taken);
	case BPF_JGT:
		return narrow(w, (uint64_t)i->k + 1, taken);
	default:
		return true;
	}
}

static void
external(struct walk *w)
{
	w->mem[BPF_MW_IPVER] = SYM_VERSION;
	w->mem[BPF_MW_L4OFF] = (struct sym){ F_L4OFF, 0, 0, 0, 0 };
	w->mem[BPF_MW_L4PROTO] = SYM_PROTO;
}

static void
misc(struct walk *w, const struct bpf_insn *i)
{
	switch (i->code) {
	case BPF_MISC | BPF_TAX:
		w->x = w->a;
		break;
	case BPF_MISC | BPF_TXA:
		w->a = w->x;
		break;
	case BPF_MISC | BPF_COP:
		w->a = none;
		if (i->k == NPF_COP_L3) {
			external(w);
			w->a = SYM_VERSION;
		}
		break;
	default:
		w->a = none;
		for (int n = 0; n < NPF_BPF_NWORDS; n++)
			w->mem[n] = none;
	}
}

static void
step(struct walk *states, unsigned at, const struct bpf_insn *i,
    struct walk *end)
{
	struct walk w = states[at], other;

	switch (i->code & 7) {
	case BPF_LD:
	case BPF_LDX:
		load(&w, i);
		break;
	case BPF_ST:
		w.mem[i->k] = w.a;
		break;
	case BPF_STX:
		w.mem[i->k] = w.x;
		break;
	case BPF_ALU:
		alu(&w, i);
		break;
	case BPF_JMP:
		if (i->code == (BPF_JMP | BPF_JA)) {
			meet(&states[at + 1 + i->k], &w);
			return;
		}
		other = w;
		if (jump(&w, i, true))
			meet(&states[at + 1 + i->jt], &w);
		if (jump(&other, i, false))
			meet(&states[at + 1 + i->jf], &other);
		return;
	case BPF_RET:
		if (i->code != (BPF_RET | BPF_K) || i->k != 0)
			meet(end, &w);
		return;
	default:
		misc(&w, i);
	}
	meet(&states[at + 1], &w);
}

void
npf_precheck_make(struct rump_kernel *k, struct npf_precheck *pc,
    const struct bpf_insn *code, unsigned n)
{
	struct walk end = { .reached = false }, *states;

	memset(pc, 0, sizeof(*pc));
	if (n == 0 || (states = kmem_calloc(k, n, sizeof(*states))) == NULL)
		return;
	memset(states, 0, n * sizeof(*states));
	states[0].reached = true;
	external(&states[0]);
	for (unsigned i = 0; i < n; i++)
		if (states[i].reached)
			step(states, i, &code[i], &end);
	kmem_free(k, states, n * sizeof(*states));
	pc->pc_never = !end.reached;
	for (int i = 0; i < 3; i++) {
		pc->pc_mask[i] = end.mask[i];
		pc->pc_value[i] = end.value[i];
	}
}

void
npf_precheck_and(struct npf_precheck *pc, const struct npf_precheck *also)
{
	for (int i = 0; i < 3; i++) {
		if (((pc->pc_value[i] ^ also->pc_value[i]) & pc->pc_mask[i] &
			also->pc_mask[i]) != 0)
			pc->pc_never = true;
		pc->pc_mask[i] |= also->pc_mask[i];
		pc->pc_value[i] |= also->pc_value[i];
	}
	pc->pc_never |= also->pc_never;
}
