/* SPDX-License-Identifier: BSD-2-Clause */
/* One of each operation on an FFS mounted on /mnt, on the files that ffs_fault_test makes there. */
#ifndef LIB_FFS_OPS_H
#define LIB_FFS_OPS_H

#include "ffs_calls.h"

struct operation {
	const char *name;
	bool unlinks; /* t is gone after it */
	long (*run)(struct fixture *);
};
#define NOPERATIONS 18
extern const struct operation operations[NOPERATIONS];

/* What is written. */
extern uint8_t ffs_data[300000];

/* n bytes of it at off of the file, which is made if it is not there: 0 or -errno. */
long ffs_write_at(struct fixture *, const char *path, size_t n, off_t off);

#endif
