/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vndcompress: the image, block by block, into the compressed one.
 *
 * What an offset in the file says is there: blocks are made durable before the offsets of their ends are written, and these before the header that makes the file
 * one that can be restarted from.
 */
#include "vndcompress/vndcompress.h"
#include <inttypes.h>

struct progress {
	struct vc *vc;
	uint32_t block; /* to compress next */
	uint64_t end;	/* of what is compressed */
	bool header;	/* it is written */
};

static void
put(struct vc *vc, const void *buf, size_t n, uint64_t off)
{
	vndcompress_write(vc, vc->compressedfd, vc->compressed, buf, n, off);
}

static void
make_durable(struct vc *vc)
{
	int error = sys_fsync(vc->t, vc->compressedfd);

	/* Not everything that can be written can be told to be durable. */
	if (error != 0 && error != -EINVAL && error != -EOPNOTSUPP)
		t_fail(vc->t, 1, error, "%s", vc->compressed);
}

static uint64_t
table_at(uint32_t i)
{
	return CLOOP_HEADER + (uint64_t)i * 8;
}

/* --- the table -------------------------------------------------------------------- */

static void
flush_window(struct vc *vc)
{
	if (vc->win_n == 0)
		return;
	make_durable(vc);
	put(vc, vc->win, (size_t)vc->win_n * 8, table_at(vc->win_first));
	vc->win_first += vc->win_n;
	vc->win_n = 0;
}

static void
add_offset(struct vc *vc, uint64_t off)
{
	if (vc->win_n == vc->win_max)
		flush_window(vc);
	put_be64(vc->win + (size_t)vc->win_n++ * 8, off);
}

static void
write_header(struct vc *vc)
{
	static const char script[] = CLOOP_MAGIC
	    "modprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n"
	    "exit $?\n";
	uint8_t header[CLOOP_HEADER];

	memset(header, 0, sizeof(header));
	memcpy(header, script, sizeof(script) - 1);
	put_be32(header + CLOOP_PREAMBLE, vc->blocksize);
	put_be32(header + CLOOP_PREAMBLE + 4, vc->nblocks);
	put(vc, header, sizeof(header), 0);
}

static void
checkpoint(struct progress *p)
{
	struct vc *vc = p->vc;

	flush_window(vc);
	make_durable(vc);
	if (!p->header) {
		write_header(vc);
		make_durable(vc);
		p->header = true;
	}
}

/* No block is known. */
static void
start_afresh(struct progress *p)
{
	struct vc *vc = p->vc;
	uint64_t at, end = table_at(vc->nblocks) + 8;
	int error = sys_ftruncate(vc->t, vc->compressedfd, 0);

	if (error != 0)
		t_fail(vc->t, 1, error, "%s", vc->compressed);
	memset(vc->out, 0xff, PIECE);
	for (at = CLOOP_HEADER; at < end;) {
		size_t n = end - at < PIECE ? (size_t)(end - at) : PIECE;

		put(vc, vc->out, n, at);
		at += n;
	}
	p->block = 0;
	p->end = end;
	p->header = false;
	vc->win_first = vc->win_n = 0;
	add_offset(vc, end);
}

/* --- restarting ---------------------------------------------------------------------- */

/* How many offsets are known, and the last of them; a message when the table is nonsense. */
static const char *
last_offset(struct progress *p, uint64_t filesize)
{
	struct vc *vc = p->vc;
	uint64_t last = 0;
	uint32_t i = 0;

	while (i <= vc->nblocks) {
		uint32_t n = PIECE / 8, j;

		if (n > vc->nblocks - i + 1)
			n = vc->nblocks - i + 1;
		if (vndcompress_read(vc, vc->compressedfd, vc->compressed,
			vc->out, (size_t)n * 8,
			(int64_t)table_at(i)) != (size_t)n * 8)
			return "offset table is cut off";
		for (j = 0; j < n; j++) {
			uint64_t off = get_be64(vc->out + (size_t)j * 8);

			if (off == CLOOP_UNKNOWN)
				break;
			if (off > filesize ||
			    (i + j == 0 ? off != table_at(vc->nblocks) + 8 :
					  off <= last))
				return "bad offset table";
			last = off;
		}
		i += j;
		if (j < n)
			break;
	}
	if (i == 0)
		return "no checkpoint";
	p->block = i - 1;
	p->end = last;
	return NULL;
}

static const char *
find_restart(struct progress *p)
{
	struct vc *vc = p->vc;
	uint8_t header[CLOOP_HEADER];
	const char *why;
	struct stat st;
	int error;

	if ((error = sys_fstat(vc->t, vc->compressedfd, &st)) != 0)
		t_fail(vc->t, 1, error, "%s", vc->compressed);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	if (vndcompress_read(vc, vc->compressedfd, vc->compressed, header,
		sizeof(header), 0) != sizeof(header) ||
	    memcmp(header, CLOOP_MAGIC, sizeof(CLOOP_MAGIC) - 1) != 0)
		return "no checkpoint";
	if (get_be32(header + CLOOP_PREAMBLE) != vc->blocksize)
		return "block size does not match";
	if (get_be32(header + CLOOP_PREAMBLE + 4) != vc->nblocks)
		return "number of blocks does not match";
	why = last_offset(p, (uint64_t)st.st_size);
	if (why != NULL)
		return why;
	/* What came after the checkpoint is made again. */
	if ((error = sys_ftruncate(vc->t, vc->compressedfd, (off_t)p->end)) != 0)
		t_fail(vc->t, 1, error, "%s", vc->compressed);
	p->header = true;
	vc->win_first = p->block + 1;
	vc->win_n = 0;
	return NULL;
}

/* What is compressed already is not wanted from the input. */
static void
skip_input(struct vc *vc, uint64_t n)
{
	while (n > 0) {
		size_t part = n < PIECE ? (size_t)n : PIECE;

		if (vndcompress_read(
			vc, vc->imagefd, vc->image, vc->in, part, -1) != part)
			t_errx(
			    vc->t, 1, "%s: unexpected end of input", vc->image);
		n -= part;
	}
}

/* --- blocks ----------------------------------------------------------------------------- */

static void
compress_block(struct progress *p)
{
	struct vc *vc = p->vc;
	uint64_t at = (uint64_t)p->block * vc->blocksize, left = vc->size - at;

	if (left > vc->blocksize)
		left = vc->blocksize;
	(void)deflateReset(&vc->z);
	do {
		size_t n = left < PIECE ? (size_t)left : PIECE;
		int ret, flush;

		if (vndcompress_read(vc, vc->imagefd, vc->image, vc->in, n,
			vc->image_seeks ? (int64_t)at : -1) != n)
			t_errx(
			    vc->t, 1, "%s: unexpected end of input", vc->image);
		at += n;
		left -= n;
		vc->z.next_in = vc->in;
		vc->z.avail_in = (uInt)n;
		flush = left == 0 ? Z_FINISH : Z_NO_FLUSH;
		do {
			vc->z.next_out = vc->out;
			vc->z.avail_out = PIECE;
			ret = deflate(&vc->z, flush);
			put(vc, vc->out, PIECE - vc->z.avail_out, p->end);
			p->end += PIECE - vc->z.avail_out;
		} while (vc->z.avail_out == 0 && ret != Z_STREAM_END);
	} while (left > 0);
	p->block++;
	add_offset(vc, p->end);
}

static void
prepare(struct vc *vc)
{
	uint64_t n = vc->size / vc->blocksize + (vc->size % vc->blocksize != 0);

	if (n >= UINT32_MAX)
		t_errx(vc->t, 1, "%s: too many blocks: use larger ones (-b)",
		    vc->image);
	vc->nblocks = (uint32_t)n;
	vc->win_max = vc->winsize == 0 || vc->winsize > n ? (uint32_t)n + 1 :
							    vc->winsize;
	vc->win = t_calloc(vc->t, vc->win_max, 8);
	if (deflateInit(&vc->z, Z_BEST_COMPRESSION) != Z_OK)
		t_fail(vc->t, 1, ENOMEM, "zlib");
}

int
vndcompress_compress(struct vc *vc)
{
	struct progress p = { .vc = vc };
	struct tool *t = vc->t;
	const char *why = "";
	uint32_t done = 0;

	prepare(vc);
	if (vc->restart && (why = find_restart(&p)) != NULL)
		t_warnx(t, "%s: cannot restart: %s", vc->compressed, why);
	if (why != NULL && vc->mustrestart)
		return 1;
	if (why != NULL)
		start_afresh(&p);
	else if (!vc->image_seeks)
		skip_input(vc, (uint64_t)p.block * vc->blocksize);
	t_catch_interrupt(t);
	while (p.block < vc->nblocks) {
		if (vc->partial != 0 && done == vc->partial) {
			checkpoint(&p);
			return 0;
		}
		compress_block(&p);
		done++;
		if (vc->checkpoint != 0 && done % vc->checkpoint == 0)
			checkpoint(&p);
		if (t_interrupted(t)) {
			checkpoint(&p);
			t_exit_interrupted(t);
		}
		t_progress(t, vc->image, p.block, vc->nblocks);
	}
	checkpoint(&p);
	(void)deflateEnd(&vc->z);
	return 0;
}
