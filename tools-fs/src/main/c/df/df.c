/* SPDX-License-Identifier: BSD-2-Clause */
/* df: free space of file systems. */
#include "tools.h"
#include <netbsd/mount.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct df {
	bool all, inodes, local, portable, stale, structure;
	bool human;
	int human_flags;
	int64_t blocksize; /* 0: not said */
	const char *header;
	struct typelist types;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "Usage: df [-alnW] [-G | -Pbk | -bgHhikm] [-t type] "
	    "[file | file_system]...\n");
	t_exit(t, 1);
}

static void
set_units(struct tool *t, struct df *df, char c)
{
	df->human = c == 'h' || c == 'H';
	df->human_flags = HN_B | HN_NOSPACE | HN_DECIMAL |
	    (c == 'H' ? HN_DIVISOR_1000 : 0);
	switch (c) {
	case 'b':
		df->blocksize = 512;
		df->header = "512-blocks";
		break;
	case 'k':
		df->blocksize = 1024;
		df->header = "1K-blocks";
		break;
	case 'm':
		df->blocksize = 1 << 20;
		df->header = "1M-blocks";
		break;
	case 'g':
		df->blocksize = 1 << 30;
		df->header = "1G-blocks";
		break;
	default:
		df->blocksize = 1;
		df->header = "Size";
		break;
	}
	(void)t;
}

/* Blocks of one size in blocks of another, towards zero, without overflow. */
static int64_t
convert(int64_t blocks, uint64_t from, uint64_t to)
{
	bool negative = blocks < 0;
	uint64_t n = negative ? -(uint64_t)blocks : (uint64_t)blocks;

	if (from == 0)
		from = 512;
	if (to == from)
		return blocks;
	if (to > from && to % from == 0)
		n /= to / from;
	else if (from % to == 0)
		n *= from / to;
	else
		n = n / to * from + n % to * from / to;
	return negative ? -(int64_t)n : (int64_t)n;
}

static void
print_size(struct tool *t, const struct df *df, int width, int64_t blocks,
    uint64_t from)
{
	char buf[8];

	if (!df->human) {
		t_printf(t, " %*" PRId64, width,
		    convert(blocks, from, (uint64_t)df->blocksize));
		return;
	}
	t_humanize(buf, 5 + (blocks < 0), convert(blocks, from, 1), "",
	    HN_AUTOSCALE, df->human_flags);
	t_printf(t, " %*s", width, buf);
}

/* used of what can be used, rounded up for POSIX, else down. */
static void
print_percent(struct tool *t, const char *form, uint64_t used, uint64_t avail)
{
	char buf[16];

	if (avail == 0)
		snprintf(buf, sizeof(buf), "%s", used == 0 ? "0%" : "100%");
	else
		snprintf(buf, sizeof(buf), "%u%%",
		    (unsigned)((double)used / (double)avail * 100.0));
	t_printf(t, form, buf);
}

/* As NetBSD's, which gives the two counts of files in each other's place. */
static void
print_structure(struct tool *t, const struct statvfs *s)
{
	t_printf(t, "%10s (%-12s): %7lu block size %12lu frag size\n",
	    s->f_mntonname, s->f_mntfromname, s->f_bsize, s->f_frsize);
	t_printf(t,
	    "%10" PRIu64 " total blocks %10" PRIu64 " free blocks  %10" PRIu64
	    " available\n",
	    s->f_blocks, s->f_bfree, s->f_bavail);
	t_printf(t,
	    "%10" PRIu64 " total files  %10" PRIu64 " free files %12lx"
	    " filesys id\n",
	    s->f_ffree, s->f_files, s->f_fsid);
	t_printf(t, "%10s fstype  %#15lx flag  %17lu filename length\n",
	    s->f_fstypename, s->f_flag, s->f_namemax);
	t_printf(t,
	    "%10lu owner %17" PRIu64 " syncwrites %12" PRIu64 " asyncwrites\n\n",
	    (unsigned long)s->f_owner, s->f_syncwrites, s->f_asyncwrites);
}

static void
print_inodes(struct tool *t, const struct statvfs *s)
{
	int64_t used = (int64_t)(s->f_files - s->f_ffree);

	t_printf(t, " %8" PRId64 " %8" PRId64, used, (int64_t)s->f_ffree);
	print_percent(t, " %5s", (uint64_t)used, s->f_files);
}

static void
print_one(struct tool *t, const struct df *df, const struct statvfs *s,
    int name_width)
{
	uint64_t used, avail;
	int width = 10;

	if (df->structure) {
		print_structure(t, s);
		return;
	}
	used = s->f_blocks - s->f_bfree;
	avail = s->f_bavail + used;
	/* Where more is free to the superuser than to others, that is negative. */
	if ((int64_t)s->f_bfree < (int64_t)s->f_bresvd)
		avail = s->f_blocks - s->f_bresvd;
	if (df->portable) {
		t_printf(t, "%s", s->f_mntfromname);
		print_size(t, df, 0, (int64_t)s->f_blocks, s->f_frsize);
		print_size(t, df, 0, (int64_t)used, s->f_frsize);
		print_size(t, df, 0, (int64_t)(avail - used), s->f_frsize);
		print_percent(t, " %s", used, avail);
		t_printf(t, " %s\n", s->f_mntonname);
		return;
	}
	t_printf(t, "%-*.*s", name_width, name_width, s->f_mntfromname);
	print_size(t, df, width, (int64_t)s->f_blocks, s->f_frsize);
	print_size(t, df, width, (int64_t)used, s->f_frsize);
	print_size(t, df, width, (int64_t)(avail - used), s->f_frsize);
	print_percent(t, " %4s", used, avail);
	if (df->inodes)
		print_inodes(t, s);
	t_printf(t, " %s\n", s->f_mntonname);
}

static void
print_header(struct tool *t, const struct df *df, int name_width)
{
	if (df->structure)
		return;
	if (df->portable) {
		t_printf(t,
		    "Filesystem %s Used Available Capacity Mounted on"
		    "\n",
		    df->human ||
			    (df->blocksize != 1024 && df->blocksize != 1 << 20 &&
				df->blocksize != 1 << 30) ?
			df->header :
			t_asprintf(t, "%" PRId64 "-blocks", df->blocksize));
		return;
	}
	t_printf(t, "%-*.*s %10s %10s %10s %%Cap", name_width, name_width,
	    "Filesystem", df->header, "Used", "Avail");
	if (df->inodes)
		t_printf(t, "    iUsed   iAvail %%iCap");
	t_printf(t, " Mounted on\n");
}

/* The mount whose special is this block device; NULL. */
static const struct statvfs *
mount_of_device(const struct statvfs *table, int n, const char *special)
{
	int i;

	for (i = 0; i < n; i++)
		if (strcmp(table[i].f_mntfromname, special) == 0)
			return &table[i];
	return NULL;
}

/* Statistics of the operands; the count. */
static int
gather(struct tool *t, const struct df *df, char **argv,
    const struct statvfs *table, int n, struct statvfs *out, int *status)
{
	const struct statvfs *mounted;
	struct stat st;
	int count = 0, error;

	for (; *argv != NULL; argv++) {
		error = sys_stat(t, *argv, &st);
		if (error != 0) {
			t_warn(t, error, "%s", *argv);
			*status = 1;
			continue;
		}
		mounted = S_ISBLK(st.st_mode) ?
		    mount_of_device(table, n, *argv) :
		    NULL;
		if (mounted != NULL)
			out[count] = *mounted;
		else if ((error = sys_statvfs(t, *argv, &out[count],
			      df->stale ? ST_NOWAIT : ST_WAIT)) != 0) {
			t_warn(t, error, "%s", *argv);
			*status = 1;
			continue;
		}
		if (df->local && (out[count].f_flag & ST_LOCAL) == 0)
			t_warnx(t, "Warning: %s is not a local %s", *argv,
			    "file system");
		else if (!typelist_selects(&df->types, out[count].f_fstypename))
			t_warnx(t, "Warning: %s mounted as a %s file system",
			    *argv, out[count].f_fstypename);
		else
			count++;
	}
	return count;
}

static int
select_mounts(const struct df *df, struct statvfs *table, int n)
{
	int i, count = 0;

	for (i = 0; i < n; i++) {
		if ((!df->all && (table[i].f_flag & ST_IGNORE) != 0) ||
		    (df->local && (table[i].f_flag & ST_LOCAL) == 0) ||
		    !typelist_selects(&df->types, table[i].f_fstypename))
			continue;
		if (i != count)
			table[count] = table[i];
		count++;
	}
	return count;
}

static void
parse(struct tool *t, struct df *df, int argc, char **argv)
{
	int ch;

	while ((ch = t_getopt(t, argc, argv, "abGgHhiklmnPt:W")) != -1)
		switch (ch) {
		case 'a':
			df->all = true;
			break;
		case 'G':
			df->structure = true;
			break;
		case 'b':
		case 'g':
		case 'H':
		case 'h':
		case 'k':
		case 'm':
			set_units(t, df, (char)ch);
			break;
		case 'i':
			df->inodes = true;
			break;
		case 'l':
			df->local = true;
			break;
		case 'n':
			df->stale = true;
			break;
		case 'P':
			df->portable = true;
			break;
		case 't':
			typelist_add(t, &df->types, t->t_opt.optarg);
			break;
		case 'W':
			break; /* there are no wedges to name */
		default:
			usage(t);
		}
	if (df->structure && (df->portable || df->inodes))
		t_errx(t, 1, "only one of -G and -P or -i may be specified");
	if (df->portable && df->inodes)
		t_errx(t, 1, "-i is incompatible with -P");
	if (df->blocksize == 0)
		df->blocksize = tools_getbsize(t, &df->header);
}

int
df_main(struct tool *t, int argc, char **argv)
{
	struct statvfs *table, *show;
	int n, i, status = 0, width = 12;
	struct df df;

	memset(&df, 0, sizeof(df));
	parse(t, &df, argc, argv);
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	n = t_getmntinfo(t, &table, df.stale ? ST_NOWAIT : ST_WAIT);
	if (n < 0)
		t_fail(t, 1, n, "getmntinfo");
	if (argc == 0) {
		show = table;
		n = select_mounts(&df, table, n);
	} else {
		show = t_calloc(t, (size_t)argc, sizeof(*show));
		n = gather(t, &df, argv, table, n, show, &status);
	}
	for (i = 0; i < n; i++) {
		int len = (int)strlen(show[i].f_mntfromname);

		if (len > width)
			width = len;
	}
	if (n > 0)
		print_header(t, &df, width);
	for (i = 0; i < n; i++)
		print_one(t, &df, &show[i], width);
	return status;
}
