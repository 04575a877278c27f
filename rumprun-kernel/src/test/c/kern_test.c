/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel core: life of a kernel, memory, processes, descriptors, waits. */
#include <netbsd/fcntl.h>
#include <netbsd/syscallargs.h>
#include "kern/file.h"
#include "kern/proc.h"
#include "lib/check.h"

static const char *const base_only[] = { NULL };

static struct rump_kernel *
boot_base(void)
{
	struct kern_config config = { .kc_components = base_only };
	struct rump_kernel *k;

	CHECK_EQ(kern_boot(&config, &k), 0);
	return k;
}

static void
halt(struct rump_kernel *k)
{
	int64_t leak;

	kern_halt(k, false, &leak);
	CHECK_EQ(leak, 0);
}

static long
call(struct lwp *l, int num, const void *args)
{
	register_t rv[2];
	int error = kern_syscall(l, num, args, rv);

	return error != 0 ? error : (long)rv[0];
}

/* --- life --- */

TEST(boot_everything_answersAndHaltsWithoutLeak)
{
	struct rump_kernel *k;
	struct proc *p;
	struct lwp *l;

	CHECK_EQ(kern_boot(NULL, &k), 0);
	CHECK_EQ(proc_fork(k, NULL, RFCFDG, "guest", &p), 0);
	CHECK_EQ(lwp_create(p, &l), 0);
	CHECK_EQ(call(l, SYS_getpid, NULL), 2);
	CHECK_EQ(call(l, SYS_getppid, NULL), 1);
	CHECK_EQ(call(l, 2, NULL), -ENOSYS);
	CHECK_EQ(call(l, 512, NULL), -ENOSYS);
	CHECK_EQ(call(l, -1, NULL), -ENOSYS);
	lwp_destroy(l);
	proc_exit(p, NULL, 0);
	halt(k);
}

TEST(boot_thousandTimes_leaksNothing)
{
	for (int i = 0; i < 1000; i++) {
		struct rump_kernel *k;

		CHECK_EQ(kern_boot(NULL, &k), 0);
		halt(k);
	}
}

TEST(boot_hundredAtOnce_areIndependent)
{
	struct rump_kernel *k[100];

	for (int i = 0; i < 100; i++)
		CHECK_EQ(kern_boot(NULL, &k[i]), 0);
	for (int i = 0; i < 100; i++) {
		struct proc *p;

		for (int n = 0; n <= i % 3; n++)
			CHECK_EQ(proc_fork(k[i], NULL, RFCFDG, NULL, &p), 0);
		CHECK_EQ(p->p_pid, 2 + i % 3);
	}
	for (int i = 0; i < 100; i++)
		halt(k[i]);
}

TEST(boot_unknownComponent_isRefused)
{
	static const char *const names[] = { "fs_nosuch", NULL };
	struct kern_config config = { .kc_components = names };
	struct rump_kernel *k;

	CHECK_EQ(kern_boot(&config, &k), -ENOENT);
	CHECK(k == NULL);
}

TEST(boot_anyAllocationFails_failsWithoutLeak)
{
	int error = -ENOMEM;

	for (int n = 1; error != 0; n++) {
		struct kern_config config = { .kc_failalloc = n };
		struct rump_kernel *k;

		CHECK(n < 20000);
		error = kern_boot(&config, &k);
		if (error == 0)
			halt(k);
		else
			CHECK(error == -ENOMEM || error == -ENOSPC);
	}
}

/* --- one kernel with a process and an lwp, for what follows --- */

struct world {
	struct rump_kernel *k;
	struct proc *p;
	struct lwp *l;
};

static struct world
world(void)
{
	struct world w;

	w.k = boot_base();
	CHECK_EQ(proc_fork(w.k, NULL, RFCFDG, "guest", &w.p), 0);
	CHECK_EQ(lwp_create(w.p, &w.l), 0);
	return w;
}

static void
end_world(struct world *w)
{
	lwp_destroy(w->l);
	proc_exit(w->p, NULL, 0);
	halt(w->k);
}

static int
close_fn(struct lwp *l, struct file *f)
{
	(void)l;
	atomic_fetch_add((_Atomic int *)f->f_data, 1);
	return 0;
}

static int
seek_fn(struct lwp *l, struct file *f, off_t delta, int whence, off_t *to)
{
	(void)l;
	(void)f;
	(void)whence;
	*to = delta;
	return 0;
}

static const struct fileops counting = { .fo_close = close_fn,
	.fo_seek = seek_fn };

/* Opens a file that counts its closes. */
static int
open_counting(struct lwp *l, _Atomic int *closes)
{
	struct file *f;
	int fd;

	CHECK_EQ(file_create(l, &f), 0);
	f->f_ops = &counting;
	f->f_type = DTYPE_MISC;
	f->f_flag = FREAD | FWRITE;
	f->f_data = closes;
	CHECK_EQ(fd_alloc(l, 0, &fd), 0);
	fd_install(l, fd, f, false);
	return fd;
}

#define ARGS(name)                  \
	struct sys_##name##_args a; \
	memset(&a, 0, sizeof(a))
#define SET(field, value) (a.field.datum = (value))

static long
call_close(struct lwp *l, int fd)
{
	ARGS(close);
	SET(fd, fd);
	return call(l, SYS_close, &a);
}

static long
call_dup2(struct lwp *l, int from, int to)
{
	ARGS(dup2);
	SET(from, from);
	SET(to, to);
	return call(l, SYS_dup2, &a);
}

static long
call_fcntl(struct lwp *l, int fd, int cmd, intptr_t arg)
{
	ARGS(fcntl);
	SET(fd, fd);
	SET(cmd, cmd);
	SET(arg, (void *)arg);
	return call(l, SYS_fcntl, &a);
}

static long
call_setrlimit(struct lwp *l, int which, uint64_t cur, uint64_t max)
{
	struct rlimit lim = { cur, max };
	ARGS(setrlimit);
	SET(which, which);
	SET(rlp, &lim);
	return call(l, SYS_setrlimit, &a);
}

/* --- memory --- */

TEST(kmem_overLimitAndOverflow_giveNull)
{
	struct kern_config config = { .kc_components = base_only,
		.kc_memlimit = 16 << 20 };
	struct rump_kernel *k;
	void *p;

	CHECK_EQ(kern_boot(&config, &k), 0);
	CHECK(kmem_alloc(k, 17 << 20) == NULL);
	CHECK(kmem_alloc(k, SIZE_MAX) == NULL);
	CHECK(kmem_calloc(k, SIZE_MAX / 2, 3) == NULL);
	CHECK((p = kmem_alloc(k, 1 << 20)) != NULL);
	kmem_free(k, p, 1 << 20);
	halt(k);
}

/* --- descriptors --- */

TEST(fd_lowestFree_isTakenAcrossChunks)
{
	struct world w = world();
	_Atomic int closes = 0;

	CHECK_EQ(call_setrlimit(w.l, 8, 1000, 1772), 0);
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(open_counting(w.l, &closes), i);
	int fd;

	CHECK_EQ(fd_alloc(w.l, 0, &fd), -EMFILE);
	for (int i = 3; i < 1000; i += 61)
		CHECK_EQ(call_close(w.l, i), 0);
	for (int i = 3; i < 1000; i += 61)
		CHECK_EQ(open_counting(w.l, &closes), i);
	CHECK_EQ(call_fcntl(w.l, 0, F_MAXFD, 0), 999);
	CHECK_EQ(call_fcntl(w.l, 500, F_CLOSEM, 0), 0);
	CHECK_EQ(call_fcntl(w.l, 0, F_MAXFD, 0), 499);
	CHECK_EQ(closes, 17 + 500);
	end_world(&w);
	CHECK_EQ(closes, 17 + 1000);
}

TEST(fd_dup_keepsFileUntilLastClose)
{
	struct world w = world();
	_Atomic int closes = 0, other = 0;
	int fd = open_counting(w.l, &closes);

	CHECK_EQ(fd, 0);
	CHECK_EQ(call_dup2(w.l, 0, 10), 10);
	CHECK_EQ(call_dup2(w.l, 0, 0), 0);
	CHECK_EQ(call_dup2(w.l, 99, 10), -EBADF);
	CHECK_EQ(call_dup2(w.l, 0, -1), -EBADF);
	CHECK_EQ(call_dup2(w.l, 0, 100000), -EBADF);
	CHECK_EQ(call_fcntl(w.l, 0, F_DUPFD, 8), 8);
	CHECK_EQ(call_fcntl(w.l, 0, F_DUPFD, -1), -EINVAL);
	CHECK_EQ(call_fcntl(w.l, 0, F_DUPFD, 100000), -EINVAL);
	CHECK_EQ(call_fcntl(w.l, 0, F_DUPFD_CLOEXEC, 20), 20);
	CHECK_EQ(call_fcntl(w.l, 20, F_GETFD, 0), 1);
	CHECK_EQ(call_fcntl(w.l, 0, F_GETFD, 0), 0);
	CHECK_EQ(call_fcntl(w.l, 0, F_GETFL, 0), O_RDWR);
	CHECK_EQ(call_fcntl(w.l, 0, 99, 0), -EINVAL);
	CHECK_EQ(call_fcntl(w.l, 99, F_GETFL, 0), -EBADF);
	fd_closeexec(w.l);
	CHECK_EQ(call_fcntl(w.l, 20, F_GETFD, 0), -EBADF);
	CHECK_EQ(open_counting(w.l, &other), 1);
	CHECK_EQ(call_dup2(w.l, 0, 1), 1);
	CHECK_EQ(other, 1);
	CHECK_EQ(call_close(w.l, 0), 0);
	CHECK_EQ(call_close(w.l, 0), -EBADF);
	CHECK_EQ(call_close(w.l, 8), 0);
	CHECK_EQ(call_close(w.l, 10), 0);
	CHECK_EQ(closes, 0);
	CHECK_EQ(call_close(w.l, 1), 0);
	CHECK_EQ(closes, 1);
	end_world(&w);
}

TEST(fd_fork_copiesClearsOrShares)
{
	struct world w = world();
	_Atomic int closes = 0;
	struct proc *copy, *clear, *share;
	struct lwp *l;
	struct file *f;

	CHECK_EQ(open_counting(w.l, &closes), 0);
	CHECK_EQ(proc_fork(w.k, w.p, RFFDG, NULL, &copy), 0);
	CHECK_EQ(proc_fork(w.k, w.p, RFCFDG, NULL, &clear), 0);
	CHECK_EQ(proc_fork(w.k, w.p, 0, NULL, &share), 0);
	CHECK_EQ(copy->p_pid, 3);
	CHECK_STR(copy->p_comm, "guest");
	CHECK_EQ(call_close(w.l, 0), 0);
	CHECK_EQ(lwp_create(copy, &l), 0);
	CHECK_EQ(call(l, SYS_getppid, NULL), 2);
	CHECK_EQ(fd_getfile(l, 0, &f), 0);
	CHECK_EQ(file_put(l, f), 0);
	lwp_destroy(l);
	CHECK_EQ(lwp_create(clear, &l), 0);
	CHECK_EQ(fd_getfile(l, 0, &f), -EBADF);
	lwp_destroy(l);
	CHECK_EQ(lwp_create(share, &l), 0);
	CHECK_EQ(fd_getfile(l, 0, &f), -EBADF);
	CHECK_EQ(open_counting(l, &closes), 0);
	CHECK_EQ(fd_getfile(w.l, 0, &f), 0);
	CHECK_EQ(file_put(w.l, f), 0);
	lwp_destroy(l);
	CHECK_EQ(closes, 0);
	proc_exit(copy, NULL, 0);
	CHECK_EQ(closes, 1);
	proc_exit(clear, NULL, 0);
	proc_exit(share, NULL, 0);
	CHECK_EQ(closes, 1);
	end_world(&w);
	CHECK_EQ(closes, 2);
}

struct racer {
	struct world *w;
	_Atomic int *closes;
	_Atomic bool *stop;
	int opens;
};

/* Opens, duplicates and closes, among others who do the same. */
static void
race(void *arg)
{
	struct racer *r = arg;
	struct lwp *l;

	if (lwp_create(r->w->p, &l) != 0)
		return;
	while (!atomic_load(r->stop)) {
		struct file *f;
		int fd;

		if (file_create(l, &f) != 0)
			continue;
		f->f_ops = &counting;
		f->f_type = DTYPE_MISC;
		f->f_data = r->closes;
		if (fd_alloc(l, 0, &fd) != 0) {
			f->f_ops = NULL;
			(void)file_put(l, f);
			continue;
		}
		r->opens++;
		fd_install(l, fd, f, false);
		for (int i = 0; i < 8; i++) {
			if (fd_getfile(l, i, &f) == 0)
				(void)file_put(l, f);
		}
		(void)call_dup2(l, fd, 3);
		(void)call_close(l, fd);
		(void)call_close(l, 2);
	}
	lwp_destroy(l);
}

TEST(fd_manyThreads_closeEachFileOnce)
{
	struct world w = world();
	_Atomic int closes = 0;
	_Atomic bool stop = false;
	struct racer r[4];
	struct host_thread *t[4];
	int opens = 0;

	for (int i = 0; i < 4; i++) {
		r[i] = (struct racer){ &w, &closes, &stop, 0 };
		CHECK_EQ(host_thread_create("race", race, &r[i], &t[i]), 0);
	}
	host_sleep_ns(300000000);
	stop = true;
	for (int i = 0; i < 4; i++) {
		host_thread_join(t[i]);
		opens += r[i].opens;
	}
	end_world(&w);
	CHECK(opens > 0);
	CHECK_EQ(closes, opens);
}

/* --- sleeping --- */

struct waiter {
	struct lwp *l;
	struct kmutex m;
	struct kcond c;
	int flags;
	int64_t deadline;
	_Atomic int result;
};

static void
wait_once(void *arg)
{
	struct waiter *x = arg;
	int error = 0;

	kmutex_enter(&x->m);
	while (error == 0)
		error = kern_wait(x->l, &x->c, &x->m, x->flags, x->deadline);
	kmutex_exit(&x->m);
	x->result = error;
}

TEST(wait_interruptExitDeadlineHalt_endIt)
{
	struct world w = world();
	struct host_thread *t;
	struct waiter x;
	static const int expected[] = { -EINTR, -EINTR, -EWOULDBLOCK };

	for (int way = 0; way < 3; way++) {
		memset(&x, 0, sizeof(x));
		CHECK_EQ(lwp_create(w.p, &x.l), 0);
		x.flags = way == 0 ? WAIT_INTR : 0;
		x.deadline = way == 2 ? kern_uptime_ns(w.k) + 30000000 :
					WAIT_FOREVER;
		CHECK_EQ(host_thread_create("w", wait_once, &x, &t), 0);
		host_sleep_ns(10000000);
		if (way == 1)
			lwp_wakeup(x.l, L_INTR);
		if (way < 2)
			proc_wakeup_lwps(w.p, way == 0 ? L_INTR : L_EXIT, NULL);
		host_thread_join(t);
		CHECK_EQ(x.result, expected[way]);
		lwp_destroy(x.l);
	}
	memset(&x, 0, sizeof(x));
	CHECK_EQ(lwp_create(w.p, &x.l), 0);
	x.deadline = WAIT_FOREVER;
	CHECK_EQ(host_thread_create("w", wait_once, &x, &t), 0);
	host_sleep_ns(10000000);
	kern_halt_begin(w.k);
	host_thread_join(t);
	CHECK_EQ(x.result, -ESHUTDOWN);
	halt(w.k);
}

struct pingpong {
	struct lwp *l;
	struct kmutex *m;
	struct kcond *c;
	int *turn, me;
	int rounds;
};

static void
play(void *arg)
{
	struct pingpong *g = arg;

	kmutex_enter(g->m);
	for (int i = 0; i < g->rounds; i++) {
		while (*g->turn != g->me)
			if (kern_wait(
				g->l, g->c, g->m, WAIT_INTR, WAIT_FOREVER) != 0)
				break;
		*g->turn = 1 - g->me;
		kcond_broadcast(g->c);
	}
	kmutex_exit(g->m);
}

TEST(wait_pingPong_losesNoWakeup)
{
	struct world w = world();
	struct kmutex m = { 0 };
	struct kcond c = { 0, 0 };
	struct host_thread *t[2];
	struct pingpong g[2];
	int turn = 0;

	for (int i = 0; i < 2; i++) {
		g[i] = (struct pingpong){ NULL, &m, &c, &turn, i, 5000 };
		CHECK_EQ(lwp_create(w.p, &g[i].l), 0);
		CHECK_EQ(host_thread_create("p", play, &g[i], &t[i]), 0);
	}
	for (int i = 0; i < 2; i++) {
		host_thread_join(t[i]);
		lwp_destroy(g[i].l);
	}
	end_world(&w);
}

static void
until_told(struct lwp *l, void *arg)
{
	struct waiter *x = arg;

	x->l = l;
	wait_once(x);
}

TEST(thread_join_endsItsSleep)
{
	struct world w = world();
	struct kern_thread *t;
	struct waiter x;

	memset(&x, 0, sizeof(x));
	x.deadline = WAIT_FOREVER;
	CHECK_EQ(kern_thread_create(w.k, "t", until_told, &x, &t), 0);
	host_sleep_ns(5000000);
	kern_thread_join(t);
	CHECK_EQ(x.result, -EINTR);
	end_world(&w);
}

/* --- locks --- */

struct rwtest {
	struct krwlock rw;
	_Atomic bool stop;
	int a, b;
	_Atomic int bad, reads, writes;
};

static void
rw_reader(void *arg)
{
	struct rwtest *x = arg;

	while (!x->stop) {
		krwlock_rdlock(&x->rw);
		if (x->a != x->b)
			x->bad++;
		x->reads++;
		krwlock_unlock(&x->rw);
	}
}

static void
rw_writer(void *arg)
{
	struct rwtest *x = arg;

	while (!x->stop) {
		krwlock_wrlock(&x->rw);
		x->a++;
		host_yield();
		x->b++;
		x->writes++;
		if (x->a % 3 == 0)
			krwlock_downgrade(&x->rw);
		krwlock_unlock(&x->rw);
	}
}

TEST(rwlock_readersAndWriters_excludeEachOther)
{
	struct host_thread *t[4];
	struct rwtest x;

	memset(&x, 0, sizeof(x));
	for (int i = 0; i < 4; i++)
		CHECK_EQ(host_thread_create(
			     "rw", i < 2 ? rw_reader : rw_writer, &x, &t[i]),
		    0);
	host_sleep_ns(300000000);
	x.stop = true;
	for (int i = 0; i < 4; i++)
		host_thread_join(t[i]);
	CHECK_EQ(x.bad, 0);
	CHECK(x.reads > 0 && x.writes > 0);
	CHECK_EQ(x.a, x.b);
	CHECK(krwlock_trywr(&x.rw));
	CHECK(!krwlock_tryrd(&x.rw));
	krwlock_unlock(&x.rw);
}

/* --- calls --- */

static long
call_clock(struct lwp *l, int num, int id, struct timespec *t)
{
	ARGS(__clock_gettime50);
	SET(clock_id, id);
	SET(tp, t);
	return call(l, num, &a);
}

static long
call_nanosleep(struct lwp *l, int64_t sec, long nsec)
{
	struct timespec t = { sec, nsec };
	ARGS(__nanosleep50);
	SET(rqtp, &t);
	return call(l, SYS___nanosleep50, &a);
}

TEST(clock_idsAndSleeps_areTheReferences)
{
	struct world w = world();
	struct timespec t = { 0, 0 };
	static const long get[] = { -ESRCH, 0, -EINVAL, -EINVAL, 0, -EINVAL },
			  res[] = { -EINVAL, 0, -EINVAL, -EINVAL, 0, -EINVAL };

	for (int id = -1; id < 5; id++) {
		CHECK_EQ(call_clock(w.l, SYS___clock_gettime50, id, &t),
		    get[id + 1]);
		CHECK_EQ(
		    call_clock(w.l, SYS___clock_getres50, id, &t), res[id + 1]);
	}
	CHECK_EQ(t.tv_nsec, 10000000);
	CHECK_EQ(call_nanosleep(w.l, 0, -1), -EINVAL);
	CHECK_EQ(call_nanosleep(w.l, 0, 1000000000), -EINVAL);
	CHECK_EQ(call_nanosleep(w.l, -1, 0), 0);
	CHECK_EQ(call_nanosleep(w.l, 0, 0), 0);
	int64_t before = kern_uptime_ns(w.k);

	CHECK_EQ(call_nanosleep(w.l, 0, 30000000), 0);
	CHECK(kern_uptime_ns(w.k) - before >= 30000000);
	t = (struct timespec){ 1000000000, 0 };
	CHECK_EQ(call_clock(w.l, SYS___clock_settime50, 3, &t), -EINVAL);
	CHECK_EQ(call_clock(w.l, SYS___clock_settime50, 0, &t), 0);
	CHECK_EQ(kern_time_second(w.k), 1000000000);
	end_world(&w);
}

static long
call_id(struct lwp *l, int num, unsigned id)
{
	ARGS(setuid);
	SET(uid, id);
	return call(l, num, &a);
}

TEST(cred_loweredProcess_getsNothingBack)
{
	struct world w = world();

	CHECK_EQ(call(w.l, SYS_getuid, NULL), 0);
	CHECK_EQ(call_id(w.l, SYS_setgid, 20), 0);
	CHECK_EQ(call_id(w.l, SYS_seteuid, 10), 0);
	CHECK_EQ(call(w.l, SYS_getuid, NULL), 0);
	CHECK_EQ(call(w.l, SYS_geteuid, NULL), 10);
	CHECK_EQ(call_id(w.l, SYS_seteuid, 0), 0);
	CHECK_EQ(call_id(w.l, SYS_setuid, 10), 0);
	CHECK_EQ(call_id(w.l, SYS_setuid, 0), -EPERM);
	CHECK_EQ(call_id(w.l, SYS_seteuid, 0), -EPERM);
	CHECK_EQ(call_id(w.l, SYS_setgid, 0), -EPERM);
	CHECK_EQ(call(w.l, SYS_getgid, NULL), 20);
	CHECK_EQ(call_setrlimit(w.l, 8, 10, 5), -EINVAL);
	CHECK_EQ(call_setrlimit(w.l, 8, 10, 2000), -EPERM);
	CHECK_EQ(call_setrlimit(w.l, 8, 10, 20), 0);
	CHECK_EQ(call_setrlimit(w.l, 12, 0, 0), -EINVAL);
	CHECK_EQ(call_setrlimit(w.l, -1, 0, 0), -EINVAL);
	end_world(&w);
}

TEST(session_calls_areTheReferences)
{
	struct world w = world();

	CHECK(call(w.l, SYS_getpgrp, NULL) != w.p->p_pid);
	CHECK_EQ(call(w.l, SYS_setsid, NULL), w.p->p_pid);
	CHECK_EQ(call(w.l, SYS_getpgrp, NULL), w.p->p_pid);
	CHECK_EQ(call_id(w.l, SYS_getpgid, 99999), -ESRCH);
	CHECK_EQ(call_id(w.l, SYS_getsid, 99999), -ESRCH);
	CHECK_EQ(call_id(w.l, SYS_getsid, 0), w.p->p_pid);
	CHECK_EQ(call(w.l, SYS_setsid, NULL), -EPERM);
	ARGS(setpgid);
	CHECK_EQ(call(w.l, SYS_setpgid, &a), 0);
	end_world(&w);
}

TEST(panic_callsFailAndSayWhy)
{
	struct world w = world();

	kern_panic(w.k, "block %d is free twice", 7);
	CHECK_EQ(call(w.l, SYS_getpid, NULL), -EIO);
	CHECK_STR(w.k->k_panic, "block 7 is free twice");
	kern_panic(w.k, "another");
	CHECK_STR(w.k->k_panic, "block 7 is free twice");
	lwp_destroy(w.l);
	halt(w.k);
}

TEST(proc_childrenOfTheDead_goToInit)
{
	struct world w = world();
	struct proc *child;
	struct lwp *l;

	CHECK_EQ(proc_fork(w.k, w.p, RFFDG, "child", &child), 0);
	CHECK_EQ(lwp_create(child, &l), 0);
	CHECK_EQ(call(l, SYS_getppid, NULL), 2);
	lwp_destroy(w.l);
	proc_exit(w.p, NULL, 0);
	CHECK_EQ(call(l, SYS_getppid, NULL), 1);
	lwp_destroy(l);
	halt(w.k);
}

TEST(uio_vectors_areMovedAcrossBorders)
{
	char a[3], b[1], c[10], text[] = "abcdefghij";
	struct iovec iov[] = { { a, 3 }, { NULL, 0 }, { b, 1 }, { c, 10 } };
	struct uio uio = { iov, 4, 5, 14, UIO_READ, NULL };

	CHECK_EQ(uiomove(text, 2, &uio), 0);
	CHECK_EQ(uiomove(text + 2, 5, &uio), 0);
	CHECK(memcmp(a, "abc", 3) == 0 && b[0] == 'd' &&
	    memcmp(c, "efg", 3) == 0);
	CHECK_EQ(uio.uio_resid, 7);
	CHECK_EQ(uio.uio_offset, 12);
	CHECK_EQ(uiomove_zero(100, &uio), 0);
	CHECK_EQ(uio.uio_resid, 0);
	CHECK_EQ(c[9], 0);
}

int
main(void)
{
	RUN(boot_everything_answersAndHaltsWithoutLeak);
	RUN(boot_thousandTimes_leaksNothing);
	RUN(boot_hundredAtOnce_areIndependent);
	RUN(boot_unknownComponent_isRefused);
	RUN(boot_anyAllocationFails_failsWithoutLeak);
	RUN(kmem_overLimitAndOverflow_giveNull);
	RUN(fd_lowestFree_isTakenAcrossChunks);
	RUN(fd_dup_keepsFileUntilLastClose);
	RUN(fd_fork_copiesClearsOrShares);
	RUN(fd_manyThreads_closeEachFileOnce);
	RUN(wait_interruptExitDeadlineHalt_endIt);
	RUN(wait_pingPong_losesNoWakeup);
	RUN(thread_join_endsItsSleep);
	RUN(rwlock_readersAndWriters_excludeEachOther);
	RUN(clock_idsAndSleeps_areTheReferences);
	RUN(cred_loweredProcess_getsNothingBack);
	RUN(session_calls_areTheReferences);
	RUN(panic_callsFailAndSayWhy);
	RUN(proc_childrenOfTheDead_goToInit);
	RUN(uio_vectors_areMovedAcrossBorders);
	return check_done();
}
