/* SPDX-License-Identifier: BSD-2-Clause */
/* SIGIO for whoever asked a device of the network for it. */
#include <netbsd/ioctl.h>
#include <netbsd/signal.h>
#include "kern/proc.h"
#include "net/dev_async.h"

static bool
is_there(struct rump_kernel *k, int pid)
{
	struct proc *p;

	kmutex_enter(&k->k_proclock);
	p = proc_find(k, pid);
	kmutex_exit(&k->k_proclock);
	return p != NULL;
}

int
dev_async_ioctl(
    struct lwp *l, struct dev_async *da, unsigned long cmd, void *data)
{
	int v;

	switch (cmd) {
	case FIONBIO:
		return 0;
	case FIOASYNC:
		memcpy(&v, data, sizeof(v));
		da->da_on = v != 0;
		return 0;
	case FIOSETOWN:
	case TIOCSPGRP:
		memcpy(&v, data, sizeof(v));
		if (v == INT32_MIN)
			return -EINVAL;
		if (cmd == TIOCSPGRP)
			v = -v;
		if (v > 0 && !is_there(l->l_k, v))
			return -ESRCH;
		da->da_owner = v;
		return 0;
	case FIOGETOWN:
	case TIOCGPGRP:
		v = cmd == TIOCGPGRP ? -da->da_owner : da->da_owner;
		memcpy(data, &v, sizeof(v));
		return 0;
	default:
		return -ENOTTY;
	}
}

static int
signal_group(struct proc *p, void *arg)
{
	const int *group = arg;

	if (p->p_pgid == *group)
		proc_signal(p, SIGIO);
	return 0;
}

void
dev_async_signal(struct rump_kernel *k, const struct dev_async *da)
{
	int owner = da->da_owner, group = -owner;
	struct proc *p;

	if (!da->da_on || owner == 0)
		return;
	if (owner < 0) {
		(void)proc_foreach(k, signal_group, &group);
		return;
	}
	kmutex_enter(&k->k_proclock);
	if ((p = proc_find(k, owner)) != NULL)
		proc_signal(p, SIGIO);
	kmutex_exit(&k->k_proclock);
}
