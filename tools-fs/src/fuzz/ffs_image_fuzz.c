/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzing: damaged FFS images are mounted, walked through, written to. */
#include "lib/damage.h"
#include "lib/visit.h"
#include <netbsd/mount.h>
#include <stdlib.h>

static struct bases bases;

int LLVMFuzzerInitialize(int *, char ***);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	bases_make(&bases, 0);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	size_t size;
	uint8_t *img = damage(&bases, in, n, &size);

	if (img == NULL)
		return 0;
	put_image(bases.path, img, size);
	free(img);
	(void)visit(bases.path,
	    in[0] & 0x80     ? MNT_RDONLY :
		in[0] & 0x40 ? MNT_SYNCHRONOUS :
			       0);
	return 0;
}
