/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's own services: what comes to life before the components, and goes after them. */
#include "kern/callout.h"
#include "kern/console.h"
#include "kern/services.h"
#include "kern/sysctl.h"

int
services_init(struct rump_kernel *k)
{
	int error;

	error = console_init(k);
	if (error == 0)
		error = timers_init(k);
	if (error == 0)
		error = sysctl_init(k);
	return error;
}

int
services_start(struct rump_kernel *k)
{
	return sysctl_start(k);
}

void
services_fini(struct rump_kernel *k)
{
	sysctl_fini(k);
	timers_fini(k);
	console_fini(k);
}
