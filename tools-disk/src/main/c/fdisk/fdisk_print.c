/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables as people and as shells read them. */
#include "fdisk/fdisk.h"
#include <inttypes.h>
#include <string.h>

uint32_t
fd_mb(const struct fdisk *f, uint64_t sectors)
{
	uint64_t unit = (UINT64_C(1) << 20) / f->secsz;

	return (uint32_t)((sectors + unit / 2) / unit);
}

static void
geometry(
    struct fdisk *f, const char *what, const struct fd_geometry *g, bool size)
{
	t_printf(f->t,
	    "%s disk geometry:\ncylinders: %u, heads: %u, sectors/track: %u "
	    "(%u sectors/cylinder)\ntotal sectors: %" PRIu64,
	    what, g->cylinders, g->heads, g->sectors, g->heads * g->sectors,
	    f->total);
	if (size)
		t_printf(f->t, ", bytes/sector: %u", f->secsz);
	t_printf(f->t, "\n\n");
}

/* A cylinder; with head and sector where it isn't a whole one's end. */
static void
cylinder(struct fdisk *f, uint32_t sector, uint32_t rest_at_edge)
{
	uint32_t s = f->bios.sectors, spc = s * f->bios.heads;

	t_printf(f->t, "%u", sector / spc);
	if (sector % spc != rest_at_edge)
		t_printf(f->t, "/%u/%u", sector % spc / s, sector % s + 1);
}

static void
print_chs(struct fdisk *f, const char *what, const uint8_t *c)
{
	t_printf(f->t, "        %s: cylinder %4u, head %3u, sector %2u\n", what,
	    (unsigned)(c[1] & 0xc0) << 2 | c[2], c[0], c[1] & 0x3f);
}

void
fd_print_part(struct fdisk *f, const char *head, const struct fd_part *p)
{
	struct tool *t = f->t;
	const char *pbr;

	if (p->type == 0) {
		t_printf(t, "%s: <UNUSED>\n", head);
		return;
	}
	t_printf(t, "%s: %s (sysid %u)\n", head, fd_type_name(p->type), p->type);
	if (p->menu[0] != '\0')
		t_printf(t, "    bootmenu: %s\n", p->menu);
	t_printf(t, "    start %u, size %u (%u MB, Cyls ", p->start, p->size,
	    fd_mb(f, p->size));
	cylinder(f, p->start, 0);
	t_printf(t, "-");
	cylinder(
	    f, p->start + (p->size - 1), f->bios.sectors * f->bios.heads - 1);
	t_printf(t, ")");
	if (p->flag == MBR_PFLAG_ACTIVE)
		t_printf(t, ", Active");
	else if (p->flag != 0)
		t_printf(t, ", flag 0x%02x", p->flag);
	t_printf(t, "\n");
	if (f->verbose) {
		print_chs(f, "beg", p->chs);
		print_chs(f, "end", p->chs + 3);
	}
	if (fd_extended(p->type))
		return;
	pbr = fd_pbr(f, p->start);
	if (pbr != NULL)
		t_printf(t, "        PBR is not bootable: %s\n", pbr);
	else if (f->verbose)
		t_printf(t, "        PBR appears to be bootable\n");
}

static void
bootsel(struct fdisk *f)
{
	const uint8_t *s = f->mbr + MBR_BS_OFFSET;
	uint32_t ticks = (uint32_t)(s[2] | s[3] << 8);
	struct tool *t = f->t;

	if (!fd_bootsel_valid(f) || (s[1] & MBR_BS_ACTIVE) == 0) {
		t_printf(t, "Bootselector disabled.\n");
		return;
	}
	t_printf(t, "Bootselector enabled");
	if (ticks == 0xffff)
		t_printf(t, ", infinite timeout.\n");
	else
		/* The clock that counts it ticks 18.2 times a second. */
		t_printf(t, ", timeout %u seconds.\n", ticks * 10 / 182);
}

void
fd_print(struct fdisk *f)
{
	struct tool *t = f->t;
	char head[16];
	int active = -1;
	uint32_t serial = 0;

	t_printf(t, "Disk: %s\n", f->name);
	geometry(f, "NetBSD disklabel", &f->label, true);
	geometry(f, "BIOS", &f->bios, false);
	t_printf(t, "Partitions aligned to %u sector boundaries, offset %u\n\n",
	    f->align, f->offset);
	if (!f->valid)
		t_printf(t, "fdisk: invalid fdisk partition table found\n");
	t_printf(t, "Partition table:\n");
	for (int i = 0; i < MBR_PART_COUNT; i++) {
		memcpy(head, (const char[]){ (char)('0' + i), '\0' }, 2);
		fd_print_part(f, head, &f->p[i]);
		if (active < 0 && f->p[i].flag == MBR_PFLAG_ACTIVE)
			active = i;
	}
	if (f->ext_size != 0)
		t_printf(t, "Extended partition table:\n");
	for (int i = 0; i < f->nlogical; i++) {
		const char *name = t_asprintf(t, "E%d", i);

		fd_print_part(f, name, &f->l[i].p);
	}
	bootsel(f);
	if (active < 0)
		t_printf(t, "No active partition.\n");
	else
		t_printf(t, "First active partition: %d\n", active);
	for (int i = 3; i >= 0; i--)
		serial = serial << 8 | f->mbr[MBR_DSN_OFFSET + i];
	t_printf(t, "Drive serial number: %u (0x%08x)\n", serial, serial);
}

static void
shell_part(struct fdisk *f, const char *name, const struct fd_part *p)
{
	const uint8_t *c = p->chs;

	t_printf(f->t, "%sID=%u\n%sSIZE=%u\n%sSTART=%u\n%sFLAG=0x%x\n", name,
	    p->type, name, p->size, name, p->start, name, p->flag);
	t_printf(f->t, "%sBCYL=%u\n%sBHEAD=%u\n%sBSEC=%u\n", name,
	    (unsigned)(c[1] & 0xc0) << 2 | c[2], name, c[0], name, c[1] & 0x3f);
	t_printf(f->t, "%sECYL=%u\n%sEHEAD=%u\n%sESEC=%u\n", name,
	    (unsigned)(c[4] & 0xc0) << 2 | c[5], name, c[3], name, c[4] & 0x3f);
}

/* Assignments: numbers, and a name that the shell does not look into. */
void
fd_print_shell(struct fdisk *f)
{
	struct tool *t = f->t;
	bool plain = true;

	for (const char *s = f->name; *s != '\0'; s++)
		plain = plain && *s != '\'';
	t_printf(t, "DISK='%s'\n", plain ? f->name : "");
	t_printf(t, "DLCYL=%u\nDLHEAD=%u\nDLSEC=%u\nDLSIZE=%" PRIu64 "\n",
	    f->label.cylinders, f->label.heads, f->label.sectors, f->total);
	t_printf(t, "BCYL=%u\nBHEAD=%u\nBSEC=%u\nBDLSIZE=%" PRIu64 "\n",
	    f->bios.cylinders, f->bios.heads, f->bios.sectors, f->total);
	t_printf(t, "PTN_ALIGN=%u\nPTN_OFFSET=%u\n", f->align, f->offset);
	for (int i = 0; i < MBR_PART_COUNT; i++)
		shell_part(f, t_asprintf(t, "PART%d", i), &f->p[i]);
	for (int i = 0; i < f->nlogical; i++)
		shell_part(f, t_asprintf(t, "PARTE%d", i), &f->l[i].p);
}
