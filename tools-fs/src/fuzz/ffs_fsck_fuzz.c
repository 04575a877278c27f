/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: fsck_ffs mends damaged images. With -n it writes nothing; after -y, run again as long as it asks for that, -n finds nothing
 * more and another -y changes nothing.
 */
#include "lib/damage.h"
#include "lib/run_tool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int
fsck(const char *options)
{
	char line[200];

	int status;

	snprintf(line, sizeof(line), "fsck_ffs %s %s", options, bases.path);
	status = run_tool(line);
	/* For looking at what was found. */
	if (getenv("FUZZ_SHOW") != NULL)
		fprintf(stderr, "$ fsck_ffs %s: %d\n%s", options, status,
		    tool_said);
	return status;
}

static void
must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fsck_ffs: %s\n%s\n", what, tool_said);
	abort();
}

static int
unchanged(const uint8_t *img, size_t size)
{
	size_t now;
	uint8_t *p = get_image(bases.path, &now);
	int same = now == size && memcmp(p, img, size) == 0;

	free(p);
	return same;
}

static int
given_up(void)
{
	return strstr(tool_said, "CANNOT FIGURE OUT") != NULL ||
	    strstr(tool_said, "BAD SUPER BLOCK") != NULL;
}

#define RERUNS 6

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	int status, i;
	size_t size;
	uint8_t *img = damage(&bases, in, n, &size);

	if (img == NULL)
		return 0;
	put_image(bases.path, img, size);
	if (in[0] & 0x80) {
		(void)fsck("-fp");
		put_image(bases.path, img, size);
	}
	(void)fsck("-fn");
	must(unchanged(img, size), "-n has written");
	free(img);
	for (i = 0; i < RERUNS; i++) {
		status = fsck("-fy");
		if (given_up())
			return 0;
		/* The old root's files are found by the next one. */
		if (status == 0 && strstr(tool_said, "REALLOCATE? yes") == NULL)
			break;
	}
	must(status == 0, "-y does not come to an end");
	img = get_image(bases.path, &size);
	status = fsck("-fn");
	must(status == 0 && strstr(tool_said, "? no") == NULL,
	    "-y has left something");
	(void)fsck("-fy");
	must(unchanged(img, size), "a second -y has changed something");
	free(img);
	return 0;
}
