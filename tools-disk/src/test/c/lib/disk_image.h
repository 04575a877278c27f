/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks and files in memory for tools without a kernel. */
#ifndef LIB_DISK_IMAGE_H
#define LIB_DISK_IMAGE_H

#include <rumprun/tool.h>

#define IMAGE_FILES 8

struct image_file {
	char name[32];
	uint8_t *data;
	size_t size;
	bool device; /* keeps its size */
};

struct image_world {
	struct image_file files[IMAGE_FILES];
	int writes_left; /* below 0: any; at 0 writes fail with EIO */
	struct {
		int file;
		size_t at;
	} fds[8];
	const char *in;	 /* standard input */
	char out[65536]; /* both streams */
	size_t outlen;
	uint32_t random;
};

/* Files by name; a new one is of zeros. */
void image_make(
    struct image_world *, const char *name, size_t size, bool device);
struct image_file *image_find(struct image_world *, const char *name);
void image_free(struct image_world *);
/* Runs a command line (blanks separate words, '_' is a blank in a word); the status. */
int image_run(struct image_world *, tool_main *, const char *line);
/* Runs a program of the host on a copy of a file ("%s" in the command), its output in `out`; the status, or -1 when there is no such program. */
int image_host(struct image_world *, const char *name, const char *program,
    const char *command);
/* Takes such a copy back after the program has changed it. */
int image_host_change(struct image_world *, const char *name,
    const char *program, const char *command);

#endif
