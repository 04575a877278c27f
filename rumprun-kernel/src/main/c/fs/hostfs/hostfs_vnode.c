/* SPDX-License-Identifier: BSD-2-Clause */
/* Vnode operations on the host's files. Errors are the host's own, translated. */
#include <netbsd/dirent.h>
#include <netbsd/fcntl.h>
#include <netbsd/stat.h>
#include "fs/hostfs/hostfs.h"

#define HOST(l) ((l)->l_k->k_host)

static int
path_of(struct vnode *vp, const struct componentname *cn, char *out)
{
	return hostfs_path(MTOHOST(vp->v_mount), VTOHOST(vp),
	    cn == NULL ? NULL : cn->cn_name, cn == NULL ? 0 : cn->cn_len, out);
}

static void
paths_shared(struct vnode *vp)
{
	krwlock_rdlock(&MTOHOST(vp->v_mount)->hm_pathlock);
}

static void
paths_exclusive(struct vnode *vp)
{
	krwlock_wrlock(&MTOHOST(vp->v_mount)->hm_pathlock);
}

static void
paths_done(struct vnode *vp)
{
	krwlock_unlock(&MTOHOST(vp->v_mount)->hm_pathlock);
}

/* What stands at a place; a folder that was mounted may be given by a link. */
static int
stat_of(struct lwp *l, struct vnode *vp, const struct componentname *cn,
    struct host_stat *hs)
{
	char path[HOSTFS_PATHMAX];
	int error;

	paths_shared(vp);
	error = path_of(vp, cn, path);
	if (error == 0)
		error = HOST(l)->stat(
		    path, cn == NULL && (vp->v_flag & VV_ROOT) != 0, hs);
	paths_done(vp);
	return error < 0 ? error : 0;
}

static int
hostfs_lookup(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vnode **vpp)
{
	struct hostfs_mount *hm = MTOHOST(dvp->v_mount);
	struct hostfs_node *n;
	struct host_stat hs;
	char path[HOSTFS_PATHMAX];
	int error;

	*vpp = NULL;
	if (cn->cn_flags & CN_DOTDOT) {
		n = VTOHOST(dvp)->hn_parent;
		if (n == NULL)
			return -ENOENT;
		paths_shared(dvp);
		error = hostfs_path(hm, n, NULL, 0, path);
		if (error == 0)
			error = HOST(l)->stat(path, true, &hs);
		paths_done(dvp);
		return error < 0 ? error :
				   hostfs_vnode(l, dvp->v_mount, n, &hs, vpp);
	}
	error = stat_of(l, dvp, cn, &hs);
	if (error != 0)
		return error;
	error = hostfs_node_get(
	    hm, VTOHOST(dvp), cn->cn_name, cn->cn_len, &hs, &n);
	if (error != 0)
		return error;
	error = hostfs_vnode(l, dvp->v_mount, n, &hs, vpp);
	hostfs_node_put(hm, n);
	return error;
}

static int
hostfs_create(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vattr *va, struct vnode **vpp)
{
	char path[HOSTFS_PATHMAX];
	int error, fd;

	*vpp = NULL;
	paths_shared(dvp);
	error = path_of(dvp, cn, path);
	if (error == 0)
		error = HOST(l)->open(path, O_RDWR | HOST_O_CREAT | HOST_O_EXCL,
		    va->va_mode & 0777, &fd);
	paths_done(dvp);
	if (error < 0)
		return error;
	HOST(l)->close(fd);
	return hostfs_lookup(l, dvp, cn, vpp);
}

/* What the host makes by one call with a path: a directory, a fifo, a link to `target`. */
static int
make(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vattr *va, const char *target, struct vnode **vpp)
{
	char path[HOSTFS_PATHMAX];
	int error;

	*vpp = NULL;
	paths_shared(dvp);
	error = path_of(dvp, cn, path);
	if (error == 0 && va->va_type == VDIR)
		error = HOST(l)->mkdir(path, va->va_mode & 07777);
	else if (error == 0 && va->va_type == VFIFO)
		error = HOST(l)->mkfifo(path, va->va_mode & 07777);
	else if (error == 0)
		error = HOST(l)->symlink(target, path);
	paths_done(dvp);
	return error < 0 ? error : hostfs_lookup(l, dvp, cn, vpp);
}

static int
hostfs_mkdir(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vattr *va, struct vnode **vpp)
{
	return make(l, dvp, cn, va, NULL, vpp);
}

/* Fifos only: devices of the host are not made from here. */
static int
hostfs_mknod(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vattr *va, struct vnode **vpp)
{
	*vpp = NULL;
	return va->va_type != VFIFO ? -EOPNOTSUPP :
				      make(l, dvp, cn, va, NULL, vpp);
}

static int
hostfs_symlink(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vattr *va, const char *target, struct vnode **vpp)
{
	return make(l, dvp, cn, va, target, vpp);
}

static int
hostfs_link(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vnode *vp)
{
	char from[HOSTFS_PATHMAX], to[HOSTFS_PATHMAX];
	int error;

	paths_shared(dvp);
	error = path_of(vp, NULL, from);
	if (error == 0)
		error = path_of(dvp, cn, to);
	if (error == 0)
		error = HOST(l)->link(from, to);
	paths_done(dvp);
	return error;
}

static int
unlink_by(int (*host_call)(const char *), struct vnode *dvp,
    const struct componentname *cn, struct vnode *vp)
{
	char path[HOSTFS_PATHMAX];
	int error;

	paths_exclusive(dvp);
	error = path_of(dvp, cn, path);
	if (error == 0)
		error = host_call(path);
	if (error == 0)
		hostfs_node_forget(MTOHOST(vp->v_mount), VTOHOST(vp));
	paths_done(dvp);
	return error;
}

static int
hostfs_remove(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vnode *vp)
{
	return unlink_by(HOST(l)->unlink, dvp, cn, vp);
}

static int
hostfs_rmdir(struct lwp *l, struct vnode *dvp, const struct componentname *cn,
    struct vnode *vp)
{
	return unlink_by(HOST(l)->rmdir, dvp, cn, vp);
}

static int
hostfs_rename(struct lwp *l, struct vnode *fdvp,
    const struct componentname *fcn, struct vnode *fvp, struct vnode *tdvp,
    const struct componentname *tcn, struct vnode *tvp)
{
	char from[HOSTFS_PATHMAX], to[HOSTFS_PATHMAX], *name;
	bool links = tvp != NULL &&
	    VTOHOST(fvp)->hn_hostino == VTOHOST(tvp)->hn_hostino &&
	    VTOHOST(fvp)->hn_hostdev == VTOHOST(tvp)->hn_hostdev;
	int error;

	name = kmem_alloc(l->l_k, tcn->cn_len + 1);
	if (name == NULL)
		return -ENOMEM;
	memcpy(name, tcn->cn_name, tcn->cn_len);
	name[tcn->cn_len] = '\0';
	paths_exclusive(fdvp);
	error = path_of(fdvp, fcn, from);
	if (error == 0)
		error = path_of(tdvp, tcn, to);
	/* Between two links of a file the host's call does nothing; here the first name goes. */
	if (error == 0)
		error = links ? HOST(l)->unlink(from) :
				HOST(l)->rename(from, to);
	if (error == 0 && tvp != NULL)
		hostfs_node_forget(
		    MTOHOST(tvp->v_mount), VTOHOST(links ? fvp : tvp));
	if (error == 0 && !links)
		hostfs_node_moved(
		    MTOHOST(fdvp->v_mount), VTOHOST(fvp), VTOHOST(tdvp), name);
	paths_done(fdvp);
	if (error != 0 || links)
		kmem_free(l->l_k, name, tcn->cn_len + 1);
	return error;
}

static struct timespec
from_ns(int64_t ns)
{
	struct timespec t;

	t.tv_sec = ns / 1000000000;
	t.tv_nsec = (long)(ns % 1000000000);
	if (t.tv_nsec < 0) {
		t.tv_nsec += 1000000000;
		t.tv_sec--;
	}
	return t;
}

static int
hostfs_getattr(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	struct hostfs_node *n = VTOHOST(vp);
	struct host_stat hs;
	int error;

	/* An open file may have lost its name. */
	error = n->hn_fd >= 0 ? HOST(l)->fstat(n->hn_fd, &hs) :
				stat_of(l, vp, NULL, &hs);
	if (error < 0)
		return error;
	vattr_null(va);
	va->va_type = vp->v_type;
	va->va_mode = hs.hs_mode & 07777;
	va->va_nlink = hs.hs_nlink;
	va->va_uid = hs.hs_uid;
	va->va_gid = hs.hs_gid;
	va->va_fsid = vp->v_mount->mnt_fsid;
	va->va_fileid = hs.hs_ino;
	va->va_size = hs.hs_size;
	va->va_blocksize = hs.hs_blksize;
	va->va_atime = from_ns(hs.hs_atime_ns);
	va->va_mtime = from_ns(hs.hs_mtime_ns);
	va->va_ctime = va->va_birthtime = from_ns(hs.hs_ctime_ns);
	va->va_gen = 0;
	va->va_flags = 0;
	va->va_rdev = hs.hs_rdev;
	va->va_bytes = hs.hs_blocks512 * 512;
	return 0;
}

/* A descriptor for reading (or writing too); opened for one call when nobody has the file open. */
static int
borrow_fd(struct lwp *l, struct vnode *vp, bool write, bool *tempp, int *fdp)
{
	struct hostfs_node *n = VTOHOST(vp);
	char path[HOSTFS_PATHMAX];
	int error;

	*tempp = false;
	if (n->hn_fd >= 0 && (!write || n->hn_fdwrite)) {
		*fdp = n->hn_fd;
		return 0;
	}
	paths_shared(vp);
	error = path_of(vp, NULL, path);
	if (error == 0)
		error = HOST(l)->open(path,
		    (write ? O_RDWR : O_RDONLY) | HOST_O_NOFOLLOW, 0, fdp);
	paths_done(vp);
	*tempp = error >= 0;
	return error < 0 ? error : 0;
}

static int64_t
to_ns(const struct timespec *t, int64_t otherwise)
{
	const int64_t most = INT64_MAX / 1000000000 - 1;

	if (t->tv_nsec == VNOVAL)
		return otherwise;
	if (t->tv_sec > most || t->tv_sec < -most)
		return (t->tv_sec < 0 ? -most : most) * 1000000000;
	return t->tv_sec * 1000000000 + t->tv_nsec;
}

/* Attributes that the host changes by path; the paths are locked. */
static int
set_by_path(struct lwp *l, struct vnode *vp, const struct vattr *va)
{
	char path[HOSTFS_PATHMAX];
	struct host_stat hs;
	int error;

	error = path_of(vp, NULL, path);
	if (error == 0)
		error = HOST(l)->stat(path, false, &hs);
	/* Links have no mode there, and the host's chmod would follow them: nothing is to do, as for cp -p of a tree. */
	if (error >= 0 && va->va_mode != (mode_t)VNOVAL && !S_ISLNK(hs.hs_mode))
		error = HOST(l)->chmod(path, va->va_mode & 07777);
	if (error >= 0 &&
	    (va->va_uid != (uid_t)VNOVAL || va->va_gid != (gid_t)VNOVAL))
		error = HOST(l)->chown(path, va->va_uid, va->va_gid, false);
	if (error >= 0 &&
	    (va->va_atime.tv_nsec != VNOVAL || va->va_mtime.tv_nsec != VNOVAL))
		error = HOST(l)->utimens(path,
		    to_ns(&va->va_atime, hs.hs_atime_ns),
		    to_ns(&va->va_mtime, hs.hs_mtime_ns), false);
	return error;
}

static int
hostfs_setattr(struct lwp *l, struct vnode *vp, struct vattr *va)
{
	int error = 0, fd;
	bool temp;

	if (va->va_flags != (uint32_t)VNOVAL && va->va_flags != 0)
		return -EOPNOTSUPP;
	if (va->va_size != (uint64_t)VNOVAL && vp->v_type == VREG) {
		error = borrow_fd(l, vp, true, &temp, &fd);
		if (error == 0) {
			error = HOST(l)->ftruncate(fd, (int64_t)va->va_size);
			if (temp)
				HOST(l)->close(fd);
		}
	}
	if (error >= 0 &&
	    (va->va_mode != (mode_t)VNOVAL || va->va_uid != (uid_t)VNOVAL ||
		va->va_gid != (gid_t)VNOVAL || va->va_atime.tv_nsec != VNOVAL ||
		va->va_mtime.tv_nsec != VNOVAL)) {
		paths_shared(vp);
		error = set_by_path(l, vp, va);
		paths_done(vp);
	}
	return error < 0 ? error : 0;
}

/* A directory is open on the host while it is open here, not as long as it is known: descriptors are few. hn_iolock held. */
static void
close_dir(struct lwp *l, struct hostfs_node *n)
{
	if (n->hn_dir != NULL)
		HOST(l)->closedir(n->hn_dir);
	n->hn_dir = NULL;
	n->hn_havepending = false;
	if (n->hn_marks != NULL)
		kmem_free(
		    l->l_k, n->hn_marks, n->hn_maxmarks * sizeof(*n->hn_marks));
	n->hn_marks = NULL;
	n->hn_nmarks = n->hn_maxmarks = 0;
}

static void
close_host(struct lwp *l, struct hostfs_node *n)
{
	kmutex_enter(&n->hn_iolock);
	n->hn_opens = 0;
	if (n->hn_fd >= 0)
		HOST(l)->close(n->hn_fd);
	n->hn_fd = -1;
	close_dir(l, n);
	kmutex_exit(&n->hn_iolock);
}

static int
hostfs_open(struct lwp *l, struct vnode *vp, int mode)
{
	struct hostfs_node *n = VTOHOST(vp);
	char path[HOSTFS_PATHMAX];
	bool write = (mode & FWRITE) != 0;
	int error = 0, fd;

	if (vp->v_type == VBAD)
		return -ENXIO;
	if (vp->v_type != VREG && vp->v_type != VDIR)
		return 0;
	paths_shared(vp);
	kmutex_enter(&n->hn_iolock);
	if (vp->v_type == VREG && (n->hn_fd < 0 || (write && !n->hn_fdwrite))) {
		error = path_of(vp, NULL, path);
		if (error == 0)
			error = HOST(l)->open(path,
			    (write ? O_RDWR : O_RDONLY) | HOST_O_NOFOLLOW, 0,
			    &fd);
		if (error >= 0) {
			if (n->hn_fd >= 0)
				HOST(l)->close(n->hn_fd);
			n->hn_fd = fd;
			n->hn_fdwrite = write;
		}
	}
	if (error >= 0)
		n->hn_opens++;
	kmutex_exit(&n->hn_iolock);
	paths_done(vp);
	return error < 0 ? error : 0;
}

static int
hostfs_close(struct lwp *l, struct vnode *vp, int fflag)
{
	struct hostfs_node *n = VTOHOST(vp);
	bool last;

	(void)fflag;
	if (vp->v_type != VREG && vp->v_type != VDIR)
		return 0;
	kmutex_enter(&n->hn_iolock);
	last = n->hn_opens > 0 && --n->hn_opens == 0;
	kmutex_exit(&n->hn_iolock);
	if (last)
		close_host(l, n);
	return 0;
}

static int
hostfs_rw(struct lwp *l, struct vnode *vp, struct uio *uio, bool write)
{
	bool temp;
	int error, fd;

	if (vp->v_type != VREG)
		return vp->v_type == VDIR ? -EISDIR : -EINVAL;
	if (uio->uio_offset < 0)
		return -EINVAL;
	error = borrow_fd(l, vp, write, &temp, &fd);
	if (error != 0)
		return error;
	error = uio_hostfile(l, uio, fd, 0);
	if (temp)
		HOST(l)->close(fd);
	return error;
}

static int
hostfs_read(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	(void)ioflag;
	return hostfs_rw(l, vp, uio, false);
}

static int
hostfs_write(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	(void)ioflag;
	return hostfs_rw(l, vp, uio, true);
}

static int
hostfs_fsync(struct lwp *l, struct vnode *vp, int flags, off_t lo, off_t hi)
{
	bool temp;
	int error, fd;

	(void)lo, (void)hi;
	if (vp->v_type != VREG || !(flags & FSYNC_WAIT))
		return 0;
	error = borrow_fd(l, vp, false, &temp, &fd);
	if (error != 0)
		return error;
	error = HOST(l)->fsync(fd);
	if (temp)
		HOST(l)->close(fd);
	return error;
}

/* The next entry starts a stretch: where that is on the host. Without memory for it somebody will have to walk. */
static void
mark(struct lwp *l, struct hostfs_node *n, int64_t place)
{
	size_t more = n->hn_maxmarks == 0 ? 16 : n->hn_maxmarks * 2;
	int64_t *grown;

	if (n->hn_dirpos % HOSTFS_MARK != 0 ||
	    n->hn_dirpos / HOSTFS_MARK != n->hn_nmarks + 1)
		return;
	if (n->hn_nmarks == n->hn_maxmarks) {
		grown = kmem_alloc(l->l_k, more * sizeof(*grown));
		if (grown == NULL)
			return;
		if (n->hn_nmarks > 0)
			memcpy(
			    grown, n->hn_marks, n->hn_nmarks * sizeof(*grown));
		if (n->hn_marks != NULL)
			kmem_free(l->l_k, n->hn_marks,
			    n->hn_maxmarks * sizeof(*grown));
		n->hn_marks = grown;
		n->hn_maxmarks = more;
	}
	n->hn_marks[n->hn_nmarks++] = place;
}

static int
next_entry(struct lwp *l, struct hostfs_node *n, struct host_dirent *hd)
{
	if (!n->hn_havepending)
		return HOST(l)->readdir(n->hn_dir, hd);
	n->hn_havepending = false;
	*hd = n->hn_pending;
	return 1;
}

static void
passed(struct lwp *l, struct hostfs_node *n, const struct host_dirent *hd)
{
	n->hn_dirpos++;
	mark(l, n, hd->hd_next);
}

/* To the last mark before an entry, unless the walk to it is shorter. */
static int
seek_mark(struct lwp *l, struct hostfs_node *n, uint64_t at)
{
	uint64_t m = at / HOSTFS_MARK;
	int error;

	if (m > n->hn_nmarks)
		m = n->hn_nmarks;
	if (at != 0 && at >= n->hn_dirpos && m * HOSTFS_MARK <= n->hn_dirpos)
		return 0;
	/* From the start the directory is looked at anew. */
	if (at == 0)
		n->hn_nmarks = 0;
	n->hn_havepending = false;
	error = HOST(l)->seekdir(n->hn_dir, m == 0 ? 0 : n->hn_marks[m - 1]);
	n->hn_dirpos = m * HOSTFS_MARK;
	return error;
}

/* The position is the number of entries before it: the host's own are too large for one that has the layer of a union in it, too. */
static int
seek_dir(struct lwp *l, struct vnode *vp, uint64_t at)
{
	struct hostfs_node *n = VTOHOST(vp);
	struct host_dirent hd;
	char path[HOSTFS_PATHMAX];
	int error = 0;

	if (n->hn_dir == NULL) {
		error = path_of(vp, NULL, path);
		if (error == 0)
			error = HOST(l)->opendir(path, &n->hn_dir);
		if (error < 0) {
			n->hn_dir = NULL;
			return error;
		}
		n->hn_dirpos = 0;
	}
	error = seek_mark(l, n, at);
	if (error < 0)
		return error;
	while (n->hn_dirpos < at) {
		error = next_entry(l, n, &hd);
		if (error <= 0)
			return error;
		passed(l, n, &hd);
	}
	return 1;
}

static int
hostfs_readdir(struct lwp *l, struct vnode *vp, struct uio *uio, bool *eof)
{
	struct hostfs_node *n = VTOHOST(vp);
	struct host_dirent hd;
	struct dirent de;
	size_t len, reclen;
	int error;

	*eof = false;
	if (uio->uio_offset < 0)
		return -EINVAL;
	paths_shared(vp);
	kmutex_enter(&n->hn_iolock);
	error = seek_dir(l, vp, (uint64_t)uio->uio_offset);
	*eof = error == 0;
	while (error > 0 && (error = next_entry(l, n, &hd)) != 0) {
		off_t at = uio->uio_offset;

		if (error < 0)
			break;
		len = strlen(hd.hd_name);
		reclen = (offsetof(struct dirent, d_name) + len + 1 + 7) &
		    ~(size_t)7;
		if (reclen > uio->uio_resid) {
			n->hn_pending = hd;
			n->hn_havepending = true;
			error = 0;
			goto out;
		}
		passed(l, n, &hd);
		memset(&de, 0, reclen);
		de.d_fileno = hd.hd_ino;
		de.d_reclen = (uint16_t)reclen;
		de.d_namlen = (uint16_t)len;
		de.d_type = hd.hd_type;
		memcpy(de.d_name, hd.hd_name, len);
		error = uiomove(&de, reclen, uio);
		uio->uio_offset = at + 1;
		if (error != 0)
			break;
		error = 1;
	}
	*eof = error == 0;
out:
	if (n->hn_opens == 0)
		close_dir(l, n);
	kmutex_exit(&n->hn_iolock);
	paths_done(vp);
	return error < 0 ? error : 0;
}

static int
hostfs_readlink(struct lwp *l, struct vnode *vp, struct uio *uio)
{
	char path[HOSTFS_PATHMAX], target[1024];
	int n;

	paths_shared(vp);
	n = path_of(vp, NULL, path);
	if (n == 0)
		n = HOST(l)->readlink(path, target, sizeof(target));
	paths_done(vp);
	if (n < 0)
		return n;
	return uiomove(target,
	    (size_t)n < uio->uio_resid ? (size_t)n : uio->uio_resid, uio);
}

/* Descriptors may still be open on one that is revoked: their closing comes here no more. */
static void
hostfs_reclaim(struct lwp *l, struct vnode *vp)
{
	close_host(l, VTOHOST(vp));
	hostfs_node_put(MTOHOST(vp->v_mount), VTOHOST(vp));
	vp->v_data = NULL;
}

const struct vnodeops hostfs_vnodeops = {
	.vop_lookup = hostfs_lookup,
	.vop_create = hostfs_create,
	.vop_mknod = hostfs_mknod,
	.vop_mkdir = hostfs_mkdir,
	.vop_symlink = hostfs_symlink,
	.vop_link = hostfs_link,
	.vop_remove = hostfs_remove,
	.vop_rmdir = hostfs_rmdir,
	.vop_rename = hostfs_rename,
	.vop_open = hostfs_open,
	.vop_close = hostfs_close,
	.vop_getattr = hostfs_getattr,
	.vop_setattr = hostfs_setattr,
	.vop_read = hostfs_read,
	.vop_write = hostfs_write,
	.vop_fsync = hostfs_fsync,
	.vop_readdir = hostfs_readdir,
	.vop_readlink = hostfs_readlink,
	.vop_reclaim = hostfs_reclaim,
};
