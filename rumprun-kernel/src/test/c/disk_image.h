/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: partition tables put into images in memory. */
#ifndef DISK_IMAGE_H
#define DISK_IMAGE_H

#include "dev/parttab.h"
#include <string.h>

static inline void
img_le(uint8_t *p, int bytes, uint64_t v)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static inline void
img_be(uint8_t *p, int bytes, uint64_t v)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
}

/* One entry of the table in that sector, which becomes one. */
static inline void
img_mbr(uint8_t *img, uint32_t secsize, uint32_t sector, int i, uint8_t type,
    uint32_t begin, uint32_t size)
{
	uint8_t *mbr = img + (size_t)sector * secsize, *e = mbr + 446 + i * 16;

	e[4] = type;
	img_le(e + 8, 4, begin);
	img_le(e + 12, 4, size);
	mbr[510] = 0x55;
	mbr[511] = 0xaa;
}

/* Sums of a header at that sector and of its table. */
static inline void
img_gpt_seal(
    uint8_t *img, uint32_t secsize, uint64_t at, uint64_t table, uint32_t count)
{
	uint8_t *h = img + at * secsize;

	img_le(h + 88, 4,
	    parttab_crc32(0, img + table * secsize, (size_t)count * 128));
	img_le(h + 16, 4, 0);
	img_le(h + 16, 4, parttab_crc32(0, h, 92));
}

/* Both headers of 16 entries: "root" (NetBSD FFS) in sectors 100 to 149, one of an unknown type without a name in 150 to 199. */
static inline void
img_gpt(uint8_t *img, size_t size, uint32_t secsize)
{
	static const uint8_t ffs[16] = { 0x5a, 0x8d, 0xf4, 0x49, 0x0e, 0xb1,
		0xdc, 0x11, 0xb9, 0x9b, 0, 0x19, 0xd1, 0x87, 0x96, 0x48 };
	uint64_t last = size / secsize - 1, tablesecs;

	tablesecs = (16 * 128 + secsize - 1) / secsize;
	img_mbr(img, secsize, 0, 0, 0xee, 1, (uint32_t)last);
	for (int copy = 0; copy < 2; copy++) {
		uint64_t at = copy ? last : 1;
		uint64_t table = copy ? last - tablesecs : 2;
		uint8_t *h = img + at * secsize, *e = img + table * secsize;

		memset(h, 0, secsize);
		memset(e, 0, tablesecs * secsize);
		memcpy(h, "EFI PART", 8);
		img_le(h + 8, 4, 0x10000);
		img_le(h + 12, 4, 92);
		img_le(h + 24, 8, at);
		img_le(h + 32, 8, copy ? 1 : last);
		img_le(h + 40, 8, 2 + tablesecs);
		img_le(h + 48, 8, last - tablesecs - 1);
		img_le(h + 72, 8, table);
		img_le(h + 80, 4, 16);
		img_le(h + 84, 4, 128);
		memcpy(e, ffs, 16);
		e[16] = 1;
		img_le(e + 32, 8, 100);
		img_le(e + 40, 8, 149);
		for (int i = 0; i < 4; i++)
			e[56 + 2 * i] = (uint8_t) "root"[i];
		e += 128;
		e[0] = 0x77;
		e[16] = 2;
		img_le(e + 32, 8, 150);
		img_le(e + 40, 8, 199);
		img_gpt_seal(img, secsize, at, table, 16);
	}
}

/* A map of two entries: itself, and an HFS in blocks 64 to 127 of `blksize`. */
static inline void
img_apple(uint8_t *img, uint32_t blksize)
{
	uint8_t *b = img;

	memcpy(b, "ER", 2);
	img_be(b + 2, 2, blksize);
	for (int i = 0; i < 2; i++) {
		b += blksize;
		memcpy(b, "PM", 2);
		img_be(b + 4, 4, 2);
		img_be(b + 8, 4, i == 0 ? 1 : 64);
		img_be(b + 12, 4, i == 0 ? 63 : 64);
		strcpy((char *)b + 16, i == 0 ? "Apple" : "disk");
		strcpy((char *)b + 48,
		    i == 0 ? "Apple_partition_map" : "Apple_HFS");
	}
}

#endif
