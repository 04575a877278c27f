/* SPDX-License-Identifier: BSD-2-Clause */
/* ping: what sending and printing share. */
#ifndef PING_PING_H
#define PING_PING_H

#include "pinglib.h"
#include <netbsd/in.h>
#include <netbsd/ip.h>
#include <rumprun/tool_net.h>

#define ICMP_HDR 8
#define STAMP 8	      /* bytes of a time stamp in the data */
#define MAXDATA 65467 /* data of a request, beside the longest IP header */
#define MAXROUTES 9
#define NS INT64_C(1000000000)

struct ping {
	struct tool *t;
	int sock;
	/* options */
	bool audible, compat, dontfrag, debug, flood, noloop, numeric, once,
	    random, noerrors, quiet, recordroute, dontroute, verbose,
	    haspattern;
	const char *gateway, *source;
	int64_t interval_ns, maxwait_ns;
	long count, preload; /* count 0: no end */
	size_t datalen;	     /* as asked for */
	size_t padlen;	     /* of the pattern */
	uint8_t pad[16];
	int ttl, tos;
	/* where to */
	const char *host;
	struct sockaddr_in to;
	/* what is sent */
	uint8_t options[40];
	size_t noptions;
	uint16_t ident;
	uint32_t seed;
	uint8_t out[20 + 40 + ICMP_HDR + MAXDATA + 8];
	uint8_t in[65536];
	/* statistics; times in ns */
	uint64_t sent, received, repeated;
	int64_t tmin, tmax, first, lastsent;
	double tsum, tsumsq;
	uint64_t ntimes;
	uint8_t seen[8192]; /* a bit a sequence number */
	uint8_t lastroute[40];
	size_t lastroutelen;
	size_t dots;
	/* the address that was printed last */
	uint32_t addr;
	char *addrtext;
};

/* Handles one packet that has come, from its IP header on. True: a new answer to one of ours. */
bool ping_packet(
    struct ping *, const uint8_t *, size_t, const struct sockaddr_in *from);
/* Pattern, or what stands for it, of the data behind the time stamp. */
void ping_fill(struct ping *, uint8_t *, size_t from, size_t to, uint16_t seq);
/* The host's name with its address, or the address alone; good until the next one. */
const char *ping_addr(struct ping *, uint32_t addr);
void ping_summary(struct ping *);

#endif
