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

void
rumprun_hmac_sha1(const void *key, size_t keylen, const void *data, size_t n,
    uint8_t mac[RUMPRUN_SHA1_BYTES])
{
	struct hmac h;

	hmac_key(&h, key, keylen);
	hmac(&h, data, n, NULL, 0, mac);
	rumprun_wipe(&h, sizeof(h));
}

int
rumprun_pkcs5_pbkdf2_sha1(const void *pass, size_t passlen, const void *salt,
    size_t saltlen, uint32_t iterations, uint8_t *key, size_t keylen)
{
	uint8_t u[RUMPRUN_SHA1_BYTES], t[RUMPRUN_SHA1_BYTES];
	struct hmac h;
	uint32_t block = 0;

	if (iterations == 0)
		return -EINVAL;
	hmac_key(&h, pass, passlen);
	while (keylen > 0) {
		size_t part = keylen < sizeof(t) ? keylen : sizeof(t);
		uint8_t number[4];

		block++;
		for (int i = 0; i < 4; i++)
			number[i] = (uint8_t)(block >> (24 - 8 * i));
		hmac(&h, salt, saltlen, number, sizeof(number), u);
		memcpy(t, u, sizeof(t));
		for (uint32_t i = 1; i < iterations; i++) {
			hmac(&h, u, sizeof(u), NULL, 0, u);
			for (size_t j = 0; j < sizeof(t); j++)
				t[j] ^= u[j];
		}
		memcpy(key, t, part);
		key += part;
		keylen -= part;
	}
	rumprun_wipe(&h, sizeof(h));
	rumprun_wipe(u, sizeof(u));
	rumprun_wipe(t, sizeof(t));
	return 0;
}
