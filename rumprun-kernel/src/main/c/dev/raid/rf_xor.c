/* SPDX-License-Identifier: BSD-2-Clause */
/* Exclusive or of buffers: 64 bytes a step, which the compiler keeps in vector registers; wider ones where the processor has them. */
#include "dev/raid/rf_var.h"

#define STEP 64
#ifdef __clang__
#define FAST
#else
#define FAST __attribute__((optimize("O3")))
#endif
#define WIDE __attribute__((target("avx2")))

/* Words, wherever they lie. */
typedef uint64_t words __attribute__((vector_size(32), aligned(1), may_alias));

/* Once for each kind of processor: what is inlined takes the kind of whom it is inlined in. */
#define INLINE static inline __attribute__((always_inline))

INLINE void
xor_words(uint8_t *restrict d, const uint8_t *restrict s, size_t n)
{
	size_t i = 0;

	for (; i + STEP <= n; i += STEP) {
		words *x = (words *)(d + i);
		const words *y = (const words *)(s + i);

		x[0] ^= y[0];
		x[1] ^= y[1];
	}
	for (; i < n; i++)
		d[i] ^= s[i];
}

/* The source is read once: it may change meanwhile. */
INLINE void
copy_xor_words(uint8_t *restrict d, uint8_t *restrict a,
    const uint8_t *restrict s, size_t n)
{
	size_t i = 0;

	for (; i + STEP <= n; i += STEP) {
		words *to = (words *)(d + i), *acc = (words *)(a + i);
		const words *from = (const words *)(s + i);
		words x = from[0], y = from[1];

		to[0] = x;
		to[1] = y;
		acc[0] ^= x;
		acc[1] ^= y;
	}
	for (; i < n; i++) {
		d[i] = s[i];
		a[i] ^= d[i];
	}
}

FAST WIDE static void
xor_wide(uint8_t *restrict d, const uint8_t *restrict s, size_t n)
{
	xor_words(d, s, n);
}

FAST WIDE static void
copy_xor_wide(uint8_t *restrict d, uint8_t *restrict a,
    const uint8_t *restrict s, size_t n)
{
	copy_xor_words(d, a, s, n);
}

FAST void
rf_xor(void *restrict dst, const void *restrict src, size_t n)
{
	if (__builtin_cpu_supports("avx2"))
		xor_wide(dst, src, n);
	else
		xor_words(dst, src, n);
}

FAST void
rf_copyxor(
    void *restrict dst, void *restrict acc, const void *restrict src, size_t n)
{
	if (__builtin_cpu_supports("avx2"))
		copy_xor_wide(dst, acc, src, n);
	else
		copy_xor_words(dst, acc, src, n);
}

bool
rf_iszero(const void *p, size_t n)
{
	const uint8_t *b = p;

	return n == 0 || (b[0] == 0 && memcmp(b, b + 1, n - 1) == 0);
}
