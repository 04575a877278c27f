/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors in the middle of FFS's operations: the nth write to the device fails, once or from then on, or the nth allocation. Then the image either says that
 * it is clean, and is, or fsck_ffs (with a log: its replay) makes it sound; what was there before is there.
 */
#include "ffs_calls.h"
#include "lib/ffs_check.h"
#include "lib/ffs_ops.h"
#include "lib/run_tool.h"
#include "rumprun/ffs_format.h"

#ifdef __SANITIZE_ADDRESS__
#define STEP 5
#else
#define STEP 1
#endif

#define IMAGE_SIZE (3 << 20)
#define NKEPT 4

static struct {
	_Atomic int64_t
	    left; /* writes (reads) until the failing one; < 0: none fails */
	bool once, reads;
	_Atomic int64_t failed;
} fault;

static bool
fails(void)
{
	if (fault.left < 0 || atomic_fetch_sub(&fault.left, 1) > 0)
		return false;
	fault.left = fault.once ? -1 : 0;
	fault.failed++;
	return true;
}

static ssize_t
bad_pwritev(int fd, const struct iovec *iov, int n, int64_t off)
{
	return !fault.reads && fails() ? -EIO :
					 host_linux.pwritev(fd, iov, n, off);
}

static ssize_t
bad_preadv(int fd, const struct iovec *iov, int n, int64_t off)
{
	return fault.reads && fails() ? -EIO :
					host_linux.preadv(fd, iov, n, off);
}

static int
bad_fsync(int fd)
{
	(void)fd;
	return !fault.reads && fails() ? -EIO : 0;
}

static void
boot(struct fixture *f)
{
	static struct host_ops ops;
	struct kern_config c = { .kc_consout = console, .kc_host = &ops };

	ops = host_linux;
	ops.pwritev = bad_pwritev;
	ops.preadv = bad_preadv;
	ops.fsync = ops.fdatasync = bad_fsync;
	fault.left = -1;
	CHECK_EQ(kern_boot(&c, &f->k), 0);
	CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "test", &f->p), 0);
	CHECK_EQ(lwp_create(f->p, &f->l), 0);
	CHECK_EQ(
	    etfs_register(f->k, "/dk", f->img, ETFS_BLK, 0, ETFS_SIZE_TOEND), 0);
	CHECK_EQ(xmkdir(f, "/mnt"), 0);
}

/* The checker does not know the files of quotas. */
static bool quotas;

static bool
checked(const char *img)
{
	return quotas || ffs_check_image(img) == 0;
}

static uint8_t pristine[IMAGE_SIZE], now[IMAGE_SIZE];

static void
read_image(const char *img, uint8_t *bytes)
{
	FILE *fp = fopen(img, "rb");

	CHECK(fp != NULL);
	CHECK_EQ(fread(bytes, 1, IMAGE_SIZE, fp), IMAGE_SIZE);
	CHECK_EQ(fclose(fp), 0);
}

/* Writes what differs: there are thousands of rounds. */
static void
write_image(const char *img, const uint8_t *bytes)
{
	FILE *fp;

	read_image(img, now);
	fp = fopen(img, "r+b");
	CHECK(fp != NULL);
	for (size_t at = 0; at < IMAGE_SIZE; at += 4096) {
		if (memcmp(bytes + at, now + at, 4096) == 0)
			continue;
		CHECK_EQ(fseek(fp, (long)at, SEEK_SET), 0);
		CHECK_EQ(fwrite(bytes + at, 1, 4096, fp), 4096);
	}
	CHECK_EQ(fclose(fp), 0);
}

static size_t
kept_size(int i)
{
	static const size_t sizes[NKEPT] = { 700, 5000, 60000, 250000 };

	return sizes[i];
}

static void
put_file(struct fixture *f, const char *path, size_t n)
{
	long fd = xopen(f, path, O_RDWR | O_CREAT);

	CHECK(fd >= 0);
	CHECK_EQ(xwrite(f, fd, ffs_data, n), (long)n);
	CHECK_EQ(xclose(f, fd), 0);
}

/* What every round starts with. */
static void
make_pristine(struct fixture *f, const char *options, int flags)
{
	char line[300], path[300];

	snprintf(f->img, sizeof(f->img), "/tmp/ffs-fault-%d.img", host_getpid());
	remove(f->img);
	quotas = strstr(options, "-q") != NULL;
	snprintf(line, sizeof(line), "newfs -F -s %d %s %s", IMAGE_SIZE / 512,
	    options, f->img);
	if (run_tool(line) != 0) {
		printf("%s: %s\n", line, tool_said);
		CHECK(!"newfs works");
	}
	for (size_t i = 0; i < sizeof(ffs_data); i++)
		ffs_data[i] = (uint8_t)((i * 2654435761u >> 11) + i);
	boot(f);
	CHECK_EQ(xmount(f, flags), 0);
	CHECK_EQ(xmkdir(f, "/mnt/d"), 0);
	CHECK_EQ(xmkdir(f, "/mnt/e"), 0);
	CHECK_EQ(xmkdir(f, "/mnt/full"), 0);
	for (int i = 0; i < NKEPT; i++) {
		snprintf(path, sizeof(path), "/mnt/kept%d", i);
		put_file(f, path, kept_size(i));
	}
	put_file(f, "/mnt/t", 1500);
	put_file(f, "/mnt/u", 9000);
	put_file(f, "/mnt/big", 300000);
	/* Two files in many pieces. */
	for (int i = 0; i < 24; i++)
		CHECK_EQ(ffs_write_at(f, i % 2 ? "/mnt/s" : "/mnt/r", 16384,
			     (off_t)(i / 2) * 16384),
		    0);
	/* A directory whose next name needs more disk. */
	for (int i = 0; i < 7; i++) {
		snprintf(path, sizeof(path), "/mnt/full/%0250d", i);
		CHECK_EQ(xlink(f, "/mnt/u", path), 0);
	}
	CHECK_EQ(xunmount(f, 0), 0);
	read_image(f->img, pristine);
	CHECK(checked(f->img));
}

/* --- a round --- */

static bool
file_is(struct fixture *f, const char *path, size_t n, bool longer)
{
	static uint8_t buf[400000];
	long fd = xopen(f, path, O_RDONLY), got;

	if (fd < 0)
		return false;
	got = xread(f, fd, buf, sizeof(buf));
	(void)xclose(f, fd);
	return (got == (long)n || (longer && got > (long)n)) &&
	    memcmp(buf, ffs_data, n) == 0;
}

static int
clean_flag(const uint8_t *img, bool *log)
{
	struct fs fs;
	bool swap;

	if (ffs_sb_decode(img + SBLOCK_UFS2, SBLOCKSIZE, &fs, &swap) != 0)
		CHECK_EQ(
		    ffs_sb_decode(img + SBLOCK_UFS1, SBLOCKSIZE, &fs, &swap), 0);
	*log = (fs.fs_flags & FS_DOWAPBL) != 0;
	return fs.fs_clean;
}

static bool
tool_ok(const char *options, const char *img)
{
	char line[300];
	int status;

	snprintf(line, sizeof(line), "fsck_ffs %s %s", options, img);
	if ((status = run_tool(line)) != 0)
		printf("    %s: status %d\n%s", line, status, tool_said);
	return status == 0;
}

/* All that was there before the operation. */
static bool
kept(struct fixture *f, bool unlinked)
{
	char path[64];
	bool ok = true;

	CHECK_EQ(xmount(f, MNT_RDONLY), 0);
	for (int i = 0; i < NKEPT; i++) {
		snprintf(path, sizeof(path), "/mnt/kept%d", i);
		if (!file_is(f, path, kept_size(i), false)) {
			printf("    %s is not what it was\n", path);
			ok = false;
		}
	}
	/* One of its names leads to each file that had one. */
	if (!file_is(f, "/mnt/u", 9000, false) ||
	    (!unlinked && !file_is(f, "/mnt/t", 1500, true) &&
		!file_is(f, "/mnt/d/other", 1500, true) &&
		!file_is(f, "/mnt/big", 1500, true))) {
		printf("    a file's contents are lost\n");
		ok = false;
	}
	CHECK_EQ(xunmount(f, 0), 0);
	return ok;
}

static bool
sound(struct fixture *f, const struct operation *op)
{
	bool log, ok = true;
	int clean;

	read_image(f->img, now);
	clean = clean_flag(now, &log);
	if (clean != FS_ISCLEAN && log && (clean & FS_WASCLEAN) != 0) {
		/* The replay makes it so. */
		CHECK_EQ(xmount(f, MNT_LOG), 0);
		CHECK_EQ(xunmount(f, 0), 0);
		read_image(f->img, now);
		clean = clean_flag(now, &log);
		ok = clean == FS_ISCLEAN;
	}
	if (clean != FS_ISCLEAN)
		ok = tool_ok("-fy", f->img);
	ok = ok && checked(f->img);
	ok = ok && tool_ok("-fn", f->img);
	return ok && kept(f, op->unlinks);
}

enum what { WRITES, READS, MEMORY };
struct mode {
	int flags;
	bool memory, reads, once, unmount; /* fails until it is unmounted */
};

/* False: there were not so many. */
static bool
one_round(struct fixture *f, const struct operation *op, const struct mode *m,
    int64_t n)
{
	long error, first;
	register_t rv[2];
	bool more;

	write_image(f->img, pristine);
	CHECK_EQ(xmount(f, m->flags), 0);
	fault.failed = 0;
	fault.once = m->once;
	fault.reads = m->reads;
	if (m->memory)
		atomic_store(&f->k->k_failalloc, n + 1);
	else
		fault.left = n;
	first = op->run(f);
	(void)kern_syscall(f->l, SYS_sync, NULL, rv);
	if (!m->unmount)
		fault.left = -1;
	if ((error = xunmount(f, 0)) != 0) {
		first = first < 0 ? first : error;
		/* It goes on, or takes no changes. */
		if (m->once)
			(void)ffs_write_at(f, "/mnt/t", 1200, 1500);
		if (!m->once || xunmount(f, 0) != 0)
			CHECK_EQ(xunmount(f, MNT_FORCE), 0);
	}
	if (m->memory)
		more = atomic_exchange(&f->k->k_failalloc, 0) <= 0;
	else
		more = fault.failed > 0;
	fault.left = -1;
	fault.reads = false;
	if (more && !m->memory && !m->reads && m->unmount && !m->once &&
	    first >= 0) {
		printf("    nobody was told\n");
		CHECK(false);
	}
	if (!more && first < 0)
		printf("    failed: %ld\n", first);
	CHECK(more || first >= 0);
	if (!sound(f, op)) {
		printf("    %s: %s %" PRId64 "%s%s%s\n", op->name,
		    m->memory	 ? "allocation" :
			m->reads ? "read" :
				   "write",
		    n, m->once ? ", once" : "", m->unmount ? ", to the end" : "",
		    m->flags & MNT_LOG ? ", log" : "");
		CHECK(!"sound");
		return getenv("CHECK_ALL") != NULL && more;
	}
	return more;
}

/* The journal is that short from now on. */
static void
shrink_log(uint32_t bytes)
{
	struct fs fs;
	bool swap;

	CHECK_EQ(
	    ffs_sb_decode(pristine + SBLOCK_UFS2, SBLOCKSIZE, &fs, &swap), 0);
	CHECK(fs.fs_journallocs[UFS_WAPBL_INFS_COUNT] * 512 > bytes);
	fs.fs_journallocs[UFS_WAPBL_INFS_COUNT] = bytes / 512;
	ffs_sb_encode(&fs, pristine + SBLOCK_UFS2, SBLOCKSIZE, swap);
}

static void
faults(const char *options, int flags, enum what what, uint32_t logsize)
{
	static const struct mode modes[] = {
		{ .once = true },
		{ .unmount = true },
		{ .once = false },
	};
	/* Many writes. */
	int64_t rounds = 0, step = logsize != 0 ? 3 * STEP : STEP;
	struct fixture f;

	make_pristine(&f, options, flags);
	if (logsize != 0)
		shrink_log(logsize);
	for (size_t i = 0; i < (what == MEMORY ? 1 : 3); i++) {
		struct mode m = modes[i];

		m.flags = flags;
		m.memory = what == MEMORY;
		m.reads = what == READS;
		for (size_t j = 0; j < NOPERATIONS; j++)
			for (int64_t n = (int64_t)j % step;
			     one_round(&f, &operations[j], &m, n); n += step)
				rounds++;
	}
	printf("    %s: %" PRId64 " rounds\n", options, rounds);
	down(&f);
	remove(f.img);
}

/* --- mounts --- */

/* mount -o log where there is no journal yet, or (update) of a writable mount: all or nothing. */
static bool
log_round(struct fixture *f, const struct mode *m, bool update, int64_t n)
{
	static const struct operation op = { .name = "mount -o log" };
	bool more, log;
	long error;

	write_image(f->img, pristine);
	if (update)
		CHECK_EQ(xmount(f, 0), 0);
	fault.failed = 0;
	fault.once = m->once;
	if (m->memory)
		atomic_store(&f->k->k_failalloc, n + 1);
	else
		fault.left = n;
	error = xmount(f, MNT_LOG | (update ? MNT_UPDATE : 0));
	if (m->memory)
		more = atomic_exchange(&f->k->k_failalloc, 0) <= 0;
	else
		more = fault.failed > 0;
	fault.left = -1;
	if (error != 0 && update) {
		/* It goes on as it was, or takes no changes. */
		(void)ffs_write_at(f, "/mnt/t", 1200, 1500);
	}
	if ((error == 0 || update) && xunmount(f, 0) != 0)
		CHECK_EQ(xunmount(f, MNT_FORCE), 0);
	read_image(f->img, now);
	(void)clean_flag(now, &log);
	if (!more)
		CHECK(error == 0 && log);
	/* One write that fails is made good, or it was the last. */
	if (!sound(f, &op)) {
		printf("    mount -o log%s: %s %" PRId64 "%s\n",
		    update ? ", update" : "", m->memory ? "allocation" : "write",
		    n, m->once ? ", once" : "");
		CHECK(!"sound");
	}
	/* And then it works. */
	CHECK_EQ(xmount(f, MNT_LOG), 0);
	CHECK_EQ(xunmount(f, 0), 0);
	CHECK_EQ(ffs_check_image(f->img), 0);
	return more;
}

TEST(fault_mount_log)
{
	static const struct mode modes[] = { { .once = true },
		{ .once = false }, { .memory = true } };
	struct fixture f;
	int64_t rounds = 0;

	make_pristine(&f, "-O 2 -b 4096 -f 512", 0);
	for (int i = 0; i < 6; i++)
		for (int64_t n = 0; log_round(&f, &modes[i / 2], i % 2, n);
		     n += STEP)
			rounds++;
	printf("    %" PRId64 " rounds\n", rounds);
	down(&f);
	remove(f.img);
}

/* Files without a name that the replay has to clear, and a stop in the middle of that. */
static void
make_orphans(struct fixture *f)
{
	int64_t leak;
	long fd[3];

	write_image(f->img, pristine);
	CHECK_EQ(xmount(f, MNT_LOG), 0);
	fd[0] = xopen(f, "/mnt/big", O_RDWR);
	fd[1] = xopen(f, "/mnt/t", O_RDWR);
	CHECK(fd[0] >= 0 && fd[1] >= 0);
	CHECK_EQ(xunlink(f, "/mnt/big"), 0);
	CHECK_EQ(xunlink(f, "/mnt/t"), 0);
	CHECK_EQ(xfsync(f, fd[0]), 0);
	lwp_destroy(f->l);
	/* As halt -n does. */
	kern_halt(f->k, true, &leak);
}

TEST(fault_replay)
{
	static const struct mode modes[] = { { .once = true },
		{ .once = false }, { .memory = true } };
	static const struct operation op = { "replay", true, NULL };
	static uint8_t dirty[IMAGE_SIZE];
	struct fixture f;
	int64_t n;
	bool more;

	make_pristine(&f, "-O 2 -b 4096 -f 512", MNT_LOG);
	make_orphans(&f);
	read_image(f.img, dirty);
	boot(&f);
	for (int i = 0; i < 6; i++) {
		const struct mode *m = &modes[i / 2];
		int flags = i % 2 ? MNT_LOG : 0;

		for (n = 0, more = true; more; n += STEP) {
			write_image(f.img, dirty);
			fault.failed = 0;
			fault.once = m->once;
			if (m->memory)
				atomic_store(&f.k->k_failalloc, n + 1);
			else
				fault.left = n;
			if (xmount(&f, flags) == 0 && xunmount(&f, 0) != 0)
				CHECK_EQ(xunmount(&f, MNT_FORCE), 0);
			if (m->memory)
				more = atomic_exchange(&f.k->k_failalloc, 0) <=
				    0;
			else
				more = fault.failed > 0;
			fault.left = -1;
			if (!sound(&f, &op)) {
				printf("    replay: %s %" PRId64 "%s, %s\n",
				    m->memory ? "allocation" : "write", n,
				    m->once ? ", once" : "",
				    flags ? "log" : "no log");
				CHECK(!"sound");
			}
		}
	}
	down(&f);
	remove(f.img);
}

/* --- halt -n, a cut image --- */

static void
halted(int flags)
{
	static const struct operation op = { "halt -n", true, NULL };
	static uint8_t before[IMAGE_SIZE];
	struct fixture f;
	int64_t leak;
	bool log;

	make_pristine(&f, "-O 2 -b 4096 -f 512", flags);
	CHECK_EQ(xmount(&f, flags), 0);
	for (size_t i = 0; i < NOPERATIONS; i++)
		(void)operations[i].run(&f);
	(void)xopen(&f, "/mnt/u", O_RDWR);
	read_image(f.img, before);
	lwp_destroy(f.l);
	kern_halt(f.k, true, &leak);
	CHECK_EQ(leak, 0);
	read_image(f.img, now);
	CHECK(memcmp(before, now, IMAGE_SIZE) == 0);
	CHECK(clean_flag(now, &log) != FS_ISCLEAN);
	boot(&f);
	CHECK(sound(&f, &op));
	down(&f);
	remove(f.img);
}

TEST(halt_without_sync_writes_nothing)
{
	halted(0);
	halted(MNT_LOG);
}

TEST(cut_image_is_not_clean)
{
	struct fixture f;
	bool log;
	int fd;

	for (int flags = 0; flags <= MNT_LOG; flags += MNT_LOG) {
		make_pristine(&f, "-O 2 -b 4096 -f 512", flags);
		CHECK_EQ(xmount(&f, flags), 0);
		(void)ffs_write_at(&f, "/mnt/d/w", 130000, 0);
		CHECK_EQ(host_linux.open(f.img, O_RDWR, 0, &fd), 0);
		CHECK_EQ(host_linux.ftruncate(fd, IMAGE_SIZE / 2), 0);
		for (size_t i = 0; i < NOPERATIONS; i++)
			(void)operations[i].run(&f);
		if (xunmount(&f, 0) != 0)
			CHECK_EQ(xunmount(&f, MNT_FORCE), 0);
		CHECK_EQ(host_linux.ftruncate(fd, IMAGE_SIZE), 0);
		host_linux.close(fd);
		read_image(f.img, now);
		CHECK(clean_flag(now, &log) != FS_ISCLEAN);
		down(&f);
		remove(f.img);
	}
}

/* What is written without the log must not be hidden by a replay of it. */
TEST(log_off_is_on_the_medium_before_writes)
{
	struct fixture f;
	bool log;

	make_pristine(&f, "-O 2 -b 4096 -f 512", MNT_LOG);
	(void)clean_flag(pristine, &log);
	CHECK(log);
	CHECK_EQ(xmount(&f, 0), 0);
	read_image(f.img, now);
	CHECK_EQ(clean_flag(now, &log), FS_WASCLEAN);
	CHECK(!log);
	CHECK_EQ(xmount(&f, MNT_UPDATE | MNT_LOG), 0);
	CHECK_EQ(ffs_write_at(&f, "/mnt/d/w", 20000, 0), 0);
	read_image(f.img, now);
	(void)clean_flag(now, &log);
	CHECK(log);
	CHECK_EQ(xmount(&f, MNT_UPDATE), 0);
	read_image(f.img, now);
	CHECK_EQ(clean_flag(now, &log), FS_WASCLEAN);
	CHECK(!log);
	CHECK_EQ(xunmount(&f, 0), 0);
	CHECK(checked(f.img));
	down(&f);
	remove(f.img);
}

/* --- many at a time --- */

struct worker {
	struct fixture f;
	int id;
};

static void
work(void *arg)
{
	struct worker *w = arg;
	char a[64], b[64];

	for (int i = 0; i < 40; i++) {
		snprintf(a, sizeof(a), "/mnt/d/%d.%d", w->id, i % 6);
		snprintf(b, sizeof(b), "/mnt/e/%d", i % 9);
		(void)ffs_write_at(&w->f, a, 3000, i * 700);
		(void)(i % 5 == 0 ? xmkdir(&w->f, b) : xrename(&w->f, a, b));
		(void)(i % 4 == 0 ? xunlink(&w->f, b) : xlink(&w->f, b, a));
		if (i % 10 == 0) {
			long fd = xopen(&w->f, a, O_RDWR);

			if (fd >= 0) {
				(void)xfsync(&w->f, fd);
				(void)xclose(&w->f, fd);
			}
		}
	}
}

static void
work_together(struct fixture *f, int flags, int64_t n, bool once)
{
	static const struct operation op = { .name = "many at a time" };
	struct host_thread *thread[3];
	struct worker w[3];

	write_image(f->img, pristine);
	CHECK_EQ(xmount(f, flags), 0);
	fault.once = once;
	fault.left = n;
	for (int i = 0; i < 3; i++) {
		w[i].f = *f;
		w[i].id = i;
		CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "w", &w[i].f.p), 0);
		CHECK_EQ(lwp_create(w[i].f.p, &w[i].f.l), 0);
		CHECK_EQ(host_thread_create("w", work, &w[i], &thread[i]), 0);
	}
	for (int i = 0; i < 3; i++)
		host_thread_join(thread[i]);
	for (int i = 0; i < 3; i++) {
		lwp_destroy(w[i].f.l);
		proc_exit(w[i].f.p, NULL, 0);
	}
	if (xunmount(f, 0) != 0)
		CHECK_EQ(xunmount(f, MNT_FORCE), 0);
	fault.left = -1;
	if (!sound(f, &op)) {
		printf("    write %" PRId64 "%s\n", n, once ? ", once" : "");
		CHECK(!"sound");
	}
}

TEST(fault_write_many_at_a_time)
{
	struct fixture f;

	for (int flags = 0; flags <= MNT_LOG; flags += MNT_LOG) {
		make_pristine(&f, "-O 2 -b 4096 -f 512", flags);
		for (int64_t n = 3; n < 300; n = n * 3 / 2) {
			work_together(&f, flags, n, true);
			work_together(&f, flags, n, false);
		}
		down(&f);
		remove(f.img);
	}
}

#define UFS1 "-O 1 -B be -b 8192 -f 1024"
#define UFS2 "-O 2 -b 4096 -f 512"

TEST(fault_write_ufs1)
{
	faults(UFS1, 0, WRITES, 0);
}

TEST(fault_write_ufs2)
{
	faults(UFS2, 0, WRITES, 0);
}

TEST(fault_write_ufs1_log)
{
	faults(UFS1, MNT_LOG, WRITES, 0);
}

TEST(fault_write_ufs2_log)
{
	faults(UFS2, MNT_LOG, WRITES, 0);
}

/* Most transactions are larger than this log. */
TEST(fault_write_short_log)
{
	faults("-O 2 -b 16384 -f 2048", MNT_LOG, WRITES, 32768);
}

TEST(fault_write_quota)
{
	faults(UFS2 " -q user", 0, WRITES, 0);
	faults(UFS2 " -q user", MNT_LOG, WRITES, 0);
}

TEST(fault_read)
{
	faults(UFS1, 0, READS, 0);
	faults(UFS2, MNT_LOG, READS, 0);
}

TEST(fault_memory_ufs1)
{
	faults(UFS1, 0, MEMORY, 0);
}

TEST(fault_memory_ufs2_log)
{
	faults(UFS2, MNT_LOG, MEMORY, 0);
}

int
main(void)
{
	RUN(fault_write_ufs1);
	RUN(fault_write_ufs2);
	RUN(fault_write_ufs1_log);
	RUN(fault_write_ufs2_log);
	RUN(fault_write_short_log);
	RUN(fault_write_quota);
	RUN(fault_read);
	RUN(fault_memory_ufs1);
	RUN(fault_memory_ufs2_log);
	RUN(fault_mount_log);
	RUN(fault_replay);
	RUN(log_off_is_on_the_medium_before_writes);
	RUN(fault_write_many_at_a_time);
	RUN(halt_without_sync_writes_nothing);
	RUN(cut_image_is_not_clean);
	return check_done();
}
