/* SPDX-License-Identifier: BSD-2-Clause */
/* What net/bpf.c (packets into buffers) and net/bpf_dev.c (buffers to users) share. */
#ifndef NET_BPF_PRIVATE_H
#define NET_BPF_PRIVATE_H

#include "kern/file.h"
#include "net/bpf_var.h"
#include "net/dev_async.h"

/*
 * One open of /dev/bpf. Packets fill the store buffer; when it is full, or a reader may not wait for that, it becomes the hold buffer, which a
 * reader takes whole. While the hold buffer is read or full the third, free, one is away, and what doesn't fit is dropped and counted.
 */
struct bpf_d {
	struct rump_kernel *bd_k;
	struct bpf_d *bd_next;	    /* of all, under bs_lock */
	struct bpf_d *bd_ifnext;    /* of the interface's; W */
	struct ifnet *bd_ifp;	    /* W; NULL: not bound, or it went away */
	struct bpf_insn *bd_filter; /* W */
	unsigned bd_ninsns;
	bool bd_promisc; /* W */

	struct kmutex bd_lock; /* a leaf of the network; down to bd_state */
	struct kcond bd_cond;
	struct selinfo bd_sel;
	uint8_t *bd_sbuf, *bd_hbuf, *bd_fbuf;
	uint32_t bd_slen, bd_hlen;
	uint32_t bd_bufsize;
	uint16_t bd_hdrlen; /* of records: aligns what follows the link header */
	bool bd_busy;	    /* a reader copies the hold buffer */
	bool bd_gone;	    /* its interface went away */
	bool bd_timedout;   /* poll has waited long enough */
	struct callout bd_timer;
	int64_t bd_rtout_ns; /* 0: none */
	struct dev_async bd_async;
	int bd_pid;

	_Atomic bool bd_immediate, bd_hdrcmplt, bd_seesent, bd_feedback;
	_Atomic uint64_t bd_rcount, bd_dcount, bd_ccount;
};

/* What sysctl net.bpf.peers (with the size of an element and how many) gives of each: netstat -B. */
struct bpf_d_ext {
	int32_t bde_bufsize;
	uint8_t bde_promisc, bde_state, bde_immediate;
	int32_t bde_hdrcmplt, bde_seesent;
	int32_t bde_pid;
	uint64_t bde_rcount, bde_dcount, bde_ccount;
	char bde_ifname[IFNAMSIZ];
};

struct bpf_state {
	struct kmutex bs_lock;
	struct bpf_d *bs_list;
	size_t bs_count;
	_Atomic int32_t bs_maxbufsize;
	_Atomic bool bs_jit;
	_Atomic uint64_t bs_recv, bs_drop, bs_capt;
};

/* W. Binds to an interface (NULL: to none). */
void bpf_bind(struct bpf_d *, struct ifnet *);
/* bd_lock held: what is stored becomes what is held; fbuf must be there. */
void bpf_rotate(struct bpf_d *);
/* bd_lock held: tells readers. */
void bpf_wakeup(struct bpf_d *);
/* bd_lock held: something may be read without waiting. */
bool bpf_readable(const struct bpf_d *);
/* Length of an interface's link header, as listeners see it. */
unsigned bpf_linklen(const struct ifnet *);
/* net/bpf_sysctl.c: net.bpf. */
int bpf_sysctl_boot(struct rump_kernel *) MUST_CHECK;

#endif
