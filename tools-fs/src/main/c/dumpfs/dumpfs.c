/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dumpfs(8): prints what an FFS file system says of itself.
 *
 * Nothing on the disk is believed: a superblock is printed as it stands, and the parts that it leads to are looked at
 * only after ffs_sb_check, each group's maps only after ffs_cg_check.
 */
#include "dumpfs/dumpfs.h"
#include "tools.h"
#include <stdio.h>
#include <string.h>

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t, "usage: dumpfs [-acFijmsv] filesys | device [...]\n");
	t_exit(t, 1);
}

bool
dumpfs_read(struct dumpfs *d, void *buf, size_t n, int64_t off)
{
	uint8_t *p = buf;
	ssize_t got;

	for (; n > 0; n -= (size_t)got, p += got, off += got) {
		got = sys_pread(d->t, d->fd, p, n, off);
		if (got <= 0 || (size_t)got > n)
			return false;
	}
	return true;
}

void
dumpfs_bad(struct dumpfs *d, const char *fmt, ...)
{
	char *what;
	va_list ap;
	int n;

	what = t_malloc(d->t, 256);
	va_start(ap, fmt);
	n = vsnprintf(what, 256, fmt, ap);
	va_end(ap);
	t_warnx(d->t, "%s: %s", d->name, n < 0 ? "" : what);
	t_free(d->t, what);
	d->status = 1;
}

/* Is the superblock at byte `loc` the standard one, not an alternate that happens to stand where one is looked for? */
static bool
is_standard(const struct fs *fs, int64_t loc)
{
	if (fs->fs_bsize < MINBSIZE || fs->fs_bsize > FFS_MAXBSIZE ||
	    fs->fs_sbsize > SBLOCKSIZE)
		return false;
	if (ffs_isufs2(fs) || (fs->fs_old_flags & FS_FLAGS_UPDATED) != 0)
		return fs->fs_sblockloc == loc;
	return loc != SBLOCK_UFS2;
}

/* The place of the superblock, or -1. */
static int64_t
find_super(struct dumpfs *d)
{
	int i;

	for (i = 0; ffs_sblocksearch[i] >= 0; i++) {
		if (!dumpfs_read(d, d->block, SBLOCKSIZE, ffs_sblocksearch[i]) ||
		    ffs_sb_decode(d->block, SBLOCKSIZE, &d->raw, &d->swapped) !=
			0 ||
		    !is_standard(&d->raw, ffs_sblocksearch[i]))
			continue;
		d->fs = d->raw;
		ffs_sb_from_old(&d->fs);
		d->sane = ffs_sb_check(&d->fs) == 0;
		return ffs_sblocksearch[i];
	}
	return -1;
}

static void
dump(struct dumpfs *d)
{
	int64_t loc = find_super(d);

	if (loc < 0) {
		dumpfs_bad(d, "could not find superblock, skipped");
		return;
	}
	t_printf(d->t, "file system: %s\n", d->name);
	if (d->super)
		dumpfs_super(d, &d->raw, &d->fs, d->swapped, loc);
	if (!d->sane) {
		if (d->alternates || d->summary || d->groups || d->inodes ||
		    d->journal)
			dumpfs_bad(d, "superblock is damaged");
		return;
	}
	if (d->alternates)
		dumpfs_alternates(d);
	if (d->summary)
		dumpfs_summary(d);
	if (d->groups)
		dumpfs_groups(d);
	if (d->inodes)
		dumpfs_inodes(d);
	if (d->journal)
		dumpfs_journal(d);
}

/* An operand: a mount point in fstab, a device, or an image. */
static void
dump_operand(struct dumpfs *d, const char *name)
{
	struct tool *t = d->t;
	struct tfstab *tab;
	const char *path;
	int i, n;

	d->name = name;
	path = t_diskpath(t, name, false, true, false, 0);
	if (path == name && !d->file) {
		n = t_getfstab(t, false, &tab);
		for (i = 0; i < n; i++)
			if (strcmp(tab[i].fs_file, name) == 0) {
				d->name = path = tab[i].fs_spec;
				break;
			}
	}
	d->fd = sys_open(t, path, O_RDONLY, 0);
	if (d->fd < 0) {
		t_warn(t, d->fd, "%s", d->name);
		d->status = 1;
		return;
	}
	dump(d);
	sys_close(t, d->fd);
}

int
dumpfs_main(struct tool *t, int argc, char **argv)
{
	struct dumpfs *d = t_calloc(t, 1, sizeof(*d));
	int ch;

	d->t = t;
	while ((ch = t_getopt(t, argc, argv, "acFijmsv")) != -1)
		switch (ch) {
		case 'a':
			d->alternates = true;
			break;
		case 'c':
			d->groups = true;
			break;
		case 'F':
			d->file = true;
			break;
		case 'i':
			d->inodes = true;
			break;
		case 'j':
			d->journal = true;
			break;
		case 'm':
			d->summary = true;
			break;
		case 's':
			d->super = true;
			break;
		case 'v':
			d->verbose = true;
			break;
		default:
			usage(t);
		}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc < 1)
		usage(t);
	if (!d->alternates && !d->groups && !d->inodes && !d->journal &&
	    !d->summary && !d->super)
		d->groups = d->summary = d->super = d->verbose = true;
	d->block = t_malloc(t, FFS_MAXBSIZE);
	for (; argc > 0; argc--, argv++)
		dump_operand(d, *argv);
	return d->status;
}
