/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wires: Ethernet segments between kernels of one program. Conventions: <rumprun/rumprun.h>.
 *
 * A wire can lose, delay, repeat, reorder and damage frames. What it does to the frames on their way to an interface depends on the
 * wire's seed, on when that interface was attached (the first, the second ...) and on the order of the frames only: so what was seen once can be seen
 * again.
 */
#ifndef RUMPRUN_NET_H
#define RUMPRUN_NET_H

#include <rumprun/rumprun.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rumprun_wire;

/*
 * A wire without faults. seed 0: a random one; wires that meet in one kernel should have different seeds, since link addresses are made of them.
 */
RUMPRUN_API int rumprun_wire_create(int64_t seed, struct rumprun_wire **wirep);
/*
 * The handle goes, a capture ends. Interfaces that are attached stay so, and go on with what was set.
 */
RUMPRUN_API int rumprun_wire_destroy(struct rumprun_wire *);
/*
 * A new interface of the kernel on the wire: its name ("wire0") into name (namesize >= 16). It is down, without addresses, has an MTU of 1500
 * that may be set up to 65535, and goes with the kernel. -ENXIO: a kernel without interfaces.
 */
RUMPRUN_API int rumprun_wire_attach(struct rumprun_kernel *,
    struct rumprun_wire *, char *name, size_t namesize);
/* Takes an interface off its wire and out of its kernel. -ENXIO: it is none of a wire. */
RUMPRUN_API int rumprun_wire_detach(struct rumprun_kernel *, const char *name);

/*
 * What happens to a frame on its way to each of its receivers. Of a million frames so many are lost, arrive twice, get a wrong bit, are overtaken by later ones; a
 * frame takes delay_ns, and up to jitter_ns more (by which frames overtake one another, too); a receiver gets at most rate_bps bits a second (0: any number). Times are
 * those of the receiver's kernel. -EINVAL, and nothing changes.
 */
RUMPRUN_API int rumprun_wire_set(struct rumprun_wire *, int loss_ppm,
    int duplicate_ppm, int corrupt_ppm, int reorder_ppm, int64_t delay_ns,
    int64_t jitter_ns, int64_t rate_bps);

/* Writes every frame that is sent to a file of the host, in pcap's format, until the next call; path NULL: no more. */
RUMPRUN_API int rumprun_wire_capture(struct rumprun_wire *, const char *path);
/*
 * Gives every frame that is sent to a function, one at a time, with the time (nanoseconds since 1970); NULL: no more, also not in another thread. The function
 * must not use the wire or its kernels.
 */
typedef void rumprun_wire_frame(
    void *ctx, int64_t time_ns, const void *frame, size_t size);
RUMPRUN_API int rumprun_wire_listen(
    struct rumprun_wire *, rumprun_wire_frame *, void *ctx);

/* Counters: sent; bytes of those; received (each receiver counts); and what became of frames. */
enum {
	RUMPRUN_WIRE_FRAMES,
	RUMPRUN_WIRE_BYTES,
	RUMPRUN_WIRE_DELIVERED,
	RUMPRUN_WIRE_LOST,
	RUMPRUN_WIRE_DUPLICATED,
	RUMPRUN_WIRE_CORRUPTED,
	RUMPRUN_WIRE_REORDERED,
	RUMPRUN_WIRE_OVERFLOWS, /* too many were on their way to a receiver */
	RUMPRUN_WIRE_COUNT
};
RUMPRUN_API void rumprun_wire_stats(
    struct rumprun_wire *, int64_t stats[RUMPRUN_WIRE_COUNT]);

#ifdef __cplusplus
}
#endif

#endif
