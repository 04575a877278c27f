/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Internet control blocks, of both families: addresses and ports of a socket, and the tables that packets find it by.
 *
 * A block belongs to its socket (so_lock); its place in the table (addresses, ports, state) changes with so_lock and the table's lock held. Lookup takes
 * the table's lock shared and gives a reference to the socket. An AF_INET6 block that is not V6ONLY takes IPv4 packets too and then has inp_vflag INP_IPV4
 * with mapped addresses.
 */
#ifndef NETINET_IN_PCB_H
#define NETINET_IN_PCB_H

#include <netbsd/in6.h>
#include "netinet/inet.h"

struct ip6_pktopts;
struct ip6_moptions;

/* One address in both forms: IPv4 ones as ::ffff:a.b.c.d, words in network order. */
struct in_any {
	union {
		uint8_t a8[16];
		uint32_t a32[4];
		uint64_t a64[2];
	};
};
#define in_any_v4(a) ((a)->a32[3])
static inline bool
in_any_unspecified(const struct in_any *a)
{
	return a->a64[0] == 0 &&
	    (a->a64[1] == 0 || (a->a32[2] == 0xffff0000u && a->a32[3] == 0));
}
void in_any_set4(struct in_any *, uint32_t addr);

/*
 * What a table finds: ends, and places in its hashes. Most are the beginning of a struct inpcb. One that stands alone (a connection in TIME_WAIT, whose
 * socket is gone) only keeps its ends from being used again, and says itself what a socket says else.
 */
struct inpcb_key {
	struct inpcb_key *ik_hashnext,
	    **ik_hashprev; /* connection hash, or hash of local ports */
	struct inpcb_key *ik_portnext,
	    **ik_portprev; /* every bound one, by local port */
	struct in_any ik_laddr, ik_faddr;
	uint32_t ik_zone; /* interface index of link-local addresses; 0 */
	uint16_t ik_lport, ik_fport; /* network order */
	uint8_t ik_af;		     /* the socket's family */
	bool ik_v6only; /* of an AF_INET6 one; set by IPV6_V6ONLY */
	bool ik_alone;
	unsigned ik_options; /* when alone: the socket's SO_* and owner */
	uid_t ik_uid;
};

struct inpcb {
	struct inpcb_key inp_key;
#define inp_laddr inp_key.ik_laddr
#define inp_faddr inp_key.ik_faddr
#define inp_zone inp_key.ik_zone
#define inp_lport inp_key.ik_lport
#define inp_fport inp_key.ik_fport
#define inp_af inp_key.ik_af
#define inp_v6only inp_key.ik_v6only
	struct inpcb *inp_allnext, **inp_allprev;
	struct inpcbtable *inp_table;
	struct socket *inp_socket;
	void *inp_ppcb;	   /* tcpcb, udpcb */
	uint8_t inp_proto; /* raw: the number */
	uint8_t inp_ttl,
	    inp_tos; /* IPv6: inp_hoplimit (-1 default), traffic class */
	int16_t inp_hops6;
	uint32_t inp_flowinfo;
	unsigned inp_flags;  /* INP_* of <netbsd/netstats.h> */
	unsigned inp_flags6; /* IN6P_* of netinet6/inet6.h */
	enum { INP_UNBOUND, INP_BOUND, INP_CONNECTED } inp_state;
	struct route inp_route;
	struct mbuf *inp_options; /* IP options */
	struct ip_moptions *inp_moptions;
	struct ip6_pktopts *inp_outputopts6;
	struct ip6_moptions *inp_moptions6;
	struct icmp6_filter *inp_icmp6filt;
	int inp_cksum6; /* raw IPv6: where the checksum is; -1 */
	int inp_portalgo, inp_errormtu;
	uint8_t inp_minttl;
};

struct inpcbtable {
	struct rump_kernel *it_k;
	struct inpcbtable *it_next; /* of inet_state, for in_pcbpurgeif */
	struct krwlock it_lock;
	struct inpcb_key **it_connhash, **it_bindhash,
	    **it_porthash; /* powers of two; grow; NULL is empty */
	unsigned it_hashsize, it_nalone;
	_Atomic unsigned it_count; /* looked at without the lock, too */
	struct inpcb *it_all;
	uint32_t it_secret[4];
	uint16_t it_lastport, it_lastlow;
};

int inpcbtable_create(
    struct rump_kernel *, unsigned hashsize, struct inpcbtable **) MUST_CHECK;
void inpcbtable_destroy(struct inpcbtable *); /* empty */

/* so_lock held. */
int in_pcballoc(struct socket *, struct inpcbtable *) MUST_CHECK; /* so_pcb */
void in_pcbfree(struct inpcb *); /* off the tables, memory freed, so_pcb NULL */
/* Names of either family. -EADDRINUSE, -EADDRNOTAVAIL, -EACCES (reserved port), -EINVAL (bound), -EAFNOSUPPORT. SO_REUSEADDR/REUSEPORT rules of NetBSD. */
int in_pcbbind(struct inpcb *, struct sockaddr *, struct lwp *);
/* -EADDRNOTAVAIL, -EADDRINUSE (the same connection exists), -EHOSTUNREACH, -EINVAL (port 0) ... Binds if need be. */
int in_pcbconnect(struct inpcb *, struct sockaddr *, struct lwp *);
void in_pcbdisconnect(struct inpcb *);
void in_pcbrehash(struct inpcb
	*); /* after inp_laddr etc. were set by hand; tables' state by inp_state */
int in_setsockaddr(struct inpcb *, struct sockaddr *);
int in_setpeeraddr(struct inpcb *, struct sockaddr *);

/*
 * N. Finds the socket for a packet, with a reference, not locked: so_put it. Its block may go until solock; so look at so->so_pcb after that (NULL:
 * gone). NULL: nobody. zone: interface index for link-local addresses, else 0. The second gives the best of those that are bound but not connected.
 */
struct socket *in_pcblookup_connect(struct inpcbtable *,
    const struct in_any *faddr, uint16_t fport, const struct in_any *laddr,
    uint16_t lport, uint32_t zone);
struct socket *in_pcblookup_bind(struct inpcbtable *,
    const struct in_any *laddr, uint16_t lport, uint32_t zone);
/* The same for a key that stands alone; its owner keeps others from removing it meanwhile. */
struct inpcb_key *in_pcblookup_alone(struct inpcbtable *,
    const struct in_any *faddr, uint16_t fport, const struct in_any *laddr,
    uint16_t lport, uint32_t zone);
/* One that is connected and alone comes, goes. */
void in_pcbkey_insert(struct inpcbtable *, struct inpcb_key *);
void in_pcbkey_remove(struct inpcbtable *, struct inpcb_key *);
static inline struct inpcb *
sotoinpcb(const struct socket *so)
{
	return so->so_pcb;
}
/* Calls fn for each block that matches (NULL: all), so_lock held, with a copy of the list taken: for raw sockets and what is rare. */
int in_pcbforeach(struct inpcbtable *,
    bool (*match)(const struct inpcb *, void *),
    int (*fn)(struct inpcb *, void *), void *);
/* The same for those of one local port only (network order): what comes by broadcast or multicast. */
int in_pcbforeach_port(struct inpcbtable *, uint16_t lport,
    bool (*match)(const struct inpcb *, void *),
    int (*fn)(struct inpcb *, void *), void *);
/* An error (positive errno) for the block of a connection. notify is called with so_lock held. */
void in_pcbnotify(struct inpcbtable *, const struct in_any *faddr,
    uint16_t fport, const struct in_any *laddr, uint16_t lport, int error,
    void (*notify)(struct inpcb *, int error));
/* W. An interface goes: memberships and remembered routes. */
void in_pcbpurgeif(struct inpcbtable *, struct ifnet *);
/* References to the sockets of a family's blocks, without the net lock or after it is gone: -ENOMEM. kmem_free(*list, *size * sizeof(**list)) after so_put of each. */
int in_pcbgather(struct inpcbtable *, int family, struct socket ***list,
    unsigned *n, unsigned *size) MUST_CHECK;
/*
 * net.inet.*.pcblist: no lock is held when something is copied out. in_pcblist_sysctl is all of it for a table; TCP, which shows more than blocks, puts it
 * together of the others: start, some of table and put, end.
 */
struct sysctl_call;
struct in_pcblisting {
	struct sysctl_call *il_c;
	int il_family;
	size_t il_size;	  /* of an element */
	unsigned il_left; /* how many more are wanted */
};
/* Where TCP shows its own part of a block (ki_tstate, ki_tflags); NULL: nothing. Called with so_lock held. */
typedef void in_pcbkinfo_fn(struct inpcb *, struct kinfo_pcb *);
int in_pcblist_sysctl(struct sysctl_call *, struct inpcbtable *, int family);
int in_pcblist_start(
    struct in_pcblisting *, struct sysctl_call *, int family) MUST_CHECK;
int in_pcblist_table(
    struct in_pcblisting *, struct inpcbtable *, in_pcbkinfo_fn *) MUST_CHECK;
int in_pcblist_put(struct in_pcblisting *, const struct kinfo_pcb *) MUST_CHECK;
int in_pcblist_end(struct in_pcblisting *) MUST_CHECK;
/* portalgo: the number of a name, or -EINVAL; the name of a number. in_portpick gives a free port (network order) or 0; table's lock held. */
int portalgo_number(const char *name);
const char *portalgo_name(int algo);
uint16_t in_portpick(struct inpcb *, struct cred *, const struct in_any *laddr,
    const struct in_any *faddr, uint16_t fport);
/* Table's lock held: may this block use that name (network order port)? 0, -EADDRINUSE. */
int in_pcbcheckuse(struct inpcb *, struct cred *, const struct in_any *laddr,
    uint32_t zone, uint16_t lport, bool reuse);
/* Table's lock held: the first of its bucket, by ik_portnext; is there such a connection, but inp's own? */
struct inpcb_key *in_pcbport_first(const struct inpcbtable *, uint16_t lport);
bool in_pcbconn_exists(const struct inpcbtable *, const struct inpcb *inp,
    const struct in_any *faddr, uint16_t fport, const struct in_any *laddr,
    uint16_t lport, uint32_t zone);
/* A name in a sockaddr_in or _in6 (by the socket's family) from an address and port; for recvfrom and the like. zone 0: none. */
void in_any_tosockaddr(const struct in_any *, uint16_t port, uint32_t zone,
    int family, struct sockaddr *);
static inline bool
in_any_isv4(const struct in_any *a)
{
	return a->a64[0] == 0 && a->a32[2] == 0xffff0000u;
}
static inline bool
in_any_eq(const struct in_any *a, const struct in_any *b)
{
	return a->a64[0] == b->a64[0] && a->a64[1] == b->a64[1];
}
/* Takes IPv4, takes IPv6. An AF_INET6 block takes IPv4 unless IN6P_IPV6_V6ONLY (inp_v6only) is set. */
static inline bool
key_takes4(const struct inpcb_key *ik)
{
	return ik->ik_af == AF_INET || !ik->ik_v6only;
}

static inline bool
inp_takes4(const struct inpcb *inp)
{
	return key_takes4(&inp->inp_key);
}

/* Of one that does not stand alone. */
static inline struct inpcb *
key_inpcb(struct inpcb_key *ik)
{
	return (struct inpcb *)(void *)ik; /* its first member */
}

static inline unsigned
key_options(struct inpcb_key *ik)
{
	return ik->ik_alone ?
	    ik->ik_options :
	    atomic_load(&key_inpcb(ik)->inp_socket->so_options);
}

static inline uid_t
key_uid(struct inpcb_key *ik)
{
	return ik->ik_alone ? ik->ik_uid : key_inpcb(ik)->inp_socket->so_uid;
}

#endif
