/* SPDX-License-Identifier: BSD-2-Clause */
/* The partitions of a disk that NetBSD labelled, read to the last byte: through vnd, and as windows of the image. */
#include <netbsd/disk.h>
#include <netbsd/disklabel.h>
#include <netbsd/ioctl.h>
#include "ffs_calls.h"

static const struct {
	char letter;
	uint64_t offset, size; /* sectors, as labelled.label has them */
} parts[] = { { 'a', 63, 1500 }, { 'e', 1663, 2433 } };

static const char *
image_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/labelled-image-%d", host_getpid());
	return path;
}

static void
unpack(void)
{
	char cmd[256];

	snprintf(cmd, sizeof(cmd),
	    "xz -dc ../shared/golden/images/labelled.img.xz >%s", image_path());
	CHECK_EQ(system(cmd), 0);
}

static void
boot(struct fixture *f)
{
	CHECK_EQ(kern_boot(NULL, &f->k), 0);
	CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "test", &f->p), 0);
	CHECK_EQ(lwp_create(f->p, &f->l), 0);
	CHECK_EQ(
	    SYS(f, SYS_mkdir, mkdir, P(const char *, "/mnt"), P(mode_t, 0755)),
	    0);
}

static long
request(struct fixture *f, long fd, unsigned long cmd, void *data)
{
	return SYS(f, SYS_ioctl, ioctl, P(int, fd), P(unsigned long, cmd),
	    P(void *, data));
}

static void
mount_and_compare(struct fixture *f, char *dev, char letter, int flags)
{
	struct ufs_args args = { .fspec = dev };
	char name[32];

	snprintf(name, sizeof(name), "labelled.%c", letter);
	CHECK_EQ(SYS(f, SYS___mount50, __mount50, P(const char *, "ffs"),
		     P(const char *, "/mnt"), P(int, flags), P(void *, &args),
		     P(size_t, sizeof(args))),
	    0);
	CHECK_EQ(compare_list(f, name, true), 0);
	CHECK_EQ(xunmount(f, 0), 0);
}

TEST(partitions_through_vnd)
{
	struct vnd_ioctl vnd = { .vnd_file = (char[]){ "/img" } };
	struct disklabel label;
	struct fixture f;
	long fd;
	char dev[16];

	unpack();
	boot(&f);
	CHECK_EQ(etfs_register(
		     f.k, "/img", image_path(), ETFS_REG, 0, ETFS_SIZE_TOEND),
	    0);
	fd = xopen(&f, "/dev/rvnd0d", O_RDWR);
	CHECK(fd >= 0);
	CHECK_EQ(request(&f, fd, VNDIOCSET, &vnd), 0);
	xclose(&f, fd);
	fd = xopen(&f, "/dev/rvnd0d", O_RDWR);
	CHECK_EQ(request(&f, fd, DIOCGDINFO, &label), 0);
	CHECK_EQ(label.d_npartitions, 8);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct partition
		    *pp = &label.d_partitions[parts[i].letter - 'a'];

		CHECK_EQ(pp->p_offset, parts[i].offset);
		CHECK_EQ(pp->p_size, parts[i].size);
		snprintf(dev, sizeof(dev), "/dev/vnd0%c", parts[i].letter);
		mount_and_compare(&f, dev, parts[i].letter, 0);
	}
	CHECK_EQ(request(&f, fd, VNDIOCCLR, &vnd), 0);
	xclose(&f, fd);
	down(&f);
	host_linux.unlink(image_path());
}

TEST(partitions_as_windows)
{
	struct fixture f;
	char key[8];

	unpack();
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		boot(&f);
		snprintf(key, sizeof(key), "/dk%c", parts[i].letter);
		CHECK_EQ(etfs_register(f.k, key, image_path(), ETFS_BLK,
			     parts[i].offset * 512, parts[i].size * 512),
		    0);
		mount_and_compare(&f, key, parts[i].letter, MNT_RDONLY);
		down(&f);
	}
	host_linux.unlink(image_path());
}

int
main(void)
{
	RUN(partitions_through_vnd);
	RUN(partitions_as_windows);
	return check_done();
}
