/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compressed disk images (cloop2), as vndcompress(1) writes them: 128 bytes of a shell script that begins with VND_IMAGE_MAGIC, block size and number of blocks (32 bits),
 * number + 1 offsets (64 bits), all big endian, then each block as a zlib stream. Only the last block may be shorter than the others.
 */
#ifndef DEV_VND_IMAGE_H
#define DEV_VND_IMAGE_H

#include "kern/kernel.h"

#define VND_IMAGE_PREAMBLE 128
#define VND_IMAGE_HEADER 136
#define VND_IMAGE_MAGIC "#!/bin/sh\n#V2.0 Format\n"
#define VND_IMAGE_MAXBLOCK \
	((uint32_t)64 << 20) /* a larger one would not do for random access */

struct vnd_image;
/* All of it, or -EIO (it ends before that), -errno. From many threads at once. */
typedef int vnd_image_read(void *ctx, void *buf, size_t n, uint64_t off);

/* `size` of the file. -EINVAL: it is none, or its blocks don't fit in it; -ENOMEM; what read gives. */
int vnd_image_open(struct rump_kernel *, vnd_image_read *, void *ctx,
    uint64_t size, struct vnd_image **) MUST_CHECK;
void vnd_image_close(struct vnd_image *);
/* Uncompressed. */
uint64_t vnd_image_size(const struct vnd_image *);
/* Safe from many threads. -EIO: a block that is nonsense; nothing else is lost for that. The range is inside of vnd_image_size. */
int vnd_image_readv(
    struct vnd_image *, const struct iovec *, int cnt, uint64_t off) MUST_CHECK;

#endif
