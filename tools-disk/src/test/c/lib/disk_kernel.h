/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel of this process, and the tools as its processes. */
#ifndef LIB_DISK_KERNEL_H
#define LIB_DISK_KERNEL_H

#include "kern/kernel.h"
#include <rumprun/tool.h>

struct disk_kernel {
	struct rump_kernel *k;
	const char *in; /* standard input of the next tool; NULL: none */
	char *env[4];	/* its environment */
	/* Tools of the test itself, found before the others. */
	const struct tool_group *tools;
	char *out; /* what the last tool printed, both streams */
	size_t outlen, outsize;
};

/* All components. Stopping it checks that nothing leaks. */
void disk_kernel_start(struct disk_kernel *);
void disk_kernel_stop(struct disk_kernel *);
/* Runs a command line to its end; the status. Blanks separate words, unless in '...'. */
int disk_kernel_run(struct disk_kernel *, const char *line);
/* A file in the kernel: made with these bytes, made of zeros, or read (as many bytes as there are, up to n). */
void disk_kernel_put(
    struct disk_kernel *, const char *path, const void *, size_t n);
void disk_kernel_zeros(struct disk_kernel *, const char *path, int64_t size);
size_t disk_kernel_get(
    struct disk_kernel *, const char *path, int64_t off, void *, size_t n);

#endif
