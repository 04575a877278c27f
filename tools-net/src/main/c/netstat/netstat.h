/* SPDX-License-Identifier: BSD-2-Clause */
/* netstat: what was asked for, and the displays. */
#ifndef NETSTAT_NETSTAT_H
#define NETSTAT_NETSTAT_H

#include "iflist.h"
#include "pcblist.h"

#define FAMILY_ALL 0xffffffffu
#define FAMILY_BIT(af) (1u << (af))

struct netstat {
	struct tool *t;
	bool Aflag, aflag, bflag, dflag, hflag, iflag, nflag, Sflag, Tflag;
	bool Lflag, tflag, vflag;
	int sflag;	    /* how often -s was given */
	uint32_t families;  /* FAMILY_BIT of those wanted */
	const char *ifname; /* -I */
	unsigned interval;  /* seconds of -w */
	struct if_entry *ifs;
	int lastaf; /* of the heading that the list of sockets has */
};

/*
 * A line of a table of counters: '#' in the text stands for the counter `a`, a second one for `b`; '@' is the s of a plural of the
 * counter before it, '&' es, '^' y or ies. A line of zeros is left out when -s was given twice.
 */
struct stat_line {
	const char *text;
	short a, b;
};
void stats_lines(struct netstat *, const uint64_t *v, const struct stat_line *);
/* A protocol's counters: false when the kernel has none. */
bool stats_inet(struct netstat *, const char *proto);
bool stats_inet6(struct netstat *, const char *proto);
/* What of a histogram is not zero, under a title. `names` may have NULLs. */
void stats_histogram(struct netstat *, const char *title, const uint64_t *v,
    unsigned n, const char *const *names, unsigned nnames);
/* Of an interface, "ip6" or "icmp6". */
void stats_interface6(struct netstat *, const char *proto, const char *ifname);

/* Sockets of "tcp", "udp6" ... and of the local family. */
void sockets_inet(struct netstat *, const char *proto);
void sockets_local(struct netstat *);
/* -P: one of them. The exit status. */
int sockets_one(struct netstat *, uint64_t pcb);

/* A host's name or its address as numbers; "*" for any. In the arena. */
const char *host_text(struct netstat *, const union any_addr *);

void interfaces_show(struct netstat *);
void interfaces_watch(struct netstat *);

void mbufs_show(struct netstat *);
void queues_show(struct netstat *);
void routes_stats(struct netstat *);
void multicast_show(struct netstat *);
void bpf_show(struct netstat *);
void bpf_stats_show(struct netstat *);

#endif
