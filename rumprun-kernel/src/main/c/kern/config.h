/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel's configuration from text. */
#ifndef KERN_CONFIG_H
#define KERN_CONFIG_H

#include "kern/kernel.h"

/*
 * Sets one value by its name in the environment: RUMP_NCPU, RUMP_VERBOSE, RUMP_MEMLIMIT, RUMP_NVNODES, RUMP_BLKFAIL, RUMP_BLKFAIL_SEED,
 * RUMP_BLKSECTSHIFT, RUMP_WEDGES. -EINVAL: the value is none; -ENOENT: no such name.
 */
int kern_config_set(
    struct kern_config *, const char *name, const char *value) MUST_CHECK;
/* All of them from the host's environment. */
int kern_config_env(struct kern_config *) MUST_CHECK;
/* "ncpu=2,verbose,memlimit=64m": the same names in lower case and without RUMP_. */
int kern_config_options(struct kern_config *, const char *options) MUST_CHECK;

#endif
