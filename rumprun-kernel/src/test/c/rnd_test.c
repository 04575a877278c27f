/* SPDX-License-Identifier: BSD-2-Clause */
/* rnd(4): bytes, what is added, the requests of rndctl(8), and which number the driver has. */
#include <netbsd/rnd.h>
#include <netbsd/stat.h>
#include <rumprun/crypto.h>
#include "dev/dev.h"
#include "kmisc_calls.h"

#define RANDOM makedev(255, 0)
#define URANDOM makedev(255, 1)

static void
begin_with(const char *const *components)
{
	struct kern_config config = { .kc_components = components };

	CHECK_EQ(kern_boot(&config, &k), 0);
	CHECK_EQ(proc_fork(k, NULL, RFCFDG, "test", &proc), 0);
	CHECK_EQ(lwp_create(proc, &lwp), 0);
}

static void
begin_rnd(void)
{
	static const char *const names[] = { "librumpdev", "librumpdev_rnd",
		NULL };

	begin_with(names);
}

static int
move(dev_t dev, void *buf, size_t n, bool write)
{
	struct iovec iov = { buf, n };
	struct uio uio = {
		.uio_iov = &iov,
		.uio_iovcnt = 1,
		.uio_resid = n,
		.uio_rw = write ? UIO_WRITE : UIO_READ,
	};
	int error = write ? dev_write(lwp, dev, &uio, 0) :
			    dev_read(lwp, dev, &uio, 0);

	return error != 0 ? error : (int)(n - uio.uio_resid);
}

static void
gives_bytes_of_any_number(void)
{
	static uint8_t a[100000], b[100000];

	begin_rnd();
	CHECK_EQ(dev_open(lwp, RANDOM, false, FREAD), 0);
	CHECK_EQ(dev_open(lwp, makedev(255, 2), false, FREAD), -ENXIO);
	CHECK_EQ(move(RANDOM, a, sizeof(a), false), (int)sizeof(a));
	CHECK_EQ(move(URANDOM, b, sizeof(b), false), (int)sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
	CHECK(memcmp(a, a + 50000, 50000) != 0);
	CHECK_EQ(move(URANDOM, a, 0, false), 0);
	CHECK_EQ(dev_close(lwp, RANDOM, false, FREAD), 0);
	end();
}

static void
takes_what_is_added(void)
{
	uint8_t bytes[64] = { 1 };
	rndpoolstat_t before, after;
	rnddata_t add = { .len = 512, .entropy = 100 };

	begin_rnd();
	CHECK_EQ(
	    dev_ioctl(lwp, RANDOM, false, RNDGETPOOLSTAT, &before, FREAD), 0);
	CHECK_EQ(move(RANDOM, bytes, sizeof(bytes), true), 64);
	CHECK_EQ(dev_ioctl(lwp, RANDOM, false, RNDADDDATA, &add, FREAD), -EPERM);
	CHECK_EQ(dev_ioctl(lwp, RANDOM, false, RNDADDDATA, &add, FWRITE), 0);
	add.len = 513;
	CHECK_EQ(
	    dev_ioctl(lwp, RANDOM, false, RNDADDDATA, &add, FWRITE), -EINVAL);
	CHECK_EQ(
	    dev_ioctl(lwp, RANDOM, false, RNDGETPOOLSTAT, &after, FREAD), 0);
	CHECK_EQ(after.added - before.added, 64 * 8 + 100);
	CHECK_EQ(after.curentropy, after.maxentropy);
	end();
}

static void
knows_its_source(void)
{
	rndstat_t st = { .start = 0, .count = RND_MAXSTATCOUNT };
	rndstat_est_name_t one = { .name = "host" };
	rndctl_t c = { .type = 0xff,
		.flags = RND_FLAG_NO_COLLECT,
		.mask = RND_FLAG_NO_COLLECT };
	uint32_t bits = 0;

	begin_rnd();
	CHECK_EQ(dev_ioctl(lwp, RANDOM, false, RNDGETENTCNT, &bits, FREAD), 0);
	CHECK(bits > 0);
	CHECK_EQ(dev_ioctl(lwp, RANDOM, false, RNDGETSRCNUM, &st, FREAD), 0);
	CHECK_EQ(st.count, 1);
	CHECK(strcmp(st.source[0].name, "host") == 0);
	st.start = 0;
	st.count = RND_MAXSTATCOUNT + 1;
	CHECK_EQ(
	    dev_ioctl(lwp, RANDOM, false, RNDGETSRCNUM, &st, FREAD), -EINVAL);
	st.start = UINT32_MAX;
	CHECK_EQ(dev_ioctl(lwp, RANDOM, false, RNDGETSRCNUM, &st, FREAD), 0);
	CHECK_EQ(st.count, 0);

	memcpy(c.name, "nosuch", 7);
	CHECK_EQ(dev_ioctl(lwp, RANDOM, false, RNDCTL, &c, FWRITE), -ENOENT);
	memcpy(c.name, "host", 5);
	CHECK_EQ(dev_ioctl(lwp, RANDOM, false, RNDCTL, &c, FREAD), -EPERM);
	CHECK_EQ(dev_ioctl(lwp, RANDOM, false, RNDCTL, &c, FWRITE), 0);
	CHECK_EQ(dev_ioctl(lwp, RANDOM, false, RNDGETESTNAME, &one, FREAD), 0);
	CHECK(one.source.rt.flags & RND_FLAG_NO_COLLECT);
	c.type = RND_TYPE_DISK;
	c.flags = 0;
	CHECK_EQ(dev_ioctl(lwp, RANDOM, false, RNDCTL, &c, FWRITE), 0);
	CHECK_EQ(dev_ioctl(lwp, RANDOM, false, RNDGETESTNAME, &one, FREAD), 0);
	CHECK(one.source.rt.flags & RND_FLAG_NO_COLLECT);
	CHECK_EQ(dev_ioctl(lwp, RANDOM, false, 0x20005200, &c, FWRITE), -ENOTTY);
	end();
}

static void
makes_room_for_npf(void)
{
	static const char *const names[] = { "librumpdev", "librumpdev_rnd",
		"librumpnet", "librumpnet_net", "librumpnet_npf", NULL };

	begin_with(names);
	CHECK(strcmp(dev_find(k, makedev(255, 0), false)->d_name, "rnd") != 0);
	CHECK(strcmp(dev_find(k, makedev(256, 0), false)->d_name, "rnd") == 0);
	end();
}

static void
hashes_as_the_standard_says(void)
{
	static const uint8_t abc[] = { 0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81,
		0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c,
		0xd0, 0xd8, 0x9d };
	uint8_t hash[RUMPRUN_SHA1_BYTES];

	rumprun_sha1("abc", 3, hash); /* FIPS 180-4's example */
	CHECK(memcmp(hash, abc, sizeof(abc)) == 0);
}

int
main(void)
{
	RUN(gives_bytes_of_any_number);
	RUN(takes_what_is_added);
	RUN(knows_its_source);
	RUN(makes_room_for_npf);
	RUN(hashes_as_the_standard_says);
	return check_done();
}
