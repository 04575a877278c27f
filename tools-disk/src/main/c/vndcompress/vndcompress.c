/* SPDX-License-Identifier: BSD-2-Clause */
/* vndcompress(1) and vnduncompress: options, and what both directions share. */
#include "vndcompress/vndcompress.h"
#include "tools.h"
#include <inttypes.h>

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: vndcompress [-cd] [-rR] [-b blocksize] [-k checkpoint-blocks]"
	    "\n           [-l length] [-p partial-blocks] [-w winsize]\n"
	    "           image compressed-image [blocksize]\n"
	    "       vnduncompress [-cd] [-w winsize] compressed-image image\n");
	t_exit(t, 1);
}

/* What there is of n bytes; off -1: those that come next. */
size_t
vndcompress_read(
    struct vc *vc, int fd, const char *name, void *buf, size_t n, int64_t off)
{
	size_t have = 0;
	ssize_t got;

	while (have < n) {
		uint8_t *p = (uint8_t *)buf + have;

		got = fd == STDIN_FD ?
		    t_stdin_read(vc->t, p, n - have) :
		    off < 0 ?
		    sys_read(vc->t, fd, p, n - have) :
		    sys_pread(vc->t, fd, p, n - have, off + (off_t)have);
		if (got < 0)
			t_fail(vc->t, 1, (int)got, "%s", name);
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return have;
}

void
vndcompress_write(struct vc *vc, int fd, const char *name, const void *buf,
    size_t n, uint64_t off)
{
	const uint8_t *p = buf;

	if (off > (uint64_t)INT64_MAX - n)
		t_errx(vc->t, 1, "%s: file too large", name);
	while (n > 0) {
		ssize_t put = sys_pwrite(vc->t, fd, p, n, (off_t)off);

		if (put <= 0)
			t_fail(vc->t, 1, put < 0 ? (int)put : -EIO, "%s", name);
		p += put;
		off += (uint64_t)put;
		n -= (size_t)put;
	}
}

static void *
z_alloc(void *ctx, unsigned n, unsigned size)
{
	return t_calloc(ctx, n, size);
}

static void
z_free(void *ctx, void *p)
{
	t_free(ctx, p);
}

static uint32_t
number(struct tool *t, const char *what, const char *s, uint32_t min)
{
	return (uint32_t)t_strsuftoll(t, what, s, min, UINT32_MAX - 1);
}

static uint32_t
block_size(struct tool *t, const char *s)
{
	uint32_t n = (uint32_t)t_strsuftoll(
	    t, "block size", s, 512, CLOOP_MAXBLOCK);

	if (n % 512 != 0)
		t_errx(t, 1, "bad blocksize: %s (not a multiple of 512)", s);
	return n;
}

static void
parse(struct vc *vc, int argc, char **argv, bool *compress)
{
	struct tool *t = vc->t;
	bool only_compress = false;
	int c;

	while ((c = t_getopt(t, argc, argv, "b:cdk:l:p:rRw:")) != -1) {
		const char *arg = t->t_opt.optarg;

		only_compress |= strchr("bklprR", c) != NULL;
		switch (c) {
		case 'b':
			vc->blocksize = block_size(t, arg);
			break;
		case 'c':
		case 'd':
			*compress = c == 'c';
			break;
		case 'k':
			vc->checkpoint = number(t, "checkpoint blocks", arg, 1);
			break;
		case 'l':
			vc->length = (uint64_t)t_strsuftoll(
			    t, "length", arg, 1, INT64_MAX);
			break;
		case 'p':
			vc->partial = number(t, "partial blocks", arg, 1);
			break;
		case 'r':
			vc->restart = true;
			break;
		case 'R':
			vc->mustrestart = true;
			break;
		case 'w':
			vc->winsize = number(t, "window size", arg, 0);
			break;
		default:
			usage(t);
		}
	}
	if (only_compress && !*compress)
		usage(t);
	if (vc->mustrestart && !vc->restart)
		usage(t);
}

static int
start(struct tool *t, int argc, char **argv, bool compress)
{
	struct vc vc = { .t = t, .winsize = CLOOP_WINDOW };

	parse(&vc, argc, argv, &compress);
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc != 2 && !(compress && argc == 3))
		usage(t);
	/* As the old program took it. */
	if (argc == 3)
		vc.blocksize = block_size(t, argv[2]);
	if (vc.blocksize == 0)
		vc.blocksize = CLOOP_BLOCK;
	vc.image = argv[compress ? 0 : 1];
	vc.compressed = argv[compress ? 1 : 0];
	vc.in = t_malloc(t, PIECE);
	vc.out = t_malloc(t, PIECE);
	vc.z.zalloc = z_alloc;
	vc.z.zfree = z_free;
	vc.z.opaque = t;
	vndcompress_open(&vc, compress);
	return compress ? vndcompress_compress(&vc) :
			  vndcompress_uncompress(&vc);
}

int
vndcompress_main(struct tool *t, int argc, char **argv)
{
	return start(t, argc, argv, true);
}

int
vnduncompress_main(struct tool *t, int argc, char **argv)
{
	return start(t, argc, argv, false);
}
