/* SPDX-License-Identifier: BSD-2-Clause */
/* vnd: files of several file systems as disks, one upon another, and what happens when the file goes. */
#include <netbsd/disklabel.h>
#include "core_calls.h"
#include "dev/etfs.h"
#include "dev/vnd_image.h"
#define Z_SOLO
#include <zlib.h>

#define SIZE ((size_t)1 << 20)
#define VNF_COMP 0x400
#define IMG "vnd_test.img"

static uint8_t pattern[SIZE], got[SIZE];

static void
nodes(struct lwp *l, int unit)
{
	char path[32];

	for (int part = 0; part < 4; part++) {
		snprintf(path, sizeof(path), "/dev/vnd%d%c", unit, 'a' + part);
		(void)l_mknod(l, path, S_IFBLK | 0644,
		    makedev(14, unit * MAXPARTITIONS + part));
		snprintf(path, sizeof(path), "/dev/rvnd%d%c", unit, 'a' + part);
		(void)l_mknod(l, path, S_IFCHR | 0644,
		    makedev(41, unit * MAXPARTITIONS + part));
	}
}

static long
opened(struct lwp *l, int unit, char part, bool raw, int flags)
{
	char path[32];

	snprintf(
	    path, sizeof(path), "/dev/%svnd%d%c", raw ? "r" : "", unit, part);
	return l_open(l, path, flags, 0);
}

static long
set_geom(struct lwp *l, int unit, const char *file, int flags, uint32_t sec,
    uint32_t ns, uint32_t nt, uint32_t nc, uint64_t *size)
{
	char name[64];
	struct vnd_ioctl vio;
	long fd = opened(l, unit, 'd', true, O_RDWR), error;

	CHECK(fd >= 0);
	snprintf(name, sizeof(name), "%s", file);
	memset(&vio, 0, sizeof(vio));
	vio.vnd_file = name;
	vio.vnd_flags = flags | (sec != 0 ? VNDIOF_HASGEOM : 0);
	vio.vnd_geom = (struct vndgeom){ sec, ns, nt, nc };
	error = l_ioctl(l, fd, VNDIOCSET, &vio);
	CHECK_EQ(l_close(l, fd), 0);
	if (size != NULL)
		*size = vio.vnd_size;
	return error;
}

static long
set(struct lwp *l, int unit, const char *file, int flags)
{
	return set_geom(l, unit, file, flags, 0, 0, 0, 0, NULL);
}

static long
clear(struct lwp *l, int unit, int flags)
{
	struct vnd_ioctl vio;
	long fd = opened(l, unit, 'd', true, O_RDWR), error;

	CHECK(fd >= 0);
	memset(&vio, 0, sizeof(vio));
	vio.vnd_flags = flags;
	error = l_ioctl(l, fd, VNDIOCCLR, &vio);
	CHECK_EQ(l_close(l, fd), 0);
	return error;
}

static void
file(struct lwp *l, const char *path, size_t size)
{
	long fd = l_open(l, path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	CHECK_EQ(l_ftruncate(l, fd, (off_t)size), 0);
	CHECK_EQ(l_close(l, fd), 0);
}

static int64_t
blocks(struct lwp *l, const char *path)
{
	struct stat st;

	CHECK_EQ(l_stat(l, path, &st), 0);
	return st.st_blocks;
}

static void
begin(struct fixture *f)
{
	for (size_t i = 0; i < SIZE; i++)
		pattern[i] = (uint8_t)(i * 7 + i / 512 * 13 + 1);
	up(f);
	for (int unit = 1; unit < 4; unit++)
		nodes(f->l, unit);
}

static void
tmpfs(struct lwp *l, const char *dir)
{
	struct tmpfs_args args = { .ta_version = 1, .ta_root_mode = 0755 };

	(void)l_mkdir(l, dir);
	CHECK_EQ(l_mount(l, "tmpfs", dir, 0, &args, sizeof(args)), 0);
}

static long
mount_ffs(struct lwp *l, const char *dev, const char *dir, int flags)
{
	char name[32];
	struct ufs_args args = { .fspec = name };

	snprintf(name, sizeof(name), "%s", dev);
	(void)l_mkdir(l, dir);
	return l_mount(l, "ffs", dir, flags, &args, sizeof(args));
}

/* One of the recorded images as a file of the kernel, zeros left out. */
static void
put_image(struct lwp *l, const char *name, const char *path)
{
	static const uint8_t zero[8192];
	uint8_t buf[8192];
	char cmd[256];
	off_t at = 0;
	FILE *fp;
	long fd = l_open(l, path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	size_t n;

	CHECK(fd >= 0);
	snprintf(cmd, sizeof(cmd),
	    "xz -dc ../shared/golden/images/%s.img.xz >%s", name, IMG);
	CHECK_EQ(system(cmd), 0);
	CHECK((fp = fopen(IMG, "rb")) != NULL);
	while ((n = fread(buf, 1, sizeof(buf), fp)) > 0) {
		if (memcmp(buf, zero, n) != 0)
			CHECK_EQ(l_pwrite(l, fd, buf, n, at), n);
		at += (off_t)n;
	}
	CHECK_EQ(fclose(fp), 0);
	host_linux.unlink(IMG);
	CHECK_EQ(l_ftruncate(l, fd, at), 0);
	CHECK_EQ(l_close(l, fd), 0);
}

/* --- files ------------------------------------------------------------------------- */

/* What is written to the disk is in the file, and the other way round. */
static void
use(struct lwp *l, const char *path)
{
	struct iovec v[3];
	register_t rv[2];
	struct sys_readv_args a;
	long fd, ffd, blk;

	CHECK_EQ(set(l, 1, path, 0), 0);
	fd = opened(l, 1, 'd', true, O_RDWR);
	CHECK_EQ(l_pwrite(l, fd, pattern, SIZE, 0), SIZE);
	CHECK_EQ(l_pwrite(l, fd, pattern, 512, (off_t)SIZE), 0);
	CHECK_EQ(l_pread(l, fd, got, 100, 0), -EINVAL);
	ffd = l_open(l, path, O_RDWR, 0);
	memset(got, 0, SIZE);
	CHECK_EQ(l_pread(l, ffd, got, SIZE, 0), SIZE);
	CHECK(memcmp(got, pattern, SIZE) == 0);
	CHECK_EQ(l_pwrite(l, ffd, "changed", 7, 4096), 7);
	v[0] = (struct iovec){ got, 1536 };
	v[1] = (struct iovec){ got + 1536, 0 };
	v[2] = (struct iovec){ got + 1536, 4096 };
	memset(&a, 0, sizeof(a));
	SCARG(&a, fd) = (int)fd;
	SCARG(&a, iovp) = v;
	SCARG(&a, iovcnt) = 3;
	CHECK_EQ(kern_syscall(l, SYS_readv, &a, rv), 0);
	CHECK_EQ(rv[0], 1536 + 4096);
	CHECK(memcmp(got, pattern, 4096) == 0);
	CHECK(memcmp(got + 4096, "changed", 7) == 0);
	/* The block device takes any place and length. */
	blk = opened(l, 1, 'a', false, O_RDWR);
	CHECK_EQ(l_pwrite(l, blk, "odd", 3, 5001), 3);
	CHECK_EQ(l_pread(l, ffd, got, 5, 5000), 5);
	CHECK(memcmp(got + 1, "odd", 3) == 0);
	CHECK_EQ(SYS(l, SYS_fsync, fsync, P(int, blk)), 0);
	CHECK_EQ(l_close(l, blk), 0);
	CHECK_EQ(l_close(l, ffd), 0);
	CHECK_EQ(l_close(l, fd), 0);
	CHECK_EQ(clear(l, 1, 0), 0);
}

TEST(a_disk_is_its_file_on_every_file_system)
{
	struct fixture f;
	struct {
		const char *hostpath;
	} host = { "/tmp" };

	begin(&f);
	file(f.l, "/tmp/img", SIZE);
	use(f.l, "/tmp/img");
	tmpfs(f.l, "/t");
	file(f.l, "/t/img", SIZE);
	use(f.l, "/t/img");
	put_image(f.l, "ffs2-be", "/t/ffs");
	CHECK_EQ(set(f.l, 0, "/t/ffs", 0), 0);
	CHECK_EQ(mount_ffs(f.l, "/dev/vnd0a", "/f", 0), 0);
	file(f.l, "/f/img", SIZE);
	use(f.l, "/f/img");
	CHECK_EQ(l_mkdir(f.l, "/h"), 0);
	CHECK_EQ(l_mount(f.l, "hostfs", "/h", 0, &host, sizeof(host)), 0);
	file(f.l, "/h/vnd_test.host", SIZE);
	use(f.l, "/h/vnd_test.host");
	CHECK_EQ(l_unlink(f.l, "/h/vnd_test.host"), 0);
	make_image("/tmp/vnd_test.key", SIZE);
	CHECK_EQ(etfs_register(f.k, "/key", "/tmp/vnd_test.key", ETFS_REG, 0,
		     ETFS_SIZE_TOEND),
	    0);
	use(f.l, "/key");
	down(&f);
	host_linux.unlink("/tmp/vnd_test.key");
}

TEST(geometry_and_size)
{
	struct fixture f;
	struct disklabel lp;
	uint64_t size;
	long fd;

	begin(&f);
	file(f.l, "/tmp/img", 2 * SIZE + 700);
	CHECK_EQ(set_geom(f.l, 1, "/tmp/img", 0, 0, 0, 0, 0, &size), 0);
	CHECK_EQ(size, 2 * SIZE + 512);
	fd = opened(f.l, 1, 'd', true, O_RDWR);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &lp), 0);
	CHECK_EQ(lp.d_nsectors, 32);
	CHECK_EQ(lp.d_ntracks, 64);
	CHECK_EQ(lp.d_ncylinders, 2);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	/* Less than the file, 4 KiB sectors. */
	CHECK_EQ(set_geom(f.l, 1, "/tmp/img", 0, 4096, 8, 4, 10, &size), 0);
	CHECK_EQ(size, 4096 * 8 * 4 * 10);
	fd = opened(f.l, 1, 'd', true, O_RDWR);
	CHECK_EQ(l_pread(f.l, fd, got, 4096, (off_t)size), 0);
	CHECK_EQ(l_pread(f.l, fd, got, 512, 0), -EINVAL);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	CHECK_EQ(set_geom(f.l, 1, "/tmp/img", 0, 512, 32, 64, 3, NULL), -EINVAL);
	CHECK_EQ(set_geom(f.l, 1, "/tmp/img", 0, 512, 0, 64, 2, NULL), -EINVAL);
	CHECK_EQ(set_geom(f.l, 1, "/tmp/img", 0, 256, 1, 1, 2, NULL), -EINVAL);
	CHECK_EQ(set_geom(f.l, 1, "/tmp/img", 0, 1536, 1, 1, 2, NULL), -EINVAL);
	CHECK_EQ(set_geom(f.l, 1, "/tmp/img", 0, 512, UINT32_MAX, UINT32_MAX,
		     UINT32_MAX, NULL),
	    -EINVAL);
	file(f.l, "/tmp/small", 100 * 512);
	CHECK_EQ(set(f.l, 1, "/tmp/small", 0), 0);
	fd = opened(f.l, 1, 'd', true, O_RDWR);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &lp), 0);
	CHECK_EQ(lp.d_secpercyl, 1);
	CHECK_EQ(lp.d_ncylinders, 100);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	file(f.l, "/tmp/empty", 0);
	CHECK_EQ(set_geom(f.l, 1, "/tmp/empty", 0, 0, 0, 0, 0, &size), 0);
	CHECK_EQ(size, 0);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	down(&f);
}

TEST(what_cannot_be_configured)
{
	struct fixture f;
	struct vnd_ioctl vio;
	long fd;

	begin(&f);
	file(f.l, "/tmp/img", SIZE);
	CHECK_EQ(set(f.l, 1, "/tmp/none", 0), -ENOENT);
	CHECK_EQ(set(f.l, 1, "/tmp", 0), -EOPNOTSUPP);
	CHECK_EQ(set(f.l, 1, "/dev/null", 0), -EOPNOTSUPP);
	CHECK_EQ(clear(f.l, 1, 0), -ENXIO);
	memset(&vio, 0, sizeof(vio));
	fd = opened(f.l, 1, 'd', true, O_RDWR);
	CHECK_EQ(l_ioctl(f.l, fd, VNDIOCSET, &vio), -EFAULT);
	CHECK_EQ(l_close(f.l, fd), 0);
	fd = opened(f.l, 1, 'd', true, O_RDONLY);
	CHECK_EQ(l_ioctl(f.l, fd, VNDIOCSET, &vio), -EBADF);
	CHECK_EQ(l_ioctl(f.l, fd, VNDIOCCLR, &vio), -EBADF);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(set(f.l, 1, "/tmp/img", 0), 0);
	CHECK_EQ(set(f.l, 1, "/tmp/img", 0), -EBUSY);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	down(&f);
}

TEST(read_only_is_read_only)
{
	struct fixture f;
	long fd, blk;

	begin(&f);
	file(f.l, "/tmp/img", SIZE);
	CHECK_EQ(set(f.l, 1, "/tmp/img", VNDIOF_READONLY), 0);
	fd = opened(f.l, 1, 'd', true, O_RDWR);
	CHECK_EQ(l_pwrite(f.l, fd, pattern, 512, 0), -EACCES);
	CHECK_EQ(l_close(f.l, fd), 0);
	blk = opened(f.l, 1, 'd', false, O_RDWR);
	CHECK(blk < 0 || l_pwrite(f.l, blk, pattern, 512, 0) == -EROFS);
	if (blk >= 0)
		CHECK_EQ(l_close(f.l, blk), 0);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	down(&f);
}

static long
get_unit(struct lwp *l, int unit, struct vnd_user *vnu)
{
	long fd = opened(l, 0, 'd', true, O_RDONLY), error;

	memset(vnu, 0, sizeof(*vnu));
	vnu->vnu_unit = unit;
	error = l_ioctl(l, fd, VNDIOCGET, vnu);
	CHECK_EQ(l_close(l, fd), 0);
	return error;
}

TEST(units_tell_their_files)
{
	struct fixture f;
	struct vnd_user vnu;
	struct stat st;

	begin(&f);
	nodes(f.l, 7);
	file(f.l, "/tmp/img", SIZE);
	CHECK_EQ(l_stat(f.l, "/tmp/img", &st), 0);
	CHECK_EQ(get_unit(f.l, 3, &vnu), 0);
	CHECK_EQ(vnu.vnu_ino, 0);
	CHECK_EQ(get_unit(f.l, 4, &vnu), -ENXIO);
	CHECK_EQ(get_unit(f.l, -2, &vnu), -EINVAL);
	CHECK_EQ(get_unit(f.l, INT32_MAX, &vnu), -ENXIO);
	CHECK_EQ(set(f.l, 7, "/tmp/img", 0), 0);
	CHECK_EQ(get_unit(f.l, 6, &vnu), 0);
	CHECK_EQ(get_unit(f.l, 7, &vnu), 0);
	CHECK_EQ(vnu.vnu_unit, 7);
	CHECK_EQ(vnu.vnu_dev, st.st_dev);
	CHECK_EQ(vnu.vnu_ino, st.st_ino);
	CHECK_EQ(get_unit(f.l, 8, &vnu), -ENXIO);
	CHECK_EQ(get_unit(f.l, -1, &vnu), 0);
	CHECK_EQ(vnu.vnu_unit, 0);
	/* Still configured: the kernel takes it down. */
	down(&f);
}

/* --- going away ------------------------------------------------------------------------ */

TEST(open_disks_stay_unless_forced)
{
	struct fixture f;
	long fd;

	begin(&f);
	file(f.l, "/tmp/img", SIZE);
	CHECK_EQ(set(f.l, 1, "/tmp/img", 0), 0);
	fd = opened(f.l, 1, 'a', false, O_RDWR);
	CHECK_EQ(clear(f.l, 1, 0), -EBUSY);
	CHECK_EQ(clear(f.l, 1, VNDIOF_FORCE), 0);
	CHECK(l_pread(f.l, fd, got, 512, 0) <= 0);
	CHECK(l_pwrite(f.l, fd, got, 512, 0) <= 0);
	/* What has it open does not see the next file, and must go first. */
	CHECK_EQ(set(f.l, 1, "/tmp/img", 0), -EBUSY);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(set(f.l, 1, "/tmp/img", 0), 0);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	down(&f);
}

TEST(a_file_that_is_cut_gives_errors)
{
	struct fixture f;
	struct stat st;
	long fd, ffd;

	begin(&f);
	file(f.l, "/tmp/img", SIZE);
	CHECK_EQ(set(f.l, 1, "/tmp/img", 0), 0);
	ffd = l_open(f.l, "/tmp/img", O_RDWR, 0);
	CHECK_EQ(l_ftruncate(f.l, ffd, 10000), 0);
	fd = opened(f.l, 1, 'd', true, O_RDWR);
	CHECK_EQ(l_pread(f.l, fd, got, 512, 0), 512);
	CHECK_EQ(l_pread(f.l, fd, got, 1024, 9728), -EIO);
	CHECK_EQ(l_pwrite(f.l, fd, got, 512, 65536), -EIO);
	CHECK_EQ(l_pwrite(f.l, fd, got, 1024, 9728), -EIO);
	CHECK_EQ(l_stat(f.l, "/tmp/img", &st), 0);
	CHECK_EQ(st.st_size, 10000);
	/* Without a name it lives on. */
	CHECK_EQ(l_close(f.l, ffd), 0);
	CHECK_EQ(l_unlink(f.l, "/tmp/img"), 0);
	CHECK_EQ(l_pwrite(f.l, fd, pattern, 512, 0), 512);
	CHECK_EQ(l_pread(f.l, fd, got, 512, 0), 512);
	CHECK(memcmp(got, pattern, 512) == 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	down(&f);
}

TEST(the_file_holds_its_file_system)
{
	struct fixture f;
	long fd;

	begin(&f);
	tmpfs(f.l, "/t");
	file(f.l, "/t/img", SIZE);
	CHECK_EQ(set(f.l, 1, "/t/img", 0), 0);
	CHECK_EQ(l_unmount(f.l, "/t", 0), -EBUSY);
	fd = opened(f.l, 1, 'd', true, O_RDWR);
	CHECK_EQ(l_unmount(f.l, "/t", MNT_FORCE), 0);
	CHECK_EQ(l_pread(f.l, fd, got, 512, 0), -EIO);
	CHECK_EQ(l_pwrite(f.l, fd, got, 512, 0), -EIO);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCCACHESYNC, &(int){ 0 }), -EIO);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	down(&f);
}

/* --- holes ------------------------------------------------------------------------------- */

TEST(holes_stay_and_discards_make_them)
{
	struct fixture f;
	int64_t full;
	long fd;

	begin(&f);
	tmpfs(f.l, "/t");
	put_image(f.l, "ffs2-be", "/t/ffs");
	CHECK_EQ(set(f.l, 0, "/t/ffs", 0), 0);
	CHECK_EQ(mount_ffs(f.l, "/dev/vnd0a", "/f", 0), 0);
	file(f.l, "/f/img", SIZE);
	full = blocks(f.l, "/f/img");
	CHECK_EQ(set(f.l, 1, "/f/img", 0), 0);
	fd = opened(f.l, 1, 'd', true, O_RDWR);
	CHECK_EQ(l_pread(f.l, fd, got, SIZE, 0), SIZE);
	CHECK_EQ(got[SIZE / 2], 0);
	CHECK_EQ(blocks(f.l, "/f/img"), full);
	CHECK_EQ(l_pwrite(f.l, fd, pattern, 65536, 65536), 65536);
	full = blocks(f.l, "/f/img");
	CHECK(full < (int64_t)SIZE / 512);
	CHECK_EQ(l_fdiscard(f.l, fd, 65536, 65536), 0);
	CHECK(blocks(f.l, "/f/img") < full);
	CHECK_EQ(l_pread(f.l, fd, got, 65536, 65536), 65536);
	CHECK(got[0] == 0 && got[65535] == 0);
	CHECK_EQ(l_fdiscard(f.l, fd, (off_t)SIZE + 512, 512), -EINVAL);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	down(&f);
}

/* --- one upon another ------------------------------------------------------------------------ */

struct job {
	const char *dir;
	int id, rounds;
};

static long
worker(struct lwp *l, void *arg)
{
	struct job *job = arg;
	char path[64];
	uint8_t buf[8192], back[8192];
	long bad = 0;

	for (int i = 0; i < job->rounds; i++) {
		long fd;

		snprintf(
		    path, sizeof(path), "%s/w%d.%d", job->dir, job->id, i % 4);
		fd = l_open(l, path, O_RDWR | O_CREAT | O_TRUNC, 0644);
		if (fd < 0) {
			bad++;
			continue;
		}
		memset(buf, job->id * 16 + i, sizeof(buf));
		for (int j = 0; j < 8; j++)
			bad += l_pwrite(l, fd, buf, sizeof(buf),
				   (off_t)j * 8192) != 8192;
		if (i % 8 == 0)
			bad += SYS(l, SYS_fsync, fsync, P(int, fd)) != 0;
		bad += l_pread(l, fd, back, sizeof(back), 4096) != 8192;
		bad += memcmp(back, buf, sizeof(back)) != 0;
		bad += l_close(l, fd) != 0;
		if (i % 3 == 0)
			bad += l_unlink(l, path) != 0;
		if (i % 16 == 5)
			(void)kern_syscall(
			    l, SYS_sync, NULL, (register_t[2]){ 0 });
	}
	return bad;
}

/* Writers in all three file systems at once, journals in the two upper ones: each writes from inside of its transactions into the one below. */
static void
stacked(int flags, bool update)
{
	struct fixture f;
	struct side sides[4];
	struct job jobs[4] = { { "/b", 1, 40 }, { "/b", 2, 40 },
		{ "/a", 3, 40 }, { "/t", 4, 40 } };

	begin(&f);
	tmpfs(f.l, "/t");
	put_image(f.l, "ffs2-be", "/t/lower");
	CHECK_EQ(set(f.l, 0, "/t/lower", 0), 0);
	CHECK_EQ(mount_ffs(f.l, "/dev/vnd0a", "/a", flags), 0);
	put_image(f.l, "ffs2-le", "/a/upper");
	CHECK_EQ(set(f.l, 1, "/a/upper", 0), 0);
	CHECK_EQ(mount_ffs(f.l, "/dev/vnd1a", "/b", flags), 0);
	for (int i = 0; i < 4; i++)
		side_begin(&sides[i], f.p, worker, &jobs[i]);
	/* Updates hold everybody up for a while; -EBUSY: for too long. */
	for (int i = 0; update && i < 6; i++) {
		long error = mount_ffs(f.l, i % 2 ? "/dev/vnd0a" : "/dev/vnd1a",
		    i % 2 ? "/a" : "/b", MNT_UPDATE | (i % 4 < 2 ? MNT_LOG : 0));

		CHECK(error == 0 || error == -EBUSY || error == -ENOSPC);
	}
	for (int i = 0; i < 4; i++)
		CHECK_EQ(side_end(&sides[i]), 0);
	CHECK_EQ(l_unmount(f.l, "/a", 0), -EBUSY);
	CHECK_EQ(l_unmount(f.l, "/b", 0), 0);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	CHECK_EQ(set(f.l, 1, "/a/upper", VNDIOF_READONLY), 0);
	CHECK_EQ(mount_ffs(f.l, "/dev/vnd1a", "/b", MNT_RDONLY), 0);
	/* The kernel goes down with everything mounted. */
	down(&f);
}

TEST(file_systems_upon_another_do_not_wait_for_each_other)
{
	stacked(0, false);
}

TEST(journals_upon_another_do_not_wait_for_each_other)
{
	stacked(MNT_LOG, false);
}

TEST(updates_of_file_systems_upon_another_come_to_an_end)
{
	stacked(0, true);
}

/* The medium of a mounted file system goes, or the file system that has it: it can still be unmounted. */
TEST(a_file_system_without_its_disk_is_unmounted)
{
	struct fixture f;
	long fd;

	for (int how = 0; how < 2; how++) {
		begin(&f);
		tmpfs(f.l, "/t");
		put_image(f.l, "ffs2-be", "/t/ffs");
		CHECK_EQ(set(f.l, 1, "/t/ffs", 0), 0);
		CHECK_EQ(mount_ffs(f.l, "/dev/vnd1a", "/f", MNT_LOG), 0);
		fd = l_open(f.l, "/f/new", O_RDWR | O_CREAT, 0644);
		CHECK_EQ(l_write(f.l, fd, pattern, 100000), 100000);
		if (how == 0)
			CHECK_EQ(clear(f.l, 1, VNDIOF_FORCE), 0);
		else
			CHECK_EQ(l_unmount(f.l, "/t", MNT_FORCE), 0);
		CHECK(SYS(f.l, SYS_fsync, fsync, P(int, fd)) < 0);
		CHECK_EQ(l_close(f.l, fd), 0);
		(void)l_unmount(f.l, "/f", MNT_FORCE);
		CHECK(l_open(f.l, "/f/new", O_RDONLY, 0) < 0);
		if (how == 1)
			CHECK_EQ(clear(f.l, 1, 0), 0);
		down(&f);
	}
}

/* Taken by force while others read and write: errors, and no more than that. */
static long
hammer(struct lwp *l, void *arg)
{
	_Atomic bool *stop = arg;
	uint8_t buf[4096];
	long fd = l_open(l, "/dev/vnd1a", O_RDWR, 0), n = 0;

	memset(buf, 1, sizeof(buf));
	while (!atomic_load(stop)) {
		(void)l_pread(l, fd, buf, sizeof(buf), (n % 64) * 4096);
		(void)l_pwrite(l, fd, buf, sizeof(buf), (n % 64) * 4096);
		n++;
	}
	(void)l_close(l, fd);
	return n;
}

TEST(taken_under_readers_and_writers)
{
	struct fixture f;
	struct side sides[2];
	_Atomic bool stop = false;

	begin(&f);
	file(f.l, "/tmp/img", SIZE);
	CHECK_EQ(set(f.l, 1, "/tmp/img", 0), 0);
	for (int i = 0; i < 2; i++)
		side_begin(&sides[i], f.p, hammer, &stop);
	host_sleep_ns(20 * MS);
	CHECK_EQ(clear(f.l, 1, VNDIOF_FORCE), 0);
	host_sleep_ns(5 * MS);
	atomic_store(&stop, true);
	CHECK(side_end(&sides[0]) > 0);
	CHECK(side_end(&sides[1]) > 0);
	down(&f);
}

/* --- compressed images ------------------------------------------------------------------------- */

static void *
z_alloc(void *ctx, unsigned n, unsigned size)
{
	(void)ctx;
	return calloc(n, size);
}

static void
z_free(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

static void
be(uint8_t *p, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

/* `size` bytes of the pattern, compressed in blocks; the length of it. */
static size_t
make_cloop(uint8_t *out, size_t size, uint32_t bs)
{
	uint32_t n = (uint32_t)((size + bs - 1) / bs);
	size_t at = VND_IMAGE_HEADER + ((size_t)n + 1) * 8;

	memset(out, 0, VND_IMAGE_HEADER);
	memcpy(out, VND_IMAGE_MAGIC, sizeof(VND_IMAGE_MAGIC) - 1);
	be(out + VND_IMAGE_PREAMBLE, bs, 4);
	be(out + VND_IMAGE_PREAMBLE + 4, n, 4);
	for (uint32_t i = 0; i <= n; i++) {
		z_stream z = { .zalloc = z_alloc, .zfree = z_free };
		size_t left = size - (size_t)i * bs;

		be(out + VND_IMAGE_HEADER + (size_t)i * 8, at, 8);
		if (i == n)
			break;
		CHECK_EQ(deflateInit(&z, 1), Z_OK);
		z.next_in = pattern + (size_t)i * bs;
		z.avail_in = (uInt)(left < bs ? left : bs);
		z.next_out = out + at;
		z.avail_out = 2 * (uInt)SIZE;
		CHECK_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
		at += z.total_out;
		(void)deflateEnd(&z);
	}
	return at;
}

static void
put_bytes(struct lwp *l, const char *path, const void *p, size_t n)
{
	long fd = l_open(l, path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK_EQ(l_write(l, fd, p, n), n);
	CHECK_EQ(l_close(l, fd), 0);
}

static long
read_all(struct lwp *l, void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;
	long fd = l_open(l, "/dev/rvnd1d", O_RDONLY, 0), bad = fd < 0;
	uint8_t buf[8192];

	for (int i = 0; i < 400; i++) {
		off_t at = (off_t)((seed = seed * 1103515245 + 12345) >> 8) %
		    (off_t)((SIZE - sizeof(buf)) / 512) * 512;

		bad += l_pread(l, fd, buf, sizeof(buf), at) !=
			(long)sizeof(buf) ||
		    memcmp(buf, pattern + at, sizeof(buf)) != 0;
	}
	bad += l_close(l, fd) != 0;
	return bad;
}

TEST(compressed_images_read_as_what_they_were)
{
	uint8_t *cloop = malloc(4 * SIZE);
	struct side sides[3];
	struct fixture f;
	uint64_t size;
	size_t n;
	long fd;

	CHECK(cloop != NULL);
	begin(&f);
	n = make_cloop(cloop, SIZE, 16384);
	put_bytes(f.l, "/tmp/izo", cloop, n);
	CHECK_EQ(set_geom(f.l, 1, "/tmp/izo", VNF_COMP, 0, 0, 0, 0, &size), 0);
	CHECK_EQ(size, SIZE);
	fd = opened(f.l, 1, 'd', true, O_RDWR);
	CHECK_EQ(l_pwrite(f.l, fd, pattern, 512, 0), -EACCES);
	memset(got, 0, SIZE);
	CHECK_EQ(l_pread(f.l, fd, got, SIZE, 0), SIZE);
	CHECK(memcmp(got, pattern, SIZE) == 0);
	for (uintptr_t i = 0; i < 3; i++)
		side_begin(&sides[i], f.p, read_all, (void *)(i + 1));
	for (int i = 0; i < 3; i++)
		CHECK_EQ(side_end(&sides[i]), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	/* The last block need not be a whole one. */
	n = make_cloop(cloop, SIZE - 3 * 512, 65536);
	put_bytes(f.l, "/tmp/izo", cloop, n);
	CHECK_EQ(set_geom(f.l, 1, "/tmp/izo", VNF_COMP, 0, 0, 0, 0, &size), 0);
	CHECK_EQ(size, SIZE - 3 * 512);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	down(&f);
	free(cloop);
}

TEST(compressed_images_of_any_content)
{
	uint8_t *cloop = malloc(4 * SIZE), keep[16];
	struct fixture f;
	size_t n, block5;
	long fd;

	CHECK(cloop != NULL);
	begin(&f);
	n = make_cloop(cloop, SIZE, 16384);
	/* One bad block is an error where it is read. */
	block5 = VND_IMAGE_HEADER + 5 * 8;
	memcpy(keep, cloop + block5, 8);
	be(cloop + block5, UINT64_MAX, 8);
	put_bytes(f.l, "/tmp/izo", cloop, n);
	CHECK_EQ(set(f.l, 1, "/tmp/izo", VNF_COMP), 0);
	fd = opened(f.l, 1, 'd', true, O_RDONLY);
	CHECK_EQ(l_pread(f.l, fd, got, 512, 5 * 16384), -EIO);
	CHECK_EQ(l_pread(f.l, fd, got, 512, 4 * 16384), -EIO);
	CHECK_EQ(l_pread(f.l, fd, got, 512, 6 * 16384), 512);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(clear(f.l, 1, 0), 0);
	memcpy(cloop + block5, keep, 8);
	/* The header. */
	be(cloop + VND_IMAGE_PREAMBLE, 0, 4);
	put_bytes(f.l, "/tmp/izo", cloop, n);
	CHECK_EQ(set(f.l, 1, "/tmp/izo", VNF_COMP), -EINVAL);
	be(cloop + VND_IMAGE_PREAMBLE, 0xfffffe00, 4);
	put_bytes(f.l, "/tmp/izo", cloop, n);
	CHECK_EQ(set(f.l, 1, "/tmp/izo", VNF_COMP), -EINVAL);
	be(cloop + VND_IMAGE_PREAMBLE, 16384, 4);
	be(cloop + VND_IMAGE_PREAMBLE + 4, UINT32_MAX, 4);
	put_bytes(f.l, "/tmp/izo", cloop, n);
	CHECK_EQ(set(f.l, 1, "/tmp/izo", VNF_COMP), -EINVAL);
	be(cloop + VND_IMAGE_PREAMBLE + 4, SIZE / 16384, 4);
	put_bytes(f.l, "/tmp/izo", cloop, n - 1);
	CHECK_EQ(set(f.l, 1, "/tmp/izo", VNF_COMP), -EINVAL);
	put_bytes(f.l, "/tmp/izo", cloop, 100);
	CHECK_EQ(set(f.l, 1, "/tmp/izo", VNF_COMP), -EINVAL);
	memset(cloop, 'x', 20);
	put_bytes(f.l, "/tmp/izo", cloop, n);
	CHECK_EQ(set(f.l, 1, "/tmp/izo", VNF_COMP), -EINVAL);
	down(&f);
	free(cloop);
}

int
main(void)
{
	RUN(a_disk_is_its_file_on_every_file_system);
	RUN(geometry_and_size);
	RUN(what_cannot_be_configured);
	RUN(read_only_is_read_only);
	RUN(units_tell_their_files);
	RUN(open_disks_stay_unless_forced);
	RUN(a_file_that_is_cut_gives_errors);
	RUN(the_file_holds_its_file_system);
	RUN(holes_stay_and_discards_make_them);
	RUN(file_systems_upon_another_do_not_wait_for_each_other);
	RUN(journals_upon_another_do_not_wait_for_each_other);
	RUN(updates_of_file_systems_upon_another_come_to_an_end);
	RUN(a_file_system_without_its_disk_is_unmounted);
	RUN(taken_under_readers_and_writers);
	RUN(compressed_images_read_as_what_they_were);
	RUN(compressed_images_of_any_content);
	return check_done();
}
