/* SPDX-License-Identifier: BSD-2-Clause */
/* Images with quotas, calls on them, and work that moves what is counted, for the tests of quotas. */
#ifndef QUOTA_CALLS_H
#define QUOTA_CALLS_H

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

static inline uint32_t
rnd(uint32_t n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static inline int
tool(const char *what, const struct fixture *f)
{
	char line[600];

	snprintf(line, sizeof(line), "%s %s", what, f->img);
	return run_tool(line);
}

static inline void
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

static inline void
fsck_clean(struct fixture *f)
{
	int status = tool("fsck_ffs -fn", f);

	if (status != 0 || strstr(tool_said, "MISMATCH") != NULL)
		fprintf(stderr, "%s\n", tool_said);
	CHECK_EQ(status, 0);
	CHECK(strstr(tool_said, "Phase 6") != NULL);
	CHECK(strstr(tool_said, "already clean") != NULL);
}

static inline void
start(struct fixture *f, const char *options, int flags)
{
	make_image(f, Q_NEWFS, options);
	up(f);
	CHECK_EQ(xmount(f, flags), 0);
}

static inline void
end(struct fixture *f)
{
	CHECK_EQ(xunmount(f, 0), 0);
	down(f);
	fsck_clean(f);
	remove(f->img);
}

/* --- calls --- */

static inline long
qctl(struct fixture *f, struct quotactl_args *a)
{
	return SYS(f, SYS___quotactl, __quotactl, P(const char *, "/mnt"),
	    P(struct quotactl_args *, a));
}

static inline long
qget(struct fixture *f, int type, uint32_t id, int obj, struct quotaval *v)
{
	struct quotakey k = { type, id, obj };
	struct quotactl_args a = { .qc_op = QUOTACTL_GET };

	a.u.get.qc_key = &k;
	a.u.get.qc_val = v;
	return qctl(f, &a);
}

static inline long
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

static inline long
qdel(struct fixture *f, int type, uint32_t id, int obj)
{
	struct quotakey k = { type, id, obj };
	struct quotactl_args a = { .qc_op = QUOTACTL_DEL };

	a.u.del.qc_key = &k;
	return qctl(f, &a);
}

static inline int64_t
usage(struct fixture *f, int type, uint32_t id, int obj)
{
	struct quotaval v;
	long error = qget(f, type, id, obj, &v);

	return error != 0 ? error : (int64_t)v.qv_usage;
}

static inline long
xchown(struct fixture *f, const char *path, uint32_t uid, uint32_t gid)
{
	return SYS(f, SYS_chown, chown, P(const char *, path), P(uid_t, uid),
	    P(gid_t, gid));
}

static inline long
xchmod(struct fixture *f, const char *path, mode_t mode)
{
	return SYS(f, SYS_chmod, chmod, P(const char *, path), P(mode_t, mode));
}

static inline void
become(struct fixture *f, uint32_t uid, uint32_t gid)
{
	if (uid == 0)
		CHECK_EQ(SYS(f, SYS_seteuid, seteuid, P(uid_t, 0)), 0);
	CHECK_EQ(SYS(f, SYS_setegid, setegid, P(gid_t, gid)), 0);
	if (uid != 0)
		CHECK_EQ(SYS(f, SYS_seteuid, seteuid, P(uid_t, uid)), 0);
}

static inline void
do_sync(struct fixture *f)
{
	register_t rv[2], none = 0;

	CHECK_EQ(kern_syscall(f->l, SYS_sync, &none, rv), 0);
}

static inline void
set_time(struct fixture *f, int64_t sec)
{
	struct timespec ts = { .tv_sec = sec };

	CHECK_EQ(SYS(f, SYS___clock_settime50, __clock_settime50,
		     P(clockid_t, 0), P(const struct timespec *, &ts)),
	    0);
}

static inline int64_t
get_time(struct fixture *f)
{
	struct timespec ts = { 0 };

	CHECK_EQ(SYS(f, SYS___clock_gettime50, __clock_gettime50,
		     P(clockid_t, 0), P(struct timespec *, &ts)),
	    0);
	return ts.tv_sec;
}

/* --- work --- */

static inline void
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

#endif
