/* SPDX-License-Identifier: BSD-2-Clause */
/* fdisk: tables of MBRs on disks in memory; what sfdisk says of them, and what fdisk says of sfdisk's. */
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
fdisk(const char *line)
{
	return image_run(&w, fdisk_main, line);
}

static bool
said(const char *s)
{
	return strstr(w.out, s) != NULL;
}

static void
verified(void)
{
	int status = image_host(
	    &w, "/disk", "sfdisk", "sfdisk --verify $f 2>&1");

	CHECK(status <= 0);
	CHECK(status < 0 || said("No errors detected."));
}

TEST(a_disk_without_a_table)
{
	start(64 * MB);
	CHECK_EQ(fdisk("fdisk -F /disk"), 0);
	CHECK(strcmp(w.out,
		  "Disk: /disk\nNetBSD disklabel disk geometry:\n"
		  "cylinders: 130, heads: 16, sectors/track: 63 (1008 "
		  "sectors/cylinder)\ntotal sectors: 131072, bytes/sector: "
		  "512\n\nBIOS disk geometry:\ncylinders: 130, heads: 16, "
		  "sectors/track: 63 (1008 sectors/cylinder)\n"
		  "total sectors: 131072\n\nPartitions aligned to 1008 sector "
		  "boundaries, offset 63\n\nfdisk: invalid fdisk partition "
		  "table found\nPartition table:\n0: <UNUSED>\n1: <UNUSED>\n"
		  "2: <UNUSED>\n3: <UNUSED>\nBootselector disabled.\n"
		  "No active partition.\nDrive serial number: 0 "
		  "(0x00000000)\n") == 0);
	CHECK_EQ(fdisk("fdisk -F /none"), 1);
	CHECK(said("fdisk: cannot open /none: No such file or directory\n"));
	CHECK_EQ(fdisk("fdisk -l"), 0);
	CHECK(said("169 NetBSD\n"));
	CHECK_EQ(fdisk("fdisk -x"), 1);
	CHECK_EQ(fdisk("fdisk -s 1/2/3 -F /disk"), 1);
	CHECK(said("usage: fdisk"));
	CHECK_EQ(fdisk("fdisk -b 1/2 -F /disk"), 1);
}

TEST(partitions_by_options)
{
	start(64 * MB);
	CHECK_EQ(fdisk("fdisk -f -u -0 -s 169/63/40000 -F /disk"), 0);
	CHECK_EQ(fdisk("fdisk -f -u -1 -s 11/100/500 -F /disk"), 1);
	CHECK(said("overlaps another one"));
	CHECK_EQ(fdisk("fdisk -f -u -1 -s 11/50000/100000 -F /disk"), 1);
	CHECK(said("beyond the disk"));
	CHECK_EQ(fdisk("fdisk -f -u -1 -s 11/x/5 -F /disk"), 1);
	CHECK_EQ(fdisk("fdisk -f -u -1 -s 300/1/5 -F /disk"), 1);
	CHECK_EQ(fdisk("fdisk -f -u -2 -s 131 -F /disk"), 0);
	CHECK_EQ(fdisk("fdisk -f -a -0 -F /disk"), 0);
	CHECK_EQ(fdisk("fdisk -f -a -3 -F /disk"), 1);
	CHECK_EQ(fdisk("fdisk -v -F /disk"), 0);
	CHECK(said("0: NetBSD (sysid 169)\n    start 63, size 40000 (20 MB, "
		   "Cyls 0/1/1-39/11/58), Active\n"
		   "        beg: cylinder    0, head   1, sector  1\n"
		   "        end: cylinder   39, head  11, sector 58\n"
		   "        PBR is not bootable: All bytes are identical "
		   "(0x00)\n1: <UNUSED>\n2: Linux native (sysid 131)\n"
		   "    start 40320, size 90752"));
	CHECK(said("First active partition: 0\n"));
	verified();
	CHECK_EQ(fdisk("fdisk -S -F /disk"), 0);
	CHECK(said("PART0ID=169\nPART0SIZE=40000\nPART0START=63\n"));
	CHECK_EQ(fdisk("fdisk -f -u -0 -s 0 -F /disk"), 0);
	CHECK_EQ(fdisk("fdisk -F /disk"), 0);
	CHECK(said("0: <UNUSED>"));
	CHECK_EQ(fdisk("fdisk -f -A 2048 -u -0 -s 169//20480 -F /disk"), 0);
	CHECK_EQ(fdisk("fdisk -F /disk"), 0);
	CHECK(said("start 2048, size 20480"));
	CHECK_EQ(fdisk("fdisk -f -I -F /disk"), 0);
	CHECK_EQ(fdisk("fdisk -F /disk"), 0);
	CHECK(said("0: <UNUSED>\n1: <UNUSED>\n2: <UNUSED>\n3: <UNUSED>"));
}

TEST(logical_partitions)
{
	start(64 * MB);
	CHECK_EQ(fdisk("fdisk -f -E 0 -s 131 -F /disk"), 1);
	CHECK(said("there is no extended partition"));
	CHECK_EQ(fdisk("fdisk -f -1 -s 5/45360/60000 -F /disk"), 0);
	CHECK_EQ(fdisk("fdisk -f -E 1 -s 131 -F /disk"), 1);
	CHECK_EQ(fdisk("fdisk -f -E 0 -s 131//20000 -F /disk"), 0);
	CHECK_EQ(fdisk("fdisk -f -E 1 -s 130 -F /disk"), 0);
	CHECK_EQ(fdisk("fdisk -F /disk"), 0);
	CHECK(said("Extended partition table:\nE0: Linux native (sysid 131)\n"
		   "    start 45423, size 20000"));
	CHECK(said("E1: Linux swap or Prime or Solaris (sysid 130)\n"
		   "    start 65583, size 39777"));
	verified();
	CHECK_EQ(fdisk("fdisk -f -E 0 -s 0 -F /disk"), 0);
	CHECK_EQ(fdisk("fdisk -F /disk"), 0);
	CHECK(said("E0: Linux swap or Prime or Solaris (sysid 130)\n"
		   "    start 65583, size 39777"));
	verified();
	/* With the extended partition they are gone. */
	CHECK_EQ(fdisk("fdisk -f -1 -s 0 -F /disk"), 0);
	CHECK_EQ(fdisk("fdisk -F /disk"), 0);
	CHECK(!said("E0"));
	verified();
}

TEST(the_conversation)
{
	start(64 * MB);
	w.in = "n\n0\n169\n63\n10m\n\ny\n";
	CHECK_EQ(fdisk("fdisk -u -F /disk"), 0);
	CHECK(said("Which partition do you want to change?: [none] "));
	CHECK(said("Should we write new partition table? [n] "));
	CHECK_EQ(fdisk("fdisk -F /disk"), 0);
	CHECK(said("start 63, size 20480"));
	/* No answer changes nothing. */
	w.in = "";
	CHECK_EQ(fdisk("fdisk -u -0 -F /disk"), 0);
	w.in = "n\n\n0\n\n\nn\n";
	CHECK_EQ(fdisk("fdisk -u -0 -F /disk"), 0);
	CHECK_EQ(fdisk("fdisk -F /disk"), 0);
	CHECK(said("start 63, size 20480"));
	w.in = "y\n9\n2\n0\ny\ny\n";
	CHECK_EQ(fdisk("fdisk -a -F /disk"), 0);
	CHECK(said("9 is not a valid number."));
	CHECK(said("Partition 2 is not used."));
	CHECK_EQ(fdisk("fdisk -F /disk"), 0);
	CHECK(said("First active partition: 0"));
	verified();
}

TEST(boot_code_and_menu)
{
	uint8_t *p;

	start(64 * MB);
	image_make(&w, "/code", 512, false);
	p = image_find(&w, "/code")->data;
	memset(p, 0x90, 400);
	p[444] = 0xe1;
	p[445] = 0xb5;
	p[510] = 0x55;
	p[511] = 0xaa;
	CHECK_EQ(fdisk("fdisk -f -c /none -F /disk"), 1);
	CHECK_EQ(fdisk("fdisk -f -c /code -0 -s 169///home -F /disk"), 0);
	p = image_find(&w, "/disk")->data;
	CHECK_EQ(p[0], 0x90);
	CHECK(memcmp(p + 404, "home", 5) == 0);
	CHECK_EQ(fdisk("fdisk -F /disk"), 0);
	CHECK(said("    bootmenu: home\n"));
	w.in = "y\n10\n1\ny\n";
	CHECK_EQ(fdisk("fdisk -B -F /disk"), 0);
	CHECK_EQ(fdisk("fdisk -F /disk"), 0);
	CHECK(said("Bootselector enabled, timeout 10 seconds.\n"));
	CHECK_EQ(fdisk("fdisk -f -0 -s ///toolongname -F /disk"), 1);
	/* A table can be kept in a file. */
	CHECK_EQ(fdisk("fdisk -f -0 -s 0 -w /kept -F /disk"), 0);
	CHECK_EQ(image_find(&w, "/kept")->size, 512);
	CHECK_EQ(image_find(&w, "/kept")->data[450], 0);
	CHECK_EQ(image_find(&w, "/disk")->data[450], 169);
	CHECK_EQ(fdisk("fdisk -r /kept -F /disk"), 0);
	CHECK(said("0: <UNUSED>"));
	verified();
}

TEST(tables_of_sfdisk_are_read)
{
	start(64 * MB);
	if (image_host_change(&w, "/disk", "sfdisk",
		"printf 'label: dos\\nstart=2048,size=20480,type=83,bootable\\n"
		"start=22528,type=5\\nstart=24576,size=20480,type=7\\n"
		"size=10000,type=82\\n' | sfdisk -q $f 2>&1") < 0)
		return;
	CHECK_EQ(fdisk("fdisk -F /disk"), 0);
	CHECK(said("Partitions aligned to 2048 sector boundaries, offset "
		   "2048\n"));
	CHECK(said("    start 24576, size 20480"));
	CHECK(said("E1: Linux swap or Prime or Solaris (sysid 130)\n"
		   "    start 47104, size 10000"));
	CHECK_EQ(fdisk("fdisk -f -E 2 -s 169//8192 -F /disk"), 0);
	verified();
}

/* Any bytes: no crash, no endless chain. */
TEST(nonsense_is_survived)
{
	struct image_file *f;
	uint32_t x = 7;

	start(1 * MB);
	f = image_find(&w, "/disk");
	for (int n = 0; n < 500; n++) {
		for (size_t i = 446; i < 512; i++) {
			x = x * 1664525 + 1013904223;
			f->data[i] = (uint8_t)(x >> 24) & 15;
		}
		f->data[446 + 4] = 5;
		f->data[446 + 10] = f->data[446 + 11] = 0;
		f->data[510] = 0x55;
		f->data[511] = 0xaa;
		for (size_t s = 1; s < 2048; s++)
			memcpy(f->data + s * 512 + 440, f->data + 440, 72);
		CHECK_EQ(fdisk("fdisk -v -F /disk"), 0);
		(void)fdisk("fdisk -f -E 0 -s 131/100/10 -F /disk");
		(void)fdisk("fdisk -f -2 -s 131 -F /disk");
		CHECK_EQ(fdisk("fdisk -S -F /disk"), 0);
	}
}

int
main(void)
{
	w.writes_left = -1;
	RUN(a_disk_without_a_table);
	RUN(partitions_by_options);
	RUN(logical_partitions);
	RUN(the_conversation);
	RUN(boot_code_and_menu);
	RUN(tables_of_sfdisk_are_read);
	RUN(nonsense_is_survived);
	image_free(&w);
	return check_done();
}
