/* SPDX-License-Identifier: BSD-2-Clause */
/* Uses a damaged file system: mounts it, looks at all there is, writes, unmounts. */
#ifndef FUZZ_VISIT_H
#define FUZZ_VISIT_H

/* Any call may fail; none may crash, hang or leak. Returns what mount did. */
int visit(const char *image, int flags);

#endif
