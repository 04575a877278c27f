/* SPDX-License-Identifier: BSD-2-Clause */
/* PF_ROUTE: messages, and who listens. */
#ifndef NET_RTSOCK_PRIVATE_H
#define NET_RTSOCK_PRIVATE_H

#include "net/route_private.h"
#include "net/socketvar.h"

/* One open socket. The list changes with the net lock held exclusively. */
struct rtpcb {
	struct rtpcb *rp_next;
	struct socket *rp_so;
	int rp_family; /* whose messages it wants; 0: all */
};

struct rtsock_state {
	struct rtpcb *rk_pcbs;
};

/* A message that is being written: its header, then addresses. The longest header and nine addresses of 255 bytes fit. */
#define RTMSG_MAX (256 + RTAX_MAX * 256)
struct rtmsg {
	size_t len;
	uint8_t buf[RTMSG_MAX] __attribute__((aligned(8)));
};
/* Begins one with a header of hdrlen bytes, zeroed but for type and version. */
void rtmsg_begin(struct rtmsg *, int type, size_t hdrlen);
/* Appends an address as messages have it; NULL: nothing. True if there was one. */
bool rtmsg_addr(struct rtmsg *, const struct sockaddr *);
/* Appends those of addrs (in order); gives RTA_* of them. */
int rtmsg_addrs(struct rtmsg *, const struct sockaddr *const addrs[RTAX_MAX]);
/* Writes the length into the header. */
void rtmsg_end(struct rtmsg *);

/* N. One entry as RTM_GET's answer and as in NET_RT_DUMP. full: with interface and address. */
void rtmsg_rtentry(struct rtmsg *, int type, struct rtentry *, bool full);
/* N. RTM_NEWADDR and others; ifp: with RTAX_IFP. */
void rtmsg_ifa(struct rtmsg *, int type, struct ifaddr *, bool ifp);
void rtmsg_ifinfo(struct rtmsg *, struct ifnet *, bool ifp);
/* The same in the form of NET_RT_OIFLIST, NET_RT_OOIFLIST. */
void rtmsg_oldifinfo(struct rtmsg *, struct ifnet *, int what);
/* A neighbour, as an entry with RTF_LLDATA. */
struct rtneighbour {
	struct ifnet *ifp;
	const struct sockaddr *key;
	const struct sockaddr_dl *lladdr;
	int flags;
	int64_t expire;
};
void rtmsg_neighbour(struct rtmsg *, int type, const struct rtneighbour *);

/* N or W, no socket locked. To all who want messages of the family; except (may be NULL) does not get it. */
void rtmsg_send(struct rump_kernel *, struct rtmsg *, int family,
    const struct socket *except);
/* Monotonic seconds into those of the wall clock, and back; 0 stays. */
int64_t rt_wall_of(struct rump_kernel *, int64_t when);
int64_t rt_uptime_of(struct rump_kernel *, int64_t when);

/* net/rtsock_sysctl.c */
int rtsock_sysctl_boot(struct rump_kernel *) MUST_CHECK;

#endif
