/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mbufs: packets and socket buffers as chains of segments.
 *
 * A chain (m_next) is one packet or record; records of a queue hang at m_nextpkt of their first mbuf. The first mbuf of a packet has
 * M_PKTHDR. Data are in the mbuf itself (m_dat) or in a storage that several mbufs share (struct mext, reference counted): m_copym makes
 * further references, nobody writes to a storage with more than one (m_writable).
 *
 * Every mbuf belongs to one kernel, where it and the whole size of its storage are accounted. A packet that goes to another kernel (in-process
 * wire) is handed over by m_transfer; storages have no owner, so that one may be referred to from several kernels.
 * Functions with the names of mbuf(9) do what that page says. Allocation never sleeps: NULL when the kernel's memory is used up.
 */
#ifndef NET_MBUF_H
#define NET_MBUF_H

#include <netbsd/socket.h>
#include "kern/kernel.h"
#include "net/bytes.h"

struct ifnet;

#define MSIZE 256	  /* an mbuf, all of it */
#define MCLBYTES 2048	  /* an ordinary storage */
#define MBIGCLBYTES 65536 /* the largest that m_getext gives */
#define M_COPYALL SIZE_MAX

struct mext {
	_Atomic uint32_t me_refs;
	uint32_t me_size;
	/* Foreign memory instead of me_data: me_free is called when the last reference goes. NULL: me_data. */
	void (*me_free)(void *arg, void *buf, size_t size);
	void *me_arg;
	uint8_t *me_buf; /* me_data or the foreign memory */
	uint8_t me_data[];
};

/* A remark on a packet (M_PKTHDR), for those further on: NPF, IPv6 scope, PMTU ... */
struct m_tag {
	struct m_tag *m_tag_next;
	uint16_t m_tag_id; /* PACKET_TAG_* of <netbsd/...> or M_TAG_* */
	uint16_t m_tag_len;
	uint8_t m_tag_data[];
};

struct mpkthdr {
	struct ifnet *
	    rcvif; /* came in by; NULL: ours. Valid while the net lock is held without a break */
	uint32_t rcvif_index; /* the same by number, for sockets */
	uint32_t len;	      /* of the whole packet */
	uint32_t csum_flags;  /* M_CSUM_* */
	uint16_t csum_data; /* offset of the checksum from the transport header */
	uint16_t segsz;	    /* with M_CSUM_TSOv4/6: payload of one segment */
	uint16_t vlan;	    /* tag, with M_VLANTAG */
	uint16_t hops; /* nesting through gif, bridge, vlan: loops are cut at 8 */
	int64_t rcvtime_ns; /* wall clock when it came; 0: not taken */
	struct m_tag *tags;
};

struct mbuf {
	struct mbuf *m_next, *m_nextpkt;
	uint8_t *m_data;
	uint32_t m_len;
	uint16_t m_flags; /* M_* */
	uint8_t m_type;	  /* MT_* */
	struct rump_kernel *m_k;
	struct mext *m_ext; /* NULL: data in m_dat */
	union {
		struct mpkthdr m_pkthdr; /* with M_PKTHDR; data behind it */
		uint8_t
		    m_dat[MSIZE - 2 * sizeof(void *) - 16 - 3 * sizeof(void *)];
	};
};
#define MLEN (sizeof(((struct mbuf *)0)->m_dat))
#define MHLEN (MLEN - sizeof(struct mpkthdr))

#define M_PKTHDR 0x1
#define M_EOR 0x2      /* end of a record (SOCK_SEQPACKET) */
#define M_BCAST 0x4    /* link-level broadcast */
#define M_MCAST 0x8    /* link-level multicast */
#define M_PROMISC 8192 /* not for us, taken promiscuously */
#define M_VLANTAG 0x20
#define M_LOOP 0x40	/* has been through lo0 */
#define M_ANYCAST6 0x80 /* IPv6: to an anycast address */
#define M_BRIDGE 0x200	/* has passed a bridge on its way in */
#define M_CANFASTFWD 0x400
#define M_NPF 0x800 /* NPF has let it through: not looked at again */

enum { MT_FREE, MT_DATA, MT_HEADER, MT_SONAME, MT_CONTROL, MT_OOBDATA };

/* In: hardware (or a neighbour in the same process) has checked it. Out: who sends it has left it to the interface or to in_delayed_cksum. */
#define M_CSUM_TCPv4 0x1
#define M_CSUM_UDPv4 0x2
#define M_CSUM_TCPv6 0x4
#define M_CSUM_UDPv6 0x8
#define M_CSUM_IPv4 0x10
#define M_CSUM_IPv4_BAD 0x20
#define M_CSUM_TCP_UDP_BAD 0x40
#define M_CSUM_TSOv4 0x80
#define M_CSUM_TSOv6 0x100

static inline uint8_t *
m_start(const struct mbuf *m) /* of the room for data */
{
	if (m->m_ext != NULL)
		return m->m_ext->me_buf;
	return (uint8_t *)(uintptr_t)m->m_dat +
	    ((m->m_flags & M_PKTHDR) ? sizeof(struct mpkthdr) : 0);
}

static inline size_t
m_room(const struct mbuf *m)
{
	if (m->m_ext != NULL)
		return m->m_ext->me_size;
	return (m->m_flags & M_PKTHDR) ? MHLEN : MLEN;
}

static inline size_t
m_leadingspace(const struct mbuf *m)
{
	return m->m_ext != NULL && atomic_load(&m->m_ext->me_refs) > 1 ?
	    0 :
	    (size_t)(m->m_data - m_start(m));
}

static inline size_t
m_trailingspace(const struct mbuf *m)
{
	return m->m_ext != NULL && atomic_load(&m->m_ext->me_refs) > 1 ?
	    0 :
	    (size_t)(m_start(m) + m_room(m) - (m->m_data + m->m_len));
}

static inline bool
m_writable(const struct mbuf *m)
{
	return m->m_ext == NULL || atomic_load(&m->m_ext->me_refs) == 1;
}

#define mtod(m, t) ((t)(void *)(m)->m_data)

struct mbuf *m_get(struct rump_kernel *, int type) MUST_CHECK;
struct mbuf *m_gethdr(
    struct rump_kernel *, int type) MUST_CHECK; /* tags etc. cleared */
/* The same with a storage of at least size bytes; size 0: MCLBYTES. */
struct mbuf *m_getcl(
    struct rump_kernel *, int type, size_t size, bool pkthdr) MUST_CHECK;
/* An mbuf over foreign memory. free is called exactly once, also when this fails. */
struct mbuf *m_extadd(struct rump_kernel *, void *buf, size_t,
    void (*free)(void *arg, void *buf, size_t), void *arg,
    bool pkthdr) MUST_CHECK;
struct mbuf *m_free(struct mbuf *); /* one; its m_next */
void m_freem(struct mbuf *);	    /* a chain; NULL is nothing */
void m_freepkts(struct mbuf *);	    /* a list of chains by m_nextpkt */
/* Its accounting goes to another kernel; rcvif and tags go. Always succeeds (memory may then be over the limit). */
void m_transfer(struct mbuf *chain, struct rump_kernel *to);

/* A new chain that refers to (or, for short data in mbufs, copies) len bytes at off; a packet header is copied when off is 0. M_COPYALL: the rest. */
struct mbuf *m_copym(const struct mbuf *, size_t off, size_t len) MUST_CHECK;
/* Everything copied, nothing shared; the new first mbuf has at least `lead` bytes of room in front. */
struct mbuf *m_dup(const struct mbuf *, size_t lead) MUST_CHECK;
/* The first len bytes in one piece, at m_data of the result. Frees the chain and gives NULL when it is shorter, or without memory. */
struct mbuf *m_pullup(struct mbuf *, size_t len) MUST_CHECK;
/* Room for len bytes in front (contents undefined), writable; NULL: freed. */
struct mbuf *m_prepend(struct mbuf *, size_t len) MUST_CHECK;
/* The first len bytes may be written to (copied if they are shared). NULL: freed. */
struct mbuf *m_makewritable(struct mbuf *, size_t len) MUST_CHECK;
/* Cuts len bytes from the front, -len from the end. */
void m_adj(struct mbuf *, int len);
void m_cat(
    struct mbuf *, struct mbuf *); /* data only: pkthdr.len is the caller's */
/* Two packets; the second from off on. NULL: nothing happened. */
struct mbuf *m_split(struct mbuf *, size_t off) MUST_CHECK;
size_t m_length(const struct mbuf *); /* counted */
void m_copydata(
    const struct mbuf *, size_t off, size_t len, void *); /* must be there */
/* Overwrites, and lengthens if need be. -ENOMEM; storage that is shared is replaced. */
int m_copyback(struct mbuf *, size_t off, size_t len, const void *) MUST_CHECK;
/* Appends, making mbufs as needed. -ENOMEM: the chain is as before. */
int m_append(struct mbuf *, size_t len, const void *) MUST_CHECK;
/* The mbuf that holds byte off, and where in it; NULL outside. */
struct mbuf *m_getptr(struct mbuf *, size_t off, size_t *where);
/* A packet of these bytes, with 64 bytes of room in front. */
struct mbuf *m_devget(struct rump_kernel *, const void *, size_t len,
    struct ifnet *rcvif) MUST_CHECK;
/* Data of uio into a new chain (len bytes), `lead` bytes of room in the first; a packet. Takes them from the user at once, no lock may be held. */
int m_uiomove(struct rump_kernel *, struct uio *, size_t len, size_t lead,
    struct mbuf **) MUST_CHECK;
/* len bytes at off to the user; the chain stays. */
int m_uiocopy(
    const struct mbuf *, size_t off, size_t len, struct uio *) MUST_CHECK;
/* One piece out of a chain of any number (copies). NULL: freed. */
struct mbuf *m_defrag(struct mbuf *) MUST_CHECK;
/* Takes a tag off, frees all. */
struct m_tag *m_tag_add(
    struct mbuf *, uint16_t id, size_t len) MUST_CHECK; /* data zeroed */
struct m_tag *m_tag_find(const struct mbuf *, uint16_t id);
void m_tag_delete(struct mbuf *, struct m_tag *);
void m_tag_delete_all(struct mbuf *);

/* The internet checksum (RFC 1071). in_cksum: complemented, of len bytes at off, 0 for right data with their checksum in them. */
uint16_t in_cksum(const struct mbuf *, size_t off, size_t len);
/* Partial sums, not complemented: of memory, of a chain; folded to 16 bits by in_cksum_fold. A sum that starts at an odd place is the caller's business. */
uint32_t in_cksum_add(uint32_t sum, const void *, size_t len);
/* Copies and sums in one pass. */
uint32_t in_cksum_copy(uint32_t sum, void *to, const void *from, size_t len);
uint32_t in_cksum_chain(
    uint32_t sum, const struct mbuf *, size_t off, size_t len);
uint16_t in_cksum_fold(uint32_t sum); /* not complemented */
/* With the pseudo header; len bytes of transport data at off. 0: right. Zones inside IPv6 addresses don't count. */
uint16_t in4_cksum(const struct mbuf *, uint8_t proto, uint32_t src,
    uint32_t dst, size_t off, size_t len);
uint16_t in6_cksum(const struct mbuf *, uint8_t proto, const void *src,
    const void *dst, size_t off, size_t len);

#endif
