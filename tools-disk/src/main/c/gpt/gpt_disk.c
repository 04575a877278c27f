/* SPDX-License-Identifier: BSD-2-Clause */
/* A GPT on its disk: found and checked, written. Nothing that is read is believed beyond the disk. */
#include "opendisk.h"
#include "gpt/gpt.h"
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/stat.h>
#include <string.h>

#define PTYPE_PMBR 0xee

/* --- opening -------------------------------------------------------------------- */

/* CRC-32 of IEEE 802.3. */
static uint32_t
crc(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint32_t c = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		c ^= b[i];
		for (int k = 0; k < 8; k++)
			c = c >> 1 ^ (0xedb88320 & (0 - (c & 1)));
	}
	return ~c;
}

static int
open_any(struct gpt *g, const char *name, int flags)
{
	int fd = opendisk(g->t, name, flags, &g->name);

	if (fd == -ENOENT)
		g->name = name;
	return fd;
}

/* What -m and -s don't say, from the driver; a plain file has a size. */
static void
measure(struct gpt *g)
{
	struct tool *t = g->t;
	struct stat st;
	uint32_t secsz = 0;
	off_t size = 0;
	int error = sys_fstat(t, g->fd, &st);

	if (error != 0)
		gpt_fail(g, error, "%s", g->name);
	if (g->secsz == 0 && !S_ISREG(st.st_mode) &&
	    sys_ioctl(t, g->fd, DIOCGSECTORSIZE, &secsz) == 0 && secsz >= 512 &&
	    secsz <= 65536 && (secsz & (secsz - 1)) == 0)
		g->secsz = secsz;
	if (g->secsz == 0)
		g->secsz = 512;
	if (g->mediasz == 0 && !S_ISREG(st.st_mode) &&
	    sys_ioctl(t, g->fd, DIOCGMEDIASIZE, &size) == 0 && size > 0)
		g->mediasz = (uint64_t)size;
	if (g->mediasz == 0 && st.st_size > 0)
		g->mediasz = (uint64_t)st.st_size;
	g->blocks = g->mediasz / g->secsz;
	if (g->blocks < 6)
		gpt_failx(g, "%s: No space for a partition table", g->name);
}

/* --- reading -------------------------------------------------------------------- */

static bool
read_at(struct gpt *g, uint64_t lba, void *buf, size_t n)
{
	size_t have = 0;
	ssize_t got = 1;

	if (lba >= g->blocks || n / g->secsz > g->blocks - lba)
		return false;
	while (have < n && got > 0) {
		got = sys_pread(g->t, g->fd, (char *)buf + have, n - have,
		    (off_t)(lba * g->secsz + have));
		if (got > 0)
			have += (size_t)got;
	}
	return have == n;
}

uint32_t
gpt_table_blocks(const struct gpt *g)
{
	return (
	    uint32_t)(((uint64_t)g->nent * g->entsz + g->secsz - 1) / g->secsz);
}

/*
 * The header at `lba` and its table. What it says becomes the disk's unless there is a table already.
 * *alt is where the other header is.
 */
static bool
read_header(struct gpt *g, uint64_t lba, uint64_t *alt, uint64_t *table_lba)
{
	struct tool *t = g->t;
	uint8_t *h = t_malloc(t, g->secsz), *table;
	struct gpt got = *g;
	uint32_t size, want, sum;
	uint64_t bytes;
	size_t n;

	if (!read_at(g, lba, h, g->secsz) || memcmp(h, GPT_HDR_SIG, 8) != 0)
		return false;
	size = gpt_le32(h + 12);
	sum = gpt_le32(h + 16);
	if (size < GPT_HDR_SIZE || size > g->secsz)
		return false;
	gpt_put32(h + 16, 0);
	if (crc(h, size) != sum || gpt_le64(h + 24) != lba)
		return false;
	*alt = gpt_le64(h + 32);
	got.first = gpt_le64(h + 40);
	got.last = gpt_le64(h + 48);
	memcpy(got.guid, h + 56, 16);
	*table_lba = gpt_le64(h + 72);
	got.nent = gpt_le32(h + 80);
	got.entsz = gpt_le32(h + 84);
	want = gpt_le32(h + 88);
	bytes = (uint64_t)got.nent * got.entsz;
	if (got.entsz < GPT_ENTRY_SIZE || got.entsz > GPT_ENTRY_MAX ||
	    got.entsz % 8 != 0 || bytes == 0 || bytes > GPT_TABLE_MAX ||
	    got.first > got.last || got.last >= g->blocks)
		return false;
	/* Tables are where no partition can be: what is changed is written there. */
	n = gpt_table_blocks(&got);
	if (lba == GPT_HDR_BLKNO ? *table_lba <= lba ||
		    *table_lba >= got.first || n > got.first - *table_lba :
				   *table_lba <= got.last ||
		    *table_lba >= lba || n > lba - *table_lba)
		return false;
	n *= g->secsz;
	table = t_malloc(t, n);
	if (!read_at(g, *table_lba, table, n) ||
	    crc(table, (size_t)bytes) != want)
		return false;
	if (g->table == NULL) {
		got.table = table;
		*g = got;
	} else
		/* A write that didn't come to its end, or another program's. */
		g->differ = got.nent != g->nent || got.entsz != g->entsz ||
		    got.first != g->first || got.last != g->last ||
		    memcmp(got.guid, g->guid, 16) != 0 ||
		    memcmp(table, g->table, (size_t)bytes) != 0;
	return true;
}

static void
read_all(struct gpt *g)
{
	uint64_t alt = 0, other, table = 0;

	g->mbr = t_calloc(g->t, 1, g->secsz);
	if (!read_at(g, 0, g->mbr, g->secsz))
		gpt_failx(g, "%s: Can't read sector 0", g->name);
	g->pri = read_header(g, GPT_HDR_BLKNO, &alt, &table);
	g->pri_table = g->pri ? table : 2;
	if (g->pri && alt > GPT_HDR_BLKNO && alt < g->blocks)
		g->sec_lba = alt;
	else
		g->sec_lba = g->blocks - 1;
	g->sec = read_header(g, g->sec_lba, &other, &table);
	if (!g->sec && g->sec_lba != g->blocks - 1) {
		g->sec_lba = g->blocks - 1;
		g->sec = read_header(g, g->sec_lba, &other, &table);
	}
	if (g->sec)
		g->sec_table = table;
}

void
gpt_open(struct gpt *g, const char *dev)
{
	struct tool *t = g->t;
	const char *path = t_diskpath(t, dev, true, g->readonly, false, 0);
	int flags = g->readonly ? O_RDONLY : O_RDWR;

	if (path != dev) {
		g->fd = sys_open(t, path, flags, 0);
		g->name = dev;
	} else
		g->fd = open_any(g, dev, flags);
	if (g->fd < 0)
		gpt_fail(g, g->fd, "%s", g->name);
	measure(g);
	read_all(g);
}

void
gpt_open_table(struct gpt *g, const char *dev)
{
	gpt_open(g, dev);
	if (!g->pri)
		gpt_failx(g, "%s: No primary GPT header; run create or recover",
		    g->name);
	if (!g->sec)
		gpt_failx(
		    g, "%s: No secondary GPT header; run recover", g->name);
}

/* --- the MBR -------------------------------------------------------------------- */

static bool
mbr_magic(const struct gpt *g)
{
	return g->mbr[510] == 0x55 && g->mbr[511] == 0xaa;
}

bool
gpt_has_pmbr(const struct gpt *g)
{
	for (int i = 0; i < MBR_PART_COUNT && mbr_magic(g); i++)
		if (g->mbr[MBR_PART_OFFSET + 16 * i + 4] == PTYPE_PMBR)
			return true;
	return false;
}

bool
gpt_has_mbr(const struct gpt *g)
{
	if (!mbr_magic(g) || gpt_has_pmbr(g))
		return false;
	for (int i = 0; i < MBR_PART_COUNT; i++)
		if (g->mbr[MBR_PART_OFFSET + 16 * i + 4] != 0)
			return true;
	return false;
}

/* One partition over all, so that who knows MBRs only finds no room. Boot code stays. */
void
gpt_make_pmbr(struct gpt *g, bool active)
{
	uint8_t *p = g->mbr + MBR_PART_OFFSET;
	uint64_t size = g->blocks - 1;

	memset(p, 0, MBR_PART_COUNT * 16);
	p[0] = active ? MBR_PFLAG_ACTIVE : 0;
	p[2] = 2; /* head 0, sector 2, cylinder 0 */
	p[4] = PTYPE_PMBR;
	memset(p + 5, 0xff, 3);
	gpt_put32(p + 8, 1);
	gpt_put32(p + 12, size > UINT32_MAX ? UINT32_MAX : (uint32_t)size);
	g->mbr[510] = 0x55;
	g->mbr[511] = 0xaa;
	g->mbr_changed = true;
}

/* --- writing -------------------------------------------------------------------- */

static void
write_at(struct gpt *g, uint64_t lba, const void *buf, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t put = sys_pwrite(g->t, g->fd, (const char *)buf + done,
		    n - done, (off_t)(lba * g->secsz + done));

		if (put <= 0)
			gpt_fail(g, put < 0 ? (int)put : EIO,
			    "%s: Error writing", g->name);
		done += (size_t)put;
	}
}

void
gpt_write_sector(struct gpt *g, uint64_t lba, const void *p)
{
	write_at(g, lba, p, g->secsz);
}

bool
gpt_new(struct gpt *g, uint32_t entries)
{
	struct gpt n = *g;
	uint32_t blocks;

	n.nent = entries;
	n.entsz = GPT_ENTRY_SIZE;
	blocks = gpt_table_blocks(&n);
	if (entries == 0 || (uint64_t)entries * n.entsz > GPT_TABLE_MAX ||
	    g->blocks < 2 * (uint64_t)blocks + 4)
		return false;
	n.pri_table = 2;
	n.sec_lba = g->blocks - 1;
	n.sec_table = n.sec_lba - blocks;
	n.first = n.pri_table + blocks;
	n.last = n.sec_table - 1;
	n.table = t_calloc(g->t, blocks, g->secsz);
	gpt_uuid_new(g, n.guid);
	n.stamps = g->stamps;
	*g = n;
	return true;
}

static void
write_header(struct gpt *g, uint64_t lba, uint64_t alt, uint64_t table)
{
	uint8_t *h = t_calloc(g->t, 1, g->secsz);

	memcpy(h, GPT_HDR_SIG, 8);
	gpt_put32(h + 8, GPT_HDR_REVISION);
	gpt_put32(h + 12, GPT_HDR_SIZE);
	gpt_put64(h + 24, lba);
	gpt_put64(h + 32, alt);
	gpt_put64(h + 40, g->first);
	gpt_put64(h + 48, g->last);
	memcpy(h + 56, g->guid, 16);
	gpt_put64(h + 72, table);
	gpt_put32(h + 80, g->nent);
	gpt_put32(h + 84, g->entsz);
	gpt_put32(h + 88, crc(g->table, (size_t)g->nent * g->entsz));
	gpt_put32(h + 16, crc(h, GPT_HDR_SIZE));
	write_at(g, table, g->table, (size_t)gpt_table_blocks(g) * g->secsz);
	write_at(g, lba, h, g->secsz);
	t_free(g->t, h);
}

void
gpt_sync(struct gpt *g)
{
	int bits = 0;

	(void)sys_fsync(g->t, g->fd);
	/* Files, and drivers that have no wedges, don't know the request. */
	if (!g->nosync)
		(void)sys_ioctl(g->t, g->fd, DIOCMWEDGES, &bits);
}

void
gpt_write(struct gpt *g, bool pri_only)
{
	if (g->readonly)
		gpt_fail(g, EROFS, "%s", g->name);
	if (!pri_only) {
		write_header(g, g->sec_lba, GPT_HDR_BLKNO, g->sec_table);
		(void)sys_fsync(g->t, g->fd);
	}
	write_header(g, GPT_HDR_BLKNO, g->sec_lba, g->pri_table);
	if (g->mbr_changed)
		write_at(g, 0, g->mbr, g->secsz);
	gpt_sync(g);
}
