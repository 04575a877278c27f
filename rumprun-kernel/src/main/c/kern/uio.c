/* SPDX-License-Identifier: BSD-2-Clause */
/* User memory: strings, and transfers through vectors. */
#include "kern/kernel.h"

int
copyinstr(
    struct lwp *l, const void *uaddr, char *kaddr, size_t max, size_t *lenp)
{
	const struct uspace_ops *u = l->l_proc->p_uspace;
	const char *end;
	size_t len;

	if (max == 0)
		return -ENAMETOOLONG;
	if (uaddr == NULL)
		return -EFAULT;
	if (u != NULL) {
		int error = u->copyinstr(l, uaddr, kaddr, max, &len);

		if (error == 0 && lenp != NULL)
			*lenp = len;
		return error;
	}
	/* memchr looks no further than the NUL. */
	if ((end = memchr(uaddr, '\0', max)) == NULL)
		return -ENAMETOOLONG;
	len = (size_t)(end - (const char *)uaddr) + 1;
	memcpy(kaddr, uaddr, len);
	if (lenp != NULL)
		*lenp = len;
	return 0;
}

int
copyoutstr(
    struct lwp *l, const char *kaddr, void *uaddr, size_t max, size_t *lenp)
{
	const char *end = memchr(kaddr, '\0', max);
	size_t len;
	int error;

	if (end == NULL)
		return -ENAMETOOLONG;
	len = (size_t)(end - kaddr) + 1;
	if ((error = copyout(l, kaddr, uaddr, len)) == 0 && lenp != NULL)
		*lenp = len;
	return error;
}

static int
move(void *kbuf, void *ubuf, size_t n, struct uio *uio)
{
	if (uio->uio_lwp != NULL) {
		return uio->uio_rw == UIO_READ ?
		    copyout(uio->uio_lwp, kbuf, ubuf, n) :
		    copyin(uio->uio_lwp, ubuf, kbuf, n);
	}
	if (uio->uio_rw == UIO_READ)
		memmove(ubuf, kbuf, n);
	else
		memmove(kbuf, ubuf, n);
	return 0;
}

int
uiomove(void *kbuf, size_t n, struct uio *uio)
{
	char *p = kbuf;
	int error;

	if (n > uio->uio_resid)
		n = uio->uio_resid;
	while (n > 0 && uio->uio_iovcnt > 0) {
		struct iovec *iov = uio->uio_iov;
		size_t part = iov->iov_len < n ? iov->iov_len : n;

		if (part > 0) {
			error = move(p, iov->iov_base, part, uio);
			if (error != 0)
				return error;
		}
		uio_advance(uio, part);
		p += part;
		n -= part;
	}
	return 0;
}

int
uiomove_zero(size_t n, struct uio *uio)
{
	/* Not const: uiomove writes into its buffer in the other direction. */
	char zeros[4096];
	size_t part;
	int error;

	memset(zeros, 0, n < sizeof(zeros) ? n : sizeof(zeros));
	if (n > uio->uio_resid)
		n = uio->uio_resid;
	for (; n > 0; n -= part) {
		part = n < sizeof(zeros) ? n : sizeof(zeros);
		if ((error = uiomove(zeros, part, uio)) != 0)
			return error;
	}
	return 0;
}

int
uio_hostvec(struct uio *uio, size_t n, struct iovec *out, int max, size_t *np)
{
	size_t covered = 0;
	int cnt = 0;

	*np = 0;
	if (uio->uio_lwp != NULL && uio->uio_lwp->l_proc->p_uspace != NULL)
		return 0;
	if (n > uio->uio_resid)
		n = uio->uio_resid;
	for (int i = 0; i < uio->uio_iovcnt && cnt < max && covered < n; i++) {
		const struct iovec *iov = &uio->uio_iov[i];
		size_t part = iov->iov_len < n - covered ? iov->iov_len :
							   n - covered;

		if (part == 0)
			continue;
		/* The slow way reports a NULL address. */
		if (iov->iov_base == NULL)
			break;
		out[cnt].iov_base = iov->iov_base;
		out[cnt].iov_len = part;
		covered += part;
		cnt++;
	}
	*np = covered;
	return cnt;
}

void
uio_advance(struct uio *uio, size_t n)
{
	if (n > uio->uio_resid)
		n = uio->uio_resid;
	uio->uio_resid -= n;
	/* On devices without a size an offset ends at the largest. */
	if (uio->uio_offset > INT64_MAX - (off_t)n)
		uio->uio_offset = INT64_MAX;
	else
		uio->uio_offset += (off_t)n;
	while (uio->uio_iovcnt > 0) {
		struct iovec *iov = uio->uio_iov;
		size_t part = iov->iov_len < n ? iov->iov_len : n;

		/* What is there need not be memory. */
		iov->iov_base = (void *)((uintptr_t)iov->iov_base + part);
		iov->iov_len -= part;
		n -= part;
		if (iov->iov_len > 0)
			break;
		uio->uio_iov++;
		uio->uio_iovcnt--;
	}
}
