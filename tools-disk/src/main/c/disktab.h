/* SPDX-License-Identifier: BSD-2-Clause */
/* disktab(5): labels by the name of a disk's type. */
#ifndef TOOLS_DISK_DISKTAB_H
#define TOOLS_DISK_DISKTAB_H

#include <netbsd/disklabel.h>
#include <rumprun/tool.h>
#include <string.h>

#define DISKTAB_FILE "/etc/disktab"

/* The length of a name in a label, which may fill its place. */
static inline size_t
disktab_len(const char *s, size_t size)
{
	const char *end = memchr(s, '\0', size);

	return end != NULL ? (size_t)(end - s) : size;
}

/*
 * The label that `file` (NULL: DISKTAB_FILE) has for `name`, with the entries that its tc= names behind it, and with what disktab(5) says
 * is the default. Magic numbers and the sum are set. False: there is no such file or entry, or it is nonsense (no geometry, numbers out of range, tc= in a circle).
 */
bool disktab_label(
    struct tool *, const char *file, const char *name, struct disklabel *);
/* Types by name as labels and disktab have them, without regard to case; -1: unknown. *lenp (may be NULL): take the longest one that `s` begins with. */
int disktab_fstype(const char *s, size_t *lenp);
int disktab_dktype(const char *s);
/* NULL: a number without a name. */
const char *disktab_fstype_name(unsigned);
const char *disktab_dktype_name(unsigned);

#endif
