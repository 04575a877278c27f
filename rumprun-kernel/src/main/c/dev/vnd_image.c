/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading of compressed disk images, through a few uncompressed blocks.
 *
 * A slot holds one block. im_lock guards which block a slot has, its users and its age; s_lock is held by who fills it, and by who has found it and
 * waits for that. A slot with users keeps its block, so they copy out of it side by side, without a lock. Offsets are looked up in the file when a
 * block is wanted: their table may be of any size, and is believed for no longer than that.
 */
/* zlib without what it would take from the host. */
#define Z_SOLO
#include <zlib.h>
#include "dev/vnd_image.h"

#define NSLOTS 16
#define CACHE_BYTES ((size_t)4 << 20)
#define INPUT ((size_t)64 << 10)
#define NONE UINT32_MAX

struct slot {
	struct kmutex s_lock;
	uint32_t s_block;
	unsigned s_users;
	bool s_valid; /* s_lock */
	uint64_t s_used;
	uint8_t *s_data; /* im_blocksize bytes; s_lock */
};

struct vnd_image {
	struct rump_kernel *im_k;
	vnd_image_read *im_read;
	void *im_ctx;
	uint64_t im_filesize, im_size;
	uint32_t im_blocksize, im_nblocks;
	struct kmutex im_lock;
	struct kcond im_free;
	uint64_t im_tick;
	unsigned im_nslots;
	struct slot im_slots[NSLOTS];
};

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static uint64_t
be64(const uint8_t *p)
{
	return (uint64_t)be32(p) << 32 | be32(p + 4);
}

/* --- one block --------------------------------------------------------------- */

/* zlib's memory is the kernel's; zlib does not say how much it gives back. */
struct chunk {
	size_t size;
	max_align_t data[];
};

static void *
z_alloc(void *ctx, unsigned n, unsigned size)
{
	struct rump_kernel *k = ctx;
	struct chunk *c;
	size_t bytes = (size_t)n * size + sizeof(*c);

	if (size != 0 && n > (SIZE_MAX - sizeof(*c)) / size)
		return NULL;
	if ((c = kmem_alloc(k, bytes)) == NULL)
		return NULL;
	c->size = bytes;
	return c->data;
}

static void
z_free(void *ctx, void *p)
{
	struct chunk *c = (struct chunk *)((char *)p -
	    offsetof(struct chunk, data));

	kmem_free(ctx, c, c->size);
}

/* Where a block lies in the file. */
static int
extent(struct vnd_image *im, uint32_t block, uint64_t *from, uint64_t *to)
{
	uint8_t raw[16];
	int error;

	error = im->im_read(im->im_ctx, raw, sizeof(raw),
	    VND_IMAGE_HEADER + (uint64_t)block * 8);
	if (error != 0)
		return error;
	*from = be64(raw);
	*to = be64(raw + 8);
	return *from > *to || *to > im->im_filesize ? -EIO : 0;
}

/* The stream's bytes [from, to) through `in`, into z's output. 0: it came to its end. */
static int
inflate_from(
    struct vnd_image *im, z_stream *z, uint8_t *in, uint64_t from, uint64_t to)
{
	while (from < to) {
		size_t n = to - from < INPUT ? (size_t)(to - from) : INPUT;
		int ret, error = im->im_read(im->im_ctx, in, n, from);

		if (error != 0)
			return error;
		from += n;
		z->next_in = in;
		z->avail_in = (uInt)n;
		ret = inflate(z, Z_NO_FLUSH);
		if (ret == Z_STREAM_END)
			return 0;
		if (ret == Z_MEM_ERROR)
			return -ENOMEM;
		if (ret != Z_OK || z->avail_in > 0)
			return -EIO;
	}
	return -EIO;
}

/* All but the last must fill theirs. */
static int
uncompress_block(
    struct vnd_image *im, uint32_t block, uint8_t *data, uint32_t *lenp)
{
	z_stream z = { .zalloc = z_alloc, .zfree = z_free, .opaque = im->im_k };
	uint64_t from, to;
	uint8_t *in;
	int error;

	if ((error = extent(im, block, &from, &to)) != 0)
		return error;
	if ((in = kmem_alloc(im->im_k, INPUT)) == NULL)
		return -ENOMEM;
	if (inflateInit(&z) != Z_OK) {
		kmem_free(im->im_k, in, INPUT);
		return -ENOMEM;
	}
	z.next_out = data;
	z.avail_out = im->im_blocksize;
	error = inflate_from(im, &z, in, from, to);
	*lenp = im->im_blocksize - z.avail_out;
	(void)inflateEnd(&z);
	kmem_free(im->im_k, in, INPUT);
	if (error == 0 && z.avail_out > 0) {
		if (block != im->im_nblocks - 1)
			return -EIO;
		memset(data + *lenp, 0, im->im_blocksize - *lenp);
	}
	return error;
}

/* --- slots ------------------------------------------------------------------- */

/* The slot that has the block, or the one that was used longest ago; waits while all are in use. One more user. */
static struct slot *
slot_get(struct vnd_image *im, uint32_t block)
{
	struct slot *s, *old;

	kmutex_enter(&im->im_lock);
	for (;;) {
		old = NULL;
		for (unsigned i = 0; i < im->im_nslots; i++) {
			s = &im->im_slots[i];
			if (s->s_block == block)
				goto found;
			if (s->s_users == 0 &&
			    (old == NULL || s->s_used < old->s_used))
				old = s;
		}
		if (old != NULL)
			break;
		kcond_wait(&im->im_free, &im->im_lock);
	}
	s = old;
	s->s_block = block;
	s->s_valid = false; /* nobody uses it */
found:
	s->s_users++;
	s->s_used = ++im->im_tick;
	kmutex_exit(&im->im_lock);
	return s;
}

static void
slot_put(struct vnd_image *im, struct slot *s)
{
	kmutex_enter(&im->im_lock);
	if (--s->s_users == 0)
		kcond_signal(&im->im_free);
	kmutex_exit(&im->im_lock);
}

static int
slot_fill(struct vnd_image *im, struct slot *s)
{
	uint32_t len;
	int error = 0;

	kmutex_enter(&s->s_lock);
	if (!s->s_valid && s->s_data == NULL &&
	    (s->s_data = kmem_alloc(im->im_k, im->im_blocksize)) == NULL)
		error = -ENOMEM;
	if (error == 0 && !s->s_valid) {
		error = uncompress_block(im, s->s_block, s->s_data, &len);
		s->s_valid = error == 0;
	}
	kmutex_exit(&s->s_lock);
	return error;
}

/* --- the image ---------------------------------------------------------------- */

int
vnd_image_readv(
    struct vnd_image *im, const struct iovec *iov, int cnt, uint64_t off)
{
	struct slot *s = NULL;
	uint32_t have = NONE;
	int error = 0;

	for (int i = 0; i < cnt && error == 0; i++) {
		uint8_t *p = iov[i].iov_base;
		size_t left = iov[i].iov_len;

		while (left > 0) {
			uint32_t block = (uint32_t)(off / im->im_blocksize);
			uint32_t at = (uint32_t)(off % im->im_blocksize);
			size_t n = im->im_blocksize - at;

			if (block != have) {
				if (s != NULL)
					slot_put(im, s);
				s = slot_get(im, block);
				have = block;
				if ((error = slot_fill(im, s)) != 0)
					break;
			}
			n = n < left ? n : left;
			memcpy(p, s->s_data + at, n);
			p += n;
			left -= n;
			off += n;
		}
	}
	if (s != NULL)
		slot_put(im, s);
	return error;
}

/* The last block tells by how much it is short. */
static int
find_size(struct vnd_image *im)
{
	struct slot *s = &im->im_slots[0];
	uint32_t len = 0;
	int error;

	if (im->im_nblocks == 0)
		return 0;
	if ((s->s_data = kmem_alloc(im->im_k, im->im_blocksize)) == NULL)
		return -ENOMEM;
	error = uncompress_block(im, im->im_nblocks - 1, s->s_data, &len);
	s->s_block = im->im_nblocks - 1;
	s->s_valid = error == 0;
	im->im_size = (uint64_t)(im->im_nblocks - 1) * im->im_blocksize + len;
	return error == -EIO ? -EINVAL : error;
}

int
vnd_image_open(struct rump_kernel *k, vnd_image_read *read, void *ctx,
    uint64_t size, struct vnd_image **imp)
{
	uint8_t header[VND_IMAGE_HEADER];
	struct vnd_image *im;
	size_t slots;
	int error;

	*imp = NULL;
	if (size < sizeof(header) + 8)
		return -EINVAL;
	if ((error = read(ctx, header, sizeof(header), 0)) != 0)
		return error;
	if (memcmp(header, VND_IMAGE_MAGIC, sizeof(VND_IMAGE_MAGIC) - 1) != 0)
		return -EINVAL;
	if ((im = kmem_zalloc(k, sizeof(*im))) == NULL)
		return -ENOMEM;
	im->im_k = k;
	im->im_read = read;
	im->im_ctx = ctx;
	im->im_filesize = size;
	im->im_blocksize = be32(header + VND_IMAGE_PREAMBLE);
	im->im_nblocks = be32(header + VND_IMAGE_PREAMBLE + 4);
	for (unsigned i = 0; i < NSLOTS; i++)
		im->im_slots[i].s_block = NONE;
	if (im->im_blocksize == 0 || im->im_blocksize % 512 != 0 ||
	    im->im_blocksize > VND_IMAGE_MAXBLOCK || im->im_nblocks == NONE ||
	    im->im_nblocks > (size - sizeof(header)) / 8 - 1) {
		vnd_image_close(im);
		return -EINVAL;
	}
	slots = CACHE_BYTES / im->im_blocksize;
	im->im_nslots = slots < 2 ? 2 :
	    slots > NSLOTS	  ? NSLOTS :
				    (unsigned)slots;
	if ((error = find_size(im)) != 0) {
		vnd_image_close(im);
		return error;
	}
	*imp = im;
	return 0;
}

void
vnd_image_close(struct vnd_image *im)
{
	for (unsigned i = 0; i < NSLOTS; i++)
		if (im->im_slots[i].s_data != NULL)
			kmem_free(
			    im->im_k, im->im_slots[i].s_data, im->im_blocksize);
	kmem_free(im->im_k, im, sizeof(*im));
}

uint64_t
vnd_image_size(const struct vnd_image *im)
{
	return im->im_size;
}
