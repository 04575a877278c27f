/* SPDX-License-Identifier: BSD-2-Clause */
/* disklabel and disktab(5): on files, which is what -r does on disks, and what they make of anything else. */
#include "disklabel/disklabel.h"
#include "lib/check.h"
#include "lib/disk_kernel.h"
#include <rumprun/dklabel.h>

#define MB ((int64_t)1024 * 1024)
#define HEAD                                                            \
	"type: SCSI\ndisk: mydisk\nlabel: packname\nflags: removable\n" \
	"bytes/sector: 512\nsectors/track: 32\ntracks/cylinder: 64\n"   \
	"sectors/cylinder: 2048\ncylinders: 2\ntotal sectors: 4096\n"   \
	"rpm: 3600\ninterleave: 1\ntrackskew: 0\ncylinderskew: 0\n"     \
	"headswitch: 0\ntrack-to-track seek: 0\ndrivedata: 0 \n\n"
#define PARTS                                                \
	"4 partitions:\n a: 2048 1024 4.2BSD 1024 8192 16\n" \
	" b: 1024 3072 swap\n d: 4096 0 unused 0 0\n"
#define SHOWN_HEAD                                                      \
	"# /img:\ntype: SCSI\ndisk: mydisk\nlabel: packname\n"          \
	"flags: removable\nbytes/sector: 512\nsectors/track: 32\n"      \
	"tracks/cylinder: 64\nsectors/cylinder: 2048\ncylinders: 2\n"   \
	"total sectors: 4096\nrpm: 3600\ninterleave: 1\ntrackskew: 0\n" \
	"cylinderskew: 0\nheadswitch: 0\t\t# microseconds\n"            \
	"track-to-track seek: 0\t# microseconds\ndrivedata: 0 \n\n"
#define SHOWN                                                              \
	SHOWN_HEAD                                                         \
	"4 partitions:\n"                                                  \
	"#        size    offset     fstype [fsize bsize cpg/sgs]\n"       \
	" a:      2048      1024     4.2BSD   1024  8192    16  # (Cyl.  " \
	"    0*-      1*)\n"                                               \
	" b:      1024      3072       swap                     # (Cyl.  " \
	"    1*-      1)\n"                                                \
	" d:      4096         0     unused      0     0        # (Cyl.  " \
	"    0 -      1)\n"

static struct disk_kernel dk;

static void
start(void)
{
	disk_kernel_start(&dk);
	disk_kernel_zeros(&dk, "/img", 2 * MB);
}

static void
label(const char *head, const char *parts)
{
	char text[4096];
	int n = snprintf(text, sizeof(text), "%s%s", head, parts);

	disk_kernel_put(&dk, "/proto", text, (size_t)n);
}

static int
restore(const char *parts)
{
	label(HEAD, parts);
	return disk_kernel_run(&dk, "disklabel -R /img /proto");
}

TEST(restored_label_lies_as_netbsd_writes_it)
{
	/* Sector 1 as recorded in disk/label/vnd. */
	static const uint8_t begin[16] = { 0x57, 0x45, 0x56, 0x82, 4, 0, 0, 0,
		'm', 'y', 'd', 'i', 's', 'k', 0, 0 };
	static const uint8_t at128[80] = { 0, 0, 0, 0, 0x57, 0x45, 0x56, 0x82,
		0x0e, 0x79, 4, 0, 0, 0x20, 0, 0, 0, 0x20, 0, 0, 0, 8, 0, 0, 0,
		4, 0, 0, 0, 4, 0, 0, 7, 8, 0x10, 0, 0, 4, 0, 0, 0, 0xc, 0, 0, 0,
		0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t got[512];

	start();
	CHECK_EQ(restore(PARTS), 0);
	CHECK_STR(dk.out, "");
	CHECK_EQ(disk_kernel_get(&dk, "/img", 512, got, 512), 512);
	CHECK(memcmp(got, begin, sizeof(begin)) == 0);
	CHECK(memcmp(got + 128, at128, sizeof(at128)) == 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel /img"), 0);
	CHECK_STR(dk.out, SHOWN);
	disk_kernel_stop(&dk);
}

TEST(what_is_shown_can_be_restored)
{
	char copy[2048];
	uint8_t before[512], after[512];

	start();
	CHECK_EQ(restore(PARTS), 0);
	(void)disk_kernel_get(&dk, "/img", 512, before, 512);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -C /img"), 0);
	CHECK(strstr(dk.out, " a:     1/0/0    0/32/0     4.2BSD") != NULL);
	snprintf(copy, sizeof(copy), "%s", dk.out);
	disk_kernel_put(&dk, "/proto", copy, strlen(copy));
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -D /img"), 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -R /img /proto"), 0);
	(void)disk_kernel_get(&dk, "/img", 512, after, 512);
	CHECK(memcmp(before, after, 512) == 0);
	disk_kernel_stop(&dk);
}

TEST(places_may_have_units_and_signs)
{
	start();
	CHECK_EQ(restore("8 partitions:\n a: 1c 0 4.2BSD\n b: 512k - swap\n"
			 " d: $ 0 unused\n e: 0.25m - MSDOS # here\n"
			 " f: $ - Linux Ext2\n"),
	    0);
	CHECK_STR(dk.out, "");
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -t /img"), 0);
	CHECK(strstr(dk.out, ":pa#2048:oa#0:ta=4.2BSD:ba#0:fa#0:\\\n") != NULL);
	CHECK(strstr(dk.out, ":pb#1024:ob#2048:tb=swap:\\\n") != NULL);
	CHECK(strstr(dk.out, ":pd#4096:od#0:\\\n") != NULL);
	CHECK(strstr(dk.out, ":pe#512:oe#3072:te=MSDOS:\\\n") != NULL);
	CHECK(strstr(dk.out, ":pf#512:of#3584:tf=Linux Ext2:\n") != NULL);
	disk_kernel_stop(&dk);
}

TEST(bad_prototypes_are_told_and_change_nothing)
{
	static const struct {
		const char *parts, *what;
	} bad[] = {
		{ "0 partitions:\n", "line 19: bad # of partitions" },
		{ "17 partitions:\n", "line 19: bad # of partitions" },
		{ "4 partitions:\n e: 1 0 swap\n",
		    "line 20: bad partition name: e" },
		{ "4 partitions:\n a: 1\n", "line 20: too few fields" },
		{ "4 partitions:\n a: x 0 swap\n",
		    "line 20: bad partition size: x" },
		{ "4 partitions:\n a: 1 -1 swap\n",
		    "line 20: bad partition offset: -1" },
		{ "4 partitions:\n a: 99999999999999999999999 0 swap\n",
		    "line 20: bad partition size: " },
		{ "4 partitions:\n a: 99999999999g 0 swap\n",
		    "line 20: bad partition size: " },
		{ "4 partitions:\n a: 1/2 0 swap\n",
		    "line 20: bad partition size: 1/2" },
		{ "4 partitions:\n a: 1 1 nonesuch\n",
		    "line 20: unknown file system type: nonesuch" },
		{ "4 partitions:\n a: 1 1 4.2BSD 1024 8192 16 7\n",
		    "line 20: too many fields" },
		{ "4 partitions:\n a: 1 1 4.2BSD 1024 8000\n",
		    "line 20: bad block size: 8000" },
		{ "4 partitions:\n a: 1 1 4.2BSD 0 8192\n",
		    "line 20: block size without fragment size" },
		{ "4 partitions:\n a: 1 0 swap\n a: 2 0 swap\n",
		    "line 21: partition a again" },
		{ "4 partitions:\n a: 4097 0 swap\n",
		    "partition a: partition extends past end of unit" },
		{ "4 partitions:\n a: 1 4097 swap\n",
		    "partition a: offset past end of unit" },
		{ "4 partitions\n", "line 19: syntax error" },
		{ "what: 1\n", "line 19: unknown field: what" },
		{ "rpm: 70000\n4 partitions:\n", "line 19: bad rpm: 70000" },
		{ "cylinders: 0\n", "line 19: bad cylinders: 0" },
		{ "bytes/sector: 500\n4 partitions:\n", "sector size 500" },
		{ "flags: fast\n4 partitions:\n", "line 19: bad flag: fast" },
		{ "drivedata: 1 2 3 4 5 6\n4 partitions:\n",
		    "line 19: bad drivedata 6" },
		{ "", "number of partitions (0) == 0" },
	};
	uint8_t got[512], none[512] = { 0 };

	start();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_EQ(restore(bad[i].parts), 1);
		if (strstr(dk.out, bad[i].what) == NULL)
			CHECK_STR(dk.out, bad[i].what);
		(void)disk_kernel_get(&dk, "/img", 512, got, 512);
		CHECK(memcmp(got, none, 512) == 0);
	}
	CHECK_EQ(restore("4 partitions:\n a: 2000 0 swap\n b: 100 1999 boot\n"
			 " d: 100 10 MSDOS\n"),
	    0);
	CHECK_STR(dk.out, "");
	CHECK_EQ(
	    restore("4 partitions:\n a: 2000 0 swap\n b: 100 1999 swap\n"), 0);
	CHECK_STR(dk.out, "disklabel: warning, partitions a and b overlap\n");
	disk_kernel_stop(&dk);
}

TEST(either_byte_order_is_read_and_kept)
{
	uint8_t got[4];

	start();
	label(HEAD, PARTS);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -R -B be /img /proto"), 0);
	(void)disk_kernel_get(&dk, "/img", 512, got, 4);
	CHECK(memcmp(got, "\x82\x56\x45\x57", 4) == 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel /img"), 0);
	CHECK_STR(dk.out, SHOWN);
	CHECK_EQ(restore("4 partitions:\n a: 1 1 swap\n"), 0);
	(void)disk_kernel_get(&dk, "/img", 512, got, 4);
	CHECK(memcmp(got, "\x82\x56\x45\x57", 4) == 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -B boot /img"), 1);
	CHECK(strstr(dk.out, "invalid byte order: boot") != NULL);
	disk_kernel_stop(&dk);
}

TEST(other_machines_have_it_elsewhere)
{
	uint8_t got[4];

	start();
	label(HEAD, PARTS);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -R -M sparc /img /proto"), 0);
	(void)disk_kernel_get(&dk, "/img", 128, got, 4);
	CHECK(memcmp(got, "\x82\x56\x45\x57", 4) == 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel /img"), 0);
	CHECK_STR(dk.out, SHOWN);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -M pdp11 /img"), 1);
	CHECK_STR(dk.out, "disklabel: unknown machine type: pdp11\n");
	disk_kernel_stop(&dk);
}

TEST(label_in_the_partition_of_an_mbr)
{
	uint8_t mbr[512] = { 0 }, got[4];

	disk_kernel_start(&dk);
	mbr[510] = 0x55;
	mbr[511] = 0xaa;
	mbr[446 + 4] = 0xa9;
	mbr[446 + 8] = 63;
	mbr[446 + 12] = 200;
	disk_kernel_put(&dk, "/part", mbr, sizeof(mbr));
	/* the rest of the disk */
	disk_kernel_zeros(&dk, "/img", 2 * MB);
	{
		static uint8_t disk[2 * 1024 * 1024];

		memcpy(disk, mbr, sizeof(mbr));
		disk_kernel_put(&dk, "/img", disk, sizeof(disk));
	}
	CHECK_EQ(restore(PARTS), 0);
	(void)disk_kernel_get(&dk, "/img", 64 * 512, got, 4);
	CHECK(memcmp(got, "\x57\x45\x56\x82", 4) == 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -A /img"), 0);
	CHECK(strncmp(dk.out, "# Label at sector 64 offset 0\n", 30) == 0);
	disk_kernel_stop(&dk);
}

TEST(deleted_labels_are_gone_but_shown_by_A)
{
	start();
	CHECK_EQ(restore(PARTS), 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -D -v /img"), 0);
	CHECK_STR(dk.out, "1 label deleted\n");
	CHECK_EQ(disk_kernel_run(&dk, "disklabel /img"), 1);
	CHECK_STR(dk.out, "disklabel: could not read existing label\n");
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -A /img"), 0);
	CHECK(
	    strncmp(dk.out, "# Deleted label at sector 1 offset 0\n", 37) == 0);
	CHECK_EQ(restore(PARTS), 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -A /img"), 0);
	CHECK(strncmp(dk.out, "# Label at sector 1 offset 0\n", 29) == 0);
	disk_kernel_stop(&dk);
}

TEST(images_of_large_sectors)
{
	uint8_t got[4];

	disk_kernel_start(&dk);
	disk_kernel_zeros(&dk, "/img", 8 * MB);
	label("bytes/sector: 4096\nsectors/track: 32\ntracks/cylinder: 4\n"
	      "cylinders: 16\nrpm: 3600\n",
	    "4 partitions:\n a: 1m 0 4.2BSD\n");
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -R /img /proto"), 0);
	(void)disk_kernel_get(&dk, "/img", 4096, got, 4);
	CHECK(memcmp(got, "\x57\x45\x56\x82", 4) == 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -t /img"), 0);
	CHECK(strstr(dk.out, "se#4096:ns#32:nt#4:sc#128:nc#16:\\") != NULL);
	CHECK(strstr(dk.out, ":pa#256:oa#0:ta=4.2BSD") != NULL);
	disk_kernel_stop(&dk);
}

/* --- disktab -------------------------------------------------------------------- */

#define DISKTAB                                                         \
	"# types\n"                                                     \
	"floppy|floppy3|A floppy disk:\\\n"                             \
	"\t:dt=floppy:ty=removable:se#512:ns#18:nt#2:nc#80:rm#300:\\\n" \
	"\t:pa#2880:oa#0:ta=4.2BSD:ba#4096:fa#512:\\\n"                 \
	"\t:pc#2880:oc#0:\n"                                            \
	"slow|A slower one:rm#150:tc=floppy3:\n"                        \
	"cswap|With swap:pc#100:oc#0:tc=swap:\n"                        \
	"x|Circle:tc=y:\ny|Circle:tc=x:\n"                              \
	"big|Too big:ns#99999:nt#99999:nc#99999:\n"                     \
	"none|Nothing:\nodd|Odd:ns#1x:nt#1:nc#1:\n"

TEST(disktab_entry_becomes_a_label)
{
	static const char *const bad[] = { "nosuch", "x", "big", "none", "odd",
		"floppy3x", "A" };
	char line[64];

	disk_kernel_start(&dk);
	disk_kernel_put(&dk, "/tab", DISKTAB, sizeof(DISKTAB) - 1);
	disk_kernel_zeros(&dk, "/img", 1474560);
	CHECK_EQ(
	    disk_kernel_run(&dk, "disklabel -w -f /tab /img slow 'my disk'"), 0);
	CHECK_STR(dk.out, "");
	CHECK_EQ(disk_kernel_run(&dk, "disklabel /img"), 0);
	CHECK(strstr(dk.out,
		  "type: floppy\ndisk: slow\nlabel: my disk\n"
		  "flags: removable\n") != NULL);
	CHECK(strstr(dk.out, "rpm: 150\n") != NULL);
	CHECK(strstr(dk.out, "total sectors: 2880\n") != NULL);
	CHECK(strstr(dk.out, "\n3 partitions:\n") != NULL);
	CHECK(strstr(dk.out,
		  " a:      2880         0     4.2BSD    512  4096 ") != NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(
		    line, sizeof(line), "disklabel -w -f /tab /img %s", bad[i]);
		CHECK_EQ(disk_kernel_run(&dk, line), 1);
		CHECK(
		    strncmp(dk.out, "disklabel: unknown disk type: ", 30) == 0);
	}
	disk_kernel_stop(&dk);
}

TEST(terse_form_is_a_disktab_entry)
{
	char copy[2048];

	start();
	CHECK_EQ(restore(PARTS), 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -t /img"), 0);
	snprintf(copy, sizeof(copy), "%s", dk.out);
	disk_kernel_put(&dk, "/tab", copy, strlen(copy));
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -w -D -f /tab /img mydisk"), 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -t /img"), 0);
	CHECK_STR(dk.out, copy);
	disk_kernel_stop(&dk);
}

/* --- -e and -i ------------------------------------------------------------------- */

static int edits;

/* Spoils the label at first, then makes partition b one of MSDOS. */
static int
edit_main(struct tool *t, int argc, char **argv)
{
	char *text = t_calloc(t, 1, 8192), *b;
	int fd = sys_open(t, argv[argc - 1], O_RDWR, 0);

	if (fd < 0 || argc != 3 || strcmp(argv[1], "-x") != 0)
		return 9;
	if (sys_read(t, fd, text, 8191) <= 0)
		return 9;
	if (edits++ == 0)
		b = strstr(text, " 3072"), memcpy(b, " 9999", 5);
	else {
		b = strstr(text, " 9999");
		memcpy(b, " 3072", 5);
		b = strstr(text, "swap");
		memcpy(b, "boot", 4);
	}
	(void)sys_pwrite(t, fd, text, strlen(text), 0);
	return edits > 2 ? 3 : 0;
}

static const struct tool_entry editor_entries[] = { { "edit", edit_main, 0 },
	{ NULL, NULL, 0 } };
static const struct tool_group editor = { "editor", editor_entries };

TEST(editor_is_run_until_the_label_is_in_order)
{
	start();
	CHECK_EQ(restore(PARTS), 0);
	dk.tools = &editor;
	dk.env[0] = (char[]){ "EDITOR= edit  -x" };
	dk.in = "y\n";
	edits = 0;
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -e /img"), 0);
	CHECK_EQ(edits, 2);
	CHECK_STR(dk.out,
	    "disklabel: partition b: offset past end of unit\n"
	    "re-edit the label? [y]: ");
	CHECK_EQ(disk_kernel_run(&dk, "disklabel /img"), 0);
	CHECK(strstr(dk.out, " b:      1024      3072       boot ") != NULL);
	/* one that is given up */
	edits = 0;
	dk.in = "n\n";
	CHECK_EQ(restore(PARTS), 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -e /img"), 1);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel /img"), 0);
	CHECK_STR(dk.out, SHOWN);
	/* none at all */
	dk.env[0] = NULL;
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -e /img"), 1);
	CHECK_STR(dk.out, "disklabel: vi: No such file or directory\n");
	disk_kernel_stop(&dk);
}

TEST(conversation_makes_a_label)
{
	start();
	dk.in = "a\n4.2BSD\n0\n1m\nb\nswap\na\n$\nN\nfoo bar\nW\ny\nQ\n";
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -i -I /img"), 0);
	CHECK(strstr(dk.out, "Label written\n") != NULL);
	CHECK(strstr(dk.out,
		  "Start offset ('x' to start after partition 'x') "
		  "[0c, 0s, 0M]: ") != NULL);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -t /img"), 0);
	CHECK(strstr(dk.out,
		  ":pa#2048:oa#0:ta=4.2BSD:ba#0:fa#0:\\\n"
		  "\t:pb#2048:ob#2048:tb=swap:") != NULL);
	/* nothing is written unless asked */
	dk.in = "a\n\n\n512\nW\nn\n";
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -i /img"), 0);
	CHECK(strstr(dk.out, "[1c, 2048s, 1M]: ") != NULL);
	CHECK(strstr(dk.out, "Label not written\n") != NULL);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -t /img"), 0);
	CHECK(strstr(dk.out, ":pa#2048:") != NULL);
	/* rounded to cylinders, made contiguous, cut at the end */
	dk.in = "R\nc\na\n\n\n100s\nb\n\n3000\n0\na\nbad\n5g\n$\nC\nP\n"
		"zz\nI\nvnd\nd\np\n1\n2\n3\n4\n5\n6\n7\nE\nL\nA\n";
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -i /img"), 0);
	CHECK(strstr(dk.out, "Unknown command zz\n") != NULL);
	CHECK(strstr(dk.out, "Invalid size: bad\n") != NULL);
	CHECK(strstr(dk.out, "extends beyond the end of the disk") != NULL);
	CHECK(strstr(dk.out, "Total sectors: 5 -> 4096\n") != NULL);
	disk_kernel_stop(&dk);
}

/* --- through a driver --------------------------------------------------------- */

TEST(driver_and_disk_have_the_same_label)
{
	uint8_t sector[512], zeros[512] = { 0 };
	char *from;

	start();
	label(HEAD, PARTS);
	CHECK_EQ(disk_kernel_run(&dk, "vnconfig vnd0 /img"), 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel vnd0"), 102);
	CHECK(strstr(dk.out, "label: fictitious\n") != NULL);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -r vnd0"), 1);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -R vnd0 /proto"), 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel vnd0"), 0);
	from = strchr(dk.out, '\n');
	CHECK(from != NULL);
	CHECK_STR(from, strchr(SHOWN, '\n'));
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -r /dev/rvnd0d"), 0);
	CHECK_STR(strchr(dk.out, '\n'), strchr(SHOWN, '\n'));
	/* -r puts it into the kernel as well */
	label(HEAD, "5 partitions:\n a: 1024 0 swap\n d: 4096 0 unused\n");
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -R -r vnd0 /proto"), 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -t vnd0"), 0);
	CHECK(strstr(dk.out, ":pa#1024:oa#0:ta=swap:\\\n\t:pd#4096:od#0:\n") !=
	    NULL);
	/* partition a holds the label, which stays */
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -N vnd0"), 0);
	(void)disk_kernel_get(&dk, "/dev/rvnd0a", 512, sector, 512);
	CHECK(memcmp(sector, "\x57\x45\x56\x82", 4) == 0);
	dk.in = "a\nboot\n\n512\nW\ny\nQ\n";
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -i vnd0"), 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -t -r vnd0"), 0);
	CHECK(strstr(dk.out, ":pa#512:oa#0:ta=boot:") != NULL);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -D vnd0"), 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -r vnd0"), 1);
	dk.in = "Q\n";
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -i -I vnd0"), 0);
	CHECK_EQ(disk_kernel_run(&dk, "vnconfig -u vnd0"), 0);
	/* nothing but the label was written */
	(void)disk_kernel_get(&dk, "/img", 1024, sector, 512);
	CHECK(memcmp(sector, zeros, 512) == 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel vnd0"), 4);
	CHECK_STR(
	    dk.out, "disklabel: ioctl DIOCGDINFO: Device not configured\n");
	disk_kernel_stop(&dk);
}

/* --- the library ----------------------------------------------------------------- */

TEST(names_of_types)
{
	size_t n;

	CHECK_EQ(disktab_fstype("4.2BSD", NULL), FS_BSDFFS);
	CHECK_EQ(disktab_fstype("Linux Ext2 0 0", &n), FS_EX2FS);
	CHECK_EQ(n, 10);
	CHECK_EQ(disktab_fstype("ccdx", &n), -1);
	CHECK_EQ(disktab_fstype("ccd x", NULL), -1);
	CHECK_EQ(disktab_fstype("", NULL), -1);
	CHECK_EQ(disktab_dktype("scsi"), DKTYPE_SCSI);
	CHECK_EQ(disktab_dktype(""), -1);
	CHECK(disktab_fstype_name(255) == NULL);
}

TEST(nonsense_is_no_label)
{
	/* A disk of magic numbers. */
	static uint8_t disk[65536];

	for (size_t i = 0; i + 4 <= sizeof(disk); i += 4)
		memcpy(disk + i, "\x57\x45\x56\x82", 4);
	disk_kernel_start(&dk);
	disk_kernel_put(&dk, "/img", disk, sizeof(disk));
	CHECK_EQ(disk_kernel_run(&dk, "disklabel /img"), 1);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -A /img"), 1);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -D /img"), 0);
	disk_kernel_put(&dk, "/img", "", 0);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel /img"), 1);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -i -I /img"), 1);
	label(HEAD, PARTS);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -R /img /proto"), 4);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -R -i /img"), 1);
	CHECK_EQ(disk_kernel_run(&dk, "disklabel -I /img"), 1);
	disk_kernel_stop(&dk);
}

int
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	RUN(restored_label_lies_as_netbsd_writes_it);
	RUN(what_is_shown_can_be_restored);
	RUN(places_may_have_units_and_signs);
	RUN(bad_prototypes_are_told_and_change_nothing);
	RUN(either_byte_order_is_read_and_kept);
	RUN(other_machines_have_it_elsewhere);
	RUN(label_in_the_partition_of_an_mbr);
	RUN(deleted_labels_are_gone_but_shown_by_A);
	RUN(images_of_large_sectors);
	RUN(disktab_entry_becomes_a_label);
	RUN(terse_form_is_a_disktab_entry);
	RUN(editor_is_run_until_the_label_is_in_order);
	RUN(conversation_makes_a_label);
	RUN(driver_and_disk_have_the_same_label);
	RUN(names_of_types);
	RUN(nonsense_is_no_label);
	return check_done();
}
