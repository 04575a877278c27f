/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks by the names that users give them. */
#ifndef TOOLS_DISK_OPENDISK_H
#define TOOLS_DISK_OPENDISK_H

#include <rumprun/tool.h>

/*
 * As opendisk(3): a plain name is one of /dev's, raw, and is then taken as it stands; each also with the raw partition's letter behind it. The descriptor, or the
 * negative errno of the last name tried, which *namep is (the tool's memory).
 */
int opendisk(struct tool *, const char *name, int flags, const char **namep);

#endif
