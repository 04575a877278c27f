/* SPDX-License-Identifier: BSD-2-Clause */
/* gif(4): what net/if_gif.c and the outer protocols (netinet/in_gif.c, netinet6/in6_gif.c) share. */
#ifndef NET_IF_GIF_H
#define NET_IF_GIF_H

#include <netbsd/in6.h>
#include "net/if_var.h"

union gif_addr {
	struct sockaddr sa;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6; /* with its zone inside */
};

struct gif {
	struct ifnet sc_if; /* first */
	union gif_addr sc_src,
	    sc_dst; /* of the outer header; W. Family 0: no tunnel */
};
#define GIF_MAXHOPS 8

/* N. A packet of family af with its outer header still to be put in front; taken. */
int in_gif_output(struct gif *, int af, struct mbuf *m);
int in6_gif_output(struct gif *, int af, struct mbuf *m);
/* N. The tunnel of a packet that came from src to dst (the other way round than it sends); NULL: none. */
struct gif *gif_find(
    struct rump_kernel *, const union gif_addr *src, const union gif_addr *dst);
/* N. Did it come by the interface that leads to its source? Always, with IFF_LINK2. */
bool gif_ingress_ok(
    const struct gif *, const struct ifnet *rcvif, const union gif_addr *src);
/* N. What was inside, from its own header on: proto IPPROTO_IPV4 or IPPROTO_IPV6, tos of the outer header. Taken. */
void gif_input(struct gif *, struct mbuf *m, int proto, uint8_t tos);
/* tos (traffic class) for the outer header of a packet. */
uint8_t gif_tos(const struct gif *, int af, const struct mbuf *m);

/* At attach, with the family there: takes the protocol numbers. */
void in_gif_attach(struct rump_kernel *);
void in6_gif_attach(struct rump_kernel *);

#endif
