/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of writes without a log: a file system whose writing is cut off anywhere is one that fsck_ffs -p mends, and has all that was synced.
 * The checker looks at every such image, fsck_ffs -p at some.
 */
#include "ffs_calls.h"
#include "lib/ffs_check.h"
#include "lib/run_tool.h"

struct record {
	uint64_t off;
	size_t n;
	uint8_t *data;
};

/* What was written since start_recording; host_ops have no context. */
static struct record *records;
static size_t nrecords, maxrecords;
static bool recording;

static ssize_t
pwritev_recorded(int fd, const struct iovec *iov, int cnt, int64_t off)
{
	ssize_t n = host_linux.pwritev(fd, iov, cnt, off);
	struct record *r;
	size_t at = 0;

	if (n <= 0 || !recording)
		return n;
	if (nrecords == maxrecords) {
		maxrecords = maxrecords * 2 + 1024;
		records = realloc(records, maxrecords * sizeof(*records));
	}
	r = &records[nrecords++];
	r->off = (uint64_t)off;
	r->n = (size_t)n;
	r->data = malloc(r->n);
	for (int i = 0; i < cnt && at < r->n; i++) {
		size_t part = iov[i].iov_len;

		if (part > r->n - at)
			part = r->n - at;
		memcpy(r->data + at, iov[i].iov_base, part);
		at += part;
	}
	return n;
}

static void
forget_records(void)
{
	for (size_t i = 0; i < nrecords; i++)
		free(records[i].data);
	free(records);
	records = NULL;
	nrecords = maxrecords = 0;
}

static void
boot(struct fixture *f)
{
	static struct host_ops ops;
	struct kern_config c = { .kc_consout = console, .kc_host = &ops };

	ops = host_linux;
	ops.pwritev = pwritev_recorded;
	CHECK_EQ(kern_boot(&c, &f->k), 0);
	CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "test", &f->p), 0);
	CHECK_EQ(lwp_create(f->p, &f->l), 0);
	CHECK_EQ(
	    etfs_register(f->k, "/dk", f->img, ETFS_BLK, 0, ETFS_SIZE_TOEND), 0);
	CHECK_EQ(xmkdir(f, "/mnt"), 0);
}

#define NKEPT 40
static size_t kept_at[NKEPT]; /* records there were when it was synced */

static uint8_t
pattern(unsigned seed, uint64_t i)
{
	return (uint8_t)((i * 2654435761u >> 11) + seed * 37 + i);
}

static size_t
kept_size(unsigned i)
{
	static const size_t sizes[] = { 1, 700, 5000, 20000, 200000 };

	return sizes[i % 5] + i;
}

static void
keep_file(struct fixture *f, unsigned i)
{
	size_t n = kept_size(i);
	uint8_t *buf = malloc(n);
	char path[64];
	long fd;

	for (size_t j = 0; j < n; j++)
		buf[j] = pattern(i, j);
	snprintf(path, sizeof(path), "/mnt/w/keep%u", i);
	fd = xopen(f, path, O_RDWR | O_CREAT);
	CHECK(fd >= 0);
	CHECK_EQ(xwrite(f, fd, buf, n), (long)n);
	CHECK_EQ(xfsync(f, fd), 0);
	CHECK_EQ(xclose(f, fd), 0);
	kept_at[i] = nrecords;
	free(buf);
}

static bool
is_kept(struct fixture *f, unsigned i)
{
	size_t n = kept_size(i);
	uint8_t *buf = malloc(n + 1);
	char path[64];
	bool ok;
	long fd;

	snprintf(path, sizeof(path), "/mnt/w/keep%u", i);
	fd = xopen(f, path, O_RDONLY);
	ok = fd >= 0 && xread(f, fd, buf, n + 1) == (long)n;
	for (size_t j = 0; j < n && ok; j++)
		ok = buf[j] == pattern(i, j);
	if (fd >= 0)
		xclose(f, fd);
	free(buf);
	return ok;
}

static unsigned
next(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

static void
write_some(struct fixture *f, const char *path, size_t n, off_t off)
{
	static uint8_t buf[300000];
	long fd = xopen(f, path, O_RDWR | O_CREAT);

	if (fd < 0)
		return;
	(void)xpwrite(f, fd, buf, n, off);
	xclose(f, fd);
}

static void
one_change(struct fixture *f, unsigned *seed)
{
	static const size_t sizes[] = { 10, 900, 3000, 9000, 60000, 150000 };
	char a[320], b[320];
	unsigned what = next(seed) % 16, x = next(seed) % 40;
	unsigned y = next(seed) % 40;
	long fd;

	snprintf(a, sizeof(a), "/mnt/w/%s%u",
	    x % 3 == 0 ? "a-name-that-is-longer-than-others-and-fills-blocks-" :
			 "f",
	    x);
	snprintf(b, sizeof(b), "/mnt/%s/f%u", y % 2 ? "w" : "v", y);
	switch (what) {
	case 0:
	case 1:
	case 2:
	case 3:
		write_some(f, a, sizes[y % 6], 0);
		break;
	case 4:
	case 5:
		write_some(f, b, sizes[x % 6], (off_t)x * 3000);
		break;
	case 6:
		fd = xopen(f, a, O_RDWR);
		if (fd >= 0) {
			(void)xtruncate(f, fd, (off_t)(y * 2500));
			xclose(f, fd);
		}
		break;
	case 7:
	case 8:
		(void)xunlink(f, a);
		break;
	case 9:
		(void)xrename(f, a, b);
		break;
	case 10:
		(void)xlink(f, a, b);
		break;
	case 11:
		snprintf(a, sizeof(a), "/mnt/w/d%u", x % 8);
		(void)xmkdir(f, a);
		break;
	case 12:
		snprintf(a, sizeof(a), "/mnt/w/d%u", x % 8);
		(void)xrmdir(f, a);
		break;
	case 13:
		snprintf(a, sizeof(a), "/mnt/w/d%u", x % 8);
		snprintf(b, sizeof(b), "/mnt/%s/d%u", y % 2 ? "w" : "v", y % 8);
		(void)xrename(f, a, b);
		break;
	case 14:
		memset(b, 'l', 200);
		b[y % 2 ? 20 : 200] = '\0';
		(void)xsymlink(f, b, a);
		break;
	case 15:
		(void)xunlink(f, b);
		break;
	}
}

static void
workload(struct fixture *f, unsigned rounds)
{
	unsigned seed = 7;
	register_t rv[2];
	char path[300];

	CHECK_EQ(xmkdir(f, "/mnt/w"), 0);
	CHECK_EQ(xmkdir(f, "/mnt/v"), 0);
	for (unsigned i = 0; i < rounds; i++) {
		if (i % (rounds / NKEPT) == 0)
			keep_file(f, i / (rounds / NKEPT) % NKEPT);
		if (next(&seed) % 37 == 0)
			(void)kern_syscall(f->l, SYS_sync, NULL, rv);
		one_change(f, &seed);
	}
	/* A directory with indirect blocks. */
	memset(path, 0, sizeof(path));
	for (unsigned i = 0; i < 420; i++) {
		snprintf(path, sizeof(path), "/mnt/v/%0240u", i);
		(void)xlink(f, "/mnt/w/keep0", path);
	}
	for (unsigned i = 0; i < 420; i++) {
		snprintf(path, sizeof(path), "/mnt/v/%0240u", i);
		(void)xunlink(f, path);
	}
}

static void
dump(const uint8_t *img, size_t size, const char *path)
{
	FILE *fp = fopen(path, "wb");

	CHECK(fp != NULL);
	CHECK_EQ(fwrite(img, 1, size, fp), size);
	fclose(fp);
}

/* The image as it was after `upto` records has all that was synced by then. */
static void
check_kept(const char *img, size_t upto)
{
	struct fixture g;

	snprintf(g.img, sizeof(g.img), "%.120s", img);
	up(&g);
	CHECK_EQ(xmount(&g, MNT_RDONLY), 0);
	for (unsigned i = 0; i < NKEPT; i++)
		if (kept_at[i] != 0 && kept_at[i] <= upto && !is_kept(&g, i)) {
			printf("    keep%u, synced at %zu, lost at %zu\n", i,
			    kept_at[i], upto);
			CHECK(false);
		}
	CHECK_EQ(xunmount(&g, 0), 0);
	down(&g);
}

/* fsck_ffs -p gets through, leaves nothing to do, and loses nothing that was synced. */
static void
mend(const char *img, size_t upto)
{
	char line[400];

	snprintf(line, sizeof(line), "fsck_ffs -p %s", img);
	if (run_tool(line) != 0)
		printf("    after write %zu: %s\n", upto - 1, tool_said);
	CHECK_EQ(run_tool(line), 0);
	snprintf(line, sizeof(line), "fsck_ffs -fn %s", img);
	CHECK_EQ(run_tool(line), 0);
	CHECK_EQ(ffs_check_image(img), 0);
	check_kept(img, upto);
}

static void
replay(uint8_t *img, size_t size, const char *name)
{
	char path[256];
	int bad;

	snprintf(path, sizeof(path), "/tmp/ffs-test-%d.cut", host_getpid());
	for (size_t i = 0; i < nrecords; i++) {
		CHECK(records[i].off + records[i].n <= size);
		memcpy(img + records[i].off, records[i].data, records[i].n);
		if ((bad = ffs_check_torn(img, size)) != 0) {
			printf("    %s: after write %zu of %zu (at %" PRIu64
			       ", %zu bytes)\n",
			    name, i, nrecords, records[i].off, records[i].n);
			CHECK_EQ(bad, 0);
			return;
		}
		if (i % (nrecords / 60 + 1) == 0 || i + 1 == nrecords) {
			dump(img, size, path);
			check_kept(path, i + 1);
			mend(path, i + 1);
		}
	}
	remove(path);
}

static void
cut_on(const char *name, unsigned rounds)
{
	struct fixture f;
	uint8_t *img;
	size_t size;
	FILE *fp;

	image(&f, name);
	fp = fopen(f.img, "rb");
	CHECK(fp != NULL);
	fseek(fp, 0, SEEK_END);
	size = (size_t)ftell(fp);
	rewind(fp);
	img = malloc(size);
	CHECK_EQ(fread(img, 1, size, fp), size);
	fclose(fp);
	memset(kept_at, 0, sizeof(kept_at));
	forget_records();
	recording = true;
	boot(&f);
	CHECK_EQ(xmount(&f, 0), 0);
	workload(&f, rounds);
	CHECK_EQ(xunmount(&f, 0), 0);
	recording = false;
	down(&f);
	CHECK_EQ(ffs_check_image(f.img), 0);
	replay(img, size, name);
	printf("    %s: %zu writes\n", name, nrecords);
	forget_records();
	free(img);
	remove(f.img);
}

TEST(cut_anywhere_is_mendable_ufs2)
{
	cut_on("ffs2-le", 1200);
}

TEST(cut_anywhere_is_mendable_ufs1)
{
	cut_on("ffs1-be", 1200);
}

TEST(cut_anywhere_is_mendable_old_format)
{
	cut_on("ffs1-o0", 400);
}

int
main(void)
{
	RUN(cut_anywhere_is_mendable_ufs2);
	RUN(cut_anywhere_is_mendable_ufs1);
	RUN(cut_anywhere_is_mendable_old_format);
	return check_done();
}
