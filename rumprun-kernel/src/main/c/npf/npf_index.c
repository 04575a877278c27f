/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of many rules may match a packet, without looking at them: for each byte of the key in which some rule wants certain bits, a row of bits per
 * value says which rules it suits. The rows of a packet's bytes, and-ed, are the rules to look at.
 */
#include "npf/npf_rules.h"

#define INDEX_MAX 16384 /* more would need too much memory */

static void
set(struct npf_index *ix, unsigned byte, size_t i, const struct npf_precheck *pc)
{
	uint8_t mask = (uint8_t)(pc->pc_mask[byte / 8] >> (byte % 8 * 8)),
		value = (uint8_t)(pc->pc_value[byte / 8] >> (byte % 8 * 8));
	uint64_t bit = UINT64_C(1) << (i % 64);

	if (pc->pc_never)
		return;
	for (unsigned v = 0; v < 256; v++)
		if (((v ^ value) & mask) == 0)
			ix->ix_rows[byte][v * ix->ix_words + i / 64] |= bit;
}

void
npf_index_make(struct rump_kernel *k, struct npf_index *ix, size_t n,
    const struct npf_precheck *(*get)(void *, size_t), void *arg)
{
	uint64_t used[3] = { 0 };

	memset(ix, 0, sizeof(*ix));
	if (n < NPF_INDEX_MIN || n > INDEX_MAX)
		return;
	ix->ix_words = (n + 63) / 64;
	ix->ix_count = n;
	for (size_t i = 0; i < n; i++)
		for (int l = 0; l < 3; l++)
			used[l] |= get(arg, i)->pc_mask[l];
	for (unsigned b = 0; b < NPF_KEYBYTES; b++) {
		if ((used[b / 8] >> (b % 8 * 8) & 255) == 0)
			continue;
		/* Without the memory this byte tells nothing. */
		ix->ix_rows[b] = kmem_zalloc(k, 256 * 8 * ix->ix_words);
		if (ix->ix_rows[b] == NULL)
			continue;
		for (size_t i = 0; i < n; i++)
			set(ix, b, i, get(arg, i));
	}
}

void
npf_index_free(struct rump_kernel *k, struct npf_index *ix)
{
	for (unsigned b = 0; b < NPF_KEYBYTES; b++)
		if (ix->ix_rows[b] != NULL)
			kmem_free(k, ix->ix_rows[b], 256 * 8 * ix->ix_words);
}

void
npf_index_look(const struct npf_index *ix, const struct npf_key *key,
    struct npf_lookup *lk)
{
	lk->lk_n = 0;
	lk->lk_words = ix->ix_words;
	lk->lk_count = ix->ix_count;
	for (unsigned b = 0; b < NPF_KEYBYTES && ix->ix_words != 0; b++)
		if (ix->ix_rows[b] != NULL)
			lk->lk_row[lk->lk_n++] = ix->ix_rows[b] +
			    (key->k_lane[b / 8] >> (b % 8 * 8) & 255) *
				ix->ix_words;
}

size_t
npf_index_next(const struct npf_lookup *lk, size_t i)
{
	uint64_t bits = UINT64_MAX << (i % 64);

	for (size_t w = i / 64; w < lk->lk_words; w++, bits = UINT64_MAX) {
		for (unsigned n = 0; n < lk->lk_n && bits != 0; n++)
			bits &= lk->lk_row[n][w];
		if (bits != 0) {
			i = w * 64 + (size_t)__builtin_ctzll(bits);
			return i < lk->lk_count ? i : lk->lk_count;
		}
	}
	return lk->lk_count;
}
