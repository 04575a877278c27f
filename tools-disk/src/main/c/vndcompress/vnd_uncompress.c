/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vnduncompress: a compressed image back into a disk image. The input may be anybody's: offsets must ascend and lie inside of it, blocks give what they may, and no
 * more. Zeros become holes in a file.
 */
#include "vndcompress/vndcompress.h"
#include <inttypes.h>

struct state {
	struct vc *vc;
	uint64_t at; /* in the compressed image; what does not seek is read up to there */
	uint64_t done; /* bytes of the image */
	bool holes;    /* the output is a file: zeros need not be written */
};

/* All of n bytes at `off`. */
static void
get(struct state *s, void *buf, size_t n, uint64_t off)
{
	struct vc *vc = s->vc;

	if (vndcompress_read(vc, vc->compressedfd, vc->compressed, buf, n,
		vc->image_seeks ? (int64_t)off : -1) != n)
		t_errx(vc->t, 1, "%s: unexpected end of file", vc->compressed);
	s->at = off + n;
}

static void
read_header(struct state *s)
{
	struct vc *vc = s->vc;
	uint8_t header[CLOOP_HEADER];
	uint64_t entries;

	get(s, header, sizeof(header), 0);
	if (memcmp(header, CLOOP_MAGIC, sizeof(CLOOP_MAGIC) - 1) != 0)
		t_errx(vc->t, 1, "%s: not a cloop2 image", vc->compressed);
	vc->blocksize = get_be32(header + CLOOP_PREAMBLE);
	vc->nblocks = get_be32(header + CLOOP_PREAMBLE + 4);
	if (vc->blocksize == 0 || vc->blocksize % 512 != 0 ||
	    vc->blocksize > CLOOP_MAXBLOCK)
		t_errx(vc->t, 1, "%s: bad block size: %" PRIu32, vc->compressed,
		    vc->blocksize);
	entries = (uint64_t)vc->nblocks + 1;
	if (vc->nblocks == UINT32_MAX || vc->size < CLOOP_HEADER ||
	    entries > (vc->size - CLOOP_HEADER) / 8)
		t_errx(vc->t, 1, "%s: bad number of blocks: %" PRIu32,
		    vc->compressed, vc->nblocks);
	/* A block needs two; what does not seek must be taken at once. */
	vc->win_max = vc->winsize == 0 || !vc->image_seeks ||
		vc->winsize > entries ?
	    (uint32_t)entries :
	    vc->winsize < 2 ? 2 :
			      vc->winsize;
	vc->win = t_calloc(vc->t, vc->win_max, 8);
}

static uint64_t
offset(struct state *s, uint32_t i)
{
	struct vc *vc = s->vc;

	if (i < vc->win_first || i - vc->win_first >= vc->win_n) {
		uint32_t n = vc->nblocks - i + 1;

		vc->win_n = n < vc->win_max ? n : vc->win_max;
		vc->win_first = i;
		get(s, vc->win, (size_t)vc->win_n * 8,
		    CLOOP_HEADER + (uint64_t)i * 8);
	}
	return get_be64(vc->win + (size_t)(i - vc->win_first) * 8);
}

/* To a place further on in what does not seek. */
static void
skip_to(struct state *s, uint64_t off)
{
	while (!s->vc->image_seeks && s->at < off) {
		uint64_t n = off - s->at;

		get(s, s->vc->in, n < PIECE ? (size_t)n : PIECE, s->at);
	}
}

static bool
all_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static void
put(struct state *s, size_t n)
{
	struct vc *vc = s->vc;

	if (!s->holes || !all_zero(vc->out, n))
		vndcompress_write(
		    vc, vc->imagefd, vc->image, vc->out, n, s->done);
	s->done += n;
}

static _Noreturn void
bad_block(struct vc *vc, uint32_t block, const char *what)
{
	t_errx(
	    vc->t, 1, "%s: block %" PRIu32 ": %s", vc->compressed, block, what);
}

/* The stream at [from, to): at most a block of bytes, no fewer but in the last. */
static void
uncompress_block(struct state *s, uint32_t block, uint64_t from, uint64_t to)
{
	struct vc *vc = s->vc;
	uint64_t made = 0;
	int ret = Z_OK;

	(void)inflateReset(&vc->z);
	vc->z.avail_in = 0;
	while (ret != Z_STREAM_END) {
		if (vc->z.avail_in == 0) {
			size_t n = to - from < PIECE ? (size_t)(to - from) :
						       PIECE;

			if (n == 0)
				bad_block(vc, block, "cut off");
			get(s, vc->in, n, from);
			from += n;
			vc->z.next_in = vc->in;
			vc->z.avail_in = (uInt)n;
		}
		vc->z.next_out = vc->out;
		vc->z.avail_out = PIECE;
		ret = inflate(&vc->z, Z_NO_FLUSH);
		if (ret == Z_MEM_ERROR)
			t_fail(vc->t, 1, ENOMEM, "zlib");
		if (ret != Z_OK && ret != Z_STREAM_END)
			bad_block(vc, block, "not a zlib stream");
		made += PIECE - vc->z.avail_out;
		if (made > vc->blocksize)
			bad_block(vc, block, "too long");
		put(s, PIECE - vc->z.avail_out);
	}
	if (made < vc->blocksize && block != vc->nblocks - 1)
		bad_block(vc, block, "too short");
}

int
vndcompress_uncompress(struct vc *vc)
{
	struct state s = { .vc = vc };
	struct tool *t = vc->t;
	struct stat st;
	uint64_t from, to;
	int error;

	s.holes = sys_fstat(t, vc->imagefd, &st) == 0 && S_ISREG(st.st_mode);
	if (inflateInit(&vc->z) != Z_OK)
		t_fail(t, 1, ENOMEM, "zlib");
	read_header(&s);
	from = offset(&s, 0);
	if (from < CLOOP_HEADER + ((uint64_t)vc->nblocks + 1) * 8)
		t_errx(t, 1, "%s: bad offset table", vc->compressed);
	for (uint32_t i = 0; i < vc->nblocks; i++) {
		to = offset(&s, i + 1);
		if (to == CLOOP_UNKNOWN)
			t_errx(t, 1, "%s: not complete", vc->compressed);
		if (to <= from || to > vc->size || to > INT64_MAX)
			t_errx(t, 1, "%s: bad offset table", vc->compressed);
		skip_to(&s, from);
		uncompress_block(&s, i, from, to);
		from = to;
		t_progress(t, vc->image, i + 1, vc->nblocks);
	}
	if (s.holes &&
	    (error = sys_ftruncate(t, vc->imagefd, (off_t)s.done)) != 0)
		t_fail(t, 1, error, "%s", vc->image);
	(void)inflateEnd(&vc->z);
	return 0;
}
