/* SPDX-License-Identifier: BSD-2-Clause */
/* BPF: taps on interfaces, /dev/bpf, and the machine that runs filter programs (NPF's too). */
#ifndef NET_BPF_VAR_H
#define NET_BPF_VAR_H

#include <netbsd/bpf.h>
#include "net/if_var.h"

#ifndef BPF_H
#define BPF_H 0x08 /* bpf(4): a half word */
#endif

/* N. Interfaces show packets to their listeners; cheap when there are none. Captured bytes are copied. hdr: bytes that stand before m's data, e.g. an AF. */
void bpf_mtap_slow(struct ifnet *, const struct mbuf *, const void *hdr,
    size_t hdrlen, bool out);
static inline void
bpf_mtap(struct ifnet *ifp, const struct mbuf *m, bool out)
{
	if (atomic_load_explicit(&ifp->if_bpf, memory_order_acquire) != NULL)
		bpf_mtap_slow(ifp, m, NULL, 0, out);
}
/* W. Another link type of an interface (the first is if_dlt), e.g. DLT_NULL; gone with if_detach by bpf_ifdetach. */
void bpf_ifdetach(struct ifnet *);

/*
 * Runs a program that bpf_validate has accepted: on a chain (m) or on memory (p, buflen). Gives the program's return value; 0 when it reads outside.
 * mem: scratch words to start with and end with (NPF's), or NULL. cop: the functions of BPF_MISC|BPF_COP, NULL: none.
 */
struct bpf_run {
	const struct mbuf *m; /* or: */
	const uint8_t *p;
	size_t buflen, wirelen;
	uint32_t *mem; /* BPF_MEMWORDS, or NULL */
	void *arg;     /* for the functions */
	unsigned ncops; /* BPF_COPX: how many there are; a number past them ends the program with 0 */
};
typedef uint32_t bpf_copfunc_t(struct bpf_run *, uint32_t A);
uint32_t bpf_filter(
    const struct bpf_insn *, struct bpf_run *, bpf_copfunc_t *const *cops);
/* Whether it ends, stays in bounds, divides by no constant zero; at most BPF_MAXINSNS. ncops: how many functions there are. */
bool bpf_validate(const struct bpf_insn *, size_t n, unsigned ncops);

#endif
