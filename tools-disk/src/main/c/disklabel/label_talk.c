/* SPDX-License-Identifier: BSD-2-Clause */
/* disklabel -i: a conversation about a label. */
#include "disklabel/disklabel.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct talk {
	struct dl *dl;
	struct tool *t;
	struct disklabel *lp;
	bool by_cylinders; /* R: sizes are rounded to whole ones */
	bool changed;
	bool end; /* of the input, or of the conversation */
};

/* What was answered, without blanks at its ends; NULL: nothing more comes. */
static char *
ask(struct talk *k, const char *prompt)
{
	char *s, *end;

	t_puts(k->t, prompt);
	t_flush(k->t->t_out);
	s = t_getline(k->t);
	if (s == NULL) {
		t_puts(k->t, "\n");
		k->end = true;
		return NULL;
	}
	while (isspace((unsigned char)*s))
		s++;
	for (end = s + strlen(s); end > s && isspace((unsigned char)end[-1]);)
		*--end = '\0';
	return s;
}

/* With what is there now in brackets; NULL when that stays. */
static char *
ask_about(struct talk *k, const char *what, const char *now)
{
	char *s = ask(k, t_asprintf(k->t, "%s [%s]: ", what, now));

	return s == NULL || *s == '\0' ? NULL : s;
}

/* A letter of a partition that the label may have; -1: none. */
static int
letter(const char *s)
{
	int part = s[0] - 'a';

	return s[0] != '\0' && s[1] == '\0' && part >= 0 &&
		part < MAXPARTITIONS ?
	    part :
	    -1;
}

/* --- showing --------------------------------------------------------------------- */

static void
menu(struct talk *k)
{
	t_printf(k->t,
	    "?\tprint this menu\n"
	    "A\tadjust the label size to the max disk size\n"
	    "C\tmake partitions contiguous\n"
	    "E\tprint disk label and current partition table\n"
	    "I\tchange label information\n"
	    "L\tlist all known file system types\n"
	    "N\tname the label\n"
	    "P\tprint current partition table\n"
	    "Q\tquit\n"
	    "R\trounding (c)ylinders (s)ectors\n"
	    "W\twrite the current partition table\n"
	    "[a-%c]\tdefine named partition\n",
	    'a' + MAXPARTITIONS - 1);
}

static void
show(struct talk *k, bool whole)
{
	struct dl_text text = { .t = k->t };

	if (whole)
		dl_print(k->dl, &text, k->lp);
	else
		dl_print_partitions(k->dl, &text, k->lp);
	dl_text_show(&text);
}

/* n/unit with at most two digits behind the point, "12.5". */
static char *
ratio(struct talk *k, uint64_t n, uint64_t unit)
{
	uint64_t whole = n / unit, part = n % unit * 100 / unit;

	if (part == 0)
		return t_asprintf(k->t, "%" PRIu64, whole);
	return part % 10 == 0 ?
	    t_asprintf(k->t, "%" PRIu64 ".%" PRIu64, whole, part / 10) :
	    t_asprintf(k->t, "%" PRIu64 ".%02" PRIu64, whole, part);
}

/* Sectors as cylinders, sectors and megabytes: "12.5c, 25600s, 12.5M". */
static char *
amount(struct talk *k, uint32_t n)
{
	return t_asprintf(k->t, "%sc, %" PRIu32 "s, %sM",
	    ratio(k, n, k->lp->d_secpercyl), n,
	    ratio(k, (uint64_t)n * k->lp->d_secsize, 1024 * 1024));
}

/* --- changing -------------------------------------------------------------------- */

/* The label covers the disk as it is now. */
static void
adjust(struct talk *k)
{
	struct disklabel *lp = k->lp;
	uint32_t secsize;
	uint64_t n = dl_size(k->dl, &secsize) / lp->d_secsize;

	if (n == 0 || n > UINT32_MAX) {
		t_warnx(k->t, "the size of the disk is not known");
		return;
	}
	if (n == lp->d_secperunit) {
		t_printf(k->t, "The label has the size of the disk.\n");
		return;
	}
	t_printf(k->t, "Total sectors: %" PRIu32 " -> %" PRIu64 "\n",
	    lp->d_secperunit, n);
	lp->d_secperunit = (uint32_t)n;
	lp->d_ncylinders = (uint32_t)(n / lp->d_secpercyl);
	if (lp->d_ncylinders == 0)
		lp->d_ncylinders = 1;
	if (lp->d_npartitions > RAW_PART) {
		lp->d_partitions[RAW_PART].p_offset = 0;
		lp->d_partitions[RAW_PART].p_size = (uint32_t)n;
	}
	k->changed = true;
}

/* In order of their letters, each begins where the one before ends; what doesn't fit is cut. */
static void
contiguous(struct talk *k)
{
	struct disklabel *lp = k->lp;
	uint64_t at = 0;
	bool first = true;

	for (unsigned i = 0; i < lp->d_npartitions; i++) {
		struct partition *pp = &lp->d_partitions[i];

		if (i == RAW_PART || pp->p_size == 0 ||
		    pp->p_fstype == FS_UNUSED)
			continue;
		if (first)
			at = pp->p_offset;
		first = false;
		if (at >= lp->d_secperunit) {
			t_printf(
			    k->t, "No room for partition %c\n", 'a' + (int)i);
			continue;
		}
		pp->p_offset = (uint32_t)at;
		if (pp->p_size > lp->d_secperunit - at)
			pp->p_size = (uint32_t)(lp->d_secperunit - at);
		at += pp->p_size;
	}
	k->changed = true;
}

static void
set_name(struct talk *k, const char *what, char to[16])
{
	char now[17] = "", *s;

	memcpy(now, to, disktab_len(to, 16));
	if ((s = ask_about(k, what, now)) == NULL)
		return;
	memset(to, 0, 16);
	memcpy(to, s, disktab_len(s, 16));
	k->changed = true;
}

static void
set_number(struct talk *k, const char *what, uint32_t *v, uint32_t most)
{
	char now[16], *s, *end;
	unsigned long long n;

	while (!k->end) {
		snprintf(now, sizeof(now), "%" PRIu32, *v);
		if ((s = ask_about(k, what, now)) == NULL)
			return;
		n = strtoull(s, &end, 10);
		if (isdigit((unsigned char)*s) && *end == '\0' && n <= most &&
		    n > 0) {
			k->changed = k->changed || *v != n;
			*v = (uint32_t)n;
			return;
		}
		t_printf(k->t, "Invalid number: %s\n", s);
	}
}

static void
information(struct talk *k)
{
	struct disklabel *lp = k->lp;
	const char *now = disktab_dktype_name(lp->d_type);
	uint32_t v;
	char *s;
	int type;

	while (!k->end &&
	    (s = ask_about(k, "Disk type [?]", now != NULL ? now : "unknown")) !=
		NULL) {
		type = disktab_dktype(s);
		if (type >= 0) {
			lp->d_type = (uint16_t)type;
			k->changed = true;
			break;
		}
		for (unsigned i = 0; disktab_dktype_name(i) != NULL; i++)
			t_printf(k->t, "%s\n", disktab_dktype_name(i));
	}
	set_name(k, "Disk name", lp->d_typename);
	set_name(k, "Label name", lp->d_packname);
	set_number(k, "Number of sectors/track", &lp->d_nsectors, UINT32_MAX);
	set_number(k, "Number of tracks/cylinder", &lp->d_ntracks, UINT32_MAX);
	set_number(
	    k, "Number of sectors/cylinder", &lp->d_secpercyl, UINT32_MAX);
	set_number(k, "Number of cylinders", &lp->d_ncylinders, UINT32_MAX);
	set_number(k, "Total number of sectors", &lp->d_secperunit, UINT32_MAX);
	v = lp->d_interleave;
	set_number(k, "Hardware sectors interleave", &v, UINT16_MAX);
	lp->d_interleave = (uint16_t)v;
	v = lp->d_rpm;
	set_number(k, "Rotations per minute", &v, UINT16_MAX);
	lp->d_rpm = (uint16_t)v;
}

static void
rounding(struct talk *k)
{
	char *s = ask_about(
	    k, "Rounding (c)ylinders (s)ectors", k->by_cylinders ? "c" : "s");

	if (s == NULL)
		return;
	if (strcmp(s, "c") == 0)
		k->by_cylinders = true;
	else if (strcmp(s, "s") == 0)
		k->by_cylinders = false;
	else
		t_printf(k->t, "Invalid answer: %s\n", s);
}

static uint32_t
rounded(const struct talk *k, uint32_t n)
{
	uint64_t c = k->lp->d_secpercyl, to;

	if (!k->by_cylinders)
		return n;
	to = (n + c - 1) / c * c;
	return to > UINT32_MAX ? n : (uint32_t)to;
}

/* A bare number is sectors; a letter stands for the end of that partition. */
static bool
get_offset(struct talk *k, uint32_t now, uint32_t *out)
{
	char *s,
	    *prompt = t_asprintf(k->t,
		"Start offset ('x' to start after partition 'x') [%s]: ",
		amount(k, now));

	*out = now;
	while ((s = ask(k, prompt)) != NULL) {
		int part = letter(s);

		if (*s == '\0')
			return true;
		if (part >= 0 && part < k->lp->d_npartitions) {
			const struct partition *pp = &k->lp->d_partitions[part];
			uint64_t at = (uint64_t)pp->p_offset + pp->p_size;

			*out = at > UINT32_MAX ? UINT32_MAX : (uint32_t)at;
		} else if (!dl_number(k->lp, s, out)) {
			t_printf(k->t, "Invalid offset: %s\n", s);
			continue;
		}
		*out = rounded(k, *out);
		if (*out < k->lp->d_secperunit)
			return true;
		t_printf(k->t, "Offset is beyond the end of the disk (%s)\n",
		    amount(k, k->lp->d_secperunit));
	}
	return false;
}

static bool
get_size(struct talk *k, uint32_t offset, uint32_t now, uint32_t *out)
{
	uint32_t most = offset < k->lp->d_secperunit ?
	    k->lp->d_secperunit - offset :
	    0;
	char *s,
	    *prompt = t_asprintf(k->t,
		"Partition size ('$' for all remaining) [%s]: ", amount(k, now));

	*out = now;
	while ((s = ask(k, prompt)) != NULL) {
		if (strcmp(s, "$") == 0)
			*out = most;
		else if (*s != '\0' && !dl_number(k->lp, s, out)) {
			t_printf(k->t, "Invalid size: %s\n", s);
			continue;
		} else if (*s != '\0') {
			/* the offset may stand inside a cylinder */
			uint32_t all = rounded(k, *out);

			*out = all > most && *out <= most ? most : all;
		}
		if (*out <= most)
			return true;
		t_printf(k->t,
		    "Partition extends beyond the end of the disk "
		    "(%s remain)\n",
		    amount(k, most));
	}
	return false;
}

static bool
get_type(struct talk *k, struct partition *pp)
{
	const char *now = disktab_fstype_name(pp->p_fstype);
	char number[8], *s;
	int type;

	snprintf(number, sizeof(number), "%u", pp->p_fstype);
	while (!k->end) {
		s = ask_about(
		    k, "Filesystem type [?]", now != NULL ? now : number);
		if (s == NULL)
			return !k->end;
		type = disktab_fstype(s, NULL);
		if (type >= 0) {
			pp->p_fstype = (uint8_t)type;
			return true;
		}
		if (strcmp(s, "?") != 0)
			t_printf(k->t, "Invalid file system type: %s\n", s);
		dl_print_fstypes(k->t);
	}
	return false;
}

static void
partition(struct talk *k, unsigned part)
{
	struct disklabel *lp = k->lp;
	struct partition p = lp->d_partitions[part];
	uint32_t offset, size;

	if (part >= lp->d_npartitions)
		memset(&p, 0, sizeof(p));
	if (!get_type(k, &p) || !get_offset(k, p.p_offset, &offset) ||
	    !get_size(k, offset, p.p_size, &size))
		return;
	if (size == 0) {
		memset(&p, 0, sizeof(p));
		offset = 0;
	}
	p.p_offset = offset;
	p.p_size = size;
	if (p.p_fstype != lp->d_partitions[part].p_fstype)
		p.p_fsize = p.p_frag = p.p_cpg = 0;
	if (part >= lp->d_npartitions) {
		for (unsigned i = lp->d_npartitions; i < part; i++)
			memset(&lp->d_partitions[i], 0,
			    sizeof(lp->d_partitions[i]));
		lp->d_npartitions = (uint16_t)(part + 1);
	}
	lp->d_partitions[part] = p;
	k->changed = true;
}

/* --- the conversation -------------------------------------------------------------- */

/* Writes, when asked to; 0 or a status. */
static int
write_it(struct talk *k)
{
	char *s;
	int status;

	if (dl_check(k->dl, k->lp) > 0) {
		t_printf(k->t, "Label not written\n");
		return 1;
	}
	s = ask(k, "Label disk [n]? ");
	if (s == NULL || (*s != 'y' && *s != 'Y')) {
		t_printf(k->t, "Label not written\n");
		return 0;
	}
	status = dl_write(k->dl);
	if (status == 0) {
		t_printf(k->t, "Label written\n");
		k->changed = false;
	}
	return status;
}

static void
command(struct talk *k, const char *s, int *status)
{
	int part = letter(s);

	if (part >= 0) {
		partition(k, (unsigned)part);
		return;
	}
	if (*s == '\0')
		return;
	switch (s[1] == '\0' ? s[0] : 0) {
	case '?':
		menu(k);
		break;
	case 'A':
		adjust(k);
		break;
	case 'C':
		contiguous(k);
		break;
	case 'E':
		show(k, true);
		break;
	case 'I':
		information(k);
		break;
	case 'L':
		dl_print_fstypes(k->t);
		break;
	case 'N':
		set_name(k, "Label name", k->lp->d_packname);
		break;
	case 'P':
		show(k, false);
		break;
	case 'Q':
		k->end = true;
		break;
	case 'R':
		rounding(k);
		break;
	case 'W':
		*status = write_it(k);
		break;
	default:
		t_printf(k->t, "Unknown command %s\n", s);
		menu(k);
	}
}

int
dl_talk(struct dl *dl)
{
	struct talk k = { .dl = dl, .t = dl->t, .lp = &dl->label };
	struct disklabel *lp = &dl->label;
	int status = 0;
	char *s;

	/* Everything below divides by these. */
	if (lp->d_secsize == 0 || lp->d_secpercyl == 0 || lp->d_nsectors == 0 ||
	    lp->d_npartitions > MAXPARTITIONS) {
		(void)dl_check(dl, lp);
		return 1;
	}
	if (lp->d_bbsize == 0)
		lp->d_bbsize = DL_BBSIZE;
	if (lp->d_sbsize == 0)
		lp->d_sbsize = DL_SBSIZE;
	t_printf(dl->t, "Enter '?' for help\n");
	while (!k.end && (s = ask(&k, "partition>")) != NULL)
		command(&k, s, &status);
	return status;
}
