/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partitions of host images: BSD disklabels (in sector 1, or in sector 1 of the MBR's NetBSD partition), MBR with logical
 * partitions, GPT (UEFI specification, chapter 5). Sectors are of 512 bytes. Nothing read is believed beyond the image.
 */
#include "tool/partition.h"
#include <netbsd/disklabel.h>
#include <netbsd/errno.h>
#include <netbsd/fcntl.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512
#define MBR_TABLE 446
#define MBR_ENTRY 16
#define MBR_NETBSD 0xa9
#define MBR_GPT 0xee
#define LOGICAL_MAX 64
#define GPT_ENTRIES_MAX 1024

struct image {
	const struct host_ops *h;
	int fd;
	uint64_t size;
};

struct extent {
	uint64_t begin, size; /* sectors */
};

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

static int
read_at(const struct image *im, uint64_t sector, uint64_t offset, void *buf,
    size_t n)
{
	struct iovec iov = { buf, n };
	uint64_t at;
	ssize_t got;

	if (sector > UINT64_MAX / SECTOR / 2)
		return -EINVAL;
	at = sector * SECTOR + offset;
	if (at > im->size || im->size - at < n)
		return -EINVAL;
	got = im->h->preadv(im->fd, &iov, 1, (int64_t)at);
	return got < 0 ? (int)got : (size_t)got == n ? 0 : -EINVAL;
}

static bool
mbr_read(const struct image *im, uint64_t sector, uint8_t buf[SECTOR])
{
	return read_at(im, sector, 0, buf, SECTOR) == 0 && buf[510] == 0x55 &&
	    buf[511] == 0xaa;
}

static const uint8_t *
mbr_entry(const uint8_t *mbr, int i)
{
	return mbr + MBR_TABLE + i * MBR_ENTRY;
}

static bool
is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

/* Logical partitions hang on a chain of tables, each with one partition and the next table's place. */
static int
logical(const struct image *im, const uint8_t *mbr, unsigned n, struct extent *x)
{
	uint64_t first = 0, at;
	uint8_t buf[SECTOR];
	unsigned step;
	int i;

	for (i = 0; i < 4 && first == 0; i++)
		if (is_extended(mbr_entry(mbr, i)[4]))
			first = le32(mbr_entry(mbr, i) + 8);
	for (at = first, step = 5; at != 0 && step < 5 + LOGICAL_MAX; step++) {
		if (!mbr_read(im, at, buf))
			return -EINVAL;
		if (step == n && mbr_entry(buf, 0)[4] != 0) {
			x->begin = at + le32(mbr_entry(buf, 0) + 8);
			x->size = le32(mbr_entry(buf, 0) + 12);
			return 0;
		}
		if (!is_extended(mbr_entry(buf, 1)[4]))
			break;
		at = first + le32(mbr_entry(buf, 1) + 8);
	}
	return -ENXIO;
}

static int
gpt(const struct image *im, unsigned n, struct extent *x)
{
	static const uint8_t unused[16];
	uint8_t head[92], entry[48];
	uint32_t count, size;
	int error;

	error = read_at(im, 1, 0, head, sizeof(head));
	if (error != 0)
		return error;
	count = le32(head + 80);
	size = le32(head + 84);
	if (memcmp(head, "EFI PART", 8) != 0 || size < 128 || size > 4096)
		return -EINVAL;
	if (n > count || n > GPT_ENTRIES_MAX)
		return -ENXIO;
	error = read_at(im, le64(head + 72), (uint64_t)(n - 1) * size, entry,
	    sizeof(entry));
	if (error != 0)
		return error;
	if (memcmp(entry, unused, sizeof(unused)) == 0)
		return -ENXIO;
	x->begin = le64(entry + 32);
	if (le64(entry + 40) < x->begin)
		return -EINVAL;
	x->size = le64(entry + 40) - x->begin + 1;
	return 0;
}

static int
numbered(const struct image *im, unsigned n, struct extent *x)
{
	uint8_t mbr[SECTOR];
	const uint8_t *e;
	int i;

	if (!mbr_read(im, 0, mbr))
		return -ENXIO;
	for (i = 0; i < 4; i++)
		if (mbr_entry(mbr, i)[4] == MBR_GPT)
			return gpt(im, n, x);
	if (n > 4)
		return logical(im, mbr, n, x);
	e = mbr_entry(mbr, (int)n - 1);
	if (e[4] == 0)
		return -ENXIO;
	x->begin = le32(e + 8);
	x->size = le32(e + 12);
	return 0;
}

static uint32_t
label_word(const uint8_t *p, bool swapped)
{
	uint32_t v = le32(p);

	return swapped ?
	    v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) | v << 24 :
	    v;
}

/* A label of either byte order; -ENOENT when there is none. */
static int
label_at(
    const struct image *im, uint64_t sector, unsigned part, struct extent *x)
{
	const size_t parts = offsetof(struct disklabel, d_partitions);
	uint8_t buf[SECTOR], *p;
	bool swapped;

	if (read_at(im, sector, 0, buf, SECTOR) != 0)
		return -ENOENT;
	swapped = label_word(buf, false) != DISKMAGIC;
	if (label_word(buf, swapped) != DISKMAGIC ||
	    label_word(buf + offsetof(struct disklabel, d_magic2), swapped) !=
		DISKMAGIC)
		return -ENOENT;
	p = buf + offsetof(struct disklabel, d_npartitions);
	if (part >=
	    (swapped ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0]))
		return -ENXIO;
	p = buf + parts + part * sizeof(struct partition);
	x->size = label_word(p + offsetof(struct partition, p_size), swapped);
	x->begin = label_word(p + offsetof(struct partition, p_offset), swapped);
	return x->size != 0 ? 0 : -ENXIO;
}

static int
lettered(const struct image *im, unsigned part, struct extent *x)
{
	uint8_t mbr[SECTOR];
	int error, i;

	error = label_at(im, 1, part, x);
	if (error != -ENOENT)
		return error;
	if (mbr_read(im, 0, mbr))
		for (i = 0; i < 4; i++) {
			if (mbr_entry(mbr, i)[4] != MBR_NETBSD)
				continue;
			error = label_at(im,
			    (uint64_t)le32(mbr_entry(mbr, i) + 8) + 1, part, x);
			if (error != -ENOENT)
				return error;
		}
	return -ENXIO;
}

bool
tool_partition_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 1)
		return name[0] >= 'a' && name[0] <= 'p';
	return n >= 2 && n <= 5 && name[0] == 'p' && name[1] != '0' &&
	    strspn(name + 1, "0123456789") == n - 1;
}

int
tool_partition_find(const struct host_ops *h, const char *path,
    const char *name, uint64_t *begin, uint64_t *size)
{
	struct image im = { h, -1, 0 };
	struct extent x = { 0, 0 };
	int error;

	error = h->open(path, O_RDONLY, 0, &im.fd);
	if (error != 0)
		return error;
	error = h->size(im.fd, &im.size);
	if (error == 0)
		error = name[1] == '\0' ?
		    lettered(&im, (unsigned)(name[0] - 'a'), &x) :
		    numbered(&im, (unsigned)strtoul(name + 1, NULL, 10), &x);
	h->close(im.fd);
	if (error != 0)
		return error;
	if (x.size == 0 || x.begin > im.size / SECTOR ||
	    x.size > im.size / SECTOR - x.begin)
		return -EINVAL;
	*begin = x.begin * SECTOR;
	*size = x.size * SECTOR;
	return 0;
}
