/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dd: copies in blocks of given sizes, converting.
 *
 * Input blocks go through dd_convert into one output buffer, which is written in whole output blocks; what is left is
 * written at the end. With bs= and no conversion of the bytes each input block is written as it was read.
 */
#include "dd/dd.h"
#include <netbsd/time.h>
#include <string.h>

static void
fail_output(struct dd *d, int error)
{
	if (error == 0)
		t_errx(d->t, 1, "%s: end of device", d->out_name);
	t_fail(d->t, 1, error, "%s", d->out_name);
}

/* --- signals --- */

static void
look_at_signals(struct dd *d)
{
	if (t_siginfo_take(d->t))
		dd_summary(d);
	if (t_interrupted(d->t))
		t_exit_interrupted(d->t);
}

static void
at_end(struct tool *t, void *arg)
{
	struct dd *d = arg;

	(void)t;
	if (d->started)
		dd_summary(d);
}

/* --- output --- */

static ssize_t
raw_write(struct dd *d, const void *buf, size_t n)
{
	struct tool *t = d->t;

	if (d->out >= 0)
		return sys_write(t, d->out, buf, n);
	return t->t_io->write(t->t_io->ctx, 1, buf, n);
}

static bool
all_zero(const unsigned char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* One output block; `last` tells that nothing follows. */
static void
write_block(struct dd *d, const unsigned char *buf, size_t n, bool last)
{
	struct tool *t = d->t;
	size_t done = 0;
	ssize_t put;
	int64_t at;

	if ((d->conv & DD_SPARSE) != 0 && !last && n == d->obs &&
	    all_zero(buf, n)) {
		d->pending += n;
		d->sparse++;
		d->out_full++;
		d->bytes += n;
		return;
	}
	if (d->pending > 0) {
		at = sys_lseek(t, d->out, (off_t)d->pending, SEEK_CUR);
		if (at < 0)
			t_fail(t, 1, (int)at,
			    "%s: seek error creating sparse "
			    "file",
			    d->out_name);
		d->pending = 0;
	}
	while (done < n) {
		put = raw_write(d, buf + done, n - done);
		if (put <= 0)
			fail_output(d, (int)put);
		d->bytes += (uint64_t)put;
		if ((size_t)put == n && n == d->obs)
			d->out_full++;
		else {
			d->out_part++;
			if ((size_t)put < n - done && d->out_char)
				t_warnx(t,
				    "%s: short write on character "
				    "device",
				    d->out_name);
		}
		done += (size_t)put;
	}
	if (d->progress != 0 &&
	    (d->out_full + d->out_part) % (uint64_t)d->progress == 0)
		t_eprintf(t, ".");
}

/*
 * Whole blocks are written as soon as more than they are there: the last one is written at the end, which for sparse
 * files must not be a hole.
 */
static void
write_whole(struct dd *d, bool hold)
{
	size_t at = 0;

	while (d->olen - at > d->obs || (!hold && d->olen - at == d->obs)) {
		write_block(d, d->obuf + at, d->obs, false);
		at += d->obs;
		look_at_signals(d);
	}
	if (at > 0) {
		memmove(d->obuf, d->obuf + at, d->olen - at);
		d->olen -= at;
	}
}

void
dd_put(struct dd *d, const void *buf, size_t n)
{
	const unsigned char *p = buf;
	size_t room;

	while (n > 0) {
		room = d->osize - d->olen;
		if (room > n)
			room = n;
		memcpy(d->obuf + d->olen, p, room);
		d->olen += room;
		p += room;
		n -= room;
		if (d->olen >= d->obs)
			write_whole(d, (d->conv & DD_SPARSE) != 0);
	}
}

static void
finish_output(struct dd *d)
{
	unsigned char *at;
	size_t n;

	write_whole(d, (d->conv & DD_SPARSE) != 0);
	n = d->olen;
	if (n > 0 && (d->conv & DD_OSYNC) != 0 && n < d->obs) {
		at = d->obuf + n;
		memset(at, (d->conv & (DD_BLOCK | DD_UNBLOCK)) != 0 ? ' ' : 0,
		    d->obs - n);
		n = d->obs;
	}
	if (n > 0)
		write_block(d, d->obuf, n, true);
	d->olen = 0;
}

/* --- input --- */

static ssize_t
raw_read(struct dd *d, void *buf, size_t n)
{
	return d->in >= 0 ? sys_read(d->t, d->in, buf, n) :
			    t_stdin_read(d->t, buf, n);
}

/* Reads a block. -1: the end of this file; a count, 0 when an error was gone past without sync. */
static ssize_t
read_block(struct dd *d)
{
	struct tool *t = d->t;
	ssize_t n;
	int pad = (d->conv & (DD_BLOCK | DD_UNBLOCK)) != 0 ? ' ' : 0;

	if ((d->conv & DD_SYNC) != 0)
		memset(d->ibuf, pad, d->ibs);
	n = raw_read(d, d->ibuf, d->ibs);
	if (n == 0)
		return -1;
	if (n < 0) {
		look_at_signals(d);
		if ((d->conv & DD_NOERROR) == 0)
			t_fail(t, 1, (int)n, "%s", d->in_name);
		t_warn(t, (int)n, "%s", d->in_name);
		dd_summary(d);
		if (d->in_seekable &&
		    (n = (ssize_t)sys_lseek(t, d->in, (off_t)d->ibs, SEEK_CUR)) <
			0)
			t_warn(t, (int)n, "%s", d->in_name);
		d->in_part++;
		if ((d->conv & DD_SYNC) == 0)
			return 0;
		return (ssize_t)d->ibs;
	}
	if ((size_t)n == d->ibs)
		d->in_full++;
	else {
		d->in_part++;
		if ((d->conv & DD_SYNC) != 0)
			n = (ssize_t)d->ibs;
	}
	return n;
}

static void
copy_file(struct dd *d)
{
	ssize_t n;

	for (;;) {
		look_at_signals(d);
		if (d->count_given && d->in_full + d->in_part >= d->count)
			return;
		n = read_block(d);
		if (n < 0)
			return;
		if (n == 0)
			continue;
		if (d->exact)
			write_block(d, d->ibuf, (size_t)n, false);
		else
			dd_convert(d, d->ibuf, (size_t)n);
	}
}

/* --- opening and positioning --- */

static void
open_input(struct dd *d)
{
	struct tool *t = d->t;
	struct stat st;
	int error;

	if (d->in_name == NULL) {
		d->in_name = "stdin";
		d->in_pipe = true;
		return;
	}
	d->in = sys_open(t, d->in_name, d->iflag > 0 ? d->iflag : O_RDONLY, 0);
	if (d->in < 0)
		t_fail(t, 1, d->in, "%s", d->in_name);
	error = sys_fstat(t, d->in, &st);
	if (error != 0)
		t_fail(t, 1, error, "%s", d->in_name);
	d->in_pipe = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	d->in_seekable = !d->in_pipe && sys_lseek(t, d->in, 0, SEEK_CUR) >= 0;
	if (d->files > 1 && !S_ISCHR(st.st_mode))
		t_errx(t, 1, "files is not supported for non-tape devices");
}

static void
open_output(struct dd *d)
{
	struct tool *t = d->t;
	bool keep = d->seek != 0 || (d->conv & DD_NOTRUNC) != 0;
	int flags = d->oflag >= 0 ? d->oflag : O_CREAT;
	struct stat st;
	int error;

	if (d->out_name == NULL) {
		d->out_name = "stdout";
		d->conv &= ~(unsigned)DD_SPARSE;
		return;
	}
	if (!keep)
		flags |= O_TRUNC;
	d->out = sys_open(t, d->out_name, O_RDWR | flags, DEFFILEMODE);
	if (d->out < 0)
		d->out = sys_open(t, d->out_name, O_WRONLY | flags, DEFFILEMODE);
	if (d->out < 0)
		t_fail(t, 1, d->out, "%s", d->out_name);
	error = sys_fstat(t, d->out, &st);
	if (error != 0)
		t_fail(t, 1, error, "%s", d->out_name);
	d->out_char = S_ISCHR(st.st_mode);
	if (sys_lseek(t, d->out, 0, SEEK_CUR) < 0)
		d->conv &= ~(unsigned)DD_SPARSE;
}

static void
position_input(struct dd *d)
{
	struct tool *t = d->t;
	uint64_t left, i;
	int64_t at;
	ssize_t n;
	off_t off;

	if (d->skip == 0)
		return;
	if (d->in_seekable) {
		if (__builtin_mul_overflow(d->skip, d->ibs, &off))
			t_fail(t, 1, EINVAL, "%s", d->in_name);
		at = sys_lseek(t, d->in, off, SEEK_CUR);
		if (at < 0)
			t_fail(t, 1, (int)at, "%s", d->in_name);
		return;
	}
	/* Pipes by bytes, others by reads. */
	for (i = 0; i < d->skip; i++)
		for (left = d->ibs; left > 0; left -= (uint64_t)n) {
			n = raw_read(d, d->ibuf, (size_t)left);
			if (n < 0)
				t_fail(t, 1, (int)n, "%s", d->in_name);
			if (n == 0) {
				d->count_given = true;
				d->count = 0;
				return;
			}
			if (!d->in_pipe)
				break;
		}
}

static void
position_output(struct dd *d)
{
	struct tool *t = d->t;
	int64_t at;
	off_t off;

	if (d->seek == 0)
		return;
	if (__builtin_mul_overflow(d->seek, d->obs, &off))
		t_fail(t, 1, EINVAL, "%s", d->out_name);
	if (d->out < 0)
		t_fail(t, 1, ESPIPE, "%s", d->out_name);
	at = sys_lseek(t, d->out, off, SEEK_SET);
	if (at < 0)
		t_fail(t, 1, (int)at, "%s", d->out_name);
	/* Devices cannot be cut, and need not; where a file cannot, the first write says why. */
	if ((d->conv & DD_NOTRUNC) == 0)
		(void)sys_ftruncate(t, d->out, off);
}

int
dd_main(struct tool *t, int argc, char **argv)
{
	struct dd *d = t_calloc(t, 1, sizeof(*d));
	int error;

	d->t = t;
	d->in = d->out = -1;
	d->ibs = d->obs = 512;
	d->files = 1;
	d->iflag = d->oflag = -1;
	if (t_getopt(t, argc, argv, "") != -1) {
		t_eprintf(t, "usage: dd [operand ...]\n");
		t_exit(t, 1);
	}
	dd_operands(d, argv + t->t_opt.optind);
	open_input(d);
	open_output(d);
	d->ibuf = t_malloc(t, d->ibs);
	d->osize = d->obs + (d->ibs > d->obs ? d->ibs : d->obs);
	d->obuf = t_malloc(t, d->osize);
	position_input(d);
	position_output(d);
	t_catch_interrupt(t);
	d->start_ns = dd_now_ns(t);
	d->started = true;
	t_atexit(t, at_end, d);
	while (d->files-- > 0)
		copy_file(d);
	if (!d->exact) {
		dd_convert(d, NULL, 0);
		finish_output(d);
	}
	if (d->out >= 0) {
		error = sys_close(t, d->out);
		if (error != 0)
			t_fail(t, 1, error, "%s", d->out_name);
	}
	if (d->progress != 0)
		t_eprintf(t, "\n");
	return 0;
}
