/* SPDX-License-Identifier: BSD-2-Clause */
/* fsck_ffs, phase 6: a quota file, and who uses what. */
#ifndef FSCK_QUOTA_H
#define FSCK_QUOTA_H

#include "fsck_ffs/fsck_ffs.h"

/* What a user or group has. The id is first: fsck_sort. */
struct use {
	uint32_t id;
	uint64_t blocks, files; /* of 512 bytes */
};
/* In the order of the ids, each once. */
struct uses {
	struct use *v;
	size_t n, size;
};

/* An entry that was met; limits and counts as on the disk. */
struct kept {
	uint32_t id;
	uint8_t vals[80];
};

struct quota {
	struct fsck *f;
	uint32_t ino, nhash;
	struct dinode di;
	uint8_t *claimed; /* a bit for 8 bytes of the file: entries seen */
	bool grown;	  /* it got disk after phase 5 had counted */
	struct kept *kept;
	size_t nkept, akept;
};

/* Sorts elements that begin with a 32-bit id. */
void fsck_sort(void *, size_t n, size_t size);
/* By type of quota: counts all inodes but those of the file system itself. */
void fsck_count_uses(struct fsck *, struct uses[MAXQUOTAS]);

#endif
