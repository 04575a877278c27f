/* SPDX-License-Identifier: BSD-2-Clause */
/* stat: what its two files share. */
#ifndef TOOLS_FS_STAT_H
#define TOOLS_FS_STAT_H

#include "tools.h"

struct stat_output {
	struct tool *t;
	const char *format, *timefmt;
	bool no_newline;
	int filen; /* number of the operand, from 1 */
	const char *file;
	struct stat st;
};

/* Prints the file by the format. Ends the tool with status 1 when the format is none. */
void stat_print(struct stat_output *);

#endif
