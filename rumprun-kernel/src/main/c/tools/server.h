/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of rump_server share. */
#ifndef TOOLS_SERVER_H
#define TOOLS_SERVER_H

#include <rumprun/tool.h>
#include "kern/kernel.h"

/* What a -d option says. */
struct drive {
	struct drive *dr_next;
	const char *dr_key, *dr_hostpath;
	int dr_type;   /* enum etfs_type */
	char dr_label; /* partition letter, 0: none */
	bool dr_havesize, dr_hostsize, dr_haveoffset;
	uint64_t dr_offset, dr_size;
};

/* Parses; false after it has said what is wrong. */
bool drive_parse(struct tool *, const char *spec, struct drive *);
/* Opens, makes or extends the host's file, and shows it to the kernel. 0, or a positive errno after saying why. */
int drive_register(struct tool *, struct rump_kernel *, const struct drive *);

#endif
