/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Quotas in the file system: what the kernel counts is what fsck_ffs counts, limits hold, quotactl, files that make no sense.
 */
#include <netbsd/quota.h>
#include <rumprun/ffs_format.h>
#include "ffs_calls.h"
#include "lib/ffs_check.h"
#include "lib/run_tool.h"

#define Q_NEWFS "newfs -F -s 4m -q user -q group"
#define LAYOUTS 4
static const char *const layouts[LAYOUTS] = { "-O 1 -B le", "-O 1 -B be",
	"-O 2 -B le", "-O 2 -B be" };

static _Thread_local uint32_t seed = 1;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static int
tool(const char *what, const struct fixture *f)
{
	char line[600];

	snprintf(line, sizeof(line), "%s %s", what, f->img);
	return run_tool(line);
}

static void
make_image(struct fixture *f, const char *newfs, const char *options)
{
	char line[300];

	memset(f, 0, sizeof(*f));
	snprintf(
	    f->img, sizeof(f->img), "/tmp/quota-test-%d.img", host_getpid());
	remove(f->img);
	snprintf(line, sizeof(line), "%s %s", newfs, options);
	CHECK_EQ(tool(line, f), 0);
}

static void
fsck_clean(struct fixture *f)
{
	int status = tool("fsck_ffs -fn", f);

	if (status != 0 || strstr(tool_said, "MISMATCH") != NULL)
		fprintf(stderr, "%s\n", tool_said);
	CHECK_EQ(status, 0);
	CHECK(strstr(tool_said, "Phase 6") != NULL);
	CHECK(strstr(tool_said, "already clean") != NULL);
}

static void
start(struct fixture *f, const char *options, int flags)
{
	make_image(f, Q_NEWFS, options);
	up(f);
	CHECK_EQ(xmount(f, flags), 0);
}

static void
end(struct fixture *f)
{
	CHECK_EQ(xunmount(f, 0), 0);
	down(f);
	fsck_clean(f);
	remove(f->img);
}

/* --- calls --- */

static long
qctl(struct fixture *f, struct quotactl_args *a)
{
	return SYS(f, SYS___quotactl, __quotactl, P(const char *, "/mnt"),
	    P(struct quotactl_args *, a));
}

static long
qget(struct fixture *f, int type, uint32_t id, int obj, struct quotaval *v)
{
	struct quotakey k = { type, id, obj };
	struct quotactl_args a = { .qc_op = QUOTACTL_GET };

	a.u.get.qc_key = &k;
	a.u.get.qc_val = v;
	return qctl(f, &a);
}

static long
qput(struct fixture *f, int type, uint32_t id, int obj, uint64_t soft,
    uint64_t hard, int64_t grace)
{
	struct quotakey k = { type, id, obj };
	struct quotaval v = { hard, soft, 0, QUOTA_NOTIME, grace };
	struct quotactl_args a = { .qc_op = QUOTACTL_PUT };

	a.u.put.qc_key = &k;
	a.u.put.qc_val = &v;
	return qctl(f, &a);
}

static long
qdel(struct fixture *f, int type, uint32_t id, int obj)
{
	struct quotakey k = { type, id, obj };
	struct quotactl_args a = { .qc_op = QUOTACTL_DEL };

	a.u.del.qc_key = &k;
	return qctl(f, &a);
}

static int64_t
usage(struct fixture *f, int type, uint32_t id, int obj)
{
	struct quotaval v;
	long error = qget(f, type, id, obj, &v);

	return error != 0 ? error : (int64_t)v.qv_usage;
}

static long
xchown(struct fixture *f, const char *path, uint32_t uid, uint32_t gid)
{
	return SYS(f, SYS_chown, chown, P(const char *, path), P(uid_t, uid),
	    P(gid_t, gid));
}

static long
xchmod(struct fixture *f, const char *path, mode_t mode)
{
	return SYS(f, SYS_chmod, chmod, P(const char *, path), P(mode_t, mode));
}

static void
become(struct fixture *f, uint32_t uid, uint32_t gid)
{
	if (uid == 0)
		CHECK_EQ(SYS(f, SYS_seteuid, seteuid, P(uid_t, 0)), 0);
	CHECK_EQ(SYS(f, SYS_setegid, setegid, P(gid_t, gid)), 0);
	if (uid != 0)
		CHECK_EQ(SYS(f, SYS_seteuid, seteuid, P(uid_t, uid)), 0);
}

static void
do_sync(struct fixture *f)
{
	register_t rv[2], none = 0;

	CHECK_EQ(kern_syscall(f->l, SYS_sync, &none, rv), 0);
}

static void
set_time(struct fixture *f, int64_t sec)
{
	struct timespec ts = { .tv_sec = sec };

	CHECK_EQ(SYS(f, SYS___clock_settime50, __clock_settime50,
		     P(clockid_t, 0), P(const struct timespec *, &ts)),
	    0);
}

static int64_t
get_time(struct fixture *f)
{
	struct timespec ts = { 0 };

	CHECK_EQ(SYS(f, SYS___clock_gettime50, __clock_gettime50,
		     P(clockid_t, 0), P(struct timespec *, &ts)),
	    0);
	return ts.tv_sec;
}

/* --- counts --- */

static void
random_step(struct fixture *f)
{
	static char data[70000];
	char path[40];
	long fd;

	snprintf(path, sizeof(path), "/mnt/%c%u", "fd"[rnd(8) == 0], rnd(12));
	switch (rnd(8)) {
	case 0:
	case 1:
	case 2:
		if (path[5] == 'd') {
			(void)!xmkdir(f, path);
			break;
		}
		if ((fd = xopen(f, path, O_RDWR | O_CREAT)) < 0)
			break;
		(void)!xpwrite(f, fd, data, rnd(rnd(2) ? 3000 : 70000),
		    rnd(rnd(2) ? 2000 : 300000));
		xclose(f, fd);
		break;
	case 3:
		if ((fd = xopen(f, path, O_RDWR)) < 0)
			break;
		(void)!xtruncate(f, fd, rnd(100000));
		xclose(f, fd);
		break;
	case 4:
		if ((fd = xopen(f, path, O_RDWR)) < 0)
			break;
		(void)!SYS(f, SYS_fdiscard, fdiscard, P(int, fd), P(int, 0),
		    P(off_t, rnd(30000)), P(off_t, rnd(50000) + 1));
		xclose(f, fd);
		break;
	case 5:
		(void)!(path[5] == 'd' ? xrmdir(f, path) : xunlink(f, path));
		break;
	default:
		(void)!xchown(f, path, rnd(5) * 1000, rnd(70) * 4096);
		break;
	}
}

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

/* --- quotactl --- */

static int
count_all(struct fixture *f, int skip, unsigned step, int *defaults)
{
	struct quotakey k[64];
	struct quotaval v[64];
	struct quotakcursor c;
	struct quotactl_args a;
	unsigned got;
	int total = 0, atend;

	*defaults = 0;
	memset(&a, 0, sizeof(a));
	a.qc_op = QUOTACTL_CURSOROPEN;
	a.u.cursoropen.qc_cursor = &c;
	CHECK_EQ(qctl(f, &a), 0);
	if (skip >= 0) {
		a.qc_op = QUOTACTL_CURSORSKIPIDTYPE;
		a.u.cursorskipidtype.qc_cursor = &c;
		a.u.cursorskipidtype.qc_idtype = skip;
		CHECK_EQ(qctl(f, &a), 0);
	}
	for (;;) {
		memset(&a, 0, sizeof(a));
		a.qc_op = QUOTACTL_CURSORATEND;
		a.u.cursoratend.qc_cursor = &c;
		a.u.cursoratend.qc_ret = &atend;
		CHECK_EQ(qctl(f, &a), 0);
		a.qc_op = QUOTACTL_CURSORGET;
		a.u.cursorget.qc_cursor = &c;
		a.u.cursorget.qc_keys = k;
		a.u.cursorget.qc_vals = v;
		a.u.cursorget.qc_maxnum = step;
		a.u.cursorget.qc_ret = &got;
		CHECK_EQ(qctl(f, &a), 0);
		CHECK_EQ(atend, got == 0);
		if (got == 0)
			break;
		CHECK(got <= step);
		for (unsigned i = 0; i < got; i++) {
			CHECK(k[i].qk_idtype != skip);
			*defaults += k[i].qk_id == QUOTA_DEFAULTID;
			total++;
		}
	}
	a.qc_op = QUOTACTL_CURSORCLOSE;
	a.u.cursorclose.qc_cursor = &c;
	CHECK_EQ(qctl(f, &a), 0);
	a.qc_op = QUOTACTL_CURSORREWIND;
	CHECK_EQ(qctl(f, &a), -EINVAL);
	return total;
}

TEST(quota_cursor_shows_every_entry)
{
	struct fixture f;
	int def;

	for (int i = 0; i < LAYOUTS; i++) {
		start(&f, layouts[i], i % 2 ? MNT_LOG : 0);
		/* All in one chain, over several blocks. */
		for (uint32_t id = 1; id <= 200; id++)
			for (int obj = 0; obj < 2; obj++)
				CHECK_EQ(
				    qput(&f, 0, id * 4096, obj, 20, 40, id), 0);
		CHECK_EQ(count_all(&f, -1, 64, &def), 2 * (201 + 1 + 1 + 1));
		CHECK_EQ(def, 4);
		CHECK_EQ(count_all(&f, 0, 1, &def), 4);
		CHECK_EQ(count_all(&f, 1, 3, &def), 2 * 202);
		/* Every other one goes, and room is used again. */
		for (uint32_t id = 2; id <= 200; id += 2) {
			CHECK_EQ(qdel(&f, 0, id * 4096, 0), 0);
			CHECK(usage(&f, 0, id * 4096, 1) == 0);
			CHECK_EQ(qdel(&f, 0, id * 4096, 1), 0);
			CHECK_EQ(usage(&f, 0, id * 4096, 1), -ENOENT);
		}
		CHECK_EQ(count_all(&f, 1, 64, &def), 2 * 102);
		for (uint32_t id = 1; id <= 100; id++)
			CHECK_EQ(qput(&f, 0, id * 4096 + 1, 0, 1, 1, 1), 0);
		CHECK_EQ(count_all(&f, 1, 5, &def), 2 * 202);
		CHECK_EQ(qdel(&f, 0, 77, 0), -ENOENT);
		end(&f);
	}
}

TEST(quota_calls_of_bad_will)
{
	struct quotakey k = { 0, 0, 0 };
	struct quotaval v;
	struct quotastat st;
	struct quotaidtypestat it;
	struct quotaobjtypestat ot;
	struct quotakcursor c;
	struct quotactl_args a;
	struct fixture f;
	unsigned got;

	start(&f, "-O 2", 0);
	memset(&a, 0, sizeof(a));
	a.qc_op = QUOTACTL_STAT;
	a.u.stat.qc_info = &st;
	CHECK_EQ(qctl(&f, &a), 0);
	CHECK_EQ(st.qs_numidtypes, 2);
	CHECK_EQ(st.qs_numobjtypes, 2);
	CHECK_EQ(st.qs_restrictions, 0);
	a.qc_op = QUOTACTL_IDTYPESTAT;
	a.u.idtypestat.qc_idtype = QUOTA_IDTYPE_GROUP;
	a.u.idtypestat.qc_info = &it;
	CHECK_EQ(qctl(&f, &a), 0);
	CHECK_STR(it.qis_name, "group");
	a.u.idtypestat.qc_idtype = 2;
	CHECK_EQ(qctl(&f, &a), -EINVAL);
	a.qc_op = QUOTACTL_OBJTYPESTAT;
	a.u.objtypestat.qc_objtype = QUOTA_OBJTYPE_BLOCKS;
	a.u.objtypestat.qc_info = &ot;
	CHECK_EQ(qctl(&f, &a), 0);
	CHECK_STR(ot.qos_name, "block");
	a.qc_op = QUOTACTL_QUOTAON;
	CHECK_EQ(qctl(&f, &a), -EBUSY);
	a.qc_op = QUOTACTL_QUOTAOFF;
	CHECK_EQ(qctl(&f, &a), -EOPNOTSUPP);
	a.qc_op = 14;
	CHECK_EQ(qctl(&f, &a), -EINVAL);
	a.qc_op = QUOTACTL_GET;
	a.u.get.qc_key = NULL;
	a.u.get.qc_val = &v;
	CHECK_EQ(qctl(&f, &a), -EFAULT);
	a.u.get.qc_key = &k;
	k.qk_objtype = 2;
	CHECK_EQ(qctl(&f, &a), -EINVAL);
	k.qk_objtype = 0;
	k.qk_idtype = -1;
	CHECK_EQ(qctl(&f, &a), -EINVAL);
	memset(&c, 0xff, sizeof(c));
	a.qc_op = QUOTACTL_CURSORGET;
	a.u.cursorget.qc_cursor = &c;
	a.u.cursorget.qc_keys = &k;
	a.u.cursorget.qc_vals = &v;
	a.u.cursorget.qc_maxnum = 1;
	a.u.cursorget.qc_ret = &got;
	CHECK_EQ(qctl(&f, &a), -EINVAL);
	/* Every number in a cursor may be anything. */
	a.qc_op = QUOTACTL_CURSOROPEN;
	CHECK_EQ(qctl(&f, &a), 0);
	for (unsigned i = 4; i < 20; i++) {
		struct quotakcursor odd = c;

		((uint8_t *)&odd)[i] = 0xff;
		a.qc_op = QUOTACTL_CURSORGET;
		a.u.cursorget.qc_cursor = &odd;
		(void)!qctl(&f, &a);
	}
	become(&f, 4, 4);
	CHECK_EQ(qget(&f, 0, 4, 0, &v), -ENOENT);
	CHECK_EQ(qget(&f, 1, 4, 0, &v), -ENOENT);
	CHECK_EQ(qget(&f, 0, 5, 0, &v), -EPERM);
	CHECK_EQ(qget(&f, 1, 5, 0, &v), -EPERM);
	CHECK_EQ(qput(&f, 0, 4, 0, 1, 1, 1), -EPERM);
	CHECK_EQ(qdel(&f, 0, 4, 0), -EPERM);
	a.u.cursorget.qc_cursor = &c;
	CHECK_EQ(qctl(&f, &a), -EPERM);
	become(&f, 0, 0);
	end(&f);
}

TEST(quota_of_one_type_only)
{
	struct quotaval v;
	struct fixture f;
	int def;

	make_image(&f, "newfs -F -s 4m -q group", "-O 1");
	up(&f);
	CHECK_EQ(xmount(&f, 0), 0);
	CHECK_EQ(qget(&f, 1, 0, 1, &v), 0);
	CHECK_EQ(qget(&f, 0, 0, 1, &v), -ENODEV);
	CHECK_EQ(qput(&f, 0, 3, 1, 1, 1, 1), -ENODEV);
	CHECK_EQ(count_all(&f, -1, 64, &def), 4);
	end(&f);
	make_image(&f, "newfs -F -s 4m", "-O 1");
	up(&f);
	CHECK_EQ(xmount(&f, 0), 0);
	CHECK_EQ(qget(&f, 1, 0, 1, &v), -EOPNOTSUPP);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	remove(f.img);
}

/* --- files that make no sense --- */

/* In a block of 4096 bytes: behind a table of 128 chains. newfs makes the first, for root. */
#define ENTRY(n) (112 + 128 * 8 + 96 * (n))

/* Byte offset of a type's quota file in the image. */
static int64_t
quota_place(struct fixture *f, int type, bool *swapped)
{
	uint8_t *p = malloc(4 << 20);
	FILE *fp = fopen(f->img, "rb");
	int64_t at = -1;

	CHECK(p != NULL && fp != NULL);
	CHECK_EQ(fread(p, 1, 4 << 20, fp), 4 << 20);
	fclose(fp);
	for (int64_t o = 0; o < 4 << 20 && at < 0; o += 512)
		for (int s = 0; s < 2; s++)
			if (ffs_get32(p + o, s) == Q2_HEAD_MAGIC &&
			    p[o + 4] == type) {
				at = o;
				*swapped = s;
			}
	free(p);
	CHECK(at > 0);
	return at;
}

static void
poke64(struct fixture *f, int64_t at, uint64_t v, bool swapped)
{
	FILE *fp = fopen(f->img, "r+b");
	uint8_t p[8];

	CHECK(fp != NULL);
	ffs_put64(p, v, swapped);
	CHECK_EQ(fseek(fp, (long)at, SEEK_SET), 0);
	CHECK_EQ(fwrite(p, 1, 8, fp), 8);
	fclose(fp);
}

/* Mounting it for writing is refused; then fsck -p looks, and mends; then it can be mounted. */
static void
refused_and_mended(struct fixture *f, bool keeps)
{
	struct quotaval v;

	up(f);
	CHECK_EQ(xmount(f, 0), -EINVAL);
	CHECK_EQ(xmount(f, MNT_RDONLY), 0);
	CHECK_EQ(xmount(f, MNT_UPDATE), -EINVAL);
	CHECK_EQ(xunmount(f, 0), 0);
	down(f);
	CHECK_EQ(tool("fsck_ffs -n", f), 2);
	CHECK(strstr(tool_said, "DAMAGED") != NULL);
	CHECK_EQ(tool("fsck_ffs -p", f), 0);
	CHECK(strstr(tool_said, "DAMAGED (") != NULL);
	fsck_clean(f);
	up(f);
	CHECK_EQ(xmount(f, 0), 0);
	CHECK_EQ(qget(f, 0, 0, 1, &v), 0);
	CHECK_EQ(v.qv_usage, 1);
	CHECK_EQ(qget(f, 0, 5, 0, &v), keeps ? 0 : -ENOENT);
	if (keeps)
		CHECK_EQ(v.qv_hardlimit, 40);
	end(f);
}

TEST(quota_hostile_files_are_refused_and_mended)
{
	struct fixture f;
	bool s;
	int64_t at;

	for (int i = 0; i < LAYOUTS; i++)
		for (int what = 0; what < 8; what++) {
			start(&f, layouts[i], 0);
			CHECK_EQ(qput(&f, 0, 5, 0, 20, 40, 1), 0);
			CHECK_EQ(xunmount(&f, 0), 0);
			down(&f);
			at = quota_place(&f, 0, &s);
			switch (what) {
			case 0: /* 5's chain goes around in a circle */
				poke64(&f, at + ENTRY(1) + 80, ENTRY(1), s);
				break;
			case 1: /* outside */
				poke64(&f, at + 112 + 16, 1 << 30, s);
				break;
			case 2: /* in the table */
				poke64(&f, at + 112 + 16, 112, s);
				break;
			case 3: /* free ones that do not end */
				poke64(&f, at + ENTRY(2) + 80, ENTRY(2), s);
				break;
			case 4: /* at no place for an entry */
				poke64(&f, at + 104, 4091, s);
				break;
			case 5: /* two chains meet */
				poke64(&f, at + 112 + 8 * 6, ENTRY(1), s);
				break;
			case 6: /* no header */
				poke64(&f, at, 0, s);
				break;
			default: /* the header's other numbers */
				poke64(&f, at,
				    s ? (uint64_t)Q2_HEAD_MAGIC << 32 |
					    0x00ff0001 :
					(uint64_t)Q2_HEAD_MAGIC |
					    (uint64_t)0x0001ff00 << 32,
				    s);
				break;
			}
			refused_and_mended(&f, what < 6);
		}
}

/* The other byte order and back: limits and counts stay. */
TEST(quota_byte_order_is_turned)
{
	struct quotaval v;
	struct fixture f;

	for (int i = 0; i < LAYOUTS; i++) {
		start(&f, layouts[i], 0);
		for (uint32_t id = 1; id <= 90; id++)
			CHECK_EQ(qput(&f, 0, id * 4096, 1, 20, 40, id), 0);
		CHECK_EQ(qput(&f, 1, QUOTA_DEFAULTID, 0, 5, 6, 7), 0);
		CHECK_EQ(xunmount(&f, 0), 0);
		down(&f);
		CHECK_EQ(
		    tool(i % 2 ? "fsck_ffs -y -B le" : "fsck_ffs -y -B be", &f),
		    0);
		fsck_clean(&f);
		up(&f);
		CHECK_EQ(xmount(&f, 0), 0);
		CHECK_EQ(qget(&f, 0, 77 * 4096, 1, &v), 0);
		CHECK_EQ(v.qv_softlimit, 20);
		CHECK_EQ(v.qv_grace, 77);
		CHECK_EQ(qget(&f, 1, QUOTA_DEFAULTID, 0, &v), 0);
		CHECK_EQ(v.qv_hardlimit, 6);
		CHECK_EQ(usage(&f, 0, 0, 1), 1);
		/* The free ones are there too. */
		for (uint32_t id = 1; id <= 90; id++)
			CHECK_EQ(qput(&f, 1, id, 1, 20, 40, id), 0);
		end(&f);
	}
}

/* Counts that are wrong are mended; entries that are not there come, also when the file has to grow. */
TEST(quota_fsck_mends_counts)
{
	struct fixture f;
	char path[40];
	bool s;
	int64_t at;
	long fd;

	for (int i = 0; i < LAYOUTS; i++) {
		make_image(&f, "newfs -F -s 4m", layouts[i]);
		up(&f);
		CHECK_EQ(xmount(&f, 0), 0);
		for (uint32_t k = 0; k < 120; k++) {
			snprintf(path, sizeof(path), "/mnt/%u", (unsigned)k);
			fd = xopen(&f, path, O_RDWR | O_CREAT);
			CHECK(fd >= 0);
			xclose(&f, fd);
			CHECK_EQ(xchown(&f, path, k, k * 64), 0);
		}
		CHECK_EQ(xunmount(&f, 0), 0);
		down(&f);
		remove(f.img);
		start(&f, layouts[i], 0);
		for (uint32_t k = 0; k < 120; k++) {
			snprintf(path, sizeof(path), "/mnt/%u", (unsigned)k);
			fd = xopen(&f, path, O_RDWR | O_CREAT);
			CHECK(fd >= 0);
			xclose(&f, fd);
			CHECK_EQ(xchown(&f, path, k, k * 64), 0);
		}
		CHECK_EQ(xunmount(&f, 0), 0);
		down(&f);
		/* All entries of both types are forgotten. */
		for (int type = 0; type < 2; type++) {
			at = quota_place(&f, type, &s);
			for (int h = 0; h < 128; h++)
				poke64(&f, at + 112 + 8 * h, 0, s);
			poke64(&f, at + 104, 0, s);
		}
		CHECK_EQ(tool("fsck_ffs -fn", &f), 2);
		CHECK(strstr(tool_said,
			  "USER QUOTA MISMATCH FOR ID 7: 0/0 SHOULD BE 0/1\n"
			  "FIX? no") != NULL);
		CHECK_EQ(tool(i % 2 ? "fsck_ffs -fy" : "fsck_ffs -fp", &f), 0);
		up(&f);
		CHECK_EQ(xmount(&f, 0), 0);
		for (uint32_t k = 1; k < 120; k++)
			CHECK_EQ(usage(&f, 1, k * 64, 1), 1);
		end(&f);
	}
}

/* Damage that shows later: an entry counts less than there is. The call works, and the file system is not clean. */
TEST(quota_wrong_counts_ask_for_fsck)
{
	struct fixture f;
	bool s;
	int64_t at;
	long fd;

	start(&f, "-O 2", MNT_LOG);
	fd = xopen(&f, "/mnt/f", O_RDWR | O_CREAT);
	CHECK(fd >= 0);
	CHECK_EQ(xpwrite(&f, fd, "abc", 3, 0), 3);
	xclose(&f, fd);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	at = quota_place(&f, 0, &s);
	poke64(&f, at + ENTRY(0) + 16, 0, s);
	up(&f);
	CHECK_EQ(xmount(&f, MNT_LOG), 0);
	CHECK_EQ(xunlink(&f, "/mnt/f"), 0);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	CHECK_EQ(tool("fsck_ffs -p", &f), 0);
	CHECK(strstr(tool_said,
		  "MISMATCH FOR ID 0: 0/1 SHOULD BE 1/1 (FIXED)") != NULL);
	fsck_clean(&f);
	remove(f.img);
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
	RUN(quota_cursor_shows_every_entry);
	RUN(quota_calls_of_bad_will);
	RUN(quota_of_one_type_only);
	RUN(quota_hostile_files_are_refused_and_mended);
	RUN(quota_byte_order_is_turned);
	RUN(quota_fsck_mends_counts);
	RUN(quota_wrong_counts_ask_for_fsck);
	return check_done();
}
