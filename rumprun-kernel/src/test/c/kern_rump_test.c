/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways in: NetBSD's API on the implicit kernel, and handles. */
#include <netbsd/fcntl.h>
#include <netbsd/reboot.h>
#include <netbsd/syscallargs.h>
#include "kern/kernel.h"
#include "lib/check.h"
#include "rump/implicit.h"
#include <rump/rump.h>
#include <rumprun/rumprun.h>

static int
getpid_by_number(void)
{
	register_t rv[2];
	int error = rump_syscall(SYS_getpid, NULL, 0, rv);

	return error != 0 ? -error : (int)rv[0];
}

static void
end_kernel(void)
{
	struct rump_kernel *k = implicit_take_kernel();
	int64_t leak = 0;

	if (k != NULL)
		kern_halt(k, true, &leak);
	CHECK_EQ(leak, 0);
}

/* --- NetBSD's API --- */

TEST(rump_noKernel_callsFail)
{
	CHECK_EQ(getpid_by_number(), -ENXIO);
	CHECK_EQ(rump_pub_lwproc_rfork(RUMP_RFCFDG), ENXIO);
	CHECK_EQ(rump_init_server("unix://x"), ENXIO);
}

TEST(rump_init_threadIsPidOne)
{
	CHECK_EQ(rump_init(), 0);
	CHECK_EQ(rump_init(), 0);
	CHECK_EQ(getpid_by_number(), 1);
	CHECK(rump_pub_lwproc_curlwp() == NULL);
	end_kernel();
	CHECK_EQ(getpid_by_number(), -ENXIO);
}

TEST(rump_rfork_makesProcessUntilReleased)
{
	struct lwp *first, *second;

	CHECK_EQ(rump_init(), 0);
	CHECK_EQ(rump_pub_lwproc_rfork(3), EINVAL);
	CHECK_EQ(rump_pub_lwproc_rfork(RUMP_RFCFDG), 0);
	CHECK_EQ(getpid_by_number(), 2);
	first = rump_pub_lwproc_curlwp();
	CHECK_EQ(rump_pub_lwproc_newlwp(2), 0);
	CHECK_EQ(getpid_by_number(), 2);
	second = rump_pub_lwproc_curlwp();
	CHECK(first != second);
	rump_pub_lwproc_releaselwp();
	rump_pub_lwproc_switch(first);
	CHECK_EQ(getpid_by_number(), 2);
	rump_pub_lwproc_releaselwp();
	CHECK_EQ(getpid_by_number(), 1);
	CHECK_EQ(rump_pub_lwproc_newlwp(2), ESRCH);
	end_kernel();
}

TEST(rump_reboot_haltsTheKernel)
{
	struct sys_reboot_args a;
	register_t rv[2];

	CHECK_EQ(rump_init(), 0);
	memset(&a, 0, sizeof(a));
	CHECK_EQ(rump_syscall(SYS_reboot, &a, sizeof(a), rv), 0);
	CHECK_EQ(getpid_by_number(), -ENXIO);
}

/* With an lwp of its own, until the kernel is gone. */
static void
call_as_process(void *arg)
{
	_Atomic int *begun = arg;
	register_t rv[2];
	int error;

	CHECK_THREAD(rump_pub_lwproc_rfork(RUMP_RFCFDG) == 0);
	atomic_fetch_add(begun, 1);
	do {
		error = rump_syscall(SYS_pipe, NULL, 0, rv);
		if (error == EMFILE)
			error = rump_pub_lwproc_rfork(RUMP_RFCFDG);
	} while (error == 0);
	while (getpid_by_number() != -ENXIO)
		host_sleep_ns(100000);
	CHECK_THREAD(rump_pub_lwproc_curlwp() == NULL);
	rump_pub_lwproc_releaselwp();
}

TEST(rump_reboot_whileThreadsCall_endsThemAll)
{
	struct host_thread *t[4];
	struct sys_reboot_args a;
	register_t rv[2];
	_Atomic int begun;

	for (int round = 0; round < 50; round++) {
		begun = 0;
		CHECK_EQ(rump_init(), 0);
		for (int i = 0; i < 4; i++)
			CHECK_EQ(host_thread_create(
				     "caller", call_as_process, &begun, &t[i]),
			    0);
		while (begun < 4)
			host_sleep_ns(100000);
		memset(&a, 0, sizeof(a));
		SCARG(&a, opt) = RB_NOSYNC;
		CHECK_EQ(rump_syscall(SYS_reboot, &a, sizeof(a), rv), 0);
		for (int i = 0; i < 4; i++)
			host_thread_join(t[i]);
	}
}

/* --- handles --- */

static struct rumprun_kernel *
boot(void)
{
	struct rumprun_kernel *k;
	char why[100];

	CHECK_EQ(
	    rumprun_kernel_boot(NULL, NULL, NULL, NULL, &k, why, sizeof(why)),
	    0);
	return k;
}

static int64_t
getpid_of(struct rumprun_proc *p)
{
	int64_t rv[2];
	int error = rumprun_proc_syscall(p, SYS_getpid, NULL, 0, rv);

	return error != 0 ? error : rv[0];
}

TEST(handle_badArguments_sayWhy)
{
	struct rumprun_kernel *k;
	struct rumprun_proc *p;
	char why[100];

	CHECK_EQ(rumprun_kernel_boot(
		     "vfs,fs_nosuch", NULL, NULL, NULL, &k, why, sizeof(why)),
	    -ENOENT);
	CHECK_STR(why, "no component is called fs_nosuch");
	CHECK(k == NULL);
	CHECK_EQ(rumprun_kernel_boot(
		     NULL, "ncpu=0", NULL, NULL, &k, why, sizeof(why)),
	    -EINVAL);
	CHECK_EQ(
	    rumprun_kernel_boot(NULL, "memlimit=1k", NULL, NULL, &k, NULL, 0),
	    -EINVAL);
	CHECK_EQ(rumprun_kernel_boot(NULL, "nfiles=x", NULL, NULL, &k, NULL, 0),
	    -EINVAL);
	/* Two files, and the third is too many. */
	CHECK_EQ(
	    rumprun_kernel_boot("vfs", "nfiles=2", NULL, NULL, &k, NULL, 0), 0);
	CHECK_EQ(rumprun_proc_create(k, "files", &p), 0);
	CHECK(rumprun_open(p, "/", 0, 0) >= 0);
	CHECK(rumprun_open(p, "/", 0, 0) >= 0);
	CHECK_EQ(rumprun_open(p, "/", 0, 0), -ENFILE);
	CHECK_EQ(rumprun_kernel_listen(k, "nonsense", NULL, 0), -EINVAL);
	CHECK_EQ(rumprun_proc_destroy(p), 0);
	CHECK_EQ(rumprun_kernel_halt(k, 0), 0);
	CHECK_EQ(rumprun_kernel_boot(NULL, "nosuch", NULL, NULL, &k, NULL, 0),
	    -ENOENT);
	CHECK_EQ(
	    rumprun_kernel_boot("", "ncpu=1,verbose", NULL, NULL, &k, NULL, 0),
	    0);
	CHECK_EQ(rumprun_kernel_halt(k, 0), 0);
}

TEST(handle_twoKernels_areIndependent)
{
	struct rumprun_kernel *a = boot(), *b = boot();
	struct rumprun_proc *p, *q, *r;

	CHECK_EQ(rumprun_proc_create(a, "one", &p), 0);
	CHECK_EQ(rumprun_proc_create(a, "two", &q), 0);
	CHECK_EQ(rumprun_proc_create(b, "three", &r), 0);
	CHECK_EQ(getpid_of(p), 2);
	CHECK_EQ(getpid_of(q), 3);
	CHECK_EQ(getpid_of(r), 2);
	rumprun_proc_destroy(p);
	rumprun_proc_destroy(q);
	rumprun_proc_destroy(r);
	CHECK_EQ(rumprun_kernel_halt(a, 0), 0);
	CHECK_EQ(rumprun_kernel_halt(b, 0), 0);
}

TEST(handle_processAfterHalt_fails)
{
	struct rumprun_kernel *k = boot();
	struct rumprun_proc *p, *q;

	CHECK_EQ(rumprun_proc_create(k, "late", &p), 0);
	CHECK_EQ(rumprun_proc_create(k, "idle", &q), 0);
	CHECK_EQ(getpid_of(p), 2);
	CHECK_EQ(rumprun_kernel_halt(k, 0), 0);
	CHECK_EQ(getpid_of(p), -ESHUTDOWN);
	rumprun_proc_interrupt(p);
	rumprun_proc_destroy(p);
	rumprun_proc_destroy(q);
}

struct sleeper {
	struct rumprun_proc *proc;
	int result;
};

static void
sleep_long(void *arg)
{
	struct sleeper *s = arg;
	struct timespec t = { 1000, 0 };
	struct sys___nanosleep50_args a;
	int64_t rv[2];

	memset(&a, 0, sizeof(a));
	SCARG(&a, rqtp) = &t;
	s->result = rumprun_proc_syscall(
	    s->proc, SYS___nanosleep50, &a, sizeof(a), rv);
}

TEST(handle_sleepingCall_endsByInterruptDestroyAndHalt)
{
	struct rumprun_kernel *k = boot();
	struct host_thread *t;
	struct sleeper s;

	for (int way = 0; way < 3; way++) {
		s.result = 0;
		CHECK_EQ(rumprun_proc_create(k, "sleeper", &s.proc), 0);
		CHECK_EQ(host_thread_create("t", sleep_long, &s, &t), 0);
		host_sleep_ns(20000000);
		if (way == 0)
			rumprun_proc_interrupt(s.proc);
		else if (way == 1)
			rumprun_proc_destroy(s.proc);
		else
			CHECK_EQ(rumprun_kernel_halt(k, 0), 0);
		host_thread_join(t);
		CHECK_EQ(s.result, way == 2 ? -ESHUTDOWN : -EINTR);
		if (way != 1)
			rumprun_proc_destroy(s.proc);
	}
}

struct caller {
	struct rumprun_proc *proc;
	int calls, bad;
};

static void
call_until_gone(void *arg)
{
	struct caller *c = arg;
	int64_t pid;

	while ((pid = getpid_of(c->proc)) > 0)
		c->calls++;
	c->bad = pid != -ESHUTDOWN;
}

TEST(handle_haltWhileThreadsCall_endsThemAll)
{
	struct rumprun_kernel *k = boot();
	struct host_thread *t[4];
	struct caller c[4];

	memset(c, 0, sizeof(c));
	for (int i = 0; i < 4; i++) {
		if (i < 2)
			CHECK_EQ(rumprun_proc_create(k, "c", &c[i].proc), 0);
		else
			c[i].proc = c[0].proc;
		CHECK_EQ(
		    host_thread_create("t", call_until_gone, &c[i], &t[i]), 0);
	}
	host_sleep_ns(20000000);
	CHECK_EQ(rumprun_kernel_halt(k, 0), 0);
	for (int i = 0; i < 4; i++) {
		host_thread_join(t[i]);
		CHECK_EQ(c[i].bad, 0);
	}
	rumprun_proc_destroy(c[0].proc);
	rumprun_proc_destroy(c[1].proc);
}

TEST(handle_reboot_isToldToTheOwner)
{
	struct rumprun_kernel *k = boot();
	struct sys_reboot_args a;
	struct rumprun_proc *p;
	int64_t rv[2];

	CHECK_EQ(rumprun_proc_create(k, "p", &p), 0);
	CHECK_EQ(rumprun_kernel_rebooted(k), -1);
	memset(&a, 0, sizeof(a));
	SCARG(&a, opt) = RB_NOSYNC;
	CHECK_EQ(rumprun_proc_syscall(p, SYS_reboot, &a, sizeof(a), rv), 0);
	CHECK_EQ(rumprun_kernel_rebooted(k), RB_NOSYNC);
	rumprun_proc_destroy(p);
	CHECK_EQ(rumprun_kernel_halt(k, 1), 0);
}

TEST(handle_fileCalls_doTheirWork)
{
	struct rumprun_kernel *k = boot();
	int64_t st[RUMPRUN_ST_COUNT], sv[RUMPRUN_VFS_COUNT];
	char buf[2048], type[32], on[64];
	struct rumprun_proc *p;
	int fd;

	CHECK_EQ(rumprun_proc_create(k, "files", &p), 0);
	CHECK_EQ(rumprun_open(p, "/none", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(rumprun_mkdir(p, "/d", 0755), 0);
	fd = rumprun_open(p, "/d/f", O_RDWR | O_CREAT, 0640);
	CHECK(fd >= 0);
	CHECK_EQ(rumprun_write(p, fd, "hello", 5), 5);
	CHECK_EQ(rumprun_pwrite(p, fd, "J", 1, 0), 1);
	CHECK_EQ(rumprun_lseek(p, fd, -2, 2), 3);
	CHECK_EQ(rumprun_read(p, fd, buf, 10), 2);
	CHECK_EQ(rumprun_pread(p, fd, buf, 10, 0), 5);
	CHECK(memcmp(buf, "Jello", 5) == 0);
	CHECK_EQ(rumprun_fsync(p, fd, 0), 0);
	CHECK_EQ(rumprun_ftruncate(p, fd, 3), 0);
	CHECK_EQ(rumprun_fstat(p, fd, st), 0);
	CHECK_EQ(st[RUMPRUN_ST_SIZE], 3);
	CHECK_EQ(st[RUMPRUN_ST_MODE], 0100640);
	CHECK_EQ(rumprun_close(p, fd), 0);
	CHECK_EQ(rumprun_close(p, fd), -EBADF);
	CHECK_EQ(rumprun_chmod(p, "/d/f", 0600, 1), 0);
	CHECK_EQ(rumprun_chown(p, "/d/f", 10, -1, 1), 0);
	CHECK_EQ(rumprun_utimens(p, "/d/f", 5, 6, 0, RUMPRUN_TIME_OMIT, 1), 0);
	CHECK_EQ(rumprun_symlink(p, "f", "/d/l"), 0);
	CHECK_EQ(rumprun_readlink(p, "/d/l", buf, sizeof(buf)), 1);
	CHECK_EQ(rumprun_stat(p, "/d/l", st), 0);
	CHECK_EQ(st[RUMPRUN_ST_UID], 10);
	CHECK_EQ(st[RUMPRUN_ST_ATIME], 5);
	CHECK_EQ(st[RUMPRUN_ST_ATIME_NS], 6);
	CHECK(st[RUMPRUN_ST_MTIME] > 5);
	CHECK_EQ(rumprun_lstat(p, "/d/l", st), 0);
	CHECK_EQ(st[RUMPRUN_ST_MODE] & 0170000, 0120000);
	CHECK_EQ(rumprun_truncate(p, "/d/f", 100), 0);
	CHECK_EQ(rumprun_access(p, "/d/f", 4), 0);
	fd = rumprun_open(p, "/d", O_RDONLY | O_DIRECTORY, 0);
	CHECK(rumprun_getdents(p, fd, buf, sizeof(buf)) > 0);
	CHECK_EQ(rumprun_getdents(p, fd, buf, sizeof(buf)), 0);
	CHECK_EQ(rumprun_close(p, fd), 0);
	CHECK_EQ(rumprun_statvfs(
		     p, "/d", sv, type, sizeof(type), NULL, 0, on, sizeof(on)),
	    0);
	CHECK_STR(on, "/");
	CHECK_EQ(rumprun_rmdir(p, "/d"), -ENOTEMPTY);
	CHECK_EQ(rumprun_unlink(p, "/d/l"), 0);
	CHECK_EQ(rumprun_unlink(p, "/d/f"), 0);
	CHECK_EQ(rumprun_rmdir(p, "/d"), 0);
	rumprun_proc_destroy(p);
	CHECK_EQ(rumprun_kernel_halt(k, 0), 0);
}

/* --- a caller's function that ends what it is called by --- */

struct ender {
	struct rumprun_kernel *rk;
	struct rumprun_proc *rp, *other;
	int64_t halted;
	int destroyed, calls;
};

static int
end_from_inside(void *ctx, int fd, const void *buf, size_t n)
{
	struct ender *e = ctx;

	(void)fd, (void)buf;
	e->calls++;
	e->destroyed = rumprun_proc_destroy(e->rp);
	if (e->rk != NULL)
		e->halted = rumprun_kernel_halt(e->rk, 0);
	if (e->other != NULL)
		CHECK_EQ(rumprun_proc_destroy(e->other), 0);
	e->other = NULL;
	return (int)n;
}

static int
run_ender(struct ender *e)
{
	static char name[] = "sysctl", var[] = "kern.ostype";
	char *argv[] = { name, var, NULL };

	return rumprun_tool_run(e->rp, NULL, "sysctl", 2, argv, NULL, NULL,
	    end_from_inside, NULL, NULL, e, NULL, NULL);
}

TEST(handle_endedFromAToolsFunction_isBusy)
{
	struct ender e = { 0 }, remote = { 0 };
	char url[64], why[128];

	snprintf(
	    url, sizeof(url), "unix:///tmp/kern_rump_test.%d", host_getpid());
	CHECK_EQ(rumprun_kernel_boot(
		     NULL, NULL, NULL, NULL, &e.rk, why, sizeof(why)),
	    0);
	CHECK_EQ(rumprun_proc_create(e.rk, "one", &e.rp), 0);
	CHECK_EQ(rumprun_proc_create(e.rk, "two", &e.other), 0);
	CHECK_EQ(run_ender(&e), 0);
	CHECK_EQ(e.calls, 1);
	CHECK_EQ(e.destroyed, -EBUSY);
	CHECK_EQ(e.halted, -EBUSY);
	CHECK(e.other == NULL);
	CHECK_EQ(rumprun_kernel_listen(e.rk, url, why, sizeof(why)), 0);
	CHECK_EQ(
	    rumprun_client_connect(url, "remote", &remote.rp, why, sizeof(why)),
	    0);
	CHECK_EQ(run_ender(&remote), 0);
	CHECK_EQ(remote.destroyed, -EBUSY);
	CHECK_EQ(rumprun_proc_destroy(remote.rp), 0);
	CHECK_EQ(rumprun_proc_destroy(e.rp), 0);
	CHECK_EQ(rumprun_kernel_halt(e.rk, 0), 0);
}

static void
halt_from_console(void *ctx, const char *text, size_t size)
{
	struct ender *e = ctx;

	(void)text, (void)size;
	if (e->rk == NULL || e->rp == NULL)
		return;
	e->calls++;
	e->destroyed = rumprun_proc_destroy(e->rp);
	e->halted = rumprun_kernel_halt(e->rk, 0);
}

TEST(handle_endedFromTheConsolesFunction_isBusy)
{
	struct ender e = { 0 };
	char url[64], why[128];
	int port, error = -1;

	CHECK_EQ(rumprun_kernel_boot(NULL, NULL, halt_from_console, &e, &e.rk,
		     why, sizeof(why)),
	    0);
	CHECK_EQ(rumprun_proc_create(e.rk, "one", &e.rp), 0);
	/* The console is told that this one is open to others. */
	for (port = 31000 + host_getpid() % 20000; error != 0 && port < 60000;
	     port++) {
		snprintf(url, sizeof(url), "tcp://0.0.0.0:%d", port);
		error = rumprun_kernel_listen(e.rk, url, why, sizeof(why));
	}
	CHECK_EQ(error, 0);
	CHECK(e.calls > 0);
	CHECK_EQ(e.destroyed, -EBUSY);
	CHECK_EQ(e.halted, -EBUSY);
	CHECK_EQ(rumprun_proc_destroy(e.rp), 0);
	e.rp = NULL;
	CHECK_EQ(rumprun_kernel_halt(e.rk, 0), 0);
}

int
main(void)
{
	RUN(rump_noKernel_callsFail);
	RUN(rump_init_threadIsPidOne);
	RUN(rump_rfork_makesProcessUntilReleased);
	RUN(rump_reboot_haltsTheKernel);
	RUN(rump_reboot_whileThreadsCall_endsThemAll);
	RUN(handle_badArguments_sayWhy);
	RUN(handle_twoKernels_areIndependent);
	RUN(handle_processAfterHalt_fails);
	RUN(handle_sleepingCall_endsByInterruptDestroyAndHalt);
	RUN(handle_haltWhileThreadsCall_endsThemAll);
	RUN(handle_reboot_isToldToTheOwner);
	RUN(handle_fileCalls_doTheirWork);
	RUN(handle_endedFromAToolsFunction_isBusy);
	RUN(handle_endedFromTheConsolesFunction_isBusy);
	return check_done();
}
