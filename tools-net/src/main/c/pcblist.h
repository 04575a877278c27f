/* SPDX-License-Identifier: BSD-2-Clause */
/* Sysctl nodes by their names, and the lists of sockets, as netstat and sockstat read them. */
#ifndef TOOLS_NET_PCBLIST_H
#define TOOLS_NET_PCBLIST_H

#include "tools.h"
#include <netbsd/socket.h>
#include <netbsd/sysctl.h>

/* The number of a node by its dotted name: how many parts, or -errno. */
int sysctl_number(struct tool *, const char *name, int mib[CTL_MAXNAME]);
/* The value of that number, whole, in the arena: 0 or -errno. An empty value is none: *buf is not NULL, *len is 0. */
int sysctl_whole(
    struct tool *, const int *mib, unsigned n, void **buf, size_t *len);
/* At most `size` bytes of the node of that name; what it does not have is zero. 0 or -errno. */
int sysctl_value_of(struct tool *, const char *name, void *buf, size_t size);

/* Every socket of net.*.pcblist: `name` is "inet.tcp", "local.stream". 0 or -errno. Addresses are inside their room. */
int pcblist_get(
    struct tool *, const char *name, struct kinfo_pcb **out, size_t *n);
/* The path of a local address, or "" for none. In the arena. */
const char *pcblist_path(struct tool *, const struct sockaddr *);
/* The port of an Internet address, in host order; 0 for others. */
unsigned pcblist_port(const struct sockaddr *);
/* A port by name or number, "*" for none. `proto` NULL: by number. In the arena. */
const char *port_text(struct tool *, unsigned port, const char *proto);

#endif
