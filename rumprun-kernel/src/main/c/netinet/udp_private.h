/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP, for both families (RFC 768, 8085). */
#ifndef NETINET_UDP_PRIVATE_H
#define NETINET_UDP_PRIVATE_H

#include "netinet/ip_private.h"
#include "netinet6/inet6.h"

#define UDPH_SPORT 0
#define UDPH_DPORT 2
#define UDPH_LEN 4
#define UDPH_SUM 6
#define UDPH_SIZE 8

struct udp_state {
	struct rump_kernel *us_k;
	struct inpcbtable *us_table;
	_Atomic uint64_t us_stat[UDP_NSTATS];
	_Atomic int32_t us_checksum, us_sendspace, us_recvspace,
	    us_loopbackcksum, us_sendspace6, us_recvspace6, us_loopbackcksum6;
};
#define UDP(k) (NS(k)->ns_udp)

static inline uint16_t
net16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, 2);
	return v;
}

/* A datagram on its way to a socket. Addresses without zone. */
struct udp_in {
	struct mbuf *m; /* from the IP header on */
	unsigned off;	/* of the UDP header */
	struct in_any src, dst;
	uint16_t sport, dport; /* network order */
	uint32_t zone;
	bool v6;
};
/* N. To who it is for; true: somebody had it (m is taken in either case). false: m stays. */
bool udp_deliver(struct udp_in *);
/* N. To every socket that it fits. m is taken; false: nobody had it. */
bool udp_deliver_all(struct udp_in *);
void udp_notify(struct inpcb *, int error);
/* N, so_lock. Over IPv4, from a block of either family. m is taken. laddr: network order, INADDR_ANY: by route. */
int udp4_output(struct inpcb *, struct mbuf *, uint32_t laddr, uint32_t faddr,
    uint16_t fport, uint32_t ifindex);
int udp6_send(struct lwp *, struct socket *, struct mbuf *, struct sockaddr *,
    struct mbuf *control, int flags);
int udp6_input(struct mbuf **, int *, int);
void udp6_ctlinput(struct rump_kernel *, int cmd, const struct sockaddr_in6 *,
    const struct sockaddr_in6 *, const uint8_t *q, size_t, uint32_t mtu);
extern const struct ip6protosw udp6_protosw;

#endif
