/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual clocks by handle. Contract: <rumprun/rumprun.h>. */
#include "kern/vclock.h"
#include "rump/handle.h"
#include <netbsd/errno.h>

int
rumprun_clock_create(
    int64_t realtime_ns, int64_t seed, struct rumprun_clock **clockp)
{
	struct rumprun_clock *rc = host_malloc(sizeof(*rc));
	int error;

	*clockp = NULL;
	if (rc == NULL)
		return -ENOMEM;
	error = vclock_create(realtime_ns, (uint64_t)seed, &rc->rc_clock);
	if (error != 0) {
		host_free(rc);
		return error;
	}
	*clockp = rc;
	return 0;
}

int
rumprun_clock_free(struct rumprun_clock *rc)
{
	if (rc == NULL)
		return 0;
	vclock_put(rc->rc_clock);
	host_free(rc);
	return 0;
}

int64_t
rumprun_clock_now(struct rumprun_clock *rc)
{
	return vclock_realtime(rc->rc_clock);
}

int
rumprun_clock_advance(struct rumprun_clock *rc, int64_t ns)
{
	return vclock_advance(rc->rc_clock, ns);
}

int
rumprun_clock_automatic(struct rumprun_clock *rc, int on)
{
	vclock_setauto(rc->rc_clock, on != 0);
	return 0;
}

int
rumprun_clock_hold(struct rumprun_clock *rc)
{
	vclock_hold(rc->rc_clock);
	return 0;
}

int
rumprun_clock_release(struct rumprun_clock *rc)
{
	return vclock_release(rc->rc_clock);
}

int
rumprun_clock_asleep(struct rumprun_clock *rc)
{
	return (int)vclock_asleep(rc->rc_clock);
}
