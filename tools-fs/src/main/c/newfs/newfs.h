/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside newfs: what was asked for, where it goes, and what comes of it. */
#ifndef NEWFS_NEWFS_H
#define NEWFS_NEWFS_H

#include <netbsd/ffs.h>
#include <rumprun/ffs_format.h>
#include <rumprun/tool.h>

/* Exit statuses of impossible geometry; options out of range give 1. */
enum {
	NEWFS_BSIZE_POWER = 16,
	NEWFS_FSIZE_POWER = 17,
	NEWFS_FSIZE_SMALL = 18,
	NEWFS_BSIZE_LARGE = 19,
	NEWFS_BSIZE_FSIZE = 20,
	NEWFS_FSIZE_FRAG = 21,
	NEWFS_SIZE_SMALL = 23,
	NEWFS_SIZE_LARGE = 24,
	NEWFS_WRITE = 36,
	NEWFS_READ = 37,
	NEWFS_GROUPS = 40,
};

struct newfs {
	struct tool *t;
	/* What was asked for; 0 is "not given" where a default depends on others. */
	const char *name;     /* as messages call it */
	const char *disktype; /* -T */
	const char *volname;  /* -v: Apple UFS */
	bool file;	      /* -F */
	bool insane;	      /* -G */
	bool anytype;	      /* -I */
	bool dry;	      /* -N */
	bool zero;	      /* -Z */
	bool big_endian, have_format, have_optim;
	int format;    /* 0 4.3BSD, 1 FFSv1, 2 FFSv2 */
	int verbosity; /* 0 .. 4 */
	int32_t bsize, fsize, maxcontig, maxbsize, maxbpg, avgfilesize,
	    avgfpdir, minfree, optim;
	int64_t density, inodes;
	unsigned quotas;      /* a bit a type */
	int64_t want_sectors; /* -s in sectors; negative: from the end */
	int64_t want_bytes;   /* -s with a suffix */
	uint32_t sectorsize;  /* -S, else the device's */

	/* The device. */
	int fd;
	bool isfile;	 /* a regular file of the kernel */
	uint32_t chunk;	 /* its I/O size */
	int64_t sectors; /* of the file system, as asked for */
	int64_t fresh;	 /* bytes from here on are zero for sure */
	bool no_discard; /* the device cannot */

	/* The file system. */
	struct fs fs;
	bool swapped;
	struct csum *cs; /* one a group */
	int64_t now;
	int32_t now_nsec;
	uint64_t random[2]; /* state of the generator */

	/* The report of superblocks while groups are written. */
	int column; /* of the line of numbers */
	int dots;   /* printed so far */
	bool numbers_done;
};

/* newfs_device.c: opens name, finds its size and sector size. Ends the tool on errors. */
void newfs_open(struct newfs *);
/* Writes all or ends the tool as "write error for sector". */
void newfs_write(struct newfs *, const void *, size_t, int64_t off);
void newfs_read(struct newfs *, void *, size_t, int64_t off);
/* Makes [off, off + n) read as zero; what is a hole stays one. */
void newfs_zero(struct newfs *, int64_t off, int64_t n);
/* -Z: writes zeros from the beginning to the end. */
void newfs_prezero(struct newfs *);
/* Sectors and sector size by the name of a disk type in /etc/disktab; false when there is none of that name. */
bool newfs_disktab(
    struct newfs *, const char *type, int64_t *sectors, uint32_t *sectorsize);

/* newfs_geometry.c: the superblock from options and size. Ends the tool when it cannot be. */
void newfs_geometry(struct newfs *);

/* newfs_build.c: reports, and unless -N writes, everything. */
void newfs_build(struct newfs *);
uint32_t newfs_random(struct newfs *);

/* newfs_files.c: the root directory and quota files, in the inode blocks and the map of group 0. */
struct newfs_group {
	struct cg cg;
	uint8_t *buf;	  /* the group's header block: maps */
	uint8_t *inodes;  /* first inodes */
	uint32_t ninodes; /* so many */
};
void newfs_root(struct newfs *, struct newfs_group *);
void newfs_quotas(struct newfs *, struct newfs_group *);
/* The zeroed first block of a quota file: no entries. */
void newfs_quota_block(uint8_t *, uint32_t bsize, int type, bool swapped);
/* An entry in it, without limits, that counts this. There must be a free one. */
void newfs_quota_entry(
    uint8_t *, uint32_t id, uint64_t blocks, uint64_t files, bool swapped);
/* The fragment number of `bytes` (a block at most) at the first free block of group 0. */
int64_t newfs_alloc(struct newfs *, struct newfs_group *, uint32_t bytes);
/* newfs_apple.c: the label of an Apple UFS volume, in sector 14. */
void newfs_apple_label(struct newfs *);

#endif
