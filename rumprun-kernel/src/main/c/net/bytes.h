/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers as they stand in packets: big-endian, at any address. */
#ifndef NET_BYTES_H
#define NET_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint16_t
be16_get(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap16(v);
}

static inline uint32_t
be32_get(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

static inline uint64_t
be64_get(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

static inline void
be16_put(void *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
be32_put(void *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
be64_put(void *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

/* Both machines are little-endian; in_addr_t and in_port_t members are in network order as everywhere. */
#define htons(v) __builtin_bswap16((uint16_t)(v))
#define ntohs(v) __builtin_bswap16((uint16_t)(v))
#define htonl(v) __builtin_bswap32((uint32_t)(v))
#define ntohl(v) __builtin_bswap32((uint32_t)(v))

#endif
