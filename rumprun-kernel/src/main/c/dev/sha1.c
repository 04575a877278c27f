/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-1, for seeds and the like. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <rumprun/crypto.h>

void
rumprun_sha1(const void *data, size_t n, uint8_t hash[RUMPRUN_SHA1_BYTES])
{
	SHA_CTX ctx;

	SHA1_Init(&ctx);
	SHA1_Update(&ctx, data, n);
	SHA1_Final(hash, &ctx);
}
