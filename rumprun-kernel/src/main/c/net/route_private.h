/* SPDX-License-Identifier: BSD-2-Clause */
/* The routing table: what net/route*.c and net/rtsock*.c share. */
#ifndef NET_ROUTE_PRIVATE_H
#define NET_ROUTE_PRIVATE_H

#include "net/route_var.h"

/* What a copy of an address takes: never less than what readers of its family look at. */
#define RT_SPACE(sa)                                     \
	((sa)->sa_len < sizeof(struct sockaddr_dl) + 8 ? \
		sizeof(struct sockaddr_dl) + 8 :         \
		(size_t)(sa)->sa_len)

/* W. The entry's key and mask are set; there is none with these. -ENOBUFS. */
int rt_insert(struct rump_kernel *, struct rtentry *) MUST_CHECK;
void rt_unlink(struct rump_kernel *, struct rtentry *);
/* Fills in key, mask, family and length of a new entry. -EINVAL. */
int rt_key_set(struct rtentry *, const struct sockaddr *dst,
    const struct sockaddr *mask) MUST_CHECK;

#endif
