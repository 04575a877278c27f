/* SPDX-License-Identifier: BSD-2-Clause */
/* Wires by handle. Contract: <rumprun/net.h>. */
#include <netbsd/if.h>
#include <rumprun/net.h>
#include "net/if_wire.h"
#include "rump/handle.h"

_Static_assert((int)RUMPRUN_WIRE_COUNT == (int)WIRE_NSTATS &&
	(int)RUMPRUN_WIRE_LOST == (int)WIRE_LOST &&
	(int)RUMPRUN_WIRE_OVERFLOWS == (int)WIRE_OVERFLOWS,
    "counters in one order");

struct rumprun_wire {
	struct wire *rw_wire;
};

int
rumprun_wire_create(int64_t seed, struct rumprun_wire **wirep)
{
	struct rumprun_wire *rw = host_malloc(sizeof(*rw));
	int error;

	*wirep = NULL;
	if (rw == NULL)
		return -ENOMEM;
	if ((error = wire_create((uint64_t)seed, &rw->rw_wire)) != 0) {
		host_free(rw);
		return error;
	}
	*wirep = rw;
	return 0;
}

int
rumprun_wire_destroy(struct rumprun_wire *rw)
{
	if (rw == NULL)
		return 0;
	wire_capture(rw->rw_wire, NULL, NULL);
	wire_put(rw->rw_wire);
	host_free(rw);
	return 0;
}

int
rumprun_wire_attach(struct rumprun_kernel *rk, struct rumprun_wire *rw,
    char *name, size_t namesize)
{
	int error = -ESHUTDOWN;

	if (name == NULL || namesize < IFNAMSIZ)
		return -EINVAL;
	kmutex_enter(&rk->rk_lock);
	if (rk->rk_k != NULL)
		error = wire_connect(rk->rk_k, rw->rw_wire, name);
	kmutex_exit(&rk->rk_lock);
	return error;
}

int
rumprun_wire_detach(struct rumprun_kernel *rk, const char *name)
{
	int error = -ESHUTDOWN;

	if (name == NULL)
		return -EINVAL;
	kmutex_enter(&rk->rk_lock);
	if (rk->rk_k != NULL)
		error = wire_disconnect(rk->rk_k, name);
	kmutex_exit(&rk->rk_lock);
	return error;
}

int
rumprun_wire_set(struct rumprun_wire *rw, int loss_ppm, int duplicate_ppm,
    int corrupt_ppm, int reorder_ppm, int64_t delay_ns, int64_t jitter_ns,
    int64_t rate_bps)
{
	struct wire_params wp = { (uint32_t)loss_ppm, (uint32_t)duplicate_ppm,
		(uint32_t)corrupt_ppm, (uint32_t)reorder_ppm, delay_ns,
		jitter_ns, (uint64_t)rate_bps };

	if (loss_ppm < 0 || duplicate_ppm < 0 || corrupt_ppm < 0 ||
	    reorder_ppm < 0 || rate_bps < 0)
		return -EINVAL;
	return wire_set(rw->rw_wire, &wp);
}

int
rumprun_wire_capture(struct rumprun_wire *rw, const char *path)
{
	return wire_capture_file(rw->rw_wire, path);
}

int
rumprun_wire_listen(struct rumprun_wire *rw, rumprun_wire_frame *fn, void *ctx)
{
	wire_capture(rw->rw_wire, fn, ctx);
	return 0;
}

void
rumprun_wire_stats(struct rumprun_wire *rw, int64_t stats[RUMPRUN_WIRE_COUNT])
{
	uint64_t s[WIRE_NSTATS];

	wire_stats(rw->rw_wire, s);
	for (int i = 0; i < WIRE_NSTATS; i++)
		stats[i] = (int64_t)s[i];
}
