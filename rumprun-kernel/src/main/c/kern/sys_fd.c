/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on descriptors: close, dup, fcntl, ioctl, fstat. */
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/syscallargs.h>
#include "kern/file.h"
#include "kern/syscalls.h"

int
sys_close(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_close_args *uap = args;

	(void)rv;
	return fd_close(l, SCARG(uap, fd));
}

/* Another descriptor >= min for the file; the reference is taken. */
static int
dup_file(struct lwp *l, struct file *f, int min, bool cloexec, register_t *rv)
{
	int error, fd;

	if ((error = fd_alloc(l, min, &fd)) != 0) {
		(void)file_put(l, f);
		return error;
	}
	fd_install(l, fd, f, cloexec);
	rv[0] = fd;
	return 0;
}

int
sys_dup(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_dup_args *uap = args;
	struct file *f;
	int error;

	if ((error = fd_getfile(l, SCARG(uap, fd), &f)) != 0)
		return error;
	return dup_file(l, f, 0, false, rv);
}

static int
dup_to(struct lwp *l, int from, int to, int flags, register_t *rv)
{
	bool cloexec = (flags & O_CLOEXEC) != 0;
	struct file *f;
	int error;

	if ((flags & ~(O_CLOEXEC | O_NONBLOCK | O_NOSIGPIPE)) != 0)
		return -EINVAL;
	if ((error = fd_getfile(l, from, &f)) != 0)
		return error;
	if (from == to) {
		(void)file_put(l, f);
		if (cloexec)
			error = fd_setcloexec(l, to, true);
	} else
		error = fd_dup2(l, f, to, cloexec);
	rv[0] = to;
	return error;
}

int
sys_dup2(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_dup2_args *uap = args;

	return dup_to(l, SCARG(uap, from), SCARG(uap, to), 0, rv);
}

int
sys_dup3(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_dup3_args *uap = args;

	return dup_to(
	    l, SCARG(uap, from), SCARG(uap, to), SCARG(uap, flags), rv);
}

int
sys___fstat50(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys___fstat50_args *uap = args;
	struct stat st;
	struct file *f;
	int error;

	(void)rv;
	if ((error = fd_getfile(l, SCARG(uap, fd), &f)) != 0)
		return error;
	memset(&st, 0, sizeof(st));
	if (f->f_ops->fo_stat == NULL)
		error = -EOPNOTSUPP;
	else
		error = f->f_ops->fo_stat(l, f, &st);
	(void)file_put(l, f);
	return error != 0 ? error : copyout(l, &st, SCARG(uap, sb), sizeof(st));
}

/* --- fcntl --- */

/*
 * Tells the object of the flags that concern it, and then notes all of them.
 * An object that refuses non-blocking keeps the flags as they were.
 */
static int
set_flags(struct lwp *l, struct file *f, int oflags)
{
	unsigned new = (FFLAGS((unsigned)oflags) & FCNTLFLAGS), old, diff;
	int error = 0, on;

	kmutex_enter(&f->f_lock);
	old = f->f_flag;
	kmutex_exit(&f->f_lock);
	diff = (old ^ new) & FCNTLFLAGS;
	if ((diff & FNONBLOCK) != 0 && f->f_ops->fo_ioctl != NULL) {
		on = (new &FNONBLOCK) != 0;
		error = f->f_ops->fo_ioctl(l, f, FIONBIO, &on);
	}
	if (error == 0 && (diff & FASYNC) != 0 && f->f_ops->fo_ioctl != NULL) {
		on = (new &FASYNC) != 0;
		error = f->f_ops->fo_ioctl(l, f, FIOASYNC, &on);
	}
	if (error != 0)
		return error;
	kmutex_enter(&f->f_lock);
	f->f_flag = (f->f_flag & ~(unsigned)FCNTLFLAGS) | new;
	kmutex_exit(&f->f_lock);
	return 0;
}

/* The lock of one of the F_*LK commands. */
static int
record_lock(struct lwp *l, struct file *f, int cmd, void *arg)
{
	struct flock lock;
	int error;

	if (f->f_type != DTYPE_VNODE || f->f_ops->fo_fcntl == NULL)
		return -EINVAL;
	if ((error = copyin(l, arg, &lock, sizeof(lock))) != 0)
		return error;
	error = f->f_ops->fo_fcntl(l, f, (unsigned)cmd, &lock);
	if (error == 0 && cmd == F_GETLK)
		error = copyout(l, &lock, arg, sizeof(lock));
	return error;
}

static int
owner(struct lwp *l, struct file *f, unsigned long cmd, int *value)
{
	if (f->f_ops->fo_ioctl == NULL)
		return -ENOTTY;
	return f->f_ops->fo_ioctl(l, f, cmd, value);
}

/* A file system's own: as ioctl, with a few kilobytes at most. */
static int
private_control(struct lwp *l, struct file *f, unsigned cmd, void *arg)
{
	size_t size = cmd >> 16 & F_PARAM_MASK;
	void *data = NULL;
	int error = 0;

	if (f->f_type != DTYPE_VNODE || f->f_ops->fo_fcntl == NULL)
		return -EINVAL;
	if (size > 0 && (data = kmem_zalloc(l->l_k, size)) == NULL)
		return -ENOMEM;
	if ((cmd & F_FSIN) != 0)
		error = copyin(l, arg, data, size);
	if (error == 0)
		error = f->f_ops->fo_fcntl(l, f, cmd, data != NULL ? data : arg);
	if (error == 0 && (cmd & F_FSOUT) != 0)
		error = copyout(l, data, arg, size);
	kmem_free(l->l_k, data, size);
	return error;
}

static int
control(
    struct lwp *l, int fd, int cmd, void *arg, struct file *f, register_t *rv)
{
	int value = (int)(intptr_t)arg, error;
	bool cloexec;

	switch (cmd) {
	case F_GETFD:
		error = fd_getcloexec(l, fd, &cloexec);
		rv[0] = cloexec ? FD_CLOEXEC : 0;
		return error;
	case F_SETFD:
		return fd_setcloexec(l, fd, (value & FD_CLOEXEC) != 0);
	case F_GETFL:
		rv[0] = (register_t)OFLAGS(f->f_flag);
		return 0;
	case F_SETFL:
		return set_flags(l, f, value);
	case F_GETNOSIGPIPE:
		rv[0] = (f->f_flag & FNOSIGPIPE) != 0;
		return 0;
	case F_SETNOSIGPIPE:
		if (value != 0)
			atomic_fetch_or(&f->f_flag, FNOSIGPIPE);
		else
			atomic_fetch_and(&f->f_flag, ~(unsigned)FNOSIGPIPE);
		return 0;
	case F_GETOWN:
		error = owner(l, f, FIOGETOWN, &value);
		rv[0] = value;
		return error;
	case F_SETOWN:
		return owner(l, f, FIOSETOWN, &value);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
		return record_lock(l, f, cmd, arg);
	default:
		if (((unsigned)cmd & (unsigned)F_FSCTL) != 0)
			return private_control(l, f, (unsigned)cmd, arg);
		return -EINVAL;
	}
}

/* Closes every descriptor from `fd` on. */
static int
close_from(struct lwp *l, int fd)
{
	int last = fd_highest(l->l_proc->p_fd);

	if (fd < 0)
		return -EBADF;
	for (; fd <= last; fd++)
		(void)fd_close(l, fd);
	return 0;
}

int
sys_fcntl(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_fcntl_args *uap = args;
	int fd = SCARG(uap, fd), cmd = SCARG(uap, cmd), error, min;
	void *arg = SCARG(uap, arg);
	struct file *f;

	if (cmd == F_CLOSEM)
		return close_from(l, fd);
	if (cmd == F_MAXFD) {
		rv[0] = fd_highest(l->l_proc->p_fd);
		return 0;
	}
	if ((error = fd_getfile(l, fd, &f)) != 0)
		return error;
	if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC) {
		struct proc *p = l->l_proc;
		bool far;

		min = (int)(intptr_t)arg;
		kmutex_enter(&p->p_lock);
		far = min < 0 || min >= l->l_k->k_maxfiles ||
		    (uint64_t)min >= p->p_rlimit[8 /* NOFILE */].cur;
		kmutex_exit(&p->p_lock);
		if (!far)
			return dup_file(l, f, min, cmd == F_DUPFD_CLOEXEC, rv);
		error = -EINVAL;
	} else
		error = control(l, fd, cmd, arg, f, rv);
	(void)file_put(l, f);
	return error;
}

/* --- ioctl --- */

static int
device_control(struct lwp *l, struct file *f, unsigned long cmd, void *arg)
{
	size_t size = cmd >> IOCPARM_SHIFT & IOCPARM_MASK;
	uint64_t small[16];
	void *data = small;
	int error = 0, on;

	if (size > IOCPARM_MAX || f->f_ops->fo_ioctl == NULL)
		return -ENOTTY;
	if (size > sizeof(small) && (data = kmem_alloc(l->l_k, size)) == NULL)
		return -ENOMEM;
	memset(data, 0, size > sizeof(small) ? size : sizeof(small));
	if ((cmd & IOC_IN) != 0 && size > 0)
		error = copyin(l, arg, data, size);
	else if ((cmd & IOC_VOID) != 0)
		memcpy(data, &arg, sizeof(arg));
	if (error == 0)
		error = f->f_ops->fo_ioctl(l, f, cmd, data);
	if (error == 0 && (cmd == FIONBIO || cmd == FIOASYNC)) {
		unsigned flag = cmd == FIONBIO ? FNONBLOCK : FASYNC;

		memcpy(&on, data, sizeof(on));
		if (on != 0)
			atomic_fetch_or(&f->f_flag, flag);
		else
			atomic_fetch_and(&f->f_flag, ~flag);
	}
	if (error == 0 && (cmd & IOC_OUT) != 0 && size > 0)
		error = copyout(l, data, arg, size);
	if (data != small)
		kmem_free(l->l_k, data, size);
	return error;
}

int
sys_ioctl(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_ioctl_args *uap = args;
	unsigned long cmd = SCARG(uap, com) & 0xffffffffUL;
	int fd = SCARG(uap, fd), error;
	struct file *f;

	(void)rv;
	if ((error = fd_getfile(l, fd, &f)) != 0)
		return error;
	if ((f->f_flag & (FREAD | FWRITE)) == 0)
		error = -EBADF;
	else if (cmd == FIOCLEX || cmd == FIONCLEX)
		error = fd_setcloexec(l, fd, cmd == FIOCLEX);
	else
		error = device_control(l, f, cmd, SCARG(uap, data));
	(void)file_put(l, f);
	return error;
}
