/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside dumpfs: a file system that is being printed. */
#ifndef DUMPFS_DUMPFS_H
#define DUMPFS_DUMPFS_H

#include <netbsd/ffs.h>
#include <rumprun/ffs_format.h>
#include <rumprun/tool.h>

struct dumpfs {
	struct tool *t;
	bool alternates, groups, file, inodes, journal, summary, super, verbose;
	const char *name; /* as printed */
	int fd;
	int status;
	struct fs raw; /* as on the disk */
	struct fs fs;  /* an old one with its newer fields filled */
	bool swapped;
	bool sane;	/* ffs_sb_check: the rest can be looked for */
	uint8_t *block; /* of the largest block size */
};

/* Reads exactly n bytes: false at an error or the end. */
bool dumpfs_read(struct dumpfs *, void *, size_t n, int64_t off);
/* Says what is wrong with the file system; the status becomes 1. */
void dumpfs_bad(struct dumpfs *, const char *fmt, ...) T_PRINTF(2, 3);

/* -s, -a: a superblock found at byte `loc`. */
void dumpfs_super(struct dumpfs *, const struct fs *raw, const struct fs *,
    bool swapped, int64_t loc);
void dumpfs_alternates(struct dumpfs *);
/* -m, -c, -i */
void dumpfs_summary(struct dumpfs *);
void dumpfs_groups(struct dumpfs *);
void dumpfs_inodes(struct dumpfs *);
/* -j */
void dumpfs_journal(struct dumpfs *);

#endif
