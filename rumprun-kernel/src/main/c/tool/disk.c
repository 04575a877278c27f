/* SPDX-License-Identifier: BSD-2-Clause */
/* Disk operands that may be host images, progress of long work, and what counts as a terminal. */
#include "tool/private.h"
#include <netbsd/ioctl.h>
#include <netbsd/termios.h>
#include <netbsd/time.h>
#include <string.h>

bool
t_isterm(struct tool *t, int fd)
{
	struct termios tio;
	struct stat st;

	if (t->t_sys != NULL) {
		if (sys_ioctl(t, fd, TIOCGETA, &tio) >= 0)
			return true;
		if (sys_fstat(t, fd, &st) == 0)
			return false;
	}
	return t_isatty(t, fd);
}

/*
 * The kernel's own name wins; but where the host has a file of the name given and the kernel has none, it is meant.
 * "create" means an image that may not be there yet, so that a name missing in both worlds is the host's.
 */
const char *
t_diskpath(struct tool *t, const char *name, bool raw, bool readonly,
    bool create, int64_t create_size)
{
	char *blk, *chr, why[256];
	struct stat st;
	int error;

	if (t->t_sys == NULL || t->t_sys->attach == NULL ||
	    sys_stat(t, name, &st) == 0)
		return name;
	blk = t_malloc(t, 1024);
	chr = t_malloc(t, 1024);
	why[0] = '\0';
	error = t->t_sys->attach(t->t_sysctx, name, create, create_size,
	    readonly, blk, chr, 1024, why, sizeof(why));
	if (error == -ENOENT && !create)
		return name;
	if (error != 0 && why[0] != '\0')
		t_errx(t, 1, "%s: %s", name, why);
	if (error != 0)
		t_fail(t, 1, error, "%s", name);
	return raw ? chr : blk;
}

static int64_t
now_ms(struct tool *t)
{
	struct timespec ts;

	if (sys_clock_gettime(t, CLOCK_MONOTONIC, &ts) < 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

#define SHOW_EVERY_MS 50

void
t_progress(struct tool *t, const char *what, uint64_t done, uint64_t total)
{
	struct tool_priv *p = t->t_priv;
	int64_t now;

	if (t_siginfo_take(t)) {
		if (total != 0)
			t_eprintf(t, "%s %ju/%ju\n", what, (uintmax_t)done,
			    (uintmax_t)total);
		else
			t_eprintf(t, "%s %ju\n", what, (uintmax_t)done);
	}
	if (t->t_io->progress == NULL)
		return;
	/* The clock is a system call: asked only for a start, an end, and every hundredth part. */
	if (p->tp_what == what && done < total &&
	    done - p->tp_done < total / 100)
		return;
	if (p->tp_what == what && done != total) {
		now = now_ms(t);
		if (now - p->tp_shown_ms < SHOW_EVERY_MS)
			return;
		p->tp_shown_ms = now;
	}
	p->tp_what = what;
	p->tp_done = done;
	p->tp_total = total;
	t->t_io->progress(t->t_io->ctx, what, done, total);
}
