/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition tables. Sources: disklabel(5); UEFI specification 2.10, chapter 5 (GPT, protective MBR, byte order of GUIDs); Inside Macintosh: Devices, SCSI Manager (driver
 * descriptor and partition map).
 *
 * An MBR is one when its four entries have 0 or 80h for their activity: what file systems put in their first sector has not. A GPT counts only where the MBR does not
 * tell of other partitions alone: an old one may still lie there.
 */
#include "dev/parttab.h"
#include <netbsd/bootblock.h>
#include <netbsd/disk.h>
#include <netbsd/errno.h>
#include <rumprun/dklabel.h>
#include <stdio.h>
#include <string.h>

#define SECSIZE_MAX 4096
#define MBR_ENTRIES 4
#define MBR_TYPE_PROTECTIVE 0xee
#define LOGICAL_MAX 128
#define GPT_HEAD 92
#define GPT_ENTRY_MIN 128
#define GPT_ENTRY_MAX 4096
#define GPT_ENTRIES_MAX 4096
#define APPLE_MAX 256

static uint16_t
le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
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

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

uint32_t
parttab_crc32(uint32_t crc, const void *vp, size_t n)
{
	static const uint32_t nibble[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8,
		0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0,
		0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };
	const uint8_t *p = vp;

	crc = ~crc;
	while (n-- > 0) {
		crc ^= *p++;
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return ~crc;
}

/* -ESRCH: there is nothing there, since the medium ends before. */
static int
read_at(const struct parttab_reader *r, uint64_t off, void *buf, size_t n)
{
	if (off > r->pr_size || n > r->pr_size - off)
		return -ESRCH;
	return r->pr_read(r->pr_ctx, off, buf, n);
}

static int
read_sector(const struct parttab_reader *r, uint64_t sector, void *buf, size_t n)
{
	if (sector > r->pr_size / r->pr_secsize)
		return -ESRCH;
	return read_at(r, sector * r->pr_secsize, buf, n);
}

static void
bound(const struct parttab_reader *r, struct parttab_entry *pe)
{
	uint64_t sectors = r->pr_size / r->pr_secsize;

	pe->pe_outside = pe->pe_size == 0 || pe->pe_begin >= sectors ||
	    pe->pe_size > sectors - pe->pe_begin;
}

/* --- MBR -------------------------------------------------------------------- */

static const uint8_t *
mbr_entry(const uint8_t *mbr, int i)
{
	return mbr + MBR_PART_OFFSET + i * 16;
}

static bool
is_extended(uint8_t type)
{
	return type == MBR_PTYPE_EXT || type == MBR_PTYPE_EXT_LBA ||
	    type == MBR_PTYPE_EXT_LNX;
}

static int
mbr_read(const struct parttab_reader *r, uint64_t sector, uint8_t mbr[512])
{
	int error = read_sector(r, sector, mbr, 512);

	if (error != 0)
		return error;
	if (mbr[510] != 0x55 || mbr[511] != 0xaa)
		return -ESRCH;
	for (int i = 0; i < MBR_ENTRIES; i++)
		if ((mbr_entry(mbr, i)[0] & 0x7f) != 0)
			return -ESRCH;
	return 0;
}

uint8_t
parttab_mbr_fstype(uint8_t type)
{
	switch (type) {
	case MBR_PTYPE_FAT12:
	case MBR_PTYPE_FAT16S:
	case MBR_PTYPE_FAT16B:
	case MBR_PTYPE_FAT32:
	case MBR_PTYPE_FAT32L:
	case MBR_PTYPE_FAT16L:
		return FS_MSDOS;
	case MBR_PTYPE_NTFS:
		return FS_NTFS;
	case MBR_PTYPE_LNXSWAP:
		return FS_SWAP;
	case MBR_PTYPE_LNXEXT2:
		return FS_EX2FS;
	case MBR_PTYPE_APPLE_HFS:
		return FS_HFS;
	case MBR_PTYPE_APPLE_UFS:
		return FS_APPLEUFS;
	case MBR_PTYPE_386BSD:
	case MBR_PTYPE_OPENBSD:
	case MBR_PTYPE_NETBSD:
		return FS_BSDFFS;
	default:
		return FS_OTHER;
	}
}

static int
mbr_report(const struct parttab_reader *r, unsigned index, uint64_t base,
    const uint8_t *e, int (*fn)(const struct parttab_entry *, void *), void *arg)
{
	struct parttab_entry pe = {
		.pe_index = index,
		.pe_begin = base + le32(e + 8),
		.pe_size = le32(e + 12),
		.pe_mbrtype = e[4],
	};

	pe.pe_ptype = is_extended(e[4]) || e[4] == MBR_TYPE_PROTECTIVE ?
	    NULL :
	    parttab_ptype(parttab_mbr_fstype(e[4]));
	bound(r, &pe);
	return fn(&pe, arg);
}

/*
 * Logical partitions hang on a chain of tables, each with one partition, begun where the table is, and the next table's place, in the extended partition.
 * A chain that runs in a circle ends by its length.
 */
static int
logical(const struct parttab_reader *r, uint64_t first,
    int (*fn)(const struct parttab_entry *, void *), void *arg)
{
	uint64_t at = first;

	for (unsigned n = 0; n < LOGICAL_MAX; n++) {
		const uint8_t *data = NULL, *link = NULL;
		uint8_t mbr[512];
		int error = mbr_read(r, at, mbr);

		if (error != 0)
			return error == -ESRCH ? -EINVAL : error;
		for (int i = 0; i < MBR_ENTRIES; i++) {
			const uint8_t *e = mbr_entry(mbr, i);

			if (is_extended(e[4]))
				link = link == NULL ? e : link;
			else if (e[4] != 0)
				data = data == NULL ? e : data;
		}
		if (data != NULL &&
		    (error = mbr_report(
			 r, MBR_ENTRIES + 1 + n, at, data, fn, arg)) != 0)
			return error;
		if (link == NULL || le32(link + 8) == 0)
			return 0;
		at = first + le32(link + 8);
	}
	return 0;
}

static int
mbr_scan(const struct parttab_reader *r,
    int (*fn)(const struct parttab_entry *, void *), void *arg)
{
	uint64_t extended = 0;
	uint8_t mbr[512];
	int error = mbr_read(r, 0, mbr);

	if (error != 0)
		return error;
	for (int i = 0; i < MBR_ENTRIES; i++) {
		const uint8_t *e = mbr_entry(mbr, i);

		if (e[4] == 0)
			continue;
		error = mbr_report(r, (unsigned)i + 1, 0, e, fn, arg);
		if (error != 0)
			return error;
		if (is_extended(e[4]) && extended == 0)
			extended = le32(e + 8);
	}
	return extended == 0 ? 0 : logical(r, extended, fn, arg);
}

/* --- GPT -------------------------------------------------------------------- */

static const struct {
	const char *guid, *ptype;
} gpt_types[] = {
	{ "49f48d32-b10e-11dc-b99b-0019d1879648", DKW_PTYPE_SWAP },
	{ "49f48d5a-b10e-11dc-b99b-0019d1879648", DKW_PTYPE_FFS },
	{ "49f48d82-b10e-11dc-b99b-0019d1879648", DKW_PTYPE_LFS },
	{ "49f48daa-b10e-11dc-b99b-0019d1879648", DKW_PTYPE_RAIDFRAME },
	{ "2db519c4-b10f-11dc-b99b-0019d1879648", DKW_PTYPE_CCD },
	{ "2db519ec-b10f-11dc-b99b-0019d1879648", DKW_PTYPE_CGD },
	{ "516e7cb5-6ecf-11d6-8ff8-00022d09712b", DKW_PTYPE_SWAP },
	{ "516e7cb6-6ecf-11d6-8ff8-00022d09712b", DKW_PTYPE_FFS },
	{ "516e7cb8-6ecf-11d6-8ff8-00022d09712b", DKW_PTYPE_VINUM },
	{ "c12a7328-f81f-11d2-ba4b-00a0c93ec93b", DKW_PTYPE_FAT },
	{ "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", DKW_PTYPE_FAT },
	{ "0fc63daf-8483-4772-8e79-3d69d8477de4", DKW_PTYPE_EXT2FS },
	{ "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", DKW_PTYPE_SWAP },
	{ "48465300-0000-11aa-aa11-00306543ecac", DKW_PTYPE_APPLEHFS },
	{ "55465300-0000-11aa-aa11-00306543ecac", DKW_PTYPE_APPLEUFS },
};

/* The first three fields are little-endian (UEFI, appendix A). */
static void
guid_text(const uint8_t g[16], char out[40])
{
	snprintf(out, 40, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
	    (unsigned)le32(g), (unsigned)le16(g + 4), (unsigned)le16(g + 6),
	    g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]);
}

/* UTF-16 of 36 units; half a pair and control characters become U+FFFD. */
static void
gpt_name(const uint8_t *p, char *out)
{
	for (int i = 0; i < 36; i++) {
		uint32_t c = le16(p + i * 2);
		uint32_t low = i < 35 ? le16(p + i * 2 + 2) : 0;

		if (c == 0)
			break;
		if (c >= 0xd800 && c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i++;
		} else if ((c >= 0xd800 && c < 0xe000) || c < 32 || c == 127) {
			c = 0xfffd;
		}
		if (c < 0x80) {
			*out++ = (char)c;
			continue;
		}
		if (c >= 0x10000) {
			*out++ = (char)(0xf0 | c >> 18);
			*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		} else if (c >= 0x800) {
			*out++ = (char)(0xe0 | c >> 12);
		}
		*out++ = c >= 0x800 ? (char)(0x80 | (c >> 6 & 0x3f)) :
				      (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	*out = '\0';
}

struct gpt {
	uint64_t table, first, last;
	uint32_t count, entry;
};

static int
gpt_table_crc(const struct parttab_reader *r, const struct gpt *g, uint32_t want)
{
	uint64_t off = g->table * r->pr_secsize;
	uint64_t left = (uint64_t)g->count * g->entry;
	uint8_t buf[SECSIZE_MAX];
	uint32_t crc = 0;
	int error;

	while (left > 0) {
		size_t n = left < sizeof(buf) ? (size_t)left : sizeof(buf);

		if ((error = read_at(r, off, buf, n)) != 0)
			return error == -ESRCH ? -EINVAL : error;
		crc = parttab_crc32(crc, buf, n);
		off += n;
		left -= n;
	}
	return crc == want ? 0 : -EINVAL;
}

/* -ESRCH: no header; -EINVAL: a header, or its table, that is not whole. */
static int
gpt_header(const struct parttab_reader *r, uint64_t at, struct gpt *g)
{
	uint8_t head[SECSIZE_MAX];
	uint32_t size, crc;
	int error = read_sector(r, at, head, r->pr_secsize);

	if (error != 0)
		return error;
	if (memcmp(head, GPT_HDR_SIG, 8) != 0)
		return -ESRCH;
	size = le32(head + 12);
	crc = le32(head + 16);
	if (size < GPT_HEAD || size > r->pr_secsize || le64(head + 24) != at)
		return -EINVAL;
	memset(head + 16, 0, 4);
	if (parttab_crc32(0, head, size) != crc)
		return -EINVAL;
	g->first = le64(head + 40);
	g->last = le64(head + 48);
	g->table = le64(head + 72);
	g->count = le32(head + 80);
	g->entry = le32(head + 84);
	if (g->entry < GPT_ENTRY_MIN || g->entry > GPT_ENTRY_MAX ||
	    g->entry % 8 != 0 || g->count > GPT_ENTRIES_MAX ||
	    g->table > r->pr_size / r->pr_secsize)
		return -EINVAL;
	return gpt_table_crc(r, g, le32(head + 88));
}

/* Does the MBR leave room for a GPT? */
static int
gpt_may_be(const struct parttab_reader *r, bool *protective)
{
	bool other = false;
	uint8_t mbr[512];
	int error = mbr_read(r, 0, mbr);

	*protective = false;
	if (error != 0)
		return error == -ESRCH ? 0 : error;
	for (int i = 0; i < MBR_ENTRIES; i++) {
		uint8_t type = mbr_entry(mbr, i)[4];

		if (type == MBR_TYPE_PROTECTIVE)
			*protective = true;
		else if (type != 0)
			other = true;
	}
	return other && !*protective ? -ESRCH : 0;
}

static void
gpt_entry(const struct parttab_reader *r, const struct gpt *g, const uint8_t *e,
    struct parttab_entry *pe)
{
	uint64_t begin = le64(e + 32), end = le64(e + 40);
	char type[40];

	guid_text(e, type);
	guid_text(e + 16, pe->pe_guid);
	gpt_name(e + 56, pe->pe_name);
	pe->pe_begin = begin;
	pe->pe_size = end >= begin && end - begin < UINT64_MAX ?
	    end - begin + 1 :
	    0;
	pe->pe_ptype = DKW_PTYPE_UNKNOWN;
	for (size_t i = 0; i < sizeof(gpt_types) / sizeof(gpt_types[0]); i++)
		if (strcmp(gpt_types[i].guid, type) == 0)
			pe->pe_ptype = gpt_types[i].ptype;
	bound(r, pe);
	if (begin < g->first || end > g->last)
		pe->pe_outside = true;
}

/* The first header, or, where that is not whole, the one in the last sector. */
static int
gpt_find(const struct parttab_reader *r, struct gpt *g)
{
	uint64_t sectors = r->pr_size / r->pr_secsize;
	bool protective;
	int error = gpt_may_be(r, &protective), second;

	if (error != 0 || sectors < 3)
		return error != 0 ? error : -ESRCH;
	error = gpt_header(r, 1, g);
	if (error == 0)
		return 0;
	second = gpt_header(r, sectors - 1, g);
	if (second == 0)
		return 0;
	if (error == -ESRCH && second == -ESRCH)
		return protective ? -EINVAL : -ESRCH;
	return error == -ESRCH ? second : error;
}

static int
gpt_scan(const struct parttab_reader *r,
    int (*fn)(const struct parttab_entry *, void *), void *arg)
{
	static const uint8_t unused[16];
	struct gpt g;
	int error = gpt_find(r, &g);

	if (error != 0)
		return error;
	for (uint32_t i = 0; i < g.count; i++) {
		struct parttab_entry pe = { .pe_index = i + 1 };
		uint8_t e[GPT_ENTRY_MIN];

		error = read_at(r,
		    g.table * r->pr_secsize + (uint64_t)i * g.entry, e,
		    sizeof(e));
		if (error != 0)
			return error == -ESRCH ? -EINVAL : error;
		if (memcmp(e, unused, sizeof(unused)) == 0)
			continue;
		gpt_entry(r, &g, e, &pe);
		if ((error = fn(&pe, arg)) != 0)
			return error;
	}
	return 0;
}

/* --- BSD label -------------------------------------------------------------- */

const char *
parttab_ptype(unsigned fstype)
{
	static const char *const types[] = {
		[FS_UNUSED] = DKW_PTYPE_UNUSED,
		[FS_SWAP] = DKW_PTYPE_SWAP,
		[FS_V6] = DKW_PTYPE_V6,
		[FS_V7] = DKW_PTYPE_V7,
		[FS_SYSV] = DKW_PTYPE_SYSV,
		[FS_V71K] = DKW_PTYPE_V71K,
		[FS_V8] = DKW_PTYPE_V8,
		[FS_BSDFFS] = DKW_PTYPE_FFS,
		[FS_MSDOS] = DKW_PTYPE_MSDOS,
		[FS_BSDLFS] = DKW_PTYPE_LFS,
		[FS_OTHER] = DKW_PTYPE_OTHER,
		[FS_HPFS] = DKW_PTYPE_HPFS,
		[FS_ISO9660] = DKW_PTYPE_ISO9660,
		[FS_BOOT] = DKW_PTYPE_BOOT,
		[FS_ADOS] = DKW_PTYPE_ADOS,
		[FS_HFS] = DKW_PTYPE_HFS,
		[FS_FILECORE] = DKW_PTYPE_FILECORE,
		[FS_EX2FS] = DKW_PTYPE_EXT2FS,
		[FS_NTFS] = DKW_PTYPE_NTFS,
		[FS_RAID] = DKW_PTYPE_RAIDFRAME,
		[FS_CCD] = DKW_PTYPE_CCD,
		[FS_JFS2] = DKW_PTYPE_JFS2,
		[FS_APPLEUFS] = DKW_PTYPE_APPLEUFS,
		[FS_VINUM] = DKW_PTYPE_VINUM,
		[FS_UDF] = DKW_PTYPE_UDF,
		[FS_SYSVBFS] = DKW_PTYPE_SYSVBFS,
		[FS_EFS] = DKW_PTYPE_EFS,
		[FS_NILFS] = DKW_PTYPE_NILFS,
		[FS_CGD] = DKW_PTYPE_CGD,
		[FS_MINIXFS3] = DKW_PTYPE_MINIXFS3,
	};

	return fstype < sizeof(types) / sizeof(types[0]) ? types[fstype] :
							   DKW_PTYPE_UNKNOWN;
}

/* A label that makes no sense for this medium is a damaged one. */
static int
label_at(
    const struct parttab_reader *r, uint64_t sector, struct parttab_label *pl)
{
	uint8_t buf[SECSIZE_MAX];
	int error = read_sector(r, sector, buf, r->pr_secsize), found = -ESRCH;

	for (size_t off = 0; error == 0 && off <= 128; off += 64) {
		int got = rumprun_dklabel_decode(buf + off, r->pr_secsize - off,
		    &pl->pl_label, &pl->pl_swapped);

		if (got == 0 &&
		    (pl->pl_label.d_secsize != r->pr_secsize ||
			pl->pl_label.d_npartitions == 0))
			got = -EINVAL;
		if (got == 0) {
			pl->pl_sector = sector;
			pl->pl_offset = off;
			return 0;
		}
		if (got != -ESRCH)
			found = got;
	}
	return error != 0 ? error : found;
}

int
parttab_find_label(const struct parttab_reader *r, struct parttab_label *pl)
{
	int error, found = -ESRCH;
	bool mine = false;
	uint8_t mbr[512];

	memset(pl, 0, sizeof(*pl));
	pl->pl_sector = LABELSECTOR;
	pl->pl_offset = LABELOFFSET;
	error = mbr_read(r, 0, mbr);
	if (error != 0 && error != -ESRCH)
		return error;
	pl->pl_mbr = error == 0;
	for (int i = 0; pl->pl_mbr && i < MBR_ENTRIES; i++) {
		const uint8_t *e = mbr_entry(mbr, i);
		uint64_t at = (uint64_t)le32(e + 8) + LABELSECTOR;

		if (e[4] != MBR_PTYPE_NETBSD)
			continue;
		error = label_at(r, at, pl);
		if (error == 0 || (error != -ESRCH && error != -EINVAL))
			return error;
		if (error == -EINVAL)
			found = error;
		if (!mine && at < r->pr_size / r->pr_secsize)
			pl->pl_sector = at;
		mine = true;
	}
	error = label_at(r, LABELSECTOR, pl);
	return error == -ESRCH ? found : error;
}

static int
bsd_scan(const struct parttab_reader *r,
    int (*fn)(const struct parttab_entry *, void *), void *arg)
{
	struct parttab_label pl;
	int error = parttab_find_label(r, &pl);

	for (unsigned i = 0; error == 0 && i < pl.pl_label.d_npartitions; i++) {
		const struct partition *pp = &pl.pl_label.d_partitions[i];
		struct parttab_entry pe = { .pe_index = i,
			.pe_begin = pp->p_offset,
			.pe_size = pp->p_size,
			.pe_ptype = parttab_ptype(pp->p_fstype) };

		if (pp->p_size == 0)
			continue;
		bound(r, &pe);
		error = fn(&pe, arg);
	}
	return error;
}

/* --- Apple ------------------------------------------------------------------ */

static const char *
apple_ptype(const char *type)
{
	static const struct {
		const char *type, *ptype;
	} types[] = {
		{ "Apple_HFS", DKW_PTYPE_APPLEHFS },
		{ "Apple_HFSX", DKW_PTYPE_APPLEHFS },
		{ "Apple_UFS", DKW_PTYPE_APPLEUFS },
		{ "Apple_UNIX_SVR2", DKW_PTYPE_FFS },
		{ "NetBSD/macppc", DKW_PTYPE_FFS },
		{ "Apple_Boot", NULL },
		{ "Apple_Bootstrap", NULL },
		{ "Apple_Extra", NULL },
		{ "Apple_Free", NULL },
		{ "Apple_Patches", NULL },
		{ "Apple_Scratch", NULL },
		{ "Apple_Void", NULL },
		{ "Apple_partition_map", NULL },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].type, type) == 0)
			return types[i].ptype;
	return strncmp(type, "Apple_Driver", 12) == 0 ? NULL : DKW_PTYPE_UNKNOWN;
}

/* Blocks of the map's own size become sectors of the medium; what does not fit is outside. */
static void
apple_entry(const struct parttab_reader *r, const uint8_t *b, uint32_t blksize,
    struct parttab_entry *pe)
{
	uint64_t begin = (uint64_t)be32(b + 8) * blksize;
	uint64_t size = (uint64_t)be32(b + 12) * blksize;
	char type[33] = { 0 };

	memcpy(pe->pe_name, b + 16, 32);
	memcpy(type, b + 48, 32);
	for (char *p = pe->pe_name; *p != '\0'; p++)
		if ((unsigned char)*p < 32 || (unsigned char)*p >= 127)
			*p = '?';
	pe->pe_ptype = apple_ptype(type);
	pe->pe_begin = begin / r->pr_secsize;
	pe->pe_size = size / r->pr_secsize;
	bound(r, pe);
	if (begin % r->pr_secsize != 0 || size % r->pr_secsize != 0)
		pe->pe_outside = true;
}

static int
apple_scan(const struct parttab_reader *r,
    int (*fn)(const struct parttab_entry *, void *), void *arg)
{
	uint32_t blksize, count = 1;
	uint8_t b[512];
	int error = read_at(r, 0, b, sizeof(b));

	if (error != 0)
		return error;
	blksize = (uint32_t)b[2] << 8 | b[3];
	if (b[0] != 'E' || b[1] != 'R')
		return -ESRCH;
	if (blksize < 512 || blksize > SECSIZE_MAX ||
	    (blksize & (blksize - 1)) != 0)
		return -EINVAL;
	for (uint32_t i = 1; i <= count; i++) {
		struct parttab_entry pe = { .pe_index = i };

		error = read_at(r, (uint64_t)i * blksize, b, sizeof(b));
		if (error == 0 && (b[0] != 'P' || b[1] != 'M'))
			error = i == 1 ? -ESRCH : -EINVAL;
		if (error != 0)
			return error;
		if (i == 1 && (count = be32(b + 4)) > APPLE_MAX)
			return -EINVAL;
		apple_entry(r, b, blksize, &pe);
		if ((error = fn(&pe, arg)) != 0)
			return error;
	}
	return 0;
}

int
parttab_scan(const struct parttab_reader *r, enum parttab_kind kind,
    int (*fn)(const struct parttab_entry *, void *), void *arg)
{
	if (r->pr_secsize < 512 || r->pr_secsize > SECSIZE_MAX ||
	    (r->pr_secsize & (r->pr_secsize - 1)) != 0)
		return -EINVAL;
	switch (kind) {
	case PARTTAB_GPT:
		return gpt_scan(r, fn, arg);
	case PARTTAB_MBR:
		return mbr_scan(r, fn, arg);
	case PARTTAB_BSD:
		return bsd_scan(r, fn, arg);
	case PARTTAB_APPLE:
		return apple_scan(r, fn, arg);
	}
	return -EINVAL;
}
