/* SPDX-License-Identifier: BSD-2-Clause */
/* rnd(4): /dev/random and /dev/urandom over the host's generator, and the requests of rndctl(8). */
#ifndef DEV_RND_H
#define DEV_RND_H

#include "kern/kernel.h"

int rnd_attach(struct rump_kernel *) MUST_CHECK;
void rnd_detach(struct rump_kernel *);

#endif
