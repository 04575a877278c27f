/* SPDX-License-Identifier: BSD-2-Clause */
/* cgdconfig: does what is read with a key look like a disk? */
#include "cgdconfig/cgdconfig.h"
#include <netbsd/ioctl.h>
#include <rumprun/dklabel.h>

#define SCAN 8192 /* where labels are */
#define MAXSECTOR 4096

static bool
read_at(struct cgdconfig *c, int fd, void *buf, size_t n, off_t off)
{
	return sys_pread(c->t, fd, buf, n, off) == (ssize_t)n;
}

static uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static uint64_t
le64(const uint8_t *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

static bool
has_label(struct cgdconfig *c, int fd)
{
	uint8_t *buf = t_malloc(c->t, SCAN);
	struct disklabel label;

	if (!read_at(c, fd, buf, SCAN, 0))
		return false;
	for (size_t at = 0; at < SCAN; at += 4)
		if (rumprun_dklabel_decode(buf + at, SCAN - at, &label, NULL) ==
		    0)
			return true;
	return false;
}

/* The signature alone is right for one wrong key of 65536. */
static bool
has_mbr(struct cgdconfig *c, int fd)
{
	uint8_t *buf = t_malloc(c->t, MAXSECTOR);
	unsigned secsize = 512;

	(void)sys_ioctl(c->t, fd, DIOCGSECTORSIZE, &secsize);
	if (secsize < 512 || secsize > MAXSECTOR ||
	    !read_at(c, fd, buf, secsize, 0))
		return false;
	if (buf[510] != 0x55 || buf[511] != 0xaa)
		return false;
	for (int i = 0; i < 4; i++)
		if ((buf[446 + 16 * i] & 0x7f) != 0)
			return false;
	return true;
}

static uint32_t
crc32_of(const uint8_t *p, size_t n)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int b = 0; b < 8; b++)
			crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
	}
	return ~crc;
}

/* A header is whole by its own checksum (UEFI 2.x, 5.3.2) and says where it is itself. */
static bool
gpt_header(struct cgdconfig *c, int fd, uint64_t sector, unsigned secsize)
{
	uint8_t *h = t_malloc(c->t, MAXSECTOR);
	uint32_t size, crc;

	if (!read_at(c, fd, h, secsize, (off_t)(sector * secsize)))
		return false;
	size = le32(h + 12);
	crc = le32(h + 16);
	if (memcmp(h, "EFI PART", 8) != 0 || size < 92 || size > secsize ||
	    le64(h + 24) != sector)
		return false;
	memset(h + 16, 0, 4);
	return crc32_of(h, size) == crc;
}

static bool
has_gpt(struct cgdconfig *c, int fd)
{
	unsigned secsize = 512;
	off_t size = 0;

	(void)sys_ioctl(c->t, fd, DIOCGSECTORSIZE, &secsize);
	if (secsize < 512 || secsize > MAXSECTOR)
		return false;
	if (gpt_header(c, fd, 1, secsize))
		return true;
	return sys_ioctl(c->t, fd, DIOCGMEDIASIZE, &size) >= 0 &&
	    size >= (off_t)secsize * 3 &&
	    gpt_header(c, fd, (uint64_t)size / secsize - 1, secsize);
}

/* A superblock lies in one of four places; its magic number is its last word but some. */
static bool
has_ffs(struct cgdconfig *c, int fd)
{
	static const int32_t places[] = { 65536, 8192, 0, 262144 };
	static const uint32_t magics[] = { 0x011954, 0x19540119, 0x54190100,
		0x19015419 };
	uint8_t *sb = t_malloc(c->t, 8192);

	for (size_t i = 0; i < 4; i++) {
		if (!read_at(c, fd, sb, 8192, places[i]))
			continue;
		for (size_t m = 0; m < 4; m++)
			if (le32(sb + 1372) == magics[m])
				return true;
	}
	return false;
}

bool
verify_disk(struct cgdconfig *c, enum verify_method method, int fd)
{
	switch (method) {
	case VERIFY_DISKLABEL:
		return has_label(c, fd);
	case VERIFY_MBR:
		return has_mbr(c, fd);
	case VERIFY_GPT:
		return has_gpt(c, fd);
	case VERIFY_FFS:
		return has_ffs(c, fd);
	default:
		return true;
	}
}
