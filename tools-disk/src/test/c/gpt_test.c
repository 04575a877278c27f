/* SPDX-License-Identifier: BSD-2-Clause */
/* gpt: every command, on disks in memory; what sgdisk says of them, and what gpt says of sgdisk's. */
#include "lib/check.h"
#include "lib/disk_image.h"
#include "tools.h"

#define MB ((size_t)1 << 20)

static struct image_world w;

static void
start(size_t size)
{
	image_free(&w);
	image_make(&w, "/disk", size, true);
}

static int
gpt(const char *line)
{
	return image_run(&w, gpt_main, line);
}

static bool
said(const char *s)
{
	return strstr(w.out, s) != NULL;
}

static void
verified(void)
{
	int status = image_host(&w, "/disk", "sgdisk", "sgdisk -v $f 2>&1");

	CHECK(status <= 0);
	CHECK(status < 0 || said("No problems found."));
}

TEST(create_and_show)
{
	start(64 * MB);
	CHECK_EQ(gpt("gpt header /disk"), 1);
	CHECK(said("- GPT Header not found"));
	CHECK_EQ(gpt("gpt create /disk"), 0);
	CHECK_EQ(gpt("gpt show /disk"), 0);
	CHECK(strcmp(w.out,
		  "   start    size  index  contents\n"
		  "       0       1         PMBR\n"
		  "       1       1         Pri GPT header\n"
		  "       2      32         Pri GPT table\n"
		  "      34  131005         \n"
		  "  131039      32         Sec GPT table\n"
		  "  131071       1         Sec GPT header\n") == 0);
	verified();
	CHECK_EQ(gpt("gpt create /disk"), 1);
	CHECK(said("already contains a GPT"));
	CHECK_EQ(gpt("gpt header /disk"), 0);
	CHECK(said("Media Size: 67108864 (64M)\nSector Size: 512\n"));
	CHECK(said("- Last Data Sector: 131038"));
}

TEST(partitions_come_and_go)
{
	start(64 * MB);
	CHECK_EQ(gpt("gpt create /disk"), 0);
	CHECK_EQ(gpt("gpt add -s 10m -l root /disk"), 0);
	CHECK(strcmp(w.out,
		  "/disk: Partition 1 added: "
		  "49f48d5a-b10e-11dc-b99b-0019d1879648 34 20480\n") == 0);
	CHECK_EQ(gpt("gpt add -a 1m -s 8m -t swap /disk"), 0);
	CHECK(said("Partition 2 added: 49f48d32-b10e-11dc-b99b-0019d1879648 "
		   "22528 16384\n"));
	CHECK_EQ(gpt("gpt add -b 90000 -i 7 -t linux-data /disk"), 0);
	CHECK(said("Partition 7 added:"));
	CHECK_EQ(gpt("gpt add -b 90000 /disk"), 1);
	CHECK_EQ(gpt("gpt add -i 7 /disk"), 1);
	CHECK_EQ(gpt("gpt add -s 100m /disk"), 1);
	CHECK_EQ(gpt("gpt add -s 100b /disk"), 1);
	CHECK_EQ(gpt("gpt add -t nonsense /disk"), 1);
	verified();
	CHECK_EQ(gpt("gpt show /disk"), 0);
	CHECK(said("      34   20480      1  GPT part - NetBSD FFSv1/FFSv2\n"
		   "   20514    2014         \n"
		   "   22528   16384      2  GPT part - NetBSD swap\n"));
	CHECK_EQ(gpt("gpt show -l /disk"), 0);
	CHECK(said("GPT part - \"root\"\n"));
	CHECK_EQ(gpt("gpt show -u /disk"), 0);
	CHECK(said("GPT part - 49f48d32-b10e-11dc-b99b-0019d1879648\n"));
	CHECK_EQ(gpt("gpt remove -i 1 /disk"), 0);
	CHECK(said("/disk: Partition 1 removed\n"));
	CHECK_EQ(gpt("gpt remove /disk"), 1);
	CHECK(said("usage:"));
	verified();
	CHECK_EQ(gpt("gpt remove -a /disk"), 0);
	CHECK(said("Partition 2 removed\n/disk: Partition 7 removed\n"));
	verified();
}

TEST(partitions_change)
{
	start(64 * MB);
	CHECK_EQ(gpt("gpt create /disk"), 0);
	CHECK_EQ(gpt("gpt add -s 10m /disk"), 0);
	CHECK_EQ(gpt("gpt add -s 10m /disk"), 0);
	CHECK_EQ(
	    gpt("gpt label -i 2 -l sch\303\266n_\360\235\204\236 /disk"), 0);
	CHECK_EQ(gpt("gpt show -i 2 /disk"), 0);
	CHECK(said("Details for index 2:\nStart: 20514 (10M)\n"));
	CHECK(said("Label: sch\303\266n \360\235\204\236\n"
		   "Attributes: None\n"));
	CHECK_EQ(gpt("gpt label -i 2 -l \377 /disk"), 1);
	w.in = "from input\nnot this\n";
	CHECK_EQ(gpt("gpt label -b 34 -f - /disk"), 0);
	CHECK_EQ(gpt("gpt show -l /disk"), 0);
	CHECK(said("\"from input\""));
	CHECK_EQ(gpt("gpt type -L from_input -T efi /disk"), 0);
	CHECK_EQ(gpt("gpt set -a bootme,required -a biosboot -i 1 /disk"), 0);
	CHECK_EQ(gpt("gpt unset -a required -i 1 /disk"), 0);
	CHECK_EQ(gpt("gpt show -b 34 /disk"), 0);
	CHECK(said("Type: efi (c12a7328-f81f-11d2-ba4b-00a0c93ec93b)\n"));
	CHECK(said("Attributes: biosboot, bootme\n"));
	CHECK_EQ(gpt("gpt set -N -i 1 /disk"), 0);
	CHECK_EQ(gpt("gpt set -a nonsense -i 1 /disk"), 1);
	CHECK_EQ(gpt("gpt set -l"), 0);
	CHECK_EQ(gpt("gpt type -l"), 0);
	CHECK_EQ(
	    gpt("gpt uuid -i 1 -U 00112233-4455-6677-8899-aabbccddeeff /disk"),
	    0);
	CHECK_EQ(gpt("gpt show -g /disk"), 0);
	CHECK(said("GPT part - 00112233-4455-6677-8899-aabbccddeeff\n"));
	CHECK_EQ(gpt("gpt resize -i 1 -s 20m /disk"), 1);
	CHECK_EQ(gpt("gpt resize -i 2 /disk"), 0);
	CHECK(said("/disk: Partition 2 resized: 20514 110525\n"));
	CHECK_EQ(gpt("gpt resize -i 2 /disk"), 0);
	CHECK(said("does not need resizing"));
	CHECK_EQ(gpt("gpt resize -i 2 -s 5m -a 1m /disk"), 0);
	CHECK(said("20514 10240\n"));
	CHECK_EQ(gpt("gpt uuid -a /disk"), 0);
	verified();
}

TEST(tables_are_saved_and_restored)
{
	start(64 * MB);
	CHECK_EQ(gpt("gpt create -A /disk"), 0);
	CHECK_EQ(gpt("gpt add -s 10m -l root /disk"), 0);
	CHECK_EQ(gpt("gpt backup -o /saved /disk"), 0);
	image_make(&w, "/disk", 96 * MB, true);
	CHECK_EQ(gpt("gpt restore -i /saved /disk"), 0);
	CHECK_EQ(gpt("gpt show -l /disk"), 0);
	CHECK(said("PMBR (active)"));
	CHECK(said("GPT part - \"root\""));
	verified();
	CHECK_EQ(gpt("gpt restore -i /saved /disk"), 1);
	CHECK_EQ(gpt("gpt restore -F -i /saved /disk"), 0);
	image_make(&w, "/disk", 5 * MB, true);
	CHECK_EQ(gpt("gpt restore -i /saved /disk"), 1);
	CHECK(said("doesn't fit"));
	w.in = "nonsense";
	CHECK_EQ(gpt("gpt restore /disk"), 1);
}

TEST(one_header_is_enough)
{
	struct image_file *f;

	start(64 * MB);
	f = image_find(&w, "/disk");
	CHECK_EQ(gpt("gpt create /disk"), 0);
	CHECK_EQ(gpt("gpt add -s 10m /disk"), 0);
	memset(f->data + 512, 0, 512);
	CHECK_EQ(gpt("gpt add -s 10m /disk"), 1);
	CHECK(said("No primary GPT header; run create or recover"));
	CHECK_EQ(gpt("gpt show /disk"), 0);
	CHECK(said("GPT part - "));
	CHECK_EQ(gpt("gpt recover /disk"), 0);
	CHECK(said("Recovered primary GPT header and table from secondary\n"));
	verified();
	f->data[64 * MB - 500] ^= 1;
	CHECK_EQ(gpt("gpt add -s 10m /disk"), 1);
	CHECK(said("No secondary GPT header; run recover"));
	CHECK_EQ(gpt("gpt recover /disk"), 0);
	verified();
	/* A table that isn't its sum's. */
	f->data[1024 + 60] ^= 1;
	CHECK_EQ(gpt("gpt recover /disk"), 0);
	verified();
	CHECK_EQ(gpt("gpt destroy -r /disk"), 0);
	CHECK_EQ(gpt("gpt recover /disk"), 0);
	CHECK_EQ(gpt("gpt destroy /disk"), 0);
	CHECK_EQ(gpt("gpt recover /disk"), 1);
	CHECK_EQ(gpt("gpt destroy /disk"), 1);
	CHECK_EQ(gpt("gpt create /disk"), 0);
}

/* Whatever write is the last: what was there, or what shall be there, is. */
TEST(writes_that_fail_leave_a_table)
{
	start(8 * MB);
	CHECK_EQ(gpt("gpt create /disk"), 0);
	CHECK_EQ(gpt("gpt add -s 1m /disk"), 0);
	for (int n = 0; n < 4; n++) {
		w.writes_left = n;
		CHECK_EQ(gpt("gpt add -s 64k -l more /disk"), 1);
		w.writes_left = -1;
		CHECK_EQ(gpt("gpt show /disk"), 0);
		CHECK(said("34    2048      1  GPT part") ||
		    said("34   2048      1  GPT part"));
		CHECK_EQ(gpt("gpt recover /disk"), 0);
		CHECK_EQ(gpt("gpt remove -L more /disk"), 0);
		verified();
	}
}

TEST(disks_grow_and_shrink)
{
	struct image_file *f;

	start(64 * MB);
	CHECK_EQ(gpt("gpt create /disk"), 0);
	CHECK_EQ(gpt("gpt add -s 10m /disk"), 0);
	f = image_find(&w, "/disk");
	f->data = realloc(f->data, 128 * MB + 1);
	memset(f->data + 64 * MB, 0, 64 * MB);
	f->size = 128 * MB;
	CHECK_EQ(gpt("gpt resizedisk /disk"), 0);
	CHECK_EQ(gpt("gpt resize -i 1 /disk"), 0);
	CHECK(said("34 262077\n"));
	verified();
	CHECK_EQ(gpt("gpt resizedisk -s 32m /disk"), 1);
	CHECK_EQ(gpt("gpt resize -i 1 -s 10m /disk"), 0);
	CHECK_EQ(gpt("gpt resizedisk -s 32m /disk"), 0);
	f->size = 32 * MB;
	CHECK_EQ(gpt("gpt show /disk"), 0);
	CHECK(said("  65535      1         Sec GPT header\n"));
	CHECK_EQ(gpt("gpt resizedisk /disk"), 0);
	CHECK(said("already the specified size"));
}

TEST(sizes_come_from_options)
{
	start(4 * MB);
	CHECK_EQ(gpt("gpt -s 4096 create /disk"), 0);
	CHECK_EQ(gpt("gpt -s 4096 show /disk"), 0);
	CHECK(said("      2      4         Pri GPT table\n"));
	CHECK_EQ(gpt("gpt -s 1000 show /disk"), 1);
	CHECK_EQ(gpt("gpt destroy /disk"), 1);
	start(4 * MB);
	CHECK_EQ(gpt("gpt -m 2m create -p 16 /disk"), 0);
	CHECK_EQ(gpt("gpt -m 2m show /disk"), 0);
	CHECK(said("   4095      1         Sec GPT header\n"));
	/* GUIDs of a time are the same ones. */
	start(4 * MB);
	CHECK_EQ(gpt("gpt -T 77 create /disk"), 0);
	CHECK_EQ(gpt("gpt header /disk"), 0);
	CHECK(said("- Media GUID: "));
	{
		char first[4096];

		strcpy(first, strstr(w.out, "- Media GUID"));
		start(4 * MB);
		w.random = 12345;
		CHECK_EQ(gpt("gpt -T 77 create /disk"), 0);
		CHECK_EQ(gpt("gpt header /disk"), 0);
		CHECK(said(first));
	}
	CHECK_EQ(gpt("gpt -r add /disk"), 1);
	CHECK_EQ(gpt("gpt -q -r add /disk"), 1);
	CHECK_EQ(w.out[0], '\0');
	CHECK_EQ(gpt("gpt"), 1);
	CHECK_EQ(gpt("gpt nonsense /disk"), 1);
	CHECK(said("unknown command: nonsense"));
	CHECK_EQ(gpt("gpt show /none"), 1);
	CHECK(said("gpt: /none: No such file or directory\n"));
}

/* An MBR with two partitions, of the types 131 and `second`. */
static void
mbr(uint8_t second)
{
	uint8_t *p;

	start(64 * MB);
	p = image_find(&w, "/disk")->data;
	p[510] = 0x55;
	p[511] = 0xaa;
	p[446 + 4] = 131;
	p[446 + 9] = 8; /* 2048 */
	p[446 + 13] = 0x50;
	p[462 + 4] = second;
	p[462 + 9] = 0x58;
	p[462 + 13] = 0x50;
}

TEST(mbrs_are_migrated)
{
	mbr(7);
	CHECK_EQ(gpt("gpt show /disk"), 0);
	CHECK(said("       0       1         MBR\n"));
	CHECK(said("    2048   20480      1  MBR part 131\n"));
	CHECK_EQ(gpt("gpt create /disk"), 1);
	CHECK(said("device contains a MBR"));
	CHECK_EQ(gpt("gpt migrate /disk"), 0);
	CHECK_EQ(gpt("gpt show /disk"), 0);
	CHECK(said("    2048   20480      1  GPT part - Linux data\n"
		   "   22528   20480      2  GPT part - Windows basic data\n"));
	verified();
	mbr(5);
	CHECK_EQ(gpt("gpt migrate /disk"), 1);
	CHECK(said("Unknown partition type 5"));
	CHECK_EQ(gpt("gpt show /disk"), 0);
	CHECK(said("MBR part 5"));
	CHECK_EQ(gpt("gpt migrate -f /disk"), 0);
	verified();
	mbr(7);
	CHECK_EQ(gpt("gpt create -f /disk"), 0);
	verified();
	mbr(0xa5);
	CHECK_EQ(gpt("gpt migrate /disk"), 1);
	CHECK_EQ(gpt("gpt migrate -s /disk"), 0);
	CHECK_EQ(gpt("gpt show /disk"), 0);
	CHECK(said("FreeBSD legacy"));
}

TEST(boot_code_goes_into_the_mbr)
{
	uint8_t *p;

	start(64 * MB);
	CHECK_EQ(gpt("gpt create /disk"), 0);
	CHECK_EQ(gpt("gpt add -l boot /disk"), 0);
	CHECK_EQ(gpt("gpt biosboot -i 1 /disk"), 1);
	CHECK(said("/usr/mdec/gptmbr.bin: Can't open bootcode"));
	image_make(&w, "/code", 440, false);
	memset(image_find(&w, "/code")->data, 0xcc, 440);
	CHECK_EQ(gpt("gpt biosboot -A -c /code -L boot /disk"), 0);
	CHECK(said("Partition 1 marked as bootable"));
	p = image_find(&w, "/disk")->data;
	CHECK_EQ(p[0], 0xcc);
	CHECK_EQ(p[446], 0x80);
	CHECK(memcmp(p + 424, p + 1024 + 16, 16) == 0);
	CHECK_EQ(gpt("gpt show -i 1 /disk"), 0);
	CHECK(said("Attributes: biosboot\n"));
	verified();
}

TEST(tables_of_sgdisk_are_read)
{
	start(64 * MB);
	if (image_host_change(&w, "/disk", "sgdisk",
		"sgdisk -n 1:2048:+10M -t 1:8300 -c 1:linux -n 3:0:0 "
		"-t 3:a901 -A 3:set:2 $f 2>&1") < 0)
		return;
	CHECK_EQ(gpt("gpt show -l /disk"), 0);
	CHECK(said("    2048   20480      1  GPT part - \"linux\"\n"));
	CHECK_EQ(gpt("gpt show -i 3 /disk"), 0);
	CHECK(said("Type: swap"));
	CHECK(said("Attributes: biosboot\n"));
	CHECK_EQ(gpt("gpt label -i 3 -l here /disk"), 0);
	verified();
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

/* A table among the partitions, or in sector 0, would be written there. */
TEST(tables_out_of_place_are_none)
{
	uint8_t *h;
	uint32_t crc;

	start(1 * MB);
	CHECK_EQ(gpt("gpt create -p 4 /disk"), 0);
	h = image_find(&w, "/disk")->data + 512;
	for (int lba = 0; lba < 2; lba++) {
		memcpy(image_find(&w, "/disk")->data + lba * 5 * 512, h + 512,
		    512);
		memset(h + 72, 0, 8);
		h[72] = (uint8_t)(lba * 5);
		memset(h + 16, 0, 4);
		crc = sum(h, 92);
		memcpy(h + 16, &crc, 4);
		CHECK_EQ(gpt("gpt add -s 1 /disk"), 1);
		CHECK(said("No primary GPT header"));
	}
}

/* Any bytes: no crash, and nothing written but by those who write. */
TEST(nonsense_is_refused)
{
	struct image_file *f;
	uint32_t x = 1;

	for (int n = 0; n < 300; n++) {
		start(1 * MB);
		f = image_find(&w, "/disk");
		CHECK_EQ(gpt("gpt create -p 4 /disk"), 0);
		CHECK_EQ(gpt("gpt add -s 1 /disk"), 0);
		for (int k = 0; k < 4; k++) {
			x = x * 1664525 + 1013904223;
			f->data[(x >> 8) % 2048] = (uint8_t)(x >> 24);
			x = x * 1664525 + 1013904223;
			f->data[f->size - 1 - (x >> 8) % 1024] = (uint8_t)(x >>
			    24);
		}
		(void)gpt("gpt show -a /disk");
		(void)gpt("gpt show /disk");
		(void)gpt("gpt recover /disk");
		(void)gpt("gpt add /disk");
		(void)gpt("gpt resize -i 1 /disk");
		(void)gpt("gpt migrate -f /disk");
	}
}

int
main(void)
{
	w.writes_left = -1;
	RUN(create_and_show);
	RUN(partitions_come_and_go);
	RUN(partitions_change);
	RUN(tables_are_saved_and_restored);
	RUN(one_header_is_enough);
	RUN(writes_that_fail_leave_a_table);
	RUN(disks_grow_and_shrink);
	RUN(sizes_come_from_options);
	RUN(mbrs_are_migrated);
	RUN(boot_code_goes_into_the_mbr);
	RUN(tables_of_sgdisk_are_read);
	RUN(tables_out_of_place_are_none);
	RUN(nonsense_is_refused);
	image_free(&w);
	return check_done();
}
