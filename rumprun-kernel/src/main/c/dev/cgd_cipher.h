/* SPDX-License-Identifier: BSD-2-Clause */
/* The ciphers of cgd(4): sectors of a disk under a key, each by itself. */
#ifndef DEV_CGD_CIPHER_H
#define DEV_CGD_CIPHER_H

#include "kern/kernel.h"

#define CGD_MAXKEY 64 /* bytes: two keys of AES-256 */

struct cgd_key;

/*
 * A key for the algorithm of that name ("aes-cbc", "aes-xts", "3des-cbc", "blowfish-cbc"). `bits` of key; `blocksize` of the cipher in bits, SIZE_MAX: its own;
 * `ivmode`: CGD_CIPHER_CBC_*. -EINVAL: unknown, or not for this algorithm; -ENOMEM. The caller wipes `key`.
 */
int cgd_key_create(struct rump_kernel *, const char *alg, const uint8_t *key,
    size_t bits, size_t blocksize, int ivmode, struct cgd_key **) MUST_CHECK;
/* Wiped and freed. NULL is fine. */
void cgd_key_destroy(struct rump_kernel *, struct cgd_key *);

const char *cgd_key_alg(const struct cgd_key *);
size_t cgd_key_bits(const struct cgd_key *);
size_t cgd_key_blocksize(const struct cgd_key *); /* bytes */
int cgd_key_ivmode(const struct cgd_key *);

/* n bytes, whole sectors, the first of them number `sector`. src and dst are the same or apart. From any number of threads. */
void cgd_encrypt(const struct cgd_key *, const void *src, void *dst, size_t n,
    uint64_t sector, uint32_t secsize);
void cgd_decrypt(const struct cgd_key *, const void *src, void *dst, size_t n,
    uint64_t sector, uint32_t secsize);

#endif
