/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The in-process wire: an Ethernet segment between any number of kernels of one process. Frames go from kernel to kernel by reference, in the thread
 * of whoever sent them. A wire can lose, delay, reorder, repeat and damage frames, the same ones whenever it is made from the same seed and sees the
 * same frames, and can be captured.
 *
 * A wire belongs to no kernel. Any function may be called by any thread without the net lock, unless said otherwise.
 */
#ifndef NET_IF_WIRE_H
#define NET_IF_WIRE_H

#include "kern/kernel.h"

struct wire;

struct wire_params {
	/* Of a million frames to each receiver: */
	uint32_t wp_loss, wp_duplicate, wp_corrupt, wp_reorder;
	/*
	 * Each frame arrives that much later, and up to jitter more. A reordered one is held back for jitter (1 ms if there is none) longer than that, so that others overtake.
	 */
	int64_t wp_delay_ns, wp_jitter_ns;
	uint64_t wp_rate_bps; /* what a receiver gets at most; 0: no limit */
};

enum {
	WIRE_FRAMES, /* sent by somebody */
	WIRE_BYTES,
	WIRE_DELIVERED, /* to a receiver: several for a broadcast */
	WIRE_LOST,
	WIRE_DUPLICATED,
	WIRE_CORRUPTED,
	WIRE_REORDERED,
	WIRE_OVERFLOWS, /* too many on their way */
	WIRE_NSTATS
};

/* seed 0: a random one. */
int wire_create(uint64_t seed, struct wire **) MUST_CHECK;
/* The maker's reference goes; the wire itself when its last interface does, too. */
void wire_put(struct wire *);
int wire_set(struct wire *, const struct wire_params *); /* -EINVAL */
void wire_stats(struct wire *, uint64_t stats[WIRE_NSTATS]);
/*
 * From now on every frame that is sent goes to fn as well, whole and with its checksums, with its time (wall clock of the sender). One at a time, under
 * a lock: fn must not use the kernels. NULL ends that; after the return the last one is not called any more.
 */
typedef void wire_capture_fn(
    void *ctx, int64_t time_ns, const void *frame, size_t len);
void wire_capture(struct wire *, wire_capture_fn *, void *ctx);
/* The same into a file of the host, as pcap; NULL: the end. */
int wire_capture_file(struct wire *, const char *path) MUST_CHECK;

/* A new interface wireN of the kernel; name: IFNAMSIZ bytes. It goes with the kernel, or by wire_disconnect (-ENXIO: no such interface of a wire). */
int wire_connect(struct rump_kernel *, struct wire *, char *name) MUST_CHECK;
int wire_disconnect(struct rump_kernel *, const char *name) MUST_CHECK;

#endif
