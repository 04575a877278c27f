/* SPDX-License-Identifier: BSD-2-Clause */
/* gpt create, destroy, recover, resizedisk and biosboot: whole tables, and what boots. */
#include "gpt/gpt.h"
#include <inttypes.h>
#include <netbsd/fcntl.h>
#include <string.h>

#define BOOTCODE "/usr/mdec/gptmbr.bin"

/* --- create --------------------------------------------------------------------- */

int
gpt_cmd_create(struct gpt *g, int argc, char **argv)
{
	bool active = false, force = false, primary = false;
	uint64_t entries = 128;
	const char *dev;
	int ch;

	while ((ch = gpt_option(g, argc, argv, "AfPp:")) != -1)
		switch (ch) {
		case 'A':
			active = true;
			break;
		case 'f':
			force = true;
			break;
		case 'P':
			primary = true;
			break;
		case 'p':
			if (!gpt_number(g->t->t_opt.optarg,
				GPT_TABLE_MAX / GPT_ENTRY_SIZE, &entries) ||
			    entries == 0)
				return -1;
			break;
		default:
			return -1;
		}
	dev = gpt_device(g, argc, argv);
	if (dev == NULL)
		return -1;
	gpt_open(g, dev);
	if (g->pri || g->sec)
		gpt_failx(g, "%s: Device already contains a GPT", g->name);
	if (gpt_has_mbr(g) && !force && !g->hybrid)
		gpt_failx(g, "%s: Error: device contains a MBR", g->name);
	if (!gpt_new(g, (uint32_t)entries))
		gpt_failx(g, "%s: No space for %" PRIu64 " entries", g->name,
		    entries);
	/* With -H an MBR stays as it is. */
	if (!g->hybrid || !gpt_has_mbr(g))
		gpt_make_pmbr(g, active);
	gpt_write(g, primary);
	return 0;
}

/* --- destroy -------------------------------------------------------------------- */

int
gpt_cmd_destroy(struct gpt *g, int argc, char **argv)
{
	bool force = false, recoverable = false;
	const char *dev;
	uint8_t *zero;
	int ch;

	while ((ch = gpt_option(g, argc, argv, "fr")) != -1) {
		if (ch == 'f')
			force = true;
		else if (ch == 'r')
			recoverable = true;
		else
			return -1;
	}
	dev = gpt_device(g, argc, argv);
	if (dev == NULL)
		return -1;
	gpt_open(g, dev);
	if (!g->pri && !g->sec)
		gpt_failx(g, "%s: Device doesn't contain a GPT", g->name);
	if (recoverable && !g->sec && !force)
		gpt_failx(g,
		    "%s: Recoverability not possible: there is no secondary "
		    "GPT",
		    g->name);
	if (g->readonly)
		gpt_fail(g, EROFS, "%s", g->name);
	zero = t_calloc(g->t, 1, g->secsz);
	if (g->pri)
		gpt_write_sector(g, GPT_HDR_BLKNO, zero);
	if (g->sec && !recoverable)
		gpt_write_sector(g, g->sec_lba, zero);
	gpt_sync(g);
	return 0;
}

/* --- recover -------------------------------------------------------------------- */

/* Puts the secondary where a disk of so many sectors has it. False: a partition, or the primary, is in the way. */
static bool
place_secondary(struct gpt *g, uint64_t blocks)
{
	uint64_t last_used = 0, table;

	for (uint32_t i = 0; i < g->nent; i++)
		if (gpt_used(g, i) && gpt_size(g, i) != 0 &&
		    gpt_le64(gpt_entry(g, i) + ENT_LAST) > last_used)
			last_used = gpt_le64(gpt_entry(g, i) + ENT_LAST);
	if (blocks <= gpt_table_blocks(g) + 2)
		return false;
	table = blocks - 1 - gpt_table_blocks(g);
	if (table <= g->first || table <= last_used)
		return false;
	g->sec_lba = blocks - 1;
	g->sec_table = table;
	g->last = table - 1;
	return true;
}

int
gpt_cmd_recover(struct gpt *g, int argc, char **argv)
{
	const char *dev;
	bool pri;

	if (gpt_option(g, argc, argv, "") != -1 ||
	    (dev = gpt_device(g, argc, argv)) == NULL)
		return -1;
	gpt_open(g, dev);
	if (gpt_has_mbr(g) && !g->hybrid)
		gpt_failx(g, "%s: Device contains a MBR", g->name);
	if (!g->pri && !g->sec)
		gpt_failx(g,
		    "%s: No primary or secondary GPT headers, can't recover",
		    g->name);
	if (g->pri && g->sec && !g->differ)
		return 0;
	pri = g->pri;
	if (pri && !place_secondary(g, g->blocks))
		gpt_failx(g, "%s: No room for the secondary GPT", g->name);
	/* The table goes behind the header; partitions begin behind it. */
	if (!pri && g->pri_table + gpt_table_blocks(g) > g->first)
		gpt_failx(g, "%s: No room for the primary GPT", g->name);
	if (!gpt_has_pmbr(g) && !gpt_has_mbr(g))
		gpt_make_pmbr(g, false);
	gpt_write(g, false);
	gpt_say(g, "Recovered %s GPT %s from %s", pri ? "secondary" : "primary",
	    "header and table", pri ? "primary" : "secondary");
	return 0;
}

/* --- resizedisk ----------------------------------------------------------------- */

int
gpt_cmd_resizedisk(struct gpt *g, int argc, char **argv)
{
	const char *size = NULL, *dev;
	uint64_t blocks, old;
	bool quiet = false, had;
	uint8_t *zero;
	int ch;

	while ((ch = gpt_option(g, argc, argv, "qs:")) != -1) {
		if (ch == 'q')
			quiet = true;
		else if (ch == 's')
			size = g->t->t_opt.optarg;
		else
			return -1;
	}
	dev = gpt_device(g, argc, argv);
	if (dev == NULL)
		return -1;
	gpt_open(g, dev);
	if (!g->pri)
		gpt_failx(g, "%s: No primary GPT header; run create or recover",
		    g->name);
	blocks = size != NULL ? gpt_sectors(g, size, false) : g->blocks;
	if (blocks > g->blocks)
		gpt_failx(g, "%s: New size %" PRIu64 " exceeds the disk's",
		    g->name, blocks);
	old = g->sec_lba;
	had = g->sec;
	if (had && old == blocks - 1) {
		if (!quiet)
			gpt_say(g, "Device is already the specified size");
		return 0;
	}
	if (!place_secondary(g, blocks))
		gpt_failx(g, "%s: A partition is in the way", g->name);
	if (gpt_has_pmbr(g))
		gpt_make_pmbr(
		    g, (g->mbr[MBR_PART_OFFSET] & MBR_PFLAG_ACTIVE) != 0);
	gpt_write(g, false);
	/* The one before is none any more; if data has its place now, it was free. */
	if (had && (old < g->sec_table || old > g->sec_lba)) {
		zero = t_calloc(g->t, 1, g->secsz);
		gpt_write_sector(g, old, zero);
	}
	gpt_say(g, "Resized to %" PRIu64 " sectors", blocks);
	return 0;
}

/* --- biosboot ------------------------------------------------------------------- */

/* As much as the MBR has room for, before the serial number; the rest is zero. */
static void
read_bootcode(struct gpt *g, const char *file)
{
	struct tool *t = g->t;
	uint8_t code[512];
	size_t n = 0;
	ssize_t got = 1;
	int fd = sys_open(t, file, O_RDONLY, 0);

	if (fd < 0)
		gpt_fail(g, fd, "%s: Can't open bootcode", file);
	memset(code, 0, sizeof(code));
	while (got > 0 && n < sizeof(code)) {
		got = sys_read(t, fd, code + n, sizeof(code) - n);
		if (got > 0)
			n += (size_t)got;
	}
	sys_close(t, fd);
	if (got < 0)
		gpt_fail(g, (int)got, "%s: Can't read bootcode", file);
	if (n < 64)
		gpt_failx(g, "%s: Bootcode is too short", file);
	memcpy(g->mbr, code, MBR_DSN_OFFSET);
	g->mbr_changed = true;
}

int
gpt_cmd_biosboot(struct gpt *g, int argc, char **argv)
{
	const char *code = BOOTCODE, *dev;
	struct gpt_find f = { 0 };
	bool active = false;
	uint32_t one;
	int ch;

	while ((ch = gpt_option(g, argc, argv, "Ab:c:i:L:")) != -1) {
		if (ch == 'A')
			active = true;
		else if (ch == 'c')
			code = g->t->t_opt.optarg;
		else if (!gpt_find_option(g, &f, ch))
			return -1;
	}
	dev = gpt_device(g, argc, argv);
	if (dev == NULL || !f.any)
		return -1;
	gpt_open_table(g, dev);
	if (!gpt_has_pmbr(g))
		gpt_failx(g, "%s: No protective MBR", g->name);
	one = gpt_one(g, &f);
	read_bootcode(g, code);
	for (uint32_t i = 0; i < g->nent; i++) {
		uint8_t *a = gpt_entry(g, i) + ENT_ATTR;
		uint64_t v = gpt_le64(a) & ~GPT_ENT_ATTR_LEGACY_BIOS_BOOTABLE;

		if (gpt_used(g, i))
			gpt_put64(a,
			    i == one ? v | GPT_ENT_ATTR_LEGACY_BIOS_BOOTABLE :
				       v);
	}
	/* The boot code looks for the partition that has this GUID. */
	memcpy(g->mbr + MBR_GPT_GUID_OFFSET, gpt_entry(g, one) + ENT_GUID, 16);
	for (int i = 0; i < MBR_PART_COUNT; i++) {
		uint8_t *p = g->mbr + MBR_PART_OFFSET + 16 * i;

		if (p[4] == 0xee)
			p[0] = active ? MBR_PFLAG_ACTIVE : 0;
	}
	gpt_write(g, false);
	gpt_say(g, "Partition %u marked as bootable", one + 1);
	return 0;
}
