/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ping6 -N: the group of a host's name, ff02::2 and the first 32 bits of the MD5 (RFC 1321) of its first label, in lower case, with
 * the length before it.
 */
#include "ping6.h"

static uint32_t
rotate(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

/* One block of 64 bytes: the constants are the whole part of 2^32 times the sine of 1 to 64. */
static void
md5_block(uint32_t s[4], const uint8_t *p)
{
	static const uint32_t k[64] = { 0xd76aa478, 0xe8c7b756, 0x242070db,
		0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
		0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122,
		0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
		0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681,
		0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
		0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942,
		0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9,
		0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085,
		0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
		0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3,
		0x8f0ccc92, 0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0,
		0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
		0xeb86d391 };
	static const uint8_t turn[4][4] = { { 7, 12, 17, 22 }, { 5, 9, 14, 20 },
		{ 4, 11, 16, 23 }, { 6, 10, 15, 21 } };
	uint32_t a = s[0], b = s[1], c = s[2], d = s[3], m[16];

	for (int i = 0; i < 16; i++)
		m[i] = (uint32_t)p[i * 4] | (uint32_t)p[i * 4 + 1] << 8 |
		    (uint32_t)p[i * 4 + 2] << 16 | (uint32_t)p[i * 4 + 3] << 24;
	for (int i = 0; i < 64; i++) {
		uint32_t f;
		int g;

		if (i < 16)
			f = (b & c) | (~b & d), g = i;
		else if (i < 32)
			f = (d & b) | (~d & c), g = (5 * i + 1) % 16;
		else if (i < 48)
			f = b ^ c ^ d, g = (3 * i + 5) % 16;
		else
			f = c ^ (b | ~d), g = 7 * i % 16;
		f += a + k[i] + m[g];
		a = d;
		d = c;
		c = b;
		b += rotate(f, turn[i / 16][i % 4]);
	}
	s[0] += a;
	s[1] += b;
	s[2] += c;
	s[3] += d;
}

void
ping6_hostgroup(const char *host, uint8_t addr[16])
{
	uint32_t s[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	uint8_t block[128] = { 0 };
	size_t n = strcspn(host, "."), total, blocks;

	if (n > 63)
		n = 63;
	block[0] = (uint8_t)n;
	for (size_t i = 0; i < n; i++) {
		char c = host[i];

		block[1 + i] = (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' :
								c);
	}
	total = n + 1;
	block[total] = 0x80;
	blocks = total + 9 <= 64 ? 1 : 2;
	block[blocks * 64 - 8] = (uint8_t)(total * 8);
	block[blocks * 64 - 7] = (uint8_t)(total * 8 >> 8);
	for (size_t i = 0; i < blocks; i++)
		md5_block(s, block + i * 64);
	memset(addr, 0, 16);
	addr[0] = 0xff;
	addr[1] = 0x02;
	addr[11] = 0x02;
	for (int i = 0; i < 4; i++)
		addr[12 + i] = (uint8_t)(s[0] >> (8 * i));
}
