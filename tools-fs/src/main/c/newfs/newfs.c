/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * newfs(8): makes an FFS file system.
 *
 * Options become a struct newfs (this file), the device is opened (newfs_device.c), the superblock is computed
 * (newfs_geometry.c), then one pass over the cylinder groups writes them, and the superblock goes last, so that an
 * interrupted newfs leaves no file system rather than half a one (newfs_build.c).
 */
#include "newfs/newfs.h"
#include "tools.h"
#include <limits.h>
#include <stdlib.h>
#include <inttypes.h>
#include <netbsd/time.h>
#include <string.h>

static const char usage_text
    [] = "usage: newfs [ fsoptions ] special-device [disk-type]\n"
	 "where fsoptions are:\n"
	 "\t-B byteorder\tbyte order (`be' or `le')\n"
	 "\t-F \t\tcreate file system image in regular file\n"
	 "\t-G \t\tmake sanity calculations non-fatal (testing only!)\n"
	 "\t-I \t\tdo not check that the file system type is '4.2BSD'\n"
	 "\t-N \t\tdo not create file system, just print out parameters\n"
	 "\t-O N\t\tfilesystem format: 0 => 4.3BSD, 1 => FFSv1, 2 => FFSv2\n"
	 "\t-S secsize\tsector size\n"
	 "\t-T disktype\tdisk type\n"
	 "\t-V verbose\toutput verbosity: 0 ==> none, 4 ==> max\n"
	 "\t-Z \t\tpre-zero the image file\n"
	 "\t-a maxcontig\tmaximum contiguous blocks\n"
	 "\t-b bsize\tblock size\n"
	 "\t-d maxbsize\tmaximum extent size\n"
	 "\t-e maxbpg\tmaximum blocks per file in a cylinder group\n"
	 "\t-f fsize\tfrag size\n"
	 "\t-g avgfilesize\taverage file size\n"
	 "\t-h avgfpdir\taverage files per directory\n"
	 "\t-i density\tnumber of bytes per inode\n"
	 "\t-m minfree\tminimum free space %\n"
	 "\t-n inodes\tnumber of inodes (overrides -i density)\n"
	 "\t-o optim\toptimization preference (`space' or `time')\n"
	 "\t-q (user|group) enable specified quota\n"
	 "\t-s fssize\tfile system size (sectors)\n"
	 "\t-v volname\tApple UFS volume name\n";

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t, "%s", usage_text);
	t_exit(t, 1);
}

/* The factor of a suffix; 0 when it is none. */
static int64_t
suffix_factor(char c)
{
	switch (c) {
	case 'b':
	case 'B':
	case '\0':
		return 1;
	case 'k':
	case 'K':
		return (int64_t)1 << 10;
	case 'm':
	case 'M':
		return (int64_t)1 << 20;
	case 'g':
	case 'G':
		return (int64_t)1 << 30;
	case 't':
	case 'T':
		return (int64_t)1 << 40;
	}
	return 0;
}

/* A number with an optional suffix, within bounds. *suffixed tells whether there was one. */
static int64_t
number(struct tool *t, const char *what, const char *arg, int64_t min,
    int64_t max, bool *suffixed)
{
	bool negative, overflow = false;
	const char *p = arg + strspn(arg, " \t");
	int64_t v = 0, factor;

	negative = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	for (; *p >= '0' && *p <= '9'; p++)
		overflow |= __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, *p - '0', &v);
	if (p[0] != '\0' && p[1] != '\0')
		t_errx(t, 1, "%s `%s' is not a valid number.", what, arg);
	factor = suffix_factor(*p);
	if (factor == 0)
		t_errx(t, 1, "`%s' is not a valid suffix for %s.", arg, what);
	if (suffixed != NULL)
		*suffixed = *p != '\0';
	overflow |= __builtin_mul_overflow(v, factor, &v);
	if (overflow)
		t_errx(t, 1, "%s `%s' is too large to convert.", what, arg);
	if (negative)
		v = -v;
	if (v < min)
		t_errx(t, 1,
		    "%s `%s' (%" PRId64 ") is less than the minimum "
		    "(%" PRId64 ").",
		    what, arg, v, min);
	if (v > max)
		t_errx(t, 1,
		    "%s `%s' (%" PRId64 ") is greater than the "
		    "maximum (%" PRId64 ").",
		    what, arg, v, max);
	return v;
}

static int32_t
number32(
    struct tool *t, const char *what, const char *arg, int32_t min, int32_t max)
{
	return (int32_t)number(t, what, arg, min, max, NULL);
}

static bool
ispower2(int64_t v)
{
	return v > 0 && (v & (v - 1)) == 0;
}

/* -B, -o, -q: words. */
static void
word_option(struct newfs *n, int ch, const char *arg)
{
	if (ch == 'B') {
		if (strcmp(arg, "be") == 0)
			n->big_endian = true;
		else if (strcmp(arg, "le") == 0)
			n->big_endian = false;
		else
			usage(n->t);
	} else if (ch == 'o') {
		n->have_optim = true;
		if (strcmp(arg, "space") == 0)
			n->optim = FS_OPTSPACE;
		else if (strcmp(arg, "time") == 0)
			n->optim = FS_OPTTIME;
		else
			t_errx(n->t, 1,
			    "unknown optimization preference:  "
			    "use `space' or `time'.");
	} else if (strcmp(arg, "user") == 0)
		n->quotas |= 1u << USRQUOTA;
	else if (strcmp(arg, "group") == 0)
		n->quotas |= 1u << GRPQUOTA;
	else
		t_errx(n->t, 1, "invalid quota type %s", arg);
}

static void
sector_option(struct newfs *n, const char *arg)
{
	n->sectorsize = (uint32_t)number32(
	    n->t, "sector size", arg, 512, FFS_MAXBSIZE);
	if (!ispower2(n->sectorsize))
		t_errx(n->t, 1, "sector size `%s' is not a power of 2.", arg);
}

static void
size_option(struct newfs *n, const char *arg)
{
	bool bytes;
	int64_t v = number(
	    n->t, "file system size", arg, -INT64_MAX, INT64_MAX, &bytes);

	n->want_bytes = bytes ? v : 0;
	n->want_sectors = bytes ? 0 : v;
	if (v == 0)
		t_errx(n->t, 1, "Unable to determine file system size");
}

/* The options that are numbers. */
static void
number_option(struct newfs *n, int ch, const char *arg)
{
	struct tool *t = n->t;

	switch (ch) {
	case 'O':
		n->format = number32(t, "format", arg, 0, 2);
		n->have_format = true;
		break;
	case 'V':
		n->verbosity = number32(t, "verbose", arg, 0, 4);
		break;
	case 'a':
		n->maxcontig = number32(
		    t, "maximum contiguous blocks", arg, 1, INT32_MAX);
		break;
	case 'b':
		n->bsize = number32(
		    t, "block size", arg, MINBSIZE, FFS_MAXBSIZE);
		break;
	case 'd':
		n->maxbsize = number32(
		    t, "maximum extent size", arg, 0, INT32_MAX);
		break;
	case 'e':
		n->maxbpg = number32(t, "blocks per file in a cylinder group",
		    arg, 1, INT32_MAX);
		break;
	case 'f':
		n->fsize = number32(t, "fragment size", arg, 1, FFS_MAXBSIZE);
		break;
	case 'g':
		n->avgfilesize = number32(
		    t, "average file size", arg, 1, INT32_MAX);
		break;
	case 'h':
		n->avgfpdir = number32(
		    t, "expected files per directory", arg, 1, INT32_MAX);
		break;
	case 'i':
		n->density = number(
		    t, "bytes per inode", arg, 1, INT32_MAX, NULL);
		break;
	case 'm':
		n->minfree = number32(t, "free space %", arg, 0, 99);
		break;
	case 'n':
		n->inodes = number(
		    t, "number of inodes", arg, 1, INT32_MAX, NULL);
		break;
	}
}

static void
options(struct newfs *n, int argc, char **argv)
{
	struct tool *t = n->t;
	int ch;

	while ((ch = t_getopt(t, argc, argv,
		    "B:FGINO:S:T:V:Za:b:d:e:f:g:h:i:m:n:o:q:s:v:")) != -1) {
		const char *arg = t->t_opt.optarg;

		switch (ch) {
		case 'F':
			n->file = true;
			break;
		case 'G':
			n->insane = true;
			break;
		case 'I':
			n->anytype = true;
			break;
		case 'N':
			n->dry = true;
			break;
		case 'Z':
			n->zero = true;
			break;
		case 'T':
			n->disktype = arg;
			break;
		case 'B':
		case 'o':
		case 'q':
			word_option(n, ch, arg);
			break;
		case 'S':
			sector_option(n, arg);
			break;
		case 's':
			size_option(n, arg);
			break;
		case 'v':
			if (*arg == '\0' ||
			    strlen(arg) >= APPLEUFS_MAX_LABEL_NAME ||
			    strpbrk(arg, ":/") != NULL)
				t_errx(t, 1, "bad volume name `%s'", arg);
			n->volname = arg;
			break;
		case 'O':
		case 'V':
		case 'a':
		case 'b':
		case 'd':
		case 'e':
		case 'f':
		case 'g':
		case 'h':
		case 'i':
		case 'm':
		case 'n':
			number_option(n, ch, arg);
			break;
		default:
			usage(t);
		}
	}
}

/* What does not go together; defaults that need no size. */
static void
consistency(struct newfs *n)
{
	struct tool *t = n->t;

	if (n->volname != NULL) {
		if (n->format > 1)
			t_errx(t, 1, "Apple UFS volumes have format 1");
		n->format = 1;
	}
	if (n->quotas != 0 && (n->format == 0 || n->volname != NULL))
		t_errx(t, 1, "quotas need format 1 or 2");
	if (n->minfree < MINFREE && n->optim != FS_OPTSPACE) {
		t_warnx(t,
		    "Warning: changing optimization to space because "
		    "minfree is less than %d%%",
		    MINFREE);
		n->optim = FS_OPTSPACE;
	}
}

int
newfs_main(struct tool *t, int argc, char **argv)
{
	struct newfs *n = t_calloc(t, 1, sizeof(*n));
	const uint16_t one = 1;
	struct timespec ts;

	n->t = t;
	n->fd = -1;
	n->big_endian = *(const uint8_t *)&one == 0;
	n->format = 1;
	n->verbosity = 3;
	n->minfree = MINFREE;
	n->optim = DEFAULTOPT;
	n->avgfilesize = AVFILESIZ;
	n->avgfpdir = AFPDIR;
	options(n, argc, argv);
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc != 1 && argc != 2)
		usage(t);
	if (argc == 2)
		n->disktype = argv[1];
	n->name = argv[0];
	n->swapped = n->big_endian != (*(const uint8_t *)&one == 0);
	consistency(n);
	newfs_open(n);
	if (sys_clock_gettime(t, CLOCK_REALTIME, &ts) == 0) {
		n->now = ts.tv_sec;
		n->now_nsec = (int32_t)ts.tv_nsec / 1000 * 1000;
	}
	newfs_geometry(n);
	newfs_build(n);
	sys_close(t, n->fd);
	return 0;
}
