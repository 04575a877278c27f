/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that transfer data, and their vectors. */
#include <netbsd/fcntl.h>
#include <netbsd/syscallargs.h>
#include "kern/file.h"
#include "kern/ktrace.h"
#include "kern/syscalls.h"

#define IOVCNT_MAX 1024
#define SMALL 8
#define TRANSFER_MAX ((size_t)SIZE_MAX / 2)

/*
 * The transfer itself. What was moved before a sleep was interrupted counts:
 * then it is no error. offset NULL: the file's own, which moves.
 */
static int
transfer(struct lwp *l, struct file *f, struct uio *uio, const off_t *offset,
    register_t *rv)
{
	size_t total = uio->uio_resid;
	int flags = offset == NULL ? FOF_UPDATE : 0, error;

	uio->uio_offset = offset != NULL ? *offset : 0;
	if (uio->uio_rw == UIO_READ)
		error = f->f_ops->fo_read(l, f, uio, flags);
	else
		error = f->f_ops->fo_write(l, f, uio, flags);
	if (uio->uio_resid < total &&
	    (error == -EINTR || error == -EWOULDBLOCK || error == -ERESTART))
		error = 0;
	rv[0] = (register_t)(total - uio->uio_resid);
	return error;
}

static int
one(struct lwp *l, int fd, void *buf, size_t size, const off_t *offset,
    enum uio_rw rw, register_t *rv)
{
	struct iovec iov = { buf, size };
	struct uio uio = { &iov, 1, 0, size, rw, l };
	struct file *f;
	int error;

	error = fd_getfile_mode(l, fd, rw == UIO_READ ? FREAD : FWRITE, &f);
	if (error != 0)
		return error;
	if (offset != NULL &&
	    (f->f_type != DTYPE_VNODE || f->f_ops->fo_seek == NULL))
		error = -ESPIPE;
	else if (size > TRANSFER_MAX || (offset != NULL && *offset < 0))
		error = -EINVAL;
	else
		error = transfer(l, f, &uio, offset, rv);
	if (error == 0 && ktr_wants(l->l_proc, KTR_GENIO)) {
		iov = (struct iovec){ buf, size };
		ktr_genio(l, fd, rw == UIO_WRITE, &iov, 1, (size_t)rv[0]);
	}
	(void)file_put(l, f);
	return error;
}

/* Copies the vectors in, and adds up their lengths. */
static int
vectors_in(struct lwp *l, const struct iovec *uiov, struct iovec *iov, int cnt,
    size_t *total)
{
	int error = copyin(l, uiov, iov, (size_t)cnt * sizeof(*iov));

	*total = 0;
	for (int i = 0; error == 0 && i < cnt; i++) {
		if (iov[i].iov_len > TRANSFER_MAX - *total)
			error = -EINVAL;
		else
			*total += iov[i].iov_len;
	}
	return error;
}

static int
many(struct lwp *l, int fd, const struct iovec *uiov, int cnt,
    const off_t *offset, enum uio_rw rw, register_t *rv)
{
	struct iovec small[SMALL], *iov = small;
	struct uio uio = { NULL, cnt, 0, 0, rw, l };
	struct file *f;
	size_t total;
	int error;

	error = fd_getfile_mode(l, fd, rw == UIO_READ ? FREAD : FWRITE, &f);
	if (error != 0)
		return error;
	if (offset != NULL &&
	    (f->f_type != DTYPE_VNODE || f->f_ops->fo_seek == NULL)) {
		error = -ESPIPE;
		goto out_file;
	}
	error = -EINVAL;
	if (cnt <= 0 || cnt > IOVCNT_MAX || (offset != NULL && *offset < 0))
		goto out_file;
	if (cnt > SMALL) {
		iov = kmem_calloc(l->l_k, (size_t)cnt, sizeof(*iov));
		error = -ENOMEM;
		if (iov == NULL)
			goto out_file;
	}
	uio.uio_iov = iov;
	if ((error = vectors_in(l, uiov, iov, cnt, &uio.uio_resid)) == 0)
		error = transfer(l, f, &uio, offset, rv);
	/* the transfer has used the vectors up */
	if (error == 0 && ktr_wants(l->l_proc, KTR_GENIO) &&
	    vectors_in(l, uiov, iov, cnt, &total) == 0)
		ktr_genio(l, fd, rw == UIO_WRITE, iov, cnt, (size_t)rv[0]);
	if (iov != small)
		kmem_free(l->l_k, iov, (size_t)cnt * sizeof(*iov));
out_file:
	(void)file_put(l, f);
	return error;
}

int
sys_read(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_read_args *uap = args;

	return one(l, SCARG(uap, fd), SCARG(uap, buf), SCARG(uap, nbyte), NULL,
	    UIO_READ, rv);
}

int
sys_write(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_write_args *uap = args;

	return one(l, SCARG(uap, fd), (void *)(uintptr_t)SCARG(uap, buf),
	    SCARG(uap, nbyte), NULL, UIO_WRITE, rv);
}

int
sys_pread(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_pread_args *uap = args;
	off_t off = SCARG(uap, offset);

	return one(l, SCARG(uap, fd), SCARG(uap, buf), SCARG(uap, nbyte), &off,
	    UIO_READ, rv);
}

int
sys_pwrite(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_pwrite_args *uap = args;
	off_t off = SCARG(uap, offset);

	return one(l, SCARG(uap, fd), (void *)(uintptr_t)SCARG(uap, buf),
	    SCARG(uap, nbyte), &off, UIO_WRITE, rv);
}

int
sys_readv(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_readv_args *uap = args;

	return many(l, SCARG(uap, fd), SCARG(uap, iovp), SCARG(uap, iovcnt),
	    NULL, UIO_READ, rv);
}

int
sys_writev(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_writev_args *uap = args;

	return many(l, SCARG(uap, fd), SCARG(uap, iovp), SCARG(uap, iovcnt),
	    NULL, UIO_WRITE, rv);
}

int
sys_preadv(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_preadv_args *uap = args;
	off_t off = SCARG(uap, offset);

	return many(l, SCARG(uap, fd), SCARG(uap, iovp), SCARG(uap, iovcnt),
	    &off, UIO_READ, rv);
}

int
sys_pwritev(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_pwritev_args *uap = args;
	off_t off = SCARG(uap, offset);

	return many(l, SCARG(uap, fd), SCARG(uap, iovp), SCARG(uap, iovcnt),
	    &off, UIO_WRITE, rv);
}

int
sys_lseek(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_lseek_args *uap = args;
	struct file *f;
	off_t to = 0;
	int error;

	if ((error = fd_getfile(l, SCARG(uap, fd), &f)) != 0)
		return error;
	if (f->f_ops->fo_seek == NULL)
		error = -ESPIPE;
	else
		error = f->f_ops->fo_seek(
		    l, f, SCARG(uap, offset), SCARG(uap, whence), &to);
	(void)file_put(l, f);
	/* Both words, in memory order, where a register is too narrow. */
	if (error == 0) {
		if (sizeof(to) > sizeof(rv[0]))
			memcpy(rv, &to, sizeof(to));
		else
			rv[0] = (register_t)to;
	}
	return error;
}
