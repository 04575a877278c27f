/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: gpt and fdisk on disks of any content. All is refused or shown; what they have written they read back.
 *
 * An input: a byte that chooses, 'g' a GPT, 'm' an MBR; the first sectors of a disk, and, for a GPT, its last sector is the second one with another place.
 * Sums of a GPT are made right, so that what is behind them is reached.
 */
#include "gpt/gpt.h"
#include "lib/disk_image.h"
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define SECTORS 256
#define SIZE ((size_t)SECTORS * 512)

static struct image_world w;

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "ptables: %s\n%s\n", what, w.out);
	abort();
}

static uint32_t
sum(const uint8_t *p, size_t n)
{
	uint32_t c = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		c ^= p[i];
		for (int k = 0; k < 8; k++)
			c = c >> 1 ^ (0xedb88320 & (0 - (c & 1)));
	}
	return ~c;
}

static void
right_sums(uint8_t *disk, uint64_t lba)
{
	uint8_t *h = disk + lba * 512;
	uint64_t at = gpt_le64(h + 72),
		 n = (uint64_t)gpt_le32(h + 80) * gpt_le32(h + 84);

	memcpy(h, GPT_HDR_SIG, 8);
	gpt_put32(h + 12, GPT_HDR_SIZE);
	gpt_put64(h + 24, lba);
	if (at < SECTORS && n <= SIZE - at * 512)
		gpt_put32(h + 88, sum(disk + at * 512, (size_t)n));
	gpt_put32(h + 16, 0);
	gpt_put32(h + 16, sum(h, GPT_HDR_SIZE));
}

static void
gpts(uint8_t *disk)
{
	static const char *const lines[] = { "gpt show -a /disk",
		"gpt show -l /disk", "gpt backup -o /saved /disk",
		"gpt recover /disk", "gpt add -a 4096 -t swap /disk",
		"gpt resize -i 1 /disk", "gpt resizedisk -s 128 /disk",
		"gpt label -a -l x /disk", "gpt restore -F -i /saved /disk",
		"gpt migrate -f /disk" };

	memcpy(disk + SIZE - 512, disk + 512, 512);
	right_sums(disk, 1);
	right_sums(disk, SECTORS - 1);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int status = image_run(&w, gpt_main, lines[i]);

		if (i < 4 || status != 0)
			continue;
		must(image_run(&w, gpt_main, "gpt show -a /disk") == 0,
		    lines[i]);
	}
}

static void
mbrs(uint8_t *disk)
{
	static const char *const lines[] = { "fdisk -v -F /disk",
		"fdisk -S -F /disk", "fdisk -f -E 1 -s 131//2 -F /disk",
		"fdisk -f -E 0 -s 0 -F /disk",
		"fdisk -f -A 8 -2 -s 169 -F /disk", "fdisk -f -a -0 -F /disk",
		"fdisk -f -1 -s 5/64/64 -F /disk",
		"fdisk -f -A 2 -E 0 -s 131 -F /disk" };

	disk[510] = 0x55;
	disk[511] = 0xaa;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (image_run(&w, fdisk_main, lines[i]) == 0)
			must(image_run(&w, fdisk_main, "fdisk -F /disk") == 0,
			    lines[i]);
	w.in = "y\n1\n2\n3\n0\n\n\n4k\nE0\n\n\n\ny\n";
	(void)image_run(&w, fdisk_main, "fdisk -u -a -F /disk");
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *disk;

	if (n == 0)
		return 0;
	image_free(&w);
	image_make(&w, "/disk", SIZE, true);
	disk = image_find(&w, "/disk")->data;
	memcpy(disk, p + 1, n - 1 < SIZE ? n - 1 : SIZE);
	if (p[0] == 'm')
		mbrs(disk);
	else
		gpts(disk);
	return 0;
}
