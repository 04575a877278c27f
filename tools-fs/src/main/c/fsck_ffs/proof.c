/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The proof that a file system is mended: a second check, that writes nothing and says nothing. It is made when there was more to mend than a
 * crash leaves, since what one repair changes another may have counted already.
 */
#include "fsck_ffs/fsck_ffs.h"
#include <netbsd/fcntl.h>
#include <string.h>

static int
read_nothing(void *ctx, int fd, void *buf, size_t n)
{
	(void)ctx, (void)fd, (void)buf, (void)n;
	return 0;
}

static int
write_nothing(void *ctx, int fd, const void *buf, size_t n)
{
	(void)ctx, (void)fd, (void)buf;
	return (int)n;
}

static bool
no_terminal(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return false;
}

static int
no_columns(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return 0;
}

static bool
check_again(struct fsck *f)
{
	jmp_buf up;

	f->proof = &up;
	if (setjmp(up) != 0)
		return false;
	if (fsck_setup(f, f->dev, f->path) <= 0)
		return false;
	fsck_phases(f);
	return !f->unresolved && !f->rerun;
}

bool
fsck_proves_clean(struct fsck *f)
{
	static const struct tool_io mute = { .read = read_nothing,
		.write = write_nothing,
		.isatty = no_terminal,
		.columns = no_columns };
	const struct tool_io *io = f->t->t_io;
	struct fsck *again = t_calloc(f->t, 1, sizeof(*again));
	bool clean;

	again->t = f->t;
	again->dev = f->dev;
	again->path = f->path;
	again->no = again->force = again->file = true;
	again->apple = f->apple;
	again->lfmode = f->lfmode;
	again->fd = -1;
	if (f->sbloc != fsck_standard_place(&f->fs))
		again->alternate = f->alternate;
	t_flush(f->t->t_out);
	f->t->t_io = &mute;
	clean = check_again(again);
	t_flush(f->t->t_out);
	f->t->t_io = io;
	if (again->fd >= 0)
		sys_close(f->t, again->fd);
	t_free(f->t, again);
	return clean;
}
