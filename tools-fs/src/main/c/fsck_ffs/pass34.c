/* SPDX-License-Identifier: BSD-2-Clause */
/* fsck_ffs, phases 3 and 4: directories that the root does not reach, and counts of links. */
#include "fsck_ffs/fsck_ffs.h"
#include <netbsd/stat.h>

/* The top of an unreached tree, or a directory of a circle. */
static struct dir_info *
top_of(struct fsck *f, struct dir_info *d)
{
	struct dir_info *p;
	size_t n;

	for (n = 0; n <= f->ndirs; n++) {
		if (d->parent == 0 || (p = dir_find(f, d->parent)) == NULL ||
		    info(f, p->ino)->state != DSTATE)
			return d;
		d = p;
	}
	return d;
}

/* The name that it has in its own tree. */
static void
break_circle(struct fsck *f, struct dir_info *d)
{
	char name[256];

	if (d->parent == 0 || d->parent == f->lfdir ||
	    !fsck_ino_ok(f, d->parent) || info(f, d->parent)->state != DSTATE ||
	    !dir_nameof(f, d->parent, d->ino, name))
		return;
	if (dir_change(f, d->parent, name, 0))
		info(f, d->ino)->links++;
}

void
pass3(struct fsck *f)
{
	struct dir_info *d;
	size_t i, n = f->ndirs;

	fsck_phase(f, "Phase 3 - Check Connectivity");
	for (i = 0; i < n; i++) {
		d = f->dirs[i];
		if (d->ino == UFS_ROOTINO || info(f, d->ino)->state != DSTATE)
			continue;
		/* Refused: each is asked for, as each is lost. */
		if (f->writable && !f->no)
			d = top_of(f, d);
		if (dir_linkup(f, d->ino, d->dotdot)) {
			break_circle(f, d);
			d->parent = d->dotdot = f->lfdir;
			dir_propagate(f, d->ino);
		}
	}
}

/* A file that lost all its names. */
static void
unreferenced(struct fsck *f, uint32_t ino)
{
	struct dinode di;

	inode_get(f, ino, &di);
	if (dir_linkup(f, ino, 0))
		return;
	clri(f, ino, "UNREF", f->preen);
}

static void
check_links(struct fsck *f, uint32_t ino, struct inode_info *i)
{
	struct dinode di;
	size_t k;

	switch (i->state) {
	case FSTATE:
	case DFOUND:
		if (i->links == 0) {
			inode_get(f, ino, &di);
			if (di.di_nlink > 0)
				break;
			for (k = 0; k < f->nzero; k++)
				if (f->zero[k] == ino) {
					clri(f, ino, "UNREF", true);
					f->zero[k] = 0;
					break;
				}
			break;
		}
		inode_get(f, ino, &di);
		if (di.di_nlink == i->links) {
			unreferenced(f, ino);
			if (info(f, ino)->state != USTATE && i->links != 0 &&
			    i->links != di.di_nlink)
				dir_adjust(f, ino, i->links);
		} else
			dir_adjust(f, ino, i->links);
		break;
	case DSTATE:
		clri(f, ino, "UNREF", true);
		break;
	case DCLEAR:
		inode_get(f, ino, &di);
		if (di.di_size == 0) {
			clri(f, ino, "ZERO LENGTH", true);
			break;
		}
		/* Its names were counted, and are gone now; with a new root NetBSD's says nothing of it. */
		clri(f, ino, "BAD/DUP", true);
		if (i->state == USTATE && !f->newroot)
			f->rerun = true;
		break;
	case FCLEAR:
		clri(f, ino, "BAD/DUP", true);
		break;
	default:
		break;
	}
}

void
pass4(struct fsck *f)
{
	uint32_t c, i, n;

	fsck_phase(f, "Phase 4 - Check Reference Counts");
	for (c = 0; c < (uint32_t)f->fs.fs_ncg; c++) {
		n = f->ninfo[c];
		for (i = c == 0 ? UFS_ROOTINO : 0; i < n; i++)
			check_links(
			    f, c * (uint32_t)f->fs.fs_ipg + i, &f->info[c][i]);
		fsck_progress(f, 4, "cylinder group", c + 1,
		    (uint64_t)(uint32_t)f->fs.fs_ncg);
	}
}
