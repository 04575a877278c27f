/* SPDX-License-Identifier: BSD-2-Clause */
/* Replaying journals: recorded ones, and damaged ones, whose records lead nowhere outside the device. */
#include "ffs_calls.h"
#include "rumprun/ffs_format.h"
#include "vfs/wapbl.h"

struct mem {
	uint8_t *p;
	size_t n;
	bool outside;
};

static int
mem_read(void *ctx, void *buf, size_t n, uint64_t off)
{
	struct mem *m = ctx;

	if (off > m->n || n > m->n - off) {
		m->outside = true;
		return -EIO;
	}
	memcpy(buf, m->p + off, n);
	return 0;
}

static int
mem_write(void *ctx, const void *buf, size_t n, uint64_t off)
{
	struct mem *m = ctx;

	if (off > m->n || n > m->n - off) {
		m->outside = true;
		return -EIO;
	}
	memcpy(m->p + off, buf, n);
	return 0;
}

static int
nothing(void *ctx, ino_t ino, mode_t mode)
{
	(void)ctx;
	(void)ino;
	(void)mode;
	return 0;
}

static int
replay(struct rump_kernel *k, struct mem *m, uint64_t off, uint64_t size,
    uint32_t bs)
{
	struct wapbl_io io = { mem_read, mem_write, m, m->n };
	struct wapbl_replay *r;
	uint8_t buf[4096];
	int error;

	if ((error = wapbl_replay_open(k, &io, off, size, bs, &r)) != 0)
		return error;
	CHECK(wapbl_replay_read(r, buf, sizeof(buf), 8192) >= -EIO);
	error = wapbl_replay_write(r, true);
	(void)wapbl_replay_inodes(r, nothing, NULL);
	wapbl_replay_close(r);
	return error;
}

static void
journals(const char *name, uint64_t sbloc)
{
	struct kern_config c = { .kc_ncpu = 0 };
	uint64_t off, size, seed = 12345;
	struct rump_kernel *k;
	struct fixture f;
	struct mem m = { .outside = false };
	uint8_t *orig;
	int64_t leak;
	struct fs fs;
	bool sw;
	FILE *fp;

	image(&f, name);
	fp = fopen(f.img, "rb");
	CHECK(fp != NULL);
	fseek(fp, 0, SEEK_END);
	m.n = (size_t)ftell(fp);
	rewind(fp);
	m.p = malloc(m.n);
	orig = malloc(m.n);
	CHECK_EQ(fread(orig, 1, m.n, fp), m.n);
	fclose(fp);
	remove(f.img);
	CHECK_EQ(ffs_sb_decode(orig + sbloc, SBLOCKSIZE, &fs, &sw), 0);
	off = fs.fs_journallocs[0] * fs.fs_journallocs[2];
	size = fs.fs_journallocs[1] * fs.fs_journallocs[2];
	CHECK_EQ(kern_boot(&c, &k), 0);
	memcpy(m.p, orig, m.n);
	CHECK_EQ(replay(k, &m, off, size, 512), 0);
	/* Once is enough. */
	CHECK_EQ(replay(k, &m, off, size, 512), -ENOENT);
	CHECK_EQ(replay(k, &m, m.n - 512, size, 512), -EINVAL);
	CHECK_EQ(replay(k, &m, 0, size, 512), -EINVAL);
	for (int i = 0; i < 300; i++) {
		memcpy(m.p, orig, m.n);
		for (int j = 0; j < 4; j++) {
			uint64_t area = i % 2 ? 1024 : 250000;

			seed = seed * 6364136223846793005ULL +
			    1442695040888963407ULL;
			m.p[off +
			    (seed >> 33) % area / 4 *
				(i % 3 ? 4 : 1)] = (uint8_t)(seed >> 20);
		}
		(void)replay(k, &m, off, size, 512);
		CHECK(!m.outside);
	}
	kern_halt(k, false, &leak);
	CHECK_EQ(leak, 0);
	free(m.p);
	free(orig);
}

TEST(replay_recorded_and_damaged_journals)
{
	journals("ffs1-log-dirty", 8192);
	journals("ffs2-log-dirty", 65536);
}

int
main(void)
{
	RUN(replay_recorded_and_damaged_journals);
	return check_done();
}
