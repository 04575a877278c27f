/* SPDX-License-Identifier: BSD-2-Clause */
/* BSD disk labels between bytes of either order and struct disklabel. */
#include <rumprun/dklabel.h>
#include <netbsd/errno.h>
#include <string.h>

/* Offsets on the disk: those of struct disklabel, which has the same up to its partitions on every machine. */
#define OFF(member) offsetof(struct disklabel, member)
#define PARTS ((size_t)148)
#define PARTSIZE ((size_t)16)
_Static_assert(OFF(d_partitions) == PARTS && sizeof(struct partition) == 16,
    "labels lie on disks as in memory");

static uint32_t
get32(const uint8_t *p, bool swapped)
{
	return swapped ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		(uint32_t)p[2] << 8 | p[3] :
			 (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
		(uint32_t)p[1] << 8 | p[0];
}

static uint16_t
get16(const uint8_t *p, bool swapped)
{
	return swapped ? (uint16_t)(p[0] << 8 | p[1]) :
			 (uint16_t)(p[1] << 8 | p[0]);
}

static void
put16(uint8_t *p, uint16_t v, bool swapped)
{
	p[swapped] = (uint8_t)v;
	p[!swapped] = (uint8_t)(v >> 8);
}

static void
put32(uint8_t *p, uint32_t v, bool swapped)
{
	put16(p + (swapped ? 2 : 0), (uint16_t)v, swapped);
	put16(p + (swapped ? 0 : 2), (uint16_t)(v >> 16), swapped);
}

/* Every number of a label's head, by offset and width: between the two forms. */
static const struct {
	uint8_t off, width;
} words[] = {
	{ OFF(d_magic), 4 },
	{ OFF(d_type), 2 },
	{ OFF(d_subtype), 2 },
	{ OFF(d_secsize), 4 },
	{ OFF(d_nsectors), 4 },
	{ OFF(d_ntracks), 4 },
	{ OFF(d_ncylinders), 4 },
	{ OFF(d_secpercyl), 4 },
	{ OFF(d_secperunit), 4 },
	{ OFF(d_sparespertrack), 2 },
	{ OFF(d_sparespercyl), 2 },
	{ OFF(d_acylinders), 4 },
	{ OFF(d_rpm), 2 },
	{ OFF(d_interleave), 2 },
	{ OFF(d_trackskew), 2 },
	{ OFF(d_cylskew), 2 },
	{ OFF(d_headswitch), 4 },
	{ OFF(d_trkseek), 4 },
	{ OFF(d_flags), 4 },
	{ OFF(d_drivedata[0]), 4 },
	{ OFF(d_drivedata[1]), 4 },
	{ OFF(d_drivedata[2]), 4 },
	{ OFF(d_drivedata[3]), 4 },
	{ OFF(d_drivedata[4]), 4 },
	{ OFF(d_spare[0]), 4 },
	{ OFF(d_spare[1]), 4 },
	{ OFF(d_spare[2]), 4 },
	{ OFF(d_spare[3]), 4 },
	{ OFF(d_spare[4]), 4 },
	{ OFF(d_magic2), 4 },
	{ OFF(d_checksum), 2 },
	{ OFF(d_npartitions), 2 },
	{ OFF(d_bbsize), 4 },
	{ OFF(d_sbsize), 4 },
};
/* And of a partition. */
static const struct {
	uint8_t off, width;
} partwords[] = { { 0, 4 }, { 4, 4 }, { 8, 4 }, { 14, 2 } };

static void
copy_word(
    uint8_t *to, const uint8_t *from, unsigned width, bool decode, bool swapped)
{
	uint16_t half;
	uint32_t word;

	if (width == 2 && decode) {
		half = get16(from, swapped);
		memcpy(to, &half, 2);
	} else if (width == 2) {
		memcpy(&half, from, 2);
		put16(to, half, swapped);
	} else if (decode) {
		word = get32(from, swapped);
		memcpy(to, &word, 4);
	} else {
		memcpy(&word, from, 4);
		put32(to, word, swapped);
	}
}

static void
translate(
    uint8_t *to, const uint8_t *from, unsigned npart, bool decode, bool swapped)
{
	memcpy(to + OFF(d_typename), from + OFF(d_typename), 32);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		copy_word(to + words[i].off, from + words[i].off,
		    words[i].width, decode, swapped);
	for (unsigned n = 0; n < npart; n++) {
		size_t at = PARTS + n * PARTSIZE;

		for (size_t i = 0; i < sizeof(partwords) / sizeof(partwords[0]);
		     i++)
			copy_word(to + at + partwords[i].off,
			    from + at + partwords[i].off, partwords[i].width,
			    decode, swapped);
		memcpy(to + at + 12, from + at + 12, 2);
	}
}

static uint16_t
sum(const uint8_t *p, size_t n, bool swapped)
{
	uint16_t v = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		v ^= get16(p + i, swapped);
	return v;
}

uint16_t
rumprun_dklabel_sum(const struct disklabel *lp)
{
	uint8_t bytes[DKLABEL_BYTES(MAXPARTITIONS)] = { 0 };
	unsigned n = lp->d_npartitions;

	if (n > MAXPARTITIONS)
		n = MAXPARTITIONS;
	translate(bytes, (const uint8_t *)lp, n, false, false);
	put16(bytes + OFF(d_checksum), 0, false);
	return sum(bytes, DKLABEL_BYTES(n), false);
}

int
rumprun_dklabel_decode(
    const void *vp, size_t n, struct disklabel *lp, bool *swappedp)
{
	const uint8_t *p = vp;
	bool swapped;
	unsigned parts;

	if (n < DKLABEL_BYTES(0))
		return -ESRCH;
	swapped = get32(p, false) != DISKMAGIC;
	if (get32(p, swapped) != DISKMAGIC ||
	    get32(p + OFF(d_magic2), swapped) != DISKMAGIC)
		return -ESRCH;
	if (swappedp != NULL)
		*swappedp = swapped;
	parts = get16(p + OFF(d_npartitions), swapped);
	if (parts > MAXPARTITIONS || n < DKLABEL_BYTES(parts) ||
	    sum(p, DKLABEL_BYTES(parts), swapped) != 0)
		return -EINVAL;
	memset(lp, 0, sizeof(*lp));
	translate((uint8_t *)lp, p, parts, true, swapped);
	return 0;
}

int
rumprun_dklabel_encode(
    const struct disklabel *lp, void *vp, size_t n, bool swapped)
{
	unsigned parts = lp->d_npartitions;
	uint8_t *p = vp;

	if (parts > MAXPARTITIONS || n < DKLABEL_BYTES(parts))
		return -EINVAL;
	translate(p, (const uint8_t *)lp, parts, false, swapped);
	put32(p, DISKMAGIC, swapped);
	put32(p + OFF(d_magic2), DISKMAGIC, swapped);
	put16(p + OFF(d_checksum), 0, swapped);
	put16(p + OFF(d_checksum), sum(p, DKLABEL_BYTES(parts), swapped),
	    swapped);
	return 0;
}

int
rumprun_dklabel_find(const void *vp, size_t n, unsigned secsize, size_t *offp)
{
	static const uint8_t in_sector[] = { 0, 64, 128 };
	const uint8_t *p = vp;
	struct disklabel label;

	/* the usual sector first */
	for (unsigned i = 0; i < 2; i++) {
		size_t sector = i == 0 ? (size_t)LABELSECTOR * secsize : 0;

		for (size_t j = 0; j < sizeof(in_sector); j++) {
			size_t at = sector + in_sector[j];

			if (at < n &&
			    rumprun_dklabel_decode(
				p + at, n - at, &label, NULL) != -ESRCH) {
				*offp = at;
				return 0;
			}
		}
	}
	return -ESRCH;
}
