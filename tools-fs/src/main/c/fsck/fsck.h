/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside fsck's front end. */
#ifndef FSCK_FSCK_H
#define FSCK_FSCK_H

#include "tools.h"

/* Exit statuses; those of fsck_<type> are passed on, the worst counts. */
enum {
	FSCK_EXIT_USAGE = 1,
	FSCK_EXIT_CHECK_FAILED = 8,
	FSCK_EXIT_SIGNALED = 12,
};

struct fsck_args {
	int argc;
	char **argv; /* NULL-terminated */
};

/* -T: options for one type. */
struct fsck_typeopts {
	struct fsck_typeopts *next;
	const char *type, *options;
};

struct fsck {
	struct tool *t;
	bool debug, verbose, force, preen, quiet;
	struct fsck_args flags;	   /* for every fsck_<type> */
	struct fsck_args excluded; /* -x */
	struct fsck_typeopts *typeopts;
	struct typelist types; /* -t */
	int status;
	int nfailed;
	char *failed; /* "ffs: /dev/a (/), ..." */
};

/* fsck_detect.c: the type of what `name` (a device or an image) holds; "ffs" when nothing is recognized. Ends the tool when it cannot be read. */
const char *fsck_detect(struct fsck *, const char *name);

#endif
