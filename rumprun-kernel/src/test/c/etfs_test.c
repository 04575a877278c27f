/* SPDX-License-Identifier: BSD-2-Clause */
/* Host files shown by key: what facts/etfs.md says, one test a paragraph, and what hostile callers try. */
#include <netbsd/disklabel.h>
#include "core_calls.h"
#include "dev/etfs.h"

#define IMG "etfs_test.img"
#define IMG2 "etfs_test2.img"
#define DIR "etfs_test.dir"

static int
reg(struct fixture *f, const char *key, const char *path, int type)
{
	return etfs_register(f->k, key, path, type, 0, ETFS_SIZE_TOEND);
}

static void
begin(struct fixture *f)
{
	make_image(IMG, 65536);
	up(f);
}

static void
end(struct fixture *f)
{
	down(f);
	host_linux.unlink(IMG);
	host_linux.unlink(IMG2);
}

TEST(etfs_keys)
{
	struct fixture f;
	struct stat sb;

	begin(&f);
	CHECK_EQ(reg(&f, "img", IMG, ETFS_REG), -EINVAL);
	CHECK_EQ(reg(&f, "/img", IMG, 5), -EINVAL);
	CHECK_EQ(reg(&f, "/img", IMG, -1), -EINVAL);
	CHECK_EQ(reg(&f, "/img", "no/such/file", ETFS_REG), -ENOENT);
	CHECK_EQ(reg(&f, "/img", IMG, ETFS_DIR), -ENOTDIR);
	CHECK_EQ(reg(&f, "/img", ".", ETFS_REG), -EISDIR);
	CHECK_EQ(reg(&f, "///no/dirs/img", IMG, ETFS_REG), 0);
	CHECK_EQ(reg(&f, "/no/dirs/img", IMG, ETFS_REG), -EEXIST);
	CHECK_EQ(l_stat(f.l, "/no/dirs/img", &sb), 0);
	CHECK_EQ(l_stat(f.l, "/no//dirs/img", &sb), -ENOENT);
	CHECK_EQ(l_stat(f.l, "/no/dirs/img/", &sb), -ENOENT);
	CHECK_EQ(sb.st_mode, S_IFREG | 0755);
	CHECK_EQ(sb.st_uid, 0);
	CHECK_EQ(sb.st_nlink, 1);
	CHECK_EQ(sb.st_size, 65536);
	CHECK_EQ(sb.st_blksize, 512);
	CHECK_EQ(sb.st_blocks, 1);
	CHECK(sb.st_dev == sb.st_ino);
	/* It is neither renamed nor removed; a relative path below the root finds it, from elsewhere it is not seen. */
	CHECK(l_unlink(f.l, "/no/dirs/img") < 0);
	CHECK_EQ(l_stat(f.l, "no/dirs/img", &sb), 0);
	CHECK_EQ(etfs_remove(f.k, "no/dirs/img"), -EINVAL);
	CHECK_EQ(etfs_remove(f.k, "/no/dirs"), -ENOENT);
	CHECK_EQ(etfs_remove(f.k, "/no/dirs/img"), 0);
	CHECK_EQ(etfs_remove(f.k, "/no/dirs/img"), -ENOENT);
	CHECK_EQ(l_stat(f.l, "/no/dirs/img", &sb), -ENOENT);
	/* A key shadows a real name. */
	CHECK_EQ(reg(&f, "/dev/null", IMG, ETFS_REG), 0);
	CHECK_EQ(l_stat(f.l, "/dev/null", &sb), 0);
	CHECK(S_ISREG(sb.st_mode));
	end(&f);
}

TEST(etfs_windows)
{
	struct fixture f;
	struct stat sb;
	char buf[1024];
	long fd;

	begin(&f);
	CHECK_EQ(etfs_register(f.k, "/w", IMG, ETFS_BLK, 65537, 0), -EINVAL);
	CHECK_EQ(etfs_register(f.k, "/w", IMG, ETFS_BLK, 512, 65536), -EINVAL);
	CHECK_EQ(etfs_register(f.k, "/w", IMG, ETFS_REG, 1, UINT64_MAX - 1),
	    -EINVAL);
	CHECK_EQ(etfs_register(f.k, "/w", ".", ETFS_DIR, 0, 512), -EISDIR);
	CHECK_EQ(etfs_register(f.k, "/w", IMG, ETFS_BLK, 1024, 2048), 0);
	fd = l_open(f.l, "/w", O_RDWR, 0);
	CHECK_EQ(fd, 0);
	CHECK_EQ(l_read(f.l, fd, buf, 10), 10);
	CHECK_EQ(buf[0], 2);
	CHECK_EQ(l_pread(f.l, fd, buf, sizeof(buf), 1536), 512);
	CHECK_EQ(buf[0], 5);
	CHECK_EQ(l_pread(f.l, fd, buf, 1, 2048), 0);
	CHECK_EQ(l_pread(f.l, fd, buf, 1, 2049), -EINVAL);
	CHECK_EQ(l_pwrite(f.l, fd, "xyz", 3, 2047), 1);
	CHECK_EQ(host_byte(IMG, 1024 + 2047), 'x');
	CHECK_EQ(host_byte(IMG, 1024 + 2048), 6);
	CHECK_EQ(l_close(f.l, fd), 0);
	/* A regular file is shown with its size and not clipped at it. */
	CHECK_EQ(etfs_register(f.k, "/r", IMG, ETFS_REG, 512, 0), 0);
	CHECK_EQ(l_stat(f.l, "/r", &sb), 0);
	CHECK_EQ(sb.st_size, 0);
	fd = l_open(f.l, "/r", O_RDONLY, 0);
	CHECK_EQ(l_read(f.l, fd, buf, 10), 10);
	CHECK_EQ(buf[0], 1);
	CHECK_EQ(l_pread(f.l, fd, buf, 10, INT64_MAX - 5), -EINVAL);
	CHECK_EQ(l_close(f.l, fd), 0);
	end(&f);
}

TEST(etfs_raw_device_wants_sectors)
{
	struct fixture f;
	char buf[1024];
	long fd;

	begin(&f);
	CHECK_EQ(reg(&f, "/raw", IMG, ETFS_CHR), 0);
	fd = l_open(f.l, "/raw", O_RDWR, 0);
	CHECK_EQ(fd, 0);
	CHECK_EQ(l_pread(f.l, fd, buf, 1024, 512), 1024);
	CHECK_EQ(buf[0], 1);
	CHECK_EQ(l_pwrite(f.l, fd, buf, 100, 0), -EINVAL);
	CHECK_EQ(l_pwrite(f.l, fd, buf, 512, 100), -EINVAL);
	CHECK_EQ(l_pread(f.l, fd, buf, 1024, 65536 - 512), 512);
	CHECK_EQ(l_pread(f.l, fd, buf, 512, 65536), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	end(&f);
}

TEST(etfs_slots)
{
	struct fixture f;
	struct stat sb;
	char key[32], path[32];
	int i;

	begin(&f);
	for (i = 0; i < 16; i++) {
		snprintf(key, sizeof(key), "/d%d", i);
		snprintf(path, sizeof(path), "etfs_test.%d", i);
		make_image(path, 512);
		CHECK_EQ(reg(&f, key, path, i & 1 ? ETFS_CHR : ETFS_BLK), 0);
		CHECK_EQ(l_stat(f.l, key, &sb), 0);
		CHECK_EQ(sb.st_rdev, makedev(197, i));
		CHECK_EQ(S_ISBLK(sb.st_mode), !(i & 1));
	}
	CHECK_EQ(reg(&f, "/d16", IMG, ETFS_BLK), -EBUSY);
	CHECK_EQ(reg(&f, "/again", "etfs_test.3", ETFS_BLK), 0);
	CHECK_EQ(l_stat(f.l, "/again", &sb), 0);
	CHECK_EQ(sb.st_rdev, makedev(197, 3));
	for (i = 0; i < 16; i++) {
		snprintf(key, sizeof(key), "/d%d", i);
		snprintf(path, sizeof(path), "etfs_test.%d", i);
		host_linux.unlink(path);
		CHECK_EQ(etfs_remove(f.k, key), 0);
	}
	end(&f);
}

/* Who removes should make sure that nobody uses it; if somebody does, nothing breaks. */
TEST(etfs_remove_while_open)
{
	struct fixture f;
	char buf[512];
	long fd, node;

	begin(&f);
	CHECK_EQ(reg(&f, "/hd", IMG, ETFS_BLK), 0);
	fd = l_open(f.l, "/hd", O_RDWR, 0);
	CHECK_EQ(fd, 0);
	CHECK_EQ(l_mknod(f.l, "/tmp/node", S_IFBLK | 0600, makedev(197, 0)), 0);
	node = l_open(f.l, "/tmp/node", O_RDONLY, 0);
	CHECK_EQ(node, 1);
	CHECK_EQ(etfs_remove(f.k, "/hd"), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(l_pread(f.l, node, buf, 512, 512), 512);
	CHECK_EQ(buf[0], 1);
	CHECK_EQ(l_close(f.l, node), 0);
	CHECK_EQ(l_mknod(f.l, "/tmp/none", S_IFBLK | 0600, makedev(197, 9)), 0);
	CHECK_EQ(l_open(f.l, "/tmp/none", O_RDONLY, 0), -ENXIO);
	end(&f);
}

TEST(etfs_ioctls)
{
	struct fixture f;
	struct disklabel lp;
	struct partinfo pi;
	off_t size;
	int fd, on = 0;

	begin(&f);
	CHECK_EQ(etfs_register(f.k, "/hd", IMG, ETFS_BLK, 512, 8192), 0);
	fd = (int)l_open(f.l, "/hd", O_RDWR, 0);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGDINFO, &lp), 0);
	CHECK_STR(lp.d_typename, "rumpd");
	CHECK_STR(lp.d_un.un_d_packname, "fictitious");
	CHECK_EQ(lp.d_npartitions, 1);
	CHECK_EQ(lp.d_partitions[0].p_size, 16);
	/* Its number says that it takes something: nothing comes back to a program. */
	memset(&pi, 0, sizeof(pi));
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGPARTINFO, &pi), 0);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCGMEDIASIZE, &size), 0);
	CHECK_EQ(size, 8192);
	CHECK_EQ(l_ioctl(f.l, fd, DIOCCACHESYNC, &on), 0);
	CHECK_EQ(l_ioctl(f.l, fd, FIONREAD, &on), -ENOTTY);
	CHECK_EQ(l_close(f.l, fd), 0);
	end(&f);
}

static void
tree(bool make)
{
	static const char *const dirs[] = { DIR, DIR "/sub" };
	int i, fd;

	if (make) {
		for (i = 0; i < 2; i++)
			CHECK_EQ(host_linux.mkdir(dirs[i], 0755), 0);
		fd = hostfile(DIR "/a", 0);
		host_linux.close(fd);
		fd = hostfile(DIR "/sub/b", 0);
		host_linux.close(fd);
		CHECK_EQ(host_linux.symlink("/etc", DIR "/out"), 0);
		return;
	}
	host_linux.unlink(DIR "/out");
	host_linux.unlink(DIR "/sub/b");
	host_linux.unlink(DIR "/a");
	host_linux.rmdir(DIR "/sub");
	host_linux.rmdir(DIR);
}

TEST(etfs_directories)
{
	struct fixture f;
	struct stat sb;
	int i;

	tree(false);
	tree(true);
	begin(&f);
	CHECK_EQ(reg(&f, "/one", DIR, ETFS_DIR), 0);
	CHECK_EQ(reg(&f, "/all", DIR, ETFS_DIR_SUBDIRS), 0);
	/* One of two is a directory, and the text of one begins the other. */
	CHECK_EQ(reg(&f, "/one/x", IMG, ETFS_REG), -EEXIST);
	CHECK_EQ(reg(&f, "/oneself", IMG, ETFS_REG), -EEXIST);
	CHECK_EQ(l_stat(f.l, "/one", &sb), 0);
	CHECK(S_ISDIR(sb.st_mode));
	CHECK_EQ(l_stat(f.l, "/one/a", &sb), 0);
	CHECK(S_ISREG(sb.st_mode));
	CHECK_EQ(l_stat(f.l, "/one/sub", &sb), -ENOENT);
	CHECK_EQ(l_stat(f.l, "/one/sub/b", &sb), -ENOENT);
	CHECK_EQ(l_stat(f.l, "/all/sub/b", &sb), 0);
	CHECK_EQ(l_stat(f.l, "/all/../etc/passwd", &sb), -ENOENT);
	CHECK(l_open(f.l, "/all/sub/new", O_RDWR | O_CREAT, 0644) < 0);
	CHECK_EQ(SYS(f.l, SYS_chdir, chdir, P(const char *, "/all/sub")), 0);
	CHECK_EQ(l_stat(f.l, "..", &sb), -EOPNOTSUPP);
	CHECK_EQ(l_stat(f.l, "b", &sb), 0);
	CHECK_EQ(SYS(f.l, SYS_chdir, chdir, P(const char *, "/")), 0);
	/* Lookups leave nothing behind. */
	for (i = 0; i < 3000; i++)
		CHECK_EQ(l_stat(f.l, "/all/sub/b", &sb), 0);
	CHECK_EQ(etfs_remove(f.k, "/all"), 0);
	CHECK_EQ(l_stat(f.l, "/all/sub/b", &sb), -ENOENT);
	end(&f);
	tree(false);
}

TEST(etfs_blkfail)
{
	struct kern_config all = { .kc_blkfail = 10000 };
	struct kern_config some = { .kc_blkfail = 5000, .kc_blkfail_seed = 7 };
	struct fixture f;
	char buf[512];
	int i, failed = 0;
	long fd;

	make_image(IMG, 65536);
	up_config(&f, &all);
	CHECK_EQ(reg(&f, "/hd", IMG, ETFS_BLK), 0);
	fd = l_open(f.l, "/hd", O_RDWR, 0);
	CHECK_EQ(l_read(f.l, fd, buf, 512), -EIO);
	CHECK_EQ(l_write(f.l, fd, buf, 512), -EIO);
	CHECK_EQ(l_close(f.l, fd), 0);
	down(&f);
	up_config(&f, &some);
	CHECK_EQ(reg(&f, "/hd", IMG, ETFS_BLK), 0);
	fd = l_open(f.l, "/hd", O_RDWR, 0);
	for (i = 0; i < 200; i++)
		failed += l_pread(f.l, fd, buf, 512, 0) == -EIO;
	CHECK(failed > 60 && failed < 140);
	CHECK_EQ(l_close(f.l, fd), 0);
	end(&f);
}

TEST(etfs_image_cut_off)
{
	struct fixture f;
	char buf[1024];
	int host;
	long fd;

	begin(&f);
	CHECK_EQ(reg(&f, "/hd", IMG, ETFS_BLK), 0);
	fd = l_open(f.l, "/hd", O_RDONLY, 0);
	host = hostfile(IMG, 0);
	CHECK_EQ(host_linux.ftruncate(host, 700), 0);
	host_linux.close(host);
	CHECK_EQ(l_pread(f.l, fd, buf, 512, 0), 512);
	CHECK_EQ(l_pread(f.l, fd, buf, 1024, 0), -EIO);
	CHECK_EQ(l_pread(f.l, fd, buf, 512, 8192), -EIO);
	CHECK_EQ(l_close(f.l, fd), 0);
	end(&f);
}

/* Two kernels: one may write, both may read; who writes is named. */
TEST(etfs_two_writers)
{
	struct fixture f, g;
	char why[256], buf[512];
	long fd, other;

	begin(&f);
	up(&g);
	CHECK_EQ(reg(&f, "/hd", IMG, ETFS_BLK), 0);
	CHECK_EQ(reg(&f, "/raw", IMG, ETFS_CHR), 0);
	CHECK_EQ(reg(&g, "/hd", IMG, ETFS_BLK), 0);
	fd = l_open(f.l, "/hd", O_RDWR, 0);
	CHECK_EQ(fd, 0);
	/* The same kernel, by another key: it is the same image. */
	other = l_open(f.l, "/raw", O_RDWR, 0);
	CHECK_EQ(other, 1);
	CHECK_EQ(l_close(f.l, other), 0);
	CHECK_EQ(l_open(g.l, "/hd", O_RDWR, 0), -EBUSY);
	etfs_why(g.k, why, sizeof(why));
	CHECK(strstr(why, IMG) != NULL && strstr(why, "in use") != NULL);
	other = l_open(g.l, "/hd", O_RDONLY, 0);
	CHECK_EQ(other, 0);
	CHECK_EQ(l_read(g.l, other, buf, 512), 512);
	CHECK_EQ(l_close(g.l, other), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	fd = l_open(g.l, "/hd", O_RDWR, 0);
	CHECK_EQ(fd, 0);
	CHECK_EQ(l_close(g.l, fd), 0);
	down(&g);
	end(&f);
}

TEST(etfs_discard_punches_a_hole)
{
	struct fixture f;
	struct host_stat before, after;
	char buf[512];
	long fd;

	begin(&f);
	CHECK_EQ(etfs_register(f.k, "/hd", IMG, ETFS_BLK, 4096, 32768), 0);
	CHECK_EQ(reg(&f, "/raw", IMG, ETFS_CHR), 0);
	fd = l_open(f.l, "/hd", O_RDONLY, 0);
	CHECK_EQ(l_fdiscard(f.l, fd, 0, 4096), -EBADF);
	CHECK_EQ(l_close(f.l, fd), 0);
	fd = l_open(f.l, "/hd", O_RDWR, 0);
	CHECK_EQ(host_linux.stat(IMG, true, &before), 0);
	CHECK_EQ(l_fdiscard(f.l, fd, 40000, 4096), -EINVAL);
	CHECK_EQ(l_fdiscard(f.l, fd, 4096, 1 << 20), 0);
	CHECK_EQ(host_linux.stat(IMG, true, &after), 0);
	CHECK_EQ(after.hs_size, 65536);
	CHECK(after.hs_blocks512 <= before.hs_blocks512);
	CHECK_EQ(l_pread(f.l, fd, buf, 512, 4096), 512);
	CHECK_EQ(buf[0], 0);
	CHECK_EQ(host_byte(IMG, 8191), 15);
	CHECK_EQ(host_byte(IMG, 4096 + 32767), 0);
	CHECK_EQ(host_byte(IMG, 4096 + 32768), 72);
	CHECK_EQ(l_close(f.l, fd), 0);
	fd = l_open(f.l, "/raw", O_RDWR, 0);
	CHECK_EQ(l_fdiscard(f.l, fd, 0, 512), 0);
	CHECK_EQ(host_byte(IMG, 0), 0);
	CHECK_EQ(l_close(f.l, fd), 0);
	fd = l_open(f.l, "/dev/null", O_RDWR, 0);
	CHECK_EQ(l_fdiscard(f.l, fd, 0, 512), -ENODEV);
	CHECK_EQ(l_close(f.l, fd), 0);
	end(&f);
}

TEST(etfs_halt_without_sync_writes_nothing)
{
	struct fixture f;
	long fd;

	begin(&f);
	CHECK_EQ(reg(&f, "/hd", IMG, ETFS_BLK), 0);
	fd = l_open(f.l, "/hd", O_RDWR, 0);
	CHECK_EQ(l_pwrite(f.l, fd, "x", 1, 0), 1);
	/* Left open: the exit closes it. */
	down_how(&f, true);
	CHECK_EQ(host_byte(IMG, 0), 'x');
	CHECK_EQ(host_byte(IMG, 512), 1);
	host_linux.unlink(IMG);
}

int
main(void)
{
	RUN(etfs_keys);
	RUN(etfs_windows);
	RUN(etfs_raw_device_wants_sectors);
	RUN(etfs_slots);
	RUN(etfs_remove_while_open);
	RUN(etfs_ioctls);
	RUN(etfs_directories);
	RUN(etfs_blkfail);
	RUN(etfs_image_cut_off);
	RUN(etfs_two_writers);
	RUN(etfs_discard_punches_a_hole);
	RUN(etfs_halt_without_sync_writes_nothing);
	return check_done();
}
