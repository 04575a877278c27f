/* SPDX-License-Identifier: BSD-2-Clause */
/* Inodes of FFS in memory: from and to the disk, their times, the map from file blocks to the disk's. */
#include <assert.h>
#include "fs/ffs/ffs.h"

int
ffs_getbuf(struct ffsmount *ump, int64_t frag, uint32_t size, bool read,
    struct buf **bp)
{
	const struct fs *fs = &ump->um_fs;
	int error;

	*bp = NULL;
	if (!ffs_frag_ok(fs, frag, fragroundup(fs, size) / fs->fs_fsize))
		return -EIO;
	error = read ? buf_read(ump->um_bc, fsbtobyte(fs, frag), size, bp) :
		       buf_get(ump->um_bc, fsbtobyte(fs, frag), size, bp);
	/* Inside the file system, outside the device: the image is short. */
	return error == -EINVAL ? -EIO : error;
}

static int
inode_block(struct ffsmount *ump, ino_t ino, struct buf **bp, uint8_t **p)
{
	const struct fs *fs = &ump->um_fs;
	int error;

	if (!ffs_ino_ok(fs, ino))
		return -EINVAL;
	error = ffs_getbuf(
	    ump, ino_to_fsba(fs, ino), (uint32_t)fs->fs_bsize, true, bp);
	if (error == 0)
		*p = (uint8_t *)(*bp)->b_data +
		    ino_to_fsbo(fs, ino) * ffs_dinode_size(fs);
	return error;
}

static enum vtype
mode_to_vtype(uint16_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return VREG;
	case S_IFDIR:
		return VDIR;
	case S_IFLNK:
		return VLNK;
	case S_IFCHR:
		return VCHR;
	case S_IFBLK:
		return VBLK;
	case S_IFIFO:
		return VFIFO;
	case S_IFSOCK:
		return VSOCK;
	default:
		return VBAD;
	}
}

static int
attach(struct mount *mp, struct vnode *vp, ino_t ino, const struct dinode *di)
{
	struct ffsmount *ump = MPTOUM(mp);
	struct inode *ip;
	enum vtype type = mode_to_vtype(di->di_mode);

	if (type == VBAD)
		return -EIO;
	if ((ip = kmem_zalloc(ump->um_k, sizeof(*ip))) == NULL)
		return -ENOMEM;
	ip->i_vnode = vp;
	ip->i_ump = ump;
	ip->i_number = ino;
	ip->i_d = *di;
	ip->i_noquota = ffs_quota_exempt(ump, ino);
	vp->v_type = type;
	vp->v_ops = &ffs_vnodeops;
	vp->v_data = ip;
	if (type == VCHR || type == VBLK)
		vp->v_rdev = (dev_t)di->di_db[0];
	if (ino == (ino_t)UFS_ROOTINO)
		atomic_fetch_or(&vp->v_flag, VV_ROOT);
	/* A name led to what has no link; or it was open when the system went down. */
	else if (di->di_nlink <= 0)
		atomic_fetch_or(&vp->v_flag, VV_INACTIVE);
	return 0;
}

int
ffs_loadvnode(struct lwp *l, struct mount *mp, struct vnode *vp, ino_t ino)
{
	struct ffsmount *ump = MPTOUM(mp);
	struct dinode di;
	struct buf *b;
	uint8_t *p;
	int error;

	(void)l;
	/* A name that leads to one is damage. */
	if (ffs_quota_isfile(ump, ino))
		return -EIO;
	if ((error = inode_block(ump, ino, &b, &p)) != 0)
		return error;
	ffs_dinode_decode(&ump->um_fs, p, &di, ump->um_swap);
	buf_release(b);
	/* Negative as signed; no offset of a file is. */
	if (di.di_size > INT64_MAX)
		return -EIO;
	return attach(mp, vp, ino, &di);
}

int
ffs_loadnew(struct lwp *l, struct mount *mp, struct vnode *vp, void *arg)
{
	(void)l;
	return attach(mp, vp, vp->v_ino, arg);
}

void
ffs_reclaim(struct lwp *l, struct vnode *vp)
{
	struct inode *ip = VTOI(vp);
	int error;

	if (ip == NULL)
		return;
	/* A forced unmount, with the file open. */
	if (ffs_isorphan(ip)) {
		ffs_undone(ip->i_ump, ffs_free_inode(l, ip));
	} else if (!ip->i_ump->um_ronly && ip->i_d.di_mode != 0) {
		ffs_itimes(ip);
		/* Nobody is there to be told of an error but fsck. */
		if ((ip->i_flag & IN_MODIFIED) != 0) {
			if ((error = ffs_begin(ip->i_ump, l)) == 0) {
				error = ffs_update(ip);
				ffs_end(ip->i_ump, l);
			}
			ffs_undone(ip->i_ump, error);
		}
	}
	ffs_dirhash_free(ip);
	ffs_runs_free(ip);
	vp->v_data = NULL;
	kmem_free(ip->i_ump->um_k, ip, sizeof(*ip));
}

/* --- times ------------------------------------------------------------------------------------------------------------ */

void
ffs_itimes(struct inode *ip)
{
	struct dinode *d = &ip->i_d;
	struct timespec now;
	unsigned flag;

	flag = atomic_load_explicit(&ip->i_flag, memory_order_relaxed);
	if ((flag & (IN_ACCESS | IN_CHANGE | IN_UPDATE)) == 0)
		return;
	kern_nanotime(ip->i_ump->um_k, &now);
	kmutex_enter(&ip->i_lock);
	flag = atomic_fetch_and(
	    &ip->i_flag, ~(IN_ACCESS | IN_CHANGE | IN_UPDATE));
	if ((flag & IN_ACCESS) != 0) {
		d->di_atime = now.tv_sec;
		d->di_atimensec = (int32_t)now.tv_nsec;
	}
	if ((flag & IN_UPDATE) != 0) {
		d->di_mtime = now.tv_sec;
		d->di_mtimensec = (int32_t)now.tv_nsec;
		d->di_modrev++;
	}
	if ((flag & IN_CHANGE) != 0) {
		d->di_ctime = now.tv_sec;
		d->di_ctimensec = (int32_t)now.tv_nsec;
	}
	if ((flag & (IN_ACCESS | IN_CHANGE | IN_UPDATE)) != 0)
		atomic_fetch_or(&ip->i_flag, IN_MODIFIED);
	kmutex_exit(&ip->i_lock);
}

int
ffs_update_block(
    struct ffsmount *ump, ino_t ino, const struct dinode *di, bool now)
{
	struct buf *b;
	uint8_t *p;
	int error;

	if ((error = inode_block(ump, ino, &b, &p)) != 0)
		return error;
	ffs_dinode_encode(&ump->um_fs, di, p, ump->um_swap);
	if (now)
		return buf_write_part(b, (uint32_t)(p - (uint8_t *)b->b_data),
		    (uint32_t)ffs_dinode_size(&ump->um_fs));
	buf_dirty(b);
	return 0;
}

/*
 * Without a log a directory whose name is gone, and that is open still, looks on the disk as one that lost its name: with its entries, for which the
 * count is never too low.
 */
static int
put_inode(struct inode *ip, bool now)
{
	struct dinode d;

	if (ip->i_ump->um_wl != NULL || ip->i_d.di_nlink > 0 ||
	    (ip->i_d.di_mode & S_IFMT) != S_IFDIR)
		return ffs_update_block(ip->i_ump, ip->i_number, &ip->i_d, now);
	d = ip->i_d;
	d.di_nlink = 2;
	return ffs_update_block(ip->i_ump, ip->i_number, &d, now);
}

int
ffs_announce_size(struct inode *ip, uint64_t size)
{
	struct dinode d = ip->i_d;

	if (ip->i_ump->um_wl != NULL || size <= d.di_size)
		return 0;
	d.di_size = size;
	ffs_mark(ip, IN_CHANGE | IN_UPDATE);
	return ffs_update_block(ip->i_ump, ip->i_number, &d, false);
}

static int
update(struct inode *ip, bool now)
{
	int error;

	if (ip->i_ump->um_ronly)
		return 0;
	ffs_itimes(ip);
	/* An earlier change may wait in the buffer. */
	if ((ip->i_flag & IN_MODIFIED) == 0 && !now)
		return 0;
	atomic_fetch_and(&ip->i_flag, ~IN_MODIFIED);
	error = put_inode(ip, now);
	if (error != 0)
		atomic_fetch_or(&ip->i_flag, IN_MODIFIED);
	return error;
}

int
ffs_update(struct inode *ip)
{
	return update(ip, false);
}

void
ffs_update_later(struct inode *ip)
{
	if (ffs_update(ip) != 0)
		assert((ip->i_flag & IN_MODIFIED) != 0);
}

int
ffs_update_now(struct inode *ip)
{
	return update(ip, ip->i_ump->um_wl == NULL);
}

/* --- the block map ---------------------------------------------------------------------------------------------------- */

int
ffs_getlbns(
    const struct fs *fs, int64_t lbn, int *levels, uint32_t idx[UFS_NIADDR])
{
	uint64_t n = ffs_nindir(fs), cap = 1, rest;

	*levels = 0;
	if (lbn < 0)
		return -EFBIG;
	if (lbn < UFS_NDADDR) {
		idx[0] = (uint32_t)lbn;
		return 0;
	}
	rest = (uint64_t)lbn - UFS_NDADDR;
	for (int level = 1; level <= UFS_NIADDR; level++) {
		cap *= n;
		if (rest < cap) {
			*levels = level;
			for (int i = level - 1; i >= 0; i--) {
				idx[i] = (uint32_t)(rest % n);
				rest /= n;
			}
			return 0;
		}
		rest -= cap;
	}
	return -EFBIG;
}

int64_t
ffs_getptr(const struct ffsmount *ump, const void *p, uint32_t i)
{
	const uint8_t *q = p;

	if (ffs_isufs2(&ump->um_fs))
		return (int64_t)ffs_get64(q + (size_t)i * 8, ump->um_swap);
	return (int32_t)ffs_get32(q + (size_t)i * 4, ump->um_swap);
}

void
ffs_setptr(const struct ffsmount *ump, void *p, uint32_t i, int64_t frag)
{
	uint8_t *q = p;

	if (ffs_isufs2(&ump->um_fs))
		ffs_put64(q + (size_t)i * 8, (uint64_t)frag, ump->um_swap);
	else
		ffs_put32(q + (size_t)i * 4, (uint32_t)frag, ump->um_swap);
}

/* In a snapshot's inode small numbers say that the block is where it is in the file system. */
static int64_t
snapshot_ptr(const struct inode *ip, int64_t frag, int64_t lbn)
{
	if ((ip->i_d.di_flags & SF_SNAPSHOT) != 0 && frag >= 1 && frag <= 2)
		return blkstofrags(&ip->i_ump->um_fs, lbn);
	return frag;
}

/* How many of the n pointers go on from the first one. */
static int64_t
count_run(const struct inode *ip, const int64_t *db, const void *blk,
    uint32_t at, uint32_t n, int64_t lbn, int64_t *fragp)
{
	const struct ffsmount *ump = ip->i_ump;
	int64_t first, next;
	uint32_t i;

	first = db != NULL ? db[at] : ffs_getptr(ump, blk, at);
	first = snapshot_ptr(ip, first, lbn);
	for (i = 1; i < n; i++) {
		next = db != NULL ? db[at + i] : ffs_getptr(ump, blk, at + i);
		next = snapshot_ptr(ip, next, lbn + i);
		if (next < 0 || (first == 0) != (next == 0) ||
		    (first != 0 &&
			next - (int64_t)i * ump->um_fs.fs_frag != first))
			break;
	}
	*fragp = first;
	return i;
}

/* Blocks from lbn that a missing indirect block at level `left` (of levels below it) covers. */
static int64_t
hole_span(const struct fs *fs, const uint32_t *idx, int level, int levels)
{
	uint64_t n = ffs_nindir(fs), span = 1, inside = 0;

	for (int i = levels - 1; i >= level; i--) {
		inside += idx[i] * span;
		span *= n;
	}
	return (int64_t)(span - inside);
}

static int
bmap(struct inode *ip, int64_t lbn, int64_t max, int64_t *fragp, int64_t *runp)
{
	struct ffsmount *ump = ip->i_ump;
	const struct fs *fs = &ump->um_fs;
	uint32_t idx[UFS_NIADDR], n;
	int levels, error;
	struct buf *b;
	int64_t frag;

	if ((error = ffs_getlbns(fs, lbn, &levels, idx)) != 0)
		return error;
	if (levels == 0) {
		n = UFS_NDADDR - idx[0];
		*runp = count_run(ip, ip->i_d.di_db, NULL, idx[0],
		    (int64_t)n < max ? n : (uint32_t)max, lbn, fragp);
		return 0;
	}
	frag = ip->i_d.di_ib[levels - 1];
	for (int i = 0; i < levels; i++) {
		if (frag == 0) {
			*fragp = 0;
			*runp = hole_span(fs, idx, i, levels);
			return 0;
		}
		error = ffs_getbuf(ump, frag, (uint32_t)fs->fs_bsize, true, &b);
		if (error != 0)
			return error;
		if (i < levels - 1) {
			frag = ffs_getptr(ump, b->b_data, idx[i]);
		} else {
			n = ffs_nindir(fs) - idx[i];
			*runp = count_run(ip, NULL, b->b_data, idx[i],
			    (int64_t)n < max ? n : (uint32_t)max, lbn, fragp);
		}
		buf_release(b);
	}
	return 0;
}

int
ffs_bmap(
    struct inode *ip, int64_t lbn, int64_t max, int64_t *fragp, int64_t *runp)
{
	const struct fs *fs = &ip->i_ump->um_fs;
	int64_t ask = max;
	int error;

	if (ffs_runs_find(ip, lbn, &ask, fragp, runp))
		return 0;
	error = bmap(ip, lbn, ask, fragp, runp);
	if (error != 0)
		return error;
	if (*runp > ask)
		*runp = ask;
	/* The end of the last block may lie beyond, when it is fragments: checked where it is used. */
	if (*fragp != 0 && !ffs_frag_ok(fs, *fragp, 1))
		return -EIO;
	ffs_runs_note(ip, lbn, *fragp, *runp);
	if (*runp > max)
		*runp = max;
	return 0;
}
