/* SPDX-License-Identifier: BSD-2-Clause */
/* Labels from text, and whether they make sense. */
#include "disklabel/disklabel.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_TEXT ((size_t)1024 * 1024)

static const struct {
	uint32_t bit;
	const char *name;
} flags[] = { { D_REMOVABLE, "removable" }, { D_ECC, "ecc" },
	{ D_BADSECT, "badsect" }, { D_RAMDISK, "ramdisk" },
	{ D_CHAIN, "chained" }, { D_SCSI_MMC, "scsi_mmc" } };

#define NUMBER(name, member, least)                                   \
	{                                                             \
		name, offsetof(struct disklabel, member),             \
		    sizeof(((struct disklabel *)NULL)->member), least \
	}
static const struct {
	const char *name;
	size_t off, width;
	uint32_t least;
} numbers[] = {
	NUMBER("bytes/sector", d_secsize, 1),
	NUMBER("sectors/track", d_nsectors, 1),
	NUMBER("sectors/cylinder", d_secpercyl, 1),
	NUMBER("tracks/cylinder", d_ntracks, 1),
	NUMBER("cylinders", d_ncylinders, 1),
	NUMBER("total sectors", d_secperunit, 1),
	NUMBER("rpm", d_rpm, 1),
	NUMBER("interleave", d_interleave, 0),
	NUMBER("trackskew", d_trackskew, 0),
	NUMBER("cylinderskew", d_cylskew, 0),
	NUMBER("headswitch", d_headswitch, 0),
	NUMBER("track-to-track seek", d_trkseek, 0),
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct parse {
	struct dl *dl;
	struct disklabel *lp;
	unsigned line;
	int errors;
	bool sized[MAXPARTITIONS]; /* a partition's line was there */
};

char *
dl_read_text(struct dl *dl, int fd, const char *name)
{
	char *s = t_malloc(dl->t, MOST_TEXT + 1);
	size_t len = 0;
	ssize_t got = 0;

	while (len < MOST_TEXT) {
		got = fd < 0 ? t_stdin_read(dl->t, s + len, MOST_TEXT - len) :
			       sys_read(dl->t, fd, s + len, MOST_TEXT - len);
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	if (got < 0)
		t_fail(dl->t, DL_SYSTEM, (int)got, "%s", name);
	s[len] = '\0';
	return s;
}

/* --- numbers -------------------------------------------------------------------- */

static bool
plain(const char *s, uint64_t most, uint64_t *out)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)*s) || strlen(s) > 20)
		return false;
	v = strtoull(s, &end, 10);
	if (*end != '\0' || v > most)
		return false;
	*out = v;
	return true;
}

/* cylinder/track/sector */
static bool
three(const struct disklabel *lp, const char *s, uint64_t *out)
{
	uint64_t v[3];

	for (int i = 0; i < 3; i++) {
		char *end;

		if (!isdigit((unsigned char)*s))
			return false;
		v[i] = strtoull(s, &end, 10);
		if (v[i] > UINT32_MAX || *end != (i < 2 ? '/' : '\0'))
			return false;
		s = end + 1;
	}
	/* below 2^64: each factor is below 2^32, and the sum of the last two was checked by then */
	if (__builtin_mul_overflow(v[0], (uint64_t)lp->d_secpercyl, &v[0]) ||
	    __builtin_mul_overflow(v[1], (uint64_t)lp->d_nsectors, &v[1]) ||
	    __builtin_add_overflow(v[0], v[1], &v[0]) ||
	    __builtin_add_overflow(v[0], v[2], out))
		return false;
	return true;
}

/* Megabytes may have a fraction: 1.5m. */
static bool
suffixed(const struct disklabel *lp, const char *s, uint64_t *out)
{
	uint64_t whole, unit, part = 0, scale = 1;
	const char *p = s;

	if (!isdigit((unsigned char)*p) && *p != '.')
		return false;
	for (whole = 0; isdigit((unsigned char)*p); p++)
		if (whole > UINT32_MAX)
			return false;
		else
			whole = whole * 10 + (uint64_t)(*p - '0');
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++)
			if (scale < 1000000) {
				part = part * 10 + (uint64_t)(*p - '0');
				scale *= 10;
			}
	switch (tolower((unsigned char)*p)) {
	case 's':
		unit = lp->d_secsize;
		break;
	case 'c':
		if (__builtin_mul_overflow((uint64_t)lp->d_secpercyl,
			(uint64_t)lp->d_secsize, &unit))
			return false;
		break;
	case 'k':
		unit = 1024;
		break;
	case 'm':
		unit = 1024 * 1024;
		break;
	case 'g':
		unit = 1024 * 1024 * 1024;
		break;
	default:
		return false;
	}
	if (p[1] != '\0' || lp->d_secsize == 0 || unit > UINT64_MAX / scale ||
	    __builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(whole,
		unit / scale * part + unit % scale * part / scale, &whole))
		return false;
	/* to the nearest sector */
	*out = whole / lp->d_secsize +
	    (whole % lp->d_secsize * 2 >= lp->d_secsize);
	return true;
}

bool
dl_number(const struct disklabel *lp, const char *s, uint32_t *out)
{
	uint64_t v;

	if (!plain(s, UINT32_MAX, &v) && !three(lp, s, &v) &&
	    !suffixed(lp, s, &v))
		return false;
	if (v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

/* --- lines ---------------------------------------------------------------------- */

static void T_PRINTF(2, 3) wrong(struct parse *p, const char *fmt, ...)
{
	va_list ap;
	char buf[256];

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	t_warnx(p->dl->t, "line %u: %s", p->line, buf);
	p->errors++;
}

/* Cuts blanks and comments off both ends. */
static char *
trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	s[strcspn(s, "#")] = '\0';
	for (end = s + strlen(s); end > s && isspace((unsigned char)end[-1]);)
		*--end = '\0';
	return s;
}

/* The next word of a line, or NULL. */
static char *
next(char **sp)
{
	char *s = *sp;

	while (isspace((unsigned char)*s) || *s == ',')
		s++;
	*sp = s;
	if (*s == '\0')
		return NULL;
	while (**sp != '\0' && !isspace((unsigned char)**sp) && **sp != ',')
		++*sp;
	if (**sp != '\0')
		*(*sp)++ = '\0';
	return s;
}

static void
set_type(struct parse *p, char *value)
{
	int type = disktab_dktype(value);
	uint64_t v;

	if (type >= 0)
		p->lp->d_type = (uint16_t)type;
	else if (plain(value, UINT16_MAX, &v))
		p->lp->d_type = (uint16_t)v;
	else {
		t_warnx(
		    p->dl->t, "line %u: unknown disk type: %s", p->line, value);
		p->lp->d_type = DKTYPE_UNKNOWN;
	}
}

static void
set_flags(struct parse *p, char *value)
{
	char *word;

	while ((word = next(&value)) != NULL) {
		size_t i;

		for (i = 0; i < COUNT(flags); i++)
			if (strcmp(word, flags[i].name) == 0)
				break;
		if (i < COUNT(flags))
			p->lp->d_flags |= flags[i].bit;
		else
			wrong(p, "bad flag: %s", word);
	}
}

static void
set_drivedata(struct parse *p, char *value)
{
	char *word;
	uint64_t v;

	for (int i = 0; (word = next(&value)) != NULL; i++)
		if (i == NDDATA || !plain(word, UINT32_MAX, &v))
			wrong(p, "bad drivedata %s", word);
		else
			p->lp->d_drivedata[i] = (uint32_t)v;
}

static bool
set_number(struct parse *p, const char *name, const char *value)
{
	for (size_t i = 0; i < COUNT(numbers); i++) {
		uint64_t v,
		    most = numbers[i].width == 2 ? UINT16_MAX : UINT32_MAX;
		uint16_t half;
		uint32_t whole;

		if (strcmp(name, numbers[i].name) != 0)
			continue;
		if (!plain(value, most, &v) || v < numbers[i].least) {
			wrong(p, "bad %s: %s", name, value);
			return true;
		}
		half = (uint16_t)v;
		whole = (uint32_t)v;
		memcpy((char *)p->lp + numbers[i].off,
		    numbers[i].width == 2 ? (void *)&half : (void *)&whole,
		    numbers[i].width);
		return true;
	}
	return false;
}

/* "N partitions" */
static bool
set_count(struct parse *p, const char *name)
{
	char *end;
	unsigned long v;

	if (!isdigit((unsigned char)*name))
		return false;
	v = strtoul(name, &end, 10);
	if (strcmp(end, " partitions") != 0)
		return false;
	if (v == 0 || v > MAXPARTITIONS)
		wrong(p, "bad # of partitions");
	else
		p->lp->d_npartitions = (uint16_t)v;
	return true;
}

/* The first sector behind the partitions before this one. */
static uint32_t
behind(const struct disklabel *lp, unsigned part)
{
	uint64_t at = 0;

	for (unsigned i = 0; i < part; i++) {
		const struct partition *pp = &lp->d_partitions[i];
		uint64_t end = (uint64_t)pp->p_offset + pp->p_size;

		if (i != RAW_PART && pp->p_fstype != FS_UNUSED && end > at)
			at = end;
	}
	return at > UINT32_MAX ? UINT32_MAX : (uint32_t)at;
}

/*
 * Size and offset: numbers, or for an offset `-' (behind the partitions before), for a size `$' (up to the end) or `-' (what the label says already: none).
 */
static bool
set_place(struct parse *p, unsigned part, const char *size, const char *offset)
{
	struct partition *pp = &p->lp->d_partitions[part];
	struct disklabel whole = *p->lp;

	if (whole.d_secperunit == 0)
		whole.d_secperunit = whole.d_secpercyl * whole.d_ncylinders;
	if (strcmp(offset, "-") == 0)
		pp->p_offset = behind(p->lp, part);
	else if (!dl_number(p->lp, offset, &pp->p_offset)) {
		wrong(p, "bad partition offset: %s", offset);
		return false;
	}
	if (strcmp(size, "$") == 0 || strcmp(size, "-") == 0)
		pp->p_size = pp->p_offset < whole.d_secperunit ?
		    whole.d_secperunit - pp->p_offset :
		    0;
	else if (!dl_number(p->lp, size, &pp->p_size)) {
		wrong(p, "bad partition size: %s", size);
		return false;
	}
	return true;
}

/* The type is one or two words, or a number; *sp goes behind it. */
static int
get_fstype(char **sp)
{
	char *s = *sp, *word;
	size_t len;
	int type;
	uint64_t v;

	while (isspace((unsigned char)*s))
		s++;
	type = disktab_fstype(s, &len);
	if (type >= 0) {
		*sp = s + len;
		return type;
	}
	word = next(sp);
	return word != NULL && plain(word, UINT8_MAX, &v) ? (int)v : -1;
}

/* The numbers behind the type: fragment, block, cylinders a group or segment shift; or the session of a CD. */
static void
set_fs(struct parse *p, struct partition *pp, char *rest)
{
	static const char *const names[] = { "fragment size", "block size",
		"cpg" };
	uint64_t v[3] = { 0, 0, 0 };
	char *word;
	int n;

	for (n = 0; (word = next(&rest)) != NULL; n++) {
		if (n == 3) {
			wrong(p, "too many fields");
			return;
		}
		if (!plain(word, n == 2 ? UINT16_MAX : UINT32_MAX, &v[n])) {
			wrong(p, "bad %s: %s", names[n], word);
			return;
		}
	}
	pp->p_fsize = (uint32_t)v[0];
	if (pp->p_fstype == FS_ISO9660)
		return;
	if (v[0] != 0) {
		if (v[1] / v[0] > UINT8_MAX || v[1] % v[0] != 0) {
			wrong(p, "bad block size: %" PRIu64, v[1]);
			return;
		}
		pp->p_frag = (uint8_t)(v[1] / v[0]);
	} else if (v[1] != 0)
		wrong(p, "block size without fragment size");
	pp->p_cpg = (uint16_t)v[2];
}

static bool
set_partition(struct parse *p, const char *name, char *value)
{
	char *size, *offset;
	unsigned part = (unsigned)(name[0] - 'a');
	struct partition *pp;
	int type;

	if (strlen(name) != 1 || !islower((unsigned char)name[0]))
		return false;
	if (part >= p->lp->d_npartitions) {
		wrong(p, "bad partition name: %s", name);
		return true;
	}
	pp = &p->lp->d_partitions[part];
	if (p->sized[part]) {
		wrong(p, "partition %s again", name);
		return true;
	}
	p->sized[part] = true;
	size = next(&value);
	offset = next(&value);
	if (size == NULL || offset == NULL) {
		wrong(p, "too few fields");
		return true;
	}
	if (!set_place(p, part, size, offset))
		return true;
	type = FS_UNUSED;
	if (value[strspn(value, " \t")] != '\0') {
		char *at = value + strspn(value, " \t");

		type = get_fstype(&value);
		if (type < 0) {
			wrong(p, "unknown file system type: %s", at);
			return true;
		}
	}
	pp->p_fstype = (uint8_t)type;
	set_fs(p, pp, value);
	return true;
}

static void
one_line(struct parse *p, char *s)
{
	char *value;

	s = trim(s);
	if (*s == '\0')
		return;
	value = strchr(s, ':');
	if (value == NULL) {
		wrong(p, "syntax error");
		return;
	}
	*value = '\0';
	value = trim(value + 1);
	s = trim(s);
	if (strcmp(s, "type") == 0)
		set_type(p, value);
	else if (strcmp(s, "flags") == 0)
		set_flags(p, value);
	else if (strcmp(s, "drivedata") == 0)
		set_drivedata(p, value);
	else if (strcmp(s, "disk") == 0 || strcmp(s, "label") == 0) {
		char *to = *s == 'd' ? p->lp->d_typename : p->lp->d_packname;

		memset(to, 0, 16);
		memcpy(to, value, disktab_len(value, 16));
	} else if (!set_count(p, s) && !set_number(p, s, value) &&
	    !set_partition(p, s, value))
		wrong(p, "unknown field: %s", s);
}

int
dl_parse(struct dl *dl, char *text, struct disklabel *lp)
{
	struct parse p = { .dl = dl, .lp = lp };
	char *end;

	memset(lp, 0, sizeof(*lp));
	lp->d_bbsize = DL_BBSIZE;
	lp->d_sbsize = DL_SBSIZE;
	for (; text != NULL; text = end) {
		if ((end = strchr(text, '\n')) != NULL)
			*end++ = '\0';
		p.line++;
		one_line(&p, text);
	}
	return p.errors + dl_check(dl, lp);
}

/* --- checks --------------------------------------------------------------------- */

static int
check_geometry(struct tool *t, struct disklabel *lp)
{
	static const struct {
		const char *name;
		size_t off;
	} must[] = {
		{ "sector size", offsetof(struct disklabel, d_secsize) },
		{ "sectors/track", offsetof(struct disklabel, d_nsectors) },
		{ "tracks/cylinder", offsetof(struct disklabel, d_ntracks) },
		{ "cylinders/unit", offsetof(struct disklabel, d_ncylinders) },
	};
	int errors = 0;
	uint64_t n;

	for (size_t i = 0; i < COUNT(must); i++) {
		uint32_t v;

		memcpy(&v, (const char *)lp + must[i].off, sizeof(v));
		if (v == 0) {
			t_warnx(t, "%s 0", must[i].name);
			errors++;
		}
	}
	if (lp->d_secsize != 0 &&
	    (lp->d_secsize < 512 || lp->d_secsize > 65536 ||
		(lp->d_secsize & (lp->d_secsize - 1)) != 0)) {
		t_warnx(t, "sector size %" PRIu32, lp->d_secsize);
		errors++;
	}
	if (lp->d_rpm == 0)
		t_warnx(t, "warning, revolutions/minute 0");
	n = (uint64_t)lp->d_nsectors * lp->d_ntracks;
	if (lp->d_secpercyl == 0 && n <= UINT32_MAX)
		lp->d_secpercyl = (uint32_t)n;
	n = (uint64_t)lp->d_secpercyl * lp->d_ncylinders;
	if (lp->d_secperunit == 0 && n <= UINT32_MAX)
		lp->d_secperunit = (uint32_t)n;
	if (lp->d_secpercyl == 0) {
		t_warnx(t, "sectors/cylinder 0");
		errors++;
	}
	if (lp->d_secperunit == 0) {
		t_warnx(t, "total sectors 0");
		errors++;
	}
	return errors;
}

static int
check_blocks(struct tool *t, const struct disklabel *lp)
{
	int errors = 0;

	if (lp->d_bbsize == 0) {
		t_warnx(t, "boot block size 0");
		errors++;
	} else if (lp->d_secsize != 0 && lp->d_bbsize % lp->d_secsize != 0)
		t_warnx(t, "warning, boot block size %% sector-size != 0");
	if (lp->d_sbsize == 0) {
		t_warnx(t, "super block size 0");
		errors++;
	} else if (lp->d_secsize != 0 && lp->d_sbsize % lp->d_secsize != 0)
		t_warnx(t, "warning, super block size %% sector-size != 0");
	return errors;
}

static int
check_partition(struct tool *t, const struct disklabel *lp, unsigned i)
{
	const struct partition *pp = &lp->d_partitions[i];
	int c = 'a' + (int)i;

	if (i >= lp->d_npartitions) {
		if (pp->p_size != 0 || pp->p_offset != 0)
			t_warnx(t,
			    "warning, unused partition %c: size %" PRIu32
			    " offset %" PRIu32,
			    c, pp->p_size, pp->p_offset);
		return 0;
	}
	if (pp->p_size == 0) {
		if (pp->p_offset != 0)
			t_warnx(t,
			    "warning, partition %c: size 0, but offset "
			    "%" PRIu32,
			    c, pp->p_offset);
		return 0;
	}
	if (pp->p_offset > lp->d_secperunit) {
		t_warnx(t, "partition %c: offset past end of unit", c);
		return 1;
	}
	if ((uint64_t)pp->p_offset + pp->p_size > lp->d_secperunit) {
		t_warnx(
		    t, "partition %c: partition extends past end of unit", c);
		return 1;
	}
	return 0;
}

static bool
holds_data(const struct disklabel *lp, unsigned i)
{
	const struct partition *pp = &lp->d_partitions[i];

	return i != RAW_PART && pp->p_size != 0 && pp->p_fstype != FS_UNUSED &&
	    pp->p_fstype != FS_BOOT;
}

int
dl_check(struct dl *dl, struct disklabel *lp)
{
	struct tool *t = dl->t;
	int errors = check_geometry(t, lp) + check_blocks(t, lp);
	unsigned n = lp->d_npartitions;

	if (n == 0 || n > MAXPARTITIONS) {
		t_warnx(t, "number of partitions (%u) %s", n,
		    n == 0 ? "== 0" : "> MAXPARTITIONS (16)");
		errors++;
	}
	for (unsigned i = 0; i < MAXPARTITIONS; i++)
		errors += check_partition(t, lp, i);
	if (n > MAXPARTITIONS)
		n = MAXPARTITIONS;
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = i + 1; j < n; j++) {
			const struct partition *a = &lp->d_partitions[i],
					       *b = &lp->d_partitions[j];

			if (holds_data(lp, i) && holds_data(lp, j) &&
			    a->p_offset < (uint64_t)b->p_offset + b->p_size &&
			    b->p_offset < (uint64_t)a->p_offset + a->p_size)
				t_warnx(t,
				    "warning, partitions %c and %c overlap",
				    'a' + (int)i, 'a' + (int)j);
		}
	return errors;
}
