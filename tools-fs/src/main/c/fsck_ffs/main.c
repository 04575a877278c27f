/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fsck_ffs(8): checks FFS file systems and mends them.
 *
 * setup.c finds a superblock that can be worked with; phase 1 looks at every inode and what it claims, 1b at what is
 * claimed twice, 2 at every directory, 3 connects what the root does not reach, 4 puts the counts of links right, 5 the
 * groups' maps and the totals, 6 looks at quota files. Changes stand in a cache (cache.c) and are on the disk when a file system is done.
 *
 * Exit status: 0 clean or mended, 1 usage, 2 inconsistencies remain, 8 given up (always under -p), 130 interrupted.
 */
#include "fsck_ffs/fsck_ffs.h"
#include "tools.h"
#include <inttypes.h>
#include <netbsd/errno.h>
#include <netbsd/mount.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: fsck_ffs [-adFfPpqUX] [-B byteorder] [-b block] "
	    "[-c level] [-m mode]\n\t[-x snap-backup] [-y | -n] filesystem "
	    "...\n");
	t_exit(t, 1);
}

static int64_t
number(struct tool *t, const char *s, int base, const char *msg)
{
	long long v;
	char *end;

	v = strtoll(s, &end, base);
	if (end == s || *end != '\0' || v < 0)
		t_errx(t, 1, "%s", msg);
	return v;
}

void
fsck_phases(struct fsck *f)
{
	if (!f->preen)
		t_printf(f->t, "** Last Mounted on %.*s\n", MAXMNTLEN - 1,
		    (const char *)f->fs.fs_fsmnt);
	pass1(f);
	pass1b(f);
	pass2(f);
	pass3(f);
	fsck_progress(f, 3, "directory", 1, 1);
	pass4(f);
	pass5(f);
	if (!f->old && (f->fs.fs_flags & FS_DOQUOTA2) != 0)
		pass6(f);
}

static void
summary(struct fsck *f)
{
	const struct csum_total *cs = &f->fs.fs_cstotal;
	int64_t size = f->fs.fs_dsize > 0 ? f->fs.fs_dsize : 1;
	uint64_t nfree, tenths;

	nfree = (uint64_t)cs->cs_nbfree * (uint32_t)f->fs.fs_frag +
	    (uint64_t)cs->cs_nffree;
	tenths = (uint64_t)cs->cs_nffree < UINT64_MAX / 1000 ?
	    ((uint64_t)cs->cs_nffree * 1000 + (uint64_t)size / 2) /
		(uint64_t)size :
	    0;
	pwarn(f, "%" PRId64 " files, %" PRId64 " used, %" PRIu64 " free ",
	    f->files, f->blks, nfree);
	t_printf(f->t,
	    "(%" PRId64 " frags, %" PRId64 " blocks, %" PRIu64 ".%" PRIu64
	    "%% fragmentation)\n",
	    cs->cs_nffree, cs->cs_nbfree, tenths / 10, tenths % 10);
}

/* One file system: what it adds to the exit status. */
static int
check(struct fsck *f, const char *name, const char *path)
{
	switch (fsck_setup(f, name, path)) {
	case 0:
		return 0;
	case -1:
		if (f->preen)
			pfatal(f, "CAN'T CHECK FILE SYSTEM.");
		return 0;
	default:
		break;
	}
	fsck_phases(f);
	summary(f);
	fsck_finish(f);
	/*
	 * What hangs together in a damaged file system is seen whole only when it is mended. After a new root all
	 * that lay below the old one is to be found by a second check; NetBSD's leaves that unsaid.
	 */
	if (f->grave && f->modified && !f->preen && !f->unresolved &&
	    !f->rerun && !f->newroot && !fsck_proves_clean(f)) {
		f->rerun = true;
		fsck_unfinish(f);
	}
	if (f->preen)
		return f->unresolved || f->rerun ? 2 : 0;
	if (f->unresolved || f->rerun)
		t_printf(f->t,
		    "\n***** UNRESOLVED INCONSISTENCIES REMAIN "
		    "*****\n");
	if (f->modified)
		t_printf(f->t, "\n***** FILE SYSTEM WAS MODIFIED *****\n");
	if (f->rerun)
		t_printf(f->t, "\n***** PLEASE RERUN FSCK *****\n");
	return f->unresolved || f->rerun ? 2 : 0;
}

static void
options(struct fsck *f, int argc, char **argv)
{
	struct tool *t = f->t;
	int ch;

	while ((ch = t_getopt(t, argc, argv, "aB:b:c:dFfm:npPqUyx:X")) != -1)
		switch (ch) {
		case 'a':
			f->apple = true;
			break;
		case 'B':
			if (strcmp(t->t_opt.optarg, "be") == 0)
				f->endian = 2;
			else if (strcmp(t->t_opt.optarg, "le") == 0)
				f->endian = 1;
			else
				usage(t);
			break;
		case 'b':
			f->alternate = number(t, t->t_opt.optarg, 10,
			    "-b flag requires a number");
			t_printf(t,
			    "Alternate super block location: %" PRId64 "\n",
			    f->alternate);
			break;
		case 'c':
			f->level = (int)(number(t, t->t_opt.optarg, 10,
					     "-c flag requires a conversion level") &
			    0xffff);
			if (f->level > 4) {
				t_warnx(t,
				    "Using maximum conversion level of "
				    "4");
				f->level = 4;
			}
			break;
		case 'd':
			f->debug = true;
			break;
		case 'F':
			f->file = true;
			break;
		case 'f':
			f->force = true;
			break;
		case 'm':
			f->lfmode = (mode_t)number(
			    t, t->t_opt.optarg, 8, "-m flag requires a mode");
			if ((f->lfmode & ~07777u) != 0)
				t_errx(t, 1, "bad mode to -m: %o", f->lfmode);
			break;
		case 'n':
			f->no = true;
			f->yes = false;
			break;
		case 'p':
			f->preen = true;
			break;
		case 'P':
			f->progress = true;
			break;
		case 'q':
			f->quiet = true;
			break;
		case 'U':
			f->names = true;
			break;
		case 'y':
			f->yes = true;
			f->no = false;
			break;
		case 'x':
		case 'X':
			f->snap = true;
			break;
		default:
			usage(t);
		}
	if (f->snap && !f->no) {
		t_warnx(t, "Cannot use -x or -X without -n");
		f->snap = false;
	}
	f->progress = f->progress && !f->debug && t_isatty(t, 1);
}

/*
 * -x and -X: what is mounted for writing is to be checked as a snapshot shows it. Where there is no snapshot to be had it is checked as
 * it stands.
 */
static void
snapshot(struct fsck *f, const char *name)
{
	struct tool *t = f->t;
	struct statvfs *list;
	int n = t_getmntinfo(t, &list, ST_NOWAIT), i, fd;

	for (i = 0; i < n; i++)
		if ((strcmp(list[i].f_mntfromname, name) == 0 ||
			strcmp(list[i].f_mntonname, name) == 0) &&
		    (list[i].f_flag & ST_RDONLY) == 0)
			break;
	if (i >= n)
		return;
	fd = sys_open(t, "/dev/rfss0", O_RDWR, 0);
	if (fd >= 0)
		sys_close(t, fd);
	t_warn(t, fd < 0 ? fd : -EOPNOTSUPP, "can't take snapshot of %s", name);
}

int
fsck_ffs_main(struct tool *t, int argc, char **argv)
{
	struct fsck opt, *f;
	const char *path;
	int status = 0, r, i;

	memset(&opt, 0, sizeof(opt));
	opt.t = t;
	opt.lfmode = 01700;
	options(&opt, argc, argv);
	if (t->t_opt.optind >= argc)
		usage(t);
	for (i = t->t_opt.optind; i < argc; i++) {
		f = t_malloc(t, sizeof(*f));
		*f = opt;
		if (opt.snap)
			snapshot(f, argv[i]);
		path = t_diskpath(t, argv[i], true, opt.no, false, 0);
		r = check(f, strcmp(path, argv[i]) == 0 ? path : argv[i], path);
		if (r > status)
			status = r;
	}
	return status;
}
