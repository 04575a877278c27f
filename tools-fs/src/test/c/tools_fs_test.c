/* SPDX-License-Identifier: BSD-2-Clause */
/* The file utilities, linked to a kernel: what transcripts do not show (deep trees, other file systems, interruption). */
#include "lib/check.h"
#include "tool/local.h"
#include "tool/private.h"
#include "tools.h"
#include <netbsd/mount.h>
#include <rumprun/tools_fs.h>

static struct rump_kernel *kernel;

struct world {
	const char *in;
	size_t inpos;
	char out[65536], err[8192];
	size_t outlen, errlen;
	_Atomic int *interrupt; /* raised once something was written */
};

static int
world_read(void *ctx, int fd, void *buf, size_t n)
{
	struct world *w = ctx;
	size_t left = w->in != NULL ? strlen(w->in) - w->inpos : 0;

	(void)fd;
	if (n > left)
		n = left;
	if (n > 0)
		memcpy(buf, w->in + w->inpos, n);
	w->inpos += n;
	return (int)n;
}

static int
world_write(void *ctx, int fd, const void *buf, size_t n)
{
	struct world *w = ctx;
	char *to = fd == 2 ? w->err : w->out;
	size_t *len = fd == 2 ? &w->errlen : &w->outlen;
	size_t room = (fd == 2 ? sizeof(w->err) : sizeof(w->out)) - 1 - *len;

	if (w->interrupt != NULL)
		atomic_store(w->interrupt, 1);
	if (room > n)
		room = n;
	memcpy(to + *len, buf, room);
	*len += room;
	to[*len] = '\0';
	return (int)n;
}

static bool
world_isatty(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return false;
}

static int
world_columns(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return 0;
}

static int
run_entry(struct world *w, const struct tool_entry *entry, char **argv)
{
	static const struct tool_group *const groups[] = { &rumprun_fs_tools,
		NULL };
	struct tool_io io = {
		.read = world_read,
		.write = world_write,
		.isatty = world_isatty,
		.columns = world_columns,
		.ctx = w,
	};
	_Atomic int interrupt = 0;
	struct tool_run run = {
		.io = &io, .groups = groups, .interrupt = &interrupt
	};
	int argc = 0;

	w->outlen = w->errlen = 0;
	w->out[0] = w->err[0] = '\0';
	if (w->interrupt != NULL)
		w->interrupt = &interrupt;
	while (argv[argc] != NULL)
		argc++;
	return tool_local_run(kernel, NULL, &run, entry, argc, argv);
}

#define MAXWORDS 32

/* Runs a line of words separated by blanks. */
static int
run(struct world *w, const char *line)
{
	static const struct tool_group *const groups[] = { &rumprun_fs_tools,
		&rumprun_kernel_tools, NULL };
	char copy[1024], *argv[MAXWORDS + 1], *p = copy;
	const struct tool_entry *e;
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	while (argc < MAXWORDS && *(p += strspn(p, " ")) != '\0') {
		argv[argc++] = p;
		p += strcspn(p, " ");
		if (*p != '\0')
			*p++ = '\0';
	}
	argv[argc] = NULL;
	e = t_find(groups, argv[0]);
	CHECK(e != NULL);
	return run_entry(w, e, argv);
}

static struct world w;

static void
mount_two(void)
{
	CHECK_EQ(run(&w, "mkdir /a /b"), 0);
	CHECK_EQ(run(&w, "mount -t tmpfs one /a"), 0);
	CHECK_EQ(run(&w, "mount_tmpfs two /b"), 0);
}

static void
unmount_two(void)
{
	CHECK_EQ(run(&w, "umount -f /a"), 0);
	CHECK_EQ(run(&w, "umount -f /b"), 0);
	CHECK_EQ(run(&w, "rmdir /a /b"), 0);
}

/* --- deep trees --- */

#define DEPTH 60
#define NAMELEN 200

static int
deep_main(struct tool *t, int argc, char **argv)
{
	char name[NAMELEN + 1];
	int i, fd;

	(void)argc;
	memset(name, 'n', NAMELEN);
	name[NAMELEN] = '\0';
	if (sys_chdir(t, argv[1]) != 0)
		return 1;
	for (i = 0; i < DEPTH; i++) {
		if (sys_mkdir(t, name, 0755) != 0 || sys_chdir(t, name) != 0)
			return 2;
		fd = sys_open(t, "file", O_CREAT | O_WRONLY, 0644);
		if (fd < 0)
			return 3;
		sys_close(t, fd);
	}
	return 0;
}

TEST(tree_deeper_than_a_path_walked)
{
	static const struct tool_entry deep = { "deep", deep_main, 0 };
	char *argv[] = { (char[]){ "deep" }, (char[]){ "/a" }, NULL };
	const char *p;
	int n = 0;

	mount_two();
	CHECK_EQ(run_entry(&w, &deep, argv), 0);
	CHECK_EQ(run(&w, "chmod -R 700 /a"), 0);
	CHECK_EQ(run(&w, "chown -R 3:4 /a"), 0);
	CHECK_EQ(run(&w, "ls -1R /a"), 0);
	CHECK_STR(w.err, "");
	for (p = w.out; (p = strstr(p, "file\n")) != NULL; p++)
		n++;
	/* The paths printed are long: as many as the buffer takes. */
	CHECK(n >= 5);
	CHECK_EQ(run(&w, "rm -r /a/nosuch"), 1);
	CHECK_EQ(run(&w, "ls -A /a"), 0);
	CHECK(w.outlen > NAMELEN);
	{
		char name[NAMELEN + 4] = "/a/", line[NAMELEN + 32];

		memset(name + 3, 'n', NAMELEN);
		name[NAMELEN + 3] = '\0';
		snprintf(line, sizeof(line), "rm -rv %s", name);
		CHECK_EQ(run(&w, line), 0);
		CHECK_STR(w.err, "");
	}
	CHECK_EQ(run(&w, "ls -A /a"), 0);
	CHECK_STR(w.out, "");
	unmount_two();
}

/* --- across file systems --- */

TEST(mv_across_file_systems_keeps_attributes)
{
	mount_two();
	CHECK_EQ(run(&w, "mkdir -p /a/d/e"), 0);
	w.in = "contents\n";
	w.inpos = 0;
	CHECK_EQ(run(&w, "dd of=/a/d/f msgfmt=quiet"), 0);
	CHECK_EQ(run(&w, "chmod 640 /a/d/f"), 0);
	CHECK_EQ(run(&w, "chown 5:6 /a/d/f"), 0);
	CHECK_EQ(run(&w, "touch -t 200102030405.06 /a/d/f"), 0);
	CHECK_EQ(run(&w, "ln -s f /a/d/l"), 0);
	CHECK_EQ(run(&w, "mknod /a/d/p p"), 0);
	CHECK_EQ(run(&w, "mv /a/d /b"), 0);
	CHECK_STR(w.err, "");
	CHECK_EQ(run(&w, "ls -A /a"), 0);
	CHECK_STR(w.out, "");
	CHECK_EQ(run(&w, "ls -lnT /b/d/f"), 0);
	CHECK_STR(w.out, "-rw-r-----  1 5  6  9 Feb  3 04:05:06 2001 /b/d/f\n");
	CHECK_EQ(run(&w, "stat -f %HT%SY /b/d/l /b/d/p /b/d/e"), 0);
	CHECK_STR(w.out, "Symbolic Link -> f\nFifo File\nDirectory\n");
	CHECK_EQ(run(&w, "mv /b/d/f /a/g"), 0);
	CHECK_EQ(run(&w, "cat /a/g"), 0);
	CHECK_STR(w.out, "contents\n");
	CHECK_EQ(run(&w, "rm -rx /b/d"), 0);
	unmount_two();
}

TEST(mv_to_the_root_file_system_copies)
{
	CHECK_EQ(run(&w, "mkdir /a"), 0);
	CHECK_EQ(run(&w, "mount_tmpfs x /a"), 0);
	w.in = "contents\n";
	w.inpos = 0;
	CHECK_EQ(run(&w, "dd of=/a/f msgfmt=quiet"), 0);
	CHECK_EQ(run(&w, "mv /a/f /tmp/g"), 0);
	CHECK_STR(w.err, "");
	CHECK_EQ(run(&w, "cat /tmp/g"), 0);
	CHECK_STR(w.out, "contents\n");
	CHECK_EQ(run(&w, "rm /tmp/g"), 0);
	CHECK_EQ(run(&w, "umount /a"), 0);
	CHECK_EQ(run(&w, "rmdir /a"), 0);
}

TEST(chown_takes_numbers_only)
{
	CHECK_EQ(run(&w, "touch /tmp/f"), 0);
	CHECK_EQ(run(&w, "chown #5:#6 /tmp/f"), 0);
	CHECK_EQ(run(&w, "stat -f %u:%g /tmp/f"), 0);
	CHECK_STR(w.out, "5:6\n");
	CHECK_EQ(run(&w, "chown 4294967296 /tmp/f"), 1);
	CHECK_EQ(run(&w, "chown ## /tmp/f"), 1);
	CHECK_EQ(run(&w, "chgrp #7 /tmp/f"), 0);
	CHECK_EQ(run(&w, "stat -f %u:%g /tmp/f"), 0);
	CHECK_STR(w.out, "5:7\n");
	CHECK_EQ(run(&w, "rm /tmp/f"), 0);
}

TEST(rm_undelete_leaves_what_is_there)
{
	CHECK_EQ(run(&w, "touch /tmp/f"), 0);
	CHECK_EQ(run(&w, "rm -W /tmp/f"), 1);
	CHECK_STR(w.err, "rm: /tmp/f: File exists\n");
	CHECK_EQ(run(&w, "rm -fW /tmp/f"), 1);
	CHECK_EQ(run(&w, "rm /tmp/f"), 0);
}

/* --- helpers that are other tools --- */

TEST(mount_unknown_type_is_told)
{
	CHECK_EQ(run(&w, "mount -t nosuchfs x /tmp"), 1);
	CHECK_STR(w.err, "mount: mount_nosuchfs not found for /tmp\n");
}

TEST(mount_status_is_the_helpers)
{
	CHECK_EQ(run(&w, "mount -t tmpfs -o bogus x /tmp"), 1);
	CHECK_STR(w.err, "mount_tmpfs: -o bogus: option not supported\n");
}

TEST(mount_tmpfs_sizes_at_the_ends_of_their_range)
{
	CHECK_EQ(run(&w, "mkdir /a"), 0);
	CHECK_EQ(run(&w, "mount_tmpfs -s -10 x /a"), 0);
	CHECK_EQ(run(&w, "umount /a"), 0);
	CHECK_EQ(run(&w, "mount_tmpfs -s 9223372036854775807 x /a"), 0);
	CHECK_EQ(run(&w, "umount /a"), 0);
	CHECK_EQ(run(&w, "mount_tmpfs -s 9223372036854775808 x /a"), 1);
	CHECK_STR(w.err,
	    "mount_tmpfs: failed to parse size "
	    "`9223372036854775808': Result too large or too small\n");
	CHECK_EQ(run(&w, "mount_tmpfs -s 9223372036854775807k x /a"), 1);
	CHECK_EQ(run(&w, "mount_tmpfs -s - x /a"), 1);
	CHECK_EQ(run(&w, "mount_tmpfs -n -1 x /a"), 1);
	CHECK_EQ(run(&w, "rmdir /a"), 0);
}

TEST(mount_getargs_tells_the_arguments)
{
	static const char args[] = "version=1, size_max=65536, nodes_max=20, "
				   "root_uid=7, root_gid=8, root_mode=700";
	char want[256];

	CHECK_EQ(run(&w, "mkdir /a"), 0);
	CHECK_EQ(run(&w, "mount_tmpfs -s 64k -n 20 -m 700 -u 7 -g 8 x /a"), 0);
	snprintf(want, sizeof(want), "%s\n", args);
	CHECK_EQ(run(&w, "mount_tmpfs -o getargs x /a"), 0);
	CHECK_STR(w.out, want);
	CHECK_EQ(run(&w, "mount -o getargs /a"), 0);
	CHECK_STR(w.out, want);
	snprintf(want, sizeof(want), ", [tmpfs: %s])\n", args);
	CHECK_EQ(run(&w, "mount -vv"), 0);
	CHECK(strstr(w.out, want) != NULL);
	CHECK_EQ(run(&w, "mount_ffs -o getargs x /a"), 1);
	CHECK_EQ(run(&w, "mount -o getargs /nosuch"), 1);
	CHECK_EQ(run(&w, "umount /a"), 0);
	CHECK_EQ(run(&w, "rmdir /a"), 0);
}

/* --- interruption --- */

TEST(interrupt_ends_a_tool_at_its_next_call)
{
	_Atomic int any;

	w.interrupt = &any;
	CHECK_EQ(run(&w, "rm -v /nosuch1 /nosuch2"), 130);
	w.interrupt = NULL;
	CHECK_STR(w.err, "rm: /nosuch1: No such file or directory\n");
}

/* --- dd --- */

TEST(dd_block_and_unblock_round_trip)
{
	w.in = "one\ntwo two\n\nfour";
	w.inpos = 0;
	CHECK_EQ(run(&w, "dd conv=block cbs=8 ibs=3 obs=5 of=/tmp/x"), 0);
	CHECK_EQ(run(&w, "dd conv=unblock cbs=8 if=/tmp/x msgfmt=quiet"), 0);
	CHECK_STR(w.out, "one\ntwo two\n\nfour\n");
	CHECK_EQ(run(&w, "stat -f %z /tmp/x"), 0);
	CHECK_STR(w.out, "32\n");
	CHECK_EQ(run(&w, "rm /tmp/x"), 0);
}

TEST(dd_character_sets_round_trip)
{
	char all[256];
	int i;

	for (i = 1; i < 256; i++)
		all[i - 1] = (char)i;
	all[255] = '\0';
	w.in = all;
	w.inpos = 0;
	CHECK_EQ(run(&w, "dd conv=ebcdic of=/tmp/x msgfmt=quiet"), 0);
	CHECK_EQ(run(&w, "dd conv=ascii if=/tmp/x msgfmt=quiet"), 0);
	CHECK_STR(w.out, all);
	w.inpos = 0;
	CHECK_EQ(run(&w, "dd conv=oldebcdic of=/tmp/x msgfmt=quiet"), 0);
	CHECK_EQ(run(&w, "dd conv=oldascii if=/tmp/x msgfmt=quiet"), 0);
	CHECK_STR(w.out, all);
	CHECK_EQ(run(&w, "rm /tmp/x"), 0);
}

TEST(dd_operand_is_given_once)
{
	static const char *const bad[] = { "bs=1 bs=1", "bs=1 ibs=1",
		"ibs=1 bs=1", "obs=2 bs=1", "skip=1 iseek=1", "seek=1 oseek=1",
		"if=/a if=/b", "of=/a of=/b", "count=1 count=2", "ibs=1 ibs=1",
		"conv=osync bs=1" };
	char line[64], want[128];
	const char *name;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "dd %s", bad[i]);
		name = strchr(bad[i], ' ') + 1;
		snprintf(want, sizeof(want),
		    "dd: %.*s: illegal argument combination or already set\n",
		    (int)strcspn(name, "="), name);
		CHECK_EQ(run(&w, line), 1);
		CHECK_STR(w.err, want);
	}
	CHECK_EQ(run(&w, "dd bs=1 conv=osync"), 1);
	CHECK_STR(w.err, "dd: osync: illegal conversion combination\n");
}

/* --- words --- */

TEST(long_options_stand_anywhere)
{
	CHECK_EQ(run(&w, "mkdir -p /lo/d/e"), 0);
	CHECK_EQ(run(&w, "chmod 700 -R /lo"), 0);
	CHECK_EQ(run(&w, "stat -f %Lp /lo/d/e"), 0);
	CHECK_STR(w.out, "700\n");
	CHECK_EQ(run(&w, "chmod 711 /lo/d"), 0);
	CHECK_EQ(run(&w, "chmod /lo/d/e --ref=/lo/d"), 0);
	CHECK_EQ(run(&w, "stat -f %Lp /lo/d/e"), 0);
	CHECK_STR(w.out, "711\n");
	CHECK_EQ(run(&w, "chown 5 /lo -vR"), 0);
	CHECK_STR(w.out, "/lo/d/e\n/lo/d\n/lo\n");
	CHECK_EQ(run(&w, "chmod --foo 1 /lo"), 1);
	CHECK(strncmp(w.err, "chmod: unknown option -- foo\nUsage: ", 36) == 0);
	CHECK_EQ(run(&w, "chown 1 /lo --reference"), 1);
	CHECK(strncmp(w.err,
		  "chown: option requires an argument -- reference\n", 48) == 0);
	CHECK_EQ(run(&w, "chmod -x /lo -R"), 1);
	CHECK_STR(w.err, "chmod: -R: No such file or directory\n");
	CHECK_EQ(run(&w, "chmod -RLh 700 /lo"), 1);
	CHECK_STR(w.err,
	    "chmod: the -L and -h options may not be specified together.\n");
	CHECK_EQ(run(&w, "rm -r /lo"), 0);
}

TEST(chmod_of_others_leaves_the_sticky_bit)
{
	static const char *const modes[][2] = { { "0", "0" }, { "o+t", "0" },
		{ "o+s", "0" }, { "u+t", "1000" }, { "o-t", "1000" },
		{ "o=t", "1000" }, { "g-t", "0" }, { "+t", "1000" },
		{ "u=rwx,g=ur,o=gx", "1741" }, { "-t,g+ow", "771" },
		{ "g=u", "771" }, { "o+ug", "777" }, { "a=,u=rws", "4600" } };
	char line[64], want[16];
	size_t i;

	CHECK_EQ(run(&w, "mkdir /st"), 0);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		snprintf(line, sizeof(line), "chmod %s /st", modes[i][0]);
		CHECK_EQ(run(&w, line), 0);
		CHECK_EQ(run(&w, "stat -f %p /st"), 0);
		snprintf(want, sizeof(want), "%lo\n",
		    040000 + strtol(modes[i][1], NULL, 8));
		CHECK_STR(w.out, want);
	}
	CHECK_EQ(run(&w, "rmdir /st"), 0);
}

TEST(ls_escapes_in_c_or_octal)
{
	CHECK_EQ(run(&w, "mkdir -p /es/a\001\n\\\351"), 0);
	CHECK_EQ(run(&w, "ls -1b /es"), 0);
	CHECK_STR(w.out, "a\\001\\n\\\\\\351\n");
	CHECK_EQ(run(&w, "ls -1B /es"), 0);
	CHECK_STR(w.out, "a\\001\\012\\134\\351\n");
	CHECK_EQ(run(&w, "rm -r /es"), 0);
}

TEST(df_portable_takes_any_unit)
{
	CHECK_EQ(run(&w, "df -Pm /"), 0);
	CHECK_STR(w.out,
	    "Filesystem 1048576-blocks Used Available Capacity Mounted on\n"
	    "rumpfs 0 0 0 100% /\n");
	CHECK_EQ(run(&w, "df -Pk /"), 0);
	CHECK_STR(w.out,
	    "Filesystem 1024-blocks Used Available Capacity Mounted on\n"
	    "rumpfs 1 1 0 100% /\n");
	CHECK_EQ(run(&w, "df -Ph /"), 0);
	CHECK_STR(w.out,
	    "Filesystem Size Used Available Capacity Mounted on\n"
	    "rumpfs 1.0K 1.0K 0B 100% /\n");
}

TEST(sysctl_reads_files_and_optional_names)
{
	w.in = "# a comment\n\nkern.domainname=one\\#1 # more\n"
	       "vfs.sync.\\\ndelay=20\nkern.nosuch?=1\n"
	       "vfs.sync.dirdelay?=11";
	w.inpos = 0;
	CHECK_EQ(run(&w, "dd of=/conf msgfmt=quiet"), 0);
	CHECK_EQ(run(&w, "sysctl -f /conf"), 0);
	CHECK_STR(w.err, "");
	CHECK_STR(w.out,
	    "kern.domainname:  -> one#1\nvfs.sync.delay: 30 -> 20\n"
	    "vfs.sync.dirdelay: 15 -> 11\n");
	CHECK_EQ(run(&w, "sysctl -w kern.nosuch=1"), 1);
	CHECK_EQ(run(&w, "rm /conf"), 0);
}

TEST(cp_fills_a_disk_by_64k)
{
	CHECK_EQ(run(&w, "mkdir /full"), 0);
	CHECK_EQ(run(&w, "mount_tmpfs -s 200k t /full"), 0);
	CHECK_EQ(run(&w, "cp /dev/zero /full/z"), 1);
	CHECK_STR(w.err, "cp: /full/z: No space left on device\n");
	CHECK_EQ(run(&w, "stat -f %z /full/z"), 0);
	CHECK_STR(w.out, "196608\n");
	CHECK_EQ(run(&w, "umount /full"), 0);
	CHECK_EQ(run(&w, "rmdir /full"), 0);
}

TEST(empty_name_ends_a_walk)
{
	static const struct {
		const char *words[4], *err;
	} cases[] = {
		{ { "ls", "", NULL }, "ls: No such file or directory\n" },
		{ { "cp", "", "/x", NULL }, "cp: No such file or directory\n" },
		{ { "rm", "-r", "", NULL },
		    "rm: fts_open failed: No such file or directory\n" },
		{ { "rm", "", NULL }, "rm: : No such file or directory\n" },
		{ { "chmod", "1", "", NULL },
		    "chmod: fts_open: No such file or directory\n" },
		{ { "chown", "1", "", NULL },
		    "chown: fts_open: No such file or directory\n" },
	};
	static const struct tool_group *const groups[] = { &rumprun_fs_tools,
		NULL };
	char *argv[4];
	size_t i;
	int j;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (j = 0; j < 4; j++)
			argv[j] = (char *)cases[i].words[j];
		CHECK_EQ(run_entry(&w, t_find(groups, argv[0]), argv), 1);
		CHECK_STR(w.err, cases[i].err);
	}
}

TEST(every_tool_bad_option_is_refused)
{
	static const char *const names[] = { "cat", "chgrp", "chmod", "chown",
		"cp", "df", "ln", "ls", "mkdir", "mknod", "mount", "mount_ffs",
		"mount_ext2fs", "mount_msdos", "mount_hostfs", "mount_tmpfs",
		"mv", "rm", "rmdir", "stat", "touch", "umount" };
	char line[64];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(line, sizeof(line), "%s -^", names[i]);
		CHECK_EQ(run(&w, line), 1);
		CHECK(strstr(w.err, "unknown option -- ^\n") != NULL);
		CHECK(strstr(w.err, "sage:") != NULL);
	}
}

int
main(void)
{
	struct kern_config config;
	int64_t leak = 0;

	memset(&config, 0, sizeof(config));
	if (kern_boot(&config, &kernel) != 0)
		return 1;
	RUN(tree_deeper_than_a_path_walked);
	RUN(mv_across_file_systems_keeps_attributes);
	RUN(mv_to_the_root_file_system_copies);
	RUN(chown_takes_numbers_only);
	RUN(rm_undelete_leaves_what_is_there);
	RUN(mount_unknown_type_is_told);
	RUN(mount_status_is_the_helpers);
	RUN(mount_tmpfs_sizes_at_the_ends_of_their_range);
	RUN(mount_getargs_tells_the_arguments);
	RUN(interrupt_ends_a_tool_at_its_next_call);
	RUN(dd_block_and_unblock_round_trip);
	RUN(dd_character_sets_round_trip);
	RUN(dd_operand_is_given_once);
	RUN(long_options_stand_anywhere);
	RUN(chmod_of_others_leaves_the_sticky_bit);
	RUN(ls_escapes_in_c_or_octal);
	RUN(df_portable_takes_any_unit);
	RUN(sysctl_reads_files_and_optional_names);
	RUN(cp_fills_a_disk_by_64k);
	RUN(empty_name_ends_a_walk);
	RUN(every_tool_bad_option_is_refused);
	kern_halt(kernel, false, &leak);
	if (leak != 0)
		printf("%" PRId64 " bytes of the kernel leaked\n", leak);
	return check_done() != 0 || leak != 0;
}
