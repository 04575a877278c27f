/* SPDX-License-Identifier: BSD-2-Clause */
/* fdisk's questions. An empty answer, and the end of the input, change nothing. */
#include "fdisk/fdisk.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The answer; NULL: the input has ended. */
static const char *
ask(struct fdisk *f, const char *question)
{
	t_printf(f->t, "%s ", question);
	t_flush(f->t->t_out);
	return t_getline(f->t);
}

static bool
yes(struct fdisk *f, const char *question)
{
	for (;;) {
		const char *a = ask(f, t_asprintf(f->t, "%s [n]", question));

		if (a == NULL || *a == '\0' || *a == 'n' || *a == 'N')
			return false;
		if (*a == 'y' || *a == 'Y')
			return true;
	}
}

/* A number up to max; "" and the end of the input are `now`. Sizes may be in megabytes (100m) or cylinders (10c). */
static uint32_t
number(struct fdisk *f, const char *what, uint32_t max, uint32_t now, bool size)
{
	const char *q = size ?
	    t_asprintf(f->t, "%s: [0..%ucyl default: %u, %ucyl, %uMB]", what,
		max / (f->bios.heads * f->bios.sectors), now,
		now / (f->bios.heads * f->bios.sectors), fd_mb(f, now)) :
	    t_asprintf(f->t, "%s: [0..%u default: %u]", what, max, now);

	for (;;) {
		const char *a = ask(f, q);
		unsigned long long v;
		uint64_t unit = 1;
		char *end;

		if (a == NULL || *a == '\0')
			return now;
		v = strtoull(a, &end, 0);
		if (size && (*end == 'm' || *end == 'M'))
			unit = (UINT64_C(1) << 20) / f->secsz;
		else if (size && (*end == 'c' || *end == 'C'))
			unit = f->bios.heads * f->bios.sectors;
		else if (size && (*end == 'g' || *end == 'G'))
			unit = (UINT64_C(1) << 30) / f->secsz;
		if (*a >= '0' && *a <= '9' &&
		    (*end == '\0' || (unit != 1 && end[1] != '\n')) &&
		    v <= max / unit)
			return (uint32_t)(v * unit);
		t_printf(f->t, "%s is not a valid number.\n", a);
	}
}

static void
bios(struct fdisk *f)
{
	if (!yes(f, "Do you want to change our idea of what BIOS thinks?"))
		return;
	f->bios.cylinders = number(
	    f, "BIOS's idea of #cylinders", 65535, f->bios.cylinders, false);
	f->bios.heads = number(
	    f, "BIOS's idea of #heads", 256, f->bios.heads, false);
	f->bios.sectors = number(
	    f, "BIOS's idea of #sectors", 63, f->bios.sectors, false);
	if (f->bios.cylinders == 0)
		f->bios.cylinders = 1;
	if (f->bios.heads == 0)
		f->bios.heads = 255;
	if (f->bios.sectors == 0)
		f->bios.sectors = 63;
}

static void
menu(struct fdisk *f, struct fd_part *p)
{
	const char *a;

	if (!fd_bootsel_valid(f))
		return;
	a = ask(f, t_asprintf(f->t, "bootmenu: [%s] (space to clear)", p->menu));
	if (a == NULL || *a == '\0')
		return;
	memset(p->menu, 0, sizeof(p->menu));
	if (*a != ' ')
		memcpy(p->menu, a, strlen(a) < FD_MENU ? strlen(a) : FD_MENU);
}

static void
change(struct fdisk *f, int part, int logical)
{
	struct fd_part p = { 0 };
	uint32_t start = 0, size = 0, max;
	const char *why;

	if (logical < 0)
		p = f->p[part];
	else if (logical < f->nlogical)
		p = f->l[logical].p;
	max = f->total > UINT32_MAX ? UINT32_MAX : (uint32_t)f->total;
	p.type = (uint8_t)number(
	    f, "sysid", 255, p.type != 0 ? p.type : MBR_PTYPE_NETBSD, false);
	if (p.type == 0) {
		memset(&p, 0, sizeof(p));
		fd_put(f, part, logical, &p);
		return;
	}
	if (p.size == 0 && fd_room(f, part, logical, &start, &size)) {
		p.start = start;
		p.size = size;
	}
	for (;;) {
		p.start = number(f, "start", max, p.start, true);
		p.size = number(f, "size", max, p.size, true);
		if (fd_fits(f, part, logical, p.start, p.size, &why))
			break;
		t_printf(f->t, "Partition (start %u, size %u) %s.\n", p.start,
		    p.size, why);
		if (!yes(f, "Do you want to try again?"))
			return;
	}
	menu(f, &p);
	fd_put(f, part, logical, &p);
}

static void
show(struct fdisk *f)
{
	for (int i = 0; i < MBR_PART_COUNT; i++)
		fd_print_part(f, t_asprintf(f->t, "%d", i), &f->p[i]);
	for (int i = 0; i < f->nlogical; i++)
		fd_print_part(f, t_asprintf(f->t, "E%d", i), &f->l[i].p);
}

static void
partitions(struct fdisk *f)
{
	if (f->part >= 0 || f->logical >= 0) {
		if (f->logical > f->nlogical ||
		    (f->logical >= 0 && f->ext_size == 0))
			t_errx(f->t, 1, "there is no partition E%d", f->logical);
		change(f, f->part, f->logical);
		return;
	}
	for (;;) {
		const char *a;
		int n;

		t_printf(f->t, "\nPartition table:\n");
		show(f);
		a = ask(f, "Which partition do you want to change?: [none]");
		if (a == NULL || *a == '\0')
			return;
		if (a[0] >= '0' && a[0] <= '3' && a[1] == '\0')
			change(f, a[0] - '0', -1);
		else if ((a[0] == 'E' || a[0] == 'e') && f->ext_size != 0 &&
		    a[1] >= '0' && a[1] <= '9' && strlen(a) <= 3 &&
		    (n = atoi(a + 1)) <= f->nlogical && n < FD_LOGICAL)
			change(f, -1, n);
		else
			t_printf(f->t, "There is no partition %s.\n", a);
	}
}

static void
active(struct fdisk *f)
{
	uint32_t n = MBR_PART_COUNT;

	if (f->part >= 0 ||
	    !yes(f, "Do you want to change the active partition?"))
		return;
	for (int i = 0; i < MBR_PART_COUNT; i++)
		if (f->p[i].flag == MBR_PFLAG_ACTIVE)
			n = (uint32_t)i;
	t_printf(f->t, "Choosing 4 will make no partition active.\n");
	for (;;) {
		n = number(f, "active partition", MBR_PART_COUNT, n, false);
		if (n == MBR_PART_COUNT || f->p[n].type != 0)
			break;
		t_printf(f->t, "Partition %u is not used.\n", n);
		n = MBR_PART_COUNT;
	}
	if (yes(f, "Are you happy with this choice?"))
		fd_activate(f, (int)n);
}

/* Default and time of the boot menu, which the code in sector 0 has to be for. */
static void
bootsel(struct fdisk *f)
{
	uint8_t *s = f->mbr + MBR_BS_OFFSET;
	uint32_t ticks;

	if (!fd_bootsel_valid(f)) {
		t_printf(f->t,
		    "The bootselect code is not installed, use -c to install "
		    "it.\n");
		return;
	}
	if (!yes(f, "Do you want to enable the bootselector?")) {
		s[1] &= (uint8_t)~MBR_BS_ACTIVE;
		return;
	}
	s[1] |= MBR_BS_ACTIVE;
	ticks = (uint32_t)(s[2] | s[3] << 8);
	ticks = number(f, "timeout value in seconds", 3600, ticks * 10 / 182,
		    false) *
	    182 / 10;
	s[2] = (uint8_t)ticks;
	s[3] = (uint8_t)(ticks >> 8);
	/* Keys are F1 and so on, by their codes. */
	s[0] = (uint8_t)(0x3b +
	    number(f, "default partition", MBR_PART_COUNT - 1, 0, false));
}

bool
fd_talk(struct fdisk *f)
{
	if (f->update && f->spec == NULL) {
		t_printf(f->t,
		    "BIOS disk geometry:\ncylinders: %u, heads: %u, "
		    "sectors/track: %u (%u sectors/cylinder)\n"
		    "total sectors: %" PRIu64 "\n\n",
		    f->bios.cylinders, f->bios.heads, f->bios.sectors,
		    f->bios.heads * f->bios.sectors, f->total);
		if (!f->bios_said)
			bios(f);
		partitions(f);
	}
	if (f->bootsel)
		bootsel(f);
	if (f->active)
		active(f);
	t_printf(f->t,
	    "\nWe haven't written the MBR back to disk yet.  This is your "
	    "last chance.\n\nPartition table:\n");
	show(f);
	return yes(f, "Should we write new partition table?");
}
