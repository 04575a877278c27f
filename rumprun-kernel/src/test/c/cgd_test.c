/* SPDX-License-Identifier: BSD-2-Clause */
/* cgd: ciphers against published vectors and each other, keys out of passphrases, the driver's requests, and what lies on the disk under it. */
#include <netbsd/disklabel.h>
#include <rumprun/crypto.h>
#include "core_calls.h"
#include "dev/cgd_cipher.h"
#include "dev/etfs.h"

#define IMG "cgd_test.img"
#define SIZE ((size_t)1 << 20)

/* libcrypto's word of what the processor can do. */
extern unsigned int OPENSSL_ia32cap_P[4];
#define AESNI_BIT (1u << 25)

static uint8_t key[64];

static void
begin(struct fixture *f)
{
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	make_image(IMG, SIZE);
	up(f);
	CHECK_EQ(
	    etfs_register(f->k, "/dk", IMG, ETFS_BLK, 0, ETFS_SIZE_TOEND), 0);
}

static void
end(struct fixture *f)
{
	down(f);
	host_linux.unlink(IMG);
}

static struct cgd_ioctl
request(const char *disk, const char *alg, size_t bits)
{
	struct cgd_ioctl ci;

	memset(&ci, 0, sizeof(ci));
	ci.ci_disk = disk;
	ci.ci_alg = alg;
	ci.ci_ivmethod = "encblkno1";
	ci.ci_keylen = bits;
	ci.ci_key = (const char *)key;
	ci.ci_blocksize = (size_t)-1;
	return ci;
}

static long
set(struct fixture *f, long fd, const char *disk, const char *alg, size_t bits)
{
	struct cgd_ioctl ci = request(disk, alg, bits);

	return l_ioctl(f->l, fd, CGDIOCSET, &ci);
}

static long
clear(struct fixture *f, long fd)
{
	struct cgd_ioctl ci;

	memset(&ci, 0, sizeof(ci));
	return l_ioctl(f->l, fd, CGDIOCCLR, &ci);
}

static void
host_bytes(uint8_t *buf, size_t n, int64_t off)
{
	struct iovec iov = { buf, n };
	int fd = hostfile(IMG, 0);

	CHECK_EQ(host_linux.preadv(fd, &iov, 1, off), (long)n);
	host_linux.close(fd);
}

static bool
same_hex(const uint8_t *p, const char *hex)
{
	char text[129];
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	return strcmp(text, hex) == 0;
}

/* --- keys ------------------------------------------------------------------------- */

static bool
stop_at_third(void *arg)
{
	return ++*(int *)arg == 3;
}

static void
check_pbkdf2(const char *pass, size_t passlen, const char *salt, size_t saltlen,
    uint32_t iterations, const char *hex)
{
	uint8_t out[64];
	int asked = 0;

	CHECK_EQ(rumprun_pkcs5_pbkdf2_sha1(pass, passlen, salt, saltlen,
		     iterations, out, strlen(hex) / 2, stop_at_third, &asked),
	    0);
	CHECK(same_hex(out, hex));
}

/* RFC 6070, RFC 2202; the one of many iterations is Python's hashlib's. */
TEST(pbkdf2_vectors)
{
	uint8_t out[64];
	int asked = 0;

	check_pbkdf2("password", 8, "salt", 4, 1,
	    "0c60c80f961f0e71f3a9b524af6012062fe037a6");
	check_pbkdf2("password", 8, "salt", 4, 4096,
	    "4b007901b765489abead49d926f721d065a429c1");
	check_pbkdf2("passwordPASSWORDpassword", 24,
	    "saltSALTsaltSALTsaltSALTsaltSALTsalt", 36, 4096,
	    "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038");
	check_pbkdf2("pass\0word", 9, "sa\0lt", 5, 4096,
	    "56fa6aa75548099dcc37d7f03425e0c3");
	check_pbkdf2("password", 8, "salt", 4, 100000,
	    "f5496bb1328184f5228eff393ab4be9a");
	CHECK_EQ(
	    rumprun_pkcs5_pbkdf2_sha1("", 0, "salt", 4, 0, out, 16, NULL, NULL),
	    -EINVAL);
	CHECK_EQ(rumprun_pkcs5_pbkdf2_sha1("", 0, "salt", 4, UINT32_MAX, out,
		     sizeof(out), stop_at_third, &asked),
	    -EINTR);
	CHECK(asked == 3 && out[0] == 0 && out[63] == 0);
	rumprun_hmac_sha1("Jefe", 4, "what do ya want for nothing?", 28, out);
	CHECK(same_hex(out, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
	memset(out, 0xaa, sizeof(out));
	rumprun_wipe(out, 3);
	CHECK(out[0] == 0 && out[2] == 0 && out[3] == 0xaa);
	rumprun_wipe(NULL, 0);
}

TEST(keys_of_a_wrong_length_are_refused)
{
	static const struct {
		const char *alg;
		size_t bits, block;
		int error;
	} t[] = {
		{ "aes-cbc", 128, SIZE_MAX, 0 },
		{ "aes-cbc", 192, 128, 0 },
		{ "aes-cbc", 256, 128, 0 },
		{ "aes-cbc", 128, 64, -EINVAL },
		{ "aes-cbc", 64, SIZE_MAX, -EINVAL },
		{ "aes-cbc", 512, SIZE_MAX, -EINVAL },
		{ "aes-xts", 128, SIZE_MAX, -EINVAL },
		{ "aes-xts", 256, SIZE_MAX, 0 },
		{ "aes-xts", 512, SIZE_MAX, 0 },
		{ "3des-cbc", 192, 64, 0 },
		{ "3des-cbc", 168, SIZE_MAX, -EINVAL },
		{ "3des-cbc", 192, 128, -EINVAL },
		{ "blowfish-cbc", 32, SIZE_MAX, -EINVAL },
		{ "blowfish-cbc", 40, SIZE_MAX, 0 },
		{ "blowfish-cbc", 44, SIZE_MAX, -EINVAL },
		{ "blowfish-cbc", 448, SIZE_MAX, 0 },
		{ "blowfish-cbc", 456, SIZE_MAX, -EINVAL },
		{ "rot13", 128, SIZE_MAX, -EINVAL },
		{ "aes-cbc", SIZE_MAX, SIZE_MAX, -EINVAL },
	};
	struct fixture f;

	begin(&f);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct cgd_key *ck;

		CHECK_EQ(cgd_key_create(f.k, t[i].alg, key, t[i].bits,
			     t[i].block, CGD_CIPHER_CBC_ENCBLKNO1, &ck),
		    t[i].error);
		cgd_key_destroy(f.k, ck);
	}
	end(&f);
}

/* --- ciphers ---------------------------------------------------------------------- */

/* IEEE 1619, annex B: vectors 1, 2 (with the number that it has) and 4's first blocks, 10's. */
TEST(xts_vectors)
{
	struct fixture f;
	struct cgd_key *ck;
	uint8_t buf[512], k[64];

	begin(&f);
	memset(k, 0, sizeof(k));
	CHECK_EQ(cgd_key_create(f.k, "aes-xts", k, 256, SIZE_MAX,
		     CGD_CIPHER_CBC_ENCBLKNO1, &ck),
	    0);
	memset(buf, 0, sizeof(buf));
	cgd_encrypt(ck, buf, buf, 32, 0, 32);
	CHECK(same_hex(buf,
	    "917cf69ebd68b2ec9b9fe9a3eadda692cd43d2f59598ed858c02c2652fbf922e"));
	cgd_key_destroy(f.k, ck);
	memset(k, 0x11, 16);
	memset(k + 16, 0x22, 16);
	CHECK_EQ(cgd_key_create(f.k, "aes-xts", k, 256, SIZE_MAX,
		     CGD_CIPHER_CBC_ENCBLKNO1, &ck),
	    0);
	memset(buf, 0x44, 32);
	cgd_encrypt(ck, buf, buf, 32, UINT64_C(0x3333333333), 32);
	CHECK(same_hex(buf,
	    "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0"));
	cgd_decrypt(ck, buf, buf, 32, UINT64_C(0x3333333333), 32);
	CHECK(buf[0] == 0x44 && buf[31] == 0x44);
	cgd_key_destroy(f.k, ck);
	end(&f);
}

static void
crypt_all(struct fixture *f, const char *alg, size_t bits, int mode,
    const uint8_t *plain, uint8_t *out, uint8_t *back, size_t n,
    uint64_t sector, uint32_t secsize)
{
	struct cgd_key *ck;

	CHECK_EQ(cgd_key_create(f->k, alg, key, bits, SIZE_MAX, mode, &ck), 0);
	cgd_encrypt(ck, plain, out, n, sector, secsize);
	cgd_decrypt(ck, out, back, n, sector, secsize);
	cgd_key_destroy(f->k, ck);
}

/* The processor's AES and the plain one; one sector at a time and all at once; every cipher gives back what it got. */
TEST(ciphers_agree)
{
	static const struct {
		const char *alg;
		size_t bits;
	} t[] = { { "aes-cbc", 128 }, { "aes-cbc", 192 }, { "aes-cbc", 256 },
		{ "aes-xts", 256 }, { "aes-xts", 512 }, { "3des-cbc", 192 },
		{ "blowfish-cbc", 128 }, { "blowfish-cbc", 448 } };
	static uint8_t plain[65536], a[65536], b[65536], c[65536];
	const uint64_t sector = UINT64_C(0x123456789a);
	unsigned caps = OPENSSL_ia32cap_P[1];
	struct fixture f;

	begin(&f);
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]) * 2; i++) {
		int mode = i % 2 == 0 ? CGD_CIPHER_CBC_ENCBLKNO1 :
					CGD_CIPHER_CBC_ENCBLKNO8;
		const char *alg = t[i / 2].alg;
		size_t bits = t[i / 2].bits;

		crypt_all(&f, alg, bits, mode, plain, a, c, sizeof(plain),
		    sector, 512);
		CHECK(memcmp(plain, c, sizeof(plain)) == 0);
		OPENSSL_ia32cap_P[1] = caps & ~AESNI_BIT;
		crypt_all(&f, alg, bits, mode, plain, b, c, sizeof(plain),
		    sector, 512);
		OPENSSL_ia32cap_P[1] = caps;
		CHECK(memcmp(plain, c, sizeof(plain)) == 0);
		CHECK(memcmp(a, b, sizeof(a)) == 0);
		for (size_t s = 0; s < sizeof(plain) / 512; s++)
			crypt_all(&f, alg, bits, mode, plain + s * 512,
			    b + s * 512, c, 512, sector + s, 512);
		CHECK(memcmp(a, b, sizeof(a)) == 0);
		for (size_t n = 1; n <= 33; n++) {
			memset(b, 0, sizeof(b));
			crypt_all(&f, alg, bits, mode, plain, b, c, n * 512,
			    sector, 512);
			CHECK(memcmp(a, b, n * 512) == 0);
			CHECK(b[n * 512] == 0);
		}
		crypt_all(&f, alg, bits, mode, plain, b, c, sizeof(plain),
		    sector, 4096);
		CHECK(memcmp(plain, c, sizeof(plain)) == 0);
		CHECK(memcmp(a, b, 4096) != 0);
	}
	end(&f);
}

/* What NetBSD wrote for zeros (sectors 0), and what openssl's command says of the same sector. */
TEST(ciphertexts_are_netbsds)
{
	static const struct {
		const char *alg;
		size_t bits;
		int mode;
		const char *hex;
	} t[] = {
		{ "aes-cbc", 128, CGD_CIPHER_CBC_ENCBLKNO1,
		    "af9d9926f7dac87192b1c4143ad98958" },
		{ "aes-cbc", 256, CGD_CIPHER_CBC_ENCBLKNO8,
		    "16b77acbdaf688784581f0e9b2eb7842" },
		{ "3des-cbc", 192, CGD_CIPHER_CBC_ENCBLKNO1,
		    "068edfb5f023abb4bf6bcbc99a30fc70" },
		{ "blowfish-cbc", 128, CGD_CIPHER_CBC_ENCBLKNO8,
		    "dd2d7fa4f7785c274ef0b0eeb9c34c68" },
	};
	struct fixture f;
	uint8_t zero[512] = { 0 }, out[512], back[512];

	begin(&f);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		crypt_all(&f, t[i].alg, t[i].bits, t[i].mode, zero, out, back,
		    512, 0, 512);
		CHECK(same_hex(out, t[i].hex));
	}
	end(&f);
}

/* openssl(1) encrypts a sector whose vector we tell it; where it is installed. The key is a test's: it may be seen. */
static bool
openssl_says(
    const char *cipher, const uint8_t *iv, const uint8_t *in, uint8_t *out)
{
	char command[512], *p = command;
	FILE *file = fopen(IMG ".in", "wb");
	size_t n;

	if (file == NULL)
		return false;
	fwrite(in, 1, 512, file);
	fclose(file);
	p += sprintf(p, "openssl enc -%s -nopad -K ", cipher);
	for (int i = 0; i < 32; i++)
		p += sprintf(p, "%02x", key[i]);
	p += sprintf(p, " -iv ");
	for (int i = 0; i < 16; i++)
		p += sprintf(p, "%02x", iv[i]);
	sprintf(p, " -in %s -out %s 2>/dev/null", IMG ".in", IMG ".out");
	if (system(command) != 0 || (file = fopen(IMG ".out", "rb")) == NULL)
		return false;
	n = fread(out, 1, 512, file);
	fclose(file);
	return n == 512;
}

TEST(ciphertexts_are_openssls)
{
	struct fixture f;
	struct cgd_key *ck;
	uint8_t plain[512], ours[512], theirs[512], iv[16], zero[16] = { 0 };
	const uint64_t sector = 4711;

	if (system("openssl version >/dev/null 2>&1") != 0) {
		printf("no openssl here: not compared\n");
		return;
	}
	begin(&f);
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 5);
	/* The vector is the encryption of the number: of a block alone, with a vector of zeros. */
	memset(theirs, 0, sizeof(theirs));
	for (int i = 0; i < 8; i++)
		theirs[i] = (uint8_t)(sector >> 8 * i);
	CHECK(openssl_says("aes-256-cbc", zero, theirs, ours));
	memcpy(iv, ours, sizeof(iv));
	CHECK(openssl_says("aes-256-cbc", iv, plain, theirs));
	CHECK_EQ(cgd_key_create(f.k, "aes-cbc", key, 256, SIZE_MAX,
		     CGD_CIPHER_CBC_ENCBLKNO1, &ck),
	    0);
	cgd_encrypt(ck, plain, ours, sizeof(plain), sector, 512);
	CHECK(memcmp(ours, theirs, sizeof(ours)) == 0);
	cgd_key_destroy(f.k, ck);
	end(&f);
	host_linux.unlink(IMG ".in");
	host_linux.unlink(IMG ".out");
}

/* --- the driver -------------------------------------------------------------------- */

TEST(configuring_refuses_what_is_wrong)
{
	struct fixture f;
	struct cgd_ioctl ci;
	long fd, ro, part;

	begin(&f);
	fd = l_open(f.l, "/dev/rcgd0d", O_RDWR, 0);
	CHECK(fd >= 0);
	CHECK_EQ(l_open(f.l, "/dev/rcgd0a", O_RDONLY, 0), -ENXIO);
	CHECK_EQ(clear(&f, fd), -ENXIO);
	CHECK_EQ(set(&f, fd, "/none", "aes-cbc", 128), -ENOENT);
	CHECK_EQ(set(&f, fd, "/dev/null", "aes-cbc", 128), -ENOTBLK);
	CHECK_EQ(set(&f, fd, "/dk", "aes-ecb", 128), -EINVAL);
	CHECK_EQ(set(&f, fd, "/dk", "aes-cbc", 100), -EINVAL);
	CHECK_EQ(set(&f, fd, "/dk", "aes-cbc", 0), -EINVAL);
	CHECK_EQ(set(&f, fd, "/dk", "aes-cbc", SIZE_MAX - 7), -EINVAL);
	CHECK_EQ(set(&f, fd, "/dev/cgd0d", "aes-cbc", 128), -EBUSY);
	ci = request("/dk", "aes-cbc", 128);
	ci.ci_ivmethod = "encblkno2";
	CHECK_EQ(l_ioctl(f.l, fd, CGDIOCSET, &ci), -EINVAL);
	ci.ci_ivmethod = NULL;
	CHECK_EQ(l_ioctl(f.l, fd, CGDIOCSET, &ci), -EFAULT);
	ci = request("/dk", "aes-cbc", 128);
	ci.ci_key = NULL;
	CHECK_EQ(l_ioctl(f.l, fd, CGDIOCSET, &ci), -EFAULT);
	ci = request("/dk", "aes-cbc", 128);
	ci.ci_blocksize = 64;
	CHECK_EQ(l_ioctl(f.l, fd, CGDIOCSET, &ci), -EINVAL);
	ro = l_open(f.l, "/dev/rcgd0d", O_RDONLY, 0);
	CHECK_EQ(set(&f, ro, "/dk", "aes-cbc", 128), -EBADF);
	CHECK_EQ(set(&f, fd, "/dk", "aes-cbc", 128), 0);
	CHECK_EQ(set(&f, fd, "/dk", "aes-cbc", 128), -EBUSY);
	CHECK_EQ(clear(&f, ro), -EBADF);
	/* Nobody takes it from who has a partition of it. */
	part = l_open(f.l, "/dev/cgd0a", O_RDONLY, 0);
	CHECK(part >= 0);
	CHECK_EQ(clear(&f, fd), -EBUSY);
	l_close(f.l, part);
	CHECK_EQ(clear(&f, fd), 0);
	CHECK_EQ(clear(&f, fd), -ENXIO);
	end(&f);
}

TEST(units_tell_what_they_are)
{
	struct fixture f;
	struct cgd_user u;
	struct stat st;
	long fd;

	begin(&f);
	fd = l_open(f.l, "/dev/rcgd0d", O_RDWR, 0);
	memset(&u, 0xff, sizeof(u));
	u.cgu_unit = 0;
	CHECK_EQ(l_ioctl(f.l, fd, CGDIOCGET, &u), 0);
	CHECK_EQ(u.cgu_dev, 0);
	CHECK_EQ(set(&f, fd, "/dk", "blowfish-cbc", 160), 0);
	u.cgu_unit = -1;
	CHECK_EQ(l_ioctl(f.l, fd, CGDIOCGET, &u), 0);
	CHECK_EQ(u.cgu_unit, 0);
	CHECK_EQ(l_stat(f.l, "/dk", &st), 0);
	CHECK(u.cgu_dev == st.st_rdev);
	CHECK_STR(u.cgu_alg, "blowfish-cbc");
	CHECK_EQ(u.cgu_keylen, 160);
	CHECK_EQ(u.cgu_blocksize, 8);
	CHECK_EQ(u.cgu_mode, CGD_CIPHER_CBC_ENCBLKNO1);
	u.cgu_unit = 1;
	CHECK_EQ(l_ioctl(f.l, fd, CGDIOCGET, &u), -ENXIO);
	u.cgu_unit = -2;
	CHECK_EQ(l_ioctl(f.l, fd, CGDIOCGET, &u), -EINVAL);
	u.cgu_unit = INT32_MAX;
	CHECK_EQ(l_ioctl(f.l, fd, CGDIOCGET, &u), -ENXIO);
	/* It is left configured: the kernel's end takes it. */
	end(&f);
}

TEST(labels_are_made_up)
{
	struct fixture f;
	struct disklabel lp;
	long fd;

	begin(&f);
	fd = l_open(f.l, "/dev/rcgd0d", O_RDWR, 0);
	CHECK_EQ(set(&f, fd, "/dk", "aes-cbc", 128), 0);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &lp), 0);
	CHECK_EQ(lp.d_type, DKTYPE_CGD);
	CHECK_STR(lp.d_typename, "cgd0");
	CHECK_EQ(lp.d_nsectors, 2048);
	CHECK_EQ(lp.d_ntracks, 1);
	CHECK_EQ(lp.d_secperunit, SIZE / 512);
	end(&f);
}

/* Writes leave the caller's memory alone; vectors may cut sectors; what is on the disk is not what was written. */
TEST(transfers_of_any_shape)
{
	static const size_t cuts[] = { 1, 511, 513, 4096, 70000, 200000 };
	static uint8_t data[512 * 1024], copy[512 * 1024], back[512 * 1024];
	struct iovec iov[3];
	struct fixture f;
	struct cgd_key *ck;
	long fd;

	begin(&f);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
	memcpy(copy, data, sizeof(data));
	fd = l_open(f.l, "/dev/rcgd0d", O_RDWR, 0);
	CHECK_EQ(set(&f, fd, "/dk", "aes-cbc", 256), 0);
	CHECK_EQ(
	    l_pwrite(f.l, fd, data, sizeof(data), 4096), (long)sizeof(data));
	CHECK(memcmp(data, copy, sizeof(data)) == 0);
	CHECK_EQ(l_pread(f.l, fd, back, sizeof(back), 4096), (long)sizeof(back));
	CHECK(memcmp(data, back, sizeof(data)) == 0);
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		iov[0] = (struct iovec){ back, cuts[i] };
		iov[1] = (struct iovec){ back + cuts[i], 100 };
		iov[2] = (struct iovec){ back + cuts[i] + 100,
			sizeof(back) - cuts[i] - 100 };
		memset(back, 0, sizeof(back));
		CHECK_EQ(SYS(f.l, SYS_preadv, preadv, P(int, fd),
			     P(const struct iovec *, iov), P(int, 3),
			     .offset = { .datum = 4096 }),
		    (long)sizeof(back));
		CHECK(memcmp(data, back, sizeof(data)) == 0);
		CHECK_EQ(SYS(f.l, SYS_pwritev, pwritev, P(int, fd),
			     P(const struct iovec *, iov), P(int, 3),
			     .offset = { .datum = 8192 }),
		    (long)sizeof(back));
		CHECK_EQ(l_pread(f.l, fd, copy, sizeof(copy), 8192),
		    (long)sizeof(copy));
		CHECK(memcmp(data, copy, sizeof(data)) == 0);
		CHECK_EQ(l_pwrite(f.l, fd, data, sizeof(data), 4096),
		    (long)sizeof(data));
	}
	CHECK_EQ(l_pread(f.l, fd, back, 100, 0), -EINVAL);
	CHECK_EQ(l_pread(f.l, fd, back, 512, 100), -EINVAL);
	/* On the disk: the sectors by the number from the disk's beginning. */
	host_bytes(back, sizeof(back), 4096);
	CHECK(memcmp(data, back, 512) != 0);
	CHECK_EQ(cgd_key_create(f.k, "aes-cbc", key, 256, SIZE_MAX,
		     CGD_CIPHER_CBC_ENCBLKNO1, &ck),
	    0);
	cgd_decrypt(ck, back, back, sizeof(back), 8, 512);
	CHECK(memcmp(data, back, sizeof(data)) == 0);
	cgd_key_destroy(f.k, ck);
	CHECK_EQ(clear(&f, fd), 0);
	CHECK_EQ(l_pread(f.l, fd, back, 512, 0), -ENXIO);
	end(&f);
}

/* A cgd of a cgd, and both of another key. */
TEST(one_upon_another)
{
	static uint8_t data[8192], back[8192];
	struct fixture f;
	struct cgd_ioctl ci;
	long fd0, fd1;

	begin(&f);
	memset(data, 0x5a, sizeof(data));
	CHECK_EQ(
	    l_mknod(f.l, "/dev/rcgd1d", S_IFCHR | 0600, makedev(93, 16 + 3)), 0);
	fd0 = l_open(f.l, "/dev/rcgd0d", O_RDWR, 0);
	fd1 = l_open(f.l, "/dev/rcgd1d", O_RDWR, 0);
	CHECK(fd0 >= 0 && fd1 >= 0);
	CHECK_EQ(set(&f, fd0, "/dk", "aes-cbc", 128), 0);
	ci = request("/dev/cgd0d", "blowfish-cbc", 128);
	ci.ci_ivmethod = "encblkno8";
	CHECK_EQ(l_ioctl(f.l, fd1, CGDIOCSET, &ci), 0);
	CHECK_EQ(
	    l_pwrite(f.l, fd1, data, sizeof(data), 512), (long)sizeof(data));
	CHECK_EQ(l_pread(f.l, fd1, back, sizeof(back), 512), (long)sizeof(back));
	CHECK(memcmp(data, back, sizeof(data)) == 0);
	CHECK_EQ(clear(&f, fd0), -EBUSY);
	CHECK_EQ(clear(&f, fd1), 0);
	CHECK_EQ(l_pread(f.l, fd0, back, 512, 512), 512);
	CHECK(memcmp(data, back, 512) != 0);
	CHECK_EQ(clear(&f, fd0), 0);
	/* And left in one another when the kernel goes. */
	CHECK_EQ(set(&f, fd0, "/dk", "aes-cbc", 128), 0);
	CHECK_EQ(l_ioctl(f.l, fd1, CGDIOCSET, &ci), 0);
	end(&f);
}

/* Requests side by side, more than there are buffers, and somebody who configures meanwhile. */
#define SIDES 6
struct side_arg {
	long fd;
	int number;
};

static long
side_io(struct lwp *l, void *arg)
{
	struct side_arg *a = arg;
	const off_t at = (off_t)a->number * 131072;
	uint8_t *buf = malloc(131072);
	long error = 0;

	for (int round = 0; round < 20 && error == 0; round++) {
		memset(buf, a->number * 20 + round, 131072);
		if (l_pwrite(l, a->fd, buf, 131072, at) != 131072 ||
		    l_pread(l, a->fd, buf, 131072, at) != 131072)
			error = 1;
		for (size_t i = 0; i < 131072; i++)
			if (buf[i] != (uint8_t)(a->number * 20 + round))
				error = 2;
	}
	free(buf);
	return error;
}

TEST(requests_side_by_side)
{
	struct side_arg args[SIDES];
	struct side sides[SIDES];
	struct fixture f;
	struct cgd_user u;
	long fd;

	begin(&f);
	fd = l_open(f.l, "/dev/rcgd0d", O_RDWR, 0);
	CHECK_EQ(set(&f, fd, "/dk", "aes-cbc", 128), 0);
	for (int i = 0; i < SIDES; i++) {
		args[i] = (struct side_arg){ fd, i };
		side_begin(&sides[i], f.p, side_io, &args[i]);
	}
	for (int i = 0; i < 100; i++) {
		memset(&u, 0, sizeof(u));
		CHECK_EQ(l_ioctl(f.l, fd, CGDIOCGET, &u), 0);
	}
	for (int i = 0; i < SIDES; i++)
		CHECK_EQ(side_end(&sides[i]), 0);
	end(&f);
}

static long
side_read(struct lwp *l, void *arg)
{
	struct side_arg *a = arg;
	uint8_t buf[512];
	long n;

	for (int i = 0; i < 2000; i++)
		if ((n = l_pread(l, a->fd, buf, 512, 0)) != 512 &&
		    n != -ENXIO && n != -EINVAL && n != 0)
			return n;
	return 0;
}

/* Who has the device open may read while another one takes the disk and gives it again: bytes or an error. */
TEST(taken_under_a_reader)
{
	struct side_arg arg;
	struct side side;
	struct fixture f;
	long fd;

	begin(&f);
	fd = l_open(f.l, "/dev/rcgd0d", O_RDWR, 0);
	CHECK_EQ(set(&f, fd, "/dk", "aes-cbc", 128), 0);
	arg = (struct side_arg){ fd, 0 };
	side_begin(&side, f.p, side_read, &arg);
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(clear(&f, fd), 0);
		CHECK_EQ(set(&f, fd, "/dk", "aes-cbc", 128), 0);
	}
	CHECK_EQ(side_end(&side), 0);
	end(&f);
}

int
main(void)
{
	RUN(pbkdf2_vectors);
	RUN(keys_of_a_wrong_length_are_refused);
	RUN(xts_vectors);
	RUN(ciphers_agree);
	RUN(ciphertexts_are_netbsds);
	RUN(ciphertexts_are_openssls);
	RUN(configuring_refuses_what_is_wrong);
	RUN(units_tell_what_they_are);
	RUN(labels_are_made_up);
	RUN(transfers_of_any_shape);
	RUN(one_upon_another);
	RUN(requests_side_by_side);
	RUN(taken_under_a_reader);
	return check_done();
}
