/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzing: damaged journals are replayed by a mount, or by fsck_ffs in memory. */
#include "lib/damage.h"
#include "lib/run_tool.h"
#include "lib/visit.h"
#include <netbsd/mount.h>
#include <stdio.h>
#include <stdlib.h>

static struct bases bases;

int LLVMFuzzerInitialize(int *, char ***);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	bases_make(&bases, 1);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	char line[200];
	size_t size;
	uint8_t *img = damage(&bases, in, n, &size);

	if (img == NULL)
		return 0;
	put_image(bases.path, img, size);
	free(img);
	if (in[0] & 0x80) {
		snprintf(line, sizeof(line), "fsck_ffs -f%s %s",
		    in[0] & 0x40 ? "n" : "y", bases.path);
		(void)run_tool(line);
	} else
		(void)visit(bases.path,
		    in[0] & 0x40     ? MNT_RDONLY :
			in[0] & 0x20 ? MNT_LOG :
				       0);
	return 0;
}
