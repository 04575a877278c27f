/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log and power cuts: of what was written since the last sync any sectors may be on the medium, the others not. Replay makes a sound file system of
 * that, which has all that was synced; and a file that is back because its removal was not committed has its contents.
 */
#include "ffs_calls.h"
#include "lib/ffs_check.h"

#define NFILES 48
#define NCUTS 60

struct event {
	uint64_t off;
	size_t n; /* 0: a sync */
	uint8_t *data;
};
static struct event *events;
static size_t nevents, maxevents;
static bool recording;

static struct event *
new_event(void)
{
	if (nevents == maxevents) {
		maxevents = maxevents * 2 + 1024;
		events = realloc(events, maxevents * sizeof(*events));
	}
	memset(&events[nevents], 0, sizeof(*events));
	return &events[nevents++];
}

static ssize_t
recorded_write(int fd, const struct iovec *iov, int cnt, int64_t off)
{
	ssize_t n = host_linux.pwritev(fd, iov, cnt, off);
	struct event *e;
	size_t at = 0;

	if (n <= 0 || !recording)
		return n;
	e = new_event();
	e->off = (uint64_t)off;
	e->n = (size_t)n;
	e->data = malloc(e->n);
	for (int i = 0; i < cnt && at < e->n; i++) {
		size_t part = iov[i].iov_len;

		if (part > e->n - at)
			part = e->n - at;
		memcpy(e->data + at, iov[i].iov_base, part);
		at += part;
	}
	return n;
}

static int
recorded_sync(int fd)
{
	int error = host_linux.fdatasync(fd);

	if (recording)
		(void)new_event();
	return error;
}

static unsigned
next(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

/* --- files: each name has one contents for good --- */

/* When a file was synced, and when its removal began; events, 0: never. */
static size_t synced_at[NFILES], removed_at[NFILES];

static size_t
size_of(unsigned i)
{
	return i % 3 == 0 ? 700 + i : i % 3 == 1 ? 9000 + i * 100 : 150000;
}

static uint8_t
value(unsigned i, size_t at)
{
	return (uint8_t)(i * 37 + at / 512 + 1) | 1;
}

static void
make_file(struct fixture *f, unsigned i, bool sync)
{
	static uint8_t buf[200000];
	char path[64];
	long fd;

	snprintf(path, sizeof(path), "/mnt/p/file%u", i);
	CHECK((fd = xopen(f, path, O_RDWR | O_CREAT)) >= 0);
	for (size_t k = 0; k < size_of(i); k++)
		buf[k] = value(i, k);
	CHECK_EQ(xwrite(f, fd, buf, size_of(i)), (long)size_of(i));
	if (sync) {
		CHECK_EQ(xfsync(f, fd), 0);
		synced_at[i] = nevents;
	}
	CHECK_EQ(xclose(f, fd), 0);
}

static void
check_file(struct fixture *f, unsigned i, size_t upto)
{
	static uint8_t buf[200000];
	bool must = synced_at[i] != 0 && synced_at[i] <= upto &&
	    (removed_at[i] == 0 || upto < removed_at[i]);
	char path[64];
	long fd, n;

	snprintf(path, sizeof(path), "/mnt/p/file%u", i);
	if ((fd = xopen(f, path, O_RDONLY)) < 0) {
		if (must)
			printf("    file%u is lost at %zu\n", i, upto);
		CHECK(!must);
		return;
	}
	/* Contents of files that nobody synced may not have come. */
	if (synced_at[i] != 0 && synced_at[i] <= upto) {
		n = xread(f, fd, buf, sizeof(buf));
		CHECK_EQ(n, (long)size_of(i));
		for (size_t k = 0; k < size_of(i); k++)
			if (buf[k] != value(i, k)) {
				printf("    file%u at %zu: byte %zu\n", i, upto,
				    k);
				CHECK_EQ(buf[k], value(i, k));
				break;
			}
	}
	CHECK_EQ(xclose(f, fd), 0);
}

/* Many names without a sync, and directories that come and go: commits for want of room. */
static void
bustle(struct fixture *f, unsigned round, unsigned names)
{
	char path[96], dir[32];
	long fd;

	snprintf(dir, sizeof(dir), "/mnt/d%u", round % 5);
	CHECK_EQ(xmkdir(f, dir), 0);
	for (unsigned i = 0; i < names; i++) {
		snprintf(
		    path, sizeof(path), "%s/a-name-of-some-length-%u", dir, i);
		CHECK((fd = xopen(f, path, O_RDWR | O_CREAT)) >= 0);
		CHECK_EQ(xwrite(f, fd, path, 60), 60);
		if (i % 4 == 0)
			(void)xpwrite(f, fd, path, 60, 300000);
		CHECK_EQ(xclose(f, fd), 0);
	}
	for (unsigned i = 0; i < names; i++) {
		snprintf(
		    path, sizeof(path), "%s/a-name-of-some-length-%u", dir, i);
		CHECK_EQ(xunlink(f, path), 0);
	}
	CHECK_EQ(xrmdir(f, dir), 0);
}

/* A directory that stays, with blocks that nothing else changes. */
static void
settle(struct fixture *f, unsigned round)
{
	char path[64];
	long fd;

	snprintf(path, sizeof(path), "/mnt/t%u", round);
	CHECK_EQ(xmkdir(f, path), 0);
	for (unsigned i = 0; i < 12; i++) {
		snprintf(path, sizeof(path), "/mnt/t%u/file%u", round, i);
		CHECK((fd = xopen(f, path, O_RDWR | O_CREAT)) >= 0);
		CHECK_EQ(xpwrite(f, fd, path, 60, i == 0 ? 200000 : 0), 60);
		CHECK_EQ(xclose(f, fd), 0);
	}
}

static void
workload(struct fixture *f)
{
	char path[64];

	CHECK_EQ(xmkdir(f, "/mnt/p"), 0);
	/* Nothing is given back: commits whose headers wait for the next. */
	for (unsigned i = 0; i < 40; i++)
		settle(f, 100 + i);
	for (unsigned i = 0; i < NFILES; i++) {
		make_file(f, i, i % 4 == 2);
		settle(f, i);
		bustle(f, i, 30);
		/* Its blocks are wanted at once, by what is written next. */
		if (i >= 4 && i % 2 == 0) {
			removed_at[i - 4] = nevents;
			snprintf(path, sizeof(path), "/mnt/p/file%u", i - 4);
			CHECK_EQ(xunlink(f, path), 0);
			bustle(f, i + 1, 150);
		}
	}
}

/* --- cuts --- */

/* The sectors of events [from, to) that the medium got. */
static void
apply_some(uint8_t *img, size_t from, size_t to, unsigned *seed)
{
	unsigned mode = next(seed) % 3;

	for (size_t i = from; i < to; i++) {
		const struct event *e = &events[i];
		bool whole = next(seed) % 2;

		for (size_t at = 0; at < e->n; at += 512) {
			size_t part = e->n - at < 512 ? e->n - at : 512;

			/* By the sector, by the write, or nearly all. */
			if (mode == 0	  ? next(seed) % 2 :
				mode == 1 ? whole :
					    next(seed) % 8 != 0)
				memcpy(img + e->off + at, e->data + at, part);
		}
	}
}

static void
look(const char *path, size_t upto)
{
	struct fixture g;

	snprintf(g.img, sizeof(g.img), "%.120s", path);
	up(&g);
	CHECK_EQ(xmount(&g, MNT_LOG), 0);
	for (unsigned i = 0; i < NFILES; i++)
		check_file(&g, i, upto);
	CHECK_EQ(xunmount(&g, 0), 0);
	CHECK_EQ(ffs_check_image(path), 0);
	down(&g);
}

static void
cut_at(const uint8_t *stable, uint8_t *img, size_t size, size_t from, size_t to,
    unsigned *seed)
{
	char path[64];
	FILE *fp;

	snprintf(path, sizeof(path), "/tmp/ffs-test-%d.cut", host_getpid());
	memcpy(img, stable, size);
	apply_some(img, from, to, seed);
	CHECK((fp = fopen(path, "wb")) != NULL);
	CHECK_EQ(fwrite(img, 1, size, fp), size);
	fclose(fp);
	look(path, to);
	remove(path);
}

static void
replay_cuts(uint8_t *stable, size_t size)
{
	uint8_t *img = malloc(size);
	size_t from = 0, step = nevents / NCUTS + 1;
	unsigned seed = 11;

	for (size_t i = 0; i < nevents; i++) {
		CHECK(events[i].off + events[i].n <= size);
		/* Just before a sync is where most is open. */
		if (events[i].n == 0) {
			if (next(&seed) % 4 == 0)
				cut_at(stable, img, size, from, i, &seed);
			for (; from < i; from++)
				memcpy(stable + events[from].off,
				    events[from].data, events[from].n);
			from = i + 1;
		} else if (i % step == 0) {
			cut_at(stable, img, size, from, i + 1, &seed);
		}
	}
	free(img);
}

static void
cuts_on(const char *name)
{
	static struct host_ops ops;
	struct kern_config c = { .kc_consout = console, .kc_host = &ops };
	struct fixture f;
	uint8_t *img;
	size_t size;
	FILE *fp;

	ops = host_linux;
	ops.pwritev = recorded_write;
	ops.fdatasync = recorded_sync;
	memset(synced_at, 0, sizeof(synced_at));
	memset(removed_at, 0, sizeof(removed_at));
	image(&f, name);
	CHECK_EQ(kern_boot(&c, &f.k), 0);
	CHECK_EQ(proc_fork(f.k, NULL, RFCFDG, "test", &f.p), 0);
	CHECK_EQ(lwp_create(f.p, &f.l), 0);
	CHECK_EQ(
	    etfs_register(f.k, "/dk", f.img, ETFS_BLK, 0, ETFS_SIZE_TOEND), 0);
	CHECK_EQ(xmkdir(&f, "/mnt"), 0);
	CHECK_EQ(xmount(&f, MNT_LOG), 0);
	CHECK((fp = fopen(f.img, "rb")) != NULL);
	fseek(fp, 0, SEEK_END);
	size = (size_t)ftell(fp);
	rewind(fp);
	img = malloc(size);
	CHECK_EQ(fread(img, 1, size, fp), size);
	fclose(fp);
	recording = true;
	workload(&f);
	recording = false;
	CHECK_EQ(xunmount(&f, 0), 0);
	CHECK_EQ(ffs_check_image(f.img), 0);
	down(&f);
	printf("    %s: %zu writes and syncs\n", name, nevents);
	replay_cuts(img, size);
	for (size_t i = 0; i < nevents; i++)
		free(events[i].data);
	nevents = 0;
	free(img);
	remove(f.img);
}

TEST(power_cut_leaves_what_was_synced_ufs2)
{
	cuts_on("ffs2-le");
}

TEST(power_cut_leaves_what_was_synced_ufs1)
{
	cuts_on("ffs1-be");
}

int
main(void)
{
	RUN(power_cut_leaves_what_was_synced_ufs2);
	RUN(power_cut_leaves_what_was_synced_ufs1);
	free(events);
	return check_done();
}
