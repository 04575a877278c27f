/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FFS images to be damaged, for fuzzing and for tests: a few sound ones, made at the start, and damage told by bytes.
 *
 * An input is a byte that chooses the image, and records of eight bytes: the part of the image, what is done, where in the part (16 bits), and a
 * value (32 bits). So a short input reaches any field, and the corpus needs no images.
 */
#ifndef LIB_DAMAGE_H
#define LIB_DAMAGE_H

#include <stddef.h>
#include <stdint.h>

enum part {
	P_SUPER,
	P_SUMMARY,
	P_GROUP,
	P_INODE,
	P_DIR,
	P_INDIR,
	P_LOG,
	NPARTS
};

struct piece {
	size_t off, len;
};

struct base {
	uint8_t *img;
	size_t size;
	struct piece *parts[NPARTS];
	int nparts[NPARTS];
	char name[16];
};

#define NBASES 8
struct bases {
	struct base b[NBASES];
	int n;
	char path[128]; /* where the damaged image goes */
};

/* With a journal to be replayed in each, or without. */
void bases_make(struct bases *, int journal);
/* The damaged image, in allocated memory; NULL when the input is too short. */
uint8_t *damage(struct bases *, const uint8_t *in, size_t n, size_t *sizep);
void put_image(const char *path, const uint8_t *, size_t);
uint8_t *get_image(const char *path, size_t *sizep);

#endif
