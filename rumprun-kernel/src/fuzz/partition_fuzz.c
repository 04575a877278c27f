/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzing: disklabels, MBRs and GPTs of host images, and FFS superblocks wherever they are looked for. */
#include "host/host.h"
#include "rumprun/ffs_format.h"
#include "tool/partition.h"
#include <netbsd/fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The first sectors, where the tables are; the input fills them from a place that its first byte names. */
#define SECTORS 40

static void
superblock(const uint8_t *img, size_t size)
{
	bool swapped;
	struct fs fs;
	size_t at;

	for (at = 0; at + 2048 <= size; at += 512) {
		if (ffs_sb_decode(img + at, size - at, &fs, &swapped) != 0)
			continue;
		ffs_sb_from_old(&fs);
		(void)ffs_sb_check(&fs);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	static const char *const names[] = { "a", "d", "e", "p", "p1", "p2",
		"p4", "p128", "p129" };
	static uint8_t img[SECTORS * 512];
	static char path[200];
	uint64_t begin, size, at;
	unsigned i;
	FILE *fp;

	if (n < 2)
		return 0;
	if (path[0] == '\0')
		snprintf(path, sizeof(path), "%s/rumprun-part-%d.img",
		    getenv("FUZZ_DIR") != NULL ? getenv("FUZZ_DIR") : "/tmp",
		    host_getpid());
	memset(img, 0, sizeof(img));
	at = (size_t)(in[0] % 8) * 512;
	if (n > sizeof(img) - at)
		n = sizeof(img) - at;
	memcpy(img + at, in + 1, n - 1);
	/* What a table is known by is not left to chance. */
	if (in[0] & 0x80) {
		img[510] = 0x55;
		img[511] = 0xaa;
	}
	if (in[0] & 0x40)
		memcpy(img + 512, "EFI PART", 8);
	superblock(img, sizeof(img));
	if ((fp = fopen(path, "wb")) == NULL)
		return 0;
	fwrite(img, 1, sizeof(img), fp);
	fclose(fp);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (tool_partition_name(names[i]) &&
		    tool_partition_find(
			&host_linux, path, names[i], &begin, &size) == 0 &&
		    begin + size < begin)
			abort();
	remove(path);
	return 0;
}
