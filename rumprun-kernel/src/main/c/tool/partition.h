/* SPDX-License-Identifier: BSD-2-Clause */
/* Partitions of host images, by name. */
#ifndef TOOL_PARTITION_H
#define TOOL_PARTITION_H

#include "host/host.h"

/* True for "a" to "p" (BSD disklabel) and "p1", "p2" ... (GPT, or MBR where there is none). */
bool tool_partition_name(const char *name);
/* Where that partition lies in the image, in bytes. 0; -ENXIO: there is none; -EINVAL: the table makes no sense; the host's errno. */
int tool_partition_find(const struct host_ops *, const char *path,
    const char *name, uint64_t *begin, uint64_t *size) MUST_CHECK;

#endif
