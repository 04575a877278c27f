/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel and its tools share of cryptography: keys out of passphrases, and forgetting them. */
#ifndef RUMPRUN_CRYPTO_H
#define RUMPRUN_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUMPRUN_CRYPTO_API __attribute__((visibility("default")))

/* Zeros memory that held a secret; the compiler keeps it. NULL with 0 bytes is fine. */
RUMPRUN_CRYPTO_API void rumprun_wipe(void *, size_t);

#define RUMPRUN_SHA1_BYTES 20
/* SHA-1 (FIPS 180-4). */
RUMPRUN_CRYPTO_API void rumprun_sha1(
    const void *data, size_t n, uint8_t hash[RUMPRUN_SHA1_BYTES]);
/* HMAC-SHA1 (RFC 2104). */
RUMPRUN_CRYPTO_API void rumprun_hmac_sha1(const void *key, size_t keylen,
    const void *data, size_t n, uint8_t mac[RUMPRUN_SHA1_BYTES]);
/*
 * PBKDF2 with HMAC-SHA1 (PKCS #5 v2.0, 5.2; RFC 2898) into `keylen` bytes. -EINVAL (negative NetBSD errno) without an iteration. `stop` (may be NULL) is asked
 * now and then: when it says true the key is all zeros, and it's -EINTR.
 */
RUMPRUN_CRYPTO_API int rumprun_pkcs5_pbkdf2_sha1(const void *pass,
    size_t passlen, const void *salt, size_t saltlen, uint32_t iterations,
    uint8_t *key, size_t keylen, bool (*stop)(void *), void *arg);

#endif
