/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taps: packets of interfaces into the buffers of those who listen.
 *
 * if_bpf points to the first listener of an interface, the others follow by bd_ifnext; list and filters change with the net lock held exclusively, so
 * that a packet, which holds it shared, needs no further lock but a listener's buffers'.
 */
#include <netbsd/poll.h>
#include "net/bpf_private.h"

#define WORDALIGN(n) (((n) + BPF_ALIGNMENT - 1) & ~(size_t)(BPF_ALIGNMENT - 1))

void
bpf_rotate(struct bpf_d *d)
{
	d->bd_hbuf = d->bd_sbuf;
	d->bd_hlen = d->bd_slen;
	d->bd_sbuf = d->bd_fbuf;
	d->bd_slen = 0;
	d->bd_fbuf = NULL;
	d->bd_timedout = false;
}

bool
bpf_readable(const struct bpf_d *d)
{
	return d->bd_gone || d->bd_hlen != 0 ||
	    (d->bd_slen != 0 && (d->bd_immediate || d->bd_timedout));
}

void
bpf_wakeup(struct bpf_d *d)
{
	kcond_broadcast(&d->bd_cond);
	dev_async_signal(d->bd_k, &d->bd_async);
	selnotify(d->bd_k, &d->bd_sel, POLLIN | POLLRDNORM, 0);
}

/* --- a packet --- */

struct seen {
	const struct mbuf *m;
	size_t len;
	struct timespec when;
	bool dated;
};

static void
put_record(struct bpf_d *d, uint8_t *at, struct seen *s, size_t caplen)
{
	struct bpf_hdr h;

	memset(&h, 0, sizeof(h));
	h.bh_tstamp.tv_sec = (long)s->when.tv_sec;
	h.bh_tstamp.tv_usec = (long)(s->when.tv_nsec / 1000);
	h.bh_caplen = (uint32_t)caplen;
	h.bh_datalen = (uint32_t)s->len;
	h.bh_hdrlen = d->bd_hdrlen;
	memset(at, 0, d->bd_hdrlen);
	memcpy(at, &h, sizeof(h) < d->bd_hdrlen ? sizeof(h) : d->bd_hdrlen);
	m_copydata(s->m, 0, caplen, at + d->bd_hdrlen);
}

/* bd_lock held. */
static void
catch_packet(struct bpf_d *d, struct seen *s, size_t snap)
{
	size_t caplen = snap < s->len ? snap : s->len;
	size_t at = WORDALIGN(d->bd_slen), total;
	bool wake = d->bd_immediate || d->bd_timedout;

	if (caplen > d->bd_bufsize - d->bd_hdrlen)
		caplen = d->bd_bufsize - d->bd_hdrlen;
	total = d->bd_hdrlen + caplen;
	if (at > d->bd_bufsize || total > d->bd_bufsize - at) {
		if (d->bd_fbuf == NULL) {
			atomic_fetch_add(&d->bd_dcount, 1);
			atomic_fetch_add(&NS(d->bd_k)->ns_bpf->bs_drop, 1);
			return;
		}
		bpf_rotate(d);
		at = 0;
		wake = true;
	}
	if (!s->dated) {
		kern_nanotime(d->bd_k, &s->when);
		s->dated = true;
	}
	if (at > d->bd_slen)
		memset(d->bd_sbuf + d->bd_slen, 0, at - d->bd_slen);
	put_record(d, d->bd_sbuf + at, s, caplen);
	d->bd_slen = (uint32_t)(at + total);
	if (wake)
		bpf_wakeup(d);
}

static void
show(struct bpf_d *d, struct seen *s)
{
	struct bpf_run run = { .m = s->m, .wirelen = s->len };
	struct bpf_state *bs = NS(d->bd_k)->ns_bpf;
	uint32_t snap;

	atomic_fetch_add_explicit(&d->bd_rcount, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&bs->bs_recv, 1, memory_order_relaxed);
	snap = bpf_filter(d->bd_filter, &run, NULL);
	if (snap == 0)
		return;
	atomic_fetch_add_explicit(&d->bd_ccount, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&bs->bs_capt, 1, memory_order_relaxed);
	kmutex_enter(&d->bd_lock);
	if (d->bd_sbuf != NULL)
		catch_packet(d, s, snap);
	kmutex_exit(&d->bd_lock);
}

void
bpf_mtap_slow(struct ifnet *ifp, const struct mbuf *m, const void *hdr,
    size_t hdrlen, bool out)
{
	struct bpf_d *d = atomic_load(&ifp->if_bpf);
	struct mbuf front;
	struct seen s = { .m = m, .len = m_length(m) };

	if (hdrlen > 0) {
		memset(&front, 0, sizeof(front));
		front.m_data = (uint8_t *)(uintptr_t)hdr;
		front.m_len = (uint32_t)hdrlen;
		front.m_next = (struct mbuf *)(uintptr_t)m;
		s.m = &front;
		s.len += hdrlen;
	}
	for (; d != NULL; d = d->bd_ifnext)
		if (!out || d->bd_seesent)
			show(d, &s);
}

/* --- listeners --- */

unsigned
bpf_linklen(const struct ifnet *ifp)
{
	switch (ifp->if_dlt) {
	case DLT_EN10MB:
		return ETHER_HDR_LEN;
	case DLT_NULL:
		return sizeof(uint32_t);
	default:
		return 0;
	}
}

static void
unlink_listener(struct bpf_d *d)
{
	struct ifnet *ifp = d->bd_ifp;
	struct bpf_d *at = atomic_load(&ifp->if_bpf);

	if (at == d)
		atomic_store(&ifp->if_bpf, d->bd_ifnext);
	else {
		while (at->bd_ifnext != d)
			at = at->bd_ifnext;
		at->bd_ifnext = d->bd_ifnext;
	}
	if (d->bd_promisc && !ifp->if_dying)
		(void)ifpromisc(ifp, false);
	d->bd_promisc = false;
	d->bd_ifnext = NULL;
	d->bd_ifp = NULL;
}

void
bpf_bind(struct bpf_d *d, struct ifnet *ifp)
{
	size_t link;

	if (d->bd_ifp != NULL)
		unlink_listener(d);
	if (ifp == NULL)
		return;
	link = bpf_linklen(ifp);
	kmutex_enter(&d->bd_lock);
	d->bd_hdrlen = (uint16_t)(WORDALIGN(link + SIZEOF_BPF_HDR) - link);
	d->bd_gone = false;
	kmutex_exit(&d->bd_lock);
	d->bd_ifp = ifp;
	d->bd_ifnext = atomic_load(&ifp->if_bpf);
	atomic_store(&ifp->if_bpf, d);
}

void
bpf_ifdetach(struct ifnet *ifp)
{
	struct bpf_d *d;

	while ((d = atomic_load(&ifp->if_bpf)) != NULL) {
		unlink_listener(d);
		kmutex_enter(&d->bd_lock);
		d->bd_gone = true;
		bpf_wakeup(d);
		kmutex_exit(&d->bd_lock);
	}
}

int
bpf_attach(struct rump_kernel *k)
{
	struct bpf_state *bs;
	int error;

	if (NS(k) == NULL)
		return 0;
	if ((bs = kmem_zalloc(k, sizeof(*bs))) == NULL)
		return -ENOMEM;
	bs->bs_maxbufsize = BPF_MAXBUFSIZE;
	NS(k)->ns_bpf = bs;
	if ((error = bpf_sysctl_boot(k)) != 0)
		bpf_detach(k);
	return error;
}

void
bpf_detach(struct rump_kernel *k)
{
	struct bpf_state *bs = NS(k) == NULL ? NULL : NS(k)->ns_bpf;

	if (bs == NULL)
		return;
	NS(k)->ns_bpf = NULL;
	kmem_free(k, bs, sizeof(*bs));
}
