/* SPDX-License-Identifier: BSD-2-Clause */
/* Transfers for users whose memory is elsewhere: by way of the lwp's buffer. */
#include "kern/kernel.h"

#define HOST_CHUNK 65536
#define NVEC 16

int
uio_bounce(
    struct uio *uio, size_t most, uio_piece *piece, void *ctx, size_t *movedp)
{
	size_t n = uio->uio_resid < most ? uio->uio_resid : most;
	bool write = uio->uio_rw == UIO_WRITE;
	off_t off = uio->uio_offset;
	size_t before, moved;
	int error = 0, done;
	char *buf;

	*movedp = 0;
	if ((buf = lwp_bounce(uio->uio_lwp, n)) == NULL)
		return -ENOMEM;
	if (write && (error = uiomove(buf, n, uio)) != 0)
		return error;
	done = piece(ctx, buf, n, off, &moved);
	*movedp = moved;
	if (!write) {
		before = uio->uio_resid;
		if (moved > 0)
			error = uiomove(buf, moved, uio);
		*movedp = before - uio->uio_resid;
		return done != 0 ? done : error;
	}
	/* What found no place is the user's again. */
	uio->uio_resid += n - moved;
	uio->uio_offset -= (off_t)(n - moved);
	return done;
}

struct hostfile {
	const struct host_ops *host;
	int fd;
	int64_t begin;
	bool write;
};

static int
hostfile_piece(void *ctx, void *buf, size_t n, off_t off, size_t *movedp)
{
	const struct hostfile *hf = ctx;
	struct iovec iov = { buf, n };
	ssize_t r = hf->write ?
	    hf->host->pwritev(hf->fd, &iov, 1, hf->begin + off) :
	    hf->host->preadv(hf->fd, &iov, 1, hf->begin + off);

	*movedp = r > 0 ? (size_t)r : 0;
	if (r < 0)
		return (int)r;
	return hf->write && (size_t)r < n ? -ENOSPC : 0;
}

int
uio_hostfile(struct lwp *l, struct uio *uio, int fd, int64_t begin)
{
	const struct host_ops *host = l->l_k->k_host;
	struct hostfile hf = { host, fd, begin, uio->uio_rw == UIO_WRITE };
	struct iovec iov[NVEC];
	size_t moved = 1, want;
	ssize_t r;
	int cnt, error = 0;

	while (error == 0 && moved > 0 && uio->uio_resid > 0) {
		cnt = uio_hostvec(uio, uio->uio_resid, iov, NVEC, &want);
		if (cnt == 0) {
			error = uio_bounce(
			    uio, HOST_CHUNK, hostfile_piece, &hf, &moved);
			continue;
		}
		r = hf.write ?
		    host->pwritev(fd, iov, cnt, begin + uio->uio_offset) :
		    host->preadv(fd, iov, cnt, begin + uio->uio_offset);
		moved = r > 0 ? (size_t)r : 0;
		uio_advance(uio, moved);
		if (r < 0)
			error = (int)r;
	}
	return error;
}
