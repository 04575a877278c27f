/* SPDX-License-Identifier: BSD-2-Clause */
/* Partition tables on disks: that of sector 0 and the chain in an extended partition. Nothing read is believed. */
#include "opendisk.h"
#include "fdisk/fdisk.h"
#include "disktab.h"
#include <inttypes.h>
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/stat.h>
#include <string.h>

#define LARGE_DISK ((uint64_t)128 << 30)

static uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static void
put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* --- opening -------------------------------------------------------------------- */

static int
open_any(struct fdisk *f, const char *name, int flags)
{
	int fd;

	f->name = name;
	if (f->by_file)
		return sys_open(f->t, name, flags, 0);
	fd = opendisk(f->t, name, flags, &f->name);
	if (fd == -ENOENT)
		f->name = name;
	return fd;
}

void
fd_open(struct fdisk *f, const char *name, bool write)
{
	struct tool *t = f->t;
	const char *path = t_diskpath(t, name, true, !write, false, 0);

	if (path != name) {
		f->by_file = true;
		f->name = name;
		f->fd = sys_open(t, path, write ? O_RDWR : O_RDONLY, 0);
	} else
		f->fd = open_any(f, name, write ? O_RDWR : O_RDONLY);
	if (f->fd < 0)
		t_fail(t, 1, f->fd, "cannot open %s", f->name);
}

/* --- geometry ------------------------------------------------------------------- */

static void
measure(struct fdisk *f)
{
	struct tool *t = f->t;
	uint32_t secsz = 0;
	struct stat st;
	off_t size = 0;
	int error = sys_fstat(t, f->fd, &st);

	if (error != 0)
		t_fail(t, 1, error, "%s", f->name);
	if (f->secsz == 0 && sys_ioctl(t, f->fd, DIOCGSECTORSIZE, &secsz) == 0 &&
	    secsz >= 512 && secsz <= 65536 && (secsz & (secsz - 1)) == 0)
		f->secsz = secsz;
	if (f->secsz == 0)
		f->secsz = 512;
	if (S_ISREG(st.st_mode) ||
	    sys_ioctl(t, f->fd, DIOCGMEDIASIZE, &size) != 0 || size <= 0)
		size = st.st_size;
	f->total = size > 0 ? (uint64_t)size / f->secsz : 0;
	if (f->total < 2)
		t_errx(t, 1, "%s: size unknown, or too small", f->name);
}

/* The label's, where there is one (or -T says a type); else a usual one. */
static void
label_geometry(struct fdisk *f)
{
	struct fd_geometry *g = &f->label;
	struct disklabel label;
	bool ok;

	memset(&label, 0, sizeof(label));
	if (f->disktype != NULL) {
		ok = disktab_label(f->t, f->disktab, f->disktype, &label);
		if (!ok)
			t_errx(f->t, 1, "unknown disk type: %s", f->disktype);
	} else
		ok = !f->by_file &&
		    sys_ioctl(f->t, f->fd, DIOCGDINFO, &label) == 0;
	if (ok && label.d_nsectors > 0 && label.d_ntracks > 0 &&
	    label.d_nsectors <= UINT16_MAX && label.d_ntracks <= UINT16_MAX &&
	    label.d_ncylinders > 0) {
		*g = (struct fd_geometry){ label.d_ncylinders, label.d_ntracks,
			label.d_nsectors };
		return;
	}
	g->sectors = 63;
	g->heads = 16;
	g->cylinders = (uint32_t)(f->total / (63 * 16) > UINT32_MAX ?
		UINT32_MAX :
		f->total / (63 * 16));
}

/* What the ends of partitions tell: they are at the ends of cylinders, mostly. */
static void
bios_geometry(struct fdisk *f)
{
	struct fd_geometry *g = &f->bios;
	uint64_t cyl;

	if (f->bios_said)
		return;
	*g = (struct fd_geometry){ 0, 255, 63 };
	if (f->total < (uint64_t)1024 * 16 * 63)
		g->heads = 16;
	for (int i = 0; i < MBR_PART_COUNT; i++) {
		uint32_t sect = f->p[i].chs[4] & 63;

		if (f->p[i].type != 0 && f->p[i].chs[3] != 0 &&
		    f->p[i].chs[3] != 0xff && sect == 63) {
			g->heads = f->p[i].chs[3] + 1U;
			break;
		}
	}
	cyl = f->total / (g->heads * g->sectors);
	g->cylinders = (uint32_t)(cyl > 1023 ? 1023 : cyl < 1 ? 1 : cyl);
}

static bool
aligned(const struct fdisk *f, uint32_t to)
{
	bool any = false;

	for (int i = 0; i < MBR_PART_COUNT; i++) {
		if (f->p[i].type == 0)
			continue;
		if (f->p[i].start % to != 0)
			return false;
		any = true;
	}
	return any;
}

void
fd_alignment(struct fdisk *f)
{
	if (f->align == 0) {
		if (aligned(f, 2048) || f->total * f->secsz > LARGE_DISK)
			f->align = f->offset = 2048;
		else
			f->align = f->bios.heads * f->bios.sectors;
	} else if (f->offset == 0)
		f->offset = f->align;
	if (f->offset == 0)
		f->offset = f->bios.sectors;
}

/* --- reading -------------------------------------------------------------------- */

static bool
read_sector(struct fdisk *f, uint64_t sector, uint8_t *buf)
{
	uint8_t *whole = t_malloc(f->t, f->secsz);
	bool ok = sector < f->total &&
	    sys_pread(f->t, f->fd, whole, f->secsz,
		(off_t)(sector * f->secsz)) == (ssize_t)f->secsz;

	if (ok)
		memcpy(buf, whole, FD_TABLE_SECTOR);
	t_free(f->t, whole);
	return ok;
}

static bool
has_table(const uint8_t *buf)
{
	return buf[MBR_MAGIC_OFFSET] == 0x55 &&
	    buf[MBR_MAGIC_OFFSET + 1] == 0xaa;
}

static void
decode(const uint8_t *e, uint32_t base, struct fd_part *p)
{
	memset(p, 0, sizeof(*p));
	p->flag = e[0];
	memcpy(p->chs, e + 1, 3);
	memcpy(p->chs + 3, e + 5, 3);
	p->type = e[4];
	p->start = base + le32(e + 8);
	p->size = le32(e + 12);
	/* An entry without sectors is none. */
	if (p->type == 0 || p->size == 0)
		memset(p, 0, sizeof(*p));
}

static uint8_t *
menu_at(uint8_t *sector, int i)
{
	return sector + MBR_BS_OFFSET + 4 + (size_t)i * (FD_MENU + 1);
}

static bool
sector_bootsel(const uint8_t *s)
{
	return s[MBR_BS_MAGIC_OFFSET] == (MBR_BS_MAGIC & 0xff) &&
	    s[MBR_BS_MAGIC_OFFSET + 1] == MBR_BS_MAGIC >> 8;
}

bool
fd_bootsel_valid(const struct fdisk *f)
{
	return sector_bootsel(f->mbr);
}

static void
menu_get(uint8_t *sector, int i, struct fd_part *p)
{
	const uint8_t *s = menu_at(sector, i);

	for (int k = 0; k < FD_MENU && sector_bootsel(sector); k++)
		if (s[k] == '\0')
			break;
		else
			p->menu[k] = s[k] >= 0x20 && s[k] < 0x7f ? (char)s[k] :
								   '?';
}

/* The chain in the extended partition: each table has a partition and where the next table is. */
static void
read_chain(struct fdisk *f)
{
	uint8_t buf[FD_TABLE_SECTOR];
	uint32_t at = f->ext_start;

	while (f->nlogical < FD_LOGICAL && read_sector(f, at, buf) &&
	    has_table(buf)) {
		struct fd_logical *l = &f->l[f->nlogical];
		const uint8_t *next = buf + MBR_PART_OFFSET + 16;
		uint32_t link = le32(next + 8);

		decode(buf + MBR_PART_OFFSET, at, &l->p);
		menu_get(buf, 0, &l->p);
		l->table = at;
		/* The first table may be of nothing but a link. */
		if (l->p.type != 0)
			f->nlogical++;
		/* Links lead on, or there would be no end. */
		if (!fd_extended(next[4]) || link == 0 || link >= f->ext_size ||
		    f->ext_start + link <= at)
			break;
		at = f->ext_start + link;
	}
}

static void
read_from(struct fdisk *f)
{
	struct tool *t = f->t;
	int fd = sys_open(t, f->from, O_RDONLY, 0);

	if (fd < 0)
		t_fail(t, 1, fd, "cannot open %s", f->from);
	if (sys_read(t, fd, f->mbr, sizeof(f->mbr)) != (ssize_t)sizeof(f->mbr))
		t_errx(t, 1, "%s is too short", f->from);
	sys_close(t, fd);
}

void
fd_read(struct fdisk *f)
{
	measure(f);
	if (f->from != NULL)
		read_from(f);
	else if (!read_sector(f, MBR_BBSECTOR, f->mbr))
		t_errx(f->t, 1, "can't read fdisk partition table");
	f->valid = has_table(f->mbr);
	for (int i = 0; i < MBR_PART_COUNT && f->valid; i++) {
		struct fd_part *p = &f->p[i];

		decode(f->mbr + MBR_PART_OFFSET + 16 * i, 0, p);
		menu_get(f->mbr, i, p);
		if (fd_extended(p->type) && f->ext_size == 0) {
			f->ext_start = p->start;
			f->ext_size = p->size;
		}
	}
	if (!f->valid)
		memset(f->mbr, 0, sizeof(f->mbr));
	if (f->ext_size != 0)
		read_chain(f);
	label_geometry(f);
	bios_geometry(f);
	fd_alignment(f);
}

const char *
fd_pbr(struct fdisk *f, uint32_t start)
{
	uint8_t buf[FD_TABLE_SECTOR];
	size_t i;

	if (!read_sector(f, start, buf))
		return "Can't read it";
	for (i = 1; i < sizeof(buf) && buf[i] == buf[0]; i++)
		continue;
	if (i == sizeof(buf))
		return t_asprintf(
		    f->t, "All bytes are identical (0x%02x)", buf[0]);
	if (!has_table(buf))
		return t_asprintf(f->t, "Bad magic number (0x%02x%02x)",
		    buf[MBR_MAGIC_OFFSET + 1], buf[MBR_MAGIC_OFFSET]);
	return NULL;
}

/* --- writing -------------------------------------------------------------------- */

static void
chs(const struct fdisk *f, uint32_t sector, uint8_t *out)
{
	uint32_t s = f->bios.sectors, h = f->bios.heads;
	uint32_t cyl = sector / s / h, head = sector / s % h,
		 sect = sector % s + 1;

	/* Beyond what fits: the last there is. */
	if (cyl > 1023) {
		cyl = 1023;
		head = h - 1;
		sect = s;
	}
	out[0] = (uint8_t)head;
	out[1] = (uint8_t)(sect | (cyl >> 2 & 0xc0));
	out[2] = (uint8_t)cyl;
}

static void
encode(const struct fdisk *f, uint8_t *e, const struct fd_part *p, uint32_t base)
{
	memset(e, 0, 16);
	if (p->type == 0)
		return;
	e[0] = p->flag;
	e[4] = p->type;
	chs(f, p->start, e + 1);
	chs(f, p->start + (p->size - 1), e + 5);
	put32(e + 8, p->start - base);
	put32(e + 12, p->size);
}

static void
menu_put(uint8_t *sector, int i, const struct fd_part *p)
{
	if (p->menu[0] == '\0' && !sector_bootsel(sector))
		return;
	if (!sector_bootsel(sector)) {
		/* Room for names only where no code is. */
		for (size_t k = MBR_BS_OFFSET; k < MBR_DSN_OFFSET; k++)
			if (sector[k] != 0)
				return;
		sector[MBR_BS_MAGIC_OFFSET] = MBR_BS_MAGIC & 0xff;
		sector[MBR_BS_MAGIC_OFFSET + 1] = MBR_BS_MAGIC >> 8;
	}
	memset(menu_at(sector, i), 0, FD_MENU + 1);
	memcpy(menu_at(sector, i), p->menu, strlen(p->menu));
}

static void
write_sector(struct fdisk *f, uint64_t sector, const uint8_t *buf)
{
	uint8_t *whole = t_calloc(f->t, 1, f->secsz);
	off_t at = (off_t)(sector * f->secsz);
	ssize_t n;

	/* Larger sectors keep the rest. */
	if (f->secsz > FD_TABLE_SECTOR)
		(void)sys_pread(f->t, f->fd, whole, f->secsz, at);
	memcpy(whole, buf, FD_TABLE_SECTOR);
	n = sys_pwrite(f->t, f->fd, whole, f->secsz, at);
	if (n != (ssize_t)f->secsz)
		t_fail(f->t, 1, n < 0 ? (int)n : EIO,
		    "can't write fdisk partition table");
	t_free(f->t, whole);
}

/* From the end, so that a link never leads to what isn't there. */
static void
write_chain(struct fdisk *f)
{
	uint8_t buf[FD_TABLE_SECTOR];

	for (int i = f->nlogical - 1; i >= 0; i--) {
		/* The first table is at the beginning, whoever is first. */
		uint32_t at = i == 0 ? f->ext_start : f->l[i].table;

		if (!read_sector(f, at, buf) || !has_table(buf))
			memset(buf, 0, sizeof(buf));
		memset(buf + MBR_PART_OFFSET, 0, MBR_PART_COUNT * 16);
		encode(f, buf + MBR_PART_OFFSET, &f->l[i].p, at);
		if (i + 1 < f->nlogical) {
			struct fd_part link = { .type = MBR_PTYPE_EXT,
				.start = f->l[i + 1].table };

			link.size = f->l[i + 1].p.start - f->l[i + 1].table +
			    f->l[i + 1].p.size;
			encode(
			    f, buf + MBR_PART_OFFSET + 16, &link, f->ext_start);
		}
		buf[MBR_MAGIC_OFFSET] = 0x55;
		buf[MBR_MAGIC_OFFSET + 1] = 0xaa;
		menu_put(buf, 0, &f->l[i].p);
		write_sector(f, at, buf);
	}
	if (f->nlogical == 0) {
		memset(buf, 0, sizeof(buf));
		buf[MBR_MAGIC_OFFSET] = 0x55;
		buf[MBR_MAGIC_OFFSET + 1] = 0xaa;
		write_sector(f, f->ext_start, buf);
	}
}

static void
write_to(struct fdisk *f)
{
	struct tool *t = f->t;
	int fd = sys_open(t, f->to, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (fd < 0)
		t_fail(t, 1, fd, "cannot open %s", f->to);
	if (sys_write(t, fd, f->mbr, sizeof(f->mbr)) != (ssize_t)sizeof(f->mbr))
		t_errx(t, 1, "can't write %s", f->to);
	sys_close(t, fd);
}

void
fd_write(struct fdisk *f)
{
	for (int i = 0; i < MBR_PART_COUNT; i++) {
		encode(f, f->mbr + MBR_PART_OFFSET + 16 * i, &f->p[i], 0);
		menu_put(f->mbr, i, &f->p[i]);
	}
	f->mbr[MBR_MAGIC_OFFSET] = 0x55;
	f->mbr[MBR_MAGIC_OFFSET + 1] = 0xaa;
	if (f->to != NULL) {
		write_to(f);
		return;
	}
	if (f->ext_size != 0)
		write_chain(f);
	write_sector(f, MBR_BBSECTOR, f->mbr);
	(void)sys_fsync(f->t, f->fd);
}

/* --- boot code ------------------------------------------------------------------ */

bool
fd_bootcode(struct fdisk *f, const char *file)
{
	struct tool *t = f->t;
	uint8_t code[FD_TABLE_SECTOR] = { 0 };
	size_t n = 0, keep;
	ssize_t got = 1;
	int fd = sys_open(t, file, O_RDONLY, 0);

	if (fd < 0) {
		t_warn(t, fd, "%s", file);
		return false;
	}
	while (got > 0 && n < sizeof(code)) {
		got = sys_read(t, fd, code + n, sizeof(code) - n);
		if (got > 0)
			n += (size_t)got;
	}
	sys_close(t, fd);
	if (got < 0) {
		t_warn(t, (int)got, "%s", file);
		return false;
	}
	if (n == sizeof(code) && !has_table(code)) {
		t_warnx(t, "%s: invalid magic", file);
		return false;
	}
	/* Names of the boot menu stay if the new code has one. */
	keep = sector_bootsel(code) && fd_bootsel_valid(f) ? MBR_BS_OFFSET :
							     MBR_DSN_OFFSET;
	memcpy(f->mbr, code, keep);
	memcpy(f->mbr + MBR_BS_MAGIC_OFFSET, code + MBR_BS_MAGIC_OFFSET, 2);
	f->changed = true;
	return true;
}
