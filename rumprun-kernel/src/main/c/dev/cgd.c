/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cgd(4): a disk whose sectors lie encrypted on another one.
 *
 * Reads decrypt in place. Writes never touch the caller's memory: they are encrypted into one of a few buffers of the unit, piece by piece, so that a piece
 * is in the processor's cache from its encryption until the host has it. Requests run in their callers' threads, side by side. cg_lock
 * (above the locks of the disk under this one) is held by transfers as readers: who unconfigures waits for them, and later ones find no key.
 * The key is wiped when the unit is unconfigured or the kernel goes.
 */
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/limits.h>
#include <rumprun/crypto.h>
#include "dev/cgd_cipher.h"
#include "dev/disk_private.h"
#include "vfs/vnode.h"
#include <stdio.h>

#define NUNITS 1024
#define PIECE ((size_t)128 << 10)
#define NBUFS 4
#define NAMELEN 32

struct cgd {
	struct krwlock cg_lock;
	struct cgd_key *cg_key; /* NULL: not configured */
	struct vnode *cg_vp;
	struct blkdev *cg_under;
	int cg_flags; /* cg_vp was opened with */
	/* Buffers: those that nobody uses are the first cg_nfree of cg_free. */
	struct kmutex cg_poollock;
	struct kcond cg_poolcv;
	unsigned cg_nbufs, cg_nfree;
	uint8_t *cg_free[NBUFS];
};

/* --- buffers -------------------------------------------------------------------- */

/* One more than none is always there: who gets none waits for it. */
static uint8_t *
buf_get(struct rump_kernel *k, struct cgd *cg)
{
	uint8_t *buf = NULL;

	kmutex_enter(&cg->cg_poollock);
	while (buf == NULL) {
		if (cg->cg_nfree > 0) {
			buf = cg->cg_free[--cg->cg_nfree];
			break;
		}
		if (cg->cg_nbufs < NBUFS && (buf = kmem_alloc(k, PIECE)) != NULL)
			cg->cg_nbufs++;
		else
			kcond_wait(&cg->cg_poolcv, &cg->cg_poollock);
	}
	kmutex_exit(&cg->cg_poollock);
	return buf;
}

static void
buf_put(struct cgd *cg, uint8_t *buf)
{
	kmutex_enter(&cg->cg_poollock);
	cg->cg_free[cg->cg_nfree++] = buf;
	kcond_signal(&cg->cg_poolcv);
	kmutex_exit(&cg->cg_poollock);
}

static int
pool_create(struct rump_kernel *k, struct cgd *cg)
{
	uint8_t *first = kmem_alloc(k, PIECE);

	if (first == NULL)
		return -ENOMEM;
	cg->cg_free[0] = first;
	cg->cg_nbufs = cg->cg_nfree = 1;
	return 0;
}

static void
pool_destroy(struct rump_kernel *k, struct cgd *cg)
{
	while (cg->cg_nfree > 0) {
		uint8_t *buf = cg->cg_free[--cg->cg_nfree];

		rumprun_wipe(buf, PIECE);
		kmem_free(k, buf, PIECE);
	}
	cg->cg_nbufs = 0;
}

/* --- transfers ------------------------------------------------------------------- */

/* A place in a list of vectors. */
struct cursor {
	const struct iovec *iov;
	int cnt;
	size_t at;
};

/* The bytes from here to the end of the vector, at most n; 0 at the end of all. */
static size_t
cursor_run(struct cursor *c, size_t n, uint8_t **p)
{
	size_t left;

	while (c->cnt > 0 && c->at == c->iov->iov_len) {
		c->iov++;
		c->cnt--;
		c->at = 0;
	}
	if (c->cnt == 0)
		return 0;
	left = c->iov->iov_len - c->at;
	*p = (uint8_t *)c->iov->iov_base + c->at;
	if (n > left)
		n = left;
	c->at += n;
	return n;
}

/* Does each vector hold whole sectors? If not, all goes by way of a buffer. */
static bool
whole_sectors(const struct iovec *iov, int cnt, uint32_t secsize, uint64_t *np)
{
	bool whole = true;

	*np = 0;
	for (int i = 0; i < cnt; i++) {
		*np += iov[i].iov_len;
		if (iov[i].iov_len % secsize != 0)
			whole = false;
	}
	return whole;
}

static int
under_transfer(struct cgd *cg, void *buf, size_t n, uint64_t off, bool write)
{
	struct blkdev *d = cg->cg_under;
	struct iovec iov = { buf, n };

	return write ? d->b_ops->bd_writev(d, &iov, 1, off) :
		       d->b_ops->bd_readv(d, &iov, 1, off);
}

static int
read_in_place(struct cgd *cg, struct cursor *c, uint64_t off, uint32_t secsize)
{
	uint8_t *p;
	size_t n;
	int error = 0;

	while (error == 0 && (n = cursor_run(c, PIECE, &p)) > 0) {
		error = under_transfer(cg, p, n, off, false);
		if (error == 0)
			cgd_decrypt(cg->cg_key, p, p, n, off / secsize, secsize);
		off += n;
	}
	return error;
}

static int
read_scattered(struct cgd *cg, struct cursor *c, uint64_t off, uint64_t n,
    uint32_t secsize, uint8_t *buf)
{
	int error = 0;

	while (error == 0 && n > 0) {
		size_t part = n < PIECE ? (size_t)n : PIECE, run;
		uint8_t *p;

		error = under_transfer(cg, buf, part, off, false);
		if (error != 0)
			break;
		cgd_decrypt(cg->cg_key, buf, buf, part, off / secsize, secsize);
		for (size_t at = 0; at < part; at += run) {
			run = cursor_run(c, part - at, &p);
			memcpy(p, buf + at, run);
		}
		off += part;
		n -= part;
	}
	rumprun_wipe(buf, PIECE);
	return error;
}

static int
write_pieces(struct cgd *cg, struct cursor *c, uint64_t off, uint64_t n,
    uint32_t secsize, bool whole, uint8_t *buf)
{
	int error = 0;

	while (error == 0 && n > 0) {
		size_t part = n < PIECE ? (size_t)n : PIECE, run;
		uint8_t *p;

		for (size_t at = 0; at < part; at += run) {
			run = cursor_run(c, part - at, &p);
			if (whole)
				cgd_encrypt(cg->cg_key, p, buf + at, run,
				    (off + at) / secsize, secsize);
			else
				memcpy(buf + at, p, run);
		}
		if (!whole)
			cgd_encrypt(
			    cg->cg_key, buf, buf, part, off / secsize, secsize);
		error = under_transfer(cg, buf, part, off, true);
		off += part;
		n -= part;
	}
	return error;
}

static int
transfer(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off,
    bool write)
{
	struct disk *dk = d->b_priv;
	struct cgd *cg = dk->dk_priv;
	struct cursor c = { iov, cnt, 0 };
	uint32_t secsize = d->b_secsize;
	uint8_t *buf = NULL;
	uint64_t n;
	bool whole;
	int error;

	krwlock_rdlock(&cg->cg_lock);
	if (cg->cg_key == NULL) {
		krwlock_unlock(&cg->cg_lock);
		return -ENXIO;
	}
	whole = whole_sectors(iov, cnt, secsize, &n);
	if (off % secsize != 0 || n % secsize != 0) {
		error = -EINVAL;
	} else if (!write && whole) {
		error = read_in_place(cg, &c, off, secsize);
	} else {
		buf = buf_get(dk->dk_k, cg);
		error = write ?
		    write_pieces(cg, &c, off, n, secsize, whole, buf) :
		    read_scattered(cg, &c, off, n, secsize, buf);
		buf_put(cg, buf);
	}
	krwlock_unlock(&cg->cg_lock);
	return error;
}

static int
cgd_readv(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	return transfer(d, iov, cnt, off, false);
}

static int
cgd_writev(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	return transfer(d, iov, cnt, off, true);
}

static int
cgd_sync(struct blkdev *d)
{
	struct disk *dk = d->b_priv;
	struct cgd *cg = dk->dk_priv;
	int error;

	krwlock_rdlock(&cg->cg_lock);
	error = cg->cg_key == NULL ? -ENXIO : blkdev_sync(cg->cg_under);
	krwlock_unlock(&cg->cg_lock);
	return error;
}

/* --- configuring ------------------------------------------------------------------ */

/* What is asked for in words; the key never leaves this function's frame unwiped. */
static int
key_of(struct lwp *l, const struct cgd_ioctl *ci, struct cgd_key **kp)
{
	char alg[NAMELEN], ivmethod[NAMELEN];
	uint8_t key[CGD_MAXKEY];
	int error, ivmode;

	*kp = NULL;
	if ((error = copyinstr(l, ci->ci_alg, alg, sizeof(alg), NULL)) != 0 ||
	    (error = copyinstr(
		 l, ci->ci_ivmethod, ivmethod, sizeof(ivmethod), NULL)) != 0)
		return error == -ENAMETOOLONG ? -EINVAL : error;
	if (strcmp(ivmethod, "encblkno1") == 0)
		ivmode = CGD_CIPHER_CBC_ENCBLKNO1;
	else if (strcmp(ivmethod, "encblkno8") == 0 ||
	    strcmp(ivmethod, "encblkno") == 0)
		ivmode = CGD_CIPHER_CBC_ENCBLKNO8;
	else
		return -EINVAL;
	if (ci->ci_keylen > CGD_MAXKEY * 8 || ci->ci_keylen % 8 != 0)
		return -EINVAL;
	error = copyin(l, ci->ci_key, key, ci->ci_keylen / 8);
	if (error == 0)
		error = cgd_key_create(l->l_k, alg, key, ci->ci_keylen,
		    ci->ci_blocksize, ivmode, kp);
	rumprun_wipe(key, sizeof(key));
	return error;
}

/* A disk that cannot be written to can be read. */
static int
open_under(struct lwp *l, struct cgd *cg, const struct cgd_ioctl *ci)
{
	char *path = kmem_alloc(l->l_k, PATH_MAX);
	int error;

	if (path == NULL)
		return -ENOMEM;
	error = copyinstr(l, ci->ci_disk, path, PATH_MAX, NULL);
	if (error == 0) {
		cg->cg_flags = FREAD | FWRITE;
		error = disk_open_under(
		    l, path, cg->cg_flags, &cg->cg_vp, &cg->cg_under);
	}
	if (error == -EROFS || error == -EACCES) {
		cg->cg_flags = FREAD;
		error = disk_open_under(
		    l, path, cg->cg_flags, &cg->cg_vp, &cg->cg_under);
	}
	kmem_free(l->l_k, path, PATH_MAX);
	return error;
}

static void
close_under(struct lwp *l, struct cgd *cg)
{
	disk_close_under(l, cg->cg_vp, cg->cg_flags);
	cg->cg_vp = NULL;
	cg->cg_under = NULL;
}

static void
forget(struct lwp *l, struct cgd *cg)
{
	struct cgd_key *key;

	krwlock_wrlock(&cg->cg_lock);
	key = cg->cg_key;
	cg->cg_key = NULL;
	krwlock_unlock(&cg->cg_lock);
	cgd_key_destroy(l->l_k, key);
	pool_destroy(l->l_k, cg);
	close_under(l, cg);
}

static int
configure(struct lwp *l, struct disk *dk, struct cgd_ioctl *ci)
{
	struct cgd *cg = dk->dk_priv;
	struct disk_geom geom = { .dg_ntracks = 1 };
	struct cgd_key *key;
	struct blkdev *under;
	int error;

	if (dk->dk_configured)
		return -EBUSY;
	if ((error = open_under(l, cg, ci)) != 0)
		return error;
	under = cg->cg_under;
	if ((error = key_of(l, ci, &key)) != 0)
		goto out_close;
	if ((error = pool_create(l->l_k, cg)) != 0)
		goto out_key;
	/* The label is read while it is configured: all must be there. */
	krwlock_wrlock(&cg->cg_lock);
	cg->cg_key = key;
	krwlock_unlock(&cg->cg_lock);
	geom.dg_nsectors = (uint32_t)(1 << 20) / under->b_secsize;
	dk->dk_dev.b_align = under->b_secsize;
	error = disk_configure(l, dk, under->b_size, under->b_secsize, &geom,
	    under->b_readonly || !(cg->cg_flags & FWRITE));
	if (error == 0) {
		ci->ci_size = (size_t)(dk->dk_dev.b_size / under->b_secsize);
		return 0;
	}
	krwlock_wrlock(&cg->cg_lock);
	cg->cg_key = NULL;
	krwlock_unlock(&cg->cg_lock);
	pool_destroy(l->l_k, cg);
out_key:
	cgd_key_destroy(l->l_k, key);
out_close:
	close_under(l, cg);
	return error;
}

static int
unconfigure(struct lwp *l, struct disk *dk, unsigned part)
{
	int error = disk_unconfigure(l, dk, part, false);

	if (error == 0)
		forget(l, dk->dk_priv);
	return error;
}

static int
cgd_ioctl(struct lwp *l, struct disk *dk, unsigned part, unsigned long cmd,
    void *data, int flags)
{
	struct cgd_ioctl ci;
	int error;

	if (cmd != CGDIOCSET && cmd != CGDIOCCLR)
		return 1;
	if (!(flags & FWRITE))
		return -EBADF;
	if (cmd == CGDIOCCLR)
		return unconfigure(l, dk, part);
	memcpy(&ci, data, sizeof(ci));
	error = configure(l, dk, &ci);
	if (error == 0)
		memcpy(data, &ci, sizeof(ci));
	return error;
}

/* --- what there is ----------------------------------------------------------------- */

extern const struct disk_driver cgd_driver;

static int
highest(struct disk *dk, void *arg)
{
	unsigned *max = arg;

	if (dk->dk_driver == &cgd_driver && dk->dk_unit > *max)
		*max = dk->dk_unit;
	return 0;
}

/* Of this unit (-1) or another one; -ENXIO past the last one that is configured, so that all can be listed. */
static int
get(struct disk *dk, struct cgd_user *cgu)
{
	unsigned unit = cgu->cgu_unit == -1 ? dk->dk_unit :
					      (unsigned)cgu->cgu_unit;
	unsigned max = dk->dk_unit;
	struct disk *target;
	struct cgd *cg;
	int error;

	if (cgu->cgu_unit < -1)
		return -EINVAL;
	disk_foreach(dk->dk_k, highest, &max);
	if (unit > max)
		return -ENXIO;
	error = disk_get(dk->dk_k, &cgd_driver, unit, &target);
	if (error != 0)
		return error;
	memset(cgu, 0, sizeof(*cgu));
	cgu->cgu_unit = (int)unit;
	cg = target->dk_priv;
	krwlock_rdlock(&cg->cg_lock);
	if (cg->cg_key != NULL) {
		cgu->cgu_dev = cg->cg_vp->v_rdev;
		strncpy(cgu->cgu_alg, cgd_key_alg(cg->cg_key),
		    sizeof(cgu->cgu_alg) - 1);
		cgu->cgu_blocksize = cgd_key_blocksize(cg->cg_key);
		cgu->cgu_mode = cgd_key_ivmode(cg->cg_key);
		cgu->cgu_keylen = (int)cgd_key_bits(cg->cg_key);
	}
	krwlock_unlock(&cg->cg_lock);
	disk_put(target);
	return 0;
}

static int
cgd_ioctl_unlocked(struct lwp *l, struct disk *dk, unsigned part,
    unsigned long cmd, void *data, int flags)
{
	struct cgd_user cgu;
	int error;

	(void)l, (void)part, (void)flags;
	if (cmd != CGDIOCGET)
		return 1;
	memcpy(&cgu, data, sizeof(cgu));
	error = get(dk, &cgu);
	if (error == 0)
		memcpy(data, &cgu, sizeof(cgu));
	return error;
}

static void
cgd_shutdown(struct lwp *l, struct disk *dk)
{
	forget(l, dk->dk_priv);
}

/* The disk's name in a made-up label is the unit's. */
static void
cgd_label(const struct disk *dk, struct disklabel *lp)
{
	memset(lp->d_typename, 0, sizeof(lp->d_typename));
	snprintf(lp->d_typename, sizeof(lp->d_typename), "%s", dk->dk_name);
}

static const struct blkdev_ops cgd_ops = {
	.bd_readv = cgd_readv,
	.bd_writev = cgd_writev,
	.bd_sync = cgd_sync,
};

const struct disk_driver cgd_driver = {
	.dd_name = "cgd",
	.dd_nunits = NUNITS,
	.dd_type = DKTYPE_CGD,
	.dd_privsize = sizeof(struct cgd),
	.dd_ops = &cgd_ops,
	.dd_ioctl = cgd_ioctl,
	.dd_ioctl_unlocked = cgd_ioctl_unlocked,
	.dd_shutdown = cgd_shutdown,
	.dd_label = cgd_label,
};

extern const struct devsw dev_cgd;
const struct devsw dev_cgd = DISK_DEVSW(cgd_driver, 21, 93);
