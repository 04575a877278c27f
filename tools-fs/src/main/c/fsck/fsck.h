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
	bool debug, verbose, force, preen, quiet, progress;
	int most;		   /* -l, 0: as many as there are disks */
	struct fsck_args flags;	   /* for every fsck_<type> */
	struct fsck_args excluded; /* -x */
	struct fsck_typeopts *typeopts;
	struct typelist types; /* -t */
	int status;
	int nfailed;
	char *failed; /* "ffs: /dev/a (/), ..." */
};

/* One file system to be checked; `mntpt` is NULL when it isn't in the table. */
struct fsck_job {
	const char *spec, *type, *mntpt;
};
/* The command of a check, shown when that is wanted; false: it is not to be run. `wait`: nothing runs meanwhile. */
bool fsck_prepare(
    struct fsck *, const struct fsck_job *, bool wait, struct fsck_args *);
/* Takes note of how it ended. */
void fsck_ended(struct fsck *, const struct fsck_job *, int status);

/* fsck_disks.c: checks all, side by side what is on different disks. */
void fsck_disks(struct fsck *, const struct fsck_job *, int n);

/* fsck_detect.c: the type of what `name` (a device or an image) holds; "ffs" when nothing is recognized. Ends the tool when it cannot be read. */
const char *fsck_detect(struct fsck *, const char *name);

#endif
