/* SPDX-License-Identifier: BSD-2-Clause */
/* raid: sets that NetBSD made come together and are read to the last byte, with all components and without any one; file systems on sets. */
#include <netbsd/ioctl.h>
#include <netbsd/raidframe.h>
#include "ffs_calls.h"

static const struct set {
	const char *name;
	char level;
	int cols, su, failed; /* -1: none */
	int unlike; /* lines of the list that say something else: in raid5.list owned/file has user and group the other way round than its inode */
} sets[] = { { "raid1", '1', 2, 32, -1, 0 }, { "raid5", '5', 3, 8, -1, 1 },
	{ "raid5-degraded", '5', 3, 8, 1, 1 } };
#define NSETS (sizeof(sets) / sizeof(sets[0]))

static long
request(struct fixture *f, long fd, unsigned long cmd, void *data)
{
	return SYS(f, SYS_ioctl, ioctl, P(int, fd), P(unsigned long, cmd),
	    P(void *, data));
}

static const char *
file_of(int i)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/raid-image-%d.%d", host_getpid(), i);
	return path;
}

static void
unpack(const struct set *s)
{
	char cmd[512];

	for (int i = 0; i < s->cols; i++) {
		snprintf(cmd, sizeof(cmd),
		    "xz -dc ../shared/golden/images/%s.%d.img.xz >%s", s->name,
		    i, file_of(i));
		CHECK_EQ(system(cmd), 0);
	}
}

static void
boot(struct fixture *f, const struct set *s)
{
	char key[16];

	CHECK_EQ(kern_boot(NULL, &f->k), 0);
	CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "test", &f->p), 0);
	CHECK_EQ(lwp_create(f->p, &f->l), 0);
	for (int i = 0; i < s->cols; i++) {
		snprintf(key, sizeof(key), "/d%d", i);
		CHECK_EQ(etfs_register(f->k, key, file_of(i), ETFS_BLK, 0,
			     ETFS_SIZE_TOEND),
		    0);
	}
	CHECK_EQ(
	    SYS(f, SYS_mkdir, mkdir, P(const char *, "/mnt"), P(mode_t, 0755)),
	    0);
}

static long
configure(struct fixture *f, long fd, const struct set *s, int absent)
{
	struct RF_Config_s *cf = calloc(1, sizeof(*cf));
	void *p = cf;
	long error;

	cf->numRow = 1;
	cf->numCol = s->cols;
	for (int i = 0; i < s->cols; i++)
		snprintf(
		    cf->devnames[0][i], 50, i == absent ? "absent" : "/d%d", i);
	cf->sectPerSU = s->su;
	cf->SUsPerPU = cf->SUsPerRU = 1;
	cf->parityConfig = s->level;
	cf->maxOutstandingDiskReqs = 100;
	error = request(f, fd, RAIDFRAME_CONFIGURE, &p);
	free(cf);
	return error;
}

static long
mount_set(struct fixture *f, int flags)
{
	char dev[] = "/dev/raid0a";
	struct ufs_args args = { .fspec = dev };

	return SYS(f, SYS___mount50, __mount50, P(const char *, "ffs"),
	    P(const char *, "/mnt"), P(int, flags), P(void *, &args),
	    P(size_t, sizeof(args)));
}

static void
remove_files(const struct set *s)
{
	for (int i = 0; i < s->cols; i++)
		host_linux.unlink(file_of(i));
}

/* Parity of a set that was shut down in order is good; what is written to it is there for the next one. */
static void
visit(const struct set *s, int absent, bool write)
{
	struct fixture f;
	long fd, file;
	int good = -1;

	boot(&f, s);
	fd = xopen(&f, "/dev/rraid0d", O_RDWR);
	CHECK(fd >= 0);
	CHECK_EQ(configure(&f, fd, s, absent), 0);
	CHECK_EQ(request(&f, fd, RAIDFRAME_CHECK_PARITY, &good), 0);
	CHECK_EQ(good, 1);
	CHECK_EQ(mount_set(&f, write ? 0 : MNT_RDONLY), 0);
	CHECK_EQ(compare_list(&f, s->name, !write), s->unlike);
	if (write) {
		CHECK((file = xopen(&f, "/mnt/new", O_RDWR | O_CREAT)) >= 0);
		CHECK_EQ(xwrite(&f, file, "new", 3), 3);
		CHECK_EQ(xclose(&f, file), 0);
		CHECK_EQ(
		    SYS(&f, SYS_unlink, unlink, P(const char *, "/mnt/new")), 0);
	}
	CHECK_EQ(request(&f, fd, RAIDFRAME_SHUTDOWN, NULL), -EBUSY);
	CHECK_EQ(xunmount(&f, 0), 0);
	CHECK_EQ(request(&f, fd, RAIDFRAME_SHUTDOWN, NULL), 0);
	xclose(&f, fd);
	down(&f);
}

TEST(recorded_sets_are_read)
{
	for (size_t i = 0; i < NSETS; i++) {
		unpack(&sets[i]);
		visit(&sets[i], -1, false);
		visit(&sets[i], -1, true);
		visit(&sets[i], -1, false);
		remove_files(&sets[i]);
	}
}

TEST(recorded_sets_are_read_without_a_component)
{
	for (size_t i = 0; i < NSETS; i++)
		for (int c = 0; c < sets[i].cols; c++) {
			if (sets[i].failed >= 0 && sets[i].failed != c)
				continue;
			unpack(&sets[i]);
			visit(&sets[i], c, false);
			visit(&sets[i], c, true);
			/* It is behind now. */
			visit(&sets[i], -1, false);
			remove_files(&sets[i]);
		}
}

/* The raw device has the same bytes whoever is missing. */
TEST(recorded_sets_are_the_same_without_a_component)
{
	size_t size = (size_t)2 << 20;
	uint8_t *all = malloc(size), *some = malloc(size);

	for (size_t i = 0; i < 2; i++)
		for (int c = -1; c < sets[i].cols; c++) {
			struct fixture f;
			long fd, n;

			unpack(&sets[i]);
			boot(&f, &sets[i]);
			fd = xopen(&f, "/dev/rraid0d", O_RDWR);
			CHECK_EQ(configure(&f, fd, &sets[i], c), 0);
			n = xread(&f, fd, c < 0 ? all : some, size);
			CHECK_EQ(n, 1984 * 512 * (sets[i].level == '5' ? 2 : 1));
			CHECK(c < 0 || memcmp(all, some, (size_t)n) == 0);
			xclose(&f, fd);
			down(&f);
			remove_files(&sets[i]);
		}
	free(all);
	free(some);
}

int
main(void)
{
	RUN(recorded_sets_are_read);
	RUN(recorded_sets_are_read_without_a_component);
	RUN(recorded_sets_are_the_same_without_a_component);
	return check_done();
}
