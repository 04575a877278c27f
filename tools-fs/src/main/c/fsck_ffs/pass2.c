/* SPDX-License-Identifier: BSD-2-Clause */
/* fsck_ffs, phase 2: every directory's entries, and the tree that they make. */
#include "fsck_ffs/fsck_ffs.h"
#include <inttypes.h>
#include <netbsd/stat.h>
#include <stdlib.h>
#include <string.h>

static bool
name_is(const struct direct *d, const char *name)
{
	return d->d_namlen == strlen(name) &&
	    memcmp(d->d_name, name, d->d_namlen) == 0;
}

static bool
fix(struct fsck *f)
{
	return reply(f, "FIX");
}

static void
write_entry(
    struct fsck *f, uint8_t *p, uint32_t ino, const char *name, uint32_t reclen)
{
	struct direct new;

	memset(&new, 0, sizeof(new));
	new.d_fileno = ino;
	new.d_type = dir_oldfmt(f) ? 0 : S_IFDIR >> 12;
	new.d_namlen = (uint8_t)strlen(name);
	new.d_name = name;
	new.d_reclen = reclen;
	ffs_dirent_put(p, &new, dir_oldfmt(f), f->swapped);
}

/* The first entry shall be ".". Writes it where that is possible. *d is the entry as it is afterwards. */
static int
check_dot(struct scan *s, uint8_t *p, struct direct *d)
{
	struct fsck *f = s->f;
	uint32_t used = FFS_DIRSIZ(1);
	struct direct rest;
	char msg[300];
	int r = 0;

	if (d->d_fileno != 0 && name_is(d, ".")) {
		if (d->d_fileno != s->ino) {
			d->d_fileno = s->ino;
			fileerror(f, s->ino, s->ino, "BAD INODE NUMBER FOR '.'");
			if (fix(f) && p != NULL) {
				write_entry(f, p, s->ino, ".", d->d_reclen);
				r |= SCAN_ALTERED;
			}
		} else if (d->d_type != S_IFDIR >> 12 && !dir_oldfmt(f)) {
			fileerror(f, s->ino, s->ino, "BAD TYPE VALUE FOR '.'");
			if (fix(f) && p != NULL) {
				write_entry(f, p, s->ino, ".", d->d_reclen);
				r |= SCAN_ALTERED;
			}
		}
		return r;
	}
	fileerror(f, s->ino, s->ino, "MISSING '.'");
	memset(msg, 0, sizeof(msg));
	if (d->d_fileno != 0 && !name_is(d, "..")) {
		memcpy(msg, d->d_name, d->d_namlen);
		pfatal(f, "CANNOT FIX, FIRST ENTRY IN DIRECTORY CONTAINS %s\n",
		    msg);
	} else if (d->d_reclen < used ||
	    (d->d_fileno != 0 && d->d_reclen < 2 * used)) {
		pfatal(f, "CANNOT FIX, INSUFFICIENT SPACE TO ADD '.'\n");
	} else if (fix(f) && p != NULL) {
		uint32_t reclen = d->d_reclen, number = d->d_fileno;

		if (number != 0 || reclen >= 2 * used) {
			write_entry(f, p, s->ino, ".", used);
			memset(&rest, 0, sizeof(rest));
			rest.d_name = number != 0 ? ".." : "";
			rest.d_namlen = number != 0 ? 2 : 0;
			rest.d_fileno = number;
			rest.d_type = number != 0 && !dir_oldfmt(f) ?
			    S_IFDIR >> 12 :
			    0;
			rest.d_reclen = reclen - used;
			ffs_dirent_put(
			    p + used, &rest, dir_oldfmt(f), f->swapped);
			d->d_reclen = used;
		} else
			write_entry(f, p, s->ino, ".", reclen);
		r |= SCAN_ALTERED;
	}
	/* Counted as if it were there. */
	d->d_fileno = s->ino;
	d->d_name = ".";
	d->d_namlen = 1;
	d->d_type = S_IFDIR >> 12;
	return r;
}

/* The second entry shall be "..". */
static int
check_dotdot(struct scan *s, uint8_t *p, struct direct *d, struct dir_info *dir)
{
	struct fsck *f = s->f;
	char msg[300];

	if (d->d_fileno != 0 && name_is(d, "..")) {
		dir->dotdot = d->d_fileno;
		if (d->d_type == S_IFDIR >> 12 || dir_oldfmt(f))
			return 0;
		fileerror(f, s->ino, s->ino, "BAD TYPE VALUE FOR '..'");
		if (!fix(f) || p == NULL)
			return 0;
		write_entry(f, p, d->d_fileno, "..", d->d_reclen);
		return SCAN_ALTERED;
	}
	/* The parent may come later: then it is mended after all are seen. */
	if (dir->parent == 0)
		return 0;
	fileerror(f, dir->parent, s->ino, "MISSING '..'");
	memset(msg, 0, sizeof(msg));
	if (d->d_fileno != 0 && !name_is(d, ".")) {
		memcpy(msg, d->d_name, d->d_namlen);
		pfatal(f, "CANNOT FIX, SECOND ENTRY IN DIRECTORY CONTAINS %s\n",
		    msg);
		dir->dotdot = dir->parent;
		return 0;
	}
	if (d->d_reclen < FFS_DIRSIZ(2)) {
		pfatal(f, "CANNOT FIX, INSUFFICIENT SPACE TO ADD '..'\n");
		dir->dotdot = dir->parent;
		return 0;
	}
	dir->dotdot = dir->parent;
	d->d_fileno = dir->parent;
	d->d_name = "..";
	d->d_namlen = 2;
	d->d_type = S_IFDIR >> 12;
	if (!fix(f) || p == NULL)
		return 0;
	write_entry(f, p, dir->parent, "..", d->d_reclen);
	return SCAN_ALTERED;
}

static int
drop(struct fsck *f, uint8_t *p, struct direct *d)
{
	if (p == NULL)
		return 0;
	d->d_fileno = 0;
	ffs_put32(p, 0, f->swapped);
	return SCAN_ALTERED;
}

/* An entry for an inode that is bad or not allocated. 0: keep it. */
static bool
remove_bad(struct scan *s, struct direct *d)
{
	struct fsck *f = s->f;
	struct inode_info *i = info(f, d->d_fileno);
	struct dinode di;

	if (i->state == USTATE) {
		fileerror(f, s->ino, d->d_fileno, "UNALLOCATED");
		return reply(f, "REMOVE");
	}
	fileerror(f, s->ino, d->d_fileno,
	    i->state == FCLEAR ? "DUP/BAD" : "ZERO LENGTH DIRECTORY");
	if (reply(f, "REMOVE"))
		return true;
	inode_get(f, d->d_fileno, &di);
	i->state = (di.di_mode & S_IFMT) == S_IFDIR ? DSTATE : FSTATE;
	i->links = di.di_nlink;
	return false;
}

/* A name of a directory. True: drop it. */
static bool
check_subdir(struct scan *s, struct direct *d)
{
	struct fsck *f = s->f;
	struct dir_info *sub = dir_find(f, d->d_fileno);
	char *here, *there;

	if (sub == NULL)
		return false;
	/* One that names itself would be a tree of its own. */
	if (sub->parent != 0 || sub->ino == s->ino) {
		here = fsck_path(f, s->ino, s->ino);
		there = fsck_path(f, d->d_fileno, d->d_fileno);
		pwarn(f, "%s IS AN EXTRANEOUS HARD LINK TO DIRECTORY %s\n",
		    here, there);
		t_free(f->t, here);
		t_free(f->t, there);
		if (f->preen) {
			t_printf(f->t, " (REMOVED)\n");
			return true;
		}
		if (reply(f, "REMOVE"))
			return true;
	}
	sub->parent = s->ino;
	return false;
}

static int
check_entry(struct scan *s, uint8_t *p, struct direct *d)
{
	struct dir_info *dir = dir_find(s->f, s->ino);
	struct fsck *f = s->f;
	struct inode_info *i;
	bool own, dots;
	int r = 0;

	s->entryno++;
	if (s->entryno == 1)
		r = check_dot(s, p, d);
	else if (s->entryno == 2)
		r = check_dotdot(s, p, d, dir);
	else if (d->d_fileno != 0 && (name_is(d, ".") || name_is(d, ".."))) {
		fileerror(f, s->ino, s->ino,
		    d->d_namlen == 1 ? "EXTRA '.' ENTRY" : "EXTRA '..' ENTRY");
		return fix(f) ? drop(f, p, d) : 0;
	}
	if (d->d_fileno == 0)
		return r;
	own = s->entryno <= 2 && (name_is(d, ".") || name_is(d, ".."));
	/* What may have been ".." is no name, either. */
	dots = own || s->entryno == 1 ||
	    (s->entryno == 2 &&
		(d->d_fileno == dir->parent ||
		    (d->d_namlen == 2 && d->d_name[0] == '.')));
	i = info(f, d->d_fileno);
	if (d->d_fileno < UFS_ROOTINO || i->state == USTATE ||
	    i->state == DCLEAR || i->state == FCLEAR) {
		if (dots)
			return r;
		if (d->d_fileno < UFS_ROOTINO ?
			(fileerror(f, s->ino, d->d_fileno, "I OUT OF RANGE"),
			    reply(f, "REMOVE")) :
			remove_bad(s, d))
			return r | drop(f, p, d);
		if (i->state == USTATE)
			return r;
	}
	if ((i->state == DSTATE || i->state == DFOUND) && !dots &&
	    check_subdir(s, d))
		return r | drop(f, p, d);
	if (!dir_oldfmt(f) && d->d_type != i->type && !own) {
		fileerror(f, s->ino, d->d_fileno, "BAD TYPE VALUE");
		if (fix(f) && p != NULL) {
			p[6] = i->type;
			r |= SCAN_ALTERED;
		}
	}
	i->links--;
	return r;
}

static bool
make_root(struct fsck *f, const char *what)
{
	if (!reply(f, what))
		return false;
	if (info(f, UFS_ROOTINO)->state != USTATE)
		inode_free(f, UFS_ROOTINO);
	if (dir_alloc(f, UFS_ROOTINO, UFS_ROOTINO, 0755) != UFS_ROOTINO) {
		pfatal(f, "CANNOT ALLOCATE ROOT INODE\n");
		giveup(f, EEXIT);
	}
	f->newroot = true;
	return true;
}

static void
check_root(struct fsck *f)
{
	struct inode_info *i = info(f, UFS_ROOTINO);
	struct dinode di;

	switch (i->state) {
	case USTATE:
		pfatal(f, "ROOT INODE UNALLOCATED");
		if (!make_root(f, "ALLOCATE"))
			giveup(f, EEXIT);
		break;
	case DCLEAR:
		pfatal(f, "DUPS/BAD IN ROOT INODE");
		if (!make_root(f, "REALLOCATE") && !reply(f, "CONTINUE"))
			giveup(f, EEXIT);
		break;
	case FSTATE:
	case FCLEAR:
		pfatal(f, "ROOT INODE NOT DIRECTORY");
		if (make_root(f, "REALLOCATE"))
			break;
		if (!reply(f, "FIX"))
			giveup(f, EEXIT);
		inode_get(f, UFS_ROOTINO, &di);
		di.di_mode = (uint16_t)((di.di_mode & ~S_IFMT) | S_IFDIR);
		inode_put(f, UFS_ROOTINO, &di);
		i->state = DSTATE;
		i->type = S_IFDIR >> 12;
		dir_add(f, UFS_ROOTINO, &di);
		break;
	default:
		break;
	}
}

static int
by_block(const void *a, const void *b)
{
	const struct dir_info *x = *(struct dir_info *const *)a,
			      *y = *(struct dir_info *const *)b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static void
check_length(struct fsck *f, struct dir_info *d)
{
	uint64_t want = (d->di.di_size + f->dirblksiz - 1) / f->dirblksiz *
	    f->dirblksiz;
	struct dinode di;
	char *path;

	if (want == d->di.di_size)
		return;
	path = fsck_path(f, d->ino, d->ino);
	if (f->preen)
		pwarn(f,
		    "DIRECTORY %s: LENGTH %" PRIu64 " NOT MULTIPLE OF %" PRIu32,
		    path, d->di.di_size, f->dirblksiz);
	else
		pfatal(f,
		    "DIRECTORY %s: LENGTH %" PRIu64 " NOT MULTIPLE OF %" PRIu32,
		    path, d->di.di_size, f->dirblksiz);
	t_free(f->t, path);
	if (f->preen)
		t_printf(f->t, " (ADJUSTED)\n");
	if (f->preen || reply(f, "ADJUST")) {
		inode_get(f, d->ino, &di);
		di.di_size = want;
		inode_put(f, d->ino, &di);
	}
	/* Looked at as if it were adjusted. */
	d->di.di_size = want;
	d->size = d->size < want && want - d->size < f->dirblksiz ? want :
								    d->size;
}

/* Parents that were not known when their directory was looked at. */
static void
check_parent(struct fsck *f, struct dir_info *d)
{
	uint8_t state = info(f, d->ino)->state;
	struct dinode di;

	if (d->parent == 0 || d->di.di_size == 0 || state == USTATE ||
	    d->dotdot == d->parent)
		return;
	if (d->dotdot == 0) {
		d->dotdot = d->parent;
		fileerror(f, d->parent, d->ino, "MISSING '..'");
		if (!fix(f))
			return;
		inode_get(f, d->ino, &di);
		/* The root of before has no directory of its own. */
		if (d != dir_find(f, d->ino) ?
			dir_enter(f, d->ino, d->parent, "..") :
			dir_enter_dotdot(f, d->ino, d->parent))
			info(f, d->parent)->links--;
		else if (di.di_size == 0)
			info(f, d->parent)->links--;
		return;
	}
	fileerror(f, d->parent, d->ino, "BAD INODE NUMBER FOR '..'");
	if (!fix(f))
		return;
	if (dir_change(f, d->ino, "..", d->parent)) {
		if (fsck_ino_ok(f, d->dotdot))
			info(f, d->dotdot)->links++;
		info(f, d->parent)->links--;
		d->dotdot = d->parent;
	}
}

void
pass2(struct fsck *f)
{
	size_t i, n;

	fsck_phase(f, "Phase 2 - Check Pathnames");
	check_root(f);
	/* Directories made from here on are not looked at. */
	n = f->ndirs;
	if (n > 0)
		qsort(f->dirs, n, sizeof(*f->dirs), by_block);
	for (i = 0; i < n; i++) {
		struct dir_info *d = f->dirs[i];
		struct scan s = {
			.entry = check_entry, .f = f, .ino = d->ino, .as = d
		};

		if (d->di.di_size == 0 || info(f, d->ino)->state == USTATE)
			continue;
		if (d == dir_find(f, d->ino))
			check_length(f, d);
		dir_scan(&s, &d->di);
		fsck_progress(f, 2, "directory", i + 1, n);
	}
	for (i = 0; i < n; i++)
		check_parent(f, f->dirs[i]);
	for (i = n; i-- > 0;) {
		struct dir_info *d = f->dirs[i], *p;

		p = d->ino != UFS_ROOTINO && d->parent != 0 ?
		    dir_find(f, d->parent) :
		    NULL;
		if (p == NULL)
			continue;
		d->sibling = p->child;
		p->child = d;
	}
	dir_propagate(f, UFS_ROOTINO);
}
