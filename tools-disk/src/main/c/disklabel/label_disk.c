/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Labels on disks: through the kernel, or (-r, -F) in the first sectors of the disk itself, where every byte order and each
 * place of any machine is looked at.
 */
#include "opendisk.h"
#include "disklabel/disklabel.h"
#include <inttypes.h>
#include <netbsd/ioctl.h>
#include <netbsd/stat.h>
#include <rumprun/dklabel.h>
#include <string.h>

#define MBR_NETBSD 0xa9
/* Extended partitions lie in one another at most so deep. */
#define MBR_DEPTH 32

/* A piece of the disk in which labels are. */
struct area {
	uint64_t start; /* bytes */
	size_t len;
	uint8_t bytes[DL_AREA];
};

struct areas {
	int n;
	uint64_t start[DL_AREAS];
};

static const struct dl_machine machines[] = {
	{ "amd64", 1, 0, 16, 3, false, true },
	{ "i386", 1, 0, 16, 3, false, true },
	{ "alpha", 0, 64, 16, 2, false, false },
	{ "amiga", 0, 64, 16, 2, true, false },
	{ "evbarm", 1, 0, 16, 2, false, true },
	{ "hpcarm", 1, 0, 8, 2, false, true },
	{ "hpcmips", 1, 0, 8, 3, false, true },
	{ "hpcsh", 1, 0, 8, 2, false, true },
	{ "landisk", 1, 0, 16, 2, false, true },
	{ "mac68k", 0, 64, 16, 2, true, false },
	{ "pmax", 0, 64, 16, 2, false, false },
	{ "sparc", 0, 128, 8, 2, true, false },
	{ "sparc64", 0, 128, 8, 2, true, false },
	{ "vax", 0, 64, 12, 2, false, false },
	{ "zaurus", 1, 0, 16, 2, false, true },
};

const struct dl_machine *
dl_machine(const char *name)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (name == NULL || strcmp(machines[i].name, name) == 0)
			return &machines[i];
	return NULL;
}

/* --- opening -------------------------------------------------------------------- */

void
dl_open(struct dl *dl, const char *name, bool write)
{
	struct tool *t = dl->t;
	const char *path = t_diskpath(t, name, true, !write, false, 0);
	struct stat st;
	int error;

	if (path != name) {
		/* An image of the host: its driver has no label to give. */
		dl->file = dl->raw = true;
		dl->fd = sys_open(t, path, write ? O_RDWR : O_RDONLY, 0);
	} else
		dl->fd = opendisk(t, name, write ? O_RDWR : O_RDONLY, &dl->name);
	if (path != name)
		dl->name = name;
	if (dl->fd < 0)
		t_fail(t, DL_SYSTEM, dl->fd, "%s", dl->name);
	error = sys_fstat(t, dl->fd, &st);
	if (error != 0)
		t_fail(t, DL_SYSTEM, error, "%s", dl->name);
	if (S_ISREG(st.st_mode))
		dl->file = dl->raw = true;
}

/* Sizes that a driver says may be anything. */
uint64_t
dl_size(struct dl *dl, uint32_t *secsize)
{
	struct tool *t = dl->t;
	struct stat st;
	off_t size = 0;
	uint32_t n = 0;

	if (sys_ioctl(t, dl->fd, DIOCGSECTORSIZE, &n) != 0 || n < 512 ||
	    n > 65536 || (n & (n - 1)) != 0)
		n = 512;
	*secsize = n;
	if (sys_fstat(t, dl->fd, &st) == 0 && S_ISREG(st.st_mode))
		return st.st_size < 0 ? 0 : (uint64_t)st.st_size;
	if (sys_ioctl(t, dl->fd, DIOCGMEDIASIZE, &size) == 0 && size > 0)
		return (uint64_t)size;
	if (sys_fstat(t, dl->fd, &st) == 0 && st.st_size > 0)
		return (uint64_t)st.st_size;
	return 0;
}

/* --- areas ---------------------------------------------------------------------- */

/* What is there of `n` bytes, whole sectors at a time: a disk may be shorter. */
static size_t
read_at(struct dl *dl, uint64_t at, uint8_t *buf, size_t n)
{
	size_t have = 0;
	ssize_t got;

	memset(buf, 0, n);
	if (at > (uint64_t)INT64_MAX - n)
		return 0;
	while (have < n &&
	    (got = sys_pread(
		 dl->t, dl->fd, buf + have, n - have, (off_t)(at + have))) > 0)
		have += (size_t)got;
	return have;
}

static uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static bool
is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

/* The NetBSD partitions of an MBR, logical ones too. */
static void
scan_mbr(struct dl *dl, struct areas *a, uint32_t secsize)
{
	uint8_t buf[4096];
	uint64_t sector = 0, extended = 0, further = 0;

	for (int depth = 0; depth < MBR_DEPTH; depth++) {
		size_t n = secsize < sizeof(buf) ? secsize : sizeof(buf);

		if (read_at(dl, sector * secsize, buf, n) < 512 ||
		    buf[510] != 0x55 || buf[511] != 0xaa)
			return;
		further = 0;
		for (int i = 0; i < MBR_PART_COUNT; i++) {
			const uint8_t *e = buf + MBR_PART_OFFSET + i * 16;
			uint64_t start = le32(e + 8);

			if (e[4] == MBR_NETBSD && a->n < DL_AREAS)
				a->start[a->n++] = (sector + start) * secsize;
			else if (is_extended(e[4]) && start != 0)
				further = extended + start;
		}
		if (further == 0)
			return;
		if (extended == 0)
			extended = further;
		sector = further;
	}
}

/* Where labels may be; the first is where a new one goes. */
static void
find_areas(struct dl *dl, struct areas *a)
{
	uint32_t secsize;

	a->n = 0;
	(void)dl_size(dl, &secsize);
	if (dl->machine->mbr)
		scan_mbr(dl, a, secsize);
	if (a->n < DL_AREAS)
		a->start[a->n++] = 0;
}

static void
read_area(struct dl *dl, struct area *area, uint64_t start)
{
	area->start = start;
	area->len = read_at(dl, start, area->bytes, DL_AREA);
}

/* The place of a new label in its area. */
static size_t
default_place(const struct dl *dl, uint32_t secsize)
{
	return (size_t)dl->machine->sector * secsize + dl->machine->offset;
}

static int
write_area(struct dl *dl, const struct area *area)
{
	ssize_t got;

	for (size_t at = 0; at < area->len; at += (size_t)got) {
		got = sys_pwrite(dl->t, dl->fd, area->bytes + at,
		    area->len - at, (off_t)(area->start + at));
		if (got <= 0)
			return got < 0 ? (int)got : -EIO;
	}
	return 0;
}

/*
 * The next label of an area from *at on (multiples of 4). A deleted one has its magic numbers complemented; with `deleted` such ones count too.
 * 0 and *at is where, or -ESRCH.
 */
static int
next_label(const struct area *area, size_t *at, bool want_deleted,
    bool *deleted, struct disklabel *lp, bool *swapped)
{
	uint8_t copy[DKLABEL_BYTES(MAXPARTITIONS)];

	for (; *at + DKLABEL_BYTES(0) <= area->len; *at += 4) {
		size_t n = area->len - *at;

		if (n > sizeof(copy))
			n = sizeof(copy);
		*deleted = false;
		if (rumprun_dklabel_decode(area->bytes + *at, n, lp, swapped) ==
		    0)
			return 0;
		if (!want_deleted)
			continue;
		/* the sum does not change: both words' complements meet */
		memcpy(copy, area->bytes + *at, n);
		for (int i = 0; i < 4; i++) {
			copy[i] ^= 0xff;
			copy[offsetof(struct disklabel, d_magic2) + i] ^= 0xff;
		}
		*deleted = true;
		if (rumprun_dklabel_decode(copy, n, lp, swapped) == 0)
			return 0;
	}
	return -ESRCH;
}

/* --- reading -------------------------------------------------------------------- */

/* The label where this machine has it, or else the first one. */
static bool
read_raw(struct dl *dl)
{
	struct area *area = t_malloc(dl->t, sizeof(*area));
	struct areas areas;
	bool found = false, deleted;
	uint32_t secsize;
	size_t at;

	(void)dl_size(dl, &secsize);
	find_areas(dl, &areas);
	for (int i = 0; i < areas.n && !found; i++) {
		read_area(dl, area, areas.start[i]);
		at = default_place(dl, secsize);
		found = at < area->len &&
		    rumprun_dklabel_decode(area->bytes + at, area->len - at,
			&dl->label, NULL) == 0;
		at = 0;
		if (!found)
			found = next_label(area, &at, false, &deleted,
				    &dl->label, &(bool){ false }) == 0;
	}
	t_free(dl->t, area);
	return found;
}

/* For files, which have no driver to make one up. */
static bool
made_up(struct dl *dl)
{
	struct disklabel *lp = &dl->label;
	uint32_t secsize;
	uint64_t n = dl_size(dl, &secsize);

	n /= secsize;
	if (n == 0)
		return false;
	memset(lp, 0, sizeof(*lp));
	lp->d_secperunit = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	memcpy(lp->d_typename, "unknown", 8);
	memcpy(lp->d_packname, "fictitious", 11);
	lp->d_secsize = secsize;
	lp->d_nsectors = n < 2048 ? 1 : 32;
	lp->d_ntracks = n < 2048 ? 1 : 64;
	lp->d_secpercyl = lp->d_nsectors * lp->d_ntracks;
	lp->d_ncylinders = lp->d_secperunit / lp->d_secpercyl;
	lp->d_rpm = 3600;
	lp->d_interleave = 1;
	lp->d_bbsize = DL_BBSIZE;
	lp->d_sbsize = DL_SBSIZE;
	lp->d_npartitions = (uint16_t)(dl->machine->raw + 1);
	lp->d_partitions[dl->machine->raw].p_size = lp->d_secperunit;
	return true;
}

void
dl_read(struct dl *dl)
{
	struct tool *t = dl->t;
	int error;

	if (!dl->raw) {
		error = sys_ioctl(t, dl->fd, DIOCGDINFO, &dl->label);
		if (error != 0)
			t_fail(t, DL_SYSTEM, error, "ioctl DIOCGDINFO");
		return;
	}
	if (read_raw(dl))
		return;
	if (!dl->init)
		t_errx(t, 1, "could not read existing label");
	if (!dl->file) {
		error = sys_ioctl(t, dl->fd, DIOCGDEFLABEL, &dl->label);
		if (error == -ENOTTY)
			error = sys_ioctl(t, dl->fd, DIOCGDINFO, &dl->label);
		if (error != 0)
			t_fail(t, DL_SYSTEM, error, "ioctl DIOCGDEFLABEL");
	} else if (!made_up(dl))
		t_errx(t, 1, "could not get initial label");
	if (dl->label.d_bbsize == 0)
		dl->label.d_bbsize = DL_BBSIZE;
	if (dl->label.d_sbsize == 0)
		dl->label.d_sbsize = DL_SBSIZE;
}

int
dl_show_all(struct dl *dl)
{
	struct tool *t = dl->t;
	struct area *area = t_malloc(t, sizeof(*area));
	struct dl_text text = { .t = t };
	struct areas areas;
	uint32_t secsize;
	int found = 0, errors = 0;
	bool deleted, swapped;

	(void)dl_size(dl, &secsize);
	find_areas(dl, &areas);
	for (int i = 0; i < areas.n; i++) {
		size_t at = 0;

		read_area(dl, area, areas.start[i]);
		for (; next_label(area, &at, true, &deleted, &dl->label,
			   &swapped) == 0;
		     at += 4) {
			uint64_t where = area->start + at;

			t_printf(t,
			    "%s# %sabel at sector %" PRIu64 " offset %" PRIu64
			    "%s\n",
			    found++ > 0 ? "\n" : "",
			    deleted ? "Deleted l" : "L", where / secsize,
			    where % secsize, swapped ? ", big endian" : "");
			dl_print(dl, &text, &dl->label);
			dl_text_show(&text);
			errors += dl_check(dl, &dl->label);
		}
	}
	t_free(t, area);
	if (found == 0)
		t_errx(t, 1, "could not read existing label");
	return errors > 0 ? DL_WARNED : 0;
}

/* --- writing -------------------------------------------------------------------- */

static int
failed(struct dl *dl, const char *what, int error)
{
	const char *why = NULL;

	switch (error) {
	case -ESRCH:
		why = "No disk label on disk;\n"
		      "use \"disklabel -I\" to install initial label";
		break;
	case -EINVAL:
		why = "Label magic number or checksum is wrong!\n"
		      "(disklabel or kernel is out of date?)";
		break;
	case -EBUSY:
		why = "Open partition would move or shrink";
		break;
	case -EXDEV:
		why = "Labeled partition or `a' partition must start at "
		      "beginning of disk";
		break;
	}
	if (why != NULL)
		t_warnx(dl->t, "%s: %s", what, why);
	else
		t_warn(dl->t, error, "%s", what);
	return DL_SYSTEM;
}

/* The driver may guard the sector of its label; one that knows nothing of that has none. */
static int
unlock(struct dl *dl, int on)
{
	int error = dl->file ? 0 : sys_ioctl(dl->t, dl->fd, DIOCWLABEL, &on);

	return error == -ENOTTY || error == -ENODEV || error == -EOPNOTSUPP ?
	    0 :
	    error;
}

/* Complements the magic numbers of every label of an area; the number of them. */
static int
delete_labels(struct area *area)
{
	struct disklabel label;
	bool deleted, swapped;
	size_t at = 0;
	int n = 0;

	for (; next_label(area, &at, false, &deleted, &label, &swapped) == 0;
	     at += 4, n++)
		for (int i = 0; i < 4; i++) {
			area->bytes[at + (size_t)i] ^= 0xff;
			area->bytes[at + offsetof(struct disklabel, d_magic2) +
			    (size_t)i] ^= 0xff;
		}
	return n;
}

/* The label over each that is there, in its byte order. */
static int
update_labels(struct dl *dl, struct area *area)
{
	struct disklabel label;
	bool deleted, swapped;
	size_t at = 0;
	int n = 0;

	for (; next_label(area, &at, false, &deleted, &label, &swapped) == 0;
	     at += 4) {
		bool big = dl->order >= 0 ? dl->order == 1 : swapped;

		if (rumprun_dklabel_encode(
			&dl->label, area->bytes + at, area->len - at, big) == 0)
			n++;
	}
	return n;
}

static int
write_areas(struct dl *dl)
{
	struct area *area = t_malloc(dl->t, sizeof(*area));
	struct areas areas;
	uint32_t secsize;
	int error = 0, written = 0;
	size_t at;

	/* The label's own word for the sectors: what is read may be an image of another disk. */
	(void)dl_size(dl, &secsize);
	if (dl->file && dl->label.d_secsize != 0)
		secsize = dl->label.d_secsize;
	find_areas(dl, &areas);
	for (int i = areas.n - 1; i >= 0 && error == 0; i--) {
		int changed;

		read_area(dl, area, areas.start[i]);
		changed = dl->delete ? delete_labels(area) :
				       update_labels(dl, area);
		if (!dl->delete)
			written += changed;
		at = default_place(dl, secsize);
		if (i == 0 && written == 0) {
			error = at > area->len ?
			    -ENOSPC :
			    rumprun_dklabel_encode(&dl->label, area->bytes + at,
				area->len - at,
				dl->order >= 0 ? dl->order == 1 :
						 dl->machine->big);
			if (error == -EINVAL)
				error = -ENOSPC;
			changed = 1;
		}
		if (error == 0 && changed > 0)
			error = write_area(dl, area);
	}
	t_free(dl->t, area);
	return error;
}

int
dl_write(struct dl *dl)
{
	struct disklabel *lp = &dl->label;
	int error;

	lp->d_magic = lp->d_magic2 = DISKMAGIC;
	lp->d_checksum = 0;
	lp->d_checksum = rumprun_dklabel_sum(lp);
	if (!dl->raw) {
		error = sys_ioctl(dl->t, dl->fd, DIOCWDINFO, lp);
		return error == 0 ? 0 : failed(dl, "ioctl DIOCWDINFO", error);
	}
	error = dl->file ? 0 : sys_ioctl(dl->t, dl->fd, DIOCSDINFO, lp);
	if (error != 0 && error != -ENOTTY && error != -ENODEV)
		return failed(dl, "ioctl DIOCSDINFO", error);
	if ((error = unlock(dl, 1)) != 0)
		return failed(dl, "ioctl DIOCWLABEL", error);
	error = write_areas(dl);
	(void)unlock(dl, 0);
	if (error != 0) {
		t_warn(dl->t, error, "write");
		return DL_SYSTEM;
	}
	return 0;
}

int
dl_delete(struct dl *dl)
{
	struct area *area = t_malloc(dl->t, sizeof(*area));
	struct areas areas;
	int error = 0, n = 0, here;

	find_areas(dl, &areas);
	for (int i = 0; i < areas.n && error == 0; i++) {
		read_area(dl, area, areas.start[i]);
		here = delete_labels(area);
		n += here;
		if (here == 0 || (error = unlock(dl, 1)) != 0)
			continue;
		error = write_area(dl, area);
		(void)unlock(dl, 0);
	}
	if (error != 0)
		t_fail(dl->t, DL_SYSTEM, error, "%s", dl->name);
	if (dl->verbose)
		t_printf(dl->t, "%d label%s deleted\n", n, n == 1 ? "" : "s");
	return 0;
}
