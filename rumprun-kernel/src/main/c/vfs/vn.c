/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open files of vnodes.
 *
 * Reading takes the vnode's lock shared, writing exclusively. A transfer that uses and moves the file's own offset holds
 * f_lock around that; nobody takes f_lock inside a vnode's lock. Devices and fifos may sleep for long and are called
 * with nothing held, but f_lock never covers them either: their offset counts for block devices only.
 */
#include <netbsd/event.h>
#include <netbsd/ioctl.h>
#include <netbsd/poll.h>
#include <netbsd/resource.h>
#include <netbsd/signal.h>
#include "vfs/fifo.h"
#include "vfs/spec.h"
#include "vfs/vfs_impl.h"

#define VNODE(fp) ((struct vnode *)(fp)->f_data)

static bool
isspecial(struct vnode *vp)
{
	return vp->v_type == VCHR || vp->v_type == VBLK;
}

int
fd_getvnode(struct lwp *l, int fd, struct file **fpp, struct vnode **vpp)
{
	int error = fd_getfile(l, fd, fpp);

	if (error != 0)
		return error;
	if ((*fpp)->f_type != DTYPE_VNODE) {
		file_put(l, *fpp);
		return -EINVAL;
	}
	*vpp = VNODE(*fpp);
	return 0;
}

/* --- opening and closing --- */

static int
may_open(struct lwp *l, struct vnode *vp, int mode)
{
	struct vattr va;
	int error = 0;

	if (vnode_isdead(vp))
		return -EBADF;
	if (mode & O_SEARCH)
		error = vn_access(l, vp, VEXEC);
	else if (mode & FREAD)
		error = vn_access(l, vp, VREAD);
	if (error != 0 || !(mode & (FWRITE | O_TRUNC)))
		return error;
	if (vp->v_type == VDIR)
		return -EISDIR;
	error = vn_access(l, vp, VWRITE);
	if (error != 0)
		return error;
	error = vn_getattr(l, vp, &va);
	if (error == 0 && (va.va_flags & APPEND) &&
	    (!(mode & O_APPEND) || (mode & O_TRUNC)))
		error = -EPERM;
	return error;
}

int
vn_open(struct lwp *l, struct vnode *vp, int mode, bool fresh)
{
	int error;

	if (vp->v_type == VSOCK)
		return -EOPNOTSUPP;
	if (vp->v_type == VLNK)
		return -EFTYPE;
	vnode_lock(vp, true);
	error = fresh ? 0 : may_open(l, vp, mode);
	if (error == 0 && vp->v_type != VFIFO && !isspecial(vp) &&
	    vp->v_ops->vop_open != NULL)
		error = vp->v_ops->vop_open(l, vp, mode);
	vnode_unlock(vp);
	if (error != 0)
		return error;
	if (isspecial(vp))
		error = spec_open(l, vp, mode);
	else if (vp->v_type == VFIFO)
		error = fifo_open(l, vp, mode);
	if (error == 0 && (mode & FWRITE))
		atomic_fetch_add(&vp->v_writecount, 1);
	if (error == 0 && (mode & O_TRUNC) && vp->v_type == VREG) {
		error = vn_truncate(l, vp, 0);
		if (error != 0)
			(void)vn_close(l, vp, mode);
	}
	return error;
}

int
vn_close(struct lwp *l, struct vnode *vp, int mode)
{
	int error = 0;

	if (mode & FWRITE)
		atomic_fetch_sub(&vp->v_writecount, 1);
	if (isspecial(vp))
		return spec_close(l, vp, mode);
	if (vp->v_type == VFIFO)
		return fifo_close(l, vp, mode);
	vnode_lock(vp, true);
	if (!vnode_isdead(vp) && vp->v_ops->vop_close != NULL)
		error = vp->v_ops->vop_close(l, vp, mode);
	vnode_unlock(vp);
	return error;
}

void
vn_install(struct lwp *l, struct file *fp, int fd, struct vnode *vp, int oflags)
{
	fp->f_type = DTYPE_VNODE;
	fp->f_ops = &vn_fileops;
	fp->f_data = vp;
	atomic_store(&fp->f_flag, (unsigned)FFLAGS(oflags) & FMASK);
	fd_install(l, fd, fp, (oflags & O_CLOEXEC) != 0);
}

static int
vn_fclose(struct lwp *l, struct file *fp)
{
	struct vnode *vp = VNODE(fp);
	int error;

	lockf_release(vp, fp);
	/* A lock that was waited for while another thread closed the descriptor came after vn_fdclose. */
	lockf_release(vp, l->l_proc);
	error = vn_close(l, vp, (int)fp->f_flag);
	fp->f_data = NULL;
	vnode_put(l, vp);
	return error;
}

void
vn_fdclose(struct lwp *l, struct file *fp)
{
	lockf_release(VNODE(fp), l->l_proc);
}

/* --- transfers --- */

static int
read_regular(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	int error;

	vnode_lock(vp, false);
	if (vnode_isdead(vp))
		error = -EIO;
	else if (uio->uio_offset < 0)
		error = -EINVAL;
	else /* Of a directory, too: only some file systems refuse that. */
		error = uio->uio_resid == 0 ?
		    0 :
		    vp->v_ops->vop_read(l, vp, uio, ioflag);
	vnode_unlock(vp);
	return error;
}

static off_t
get_offset(struct file *fp)
{
	off_t off;

	kmutex_enter(&fp->f_lock);
	off = fp->f_offset;
	kmutex_exit(&fp->f_lock);
	return off;
}

static void
set_offset(struct file *fp, off_t off)
{
	kmutex_enter(&fp->f_lock);
	fp->f_offset = off;
	kmutex_exit(&fp->f_lock);
}

static int
vn_read(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	struct vnode *vp = VNODE(fp);
	int ioflag = fp->f_flag & O_NONBLOCK ? IO_NDELAY : 0, error;

	if (vnode_isdead(vp))
		return vp->v_type == VCHR ? 0 : -EIO;
	if (vp->v_type == VFIFO)
		return flags & FOF_UPDATE ? fifo_read(l, vp, uio, ioflag) :
					    -ESPIPE;
	if (vp->v_type == VCHR) {
		if (flags & FOF_UPDATE)
			uio->uio_offset = get_offset(fp);
		error = spec_read(l, vp, uio, ioflag);
		if (flags & FOF_UPDATE)
			set_offset(fp, uio->uio_offset);
		return error;
	}
	if (!(flags & FOF_UPDATE))
		return vp->v_type == VBLK ? spec_read(l, vp, uio, ioflag) :
					    read_regular(l, vp, uio, ioflag);
	kmutex_enter(&fp->f_lock);
	uio->uio_offset = fp->f_offset;
	error = vp->v_type == VBLK ? spec_read(l, vp, uio, ioflag) :
				     read_regular(l, vp, uio, ioflag);
	fp->f_offset = uio->uio_offset;
	kmutex_exit(&fp->f_lock);
	return error;
}

/* RLIMIT_FSIZE: all or nothing. */
static int
check_fsize(struct lwp *l, struct vnode *vp, const struct uio *uio)
{
	struct proc *p = l->l_proc;
	uint64_t limit, end;

	if (vp->v_type != VREG)
		return 0;
	if (uio->uio_offset < 0)
		return -EINVAL;
	if (uio->uio_resid > (uint64_t)(INT64_MAX - uio->uio_offset))
		return -EFBIG;
	end = (uint64_t)uio->uio_offset + uio->uio_resid;
	kmutex_enter(&p->p_lock);
	limit = p->p_rlimit[RLIMIT_FSIZE].cur;
	kmutex_exit(&p->p_lock);
	if (end <= limit)
		return 0;
	proc_signal(p, SIGXFSZ);
	return -EFBIG;
}

/* A program that is changed by somebody else loses what it could do. */
static void
clear_setid(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	struct vattr change;

	if (cred_issuser(l->l_cred) || !(va->va_mode & (S_ISUID | S_ISGID)))
		return;
	vattr_null(&change);
	change.va_mode = va->va_mode & ~(mode_t)(S_ISUID | S_ISGID) & 07777;
	(void)vp->v_ops->vop_setattr(l, vp, &change);
}

static int
write_locked(
    struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag, long *note)
{
	struct vattr va;
	size_t before = uio->uio_resid;
	bool need = (ioflag & IO_APPEND) || !cred_issuser(l->l_cred) ||
	    atomic_load_explicit(&vp->v_sel.si_knotes, memory_order_relaxed) !=
		NULL;
	int error;

	if (vnode_isdead(vp))
		return -EIO;
	if (vp->v_type == VDIR)
		return -EISDIR;
	if (need) {
		error = vn_getattr(l, vp, &va);
		if (error != 0)
			return error;
		if (ioflag & IO_APPEND)
			uio->uio_offset = (off_t)va.va_size;
	}
	error = check_fsize(l, vp, uio);
	if (error != 0 || before == 0)
		return error;
	error = vp->v_ops->vop_write(l, vp, uio, ioflag);
	if (uio->uio_resid == before)
		return error;
	*note = NOTE_WRITE;
	if (need) {
		if ((uint64_t)uio->uio_offset > va.va_size)
			*note |= NOTE_EXTEND;
		clear_setid(l, vp, &va);
	}
	return error;
}

static int
write_regular(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	long note = 0;
	int error;

	if (vp->v_mount->mnt_flag & MNT_SYNCHRONOUS)
		ioflag |= IO_SYNC;
	vnode_lock(vp, true);
	error = write_locked(l, vp, uio, ioflag, &note);
	vnode_unlock(vp);
	if (note != 0)
		vn_note(vp, note);
	return error;
}

static int
vn_write(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	struct vnode *vp = VNODE(fp);
	unsigned f = fp->f_flag;
	int ioflag = f & O_NONBLOCK ? IO_NDELAY : 0, error;

	if (vnode_isdead(vp))
		return -EIO;
	if (f & O_APPEND)
		ioflag |= IO_APPEND;
	if (f & O_SYNC)
		ioflag |= IO_SYNC;
	else if (f & O_DSYNC)
		ioflag |= IO_DSYNC;
	if (vp->v_type == VFIFO)
		return flags & FOF_UPDATE ? fifo_write(l, vp, uio, ioflag) :
					    -ESPIPE;
	if (vp->v_type == VCHR) {
		if (flags & FOF_UPDATE)
			uio->uio_offset = get_offset(fp);
		error = spec_write(l, vp, uio, ioflag);
		if (flags & FOF_UPDATE)
			set_offset(fp, uio->uio_offset);
		return error;
	}
	if (!(flags & FOF_UPDATE))
		return vp->v_type == VBLK ? spec_write(l, vp, uio, ioflag) :
					    write_regular(l, vp, uio, ioflag);
	kmutex_enter(&fp->f_lock);
	uio->uio_offset = fp->f_offset;
	error = vp->v_type == VBLK ? spec_write(l, vp, uio, ioflag) :
				     write_regular(l, vp, uio, ioflag);
	if (error == 0 || uio->uio_offset > fp->f_offset)
		fp->f_offset = uio->uio_offset;
	kmutex_exit(&fp->f_lock);
	return error;
}

/* --- the rest --- */

static mode_t
type_bits(enum vtype type)
{
	static const mode_t bits[] = {
		[VREG] = S_IFREG,
		[VDIR] = S_IFDIR,
		[VBLK] = S_IFBLK,
		[VCHR] = S_IFCHR,
		[VLNK] = S_IFLNK,
		[VSOCK] = S_IFSOCK,
		[VFIFO] = S_IFIFO,
		[VBAD] = 0,
	};

	return bits[type];
}

int
vn_stat(struct lwp *l, struct vnode *vp, struct stat *sb)
{
	struct vattr va;
	int error;

	vnode_lock(vp, false);
	error = vn_getattr(l, vp, &va);
	vnode_unlock(vp);
	if (error != 0)
		return error;
	memset(sb, 0, sizeof(*sb));
	sb->st_dev = va.va_fsid;
	sb->st_ino = va.va_fileid;
	sb->st_mode = (va.va_mode & 07777) | type_bits(vp->v_type);
	sb->st_nlink = va.va_nlink;
	sb->st_uid = va.va_uid;
	sb->st_gid = va.va_gid;
	sb->st_rdev = isspecial(vp) ? va.va_rdev : 0;
	sb->st_size = (off_t)va.va_size;
	sb->st_atim = va.va_atime;
	sb->st_mtim = va.va_mtime;
	sb->st_ctim = va.va_ctime;
	sb->st_birthtim = va.va_birthtime;
	sb->st_blksize = (blksize_t)va.va_blocksize;
	sb->st_flags = va.va_flags;
	/* Only the superuser may know what makes file handles. */
	sb->st_gen = cred_issuser(l->l_cred) ? va.va_gen : 0;
	sb->st_blocks = (blkcnt_t)(va.va_bytes / 512);
	return 0;
}

static int
vn_fstat(struct lwp *l, struct file *fp, struct stat *sb)
{
	return vn_stat(l, VNODE(fp), sb);
}

static int
vn_ioctl(struct lwp *l, struct file *fp, unsigned long cmd, void *data)
{
	struct vnode *vp = VNODE(fp);
	struct stat sb;
	off_t left;
	int error;

	if (vnode_isdead(vp))
		return -EBADF;
	if (isspecial(vp))
		return spec_ioctl(l, vp, cmd, data, (int)fp->f_flag);
	if (vp->v_type == VFIFO)
		return fifo_ioctl(l, vp, cmd, data, (int)fp->f_flag);
	switch (cmd) {
	case FIONREAD:
		error = vn_stat(l, vp, &sb);
		if (error != 0)
			return error;
		left = sb.st_size - get_offset(fp);
		*(int *)data = left < 0 ? 0 :
		    left > INT32_MAX	? INT32_MAX :
					  (int)left;
		return 0;
	case FIONBIO:
	case FIOASYNC:
		return 0;
	default:
		break;
	}
	return vp->v_ops->vop_ioctl == NULL ?
	    -ENOTTY :
	    vp->v_ops->vop_ioctl(l, vp, cmd, data, (int)fp->f_flag);
}

static int
vn_poll(struct lwp *l, struct file *fp, int events)
{
	struct vnode *vp = VNODE(fp);

	if (vnode_isdead(vp))
		return POLLHUP | (events & (POLLIN | POLLRDNORM));
	if (isspecial(vp))
		return spec_poll(l, vp, events);
	if (vp->v_type == VFIFO)
		return fifo_poll(l, vp, events);
	return vp->v_ops->vop_poll != NULL ?
	    vp->v_ops->vop_poll(l, vp, events) :
	    genfs_poll(l, vp, events);
}

/* --- EVFILT_READ of a regular file: how much is behind its offset --- */

static void
filt_read_detach(struct knote *kn)
{
	struct file *fp = kn->kn_hook;

	selinfo_detach(&VNODE(fp)->v_sel, kn);
}

/* A change of the file makes it worth a look; the look itself needs the vnode's lock, and comes when none is held. */
static bool
filt_read_event(struct knote *kn, long hint)
{
	struct file *fp = kn->kn_hook;
	struct stat sb;

	if (hint & NOTE_REVOKE)
		kn->kn_flags |= EV_EOF;
	if (hint != 0 || (kn->kn_flags & EV_EOF))
		return true;
	if (vn_stat(fp->f_k->k_lwp0, VNODE(fp), &sb) != 0)
		return false;
	kn->kn_data = sb.st_size - get_offset(fp);
	return kn->kn_data != 0;
}

static const struct filterops read_filtops = { filt_read_detach,
	filt_read_event };

static int
vn_kqfilter(struct lwp *l, struct file *fp, struct knote *kn)
{
	struct vnode *vp = VNODE(fp);

	if (kn->kn_filter == (int32_t)EVFILT_VNODE)
		return kqfilter_vnode(&vp->v_sel, kn);
	if (isspecial(vp))
		return spec_kqfilter(l, vp, kn);
	if (vp->v_type == VFIFO)
		return fifo_kqfilter(l, vp, kn);
	if (vp->v_ops->vop_kqfilter != NULL)
		return vp->v_ops->vop_kqfilter(l, vp, kn);
	if (vp->v_type == VREG && kn->kn_filter == (int32_t)EVFILT_READ) {
		kn->kn_hook = fp;
		kn->kn_fop = &read_filtops;
		selinfo_attach(&vp->v_sel, kn);
		return 0;
	}
	return kqfilter_true(&vp->v_sel, kn);
}

static int
vn_seek(
    struct lwp *l, struct file *fp, off_t delta, int whence, off_t *newoffset)
{
	struct vnode *vp = VNODE(fp);
	struct stat sb;
	off_t base = 0;
	int error = 0;

	if (vp->v_type == VFIFO)
		return -ESPIPE;
	if (whence == 2) {
		error = vn_stat(l, vp, &sb);
		if (error != 0)
			return error;
		base = vp->v_type == VBLK ? (off_t)spec_size(l, vp) : sb.st_size;
	} else if (whence != 0 && whence != 1) {
		return -EINVAL;
	}
	kmutex_enter(&fp->f_lock);
	if (whence == 1)
		base = fp->f_offset;
	if (delta > 0 && base > INT64_MAX - delta)
		error = -EOVERFLOW;
	else if (base + delta < 0 && vp->v_type != VCHR)
		error = -EINVAL;
	else
		*newoffset = fp->f_offset = base + delta;
	kmutex_exit(&fp->f_lock);
	return error;
}

static int
vn_fcntl(struct lwp *l, struct file *fp, unsigned cmd, void *data)
{
	struct vnode *vp = VNODE(fp);
	struct flock *fl = data;
	struct stat sb;
	off_t base = 0;
	int error = 0;

	if (cmd != F_GETLK && cmd != F_SETLK && cmd != F_SETLKW)
		return cmd == F_SETFL ? 0 : -EINVAL;
	if (fl->l_whence == 1) {
		base = get_offset(fp);
	} else if (fl->l_whence == 2) {
		error = vn_stat(l, vp, &sb);
		base = error == 0 ? sb.st_size : 0;
	} else if (fl->l_whence != 0) {
		return -EINVAL;
	}
	if (error != 0)
		return error;
	if (vp->v_type == VFIFO || fl->l_type < F_RDLCK || fl->l_type > F_WRLCK)
		return -EINVAL;
	if (cmd != F_GETLK &&
	    ((fl->l_type == F_RDLCK && !(fp->f_flag & FREAD)) ||
		(fl->l_type == F_WRLCK && !(fp->f_flag & FWRITE))))
		return -EBADF;
	if (fl->l_start > 0 && base > INT64_MAX - fl->l_start)
		return -EINVAL;
	fl->l_start += base;
	fl->l_whence = 0;
	if (fl->l_len < 0) {
		if (fl->l_start < -(fl->l_len + 1) + 1)
			return -EINVAL;
		fl->l_start += fl->l_len;
		fl->l_len = -fl->l_len;
	}
	if (fl->l_start < 0 ||
	    (fl->l_len > 0 && fl->l_start > INT64_MAX - (fl->l_len - 1)))
		return -EINVAL;
	return lockf_advlock(
	    l, vp, l->l_proc, l->l_proc->p_pid, (int)cmd, fl, true);
}

const struct fileops vn_fileops = {
	.fo_read = vn_read,
	.fo_write = vn_write,
	.fo_ioctl = vn_ioctl,
	.fo_fcntl = vn_fcntl,
	.fo_poll = vn_poll,
	.fo_stat = vn_fstat,
	.fo_close = vn_fclose,
	.fo_kqfilter = vn_kqfilter,
	.fo_seek = vn_seek,
};

int
vn_setattr(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	int error;

	if (vnode_isdead(vp))
		return -EBADF;
	if (vp->v_mount->mnt_flag & MNT_RDONLY)
		return -EROFS;
	if (vp->v_ops->vop_setattr == NULL)
		return -EOPNOTSUPP;
	error = vp->v_ops->vop_setattr(l, vp, va);
	if (error == 0)
		vn_note(vp, NOTE_ATTRIB);
	return error;
}

int
vn_truncate(struct lwp *l, struct vnode *vp, off_t size)
{
	struct vattr va;
	int error;

	if (size < 0)
		return -EINVAL;
	vattr_null(&va);
	va.va_size = (uint64_t)size;
	vnode_lock(vp, true);
	/* RLIMIT_FSIZE is for writing only, as in the reference. */
	error = vp->v_type == VDIR ? -EISDIR : 0;
	if (error == 0 && vp->v_type == VREG) {
		atomic_fetch_or(&vp->v_flag, VV_CUT);
		error = vn_setattr(l, vp, &va);
	}
	vnode_unlock(vp);
	if (error == 0)
		vn_note(vp, NOTE_WRITE);
	return error;
}
