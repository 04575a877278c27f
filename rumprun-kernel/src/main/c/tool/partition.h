/* SPDX-License-Identifier: BSD-2-Clause */
/* Partitions of host images, by name. */
#ifndef TOOL_PARTITION_H
#define TOOL_PARTITION_H

#include "dev/parttab.h"
#include "host/host.h"

/* True for "a" to "p" (BSD disklabel) and "p1", "p2" ... (GPT, or MBR where there is none). */
bool tool_partition_name(const char *name);
/* Where that partition lies in the image, in bytes. 0; -ENXIO: there is none; -EINVAL: the table makes no sense; the host's errno. */
int tool_partition_find(const struct host_ops *, const char *path,
    const char *name, uint64_t *begin, uint64_t *size) MUST_CHECK;

typedef int tool_partition_fn(const struct parttab_entry *, void *);
/*
 * Calls fn for the partitions of a BSD label (lettered), or of the other table there is, until it gives nonzero, which is returned; *secsize is set before: the
 * sectors that entries count in. 0; -ENXIO: no table; -EINVAL: a damaged one, fn may have seen some of it; the host's errno.
 */
int tool_partition_scan(const struct host_ops *, const char *path, bool lettered,
    tool_partition_fn *fn, void *arg, uint32_t *secsize) MUST_CHECK;

#endif
