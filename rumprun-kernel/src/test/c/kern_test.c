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
			CHECK_EQ(error, -ENOMEM);
	}
}

int
main(void)
{
	RUN(boot_everything_answersAndHaltsWithoutLeak);
	RUN(boot_thousandTimes_leaksNothing);
	RUN(boot_hundredAtOnce_areIndependent);
	RUN(boot_unknownComponent_isRefused);
	RUN(boot_anyAllocationFails_failsWithoutLeak);
	(void)boot_base;
	return check_done();
}
