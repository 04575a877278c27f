/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk core over a disk in memory: labels, partitions, wedges, requests, what happens when a medium goes. */
#include <netbsd/disk.h>
#include <netbsd/disklabel.h>
#include <netbsd/sysctl.h>
#include <rumprun/dklabel.h>
#include "core_calls.h"
#include "dev/disk.h"
#include "dev/parttab.h"
#include "disk_image.h"
#include "vfs/spec.h"

/* --- the driver ------------------------------------------------------------- */

#define MD_MAJOR 200
struct md_conf {
	uint64_t size;
	uint32_t secsize, readonly;
};
#define MD_SET (0x80000000UL | sizeof(struct md_conf) << 16 | 'm' << 8 | 1)
#define MD_CLEAR (0x80000000UL | sizeof(int) << 16 | 'm' << 8 | 2) /* force */
#define MD_RESIZE (0x80000000UL | sizeof(uint64_t) << 16 | 'm' << 8 | 3)

#define MD_SIZE ((size_t)1 << 20)
static uint8_t medium[2][MD_SIZE];
/* A transfer that finds md_hold set says so in md_held and waits. */
static _Atomic bool md_hold, md_held;

static int
md_io(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off, bool wr)
{
	struct disk *dk = d->b_priv;

	CHECK_THREAD(off % d->b_secsize == 0);
	if (atomic_load(&md_hold)) {
		atomic_store(&md_held, true);
		while (atomic_load(&md_hold))
			continue;
	}
	for (int i = 0; i < cnt; i++) {
		uint8_t *at = medium[dk->dk_unit] + off;

		CHECK_THREAD(iov[i].iov_len <= d->b_size - off);
		if (wr)
			memcpy(at, iov[i].iov_base, iov[i].iov_len);
		else
			memcpy(iov[i].iov_base, at, iov[i].iov_len);
		off += iov[i].iov_len;
	}
	return 0;
}

static int
md_readv(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	return md_io(d, iov, cnt, off, false);
}

static int
md_writev(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	return md_io(d, iov, cnt, off, true);
}

static int
md_sync(struct blkdev *d)
{
	(void)d;
	return 0;
}

static int
md_ioctl(struct lwp *l, struct disk *dk, unsigned part, unsigned long cmd,
    void *data, int flags)
{
	struct md_conf c;
	uint64_t size;
	int force;

	(void)flags;
	switch (cmd) {
	case MD_SET:
		memcpy(&c, data, sizeof(c));
		return disk_configure(
		    l, dk, c.size, c.secsize, NULL, c.readonly != 0);
	case MD_CLEAR:
		memcpy(&force, data, sizeof(force));
		return disk_unconfigure(l, dk, part, force != 0);
	case MD_RESIZE:
		memcpy(&size, data, sizeof(size));
		disk_resized(dk, size);
		return 0;
	}
	return 1;
}

static const struct blkdev_ops md_ops = {
	.bd_readv = md_readv, .bd_writev = md_writev, .bd_sync = md_sync
};
static const struct disk_driver md_driver = { .dd_name = "md",
	.dd_nunits = 2,
	.dd_type = DKTYPE_MD,
	.dd_ops = &md_ops,
	.dd_ioctl = md_ioctl };
static const struct devsw dev_md = DISK_DEVSW(md_driver, MD_MAJOR, MD_MAJOR);
static const struct devsw *const devsw[] = { &dev_md, NULL };

static void
node(struct lwp *l, const char *name, unsigned maj, unsigned min)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/%s", name);
	CHECK_EQ(l_mknod(l, path, S_IFBLK | 0600, makedev(maj, min)), 0);
	snprintf(path, sizeof(path), "/dev/r%s", name);
	CHECK_EQ(l_mknod(l, path, S_IFCHR | 0600, makedev(maj, min)), 0);
}

/* A kernel with the nodes md0a to md0p, md1d, dk0 to dk3, whose disks are zero. */
static void
start(struct fixture *f, bool wedges)
{
	struct kern_config c = { .kc_devsw = devsw, .kc_wedges = wedges };
	char name[8];

	memset(medium, 0, sizeof(medium));
	up_config(f, &c);
	for (unsigned i = 0; i < MAXPARTITIONS; i++) {
		snprintf(name, sizeof(name), "md0%c", 'a' + (int)i);
		node(f->l, name, MD_MAJOR, i);
	}
	node(f->l, "md1d", MD_MAJOR, MAXPARTITIONS + RAW_PART);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "dk%u", i);
		node(f->l, name, 168, i);
	}
}

static long
configure(struct fixture *f, uint32_t secsize, bool readonly)
{
	struct md_conf c = { MD_SIZE, secsize, readonly };
	long fd = l_open(f->l, "/dev/rmd0d", O_RDWR, 0);

	CHECK(fd >= 0);
	CHECK_EQ(l_ioctl(f->l, fd, MD_SET, &c), 0);
	return fd;
}

static long
clear(struct fixture *f, long fd, int force)
{
	return l_ioctl(f->l, fd, MD_CLEAR, &force);
}

static void
seal(struct disklabel *lp)
{
	lp->d_magic = lp->d_magic2 = DISKMAGIC;
	lp->d_checksum = 0;
	lp->d_checksum = rumprun_dklabel_sum(lp);
}

static void
part(struct disklabel *lp, unsigned i, uint32_t begin, uint32_t size)
{
	lp->d_partitions[i].p_offset = begin;
	lp->d_partitions[i].p_size = size;
	lp->d_partitions[i].p_fstype = FS_BSDFFS;
	if (lp->d_npartitions <= i)
		lp->d_npartitions = (uint16_t)(i + 1);
}

/* --- labels ------------------------------------------------------------------ */

TEST(disk_unit_without_medium_opens_raw_only)
{
	struct disklabel label;
	struct fixture f;
	uint8_t sector[512];
	long fd;

	start(&f, false);
	CHECK_EQ(l_open(f.l, "/dev/rmd0a", O_RDONLY, 0), -ENXIO);
	CHECK_EQ(l_open(f.l, "/dev/rdk0", O_RDONLY, 0), -ENXIO);
	fd = l_open(f.l, "/dev/rmd0d", O_RDONLY, 0);
	CHECK(fd >= 0);
	CHECK_EQ(l_read(f.l, fd, sector, 512), -ENXIO);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &label), -ENXIO);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

TEST(disk_label_set_follows_the_rules)
{
	struct disklabel label, bad;
	struct fixture f;
	long fd, ro, a;

	start(&f, false);
	fd = configure(&f, 512, false);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &label), 0);
	CHECK_EQ(label.d_secperunit, MD_SIZE / 512);
	CHECK_STR(label.d_un.un_d_packname, "fictitious");
	label.d_partitions[0].p_size = 0;
	part(&label, 0, 16, 100);
	part(&label, 4, 200, 10000); /* past the end: cut */
	seal(&label);
	ro = l_open(f.l, "/dev/rmd0d", O_RDONLY, 0);
	CHECK_EQ(l_ioctl(f.l, ro, DIOCSDINFO, &label), -EBADF);
	CHECK_EQ(l_close(f.l, ro), 0);
	bad = label;
	bad.d_checksum ^= 1;
	CHECK_EQ(l_ioctl(f.l, fd, DIOCSDINFO, &bad), -EINVAL);
	bad = label;
	bad.d_npartitions = MAXPARTITIONS + 1;
	CHECK_EQ(l_ioctl(f.l, fd, DIOCSDINFO, &bad), -EINVAL);
	bad = label;
	bad.d_secsize = 1024;
	seal(&bad);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCSDINFO, &bad), -EINVAL);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCWDINFO, &label), 0);
	CHECK_EQ(medium[0][512], 0x57);
	a = l_open(f.l, "/dev/rmd0a", O_RDWR, 0);
	CHECK(a >= 0);
	bad = label;
	bad.d_partitions[0].p_offset = 17;
	seal(&bad);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCSDINFO, &bad), -EBUSY);
	bad = label;
	bad.d_partitions[0].p_size = 99;
	seal(&bad);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCSDINFO, &bad), -EBUSY);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCCLRLABEL, NULL), -EBUSY);
	bad = label;
	bad.d_partitions[0].p_size = 101;
	bad.d_partitions[0].p_fstype = FS_UNUSED;
	seal(&bad);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCSDINFO, &bad), 0);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &bad), 0);
	CHECK_EQ(bad.d_partitions[0].p_fstype, FS_BSDFFS);
	CHECK_EQ(bad.d_partitions[0].p_size, 101);
	CHECK_EQ(rumprun_dklabel_sum(&bad), bad.d_checksum);
	CHECK_EQ(l_close(f.l, a), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	/* the last close has forgotten what was not written */
	a = l_open(f.l, "/dev/rmd0e", O_RDWR, 0);
	CHECK_EQ(l_ioctl(f.l, a, DIOCGDINFO, &bad), 0);
	CHECK_EQ(bad.d_partitions[0].p_size, 100);
	{
		off_t size = 0;

		CHECK_EQ(l_ioctl(f.l, a, DIOCGMEDIASIZE, &size), 0);
		CHECK_EQ(size, MD_SIZE - 200 * 512);
	}
	CHECK_EQ(l_close(f.l, a), 0);
	down(&f);
}

TEST(disk_label_is_kept_when_asked)
{
	struct disklabel label;
	struct fixture f;
	int on = 1;
	long fd;

	start(&f, false);
	fd = configure(&f, 512, false);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &label), 0);
	part(&label, 5, 8, 8);
	seal(&label);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCSDINFO, &label), 0);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCKLABEL, &on), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	fd = l_open(f.l, "/dev/rmd0f", O_RDONLY, 0);
	CHECK(fd >= 0);
	on = 0;
	CHECK_EQ(l_ioctl(f.l, fd, DIOCKLABEL, &on), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(l_open(f.l, "/dev/rmd0f", O_RDONLY, 0), -ENXIO);
	down(&f);
}

TEST(disk_label_of_large_sectors)
{
	struct disklabel label;
	uint8_t *buf = calloc(2, 4096);
	struct fixture f;
	long fd, a;

	start(&f, false);
	fd = configure(&f, 4096, false);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &label), 0);
	CHECK_EQ(label.d_secsize, 4096);
	CHECK_EQ(l_pread(f.l, fd, buf, 512, 0), -EINVAL);
	CHECK_EQ(l_pread(f.l, fd, buf, 4096, 512), -EINVAL);
	part(&label, 0, 2, 3);
	seal(&label);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCWDINFO, &label), 0);
	CHECK_EQ(medium[0][4096], 0x57);
	CHECK_EQ(l_close(f.l, fd), 0);
	a = l_open(f.l, "/dev/rmd0a", O_RDWR, 0);
	CHECK(a >= 0);
	memset(buf, 7, 8192);
	CHECK_EQ(l_pwrite(f.l, a, buf, 8192, 8192), 4096); /* cut */
	CHECK_EQ(medium[0][4 * 4096], 7);
	CHECK_EQ(medium[0][5 * 4096], 0);
	CHECK_EQ(l_pread(f.l, a, buf, 4096, 3 * 4096), 0);
	CHECK_EQ(l_pread(f.l, a, buf, 4096, 4 * 4096), -EINVAL);
	CHECK_EQ(l_close(f.l, a), 0);
	free(buf);
	down(&f);
}

/* Either byte order, in the MBR's partition; a set one is written in the order found. */
TEST(disk_label_in_mbr_partition_of_either_byte_order)
{
	for (int swapped = 0; swapped < 2; swapped++) {
		struct disklabel label = {
			.d_secsize = 512, .d_secpercyl = 1, .d_npartitions = 4
		};
		struct fixture f;
		bool was;
		long fd;

		start(&f, false);
		img_mbr(medium[0], 512, 0, 1, 0xa9, 64, 1000);
		part(&label, 0, 100, 200);
		CHECK_EQ(rumprun_dklabel_encode(
			     &label, medium[0] + 65 * 512, 512, swapped),
		    0);
		fd = configure(&f, 512, false);
		CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &label), 0);
		CHECK_EQ(label.d_partitions[0].p_offset, 100);
		part(&label, 1, 400, 10);
		seal(&label);
		CHECK_EQ(l_ioctl(f.l, fd, DIOCWDINFO, &label), 0);
		CHECK_EQ(rumprun_dklabel_decode(
			     medium[0] + 65 * 512, 512, &label, &was),
		    0);
		CHECK_EQ(was, swapped);
		CHECK_EQ(label.d_partitions[1].p_offset, 400);
		CHECK_EQ(medium[0][512], 0);
		CHECK_EQ(l_close(f.l, fd), 0);
		down(&f);
	}
}

TEST(disk_label_made_up_shows_mbr)
{
	struct disklabel label;
	struct fixture f;
	long fd;

	start(&f, false);
	img_mbr(medium[0], 512, 0, 0, 0x83, 4, 60);
	img_mbr(medium[0], 512, 0, 2, 0x0f, 100, 200);
	img_mbr(medium[0], 512, 0, 3, 0x83, 100, 0xfffffff0);
	img_mbr(medium[0], 512, 100, 0, 0x0b, 2, 20);
	img_mbr(medium[0], 512, 100, 1, 0x05, 50, 30);
	img_mbr(medium[0], 512, 150, 0, 0x82, 2, 20);
	img_mbr(medium[0], 512, 150, 1, 0x05, 0x7fffffff, 30);
	fd = configure(&f, 512, false);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &label), 0);
	CHECK_EQ(label.d_npartitions, 10);
	CHECK_EQ(label.d_partitions[4].p_offset, 4);
	CHECK_EQ(label.d_partitions[4].p_fstype, FS_EX2FS);
	CHECK_EQ(label.d_partitions[7].p_size, 0);
	CHECK_EQ(label.d_partitions[8].p_offset, 102);
	CHECK_EQ(label.d_partitions[8].p_fstype, FS_MSDOS);
	CHECK_EQ(label.d_partitions[9].p_offset, 152);
	CHECK_EQ(rumprun_dklabel_sum(&label), label.d_checksum);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

TEST(disk_label_sector_is_protected)
{
	struct disklabel label;
	uint8_t sector[512] = { 1 };
	struct fixture f;
	int on = 1;
	long fd, a;

	start(&f, false);
	fd = configure(&f, 512, false);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &label), 0);
	part(&label, 0, 0, 100);
	seal(&label);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCWDINFO, &label), 0);
	a = l_open(f.l, "/dev/rmd0a", O_RDWR, 0);
	CHECK_EQ(l_pwrite(f.l, a, sector, 512, 512), -EROFS);
	CHECK_EQ(l_pwrite(f.l, a, sector, 512, 0), 512);
	CHECK_EQ(l_pwrite(f.l, a, sector, 512, 1024), 512);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCWLABEL, &on), 0);
	CHECK_EQ(l_pwrite(f.l, a, sector, 512, 512), 512);
	CHECK_EQ(l_close(f.l, a), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

TEST(disk_read_only_medium_is_not_written)
{
	struct disklabel label;
	uint8_t sector[512] = { 1 };
	struct fixture f;
	long fd;

	start(&f, false);
	fd = configure(&f, 512, true);
	CHECK_EQ(l_pwrite(f.l, fd, sector, 512, 0), -EACCES);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &label), 0);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCWDINFO, &label), -EROFS);
	CHECK_EQ(l_close(f.l, fd), 0);
	for (size_t i = 0; i < MD_SIZE; i++)
		CHECK(medium[0][i] == 0);
	down(&f);
}

TEST(disk_medium_that_grows)
{
	struct md_conf c = { MD_SIZE / 2, 512, 0 };
	struct disklabel label;
	uint64_t size = MD_SIZE;
	struct fixture f;
	uint8_t sector[512] = { 1 };
	long fd;

	start(&f, false);
	fd = l_open(f.l, "/dev/rmd0d", O_RDWR, 0);
	CHECK_EQ(l_ioctl(f.l, fd, MD_SET, &c), 0);
	CHECK_EQ(l_pwrite(f.l, fd, sector, 512, MD_SIZE / 2), 0);
	CHECK_EQ(l_ioctl(f.l, fd, MD_RESIZE, &size), 0);
	CHECK_EQ(l_pwrite(f.l, fd, sector, 512, MD_SIZE / 2), 512);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &label), 0);
	CHECK_EQ(label.d_secperunit, MD_SIZE / 512);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

/* --- requests ----------------------------------------------------------------- */

TEST(disk_requests_of_old_programs)
{
	uint8_t old[276];
	struct disklabel label;
	struct fixture f;
	long fd;

	start(&f, false);
	fd = configure(&f, 512, false);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &label), 0);
	part(&label, 1, 16, 16);
	part(&label, 12, 16, 16);
	seal(&label);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCSDINFO, &label), 0);
	CHECK_EQ(l_ioctl(f.l, fd, 0x41146465UL, old), 0);
	CHECK_EQ(rumprun_dklabel_decode(old, sizeof(old), &label, NULL), 0);
	CHECK_EQ(label.d_npartitions, 8);
	CHECK_EQ(label.d_partitions[1].p_size, 16);
	CHECK_EQ(l_ioctl(f.l, fd, 0x81146467UL, old), 0);
	CHECK_EQ(medium[0][512], 0x57);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &label), 0);
	CHECK_EQ(label.d_npartitions, 8);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

TEST(disk_requests_without_effect)
{
	struct disk_strategy dks = { .dks_name = "priocscan" };
	struct disk_badsecinfo bad = { .dbsi_left = 9 };
	struct fixture f;
	int word = 0;
	unsigned secsize;
	long fd;

	start(&f, false);
	fd = configure(&f, 1024, false);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGCACHE, &word), 0);
	CHECK_EQ(word, DKCACHE_READ | DKCACHE_WRITE);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCSCACHE, &word), 0);
	word = 0;
	CHECK_EQ(l_ioctl(f.l, fd, DIOCSCACHE, &word), -EOPNOTSUPP);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCCACHESYNC, &word), 0);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCSSTRATEGY, &dks), 0);
	memset(&dks, 1, sizeof(dks));
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGSTRATEGY, &dks), 0);
	CHECK_STR(dks.dks_name, "priocscan");
	memset(dks.dks_name, 'x', sizeof(dks.dks_name));
	CHECK_EQ(l_ioctl(f.l, fd, DIOCSSTRATEGY, &dks), -EINVAL);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCBSLIST, &bad), 0);
	CHECK_EQ(bad.dbsi_left, 0);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCBSFLUSH, NULL), 0);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCEJECT, &word), -ENOTTY);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCLOCK, &word), -ENOTTY);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGSECTORSIZE, &secsize), 0);
	CHECK_EQ(secsize, 1024);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

static long
sysctl_get(struct lwp *l, int a, int b, int c, void *buf, size_t *len)
{
	int mib[3] = { a, b, c };

	return SYS(l, SYS___sysctl, __sysctl, P(const int *, mib),
	    P(unsigned, c == 0 ? 2 : 3), P(void *, buf), P(size_t *, len),
	    P(const void *, NULL), P(size_t, 0));
}

TEST(disk_is_seen_in_sysctl)
{
	struct io_sysctl io[2];
	uint8_t sector[1024] = { 0 };
	size_t len = 64;
	struct fixture f;
	char names[64];
	long fd;

	start(&f, false);
	CHECK_EQ(sysctl_get(f.l, CTL_HW, HW_DISKNAMES, 0, names, &len), 0);
	CHECK_EQ(len, 0);
	fd = configure(&f, 512, false);
	len = sizeof(names);
	CHECK_EQ(sysctl_get(f.l, CTL_HW, HW_DISKNAMES, 0, names, &len), 0);
	CHECK_STR(names, "md0");
	CHECK_EQ(len, 4);
	len = sizeof(io);
	CHECK_EQ(
	    sysctl_get(f.l, CTL_HW, HW_IOSTATS, sizeof(io[0]), io, &len), 0);
	CHECK_EQ(len, sizeof(io[0]));
	CHECK_STR(io[0].name, "md0");
	CHECK_EQ(l_pwrite(f.l, fd, sector, 1024, 0), 1024);
	CHECK_EQ(l_pread(f.l, fd, sector, 512, 0), 512);
	len = sizeof(io);
	CHECK_EQ(
	    sysctl_get(f.l, CTL_HW, HW_IOSTATS, sizeof(io[0]), io + 1, &len), 0);
	CHECK_EQ(io[1].wbytes - io[0].wbytes, 1024);
	CHECK_EQ(io[1].rxfer - io[0].rxfer, 1);
	CHECK_EQ(io[1].busy, 0);
	CHECK_EQ(sysctl_get(f.l, CTL_HW, HW_IOSTATS, 3, io, &len), -EINVAL);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

TEST(disk_info_is_a_property_list)
{
	struct {
		char *plist;
		size_t len;
	} ref = { NULL, 0 };
	struct fixture f;
	long fd;

	start(&f, false);
	fd = configure(&f, 2048, false);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDISKINFO, &ref), 0);
	CHECK(strstr(ref.plist, "<key>geometry</key>") != NULL);
	CHECK(strstr(ref.plist, "<key>sectors-per-unit</key>") != NULL);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

/* --- wedges --------------------------------------------------------------------- */

static long
add(struct fixture *f, long fd, const char *name, int64_t begin, uint64_t size)
{
	struct dkwedge_info info = { .dkw_offset = begin, .dkw_size = size };

	strcpy((char *)info.dkw_wname, name);
	strcpy(info.dkw_ptype, DKW_PTYPE_FFS);
	return l_ioctl(f->l, fd, DIOCAWEDGE, &info);
}

static long delete (struct fixture *f, long fd, const char *name)
{
	struct dkwedge_info info = { .dkw_offset = 0 };

	strcpy(info.dkw_devname, name);
	return l_ioctl(f->l, fd, DIOCDWEDGE, &info);
}

TEST(disk_wedge_is_a_window)
{
	struct dkwedge_info info, infos[4];
	struct dkwedge_list list = { infos, sizeof(infos), 0, 0 };
	uint8_t sector[512] = { 42 };
	struct fixture f;
	long fd, w;

	start(&f, false);
	fd = configure(&f, 512, false);
	CHECK_EQ(add(&f, fd, "one", 10, 20), 0);
	CHECK_EQ(add(&f, fd, "two", 29, 2), -EINVAL);
	CHECK_EQ(add(&f, fd, "two", 5, 6), -EINVAL);
	CHECK_EQ(add(&f, fd, "two", 5, 100), -EINVAL);
	CHECK_EQ(add(&f, fd, "one", 40, 2), -EEXIST);
	CHECK_EQ(add(&f, fd, "two", 40, MD_SIZE / 512), -EINVAL);
	CHECK_EQ(add(&f, fd, "two", 40, UINT64_MAX - 20), -EINVAL);
	CHECK_EQ(add(&f, fd, "two", -1, 2), -EINVAL);
	CHECK_EQ(add(&f, fd, "two", 5, 5), 0);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCLWEDGES, &list), 0);
	CHECK_EQ(list.dkwl_nwedges, 2);
	CHECK_EQ(list.dkwl_ncopied, 2);
	CHECK_STR(infos[0].dkw_devname, "dk1");
	CHECK_STR((const char *)infos[1].dkw_wname, "one");
	CHECK_STR(infos[1].dkw_parent, "md0");
	CHECK_EQ(l_open(f.l, "/dev/rmd0a", O_RDONLY, 0), -EBUSY);
	w = l_open(f.l, "/dev/rdk0", O_RDWR, 0);
	CHECK(w >= 0);
	CHECK_EQ(l_pwrite(f.l, w, sector, 512, 19 * 512), 512);
	CHECK_EQ(medium[0][29 * 512], 42);
	CHECK_EQ(l_pwrite(f.l, w, sector, 512, 20 * 512), 0);
	CHECK_EQ(l_ioctl(f.l, w, DIOCGWEDGEINFO, &info), 0);
	CHECK_STR((const char *)info.dkw_wname, "one");
	CHECK_EQ(info.dkw_offset, 10);
	CHECK_EQ(l_ioctl(f.l, w, DIOCLWEDGES, &list), -ENOTTY);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGWEDGEINFO, &info), -ENOTTY);
	CHECK_EQ(delete (&f, fd, "dk0"), -EBUSY);
	CHECK_EQ(delete (&f, fd, "dk7"), -ESRCH);
	CHECK_EQ(clear(&f, fd, 0), -EBUSY);
	CHECK_EQ(delete (&f, fd, "dk1"), 0);
	CHECK_EQ(l_close(f.l, w), 0);
	CHECK_EQ(clear(&f, fd, 0), 0);
	CHECK_EQ(l_open(f.l, "/dev/rdk0", O_RDWR, 0), -ENXIO);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

TEST(disk_wedge_not_beside_open_partitions)
{
	struct fixture f;
	long fd, a, w;

	start(&f, false);
	fd = configure(&f, 512, false);
	a = l_open(f.l, "/dev/md0a", O_RDONLY, 0);
	CHECK(a >= 0);
	CHECK_EQ(add(&f, fd, "w", 1, 1), -EBUSY);
	CHECK_EQ(l_close(f.l, a), 0);
	CHECK_EQ(add(&f, fd, "w", 1, 1), 0);
	/* by force: who has it open is told */
	w = l_open(f.l, "/dev/rdk0", O_RDWR, 0);
	CHECK_EQ(clear(&f, fd, 1), 0);
	{
		uint8_t sector[512];

		CHECK_EQ(l_pread(f.l, w, sector, 512, 0), -ENXIO);
	}
	CHECK_EQ(l_close(f.l, w), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

/* The next medium is not theirs, nor is the way to it barred for ever. */
TEST(disk_opens_of_a_medium_taken_by_force)
{
	uint8_t sector[512] = { 5 };
	struct fixture f;
	long fd, again, a, w;

	start(&f, false);
	fd = configure(&f, 512, false);
	a = l_open(f.l, "/dev/rmd0a", O_RDWR, 0);
	CHECK_EQ(clear(&f, fd, 1), 0);
	again = configure(&f, 512, false);
	CHECK_EQ(l_pwrite(f.l, again, sector, 512, 1024), 512);
	CHECK(l_pwrite(f.l, a, sector, 512, 2048) < 0);
	CHECK_EQ(medium[0][2048], 0);
	CHECK_EQ(l_open(f.l, "/dev/rmd0a", O_RDWR, 0), -EBUSY);
	CHECK_EQ(l_close(f.l, a), 0);
	a = l_open(f.l, "/dev/rmd0a", O_RDWR, 0);
	CHECK_EQ(l_pwrite(f.l, a, sector, 512, 2048), 512);
	CHECK_EQ(l_close(f.l, a), 0);
	/* the same of wedges: another one is another unit while the old is open */
	CHECK_EQ(add(&f, fd, "w", 1, 1), 0);
	w = l_open(f.l, "/dev/rdk0", O_RDWR, 0);
	CHECK_EQ(clear(&f, fd, 1), 0);
	CHECK_EQ(l_close(f.l, configure(&f, 512, false)), 0);
	CHECK_EQ(add(&f, fd, "w", 1, 1), 0);
	CHECK(l_pwrite(f.l, w, sector, 512, 0) < 0);
	CHECK_EQ(delete (&f, fd, "dk1"), 0);
	CHECK_EQ(l_close(f.l, w), 0);
	CHECK_EQ(l_close(f.l, again), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

TEST(disk_wedge_of_a_medium_that_shrinks)
{
	uint64_t size = 64 * 512;
	uint8_t sector[512];
	struct fixture f;
	long fd, w;

	start(&f, false);
	fd = configure(&f, 512, false);
	CHECK_EQ(add(&f, fd, "w", 60, 8), 0);
	w = l_open(f.l, "/dev/rdk0", O_RDWR, 0);
	CHECK_EQ(l_ioctl(f.l, fd, MD_RESIZE, &size), 0);
	CHECK_EQ(l_pread(f.l, w, sector, 512, 3 * 512), 512);
	CHECK_EQ(l_pread(f.l, w, sector, 512, 4 * 512), -EINVAL);
	CHECK_EQ(l_close(f.l, w), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

static int
make(struct fixture *f, long fd, struct dkwedge_info infos[8])
{
	struct dkwedge_list list = { infos, 8 * sizeof(infos[0]), 0, 0 };
	int n = -1;

	CHECK_EQ(l_ioctl(f->l, fd, DIOCMWEDGES, &n), 0);
	CHECK_EQ(l_ioctl(f->l, fd, DIOCLWEDGES, &list), 0);
	CHECK_EQ(list.dkwl_ncopied, n);
	return n;
}

TEST(disk_wedges_are_discovered)
{
	struct dkwedge_info infos[8];
	struct disklabel label = {
		.d_secsize = 512, .d_secpercyl = 1, .d_npartitions = 4
	};
	struct fixture f;
	long fd;

	start(&f, false);
	fd = configure(&f, 512, false);
	CHECK_EQ(make(&f, fd, infos), 0);
	/* a label */
	part(&label, 0, 100, 200);
	part(&label, 1, 250, 200); /* overlaps a */
	part(&label, 2, 500, 9);
	strcpy(label.d_un.un_d_packname, "pack");
	CHECK_EQ(rumprun_dklabel_encode(&label, medium[0] + 512, 512, true), 0);
	CHECK_EQ(make(&f, fd, infos), 2);
	CHECK_STR((const char *)infos[0].dkw_wname, "pack/a");
	CHECK_STR((const char *)infos[1].dkw_wname, "pack/c");
	CHECK_EQ(infos[1].dkw_offset, 500);
	/* an MBR goes first, with its logical ones */
	img_mbr(medium[0], 512, 0, 1, 0x83, 4, 60);
	img_mbr(medium[0], 512, 0, 2, 0x0f, 100, 200);
	img_mbr(medium[0], 512, 100, 0, 0x0b, 2, 20);
	CHECK_EQ(make(&f, fd, infos), 2);
	CHECK_STR((const char *)infos[0].dkw_wname, "md0f");
	CHECK_STR(infos[0].dkw_ptype, "ext2fs");
	CHECK_STR((const char *)infos[1].dkw_wname, "md0i");
	/* and a GPT before both */
	memset(medium[0], 0, 65536);
	img_gpt(medium[0], MD_SIZE, 512);
	CHECK_EQ(make(&f, fd, infos), 2);
	CHECK_STR((const char *)infos[0].dkw_wname, "root");
	CHECK_STR(infos[0].dkw_ptype, "ffs");
	CHECK_EQ(strlen((char *)infos[1].dkw_wname), 36);
	/* whose first header is not needed */
	medium[0][512 + 40] ^= 1;
	CHECK_EQ(make(&f, fd, infos), 2);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

TEST(disk_wedges_come_by_themselves_when_asked)
{
	struct fixture f;
	long fd, w;

	start(&f, true);
	img_apple(medium[0], 512);
	fd = configure(&f, 512, false);
	w = l_open(f.l, "/dev/rdk0", O_RDONLY, 0);
	CHECK(w >= 0);
	CHECK_EQ(l_close(f.l, w), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
}

/* --- going away ------------------------------------------------------------------ */

struct helper {
	struct fixture *f;
	struct lwp *l;
	long fd, result;
	_Atomic bool done;
};

static void
read_one(void *arg)
{
	struct helper *h = arg;
	uint8_t sector[512];

	h->result = l_pread(h->l, h->fd, sector, 512, 0);
	atomic_store(&h->done, true);
}

static void
clear_by_force(void *arg)
{
	struct helper *h = arg;
	int force = 1;

	h->result = l_ioctl(h->l, h->fd, MD_CLEAR, &force);
	atomic_store(&h->done, true);
}

TEST(disk_unconfigure_waits_for_transfers)
{
	struct helper reader, clearer;
	struct fixture f;
	struct host_thread *t[2];
	uint8_t sector[512];

	start(&f, false);
	memset(&reader, 0, sizeof(reader));
	memset(&clearer, 0, sizeof(clearer));
	reader.fd = clearer.fd = configure(&f, 512, false);
	CHECK_EQ(lwp_create(f.p, &reader.l), 0);
	CHECK_EQ(lwp_create(f.p, &clearer.l), 0);
	atomic_store(&md_held, false);
	atomic_store(&md_hold, true);
	CHECK_EQ(host_thread_create("read", read_one, &reader, &t[0]), 0);
	while (!atomic_load(&md_held))
		continue;
	CHECK_EQ(
	    host_thread_create("clear", clear_by_force, &clearer, &t[1]), 0);
	/* others find no medium from some moment on, while that one is still there */
	atomic_store(&md_held, false);
	while (l_pread(f.l, clearer.fd, sector, 0, 0) != -ENXIO)
		continue;
	CHECK(!atomic_load(&clearer.done) && !atomic_load(&reader.done));
	atomic_store(&md_hold, false);
	host_thread_join(t[0]);
	host_thread_join(t[1]);
	CHECK_EQ(reader.result, 512);
	CHECK_EQ(clearer.result, 0);
	lwp_destroy(reader.l);
	lwp_destroy(clearer.l);
	CHECK_EQ(l_close(f.l, clearer.fd), 0);
	down(&f);
}

TEST(disk_halt_without_sync_drops_writes)
{
	uint8_t sector[512] = { 9 };
	struct fixture f;
	long fd, w;

	start(&f, false);
	fd = configure(&f, 512, false);
	CHECK_EQ(add(&f, fd, "w", 8, 8), 0);
	w = l_open(f.l, "/dev/dk0", O_RDWR, 0);
	/* as a kernel does that goes down without a sync */
	spec_drop_writes(f.k->k_lwp0);
	CHECK_EQ(l_pwrite(f.l, w, sector, 512, 0), 512);
	CHECK_EQ(l_close(f.l, w), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	down_how(&f, true);
	CHECK_EQ(medium[0][8 * 512], 0);
}

int
main(void)
{
	RUN(disk_unit_without_medium_opens_raw_only);
	RUN(disk_label_set_follows_the_rules);
	RUN(disk_label_is_kept_when_asked);
	RUN(disk_label_of_large_sectors);
	RUN(disk_label_in_mbr_partition_of_either_byte_order);
	RUN(disk_label_made_up_shows_mbr);
	RUN(disk_label_sector_is_protected);
	RUN(disk_read_only_medium_is_not_written);
	RUN(disk_medium_that_grows);
	RUN(disk_requests_of_old_programs);
	RUN(disk_requests_without_effect);
	RUN(disk_is_seen_in_sysctl);
	RUN(disk_info_is_a_property_list);
	RUN(disk_wedge_is_a_window);
	RUN(disk_wedge_not_beside_open_partitions);
	RUN(disk_opens_of_a_medium_taken_by_force);
	RUN(disk_wedge_of_a_medium_that_shrinks);
	RUN(disk_wedges_are_discovered);
	RUN(disk_wedges_come_by_themselves_when_asked);
	RUN(disk_unconfigure_waits_for_transfers);
	RUN(disk_halt_without_sync_drops_writes);
	return check_done();
}
