/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and writing files: data goes straight between the device and the user's memory. */
#include "fs/ffs/ffs.h"

#define IO_MAX ((uint64_t)1 << 20) /* bytes moved in one go */
#define NVEC 24

/* A run of `bytes` bytes at fragment frag, offset `at`: where on the device. -EIO outside the file system. */
static int
run_off(const struct fs *fs, int64_t frag, uint64_t at, uint64_t bytes,
    uint64_t *offp)
{
	int64_t frags = fragroundup(fs, (int64_t)(at + bytes)) / fs->fs_fsize;

	if (!ffs_frag_ok(fs, frag, frags))
		return -EIO;
	*offp = fsbtobyte(fs, frag) + at;
	return 0;
}

static int
read_data(struct inode *ip, struct uio *uio)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	uint64_t off = (uint64_t)uio->uio_offset, n, devoff;
	uint32_t at = blkoff(fs, uio->uio_offset);
	int64_t lbn = lblkno(fs, uio->uio_offset), frag, run, max;
	int error;

	n = ip->i_d.di_size - off;
	if (n > uio->uio_resid)
		n = uio->uio_resid;
	if (n > IO_MAX)
		n = IO_MAX;
	max = (int64_t)((at + n + (uint32_t)fs->fs_bsize - 1) /
	    (uint32_t)fs->fs_bsize);
	if ((error = ffs_bmap(ip, lbn, max, &frag, &run)) != 0)
		return error;
	if (n > (uint64_t)run * (uint32_t)fs->fs_bsize - at)
		n = (uint64_t)run * (uint32_t)fs->fs_bsize - at;
	if (frag == 0)
		return uiomove_zero((size_t)n, uio);
	if ((error = run_off(fs, frag, at, n, &devoff)) != 0)
		return error;
	error = blkdev_uiomove(ump->um_dev, devoff, (size_t)n, uio);
	return error == -EINVAL ? -EIO : error;
}

/* Files whose contents are in the cache: directories, long symbolic links. */
static int
read_meta(struct inode *ip, struct uio *uio)
{
	struct rump_kernel *k = ip->i_ump->um_k;
	uint64_t off = (uint64_t)uio->uio_offset;
	uint32_t at = blkoff(&ip->i_ump->um_fs, uio->uio_offset);
	struct buf *b;
	uint8_t *copy;
	size_t n;
	int error;

	if ((error = ffs_blkatoff(ip, off, &b)) != 0)
		return error;
	if (at >= b->b_size) {
		buf_release(b);
		return -EIO;
	}
	n = b->b_size - at;
	if (n > ip->i_d.di_size - off)
		n = (size_t)(ip->i_d.di_size - off);
	if (n > uio->uio_resid)
		n = uio->uio_resid;
	/* No buffer is held while the user's memory is waited for. */
	if ((copy = kmem_alloc(k, n)) != NULL)
		memcpy(copy, (uint8_t *)b->b_data + at, n);
	buf_release(b);
	if (copy == NULL)
		return -ENOMEM;
	error = uiomove(copy, n, uio);
	kmem_free(k, copy, n);
	return error;
}

int
ffs_read(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	struct inode *ip = VTOI(vp);
	struct ffsmount *ump = ip->i_ump;
	bool meta = vp->v_type != VREG;
	int error = 0;

	(void)l;
	(void)ioflag;
	if (uio->uio_offset < 0)
		return -EINVAL;
	if (uio->uio_resid == 0)
		return 0;
	while (uio->uio_resid > 0 && error == 0 &&
	    (uint64_t)uio->uio_offset < ip->i_d.di_size) {
		error = meta ? read_meta(ip, uio) : read_data(ip, uio);
	}
	if (!ump->um_ronly &&
	    (atomic_load(&vp->v_mount->mnt_flag) & MNT_NOATIME) == 0)
		ffs_mark(ip, IN_ACCESS);
	return error;
}

int
ffs_readlink(struct lwp *l, struct vnode *vp, struct uio *uio)
{
	struct inode *ip = VTOI(vp);
	size_t n;

	if (!ip->i_d.di_inline)
		return ffs_read(l, vp, uio, 0);
	n = (size_t)ip->i_d.di_size;
	if (n > sizeof(ip->i_d.di_short))
		return -EIO;
	if ((uint64_t)uio->uio_offset >= n)
		return 0;
	return uiomove(ip->i_d.di_short + uio->uio_offset,
	    n - (size_t)uio->uio_offset, uio);
}

int
ffs_blkatoff(struct inode *ip, uint64_t off, struct buf **bp)
{
	const struct fs *fs = &ip->i_ump->um_fs;
	int64_t lbn = lblkno(fs, (int64_t)off), frag, run;
	int error;

	*bp = NULL;
	if ((error = ffs_bmap(ip, lbn, 1, &frag, &run)) != 0)
		return error;
	if (frag == 0)
		return -EIO;
	return ffs_getbuf(
	    ip->i_ump, frag, dblksize(fs, ip->i_d.di_size, lbn), true, bp);
}

/* --- writing ------------------------------------------------------------------------------------------------------------ */

/* One go of a write: n bytes at file offset off, and the zeros that stand around them on the disk. */
struct piece {
	uint64_t p_devoff; /* of the zeros before */
	uint32_t p_before, p_after;
	uint64_t p_n;
};

static const uint8_t zeros[4096];

static int
add_zeros(struct iovec *v, int cnt, uint32_t n)
{
	union {
		const uint8_t *c;
		void *v;
	} u = { .c = zeros };

	while (n > 0) {
		uint32_t part = n < sizeof(zeros) ? n : sizeof(zeros);

		v[cnt].iov_base = u.v;
		v[cnt++].iov_len = part;
		n -= part;
	}
	return cnt;
}

#define ZVEC (FFS_MAXBSIZE / sizeof(zeros))

/* In one call when the user's memory is here and the device takes bytes. 1: done, 0: it has to go the other way. */
static int
put_direct(struct ffsmount *ump, const struct piece *p, struct uio *uio)
{
	struct iovec v[2 * ZVEC + NVEC];
	size_t covered;
	int cnt, n, error;

	if (ump->um_dev->b_align > 1 || p->p_devoff > ump->um_dev->b_size ||
	    p->p_before + p->p_n + p->p_after >
		ump->um_dev->b_size - p->p_devoff)
		return 0;
	cnt = add_zeros(v, 0, p->p_before);
	n = uio_hostvec(uio, (size_t)p->p_n, v + cnt, NVEC, &covered);
	if (n == 0 || covered != p->p_n)
		return 0;
	cnt = add_zeros(v, cnt + n, p->p_after);
	error = ump->um_dev->b_ops->bd_writev(ump->um_dev, v, cnt, p->p_devoff);
	if (error != 0)
		return error;
	uio_advance(uio, covered);
	return 1;
}

static int
put(struct ffsmount *ump, const struct piece *p, struct uio *uio)
{
	int error = put_direct(ump, p, uio);

	if (error != 0)
		return error > 0 ? 0 : error;
	error = ffs_zero(ump, p->p_devoff, p->p_before);
	if (error == 0)
		error = ffs_zero(
		    ump, p->p_devoff + p->p_before + p->p_n, p->p_after);
	if (error == 0)
		error = blkdev_uiomove(ump->um_dev, p->p_devoff + p->p_before,
		    (size_t)p->p_n, uio);
	return error;
}

/* Where n bytes at off go, and what is new around them: n is cut to the run. */
static int
plan(const struct fs *fs, const struct ffs_run *run, uint64_t off, uint64_t n,
    struct piece *p)
{
	uint32_t at = blkoff(fs, (int64_t)off);
	uint64_t disk = (uint64_t)(run->r_blks - 1) * (uint32_t)fs->fs_bsize +
	    run->r_bytes,
		 start, end, fresh;

	if (at >= disk)
		return -EIO;
	if (n > disk - at)
		n = disk - at;
	start = at;
	end = at + n;
	if (run->r_new || run->r_grown) {
		fresh = run->r_new ? 0 : run->r_oldbytes;
		if (start > fresh)
			start = fresh;
		/* The rest of the run's last written block. */
		end = (at + n + (uint32_t)fs->fs_bsize - 1) &
		    ~((uint64_t)(uint32_t)fs->fs_bsize - 1);
		if (end > disk)
			end = disk;
		if (run->r_grown && at + n < fresh) {
			/* Old bytes between: cannot be, a block grows because of what is written behind them. */
			return -EIO;
		}
	}
	p->p_n = n;
	p->p_before = (uint32_t)(at - start);
	p->p_after = (uint32_t)(end - at - n);
	return run_off(fs, run->r_frag, start, end - start, &p->p_devoff);
}

/* A piece of a write, in one transaction: up to 1 MiB, as far as the disk's blocks lie in a row. */
static int
write_piece(struct lwp *l, struct inode *ip, struct uio *uio)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	uint64_t off = (uint64_t)uio->uio_offset, n = uio->uio_resid, newsize;
	uint64_t bsize = (uint32_t)fs->fs_bsize, size;
	struct ffs_run run;
	struct piece p;
	int64_t blks, lbn;
	int error;

	/* A piece that is not the last ends where a block does. */
	if (n > IO_MAX)
		n = IO_MAX - off % bsize;
	newsize = off + n > ip->i_d.di_size ? off + n : ip->i_d.di_size;
	blks = (int64_t)((off % bsize + n + bsize - 1) / bsize);
	if ((error = ffs_fill_last(l, ip, newsize)) != 0)
		return error;
	size = ip->i_d.di_size;
	lbn = lblkno(fs, (int64_t)off);
	error = ffs_balloc(l, ip, lbn, blks, newsize, &run);
	if (error != 0) {
		/* Indirect blocks may have come: the caller cuts all behind the old end. */
		if (newsize > size &&
		    (size == 0 || lbn > lblkno(fs, (int64_t)size - 1)))
			ip->i_d.di_size = newsize;
		return error;
	}
	if ((error = plan(fs, &run, off, n, &p)) != 0)
		return error;
	error = put(ump, &p, uio);
	if (error != 0) {
		/* Nobody may read what stood in new blocks before. */
		if (run.r_new || run.r_grown)
			(void)!ffs_zero(
			    ump, p.p_devoff, p.p_before + p.p_n + p.p_after);
		if ((run.r_grown || run.r_new) && newsize > size)
			ip->i_d.di_size = newsize;
		return error == -EINVAL ? -EIO : error;
	}
	if (off + p.p_n > ip->i_d.di_size)
		ip->i_d.di_size = off + p.p_n;
	return 0;
}

/* Set-id bits do not outlive a write by somebody else than the superuser. */
static void
clear_setid(struct lwp *l, struct inode *ip)
{
	if ((ip->i_d.di_mode & (S_ISUID | S_ISGID)) != 0 &&
	    !cred_issuser(l->l_cred))
		ip->i_d.di_mode &= (uint16_t) ~(S_ISUID | S_ISGID);
}

int
ffs_write(struct lwp *l, struct vnode *vp, struct uio *uio, int ioflag)
{
	struct inode *ip = VTOI(vp);
	struct ffsmount *ump = ip->i_ump;
	uint64_t osize = ip->i_d.di_size;
	size_t resid = uio->uio_resid;
	bool retried = false;
	int error = 0;

	if (ump->um_ronly)
		return -EROFS;
	if (vp->v_type != VREG)
		return -EISDIR;
	if ((ip->i_d.di_flags & SF_SNAPSHOT) != 0)
		return -EPERM;
	if (uio->uio_offset < 0)
		return -EINVAL;
	if (resid == 0)
		return 0;
	if ((uint64_t)uio->uio_offset + resid > ump->um_fs.fs_maxfilesize)
		return -EFBIG;
	while (uio->uio_resid > 0) {
		uint64_t before = ip->i_d.di_size;

		if ((error = ffs_begin(ump, l)) != 0)
			break;
		error = write_piece(l, ip, uio);
		ffs_mark(ip, IN_CHANGE | IN_UPDATE);
		if (error == 0 && resid != uio->uio_resid)
			clear_setid(l, ip);
		if (ump->um_wl != NULL && error == 0)
			error = ffs_update(ip);
		ffs_end(ump, l);
		if (error == 0)
			continue;
		/* What this piece added beyond the end is taken away. */
		if (ip->i_d.di_size > before)
			ffs_undone(ump, ffs_truncate(l, ip, before));
		/* Blocks that were freed may wait for the log's commit. */
		if (error != -ENOSPC || ump->um_wl == NULL || retried ||
		    wapbl_flush(ump->um_wl, l, false) != 0)
			break;
		retried = true;
	}
	/* All of a write or nothing: the file is as long as it was. */
	if (error != 0) {
		if (ip->i_d.di_size > osize)
			ffs_undone(ump, ffs_truncate(l, ip, osize));
		uio->uio_offset -= (off_t)(resid - uio->uio_resid);
		uio->uio_resid = resid;
	}
	if (error == -ENOSPC)
		kern_printf(ump->um_k,
		    "uid %u, pid %d, on %s: "
		    "file system full\n",
		    (unsigned)l->l_cred->cr_euid, (int)l->l_proc->p_pid,
		    (const char *)ump->um_fs.fs_fsmnt);
	if (error == 0 &&
	    ((ioflag & (IO_SYNC | IO_DSYNC)) != 0 ||
		(atomic_load(&vp->v_mount->mnt_flag) & MNT_SYNCHRONOUS) != 0))
		error = vp->v_ops->vop_fsync(l, vp, FSYNC_WAIT, 0, 0);
	return error;
}
