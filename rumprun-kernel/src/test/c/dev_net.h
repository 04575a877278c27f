/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of interfaces by way of tap(4): the test is what is at the other end of their cables. */
#ifndef DEV_NET_H
#define DEV_NET_H

#include <netbsd/if_bridgevar.h>
#include <netbsd/in6_var.h>
#include <netbsd/in_var.h>
#include "net/bytes.h"
#include "net/if_var.h"
#include "netinet/inet.h"
#include "sock_calls.h"

struct nets {
	struct fixture f;
	long s;	     /* a socket for requests */
	long tap[8]; /* devices, by unit */
};

static inline long
n_if(struct nets *n, unsigned long cmd, const char *name, struct ifreq *ifr)
{
	memset(ifr->ifr_name, 0, sizeof(ifr->ifr_name));
	memcpy(ifr->ifr_name, name, strlen(name));
	return l_ioctl(n->f.l, n->s, cmd, ifr);
}

static inline long
n_create(struct nets *n, const char *name)
{
	struct ifreq ifr = { 0 };

	return n_if(n, SIOCIFCREATE, name, &ifr);
}

static inline long
n_destroy(struct nets *n, const char *name)
{
	struct ifreq ifr = { 0 };

	return n_if(n, SIOCIFDESTROY, name, &ifr);
}

static inline int
n_flags(struct nets *n, const char *name)
{
	struct ifreq ifr = { 0 };

	CHECK_EQ(n_if(n, SIOCGIFFLAGS, name, &ifr), 0);
	return (uint16_t)ifr.ifr_ifru.ifru_flags;
}

static inline long
n_setflags(struct nets *n, const char *name, int set, int clear)
{
	struct ifreq ifr = { 0 };

	ifr.ifr_ifru.ifru_flags = (short)((n_flags(n, name) | set) & ~clear);
	return n_if(n, SIOCSIFFLAGS, name, &ifr);
}

static inline long
n_up(struct nets *n, const char *name)
{
	return n_setflags(n, name, IFF_UP, 0);
}

static inline void
n_lladdr(struct nets *n, const char *name, uint8_t to[6])
{
	struct ifnet *ifp;

	net_rdlock(n->f.k);
	ifp = if_byname(n->f.k, name);
	CHECK_THREAD(ifp != NULL);
	if (ifp != NULL)
		memcpy(to, ifp->if_lladdr, 6);
	net_unlock(n->f.k);
}

/* tapN, up, with its device open and not blocking. */
static inline void
n_tap(struct nets *n, int unit)
{
	char name[16], path[24];

	snprintf(name, sizeof(name), "tap%d", unit);
	snprintf(path, sizeof(path), "/dev/%s", name);
	CHECK_EQ(n_create(n, name), 0);
	n->tap[unit] = l_open(n->f.l, path, O_RDWR | O_NONBLOCK, 0);
	CHECK(n->tap[unit] >= 0);
	CHECK_EQ(n_up(n, name), 0);
}

static inline void
n_begin_config(struct nets *n, int taps, const struct kern_config *config)
{
	memset(n, 0, sizeof(*n));
	up_config(&n->f, config);
	INET(n->f.k)->ip_dad_count = 0;
	n->s = l_socket(n->f.l, AF_INET, SOCK_DGRAM, 0);
	CHECK(n->s >= 0);
	for (int i = 0; i < taps; i++)
		n_tap(n, i);
}

static inline void
n_begin(struct nets *n, int taps)
{
	n_begin_config(n, taps, NULL);
}

static inline void
n_end(struct nets *n)
{
	down(&n->f);
}

/* A frame: destination, source, type, and n bytes that count from `first`. Gives its length. */
static inline size_t
n_frame(uint8_t *f, const uint8_t *dst, const uint8_t *src, uint16_t type,
    size_t n, uint8_t first)
{
	memcpy(f, dst, 6);
	memcpy(f + 6, src, 6);
	be16_put(f + 12, type);
	for (size_t i = 0; i < n; i++)
		f[14 + i] = (uint8_t)(first + i);
	return 14 + n;
}

static inline void
n_put(struct nets *n, int unit, const uint8_t *f, size_t len)
{
	CHECK_EQ(l_write(n->f.l, n->tap[unit], f, len), (long)len);
}

/* What was sent by a tap; -EAGAIN: nothing. What hosts say of themselves by IPv6 and ARP is passed over, unless it is asked for. */
static inline long
n_get_any(struct nets *n, int unit, uint8_t *f, size_t room)
{
	return l_read(n->f.l, n->tap[unit], f, room);
}

static inline long
n_get(struct nets *n, int unit, uint8_t *f, size_t room)
{
	long got;

	do
		got = n_get_any(n, unit, f, room);
	while (got >= 14 && f[0] == 0x33);
	return got;
}

static inline long
n_addr(struct nets *n, const char *name, uint32_t addr, uint32_t mask,
    uint32_t dst)
{
	struct in_aliasreq r;

	memset(&r, 0, sizeof(r));
	memcpy(r.ifra_name, name, strlen(name));
	r.ifra_addr.sin_len = r.ifra_mask.sin_len = sizeof(r.ifra_addr);
	r.ifra_addr.sin_family = r.ifra_mask.sin_family = AF_INET;
	be32_put(&r.ifra_addr.sin_addr, addr);
	be32_put(&r.ifra_mask.sin_addr, mask);
	if (dst != 0) {
		r.ifra_dstaddr.sin_len = sizeof(r.ifra_dstaddr);
		r.ifra_dstaddr.sin_family = AF_INET;
		be32_put(&r.ifra_dstaddr.sin_addr, dst);
	}
	return l_ioctl(n->f.l, n->s, SIOCAIFADDR, &r);
}

static inline void
drain(struct nets *n, int unit)
{
	uint8_t f[2048];

	while (n_get_any(n, unit, f, sizeof(f)) > 0)
		continue;
}

static inline long
v_set(struct nets *n, const char *name, const char *parent, uint16_t tag)
{
	struct ifreq ifr = { 0 };
	struct vlanreq r;

	memset(&r, 0, sizeof(r));
	memcpy(r.vlr_parent, parent, strlen(parent));
	r.vlr_tag = tag;
	ifr.ifr_ifru.ifru_data = &r;
	return n_if(n, SIOCSETVLAN, name, &ifr);
}

static inline long
g_tunnel(struct nets *n, const char *name, uint32_t src, uint32_t dst)
{
	struct in_aliasreq r;

	memset(&r, 0, sizeof(r));
	memcpy(r.ifra_name, name, strlen(name));
	r.ifra_addr.sin_len = r.ifra_dstaddr.sin_len = sizeof(r.ifra_addr);
	r.ifra_addr.sin_family = r.ifra_dstaddr.sin_family = AF_INET;
	be32_put(&r.ifra_addr.sin_addr, src);
	be32_put(&r.ifra_dstaddr.sin_addr, dst);
	return l_ioctl(n->f.l, n->s, SIOCSIFPHYADDR, &r);
}

#endif
