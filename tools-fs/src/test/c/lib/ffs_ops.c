/* SPDX-License-Identifier: BSD-2-Clause */
/* One of each operation on an FFS, see the header. */
#include "lib/ffs_ops.h"

uint8_t ffs_data[300000];

long
ffs_write_at(struct fixture *f, const char *path, size_t n, off_t off)
{
	long fd = xopen(f, path, O_RDWR | O_CREAT), r;

	if (fd < 0)
		return fd;
	r = xpwrite(f, fd, ffs_data, n, off);
	(void)xclose(f, fd);
	return r < 0 ? r : r < (long)n ? -EIO : 0;
}

static long
op_create(struct fixture *f)
{
	long fd = xopen(f, "/mnt/d/new", O_RDWR | O_CREAT);

	return fd < 0 ? fd : xclose(f, fd);
}

static long
op_create_grows(struct fixture *f)
{
	char path[300];
	long fd;

	snprintf(path, sizeof(path), "/mnt/full/%0250d", 100);
	fd = xopen(f, path, O_RDWR | O_CREAT);
	return fd < 0 ? fd : xclose(f, fd);
}

/* Through fragments to indirect blocks. */
static long
op_write(struct fixture *f)
{
	static const int ends[] = { 400, 2200, 4000, 20000, 130000 };
	long r, bad = 0;
	int at = 0;

	for (int i = 0; i < 5; i++) {
		r = ffs_write_at(f, "/mnt/d/w", (size_t)(ends[i] - at), at);
		if (r < 0)
			bad = r;
		at = ends[i];
	}
	return bad;
}

static long
op_append(struct fixture *f)
{
	return ffs_write_at(f, "/mnt/t", 1200, 1500);
}

static long
op_sparse(struct fixture *f)
{
	return ffs_write_at(f, "/mnt/t", 700, 5000000);
}

static long
set_size(struct fixture *f, const char *path, off_t size)
{
	long fd = xopen(f, path, O_RDWR), r;

	if (fd < 0)
		return fd;
	r = xtruncate(f, fd, size);
	(void)xclose(f, fd);
	return r;
}

static long
op_truncate(struct fixture *f)
{
	long r = set_size(f, "/mnt/big", 200001), s;

	s = set_size(f, "/mnt/big", 333);
	return r < 0 ? r : s;
}

static long
op_extend(struct fixture *f)
{
	return set_size(f, "/mnt/t", 400000);
}

static long
op_unlink(struct fixture *f)
{
	long r = xunlink(f, "/mnt/big"), s = xunlink(f, "/mnt/t");

	return r < 0 ? r : s;
}

static long
op_rename(struct fixture *f)
{
	return xrename(f, "/mnt/t", "/mnt/d/other");
}

static long
op_rename_over(struct fixture *f)
{
	return xrename(f, "/mnt/t", "/mnt/big");
}

static long
op_rename_dir(struct fixture *f)
{
	long r = xrename(f, "/mnt/d", "/mnt/e/moved");

	return r < 0 ? r : xrename(f, "/mnt/e/moved", "/mnt/e/again");
}

static long
op_mkdir(struct fixture *f)
{
	return xmkdir(f, "/mnt/d/sub");
}

static long
op_rmdir(struct fixture *f)
{
	return xrmdir(f, "/mnt/e");
}

static long
op_link(struct fixture *f)
{
	char path[300];

	snprintf(path, sizeof(path), "/mnt/full/%0250d", 100);
	return xlink(f, "/mnt/t", path);
}

static long
op_symlink(struct fixture *f)
{
	char target[1000];

	memset(target, 'x', sizeof(target));
	target[999] = '\0';
	return xsymlink(f, target, "/mnt/d/sym");
}

static long
op_setattr(struct fixture *f)
{
	return SYS(
	    f, SYS_chmod, chmod, P(const char *, "/mnt/t"), P(mode_t, 0600));
}

/* Freed in several transactions, if the log is short. */
static long
op_pieces(struct fixture *f)
{
	long r = xunlink(f, "/mnt/r"), s = set_size(f, "/mnt/s", 20000);

	return r < 0 ? r : s;
}

static long
op_space(struct fixture *f)
{
	long fd = xopen(f, "/mnt/s", O_RDWR), r, s;

	if (fd < 0)
		return fd;
	r = SYS(f, SYS_fdiscard, fdiscard, P(int, fd), .pos = P(off_t, 10000),
	    .len = P(off_t, 150000));
	s = SYS(f, SYS_posix_fallocate, posix_fallocate, P(int, fd),
	    .pos = P(off_t, 100000), .len = P(off_t, 200000));
	(void)xclose(f, fd);
	return r < 0 ? r : s > 0 ? -s : s;
}

const struct operation operations[NOPERATIONS] = {
	{ "create", false, op_create },
	{ "create in a full directory", false, op_create_grows },
	{ "write", false, op_write },
	{ "append", false, op_append },
	{ "sparse write", false, op_sparse },
	{ "truncate", false, op_truncate },
	{ "extend", false, op_extend },
	{ "unlink", true, op_unlink },
	{ "rename", false, op_rename },
	{ "rename over", false, op_rename_over },
	{ "rename of a directory", false, op_rename_dir },
	{ "mkdir", false, op_mkdir },
	{ "rmdir", false, op_rmdir },
	{ "link", false, op_link },
	{ "symlink", false, op_symlink },
	{ "setattr", false, op_setattr },
	{ "unlink, truncate of many pieces", false, op_pieces },
	{ "holes, and disk ahead", false, op_space },
};
