/* SPDX-License-Identifier: BSD-2-Clause */
/* Is an unmounted FFS image consistent? A checker for tests, apart from fsck_ffs. */
#ifndef LIB_FFS_CHECK_H
#define LIB_FFS_CHECK_H

#include <stddef.h>
#include <stdint.h>

/* The number of things that are wrong; each of the first is printed. */
int ffs_check_image(const char *path);
/*
 * The same of one whose writing was cut off, in memory: only what fsck_ffs -p does not mend counts. Blocks of two files, names of free inodes, more names
 * than links, broken directories.
 */
int ffs_check_torn(uint8_t *img, size_t size);

#endif
