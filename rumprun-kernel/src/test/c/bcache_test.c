/* SPDX-License-Identifier: BSD-2-Clause */
/* The block cache on a device in memory that remembers the order of writes, and can fail. */
#include "lib/check.h"
#include "vfs/bcache.h"

#define SIZE (4 << 20)
#define NORDER 512

struct memdev {
	struct blkdev d;
	uint8_t *bytes;
	uint64_t order[NORDER];
	int norder;
	bool fail;
};

static int
transfer(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off,
    bool write)
{
	struct memdev *m = d->b_priv;

	if (m->fail)
		return -EIO;
	for (int i = 0; i < cnt; i++) {
		if (write) {
			memcpy(m->bytes + off, iov[i].iov_base, iov[i].iov_len);
			if (m->norder < NORDER)
				m->order[m->norder++] = off;
		} else {
			memcpy(iov[i].iov_base, m->bytes + off, iov[i].iov_len);
		}
		off += iov[i].iov_len;
	}
	return 0;
}

static int
readv_mem(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	return transfer(d, iov, cnt, off, false);
}

static int
writev_mem(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	return transfer(d, iov, cnt, off, true);
}

static int
sync_mem(struct blkdev *d)
{
	return ((struct memdev *)d->b_priv)->fail ? -EIO : 0;
}

static const struct blkdev_ops mem_ops = {
	.bd_readv = readv_mem,
	.bd_writev = writev_mem,
	.bd_sync = sync_mem,
};

struct fixture {
	struct rump_kernel *k;
	struct memdev m;
	struct bcache *bc;
};

static void
up(struct fixture *f, size_t max)
{
	struct kern_config c = { .kc_ncpu = 0 };

	memset(f, 0, sizeof(*f));
	CHECK_EQ(kern_boot(&c, &f->k), 0);
	f->m.bytes = calloc(SIZE, 1);
	f->m.d.b_ops = &mem_ops;
	f->m.d.b_k = f->k;
	f->m.d.b_priv = &f->m;
	f->m.d.b_size = SIZE;
	f->m.d.b_align = 1;
	f->m.d.b_secsize = 512;
	CHECK_EQ(bcache_create(f->k, &f->m.d, max, &f->bc), 0);
}

static void
down(struct fixture *f)
{
	int64_t leak;

	bcache_destroy(f->bc);
	kern_halt(f->k, false, &leak);
	CHECK_EQ(leak, 0);
	free(f->m.bytes);
}

static struct buf *
fill(struct fixture *f, uint64_t off, uint8_t value)
{
	struct buf *b;

	CHECK_EQ(buf_get(f->bc, off, 4096, &b), 0);
	memset(b->b_data, value, 4096);
	return b;
}

TEST(cache_dirty_buffer_is_written_by_flush)
{
	struct fixture f;
	struct buf *b;

	up(&f, 1 << 20);
	buf_dirty(fill(&f, 8192, 5));
	CHECK_EQ(f.m.bytes[8192], 0);
	CHECK_EQ(buf_read(f.bc, 8192, 4096, &b), 0);
	CHECK_EQ(*(uint8_t *)b->b_data, 5);
	buf_release(b);
	CHECK_EQ(bcache_flush(f.bc, true), 0);
	CHECK_EQ(f.m.bytes[8192], 5);
	down(&f);
}

TEST(cache_outside_the_device_is_refused)
{
	struct fixture f;
	struct buf *b;

	up(&f, 1 << 20);
	CHECK_EQ(buf_read(f.bc, SIZE, 4096, &b), -EINVAL);
	CHECK_EQ(buf_read(f.bc, SIZE - 512, 4096, &b), -EINVAL);
	CHECK_EQ(buf_read(f.bc, UINT64_MAX - 100, 4096, &b), -EINVAL);
	CHECK(b == NULL);
	down(&f);
}

TEST(cache_dependency_is_written_first)
{
	struct fixture f;
	struct buf *then;

	up(&f, 1 << 20);
	buf_dirty(fill(&f, 0, 1));
	buf_dirty(fill(&f, 1 << 20, 2));
	CHECK_EQ(buf_read(f.bc, 0, 4096, &then), 0);
	buf_depend_on(then, 1 << 20);
	buf_depend_on(then, 1 << 20);
	buf_dirty(then);
	CHECK_EQ(bcache_flush_range(f.bc, 0, 4096), 0);
	CHECK_EQ(f.m.norder, 2);
	CHECK_EQ(f.m.order[0], 1 << 20);
	CHECK_EQ(f.m.order[1], 0);
	down(&f);
}

/* What is clean, or not in the cache, is on the device already. */
TEST(cache_dependency_on_what_is_written_is_none)
{
	struct fixture f;
	struct buf *then;

	up(&f, 1 << 20);
	buf_dirty(fill(&f, 1 << 20, 2));
	CHECK_EQ(bcache_flush(f.bc, false), 0);
	then = fill(&f, 0, 1);
	buf_depend_on(then, 1 << 20);
	buf_depend_on(then, 65536);
	buf_depend_on(then, 0);
	CHECK_EQ(then->b_ndeps, 0);
	buf_dirty(then);
	CHECK_EQ(bcache_flush(f.bc, false), 0);
	CHECK_EQ(f.m.norder, 2);
	CHECK_EQ(f.m.order[1], 0);
	down(&f);
}

TEST(cache_is_bounded)
{
	struct fixture f;
	int64_t before;
	struct buf *b;

	up(&f, 64 << 10);
	before = f.k->k_memused;
	for (uint64_t i = 0; i < SIZE / 4096; i++)
		buf_dirty(fill(&f, i * 4096, (uint8_t)i));
	for (uint64_t i = 0; i < SIZE / 4096; i++) {
		CHECK_EQ(buf_read(f.bc, i * 4096, 4096, &b), 0);
		CHECK_EQ(*(uint8_t *)b->b_data, (uint8_t)i);
		buf_release(b);
	}
	CHECK(f.k->k_memused - before < 256 << 10);
	CHECK_EQ(bcache_flush(f.bc, true), 0);
	for (uint64_t i = 0; i < SIZE / 4096; i++)
		CHECK_EQ(f.m.bytes[i * 4096], (uint8_t)i);
	down(&f);
}

TEST(cache_invalidated_buffer_is_never_written)
{
	struct fixture f;
	struct buf *b;

	up(&f, 1 << 20);
	buf_dirty(fill(&f, 4096, 9));
	bcache_invalidate(f.bc, 0, 16384);
	CHECK_EQ(bcache_flush(f.bc, true), 0);
	CHECK_EQ(f.m.norder, 0);
	CHECK_EQ(buf_read(f.bc, 4096, 4096, &b), 0);
	CHECK_EQ(*(uint8_t *)b->b_data, 0);
	buf_release(b);
	down(&f);
}

TEST(cache_write_error_keeps_the_buffer_dirty)
{
	struct fixture f;
	struct buf *b;

	up(&f, 1 << 20);
	buf_dirty(fill(&f, 4096, 3));
	f.m.fail = true;
	CHECK_EQ(bcache_flush(f.bc, true), -EIO);
	CHECK_EQ(buf_read(f.bc, 65536, 4096, &b), -EIO);
	f.m.fail = false;
	CHECK_EQ(bcache_flush(f.bc, true), 0);
	CHECK_EQ(f.m.bytes[4096], 3);
	down(&f);
}

TEST(cache_other_size_replaces_the_buffer)
{
	struct fixture f;
	struct buf *b;

	up(&f, 1 << 20);
	buf_dirty(fill(&f, 4096, 3));
	CHECK_EQ(buf_read(f.bc, 4096, 1024, &b), 0);
	CHECK_EQ(b->b_size, 1024);
	CHECK_EQ(*(uint8_t *)b->b_data, 3);
	buf_release(b);
	down(&f);
}

int
main(void)
{
	RUN(cache_dirty_buffer_is_written_by_flush);
	RUN(cache_outside_the_device_is_refused);
	RUN(cache_dependency_is_written_first);
	RUN(cache_dependency_on_what_is_written_is_none);
	RUN(cache_is_bounded);
	RUN(cache_invalidated_buffer_is_never_written);
	RUN(cache_write_error_keeps_the_buffer_dirty);
	RUN(cache_other_size_replaces_the_buffer);
	return check_done();
}
