/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The internet checksum (RFC 1071). Sums are of 16-bit words in the host's order, which is as good as the network's as
 * long as the bytes are swapped in the end on both sides: a sum is stored as it is.
 */
#include "net/mbuf.h"

/* Sums of 32 bits in 64: 2^32 of them fit. */
static uint64_t
sum_bytes(const uint8_t *p, size_t len)
{
	uint64_t sum = 0, lanes[4] = { 0, 0, 0, 0 };

	for (; len >= 32; len -= 32, p += 32) {
		uint32_t w[8];

		memcpy(w, p, sizeof(w));
		for (int i = 0; i < 4; i++)
			lanes[i] += (uint64_t)w[i] + w[i + 4];
	}
	sum = lanes[0] + lanes[1] + lanes[2] + lanes[3];
	for (; len >= 4; len -= 4, p += 4) {
		uint32_t w;

		memcpy(&w, p, sizeof(w));
		sum += w;
	}
	if (len >= 2) {
		uint16_t w;

		memcpy(&w, p, sizeof(w));
		sum += w;
		p += 2;
		len -= 2;
	}
	if (len > 0)
		sum += *p;
	return sum;
}

static uint32_t
fold64(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (uint32_t)((sum & 0xffff) + (sum >> 16));
}

uint32_t
in_cksum_add(uint32_t sum, const void *p, size_t len)
{
	return fold64(sum_bytes(p, len) + sum);
}

uint32_t
in_cksum_copy(uint32_t sum, void *to, const void *from, size_t len)
{
	/* Pieces that stay in the first cache between the two passes. */
	uint64_t total = sum;
	uint8_t *d = to;
	const uint8_t *s = from;

	while (len > 0) {
		size_t n = len < 4096 ? len : 4096;

		memcpy(d, s, n);
		total += sum_bytes(s, n);
		d += n;
		s += n;
		len -= n;
	}
	return fold64(total);
}

uint16_t
in_cksum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

uint32_t
in_cksum_chain(uint32_t sum, const struct mbuf *m, size_t off, size_t len)
{
	uint64_t total = sum;
	bool odd = false;

	for (; m != NULL && off >= m->m_len && off > 0; m = m->m_next)
		off -= m->m_len;
	for (; m != NULL && len > 0; m = m->m_next) {
		size_t n = m->m_len - off < len ? m->m_len - off : len;
		uint32_t part = in_cksum_fold(
		    fold64(sum_bytes(m->m_data + off, n)));

		if (odd)
			part = (part & 0xff) << 8 | part >> 8;
		total += part;
		odd ^= n & 1;
		len -= n;
		off = 0;
	}
	return fold64(total);
}

uint16_t
in_cksum(const struct mbuf *m, size_t off, size_t len)
{
	return (uint16_t)~in_cksum_fold(in_cksum_chain(0, m, off, len));
}

uint16_t
in4_cksum(const struct mbuf *m, uint8_t proto, uint32_t src, uint32_t dst,
    size_t off, size_t len)
{
	uint64_t sum = (uint64_t)src + dst + htons(proto) + htons(len);

	return (uint16_t)~in_cksum_fold(
	    in_cksum_chain(fold64(sum), m, off, len));
}

/* A zone inside an address (netinet6/inet6.h) is not on the wire. */
static uint64_t
sum_in6(const uint8_t *a)
{
	bool zone = (a[0] == 0xfe && (a[1] & 0xc0) == 0x80) ||
	    (a[0] == 0xff && ((a[1] & 15) == 1 || (a[1] & 15) == 2));

	return zone ? sum_bytes(a, 2) + sum_bytes(a + 4, 12) : sum_bytes(a, 16);
}

uint16_t
in6_cksum(const struct mbuf *m, uint8_t proto, const void *src, const void *dst,
    size_t off, size_t len)
{
	uint64_t sum = sum_in6(src) + sum_in6(dst) + htonl((uint32_t)len) +
	    htonl(proto);

	return (uint16_t)~in_cksum_fold(
	    in_cksum_chain(fold64(sum), m, off, len));
}
