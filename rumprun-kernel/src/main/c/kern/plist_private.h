/* SPDX-License-Identifier: BSD-2-Clause */
/* What a property list is made of, for its two files. */
#ifndef KERN_PLIST_PRIVATE_H
#define KERN_PLIST_PRIVATE_H

#include "kern/plist.h"

struct plist_ent {
	char *e_key; /* NULL in arrays */
	struct plist *e_value;
};
struct plist {
	struct plist_mem *p_mem;
	enum plist_type p_type;
	bool p_unsigned;
	uint64_t p_number; /* and booleans */
	struct plist_ent *p_ent;
	size_t p_count, p_size; /* entries, and room for so many */
	size_t p_len, p_room;	/* bytes, and as many were allocated */
	uint8_t p_bytes[];	/* a NUL behind them */
};

/* A value with room for len bytes. NULL: pm_error. */
struct plist *plist_alloc(struct plist_mem *, enum plist_type, size_t len);
/* At a place; value is taken. NULL: pm_error. */
struct plist *plist_enter(struct plist *, size_t at, const char *key,
    size_t keylen, struct plist *value);

#endif
