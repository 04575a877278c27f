/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys out of passphrases (PKCS #5), over libcrypto's SHA-1. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <netbsd/errno.h>
#include <rumprun/crypto.h>
#include <string.h>

void
rumprun_wipe(void *p, size_t n)
{
	if (n == 0)
		return;
	memset(p, 0, n);
	/* Somebody may look at it, as far as the compiler knows. */
	__asm__ volatile("" : : "r"(p) : "memory");
}

/* The key is hashed once: both inner and outer hash go on from there. */
struct hmac {
	SHA_CTX inner, outer;
};

static void
hmac_key(struct hmac *h, const uint8_t *key, size_t keylen)
{
	uint8_t pad[SHA_CBLOCK] = { 0 };

	if (keylen > sizeof(pad)) {
		SHA1_Init(&h->inner);
		SHA1_Update(&h->inner, key, keylen);
		SHA1_Final(pad, &h->inner);
	} else if (keylen > 0) {
		memcpy(pad, key, keylen);
	}
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36;
	SHA1_Init(&h->inner);
	SHA1_Update(&h->inner, pad, sizeof(pad));
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	SHA1_Init(&h->outer);
	SHA1_Update(&h->outer, pad, sizeof(pad));
	rumprun_wipe(pad, sizeof(pad));
}

/* The MAC of two pieces. */
static void
hmac(const struct hmac *h, const void *a, size_t na, const void *b, size_t nb,
    uint8_t mac[RUMPRUN_SHA1_BYTES])
{
	SHA_CTX ctx = h->inner;

	if (na > 0)
		SHA1_Update(&ctx, a, na);
	if (nb > 0)
		SHA1_Update(&ctx, b, nb);
	SHA1_Final(mac, &ctx);
	ctx = h->outer;
	SHA1_Update(&ctx, mac, RUMPRUN_SHA1_BYTES);
	SHA1_Final(mac, &ctx);
	rumprun_wipe(&ctx, sizeof(ctx));
}

static void
put_state(const SHA_CTX *ctx, uint8_t out[RUMPRUN_SHA1_BYTES])
{
	const SHA_LONG h[5] = { ctx->h0, ctx->h1, ctx->h2, ctx->h3, ctx->h4 };

	for (int i = 0; i < RUMPRUN_SHA1_BYTES; i++)
		out[i] = (uint8_t)(h[i / 4] >> (24 - i % 4 * 8));
}

/*
 * u becomes the MAC of u, again and again, added to t: with what follows u in it the block is always the same (its length is that of a block and
 * u, in bits), so that each round is two blocks and nothing else.
 */
static void
iterate(const struct hmac *h, uint8_t u[RUMPRUN_SHA1_BYTES],
    uint8_t t[RUMPRUN_SHA1_BYTES], uint32_t rounds)
{
	uint8_t block[SHA_CBLOCK] = { 0 };
	SHA_CTX ctx = h->inner;
	const unsigned bits = (SHA_CBLOCK + RUMPRUN_SHA1_BYTES) * 8;

	memcpy(block, u, RUMPRUN_SHA1_BYTES);
	block[RUMPRUN_SHA1_BYTES] = 0x80;
	block[SHA_CBLOCK - 2] = (uint8_t)(bits >> 8);
	block[SHA_CBLOCK - 1] = (uint8_t)bits;
	for (uint32_t i = 0; i < rounds; i++) {
		ctx = h->inner;
		SHA1_Transform(&ctx, block);
		put_state(&ctx, block);
		ctx = h->outer;
		SHA1_Transform(&ctx, block);
		put_state(&ctx, block);
		for (int j = 0; j < RUMPRUN_SHA1_BYTES; j++)
			t[j] ^= block[j];
	}
	memcpy(u, block, RUMPRUN_SHA1_BYTES);
	rumprun_wipe(block, sizeof(block));
	rumprun_wipe(&ctx, sizeof(ctx));
}

void
rumprun_hmac_sha1(const void *key, size_t keylen, const void *data, size_t n,
    uint8_t mac[RUMPRUN_SHA1_BYTES])
{
	struct hmac h;

	hmac_key(&h, key, keylen);
	hmac(&h, data, n, NULL, 0, mac);
	rumprun_wipe(&h, sizeof(h));
}

#define ROUNDS_A_TIME 65536

int
rumprun_pkcs5_pbkdf2_sha1(const void *pass, size_t passlen, const void *salt,
    size_t saltlen, uint32_t iterations, uint8_t *key, size_t keylen,
    bool (*stop)(void *), void *arg)
{
	uint8_t u[RUMPRUN_SHA1_BYTES], t[RUMPRUN_SHA1_BYTES];
	struct hmac h;
	size_t done = 0;
	int error = 0;

	if (iterations == 0)
		return -EINVAL;
	hmac_key(&h, pass, passlen);
	for (uint32_t block = 1; done < keylen && error == 0; block++) {
		size_t part = keylen - done < sizeof(t) ? keylen - done :
							  sizeof(t);
		uint32_t left = iterations - 1, now;
		uint8_t number[4];

		for (int i = 0; i < 4; i++)
			number[i] = (uint8_t)(block >> (24 - 8 * i));
		hmac(&h, salt, saltlen, number, sizeof(number), u);
		memcpy(t, u, sizeof(t));
		for (; left > 0 && error == 0; left -= now) {
			now = left < ROUNDS_A_TIME ? left : ROUNDS_A_TIME;
			iterate(&h, u, t, now);
			if (stop != NULL && stop(arg))
				error = -EINTR;
		}
		memcpy(key + done, t, part);
		done += part;
	}
	if (error != 0)
		rumprun_wipe(key, keylen);
	rumprun_wipe(&h, sizeof(h));
	rumprun_wipe(u, sizeof(u));
	rumprun_wipe(t, sizeof(t));
	return error;
}
