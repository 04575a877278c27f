/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces: what the files net/if*.c and net/link_proto.c share. */
#ifndef NET_IF_PRIVATE_H
#define NET_IF_PRIVATE_H

#include "net/if_var.h"

struct if_clone_state {
	struct if_clone_state *ics_next;
	const struct if_clone *ics_clone;
};

/* Everything under the net lock. */
struct if_state {
	struct ifnet *ifs_list;
	/* By number; a number that is taken and has no interface here is not given out: its packets may be in some queue. */
	struct ifnet **ifs_byindex;
	bool *ifs_taken;
	unsigned ifs_indexmax; /* room in both */
	struct ifnet *ifs_lo0;
	struct if_clone_state *ifs_cloners;
	unsigned ifs_ncloners;
	_Atomic int32_t ifs_sndqmax; /* net.interfaces.lo0.sndq.maxlen */
};

/* A link address: the interface's own (if_dl), or one that it could take. */
struct link_ifaddr {
	struct ifaddr la_ifa; /* first */
	struct sockaddr_dl la_sdl;
	uint8_t la_more[16]; /* room for a name and an address */
	struct sockaddr_dl la_mask;
	uint8_t la_maskmore[16];
};

/* W. Makes one (one reference, the caller's); NULL without memory. */
struct link_ifaddr *link_ifaddr_create(
    struct ifnet *, const uint8_t *lladdr, size_t alen) MUST_CHECK;
/* A sockaddr_dl of an interface: name and address may be empty. buf has at least 44 bytes; gives sdl_len. */
size_t sdl_fill(void *buf, const struct ifnet *, const char *name,
    const uint8_t *lladdr, size_t alen);

/* net/if_clone.c. W: the row of a name with its unit, -1 for a wildcard; NULL. */
struct if_clone_state *if_clone_lookup(
    struct rump_kernel *, const char *name, int *unit);
void if_clone_fini(struct rump_kernel *);
/* N. Names for SIOCIFGCLONERS: at most max of IFNAMSIZ bytes each; gives how many there are. */
unsigned if_clone_list(
    struct rump_kernel *, char (*names)[IFNAMSIZ], unsigned max);

/* net/if_loop.c: lo0 and its cloner. No lock. */
int loop_boot(struct rump_kernel *) MUST_CHECK;

/* net/if_ioctl.c. N. Counters as SIOCGIFDATA and RTM_IFINFO show them. */
void if_getdata(struct ifnet *, struct if_data *);
void if_zerodata(struct ifnet *);
/* net/if_compat.c: the form before 7. */
void if_olddata(const struct if_data *, struct oif_data *);

/* net/if.c. The two parts of if_detach: with the net lock held exclusively, once; and without, by the same thread. */
void if_detach_begin(struct ifnet *);
void if_detach_end(struct ifnet *);
/* No lock: every interface goes, lo0 last. */
void if_shutdown(struct rump_kernel *);
/* W. An interface's link address changes. */
int if_setlladdr(struct ifnet *, const uint8_t *lladdr);

/* net/if_sysctl.c: net.interfaces. */
int if_sysctl_boot(struct rump_kernel *) MUST_CHECK;

/* net/link_proto.c: PF_LINK. */
int link_boot(struct rump_kernel *) MUST_CHECK;

#endif
