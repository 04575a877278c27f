/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device whose reader gets the packets that an interface sends, and whose writer is heard on it: what tun(4) and tap(4) have in common.
 *
 * It has a life of its own: the interface holds one reference, the open file another, so that a reader who sleeps when the interface is destroyed
 * wakes up to ENXIO. It is found by the driver's name and unit.
 */
#ifndef NET_PKTDEV_H
#define NET_PKTDEV_H

#include "dev/dev.h"
#include "net/dev_async.h"
#include "net/if_var.h"

struct pktdev {
	struct rump_kernel *pd_k;
	struct pktdev *pd_next; /* under ts_lock, like pd_refs */
	const char *pd_driver;
	int pd_unit;
	uint32_t pd_major;
	unsigned pd_refs;
	struct ifnet *pd_ifp; /* W; NULL: gone */

	struct kmutex pd_lock; /* a leaf of the network; down to pd_async */
	struct kcond pd_cond;
	struct selinfo pd_sel;
	struct mbuf *pd_head,
	    *pd_tail; /* packets for the reader, by m_nextpkt */
	unsigned pd_len;
	bool pd_open, pd_gone;
	bool pd_ownif; /* the interface goes with the opener */
	struct dev_async pd_async;
};

/* Packets that wait for a reader. */
#define PKTDEV_MAX 256

/* At attach and detach of a driver: the list of devices. */
int pktdev_boot(struct rump_kernel *) MUST_CHECK;
void pktdev_fini(struct rump_kernel *);

/* Of an interface that is being made; one reference. -ENOMEM. */
int pktdev_create(struct ifnet *, uint32_t major, struct pktdev **) MUST_CHECK;
/* W. Of an interface that could not be attached after all. */
void pktdev_abandon(struct pktdev *);
/* The interface goes: nobody finds it any more, sleepers wake. No lock. Gives the interface's reference back. */
void pktdev_gone(struct pktdev *);
struct pktdev *pktdev_find(struct rump_kernel *, const char *driver, int unit);
void pktdev_put(struct pktdev *);

/* One opener at a time: -EBUSY, -ENXIO. */
int pktdev_open(struct pktdev *) MUST_CHECK;
/* Drops what waits. */
void pktdev_close(struct pktdev *);

/* N. For the reader; m is taken. -ENOBUFS: too many; -ENETDOWN: nobody has it open. */
int pktdev_queue(struct pktdev *, struct mbuf *m);
/* A packet; what has no room in the buffer is lost. */
/* needup: only while the interface is up, else -EHOSTDOWN. */
int pktdev_read(
    struct lwp *, struct pktdev *, struct uio *, bool nonblock, bool needup);
/* No lock. The interface's name (IFNAMSIZ); false: it is gone. */
bool pktdev_name(struct pktdev *, char *name);
/* FION*, owner; -ENOTTY: another. */
int pktdev_ioctl(
    struct lwp *, struct pktdev *, unsigned long cmd, void *data) MUST_CHECK;
/* For the fileops: f_data is the device. */
int pktdev_poll(struct lwp *, struct file *, int events);
int pktdev_kqfilter(struct lwp *, struct file *, struct knote *);
int pktdev_fcntl(struct lwp *, struct file *, unsigned cmd, void *data);
int pktdev_stat(struct lwp *, struct file *, struct stat *);

#endif
