/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages on a routing socket: what arp and ndp send about neighbours, and the answers. */
#ifndef TOOLS_NET_NBMSG_H
#define TOOLS_NET_NBMSG_H

#include "iflist.h"

struct nbmsg {
	struct rt_msghdr hdr;
	uint8_t space[1024];
	size_t len; /* of header and addresses */
};

/* The header, with the addresses that follow by nbmsg_add in the order of their RTA_* bits. */
void nbmsg_begin(struct nbmsg *, int type, int flags);
void nbmsg_add(struct nbmsg *, int rta, const void *sockaddr);
/* Sends it on a socket of its own: 0 or what write said. */
int nbmsg_send(struct tool *, struct nbmsg *);
/* Sends it and waits for its answer, which takes its place; addresses to `info`. What reading said, as -errno, when the write was done. */
int nbmsg_ask(struct tool *, struct nbmsg *, union any_addr info[RTAX_MAX],
    bool *written);

/* A neighbour of the kernel's list. */
struct neighbour {
	struct neighbour *next;
	union any_addr addr, link;
	int flags; /* RTF_* */
	unsigned index;
	int64_t expire; /* wall-clock seconds, 0: never */
	bool proxy;	/* published for others only */
};
/* Every neighbour of a family. 0 or -errno. */
int neighbours_get(struct tool *, int af, struct neighbour **);
/* Where a host is reached directly: the interface's number and type. 0, -EADDRNOTAVAIL: not directly, or what the kernel said (*written tells of what). */
int neighbour_interface(struct tool *, const union any_addr *dst,
    struct sockaddr_dl *link, bool *written);

#endif
