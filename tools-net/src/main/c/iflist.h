/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces and their addresses, by the routing sysctl, as getifaddrs(3) has them. */
#ifndef TOOLS_NET_IFLIST_H
#define TOOLS_NET_IFLIST_H

#include "tools.h"
#include <netbsd/if.h>
#include <netbsd/in.h>
#include <netbsd/in6.h>
#include <netbsd/route.h>

union any_addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_dl dl;
	uint8_t bytes[256]; /* sa_len is the room that there can be */
};

/* One address. An IPv6 address with a zone has it in sin6_scope_id, not inside. `mask` and `dst` have family 0 when there is none. */
struct ifa_entry {
	struct ifa_entry *next;
	union any_addr addr, mask,
	    dst; /* dst: the broadcast address, or the other end */
};

struct if_entry {
	struct if_entry *next;
	char name[IFNAMSIZ];
	unsigned index;
	int flags;
	struct if_data data;
	union any_addr link; /* the active link address */
	struct ifa_entry *addrs;
};

/* Every interface, in the kernel's order. 0 or -errno. */
int iflist_get(struct tool *, struct if_entry **out);
/* For who asks again and again. */
void iflist_free(struct tool *, struct if_entry *);
/* The interface of that name or number, or NULL. */
const struct if_entry *iflist_name(const struct if_entry *, const char *name);
const struct if_entry *iflist_index(const struct if_entry *, unsigned index);

/*
 * The addresses that follow a message of the routing socket: `buf` to `end`, which of them by the RTA_* bits of `addrs`. Those that are not there get family 0.
 * False when they do not fit.
 */
bool rt_addresses(
    const void *buf, const void *end, int addrs, union any_addr info[RTAX_MAX]);
/* sysctl net.route: the whole answer in the arena. 0 or -errno. */
int rt_sysctl(struct tool *, int af, int op, int arg, void **buf, size_t *len);

/* The bytes of a link address, and its text "02:00:..."; "" when there is none. */
const uint8_t *link_bytes(const union any_addr *, unsigned *len);
char *link_text(const union any_addr *, char out[64]);
/* A link address from text: groups of one or two digits between colons, at least two groups. */
bool link_parse(const char *s, struct sockaddr_dl *);

/* Moves the zone that some kernels put inside a link-local IPv6 address to sin6_scope_id. */
void in6_zone_out(struct sockaddr_in6 *);
/* "fe80::1%lo0"; `list` may be NULL: then the number. */
char *in6_text(
    const struct sockaddr_in6 *, const struct if_entry *list, char out[80]);
/* An IPv6 address, with "%zone" or without; zones are looked up in the list. */
bool in6_parse(
    const char *s, const struct if_entry *list, struct sockaddr_in6 *);
/* Leading ones of a mask; the rest is not looked at. */
unsigned mask_length(const uint8_t *bytes, size_t n);

#endif
