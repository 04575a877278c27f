/* SPDX-License-Identifier: BSD-2-Clause */
/* Long runs made short, and faults: many kernels, killed servers and clients, images that go wrong, failing I/O and memory. */
#include "ffs_calls.h"
#include "lib/child.h"
#include "lib/ffs_check.h"
#include "lib/run_tool.h"
#include "proxy/client.h"
#include "proxy/proxy.h"

#ifdef __SANITIZE_ADDRESS__
#define MANY_BOOTS 100
#define FAULTS_STEP 7
#else
#define MANY_BOOTS 1000
#define FAULTS_STEP 1
#endif

static unsigned
pseudo_random(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 8;
}

static void
make(const char *img, const char *options)
{
	char line[300];

	remove(img);
	snprintf(line, sizeof(line), "newfs -F %s %s", options, img);
	if (run_tool(line) != 0) {
		printf("%s: %s\n", line, tool_said);
		CHECK(!"newfs works");
	}
}

static void
name_image(struct fixture *f, int i)
{
	snprintf(
	    f->img, sizeof(f->img), "/tmp/soak.%d.%d.img", host_getpid(), i);
}

/* --- many --- */

TEST(soak_boots_leave_nothing)
{
	long pages = 0, descriptors = 0;
	struct rump_kernel *k;
	struct kern_config c = { 0 };
	int64_t leak;

	for (int i = 0; i < MANY_BOOTS; i++) {
		if (i == MANY_BOOTS / 4) {
			pages = child_pages();
			descriptors = child_descriptors();
		}
		CHECK_EQ(kern_boot(&c, &k), 0);
		kern_halt(k, i % 2, &leak);
		CHECK_EQ(leak, 0);
	}
	CHECK_EQ(child_descriptors(), descriptors);
	pages = child_pages() - pages;
#ifdef __SANITIZE_ADDRESS__
	pages = 0; /* what is freed is kept for a while */
#endif
	CHECK(pages < 256);
}

#define KERNELS 100

static void
use_kernel(void *arg)
{
	struct fixture *f = arg;
	char path[64], buf[64];
	long fd;

	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "/mnt/f%d", i);
		fd = xopen(f, path, O_RDWR | O_CREAT);
		CHECK_THREAD(fd >= 0);
		CHECK_THREAD(xwrite(f, fd, f->img, 40) == 40);
		CHECK_THREAD(xpread(f, fd, buf, 64, 0) == 40);
		CHECK_THREAD(memcmp(buf, f->img, 40) == 0);
		CHECK_THREAD(xfsync(f, fd) == 0);
		CHECK_THREAD(xclose(f, fd) == 0);
	}
}

TEST(soak_hundred_kernels_at_once)
{
	static struct fixture f[KERNELS];
	static struct host_thread *t[KERNELS];
	static const char *const kinds[] = { "-O 1 -B le", "-O 1 -B be",
		"-O 2 -B le", "-O 2 -B be" };
	char options[64];

	for (int i = 0; i < KERNELS; i++) {
		name_image(&f[i], i);
		snprintf(options, sizeof(options), "-s 1m %s", kinds[i % 4]);
		make(f[i].img, options);
	}
	for (int i = 0; i < KERNELS; i++) {
		up(&f[i]);
		CHECK_EQ(xmount(&f[i], 0), 0);
	}
	for (int i = 0; i < KERNELS; i++)
		CHECK_EQ(host_thread_create("k", use_kernel, &f[i], &t[i]), 0);
	for (int i = 0; i < KERNELS; i++)
		host_thread_join(t[i]);
	for (int i = 0; i < KERNELS; i++) {
		CHECK_EQ(count_tree(&f[i], "/mnt"), 5);
		CHECK_EQ(xunmount(&f[i], 0), 0);
		down(&f[i]);
		CHECK_EQ(ffs_check_image(f[i].img), 0);
		remove(f[i].img);
	}
}

/* --- killed --- */

struct crash {
	struct fixture f;
	int flags;
};

static void
crash_child(void *arg)
{
	struct crash *c = arg;
	struct fixture *f = &c->f;
	static uint8_t buf[20000];
	char path[64];
	long fd;

	up(f);
	if (xmount(f, c->flags) != 0)
		return;
	(void)xmkdir(f, "/mnt/kept");
	for (int i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "/mnt/kept/%d", i);
		memset(buf, i + 1, sizeof(buf));
		fd = xopen(f, path, O_RDWR | O_CREAT);
		if (fd < 0 ||
		    xwrite(f, fd, buf, sizeof(buf)) != (long)sizeof(buf) ||
		    xfsync(f, fd) != 0)
			return;
		xclose(f, fd);
	}
	child_ready();
	for (unsigned i = 0;; i++) {
		snprintf(path, sizeof(path), "/mnt/d%u", i % 7);
		(void)xmkdir(f, path);
		snprintf(path, sizeof(path), "/mnt/d%u/%u", i % 7, i % 50);
		if (i % 3 == 2)
			(void)xunlink(f, path);
		fd = xopen(f, path, O_RDWR | O_CREAT);
		if (fd >= 0) {
			(void)xpwrite(f, fd, buf, sizeof(buf), i % 9 * 3000);
			xclose(f, fd);
		}
	}
}

static void
killed(const char *options, int flags)
{
	struct crash c = { .flags = flags };
	struct fixture *f = &c.f;
	uint8_t buf[20001];
	char path[64], line[256];

	name_image(f, 0);
	for (int round = 0; round < 6; round++) {
		int pid, status;

		make(f->img, options);
		pid = child_start(crash_child, &c);
		CHECK(pid > 0);
		host_sleep_ns(1000000 * (1 + round * 7));
		child_kill(pid);
		if (!(flags & MNT_LOG)) {
			snprintf(
			    line, sizeof(line), "fsck_ffs -y -f -F %s", f->img);
			status = run_tool(line);
			if (status == -ENOENT)
				continue;
			CHECK_EQ(status, 0);
			CHECK_EQ(ffs_check_image(f->img), 0);
		}
		up(f);
		CHECK_EQ(xmount(f, flags), 0);
		for (int i = 0; i < 20; i++) {
			long fd, n;

			snprintf(path, sizeof(path), "/mnt/kept/%d", i);
			fd = xopen(f, path, O_RDONLY);
			CHECK(fd >= 0);
			n = xread(f, fd, buf, sizeof(buf));
			CHECK_EQ(n, 20000);
			for (int j = 0; j < 20000; j++)
				CHECK_EQ(buf[j], i + 1);
			CHECK_EQ(xclose(f, fd), 0);
		}
		CHECK(count_tree(f, "/mnt") >= 21);
		CHECK_EQ(xunmount(f, 0), 0);
		down(f);
		CHECK_EQ(ffs_check_image(f->img), 0);
	}
	remove(f->img);
}

TEST(crash_with_log_keeps_what_was_synced)
{
	killed("-s 8m -O 2", MNT_LOG);
	killed("-s 8m -O 1 -B be -b 4096 -f 512", MNT_LOG);
}

TEST(crash_without_log_keeps_what_was_synced_after_fsck)
{
	killed("-s 8m -O 2 -B be", 0);
	killed("-s 8m -O 1", 0);
}

/* --- clients that go --- */

struct victim {
	char url[160];
	struct proxy_client *_Atomic c;
	_Atomic bool stop;
	_Atomic int calls;
	bool survivor;
	int id;
	struct host_thread *t;
};

static long
vcall(struct proxy_client *c, int num, const void *args, size_t size)
{
	register_t rv[2] = { 0, 0 };
	int error = proxy_client_syscall(c, num, args, size, rv, NULL);

	return error != 0 ? error : (long)rv[0];
}

#define A(T, x)                 \
	{                       \
		.datum = (T)(x) \
	}
#define VCALL(c, number, type, ...)                             \
	__extension__({                                         \
		struct sys_##type##_args sa_ = { __VA_ARGS__ }; \
		vcall(c, number, &sa_, sizeof(sa_));            \
	})

static void
victim_round(struct victim *v, struct proxy_client *c, char *buf)
{
	char path[64], back[5000];
	long fd, n;

	snprintf(path, sizeof(path), "/mnt/v%d", v->id);
	fd = VCALL(c, SYS_open, open, A(const char *, path),
	    A(int, O_RDWR | O_CREAT | O_TRUNC), A(mode_t, 0644));
	n = VCALL(c, SYS_write, write, A(int, fd), A(const void *, buf),
	    A(size_t, 5000));
	if (v->survivor) {
		CHECK_THREAD(fd >= 0);
		CHECK_THREAD(n == 5000);
	}
	n = VCALL(c, SYS_pread, pread, A(int, fd), A(void *, back),
	    A(size_t, 5000), .offset = A(off_t, 0));
	if (v->survivor)
		CHECK_THREAD(n == 5000 && memcmp(buf, back, 5000) == 0);
	(void)VCALL(c, SYS_close, close, A(int, fd));
	if (!v->survivor)
		(void)VCALL(c, SYS_unlink, unlink, A(const char *, path));
	atomic_fetch_add(&v->calls, 1);
}

static void
victim_main(void *arg)
{
	struct victim *v = arg;
	const struct proxy_client_config config = { .pc_name = "victim" };
	struct proxy_client *c;
	char why[128], buf[5000];

	memset(buf, 'a' + v->id, sizeof(buf));
	while (!v->stop) {
		if (proxy_client_connect(
			v->url, &config, why, sizeof(why), &c) != 0) {
			CHECK_THREAD(!"connects");
			return;
		}
		v->c = c;
		while (!v->stop && !proxy_client_lost(c))
			victim_round(v, c, buf);
		/* The killer may be at it. */
		while (atomic_exchange(&v->c, NULL) == NULL)
			host_yield();
		proxy_client_close(c);
	}
}

TEST(soak_clients_killed_at_random_hinder_nobody)
{
	static struct victim v[6];
	unsigned seed = 1;
	struct fixture f;
	int kills = 0;

	name_image(&f, 0);
	make(f.img, "-s 4m -O 2");
	up(&f);
	CHECK_EQ(xmount(&f, 0), 0);
	memset(v, 0, sizeof(v));
	for (int i = 0; i < 6; i++) {
		snprintf(v[i].url, sizeof(v[i].url), "unix://%s.sock", f.img);
		if (i == 0)
			CHECK_EQ(proxy_listen(f.k, v[0].url), 0);
		v[i].id = i;
		v[i].survivor = i < 2;
		CHECK_EQ(
		    host_thread_create("v", victim_main, &v[i], &v[i].t), 0);
	}
	for (int i = 0; i < 300; i++) {
		struct victim *w = &v[2 + pseudo_random(&seed) % 4];
		struct proxy_client *c;

		host_sleep_ns((int64_t)(pseudo_random(&seed) % 3000000));
		c = atomic_exchange(&w->c, NULL);
		if (c == NULL)
			continue;
		proxy_client_cut(c);
		w->c = c;
		kills++;
	}
	for (int i = 0; i < 6; i++)
		v[i].stop = true;
	for (int i = 0; i < 6; i++)
		host_thread_join(v[i].t);
	CHECK(kills > 100);
	CHECK(v[0].calls > 10 && v[1].calls > 10);
	proxy_stop(f.k);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	CHECK_EQ(ffs_check_image(f.img), 0);
	remove(f.img);
}

/* --- images that go wrong; a host that fails --- */

static struct {
	int64_t left; /* calls until the failing one; < 0: none fails */
	int error;
	bool once, readonly;
	int64_t calls;
} fault;

static bool
fails(void)
{
	fault.calls++;
	if (fault.left < 0 || fault.left-- > 0)
		return false;
	fault.left = fault.once ? -1 : 0;
	return true;
}

static ssize_t
bad_preadv(int fd, const struct iovec *iov, int n, int64_t off)
{
	return fails() ? fault.error : host_linux.preadv(fd, iov, n, off);
}

static ssize_t
bad_pwritev(int fd, const struct iovec *iov, int n, int64_t off)
{
	return fails() ? fault.error : host_linux.pwritev(fd, iov, n, off);
}

static int
bad_fsync(int fd)
{
	return fails() ? fault.error : host_linux.fsync(fd);
}

static int
bad_open(const char *path, int flags, uint32_t mode, int *fdp)
{
	if (fault.readonly && (flags & O_ACCMODE) != O_RDONLY)
		return -EROFS;
	return host_linux.open(path, flags, mode, fdp);
}

static void
up_bad(struct fixture *f)
{
	static struct host_ops ops;
	struct kern_config c = { .kc_host = &ops };

	ops = host_linux;
	ops.preadv = bad_preadv;
	ops.pwritev = bad_pwritev;
	ops.fsync = ops.fdatasync = bad_fsync;
	ops.open = bad_open;
	CHECK_EQ(kern_boot(&c, &f->k), 0);
	CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "test", &f->p), 0);
	CHECK_EQ(lwp_create(f->p, &f->l), 0);
	CHECK_EQ(
	    etfs_register(f->k, "/dk", f->img, ETFS_BLK, 0, ETFS_SIZE_TOEND), 0);
	CHECK_EQ(xmkdir(f, "/mnt"), 0);
}

/* Some of everything; whatever fails, with an errno. True when all went well. */
static bool
exercise(struct fixture *f)
{
	static char buf[30000];
	char path[64];
	long bad = 0, fd;

#define DO(call)                  \
	do {                      \
		long r_ = (call); \
		bad |= r_ < 0;    \
		CHECK(r_ >= -96); \
	} while (0)
	DO(xmkdir(f, "/mnt/d"));
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "/mnt/d/%d", i);
		DO(fd = xopen(f, path, O_RDWR | O_CREAT));
		if (fd < 0)
			continue;
		DO(xwrite(f, fd, buf, sizeof(buf)));
		DO(xpwrite(f, fd, buf, 100, 300000));
		if (i % 2)
			DO(xfsync(f, fd));
		DO(xpread(f, fd, buf, 5000, 1000));
		DO(xtruncate(f, fd, 700));
		DO(xclose(f, fd));
	}
	DO(xlink(f, "/mnt/d/0", "/mnt/l"));
	DO(xsymlink(f, "target", "/mnt/s"));
	DO(xrename(f, "/mnt/d/1", "/mnt/d/2"));
	DO(xrename(f, "/mnt/d", "/mnt/e"));
	DO(xunlink(f, "/mnt/e/3"));
	DO(xunlink(f, "/mnt/l"));
	DO(count_tree(f, "/mnt") < 0 ? -EIO : 0);
#undef DO
	return bad == 0;
}

static uint8_t pristine[2 << 20], now[2 << 20];

static void
restore(const char *img)
{
	FILE *fp = fopen(img, "r+b");

	CHECK(fp != NULL);
	CHECK_EQ(fwrite(pristine, 1, sizeof(pristine), fp), sizeof(pristine));
	CHECK_EQ(fclose(fp), 0);
}

static void
read_image(const char *img, uint8_t bytes[2 << 20])
{
	FILE *fp = fopen(img, "rb");

	CHECK(fp != NULL);
	CHECK_EQ(fread(bytes, 1, 2 << 20, fp), 2 << 20);
	fclose(fp);
}

/* Fails the nth call to the host; false when there are not so many. */
static bool
io_round(struct fixture *f, int flags, int64_t n, int error, bool once)
{
	int64_t leak;
	bool sound = false;

	restore(f->img);
	fault.left = -1;
	up_bad(f);
	fault.left = n;
	fault.error = error;
	fault.once = once;
	fault.calls = 0;
	if (xmount(f, flags) == 0) {
		sound = exercise(f);
		if (xunmount(f, 0) != 0) {
			sound = false;
			(void)xunmount(f, MNT_FORCE);
		}
	}
	lwp_destroy(f->l);
	proc_exit(f->p, NULL, 0);
	kern_halt(f->k, false, &leak);
	CHECK_EQ(leak, 0);
	if (n >= fault.calls) {
		CHECK(sound);
		CHECK_EQ(ffs_check_image(f->img), 0);
	} else if (!(flags & MNT_LOG) || sound) {
		/* What could not be written may be fsck's to mend, not more. */
		read_image(f->img, now);
		if (ffs_check_torn(now, sizeof(now)) != 0) {
			printf("    call %" PRId64 ", error %d%s\n", n, error,
			    once ? ", once" : "");
			CHECK(!"fsck -p can mend it");
		}
	}
	return n < fault.calls;
}

static void
io_faults(const char *options, int flags)
{
	struct fixture f;

	name_image(&f, 0);
	make(f.img, options);
	read_image(f.img, pristine);
	for (int64_t n = 0; io_round(&f, flags, n, -EIO, true); n += FAULTS_STEP)
		continue;
	for (int64_t n = 0; io_round(&f, flags, n, -ENOSPC, false);
	     n += FAULTS_STEP)
		continue;
	remove(f.img);
}

TEST(fault_failing_io_is_an_errno)
{
	io_faults("-s 2m -O 2", 0);
	io_faults("-s 2m -O 1 -B be -b 4096 -f 512", 0);
}

TEST(fault_failing_io_with_log_is_an_errno)
{
	io_faults("-s 2m -O 2 -b 4096 -f 512", MNT_LOG);
}

static void
memory_faults(const char *options, int flags)
{
	struct fixture f;
	bool more = true;

	name_image(&f, 0);
	make(f.img, options);
	read_image(f.img, pristine);
	for (int n = 1; more && n < 4000; n += FAULTS_STEP) {
		bool mounted;

		restore(f.img);
		up(&f);
		atomic_store(&f.k->k_failalloc, n);
		mounted = xmount(&f, flags) == 0;
		if (mounted) {
			(void)exercise(&f);
			if (xunmount(&f, 0) != 0)
				CHECK_EQ(xunmount(&f, MNT_FORCE), 0);
		}
		more = atomic_load(&f.k->k_failalloc) <= 0;
		atomic_store(&f.k->k_failalloc, 0);
		down(&f);
		/* A mount that fails half way leaves work to fsck. */
		if (mounted && ffs_check_image(f.img) != 0) {
			printf("    allocation %d\n", n);
			CHECK(!"the image is sound");
		}
	}
	remove(f.img);
}

TEST(fault_failing_memory_is_an_errno_and_harms_nothing)
{
	memory_faults("-s 2m -O 2", 0);
	memory_faults("-s 2m -O 1 -b 4096 -f 512", 0);
}

TEST(fault_failing_memory_with_log_harms_nothing)
{
	memory_faults("-s 2m -O 2 -b 4096 -f 512", MNT_LOG);
}

static void
cut(const char *img, int64_t size)
{
	int fd;

	CHECK_EQ(host_linux.open(img, O_RDWR, 0, &fd), 0);
	CHECK_EQ(host_linux.ftruncate(fd, size), 0);
	host_linux.close(fd);
}

TEST(fault_image_cut_while_mounted_is_eio)
{
	static const int64_t sizes[] = { 2 << 20, 100000, 0 };
	struct fixture f;

	name_image(&f, 0);
	for (int i = 0; i < 6; i++) {
		make(f.img, i % 2 ? "-s 4m -O 2" : "-s 4m -O 1");
		up(&f);
		CHECK_EQ(xmount(&f, i < 3 ? 0 : MNT_LOG), 0);
		(void)exercise(&f);
		cut(f.img, sizes[i % 3]);
		(void)exercise(&f);
		(void)count_tree(&f, "/mnt");
		if (xunmount(&f, 0) != 0)
			CHECK_EQ(xunmount(&f, MNT_FORCE), 0);
		down(&f);
	}
	remove(f.img);
}

TEST(fault_short_image_is_refused_or_read_as_far_as_it_goes)
{
	struct fixture f;

	name_image(&f, 0);
	for (int64_t size = 0; size < 4 << 20; size += 111 << 10) {
		make(f.img, "-s 4m -O 2");
		cut(f.img, size);
		if (size == 0)
			continue;
		up(&f);
		if (xmount(&f, 0) == 0) {
			(void)exercise(&f);
			if (xunmount(&f, 0) != 0)
				CHECK_EQ(xunmount(&f, MNT_FORCE), 0);
		}
		down(&f);
	}
	remove(f.img);
}

TEST(fault_readonly_image_mounts_readonly_only)
{
	struct fixture f;
	int64_t leak;
	long error;

	name_image(&f, 0);
	make(f.img, "-s 1m -O 2");
	fault.left = -1;
	fault.readonly = true;
	up_bad(&f);
	error = xmount(&f, 0);
	CHECK(error == -EROFS || error == -EACCES);
	CHECK_EQ(xmount(&f, MNT_RDONLY), 0);
	CHECK_EQ(count_tree(&f, "/mnt"), 0);
	CHECK_EQ(xmkdir(&f, "/mnt/d"), -EROFS);
	CHECK_EQ(xunmount(&f, 0), 0);
	fault.readonly = false;
	lwp_destroy(f.l);
	proc_exit(f.p, NULL, 0);
	kern_halt(f.k, false, &leak);
	CHECK_EQ(leak, 0);
	remove(f.img);
}

TEST(fault_second_writer_is_refused_and_told_why)
{
	struct fixture f, g;
	char why[256];

	name_image(&f, 0);
	g = f;
	make(f.img, "-s 1m -O 2");
	up(&f);
	up(&g);
	CHECK_EQ(xmount(&f, 0), 0);
	CHECK_EQ(xmount(&g, 0), -EBUSY);
	etfs_why(g.k, why, sizeof(why));
	CHECK(strstr(why, f.img) != NULL);
	CHECK_EQ(xunmount(&f, 0), 0);
	CHECK_EQ(xmount(&g, 0), 0);
	CHECK_EQ(xmount(&f, 0), -EBUSY);
	down(&g);
	CHECK_EQ(xmount(&f, 0), 0);
	down(&f);
	remove(f.img);
}

int
main(void)
{
	RUN(crash_with_log_keeps_what_was_synced);
	RUN(crash_without_log_keeps_what_was_synced_after_fsck);
	RUN(soak_boots_leave_nothing);
	RUN(soak_hundred_kernels_at_once);
	RUN(soak_clients_killed_at_random_hinder_nobody);
	RUN(fault_failing_io_is_an_errno);
	RUN(fault_failing_io_with_log_is_an_errno);
	RUN(fault_failing_memory_is_an_errno_and_harms_nothing);
	RUN(fault_failing_memory_with_log_harms_nothing);
	RUN(fault_image_cut_while_mounted_is_eio);
	RUN(fault_short_image_is_refused_or_read_as_far_as_it_goes);
	RUN(fault_readonly_image_mounts_readonly_only);
	RUN(fault_second_writer_is_refused_and_told_why);
	return check_done();
}
