/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every system call number with arguments of bad will, from a process whose memory answers as it likes: each call returns a result or one of
 * NetBSD's errors, the kernel goes on, and halts without a leak. A second thread ends the sleeps.
 */
#include <netbsd/syscall.h>
#include "core_calls.h"

/*
 * The process's memory: regions of 64 KiB, by the high half of the address. Beyond, and at odd places within: nothing is there.
 */
enum region { NOWHERE, ONES, ZEROS, NOISE, TEXT, SMALL, NREGION };
#define REGION(r) ((uintptr_t)(r) << 16)

struct caller {
	struct fixture f;
	uint32_t seed;
	atomic_bool done;
};

static uint32_t noise_seed = 1;

static uint32_t
next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	return *seed ^= *seed << 5;
}

static bool
present(const void *uaddr, size_t n)
{
	uintptr_t a = (uintptr_t)uaddr;

	return a >= REGION(ONES) && a < REGION(NREGION) &&
	    n <= 0x10000 - (a & 0xffff);
}

static const char *const texts[] = { "/", "", ".", "..", "a", "a/b", "/dev/null",
	"/dev/console", "d/e/../f", "loop", "/t/x", "/t", "tmpfs", "ffs",
	"user.name", "pipe", "d/./", "//", "nosuch/x", "d", "/kern", "file" };
#define NTEXT (sizeof(texts) / sizeof(texts[0]))

static int
bad_copyin(struct lwp *l, const void *uaddr, void *kaddr, size_t n)
{
	uint8_t *to = kaddr;

	(void)l;
	if (!present(uaddr, n))
		return -EFAULT;
	switch ((uintptr_t)uaddr >> 16) {
	case ONES:
		memset(kaddr, 0xff, n);
		break;
	case ZEROS:
		memset(kaddr, 0, n);
		break;
	case SMALL:
		for (size_t i = 0; i < n; i++)
			to[i] = i % 4 == 0 ? next(&noise_seed) % 12 : 0;
		break;
	case TEXT:
		/* Pointers to texts and to structures. */
		for (size_t i = 0; i < n; i++)
			to[i] = i % 8 == 2 ? next(&noise_seed) % NREGION : 0;
		break;
	default:
		for (size_t i = 0; i < n; i++)
			to[i] = (uint8_t)next(&noise_seed);
	}
	return 0;
}

static int
bad_copyinstr(
    struct lwp *l, const void *uaddr, char *kaddr, size_t max, size_t *lenp)
{
	const char *s = texts[next(&noise_seed) % NTEXT];
	size_t n = strlen(s) + 1;

	(void)l;
	if (!present(uaddr, 1))
		return -EFAULT;
	if ((uintptr_t)uaddr >> 16 == ONES || n > max) {
		memset(kaddr, 'a', max);
		return -ENAMETOOLONG;
	}
	if ((uintptr_t)uaddr >> 16 == NOISE && max > 300) {
		/* A component of 255 or 256 bytes, any bytes. */
		n = 256 + next(&noise_seed) % 2;
		for (size_t i = 0; i < n - 1; i++)
			kaddr[i] = (char)(next(&noise_seed) % 255 + 1);
		kaddr[n - 1] = '\0';
	} else
		memcpy(kaddr, s, n);
	*lenp = n;
	return 0;
}

static int
bad_copyout(struct lwp *l, const void *kaddr, void *uaddr, size_t n)
{
	const uint8_t *from = kaddr;
	volatile uint8_t seen = 0;

	(void)l;
	/* Every byte that leaves the kernel is looked at. */
	for (size_t i = 0; i < n; i++)
		seen = from[i];
	(void)seen;
	return present(uaddr, n) ? 0 : -EFAULT;
}

static const struct uspace_ops bad_memory = {
	.copyin = bad_copyin,
	.copyinstr = bad_copyinstr,
	.copyout = bad_copyout,
};

/* Ends every sleep soon. */
static void
waker(void *arg)
{
	struct caller *c = arg;

	while (!c->done) {
		proc_wakeup_lwps(c->f.p, L_INTR, NULL);
		host_sleep_ns(MS / 5);
	}
}

static uint64_t
argument(uint32_t *seed)
{
	static const int64_t numbers[] = { 0, 1, 2, 8, 16, 511, 512, 513, 4095,
		4096, 65536, 0x7fff, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN,
		UINT32_MAX, -1, -2, -4096, INT64_C(1) << 32, -100, 0x0200,
		0x0800, 0x2000000, 1000 };
	uint32_t r = next(seed);

	switch (r >> 8 & 7) {
	case 0:
	case 1:
		return r >> 16 & 15; /* a descriptor, perhaps */
	case 2:
		return (uint64_t)
		    numbers[(r >> 16) % (sizeof(numbers) / sizeof(numbers[0]))];
	case 3:
		return 1U << (r >> 16 & 31); /* a flag */
	case 4:
		return REGION(r >> 16 & 7) + (r >> 20 & 7) * 0x1ffc;
	case 5:
		return REGION(ZEROS + (r >> 16 & 3));
	default:
		return REGION(TEXT) + (r >> 16 & 0xf0);
	}
}

/* Descriptors 0 to 8, and names; earlier calls may have left any of it. */
static void
furnish(struct lwp *l)
{
	struct tmpfs_args ta = { .ta_version = TMPFS_ARGS_VERSION,
		.ta_root_mode = 0777 };
	register_t rv[2];

	CHECK_EQ(l_mkdir(l, "/d"), 0);
	CHECK_EQ(l_chmod(l, "/d", 0777), 0);
	CHECK_EQ(l_mkdir(l, "/t"), 0);
	CHECK_EQ(l_mount(l, "tmpfs", "/t", 0, &ta, sizeof(ta)), 0);
	CHECK_EQ(l_symlink(l, "loop", "/loop"), 0);
	CHECK_EQ(l_mkfifo(l, "/pipe"), 0);
	CHECK_EQ(l_open(l, "/dev/null", O_RDWR, 0), 0);
	CHECK_EQ(l_open(l, "/t/f", O_RDWR | O_CREAT, 0666), 1);
	CHECK_EQ(l_open(l, "/d", O_RDONLY, 0), 2);
	CHECK_EQ(kern_syscall(l, SYS_pipe, NULL, rv), 0);
	CHECK_EQ(l_kqueue(l), 5);
	CHECK_EQ(l_open(l, "/dev/zero", O_RDWR, 0), 6);
	CHECK_EQ(l_open(l, "/pipe", O_RDWR | O_NONBLOCK, 0), 7);
	CHECK_EQ(l_open(l, "/d/f", O_RDWR | O_CREAT, 0666), 8);
}

static void
one_call(struct caller *c, struct lwp *l, int num)
{
	const struct sysent *sy = num >= 0 && num < 512 ? &kern_sysent[num] :
							  NULL;
	register_t args[16], rv[2];
	uint32_t word[2];
	uint64_t v;
	size_t n = sy != NULL ? sy->sy_argsize : 64;
	int error;

	/* A word or two an argument: what i386 needs, and amd64 stands. */
	memset(args, 0, sizeof(args));
	for (size_t at = 0; at < n; at += sizeof(register_t)) {
		v = argument(&c->seed);
		word[0] = (uint32_t)v;
		word[1] = (uint32_t)(v >> 32);
		memcpy((char *)args + at, word, sizeof(register_t));
	}
	error = kern_syscall(l, num, args, rv);
	if (sy == NULL || sy->sy_call == NULL)
		CHECK_EQ(error, -ENOSYS);
	if (error > 0 || error < -ELAST)
		printf("call %d (%s) gives %d\n", num,
		    sy != NULL && sy->sy_name != NULL ? sy->sy_name : "?",
		    error);
	CHECK(error <= 0 && error >= -ELAST);
}

/* All numbers, then those served at random, as one user, in a kernel of its own. */
static void
storm(int uid, uint32_t seed)
{
	struct kern_config config = { .kc_memlimit = 64 << 20 };
	struct caller c = { .seed = seed * 2654435761U + 1 };
	struct fixture *f = &c.f;
	struct host_thread *t;
	int num;

	noise_seed = seed + 1;
	up_config(f, &config);
	furnish(f->l);
	if (uid != 0)
		CHECK_EQ(SYS(f->l, SYS_setuid, setuid, P(uid_t, uid)), 0);
	f->p->p_uspace = &bad_memory;
	CHECK_EQ(host_thread_create("waker", waker, &c, &t), 0);
	for (int i = 0; i < 6000; i++) {
		num = i < 530 ? i - 1 : (int)(next(&c.seed) % 512);
		if (i >= 530 && kern_sysent[num].sy_call == NULL)
			continue;
		if (num != SYS_reboot || uid != 0)
			one_call(&c, f->l, num);
	}
	c.done = true;
	host_thread_join(t);
	f->p->p_uspace = NULL;
	/* The kernel goes on. */
	CHECK_EQ(kern_syscall(f->l, SYS_getpid, NULL, (register_t[2]){ 0 }), 0);
	down(f);
}

static int
rounds(void)
{
	const char *s = getenv("SYSCALL_ROUNDS");

	return s != NULL ? atoi(s) : 20;
}

TEST(syscall_bad_arguments_of_root_leave_the_kernel_going)
{
	for (int i = 0; i < rounds(); i++)
		storm(0, (uint32_t)i);
}

TEST(syscall_bad_arguments_of_a_user_leave_the_kernel_going)
{
	for (int i = 0; i < rounds(); i++)
		storm(1000, (uint32_t)i + 1000);
}

int
main(void)
{
	RUN(syscall_bad_arguments_of_root_leave_the_kernel_going);
	RUN(syscall_bad_arguments_of_a_user_leave_the_kernel_going);
	return check_done();
}
