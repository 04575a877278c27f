/* SPDX-License-Identifier: BSD-2-Clause */
/* gpt migrate: partitions of an MBR, and of BSD labels in them, become those of a GPT. */
#include "gpt/gpt.h"
#include <inttypes.h>
#include <netbsd/disklabel.h>
#include <rumprun/dklabel.h>
#include <string.h>

static const struct {
	uint8_t mbr;
	const char *type;
} mbr_types[] = {
	{ 0x01, "windows" },
	{ 0x04, "windows" },
	{ 0x06, "windows" },
	{ 0x07, "windows" },
	{ 0x0b, "windows" },
	{ 0x0c, "windows" },
	{ 0x0e, "windows" },
	{ 0x82, "linux-swap" },
	{ 0x83, "linux-data" },
	{ 0x8e, "linux-lvm" },
	{ 0xa8, "apple-ufs" },
	{ 0xaf, "apple" },
	{ 0xef, "efi" },
	{ 0xfd, "linux-raid" },
};

#define PTYPE_FREEBSD 0xa5
#define PTYPE_NETBSD 0xa9

struct migration {
	bool force, slice;
	uint32_t next; /* entry */
};

static void
take(struct gpt *g, struct migration *m, const char *type, uint64_t start,
    uint64_t size)
{
	uint8_t *e;

	if (m->next >= g->nent)
		gpt_failx(g, "%s: No available table entries", g->name);
	if (start < g->first || size == 0 || start > g->last ||
	    size > g->last - start + 1)
		gpt_failx(g,
		    "%s: Partition at %" PRIu64 " with %" PRIu64
		    " sectors leaves no room for the GPT",
		    g->name, start, size);
	for (uint32_t i = 0; i < m->next; i++)
		if (start <= gpt_le64(gpt_entry(g, i) + ENT_LAST) &&
		    gpt_le64(gpt_entry(g, i) + ENT_FIRST) < start + size)
			gpt_failx(g, "%s: Partition at %" PRIu64 " overlaps",
			    g->name, start);
	e = gpt_entry(g, m->next++);
	gpt_uuid_of(type, e + ENT_TYPE);
	gpt_uuid_new(g, e + ENT_GUID);
	gpt_put64(e + ENT_FIRST, start);
	gpt_put64(e + ENT_LAST, start + size - 1);
}

/* NULL: it has none there. */
static const char *
label_type(uint8_t fstype, bool netbsd)
{
	switch (fstype) {
	case FS_SWAP:
		return netbsd ? "swap" : "fbsd-swap";
	case FS_BSDFFS:
		return netbsd ? "ffs" : "fbsd-ufs";
	case FS_BSDLFS:
		return netbsd ? "lfs" : NULL;
	case FS_VINUM:
		return "fbsd-vinum";
	case FS_RAID:
		return "raid";
	case FS_CCD:
		return "ccd";
	case FS_CGD:
		return "cgd";
	case FS_MSDOS:
	case FS_NTFS:
		return "windows";
	case FS_EX2FS:
		return "linux-data";
	case FS_HFS:
		return "apple";
	case FS_APPLEUFS:
		return "apple-ufs";
	default:
		return NULL;
	}
}

static bool
read_label(struct gpt *g, uint64_t start, struct disklabel *lp)
{
	uint8_t *buf = t_malloc(g->t, g->secsz);
	uint64_t lba = start + LABELSECTOR;
	ssize_t got;

	if (lba >= g->blocks)
		return false;
	got = sys_pread(g->t, g->fd, buf, g->secsz, (off_t)(lba * g->secsz));
	return got == (ssize_t)g->secsz &&
	    rumprun_dklabel_decode(buf, g->secsz, lp, NULL) == 0;
}

/* A BSD partition with a label: its partitions. Those that go beyond it, the raw one and others, aren't. */
static void
labelled(struct gpt *g, struct migration *m, uint64_t start, uint64_t size,
    bool netbsd)
{
	struct disklabel label;

	if (!read_label(g, start, &label)) {
		if (m->force)
			return;
		gpt_failx(g,
		    "%s: Partition at %" PRIu64 " has no disklabel; use -s or "
		    "-f",
		    g->name, start);
	}
	for (unsigned i = 0; i < label.d_npartitions && i < MAXPARTITIONS; i++) {
		const struct partition *p = &label.d_partitions[i];
		uint64_t at = p->p_offset;
		const char *type = label_type(p->p_fstype, netbsd);

		if (p->p_fstype == FS_UNUSED || p->p_size == 0 || at < start ||
		    at - start > size || p->p_size > size - (at - start))
			continue;
		if (type != NULL)
			take(g, m, type, at, p->p_size);
		else if (!m->force)
			gpt_failx(g, "%s: Unknown type %u in disklabel",
			    g->name, p->p_fstype);
	}
}

static void
one(struct gpt *g, struct migration *m, const uint8_t *p)
{
	uint64_t start = gpt_le32(p + 8), size = gpt_le32(p + 12);

	if (p[4] == 0)
		return;
	for (size_t i = 0; i < sizeof(mbr_types) / sizeof(mbr_types[0]); i++)
		if (mbr_types[i].mbr == p[4]) {
			take(g, m, mbr_types[i].type, start, size);
			return;
		}
	if (p[4] == PTYPE_FREEBSD && m->slice)
		take(g, m, "fbsd-legacy", start, size);
	else if (p[4] == PTYPE_FREEBSD || p[4] == PTYPE_NETBSD)
		labelled(g, m, start, size, p[4] == PTYPE_NETBSD);
	else if (!m->force)
		gpt_failx(g, "%s: Unknown partition type %u", g->name, p[4]);
}

int
gpt_cmd_migrate(struct gpt *g, int argc, char **argv)
{
	struct migration m = { 0 };
	uint64_t entries = 128;
	const char *dev;
	bool active = false;
	uint8_t parts[MBR_PART_COUNT * 16];
	int ch;

	while ((ch = gpt_option(g, argc, argv, "Afp:s")) != -1) {
		if (ch == 'A')
			active = true;
		else if (ch == 'f')
			m.force = true;
		else if (ch == 's')
			m.slice = true;
		else if (ch != 'p' ||
		    !gpt_number(g->t->t_opt.optarg,
			GPT_TABLE_MAX / GPT_ENTRY_SIZE, &entries) ||
		    entries == 0)
			return -1;
	}
	dev = gpt_device(g, argc, argv);
	if (dev == NULL)
		return -1;
	gpt_open(g, dev);
	if (g->pri || g->sec)
		gpt_failx(g, "%s: Device already contains a GPT", g->name);
	if (!gpt_has_mbr(g))
		gpt_failx(g, "%s: No MBR in device", g->name);
	memcpy(parts, g->mbr + MBR_PART_OFFSET, sizeof(parts));
	if (!gpt_new(g, (uint32_t)entries))
		gpt_failx(g, "%s: No space for %" PRIu64 " entries", g->name,
		    entries);
	/* Nothing is written before all is known to fit. */
	for (int i = 0; i < MBR_PART_COUNT; i++)
		one(g, &m, parts + 16 * i);
	gpt_make_pmbr(g, active);
	gpt_write(g, false);
	return 0;
}
