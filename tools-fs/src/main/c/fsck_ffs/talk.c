/* SPDX-License-Identifier: BSD-2-Clause */
/* fsck_ffs's messages, questions and answers. */
#include "fsck_ffs/fsck_ffs.h"
#include <inttypes.h>
#include <netbsd/stat.h>
#include <stdio.h>
#include <string.h>

_Noreturn void
giveup(struct fsck *f, int status)
{
	if (f->proof != NULL)
		longjmp(*f->proof, 1);
	/* What was mended so far is on the disk. */
	if (f->writable && f->hashtab != NULL && !f->ending) {
		f->ending = true;
		cache_flush(f);
	}
	t_exit(f->t, status);
}

/* A message begins on a line of its own. */
static void
leave_meter(struct fsck *f)
{
	if (f->percent > 0)
		t_putc(f->t, '\n');
	f->percent = 0;
}

#define METER_WIDTH 40
#define PHASES 5

static void
show_meter(struct fsck *f, int phase, int percent)
{
	int stars = percent * METER_WIDTH / 100;

	if (percent == f->percent || percent == 0)
		return;
	t_printf(f->t, "\r%s: ", f->dev);
	if (!f->preen)
		t_printf(f->t, "phase %d ", phase);
	t_printf(f->t, "%3d%% |%.*s%*s|", percent, stars,
	    "****************************************", METER_WIDTH - stars, "");
	f->percent = percent;
	if (percent == 100)
		leave_meter(f);
	t_flush(f->t->t_out);
}

void
fsck_progress(
    struct fsck *f, int phase, const char *unit, uint64_t done, uint64_t total)
{
	uint64_t share;

	/* The same string all through a phase: the listener is told when a new one begins. */
	if (f->phase != phase) {
		f->phase = phase;
		f->doing = t_asprintf(
		    f->t, "%s: phase %d: %s", f->dev, phase, unit);
	}
	t_progress(f->t, f->doing, done, total);
	if (!f->progress || total == 0)
		return;
	share = done < UINT64_MAX / 100 ? done * 100 / total :
					  done / (total / 100 + 1);
	if (f->preen)
		share = ((uint64_t)(phase - 1) * 100 + share) / PHASES;
	show_meter(f, phase, (int)share);
}

void
pfatal(struct fsck *f, const char *fmt, ...)
{
	va_list ap;

	leave_meter(f);
	f->grave = true;
	va_start(ap, fmt);
	t_vfprintf(f->t->t_out, fmt, ap);
	va_end(ap);
	if (!f->preen)
		return;
	t_printf(f->t,
	    "\n%s: UNEXPECTED INCONSISTENCY; RUN fsck_ffs "
	    "MANUALLY.\n",
	    f->dev);
	giveup(f, EEXIT);
}

void
pwarn(struct fsck *f, const char *fmt, ...)
{
	va_list ap;

	leave_meter(f);
	if (f->preen)
		t_printf(f->t, "%s: ", f->dev);
	va_start(ap, fmt);
	t_vfprintf(f->t->t_out, fmt, ap);
	va_end(ap);
}

bool
reply(struct fsck *f, const char *question)
{
	bool persevere = strcmp(question, "CONTINUE") == 0;
	const char *line;

	if (f->preen)
		pfatal(f, "INTERNAL ERROR: GOT TO reply()");
	t_printf(f->t, "\n");
	if (!persevere && (f->no || !f->writable)) {
		t_printf(f->t, "%s? no\n\n", question);
		f->unresolved = true;
		return false;
	}
	if (f->yes || (persevere && f->no)) {
		t_printf(f->t, "%s? yes\n\n", question);
		return true;
	}
	for (;;) {
		t_printf(f->t, "%s? [yn] ", question);
		t_flush(f->t->t_out);
		line = t_getline(f->t);
		if (line == NULL || *line == 'n' || *line == 'N') {
			if (line == NULL)
				t_putc(f->t, '\n');
			t_putc(f->t, '\n');
			f->unresolved = true;
			return false;
		}
		if (*line == 'y' || *line == 'Y') {
			t_putc(f->t, '\n');
			return true;
		}
	}
}

bool
dofix(struct fsck *f, enum fix *fix, const char *msg)
{
	if (*fix != FIX_ASK)
		return *fix == FIX_YES;
	pwarn(f, "%s", msg);
	if (f->preen) {
		t_printf(f->t, " (SALVAGED)\n");
		*fix = FIX_YES;
	} else
		*fix = reply(f, "SALVAGE") ? FIX_YES : FIX_NO;
	return *fix == FIX_YES;
}

void
fsck_phase(struct fsck *f, const char *msg)
{
	if (!f->preen)
		t_printf(f->t, "** %s\n", msg);
}

/* Puts "/name" before what is there. */
static bool
prepend(char *buf, size_t *at, const char *name)
{
	size_t n = strlen(name);

	if (*at < n + 2)
		return false;
	*at -= n;
	memcpy(buf + *at, name, n);
	buf[--*at] = '/';
	return true;
}

char *
fsck_path(struct fsck *f, uint32_t dir, uint32_t ino)
{
	size_t at = 1023;
	char buf[1024], name[256];
	uint32_t parent;
	int depth;

	if (dir == ino && ino == UFS_ROOTINO)
		return t_strdup(f->t, "/");
	if (f->busy || !fsck_ino_ok(f, dir) ||
	    (info(f, dir)->state != DSTATE && info(f, dir)->state != DFOUND))
		return t_strdup(f->t, "?");
	f->busy = true;
	buf[at] = '\0';
	parent = dir;
	if (dir == ino)
		parent = dir_lookup(f, dir, "..");
	for (depth = 0; depth < 512; depth++) {
		if (!fsck_ino_ok(f, parent) ||
		    !dir_nameof(f, parent, ino, name) ||
		    !prepend(buf, &at, name))
			break;
		ino = parent;
		if (ino == UFS_ROOTINO)
			break;
		parent = dir_lookup(f, ino, "..");
	}
	f->busy = false;
	if (ino != UFS_ROOTINO && at > 0)
		buf[--at] = '?';
	return t_strdup(f->t, buf + at);
}

/* ctime's middle: "Nov 24 20:01 2026". */
static void
print_time(struct fsck *f, int64_t when)
{
	char s[32];

	t_ctime(f->t, when, s);
	t_printf(f->t, "MTIME=%12.12s %4.4s ", s + 4, s + 20);
}

void
pinode(struct fsck *f, uint32_t ino)
{
	const char *owner;
	struct dinode di;

	t_printf(f->t, " I=%" PRIu32 " ", ino);
	if (!fsck_ino_ok(f, ino))
		return;
	inode_get(f, ino, &di);
	t_printf(f->t, " OWNER=");
	owner = f->names ? t_user_from_uid(f->t, di.di_uid) : NULL;
	if (owner != NULL)
		t_printf(f->t, "%s ", owner);
	else
		t_printf(f->t, "%" PRIu32 " ", di.di_uid);
	t_printf(f->t, "MODE=%o\n", di.di_mode);
	if (f->preen)
		t_printf(f->t, "%s: ", f->dev);
	t_printf(f->t, "SIZE=%" PRIu64 " ", di.di_size);
	print_time(f, di.di_mtime);
	t_putc(f->t, ' ');
}

static const char *
kind(const struct dinode *di)
{
	switch (di->di_mode & S_IFMT) {
	case S_IFDIR:
		return "DIR";
	case S_IFREG:
	case S_IFBLK:
	case S_IFCHR:
	case S_IFLNK:
	case S_IFSOCK:
	case S_IFIFO:
		return "FILE";
	default:
		return "NAME";
	}
}

void
fileerror(struct fsck *f, uint32_t dir, uint32_t ino, const char *msg)
{
	struct dinode di;
	char *path;

	pwarn(f, "%s ", msg);
	pinode(f, ino);
	t_putc(f->t, '\n');
	path = fsck_path(f, dir, ino);
	if (!fsck_ino_ok(f, ino)) {
		pfatal(f, "NAME=%s\n", path);
		return;
	}
	inode_get(f, ino, &di);
	pfatal(f, "%s=%s\n", kind(&di), path);
	t_free(f->t, path);
}
