/* SPDX-License-Identifier: BSD-2-Clause */
/* Exclusive or of buffers: 32 bytes a step, which the compiler keeps in vector registers. */
#include "dev/raid/rf_var.h"

#define STEP 32
#ifdef __clang__
#define FAST
#else
#define FAST __attribute__((optimize("O3")))
#endif

/* Four words, wherever they lie: the copies are loads and stores. */
struct words {
	uint64_t w[STEP / 8];
};

static inline struct words
load(const uint8_t *p)
{
	struct words x;

	memcpy(&x, p, sizeof(x));
	return x;
}

static inline struct words
xored(struct words a, struct words b)
{
	for (int i = 0; i < STEP / 8; i++)
		a.w[i] ^= b.w[i];
	return a;
}

FAST void
rf_xor(void *restrict dst, const void *restrict src, size_t n)
{
	uint8_t *restrict d = dst;
	const uint8_t *restrict s = src;
	size_t i = 0;

	for (; i + STEP <= n; i += STEP) {
		struct words x = xored(load(d + i), load(s + i));

		memcpy(d + i, &x, STEP);
	}
	for (; i < n; i++)
		d[i] ^= s[i];
}

FAST void
rf_copyxor(
    void *restrict dst, void *restrict acc, const void *restrict src, size_t n)
{
	uint8_t *restrict d = dst;
	uint8_t *restrict a = acc;
	const uint8_t *restrict s = src;
	size_t i = 0;

	for (; i + STEP <= n; i += STEP) {
		struct words x = load(s + i), y = xored(load(a + i), x);

		memcpy(d + i, &x, STEP);
		memcpy(a + i, &y, STEP);
	}
	for (; i < n; i++) {
		d[i] = s[i];
		a[i] ^= d[i];
	}
}

bool
rf_iszero(const void *p, size_t n)
{
	const uint8_t *b = p;
	size_t i = 0;

	for (; i + STEP <= n; i += STEP) {
		struct words x = load(b + i);

		if ((x.w[0] | x.w[1] | x.w[2] | x.w[3]) != 0)
			return false;
	}
	for (; i < n; i++)
		if (b[i] != 0)
			return false;
	return true;
}
