/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's own services: what comes to life before the components, and goes after them. */
#include "kern/callout.h"
#include "kern/console.h"
#include "kern/services.h"
#include "kern/sysctl.h"
#pragma weak sysctl_init
#pragma weak sysctl_start
#pragma weak sysctl_fini

int
services_init(struct rump_kernel *k)
{
	int error;

	error = console_init(k);
	if (error == 0)
		error = timers_init(k);
	if (error == 0 && sysctl_init != NULL)
		error = sysctl_init(k);
	return error;
}

int
services_start(struct rump_kernel *k)
{
	return sysctl_start == NULL ? 0 : sysctl_start(k);
}

void
services_fini(struct rump_kernel *k)
{
	if (sysctl_fini != NULL)
		sysctl_fini(k);
	timers_fini(k);
	console_fini(k);
}
