/* SPDX-License-Identifier: BSD-2-Clause */
/* Packet filter hooks: where NPF looks at packets. */
#ifndef NET_PFIL_H
#define NET_PFIL_H

#include <netbsd/in.h>
#include "net/if_var.h"

enum pfil_dir { PFIL_DIR_IN, PFIL_DIR_OUT };
/* N. *mp may be replaced (NULL: taken). 0: go on; else dropped, *mp is freed by the hook, and the errno goes to a local sender. */
typedef int pfil_fn(
    void *arg, struct mbuf **mp, struct ifnet *, int af, enum pfil_dir);
struct pfil_state {
	pfil_fn *pf_fn; /* W; NULL: none */
	void *pf_arg;
	/* W. Interfaces come and go, and their addresses: NPF's maps. May be NULL. */
	void (*pf_ifchange)(void *arg, struct ifnet *, bool attached);
};
/* Called by ip_input, ip_output, ip6_input, ip6_output (forwarded packets pass both). m: header whole and in one piece, numbers in network order. */
static inline int
pfil_run(struct rump_kernel *k, struct mbuf **mp, struct ifnet *ifp, int af,
    enum pfil_dir dir)
{
	const struct pfil_state *pf = NS(k)->ns_pfil;

	return pf == NULL || pf->pf_fn == NULL ?
	    0 :
	    pf->pf_fn(pf->pf_arg, mp, ifp, af, dir);
}

#endif
