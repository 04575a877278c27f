/* SPDX-License-Identifier: BSD-2-Clause */
/* What ping(8) and ping6(8) share. */
#ifndef TOOLS_NET_PINGLIB_H
#define TOOLS_NET_PINGLIB_H

#include "tools.h"

/* Monotonic nanoseconds; ends the tool when there is no clock. */
int64_t ping_clock(struct tool *);
/* The square root, of what is above 0; else 0. */
double ping_root(double);
/* The value of a hexadecimal digit; -1: it is none. */
int ping_hexdigit(int c);

/* Big endian, from a packet. */
static inline uint32_t
get16(const uint8_t *b)
{
	return (uint32_t)b[0] << 8 | b[1];
}

static inline uint32_t
get32(const uint8_t *b)
{
	return get16(b) << 16 | get16(b + 2);
}

#endif
