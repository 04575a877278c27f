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
/* The same for a packet without a link header. */
struct mbuf *tso_split_ip(struct mbuf *m) MUST_CHECK;

/* A segment that is no mbuf: finished headers, and len bytes at off of the large one. */
struct tso_segment {
	const uint8_t *ts_header;
	uint32_t ts_hlen;
	const struct mbuf *ts_m;
	uint32_t ts_off, ts_len;
};
/*
 * Calls fn for every segment of a frame whose checksum was left to the interface (M_CSUM_TCP*), large (M_CSUM_TSO*) or not. False: it is no TCP after
 * all.
 */
bool tso_each(const struct mbuf *,
    void (*fn)(void *ctx, const struct tso_segment *), void *ctx);

/*
 * Segments that come in a row are put together again: frames with their link headers go in, frames come out of emit, in the same order; lro_flush gives out what
 * is held back, before the caller does anything else. What is put together has the checks of its parts behind it, and says so (M_CSUM_TCP*, M_CSUM_TSO*, segsz), so that it can be cut again.
 */
struct lro {
	struct mbuf *l_m, *l_tail; /* NULL: nothing is held back */
	uint32_t l_tcp, l_hlen;	   /* offset of TCP's header; all headers */
	uint32_t l_next;	   /* sequence number that goes on */
	bool l_closed;		   /* nothing more fits behind it */
};
void lro_input(struct lro *, struct mbuf *m,
    void (*emit)(struct ifnet *, struct mbuf *), struct ifnet *);
void lro_flush(
    struct lro *, void (*emit)(struct ifnet *, struct mbuf *), struct ifnet *);

#endif
