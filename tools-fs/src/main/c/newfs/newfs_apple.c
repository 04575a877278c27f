/* SPDX-License-Identifier: BSD-2-Clause */
/* The label of an Apple UFS volume: always big-endian, its 16-bit one's complement sum is 0xffff. */
#include "newfs/newfs.h"
#include "tools.h"
#include <string.h>

static uint16_t
checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return (uint16_t)~sum;
}

static void
put_be(uint8_t *p, uint64_t v, int bytes)
{
	while (bytes-- > 0) {
		p[bytes] = (uint8_t)v;
		v >>= 8;
	}
}

void
newfs_apple_label(struct newfs *n)
{
	uint8_t *block = t_calloc(n->t, 1, BBSIZE),
		*p = block + APPLEUFS_LABEL_OFFSET;
	size_t len = strlen(n->volname);
	uint64_t uuid = (uint64_t)newfs_random(n) << 32 | newfs_random(n);

	newfs_read(n, block, BBSIZE, BBLOCK);
	memset(p, 0, APPLEUFS_LABEL_SIZE);
	put_be(p + APPLEUFS_OFF(ul_magic), APPLEUFS_LABEL_MAGIC, 4);
	put_be(p + APPLEUFS_OFF(ul_version), APPLEUFS_LABEL_VERSION, 4);
	put_be(p + APPLEUFS_OFF(ul_time), (uint64_t)n->now, 4);
	put_be(p + APPLEUFS_OFF(ul_namelen), len, 2);
	memcpy(p + APPLEUFS_OFF(ul_name), n->volname, len);
	put_be(p + APPLEUFS_OFF(ul_uuid), uuid, 8);
	put_be(
	    p + APPLEUFS_OFF(ul_checksum), checksum(p, APPLEUFS_LABEL_SIZE), 2);
	newfs_write(n, block, BBSIZE, BBLOCK);
	t_free(n->t, block);
}
