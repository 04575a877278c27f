/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: GPT, MBR, BSD labels and Apple maps of any sector size. Sums are made right when the first byte says so: what is behind them matters more
 * than they do.
 */
#include "dev/parttab.h"
#include <netbsd/disk.h>
#include <netbsd/errno.h>
#include <rumprun/dklabel.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define IMAGE (64 * 1024)

struct image {
	uint8_t bytes[IMAGE];
	uint64_t sectors;
};

static int
image_read(void *ctx, uint64_t off, void *buf, size_t n)
{
	const struct image *im = ctx;

	if (off > IMAGE || n > IMAGE - off)
		__builtin_trap(); /* it was told the size */
	memcpy(buf, im->bytes + off, n);
	return 0;
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static void
put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void
seal_gpt(struct image *im, uint64_t at, uint32_t secsize)
{
	uint8_t *h = im->bytes + at * secsize;
	uint32_t size = get32(h + 12);
	uint64_t table = get32(h + 72) * (uint64_t)secsize;
	uint64_t n = get32(h + 80) * (uint64_t)get32(h + 84);

	memcpy(h, "EFI PART", 8);
	put32(h + 24, (uint32_t)at);
	put32(h + 28, 0);
	if (table <= IMAGE && n <= IMAGE - table)
		put32(h + 88, parttab_crc32(0, im->bytes + table, (size_t)n));
	if (size < 92 || size > secsize)
		put32(h + 12, size = 92);
	put32(h + 16, 0);
	put32(h + 16, parttab_crc32(0, h, size));
}

static void
seal_label(uint8_t *p, uint32_t secsize)
{
	uint16_t sum = 0;
	unsigned parts;

	put32(p, DISKMAGIC);
	put32(p + 132, DISKMAGIC);
	put32(p + 40, secsize);
	p[139] = 0;
	parts = p[138] %= MAXPARTITIONS + 1;
	p[136] = p[137] = 0;
	for (size_t i = 0; i + 1 < DKLABEL_BYTES(parts); i += 2)
		sum ^= (uint16_t)(p[i] | p[i + 1] << 8);
	p[136] = (uint8_t)sum;
	p[137] = (uint8_t)(sum >> 8);
}

static int
check(const struct parttab_entry *pe, void *arg)
{
	const struct image *im = arg;

	if (!pe->pe_outside &&
	    (pe->pe_size == 0 || pe->pe_begin >= im->sectors ||
		pe->pe_size > im->sectors - pe->pe_begin))
		__builtin_trap();
	if (memchr(pe->pe_name, '\0', sizeof(pe->pe_name)) == NULL ||
	    memchr(pe->pe_guid, '\0', sizeof(pe->pe_guid)) == NULL)
		__builtin_trap();
	if (pe->pe_ptype != NULL &&
	    strlen(pe->pe_ptype) >=
		sizeof(((struct dkwedge_info *)0)->dkw_ptype))
		__builtin_trap();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	static struct image im;
	struct parttab_reader r = { image_read, &im, IMAGE, 512 };
	struct parttab_label pl;

	if (n < 1)
		return 0;
	memset(&im, 0, sizeof(im));
	memcpy(im.bytes, in + 1, n - 1 < IMAGE ? n - 1 : IMAGE);
	r.pr_secsize = 512U << (in[0] & 3);
	im.sectors = IMAGE / r.pr_secsize;
	if (in[0] & 4) {
		im.bytes[510] = 0x55;
		im.bytes[511] = 0xaa;
		for (int i = 0; i < 4; i++)
			im.bytes[446 + i * 16] &= 0x80;
	}
	if (in[0] & 8)
		seal_gpt(&im, 1, r.pr_secsize);
	if (in[0] & 16)
		seal_gpt(&im, im.sectors - 1, r.pr_secsize);
	if (in[0] & 32)
		seal_label(im.bytes + r.pr_secsize, r.pr_secsize);
	if (in[0] & 64)
		memcpy(im.bytes, "ER", 2);
	for (int kind = 0; kind < PARTTAB_KINDS; kind++) {
		int error = parttab_scan(
		    &r, (enum parttab_kind)kind, check, &im);

		if (error != 0 && error != -ESRCH && error != -EINVAL)
			__builtin_trap();
	}
	(void)parttab_find_label(&r, &pl);
	if (pl.pl_offset + DKLABEL_BYTES(0) > r.pr_secsize ||
	    pl.pl_sector >= im.sectors)
		__builtin_trap();
	return 0;
}
