/* SPDX-License-Identifier: BSD-2-Clause */
/* dkctl: on a disk that is a file, whose wedges come from a label, and hold a file system. */
#include "lib/check.h"
#include "lib/disk_kernel.h"
#include "tools.h"

#define MB ((int64_t)1024 * 1024)

static struct disk_kernel dk;

static void
run(const char *line, int status, const char *out)
{
	int got = disk_kernel_run(&dk, line);

	if (got != status || (out != NULL && strcmp(out, dk.out) != 0))
		printf("    %s: %d\n%s", line, got, dk.out);
	CHECK_EQ(got, status);
	if (out != NULL)
		CHECK_STR(dk.out, out);
}

/* The nodes of dk0; mknod itself is a tool of another library. */
static int
nodes_main(struct tool *t, int argc, char **argv)
{
	(void)argc, (void)argv;
	return sys_mknod(t, "/dev/dk0", S_IFBLK | 0600, makedev(168, 0)) < 0 ||
	    sys_mknod(t, "/dev/rdk0", S_IFCHR | 0600, makedev(168, 0)) < 0;
}

/* Holds dk0 while dkctl shall delete it. */
static int
busy_main(struct tool *t, int argc, char **argv)
{
	char *del[] = { (char *)"dkctl", (char *)"vnd0", (char *)"delwedge",
		(char *)"dk0", NULL };

	(void)argc, (void)argv;
	if (sys_open(t, "/dev/rdk0", O_RDONLY, 0) < 0)
		return 9;
	return dkctl_main(t, 4, del);
}

static const struct tool_entry own_tools[] = {
	{ "nodes", nodes_main, 0 },
	{ "busy", busy_main, 0 },
	{ NULL, NULL, 0 },
};
static const struct tool_group own = { "own", own_tools };

static void
start(void)
{
	disk_kernel_start(&dk);
	dk.tools = &own;
	disk_kernel_zeros(&dk, "/img", 2 * MB);
	run("vnconfig vnd0 /img", 0, "");
	run("nodes", 0, "");
}

static void
stop(void)
{
	run("vnconfig -u vnd0", 0, "");
	disk_kernel_stop(&dk);
}

TEST(dkctl_usage)
{
	start();
	run("dkctl", 1, NULL);
	CHECK(strncmp(dk.out, "usage: dkctl device\n", 20) == 0);
	run("dkctl vnd0 nosuch", 1, NULL);
	run("dkctl vnd0 addwedge a 1 2", 1, NULL);
	run("dkctl vnd0 keeplabel maybe", 1, NULL);
	run("dkctl nosuch", 1, "dkctl: nosuchd: No such file or directory\n");
	run("dkctl vnd0 addwedge a x 2 ffs", 1,
	    "dkctl: Starting block is not a number: x\n");
	run("dkctl vnd0 addwedge a 0 99999999999999999999 ffs", 1,
	    "dkctl: Block count is too large: 99999999999999999999\n");
	stop();
}

TEST(dkctl_shows_a_disk)
{
	start();
	run("dkctl vnd0", 0,
	    "/dev/rvnd0d: fcfs\n"
	    "/dev/rvnd0d: read cache enabled\n"
	    "/dev/rvnd0d: write-back cache enabled\n"
	    "/dev/rvnd0d: read cache enable is not changeable\n"
	    "/dev/rvnd0d: write cache enable is not changeable\n"
	    "/dev/rvnd0d: cache parameters are not savable\n"
	    "/dev/rvnd0d: no wedges configured\n");
	run("dkctl vnd0 strategy disksort", 0,
	    "/dev/rvnd0d: fcfs -> disksort\n");
	run("dkctl vnd0 strategy", 0, "/dev/rvnd0d: disksort\n");
	run("dkctl vnd0 strategy none", 1,
	    "dkctl: /dev/rvnd0d: none: Invalid argument\n");
	run("dkctl vnd0 setcache rw", 0, "");
	run("dkctl vnd0 setcache none", 1,
	    "dkctl: /dev/rvnd0d: setcache: Operation not supported\n");
	run("dkctl vnd0 synccache force", 0, "");
	run("dkctl vnd0 keeplabel yes", 0, "");
	run("dkctl vnd0 badsector list", 0, "No bad sectors on /dev/rvnd0d\n");
	run("dkctl vnd0 badsector retry", 0, "");
	run("dkctl vnd0 listwedges -e", 1, NULL);
	run("dkctl vnd0 listwedges -q", 0, "");
	stop();
}

TEST(dkctl_wedge_is_part_of_the_disk)
{
	uint8_t sector[512] = "inside", got[512];

	start();
	run("dkctl vnd0 addwedge home 64 3000 ffs", 0,
	    "dk0 created successfully.\n");
	run("dkctl vnd0 addwedge home 3064 9 ffs", 1,
	    "dkctl: /dev/rvnd0d: addwedge: File exists\n");
	run("dkctl dk0 getwedgeinfo", 0,
	    "dk0 at vnd0: home\ndk0: 3000 blocks at 64, type: ffs\n");
	disk_kernel_put(&dk, "/dev/rdk0", sector, 512);
	CHECK_EQ(disk_kernel_get(&dk, "/img", 64 * 512, got, 512), 512);
	CHECK(memcmp(sector, got, 512) == 0);
	run("busy", 1, "busy: /dev/rvnd0d: delwedge: Device busy\n");
	run("dkctl vnd0 delwedge dk0", 0, "");
	run("dkctl vnd0 delwedge dk0", 1,
	    "dkctl: /dev/rvnd0d: delwedge: No such process\n");
	stop();
}

TEST(dkctl_finds_wedges_of_a_label)
{
	static const char
	    proto[] = "type: vnd\ndisk: vnd\nlabel: pack\nbytes/sector: 512\n"
		      "sectors/track: 32\ntracks/cylinder: 64\n"
		      "sectors/cylinder: 2048\ncylinders: 2\ntotal sectors: 4096\nrpm: 3600\n"
		      "4 partitions:\n a: 1024 64 4.2BSD 1024 8192 16\n"
		      " b: 512 2000 swap\n d: 4096 0 unused 0 0\n";

	start();
	disk_kernel_put(&dk, "/proto", proto, sizeof(proto) - 1);
	run("disklabel -R vnd0 /proto", 0, "");
	run("dkctl vnd0 makewedges", 0,
	    "successfully scanned /dev/rvnd0d.\n/dev/rvnd0d: 2 wedges:\n"
	    "dk0: pack/a, 1024 blocks at 64, type: ffs\n"
	    "dk1: pack/b, 512 blocks at 2000, type: swap\n");
	run("dkctl vnd0 listwedges -e", 0, NULL);
	stop();
}

int
main(void)
{
	RUN(dkctl_usage);
	RUN(dkctl_shows_a_disk);
	RUN(dkctl_wedge_is_part_of_the_disk);
	RUN(dkctl_finds_wedges_of_a_label);
	return check_done();
}
