/* SPDX-License-Identifier: BSD-2-Clause */
/* Quotas in the file system: what the kernel counts is what fsck_ffs counts, also after a crash; limits hold. */
#include "quota_calls.h"

/* --- counts --- */

static void
random_work(const char *options, int flags)
{
	struct fixture f;
	int i;

	start(&f, options, flags);
	CHECK_EQ(usage(&f, 0, 0, QUOTA_OBJTYPE_FILES), 1);
	CHECK_EQ(xchmod(&f, "/mnt", 0777), 0);
	for (i = 0; i < 600; i++) {
		/* Some ids without rights, so that files have other owners. */
		if (i % 50 == 0)
			become(&f, 0, 0);
		else if (i % 50 == 25)
			become(&f, 1000, 4096);
		random_step(&f);
	}
	become(&f, 0, 0);
	/* The file of groups has grown by entries of one chain. */
	for (i = 0; i < 120; i++) {
		CHECK_EQ(xchown(&f, "/mnt", 0, (uint32_t)i * 4096), 0);
	}
	CHECK_EQ(xchown(&f, "/mnt", 0, 0), 0);
	end(&f);
}

TEST(quota_counts_are_those_of_fsck)
{
	for (int i = 0; i < LAYOUTS; i++)
		random_work(layouts[i], 0);
}

TEST(quota_counts_with_log_are_those_of_fsck)
{
	for (int i = 0; i < LAYOUTS; i++)
		random_work(layouts[i], MNT_LOG);
}

/* Many at once: each entry is everybody's. */
struct worker {
	struct fixture f;
	uint32_t id;
};

static void
work(void *arg)
{
	struct worker *w = arg;

	seed = w->id * 77 + 1;
	if (w->id % 2 != 0) {
		CHECK_THREAD(SYS(&w->f, SYS_setegid, setegid,
				 P(gid_t, w->id * 4096)) == 0);
		CHECK_THREAD(SYS(&w->f, SYS_seteuid, seteuid,
				 P(uid_t, w->id * 1000)) == 0);
	}
	for (int i = 0; i < 400; i++)
		random_step(&w->f);
}

static void
together(const char *options, int flags)
{
	struct host_thread *thread[4];
	struct worker w[4];
	struct fixture f;

	start(&f, options, flags);
	CHECK_EQ(xchmod(&f, "/mnt", 0777), 0);
	CHECK_EQ(qput(&f, 0, 1000, QUOTA_OBJTYPE_BLOCKS, 200, 300, 100), 0);
	for (uint32_t i = 0; i < 4; i++) {
		w[i].f = f;
		w[i].id = i;
		CHECK_EQ(proc_fork(f.k, NULL, RFCFDG, "worker", &w[i].f.p), 0);
		CHECK_EQ(lwp_create(w[i].f.p, &w[i].f.l), 0);
	}
	for (int i = 0; i < 4; i++)
		CHECK_EQ(
		    host_thread_create("worker", work, &w[i], &thread[i]), 0);
	for (int i = 0; i < 4; i++)
		host_thread_join(thread[i]);
	for (int i = 0; i < 4; i++) {
		lwp_destroy(w[i].f.l);
		proc_exit(w[i].f.p, NULL, 0);
	}
	CHECK(usage(&f, 0, 1000, QUOTA_OBJTYPE_FILES) >= 0);
	end(&f);
}

TEST(quota_counts_of_many_at_once)
{
	for (int i = 0; i < LAYOUTS; i++)
		together(layouts[i], i % 2 ? MNT_LOG : 0);
}

/* A crash with a log: counts belong to the transactions. An unlinked open file is cleared by the replay. */
TEST(quota_counts_outlive_a_crash_with_log)
{
	struct fixture f;
	int64_t leak;
	long fd;

	for (int i = 0; i < LAYOUTS; i++) {
		start(&f, layouts[i], MNT_LOG);
		for (int k = 0; k < 150; k++)
			random_step(&f);
		fd = xopen(&f, "/mnt/gone", O_RDWR | O_CREAT);
		CHECK(fd >= 0);
		CHECK_EQ(xpwrite(&f, fd, "x", 1, 50000), 1);
		CHECK_EQ(xchown(&f, "/mnt/gone", 7, 7), 0);
		CHECK_EQ(xunlink(&f, "/mnt/gone"), 0);
		CHECK_EQ(SYS(&f, SYS_fsync, fsync, P(int, fd)), 0);
		lwp_destroy(f.l);
		proc_exit(f.p, NULL, 0);
		kern_halt(f.k, true, &leak);
		up(&f);
		CHECK_EQ(xmount(&f, i % 2 ? MNT_RDONLY : 0), 0);
		if (i % 2)
			CHECK_EQ(xmount(&f, MNT_UPDATE), 0);
		CHECK_EQ(usage(&f, 0, 7, QUOTA_OBJTYPE_FILES), 0);
		CHECK_EQ(usage(&f, 1, 7, QUOTA_OBJTYPE_BLOCKS), 0);
		end(&f);
	}
}

/* A crash without one: fsck -p counts. */
TEST(quota_counts_are_mended_after_a_crash)
{
	struct fixture f;
	int64_t leak;

	for (int i = 0; i < 12; i++) {
		start(&f, layouts[i % LAYOUTS], 0);
		CHECK_EQ(qput(&f, 0, 1000, 0, 11, 22222, 33), 0);
		do_sync(&f);
		for (int k = 0; k < 20 + 30 * i; k++) {
			random_step(&f);
			if (k == 20)
				do_sync(&f);
		}
		lwp_destroy(f.l);
		proc_exit(f.p, NULL, 0);
		kern_halt(f.k, true, &leak);
		CHECK_EQ(tool("fsck_ffs -p", &f), 0);
		fsck_clean(&f);
		up(&f);
		CHECK_EQ(xmount(&f, 0), 0);
		for (int k = 0; k < 20; k++)
			random_step(&f);
		end(&f);
	}
}

/* Read-only there are none; an update turns them on, and one more changes nothing. */
TEST(quota_flag_is_that_of_a_writable_mount)
{
	struct quotaval v;
	struct statvfs sb;
	struct fixture f;

	for (int log = 0; log < 2; log++) {
		start(&f, "-O 1 -B be", MNT_RDONLY);
		for (int i = 0; i < 3; i++) {
			CHECK_EQ(SYS(&f, SYS_statvfs1, statvfs1,
				     P(const char *, "/mnt"),
				     P(struct statvfs *, &sb), P(int, 0)),
			    0);
			CHECK_EQ((sb.f_flag & ST_QUOTA) != 0, i > 0);
			CHECK_EQ(qget(&f, 0, 0, 0, &v), i > 0 ? 0 : -EOPNOTSUPP);
			CHECK_EQ(
			    xmount(&f, MNT_UPDATE | (log ? MNT_LOG : 0)), 0);
		}
		end(&f);
	}
}

/* Small groups: the journal is as long as fits into one. Every file has an owner of its own. */
TEST(quota_of_many_owners_on_a_small_image)
{
	struct fixture f;
	char path[40];
	long fd;

	for (int i = 0; i < 2 * LAYOUTS; i++) {
		int n = i % 2 ? 200 : 10;

		snprintf(path, sizeof(path), "-n %d %s", n + 3,
		    layouts[i % LAYOUTS]);
		make_image(&f, "newfs -q user -q group -F -s 4000", path);
		up(&f);
		CHECK_EQ(xmount(&f, i < LAYOUTS ? MNT_LOG : 0), 0);
		for (int k = 0; k < n; k++) {
			snprintf(path, sizeof(path), "/mnt/file%d", k);
			fd = xopen(&f, path, O_RDWR | O_CREAT);
			CHECK(fd >= 0);
			CHECK_EQ(xpwrite(&f, fd, path, 10, 0), 10);
			xclose(&f, fd);
			CHECK_EQ(
			    xchown(&f, path, (uint32_t)k, (uint32_t)k + 80000),
			    0);
		}
		end(&f);
	}
}

/* --- limits --- */

TEST(quota_hard_limit_of_blocks_stops_writing)
{
	char buf[512] = "x";
	struct fixture f;
	int n;
	long fd;

	for (int type = 0; type < 2; type++)
		for (int i = 0; i < LAYOUTS; i++) {
			start(&f, layouts[i], i % 2 ? MNT_LOG : 0);
			CHECK_EQ(xchown(&f, "/mnt", 1, 1), 0);
			CHECK_EQ(qput(&f, type, 1, QUOTA_OBJTYPE_BLOCKS, 2000,
				     11, 100),
			    0);
			become(&f, 1, 1);
			fd = xopen(&f, "/mnt/file", O_RDWR | O_CREAT);
			CHECK(fd >= 0);
			for (n = 0; xpwrite(&f, fd, buf, 512, n * 512) == 512;)
				n++;
			CHECK_EQ(xpwrite(&f, fd, buf, 512, n * 512), -EDQUOT);
			/* The root directory has one, the file ten. */
			CHECK_EQ(n, 10);
			CHECK_EQ(usage(&f, type, 1, QUOTA_OBJTYPE_BLOCKS), 11);
			CHECK_EQ(xtruncate(&f, fd, 0), 0);
			CHECK_EQ(usage(&f, type, 1, QUOTA_OBJTYPE_BLOCKS), 1);
			xclose(&f, fd);
			become(&f, 0, 0);
			/* The superuser goes on. */
			CHECK_EQ(
			    qput(&f, type, 0, QUOTA_OBJTYPE_BLOCKS, 1, 1, 100),
			    0);
			fd = xopen(&f, "/mnt/root", O_RDWR | O_CREAT);
			for (n = 0; n < 20; n++)
				CHECK_EQ(
				    xpwrite(&f, fd, buf, 512, n * 512), 512);
			xclose(&f, fd);
			end(&f);
		}
}

/* A long write goes as far as the limit, in whole blocks. */
TEST(quota_long_write_ends_at_the_limit)
{
	static char buf[200000];
	struct fixture f;
	long fd, n;

	start(&f, "-O 2 -b 8192 -f 1024", 0);
	CHECK_EQ(xchmod(&f, "/mnt", 0777), 0);
	CHECK_EQ(qput(&f, 0, 5, QUOTA_OBJTYPE_BLOCKS, 64, 64, 100), 0);
	become(&f, 5, 5);
	fd = xopen(&f, "/mnt/f", O_RDWR | O_CREAT);
	CHECK(fd >= 0);
	n = SYS(&f, SYS_write, write, P(int, fd), P(const void *, buf),
	    P(size_t, sizeof(buf)));
	CHECK(n == -EDQUOT || (n > 0 && n <= 32768));
	CHECK(usage(&f, 0, 5, QUOTA_OBJTYPE_BLOCKS) <= 64);
	CHECK_EQ(xpwrite(&f, fd, buf, 32768, 0), 32768);
	CHECK_EQ(usage(&f, 0, 5, QUOTA_OBJTYPE_BLOCKS), 64);
	CHECK_EQ(SYS(&f, SYS_posix_fallocate, posix_fallocate, P(int, fd),
		     P(int, 0), P(off_t, 0), P(off_t, 60000)) == 0,
	    0);
	CHECK_EQ(usage(&f, 0, 5, QUOTA_OBJTYPE_BLOCKS), 64);
	xclose(&f, fd);
	become(&f, 0, 0);
	end(&f);
}

TEST(quota_limits_of_files_by_default)
{
	struct quotaval v;
	struct fixture f;
	char path[40];
	long fd;
	int n;

	start(&f, "-O 2", MNT_LOG);
	CHECK_EQ(
	    qput(&f, 1, QUOTA_DEFAULTID, QUOTA_OBJTYPE_FILES, 3, 5, 100), 0);
	CHECK_EQ(xchmod(&f, "/mnt", 0777), 0);
	/* A new file's group is its directory's. */
	CHECK_EQ(xchown(&f, "/mnt", 0, 9), 0);
	become(&f, 9, 9);
	for (n = 0; n < 9; n++) {
		snprintf(path, sizeof(path), "/mnt/f%d", n);
		if ((fd = xopen(&f, path, O_RDWR | O_CREAT)) < 0)
			break;
		xclose(&f, fd);
	}
	CHECK_EQ(fd, -EDQUOT);
	CHECK_EQ(n, 4);
	become(&f, 0, 0);
	CHECK_EQ(usage(&f, 0, 9, QUOTA_OBJTYPE_FILES), 4);
	CHECK_EQ(usage(&f, 1, 9, QUOTA_OBJTYPE_FILES), 5);
	/* Who had an entry before has not got the default's limits. */
	CHECK_EQ(qget(&f, 1, 0, QUOTA_OBJTYPE_FILES, &v), 0);
	CHECK(v.qv_hardlimit == QUOTA_NOLIMIT);
	CHECK_EQ(qget(&f, 1, QUOTA_DEFAULTID, QUOTA_OBJTYPE_FILES, &v), 0);
	CHECK_EQ(v.qv_hardlimit, 5);
	CHECK_EQ(v.qv_usage, 0);
	end(&f);
}

TEST(quota_grace_ends)
{
	char buf[512] = "x";
	struct quotaval v;
	struct fixture f;
	int64_t now;
	long fd;
	int i;

	for (int k = 0; k < 2; k++) {
		start(&f, layouts[k + 1], k ? MNT_LOG : 0);
		CHECK_EQ(xchown(&f, "/mnt", 1, 1), 0);
		CHECK_EQ(qput(&f, 0, 1, QUOTA_OBJTYPE_BLOCKS, 4, 1000, 100), 0);
		CHECK_EQ(qget(&f, 0, 1, QUOTA_OBJTYPE_BLOCKS, &v), 0);
		CHECK_EQ(v.qv_expiretime, QUOTA_NOTIME);
		CHECK_EQ(v.qv_grace, 100);
		now = get_time(&f);
		become(&f, 1, 1);
		fd = xopen(&f, "/mnt/file", O_RDWR | O_CREAT);
		CHECK(fd >= 0);
		for (i = 0; i < 4; i++)
			CHECK_EQ(xpwrite(&f, fd, buf, 512, i * 512), 512);
		CHECK_EQ(qget(&f, 0, 1, QUOTA_OBJTYPE_BLOCKS, &v), 0);
		CHECK(v.qv_expiretime >= now + 100);
		CHECK_EQ(xpwrite(&f, fd, buf, 512, 4 * 512), 512);
		become(&f, 0, 0);
		set_time(&f, now + 300);
		become(&f, 1, 1);
		CHECK_EQ(xpwrite(&f, fd, buf, 512, 5 * 512), -EDQUOT);
		/* What is there can be written. */
		CHECK_EQ(xpwrite(&f, fd, buf, 512, 512), 512);
		/* Below the limit it begins anew. */
		CHECK_EQ(xtruncate(&f, fd, 512), 0);
		CHECK_EQ(qget(&f, 0, 1, QUOTA_OBJTYPE_BLOCKS, &v), 0);
		CHECK_EQ(v.qv_expiretime, QUOTA_NOTIME);
		for (i = 1; i < 6; i++)
			CHECK_EQ(xpwrite(&f, fd, buf, 512, i * 512), 512);
		xclose(&f, fd);
		become(&f, 0, 0);
		end(&f);
	}
}

TEST(quota_chown_moves_usage_within_limits)
{
	char buf[4096] = "x";
	struct fixture f;
	long fd;

	start(&f, "-O 2", 0);
	CHECK_EQ(xchmod(&f, "/mnt", 0777), 0);
	CHECK_EQ(xchown(&f, "/mnt", 0, 20), 0);
	CHECK_EQ(qput(&f, 1, 30, QUOTA_OBJTYPE_BLOCKS, 4, 4, 100), 0);
	fd = xopen(&f, "/mnt/f", O_RDWR | O_CREAT);
	CHECK_EQ(xpwrite(&f, fd, buf, 4096, 0), 4096);
	xclose(&f, fd);
	CHECK_EQ(xchown(&f, "/mnt/f", 3, 20), 0);
	CHECK_EQ(usage(&f, 0, 3, QUOTA_OBJTYPE_BLOCKS), 8);
	CHECK_EQ(usage(&f, 0, 3, QUOTA_OBJTYPE_FILES), 1);
	CHECK_EQ(usage(&f, 0, 0, QUOTA_OBJTYPE_FILES), 1);
	become(&f, 3, 30);
	CHECK_EQ(xchown(&f, "/mnt/f", 3, 30), -EDQUOT);
	become(&f, 0, 0);
	CHECK_EQ(usage(&f, 1, 20, QUOTA_OBJTYPE_BLOCKS), 9);
	CHECK_EQ(xchown(&f, "/mnt/f", 3, 30), 0);
	CHECK_EQ(usage(&f, 1, 30, QUOTA_OBJTYPE_BLOCKS), 8);
	CHECK_EQ(usage(&f, 1, 20, QUOTA_OBJTYPE_BLOCKS), 1);
	end(&f);
}

int
main(void)
{
	RUN(quota_counts_are_those_of_fsck);
	RUN(quota_counts_with_log_are_those_of_fsck);
	RUN(quota_counts_of_many_at_once);
	RUN(quota_counts_outlive_a_crash_with_log);
	RUN(quota_counts_are_mended_after_a_crash);
	RUN(quota_flag_is_that_of_a_writable_mount);
	RUN(quota_of_many_owners_on_a_small_image);
	RUN(quota_hard_limit_of_blocks_stops_writing);
	RUN(quota_long_write_ends_at_the_limit);
	RUN(quota_limits_of_files_by_default);
	RUN(quota_grace_ends);
	RUN(quota_chown_moves_usage_within_limits);
	return check_done();
}
