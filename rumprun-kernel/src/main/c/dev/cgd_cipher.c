/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ciphers of cgd(4), over libcrypto's functions that stand alone.
 *
 * A sector is encrypted by itself. In CBC its initialization vector is the encryption under the cipher of its number, little-endian in a block (encblkno1), or the
 * eight-fold encryption of that (encblkno8, cgd(4)). XTS (IEEE 1619) takes the number itself as the tweak. Vectors are made for a batch of
 * sectors at once, since a processor's AES takes as long for eight blocks as for one.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/aes.h>
#include <openssl/blowfish.h>
#include <openssl/des.h>

#include <netbsd/ioctl.h>
#include <rumprun/crypto.h>
#include "dev/cgd_cipher.h"

/* libcrypto's own entries, which its headers don't show; AESNI is bit 25 of CPUID's leaf 1, ECX. */
extern unsigned int OPENSSL_ia32cap_P[4];
int aesni_set_encrypt_key(const unsigned char *, int bits, AES_KEY *);
int aesni_set_decrypt_key(const unsigned char *, int bits, AES_KEY *);
void aesni_ecb_encrypt(
    const unsigned char *, unsigned char *, size_t, const AES_KEY *, int enc);
void aesni_cbc_encrypt(const unsigned char *, unsigned char *, size_t,
    const AES_KEY *, unsigned char *iv, int enc);
void aesni_xts_encrypt(const unsigned char *, unsigned char *, size_t,
    const AES_KEY *key1, const AES_KEY *key2, const unsigned char iv[16]);
void aesni_xts_decrypt(const unsigned char *, unsigned char *, size_t,
    const AES_KEY *key1, const AES_KEY *key2, const unsigned char iv[16]);

#ifdef __x86_64__
/* As aesni-mb-x86_64 has it: chains of blocks side by side, four or eight of them (fours is 1 or 2). */
struct chain {
	const unsigned char *src;
	unsigned char *dst;
	int blocks;
	uint64_t iv[2];
};
void aesni_multi_cbc_encrypt(struct chain *, const AES_KEY *, int fours);
#endif

#define MAXBLOCK 16
#define BATCH 16 /* sectors whose vectors are made at once */

struct aes {
	AES_KEY enc, dec, tweak;
	bool ni;
};

struct cgd_key {
	const struct alg *alg;
	size_t bits;
	int ivmode;
	union {
		struct aes aes;
		DES_key_schedule des[3];
		BF_KEY bf;
	};
};

struct alg {
	const char *name;
	size_t block;
	bool tweaked; /* the number itself is the vector */
	/* false: not a length of this cipher's keys */
	bool (*setkey)(struct cgd_key *, const uint8_t *, size_t bits);
	/* n bytes, one block after another, in place */
	void (*ecb)(const struct cgd_key *, uint8_t *, size_t n);
	/* The vector may be changed. */
	void (*crypt)(const struct cgd_key *, const uint8_t *src, uint8_t *dst,
	    size_t n, uint8_t *iv, bool enc);
	/* Encrypts the first of cnt sectors: how many, maybe none. May be NULL. */
	unsigned (*encrypt_many)(const struct cgd_key *, const uint8_t *src,
	    uint8_t *dst, uint32_t secsize, const uint8_t *ivs, unsigned cnt);
};

/* --- AES --------------------------------------------------------------------- */

static bool
has_aesni(void)
{
	return (OPENSSL_ia32cap_P[1] & 1u << 25) != 0;
}

static void
aes_schedule(struct aes *a, const uint8_t *key, int bits)
{
	a->ni = has_aesni();
	if (a->ni) {
		aesni_set_encrypt_key(key, bits, &a->enc);
		aesni_set_decrypt_key(key, bits, &a->dec);
	} else {
		AES_set_encrypt_key(key, bits, &a->enc);
		AES_set_decrypt_key(key, bits, &a->dec);
	}
}

static bool
aes_setkey(struct cgd_key *k, const uint8_t *key, size_t bits)
{
	if (bits != 128 && bits != 192 && bits != 256)
		return false;
	aes_schedule(&k->aes, key, (int)bits);
	return true;
}

static void
aes_ecb(const struct cgd_key *k, uint8_t *buf, size_t n)
{
	if (k->aes.ni) {
		aesni_ecb_encrypt(buf, buf, n, &k->aes.enc, 1);
		return;
	}
	for (; n > 0; n -= 16, buf += 16)
		AES_encrypt(buf, buf, &k->aes.enc);
}

static void
aes_cbc(const struct cgd_key *k, const uint8_t *src, uint8_t *dst, size_t n,
    uint8_t *iv, bool enc)
{
	const AES_KEY *key = enc ? &k->aes.enc : &k->aes.dec;

	if (k->aes.ni)
		aesni_cbc_encrypt(src, dst, n, key, iv, enc);
	else
		AES_cbc_encrypt(src, dst, n, key, iv, enc);
}

/*
 * A block of a chain waits for the one before: the processor could encrypt several in that time. So sectors are encrypted side by side
 * (decryption has nothing to wait for).
 */
static unsigned
aes_cbc_many(const struct cgd_key *k, const uint8_t *src, uint8_t *dst,
    uint32_t secsize, const uint8_t *ivs, unsigned cnt)
{
	unsigned done = 0;
#ifdef __x86_64__
	while (k->aes.ni && cnt - done >= 4) {
		unsigned lanes = cnt - done >= 8 ? 8 : 4;
		struct chain chains[8];

		for (unsigned i = 0; i < lanes; i++, done++) {
			chains[i].src = src + (size_t)done * secsize;
			chains[i].dst = dst + (size_t)done * secsize;
			chains[i].blocks = (int)(secsize / 16);
			memcpy(chains[i].iv, ivs + done * 16, 16);
		}
		aesni_multi_cbc_encrypt(chains, &k->aes.enc, (int)lanes / 4);
	}
#else
	(void)k, (void)src, (void)dst, (void)secsize, (void)ivs, (void)cnt;
#endif
	return done;
}

/* The first half of the key encrypts, the second one makes tweaks. */
static bool
xts_setkey(struct cgd_key *k, const uint8_t *key, size_t bits)
{
	if (bits != 256 && bits != 512)
		return false;
	aes_schedule(&k->aes, key, (int)bits / 2);
	if (k->aes.ni)
		aesni_set_encrypt_key(
		    key + bits / 16, (int)bits / 2, &k->aes.tweak);
	else
		AES_set_encrypt_key(
		    key + bits / 16, (int)bits / 2, &k->aes.tweak);
	return true;
}

/* Multiplication by x in GF(2^128), little-endian (IEEE 1619, 5.2). */
static void
next_tweak(uint8_t t[16])
{
	uint8_t carry = 0;

	for (int i = 0; i < 16; i++) {
		uint8_t top = t[i] >> 7;

		t[i] = (uint8_t)(t[i] << 1 | carry);
		carry = top;
	}
	if (carry != 0)
		t[0] ^= 0x87;
}

static void
xts_blocks(const struct aes *a, const uint8_t *src, uint8_t *dst, size_t n,
    const uint8_t iv[16], bool enc)
{
	uint8_t tweak[16], block[16];

	AES_encrypt(iv, tweak, &a->tweak);
	for (; n >= 16; n -= 16, src += 16, dst += 16) {
		for (int i = 0; i < 16; i++)
			block[i] = src[i] ^ tweak[i];
		if (enc)
			AES_encrypt(block, block, &a->enc);
		else
			AES_decrypt(block, block, &a->dec);
		for (int i = 0; i < 16; i++)
			dst[i] = block[i] ^ tweak[i];
		next_tweak(tweak);
	}
	rumprun_wipe(block, sizeof(block));
}

static void
aes_xts(const struct cgd_key *k, const uint8_t *src, uint8_t *dst, size_t n,
    uint8_t *iv, bool enc)
{
	const struct aes *a = &k->aes;

	if (!a->ni)
		xts_blocks(a, src, dst, n, iv, enc);
	else if (enc)
		aesni_xts_encrypt(src, dst, n, &a->enc, &a->tweak, iv);
	else
		aesni_xts_decrypt(src, dst, n, &a->dec, &a->tweak, iv);
}

/* --- the older ones ----------------------------------------------------------- */

/* Parity bits are ignored, and no key is too weak: the disk was written with it. */
static bool
des3_setkey(struct cgd_key *k, const uint8_t *key, size_t bits)
{
	if (bits != 192)
		return false;
	for (int i = 0; i < 3; i++) {
		DES_cblock part;

		memcpy(part, key + 8 * i, sizeof(part));
		DES_set_key_unchecked(&part, &k->des[i]);
		rumprun_wipe(part, sizeof(part));
	}
	return true;
}

static void
des3_cbc(const struct cgd_key *k, const uint8_t *src, uint8_t *dst, size_t n,
    uint8_t *iv, bool enc)
{
	DES_cblock vector;
	DES_key_schedule ks[3];

	/* libcrypto's prototype has no const. */
	memcpy(ks, k->des, sizeof(ks));
	memcpy(vector, iv, sizeof(vector));
	DES_ede3_cbc_encrypt(src, dst, (long)n, &ks[0], &ks[1], &ks[2], &vector,
	    enc ? DES_ENCRYPT : DES_DECRYPT);
	rumprun_wipe(ks, sizeof(ks));
}

static void
des3_ecb(const struct cgd_key *k, uint8_t *buf, size_t n)
{
	for (; n > 0; n -= 8, buf += 8) {
		uint8_t zero[8] = { 0 };

		des3_cbc(k, buf, buf, 8, zero, true);
	}
}

static bool
bf_setkey(struct cgd_key *k, const uint8_t *key, size_t bits)
{
	if (bits < 40 || bits > 448 || bits % 8 != 0)
		return false;
	BF_set_key(&k->bf, (int)(bits / 8), key);
	return true;
}

static void
bf_cbc(const struct cgd_key *k, const uint8_t *src, uint8_t *dst, size_t n,
    uint8_t *iv, bool enc)
{
	BF_cbc_encrypt(
	    src, dst, (long)n, &k->bf, iv, enc ? BF_ENCRYPT : BF_DECRYPT);
}

static void
bf_ecb(const struct cgd_key *k, uint8_t *buf, size_t n)
{
	for (; n > 0; n -= 8, buf += 8)
		BF_ecb_encrypt(buf, buf, &k->bf, BF_ENCRYPT);
}

static const struct alg algs[] = {
	{ "aes-cbc", 16, false, aes_setkey, aes_ecb, aes_cbc, aes_cbc_many },
	{ "aes-xts", 16, true, xts_setkey, NULL, aes_xts, NULL },
	{ "3des-cbc", 8, false, des3_setkey, des3_ecb, des3_cbc, NULL },
	{ "blowfish-cbc", 8, false, bf_setkey, bf_ecb, bf_cbc, NULL },
};

/* --- keys and sectors ---------------------------------------------------------- */

int
cgd_key_create(struct rump_kernel *k, const char *name, const uint8_t *key,
    size_t bits, size_t blocksize, int ivmode, struct cgd_key **kp)
{
	const struct alg *alg = NULL;
	struct cgd_key *ck;

	*kp = NULL;
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (strcmp(algs[i].name, name) == 0)
			alg = &algs[i];
	if (alg == NULL || bits > CGD_MAXKEY * 8 ||
	    (blocksize != SIZE_MAX && blocksize != alg->block * 8) ||
	    (ivmode != CGD_CIPHER_CBC_ENCBLKNO1 &&
		ivmode != CGD_CIPHER_CBC_ENCBLKNO8))
		return -EINVAL;
	if ((ck = kmem_zalloc(k, sizeof(*ck))) == NULL)
		return -ENOMEM;
	ck->alg = alg;
	ck->bits = bits;
	ck->ivmode = ivmode;
	if (!alg->setkey(ck, key, bits)) {
		cgd_key_destroy(k, ck);
		return -EINVAL;
	}
	*kp = ck;
	return 0;
}

void
cgd_key_destroy(struct rump_kernel *k, struct cgd_key *ck)
{
	if (ck == NULL)
		return;
	rumprun_wipe(ck, sizeof(*ck));
	kmem_free(k, ck, sizeof(*ck));
}

const char *
cgd_key_alg(const struct cgd_key *ck)
{
	return ck->alg->name;
}

size_t
cgd_key_bits(const struct cgd_key *ck)
{
	return ck->bits;
}

size_t
cgd_key_blocksize(const struct cgd_key *ck)
{
	return ck->alg->block;
}

int
cgd_key_ivmode(const struct cgd_key *ck)
{
	return ck->ivmode;
}

/* The vectors of cnt sectors, one after another. */
static void
make_vectors(
    const struct cgd_key *ck, uint8_t *ivs, unsigned cnt, uint64_t sector)
{
	const struct alg *alg = ck->alg;
	unsigned times = ck->ivmode == CGD_CIPHER_CBC_ENCBLKNO8 ? 8 : 1;

	memset(ivs, 0, cnt * alg->block);
	for (unsigned i = 0; i < cnt; i++, sector++)
		for (unsigned b = 0; b < 8; b++)
			ivs[i * alg->block + b] = (uint8_t)(sector >> 8 * b);
	for (unsigned i = 0; i < times && !alg->tweaked; i++)
		alg->ecb(ck, ivs, cnt * alg->block);
}

static void
crypt_sectors(const struct cgd_key *ck, const uint8_t *src, uint8_t *dst,
    size_t n, uint64_t sector, uint32_t secsize, bool enc)
{
	uint8_t ivs[BATCH * MAXBLOCK];

	while (n >= secsize) {
		unsigned cnt = n / secsize < BATCH ? (unsigned)(n / secsize) :
						     BATCH;
		unsigned done = 0;

		make_vectors(ck, ivs, cnt, sector);
		if (enc && ck->alg->encrypt_many != NULL)
			done = ck->alg->encrypt_many(
			    ck, src, dst, secsize, ivs, cnt);
		for (unsigned i = done; i < cnt; i++)
			ck->alg->crypt(ck, src + (size_t)i * secsize,
			    dst + (size_t)i * secsize, secsize,
			    ivs + i * ck->alg->block, enc);
		src += (size_t)cnt * secsize;
		dst += (size_t)cnt * secsize;
		n -= (size_t)cnt * secsize;
		sector += cnt;
	}
}

void
cgd_encrypt(const struct cgd_key *ck, const void *src, void *dst, size_t n,
    uint64_t sector, uint32_t secsize)
{
	crypt_sectors(ck, src, dst, n, sector, secsize, true);
}

void
cgd_decrypt(const struct cgd_key *ck, const void *src, void *dst, size_t n,
    uint64_t sector, uint32_t secsize)
{
	crypt_sectors(ck, src, dst, n, sector, secsize, false);
}
