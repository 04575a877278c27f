/* SPDX-License-Identifier: BSD-2-Clause */
/* Transfers of block devices: kernel buffers, and users' memory without a copy in between. */
#include "dev/blkdev.h"

#define PIECE ((size_t)1 << 20) /* bytes moved at a time */
#define NVEC 32

static bool
aligned(const struct blkdev *d, size_t n, uint64_t off)
{
	return d->b_align <= 1 || (n % d->b_align == 0 && off % d->b_align == 0);
}

static int
in_range(const struct blkdev *d, size_t n, uint64_t off)
{
	return off <= d->b_size && n <= d->b_size - off ? 0 : -EINVAL;
}

static int
transfer(struct blkdev *d, void *buf, size_t n, uint64_t off, bool write)
{
	struct iovec iov = { .iov_base = buf, .iov_len = n };

	return write ? d->b_ops->bd_writev(d, &iov, 1, off) :
		       d->b_ops->bd_readv(d, &iov, 1, off);
}

/*
 * A device that wants whole sectors gets them, by way of a buffer. Two writers of one sector must not meet here: who
 * writes parts of sectors has the block locked.
 */
static int
transfer_unaligned(
    struct blkdev *d, uint8_t *buf, size_t n, uint64_t off, bool write)
{
	size_t size = d->b_align;
	uint8_t *sector = kmem_alloc(d->b_k, size);
	int error = 0;

	if (sector == NULL)
		return -ENOMEM;
	while (n > 0 && error == 0) {
		uint64_t start = off - off % size;
		size_t at = (size_t)(off - start);
		size_t part = size - at < n ? size - at : n;

		if ((error = transfer(d, sector, size, start, false)) != 0)
			break;
		if (write) {
			memcpy(sector + at, buf, part);
			error = transfer(d, sector, size, start, true);
		} else {
			memcpy(buf, sector + at, part);
		}
		buf += part;
		off += part;
		n -= part;
	}
	kmem_free(d->b_k, sector, size);
	return error;
}

int
blkdev_read(struct blkdev *d, void *buf, size_t n, uint64_t off)
{
	int error;

	if (n == 0)
		return 0;
	if ((error = in_range(d, n, off)) != 0)
		return error;
	if (!aligned(d, n, off))
		return transfer_unaligned(d, buf, n, off, false);
	return transfer(d, buf, n, off, false);
}

int
blkdev_write(struct blkdev *d, const void *buf, size_t n, uint64_t off)
{
	/* The vector's type has no const; a write leaves the bytes alone. */
	union {
		const void *c;
		void *v;
	} u = { .c = buf };
	int error;

	if (n == 0)
		return 0;
	if (d->b_readonly)
		return -EROFS;
	if ((error = in_range(d, n, off)) != 0)
		return error;
	if (!aligned(d, n, off))
		return transfer_unaligned(d, u.v, n, off, true);
	return transfer(d, u.v, n, off, true);
}

/* How much of n bytes at off goes at once. */
static size_t
piece_at(const struct blkdev *d, uint64_t off, size_t n)
{
	size_t most = d->b_piece != 0 ?
	    d->b_piece - (size_t)(off % d->b_piece) :
	    PIECE;

	return n < most ? n : most;
}

static int
move_direct(struct blkdev *d, uint64_t off, const struct iovec *iov, int cnt,
    bool write)
{
	return write ? d->b_ops->bd_writev(d, iov, cnt, off) :
		       d->b_ops->bd_readv(d, iov, cnt, off);
}

/* By way of a buffer: the user's memory is elsewhere, or the device wants sectors. */
static int
move_bounced(struct blkdev *d, uint64_t off, size_t n, struct uio *uio)
{
	size_t size = n < PIECE ? n : PIECE;
	bool own = uio->uio_lwp == NULL;
	uint8_t *buf;
	int error = 0;

	buf = own ? kmem_alloc(d->b_k, size) : lwp_bounce(uio->uio_lwp, size);
	if (buf == NULL)
		return -ENOMEM;
	while (n > 0) {
		size_t part = n < size ? n : size;

		if (uio->uio_rw == UIO_WRITE) {
			if ((error = uiomove(buf, part, uio)) != 0)
				break;
			if ((error = blkdev_write(d, buf, part, off)) != 0)
				break;
		} else {
			if ((error = blkdev_read(d, buf, part, off)) != 0)
				break;
			if ((error = uiomove(buf, part, uio)) != 0)
				break;
		}
		off += part;
		n -= part;
	}
	if (own)
		kmem_free(d->b_k, buf, size);
	return error;
}

int
blkdev_uiomove(struct blkdev *d, uint64_t off, size_t n, struct uio *uio)
{
	bool write = uio->uio_rw == UIO_WRITE;
	struct iovec iov[NVEC];
	int cnt, error;
	size_t part;

	if (n > uio->uio_resid)
		n = uio->uio_resid;
	if (write && d->b_readonly)
		return -EROFS;
	if ((error = in_range(d, n, off)) != 0)
		return error;
	while (n > 0) {
		cnt = aligned(d, n, off) ?
		    uio_hostvec(uio, piece_at(d, off, n), iov, NVEC, &part) :
		    0;
		if (cnt == 0)
			return move_bounced(d, off, n, uio);
		if (!aligned(d, part, off))
			return move_bounced(d, off, n, uio);
		if ((error = move_direct(d, off, iov, cnt, write)) != 0)
			return error;
		uio_advance(uio, part);
		off += part;
		n -= part;
	}
	return 0;
}
