/* SPDX-License-Identifier: BSD-2-Clause */
/* Routes as text, for route(8) and netstat(1): tables, addresses, names of flags. */
#ifndef ROUTE_RTPRINT_H
#define ROUTE_RTPRINT_H

#include "../iflist.h"

struct rtprint {
	struct tool *t;
	bool numeric;
	bool tags;	 /* a column of tags */
	bool verbose;	 /* metrics below each, and nothing is cut */
	bool neighbours; /* routes of link-layer addresses too */
	bool all_flags;	 /* netstat(1) shows more letters than route(8) */
	struct if_entry *ifs;
};

/* The whole table of a family, or of all with AF_UNSPEC, with headings. 0 or -errno. */
int rtprint_table(struct rtprint *, int af);
/* A destination with its mask: "default", "10.5/16", a name; and an address, "link#2", "b2:a0:..". In the arena. */
const char *rtprint_dest(struct rtprint *, const union any_addr *dst,
    const union any_addr *mask, int flags);
const char *rtprint_addr(struct rtprint *, const union any_addr *);
/* A network in the terms of the flush command: by class, a mask that is not told is 0 or 128. */
const char *rtprint_net(
    struct rtprint *, const union any_addr *dst, const union any_addr *mask);
/* "<UP,GATEWAY>", of flags, in the order of their bits; "" for none. */
const char *rtprint_flags(struct rtprint *, int flags);

#endif
