/* SPDX-License-Identifier: BSD-2-Clause */
/* Is an unmounted FFS image consistent? A checker for tests, apart from fsck_ffs. */
#ifndef LIB_FFS_CHECK_H
#define LIB_FFS_CHECK_H

/* The number of things that are wrong; each of the first is printed. */
int ffs_check_image(const char *path);

#endif
