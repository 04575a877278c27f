/* SPDX-License-Identifier: BSD-2-Clause */
/* vnconfig, vndcompress and vnduncompress, in a kernel of this process. */
#include "host/host.h"
#include "lib/check.h"
#include "lib/disk_kernel.h"
#include <stdarg.h>

#define BIG (300 * 1024 + 100)
#define USAGE                                                       \
	"usage: vnconfig [-crvz] [-f dsktab] [-t type] vnode_disk " \
	"reg-file [geomspec]\n"                                     \
	"       vnconfig -u [-Fv] vnode_disk\n"                     \
	"       vnconfig -l [-m num | vnode_disk...]\n"

static struct disk_kernel dk;
static uint8_t data[BIG], got[BIG + 1], first[BIG * 2], second[BIG * 2];

/* Text, zeros, and what does not compress. */
static void
start(void)
{
	uint32_t x = 1;

	disk_kernel_start(&dk);
	for (size_t i = 0; i < BIG; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = i % 90000 < 30000 ? (uint8_t)('a' + i % 17) :
		    i % 90000 < 60000	    ? 0 :
					      (uint8_t)(x >> 24);
	}
}

static int
run(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return disk_kernel_run(&dk, line);
}

static void
same(const char *path, size_t n)
{
	memset(got, 0xee, sizeof(got));
	CHECK_EQ(disk_kernel_get(&dk, path, 0, got, sizeof(got)), n);
	CHECK(memcmp(got, data, n) == 0);
}

TEST(images_come_back)
{
	static const size_t sizes[] = { 0, 1, 511, 512, 65536, 65537, BIG };
	static const char *const options[] = { "", "-b 512", "-b 1536 -w 0",
		"-b 4096 -w 1", "-k 1 -w 2 -b 8192", "-w 3" };

	start();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t j = 0; j < 6; j++) {
			disk_kernel_put(&dk, "/img", data, sizes[i]);
			CHECK_EQ(run("vndcompress %s /img /izo", options[j]), 0);
			CHECK_STR(dk.out, "");
			CHECK_EQ(run("vnduncompress -w %zu /izo /out", j), 0);
			CHECK_STR(dk.out, "");
			same("/out", sizes[i]);
		}
	/* The other program's way, and the old one's block size. */
	CHECK_EQ(run("vnduncompress -c /img /izo 1024"), 0);
	CHECK_EQ(run("vndcompress -d /izo /out"), 0);
	same("/out", BIG);
	CHECK_EQ(run("vndcompress -l 1000 /img /izo"), 0);
	CHECK_EQ(run("vnduncompress /izo /out"), 0);
	same("/out", 1000);
	disk_kernel_stop(&dk);
}

TEST(a_compressed_image_is_a_disk)
{
	size_t n = BIG / 512 * 512;

	start();
	disk_kernel_put(&dk, "/img", data, n);
	CHECK_EQ(run("vndcompress -b 16384 /img /izo"), 0);
	CHECK_EQ(run("vnconfig -vz vnd0 /izo"), 0);
	CHECK_STR(dk.out, "/dev/rvnd0d: 307200 bytes on /izo\n");
	CHECK_EQ(n, 307200);
	CHECK_EQ(disk_kernel_get(&dk, "/dev/rvnd0d", 0, got, n), n);
	CHECK(memcmp(got, data, n) == 0);
	/* And compressed again, from the disk. */
	CHECK_EQ(run("vndcompress -b 16384 /dev/rvnd0d /again"), 0);
	CHECK_EQ(run("vnduncompress /again /out"), 0);
	same("/out", n);
	CHECK_EQ(run("vnconfig -u vnd0"), 0);
	CHECK_EQ(run("vnconfig -z vnd0 /img"), 1);
	CHECK_STR(
	    dk.out, "vnconfig: /dev/rvnd0d: VNDIOCSET: Invalid argument\n");
	disk_kernel_stop(&dk);
}

TEST(compression_restarts_where_it_was)
{
	size_t n, m;

	start();
	disk_kernel_put(&dk, "/img", data, BIG);
	CHECK_EQ(run("vndcompress -b 4096 /img /whole"), 0);
	n = disk_kernel_get(&dk, "/whole", 0, first, sizeof(first));
	CHECK_EQ(run("vndcompress -b 4096 -p 10 /img /part"), 0);
	CHECK_EQ(run("vnduncompress /part /out"), 1);
	CHECK_STR(dk.out, "vnduncompress: /part: not complete\n");
	CHECK_EQ(run("vnconfig -z vnd0 /part"), 1);
	/* Not with another size of blocks or image; untouched. */
	CHECK_EQ(run("vndcompress -b 8192 -rR /img /part"), 1);
	CHECK_STR(dk.out,
	    "vndcompress: /part: cannot restart: block size does not match\n");
	CHECK_EQ(run("vndcompress -b 4096 -l 40960 -rR /img /part"), 1);
	CHECK_EQ(run("vndcompress -b 4096 -w 7 -p 20 -rR /img /part"), 0);
	CHECK_EQ(run("vndcompress -b 4096 -rR /img /part"), 0);
	m = disk_kernel_get(&dk, "/part", 0, second, sizeof(second));
	CHECK_EQ(m, n);
	CHECK(memcmp(first, second, n) == 0);
	/* One that is complete stays. */
	CHECK_EQ(run("vndcompress -b 4096 -rR /img /part"), 0);
	CHECK_EQ(disk_kernel_get(&dk, "/part", 0, second, sizeof(second)), n);
	CHECK(memcmp(first, second, n) == 0);
	/* What is no compressed image is begun again, unless not wanted. */
	disk_kernel_put(&dk, "/part", "nonsense", 8);
	CHECK_EQ(run("vndcompress -b 4096 -rR /img /part"), 1);
	CHECK_STR(dk.out, "vndcompress: /part: cannot restart: no checkpoint\n");
	CHECK_EQ(disk_kernel_get(&dk, "/part", 0, second, sizeof(second)), 8);
	CHECK_EQ(run("vndcompress -b 4096 -r /img /part"), 0);
	CHECK_EQ(disk_kernel_get(&dk, "/part", 0, second, sizeof(second)), n);
	CHECK(memcmp(first, second, n) == 0);
	/* A table that goes backwards. */
	memcpy(second, first, n);
	memcpy(second + 136 + 5 * 8, first + 136 + 3 * 8, 8);
	disk_kernel_put(&dk, "/part", second, n);
	CHECK_EQ(run("vndcompress -b 4096 -rR /img /part"), 1);
	CHECK_STR(
	    dk.out, "vndcompress: /part: cannot restart: bad offset table\n");
	disk_kernel_stop(&dk);
}

TEST(compressed_images_may_be_anything)
{
	size_t n;

	start();
	disk_kernel_put(&dk, "/img", data, BIG);
	CHECK_EQ(run("vndcompress -b 4096 /img /izo"), 0);
	n = disk_kernel_get(&dk, "/izo", 0, first, sizeof(first));
	for (size_t cut = 0; cut < n; cut += n / 23) {
		disk_kernel_put(&dk, "/bad", first, cut);
		CHECK_EQ(run("vnduncompress /bad /out"), 1);
	}
	for (size_t i = 0; i < 300; i++) {
		size_t at = i < 160 ? i : (i * 7919) % n;

		memcpy(second, first, n);
		second[at] ^= (uint8_t)(1 + i * 31);
		disk_kernel_put(&dk, "/bad", second, n);
		(void)run("vnduncompress -w %zu /bad /out", i % 3);
		(void)run("vndcompress -b 4096 -r /img /bad");
		if (run("vnconfig -z vnd0 /bad") == 0) {
			(void)disk_kernel_get(&dk, "/dev/rvnd0d", 0, got, 512);
			CHECK_EQ(run("vnconfig -u vnd0"), 0);
		}
	}
	disk_kernel_stop(&dk);
}

TEST(what_vndcompress_refuses)
{
	start();
	disk_kernel_put(&dk, "/img", data, 1000);
	CHECK_EQ(run("vndcompress /img"), 1);
	CHECK_EQ(run("vndcompress -R /img /izo"), 1);
	CHECK_EQ(run("vndcompress -b 100 /img /izo"), 1);
	CHECK_EQ(run("vndcompress -b 1000 /img /izo"), 1);
	CHECK_STR(dk.out,
	    "vndcompress: bad blocksize: 1000 (not a multiple of 512)\n");
	CHECK_EQ(run("vnduncompress -b 512 /img /izo"), 1);
	CHECK_EQ(run("vndcompress /img /img"), 1);
	CHECK_STR(dk.out, "vndcompress: /img and /img are the same file\n");
	CHECK_EQ(run("vndcompress /none /izo"), 1);
	CHECK_STR(dk.out, "vndcompress: /none: No such file or directory\n");
	CHECK_EQ(run("vndcompress /dev/zero /izo"), 1);
	CHECK_STR(dk.out, "vndcompress: /dev/zero: unknown length (use -l)\n");
	CHECK_EQ(run("vndcompress -l 4m /img /izo"), 1);
	CHECK_STR(dk.out, "vndcompress: /img: unexpected end of input\n");
	CHECK_EQ(run("vnduncompress /img /out"), 1);
	CHECK_STR(dk.out, "vnduncompress: /img: not a cloop2 image\n");
	disk_kernel_stop(&dk);
}

static void
host_put(const char *path, const void *p, size_t n)
{
	union {
		const void *c;
		void *v;
	} u = { .c = p };
	struct iovec iov = { u.v, n };
	int fd;

	CHECK_EQ(
	    host_linux.open(path, 2 | HOST_O_CREAT | HOST_O_TRUNC, 0644, &fd),
	    0);
	CHECK_EQ(host_linux.pwritev(fd, &iov, 1, 0), (long)n);
	host_linux.close(fd);
}

TEST(standard_input_is_compressed)
{
	struct iovec iov = { got, sizeof(got) };
	char text[9000];
	int fd;

	start();
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)('a' + i % 23);
	text[sizeof(text) - 1] = '\0';
	dk.in = text;
	CHECK_EQ(
	    run("vndcompress -l 8000 -b 1024 /dev/stdin /tmp/vndcompress_test.izo"),
	    0);
	CHECK_STR(dk.out, "");
	CHECK_EQ(
	    run("vnduncompress /tmp/vndcompress_test.izo /tmp/vndcompress_test.out"),
	    0);
	CHECK_EQ(host_linux.open("/tmp/vndcompress_test.out", 0, 0, &fd), 0);
	CHECK_EQ(host_linux.preadv(fd, &iov, 1, 0), 8000);
	host_linux.close(fd);
	CHECK(memcmp(got, text, 8000) == 0);
	dk.in = text;
	CHECK_EQ(run("vndcompress /dev/stdin /tmp/vndcompress_test.izo"), 1);
	CHECK_STR(dk.out, "vndcompress: /dev/stdin: unknown length (use -l)\n");
	dk.in = text;
	CHECK_EQ(run("vnduncompress /dev/stdin /tmp/vndcompress_test.out"), 1);
	CHECK_STR(dk.out, "vnduncompress: /dev/stdin: not a cloop2 image\n");
	host_linux.unlink("/tmp/vndcompress_test.izo");
	host_linux.unlink("/tmp/vndcompress_test.out");
	disk_kernel_stop(&dk);
}

TEST(files_of_the_host)
{
	struct iovec iov = { got, sizeof(got) };
	int fd;

	start();
	host_put("/tmp/vndcompress_test.img", data, BIG);
	CHECK_EQ(run("vndcompress /tmp/vndcompress_test.img "
		     "/tmp/vndcompress_test.izo"),
	    0);
	CHECK_STR(dk.out, "");
	CHECK_EQ(run("vnduncompress /tmp/vndcompress_test.izo "
		     "/tmp/vndcompress_test.out"),
	    0);
	CHECK_EQ(host_linux.open("/tmp/vndcompress_test.out", 0, 0, &fd), 0);
	CHECK_EQ(host_linux.preadv(fd, &iov, 1, 0), BIG);
	CHECK(memcmp(got, data, BIG) == 0);
	host_linux.close(fd);
	host_linux.unlink("/tmp/vndcompress_test.img");
	host_linux.unlink("/tmp/vndcompress_test.izo");
	host_linux.unlink("/tmp/vndcompress_test.out");
	disk_kernel_stop(&dk);
}

TEST(vnconfig_lists_and_refuses)
{
	static const char
	    tab[] = "little|a small one:ty=floppy:se#512:ns#9:nt#2:nc#40:\\\n"
		    "\t:pa#720:oa#0:ba#4096:fa#512:\n";

	start();
	disk_kernel_zeros(&dk, "/img", 1 << 20);
	CHECK_EQ(run("vnconfig -l"), 0);
	CHECK_STR(dk.out,
	    "vnd0: not in use\nvnd1: not in use\nvnd2: not in use\n"
	    "vnd3: not in use\n");
	CHECK_EQ(run("vnconfig -l -m 5"), 0);
	CHECK(strstr(dk.out, "vnd4: not in use\n") != NULL);
	CHECK_EQ(run("vnconfig -l -m 0"), 0);
	CHECK_STR(dk.out, "");
	CHECK_EQ(run("vnconfig -l vnd0 nosuch"), 1);
	CHECK_STR(dk.out,
	    "vnd0: not in use\n"
	    "vnconfig: nosuchd: opendisk: No such file or directory\n");
	CHECK_EQ(run("vnconfig -l -m 3 vnd0"), 1);
	CHECK_STR(dk.out, USAGE);
	CHECK_EQ(run("vnconfig -c -u vnd0"), 1);
	CHECK_STR(dk.out, USAGE);
	CHECK_EQ(run("vnconfig -t x vnd0 /img 512/1/1/1"), 1);
	CHECK_STR(dk.out, USAGE);
	CHECK_EQ(run("vnconfig vnd0 /img 512/1/1/1x"), 1);
	CHECK_STR(dk.out, "vnconfig: invalid geometry: 512\n");
	CHECK_EQ(run("vnconfig vnd0 /img 99999999999/1/1/1"), 1);
	CHECK_EQ(run("vnconfig vnd0 /img 512/16/4/8/1"), 1);
	disk_kernel_put(&dk, "/tab", tab, sizeof(tab) - 1);
	CHECK_EQ(run("vnconfig -v -f /tab -t little vnd0 /img"), 0);
	CHECK_STR(dk.out,
	    "/dev/rvnd0d: 368640 bytes on /img using geometry 512/9/2/40\n");
	CHECK_EQ(run("vnconfig -uF -v vnd0"), 0);
	CHECK_STR(dk.out, "/dev/rvnd0d: cleared\n");
	disk_kernel_stop(&dk);
}

int
main(void)
{
	RUN(images_come_back);
	RUN(a_compressed_image_is_a_disk);
	RUN(compression_restarts_where_it_was);
	RUN(compressed_images_may_be_anything);
	RUN(what_vndcompress_refuses);
	RUN(standard_input_is_compressed);
	RUN(files_of_the_host);
	RUN(vnconfig_lists_and_refuses);
	return check_done();
}
