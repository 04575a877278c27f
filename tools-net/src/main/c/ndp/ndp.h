/* SPDX-License-Identifier: BSD-2-Clause */
/* ndp: what its files share. */
#ifndef NDP_H
#define NDP_H

#include "nbmsg.h"
#include <netbsd/in6_var.h>
#include <netbsd/ip6.h>
#include <netbsd/sockio.h>
#include <netbsd/time.h>

struct ndp {
	struct tool *t;
	bool numeric, stamp;
	int64_t repeat; /* seconds, -1: once */
	const struct if_entry *ifs;
};

/* A span of seconds, "1d2h3m4s"; the wall clock's seconds. */
char *ndp_span(int64_t seconds, char out[48]);
int64_t ndp_now(struct ndp *);
/* An ioctl on an IPv6 socket; -errno. */
int ndp_ioctl(struct ndp *, unsigned long com, void *data);
/* The state of a neighbour; false: the kernel has none. */
bool ndp_state(struct ndp *, const struct sockaddr_in6 *, unsigned ifindex,
    struct in6_nbrinfo *);
/* An address, by its name unless names are not wanted. */
char *ndp_host(struct ndp *, const struct sockaddr_in6 *, char out[80]);

/* lists.c: prefixes, routers, interfaces, and what empties them. They return the exit status. */
int ndp_prefixes(struct ndp *);
int ndp_routers(struct ndp *);
int ndp_flush(struct ndp *, unsigned long com, const char *what);
int ndp_interface(struct ndp *, const char *name, char *const *flags);
int ndp_default(struct ndp *, const char *name);

#endif
