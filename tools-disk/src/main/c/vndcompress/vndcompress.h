/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vndcompress(1) and vnduncompress: disk images to cloop2 and back, a piece at a time.
 *
 * A compressed image: CLOOP_PREAMBLE bytes of a shell script, block size and number of blocks (32 bits), number + 1 offsets (64 bits), big endian, then the
 * blocks as zlib streams. A checkpoint of one that is not complete has all ones for the offsets to come; before the first there is no script.
 */
#ifndef TOOLS_DISK_VNDCOMPRESS_H
#define TOOLS_DISK_VNDCOMPRESS_H

#include <rumprun/tool.h>
#include <rumprun/tool_sys.h>
/* zlib without what it would take from the host. */
#define Z_SOLO
#include <zlib.h>

#define CLOOP_PREAMBLE 128
#define CLOOP_HEADER 136
#define CLOOP_MAGIC "#!/bin/sh\n#V2.0 Format\n"
#define CLOOP_UNKNOWN UINT64_MAX
#define CLOOP_BLOCK 65536
#define CLOOP_MAXBLOCK 0xfffffe00U
#define CLOOP_WINDOW 4096 /* offsets in memory */
#define PIECE 65536	  /* bytes of an image in memory */

/* The program's own input, outside of the kernel; no errno. */
#define STDIN_FD (-0x10000)

struct vc {
	struct tool *t;
	const char *image, *compressed; /* names, for messages */
	int imagefd, compressedfd;
	bool image_seeks; /* the input */
	uint64_t size;	  /* of the image */
	uint32_t blocksize, nblocks;
	/* -k, -p: 0: not given; -w: 0: all */
	uint32_t checkpoint, partial, winsize;
	uint64_t length; /* -l; 0: not given */
	bool restart, mustrestart;
	/* Offsets [win_first, win_first + win_n) of the table, of at most win_max. */
	uint8_t *win;
	uint32_t win_max, win_first, win_n;
	z_stream z;
	uint8_t *in, *out; /* PIECE bytes each */
};

int vndcompress_compress(struct vc *);
int vndcompress_uncompress(struct vc *);

/* vnd_files.c: opens the operands: in the kernel, or, where it lives in this process and has no such file, the host's. Ends the tool on errors. */
void vndcompress_open(struct vc *, bool compress);

static inline void
put_be32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void
put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

static inline uint32_t
get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static inline uint64_t
get_be64(const uint8_t *p)
{
	return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}

/* vndcompress.c: bytes, all of them, or the tool ends. read_some: as many as there are. */
size_t vndcompress_read(
    struct vc *, int fd, const char *name, void *, size_t n, int64_t off);
void vndcompress_write(struct vc *, int fd, const char *name, const void *,
    size_t n, uint64_t off);

#endif
