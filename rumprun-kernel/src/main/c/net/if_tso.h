/* SPDX-License-Identifier: BSD-2-Clause */
/* Large TCP segments (M_CSUM_TSOv4, M_CSUM_TSOv6) in software: cut at the last moment, put together at the first. */
#ifndef NET_IF_TSO_H
#define NET_IF_TSO_H

#include "net/if_var.h"

#define M_CSUM_TSO (M_CSUM_TSOv4 | M_CSUM_TSOv6)

/*
 * A frame with its link header and M_CSUM_TSO* becomes frames of segsz bytes of payload each, by m_nextpkt; their checksums are still left to
 * the interface (M_CSUM_TCP*, M_CSUM_IPv4). Data are shared, headers copied. NULL: not TCP after all, or no memory; m is freed in any case.
 */
struct mbuf *tso_split(struct mbuf *m) MUST_CHECK;

#endif
