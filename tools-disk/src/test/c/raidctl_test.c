/* SPDX-License-Identifier: BSD-2-Clause */
/* raidctl: its command line, configuration files, and what it says of what the driver says. */
#include "lib/check.h"
#include "lib/fake_raid.h"
#include "tools.h"

static struct fake_raid f;

#define CONF                                                                \
	"# mirror\nSTART array\n1 2 1 # row col spare\n\nSTART disks\n"     \
	"  /d0\n/d#1\t# second\nSTART spare\n/d2\nSTART layout\n32 1 1 1\n" \
	"START queue\nfifo 100\n"

static void
conf(const char *text)
{
	f.conf = text;
	f.conf_len = strlen(text);
}

static void
start(void)
{
	static const char *const names[] = { "/d0", "/d1" };

	memset(&f, 0, sizeof(f));
	f.info.rows = 1;
	f.info.cols = 2;
	f.info.maxqdepth = 100;
	f.info.ndevs = 2;
	f.info.nspares = 1;
	for (int i = 0; i < 2; i++)
		strcpy(f.info.devs[i].devname, names[i]);
	strcpy(f.info.spares[0].devname, "/d2");
	f.info.spares[0].status = rf_ds_spare;
	f.label = (struct RF_ComponentLabel_s){ .version = 2,
		.serial_number = 2016,
		.mod_counter = 7,
		.num_rows = 1,
		.num_columns = 2,
		.sectPerSU = 32,
		.SUsPerPU = 1,
		.SUsPerRU = 1,
		.parityConfig = '1',
		.maxOutstanding = 100,
		.blockSize = 512,
		.__numBlocks = 1984 };
	f.parity = 1;
}

static int
raidctl(const char *line)
{
	return fake_raid_run(&f, raidctl_main, line);
}

static bool
said(const char *s)
{
	return strstr(f.out, s) != NULL;
}

TEST(usage_for_wrong_command_lines)
{
	start();
	CHECK_EQ(raidctl("raidctl"), 1);
	CHECK(said("usage: raidctl [-v] -A [yes | no | softroot | hardroot] "
		   "dev\n       raidctl [-v] -a component dev\n"));
	CHECK_EQ(raidctl("raidctl -s"), 1);
	CHECK_EQ(raidctl("raidctl -s -p raid0"), 1);
	CHECK_EQ(raidctl("raidctl -s raid0 raid1"), 1);
	CHECK_EQ(raidctl("raidctl -v raid0"), 1);
	CHECK_EQ(raidctl("raidctl -M perhaps raid0"), 1);
	CHECK_EQ(raidctl("raidctl -M yes 1 raid0"), 1);
	CHECK_EQ(raidctl("raidctl -z raid0"), 1);
	CHECK(said("raidctl: unknown option -- z\nusage:"));
	CHECK_EQ(raidctl("raidctl -I abc raid0"), 1);
	CHECK(said("raidctl: Bad number `abc': Operation canceled\n"));
	CHECK_EQ(f.ncalls, 0);
}

TEST(devices_that_are_none)
{
	start();
	f.absent = true;
	CHECK_EQ(raidctl("raidctl -s raid9"), 1);
	CHECK(said("raidctl: Unable to open device file: raid9: No such file "
		   "or directory\n"));
	f.absent = false;
	f.unconfigured = true;
	CHECK_EQ(raidctl("raidctl -s raid0"), 1);
	CHECK(said("raidctl: ioctl (RAIDFRAME_GET_INFO) failed: Device not "
		   "configured\n"));
}

TEST(status_of_a_mirror_with_a_spare)
{
	start();
	f.info.devs[1].status = rf_ds_failed;
	CHECK_EQ(raidctl("raidctl -s raid0"), 0);
	CHECK(said("Components:\n                 /d0: optimal\n"
		   "                 /d1: failed\nSpares:\n"
		   "                 /d2: spare\n"
		   "Component label for /d0:\n"
		   "   Row: 0, Column: 0, Num Rows: 1, Num Columns: 2\n"
		   "   Version: 2, Serial Number: 2016, Mod Counter: 7\n"
		   "   Clean: No, Status: 0\n"
		   "   sectPerSU: 32, SUsPerPU: 1, SUsPerRU: 1\n"
		   "   Queue size: 100, blocksize: 512, numBlocks: 1984\n"
		   "   RAID Level: 1\n   Autoconfig: No\n"
		   "   Root partition: No\n   Last configured as: raid0\n"
		   "/d1 status is: failed.  Skipping label.\n"
		   "/d2 status is: spare.  Skipping label.\n"
		   "Parity status: clean\nReconstruction is 100% complete.\n"
		   "Parity Re-write is 100% complete.\n"
		   "Copyback is 100% complete.\n"));
	CHECK_EQ(raidctl("raidctl -p raid0"), 0);
	CHECK(said("/dev/rraid0d: Parity status: clean\n"));
	f.parity = 0;
	CHECK_EQ(raidctl("raidctl -p raid0"), 1);
	CHECK(said("/dev/rraid0d: Parity status: DIRTY\n"));
}

TEST(configurations_reach_the_driver)
{
	start();
	conf(CONF);
	CHECK_EQ(raidctl("raidctl -C /raid.conf raid0"), 0);
	CHECK_EQ(f.out[0], '\0');
	CHECK_EQ(f.config.force, 1);
	CHECK_EQ(f.config.numCol, 2);
	CHECK_EQ(f.config.numSpare, 1);
	CHECK(strcmp(f.config.devnames[0][0], "/d0") == 0);
	CHECK(strcmp(f.config.devnames[0][1], "/d#1") == 0);
	CHECK(strcmp(f.config.spare_names[0], "/d2") == 0);
	CHECK_EQ(f.config.sectPerSU, 32);
	CHECK_EQ(f.config.parityConfig, '1');
	CHECK(strcmp(f.config.diskQueueType, "fifo") == 0);
	CHECK_EQ(f.config.maxOutstandingDiskReqs, 100);
	CHECK_EQ(raidctl("raidctl -c /raid.conf raid0"), 0);
	CHECK_EQ(f.config.force, 0);
	conf(CONF "START debug\naccessDebug 1\nmapDebug 2\n");
	CHECK_EQ(raidctl("raidctl -c /raid.conf raid0"), 0);
	CHECK(strcmp(f.config.debugVars[1], "mapDebug 2") == 0);
}

/* A file that is wrong in one way, and what is said of it. */
static void
refused(const char *text, const char *message)
{
	start();
	conf(text);
	CHECK_EQ(raidctl("raidctl -C /raid.conf raid0"), 1);
	CHECK(said(message));
	CHECK(said("raidctl: Unable to create RAIDframe configuration "
		   "structure: Invalid argument\n"));
	CHECK_EQ(f.ncalls, 0);
}

TEST(wrong_configurations_are_refused)
{
	start();
	CHECK_EQ(raidctl("raidctl -C /raid.conf raid0"), 1);
	CHECK(strcmp(f.out,
		  "Can't open config file /raid.conf\n"
		  "raidctl: Unable to create RAIDframe configuration "
		  "structure: Undefined error: 0\n") == 0);
	refused("nonsense",
	    "Unable to find start of \"array\" params in config file "
	    "/raid.conf\n");
	refused("START array\n1 2 0\nSTART disks\n/a\n/b\nSTART layout\n"
		"32 1 1 9\nSTART queue\nfifo 100\n",
	    "Unknown parity config '9'\n");
	refused("START array\n1 41 0\n", "Bad \"array\" params");
	refused("START array\n2 2 0\n", "Bad \"array\" params");
	refused("START array\n1 2\n", "Bad \"array\" params");
	refused("START array\n1 2 11\n", "Bad \"array\" params");
	refused("START array\n", "(end)");
	refused("START array\n1 2 0\nSTART disks\n/a\n",
	    "Unable to get device file for disk at row 0 col 1\n");
	refused("START array\n1 1 1\nSTART disks\n/a\n",
	    "Unable to find start of \"spare\" params");
	refused("START array\n1 1 0\nSTART disks\n"
		"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	    "Unable to get device file for disk at row 0 col 0\n");
	refused("START array\n1 1 0\nSTART disks\n/a\nSTART layout\n0 1 1 0\n",
	    "Bad \"layout\" params");
	refused("START array\n1 1 0\nSTART disks\n/a\nSTART layout\n8 1 1 0\n"
		"START queue\nfifo 128\n",
	    "Bad \"queue\" params");
}

/* As NetBSD: names that are missing are taken from what follows. */
TEST(a_section_that_is_short_takes_the_next_line)
{
	start();
	conf("START array\n1 3 0\nSTART disks\n/d0\n/d1\nSTART layout\n"
	     "32 1 1 5\nSTART queue\nfifo 100\n");
	CHECK_EQ(raidctl("raidctl -C /raid.conf raid0"), 0);
	CHECK(strcmp(f.config.devnames[0][2], "START layout") == 0);
}

TEST(printed_configurations_read_back)
{
	static char text[4096];

	start();
	CHECK_EQ(raidctl("raidctl -G raid0"), 0);
	CHECK(strcmp(f.out,
		  "# raidctl config file for /dev/rraid0d\n\nSTART array\n"
		  "# numRow numCol numSpare\n1 2 1\n\nSTART disks\n/d0\n/d1\n"
		  "\nSTART spare\n/d2\n\nSTART layout\n# sectPerSU "
		  "SUsPerParityUnit SUsPerReconUnit RAID_level_1\n32 1 1 1\n"
		  "\nSTART queue\nfifo 100\n") == 0);
	strcpy(text, f.out);
	conf(text);
	CHECK_EQ(raidctl("raidctl -c /raid.conf raid0"), 0);
	CHECK(strcmp(f.config.devnames[0][1], "/d1") == 0);
	CHECK(strcmp(f.config.spare_names[0], "/d2") == 0);
}

TEST(components_by_name)
{
	start();
	CHECK_EQ(raidctl("raidctl -f /none raid0"), 1);
	CHECK(said("raidctl: /none is not a component of this device: "
		   "Undefined error: 0\n"));
	CHECK_EQ(raidctl("raidctl -f /d1 raid0"), 0);
	CHECK_EQ(f.recon.col, 1);
	CHECK_EQ(f.recon.flags, 0);
	CHECK_EQ(raidctl("raidctl -F /d0 raid0"), 0);
	CHECK_EQ(f.recon.col, 0);
	CHECK_EQ(f.recon.flags, RF_FDFLAGS_RECON);
	CHECK_EQ(raidctl("raidctl -g /d2 raid0"), 0);
	CHECK(said("Component label for /d2:\n   Row: 0, Column: 2,"));
	CHECK_EQ(raidctl("raidctl -a /new raid0"), 0);
	CHECK(strcmp(f.single.component_name, "/new") == 0);
	CHECK(fake_raid_asked(&f, RAIDFRAME_ADD_HOT_SPARE));
	CHECK_EQ(raidctl("raidctl -r /d2 raid0"), 0);
	CHECK(fake_raid_asked(&f, RAIDFRAME_REMOVE_HOT_SPARE));
	CHECK_EQ(raidctl("raidctl -R /d1 raid0"), 0);
	CHECK_EQ(f.single.column, 1);
	f.error = -ENOENT;
	CHECK_EQ(raidctl("raidctl -a /new raid0"), 1);
	CHECK(said("raidctl: ioctl (RAIDFRAME_ADD_HOT_SPARE) failed: No such "
		   "file or directory\n"));
}

TEST(numbers_and_switches)
{
	start();
	CHECK_EQ(raidctl("raidctl -I 2016 raid0"), 0);
	CHECK_EQ(f.value, 2016);
	CHECK_EQ(raidctl("raidctl -U 3 raid0"), 0);
	CHECK_EQ(f.value, 3);
	CHECK_EQ(raidctl("raidctl -A maybe raid0"), 0);
	CHECK(said("raid0: Autoconfigure: No\n"));
	CHECK_EQ(raidctl("raidctl -A softroot raid0"), 0);
	CHECK(said("raid0: Autoconfigure: Yes\nraid0: Root: Soft\n"));
	CHECK_EQ(f.value, 2);
	CHECK_EQ(raidctl("raidctl -M no raid0"), 0);
	CHECK_EQ(f.value, 1);
	CHECK_EQ(raidctl("raidctl -M set 4 1000 raid0"), 0);
	CHECK_EQ(f.params.cooldown, 4);
	CHECK_EQ(f.params.tickms, 1000);
	CHECK_EQ(f.params.regions, 0);
	CHECK_EQ(raidctl("raidctl -M set x raid0"), 1);
	CHECK_EQ(raidctl("raidctl -u raid0"), 0);
	CHECK(fake_raid_asked(&f, RAIDFRAME_SHUTDOWN));
}

TEST(the_parity_map_is_shown)
{
	start();
	CHECK_EQ(raidctl("raidctl -m raid0"), 0);
	f.map.enabled = 1;
	f.map.params = (struct rf_pmparams){ 8, 5000, 16 };
	f.map.region_size = 212992;
	f.map.dirty[0] = 0x21;
	f.map.ctrs = (struct rf_pmctrs){ 1, 2, 3 };
	CHECK_EQ(raidctl("raidctl -vm raid0"), 0);
	CHECK(strcmp(f.out,
		  "/dev/rraid0d: parity map enabled with 16 regions of "
		  "104MB\n/dev/rraid0d: regions marked clean after 8 "
		  "intervals of 5.000s\n/dev/rraid0d: write/sync/clean "
		  "counters 1/2/3\n/dev/rraid0d: 2 dirty regions\n2100\n") == 0);
}

TEST(long_work_has_a_bar)
{
	start();
	f.progress[1] = (struct RF_ProgressInfo_s){ 100, 0, 100 };
	f.parity = 0;
	CHECK_EQ(raidctl("raidctl -iv raid0"), 0);
	CHECK(said("Initiating re-write of parity\nParity Re-write status:\n"));
	CHECK(said("\r  1% |                                       | ETA:"));
	CHECK(said("\r100% |***************************************| ETA:    "
		   "00:00  \n"));
	CHECK(fake_raid_asked(&f, RAIDFRAME_REWRITEPARITY));
	f.progress[0] = (struct RF_ProgressInfo_s){ 50, 50, 100 };
	CHECK_EQ(raidctl("raidctl -S raid0"), 0);
	CHECK(said("Reconstruction is 50% complete.\n"
		   "Parity Re-write is 100% complete.\n"
		   "Copyback is 100% complete.\nReconstruction status:\n"));
	CHECK_EQ(raidctl("raidctl -vF /d0 raid0"), 0);
	CHECK(said("Reconstruction status:\n"));
	CHECK_EQ(raidctl("raidctl -Bv raid0"), 0);
	CHECK(said("Copyback.\nCopyback status:\n"));
	CHECK_EQ(raidctl("raidctl -B raid0"), 0);
	CHECK(strcmp(f.out, "Copyback.\n") == 0);
}

/* The other end may be anybody's. */
TEST(drivers_that_lie)
{
	start();
	f.info.ndevs = 1000;
	CHECK_EQ(raidctl("raidctl -s raid0"), 1);
	CHECK(said("nonsense"));
	start();
	f.info.ndevs = RF_MAX_DISKS;
	f.info.nspares = RF_MAX_DISKS;
	memset(f.info.devs, 'x', sizeof(f.info.devs));
	memset(f.info.spares, 'x', sizeof(f.info.spares));
	memset(&f.label, 0xff, sizeof(f.label));
	memset(f.progress, 0xff, sizeof(f.progress));
	f.progress[0].remaining = 1;
	f.progress[1].total = 0;
	CHECK_EQ(raidctl("raidctl -s raid0"), 0);
	CHECK(said("RAID Level: ?") || said("unknown"));
	CHECK_EQ(raidctl("raidctl -G raid0"), 0);
	memset(&f.map, 0xff, sizeof(f.map));
	CHECK_EQ(raidctl("raidctl -mv raid0"), 0);
}

int
main(void)
{
	RUN(usage_for_wrong_command_lines);
	RUN(devices_that_are_none);
	RUN(status_of_a_mirror_with_a_spare);
	RUN(configurations_reach_the_driver);
	RUN(wrong_configurations_are_refused);
	RUN(a_section_that_is_short_takes_the_next_line);
	RUN(printed_configurations_read_back);
	RUN(components_by_name);
	RUN(numbers_and_switches);
	RUN(the_parity_map_is_shown);
	RUN(long_work_has_a_bar);
	RUN(drivers_that_lie);
	return check_done();
}
