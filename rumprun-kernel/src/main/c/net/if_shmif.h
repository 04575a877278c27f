/* SPDX-License-Identifier: BSD-2-Clause */
/* shmif for others: booting it, and making an interface with its bus at once. */
#ifndef NET_IF_SHMIF_H
#define NET_IF_SHMIF_H

#include "kern/kernel.h"

int shmif_attach(struct rump_kernel *) MUST_CHECK;
/* The first free shmifN on the bus at path (NULL: without one); no lock. name: IFNAMSIZ bytes. As SIOCIFCREATE and SIOCSLINKSTR. */
int shmif_create(struct rump_kernel *, const char *path, char *name) MUST_CHECK;

#endif
