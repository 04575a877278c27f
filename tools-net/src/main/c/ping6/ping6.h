/* SPDX-License-Identifier: BSD-2-Clause */
/* ping6: what sending and printing share. */
#ifndef PING6_PING6_H
#define PING6_PING6_H

#include "pinglib.h"
#include "../iflist.h"
#include <netbsd/ip6.h>

#define ECHO_HDR 8     /* ICMPv6 header of an echo */
#define NI_HDR 16      /* of a node information query: RFC 4620 */
#define STAMP 8	       /* bytes of a time stamp in the data */
#define MAXDATA 131024 /* data of a request */
#define NS INT64_C(1000000000)

enum p6_query { Q_ECHO, Q_ADDRS, Q_NAME, Q_OLDNAME, Q_TYPES };

struct ping6 {
	struct tool *t;
	int sock;
	struct if_entry *ifs;
	/* options */
	bool debug, flood, lookup, hostgroup, numeric, once, quiet, hint,
	    verbose, haspattern;
	enum p6_query query;
	uint16_t niflags;
	int minmtu; /* times that -m was given */
	const char *ifname, *source, *gateway;
	int64_t interval_ns, deadline_ns, maxwait_ns;
	long count, preload, bufsize;
	size_t datalen, padlen;
	uint8_t pad[16];
	int hoplimit;
	/* where from and to */
	const char *host;
	struct sockaddr_in6 to, from;
	uint8_t *rthdr;
	size_t rthdrlen;
	/* what is sent */
	uint16_t ident;
	uint8_t nonce[8];
	uint8_t *out, *in;
	/* statistics; times in ns */
	uint64_t sent, received, repeated, ntimes;
	int64_t tmin, tmax, start, lastsent;
	double tsum, tsumsq;
	uint8_t seen[8192];
	size_t dots;
	char addrtext[80]; /* of ping6_addr */
};

void ping6_fill(struct ping6 *, uint8_t *data, size_t from, size_t to);
/* An ICMPv6 packet that came. True: a new answer to one of ours. */
bool ping6_packet(struct ping6 *, const uint8_t *, size_t,
    const struct sockaddr_in6 *from, int hoplimit,
    const struct in6_pktinfo *dst);
/* The host's name or its address; good until the next one. */
const char *ping6_addr(struct ping6 *, const struct sockaddr_in6 *);
void ping6_summary(struct ping6 *);
/* The group that asks for a host by its name (RFC 4620, as NetBSD has it). */
void ping6_hostgroup(const char *host, uint8_t addr[16]);

#endif
